// SPDX-License-Identifier: Apache-2.0
/* format/csv_scan.h - stage one of reading CSV: where the structural bytes are
 *
 * A scan finds every delimiter, quote, CR and LF of a piece of input and writes
 * their positions in rising order. It knows nothing of quoting, so it has no state
 * and cannot be misled by a stray quote: what a byte means is for the splitter to
 * say. All kernels give the same answer (tests/unit/format/test_csv_scan.c,
 * tests/fuzz/fuzz_scan.c); which one runs is chosen when a reader is made.
 */
#ifndef FE_FORMAT_CSV_SCAN_H
#define FE_FORMAT_CSV_SCAN_H

#include <stddef.h>
#include <stdint.h>

/* What else was seen on the way. */
#define FE_CSV_SAW_HIGH 1u /* a byte that is not ASCII */
#define FE_CSV_SAW_NUL 2u

struct fe_csv_scan {
	char delimiter;
	char quote;   /* the delimiter again where there is none */
	unsigned saw; /* FE_CSV_SAW_*, added to, never cleared */
};

/* Room a kernel may write beyond the last position that counts. */
#define FE_CSV_SCAN_SLACK 8

/* Writes base + i for each structural byte p[i], and returns how many. marks has
 * room for n_bytes + FE_CSV_SCAN_SLACK; reads nothing outside p[0..n_bytes). */
typedef size_t (*fe_csv_scan_fn)(struct fe_csv_scan *s, const char *p, size_t n_bytes,
				 uint32_t base, uint32_t *marks);

/* Eight bytes at a time in plain C. */
size_t fe_csv_scan_plain(struct fe_csv_scan *s, const char *p, size_t n_bytes, uint32_t base,
			 uint32_t *marks);

/* Sixteen bytes at a time, with SSE2 or NEON. */
size_t fe_csv_scan_16(struct fe_csv_scan *s, const char *p, size_t n_bytes, uint32_t base, uint32_t *marks);

/* 32 bytes at a time with AVX2; NULL where the processor has none. */
fe_csv_scan_fn fe_csv_scan_avx2(void);

/* The quickest that this processor can run. */
fe_csv_scan_fn fe_csv_scan_best(void);

#endif
