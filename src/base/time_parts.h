// SPDX-License-Identifier: Apache-2.0
/* base/time_parts.h - a moment in pieces, between reading and meaning
 *
 * Private to time.c and time_format.c: a parser fills the pieces as they are
 * written, whatever they say; fe_time_parts_* finds out whether they make sense.
 */
#ifndef FE_BASE_TIME_PARTS_H
#define FE_BASE_TIME_PARTS_H

#include "base/time.h"

struct fe_time_parts {
	unsigned year, month, day;
	unsigned hour, minute, second, us;
	bool fraction_too_long;
	bool has_offset, offset_is_bad;
	int32_t offset_s; /* east of UTC */
	bool has_epoch, epoch_is_negative;
	int64_t epoch_s; /* without its sign; us goes away from zero too */
};

/* The reasons are looked for in the order of FE_TIME_WHY_MAP. */
enum fe_time_why fe_time_parts_date(const struct fe_time_parts *p, int32_t *out_days);
enum fe_time_why fe_time_parts_timestamp(const struct fe_time_parts *p, const struct fe_zone *zone,
					 int64_t *out_us);
/* (+|-)hh and mm, given as digits that were checked. */
void fe_time_parts_set_offset(struct fe_time_parts *p, bool west, unsigned hours, unsigned minutes);
/* Reads by a format that fe_time_format_check has passed; false: the text is not of
 * that form. */
bool fe_time_scan_format(struct fe_str text, const char *format, struct fe_time_parts *parts);

static inline bool
fe_time_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

#endif
