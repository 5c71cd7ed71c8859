// SPDX-License-Identifier: Apache-2.0
/* quality/python_strptime.c - see quality/python_strptime.h
 *
 * A group a directive, in the order of the format; each stands at most once. What the parts
 * mean together follows CPython 3.11: a day of the year or a week with its weekday is
 * stronger than month and day, the year is 1900 where none is given, and a second 60 is none.
 */
#include "quality/python_strptime.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/time.h"
#include "quality/python_regex.h"

#define MAX_PATTERN_BYTES ((size_t)16 << 20)
#define NONE INT32_MIN

static const struct directive {
	char letter;
	const char *pattern;
} directives[] = {
	{ 'd', "(3[0-1]|[1-2]\\d|0[1-9]|[1-9]| [1-9])" },
	{ 'f', "([0-9]{1,6})" },
	{ 'H', "(2[0-3]|[0-1]\\d|\\d)" },
	{ 'I', "(1[0-2]|0[1-9]|[1-9])" },
	{ 'G', "(\\d\\d\\d\\d)" },
	{ 'j', "(36[0-6]|3[0-5]\\d|[1-2]\\d\\d|0[1-9]\\d|00[1-9]|[1-9]\\d|0[1-9]|[1-9])" },
	{ 'm', "(1[0-2]|0[1-9]|[1-9])" },
	{ 'M', "([0-5]\\d|\\d)" },
	{ 'S', "(6[0-1]|[0-5]\\d|\\d)" },
	{ 'U', "(5[0-3]|[0-4]\\d|\\d)" },
	{ 'W', "(5[0-3]|[0-4]\\d|\\d)" },
	{ 'w', "([0-6])" },
	{ 'u', "([1-7])" },
	{ 'V', "(5[0-3]|0[1-9]|[1-4]\\d|\\d)" },
	{ 'y', "(\\d\\d)" },
	{ 'Y', "(\\d\\d\\d\\d)" },
	{ 'z', "([+-]\\d\\d:?[0-5]\\d(?::?[0-5]\\d(?:\\.\\d{1,6})?)?|(?-i:Z))" },
	{ 'A', "(wednesday|thursday|saturday|tuesday|monday|friday|sunday)" },
	{ 'a', "(mon|tue|wed|thu|fri|sat|sun)" },
	{ 'B', "(september|february|november|december|january|october|august|march|april|june|july|may)" },
	{ 'b', "(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)" },
	{ 'p', "(am|pm)" },
	{ 'Z', "(utc|gmt)" },
};
#define N_DIRECTIVES (sizeof(directives) / sizeof(directives[0]))

static const struct alias {
	char letter;
	const char *format;
} aliases[] = {
	{ 'c', "%a %b %d %H:%M:%S %Y" },
	{ 'x', "%m/%d/%y" },
	{ 'X', "%H:%M:%S" },
};

struct fe_strptime {
	struct fe_regex *regex;
	char letters[N_DIRECTIVES + 1]; /* of group i + 1 */
	size_t n_letters;
};

/* ---- the pattern ---- */

static enum fe_rc
add_directive(struct fe_strptime *s, char letter, struct fe_buf *pattern, struct fe_err *err)
{
	for (size_t i = 0; i < N_DIRECTIVES; i++) {
		if (directives[i].letter != letter)
			continue;
		if (memchr(s->letters, letter, s->n_letters))
			return fe_fail(err, FE_EUSAGE, "the directive %%%c stands twice in the format", letter);
		s->letters[s->n_letters++] = letter;
		fe_buf_add_text(pattern, directives[i].pattern);
		return FE_OK;
	}
	if (letter > ' ' && letter < 0x7f)
		return fe_fail(err, FE_EUSAGE, "'%c' is a bad directive in the format", letter);
	return fe_fail(err, FE_EUSAGE, "a %% of the format is not followed by a directive");
}

static const char *
alias_of(char letter)
{
	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
		if (aliases[i].letter == letter)
			return aliases[i].format;
	}
	return NULL;
}

static void
add_literal(struct fe_buf *pattern, char c, char before)
{
	static const char special[] = "\\.^$*+?(){}[]|";

	if (fe_is_blank((unsigned char)c)) { /* a run of blanks is any run of white space */
		if (!fe_is_blank((unsigned char)before))
			fe_buf_add_text(pattern, "\\s+");
		return;
	}
	if (c && strchr(special, c))
		fe_buf_add_char(pattern, '\\');
	fe_buf_add_char(pattern, c);
}

/* One level: is_nested, the format of an alias, which has no aliases. */
static enum fe_rc
add_format(struct fe_strptime *s, struct fe_str format, bool is_nested, struct fe_buf *pattern, struct fe_err *err)
{
	for (size_t i = 0; i < format.n; i++) {
		const char *alias;

		if (format.p[i] != '%') {
			add_literal(pattern, format.p[i], i ? format.p[i - 1] : 0);
			continue;
		}
		if (++i == format.n)
			return fe_fail(err, FE_EUSAGE, "stray %% at the end of the format");
		alias = is_nested ? NULL : alias_of(format.p[i]);
		if (format.p[i] == '%')
			fe_buf_add_char(pattern, '%');
		else if (alias)
			FE_TRY(add_format(s, fe_str_of(alias), true, pattern, err));
		else
			FE_TRY(add_directive(s, format.p[i], pattern, err));
	}
	return FE_OK;
}

static bool
has(const struct fe_strptime *s, const char *letters)
{
	for (; *letters; letters++) {
		if (memchr(s->letters, *letters, s->n_letters))
			return true;
	}
	return false;
}

/* What no text can mend. */
static enum fe_rc
check_weeks(const struct fe_strptime *s, struct fe_err *err)
{
	if (!has(s, "yY") && has(s, "G")) {
		if (!has(s, "V") || !has(s, "Aawu"))
			return fe_fail(err, FE_EUSAGE, "%%G needs %%V and a weekday (%%A, %%a, %%w or %%u)");
		if (has(s, "j"))
			return fe_fail(err, FE_EUSAGE, "%%j does not go with %%G; use %%Y");
	} else if (!has(s, "UW") && has(s, "V")) {
		return fe_fail(err, FE_EUSAGE, "%%V needs the year %%G and a weekday, and no %%Y or %%y");
	}
	return FE_OK;
}

enum fe_rc
fe_strptime_new(struct fe_strptime **out, struct fe_str format, struct fe_err *err)
{
	struct fe_strptime *s = fe_new(struct fe_strptime);
	struct fe_buf pattern;
	enum fe_rc rc;

	fe_buf_init(&pattern, MAX_PATTERN_BYTES);
	fe_buf_add_text(&pattern, "(?i)\\A");
	rc = add_format(s, format, false, &pattern, err);
	if (rc == FE_OK)
		rc = check_weeks(s, err);
	if (rc == FE_OK)
		rc = fe_buf_check(&pattern, "a format", err);
	if (rc == FE_OK)
		rc = fe_python_regex_new(&s->regex, fe_buf_str(&pattern), err);
	fe_buf_reset(&pattern);
	if (rc) {
		fe_strptime_free(s);
		return rc;
	}
	*out = s;
	return FE_OK;
}

void
fe_strptime_free(struct fe_strptime *s)
{
	if (!s)
		return;
	fe_regex_free(s->regex);
	fe_free(s);
}

/* ---- the parts ---- */

struct parts {
	int32_t year, month, day, iso_year, iso_week, week, weekday, julian, second;
	bool week_is_from_monday;
};

/* The digits 0 of Unicode 14; each is followed by 1 to 9. */
static const uint32_t zeros[] = {
	0x30,    0x660,   0x6F0,   0x7C0,   0x966,   0x9E6,   0xA66,   0xAE6,   0xB66,   0xBE6,   0xC66,
	0xCE6,   0xD66,   0xDE6,   0xE50,   0xED0,   0xF20,   0x1040,  0x1090,  0x17E0,  0x1810,  0x1946,
	0x19D0,  0x1A80,  0x1A90,  0x1B50,  0x1BB0,  0x1C40,  0x1C50,  0xA620,  0xA8D0,  0xA900,  0xA9D0,
	0xA9F0,  0xAA50,  0xABF0,  0xFF10,  0x104A0, 0x10D30, 0x11066, 0x110F0, 0x11136, 0x111D0, 0x112F0,
	0x11450, 0x114D0, 0x11650, 0x116C0, 0x11730, 0x118E0, 0x11950, 0x11C50, 0x11D50, 0x11DA0, 0x16A60,
	0x16AC0, 0x16B50, 0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC, 0x1D7F6, 0x1E140, 0x1E2F0, 0x1E950, 0x1FBF0,
};

static int32_t
digit_of(uint32_t code)
{
	for (size_t i = 0; i < sizeof(zeros) / sizeof(zeros[0]); i++) {
		if (code >= zeros[i] && code < zeros[i] + 10)
			return (int32_t)(code - zeros[i]);
	}
	return -1;
}

/* At most four digits; a blank in front (" 5") does not count. NONE: a digit that is not known. */
static int32_t
number_of(struct fe_str text)
{
	int32_t value = 0;

	while (text.n) {
		uint32_t code;
		size_t n = fe_utf8_decode(text, &code);
		int32_t digit = digit_of(code);

		if (n == 0 || (digit < 0 && code != ' '))
			return NONE;
		if (digit >= 0)
			value = value * 10 + digit;
		text.p += n;
		text.n -= n;
	}
	return value;
}

/* The place of a name in a list of its first three letters, from 0; -1: none. */
static int32_t
name_of(struct fe_str text, const char *names)
{
	for (int32_t i = 0; names[3 * i]; i++) {
		if (text.n >= 3 && fe_text_casecmp_ascii((struct fe_str){ text.p, 3 }, (struct fe_str){ names + 3 * i, 3 }) == 0)
			return fe_text_is_ascii(text) ? i : -1;
	}
	return -1;
}

/* +hh:mm[:ss[.f]] or +hhmm[ss[.f]], less than a day; the pattern let colons stand anywhere. */
static bool
is_offset(struct fe_str text)
{
	uint32_t code = 0;
	struct fe_str hours;
	bool colons;

	if (fe_str_is(text, "Z"))
		return true;
	hours.p = text.p + 1;
	hours.n = fe_utf8_decode((struct fe_str){ hours.p, text.n - 1 }, &code);
	hours.n += fe_utf8_decode((struct fe_str){ hours.p + hours.n, text.n - 1 - hours.n }, &code);
	if (number_of(hours) > 23)
		return false;
	text.n -= 1 + hours.n;
	text.p += 1 + hours.n;
	colons = text.n && text.p[0] == ':';
	text.p += colons;
	text.n -= colons;
	for (int i = 0; i < 2 && text.n; i++) { /* the minutes */
		size_t n = fe_utf8_decode(text, &code);

		text.p += n;
		text.n -= n;
	}
	return text.n == 0 || (text.p[0] == ':') == colons;
}

/* False: what Python cannot make a part of. */
static bool
take_part(struct parts *p, char letter, struct fe_str text)
{
	static const char months[] = "janfebmaraprmayjunjulaugsepoctnovdec", days[] = "montuewedthufrisatsun";
	int32_t value = 0;

	if (!strchr("AaBbpzZf", letter)) {
		value = number_of(text);
		if (value == NONE)
			return false;
	}
	switch (letter) {
	case 'y':
		p->year = value + (value <= 68 ? 2000 : 1900);
		return true;
	case 'Y':
		p->year = value;
		return true;
	case 'G':
		p->iso_year = value;
		return true;
	case 'm':
		p->month = value;
		return true;
	case 'B':
	case 'b':
		p->month = name_of(text, months) + 1;
		return p->month > 0;
	case 'd':
		p->day = value;
		return true;
	case 'S':
		p->second = value;
		return true;
	case 'A':
	case 'a':
		p->weekday = name_of(text, days);
		return p->weekday >= 0;
	case 'w':
		p->weekday = value == 0 ? 6 : value - 1;
		return true;
	case 'u':
		p->weekday = value - 1;
		return true;
	case 'j':
		p->julian = value;
		return true;
	case 'U':
	case 'W':
		p->week = value;
		p->week_is_from_monday = letter == 'W';
		return true;
	case 'V':
		p->iso_week = value;
		return true;
	case 'z':
		return is_offset(text);
	default: /* hours, minutes, fractions: whatever the pattern lets through is one */
		return true;
	}
}

/* ---- the whole ---- */

static bool
is_date(int32_t year, int32_t month, int32_t day)
{
	static const int32_t days_of[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return year >= 1 && year <= 9999 && month >= 1 && month <= 12 && day >= 1 &&
	       day <= days_of[month - 1] + (month == 2 && is_leap);
}

/* Days from 1 January of the year to the first day of the week, and the weekday; 1 is the first. */
static int32_t
julian_of_week(int32_t year, int32_t week, int32_t weekday, bool is_from_monday)
{
	int32_t first = (int32_t)fe_dayofweek(fe_days_from_civil(year, 1, 1));

	if (!is_from_monday) {
		first = (first + 1) % 7;
		weekday = (weekday + 1) % 7;
	}
	return week == 0 ? 1 + weekday - first : 1 + (7 - first) % 7 + 7 * (week - 1) + weekday;
}

static void
find_julian(struct parts *p)
{
	if (p->julian != NONE || p->weekday == NONE)
		return;
	if (p->week != NONE) {
		p->julian = julian_of_week(p->year, p->week, p->weekday, p->week_is_from_monday);
	} else if (p->iso_year != NONE && p->iso_week != NONE) {
		int32_t correction = (int32_t)fe_dayofweek(fe_days_from_civil(p->iso_year, 1, 4)) + 1 + 3;

		p->year = p->iso_year;
		p->julian = p->iso_week * 7 + p->weekday + 1 - correction;
	}
}

static bool
is_moment(struct parts *p)
{
	bool is_leap_day = p->year == NONE && p->month == 2 && p->day == 29;

	if (p->second > 59)
		return false;
	if (p->year == NONE)
		p->year = is_leap_day ? 1904 : 1900;
	if (p->year < 1 || p->iso_year == 0)
		return false;
	find_julian(p);
	if (p->julian != NONE) {
		int32_t days = fe_days_from_civil(p->year, 1, 1) + p->julian - 1;
		struct fe_civil civil;

		if (days < FE_DATE_MIN || days > FE_DATE_MAX)
			return false;
		civil = fe_civil_from_days(days);
		p->year = civil.year;
		p->month = civil.month;
		p->day = civil.day;
	} else if (!is_date(p->year, p->month, p->day)) {
		return false;
	}
	return is_date(is_leap_day ? 1900 : p->year, p->month, p->day);
}

enum fe_rc
fe_strptime_reads(const struct fe_strptime *s, struct fe_regex_space *space, struct fe_str text, bool *is_read,
                  struct fe_err *err)
{
	struct parts p = { .year = NONE, .month = 1, .day = 1, .iso_year = NONE, .iso_week = NONE, .week = NONE,
		           .weekday = NONE, .julian = NONE };
	struct fe_str groups[N_DIRECTIVES + 1];

	FE_TRY(fe_regex_find(s->regex, space, text, groups, s->n_letters + 1, is_read, err));
	if (!*is_read)
		return FE_OK;
	*is_read = groups[0].n == text.n;
	for (size_t i = 0; i < s->n_letters && *is_read; i++)
		*is_read = take_part(&p, s->letters[i], groups[i + 1]);
	*is_read = *is_read && is_moment(&p);
	return FE_OK;
}
