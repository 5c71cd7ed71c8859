// SPDX-License-Identifier: Apache-2.0
/* expr/expr.c - an expression from its text, and what can be asked of it */
#include "base/regex.h"
#include "base/text.h"
#include "base/zone.h"
#include "expr/kernel.h"

void
fe_expr_free(struct fe_expr *e)
{
	if (!e)
		return;
	for (size_t i = 0; i < e->n_zones; i++)
		fe_zone_free(e->zones[i]);
	for (size_t i = 0; i < e->n_patterns; i++)
		fe_regex_free(e->patterns[i]);
	fe_free(e->zones);
	fe_free(e->patterns);
	fe_free(e->nodes);
	fe_free(e->args);
	fe_free(e->steps);
	fe_free(e->is_used);
	fe_arena_free(&e->arena);
	fe_free(e);
}

enum fe_rc
fe_expr_parse(struct fe_expr **out, struct fe_str text, const struct fe_schema *schema,
	      size_t n_visible, struct fe_err *err)
{
	struct fe_expr *e;
	enum fe_rc rc;

	*out = NULL;
	if (text.n > FE_EXPR_MAX_TEXT_BYTES)
		return fe_fail(err, FE_ELIMIT, "this expression has %zu bytes; the limit is %u", text.n, FE_EXPR_MAX_TEXT_BYTES);
	if (!fe_utf8_is_valid(text) || (text.n && memchr(text.p, '\0', text.n)))
		return fe_fail(err, FE_EUSAGE, "this expression is not valid UTF-8 text");
	e = fe_new(struct fe_expr);
	rc = fe_parse(e, text, schema, n_visible, err);
	if (rc == FE_OK)
		rc = fe_expr_plan(e, err);
	if (rc) {
		fe_expr_free(e);
		return rc;
	}
	*out = e;
	return FE_OK;
}

struct fe_type fe_expr_type(const struct fe_expr *e) { return e->nodes[e->root].type; }

bool
fe_expr_uses(const struct fe_expr *e, size_t column)
{
	for (size_t i = 0; i < e->n_nodes; i++)
		if (e->is_used[i] && e->nodes[i].op == FE_OP_COLUMN && e->nodes[i].column == column)
			return true;
	return false;
}

bool
fe_expr_uses_now(const struct fe_expr *e)
{
	for (size_t i = 0; i < e->n_nodes; i++)
		if (e->is_used[i] && e->nodes[i].op == FE_OP_NOW)
			return true;
	return false;
}
