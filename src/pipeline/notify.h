// SPDX-License-Identifier: Apache-2.0
/* pipeline/notify.h - who is told how a run ended
 *
 * `notify` of a pipeline file says whom, and on which occasions. What they are told is made from what the run wrote down,
 * so that it is the same right after the run and later, from the warehouse.
 */
#ifndef FE_PIPELINE_NOTIFY_H
#define FE_PIPELINE_NOTIFY_H

#include "base/mem.h"
#include "notify/email.h"
#include "notify/webhook.h"
#include "pipeline/told.h"
#include "quality/report_view.h"

struct fe_plan;

enum fe_notice_on { FE_ON_FAILED, FE_ON_HELD, FE_ON_REJECTS, FE_ON_SUCCESS };

/* One entry of `notify`. */
struct fe_plan_notice {
	unsigned on;                  /* bits 1u << enum fe_notice_on */
	uint64_t rejects_above;       /* records; or percent x 10000 */
	bool is_percent;
	const char *why_not;          /* what is wrong with the environment that it needs, so that it is not sent; NULL: nothing */
	const struct fe_email_settings *email;     /* either */
	const struct fe_webhook_settings *webhook; /* or; both NULL where why_not is given */
};

/* Whether the entry is for a run that ended so. */
bool fe_notice_is_wanted(const struct fe_plan_notice *n, const struct fe_report_run *run);

/* What is told of a run; all texts live in the arena. */
void fe_notice_of_run(const struct fe_plan *plan, const struct fe_report_run *run, struct fe_arena *arena,
                      struct fe_notice *out);

/* Sends what is wanted (all: whatever the occasion); told gets an entry of each. */
void fe_notify(const struct fe_plan *plan, const struct fe_report_run *run, bool all, const struct fe_clock *clock,
               struct fe_told_list *told);

struct fe_notify_query {
	const struct fe_plan *plan;
	const char *url;      /* of the warehouse */
	const char *run_id;   /* or FE_REPORT_LATEST */
	bool all;
	const struct fe_clock *clock;
};
/* The same of a run that the warehouse has on record, and a line of JSON about it in *out. Failure: there is
 * no such run, or a notice could not be sent (the first one's). */
FE_MUST_USE enum fe_rc fe_notify_of_warehouse(const struct fe_notify_query *q, struct fe_buf *out, struct fe_err *err);

#endif
