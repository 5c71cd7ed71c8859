// SPDX-License-Identifier: Apache-2.0
/* pipeline/mistake.c - collecting and ordering mistakes */
#include "pipeline/mistake.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"

#define MAX_TEXT_BYTES 2048
#define MAX_SHOWN_BYTES 60

void
fe_mistakes_reset(struct fe_mistakes *m)
{
	for (size_t i = 0; i < m->n_items; i++)
		fe_free(m->items[i].text);
	fe_free(m->items);
	*m = (struct fe_mistakes){ 0 };
}

void
fe_mistake_add(struct fe_mistakes *m, uint64_t line, uint64_t column, const char *fmt, ...)
{
	if (fe_mistakes_full(m))
		return;
	char raw[MAX_TEXT_BYTES];
	va_list args;
	va_start(args, fmt);
	int n = vsnprintf(raw, sizeof(raw), fmt, args);
	va_end(args);
	size_t n_bytes = n < 0 ? 0 : (size_t)n < sizeof(raw) ? (size_t)n : sizeof(raw) - 1;

	struct fe_buf text;
	fe_buf_init(&text, (size_t)8 * MAX_TEXT_BYTES);
	fe_buf_add_printable(&text, (struct fe_str){ raw, n_bytes }, MAX_TEXT_BYTES);
	m->items = fe_grow(m->items, &m->cap_items, m->n_items + 1, sizeof(*m->items));
	m->items[m->n_items++] = (struct fe_mistake){
		.line = line, .column = column, .text = fe_strdup(fe_buf_text(&text))
	};
	fe_buf_reset(&text);
}

/* By insertion: it is stable, and there are at most FE_MAX_MISTAKES. */
void
fe_mistakes_sort(struct fe_mistakes *m)
{
	for (size_t i = 1; i < m->n_items; i++) {
		struct fe_mistake x = m->items[i];
		size_t j = i;
		for (; j > 0; j--) {
			const struct fe_mistake *before = &m->items[j - 1];
			if (before->line < x.line || (before->line == x.line && before->column <= x.column))
				break;
			m->items[j] = *before;
		}
		m->items[j] = x;
	}
}

struct fe_str
fe_mistake_shown(struct fe_str value)
{
	if (value.n <= MAX_SHOWN_BYTES)
		return value;
	size_t n = MAX_SHOWN_BYTES;
	while (n > 0 && ((unsigned char)value.p[n] & 0xC0) == 0x80)
		n--;
	return (struct fe_str){ value.p, n };
}
