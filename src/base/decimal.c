// SPDX-License-Identifier: Apache-2.0
/* base/decimal.c - decimals from text and to text
 *
 * Parsing has two ways. parse_common takes the form that nearly every cell has, at
 * most 16 bytes with the point where the scale puts it, by whole words and without
 * a branch per digit; it either is sure or knows nothing. Everything else goes to
 * scan_number, which knows every declared way of writing, and where that fails
 * too, find_fault looks for the reason, for which time does not matter.
 *
 * Formatting writes two digits at a time, from the right.
 */
#include "base/decimal.h"

#define POW10_19 UINT64_C(10000000000000000000)
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

const char *fe_decimal_why_code(enum fe_decimal_why why)
{
	static const char *const codes[] = {
#define FE_X(name, code) code,
		FE_DECIMAL_WHY_MAP(FE_X)
#undef FE_X
	};
	return codes[why];
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The common form ------------------------------------------------------------ */

#define ZEROS UINT64_C(0x3030303030303030)

/* Words are little-endian: the first character of the text in the lowest byte. */
static uint64_t load64(const char *p)
{
	uint64_t x;

	memcpy(&x, p, sizeof(x));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	x = __builtin_bswap64(x);
#endif
	return x;
}

static uint64_t load32(const char *p)
{
	uint32_t x;

	memcpy(&x, p, sizeof(x));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	x = __builtin_bswap32(x);
#endif
	return x;
}

/* The last 16 bytes that the text would have if it were filled with zeros on the
 * left: lo the first 8 of them, hi the last 8. n is 1 to 16. */
static void load_right(const char *p, size_t n, uint64_t *lo, uint64_t *hi)
{
	uint64_t x;

	*lo = ZEROS;
	if (n >= 8) {
		*hi = load64(p + n - 8);
		if (n > 8) {
			unsigned fill_bits = (unsigned)(16 - n) * 8;

			x = load64(p) << fill_bits;
			*lo = x | (fill_bits ? ZEROS >> (64 - fill_bits) : 0);
		}
		return;
	}
	if (n >= 4) {
		x = load32(p) | load32(p + n - 4) << (n - 4) * 8;
	} else {
		x = (uint64_t)(unsigned char)p[0] |
		    (uint64_t)(unsigned char)p[n / 2] << n / 2 * 8 |
		    (uint64_t)(unsigned char)p[n - 1] << (n - 1) * 8;
	}
	*hi = x << (8 - n) * 8 | ZEROS >> n * 8;
}

/* x is eight characters minus '0'. */
static bool are_digits(uint64_t x)
{
	return ((x | (x + UINT64_C(0x0606060606060606))) & UINT64_C(0xf0f0f0f0f0f0f0f0)) == 0;
}

static uint64_t digits_value(uint64_t x)
{
	x = (x * 10 + (x >> 8)) & UINT64_C(0x00ff00ff00ff00ff);
	x = (x * 100 + (x >> 16)) & UINT64_C(0x0000ffff0000ffff);
	return (x * 10000 + (x >> 32)) & UINT64_C(0xffffffff);
}

/* digits '.' exactly `scale` digits, or just digits where scale is 0; no sign.
 * False says nothing about the text. */
static inline bool parse_common(const char *p, size_t n, unsigned scale, uint64_t *out)
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
	if (!are_digits(lo) || !are_digits(hi))
		return false;
	*out = digits_value(lo) * 100000000 + digits_value(hi);
	return true;
}

static inline bool parse_signed_common(struct fe_str text, unsigned scale, uint64_t below, int64_t *out)
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

/* Takes off the sign, as it may be written here; whether it was a minus. */
static bool strip_sign(struct fe_str *s, const struct fe_decimal_format *fmt)
{
	bool negative = false;

	if (fmt->sign_parens && s->n >= 2 && s->p[0] == '(' && s->p[s->n - 1] == ')') {
		*s = (struct fe_str){ s->p + 1, s->n - 2 };
		return true;
	}
	if (s->n > 0 && (s->p[0] == '-' || (s->p[0] == '+' && fmt->sign_plus))) {
		negative = s->p[0] == '-';
		*s = (struct fe_str){ s->p + 1, s->n - 1 };
	} else if (fmt->sign_trailing && s->n > 0 &&
		   (s->p[s->n - 1] == '-' || (s->p[s->n - 1] == '+' && fmt->sign_plus))) {
		negative = s->p[s->n - 1] == '-';
		s->n--;
	}
	return negative;
}

static void add_digit(struct number *num, unsigned *n_significant, char c)
{
	if (*n_significant > 0 || c != '0')
		++*n_significant;
	if (*n_significant > MAX_DIGITS_U64)
		num->too_big = true;
	else
		num->value = num->value * 10 + (uint64_t)(c - '0');
}

/* digits with groups of three, a point, digits; false: not of the form. */
static bool scan_digits(struct fe_str s, char point, char group, struct number *num)
{
	unsigned n_significant = 0;
	size_t i = 0, n_in_group = 0, n_groups = 0;

	for (; i < s.n && s.p[i] != point; i++) {
		if (is_digit(s.p[i])) {
			add_digit(num, &n_significant, s.p[i]);
			n_in_group++;
			continue;
		}
		if (!group || s.p[i] != group)
			return false;
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

static bool scan_number(struct fe_str s, const struct fe_decimal_format *fmt, struct number *num)
{
	*num = (struct number){ .negative = strip_sign(&s, fmt) };
	return scan_digits(s, fmt->point ? fmt->point : '.', fmt->group, num);
}

/* Why a text is no number ------------------------------------------------------
 *
 * The text is peeled from both ends of what is around a number, then what is left
 * is walked once; each oddity seen is noted. A text that holds anything else, or no
 * digit, is not a number at all; otherwise the first oddity in the order of
 * FE_DECIMAL_WHY_MAP is told. */

struct faults {
	bool seen[FE_DECIMAL_OUT_OF_RANGE + 1];
};

/* Bytes of a blank at p: ASCII white space, no-break and other Unicode spaces. */
static size_t blank_bytes(const char *p, size_t n)
{
	const unsigned char *u = (const unsigned char *)p;

	if (n >= 1 && (u[0] == ' ' || (u[0] >= '\t' && u[0] <= '\r')))
		return 1;
	if (n >= 2 && u[0] == 0xc2 && (u[1] == 0xa0 || u[1] == 0x85)) /* U+00A0, U+0085 */
		return 2;
	if (n < 3 || u[0] < 0xe1 || u[0] > 0xe3)
		return 0;
	switch (u[0] << 16 | u[1] << 8 | u[2]) {
	case 0xe19a80: /* U+1680 */
	case 0xe280a8: /* U+2028, U+2029, U+202F, U+205F, U+3000 */
	case 0xe280a9:
	case 0xe280af:
	case 0xe2819f:
	case 0xe38080:
		return 3;
	default: /* U+2000 to U+200A */
		return u[0] == 0xe2 && u[1] == 0x80 && u[2] >= 0x80 && u[2] <= 0x8a ? 3 : 0;
	}
}

/* A currency of ISO 4217. Any three letters would not do: an id such as TXN00017 in
 * a shifted column is no amount. */
static bool is_currency_code(const char *p)
{
	static const char codes[] =
		"AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN "
		"BWP BYN BZD CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD "
		"FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY "
		"KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP "
		"MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR "
		"RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT "
		"TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ";

	for (size_t i = 0; i < sizeof(codes) - 1; i += 4)
		if (memcmp(codes + i, p, 3) == 0)
			return true;
	return false;
}

/* Bytes of a currency sign at p: $, U+00A2-A5, U+20A0-20C0, or a code such as EUR. */
static size_t currency_bytes(const char *p, size_t n)
{
	const unsigned char *u = (const unsigned char *)p;

	if (n >= 1 && u[0] == '$')
		return 1;
	if (n >= 2 && u[0] == 0xc2 && u[1] >= 0xa2 && u[1] <= 0xa5)
		return 2;
	if (n >= 3 && u[0] == 0xe2 && ((u[1] == 0x82 && u[2] >= 0xa0) || (u[1] == 0x83 && u[2] == 0x80)))
		return 3;
	return n >= 3 && is_currency_code(p) ? 3 : 0;
}

/* Takes one piece of surroundings off the front, or off the back; 0: there is none. */
static size_t peel(struct fe_str s, bool at_end, struct faults *f)
{
	for (size_t n = 1; n <= 3 && n <= s.n; n++) {
		const char *p = at_end ? s.p + s.n - n : s.p;

		if (blank_bytes(p, n) == n) {
			f->seen[FE_DECIMAL_BLANK_INSIDE] = true;
			return n;
		}
		if (currency_bytes(p, n) == n) {
			f->seen[FE_DECIMAL_CURRENCY_SIGN] = true;
			return n;
		}
		if (n == 1 && *p == (at_end ? ')' : '(')) {
			f->seen[FE_DECIMAL_PARENTHESES] = true;
			return n;
		}
		if (n == 1 && (*p == '-' || *p == '+')) {
			if (*p == '+')
				f->seen[FE_DECIMAL_PLUS_SIGN] = true;
			else if (at_end)
				f->seen[FE_DECIMAL_TRAILING_MINUS] = true;
			return n;
		}
	}
	return 0;
}

/* e or E, an optional sign, digits to the end. */
static bool is_exponent(const char *p, size_t n)
{
	size_t i = 1;

	if (n < 2 || (p[0] != 'e' && p[0] != 'E'))
		return false;
	if (p[1] == '-' || p[1] == '+')
		i++;
	if (i == n)
		return false;
	while (i < n && is_digit(p[i]))
		i++;
	return i == n;
}

static enum fe_decimal_why find_fault(struct fe_str s, const struct fe_decimal_format *fmt)
{
	struct faults f = { 0 };
	char point = fmt->point ? fmt->point : '.';
	size_t n, n_digits = 0, n_points = 0;

	while ((n = peel(s, false, &f)) > 0)
		s = (struct fe_str){ s.p + n, s.n - n };
	while ((n = peel(s, true, &f)) > 0)
		s.n -= n;
	for (size_t i = 0; i < s.n; i += n) {
		char c = s.p[i];

		n = 1;
		if (is_digit(c)) {
			n_digits++;
		} else if (c == point && n_points == 0) {
			n_points++;
		} else if (c == ',' || c == '.' || c == '\'' ||
			   (c == fmt->group && c)) {
			f.seen[FE_DECIMAL_SEPARATOR] = true;
		} else if (n_digits > 0 && is_exponent(s.p + i, s.n - i)) {
			f.seen[FE_DECIMAL_EXPONENT] = true;
			break;
		} else if ((n = blank_bytes(s.p + i, s.n - i)) > 0) {
			f.seen[FE_DECIMAL_BLANK_INSIDE] = true;
		} else {
			return FE_DECIMAL_NOT_A_NUMBER;
		}
	}
	if (n_digits == 0)
		return FE_DECIMAL_NOT_A_NUMBER;
	/* What is declared is no fault by itself. */
	f.seen[FE_DECIMAL_PLUS_SIGN] &= !fmt->sign_plus;
	f.seen[FE_DECIMAL_PARENTHESES] &= !fmt->sign_parens;
	f.seen[FE_DECIMAL_TRAILING_MINUS] &= !fmt->sign_trailing;
	for (unsigned why = FE_DECIMAL_PLUS_SIGN; why <= FE_DECIMAL_BLANK_INSIDE; why++)
		if (f.seen[why])
			return (enum fe_decimal_why)why;
	return FE_DECIMAL_NOT_A_NUMBER;
}

/* The public faces ------------------------------------------------------------ */

static const struct fe_decimal_format default_format = { .point = '.' };

static enum fe_decimal_why parse_any(struct fe_str text, unsigned precision, unsigned scale,
				     const struct fe_decimal_format *fmt, int64_t *out)
{
	struct number num;
	uint64_t v;

	if (!scan_number(text, fmt, &num))
		return find_fault(text, fmt);
	if (num.n_decimals > scale)
		return FE_DECIMAL_TOO_MANY_DECIMALS;
	if (num.too_big ||
	    __builtin_mul_overflow(num.value, (uint64_t)fe_pow10[scale - num.n_decimals], &v) ||
	    v >= (uint64_t)fe_pow10[precision])
		return FE_DECIMAL_OUT_OF_RANGE;
	*out = num.negative ? -(int64_t)v : (int64_t)v;
	return FE_DECIMAL_OK;
}

enum fe_decimal_why fe_decimal_parse(struct fe_str text, unsigned precision, unsigned scale,
				     const struct fe_decimal_format *fmt, int64_t *out)
{
	if (!fmt && parse_signed_common(text, scale, (uint64_t)fe_pow10[precision], out))
		return FE_DECIMAL_OK;
	return parse_any(text, precision, scale, fmt ? fmt : &default_format, out);
}

enum fe_decimal_why fe_int_parse(struct fe_str text, int64_t *out)
{
	struct number num;

	if (parse_signed_common(text, 0, UINT64_MAX, out))
		return FE_DECIMAL_OK;
	if (!scan_number(text, &default_format, &num))
		return find_fault(text, &default_format);
	if (num.n_decimals > 0)
		return FE_DECIMAL_TOO_MANY_DECIMALS;
	if (num.too_big || num.value > (uint64_t)INT64_MAX + num.negative)
		return FE_DECIMAL_OUT_OF_RANGE;
	*out = num.negative ? (int64_t)(0 - num.value) : (int64_t)num.value;
	return FE_DECIMAL_OK;
}

static const char two_digits[] = "00010203040506070809101112131415161718192021222324252627282930313233"
				 "34353637383940414243444546474849505152535455565758596061626364656667"
				 "6869707172737475767778798081828384858687888990919293949596979899";

_Static_assert(sizeof(two_digits) == 201, "100 pairs");

/* Writes the digits of v so that they end at `end`; returns where they begin. */
static char *write_digits(uint64_t v, char *end)
{
	while (v >= 100) {
		end -= 2;
		memcpy(end, two_digits + v % 100 * 2, 2);
		v /= 100;
	}
	if (v >= 10) {
		end -= 2;
		memcpy(end, two_digits + v * 2, 2);
	} else {
		*--end = (char)('0' + v);
	}
	return end;
}

/* Puts sign and point around n digits, which are filled up with zeros on the left
 * until one stands before the point. */
static size_t place_point(const char *digits, size_t n, bool negative, unsigned scale, char *out)
{
	char *o = out;

	if (negative)
		*o++ = '-';
	if (n > scale) {
		memcpy(o, digits, n - scale);
		o += n - scale;
	} else {
		*o++ = '0';
	}
	if (scale > 0) {
		size_t n_given = n < scale ? n : scale;

		*o++ = '.';
		memset(o, '0', scale - n_given);
		o += scale - n_given;
		memcpy(o, digits + n - n_given, n_given);
		o += n_given;
	}
	return (size_t)(o - out);
}

size_t fe_decimal_format(int64_t v, unsigned scale, char *out)
{
	char digits[20];
	char *end = digits + sizeof(digits);
	char *p = write_digits(v < 0 ? 0 - (uint64_t)v : (uint64_t)v, end);

	FE_ASSERT(scale <= FE_DECIMAL_MAX_PRECISION);
	return place_point(p, (size_t)(end - p), v < 0, scale, out);
}

size_t fe_i128_format(fe_i128 v, unsigned scale, char *out)
{
	unsigned __int128 u = v < 0 ? 0 - (unsigned __int128)v : (unsigned __int128)v;
	char digits[40];
	char *end = digits + sizeof(digits);
	char *p = end;

	FE_ASSERT(scale <= 38);
	while (u >= POW10_19) {
		char *whole = p - 19;

		p = write_digits((uint64_t)(u % POW10_19), p);
		while (p > whole)
			*--p = '0';
		u /= POW10_19;
	}
	p = write_digits((uint64_t)u, p);
	return place_point(p, (size_t)(end - p), v < 0, scale, out);
}

void fe_buf_add_decimal(struct fe_buf *b, fe_i128 v, unsigned scale)
{
	char text[FE_DECIMAL_TEXT_BYTES];

	fe_buf_add(b, text, fe_i128_format(v, scale, text));
}

bool fe_i128_parse(struct fe_str text, unsigned scale, fe_i128 *out)
{
	bool negative = text.n > 0 && text.p[0] == '-';
	size_t first = negative, n_int = text.n - negative, n_digits = 0;
	fe_i128 v = 0;

	if (scale > 0) {
		if (n_int < (size_t)scale + 2 || text.p[text.n - scale - 1] != '.')
			return false;
		n_int -= (size_t)scale + 1;
	}
	if (n_int == 0 || n_int + scale > 38 || (n_int > 1 && text.p[first] == '0'))
		return false;
	for (size_t i = first; i < text.n; i++) {
		if (i == first + n_int)
			continue; /* the point */
		if (!is_digit(text.p[i]))
			return false;
		v = v * 10 + (text.p[i] - '0');
		n_digits++;
	}
	if (n_digits != n_int + scale || (negative && v == 0))
		return false;
	*out = negative ? -v : v;
	return true;
}
