// SPDX-License-Identifier: Apache-2.0
/* pipeline/checks_print.h - what checks found, for people and as a line of JSON */
#ifndef FE_PIPELINE_CHECKS_PRINT_H
#define FE_PIPELINE_CHECKS_PRINT_H

#include "base/mem.h"
#include "pipeline/check_file.h"

#define FE_CHECK_MAX_SAMPLES 5

enum fe_check_status { FE_CHECK_PASSED, FE_CHECK_FAILED, FE_CHECK_SKIPPED };

struct fe_check_result {
	struct fe_check_file file;
	enum fe_check_status status;
	const char *reason;                        /* of a skipped one */
	int64_t n_broken;
	const char *samples[FE_CHECK_MAX_SAMPLES]; /* keys */
	size_t n_samples;
};

struct fe_check_figure {
	const char *name, *value; /* value NULL: null */
	unsigned scale;           /* value is digits; so many are decimals */
};

struct fe_check_report {
	const char *url;
	int64_t run_time_us;
	enum fe_rc rc;
	struct fe_check_result *results;
	size_t n_results, cap_results;
	struct fe_check_figure *figures;
	size_t n_figures, cap_figures;
	struct fe_arena arena; /* of all texts */
};

void fe_check_report_print(const struct fe_check_report *r, bool as_json, struct fe_buf *out);
void fe_check_report_reset(struct fe_check_report *r);

#endif
