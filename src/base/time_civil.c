// SPDX-License-Identifier: Apache-2.0
/* base/time_civil.c - days and years, and the canonical texts
 *
 * Years are counted from March, so that the odd day comes last, and from a
 * multiple of 400 years before anything an int32 day can reach, so that all is
 * unsigned. Months and days of such a year, and years of such a century, are
 * affine functions of the day: a multiplication and a shift instead of a division
 * or a table (C. Neri and L. Schneider, "Euclidean affine functions and their
 * application to calendar algorithms", 2023).
 */
#include "base/time.h"

#include "base/day_texts.h"

#define DAYS_PER_CYCLE UINT64_C(146097) /* 400 years */
#define N_CYCLES UINT64_C(14705)        /* that lie before the origin of days, and more */
#define FIRST_DAY (DAYS_PER_CYCLE * N_CYCLES + 719468) /* from 1 March of year -400 * N_CYCLES to 1970 */

struct fe_civil
fe_civil_from_days(int32_t days)
{
	uint64_t n = (uint64_t)((int64_t)days + (int64_t)FIRST_DAY);
	/* Century, and day of it. */
	uint64_t n4 = 4 * n + 3;
	uint64_t century = n4 / DAYS_PER_CYCLE;
	uint32_t day_of_century = (uint32_t)(n4 % DAYS_PER_CYCLE) / 4;
	/* Year, and day of it: division by 1461 as a product with 2^32 / 1461. */
	uint64_t product = UINT64_C(2939745) * (4 * day_of_century + 3);
	uint32_t year_of_century = (uint32_t)(product >> 32);
	uint32_t day_of_year = (uint32_t)product / 2939745 / 4;
	/* Month, and day of it. */
	uint32_t m = 2141 * day_of_year + 197913;
	bool next_year = day_of_year >= 306; /* January and February */
	int64_t year = (int64_t)(100 * century + year_of_century) - (int64_t)(400 * N_CYCLES);

	return (struct fe_civil){
		.year = (int32_t)(year + next_year),
		.month = (uint8_t)((m >> 16) - (next_year ? 12 : 0)),
		.day = (uint8_t)((m & 0xffff) / 2141 + 1),
	};
}

int32_t
fe_days_from_civil(int32_t year, unsigned month, unsigned day)
{
	bool is_early = month <= 2;
	uint64_t y = (uint64_t)((int64_t)year - is_early + (int64_t)(400 * N_CYCLES));
	uint64_t m = is_early ? month + 12 : month;
	uint64_t century = y / 100;
	uint64_t n = 1461 * y / 4 - century + century / 4 + (979 * m - 2919) / 32 + day - 1;

	return (int32_t)((int64_t)n - (int64_t)FIRST_DAY);
}

unsigned fe_dayofweek(int32_t days)
{
	/* 1970-01-01 was a Thursday, and 7 divides 2^32 + 3. */
	return (unsigned)(((int64_t)days + INT64_C(4294967299) + 3) % 7);
}

static void
put2(char *out, unsigned v)
{
	memcpy(out, fe_digit_pairs + v * 2, 2);
}

void
fe_date_format(int32_t days, char *out)
{
	struct fe_civil c = fe_civil_from_days(days);
	unsigned year = (unsigned)c.year;

	FE_ASSERT(days >= FE_DATE_MIN && days <= FE_DATE_MAX);
	put2(out, year / 100);
	put2(out + 2, year % 100);
	out[4] = '-';
	put2(out + 5, c.month);
	out[7] = '-';
	put2(out + 8, c.day);
}

static void
format_timestamp(int64_t us, char *out, char between)
{
	struct fe_moment m = fe_moment_of_us(us);

	fe_date_format(fe_moment_days(m), out);
	out[FE_DATE_TEXT_BYTES] = between;
	fe_moment_put_time(m, out + FE_DATE_TEXT_BYTES + 1);
}

void
fe_day_texts_init(struct fe_day_texts *t)
{
	*t = (struct fe_day_texts){ 0 };
	t->slots[0].day = 1; /* a day that belongs into another slot is never found */
}

void
fe_day_text_print(struct fe_day_text *slot, struct fe_moment m)
{
	slot->day = m.day;
	fe_date_format(fe_moment_days(m), slot->text);
	slot->text[FE_DATE_TEXT_BYTES] = ' ';
}

void
fe_timestamp_format(int64_t us, char *out)
{
	format_timestamp(us, out, ' ');
}

void
fe_timestamp_format_iso(int64_t us, char *out)
{
	format_timestamp(us, out, 'T');
}
