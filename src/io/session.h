// SPDX-License-Identifier: Apache-2.0
/* io/session.h - what is kept from one object to the next: connections, credentials, regions
 *
 * Whoever reads or writes many objects makes one and lends it by fe_net_settings: a
 * thousand objects are then not a thousand logins. Without one, each object logs in anew.
 *
 *   Threads   any
 */
#ifndef FE_IO_SESSION_H
#define FE_IO_SESSION_H

#include "io/net.h"
#include "io/s3.h"

struct fe_session *fe_session_new(void);
void fe_session_free(struct fe_session *s); /* NULL is allowed */

/* The session's client of S3, or a new one where there is no session. */
FE_MUST_USE enum fe_rc fe_session_take_s3(const struct fe_net_settings *net, struct fe_s3 **out, struct fe_err *err);
/* After a stop, what undoes is still asked for (fe_s3_farewell). */
void fe_session_farewell(struct fe_session *s);
void fe_session_give_s3(const struct fe_net_settings *net, struct fe_s3 *s3); /* NULL is allowed */

#endif
