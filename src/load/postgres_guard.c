// SPDX-License-Identifier: Apache-2.0
/* load/postgres_guard.c - what a run tells of its rows is so, see load/postgres_sink.h
 *
 * Rows could be changed behind the run's back: by a trigger that alters what is inserted,
 * a rule that writes elsewhere, a trigger on any table that writes to one being loaded.
 * What could alter a row unseen is refused beforehand; for the rest the server counts the
 * rows that this transaction has written to a table, and at its end, and again before the
 * commit, these have to be the run's own.
 */
#include <inttypes.h>

#include "load/postgres_sink.h"

/* A row trigger that runs before could change a value without a word, and a policy could
 * hide rows from lookup: with either, what the run tells of its rows need not be so. */
enum fe_rc
fe_postgres_refuse_meddlers(struct fe_postgres_sink *s, struct fe_postgres_table *t,
			    struct fe_err *err)
{
	struct fe_stmt *st;
	struct fe_buf sql;
	enum fe_rc rc;
	bool row;

	fe_buf_init(&sql, FE_POSTGRES_MAX_SQL_BYTES);
	fe_buf_add_text(&sql, "SELECT 'trigger ' || tgname FROM pg_catalog.pg_trigger "
	                      "WHERE tgrelid = ?1::regclass AND NOT tgisinternal "
	                      "AND tgenabled IN ('O', 'A') AND tgtype & 3 = 3 AND tgtype & 20 <> 0 "
	                      "UNION ALL SELECT 'rule ' || rulename FROM pg_catalog.pg_rewrite "
	                      "WHERE ev_class = ?1::regclass AND ev_type IN ('2', '3') "
	                      "UNION ALL SELECT 'row security' "
	                      "WHERE pg_catalog.row_security_active(?1::regclass) LIMIT 1");
	rc = fe_db_prepare(s->load, fe_buf_str(&sql), &st, err);
	fe_buf_reset(&sql);
	if (rc)
		return rc;
	fe_stmt_bind_cstr(st, 1, t->sql->name);
	rc = fe_stmt_step(st, &row, err);
	if (rc == FE_OK && row)
		rc = fe_fail(err, FE_ECONFLICT,
		             "table %s: its %.*s could change or hide what is loaded, unseen by the "
		             "run's totals; drop it, or make a trigger run AFTER",
		             t->sql->table->name, FE_STR_ARGS(fe_stmt_text(st, 0)));
	fe_stmt_free(st);
	return rc;
}

/* The server's counts of this transaction; rolled back attempts are counted, too, so it is
 * differences that tell. */
enum fe_rc
fe_postgres_count_writes(struct fe_postgres_sink *s, struct fe_postgres_table *t,
			 struct fe_postgres_writes *out, struct fe_err *err)
{
	struct fe_stmt *st;
	enum fe_rc rc;
	bool row;

	*out = (struct fe_postgres_writes){ 0 };
	FE_TRY(fe_db_prepare(s->load,
	                     FE_STR("SELECT pg_catalog.pg_stat_get_xact_tuples_inserted(oid), "
	                            "pg_catalog.pg_stat_get_xact_tuples_updated(oid), "
	                            "pg_catalog.pg_stat_get_xact_tuples_deleted(oid) "
	                            "FROM pg_catalog.pg_class WHERE oid = ?1::regclass "
	                            "AND relkind = 'r' "
	                            "AND pg_catalog.current_setting('track_counts') = 'on'"),
	                     &st, err));
	fe_stmt_bind_cstr(st, 1, t->sql->name);
	rc = fe_stmt_step(st, &row, err);
	if (rc == FE_OK && row)
		*out = (struct fe_postgres_writes){
			.is_counted = true,
			.n_inserted = fe_stmt_i64(st, 0),
			.n_updated = fe_stmt_i64(st, 1),
			.n_deleted = fe_stmt_i64(st, 2),
		};
	fe_stmt_free(st);
	return rc;
}

enum fe_rc
fe_postgres_check_writes(struct fe_postgres_sink *s, struct fe_postgres_table *t, struct fe_err *err)
{
	struct fe_postgres_writes now;

	if (!t->writes.is_counted)
		return FE_OK;
	FE_TRY(fe_postgres_count_writes(s, t, &now, err));
	if (now.n_inserted == t->writes.n_inserted && now.n_updated == t->writes.n_updated &&
	    now.n_deleted == t->writes.n_deleted)
		return FE_OK;
	return fe_fail(err, FE_ECONFLICT,
	               "table %s: a trigger inserted %" PRId64 ", updated %" PRId64 " and deleted %" PRId64
	               " rows behind this run's back; drop it, or let it write elsewhere",
	               t->sql->table->name, now.n_inserted - t->writes.n_inserted,
	               now.n_updated - t->writes.n_updated, now.n_deleted - t->writes.n_deleted);
}
