// SPDX-License-Identifier: Apache-2.0
/* db/names.c - names and literals in the text of SQL
 *
 * A name that reads the same in both engines stands as it is; any other is quoted. So a
 * keyword of either is quoted, and a name with a capital letter, which PostgreSQL would
 * fold.
 */
#include <limits.h>
#include <sqlite3.h>
#include <stdlib.h>

#include "db/db.h"

/* Keywords of PostgreSQL 15 that cannot stand for every name, in the order of strcmp:
 * those that pg_get_keywords() does not call unreserved. */
static const char *const keywords[] = {
	/* clang-format off */
	"all", "analyse", "analyze", "and", "any", "array", "as", "asc", "asymmetric",
	"authorization", "between", "bigint", "binary", "bit", "boolean", "both", "case",
	"cast", "char", "character", "check", "coalesce", "collate", "collation", "column",
	"concurrently", "constraint", "create", "cross", "current_catalog", "current_date",
	"current_role", "current_schema", "current_time", "current_timestamp", "current_user",
	"dec", "decimal", "default", "deferrable", "desc", "distinct", "do", "else", "end",
	"except", "exists", "extract", "false", "fetch", "float", "for", "foreign", "freeze",
	"from", "full", "grant", "greatest", "group", "grouping", "having", "ilike", "in",
	"initially", "inner", "inout", "int", "integer", "intersect", "interval", "into", "is",
	"isnull", "join", "lateral", "leading", "least", "left", "like", "limit", "localtime",
	"localtimestamp", "national", "natural", "nchar", "none", "normalize", "not", "notnull",
	"null", "nullif", "numeric", "offset", "on", "only", "or", "order", "out", "outer",
	"overlaps", "overlay", "placing", "position", "precision", "primary", "real",
	"references", "returning", "right", "row", "select", "session_user", "setof", "similar",
	"smallint", "some", "substring", "symmetric", "table", "tablesample", "then", "time",
	"timestamp", "to", "trailing", "treat", "trim", "true", "union", "unique", "user",
	"using", "values", "varchar", "variadic", "verbose", "when", "where", "window", "with",
	"xmlattributes", "xmlconcat", "xmlelement", "xmlexists", "xmlforest", "xmlnamespaces",
	"xmlparse", "xmlpi", "xmlroot", "xmlserialize", "xmltable",
	/* clang-format on */
};

static int
compare(const void *name, const void *keyword)
{
	return strcmp((const char *)name, *(const char *const *)keyword);
}

static bool
is_plain_name(const char *name)
{
	size_t n = strlen(name), i;

	if (n == 0 || n > INT_MAX || (name[0] >= '0' && name[0] <= '9'))
		return false;
	for (i = 0; i < n; i++) {
		char c = name[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'))
			return false;
	}
	return !sqlite3_keyword_check(name, (int)n) &&
	       !bsearch(name, keywords, sizeof(keywords) / sizeof(keywords[0]),
	                sizeof(keywords[0]), compare);
}

static void
add_quoted(struct fe_buf *out, struct fe_str text, char quote)
{
	size_t i;

	fe_buf_add_char(out, quote);
	for (i = 0; i < text.n; i++) {
		if (text.p[i] == quote)
			fe_buf_add_char(out, quote);
		fe_buf_add_char(out, text.p[i]);
	}
	fe_buf_add_char(out, quote);
}

void
fe_db_add_name(struct fe_buf *out, const char *name)
{
	if (is_plain_name(name))
		fe_buf_add_text(out, name);
	else
		add_quoted(out, fe_str_of(name), '"');
}

void
fe_db_add_literal(struct fe_buf *out, struct fe_str text)
{
	add_quoted(out, text, '\'');
}
