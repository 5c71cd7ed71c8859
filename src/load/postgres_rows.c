// SPDX-License-Identifier: Apache-2.0
/* load/postgres_rows.c - rows into staging, see load/postgres_sink.h
 *
 * A batch is encoded row by row as the server takes it, first what is to be inserted, then
 * the updates; the first of the same bytes, up to the last source column, go to the row
 * store, from where fetch has them. Nothing here waits for the server, unless it is some
 * MiB behind.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/failpoint.h"
#include "base/mem.h"
#include "format/pgcopy.h"
#include "load/postgres_sink.h"

#define FLUSH_BYTES ((size_t)256 << 10)
#define TID_MASK ((INT64_C(1) << FE_POSTGRES_TID_BITS) - 1)
#define N_STAGE_FIELDS 4 /* object_id, record before the columns; stored, mark behind them */
#define MIN_SLOTS 1024

/* ---- updates by the row they replace ---- */

static size_t
slot_of(const struct fe_postgres_table *t, int64_t stored)
{
	/* Fibonacci hashing: neighbouring rows go to places far apart. */
	uint64_t h = (uint64_t)stored * UINT64_C(0x9E3779B97F4A7C15);
	size_t i = (size_t)(h >> 20) & (t->cap_staged - 1);

	while (t->staged[i].stored >= 0 && t->staged[i].stored != stored)
		i = (i + 1) & (t->cap_staged - 1);
	return i;
}

const struct fe_postgres_staged *
fe_postgres_find_staged(const struct fe_postgres_table *t, int64_t stored)
{
	size_t i;

	if (t->cap_staged == 0)
		return NULL;
	i = slot_of(t, stored);
	return t->staged[i].stored >= 0 ? &t->staged[i] : NULL;
}

static void
make_slots(struct fe_postgres_table *t)
{
	struct fe_postgres_staged *old = t->staged;
	size_t n_old = t->cap_staged, i;

	t->cap_staged = n_old ? n_old * 2 : MIN_SLOTS;
	t->staged = fe_new_array(t->cap_staged, struct fe_postgres_staged);
	for (i = 0; i < t->cap_staged; i++)
		t->staged[i].stored = -1;
	for (i = 0; i < n_old; i++) {
		if (old[i].stored >= 0)
			t->staged[slot_of(t, old[i].stored)] = old[i];
	}
	fe_free(old);
}

static void
note_staged(struct fe_postgres_table *t, int64_t stored)
{
	size_t i;

	if (t->n_staged * 2 >= t->cap_staged)
		make_slots(t);
	i = slot_of(t, stored);
	t->n_staged += t->staged[i].stored < 0;
	t->staged[i] = (struct fe_postgres_staged){ .stored = stored,
		                                    .place = fe_row_store_n_rows(t->updates) };
}

/* ---- COPY ---- */

/* The columns as the table really has them, types and collations included; no constraint
 * and no index: what is wrong shows when it goes into the table. */
static enum fe_rc
make_stage(struct fe_postgres_sink *s, struct fe_postgres_table *t, struct fe_err *err)
{
	size_t n = t->sql->table->schema->n_fields, i;
	struct fe_buf sql;

	fe_buf_init(&sql, FE_POSTGRES_MAX_SQL_BYTES);
	fe_buf_addf(&sql,
	            "CREATE TEMP TABLE fe_stage_%zu ON COMMIT DROP AS SELECT "
	            "etl_object_id AS object_id, etl_record AS record",
	            t->number);
	for (i = 0; i < n; i++)
		fe_buf_addf(&sql, ", %s AS c%zu", t->sql->columns[i], i);
	fe_buf_addf(&sql, ", ctid AS stored, etl_record AS mark FROM %s WITH NO DATA", t->sql->name);
	FE_TRY(fe_postgres_exec(s, &sql, err));
	t->has_stage = true;
	t->inserts = fe_row_store_new(s->base.set.spool_folder);
	t->updates = fe_row_store_new(s->base.set.spool_folder);
	return fe_failpoint("load.staged", err);
}

static enum fe_rc
begin_copy(struct fe_postgres_sink *s, struct fe_postgres_table *t, struct fe_err *err)
{
	char sql[96];
	int n;

	if (s->copying == t)
		return FE_OK;
	FE_ASSERT(!s->copying);
	if (!t->has_stage)
		FE_TRY(make_stage(s, t, err));
	n = snprintf(sql, sizeof(sql), "COPY pg_temp.fe_stage_%zu FROM STDIN (FORMAT binary)",
	             t->number);
	FE_ASSERT(n > 0 && (size_t)n < sizeof(sql));
	FE_TRY(fe_pg_copy_begin(s->load, sql, err));
	s->copying = t;
	fe_buf_clear(&s->out);
	fe_pgcopy_add_header(&s->out);
	return FE_OK;
}

static enum fe_rc
flush(struct fe_postgres_sink *s, struct fe_err *err)
{
	FE_TRY(fe_buf_check(&s->out, "a row for PostgreSQL", err));
	return fe_pg_copy_put(s->load, &s->out, err);
}

enum fe_rc
fe_postgres_pause_copy(struct fe_postgres_sink *s, struct fe_err *err)
{
	struct fe_postgres_table *t = s->copying;
	uint64_t n = 0, n_sent;
	enum fe_rc rc;

	if (!t)
		return FE_OK;
	fe_pgcopy_add_trailer(&s->out);
	FE_TRY(flush(s, err));
	rc = fe_pg_copy_end(s->load, &n, err);
	s->copying = NULL;
	if (rc) {
		fe_err_context(err, "table %s", t->sql->table->name);
		return rc;
	}
	t->n_copied += n;
	n_sent = fe_row_store_n_rows(t->inserts) + fe_row_store_n_rows(t->updates);
	if (t->n_copied != n_sent)
		return fe_fail(err, FE_EBUG,
		               "table %s: %" PRIu64 " rows were sent, the server has %" PRIu64,
		               t->sql->table->name, n_sent, t->n_copied);
	return fe_failpoint("load.copied", err);
}

/* ---- rows ---- */

/* stored -1: to insert. */
static enum fe_rc
put_row(struct fe_postgres_sink *s, struct fe_postgres_table *t, const struct fe_batch *b, size_t row,
	int64_t object_id, int64_t stored, struct fe_err *err)
{
	size_t n = t->sql->table->schema->n_fields, start = s->out.n_bytes;
	struct fe_row_store *store = stored < 0 ? t->inserts : t->updates;
	struct fe_str tuple;

	fe_pgcopy_add_tuple(&s->out, n + N_STAGE_FIELDS);
	fe_pgcopy_add_i64(&s->out, object_id);
	fe_pgcopy_add_i64(&s->out, (int64_t)b->origin[row].record);
	fe_pgcopy_add_row(&s->out, b, n, row);
	if (stored < 0) {
		fe_pgcopy_add_null(&s->out);
		fe_pgcopy_add_null(&s->out);
	} else {
		fe_pgcopy_add_tid(&s->out, stored & TID_MASK);
		fe_pgcopy_add_i64(&s->out, stored >> FE_POSTGRES_TID_BITS);
	}
	FE_TRY(fe_buf_check(&s->out, "a row for PostgreSQL", err));
	tuple = (struct fe_str){ s->out.p + start, s->out.n_bytes - start };
	tuple.n = fe_postgres_fields_end(tuple, FE_POSTGRES_FIRST_COLUMN + t->sql->table->schema->n_source);
	FE_TRY(fe_row_store_add(store, tuple, err));
	return s->out.n_bytes >= FLUSH_BYTES ? flush(s, err) : FE_OK;
}

static enum fe_rc
put_inserts(struct fe_postgres_sink *s, struct fe_postgres_table *t, const struct fe_batch *b,
	    const struct fe_load_plan *plan, int64_t object_id, struct fe_err *err)
{
	size_t i;

	for (i = 0; i < b->n_rows; i++) {
		if (plan->action[i] != FE_ACTION_INSERT)
			continue;
		FE_ASSERT(plan->number[i] == (int64_t)fe_row_store_n_rows(t->inserts));
		FE_TRY(put_row(s, t, b, i, object_id, -1, err));
	}
	return FE_OK;
}

static enum fe_rc
put_updates(struct fe_postgres_sink *s, struct fe_postgres_table *t, const struct fe_batch *b,
	    const struct fe_load_plan *plan, int64_t object_id, struct fe_err *err)
{
	size_t i;

	for (i = 0; i < b->n_rows; i++) {
		if (plan->action[i] != FE_ACTION_UPDATE)
			continue;
		FE_ASSERT(plan->number[i] >= 0);
		note_staged(t, plan->number[i]);
		FE_TRY(put_row(s, t, b, i, object_id, plan->number[i], err));
	}
	return FE_OK;
}

/* Rows that went to staging and are not to stay: noted by where they are from, and taken
 * out at the table's end. */
static enum fe_rc
note_gone(struct fe_postgres_table *t, const struct fe_removal *r, struct fe_err *err)
{
	const struct fe_postgres_staged *staged;
	struct fe_postgres_gone *gone;
	struct fe_str tuple, object_id, record;
	struct fe_row_store *store = t->inserts;
	uint64_t place = (uint64_t)r->number;

	if (r->place == FE_PLACE_STORED) {
		staged = fe_postgres_find_staged(t, r->number);
		store = t->updates;
		place = staged ? staged->place : UINT64_MAX;
	}
	if (!store)
		return fe_fail(err, FE_EBUG, "table %s: nothing was sent that could be taken back",
		               t->sql->table->name);
	FE_TRY(fe_row_store_get(store, place, &tuple, err));
	t->gone = fe_grow(t->gone, &t->cap_gone, t->n_gone + 1, sizeof(*t->gone));
	gone = &t->gone[t->n_gone++];
	if (!fe_postgres_field(tuple, 0, &object_id) || !fe_pg_read_i64(object_id, &gone->object_id) ||
	    !fe_postgres_field(tuple, 1, &record) || !fe_pg_read_i64(record, &gone->record))
		return fe_fail(err, FE_EBUG, "table %s: a row set aside has no record",
		               t->sql->table->name);
	t->n_gone_inserts += r->place == FE_PLACE_INSERTED;
	return FE_OK;
}

enum fe_rc
fe_postgres_write(struct fe_sink *sink, size_t table, const struct fe_batch *b,
		  const struct fe_load_plan *plan, int64_t object_id, struct fe_err *err)
{
	struct fe_postgres_sink *s = (struct fe_postgres_sink *)sink;
	struct fe_postgres_table *t = &s->tables[table];
	size_t i;

	FE_TRY(fe_failpoint("load.write", err));
	for (i = 0; i < plan->n_removals; i++)
		FE_TRY(note_gone(t, &plan->removals[i], err));
	if (plan->n_inserts + plan->n_updates == 0)
		return FE_OK;
	FE_TRY(begin_copy(s, t, err));
	FE_TRY(put_inserts(s, t, b, plan, object_id, err));
	FE_TRY(put_updates(s, t, b, plan, object_id, err));
	return flush(s, err);
}
