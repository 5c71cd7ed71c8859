// SPDX-License-Identifier: Apache-2.0
/* base/time_format.c - declared formats of dates and timestamps
 *
 * A format is walked once per text; there is nothing to compile, since each piece
 * of it is one or two characters. fe_time_format_check looks at it before, when the
 * pipeline file is read, so that the walk need not doubt it: each field at most once,
 * none that contradicts another, none whose end could not be told.
 */
#include "base/err.h"
#include "base/time_parts.h"

enum field {
	YEAR,
	MONTH,
	DAY,
	HOUR,
	MINUTE,
	SECOND,
	FRACTION,
	HALF,
	OFFSET,
	EPOCH,
	N_FIELDS,
};

struct directive {
	char letter;
	bool bare;      /* %-d */
	enum field field;
	bool is_number; /* begins with a digit */
	bool is_open;   /* its number of digits varies */
};

static const struct directive directives[] = {
	{ .letter = 'Y', .field = YEAR, .is_number = true },
	{ .letter = 'y', .field = YEAR, .is_number = true },
	{ .letter = 'm', .field = MONTH, .is_number = true },
	{ .letter = 'm', .field = MONTH, .is_number = true, .bare = true, .is_open = true },
	{ .letter = 'b', .field = MONTH },
	{ .letter = 'B', .field = MONTH },
	{ .letter = 'd', .field = DAY, .is_number = true },
	{ .letter = 'd', .field = DAY, .is_number = true, .bare = true, .is_open = true },
	{ .letter = 'e', .field = DAY, .is_number = true, .is_open = true },
	{ .letter = 'H', .field = HOUR, .is_number = true },
	{ .letter = 'I', .field = HOUR, .is_number = true },
	{ .letter = 'M', .field = MINUTE, .is_number = true },
	{ .letter = 'S', .field = SECOND, .is_number = true },
	{ .letter = 'f', .field = FRACTION, .is_number = true, .is_open = true },
	{ .letter = 'p', .field = HALF },
	{ .letter = 'z', .field = OFFSET },
	{ .letter = 's', .field = EPOCH, .is_number = true, .is_open = true },
};

/* The directive at `format`, which points behind a '%'; NULL: there is none such. */
static const struct directive *
find_directive(const char *format)
{
	bool bare = format[0] == '-';

	for (size_t i = 0; i < sizeof(directives) / sizeof(directives[0]); i++)
		if (directives[i].letter == format[bare] && directives[i].bare == bare)
			return &directives[i];
	return NULL;
}

/* Reading -------------------------------------------------------------------------- */

static bool
take_char(struct fe_str *s, char c)
{
	if (s->n == 0 || s->p[0] != c)
		return false;
	*s = (struct fe_str){ s->p + 1, s->n - 1 };
	return true;
}

/* n_least to n_most digits, as many as there are. */
static bool
take_digits(struct fe_str *s, size_t n_least, size_t n_most, unsigned *out)
{
	size_t n = 0;

	*out = 0;
	for (; n < n_most && n < s->n && fe_time_is_digit(s->p[n]); n++)
		*out = *out * 10 + (unsigned)(s->p[n] - '0');
	*s = (struct fe_str){ s->p + n, s->n - n };
	return n >= n_least;
}

/* One or two digits, the first of them no zero. */
static bool
take_bare(struct fe_str *s, unsigned *out)
{
	return s->n > 0 && s->p[0] != '0' && take_digits(s, 1, 2, out);
}

/* The beginning of s, whatever its case; lower is in lower case. */
static bool
take_word(struct fe_str *s, const char *lower, size_t n)
{
	if (s->n < n)
		return false;
	for (size_t i = 0; i < n; i++) {
		char c = s->p[i];

		if ((c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c) != lower[i])
			return false;
	}
	*s = (struct fe_str){ s->p + n, s->n - n };
	return true;
}

static bool
take_month_name(struct fe_str *s, bool is_short, unsigned *out)
{
	static const char *const names[] = { "january",   "february", "march",    "april",
					     "may",       "june",     "july",     "august",
					     "september", "october",  "november", "december" };

	for (unsigned i = 0; i < 12; i++)
		if (take_word(s, names[i], is_short ? 3 : strlen(names[i]))) {
			*out = i + 1;
			return true;
		}
	return false;
}

static bool
take_fraction(struct fe_str *s, struct fe_time_parts *parts)
{
	unsigned unit = 100000;
	size_t n = 0;

	for (; n < s->n && fe_time_is_digit(s->p[n]); n++, unit /= 10)
		parts->us += (unsigned)(s->p[n] - '0') * unit;
	*s = (struct fe_str){ s->p + n, s->n - n };
	parts->fraction_too_long = n > 6;
	return n > 0;
}

static bool
take_epoch(struct fe_str *s, struct fe_time_parts *parts)
{
	size_t n = 0;

	parts->has_epoch = true;
	parts->epoch_is_negative = take_char(s, '-');
	for (; n < s->n && fe_time_is_digit(s->p[n]); n++)
		if (parts->epoch_s < FE_TIMESTAMP_MAX) /* more is out of range anyway */
			parts->epoch_s = parts->epoch_s * 10 + (s->p[n] - '0');
	*s = (struct fe_str){ s->p + n, s->n - n };
	return n > 0;
}

static bool
take_offset(struct fe_str *s, struct fe_time_parts *parts)
{
	unsigned hours, minutes;
	bool is_west = false;

	if (take_char(s, 'Z')) {
		fe_time_parts_set_offset(parts, false, 0, 0);
		return true;
	}
	if (!take_char(s, '+')) {
		is_west = take_char(s, '-');
		if (!is_west)
			return false;
	}
	if (!take_digits(s, 2, 2, &hours))
		return false;
	(void)take_char(s, ':');
	if (!take_digits(s, 2, 2, &minutes))
		return false;
	fe_time_parts_set_offset(parts, is_west, hours, minutes);
	return true;
}

static bool
take_year(struct fe_str *s, bool is_short, unsigned *out)
{
	if (!is_short)
		return take_digits(s, 4, 4, out);
	if (!take_digits(s, 2, 2, out))
		return false;
	*out += *out >= 69 ? 1900 : 2000;
	return true;
}

static bool
take_half(struct fe_str *s, bool *is_pm)
{
	*is_pm = take_word(s, "pm", 2);
	return *is_pm || take_word(s, "am", 2);
}

static bool
take_field(struct fe_str *s, const struct directive *d, struct fe_time_parts *parts, bool *is_pm)
{
	switch (d->field) {
	case YEAR:
		return take_year(s, d->letter == 'y', &parts->year);
	case MONTH:
		if (!d->is_number)
			return take_month_name(s, d->letter == 'b', &parts->month);
		return d->bare ? take_bare(s, &parts->month) : take_digits(s, 2, 2, &parts->month);
	case DAY:
		return d->is_open ? take_bare(s, &parts->day) : take_digits(s, 2, 2, &parts->day);
	case HOUR:
		return take_digits(s, 2, 2, &parts->hour);
	case MINUTE:
		return take_digits(s, 2, 2, &parts->minute);
	case SECOND:
		return take_digits(s, 2, 2, &parts->second);
	case FRACTION:
		return take_fraction(s, parts);
	case HALF:
		return take_half(s, is_pm);
	case OFFSET:
		return take_offset(s, parts);
	case EPOCH:
		return take_epoch(s, parts);
	case N_FIELDS:
		break;
	}
	return false;
}

/* An hour of twelve that there is not becomes one of 24 that there is not. */
static unsigned
hour_of_24(unsigned hour, bool is_pm)
{
	if (hour - 1 >= 12)
		return 24;
	return hour % 12 + (is_pm ? 12 : 0);
}

bool
fe_time_scan_format(struct fe_str text, const char *format, struct fe_time_parts *parts)
{
	bool is_pm = false, is_of_12 = false;

	if (text.n == 0)
		text.p = ""; /* so that it can be moved along */
	for (const char *f = format; *f; f++) {
		const struct directive *d;

		if (*f != '%' || f[1] == '%') {
			f += *f == '%';
			if (!take_char(&text, *f))
				return false;
			continue;
		}
		d = find_directive(++f);
		if (!d || !take_field(&text, d, parts, &is_pm))
			return false;
		f += d->bare;
		is_of_12 |= d->letter == 'I';
	}
	if (is_of_12)
		parts->hour = hour_of_24(parts->hour, is_pm);
	return text.n == 0;
}

/* Checking -------------------------------------------------------------------------- */

struct check {
	const char *format;
	bool for_timestamp;
	const struct directive *seen[N_FIELDS];
	const struct directive *open; /* the piece before, if its end is not fixed */
};

static const char *
dash(const struct directive *d)
{
	return d->bare ? "-" : "";
}

static enum fe_rc
check_directive(struct check *c, const struct directive *d, struct fe_err *err)
{
	const struct directive *other = c->seen[d->field];

	if (!c->for_timestamp && d->field > DAY)
		return fe_fail(err, FE_EUSAGE, "%%%c of the format '%s' has no place in a date",
			       d->letter, c->format);
	if (other)
		return fe_fail(err, FE_EUSAGE, "%%%s%c and %%%s%c of the format '%s' say the same thing twice",
			       dash(other), other->letter, dash(d), d->letter, c->format);
	if (c->open && d->is_number)
		return fe_fail(err, FE_EUSAGE,
			       "in the format '%s' nothing tells where %%%s%c ends and %%%s%c begins",
			       c->format, dash(c->open), c->open->letter, dash(d), d->letter);
	c->seen[d->field] = d;
	c->open = d->is_open ? d : NULL;
	return FE_OK;
}

static enum fe_rc
check_literal(struct check *c, char literal, struct fe_err *err)
{
	if (c->open && fe_time_is_digit(literal))
		return fe_fail(err, FE_EUSAGE,
			       "in the format '%s' nothing tells where %%%s%c ends and the digit %c begins",
			       c->format, dash(c->open), c->open->letter, literal);
	c->open = NULL;
	return FE_OK;
}

/* Whether the fields together make a moment. */
static enum fe_rc
check_whole(const struct check *c, struct fe_err *err)
{
	static const struct {
		enum field needs, needed;
		const char *text;
	} pairs[] = {
		{ .needs = MINUTE, .needed = HOUR, .text = "has %M but no hour (%H or %I)" },
		{ .needs = SECOND, .needed = MINUTE, .text = "has %S but no %M" },
		{ .needs = FRACTION, .needed = SECOND, .text = "has %f but no %S" },
		{ .needs = HALF, .needed = HOUR, .text = "has %p but no %I" },
	};

	if (c->seen[EPOCH]) {
		for (unsigned i = 0; i < N_FIELDS; i++)
			if (c->seen[i] && i != EPOCH && i != FRACTION)
				return fe_fail(err, FE_EUSAGE,
					       "%%s of the format '%s' is a whole moment and allows no %%%s%c",
					       c->format, dash(c->seen[i]), c->seen[i]->letter);
		return FE_OK;
	}
	if (!c->seen[YEAR] || !c->seen[MONTH] || !c->seen[DAY])
		return fe_fail(err, FE_EUSAGE, "the format '%s' has no %s", c->format,
			       !c->seen[YEAR]    ? "year (%Y or %y)"
			       : !c->seen[MONTH] ? "month (%m, %-m, %b or %B)"
						 : "day (%d, %-d or %e)");
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (c->seen[pairs[i].needs] && !c->seen[pairs[i].needed])
			return fe_fail(err, FE_EUSAGE, "the format '%s' %s", c->format, pairs[i].text);
	if (c->seen[HOUR] && (c->seen[HOUR]->letter == 'I') != (c->seen[HALF] != NULL))
		return fe_fail(err, FE_EUSAGE, "the format '%s' %s", c->format,
			       c->seen[HALF] ? "has %p beside %H; write %I, or no %p"
					     : "has %I but no %p, which tells morning from afternoon");
	return FE_OK;
}

enum fe_rc
fe_time_format_check(const char *format, bool for_timestamp, struct fe_err *err)
{
	struct check c = { .format = format, .for_timestamp = for_timestamp };

	for (const char *f = format; *f; f++) {
		const struct directive *d;

		if (*f != '%' || f[1] == '%') {
			f += *f == '%';
			FE_TRY(check_literal(&c, *f, err));
			continue;
		}
		d = find_directive(++f);
		if (!d)
			return fe_fail(err, FE_EUSAGE,
				       "unknown directive %%%.*s in the format '%s'; known: %%Y %%y %%m "
				       "%%-m %%b %%B %%d %%-d %%e%s",
				       f[0] == '-' ? 2 : 1, f, format,
				       for_timestamp ? " %H %I %p %M %S %f %z %s %%" : " %%");
		FE_TRY(check_directive(&c, d, err));
		f += d->bare;
	}
	return check_whole(&c, err);
}
