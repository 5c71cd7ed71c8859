// SPDX-License-Identifier: Apache-2.0
/* db/postgres_sql.c - the common SQL as PostgreSQL has it
 *
 * Two things differ: a parameter is $1 and not ?1, and finetl's own tables are in a
 * schema that is chosen when the connection is opened and not in 'main'. Both are
 * replaced outside of quotes, dollar quotes and comments; all else goes through as it is.
 */
#include "db/postgres_conn.h"

static bool
is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The end of what is quoted from `at`; a doubled quote is one of the text. */
static size_t
end_of_quote(struct fe_str s, size_t at, bool has_backslash)
{
	char quote = s.p[at++];

	for (; at < s.n; at++) {
		if (has_backslash && s.p[at] == '\\')
			at++;
		else if (s.p[at] == quote && !(at + 1 < s.n && s.p[at + 1] == quote))
			return at + 1;
		else if (s.p[at] == quote)
			at++;
	}
	return s.n;
}

static size_t
end_of_line(struct fe_str s, size_t at)
{
	while (at < s.n && s.p[at] != '\n')
		at++;
	return at;
}

static size_t
end_of_comment(struct fe_str s, size_t at) /* they nest */
{
	size_t depth = 0;

	while (at + 1 < s.n) {
		if (s.p[at] == '/' && s.p[at + 1] == '*') {
			depth++;
			at += 2;
		} else if (s.p[at] == '*' && s.p[at + 1] == '/') {
			at += 2;
			if (--depth == 0)
				return at;
		} else {
			at++;
		}
	}
	return s.n;
}

/* The end of $tag$...$tag$, or just past the '$' where it is none. */
static size_t
end_of_dollar_quote(struct fe_str s, size_t at)
{
	size_t tag_end = at + 1, tag_n, i;

	if (tag_end < s.n && is_digit(s.p[tag_end])) /* $1 */
		return at + 1;
	while (tag_end < s.n && s.p[tag_end] != '$' && is_name_char(s.p[tag_end]))
		tag_end++;
	if (tag_end == s.n || s.p[tag_end] != '$')
		return at + 1;
	tag_n = tag_end + 1 - at;
	for (i = tag_end + 1; i + tag_n <= s.n; i++) {
		if (memcmp(s.p + i, s.p + at, tag_n) == 0)
			return i + tag_n;
	}
	return s.n;
}

static size_t
end_of_name(struct fe_str s, size_t at)
{
	while (at < s.n && is_name_char(s.p[at]))
		at++;
	return at;
}

size_t
fe_db_token_end(struct fe_str s, size_t at)
{
	char c = s.p[at], next = at + 1 < s.n ? s.p[at + 1] : '\0';
	size_t end;

	if (c == '\'' || c == '"' || c == '`')
		return end_of_quote(s, at, false);
	if (c == '-' && next == '-')
		return end_of_line(s, at);
	if (c == '/' && next == '*')
		return end_of_comment(s, at);
	if (c == '$')
		return end_of_dollar_quote(s, at);
	if (!is_name_char(c))
		return at + 1;
	end = end_of_name(s, at);
	if (end == at + 1 && (c == 'e' || c == 'E') && end < s.n && s.p[end] == '\'')
		return end_of_quote(s, end, true);
	return end;
}

void
fe_pg_add_sql(struct fe_buf *out, struct fe_str sql, const char *schema)
{
	size_t at = 0, end;

	for (; at < sql.n; at = end) {
		struct fe_str token;

		end = fe_db_token_end(sql, at);
		token = (struct fe_str){ sql.p + at, end - at };
		if (fe_str_is(token, "?") && end < sql.n && is_digit(sql.p[end]))
			fe_buf_add_char(out, '$');
		else if (fe_str_is(token, "main") && end < sql.n && sql.p[end] == '.' &&
		         (at == 0 || sql.p[at - 1] != '.'))
			fe_pg_add_quoted_name(out, schema);
		else
			fe_buf_add_str(out, token);
	}
}

void
fe_pg_add_bound_sql(struct fe_buf *out, struct fe_str sql, const char *const bound[2])
{
	size_t at = 0, end;

	for (; at < sql.n; at = end) {
		const char digit = at + 1 < sql.n ? sql.p[at + 1] : '\0';

		end = fe_db_token_end(sql, at);
		if (sql.p[at] != '?' || (digit != '1' && digit != '2')) {
			fe_buf_add(out, sql.p + at, end - at);
			continue;
		}
		end = at + 2;
		if (bound[digit - '1'])
			fe_db_add_literal(out, fe_str_of(bound[digit - '1']));
		else
			fe_buf_add_text(out, "NULL");
	}
}

void
fe_pg_add_quoted_name(struct fe_buf *out, const char *name)
{
	fe_buf_add_char(out, '"');
	for (; *name; name++) {
		if (*name == '"')
			fe_buf_add_char(out, '"');
		fe_buf_add_char(out, *name);
	}
	fe_buf_add_char(out, '"');
}
