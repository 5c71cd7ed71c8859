// SPDX-License-Identifier: Apache-2.0
/* load/postgres_table.c - a table's begin and end, see load/postgres_sink.h
 *
 * Nine live indexes and a foreign key cost a row twenty times what it costs alone. So
 * where the rows to come are many beside those that are there, indexes and foreign keys
 * are taken off, and put back as sets behind the rows, all in the one transaction. For
 * that the role has to own the table, and readers wait for the commit. Else rows are
 * merged with all of it live.
 *
 * The merge is tried again from its savepoint where the server gave way to another
 * session (deadlock, lock timeout): such things pass.
 */
#include <inttypes.h>
#include <stdio.h>
#include <sys/random.h>
#include <time.h>

#include "base/failpoint.h"
#include "base/mem.h"
#include "base/stop.h"
#include "load/postgres_sink.h"

/* Into an empty table, fewer rows than this are cheaper with live indexes than the
 * statements that build them. */
#define MIN_ROWS_INTO_EMPTY 1000
/* Into one with rows: fewer are cheaper with live indexes. */
#define MIN_ROWS_TO_REBUILD 20000
#define MAX_SMALL_TABLE_ROWS 20000 /* to ANALYZE: ten times less is read of it */
#define MAX_ATTEMPTS 5
#define UNIQUE_VIOLATION "23505"

/* ---- begin ---- */

enum fe_rc
fe_postgres_table_begin(struct fe_sink *sink, size_t table, bool *is_empty, struct fe_err *err)
{
	struct fe_postgres_sink *s = (struct fe_postgres_sink *)sink;
	struct fe_postgres_table *t = &s->tables[table];
	enum fe_rc rc;

	FE_ASSERT(s->state == FE_POSTGRES_LOADING);
	FE_TRY(fe_postgres_pause_copy(s, err));
	rc = fe_pg_schema_state(s->load, t->sql, &t->before, err);
	if (rc == FE_EUNAVAIL) /* the server does not say of which table a lock is */
		fe_err_context(err, "table %s", t->sql->table->name);
	if (rc)
		return rc;
	if (s->base.set.strategy == FE_LOAD_REBUILD && !t->before.is_owner)
		return fe_fail(err, FE_EDENIED,
		               "table %s: the strategy 'rebuild' takes indexes off and puts them back, "
		               "which only the table's owner may; use 'auto' or 'merge', or load as the "
		               "owner",
		               t->sql->table->name);
	FE_TRY(fe_postgres_refuse_meddlers(s, t, err));
	t->is_guarded = true;
	*is_empty = t->before.is_empty;
	return FE_OK;
}

/* ---- strategy ---- */

/* What is taken off: all foreign keys and indexes, and the key unless others hold on to it. */
struct plan {
	bool rebuilds, with_key;
	const char *why; /* a merge: why not the other way; or NULL */
};

static uint64_t
n_staged(const struct fe_postgres_table *t)
{
	if (!t->has_stage)
		return 0;
	return fe_row_store_n_rows(t->inserts) + fe_row_store_n_rows(t->updates) - t->n_gone;
}

/* What rows cost with live indexes, in rows to insert: an update puts an entry into each
 * index as well, and reads and marks the row that it replaces. */
static uint64_t
n_weighed(const struct fe_postgres_table *t)
{
	return t->has_stage ? n_staged(t) + fe_row_store_n_rows(t->updates) / 3 * 2 : 0;
}

static struct plan
choose(const struct fe_postgres_sink *s, const struct fe_postgres_table *t)
{
	const struct fe_pg_state *b = &t->before;
	uint64_t n = n_staged(t), n_before = b->n_rows > 0 ? (uint64_t)b->n_rows : 0;
	struct plan p = { .with_key = !b->is_referenced };

	if (s->base.set.strategy == FE_LOAD_MERGE)
		p.why = "as asked for";
	else if (s->base.set.strategy == FE_LOAD_REBUILD)
		p.rebuilds = n > 0;
	else if (b->is_empty ? n < MIN_ROWS_INTO_EMPTY
	                     : n <= MIN_ROWS_TO_REBUILD || n_weighed(t) <= n_before / 10 * 3)
		p.why = NULL;
	else if (!b->is_owner)
		p.why = "the role does not own the table";
	else if (b->is_tuned)
		p.why = "a rebuild would lose what its owner has set on indexes";
	else
		p.rebuilds = true;
	return p;
}

static const char *
plural(size_t n, const char *one, const char *many)
{
	return n == 1 ? one : many;
}

static void
say_strategy(const struct fe_postgres_table *t, const struct plan *p, char *out, size_t out_bytes)
{
	size_t n_indexes = t->sql->n_indexes + p->with_key, n_keys = t->sql->n_foreign_keys;
	struct fe_buf text;

	fe_buf_init(&text, out_bytes - 1);
	if (n_staged(t) == 0) {
		fe_buf_add_text(&text, "nothing to write");
	} else if (p->rebuilds) {
		fe_buf_addf(&text, "rows first, then %zu %s", n_indexes,
		            plural(n_indexes, "index", "indexes"));
		if (n_keys > 0)
			fe_buf_addf(&text, " and %zu %s", n_keys,
			            plural(n_keys, "foreign key", "foreign keys"));
		if (t->before.is_empty)
			fe_buf_add_text(&text, ": the table was empty");
		else
			fe_buf_addf(&text, ": %" PRIu64 " rows to about %" PRId64, n_staged(t),
			            t->before.n_rows);
	} else {
		fe_buf_addf(&text, "merge into live indexes: %" PRIu64 " rows into %s%" PRId64,
		            n_staged(t), t->before.is_empty ? "" : "about ",
		            t->before.is_empty ? 0 : t->before.n_rows);
		if (p->why)
			fe_buf_addf(&text, " (%s)", p->why);
	}
	(void)snprintf(out, out_bytes, "%s", fe_buf_text(&text));
	fe_buf_reset(&text);
}

/* ---- off and on ---- */

static enum fe_rc
run_parts(struct fe_postgres_sink *s, const struct fe_pg_part *parts, size_t n, bool drop,
	  struct fe_err *err)
{
	enum fe_rc rc;
	size_t i;

	for (i = 0; i < n; i++) {
		rc = fe_db_exec(s->load, drop ? parts[i].drop : parts[i].add, err);
		if (rc) {
			fe_err_context(err, "cannot %s %s", drop ? "take off" : "put back",
			               parts[i].name);
			return rc;
		}
	}
	return FE_OK;
}

static enum fe_rc
take_off(struct fe_postgres_sink *s, struct fe_postgres_table *t, const struct plan *p,
	 struct fe_err *err)
{
	struct fe_buf sql;

	/* At once, so that nobody comes between a weaker lock and this. */
	s->is_look_shut = true;
	fe_buf_init(&sql, FE_POSTGRES_MAX_SQL_BYTES);
	fe_buf_addf(&sql, "LOCK TABLE %s IN ACCESS EXCLUSIVE MODE", t->sql->name);
	FE_TRY(fe_postgres_exec(s, &sql, err));
	FE_TRY(run_parts(s, t->sql->foreign_keys, t->sql->n_foreign_keys, true, err));
	FE_TRY(run_parts(s, t->sql->indexes, t->sql->n_indexes, true, err));
	return run_parts(s, &t->sql->key, p->with_key, true, err);
}

static enum fe_rc
put_back(struct fe_postgres_sink *s, struct fe_postgres_table *t, const struct plan *p,
	 struct fe_err *err)
{
	FE_TRY(run_parts(s, &t->sql->key, p->with_key, false, err));
	FE_TRY(run_parts(s, t->sql->indexes, t->sql->n_indexes, false, err));
	FE_TRY(fe_failpoint("load.indexed", err));
	return run_parts(s, t->sql->foreign_keys, t->sql->n_foreign_keys, false, err);
}

/* So that whoever asks right after the load gets plans for the table as it is. Of a small
 * table a tenth of the usual sample does (of 10,000 rows the whole takes a sixth of the
 * run). One that grew by less than half is left to autovacuum: ANALYZE reads as much of it
 * as of a large one, and what was known of it still holds. */
static enum fe_rc
analyze(struct fe_postgres_sink *s, struct fe_postgres_table *t, struct fe_err *err)
{
	const bool was_empty = t->before.is_empty || t->before.n_rows < 0;
	const uint64_t n = n_staged(t), n_before = was_empty ? 0 : (uint64_t)t->before.n_rows;
	struct fe_buf sql;

	if (!t->before.is_owner || n <= n_before / 2)
		return FE_OK;
	fe_buf_init(&sql, FE_POSTGRES_MAX_SQL_BYTES);
	if (n + n_before < MAX_SMALL_TABLE_ROWS)
		fe_buf_add_text(&sql, "SET LOCAL default_statistics_target = 10; ");
	fe_buf_addf(&sql, "ANALYZE %s; SET LOCAL default_statistics_target TO DEFAULT", t->sql->name);
	return fe_postgres_exec(s, &sql, err);
}

/* ---- attempts ---- */

static void
clear_result(const struct fe_table *t, struct fe_table_result *out)
{
	struct fe_confirmed *all[] = { &out->inserted, &out->updated, &out->unchanged, &out->filled };
	size_t k, i, n;

	for (k = 0; k < 4; k++) {
		all[k]->n = n = 0;
		fe_groups_clear(all[k]->groups);
		for (i = 0; i < t->schema->n_source; i++) {
			if (t->schema->fields[i].type.kind == FE_DECIMAL && all[k]->sums)
				all[k]->sums[n++] = 0;
		}
	}
}

/* Which part of an attempt failed is told by *is_off. */
static enum fe_rc
try_once(struct fe_postgres_sink *s, struct fe_postgres_table *t, const struct plan *p,
	 struct fe_table_result *out, bool *is_off, struct fe_err *err)
{
	clear_result(t->sql->table, out);
	*is_off = false;
	FE_TRY(fe_db_exec(s->load, "SAVEPOINT fe_merge", err));
	FE_TRY(fe_postgres_count_writes(s, t, &t->writes, err));
	if (p->rebuilds)
		FE_TRY(take_off(s, t, p, err));
	*is_off = true;
	FE_TRY(fe_postgres_merge(s, t, p->rebuilds, out, err));
	t->writes.n_inserted += (int64_t)out->inserted.n;
	t->writes.n_updated += (int64_t)(out->updated.n + out->filled.n);
	FE_TRY(fe_postgres_check_writes(s, t, err));
	if (p->rebuilds)
		FE_TRY(put_back(s, t, p, err));
	return fe_db_exec(s->load, "RELEASE SAVEPOINT fe_merge", err);
}

static void
pause_a_little(int attempt)
{
	uint32_t chance = 0;
	struct timespec ts;

	if (getrandom(&chance, sizeof(chance), 0) != (ssize_t)sizeof(chance))
		chance = 0; /* no jitter, then */
	ts = (struct timespec){ .tv_nsec = (20 + chance % 100) * 1000000L * (attempt < 5 ? attempt : 5) };
	(void)nanosleep(&ts, NULL);
}

enum fe_rc
fe_postgres_explain(const struct fe_postgres_table *t, struct fe_err *err)
{
	bool is_key = strcmp(err->foreign, UNIQUE_VIOLATION) == 0 && strstr(err->text, t->sql->key.name);

	fe_err_context(err, "table %s", t->sql->table->name);
	if (!is_key)
		return err->rc;
	(void)fe_fail(err, FE_EUNAVAIL,
	              "table %s: another program inserted the same key while this run was reading "
	              "(%s); run again",
	              t->sql->table->name, t->sql->key.name);
	(void)snprintf(err->foreign, sizeof(err->foreign), "%s", UNIQUE_VIOLATION);
	return FE_EUNAVAIL;
}

static enum fe_rc
merge(struct fe_postgres_sink *s, struct fe_postgres_table *t, struct plan *p,
      struct fe_table_result *out, struct fe_err *err)
{
	const bool was_shut = s->is_look_shut;
	enum fe_rc rc;
	bool is_off;
	int i;

	for (i = 1;; i++) {
		rc = try_once(s, t, p, out, &is_off, err);
		if (rc == FE_OK)
			return FE_OK;
		if (i >= MAX_ATTEMPTS || fe_pg_is_lost(s->load) || !fe_pg_may_retry(err))
			return fe_postgres_explain(t, err);
		FE_TRY(fe_stop_check(err));
		FE_TRY(fe_db_exec(s->load, "ROLLBACK TO SAVEPOINT fe_merge", err));
		s->is_look_shut = was_shut;
		/* Readers hold on to the table: let them. */
		if (!is_off && s->base.set.strategy == FE_LOAD_AUTO)
			*p = (struct plan){ .why = "others are reading the table" };
		pause_a_little(i);
	}
}

enum fe_rc
fe_postgres_table_end(struct fe_sink *sink, size_t table, struct fe_table_result *out,
		      struct fe_err *err)
{
	struct fe_postgres_sink *s = (struct fe_postgres_sink *)sink;
	struct fe_postgres_table *t = &s->tables[table];
	struct plan p;

	FE_TRY(fe_failpoint("load.table_end", err));
	FE_TRY(fe_postgres_pause_copy(s, err));
	FE_TRY(fe_postgres_check_writes(s, t, err));
	clear_result(t->sql->table, out);
	p = choose(s, t);
	if (t->has_stage) {
		FE_TRY(fe_postgres_drop_gone(s, t, err));
		FE_TRY(merge(s, t, &p, out, err));
		FE_TRY(analyze(s, t, err));
	}
	t->n_merged = out->inserted.n;
	/* What was read of it before is not all any more. */
	fe_postgres_keys_free(t->keys);
	t->keys = NULL;
	t->size_bytes = 0;
	t->has_no_keys = false;
	say_strategy(t, &p, out->strategy, sizeof(out->strategy));
	return fe_failpoint("load.table_ended", err);
}
