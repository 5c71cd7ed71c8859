// SPDX-License-Identifier: Apache-2.0
/* pipeline/notify.c - see pipeline/notify.h */
#include "pipeline/notify.h"

#include "base/json.h"
#include "pipeline/connectors.h"
#include "pipeline/plan.h"
#include "pipeline/report_folder.h"
#include "pipeline/report_run.h"

#define WAIT_MS 5000

static void
send_one(const struct fe_plan_notice *n, const struct fe_notice *notice, const struct fe_clock *clock,
	 struct fe_told_list *told)
{
	struct fe_err err = FE_ERR_INIT;
	struct fe_buf target;
	enum fe_rc rc;

	fe_buf_init(&target, 4096);
	if (n->email) {
		fe_buf_add_text(&target, n->email->smtp.server);
		rc = fe_email_send(n->email, notice, clock, &err);
		fe_told_add(told, "email", fe_buf_text(&target), rc ? &err : NULL);
	} else if (n->webhook) {
		fe_webhook_show(n->webhook->url, &target);
		rc = fe_webhook_send(n->webhook, notice, clock, &err);
		fe_told_add(told, "webhook", fe_buf_text(&target), rc ? &err : NULL);
	} else {
		(void)fe_fail(&err, FE_EUSAGE, "%s", n->why_not ? n->why_not : "it has mistakes");
		fe_told_add(told, "notice", "notify", &err);
	}
	fe_buf_reset(&target);
}

void
fe_notify(const struct fe_plan *plan, const struct fe_report_run *run, bool all, const struct fe_clock *clock,
	  struct fe_told_list *told)
{
	struct fe_arena arena = { 0 };
	struct fe_notice notice;
	bool is_made = false;

	for (size_t i = 0; i < plan->n_notices; i++) {
		if (!all && !fe_notice_is_wanted(&plan->notices[i], run))
			continue;
		if (!is_made)
			fe_notice_of_run(plan, run, &arena, &notice);
		is_made = true;
		send_one(&plan->notices[i], &notice, clock, told);
	}
	fe_arena_free(&arena);
}

/* ---- of a run on record ---- */

static void
write_line(const struct fe_report_run *run, const struct fe_told_list *told, enum fe_rc rc, struct fe_buf *out)
{
	struct fe_json j;

	fe_json_init(&j, out, 0);
	fe_json_object(&j, NULL);
	fe_json_str(&j, "run_id", run->run_id);
	fe_json_str(&j, "pipeline", run->pipeline);
	fe_json_str(&j, "status", run->status);
	fe_json_i64(&j, "exit_code", fe_rc_exit_status(rc));
	fe_json_bool(&j, "retry_helps", fe_rc_retry_helps(rc));
	fe_told_json(told, &j);
	fe_json_object_end(&j);
	fe_buf_add_char(out, '\n');
}

static enum fe_rc
tell(const struct fe_notify_query *q, const struct fe_report_run *run, struct fe_buf *out, struct fe_err *err)
{
	struct fe_told_list told = { 0 };
	enum fe_rc rc = FE_OK;

	if (q->plan->name && !fe_str_is(run->pipeline, q->plan->name))
		return fe_fail(err, FE_EUSAGE, "run '%.*s' is of pipeline '%.*s', and this file is of '%s'", FE_STR_ARGS(run->run_id),
			       FE_STR_ARGS(run->pipeline), q->plan->name);
	fe_notify(q->plan, run, q->all, q->clock, &told);
	for (size_t i = 0; i < told.n_items && rc == FE_OK; i++)
		if (told.items[i].error)
			rc = fe_fail(err, told.items[i].rc, "%s", told.items[i].error);
	write_line(run, &told, rc, out);
	fe_told_reset(&told);
	return rc;
}

/* The newest run of this pipeline: a warehouse may have several. */
static enum fe_rc
keep_newest(void *ctx, const struct fe_catalog_run *row, struct fe_err *err)
{
	char *id = ctx;

	(void)err;
	if (!id[0] && row->end_time.p && row->run_id.n < FE_RUN_ID_BYTES)
		memcpy(id, row->run_id.p, row->run_id.n);
	return FE_OK;
}

static enum fe_rc
tell_of_database(const struct fe_notify_query *q, struct fe_buf *out, struct fe_err *err)
{
	const struct fe_catalog_run_query newest = { .pipeline = q->plan->name, .limit = 100 };
	char id[FE_RUN_ID_BYTES] = "";
	struct fe_report_read r;
	struct fe_catalog *c;
	enum fe_rc rc = FE_OK;

	FE_TRY(fe_catalog_open(&c, q->url, WAIT_MS, err));
	fe_report_read_init(&r, q->url);
	bool is_latest = strcmp(q->run_id, FE_REPORT_LATEST) == 0;
	if (is_latest)
		rc = fe_catalog_runs(c, &newest, keep_newest, id, err);
	if (rc == FE_OK && is_latest && !id[0])
		rc = fe_fail(err, FE_EUSAGE, "no run of pipeline '%s' has ended yet in this warehouse; finetl runs lists them",
			     q->plan->name);
	if (rc == FE_OK)
		rc = fe_report_read_run(&r, c, is_latest ? id : q->run_id, err);
	fe_catalog_close(c);
	if (rc == FE_OK)
		rc = tell(q, &r.run, out, err);
	fe_report_read_reset(&r);
	return rc;
}

static enum fe_rc
tell_of_folder(const struct fe_notify_query *q, struct fe_buf *out, struct fe_err *err)
{
	struct fe_report_folder f;
	size_t which = 2;
	enum fe_rc rc = fe_report_folder_open(&f, q->url, err);

	if (rc == FE_OK && strcmp(q->run_id, FE_REPORT_LATEST) == 0)
		which = f.newest;
	for (size_t i = 0; rc == FE_OK && which == 2 && i < 2; i++)
		if (f.are_there[i] && fe_str_is(f.reads[i].run.run_id, q->run_id))
			which = i;
	if (rc == FE_OK && which == 2)
		rc = fe_fail(err, FE_EUSAGE, "there is no run '%s' in this folder; it tells of the last run that was published, and "
			     "of the last one that was not", q->run_id);
	if (rc == FE_OK)
		rc = tell(q, &f.reads[which].run, out, err);
	fe_report_folder_close(&f);
	return rc;
}

enum fe_rc
fe_notify_of_warehouse(const struct fe_notify_query *q, struct fe_buf *out, struct fe_err *err)
{
	return fe_warehouse_is_database(q->url) ? tell_of_database(q, out, err) : tell_of_folder(q, out, err);
}
