// SPDX-License-Identifier: Apache-2.0
/* Keys that are numbers: what is one, and a table that has learnt it against a plain array. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/keytable.h"

static struct fe_hash_key hash_key;

static struct fe_str
word_of(int64_t *number)
{
	return (struct fe_str){ (const char *)number, sizeof *number };
}

static void
shape_tells_the_number_of_keys_that_are_wrapped_alike(void **state)
{
	static const struct { const char *learnt, *key; uint64_t number; } cases[] = {
		{ "TXN0000000001", "TXN0000000042", 42 },
		{ "TXN0000000001", "TXN9999999999", UINT64_C(9999999999) },
		{ "TXN0000000001", "TXN10000000000", UINT64_C(10000000000) },
		{ "TXN0000000001", "TXN00000000042", FE_NO_NUMBER }, /* another width, filled up */
		{ "TXN0000000001", "TXN000000042", FE_NO_NUMBER },
		{ "TXN0000000001", "txn0000000042", FE_NO_NUMBER },
		{ "TXN0000000001", "TXM0000000042", FE_NO_NUMBER },
		{ "TXN0000000001", "TXN000000004x", FE_NO_NUMBER },
		{ "TXN0000000001", "TXN00000:0042", FE_NO_NUMBER },
		{ "TXN0000000001", "TXN00000/0042", FE_NO_NUMBER },
		{ "TXN0000000001", "TXN", FE_NO_NUMBER },
		{ "TXN0000000001", "", FE_NO_NUMBER },
		{ "TXN0000000001", "TXN00000000000042", FE_NO_NUMBER },
		{ "C42", "C0", 0 },
		{ "C42", "", FE_NO_NUMBER },
		{ "C42", "C", FE_NO_NUMBER },
		{ "C42", "C7", 7 },
		{ "C42", "C07", FE_NO_NUMBER },
		{ "C42", "C00", FE_NO_NUMBER },
		{ "C42", "C123456789012345", UINT64_C(123456789012345) },
		{ "C42", "C1234567890123456", FE_NO_NUMBER }, /* longer than a vector */
		{ "17", "1", 1 },
		{ "17", "9999999999999999", UINT64_C(9999999999999999) },
		{ "17", "-1", FE_NO_NUMBER },
		{ "0", "0", 0 },
		{ "0", "10", 10 },
		{ "0", "01", FE_NO_NUMBER },
		{ "C1234567", "C7654321", 7654321 }, /* eight bytes and more: the words of the usual length */
		{ "C1234567", "C0654321", FE_NO_NUMBER },
		{ "C1234567", "D7654321", FE_NO_NUMBER },
		{ "C1234567", "C76543:1", FE_NO_NUMBER },
		{ "1234567890123456", "9999999999999998", UINT64_C(9999999999999998) },
		{ "1234567890123456", "9999999x99999998", FE_NO_NUMBER },
		{ "1234567890123456", "x999999999999998", FE_NO_NUMBER },
		{ "ABCDEFGH01234567", "ABCDEFGH00000001", 1 },
		{ "ABCDEFGH01234567", "ABCDEFGI00000001", FE_NO_NUMBER },
		{ "2024-INV-0007", "2024-INV-0008", 8 },
		{ "2024-INV-0007", "2025-INV-0008", FE_NO_NUMBER },
		{ "ABCDEFGHIJKLMNO1", "ABCDEFGHIJKLMNO2", 2 },
		{ "ABCDEFGHIJKLMNO1", "ABCDEFGHIJKLMNP2", FE_NO_NUMBER },
		{ "\xc3\xa9" "007", "\xc3\xa9" "008", 8 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fe_keyshape s;
		struct fe_str learnt = { cases[i].learnt, strlen(cases[i].learnt) };
		struct fe_str key = { cases[i].key, strlen(cases[i].key) };
		assert_true(fe_keyshape_learn(&s, FE_KEY_TEXT, learnt));
		if (fe_keyshape_number(&s, key) != cases[i].number)
			fail_msg("'%s' after '%s': %" PRIu64, cases[i].key, cases[i].learnt, fe_keyshape_number(&s, key));
	}
}

static void
shape_is_not_learnt_from_what_is_no_number(void **state)
{
	struct fe_keyshape s;
	int64_t negative = -1, great = INT64_C(1) << 62;

	(void)state;
	assert_false(fe_keyshape_learn(&s, FE_KEY_TEXT, (struct fe_str){ NULL, 0 }));
	assert_false(fe_keyshape_learn(&s, FE_KEY_TEXT, FE_STR("A")));
	assert_false(fe_keyshape_learn(&s, FE_KEY_TEXT, FE_STR("1A")));
	assert_false(fe_keyshape_learn(&s, FE_KEY_TEXT, FE_STR("12345678901234567")));
	assert_false(fe_keyshape_learn(&s, FE_KEY_WORD, word_of(&negative)));
	assert_false(fe_keyshape_learn(&s, FE_KEY_WORD, word_of(&great)));
}

/* All texts of up to six of these characters: each number is of one of them. */
static void
shape_gives_each_number_to_one_key(void **state)
{
	static const char *learnt[] = { "A0", "A00", "A1", "0", "000", "1", "9A01" };
	static const char characters[] = "A019";

	(void)state;
	for (size_t l = 0; l < sizeof learnt / sizeof *learnt; l++) {
		struct fe_keyshape s;
		char *met = calloc(1000000, 1);
		size_t n_numbers = 0;
		assert_true(fe_keyshape_learn(&s, FE_KEY_TEXT, (struct fe_str){ learnt[l], strlen(learnt[l]) }));
		for (size_t n = 1; n <= 6; n++) {
			for (size_t code = 0; code < (size_t)1 << 2 * n; code++) {
				char key[6];
				for (size_t i = 0; i < n; i++)
					key[i] = characters[code >> 2 * i & 3];
				uint64_t number = fe_keyshape_number(&s, (struct fe_str){ key, n });
				if (number == FE_NO_NUMBER)
					continue;
				assert_true(number < 1000000);
				assert_false(met[number]);
				met[number] = 1;
				n_numbers++;
			}
		}
		assert_true(n_numbers > 5);
		free(met);
	}
}

/* ---- the table ---- */

#define MAX_NUMBERS 400000

struct model {
	struct fe_keytable table;
	void **values; /* [MAX_NUMBERS], NULL: the key is not there */
	uint64_t n_keys;
	bool is_word;
};

static struct fe_str
key_of(const struct model *m, uint64_t number, char room[32], int64_t *word)
{
	*word = (int64_t)number * 3 - 5;
	if (m->is_word)
		return word_of(word);
	/* Each seventh has another shape. */
	int n = snprintf(room, 32, number % 7 ? "ID%06" PRIu64 : "id-%" PRIu64 "-x", number);
	return (struct fe_str){ room, (size_t)n };
}

static void
meet(struct model *m, uint64_t number)
{
	char room[32];
	int64_t word;
	struct fe_err err = FE_ERR_INIT;
	struct fe_str key = key_of(m, number, room, &word);
	if (m->n_keys == 0)
		fe_keytable_learn(&m->table, m->is_word ? FE_KEY_WORD : FE_KEY_TEXT, key);
	uint64_t code = fe_keytable_code(&m->table, key), got;
	fe_keytable_prefetch(&m->table, code);
	fe_keytable_prefetch_entry(&m->table, code);
	void *value = fe_keytable_find(&m->table, code, key);
	assert_ptr_equal(value, m->values[number]);
	if (!value) {
		assert_int_equal(fe_keytable_add(&m->table, code, key, &value, &err), FE_OK);
		memcpy(&got, value, sizeof got);
		assert_true(got == 0);
		memcpy(value, &number, sizeof number);
		m->values[number] = value;
		assert_true(m->table.n_keys == ++m->n_keys);
	}
	memcpy(&got, value, sizeof got);
	assert_true(got == number);
}

static void
check_all(struct model *m)
{
	char room[32];
	int64_t word;
	uint64_t got;

	for (uint64_t i = 0; i < MAX_NUMBERS; i++) {
		struct fe_str key = key_of(m, i, room, &word);
		void *value = fe_keytable_find(&m->table, fe_keytable_code(&m->table, key), key);
		assert_ptr_equal(value, m->values[i]);
		if (!value)
			continue;
		memcpy(&got, value, sizeof got);
		assert_true(got == i);
	}
}

static uint64_t
rising(uint64_t i) { return i / 2; }
static uint64_t
falling(uint64_t i) { return MAX_NUMBERS - 1 - i / 2; }
static uint64_t
scattered(uint64_t i) { return i * UINT64_C(0x9e3779b97f4a7c15) % MAX_NUMBERS; }
static uint64_t
sparse(uint64_t i) { return i % 2000 * 199; }
static uint64_t
outwards(uint64_t i) { return MAX_NUMBERS / 2 + (i % 2 ? i / 2 : -(i / 2) - 1) % (MAX_NUMBERS / 2); }

static void
table_of_numbers_knows_what_a_plain_array_knows(void **state)
{
	static uint64_t (*const orders[])(uint64_t) = { rising, falling, scattered, sparse, outwards };

	(void)state;
	for (size_t o = 0; o < 2 * (sizeof orders / sizeof *orders); o++) {
		struct model m = { .values = calloc(MAX_NUMBERS, sizeof *m.values), .is_word = o % 2 };
		fe_keytable_init(&m.table, 16, 0, &hash_key);
		for (uint64_t i = 0; i < 300000; i++)
			meet(&m, orders[o / 2](i + 3));
		check_all(&m);
		fe_keytable_reset(&m.table);
		free(m.values);
	}
}

static void
table_of_numbers_that_rise_takes_their_values_and_little_more(void **state)
{
	struct fe_keytable t;
	struct fe_err err = FE_ERR_INIT;
	const int64_t n = 1000000;
	void *value;

	(void)state;
	fe_keytable_init(&t, 32, 0, &hash_key);
	for (int64_t i = 0; i < n; i++) {
		struct fe_str key = word_of(&i);
		fe_keytable_learn(&t, FE_KEY_WORD, key);
		assert_int_equal(fe_keytable_add(&t, fe_keytable_code(&t, key), key, &value, &err), FE_OK);
	}
	assert_true(fe_keytable_is_numbered(&t));
	assert_true(fe_keytable_bytes(&t) < 36 * (uint64_t)n);
	fe_keytable_reset(&t);
}

static void
table_of_numbers_far_apart_takes_as_little_as_one_of_texts(void **state)
{
	struct fe_keytable t, plain;
	struct fe_err err = FE_ERR_INIT;
	void *value;

	(void)state;
	fe_keytable_init(&t, 32, 0, &hash_key);
	fe_keytable_init(&plain, 32, 0, &hash_key);
	for (int64_t i = 0; i < 200000; i++) {
		int64_t number = i * 100003;
		struct fe_str key = word_of(&number);
		fe_keytable_learn(&t, FE_KEY_WORD, key);
		assert_int_equal(fe_keytable_add(&t, fe_keytable_code(&t, key), key, &value, &err), FE_OK);
		assert_int_equal(fe_keytable_add(&plain, fe_keytable_code(&plain, key), key, &value, &err), FE_OK);
	}
	assert_false(fe_keytable_is_numbered(&t));
	assert_true(fe_keytable_bytes(&t) < fe_keytable_bytes(&plain) + (3u << 20));
	fe_keytable_reset(&t);
	fe_keytable_reset(&plain);
}

static void
table_with_a_limit_learns_nothing(void **state)
{
	struct fe_keytable t;
	struct fe_str key = FE_STR("A1");

	(void)state;
	fe_keytable_init(&t, 8, 1 << 20, &hash_key);
	fe_keytable_learn(&t, FE_KEY_TEXT, key);
	assert_true(fe_keytable_code(&t, key) == fe_hash64(&hash_key, key.p, key.n));
	assert_false(fe_keytable_is_numbered(&t));
	fe_keytable_reset(&t);
}

static int
setup(void **state)
{
	(void)state;
	fe_hash_key_random(&hash_key);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shape_tells_the_number_of_keys_that_are_wrapped_alike),
		cmocka_unit_test(shape_is_not_learnt_from_what_is_no_number),
		cmocka_unit_test(shape_gives_each_number_to_one_key),
		cmocka_unit_test(table_of_numbers_knows_what_a_plain_array_knows),
		cmocka_unit_test(table_of_numbers_that_rise_takes_their_values_and_little_more),
		cmocka_unit_test(table_of_numbers_far_apart_takes_as_little_as_one_of_texts),
		cmocka_unit_test(table_with_a_limit_learns_nothing),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
