// SPDX-License-Identifier: Apache-2.0
/* db/libpq_late.c - libpq, opened when it is first asked for
 *
 * What is called of it. See base/library.h.
 */
#include "base/library.h"
#include "db/libpq.h"

#define FILE_NAME "libpq.so.5"

FE_LIBRARY_NOTE("recommended", "postgresql", "PostgreSQL as warehouse and source", FILE_NAME);

#define CALLS(CALL)                                                                                               \
	CALL(int, PQbackendPID, (const PGconn *c), (c))                                                           \
	CALL(int, PQcancel, (PGcancel *cancel, char *text, int n_text), (cancel, text, n_text))                   \
	CALL(char *, PQcmdStatus, (PGresult *r), (r))                                                             \
	CALL(char *, PQcmdTuples, (PGresult *r), (r))                                                             \
	CALL(PQconninfoOption *, PQconndefaults, (void), ())                                                      \
	CALL(PostgresPollingStatusType, PQconnectPoll, (PGconn *c), (c))                                          \
	CALL(PGconn *, PQconnectStartParams,                                                                      \
	     (const char *const *names, const char *const *values, int expands), (names, values, expands))        \
	CALL(PQconninfoOption *, PQconninfo, (PGconn *c), (c))                                                    \
	CALL(PQconninfoOption *, PQconninfoParse, (const char *text, char **wrong), (text, wrong))                \
	CALL(int, PQconsumeInput, (PGconn *c), (c))                                                               \
	CALL(char *, PQdb, (const PGconn *c), (c))                                                                \
	CALL(char *, PQerrorMessage, (const PGconn *c), (c))                                                      \
	CALL(int, PQflush, (PGconn *c), (c))                                                                      \
	CALL(int, PQfmod, (const PGresult *r, int column), (r, column))                                           \
	CALL(char *, PQfname, (const PGresult *r, int column), (r, column))                                       \
	CALL(Oid, PQftype, (const PGresult *r, int column), (r, column))                                          \
	CALL(PGcancel *, PQgetCancel, (PGconn *c), (c))                                                           \
	CALL(int, PQgetCopyData, (PGconn *c, char **to, int at_once), (c, to, at_once))                           \
	CALL(int, PQgetisnull, (const PGresult *r, int row, int column), (r, row, column))                        \
	CALL(int, PQgetlength, (const PGresult *r, int row, int column), (r, row, column))                        \
	CALL(PGresult *, PQgetResult, (PGconn *c), (c))                                                           \
	CALL(char *, PQgetvalue, (const PGresult *r, int row, int column), (r, row, column))                      \
	CALL(char *, PQhost, (const PGconn *c), (c))                                                              \
	CALL(int, PQisBusy, (PGconn *c), (c))                                                                     \
	CALL(int, PQlibVersion, (void), ())                                                                       \
	CALL(int, PQnfields, (const PGresult *r), (r))                                                            \
	CALL(int, PQnparams, (const PGresult *r), (r))                                                            \
	CALL(int, PQntuples, (const PGresult *r), (r))                                                            \
	CALL(const char *, PQparameterStatus, (const PGconn *c, const char *name), (c, name))                     \
	CALL(int, PQputCopyData, (PGconn *c, const char *p, int n), (c, p, n))                                    \
	CALL(int, PQputCopyEnd, (PGconn *c, const char *why), (c, why))                                           \
	CALL(char *, PQresultErrorField, (const PGresult *r, int field), (r, field))                              \
	CALL(char *, PQresultErrorMessage, (const PGresult *r), (r))                                              \
	CALL(ExecStatusType, PQresultStatus, (const PGresult *r), (r))                                            \
	CALL(int, PQsendDescribePrepared, (PGconn *c, const char *name), (c, name))                               \
	CALL(int, PQsendPrepare, (PGconn *c, const char *name, const char *sql, int n, const Oid *types),         \
	     (c, name, sql, n, types))                                                                            \
	CALL(int, PQsendQuery, (PGconn *c, const char *sql), (c, sql))                                            \
	CALL(int, PQsendQueryParams,                                                                              \
	     (PGconn *c, const char *sql, int n, const Oid *types, const char *const *values, const int *lengths, \
	      const int *formats, int result_format),                                                             \
	     (c, sql, n, types, values, lengths, formats, result_format))                                         \
	CALL(int, PQsendQueryPrepared,                                                                            \
	     (PGconn *c, const char *name, int n, const char *const *values, const int *lengths,                  \
	      const int *formats, int result_format),                                                             \
	     (c, name, n, values, lengths, formats, result_format))                                               \
	CALL(int, PQserverVersion, (const PGconn *c), (c))                                                        \
	CALL(PGVerbosity, PQsetErrorVerbosity, (PGconn *c, PGVerbosity v), (c, v))                                \
	CALL(int, PQsetnonblocking, (PGconn *c, int is), (c, is))                                                 \
	CALL(PQnoticeReceiver, PQsetNoticeReceiver, (PGconn *c, PQnoticeReceiver fn, void *ctx), (c, fn, ctx))    \
	CALL(int, PQsocket, (const PGconn *c), (c))                                                               \
	CALL(ConnStatusType, PQstatus, (const PGconn *c), (c))                                                    \
	CALL(PGTransactionStatusType, PQtransactionStatus, (const PGconn *c), (c))

#define FREES(FREE)                                                                                               \
	FREE(PQclear, PGresult)                                                                                   \
	FREE(PQconninfoFree, PQconninfoOption)                                                                    \
	FREE(PQfinish, PGconn)                                                                                    \
	FREE(PQfreeCancel, PGcancel)                                                                              \
	FREE(PQfreemem, void)

FE_LATE(CALLS, FREES)

enum fe_rc
fe_libpq_open(struct fe_err *err)
{
	static const struct fe_library library = {
		.file = FILE_NAME,
		.what = "PostgreSQL's client library",
		.remedy = "install libpq 15 or later (Debian: libpq5)",
	};
	static const struct fe_library_function functions[] = FE_LATE_FUNCTIONS(CALLS, FREES);

	return fe_library_open(&library, functions, err);
}
