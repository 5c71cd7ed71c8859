// SPDX-License-Identifier: Apache-2.0
/* expr/kernel.c - nulls, overflow and copies, as all kernels need them */
#include "expr/kernel.h"

uint64_t *
fe_job_overflow(struct fe_job *job)
{
	if (!job->out->overflow) {
		memset(job->overflow_space, 0, job->n_words * sizeof(uint64_t));
		job->out->overflow = job->overflow_space;
	}
	return job->out->overflow;
}

void
fe_job_set_overflow(struct fe_job *job, size_t row)
{
	fe_bit_set(fe_job_overflow(job), row);
	fe_bit_clear(job->out->valid, row);
}

void
fe_job_nulls(struct fe_job *job)
{
	uint64_t *valid = job->out->valid;

	memset(valid, 0xff, job->n_words * sizeof(uint64_t));
	for (size_t i = 0; i < job->n_in; i++) {
		const struct fe_vec *in = job->in[i];

		for (size_t w = 0; w < job->n_words; w++)
			valid[w] &= fe_word(in->valid, in, w);
		if (!in->overflow)
			continue;
		uint64_t *overflow = fe_job_overflow(job);
		for (size_t w = 0; w < job->n_words; w++)
			overflow[w] |= fe_word(in->overflow, in, w);
	}
}

void
fe_vec_copy_word(struct fe_vec *out, const struct fe_vec *in, enum fe_reg_class c, size_t w,
		 uint64_t take)
{
	size_t base = w * 64;

	if (c == FE_REG_BITS) {
		out->bits[w] = (out->bits[w] & ~take) | (fe_word(in->bits, in, w) & take);
		return;
	}
	for (; take; take &= take - 1) {
		size_t row = base + (size_t)__builtin_ctzll(take);

		if (c == FE_REG_TEXT)
			out->text[row] = in->text[fe_index(in, row)];
		else
			out->i64[row] = in->i64[fe_index(in, row)];
	}
}
