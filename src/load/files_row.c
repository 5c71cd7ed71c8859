// SPDX-License-Identifier: Apache-2.0
/* load/files_row.c - lines of CSV, written fast and read back rarely
 *
 * Room is made once a row for all that is not text, so that most cells are written
 * without asking. A text is looked at for what would need quotes as it is copied, a short
 * one all at once: most have nothing of the kind. format/csv has the last word on those
 * that have.
 */
#include "load/files_row.h"

#include "base/mem.h"
#include "base/text.h"
#include "base/text16.h"
#include "base/time.h"
#include "format/csv.h"

void
fe_files_row_header(const struct fe_schema *schema, struct fe_buf *out)
{
	for (size_t i = 0; i < schema->n_fields; i++) {
		if (i)
			fe_buf_add_char(out, ',');
		fe_csv_add_cell(out, fe_str_of(schema->fields[i].name), ',');
	}
	fe_buf_add_char(out, '\n');
}

static size_t
row_bound(const struct fe_schema *schema)
{
	return schema->n_fields * (FE_DECIMAL_TEXT_BYTES + 1) + 1; /* the longest of all but texts */
}
_Static_assert(FE_DECIMAL_TEXT_BYTES >= FE_TIMESTAMP_TEXT_BYTES, "the longest of all but texts");

/* May be \. or a byte order mark. */
static inline bool
may_begin_oddly(char first)
{
	return first == '\\' || first == '\xef';
}

/* Copies a text of sixteen bytes or more; false where it is one for format/csv. The last
 * sixteen overlap those before. */
static inline bool
copy_plain(char *to, struct fe_str s)
{
	const size_t last = s.n - FE_TEXT16_BYTES;
	fe_text16 t = fe_text16_at(s.p + last), bad = fe_text16_special(t);

	for (size_t i = 0; i < last; i += FE_TEXT16_BYTES) {
		fe_text16 u = fe_text16_at(s.p + i);
		bad |= fe_text16_special(u);
		fe_text16_store(u, to + i);
	}
	fe_text16_store(t, to + last);
	return !fe_text16_any(bad) && !may_begin_oddly(s.p[0]);
}

/* Where p is, room for the text and for the rest of the row, or it has failed. */
static __attribute__((noinline)) char *
put_any_text(struct fe_buf *out, char *p, struct fe_str s, size_t bound)
{
	size_t need = s.n + 2 + bound;
	if ((size_t)(out->p + out->cap_bytes - p) <= need) {
		out->n_bytes = (size_t)(p - out->p);
		if (!fe_buf_reserve(out, need))
			return p;
		p = out->p + out->n_bytes;
	}
	if (s.n == 0) {
		p[0] = p[1] = '"';
		return p + 2;
	}
	if (s.n > FE_TEXT16_BYTES && copy_plain(p, s))
		return p + s.n;
	out->n_bytes = (size_t)(p - out->p);
	if (fe_buf_reserve(out, 2 * s.n + 2 + bound)) /* every byte a quote */
		fe_csv_add_cell(out, s, ',');
	return out->p + out->n_bytes;
}

/* A short text needs no more room than a number, which there is. */
static inline char *
put_text(struct fe_buf *out, char *p, struct fe_str s, size_t bound)
{
	if (__builtin_expect(s.n - 1 < FE_TEXT16_BYTES, 1)) {
		fe_text16 t = fe_text16_load_any(s);
		const unsigned all = fe_text16_first(s.n);
		fe_text16_store(t, p);
		bool is_plain = !(fe_text16_bits(fe_text16_low(t)) & all) || !(fe_text16_bits(fe_text16_special(t)) & all);
		if (__builtin_expect(is_plain && !may_begin_oddly(s.p[0]), 1))
			return p + s.n;
	}
	return put_any_text(out, p, s, bound);
}
_Static_assert(FE_DECIMAL_TEXT_BYTES >= FE_TEXT16_BYTES, "room for a short text");

static char *
put_bool(char *p, bool v)
{
	memcpy(p, v ? "true" : "false", v ? 4 : 5);
	return p + (v ? 4 : 5);
}

static const char pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
			    "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
			    "8081828384858687888990919293949596979899";
_Static_assert(sizeof pairs == 201, "100 pairs");

/* Parts of dates are many: years, and what is below 100. */
static char *
put_int(char *p, int64_t v)
{
	if (v >= 0 && v <= 99) {
		memcpy(p, pairs + v * 2 + (v < 10), 2);
		return p + 1 + (v > 9);
	}
	if (v >= 1000 && v <= 9999) {
		memcpy(p, pairs + v / 100 * 2, 2);
		memcpy(p + 2, pairs + v % 100 * 2, 2);
		return p + 4;
	}
	return p + fe_decimal_format(v, 0, p);
}

/* ---- a row ---- */

void
fe_files_rows_init(struct fe_files_rows *w, const struct fe_schema *schema)
{
	*w = (struct fe_files_rows){ .bound = row_bound(schema), .sums = fe_new_array(schema->n_fields + 1, fe_i128) };
	fe_day_texts_init(&w->days);
}

void
fe_files_rows_reset(struct fe_files_rows *w)
{
	fe_free(w->sums);
	*w = (struct fe_files_rows){ 0 };
}

void
fe_files_rows_look(struct fe_files_rows *w, const struct fe_batch *b)
{
	for (size_t word = 0; word < FE_BITMAP_WORDS(b->n_rows); word++) {
		w->whole[word] = UINT64_MAX;
		for (size_t i = 0; i < b->schema->n_fields; i++)
			w->whole[word] &= b->columns[i].valid[word];
	}
}

static inline char *
put_value(struct fe_buf *out, char *p, const struct fe_column *c, size_t row, fe_i128 *sum, struct fe_files_rows *w)
{
	switch (c->type.kind) {
	case FE_TEXT:
		return put_text(out, p, c->text[row], w->bound);
	case FE_DECIMAL:
		*sum += c->i64[row]; /* 2^64 of at most 10^18 do not pass 128 bits */
		return p + fe_decimal_format(c->i64[row], c->type.scale, p);
	case FE_INT:
		return put_int(p, c->i64[row]);
	case FE_BOOL:
		return put_bool(p, fe_bit_get(c->bits, row));
	case FE_DATE:
		fe_date_format(c->days[row], p);
		return p + FE_DATE_TEXT_BYTES;
	case FE_TIMESTAMP:
		break;
	}
	fe_timestamp_format_by(&w->days, c->i64[row], p);
	return p + FE_TIMESTAMP_TEXT_BYTES;
}

void
fe_files_row_add(struct fe_buf *out, const struct fe_batch *b, size_t row, struct fe_files_rows *w)
{
	if (out->cap_bytes - out->n_bytes <= w->bound && !fe_buf_reserve(out, w->bound))
		return;
	const struct fe_column *const end = b->columns + b->schema->n_fields;
	const struct fe_column *c = b->columns;
	fe_i128 *sum = w->sums;
	char *p = out->p + out->n_bytes;
	if (fe_bit_get(w->whole, row)) {
		for (; c < end; c++, *p++ = ',')
			p = put_value(out, p, c, row, sum++, w);
	} else {
		for (; c < end; c++, sum++, *p++ = ',')
			if (fe_bit_get(c->valid, row))
				p = put_value(out, p, c, row, sum, w);
	}
	p[-1] = '\n'; /* in the place of the last comma */
	out->n_bytes = (size_t)(p - out->p);
}

void
fe_files_row_stamp(struct fe_buf *out, const char *text)
{
	if (!text || out->failed)
		return;
	FE_ASSERT(out->n_bytes && out->p[out->n_bytes - 1] == '\n');
	out->n_bytes--;
	fe_buf_addf(out, ",%s\n", text);
}

/* ---- reading back ---- */

static bool
has_odd_quotes(const char *from, const char *end)
{
	bool odd = false;
	while ((from = memchr(from, '"', (size_t)(end - from))) != NULL) {
		odd = !odd;
		from++;
	}
	return odd;
}

size_t
fe_files_row_length(struct fe_str bytes)
{
	const char *from = bytes.p, *const end = bytes.p + bytes.n;
	bool is_quoted = false;
	while (from < end) {
		const char *newline = memchr(from, '\n', (size_t)(end - from));
		if (!newline)
			return 0;
		is_quoted ^= has_odd_quotes(from, newline);
		from = newline + 1;
		if (!is_quoted)
			return (size_t)(from - bytes.p);
	}
	return 0;
}

/* Takes a quoted cell off the line, its opening quote being gone. */
static struct fe_str
take_quoted(struct fe_str *line, struct fe_arena *arena)
{
	const char *p = line->p, *const end = line->p + line->n;
	char *start = fe_arena_bytes(arena, line->n + 1), *to = start;

	for (; p < end; p++) {
		if (*p == '"' && (++p == end || *p != '"'))
			break;
		*to++ = *p;
	}
	*line = (struct fe_str){ p, (size_t)(end - p) };
	return (struct fe_str){ start, (size_t)(to - start) };
}

/* Takes the next cell off the line, into the arena. *is_null: nothing was there, not
 * even quotes. */
static struct fe_str
take_cell(struct fe_str *line, struct fe_arena *arena, bool *is_null)
{
	struct fe_str cell;
	if (line->n && line->p[0] == '"') {
		*line = (struct fe_str){ line->p + 1, line->n - 1 };
		*is_null = false;
		cell = take_quoted(line, arena);
	} else {
		const char *comma = line->n ? memchr(line->p, ',', line->n) : NULL;
		size_t n = comma ? (size_t)(comma - line->p) : line->n;
		*is_null = n == 0;
		cell = (struct fe_str){ fe_arena_copy(arena, line->p, n), n };
		*line = (struct fe_str){ line->p + n, line->n - n };
	}
	if (line->n) /* the comma */
		*line = (struct fe_str){ line->p + 1, line->n - 1 };
	return cell;
}

static bool
cast(struct fe_str cell, struct fe_column *c, size_t row)
{
	bool v = false;
	switch (c->type.kind) {
	case FE_TEXT:
		c->text[row] = cell;
		return true;
	case FE_DECIMAL:
		return fe_decimal_parse(cell, c->type.precision, c->type.scale, NULL, &c->i64[row]) == FE_DECIMAL_OK;
	case FE_INT:
		return fe_int_parse(cell, &c->i64[row]) == FE_DECIMAL_OK;
	case FE_BOOL:
		if (!fe_bool_parse(cell, &v))
			return false;
		fe_bit_put(c->bits, row, v);
		return true;
	case FE_DATE:
		return fe_date_parse(cell, NULL, &c->days[row]) == FE_TIME_OK;
	case FE_TIMESTAMP:
		return fe_timestamp_parse(cell, NULL, NULL, &c->i64[row]) == FE_TIME_OK;
	}
	return false;
}

enum fe_rc
fe_files_row_parse(struct fe_str line, struct fe_batch *met, size_t met_row, struct fe_err *err)
{
	for (size_t i = 0; i < met->schema->n_source; i++) {
		struct fe_column *c = &met->columns[i];
		bool is_null;
		struct fe_str cell = take_cell(&line, &met->arena, &is_null);
		fe_bit_put(c->valid, met_row, !is_null);
		if (!is_null && !cast(cell, c, met_row))
			return fe_fail(err, FE_EBUG, "a row that was written cannot be read back: '%s' is '%.*s'",
				       met->schema->fields[i].name, FE_STR_ARGS(cell));
	}
	return FE_OK;
}
