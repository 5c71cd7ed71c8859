// SPDX-License-Identifier: Apache-2.0
/* quality/day_counts.c - see quality/day_counts.h */
#include "quality/day_counts.h"

#include "base/mem.h"
#include "base/time.h"

#define MIN_DAYS (1u << 10)
#define MAX_DAYS (1u << 13)
/* At most half of the array is to spare. So days that do not fit into one are farther apart than the
 * longest months that could be shown, and years are all that is ever asked for. */
_Static_assert(MAX_DAYS / 2 > FE_DAY_BARS * 31, "years only where months would be too many");

/* ---- counting ---- */

static void
fold_to_years(struct fe_day_counts *c)
{
	uint64_t *years = fe_new_array(FE_DAY_YEARS, uint64_t);

	for (uint32_t i = 0; i < c->n_days; i++)
		if (c->n[i])
			years[fe_civil_from_days(c->first + (int32_t)i).year] += c->n[i];
	fe_free(c->n);
	*c = (struct fe_day_counts){ .n = years, .by_year = true };
}

/* Room for a day outside of the array, as much on both sides again as there was. */
static void
make_room(struct fe_day_counts *c, int32_t day)
{
	int64_t first = c->n ? c->first : day, end = c->n ? first + c->n_days : first + 1;

	first = day < first ? day : first;
	end = day >= end ? day + INT64_C(1) : end;
	uint32_t n_days = MIN_DAYS;
	while (n_days < MAX_DAYS && n_days < end - first)
		n_days *= 2;
	if (n_days < end - first) {
		fold_to_years(c);
		return;
	}
	/* What is to spare goes where days are still to come from: to the side that ran out. */
	if (day == first)
		first = end - n_days;
	uint64_t *n = fe_new_array(n_days, uint64_t);
	if (c->n)
		memcpy(n + (c->first - first), c->n, c->n_days * sizeof(*n));
	fe_free(c->n);
	*c = (struct fe_day_counts){ .n = n, .first = (int32_t)first, .n_days = n_days };
}

void
fe_day_counts_add(struct fe_day_counts *c, int32_t day, uint64_t n)
{
	if (!c->by_year && (uint32_t)(day - c->first) >= c->n_days)
		make_room(c, day);
	if (c->by_year)
		c->n[fe_civil_from_days(day).year] += n;
	else
		c->n[day - c->first] += n;
}

/* As long as each has a counter; none has where years are counted. */
void
fe_day_counts_add_days(struct fe_day_counts *c, const int64_t *days, const uint16_t *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t *const counters = c->n;
		const int64_t first = c->first;
		const uint64_t n_days = c->n_days;
		uint64_t at;

		for (; i < n && (at = (uint64_t)(days[rows[i]] - first)) < n_days; i++)
			counters[at]++;
		if (i < n)
			fe_day_counts_add(c, (int32_t)days[rows[i]], 1);
	}
}

/* The same. What is before the first day becomes a day that is far behind the last. */
void
fe_day_counts_add_moments(struct fe_day_counts *c, const int64_t *us, const uint16_t *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t *const counters = c->n;
		const int64_t first_us = c->first * FE_US_PER_DAY;
		const uint64_t n_days = c->n_days;
		uint64_t at;

		for (; i < n && (at = (uint64_t)(us[rows[i]] - first_us) / (uint64_t)FE_US_PER_DAY) < n_days; i++)
			counters[at]++;
		if (i < n)
			fe_day_counts_add(c, fe_days_of_us(us[rows[i]]), 1);
	}
}

void
fe_day_counts_reset(struct fe_day_counts *c)
{
	fe_free(c->n);
	*c = (struct fe_day_counts){ 0 };
}

/* ---- what is shown ---- */

enum unit { UNIT_DAY, UNIT_WEEK, UNIT_MONTH, UNIT_YEAR, UNIT_DECADE, UNIT_CENTURY };

/* Units are numbered without a gap: days since 1970, weeks by their Monday, months since year 0, ... */
static int64_t
unit_of(enum unit unit, int32_t day)
{
	struct fe_civil civil = fe_civil_from_days(day);

	switch (unit) {
	case UNIT_DAY:
		return day;
	case UNIT_WEEK: /* day -719162 was a Monday */
		return ((int64_t)day + 719162) / 7;
	case UNIT_MONTH:
		return (int64_t)civil.year * 12 + civil.month - 1;
	case UNIT_YEAR:
		return civil.year;
	case UNIT_DECADE:
		return civil.year / 10;
	default:
		return civil.year / 100;
	}
}

static int32_t
first_day_of(enum unit unit, int64_t number)
{
	switch (unit) {
	case UNIT_DAY:
		return (int32_t)number;
	case UNIT_WEEK:
		return (int32_t)(number * 7 - 719162);
	case UNIT_MONTH:
		return fe_days_from_civil((int32_t)(number / 12), (unsigned)(number % 12) + 1, 1);
	case UNIT_YEAR:
		return fe_days_from_civil((int32_t)number, 1, 1);
	case UNIT_DECADE:
		return fe_days_from_civil((int32_t)number * 10, 1, 1);
	default:
		return fe_days_from_civil((int32_t)number * 100, 1, 1);
	}
}

/* A day of counter i. */
static int32_t
day_at(const struct fe_day_counts *c, uint32_t i)
{
	return c->by_year ? fe_days_from_civil((int32_t)i, 1, 1) : c->first + (int32_t)i;
}

static void
print_bar(struct fe_json *j, enum unit unit, int64_t number, uint64_t n)
{
	char from[FE_DATE_TEXT_BYTES];
	int32_t day = first_day_of(unit, number);

	fe_date_format(day < FE_DATE_MIN ? FE_DATE_MIN : day, from); /* of the first week, decade and century */
	fe_json_object(j, NULL);
	fe_json_str(j, "from", (struct fe_str){ from, sizeof(from) });
	fe_json_i64(j, "count", (int64_t)n);
	fe_json_object_end(j);
}

static void
print_bars(const struct fe_day_counts *c, enum unit unit, uint32_t first, uint32_t last, struct fe_json *j)
{
	int64_t at = unit_of(unit, day_at(c, first));
	uint64_t n = 0;

	for (uint32_t i = first; i <= last; i++) {
		if (!c->n[i])
			continue;
		for (int64_t here = unit_of(unit, day_at(c, i)); at < here; at++, n = 0)
			print_bar(j, unit, at, n);
		n += c->n[i];
	}
	print_bar(j, unit, at, n);
}

void
fe_day_counts_print(const struct fe_day_counts *c, struct fe_json *j)
{
	static const char *const names[] = { "day", "week", "month", "year", "decade", "century" };
	uint32_t first = 0, end = c->by_year ? FE_DAY_YEARS : c->n_days;
	enum unit unit = c->by_year ? UNIT_YEAR : UNIT_DAY;

	while (first < end && !c->n[first])
		first++;
	if (first == end)
		return;
	while (!c->n[end - 1])
		end--;
	while (unit < UNIT_CENTURY && unit_of(unit, day_at(c, end - 1)) - unit_of(unit, day_at(c, first)) >= FE_DAY_BARS)
		unit++;
	fe_json_object(j, "days");
	fe_json_text(j, "by", names[unit]);
	fe_json_array(j, "bars");
	print_bars(c, unit, first, end - 1, j);
	fe_json_array_end(j);
	fe_json_object_end(j);
}
