// SPDX-License-Identifier: Apache-2.0
/* quality/guess_time.c - dates and timestamps, and the ways of writing them
 *
 * Each way that has not failed too often is tried on each value that is not in the default form.
 * Day first and month first are two ways: a day above 12 settles it, or nothing does.
 */
#include "quality/guess_private.h"

#include <stdio.h>

#include "base/time.h"

#define N_SUFFIXES 8
#define WITH_TIMES(d)                                                          \
	d, d " %H:%M:%S", d "T%H:%M:%S", d " %H:%M", d " %I:%M:%S %p", d " %I:%M %p", d " %H:%M:%S.%f", d " %H:%M:%S %z"

enum { DEFAULT_DATE, DEFAULT_TIMESTAMP, EPOCH, FIRST_FORMAT };

/* Where two take the same, the first is chosen; those that differ in what comes first, day or
 * month, stand together, day first. */
static const char *const formats[] = {
	WITH_TIMES("%d/%m/%Y"), WITH_TIMES("%m/%d/%Y"), WITH_TIMES("%d.%m.%Y"), WITH_TIMES("%m.%d.%Y"),
	WITH_TIMES("%d-%m-%Y"), WITH_TIMES("%m-%d-%Y"), WITH_TIMES("%-d/%-m/%Y"), WITH_TIMES("%-m/%-d/%Y"),
	WITH_TIMES("%d/%m/%y"), WITH_TIMES("%m/%d/%y"), WITH_TIMES("%-d.%-m.%Y"), WITH_TIMES("%-m.%-d.%Y"),
	WITH_TIMES("%d.%m.%y"), WITH_TIMES("%m.%d.%y"),
	WITH_TIMES("%Y/%m/%d"), WITH_TIMES("%Y.%m.%d"), WITH_TIMES("%Y%m%d"), WITH_TIMES("%d %b %Y"),
	WITH_TIMES("%d-%b-%Y"), WITH_TIMES("%d-%b-%y"), WITH_TIMES("%b %d, %Y"),
};
#define N_FORMATS (sizeof formats / sizeof formats[0])
#define N_PAIRED (14 * N_SUFFIXES)        /* of day first and month first */
#define COMPACT (16 * N_SUFFIXES)         /* %Y%m%d, which an int can be, too */
_Static_assert(FIRST_FORMAT + N_FORMATS <= FE_GUESS_N_TIMES, "a counter for each format");

static bool
is_fine(enum fe_time_why why)
{
	return why == FE_TIME_OK || why == FE_TIME_NO_ZONE;
}

static size_t
count_digits(struct fe_str value)
{
	size_t n = 0;

	for (size_t i = 0; i < value.n; i++)
		n += value.p[i] >= '0' && value.p[i] <= '9';
	return n;
}

static bool
feed_default(struct fe_guess *g, struct fe_str value)
{
	int32_t days;
	int64_t us;

	if (fe_date_parse(value, NULL, &days) == FE_TIME_OK) {
		g->time_fits[DEFAULT_DATE]++;
		g->time_fits[DEFAULT_TIMESTAMP]++;
		g->has_no_offset = true;
		return true;
	}
	const enum fe_time_why why = fe_timestamp_parse(value, NULL, NULL, &us);
	if (!is_fine(why))
		return false;
	g->time_fits[DEFAULT_TIMESTAMP]++;
	g->has_no_offset |= why == FE_TIME_NO_ZONE;
	return true;
}

static bool
fits(size_t format, struct fe_str value)
{
	int32_t days;
	int64_t us;

	return format % N_SUFFIXES == 0 ? fe_date_parse(value, formats[format], &days) == FE_TIME_OK :
					  is_fine(fe_timestamp_parse(value, formats[format], NULL, &us));
}

void
fe_guess_feed_time(struct fe_guess *g, struct fe_str value)
{
	const size_t n_digits = count_digits(value);
	const bool is_number = n_digits == value.n;

	if (n_digits < 3 || value.n < 6 || value.n > 40 || feed_default(g, value))
		return;
	if (is_number) {
		g->time_fits[EPOCH] += n_digits == 10;
		g->time_fits[FIRST_FORMAT + COMPACT] += n_digits == 8 && fits(COMPACT, value);
		return;
	}
	for (size_t i = 0; i < N_FORMATS; i++) {
		const size_t at = FIRST_FORMAT + i;
		if (fe_guess_is_out(g->time_misses[at], g->time_fits[at]))
			continue;
		if (fits(i, value))
			g->time_fits[at]++;
		else
			g->time_misses[at]++;
	}
}

static bool
decide_default(const struct fe_guess *g, uint64_t n, struct fe_guessed *out)
{
	if (!fe_guess_is_most(g->time_fits[DEFAULT_TIMESTAMP], n))
		return false;
	const bool is_date = g->time_fits[DEFAULT_DATE] == g->time_fits[DEFAULT_TIMESTAMP];
	out->type = (struct fe_type){ .kind = is_date ? FE_DATE : FE_TIMESTAMP };
	out->needs_zone = !is_date && g->has_no_offset;
	return true;
}

static bool
decide_epoch(const struct fe_guess *g, const char *name, uint64_t n, struct fe_guessed *out)
{
	if (!fe_guess_is_most(g->time_fits[EPOCH], n) || !fe_guess_has_word(name, "epoch time timestamp ts unix at"))
		return false;
	out->type = (struct fe_type){ .kind = FE_TIMESTAMP };
	out->format = "%s";
	(void)snprintf(out->doubt, sizeof out->doubt, "ten digits are taken for seconds since 1970");
	return true;
}

static void
say_doubt(const struct fe_guess *g, size_t best, struct fe_guessed *out)
{
	const size_t pair = best / N_SUFFIXES % 2 ? best - N_SUFFIXES : best + N_SUFFIXES;

	if (best < N_PAIRED && g->time_fits[FIRST_FORMAT + pair] == g->time_fits[FIRST_FORMAT + best])
		(void)snprintf(out->doubt, sizeof out->doubt, "01/02 could be day first or month first, and no value settles it: day first");
	else if (strstr(formats[best], "%y"))
		(void)snprintf(out->doubt, sizeof out->doubt, "years have two digits: 00 to 68 are taken for 2000 to 2068, 69 to 99 for 1969 to 1999");
}

bool
fe_guess_decide_time(const struct fe_guess *g, const char *name, uint64_t n, struct fe_guessed *out)
{
	size_t best = 0;

	if (decide_default(g, n, out) || decide_epoch(g, name, n, out))
		return true;
	for (size_t i = 1; i < N_FORMATS; i++)
		if (g->time_fits[FIRST_FORMAT + i] > g->time_fits[FIRST_FORMAT + best])
			best = i;
	if (!fe_guess_is_most(g->time_fits[FIRST_FORMAT + best], n) ||
	    (best == COMPACT && !fe_guess_has_word(name, "date day dt datum on")))
		return false;
	out->type = (struct fe_type){ .kind = best % N_SUFFIXES == 0 ? FE_DATE : FE_TIMESTAMP };
	out->format = formats[best];
	out->needs_zone = out->type.kind == FE_TIMESTAMP && !strstr(formats[best], "%z");
	say_doubt(g, best, out);
	return true;
}
