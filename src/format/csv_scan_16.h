// SPDX-License-Identifier: Apache-2.0
/* format/csv_scan_16.h - what the kernels with vectors of sixteen bytes share
 *
 * Vectors are the compilers' own, so that one source is for x86-64 and arm64.
 */
#ifndef FE_FORMAT_CSV_SCAN_16_H
#define FE_FORMAT_CSV_SCAN_16_H

#include "base/text16.h"
#include "format/csv_scan_64.h"

struct fe_csv_vectors_16 {
	fe_text16 delimiter, quote, cr, lf;
	fe_text16 high, zero; /* or of all bytes; where one was zero */
};

FE_CSV_INLINE struct fe_csv_vectors_16
fe_csv_vectors_16(const struct fe_csv_scan *s)
{
	return (struct fe_csv_vectors_16){
		.delimiter = fe_text16_all(s->delimiter),
		.quote = fe_text16_all(fe_csv_quote_byte(s)),
		.cr = fe_text16_all('\r'),
		.lf = fe_text16_all('\n'),
	};
}

/* 16 bytes from p on, noting what is seen. */
FE_CSV_INLINE fe_text16
fe_csv_load_16(struct fe_csv_vectors_16 *v, const char *p)
{
	const fe_text16 x = fe_text16_at(p), none = { 0 };

	v->high |= x;
	v->zero |= (fe_text16)(x == none);
	return x;
}

FE_CSV_INLINE void
fe_csv_all_16(void *vectors, const char *p, struct fe_csv_bits *out)
{
	struct fe_csv_vectors_16 *v = vectors;
	fe_text16 delimiters[4], quotes[4], crs[4], lfs[4];

	for (unsigned i = 0; i < 4; i++) {
		const fe_text16 x = fe_csv_load_16(v, p + (size_t)i * FE_TEXT16_BYTES);
		delimiters[i] = (fe_text16)(x == v->delimiter);
		quotes[i] = (fe_text16)(x == v->quote);
		crs[i] = (fe_text16)(x == v->cr);
		lfs[i] = (fe_text16)(x == v->lf);
	}
	out->delimiters = fe_text16_bits_64(delimiters);
	out->quotes = fe_text16_bits_64(quotes);
	out->crs = fe_text16_bits_64(crs);
	out->lfs = fe_text16_bits_64(lfs);
}

FE_CSV_INLINE bool
fe_csv_bare_16(void *vectors, const char *p, struct fe_csv_bits *out)
{
	struct fe_csv_vectors_16 *v = vectors;
	fe_text16 delimiters[4], lfs[4], others = { 0 };

	for (unsigned i = 0; i < 4; i++) {
		const fe_text16 x = fe_csv_load_16(v, p + (size_t)i * FE_TEXT16_BYTES);
		delimiters[i] = (fe_text16)(x == v->delimiter);
		lfs[i] = (fe_text16)(x == v->lf);
		others |= (fe_text16)((x == v->quote) | (x == v->cr));
	}
	out->delimiters = fe_text16_bits_64(delimiters);
	out->lfs = fe_text16_bits_64(lfs);
	return !fe_text16_any(others);
}

FE_CSV_INLINE void
fe_csv_note_16(struct fe_csv_scan *s, const struct fe_csv_vectors_16 *v)
{
	s->saw |= fe_text16_bits(v->high) ? FE_CSV_SAW_HIGH : 0;
	s->saw |= fe_text16_any(v->zero) ? FE_CSV_SAW_NUL : 0;
}

#endif
