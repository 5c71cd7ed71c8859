// SPDX-License-Identifier: Apache-2.0
/* pipeline/explain.c - where a row came from, and what made it what it is */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "load/catalog.h"
#include "pipeline/connectors.h"
#include "pipeline/mended.h"
#include "pipeline/trace.h"
#include "pipeline/warehouse.h"

#define WAIT_MS 5000
#define MAX_SHOWN_BYTES 2048
#define MAX_REJECTS_SHOWN 10

struct explanation {
	struct fe_buf *out;
	struct fe_catalog *catalog;
	const struct fe_plan_dataset *dataset;
	const struct fe_plan *plan;
	int64_t run_time_us;
	bool is_mended;    /* its run read a mended file */
	int64_t mends;     /* the reject that its record mends; 0: none */
	uint64_t n_rejects;
};

static enum fe_rc
tell_run(void *ctx, const struct fe_catalog_run *r, struct fe_err *err)
{
	struct explanation *e = ctx;
	(void)err;
	e->is_mended = fe_mended_is_run(r->reconciliation);
	if (fe_timestamp_parse(r->run_time, NULL, NULL, &e->run_time_us) != FE_TIME_OK)
		e->run_time_us = 0;
	fe_buf_addf(e->out, "  run     %.*s of %.*s, started %.*s, %.*s\n", FE_STR_ARGS(r->run_id),
		    FE_STR_ARGS(r->pipeline), FE_STR_ARGS(r->start_time), FE_STR_ARGS(r->status));
	return FE_OK;
}

/* Runs have ids of a fixed form, so that they can stand in a C string. */
static enum fe_rc
tell_run_of(struct explanation *e, struct fe_str run_id, struct fe_err *err)
{
	struct fe_buf id;
	fe_buf_init(&id, 256);
	fe_buf_add_str(&id, run_id);
	struct fe_catalog_run_query q = { .run_id = fe_buf_text(&id), .limit = 1 };
	enum fe_rc rc = fe_catalog_runs(e->catalog, &q, tell_run, e, err);
	fe_buf_reset(&id);
	return rc;
}

static void
add_row(struct fe_buf *out, const struct fe_catalog_row *row)
{
	fe_buf_add_text(out, "\n  row in the warehouse\n");
	for (size_t i = 0; i < row->n_cells; i++) {
		fe_buf_addf(out, "    %-24s ", row->cells[i].name);
		if (row->cells[i].value.p)
			fe_buf_add_printable(out, row->cells[i].value, MAX_SHOWN_BYTES);
		else
			fe_buf_add_text(out, "null");
		fe_buf_add_char(out, '\n');
	}
}

static enum fe_rc
tell_row(void *ctx, const struct fe_catalog_row *row, struct fe_err *err)
{
	struct explanation *e = ctx;
	struct fe_buf path, sha256;
	enum fe_rc rc;

	fe_buf_init(&path, 64 * 1024);
	fe_buf_init(&sha256, 256);
	fe_buf_add_str(&path, row->object_path);
	fe_buf_add_str(&sha256, row->object_sha256);
	rc = tell_run_of(e, row->run_id, err);
	if (rc)
		goto done;
	fe_buf_add_text(e->out, "  object  ");
	fe_buf_add_printable(e->out, row->object_path, MAX_SHOWN_BYTES);
	if (row->record == 0) { /* so the object is of what refers to it */
		fe_buf_addf(e->out, "\n  record  none: a placeholder for what that object refers to; no record of %s has come with this key\n",
			    e->dataset->name);
		add_row(e->out, row);
		goto done;
	}
	fe_buf_addf(e->out, "\n  record  %" PRId64 "\n", row->record);
	add_row(e->out, row);
	struct fe_trace_record what = {
		.path = fe_buf_text(&path),
		.sha256 = fe_buf_text(&sha256),
		.record = (uint64_t)row->record,
		.run_time_us = e->run_time_us,
	};
	if (e->is_mended)
		rc = fe_mended_explain(e->catalog, e->plan, e->dataset, row->run_id, &what, e->out, &e->mends, err);
	else
		rc = fe_trace(e->dataset, &what, e->out, err);
done:
	fe_buf_reset(&path);
	fe_buf_reset(&sha256);
	return rc;
}

static enum fe_rc
tell_reject(void *ctx, const struct fe_catalog_reject *r, struct fe_err *err)
{
	struct explanation *e = ctx;
	if (r->reject_id == e->mends)
		return FE_OK; /* told above */
	if (e->n_rejects++ == 0)
		fe_buf_add_text(e->out, "rejected records that have it in their text\n");
	fe_buf_addf(e->out, "  %.*s: record %" PRId64 " of ", FE_STR_ARGS(r->dataset), r->record);
	fe_buf_add_printable(e->out, r->object_path, MAX_SHOWN_BYTES);
	fe_buf_addf(e->out, ", run %.*s\n    reasons ", FE_STR_ARGS(r->run_id));
	fe_buf_add_str(e->out, r->reasons);
	if (r->detail.n) {
		fe_buf_add_text(e->out, "\n    detail  ");
		fe_buf_add_printable(e->out, r->detail, MAX_SHOWN_BYTES);
	}
	fe_buf_add_text(e->out, "\n    raw     ");
	fe_buf_add_printable(e->out, r->raw, MAX_SHOWN_BYTES);
	fe_buf_add_char(e->out, '\n');
	return fe_buf_check(e->out, "the explanation", err);
}

/* Looks in one table; a key of another shape or type than the table's cannot be there,
 * which only matters where the table was asked for by name. */
static enum fe_rc
look_in(struct explanation *e, const struct fe_table *t, const char *const *key, size_t n_key,
        bool is_asked_for, bool *found, struct fe_err *err)
{
	struct fe_buf *out = e->out;
	size_t before = out->n_bytes;
	*found = false;
	if (n_key != t->n_key && !is_asked_for)
		return FE_OK;
	if (n_key != t->n_key)
		return fe_fail(err, FE_EUSAGE, "the key of %s has %zu parts, not %zu", t->name, t->n_key, n_key);
	fe_buf_addf(out, "%s %s\n", t->name, key[0]);
	enum fe_rc rc = fe_catalog_find_row(e->catalog, t, key, n_key, found, tell_row, e, err);
	if (!*found)
		out->n_bytes = before;
	return rc == FE_EUSAGE && !*found && !is_asked_for ? FE_OK : rc;
}

static enum fe_rc
explain(struct explanation *e, const struct fe_plan *plan, const char *table, const char *const *key,
        size_t n_key, struct fe_err *err)
{
	bool any = false, has_table = false, fits = false;
	for (size_t i = 0; i < plan->n_datasets; i++) {
		bool is_named = table && strcmp(plan->tables[i].name, table) == 0;
		bool found = false;
		if (table && !is_named)
			continue;
		has_table = true;
		fits |= n_key == plan->tables[i].n_key;
		e->dataset = &plan->datasets[i];
		FE_TRY(look_in(e, &plan->tables[i], key, n_key, is_named, &found, err));
		any |= found;
	}
	if (!has_table)
		return fe_fail(err, FE_EUSAGE, "%s has no table '%s'", plan->name, table);
	if (!fits)
		return fe_fail(err, FE_EUSAGE,
			       "no table of %s has a key of %zu parts; the words of the command are the parts of one key, "
			       "the pipeline file is given by --pipeline", plan->name, n_key);
	struct fe_catalog_reject_query q = { .raw_has = key[0], .limit = MAX_REJECTS_SHOWN };
	FE_TRY(fe_catalog_rejects(e->catalog, &q, tell_reject, e, err));
	if (!any && !e->n_rejects)
		return fe_fail(err, FE_EUSAGE,
			       "no row has the key '%s', and no rejected record has it in its text; keys are as they were cleaned (case, blanks)",
			       key[0]);
	return FE_OK;
}

enum fe_rc
fe_warehouse_explain(const struct fe_plan *plan, const char *table, const char *const *key, size_t n_key,
                     struct fe_buf *out, struct fe_err *err)
{
	struct explanation e = { .out = out, .plan = plan };
	if (!fe_warehouse_is_database(plan->warehouse))
		return fe_fail(err, FE_EUSAGE,
			       "only a database can explain its rows; name one, as --warehouse sqlite:warehouse.db or --warehouse postgresql:");
	FE_TRY(fe_catalog_open(&e.catalog, plan->warehouse, WAIT_MS, err));
	enum fe_rc rc = explain(&e, plan, table, key, n_key, err);
	fe_catalog_close(e.catalog);
	return rc;
}
