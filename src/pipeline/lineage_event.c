// SPDX-License-Identifier: Apache-2.0
/* pipeline/lineage_event.c - an event of OpenLineage as JSON, by version 2-0-2 of its schema
 *
 * Figures are those of the run's own report, sums as numbers with all their digits. Names of columns and counts; of values no more than
 * the least and greatest of numbers that the profile shows.
 */
#include "pipeline/lineage.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/time.h"
#include "pipeline/plan.h"
#include "quality/tally.h"

#define PRODUCER "urn:finetl:" FE_VERSION
#define SPEC "https://openlineage.io/spec/"
#define FACET(version, name) SPEC "facets/" version "/" name ".json#/$defs/" name
#define BASE_RUN_FACET SPEC "2-0-2/OpenLineage.json#/$defs/RunFacet"

struct writer {
	const struct fe_lineage *l;
	const struct fe_lineage_event *e;
	struct fe_json j;
};

/* ---- ids ---- */

static int
crockford(char c)
{
	static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	const char *at = c ? strchr(digits, c) : NULL;
	return at ? (int)(at - digits) : -1;
}

static void
uuid_print(unsigned char bits[16], unsigned version, char out[FE_UUID_BYTES])
{
	char *p = out;

	bits[6] = (unsigned char)((bits[6] & 0x0f) | version << 4);
	bits[8] = (unsigned char)((bits[8] & 0x3f) | 0x80);
	for (int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*p++ = '-';
		*p++ = "0123456789abcdef"[bits[i] >> 4];
		*p++ = "0123456789abcdef"[bits[i] & 15];
	}
	*p = '\0';
}

bool
fe_lineage_uuid(const char *run_id, char out[FE_UUID_BYTES])
{
	unsigned __int128 v = 0;
	unsigned char bits[16];

	if (strlen(run_id) != FE_RUN_ID_BYTES - 1)
		return false;
	for (const char *p = run_id; *p; p++) {
		int digit = crockford(*p);
		if (digit < 0)
			return false;
		v = v << 5 | (unsigned)digit;
	}
	for (int i = 0; i < 16; i++)
		bits[i] = (unsigned char)(v >> 8 * (15 - i));
	uuid_print(bits, 7, out);
	return true;
}

/* ---- facets of the run ---- */

static void
facet(struct fe_json *j, const char *name, const char *schema)
{
	fe_json_object(j, name);
	fe_json_text(j, "_producer", PRODUCER);
	fe_json_text(j, "_schemaURL", schema);
}

static void
write_job(struct fe_json *j, const char *space, struct fe_str name)
{
	fe_json_object(j, "job");
	fe_json_text(j, "namespace", space);
	fe_json_str(j, "name", name);
	fe_json_object(j, "facets");
	facet(j, "jobType", FACET("2-0-4", "JobTypeJobFacet"));
	fe_json_text(j, "processingType", "BATCH");
	fe_json_text(j, "integration", "FINETL");
	fe_json_text(j, "jobType", "JOB");
	fe_json_object_end(j);
	fe_json_object_end(j);
	fe_json_object_end(j);
}

static void
write_parent_facet(struct fe_json *j, struct fe_str space, struct fe_str job, const char *run_id)
{
	facet(j, "parent", FACET("1-2-0", "ParentRunFacet"));
	fe_json_object(j, "run");
	fe_json_text(j, "runId", run_id);
	fe_json_object_end(j);
	fe_json_object(j, "job");
	fe_json_str(j, "namespace", space);
	fe_json_str(j, "name", job);
	fe_json_object_end(j);
	fe_json_object_end(j);
}

static bool
is_uuid(struct fe_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
		bool is_hex = (s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'f') || (s.p[i] >= 'A' && s.p[i] <= 'F');
		if (is_dash ? s.p[i] != '-' : !is_hex)
			return false;
	}
	return s.n == FE_UUID_BYTES - 1;
}

/* "namespace/job/run id": the job may have slashes, the others have none. */
static bool
write_parent_by_id(struct fe_json *j)
{
	const char *id = getenv("OPENLINEAGE_PARENT_ID");
	const char *first = id ? strchr(id, '/') : NULL, *last = id ? strrchr(id, '/') : NULL;

	if (!first || first == last || !is_uuid(fe_str_of(last + 1)))
		return false;
	write_parent_facet(j, (struct fe_str){ id, (size_t)(first - id) },
			   (struct fe_str){ first + 1, (size_t)(last - first) - 1 }, last + 1);
	return true;
}

/* Airflow gives its tasks names and no UUID: ours is a hash of what makes the try the one that it is. */
static void
write_parent_of_airflow(struct writer *w)
{
	const char *dag = getenv("AIRFLOW_CTX_DAG_ID"), *task = getenv("AIRFLOW_CTX_TASK_ID");
	const char *run = getenv("AIRFLOW_CTX_DAG_RUN_ID"), *number = getenv("AIRFLOW_CTX_TRY_NUMBER");
	unsigned char hash[FE_SHA256_BYTES];
	char uuid[FE_UUID_BYTES];
	struct fe_buf name;

	if (!dag || !task || !run)
		return;
	struct fe_sha256 *sha = fe_sha256_new();
	const char *const parts[] = { dag, task, run, number ? number : "" };
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		fe_sha256_add(sha, parts[i], strlen(parts[i]) + 1);
	fe_sha256_end(sha, hash);
	fe_sha256_free(sha);
	uuid_print(hash, 8, uuid);
	fe_buf_init(&name, 4096);
	fe_buf_addf(&name, "%s.%s", dag, task);
	write_parent_facet(&w->j, fe_str_of(w->l->job_namespace), fe_buf_str(&name), uuid);
	fe_buf_reset(&name);
}

static void
write_error(struct writer *w)
{
	const struct fe_run_result *r = w->e->result;

	if (w->e->type == FE_LINEAGE_START || w->e->type == FE_LINEAGE_COMPLETE)
		return;
	facet(&w->j, "errorMessage", FACET("1-0-1", "ErrorMessageRunFacet"));
	fe_json_text(&w->j, "message", r->error[0] ? r->error : fe_run_status_name(r->status));
	fe_json_text(&w->j, "programmingLanguage", "C");
	fe_json_object_end(&w->j);
}

/* As fe_run_totals counts them, of what the run wrote down. */
static struct fe_run_totals
totals_of(const struct fe_report_run *run, bool is_published)
{
	struct fe_run_totals t = { 0 };

	for (size_t i = 0; i < run->n_datasets; i++) {
		const struct fe_json_value *terms = run->datasets[i].totals;
		uint64_t rejected = fe_report_member_u64(terms, "rejected"), duplicate = fe_report_member_u64(terms, "duplicate");
		uint64_t read = fe_report_member_u64(terms, "read");
		t.extracted += read;
		t.rejected += rejected;
		t.duplicate += duplicate;
		t.transformed += read - fe_report_member_u64(terms, "filtered") - rejected - duplicate - fe_report_member_u64(terms, "superseded");
		if (is_published)
			t.loaded += fe_report_member_u64(terms, "inserted") + fe_report_member_u64(terms, "updated");
	}
	return t;
}

/* What is ours: the run's id as it stands everywhere else, and the figures of its audit row. */
static void
write_own(struct writer *w)
{
	const struct fe_run_result *r = w->e->result;
	struct fe_json *j = &w->j;

	facet(j, "finetl", BASE_RUN_FACET);
	fe_json_text(j, "runId", r->run_id);
	fe_json_text(j, "configSha256", r->config_sha256);
	if (w->e->run) {
		struct fe_run_totals t = totals_of(w->e->run, r->is_published);
		fe_json_text(j, "status", fe_run_status_name(r->status));
		fe_json_i64(j, "exitCode", fe_rc_exit_status(r->rc));
		fe_json_i64(j, "recordsExtracted", (int64_t)t.extracted);
		fe_json_i64(j, "recordsTransformed", (int64_t)t.transformed);
		fe_json_i64(j, "recordsLoaded", (int64_t)t.loaded);
		fe_json_i64(j, "recordsRejected", (int64_t)t.rejected);
		fe_json_i64(j, "recordsDuplicate", (int64_t)t.duplicate);
		fe_json_str(j, "qualityScore", w->e->run->quality_score);
	}
	fe_json_object_end(j);
}

static void
write_run(struct writer *w)
{
	const struct fe_run_result *r = w->e->result;
	struct fe_json *j = &w->j;
	char uuid[FE_UUID_BYTES];

	FE_ASSERT(fe_lineage_uuid(r->run_id, uuid));
	fe_json_object(j, "run");
	fe_json_text(j, "runId", uuid);
	fe_json_object(j, "facets");
	facet(j, "processing_engine", FACET("1-1-1", "ProcessingEngineRunFacet"));
	fe_json_text(j, "version", FE_VERSION);
	fe_json_text(j, "name", "finetl");
	fe_json_object_end(j);
	facet(j, "nominalTime", FACET("1-0-1", "NominalTimeRunFacet"));
	fe_json_time(j, "nominalStartTime", r->run_time_us);
	fe_json_object_end(j);
	if (!write_parent_by_id(j))
		write_parent_of_airflow(w);
	write_error(w);
	write_own(w);
	fe_json_object_end(j);
	fe_json_object_end(j);
}

/* ---- data sets ---- */

static void
write_schema(struct fe_json *j, const struct fe_schema *schema, size_t n)
{
	char type[FE_TYPE_TEXT_BYTES];

	facet(j, "schema", FACET("1-2-0", "SchemaDatasetFacet"));
	fe_json_array(j, "fields");
	for (size_t i = 0; i < n; i++) {
		fe_json_object(j, NULL);
		fe_json_text(j, "name", schema->fields[i].name);
		fe_json_text(j, "type", fe_type_print(schema->fields[i].type, type));
		fe_json_object_end(j);
	}
	fe_json_array_end(j);
	fe_json_object_end(j);
}

/* Text of digits as a number; left out where it is none. */
static void
write_number(struct fe_json *j, const char *key, struct fe_str digits)
{
	size_t i = digits.n && digits.p[0] == '-';

	if (i == digits.n)
		return;
	for (; i < digits.n; i++)
		if ((digits.p[i] < '0' || digits.p[i] > '9') && digits.p[i] != '.')
			return;
	fe_json_raw(j, key, digits);
}

/* fe_json's keys are literals of ours; the name of a column is one of SQL, and lives as long as the report. */
static void
column_object(struct fe_json *j, struct fe_str name)
{
	char key[64];

	(void)snprintf(key, sizeof(key), "%.*s", FE_STR_ARGS(name));
	fe_json_object(j, key);
}

/* What was read: the sums of the reconciliation, but for those of personal columns. */
static void
write_input_metrics(struct fe_json *j, const struct fe_report_dataset *d)
{
	uint64_t read = fe_report_member_u64(d->totals, "read");

	facet(j, "dataQualityMetrics", FACET("1-0-3", "DataQualityMetricsInputDatasetFacet"));
	fe_json_i64(j, "rowCount", (int64_t)read);
	fe_json_i64(j, "bytes", (int64_t)fe_report_member_u64(d->quality, "bytes"));
	fe_json_i64(j, "fileCount", (int64_t)fe_report_member_u64(d->quality, "objects"));
	fe_json_object(j, "columnMetrics");
	for (const struct fe_json_value *s = fe_report_next_sum(d, NULL); s; s = fe_report_next_sum(d, s)) {
		uint64_t no_value = fe_report_member_u64(s, "no_value");
		column_object(j, s->key);
		fe_json_i64(j, "nullCount", (int64_t)no_value);
		fe_json_i64(j, "count", (int64_t)(read - no_value));
		write_number(j, "sum", fe_report_member(s, "read"));
		fe_json_object_end(j);
	}
	fe_json_object_end(j);
	fe_json_object_end(j);
}

/* The expectations, as Great Expectations tells them. */
static void
write_assertions(struct fe_json *j, const struct fe_report_dataset *d)
{
	const struct fe_json_value *results = fe_json_get(fe_json_get(d->quality, "validation"), "results");

	if (!results)
		return;
	facet(j, "dataQualityAssertions", FACET("1-1-0", "DataQualityAssertionsDatasetFacet"));
	fe_json_array(j, "assertions");
	for (const struct fe_json_value *r = results->first; r; r = r->next) {
		const struct fe_json_value *config = fe_json_get(r, "expectation_config");
		struct fe_str column = fe_report_member(fe_json_get(config, "kwargs"), "column");
		fe_json_object(j, NULL);
		fe_json_str(j, "assertion", fe_report_member(config, "type"));
		fe_json_bool(j, "success", fe_report_is_true(r, "success"));
		if (column.n)
			fe_json_str(j, "column", column);
		fe_json_text(j, "severity", fe_str_is(fe_report_member(config, "severity"), "critical") ? "error" : "warn");
		fe_json_object_end(j);
	}
	fe_json_array_end(j);
	fe_json_object_end(j);
}

/* What was kept: the profile. */
static void
write_output_metrics(struct fe_json *j, const struct fe_report_dataset *d)
{
	const struct fe_json_value *profile = fe_json_get(d->quality, "profile"), *columns = fe_json_get(profile, "columns");

	if (!columns)
		return;
	facet(j, "dataQualityMetrics", FACET("1-0-1", "DataQualityMetricsDatasetFacet"));
	write_number(j, "rowCount", fe_report_member(profile, "rows"));
	fe_json_object(j, "columnMetrics");
	for (const struct fe_json_value *c = columns->first; c; c = c->next) {
		struct fe_str type = fe_report_member(c, "type");
		bool is_number = fe_str_is(type, "int") || (type.n > 7 && memcmp(type.p, "decimal", 7) == 0);
		column_object(j, fe_report_member(c, "name"));
		write_number(j, "nullCount", fe_report_member(c, "nulls"));
		write_number(j, "count", fe_report_member(c, "values"));
		write_number(j, "distinctCount", fe_report_member(c, "distinct"));
		if (is_number) {
			write_number(j, "min", fe_report_member(c, "min"));
			write_number(j, "max", fe_report_member(c, "max"));
		}
		fe_json_object_end(j);
	}
	fe_json_object_end(j);
	fe_json_object_end(j);
}

static const struct fe_report_dataset *
report_of(const struct fe_report_run *run, const char *name)
{
	for (size_t i = 0; run && i < run->n_datasets; i++)
		if (fe_str_is(run->datasets[i].name, name))
			return &run->datasets[i];
	return NULL;
}

static void
begin_dataset(struct fe_json *j, struct fe_lineage_name *name)
{
	fe_json_object(j, NULL);
	fe_json_str(j, "namespace", fe_buf_str(&name->space));
	fe_json_str(j, "name", fe_buf_str(&name->name));
	fe_lineage_name_reset(name);
	fe_json_object(j, "facets");
}

static void
write_input(struct writer *w, const struct fe_plan_dataset *p)
{
	const struct fe_report_dataset *d = report_of(w->e->run, p->name);
	struct fe_lineage_name name;

	fe_lineage_name_source(p, &name);
	begin_dataset(&w->j, &name);
	write_schema(&w->j, &p->schema, p->schema.n_source);
	fe_json_object_end(&w->j);
	if (d) {
		fe_json_object(&w->j, "inputFacets");
		write_input_metrics(&w->j, d);
		write_assertions(&w->j, d);
		fe_json_object_end(&w->j);
	}
	fe_json_object_end(&w->j);
}

static void
write_output(struct writer *w, const struct fe_plan_dataset *p)
{
	const struct fe_report_dataset *d = report_of(w->e->run, p->name);
	struct fe_lineage_name name;

	fe_lineage_name_target(w->e->plan->warehouse, w->e->plan->tables[p->table].name, &name);
	begin_dataset(&w->j, &name);
	write_schema(&w->j, &p->schema, p->schema.n_fields);
	if (d)
		write_output_metrics(&w->j, d);
	fe_json_object_end(&w->j);
	if (d && w->e->result->is_published) {
		fe_json_object(&w->j, "outputFacets");
		facet(&w->j, "outputStatistics", FACET("1-0-2", "OutputStatisticsOutputDatasetFacet"));
		fe_json_i64(&w->j, "rowCount", (int64_t)(fe_report_member_u64(d->totals, "inserted") +
							 fe_report_member_u64(d->totals, "updated")));
		fe_json_object_end(&w->j);
		fe_json_object_end(&w->j);
	}
	fe_json_object_end(&w->j);
}

static void
write_datasets(struct writer *w, const char *key, void (*write)(struct writer *w, const struct fe_plan_dataset *p))
{
	const struct fe_plan *plan = w->e->plan;

	fe_json_array(&w->j, key);
	for (size_t i = 0; i < plan->n_datasets; i++)
		if (plan->datasets[i].is_selected)
			write(w, &plan->datasets[i]);
	fe_json_array_end(&w->j);
}

void
fe_lineage_json(const struct fe_lineage *l, const struct fe_lineage_event *e, struct fe_buf *out)
{
	static const char *const types[] = {
		[FE_LINEAGE_START] = "START", [FE_LINEAGE_COMPLETE] = "COMPLETE", [FE_LINEAGE_FAIL] = "FAIL", [FE_LINEAGE_ABORT] = "ABORT",
	};
	struct writer w = { .l = l, .e = e };

	fe_json_init(&w.j, out, 0);
	fe_json_object(&w.j, NULL);
	fe_json_text(&w.j, "eventType", types[e->type]);
	fe_json_time(&w.j, "eventTime", e->run ? e->result->end_us : e->result->start_us);
	fe_json_text(&w.j, "producer", PRODUCER);
	fe_json_text(&w.j, "schemaURL", SPEC "2-0-2/OpenLineage.json#/$defs/RunEvent");
	write_run(&w);
	write_job(&w.j, l->job_namespace, fe_str_of(e->plan->name));
	write_datasets(&w, "inputs", write_input);
	if (e->plan->warehouse)
		write_datasets(&w, "outputs", write_output);
	fe_json_object_end(&w.j);
}
