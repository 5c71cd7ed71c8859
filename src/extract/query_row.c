// SPDX-License-Identifier: Apache-2.0
/* extract/query_row.c - see extract/query_row.h
 *
 * A row is written once, into a buffer of its own whose room is reserved for the whole row; then it
 * is copied to the batch's input, which never moves once rows point into it.
 */
#include "extract/query_row.h"

#include "base/decimal.h"
#include "base/text.h"
#include "base/time.h"
#include "format/csv.h"

#define MAX_ROW_BYTES ((size_t)FE_CSV_MAX_RECORD_BYTES)
#define MAX_LINE_BYTES (3 * MAX_ROW_BYTES) /* a batch's input can hold it */
#define NUMBER_BYTES 64 /* room for a value that is not a text */

_Static_assert(NUMBER_BYTES >= FE_DECIMAL_TEXT_BYTES && NUMBER_BYTES >= FE_TIMESTAMP_TEXT_BYTES, "room for a value");

/* What precedes a column's value in the line, and where its cell goes. */
struct column {
	struct fe_str before; /* ',"name":', owned */
	size_t to;            /* declared column, or FE_NO_COLUMN */
	bool takes_float;     /* declared as text */
	bool has_own_point;
	uint32_t float_reason, bytes_reason, point_reason;
};

struct cell {
	enum { NOTHING, IN_LINE, ASIDE, FAILED } where;
	size_t from, n;
	uint32_t reason;
};

struct fe_query_row {
	const struct fe_cursor *cursor;
	const struct fe_source_settings *set;
	struct column *columns; /* [n_columns] of the cursor */
	struct cell *cells;
	size_t n_columns;
	struct fe_buf line;
	struct fe_buf aside;    /* texts as they were, whose form in the line is another */
	bool is_ascii;
};

/* ---- making ---- */

static struct fe_str
build_before(const char *name, bool is_first)
{
	struct fe_buf text;
	struct fe_str out;

	fe_buf_init(&text, MAX_ROW_BYTES);
	fe_buf_add_char(&text, is_first ? '{' : ',');
	fe_buf_add_json_string(&text, fe_str_of(name));
	fe_buf_add_char(&text, ':');
	out.n = text.n_bytes;
	out.p = fe_buf_take(&text);
	return out;
}

struct fe_query_row *
fe_query_row_new(const struct fe_cursor *c, const size_t *matches, const struct fe_source_settings *set)
{
	struct fe_query_row *r = fe_new(struct fe_query_row);

	r->cursor = c;
	r->set = set;
	r->n_columns = fe_cursor_n_columns(c);
	r->columns = fe_new_array(r->n_columns + 1, struct column);
	r->cells = fe_new_array(r->n_columns + 1, struct cell);
	fe_buf_init(&r->line, MAX_LINE_BYTES);
	fe_buf_init(&r->aside, MAX_LINE_BYTES);
	for (size_t i = 0; i < r->n_columns; i++) {
		struct column *column = &r->columns[i];
		const struct fe_field *field;

		column->before = build_before(fe_cursor_column(c, i)->name, i == 0);
		column->to = matches[i];
		if (column->to == FE_NO_COLUMN)
			continue;
		field = &set->schema->fields[column->to];
		column->takes_float = field->type.kind == FE_TEXT;
		column->float_reason = fe_reason_id(set->reasons, field->name, "float");
		column->bytes_reason = fe_reason_id(set->reasons, field->name, "bytes");
		column->has_own_point = set->columns[column->to].has_own_point;
		if (column->has_own_point)
			column->point_reason = fe_reason_id(set->reasons, field->name, "separator");
	}
	return r;
}

void
fe_query_row_free(struct fe_query_row *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n_columns; i++)
		fe_free((char *)(uintptr_t)r->columns[i].before.p);
	fe_free(r->columns);
	fe_free(r->cells);
	fe_buf_reset(&r->line);
	fe_buf_reset(&r->aside);
	fe_free(r);
}

/* ---- texts ---- */

enum looks { PLAIN, NOT_ASCII, ESCAPED };

#define EACH_BYTE(c) (UINT64_C(0x0101010101010101) * (c))

/* A set high bit for each byte that is below `c` (at most 0x80), wrong only above one that is. */
static inline uint64_t
bytes_below(uint64_t w, unsigned char c)
{
	return (w - EACH_BYTE(c)) & ~w & EACH_BYTE(0x80);
}

/* Whether eight bytes are plain: letters of ASCII that JSON takes as they are. */
static inline bool
is_plain8(const char *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return ((w & EACH_BYTE(0x80)) | bytes_below(w, 0x20) | bytes_below(w ^ EACH_BYTE('"'), 1) |
	        bytes_below(w ^ EACH_BYTE('\\'), 1)) == 0;
}

static enum looks
look_closer(struct fe_str s)
{
	bool is_ascii = true;

	for (size_t i = 0; i < s.n; i++) {
		const unsigned char c = (unsigned char)s.p[i];

		if (c < 0x20 || c == '"' || c == '\\')
			return ESCAPED;
		is_ascii &= c < 0x80;
	}
	if (is_ascii)
		return PLAIN;
	return fe_utf8_is_valid(s) ? NOT_ASCII : ESCAPED;
}

static inline enum looks
look_at(struct fe_str s)
{
	size_t i = 0;

	for (; i + 8 <= s.n; i += 8)
		if (!is_plain8(s.p + i))
			return look_closer(s);
	return i == s.n ? PLAIN : look_closer((struct fe_str){ s.p + i, s.n - i });
}

/* Whether the cast must look at each text for what is not plain ASCII (NUL bytes among it). */
static bool
is_free_of_nul(struct fe_str s)
{
	return !memchr(s.p, '\0', s.n);
}

/* Writes a text that has its room; in the rare case one that is escaped, for which more is made. */
static void
write_text(struct fe_query_row *r, struct cell *cell, struct fe_str s, size_t n_room_left)
{
	struct fe_buf *line = &r->line;
	const enum looks looks = s.n ? look_at(s) : PLAIN;

	if (looks == ESCAPED) {
		r->is_ascii &= fe_text_is_ascii(s) && is_free_of_nul(s);
		*cell = (struct cell){ .where = ASIDE, .from = r->aside.n_bytes, .n = s.n };
		fe_buf_add_str(&r->aside, s);
		fe_buf_add_json_string(line, s);
		(void)fe_buf_reserve(line, n_room_left);
		return;
	}
	r->is_ascii &= looks == PLAIN;
	*cell = (struct cell){ .where = IN_LINE, .from = line->n_bytes + 1, .n = s.n };
	line->p[line->n_bytes++] = '"';
	if (s.n)
		memcpy(line->p + line->n_bytes, s.p, s.n);
	line->n_bytes += s.n;
	line->p[line->n_bytes++] = '"';
}

/* ---- values ---- */

static size_t
print_i64(const struct fe_cursor_value *v, char *out)
{
	switch (v->kind) {
	case FE_CURSOR_BOOL:
		memcpy(out, v->i64 ? "true" : "false", 5);
		return v->i64 ? 4 : 5;
	case FE_CURSOR_DATE:
		fe_date_format((int32_t)v->i64, out);
		return FE_DATE_TEXT_BYTES;
	case FE_CURSOR_TIMESTAMP: /* all but the Z */
	case FE_CURSOR_TIMESTAMPTZ:
		fe_timestamp_format(v->i64, out);
		return FE_TIMESTAMP_TEXT_BYTES - (v->kind == FE_CURSOR_TIMESTAMP);
	default:
		return fe_decimal_format(v->i64, 0, out);
	}
}

static bool
is_number(enum fe_cursor_kind kind)
{
	return kind == FE_CURSOR_INT || kind == FE_CURSOR_BOOL || kind == FE_CURSOR_DATE || kind == FE_CURSOR_TIMESTAMP ||
	       kind == FE_CURSOR_TIMESTAMPTZ;
}

static void
write_number(struct fe_query_row *r, struct cell *cell, const struct fe_cursor_value *v)
{
	struct fe_buf *line = &r->line;

	line->p[line->n_bytes++] = '"';
	*cell = (struct cell){ .where = IN_LINE, .from = line->n_bytes, .n = print_i64(v, line->p + line->n_bytes) };
	line->n_bytes += cell->n;
	line->p[line->n_bytes++] = '"';
}

static void
write_bytes(struct fe_query_row *r, struct cell *cell, struct fe_str bytes, size_t n_room_left)
{
	fe_buf_add_char(&r->line, '"');
	fe_buf_add_base64(&r->line, bytes);
	fe_buf_add_char(&r->line, '"');
	(void)fe_buf_reserve(&r->line, n_room_left);
	cell->where = FAILED;
}

static void
write_value(struct fe_query_row *r, size_t i, const struct fe_cursor_value *v, size_t n_room_left)
{
	const struct column *column = &r->columns[i];
	struct cell *cell = &r->cells[i];

	memcpy(r->line.p + r->line.n_bytes, column->before.p, column->before.n);
	r->line.n_bytes += column->before.n;
	if (v->is_null) {
		memcpy(r->line.p + r->line.n_bytes, "null", 4);
		r->line.n_bytes += 4;
		cell->where = NOTHING;
	} else if (is_number(v->kind)) {
		write_number(r, cell, v);
	} else if (v->kind == FE_CURSOR_BYTES) {
		write_bytes(r, cell, v->text, n_room_left);
		cell->reason = column->bytes_reason;
	} else {
		write_text(r, cell, v->text, n_room_left);
		if (v->kind == FE_CURSOR_FLOAT && !column->takes_float) {
			cell->where = FAILED;
			cell->reason = column->float_reason;
		} else if (v->kind == FE_CURSOR_DECIMAL && column->has_own_point && memchr(v->text.p, '.', v->text.n)) {
			cell->where = FAILED;
			cell->reason = column->point_reason;
		}
	}
}

static enum fe_rc
fail_long(const struct fe_query_row *r, uint64_t record, struct fe_err *err)
{
	fe_fail(err, FE_ELIMIT, "a row is longer than %zu MiB; leave its longest columns out by a query",
	        MAX_ROW_BYTES >> 20);
	fe_err_at(err, fe_cursor_name(r->cursor), record, NULL);
	return FE_ELIMIT;
}

enum fe_rc
fe_query_row_take(struct fe_query_row *r, uint64_t record, struct fe_err *err)
{
	const struct fe_cursor_value *values = fe_cursor_values(r->cursor);
	size_t n_room = 2; /* "}\n" */

	for (size_t i = 0; i < r->n_columns; i++) {
		const size_t n = values[i].is_null || is_number(values[i].kind) ? NUMBER_BYTES : values[i].text.n + NUMBER_BYTES;

		if (n > MAX_ROW_BYTES)
			return fail_long(r, record, err);
		n_room += r->columns[i].before.n + n;
	}
	if (n_room > 2 * MAX_ROW_BYTES)
		return fail_long(r, record, err);
	fe_buf_clear(&r->line);
	fe_buf_clear(&r->aside);
	r->is_ascii = true;
	(void)fe_buf_reserve(&r->line, n_room);
	for (size_t i = 0; i < r->n_columns && !r->line.failed; i++)
		write_value(r, i, &values[i], n_room);
	if (r->line.failed || r->aside.failed || r->line.n_bytes > MAX_LINE_BYTES - 2)
		return fail_long(r, record, err);
	fe_buf_add_char(&r->line, '}');
	fe_buf_add_char(&r->line, '\n');
	return fe_buf_check(&r->line, "a row", err);
}

/* ---- into the batch ---- */

static void
put_cell(struct fe_query_row *r, struct fe_batch *batch, size_t i, const char *line)
{
	const struct cell *cell = &r->cells[i];
	struct fe_str *to = &batch->cells[r->columns[i].to][batch->n_rows];

	switch (cell->where) {
	case NOTHING:
		*to = (struct fe_str){ fe_cell_null, 0 };
		break;
	case IN_LINE:
		*to = (struct fe_str){ line + cell->from, cell->n };
		break;
	case ASIDE:
		*to = (struct fe_str){ fe_arena_copy(&batch->arena, r->aside.p + cell->from, cell->n), cell->n };
		break;
	case FAILED:
		*to = FE_CELL_FAILED;
		fe_batch_add_reason(batch, batch->n_rows, cell->reason, (struct fe_str){ 0 });
		break;
	}
}

bool
fe_query_row_put(struct fe_query_row *r, struct fe_batch *batch, uint64_t record, uint64_t offset)
{
	const struct fe_str line = fe_buf_str(&r->line);
	struct fe_buf *in = &batch->input;
	const char *at;

	if (batch->n_rows == 0) {
		in->n_bytes = 0;
		if (!fe_buf_reserve(in, line.n > FE_BATCH_INPUT_BYTES ? line.n : FE_BATCH_INPUT_BYTES))
			return false;
		batch->ascii = true;
	} else if (in->n_bytes + line.n >= in->cap_bytes || in->n_bytes >= FE_BATCH_INPUT_BYTES) {
		return false;
	}
	at = in->p + in->n_bytes;
	memcpy(in->p + in->n_bytes, line.p, line.n);
	in->n_bytes += line.n;
	for (size_t i = 0; i < r->n_columns; i++)
		if (r->columns[i].to != FE_NO_COLUMN)
			put_cell(r, batch, i, at);
	batch->origin[batch->n_rows] = (struct fe_origin){
		.record = record, .offset = offset, .raw = { at, line.n - 1 },
	};
	batch->ascii &= r->is_ascii;
	batch->n_rows++;
	return true;
}
