// SPDX-License-Identifier: Apache-2.0
/* quality/day_counts.h - how many records each day has
 *
 * A counter a day in one array that grows at both ends, up to some twenty years; where days lie farther
 * apart, as with a 9999-12-31 among them, a counter a year. What is shown is folded: days, weeks
 * from Monday, months, years, decades or centuries, the first of them that needs at most
 * FE_DAY_BARS bars.
 */
#ifndef FE_QUALITY_DAY_COUNTS_H
#define FE_QUALITY_DAY_COUNTS_H

#include "base/json.h"

#define FE_DAY_BARS 120

struct fe_day_counts {
	uint64_t *n;    /* [n_days] from day first; [FE_DAY_YEARS] by year where by_year */
	int32_t first;
	uint32_t n_days;
	bool by_year;
};
#define FE_DAY_YEARS 10000

void fe_day_counts_add(struct fe_day_counts *c, int32_t day, uint64_t n); /* FE_DATE_MIN to FE_DATE_MAX */
/* The days of these rows, each once; or the days that their moments are of. */
void fe_day_counts_add_days(struct fe_day_counts *c, const int64_t *days, const uint16_t *rows, size_t n);
void fe_day_counts_add_moments(struct fe_day_counts *c, const int64_t *us, const uint16_t *rows, size_t n);
/* "days": {"by","bars":[{"from","count"}]}, unless nothing was added. */
void fe_day_counts_print(const struct fe_day_counts *c, struct fe_json *j);
void fe_day_counts_reset(struct fe_day_counts *c);

#endif
