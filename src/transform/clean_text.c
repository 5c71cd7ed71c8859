// SPDX-License-Identifier: Apache-2.0
/* transform/clean_text.c - texts of many bytes, sixteen at a time; and tables of texts */
#include "transform/clean_text.h"

#include <stdlib.h>

/* Of every sixteen bytes; the last of them overlap those before. */
bool
fe_text_long_is_plain_ascii(struct fe_str s)
{
	const fe_text16 zeros = { 0 }, tops = fe_text16_all((char)0x80);
	fe_text16 t = fe_text16_at(s.p + s.n - FE_TEXT16_BYTES), bad = (t & tops) | (fe_text16)(t == zeros);

	for (size_t i = 0; i + FE_TEXT16_BYTES < s.n; i += FE_TEXT16_BYTES) {
		t = fe_text16_at(s.p + i);
		bad |= (t & tops) | (fe_text16)(t == zeros);
	}
	return !fe_text16_any(bad);
}

bool
fe_text_long_has_case(struct fe_str s, char first_other)
{
	fe_text16 bad = fe_text16_letters(fe_text16_at(s.p + s.n - FE_TEXT16_BYTES), first_other);

	for (size_t i = 0; i + FE_TEXT16_BYTES < s.n; i += FE_TEXT16_BYTES)
		bad |= fe_text16_letters(fe_text16_at(s.p + i), first_other);
	return !fe_text16_any(bad);
}

static int
compare_texts(struct fe_str a, struct fe_str b)
{
	if (a.n != b.n)
		return a.n < b.n ? -1 : 1;
	return a.n ? memcmp(a.p, b.p, a.n) : 0;
}

static int
compare_entries(const void *a, const void *b)
{
	return compare_texts(((const struct fe_text_entry *)a)->from, ((const struct fe_text_entry *)b)->from);
}

static void
sort_table(struct fe_text_table *t)
{
	if (t->n_pairs > 1)
		qsort(t->pairs, t->n_pairs, sizeof *t->pairs, compare_entries);
}

void
fe_text_table_init_list(struct fe_text_table *t, const char *const *texts, size_t n)
{
	*t = (struct fe_text_table){ .pairs = fe_new_array(n + 1, struct fe_text_entry), .n_pairs = n };
	for (size_t i = 0; i < n; i++)
		t->pairs[i].from = fe_str_of(texts[i]);
	sort_table(t);
}

void
fe_text_table_init_pairs(struct fe_text_table *t, const struct fe_text_pair *pairs, size_t n)
{
	*t = (struct fe_text_table){ .pairs = fe_new_array(n + 1, struct fe_text_entry), .n_pairs = n };
	for (size_t i = 0; i < n; i++)
		t->pairs[i] = (struct fe_text_entry){ fe_str_of(pairs[i].from), fe_str_of(pairs[i].to) };
	sort_table(t);
}

void
fe_text_table_reset(struct fe_text_table *t)
{
	fe_free(t->pairs);
	*t = (struct fe_text_table){ 0 };
}

bool
fe_text_table_find(const struct fe_text_table *t, struct fe_str from, struct fe_str *to)
{
	size_t low = 0, high = t->n_pairs;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = compare_texts(from, t->pairs[mid].from);
		if (order == 0) {
			*to = t->pairs[mid].to;
			return true;
		}
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return false;
}
