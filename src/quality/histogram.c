// SPDX-License-Identifier: Apache-2.0
/* quality/histogram.c - see quality/histogram.h
 *
 * Counter i below 100 is of size i alone; from 100 on there are 90 a decade, for the leading digits
 * 10 to 99: counter 90 * (e - 1) + d has d * 10^(e-1) up to (d + 1) * 10^(e-1).
 */
#include "quality/histogram.h"

#include "base/mem.h"

#define N_COUNTERS 1630 /* up to 2^63, which begins with 92 */

static const uint64_t powers[20] = {
	1u, 10u, 100u, 1000u, 10000u, 100000u, 1000000u, 10000000u, 100000000u, 1000000000u, 10000000000u,
	100000000000u, 1000000000000u, 10000000000000u, 100000000000000u, 1000000000000000u, 10000000000000000u,
	100000000000000000u, 1000000000000000000u, 10000000000000000000u,
};

/* ceil(2^64 / 10^e): what is below 10^(e+2) is divided by 10^e as the upper half of the product, exactly
 * as long as 10^(2e+2) is below 2^64. */
static const uint64_t inverses[] = {
	0, UINT64_C(1844674407370955162), UINT64_C(184467440737095517), UINT64_C(18446744073709552),
	UINT64_C(1844674407370956), UINT64_C(184467440737096), UINT64_C(18446744073710), UINT64_C(1844674407371),
	UINT64_C(184467440738),
};
#define N_INVERSES (sizeof(inverses) / sizeof(inverses[0]))

/* size / 10^e, which has two digits. */
static inline size_t
two_digits_of(uint64_t size, size_t e)
{
	if (__builtin_expect(e - 1 < N_INVERSES - 1, 1))
		return (size_t)((unsigned __int128)size * inverses[e] >> 64);
	return (size_t)(size / powers[e]);
}

static inline size_t
counter_of(uint64_t size)
{
	if (size < 10)
		return size;
	size_t n_bits = 64 - (size_t)__builtin_clzll(size);
	size_t e = n_bits * 1233 >> 12; /* log10(2) is 1233 / 4096, and a little */
	e -= size < powers[e];
	return 90 * (e - 1) + two_digits_of(size, e - 1);
}

/* The least size that counter i counts. */
static uint64_t
least_of(size_t i)
{
	if (i < 100)
		return i;
	size_t e = (i - 10) / 90 + 1;
	return (i - 90 * (e - 1)) * powers[e - 1];
}

static uint64_t *
counters(uint64_t **side)
{
	if (!*side)
		*side = fe_new_array(N_COUNTERS, uint64_t);
	return *side;
}

void
fe_histogram_add(struct fe_histogram *h, int64_t value, uint64_t n)
{
	if (value == 0)
		h->zero += n;
	else if (value > 0)
		counters(&h->above)[counter_of((uint64_t)value)] += n;
	else
		counters(&h->below)[counter_of(-(uint64_t)value)] += n;
}

void
fe_histogram_add_all(struct fe_histogram *h, const int64_t *values, const uint16_t *rows, size_t n)
{
	uint64_t *above = counters(&h->above);

	for (size_t i = 0; i < n; i++) {
		int64_t value = values[rows[i]];
		if (__builtin_expect(value > 0, 1))
			above[counter_of((uint64_t)value)]++;
		else
			fe_histogram_add(h, value, 1);
	}
}

void
fe_histogram_reset(struct fe_histogram *h)
{
	fe_free(h->above);
	fe_free(h->below);
	*h = (struct fe_histogram){ 0 };
}

/* ---- what is shown ---- */

/* Grids from fine to coarse. */
enum grid { GRID_EACH, GRID_TWO, GRID_FIVE, GRID_DIGIT, GRID_125, GRID_DECADE, GRID_THOUSAND, N_GRIDS };

/* Whether a bin of the grid begins with counter i, which is not 0. */
static bool
is_edge(enum grid grid, size_t i)
{
	size_t e = i < 10 ? 0 : (i - 10) / 90 + 1;
	size_t digits = i < 10 ? i * 10 : i - 90 * (e - 1); /* 10 to 99 */

	switch (grid) {
	case GRID_EACH:
		return true;
	case GRID_TWO:
		return digits % 2 == 0;
	case GRID_FIVE:
		return digits % 5 == 0;
	case GRID_DIGIT:
		return digits % 10 == 0;
	case GRID_125:
		return digits == 10 || digits == 20 || digits == 50;
	case GRID_DECADE:
		return digits == 10;
	default:
		return digits == 10 && e % 3 == 0;
	}
}

/* The first and last counter of a side that have counted; false: none has. */
static bool
find_ends(const uint64_t *side, size_t *first, size_t *last)
{
	size_t i = 1, end = N_COUNTERS;

	if (!side)
		return false;
	while (i < end && !side[i])
		i++;
	while (end > i && !side[end - 1])
		end--;
	*first = i;
	*last = end - 1;
	return i < end;
}

static size_t
count_bins(const uint64_t *side, enum grid grid)
{
	size_t first, last, n = 1;

	if (!find_ends(side, &first, &last))
		return 0;
	for (size_t i = first + 1; i <= last; i++)
		n += is_edge(grid, i);
	return n;
}

static void
print_bin(struct fe_json *j, fe_i128 from, fe_i128 to, uint64_t n, unsigned scale)
{
	fe_json_object(j, NULL);
	fe_json_decimal(j, "from", from, scale);
	fe_json_decimal(j, "to", to, scale);
	fe_json_i64(j, "count", (int64_t)n);
	fe_json_object_end(j);
}

/* The bin of the grid that counter i is in: [*from, *to). */
static uint64_t
sum_bin(const uint64_t *side, enum grid grid, size_t i, size_t *from, size_t *to)
{
	uint64_t n = 0;

	*from = i;
	while (!is_edge(grid, *from))
		--*from;
	*to = *from;
	do
		n += side[(*to)++];
	while (*to < N_COUNTERS && !is_edge(grid, *to));
	return n;
}

static void
print_above(const struct fe_histogram *h, enum grid grid, unsigned scale, struct fe_json *j)
{
	size_t first, last, from, to;

	if (!find_ends(h->above, &first, &last))
		return;
	for (size_t i = first; i <= last; i = to) {
		uint64_t n = sum_bin(h->above, grid, i, &from, &to);
		print_bin(j, least_of(from), least_of(to), n, scale);
	}
}

static void
print_below(const struct fe_histogram *h, enum grid grid, unsigned scale, struct fe_json *j)
{
	size_t first, last, from, to;

	if (!find_ends(h->below, &first, &last))
		return;
	for (size_t i = last; i >= first; i = from - 1) {
		uint64_t n = sum_bin(h->below, grid, i, &from, &to);
		print_bin(j, -(fe_i128)least_of(to), -(fe_i128)least_of(from), n, scale);
	}
}

void
fe_histogram_print(const struct fe_histogram *h, unsigned scale, struct fe_json *j)
{
	enum grid grid = GRID_EACH;
	size_t n_zero = h->zero > 0;

	if (count_bins(h->above, grid) + count_bins(h->below, grid) + n_zero == 0)
		return;
	while (grid + 1 < N_GRIDS && count_bins(h->above, grid) + count_bins(h->below, grid) + n_zero > FE_HISTOGRAM_BINS)
		grid++;
	fe_json_array(j, "histogram");
	print_below(h, grid, scale, j);
	if (h->zero)
		print_bin(j, 0, 0, h->zero, scale);
	print_above(h, grid, scale, j);
	fe_json_array_end(j);
}
