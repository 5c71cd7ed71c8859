// SPDX-License-Identifier: Apache-2.0
/* expr/kernel_compare.c - comparisons: 64 rows make one word of bits
 *
 * Eight comparisons make a byte, eight bytes a word: without branches; with a constant as
 * many at a time as the processor can (expr/wide.h). The parser has brought a constant to the scale of what it is compared
 * with and to the right side; two columns of different scales are compared as 128 bits,
 * so that no comparison overflows.
 */
#include "base/decimal.h"
#include "expr/wide.h"

/* One word of COND, an expression of the row i. */
#define PACK_WORD(word, base, COND)                                            \
	do {                                                                   \
		uint64_t packed_ = 0;                                          \
		for (size_t k_ = 0; k_ < 64; k_ += 8) {                        \
			unsigned byte_ = 0;                                    \
			for (size_t j_ = 0; j_ < 8; j_++) {                    \
				const size_t i = (base) + k_ + j_;             \
				byte_ |= (unsigned)(COND) << j_;               \
			}                                                      \
			packed_ |= (uint64_t)byte_ << k_;                      \
		}                                                              \
		(word) = packed_;                                              \
	} while (0)

#define PACK(COND)                                                             \
	for (size_t w = 0; w < n_words; w++)                                   \
		PACK_WORD(out[w], w * 64, COND)

#define PACK_COMPARE(A, B)                                                     \
	switch (compare) {                                                     \
	case FE_EQ: PACK((A) == (B)); break;                                   \
	case FE_NE: PACK((A) != (B)); break;                                   \
	case FE_LT: PACK((A) < (B)); break;                                    \
	case FE_LE: PACK((A) <= (B)); break;                                   \
	case FE_GT: PACK((A) > (B)); break;                                    \
	case FE_GE: PACK((A) >= (B)); break;                                   \
	}

static void
numbers(enum fe_compare compare, const int64_t *a, const int64_t *b, size_t n_words, uint64_t *out)
{
	PACK_COMPARE(a[i], b[i])
}

/* Any scales, either side constant. */
static void
numbers_scaled(enum fe_compare compare, const struct fe_vec *a, int64_t a_times,
	       const struct fe_vec *b, int64_t b_times, size_t n_words, uint64_t *out)
{
	size_t a_mask = a->is_scalar ? 0 : SIZE_MAX, b_mask = b->is_scalar ? 0 : SIZE_MAX;

	PACK_COMPARE((fe_i128)a->i64[i & a_mask] * a_times, (fe_i128)b->i64[i & b_mask] * b_times)
}

static enum fe_compare
flipped(enum fe_compare compare)
{
	static const enum fe_compare flip[] = {
		[FE_EQ] = FE_EQ, [FE_NE] = FE_NE, [FE_LT] = FE_GT,
		[FE_LE] = FE_GE, [FE_GT] = FE_LT, [FE_GE] = FE_LE,
	};
	return flip[compare];
}

static void
compare_numbers(enum fe_compare compare, const struct fe_vec *a, unsigned a_scale,
		const struct fe_vec *b, unsigned b_scale, size_t n_words, uint64_t *out)
{
	if (a_scale != b_scale)
		numbers_scaled(compare, a, a_scale < b_scale ? fe_pow10[b_scale - a_scale] : 1, b,
		               b_scale < a_scale ? fe_pow10[a_scale - b_scale] : 1, n_words, out);
	else if (a->is_scalar && b->is_scalar)
		numbers_scaled(compare, a, 1, b, 1, n_words, out);
	else if (b->is_scalar)
		fe_wide_best()->compare(compare, a->i64, b->i64[0], n_words, out);
	else if (a->is_scalar)
		fe_wide_best()->compare(flipped(compare), b->i64, a->i64[0], n_words, out);
	else
		numbers(compare, a->i64, b->i64, n_words, out);
}

static void
compare_bits(enum fe_compare compare, const struct fe_vec *a, const struct fe_vec *b,
	     size_t n_words, uint64_t *out)
{
	for (size_t w = 0; w < n_words; w++) {
		uint64_t differ = fe_word(a->bits, a, w) ^ fe_word(b->bits, b, w);

		out[w] = compare == FE_NE ? differ : ~differ;
	}
}

int
fe_text_compare(struct fe_str a, struct fe_str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n ? memcmp(a.p, b.p, n) : 0;

	return order ? order : (a.n > b.n) - (a.n < b.n);
}

/* A text constant and its ends as words, so that most cells take two loads. */
struct constant {
	struct fe_str text;
	uint64_t head, tail;
};

static uint64_t
load_word(const char *p)
{
	uint64_t v;
	memcpy(&v, p, sizeof(v));
	return v;
}

static uint64_t
load_half(const char *p)
{
	uint32_t v;
	memcpy(&v, p, sizeof(v));
	return v;
}

static struct constant
constant_of(struct fe_str text)
{
	struct constant c = { .text = text };

	if (text.n >= 8) {
		c.head = load_word(text.p);
		c.tail = load_word(text.p + text.n - 8);
	} else if (text.n >= 4) {
		c.head = load_half(text.p);
		c.tail = load_half(text.p + text.n - 4);
	}
	return c;
}

static inline bool
equals(struct fe_str s, const struct constant *c)
{
	if (s.n != c->text.n)
		return false;
	if (s.n >= 8)
		return load_word(s.p) == c->head && load_word(s.p + s.n - 8) == c->tail &&
		       (s.n <= 16 || memcmp(s.p + 8, c->text.p + 8, s.n - 16) == 0);
	if (s.n >= 4)
		return load_half(s.p) == c->head && load_half(s.p + s.n - 4) == c->tail;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != c->text.p[i])
			return false;
	return true;
}

/* Views are read only where there is a value. */
static void
texts_equal_constant(const struct fe_job *job, const struct fe_vec *a, struct fe_str b,
		     uint64_t *out)
{
	const struct constant c = constant_of(b);

	for (size_t w = 0; w < job->n_words; w++) {
		uint64_t has = fe_word(a->valid, a, w) & fe_rows_word(job, w), found = 0;

		if (has == ~UINT64_C(0)) {
			PACK_WORD(out[w], w * 64, equals(a->text[i], &c));
			continue;
		}
		for (uint64_t m = has; m; m &= m - 1) {
			unsigned bit = (unsigned)__builtin_ctzll(m);

			found |= (uint64_t)equals(a->text[w * 64 + bit], &c) << bit;
		}
		out[w] = found;
	}
}

static bool
order_is(enum fe_compare compare, int order)
{
	switch (compare) {
	case FE_EQ: return order == 0;
	case FE_NE: return order != 0;
	case FE_LT: return order < 0;
	case FE_LE: return order <= 0;
	case FE_GT: return order > 0;
	case FE_GE: return order >= 0;
	}
	return false;
}

static void
texts_general(const struct fe_job *job, enum fe_compare compare, const struct fe_vec *a,
	      const struct fe_vec *b, uint64_t *out)
{
	for (size_t w = 0; w < job->n_words; w++) {
		uint64_t found = 0;

		for (uint64_t m = fe_word(a->valid, a, w) & fe_word(b->valid, b, w) & fe_rows_word(job, w); m; m &= m - 1) {
			unsigned bit = (unsigned)__builtin_ctzll(m);
			struct fe_str x = a->text[fe_index(a, w * 64 + bit)], y = b->text[fe_index(b, w * 64 + bit)];
			bool is = compare == FE_EQ ? fe_str_eq(x, y)
			          : compare == FE_NE ? !fe_str_eq(x, y) : order_is(compare, fe_text_compare(x, y));

			found |= (uint64_t)is << bit;
		}
		out[w] = found;
	}
}

static void
compare_texts(const struct fe_job *job, enum fe_compare compare, const struct fe_vec *a,
	      const struct fe_vec *b, uint64_t *out)
{
	bool is_equality = compare == FE_EQ || compare == FE_NE;

	if (!is_equality || a->is_scalar || !b->is_scalar || !(b->valid[0] & 1)) {
		texts_general(job, compare, a, b, out);
		return;
	}
	texts_equal_constant(job, a, b->text[0], out);
	for (size_t w = 0; compare == FE_NE && w < job->n_words; w++)
		out[w] = ~out[w];
}

void
fe_compare_words(const struct fe_job *job, enum fe_compare compare, const struct fe_vec *a,
		 struct fe_type a_type, const struct fe_vec *b, struct fe_type b_type,
		 uint64_t *out)
{
	switch (fe_reg_class_of(a_type.kind)) {
	case FE_REG_TEXT:
		compare_texts(job, compare, a, b, out);
		break;
	case FE_REG_BITS:
		compare_bits(compare, a, b, job->n_words, out);
		break;
	default:
		compare_numbers(compare, a, a_type.kind == FE_DECIMAL ? a_type.scale : 0, b,
		                b_type.kind == FE_DECIMAL ? b_type.scale : 0, job->n_words, out);
	}
}

void
fe_kernel_compare(struct fe_job *job, struct fe_type a, struct fe_type b)
{
	fe_job_nulls(job);
	fe_compare_words(job, (enum fe_compare)job->node->detail, job->in[0], a, job->in[1], b, job->out->bits);
}

/* Few numbers: all of them against each row. Many: halving. */
#define FEW_NUMBERS 8

static bool
has_number(const struct fe_set *set, int64_t v)
{
	const int64_t *base = set->values;
	size_t n = set->n;

	while (n > 1) {
		size_t half = n / 2;

		base += base[half] <= v ? half : 0;
		n -= half;
	}
	return n && *base == v;
}

static void
numbers_in(const struct fe_job *job, const struct fe_set *set, uint64_t *out)
{
	const struct fe_vec *a = job->in[0];
	uint64_t found[FE_EXPR_WORDS];

	memset(out, 0, job->n_words * sizeof(uint64_t));
	if (a->is_scalar) {
		out[0] = has_number(set, a->i64[0]);
		return;
	}
	if (set->n > FEW_NUMBERS) {
		for (size_t i = 0; i < job->n_rows; i++)
			out[i / 64] |= (uint64_t)has_number(set, a->i64[i]) << i % 64;
		return;
	}
	for (size_t k = 0; k < set->n; k++) {
		fe_wide_best()->compare(FE_EQ, a->i64, set->values[k], job->n_words, found);
		for (size_t w = 0; w < job->n_words; w++)
			out[w] |= found[w];
	}
}

/* Few texts: against the constants of the cell's length. Many: halving. */
#define FEW_TEXTS 8

static int
by_length(struct fe_str a, struct fe_str b)
{
	if (a.n != b.n)
		return a.n < b.n ? -1 : 1;
	return a.n ? memcmp(a.p, b.p, a.n) : 0;
}

static bool
has_text(const struct fe_set *set, struct fe_str s)
{
	size_t low = 0, high = set->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = by_length(set->texts[mid], s);

		if (order == 0)
			return true;
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return false;
}

struct few_texts {
	struct constant constants[FEW_TEXTS]; /* by length */
	uint8_t first[64]; /* by length, 63 for all longer: the first constant of it */
};

static void
few_texts_of(const struct fe_set *set, struct few_texts *few)
{
	memset(few->first, (int)set->n, sizeof(few->first));
	for (size_t k = set->n; k-- > 0;) {
		few->constants[k] = constant_of(set->texts[k]);
		few->first[set->texts[k].n < 63 ? set->texts[k].n : 63] = (uint8_t)k;
	}
}

static inline bool
is_of_few(const struct few_texts *few, size_t n, struct fe_str s)
{
	for (size_t k = few->first[s.n < 63 ? s.n : 63]; k < n && few->constants[k].text.n <= s.n; k++)
		if (equals(s, &few->constants[k]))
			return true;
	return false;
}

static void
texts_in(const struct fe_job *job, const struct fe_set *set, uint64_t *out)
{
	const struct fe_vec *a = job->in[0];
	bool is_few = set->n <= FEW_TEXTS;
	struct few_texts few;

	if (is_few)
		few_texts_of(set, &few);
	for (size_t w = 0; w < job->n_words; w++) {
		uint64_t found = 0;

		for (uint64_t m = fe_word(a->valid, a, w) & fe_rows_word(job, w); m; m &= m - 1) {
			unsigned bit = (unsigned)__builtin_ctzll(m);
			struct fe_str s = a->text[fe_index(a, w * 64 + bit)];
			bool is = is_few ? is_of_few(&few, set->n, s)
			                 : (set->lengths >> (s.n < 63 ? s.n : 63) & 1) && has_text(set, s);

			found |= (uint64_t)is << bit;
		}
		out[w] = found;
	}
}

/* True where found; else unknown if the list has a null. */
void
fe_kernel_in(struct fe_job *job)
{
	const struct fe_set *set = job->node->set;

	fe_job_nulls(job);
	if (set->texts)
		texts_in(job, set, job->out->bits);
	else
		numbers_in(job, set, job->out->bits);
	for (size_t w = 0; set->has_null && w < job->n_words; w++)
		job->out->valid[w] &= job->out->bits[w];
}
