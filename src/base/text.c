// SPDX-License-Identifier: Apache-2.0
/* base/text.c - UTF-8, trimming, and what a bool looks like
 *
 * All cells pass through the checks here, and nearly all are ASCII: runs of ASCII
 * are taken in wide steps, and only what is left is decoded.
 */
#include "base/text.h"

#define HIGH_BITS UINT64_C(0x8080808080808080)

static uint64_t
load64(const char *p)
{
	uint64_t x;

	memcpy(&x, p, sizeof(x));
	return x;
}

/* Bytes before the first that is not ASCII; may stop up to 31 bytes early, where there
 * is one, and less than 8 before the end. */
static size_t
ascii_run(const char *p, size_t n)
{
	size_t i = 0;

	for (; i + 32 <= n; i += 32) {
		uint64_t x = load64(p + i) | load64(p + i + 8) | load64(p + i + 16) | load64(p + i + 24);

		if (x & HIGH_BITS)
			return i;
	}
	for (; i + 8 <= n; i += 8)
		if (load64(p + i) & HIGH_BITS)
			return i;
	return i;
}

bool
fe_text_is_ascii(struct fe_str s)
{
	unsigned char bits = 0;

	if (s.n >= 8) /* the last word may overlap the run */
		return s.n - ascii_run(s.p, s.n) < 8 && !(load64(s.p + s.n - 8) & HIGH_BITS);
	for (size_t i = 0; i < s.n; i++)
		bits |= (unsigned char)s.p[i];
	return bits < 0x80;
}

/* The first byte tells the length and what the second may be; the rest are 80..BF. */
size_t
fe_utf8_decode(struct fe_str s, uint32_t *out)
{
	const unsigned char *p = (const unsigned char *)s.p;
	unsigned char low = 0x80, high = 0xbf;
	uint32_t code;
	size_t n;

	if (s.n == 0)
		return 0;
	if (p[0] < 0x80) {
		*out = p[0];
		return 1;
	}
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (p[0] == 0xe0)
		low = 0xa0; /* overlong */
	else if (p[0] == 0xed)
		high = 0x9f; /* surrogates */
	else if (p[0] == 0xf0)
		low = 0x90; /* overlong */
	else if (p[0] == 0xf4)
		high = 0x8f; /* past U+10FFFF */
	if (s.n < n || p[1] < low || p[1] > high)
		return 0;
	code = (uint32_t)(p[0] & (0x7f >> n)) << 6 | (p[1] & 0x3f);
	for (size_t i = 2; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (p[i] & 0x3f);
	}
	*out = code;
	return n;
}

size_t
fe_utf8_encode(uint32_t code, char *out)
{
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (char)(0xc0 | code >> 6);
		out[1] = (char)(0x80 | (code & 0x3f));
		return 2;
	}
	if (code < 0x10000) {
		out[0] = (char)(0xe0 | code >> 12);
		out[1] = (char)(0x80 | (code >> 6 & 0x3f));
		out[2] = (char)(0x80 | (code & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | code >> 18);
	out[1] = (char)(0x80 | (code >> 12 & 0x3f));
	out[2] = (char)(0x80 | (code >> 6 & 0x3f));
	out[3] = (char)(0x80 | (code & 0x3f));
	return 4;
}

static bool
is_noncharacter(uint32_t code)
{
	return (code >= 0xfdd0 && code <= 0xfdef) || (code & 0xfffe) == 0xfffe;
}

bool
fe_utf8_is_valid(struct fe_str s)
{
	size_t i = 0;

	if (fe_text_is_ascii(s))
		return true;
	while (i < s.n) {
		uint32_t code;
		size_t n;

		if ((unsigned char)s.p[i] < 0x80) {
			n = ascii_run(s.p + i, s.n - i);
			i += n > 0 ? n : 1;
			continue;
		}
		n = fe_utf8_decode((struct fe_str){ s.p + i, s.n - i }, &code);
		if (n == 0 || is_noncharacter(code))
			return false;
		i += n;
	}
	return true;
}

size_t
fe_utf8_length(struct fe_str s)
{
	size_t n = 0;

	/* Every byte but the 80..BF begins a code point. */
	for (size_t i = 0; i < s.n; i++)
		n += (signed char)s.p[i] > -65;
	return n;
}

/* Where the n-th code point after p begins, or the end. */
static const char *
skip_chars(const char *p, const char *end, uint64_t n_chars)
{
	while (p < end && n_chars > 0) {
		do
			p++;
		while (p < end && (signed char)*p < -64);
		n_chars--;
	}
	return p;
}

struct fe_str
fe_utf8_substr(struct fe_str s, int64_t start_1based, int64_t n_chars)
{
	const char *end, *first, *last;

	if (s.n == 0 || n_chars <= 0)
		return (struct fe_str){ s.p, 0 };
	end = s.p + s.n;
	first = skip_chars(s.p, end, start_1based > 1 ? (uint64_t)start_1based - 1 : 0);
	last = skip_chars(first, end, (uint64_t)n_chars);
	return (struct fe_str){ first, (size_t)(last - first) };
}

struct fe_str
fe_text_trim(struct fe_str s)
{
	while (s.n > 0 && fe_is_blank((unsigned char)s.p[s.n - 1]))
		s.n--;
	while (s.n > 0 && fe_is_blank((unsigned char)s.p[0]))
		s = (struct fe_str){ s.p + 1, s.n - 1 };
	return s;
}

bool
fe_bool_parse(struct fe_str s, bool *out)
{
	static const struct {
		struct fe_str text;
		bool value;
	} words[] = {
		{ { "true", 4 }, true },   { { "t", 1 }, true },  { { "yes", 3 }, true },
		{ { "y", 1 }, true },      { { "1", 1 }, true },  { { "false", 5 }, false },
		{ { "f", 1 }, false },     { { "no", 2 }, false }, { { "n", 1 }, false },
		{ { "0", 1 }, false },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (s.n == words[i].text.n && fe_text_casecmp_ascii(s, words[i].text) == 0) {
			*out = words[i].value;
			return true;
		}
	return false;
}

bool
fe_is_sql_name(struct fe_str s)
{
	if (s.n == 0 || s.n > 63 || (s.p[0] >= '0' && s.p[0] <= '9'))
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_')
			return false;
	}
	return true;
}
