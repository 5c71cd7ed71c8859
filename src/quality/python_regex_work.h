// SPDX-License-Identifier: Apache-2.0
/* quality/python_regex_work.h - a pattern of Python's while it is written anew
 *
 * Private to python_regex.c (groups, repeats, the walk) and python_regex_escape.c (escapes
 * and classes).
 */
#ifndef FE_QUALITY_PYTHON_REGEX_WORK_H
#define FE_QUALITY_PYTHON_REGEX_WORK_H

#include "quality/python_regex.h"

#define FE_PYRE_MAX_OPEN 200

/* What a quantifier would stand behind. */
enum fe_pyre_item { FE_PYRE_NOTHING, FE_PYRE_ATOM, FE_PYRE_POSITION, FE_PYRE_REPEATED };

struct fe_pyre_group {
	size_t number;   /* 0: takes nothing */
	size_t from;     /* where it stands, for messages */
	bool is_verbose; /* outside of it */
};

struct fe_pyre {
	struct fe_str in;
	size_t at;
	struct fe_buf *out;
	unsigned options;
	bool is_verbose, is_started; /* something but flags was seen */
	enum fe_pyre_item last;
	struct fe_pyre_group open[FE_PYRE_MAX_OPEN];
	size_t n_open, n_groups;
	struct fe_str *names; /* [number - 1]; p NULL: none */
	size_t cap_names;
	struct fe_err *err;
};

static inline int
fe_pyre_peek(const struct fe_pyre *w)
{
	return w->at < w->in.n ? (unsigned char)w->in.p[w->at] : -1;
}

static inline bool
fe_pyre_take(struct fe_pyre *w, char c)
{
	if (fe_pyre_peek(w) != (unsigned char)c)
		return false;
	w->at++;
	return true;
}

static inline bool fe_pyre_is_digit(int c) { return c >= '0' && c <= '9'; }
static inline bool fe_pyre_is_letter(int c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/* FE_EUSAGE: "what at position n", in characters. */
enum fe_rc fe_pyre_wrong(const struct fe_pyre *w, size_t at, const char *what);
/* The character at hand, whole. */
FE_MUST_USE enum fe_rc fe_pyre_take_code(struct fe_pyre *w, uint32_t *code);
/* One character, never special, inside of a class or outside. */
void fe_pyre_put_literal(struct fe_pyre *w, uint32_t code);
void fe_pyre_put_atom(struct fe_pyre *w, const char *text);
void fe_pyre_put_position(struct fe_pyre *w, const char *text);
FE_MUST_USE enum fe_rc fe_pyre_put_reference(struct fe_pyre *w, size_t from, size_t number);
/* At a backslash; at a [. */
FE_MUST_USE enum fe_rc fe_pyre_put_escape(struct fe_pyre *w);
FE_MUST_USE enum fe_rc fe_pyre_put_class(struct fe_pyre *w);

#endif
