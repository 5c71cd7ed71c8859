// SPDX-License-Identifier: Apache-2.0
/* pipeline/checks.h - the after-load checks of a warehouse, run and told
 *
 * Each is a file of SQL (pipeline/check_file.h): those of sql/checks, which the binary
 * carries, or those of a folder. They read one state of the warehouse, in a transaction
 * that can write nothing. What is shown of a row that is wrong is its key.
 */
#ifndef FE_PIPELINE_CHECKS_H
#define FE_PIPELINE_CHECKS_H

#include "pipeline/check_file.h"

struct fe_checks_query {
	const char *url;            /* of a database */
	const struct fe_plan *plan; /* NULL: tables have no schema, and what a check asks of the plan skips it */
	const char *folder;         /* NULL: the built-in ones */
	int64_t run_time_us;        /* what :run_time is */
	enum fe_check_severity fail_on; /* FE_CHECK_FIGURES: never */
	bool as_json;
};

/* What is found is in out whether it fails or not. FE_ECHECK naming the checks of fail_on
 * or worse that failed; FE_EUSAGE where a check cannot be read or asked. */
FE_MUST_USE enum fe_rc fe_warehouse_checks(const struct fe_checks_query *q, struct fe_buf *out,
                                           struct fe_err *err);

#endif
