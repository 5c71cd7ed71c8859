// SPDX-License-Identifier: Apache-2.0
/* load/postgres.c - the PostgreSQL sink: a run from its locks to its last commit
 *
 * A run writes in two or three transactions. `look` notes that it was started (and which
 * runs before it are gone); `load` holds all its data, rejects, objects and its audit
 * row, so that they are there together or not at all. Where the run is held or fails,
 * load is rolled back, and look writes down the rejects and the audit row alone.
 *
 * load takes the run locks first of all (postgres_lock.c) and keeps them to the end, so a
 * run of this pipeline that was started, has no end, and whose look is gone from the
 * server, is abandoned: whoever holds the lock says so.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/failpoint.h"
#include "base/mem.h"
#include "base/stop.h"
#include "load/postgres_sink.h"

#define MAX_ROW_BYTES ((size_t)1 << 30) /* as much as PostgreSQL takes */
#define MAX_ORIGIN_BYTES 16384
#define UNDO_ATTEMPTS 3
/* How long the end of a failed run waits for a server that is starting up again, and for
 * its own old transaction to be gone from it. */
#define UNDO_WAIT_MS 15000
#define UNDO_STOPPED_WAIT_MS 2500 /* a run that is asked to stop has ten seconds */

static void postgres_close(struct fe_sink *sink);

/* ---- open and close ---- */

static enum fe_rc
postgres_open(struct fe_sink **out, const struct fe_sink_settings *set, struct fe_err *err)
{
	struct fe_postgres_sink *s = fe_new(struct fe_postgres_sink);
	size_t i;

	(void)err; /* what the URL says is tried in begin */
	s->base.ops = &fe_sink_postgres;
	s->base.set = *set;
	s->sql = fe_new_array(set->n_tables + 1, struct fe_pg_table);
	s->tables = fe_new_array(set->n_tables + 1, struct fe_postgres_table);
	s->keys = fe_new_array(FE_POSTGRES_MAX_KEY, struct fe_buf);
	for (i = 0; i < FE_POSTGRES_MAX_KEY; i++)
		fe_buf_init(&s->keys[i], MAX_ROW_BYTES);
	fe_buf_init(&s->out, MAX_ROW_BYTES);
	fe_buf_init(&s->origin, MAX_ORIGIN_BYTES);
	for (i = 0; i < set->n_tables; i++) {
		s->tables[i].sql = &s->sql[i];
		s->tables[i].number = i;
	}
	*out = &s->base;
	return FE_OK;
}

static void
forget(struct fe_pg_query **q)
{
	fe_pg_query_free(*q);
	*q = NULL;
}

void
fe_postgres_forget_queries(struct fe_postgres_sink *s)
{
	size_t i;

	for (i = 0; i < s->base.set.n_tables; i++) {
		forget(&s->tables[i].lookup);
		forget(&s->tables[i].has);
		forget(&s->tables[i].has_now);
	}
	forget(&s->ask_paths);
}

static void
table_reset(struct fe_postgres_table *t)
{
	fe_row_store_free(t->inserts);
	fe_row_store_free(t->updates);
	fe_postgres_keys_free(t->keys);
	fe_free(t->staged);
	fe_free(t->gone);
	fe_pg_table_reset(t->sql);
}

static void
postgres_close(struct fe_sink *sink)
{
	struct fe_postgres_sink *s = (struct fe_postgres_sink *)sink;
	size_t i;

	if (!s)
		return;
	fe_postgres_forget_queries(s);
	fe_db_close(s->look);
	fe_db_close(s->load);
	for (i = 0; i < s->base.set.n_tables; i++)
		table_reset(&s->tables[i]);
	for (i = 0; i < s->n_paths; i++)
		fe_free(s->paths[i].path);
	for (i = 0; i < FE_POSTGRES_MAX_KEY; i++)
		fe_buf_reset(&s->keys[i]);
	fe_buf_reset(&s->out);
	fe_buf_reset(&s->origin);
	fe_free(s->paths);
	fe_free(s->keys);
	fe_free(s->tables);
	fe_free(s->sql);
	fe_free(s->run_id);
	fe_free(s->pipeline);
	fe_free(s->config_sha256);
	fe_free(s->version);
	fe_free(s->backend);
	fe_free(s);
}

/* ---- begin ---- */

enum fe_rc
fe_postgres_connect(struct fe_postgres_sink *s, struct fe_db **db, int64_t wait_ms, bool ignores_stop,
                    struct fe_err *err)
{
	const struct fe_pg_settings set = {
		.url = s->base.set.url,
		.connect_wait_ms = wait_ms,
		.ignores_stop = ignores_stop,
		.lock_timeout_ms = s->base.set.lock_timeout_ms,
	};

	fe_db_close(*db);
	*db = NULL;
	return fe_pg_open(db, &set, err);
}

enum fe_rc
fe_postgres_exec(struct fe_postgres_sink *s, struct fe_buf *sql, struct fe_err *err)
{
	enum fe_rc rc = fe_buf_check(sql, "the statement", err);

	if (rc == FE_OK)
		rc = fe_db_exec(s->load, fe_buf_text(sql), err);
	fe_buf_reset(sql);
	return rc;
}

static void
keep_run(struct fe_postgres_sink *s, const struct fe_run_info *run)
{
	s->run_id = fe_strdup(run->run_id);
	s->pipeline = fe_strdup(run->pipeline);
	s->config_sha256 = fe_strdup(run->config_sha256);
	s->version = fe_strdup(run->version);
	s->run = (struct fe_record_run){
		.run_id = s->run_id,
		.pipeline = s->pipeline,
		.config_sha256 = s->config_sha256,
		.version = s->version,
		.start_us = run->start_us,
		.run_time_us = run->run_time_us,
		.clock = s->base.set.clock,
		.release = run->release,
		.tables = s->base.set.tables,
		.n_tables = s->base.set.n_tables,
	};
}

/* Both connections; the generic plan of a lookup is the one that probes the key. */
static enum fe_rc
connect_both(struct fe_postgres_sink *s, struct fe_err *err)
{
	int64_t wait_ms = s->base.set.wait_ms;
	size_t i;

	FE_TRY(fe_postgres_connect(s, &s->look, wait_ms, false, err));
	FE_TRY(fe_postgres_connect(s, &s->load, wait_ms, false, err));
	FE_TRY(fe_db_exec(s->look, "SET plan_cache_mode = force_generic_plan; SET jit = off", err));
	FE_TRY(fe_db_exec(s->load,
	                  "SET temp_buffers = '256MB'; SET work_mem = '64MB'; "
	                  "SET maintenance_work_mem = '256MB'; SET jit = off",
	                  err));
	for (i = 0; i < s->base.set.n_tables; i++)
		FE_TRY(fe_pg_table_init(&s->sql[i], &s->base.set.tables[i], fe_pg_schema(s->look), err));
	return fe_postgres_name_backend(s, err);
}

/* In a transaction of look's own. */
static enum fe_rc
apply_own(struct fe_postgres_sink *s, struct fe_err *err)
{
	FE_TRY(fe_db_begin(s->look, err));
	FE_TRY(fe_pg_schema_apply_own(s->look, err));
	return fe_db_commit(s->look, err);
}

static enum fe_rc
note_start(struct fe_postgres_sink *s, struct fe_err *err)
{
	FE_TRY(fe_db_begin(s->look, err));
	FE_TRY(fe_record_abandoned(s->look, &s->run, fe_postgres_is_alive, s, err));
	FE_TRY(fe_record_start(s->look, &s->run, err));
	/* Numbers that were taken are only sure to stay taken with a transaction that commits:
	 * a server that crashes may give out anew what others took, and our end, which may be
	 * written down after that, has these. */
	FE_TRY(fe_record_next_object_id(s->look, &s->first_object_id, err));
	return fe_db_commit(s->look, err);
}

/* In a transaction of look's own, which would wait for one of load's for ever. */
static enum fe_rc
add_evolved(struct fe_postgres_sink *s, struct fe_err *err)
{
	size_t i, n_evolved = 0;

	for (i = 0; i < s->base.set.n_tables; i++)
		n_evolved += s->base.set.tables[i].n_evolved;
	if (n_evolved == 0)
		return FE_OK;
	FE_TRY(fe_db_begin(s->look, err));
	for (i = 0; i < s->base.set.n_tables; i++)
		FE_TRY(fe_pg_schema_add_evolved(s->look, &s->sql[i], err));
	return fe_db_commit(s->look, err);
}

static enum fe_rc
apply_tables(struct fe_postgres_sink *s, struct fe_err *err)
{
	enum fe_rc rc;
	size_t i;

	for (i = 0; i < s->base.set.n_tables; i++) {
		rc = fe_pg_schema_apply_table(s->load, &s->sql[i], &s->tables[i].is_new, err);
		if (rc == FE_EUNAVAIL) /* of a lock the server does not say which table's */
			fe_err_context(err, "table %s", s->base.set.tables[i].name);
		if (rc)
			return rc;
	}
	FE_TRY(fe_pg_schema_apply_views(s->load, s->sql, s->base.set.n_tables, err));
	/* From here on nobody but the merge of a table is to write to it, not even a trigger of
	 * a table that is merged before it. */
	for (i = 0; i < s->base.set.n_tables; i++)
		FE_TRY(fe_postgres_count_writes(s, &s->tables[i], &s->tables[i].writes, err));
	return FE_OK;
}

static enum fe_rc
postgres_begin(struct fe_sink *sink, const struct fe_run_info *run, int64_t *first_object_id,
	       struct fe_err *err)
{
	struct fe_postgres_sink *s = (struct fe_postgres_sink *)sink;

	FE_ASSERT(s->state == FE_POSTGRES_OPEN);
	keep_run(s, run);
	FE_TRY(connect_both(s, err));
	FE_TRY(apply_own(s, err));
	FE_TRY(fe_db_begin(s->load, err));
	FE_TRY(fe_postgres_lock(s, s->load, true, s->base.set.wait_ms, err));
	FE_TRY(fe_failpoint("load.locked", err));
	s->state = FE_POSTGRES_ASKED;
	FE_TRY(note_start(s, err));
	FE_TRY(fe_failpoint("load.started", err));
	FE_TRY(fe_failpoint("load.begun", err));
	FE_TRY(add_evolved(s, err));
	FE_TRY(apply_tables(s, err));
	s->state = FE_POSTGRES_LOADING;
	*first_object_id = s->first_object_id;
	return FE_OK;
}

/* ---- commit ---- */

/* Another run that took us for dead has written down our end: then nothing of ours may
 * appear. */
static enum fe_rc
check_fence(struct fe_postgres_sink *s, struct fe_err *err)
{
	bool ended;

	FE_TRY(fe_record_has_ended(s->load, s->run_id, &ended, err));
	if (ended)
		return fe_fail(err, FE_EUNAVAIL,
		               "another run has declared this one abandoned; nothing of it is loaded");
	return FE_OK;
}

static enum fe_rc
postgres_commit(struct fe_sink *sink, const struct fe_run_end *end, struct fe_err *err)
{
	struct fe_postgres_sink *s = (struct fe_postgres_sink *)sink;
	uint64_t xid = 0;
	enum fe_rc rc;
	size_t i;

	FE_ASSERT(s->state == FE_POSTGRES_LOADING);
	FE_TRY(fe_postgres_pause_copy(s, err));
	FE_TRY(check_fence(s, err));
	FE_TRY(fe_record_end(s->load, &s->run, end, err));
	/* Deferred constraints and triggers act now, while it can be told what they did. */
	FE_TRY(fe_db_exec(s->load, "SET CONSTRAINTS ALL IMMEDIATE", err));
	for (i = 0; i < s->base.set.n_tables; i++)
		FE_TRY(fe_postgres_check_writes(s, &s->tables[i], err));
	FE_TRY(fe_pg_transaction_id(s->load, &xid, err));
	FE_TRY(fe_failpoint("load.commit", err));
	rc = fe_db_commit(s->load, err);
	if (rc == FE_EUNAVAIL && strcmp(err->foreign, FE_PG_UNKNOWN_COMMIT) == 0)
		rc = fe_postgres_find_fate(s, xid, end->status, err);
	if (rc)
		return rc;
	s->state = FE_POSTGRES_ENDED;
	/* A place to be killed at: what is committed cannot fail any more. */
	if (fe_failpoint("load.committed", NULL))
		return FE_OK;
	return FE_OK;
}

/* ---- undo ---- */

/* Whether the attempt was written down and its end was not: the commit of the one, or the
 * other, may have been answered with a failure and still have taken place. */
static enum fe_rc
lacks_end(struct fe_postgres_sink *s, bool *lacks, struct fe_err *err)
{
	struct fe_stmt *st;
	enum fe_rc rc;

	FE_TRY(fe_db_prepare(s->look,
	                     FE_STR("SELECT 1 FROM main.etl_run_events AS s WHERE s.run_id = ?1 "
	                            "AND s.event = 'started' AND NOT EXISTS "
	                            "(SELECT 1 FROM main.etl_audit_log AS a WHERE a.run_id = ?1)"),
	                     &st, err));
	fe_stmt_bind_cstr(st, 1, s->run_id);
	rc = fe_stmt_step(st, lacks, err);
	fe_stmt_free(st);
	return rc;
}

/* Under the pipeline's lock: nobody is to declare us abandoned meanwhile, and our own old
 * transaction is to be gone. */
static enum fe_rc
record_undone(struct fe_postgres_sink *s, const struct fe_run_end *end, int64_t wait_ms,
	      struct fe_err *err)
{
	bool lacks = false;
	enum fe_rc rc;

	FE_TRY(fe_db_begin(s->look, err));
	rc = fe_postgres_lock(s, s->look, false, wait_ms, err);
	if (rc == FE_OK)
		rc = lacks_end(s, &lacks, err);
	if (rc == FE_OK && lacks)
		rc = fe_record_end(s->look, &s->run, end, err);
	if (rc == FE_OK)
		rc = fe_failpoint("load.undo", err);
	return rc ? rc : fe_db_commit(s->look, err);
}

static enum fe_rc
undo_once(struct fe_postgres_sink *s, const struct fe_run_end *end, int64_t until_us,
	  struct fe_err *err)
{
	int64_t left_ms = (until_us - fe_clock_ticks(s->base.set.clock)) / 1000;
	int64_t wait_ms = left_ms > 0 ? left_ms : 0;
	struct fe_err ignored = FE_ERR_INIT;
	enum fe_rc rc;

	if (!s->look || fe_pg_is_lost(s->look)) {
		fe_postgres_forget_queries(s);
		FE_TRY(fe_postgres_connect(s, &s->look, wait_ms, true, err));
	}
	/* A run that was asked to stop is written down all the same. */
	fe_db_set_stoppable(s->look, false);
	FE_TRY(fe_db_rollback(s->look, err));
	if (s->load && fe_pg_is_lost(s->load)) {
		FE_TRY(fe_pg_end_lost(s->look, s->load, err));
		fe_db_close(s->load);
		s->load = NULL;
	}
	rc = record_undone(s, end, wait_ms, err);
	if (rc && !fe_pg_is_lost(s->look) && fe_db_rollback(s->look, &ignored))
		return rc; /* the connection's end does it */
	return rc;
}

/* The data is gone with its transaction; where that cannot be said, with its connection. */
static void
roll_back(struct fe_postgres_sink *s)
{
	struct fe_err ignored = FE_ERR_INIT;

	fe_postgres_forget_queries(s);
	s->copying = NULL;
	if (!s->load)
		return;
	fe_db_set_stoppable(s->load, false);
	/* Where it is lost, what is left of it on the server is ended by undo_once. */
	if (fe_pg_is_lost(s->load) || fe_db_rollback(s->load, &ignored) == FE_OK)
		return;
	fe_db_close(s->load);
	s->load = NULL;
}

static enum fe_rc
postgres_undo(struct fe_sink *sink, const struct fe_run_end *end, struct fe_err *err)
{
	struct fe_postgres_sink *s = (struct fe_postgres_sink *)sink;
	int64_t wait_ms = fe_stop_requested() ? UNDO_STOPPED_WAIT_MS
	                                      : UNDO_WAIT_MS + s->base.set.wait_ms;
	int64_t until_us = fe_clock_ticks(s->base.set.clock) + wait_ms * 1000;
	enum fe_rc rc = FE_OK;
	int i;

	roll_back(s);
	/* An attempt that was never noted has no end to be noted. */
	if (s->state != FE_POSTGRES_ASKED && s->state != FE_POSTGRES_LOADING)
		return FE_OK;
	for (i = 0; i < UNDO_ATTEMPTS; i++) {
		rc = undo_once(s, end, until_us, err);
		if (rc != FE_EUNAVAIL || (s->look && !fe_pg_is_lost(s->look)) ||
		    fe_clock_ticks(s->base.set.clock) >= until_us)
			break;
	}
	if (rc) {
		fe_err_context(err, "cannot write down how the run ended");
		return rc;
	}
	s->state = FE_POSTGRES_ENDED;
	return FE_OK;
}

static enum fe_rc
postgres_object_known(struct fe_sink *sink, const char *dataset, const struct fe_object_id *id,
		      bool *known, struct fe_err *err)
{
	struct fe_postgres_sink *s = (struct fe_postgres_sink *)sink;

	return fe_record_object_known(s->look, s->pipeline, dataset, id, known, err);
}

static enum fe_rc
postgres_object_state(struct fe_sink *sink, const struct fe_arrived_object *o, enum fe_object_state *out, struct fe_err *err)
{
	struct fe_postgres_sink *s = (struct fe_postgres_sink *)sink;

	return fe_record_object_state(s->look, s->pipeline, o, out, err);
}

static enum fe_rc
postgres_watermark(struct fe_sink *sink, const struct fe_run_watermark *what, struct fe_buf *value, bool *found,
	            struct fe_err *err)
{
	struct fe_postgres_sink *s = (struct fe_postgres_sink *)sink;

	return fe_record_watermark(s->look, s->pipeline, what, value, found, err);
}

const struct fe_sink_ops fe_sink_postgres = {
	.scheme = "postgresql",
	.summary = "a warehouse in PostgreSQL 15 or newer: postgresql://USER@HOST/DATABASE",
	.open = postgres_open,
	.begin = postgres_begin,
	.table_begin = fe_postgres_table_begin,
	.lookup = fe_postgres_lookup,
	.fetch = fe_postgres_fetch,
	.has = fe_postgres_has,
	.placeholders = fe_postgres_placeholders,
	.write = fe_postgres_write,
	.table_end = fe_postgres_table_end,
	.object_known = postgres_object_known,
	.object_state = postgres_object_state,
	.watermark = postgres_watermark,
	.commit = postgres_commit,
	.undo = postgres_undo,
	.close = postgres_close,
};
