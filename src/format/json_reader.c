// SPDX-License-Identifier: Apache-2.0
/* format/json_reader.c - see format/json_reader.h */
#include <inttypes.h>

#include "base/text.h"
#include "format/json_walk.h"

#define BOM FE_STR("\xef\xbb\xbf")

const char *
fe_json_flaw_code(enum fe_json_flaw flaw)
{
	static const char *const codes[] = {
#define FE_X(name, code) [FE_JSON_##name] = code,
		FE_JSON_FLAW_MAP(FE_X)
#undef FE_X
	};
	return codes[flaw];
}

/* ---- making one ---- */

static enum fe_rc
want_paths(struct fe_json_reader *r, struct fe_json_node *root, const char *const *paths, size_t n, struct fe_err *err)
{
	for (size_t i = 0; i < n; i++) {
		struct fe_json_node *node;
		FE_TRY(fe_json_shape_path(&r->shape, root, paths[i], &node, err));
		if (node->target >= 0)
			return fe_fail(err, FE_EUSAGE, "'%s' and '%s' are the same path", paths[node->target], paths[i]);
		fe_json_shape_want(node, (int)i);
	}
	return FE_OK;
}

static enum fe_rc
find_records(struct fe_json_reader *r, const char *path, struct fe_err *err)
{
	r->records = r->document_root;
	if (path && *path) {
		if (r->is_lines)
			return fe_fail(err, FE_EUSAGE, "each line is a record, so records cannot be told a path");
		FE_TRY(fe_json_shape_path(&r->shape, r->document_root, path, &r->records, err));
	}
	if (r->records->n_items || r->records->is_level)
		return fe_fail(err, FE_EUSAGE, "what is wanted beside the records is looked for inside of them, at '%s', where it is not "
		               "read", path ? path : "");
	return FE_OK;
}

enum fe_rc
fe_json_reader_new(struct fe_json_reader **out, const struct fe_json_wants *wants, struct fe_err *err)
{
	struct fe_json_reader *r = fe_new(struct fe_json_reader);
	enum fe_rc rc;

	*out = NULL;
	fe_json_shape_init(&r->shape);
	fe_buf_init(&r->key_bytes, FE_JSON_MAX_KEYS_BYTES);
	r->walk_foretold = fe_json_walk_foretold_avx2();
	if (!r->walk_foretold)
		r->walk_foretold = fe_json_walk_foretold;
	r->is_lines = wants->is_lines;
	r->refuse_others = wants->refuse_others;
	r->take_others = wants->take_others;
	r->n_columns = wants->n_columns;
	r->n_aside = wants->n_aside;
	r->aside = fe_new_array(wants->n_aside + 1, struct fe_buf);
	r->has_aside = fe_new_array(wants->n_aside + 1, bool);
	r->is_container_aside = fe_new_array(wants->n_aside + 1, bool);
	r->is_met_aside = fe_new_array(wants->n_aside + 1, bool);
	for (size_t i = 0; i < wants->n_aside; i++)
		fe_buf_init(&r->aside[i], FE_JSON_MAX_STRING_BYTES + 1);
	r->record_root = fe_json_shape_root(&r->shape);
	r->record_root->is_level = true;
	r->document_root = fe_json_shape_root(&r->shape);
	rc = want_paths(r, r->record_root, wants->columns, wants->n_columns, err);
	if (rc == FE_OK)
		rc = want_paths(r, r->document_root, wants->aside, wants->n_aside, err);
	if (rc == FE_OK)
		rc = find_records(r, wants->records, err);
	if (rc) {
		fe_json_reader_free(r);
		return rc;
	}
	fe_json_reader_begin(r);
	*out = r;
	return FE_OK;
}

void
fe_json_reader_free(struct fe_json_reader *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n_aside; i++)
		fe_buf_reset(&r->aside[i]);
	fe_free(r->aside);
	fe_free(r->has_aside);
	fe_free(r->is_container_aside);
	fe_free(r->is_met_aside);
	fe_buf_reset(&r->key_bytes);
	fe_free(r->keys);
	fe_json_shape_reset(&r->shape);
	fe_free(r);
}

void
fe_json_reader_begin(struct fe_json_reader *r)
{
	r->block = r->end = r->p = NULL;
	r->is_last = false;
	r->state = FE_JSON_AT_VALUE;
	r->node = r->is_lines ? r->record_root : r->document_root;
	r->lines = (struct fe_json_lines){ 0 };
	r->depth = 0;
	r->n_keys = 0;
	fe_buf_clear(&r->key_bytes);
	r->in_record = r->has_high = r->has_begun = r->has_bom = r->has_records = false;
	r->has_lf = r->has_crlf = r->no_final_newline = false;
	r->n_records = 0;
	for (size_t i = 0; i < r->n_aside; i++)
		r->has_aside[i] = r->is_container_aside[i] = r->is_met_aside[i] = false;
}

void
fe_json_reader_feed(struct fe_json_reader *r, struct fe_str block, uint64_t offset, bool is_last, struct fe_arena *arena)
{
	r->block = r->p = block.p;
	r->end = block.p + block.n;
	r->offset = offset;
	r->is_last = is_last;
	r->arena = arena;
	r->has_high = false;
}

size_t
fe_json_reader_rest(const struct fe_json_reader *r)
{
	return (size_t)(r->end - r->p);
}

/* ---- what is wrong ---- */

static void
add_problem(const struct fe_json_reader *r, struct fe_buf *out)
{
	const struct fe_json_problem *problem = &r->problem;

	fe_buf_add_text(out, problem->what);
	if (problem->key.p) {
		fe_buf_add_text(out, " '");
		fe_buf_add_printable(out, problem->key, 80);
		fe_buf_add_char(out, '\'');
	}
	if (problem->at == r->end)
		fe_buf_add_text(out, " (here the input ends)");
	else if (*problem->at == '\n' && r->is_lines)
		fe_buf_add_text(out, " (here the line ends)");
}

static enum fe_rc
fail(const struct fe_json_reader *r, struct fe_err *err)
{
	struct fe_buf text;

	fe_buf_init(&text, 512);
	add_problem(r, &text);
	enum fe_rc rc = fe_fail(err, r->problem.rc, "%s", fe_buf_text(&text));
	fe_err_at_line(err, NULL, r->problem.line, r->problem.column);
	fe_buf_reset(&text);
	return rc;
}

static struct fe_str
detail_of(const struct fe_json_reader *r)
{
	struct fe_buf text;

	fe_buf_init(&text, 512);
	fe_buf_addf(&text, "column %" PRIu64 ": ", r->problem.column);
	add_problem(r, &text);
	struct fe_str detail = { fe_arena_copy(r->arena, text.p, text.n_bytes), text.n_bytes };
	fe_buf_reset(&text);
	return detail;
}

static enum fe_rc
fail_other(struct fe_json_reader *r, struct fe_err *err)
{
	r->problem = r->other;
	return fail(r, err);
}

static enum fe_rc
fail_too_long(struct fe_json_reader *r, const char *start, struct fe_err *err)
{
	r->lines = r->in_record ? r->record_lines : r->lines;
	(void)fe_json_fail(r, start, FE_ELIMIT, "more than 8 MiB in one record, or between two of them");
	return fail(r, err);
}

/* What was cut is to be fed again, unless it is too long already. */
static enum fe_rc
cut(struct fe_json_reader *r, const char *start, struct fe_err *err)
{
	if ((size_t)(r->end - start) > FE_JSON_MAX_RECORD_BYTES)
		return fail_too_long(r, start, err);
	if (r->in_record)
		fe_json_abandon_record(r);
	r->p = start;
	return FE_OK;
}

/* ---- rows ---- */

static inline void
begin_row(struct fe_json_reader *r, const struct fe_json_fill *rows)
{
	r->cells = rows->cells;
	r->row = rows->n_rows;
	for (size_t i = 0; i < r->n_columns + r->n_others; i++)
		rows->cells[i][r->row] = (struct fe_str){ 0 };
}

static inline void
end_row(struct fe_json_reader *r, struct fe_json_fill *rows, struct fe_str raw, enum fe_json_flaw flaw)
{
	size_t row = rows->n_rows++;

	rows->origin[row] = (struct fe_origin){
		.record = ++r->n_records,
		.offset = r->offset + (uint64_t)(raw.p - r->block),
		.raw = raw,
	};
	rows->flaws[row] = (uint8_t)flaw;
	if (flaw == FE_JSON_NO_FLAW)
		return;
	rows->details[row] = flaw == FE_JSON_BAD_JSON ? detail_of(r) : (struct fe_str){ 0 };
	rows->n_flawed++;
	begin_row(r, &(struct fe_json_fill){ .cells = rows->cells, .n_rows = row }); /* a flawed one has no cells */
}

/* ---- lines ---- */

static inline void
end_line(struct fe_json_reader *r, const char *newline)
{
	bool is_crlf = newline > r->block && newline[-1] == '\r';
	r->has_crlf |= is_crlf;
	r->has_lf |= !is_crlf;
	r->p = newline + 1;
	r->lines.n++;
	r->lines.start = r->offset + (uint64_t)(r->p - r->block);
}

/* Over blank lines; at the first byte of a value, or NULL: the block has none. */
static const char *
find_value(struct fe_json_reader *r)
{
	for (;;) {
		const char *p = *r->p == '{' ? r->p : fe_json_blanks(r, r->p);
		if (*p == '\n') {
			end_line(r, p);
		} else if (p == r->end) {
			r->p = r->is_last ? p : r->p;
			return NULL;
		} else {
			return p;
		}
	}
}

/* The value of a line is whole, or wrong; *end is where the line ends, NULL: not in this block. */
static enum fe_json_flaw
finish_line(struct fe_json_reader *r, enum fe_json_event event, const char **end)
{
	const char *p = event != FE_JSON_RECORD ? r->problem.at : *r->p == '\n' ? r->p : fe_json_blanks(r, r->p);

	*end = *p == '\n' ? p : memchr(p, '\n', (size_t)(r->end - p));
	if (!*end && r->is_last)
		*end = r->end;
	if (event == FE_JSON_RECORD && p == *end)
		return r->is_object ? FE_JSON_NO_FLAW : FE_JSON_NOT_AN_OBJECT;
	if (event == FE_JSON_RECORD)
		(void)fe_json_fail(r, p, FE_EDATA, "the end of the line is expected");
	return FE_JSON_BAD_JSON;
}

/* A line that is as the one before, all at once; *run and the return value tell how far it went. */
static inline const char *
run_line(struct fe_json_reader *r, const struct fe_json_fill *rows, struct fe_json_run *run, const char *value)
{
	r->cells = rows->cells;
	r->row = rows->n_rows;
	r->has_other = false;
	*run = (struct fe_json_run){ .next = &r->record_root->first, .stamp = ++r->stamp };
	return r->walk_foretold(r, run, value + 1);
}

static enum fe_json_event
read_line(struct fe_json_reader *r, const struct fe_json_fill *rows, const char *value)
{
	struct fe_json_run run;

	if (*value != '{') {
		r->p = value;
		begin_row(r, rows);
		fe_json_begin_record(r, &r->shape.nothing);
		return fe_json_walk(r);
	}
	if (r->has_gaps)
		begin_row(r, rows);
	const char *p = run_line(r, rows, &run, value);
	if (run.is_closed && run.n_cells == r->n_columns + r->n_others) {
		r->has_gaps = false;
		r->is_object = true;
		r->p = p + 1;
		return FE_JSON_RECORD;
	}
	/* What has not been filled is to be empty; what has will be, again. */
	if (!r->has_gaps) {
		begin_row(r, rows);
		p = run_line(r, rows, &run, value);
	}
	r->has_gaps = true;
	r->p = value;
	fe_json_resume_record(r, &run, p);
	return fe_json_walk(r);
}

static enum fe_rc
fill_line(struct fe_json_reader *r, struct fe_json_fill *rows, bool *more, struct fe_err *err)
{
	const char *value = find_value(r), *line = r->p, *end = NULL;
	enum fe_json_flaw flaw = FE_JSON_NO_FLAW;

	*more = false;
	if (!value)
		return cut(r, r->p, err);
	enum fe_json_event event = read_line(r, rows, value);
	if (event != FE_JSON_CUT)
		flaw = finish_line(r, event, &end);
	if (!end)
		return cut(r, line, err);
	if (r->in_record)
		fe_json_abandon_record(r);
	r->depth = 0;
	if ((size_t)(end - line) > FE_JSON_MAX_RECORD_BYTES)
		return fail_too_long(r, line, err);
	if (flaw == FE_JSON_NO_FLAW && r->has_other)
		return fail_other(r, err);
	size_t n_raw = (size_t)(end - line);
	n_raw -= n_raw > 0 && end[-1] == '\r';
	end_row(r, rows, (struct fe_str){ line, n_raw }, flaw);
	if (end < r->end)
		end_line(r, end);
	else
		r->p = end;
	r->no_final_newline = end == r->end;
	*more = true;
	return FE_OK;
}

/* ---- documents ---- */

static enum fe_rc
fill_record(struct fe_json_reader *r, struct fe_json_fill *rows, bool *more, struct fe_err *err)
{
	begin_row(r, rows);
	enum fe_json_event event = fe_json_walk(r);
	*more = event == FE_JSON_RECORD;
	if (event == FE_JSON_BAD)
		return fail(r, err);
	if (event == FE_JSON_CUT)
		return cut(r, r->in_record ? r->record_start : r->p, err);
	if (event == FE_JSON_ENDED)
		return FE_OK;
	struct fe_str raw = { r->record_start, (size_t)(r->p - r->record_start) };
	if (raw.n > FE_JSON_MAX_RECORD_BYTES)
		return fail_too_long(r, raw.p, err);
	if (r->has_other)
		return fail_other(r, err);
	end_row(r, rows, raw, r->is_object ? FE_JSON_NO_FLAW : FE_JSON_NOT_AN_OBJECT);
	return FE_OK;
}

/* False: more must be fed before it is known whether a mark stands there. */
static bool
begin_input(struct fe_json_reader *r)
{
	size_t n = (size_t)(r->end - r->p), n_same = 0;

	while (n_same < BOM.n && n_same < n && r->p[n_same] == BOM.p[n_same])
		n_same++;
	if (n_same == n && n < BOM.n && !r->is_last)
		return false;
	r->has_begun = true;
	r->has_bom = n_same == BOM.n;
	if (r->has_bom) {
		r->p += BOM.n;
		r->lines.start = BOM.n;
	}
	return true;
}

enum fe_rc
fe_json_reader_fill(struct fe_json_reader *r, struct fe_json_fill *rows, struct fe_err *err)
{
	bool more = true;

	if (!r->has_begun && !begin_input(r))
		return FE_OK;
	while (more && rows->n_rows < rows->cap_rows)
		FE_TRY(r->is_lines ? fill_line(r, rows, &more, err) : fill_record(r, rows, &more, err));
	return FE_OK;
}

/* ---- asked afterwards ---- */

bool
fe_json_reader_is_ascii(const struct fe_json_reader *r)
{
	return !r->has_high;
}

struct fe_json_notes
fe_json_reader_notes(const struct fe_json_reader *r)
{
	return (struct fe_json_notes){
		.has_bom = r->has_bom,
		.mixed_line_ends = r->has_lf && r->has_crlf,
		.no_final_newline = r->no_final_newline,
	};
}

bool
fe_json_reader_has_records(const struct fe_json_reader *r)
{
	return r->has_records;
}

bool
fe_json_reader_aside_is_met(const struct fe_json_reader *r, size_t index)
{
	return r->is_met_aside[index];
}

bool
fe_json_reader_aside_is_container(const struct fe_json_reader *r, size_t index)
{
	return r->is_container_aside[index];
}

struct fe_str
fe_json_reader_aside(const struct fe_json_reader *r, size_t index)
{
	if (!r->has_aside[index])
		return (struct fe_str){ 0 };
	return (struct fe_str){ fe_buf_text(&r->aside[index]), r->aside[index].n_bytes };
}
