// SPDX-License-Identifier: Apache-2.0
/* tests/fuzz/fuzz_wide.c - work on many numbers, wide against plain
 *
 * The first 24 bytes are what numbers are compared with, held between and added; the next one
 * is the number of bands; the rest are numbers, eight bytes each, which also are bounds, moments and days.
 */
#include "base/mem.h"
#include "expr/wide.h"
#include "harness.h"

#define N_WORDS 2
#define N_ROWS ((size_t)N_WORDS * 64)
#define MAX_BOUNDS 12
#define HEAD_BYTES 25

static void
check_compare(const struct fe_wide *wide, const int64_t *v, int64_t with)
{
	uint64_t plain[N_WORDS], out[N_WORDS];

	for (enum fe_compare compare = FE_EQ; compare <= FE_GE; compare++) {
		fe_wide_plain.compare(compare, v, with, N_WORDS, plain);
		wide->compare(compare, v, with, N_WORDS, out);
		expect(memcmp(plain, out, sizeof out) == 0);
	}
}

/* A zone may have moved the first and the last moment by a day. */
static void
check_parts(const struct fe_wide *wide, const int64_t *v)
{
	const uint64_t n_days = (uint64_t)(FE_DATE_MAX - FE_DATE_MIN) + 3;
	int64_t days[N_ROWS], us[N_ROWS], plain[N_ROWS], out[N_ROWS];

	for (size_t i = 0; i < N_ROWS; i++) {
		days[i] = FE_DATE_MIN - 1 + (int64_t)((uint64_t)v[i] % n_days);
		us[i] = (FE_DATE_MIN - 1) * FE_US_PER_DAY + (int64_t)((uint64_t)v[i] % (n_days * (uint64_t)FE_US_PER_DAY));
	}
	for (enum fe_part part = FE_YEAR; part <= FE_SECOND; part++) {
		fe_wide_plain.part_of_us(part, us, N_WORDS, plain, NULL);
		wide->part_of_us(part, us, N_WORDS, out, NULL);
		expect(memcmp(plain, out, sizeof out) == 0);
		struct fe_part_memo *memo = fe_part_memo_new(); /* of one part */
		wide->part_of_us(part, us, N_WORDS, out, memo);
		fe_wide_plain.part_of_us(part, us, N_WORDS, out, memo);
		fe_free(memo);
		expect(memcmp(plain, out, sizeof out) == 0);
		fe_wide_plain.part_of_days(part, days, N_WORDS, plain, NULL);
		wide->part_of_days(part, days, N_WORDS, out, NULL);
		expect(memcmp(plain, out, sizeof out) == 0);
	}
}

static int
by_value(const void *a, const void *b)
{
	int64_t x, y;
	memcpy(&x, a, sizeof x);
	memcpy(&y, b, sizeof y);
	return (x > y) - (x < y);
}

static void
check_bands(const struct fe_wide *wide, const int64_t *v, size_t n_bounds)
{
	static const char texts[] = "0123456789abc";
	int64_t upto[MAX_BOUNDS];
	struct fe_str labels[MAX_BOUNDS + 1], plain[N_ROWS], out[N_ROWS];

	memcpy(upto, v, n_bounds * sizeof *upto);
	qsort(upto, n_bounds, sizeof *upto, by_value);
	for (size_t i = 0; i <= n_bounds; i++)
		labels[i] = (struct fe_str){ texts + i, 1 };
	const struct fe_wide_bands bands = { .n = n_bounds, .upto = upto, .labels = labels };
	fe_wide_plain.bands(&bands, v, N_WORDS, plain);
	wide->bands(&bands, v, N_WORDS, out);
	for (size_t i = 0; i < N_ROWS; i++)
		expect(plain[i].p == out[i].p && plain[i].n == out[i].n);
}

/* Points are small numbers: rules add a few of them. */
static void
check_points(const struct fe_wide *wide, const int64_t *v, const int64_t head[3])
{
	int64_t plain[N_ROWS], out[N_ROWS], low = head[0] >> 8, high = head[1] >> 8;

	for (size_t i = 0; i < N_ROWS; i++)
		plain[i] = out[i] = v[i] >> 8;
	fe_wide_plain.add((const uint64_t *)v, head[2] >> 8, N_WORDS, plain);
	wide->add((const uint64_t *)v, head[2] >> 8, N_WORDS, out);
	expect(memcmp(plain, out, sizeof out) == 0);
	if (low > high)
		return;
	fe_wide_plain.clamp(low, high, N_WORDS, plain);
	wide->clamp(low, high, N_WORDS, out);
	expect(memcmp(plain, out, sizeof out) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
	const struct fe_wide *wide = fe_wide_best();
	int64_t head[3], v[N_ROWS] = { 0 };

	if (n_bytes < HEAD_BYTES)
		return 0;
	memcpy(head, data, sizeof head);
	const size_t n_rest = n_bytes - HEAD_BYTES;
	memcpy(v, data + HEAD_BYTES, n_rest < sizeof v ? n_rest : sizeof v);
	check_compare(wide, v, head[0]);
	check_compare(wide, v, v[1]);
	check_parts(wide, v);
	check_bands(wide, v, data[HEAD_BYTES - 1] % (MAX_BOUNDS + 1u));
	check_points(wide, v, head);
	return 0;
}
