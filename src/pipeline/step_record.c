// SPDX-License-Identifier: Apache-2.0
/* pipeline/step_record.c - a step that failed before there was a load, put on record
 *
 * `finetl run` leaves an audit row, and tells others, whatever it fails of. So do the steps: extract and
 * transform have no run of their own, and borrow one for their failure. Where records that were kept are to
 * blame it is the load itself, which ends for them as well; else it reads nothing, and ends by the error of the step.
 */
#include "pipeline/step.h"

#include "base/log.h"

static enum fe_rc
refuse(void *ctx, const struct fe_run_result *r, struct fe_err *err)
{
	(void)r;
	*err = *(const struct fe_err *)ctx;
	return err->rc;
}

/* Others are told all the same. */
static void
only_tell(struct fe_step *s, const struct fe_run_settings *how, const struct fe_err *failure)
{
	struct fe_run_settings set = *how;
	struct fe_run_result res;

	set.plan = s->plan;
	set.clock = s->set.clock;
	set.has_run_time = true;
	set.run_time_us = s->run_time_us;
	set.run_id = s->run_id;
	fe_run_result_init(&res, &set);
	res.rc = failure->rc;
	res.status = failure->rc == FE_ECHECK ? FE_RUN_HELD : FE_RUN_FAILED;
	(void)fe_err_print(failure, res.error, sizeof res.error);
	if (set.started)
		set.started(set.told_ctx, &res);
	res.end_us = fe_clock_now(set.clock);
	if (set.ended)
		set.ended(set.told_ctx, &res);
	fe_run_result_reset(&res);
}

/* What the steps before are of goes into no other warehouse: extract may have been given one, and transform none. */
static bool
has_warehouse(const struct fe_step *s)
{
	const struct fe_step_state *origin = fe_step_origin(s);

	if (!s->plan->warehouse)
		return false;
	return !origin || s->set.kind == FE_STEP_EXTRACT || fe_step_is_warehouse_of(s, origin);
}

void
fe_step_record(struct fe_step *s, const struct fe_run_settings *how, const struct fe_err *failure)
{
	const bool is_of_records = s->set.kind == FE_STEP_TRANSFORM && (failure->rc == FE_EDATA || failure->rc == FE_ECHECK);
	struct fe_run_settings set = *how;
	struct fe_run_result res = { 0 };
	struct fe_err err = FE_ERR_INIT;
	struct fe_buf own = s->result;
	const char *status = s->status;
	bool has_run = false;
	char text[FE_ERR_TEXT_BYTES + 512];

	if (failure->rc == FE_ECANCEL) /* one that was stopped has not ended */
		return;
	if (!has_warehouse(s)) {
		fe_log(FE_LOG_WARN, "the failure is not on record: which warehouse it is of is not known here; give --warehouse, as to extract",
		       "step", fe_step_name(s->set.kind), NULL);
		only_tell(s, how, failure);
		return;
	}
	set.failed = is_of_records ? NULL : failure;
	set.agree = refuse;
	set.agree_ctx = (void *)(uintptr_t)failure;
	set.wait_ms = s->set.wait_ms;
	fe_buf_init(&s->result, own.max_bytes);
	enum fe_rc rc = fe_step_load(s, &set, &res, &has_run, &err);
	bool is_taken = has_run && res.is_recorded && rc == failure->rc;
	if (!has_run)
		only_tell(s, how, failure);
	if (!has_run || !res.is_recorded)
		fe_log(FE_LOG_WARN, "the failure is not on record in the warehouse", "cause", rc ? fe_err_print(&err, text, sizeof text) : "it was loaded",
		       NULL);
	if (is_taken) {
		fe_buf_reset(&own);
	} else {
		fe_buf_reset(&s->result);
		s->result = own;
		s->status = status;
	}
	fe_run_result_reset(&res);
}
