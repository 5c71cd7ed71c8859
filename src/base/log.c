// SPDX-License-Identifier: Apache-2.0
/* base/log.c - log lines on stderr
 *
 * A line is at most MAX_LINE_BYTES: a pipe takes so much in one piece or not at all,
 * so a reader that has gone to sleep can be told beforehand (poll) and lines of
 * several processes do not mix. Long values are cut; a line with too many of them
 * keeps its time, level and message.
 */
#include "base/log.h"

#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "base/time.h"

#define MAX_LINE_BYTES 4096   /* PIPE_BUF */
#define MAX_VALUE_BYTES 1100  /* an error text, whole */
#define MAX_CUT_BYTES 256     /* of the message, where the whole line is too long */
#define MAX_PAIRS 24

static struct {
	enum fe_log_level least;
	enum fe_log_format format;
	bool over_bar;
	const char *members;
} target = { .least = FE_LOG_INFO, .format = FE_LOG_TEXT };

void
fe_log_set(enum fe_log_level least, enum fe_log_format format)
{
	target.least = least;
	target.format = format;
}

void
fe_log_members(const char *members)
{
	target.members = members;
}

bool
fe_log_is_on(enum fe_log_level level)
{
	return level >= target.least;
}

void
fe_log_over_bar(bool on)
{
	target.over_bar = on;
}

struct entry {
	enum fe_log_level level;
	const char *message;
	size_t n_pairs;
	struct {
		const char *key, *value;
	} pairs[MAX_PAIRS];
};

static void
add_pair(struct entry *e, const char *key, const char *value)
{
	if (e->n_pairs == MAX_PAIRS)
		return;
	e->pairs[e->n_pairs].key = key;
	e->pairs[e->n_pairs].value = value ? value : "";
	e->n_pairs++;
}

static const char *
level_name(enum fe_log_level level)
{
	static const char *const names[] = { "debug", "info", "warning", "error" };
	static const char *const lambda_names[] = { "DEBUG", "INFO", "WARN", "ERROR" };

	return target.format == FE_LOG_LAMBDA ? lambda_names[level] : names[level];
}

static struct fe_str
cut(const char *text, size_t max_bytes)
{
	struct fe_str s = fe_str_of(text);

	if (s.n > max_bytes) {
		s.n = max_bytes;
		while (s.n > 0 && ((unsigned char)s.p[s.n] & 0xc0) == 0x80)
			s.n--;
	}
	return s;
}

/* In quotes where it has blanks, quotes, = or nothing. */
static void
add_text_value(struct fe_buf *b, struct fe_str s)
{
	bool quoted = s.n == 0;

	for (size_t i = 0; i < s.n; i++)
		quoted |= s.p[i] == ' ' || s.p[i] == '"' || s.p[i] == '=';
	if (!quoted) {
		fe_buf_add_printable(b, s, MAX_LINE_BYTES);
		return;
	}
	fe_buf_add_char(b, '"');
	while (s.n > 0) {
		const char *quote = memchr(s.p, '"', s.n);
		size_t n = quote ? (size_t)(quote - s.p) : s.n;

		fe_buf_add_printable(b, (struct fe_str){ s.p, n }, MAX_LINE_BYTES);
		if (quote)
			fe_buf_add_text(b, "\\\"");
		n += quote != NULL;
		s = (struct fe_str){ s.p + n, s.n - n };
	}
	fe_buf_add_char(b, '"');
}

static void
build_text(struct fe_buf *b, const struct entry *e, int64_t now_us, size_t max_bytes)
{
	char time[FE_TIMESTAMP_TEXT_BYTES];

	fe_timestamp_format_iso(now_us, time);
	fe_buf_add(b, time, sizeof(time));
	fe_buf_addf(b, " %-7s ", level_name(e->level));
	fe_buf_add_printable(b, cut(e->message, max_bytes), MAX_LINE_BYTES);
	for (size_t i = 0; i < e->n_pairs; i++) {
		fe_buf_addf(b, " %s=", e->pairs[i].key);
		add_text_value(b, cut(e->pairs[i].value, max_bytes));
	}
}

static void
build_json(struct fe_buf *b, const struct entry *e, int64_t now_us, size_t max_bytes)
{
	struct fe_json j;

	fe_json_init(&j, b, 0);
	fe_json_object(&j, NULL);
	fe_json_time(&j, target.format == FE_LOG_LAMBDA ? "timestamp" : "time", now_us);
	fe_json_text(&j, "level", level_name(e->level));
	fe_json_str(&j, "message", cut(e->message, max_bytes));
	if (target.format == FE_LOG_LAMBDA && target.members)
		fe_json_raw(&j, NULL, fe_str_of(target.members));
	for (size_t i = 0; i < e->n_pairs; i++)
		fe_json_str(&j, e->pairs[i].key, cut(e->pairs[i].value, max_bytes));
	fe_json_object_end(&j);
}

static void
build(struct fe_buf *b, const struct entry *e, int64_t now_us, size_t max_bytes)
{
	if (target.over_bar)
		fe_buf_add_text(b, "\r\x1b[K");
	if (target.format != FE_LOG_TEXT)
		build_json(b, e, now_us, max_bytes);
	else
		build_text(b, e, now_us, max_bytes);
	fe_buf_add_char(b, '\n');
}

/* One write, if stderr takes it now; a lost line is no failure. */
static void
emit(struct fe_str line)
{
	struct pollfd ready = { .fd = STDERR_FILENO, .events = POLLOUT };

	if (poll(&ready, 1, 0) == 1 && (ready.revents & POLLOUT)) {
		ssize_t n = write(STDERR_FILENO, line.p, line.n);

		(void)n;
	}
}

static void
log_entry(struct entry *e)
{
	int64_t now_us = fe_clock_now(&fe_clock_system);
	struct fe_buf line;

	fe_buf_init(&line, MAX_LINE_BYTES);
	build(&line, e, now_us, MAX_VALUE_BYTES);
	if (line.failed) {
		fe_buf_clear(&line);
		e->n_pairs = 0;
		add_pair(e, "cut", "true");
		build(&line, e, now_us, MAX_CUT_BYTES);
	}
	emit(fe_buf_str(&line));
	fe_buf_reset(&line);
}

void
fe_log(enum fe_log_level level, const char *message, ...)
{
	struct entry e = { .level = level, .message = message };
	va_list pairs;

	if (!fe_log_is_on(level))
		return;
	va_start(pairs, message);
	for (const char *key; (key = va_arg(pairs, const char *)) != NULL;)
		add_pair(&e, key, va_arg(pairs, const char *));
	va_end(pairs);
	log_entry(&e);
}

static const char *
number(uint64_t v, char out[24])
{
	(void)snprintf(out, 24, "%llu", (unsigned long long)v);
	return out;
}

void
fe_log_err(const struct fe_err *err)
{
	struct entry e = { .level = FE_LOG_ERROR, .message = err->text };
	char record[24], line[24], column[24];

	if (!fe_log_is_on(e.level))
		return;
	add_pair(&e, "code", fe_rc_name(err->rc));
	if (err->foreign[0])
		add_pair(&e, "foreign", err->foreign);
	if (err->object[0])
		add_pair(&e, "object", err->object);
	if (err->record)
		add_pair(&e, "record", number(err->record, record));
	if (err->line)
		add_pair(&e, "line", number(err->line, line));
	if (err->column)
		add_pair(&e, "column", number(err->column, column));
	if (err->field[0])
		add_pair(&e, "field", err->field);
	log_entry(&e);
}
