// SPDX-License-Identifier: Apache-2.0
/* expr/sql.c - the same condition as SQL for a CHECK constraint
 *
 * Each operation has a template, in which %0 is the first argument and so on; writing
 * is walking the templates with an explicit stack. In SQLite a decimal is the integer
 * of its smallest unit (column x_minor), so there scales become factors. What the other
 * side would decide otherwise (its own case mapping, collation, clock, zones, division)
 * has no template and is refused.
 *
 * Directives: %0 %1 %2 argument; %* all arguments, by commas; %& all, by ||; %c the
 * branches of a case; %n "x is null or ..."; %= the comparison; %x %y factors that bring
 * the sides of a comparison to one scale; %u the unit of a rounding or rescaling, %h its
 * half; %d decimals; %l the like pattern; %s the members of a set; %+ + or - and %t the
 * seconds of a step in time; %% a percent sign.
 */
#include "base/decimal.h"
#include "base/mem.h"
#include "base/time.h"
#include "expr/kernel.h"

#define MAX_SQL_BYTES (256u * 1024)

struct place {
	uint32_t node;
	uint32_t next; /* the next argument of a list */
	const char *at;
	bool needs_close;
};

struct printer {
	const struct fe_expr *e;
	enum fe_sql_dialect dialect;
	struct fe_buf *out;
	size_t limit_bytes;
	struct place *stack;
	size_t n_stack, cap_stack;
	const char *refused; /* what has no counterpart */
};

static const char refused[] = "";

static void
add_quoted(struct fe_buf *out, struct fe_str s, char quote)
{
	fe_buf_add_char(out, quote);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == quote)
			fe_buf_add_char(out, quote);
		fe_buf_add_char(out, s.p[i]);
	}
	fe_buf_add_char(out, quote);
}

static void
add_value(struct printer *p, struct fe_type type, int64_t value, struct fe_str text)
{
	bool is_postgres = p->dialect == FE_SQL_POSTGRES;
	char time[FE_TIMESTAMP_TEXT_BYTES];

	switch (type.kind) {
	case FE_TEXT:
		add_quoted(p->out, text, '\'');
		break;
	case FE_BOOL:
		fe_buf_add_text(p->out, value ? "TRUE" : "FALSE");
		break;
	case FE_DATE:
		fe_date_format((int32_t)value, time);
		fe_buf_add_text(p->out, is_postgres ? "DATE " : "");
		add_quoted(p->out, (struct fe_str){ time, FE_DATE_TEXT_BYTES }, '\'');
		break;
	case FE_TIMESTAMP:
		fe_timestamp_format(value, time);
		fe_buf_add_text(p->out, is_postgres ? "TIMESTAMPTZ " : "");
		add_quoted(p->out, (struct fe_str){ time, FE_TIMESTAMP_TEXT_BYTES }, '\'');
		break;
	case FE_DECIMAL:
		fe_buf_add_decimal(p->out, value, is_postgres ? type.scale : 0);
		break;
	case FE_INT:
		fe_buf_add_i64(p->out, value);
	}
}

static void
add_column(struct printer *p, const struct fe_node *n)
{
	struct fe_buf name;

	fe_buf_init(&name, MAX_SQL_BYTES);
	fe_buf_add_str(&name, n->text);
	if (p->dialect == FE_SQL_SQLITE && n->type.kind == FE_DECIMAL)
		fe_buf_add_text(&name, "_minor");
	add_quoted(p->out, fe_buf_str(&name), '"');
	fe_buf_reset(&name);
}

static void
add_set(struct printer *p, const struct fe_node *n)
{
	struct fe_type type = fe_node_arg(p->e, n, 0)->type;

	for (size_t i = 0; i < n->set->n; i++) {
		fe_buf_add_text(p->out, i ? ", " : "");
		add_value(p, type, n->set->values ? n->set->values[i] : 0,
		          n->set->texts ? n->set->texts[i] : (struct fe_str){ 0 });
	}
	if (n->set->has_null)
		fe_buf_add_text(p->out, n->set->n ? ", NULL" : "NULL");
}

/* SQLite's LIKE folds ASCII case, its GLOB does not and has * ? [x] instead of % _. */
static void
add_glob(struct fe_buf *out, struct fe_str pattern, struct fe_str escape)
{
	fe_buf_add_char(out, '\'');
	for (size_t i = 0; i < pattern.n; i++) {
		char c = pattern.p[i];
		bool is_escaped = escape.n && pattern.n - i > escape.n && memcmp(pattern.p + i, escape.p, escape.n) == 0;

		if (is_escaped) {
			i += escape.n;
			c = pattern.p[i];
		}
		if (!is_escaped && (c == '%' || c == '_'))
			fe_buf_add_char(out, c == '%' ? '*' : '?');
		else if (c == '*' || c == '?' || c == '[')
			fe_buf_addf(out, "[%c]", c);
		else
			fe_buf_addf(out, c == '\'' ? "''" : "%c", c);
	}
	fe_buf_add_char(out, '\'');
}

static void
add_like(struct printer *p, const struct fe_like *like)
{
	if (p->dialect == FE_SQL_SQLITE) {
		add_glob(p->out, fe_like_pattern(like), fe_like_escape(like));
		return;
	}
	add_quoted(p->out, fe_like_pattern(like), '\'');
	fe_buf_add_text(p->out, " ESCAPE ");
	add_quoted(p->out, fe_like_escape(like), '\'');
}

static const char *
part_template(struct printer *p, const struct fe_node *n)
{
	static const char *const sqlite[] = {
		[FE_YEAR] = "CAST(substr(%0, 1, 4) AS INTEGER)",
		[FE_MONTH] = "CAST(substr(%0, 6, 2) AS INTEGER)",
		[FE_DAY] = "CAST(substr(%0, 9, 2) AS INTEGER)",
		[FE_DAYOFWEEK] = "((CAST(strftime('%%w', substr(%0, 1, 10)) AS INTEGER) + 6) %% 7)",
		[FE_HOUR] = "CAST(substr(%0, 12, 2) AS INTEGER)",
		[FE_MINUTE] = "CAST(substr(%0, 15, 2) AS INTEGER)",
		[FE_SECOND] = "CAST(substr(%0, 18, 2) AS INTEGER)",
	};
	static const char *const postgres[] = {
		[FE_YEAR] = "CAST(extract(year FROM %0 AT TIME ZONE 'UTC') AS bigint)",
		[FE_MONTH] = "CAST(extract(month FROM %0 AT TIME ZONE 'UTC') AS bigint)",
		[FE_DAY] = "CAST(extract(day FROM %0 AT TIME ZONE 'UTC') AS bigint)",
		[FE_DAYOFWEEK] = "(CAST(extract(isodow FROM %0 AT TIME ZONE 'UTC') AS bigint) - 1)",
		[FE_HOUR] = "CAST(extract(hour FROM %0 AT TIME ZONE 'UTC') AS bigint)",
		[FE_MINUTE] = "CAST(extract(minute FROM %0 AT TIME ZONE 'UTC') AS bigint)",
		[FE_SECOND] = "CAST(floor(extract(second FROM %0 AT TIME ZONE 'UTC')) AS bigint)",
	};
	static const char *const postgres_date[] = {
		[FE_YEAR] = "CAST(extract(year FROM %0) AS bigint)",
		[FE_MONTH] = "CAST(extract(month FROM %0) AS bigint)",
		[FE_DAY] = "CAST(extract(day FROM %0) AS bigint)",
		[FE_DAYOFWEEK] = "(CAST(extract(isodow FROM %0) AS bigint) - 1)",
	};
	bool is_date = fe_node_arg(p->e, n, 0)->type.kind == FE_DATE;

	if (n->zone) {
		p->refused = "a time zone";
		return refused;
	}
	if (is_date && n->detail >= FE_HOUR)
		return "CASE WHEN %0 IS NULL THEN NULL ELSE 0 END";
	if (p->dialect == FE_SQL_SQLITE)
		return sqlite[n->detail];
	return is_date ? postgres_date[n->detail] : postgres[n->detail];
}

static const char *
compare_template(const struct printer *p, const struct fe_node *n)
{
	struct fe_type a = fe_node_arg(p->e, n, 0)->type, b = fe_node_arg(p->e, n, 1)->type;
	unsigned a_scale = a.kind == FE_DECIMAL ? a.scale : 0, b_scale = b.kind == FE_DECIMAL ? b.scale : 0;

	if (p->dialect == FE_SQL_POSTGRES)
		return a.kind == FE_TEXT && n->detail != FE_EQ && n->detail != FE_NE ? "%0 %= %1 COLLATE \"C\"" : "%0 %= %1";
	if (a_scale < b_scale)
		return "%0 * %x %= %1";
	return a_scale > b_scale ? "%0 %= %1 * %y" : "%0 %= %1";
}

static const char *
step_template(const struct printer *p, const struct fe_node *n)
{
	bool is_back = n->value < 0;

	if (p->dialect == FE_SQL_POSTGRES)
		return n->type.kind == FE_DATE ? "%0 %+ CAST(%1 AS integer)" : "%0 %+ %1 * INTERVAL '%t seconds'";
	if (n->type.kind == FE_DATE)
		return is_back ? "date(%0, (-(%1)) || ' days')" : "date(%0, (%1) || ' days')";
	return is_back ? "strftime('%%Y-%%m-%%d %%H:%%M:%%S', substr(%0, 1, 19), (-(%1) * %t) || ' seconds') || substr(%0, 20)"
	               : "strftime('%%Y-%%m-%%d %%H:%%M:%%S', substr(%0, 1, 19), (%1 * %t) || ' seconds') || substr(%0, 20)";
}

/* The engines differ where start or count are odd, so only plain ones are written. */
static const char *
substr_template(struct printer *p, const struct fe_node *n)
{
	for (size_t i = 1; i < n->n_args; i++) {
		const struct fe_node *arg = fe_node_arg(p->e, n, i);

		if (arg->op != FE_OP_LITERAL || arg->is_null || arg->value < (i == 1) || arg->value > INT32_MAX) {
			p->refused = "substr() with a computed place";
			return refused;
		}
	}
	return "substr(%*)";
}

static const char *
extreme_template(const struct printer *p, const struct fe_node *n)
{
	bool is_least = n->op == FE_OP_LEAST;

	if (n->n_args == 1)
		return "%0";
	if (p->dialect == FE_SQL_SQLITE)
		return is_least ? "min(%*)" : "max(%*)";
	if (n->type.kind == FE_TEXT)
		return is_least ? "CASE WHEN %n THEN NULL ELSE least(%* COLLATE \"C\") END"
		                : "CASE WHEN %n THEN NULL ELSE greatest(%* COLLATE \"C\") END";
	return is_least ? "CASE WHEN %n THEN NULL ELSE least(%*) END" : "CASE WHEN %n THEN NULL ELSE greatest(%*) END";
}

static const char *
template_of(struct printer *p, const struct fe_node *n)
{
	bool is_sqlite = p->dialect == FE_SQL_SQLITE;

	switch (n->op) {
	case FE_OP_AND: return "%0 AND %1";
	case FE_OP_OR: return "%0 OR %1";
	case FE_OP_NOT: return "NOT %0";
	case FE_OP_IS_NULL: return "%0 IS NULL";
	case FE_OP_COMPARE: return compare_template(p, n);
	case FE_OP_IN: return n->set->n || n->set->has_null ? "%0 IN (%s)" : "%0 <> %0";
	case FE_OP_LIKE: return is_sqlite ? "%0 GLOB %l" : "%0 LIKE %l";
	case FE_OP_ADD: return "%0 + %1";
	case FE_OP_SUBTRACT: return "%0 - %1";
	case FE_OP_MULTIPLY: return "%0 * %1";
	case FE_OP_NEGATE: return "-%0";
	case FE_OP_ABS: return "abs(%0)";
	case FE_OP_ROUND:
		return is_sqlite ? "(%0 + CASE WHEN %0 < 0 THEN -%h ELSE %h END) / %u" : "round(%0, %d)";
	case FE_OP_RESCALE: return is_sqlite && n->detail ? "%0 * %u" : "%0";
	case FE_OP_ADD_TIME: return step_template(p, n);
	case FE_OP_TO_TIMESTAMP:
		return is_sqlite ? "%0 || ' 00:00:00.000000Z'" : "CAST(%0 AS timestamp) AT TIME ZONE 'UTC'";
	case FE_OP_TO_DATE:
		if (!n->zone)
			return is_sqlite ? "substr(%0, 1, 10)" : "CAST(%0 AT TIME ZONE 'UTC' AS date)";
		p->refused = "a time zone";
		return refused;
	case FE_OP_PART: return part_template(p, n);
	case FE_OP_CASE: return "CASE%c END";
	case FE_OP_COALESCE: return n->n_args > 1 ? "coalesce(%*)" : "%0";
	case FE_OP_NULLIF: return "nullif(%*)";
	case FE_OP_LEAST:
	case FE_OP_GREATEST: return extreme_template(p, n);
	case FE_OP_TRIM:
		return is_sqlite ? "trim(%0, ' ' || char(9, 10, 11, 12, 13))" : "btrim(%0, E' \\t\\n\\013\\f\\r')";
	case FE_OP_LENGTH: return is_sqlite ? "length(%0)" : "char_length(%0)";
	case FE_OP_SUBSTR: return substr_template(p, n);
	case FE_OP_CONCAT: return "%&";
	case FE_OP_NOW: p->refused = "now()"; return refused;
	case FE_OP_MATCHES: p->refused = "matches()"; return refused;
	case FE_OP_ROUND_DIVIDE: p->refused = "a division"; return refused;
	case FE_OP_LOWER: p->refused = "lower()"; return refused;
	case FE_OP_UPPER: p->refused = "upper()"; return refused;
	case FE_OP_LITERAL:
	case FE_OP_COLUMN:
	case FE_OP_DIVIDE:
	case FE_OP_INTERVAL: break;
	}
	p->refused = "this";
	return refused;
}

static bool
is_infix(const struct fe_node *n)
{
	switch (n->op) {
	case FE_OP_LITERAL:
	case FE_OP_COLUMN:
	case FE_OP_ABS:
	case FE_OP_PART:
	case FE_OP_TO_DATE:
	case FE_OP_COALESCE:
	case FE_OP_NULLIF:
	case FE_OP_TRIM:
	case FE_OP_LENGTH:
	case FE_OP_SUBSTR:
		return false;
	default:
		return true;
	}
}

/* A chain of one associative operation needs no parentheses to its left: long lists of
 * conditions must not nest deeper than the engines' parsers go. */
static bool
needs_parentheses(const struct fe_node *parent, const struct fe_node *child, size_t i)
{
	bool is_chain = child->op == parent->op && i == 0;

	return is_infix(child) && !(is_chain && (parent->op == FE_OP_AND || parent->op == FE_OP_OR ||
	                                         parent->op == FE_OP_ADD || parent->op == FE_OP_CONCAT));
}

static void
visit(struct printer *p, uint32_t node, bool in_parentheses)
{
	const struct fe_node *n = &p->e->nodes[node];

	if (n->op == FE_OP_COLUMN) {
		add_column(p, n);
	} else if (n->op == FE_OP_LITERAL && n->is_null) {
		fe_buf_add_text(p->out, "NULL");
	} else if (n->op == FE_OP_LITERAL) {
		add_value(p, n->type, n->value, n->text);
	} else {
		if (in_parentheses)
			fe_buf_add_char(p->out, '(');
		p->stack = fe_grow(p->stack, &p->cap_stack, p->n_stack + 1, sizeof(*p->stack));
		p->stack[p->n_stack++] = (struct place){ .node = node, .at = template_of(p, n),
			                                 .needs_close = in_parentheses };
	}
}

static void
visit_arg(struct printer *p, const struct fe_node *n, size_t i)
{
	visit(p, p->e->args[n->first_arg + i], needs_parentheses(n, fe_node_arg(p->e, n, i), i));
}

/* One more argument of a list; false when there was none left. */
static bool
list_step(struct printer *p, struct place *at, const struct fe_node *n, char directive)
{
	uint32_t i = at->next++;
	bool is_else = i + 1 == n->n_args && i % 2 == 0;
	const char *between = directive == '&' ? " || " : directive == 'n' ? " OR " : ", ";

	if (directive == 'n' && i)
		fe_buf_add_text(p->out, " IS NULL");
	if (i >= n->n_args) {
		at->next = 0;
		return false;
	}
	if (directive == 'c')
		fe_buf_add_text(p->out, is_else ? " ELSE " : i % 2 ? " THEN " : " WHEN ");
	else
		fe_buf_add_text(p->out, i ? between : "");
	visit_arg(p, n, i); /* may move the stack: at is not used after */
	return true;
}

static unsigned scale_of(const struct fe_node *n) { return n->type.kind == FE_DECIMAL ? n->type.scale : 0; }

static void
add_figure(struct printer *p, const struct fe_node *n, char directive)
{
	static const char *const signs[] = {
		[FE_EQ] = "=", [FE_NE] = "<>", [FE_LT] = "<", [FE_LE] = "<=", [FE_GT] = ">", [FE_GE] = ">=",
	};
	unsigned a = scale_of(fe_node_arg(p->e, n, 0)), b = n->n_args > 1 ? scale_of(fe_node_arg(p->e, n, 1)) : 0;
	unsigned shift = n->op == FE_OP_RESCALE ? n->detail : n->op == FE_OP_ROUND ? a - n->type.scale : 0;

	switch (directive) {
	case '=': fe_buf_add_text(p->out, signs[n->detail]); break;
	case 'x': fe_buf_add_i64(p->out, fe_pow10[b - a]); break;
	case 'y': fe_buf_add_i64(p->out, fe_pow10[a - b]); break;
	case 'u': fe_buf_add_i64(p->out, fe_pow10[shift]); break;
	case 'h': fe_buf_add_i64(p->out, fe_pow10[shift] / 2); break;
	case 'd': fe_buf_add_i64(p->out, n->type.scale); break;
	case 'l': add_like(p, n->like); break;
	case 's': add_set(p, n); break;
	case '+': fe_buf_add_char(p->out, n->value < 0 ? '-' : '+'); break;
	case 't': fe_buf_add_i64(p->out, (n->value < 0 ? -n->value : n->value) / FE_US_PER_SECOND); break;
	default: fe_buf_add_char(p->out, directive);
	}
}

/* Writes on at the top of the stack, up to the next argument or the end. */
static void
step(struct printer *p)
{
	struct place *at = &p->stack[p->n_stack - 1];
	const struct fe_node *n = &p->e->nodes[at->node];

	while (*at->at) {
		char directive;

		if (*at->at != '%') {
			fe_buf_add_char(p->out, *at->at++);
			continue;
		}
		directive = at->at[1];
		if (directive == '*' || directive == '&' || directive == 'c' || directive == 'n') {
			const char *after = at->at + 2;

			if (list_step(p, at, n, directive))
				return;
			at->at = after;
			continue;
		}
		at->at += 2;
		if (directive >= '0' && directive <= '2') {
			visit_arg(p, n, (size_t)(directive - '0'));
			return;
		}
		add_figure(p, n, directive);
	}
	if (at->needs_close)
		fe_buf_add_char(p->out, ')');
	p->n_stack--;
}

enum fe_rc
fe_expr_print_sql(const struct fe_expr *e, enum fe_sql_dialect dialect, struct fe_buf *out,
		  struct fe_err *err)
{
	struct printer p = { .e = e, .dialect = dialect, .out = out, .limit_bytes = out->n_bytes + MAX_SQL_BYTES };

	visit(&p, e->root, false);
	while (p.n_stack && !p.refused && !out->failed && out->n_bytes <= p.limit_bytes)
		step(&p);
	fe_free(p.stack);
	if (p.refused)
		return fe_fail(err, FE_EUSAGE, "%s has no exact counterpart in %s: it cannot stand in a check of a table; make it a rule",
		               p.refused, dialect == FE_SQL_SQLITE ? "SQLite" : "PostgreSQL");
	if (out->n_bytes > p.limit_bytes)
		return fe_fail(err, FE_ELIMIT, "this expression takes more than %u bytes as SQL", MAX_SQL_BYTES);
	return fe_buf_check(out, "SQL of an expression", err);
}
