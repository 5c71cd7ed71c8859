// SPDX-License-Identifier: Apache-2.0
/* quality/guess.c - counting what the cells could be, and the order in which kinds are tried */
#include "quality/guess_private.h"

#include <stdio.h>

/* In a column of numbers or dates these stand for no value. */
static const char *const null_texts[FE_GUESS_N_NULLS] = {
	"NA", "N/A", "n/a", "NULL", "null", "None", "NaN", "nan", "-", "--", "#N/A", "\\N",
};

/* ---- words of a name ---- */

/* The next word of a list; empty at its end. */
static struct fe_str
next_word(const char **at, const char *between)
{
	struct fe_str word = { *at, strcspn(*at, between) };

	*at += word.n;
	*at += strspn(*at, between);
	return word;
}

bool
fe_guess_has_word(const char *name, const char *words)
{
	while (*words) {
		const struct fe_str word = next_word(&words, " ");
		for (const char *p = name; *p;)
			if (fe_str_eq(next_word(&p, "_"), word))
				return true;
	}
	return false;
}

/* ---- feeding ---- */

static void
feed_text(struct fe_guess *g, struct fe_str value)
{
	bool has_upper = false, has_lower = false;
	const bool is_ascii = fe_text_is_ascii(value), is_valid = is_ascii || fe_utf8_is_valid(value);
	const size_t n_chars = is_valid ? fe_utf8_length(value) : value.n;

	for (size_t i = 0; i < value.n; i++) {
		has_upper |= value.p[i] >= 'A' && value.p[i] <= 'Z';
		has_lower |= value.p[i] >= 'a' && value.p[i] <= 'z';
	}
	g->n_upper += has_upper && !has_lower;
	g->n_lower += has_lower && !has_upper;
	g->n_mixed += has_lower && has_upper;
	g->n_spaced += memchr(value.p, ' ', value.n) != NULL;
	g->n_invalid += !is_valid;
	g->n_multibyte += is_valid && !is_ascii;
	if (n_chars > g->max_chars)
		g->max_chars = n_chars;
}

static void
feed_bool(struct fe_guess *g, struct fe_str value)
{
	bool is_true;

	if (!fe_bool_parse(value, &is_true))
		return;
	if (value.p[0] == '0' || value.p[0] == '1')
		g->n_bits++;
	else if (is_true)
		g->n_words_true++;
	else
		g->n_words_false++;
}

void
fe_guess_feed(struct fe_guess *g, struct fe_str cell)
{
	const struct fe_str value = fe_text_trim(cell);

	g->n_cells++;
	if (value.n == 0) {
		g->n_empty++;
		return;
	}
	g->n_padded += value.n != cell.n;
	feed_text(g, value);
	for (size_t i = 0; i < FE_GUESS_N_NULLS; i++) {
		if (fe_str_is(value, null_texts[i])) {
			g->nulls[i]++;
			return;
		}
	}
	feed_bool(g, value);
	fe_guess_feed_number(g, value);
	fe_guess_feed_time(g, value);
	fe_guess_feed_person(g, value);
}

/* ---- deciding ---- */

static bool
decide_bool(const struct fe_guess *g, const char *name, uint64_t n, struct fe_guessed *out)
{
	const uint64_t n_words = g->n_words_true + g->n_words_false;
	const bool is_named = strncmp(name, "is_", 3) == 0 || strncmp(name, "has_", 4) == 0 || fe_guess_has_word(name, "flag active enabled");
	const bool has_both = g->n_words_true > 0 && g->n_words_false > 0;

	if (!fe_guess_is_most(n_words + g->n_bits, n) || (n_words > 0 ? !has_both && !is_named && g->max_chars < 2 : !is_named))
		return false;
	out->type = (struct fe_type){ .kind = FE_BOOL };
	return true;
}

/* A size that what has been seen is well below. */
static uint32_t
roomy(size_t n_chars)
{
	static const uint32_t sizes[] = { 10, 20, 30, 50, 100, 200, 500, 1000, 2000, 5000, 10000 };

	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
		if (n_chars + n_chars / 4 <= sizes[i])
			return sizes[i];
	return 0;
}

/* Codes that are nearly all in one case, and else the same. */
static void
decide_case(const struct fe_guess *g, struct fe_guessed *out)
{
	const uint64_t n = g->n_upper + g->n_lower + g->n_mixed;

	if (g->n_spaced > n / 20 || out->is_person)
		return;
	if (g->n_upper < n && g->n_upper >= n - n / 5)
		out->fold = FE_CASE_UPPER;
	else if (g->n_lower < n && g->n_lower >= n - n / 5)
		out->fold = FE_CASE_LOWER;
}

static void
decide_text(const struct fe_guess *g, uint64_t n_values, struct fe_guessed *out)
{
	out->type = (struct fe_type){ .kind = FE_TEXT, .max_chars = roomy(g->max_chars) };
	decide_case(g, out);
	if (n_values == 0) {
		out->type.max_chars = 100;
		(void)snprintf(out->doubt, sizeof out->doubt, "no value was seen");
	} else if (out->fold != FE_CASE_KEEP) {
		(void)snprintf(out->doubt, sizeof out->doubt, "nearly all values are in %s case",
			       out->fold == FE_CASE_UPPER ? "upper" : "lower");
	} else if (g->n_zero_led && fe_guess_is_most(g->n_ints, n_values)) {
		(void)snprintf(out->doubt, sizeof out->doubt, "digits with leading zeros, which a number would lose");
	}
}

void
fe_guess_decide(const struct fe_guess *g, const char *name, struct fe_guessed *out)
{
	/* Digits that are a name. `id` is not among them: most are counted up. */
	static const char names[] = "phone tel telephone mobile fax zip zipcode postcode postal plz account iban bic swift code card ssn vat "
				    "pan passport isin cusip sedol lei reference ref sku barcode ean";
	const uint64_t n_values = g->n_cells - g->n_empty;
	const char *pattern = NULL;
	uint64_t n_nulls = 0;

	*out = (struct fe_guessed){ 0 };
	for (size_t i = 0; i < FE_GUESS_N_NULLS; i++)
		n_nulls += g->nulls[i];
	const uint64_t n = n_values - n_nulls;
	out->is_padded = g->n_padded > 0;
	out->is_person = fe_guess_is_person(g, name, n, &pattern);
	const bool is_name = g->n_zero_led > 0 || fe_guess_has_word(name, names);
	if (n > 0 && (decide_bool(g, name, n, out) || fe_guess_decide_time(g, name, n, out) ||
	              (!(is_name && fe_guess_is_most(g->n_ints + g->n_long_ints, n)) && fe_guess_decide_number(g, name, n, out)))) {
		for (size_t i = 0; i < FE_GUESS_N_NULLS; i++)
			if (g->nulls[i])
				out->nulls[out->n_nulls++] = null_texts[i];
	} else {
		decide_text(g, n_values, out);
	}
	if (pattern && !out->doubt[0])
		(void)snprintf(out->doubt, sizeof out->doubt, "the values look like %s", pattern);
}
