// SPDX-License-Identifier: Apache-2.0
/* base/double.c - see base/double.h
 *
 * The C library rounds correctly in both directions, and the process never leaves the C
 * locale, so that the fewest digits are found by trying: 15 always fit, 17 are always enough.
 */
#include "base/double.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_DIGITS 17

static double
read_back(const char *text)
{
	return strtod(text, NULL);
}

/* The fewest digits, without zeros at their end, and the place of the point: v is
 * 0.digits * 10^point. v > 0. */
static size_t
shortest_digits(double v, char digits[MAX_DIGITS + 1], int *point)
{
	/* "d.dddddde-ddd" */
	char text[40];
	int exponent = 0, sign = 1;
	size_t n = 1;

	/* Below the normal doubles fewer than 15 digits are distinct. */
	for (int precision = v < DBL_MIN ? 0 : DBL_DIG - 1; precision < MAX_DIGITS; precision++) {
		(void)snprintf(text, sizeof(text), "%.*e", precision, v);
		if (precision == MAX_DIGITS - 1 || read_back(text) == v)
			break;
	}
	const char *e = strchr(text, 'e');

	digits[0] = text[0];
	for (const char *p = text + 1; p < e; p++) {
		if (*p != '.')
			digits[n++] = *p;
	}
	while (n > 1 && digits[n - 1] == '0')
		n--;
	for (e++; *e; e++) {
		if (*e == '-')
			sign = -1;
		else if (*e != '+')
			exponent = exponent * 10 + (*e - '0');
	}
	*point = sign * exponent + 1;
	return n;
}

static size_t
format_exponent(const char *digits, size_t n_digits, int exponent, char *out)
{
	char *p = out;
	unsigned amount = (unsigned)(exponent < 0 ? -exponent : exponent);

	*p++ = digits[0];
	if (n_digits > 1) {
		*p++ = '.';
		memcpy(p, digits + 1, n_digits - 1);
		p += n_digits - 1;
	}
	*p++ = 'e';
	*p++ = exponent < 0 ? '-' : '+';
	if (amount >= 100)
		*p++ = (char)('0' + amount / 100);
	*p++ = (char)('0' + amount / 10 % 10);
	*p++ = (char)('0' + amount % 10);
	return (size_t)(p - out);
}

static size_t
format_plain(const char *digits, size_t n_digits, int point, char *out)
{
	char *p = out;

	if (point <= 0) {
		memcpy(p, "0.", 2);
		p += 2;
		for (int i = point; i < 0; i++)
			*p++ = '0';
		memcpy(p, digits, n_digits);
		return (size_t)(p - out) + n_digits;
	}
	for (size_t i = 0; i < (size_t)point; i++)
		*p++ = i < n_digits ? digits[i] : '0';
	*p++ = '.';
	if (n_digits <= (size_t)point) {
		*p++ = '0';
	} else {
		memcpy(p, digits + point, n_digits - (size_t)point);
		p += n_digits - (size_t)point;
	}
	return (size_t)(p - out);
}

size_t
fe_double_format(double v, char *out)
{
	char digits[MAX_DIGITS + 1];
	char *p = out;
	size_t n;
	int point;

	FE_ASSERT(isfinite(v));
	if (signbit(v))
		*p++ = '-';
	if (v == 0.0) {
		memcpy(p, "0.0", 3);
		return (size_t)(p - out) + 3;
	}
	n = shortest_digits(fabs(v), digits, &point);
	/* Python's bounds between 0.0001 and 1e-05, 1000000000000000.0 and 1e+16. */
	if (point > -4 && point <= 16)
		return (size_t)(p - out) + format_plain(digits, n, point, p);
	return (size_t)(p - out) + format_exponent(digits, n, point - 1, p);
}

size_t
fe_double_format_any(double v, char *out)
{
	const char *word = isnan(v) ? "NaN" : v > 0 ? "Infinity" : "-Infinity";

	if (isfinite(v))
		return fe_double_format(v, out);
	memcpy(out, word, strlen(word));
	return strlen(word);
}

void
fe_buf_add_double(struct fe_buf *b, double v)
{
	char text[FE_DOUBLE_TEXT_BYTES];

	if (isfinite(v))
		fe_buf_add(b, text, fe_double_format(v, text));
	else
		fe_buf_add_text(b, "null");
}

static const char *
skip_digits(const char *p)
{
	while (*p >= '0' && *p <= '9')
		p++;
	return p;
}

/* All of the text, up to its NUL. */
static bool
is_number(const char *p)
{
	const char *start;

	if (*p == '-')
		p++;
	start = p;
	p = skip_digits(p);
	if (p == start)
		return false;
	if (*p == '.') {
		start = ++p;
		p = skip_digits(p);
		if (p == start)
			return false;
	}
	if (*p == 'e' || *p == 'E') {
		p++;
		if (*p == '+' || *p == '-')
			p++;
		start = p;
		p = skip_digits(p);
		if (p == start)
			return false;
	}
	return *p == '\0';
}

bool
fe_double_parse(struct fe_str text, double *out)
{
	char copy[FE_DOUBLE_MAX_TEXT_BYTES + 1];
	double v;

	if (text.n == 0 || text.n > FE_DOUBLE_MAX_TEXT_BYTES || memchr(text.p, '\0', text.n))
		return false;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	if (!is_number(copy))
		return false;
	v = read_back(copy);
	if (!isfinite(v))
		return false;
	*out = v;
	return true;
}

double
fe_double_of_decimal(fe_i128 v, unsigned scale)
{
	const fe_i128 exact = (fe_i128)1 << DBL_MANT_DIG;
	char text[FE_DECIMAL_TEXT_BYTES + 1];

	/* Both sides are doubles then, and the division rounds once. */
	if (scale < sizeof(fe_pow10) / sizeof(fe_pow10[0]) && v < exact && v > -exact)
		return (double)v / (double)fe_pow10[scale];
	text[fe_i128_format(v, scale, text)] = '\0';
	return read_back(text);
}
