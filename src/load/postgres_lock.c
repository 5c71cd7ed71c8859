// SPDX-License-Identifier: Apache-2.0
/* load/postgres_lock.c - run locks of the PostgreSQL sink, see load/postgres_sink.h
 *
 * One advisory lock for the pipeline, one for each target table, so that two pipelines
 * may feed one table, one after the other. They belong to the transaction of the data:
 * commit, rollback and a lost connection free them together with it, behind a pooler too.
 * Every run takes them in one order, so none waits for another in a circle.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/stop.h"
#include "load/postgres_sink.h"

#define STEP_MS 50

struct lock {
	int64_t key;
	const char *table; /* NULL: the pipeline's */
};

static int64_t
key_of(const char *kind, const char *schema, const char *name)
{
	unsigned char digest[FE_SHA256_BYTES];
	struct fe_sha256 *h = fe_sha256_new();
	uint64_t key = 0;
	int i;

	/* With their ends, so that no two triples are one text. */
	fe_sha256_add(h, kind, strlen(kind) + 1);
	fe_sha256_add(h, schema, strlen(schema) + 1);
	fe_sha256_add(h, name, strlen(name) + 1);
	fe_sha256_end(h, digest);
	fe_sha256_free(h);
	for (i = 0; i < 8; i++)
		key = key << 8 | digest[i];
	return (int64_t)key;
}

static int
compare_locks(const void *a, const void *b)
{
	const struct lock *x = a, *y = b;

	return (x->key > y->key) - (x->key < y->key);
}

static enum fe_rc
try_lock(struct fe_db *db, int64_t key, bool *taken, struct fe_err *err)
{
	int64_t answer = 0;
	struct fe_buf sql;
	enum fe_rc rc;

	fe_buf_init(&sql, 256);
	fe_buf_add_text(&sql, "SELECT CASE WHEN pg_catalog.pg_try_advisory_xact_lock(");
	fe_buf_add_i64(&sql, key);
	fe_buf_add_text(&sql, ") THEN 1 ELSE 0 END");
	rc = fe_db_query_i64(db, fe_buf_text(&sql), &answer, err);
	fe_buf_reset(&sql);
	*taken = answer == 1;
	return rc;
}

/* ---- who holds it ---- */

/* "run 01J..., process 4711 on host a, since ...": the newest attempt that has no end. */
static void
describe_holder(struct fe_postgres_sink *s, struct fe_buf *out)
{
	struct fe_err ignored = FE_ERR_INIT;
	struct fe_stmt *st;
	bool row = false;

	if (!s->look || fe_pg_is_lost(s->look) ||
	    fe_db_prepare(s->look,
	                  FE_STR("SELECT s.run_id, s.detail ->> 'process', s.detail ->> 'host', s.at "
	                         "FROM main.etl_run_events AS s WHERE s.event = 'started' "
	                         "AND s.pipeline_name = ?1 AND s.run_id <> ?2 AND NOT EXISTS "
	                         "(SELECT 1 FROM main.etl_run_events AS e "
	                         "WHERE e.run_id = s.run_id AND e.event <> 'started') "
	                         "ORDER BY s.event_id DESC LIMIT 1"),
	                  &st, &ignored))
		return;
	fe_stmt_bind_cstr(st, 1, s->pipeline);
	fe_stmt_bind_cstr(st, 2, s->run_id);
	if (fe_stmt_step(st, &row, &ignored) == FE_OK && row)
		fe_buf_addf(out, " (run %.*s, process %.*s on host %.*s, since %.*s)",
		            FE_STR_ARGS(fe_stmt_text(st, 0)), FE_STR_ARGS(fe_stmt_text(st, 1)),
		            FE_STR_ARGS(fe_stmt_text(st, 2)), FE_STR_ARGS(fe_stmt_text(st, 3)));
	fe_stmt_free(st);
}

static enum fe_rc
fail_locked(struct fe_postgres_sink *s, const struct lock *lock, struct fe_err *err)
{
	struct fe_buf holder;
	enum fe_rc rc;

	fe_buf_init(&holder, 1024);
	if (!lock->table)
		describe_holder(s, &holder);
	rc = fe_fail(err, FE_EUNAVAIL,
	             "%s %s is being loaded by another run%s; try again when it has ended, or wait "
	             "for it with --wait 30s",
	             lock->table ? "table" : "pipeline", lock->table ? lock->table : s->pipeline,
	             fe_buf_text(&holder));
	fe_buf_reset(&holder);
	return rc;
}

/* ---- waiting ---- */

static enum fe_rc
wait_for(struct fe_postgres_sink *s, struct fe_db *db, const struct lock *lock, int64_t until_us,
	 struct fe_err *err)
{
	const struct timespec step = { .tv_nsec = STEP_MS * 1000000L };
	bool taken = false;

	for (;;) {
		FE_TRY(try_lock(db, lock->key, &taken, err));
		if (taken)
			return FE_OK;
		if (db == s->load) /* the end of a run that is stopped waits, too */
			FE_TRY(fe_stop_check(err));
		if (fe_clock_ticks(s->base.set.clock) >= until_us)
			return fail_locked(s, lock, err);
		(void)nanosleep(&step, NULL); /* waking early does no harm */
	}
}

enum fe_rc
fe_postgres_lock(struct fe_postgres_sink *s, struct fe_db *db, bool with_tables, int64_t wait_ms,
		 struct fe_err *err)
{
	int64_t until_us = fe_clock_ticks(s->base.set.clock) + wait_ms * 1000;
	size_t n = with_tables ? s->base.set.n_tables : 0, i;
	const struct lock pipeline = { .key = key_of("finetl pipeline", fe_pg_schema(db),
		                                     s->pipeline) };
	struct lock *locks;
	enum fe_rc rc;

	FE_TRY(wait_for(s, db, &pipeline, until_us, err));
	locks = fe_new_array(n + 1, struct lock);
	for (i = 0; i < n; i++)
		locks[i] = (struct lock){ .key = key_of("finetl table", s->sql[i].schema,
			                                s->sql[i].plain),
			                  .table = s->sql[i].table->name };
	qsort(locks, n, sizeof(*locks), compare_locks);
	rc = FE_OK;
	for (i = 0; i < n && rc == FE_OK; i++)
		rc = wait_for(s, db, &locks[i], until_us, err);
	fe_free(locks);
	return rc;
}

/* ---- whether a run is alive ---- */

enum fe_rc
fe_postgres_name_backend(struct fe_postgres_sink *s, struct fe_err *err)
{
	struct fe_stmt *st;
	struct fe_buf text;
	enum fe_rc rc;
	bool row;

	FE_TRY(fe_db_prepare(s->look,
	                     FE_STR("SELECT pid, backend_start FROM pg_catalog.pg_stat_activity "
	                            "WHERE pid = pg_catalog.pg_backend_pid()"),
	                     &st, err));
	rc = fe_stmt_step(st, &row, err);
	if (rc == FE_OK && row) {
		fe_buf_init(&text, 128);
		fe_buf_addf(&text, "%.*s %.*s", FE_STR_ARGS(fe_stmt_text(st, 0)),
		            FE_STR_ARGS(fe_stmt_text(st, 1)));
		fe_free(s->backend);
		s->backend = fe_buf_take(&text);
		s->run.backend = s->backend;
		fe_buf_reset(&text);
	}
	fe_stmt_free(st);
	return rc;
}

/* In doubt it is alive: the start of another role's session is not shown to everyone. */
bool
fe_postgres_is_alive(void *ctx, const char *backend)
{
	struct fe_postgres_sink *s = ctx;
	struct fe_err ignored = FE_ERR_INIT;
	const char *space = strchr(backend, ' ');
	struct fe_stmt *st;
	bool alive = true;

	if (!space)
		return false;
	if (fe_db_prepare(s->load,
	                  FE_STR("SELECT 1 FROM pg_catalog.pg_stat_activity WHERE pid = ?1::int4 "
	                         "AND coalesce(backend_start = ?2::timestamptz, true)"),
	                  &st, &ignored))
		return true;
	fe_stmt_bind_text(st, 1, (struct fe_str){ backend, (size_t)(space - backend) });
	fe_stmt_bind_cstr(st, 2, space + 1);
	if (fe_stmt_step(st, &alive, &ignored))
		alive = true;
	fe_stmt_free(st);
	return alive;
}
