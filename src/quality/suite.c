// SPDX-License-Identifier: Apache-2.0
/* quality/suite.c - see quality/suite.h
 *
 * The text is copied into the suite's arena and parsed there, so that everything the suite
 * says is a view of its own memory. Parameters come as texts too, and are parsed beside it.
 */
#include "quality/suite.h"

#include <inttypes.h>

#include "base/mem.h"
#include "base/text.h"
#include "quality/expectation.h"
#include "quality/kwargs.h"
#include "quality/params.h"

#define MAX_ITEMS 10000
#define MAX_MISTAKE_BYTES 4096

static const char *const suite_keys[] = {
	"name",  "id",    "expectations",           "suite_parameters", "meta",
	"notes", "data_asset_type", "expectation_suite_name", "ge_cloud_id",      "evaluation_parameters",
};
static const char *const item_keys[] = {
	"type", "id", "kwargs", "meta", "notes", "description", "severity", "rendered_content", "expectation_type",
	"ge_cloud_id", "expectation_context", "success_on_last_run",
};

const char *
fe_severity_name(enum fe_severity s)
{
	static const char *const names[] = {
		[FE_SEVERITY_INFO] = "info",
		[FE_SEVERITY_WARNING] = "warning",
		[FE_SEVERITY_CRITICAL] = "critical",
	};

	return names[s];
}

/* The first member that is none of the keys; NULL: all are. */
static const struct fe_json_value *
unknown_member(const struct fe_json_value *object, const char *const *keys, size_t n_keys)
{
	for (const struct fe_json_value *m = object->first; m; m = m->next) {
		size_t i = 0;

		while (i < n_keys && !fe_str_is(m->key, keys[i]))
			i++;
		if (i == n_keys)
			return m;
	}
	return NULL;
}

/* ---- one expectation ---- */

static void
mistake_of_key(struct fe_buf *mistake, struct fe_str key)
{
	fe_buf_add_text(mistake, "an expectation has no key '");
	fe_buf_add_printable(mistake, key, FE_JSON_MAX_KEY_BYTES);
	fe_buf_add_text(mistake, "'");
}

static void
read_severity(struct fe_suite_item *item, const struct fe_json_value *v, struct fe_buf *mistake)
{
	item->severity = FE_SEVERITY_CRITICAL;
	if (!v)
		return;
	for (int s = FE_SEVERITY_INFO; s <= FE_SEVERITY_CRITICAL; s++) {
		if (v->kind == FE_JSON_STRING && fe_str_is(v->text, fe_severity_name((enum fe_severity)s))) {
			item->severity = (enum fe_severity)s;
			return;
		}
	}
	fe_buf_addf(mistake, "%sseverity: must be critical, warning or info", mistake->n_bytes ? "; " : "");
}

static struct fe_str
raw_of(const struct fe_json_value *v, struct fe_arena *arena)
{
	if (!v || v->kind == FE_JSON_NULL)
		return (struct fe_str){ 0 };
	return fe_kwargs_squeeze(v->raw, arena);
}

/* The members that all expectations have; type and kwargs are found for what follows. */
static const struct fe_json_value *
read_face(struct fe_suite_item *item, const struct fe_json_value *v, struct fe_arena *arena, struct fe_buf *mistake)
{
	const struct fe_json_value *type = fe_json_get(v, "type"), *kwargs = fe_json_get(v, "kwargs");
	const struct fe_json_value *unknown = unknown_member(v, item_keys, sizeof(item_keys) / sizeof(item_keys[0]));

	if (!type)
		type = fe_json_get(v, "expectation_type");
	if (unknown)
		mistake_of_key(mistake, unknown->key);
	read_severity(item, fe_json_get(v, "severity"), mistake);
	item->meta = raw_of(fe_json_get(v, "meta"), arena);
	item->notes = raw_of(fe_json_get(v, "notes"), arena);
	item->description = raw_of(fe_json_get(v, "description"), arena);
	item->type = FE_STR("");
	item->raw_kwargs = FE_STR("{}");
	if (fe_json_is(type, FE_JSON_STRING))
		item->type = type->text;
	else
		fe_buf_addf(mistake, "%sit has no type", mistake->n_bytes ? "; " : "");
	if (fe_json_is(kwargs, FE_JSON_OBJECT))
		item->raw_kwargs = raw_of(kwargs, arena);
	else
		fe_buf_addf(mistake, "%sit has no kwargs", mistake->n_bytes ? "; " : "");
	return kwargs;
}

/* Great Expectations knows them, and finetl does not answer them: what for. NULL: none of those. */
static const char *
why_not_answered(struct fe_str type)
{
	static const struct { const char *type, *why; } all[] = {
		{ "unexpected_rows_expectation", "it is SQL" },
		{ "expect_query_results_to_match_comparison", "it is SQL" },
		{ "expect_column_kl_divergence_to_be_less_than", "it needs a model" },
		{ "expect_table_row_count_to_equal_other_table", "it needs a second table" },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (fe_str_is(type, all[i].type))
			return all[i].why;
	return NULL;
}

static void
mistake_of_type(const struct fe_suite_item *item, struct fe_buf *mistake)
{
	const char *why = why_not_answered(item->type);
	const struct fe_expectation_kind *kind;
	const char *names[256];
	const char *nearest;
	size_t n = 0;

	while (n < sizeof(names) / sizeof(names[0]) && (kind = fe_expectation_kind_at(n)) != NULL)
		names[n++] = kind->type;
	nearest = fe_text_nearest(item->type, names, n);
	fe_buf_add_text(mistake, mistake->n_bytes ? "; " : "");
	if (why) {
		fe_buf_addf(mistake, "%.*s is not answered: %s", FE_STR_ARGS(item->type), why);
		return;
	}
	fe_buf_add_text(mistake, "there is no expectation '");
	fe_buf_add_printable(mistake, item->type, 128);
	fe_buf_addf(mistake, nearest ? "'; the nearest is %s" : "'%s", nearest ? nearest : "");
}

static void
read_item(struct fe_suite_item *item, const struct fe_json_value *v, const struct fe_suite_settings *set,
          struct fe_arena *arena)
{
	const struct fe_json_value *kwargs;
	struct fe_buf mistake;

	fe_buf_init(&mistake, MAX_MISTAKE_BYTES);
	kwargs = read_face(item, v, arena, &mistake);
	if (item->type.n)
		item->kind = fe_expectation_kind_of(item->type);
	if (!item->kind && item->type.n)
		mistake_of_type(item, &mistake);
	if (item->kind && fe_json_is(kwargs, FE_JSON_OBJECT)) {
		kwargs = fe_params_fill(kwargs, set, arena, &mistake);
		if (kwargs)
			fe_kwargs_read(item, kwargs, arena, &mistake);
		item->lacks_parameter = !kwargs;
	}
	if (mistake.n_bytes || mistake.failed)
		item->mistake = fe_arena_copy(arena, mistake.p, mistake.n_bytes);
	fe_buf_reset(&mistake);
}

/* ---- the suite ---- */

static enum fe_rc
not_a_suite(const struct fe_suite_settings *set, struct fe_err *err, const char *why)
{
	enum fe_rc rc = fe_fail(err, FE_EUSAGE, "this is no suite of expectations: %s", why);

	fe_err_at(err, set->path, 0, NULL);
	return rc;
}

static enum fe_rc
read_face_of_suite(struct fe_suite *s, const struct fe_json_value *v, const struct fe_suite_settings *set,
                   struct fe_err *err)
{
	const struct fe_json_value *name = fe_json_get(v, "name"), *unknown;

	if (!fe_json_is(v, FE_JSON_OBJECT))
		return not_a_suite(set, err, "it must be an object");
	unknown = unknown_member(v, suite_keys, sizeof(suite_keys) / sizeof(suite_keys[0]));
	if (unknown) {
		char key[FE_JSON_MAX_KEY_BYTES + 32];
		struct fe_buf why;

		fe_buf_init(&why, sizeof(key));
		fe_buf_add_text(&why, "it has no key '");
		fe_buf_add_printable(&why, unknown->key, sizeof(key) - 32);
		fe_buf_add_char(&why, '\'');
		enum fe_rc rc = not_a_suite(set, err, fe_buf_text(&why));

		fe_buf_reset(&why);
		return rc;
	}
	if (!name)
		name = fe_json_get(v, "expectation_suite_name");
	if (!fe_json_is(name, FE_JSON_STRING) || name->text.n == 0)
		return not_a_suite(set, err, "it has no name");
	s->name = name->text;
	return FE_OK;
}

/* Adds what the suite has for parameters to those that are given, which come first and win. */
static enum fe_rc
add_defaults(const struct fe_json_value *root, struct fe_suite_settings *set, struct fe_arena *arena, struct fe_err *err)
{
	const struct fe_json_value *own = fe_json_get(root, "suite_parameters");

	if (!own)
		own = fe_json_get(root, "evaluation_parameters");
	if (!own || own->kind == FE_JSON_NULL)
		return FE_OK;
	if (own->kind != FE_JSON_OBJECT)
		return not_a_suite(set, err, "its parameters must be an object");
	struct fe_suite_param *all = fe_arena_alloc(arena, (set->n_params + own->n_children + 1) * sizeof(*all));
	if (set->n_params)
		memcpy(all, set->params, set->n_params * sizeof(*all));
	for (const struct fe_json_value *v = own->first; v; v = v->next)
		all[set->n_params++] = (struct fe_suite_param){ fe_arena_copy(arena, v->key.p, v->key.n), v->raw };
	set->params = all;
	return FE_OK;
}

static enum fe_rc
read_items(struct fe_suite *s, const struct fe_json_value *list, const struct fe_suite_settings *set, struct fe_err *err)
{
	if (!fe_json_is(list, FE_JSON_ARRAY))
		return not_a_suite(set, err, "it has no list of expectations");
	if (list->n_children > MAX_ITEMS)
		return fe_fail(err, FE_ELIMIT, "a suite has at most %d expectations; this one has %zu", MAX_ITEMS,
		               list->n_children);
	s->items = fe_arena_alloc_zero(&s->arena, (list->n_children + 1) * sizeof(*s->items));
	for (const struct fe_json_value *v = list->first; v; v = v->next) {
		if (v->kind != FE_JSON_OBJECT)
			return not_a_suite(set, err, "an expectation must be an object");
		read_item(&s->items[s->n_items++], v, set, &s->arena);
	}
	return FE_OK;
}

static enum fe_rc
refuse_mistakes(const struct fe_suite *s, const struct fe_suite_settings *set, struct fe_err *err)
{
	enum fe_rc rc = FE_OK;
	struct fe_buf all;

	fe_buf_init(&all, (size_t)1 << 20);
	for (size_t i = 0; i < s->n_items; i++) {
		if (!s->items[i].mistake)
			continue;
		fe_buf_addf(&all, "%sexpectation %zu (", all.n_bytes ? ". " : "", i + 1);
		fe_buf_add_printable(&all, s->items[i].type, 128);
		fe_buf_addf(&all, "): %s", s->items[i].mistake);
	}
	if (all.n_bytes) {
		rc = fe_fail(err, FE_EUSAGE, "%s", fe_buf_text(&all));
		fe_err_at(err, set->path, 0, NULL);
	}
	fe_buf_reset(&all);
	return rc;
}

enum fe_rc
fe_suite_read(struct fe_suite **out, struct fe_str text, const struct fe_suite_settings *set, struct fe_err *err)
{
	struct fe_suite *s = fe_new(struct fe_suite);
	struct fe_str own = { fe_arena_copy(&s->arena, text.n ? text.p : "", text.n), text.n };
	const struct fe_json_value *root;
	enum fe_rc rc;

	*out = NULL;
	rc = fe_json_parse(own, &s->arena, &root, err);
	if (rc) {
		fe_err_at(err, set->path, 0, NULL);
		goto fail;
	}
	rc = read_face_of_suite(s, root, set, err);
	struct fe_suite_settings with_own = *set;
	if (rc == FE_OK)
		rc = add_defaults(root, &with_own, &s->arena, err);
	if (rc == FE_OK)
		rc = read_items(s, fe_json_get(root, "expectations"), &with_own, err);
	if (rc == FE_OK && set->is_strict)
		rc = refuse_mistakes(s, set, err);
	if (rc)
		goto fail;
	*out = s;
	return FE_OK;
fail:
	fe_suite_free(s);
	return rc;
}

void
fe_suite_free(struct fe_suite *s)
{
	if (!s)
		return;
	fe_arena_free(&s->arena);
	fe_free(s);
}

const struct fe_kwarg *
fe_suite_kwarg(const struct fe_suite_item *item, const char *name)
{
	for (size_t i = 0; i < item->n_kwargs; i++) {
		if (strcmp(item->kwargs[i].name, name) == 0)
			return &item->kwargs[i];
	}
	fe_assert_failed("a kwarg of the kind's table", __FILE__, __LINE__);
}
