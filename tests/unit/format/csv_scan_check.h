// SPDX-License-Identifier: Apache-2.0
/* csv_scan_check.h - what a kernel of format/csv_scan.h is to find, byte by byte, for tests and fuzzing
 *
 * Inputs and outputs are heap blocks of exactly their sizes, so that a sanitizer sees a step outside.
 */
#ifndef FE_TESTS_CSV_SCAN_CHECK_H
#define FE_TESTS_CSV_SCAN_CHECK_H

#include <stdlib.h>
#include <string.h>

#include "format/csv_scan.h"

static inline void
csv_scan_byte(struct fe_csv_scan *s, char c, uint32_t at, struct fe_csv_index *out)
{
	const bool was_behind_mark = s->behind_mark, was_behind_quote = s->behind_quote, was_behind_cr = s->behind_cr;
	const bool was_inside = s->is_inside, is_quote = c == s->quote && s->quote != s->delimiter;

	s->saw |= (unsigned char)c >= 0x80 ? FE_CSV_SAW_HIGH : 0;
	s->saw |= c == 0 ? FE_CSV_SAW_NUL : 0;
	s->saw |= is_quote ? FE_CSV_SAW_QUOTE : 0;
	s->behind_mark = s->behind_quote = s->behind_cr = false;
	if (was_behind_cr && c != '\n')
		s->is_odd = true;
	if (is_quote) {
		if (!was_inside && !was_behind_mark)
			s->is_odd = true;
		s->is_inside = !was_inside;
		s->behind_quote = was_inside;
		return;
	}
	if (was_inside) {
		s->is_odd |= c == '\n';
		return;
	}
	s->behind_mark = c == s->delimiter || c == '\r' || c == '\n';
	s->behind_cr = c == '\r';
	s->saw |= s->behind_cr ? FE_CSV_SAW_CR : 0;
	if (!s->behind_mark) {
		s->is_odd |= was_behind_quote;
		return;
	}
	out->marks[out->n_marks++] = (at + 1) | (was_behind_quote ? FE_CSV_QUOTED : 0);
	if (c == '\n') {
		out->ends[out->n_ends++] = (uint32_t)out->n_marks | (s->is_odd ? FE_CSV_ODD : 0);
		s->is_odd = false;
	}
}

static inline void *
csv_scan_alloc(size_t n_bytes)
{
	void *p = malloc(n_bytes);
	if (!p)
		abort();
	return p;
}

static inline void
csv_scan_index_new(struct fe_csv_index *index, size_t n_bytes)
{
	*index = (struct fe_csv_index){
		.marks = csv_scan_alloc((n_bytes + FE_CSV_SCAN_SLACK) * sizeof(uint32_t)),
		.ends = csv_scan_alloc((n_bytes + FE_CSV_SCAN_SLACK) * sizeof(uint32_t)),
	};
}

static inline void
csv_scan_index_free(struct fe_csv_index *index)
{
	free(index->marks);
	free(index->ends);
}

static inline bool
csv_scan_is_same(const struct fe_csv_scan *a, const struct fe_csv_scan *b)
{
	return a->saw == b->saw && a->is_inside == b->is_inside && a->behind_mark == b->behind_mark &&
	       a->behind_quote == b->behind_quote && a->behind_cr == b->behind_cr && a->is_odd == b->is_odd;
}

/* Whether a kernel finds in p[0..n), given as p[0..n_first) and the rest, what bytes one by one do. */
static inline bool
csv_scan_agrees(fe_csv_scan_fn *kernel, struct fe_csv_scan s, const char *p, size_t n, size_t n_first, uint32_t base)
{
	struct fe_csv_scan by_byte = s, by_kernel = s;
	struct fe_csv_index want, got;

	csv_scan_index_new(&want, n);
	csv_scan_index_new(&got, n);
	for (size_t i = 0; i < n; i++)
		csv_scan_byte(&by_byte, p[i], base + (uint32_t)i, &want);
	for (size_t from = 0; from < n;) {
		const size_t n_piece = from == 0 && n_first > 0 && n_first < n ? n_first : n - from;
		char *piece = csv_scan_alloc(n_piece);
		memcpy(piece, p + from, n_piece);
		kernel(&by_kernel, piece, n_piece, base + (uint32_t)from, &got);
		free(piece);
		from += n_piece;
	}
	bool is_same = csv_scan_is_same(&by_byte, &by_kernel) && want.n_marks == got.n_marks && want.n_ends == got.n_ends &&
	               memcmp(want.marks, got.marks, want.n_marks * sizeof *want.marks) == 0 &&
	               memcmp(want.ends, got.ends, want.n_ends * sizeof *want.ends) == 0;
	csv_scan_index_free(&want);
	csv_scan_index_free(&got);
	return is_same;
}

/* All structural bytes of p[0..n), n <= 64, whatever is in quotes. */
static inline uint64_t
csv_scan_all_by_byte(const struct fe_csv_scan *s, const char *p, size_t n)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < n; i++) {
		bool is_one = p[i] == s->delimiter || p[i] == s->quote || p[i] == '\r' || p[i] == '\n';
		bits |= (uint64_t)is_one << i;
	}
	return bits;
}

#endif
