// SPDX-License-Identifier: Apache-2.0
/* lambda/runtime.h - AWS Lambda's Runtime API: invocations are fetched, and answered
 *
 * https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 *
 *   Order      open; then next, and for each invocation one of answer and fail; close. What keeps
 *              the function from starting is told by fail_init, before the first next.
 *   Waiting    next waits for as long as there is nothing to do, and ends by FE_ECANCEL after
 *              a stop. Nothing is tried again: the API stands beside this process.
 *   Failure    of answer and fail:  FE_ELIMIT    the answer is too large (413): fail instead
 *                                   FE_ECONFLICT not this invocation's turn (400, 403): go on
 *              all else, and of next all but FE_ECANCEL and FE_ELIMIT: the container cannot go on
 *   Ownership  an invocation's texts are the runtime's, until the next one
 *   Trace      _X_AMZN_TRACE_ID is in the environment from open to close, of the invocation
 *   Threads    one
 */
#ifndef FE_LAMBDA_RUNTIME_H
#define FE_LAMBDA_RUNTIME_H

#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"

struct fe_runtime;

struct fe_invocation {
	const char *request_id;   /* NULL: there is no invocation */
	const char *function_arn; /* "": not told; also trace_id */
	const char *trace_id;
	int64_t deadline_us;      /* wall clock; 0: not told */
	struct fe_str event;
};

/* address: "host:port", of AWS_LAMBDA_RUNTIME_API. */
FE_MUST_USE enum fe_rc fe_runtime_open(struct fe_runtime **out, const char *address, const struct fe_clock *clock,
                                       struct fe_err *err);
void fe_runtime_close(struct fe_runtime *r); /* NULL is allowed */

/* FE_ELIMIT: the event is larger than Lambda's are; out has the rest, and it is to be answered by fail. */
FE_MUST_USE enum fe_rc fe_runtime_next(struct fe_runtime *r, struct fe_invocation *out, struct fe_err *err);
FE_MUST_USE enum fe_rc fe_runtime_answer(struct fe_runtime *r, const char *request_id, struct fe_str json,
                                         struct fe_err *err);
/* request_id NULL: of the start. why: told to the user by its code ("Function.Data") and as it is printed. */
FE_MUST_USE enum fe_rc fe_runtime_fail(struct fe_runtime *r, const char *request_id, const struct fe_err *why,
                                       struct fe_err *err);

/* "Function.Data", "Function.Unavailable": of the code's name. */
#define FE_ERROR_TYPE_BYTES 40
const char *fe_error_type(enum fe_rc rc, char out[FE_ERROR_TYPE_BYTES]);

#endif
