// SPDX-License-Identifier: Apache-2.0
/* pipeline/validate.h - a suite of expectations on files, without a run
 *
 * The file is CSV, or of a data set that reads JSON or NDJSON what that reads, unless its name
 * ends in .csv. The columns are those of the header, in its order; of JSON those that the data
 * set reads. With a data set, columns that it declares have their types and are cleaned as a
 * run would clean them; all others, and all without one, are text. What a run does to fill gaps or to judge is left to the suite:
 * nothing is required, no default filled in, no rule asked, nothing derived or deduplicated.
 *
 * A record that cannot be read as that (malformed, or with a cell that is not of its type)
 * takes no part, and the outcome is FE_EDATA: what was judged is not all of the file.
 */
#ifndef FE_PIPELINE_VALIDATE_H
#define FE_PIPELINE_VALIDATE_H

#include "pipeline/expectations.h"
#include "pipeline/plan.h"

struct fe_validate_settings {
	const char *path;                      /* a plain name, no pattern */
	const char *suite_path;
	const struct fe_plan_dataset *dataset; /* NULL: all text */
	const struct fe_suite_param *params; size_t n_params;
	bool is_strict;
	enum fe_result_format format;
	enum fe_fail_on fail_on;
	int64_t run_time_us;
	uint64_t max_memory_bytes;             /* of the process; 0: no limit */
};

/* json: the result as Great Expectations writes it; table: the same for people. Both are
 * there where it came to one, also with FE_ECHECK (expectations failed) and FE_EDATA
 * (records took no part). FE_EUSAGE where the suite is none; FE_ELIMIT where values that are
 * kept need more than max_memory_bytes; keys go to disk. */
FE_MUST_USE enum fe_rc fe_validate(const struct fe_validate_settings *set, struct fe_buf *json, struct fe_buf *table,
                                   struct fe_err *err);

#endif
