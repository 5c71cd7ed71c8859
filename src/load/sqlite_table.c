// SPDX-License-Identifier: Apache-2.0
/* load/sqlite_table.c - a table's begin and end, see load/sqlite_sink.h
 *
 * Nine live indexes cost several times the rows themselves, so an empty table gets its
 * rows first and its indexes as sorted sets at the end. A table with rows keeps its
 * key index, by which lookup finds them; the others go once the run has inserted more
 * than was there, and are built again at the end.
 *
 * What table_end reports is read back from the table, summed in 128 bits here: SQLite's
 * own sum() is an int64.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/failpoint.h"
#include "load/schema.h"
#include "load/sqlite_bind.h"
#include "load/sqlite_sink.h"

#define MAX_SQL_BYTES (1u << 20)
/* Fewer inserts than this are cheaper into live indexes than a rebuild. */
#define MIN_INSERTS_TO_REBUILD 20000

/* ---- indexes ---- */

static enum fe_rc
drop_index(struct fe_sqlite_sink *s, const struct fe_index_sql *x, struct fe_err *err)
{
	struct fe_buf sql;
	enum fe_rc rc;

	fe_buf_init(&sql, MAX_SQL_BYTES);
	fe_buf_add_text(&sql, "DROP INDEX IF EXISTS main.");
	fe_db_add_name(&sql, x->name);
	rc = fe_buf_check(&sql, "the statement", err);
	if (rc == FE_OK)
		rc = fe_db_exec(s->db, fe_buf_text(&sql), err);
	fe_buf_reset(&sql);
	return rc;
}

static enum fe_rc
build_index(struct fe_sqlite_sink *s, struct fe_sqlite_table *t, size_t i, struct fe_err *err)
{
	enum fe_rc rc = fe_db_exec(s->db, t->sql.indexes[i].create, err);

	if (rc)
		fe_err_context(err, "table %s: cannot build index %s", t->sql.table->name,
		               t->sql.indexes[i].name);
	return rc;
}

static enum fe_rc
drop_others(struct fe_sqlite_sink *s, struct fe_sqlite_table *t, struct fe_err *err)
{
	size_t i;

	for (i = 1; i < t->sql.n_indexes; i++)
		FE_TRY(drop_index(s, &t->sql.indexes[i], err));
	t->are_others_dropped = true;
	return FE_OK;
}

static enum fe_rc
drop_all(struct fe_sqlite_sink *s, struct fe_sqlite_table *t, struct fe_err *err)
{
	FE_TRY(drop_index(s, &t->sql.indexes[0], err));
	t->is_key_dropped = true;
	return drop_others(s, t, err);
}

static enum fe_rc
build_dropped(struct fe_sqlite_sink *s, struct fe_sqlite_table *t, struct fe_err *err)
{
	size_t i;

	if (t->is_key_dropped)
		FE_TRY(build_index(s, t, 0, err));
	for (i = 1; i < t->sql.n_indexes && t->are_others_dropped; i++)
		FE_TRY(build_index(s, t, i, err));
	t->is_key_dropped = t->are_others_dropped = false;
	return FE_OK;
}

enum fe_rc
fe_sqlite_table_adapt(struct fe_sqlite_sink *s, struct fe_sqlite_table *t, bool removes,
		      struct fe_err *err)
{
	/* SQLite refuses to delete a row that may be referred to without the index by
	 * which its referrers find it. */
	if (removes && t->is_key_dropped && t->is_referenced) {
		FE_TRY(build_index(s, t, 0, err));
		t->is_key_dropped = false;
	}
	if (!t->was_empty && !t->are_others_dropped && t->sql.n_indexes > 1 &&
	    t->n_written > MIN_INSERTS_TO_REBUILD && t->n_written > (uint64_t)t->base)
		return drop_others(s, t, err);
	return FE_OK;
}

/* ---- begin ---- */

static enum fe_rc
find_base(struct fe_sqlite_sink *s, struct fe_sqlite_table *t, struct fe_err *err)
{
	struct fe_buf sql;
	int64_t has_rows = 0;
	enum fe_rc rc;

	fe_buf_init(&sql, MAX_SQL_BYTES);
	fe_buf_addf(&sql, "SELECT coalesce(max(%s), 0) FROM main.%s", t->sql.rowid, t->sql.name);
	t->base = 0;
	rc = fe_db_query_i64(s->db, fe_buf_text(&sql), &t->base, err);
	fe_buf_clear(&sql);
	fe_buf_addf(&sql, "SELECT 1 FROM main.%s LIMIT 1", t->sql.name);
	if (rc == FE_OK)
		rc = fe_db_query_i64(s->db, fe_buf_text(&sql), &has_rows, err);
	fe_buf_reset(&sql);
	t->was_empty = has_rows == 0;
	if (rc == FE_OK && (t->base < 0 || t->base > INT64_MAX / 2))
		rc = fe_fail(err, FE_ECONFLICT,
		             "table %s has rows numbered up to %" PRId64 ", which leaves no room; "
		             "copy its rows into a new table",
		             t->sql.table->name, t->base);
	return rc;
}

static enum fe_rc
find_referrers(struct fe_sqlite_sink *s, struct fe_sqlite_table *t, struct fe_err *err)
{
	struct fe_stmt *st;
	enum fe_rc rc;

	FE_TRY(fe_db_prepare(s->db,
	                     FE_STR("SELECT 1 FROM main.sqlite_schema AS m, "
	                            "pragma_foreign_key_list(m.name) AS k WHERE m.type = 'table' "
	                            "AND k.\"table\" = ?1 COLLATE NOCASE LIMIT 1"),
	                     &st, err));
	fe_stmt_bind_cstr(st, 1, t->sql.table->name);
	rc = fe_stmt_step(st, &t->is_referenced, err);
	fe_stmt_free(st);
	return rc;
}

enum fe_rc
fe_sqlite_table_begin(struct fe_sink *sink, size_t table, bool *is_empty, struct fe_err *err)
{
	struct fe_sqlite_sink *s = (struct fe_sqlite_sink *)sink;
	struct fe_sqlite_table *t = &s->tables[table];

	FE_ASSERT(s->state == FE_SQLITE_LOADING);
	FE_TRY(find_base(s, t, err));
	FE_TRY(find_referrers(s, t, err));
	t->n_written = 0;
	if (t->was_empty)
		FE_TRY(drop_all(s, t, err));
	*is_empty = t->was_empty;
	return FE_OK;
}

/* ---- end ---- */

static bool
is_summed(const struct fe_table *t, size_t column)
{
	return column < t->schema->n_source && t->schema->fields[column].type.kind == FE_DECIMAL;
}

/* The decimal source columns; prefix "c" and their number, or their stored names. */
static void
add_summed(struct fe_buf *sql, const struct fe_table_sql *t, bool staged)
{
	size_t i;
	bool any = false;

	for (i = 0; i < t->table->schema->n_source; i++) {
		if (!is_summed(t->table, i))
			continue;
		fe_buf_add_text(sql, any ? ", " : "");
		if (staged)
			fe_buf_addf(sql, "s.c%zu", i);
		else
			fe_buf_add_text(sql, t->stored[i]);
		any = true;
	}
	if (!any)
		fe_buf_add_char(sql, '1');
	for (i = 0; i < t->table->n_sum_by; i++) {
		if (staged)
			fe_buf_addf(sql, ", s.c%zu", t->table->sum_by[i]);
		else
			fe_buf_addf(sql, ", %s", t->stored[t->table->sum_by[i]]);
	}
}

/* The row's values behind its sums, as texts, and those sums. */
static enum fe_rc
add_to_group(struct fe_stmt *st, const struct fe_table *t, size_t n_sums, struct fe_groups *groups,
	     struct fe_err *err)
{
	struct fe_str values[FE_GROUPS_MAX_COLUMNS];
	size_t first = n_sums ? n_sums : 1, group, i;

	for (i = 0; i < t->n_sum_by; i++) {
		int column = (int)(first + i);

		values[i] = (struct fe_str){ 0 };
		if (fe_stmt_is_null(st, column))
			continue;
		if (t->schema->fields[t->sum_by[i]].type.kind == FE_BOOL)
			values[i] = fe_stmt_i64(st, column) ? FE_STR("true") : FE_STR("false");
		else
			values[i] = fe_stmt_text(st, column);
	}
	FE_TRY(fe_groups_of_texts(groups, values, &group, err));
	FE_TRY(fe_groups_add(groups, group, 0, 1, err));
	for (i = 0; i < n_sums; i++)
		FE_TRY(fe_groups_add(groups, group, 1 + i, fe_stmt_i64(st, (int)i), err));
	return FE_OK;
}

/* Adds the rows of a query for the columns of add_summed. */
static enum fe_rc
confirm(struct fe_sqlite_sink *s, struct fe_sqlite_table *t, const struct fe_buf *sql,
	bool is_update, struct fe_confirmed *out, struct fe_err *err)
{
	char now[FE_TIMESTAMP_TEXT_BYTES];
	size_t n_sums = 0, i;
	struct fe_stmt *st;
	enum fe_rc rc;
	bool row;

	FE_TRY(fe_buf_check(sql, "the statement", err));
	for (i = 0; i < t->sql.table->schema->n_source; i++)
		n_sums += is_summed(t->sql.table, i);
	for (i = 0; i < n_sums && out->sums; i++)
		out->sums[i] = 0;
	out->n = 0;
	fe_groups_clear(out->groups);
	FE_TRY(fe_db_prepare(s->db, fe_buf_str(sql), &st, err));
	if (is_update) {
		fe_stmt_bind_text(st, 1,
		                  fe_sqlite_time_text(fe_clock_now(s->base.set.clock), now));
		fe_stmt_bind_cstr(st, 2, s->run_id);
	}
	for (;;) {
		rc = fe_stmt_step(st, &row, err);
		if (rc || !row)
			break;
		out->n++;
		for (i = 0; i < n_sums && out->sums; i++) {
			if (__builtin_add_overflow(out->sums[i], (fe_i128)fe_stmt_i64(st, (int)i),
			                           &out->sums[i])) {
				rc = fe_fail(err, FE_ELIMIT, "table %s: a sum passes 128 bits",
				             t->sql.table->name);
				goto done;
			}
		}
		if (out->groups)
			rc = add_to_group(st, t->sql.table, n_sums, out->groups, err);
		if (rc)
			break;
	}
done:
	fe_stmt_free(st);
	return rc;
}

/* "t.a IS NOT s.c1 OR ...": the columns that may change under the same key. */
static void
add_differs(struct fe_buf *sql, const struct fe_table_sql *t)
{
	bool any = false;
	size_t i;

	for (i = 0; i < t->table->schema->n_source; i++) {
		if (t->table->roles[i] != FE_ROLE_MUTABLE && t->table->roles[i] != FE_ROLE_VERSION)
			continue;
		fe_buf_addf(sql, "%s%s.%s IS NOT s.c%zu", any ? " OR " : "", t->name, t->stored[i],
		            i);
		any = true;
	}
	if (!any)
		fe_buf_add_char(sql, '0');
}

/* +s.id: the stage, which is the small side, is read through and the table probed. */
static void
add_place(struct fe_buf *sql, const struct fe_table_sql *t)
{
	fe_buf_addf(sql, " WHERE %s.%s = +s.id", t->name, t->rowid);
}

static void
add_join(struct fe_buf *sql, const struct fe_table_sql *t, const char *negate)
{
	add_place(sql, t);
	fe_buf_addf(sql, " AND %s(", negate);
	add_differs(sql, t);
	fe_buf_add_char(sql, ')');
}

/* What is filled in is neither updated nor unchanged. */
static void
add_of_records(struct fe_buf *sql, const struct fe_sqlite_table *t)
{
	if (t->met_placeholders)
		fe_buf_addf(sql, " AND %s.etl_record <> 0", t->sql.name);
}

/* is_fill: of placeholders, whose columns that else stay are null, and are set, too. */
static void
add_update(struct fe_buf *sql, const struct fe_table_sql *t, size_t number, bool is_fill)
{
	const struct fe_table *table = t->table;
	size_t i;

	fe_buf_addf(sql,
	            "UPDATE main.%s SET processed_at = ?1, updated_at = ?1, etl_run_id = ?2, "
	            "etl_object_id = s.object_id, etl_record = s.record",
	            t->name);
	for (i = 0; i < table->schema->n_fields; i++) {
		if (table->roles[i] != FE_ROLE_KEY && (is_fill || table->roles[i] != FE_ROLE_FIXED))
			fe_buf_addf(sql, ", %s = s.c%zu", t->stored[i], i);
	}
	fe_buf_addf(sql, " FROM temp.fe_stage_%zu AS s", number);
}

static void
add_returning(struct fe_buf *sql, const struct fe_table_sql *t)
{
	fe_buf_add_text(sql, " RETURNING ");
	add_summed(sql, t, false);
}

void
fe_sqlite_print_update(struct fe_buf *sql, const struct fe_table_sql *t, size_t number)
{
	add_update(sql, t, number, false);
	add_join(sql, t, "");
	add_returning(sql, t);
}

static enum fe_rc
fill_placeholders(struct fe_sqlite_sink *s, struct fe_sqlite_table *t, struct fe_confirmed *out,
		  struct fe_err *err)
{
	struct fe_buf sql;
	enum fe_rc rc;

	if (!t->met_placeholders)
		return FE_OK;
	fe_buf_init(&sql, MAX_SQL_BYTES);
	add_update(&sql, &t->sql, t->number, true);
	add_place(&sql, &t->sql);
	fe_buf_addf(&sql, " AND %s.etl_record = 0", t->sql.name);
	add_returning(&sql, &t->sql);
	rc = confirm(s, t, &sql, true, out, err);
	fe_buf_reset(&sql);
	return rc;
}

/* What a released run would take back: a change that a later run has made. A version tells by itself
 * which one is the later. */
static enum fe_rc
check_release(struct fe_sqlite_sink *s, struct fe_sqlite_table *t, struct fe_err *err)
{
	const struct fe_run_release *release = s->run.release;
	int64_t n_later = 0;
	struct fe_buf sql;

	if (!release || t->sql.table->version != FE_NO_COLUMN)
		return FE_OK;
	fe_buf_init(&sql, MAX_SQL_BYTES);
	fe_buf_addf(&sql, "SELECT count(*) FROM temp.fe_stage_%zu AS s, main.%s", t->number, t->sql.name);
	add_join(&sql, &t->sql, "");
	fe_buf_addf(&sql, " AND %s.etl_record <> 0 AND %s.etl_run_id > ", t->sql.name, t->sql.name);
	fe_db_add_literal(&sql, fe_str_of(release->run_id));
	enum fe_rc rc = fe_buf_check(&sql, "the statement", err);
	if (rc == FE_OK)
		rc = fe_db_query_i64(s->db, fe_buf_text(&sql), &n_later, err);
	fe_buf_reset(&sql);
	if (rc == FE_OK)
		rc = fe_record_check_later(&s->run, t->sql.table, n_later, err);
	return rc;
}

/* Staged rows that are as they were stored (changed there and back within the run) are
 * told apart before the rest is written. */
static enum fe_rc
apply_staged(struct fe_sqlite_sink *s, struct fe_sqlite_table *t, struct fe_table_result *out,
	     struct fe_err *err)
{
	int64_t n_staged = 0;
	struct fe_buf sql;
	enum fe_rc rc;

	FE_TRY(check_release(s, t, err));
	fe_buf_init(&sql, MAX_SQL_BYTES);
	fe_buf_addf(&sql, "SELECT count(*) FROM temp.fe_stage_%zu", t->number);
	rc = fe_db_query_i64(s->db, fe_buf_text(&sql), &n_staged, err);
	if (rc)
		goto done;
	fe_buf_clear(&sql);
	fe_buf_add_text(&sql, "SELECT ");
	add_summed(&sql, &t->sql, true);
	fe_buf_addf(&sql, " FROM temp.fe_stage_%zu AS s, main.%s", t->number, t->sql.name);
	add_join(&sql, &t->sql, "NOT ");
	add_of_records(&sql, t);
	rc = confirm(s, t, &sql, false, &out->unchanged, err);
	if (rc)
		goto done;
	fe_buf_clear(&sql);
	add_update(&sql, &t->sql, t->number, false);
	add_join(&sql, &t->sql, "");
	add_of_records(&sql, t);
	add_returning(&sql, &t->sql);
	rc = confirm(s, t, &sql, true, &out->updated, err);
	if (rc == FE_OK) /* last: what it fills in is as any row after it */
		rc = fill_placeholders(s, t, &out->filled, err);
	if (rc == FE_OK && out->updated.n + out->filled.n + out->unchanged.n != (uint64_t)n_staged)
		rc = fe_fail(err, FE_ECONFLICT,
		             "table %s: of %" PRId64 " rows to update, %" PRIu64
		             " were updated and %" PRIu64 " found unchanged; drop the trigger "
		             "that ignores the others",
		             t->sql.table->name, n_staged, out->updated.n + out->filled.n, out->unchanged.n);
done:
	fe_buf_reset(&sql);
	return rc;
}

static enum fe_rc
confirm_inserted(struct fe_sqlite_sink *s, struct fe_sqlite_table *t, struct fe_confirmed *out,
		 struct fe_err *err)
{
	struct fe_buf sql;
	enum fe_rc rc;

	fe_buf_init(&sql, MAX_SQL_BYTES);
	fe_buf_add_text(&sql, "SELECT ");
	add_summed(&sql, &t->sql, false);
	fe_buf_addf(&sql, " FROM main.%s WHERE %s > %" PRId64, t->sql.name, t->sql.rowid, t->base);
	rc = confirm(s, t, &sql, false, out, err);
	fe_buf_reset(&sql);
	return rc;
}

static void
clear_confirmed(struct fe_confirmed *c, const struct fe_table *t)
{
	size_t i, n = 0;

	c->n = 0;
	for (i = 0; i < t->schema->n_source; i++) {
		if (is_summed(t, i) && c->sums)
			c->sums[n++] = 0;
	}
}

static void
say_strategy(const struct fe_sqlite_table *t, char *out, size_t out_bytes)
{
	int n;

	if (t->was_empty)
		n = snprintf(out, out_bytes,
		             "into an empty table: rows first, then its %zu index%s as sorted sets",
		             t->sql.n_indexes, t->sql.n_indexes == 1 ? "" : "es");
	else if (t->are_others_dropped)
		n = snprintf(out, out_bytes,
		             "merged by key; %" PRIu64 " inserts are more than the %" PRId64
		             " rows before: %zu indexes built again at the end",
		             t->n_written, t->base, t->sql.n_indexes - 1);
	else
		n = snprintf(out, out_bytes,
		             "merged by key, all %zu indexes live: %" PRIu64
		             " inserts into about %" PRId64 " rows",
		             t->sql.n_indexes, t->n_written, t->base);
	FE_ASSERT(n > 0 && (size_t)n < out_bytes);
}

enum fe_rc
fe_sqlite_table_end(struct fe_sink *sink, size_t table, struct fe_table_result *out,
		    struct fe_err *err)
{
	struct fe_sqlite_sink *s = (struct fe_sqlite_sink *)sink;
	struct fe_sqlite_table *t = &s->tables[table];

	FE_TRY(fe_failpoint("load.table_end", err));
	clear_confirmed(&out->updated, t->sql.table);
	clear_confirmed(&out->unchanged, t->sql.table);
	clear_confirmed(&out->filled, t->sql.table);
	fe_sqlite_table_finish(t);
	FE_TRY(confirm_inserted(s, t, &out->inserted, err));
	if (t->has_stage)
		FE_TRY(apply_staged(s, t, out, err));
	say_strategy(t, out->strategy, sizeof(out->strategy));
	FE_TRY(build_dropped(s, t, err));
	return fe_failpoint("load.table_ended", err);
}

void
fe_sqlite_table_finish(struct fe_sqlite_table *t)
{
	struct fe_stmt **const all[] = { &t->insert, &t->remove,       &t->stage, &t->lookup,
		                         &t->fetch,  &t->fetch_staged, &t->has };
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		fe_stmt_free(*all[i]);
		*all[i] = NULL;
	}
}
