// SPDX-License-Identifier: Apache-2.0
/* quality/params.c - see quality/params.h */
#include "quality/params.h"

#include "base/double.h"
#include "base/mem.h"
#include "base/text.h"
#include "quality/param_expr.h"

static const struct fe_json_value *
parsed(struct fe_str json, struct fe_arena *arena, struct fe_err *err)
{
	const struct fe_json_value *v;

	if (fe_json_parse((struct fe_str){ fe_arena_copy(arena, json.p, json.n), json.n }, arena, &v, err))
		return NULL;
	return v;
}

/* Of an expression, its value as JSON. */
static const struct fe_json_value *
value_of_expr(struct fe_str text, const struct fe_suite_settings *set, struct fe_arena *arena, struct fe_buf *mistake)
{
	struct fe_err err = FE_ERR_INIT;
	char number[FE_DOUBLE_TEXT_BYTES];
	double v;

	if (fe_param_expr_eval(text, set->params, set->n_params, &v, &err) == FE_OK)
		return parsed((struct fe_str){ number, fe_double_format(v, number) }, arena, &err);
	fe_buf_addf(mistake, "%s$PARAMETER ", mistake->n_bytes ? "; " : "");
	fe_buf_add_printable(mistake, text, 128);
	fe_buf_addf(mistake, ": %s", err.text);
	return NULL;
}

static void
mistake_of_absent(struct fe_str name, const struct fe_suite_settings *set, struct fe_buf *mistake)
{
	const char **names = fe_new_array(set->n_params + 1, const char *);

	for (size_t i = 0; i < set->n_params; i++)
		names[i] = set->params[i].name;
	const char *nearest = fe_text_nearest(name, names, set->n_params);
	fe_buf_addf(mistake, "%sno value was given for $PARAMETER ", mistake->n_bytes ? "; " : "");
	fe_buf_add_printable(mistake, name, 128);
	if (nearest)
		fe_buf_addf(mistake, "; did you mean %s?", nearest);
	fe_free(names);
}

static const struct fe_json_value *
value_of(struct fe_str name, const struct fe_suite_settings *set, struct fe_arena *arena, struct fe_buf *mistake)
{
	struct fe_err err = FE_ERR_INIT;
	const struct fe_json_value *v;

	for (size_t i = 0; i < set->n_params; i++) {
		if (!fe_str_is(name, set->params[i].name))
			continue;
		v = parsed(set->params[i].json, arena, &err);
		if (v)
			return v;
		fe_buf_addf(mistake, "%sthe value of $PARAMETER %s is no JSON: %s", mistake->n_bytes ? "; " : "",
		            set->params[i].name, err.text);
		return NULL;
	}
	if (fe_param_is_expr(name))
		return value_of_expr(name, set, arena, mistake);
	mistake_of_absent(name, set, mistake);
	return NULL;
}

const struct fe_json_value *
fe_params_fill(const struct fe_json_value *kwargs, const struct fe_suite_settings *set, struct fe_arena *arena,
               struct fe_buf *mistake)
{
	struct fe_json_value *copy = fe_arena_alloc_zero(arena, sizeof(*copy)), *last = NULL;

	*copy = *kwargs;
	copy->first = NULL;
	copy->n_children = 0;
	for (const struct fe_json_value *m = kwargs->first; m; m = m->next) {
		const struct fe_json_value *name = m->n_children == 1 ? fe_json_get(m, "$PARAMETER") : NULL;
		struct fe_json_value *to = fe_arena_alloc_zero(arena, sizeof(*to));
		const struct fe_json_value *v = m;

		if (fe_json_is(name, FE_JSON_STRING))
			v = value_of(name->text, set, arena, mistake);
		if (!v)
			return NULL;
		*to = *v;
		to->key = m->key;
		to->next = NULL;
		if (last)
			last->next = to;
		else
			copy->first = to;
		last = to;
		copy->n_children++;
	}
	return copy;
}
