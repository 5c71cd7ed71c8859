// SPDX-License-Identifier: Apache-2.0
/* db/cursor.c - see db/cursor.h
 *
 * The wrappers around an engine's table of functions, and the SQL, which differs between the
 * engines only in how names are quoted and parameters are written.
 */
#include "db/cursor.h"

#include <stdio.h>

#include "base/decimal.h"
#include "base/time.h"
#include "db/cursor_engine.h"

/* ---- the face ---- */

enum fe_rc
fe_cursor_open(struct fe_cursor **out, enum fe_cursor_engine engine, const struct fe_cursor_settings *set,
               struct fe_err *err)
{
	static const struct fe_cursor_ops *const engines[] = {
		[FE_CURSOR_POSTGRES] = &fe_cursor_postgres,
		[FE_CURSOR_SQLITE] = &fe_cursor_sqlite,
		[FE_CURSOR_ODBC] = &fe_cursor_odbc,
	};

	FE_ASSERT(set->location && !set->table != !set->sql);
	*out = NULL;
	return engines[engine]->open(out, set, err);
}

const char *
fe_cursor_name(const struct fe_cursor *c)
{
	return c->name;
}

size_t
fe_cursor_n_columns(const struct fe_cursor *c)
{
	return c->n_columns;
}

const struct fe_cursor_column *
fe_cursor_column(const struct fe_cursor *c, size_t index)
{
	FE_ASSERT(index < c->n_columns);
	return &c->columns[index];
}

enum fe_rc
fe_cursor_next(struct fe_cursor *c, bool *row, struct fe_err *err)
{
	*row = false;
	return c->ops->next(c, row, err);
}

const struct fe_cursor_value *
fe_cursor_values(const struct fe_cursor *c)
{
	return c->values;
}

void
fe_cursor_close(struct fe_cursor *c)
{
	if (c)
		c->ops->close(c);
}

/* ---- what the engines share ---- */

void
fe_cursor_init_columns(struct fe_cursor *c, size_t n)
{
	c->columns = fe_new_array(n + 1, struct fe_cursor_column);
	c->values = fe_new_array(n + 1, struct fe_cursor_value);
	c->n_columns = n;
}

void
fe_cursor_describe(struct fe_cursor *c, size_t index, struct fe_str name, const char *type, enum fe_cursor_kind kind)
{
	c->columns[index] = (struct fe_cursor_column){
		.name = fe_strndup(name.p ? name.p : "", name.n),
		.type = fe_strdup(type),
		.kind = kind,
	};
}

void
fe_cursor_reset(struct fe_cursor *c)
{
	for (size_t i = 0; i < c->n_columns; i++) {
		fe_free((char *)(uintptr_t)c->columns[i].name);
		fe_free((char *)(uintptr_t)c->columns[i].type);
	}
	fe_free(c->columns);
	fe_free(c->values);
	fe_free(c->name);
}

/* ---- SQL ---- */

static void
add_quoted(struct fe_buf *out, struct fe_str name, const char *quote)
{
	fe_buf_add_text(out, quote);
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] == quote[0])
			fe_buf_add_text(out, quote);
		fe_buf_add_char(out, name.p[i]);
	}
	fe_buf_add_text(out, quote);
}

/* "schema.name" is two names; what has a dot within is read by a query. */
static void
add_table(struct fe_buf *out, const char *table, const char *quote)
{
	struct fe_str rest = fe_str_of(table);

	for (const char *dot; (dot = memchr(rest.p, '.', rest.n)) != NULL;) {
		size_t n = (size_t)(dot - rest.p);

		add_quoted(out, (struct fe_str){ rest.p, n }, quote);
		fe_buf_add_char(out, '.');
		rest = (struct fe_str){ dot + 1, rest.n - n - 1 };
	}
	add_quoted(out, rest, quote);
}

/* A query without the semicolon that may end it, and behind it a new line: its last one may be a comment. */
static void
add_query(struct fe_buf *out, const char *sql)
{
	struct fe_str s = fe_str_of(sql);

	while (s.n > 0 && (strchr(" \t\r\n;", s.p[s.n - 1])))
		s.n--;
	fe_buf_add_str(out, s);
	fe_buf_add_char(out, '\n');
}

static void
add_window(struct fe_buf *out, const struct fe_cursor_settings *set, const char *quote)
{
	static const char *const tests[2] = { " >= ?1", " < ?2" };
	const struct fe_str column = fe_str_of(set->order_by);
	const char *joint = "";

	fe_buf_add_text(out, " WHERE (");
	for (size_t i = 0; i < 2; i++) {
		if (!set->bound[i])
			continue;
		fe_buf_add_text(out, joint);
		add_quoted(out, column, quote);
		fe_buf_add_text(out, tests[i]);
		joint = " AND ";
	}
	if (joint[0] == '\0') { /* all that have one */
		add_quoted(out, column, quote);
		fe_buf_add_text(out, " IS NOT NULL");
	}
	fe_buf_add_char(out, ')');
	if (set->include_null) {
		fe_buf_add_text(out, " OR ");
		add_quoted(out, column, quote);
		fe_buf_add_text(out, " IS NULL");
	}
	fe_buf_add_text(out, " ORDER BY ");
	add_quoted(out, column, quote);
}

enum fe_rc
fe_cursor_build_sql(struct fe_buf *out, const struct fe_cursor_settings *set, const char *quote, const char *part,
                    struct fe_err *err)
{
	if (set->table) {
		fe_buf_add_text(out, "SELECT * FROM ");
		add_table(out, set->table, quote);
	} else if (set->order_by) {
		fe_buf_add_text(out, "SELECT * FROM (");
		add_query(out, set->sql);
		fe_buf_add_text(out, ") ");
		add_quoted(out, FE_STR("q"), quote);
	} else {
		add_query(out, set->sql);
	}
	if (set->order_by)
		add_window(out, set, quote);
	else if (part)
		fe_buf_addf(out, " WHERE %s", part);
	return fe_buf_check(out, "the query", err);
}

bool
fe_cursor_is_int(const char *text, int64_t *out)
{
	char again[24];

	if (fe_int_parse(fe_str_of(text), out) != FE_DECIMAL_OK)
		return false;
	(void)snprintf(again, sizeof(again), "%lld", (long long)*out);
	return strcmp(text, again) == 0;
}

/* ---- moments that have no value ---- */

static size_t
print_day(int64_t days, char *out)
{
	const struct fe_civil day = fe_civil_from_days((int32_t)days);
	const int32_t year = day.year > 0 ? day.year : 1 - day.year;

	return (size_t)snprintf(out, FE_CURSOR_MOMENT_BYTES, "%04d-%02u-%02u", year, (unsigned)day.month, (unsigned)day.day);
}

static size_t
add_era(int64_t days, char *out, size_t n)
{
	static const char era[] = " BC";

	if (fe_civil_from_days((int32_t)days).year > 0)
		return n;
	memcpy(out + n, era, sizeof(era));
	return n + sizeof(era) - 1;
}

size_t
fe_cursor_print_date(int64_t days, char *out)
{
	FE_ASSERT(days >= INT32_MIN && days <= INT32_MAX);
	return add_era(days, out, print_day(days, out));
}

size_t
fe_cursor_print_moment(int64_t days, int64_t us_of_day, bool has_zone, char *out)
{
	const int64_t seconds = us_of_day / FE_US_PER_SECOND;
	size_t n;

	FE_ASSERT(days >= INT32_MIN && days <= INT32_MAX);
	n = print_day(days, out);
	n += (size_t)snprintf(out + n, FE_CURSOR_MOMENT_BYTES - n, " %02d:%02d:%02d.%06d%s", (int)(seconds / 3600),
	                      (int)(seconds / 60 % 60), (int)(seconds % 60), (int)(us_of_day % FE_US_PER_SECOND),
	                      has_zone ? "Z" : "");
	return add_era(days, out, n);
}
