// SPDX-License-Identifier: Apache-2.0
/* expr/kernel_text.c - functions of texts
 *
 * trim and substr hand out views into what they were given; lower, upper and concat
 * make new bytes in the batch's arena, and are held to a limit: one text of more than
 * FE_EXPR_MAX_RESULT_BYTES is an overflow of its row, and more than
 * FE_EXPR_MAX_NEW_BYTES in one evaluation ends the run.
 */
#include "base/text.h"
#include "expr/kernel.h"

/* Runs a block for each row i that has a value so far. */
#define EACH_VALID(...)                                                        \
	for (size_t w = 0; w < job->n_words; w++)                              \
		for (uint64_t m = job->out->valid[w] & fe_rows_word(job, w); m; m &= m - 1) { \
			const size_t i = w * 64 + (size_t)__builtin_ctzll(m);  \
			__VA_ARGS__                                            \
		}

static enum fe_rc
count_new(struct fe_job *job, size_t n_bytes, size_t row)
{
	enum fe_rc rc;

	job->new_bytes += n_bytes; /* each at most FE_EXPR_MAX_RESULT_BYTES */
	if (job->new_bytes <= FE_EXPR_MAX_NEW_BYTES)
		return FE_OK;
	rc = fe_fail(job->err, FE_ELIMIT, "the texts that one expression makes for %zu rows pass %u MiB",
	             job->n_rows, FE_EXPR_MAX_NEW_BYTES >> 20);
	if (job->err && job->batch)
		fe_err_at(job->err, NULL, job->batch->origin[row].record, NULL);
	return rc;
}

static enum fe_rc
change_case(struct fe_job *job, enum fe_case to)
{
	const struct fe_str *from = job->in[0]->text;

	EACH_VALID({
		if (from[i].n > FE_EXPR_MAX_RESULT_BYTES) {
			fe_job_set_overflow(job, i);
			continue;
		}
		job->out->text[i] = fe_text_case(from[i], to, job->arena);
		if (job->out->text[i].p != from[i].p)
			FE_TRY(count_new(job, job->out->text[i].n, i));
	})
	return FE_OK;
}

/* As in the SQL standard: characters start to start + n - 1, of which those before the
 * first do not exist. A negative n is an overflow. */
static void
substr(struct fe_job *job)
{
	const struct fe_vec *s = job->in[0], *start = job->in[1], *count = job->n_in > 2 ? job->in[2] : NULL;

	EACH_VALID({
		int64_t first = start->i64[fe_index(start, i)];
		int64_t n = count ? count->i64[fe_index(count, i)] : INT64_MAX;

		if (n < 0) {
			fe_job_set_overflow(job, i);
			continue;
		}
		if (first < 1) { /* without a count all that is there is left */
			if (count)
				n = first + n < 1 ? 0 : first + n - 1;
			first = 1;
		}
		job->out->text[i] = fe_utf8_substr(s->text[fe_index(s, i)], first, n);
	})
}

/* The bytes of all parts of row i, or more than the limit. */
static size_t
joined_bytes(const struct fe_job *job, size_t i)
{
	size_t n = 0;

	for (size_t k = 0; k < job->n_in && n <= FE_EXPR_MAX_RESULT_BYTES; k++) {
		size_t part = job->in[k]->text[fe_index(job->in[k], i)].n;

		n = part > FE_EXPR_MAX_RESULT_BYTES ? part : n + part;
	}
	return n;
}

static enum fe_rc
concat(struct fe_job *job)
{
	EACH_VALID({
		size_t n = joined_bytes(job, i);
		char *to;

		if (n > FE_EXPR_MAX_RESULT_BYTES) {
			fe_job_set_overflow(job, i);
			continue;
		}
		FE_TRY(count_new(job, n, i));
		to = fe_arena_bytes(job->arena, n ? n : 1);
		job->out->text[i] = (struct fe_str){ to, n };
		for (size_t k = 0; k < job->n_in; k++) {
			struct fe_str part = job->in[k]->text[fe_index(job->in[k], i)];

			if (part.n)
				memcpy(to, part.p, part.n);
			to += part.n;
		}
	})
	return FE_OK;
}

enum fe_rc
fe_kernel_text(struct fe_job *job)
{
	const struct fe_str *from = job->in[0]->text;

	fe_job_nulls(job);
	switch (job->node->op) {
	case FE_OP_LOWER:
		return change_case(job, FE_CASE_LOWER);
	case FE_OP_UPPER:
		return change_case(job, FE_CASE_UPPER);
	case FE_OP_TRIM:
		EACH_VALID({ job->out->text[i] = fe_text_trim(from[i]); })
		return FE_OK;
	case FE_OP_LENGTH:
		EACH_VALID({ job->out->i64[i] = (int64_t)fe_utf8_length(from[i]); })
		return FE_OK;
	case FE_OP_SUBSTR:
		substr(job);
		return FE_OK;
	default:
		return concat(job);
	}
}
