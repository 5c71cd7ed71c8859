// SPDX-License-Identifier: Apache-2.0
/* quality/chart.h - small charts, as SVG inside a page
 *
 * Shapes only: they stretch to the width of their box, on a phone too, and words stand
 * beside them as text of the page. Each has a label that tells what is to be seen
 * (role=img), and each bar a title. Colours are classes of the page's style sheet.
 *
 * Sizes are computed with integers. What is not nothing is always seen: a bar of 1
 * beside one of a million has a height.
 */
#ifndef FE_QUALITY_CHART_H
#define FE_QUALITY_CHART_H

#include "quality/html.h"

struct fe_chart_bar {
	uint64_t value;
	struct fe_str title; /* told when it is pointed at; p NULL: none */
};
/* Columns from left to right, from a ground of 0. */
void fe_chart_bars(struct fe_html *h, struct fe_str label, const struct fe_chart_bar *bars, size_t n);

/* A part of a whole, from left to right: `before` is passed over. class_name colours it. */
struct fe_chart_part {
	uint64_t value;
	const char *class_name;
};
void fe_chart_parts(struct fe_html *h, struct fe_str label, uint64_t whole, const struct fe_chart_part *parts, size_t n);

struct fe_chart_point {
	uint64_t value;
	bool is_known;
};
/* From the first to the last in time, from a ground of 0 up to the greatest, or `top` where that is more. */
void fe_chart_line(struct fe_html *h, struct fe_str label, const struct fe_chart_point *points, size_t n, uint64_t top);

/* Signs that stand beside the word they stand for. */
enum fe_icon { FE_ICON_GOOD, FE_ICON_NOTE, FE_ICON_HELD, FE_ICON_BAD };
void fe_icon(struct fe_html *h, enum fe_icon icon);

#endif
