// SPDX-License-Identifier: Apache-2.0
/* expr/kernel_number.c - exact arithmetic on scaled integers
 *
 * The fast loop computes with wrap-around and only remembers whether any row left its
 * range, so that it has no branch; the rare batch in which one did is looked at again
 * row by row, in 128 bits. An int has 64 bits, a decimal 18 digits.
 */
#include "base/decimal.h"
#include "expr/kernel.h"

struct range {
	int64_t low, high;
};

static struct range
range_of(struct fe_type type)
{
	int64_t most = fe_pow10[FE_DECIMAL_MAX_PRECISION] - 1;

	return type.kind == FE_DECIMAL ? (struct range){ -most, most } : (struct range){ INT64_MIN, INT64_MAX };
}

static inline bool is_outside(int64_t v, struct range r) { return (v < r.low) | (v > r.high); }

/* Stores the wrapped result; true where it is not the exact one or out of range. */
static inline bool
add(int64_t a, int64_t b, struct range r, int64_t *out)
{
	bool wrapped = __builtin_add_overflow(a, b, out);
	return wrapped | is_outside(*out, r);
}

static inline bool
subtract(int64_t a, int64_t b, struct range r, int64_t *out)
{
	bool wrapped = __builtin_sub_overflow(a, b, out);
	return wrapped | is_outside(*out, r);
}

static inline bool
multiply(int64_t a, int64_t b, struct range r, int64_t *out)
{
	bool wrapped = __builtin_mul_overflow(a, b, out);
	return wrapped | is_outside(*out, r);
}

/* One loop for each shape of operands, so that a constant stays in a register. */
#define DEFINE_LOOPS(name)                                                     \
	static bool name##_loop(const struct fe_vec *a, const struct fe_vec *b, size_t n, struct range r, \
	                        int64_t *out)                                  \
	{                                                                      \
		const int64_t *x = a->i64, *y = b->i64;                        \
		bool any = false;                                              \
		if (a->is_scalar && b->is_scalar)                              \
			return name(x[0], y[0], r, &out[0]);                   \
		if (b->is_scalar) {                                            \
			const int64_t c = y[0];                                \
			for (size_t i = 0; i < n; i++)                         \
				any |= name(x[i], c, r, &out[i]);              \
		} else if (a->is_scalar) {                                     \
			const int64_t c = x[0];                                \
			for (size_t i = 0; i < n; i++)                         \
				any |= name(c, y[i], r, &out[i]);              \
		} else {                                                       \
			for (size_t i = 0; i < n; i++)                         \
				any |= name(x[i], y[i], r, &out[i]);           \
		}                                                              \
		return any;                                                    \
	}

DEFINE_LOOPS(add)
DEFINE_LOOPS(subtract)
DEFINE_LOOPS(multiply)

static fe_i128
exactly(enum fe_op op, int64_t a, int64_t b)
{
	switch (op) {
	case FE_OP_ADD:
		return (fe_i128)a + b;
	case FE_OP_SUBTRACT:
		return (fe_i128)a - b;
	default:
		return (fe_i128)a * b;
	}
}

/* The second look. */
static void
mark_overflows(struct fe_job *job, enum fe_op op, const struct fe_vec *a, const struct fe_vec *b)
{
	struct range r = range_of(job->node->type);

	for (size_t i = 0; i < job->n_rows; i++) {
		fe_i128 v;

		if (!fe_bit_get(job->out->valid, i))
			continue;
		v = exactly(op, a->i64[fe_index(a, i)], b->i64[fe_index(b, i)]);
		if (v < r.low || v > r.high)
			fe_job_set_overflow(job, i);
	}
}

static void
run_pair(struct fe_job *job, enum fe_op op, const struct fe_vec *a, const struct fe_vec *b)
{
	struct range r = range_of(job->node->type);
	int64_t *out = job->out->i64;
	bool any;

	if (op == FE_OP_ADD)
		any = add_loop(a, b, job->n_rows, r, out);
	else if (op == FE_OP_SUBTRACT)
		any = subtract_loop(a, b, job->n_rows, r, out);
	else
		any = multiply_loop(a, b, job->n_rows, r, out);
	if (any)
		mark_overflows(job, op, a, b);
}

static void
absolute(struct fe_job *job)
{
	const struct fe_vec *a = job->in[0];
	struct range r = range_of(job->node->type);
	bool any = false;

	for (size_t i = 0; i < job->n_rows; i++) {
		int64_t v = a->i64[i];

		any |= v == INT64_MIN;
		job->out->i64[i] = v < 0 ? (int64_t)(0 - (uint64_t)v) : v;
	}
	for (size_t i = 0; any && i < job->n_rows; i++)
		if (fe_bit_get(job->out->valid, i) && is_outside(job->out->i64[i], (struct range){ 0, r.high }))
			fe_job_set_overflow(job, i);
}

void
fe_kernel_arithmetic(struct fe_job *job)
{
	uint64_t all = ~UINT64_C(0);
	int64_t number = 0;
	struct fe_vec constant = { .valid = &all, .i64 = &number, .is_scalar = true };

	fe_job_nulls(job);
	switch (job->node->op) {
	case FE_OP_ABS:
		absolute(job);
		break;
	case FE_OP_NEGATE:
		run_pair(job, FE_OP_SUBTRACT, &constant, job->in[0]);
		break;
	case FE_OP_RESCALE:
		number = fe_pow10[job->node->detail];
		run_pair(job, FE_OP_MULTIPLY, job->in[0], &constant);
		break;
	default:
		run_pair(job, job->node->op, job->in[0], job->in[1]);
	}
}

/* Half away from zero, to the fewer decimals of the node's type. The quotient is smaller
 * than what it is of, so nothing overflows; numbers under nulls do no harm. */
void
fe_kernel_round(struct fe_job *job, unsigned scale)
{
	const struct fe_vec *a = job->in[0];
	int64_t unit = fe_pow10[scale - job->node->type.scale];
	int64_t half = unit / 2; /* exact: the unit is a power of ten above 1 */

	fe_job_nulls(job);
	for (size_t i = 0; i < job->n_rows; i++) {
		int64_t v = a->i64[i], rest = v % unit;

		job->out->i64[i] = v / unit + (rest >= half) - (rest <= -half);
	}
}

/* Division by zero counts as overflow: there is no such number. */
void
fe_kernel_round_divide(struct fe_job *job, unsigned x_scale, unsigned y_scale)
{
	const struct fe_vec *x = job->in[0], *y = job->in[1];
	struct range r = range_of(job->node->type);
	unsigned scale = job->node->type.scale;

	fe_job_nulls(job);
	for (size_t i = 0; i < job->n_rows; i++) {
		int64_t *out = &job->out->i64[i];

		if (fe_bit_get(job->out->valid, i) &&
		    (!fe_decimal_divide(x->i64[fe_index(x, i)], x_scale, y->i64[fe_index(y, i)], y_scale, scale, out) ||
		     is_outside(*out, r)))
			fe_job_set_overflow(job, i);
	}
}
