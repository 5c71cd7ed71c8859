// SPDX-License-Identifier: Apache-2.0
/* pipeline/planner_text.c - parameters and environment variables in values
 *
 * {name} stands for a parameter, {{ for a brace; ${NAME} for an environment variable.
 * One pass: what was filled in is never looked at again. In an expression, and in a query, a
 * parameter cannot become more than a value: inside quotes its quotes are doubled, outside it
 * must be a number.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "db/db.h"
#include "pipeline/planner.h"

#define MAX_FILLED_BYTES ((size_t)64 * 1024)

struct filler {
	struct fe_planner *b;
	const struct fe_key *key;
	const struct fe_node *node;
	struct fe_buf out;
	bool in_text;   /* of an expression: inside '...' */
	bool in_name;   /* inside "..." */
	bool is_wrong;
};

FE_PRINTF(3, 4) static void
refuse(struct filler *f, size_t offset, const char *fmt, ...)
{
	uint64_t line, column;
	struct fe_err err;
	va_list args;
	va_start(args, fmt);
	(void)vsnprintf(err.text, sizeof(err.text), fmt, args);
	va_end(args);
	fe_node_place(f->node, offset, &line, &column);
	fe_mistake_add(f->b->mistakes, line, column, "%s", err.text);
	f->is_wrong = true;
}

static bool
is_letter_or_digit(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Length of the name at the front of s that is closed by '}'; 0: none. */
static size_t
name_length(struct fe_str s, bool is_env)
{
	size_t n = 0;
	while (n < s.n && s.p[n] != '}')
		n++;
	if (n == s.n || n == 0)
		return 0;
	if (!is_env)
		return fe_is_sql_name((struct fe_str){ s.p, n }) ? n : 0;
	for (size_t i = 0; i < n; i++) {
		char c = s.p[i];
		bool is_digit = c >= '0' && c <= '9';
		if (c != '_' && (!is_letter_or_digit(c) || (is_digit && i == 0)))
			return 0;
	}
	return n;
}

static const struct fe_plan_param *
find_param(const struct fe_planner *b, struct fe_str name)
{
	for (size_t i = 0; i < b->n_params; i++)
		if (fe_str_is(name, b->params[i].name))
			return &b->params[i];
	return NULL;
}

static const char *
nearest_param(const struct fe_planner *b, struct fe_str name)
{
	const char **names = fe_new_array(b->n_params, const char *);
	for (size_t i = 0; i < b->n_params; i++)
		names[i] = b->params[i].name;
	const char *nearest = fe_text_nearest(name, names, b->n_params);
	fe_free(names);
	return nearest;
}

static bool
is_number(struct fe_str s)
{
	int64_t v;
	return fe_decimal_parse(s, FE_DECIMAL_MAX_PRECISION, 9, NULL, &v) == FE_DECIMAL_OK ||
	       fe_int_parse(s, &v) == FE_DECIMAL_OK;
}

/* {since} and {until}, where the key knows them. */
static bool
add_window(struct filler *f, struct fe_str name)
{
	const struct fe_key_window *w = f->key->window;
	bool is_since = w && fe_str_is(name, "since"), is_until = w && fe_str_is(name, "until");
	if (is_since || is_until)
		fe_buf_add_text(&f->out, is_since ? w->since : w->until);
	return is_since || is_until;
}

/* What the offset stands in: of a quote, a quoted name, a comment its first character; else 0. */
static char
sql_place(struct fe_str sql, size_t offset)
{
	size_t at = 0, end;

	while ((end = fe_db_token_end(sql, at)) <= offset)
		at = end;
	if (at == offset)
		return '\0';
	return sql.p[at] == 'E' || sql.p[at] == 'e' ? '\'' : sql.p[at]; /* E'...' */
}

/* A database may take a backslash for the beginning of an escape. */
static bool
fits_quote(struct fe_str value, char quote)
{
	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] == '\\' || (quote != '\'' && !strchr(" .-_", value.p[i]) && !is_letter_or_digit(value.p[i])))
			return false;
	return true;
}

static void
add_quoted_value(struct fe_buf *out, struct fe_str value)
{
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] == '\'')
			fe_buf_add_char(out, '\'');
		fe_buf_add_char(out, value.p[i]);
	}
}

/* As a value outside of quotes. */
static void
add_number(struct filler *f, const struct fe_plan_param *p, size_t offset)
{
	if (is_number(fe_str_of(p->value)))
		fe_buf_addf(&f->out, p->value[0] == '-' ? "(%s)" : "%s", p->value);
	else
		refuse(f, offset, "parameter '%s' is not a number; where a text is meant put it in quotes: '{%s}'", p->name, p->name);
}

static void
add_to_query(struct filler *f, const struct fe_plan_param *p, size_t offset)
{
	const struct fe_str value = fe_str_of(p->value);
	const char place = sql_place(f->node->text, offset);

	if (place == '\0')
		add_number(f, p, offset);
	else if (!fits_quote(value, place))
		refuse(f, offset, place == '\'' ? "parameter '%s' has a backslash, which may mean more in a query"
		                               : "parameter '%s' may have letters, digits and ' .-_' only, where it stands", p->name);
	else
		add_quoted_value(&f->out, value);
}

static void
add_param(struct filler *f, struct fe_str name, size_t offset)
{
	if (add_window(f, name))
		return;
	const struct fe_plan_param *p = find_param(f->b, name);
	if (!p) {
		const char *nearest = nearest_param(f->b, name);
		if (nearest)
			refuse(f, offset, "undeclared parameter '{%.*s}'; did you mean '{%s}'?", FE_STR_ARGS(name),
			       nearest);
		else
			refuse(f, offset, "undeclared parameter '{%.*s}': declare it under 'params', or write '{{' for a brace",
			       FE_STR_ARGS(name));
		return;
	}
	if (!p->value) {
		f->is_wrong = true; /* noted where it is declared */
		return;
	}
	struct fe_str value = fe_str_of(p->value);
	f->b->is_filled_in[p - f->b->params] = true;
	if (f->key->is_sql)
		add_to_query(f, p, offset);
	else if (f->key->kind != FE_KEY_EXPRESSION)
		fe_buf_add_str(&f->out, value);
	else if (f->in_text)
		add_quoted_value(&f->out, value);
	else
		add_number(f, p, offset);
}

static void
add_env(struct filler *f, struct fe_str name, size_t offset)
{
	const char *text = fe_planner_text(f->b, name), *value = getenv(text);
	if (!value) {
		refuse(f, offset, "environment variable '%s' is not set", text);
		return;
	}
	f->b->filled[f->b->n_filled++] = (struct fe_planner_filled){ text, f->out.n_bytes, strlen(value) };
	fe_buf_add_text(&f->out, value);
}

/* Takes what begins at offset i and returns how many bytes it was. */
static size_t
take(struct filler *f, struct fe_str text, size_t i)
{
	struct fe_str rest = { text.p + i, text.n - i };
	struct fe_str behind = { rest.p + 1, rest.n - 1 };
	if (f->key->kind == FE_KEY_EXPRESSION) {
		if (rest.p[0] == '\'' && !f->in_name)
			f->in_text = !f->in_text;
		if (rest.p[0] == '"' && !f->in_text)
			f->in_name = !f->in_name;
	}
	if (f->key->takes_env && rest.n > 1 && rest.p[0] == '$' && rest.p[1] == '{') {
		struct fe_str after = { rest.p + 2, rest.n - 2 };
		size_t n = name_length(after, true);
		if (!n) {
			refuse(f, i, "'${' begins the name of an environment variable, as ${DATA_DIR}");
			return 2;
		}
		add_env(f, (struct fe_str){ after.p, n }, i);
		return n + 3;
	}
	if (f->key->takes_params && rest.p[0] == '{' && !f->in_name) {
		if (behind.n && behind.p[0] == '{') {
			fe_buf_add_char(&f->out, '{');
			return 2;
		}
		size_t n = name_length(behind, false);
		if (n) {
			add_param(f, (struct fe_str){ behind.p, n }, i);
			return n + 2;
		}
	}
	fe_buf_add_char(&f->out, rest.p[0]);
	return 1;
}

/* At most as many variables are filled in. */
static size_t
count_marks(struct fe_str text)
{
	size_t n = 0;
	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == '$';
	return n;
}

bool
fe_planner_fill(struct fe_planner *b, const struct fe_key *key, const struct fe_node *node, struct fe_str *out)
{
	struct filler f = { .b = b, .key = key, .node = node };
	*out = node->text;
	b->n_filled = 0;
	if (!key->takes_env && !key->takes_params)
		return true;
	fe_buf_init(&f.out, MAX_FILLED_BYTES);
	b->filled = FE_PLAN_ARRAY(b, count_marks(node->text), struct fe_planner_filled);
	for (size_t i = 0; i < node->text.n;)
		i += take(&f, node->text, i);
	if (f.out.failed)
		refuse(&f, 0, "longer than %zu bytes", MAX_FILLED_BYTES);
	if (!f.is_wrong)
		*out = fe_str_of(fe_planner_text(b, fe_buf_str(&f.out)));
	fe_buf_reset(&f.out);
	return !f.is_wrong;
}

bool
fe_planner_params(struct fe_planner *b, struct fe_err *err)
{
	const struct fe_node *map = fe_node_get(b->root, "params");
	const struct fe_plan_settings *set = b->set;
	b->params = FE_PLAN_ARRAY(b, map ? map->n_children : 0, struct fe_plan_param);
	b->is_filled_in = FE_PLAN_ARRAY(b, map ? map->n_children : 0, bool);
	for (const struct fe_node *n = map ? map->first : NULL; n; n = n->next) {
		if (n->is_wrong)
			continue;
		if (!fe_is_sql_name(n->key)) {
			struct fe_str shown = fe_mistake_shown(n->key);
			fe_planner_mistake_at_key(b, n, "'%.*s' is not a name: small letters, digits and _, no digit first",
						FE_STR_ARGS(shown));
			continue;
		}
		b->params[b->n_params++] = (struct fe_plan_param){
			.name = n->key.p, .value = n->is_empty ? NULL : n->text.p
		};
	}
	for (size_t i = 0; i < set->n_params; i++) {
		struct fe_str name = fe_str_of(set->params[i].name);
		struct fe_plan_param *p = (struct fe_plan_param *)find_param(b, name);
		if (p) {
			p->value = set->params[i].value;
			continue;
		}
		const char *nearest = nearest_param(b, name);
		if (nearest)
			(void)fe_fail(err, FE_EUSAGE, "--param %s: not declared under 'params'; did you mean '%s'?",
				      set->params[i].name, nearest);
		else
			(void)fe_fail(err, FE_EUSAGE, "--param %s: not declared under 'params' of the pipeline file",
				      set->params[i].name);
		return false;
	}
	for (const struct fe_node *n = map ? map->first : NULL; n; n = n->next) {
		const struct fe_plan_param *p = n->is_wrong ? NULL : find_param(b, n->key);
		if (p && !p->value)
			fe_planner_mistake_at_key(b, n, "parameter '%s' has no value: give --param %s=VALUE", p->name,
						p->name);
	}
	return true;
}
