// SPDX-License-Identifier: Apache-2.0
/* pipeline/check_file.h - an after-load check, as a file of SQL has it
 *
 * Comments at the top say what it is:
 *
 *   -- check: all_positive_amounts
 *   -- severity: critical                       or warning, or figures: no check at all
 *   -- means: Every amount is greater than zero.
 *   -- needs: fact_transactions(transaction_id, amount)
 *
 * and below is one SELECT that both engines understand. Each of its rows is something that
 * is wrong: the first column says how many there are in all, the others are a sample, by
 * keys. No row: all is well. Of figures, a row is a name, a value and how many of the
 * value's digits are decimals.
 *
 * In the SELECT, main.TABLE is a table (of the schema that the pipeline file says), and
 * :run_time, :today (its midnight, UTC), :pipeline and :dataset (the one that feeds the
 * first table that is needed) are what they say. A needed column may be `fixed`: not one
 * that may change later; and `decimal2`: a decimal of that scale. Where something needed is
 * not there, the check is skipped.
 */
#ifndef FE_PIPELINE_CHECK_FILE_H
#define FE_PIPELINE_CHECK_FILE_H

#include "pipeline/plan.h"

enum fe_check_severity { FE_CHECK_FIGURES, FE_CHECK_WARNING, FE_CHECK_CRITICAL };
const char *fe_check_severity_name(enum fe_check_severity s);

enum fe_check_param { FE_CHECK_RUN_TIME, FE_CHECK_TODAY, FE_CHECK_PIPELINE, FE_CHECK_DATASET, FE_N_CHECK_PARAMS };

struct fe_check_need {
	const char *table, *column;
	bool is_fixed;
	int scale; /* -1: any */
};

#define FE_CHECK_MAX_NEEDS 32
struct fe_check_file {
	const char *name, *means;
	enum fe_check_severity severity;
	struct fe_check_need needs[FE_CHECK_MAX_NEEDS];
	size_t n_needs;
	const char *sql; /* parameters as ?1, ?2, ... */
	enum fe_check_param params[FE_N_CHECK_PARAMS]; /* ?i is params[i - 1] */
	size_t n_params;
};

/* plan: for schemas of tables; may be NULL. Texts live in the arena. FE_EUSAGE naming the
 * file and what is wrong with it. */
FE_MUST_USE enum fe_rc fe_check_file_parse(struct fe_check_file *out, const char *path, struct fe_str text,
                                           const struct fe_plan *plan, struct fe_arena *arena,
                                           struct fe_err *err);
/* The plan's table of this name, whatever its schema; NULL: it has none, or there is no plan. */
const struct fe_table *fe_check_find_table(const struct fe_plan *plan, struct fe_str name);

#endif
