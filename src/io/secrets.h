// SPDX-License-Identifier: Apache-2.0
/* io/secrets.h - a secret that AWS keeps, by its ARN
 *
 *   arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME      GetSecretValue, the current version
 *   arn:aws:ssm:REGION:ACCOUNT:parameter/NAME              GetParameter, decrypted
 *
 * Asked for with the keys of io/credentials.h, in the region of the ARN.
 *
 *   Failure   FE_EUSAGE: no such ARN, no such secret; FE_EDENIED: not allowed; FE_EUNAVAIL
 *   Secrets   no message has a part of the answer
 */
#ifndef FE_IO_SECRETS_H
#define FE_IO_SECRETS_H

#include "base/buf.h"
#include "base/clock.h"

bool fe_secret_is_arn(const char *text);
/* The text of the secret, appended to *out. */
FE_MUST_USE enum fe_rc fe_secret_fetch(const char *arn, const struct fe_clock *clock, struct fe_buf *out, struct fe_err *err);

#endif
