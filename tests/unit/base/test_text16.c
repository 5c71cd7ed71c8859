// SPDX-License-Identifier: Apache-2.0
/* Short texts at once against a loop over their bytes, wherever in a page they stand. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/text16.h"

#define N_BEHIND 40

static uint64_t
chance(uint64_t *seed)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *seed >> 33;
}

/* Two pages, of which the second must not be touched. */
static char *
map_pages(size_t page_bytes)
{
	char *pages = mmap(NULL, 2 * page_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(pages, MAP_FAILED);
	assert_int_equal(mprotect(pages + page_bytes, page_bytes, PROT_NONE), 0);
	return pages;
}

static void
a_text_is_loaded_whole_and_filled_up(void **state)
{
	const size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	char *pages = map_pages(page_bytes);
	uint64_t seed = 11;

	(void)state;
	for (size_t i = 0; i < page_bytes; i++)
		pages[i] = (char)chance(&seed);
	for (size_t behind = 0; behind < N_BEHIND; behind++) { /* bytes from the text's start to the page's end */
		for (size_t n = 0; n <= FE_TEXT16_BYTES && n <= behind; n++) {
			struct fe_str s = { pages + page_bytes - behind, n };
			fe_text16 got = fe_text16_load(s, 'f'), want = fe_text16_load_plain(s, 'f');
			char out[FE_TEXT16_BYTES];
			assert_memory_equal(&got, &want, sizeof got);
			fe_text16_store(got, out);
			fe_text16 others = fe_text16_load_any(s);
			assert_memory_equal(&others, &want, n);
			assert_int_equal(fe_text16_first(n), (1 << n) - 1);
			for (size_t i = 0; i < sizeof out; i++)
				assert_int_equal(out[i], i < n ? s.p[i] : 'f');
		}
	}
	assert_int_equal(munmap(pages, 2 * page_bytes), 0);
}

static void
an_empty_text_needs_no_bytes(void **state)
{
	(void)state;
	fe_text16 t = fe_text16_load((struct fe_str){ NULL, 0 }, 0);
	assert_true(fe_text16_word(t, 0) == 0 && fe_text16_word(t, 1) == 0);
}

static void
special_bytes_and_letters_are_found_wherever_they_stand(void **state)
{
	static const unsigned char near[] = "\",\r\n!#+-\\\x0b\x0c\x09\x0e @AZ[`az{\x7f\x80\xff\xac\xa2\xc1\xe1";
	uint64_t seed = 3;

	(void)state;
	for (int round = 0; round < 200000; round++) {
		unsigned char bytes[FE_TEXT16_BYTES];
		for (size_t i = 0; i < sizeof bytes; i++)
			bytes[i] = chance(&seed) % 8 ? '_' : near[chance(&seed) % (sizeof near - 1)];
		fe_text16 t = fe_text16_at(bytes);
		fe_text16 special = fe_text16_special(t), lower = fe_text16_letters(t, 'a'), upper = fe_text16_letters(t, 'A');
		fe_text16 blanks = fe_text16_blanks(t), plain = fe_text16_surely_plain(t);
		bool any = false;
		for (size_t i = 0; i < sizeof bytes; i++) {
			unsigned char c = bytes[i];
			bool is_special = c == ',' || c == '"' || c == '\r' || c == '\n';
			assert_int_equal(special[i] != 0, is_special);
			assert_int_equal(lower[i] != 0, c >= 0x80 || (c >= 'a' && c <= 'z'));
			assert_int_equal(upper[i] != 0, c >= 0x80 || (c >= 'A' && c <= 'Z'));
			assert_int_equal(blanks[i] != 0, c == ' ' || (c >= 9 && c <= 13));
			assert_int_equal(plain[i] != 0, c > ',' && c < 0x80 && (i > 0 || c != '\\'));
			assert_int_equal(fe_text16_bits(special) >> i & 1, is_special);
			assert_int_equal(fe_text16_bits(upper) >> i & 1, upper[i] >= 0x80);
			any |= is_special;
		}
		assert_int_equal(fe_text16_any(special), any);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_is_loaded_whole_and_filled_up),
		cmocka_unit_test(an_empty_text_needs_no_bytes),
		cmocka_unit_test(special_bytes_and_letters_are_found_wherever_they_stand),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
