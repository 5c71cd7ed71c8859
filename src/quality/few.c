// SPDX-License-Identifier: Apache-2.0
/* quality/few.c - see quality/few.h */
#include "quality/few.h"

#include <stdlib.h>

#define HASH_MULTIPLIER UINT64_C(0x9e3779b97f4a7c15)

static size_t
slot_of(uint64_t v)
{
	return (size_t)(v * HASH_MULTIPLIER >> 56);
}

_Static_assert(FE_FEW_SLOTS == 1 << 8, "slot_of gives eight bits");

/* ---- numbers ---- */

/* The slot that has the value, or else a free one. */
static inline struct fe_few_number *
find_number(struct fe_few_number *slots, int64_t value)
{
	size_t s = slot_of((uint64_t)value);
	while (slots[s].value != value && slots[s].n)
		s = (s + 1) % FE_FEW_SLOTS;
	return &slots[s];
}

static bool
add_number(struct fe_few *f, int64_t value, uint64_t n)
{
	struct fe_few_number *slot = find_number(f->numbers, value);
	if (slot->n == 0 && f->n_values == FE_FEW_VALUES)
		return false;
	f->n_values += slot->n == 0;
	slot->value = value;
	slot->n += n;
	return true;
}

/* Values that lie close together, as parts of dates do: a counter each. In turns by four tables, as
 * adding again to what was just added to would have to wait for it. */
#define N_NEAR 256
#define N_TURNS 4

static bool
are_near(const int64_t *values, size_t n, uint64_t base)
{
	uint64_t far = 0;
	for (size_t i = 0; i < n; i++)
		far |= (uint64_t)values[i] - base;
	return far < N_NEAR;
}

static void
count_near(uint32_t counts[N_TURNS][N_NEAR], const int64_t *values, size_t n, uint64_t base)
{
	size_t i = 0;

	for (; i + N_TURNS <= n; i += N_TURNS)
		for (size_t turn = 0; turn < N_TURNS; turn++)
			counts[turn][(uint64_t)values[i + turn] - base]++;
	for (; i < n; i++)
		counts[0][(uint64_t)values[i] - base]++;
	for (size_t k = 0; k < N_NEAR; k++)
		counts[0][k] += counts[1][k] + counts[2][k] + counts[3][k];
}

/* How many values that are not counted yet are among those. */
static size_t
n_new(const struct fe_few *f, const uint32_t *counts, uint64_t base)
{
	size_t n = 0;
	for (size_t k = 0; k < N_NEAR; k++)
		n += counts[k] && find_number(f->numbers, (int64_t)(base + k))->n == 0;
	return n;
}

/* All of them, or none: false. */
static bool
take_near(struct fe_few *f, const int64_t *values, size_t n)
{
	const uint64_t base = (uint64_t)values[0] - N_NEAR / 2;

	if (n > UINT32_MAX || !are_near(values, n, base))
		return false;
	uint32_t counts[N_TURNS][N_NEAR] = { { 0 } };
	count_near(counts, values, n, base);
	if (n_new(f, counts[0], base) > FE_FEW_VALUES - f->n_values)
		return false;
	for (size_t k = 0; k < N_NEAR; k++)
		if (counts[0][k])
			(void)add_number(f, (int64_t)(base + k), counts[0][k]); /* for which there is room */
	return true;
}

size_t
fe_few_count_numbers(struct fe_few *f, const int64_t *values, size_t n)
{
	if (!f->numbers)
		f->numbers = fe_new_array(FE_FEW_SLOTS, struct fe_few_number);
	if (n >= N_NEAR && take_near(f, values, n))
		return n;
	for (size_t i = 0; i < n; i++) {
		struct fe_few_number *slot = find_number(f->numbers, values[i]);
		if (__builtin_expect(slot->n > 0, 1))
			slot->n++;
		else if (!add_number(f, values[i], 1))
			return i;
	}
	return n;
}

/* ---- texts ---- */

static bool
add_text(struct fe_few *f, struct fe_few_text *slot, struct fe_text_key key, struct fe_str text)
{
	if (f->n_values == FE_FEW_VALUES || text.n > FE_FEW_TEXT_BYTES - f->arena.used_bytes)
		return false;
	f->n_values++;
	char *p = fe_arena_bytes(&f->arena, text.n);
	if (text.n)
		memcpy(p, text.p, text.n);
	*slot = (struct fe_few_text){ key, { p, text.n }, 1 };
	return true;
}

static inline bool
is_text(const struct fe_few_text *slot, struct fe_text_key key, struct fe_str text)
{
	return slot->key.head == key.head && slot->key.tail == key.tail && slot->text.n == text.n &&
	       (text.n <= FE_TEXT_KEY_BYTES || memcmp(slot->text.p, text.p, text.n) == 0);
}

size_t
fe_few_count_texts(struct fe_few *f, const struct fe_str *texts, const uint16_t *rows, size_t n)
{
	if (!f->texts)
		f->texts = fe_new_array(FE_FEW_SLOTS, struct fe_few_text);
	struct fe_few_text *slots = f->texts;
	for (size_t i = 0; i < n; i++) {
		struct fe_str text = texts[rows[i]];
		struct fe_text_key key = fe_text_key(text);
		size_t s = slot_of((key.head ^ key.tail * HASH_MULTIPLIER) + text.n);
		while (slots[s].n && !is_text(&slots[s], key, text))
			s = (s + 1) % FE_FEW_SLOTS;
		if (slots[s].n)
			slots[s].n++;
		else if (!add_text(f, &slots[s], key, text))
			return i;
	}
	return n;
}

/* ---- in order ---- */

static int
by_number(const void *a, const void *b)
{
	const struct fe_few_number *x = a, *y = b;
	return x->value < y->value ? -1 : x->value > y->value;
}

static int
by_count_of_number(const void *a, const void *b)
{
	const struct fe_few_number *x = a, *y = b;
	return x->n != y->n ? (x->n < y->n ? 1 : -1) : by_number(a, b);
}

void
fe_few_sort_numbers(const struct fe_few *f, bool by_count, struct fe_few_number out[FE_FEW_VALUES])
{
	size_t n = 0;
	for (size_t i = 0; f->numbers && i < FE_FEW_SLOTS; i++)
		if (f->numbers[i].n)
			out[n++] = f->numbers[i];
	qsort(out, n, sizeof(*out), by_count ? by_count_of_number : by_number);
}

static int
by_text(const void *a, const void *b)
{
	const struct fe_few_text *x = a, *y = b;
	return fe_str_compare(x->text, y->text);
}

static int
by_count_of_text(const void *a, const void *b)
{
	const struct fe_few_text *x = a, *y = b;
	return x->n != y->n ? (x->n < y->n ? 1 : -1) : by_text(a, b);
}

void
fe_few_sort_texts(const struct fe_few *f, bool by_count, struct fe_few_text out[FE_FEW_VALUES])
{
	size_t n = 0;
	for (size_t i = 0; f->texts && i < FE_FEW_SLOTS; i++)
		if (f->texts[i].n)
			out[n++] = f->texts[i];
	qsort(out, n, sizeof(*out), by_count ? by_count_of_text : by_text);
}

void
fe_few_reset(struct fe_few *f)
{
	fe_free(f->numbers);
	fe_arena_free(&f->arena);
	*f = (struct fe_few){ 0 };
}
