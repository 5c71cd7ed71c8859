// SPDX-License-Identifier: Apache-2.0
/* quality/report_text.c - pieces that the parts of a report page are made of */
#include <inttypes.h>
#include <stdio.h>

#include "base/time.h"
#include "quality/chart.h"
#include "quality/report_parts.h"

#define MAX_SMALL_BYTES 256

void
fe_report_begin(struct fe_html *h, struct fe_str title)
{
	fe_html_doctype(h);
	fe_html_open(h, "html");
	fe_html_attr(h, "lang", "en");
	fe_html_open(h, "head");
	fe_html_void(h, "meta");
	fe_html_attr(h, "charset", "utf-8");
	fe_html_void(h, "meta");
	fe_html_attr(h, "http-equiv", "Content-Security-Policy");
	fe_html_attr(h, "content", "default-src 'none'; style-src 'unsafe-inline'");
	fe_html_void(h, "meta");
	fe_html_attr(h, "name", "viewport");
	fe_html_attr(h, "content", "width=device-width, initial-scale=1");
	fe_html_void(h, "meta");
	fe_html_attr(h, "name", "color-scheme");
	fe_html_attr(h, "content", "light dark");
	fe_html_void(h, "meta");
	fe_html_attr(h, "name", "referrer");
	fe_html_attr(h, "content", "no-referrer");
	fe_html_leaf_str(h, "title", NULL, title);
	fe_html_style(h, fe_report_css);
	fe_html_close(h, "head");
	fe_html_open(h, "body");
	fe_html_open(h, "a");
	fe_html_attr(h, "class", "skip");
	fe_html_attr(h, "href", "#main");
	fe_html_text(h, "Skip to the result");
	fe_html_close(h, "a");
}

void
fe_report_end(struct fe_html *h, struct fe_str version)
{
	fe_html_open(h, "footer");
	fe_html_open(h, "p");
	fe_html_text(h, "Written by finetl");
	if (version.n) {
		fe_html_text(h, " ");
		fe_html_str(h, version);
	}
	fe_html_text(h, " from what the runs wrote down. This page holds no script and loads nothing.");
	fe_html_close(h, "p");
	fe_html_close(h, "footer");
	fe_html_close(h, "body");
	fe_html_close(h, "html");
}

void
fe_report_section(struct fe_html *h, const char *id, const char *heading)
{
	char heading_id[48];

	(void)snprintf(heading_id, sizeof heading_id, "%s-heading", id);
	fe_html_open(h, "section");
	fe_html_attr(h, "id", id);
	fe_html_attr(h, "aria-labelledby", heading_id);
	fe_html_open(h, "h2");
	fe_html_attr(h, "id", heading_id);
	fe_html_text(h, heading);
	fe_html_close(h, "h2");
}

void
fe_report_section_end(struct fe_html *h)
{
	fe_html_close(h, "section");
}

/* The box can be reached and scrolled by the keyboard, and so needs a name. */
void
fe_report_table(struct fe_html *h, const char *class_name, struct fe_str label)
{
	fe_html_open(h, "div");
	fe_html_attr(h, "class", "box");
	fe_html_attr(h, "role", "region");
	fe_html_attr(h, "tabindex", "0");
	fe_html_attr_str(h, "aria-label", label);
	fe_html_open(h, "table");
	if (class_name)
		fe_html_attr(h, "class", class_name);
}

void
fe_report_table_end(struct fe_html *h)
{
	fe_html_close(h, "table");
	fe_html_close(h, "div");
}

void
fe_report_column(struct fe_html *h, const char *class_name, const char *name)
{
	fe_html_open(h, "th");
	fe_html_attr(h, "scope", "col");
	if (class_name)
		fe_html_attr(h, "class", class_name);
	fe_html_text(h, name);
	fe_html_close(h, "th");
}

void
fe_report_row_head(struct fe_html *h, const char *class_name, struct fe_str name)
{
	fe_html_open(h, "th");
	fe_html_attr(h, "scope", "row");
	if (class_name)
		fe_html_attr(h, "class", class_name);
	fe_html_str(h, name);
	fe_html_close(h, "th");
}

/* ---- figures ---- */

/* In hundredths of a percent, with integers; what is not nothing is not told as 0. */
void
fe_report_add_percent(struct fe_buf *out, uint64_t n, uint64_t whole)
{
	uint64_t hundredths = whole ? (uint64_t)((unsigned __int128)n * 10000 / whole) : 0;

	if (n && hundredths == 0)
		fe_buf_add_text(out, "under 0.01 %");
	else
		fe_buf_addf(out, "%" PRIu64 ".%02" PRIu64 " %%", hundredths / 100, hundredths % 100);
}

void
fe_report_percent(struct fe_html *h, uint64_t n, uint64_t whole)
{
	struct fe_buf text;

	fe_buf_init(&text, MAX_SMALL_BYTES);
	fe_report_add_percent(&text, n, whole);
	fe_html_str(h, fe_buf_str(&text));
	fe_buf_reset(&text);
}

void
fe_report_add_duration(struct fe_buf *out, uint64_t ms)
{
	uint64_t s = ms / 1000;

	if (s < 60)
		fe_buf_addf(out, "%" PRIu64 ".%03" PRIu64 " s", s, ms % 1000);
	else if (s < 3600)
		fe_buf_addf(out, "%" PRIu64 " min %02" PRIu64 " s", s / 60, s % 60);
	else
		fe_buf_addf(out, "%" PRIu64 " h %02" PRIu64 " min", s / 3600, s / 60 % 60);
}

void
fe_report_time(struct fe_html *h, struct fe_str time)
{
	char text[FE_TIMESTAMP_TEXT_BYTES], iso[FE_TIMESTAMP_TEXT_BYTES];
	int64_t us;

	if (!time.n || fe_timestamp_parse(time, NULL, NULL, &us) != FE_TIME_OK) {
		fe_html_str(h, time.n ? time : FE_STR("not known"));
		return;
	}
	fe_timestamp_format(us, text);
	fe_timestamp_format_iso(us, iso);
	fe_html_open(h, "time");
	fe_html_attr_str(h, "datetime", (struct fe_str){ iso, sizeof iso });
	fe_html_str(h, (struct fe_str){ text, 19 }); /* to the second */
	fe_html_text(h, " UTC");
	fe_html_close(h, "time");
}

void
fe_report_size(struct fe_html *h, uint64_t size_bytes)
{
	static const char *const units[] = { "bytes", "kB", "MB", "GB", "TB" };
	uint64_t tenths = size_bytes;
	size_t unit = 0;

	if (size_bytes < 1000) {
		fe_html_textf(h, "%" PRIu64 " bytes", size_bytes);
		return;
	}
	for (; tenths >= 1000 * (unit ? 10u : 1u) && unit + 1 < sizeof units / sizeof units[0]; unit++)
		tenths = unit ? tenths / 1000 : tenths / 100;
	fe_html_textf(h, "%" PRIu64 ".%" PRIu64 " %s", tenths / 10, tenths % 10, units[unit]);
}

void
fe_report_more(struct fe_html *h, uint64_t n_more, const char *what)
{
	if (!n_more)
		return;
	fe_html_open(h, "p");
	fe_html_attr(h, "class", "more");
	fe_html_text(h, "and ");
	fe_html_count(h, n_more);
	fe_html_textf(h, " more %s, not shown here", what);
	fe_html_close(h, "p");
}

/* ---- commands ---- */

static bool
is_plain(struct fe_str word)
{
	for (size_t i = 0; i < word.n; i++) {
		char c = word.p[i];
		bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
			    (c != 0 && strchr("_-./:@%+=,", c) != NULL);
		if (!fine)
			return false;
	}
	return word.n > 0;
}

void
fe_report_add_word(struct fe_buf *out, struct fe_str word)
{
	if (is_plain(word)) {
		fe_buf_add_str(out, word);
		return;
	}
	fe_buf_add_char(out, '\'');
	for (size_t i = 0; i < word.n; i++) {
		if (word.p[i] == '\'')
			fe_buf_add_text(out, "'\\''");
		else
			fe_buf_add_char(out, word.p[i]);
	}
	fe_buf_add_char(out, '\'');
}

void
fe_report_command(struct fe_html *h, struct fe_buf *command)
{
	if (!command->failed) {
		fe_html_open(h, "p");
		fe_html_attr(h, "class", "command");
		fe_html_leaf_str(h, "code", NULL, fe_buf_str(command));
		fe_html_close(h, "p");
	}
	fe_buf_reset(command);
}

/* ---- how a run ended ---- */

const struct fe_report_status *
fe_report_status(struct fe_str name)
{
	static const struct fe_report_status all[] = {
		{ "success", "Loaded", "good", FE_ICON_GOOD },
		{ "success_with_rejects", "Loaded, with rejects", "note", FE_ICON_NOTE },
		{ "held", "Held", "held", FE_ICON_HELD },
		{ "failed", "Failed", "bad", FE_ICON_BAD },
		{ "abandoned", "Abandoned", "bad", FE_ICON_BAD },
		{ "running", "Running", "held", FE_ICON_HELD },
		{ "", "Unknown", "bad", FE_ICON_BAD },
	};
	const struct fe_report_status *s = all;

	while (s->name[0] && !fe_str_is(name, s->name))
		s++;
	return s;
}

void
fe_report_status_mark(struct fe_html *h, struct fe_str name)
{
	const struct fe_report_status *s = fe_report_status(name);

	fe_html_open(h, "span");
	fe_html_attr(h, "class", "mark");
	fe_icon(h, (enum fe_icon)s->icon);
	fe_html_leaf(h, "span", s->tone, s->words);
	fe_html_close(h, "span");
}
