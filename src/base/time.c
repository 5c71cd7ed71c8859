// SPDX-License-Identifier: Apache-2.0
/* base/time.c - the default texts of dates and timestamps, and durations
 *
 * "YYYY-MM-DD" and "YYYY-MM-DD hh:mm:ss" stand at fixed places, so they are read
 * a word at a time: the word xor a picture of what it should be leaves digits'
 * values where digits are and zero where separators are. Whether the figures make
 * sense is asked afterwards, once for all ways of writing (fe_time_parts_*).
 */
#include "base/time.h"

#include "base/time_parts.h"
#include "base/zone.h"
#include "base/zone_table.h"

const char *
fe_time_why_code(enum fe_time_why why)
{
	static const char *const codes[] = {
#define FE_X(name, code) code,
		FE_TIME_WHY_MAP(FE_X)
#undef FE_X
	};
	return codes[why];
}

/* What the pieces mean ---------------------------------------------------------- */

static unsigned
days_in_month(unsigned year, unsigned month)
{
	static const uint8_t days[] = { 0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool is_leap = (year & (year % 25 == 0 ? 15 : 3)) == 0; /* no 4 but 16 in the full centuries */

	return days[month] + (unsigned)((month == 2) & is_leap);
}

static bool
is_day(const struct fe_time_parts *p)
{
	return p->month - 1 < 12 && p->day - 1 < days_in_month(p->year, p->month);
}

enum fe_time_why
fe_time_parts_date(const struct fe_time_parts *p, int32_t *out_days)
{
	if (!is_day(p))
		return FE_TIME_NO_SUCH_DAY;
	if (p->year == 0)
		return FE_TIME_OUT_OF_RANGE;
	*out_days = fe_days_from_civil((int32_t)p->year, p->month, p->day);
	return FE_TIME_OK;
}

static enum fe_time_why
check_range(int64_t us, int64_t *out_us)
{
	if (us < FE_TIMESTAMP_MIN || us > FE_TIMESTAMP_MAX)
		return FE_TIME_OUT_OF_RANGE;
	*out_us = us;
	return FE_TIME_OK;
}

static enum fe_time_why
check_epoch(const struct fe_time_parts *p, int64_t *out_us)
{
	int64_t us;

	if (p->epoch_s > FE_TIMESTAMP_MAX / FE_US_PER_SECOND + 1)
		return FE_TIME_OUT_OF_RANGE;
	if (p->fraction_too_long)
		return FE_TIME_FRACTION_TOO_LONG;
	us = p->epoch_s * FE_US_PER_SECOND + p->us;
	return check_range(p->epoch_is_negative ? -us : us, out_us);
}

enum fe_time_why
fe_time_parts_timestamp(const struct fe_time_parts *p, const struct fe_zone *zone, int64_t *out_us)
{
	unsigned s = (p->hour * 60 + p->minute) * 60 + p->second;
	int64_t us;

	if (p->has_epoch)
		return check_epoch(p, out_us);
	if (!is_day(p))
		return FE_TIME_NO_SUCH_DAY;
	if (p->hour > 23 || p->minute > 59 || p->second > 59)
		return FE_TIME_NO_SUCH_TIME;
	if (p->year == 0)
		return FE_TIME_OUT_OF_RANGE;
	if (p->fraction_too_long)
		return FE_TIME_FRACTION_TOO_LONG;
	if (p->offset_is_bad)
		return FE_TIME_BAD_OFFSET;
	us = fe_days_from_civil((int32_t)p->year, p->month, p->day) * FE_US_PER_DAY +
	     s * FE_US_PER_SECOND + p->us;
	if (p->has_offset)
		return check_range(us - p->offset_s * FE_US_PER_SECOND, out_us);
	if (!zone)
		return FE_TIME_NO_ZONE;
	switch (fe_zone_to_utc(zone, us, &us)) {
	case FE_ZONE_SKIPPED:
		return FE_TIME_SKIPPED_TIME;
	case FE_ZONE_REPEATED:
		return FE_TIME_REPEATED_TIME;
	case FE_ZONE_UNIQUE:
		break;
	}
	return check_range(us, out_us);
}

void
fe_time_parts_set_offset(struct fe_time_parts *p, bool west, unsigned hours, unsigned minutes)
{
	int32_t s = (int32_t)(hours * 60 + minutes) * 60;

	p->has_offset = true;
	p->offset_is_bad = hours > 15 || minutes > 59;
	p->offset_s = west ? -s : s;
}

/* The default texts --------------------------------------------------------------- */

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

/* The values of eight characters that look like the picture: digits where it has
 * a '0' (0xf in digits), else just its character. */
static bool
read_picture(const char *p, const char *picture, uint64_t digits, uint64_t *pairs)
{
	uint64_t x = load64(p) ^ load64(picture);

	if (((x | (x + (digits & UINT64_C(0x0606060606060606)))) & ~digits) != 0)
		return false;
	/* Byte i is now ten times digit i, plus digit i + 1. */
	*pairs = x * 10 + (x >> 8);
	return true;
}

static unsigned
byte_of(uint64_t x, unsigned i)
{
	return (unsigned)(x >> i * 8) & 0xff;
}

/* YYYY-MM-DD at p, which has at least 10 bytes. */
static bool
read_date(const char *p, struct fe_time_parts *parts)
{
	uint64_t a, b;

	if (!read_picture(p, "0000-00-", UINT64_C(0x000f0f000f0f0f0f), &a) ||
	    !read_picture(p + 2, "00-00-00", UINT64_C(0x0f0f000f0f000f0f), &b))
		return false;
	parts->year = byte_of(a, 0) * 100 + byte_of(a, 2);
	parts->month = byte_of(a, 5);
	parts->day = byte_of(b, 6);
	return true;
}

/* hh:mm:ss at p, which has at least 8 bytes. */
static bool
read_time(const char *p, struct fe_time_parts *parts)
{
	uint64_t t;

	if (!read_picture(p, "00:00:00", UINT64_C(0x0f0f000f0f000f0f), &t))
		return false;
	parts->hour = byte_of(t, 0);
	parts->minute = byte_of(t, 3);
	parts->second = byte_of(t, 6);
	return true;
}

static bool
two_digits_at(const char *p, unsigned *out)
{
	if (!fe_time_is_digit(p[0]) || !fe_time_is_digit(p[1]))
		return false;
	*out = (unsigned)(p[0] - '0') * 10 + (unsigned)(p[1] - '0');
	return true;
}

/* Time without seconds is rare; all of hh:mm[:ss[.f]] is taken from the front of s. */
static bool
scan_time(struct fe_str *s, struct fe_time_parts *parts)
{
	size_t i = 5;

	if (s->n >= 8 && read_time(s->p, parts)) {
		i = 8;
	} else if (s->n < 5 || s->p[2] != ':' || !two_digits_at(s->p, &parts->hour) ||
		   !two_digits_at(s->p + 3, &parts->minute)) {
		return false;
	}
	if (i == 8 && i < s->n && s->p[i] == '.') {
		unsigned unit = 100000;
		size_t first = ++i;

		for (; i < s->n && fe_time_is_digit(s->p[i]); i++, unit /= 10)
			parts->us += (unsigned)(s->p[i] - '0') * unit;
		if (i == first)
			return false;
		parts->fraction_too_long = i - first > 6;
	}
	*s = (struct fe_str){ s->p + i, s->n - i };
	return true;
}

/* Nothing, Z, or (+|-)hh:mm, and no more. */
static bool
scan_offset(struct fe_str s, struct fe_time_parts *parts)
{
	unsigned hours, minutes;

	if (s.n == 0)
		return true;
	if (s.n == 1 && s.p[0] == 'Z') {
		fe_time_parts_set_offset(parts, false, 0, 0);
		return true;
	}
	if (s.n != 6 || (s.p[0] != '+' && s.p[0] != '-') || s.p[3] != ':' ||
	    !two_digits_at(s.p + 1, &hours) || !two_digits_at(s.p + 4, &minutes))
		return false;
	fe_time_parts_set_offset(parts, s.p[0] == '-', hours, minutes);
	return true;
}

enum fe_time_why
fe_date_parse(struct fe_str text, const char *format, int32_t *out_days)
{
	struct fe_time_parts parts = { 0 };
	bool is_read = format ? fe_time_scan_format(text, format, &parts)
			      : text.n == 10 && read_date(text.p, &parts);

	return is_read ? fe_time_parts_date(&parts, out_days) : FE_TIME_NOT_A_DATE;
}

static bool
scan_timestamp(struct fe_str s, struct fe_time_parts *parts)
{
	if (s.n < 10 || !read_date(s.p, parts))
		return false;
	s = (struct fe_str){ s.p + 10, s.n - 10 };
	if (s.n > 0 && (s.p[0] == ' ' || s.p[0] == 'T')) {
		s = (struct fe_str){ s.p + 1, s.n - 1 };
		if (!scan_time(&s, parts))
			return false;
	}
	return scan_offset(s, parts);
}

/* As fe_days_from_civil, of years that have four digits. */
static int32_t
days_of(const struct fe_time_parts *p)
{
	const unsigned is_early = p->month <= 2;
	const unsigned year = p->year - is_early, month = p->month + 12 * is_early, century = year / 100;
	const unsigned n = 1461 * year / 4 - century + century / 4 + (979 * month - 2919) / 32 + p->day - 1;

	return (int32_t)n - 719468; /* from 1 March of year 0 to 1970 */
}

/* What nearly every timestamp is: YYYY-MM-DD hh:mm:ss of a zone, all of it in order, or the day alone.
 * False says nothing about the text. */
static inline bool
read_common(struct fe_str s, int64_t *out_local_us)
{
	struct fe_time_parts p;
	unsigned second = 0;

	if ((s.n != 19 && s.n != 10) || !read_date(s.p, &p) || !is_day(&p) || p.year == 0)
		return false;
	if (s.n == 19) {
		if ((s.p[10] != ' ' && s.p[10] != 'T') || !read_time(s.p + 11, &p))
			return false;
		if (p.hour > 23 || p.minute > 59 || p.second > 59)
			return false;
		second = (p.hour * 60 + p.minute) * 60 + p.second;
	}
	*out_local_us = days_of(&p) * FE_US_PER_DAY + second * FE_US_PER_SECOND;
	return true;
}

static inline bool
moment_of(const struct fe_zone *zone, int64_t local_us, int64_t *out_us)
{
	if (zone->n == 1) /* in most cases, and without the call */
		local_us -= zone->offset_s[0] * FE_US_PER_SECOND;
	else if (fe_zone_to_utc(zone, local_us, &local_us) != FE_ZONE_UNIQUE)
		return false;
	return check_range(local_us, out_us) == FE_TIME_OK;
}

uint64_t
fe_timestamp_parse_64(const struct fe_str *texts, size_t n, const struct fe_zone *zone, int64_t *out_us)
{
	uint64_t done = 0;
	int64_t us;

	for (size_t i = 0; zone && i < n; i++)
		done |= (uint64_t)(texts[i].p && read_common(texts[i], &us) && moment_of(zone, us, &out_us[i])) << i;
	return done;
}

enum fe_time_why
fe_timestamp_parse(struct fe_str text, const char *format, const struct fe_zone *zone,
		   int64_t *out_us)
{
	int64_t us;

	if (!format && zone && read_common(text, &us) && moment_of(zone, us, out_us))
		return FE_TIME_OK;
	struct fe_time_parts parts = { 0 };
	bool is_read = format ? fe_time_scan_format(text, format, &parts)
			      : scan_timestamp(text, &parts);

	return is_read ? fe_time_parts_timestamp(&parts, zone, out_us) : FE_TIME_NOT_A_TIMESTAMP;
}

/* Durations ------------------------------------------------------------------------- */

enum fe_rc
fe_duration_parse(struct fe_str text, int64_t *out_ms, struct fe_err *err)
{
	static const struct {
		const char *name;
		int64_t ms;
	} units[] = { { "", 1000 },    { "ms", 1 },       { "s", 1000 },
		      { "m", 60000 },  { "h", 3600000 },  { "d", 86400000 } };
	struct fe_str unit = text;
	int64_t n = 0;
	bool too_long = false;

	while (unit.n > 0 && fe_time_is_digit(unit.p[0])) {
		too_long |= __builtin_mul_overflow(n, INT64_C(10), &n) ||
			    __builtin_add_overflow(n, unit.p[0] - '0', &n);
		unit = (struct fe_str){ unit.p + 1, unit.n - 1 };
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (unit.n == text.n || !fe_str_is(unit, units[i].name))
			continue;
		if (too_long || __builtin_mul_overflow(n, units[i].ms, out_ms))
			return fe_fail(err, FE_EUSAGE, "the duration '%.*s' is too long",
				       FE_STR_ARGS(text));
		return FE_OK;
	}
	return fe_fail(err, FE_EUSAGE,
		       "'%.*s' is not a duration; write a number and ms, s, m, h or d, as in 90s",
		       FE_STR_ARGS(text));
}
