// SPDX-License-Identifier: Apache-2.0
/* quality/html.c - see quality/html.h */
#include "quality/html.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"

#define MAX_TEXTF_BYTES 1024

void
fe_html_init(struct fe_html *h, struct fe_buf *out)
{
	*h = (struct fe_html){ .out = out };
}

static void
end_tag(struct fe_html *h)
{
	if (h->in_tag)
		fe_buf_add_char(h->out, '>');
	h->in_tag = false;
}

void
fe_html_doctype(struct fe_html *h)
{
	fe_buf_add_text(h->out, "<!DOCTYPE html>\n");
}

/* ---- escaping ---- */

/* Those that turn the direction of writing, have no width, or end lines: what is read
 * would not be what is there. U+00AD is a hyphen that shows itself at ends of lines only. */
static bool
is_hidden(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0xad || c == 0x61c || c == 0x180e ||
	       (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) ||
	       (c >= 0xe0000 && c <= 0xe0fff);
}

static void
add_hidden(struct fe_buf *out, uint32_t c)
{
	if (c == '\n' || c == '\r' || c == '\t' || c == 0)
		fe_buf_addf(out, "\\%c", c == '\n' ? 'n' : c == '\r' ? 'r' : c == '\t' ? 't' : '0');
	else if (c < 0x80)
		fe_buf_addf(out, "\\x%02" PRIx32, c);
	else
		fe_buf_addf(out, "[U+%04" PRIX32 "]", c);
}

static void
add_ascii(struct fe_buf *out, char c)
{
	switch (c) {
	case '&':
		fe_buf_add_text(out, "&amp;");
		break;
	case '<':
		fe_buf_add_text(out, "&lt;");
		break;
	case '>':
		fe_buf_add_text(out, "&gt;");
		break;
	case '"':
		fe_buf_add_text(out, "&quot;");
		break;
	case '\'':
		fe_buf_add_text(out, "&#39;");
		break;
	default:
		fe_buf_add_char(out, c);
	}
}

/* One character, or one byte that begins none; how many bytes it was. */
static size_t
add_char(struct fe_buf *out, struct fe_str s)
{
	uint32_t c = 0;
	size_t n = fe_utf8_decode(s, &c);

	if (n == 0) {
		fe_buf_addf(out, "\\x%02x", (unsigned)(unsigned char)s.p[0]);
		return 1;
	}
	if (is_hidden(c))
		add_hidden(out, c);
	else if (c < 0x80)
		add_ascii(out, s.p[0]);
	else
		fe_buf_add(out, s.p, n);
	return n;
}

/* What is left of the text, after max_chars of it. */
static struct fe_str
add_escaped(struct fe_buf *out, struct fe_str s, size_t max_chars)
{
	for (size_t n_chars = 0; s.n && n_chars < max_chars; n_chars++) {
		size_t n = add_char(out, s);
		s = (struct fe_str){ s.p + n, s.n - n };
	}
	return s;
}

/* ---- elements ---- */

/* After these a line ends: the page's source can be read, and compared by the line. */
static bool
ends_line(const char *tag)
{
	static const char *const lines[] = { "html", "head", "body", "title", "style", "header", "footer", "main", "nav",
					     "section", "article", "div", "p", "h1", "h2", "h3", "h4", "table", "caption",
					     "thead", "tbody", "tr", "ul", "ol", "li", "dl", "dd", "details", "summary", "svg",
					     "pre", "figure", "figcaption" };

	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		if (strcmp(lines[i], tag) == 0)
			return true;
	return false;
}

void
fe_html_open(struct fe_html *h, const char *tag)
{
	end_tag(h);
	fe_buf_add_char(h->out, '<');
	fe_buf_add_text(h->out, tag);
	h->in_tag = true;
	if (h->depth == FE_HTML_MAX_DEPTH)
		h->is_broken = true;
	else
		h->open[h->depth++] = tag;
}

void
fe_html_attr_str(struct fe_html *h, const char *name, struct fe_str value)
{
	if (!h->in_tag) {
		h->is_broken = true;
		return;
	}
	fe_buf_add_char(h->out, ' ');
	fe_buf_add_text(h->out, name);
	fe_buf_add_text(h->out, "=\"");
	(void)add_escaped(h->out, value, SIZE_MAX);
	fe_buf_add_char(h->out, '"');
}

void
fe_html_attr(struct fe_html *h, const char *name, const char *value)
{
	fe_html_attr_str(h, name, fe_str_of(value));
}

void
fe_html_attr_u64(struct fe_html *h, const char *name, uint64_t value)
{
	char text[24];
	(void)snprintf(text, sizeof text, "%" PRIu64, value);
	fe_html_attr(h, name, text);
}

void
fe_html_close(struct fe_html *h, const char *tag)
{
	end_tag(h);
	if (h->depth == 0 || strcmp(h->open[h->depth - 1], tag) != 0) {
		h->is_broken = true;
		return;
	}
	h->depth--;
	fe_buf_addf(h->out, "</%s>%s", tag, ends_line(tag) ? "\n" : "");
}

void
fe_html_void(struct fe_html *h, const char *tag)
{
	end_tag(h);
	fe_buf_add_char(h->out, '<');
	fe_buf_add_text(h->out, tag);
	h->in_tag = true;
}

void
fe_html_str(struct fe_html *h, struct fe_str text)
{
	end_tag(h);
	(void)add_escaped(h->out, text, SIZE_MAX);
}

void
fe_html_text(struct fe_html *h, const char *text)
{
	fe_html_str(h, fe_str_of(text));
}

void
fe_html_textf(struct fe_html *h, const char *fmt, ...)
{
	struct fe_buf text;
	char piece[MAX_TEXTF_BYTES];
	va_list args;

	va_start(args, fmt);
	int n = vsnprintf(piece, sizeof piece, fmt, args);
	va_end(args);
	fe_buf_init(&text, sizeof piece);
	if (n > 0)
		fe_buf_add(&text, piece, (size_t)n < sizeof piece ? (size_t)n : sizeof piece - 1);
	fe_html_str(h, fe_buf_str(&text));
	fe_buf_reset(&text);
}

void
fe_html_cut(struct fe_html *h, struct fe_str text, size_t max_chars)
{
	end_tag(h);
	if (add_escaped(h->out, text, max_chars).n)
		fe_buf_add_text(h->out, "\xe2\x80\xa6");
}

void
fe_html_count(struct fe_html *h, uint64_t n)
{
	char text[FE_DECIMAL_TEXT_BYTES];
	fe_html_number(h, (struct fe_str){ text, fe_i128_format((fe_i128)n, 0, text) });
}

void
fe_html_number(struct fe_html *h, struct fe_str digits)
{
	struct fe_buf text;

	fe_buf_init(&text, SIZE_MAX / 2);
	fe_buf_add_grouped(&text, digits);
	fe_html_str(h, fe_buf_str(&text));
	fe_buf_reset(&text);
}

void
fe_html_leaf_str(struct fe_html *h, const char *tag, const char *class_name, struct fe_str text)
{
	fe_html_open(h, tag);
	if (class_name)
		fe_html_attr(h, "class", class_name);
	fe_html_str(h, text);
	fe_html_close(h, tag);
}

void
fe_html_leaf(struct fe_html *h, const char *tag, const char *class_name, const char *text)
{
	fe_html_leaf_str(h, tag, class_name, fe_str_of(text));
}

void
fe_html_leaf_count(struct fe_html *h, const char *tag, const char *class_name, uint64_t n)
{
	fe_html_open(h, tag);
	if (class_name)
		fe_html_attr(h, "class", class_name);
	fe_html_count(h, n);
	fe_html_close(h, tag);
}

void
fe_html_style(struct fe_html *h, const char *css)
{
	fe_html_open(h, "style");
	end_tag(h);
	fe_buf_add_text(h->out, css);
	fe_html_close(h, "style");
}

enum fe_rc
fe_html_check(const struct fe_html *h, const char *what, struct fe_err *err)
{
	FE_TRY(fe_buf_check(h->out, what, err));
	if (h->is_broken || h->depth || h->in_tag)
		return fe_fail(err, FE_EBUG, "%s: its elements are not closed as they were opened", what);
	return FE_OK;
}

/* ---- numbers ---- */

/* Of "-1234.50" the digits in front of the point; n 0: it is no number. */
static struct fe_str
whole_digits(struct fe_str s)
{
	size_t start = s.n && s.p[0] == '-', n = 0, i;

	while (start + n < s.n && s.p[start + n] >= '0' && s.p[start + n] <= '9')
		n++;
	i = start + n;
	if (i < s.n && s.p[i++] != '.')
		return (struct fe_str){ 0 };
	for (; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return (struct fe_str){ 0 };
	return (struct fe_str){ s.p + start, n };
}

void
fe_buf_add_grouped(struct fe_buf *out, struct fe_str digits)
{
	struct fe_str whole = whole_digits(digits);

	if (whole.n == 0) {
		fe_buf_add_str(out, digits);
		return;
	}
	fe_buf_add(out, digits.p, (size_t)(whole.p - digits.p));
	for (size_t i = 0; i < whole.n; i++) {
		fe_buf_add_char(out, whole.p[i]);
		if ((whole.n - i - 1) % 3 == 0 && i + 1 < whole.n)
			fe_buf_add_char(out, ',');
	}
	size_t at = (size_t)(whole.p - digits.p) + whole.n;
	fe_buf_add(out, digits.p + at, digits.n - at);
}
