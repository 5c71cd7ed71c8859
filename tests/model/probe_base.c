// SPDX-License-Identifier: Apache-2.0
/* tests/model/probe_base.c - decimals, dates and zones on standard input and output
 *
 * A line is a question: words separated by the byte 0x1f, a text last. Its answer is
 * one line: a value, or the code of the reason why there is none. An unknown question
 * ends the probe with status 2.
 *
 *   decimal P S text        decimal-as P S point group signs text   (signs: of "+-()")
 *   int text                format-decimal S value                  i128 S value
 *   rescale FROM TO value   round FROM TO value                     divide XS YS S x y
 *   date text               date-as format text                     format-date days
 *   timestamp ZONE text     timestamp-as ZONE format text           format-timestamp us
 *   local ZONE us           offset ZONE us                          (ZONE '-': none)
 *   lower text              upper text
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/decimal.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/time.h"
#include "base/zone.h"

#define MAX_WORDS 8
#define MAX_ZONES 64

static struct fe_str words[MAX_WORDS];
static size_t n_words;
static struct fe_zone *zones[MAX_ZONES];

static _Noreturn void
die(const char *what)
{
	fprintf(stderr, "probe_base: %s: '%.*s'\n", what, FE_STR_ARGS(words[0]));
	exit(2);
}

static int64_t
number(size_t i)
{
	int64_t v = 0;

	if (i >= n_words || fe_int_parse(words[i], &v) != FE_DECIMAL_OK)
		die("a number is missing");
	return v;
}

static unsigned
small(size_t i)
{
	return (unsigned)number(i);
}

static fe_i128
wide(size_t i)
{
	fe_i128 v = 0;

	if (i >= n_words || !fe_i128_parse(words[i], 0, &v))
		die("a wide number is missing");
	return v;
}

static const struct fe_zone *
zone(size_t i)
{
	char *name = fe_strndup(words[i].p, words[i].n);
	struct fe_err err = FE_ERR_INIT;
	size_t z = 0;

	if (fe_str_is(words[i], "-")) {
		fe_free(name);
		return NULL;
	}
	while (z < MAX_ZONES && zones[z] && !fe_str_is(words[i], fe_zone_name(zones[z])))
		z++;
	if (z == MAX_ZONES || (!zones[z] && fe_zone_open(&zones[z], name, &err) != FE_OK))
		die(z == MAX_ZONES ? "too many zones" : err.text);
	fe_free(name);
	return zones[z];
}

static void
answer_decimal(enum fe_decimal_why why, int64_t v)
{
	if (why == FE_DECIMAL_OK)
		printf("%lld\n", (long long)v);
	else
		puts(fe_decimal_why_code(why));
}

static void
answer_time(enum fe_time_why why, int64_t v)
{
	if (why == FE_TIME_OK)
		printf("%lld\n", (long long)v);
	else
		puts(fe_time_why_code(why));
}

static void
answer_maybe(bool fits, int64_t v)
{
	if (fits)
		printf("%lld\n", (long long)v);
	else
		puts("overflow");
}

static void
answer_bytes(const char *p, size_t n)
{
	printf("%.*s\n", (int)n, p ? p : "");
}

static bool
ask_decimal(void)
{
	char out[FE_DECIMAL_TEXT_BYTES];
	enum fe_decimal_why why;
	int64_t v = 0;

	if (fe_str_is(words[0], "decimal")) {
		why = fe_decimal_parse(words[3], small(1), small(2), NULL, &v);
		answer_decimal(why, v);
	} else if (fe_str_is(words[0], "decimal-as")) {
		static const struct fe_str currencies[] = { FE_STR("$"), FE_STR("EUR"), FE_STR("\xe2\x82\xac") };
		bool has_currency = words[5].n && memchr(words[5].p, '$', words[5].n);
		struct fe_decimal_format fmt = {
			.currencies = currencies,
			.n_currencies = has_currency ? 3 : 0,
			.point = words[3].n ? words[3].p[0] : 0,
			.group = words[4].n ? words[4].p[0] : 0,
			.sign_plus = words[5].n && memchr(words[5].p, '+', words[5].n),
			.sign_trailing = words[5].n && memchr(words[5].p, '-', words[5].n),
			.sign_parens = words[5].n && memchr(words[5].p, '(', words[5].n),
		};

		why = fe_decimal_parse(words[6], small(1), small(2), &fmt, &v);
		answer_decimal(why, v);
	} else if (fe_str_is(words[0], "int")) {
		why = fe_int_parse(words[1], &v);
		answer_decimal(why, v);
	} else if (fe_str_is(words[0], "format-decimal")) {
		answer_bytes(out, fe_decimal_format(number(2), small(1), out));
	} else if (fe_str_is(words[0], "i128")) {
		answer_bytes(out, fe_i128_format(wide(2), small(1), out));
	} else {
		return false;
	}
	return true;
}

static bool
ask_arithmetic(void)
{
	int64_t v = 0;
	bool fits;

	if (fe_str_is(words[0], "rescale"))
		fits = fe_decimal_rescale(number(3), small(1), small(2), &v);
	else if (fe_str_is(words[0], "round"))
		fits = fe_decimal_round(wide(3), small(1), small(2), &v);
	else if (fe_str_is(words[0], "divide"))
		fits = fe_decimal_divide(number(4), small(1), number(5), small(2), small(3), &v);
	else
		return false;
	answer_maybe(fits, v);
	return true;
}

static void
ask_format(struct fe_str format, struct fe_str text, bool for_timestamp, const struct fe_zone *in)
{
	char *copy = fe_strndup(format.p, format.n);
	struct fe_err err = FE_ERR_INIT;
	int64_t us = 0;
	int32_t days = 0;
	enum fe_time_why why;

	if (fe_time_format_check(copy, for_timestamp, &err) != FE_OK) {
		puts("bad_format");
	} else if (for_timestamp) {
		why = fe_timestamp_parse(text, copy, in, &us);
		answer_time(why, us);
	} else {
		why = fe_date_parse(text, copy, &days);
		answer_time(why, days);
	}
	fe_free(copy);
}

static bool
ask_time(void)
{
	char out[FE_TIMESTAMP_TEXT_BYTES];
	enum fe_time_why why;
	int64_t us = 0;
	int32_t days = 0;

	if (fe_str_is(words[0], "date")) {
		why = fe_date_parse(words[1], NULL, &days);
		answer_time(why, days);
	} else if (fe_str_is(words[0], "timestamp")) {
		why = fe_timestamp_parse(words[2], NULL, zone(1), &us);
		answer_time(why, us);
	} else if (fe_str_is(words[0], "date-as")) {
		ask_format(words[1], words[2], false, NULL);
	} else if (fe_str_is(words[0], "timestamp-as")) {
		ask_format(words[2], words[3], true, zone(1));
	} else if (fe_str_is(words[0], "format-date")) {
		fe_date_format((int32_t)number(1), out);
		answer_bytes(out, FE_DATE_TEXT_BYTES);
	} else if (fe_str_is(words[0], "format-timestamp")) {
		fe_timestamp_format(number(1), out);
		answer_bytes(out, FE_TIMESTAMP_TEXT_BYTES);
	} else {
		return false;
	}
	return true;
}

static bool
ask_zone(void)
{
	int64_t us = 0;

	if (fe_str_is(words[0], "offset")) {
		printf("%d\n", fe_zone_offset_at(zone(1), number(2)));
		return true;
	}
	if (!fe_str_is(words[0], "local"))
		return false;
	switch (fe_zone_to_utc(zone(1), number(2), &us)) {
	case FE_ZONE_UNIQUE:
		printf("%lld\n", (long long)us);
		break;
	case FE_ZONE_SKIPPED:
		puts("skipped_time");
		break;
	case FE_ZONE_REPEATED:
		puts("repeated_time");
		break;
	}
	return true;
}

static bool
ask_text(void)
{
	enum fe_case to = fe_str_is(words[0], "lower") ? FE_CASE_LOWER : FE_CASE_UPPER;
	struct fe_arena arena = { 0 };
	struct fe_str s;

	if (to != FE_CASE_LOWER && !fe_str_is(words[0], "upper"))
		return false;
	s = fe_text_case(words[1], to, &arena);
	answer_bytes(s.p, s.n);
	fe_arena_free(&arena);
	return true;
}

static void
split(char *line, size_t n)
{
	n_words = 0;
	for (size_t i = 0; i < MAX_WORDS; i++)
		words[i] = (struct fe_str){ "", 0 };
	for (char *p = line; n_words < MAX_WORDS; n_words++) {
		char *end = memchr(p, '\x1f', n - (size_t)(p - line));

		words[n_words] = (struct fe_str){ p, end ? (size_t)(end - p) : n - (size_t)(p - line) };
		if (!end)
			break;
		p = end + 1;
	}
	n_words++;
}

int
main(void)
{
	char *line = NULL;
	size_t cap_bytes = 0;
	ssize_t n;

	while ((n = getline(&line, &cap_bytes, stdin)) > 0) {
		split(line, (size_t)n - (line[n - 1] == '\n'));
		if (!ask_decimal() && !ask_arithmetic() && !ask_time() && !ask_zone() && !ask_text())
			die("unknown question");
	}
	free(line);
	for (size_t i = 0; i < MAX_ZONES; i++)
		fe_zone_free(zones[i]);
	return fflush(stdout) == 0 ? 0 : 1;
}
