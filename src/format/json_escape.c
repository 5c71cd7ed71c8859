// SPDX-License-Identifier: Apache-2.0
/* format/json_escape.c - see format/json_escape.h */
#include "format/json_escape.h"

#include "base/text.h"

static bool
read_hex4(const char *p, const char *end, uint32_t *out)
{
	uint32_t v = 0;

	if (end - p < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		char c = p[i];
		uint32_t digit = c >= '0' && c <= '9' ? (uint32_t)(c - '0')
		               : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
		               : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A' + 10)
		                                      : 16;
		if (digit == 16)
			return false;
		v = v << 4 | digit;
	}
	*out = v;
	return true;
}

/* p stands behind "\u". Gives the bytes that were read, 0: not a character. */
static size_t
read_escaped_code(const char *p, const char *end, uint32_t *out)
{
	uint32_t low;

	if (!read_hex4(p, end, out) || *out == 0 || (*out >= 0xdc00 && *out <= 0xdfff))
		return 0;
	if (*out < 0xd800 || *out > 0xdbff)
		return 4;
	if (end - p < 10 || p[4] != '\\' || p[5] != 'u' || !read_hex4(p + 6, end, &low) || low < 0xdc00 ||
	    low > 0xdfff)
		return 0;
	*out = 0x10000 + ((*out - 0xd800) << 10) + (low - 0xdc00);
	return 10;
}

static char
simple_escape(char c)
{
	switch (c) {
	case '"': case '\\': case '/': return c;
	case 'b': return '\b';
	case 'f': return '\f';
	case 'n': return '\n';
	case 'r': return '\r';
	case 't': return '\t';
	default: return '\0';
	}
}

const char *
fe_json_escape_flaw(struct fe_str at_backslash)
{
	uint32_t code;

	if (at_backslash.n >= 2 && simple_escape(at_backslash.p[1]))
		return NULL;
	if (at_backslash.n < 2 || at_backslash.p[1] != 'u')
		return "a backslash before what is no escape of JSON";
	if (read_escaped_code(at_backslash.p + 2, at_backslash.p + at_backslash.n, &code))
		return NULL;
	return "a \\u escape that is no character (four hexadecimal digits, surrogates in pairs, not 0000)";
}

/* The escape at p as bytes; how many of the text it takes, 0: it is none. */
static size_t
read_escape(const char *p, const char *end, char out[FE_UTF8_BYTES], size_t *n_out)
{
	uint32_t code;

	if (end - p < 2)
		return 0;
	if (p[1] != 'u') {
		out[0] = simple_escape(p[1]);
		*n_out = 1;
		return out[0] ? 2 : 0;
	}
	size_t n_read = read_escaped_code(p + 2, end, &code);
	if (n_read == 0)
		return 0;
	*n_out = fe_utf8_encode(code, out);
	return 2 + n_read;
}

bool
fe_json_unescape(struct fe_str in, char *out, size_t *n_bytes, const char **bad)
{
	const char *p = in.p, *end = in.p + in.n;

	*n_bytes = 0;
	while (p < end) {
		const char *plain_end = memchr(p, '\\', (size_t)(end - p));
		size_t n_plain = (size_t)((plain_end ? plain_end : end) - p);
		char bytes[FE_UTF8_BYTES];
		size_t n_meant = 0;

		if (out)
			memcpy(out + *n_bytes, p, n_plain);
		*n_bytes += n_plain;
		p += n_plain;
		if (p == end)
			break;
		size_t n_read = read_escape(p, end, bytes, &n_meant);
		if (n_read == 0) {
			*bad = p;
			return false;
		}
		if (out)
			memcpy(out + *n_bytes, bytes, n_meant);
		*n_bytes += n_meant;
		p += n_read;
	}
	return true;
}

const char *
fe_json_utf8_flaw(struct fe_str text)
{
	const char *p = text.p, *end = text.p + text.n;
	uint32_t code;
	size_t n;

	if (fe_utf8_is_valid(text))
		return NULL;
	for (; p < end; p += n) {
		n = fe_utf8_decode((struct fe_str){ p, (size_t)(end - p) }, &code);
		if (n == 0)
			return p;
	}
	return NULL;
}
