// SPDX-License-Identifier: Apache-2.0
/* expr/kernel_time.c - parts of dates and moments, and steps between them
 *
 * Without a zone all parts are plain arithmetic in UTC. With one, each moment is first
 * moved by the offset that holds then. Records of a file are mostly of few days: year,
 * month and day of one are remembered by day in a small table of the state.
 */
#include "base/mem.h"
#include "base/time.h"
#include "base/zone.h"
#include "expr/kernel.h"

#define US_PER_HOUR (INT64_C(3600) * FE_US_PER_SECOND)
#define US_PER_MINUTE (INT64_C(60) * FE_US_PER_SECOND)

/* Time since a week before the first moment there is, as a zone may move that one: midnight of a Monday.
 * Never below 0, so that it is divided without looking at signs; where there is no value it is anything. */
static inline uint64_t
since_first_week(int64_t us)
{
	return (uint64_t)us - (uint64_t)(FE_TIMESTAMP_MIN - 7 * FE_US_PER_DAY);
}

/* Rounds down, also before 1970. */
static inline int64_t
floor_div(int64_t v, int64_t unit)
{
	int64_t q = v / unit;
	return q - (v % unit < 0);
}

/* Which of `cycle` units a moment is in: that Monday began all cycles. */
static inline int64_t
cycle_part(int64_t us, int64_t unit, uint32_t cycle)
{
	return (int64_t)(since_first_week(us) / (uint64_t)unit % cycle);
}

/* Moments as the zone's clocks show them, as if those were UTC. */
static void
to_local(const struct fe_job *job, int64_t *out)
{
	const struct fe_vec *a = job->in[0];
	int64_t last = 0, offset = (int64_t)fe_zone_offset_at(job->node->zone, 0) * FE_US_PER_SECOND;

	for (size_t i = 0; i < job->n_rows; i++) {
		int64_t us = a->i64[i];

		if (!fe_bit_get(job->out->valid, i))
			continue;
		if (us != last) {
			offset = (int64_t)fe_zone_offset_at(job->node->zone, us) * FE_US_PER_SECOND;
			last = us;
		}
		out[i] = us + offset;
	}
}

static inline int64_t
day_part(enum fe_part part, int32_t days)
{
	struct fe_civil c = fe_civil_from_days(days);

	return part == FE_YEAR ? c.year : part == FE_MONTH ? c.month : c.day;
}

/* The day's year, month or day of the month, by the memo. */
static inline int64_t
memo_part(struct fe_part_memo *memo, enum fe_part part, int32_t days)
{
	struct fe_part_of_day *slot = &memo->slots[(uint32_t)days % FE_PART_MEMO_SLOTS];

	if (slot->days != days)
		*slot = (struct fe_part_of_day){ .days = days, .value = (int32_t)day_part(part, days) };
	return slot->value;
}

struct fe_part_memo *
fe_part_memo_new(void)
{
	struct fe_part_memo *memo = fe_new(struct fe_part_memo);

	/* A day that belongs into another slot is never found. */
	for (int32_t i = 0; i < FE_PART_MEMO_SLOTS; i++)
		memo->slots[i].days = i + 1;
	return memo;
}

/* A loop for each part: the switch is decided outside. */
#define EACH(EXPR)                                                             \
	for (size_t i = 0; i < job->n_rows; i++) {                             \
		const int64_t v = from[i];                                     \
		to[i] = (EXPR);                                                \
	}                                                                      \
	break

static void
time_parts(const struct fe_job *job, const int64_t *from, int64_t *to)
{
	enum fe_part part = (enum fe_part)job->node->detail;
	struct fe_part_memo *memo = job->part_memo;

	switch (part) {
	case FE_HOUR: EACH(cycle_part(v, US_PER_HOUR, 24));
	case FE_MINUTE: EACH(cycle_part(v, US_PER_MINUTE, 60));
	case FE_SECOND: EACH(cycle_part(v, FE_US_PER_SECOND, 60));
	case FE_DAYOFWEEK: EACH(cycle_part(v, FE_US_PER_DAY, 7));
	default:
		if (memo) {
			EACH(memo_part(memo, part, fe_days_of_us(v)));
		}
		EACH(day_part(part, fe_days_of_us(v)));
	}
}

static void
date_parts(const struct fe_job *job, const int64_t *from, int64_t *to)
{
	enum fe_part part = (enum fe_part)job->node->detail;
	struct fe_part_memo *memo = job->part_memo;

	switch (part) {
	case FE_HOUR:
	case FE_MINUTE:
	case FE_SECOND:
		memset(to, 0, job->n_rows * sizeof(*to)); /* a date is its midnight */
		break;
	case FE_DAYOFWEEK: EACH(fe_dayofweek((int32_t)v));
	default:
		if (memo) {
			EACH(memo_part(memo, part, (int32_t)v));
		}
		EACH(day_part(part, (int32_t)v));
	}
}

void
fe_kernel_part(struct fe_job *job)
{
	const int64_t *from = job->in[0]->i64;

	fe_job_nulls(job);
	if (job->node->zone) {
		to_local(job, job->out->i64);
		from = job->out->i64;
	}
	if (job->in_kind == FE_DATE)
		date_parts(job, from, job->out->i64);
	else
		time_parts(job, from, job->out->i64);
}

/* A zone may move a moment at either end of time out of its years. */
void
fe_kernel_to_date(struct fe_job *job)
{
	const int64_t *from = job->in[0]->i64;
	int64_t *to = job->out->i64;
	bool any = false;

	fe_job_nulls(job);
	if (job->node->zone) {
		to_local(job, to);
		from = to;
	}
	for (size_t i = 0; i < job->n_rows; i++) {
		to[i] = floor_div(from[i], FE_US_PER_DAY);
		any |= (to[i] < FE_DATE_MIN) | (to[i] > FE_DATE_MAX);
	}
	for (size_t i = 0; any && i < job->n_rows; i++)
		if (fe_bit_get(job->out->valid, i) && (to[i] < FE_DATE_MIN || to[i] > FE_DATE_MAX))
			fe_job_set_overflow(job, i);
}

void
fe_kernel_to_timestamp(struct fe_job *job)
{
	const struct fe_vec *a = job->in[0];

	fe_job_nulls(job);
	for (size_t i = 0; i < job->n_rows; i++)
		job->out->i64[i] = (int64_t)((uint64_t)a->i64[i] * (uint64_t)FE_US_PER_DAY);
}

/* Dates count days, timestamps microseconds: value is the interval's unit in those. */
void
fe_kernel_add_time(struct fe_job *job)
{
	const struct fe_vec *a = job->in[0], *n = job->in[1];
	bool is_date = job->node->type.kind == FE_DATE;
	int64_t low = is_date ? FE_DATE_MIN : FE_TIMESTAMP_MIN, high = is_date ? FE_DATE_MAX : FE_TIMESTAMP_MAX;
	int64_t *out = job->out->i64;
	bool any = false;

	fe_job_nulls(job);
	for (size_t i = 0; i < job->n_rows; i++) {
		int64_t step;
		bool wrapped = __builtin_mul_overflow(n->i64[fe_index(n, i)], job->node->value, &step);

		wrapped |= __builtin_add_overflow(a->i64[fe_index(a, i)], step, &out[i]);
		/* A row that wrapped is moved out of range, for the second look. */
		out[i] = wrapped ? INT64_MAX : out[i];
		any |= (out[i] < low) | (out[i] > high);
	}
	for (size_t i = 0; any && i < job->n_rows; i++)
		if (fe_bit_get(job->out->valid, i) && (out[i] < low || out[i] > high))
			fe_job_set_overflow(job, i);
}
