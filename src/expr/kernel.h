// SPDX-License-Identifier: Apache-2.0
/* expr/kernel.h - one operation over a column of values at a time
 *
 * A vector holds the values of one node for the rows of a batch: int64 for all kinds
 * but text (views) and bool (bits); a date is its day number. A scalar vector holds one
 * value for all rows: element 0, its bitmaps one word of all ones or all zeros, so
 * that word-wise code reads it by the same index (fe_word).
 *
 *   valid     the row has a value
 *   overflow  the row's arithmetic left its range, or NULL where none did; such a row
 *             is never valid. It passes on to whatever needs its value.
 *
 * A kernel reads job->in[], writes job->out for rows [0, n_rows). It may write whole
 * words and values up to the next multiple of 64 rows; what lies there, and under
 * cleared valid bits, is unspecified. Numbers there may be read, views may not.
 */
#ifndef FE_EXPR_KERNEL_H
#define FE_EXPR_KERNEL_H

#include "expr/node.h"

#define FE_EXPR_WORDS (FE_BATCH_ROWS / 64)
/* One text, and all texts that one evaluation may make. */
#define FE_EXPR_MAX_RESULT_BYTES (1024u * 1024)
#define FE_EXPR_MAX_NEW_BYTES (64u * 1024 * 1024)

struct fe_vec {
	uint64_t *valid;
	union {
		int64_t *i64;
		uint64_t *bits;
		struct fe_str *text;
		void *data;
	};
	uint64_t *overflow;
	bool is_scalar;
};

struct fe_regex_space;

/* The year, month or day of the month of days seen, a slot by the day's remainder. */
#define FE_PART_MEMO_SLOTS 1024
struct fe_part_of_day {
	int32_t days, value;
};
struct fe_part_memo {
	struct fe_part_of_day slots[FE_PART_MEMO_SLOTS];
};
struct fe_part_memo *fe_part_memo_new(void); /* freed with fe_free */

struct fe_job {
	const struct fe_node *node;
	enum fe_kind in_kind;   /* of in[0] */
	size_t n_rows, n_words;
	size_t n_in;
	const struct fe_vec *const *in;
	struct fe_vec *out;
	uint64_t *overflow_space; /* out->overflow points here once a row overflows */
	struct fe_arena *arena;   /* for new texts */
	size_t new_bytes;         /* of texts made in this evaluation */
	struct fe_regex_space *regex_space;
	struct fe_part_memo *part_memo; /* of the node; NULL: none */
	const struct fe_batch *batch; /* for places in errors; NULL while folding */
	struct fe_err *err;
};

static inline uint64_t
fe_word(const uint64_t *bits, const struct fe_vec *v, size_t w)
{
	return bits[v->is_scalar ? 0 : w];
}

static inline uint64_t
fe_overflow_word(const struct fe_vec *v, size_t w)
{
	return v->overflow ? fe_word(v->overflow, v, w) : 0;
}

/* The index of row i in a vector's values. */
static inline size_t fe_index(const struct fe_vec *v, size_t i) { return v->is_scalar ? 0 : i; }

/* The rows of word w that the job has. */
static inline uint64_t
fe_rows_word(const struct fe_job *job, size_t w)
{
	size_t rest = job->n_rows - w * 64;

	return rest >= 64 ? ~UINT64_C(0) : (UINT64_C(1) << rest) - 1;
}

/* Null and overflow in, null and overflow out: what most operations do with them. */
void fe_job_nulls(struct fe_job *job);
void fe_job_set_overflow(struct fe_job *job, size_t row); /* and makes the row null */
uint64_t *fe_job_overflow(struct fe_job *job); /* the out bitmap, cleared when first asked for */
/* Copies the rows of `take` in word w. */
void fe_vec_copy_word(struct fe_vec *out, const struct fe_vec *in, enum fe_reg_class c, size_t w, uint64_t take);

/* Words that say where `a compare b`, whatever the nulls; scales are those of the types. */
void fe_compare_words(const struct fe_job *job, enum fe_compare compare, const struct fe_vec *a,
                      struct fe_type a_type, const struct fe_vec *b, struct fe_type b_type, uint64_t *out);
int fe_text_compare(struct fe_str a, struct fe_str b); /* by bytes, which is by code points */

void fe_kernel_compare(struct fe_job *job, struct fe_type a, struct fe_type b);
void fe_kernel_in(struct fe_job *job);
void fe_kernel_logic(struct fe_job *job);     /* AND OR NOT IS_NULL */
void fe_kernel_case(struct fe_job *job);
void fe_kernel_coalesce(struct fe_job *job);
void fe_kernel_nullif(struct fe_job *job);
void fe_kernel_extreme(struct fe_job *job);   /* LEAST GREATEST */
void fe_kernel_arithmetic(struct fe_job *job);/* ADD SUBTRACT MULTIPLY NEGATE ABS RESCALE */
void fe_kernel_round(struct fe_job *job, unsigned scale);
void fe_kernel_round_divide(struct fe_job *job, unsigned x_scale, unsigned y_scale);
void fe_kernel_part(struct fe_job *job);
void fe_kernel_to_date(struct fe_job *job);
void fe_kernel_to_timestamp(struct fe_job *job);
void fe_kernel_add_time(struct fe_job *job);
FE_MUST_USE enum fe_rc fe_kernel_text(struct fe_job *job); /* LOWER UPPER TRIM LENGTH SUBSTR CONCAT */
void fe_kernel_like(struct fe_job *job);
FE_MUST_USE enum fe_rc fe_kernel_matches(struct fe_job *job);

/* Runs the node's operation; folding and evaluation both come here. types: those of
 * the arguments. A scalar result is made fit for fe_word. */
FE_MUST_USE enum fe_rc fe_job_run(const struct fe_expr *e, struct fe_job *job);

/* LIKE, prepared. escape 0: none. */
FE_MUST_USE enum fe_rc fe_like_new(const struct fe_like **out, struct fe_str pattern, struct fe_str escape,
                                   struct fe_arena *arena, struct fe_err *err);
struct fe_str fe_like_pattern(const struct fe_like *like);
struct fe_str fe_like_escape(const struct fe_like *like);

#endif
