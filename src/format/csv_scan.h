// SPDX-License-Identifier: Apache-2.0
/* format/csv_scan.h - stage one of reading CSV: where cells and records end
 *
 * A kernel looks at every byte once, 64 at a time, and finds what ends a cell: the delimiters and
 * line ends outside quotes. What is inside quotes it tells by counting them: an odd number so far
 * is inside. For most records that is all there is to do, as their cells are what lies between two
 * marks, with or without quotes around it.
 *
 *   marks    where the next cell begins: the byte behind each delimiter, LF and CR outside quotes;
 *            with FE_CSV_QUOTED where the cell that ends there has quotes around it
 *   ends     of each LF outside quotes, how many marks there are up to it; with FE_CSV_ODD where
 *            the record is odd: something in it is not as plain as above
 *
 * Counting misleads where a quote is out of place. So a record is odd that has
 *   a quote that opens behind anything but a mark          aaa"b
 *   a quote that closes in front of anything but a mark    "aaa"b, and the doubled "a""b"
 *   a line end in quotes, whose lines are to be counted
 *   a CR outside quotes that no LF follows
 * and the splitter (csv_split.c), which walks from cell to cell, has to say what an odd one is. It
 * refuses a file where counting and walking do not agree on a record's end: so the records behind
 * an odd one always begin where the kernel says. A record that is not odd has no quotes but in
 * pairs around whole cells, and reads the same by walking.
 *
 *   kernel   bytes at once   for                                             GB/s, bare   quoted
 *   plain     8               any processor, in plain C                             1.3      1.1
 *   16       16               x86-64 (SSE2), arm64 (NEON): those always have it     4.4      2.5
 *   sse42    16               x86-64 from 2010 on                                   6.9      3.3
 *   avx2     32               x86-64 from 2013 on                                  10.5      5.0
 *   avx512   64               x86-64 with AVX-512 VBMI2, from 2019 on              17.1      9.1
 *
 * The speeds are those of one core of an AMD EPYC (Zen 4), of transactions in bare cells, and with a
 * fifth of the cells in quotes.
 *
 * All give the same answer (tests/unit/format/test_csv_scan.c, tests/fuzz/fuzz_scan.c); which one
 * runs is chosen when a reader is made. What they share is csv_scan_64.h.
 */
#ifndef FE_FORMAT_CSV_SCAN_H
#define FE_FORMAT_CSV_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What else was seen on the way. */
#define FE_CSV_SAW_HIGH 1u /* a byte that is not ASCII */
#define FE_CSV_SAW_NUL 2u
#define FE_CSV_SAW_QUOTE 4u
#define FE_CSV_SAW_CR 8u   /* outside quotes */

#define FE_CSV_QUOTED (UINT32_C(1) << 31) /* of a mark */
#define FE_CSV_ODD (UINT32_C(1) << 31)    /* of an end */
#define FE_CSV_PLACE (~FE_CSV_QUOTED)     /* what is left of either */

/* Room a kernel may write beyond the last mark, and the last end, that counts. */
#define FE_CSV_SCAN_SLACK 16

/* What is scanned for, and how far it has come. */
struct fe_csv_scan {
	char delimiter;
	char quote;   /* the delimiter again where there is none */
	unsigned saw; /* FE_CSV_SAW_*, added to, never cleared */
	/* What the bytes so far leave to those that follow. */
	bool is_inside;    /* of quotes */
	bool behind_mark;  /* the last byte was one, or a record begins here */
	bool behind_quote; /* the last byte closed quotes */
	bool behind_cr;    /* the last byte was a CR outside quotes */
	bool is_odd;       /* the record that has not ended yet */
};

/* Where a record begins: nothing lies behind. */
static inline void
fe_csv_scan_restart(struct fe_csv_scan *s)
{
	s->is_inside = s->behind_quote = s->behind_cr = s->is_odd = false;
	s->behind_mark = true;
}

/* What was found, added to: each array has room for all bytes scanned and the slack. */
struct fe_csv_index {
	uint32_t *marks, *ends;
	size_t n_marks, n_ends;
};

/* Takes n_bytes more, of which the first is byte `base` of all; reads nothing outside p[0..n_bytes).
 * base + n_bytes is below FE_CSV_PLACE. */
typedef void fe_csv_scan_fn(struct fe_csv_scan *s, const char *p, size_t n_bytes, uint32_t base,
                            struct fe_csv_index *found);

fe_csv_scan_fn fe_csv_scan_plain, fe_csv_scan_16;
/* NULL where the processor has not what it takes. */
fe_csv_scan_fn *fe_csv_scan_sse42(void);
fe_csv_scan_fn *fe_csv_scan_avx2(void);
fe_csv_scan_fn *fe_csv_scan_avx512(void);
/* The quickest that this processor can run. */
fe_csv_scan_fn *fe_csv_scan_best(void);

/* For the splitter: a bit for each delimiter, quote, CR and LF of p[0..n_bytes), n_bytes <= 64,
 * whatever is inside quotes. */
uint64_t fe_csv_scan_all(struct fe_csv_scan *s, const char *p, size_t n_bytes);

#endif
