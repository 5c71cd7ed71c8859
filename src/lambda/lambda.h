// SPDX-License-Identifier: Apache-2.0
/* lambda/lambda.h - the function: events are fetched, and each object in them is processed, exactly once
 *
 *   Start      All that can be checked without an event is checked before the first: what is wrong then is
 *              told as an error of the start, and the process ends.
 *   Sweep      The event {"finetl": "sweep"} makes it look for what no event told of, as `finetl sweep` does, and
 *              answer for what it finds as for the objects of an event.
 *   Answers    Of S3, SNS, EventBridge: where an object failed, an error; its type is "Function." and
 *              the code's name. An event is an error as a whole, and may come again as a whole: what
 *              was done stays done. Of SQS: the ids of the messages that failed, and those alone.
 *   No error   is what is done already, is older than what is done, was removed, or is there no more: all
 *              of these are on record, or have none; folder markers; S3's test event.
 *   An error   is all else that is not published: an event that is none, an object that no source takes, a
 *              file that breaks its format or is held (it is on record with its rejects, but somebody has
 *              to look), and what a retry helps with.
 *   Deadline   Nothing is begun or goes on in the last 5 % of the time, or 0.5 to 10 s: it is undone, and
 *              the error says that a retry helps.
 *   SIGTERM    What runs is undone and answered as an error; then, or where nothing runs, FE_OK.
 */
#ifndef FE_LAMBDA_LAMBDA_H
#define FE_LAMBDA_LAMBDA_H

#include "base/opt.h"
#include "lambda/config.h"

struct fe_lambda_settings {
	const struct fe_opts *opts;    /* by fe_lambda_options */
	const char *pipeline;          /* where none is named */
	const struct fe_clock *clock;
};

/* Comes back after a stop with FE_OK, or with what this container cannot go on after. */
FE_MUST_USE enum fe_rc fe_lambda_run(const struct fe_lambda_settings *set, struct fe_err *err);

#endif
