// SPDX-License-Identifier: Apache-2.0
/* lambda/config.h - what a function is set up to do: by options, or by its environment
 *
 * One table: --processed-at of the command line is FINETL_PROCESSED_AT of the environment, and what is given
 * by the command line wins. A function has no command line, so there it is the environment that counts.
 */
#ifndef FE_LAMBDA_CONFIG_H
#define FE_LAMBDA_CONFIG_H

#include "base/mem.h"
#include "base/opt.h"
#include "pipeline/arrival.h"

extern const struct fe_opt fe_lambda_options[];

struct fe_lambda_config {
	struct fe_arrival_settings arrivals;
	struct fe_opts opts;   /* of both, and the texts they borrow: */
	struct fe_arena arena;
	struct fe_plan_param *params;
};

/* given: of the command line; pipeline: where none is named. FE_EUSAGE: a variable says what it cannot. */
FE_MUST_USE enum fe_rc fe_lambda_config_read(struct fe_lambda_config *out, const struct fe_opts *given,
                                             const char *pipeline, const struct fe_clock *clock, struct fe_err *err);
void fe_lambda_config_reset(struct fe_lambda_config *c);

#endif
