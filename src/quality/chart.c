// SPDX-License-Identifier: Apache-2.0
/* quality/chart.c - see quality/chart.h */
#include "quality/chart.h"

#include <inttypes.h>

#define BAR_STEP 10u   /* of the drawing's own units */
#define BAR_WIDTH 9u
#define BAR_HEIGHT 100u
#define BAR_LEAST 2u   /* of 100: to be seen at all */
#define WHOLE 1000u
#define PART_LEAST 4u  /* of 1000 */
#define LINE_WIDTH 1000u
#define LINE_HEIGHT 100u
#define MAX_PATH_BYTES ((size_t)256 * 1024)

/* value / whole of size, rounded down; at least `least` where the value is not 0. */
static uint64_t
scaled(uint64_t value, uint64_t whole, unsigned size, unsigned least)
{
	uint64_t v;

	if (value == 0 || whole == 0)
		return 0;
	v = value >= whole ? size : (uint64_t)((unsigned __int128)value * size / whole);
	return v < least ? least : v;
}

static void
open_svg(struct fe_html *h, const char *class_name, uint64_t width, uint64_t height, struct fe_str label)
{
	char box[64];
	struct fe_buf text;

	fe_buf_init(&text, sizeof box);
	fe_buf_addf(&text, "0 0 %" PRIu64 " %" PRIu64, width, height);
	fe_html_open(h, "svg");
	fe_html_attr(h, "class", class_name);
	fe_html_attr_str(h, "viewBox", fe_buf_str(&text));
	fe_html_attr(h, "preserveAspectRatio", "none");
	if (label.n) {
		fe_html_attr(h, "role", "img");
		fe_html_attr_str(h, "aria-label", label);
	} else {
		fe_html_attr(h, "aria-hidden", "true");
	}
	fe_buf_reset(&text);
}

static void
rect(struct fe_html *h, const char *class_name, uint64_t x, uint64_t y, uint64_t width, uint64_t height, struct fe_str title)
{
	fe_html_open(h, "rect");
	if (class_name)
		fe_html_attr(h, "class", class_name);
	fe_html_attr_u64(h, "x", x);
	fe_html_attr_u64(h, "y", y);
	fe_html_attr_u64(h, "width", width);
	fe_html_attr_u64(h, "height", height);
	if (title.n)
		fe_html_leaf_str(h, "title", NULL, title);
	fe_html_close(h, "rect");
}

void
fe_chart_bars(struct fe_html *h, struct fe_str label, const struct fe_chart_bar *bars, size_t n)
{
	uint64_t most = 0, width = n ? (uint64_t)n * BAR_STEP - (BAR_STEP - BAR_WIDTH) : BAR_STEP;

	for (size_t i = 0; i < n; i++)
		most = bars[i].value > most ? bars[i].value : most;
	open_svg(h, "bars", width, BAR_HEIGHT, label);
	for (size_t i = 0; i < n; i++) {
		uint64_t height = scaled(bars[i].value, most, BAR_HEIGHT, BAR_LEAST);
		if (height)
			rect(h, NULL, (uint64_t)i * BAR_STEP, BAR_HEIGHT - height, BAR_WIDTH, height, bars[i].title);
	}
	fe_html_close(h, "svg");
}

void
fe_chart_parts(struct fe_html *h, struct fe_str label, uint64_t whole, const struct fe_chart_part *parts, size_t n)
{
	uint64_t before = 0;

	open_svg(h, "parts", WHOLE, 10, label);
	for (size_t i = 0; i < n; i++) {
		uint64_t x = scaled(before, whole, WHOLE, 0);
		uint64_t width = scaled(parts[i].value, whole, WHOLE, PART_LEAST);
		if (x + width > WHOLE)
			x = WHOLE - width; /* rounding, and what has to be seen */
		if (width && parts[i].class_name)
			rect(h, parts[i].class_name, x, 0, width, 10, (struct fe_str){ 0 });
		before += parts[i].value;
	}
	fe_html_close(h, "svg");
}

/* ---- lines ---- */

static uint64_t
x_of(size_t i, size_t n)
{
	return n < 2 ? LINE_WIDTH / 2 : (uint64_t)i * LINE_WIDTH / (uint64_t)(n - 1);
}

static uint64_t
y_of(uint64_t value, uint64_t top)
{
	return LINE_HEIGHT - scaled(value, top, LINE_HEIGHT, 0);
}

static void
path(struct fe_html *h, const char *class_name, const struct fe_buf *d)
{
	fe_html_open(h, "path");
	fe_html_attr(h, "class", class_name);
	fe_html_attr(h, "vector-effect", "non-scaling-stroke");
	fe_html_attr_str(h, "d", fe_buf_str(d));
	fe_html_close(h, "path");
}

void
fe_chart_line(struct fe_html *h, struct fe_str label, const struct fe_chart_point *points, size_t n, uint64_t top)
{
	struct fe_buf line, dot;
	bool is_drawing = false;

	fe_buf_init(&line, MAX_PATH_BYTES);
	fe_buf_init(&dot, 64);
	for (size_t i = 0; i < n; i++)
		top = points[i].is_known && points[i].value > top ? points[i].value : top;
	for (size_t i = 0; i < n; i++) {
		if (points[i].is_known) {
			uint64_t x = x_of(i, n), y = y_of(points[i].value, top);
			fe_buf_addf(&line, "%c%" PRIu64 " %" PRIu64, is_drawing ? 'L' : 'M', x, y);
			fe_buf_clear(&dot);
			fe_buf_addf(&dot, "M%" PRIu64 " %" PRIu64 "h0", x, y);
		}
		is_drawing = points[i].is_known;
	}
	open_svg(h, "line", LINE_WIDTH, LINE_HEIGHT, label);
	if (line.n_bytes) {
		path(h, "stroke", &line);
		path(h, "dot", &dot); /* the last that is known: a line without length, with round ends */
	}
	fe_html_close(h, "svg");
	fe_buf_reset(&line);
	fe_buf_reset(&dot);
}

/* ---- signs ---- */

void
fe_icon(struct fe_html *h, enum fe_icon icon)
{
	static const struct {
		const char *class_name, *shape;
	} icons[] = {
		[FE_ICON_GOOD] = { "icon good", "M4.5 8.5 7 11l4.5-5.5" },
		[FE_ICON_NOTE] = { "icon note", "M8 4v5M8 11.6v.1" },
		[FE_ICON_HELD] = { "icon held", "M6.2 5v6M9.8 5v6" },
		[FE_ICON_BAD] = { "icon bad", "m5.3 5.3 5.4 5.4m0-5.4-5.4 5.4" },
	};
	fe_html_open(h, "svg");
	fe_html_attr(h, "class", icons[icon].class_name);
	fe_html_attr(h, "viewBox", "0 0 16 16");
	fe_html_attr(h, "aria-hidden", "true");
	fe_html_open(h, "circle");
	fe_html_attr(h, "cx", "8");
	fe_html_attr(h, "cy", "8");
	fe_html_attr(h, "r", "7.25");
	fe_html_close(h, "circle");
	fe_html_open(h, "path");
	fe_html_attr(h, "d", icons[icon].shape);
	fe_html_close(h, "path");
	fe_html_close(h, "svg");
}
