// SPDX-License-Identifier: Apache-2.0
/* db/libpq.h - libpq, PostgreSQL's client library
 *
 * Private to db/. It brings Kerberos and LDAP with it, two dozen libraries that a run without PostgreSQL would map for
 * nothing: so it is opened when a server or its address is first asked for (libpq_late.c). A program that has its
 * libraries within itself has it from the start (libpq_linked.c). Its functions are called by their names either way.
 */
#ifndef FE_DB_LIBPQ_H
#define FE_DB_LIBPQ_H

#include <libpq-fe.h>

#include "base/err.h"

/* Before the first call of libpq, by whoever makes its objects (fe_pg_connect, fe_pg_is_same_database); what frees takes
 * NULL at any time. FE_EUSAGE where the library is not installed. Any thread. */
FE_MUST_USE enum fe_rc fe_libpq_open(struct fe_err *err);

#endif
