// SPDX-License-Identifier: Apache-2.0
/* format/encoding.c - one character at a time, ASCII first */
#include "format/encoding.h"

#include "base/text.h"

/* A byte that goes out as it is, and is no UTF-8 there: none, or one that continues a character, behind a whole one. */
#define AS_BYTE UINT32_C(0x80000000)
#define MAX_ENCODED UINT32_C(0x1FFFFF) /* that has a form of UTF-8, be it one that is not allowed */

const char *const fe_encoding_names[FE_N_ENCODINGS + 1] = {
#define FE_X(name, text) [FE_##name] = text,
	FE_ENCODING_MAP(FE_X)
#undef FE_X
};

/* 0x80 to 0x9F; 0: open. */
static const uint16_t windows_1252[32] = {
	0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
	0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0,      0x017D, 0,
	0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
	0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178,
};

/* 0x80 to 0xFF, all of them taken: 0xDB is the euro sign, as it has been since Mac OS 8.5,
 * and 0xF0 the apple, which has a place of private use. */
static const uint16_t mac_roman[128] = {
	0x00C4, 0x00C5, 0x00C7, 0x00C9, 0x00D1, 0x00D6, 0x00DC, 0x00E1,
	0x00E0, 0x00E2, 0x00E4, 0x00E3, 0x00E5, 0x00E7, 0x00E9, 0x00E8,
	0x00EA, 0x00EB, 0x00ED, 0x00EC, 0x00EE, 0x00EF, 0x00F1, 0x00F3,
	0x00F2, 0x00F4, 0x00F6, 0x00F5, 0x00FA, 0x00F9, 0x00FB, 0x00FC,
	0x2020, 0x00B0, 0x00A2, 0x00A3, 0x00A7, 0x2022, 0x00B6, 0x00DF,
	0x00AE, 0x00A9, 0x2122, 0x00B4, 0x00A8, 0x2260, 0x00C6, 0x00D8,
	0x221E, 0x00B1, 0x2264, 0x2265, 0x00A5, 0x00B5, 0x2202, 0x2211,
	0x220F, 0x03C0, 0x222B, 0x00AA, 0x00BA, 0x03A9, 0x00E6, 0x00F8,
	0x00BF, 0x00A1, 0x00AC, 0x221A, 0x0192, 0x2248, 0x2206, 0x00AB,
	0x00BB, 0x2026, 0x00A0, 0x00C0, 0x00C3, 0x00D5, 0x0152, 0x0153,
	0x2013, 0x2014, 0x201C, 0x201D, 0x2018, 0x2019, 0x00F7, 0x25CA,
	0x00FF, 0x0178, 0x2044, 0x20AC, 0x2039, 0x203A, 0xFB01, 0xFB02,
	0x2021, 0x00B7, 0x201A, 0x201E, 0x2030, 0x00C2, 0x00CA, 0x00C1,
	0x00CB, 0x00C8, 0x00CD, 0x00CE, 0x00CF, 0x00CC, 0x00D3, 0x00D4,
	0xF8FF, 0x00D2, 0x00DA, 0x00DB, 0x00D9, 0x0131, 0x02C6, 0x02DC,
	0x00AF, 0x02D8, 0x02D9, 0x02DA, 0x00B8, 0x02DD, 0x02DB, 0x02C7,
};

bool
fe_encoding_find(struct fe_str name, enum fe_encoding *out)
{
	for (int e = 0; e < FE_N_ENCODINGS; e++) {
		if (fe_text_casecmp_ascii(name, fe_str_of(fe_encoding_names[e])) == 0) {
			*out = (enum fe_encoding)e;
			return true;
		}
	}
	return false;
}

enum fe_encoding
fe_encoding_guess(struct fe_str start)
{
	const char *p = start.p;
	if (start.n >= 4) {
		if (memcmp(p, "\xff\xfe\0\0", 4) == 0 || (p[0] && !p[1] && !p[2] && !p[3]))
			return FE_UTF_32LE;
		if (memcmp(p, "\0\0\xfe\xff", 4) == 0 || (!p[0] && !p[1] && !p[2] && p[3]))
			return FE_UTF_32BE;
	}
	if (start.n >= 2) {
		if (memcmp(p, "\xff\xfe", 2) == 0)
			return FE_UTF_16LE;
		if (memcmp(p, "\xfe\xff", 2) == 0)
			return FE_UTF_16BE;
	}
	if (start.n >= 4) {
		if (p[0] && !p[1] && p[2] && !p[3])
			return FE_UTF_16LE;
		if (!p[0] && p[1] && !p[2] && p[3])
			return FE_UTF_16BE;
	}
	return FE_UTF_8;
}

static uint32_t
unit_16(const unsigned char *p, bool is_big)
{
	return is_big ? (uint32_t)p[0] << 8 | p[1] : (uint32_t)p[1] << 8 | p[0];
}

static uint32_t
unit_32(const unsigned char *p, bool is_big)
{
	return is_big ? unit_16(p, true) << 16 | unit_16(p + 2, true)
		      : unit_16(p + 2, false) << 16 | unit_16(p, false);
}

/* How many bytes the character at p has; 0: more than there are. */
static size_t
next_16(const unsigned char *p, size_t n, bool is_big, uint32_t *code)
{
	if (n < 2)
		return 0;
	*code = unit_16(p, is_big);
	if (*code < 0xD800 || *code > 0xDFFF)
		return 2;
	if (*code > 0xDBFF)
		return 2;
	if (n < 4)
		return 0;
	uint32_t low = unit_16(p + 2, is_big);
	if (low < 0xDC00 || low > 0xDFFF)
		return 2;
	*code = 0x10000 + ((*code - 0xD800) << 10) + (low - 0xDC00);
	return 4;
}

static size_t
next_32(const unsigned char *p, size_t n, bool is_big, uint32_t *code)
{
	if (n < 4)
		return 0;
	*code = unit_32(p, is_big);
	if (*code > MAX_ENCODED)
		*code = AS_BYTE | 0xFF;
	return 4;
}

static size_t
next_character(enum fe_encoding e, const unsigned char *p, size_t n, uint32_t *code)
{
	switch (e) {
	case FE_UTF_16LE:
	case FE_UTF_16BE:
		return next_16(p, n, e == FE_UTF_16BE, code);
	case FE_UTF_32LE:
	case FE_UTF_32BE:
		return next_32(p, n, e == FE_UTF_32BE, code);
	case FE_WINDOWS_1252:
		*code = p[0];
		if (p[0] >= 0x80 && p[0] <= 0x9F)
			*code = windows_1252[p[0] - 0x80] ? windows_1252[p[0] - 0x80] : AS_BYTE | p[0];
		return 1;
	case FE_MAC_ROMAN:
		*code = p[0] < 0x80 ? p[0] : mac_roman[p[0] - 0x80];
		return 1;
	default:
		*code = p[0];
		return 1;
	}
}

size_t
fe_encoding_decode(enum fe_encoding e, struct fe_str *in, char *out, size_t cap_bytes)
{
	size_t n_out = 0;
	while (in->n && cap_bytes - n_out >= FE_ENCODING_ROOM) {
		uint32_t code;
		size_t n = next_character(e, (const unsigned char *)in->p, in->n, &code);
		if (n == 0)
			break;
		if (code < 0x80)
			out[n_out++] = (char)code;
		else if (code & AS_BYTE)
			out[n_out++] = (char)(code & 0xFF);
		else
			n_out += fe_utf8_encode(code, out + n_out);
		in->p += n;
		in->n -= n;
	}
	return n_out;
}

enum fe_rc
fe_encoding_read(struct fe_str raw, enum fe_encoding other, struct fe_buf *out, struct fe_err *err)
{
	enum fe_encoding e = fe_encoding_guess(raw);

	if (e == FE_UTF_8 && !fe_utf8_is_valid(raw))
		e = other;
	if (e == FE_UTF_8 || e == FE_UTF_16 || e == FE_UTF_32) { /* of the latter two no byte order shows */
		fe_buf_add_str(out, raw);
	} else if (fe_buf_reserve(out, FE_ENCODING_ROOM * (raw.n + 1))) {
		out->n_bytes += fe_encoding_decode(e, &raw, out->p + out->n_bytes, FE_ENCODING_ROOM * (raw.n + 1));
		if (raw.n)
			return fe_fail(err, FE_EDATA, "the text ends inside a character of %s", fe_encoding_names[e]);
	}
	return fe_buf_check(out, "a text as UTF-8", err);
}
