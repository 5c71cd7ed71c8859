// SPDX-License-Identifier: Apache-2.0
/* io/http_link.c - one pass over the text, by RFC 8288, appendix B
 *
 *   links  = [ link ] *( "," [ link ] )
 *   link   = "<" target ">" *( ";" [ name [ "=" ( token | quoted ) ] ] )
 */
#include "io/http_link.h"

#include "base/text.h"

struct scan {
	struct fe_str rest;
	const char *why; /* it is no list of links; NULL so far */
};

struct param {
	struct fe_str name, value; /* of a quoted value what is between the quotes, \ and all */
};

static void
skip(struct scan *s, size_t n)
{
	s->rest.p += n;
	s->rest.n -= n;
}

static void
skip_blanks(struct scan *s)
{
	while (s->rest.n && (s->rest.p[0] == ' ' || s->rest.p[0] == '\t'))
		skip(s, 1);
}

static bool
is_next(const struct scan *s, char c)
{
	return s->rest.n && s->rest.p[0] == c;
}

static bool
take(struct scan *s, char c)
{
	if (!is_next(s, c))
		return false;
	skip(s, 1);
	return true;
}

static struct fe_str
take_until(struct scan *s, const char *ends)
{
	struct fe_str taken = { s->rest.p, 0 };
	while (taken.n < s->rest.n && (s->rest.p[taken.n] == '\0' || !strchr(ends, s->rest.p[taken.n])))
		taken.n++;
	skip(s, taken.n);
	return taken;
}

static struct fe_str
take_quoted(struct scan *s)
{
	struct fe_str taken = { s->rest.p, 0 };
	while (taken.n < s->rest.n && s->rest.p[taken.n] != '"')
		taken.n += s->rest.p[taken.n] == '\\' && taken.n + 1 < s->rest.n ? 2 : 1;
	skip(s, taken.n);
	if (!take(s, '"'))
		s->why = "a quote is not closed";
	return taken;
}

static bool
take_param(struct scan *s, struct param *p)
{
	*p = (struct param){ 0 };
	skip_blanks(s);
	if (!take(s, ';'))
		return false;
	skip_blanks(s);
	p->name = take_until(s, " \t=;,\"<>");
	skip_blanks(s);
	if (take(s, '=')) {
		skip_blanks(s);
		p->value = take(s, '"') ? take_quoted(s) : take_until(s, " \t;,\"<>");
	}
	return true;
}

/* rel="next prev": words between blanks. */
static bool
has_word(struct fe_str words, const char *word)
{
	struct scan s = { .rest = words };
	for (;;) {
		skip_blanks(&s);
		if (!s.rest.n)
			return false;
		if (fe_text_casecmp_ascii(take_until(&s, " \t"), fe_str_of(word)) == 0)
			return true;
	}
}

/* One link; its target where it is the one. The first rel of a link counts. */
static struct fe_str
take_link(struct scan *s, const char *rel)
{
	bool has_rel = false, is_it = false, is_of_this = true;
	struct param p;
	if (!take(s, '<')) {
		s->why = "a link does not begin with <";
		return (struct fe_str){ 0 };
	}
	struct fe_str target = take_until(s, ">");
	if (!take(s, '>'))
		s->why = "a < is not closed";
	while (!s->why && take_param(s, &p)) {
		if (fe_text_casecmp_ascii(p.name, FE_STR("anchor")) == 0)
			is_of_this = false;
		if (has_rel || fe_text_casecmp_ascii(p.name, FE_STR("rel")) != 0)
			continue;
		has_rel = true;
		is_it = has_word(p.value, rel);
	}
	return is_it && is_of_this && !s->why ? target : (struct fe_str){ 0 };
}

enum fe_rc
fe_http_link_find(struct fe_str value, const char *rel, struct fe_str *target, struct fe_err *err)
{
	struct scan s = { .rest = value };
	*target = (struct fe_str){ 0 };
	while (!s.why) {
		skip_blanks(&s);
		if (take(&s, ','))
			continue;
		if (!s.rest.n)
			return FE_OK;
		struct fe_str found = take_link(&s, rel);
		if (!target->p)
			*target = found;
		skip_blanks(&s);
		if (!s.why && s.rest.n && !is_next(&s, ','))
			s.why = "there is no comma between two links";
	}
	*target = (struct fe_str){ 0 };
	return fe_fail(err, FE_EDATA, "the server's Link header cannot be read: %s", s.why);
}

enum fe_rc
fe_http_link_of(const struct fe_http_headers *headers, const char *rel, struct fe_str *target,
		struct fe_err *err)
{
	*target = (struct fe_str){ 0 };
	for (size_t i = 0; i < headers->n_items; i++) {
		struct fe_str found;
		if (fe_text_casecmp_ascii(fe_str_of(headers->items[i].name), FE_STR("Link")) != 0)
			continue;
		FE_TRY(fe_http_link_find(fe_str_of(headers->items[i].value), rel, &found, err));
		if (found.p && target->p && !fe_str_eq(found, *target))
			return fe_fail(err, FE_EDATA, "the server's Link headers name two different targets for \"%s\"", rel);
		if (found.p)
			*target = found;
	}
	return FE_OK;
}
