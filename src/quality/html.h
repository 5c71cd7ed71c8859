// SPDX-License-Identifier: Apache-2.0
/* quality/html.h - writing an HTML document into a buffer
 *
 * Every text goes through an escape: there is no way to write data as markup. Tags and
 * attributes' names are literals of ours. Elements are closed by name, and closing
 * another than the one that is open is a mistake that fe_html_check tells.
 *
 *   fe_html_open(h, "td");  fe_html_attr(h, "class", "num");  fe_html_text(h, value);  fe_html_close(h, "td");
 *
 * What data cannot do to a reader, either: control characters, those that turn the
 * direction of writing, and those that have no width are shown by their names, as \n or
 * U+202E; bytes that are no UTF-8 as \xff.
 *
 *   Failure    Sticky: what does not fit sets the buffer's `failed`, as base/buf.h
 *   Limits     Nesting of FE_HTML_MAX_DEPTH; texts are cut where the caller says
 */
#ifndef FE_QUALITY_HTML_H
#define FE_QUALITY_HTML_H

#include "base/buf.h"
#include "base/decimal.h"

#define FE_HTML_MAX_DEPTH 32

struct fe_html {
	struct fe_buf *out;
	const char *open[FE_HTML_MAX_DEPTH];
	unsigned depth;
	bool in_tag;     /* a start tag is still open for attributes */
	bool is_broken;  /* elements were closed out of order, or nested too deep */
};

void fe_html_init(struct fe_html *h, struct fe_buf *out);
/* "<!DOCTYPE html>", first of all. */
void fe_html_doctype(struct fe_html *h);

void fe_html_open(struct fe_html *h, const char *tag);
/* Directly after open. */
void fe_html_attr(struct fe_html *h, const char *name, const char *value);
void fe_html_attr_str(struct fe_html *h, const char *name, struct fe_str value);
void fe_html_attr_u64(struct fe_html *h, const char *name, uint64_t value);
void fe_html_close(struct fe_html *h, const char *tag);
/* Elements without content, as meta; closed by the next text or open. */
void fe_html_void(struct fe_html *h, const char *tag);

void fe_html_str(struct fe_html *h, struct fe_str text);
void fe_html_text(struct fe_html *h, const char *text);
FE_PRINTF(2, 3) void fe_html_textf(struct fe_html *h, const char *fmt, ...);
/* At most max_chars characters, then an ellipsis. */
void fe_html_cut(struct fe_html *h, struct fe_str text, size_t max_chars);
/* With a comma between thousands; digits of a decimal alike. Not for what is copied. */
void fe_html_count(struct fe_html *h, uint64_t n);
void fe_html_number(struct fe_html *h, struct fe_str digits);
/* <tag class="...">text</tag>; class NULL: none. */
void fe_html_leaf(struct fe_html *h, const char *tag, const char *class_name, const char *text);
void fe_html_leaf_str(struct fe_html *h, const char *tag, const char *class_name, struct fe_str text);
void fe_html_leaf_count(struct fe_html *h, const char *tag, const char *class_name, uint64_t n);
/* <style>: a literal of ours. */
void fe_html_style(struct fe_html *h, const char *css);

/* FE_EBUG where elements do not match or are still open, FE_ELIMIT where it did not fit. */
FE_MUST_USE enum fe_rc fe_html_check(const struct fe_html *h, const char *what, struct fe_err *err);

/* 1234567.80 as "1,234,567.80"; what is no number comes out as it is. */
void fe_buf_add_grouped(struct fe_buf *out, struct fe_str digits);

#endif
