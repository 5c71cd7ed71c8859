// SPDX-License-Identifier: Apache-2.0
/* db/postgres.h - a connection to PostgreSQL, opened the careful way
 *
 * What is common to the engines is db/db.h; here is how a connection is opened, and what
 * only PostgreSQL has: binary COPY, and queries with binary arrays for many keys at once.
 *
 * Where to connect: the URL (postgresql://, postgres://, or postgresql: alone), then PG*
 * variables, service file and password file, as libpq has it. For a host that is not
 * local (a socket, localhost, 127.0.0.0/8, ::1), sslmode is verify-full unless the URL,
 * PGSSLMODE or the service says otherwise; where no root certificate is named and there
 * is no ~/.postgresql/root.crt, the system's are used. (An sslmode=prefer in a service file
 * cannot be told from none.) Server older than 15, or of a database that is not in UTF-8:
 * FE_EUSAGE. A standby, or a server in read-only mode: FE_EUNAVAIL. A search_path with no
 * schema that the role may use: FE_EDENIED. Foreign keys that are not checked
 * (session_replication_role), writes that are not counted (track_counts): FE_ECONFLICT.
 *
 * A session is set up alike wherever it comes from: UTF-8, UTC, ISO dates, search_path
 * '<schema>, pg_temp', read committed, lock_timeout, keepalives on both sides,
 * client_connection_check_interval, standard_conforming_strings, synchronous_commit on.
 *
 * No wait is without an end: a server that does not answer for silence_ms is asked for over a
 * second, short-lived connection (pg_stat_activity) whether it is still at work for us;
 * FE_EUNAVAIL if it is not, or cannot be asked. A stop request cancels the statement on the
 * server (PQcancel), then fails with FE_ECANCEL; a COMMIT is not cancelled, but after a few
 * seconds more its fate is unknown.
 *
 * Messages: the server's primary message, detail only where it quotes no row (constraint
 * names are kept), never the connection string; foreign: the SQLSTATE.
 */
#ifndef FE_DB_POSTGRES_H
#define FE_DB_POSTGRES_H

#include "base/buf.h"
#include "db/db.h"

struct fe_pg_settings {
	const char *url;
	const char *application;     /* application_name; NULL: finetl */
	int64_t connect_wait_ms;     /* how long to try again where the server starts up, is full,
	                              * or cannot be reached; 0: one attempt */
	int64_t lock_timeout_ms;     /* of one statement; 0: as the server has it */
	int64_t silence_ms;          /* after which a silent server is asked about; 0: 10 s */
	bool ignores_stop;           /* from the start: for the end of a run that was cancelled */
	bool read_only;              /* for readers: a standby will do; nothing is written */
	bool is_source;              /* read_only, and not a warehouse: any encoding and search_path will do, as the
	                              * server has it; what fails there is the query's or its rows' fault */
};

FE_MUST_USE enum fe_rc fe_pg_open(struct fe_db **out, const struct fe_pg_settings *set,
                                  struct fe_err *err);
/* The schema of finetl's own tables and of targets without one: the first of the user's
 * search_path that exists and may be used (public, where the path names none). Lives as
 * long as the connection. */
const char *fe_pg_schema(const struct fe_db *db);
int fe_pg_backend_pid(const struct fe_db *db);
/* Whether two URLs lead to one database: host, port and name, with what the environment adds to each. User, password
 * and the ways of getting there do not count. */
bool fe_pg_is_same_database(const char *a, const char *b);
/* Whether the connection is lost: nothing but close is legal then. */
bool fe_pg_is_lost(const struct fe_db *db);
/* The session of a lost connection stands on the server, with its transaction and locks,
 * until the server finds out. This ends it over db at once, unless it is at work: a COMMIT
 * that has arrived is not cut short. FE_OK where it is gone already, too. */
FE_MUST_USE enum fe_rc fe_pg_end_lost(struct fe_db *db, const struct fe_db *lost, struct fe_err *err);
/* After a statement failed: whether trying again from its savepoint can help (deadlock,
 * serialization failure, lock timeout). */
bool fe_pg_may_retry(const struct fe_err *err);

/* ---- COPY FROM STDIN (FORMAT binary); format/pgcopy.h has the bytes ---- */

/* Between begin and end nothing else may be asked of this connection. */
FE_MUST_USE enum fe_rc fe_pg_copy_begin(struct fe_db *db, const char *sql, struct fe_err *err);
/* Takes what the buffer holds, and leaves it empty; a thread sends it. Does not wait for the
 * server unless some blocks are on their way: a block is best of some 100 KiB. */
FE_MUST_USE enum fe_rc fe_pg_copy_put(struct fe_db *db, struct fe_buf *bytes, struct fe_err *err);
FE_MUST_USE enum fe_rc fe_pg_copy_end(struct fe_db *db, uint64_t *n_rows, struct fe_err *err);

/* ---- queries in binary ---- */

struct fe_pg_query;  /* a prepared statement whose parameters and columns are binary */
struct fe_pg_param {
	uint32_t oid;        /* its type */
	struct fe_str value; /* p NULL: null */
};
/* sql has $1, $2, ... and is not translated. */
FE_MUST_USE enum fe_rc fe_pg_query_prepare(struct fe_db *db, const char *sql, const uint32_t *oids,
                                           size_t n_params, struct fe_pg_query **out,
                                           struct fe_err *err);
/* Its whole result, which lives until the next run or free. */
FE_MUST_USE enum fe_rc fe_pg_query_run(struct fe_pg_query *q, const struct fe_pg_param *params,
                                       struct fe_err *err);
size_t fe_pg_query_n_rows(const struct fe_pg_query *q);
/* null: p NULL */
struct fe_str fe_pg_query_value(const struct fe_pg_query *q, size_t row, size_t column);
void fe_pg_query_free(struct fe_pg_query *q); /* NULL is allowed */

/* ---- commit whose answer was lost ---- */

/* fe_db_commit of db/db.h sends COMMIT and requires the tag COMMIT. Where the answer was
 * lost it fails with FE_EUNAVAIL and the foreign code "08007" (transaction resolution
 * unknown): whoever holds the run's identity then asks with a new connection. */
#define FE_PG_UNKNOWN_COMMIT "08007"
/* The transaction's id (pg_current_xact_id), to ask for later; assigns one. After a crash
 * of the server the number of a transaction that left no trace is given anew: that of
 * somebody else may be COMMITTED, so what the transaction wrote is the first witness. */
FE_MUST_USE enum fe_rc fe_pg_transaction_id(struct fe_db *db, uint64_t *xid, struct fe_err *err);
enum fe_pg_fate { FE_PG_IN_PROGRESS, FE_PG_COMMITTED, FE_PG_ABORTED, FE_PG_FORGOTTEN };
FE_MUST_USE enum fe_rc fe_pg_transaction_fate(struct fe_db *db, uint64_t xid, enum fe_pg_fate *out,
                                              struct fe_err *err);

#endif
