// SPDX-License-Identifier: Apache-2.0
/* Texts as numbers, and the values of columns that have few: numbers and texts are counted as
 * searching a list would count them, up to the value that is one too many. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "draws.h"
#include "quality/few.h"

/* ---- texts as numbers ---- */

static void
keys_of_texts_sort_as_their_bytes_do(void **state)
{
	uint64_t seed = 1;
	(void)state;
	for (int i = 0; i < 20000; i++) {
		size_t n[2];
		char *p[2]; /* of the heap and of the very size, so that reading past them is seen */
		struct fe_text_key key[2];
		for (int k = 0; k < 2; k++) {
			n[k] = draw(&seed) % 19;
			p[k] = fe_alloc(n[k] + (n[k] == 0));
			for (size_t b = 0; b < n[k]; b++)
				p[k][b] = (char)(draw(&seed) % 3 ? 'a' : draw(&seed));
			key[k] = fe_text_key((struct fe_str){ p[k], n[k] });
		}
		char padded[2][16] = { { 0 } };
		for (int k = 0; k < 2; k++)
			memcpy(padded[k], p[k], n[k] < 16 ? n[k] : 16);
		int order = memcmp(padded[0], padded[1], 16);
		assert_int_equal(fe_text_key_compare(key[0], key[1]), order < 0 ? -1 : order > 0);
		fe_free(p[0]);
		fe_free(p[1]);
	}
}

/* Up to 16 bytes, anywhere in memory: at the ends of its pages, too. */
static void
ends_and_length_tell_texts_apart(void **state)
{
	enum { PAGE = 4096 };
	uint64_t seed = 9;
	char *pages = fe_alloc(3 * PAGE), *page = pages + PAGE - (uintptr_t)pages % PAGE;
	(void)state;
	memset(pages, '?', 3 * PAGE);
	for (int i = 0; i < 20000; i++) {
		size_t n_bytes = draw(&seed) % 17;
		char one[16], other[16];
		for (size_t b = 0; b < n_bytes; b++)
			other[b] = one[b] = (char)(draw(&seed) % 3 ? 'a' : draw(&seed));
		if (n_bytes && i % 2)
			other[draw(&seed) % n_bytes] ^= (char)(1 << draw(&seed) % 8);
		char *at = page + PAGE - 20 + draw(&seed) % 24;
		memcpy(at, one, n_bytes);
		struct fe_text_ends a = fe_text_ends((struct fe_str){ at, n_bytes });
		memset(at, '?', n_bytes);
		at = page + draw(&seed) % PAGE;
		memcpy(at, other, n_bytes);
		struct fe_text_ends b = fe_text_ends((struct fe_str){ at, n_bytes });
		assert_int_equal(a.first == b.first && a.last == b.last, memcmp(one, other, n_bytes) == 0);
	}
	struct fe_text_ends none = fe_text_ends((struct fe_str){ NULL, 0 });
	assert_true(none.first == 0 && none.last == 0);
	fe_free(pages);
}

/* ---- few numbers ---- */

/* As the header says it, by searching. */
struct model { int64_t values[FE_FEW_VALUES]; uint64_t n[FE_FEW_VALUES]; size_t n_values; };

static bool
model_count(struct model *m, int64_t value)
{
	size_t k = 0;
	while (k < m->n_values && m->values[k] != value)
		k++;
	if (k == FE_FEW_VALUES)
		return false;
	if (k == m->n_values)
		m->values[m->n_values++] = value;
	m->n[k]++;
	return true;
}

static size_t
model_count_all(struct model *m, const int64_t *values, size_t n)
{
	size_t i = 0;
	while (i < n && model_count(m, values[i]))
		i++;
	return i;
}

/* Close together and far apart, in batches of any size, up to the value that is one too many. */
static void
few_numbers_are_counted_as_by_searching(void **state)
{
	static const uint64_t spreads[] = { 1, 2, 31, 63, 64, 65, 127, 128, 129, 256, 300, 100000 };
	static const int64_t firsts[] = { 0, -5, 2000, 1000000, INT64_MIN, INT64_MAX - 100000 };
	uint64_t seed = 8;
	(void)state;
	for (size_t round = 0; round < 720; round++) {
		struct fe_few few = { 0 };
		struct model m = { .n_values = 0 };
		bool is_full = false;
		for (size_t batch = 0; batch < 3 && !is_full; batch++) {
			int64_t values[MAX_ROWS];
			size_t n = draw(&seed) % MAX_ROWS;
			int64_t first = firsts[round / 12 % 6] + (int64_t)(draw(&seed) % 2 * 40);
			for (size_t i = 0; i < n; i++)
				values[i] = (int64_t)((uint64_t)first + draw(&seed) % spreads[round % 12] * (round % 5 + 1));
			if (n && round % 7 == 0) /* only the last one is far from the others */
				values[n - 1] = (int64_t)((uint64_t)values[n - 1] + 1000);
			size_t n_counted = fe_few_count_numbers(&few, values, all_rows(), n);
			assert_int_equal(n_counted, model_count_all(&m, values, n));
			is_full = n_counted < n;
		}
		struct fe_few_number out[FE_FEW_VALUES];
		fe_few_sort_numbers(&few, false, out);
		assert_int_equal(few.n_values, m.n_values);
		for (size_t k = 0; k < m.n_values; k++) {
			size_t at = 0;
			while (at < few.n_values && out[at].value != m.values[k])
				at++;
			assert_true(at < few.n_values && out[at].n == m.n[k] && (at == 0 || out[at - 1].value < out[at].value));
		}
		fe_few_reset(&few);
	}
}

/* ---- few texts ---- */

struct text_model { char values[FE_FEW_VALUES][32]; size_t n_bytes[FE_FEW_VALUES]; uint64_t n[FE_FEW_VALUES]; size_t n_values; };

static bool
text_model_count(struct text_model *m, struct fe_str text)
{
	size_t k = 0;
	while (k < m->n_values && !fe_str_eq((struct fe_str){ m->values[k], m->n_bytes[k] }, text))
		k++;
	if (k == FE_FEW_VALUES)
		return false;
	if (k == m->n_values) {
		if (text.n)
			memcpy(m->values[k], text.p, text.n);
		m->n_bytes[m->n_values++] = text.n;
	}
	m->n[k]++;
	return true;
}

/* Text `which` of many: of 0 to 31 bytes and different from others within, or all of one length and alike but for the end. */
static size_t
make_text(char *out, uint64_t which, uint64_t shape)
{
	bool is_alike = shape % 2;
	size_t n_bytes = is_alike ? 3 + shape / 2 : (which * 7 + shape) % 32;
	memset(out, 'x', n_bytes);
	for (size_t i = 0, at = is_alike ? n_bytes - 3 : n_bytes / 3; at < n_bytes && i < 3; i++, at++)
		out[at] = (char)('a' + draw(&which) % 26);
	return n_bytes;
}

/* A batch of texts that are constants, or of bytes of their own, or both in turn; a third of the rows is left out. */
static size_t
make_texts(struct fe_str *texts, uint16_t *rows, char *bytes, uint64_t n_different, uint64_t round, uint64_t *seed)
{
	static char constants[100][32];
	size_t n = 0;
	for (size_t row = 0; row < MAX_ROWS; row++) {
		uint64_t which = draw(seed) % n_different;
		bool is_constant = round % 3 == 0 || (round % 3 == 1 && row < 300);
		char *p = is_constant ? constants[which] : bytes;
		texts[row] = (struct fe_str){ p, make_text(p, which, round / 3) };
		bytes += is_constant ? 0 : texts[row].n + draw(seed) % 3;
		if (texts[row].n == 0 && draw(seed) & 1)
			texts[row].p = NULL;
		if (draw(seed) % 3)
			rows[n++] = (uint16_t)row;
	}
	return n;
}

static void
few_texts_are_counted_as_by_searching(void **state)
{
	static const uint64_t n_different[] = { 1, 2, 5, 12, 40, 63, 64, 65, 100 };
	char *bytes = fe_alloc(MAX_ROWS * 34);
	uint64_t seed = 10;
	(void)state;
	for (uint64_t round = 0; round < 9 * 3 * 32; round++) {
		struct fe_few few = { 0 };
		struct text_model m = { .n_values = 0 };
		bool is_full = false;
		for (size_t batch = 0; batch < 3 && !is_full; batch++) {
			struct fe_str texts[MAX_ROWS];
			uint16_t rows[MAX_ROWS];
			size_t n = make_texts(texts, rows, bytes, n_different[round % 9], round / 9, &seed), i = 0;
			while (i < n && text_model_count(&m, texts[rows[i]]))
				i++;
			assert_int_equal(fe_few_count_texts(&few, texts, rows, n), i);
			is_full = i < n;
		}
		struct fe_few_text out[FE_FEW_VALUES];
		fe_few_sort_texts(&few, false, out);
		assert_int_equal(few.n_values, m.n_values);
		for (size_t k = 0; k < m.n_values; k++) {
			size_t at = 0;
			while (at < few.n_values && !fe_str_eq(out[at].text, (struct fe_str){ m.values[k], m.n_bytes[k] }))
				at++;
			assert_true(at < few.n_values && out[at].n == m.n[k]);
			assert_true(at == 0 || fe_str_compare(out[at - 1].text, out[at].text) < 0);
		}
		fe_few_reset(&few);
	}
	fe_free(bytes);
}

static void
top_values_come_by_count_and_then_by_value(void **state)
{
	static const int64_t values[] = { 5, -1, 7, -1, 5, 9, 7, 7 };
	struct fe_few_number out[FE_FEW_VALUES];
	struct fe_few few = { 0 };
	(void)state;
	assert_int_equal(fe_few_count_numbers(&few, values, all_rows(), 8), 8);
	fe_few_sort_numbers(&few, true, out);
	assert_true(out[0].value == 7 && out[0].n == 3 && out[1].value == -1 && out[1].n == 2);
	assert_true(out[2].value == 5 && out[2].n == 2 && out[3].value == 9 && few.n_values == 4);
	fe_few_reset(&few);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_of_texts_sort_as_their_bytes_do),
		cmocka_unit_test(ends_and_length_tell_texts_apart),
		cmocka_unit_test(few_numbers_are_counted_as_by_searching),
		cmocka_unit_test(few_texts_are_counted_as_by_searching),
		cmocka_unit_test(top_values_come_by_count_and_then_by_value),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
