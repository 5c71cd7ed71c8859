// SPDX-License-Identifier: Apache-2.0
/* notify/notice.c - a notice as plain text */
#include "notify/notice.h"

#include "base/text.h"

#define MAX_TITLE_BYTES 200
#define MAX_ERROR_BYTES 1500

/* Each line of a text, indented. */
static void
add_indented(struct fe_buf *out, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "\n");
		fe_buf_add_text(out, "  ");
		fe_buf_add(out, text, n);
		fe_buf_add_char(out, '\n');
		text += n + (text[n] == '\n');
	}
}

static void
add_facts(const struct fe_notice *n, struct fe_buf *out)
{
	size_t width = 0;

	for (size_t i = 0; i < n->n_facts; i++)
		width = strlen(n->facts[i].name) > width ? strlen(n->facts[i].name) : width;
	for (size_t i = 0; i < n->n_facts; i++) {
		fe_buf_addf(out, "  %s", n->facts[i].name);
		for (size_t w = strlen(n->facts[i].name); w < width + 2; w++)
			fe_buf_add_char(out, ' ');
		fe_buf_addf(out, "%s\n", n->facts[i].value);
	}
}

void
fe_notice_text(const struct fe_notice *n, struct fe_buf *out)
{
	fe_buf_add_printable(out, fe_str_of(n->title), MAX_TITLE_BYTES);
	fe_buf_add_text(out, "\n\n");
	add_facts(n, out);
	if (n->error) {
		fe_buf_add_text(out, "\nWhy\n  ");
		fe_buf_add_printable(out, fe_str_of(n->error), MAX_ERROR_BYTES);
		fe_buf_add_char(out, '\n');
	}
	if (n->figures[0]) {
		fe_buf_add_text(out, "\nFigures\n");
		add_indented(out, n->figures);
	}
	if (n->advice) {
		fe_buf_addf(out, "\nNext\n  %s\n", n->advice);
		if (n->command)
			fe_buf_addf(out, "\n    %s\n", n->command);
	}
}
