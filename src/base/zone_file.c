// SPDX-License-Identifier: Apache-2.0
/* base/zone_file.c - reading TZif files (RFC 8536)
 *
 * A file has a header, a block of 32 bit times and, since version 2, a second header
 * with a block of 64 bit times and a footer: the rule for the time after the last
 * change, as a POSIX TZ text. The first block is only read where there is no second.
 * The bytes are taken in order by a cursor that knows their end.
 */
#include "base/zone_table.h"

#define MAX_TIMES 100000
#define MAX_TYPES 256

/* Bytes ------------------------------------------------------------------------------ */

struct cursor {
	const unsigned char *p, *end;
	bool failed; /* sticky: asked for more than there is */
};

static const unsigned char *
take(struct cursor *c, size_t n)
{
	const unsigned char *p = c->p;

	if (c->failed || (size_t)(c->end - c->p) < n) {
		c->failed = true;
		return NULL;
	}
	c->p += n;
	return p;
}

static int64_t
big_endian(const unsigned char *p, size_t n)
{
	uint64_t v = p[0] & 0x80 ? UINT64_MAX : 0;

	for (size_t i = 0; i < n; i++)
		v = v << 8 | p[i];
	return (int64_t)v;
}

struct header {
	char version;
	size_t n_utc, n_std, n_leaps, n_times, n_types, n_chars;
};

static bool
take_header(struct cursor *c, struct header *h)
{
	const unsigned char *p = take(c, 44);

	if (!p || memcmp(p, "TZif", 4) != 0)
		return false;
	h->version = (char)p[4];
	h->n_utc = (size_t)big_endian(p + 20, 4);
	h->n_std = (size_t)big_endian(p + 24, 4);
	h->n_leaps = (size_t)big_endian(p + 28, 4);
	h->n_times = (size_t)big_endian(p + 32, 4);
	h->n_types = (size_t)big_endian(p + 36, 4);
	h->n_chars = (size_t)big_endian(p + 40, 4);
	return h->n_times <= MAX_TIMES && h->n_types >= 1 && h->n_types <= MAX_TYPES && h->n_leaps <= 1000 &&
	       h->n_utc <= MAX_TYPES && h->n_std <= MAX_TYPES && h->n_chars <= 100 * MAX_TYPES;
}

static bool
type_offset(const unsigned char *types, size_t n_types, size_t i, int32_t *out_s)
{
	if (i >= n_types)
		return false;
	*out_s = (int32_t)big_endian(types + 6 * i, 4);
	return *out_s > -FE_ZONE_OFFSET_LIMIT_S && *out_s < FE_ZONE_OFFSET_LIMIT_S;
}

/* A block of times of time_bytes each; zone NULL: skip it. *last_s: the last change. */
static bool
take_block(struct cursor *c, const struct header *h, size_t time_bytes, struct fe_zone *zone,
	   int64_t *last_s)
{
	const unsigned char *times = take(c, h->n_times * time_bytes);
	const unsigned char *of_type = take(c, h->n_times);
	const unsigned char *types = take(c, h->n_types * 6);
	int32_t offset_s;

	*last_s = INT64_MIN;
	(void)take(c, h->n_chars + h->n_leaps * (time_bytes + 4) + h->n_std + h->n_utc);
	if (c->failed)
		return false;
	if (!zone)
		return true;
	if (h->n_leaps > 0 || !type_offset(types, h->n_types, 0, &offset_s))
		return false;
	fe_zone_init(zone, offset_s);
	for (size_t i = 0; i < h->n_times; i++) {
		int64_t at = big_endian(times + i * time_bytes, time_bytes);

		if (at <= *last_s || at > FE_TIMESTAMP_MAX / FE_US_PER_SECOND ||
		    !type_offset(types, h->n_types, of_type[i], &offset_s))
			return false;
		fe_zone_add(zone, at, offset_s);
		*last_s = at;
	}
	return true;
}

/* The rule of the footer -------------------------------------------------------------- */

struct change {
	char kind;           /* J: day 1-365 without 29 February, N: day 0-365, M: week day */
	int month, week, day;
	int32_t time_s;      /* of that day, on the clock until then */
};

struct rule {
	int32_t std_s, dst_s; /* offsets */
	bool has_dst;
	struct change to_dst, to_std;
};

static bool
take_char(struct fe_str *s, char c)
{
	if (s->n == 0 || s->p[0] != c)
		return false;
	*s = (struct fe_str){ s->p + 1, s->n - 1 };
	return true;
}

static bool
take_int(struct fe_str *s, int most, int *out)
{
	size_t n = 0;

	*out = 0;
	for (; n < s->n && s->p[n] >= '0' && s->p[n] <= '9'; n++) {
		*out = *out * 10 + (s->p[n] - '0');
		if (*out > most)
			return false;
	}
	*s = (struct fe_str){ s->p + n, s->n - n };
	return n > 0;
}

/* [+|-]h[:m[:s]] */
static bool
take_clock(struct fe_str *s, int most_hours, int32_t *out_s)
{
	bool negative = take_char(s, '-');
	int h, m = 0, sec = 0;

	if (!negative)
		(void)take_char(s, '+');
	if (!take_int(s, most_hours, &h))
		return false;
	if (take_char(s, ':') && !take_int(s, 59, &m))
		return false;
	if (take_char(s, ':') && !take_int(s, 59, &sec))
		return false;
	*out_s = (h * 60 + m) * 60 + sec;
	if (negative)
		*out_s = -*out_s;
	return true;
}

/* Letters, or anything in angle brackets. */
static bool
take_name(struct fe_str *s)
{
	bool quoted = take_char(s, '<');
	size_t n = 0;

	while (n < s->n && (quoted ? s->p[n] != '>'
				   : (s->p[n] >= 'A' && s->p[n] <= 'Z') || (s->p[n] >= 'a' && s->p[n] <= 'z')))
		n++;
	*s = (struct fe_str){ s->p + n, s->n - n };
	return n > 0 && (!quoted || take_char(s, '>'));
}

static bool
take_change(struct fe_str *s, struct change *c)
{
	bool ok;

	c->time_s = 2 * 3600;
	if (take_char(s, 'M')) {
		c->kind = 'M';
		ok = take_int(s, 12, &c->month) && c->month >= 1 && take_char(s, '.') &&
		     take_int(s, 5, &c->week) && c->week >= 1 && take_char(s, '.') && take_int(s, 6, &c->day);
	} else if (take_char(s, 'J')) {
		c->kind = 'J';
		ok = take_int(s, 365, &c->day) && c->day >= 1;
	} else {
		c->kind = 'N';
		ok = take_int(s, 365, &c->day);
	}
	return ok && (!take_char(s, '/') || take_clock(s, 167, &c->time_s));
}

/* std offset [dst [offset] , change , change]; offsets count west of Greenwich. */
static bool
parse_rule(struct fe_str s, struct rule *r)
{
	int32_t west_s;

	*r = (struct rule){ 0 };
	if (!take_name(&s) || !take_clock(&s, 24, &west_s))
		return false;
	r->std_s = -west_s;
	if (s.n == 0)
		return true;
	r->has_dst = true;
	r->dst_s = r->std_s + 3600;
	if (!take_name(&s))
		return false;
	if (s.n > 0 && s.p[0] != ',') {
		if (!take_clock(&s, 24, &west_s))
			return false;
		r->dst_s = -west_s;
	}
	return take_char(&s, ',') && take_change(&s, &r->to_dst) && take_char(&s, ',') &&
	       take_change(&s, &r->to_std) && s.n == 0;
}

static int32_t
day_of_change(const struct change *c, int32_t year)
{
	int32_t new_year = fe_days_from_civil(year, 1, 1);
	int32_t first, day, next_month;

	if (c->kind == 'N')
		return new_year + c->day;
	if (c->kind == 'J') /* 1 March is day 60 */
		return c->day < 60 ? new_year + c->day - 1
				   : fe_days_from_civil(year, 3, 1) + c->day - 60;
	first = fe_days_from_civil(year, (unsigned)c->month, 1);
	next_month = c->month == 12 ? fe_days_from_civil(year + 1, 1, 1)
				    : fe_days_from_civil(year, (unsigned)c->month + 1, 1);
	/* Sunday is 0 here and 6 there. */
	day = first + (c->day + 6 - (int32_t)fe_dayofweek(first)) % 7 + (c->week - 1) * 7;
	return day < next_month ? day : day - 7; /* week 5 is the last */
}

static int64_t
moment_of_change(const struct change *c, int32_t year, int32_t offset_before_s)
{
	return day_of_change(c, year) * INT64_C(86400) + c->time_s - offset_before_s;
}

/* Writes the rule out, from after the last change on record; false if its changes run
 * into those of the next year. */
static bool
add_rule(struct fe_zone *zone, const struct rule *r, int64_t last_s)
{
	int32_t first_year = 1;
	int64_t before = INT64_MIN;

	if (last_s / 86400 > FE_DATE_MIN)
		first_year = fe_civil_from_days((int32_t)(last_s / 86400)).year;
	for (int32_t year = first_year; year <= first_year + 403; year++) {
		int64_t dst = moment_of_change(&r->to_dst, year, r->std_s);
		int64_t std = moment_of_change(&r->to_std, year, r->dst_s);
		bool dst_first = dst < std;

		for (int i = 0; i < 2; i++) {
			bool is_dst = dst_first == (i == 0);
			int64_t at = is_dst ? dst : std;

			if (at < before)
				return false;
			before = at;
			if (at > last_s)
				fe_zone_add(zone, at, is_dst ? r->dst_s : r->std_s);
		}
	}
	zone->repeat_from_s = fe_days_from_civil(first_year + 402, 1, 1) * INT64_C(86400);
	return true;
}

static bool
take_footer(struct cursor *c, struct fe_zone *zone, int64_t last_s)
{
	const unsigned char *end;
	struct fe_str text;
	struct rule rule;

	if (c->p == c->end || *c->p != '\n')
		return false;
	c->p++;
	end = memchr(c->p, '\n', (size_t)(c->end - c->p));
	if (!end)
		return false;
	text = (struct fe_str){ (const char *)c->p, (size_t)(end - c->p) };
	if (text.n == 0)
		return true;
	if (!parse_rule(text, &rule))
		return false;
	return !rule.has_dst || add_rule(zone, &rule, last_s);
}

enum fe_rc
fe_zone_read_tzif(struct fe_zone *zone, struct fe_str bytes, struct fe_err *err)
{
	struct cursor c = { .p = (const unsigned char *)(bytes.p ? bytes.p : "") };
	struct header h;
	int64_t last_s;

	c.end = c.p + bytes.n;
	if (!take_header(&c, &h))
		return fe_fail(err, FE_EDATA, "not a time zone file (TZif)");
	if (h.version == '\0') {
		if (take_block(&c, &h, 4, zone, &last_s))
			return FE_OK;
	} else if (take_block(&c, &h, 4, NULL, &last_s) && take_header(&c, &h) &&
		   take_block(&c, &h, 8, zone, &last_s) && take_footer(&c, zone, last_s)) {
		return FE_OK;
	}
	return fe_fail(err, FE_EDATA, "a time zone file that is damaged or counts leap seconds");
}
