// SPDX-License-Identifier: Apache-2.0
/* base/text_case.c - lower and upper case, without a locale
 *
 * Most cells are ASCII, and most of those have the wanted case already: eight bytes
 * are looked at in one word, and a text that needs nothing is handed back as it is.
 * Other characters go through Unicode's simple mappings (unicode_case.inc). Bytes
 * that are no UTF-8 stay as they are.
 */
#include "base/text.h"

struct case_range {
	uint32_t first, last, step; /* every step-th code point of first..last */
	int32_t distance;           /* to what it maps to */
};

#include "base/unicode_case.inc"

#define EACH_BYTE(b) (UINT64_C(0x0101010101010101) * (b))
#define HIGH_BITS EACH_BYTE(0x80)

static uint64_t
load64(const char *p)
{
	uint64_t x;

	memcpy(&x, p, sizeof(x));
	return x;
}

/* 0x20 in each byte that is a letter from `first` to first + 25, all being ASCII. */
static uint64_t
letter_bits(uint64_t x, unsigned char first)
{
	uint64_t from = x + EACH_BYTE((unsigned char)(0x80 - first));
	uint64_t past = x + EACH_BYTE((unsigned char)(0x80 - first - 26));

	return ((from & ~past) & HIGH_BITS) >> 2;
}

static bool
is_ascii_letter(unsigned char c, unsigned char first)
{
	return (unsigned char)(c - first) < 26;
}

/* Bytes before the first that is not ASCII or a letter to change. */
static size_t
unchanged_bytes(struct fe_str s, unsigned char first)
{
	size_t i = 0;

	for (; i + 8 <= s.n; i += 8) {
		uint64_t x = load64(s.p + i);

		if ((x & HIGH_BITS) | letter_bits(x & ~HIGH_BITS, first))
			break;
	}
	while (i < s.n && (unsigned char)s.p[i] < 0x80 && !is_ascii_letter((unsigned char)s.p[i], first))
		i++;
	return i;
}

static void
change_ascii(const char *from, size_t n, unsigned char first, char *to)
{
	size_t i = 0;

	for (; i + 8 <= n; i += 8) {
		uint64_t x = load64(from + i);

		x ^= letter_bits(x, first);
		memcpy(to + i, &x, sizeof(x));
	}
	for (; i < n; i++)
		to[i] = (char)(from[i] ^ (is_ascii_letter((unsigned char)from[i], first) ? 0x20 : 0));
}

static uint32_t
change_code(uint32_t code, enum fe_case to)
{
	const struct case_range *r = to == FE_CASE_LOWER ? lower_ranges : upper_ranges;
	size_t n = to == FE_CASE_LOWER ? sizeof(lower_ranges) / sizeof(lower_ranges[0])
				       : sizeof(upper_ranges) / sizeof(upper_ranges[0]);

	if (code < 0x80)
		return code ^ (is_ascii_letter((unsigned char)code, to == FE_CASE_LOWER ? 'A' : 'a') ? 0x20 : 0);
	while (n > 1) {
		size_t half = n / 2;

		r += r[half].first <= code ? half : 0;
		n -= half;
	}
	if (code < r->first || code > r->last || (code - r->first) % r->step != 0)
		return code;
	return (uint32_t)((int32_t)code + r->distance);
}

/* Any text: what does not change is copied, so the output is looked at at the end. A
 * code point grows from two bytes to three at most. */
static struct fe_str
change_any(struct fe_str s, enum fe_case to, struct fe_arena *arena)
{
	char *out = fe_arena_bytes(arena, s.n + s.n / 2 + 1);
	size_t n_out = 0;

	for (size_t i = 0, n; i < s.n; i += n) {
		uint32_t code = 0;

		n = fe_utf8_decode((struct fe_str){ s.p + i, s.n - i }, &code);
		if (n == 0) {
			out[n_out++] = s.p[i];
			n = 1;
		} else {
			n_out += fe_utf8_encode(change_code(code, to), out + n_out);
		}
	}
	if (n_out == s.n && memcmp(out, s.p, s.n) == 0)
		return s;
	return (struct fe_str){ out, n_out };
}

struct fe_str
fe_text_case(struct fe_str s, enum fe_case to, struct fe_arena *arena)
{
	unsigned char first = to == FE_CASE_LOWER ? 'A' : 'a';
	size_t n_unchanged;
	char *out;

	if (to == FE_CASE_KEEP)
		return s;
	n_unchanged = unchanged_bytes(s, first);
	if (n_unchanged == s.n)
		return s;
	if (!fe_text_is_ascii((struct fe_str){ s.p + n_unchanged, s.n - n_unchanged }))
		return change_any(s, to, arena);
	out = fe_arena_bytes(arena, s.n);
	change_ascii(s.p, s.n, first, out);
	return (struct fe_str){ out, s.n };
}

static unsigned char
ascii_lower(char c)
{
	return (unsigned char)(c ^ (is_ascii_letter((unsigned char)c, 'A') ? 0x20 : 0));
}

int
fe_text_casecmp_ascii(struct fe_str a, struct fe_str b)
{
	size_t n = a.n < b.n ? a.n : b.n;

	for (size_t i = 0; i < n; i++) {
		int d = ascii_lower(a.p[i]) - ascii_lower(b.p[i]);

		if (d != 0)
			return d;
	}
	return (a.n > b.n) - (a.n < b.n);
}
