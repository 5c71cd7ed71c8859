// SPDX-License-Identifier: Apache-2.0
/* finetl lambda, but that objects are played (played_arrival.c): options as finetl's, errors as main's. */
#include "base/log.h"
#include "base/stop.h"
#include "lambda/lambda.h"

int
main(int argc, char **argv)
{
	struct fe_err err = FE_ERR_INIT;
	struct fe_opts opts;

	fe_stop_install();
	enum fe_rc rc = fe_opts_parse(&opts, fe_lambda_options, argc, argv, &err);
	const struct fe_lambda_settings set = { .opts = &opts, .pipeline = "none.yaml", .clock = &fe_clock_system };
	if (rc == FE_OK)
		rc = fe_lambda_run(&set, &err);
	if (rc)
		fe_log_err(&err);
	fe_opts_reset(&opts);
	return fe_rc_exit_status(rc);
}
