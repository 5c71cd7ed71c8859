// SPDX-License-Identifier: Apache-2.0
/* transform/clean_text.c - eight bytes at a time, and tables of texts
 *
 * A word test adds to each byte what carries into its top bit exactly where the
 * byte is past a bound; bytes that have the top bit themselves are told apart first,
 * so that no carry leaves its byte.
 */
#include "transform/clean_text.h"

#include <stdlib.h>

#define EACH UINT64_C(0x0101010101010101)
#define TOPS UINT64_C(0x8080808080808080)

/* The last n < 8 bytes of a text, filled up with a byte that no test minds. */
static inline uint64_t
load_tail(const char *p, size_t n)
{
	unsigned char bytes[8] = { '_', '_', '_', '_', '_', '_', '_', '_' };
	uint64_t w;
	for (size_t i = 0; i < n; i++)
		bytes[i] = (unsigned char)p[i];
	memcpy(&w, bytes, sizeof w);
	return w;
}

static inline uint64_t
load(const char *p)
{
	uint64_t w;
	memcpy(&w, p, sizeof w);
	return w;
}

/* Calls for every eight bytes; where there are eight or more, the last look overlaps
 * the one before it instead of filling up. */
typedef uint64_t word_test_fn(uint64_t word, unsigned arg);

static inline __attribute__((always_inline)) bool
all_words(struct fe_str s, word_test_fn *is_bad, unsigned arg)
{
	if (s.n < 8)
		return is_bad(load_tail(s.p, s.n), arg) == 0;
	uint64_t bad = 0;
	for (size_t i = 0; i + 8 < s.n; i += 8)
		bad |= is_bad(load(s.p + i), arg);
	return (bad | is_bad(load(s.p + s.n - 8), arg)) == 0;
}

static inline __attribute__((always_inline)) uint64_t
top_or_zero(uint64_t w, unsigned arg)
{
	(void)arg;
	return (w | (w - EACH)) & TOPS; /* a zero borrows into its top bit */
}

bool
fe_text_is_plain_ascii(struct fe_str s)
{
	return all_words(s, top_or_zero, 0);
}

/* Top bits where a byte is not ASCII, or is one of the 26 letters from `first`. */
static inline __attribute__((always_inline)) uint64_t
top_or_letter(uint64_t w, unsigned first)
{
	uint64_t low = w & ~TOPS;
	uint64_t from = low + EACH * (0x80 - first);
	uint64_t past = low + EACH * (0x80 - first - 26);
	return (w | (from & ~past)) & TOPS;
}

bool
fe_text_has_case(struct fe_str s, enum fe_case to)
{
	return all_words(s, top_or_letter, to == FE_CASE_LOWER ? 'A' : 'a');
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
