// SPDX-License-Identifier: Apache-2.0
/* pipeline/check_file.c - reads the comments at the top, and binds what the SELECT names
 *
 * The SELECT is not understood, only walked over: texts and names in quotes are left as
 * they are, comments dropped.
 */
#include "pipeline/check_file.h"

#include "base/text.h"
#include "db/db.h"

#define MAX_SQL_BYTES (64u * 1024)

struct reader {
	struct fe_check_file *out;
	const char *path;
	const struct fe_plan *plan;
	struct fe_arena *arena;
	struct fe_buf sql;
};

static const char *const severities[] = { "figures", "warning", "critical" };

static const char *const param_names[] = {
	[FE_CHECK_RUN_TIME] = "run_time",
	[FE_CHECK_TODAY] = "today",
	[FE_CHECK_PIPELINE] = "pipeline",
	[FE_CHECK_DATASET] = "dataset",
};

const char *
fe_check_severity_name(enum fe_check_severity s)
{
	return severities[s];
}

static bool
is_word_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static size_t
word_length(struct fe_str s)
{
	size_t n = 0;
	while (n < s.n && is_word_byte(s.p[n]))
		n++;
	return n;
}

static struct fe_str
behind(struct fe_str s, size_t n)
{
	return (struct fe_str){ s.p + n, s.n - n };
}

/* Takes what is before c, trimmed, off the front of *rest, and c; all where there is no c. */
static struct fe_str
take_until(struct fe_str *rest, char c)
{
	const char *end = rest->n ? memchr(rest->p, c, rest->n) : NULL;
	struct fe_str part = { rest->p, end ? (size_t)(end - rest->p) : rest->n };
	*rest = behind(*rest, part.n + (end != NULL));
	return fe_text_trim(part);
}

static const char *
keep(struct reader *r, struct fe_str s)
{
	return fe_arena_copy(r->arena, s.p, s.n);
}

static enum fe_rc
refuse(const struct reader *r, struct fe_err *err, const char *what)
{
	(void)fe_fail(err, FE_EUSAGE, "%s", what);
	fe_err_at(err, r->path, 0, NULL);
	return FE_EUSAGE;
}

/* ---- the comments at the top ---- */

/* "amount fixed decimal2" */
static enum fe_rc
read_need(struct reader *r, const char *table, struct fe_str item, struct fe_err *err)
{
	struct fe_check_file *f = r->out;
	struct fe_check_need *need = &f->needs[f->n_needs];
	struct fe_str name = take_until(&item, ' ');

	if (f->n_needs == FE_CHECK_MAX_NEEDS)
		return refuse(r, err, "needs more columns than a check can have");
	if (!fe_is_sql_name(name))
		return refuse(r, err, "'needs' takes TABLE(COLUMN, COLUMN), as fact_transactions(transaction_id, amount)");
	*need = (struct fe_check_need){ .table = table, .column = keep(r, name), .scale = -1 };
	f->n_needs++;
	while (item.n) {
		struct fe_str word = take_until(&item, ' ');
		if (fe_str_is(word, "fixed"))
			need->is_fixed = true;
		else if (word.n == 8 && memcmp(word.p, "decimal", 7) == 0 && word.p[7] >= '0' && word.p[7] <= '9')
			need->scale = word.p[7] - '0';
		else if (word.n)
			return refuse(r, err, "behind a needed column there may be 'fixed' and 'decimal2'");
	}
	return FE_OK;
}

static enum fe_rc
read_needs(struct reader *r, struct fe_str value, struct fe_err *err)
{
	struct fe_str table = take_until(&value, '(');
	if (!fe_is_sql_name(table) || !value.n || value.p[value.n - 1] != ')')
		return refuse(r, err, "'needs' takes TABLE(COLUMN, COLUMN), as fact_transactions(transaction_id, amount)");
	const char *name = keep(r, table);
	value.n--;
	do
		FE_TRY(read_need(r, name, take_until(&value, ','), err));
	while (value.n);
	return FE_OK;
}

static enum fe_rc
read_severity(struct reader *r, struct fe_str value, struct fe_err *err)
{
	for (size_t i = 0; i < sizeof severities / sizeof severities[0]; i++) {
		if (!fe_str_is(value, severities[i]))
			continue;
		r->out->severity = (enum fe_check_severity)i;
		return FE_OK;
	}
	return refuse(r, err, "'severity' is critical, warning or figures");
}

static enum fe_rc
read_header(struct reader *r, struct fe_str text, struct fe_err *err)
{
	bool has_severity = false;

	while (text.n) {
		struct fe_str line = take_until(&text, '\n');
		if (line.n < 2 || memcmp(line.p, "--", 2) != 0)
			continue;
		line = fe_text_trim(behind(line, 2));
		struct fe_str value = line, key = take_until(&value, ':');
		value = fe_text_trim(value);
		if (fe_str_is(key, "check")) {
			if (!fe_is_sql_name(value))
				return refuse(r, err, "'check' takes a name: small letters, digits and _");
			r->out->name = keep(r, value);
		} else if (fe_str_is(key, "means")) {
			r->out->means = keep(r, value);
		} else if (fe_str_is(key, "severity")) {
			has_severity = true;
			FE_TRY(read_severity(r, value, err));
		} else if (fe_str_is(key, "needs")) {
			FE_TRY(read_needs(r, value, err));
		}
	}
	if (!r->out->name || !r->out->means || !has_severity || !r->out->n_needs)
		return refuse(r, err, "a check begins with the comment lines '-- check: NAME', '-- severity: critical', "
			      "'-- means: ...' and '-- needs: TABLE(COLUMN, ...)'");
	return FE_OK;
}

/* ---- the SELECT ---- */

const struct fe_table *
fe_check_find_table(const struct fe_plan *plan, struct fe_str name)
{
	for (size_t i = 0; plan && i < plan->n_datasets; i++) {
		const char *dot = strchr(plan->tables[i].name, '.');
		if (fe_str_is(name, dot ? dot + 1 : plan->tables[i].name))
			return &plan->tables[i];
	}
	return NULL;
}

/* Behind "main.": a table that the plan has in another schema gets that. */
static void
add_schema(struct reader *r, struct fe_str rest)
{
	const struct fe_table *t = fe_check_find_table(r->plan, (struct fe_str){ rest.p, word_length(rest) });
	const char *dot = t ? strchr(t->name, '.') : NULL;
	char *schema = dot ? fe_strndup(t->name, (size_t)(dot - t->name)) : NULL;
	if (schema)
		fe_db_add_name(&r->sql, schema);
	else
		fe_buf_add_text(&r->sql, "main");
	fe_buf_add_char(&r->sql, '.');
	fe_free(schema);
}

static enum fe_rc
add_param(struct reader *r, struct fe_str name, struct fe_err *err)
{
	struct fe_check_file *f = r->out;
	for (int p = 0; p < FE_N_CHECK_PARAMS; p++) {
		size_t at = 0;
		if (!fe_str_is(name, param_names[p]))
			continue;
		while (at < f->n_params && f->params[at] != (enum fe_check_param)p)
			at++;
		if (at == f->n_params)
			f->params[f->n_params++] = (enum fe_check_param)p;
		fe_buf_addf(&r->sql, "?%zu", at + 1);
		return FE_OK;
	}
	return refuse(r, err, "unknown parameter; there are :run_time, :today, :pipeline and :dataset");
}

/* Bytes of a text or name in quotes at the front, or of a comment. */
static size_t
quoted_length(struct fe_str s)
{
	const char *end = memchr(s.p + 1, s.p[0], s.n - 1);
	return end ? (size_t)(end - s.p) + 1 : s.n;
}

static bool
begins_with(struct fe_str s, const char *word)
{
	size_t n = strlen(word);
	return s.n >= n && memcmp(s.p, word, n) == 0;
}

/* Takes what begins at rest and says how many bytes it was. */
static enum fe_rc
take(struct reader *r, struct fe_str rest, size_t *n, struct fe_err *err)
{
	size_t n_word = word_length(rest);

	*n = 1;
	if (begins_with(rest, "--")) {
		const char *end = memchr(rest.p, '\n', rest.n);
		*n = end ? (size_t)(end - rest.p) : rest.n;
	} else if (rest.p[0] == '\'' || rest.p[0] == '"') {
		*n = quoted_length(rest);
		fe_buf_add(&r->sql, rest.p, *n);
	} else if (rest.p[0] == ':' && word_length(behind(rest, 1))) {
		struct fe_str name = { rest.p + 1, word_length(behind(rest, 1)) };
		*n = name.n + 1;
		return add_param(r, name, err);
	} else if (n_word == 4 && begins_with(rest, "main.")) {
		*n = 5;
		add_schema(r, behind(rest, 5));
	} else if (n_word) {
		*n = n_word;
		fe_buf_add(&r->sql, rest.p, n_word);
	} else if (rest.p[0] == ';' || rest.p[0] == '?' || rest.p[0] == '\0') {
		return refuse(r, err, "one SELECT, without ';' and '?'");
	} else {
		fe_buf_add_char(&r->sql, rest.p[0]);
	}
	return FE_OK;
}

static enum fe_rc
read_select(struct reader *r, struct fe_str text, struct fe_err *err)
{
	for (size_t i = 0, n; i < text.n; i += n)
		FE_TRY(take(r, behind(text, i), &n, err));
	FE_TRY(fe_buf_check(&r->sql, "a check", err));
	struct fe_str sql = fe_text_trim(fe_buf_str(&r->sql));
	if (!begins_with(sql, "SELECT ") && !begins_with(sql, "SELECT\n") && !begins_with(sql, "WITH "))
		return refuse(r, err, "below the comments there is one SELECT (or WITH ... SELECT)");
	r->out->sql = keep(r, sql);
	return FE_OK;
}

enum fe_rc
fe_check_file_parse(struct fe_check_file *out, const char *path, struct fe_str text, const struct fe_plan *plan,
                    struct fe_arena *arena, struct fe_err *err)
{
	struct reader r = { .out = out, .path = path, .plan = plan, .arena = arena };
	struct fe_str sql = text;

	/* An ending ';' is what people write. */
	sql = fe_text_trim(sql);
	sql.n -= sql.n && sql.p[sql.n - 1] == ';';
	*out = (struct fe_check_file){ 0 };
	fe_buf_init(&r.sql, MAX_SQL_BYTES);
	enum fe_rc rc = read_header(&r, text, err);
	if (rc == FE_OK)
		rc = read_select(&r, sql, err);
	fe_buf_reset(&r.sql);
	return rc;
}
