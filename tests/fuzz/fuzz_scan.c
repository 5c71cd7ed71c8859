// SPDX-License-Identifier: Apache-2.0
/* tests/fuzz/fuzz_scan.c - the vector kernels against loops over single bytes
 *
 * The first two bytes choose delimiter and quote of the scan of CSV, the rest is scanned: by
 * every kernel that this processor has, as a whole and in two pieces, with exact sizes, so that a
 * sanitizer sees a step outside.
 * The same bytes, with the zeros behind them that a block has, are asked the questions of JSON, in
 * vectors and in plain C; and taken as short texts from each place on.
 *
 * An answer may lie at the end of the input, so that asking from each place costs its square: from the
 * first MAX_NEAR places, which are all there are to a vector, each is asked, and then ever fewer.
 */
#include "../unit/format/csv_scan_check.h"
#include "base/text16.h"
#include "format/json_scan.h"
#include "harness.h"

#define MAX_BYTES 1024
#define MAX_NEAR 64

static void
check_csv(const char *p, size_t n, char delimiter, char quote)
{
	fe_csv_scan_fn *const kernels[] = { fe_csv_scan_plain, fe_csv_scan_16, fe_csv_scan_sse42(),
	                                    fe_csv_scan_avx2(), fe_csv_scan_avx512() };
	struct fe_csv_scan s = { .delimiter = delimiter, .quote = quote };

	if (delimiter == '\r' || delimiter == '\n' || quote == '\r' || quote == '\n')
		return;
	fe_csv_scan_restart(&s);
	for (size_t k = 0; k < sizeof kernels / sizeof kernels[0]; k++) {
		if (kernels[k])
			expect(csv_scan_agrees(kernels[k], s, p, n, n ? (unsigned char)p[n / 2] % n : 0, 5));
	}
	for (size_t i = 0; i < n; i += 1 + (unsigned char)p[i] % 64) {
		size_t n_window = n - i < 64 ? n - i : 64;
		expect(fe_csv_scan_all(&s, p + i, n_window) == csv_scan_all_by_byte(&s, p + i, n_window));
	}
}

/* p has FE_JSON_PADDING zeros behind its n bytes. */
static void
check_json(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i += 1 + i / MAX_NEAR) {
		bool high = false, plain_high = false;
		expect(FE_JSON_SCAN(text_stop)(p + i, &high) == fe_json_text_stop_plain(p + i, &plain_high));
		expect(high == plain_high);
		const char *end = FE_JSON_SCAN(short_text)(p + i), *plain_end = fe_json_short_text_plain(p + i);
		expect((*end == '"') == (*plain_end == '"') && (*end != '"' || end == plain_end));
		if (p[i] == '-' || fe_json_is_digit(p[i]))
			expect(FE_JSON_SCAN(number_end)(p + i) == fe_json_number_end_plain(p + i));
		for (int is_lines = 0; is_lines < 2; is_lines++) {
			struct fe_json_blanks seen = { 0 }, plain = { 0 };
			expect(FE_JSON_SCAN(blank_end)(p + i, is_lines, &seen) == fe_json_blank_end_plain(p + i, is_lines, &plain));
			expect(seen.n_lines == plain.n_lines && seen.line == plain.line);
		}
	}
}

static void
check_text(struct fe_str s)
{
	const fe_text16 t = fe_text16_load(s, '_'), any = fe_text16_load_any(s);
	const unsigned special = fe_text16_bits(fe_text16_special(any)), blanks = fe_text16_bits(fe_text16_blanks(any));
	const unsigned lower = fe_text16_bits(fe_text16_letters(any, 'a')), upper = fe_text16_bits(fe_text16_letters(any, 'A'));

	for (size_t i = 0; i < FE_TEXT16_BYTES; i++) {
		unsigned char c = i < s.n ? (unsigned char)s.p[i] : '_';
		expect(t[i] == c);
		if (i >= s.n)
			continue;
		expect((special >> i & 1) == (c == ',' || c == '"' || c == '\r' || c == '\n'));
		expect((blanks >> i & 1) == (c == ' ' || (c >= '\t' && c <= '\r')));
		expect((lower >> i & 1) == (c >= 0x80 || (c >= 'a' && c <= 'z')));
		expect((upper >> i & 1) == (c >= 0x80 || (c >= 'A' && c <= 'Z')));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
	if (n_bytes < 2)
		return 0;
	const size_t n = n_bytes - 2 < MAX_BYTES ? n_bytes - 2 : MAX_BYTES;
	char *exact = malloc(n + 1), *padded = calloc(1, n + FE_JSON_PADDING);
	expect(exact && padded);
	memcpy(exact, data + 2, n);
	memcpy(padded, data + 2, n);
	check_csv(exact, n, (char)data[0], (char)data[1]);
	check_json(padded, n);
	for (size_t i = 0; i < n; i++)
		check_text((struct fe_str){ exact + i, n - i < i % 17 ? n - i : i % 17 });
	free(exact);
	free(padded);
	return 0;
}
