// SPDX-License-Identifier: Apache-2.0
/* quality/guess_number.c - ints and decimals, and the ways of writing them */
#include "quality/guess_private.h"

#include <stdio.h>

static const struct fe_str currencies[FE_GUESS_N_CURRENCIES] = {
	{ "$", 1 }, { "\xE2\x82\xAC", 3 }, { "\xC2\xA3", 2 }, { "\xC2\xA5", 2 }, { "USD", 3 }, { "EUR", 3 },
	{ "GBP", 3 }, { "CHF", 3 }, { "JPY", 3 }, { "CAD", 3 }, { "AUD", 3 }, { "SEK", 3 },
};

/* In the order in which they are chosen where they take the same. */
static const struct { char point, group; } ways[FE_GUESS_N_NUMBERS] = {
	{ '.', 0 }, { '.', ',' }, { ',', 0 }, { ',', '.' }, { '.', '\'' }, { ',', ' ' }, { '.', ' ' },
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* -?digits: no point in trying the ways of writing. */
static bool
feed_plain(struct fe_guess *g, struct fe_str value)
{
	const size_t sign = value.p[0] == '-';
	const size_t n = value.n - sign;
	size_t i = sign;

	while (i < value.n && is_digit(value.p[i]))
		i++;
	if (n == 0 || i < value.n)
		return false;
	g->n_zero_led += n > 1 && value.p[sign] == '0';
	g->n_ints += n <= FE_DECIMAL_MAX_PRECISION;
	g->n_long_ints += n > FE_DECIMAL_MAX_PRECISION;
	if (n <= FE_DECIMAL_MAX_PRECISION && n > g->n_int_digits)
		g->n_int_digits = (unsigned)n;
	return true;
}

/* Digits before the last point, and behind it. */
static void
count_digits(struct fe_str value, char point, unsigned *n_before, unsigned *n_behind)
{
	bool is_behind = false;

	*n_before = *n_behind = 0;
	for (size_t i = 0; i < value.n; i++) {
		is_behind |= value.p[i] == point;
		*n_before += is_digit(value.p[i]) && !is_behind;
		*n_behind += is_digit(value.p[i]) && is_behind;
	}
}

static void
count_currency(struct fe_guess_number *w, struct fe_str value)
{
	for (size_t i = 0; i < FE_GUESS_N_CURRENCIES; i++) {
		if (memmem(value.p, value.n, currencies[i].p, currencies[i].n)) {
			w->n_currencies[i]++;
			return;
		}
	}
}

static void
feed_way(struct fe_guess *g, size_t way, struct fe_str value)
{
	const struct fe_decimal_format format = {
		.point = ways[way].point, .group = ways[way].group, .sign_plus = true, .sign_trailing = true, .sign_parens = true,
		.currencies = currencies, .n_currencies = FE_GUESS_N_CURRENCIES,
	};
	struct fe_guess_number *w = &g->numbers[way];
	unsigned n_before, n_behind;
	int64_t v;

	count_digits(value, format.point, &n_before, &n_behind);
	if (n_before + n_behind > FE_DECIMAL_MAX_PRECISION ||
	    fe_decimal_parse(value, FE_DECIMAL_MAX_PRECISION, n_behind, &format, &v) != FE_DECIMAL_OK) {
		g->n_number_misses[way]++;
		return;
	}
	w->n_fit++;
	w->n_digits = n_before > w->n_digits ? n_before : w->n_digits;
	w->n_scaled[n_behind]++;
	w->n_signs[FE_GUESS_PLUS] += memchr(value.p, '+', value.n) != NULL;
	w->n_signs[FE_GUESS_PARENS] += memchr(value.p, '(', value.n) != NULL;
	w->n_signs[FE_GUESS_TRAILING] += value.p[value.n - 1] == '-';
	count_currency(w, value);
}

void
fe_guess_feed_number(struct fe_guess *g, struct fe_str value)
{
	if (feed_plain(g, value))
		return;
	for (size_t i = 0; i < FE_GUESS_N_NUMBERS; i++)
		if (!fe_guess_is_out(g->n_number_misses[i], g->numbers[i].n_fit))
			feed_way(g, i, value);
}

static bool
is_amount(const char *name)
{
	return fe_guess_has_word(name, "amount amt price total subtotal balance fee fees cost costs sum debit credit tax net gross salary paid "
				       "charge charges payment value revenue discount interest principal betrag saldo montant importe") &&
	       !fe_guess_has_word(name, "id count qty quantity number no type date code method status score days");
}

/* Often enough to be a way of writing, and no fault. */
static bool
is_habit(uint64_t n_met, uint64_t n)
{
	return n_met > n / 20;
}

static void
take_way(const struct fe_guess *g, size_t way, uint64_t n, struct fe_guessed *out)
{
	const struct fe_guess_number *w = &g->numbers[way];

	out->decimal.point = ways[way].point == '.' ? '\0' : ways[way].point;
	out->decimal.group = ways[way].group;
	out->decimal.sign_plus = is_habit(w->n_signs[FE_GUESS_PLUS], n);
	out->decimal.sign_trailing = is_habit(w->n_signs[FE_GUESS_TRAILING], n);
	out->decimal.sign_parens = is_habit(w->n_signs[FE_GUESS_PARENS], n);
	for (size_t i = 0; i < FE_GUESS_N_CURRENCIES; i++)
		if (is_habit(w->n_currencies[i], n))
			out->currencies[out->n_currencies++] = currencies[i].p;
}

/* The least that leaves but one of fifty values with more. */
static unsigned
scale_of(const struct fe_guess *g, const struct fe_guess_number *w, uint64_t *n_longer)
{
	unsigned scale = 0;

	*n_longer = 0;
	for (unsigned i = 1; i <= FE_DECIMAL_MAX_PRECISION; i++)
		*n_longer += w->n_scaled[i];
	while (*n_longer > (g->n_ints + w->n_fit) / 50)
		*n_longer -= w->n_scaled[++scale];
	return scale;
}

static struct fe_type
type_of(const struct fe_guess *g, size_t way, bool is_amount, struct fe_guessed *out)
{
	const struct fe_guess_number *w = &g->numbers[way];
	const unsigned n_digits = g->n_int_digits > w->n_digits ? g->n_int_digits : w->n_digits;
	uint64_t n_longer;
	unsigned scale = scale_of(g, w, &n_longer);

	for (; is_amount && scale < 2; scale++)
		n_longer -= w->n_scaled[scale + 1];
	if (n_longer)
		(void)snprintf(out->doubt, sizeof out->doubt, "%llu values have more than %u decimals, and would be rejected",
			       (unsigned long long)n_longer, scale);
	unsigned precision = n_digits + 3 + scale; /* room for amounts a thousand times as great */

	precision = precision < 12 ? 12 : precision;
	precision = precision > FE_DECIMAL_MAX_PRECISION ? FE_DECIMAL_MAX_PRECISION : precision;
	return (struct fe_type){ .kind = FE_DECIMAL, .precision = (uint8_t)precision, .scale = (uint8_t)scale };
}

/* 1,234: a thousand, or a bit more than one. */
static void
doubt_way(const struct fe_guess *g, size_t way, struct fe_guessed *out)
{
	const struct fe_guess_number *plain = &g->numbers[0], *grouped = &g->numbers[1], *pointed = &g->numbers[2], *european = &g->numbers[3];

	if (way == 1 && grouped->n_scaled[0] == grouped->n_fit && pointed->n_scaled[3] == grouped->n_fit)
		(void)snprintf(out->doubt, sizeof out->doubt, "a comma before three digits is taken for thousands; it could be the decimal point");
	else if (way == 0 && plain->n_fit && plain->n_scaled[3] == plain->n_fit && european->n_scaled[0] == plain->n_fit)
		(void)snprintf(out->doubt, sizeof out->doubt, "a point before three digits is taken for the decimal point; it could part thousands");
}

bool
fe_guess_decide_number(const struct fe_guess *g, const char *name, uint64_t n, struct fe_guessed *out)
{
	size_t best = 0;

	for (size_t i = 1; i < FE_GUESS_N_NUMBERS; i++)
		if (g->numbers[i].n_fit > g->numbers[best].n_fit + n / 20)
			best = i;
	if (!fe_guess_is_most(g->n_ints + g->numbers[best].n_fit, n))
		return false;
	const bool has_others = g->numbers[best].n_fit > 0 && (g->numbers[best].n_fit > n / 50 || is_amount(name));
	if (!has_others && !is_amount(name)) {
		out->type = (struct fe_type){ .kind = FE_INT };
		return true;
	}
	take_way(g, best, n, out);
	out->type = type_of(g, best, is_amount(name), out);
	doubt_way(g, best, out);
	return true;
}
