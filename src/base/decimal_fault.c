// SPDX-License-Identifier: Apache-2.0
/* base/decimal_fault.c - why a text is no number
 *
 * The text is peeled from both ends of what stands around a number, then what is left
 * is walked once; each oddity seen is noted. A text that holds anything else, or no
 * digit, is not a number at all; otherwise the first oddity in the order of
 * FE_DECIMAL_WHY_MAP is told. Only refused texts come here, so this is written for
 * good answers; but a text may be long, so every step goes over it once.
 */
#include "base/decimal_fault.h"

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

struct faults {
	bool seen[FE_DECIMAL_OUT_OF_RANGE + 1];
};

/* Bytes of a blank at p: ASCII white space, no-break and other Unicode spaces. */
static size_t
blank_bytes(const char *p, size_t n)
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
static bool
is_currency_code(const char *p)
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
static size_t
currency_bytes(const char *p, size_t n)
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

static bool
is_declared_currency(struct fe_str s, const struct fe_decimal_format *fmt)
{
	for (size_t i = 0; i < fmt->n_currencies; i++)
		if (fe_str_eq(s, fmt->currencies[i]))
			return true;
	return false;
}

/* Takes one piece of surroundings off the front, or off the back; 0: there is none. */
static size_t
peel(struct fe_str s, bool at_end, const struct fe_decimal_format *fmt, struct faults *f)
{
	for (size_t n = 1; n <= 3 && n <= s.n; n++) {
		const char *p = at_end ? s.p + s.n - n : s.p;

		if (blank_bytes(p, n) == n) {
			f->seen[FE_DECIMAL_BLANK_INSIDE] = true;
			return n;
		}
		if (currency_bytes(p, n) == n) {
			f->seen[FE_DECIMAL_CURRENCY_SIGN] |= !is_declared_currency((struct fe_str){ p, n }, fmt);
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
static bool
is_exponent(const char *p, size_t n)
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

static bool
is_separator(char c, const struct fe_decimal_format *fmt)
{
	return c == ',' || c == '.' || c == '\'' || (c == fmt->group && c);
}

/* 12,50 1,234.56 1.234.567,89 12,34,567, but not 31.12.2025: groups of two or three
 * digits, the last of three, and maybe decimals behind another separator. Looks up to
 * what is neither digit nor separator. */
static bool
is_grouped(struct fe_str s, const struct fe_decimal_format *fmt)
{
	size_t run = 0, first_run = 0, n_separators = 0;
	bool has_decimals = false;
	char group = 0;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (is_digit(c)) {
			run++;
			continue;
		}
		if (!is_separator(c, fmt))
			break;
		if (run == 0 || has_decimals)
			return false;
		if (n_separators++ == 0) {
			first_run = run;
			group = c;
		} else if (c != group) {
			has_decimals = true;
		}
		if (n_separators > 1 && run != 3 && (has_decimals || run != 2))
			return false;
		run = 0;
	}
	return run > 0 && (n_separators < 2 || (first_run <= 3 && (has_decimals || run == 3)));
}

/* What is between the ends; false: no number at all. */
static bool
walk_inside(struct fe_str s, const struct fe_decimal_format *fmt, struct faults *f)
{
	char point = fmt->point ? fmt->point : '.';
	size_t n, n_digits = 0, n_points = 0;

	for (size_t i = 0; i < s.n; i += n) {
		char c = s.p[i];

		n = 1;
		if (is_digit(c)) {
			n_digits++;
		} else if (c == point && n_points == 0) {
			n_points++;
		} else if (is_separator(c, fmt)) {
			f->seen[FE_DECIMAL_SEPARATOR] |= c != fmt->group;
		} else if (n_digits > 0 && is_exponent(s.p + i, s.n - i)) {
			f->seen[FE_DECIMAL_EXPONENT] = true;
			break;
		} else if ((n = blank_bytes(s.p + i, s.n - i)) > 0) {
			f->seen[FE_DECIMAL_BLANK_INSIDE] = true;
		} else {
			return false;
		}
	}
	return n_digits > 0 && (!f->seen[FE_DECIMAL_SEPARATOR] || is_grouped(s, fmt));
}

enum fe_decimal_why
fe_decimal_fault(struct fe_str text, const struct fe_decimal_format *fmt)
{
	struct faults f = { 0 };
	struct fe_str s = text;
	size_t n;

	while ((n = peel(s, false, fmt, &f)) > 0)
		s = (struct fe_str){ s.p + n, s.n - n };
	while ((n = peel(s, true, fmt, &f)) > 0)
		s.n -= n;
	if (!walk_inside(s, fmt, &f))
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
