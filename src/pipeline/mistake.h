// SPDX-License-Identifier: Apache-2.0
/* pipeline/mistake.h - what is wrong with a pipeline file, all of it at once
 *
 * A mistake has its place and says what to do about it. They are collected while
 * the file is read, put into the order of the file at the end, and shown together.
 * After FE_MAX_MISTAKES no more are taken: a file that is so wrong is another file.
 */
#ifndef FE_PIPELINE_MISTAKE_H
#define FE_PIPELINE_MISTAKE_H

#include "base/err.h"
#include "base/str.h"

#define FE_MAX_MISTAKES 200

/* One mistake of the pipeline file. */
struct fe_mistake {
	uint64_t line, column;
	char *text; /* "unknown key 'colum'; did you mean 'column'?" */
};
struct fe_mistakes { struct fe_mistake *items; size_t n_items, cap_items; };
void fe_mistakes_reset(struct fe_mistakes *m);

/* The text is made fit to print: one line, control characters escaped. */
FE_PRINTF(4, 5)
void fe_mistake_add(struct fe_mistakes *m, uint64_t line, uint64_t column, const char *fmt, ...);
static inline bool fe_mistakes_full(const struct fe_mistakes *m) { return m->n_items >= FE_MAX_MISTAKES; }
void fe_mistakes_sort(struct fe_mistakes *m); /* by place; those of one place as they were found */

/* A value as a message shows it: its first characters, never half of one. */
struct fe_str fe_mistake_shown(struct fe_str value);

#endif
