// SPDX-License-Identifier: Apache-2.0
/* pipeline/report_read.c - see pipeline/report_read.h */
#include "pipeline/report_read.h"

#include "base/json.h"
#include "io/reader.h"
#include "pipeline/connectors.h"
#include "pipeline/redact.h"
#include "quality/report_parts.h"

#define MAX_URL_BYTES ((size_t)64 * 1024)
#define MAX_RUNNING 100 /* that are passed over in the search for one that has ended */
#define PIECE_BYTES ((size_t)256 * 1024)

static struct fe_str
copy(struct fe_report_read *r, struct fe_str s)
{
	return s.p ? (struct fe_str){ fe_arena_copy(&r->arena, s.p, s.n), s.n } : s;
}

/* A command names the warehouse, unless its URL holds what nobody may see. */
void
fe_report_read_init(struct fe_report_read *r, const char *url)
{
	struct fe_buf text;

	*r = (struct fe_report_read){ .run = { .has_catalog = fe_warehouse_is_database(url) } };
	if (!url)
		return;
	fe_buf_init(&text, MAX_URL_BYTES);
	fe_buf_add_redacted_url(&text, url);
	r->run.warehouse = copy(r, fe_buf_str(&text));
	fe_buf_clear(&text);
	fe_buf_add_text(&text, " --warehouse ");
	fe_report_add_word(&text, fe_str_of(url));
	if (fe_url_secret(url).n == 0 && !text.failed)
		r->run.warehouse_option = copy(r, fe_buf_str(&text));
	fe_buf_reset(&text);
}

void
fe_report_read_reset(struct fe_report_read *r)
{
	fe_free(r->datasets);
	fe_free(r->objects);
	fe_arena_free(&r->arena);
}

/* ---- data sets ---- */

static struct fe_report_dataset *
dataset_of(struct fe_report_read *r, struct fe_str name)
{
	for (size_t i = 0; i < r->run.n_datasets; i++)
		if (fe_str_eq(r->datasets[i].name, name))
			return &r->datasets[i];
	r->datasets = fe_grow(r->datasets, &r->cap_datasets, r->run.n_datasets + 1, sizeof *r->datasets);
	r->run.datasets = r->datasets;
	r->datasets[r->run.n_datasets] = (struct fe_report_dataset){ .name = name };
	return &r->datasets[r->run.n_datasets++];
}

/* Objects of JSON may have lost the order of their keys. */
static void
add_datasets(struct fe_report_read *r, const struct fe_json_value *totals, const struct fe_json_value *quality)
{
	for (size_t i = 0; i < r->run.n_objects; i++)
		if (!r->objects[i].is_output)
			(void)dataset_of(r, r->objects[i].dataset);
	for (const struct fe_json_value *v = totals ? totals->first : NULL; v; v = v->next)
		dataset_of(r, v->key)->totals = v;
	for (const struct fe_json_value *v = quality ? quality->first : NULL; v; v = v->next)
		dataset_of(r, v->key)->quality = v;
}

/* ---- from a result ---- */

static struct fe_report_object *
add_object(struct fe_report_read *r)
{
	r->objects = fe_grow(r->objects, &r->cap_objects, r->run.n_objects + 1, sizeof *r->objects);
	r->run.objects = r->objects;
	r->objects[r->run.n_objects] = (struct fe_report_object){ 0 };
	return &r->objects[r->run.n_objects++];
}

static void
add_files(struct fe_report_read *r, const struct fe_json_value *files)
{
	for (const struct fe_json_value *f = files ? files->first : NULL; f; f = f->next) {
		r->run.n_objects_in_all++;
		if (r->run.n_objects == FE_REPORT_MAX_OBJECTS)
			continue;
		*add_object(r) = (struct fe_report_object){
			.path = fe_report_member(f, "name"),
			.sha256 = fe_report_member(f, "sha256"),
			.size_bytes = fe_report_member_u64(f, "bytes"),
			.n_records = fe_report_member_u64(f, "rows"),
			.is_output = true,
		};
	}
}

/* As the run has it: (successful / evaluated) x 100 over all data sets, down to four places. */
static struct fe_str
score_of(struct fe_report_read *r, const struct fe_json_value *datasets)
{
	uint64_t evaluated = 0, successful = 0;
	struct fe_buf text;
	struct fe_str score;

	for (const struct fe_json_value *d = datasets ? datasets->first : NULL; d; d = d->next) {
		const struct fe_json_value *e = fe_json_get(d, "expectations");
		evaluated += fe_report_member_u64(e, "evaluated");
		successful += fe_report_member_u64(e, "successful");
	}
	if (evaluated == 0)
		return FE_STR("100.0000");
	fe_buf_init(&text, FE_DECIMAL_TEXT_BYTES);
	fe_buf_add_decimal(&text, (fe_i128)successful * 1000000 / (fe_i128)evaluated, 4);
	score = copy(r, fe_buf_str(&text));
	fe_buf_reset(&text);
	return score;
}

enum fe_rc
fe_report_read_result(struct fe_report_read *r, struct fe_str json, struct fe_err *err)
{
	const struct fe_json_value *v, *datasets;
	struct fe_report_run *run = &r->run;

	FE_TRY(fe_json_parse(copy(r, json), &r->arena, &v, err));
	datasets = fe_json_get(v, "datasets");
	run->run_id = fe_report_member(v, "run_id");
	run->pipeline = fe_report_member(v, "pipeline");
	run->status = fe_report_member(v, "status");
	run->error = fe_report_member(v, "error");
	run->start_time = fe_report_member(v, "start_time");
	run->end_time = fe_report_member(v, "end_time");
	run->run_time = fe_report_member(v, "run_time");
	run->config_sha256 = fe_report_member(v, "config_sha256");
	run->version = fe_report_member(v, "finetl_version");
	run->published = fe_json_get(v, "published");
	run->release = fe_json_get(v, "release");
	run->retry_helps = fe_json_get(v, "retry_helps");
	run->quality_score = score_of(r, datasets);
	for (const struct fe_json_value *d = datasets ? datasets->first : NULL; d; d = d->next) {
		struct fe_report_dataset *added = dataset_of(r, fe_report_member(d, "name"));
		added->totals = added->quality = d;
	}
	add_files(r, fe_json_get(v, "files"));
	return FE_OK;
}

/* ---- from a catalog ---- */

/* JSON that is larger than what can be read is left out, and the page says so. */
static enum fe_rc
parse(struct fe_report_read *r, struct fe_str json, const struct fe_json_value **out, struct fe_err *err)
{
	enum fe_rc rc;

	*out = NULL;
	if (!json.n)
		return FE_OK;
	rc = fe_json_parse(json, &r->arena, out, err);
	if (rc != FE_ELIMIT)
		return rc;
	*err = (struct fe_err)FE_ERR_INIT;
	r->run.is_cut = true;
	*out = NULL;
	return FE_OK;
}

static enum fe_rc
take_object(void *ctx, const struct fe_catalog_object *o, struct fe_err *err)
{
	struct fe_report_read *r = ctx;

	(void)err;
	*add_object(r) = (struct fe_report_object){
		.dataset = copy(r, o->dataset),
		.path = copy(r, o->path),
		.sha256 = copy(r, o->sha256),
		.outcome = copy(r, o->outcome),
		.size_bytes = o->size_bytes > 0 ? (uint64_t)o->size_bytes : 0,
		.n_records = o->records > 0 ? (uint64_t)o->records : 0,
	};
	return FE_OK;
}

static enum fe_rc
read_objects(struct fe_report_read *r, struct fe_catalog *c, struct fe_err *err)
{
	char *run_id = fe_strndup(r->run.run_id.p ? r->run.run_id.p : "", r->run.run_id.n);
	uint64_t n_all = 0;
	enum fe_rc rc = fe_catalog_objects(c, run_id, FE_REPORT_MAX_OBJECTS, &n_all, take_object, r, err);

	r->run.n_objects_in_all = (size_t)n_all;
	fe_free(run_id);
	return rc;
}

static enum fe_rc
read_row(struct fe_report_read *r, const struct fe_catalog_run *row, struct fe_err *err)
{
	const struct fe_json_value *quality, *totals;
	struct fe_report_run *run = &r->run;

	run->pipeline = row->pipeline;
	run->status = row->status;
	run->error = row->error;
	run->start_time = row->start_time;
	run->end_time = row->end_time;
	run->run_time = row->run_time;
	run->config_sha256 = row->config_sha256;
	run->version = row->version;
	FE_TRY(parse(r, row->quality_report, &quality, err));
	FE_TRY(parse(r, row->reconciliation, &totals, err));
	run->published = fe_json_get(totals, "published");
	run->release = fe_json_get(totals, "release");
	run->retry_helps = fe_json_get(quality, "retry_helps");
	run->quality_score = fe_report_member(quality, "quality_score");
	add_datasets(r, fe_json_get(totals, "datasets"), fe_json_get(quality, "datasets"));
	return FE_OK;
}

/* The row that is asked for; `latest` passes over those that have not ended. */
struct search {
	struct fe_report_read *r;
	struct fe_catalog_run row;
	bool is_latest, is_found;
};

static enum fe_rc
take_row(void *ctx, const struct fe_catalog_run *row, struct fe_err *err)
{
	struct search *s = ctx;
	struct fe_catalog_run *to = &s->row;

	(void)err;
	if (s->is_found || (s->is_latest && !row->end_time.p))
		return FE_OK;
	s->is_found = true;
	*to = *row;
	to->run_id = copy(s->r, row->run_id);
	to->pipeline = copy(s->r, row->pipeline);
	to->status = copy(s->r, row->status);
	to->error = copy(s->r, row->error);
	to->start_time = copy(s->r, row->start_time);
	to->end_time = copy(s->r, row->end_time);
	to->run_time = copy(s->r, row->run_time);
	to->config_sha256 = copy(s->r, row->config_sha256);
	to->version = copy(s->r, row->version);
	to->quality_report = copy(s->r, row->quality_report);
	to->reconciliation = copy(s->r, row->reconciliation);
	return FE_OK;
}

enum fe_rc
fe_report_read_run(struct fe_report_read *r, struct fe_catalog *c, const char *run_id, struct fe_err *err)
{
	const struct fe_catalog_run_query one = { .run_id = run_id, .limit = run_id ? 1 : MAX_RUNNING };
	struct search s = { .r = r, .is_latest = !run_id };

	FE_TRY(fe_catalog_runs(c, &one, take_row, &s, err));
	if (!s.is_found && run_id)
		return fe_fail(err, FE_EUSAGE, "there is no run '%s' in this warehouse; finetl runs lists them", run_id);
	if (!s.is_found)
		return fe_fail(err, FE_EUSAGE, "no run has ended yet in this warehouse; finetl runs lists them");
	r->run.run_id = s.row.run_id;
	FE_TRY(read_objects(r, c, err));
	return read_row(r, &s.row, err);
}

/* ---- files ---- */

enum fe_rc
fe_report_read_file(const char *path, size_t max_bytes, struct fe_buf *out, bool *is_whole, struct fe_err *err)
{
	struct fe_reader *in;
	enum fe_rc rc;
	size_t n = 1;

	*is_whole = false;
	FE_TRY(fe_reader_open(&in, path, NULL, err));
	for (rc = FE_OK; rc == FE_OK && n && out->n_bytes < max_bytes;) {
		size_t room = max_bytes - out->n_bytes < PIECE_BYTES ? max_bytes - out->n_bytes : PIECE_BYTES;
		if (!fe_buf_reserve(out, room))
			break;
		rc = fe_reader_read(in, out->p + out->n_bytes, room, &n, err);
		if (rc == FE_OK)
			out->n_bytes += n;
	}
	*is_whole = rc == FE_OK && n == 0;
	fe_reader_close(in);
	return rc ? rc : fe_buf_check(out, "a file of the warehouse", err);
}
