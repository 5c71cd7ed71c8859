// SPDX-License-Identifier: Apache-2.0
/* pipeline/preview.c - see pipeline/preview.h */
#include "pipeline/preview.h"

#include "base/text.h"
#include "extract/query.h"
#include "load/catalog.h"
#include "load/forecast.h"
#include "load/record.h"
#include "pipeline/connectors.h"
#include "pipeline/evolve.h"
#include "pipeline/preview_parts.h"
#include "pipeline/redact.h"
#include "pipeline/watermark.h"

#define WAIT_MS 5000

struct preview {
	const struct fe_preview_settings *set;
	const struct fe_plan_dataset *d; /* at hand */
	struct fe_preview_out out;
	struct fe_catalog *catalog;      /* NULL: there is no warehouse yet, or it is no database */
	bool is_used;                    /* a run has written to it */
};

void
fe_preview_fact(struct fe_preview_out *out, const char *key, const char *label, struct fe_str value)
{
	fe_json_str(&out->json, key, value);
	fe_buf_addf(out->text, "  %-11s ", label);
	fe_buf_add_printable(out->text, value, 4096);
	fe_buf_add_char(out->text, '\n');
}

/* ---- the warehouse ---- */

static enum fe_rc
open_warehouse(struct preview *p, struct fe_err *err)
{
	const char *url = p->set->plan->warehouse;
	struct fe_err why = FE_ERR_INIT;

	if (!fe_warehouse_is_database(url))
		return FE_OK;
	enum fe_rc rc = fe_catalog_open_any(&p->catalog, url, WAIT_MS, &p->is_used, &why);
	if (rc && rc != FE_EUSAGE)
		*err = why;
	return rc == FE_EUSAGE ? FE_OK : rc; /* no such file: a run would make it */
}

static bool
is_known_object(void *ctx, const struct fe_object_id *id)
{
	struct preview *p = ctx;
	struct fe_err err = FE_ERR_INIT;
	bool known = false;

	return p->is_used &&
	       fe_record_object_known(fe_catalog_db(p->catalog), p->set->plan->name, p->d->name, id, &known, &err) == FE_OK &&
	       known;
}

/* ---- the table ---- */

static void
add_statements(struct preview *p, const char *key, const struct fe_buf *sql)
{
	struct fe_str rest = fe_buf_str(sql);

	fe_json_array(&p->out.json, key);
	while (rest.n) {
		const char *end = memchr(rest.p, '\n', rest.n);
		size_t n = end ? (size_t)(end - rest.p) : rest.n;
		fe_json_str(&p->out.json, NULL, (struct fe_str){ rest.p, n });
		fe_buf_add_text(p->out.text, "    ");
		fe_buf_add_printable(p->out.text, (struct fe_str){ rest.p, n }, 4096);
		fe_buf_add_char(p->out.text, '\n');
		n += end != NULL;
		rest = (struct fe_str){ rest.p + n, rest.n - n };
	}
	fe_json_array_end(&p->out.json);
}

static void
add_forecast(struct preview *p, const struct fe_forecast *f)
{
	fe_json_bool(&p->out.json, "table_exists", f->is_there);
	if (f->conflict.rc != FE_OK)
		fe_preview_fact(&p->out, "conflict", "conflict", fe_str_of(f->conflict.text));
	else
		fe_preview_fact(&p->out, "strategy", "how", fe_str_of(f->strategy));
	add_statements(p, "ddl", &f->ddl);
	if (f->conflict.rc == FE_OK)
		add_statements(p, "merge", &f->merge);
}

static enum fe_rc
preview_table(struct preview *p, const struct fe_table *table, struct fe_err *err)
{
	const char *url = p->set->plan->warehouse;
	struct fe_forecast f;

	fe_preview_fact(&p->out, "table", "into", fe_str_of(table->name));
	if (!fe_warehouse_is_database(url))
		return FE_OK;
	enum fe_rc rc = fe_forecast_table(&f, p->catalog ? fe_catalog_db(p->catalog) : NULL, fe_warehouse_is_server(url), table,
	                                  p->set->run_time_us, err);
	if (rc == FE_OK)
		add_forecast(p, &f);
	fe_forecast_reset(&f);
	return rc;
}

/* ---- a data set ---- */

static void
add_added(struct preview *p)
{
	const struct fe_plan_dataset *d = p->d;

	fe_json_object(&p->out.json, "added_columns");
	for (size_t i = d->schema.n_source - d->n_evolved; i < d->schema.n_source; i++) {
		fe_json_text(&p->out.json, d->schema.fields[i].name, d->source_set.columns[i].from);
		fe_buf_addf(p->out.text, "  adds        %s, read from ", d->schema.fields[i].name);
		fe_buf_add_printable(p->out.text, fe_str_of(d->source_set.columns[i].from), 80);
		fe_buf_add_char(p->out.text, '\n');
	}
	fe_json_object_end(&p->out.json);
}

static void
add_references(struct preview *p)
{
	const struct fe_plan_dataset *d = p->d;
	struct fe_json *j = &p->out.json;

	fe_json_array(j, "references");
	for (size_t i = 0; i < d->n_references; i++) {
		const struct fe_plan_reference *r = &d->references[i];
		const char *column = d->schema.fields[r->column].name;
		fe_json_object(j, NULL);
		fe_json_text(j, "id", r->id);
		fe_json_text(j, "column", column);
		fe_json_text(j, "target", r->target);
		fe_json_text(j, "on_missing", r->makes_placeholders ? "placeholder" : "reject");
		fe_json_object_end(j);
		fe_buf_addf(p->out.text, "  refers      %s to %s, else %s%s\n", column, r->target,
			    r->makes_placeholders ? "a placeholder is made there" : "rejected as ", r->makes_placeholders ? "" : r->id);
	}
	fe_json_array_end(j);
}

/* The settings that a run would open the source with. */
static enum fe_rc
fill_settings(struct preview *p, struct fe_source_settings *out, struct fe_watermark **w, struct fe_err *err)
{
	const struct fe_evolve_settings evolve = {
		.clock = p->set->clock, .run_time_us = p->set->run_time_us, .from = p->set->from, .until = p->set->until,
	};

	*out = p->d->source_set;
	out->clock = p->set->clock;
	if (p->d->incremental_objects && !p->set->reprocess) {
		out->skip_object = is_known_object;
		out->skip_ctx = p;
	}
	return fe_evolve_window(p->set->plan, p->d, &evolve, w, &out->window, err);
}

static enum fe_rc
preview_one(struct preview *p, const struct fe_table *table, struct fe_err *err)
{
	struct fe_source_settings set;
	struct fe_watermark *w = NULL;

	fe_json_object(&p->out.json, NULL);
	fe_json_text(&p->out.json, "name", p->d->name);
	fe_buf_addf(p->out.text, "\n%s\n", p->d->name);
	enum fe_rc rc = fill_settings(p, &set, &w, err);
	if (rc == FE_OK)
		rc = fe_preview_source(&p->out, p->d, &set, err);
	if (rc == FE_OK && !p->set->limit)
		fe_preview_estimate(&p->out, p->d, &set);
	add_added(p);
	add_references(p);
	if (rc == FE_OK)
		rc = preview_table(p, table, err);
	if (rc == FE_OK && p->set->limit && strcmp(set.location, "-") != 0)
		rc = fe_preview_sample(&p->out, p->d, &set, p->set->limit, p->set->run_time_us, err);
	fe_watermark_free(w);
	fe_json_object_end(&p->out.json);
	return rc;
}

static enum fe_rc
begin(struct preview *p, const struct fe_preview_settings *set, struct fe_buf *json, struct fe_buf *text, struct fe_err *err)
{
	*p = (struct preview){ .set = set, .out.text = text };
	fe_json_init(&p->out.json, json, 0);
	return open_warehouse(p, err);
}

enum fe_rc
fe_preview(const struct fe_preview_settings *set, struct fe_buf *json, struct fe_buf *text, struct fe_err *err)
{
	const struct fe_plan *plan = set->plan;
	struct preview p;
	enum fe_rc rc;

	FE_TRY(begin(&p, set, json, text, err));
	fe_json_object(&p.out.json, NULL);
	fe_json_text(&p.out.json, "pipeline", plan->name);
	fe_redacted_url_json(&p.out.json, "warehouse", plan->warehouse);
	fe_json_time(&p.out.json, "run_time", set->run_time_us);
	fe_buf_addf(text, "%s would be loaded into ", plan->name);
	fe_buf_add_redacted_url(text, plan->warehouse ? plan->warehouse : "a warehouse that is not named yet");
	fe_buf_add_text(text, "; nothing is written now\n");
	fe_json_array(&p.out.json, "datasets");
	rc = FE_OK;
	for (size_t i = 0; i < plan->n_datasets && rc == FE_OK; i++) {
		p.d = &plan->datasets[i];
		if (p.d->is_selected)
			rc = preview_one(&p, &plan->tables[i], err);
	}
	fe_json_array_end(&p.out.json);
	fe_json_object_end(&p.out.json);
	fe_catalog_close(p.catalog);
	return rc;
}

/* ---- trying a source ---- */

static size_t
find_declared(const struct fe_plan_dataset *d, const char *from)
{
	for (size_t i = 0; i < d->schema.n_source; i++)
		if (!d->source_set.columns[i].is_computed && strcmp(d->source_set.columns[i].from, from) == 0)
			return i;
	return FE_NO_COLUMN;
}

static void
add_column(struct preview *p, const char *from, const char *found, const char *name, const char *declared)
{
	struct fe_json *j = &p->out.json;

	fe_json_object(j, NULL);
	fe_json_text(j, "from", from);
	fe_json_text(j, "found", found);
	fe_json_text(j, "name", name);
	fe_json_text(j, "declared", declared);
	fe_json_object_end(j);
	fe_buf_add_text(p->out.text, "    ");
	fe_buf_add_printable(p->out.text, fe_str_of(from), 40);
	fe_buf_addf(p->out.text, "  %s%s%s%s%s\n", found ? (*found ? found : "there") : "NOT FOUND",
		    declared ? "; declared as " : "; NOT DECLARED", declared ? name : "", declared ? " " : "", declared ? declared : "");
}

static void
add_columns(struct preview *p, const struct fe_source_look *look)
{
	const struct fe_plan_dataset *d = p->d;
	char type[FE_TYPE_TEXT_BYTES];

	fe_buf_add_text(p->out.text, "  columns\n");
	fe_json_array(&p->out.json, "columns");
	for (size_t i = 0; i < look->n_columns; i++) {
		size_t at = find_declared(d, look->columns[i].name);
		bool is_declared = at != FE_NO_COLUMN;
		add_column(p, look->columns[i].name, look->columns[i].type, is_declared ? d->schema.fields[at].name : NULL,
			   is_declared ? fe_type_print(d->schema.fields[at].type, type) : NULL);
	}
	for (size_t i = 0; i < d->schema.n_source; i++) {
		const char *from = d->source_set.columns[i].from;
		bool is_there = d->source_set.columns[i].is_computed;
		for (size_t k = 0; k < look->n_columns && !is_there; k++)
			is_there = strcmp(look->columns[k].name, from) == 0;
		if (!is_there)
			add_column(p, from, NULL, d->schema.fields[i].name, fe_type_print(d->schema.fields[i].type, type));
	}
	fe_json_array_end(&p->out.json);
}

static enum fe_rc
try_source(struct preview *p, struct fe_err *err)
{
	struct fe_source_settings set;
	struct fe_source_look look = { 0 };
	struct fe_watermark *w = NULL;
	enum fe_rc rc = fill_settings(p, &set, &w, err);

	if (rc == FE_OK)
		rc = fe_preview_source(&p->out, p->d, &set, err);
	if (rc == FE_OK)
		rc = fe_source_look(&look, p->d->source, &set, err);
	if (rc == FE_OK) {
		add_columns(p, &look);
		set.contract = FE_CONTRACT_DISCARD; /* what does not fit has been told */
		set.is_look = true;
		rc = fe_preview_sample(&p->out, p->d, &set, 1, p->set->run_time_us, err);
	}
	fe_source_look_reset(&look);
	fe_watermark_free(w);
	return rc;
}

enum fe_rc
fe_preview_dataset(const struct fe_preview_settings *set, const struct fe_plan_dataset *d, struct fe_buf *json,
                   struct fe_buf *text, struct fe_err *err)
{
	struct preview p;

	FE_TRY(begin(&p, set, json, text, err));
	p.d = d;
	fe_json_object(&p.out.json, NULL);
	fe_json_text(&p.out.json, "name", d->name);
	fe_buf_addf(text, "%s\n", d->name);
	enum fe_rc rc = try_source(&p, err);
	fe_json_object_end(&p.out.json);
	fe_catalog_close(p.catalog);
	return rc;
}
