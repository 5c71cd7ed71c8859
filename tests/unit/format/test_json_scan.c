// SPDX-License-Identifier: Apache-2.0
/* The kernels of json_scan.h: each against a plain loop, at every place of a vector. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "format/json_scan.h"
#include "format/json_scan_plain.h"

#define MAX_BYTES 80

struct kernels {
	const char *(*text_stop)(const char *p, bool *is_high);
	const char *(*short_text)(const char *p);
	const char *(*number_end)(const char *p);
	bool (*begins)(const char *p, const char *head, uint32_t n_bytes);
	const char *(*blank_end)(const char *p, bool is_lines, struct fe_json_blanks *seen);
};

static const struct kernels all[] = {
	{ fe_json_text_stop_plain, fe_json_short_text_plain, fe_json_number_end_plain, fe_json_begins_plain, fe_json_blank_end_plain },
#if defined(__x86_64__)
	{ fe_json_text_stop_sse2, fe_json_short_text_sse2, fe_json_number_end_sse2, fe_json_begins_sse2, fe_json_blank_end_sse2 },
#endif
};
#define N_KERNELS (sizeof all / sizeof *all)

/* The text at every offset, with zeros behind it. */
static char bytes[16 + MAX_BYTES + FE_JSON_PADDING];

static const char *
put(size_t offset, const char *text, size_t n)
{
	memset(bytes, 0, sizeof bytes);
	memcpy(bytes + offset, text, n);
	return bytes + offset;
}

static void
text_stop_finds_every_byte_that_is_not_plain(void **state)
{
	(void)state;
	char text[MAX_BYTES];
	for (unsigned c = 0; c < 256; c++) {
		for (size_t at = 0; at < 40; at++) {
			memset(text, 'a', sizeof text);
			text[at] = (char)c;
			text[at + 20] = '"';
			bool stops = c < 0x20 || c == '"' || c == '\\';
			for (size_t k = 0; k < N_KERNELS; k++) {
				const char *p = put(at % 16, text, sizeof text);
				bool is_high = false;
				assert_ptr_equal(all[k].text_stop(p, &is_high), p + at + (stops ? 0 : 20));
				assert_int_equal(is_high, c >= 0x80);
			}
		}
	}
}

static void
short_text_ends_at_a_quote_or_is_another(void **state)
{
	(void)state;
	char text[MAX_BYTES];
	for (unsigned c = 0; c < 256; c++) {
		for (size_t at = 0; at < 40; at++) {
			memset(text, 'a', sizeof text);
			text[at] = (char)c;
			text[at + 20] = '"';
			bool is_plain = c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
			for (size_t k = 0; k < N_KERNELS; k++) {
				const char *p = put(at % 16, text, sizeof text);
				const char *end = all[k].short_text(p);
				assert_int_equal(*end == '"', is_plain || c == '"');
				if (*end == '"')
					assert_ptr_equal(end, p + at + (is_plain ? 20 : 0));
			}
		}
	}
	memset(text, 'a', sizeof text);
	for (size_t k = 0; k < N_KERNELS; k++)
		assert_int_not_equal(*all[k].short_text(put(0, text, sizeof text)), '"');
}

static void
text_stop_minds_no_byte_behind_the_stop(void **state)
{
	(void)state;
	for (size_t k = 0; k < N_KERNELS; k++) {
		bool is_high = false;
		const char *p = put(3, "abc\"\xc3\xa9\xff\xff\xff\xff", 10);
		assert_ptr_equal(all[k].text_stop(p, &is_high), p + 3);
		assert_false(is_high);
	}
}

static void
zeros_behind_a_block_stop_every_kernel(void **state)
{
	(void)state;
	char text[MAX_BYTES];
	for (size_t n = 0; n < 40; n++) {
		for (size_t k = 0; k < N_KERNELS; k++) {
			bool is_high = false;
			struct fe_json_blanks seen = { 0 };
			memset(text, 'x', n);
			const char *p = put(1, text, n);
			assert_ptr_equal(all[k].text_stop(p, &is_high), p + n);
			memset(text, ' ', n);
			p = put(1, text, n);
			assert_ptr_equal(all[k].blank_end(p, false, &seen), p + n);
			memset(text, '7', n);
			p = put(1, text, n);
			assert_ptr_equal(all[k].number_end(p), n > 0 && n < 16 ? p + n : NULL);
		}
	}
}

static void
number_end_takes_ordinary_numbers_and_leaves_the_others(void **state)
{
	(void)state;
	static const struct { const char *text; int n; } cases[] = {
		{ "0", 1 }, { "-0", 2 }, { "7,", 1 }, { "12.50}", 5 }, { "-12.50 ", 6 }, { "0.5", 3 }, { "123456789012345", 15 },
		{ "1234567890.1234", 15 }, { "1234567890123456", -1 }, { "1234567890.12345", -1 }, { "01", -1 }, { "00.1", -1 },
		{ "1.", -1 }, { ".5", -1 }, { "-", -1 }, { "-.5", -1 }, { "1e5", -1 }, { "1.5E3", -1 }, { "1..2", -1 },
		{ "1.2.3", 3 }, { "12abc", 2 }, { "1-2", 1 }, { "", -1 }, { "x", -1 }, { "--1", -1 }, { "1:", 1 }, { "1/", 1 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		for (size_t k = 0; k < N_KERNELS; k++) {
			const char *p = put(i % 16, cases[i].text, strlen(cases[i].text));
			const char *end = all[k].number_end(p);
			if (end != (cases[i].n < 0 ? NULL : p + cases[i].n))
				fail_msg("'%s', kernel %zu", cases[i].text, k);
		}
	}
}

static void
begins_compares_as_many_bytes_as_it_is_told(void **state)
{
	(void)state;
	static const char head[FE_JSON_HEAD_BYTES] = "\"a_key_of_exactly_thirty_two_b\":";
	char text[FE_JSON_HEAD_BYTES];
	for (uint32_t n = 1; n <= FE_JSON_HEAD_BYTES; n++) {
		for (size_t wrong = 0; wrong < FE_JSON_HEAD_BYTES; wrong++) {
			memcpy(text, head, sizeof text);
			text[wrong] ^= 1;
			for (size_t k = 0; k < N_KERNELS; k++) {
				assert_int_equal(all[k].begins(put(5, text, sizeof text), head, n), wrong >= n);
				assert_true(all[k].begins(put(5, head, sizeof text), head, n));
			}
		}
	}
}

static void
blank_end_counts_line_ends_only_where_they_are_blanks(void **state)
{
	(void)state;
	char text[MAX_BYTES];
	for (size_t n = 1; n < 50; n++) {
		for (size_t k = 0; k < N_KERNELS; k++) {
			for (size_t i = 0; i < n; i++)
				text[i] = " \t\r\n"[i * 7 % 4];
			text[n] = '{';
			const char *p = put(2, text, n + 1);
			struct fe_json_blanks seen = { 0 };
			const char *line = NULL;
			uint64_t n_lines = 0;
			size_t first = n;
			for (size_t i = 0; i < n; i++) {
				if (p[i] != '\n')
					continue;
				n_lines++;
				line = p + i + 1;
				first = first < i ? first : i;
			}
			assert_ptr_equal(all[k].blank_end(p, false, &seen), p + n);
			assert_int_equal(seen.n_lines, n_lines);
			assert_ptr_equal(seen.line, line);
			seen = (struct fe_json_blanks){ 0 };
			assert_ptr_equal(all[k].blank_end(p, true, &seen), p + first);
			assert_int_equal(seen.n_lines, 0);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_stop_finds_every_byte_that_is_not_plain),
		cmocka_unit_test(short_text_ends_at_a_quote_or_is_another),
		cmocka_unit_test(text_stop_minds_no_byte_behind_the_stop),
		cmocka_unit_test(zeros_behind_a_block_stop_every_kernel),
		cmocka_unit_test(number_end_takes_ordinary_numbers_and_leaves_the_others),
		cmocka_unit_test(begins_compares_as_many_bytes_as_it_is_told),
		cmocka_unit_test(blank_end_counts_line_ends_only_where_they_are_blanks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
