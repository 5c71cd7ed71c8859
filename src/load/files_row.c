// SPDX-License-Identifier: Apache-2.0
/* load/files_row.c - rows to lines of CSV, fast
 *
 * Nearly all that a run of files does for each row that stays is done here, so it is made of
 * what takes few instructions and no guesses:
 *
 *   Room is made once a row for all that is not text, so that most cells are written without asking.
 *   How a column is written is known before (a way), so cells of one way that stand side by side
 *   are written by one loop, and an end of the columns needs no count.
 *   A text is looked at for what would need quotes as it is copied, a short one all at once: most
 *   have nothing of the kind. format/csv has the last word on those that have.
 *   Numbers and times are words (base/digits.h, base/day_texts.h).
 *
 * All write some bytes too many, which the next cell writes over.
 */
#include "load/files_row.h"

#include "base/mem.h"
#include "base/text16.h"
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

/* A short one that was copied already: format/csv would write it as it is. */
static inline bool
is_plain_short(struct fe_str s)
{
	return s.n - 1 < FE_TEXT16_BYTES && !may_begin_oddly(s.p[0]) &&
	       !(fe_text16_bits(fe_text16_special(fe_text16_load_any(s))) & fe_text16_first(s.n));
}

/* Where p is, room for the text and for the rest of the row, or it has failed. */
static __attribute__((noinline)) char *
put_any_text(struct fe_files_rows *w, char *p, struct fe_str s)
{
	struct fe_buf *out = w->out;
	size_t need = s.n + 2 + w->bound;

	if (is_plain_short(s))
		return p + s.n;
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
	if (fe_buf_reserve(out, 2 * s.n + 2 + w->bound)) /* every byte a quote */
		fe_csv_add_cell(out, s, ',');
	return out->p + out->n_bytes;
}

/* A short text needs no more room than a number, which there is. */
static inline char *
put_text(struct fe_files_rows *w, char *p, const struct fe_str *at)
{
	const size_t n = at->n;
	if (__builtin_expect(n - 1 < FE_TEXT16_BYTES, 1)) {
		fe_text16 t = fe_text16_load_any((struct fe_str){ at->p, n });
		fe_text16_store(t, p);
		unsigned others = ~fe_text16_bits(fe_text16_surely_plain(t)); /* and a bit behind the last byte */
		if (__builtin_expect((unsigned)__builtin_ctz(others) >= (unsigned)n, 1))
			return p + n;
	}
	return put_any_text(w, p, *at);
}
_Static_assert(FE_DECIMAL_TEXT_BYTES >= FE_TEXT16_BYTES, "room for a short text");

/* At once and without asking, as one is as likely as the other. */
static inline char *
put_bool(char *p, bool v)
{
	static const char texts[2][8] = { "false", "true" };
	memcpy(p, texts[v], sizeof texts[v]);
	return p + 5 - v;
}

/* ---- a row ---- */

/* How cells of a column are written. The ways that most columns have come first. */
enum way { TEXT, INT, CENTS, DECIMAL, BOOL, DATE, TIMESTAMP, END };

/* A column. */
struct fe_files_column {
	enum way way;
	unsigned scale;
	const void *values; /* of the batch at hand */
	const uint64_t *valid;
	fe_i128 *sum;
};

static enum way
way_of(struct fe_type type)
{
	switch (type.kind) {
	case FE_TEXT:
		return TEXT;
	case FE_DECIMAL:
		return type.scale == 2 ? CENTS : DECIMAL;
	case FE_INT:
		return INT;
	case FE_BOOL:
		return BOOL;
	case FE_DATE:
		return DATE;
	case FE_TIMESTAMP:
		break;
	}
	return TIMESTAMP;
}

void
fe_files_rows_init(struct fe_files_rows *w, const struct fe_schema *schema)
{
	const size_t n = schema->n_fields;
	*w = (struct fe_files_rows){
		.bound = row_bound(schema),
		.sums = fe_new_array(n + 1, fe_i128),
		.columns = fe_new_array(n + 1, struct fe_files_column),
	};
	for (size_t i = 0; i < n; i++) {
		struct fe_type type = schema->fields[i].type;
		w->columns[i] = (struct fe_files_column){ .way = way_of(type), .scale = type.scale, .sum = &w->sums[i] };
	}
	w->columns[n].way = END;
	fe_day_texts_init(&w->days);
}

void
fe_files_rows_reset(struct fe_files_rows *w)
{
	fe_free(w->sums);
	fe_free(w->columns);
	*w = (struct fe_files_rows){ 0 };
}

void
fe_files_rows_look(struct fe_files_rows *w, const struct fe_batch *b)
{
	for (size_t i = 0; i < b->schema->n_fields; i++) {
		w->columns[i].values = b->columns[i].data;
		w->columns[i].valid = b->columns[i].valid;
	}
	for (size_t word = 0; word < FE_BITMAP_WORDS(b->n_rows); word++) {
		w->whole[word] = UINT64_MAX;
		for (size_t i = 0; i < b->schema->n_fields; i++)
			w->whole[word] &= b->columns[i].valid[word];
	}
}

static inline int64_t
i64_at(const struct fe_files_column *c, size_t row)
{
	return ((const int64_t *)c->values)[row];
}

static inline int64_t
add_to_sum(const struct fe_files_column *c, size_t row)
{
	int64_t v = i64_at(c, row);
	*c->sum += v; /* 2^64 of at most 10^18 do not pass 128 bits */
	return v;
}

static inline bool
has_value(const struct fe_files_column *c, size_t row, bool is_whole)
{
	return is_whole || fe_bit_get(c->valid, row);
}

/* Of a way that fewer columns have. */
static inline char *
put_other(struct fe_files_rows *w, const struct fe_files_column *c, char *p, size_t row)
{
	switch (c->way) {
	case DECIMAL:
		return p + fe_decimal_format(add_to_sum(c, row), c->scale, p);
	case BOOL:
		return put_bool(p, fe_bit_get(c->values, row));
	case DATE:
		fe_date_format(((const int32_t *)c->values)[row], p);
		return p + FE_DATE_TEXT_BYTES;
	default:
		fe_day_texts_put(&w->days, i64_at(c, row), p);
		return p + FE_TIMESTAMP_TEXT_BYTES;
	}
}

/* Where p is, room for all that is not text; returns where the line ends. */
static inline char *
put_row(struct fe_files_rows *w, char *p, size_t row, bool is_whole)
{
	for (const struct fe_files_column *c = w->columns;;) {
		for (; c->way == TEXT; c++, *p++ = ',')
			if (has_value(c, row, is_whole))
				p = put_text(w, p, (const struct fe_str *)c->values + row);
		for (; c->way == INT; c++, *p++ = ',')
			if (has_value(c, row, is_whole))
				p = fe_digits_put_int(p, i64_at(c, row));
		for (; c->way == CENTS; c++, *p++ = ',')
			if (has_value(c, row, is_whole))
				p = fe_digits_put_cents(p, add_to_sum(c, row));
		for (; c->way > CENTS; c++, *p++ = ',') {
			if (c->way == END) {
				p[-1] = '\n'; /* in the place of the last comma */
				return p;
			}
			if (has_value(c, row, is_whole))
				p = put_other(w, c, p, row);
		}
	}
}

size_t
fe_files_rows_add(struct fe_files_rows *w, struct fe_buf *out, size_t enough_bytes, size_t first, size_t n)
{
	size_t n_added = 0;

	w->out = out;
	while (n_added < n && (n_added == 0 || out->n_bytes < enough_bytes)) {
		const size_t row = first + n_added++;
		if (out->cap_bytes - out->n_bytes <= w->bound && !fe_buf_reserve(out, w->bound))
			break;
		char *p = out->p + out->n_bytes;
		p = fe_bit_get(w->whole, row) ? put_row(w, p, row, true) : put_row(w, p, row, false);
		out->n_bytes = (size_t)(p - out->p);
	}
	return n_added;
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
