// SPDX-License-Identifier: Apache-2.0
/* base/zone_table.h - what a time zone is once it is read
 *
 * Private to zone.c, zone_file.c and time.c. A zone is a list of stretches of UTC time, each
 * with its offset; neighbours differ in offset. The first begins before everything,
 * and `at_s` has one element more than there are stretches, after everything.
 *
 * A rule for the time after the last change on record ("daylight time begins on the
 * last Sunday of March") is written out for 400 years and a little more. The
 * calendar repeats itself after 400 years to the day of the week, so whatever lies
 * past repeat_from_s is looked up whole cycles of 400 years before.
 */
#ifndef FE_BASE_ZONE_TABLE_H
#define FE_BASE_ZONE_TABLE_H

#include "base/err.h"
#include "base/str.h"
#include "base/time.h"

#define FE_ZONE_NAME_BYTES 64
#define FE_ZONE_SECONDS_PER_CYCLE (INT64_C(146097) * 86400)
#define FE_ZONE_OFFSET_LIMIT_S (26 * 3600) /* the widest that a file may hold */

struct fe_zone {
	char name[FE_ZONE_NAME_BYTES];
	size_t n;          /* stretches, at least 1 */
	size_t cap_at, cap_offsets;
	int64_t *at_s;     /* [n + 1] */
	int32_t *offset_s; /* [n] */
	int64_t repeat_from_s;
};

/* A zone of one stretch. */
void fe_zone_init(struct fe_zone *zone, int32_t offset_s);
/* Stretches are added in the order of time; one with the offset of its predecessor
 * is left out, one that begins with it replaces it. */
void fe_zone_add(struct fe_zone *zone, int64_t at_s, int32_t offset_s);
/* Fills a zone (not its name) from the bytes of a TZif file. FE_EDATA says what is
 * wrong with them. */
FE_MUST_USE enum fe_rc fe_zone_read_tzif(struct fe_zone *zone, struct fe_str bytes, struct fe_err *err);

#endif
