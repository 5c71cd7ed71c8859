// SPDX-License-Identifier: Apache-2.0
/* pipeline/reject_sheet.c - open rejects to a CSV file, see pipeline/reject_sheet.h */
#include "pipeline/reject_sheet.h"

#include <inttypes.h>

#include "base/mem.h"
#include "base/text.h"
#include "format/csv.h"
#include "format/json_tree.h"
#include "io/writer.h"
#include "load/catalog.h"
#include "pipeline/connectors.h"

#define WAIT_MS 5000
#define PIECE_BYTES (256u << 10)
#define MAX_LINE_BYTES (128u << 20)

/* ---- what a spreadsheet takes for a formula ---- */

static size_t
n_quotes(struct fe_str cell)
{
	size_t n = 0;

	while (n < cell.n && cell.p[n] == '\'')
		n++;
	return n;
}

static bool
begins_formula(struct fe_str cell)
{
	const size_t n = n_quotes(cell);
	return n < cell.n && cell.p[n] != '\0' && strchr("=+-@\t\r", cell.p[n]);
}

/* -12.50: digits with at most one point, behind one sign. */
static bool
is_number(struct fe_str cell)
{
	size_t n_digits = 0, n_points = 0;

	for (size_t i = 1; i < cell.n; i++) {
		n_digits += cell.p[i] >= '0' && cell.p[i] <= '9';
		n_points += cell.p[i] == '.';
	}
	return (cell.p[0] == '-' || cell.p[0] == '+') && n_digits && n_points <= 1 && n_digits + n_points + 1 == cell.n;
}

bool
fe_sheet_needs_guard(struct fe_str cell, enum fe_kind kind)
{
	return begins_formula(cell) && !((kind == FE_DECIMAL || kind == FE_INT) && is_number(cell));
}

struct fe_str
fe_sheet_unguarded(struct fe_str cell)
{
	if (n_quotes(cell) && begins_formula(cell))
		return (struct fe_str){ cell.p + 1, cell.n - 1 };
	return cell;
}

/* ---- lines ---- */

struct sheet {
	const struct fe_sheet_query *q;
	const struct fe_plan_dataset *dataset;
	struct fe_sheet_counts *counts;
	struct fe_writer *writer; /* NULL: q->write is given the lines */
	struct fe_buf lines, guarded, coded;
	struct fe_arena arena; /* of the reject at hand */
};

static void
add_cell(struct sheet *s, struct fe_str cell, enum fe_kind kind)
{
	if (s->lines.n_bytes && s->lines.p[s->lines.n_bytes - 1] != '\n')
		fe_buf_add_char(&s->lines, ',');
	if (!s->q->guard || !fe_sheet_needs_guard(cell, kind)) {
		fe_csv_add_cell(&s->lines, cell, ',');
		return;
	}
	fe_buf_clear(&s->guarded);
	fe_buf_add_char(&s->guarded, '\'');
	fe_buf_add_str(&s->guarded, cell);
	fe_csv_add_cell(&s->lines, fe_buf_str(&s->guarded), ',');
}

static bool
is_text(struct fe_str raw)
{
	return fe_utf8_is_valid(raw) && !(raw.n && memchr(raw.p, '\0', raw.n));
}

/* reject_raw and reject_raw_encoding */
static void
add_raw(struct sheet *s, struct fe_str raw, bool is_wanted)
{
	if (!is_wanted) {
		fe_buf_add_text(&s->lines, ",,");
		return;
	}
	fe_buf_clear(&s->coded);
	if (!is_text(raw))
		fe_buf_add_base64(&s->coded, raw);
	add_cell(s, is_text(raw) ? raw : fe_buf_str(&s->coded), FE_TEXT);
	fe_buf_add_text(&s->lines, is_text(raw) ? ",utf-8" : ",base64");
	s->counts->n_raw++;
}

/* ["a","b"] as a;b: column names, codes and ids, without escapes. */
static struct fe_str
joined(struct sheet *s, struct fe_str json)
{
	fe_buf_clear(&s->coded);
	for (size_t i = 0; i < json.n; i++)
		if (!strchr("[]\" ", json.p[i]))
			fe_buf_add_char(&s->coded, json.p[i] == ',' ? ';' : json.p[i]);
	return fe_buf_str(&s->coded);
}

/* A cell that says "no value" is written as the column says that, where it says it by a text. */
static struct fe_str
text_of(const struct sheet *s, size_t column, const struct fe_json_value *v)
{
	const struct fe_clean_column *clean = &s->dataset->clean[column];

	if (fe_json_is(v, FE_JSON_STRING))
		return v->text;
	return fe_json_is(v, FE_JSON_NULL) && clean->n_nulls ? fe_str_of(clean->nulls[0]) : FE_STR("");
}

static bool
has_bytes(const struct fe_json_value *cells)
{
	for (const struct fe_json_value *v = cells ? cells->first : NULL; v; v = v->next)
		if (fe_json_get(v, "base64"))
			return true;
	return false;
}

static enum fe_rc
hand_over(struct sheet *s, size_t at_least, struct fe_err *err)
{
	FE_TRY(fe_buf_check(&s->lines, "a line", err));
	if (s->lines.n_bytes < at_least)
		return FE_OK;
	if (s->writer)
		FE_TRY(fe_writer_write(s->writer, s->lines.p, s->lines.n_bytes, err));
	else
		FE_TRY(s->q->write(s->q->ctx, fe_buf_str(&s->lines), err));
	fe_buf_clear(&s->lines);
	return FE_OK;
}

static void
add_line(struct sheet *s, const struct fe_catalog_reject *r, const struct fe_json_value *cells)
{
	struct fe_buf *out = &s->lines;

	fe_buf_addf(out, "%" PRId64 ",%s", r->reject_id, s->q->guard ? "yes" : "no");
	add_cell(s, r->run_id, FE_TEXT);
	add_cell(s, r->object_path, FE_TEXT);
	fe_buf_addf(out, ",%" PRId64, r->record);
	add_cell(s, joined(s, r->reasons), FE_TEXT);
	add_cell(s, r->detail, FE_TEXT);
	add_raw(s, r->raw, !cells || has_bytes(cells));
	for (size_t i = 0; i < s->dataset->schema.n_source; i++)
		if (!s->dataset->source_set.columns[i].is_computed)
			add_cell(s, text_of(s, i, fe_json_get(cells, s->dataset->schema.fields[i].name)), s->dataset->schema.fields[i].type.kind);
	fe_buf_add_char(out, '\n');
	s->counts->n_records++;
}

static enum fe_rc
export_one(void *ctx, const struct fe_catalog_reject *r, struct fe_err *err)
{
	struct sheet *s = ctx;
	const struct fe_json_value *cells = NULL;

	if (!fe_str_is(r->kept, "full")) {
		s->counts->n_hidden++;
		return FE_OK;
	}
	fe_arena_reset(&s->arena);
	if (r->cells.p)
		FE_TRY(fe_json_parse(r->cells, &s->arena, &cells, err));
	add_line(s, r, cells);
	return hand_over(s, PIECE_BYTES, err);
}

static void
add_header(struct sheet *s)
{
	fe_buf_add_text(&s->lines, FE_SHEET_COLUMNS);
	for (size_t i = 0; i < s->dataset->schema.n_source; i++) {
		const struct fe_source_column *c = &s->dataset->source_set.columns[i];
		if (c->is_computed)
			continue;
		fe_buf_add_char(&s->lines, ',');
		fe_csv_add_cell(&s->lines, fe_str_of(c->from), ',');
	}
	fe_buf_add_char(&s->lines, '\n');
}

static enum fe_rc
find_dataset(struct sheet *s, struct fe_err *err)
{
	const struct fe_plan *plan = s->q->plan;

	for (size_t i = 0; i < plan->n_datasets; i++)
		if (strcmp(plan->datasets[i].name, s->q->dataset) == 0)
			s->dataset = &plan->datasets[i];
	if (s->dataset)
		return FE_OK;
	return fe_fail(err, FE_EUSAGE, "pipeline '%s' has no data set '%s'", plan->name, s->q->dataset);
}

/* The lines, and their file. */
static enum fe_rc
write_all(struct sheet *s, struct fe_catalog *c, struct fe_err *err)
{
	const struct fe_sheet_query *q = s->q;
	const struct fe_catalog_reject_query query = {
		.pipeline = q->plan->name, .dataset = q->dataset, .run_id = q->run_id, .reason = q->reason, .is_open = true, .in_order = true,
	};
	char sha256[FE_SHA256_HEX_BYTES];

	if (q->path)
		FE_TRY(fe_writer_open(&s->writer, q->path, NULL, err));
	add_header(s);
	FE_TRY(fe_catalog_rejects(c, &query, export_one, s, err));
	FE_TRY(hand_over(s, 1, err));
	if (!s->writer)
		return FE_OK;
	FE_TRY(fe_writer_finish(s->writer, sha256, err));
	return fe_writer_publish(s->writer, err);
}

enum fe_rc
fe_sheet_export(const struct fe_sheet_query *q, struct fe_sheet_counts *counts, struct fe_err *err)
{
	struct sheet s = { .q = q, .counts = counts };
	struct fe_catalog *c;

	*counts = (struct fe_sheet_counts){ 0 };
	FE_TRY(find_dataset(&s, err));
	if (!q->plan->warehouse || !fe_warehouse_is_database(q->plan->warehouse))
		return fe_fail(err, FE_EUSAGE, "only a database keeps rejects to export; a files: warehouse has them as %s.rejects.csv", q->dataset);
	FE_TRY(fe_catalog_open(&c, q->plan->warehouse, WAIT_MS, err));
	fe_buf_init(&s.lines, MAX_LINE_BYTES);
	fe_buf_init(&s.guarded, MAX_LINE_BYTES);
	fe_buf_init(&s.coded, MAX_LINE_BYTES);
	enum fe_rc rc = write_all(&s, c, err);
	fe_writer_close(s.writer);
	fe_catalog_close(c);
	fe_buf_reset(&s.lines);
	fe_buf_reset(&s.guarded);
	fe_buf_reset(&s.coded);
	fe_arena_free(&s.arena);
	return rc;
}
