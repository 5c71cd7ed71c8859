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

/* Signed, so that one comparison finds what is no ASCII and what is below a character. */
typedef int8_t signed16 __attribute__((vector_size(FE_TEXT16_BYTES)));

/* The characters of fe_text_look in vectors. */
struct look {
	fe_text16 blank;  /* a NUL, which is refused anyhow, where blanks are welcome */
	fe_text16 up;     /* letters of the other case go to 'f' and on, which is below 0x80 for all */
	signed16 letters; /* what they are greater than then */
	size_t max_bytes;
};

static struct look
look_of(const struct fe_text_look *look)
{
	const char last_other = look->to_case == FE_CASE_LOWER ? 'Z' : 'z';
	const char limit = look->to_case == FE_CASE_KEEP ? INT8_MAX : INT8_MAX - 26;

	return (struct look){
		.blank = fe_text16_all(look->trims ? ' ' : '\0'),
		.up = fe_text16_all((char)(INT8_MAX - last_other)),
		.letters = (signed16)fe_text16_all(limit),
		.max_bytes = look->max_bytes,
	};
}

static inline bool
is_settled(const struct look *look, struct fe_str s)
{
	if (!s.p || s.n - 1 >= look->max_bytes)
		return false;
	const fe_text16 t = fe_text16_load_any(s);
	const unsigned blanks = fe_text16_bits((fe_text16)(t == look->blank));
	const fe_text16 letters = (fe_text16)((signed16)(t + look->up) > look->letters);
	const unsigned others = fe_text16_bits((fe_text16)((signed16)t < ' ') | letters);
	const unsigned last = 1u << (s.n - 1);

	return ((blanks & (last | 1u)) | (others & ((last - 1u) | last))) == 0;
}

uint64_t
fe_text_settled_64(const struct fe_text_look *look, const struct fe_str *cells, size_t n, struct fe_str *out)
{
	const struct look l = look_of(look);
	uint64_t settled = 0;

	for (size_t i = 0; i < n; i++) {
		const struct fe_str cell = cells[i];
		out[i] = cell;
		settled |= (uint64_t)is_settled(&l, cell) << i;
	}
	return settled;
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
