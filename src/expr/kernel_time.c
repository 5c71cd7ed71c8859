// SPDX-License-Identifier: Apache-2.0
/* expr/kernel_time.c - parts of dates and moments, and steps between them
 *
 * Without a zone all parts are plain arithmetic in UTC (expr/wide.h). With one, each moment
 * is first moved by the offset that holds then.
 */
#include "base/time.h"
#include "base/zone.h"
#include "expr/wide.h"

/* Rounds down, also before 1970. */
static inline int64_t
floor_div(int64_t v, int64_t unit)
{
	int64_t q = v / unit;
	return q - (v % unit < 0);
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

void
fe_kernel_part(struct fe_job *job)
{
	const enum fe_part part = (enum fe_part)job->node->detail;
	const int64_t *from = job->in[0]->i64;

	fe_job_nulls(job);
	if (job->node->zone) {
		to_local(job, job->out->i64);
		from = job->out->i64;
	}
	if (job->in_kind == FE_DATE)
		fe_wide_best()->part_of_days(part, from, job->n_words, job->out->i64, job->part_memo);
	else
		fe_wide_best()->part_of_us(part, from, job->n_words, job->out->i64, job->part_memo);
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
