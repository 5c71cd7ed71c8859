// SPDX-License-Identifier: Apache-2.0
/* base/text_print.c - texts fit to show, and the name that was meant */
#include "base/text.h"
#include "base/text16.h"

/* Messages ---------------------------------------------------------------------------- */

/* Characters that would move the cursor, hide, or turn the direction of a line. */
static bool
is_unprintable(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0xad || code == 0xfeff ||
	       (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2060 && code <= 0x2069) || (code >= 0xfff9 && code <= 0xfffb) ||
	       (code >= 0xe0000 && code <= 0xe007f);
}

static size_t
put_hex(char *out, char kind, uint32_t v, unsigned n_digits)
{
	out[0] = '\\';
	out[1] = kind;
	for (unsigned i = 0; i < n_digits; i++)
		out[2 + i] = "0123456789abcdef"[v >> 4 * (n_digits - 1 - i) & 15];
	return 2 + n_digits;
}

static size_t
put_control(char *out, unsigned char c)
{
	static const char named[] = "tnvfr"; /* from \t on */

	if (c < '\t' || c > '\r')
		return put_hex(out, 'x', c, 2);
	out[0] = '\\';
	out[1] = named[c - '\t'];
	return 2;
}

#define UNIT_BYTES 10 /* \U000e0001 */

/* What the beginning of s, which is not empty, is shown as; its bytes in *n_taken. */
static size_t
put_unit(struct fe_str s, char out[UNIT_BYTES], size_t *n_taken)
{
	uint32_t code = 0;

	*n_taken = fe_utf8_decode(s, &code);
	if (*n_taken == 0) {
		*n_taken = 1;
		return put_hex(out, 'x', (unsigned char)s.p[0], 2);
	}
	if (code < 0x80 && is_unprintable(code))
		return put_control(out, (unsigned char)code);
	if (is_unprintable(code))
		return code > 0xffff ? put_hex(out, 'U', code, 8) : put_hex(out, 'u', code, 4);
	memcpy(out, s.p, *n_taken);
	return *n_taken;
}

void
fe_buf_add_printable(struct fe_buf *b, struct fe_str s, size_t max_bytes)
{
	size_t start = b->n_bytes;
	size_t cut = start; /* the last place where the dots would still fit */

	for (size_t i = 0, n_taken; i < s.n; i += n_taken) {
		char unit[UNIT_BYTES];
		size_t n = put_unit((struct fe_str){ s.p + i, s.n - i }, unit, &n_taken);

		if (b->n_bytes - start + 3 <= max_bytes)
			cut = b->n_bytes;
		if (b->n_bytes - start + n > max_bytes) {
			b->n_bytes = cut;
			fe_buf_add(b, "...", max_bytes < 3 ? 0 : 3);
			return;
		}
		fe_buf_add(b, unit, n);
		if (b->failed)
			return;
	}
}

/* JSON --------------------------------------------------------------------------------- */

static size_t
put_json_unit(struct fe_str s, char out[UNIT_BYTES], size_t *n_taken)
{
	unsigned char c = (unsigned char)s.p[0];
	uint32_t code = 0;

	*n_taken = fe_utf8_decode(s, &code);
	if (*n_taken == 0) {
		*n_taken = 1;
		return fe_utf8_encode(0xfffd, out);
	}
	if (c == '"' || c == '\\') {
		out[0] = '\\';
		out[1] = (char)c;
		return 2;
	}
	if (c == '\t' || c == '\n' || c == '\f' || c == '\r')
		return put_control(out, c);
	if (code < 0x20 || (code >= 0x7f && code < 0xa0)) /* the latter for terminals' sake */
		return put_hex(out, 'u', code, 4);
	memcpy(out, s.p, *n_taken);
	return *n_taken;
}

/* Sixteen bytes at a time: the bits of those that are not plain. */
static inline unsigned
odd_bits(fe_text16 t)
{
	return fe_text16_bits((fe_text16)((t < fe_text16_all(' ')) | (t >= fe_text16_all((char)0x80)) |
	                                  (t == fe_text16_all('"')) | (t == fe_text16_all('\\'))));
}

/* The plain bytes that s begins with. */
static size_t
plain_length(struct fe_str s)
{
	size_t n = 0;
	unsigned odd;

	for (; s.n - n > FE_TEXT16_BYTES; n += FE_TEXT16_BYTES)
		if ((odd = odd_bits(fe_text16_at(s.p + n))) != 0)
			return n + (size_t)__builtin_ctz(odd);
	struct fe_str rest = { s.p ? s.p + n : NULL, s.n - n };
	odd = odd_bits(fe_text16_load_any(rest)) & fe_text16_first(rest.n);
	return odd ? n + (size_t)__builtin_ctz(odd) : s.n;
}

void
fe_buf_add_json_string(struct fe_buf *b, struct fe_str s)
{
	size_t n = plain_length(s);

	if (n == s.n && fe_buf_reserve(b, n + 2)) { /* what most are */
		char *p = b->p + b->n_bytes;
		p[0] = p[n + 1] = '"';
		if (n)
			memcpy(p + 1, s.p, n);
		b->n_bytes += n + 2;
		return;
	}
	fe_buf_add_char(b, '"');
	for (size_t i = 0; i < s.n; i += n) {
		char unit[UNIT_BYTES];

		n = plain_length((struct fe_str){ s.p + i, s.n - i });
		if (n > 0) {
			fe_buf_add(b, s.p + i, n);
			continue;
		}
		fe_buf_add(b, unit, put_json_unit((struct fe_str){ s.p + i, s.n - i }, unit, &n));
	}
	fe_buf_add_char(b, '"');
}

void
fe_buf_add_base64(struct fe_buf *b, struct fe_str bytes)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *p = (const unsigned char *)bytes.p;

	for (size_t i = 0; i < bytes.n; i += 3) {
		size_t n = bytes.n - i < 3 ? bytes.n - i : 3;
		unsigned v = (unsigned)p[i] << 16 | (n > 1 ? (unsigned)p[i + 1] << 8 : 0) |
			     (n > 2 ? p[i + 2] : 0);
		char four[4] = { digits[v >> 18], digits[v >> 12 & 63],
				 n > 1 ? digits[v >> 6 & 63] : '=', n > 2 ? digits[v & 63] : '=' };
		fe_buf_add(b, four, sizeof(four));
	}
}

static int
base64_value(char c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' : c >= 'a' && c <= 'z' ? c - 'a' + 26 : c >= '0' && c <= '9' ? c - '0' + 52
	       : c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool
fe_buf_add_unbase64(struct fe_buf *b, struct fe_str text)
{
	if (text.n % 4)
		return false;
	for (size_t i = 0; i < text.n; i += 4) {
		const bool is_last = i + 4 == text.n;
		const size_t n_pad = !is_last ? 0 : text.p[i + 2] == '=' && text.p[i + 3] == '=' ? 2 : text.p[i + 3] == '=';
		unsigned v = 0;
		for (size_t k = 0; k < 4 - n_pad; k++) {
			const int digit = base64_value(text.p[i + k]);
			if (digit < 0)
				return false;
			v |= (unsigned)digit << (18 - 6 * k);
		}
		const char three[3] = { (char)(v >> 16), (char)(v >> 8 & 255), (char)(v & 255) };
		fe_buf_add(b, three, 3 - n_pad);
	}
	return true;
}

/* Names -------------------------------------------------------------------------------- */

#define MAX_CHARS 32

/* The first MAX_CHARS characters; a byte that is no UTF-8 counts as one. */
static unsigned
to_codes(struct fe_str s, uint32_t codes[MAX_CHARS])
{
	unsigned n_codes = 0;

	for (size_t i = 0, n; i < s.n && n_codes < MAX_CHARS; i += n) {
		n = fe_utf8_decode((struct fe_str){ s.p + i, s.n - i }, &codes[n_codes]);
		if (n == 0) {
			codes[n_codes] = (unsigned char)s.p[i];
			n = 1;
		}
		n_codes++;
	}
	return n_codes;
}

static unsigned
least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

unsigned fe_text_distance(struct fe_str a, struct fe_str b)
{
	uint32_t x[MAX_CHARS], y[MAX_CHARS];
	unsigned n = to_codes(a, x), m = to_codes(b, y);
	unsigned rows[3][MAX_CHARS + 1]; /* of the table of distances: this one and two before */

	for (unsigned j = 0; j <= m; j++)
		rows[0][j] = j;
	for (unsigned i = 1; i <= n; i++) {
		unsigned *row = rows[i % 3], *before = rows[(i + 2) % 3], *before2 = rows[(i + 1) % 3];

		row[0] = i;
		for (unsigned j = 1; j <= m; j++) {
			unsigned d = before[j - 1] + (x[i - 1] != y[j - 1]);

			d = least(d, least(before[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && x[i - 1] == y[j - 2] && x[i - 2] == y[j - 1])
				d = least(d, before2[j - 2] + 1);
			row[j] = d;
		}
	}
	return rows[n % 3][m];
}

const char *
fe_text_nearest(struct fe_str name, const char *const *candidates, size_t n)
{
	const char *nearest = NULL;
	/* A third of the characters may be wrong. */
	size_t n_chars = fe_utf8_length(name);
	unsigned limit = n_chars < 2 ? 0 : n_chars < 5 ? 1 : n_chars < 8 ? 2 : n_chars < 11 ? 3 : 4;

	for (size_t i = 0; i < n; i++) {
		unsigned d;

		if (fe_text_casecmp_ascii(name, fe_str_of(candidates[i])) == 0)
			return candidates[i];
		d = fe_text_distance(name, fe_str_of(candidates[i]));
		if (d <= limit && (!nearest || d < limit)) {
			nearest = candidates[i];
			limit = d;
		}
	}
	return nearest;
}
