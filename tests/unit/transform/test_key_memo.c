// SPDX-License-Identifier: Apache-2.0
/* A memo may forget, but what it knows is so; small ones forget much. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "transform/key_memo.h"

#define N 64

static struct fe_hash_key hash_key;

struct values {
	char bytes[N][40];
	struct fe_str text[N];
	struct fe_column column;
};

/* A letter and a number of so many digits. */
static void
put(struct values *v, size_t row, char letter, int n_digits, unsigned number)
{
	int n = snprintf(v->bytes[row], sizeof v->bytes[row], "%c%0*u", letter, n_digits, number);
	v->text[row] = (struct fe_str){ v->bytes[row], (size_t)n };
	v->column.type.kind = FE_TEXT;
	v->column.text = v->text;
}

static uint64_t
recalled(const struct fe_key_memo *m, const struct values *v)
{
	uint64_t asked = UINT64_MAX, known = 0;
	fe_key_memo_recall(m, &v->column, &asked, N, &known);
	return known;
}

static void
memo_has_what_was_added_and_nothing_else(void **state)
{
	(void)state;
	struct fe_key_memo m;
	struct values v;
	uint64_t odd = UINT64_C(0xaaaaaaaaaaaaaaaa);

	fe_key_memo_init(&m, 1000, FE_KEY_MEMO_MAX_BYTES, &hash_key);
	for (size_t i = 0; i < N; i++)
		put(&v, i, 'C', 1, (unsigned)i);
	assert_int_equal(recalled(&m, &v), 0);
	fe_key_memo_add(&m, &v.column, &odd, N);
	assert_int_equal(recalled(&m, &v), odd);
	for (size_t i = 0; i < N; i++) /* the same with a zero byte behind it is another key */
		v.text[i].n++;
	assert_int_equal(recalled(&m, &v), 0);
	fe_key_memo_reset(&m);
}

static void
memo_asks_only_for_the_rows_that_are_asked(void **state)
{
	(void)state;
	struct fe_key_memo m;
	struct values v;
	uint64_t all = UINT64_MAX, asked = 6, known = 8;

	fe_key_memo_init(&m, 1000, FE_KEY_MEMO_MAX_BYTES, &hash_key);
	for (size_t i = 0; i < N; i++)
		put(&v, i, 'C', 1, (unsigned)i);
	fe_key_memo_add(&m, &v.column, &all, N);
	fe_key_memo_recall(&m, &v.column, &asked, N, &known);
	assert_int_equal(known, 6 | 8);
	fe_key_memo_reset(&m);
}

static void
memo_takes_keys_of_fifteen_bytes_and_none_of_sixteen(void **state)
{
	(void)state;
	struct fe_key_memo m;
	struct values v;
	uint64_t all = UINT64_MAX;

	fe_key_memo_init(&m, 1000, FE_KEY_MEMO_MAX_BYTES, &hash_key);
	for (size_t i = 0; i < N; i++)
		put(&v, i, 'L', i % 2 ? 14 : 15, (unsigned)i);
	v.text[3].n = 0;
	fe_key_memo_add(&m, &v.column, &all, N);
	assert_int_equal(recalled(&m, &v), UINT64_C(0xaaaaaaaaaaaaaaaa));
	fe_key_memo_reset(&m);
}

static void
memo_takes_numbers(void **state)
{
	(void)state;
	struct fe_key_memo m;
	int64_t numbers[N];
	struct fe_column column = { .type.kind = FE_INT, .i64 = numbers };
	uint64_t all = UINT64_MAX, known = 0;

	fe_key_memo_init(&m, 1000, FE_KEY_MEMO_MAX_BYTES, &hash_key);
	for (size_t i = 0; i < N; i++)
		numbers[i] = (int64_t)i - 32;
	fe_key_memo_add(&m, &column, &all, N);
	for (size_t i = 0; i < N; i++)
		numbers[i] += 32;
	fe_key_memo_recall(&m, &column, &all, N, &known);
	assert_int_equal(known, UINT32_MAX); /* 0 to 31 */
	fe_key_memo_reset(&m);
}

static void
memo_that_is_too_small_forgets_and_never_makes_up(void **state)
{
	(void)state;
	struct fe_key_memo m;
	struct values v;
	uint64_t all = UINT64_MAX;
	unsigned n_recalled = 0;

	fe_key_memo_init(&m, 48, FE_KEY_MEMO_MAX_BYTES, &hash_key);
	for (unsigned round = 0; round < 200; round++) {
		for (unsigned i = 0; i < N; i++)
			put(&v, i, 'K', 1, (round * N + i) * 2); /* the even ones only */
		fe_key_memo_add(&m, &v.column, &all, N);
		n_recalled += (unsigned)__builtin_popcountll(recalled(&m, &v));
		for (unsigned i = 0; i < N; i++)
			put(&v, i, 'K', 1, (round * N + i) * 2 + 1);
		assert_int_equal(recalled(&m, &v), 0);
	}
	assert_in_range(n_recalled, 200 * N / 4, 200 * N - 1);
	fe_key_memo_reset(&m);
}

static void
memo_without_room_has_nothing(void **state)
{
	(void)state;
	struct fe_key_memo m;
	struct values v;
	uint64_t all = UINT64_MAX;

	fe_key_memo_init(&m, 1000000, 1 << 20, &hash_key);
	for (size_t i = 0; i < N; i++)
		put(&v, i, 'C', 1, (unsigned)i);
	fe_key_memo_add(&m, &v.column, &all, N);
	assert_int_equal(recalled(&m, &v), 0);
	fe_key_memo_reset(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memo_has_what_was_added_and_nothing_else),
		cmocka_unit_test(memo_asks_only_for_the_rows_that_are_asked),
		cmocka_unit_test(memo_takes_keys_of_fifteen_bytes_and_none_of_sixteen),
		cmocka_unit_test(memo_takes_numbers),
		cmocka_unit_test(memo_that_is_too_small_forgets_and_never_makes_up),
		cmocka_unit_test(memo_without_room_has_nothing),
	};
	fe_hash_key_random(&hash_key);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
