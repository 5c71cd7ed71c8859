// SPDX-License-Identifier: Apache-2.0
/* Texts fit to show, and the name that was meant. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/mem.h"
#include "base/text.h"

static void
expect_printable(struct fe_str s, size_t max_bytes, const char *want)
{
	struct fe_buf b;

	fe_buf_init(&b, 1000);
	fe_buf_add_text(&b, "> ");
	fe_buf_add_printable(&b, s, max_bytes);
	assert_string_equal(fe_buf_text(&b) + 2, want);
	fe_buf_reset(&b);
}

static void
printable_escapes_what_moves_a_terminal(void **state)
{
	(void)state;
	expect_printable(FE_STR("caf\xc3\xa9 \\d"), 100, "caf\xc3\xa9 \\d");
	expect_printable(FE_STR("a\tb\nc\rd\x1b[2J\x7f\0e"), 100, "a\\tb\\nc\\rd\\x1b[2J\\x7f\\x00e");
	expect_printable(FE_STR("\xff\xe2\x82"), 100, "\\xff\\xe2\\x82");
	expect_printable(FE_STR("\xe2\x80\xae\xef\xbb\xbf\xc2\x9b\xf3\xa0\x80\x81"), 100, "\\u202e\\ufeff\\u009b\\U000e0001");
}

static void
printable_cuts_between_characters(void **state)
{
	struct fe_str euros = FE_STR("\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac");

	(void)state;
	expect_printable(euros, 9, "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac");
	expect_printable(euros, 8, "\xe2\x82\xac...");
	expect_printable(euros, 5, "...");
	expect_printable(euros, 2, "");
	expect_printable(FE_STR("abcdef"), 5, "ab...");
	expect_printable(FE_STR("a\n\n\n"), 6, "a\\n...");
	expect_printable(FE_STR(""), 0, "");
}

static void
json_string_is_valid_whatever_comes(void **state)
{
	struct fe_buf b;

	(void)state;
	fe_buf_init(&b, 1000);
	fe_buf_add_json_string(&b, FE_STR("say \"hi\" \\ \x01\n\v caf\xc3\xa9 \xff \xc2\x85"));
	assert_string_equal(fe_buf_text(&b), "\"say \\\"hi\\\" \\\\ \\u0001\\n\\u000b caf\xc3\xa9 \xef\xbf\xbd \\u0085\"");
	fe_buf_reset(&b);
}

/* One byte of any value, at any place among plain ones. */
static void
json_string_finds_each_byte_at_each_place(void **state)
{
	struct fe_buf got, want;

	(void)state;
	fe_buf_init(&got, 1000);
	fe_buf_init(&want, 1000);
	for (size_t n = 0; n <= 40; n++) {
		for (size_t at = 0; at < n; at++) {
			for (unsigned byte = 0; byte < 256; byte++) {
				char *text = fe_strndup("abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ", n); /* of the very size */
				text[at] = (char)byte;
				fe_buf_clear(&got);
				fe_buf_add_json_string(&got, (struct fe_str){ text, n });
				fe_buf_clear(&want);
				fe_buf_addf(&want, "\"%.*s", (int)at, text);
				if (byte == '"' || byte == '\\')
					fe_buf_addf(&want, "\\%c", byte);
				else if (byte == '\t' || byte == '\n' || byte == '\f' || byte == '\r')
					fe_buf_addf(&want, "\\%c", "tn?fr"[byte - '\t']);
				else if (byte < 0x20)
					fe_buf_addf(&want, "\\u%04x", byte);
				else if (byte < 0x80)
					fe_buf_addf(&want, "%c", byte);
				else
					fe_buf_add_text(&want, "\xef\xbf\xbd");
				fe_buf_addf(&want, "%.*s\"", (int)(n - at - 1), text + at + 1);
				assert_string_equal(fe_buf_text(&got), fe_buf_text(&want));
				fe_free(text);
			}
		}
	}
	fe_buf_clear(&got);
	fe_buf_add_json_string(&got, (struct fe_str){ NULL, 0 });
	assert_string_equal(fe_buf_text(&got), "\"\"");
	fe_buf_reset(&got);
	fe_buf_reset(&want);
}

static void
base64_is_that_of_rfc_4648(void **state)
{
	static const char *const pairs[][2] = {
		{ "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" }, { "\xff\xfe\xfb", "//77" },
	};
	struct fe_buf b;

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		fe_buf_init(&b, 100);
		fe_buf_add_base64(&b, fe_str_of(pairs[i][0]));
		assert_string_equal(fe_buf_text(&b), pairs[i][1]);
		fe_buf_reset(&b);
		fe_buf_init(&b, 100);
		assert_true(fe_buf_add_unbase64(&b, fe_str_of(pairs[i][1])));
		assert_string_equal(fe_buf_text(&b), pairs[i][0]);
		fe_buf_reset(&b);
	}
}

static void
what_is_not_base64_is_not_decoded(void **state)
{
	static const char *const texts[] = { "Z", "Zg", "Zg=", "Z===", "====", "Zg==Zg==", "Z=g=", "Zm9\n", "Zm 9", "Zm9-" };
	struct fe_buf b;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		fe_buf_init(&b, 100);
		assert_false(fe_buf_add_unbase64(&b, fe_str_of(texts[i])));
		fe_buf_reset(&b);
	}
}

static void
distance_counts_edits_and_swaps(void **state)
{
	(void)state;
	assert_int_equal(fe_text_distance(FE_STR("amount"), FE_STR("amount")), 0);
	assert_int_equal(fe_text_distance(FE_STR("amuont"), FE_STR("amount")), 1);
	assert_int_equal(fe_text_distance(FE_STR("kitten"), FE_STR("sitting")), 3);
	assert_int_equal(fe_text_distance(FE_STR(""), FE_STR("abc")), 3);
	assert_int_equal(fe_text_distance(FE_STR("\xc3\xa9"), FE_STR("e")), 1);
}

static void
nearest_is_the_name_that_was_meant(void **state)
{
	static const char *const names[] = { "amount", "amount_category", "status", "id" };

	(void)state;
	assert_string_equal(fe_text_nearest(FE_STR("amuont"), names, 4), "amount");
	assert_string_equal(fe_text_nearest(FE_STR("STATUS"), names, 4), "status");
	assert_string_equal(fe_text_nearest(FE_STR("amount_categry"), names, 4), "amount_category");
	assert_null(fe_text_nearest(FE_STR("merchant"), names, 4));
	assert_null(fe_text_nearest(FE_STR("x"), names, 4));
	assert_null(fe_text_nearest(FE_STR(""), names, 4));
	assert_null(fe_text_nearest(FE_STR("status"), NULL, 0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(printable_escapes_what_moves_a_terminal),
		cmocka_unit_test(printable_cuts_between_characters),
		cmocka_unit_test(json_string_is_valid_whatever_comes),
		cmocka_unit_test(json_string_finds_each_byte_at_each_place),
		cmocka_unit_test(base64_is_that_of_rfc_4648),
		cmocka_unit_test(what_is_not_base64_is_not_decoded),
		cmocka_unit_test(distance_counts_edits_and_swaps),
		cmocka_unit_test(nearest_is_the_name_that_was_meant),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
