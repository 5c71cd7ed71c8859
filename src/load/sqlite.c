// SPDX-License-Identifier: Apache-2.0
/* load/sqlite.c - the SQLite sink: a run from its lock to its last commit
 *
 * A run writes to the database in two or three transactions: the first notes that it
 * was started (and what runs before it were killed); the second holds all its data,
 * rejects, objects and its audit row, so that they are there together or not at all.
 * Where it is held or fails, the second is rolled back, and a third writes down the
 * rejects and the audit row alone.
 *
 * Once a load outgrows the cache SQLite locks the file whole: readers wait for the
 * commit, or give up as busy.
 *
 * Whether a run is over is known by its lock: a file beside the database, one for
 * each pipeline. A run that was started under the lock that we hold, and has no end,
 * is abandoned.
 */
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>

#include "base/failpoint.h"
#include "base/mem.h"
#include "base/text.h"
#include "load/schema.h"
#include "load/sqlite_sink.h"

#define MAX_PATH_BYTES 8192
#define MAX_ORIGIN_BYTES 16384

static void sqlite_close(struct fe_sink *sink);

static enum fe_rc
sqlite_open(struct fe_sink **out, const struct fe_sink_settings *set, struct fe_err *err)
{
	struct fe_sqlite_sink *s;
	const char *path;
	enum fe_rc rc;
	size_t i;

	*out = NULL;
	FE_TRY(fe_sqlite_url_path(set->url, &path, err));
	s = fe_new(struct fe_sqlite_sink);
	s->base.ops = &fe_sink_sqlite;
	s->base.set = *set;
	s->path = path;
	fe_buf_init(&s->origin, MAX_ORIGIN_BYTES);
	s->tables = fe_new_array(set->n_tables ? set->n_tables : 1, struct fe_sqlite_table);
	for (i = 0; i < set->n_tables; i++) {
		s->tables[i].number = i;
		rc = fe_table_sql_init(&s->tables[i].sql, &set->tables[i], err);
		if (rc)
			goto fail;
		s->tables[i].scratch = fe_alloc_array(set->tables[i].schema->n_fields,
		                                      sizeof(*s->tables[i].scratch));
	}
	*out = &s->base;
	return FE_OK;

fail:
	sqlite_close(&s->base);
	return rc;
}

static void
finish_statements(struct fe_sqlite_sink *s)
{
	size_t i;

	for (i = 0; i < s->base.set.n_tables; i++)
		fe_sqlite_table_finish(&s->tables[i]);
	fe_stmt_free(s->object_path);
	s->object_path = NULL;
}

static void
sqlite_close(struct fe_sink *sink)
{
	struct fe_sqlite_sink *s = (struct fe_sqlite_sink *)sink;
	size_t i;

	if (!s)
		return;
	finish_statements(s);
	fe_db_close(s->db);
	for (i = 0; i < s->base.set.n_tables; i++) {
		fe_table_sql_reset(&s->tables[i].sql);
		fe_free(s->tables[i].scratch);
	}
	fe_lock_release(s->lock);
	fe_free(s->tables);
	fe_free(s->memo_path);
	fe_buf_reset(&s->origin);
	fe_free(s->run_id);
	fe_free(s->pipeline);
	fe_free(s->config_sha256);
	fe_free(s->version);
	fe_free(s);
}

/* ---- begin ---- */

/* Beside the file itself, so that two links to it share the lock. */
static enum fe_rc
take_lock(struct fe_sqlite_sink *s, struct fe_err *err)
{
	char real[PATH_MAX];
	struct fe_buf path;
	enum fe_rc rc;

	if (strchr(s->pipeline, '/'))
		return fe_fail(err, FE_EUSAGE, "pipeline '%s': the name cannot have a '/' in it",
		               s->pipeline);
	fe_buf_init(&path, MAX_PATH_BYTES);
	fe_buf_addf(&path, "%s.%s.lock", realpath(s->path, real) ? real : s->path, s->pipeline);
	rc = fe_buf_check(&path, "the path of the run lock", err);
	if (rc == FE_OK)
		rc = fe_lock_take(&s->lock, fe_buf_text(&path), s->base.set.wait_ms,
		                  s->base.set.clock, err);
	fe_buf_reset(&path);
	return rc;
}

/* The tables of which the run's figures are told. */
static bool
is_loaded(void *ctx, const char *table)
{
	const struct fe_sqlite_sink *s = (const struct fe_sqlite_sink *)ctx;
	const struct fe_str name = fe_str_of(table);
	size_t i;

	if (name.n > 4 && fe_text_casecmp_ascii((struct fe_str){ table, 4 }, FE_STR("etl_")) == 0)
		return true;
	for (i = 0; i < s->base.set.n_tables; i++) {
		if (fe_text_casecmp_ascii(name, fe_str_of(s->base.set.tables[i].name)) == 0)
			return true;
	}
	return false;
}

static enum fe_rc
note_start(struct fe_sqlite_sink *s, struct fe_err *err)
{
	FE_TRY(fe_db_begin(s->db, err));
	FE_TRY(fe_schema_apply_own(s->db, err));
	/* The lock is that of one machine's process: nobody else can be at it. */
	FE_TRY(fe_record_abandoned(s->db, &s->run, NULL, NULL, err));
	FE_TRY(fe_record_start(s->db, &s->run, err));
	return fe_db_commit(s->db, err);
}

static enum fe_rc
begin_load(struct fe_sqlite_sink *s, struct fe_err *err)
{
	size_t i;

	FE_TRY(fe_db_begin(s->db, err));
	FE_TRY(fe_failpoint("load.begun", err));
	for (i = 0; i < s->base.set.n_tables; i++)
		FE_TRY(fe_schema_apply_tables(s->db, &s->tables[i].sql, 1, err));
	return fe_record_next_object_id(s->db, &s->first_object_id, err);
}

static enum fe_rc
sqlite_begin(struct fe_sink *sink, const struct fe_run_info *run, int64_t *first_object_id,
	     struct fe_err *err)
{
	struct fe_sqlite_sink *s = (struct fe_sqlite_sink *)sink;
	struct fe_sqlite_settings set = { .path = s->path, .busy_ms = s->base.set.wait_ms };

	FE_ASSERT(s->state == FE_SQLITE_OPEN);
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

	FE_TRY(take_lock(s, err));
	FE_TRY(fe_sqlite_open(&s->db, &set, err));
	s->state = FE_SQLITE_LOCKED;
	fe_sqlite_guard(s->db, is_loaded, s);
	FE_TRY(fe_failpoint("load.locked", err));
	FE_TRY(note_start(s, err));
	s->state = FE_SQLITE_STARTED;
	FE_TRY(fe_failpoint("load.started", err));
	FE_TRY(begin_load(s, err));
	s->state = FE_SQLITE_LOADING;
	*first_object_id = s->first_object_id;
	return FE_OK;
}

/* ---- the end ---- */

static enum fe_rc
sqlite_commit(struct fe_sink *sink, const struct fe_run_end *end, struct fe_err *err)
{
	struct fe_sqlite_sink *s = (struct fe_sqlite_sink *)sink;

	FE_ASSERT(s->state == FE_SQLITE_LOADING);
	FE_TRY(fe_record_end(s->db, &s->run, end, err));
	FE_TRY(fe_schema_apply_views(s->db, err));
	FE_TRY(fe_failpoint("load.commit", err));
	FE_TRY(fe_db_commit(s->db, err));
	s->state = FE_SQLITE_ENDED;
	/* A place to be killed at: what is committed cannot fail any more. */
	if (fe_failpoint("load.committed", NULL))
		return FE_OK;
	return FE_OK;
}

/* Another pipeline may have taken the object ids that were ours before the rollback. */
static enum fe_rc
record_undone(struct fe_sqlite_sink *s, const struct fe_run_end *end, struct fe_err *err)
{
	struct fe_run_end moved = *end;
	struct fe_run_object *objects = fe_new_array(end->n_objects + 1, struct fe_run_object);
	int64_t first;
	enum fe_rc rc = fe_record_next_object_id(s->db, &first, err);
	size_t i;

	for (i = 0; i < end->n_objects && rc == FE_OK; i++) {
		objects[i] = end->objects[i];
		objects[i].object_id = first + (int64_t)i;
	}
	moved.objects = objects;
	if (rc == FE_OK)
		rc = fe_record_end(s->db, &s->run, &moved, err);
	fe_free(objects);
	return rc;
}

static enum fe_rc
sqlite_undo(struct fe_sink *sink, const struct fe_run_end *end, struct fe_err *err)
{
	struct fe_sqlite_sink *s = (struct fe_sqlite_sink *)sink;
	enum fe_rc rc;
	bool ended;

	if (s->db) {
		/* A run that was asked to stop is written down all the same. */
		fe_db_set_stoppable(s->db, false);
		finish_statements(s);
		FE_TRY(fe_db_rollback(s->db, err));
	}
	/* An attempt that was never noted has no end to be noted. */
	if (s->state != FE_SQLITE_STARTED && s->state != FE_SQLITE_LOADING)
		return FE_OK;
	rc = fe_db_begin(s->db, err);
	if (rc)
		return rc;
	/* A commit that was answered with a failure may have taken place: then there is
	 * nothing to undo. */
	rc = fe_record_has_ended(s->db, s->run_id, &ended, err);
	if (rc == FE_OK && !ended)
		rc = record_undone(s, end, err);
	if (rc == FE_OK)
		rc = fe_failpoint("load.undo", err);
	if (rc == FE_OK)
		rc = fe_db_commit(s->db, err);
	if (rc) {
		fe_err_context(err, "cannot write down how the run ended");
		return rc;
	}
	s->state = FE_SQLITE_ENDED;
	return FE_OK;
}

static enum fe_rc
sqlite_object_known(struct fe_sink *sink, const char *dataset, const struct fe_object_id *id,
		    bool *known, struct fe_err *err)
{
	struct fe_sqlite_sink *s = (struct fe_sqlite_sink *)sink;

	return fe_record_object_known(s->db, s->pipeline, dataset, id, known, err);
}

static enum fe_rc
sqlite_object_state(struct fe_sink *sink, const struct fe_arrived_object *o, enum fe_object_state *out, struct fe_err *err)
{
	struct fe_sqlite_sink *s = (struct fe_sqlite_sink *)sink;

	return fe_record_object_state(s->db, s->pipeline, o, out, err);
}

static enum fe_rc
sqlite_watermark(struct fe_sink *sink, const struct fe_run_watermark *what, struct fe_buf *value, bool *found,
	          struct fe_err *err)
{
	struct fe_sqlite_sink *s = (struct fe_sqlite_sink *)sink;

	return fe_record_watermark(s->db, s->pipeline, what, value, found, err);
}

const struct fe_sink_ops fe_sink_sqlite = {
	.scheme = "sqlite",
	.summary = "a warehouse in one SQLite file: sqlite:PATH",
	.open = sqlite_open,
	.begin = sqlite_begin,
	.table_begin = fe_sqlite_table_begin,
	.lookup = fe_sqlite_lookup,
	.fetch = fe_sqlite_fetch,
	.has = fe_sqlite_has,
	.placeholders = fe_sqlite_placeholders,
	.write = fe_sqlite_write,
	.table_end = fe_sqlite_table_end,
	.object_known = sqlite_object_known,
	.object_state = sqlite_object_state,
	.watermark = sqlite_watermark,
	.commit = sqlite_commit,
	.undo = sqlite_undo,
	.close = sqlite_close,
};
