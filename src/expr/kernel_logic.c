// SPDX-License-Identifier: Apache-2.0
/* expr/kernel_logic.c - three-valued logic and choice, 64 rows a word
 *
 * A bool is true where bits and valid are set, false where only valid is. An overflow
 * is an unknown that is also reported, unless it does not matter: `false and x` is
 * false and `true or x` is true whatever x would be, and a branch that is not taken is
 * not looked at.
 */
#include "expr/kernel.h"

/* and: decided by any false; or: decided by any true. */
static void
logic_pair(struct fe_job *job, bool is_or)
{
	const struct fe_vec *a = job->in[0], *b = job->in[1];
	struct fe_vec *out = job->out;

	for (size_t w = 0; w < job->n_words; w++) {
		uint64_t a_valid = fe_word(a->valid, a, w), b_valid = fe_word(b->valid, b, w);
		uint64_t a_bits = fe_word(a->bits, a, w), b_bits = fe_word(b->bits, b, w);
		uint64_t a_true = a_valid & a_bits, b_true = b_valid & b_bits;
		uint64_t a_false = a_valid & ~a_bits, b_false = b_valid & ~b_bits;
		uint64_t is_true = is_or ? a_true | b_true : a_true & b_true;
		uint64_t is_false = is_or ? a_false & b_false : a_false | b_false;
		uint64_t over = (fe_overflow_word(a, w) | fe_overflow_word(b, w)) & ~(is_true | is_false);

		out->bits[w] = is_true;
		out->valid[w] = is_true | is_false;
		if (over)
			fe_job_overflow(job)[w] |= over;
	}
}

static void
logic_not(struct fe_job *job)
{
	fe_job_nulls(job);
	for (size_t w = 0; w < job->n_words; w++)
		job->out->bits[w] = ~fe_word(job->in[0]->bits, job->in[0], w);
}

/* Never null, but of an overflow nobody knows. */
static void
logic_is_null(struct fe_job *job)
{
	const struct fe_vec *a = job->in[0];

	for (size_t w = 0; w < job->n_words; w++) {
		uint64_t over = fe_overflow_word(a, w);

		job->out->bits[w] = ~fe_word(a->valid, a, w);
		job->out->valid[w] = ~over;
		if (over)
			fe_job_overflow(job)[w] |= over;
	}
}

void
fe_kernel_logic(struct fe_job *job)
{
	switch (job->node->op) {
	case FE_OP_NOT:
		logic_not(job);
		break;
	case FE_OP_IS_NULL:
		logic_is_null(job);
		break;
	default:
		logic_pair(job, job->node->op == FE_OP_OR);
	}
}

/* Rows of `take` get value, null and overflow from a branch. */
static void
take_word(struct fe_job *job, const struct fe_vec *from, size_t w, uint64_t take)
{
	uint64_t valid = fe_word(from->valid, from, w) & take;
	uint64_t over = fe_overflow_word(from, w) & take;

	job->out->valid[w] |= valid;
	if (over)
		fe_job_overflow(job)[w] |= over;
	fe_vec_copy_word(job->out, from, fe_reg_class_of(job->node->type.kind), w, valid);
}

/* Word by word: each branch takes the rows that its condition is true for and that no
 * branch before took. An overflow in a condition ends the row's search. */
void
fe_kernel_case(struct fe_job *job)
{
	size_t n_branches = job->n_in / 2;

	for (size_t w = 0; w < job->n_words; w++) {
		uint64_t open = fe_rows_word(job, w);

		job->out->valid[w] = 0;
		for (size_t i = 0; i < n_branches && open; i++) {
			const struct fe_vec *when = job->in[2 * i];
			uint64_t is_true = fe_word(when->valid, when, w) & fe_word(when->bits, when, w) & open;
			uint64_t over = fe_overflow_word(when, w) & open;

			take_word(job, job->in[2 * i + 1], w, is_true);
			if (over)
				fe_job_overflow(job)[w] |= over;
			open &= ~(is_true | over);
		}
		if (job->n_in % 2 && open)
			take_word(job, job->in[job->n_in - 1], w, open);
	}
}

void
fe_kernel_coalesce(struct fe_job *job)
{
	for (size_t w = 0; w < job->n_words; w++) {
		uint64_t open = fe_rows_word(job, w);

		job->out->valid[w] = 0;
		for (size_t i = 0; i < job->n_in && open; i++) {
			const struct fe_vec *in = job->in[i];
			uint64_t take = (fe_word(in->valid, in, w) | fe_overflow_word(in, w)) & open;

			take_word(job, in, w, take);
			open &= ~take;
		}
	}
}

/* a, but null where a = b. */
void
fe_kernel_nullif(struct fe_job *job)
{
	const struct fe_vec *a = job->in[0], *b = job->in[1];
	struct fe_type type = job->node->type;
	uint64_t same[FE_EXPR_WORDS];

	fe_compare_words(job, FE_EQ, a, type, b, type, same);
	for (size_t w = 0; w < job->n_words; w++) {
		uint64_t over = fe_overflow_word(a, w) | fe_overflow_word(b, w);
		uint64_t valid = fe_word(a->valid, a, w) & ~over;

		if (over)
			fe_job_overflow(job)[w] |= over;
		valid &= ~(same[w] & fe_word(b->valid, b, w)) & fe_rows_word(job, w);
		job->out->valid[w] = valid;
		fe_vec_copy_word(job->out, a, fe_reg_class_of(type.kind), w, valid);
	}
}

/* Null where any is null, as every other function. */
void
fe_kernel_extreme(struct fe_job *job)
{
	enum fe_compare better = job->node->op == FE_OP_LEAST ? FE_LT : FE_GT;
	enum fe_reg_class c = fe_reg_class_of(job->node->type.kind);
	struct fe_type type = job->node->type;
	uint64_t is_better[FE_EXPR_WORDS];

	fe_job_nulls(job);
	for (size_t w = 0; w < job->n_words; w++)
		fe_vec_copy_word(job->out, job->in[0], c, w, job->out->valid[w] & fe_rows_word(job, w));
	for (size_t i = 1; i < job->n_in; i++) {
		fe_compare_words(job, better, job->in[i], type, job->out, type, is_better);
		for (size_t w = 0; w < job->n_words; w++)
			fe_vec_copy_word(job->out, job->in[i], c, w,
			                 is_better[w] & job->out->valid[w] & fe_rows_word(job, w));
	}
}
