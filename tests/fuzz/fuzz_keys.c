// SPDX-License-Identifier: Apache-2.0
/* tests/fuzz/fuzz_keys.c - keys that are numbers in a wrapping, and the table that keeps them
 *
 * Lines are keys; from the first one a shape and a table are learnt. What a key's number is, is
 * told by single bytes as well, from the definition in base/keyshape.h; a number is of one key. The
 * table is held against a list that is searched from end to end.
 */
#include "base/keytable.h"
#include "harness.h"

#define MAX_KEYS 256

/* ---- the shape ---- */

struct wrapping {
	struct fe_str prefix;
	size_t min_digits;
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
learn(struct wrapping *w, struct fe_str key)
{
	size_t n = key.n;

	while (n > 0 && is_digit(key.p[n - 1]))
		n--;
	if (n == key.n || key.n > 16)
		return false;
	*w = (struct wrapping){ .prefix = { key.p, n }, .min_digits = key.p[n] == '0' ? key.n - n : 1 };
	return true;
}

static uint64_t
number_of(const struct wrapping *w, struct fe_str key)
{
	const size_t n_prefix = w->prefix.n;
	uint64_t number = 0;

	if (key.n > 16 || key.n < n_prefix + w->min_digits || (n_prefix && memcmp(key.p, w->prefix.p, n_prefix) != 0))
		return FE_NO_NUMBER;
	if (key.n > n_prefix + w->min_digits && key.p[n_prefix] == '0')
		return FE_NO_NUMBER;
	for (size_t i = n_prefix; i < key.n; i++) {
		if (!is_digit(key.p[i]))
			return FE_NO_NUMBER;
		number = number * 10 + (uint64_t)(key.p[i] - '0');
	}
	return number;
}

static void
check_shape(const struct fe_str *keys, size_t n)
{
	struct fe_keyshape shape;
	struct wrapping w;
	const bool is_learnt = learn(&w, keys[0]);

	expect(fe_keyshape_learn(&shape, FE_KEY_TEXT, keys[0]) == is_learnt);
	for (size_t i = 0; is_learnt && i < n; i++)
		expect(fe_keyshape_number(&shape, keys[i]) == number_of(&w, keys[i]));
}

/* ---- the table ---- */

static size_t
first_alike(const struct fe_str *keys, size_t i)
{
	size_t at = 0;

	while (!fe_str_eq(keys[at], keys[i]))
		at++;
	return at;
}

static void
meet(struct fe_keytable *t, const struct fe_str *keys, size_t i, void **values)
{
	struct fe_err err = FE_ERR_INIT;
	const size_t first = first_alike(keys, i);
	const uint64_t code = fe_keytable_code(t, keys[i]);

	expect(fe_keytable_has(t, code, keys[i]) == (first < i));
	if (first == i) {
		expect(fe_keytable_find(t, code, keys[i]) == NULL);
		expect(fe_keytable_add(t, code, keys[i], &values[i], &err) == FE_OK);
		memcpy(values[i], &i, sizeof i);
	}
	expect(fe_keytable_find(t, code, keys[i]) == values[first]);
	expect(memcmp(values[first], &first, sizeof first) == 0);
}

static void
check_table(const struct fe_str *keys, size_t n)
{
	static const struct fe_hash_key hash_key;
	struct fe_keytable t;
	void *values[MAX_KEYS];
	uint64_t n_keys = 0;

	fe_keytable_init(&t, sizeof(size_t), 0, &hash_key);
	fe_keytable_learn(&t, FE_KEY_TEXT, keys[0]);
	for (size_t i = 0; i < n; i++) {
		n_keys += first_alike(keys, i) == i;
		meet(&t, keys, i, values);
	}
	expect(t.n_keys == n_keys);
	for (size_t i = 0; i < n; i++)
		expect(fe_keytable_find(&t, fe_keytable_code(&t, keys[i]), keys[i]) == values[first_alike(keys, i)]);
	fe_keytable_reset(&t);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
	struct fe_str keys[MAX_KEYS];
	const size_t n = lines_of(data, n_bytes, keys, MAX_KEYS);

	check_shape(keys, n);
	check_table(keys, n);
	return 0;
}
