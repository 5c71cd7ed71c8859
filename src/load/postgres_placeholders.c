// SPDX-License-Identifier: Apache-2.0
/* load/postgres_placeholders.c - rows of keys that no record has brought yet, see load/postgres_sink.h
 *
 * They go into their table as one statement a batch, past staging: that is of records, and
 * has been merged. A COPY of the records that refer to them is interrupted for it, which
 * keys that are missing are rare enough for.
 */
#include <inttypes.h>

#include "base/failpoint.h"
#include "base/mem.h"
#include "format/pgcopy.h"
#include "load/postgres_sink.h"

static void
print_insert(struct fe_buf *sql, const struct fe_postgres_sink *s, const struct fe_postgres_table *t,
	     int64_t object_id)
{
	const int64_t now_us = fe_clock_now(s->base.set.clock);
	size_t i;

	fe_buf_addf(sql,
	            "WITH w AS (INSERT INTO %s (%s, processed_at, created_at, updated_at, etl_run_id, "
	            "etl_object_id, etl_record) SELECT k.value, ",
	            t->sql->name, t->sql->columns[t->sql->table->key[0]]);
	for (i = 0; i < 3; i++) {
		fe_postgres_add_moment(sql, now_us);
		fe_buf_add_text(sql, ", ");
	}
	fe_db_add_literal(sql, fe_str_of(s->run_id));
	fe_buf_addf(sql, ", %" PRId64 ", 0 FROM unnest($1) AS k(value) RETURNING 1) SELECT count(*) FROM w",
	            object_id);
}

static enum fe_rc
run_insert(const struct fe_postgres_table *t, struct fe_pg_query *q, struct fe_buf *array,
	   const struct fe_batch *keys, struct fe_err *err)
{
	const struct fe_column *column = &keys->columns[t->sql->table->key[0]];
	uint32_t rows[FE_BATCH_ROWS];
	struct fe_pg_param param;
	int64_t n = 0;
	size_t i;

	for (i = 0; i < keys->n_rows; i++)
		rows[i] = (uint32_t)i;
	fe_buf_clear(array);
	fe_pg_add_array(array, column, rows, keys->n_rows);
	FE_TRY(fe_buf_check(array, "the keys of placeholders", err));
	param = (struct fe_pg_param){ .oid = fe_pg_array_oid(column->type), .value = fe_buf_str(array) };
	if (fe_pg_query_run(q, &param, err))
		return fe_postgres_explain(t, err);
	if (!fe_pg_read_i64(fe_pg_query_value(q, 0, 0), &n) || (uint64_t)n != keys->n_rows)
		return fe_fail(err, FE_ECONFLICT,
		               "table %s: of %zu placeholders, %" PRId64 " are there; drop the trigger or "
		               "rule that ignores the others",
		               t->sql->table->name, keys->n_rows, n);
	return FE_OK;
}

enum fe_rc
fe_postgres_placeholders(struct fe_sink *sink, size_t table, const struct fe_batch *keys,
			 int64_t object_id, struct fe_err *err)
{
	struct fe_postgres_sink *s = (struct fe_postgres_sink *)sink;
	struct fe_postgres_table *t = &s->tables[table];
	const uint32_t oid = fe_pg_array_oid(keys->columns[t->sql->table->key[0]].type);
	struct fe_pg_query *q = NULL;
	struct fe_buf sql;
	enum fe_rc rc;

	FE_TRY(fe_failpoint("load.placeholders", err));
	FE_TRY(fe_postgres_pause_copy(s, err));
	if (!t->is_guarded) /* none of its own records are read */
		FE_TRY(fe_postgres_refuse_meddlers(s, t, err));
	t->is_guarded = true;
	if (!t->writes.is_counted)
		FE_TRY(fe_postgres_count_writes(s, t, &t->writes, err));
	fe_buf_init(&sql, FE_POSTGRES_MAX_SQL_BYTES);
	print_insert(&sql, s, t, object_id);
	rc = fe_buf_check(&sql, "the statement", err);
	if (rc == FE_OK)
		rc = fe_pg_query_prepare(s->load, fe_buf_text(&sql), &oid, 1, &q, err);
	fe_buf_reset(&sql);
	if (rc == FE_OK)
		rc = run_insert(t, q, &s->keys[0], keys, err);
	fe_pg_query_free(q);
	if (rc == FE_OK)
		t->writes.n_inserted += (int64_t)keys->n_rows;
	return rc;
}
