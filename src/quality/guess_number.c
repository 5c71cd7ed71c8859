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

static unsigned
find_currency(struct fe_str value)
{
	for (unsigned i = 0; i < FE_GUESS_N_CURRENCIES; i++)
		for (size_t at = 0; at + currencies[i].n <= value.n; at++)
			if (memcmp(value.p + at, currencies[i].p, currencies[i].n) == 0)
				return 1u << i;
	return 0;
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
	w->scale = n_behind > w->scale ? n_behind : w->scale;
	w->has_short_scale |= n_behind > 0 && n_behind != 3;
	w->signs |= memchr(value.p, '+', value.n) ? FE_GUESS_PLUS : 0;
	w->signs |= memchr(value.p, '(', value.n) ? FE_GUESS_PARENS : 0;
	w->signs |= value.p[value.n - 1] == '-' ? FE_GUESS_TRAILING : 0;
	w->currencies |= find_currency(value);
}

void
fe_guess_feed_number(struct fe_guess *g, struct fe_str value, uint64_t n_values)
{
	if (feed_plain(g, value))
		return;
	for (size_t i = 0; i < FE_GUESS_N_NUMBERS; i++)
		if (!fe_guess_is_out(g->n_number_misses[i], n_values))
			feed_way(g, i, value);
}

static bool
is_amount(const char *name)
{
	return fe_guess_has_word(name, "amount amt price total subtotal balance fee fees cost costs sum debit credit tax net gross salary paid "
				       "charge charges payment value revenue discount interest principal betrag saldo montant importe") &&
	       !fe_guess_has_word(name, "id count qty quantity number no type date code method status score days");
}

static void
take_way(const struct fe_guess *g, size_t way, struct fe_guessed *out)
{
	const struct fe_guess_number *w = &g->numbers[way];

	out->decimal.point = ways[way].point == '.' ? '\0' : ways[way].point;
	out->decimal.group = ways[way].group;
	out->decimal.sign_plus = w->signs & FE_GUESS_PLUS;
	out->decimal.sign_trailing = w->signs & FE_GUESS_TRAILING;
	out->decimal.sign_parens = w->signs & FE_GUESS_PARENS;
	for (size_t i = 0; i < FE_GUESS_N_CURRENCIES; i++)
		if (w->currencies & 1u << i)
			out->currencies[out->n_currencies++] = currencies[i].p;
}

static struct fe_type
type_of(const struct fe_guess *g, size_t way, bool is_amount)
{
	const struct fe_guess_number *w = &g->numbers[way];
	const unsigned n_digits = g->n_int_digits > w->n_digits ? g->n_int_digits : w->n_digits;
	const unsigned scale = is_amount && w->scale < 2 ? 2 : w->scale;
	unsigned precision = n_digits + 3 + scale; /* room for amounts a thousand times as great */

	precision = precision < 12 ? 12 : precision;
	precision = precision > FE_DECIMAL_MAX_PRECISION ? FE_DECIMAL_MAX_PRECISION : precision;
	return (struct fe_type){ .kind = FE_DECIMAL, .precision = (uint8_t)precision, .scale = (uint8_t)scale };
}

/* 1,234: a thousand, or a bit more than one. */
static void
doubt_way(const struct fe_guess *g, size_t way, struct fe_guessed *out)
{
	const struct fe_guess_number *grouped = &g->numbers[1], *pointed = &g->numbers[2];

	if (way == 1 && grouped->scale == 0 && pointed->n_fit == grouped->n_fit && pointed->scale == 3 && !pointed->has_short_scale)
		(void)snprintf(out->doubt, sizeof out->doubt, "a comma before three digits is taken for thousands; it could be the decimal point");
	else if (g->numbers[0].n_fit && way == 0 && g->numbers[0].scale == 3 && !g->numbers[0].has_short_scale &&
	         g->numbers[3].n_fit == g->numbers[0].n_fit)
		(void)snprintf(out->doubt, sizeof out->doubt, "a point before three digits is taken for the decimal point; it could part thousands");
}

bool
fe_guess_decide_number(const struct fe_guess *g, const char *name, uint64_t n, struct fe_guessed *out)
{
	size_t best = 0;

	for (size_t i = 1; i < FE_GUESS_N_NUMBERS; i++)
		if (g->numbers[i].n_fit > g->numbers[best].n_fit)
			best = i;
	if (!fe_guess_is_most(g->n_ints + g->numbers[best].n_fit, n))
		return false;
	const bool has_others = g->numbers[best].n_fit > 0 && (g->numbers[best].n_fit > n / 50 || is_amount(name));
	if (!has_others && !is_amount(name)) {
		out->type = (struct fe_type){ .kind = FE_INT };
		return true;
	}
	take_way(g, best, out);
	out->type = type_of(g, best, is_amount(name));
	doubt_way(g, best, out);
	return true;
}
