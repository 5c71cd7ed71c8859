// SPDX-License-Identifier: Apache-2.0
/* quality/profile.c - see quality/profile.h
 *
 * A column at a time: the rows that count and have a value are listed, their values gathered, and then
 * each loop does one thing.
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

/* The rows whose bit is set in both. */
static size_t
list_rows(uint16_t *out, const uint64_t *a, const uint64_t *b, size_t n_rows)
{
	size_t n = 0;

	for (size_t w = 0; w * 64 < n_rows; w++) {
		uint64_t left = n_rows - w * 64;
		uint64_t word = a[w] & b[w] & (left < 64 ? (UINT64_C(1) << left) - 1 : UINT64_MAX);
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
gather(int64_t *to, const struct fe_column *c, const uint16_t *rows, size_t n)
{
	switch (c->type.kind) {
	case FE_DATE:
		for (size_t i = 0; i < n; i++)
			to[i] = c->days[rows[i]];
		break;
	case FE_BOOL:
		for (size_t i = 0; i < n; i++)
			to[i] = fe_bit_get(c->bits, rows[i]);
		break;
	default:
		for (size_t i = 0; i < n; i++)
			to[i] = c->i64[rows[i]];
	}
}

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
find_least_and_greatest(struct fe_profile_column *p, const int64_t *values, size_t n)
{
	int64_t min = p->min, max = p->max;

	for (size_t i = 0; i < n; i++) {
		if (__builtin_expect(values[i] < min, 0))
			min = values[i];
		if (__builtin_expect(values[i] > max, 0))
			max = values[i];
	}
	p->min = min;
	p->max = max;
}

static void
count_many(struct fe_profile_column *p, struct fe_type type, int64_t *values, size_t n)
{
	find_least_and_greatest(p, values, n);
	if (type.kind == FE_TIMESTAMP)
		for (size_t i = 0; i < n; i++)
			values[i] = fe_days_of_us(values[i]);
	if (type.kind == FE_DATE || type.kind == FE_TIMESTAMP)
		fe_day_counts_add_all(&p->days, values, n);
	else
		fe_histogram_add_all(&p->sizes, values, n);
}

static void
feed_numbers(struct fe_profile_column *p, struct fe_type type, int64_t *values, size_t n)
{
	if (!p->has_many) {
		size_t n_counted = fe_few_count_numbers(&p->few, values, n);
		if (n_counted == n)
			return;
		struct fe_few_number few[FE_FEW_VALUES];
		fe_few_sort_numbers(&p->few, false, few);
		for (size_t i = 0; i < FE_FEW_VALUES; i++)
			count_one(p, type, few[i].value, few[i].n);
		p->min = few[0].value;
		p->max = few[FE_FEW_VALUES - 1].value;
		fe_few_reset(&p->few);
		p->has_many = true;
		values += n_counted;
		n -= n_counted;
	}
	count_many(p, type, values, n);
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
		const struct fe_few_text *from = &few[i ? n - 1 : 0];
		set_extreme(&p->texts[i], from->key, from->text);
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
find_extremes(struct fe_profile_column *p, const struct fe_str *texts, const uint16_t *rows, size_t n)
{
	struct fe_profile_extreme *min = &p->texts[0], *max = &p->texts[1];
	unsigned __int128 least = fe_text_key_number(min->key), greatest = fe_text_key_number(max->key);

	for (size_t i = 0; i < n; i++) {
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
feed_column(struct fe_profile *p, size_t column, const struct fe_column *c, const uint16_t *rows, size_t n)
{
	struct fe_profile_column *to = &p->columns[column];

	to->n_values += n;
	if (n == 0 || (p->pii && p->pii[column]))
		return;
	if (c->type.kind == FE_TEXT) {
		feed_texts(to, c->text, rows, n);
		return;
	}
	gather(p->values, c, rows, n);
	feed_numbers(to, c->type, p->values, n);
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
		feed_column(p, i, c, listed, n);
	}
}
