// SPDX-License-Identifier: Apache-2.0
/* base/decimal.h - money, exactly
 *
 * A decimal(p,s), p <= 18, is an int64_t scaled by 10^s: 12.50 as
 * decimal(12,2) is 1250. Sums are 128 bits wide. No float or double comes near.
 *
 * Text: -?digits[.digits]. Fewer decimals than s are fine, more are refused
 * even where they are zero; zeros in front do not count, -0.00 is 0. Why a text
 * is refused is a value of its own, so that a reject can say it
 * (fe_decimal_why_code gives the reason code). A text with digits and only the
 * oddities named below has the first of them in this order as its reason
 * ("$1,000" is a separator's fault); anything else is not_a_number.
 */
#ifndef FE_BASE_DECIMAL_H
#define FE_BASE_DECIMAL_H

#include "base/buf.h"
#include "base/str.h"

#define FE_DECIMAL_MAX_PRECISION 18
typedef __int128 fe_i128;

/* why, reason code */
#define FE_DECIMAL_WHY_MAP(X)                                                  \
	X(OK, "ok")                                                            \
	X(NOT_A_NUMBER, "not_a_number")      /* letters, NaN, lone '-', 0x10, '5.' '.5', other digits */ \
	X(PLUS_SIGN, "plus_sign")            /* +5 */                          \
	X(EXPONENT, "exponent")              /* 1e3 */                         \
	X(SEPARATOR, "separator")            /* 1,234.56 1.234,56 1'000 */     \
	X(CURRENCY_SIGN, "currency_sign")    /* $5, 5 EUR (ISO 4217) */        \
	X(PARENTHESES, "parentheses")        /* (5) */                         \
	X(TRAILING_MINUS, "trailing_minus")  /* 5- */                          \
	X(BLANK_INSIDE, "blank_inside")      /* ' 5', '5 ', '1 000', NBSP */   \
	X(TOO_MANY_DECIMALS, "too_many_decimals")                              \
	X(OUT_OF_RANGE, "out_of_range")      /* more than p - s digits before the point */

enum fe_decimal_why {
#define FE_X(name, code) FE_DECIMAL_##name,
	FE_DECIMAL_WHY_MAP(FE_X)
#undef FE_X
};
const char *fe_decimal_why_code(enum fe_decimal_why why);

/* Declared ways of writing that differ from the default. Zeroed = default. One sign and one
 * currency at most, in any order: -$5, $-5, 5 EUR, (5 EUR), 5-EUR. */
struct fe_decimal_format {
	char point;        /* 0: '.' */
	char group;        /* 0: none; ',' '.' '\'' ' ' (no-break, too): digits in threes */
	bool sign_plus;    /* a leading + is fine */
	bool sign_trailing;/* 5- is -5 */
	bool sign_parens;  /* (5) is -5 */
	const struct fe_str *currencies; /* before or behind the number, a blank between or none; borrowed */
	size_t n_currencies;
};

/* fmt may be NULL. *out is set only on FE_DECIMAL_OK. */
enum fe_decimal_why fe_decimal_parse(struct fe_str text, unsigned precision,
                                     unsigned scale,
                                     const struct fe_decimal_format *fmt,
                                     int64_t *out);

/* The quick look at many, at most 64: bit i of the result says that texts[i] is a decimal as they mostly
 * are, written in the default way, whose value is out[i] now. Of another nothing is said, nor of a zero
 * with a sign: that is for fe_decimal_parse. A text may be none (p is NULL). An int is of scale 0. */
uint64_t fe_decimal_parse_64(const struct fe_str *texts, size_t n, unsigned precision, unsigned scale, int64_t *out);

/* Writes exactly `scale` decimals ("-0.05"; no point where scale is 0) at out,
 * which has FE_DECIMAL_TEXT_BYTES; returns the number of bytes, no NUL. */
#define FE_DECIMAL_TEXT_BYTES 48
size_t fe_decimal_format(int64_t v, unsigned scale, char *out);
size_t fe_i128_format(fe_i128 v, unsigned scale, char *out);
void fe_buf_add_decimal(struct fe_buf *b, fe_i128 v, unsigned scale);
/* Parses what fe_i128_format wrote, at most 38 digits; false if it is not one. */
bool fe_i128_parse(struct fe_str text, unsigned scale, fe_i128 *out);

/* 10^n for n <= 18. */
extern const int64_t fe_pow10[19];
static inline bool
fe_decimal_fits(int64_t v, unsigned precision)
{
	return v < fe_pow10[precision] && v > -fe_pow10[precision];
}

/* Exact: false where the result does not fit into *out (int64).
 * rescale to fewer decimals is exact only where nothing but zeros is cut;
 * round: half away from zero, as PostgreSQL's round(numeric). */
FE_MUST_USE bool fe_decimal_rescale(int64_t v, unsigned from, unsigned to, int64_t *out);
FE_MUST_USE bool fe_decimal_round(fe_i128 v, unsigned from, unsigned to, int64_t *out);
/* round(x / y, scale), half away from zero; false on y = 0 or overflow. */
FE_MUST_USE bool fe_decimal_divide(int64_t x, unsigned x_scale, int64_t y,
                                   unsigned y_scale, unsigned scale, int64_t *out);

/* int: -?digits that fit int64; same reasons as decimals with scale 0. */
enum fe_decimal_why fe_int_parse(struct fe_str text, int64_t *out);

#endif
