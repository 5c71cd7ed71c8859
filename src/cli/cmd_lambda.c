// SPDX-License-Identifier: Apache-2.0
/* cli/cmd_lambda.c - finetl lambda: the function of AWS Lambda */
#include "cli/cli.h"
#include "lambda/lambda.h"

static enum fe_rc
run(const struct fe_opts *opts, struct fe_err *err)
{
	const struct fe_lambda_settings set = { .opts = opts, .pipeline = FE_DEFAULT_PIPELINE, .clock = &fe_clock_system };

	return fe_lambda_run(&set, err);
}

const struct fe_command fe_command_lambda = {
	.name = "lambda",
	.args = "",
	.summary = "process objects of S3 as events tell of them, as a function of AWS Lambda",
	.details = "Started by Lambda or its emulator, which set AWS_LAMBDA_RUNTIME_API; so does a binary that is\n"
		   "called `bootstrap`. Every option may be given by the environment: --processed-at as\n"
		   "FINETL_PROCESSED_AT=true. Besides: AWS_LAMBDA_LOG_LEVEL, POWERTOOLS_LOG_LEVEL or LOG_LEVEL,\n"
		   "POWERTOOLS_SERVICE_NAME, POWERTOOLS_METRICS_NAMESPACE; FINETL_DB_SECRET_ARN, of the warehouse's user\n"
		   "and password; FINETL_GB_SECOND_PRICE, in dollars, for the estimate of the cost.\n",
	.options = fe_lambda_options,
	.run = run,
};
