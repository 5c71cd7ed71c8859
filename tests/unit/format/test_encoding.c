// SPDX-License-Identifier: Apache-2.0
/* Other encodings to UTF-8: each character exactly, and what is none as no UTF-8. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/text.h"
#include "format/encoding.h"

/* Decodes with room for one character at a time; n_left: bytes of a cut character. */
static void
expect(enum fe_encoding e, struct fe_str in, const char *wanted, size_t n_left)
{
	char out[256];
	size_t n_out = 0, n;
	do {
		n = fe_encoding_decode(e, &in, out + n_out, FE_ENCODING_ROOM);
		n_out += n;
	} while (n);
	out[n_out] = '\0';
	assert_string_equal(out, wanted);
	assert_int_equal(in.n, n_left);
}

static void
encoding_is_found_by_name_in_any_case(void **state)
{
	(void)state;
	enum fe_encoding e;
	for (int i = 0; i < FE_N_ENCODINGS; i++) {
		assert_true(fe_encoding_find(fe_str_of(fe_encoding_names[i]), &e));
		assert_int_equal(e, i);
	}
	assert_null(fe_encoding_names[FE_N_ENCODINGS]);
	assert_true(fe_encoding_find(FE_STR("UTF-16LE"), &e));
	assert_int_equal(e, FE_UTF_16LE);
	assert_false(fe_encoding_find(FE_STR("utf8"), &e));
}

static void
encoding_is_guessed_by_mark_or_zeros(void **state)
{
	(void)state;
	assert_int_equal(fe_encoding_guess(FE_STR("")), FE_UTF_8);
	assert_int_equal(fe_encoding_guess(FE_STR("a\0")), FE_UTF_8);
	assert_int_equal(fe_encoding_guess(FE_STR("\xef\xbb\xbf" "a")), FE_UTF_8);
	assert_int_equal(fe_encoding_guess(FE_STR("\xff\xfe")), FE_UTF_16LE);
	assert_int_equal(fe_encoding_guess(FE_STR("\xfe\xff\0a")), FE_UTF_16BE);
	assert_int_equal(fe_encoding_guess(FE_STR("a\0b\0")), FE_UTF_16LE);
	assert_int_equal(fe_encoding_guess(FE_STR("\0a\0b")), FE_UTF_16BE);
	assert_int_equal(fe_encoding_guess(FE_STR("\xff\xfe\0\0")), FE_UTF_32LE);
	assert_int_equal(fe_encoding_guess(FE_STR("\0\0\xfe\xff")), FE_UTF_32BE);
	assert_int_equal(fe_encoding_guess(FE_STR("a\0\0\0")), FE_UTF_32LE);
	assert_int_equal(fe_encoding_guess(FE_STR("\0\0\0a")), FE_UTF_32BE);
}

static void
encoding_decodes_single_bytes(void **state)
{
	(void)state;
	expect(FE_LATIN_1, FE_STR("a\x7f\x80\xa0\xe9\xff"), "a\x7f\xc2\x80\xc2\xa0\xc3\xa9\xc3\xbf", 0);
	expect(FE_WINDOWS_1252, FE_STR("\x80\x9f\xa0\xe9"), "\xe2\x82\xac\xc5\xb8\xc2\xa0\xc3\xa9", 0);
	expect(FE_WINDOWS_1252, FE_STR("\x81\x8d\x8f\x90\x9d."), "\x81\x8d\x8f\x90\x9d.", 0);
}

/* All that mac-roman has beyond ASCII, in its order. */
static void
encoding_decodes_mac_roman(void **state)
{
	(void)state;
	static const char upper[] =
		"ÄÅÇÉÑÖÜáàâäãåçéèêëíìîïñóòôöõúùûü†°¢£§•¶ß®©™´¨≠ÆØ∞±≤≥¥µ∂∑∏π∫ªºΩæø¿¡¬√ƒ≈∆«»…\xc2\xa0ÀÃÕŒœ–—“”‘’÷◊ÿŸ⁄€‹›ﬁﬂ‡·‚„‰"
		"ÂÊÁËÈÍÎÏÌÓÔ\xef\xa3\xbfÒÚÛÙıˆ˜¯˘˙˚¸˝˛ˇ";
	char in[129], out[512];
	struct fe_str rest = { in, 129 };

	in[0] = 'a';
	for (int i = 0; i < 128; i++)
		in[i + 1] = (char)(0x80 + i);
	size_t n = fe_encoding_decode(FE_MAC_ROMAN, &rest, out, sizeof(out));
	assert_int_equal(rest.n, 0);
	assert_int_equal(n, sizeof(upper));
	assert_int_equal(out[0], 'a');
	assert_memory_equal(out + 1, upper, n - 1);
}

static void
encoding_decodes_utf16(void **state)
{
	(void)state;
	expect(FE_UTF_16LE, FE_STR("a\0\xac\x20\x3d\xd8\x00\xde"), "a\xe2\x82\xac\xf0\x9f\x98\x80", 0);
	expect(FE_UTF_16BE, FE_STR("\0a\x20\xac\xd8\x3d\xde\x00\xdb\xff\xdf\xff"), "a\xe2\x82\xac\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf", 0);
	/* Half a pair: alone, in front of another, the wrong way round. */
	expect(FE_UTF_16BE, FE_STR("\xd8\x3d\0a\xd8\x3d\xd8\x3d\xde\x00\xde\x00"), "\xed\xa0\xbd" "a\xed\xa0\xbd\xf0\x9f\x98\x80\xed\xb8\x80", 0);
	expect(FE_UTF_16LE, FE_STR("a\0b"), "a", 1);
	expect(FE_UTF_16LE, FE_STR("a\0\x3d\xd8"), "a", 2);
	expect(FE_UTF_16LE, FE_STR("a\0\x3d\xd8\x00"), "a", 3);
}

static void
encoding_decodes_utf32(void **state)
{
	(void)state;
	expect(FE_UTF_32LE, FE_STR("a\0\0\0\x00\xf6\x01\0"), "a\xf0\x9f\x98\x80", 0);
	expect(FE_UTF_32BE, FE_STR("\0\x10\xff\xff\0\x11\0\0\0\0\xd8\0\0\0\xdf\xff\xff\0\0\x61"), "\xf4\x8f\xbf\xbf\xf4\x90\x80\x80\xed\xa0\x80\xed\xbf\xbf\xff", 0);
	expect(FE_UTF_32BE, FE_STR("\0\0\0a\0\0\0"), "a", 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encoding_is_found_by_name_in_any_case),
		cmocka_unit_test(encoding_is_guessed_by_mark_or_zeros),
		cmocka_unit_test(encoding_decodes_single_bytes),
		cmocka_unit_test(encoding_decodes_mac_roman),
		cmocka_unit_test(encoding_decodes_utf16),
		cmocka_unit_test(encoding_decodes_utf32),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
