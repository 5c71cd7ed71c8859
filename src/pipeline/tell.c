// SPDX-License-Identifier: Apache-2.0
/* pipeline/tell.c - see pipeline/tell.h */
#include "pipeline/tell.h"

#include "base/time.h"
#include "pipeline/lineage.h"
#include "pipeline/metrics.h"
#include "pipeline/report_read.h"

#define MAX_REPORT_BYTES ((size_t)256 * 1024 * 1024)
#define MAX_PATH_BYTES ((size_t)64 * 1024)
#define WAIT_MS 30000

void
fe_tell_start(void *ctx, struct fe_run_result *res)
{
	const struct fe_tell_settings *set = ctx;
	struct fe_lineage lineage;

	if (fe_lineage_init(&lineage, set->lineage_url, set->clock))
		fe_lineage_send(&lineage, &(struct fe_lineage_event){ .type = FE_LINEAGE_START, .plan = set->plan, .result = res },
				&res->told);
	fe_lineage_reset(&lineage);
}

static void
write_metrics(const char *path, const struct fe_report_run *run, struct fe_run_result *res)
{
	struct fe_err err = FE_ERR_INIT;
	struct fe_buf written;

	fe_buf_init(&written, MAX_PATH_BYTES);
	enum fe_rc rc = fe_metrics_write(path, run, fe_rc_exit_status(res->rc), &written, &err);
	fe_told_add(&res->told, "metrics", written.n_bytes ? fe_buf_text(&written) : path, rc ? &err : NULL);
	fe_buf_reset(&written);
}

static enum fe_lineage_type
end_type(const struct fe_run_result *res)
{
	if (res->is_published)
		return FE_LINEAGE_COMPLETE;
	return res->rc == FE_ECANCEL ? FE_LINEAGE_ABORT : FE_LINEAGE_FAIL;
}

/* Lineage first, as the shortest, and the one that is sent after a stop too. */
static void
tell_all(const struct fe_tell_settings *set, const struct fe_report_run *run, struct fe_run_result *res,
	 const struct fe_lineage *lineage)
{
	const struct fe_lineage_event end = { .type = end_type(res), .plan = set->plan, .result = res, .run = run };

	if (lineage)
		fe_lineage_send(lineage, &end, &res->told);
	if (set->metrics_path)
		write_metrics(set->metrics_path, run, res);
	if (set->has_notices)
		fe_notify(set->plan, run, false, set->clock, &res->told);
}

void
fe_tell_end(void *ctx, struct fe_run_result *res)
{
	const struct fe_tell_settings *set = ctx;
	struct fe_err err = FE_ERR_INIT;
	struct fe_lineage lineage;
	struct fe_report_read r;
	struct fe_buf json;
	enum fe_rc rc;
	bool has_lineage = fe_lineage_init(&lineage, set->lineage_url, set->clock);

	if (!has_lineage && !set->metrics_path && !(set->has_notices && set->plan->n_notices)) {
		fe_lineage_reset(&lineage);
		return;
	}
	fe_report_read_init(&r, res->warehouse);
	fe_buf_init(&json, MAX_REPORT_BYTES);
	fe_run_report_json(res, &json);
	rc = fe_buf_check(&json, "the report of the run", &err);
	if (rc == FE_OK)
		rc = fe_report_read_result(&r, fe_buf_str(&json), &err);
	if (rc == FE_OK)
		tell_all(set, &r.run, res, has_lineage ? &lineage : NULL);
	else
		fe_told_add(&res->told, "report", "all", &err);
	fe_buf_reset(&json);
	fe_report_read_reset(&r);
	fe_lineage_reset(&lineage);
}

/* ---- later ---- */

static void
take_time(struct fe_str text, int64_t *us)
{
	int64_t v;

	if (fe_timestamp_parse(text, NULL, NULL, &v) == FE_TIME_OK)
		*us = v;
}

/* What an event needs beside the report. */
static void
take_end(struct fe_run_result *res, const struct fe_report_run *run)
{
	res->is_published = res->is_recorded = true;
	res->status = fe_str_is(run->status, fe_run_status_name(FE_RUN_SUCCESS)) ? FE_RUN_SUCCESS : FE_RUN_WITH_REJECTS;
	take_time(run->start_time, &res->start_us);
	take_time(run->end_time, &res->end_us);
	take_time(run->run_time, &res->run_time_us);
}

void
fe_tell_on_record(const struct fe_tell_settings *set, const char *run_id)
{
	const struct fe_run_settings how = { .plan = set->plan, .clock = set->clock, .run_id = run_id };
	struct fe_err err = FE_ERR_INIT;
	struct fe_catalog *catalog = NULL;
	struct fe_run_result res;
	struct fe_lineage lineage;
	struct fe_report_read r;
	bool has_lineage = fe_lineage_init(&lineage, set->lineage_url, set->clock);

	fe_run_result_init(&res, &how);
	fe_report_read_init(&r, res.warehouse);
	enum fe_rc rc = FE_OK;
	if (has_lineage || set->metrics_path)
		rc = fe_catalog_open(&catalog, res.warehouse, WAIT_MS, &err);
	if (catalog)
		rc = fe_report_read_run(&r, catalog, run_id, &err);
	if (catalog && rc == FE_OK) {
		take_end(&res, &r.run);
		tell_all(set, &r.run, &res, has_lineage ? &lineage : NULL);
	} else if (rc) {
		fe_told_add(&res.told, "report", "all", &err);
	}
	fe_catalog_close(catalog);
	fe_report_read_reset(&r);
	fe_run_result_reset(&res);
	fe_lineage_reset(&lineage);
}
