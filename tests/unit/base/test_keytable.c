// SPDX-License-Identifier: Apache-2.0
/* Keys in memory and on disk, against a plain array that knows all of them. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/keytable.h"
#include "base/keytable_private.h"

#define BATCH 97
#define MAX_KEYS 12000

static struct fe_hash_key hash_key;

/* A key's text: of any length, also none. Equal numbers, equal texts. */
static struct fe_str
text_of(uint32_t number, char *room)
{
	size_t n_fill = number % 23;
	if (number == 0)
		return (struct fe_str){ room, 0 };
	int n = snprintf(room, 64, "%u-", number);
	memset(room + n, 'x', n_fill);
	return (struct fe_str){ room, (size_t)n + n_fill };
}

struct batch {
	char rooms[BATCH][64];
	uint32_t numbers[BATCH];
	uint64_t hashes[BATCH];
	struct fe_str keys[BATCH];
};

struct model {
	struct fe_keytable table;
	uint64_t values[MAX_KEYS]; /* 0: the key is not there */
	uint64_t n_keys;
	uint32_t chance;
};

static uint32_t
draw(struct model *m, uint32_t below)
{
	m->chance = m->chance * 1664525u + 1013904223u;
	return (uint32_t)((uint64_t)(m->chance >> 4) * below >> 28);
}

static struct model *
model_new(uint64_t max_bytes, bool spills)
{
	struct model *m = calloc(1, sizeof *m);
	fe_keytable_init(&m->table, sizeof(uint64_t), max_bytes, &hash_key);
	if (spills)
		fe_keytable_spill_to(&m->table, "/tmp");
	m->chance = 7;
	return m;
}

static void
model_free(struct model *m)
{
	fe_keytable_reset(&m->table);
	free(m);
}

static void
fill(struct model *m, struct batch *b, uint32_t n_numbers)
{
	uint64_t n_bytes = 0;
	struct fe_err err = FE_ERR_INIT;

	for (size_t i = 0; i < BATCH; i++) {
		b->numbers[i] = draw(m, n_numbers);
		b->keys[i] = text_of(b->numbers[i], b->rooms[i]);
		b->hashes[i] = fe_hash64(&hash_key, b->keys[i].p, b->keys[i].n);
		n_bytes += b->keys[i].n;
	}
	assert_int_equal(fe_keytable_begin(&m->table, BATCH, n_bytes, &err), FE_OK);
	assert_int_equal(fe_keytable_recall(&m->table, b->hashes, b->keys, NULL, BATCH, &err), FE_OK);
}

/* Looks up, adds and changes values at random. */
static void
step(struct model *m, uint32_t n_numbers)
{
	struct batch b;
	struct fe_err err = FE_ERR_INIT;

	fill(m, &b, n_numbers);
	for (size_t i = 0; i < BATCH; i++) {
		uint64_t *expected = &m->values[b.numbers[i]], got = 0;
		void *value = fe_keytable_find(&m->table, b.hashes[i], b.keys[i]);
		if (value)
			memcpy(&got, value, sizeof got);
		assert_true(got == *expected);
		uint32_t what = draw(m, 4);
		if (!value && what != 0) {
			assert_int_equal(fe_keytable_add(&m->table, b.hashes[i], b.keys[i], &value, &err), FE_OK);
			memcpy(&got, value, sizeof got);
			assert_true(got == 0);
			m->n_keys++;
		}
		if (value && what != 1) {
			*expected = (uint64_t)draw(m, 1u << 20) + 1;
			memcpy(value, expected, sizeof *expected);
		} else if (value && *expected == 0) {
			*expected = 1;
			memcpy(value, expected, sizeof *expected);
		}
	}
	assert_true(m->table.n_keys == m->n_keys);
}

static void
check_all(struct model *m)
{
	struct fe_key_cursor at = { 0 };
	struct fe_err err = FE_ERR_INIT;
	bool *met = calloc(MAX_KEYS, sizeof *met);
	uint64_t n = 0;

	for (;; n++) {
		struct fe_str key;
		const void *value;
		uint64_t got;
		char copy[64] = { 0 };
		assert_int_equal(fe_keytable_next(&m->table, &at, &key, &value, &err), FE_OK);
		if (!key.p)
			break;
		assert_true(key.n < sizeof copy);
		memcpy(copy, key.p, key.n);
		unsigned long number = strtoul(copy, NULL, 10);
		char room[64];
		assert_true(fe_str_eq(key, text_of((uint32_t)number, room)));
		assert_false(met[number]);
		met[number] = true;
		memcpy(&got, value, sizeof got);
		assert_true(got == m->values[number]);
	}
	assert_true(n == m->n_keys);
	free(met);
}

static void
keytable_on_disk_is_what_it_is_in_memory(void **state)
{
	/* From a cap at which every batch leaves, by way of many runs that become one again and
	 * again, to one that is hardly reached. */
	static const uint64_t caps[] = { 1, 1100000, 4u << 20 };
	(void)state;
	for (size_t c = 0; c < sizeof caps / sizeof *caps; c++) {
		struct model *m = model_new(caps[c], true);
		for (uint32_t i = 0; i < 200; i++)
			step(m, i % 5 ? MAX_KEYS : 900);
		assert_true(fe_keytable_is_on_disk(&m->table) == (c < 2));
		check_all(m);
		for (uint32_t i = 0; i < 10; i++) /* it goes on after that */
			step(m, MAX_KEYS);
		check_all(m);
		model_free(m);
	}
}

static void
keytable_keeps_to_its_cap(void **state)
{
	const uint64_t cap = 4u << 20;
	struct model *m = model_new(cap, true);
	struct fe_err err = FE_ERR_INIT;

	(void)state;
	for (uint64_t i = 0; i < 300000; i += BATCH) { /* keys that are new, of eight bytes: 10 MiB in memory */
		struct fe_str keys[BATCH];
		uint64_t numbers[BATCH], hashes[BATCH];
		for (size_t k = 0; k < BATCH; k++) {
			numbers[k] = i + k;
			keys[k] = (struct fe_str){ (char *)&numbers[k], sizeof numbers[k] };
			hashes[k] = fe_hash64(&hash_key, keys[k].p, keys[k].n);
		}
		assert_int_equal(fe_keytable_begin(&m->table, BATCH, sizeof numbers, &err), FE_OK);
		assert_int_equal(fe_keytable_recall(&m->table, hashes, keys, NULL, BATCH, &err), FE_OK);
		for (size_t k = 0; k < BATCH; k++) {
			void *value;
			assert_null(fe_keytable_find(&m->table, hashes[k], keys[k]));
			assert_int_equal(fe_keytable_add(&m->table, hashes[k], keys[k], &value, &err), FE_OK);
		}
		assert_true(fe_keytable_bytes(&m->table) <= cap);
	}
	model_free(m);
}

static void
keytable_recalls_the_rows_that_are_named(void **state)
{
	struct model *m = model_new(1, true);
	struct fe_err err = FE_ERR_INIT;
	struct batch b;
	const uint32_t rows[] = { 5, 90 };

	(void)state;
	for (uint32_t i = 0; i < 20; i++)
		step(m, 50);
	fill(m, &b, 50);
	assert_int_equal(fe_keytable_begin(&m->table, 2, 100, &err), FE_OK); /* all have left again */
	assert_null(fe_keytable_find(&m->table, b.hashes[5], b.keys[5]));
	assert_int_equal(fe_keytable_recall(&m->table, b.hashes, b.keys, rows, 2, &err), FE_OK);
	for (size_t i = 0; i < 2; i++) {
		uint64_t got = 0;
		void *value = fe_keytable_find(&m->table, b.hashes[rows[i]], b.keys[rows[i]]);
		if (value)
			memcpy(&got, value, sizeof got);
		assert_true(got == m->values[b.numbers[rows[i]]]);
	}
	model_free(m);
}

/* Runs until a batch fails. */
static enum fe_rc
step_until_failure(struct model *m, struct fe_err *err)
{
	enum fe_rc rc = FE_OK;
	for (uint32_t i = 0; i < 1000 && rc == FE_OK; i++) {
		char room[64];
		void *value;
		struct fe_str key = text_of(i, room);
		uint64_t hash = fe_hash64(&hash_key, key.p, key.n);
		rc = fe_keytable_begin(&m->table, 1, key.n, err);
		if (rc == FE_OK)
			rc = fe_keytable_recall(&m->table, &hash, &key, NULL, 1, err);
		if (rc == FE_OK && !fe_keytable_find(&m->table, hash, key))
			rc = fe_keytable_add(&m->table, hash, key, &value, err);
	}
	return rc;
}

static void
keytable_says_which_folder_takes_no_more(void **state)
{
	struct model *m = model_new(1, true);
	struct fe_err err = FE_ERR_INIT;
	struct rlimit old, small;

	(void)state;
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = (struct rlimit){ .rlim_cur = 8192, .rlim_max = old.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	enum fe_rc rc = step_until_failure(m, &err);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(rc, FE_ELIMIT); /* EFBIG */
	assert_non_null(strstr(err.text, "keys set aside on disk"));
	assert_non_null(strstr(err.object, "/tmp"));
	model_free(m);
}

static void
keytable_needs_a_folder_that_is_there(void **state)
{
	struct fe_keytable t;
	struct fe_err err = FE_ERR_INIT;
	void *value;

	(void)state;
	fe_keytable_init(&t, 0, 1, &hash_key);
	fe_keytable_spill_to(&t, "/tmp/finetl-no-such-folder");
	assert_int_equal(fe_keytable_begin(&t, 1, 1, &err), FE_OK);
	assert_int_equal(fe_keytable_add(&t, 1, FE_STR("a"), &value, &err), FE_OK);
	assert_int_not_equal(fe_keytable_begin(&t, 1, 1, &err), FE_OK);
	fe_keytable_reset(&t);
}

static void
keytable_does_not_take_the_disk_at_its_word(void **state)
{
	struct model *m = model_new(1, true);
	struct fe_err err = FE_ERR_INIT;
	struct batch b;
	enum fe_rc rc = FE_OK;

	(void)state;
	for (uint32_t i = 0; i < 20; i++)
		step(m, 2000);
	fill(m, &b, 2000);
	assert_int_equal(fe_keytable_begin(&m->table, BATCH, 4000, &err), FE_OK);
	for (uint64_t at = 0; at < m->table.runs->size_bytes; at += 64) { /* a bit of each bucket's head or entries */
		unsigned char byte;
		assert_int_equal(pread(m->table.runs->fd, &byte, 1, (off_t)at + 17), 1);
		byte ^= 4;
		assert_int_equal(pwrite(m->table.runs->fd, &byte, 1, (off_t)at + 17), 1);
	}
	rc = fe_keytable_recall(&m->table, b.hashes, b.keys, NULL, BATCH, &err);
	assert_int_equal(rc, FE_EUNAVAIL);
	assert_non_null(strstr(err.text, "came back changed"));
	assert_int_equal(ftruncate(m->table.runs->fd, 0), 0);
	rc = fe_keytable_recall(&m->table, b.hashes, b.keys, NULL, BATCH, &err);
	assert_int_equal(rc, FE_EUNAVAIL);
	model_free(m);
}

static void
keytable_takes_the_longest_key_to_disk_and_back(void **state)
{
	struct fe_keytable t;
	struct fe_err err = FE_ERR_INIT;
	size_t n = (1u << 20) - 8 - 4 - 16 - 2 * 8;
	char *big = calloc(1, n + 4);
	struct fe_str key = { big, n }, longer = { big, n + 1 };
	uint64_t hash = fe_hash64(&hash_key, key.p, key.n), set = 5, got;
	void *value;

	(void)state;
	fe_keytable_init(&t, 8, 1, &hash_key);
	fe_keytable_spill_to(&t, "/tmp");
	assert_int_equal(fe_keytable_add(&t, 1, longer, &value, &err), FE_ELIMIT);
	assert_int_equal(fe_keytable_add(&t, hash, key, &value, &err), FE_OK);
	memcpy(value, &set, sizeof set);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(fe_keytable_begin(&t, 1, n, &err), FE_OK);
		assert_null(fe_keytable_find(&t, hash, key));
		assert_int_equal(fe_keytable_recall(&t, &hash, &key, NULL, 1, &err), FE_OK);
		value = fe_keytable_find(&t, hash, key);
		assert_non_null(value);
		memcpy(&got, value, sizeof got);
		assert_true(got == set);
		set++;
		memcpy(value, &set, sizeof set);
	}
	assert_true(t.n_keys == 1);
	fe_keytable_reset(&t);
	free(big);
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
		cmocka_unit_test(keytable_on_disk_is_what_it_is_in_memory),
		cmocka_unit_test(keytable_keeps_to_its_cap),
		cmocka_unit_test(keytable_recalls_the_rows_that_are_named),
		cmocka_unit_test(keytable_says_which_folder_takes_no_more),
		cmocka_unit_test(keytable_needs_a_folder_that_is_there),
		cmocka_unit_test(keytable_does_not_take_the_disk_at_its_word),
		cmocka_unit_test(keytable_takes_the_longest_key_to_disk_and_back),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
