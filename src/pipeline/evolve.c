// SPDX-License-Identifier: Apache-2.0
/* pipeline/evolve.c - see pipeline/evolve.h */
#include "pipeline/evolve.h"

#include "base/log.h"
#include "base/text.h"
#include "load/catalog.h"
#include "load/record.h"
#include "pipeline/connectors.h"
#include "pipeline/watermark.h"

#define WAIT_MS 5000
#define MAX_VALUE_BYTES 4096
#define NAME_BYTES 64

struct finding {
	const char *from;
	char name[NAME_BYTES];
	bool is_named; /* and nothing else is named so */
};

struct evolution {
	const struct fe_evolve_settings *set;
	const struct fe_plan *plan;
	struct fe_plan_added_column *added;
	size_t n_added, cap_added;
	struct fe_arena arena; /* of what added points to */
};

/* ---- names ---- */

bool
fe_evolve_name(struct fe_str from, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < from.n && n < NAME_BYTES - 1; i++) {
		char c = from.p[i];
		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		bool is_plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
		if (is_plain && n == 0 && c <= '9')
			out[n++] = '_';
		if (is_plain || (c == '_' && from.n == 1) || (n > 0 && out[n - 1] != '_'))
			out[n++] = is_plain ? c : '_';
	}
	while (n > 1 && out[n - 1] == '_')
		n--;
	out[n] = '\0';
	return fe_is_sql_name((struct fe_str){ out, n });
}

static bool
is_taken(const struct fe_plan_dataset *d, const char *name)
{
	return fe_schema_find(&d->schema, fe_str_of(name)) != FE_NO_COLUMN;
}

static bool
is_declared(const struct fe_plan_dataset *d, const char *from)
{
	for (size_t i = 0; i < d->schema.n_source; i++)
		if (!d->source_set.columns[i].is_computed && strcmp(d->source_set.columns[i].from, from) == 0)
			return true;
	return false;
}

/* Those that can be columns, each with a name of its own. */
static size_t
choose(const struct fe_plan_dataset *d, const struct fe_source_look *look, struct finding *out)
{
	size_t n = 0;

	for (size_t i = 0; i < look->n_columns; i++) {
		const struct fe_source_column_found *c = &look->columns[i];
		if (!c->is_value || is_declared(d, c->name))
			continue;
		out[n] = (struct finding){ .from = c->name };
		out[n].is_named = fe_evolve_name(fe_str_of(c->name), out[n].name) && !is_taken(d, out[n].name);
		n++;
	}
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < i; j++)
			if (strcmp(out[i].name, out[j].name) == 0)
				out[i].is_named = out[j].is_named = false;
	return n;
}

/* ---- the window ---- */

static enum fe_rc
ask_kept(const struct fe_plan *plan, const struct fe_plan_dataset *d, struct fe_buf *value, bool *found, struct fe_err *err)
{
	const struct fe_run_watermark what = { .dataset = d->name, .cursor = d->cursor->name };
	struct fe_catalog *c;
	struct fe_err none = FE_ERR_INIT;

	*found = false;
	if (!fe_warehouse_is_database(plan->warehouse))
		return FE_OK;
	enum fe_rc rc = fe_catalog_open(&c, plan->warehouse, WAIT_MS, &none);
	if (rc == FE_EUSAGE) /* no run has been there yet */
		return FE_OK;
	if (rc) {
		*err = none;
		return rc;
	}
	rc = fe_record_watermark(fe_catalog_db(c), plan->name, &what, value, found, err);
	fe_catalog_close(c);
	return rc;
}

enum fe_rc
fe_evolve_window(const struct fe_plan *plan, const struct fe_plan_dataset *d, const struct fe_evolve_settings *set,
                 struct fe_watermark **w, struct fe_source_window *window, struct fe_err *err)
{
	struct fe_watermark_settings own = { .dataset = d, .run_time_us = set->run_time_us, .from = set->from, .until = set->until };
	struct fe_buf value;
	bool found;

	*w = NULL;
	if (!d->cursor)
		return FE_OK;
	fe_buf_init(&value, MAX_VALUE_BYTES);
	enum fe_rc rc = ask_kept(plan, d, &value, &found, err);
	if (found)
		own.kept = fe_buf_text(&value);
	if (rc == FE_OK)
		rc = fe_watermark_open(w, &own, window, err);
	fe_buf_reset(&value);
	return rc;
}

/* ---- looking ---- */

static void
add_columns(struct evolution *e, const struct fe_plan_dataset *d, const struct finding *found, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!found[i].is_named) {
			fe_log(FE_LOG_WARN, "a column has no name of its own among those of the data set, and is not added; declare it",
			       "dataset", d->name, "column", found[i].from, NULL);
			continue;
		}
		e->added = fe_grow(e->added, &e->cap_added, e->n_added + 1, sizeof *e->added);
		e->added[e->n_added++] = (struct fe_plan_added_column){
			.dataset = fe_arena_copy(&e->arena, d->name, strlen(d->name)),
			.name = fe_arena_copy(&e->arena, found[i].name, strlen(found[i].name)),
			.from = fe_arena_copy(&e->arena, found[i].from, strlen(found[i].from)),
		};
	}
}

static enum fe_rc
look_at(struct evolution *e, const struct fe_plan_dataset *d, struct fe_err *err)
{
	struct fe_source_settings set = d->source_set;
	struct fe_source_look look = { 0 };
	struct fe_watermark *w = NULL;

	set.clock = e->set->clock;
	enum fe_rc rc = fe_evolve_window(e->plan, d, e->set, &w, &set.window, err);
	if (rc == FE_OK)
		rc = fe_source_look(&look, d->source, &set, err);
	if (rc == FE_OK) {
		struct finding *found = fe_new_array(look.n_columns + 1, struct finding);
		add_columns(e, d, found, choose(d, &look, found));
		fe_free(found);
	}
	fe_source_look_reset(&look);
	fe_watermark_free(w);
	return rc;
}

static bool
look_at_all(struct evolution *e)
{
	for (size_t i = 0; i < e->plan->n_datasets; i++) {
		const struct fe_plan_dataset *d = &e->plan->datasets[i];
		struct fe_err why = FE_ERR_INIT;
		char text[FE_ERR_TEXT_BYTES + 512];
		if (d->is_selected && d->source_set.contract == FE_CONTRACT_EVOLVE && look_at(e, d, &why))
			fe_log(FE_LOG_WARN, "the source could not be looked at; columns that are not declared are discarded",
			       "dataset", d->name, "cause", fe_err_print(&why, text, sizeof text), NULL);
	}
	return e->n_added > 0;
}

enum fe_rc
fe_plan_load_evolved(struct fe_plan **out, const struct fe_plan_settings *set, const struct fe_evolve_settings *evolve,
                     struct fe_mistakes *mistakes, struct fe_err *err)
{
	struct evolution e = { .set = evolve };
	struct fe_plan *declared;
	enum fe_rc rc;

	FE_TRY(fe_plan_load(&declared, set, mistakes, err));
	e.plan = declared;
	if (look_at_all(&e)) {
		struct fe_plan_settings more = *set;
		more.added = e.added;
		more.n_added = e.n_added;
		if (set->connects) { /* with its secret already */
			more.warehouse = declared->warehouse;
			more.connects = false;
		}
		rc = fe_plan_load(out, &more, mistakes, err);
		fe_plan_free(declared);
	} else {
		*out = declared;
		rc = FE_OK;
	}
	fe_free(e.added);
	fe_arena_free(&e.arena);
	return rc;
}
