// SPDX-License-Identifier: Apache-2.0
/* db/postgres.c - see db/postgres.h
 *
 * A connection from its opening to its end: how its session is set up, its transactions,
 * and the way of every statement, which is sent without blocking and finished by taking
 * all its results.
 */
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "base/decimal.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stop.h"
#include "db/postgres_conn.h"
#include "db/postgres_sender.h"

#define LEAST_VERSION 150000
#define LEAST_FIXED_VERSION 150018 /* of 15, the first without known holes */
#define FIRST_NAP_MS 50
#define LONGEST_NAP_MS 1000
#define MAX_SQL_BYTES ((size_t)16 << 20)

/* ---- sending and taking ---- */

enum fe_rc
fe_pg_ready(struct fe_pg *pg, struct fe_err *err)
{
	if (pg->is_lost)
		return fe_pg_fail_lost(pg, "it broke before", err);
	if (pg->in_copy)
		return fe_fail(err, FE_EBUG, "a statement was sent in the middle of a COPY");
	pg->cancelled_ms = 0;
	return FE_OK;
}

static bool
is_failure(const PGresult *result)
{
	switch (PQresultStatus(result)) {
	case PGRES_COMMAND_OK:
	case PGRES_TUPLES_OK:
	case PGRES_COPY_IN:
	case PGRES_COPY_OUT:
	case PGRES_EMPTY_QUERY:
		return false;
	default:
		return true;
	}
}

static void
keep_changes(struct fe_pg *pg, PGresult *result)
{
	const char *text = PQcmdTuples(result);
	int64_t n;

	if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK)
		return;
	if (strncmp(PQcmdStatus(result), "SELECT", 6) == 0)
		return;
	if (text[0] != '\0' && fe_int_parse(fe_str_of(text), &n) == FE_DECIMAL_OK)
		pg->changes = n;
}

enum fe_rc
fe_pg_finish(struct fe_pg *pg, int sent, PGresult **out, struct fe_err *err)
{
	PGresult *result, *last = NULL;
	enum fe_rc rc = FE_OK, failed;

	if (!sent)
		return fe_pg_fail_lost(pg, PQerrorMessage(pg->conn), err);
	for (;;) {
		failed = fe_pg_wait_result(pg, rc ? NULL : err);
		if (failed) {
			PQclear(last);
			return rc ? rc : failed;
		}
		result = PQgetResult(pg->conn);
		if (!result)
			break;
		if (is_failure(result) && !rc)
			rc = fe_pg_fail_result(pg, result, err);
		keep_changes(pg, result);
		PQclear(last);
		last = result;
		if (PQresultStatus(result) == PGRES_COPY_IN || PQresultStatus(result) == PGRES_COPY_OUT)
			break; /* no end of results before the end of the COPY */
	}
	if (PQstatus(pg->conn) == CONNECTION_BAD)
		pg->is_lost = true;
	if (!rc && pg->is_lost)
		rc = fe_pg_fail_lost(pg, PQerrorMessage(pg->conn), err);
	if (rc || !out) {
		PQclear(last);
		return rc;
	}
	*out = last;
	return FE_OK;
}

enum fe_rc
fe_pg_exec(struct fe_pg *pg, const char *sql, PGresult **out, struct fe_err *err)
{
	FE_TRY(fe_pg_ready(pg, err));
	return fe_pg_finish(pg, PQsendQuery(pg->conn, sql), out, err);
}

enum fe_rc
fe_pg_name_statement(struct fe_pg *pg, char name[32], struct fe_err *err)
{
	if (pg->unneeded.n_bytes > 0 && PQtransactionStatus(pg->conn) != PQTRANS_INERROR) {
		FE_TRY(fe_pg_exec(pg, fe_buf_text(&pg->unneeded), NULL, err));
		fe_buf_clear(&pg->unneeded);
	}
	(void)snprintf(name, 32, "fe_%llu", (unsigned long long)++pg->n_statements);
	return FE_OK;
}

void
fe_pg_drop_statement(struct fe_pg *pg, const char *name)
{
	/* Past the buffer's end they stay until the session ends, which does no harm. */
	fe_buf_addf(&pg->unneeded, "DEALLOCATE %s;", name);
}

/* ---- opening ---- */

/* Alike wherever the session comes from: what the server, the role, the database and the
 * user's own settings say is overruled. Row security off: an error rather than rows
 * that are there but not seen. */
static void
add_session(struct fe_buf *sql, const struct fe_pg_settings *set)
{
	fe_buf_add_text(sql, "SET statement_timeout = 0; "
	                     "SET client_encoding = 'UTF8'; SET TimeZone = 'UTC'; "
	                     "SET DateStyle = 'ISO, YMD'; SET bytea_output = 'hex'; "
	                     "SET standard_conforming_strings = on; SET row_security = off; "
	                     "SET transform_null_equals = off; SET quote_all_identifiers = off; "
	                     "SET default_transaction_isolation = 'read committed'; "
	                     "SET default_transaction_deferrable = off; SET jit = off; "
	                     "SET idle_session_timeout = 0; "
	                     "SET idle_in_transaction_session_timeout = '1h'; "
	                     "SET client_connection_check_interval = '10s'; "
	                     "SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; "
	                     "SET tcp_keepalives_count = 3; SET tcp_user_timeout = 60000; ");
	if (set->lock_timeout_ms > 0)
		fe_buf_addf(sql, "SET lock_timeout = %lld; ", (long long)set->lock_timeout_ms);
	if (set->read_only || set->is_source)
		fe_buf_add_text(sql, "SET default_transaction_read_only = on; ");
	else
		fe_buf_add_text(sql, "SELECT set_config('synchronous_commit', 'on', false) "
		                     "WHERE current_setting('synchronous_commit') <> 'remote_apply'; ");
}

static enum fe_rc
set_up_session(struct fe_pg *pg, const struct fe_pg_settings *set, struct fe_err *err)
{
	struct fe_buf sql;
	enum fe_rc rc;

	fe_buf_init(&sql, 8192);
	add_session(&sql, set);
	rc = fe_buf_check(&sql, "the session's settings", err);
	if (rc == FE_OK)
		rc = fe_pg_exec(pg, fe_buf_text(&sql), NULL, err);
	fe_buf_reset(&sql);
	return rc;
}

static enum fe_rc
check_version(const struct fe_pg *pg, struct fe_err *err)
{
	int version = PQserverVersion(pg->conn);
	const char *text = PQparameterStatus(pg->conn, "server_version");

	if (version < LEAST_VERSION) {
		fe_fail(err, FE_EUSAGE, "the server is PostgreSQL %s; finetl needs 15 or later",
		        text ? text : "of an unknown version");
		fe_err_at(err, pg->base.name, 0, NULL);
		return FE_EUSAGE;
	}
	if (version < LEAST_FIXED_VERSION)
		fe_log(FE_LOG_WARN, "the PostgreSQL server lacks security fixes; update it to 15.18",
		       "server", pg->base.name, "version", text ? text : "", NULL);
	if (PQlibVersion() < LEAST_FIXED_VERSION)
		fe_log(FE_LOG_WARN, "libpq lacks security fixes; update it to 15.18", NULL);
	return FE_OK;
}

/* The first schema of the search path that is neither the server's own nor temporary: what
 * was made there would be refused, or gone with the session. A path that names none at all
 * stands for public; one whose schemas are not there, or not for this role, for nothing: a
 * slip of the pen would begin another warehouse. */
#define SCHEMA_SQL                                                                                  \
	"coalesce((SELECT s FROM pg_catalog.unnest(pg_catalog.current_schemas(false)) "             \
	"WITH ORDINALITY AS x (s, i) WHERE s !~ '^pg_' AND s <> 'information_schema' "              \
	"ORDER BY i LIMIT 1), (SELECT nspname FROM pg_catalog.pg_namespace WHERE nspname = 'public' " \
	"AND pg_catalog.has_schema_privilege(oid, 'USAGE') AND NOT EXISTS (SELECT FROM "            \
	"pg_catalog.string_to_table(pg_catalog.current_setting('search_path'), ',') AS n "          \
	"WHERE pg_catalog.btrim(n, ' \"') !~ '^(|[$]user|pg_.*|information_schema)$')))"

/* Asked of the server and not of libpq's parameters: a pooler may not pass them on. */
static enum fe_rc
check_server(struct fe_pg *pg, const struct fe_pg_settings *set, struct fe_err *err)
{
	static const char sql[] =
		"SELECT pg_catalog.pg_is_in_recovery(), "
		"pg_catalog.current_setting('default_transaction_read_only')::boolean, "
		"pg_catalog.current_setting('server_encoding'), " SCHEMA_SQL ", "
		"(SELECT backend_start AT TIME ZONE 'UTC' || '+00' "
		"FROM pg_catalog.pg_stat_get_activity(pg_catalog.pg_backend_pid())), "
		"pg_catalog.current_setting('session_replication_role') = 'replica', "
		"NOT pg_catalog.current_setting('track_counts')::boolean";
	const bool is_reader = set->read_only || set->is_source;
	PGresult *r = NULL;
	enum fe_rc rc;

	FE_TRY(fe_pg_exec(pg, sql, &r, err));
	if (PQntuples(r) != 1 || PQnfields(r) != 7)
		rc = fe_fail(err, FE_EUNAVAIL, "the server's answer is not one of PostgreSQL");
	else if (!set->is_source && strcmp(PQgetvalue(r, 0, 2), "UTF8") != 0)
		rc = fe_fail(err, FE_EUSAGE,
		             "the database is encoded in %s; finetl needs one in UTF8 "
		             "(CREATE DATABASE ... ENCODING 'UTF8')", PQgetvalue(r, 0, 2));
	else if (!is_reader && PQgetvalue(r, 0, 0)[0] == 't')
		rc = fe_fail(err, FE_EUNAVAIL, "the server is a standby, which can only be read; "
		             "connect to the primary server");
	else if (!is_reader && PQgetvalue(r, 0, 1)[0] == 't')
		rc = fe_fail(err, FE_EUNAVAIL, "the server is in read-only mode "
		             "(default_transaction_read_only); wait until it can be written");
	else if (!is_reader && PQgetvalue(r, 0, 5)[0] == 't') /* only a superuser may set it back */
		rc = fe_fail(err, FE_ECONFLICT, "session_replication_role is 'replica' here, so that no foreign key is "
		             "checked and no trigger runs; take it off the database or the role (ALTER ... RESET "
		             "session_replication_role)");
	else if (!is_reader && PQgetvalue(r, 0, 6)[0] == 't')
		rc = fe_fail(err, FE_ECONFLICT, "track_counts is off here, so that what triggers write to the tables of a "
		             "run goes unseen; take it off the database or the role (ALTER ... RESET track_counts)");
	else if (!set->is_source && PQgetisnull(r, 0, 3))
		rc = fe_fail(err, FE_EDENIED, "the search_path names no schema that is there and that this role "
		             "may use; make the schema, or ask its owner for the right (GRANT USAGE ON SCHEMA), or "
		             "name another, as by ?options=-csearch_path%%3DNAME");
	else
		rc = FE_OK;
	if (rc) {
		fe_err_at(err, pg->base.name, 0, NULL);
	} else {
		fe_free(pg->schema);
		fe_free(pg->backend_start);
		pg->schema = fe_strdup(PQgetvalue(r, 0, 3));
		pg->backend_start = fe_strdup(PQgetvalue(r, 0, 4));
		pg->backend_pid = PQbackendPID(pg->conn);
	}
	PQclear(r);
	return rc;
}

/* Not what the user's own path holds besides: a table of another schema is never meant. */
static enum fe_rc
set_search_path(struct fe_pg *pg, struct fe_err *err)
{
	fe_buf_clear(&pg->sql);
	fe_buf_add_text(&pg->sql, "SET search_path = ");
	fe_pg_add_quoted_name(&pg->sql, pg->schema);
	fe_buf_add_text(&pg->sql, ", pg_temp");
	FE_TRY(fe_buf_check(&pg->sql, "the schema's name", err));
	return fe_pg_exec(pg, fe_buf_text(&pg->sql), NULL, err);
}

static enum fe_rc
open_once(struct fe_pg *pg, const struct fe_pg_settings *set, struct fe_err *err)
{
	FE_TRY(fe_pg_connect(pg, set, err));
	FE_TRY(check_version(pg, err));
	FE_TRY(set_up_session(pg, set, err));
	FE_TRY(check_server(pg, set, err));
	return set->is_source ? FE_OK : set_search_path(pg, err);
}

static void
nap(int64_t ms)
{
	const struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	(void)nanosleep(&t, NULL); /* woken early by a signal: asks again the sooner */
}

static enum fe_rc
open_patiently(struct fe_pg *pg, const struct fe_pg_settings *set, struct fe_err *err)
{
	const int64_t until_us = fe_clock_ticks(&fe_clock_system) + set->connect_wait_ms * 1000;
	int64_t nap_ms = FIRST_NAP_MS;
	enum fe_rc rc;

	for (;;) {
		rc = open_once(pg, set, err);
		if (rc != FE_EUNAVAIL || fe_clock_ticks(&fe_clock_system) >= until_us)
			return rc;
		PQfinish(pg->conn);
		pg->conn = NULL;
		pg->is_lost = false;
		if (pg->base.stoppable)
			FE_TRY(fe_stop_check(err));
		nap(nap_ms);
		nap_ms = nap_ms * 2 < LONGEST_NAP_MS ? nap_ms * 2 : LONGEST_NAP_MS;
	}
}

enum fe_rc
fe_pg_open(struct fe_db **out, const struct fe_pg_settings *set, struct fe_err *err)
{
	struct fe_pg *pg = fe_new(struct fe_pg);
	enum fe_rc rc;

	*out = NULL;
	pg->base.ops = &fe_pg_ops;
	pg->base.stoppable = !set->ignores_stop;
	pg->silence_ms = set->silence_ms;
	pg->is_source = set->is_source;
	fe_buf_init(&pg->unneeded, MAX_SQL_BYTES);
	fe_buf_init(&pg->sql, MAX_SQL_BYTES);
	rc = open_patiently(pg, set, err);
	if (rc)
		fe_db_close(&pg->base);
	else
		*out = &pg->base;
	return rc;
}

static void
close_connection(struct fe_db *db)
{
	struct fe_pg *pg = fe_pg_of(db);
	size_t i;

	fe_pg_sender_free(pg->sender);
	PQfinish(pg->conn); /* the server rolls back */
	for (i = 0; pg->keywords && pg->keywords[i]; i++) {
		fe_free((char *)(uintptr_t)pg->keywords[i]);
		fe_free((char *)(uintptr_t)pg->values[i]);
	}
	fe_free(pg->keywords);
	fe_free(pg->values);
	fe_free(pg->base.name);
	fe_free(pg->schema);
	fe_free(pg->backend_start);
	fe_buf_reset(&pg->unneeded);
	fe_buf_reset(&pg->sql);
	fe_free(pg);
}

const char *
fe_pg_schema(const struct fe_db *db)
{
	return ((const struct fe_pg *)db)->schema;
}

int
fe_pg_backend_pid(const struct fe_db *db)
{
	return ((const struct fe_pg *)db)->backend_pid;
}

bool
fe_pg_is_lost(const struct fe_db *db)
{
	return ((const struct fe_pg *)db)->is_lost;
}

enum fe_rc
fe_pg_end_lost(struct fe_db *db, const struct fe_db *lost, struct fe_err *err)
{
	const struct fe_pg *pg = (const struct fe_pg *)lost;
	struct fe_stmt *st;
	enum fe_rc rc;

	if (!pg->backend_start)
		return FE_OK;
	FE_TRY(fe_db_prepare(db,
	                     FE_STR("SELECT count(pg_catalog.pg_terminate_backend(pid)) "
	                            "FROM pg_catalog.pg_stat_activity WHERE pid = ?1::int4 "
	                            "AND backend_start = ?2::timestamptz "
	                            "AND (state <> 'active' OR wait_event_type = 'Client')"),
	                     &st, err));
	fe_stmt_bind_i64(st, 1, pg->backend_pid);
	fe_stmt_bind_cstr(st, 2, pg->backend_start);
	rc = fe_stmt_run(st, err);
	fe_stmt_free(st);
	return rc;
}

/* ---- transactions ---- */

static enum fe_rc
exec_sql(struct fe_db *db, const char *sql, struct fe_err *err)
{
	struct fe_pg *pg = fe_pg_of(db);
	PGresult *result = NULL;

	FE_TRY(fe_pg_ready(pg, err));
	fe_buf_clear(&pg->sql);
	fe_pg_add_sql(&pg->sql, fe_str_of(sql), pg->schema);
	FE_TRY(fe_buf_check(&pg->sql, "the statement", err));
	FE_TRY(fe_pg_exec(pg, fe_buf_text(&pg->sql), &result, err));
	pg->in_copy = PQresultStatus(result) == PGRES_COPY_IN;
	PQclear(result);
	if (!pg->in_copy)
		return FE_OK;
	FE_TRY(fe_pg_copy_give_up(pg, err));
	return fe_fail(err, FE_EBUG, "COPY is no statement for fe_db_exec");
}

static bool
in_transaction(const struct fe_db *db)
{
	const struct fe_pg *pg = (const struct fe_pg *)db;
	PGTransactionStatusType status;

	if (pg->is_lost || pg->in_copy) /* then the connection is the sender's */
		return !pg->is_lost;
	status = PQtransactionStatus(pg->conn);
	return status != PQTRANS_IDLE && status != PQTRANS_UNKNOWN;
}

static enum fe_rc
begin(struct fe_db *db, struct fe_err *err)
{
	if (in_transaction(db))
		return fe_fail(err, FE_EBUG, "a transaction was begun within another");
	return fe_pg_exec(fe_pg_of(db), "BEGIN", NULL, err);
}

static enum fe_rc
fail_unknown_commit(struct fe_pg *pg, struct fe_err *err)
{
	fe_fail(err, FE_EUNAVAIL, "the connection is lost, and with it the answer to COMMIT: "
	        "whether the transaction is committed is not known");
	fe_err_at(err, pg->base.name, 0, NULL);
	fe_pg_set_foreign(err, FE_PG_UNKNOWN_COMMIT);
	return FE_EUNAVAIL;
}

static enum fe_rc
commit(struct fe_db *db, struct fe_err *err)
{
	struct fe_pg *pg = fe_pg_of(db);
	PGresult *result = NULL;
	enum fe_rc rc;
	int sent;

	FE_TRY(fe_pg_ready(pg, err));
	if (!in_transaction(db))
		return fe_fail(err, FE_EBUG, "COMMIT without a transaction");
	pg->is_committing = true;
	sent = PQsendQuery(pg->conn, "COMMIT");
	/* A place to be killed at: what was sent cannot fail any more. */
	rc = fe_failpoint("load.commit_sent", NULL);
	rc = fe_pg_finish(pg, sent, &result, err);
	pg->is_committing = false;
	if (pg->is_lost) {
		PQclear(result);
		return fail_unknown_commit(pg, err);
	}
	if (rc)
		return rc; /* the server refused, so it is rolled back */
	if (strcmp(PQcmdStatus(result), "COMMIT") != 0) {
		rc = fe_fail(err, FE_ECONFLICT,
		             "the server answered COMMIT with %.20s: a statement of the transaction "
		             "failed before", PQcmdStatus(result));
		fe_err_at(err, pg->base.name, 0, NULL);
		fe_pg_set_foreign(err, "25P02");
	}
	PQclear(result);
	return rc;
}

static enum fe_rc
rollback(struct fe_db *db, struct fe_err *err)
{
	struct fe_pg *pg = fe_pg_of(db);
	enum fe_rc rc = FE_OK;

	/* A COPY that is given up fails; what matters is whether the rollback does. */
	if (pg->in_copy)
		rc = fe_pg_copy_give_up(pg, NULL);
	if (in_transaction(db))
		rc = fe_pg_exec(pg, "ROLLBACK", NULL, NULL);
	if (rc == FE_OK)
		return FE_OK;
	/* A cancel that came late hits this one. A lost connection is rolled back. */
	return in_transaction(db) ? fe_pg_exec(pg, "ROLLBACK", NULL, err) : FE_OK;
}

static int64_t
changes(const struct fe_db *db)
{
	return ((const struct fe_pg *)db)->changes;
}

const struct fe_db_ops fe_pg_ops = {
	.engine = FE_DB_POSTGRES,
	.close = close_connection,
	.exec = exec_sql,
	.begin = begin,
	.commit = commit,
	.rollback = rollback,
	.in_transaction = in_transaction,
	.changes = changes,
	.prepare = fe_pg_prepare,
	.stmt_free = fe_pg_stmt_free,
	.bind_i64 = fe_pg_bind_i64,
	.bind_text = fe_pg_bind_text,
	.bind_blob = fe_pg_bind_blob,
	.bind_null = fe_pg_bind_null,
	.step = fe_pg_step,
	.reset = fe_pg_reset,
	.n_columns = fe_pg_n_columns,
	.is_null = fe_pg_is_null,
	.i64 = fe_pg_column_i64,
	.text = fe_pg_column_text,
};
