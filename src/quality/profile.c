// SPDX-License-Identifier: Apache-2.0
/* quality/profile.c - see quality/profile.h
 *
 * A column at a time: the rows that count and have a value are listed, and each loop does one thing
 * with the values of those.
 */
#include "base/time.h"
#include "quality/profile_private.h"

_Static_assert(FE_BATCH_ROWS <= UINT16_MAX, "rows are listed by 16 bits");

struct fe_profile *
fe_profile_new(const struct fe_schema *schema, const bool *pii)
{
	struct fe_profile *p = fe_new(struct fe_profile);

	p->schema = schema;
	p->pii = pii;
	p->columns = fe_new_array(schema->n_fields + 1, struct fe_profile_column);
	return p;
}

void
fe_profile_free(struct fe_profile *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->schema->n_fields; i++) {
		fe_few_reset(&p->columns[i].few);
		fe_free(p->columns[i].texts);
		fe_histogram_reset(&p->columns[i].sizes);
		fe_day_counts_reset(&p->columns[i].days);
	}
	fe_free(p->columns);
	fe_free(p);
}

int32_t
fe_profile_day(struct fe_type type, int64_t value)
{
	return type.kind == FE_DATE ? (int32_t)value : fe_days_of_us(value);
}

/* A bit for each of the rows of a word whose bit is set in both. */
static inline uint64_t
rows_in_word(const uint64_t *a, const uint64_t *b, size_t n_rows, size_t w)
{
	uint64_t left = n_rows - w * 64;
	return a[w] & b[w] & (left < 64 ? (UINT64_C(1) << left) - 1 : UINT64_MAX);
}

static size_t
list_rows(uint16_t *out, const uint64_t *a, const uint64_t *b, size_t n_rows)
{
	size_t n = 0;

	for (size_t w = 0; w < FE_BITMAP_WORDS(n_rows); w++) {
		uint64_t word = rows_in_word(a, b, n_rows, w);
		if (word == UINT64_MAX) {
			for (size_t i = 0; i < 64; i++)
				out[n + i] = (uint16_t)(w * 64 + i);
			n += 64;
			continue;
		}
		for (; word; word &= word - 1)
			out[n++] = (uint16_t)(w * 64 + (size_t)__builtin_ctzll(word));
	}
	return n;
}

/* ---- numbers, moments, truth values ---- */

static void
count_one(struct fe_profile_column *p, struct fe_type type, int64_t value, uint64_t n)
{
	if (type.kind == FE_DATE || type.kind == FE_TIMESTAMP)
		fe_day_counts_add(&p->days, fe_profile_day(type, value), n);
	else
		fe_histogram_add(&p->sizes, value, n);
}

/* A new least or greatest value is rare, or as good as each of them is one: a branch that is foretold
 * does less than a choice. */
static void
find_least_and_greatest(struct fe_profile_column *p, const int64_t *values, const uint16_t *rows, size_t n)
{
	int64_t min = p->min, max = p->max;

	for (size_t i = 0; i < n; i++) {
		int64_t value = values[rows[i]];
		if (__builtin_expect(value < min, 0))
			min = value;
		if (__builtin_expect(value > max, 0))
			max = value;
	}
	p->min = min;
	p->max = max;
}

/* From few to many: what was counted goes over. */
static void
start_many(struct fe_profile_column *p, struct fe_type type)
{
	struct fe_few_number few[FE_FEW_VALUES];

	fe_few_sort_numbers(&p->few, false, few);
	for (size_t i = 0; i < FE_FEW_VALUES; i++)
		count_one(p, type, few[i].value, few[i].n);
	p->min = few[0].value;
	p->max = few[FE_FEW_VALUES - 1].value;
	fe_few_reset(&p->few);
	p->has_many = true;
}

static void
feed_numbers(struct fe_profile_column *p, struct fe_type type, const int64_t *values, const uint16_t *rows, size_t n)
{
	if (!p->has_many) {
		size_t n_counted = fe_few_count_numbers(&p->few, values, rows, n);
		if (n_counted == n)
			return;
		start_many(p, type);
		rows += n_counted;
		n -= n_counted;
	}
	find_least_and_greatest(p, values, rows, n);
	if (type.kind == FE_TIMESTAMP)
		fe_day_counts_add_moments(&p->days, values, rows, n);
	else if (type.kind == FE_DATE)
		fe_day_counts_add_days(&p->days, values, rows, n);
	else
		fe_histogram_add_all(&p->sizes, values, rows, n);
}

/* ---- texts ---- */

static struct fe_str
cut(struct fe_str s)
{
	return (struct fe_str){ s.p, s.n < FE_PROFILE_TEXT_BYTES ? s.n : FE_PROFILE_TEXT_BYTES };
}

static void
set_extreme(struct fe_profile_extreme *e, struct fe_text_key key, struct fe_str text)
{
	e->key = key;
	e->text = cut(text);
}

/* The batch's texts are gone with its next fill. */
static void
keep_extreme(struct fe_profile_extreme *e)
{
	if (e->text.n)
		memmove(e->kept, e->text.p, e->text.n);
	e->text.p = e->kept;
}

static void
start_extremes(struct fe_profile_column *p)
{
	struct fe_few_text few[FE_FEW_VALUES];
	size_t n = p->few.n_values;

	p->texts = fe_new_array(2, struct fe_profile_extreme);
	fe_few_sort_texts(&p->few, false, few);
	for (size_t i = 0; i < 2 && n; i++) {
		struct fe_str text = few[i ? n - 1 : 0].text;
		set_extreme(&p->texts[i], fe_text_key(text), text);
		keep_extreme(&p->texts[i]);
	}
}

/* Nearly all texts are told apart by their keys; order: which of the two comes first. */
static void
look_at(struct fe_profile_extreme *e, struct fe_text_key key, struct fe_str text, int order)
{
	int found = fe_text_key_compare(key, e->key);
	if (found == 0)
		found = fe_str_compare(cut(text), e->text);
	if (order < 0 ? found < 0 : found > 0)
		set_extreme(e, key, text);
}

static void
look_at_both(struct fe_profile_column *p, struct fe_str least, struct fe_str greatest)
{
	look_at(&p->texts[0], fe_text_key(least), least, -1);
	look_at(&p->texts[1], fe_text_key(greatest), greatest, 1);
}

static uint64_t
eight_bytes(const char *p)
{
	uint64_t bytes;
	memcpy(&bytes, p, sizeof(bytes));
	return bytes;
}

/* Keys of records are often of one length and begin alike: then their last eight bytes are all that is to be
 * compared. How many were looked at: those before the first that is different. */
static size_t
find_extremes_by_end(struct fe_profile_column *p, const struct fe_str *texts, const uint16_t *rows, size_t n)
{
	const struct fe_str first = texts[rows[0]];
	const size_t n_begin = first.n - 8;
	uint64_t least = UINT64_MAX, greatest = 0;
	uint16_t least_row = rows[0], greatest_row = rows[0];
	size_t i = 0;

	if (n_begin > 8) /* or less than 0 */
		return 0;
	const uint64_t begin = eight_bytes(first.p), mask = n_begin ? UINT64_MAX >> 8 * (8 - n_begin) : 0;
	for (; i < n; i++) {
		const struct fe_str text = texts[rows[i]];
		if (text.n != first.n || ((eight_bytes(text.p) ^ begin) & mask))
			break;
		uint64_t end = __builtin_bswap64(eight_bytes(text.p + n_begin));
		if (__builtin_expect(end < least, 0)) {
			least = end;
			least_row = rows[i];
		}
		if (__builtin_expect(end > greatest, 0)) {
			greatest = end;
			greatest_row = rows[i];
		}
	}
	look_at_both(p, texts[least_row], texts[greatest_row]);
	return i;
}

static void
find_extremes(struct fe_profile_column *p, const struct fe_str *texts, const uint16_t *rows, size_t n)
{
	struct fe_profile_extreme *min = &p->texts[0], *max = &p->texts[1];
	size_t i = n ? find_extremes_by_end(p, texts, rows, n) : 0;
	unsigned __int128 least = fe_text_key_number(min->key), greatest = fe_text_key_number(max->key);

	for (; i < n; i++) {
		struct fe_text_key key = fe_text_key(texts[rows[i]]);
		unsigned __int128 number = fe_text_key_number(key);
		if (__builtin_expect(number <= least, 0)) {
			look_at(min, key, texts[rows[i]], -1);
			least = number;
		}
		if (__builtin_expect(number >= greatest, 0)) {
			look_at(max, key, texts[rows[i]], 1);
			greatest = number;
		}
	}
	keep_extreme(min);
	keep_extreme(max);
}

static void
feed_texts(struct fe_profile_column *p, const struct fe_str *texts, const uint16_t *rows, size_t n)
{
	if (!p->has_many) {
		size_t n_counted = fe_few_count_texts(&p->few, texts, rows, n);
		if (n_counted == n)
			return;
		rows += n_counted;
		n -= n_counted;
		start_extremes(p);
		if (p->few.n_values == 0) { /* the first text is too long to be kept */
			set_extreme(&p->texts[0], fe_text_key(texts[rows[0]]), texts[rows[0]]);
			p->texts[1] = p->texts[0];
		}
		fe_few_reset(&p->few);
		p->has_many = true;
	}
	find_extremes(p, texts, rows, n);
}

/* ---- all columns ---- */

static void
feed_bools(struct fe_profile_column *p, const struct fe_column *c, const uint64_t *rows, size_t n_rows, size_t n)
{
	size_t n_true = 0;

	for (size_t w = 0; w < FE_BITMAP_WORDS(n_rows); w++)
		n_true += (size_t)__builtin_popcountll(c->bits[w] & rows_in_word(rows, c->valid, n_rows, w));
	fe_few_count_bools(&p->few, n_true, n - n_true);
}

static void
feed_column(struct fe_profile *p, struct fe_profile_column *to, const struct fe_column *c, const uint16_t *rows, size_t n)
{
	switch (c->type.kind) {
	case FE_TEXT:
		feed_texts(to, c->text, rows, n);
		break;
	case FE_DATE:
		for (size_t i = 0; i < n; i++)
			p->values[rows[i]] = c->days[rows[i]];
		feed_numbers(to, c->type, p->values, rows, n);
		break;
	default:
		feed_numbers(to, c->type, c->i64, rows, n);
	}
}

/* Whether all of the rows have a value, as they do in most columns. */
static bool
has_all(const uint64_t *rows, const uint64_t *valid, size_t n_rows)
{
	uint64_t missing = 0;

	for (size_t w = 0; w < n_rows / 64; w++)
		missing |= rows[w] & ~valid[w];
	for (size_t row = n_rows / 64 * 64; row < n_rows; row++)
		missing |= fe_bit_get(rows, row) && !fe_bit_get(valid, row);
	return missing == 0;
}

void
fe_profile_feed(struct fe_profile *p, const struct fe_batch *b, const uint64_t *rows)
{
	size_t n_rows = list_rows(p->rows, rows, rows, b->n_rows);

	p->n_rows += n_rows;
	for (size_t i = 0; i < p->schema->n_fields; i++) {
		const struct fe_column *c = &b->columns[i];
		const uint16_t *listed = p->rows;
		size_t n = n_rows;
		if (!has_all(rows, c->valid, b->n_rows)) {
			n = list_rows(p->with_value, rows, c->valid, b->n_rows);
			listed = p->with_value;
		}
		p->columns[i].n_nulls += n_rows - n;
		p->columns[i].n_values += n;
		if (n == 0 || (p->pii && p->pii[i]))
			continue;
		if (c->type.kind == FE_BOOL)
			feed_bools(&p->columns[i], c, rows, b->n_rows, n);
		else
			feed_column(p, &p->columns[i], c, listed, n);
	}
}
