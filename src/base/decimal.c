// SPDX-License-Identifier: Apache-2.0
/* base/decimal.c - decimals from text
 *
 * There are two ways. parse_common takes the form that nearly every cell has, at
 * most 16 bytes with the point where the scale puts it, by whole words and without
 * a branch per digit; it either is sure or knows nothing. Everything else goes to
 * scan_number, which knows every declared way of writing, and where that fails too,
 * decimal_fault.c looks for the reason.
 */
#include "base/decimal.h"
#include "base/decimal_fault.h"
#include "base/text16.h"

#define MAX_DIGITS_U64 19 /* so many digits always fit */

const int64_t fe_pow10[19] = {
	1,
	10,
	100,
	1000,
	10000,
	100000,
	1000000,
	10000000,
	100000000,
	1000000000,
	10000000000,
	100000000000,
	1000000000000,
	10000000000000,
	100000000000000,
	1000000000000000,
	10000000000000000,
	100000000000000000,
	1000000000000000000,
};

const char *
fe_decimal_why_code(enum fe_decimal_why why)
{
	static const char *const codes[] = {
#define FE_X(name, code) code,
		FE_DECIMAL_WHY_MAP(FE_X)
#undef FE_X
	};
	return codes[why];
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The common form ------------------------------------------------------------ */

#define ZEROS UINT64_C(0x3030303030303030)

/* Words are little-endian: the first character of the text in the lowest byte. */
static uint64_t
load64(const char *p)
{
	uint64_t x;

	memcpy(&x, p, sizeof(x));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	x = __builtin_bswap64(x);
#endif
	return x;
}

static uint64_t
load32(const char *p)
{
	uint32_t x;

	memcpy(&x, p, sizeof(x));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	x = __builtin_bswap32(x);
#endif
	return x;
}

/* The last eight bytes of a text of n < 8, '0' before it. More is read than the text has where
 * that lies in one page of memory with it (base/text16.h). */
static uint64_t
load_short(const char *p, size_t n)
{
	uint64_t x;

#ifndef FE_TEXT16_WATCHED
	if (__builtin_expect((((uintptr_t)p + n - 1) & 4095) >= 7, 1))
		return (load64(p + n - 8) & ~UINT64_C(0) << (8 - n) * 8) | ZEROS >> n * 8;
#endif
	if (n >= 4) {
		x = load32(p) | load32(p + n - 4) << (n - 4) * 8;
	} else {
		x = (uint64_t)(unsigned char)p[0] |
		    (uint64_t)(unsigned char)p[n / 2] << n / 2 * 8 |
		    (uint64_t)(unsigned char)p[n - 1] << (n - 1) * 8;
	}
	return x << (8 - n) * 8 | ZEROS >> n * 8;
}

/* The last 16 bytes that the text would have if it were filled with zeros on the
 * left: lo the first 8 of them, hi the last 8. n is 1 to 16. */
static void
load_right(const char *p, size_t n, uint64_t *lo, uint64_t *hi)
{
	*lo = ZEROS;
	if (n < 8) {
		*hi = load_short(p, n);
		return;
	}
	*hi = load64(p + n - 8);
	if (n > 8) {
		unsigned fill_bits = (unsigned)(16 - n) * 8;

		*lo = load64(p) << fill_bits | (fill_bits ? ZEROS >> (64 - fill_bits) : 0);
	}
}

/* x is eight characters minus '0'. */
static bool
are_digits(uint64_t x)
{
	return ((x | (x + UINT64_C(0x0606060606060606))) & UINT64_C(0xf0f0f0f0f0f0f0f0)) == 0;
}

static uint64_t
digits_value(uint64_t x)
{
	x = (x * 10 + (x >> 8)) & UINT64_C(0x00ff00ff00ff00ff);
	x = (x * 100 + (x >> 16)) & UINT64_C(0x0000ffff0000ffff);
	return (x * 10000 + (x >> 32)) & UINT64_C(0xffffffff);
}

/* digits '.' exactly `scale` digits, or just digits where scale is 0; no sign.
 * False says nothing about the text. */
static inline bool
parse_common(const char *p, size_t n, unsigned scale, uint64_t *out)
{
	uint64_t lo, hi;

	if (n - 1 > 15 || scale > 7)
		return false;
	load_right(p, n, &lo, &hi);
	if (scale > 0) {
		unsigned frac_bits = (8 - scale) * 8; /* where the decimals begin */
		uint64_t int_part = (UINT64_C(1) << (frac_bits - 8)) - 1;

		if (n < scale + 2 || (hi >> (frac_bits - 8) & 0xff) != '.')
			return false;
		/* Close the gap that the point leaves. */
		hi = (hi & (~UINT64_C(0) << frac_bits)) | (hi & int_part) << 8 | lo >> 56;
		lo = lo << 8 | '0';
	}
	lo ^= ZEROS;
	hi ^= ZEROS;
	if (!are_digits(hi))
		return false;
	*out = digits_value(hi);
	if (n <= 8) /* no digits in lo */
		return true;
	if (!are_digits(lo))
		return false;
	*out += digits_value(lo) * 100000000;
	return true;
}

static inline bool
parse_signed_common(struct fe_str text, unsigned scale, uint64_t below, int64_t *out)
{
	size_t n_sign;
	uint64_t v;

	if (text.n == 0)
		return false;
	n_sign = text.p[0] == '-';
	if (!parse_common(text.p + n_sign, text.n - n_sign, scale, &v) || v >= below)
		return false;
	*out = n_sign ? -(int64_t)v : (int64_t)v;
	return true;
}

/* Every form ----------------------------------------------------------------- */

struct number {
	bool negative;
	bool too_big;     /* more than MAX_DIGITS_U64 significant digits: value is unset */
	size_t n_decimals;
	uint64_t value;   /* all digits, the point left out */
};

/* Takes off the sign, as it may be written here; false: there is none. */
static bool
strip_sign(struct fe_str *s, const struct fe_decimal_format *fmt, bool *negative)
{
	if (fmt->sign_parens && s->n >= 2 && s->p[0] == '(' && s->p[s->n - 1] == ')') {
		*s = (struct fe_str){ s->p + 1, s->n - 2 };
		*negative = true;
		return true;
	}
	if (s->n > 0 && (s->p[0] == '-' || (s->p[0] == '+' && fmt->sign_plus))) {
		*negative = s->p[0] == '-';
		*s = (struct fe_str){ s->p + 1, s->n - 1 };
		return true;
	}
	if (fmt->sign_trailing && s->n > 0 &&
	    (s->p[s->n - 1] == '-' || (s->p[s->n - 1] == '+' && fmt->sign_plus))) {
		*negative = s->p[s->n - 1] == '-';
		s->n--;
		return true;
	}
	return false;
}

/* Bytes of the blank at p, be it a plain one or one that keeps a line together. */
static size_t
gap_bytes(const char *p, size_t n)
{
	if (n >= 1 && p[0] == ' ')
		return 1;
	if (n >= 2 && memcmp(p, "\xc2\xa0", 2) == 0) /* U+00A0 */
		return 2;
	return n >= 3 && memcmp(p, "\xe2\x80\xaf", 3) == 0 ? 3 : 0; /* U+202F */
}

static size_t
gap_bytes_at_end(struct fe_str s)
{
	for (size_t n = 1; n <= 3 && n <= s.n; n++)
		if (gap_bytes(s.p + s.n - n, n) == n)
			return n;
	return 0;
}

/* Takes off the longest currency that s begins or ends with, and one blank beside it. */
static void
strip_currency(struct fe_str *s, const struct fe_decimal_format *fmt)
{
	size_t n_front = 0, n_back = 0;

	for (size_t i = 0; i < fmt->n_currencies; i++) {
		const struct fe_str c = fmt->currencies[i];
		if (c.n > s->n)
			continue;
		if (c.n > n_front && memcmp(s->p, c.p, c.n) == 0)
			n_front = c.n;
		if (c.n > n_back && memcmp(s->p + s->n - c.n, c.p, c.n) == 0)
			n_back = c.n;
	}
	if (n_front) {
		*s = (struct fe_str){ s->p + n_front, s->n - n_front };
		size_t n = gap_bytes(s->p, s->n);
		*s = (struct fe_str){ s->p + n, s->n - n };
	} else if (n_back) {
		s->n -= n_back;
		s->n -= gap_bytes_at_end(*s);
	}
}

static void
add_digit(struct number *num, unsigned *n_significant, char c)
{
	if (*n_significant > 0 || c != '0')
		++*n_significant;
	if (*n_significant > MAX_DIGITS_U64)
		num->too_big = true;
	else
		num->value = num->value * 10 + (uint64_t)(c - '0');
}

/* digits with groups of three, a point, digits; false: not of the form. */
static bool
scan_digits(struct fe_str s, char point, char group, struct number *num)
{
	unsigned n_significant = 0;
	size_t i = 0, n_in_group = 0, n_groups = 0, n_gap;

	for (; i < s.n && s.p[i] != point; i++) {
		if (is_digit(s.p[i])) {
			add_digit(num, &n_significant, s.p[i]);
			n_in_group++;
			continue;
		}
		n_gap = group == ' ' ? gap_bytes(s.p + i, s.n - i) : group && s.p[i] == group;
		if (n_gap == 0)
			return false;
		i += n_gap - 1;
		if (n_groups++ == 0 ? n_in_group - 1 > 2 : n_in_group != 3)
			return false;
		n_in_group = 0;
	}
	if (n_groups == 0 ? n_in_group == 0 : n_in_group != 3)
		return false;
	if (i == s.n)
		return true;
	if (++i == s.n)
		return false;
	for (; i < s.n; i++) {
		if (!is_digit(s.p[i]))
			return false;
		add_digit(num, &n_significant, s.p[i]);
		num->n_decimals++;
	}
	return true;
}

static bool
scan_number(struct fe_str s, const struct fe_decimal_format *fmt, struct number *num)
{
	*num = (struct number){ 0 };
	bool has_sign = strip_sign(&s, fmt, &num->negative);
	if (fmt->n_currencies) {
		strip_currency(&s, fmt);
		if (!has_sign)
			(void)strip_sign(&s, fmt, &num->negative);
	}
	return scan_digits(s, fmt->point ? fmt->point : '.', fmt->group, num);
}

/* The public faces ------------------------------------------------------------ */

static const struct fe_decimal_format default_format = { .point = '.' };

static enum fe_decimal_why
parse_any(struct fe_str text, unsigned precision, unsigned scale,
	  const struct fe_decimal_format *fmt, int64_t *out)
{
	struct number num;
	uint64_t v;

	if (!scan_number(text, fmt, &num))
		return fe_decimal_fault(text, fmt);
	if (num.n_decimals > scale)
		return FE_DECIMAL_TOO_MANY_DECIMALS;
	if (num.too_big ||
	    __builtin_mul_overflow(num.value, (uint64_t)fe_pow10[scale - num.n_decimals], &v) ||
	    v >= (uint64_t)fe_pow10[precision])
		return FE_DECIMAL_OUT_OF_RANGE;
	*out = num.negative ? -(int64_t)v : (int64_t)v;
	return FE_DECIMAL_OK;
}

enum fe_decimal_why
fe_decimal_parse(struct fe_str text, unsigned precision, unsigned scale,
		 const struct fe_decimal_format *fmt, int64_t *out)
{
	if (!fmt && parse_signed_common(text, scale, (uint64_t)fe_pow10[precision], out))
		return FE_DECIMAL_OK;
	return parse_any(text, precision, scale, fmt ? fmt : &default_format, out);
}

uint64_t
fe_decimal_parse_64(const struct fe_str *texts, size_t n, unsigned precision, unsigned scale, int64_t *out)
{
	const uint64_t below = (uint64_t)fe_pow10[precision];
	uint64_t done = 0;

	for (size_t i = 0; i < n; i++) {
		const struct fe_str s = texts[i];
		bool is = s.p && parse_signed_common(s, scale, below, &out[i]) && (out[i] != 0 || s.p[0] != '-');

		done |= (uint64_t)is << i;
	}
	return done;
}

enum fe_decimal_why
fe_int_parse(struct fe_str text, int64_t *out)
{
	struct number num;

	if (parse_signed_common(text, 0, UINT64_MAX, out))
		return FE_DECIMAL_OK;
	if (!scan_number(text, &default_format, &num))
		return fe_decimal_fault(text, &default_format);
	if (num.n_decimals > 0)
		return FE_DECIMAL_TOO_MANY_DECIMALS;
	if (num.too_big || num.value > (uint64_t)INT64_MAX + num.negative)
		return FE_DECIMAL_OUT_OF_RANGE;
	*out = num.negative ? (int64_t)(0 - num.value) : (int64_t)num.value;
	return FE_DECIMAL_OK;
}
