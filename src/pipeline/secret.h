// SPDX-License-Identifier: Apache-2.0
/* pipeline/secret.h - the user and password of a warehouse's server, as AWS keeps them
 *
 * A secret is JSON with username and password, and maybe host, port and dbname, as RDS makes it for its master
 * user, or it is the password alone.
 *
 *   Which     FINETL_DB_SECRET_ARN names it (io/secrets.h)
 *   URL       what the secret has goes into the URL, in memory only: where the URL names a host or a database, these
 *             stay; user and password are the secret's
 *   Who       all that ask a warehouse: a plan that is loaded to do so (connects of pipeline/plan.h) has it; objects that arrive
 *             fetch it themselves
 *   Again     secrets change by themselves: who is refused (28P01) fetches it once more
 */
#ifndef FE_PIPELINE_SECRET_H
#define FE_PIPELINE_SECRET_H

#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"

/* *out: url with what the secret has; NULL where none is named, or the warehouse is on no server. Freed with
 * fe_free. */
FE_MUST_USE enum fe_rc fe_warehouse_with_secret(const char *url, const struct fe_clock *clock, char **out, struct fe_err *err);
/* The same of a secret's text, for tests. */
FE_MUST_USE enum fe_rc fe_warehouse_add_secret(const char *url, struct fe_str secret, char **out, struct fe_err *err);
/* Whether a run ended for a password that the server did not take. */
bool fe_warehouse_is_refused(const struct fe_err *err);

#endif
