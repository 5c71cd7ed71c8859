// SPDX-License-Identifier: Apache-2.0
/* db/db.c - see db/db.h
 *
 * The wrappers around an engine's table of functions, and what is the same in all.
 */
#include "db/db.h"

#include "db/engine.h"

enum fe_db_engine
fe_db_engine(const struct fe_db *db)
{
	return db->ops->engine;
}

const char *
fe_db_name(const struct fe_db *db)
{
	return db->name;
}

void
fe_db_close(struct fe_db *db)
{
	if (db)
		db->ops->close(db);
}

void
fe_db_set_stoppable(struct fe_db *db, bool stoppable)
{
	db->stoppable = stoppable;
}

enum fe_rc
fe_db_exec(struct fe_db *db, const char *sql, struct fe_err *err)
{
	return db->ops->exec(db, sql, err);
}

enum fe_rc
fe_db_begin(struct fe_db *db, struct fe_err *err)
{
	return db->ops->begin(db, err);
}

enum fe_rc
fe_db_commit(struct fe_db *db, struct fe_err *err)
{
	return db->ops->commit(db, err);
}

enum fe_rc
fe_db_rollback(struct fe_db *db, struct fe_err *err)
{
	/* Some failures (disk full, a lost connection) have rolled back already. */
	return fe_db_in_transaction(db) ? db->ops->rollback(db, err) : FE_OK;
}

bool
fe_db_in_transaction(const struct fe_db *db)
{
	return db->ops->in_transaction(db);
}

int64_t
fe_db_changes(const struct fe_db *db)
{
	return db->ops->changes(db);
}

enum fe_rc
fe_db_prepare(struct fe_db *db, struct fe_str sql, struct fe_stmt **out, struct fe_err *err)
{
	*out = NULL;
	return db->ops->prepare(db, sql, out, err);
}

void
fe_stmt_free(struct fe_stmt *st)
{
	if (st)
		st->ops->stmt_free(st);
}

void
fe_stmt_bind_i64(struct fe_stmt *st, int index, int64_t v)
{
	st->ops->bind_i64(st, index, v);
}

void
fe_stmt_bind_text(struct fe_stmt *st, int index, struct fe_str v)
{
	st->ops->bind_text(st, index, v.p ? v : FE_STR(""));
}

void
fe_stmt_bind_blob(struct fe_stmt *st, int index, struct fe_str v)
{
	st->ops->bind_blob(st, index, v.p ? v : FE_STR(""));
}

void
fe_stmt_bind_null(struct fe_stmt *st, int index)
{
	st->ops->bind_null(st, index);
}

void
fe_stmt_bind_cstr(struct fe_stmt *st, int index, const char *v)
{
	if (v)
		fe_stmt_bind_text(st, index, fe_str_of(v));
	else
		fe_stmt_bind_null(st, index);
}

enum fe_rc
fe_stmt_step(struct fe_stmt *st, bool *row, struct fe_err *err)
{
	*row = false;
	return st->ops->step(st, row, err);
}

enum fe_rc
fe_stmt_run(struct fe_stmt *st, struct fe_err *err)
{
	bool row = true;

	while (row)
		FE_TRY(fe_stmt_step(st, &row, err));
	return FE_OK;
}

void
fe_stmt_reset(struct fe_stmt *st)
{
	if (st)
		st->ops->reset(st);
}

int
fe_stmt_n_columns(const struct fe_stmt *st)
{
	return st->ops->n_columns(st);
}

bool
fe_stmt_is_null(struct fe_stmt *st, int column)
{
	return st->ops->is_null(st, column);
}

int64_t
fe_stmt_i64(struct fe_stmt *st, int column)
{
	return st->ops->i64(st, column);
}

struct fe_str
fe_stmt_text(struct fe_stmt *st, int column)
{
	return st->ops->text(st, column);
}

enum fe_rc
fe_db_query_i64(struct fe_db *db, const char *sql, int64_t *out, struct fe_err *err)
{
	struct fe_stmt *st;
	enum fe_rc rc;
	bool row;

	FE_TRY(fe_db_prepare(db, fe_str_of(sql), &st, err));
	rc = fe_stmt_step(st, &row, err);
	if (rc == FE_OK && row)
		*out = fe_stmt_i64(st, 0);
	fe_stmt_free(st);
	return rc;
}
