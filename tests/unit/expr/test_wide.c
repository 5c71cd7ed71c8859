// SPDX-License-Identifier: Apache-2.0
/* Work on many numbers: the plain loops and the wide ones against what each row is to be. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/mem.h"
#include "expr/wide.h"

#define N_WORDS 3
#define N_ROWS ((size_t)N_WORDS * 64)

static uint64_t
chance(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *seed >> 20;
}

/* All that this machine has. */
static size_t
all_wide(const struct fe_wide *all[2])
{
	all[0] = &fe_wide_plain;
	all[1] = fe_wide_avx512();
	assert_ptr_equal(fe_wide_best(), all[1] ? all[1] : all[0]);
	return all[1] ? 2 : 1;
}

/* Near 0, near the ends, and anywhere. */
static int64_t
any_number(uint64_t *seed)
{
	const uint64_t r = chance(seed), near = chance(seed) % 5;

	switch (r % 4) {
	case 0: return (int64_t)near - 2;
	case 1: return INT64_MAX - (int64_t)near;
	case 2: return INT64_MIN + (int64_t)near;
	default: return (int64_t)(r << 30 ^ chance(seed));
	}
}

static bool
is_so(enum fe_compare compare, int64_t a, int64_t b)
{
	switch (compare) {
	case FE_EQ: return a == b;
	case FE_NE: return a != b;
	case FE_LT: return a < b;
	case FE_LE: return a <= b;
	case FE_GT: return a > b;
	case FE_GE: return a >= b;
	}
	return false;
}

static void
comparisons_are_bits_of_rows(void **state)
{
	const struct fe_wide *all[2];
	const size_t n = all_wide(all);
	uint64_t seed = 1;

	(void)state;
	for (int round = 0; round < 300; round++) {
		int64_t a[N_ROWS], b = any_number(&seed);
		for (size_t i = 0; i < N_ROWS; i++)
			a[i] = any_number(&seed);
		for (size_t k = 0; k < n * 6; k++) {
			uint64_t out[N_WORDS];
			all[k / 6]->compare((enum fe_compare)(k % 6), a, b, N_WORDS, out);
			for (size_t i = 0; i < N_ROWS; i++)
				assert_int_equal(fe_bit_get(out, i), is_so((enum fe_compare)(k % 6), a[i], b));
		}
	}
}

static int64_t
part_of(enum fe_part part, int32_t day, int64_t us_of_day)
{
	const struct fe_civil c = fe_civil_from_days(day);
	const int64_t second = us_of_day / FE_US_PER_SECOND;
	const int64_t parts[] = {
		[FE_YEAR] = c.year, [FE_MONTH] = c.month, [FE_DAY] = c.day, [FE_DAYOFWEEK] = fe_dayofweek(day),
		[FE_HOUR] = second / 3600, [FE_MINUTE] = second / 60 % 60, [FE_SECOND] = second % 60,
	};

	return parts[part];
}

/* Of moments and days from first on, a step of days apart; the times are the ends of a unit, or any. */
static void
check_parts(const struct fe_wide *wide, int32_t first, int32_t step, uint64_t *seed)
{
	int64_t us[N_ROWS], days[N_ROWS], of_day[N_ROWS], out[N_ROWS];

	for (size_t i = 0; i < N_ROWS; i++) {
		const int64_t unit = (const int64_t[]){ 3600, 60, 1, 86400 }[chance(seed) % 4] * FE_US_PER_SECOND;
		days[i] = first + (int32_t)i * step;
		of_day[i] = (int64_t)chance(seed) % FE_US_PER_DAY;
		of_day[i] = i % 2 ? of_day[i] / unit * unit : of_day[i] / unit * unit + unit - 1;
		us[i] = days[i] * FE_US_PER_DAY + of_day[i];
	}
	for (enum fe_part part = FE_YEAR; part <= FE_SECOND; part++) {
		wide->part_of_us(part, us, N_WORDS, out, NULL);
		for (size_t i = 0; i < N_ROWS; i++)
			assert_int_equal(out[i], part_of(part, (int32_t)days[i], of_day[i]));
		wide->part_of_days(part, days, N_WORDS, out, NULL);
		for (size_t i = 0; i < N_ROWS; i++)
			assert_int_equal(out[i], part_of(part, (int32_t)days[i], 0));
	}
}

static void
parts_are_those_of_the_day_and_its_time(void **state)
{
	const struct fe_wide *all[2];
	const size_t n = all_wide(all);

	(void)state;
	for (size_t k = 0; k < n; k++) {
		uint64_t seed = 2;
		/* A zone may have moved the first and the last by a day. */
		for (int32_t day = FE_DATE_MIN - 2; day < FE_DATE_MAX + 2 - (int32_t)N_ROWS * 30; day += (int32_t)N_ROWS * 30 - 7)
			check_parts(all[k], day, 30, &seed);
		check_parts(all[k], FE_DATE_MIN - 2, 1, &seed);
		check_parts(all[k], FE_DATE_MAX + 2 - (int32_t)N_ROWS, 1, &seed);
		for (int32_t year = 0; year < 800; year++) /* the turns of years, and the ends of February */
			check_parts(all[k], fe_days_from_civil(year + 1600, 12, 1), 1, &seed);
	}
}

static void
parts_by_a_memo_are_the_same(void **state)
{
	const struct fe_wide *all[2];
	const size_t n = all_wide(all);
	uint64_t seed = 3;

	(void)state;
	for (size_t k = 0; k < n; k++) {
		for (enum fe_part part = FE_YEAR; part <= FE_DAY; part++) {
			struct fe_part_memo *memo = fe_part_memo_new();
			for (int round = 0; round < 100; round++) {
				int64_t us[N_ROWS], out[N_ROWS];
				for (size_t i = 0; i < N_ROWS; i++)
					us[i] = ((int64_t)(chance(&seed) % 4000) - 2000) * FE_US_PER_DAY;
				all[k]->part_of_us(part, us, N_WORDS, out, memo);
				for (size_t i = 0; i < N_ROWS; i++)
					assert_int_equal(out[i], part_of(part, fe_days_of_us(us[i]), 0));
			}
			fe_free(memo);
		}
	}
}

static void
bands_end_with_their_bounds(void **state)
{
	static const char texts[] = "abcdefghijkl";
	const struct fe_wide *all[2];
	const size_t n = all_wide(all);
	uint64_t seed = 4;

	(void)state;
	for (size_t n_bounds = 0; n_bounds < 12; n_bounds++) {
		int64_t upto[12], v[N_ROWS];
		struct fe_str labels[12], out[N_ROWS];
		for (size_t i = 0; i <= n_bounds; i++) {
			labels[i] = (struct fe_str){ texts + i, i };
			upto[i] = i == 0 ? INT64_MIN + 1 : i == 11 ? INT64_MAX : (int64_t)i * 10;
		}
		for (size_t i = 0; i < N_ROWS; i++)
			v[i] = i % 2 ? any_number(&seed) : (int64_t)(chance(&seed) % 130);
		const struct fe_wide_bands bands = { .n = n_bounds, .upto = upto, .labels = labels };
		for (size_t k = 0; k < n; k++) {
			all[k]->bands(&bands, v, N_WORDS, out);
			for (size_t i = 0; i < N_ROWS; i++) {
				size_t at = 0;
				while (at < n_bounds && v[i] > upto[at])
					at++;
				assert_ptr_equal(out[i].p, labels[at].p);
				assert_int_equal(out[i].n, labels[at].n);
			}
		}
	}
}

static void
points_are_added_to_their_rows_and_clamped(void **state)
{
	const struct fe_wide *all[2];
	const size_t n = all_wide(all);

	(void)state;
	for (size_t k = 0; k < n; k++) {
		uint64_t seed = 5;
		for (int round = 0; round < 100; round++) {
			int64_t sums[N_ROWS], want[N_ROWS], add = (int64_t)(chance(&seed) % 2000) - 1000;
			const int64_t low = (int64_t)(chance(&seed) % 300) - 500, high = low + (int64_t)(chance(&seed) % 900);
			uint64_t rows[N_WORDS];
			for (size_t w = 0; w < N_WORDS; w++)
				rows[w] = chance(&seed) << 32 ^ chance(&seed);
			for (size_t i = 0; i < N_ROWS; i++) {
				sums[i] = (int64_t)(chance(&seed) % 2000) - 1000;
				want[i] = sums[i] + (fe_bit_get(rows, i) ? add : 0);
			}
			all[k]->add(rows, add, N_WORDS, sums);
			assert_memory_equal(sums, want, sizeof sums);
			all[k]->clamp(low, high, N_WORDS, sums);
			for (size_t i = 0; i < N_ROWS; i++)
				assert_int_equal(sums[i], want[i] < low ? low : want[i] > high ? high : want[i]);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comparisons_are_bits_of_rows),
		cmocka_unit_test(parts_are_those_of_the_day_and_its_time),
		cmocka_unit_test(parts_by_a_memo_are_the_same),
		cmocka_unit_test(bands_end_with_their_bounds),
		cmocka_unit_test(points_are_added_to_their_rows_and_clamped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
