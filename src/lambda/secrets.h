// SPDX-License-Identifier: Apache-2.0
/* lambda/secrets.h - variables of the environment that are kept as secrets
 *
 * A variable whose value is the ARN of a secret or of a parameter (io/secrets.h) gets that one's text, so that
 * ${API_TOKEN} of a pipeline file, PGPASSWORD or FINETL_WAREHOUSE need not be known to whoever can read the
 * function's configuration. FINETL_DB_SECRET_ARN stays the ARN that it is: pipeline/secret.h.
 *
 *   Again    Secrets change by themselves. Where somebody is refused, refresh asks anew; with a changed
 *            one, whatever was made from the environment is to be made again.
 *   Threads  one; the environment is changed only while nothing runs
 */
#ifndef FE_LAMBDA_SECRETS_H
#define FE_LAMBDA_SECRETS_H

#include "base/clock.h"
#include "base/err.h"

struct fe_lambda_secret;
struct fe_lambda_secrets {
	struct fe_lambda_secret *items;
	size_t n_items, cap_items;
};

/* Finds and fetches them all. reset also after a failure. */
FE_MUST_USE enum fe_rc fe_lambda_secrets_open(struct fe_lambda_secrets *s, const struct fe_clock *clock, struct fe_err *err);
FE_MUST_USE enum fe_rc fe_lambda_secrets_refresh(struct fe_lambda_secrets *s, const struct fe_clock *clock, bool *has_changed,
                                                 struct fe_err *err);
/* The variables are ARNs again. */
void fe_lambda_secrets_reset(struct fe_lambda_secrets *s);

#endif
