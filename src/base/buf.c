// SPDX-License-Identifier: Apache-2.0
/* base/buf.c - the bounded buffer */
#include "base/buf.h"

#include <stdio.h>

#include "base/mem.h"

void fe_buf_init(struct fe_buf *b, size_t max_bytes) { *b = (struct fe_buf){ .max_bytes = max_bytes }; }

void
fe_buf_reset(struct fe_buf *b)
{
	fe_free(b->p);
	*b = (struct fe_buf){ .max_bytes = b->max_bytes };
}

bool
fe_buf_reserve(struct fe_buf *b, size_t n_bytes)
{
	size_t need;
	if (b->failed)
		return false;
	if (__builtin_add_overflow(b->n_bytes, n_bytes, &need) || need > b->max_bytes) {
		b->failed = true;
		return false;
	}
	if (need + 1 > b->cap_bytes)
		b->p = fe_grow(b->p, &b->cap_bytes, need + 1, 1);
	b->p[need] = '\0';
	return true;
}

void
fe_buf_add(struct fe_buf *b, const void *p, size_t n_bytes)
{
	if (!fe_buf_reserve(b, n_bytes))
		return;
	if (n_bytes)
		memcpy(b->p + b->n_bytes, p, n_bytes);
	b->n_bytes += n_bytes;
}

void fe_buf_add_str(struct fe_buf *b, struct fe_str s) { fe_buf_add(b, s.p, s.n); }
void fe_buf_add_text(struct fe_buf *b, const char *text) { fe_buf_add(b, text, strlen(text)); }

void
fe_buf_add_char(struct fe_buf *b, char c)
{
	if (fe_buf_reserve(b, 1))
		b->p[b->n_bytes++] = c;
}

void fe_buf_add_i64(struct fe_buf *b, int64_t v) { fe_buf_addf(b, "%lld", (long long)v); }

void
fe_buf_addf(struct fe_buf *b, const char *fmt, ...)
{
	va_list ap, again;
	va_start(ap, fmt);
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		b->failed = true;
	else if (fe_buf_reserve(b, (size_t)n)) {
		(void)vsnprintf(b->p + b->n_bytes, (size_t)n + 1, fmt, again);
		b->n_bytes += (size_t)n;
	}
	va_end(again);
}

const char *
fe_buf_text(const struct fe_buf *b)
{
	if (!b->p)
		return "";
	b->p[b->n_bytes] = '\0';
	return b->p;
}

enum fe_rc
fe_buf_check(const struct fe_buf *b, const char *what, struct fe_err *err)
{
	if (!b->failed)
		return FE_OK;
	return fe_fail(err, FE_ELIMIT, "%s is longer than its limit of %zu bytes", what, b->max_bytes);
}

char *
fe_buf_take(struct fe_buf *b)
{
	char *p = fe_strndup(fe_buf_text(b), b->n_bytes);
	fe_buf_reset(b);
	return p;
}
