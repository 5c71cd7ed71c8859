// SPDX-License-Identifier: Apache-2.0
/* base/str.h - a borrowed piece of bytes
 *
 * A view: not terminated, owns nothing, travels by value. Text is UTF-8 unless
 * its place says otherwise. p may be NULL where n is 0.
 */
#ifndef FE_BASE_STR_H
#define FE_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct fe_str {
	const char *p;
	size_t n; /* bytes */
};

#define FE_STR(literal) ((struct fe_str){ (literal), sizeof(literal) - 1 })
/* For printf: printf("%.*s", FE_STR_ARGS(s)) */
#define FE_STR_ARGS(s) (int)((s).n > 4096 ? 4096 : (s).n), ((s).p ? (s).p : "")

static inline struct fe_str
fe_str_of(const char *text)
{
	return (struct fe_str){ text, text ? strlen(text) : 0 };
}

static inline bool
fe_str_eq(struct fe_str a, struct fe_str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool
fe_str_is(struct fe_str a, const char *text)
{
	return fe_str_eq(a, fe_str_of(text));
}

#endif
