// SPDX-License-Identifier: Apache-2.0
/* base/time.h - dates and moments, proleptic Gregorian, years 0001 to 9999
 *
 * A date is int32_t days since 1970-01-01, a timestamp int64_t microseconds
 * UTC since 1970-01-01T00:00:00Z. Nothing here reads TZ, the locale or the
 * clock. Zones are base/zone.h.
 *
 * Default texts: date YYYY-MM-DD; timestamp YYYY-MM-DD[( or T)hh:mm[:ss[.f]]]
 * [Z or (+|-)hh:mm], f of 1 to 6 digits, a date alone being midnight. Declared
 * formats are strptime-like: %Y %m %d %H %M %S %f (1-6 digits) %y (69-99 is
 * 19xx) %b (English month, 3 letters, any case) %B %p %I %z (Z or +hh:mm or
 * +hhmm) %s (epoch seconds) %e/%-d/%-m (no leading zero) %%, all else literal.
 */
#ifndef FE_BASE_TIME_H
#define FE_BASE_TIME_H

#include "base/buf.h"
#include "base/str.h"

#define FE_US_PER_SECOND INT64_C(1000000)
#define FE_US_PER_DAY (INT64_C(86400) * FE_US_PER_SECOND)
#define FE_DATE_MIN (-719162)  /* 0001-01-01 */
#define FE_DATE_MAX 2932896    /* 9999-12-31 */
#define FE_TIMESTAMP_MIN (FE_DATE_MIN * FE_US_PER_DAY)
#define FE_TIMESTAMP_MAX ((FE_DATE_MAX + INT64_C(1)) * FE_US_PER_DAY - 1)

struct fe_zone;

#define FE_TIME_WHY_MAP(X)                                                     \
	X(OK, "ok")                                                            \
	X(NOT_A_DATE, "not_a_date")              /* not of the form */         \
	X(NOT_A_TIMESTAMP, "not_a_timestamp")                                  \
	X(NO_SUCH_DAY, "no_such_day")            /* 2026-02-30, month 13 */    \
	X(NO_SUCH_TIME, "no_such_time")          /* 24:00, :60 */              \
	X(OUT_OF_RANGE, "out_of_range")          /* year 0000, past 9999-12-31 in UTC */ \
	X(FRACTION_TOO_LONG, "fraction_too_long")/* more than 6 digits */      \
	X(BAD_OFFSET, "bad_offset")              /* beyond +-15:59, minutes > 59 */ \
	X(NO_ZONE, "no_zone")                    /* no offset and no zone */   \
	X(SKIPPED_TIME, "skipped_time")          /* in the zone's gap */       \
	X(REPEATED_TIME, "repeated_time")        /* in the zone's overlap */

enum fe_time_why {
#define FE_X(name, code) FE_TIME_##name,
	FE_TIME_WHY_MAP(FE_X)
#undef FE_X
};
const char *fe_time_why_code(enum fe_time_why why);

/* format NULL: the default text. A compiled format is a validated pattern. */
enum fe_time_why fe_date_parse(struct fe_str text, const char *format, int32_t *out_days);
/* zone NULL: a text without offset is FE_TIME_NO_ZONE. */
enum fe_time_why fe_timestamp_parse(struct fe_str text, const char *format,
                                    const struct fe_zone *zone, int64_t *out_us);
/* The quick look at many, at most 64: bit i of the result says that texts[i] is a timestamp as they mostly
 * are, in the default form, whose moment is out_us[i] now. Of another nothing is said: that is for
 * fe_timestamp_parse. A text may be none (p is NULL). */
uint64_t fe_timestamp_parse_64(const struct fe_str *texts, size_t n, const struct fe_zone *zone, int64_t *out_us);
/* FE_EUSAGE naming the first directive that is unknown or contradictory, and
 * for a date format one that has no day; for_timestamp adds the time parts. */
FE_MUST_USE enum fe_rc fe_time_format_check(const char *format, bool for_timestamp,
                                            struct fe_err *err);

/* Civil arithmetic; any int32 day. Month 1-12, day 1-31. */
struct fe_civil { int32_t year; uint8_t month, day; };
int32_t fe_days_from_civil(int32_t year, unsigned month, unsigned day);
struct fe_civil fe_civil_from_days(int32_t days);
unsigned fe_dayofweek(int32_t days); /* Monday = 0 */
static inline int32_t
fe_days_of_us(int64_t us)
{
	int64_t d = us / FE_US_PER_DAY;
	return (int32_t)(d - (us % FE_US_PER_DAY < 0));
}

/* "YYYY-MM-DD" (10 bytes) and "YYYY-MM-DD hh:mm:ss.ffffffZ" (27 bytes), no NUL:
 * the canonical texts, of the same width always, so that they sort. */
#define FE_DATE_TEXT_BYTES 10
#define FE_TIMESTAMP_TEXT_BYTES 27
void fe_date_format(int32_t days, char *out);
void fe_timestamp_format(int64_t us, char *out); /* of many: base/day_texts.h */
/* The same moment as "2026-11-23T07:46:00.000000Z", for JSON and logs. */
void fe_timestamp_format_iso(int64_t us, char *out);

/* "90d", "10m", "30s", "2h", "500ms"; plain digits are seconds. */
FE_MUST_USE enum fe_rc fe_duration_parse(struct fe_str text, int64_t *out_ms, struct fe_err *err);

#endif
