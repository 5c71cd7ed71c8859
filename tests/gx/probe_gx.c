// SPDX-License-Identifier: Apache-2.0
/* tests/gx/probe_gx.c - a suite on data, on standard input and output
 *
 * A line is a question as JSON: {schema: [{name, type, null, pii}], csv, suite (a text of JSON),
 * result_format (a word or Great Expectations' object), parameters, batch_rows, is_strict}. The
 * answer is one line: {"result": ..., "sentences": [{sentence, found}]} or
 * {"error": {code, message}}. compare.py asks it the cases of this folder.
 *
 * As in the cases, the empty cell is null, but in a text column with a `null` of its own. Rows
 * are cut into batches of batch_rows (all that fit), of which the outcome must not depend.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/text.h"
#include "base/time.h"
#include "quality/validation.h"

#define MAX_ANSWER_BYTES ((size_t)256 << 20)
#define MAX_COLUMNS 64

struct question {
	const struct fe_json_value *json;
	struct fe_schema schema;
	struct fe_str nulls[MAX_COLUMNS];
	bool pii[MAX_COLUMNS];
	struct fe_batch batch;
	size_t batch_rows;
	struct fe_suite_param params[MAX_COLUMNS];
	const char *index_columns[MAX_COLUMNS];
	struct fe_suite *suite;
	struct fe_validation *validation;
	struct fe_arena arena;
};

static _Noreturn void
die(const char *what)
{
	fprintf(stderr, "probe_gx: %s\n", what);
	exit(2);
}

static char *
text_of(struct question *q, struct fe_str s)
{
	return fe_arena_copy(&q->arena, s.n ? s.p : "", s.n);
}

static bool
flag_of(const struct fe_json_value *object, const char *key)
{
	const struct fe_json_value *v = fe_json_get(object, key);

	return v && v->is_true;
}

/* ---- the schema and its rows ---- */

static void
read_schema(struct question *q)
{
	const struct fe_json_value *list = fe_json_get(q->json, "schema");

	fe_schema_init(&q->schema);
	for (const struct fe_json_value *c = list ? list->first : NULL; c; c = c->next) {
		const struct fe_json_value *null = fe_json_get(c, "null");
		struct fe_type type;
		size_t i;

		if (!fe_json_get(c, "name") || !fe_json_get(c, "type") || fe_type_parse(fe_json_get(c, "type")->text, &type, NULL))
			die("a column without a name, or of no type");
		i = fe_schema_add(&q->schema, fe_json_get(c, "name")->text, type);
		if (i >= MAX_COLUMNS)
			die("too many columns");
		q->nulls[i] = null ? null->text : FE_STR("");
		q->pii[i] = flag_of(c, "pii");
	}
	q->schema.n_source = q->schema.n_fields;
	fe_batch_init(&q->batch, &q->schema);
}

static void
set_cell(struct question *q, size_t column, size_t row, struct fe_str text)
{
	struct fe_column *c = &q->batch.columns[column];
	bool ok = true, flag = false;

	fe_bit_put(c->valid, row, !fe_str_eq(text, q->nulls[column]));
	if (!fe_bit_get(c->valid, row))
		return;
	switch (c->type.kind) {
	case FE_TEXT:
		c->text[row] = text;
		break;
	case FE_DECIMAL:
		ok = fe_decimal_parse(text, c->type.precision, c->type.scale, NULL, &c->i64[row]) == FE_DECIMAL_OK;
		break;
	case FE_INT:
		ok = fe_int_parse(text, &c->i64[row]) == FE_DECIMAL_OK;
		break;
	case FE_BOOL:
		ok = fe_bool_parse(text, &flag);
		fe_bit_put(c->bits, row, flag);
		break;
	case FE_DATE:
		ok = fe_date_parse(text, NULL, &c->days[row]) == FE_TIME_OK;
		break;
	case FE_TIMESTAMP:
		ok = fe_timestamp_parse(text, NULL, NULL, &c->i64[row]) == FE_TIME_OK;
	}
	if (!ok)
		die("a cell is not of its column's type");
}

/* The cell at *p, which is left after its comma or at its line end. */
static struct fe_str
read_cell(struct question *q, const char **p, const char *end)
{
	const char *start = *p;
	char *to;
	size_t n = 0;

	if (start == end || *start != '"') {
		while (*p < end && **p != ',' && **p != '\n')
			(*p)++;
		n = (size_t)(*p - start);
	} else {
		to = fe_arena_bytes(&q->arena, (size_t)(end - start));
		for ((*p)++; *p < end; (*p)++) {
			if (**p == '"' && (*p + 1 == end || (*p)[1] != '"'))
				break;
			*p += **p == '"';
			to[n++] = **p;
		}
		(*p)++;
		start = to;
	}
	return (struct fe_str){ start, n };
}

static enum fe_rc
feed(struct question *q, struct fe_err *err)
{
	uint64_t rows[FE_BITMAP_WORDS(FE_BATCH_ROWS)];
	enum fe_rc rc;

	memset(rows, 0xff, sizeof(rows));
	rc = fe_validation_feed(q->validation, &q->batch, rows, err);
	fe_batch_clear(&q->batch);
	return rc;
}

static enum fe_rc
feed_all(struct question *q, struct fe_str csv, struct fe_err *err)
{
	const char *p = memchr(csv.p, '\n', csv.n), *end = csv.p + csv.n;
	size_t n_columns = q->schema.n_fields;

	/* The header may hold a quoted line end; the cases have none. */
	for (p = p ? p + 1 : end; p < end;) {
		for (size_t i = 0; i < n_columns; i++) {
			struct fe_str cell = read_cell(q, &p, end);

			if (p < end && *p != (i + 1 < n_columns ? ',' : '\n'))
				die("a row with too many or too few cells");
			p += p < end;
			set_cell(q, i, q->batch.n_rows, cell);
		}
		q->batch.origin[q->batch.n_rows] = (struct fe_origin){ .record = q->batch.n_rows + 1 };
		if (++q->batch.n_rows == q->batch_rows)
			FE_TRY(feed(q, err));
	}
	return feed(q, err);
}

/* ---- settings ---- */

static enum fe_rc
read_format_name(const struct fe_json_value *v, struct fe_result_settings *set, struct fe_err *err)
{
	static const char *const names[] = { "BOOLEAN_ONLY", "BASIC", "SUMMARY", "COMPLETE" };

	for (size_t i = 0; v && i < sizeof(names) / sizeof(names[0]); i++) {
		if (fe_str_is(v->text, names[i])) {
			set->format = (enum fe_result_format)i;
			return FE_OK;
		}
	}
	return fe_fail(err, FE_EUSAGE, "there is no such result format");
}

static enum fe_rc
read_format(struct question *q, struct fe_result_settings *set, struct fe_err *err)
{
	const struct fe_json_value *f = fe_json_get(q->json, "result_format"), *v;
	int64_t n = 20;

	set->partial_unexpected_count = 20;
	if (!fe_json_is(f, FE_JSON_OBJECT))
		return read_format_name(f, set, err);
	v = fe_json_get(f, "partial_unexpected_count");
	if (v && fe_int_parse(v->text, &n) == FE_DECIMAL_OK && n >= 0)
		set->partial_unexpected_count = (size_t)n;
	v = fe_json_get(f, "unexpected_index_column_names");
	set->has_index_columns = v != NULL;
	for (const struct fe_json_value *e = v ? v->first : NULL; e && set->n_index_columns < MAX_COLUMNS; e = e->next)
		q->index_columns[set->n_index_columns++] = text_of(q, e->text);
	set->index_columns = q->index_columns;
	set->include_unexpected_rows = flag_of(f, "include_unexpected_rows");
	set->exclude_unexpected_values = flag_of(f, "exclude_unexpected_values");
	set->has_index_query = fe_json_get(f, "return_unexpected_index_query") != NULL;
	set->return_index_query = flag_of(f, "return_unexpected_index_query");
	return read_format_name(fe_json_get(f, "result_format"), set, err);
}

static enum fe_rc
read_suite(struct question *q, struct fe_err *err)
{
	const struct fe_json_value *params = fe_json_get(q->json, "parameters"), *suite = fe_json_get(q->json, "suite");
	struct fe_suite_settings set = { .path = "suite.json", .params = q->params, .is_strict = flag_of(q->json, "is_strict") };

	for (const struct fe_json_value *m = params ? params->first : NULL; m && set.n_params < MAX_COLUMNS; m = m->next)
		q->params[set.n_params++] = (struct fe_suite_param){ .name = text_of(q, m->key), .json = m->raw };
	if (!suite)
		die("a question without a suite");
	return fe_suite_read(&q->suite, suite->kind == FE_JSON_STRING ? suite->text : suite->raw, &set, err);
}

/* ---- one question ---- */

static enum fe_rc
answer(struct question *q, struct fe_buf *out, struct fe_err *err)
{
	struct fe_validation_settings set = { .schema = &q->schema, .pii = q->pii };
	const struct fe_json_value *csv = fe_json_get(q->json, "csv"), *n = fe_json_get(q->json, "batch_rows");
	int64_t batch_rows;

	q->batch_rows = FE_BATCH_ROWS;
	if (n && fe_int_parse(n->text, &batch_rows) == FE_DECIMAL_OK && batch_rows > 0 && batch_rows < FE_BATCH_ROWS)
		q->batch_rows = (size_t)batch_rows;
	FE_TRY(read_suite(q, err));
	FE_TRY(read_format(q, &set.result, err));
	set.suite = q->suite;
	FE_TRY(fe_validation_open(&q->validation, &set, err));
	if (!csv)
		die("a question without csv");
	FE_TRY(feed_all(q, csv->text, err));
	FE_TRY(fe_validation_end(q->validation, err));
	fe_validation_result_json(q->validation, out);
	return fe_buf_check(out, "a result", err);
}

static void
print_sentences(const struct question *q, struct fe_json *j)
{
	fe_json_array(j, "sentences");
	for (size_t i = 0; q->suite && i < q->suite->n_items; i++) {
		struct fe_buf sentence, found;

		fe_buf_init(&sentence, 1u << 20);
		fe_buf_init(&found, 1u << 20);
		(void)fe_validation_item(q->validation, i, &sentence, &found);
		fe_json_object(j, NULL);
		fe_json_str(j, "sentence", fe_buf_str(&sentence));
		fe_json_str(j, "found", fe_buf_str(&found));
		fe_json_object_end(j);
		fe_buf_reset(&sentence);
		fe_buf_reset(&found);
	}
	fe_json_array_end(j);
}

static void
ask(struct fe_str line)
{
	struct question *q = fe_new(struct question);
	struct fe_err err = FE_ERR_INIT;
	struct fe_buf out, all;
	struct fe_json j;
	enum fe_rc rc;

	fe_buf_init(&out, MAX_ANSWER_BYTES);
	fe_buf_init(&all, MAX_ANSWER_BYTES);
	if (fe_json_parse(line, &q->arena, &q->json, &err))
		die(err.text);
	read_schema(q);
	rc = answer(q, &out, &err);
	fe_json_init(&j, &all, 0);
	fe_json_object(&j, NULL);
	if (rc == FE_OK) {
		fe_json_raw(&j, "result", fe_buf_str(&out));
		print_sentences(q, &j);
	} else {
		fe_json_object(&j, "error");
		fe_json_text(&j, "code", fe_rc_name(rc));
		fe_json_text(&j, "message", err.text);
		fe_json_object_end(&j);
	}
	fe_json_object_end(&j);
	fe_buf_add_char(&all, '\n');
	fwrite(all.p, 1, all.n_bytes, stdout);
	fe_validation_close(q->validation);
	fe_suite_free(q->suite);
	fe_batch_reset(&q->batch);
	fe_schema_reset(&q->schema);
	fe_arena_free(&q->arena);
	fe_buf_reset(&out);
	fe_buf_reset(&all);
	fe_free(q);
}

int
main(void)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	while ((n = getline(&line, &cap, stdin)) > 0) {
		ask((struct fe_str){ line, (size_t)n });
		fflush(stdout);
	}
	free(line);
	return 0;
}
