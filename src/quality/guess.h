// SPDX-License-Identifier: Apache-2.0
/* quality/guess.h - what a column of texts seems to be
 *
 * For drafts: whoever has a declaration guesses nothing. Cells are fed one by one; then one
 * question is answered, from all of them: which type takes what is there, written how.
 *
 *   Types      the narrowest that takes nine of ten values: bool, date, timestamp, int, decimal;
 *              else text. What the others are is for the caller to count, by reading again
 *   Rare ways  of writing a number ($5 among thousands of plain ones) are not declared: they are
 *              faults as often as not, and rejecting them shows them
 *   Exact      decimals are found by their digits, and never by way of a float
 *   Text stays text  where a number is a name: leading zeros, or a column called account or phone
 *   Doubt      what the values do not settle (01/02/2026, 1,234) is chosen, and said in words
 *   Persons    columns that tell of one, by name or by what stands in them; of such
 *              columns no value is shown in a doubt
 *   Memory     fixed, whatever is fed
 */
#ifndef FE_QUALITY_GUESS_H
#define FE_QUALITY_GUESS_H

#include "base/decimal.h"
#include "base/text.h"
#include "batch/type.h"

#define FE_GUESS_N_NUMBERS 7   /* ways of writing a decimal */
#define FE_GUESS_N_TIMES 176   /* formats, at most */
#define FE_GUESS_N_NULLS 12    /* texts that may stand for no value */
#define FE_GUESS_N_CURRENCIES 12
#define FE_GUESS_DOUBT_BYTES 240
enum fe_guess_sign { FE_GUESS_PLUS, FE_GUESS_TRAILING, FE_GUESS_PARENS, FE_GUESS_N_SIGNS };

/* One way of writing numbers, and what was met of it. */
struct fe_guess_number {
	uint64_t n_fit;
	unsigned n_digits;         /* most digits before the point */
	uint64_t n_scaled[FE_DECIMAL_MAX_PRECISION + 1]; /* values with so many behind it */
	uint64_t n_signs[FE_GUESS_N_SIGNS], n_currencies[FE_GUESS_N_CURRENCIES];
};

struct fe_guess {
	uint64_t n_cells, n_empty;   /* empty, or blanks */
	uint64_t n_padded;           /* blanks around a value */
	uint64_t n_invalid, n_multibyte; /* not UTF-8; UTF-8 beyond ASCII */
	uint64_t n_upper, n_lower, n_mixed, n_spaced;
	size_t max_chars;
	uint64_t n_words_true, n_words_false, n_bits; /* yes, no; 0 or 1 */
	uint64_t n_ints, n_long_ints, n_zero_led;     /* plain digits; of more than 18; 007 */
	unsigned n_int_digits;
	uint64_t nulls[FE_GUESS_N_NULLS];
	uint64_t n_emails, n_ibans, n_phones;
	struct fe_guess_number numbers[FE_GUESS_N_NUMBERS];
	uint64_t n_number_misses[FE_GUESS_N_NUMBERS];
	uint64_t time_fits[FE_GUESS_N_TIMES];
	uint64_t time_misses[FE_GUESS_N_TIMES];
	bool has_time, has_offset, has_no_offset; /* of values in the default form */
};

/* What to declare. */
struct fe_guessed {
	struct fe_type type;
	const char *format;      /* NULL: the default */
	bool needs_zone;
	struct fe_decimal_format decimal; /* its currencies are in `currencies` */
	const char *currencies[FE_GUESS_N_CURRENCIES]; size_t n_currencies;
	const char *nulls[FE_GUESS_N_NULLS]; size_t n_nulls; /* beside the empty text */
	enum fe_case fold;
	bool is_padded;
	bool is_person;
	char doubt[FE_GUESS_DOUBT_BYTES]; /* ""; else a reason, in one line */
};

void fe_guess_feed(struct fe_guess *g, struct fe_str cell);
/* name: small letters, digits and _. */
void fe_guess_decide(const struct fe_guess *g, const char *name, struct fe_guessed *out);
/* Whether one of the words, a list by blanks, stands in the name: "amount" in "net_amount_eur". */
bool fe_guess_has_word(const char *name, const char *words);

#endif
