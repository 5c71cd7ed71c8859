// SPDX-License-Identifier: Apache-2.0
/* quality/python_json.c - see quality/python_json.h
 *
 * A scanner with a bit for each open list or object. Python's own depth ends with its stack,
 * at less than a thousand.
 */
#include "quality/python_json.h"

#define MAX_DEPTH 960
#define MAX_INT_DIGITS 4300

struct scan {
	const char *p, *end;
	uint64_t is_object[MAX_DEPTH / 64];
	size_t depth;
};

static void
skip_blanks(struct scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\n' || *s->p == '\r'))
		s->p++;
}

static bool
take(struct scan *s, char c)
{
	if (s->p == s->end || *s->p != c)
		return false;
	s->p++;
	return true;
}

static bool
take_word(struct scan *s, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(s->end - s->p) < n || memcmp(s->p, word, n) != 0)
		return false;
	s->p += n;
	return true;
}

static size_t
take_digits(struct scan *s)
{
	const char *from = s->p;

	while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
		s->p++;
	return (size_t)(s->p - from);
}

static bool
take_number(struct scan *s)
{
	size_t n_digits = 1;
	bool is_int = true;
	const char *at;

	(void)take(s, '-');
	if (!take(s, '0')) {
		n_digits = take_digits(s);
		if (n_digits == 0)
			return false;
	}
	at = s->p; /* what is no part of the number is wrong later */
	if (take(s, '.')) {
		if (take_digits(s))
			is_int = false;
		else
			s->p = at;
	}
	at = s->p;
	if (take(s, 'e') || take(s, 'E')) {
		if (!take(s, '+'))
			(void)take(s, '-');
		if (take_digits(s))
			is_int = false;
		else
			s->p = at;
	}
	return !is_int || n_digits <= MAX_INT_DIGITS;
}

static bool
take_hex(struct scan *s)
{
	for (int i = 0; i < 4; i++, s->p++) {
		char c = s->p < s->end ? *s->p : 0;

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')))
			return false;
	}
	return true;
}

/* Behind the first quote. */
static bool
take_text(struct scan *s)
{
	while (s->p < s->end) {
		unsigned char c = (unsigned char)*s->p++;

		if (c == '"')
			return true;
		if (c < 0x20)
			return false;
		if (c != '\\')
			continue;
		if (s->p == s->end)
			return false;
		c = (unsigned char)*s->p++;
		if (c == 'u' ? !take_hex(s) : !c || !strchr("\"\\/bfnrt", c))
			return false;
	}
	return false;
}

static bool
take_key(struct scan *s)
{
	skip_blanks(s);
	if (!take(s, '"') || !take_text(s))
		return false;
	skip_blanks(s);
	return take(s, ':');
}

static bool
take_scalar(struct scan *s)
{
	if (take(s, '"'))
		return take_text(s);
	return take_word(s, "null") || take_word(s, "true") || take_word(s, "false") || take_word(s, "NaN") ||
	       take_word(s, "Infinity") || take_word(s, "-Infinity") || take_number(s);
}

static bool
is_in_object(const struct scan *s)
{
	return s->is_object[(s->depth - 1) / 64] >> ((s->depth - 1) % 64) & 1;
}

/* A list or an object begins; *is_empty: and ended at once. */
static bool
open(struct scan *s, bool is_object, bool *is_empty)
{
	uint64_t bit = UINT64_C(1) << (s->depth % 64);

	if (s->depth == MAX_DEPTH)
		return false;
	s->is_object[s->depth / 64] = (s->is_object[s->depth / 64] & ~bit) | (is_object ? bit : 0);
	s->depth++;
	skip_blanks(s);
	*is_empty = take(s, is_object ? '}' : ']');
	if (*is_empty)
		s->depth--;
	return *is_empty || !is_object || take_key(s);
}

/* Behind a value: ends what ends here. *is_more: another value follows. */
static bool
close(struct scan *s, bool *is_more)
{
	*is_more = false;
	while (s->depth) {
		skip_blanks(s);
		if (take(s, ',')) {
			*is_more = true;
			return !is_in_object(s) || take_key(s);
		}
		if (!take(s, is_in_object(s) ? '}' : ']'))
			return false;
		s->depth--;
	}
	return true;
}

bool
fe_python_json_reads(struct fe_str text)
{
	struct scan s = { .p = text.n ? text.p : "" };
	bool is_more = true;

	s.end = s.p + text.n;
	while (is_more) {
		bool is_value = true;

		skip_blanks(&s);
		if (take(&s, '[')) {
			if (!open(&s, false, &is_value))
				return false;
		} else if (take(&s, '{')) {
			if (!open(&s, true, &is_value))
				return false;
		} else if (!take_scalar(&s)) {
			return false;
		}
		if (is_value && !close(&s, &is_more))
			return false;
	}
	skip_blanks(&s);
	return s.p == s.end;
}
