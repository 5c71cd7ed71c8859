// SPDX-License-Identifier: Apache-2.0
/* db/postgres_conn.h - the parts of a PostgreSQL connection, for the files of db/ only
 *
 *   postgres.c          the connection: session, transactions, what db/db.h asks of it
 *   postgres_connect.c  where to connect, how safely, and how long to try
 *   postgres_wait.c     how the server is waited for: stop, silence
 *   postgres_stmt.c     prepared statements with values as texts
 *   postgres_sql.c      the common SQL as PostgreSQL has it
 *   postgres_copy.c     COPY FROM STDIN
 *   postgres_sender.c   the thread that sends during a COPY
 *   postgres_query.c    queries in binary, a transaction's fate
 *   cursor_postgres.c   results of any size, by COPY TO STDOUT; cursor_postgres.h names its parts
 *   postgres_error.c    what each SQLSTATE means for the caller
 *
 * libpq is used without blocking throughout. A statement goes out by a PQsend...
 * function; fe_pg_finish then waits for its results and takes them all.
 */
#ifndef FE_DB_POSTGRES_CONN_H
#define FE_DB_POSTGRES_CONN_H

#include "db/engine.h"
#include "db/libpq.h"
#include "db/postgres.h"

struct fe_pg_sender;

struct fe_pg {
	struct fe_db base;
	PGconn *conn;
	/* How it was opened, for a second connection; it may hold a password. */
	const char **keywords, **values; /* ended by NULL */
	char *schema;          /* unquoted */
	int backend_pid;       /* with backend_start: of whom to ask when the connection is lost */
	char *backend_start;
	int64_t connect_timeout_ms, silence_ms;
	bool is_lost;
	int64_t cancelled_ms;  /* when a stop was heard in this statement; 0: none was */
	bool in_copy;
	bool is_committing;    /* not to be cancelled on the server */
	bool is_source;
	int64_t changes;
	uint64_t n_statements; /* for their names */
	struct fe_buf unneeded; /* DEALLOCATE of statements that were freed */
	struct fe_buf sql;      /* of the statement being sent */
	struct fe_pg_sender *sender; /* of the COPY; NULL: there is none */
};

static inline struct fe_pg *
fe_pg_of(struct fe_db *db)
{
	return (struct fe_pg *)db;
}

extern const struct fe_db_ops fe_pg_ops;

/* ---- postgres_connect.c ---- */

/* Finds out where and how, the first time; then one attempt. */
FE_MUST_USE enum fe_rc fe_pg_connect(struct fe_pg *pg, const struct fe_pg_settings *set,
                                     struct fe_err *err);
/* One attempt with the connection's own settings; *out is to be finished by PQfinish.
 * wait_ms: at most, 0: as the settings say. */
FE_MUST_USE enum fe_rc fe_pg_connect_once(struct fe_pg *pg, int64_t wait_ms, PGconn **out,
                                          struct fe_err *err);
/* Whether host and hostaddr as libpq takes them (lists, too; NULL: none) are this machine by
 * name and by address. */
bool fe_pg_is_local_host(const char *host, const char *hostaddr);

/* ---- postgres_wait.c ---- */

/* Waits until a result can be taken (PQgetResult does not block). */
FE_MUST_USE enum fe_rc fe_pg_wait_result(struct fe_pg *pg, struct fe_err *err);
int64_t fe_pg_now_ms(void);
/* After a slice in which nothing happened; heard_ms: when something last came or went, or
 * the wait began. */
FE_MUST_USE enum fe_rc fe_pg_on_idle(struct fe_pg *pg, int64_t *heard_ms, struct fe_err *err);
/* Waits until something came (COPY TO STDOUT), or the connection broke. */
FE_MUST_USE enum fe_rc fe_pg_wait_data(struct fe_pg *pg, struct fe_err *err);
/* Waits until the server took some of what is to be sent. */
FE_MUST_USE enum fe_rc fe_pg_wait_sent(struct fe_pg *pg, struct fe_err *err);
/* Waits for a socket; *ready false when wait_ms are over. */
FE_MUST_USE enum fe_rc fe_pg_poll(PGconn *conn, short events, int64_t wait_ms, bool *ready,
                                  struct fe_err *err);

/* ---- postgres_error.c ---- */

enum fe_rc fe_pg_fail_result(struct fe_pg *pg, const PGresult *result, struct fe_err *err);
/* The connection is of no use any more. */
enum fe_rc fe_pg_fail_lost(struct fe_pg *pg, const char *why, struct fe_err *err);
/* A connection that did not come about; text is libpq's. */
enum fe_rc fe_pg_fail_connect(const char *text, bool in_tls, const char *name, struct fe_err *err);
/* A message of libpq about a setting, without what it quotes: it may be a secret. */
void fe_pg_add_unquoted(struct fe_buf *out, const char *text);
void fe_pg_set_foreign(struct fe_err *err, const char *code);

/* ---- postgres_sql.c ---- */

/* ?n -> $n and main. -> schema. outside of quotes and comments. */
void fe_pg_add_sql(struct fe_buf *out, struct fe_str sql, const char *schema);
void fe_pg_add_quoted_name(struct fe_buf *out, const char *name);
/* ?1 and ?2 -> 'text' or NULL, outside of quotes and comments: COPY takes no parameters. */
void fe_pg_add_bound_sql(struct fe_buf *out, struct fe_str sql, const char *const bound[2]);

/* ---- postgres.c ---- */

/* Before a statement is sent: whether that is legal. */
FE_MUST_USE enum fe_rc fe_pg_ready(struct fe_pg *pg, struct fe_err *err);
/* After one was sent (sent: what PQsend... returned): takes all its results. The last
 * goes to *out (PQclear), which may be NULL; the first failure is what counts. */
FE_MUST_USE enum fe_rc fe_pg_finish(struct fe_pg *pg, int sent, PGresult **out, struct fe_err *err);
/* Sends SQL as it is, by the simple protocol. */
FE_MUST_USE enum fe_rc fe_pg_exec(struct fe_pg *pg, const char *sql, PGresult **out,
                                  struct fe_err *err);
/* A name for a statement, and before that an end to those that were freed. */
FE_MUST_USE enum fe_rc fe_pg_name_statement(struct fe_pg *pg, char name[32], struct fe_err *err);
void fe_pg_drop_statement(struct fe_pg *pg, const char *name);

/* ---- postgres_copy.c ---- */

/* Ends a COPY that is given up; its rows are gone. */
FE_MUST_USE enum fe_rc fe_pg_copy_give_up(struct fe_pg *pg, struct fe_err *err);

/* ---- postgres_stmt.c ---- */

enum fe_rc fe_pg_prepare(struct fe_db *db, struct fe_str sql, struct fe_stmt **out,
                         struct fe_err *err);
void fe_pg_stmt_free(struct fe_stmt *st);
void fe_pg_bind_i64(struct fe_stmt *st, int index, int64_t v);
void fe_pg_bind_text(struct fe_stmt *st, int index, struct fe_str v);
void fe_pg_bind_blob(struct fe_stmt *st, int index, struct fe_str v);
void fe_pg_bind_null(struct fe_stmt *st, int index);
enum fe_rc fe_pg_step(struct fe_stmt *st, bool *row, struct fe_err *err);
void fe_pg_reset(struct fe_stmt *st);
int fe_pg_n_columns(const struct fe_stmt *st);
bool fe_pg_is_null(struct fe_stmt *st, int column);
int64_t fe_pg_column_i64(struct fe_stmt *st, int column);
struct fe_str fe_pg_column_text(struct fe_stmt *st, int column);

#endif
