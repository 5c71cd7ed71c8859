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

static bool
add_number(struct fe_few *f, struct fe_few_number *slot, int64_t value)
{
	if (f->n_values == FE_FEW_VALUES)
		return false;
	f->n_values++;
	*slot = (struct fe_few_number){ value, 1 };
	return true;
}

size_t
fe_few_count_numbers(struct fe_few *f, const int64_t *values, size_t n)
{
	if (!f->numbers)
		f->numbers = fe_new_array(FE_FEW_SLOTS, struct fe_few_number);
	struct fe_few_number *slots = f->numbers;
	for (size_t i = 0; i < n; i++) {
		size_t s = slot_of((uint64_t)values[i]);
		while (slots[s].value != values[i] && slots[s].n)
			s = (s + 1) % FE_FEW_SLOTS;
		if (slots[s].n)
			slots[s].n++;
		else if (!add_number(f, &slots[s], values[i]))
			return i;
	}
	return n;
}

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
