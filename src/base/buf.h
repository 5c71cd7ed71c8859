// SPDX-License-Identifier: Apache-2.0
/* base/buf.h - a growing buffer with an end
 *
 * Every buffer has a maximum, given when it is made. An append that would pass
 * it sets `failed`, and every later append does nothing: build the whole, then
 * check once (fe_buf_check). The content is always terminated by a NUL that
 * does not count.
 */
#ifndef FE_BASE_BUF_H
#define FE_BASE_BUF_H

#include "base/err.h"
#include "base/str.h"

struct fe_buf {
	char *p;
	size_t n_bytes, cap_bytes, max_bytes;
	bool failed;
};

void fe_buf_init(struct fe_buf *b, size_t max_bytes); /* allocates nothing */
void fe_buf_reset(struct fe_buf *b);                  /* frees; reusable after init */
static inline void fe_buf_clear(struct fe_buf *b) { b->n_bytes = 0; b->failed = false; }

/* Room for n more bytes at p + n_bytes; false (and failed) past the maximum.
 * After writing directly, add to n_bytes. */
bool fe_buf_reserve(struct fe_buf *b, size_t n_bytes);
void fe_buf_add(struct fe_buf *b, const void *p, size_t n_bytes);
void fe_buf_add_str(struct fe_buf *b, struct fe_str s);
void fe_buf_add_text(struct fe_buf *b, const char *text);
void fe_buf_add_char(struct fe_buf *b, char c);
void fe_buf_add_i64(struct fe_buf *b, int64_t v);
FE_PRINTF(2, 3) void fe_buf_addf(struct fe_buf *b, const char *fmt, ...);

static inline struct fe_str fe_buf_str(const struct fe_buf *b) { return (struct fe_str){ b->p, b->n_bytes }; }
const char *fe_buf_text(const struct fe_buf *b); /* never NULL */

/* FE_ELIMIT, naming `what`, if an append did not fit. */
FE_MUST_USE enum fe_rc fe_buf_check(const struct fe_buf *b, const char *what,
                                    struct fe_err *err);
/* Moves the bytes out as a heap string (fe_free); the buffer is empty after. */
char *fe_buf_take(struct fe_buf *b);

#endif
