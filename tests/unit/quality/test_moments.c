// SPDX-License-Identifier: Apache-2.0
/* Sums, means, deviations and ranks: exact, whatever the order of rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "quality/moments.h"
#include "quality/numbers.h"

static struct fe_moments
moments_of(const int64_t *values, size_t n)
{
	struct fe_moments m = { 0 };

	fe_moments_add_with_squares(&m, values, n);
	return m;
}

static void
expect_close(double given, double want)
{
	if (!(fabs(given - want) <= 1e-15 * fabs(want)))
		fail_msg("%.17g wanted, %.17g given", want, given);
}

static void
mean_is_the_nearest_double(void **state)
{
	static const int64_t thirds[] = { 1, 0, 0 }, cents[] = { 10, 20, 30, 100000000, 10 }, minus[] = { -1, -2, -2 };
	static const int64_t big[] = { 9007199254740993, 1, -9007199254740992 };
	struct fe_moments m = moments_of(thirds, 3);

	(void)state;
	assert_true(fe_moments_mean(&m, 0) == 1.0 / 3.0);
	m = moments_of(cents, 5);
	assert_true(fe_moments_mean(&m, 2) == 200000.14);
	m = moments_of(minus, 3);
	assert_true(fe_moments_mean(&m, 0) == -5.0 / 3.0);
	m = moments_of(big, 3); /* doubles lose the 2 that is left */
	assert_true(fe_moments_mean(&m, 0) == 2.0 / 3.0);
}

static void
stdev_does_not_cancel_out(void **state)
{
	static const int64_t plain[] = { 5, 1, 4, 2, 2 };
	static const int64_t far[] = { 999999999999999999, 999999999999999998, 999999999999999997 };
	static const int64_t same[] = { 7, 7, 7 };
	struct fe_moments m = moments_of(plain, 5);

	(void)state;
	expect_close(fe_moments_stdev(&m, 0), 1.6431676725154984);
	expect_close(fe_moments_stdev(&m, 2), 0.016431676725154984);
	m = moments_of(far, 3);
	expect_close(fe_moments_stdev(&m, 0), 1.0);
	m = moments_of(same, 3);
	assert_true(fe_moments_stdev(&m, 0) == 0.0);
}

static void
squares_pass_128_bits(void **state)
{
	enum { N = 4096 };
	int64_t *values = fe_new_array(N, int64_t);
	struct fe_moments m = { 0 };

	(void)state;
	for (size_t i = 0; i < N; i++)
		values[i] = i % 2 ? INT64_MAX : -INT64_MAX;
	fe_moments_add_with_squares(&m, values, N);
	assert_true(m.squares_high > 0);
	assert_true(m.sum == 0);
	/* Each is INT64_MAX away from 0: sqrt(N / (N - 1)) times that. */
	expect_close(fe_moments_stdev(&m, 0), sqrt(4096.0 / 4095.0) * 9223372036854775807.0);
	fe_free(values);
}

static void
figures_do_not_depend_on_the_order_of_rows(void **state)
{
	int64_t values[1000];
	struct fe_moments whole, parts = { 0 };
	uint64_t seed = 1;

	(void)state;
	for (size_t i = 0; i < 1000; i++) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		values[i] = (int64_t)seed >> (seed % 40);
	}
	whole = moments_of(values, 1000);
	for (size_t i = 1000; i-- > 0;)
		fe_moments_add_with_squares(&parts, &values[i], 1);
	assert_true(fe_moments_mean(&whole, 2) == fe_moments_mean(&parts, 2));
	assert_true(fe_moments_stdev(&whole, 2) == fe_moments_stdev(&parts, 2));
}

static int
by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Kept from a column of 64 rows at a time, and found as in the ordered list. */
static void
expect_ranks(const int64_t *values, size_t n)
{
	struct fe_numbers k = { 0 };
	int64_t *ordered = fe_new_array(n, int64_t);
	struct fe_column c;
	struct fe_batch b = { .columns = &c };
	uint64_t rows;

	fe_column_init(&c, (struct fe_type){ .kind = FE_INT }, 64);
	for (size_t i = 0; i < n; i += 64) {
		struct fe_view v = { .batch = &b, .rows = &rows, .n_rows = n - i < 64 ? n - i : 64 };

		rows = v.n_rows == 64 ? ~UINT64_C(0) : (UINT64_C(1) << v.n_rows) - 1;
		memcpy(c.i64, values + i, v.n_rows * sizeof(*values));
		fe_bits_fill(c.valid, 64, true);
		assert_int_equal(fe_numbers_keep(&k, &c, &v, "n", NULL), FE_OK);
	}
	memcpy(ordered, values, n * sizeof(*values));
	qsort(ordered, n, sizeof(*ordered), by_value);
	assert_int_equal(k.n, n);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(fe_numbers_at_rank(&k, i), ordered[i]);
	fe_numbers_reset(&k);
	fe_column_reset(&c);
	fe_free(ordered);
}

static void
ranks_are_those_of_the_ordered_values(void **state)
{
	static const int64_t edges[] = { INT64_MAX, INT64_MIN, 0, -1, 1, INT64_MIN, 255, 256, -256 };
	static const int64_t same[] = { -5, -5, -5 }, one[] = { 42 }, close[] = { -129, -128, -127, -130 };
	int64_t values[300];

	(void)state;
	for (size_t i = 0; i < 300; i++)
		values[i] = (int64_t)(i * 7919 % 300) * 100 - 15000;
	expect_ranks(edges, 9);
	expect_ranks(same, 3);
	expect_ranks(one, 1);
	expect_ranks(close, 4);
	expect_ranks(values, 300);
}

static void
kept_values_end_at_the_limit(void **state)
{
	struct fe_numbers k = { .max_bytes = 24 };
	struct fe_err err = FE_ERR_INIT;
	struct fe_column c;
	struct fe_batch b = { .columns = &c };
	uint64_t rows = 7;
	struct fe_view v = { .batch = &b, .rows = &rows, .n_rows = 4 };

	(void)state;
	fe_column_init(&c, (struct fe_type){ .kind = FE_INT }, 64);
	fe_bits_fill(c.valid, 64, true);
	assert_int_equal(fe_numbers_keep(&k, &c, &v, "amount", &err), FE_OK);
	assert_int_equal(fe_numbers_keep(&k, &c, &v, "amount", &err), FE_ELIMIT);
	assert_non_null(strstr(err.text, "'amount'"));
	fe_numbers_reset(&k);
	fe_column_reset(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mean_is_the_nearest_double),
		cmocka_unit_test(stdev_does_not_cancel_out),
		cmocka_unit_test(squares_pass_128_bits),
		cmocka_unit_test(figures_do_not_depend_on_the_order_of_rows),
		cmocka_unit_test(ranks_are_those_of_the_ordered_values),
		cmocka_unit_test(kept_values_end_at_the_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
