// SPDX-License-Identifier: Apache-2.0
/* Profiles: what is told of few values and of many, at the bounds between them; sizes and days at
 * the edges of their bins; and that batches make no difference. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/time.h"
#include "draws.h"
#include "format/json_tree.h"
#include "quality/day_counts.h"
#include "quality/histogram.h"
#include "quality/profile.h"
#include "quality/text_key.h"

/* ---- helpers ---- */

struct printed {
	struct fe_buf text;
	struct fe_arena arena;
	const struct fe_json_value *root;
};

static const struct fe_json_value *
parse(struct printed *p)
{
	struct fe_err err = FE_ERR_INIT;
	assert_int_equal(fe_buf_check(&p->text, "JSON", &err), FE_OK);
	assert_int_equal(fe_json_parse(fe_buf_str(&p->text), &p->arena, &p->root, &err), FE_OK);
	return p->root;
}

static void
printed_reset(struct printed *p)
{
	fe_buf_reset(&p->text);
	fe_arena_free(&p->arena);
	*p = (struct printed){ 0 };
}

static bool
has(const struct fe_json_value *v, const char *key, const char *raw)
{
	const struct fe_json_value *m = fe_json_get(v, key);
	return m && fe_str_is(m->raw, raw);
}

static const struct fe_json_value *
nth(const struct fe_json_value *list, size_t i)
{
	const struct fe_json_value *v = list->first;
	while (i-- && v)
		v = v->next;
	return v;
}

static fe_i128
number_of(const struct fe_json_value *v, const char *key)
{
	const struct fe_json_value *m = fe_json_get(v, key);
	fe_i128 n = 0;
	assert_non_null(m);
	assert_true(fe_i128_parse(m->kind == FE_JSON_STRING ? m->text : m->raw, 0, &n));
	return n;
}

/* ---- sizes ---- */

static const struct fe_json_value *
print_histogram(struct fe_histogram *h, unsigned scale, struct printed *p)
{
	struct fe_json j;
	printed_reset(p);
	fe_buf_init(&p->text, 1u << 20);
	fe_json_init(&j, &p->text, 0);
	fe_json_object(&j, NULL);
	fe_histogram_print(h, scale, &j);
	fe_json_object_end(&j);
	return fe_json_get(parse(p), "histogram");
}

static bool
is_in_bin(const struct fe_json_value *bin, int64_t value)
{
	fe_i128 from = number_of(bin, "from"), to = number_of(bin, "to");
	if (value == 0)
		return from == 0 && to == 0;
	return value > 0 ? from <= value && value < to && from > 0 : from < value && value <= to && to < 0;
}

static void
each_size_falls_into_its_own_bin(void **state)
{
	static const int64_t edges[] = { INT64_MIN, INT64_MIN + 1, -1, 0, 1, 9, 10, 99, 100, INT64_MAX };
	struct printed p = { 0 };
	uint64_t seed = 2;
	(void)state;
	for (int i = 0; i < 3000; i++) {
		struct fe_histogram h = { 0 };
		int64_t v = (int64_t)(draw(&seed) >> draw(&seed) % 64) * (draw(&seed) & 1 ? 1 : -1);
		if (i < 10)
			v = edges[i];
		else if (i < 10 + 19 * 3) /* powers of ten, one less, one more */
			v = fe_pow10[(i - 10) / 3] + (i - 10) % 3 - 1;
		fe_histogram_add(&h, v, 7);
		const struct fe_json_value *bins = print_histogram(&h, 0, &p);
		assert_int_equal(bins->n_children, 1);
		assert_true(is_in_bin(bins->first, v));
		assert_true(has(bins->first, "count", "7"));
		fe_histogram_reset(&h);
	}
	printed_reset(&p);
}

/* Each edge of two leading digits, and what is just below it: between them nothing changes. */
static void
the_two_leading_digits_are_exact_at_every_edge(void **state)
{
	struct printed p = { 0 };
	(void)state;
	for (unsigned e = 0; e < 18; e++)
		for (int64_t digits = 10; digits <= 99 && digits <= INT64_MAX / fe_pow10[e]; digits++)
			for (int64_t less = 0; less < 2; less++) {
				struct fe_histogram one = { 0 }, all = { 0 };
				int64_t v = digits * fe_pow10[e] - less;
				fe_histogram_add(&one, -v, 1);
				fe_histogram_add_all(&all, &v, all_rows(), 1);
				assert_true(is_in_bin(print_histogram(&one, 0, &p)->first, -v));
				assert_true(is_in_bin(print_histogram(&all, 0, &p)->first, v));
				fe_histogram_reset(&one);
				fe_histogram_reset(&all);
			}
	printed_reset(&p);
}

/* The same values counted again by the edges that are shown. */
static void
bins_are_few_whole_and_hold_what_they_say(void **state)
{
	struct printed p = { 0 };
	uint64_t seed = 3;
	(void)state;
	for (int round = 0; round < 300; round++) {
		struct fe_histogram h = { 0 };
		int64_t values[500];
		unsigned shift = (unsigned)(draw(&seed) % 63), spread = (unsigned)(draw(&seed) % (64 - shift) + 1);
		bool has_both = round % 3 == 0;
		for (int i = 0; i < 500; i++) {
			values[i] = (int64_t)(draw(&seed) >> (shift + draw(&seed) % spread) >> 1);
			values[i] = has_both && draw(&seed) & 1 ? -values[i] : values[i];
		}
		fe_histogram_add_all(&h, values, all_rows(), 500);
		const struct fe_json_value *bins = print_histogram(&h, 0, &p);
		assert_in_range(bins->n_children, 1, FE_HISTOGRAM_BINS);
		fe_i128 total = 0;
		for (const struct fe_json_value *bin = bins->first; bin; bin = bin->next) {
			fe_i128 n = 0;
			for (int i = 0; i < 500; i++)
				n += is_in_bin(bin, values[i]);
			assert_true(n == number_of(bin, "count"));
			total += n;
			if (bin->next && number_of(bin->next, "from") != 0 && number_of(bin, "to") != 0)
				assert_true(number_of(bin, "to") == number_of(bin->next, "from") ||
				            (number_of(bin, "to") < 0 && number_of(bin->next, "from") > 0));
		}
		assert_true(total == 500);
		assert_true(number_of(bins->first, "count") > 0);
		fe_histogram_reset(&h);
	}
	printed_reset(&p);
}

static void
edges_of_bins_are_round_numbers_of_the_column(void **state)
{
	struct fe_histogram h = { 0 };
	struct printed p = { 0 };
	(void)state;
	for (int64_t cents = 1; cents < 100000000; cents *= 3)
		fe_histogram_add(&h, cents, 1);
	const struct fe_json_value *bins = print_histogram(&h, 2, &p);
	assert_true(has(bins->first, "from", "\"0.01\"") && has(bins->first, "to", "\"0.02\""));
	assert_true(has(nth(bins, 1), "to", "\"0.05\"") && has(nth(bins, 2), "to", "\"0.10\""));
	assert_int_equal(bins->n_children, 23); /* 43046721 is in 20000000 .. 50000000 */
	fe_histogram_reset(&h);
	assert_null(print_histogram(&h, 2, &p));
	printed_reset(&p);
}

/* ---- days ---- */

static const struct fe_json_value *
print_days(const struct fe_day_counts *c, struct printed *p)
{
	struct fe_json j;
	printed_reset(p);
	fe_buf_init(&p->text, 1u << 20);
	fe_json_init(&j, &p->text, 0);
	fe_json_object(&j, NULL);
	fe_day_counts_print(c, &j);
	fe_json_object_end(&j);
	return fe_json_get(parse(p), "days");
}

static void
days_are_folded_where_bars_would_be_too_many(void **state)
{
	static const struct { int32_t first, last; const char *by, *from; size_t n_bars; } cases[] = {
		{ 20000, 20000, "\"day\"", "\"2024-10-04\"", 1 },
		{ 20000, 20119, "\"day\"", "\"2024-10-04\"", 120 },
		{ 20000, 20120, "\"week\"", "\"2024-09-30\"", 18 },
		{ 20000, 20000 + 840, "\"month\"", "\"2024-10-01\"", 28 },
		{ 0, 3651, "\"month\"", "\"1970-01-01\"", 120 }, /* 1979-12-31 */
		{ 0, 3652, "\"year\"", "\"1970-01-01\"", 11 },
		{ -1, 3652, "\"year\"", "\"1969-01-01\"", 12 },
		{ -25567, 2932896, "\"century\"", "\"1900-01-01\"", 81 },
		{ 0, 47000, "\"decade\"", "\"1970-01-01\"", 13 },
		{ FE_DATE_MIN, FE_DATE_MAX, "\"century\"", "\"0001-01-01\"", 100 },
		{ FE_DATE_MIN, FE_DATE_MIN + 130, "\"week\"", "\"0001-01-01\"", 19 },
	};
	struct printed p = { 0 };
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (int order = 0; order < 2; order++) {
			struct fe_day_counts c = { 0 };
			fe_day_counts_add(&c, order ? cases[i].last : cases[i].first, 1);
			fe_day_counts_add(&c, order ? cases[i].first : cases[i].last, 1);
			const struct fe_json_value *days = print_days(&c, &p), *bars = fe_json_get(days, "bars");
			assert_true(has(days, "by", cases[i].by));
			assert_true(has(bars->first, "from", cases[i].from));
			assert_int_equal(bars->n_children, cases[i].n_bars);
			assert_true(has(bars->first, "count", cases[i].n_bars == 1 ? "2" : "1"));
			assert_true(has(nth(bars, bars->n_children - 1), "count", cases[i].n_bars == 1 ? "2" : "1"));
			fe_day_counts_reset(&c);
		}
	printed_reset(&p);
}

/* However the array had to grow. */
static void
the_order_of_days_makes_no_difference(void **state)
{
	struct printed p = { 0 }, q = { 0 };
	uint64_t seed = 4;
	(void)state;
	for (int round = 0; round < 60; round++) {
		struct fe_day_counts up = { 0 }, down = { 0 };
		int32_t days[400], spread = 1 << (round % 21);
		for (int i = 0; i < 400; i++)
			days[i] = (int32_t)(draw(&seed) % (uint64_t)spread) - (round % 2 ? 100000 : 0);
		for (int i = 0; i < 400; i++) {
			fe_day_counts_add(&up, days[i], 1);
			fe_day_counts_add(&down, days[399 - i], 1);
		}
		(void)print_days(&up, &p);
		(void)print_days(&down, &q);
		assert_true(fe_str_eq(fe_buf_str(&p.text), fe_buf_str(&q.text)));
		fe_day_counts_reset(&up);
		fe_day_counts_reset(&down);
	}
	printed_reset(&p);
	printed_reset(&q);
}

static void
days_added_at_once_are_those_added_one_by_one(void **state)
{
	struct printed p = { 0 }, q = { 0 };
	uint64_t seed = 6;
	(void)state;
	for (int round = 0; round < 60; round++) {
		struct fe_day_counts one = { 0 }, all = { 0 }, moments = { 0 };
		int64_t days[400], spread = INT64_C(1) << (round % 21);
		for (int i = 0; i < 400; i++) {
			days[i] = (int64_t)(draw(&seed) % (uint64_t)spread) - (round % 2 ? 100000 : 0);
			fe_day_counts_add(&one, (int32_t)days[i], 1);
		}
		fe_day_counts_add_days(&all, days, all_rows(), 150);
		fe_day_counts_add_days(&all, days, all_rows() + 150, 250);
		for (int i = 0; i < 400; i++) { /* the first moment of the day, its last, or any */
			uint64_t us = draw(&seed) % (uint64_t)FE_US_PER_DAY;
			us = i % 3 == 0 ? 0 : i % 3 == 1 ? (uint64_t)FE_US_PER_DAY - 1 : us;
			days[i] = days[i] * FE_US_PER_DAY + (int64_t)us;
		}
		fe_day_counts_add_moments(&moments, days, all_rows(), 150);
		fe_day_counts_add_moments(&moments, days, all_rows() + 150, 250);
		(void)print_days(&one, &p);
		(void)print_days(&all, &q);
		assert_true(fe_str_eq(fe_buf_str(&p.text), fe_buf_str(&q.text)));
		(void)print_days(&moments, &q);
		assert_true(fe_str_eq(fe_buf_str(&p.text), fe_buf_str(&q.text)));
		fe_day_counts_reset(&one);
		fe_day_counts_reset(&all);
		fe_day_counts_reset(&moments);
	}
	printed_reset(&p);
	printed_reset(&q);
}

/* ---- profiles ---- */

enum { NAME, AMOUNT, COUNT, FLAG, DAY, MOMENT, SECRET, N_COLUMNS };
static const bool pii[N_COLUMNS] = { [SECRET] = true };

static void
make_schema(struct fe_schema *s)
{
	fe_schema_init(s);
	fe_schema_add(s, FE_STR("name"), (struct fe_type){ .kind = FE_TEXT });
	fe_schema_add(s, FE_STR("amount"), (struct fe_type){ .kind = FE_DECIMAL, .precision = 12, .scale = 2 });
	fe_schema_add(s, FE_STR("count"), (struct fe_type){ .kind = FE_INT });
	fe_schema_add(s, FE_STR("flag"), (struct fe_type){ .kind = FE_BOOL });
	fe_schema_add(s, FE_STR("day"), (struct fe_type){ .kind = FE_DATE });
	fe_schema_add(s, FE_STR("moment"), (struct fe_type){ .kind = FE_TIMESTAMP });
	fe_schema_add(s, FE_STR("secret"), (struct fe_type){ .kind = FE_TEXT });
	s->n_source = N_COLUMNS;
}

/* One value of every column; the texts are of the arena. */
static void
put_row(struct fe_batch *b, size_t row, uint64_t n_different, uint64_t *seed)
{
	uint64_t d = draw(seed) % n_different;
	char text[400];
	int n = snprintf(text, sizeof(text), "%llu", (unsigned long long)(d * UINT64_C(2654435761) % 1000003));
	if (d % 7 == 3) { /* long, and different only at its end */
		memset(text, 'x', 300);
		n = 300 + snprintf(text + 300, sizeof(text) - 300, "%llu", (unsigned long long)d);
	}
	for (size_t c = 0; c < N_COLUMNS; c++)
		fe_bit_put(b->columns[c].valid, row, draw(seed) % 10 != 0);
	b->columns[NAME].text[row] = (struct fe_str){ fe_arena_copy(&b->arena, text, (size_t)n), (size_t)n };
	b->columns[AMOUNT].i64[row] = (int64_t)(d * d * d) - (int64_t)(draw(seed) % n_different) * 50;
	b->columns[COUNT].i64[row] = (int64_t)d - 3;
	fe_bit_put(b->columns[FLAG].bits, row, d & 1);
	b->columns[DAY].days[row] = (int32_t)(d * 3) - 10;
	b->columns[MOMENT].i64[row] = (int64_t)d * 7 * FE_US_PER_DAY / 3 - 1;
	b->columns[SECRET].text[row] = FE_STR("hush");
}

/* Rows [from, end) of a batch as one of their own, where their texts do not outlive it. */
static void
feed_part(struct fe_profile *p, const struct fe_schema *schema, const struct fe_batch *all, const uint64_t *rows,
          size_t from, size_t end)
{
	struct fe_batch b;
	uint64_t part[FE_BITMAP_WORDS(FE_BATCH_ROWS)] = { 0 };
	fe_batch_init(&b, schema);
	b.n_rows = end - from;
	for (size_t row = from; row < end; row++) {
		fe_bit_put(part, row - from, fe_bit_get(rows, row));
		for (size_t c = 0; c < N_COLUMNS; c++)
			fe_column_copy_value(&b.columns[c], row - from, &all->columns[c], row);
		struct fe_str *text = &b.columns[NAME].text[row - from];
		if (fe_bit_get(b.columns[NAME].valid, row - from))
			text->p = fe_arena_copy(&b.arena, text->p, text->n);
	}
	fe_profile_feed(p, &b, part);
	fe_batch_reset(&b);
}

static void
print_profile(const struct fe_profile *profile, struct printed *p)
{
	struct fe_json j;
	printed_reset(p);
	fe_buf_init(&p->text, 1u << 20);
	fe_json_init(&j, &p->text, 0);
	fe_profile_json(profile, &j);
	(void)parse(p);
}

static const struct fe_json_value *
column_of(const struct printed *p, size_t i)
{
	return nth(fe_json_get(p->root, "columns"), i);
}

static void
a_profile_of_many_batches_is_that_of_one(void **state)
{
	static const uint64_t n_different[] = { 1, 2, 60, 64, 65, 66, 500, 100000 };
	struct printed whole = { 0 }, cut = { 0 };
	struct fe_schema schema;
	struct fe_batch b;
	uint64_t seed = 5;
	(void)state;
	make_schema(&schema);
	fe_batch_init(&b, &schema);
	for (size_t round = 0; round < 80; round++) {
		uint64_t rows[FE_BITMAP_WORDS(FE_BATCH_ROWS)] = { 0 };
		fe_batch_clear(&b);
		b.n_rows = draw(&seed) % 3 ? draw(&seed) % FE_BATCH_ROWS : FE_BATCH_ROWS;
		for (size_t row = 0; row < b.n_rows; row++) {
			put_row(&b, row, n_different[round % 8], &seed);
			fe_bit_put(rows, row, draw(&seed) % 20 != 0);
		}
		struct fe_profile *one = fe_profile_new(&schema, pii), *many = fe_profile_new(&schema, pii);
		fe_profile_feed(one, &b, rows);
		for (size_t from = 0, end; from < b.n_rows; from = end) {
			end = from + 1 + draw(&seed) % (round % 2 ? 200 : 2000);
			end = end < b.n_rows ? end : b.n_rows;
			feed_part(many, &schema, &b, rows, from, end);
		}
		print_profile(one, &whole);
		print_profile(many, &cut);
		assert_string_equal(fe_buf_text(&cut.text), fe_buf_text(&whole.text));
		assert_null(strstr(fe_buf_text(&whole.text), "hush"));
		assert_true(number_of(whole.root, "rows") <= (fe_i128)b.n_rows);
		fe_profile_free(one);
		fe_profile_free(many);
	}
	printed_reset(&whole);
	printed_reset(&cut);
	fe_batch_reset(&b);
	fe_schema_reset(&schema);
}

/* n rows with n different values in each column. */
static void
profile_of(struct fe_schema *schema, size_t n, struct printed *p)
{
	struct fe_batch b;
	uint64_t rows[FE_BITMAP_WORDS(FE_BATCH_ROWS)] = { 0 };
	fe_batch_init(&b, schema);
	b.n_rows = n;
	fe_bits_fill(rows, FE_BATCH_ROWS, true); /* bits past the rows say nothing */
	for (size_t row = 0; row < n; row++) {
		char text[16];
		int n_bytes = snprintf(text, sizeof(text), "%03zu", row);
		for (size_t c = 0; c < N_COLUMNS; c++)
			fe_bit_put(b.columns[c].valid, row, true);
		b.columns[NAME].text[row] = (struct fe_str){ fe_arena_copy(&b.arena, text, (size_t)n_bytes), (size_t)n_bytes };
		b.columns[AMOUNT].i64[row] = -(int64_t)row;
		b.columns[COUNT].i64[row] = (int64_t)row;
		fe_bit_put(b.columns[FLAG].bits, row, row == 0);
		b.columns[DAY].days[row] = (int32_t)row;
		b.columns[MOMENT].i64[row] = (int64_t)row;
		b.columns[SECRET].text[row] = FE_STR("hush");
	}
	struct fe_profile *profile = fe_profile_new(schema, pii);
	fe_profile_feed(profile, &b, rows);
	print_profile(profile, p);
	fe_profile_free(profile);
	fe_batch_reset(&b);
}

static void
sixty_four_values_are_told_and_sixty_five_are_many(void **state)
{
	struct fe_schema schema;
	struct printed p = { 0 };
	(void)state;
	make_schema(&schema);
	profile_of(&schema, 64, &p);
	for (size_t c = NAME; c < SECRET; c++) {
		const struct fe_json_value *column = column_of(&p, c);
		assert_true(has(column, "distinct", c == FLAG ? "2" : "64"));
		assert_int_equal(fe_json_get(column, "top")->n_children, c == FLAG ? 2 : 64);
	}
	assert_true(has(column_of(&p, NAME), "min", "\"000\"") && has(column_of(&p, NAME), "max", "\"063\""));
	assert_true(has(column_of(&p, AMOUNT), "min", "\"-0.63\"") && has(column_of(&p, AMOUNT), "max", "\"0.00\""));
	assert_true(has(nth(fe_json_get(column_of(&p, FLAG), "top"), 0), "value", "\"false\""));
	assert_null(fe_json_get(column_of(&p, FLAG), "min"));
	assert_true(has(column_of(&p, DAY), "max", "\"1970-03-05\""));
	assert_true(has(column_of(&p, MOMENT), "max", "\"1970-01-01 00:00:00.000063Z\""));
	profile_of(&schema, 65, &p);
	for (size_t c = NAME; c < SECRET; c++) {
		if (c == FLAG)
			continue;
		assert_true(has(column_of(&p, c), "distinct", "null"));
		assert_null(fe_json_get(column_of(&p, c), "top"));
	}
	assert_true(has(column_of(&p, NAME), "min", "\"000\"") && has(column_of(&p, NAME), "max", "\"064\""));
	assert_true(has(column_of(&p, AMOUNT), "min", "\"-0.64\"") && has(column_of(&p, AMOUNT), "max", "\"0.00\""));
	profile_of(&schema, 0, &p);
	assert_true(has(column_of(&p, NAME), "distinct", "0") && !fe_json_get(column_of(&p, NAME), "min"));
	assert_true(has(column_of(&p, COUNT), "values", "0") && !fe_json_get(column_of(&p, COUNT), "histogram"));
	printed_reset(&p);
	fe_schema_reset(&schema);
}

/* Keys of one length and of several, that begin alike or do not, upwards, downwards or in no order. */
static void
the_least_and_the_greatest_of_many_texts_are_found(void **state)
{
	struct printed p = { 0 };
	struct fe_schema schema;
	struct fe_batch b;
	uint64_t rows[FE_BITMAP_WORDS(FE_BATCH_ROWS)], seed = 11;
	(void)state;
	make_schema(&schema);
	fe_batch_init(&b, &schema);
	fe_bits_fill(rows, FE_BATCH_ROWS, true);
	for (int round = 0; round < 20 * 3 * 4 * 2; round++) {
		struct fe_profile *profile = fe_profile_new(&schema, pii);
		struct fe_str least = { 0 }, greatest = { 0 };
		int n_digits = round % 20 + 1, order = round / 20 % 3, kind = round / 60 % 4;
		fe_batch_clear(&b);
		b.n_rows = 300;
		for (int part = 0; part < 2; part++) {
			for (size_t row = 0; row < b.n_rows; row++) {
				size_t at = order == 0 ? row : order == 1 ? b.n_rows - 1 - row : draw(&seed) % 1000;
				size_t number = 5000 + at + (part == 0 ? 0 : round < 240 ? 100 : -(size_t)100);
				char text[64];
				int n = snprintf(text, sizeof(text), "%0*zu", n_digits, number);
				if (kind == 1) /* begins in its own way */
					n = snprintf(text, sizeof(text), "%zu%0*zu", number % 9, n_digits, number);
				if (kind == 2 && row % 50 == 49) /* begins as the one before it */
					n = snprintf(text, sizeof(text), "%.*s7", FE_STR_ARGS(b.columns[NAME].text[row - 1]));
				if (kind == 3 && row % 7 == 0)
					text[0] = (char)('0' + draw(&seed) % 10);
				struct fe_str s = { fe_arena_copy(&b.arena, text, (size_t)n), (size_t)n };
				fe_bit_put(b.columns[NAME].valid, row, true);
				b.columns[NAME].text[row] = s;
				least = (part || row) && fe_str_compare(least, s) < 0 ? least : s;
				greatest = (part || row) && fe_str_compare(greatest, s) > 0 ? greatest : s;
			}
			fe_profile_feed(profile, &b, rows);
		}
		print_profile(profile, &p);
		const struct fe_json_value *name = column_of(&p, NAME);
		assert_true(has(name, "distinct", "null"));
		assert_true(fe_str_eq(fe_json_get(name, "min")->text, least));
		assert_true(fe_str_eq(fe_json_get(name, "max")->text, greatest));
		fe_profile_free(profile);
	}
	printed_reset(&p);
	fe_batch_reset(&b);
	fe_schema_reset(&schema);
}

static void
truth_values_are_counted_where_a_row_takes_part_and_has_one(void **state)
{
	struct printed p = { 0 };
	struct fe_schema schema;
	struct fe_batch b;
	uint64_t rows[FE_BITMAP_WORDS(FE_BATCH_ROWS)] = { 0 }, n[2] = { 0 };
	(void)state;
	make_schema(&schema);
	fe_batch_init(&b, &schema);
	struct fe_profile *profile = fe_profile_new(&schema, pii);
	for (size_t batch = 0; batch < 3; batch++) {
		b.n_rows = 61 + 64 * batch;
		for (size_t row = 0; row < b.n_rows + 3; row++) { /* and three that are none */
			bool is_row = row < b.n_rows, takes_part = !is_row || row % 5 != 0;
			bool is_valid = !is_row || row % 7 != 0, is_true = !is_row || row % 3 == 0;
			fe_bit_put(rows, row, takes_part);
			fe_bit_put(b.columns[FLAG].valid, row, is_valid);
			fe_bit_put(b.columns[FLAG].bits, row, is_true);
			if (is_row && takes_part && is_valid)
				n[is_true]++;
		}
		fe_profile_feed(profile, &b, rows);
	}
	print_profile(profile, &p);
	const struct fe_json_value *top = fe_json_get(column_of(&p, FLAG), "top");
	assert_true(has(nth(top, 0), "value", "\"false\"") && number_of(nth(top, 0), "count") == (fe_i128)n[false]);
	assert_true(has(nth(top, 1), "value", "\"true\"") && number_of(nth(top, 1), "count") == (fe_i128)n[true]);
	assert_true(number_of(column_of(&p, FLAG), "values") == (fe_i128)(n[0] + n[1]));
	fe_profile_free(profile);
	printed_reset(&p);
	fe_batch_reset(&b);
	fe_schema_reset(&schema);
}

static void
of_personal_columns_nothing_is_told_but_how_many_there_are(void **state)
{
	struct fe_schema schema;
	struct printed p = { 0 };
	(void)state;
	make_schema(&schema);
	profile_of(&schema, 10, &p);
	assert_string_equal(strstr(fe_buf_text(&p.text), "{\"name\":\"secret\""),
	                    "{\"name\":\"secret\",\"type\":\"text\",\"pii\":true,\"nulls\":0,\"values\":10}]}");
	printed_reset(&p);
	fe_schema_reset(&schema);
}

static void
long_texts_are_cut_at_64_characters_and_too_many_of_them_are_not_kept(void **state)
{
	struct printed p = { 0 };
	struct fe_schema schema;
	struct fe_batch b;
	uint64_t rows[FE_BITMAP_WORDS(FE_BATCH_ROWS)] = { 3 };
	static char texts[2][70000];
	(void)state;
	make_schema(&schema);
	fe_batch_init(&b, &schema);
	for (size_t n_bytes = 8; n_bytes < 70000; n_bytes += 69982) {
		struct fe_profile *profile = fe_profile_new(&schema, pii);
		b.n_rows = 2;
		for (size_t row = 0; row < 2; row++) {
			for (size_t i = 0; i + 4 <= n_bytes; i += 4)
				memcpy(texts[row] + i, row ? "\xf0\x9f\x98\x80" : "\xf0\x9f\x98\x81", 4);
			fe_bit_put(b.columns[NAME].valid, row, true);
			b.columns[NAME].text[row] = (struct fe_str){ texts[row], n_bytes / 4 * 4 };
		}
		fe_profile_feed(profile, &b, rows);
		memset(texts, 'z', sizeof(texts)); /* as the next fill would */
		print_profile(profile, &p);
		const struct fe_json_value *name = column_of(&p, NAME);
		assert_true(has(name, "distinct", n_bytes == 8 ? "2" : "null"));
		size_t shown = n_bytes == 8 ? 8 : 256;
		assert_int_equal(fe_json_get(name, "min")->text.n, shown);
		assert_memory_equal(fe_json_get(name, "min")->text.p + shown - 4, "\xf0\x9f\x98\x80", 4);
		assert_memory_equal(fe_json_get(name, "max")->text.p + shown - 4, "\xf0\x9f\x98\x81", 4);
		fe_profile_free(profile);
	}
	printed_reset(&p);
	fe_batch_reset(&b);
	fe_schema_reset(&schema);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_size_falls_into_its_own_bin),
		cmocka_unit_test(the_two_leading_digits_are_exact_at_every_edge),
		cmocka_unit_test(bins_are_few_whole_and_hold_what_they_say),
		cmocka_unit_test(edges_of_bins_are_round_numbers_of_the_column),
		cmocka_unit_test(days_are_folded_where_bars_would_be_too_many),
		cmocka_unit_test(the_order_of_days_makes_no_difference),
		cmocka_unit_test(days_added_at_once_are_those_added_one_by_one),
		cmocka_unit_test(a_profile_of_many_batches_is_that_of_one),
		cmocka_unit_test(the_least_and_the_greatest_of_many_texts_are_found),
		cmocka_unit_test(truth_values_are_counted_where_a_row_takes_part_and_has_one),
		cmocka_unit_test(sixty_four_values_are_told_and_sixty_five_are_many),
		cmocka_unit_test(of_personal_columns_nothing_is_told_but_how_many_there_are),
		cmocka_unit_test(long_texts_are_cut_at_64_characters_and_too_many_of_them_are_not_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
