// SPDX-License-Identifier: Apache-2.0
/* format/json_scan_plain.h - the kernels of json_scan.h in plain C
 *
 * Eight bytes are looked at as one word; top() gives the top bit of each byte for which it
 * holds. Tests that let a carry run say "perhaps" for bytes above the first: only the first
 * one counts.
 */
#ifndef FE_FORMAT_JSON_SCAN_PLAIN_H
#define FE_FORMAT_JSON_SCAN_PLAIN_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define FE_JSON_PADDING 64    /* zero bytes behind a block */
#define FE_JSON_HEAD_BYTES 32 /* of a key that begins() compares */

/* What is seen on the way over blanks. */
struct fe_json_blanks {
	uint64_t n_lines;   /* line ends passed */
	const char *line;   /* behind the last of them; untouched where there is none */
};

static inline uint64_t
fe_json_word(const char *p)
{
	uint64_t w;
	memcpy(&w, p, sizeof w);
	return le64toh(w);
}

/* The top bit of every byte of w that is less than n (n <= 128), exact up to the first. */
static inline uint64_t
fe_json_top_less(uint64_t w, unsigned n)
{
	const uint64_t each = UINT64_C(0x0101010101010101);
	return (w - each * n) & ~w & (each << 7);
}

static inline const char *
fe_json_text_stop_plain(const char *p, bool *is_high)
{
	const uint64_t each = UINT64_C(0x0101010101010101), tops = each << 7;

	for (;; p += 8) {
		uint64_t w = fe_json_word(p);
		uint64_t stops = fe_json_top_less(w, 0x20) | fe_json_top_less(w ^ each * '"', 1) |
				 fe_json_top_less(w ^ each * '\\', 1);
		uint64_t before = stops ? (stops & (0 - stops)) - 1 : ~UINT64_C(0);
		*is_high |= (w & tops & before) != 0;
		if (stops)
			return p + ((unsigned)__builtin_ctzll(stops) >> 3);
	}
}

/* Where the closing quote of a text of less than FE_JSON_SHORT_TEXT bytes is, all of them plain
 * and ASCII; a place without a quote: it is another one. */
#define FE_JSON_SHORT_TEXT 64
static inline const char *
fe_json_short_text_plain(const char *p)
{
	bool is_high = false;
	const char *end = fe_json_text_stop_plain(p, &is_high);
	return !is_high && end - p < FE_JSON_SHORT_TEXT ? end : "";
}

static inline bool
fe_json_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* p is at a digit or '-'. NULL: not an ordinary number, or none. */
static inline const char *
fe_json_number_end_plain(const char *p)
{
	const char *digits = p += *p == '-';

	while (fe_json_is_digit(*p))
		p++;
	if (p == digits || (*digits == '0' && p - digits > 1) || p - digits >= 16)
		return NULL;
	if (*p == '.') {
		const char *decimals = ++p;
		while (fe_json_is_digit(*p))
			p++;
		if (p == decimals || p - digits >= 16)
			return NULL;
	}
	return *p == 'e' || *p == 'E' ? NULL : p;
}

typedef const char *fe_json_find_fn(const char *p);
typedef bool fe_json_begins_fn(const char *p, const char *head, uint32_t n_bytes);

/* The first n bytes of head, n <= FE_JSON_HEAD_BYTES; both have so many. */
static inline bool
fe_json_begins_plain(const char *p, const char *head, uint32_t n_bytes)
{
	return memcmp(p, head, n_bytes) == 0;
}

/* p is at a blank. Where lines are records a line end is none. */
static inline const char *
fe_json_blank_end_plain(const char *p, bool is_lines, struct fe_json_blanks *seen)
{
	for (;; p++) {
		if (*p == '\n' && !is_lines) {
			seen->n_lines++;
			seen->line = p + 1;
		} else if (*p != ' ' && *p != '\t' && *p != '\r') {
			return p;
		}
	}
}

#endif
