// SPDX-License-Identifier: Apache-2.0
/* pipeline/validate.c - header to schema, then source -> clean -> expectations
 *
 * JSON has no header: its columns are those that the data set reads, in its order.
 */
#include "pipeline/validate.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/stop.h"
#include "extract/csv_peek.h"
#include "extract/json_rows.h"
#include "io/reader.h"
#include "io/s3_url.h"
#include "pipeline/memory.h"

#define MAX_PATH_BYTES ((size_t)128 * 1024)
#define MAX_MESSAGE_BYTES ((size_t)64 * 1024)

struct judge {
	const struct fe_validate_settings *set;
	struct fe_schema schema;
	struct fe_source_column *columns; /* [schema.n_source] */
	struct fe_clean_column *clean_as; /* [schema.n_source] */
	bool *pii;                        /* [schema.n_fields] */
	struct fe_arena arena;            /* of the columns' names */
	struct fe_buf location;           /* the path as a pattern that means itself */
	struct fe_buf suite;
	const struct fe_source_ops *reads_as;
	struct fe_source_settings source_set;
	struct fe_reason_table reasons;
	struct fe_source *source;
	struct fe_clean *clean;
	struct fe_expectations expectations;
	char run_id[FE_RUN_ID_BYTES];
	uint64_t n_rows, n_unread;
	uint64_t *unread_reasons;         /* [reasons.n_texts] how many records have each */
	size_t cap_unread_reasons;
};

/* ---- the schema ---- */

static void
locate(struct judge *j)
{
	fe_buf_init(&j->location, MAX_PATH_BYTES);
	for (const char *p = j->set->path; *p; p++) {
		if (strchr("*?[\\", *p) && strcmp(j->set->path, "-") != 0)
			fe_buf_add_char(&j->location, '\\');
		fe_buf_add_char(&j->location, *p);
	}
}

/* The data set's column that the file calls by this name; FE_NO_COLUMN: none. Derived ones
 * have no name in a source; by their own they are known in what a run has written. */
static size_t
find_declared(const struct fe_plan_dataset *d, struct fe_str name)
{
	for (size_t i = 0; d && i < d->schema.n_source; i++)
		if (!d->source_set.columns[i].is_computed && fe_str_is(name, d->source_set.columns[i].from))
			return i;
	return d ? fe_schema_find(&d->schema, name) : FE_NO_COLUMN;
}

/* from: what the file calls it; declared: FE_NO_COLUMN where it is none of the data set's. */
static void
add_column(struct judge *j, struct fe_str from, size_t declared)
{
	const struct fe_plan_dataset *d = j->set->dataset;
	struct fe_type type = { .kind = FE_TEXT };
	struct fe_clean_column as = { 0 };
	struct fe_str name = from;

	if (declared != FE_NO_COLUMN) {
		name = fe_str_of(d->schema.fields[declared].name);
		type = d->schema.fields[declared].type;
		if (declared < d->schema.n_source)
			as = d->clean[declared];
	}
	if (fe_schema_find(&j->schema, name) != FE_NO_COLUMN)
		return; /* a name that stands twice is refused when the file is read */
	as.type = type;
	as.default_text = NULL;
	as.required = false;
	as.value = NULL;
	size_t i = fe_schema_add(&j->schema, name, type);
	j->schema.n_source = j->schema.n_fields;
	j->columns[i].from = fe_arena_copy(&j->arena, from.p, from.n);
	j->clean_as[i] = as;
	j->pii[i] = declared != FE_NO_COLUMN && d->pii[declared];
}

static void
make_room(struct judge *j, size_t n_columns)
{
	j->columns = fe_new_array(n_columns + 1, struct fe_source_column);
	j->clean_as = fe_new_array(n_columns + 1, struct fe_clean_column);
	j->pii = fe_new_array(n_columns + 1, bool);
}

static enum fe_rc
take_header(struct judge *j, const struct fe_csv_header *h, struct fe_err *err)
{
	if (h->n_names > FE_MAX_COLUMNS)
		return fe_fail(err, FE_ELIMIT, "the file has %zu columns, more than %d", h->n_names, FE_MAX_COLUMNS);
	make_room(j, h->n_names);
	for (size_t i = 0; i < h->n_names; i++)
		add_column(j, h->names[i], find_declared(j->set->dataset, h->names[i]));
	j->source_set.allow_empty = h->n_names > 0; /* how many rows are enough is for the suite to say */
	return FE_OK;
}

static void
take_declared(struct judge *j)
{
	const struct fe_plan_dataset *d = j->set->dataset;

	make_room(j, d->schema.n_source);
	for (size_t i = 0; i < d->schema.n_source; i++)
		if (!d->source_set.columns[i].is_computed)
			add_column(j, fe_str_of(d->source_set.columns[i].from), i);
	j->source_set.allow_empty = true;
	j->source_set.contract = FE_CONTRACT_DISCARD;
	j->source_set.is_look = true; /* what is in no record is null, and the suite's to judge */
}

/* What a run writes is CSV, whatever it has read. */
static bool
is_named_csv(const char *path)
{
	static const char *const ends[] = { ".csv", ".csv.gz", ".csv.zst" };
	size_t n = strlen(path);

	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		size_t n_end = strlen(ends[i]);
		if (n >= n_end && strcmp(path + n - n_end, ends[i]) == 0)
			return true;
	}
	return false;
}

static enum fe_rc
read_schema(struct judge *j, struct fe_err *err)
{
	const struct fe_plan_dataset *d = j->set->dataset;
	bool is_json = d && (d->source == &fe_source_json || d->source == &fe_source_ndjson) && !is_named_csv(j->set->path);
	struct fe_csv_header header;
	enum fe_rc rc = FE_OK;

	j->reads_as = is_json ? d->source : &fe_source_csv;
	j->source_set = d && j->reads_as == d->source ? d->source_set : (struct fe_source_settings){ .delimiter = ',', .quote = '"' };
	j->source_set.location = fe_buf_text(&j->location);
	j->source_set.dataset = d ? d->name : "the file";
	j->source_set.contract = FE_CONTRACT_FREEZE;
	j->source_set.n_evolved = 0;
	if (is_json) {
		take_declared(j);
	} else {
		FE_TRY(fe_csv_peek(&header, &j->source_set, err));
		rc = take_header(j, &header, err);
		fe_csv_header_reset(&header);
	}
	j->source_set.schema = &j->schema;
	j->source_set.columns = j->columns;
	j->source_set.reasons = &j->reasons;
	return rc;
}

/* ---- records ---- */

static void
count_unread(struct judge *j, const struct fe_batch *b)
{
	size_t n = j->cap_unread_reasons;

	j->unread_reasons = fe_grow(j->unread_reasons, &j->cap_unread_reasons, j->reasons.n_texts, sizeof *j->unread_reasons);
	for (; n < j->cap_unread_reasons; n++)
		j->unread_reasons[n] = 0;
	for (size_t i = 0; i < b->n_reasons; i++)
		j->unread_reasons[b->reasons[i].id]++;
	j->n_unread += fe_bits_count(b->failed, b->n_rows);
}

static enum fe_rc
feed(struct judge *j, struct fe_batch *b, struct fe_err *err)
{
	uint64_t rows[FE_BITMAP_WORDS(FE_BATCH_ROWS)];

	FE_TRY(fe_clean_batch(j->clean, b, j->set->run_time_us, err));
	for (size_t w = 0; w < FE_BITMAP_WORDS(b->n_rows); w++)
		rows[w] = ~b->failed[w];
	if (b->n_reasons)
		count_unread(j, b);
	j->n_rows += b->n_rows;
	return fe_validation_feed(j->expectations.validation, b, rows, err);
}

static enum fe_rc
read_all(struct judge *j, struct fe_err *err)
{
	struct fe_batch batch;
	enum fe_rc rc;

	fe_batch_init(&batch, &j->schema);
	for (;;) {
		rc = fe_stop_check(err);
		if (rc == FE_OK)
			rc = fe_source_next(j->source, &batch, err);
		if (rc || batch.n_rows == 0)
			break;
		rc = feed(j, &batch, err);
		if (rc)
			break;
	}
	fe_batch_reset(&batch);
	return rc ? rc : fe_validation_end(j->expectations.validation, err);
}

/* ---- the outcome ---- */

static void
add_unread(const struct judge *j, struct fe_buf *out)
{
	const char *between = "";
	fe_buf_addf(out, "%" PRIu64 " of %" PRIu64 " records could not be read, and took no part (", j->n_unread, j->n_rows);
	for (size_t i = 0; i < j->reasons.n_texts && i < j->cap_unread_reasons; i++) {
		if (!j->unread_reasons[i])
			continue;
		fe_buf_addf(out, "%s%s %" PRIu64, between, fe_reason_text(&j->reasons, (uint32_t)i), j->unread_reasons[i]);
		between = ", ";
	}
	fe_buf_add_char(out, ')');
}

static enum fe_rc
outcome(const struct judge *j, struct fe_err *err)
{
	struct fe_err failed = FE_ERR_INIT;
	struct fe_buf text;
	enum fe_rc rc = fe_expectations_check(&j->expectations, j->set->fail_on, j->set->path, &failed);

	if (!j->n_unread) {
		*err = failed;
		return rc;
	}
	fe_buf_init(&text, MAX_MESSAGE_BYTES);
	add_unread(j, &text);
	if (rc)
		fe_buf_addf(&text, "; %s", failed.text);
	rc = fe_fail(err, FE_EDATA, "%s", fe_buf_text(&text));
	fe_err_at(err, j->set->path, 0, NULL);
	fe_buf_reset(&text);
	return rc;
}

static void
print_table(const struct judge *j, struct fe_buf *out)
{
	struct fe_validation_counts c = fe_validation_counts(j->expectations.validation);
	fe_buf_addf(out, "%s: %zu of %zu expectations hold in %" PRIu64 " records\n", j->set->path, c.n_successful,
		    c.n_evaluated, j->n_rows - j->n_unread);
	fe_expectations_table(&j->expectations, false, out);
	if (!j->n_unread)
		return;
	fe_buf_add_text(out, "  ");
	add_unread(j, out);
	fe_buf_add_char(out, '\n');
}

/* ---- all of it ---- */

static enum fe_rc
open_all(struct judge *j, struct fe_err *err)
{
	const struct fe_validate_settings *set = j->set;

	fe_buf_init(&j->suite, FE_SUITE_MAX_BYTES);
	FE_TRY(fe_file_read(set->suite_path, FE_SUITE_MAX_BYTES, &j->suite, err));
	locate(j);
	FE_TRY(read_schema(j, err));
	fe_run_id_new(fe_clock_now(&fe_clock_system), j->run_id);
	struct fe_expectations_settings e = {
		.path = set->suite_path,
		.suite = fe_buf_str(&j->suite),
		.params = set->params,
		.n_params = set->n_params,
		.is_strict = set->is_strict,
		.schema = &j->schema,
		.pii = j->pii,
		.format = set->format,
		.max_bytes = fe_memory_for_keys(set->max_memory_bytes, NULL, fe_s3_is_url(set->path)),
		.spill_folder = fe_memory_folder(),
		.run_id = j->run_id,
		.run_time_us = set->run_time_us,
	};
	FE_TRY(fe_expectations_open(&j->expectations, &e, err));
	FE_TRY(fe_clean_new(&j->clean, j->clean_as, &j->schema, &j->reasons, err));
	j->source_set.net.max_object_bytes = fe_memory_of_objects(set->max_memory_bytes);
	return fe_source_open(&j->source, j->reads_as, &j->source_set, err);
}

static void
reset(struct judge *j)
{
	fe_source_close(j->source);
	fe_clean_free(j->clean);
	fe_expectations_close(&j->expectations);
	fe_reason_table_reset(&j->reasons);
	fe_schema_reset(&j->schema);
	fe_free(j->columns);
	fe_free(j->clean_as);
	fe_free(j->pii);
	fe_free(j->unread_reasons);
	fe_buf_reset(&j->location);
	fe_buf_reset(&j->suite);
	fe_arena_free(&j->arena);
}

enum fe_rc
fe_validate(const struct fe_validate_settings *set, struct fe_buf *json, struct fe_buf *table, struct fe_err *err)
{
	struct judge j = { .set = set };
	enum fe_rc rc;

	fe_schema_init(&j.schema);
	rc = open_all(&j, err);
	if (rc == FE_OK)
		rc = read_all(&j, err);
	if (rc)
		goto end;
	fe_validation_result_json(j.expectations.validation, json);
	print_table(&j, table);
	rc = outcome(&j, err);
end:
	reset(&j);
	return rc;
}
