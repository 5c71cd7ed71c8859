// SPDX-License-Identifier: Apache-2.0
/* quality/like_regex.c - see quality/like_regex.h
 *
 * What stands between two % is found at its first place and never moved again (an atomic
 * group): that loses no match, and keeps the time linear in the text.
 */
#include "quality/like_regex.h"

#include "base/buf.h"
#include "base/text.h"

#define MAX_PATTERN_BYTES ((size_t)32 << 20)

static void
add_character(struct fe_buf *out, struct fe_str c)
{
	unsigned char first = (unsigned char)c.p[0];

	if ((first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z'))
		fe_buf_addf(out, "[%c%c]", first & ~0x20, first | 0x20);
	else if (first < 0x80)
		fe_buf_addf(out, "\\x{%x}", first);
	else
		fe_buf_add_str(out, c);
}

static struct fe_str
first_of(struct fe_str s)
{
	uint32_t code;
	size_t n = fe_utf8_decode(s, &code);

	return (struct fe_str){ s.p, n ? n : 1 };
}

/* Where the last % that is not escaped stands; SIZE_MAX: there is none. */
static size_t
last_percent(struct fe_str like, struct fe_str escape)
{
	size_t last = SIZE_MAX;

	for (size_t i = 0; i < like.n;) {
		struct fe_str c = first_of((struct fe_str){ like.p + i, like.n - i });

		i += c.n;
		if (escape.n && fe_str_eq(c, escape))
			i += i < like.n ? first_of((struct fe_str){ like.p + i, like.n - i }).n : 0;
		else if (c.p[0] == '%')
			last = i - 1;
	}
	return last;
}

static void
translate(struct fe_str like, struct fe_str escape, struct fe_buf *out)
{
	size_t last = last_percent(like, escape);
	bool in_atom = false;

	fe_buf_add_text(out, "(?s)\\A");
	for (size_t i = 0; i < like.n;) {
		size_t from = i;
		struct fe_str c = first_of((struct fe_str){ like.p + i, like.n - i });

		i += c.n;
		if (escape.n && fe_str_eq(c, escape)) {
			if (i == like.n) {
				fe_buf_add_text(out, "(?!)"); /* nothing is like it */
				continue;
			}
			c = first_of((struct fe_str){ like.p + i, like.n - i });
			i += c.n;
			add_character(out, c);
		} else if (c.p[0] == '%') {
			if (in_atom)
				fe_buf_add_char(out, ')');
			in_atom = from != last;
			fe_buf_add_text(out, in_atom ? "(?>.*?" : ".*");
		} else if (c.p[0] == '_') {
			fe_buf_add_char(out, '.');
		} else {
			add_character(out, c);
		}
	}
	fe_buf_add_text(out, "\\z");
}

enum fe_rc
fe_like_regex_new(struct fe_regex **out, struct fe_str like, struct fe_str escape, struct fe_err *err)
{
	struct fe_buf pattern;
	enum fe_rc rc;

	fe_buf_init(&pattern, MAX_PATTERN_BYTES);
	translate(like, escape, &pattern);
	rc = fe_buf_check(&pattern, "a LIKE pattern", err);
	if (rc == FE_OK)
		rc = fe_regex_new(out, fe_buf_str(&pattern), 0, err);
	fe_buf_reset(&pattern);
	return rc;
}
