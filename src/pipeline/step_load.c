// SPDX-License-Identifier: Apache-2.0
/* pipeline/step_load.c - the third step: the run over what extract has kept
 *
 * The audit trail of a warehouse is append-only and knows each run by its id once. The first
 * attempt to load has the id that extract gave; one that follows an attempt that the warehouse
 * has on record as failed, held or begun has an id of its own, written into load.attempt.json before
 * it begins. So whoever comes after a kill between the commit and the state finds by that id that all
 * is loaded, and only writes the state.
 */
#include "pipeline/step.h"

#include "base/json.h"
#include "base/log.h"
#include "load/catalog.h"
#include "pipeline/connectors.h"
#include "pipeline/redact.h"
#include "pipeline/step_raw.h"

#define ATTEMPT "load.attempt.json"
#define MAX_ATTEMPT_BYTES 4096
#define MAX_LINE_BYTES ((size_t)16 << 20)
#define WAREHOUSE_WAIT_MS 30000

struct load {
	struct fe_step *step;
	struct fe_step_raw *raw;     /* [n_datasets] */
	struct fe_run_given *given;  /* [n_datasets] */
	char attempt[FE_RUN_ID_BYTES];
	bool is_known, is_loaded;    /* the warehouse has the attempt; by a run that ended well */
};

/* ---- what was kept ---- */

static enum fe_rc
take_over(struct load *l, struct fe_err *err)
{
	const struct fe_plan *plan = l->step->plan;
	bool found;

	for (size_t i = 0; i < plan->n_datasets; i++) {
		struct fe_step_raw *raw = &l->raw[i];
		fe_step_raw_init(raw, l->step, &plan->datasets[i]);
		if (!plan->datasets[i].is_selected)
			continue;
		FE_TRY(fe_step_raw_read(raw, &found, err));
		FE_TRY(fe_step_raw_check(raw, err));
		l->given[i] = (struct fe_run_given){
			.kept = { .objects = raw->objects, .n_objects = raw->n_objects, .net = &l->step->net },
			.since = raw->since,
			.until = raw->until,
		};
	}
	return FE_OK;
}

/* ---- attempts ---- */

static enum fe_rc
read_attempt(struct load *l, struct fe_err *err)
{
	const struct fe_json_value *v, *id;
	struct fe_arena arena = { 0 };
	struct fe_err why = FE_ERR_INIT;
	struct fe_buf text;
	bool found;

	memcpy(l->attempt, l->step->run_id, sizeof l->attempt);
	fe_buf_init(&text, MAX_ATTEMPT_BYTES);
	enum fe_rc rc = fe_step_read_file(fe_step_path(l->step, ATTEMPT), &l->step->net, MAX_ATTEMPT_BYTES, &text, &found, err);
	if (rc == FE_OK && found && fe_json_parse(fe_buf_str(&text), &arena, &v, &why) == FE_OK) {
		id = fe_json_get(v, "run_id");
		if (fe_json_is(id, FE_JSON_STRING) && id->text.n == sizeof l->attempt - 1)
			memcpy(l->attempt, id->text.p, id->text.n);
	}
	fe_arena_free(&arena);
	fe_buf_reset(&text);
	return rc;
}

static enum fe_rc
write_attempt(struct load *l, struct fe_err *err)
{
	struct fe_step_file file = { 0 };
	struct fe_buf text;
	struct fe_json j;

	fe_buf_init(&text, MAX_ATTEMPT_BYTES);
	fe_json_init(&j, &text, 0);
	fe_json_object(&j, NULL);
	fe_json_text(&j, "run_id", l->attempt);
	fe_json_object_end(&j);
	fe_buf_add_char(&text, '\n');
	enum fe_rc rc = fe_step_write_file(fe_step_path(l->step, ATTEMPT), &l->step->net, fe_buf_str(&text), &file, err);
	fe_buf_reset(&text);
	return rc;
}

static bool
is_personal(const struct fe_plan *plan, struct fe_str dataset, struct fe_str column)
{
	for (size_t i = 0; i < plan->n_datasets; i++) {
		const struct fe_plan_dataset *d = &plan->datasets[i];
		size_t field = fe_schema_find(&d->schema, column);
		if (fe_str_is(dataset, d->name) && field != FE_NO_COLUMN && d->pii[field])
			return true;
	}
	return false;
}

static void
copy_member(const struct fe_json_value *m, struct fe_json *j)
{
	char key[FE_JSON_MAX_KEY_BYTES + 1] = "";

	memcpy(key, m->key.p, m->key.n < sizeof key - 1 ? m->key.n : sizeof key - 1);
	fe_json_raw(j, key, m->raw);
}

/* A member of a data set's totals as it is, or its sums without those of personal columns. */
static void
copy_totals(const struct fe_plan *plan, struct fe_str dataset, const struct fe_json_value *m, struct fe_json *j)
{
	if (!fe_str_is(m->key, "sums")) {
		copy_member(m, j);
		return;
	}
	fe_json_object(j, "sums");
	for (const struct fe_json_value *sum = m->first; sum; sum = sum->next)
		if (!is_personal(plan, dataset, sum->key))
			copy_member(sum, j);
	fe_json_object_end(j);
}

/* The line of a run that ended before its state was written, made of the audit row. */
static enum fe_rc
take_audit_row(void *ctx, const struct fe_catalog_run *run, struct fe_err *err)
{
	struct load *l = ctx;
	const struct fe_json_value *totals, *datasets = NULL;
	struct fe_arena arena = { 0 };
	struct fe_json j;

	l->is_known = true;
	l->is_loaded = run->status.n >= strlen("success") && memcmp(run->status.p, "success", strlen("success")) == 0;
	if (!l->is_loaded)
		return FE_OK;
	l->step->status = run->status.n > strlen("success") ? "success_with_rejects" : "success";
	if (run->reconciliation.p)
		FE_TRY(fe_json_parse(run->reconciliation, &arena, &totals, err));
	datasets = run->reconciliation.p ? fe_json_get(totals, "datasets") : NULL;
	fe_buf_clear(&l->step->result);
	fe_json_init(&j, &l->step->result, 0);
	fe_step_begin_result(l->step, &j, l->attempt, FE_OK, l->step->status, NULL);
	fe_redacted_url_json(&j, "warehouse", l->step->plan->warehouse);
	fe_json_bool(&j, "published", true);
	fe_json_array(&j, "datasets");
	for (const struct fe_json_value *v = datasets ? datasets->first : NULL; v; v = v->next) {
		fe_json_object(&j, NULL);
		fe_json_str(&j, "name", v->key);
		for (const struct fe_json_value *m = v->first; m; m = m->next)
			copy_totals(l->step->plan, v->key, m, &j);
		fe_json_object_end(&j);
	}
	fe_json_array_end(&j);
	fe_json_object_end(&j);
	fe_arena_free(&arena);
	return FE_OK;
}

static enum fe_rc
ask_for_attempt(struct load *l, struct fe_err *err)
{
	const struct fe_catalog_run_query q = { .run_id = l->attempt, .limit = 1 };
	struct fe_catalog *catalog;

	if (!fe_warehouse_is_database(l->step->plan->warehouse))
		return FE_OK;
	enum fe_rc rc = fe_catalog_open(&catalog, l->step->plan->warehouse, WAREHOUSE_WAIT_MS, err);
	if (rc)
		return rc == FE_EUSAGE ? FE_OK : rc; /* there is nothing yet */
	rc = fe_catalog_runs(catalog, &q, take_audit_row, l, err);
	fe_catalog_close(catalog);
	return rc;
}

/* ---- agreement ---- */

static bool
is_same_number(const struct fe_json_value *a, const struct fe_json_value *b)
{
	return a && b && fe_str_eq(a->raw, b->raw);
}

static enum fe_rc
fail_disagree(const struct fe_json_value *dataset, struct fe_str what, const struct fe_json_value *was, const struct fe_json_value *is,
	      struct fe_err *err)
{
	const struct fe_str none = FE_STR("nothing"), name = fe_json_get(dataset, "name")->text;
	const struct fe_str then = was ? was->raw : none, now = is ? is->raw : none;

	return fe_fail(err, FE_ECONFLICT, "data set %.*s: transform tells of %.*s %.*s, and the load has found %.*s; nothing was loaded: run "
		       "the steps again in another directory", FE_STR_ARGS(name), FE_STR_ARGS(what), FE_STR_ARGS(then), FE_STR_ARGS(now));
}

/* What is read and what is filtered depends on nothing but the records. */
static enum fe_rc
check_terms(const struct fe_json_value *dataset, struct fe_str of, const struct fe_json_value *was, const struct fe_json_value *is,
	    struct fe_err *err)
{
	static const char *const terms[] = { "read", "filtered" };

	for (size_t i = 0; i < 2; i++) {
		const struct fe_json_value *then = fe_json_get(was, terms[i]), *now = fe_json_get(is, terms[i]);
		struct fe_buf what;
		if (is_same_number(then, now))
			continue;
		fe_buf_init(&what, 512);
		fe_buf_addf(&what, "%.*s%s%s", FE_STR_ARGS(of), of.n ? " " : "", terms[i]);
		enum fe_rc rc = fail_disagree(dataset, fe_buf_str(&what), then, now, err);
		fe_buf_reset(&what);
		return rc;
	}
	return FE_OK;
}

static enum fe_rc
check_dataset(const struct fe_json_value *was, const struct fe_json_value *is, struct fe_err *err)
{
	const struct fe_json_value *sums = fe_json_get(is, "sums");

	FE_TRY(check_terms(is, (struct fe_str){ 0 }, was, is, err));
	for (const struct fe_json_value *v = sums ? sums->first : NULL, *w = fe_json_get(was, "sums") ? fe_json_get(was, "sums")->first : NULL;
	     v; v = v->next, w = w ? w->next : NULL)
		FE_TRY(check_terms(is, v->key, w, v, err));
	return FE_OK;
}

/* A transform that was aborted by a record has read less than all. */
static enum fe_rc
agree(void *ctx, const struct fe_run_result *r, struct fe_err *err)
{
	const struct fe_step *s = ctx;
	const struct fe_step_state *before = &s->states[FE_STEP_TRANSFORM];
	const struct fe_json_value *line, *was, *is;
	struct fe_arena arena = { 0 };
	struct fe_buf text;
	enum fe_rc rc;

	if (!fe_step_state_is_good(before))
		return FE_OK;
	fe_buf_init(&text, MAX_LINE_BYTES);
	fe_run_result_json(r, &text);
	rc = fe_buf_check(&text, "the result", err);
	if (rc == FE_OK)
		rc = fe_json_parse(fe_buf_str(&text), &arena, &line, err);
	was = fe_json_get(before->result, "datasets");
	was = was ? was->first : NULL;
	is = rc == FE_OK ? fe_json_get(line, "datasets")->first : NULL;
	for (; is && rc == FE_OK; is = is->next, was = was ? was->next : NULL)
		rc = check_dataset(was, is, err);
	fe_arena_free(&arena);
	fe_buf_reset(&text);
	return rc;
}

/* ---- the run ---- */

static enum fe_rc
run(struct load *l, const struct fe_run_settings *how, struct fe_run_result *res, struct fe_err *err)
{
	struct fe_step *s = l->step;
	const struct fe_step_state *origin = fe_step_origin(s);
	struct fe_run_settings set = *how;
	struct fe_buf line;

	set.plan = s->plan;
	set.clock = s->set.clock;
	set.has_run_time = true;
	set.run_time_us = s->run_time_us;
	set.from = origin ? origin->from : s->set.from;
	set.until = origin ? origin->until : s->set.until;
	set.run_id = l->attempt;
	set.given = l->given;
	set.agree = how->agree ? how->agree : agree;
	set.agree_ctx = how->agree ? how->agree_ctx : s;
	enum fe_rc rc = fe_run(&set, res, err);
	s->status = fe_run_status_name(res->status);
	fe_buf_init(&line, MAX_LINE_BYTES);
	fe_run_result_json(res, &line);
	if (!line.failed)
		fe_step_take_result(s, fe_buf_str(&line));
	fe_buf_reset(&line);
	return rc;
}

static enum fe_rc
load(struct load *l, const struct fe_run_settings *how, struct fe_run_result *res, bool *has_run, struct fe_err *err)
{
	if (!how->failed)
		FE_TRY(take_over(l, err));
	FE_TRY(read_attempt(l, err));
	FE_TRY(ask_for_attempt(l, err));
	if (l->is_loaded) {
		memcpy(res->run_id, l->attempt, sizeof res->run_id);
		fe_log(FE_LOG_INFO, "loaded already, by an attempt that did not come to write its state", "run_id", l->attempt, NULL);
		return FE_OK;
	}
	if (l->is_known) {
		fe_run_id_new(fe_clock_now(l->step->set.clock), l->attempt);
		FE_TRY(write_attempt(l, err));
	}
	*has_run = true;
	return run(l, how, res, err);
}

enum fe_rc
fe_step_load(struct fe_step *s, const struct fe_run_settings *how, struct fe_run_result *res, bool *has_run, struct fe_err *err)
{
	const size_t n = s->plan->n_datasets;
	struct load l = { .step = s, .raw = fe_new_array(n + 1, struct fe_step_raw), .given = fe_new_array(n + 1, struct fe_run_given) };

	*has_run = false;
	enum fe_rc rc = load(&l, how, res, has_run, err);
	for (size_t i = 0; i < n; i++)
		fe_step_raw_reset(&l.raw[i]);
	fe_free(l.raw);
	fe_free(l.given);
	return rc;
}
