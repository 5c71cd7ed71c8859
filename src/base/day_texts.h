// SPDX-License-Identifier: Apache-2.0
/* base/day_texts.h - timestamps to text, many of them and of few days
 *
 * Writes what fe_timestamp_format writes. The text of a day is printed once and kept, by the day's
 * remainder; that of the time is made of pairs of digits, as one word. All is counted from the first
 * moment there is, so that nothing is negative and each division is a multiplication.
 */
#ifndef FE_BASE_DAY_TEXTS_H
#define FE_BASE_DAY_TEXTS_H

#include "base/digits.h"
#include "base/err.h"
#include "base/time.h"

struct fe_moment {
	uint32_t day, s, us; /* since FE_DATE_MIN; of the day; of the second */
};

static inline struct fe_moment
fe_moment_of_us(int64_t us)
{
	FE_ASSERT(us >= FE_TIMESTAMP_MIN && us <= FE_TIMESTAMP_MAX);

	uint64_t all_us = (uint64_t)us - (uint64_t)FE_TIMESTAMP_MIN, all_s = all_us / 1000000, day = all_s / 86400;
	return (struct fe_moment){
		.day = (uint32_t)day,
		.s = (uint32_t)(all_s - day * 86400),
		.us = (uint32_t)(all_us - all_s * 1000000),
	};
}

static inline int32_t
fe_moment_days(struct fe_moment m)
{
	return (int32_t)m.day + FE_DATE_MIN;
}

/* hh:mm:ss.ffffffZ */
static inline void
fe_moment_put_time(struct fe_moment m, char *out)
{
	uint32_t minute = m.s / 60, hour = minute / 60;
	uint64_t colons = (uint64_t)':' << 16 | (uint64_t)':' << 40;
	uint64_t time = fe_digits_pair(hour) | (uint64_t)fe_digits_pair(minute - hour * 60) << 24 |
	                (uint64_t)fe_digits_pair(m.s - minute * 60) << 48 | colons;

	memcpy(out, &time, sizeof time);
	memcpy(out + 8, ".000000Z", 8);
	if (__builtin_expect(m.us != 0, 0)) {
		uint32_t first = fe_digits_four(m.us / 100), last = fe_digits_pair(m.us % 100);
		memcpy(out + 9, &first, 4);
		memcpy(out + 13, &last, 2);
	}
}

#define FE_DAY_TEXTS 4096
struct fe_day_text {
	uint32_t day;
	char text[FE_DATE_TEXT_BYTES + 2]; /* a blank behind it */
};
struct fe_day_texts {
	struct fe_day_text slots[FE_DAY_TEXTS];
};
void fe_day_texts_init(struct fe_day_texts *t);
void fe_day_text_print(struct fe_day_text *slot, struct fe_moment m);

/* FE_TIMESTAMP_TEXT_BYTES at out. */
static inline void
fe_day_texts_put(struct fe_day_texts *t, int64_t us, char *out)
{
	struct fe_moment m = fe_moment_of_us(us);
	struct fe_day_text *slot = &t->slots[m.day % FE_DAY_TEXTS];

	if (__builtin_expect(slot->day != m.day, 0))
		fe_day_text_print(slot, m);
	memcpy(out, slot->text, sizeof slot->text);
	fe_moment_put_time(m, out + FE_DATE_TEXT_BYTES + 1);
}

#endif
