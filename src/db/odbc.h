// SPDX-License-Identifier: Apache-2.0
/* db/odbc.h - the ODBC driver manager: its functions, its texts and its errors
 *
 * Private to db/. The library is opened when the first ODBC source is, so that a program that
 * reads no such source neither needs it nor waits for it.
 */
#ifndef FE_DB_ODBC_H
#define FE_DB_ODBC_H

#include <sql.h>
#include <sqlext.h>
#include <sqlucode.h>

#include "base/buf.h"

/* All that is used of it. */
#define FE_ODBC_MAP(X)                                                                                            \
	X(SQLAllocHandle)                                                                                         \
	X(SQLBindCol)                                                                                             \
	X(SQLBindParameter)                                                                                       \
	X(SQLCancel)                                                                                              \
	X(SQLColAttributeW)                                                                                       \
	X(SQLDescribeColW)                                                                                        \
	X(SQLDisconnect)                                                                                          \
	X(SQLDriverConnectW)                                                                                      \
	X(SQLEndTran)                                                                                             \
	X(SQLExecute)                                                                                             \
	X(SQLFetch)                                                                                               \
	X(SQLFreeHandle)                                                                                          \
	X(SQLGetData)                                                                                             \
	X(SQLGetDiagRecW)                                                                                         \
	X(SQLGetInfoW)                                                                                            \
	X(SQLNumResultCols)                                                                                       \
	X(SQLPrepareW)                                                                                            \
	X(SQLSetConnectAttrW)                                                                                     \
	X(SQLSetEnvAttr)                                                                                          \
	X(SQLSetStmtAttrW)

struct fe_odbc {
#define FE_X(name) __typeof__(name) *name;
	FE_ODBC_MAP(FE_X)
#undef FE_X
};

/* FE_EUSAGE where the library is not installed. It stays open. */
FE_MUST_USE enum fe_rc fe_odbc_load(struct fe_odbc *out, struct fe_err *err);

/* What a connection string says, by the rules of SQLDriverConnect. */
struct fe_odbc_names {
	char *shown;      /* "server/database", or the DSN's name: fit for messages; owned */
	char *secrets[4]; /* values that no message may have; owned, NULL: none */
};
void fe_odbc_names_init(struct fe_odbc_names *n, const char *connection);
void fe_odbc_names_reset(struct fe_odbc_names *n);

/* Fills err from the diagnostics of a handle, by SQLSTATE; secrets are starred. what: "cannot connect". */
enum fe_rc fe_odbc_fail(const struct fe_odbc *o, SQLSMALLINT kind, SQLHANDLE handle, const struct fe_odbc_names *names,
                        const char *what, struct fe_err *err);

/* UTF-8 to UTF-16 and back, in the machine's byte order. What is no UTF-8 becomes U+FFFD; a surrogate that
 * stands alone becomes the three bytes that no reader of UTF-8 takes, so that it is not read as something else. */
SQLWCHAR *fe_odbc_wide(struct fe_str text, size_t *n_units); /* fe_free; ended by 0 */
void fe_odbc_add_utf8(struct fe_buf *out, const SQLWCHAR *units, size_t n_units);

#endif
