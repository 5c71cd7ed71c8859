// SPDX-License-Identifier: Apache-2.0
/* format/csv_scan_64.h - the loop that all kernels of csv_scan.h share
 *
 * 64 bytes become masks of 64 bits, and what csv_scan.h says of marks and ends becomes a few
 * operations on these. Bytes without a quote and a CR, as most are in most files, need less of it:
 * while none comes the quick loop runs, and from the first one on the whole one, to the end of the
 * piece, as a branch between the two at each 64 bytes would be guessed wrong too often.
 *
 * Positions are written in groups without asking how many there are (the slack), so that a line of
 * ordinary cells costs no branch that is guessed wrong. The last bytes go through a copy.
 *
 * A kernel is the four questions that a processor has its own way to answer. All of it is inlined
 * into the kernel's function, and compiled for its processor.
 */
#ifndef FE_FORMAT_CSV_SCAN_64_H
#define FE_FORMAT_CSV_SCAN_64_H

#include "format/csv_scan.h"

#include <string.h>

#define FE_CSV_INLINE static inline __attribute__((always_inline))

/* Bit i says that byte i is one. */
struct fe_csv_bits {
	uint64_t delimiters, quotes, crs, lfs;
};

/* `vectors` are the kernel's own: what it compares with, and what it has seen. */
struct fe_csv_kernel {
	/* Delimiters and LF of 64 bytes; false where there is a quote or a CR among them. */
	bool (*bare)(void *vectors, const char *p, struct fe_csv_bits *out);
	/* All of them. */
	void (*all)(void *vectors, const char *p, struct fe_csv_bits *out);
	/* Each bit becomes the parity of itself and those below. */
	uint64_t (*parity)(uint64_t bits);
	/* Writes at + i for each bit i, with FE_CSV_QUOTED where it is one of quoted, too. */
	void (*write)(uint64_t bits, uint64_t quoted, uint32_t at, uint32_t *out);
};

/* What a kernel compares bytes with in the place of the quote: where there is none, one that
 * ends the quick loop anyhow. */
static inline char
fe_csv_quote_byte(const struct fe_csv_scan *s)
{
	return s->quote == s->delimiter ? '\r' : s->quote;
}

/* A scan as it runs. Bits carried from one block to the next are 0 or 1, and `inside` 0 or all. */
struct fe_csv_walk {
	uint64_t inside, behind_mark, behind_quote, behind_cr, is_odd;
	uint64_t can_quote; /* all bits, or none */
	uint64_t quotes, crs; /* or of all; of all outside quotes */
	uint32_t *marks, *ends; /* where to write next */
	const uint32_t *first;  /* of the marks */
};

FE_CSV_INLINE uint32_t
fe_csv_n_bits(uint64_t bits)
{
	return (uint32_t)__builtin_popcountll(bits);
}

/* parity() by shifting. */
FE_CSV_INLINE uint64_t
fe_csv_parity_64(uint64_t bits)
{
	for (int i = 1; i < 64; i *= 2)
		bits ^= bits << i;
	return bits;
}

/* write() by single bits, eight at a time. The top bit stands in where none is left. */
FE_CSV_INLINE void
fe_csv_write_64(uint64_t bits, uint64_t quoted, uint32_t at, uint32_t *out)
{
	const uint64_t top = UINT64_C(1) << 63;

	for (; bits; out += 8) {
		for (int i = 0; i < 8; i++) {
			unsigned bit = (unsigned)__builtin_ctzll(bits | top);
			out[i] = (at + bit) | (uint32_t)(quoted >> bit << 31);
			bits &= bits - 1;
		}
	}
}

/* lfs are among marks, and those before the lowest of them are of its record. */
FE_CSV_INLINE uint32_t
fe_csv_end(const struct fe_csv_walk *w, uint64_t lfs, uint64_t marks)
{
	return (uint32_t)(w->marks - w->first) + fe_csv_n_bits(marks & (lfs ^ (lfs - 1)));
}

/* Two are written whether or not there are: more in 64 bytes are few. */
FE_CSV_INLINE void
fe_csv_write_ends(struct fe_csv_walk *w, uint64_t lfs, uint64_t marks)
{
	const uint32_t n = fe_csv_n_bits(lfs);

	for (uint32_t i = 0; i < 2; i++, lfs &= lfs - 1)
		w->ends[i] = fe_csv_end(w, lfs, marks);
	for (uint32_t i = 2; __builtin_expect(lfs != 0, 0); i++, lfs &= lfs - 1)
		w->ends[i] = fe_csv_end(w, lfs, marks);
	w->ends += n;
}

/* Where something is odd. Inlined as well, or all of *w would be in memory for its sake. */
FE_CSV_INLINE void
fe_csv_write_odd_ends(struct fe_csv_walk *w, uint64_t lfs, uint64_t marks, uint64_t odd)
{
	for (; lfs; lfs &= lfs - 1) {
		uint64_t record = lfs ^ (lfs - 1);
		bool is_odd = w->is_odd || (odd & record);
		*w->ends++ = fe_csv_end(w, lfs, marks) | (is_odd ? FE_CSV_ODD : 0);
		odd &= ~record;
		w->is_odd = 0;
	}
	w->is_odd |= odd != 0;
}

FE_CSV_INLINE void
fe_csv_take_bare(struct fe_csv_walk *w, const struct fe_csv_kernel *kernel, const struct fe_csv_bits *found,
                 uint32_t at)
{
	const uint64_t marks = found->delimiters | found->lfs;

	fe_csv_write_ends(w, found->lfs, marks);
	kernel->write(marks, 0, at + 1, w->marks);
	w->marks += fe_csv_n_bits(marks);
	w->behind_mark = marks >> 63;
}

/* `last` is the number of the last bit that is one of a byte: 63, but at the end. */
FE_CSV_INLINE void
fe_csv_take_all(struct fe_csv_walk *w, const struct fe_csv_kernel *kernel, const struct fe_csv_bits *found,
                uint32_t at, unsigned last)
{
	const uint64_t is_byte = ~UINT64_C(0) >> (63 - last);
	const uint64_t quotes = found->quotes & w->can_quote;
	const uint64_t inside = kernel->parity(quotes) ^ w->inside; /* the opening quote, too */
	const uint64_t opens = quotes & inside, closes = quotes & ~inside;
	const uint64_t crs = found->crs & ~inside, lfs = found->lfs & ~inside;
	const uint64_t marks = (found->delimiters & ~inside) | crs | lfs;
	const uint64_t behind_quotes = closes << 1 | w->behind_quote;
	uint64_t odd = (opens & ~(marks << 1 | w->behind_mark)) | (behind_quotes & ~marks) |
	               (found->lfs & inside) | ((crs << 1 | w->behind_cr) & ~lfs);

	odd &= is_byte;
	if (__builtin_expect((odd | w->is_odd) != 0, 0))
		fe_csv_write_odd_ends(w, lfs, marks, odd);
	else
		fe_csv_write_ends(w, lfs, marks);
	kernel->write(marks, behind_quotes & marks, at + 1, w->marks);
	w->marks += fe_csv_n_bits(marks);
	w->quotes |= quotes;
	w->crs |= crs;
	w->inside = 0 - (inside >> last & 1);
	w->behind_mark = marks >> last & 1;
	w->behind_quote = closes >> last & 1;
	w->behind_cr = crs >> last & 1;
}

/* The last bytes, of which there are fewer than 64. */
FE_CSV_INLINE void
fe_csv_take_last(struct fe_csv_walk *w, const struct fe_csv_kernel *kernel, void *vectors, const char *p,
                 size_t n_bytes, uint32_t at)
{
	const uint64_t is_byte = (UINT64_C(1) << n_bytes) - 1;
	struct fe_csv_bits found;
	char last[64];

	memset(last, 'x', sizeof last); /* which could be the delimiter */
	memcpy(last, p, n_bytes);
	kernel->all(vectors, last, &found);
	found.delimiters &= is_byte;
	found.quotes &= is_byte;
	fe_csv_take_all(w, kernel, &found, at, (unsigned)n_bytes - 1);
}

FE_CSV_INLINE void
fe_csv_scan_64(struct fe_csv_scan *s, const char *p, size_t n_bytes, uint32_t base, struct fe_csv_index *out,
               const struct fe_csv_kernel *kernel, void *vectors)
{
	struct fe_csv_walk w = {
		.inside = 0 - (uint64_t)s->is_inside,
		.behind_mark = s->behind_mark,
		.behind_quote = s->behind_quote,
		.behind_cr = s->behind_cr,
		.is_odd = s->is_odd,
		.can_quote = 0 - (uint64_t)(s->quote != s->delimiter),
		.marks = out->marks + out->n_marks,
		.ends = out->ends + out->n_ends,
		.first = out->marks,
	};
	struct fe_csv_bits found;
	size_t i = 0;

	if (!(w.inside | w.behind_quote | w.behind_cr | w.is_odd)) {
		for (; n_bytes - i >= 64 && kernel->bare(vectors, p + i, &found); i += 64)
			fe_csv_take_bare(&w, kernel, &found, base + (uint32_t)i);
	}
	for (; n_bytes - i >= 64; i += 64) {
		kernel->all(vectors, p + i, &found);
		fe_csv_take_all(&w, kernel, &found, base + (uint32_t)i, 63);
	}
	if (i < n_bytes)
		fe_csv_take_last(&w, kernel, vectors, p + i, n_bytes - i, base + (uint32_t)i);

	s->saw |= (w.quotes ? FE_CSV_SAW_QUOTE : 0) | (w.crs ? FE_CSV_SAW_CR : 0);
	s->is_inside = w.inside != 0;
	s->behind_mark = w.behind_mark != 0;
	s->behind_quote = w.behind_quote != 0;
	s->behind_cr = w.behind_cr != 0;
	s->is_odd = w.is_odd != 0;
	out->n_marks = (size_t)(w.marks - out->marks);
	out->n_ends = (size_t)(w.ends - out->ends);
}

#endif
