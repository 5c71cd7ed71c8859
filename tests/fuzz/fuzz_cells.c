// SPDX-License-Identifier: Apache-2.0
/* tests/fuzz/fuzz_cells.c - the quick looks at 64 cells against the functions for one, and numbers to text
 *
 * The first four bytes choose precision, scale, zone and what is asked of texts; the rest are cells, a
 * line each. A quick look may leave a cell to the slower function, but what it says of one is so: its
 * value is what that function reads, its text is already what cleaning would make of it.
 */
#include "base/day_texts.h"
#include "base/digits.h"
#include "base/mem.h"
#include "base/zone.h"
#include "base/zone_table.h"
#include "transform/clean_text.h"
#include "harness.h"

#define N_CELLS 64

static bool
bit(uint64_t bits, size_t i)
{
	return bits >> i & 1;
}

static void
expect_printed(int64_t v, unsigned scale, const char *text, const char *end)
{
	char plain[FE_DECIMAL_TEXT_BYTES];
	const size_t n = fe_decimal_format(v, scale, plain);

	expect((size_t)(end - text) == n && memcmp(text, plain, n) == 0);
}

static void
check_decimals(const struct fe_str *cells, size_t n, unsigned precision, unsigned scale)
{
	int64_t values[N_CELLS], v = 0;
	char text[FE_DECIMAL_TEXT_BYTES];
	const uint64_t read = fe_decimal_parse_64(cells, n, precision, scale, values);

	expect(n == N_CELLS || read >> n == 0);
	for (size_t i = 0; i < n; i++) {
		const bool is_decimal = fe_decimal_parse(cells[i], precision, scale, NULL, &v) == FE_DECIMAL_OK;
		expect(!bit(read, i) || (is_decimal && v == values[i] && (v != 0 || cells[i].p[0] != '-')));
		if (is_decimal) {
			expect_printed(v, 0, text, fe_digits_put_int(text, v));
			expect_printed(v, 2, text, fe_digits_put_cents(text, v));
		}
	}
}

static void
check_timestamps(const struct fe_str *cells, size_t n, const struct fe_zone *zone)
{
	int64_t values[N_CELLS], us = 0;
	const uint64_t read = fe_timestamp_parse_64(cells, n, zone, values);

	expect(n == N_CELLS || read >> n == 0);
	for (size_t i = 0; i < n; i++) {
		if (bit(read, i))
			expect(fe_timestamp_parse(cells[i], NULL, zone, &us) == FE_TIME_OK && us == values[i]);
	}
}

static bool
is_settled(const struct fe_text_look *look, struct fe_str s)
{
	if (s.n == 0 || s.n > look->max_bytes || (look->trims && (s.p[0] == ' ' || s.p[s.n - 1] == ' ')))
		return false;
	for (size_t i = 0; i < s.n; i++) {
		const unsigned char c = (unsigned char)s.p[i];
		if (c < 0x20 || c > 0x7f || (look->to_case == FE_CASE_LOWER && c >= 'A' && c <= 'Z') ||
		    (look->to_case == FE_CASE_UPPER && c >= 'a' && c <= 'z'))
			return false;
	}
	return true;
}

static void
check_texts(const struct fe_str *cells, size_t n, const struct fe_text_look *look)
{
	struct fe_str out[N_CELLS];
	const uint64_t settled = fe_text_settled_64(look, cells, n, out);

	expect(n == N_CELLS || settled >> n == 0);
	for (size_t i = 0; i < n; i++) {
		if (bit(settled, i))
			expect(is_settled(look, cells[i]) && out[i].p == cells[i].p && out[i].n == cells[i].n);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
	struct fe_str cells[N_CELLS];

	if (n_bytes < 4)
		return 0;
	const size_t n = lines_of(data + 4, n_bytes - 4, cells, N_CELLS);
	for (size_t i = 0; i < n; i++)
		cells[i].p = cells[i].n ? cells[i].p : NULL;
	const unsigned precision = data[0] % FE_DECIMAL_MAX_PRECISION + 1;
	check_decimals(cells, n, precision, data[1] % (precision + 1));

	struct fe_zone *zone = fe_new(struct fe_zone);
	fe_zone_init(zone, ((int32_t)data[2] - 128) * 600);
	check_timestamps(cells, n, data[2] ? zone : NULL);
	fe_zone_free(zone);

	const struct fe_text_look look = {
		.max_bytes = data[3] % 16u + 1, .trims = data[3] & 16, .to_case = (enum fe_case)((data[3] >> 5) % 3),
	};
	check_texts(cells, n, &look);
	return 0;
}
