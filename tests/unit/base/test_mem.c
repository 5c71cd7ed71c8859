// SPDX-License-Identifier: Apache-2.0
/* Arenas and bounded buffers. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

static void
arena_aligns_and_starts_anew_without_forgetting_its_chunk(void **state)
{
	struct fe_arena a = { 0 };
	char *first;

	(void)state;
	first = fe_arena_bytes(&a, 1);
	for (size_t n = 0; n < 30000; n++) {
		void *p = fe_arena_alloc(&a, n % 9 + 1);

		assert_int_equal((uintptr_t)p % 8, 0);
		memset(p, 1, n % 9 + 1);
	}
	assert_string_equal(fe_arena_copy(&a, "ab", 2), "ab");
	(void)fe_arena_bytes(&a, 200000); /* more than a chunk */
	fe_arena_reset(&a);
	assert_int_equal(a.used_bytes, 0);
	assert_ptr_equal(fe_arena_bytes(&a, 1), first);
	fe_arena_free(&a);
}

static void
grow_doubles_and_keeps(void **state)
{
	size_t cap = 0;
	uint32_t *p = NULL;

	(void)state;
	for (uint32_t i = 0; i < 1000; i++) {
		p = fe_grow(p, &cap, i + 1, sizeof(*p));
		p[i] = i;
	}
	assert_int_equal(cap, 1024);
	for (uint32_t i = 0; i < 1000; i++)
		assert_int_equal(p[i], i);
	fe_free(p);
}

static void
buf_ends_at_its_limit_and_stays_ended(void **state)
{
	struct fe_err err = FE_ERR_INIT;
	struct fe_buf b;

	(void)state;
	fe_buf_init(&b, 10);
	assert_string_equal(fe_buf_text(&b), "");
	fe_buf_addf(&b, "%s", "0123456789");
	assert_int_equal(fe_buf_check(&b, "it", &err), FE_OK);
	fe_buf_add_char(&b, 'x');
	assert_int_equal(fe_buf_check(&b, "it", &err), FE_ELIMIT);
	fe_buf_clear(&b);
	fe_buf_add_i64(&b, -42);
	assert_string_equal(fe_buf_text(&b), "-42");
	assert_false(fe_buf_reserve(&b, SIZE_MAX));
	fe_buf_reset(&b);
	fe_buf_reset(&b);
}

static void
buf_take_moves_the_bytes_out(void **state)
{
	struct fe_buf b;
	char *text;

	(void)state;
	fe_buf_init(&b, 10);
	fe_buf_add(&b, "a\0b", 3);
	text = fe_buf_take(&b);
	assert_memory_equal(text, "a\0b", 4);
	assert_int_equal(b.n_bytes, 0);
	fe_free(text);
	fe_buf_reset(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arena_aligns_and_starts_anew_without_forgetting_its_chunk),
		cmocka_unit_test(grow_doubles_and_keeps),
		cmocka_unit_test(buf_ends_at_its_limit_and_stays_ended),
		cmocka_unit_test(buf_take_moves_the_bytes_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
