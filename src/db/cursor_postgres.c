// SPDX-License-Identifier: Apache-2.0
/* db/cursor_postgres.c - rows of PostgreSQL, by binary COPY TO STDOUT
 *
 * Rows are taken out of the stream as they come: libpq holds one, the socket some more, and the
 * server waits.
 *
 * A table can be read in parts: as many connections on one exported snapshot, each with a range
 * of its pages (ctid), and rows taken of each in turn. While one is read, the others fill their sockets.
 */
#include <stdio.h>

#include "base/text.h"
#include "db/cursor_postgres.h"

#define MIN_PART_PAGES 128 /* below, another connection costs more than it brings */
#define CONNECT_WAIT_MS 10000

static struct fe_pg *
connection_of(struct fe_pg_part *p)
{
	return fe_pg_of(p->db);
}

/* ---- opening ---- */

static enum fe_rc
open_part(struct fe_pg_part *p, const char *location, bool is_table, struct fe_err *err)
{
	const struct fe_pg_settings set = {
		.url = location, .application = "finetl source", .connect_wait_ms = CONNECT_WAIT_MS, .is_source = true,
	};

	/* A table is scanned from its beginning, by one process: the same rows come in the same order. */
	FE_TRY(fe_pg_open(&p->db, &set, err));
	FE_TRY(fe_db_exec(p->db, is_table ? "SET synchronize_seqscans = off; SET max_parallel_workers_per_gather = 0"
	                                  : "SET synchronize_seqscans = off", err));
	return fe_db_exec(p->db, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", err);
}

/* "host/database" */
static char *
name_of(PGconn *conn)
{
	const char *host = PQhost(conn);
	struct fe_buf name;

	fe_buf_init(&name, 1024);
	fe_buf_add_printable(&name, fe_str_of(host && host[0] != '\0' && host[0] != '/' ? host : "localhost"), 200);
	fe_buf_add_char(&name, '/');
	fe_buf_add_printable(&name, fe_str_of(PQdb(conn)), 200);
	return fe_buf_take(&name);
}

static enum fe_rc
build_sql(struct fe_pg_cursor *c, const struct fe_cursor_settings *set, const char *range, struct fe_err *err)
{
	struct fe_buf neutral;
	enum fe_rc rc;

	fe_buf_init(&neutral, FE_PG_CURSOR_MAX_SQL_BYTES);
	rc = fe_cursor_build_sql(&neutral, set, "\"", range, err);
	fe_buf_clear(&c->sql);
	if (rc == FE_OK)
		fe_pg_add_bound_sql(&c->sql, fe_buf_str(&neutral), set->bound);
	fe_buf_reset(&neutral);
	return rc ? rc : fe_buf_check(&c->sql, "the query", err);
}

/* ---- parts ---- */

/* "schema.name", each part in quotes. */
static void
add_table(struct fe_buf *out, const char *table)
{
	for (const char *p = table, *dot = p; dot; p = dot + 1) {
		char *name;

		dot = strchr(p, '.');
		name = fe_strndup(p, dot ? (size_t)(dot - p) : strlen(p));
		fe_pg_add_quoted_name(out, name);
		if (dot)
			fe_buf_add_char(out, '.');
		fe_free(name);
	}
}

/* Pages of a table whose rows have places; 0: it is none. */
static enum fe_rc
count_pages(struct fe_pg_cursor *c, const char *table, int64_t *out, struct fe_err *err)
{
	struct fe_buf name;
	struct fe_stmt *st;
	enum fe_rc rc;
	bool row;

	*out = 0;
	FE_TRY(fe_db_prepare(c->parts[0].db,
	                     FE_STR("SELECT pg_catalog.pg_relation_size(c.oid) / "
	                            "pg_catalog.current_setting('block_size')::bigint FROM pg_catalog.pg_class c "
	                            "WHERE c.oid = pg_catalog.to_regclass(?1::text) AND c.relkind IN ('r', 'm')"),
	                     &st, err));
	fe_buf_init(&name, 1024);
	add_table(&name, table);
	rc = fe_buf_check(&name, "the table's name", err);
	fe_stmt_bind_cstr(st, 1, fe_buf_text(&name));
	if (rc == FE_OK)
		rc = fe_stmt_step(st, &row, err);
	if (rc == FE_OK && row)
		*out = fe_stmt_i64(st, 0);
	fe_stmt_free(st);
	fe_buf_reset(&name);
	return rc;
}

/* More connections, on the snapshot of the first. */
static enum fe_rc
join_snapshot(struct fe_pg_cursor *c, const char *location, size_t n, struct fe_err *err)
{
	PGresult *snapshot = NULL;
	struct fe_buf sql;
	enum fe_rc rc;

	FE_TRY(fe_pg_exec(connection_of(&c->parts[0]), "SELECT pg_catalog.pg_export_snapshot()", &snapshot, err));
	fe_buf_init(&sql, 256);
	fe_buf_add_text(&sql, "SET TRANSACTION SNAPSHOT ");
	fe_db_add_literal(&sql, fe_str_of(PQgetvalue(snapshot, 0, 0)));
	PQclear(snapshot);
	rc = fe_buf_check(&sql, "the snapshot's name", err);
	for (size_t i = 1; i < n && rc == FE_OK; i++) {
		c->n_parts = i + 1;
		rc = open_part(&c->parts[i], location, true, err);
		if (rc == FE_OK)
			rc = fe_db_exec(c->parts[i].db, fe_buf_text(&sql), err);
	}
	fe_buf_reset(&sql);
	return rc;
}

/* As many as are worth it. */
static enum fe_rc
open_parts(struct fe_pg_cursor *c, const struct fe_cursor_settings *set, int64_t *n_pages, struct fe_err *err)
{
	size_t n = set->n_parallel < FE_PG_CURSOR_MAX_PARTS ? set->n_parallel : FE_PG_CURSOR_MAX_PARTS;

	*n_pages = 0;
	if (!set->table || set->order_by || n < 2)
		return FE_OK;
	FE_TRY(count_pages(c, set->table, n_pages, err));
	while (n > 1 && *n_pages / (int64_t)n < MIN_PART_PAGES)
		n--;
	return n > 1 ? join_snapshot(c, set->location, n, err) : FE_OK;
}

/* ---- the COPY ---- */

static enum fe_rc
begin_copy(struct fe_pg_cursor *c, struct fe_pg_part *p, struct fe_err *err)
{
	struct fe_pg *pg = connection_of(p);
	PGresult *result = NULL;
	struct fe_buf sql;
	enum fe_rc rc;

	fe_buf_init(&sql, 2 * FE_PG_CURSOR_MAX_SQL_BYTES);
	fe_buf_add_text(&sql, "COPY (");
	fe_pg_cursor_add_sql(c, &sql);
	fe_buf_add_text(&sql, ") TO STDOUT (FORMAT binary)");
	rc = fe_buf_check(&sql, "the query", err);
	if (rc == FE_OK)
		rc = fe_pg_ready(pg, err);
	if (rc == FE_OK) /* not the simple protocol, which would take several statements */
		rc = fe_pg_finish(pg, PQsendQueryParams(pg->conn, fe_buf_text(&sql), 0, NULL, NULL, NULL, NULL, 0), &result,
		                  err);
	if (rc == FE_OK && PQresultStatus(result) != PGRES_COPY_OUT)
		rc = fe_fail(err, FE_EBUG, "the statement is not COPY TO STDOUT");
	PQclear(result);
	fe_buf_reset(&sql);
	return rc;
}

/* Each part has its share of the pages, the last one also what was added since they were counted. */
static enum fe_rc
begin_copies(struct fe_pg_cursor *c, const struct fe_cursor_settings *set, int64_t n_pages, struct fe_err *err)
{
	const int64_t n = (int64_t)c->n_parts;
	char range[96];

	for (int64_t i = 0; i < n; i++) {
		const long long from = n_pages / n * i, to = n_pages / n * (i + 1);

		if (i + 1 < n)
			(void)snprintf(range, sizeof(range), "ctid >= '(%lld,0)' AND ctid < '(%lld,0)'", from, to);
		else
			(void)snprintf(range, sizeof(range), "ctid >= '(%lld,0)'", from);
		FE_TRY(build_sql(c, set, n > 1 ? range : NULL, err));
		FE_TRY(begin_copy(c, &c->parts[i], err));
	}
	return FE_OK;
}

/* ---- rows ---- */

static enum fe_rc
fail_stream(struct fe_pg_cursor *c, struct fe_err *err)
{
	fe_fail(err, FE_EUNAVAIL, "what the server sends is not a COPY stream of whole rows; run again");
	fe_err_at(err, c->base.name, c->n_rows + 1, NULL);
	return FE_EUNAVAIL;
}

/* The message to come, or the end of the COPY and how it ended. */
static enum fe_rc
take_message(struct fe_pg_cursor *c, struct fe_pg_part *p, struct fe_err *err)
{
	struct fe_pg *pg = connection_of(p);
	int n;

	PQfreemem(p->message);
	p->message = NULL;
	p->rows.rest = (struct fe_str){ 0 };
	while ((n = PQgetCopyData(pg->conn, &p->message, 1)) == 0)
		FE_TRY(fe_pg_wait_data(pg, err));
	if (n > 0)
		return fe_pg_rows_feed(&p->rows, (struct fe_str){ p->message, (size_t)n }) ? FE_OK : fail_stream(c, err);
	p->has_ended = true;
	FE_TRY(fe_pg_finish(pg, 1, NULL, err));
	return p->rows.saw_trailer ? FE_OK : fail_stream(c, err);
}

static enum fe_rc
fail_value(struct fe_pg_cursor *c, size_t column, struct fe_err *err)
{
	fe_fail(err, FE_EDATA, "what the server sends is no value of type %s; cast the column to text in a query",
	        c->base.columns[column].type);
	fe_err_at(err, c->base.name, c->n_rows + 1, c->base.columns[column].name);
	return FE_EDATA;
}

/* The next row of a part; none: it has ended. */
static enum fe_rc
take_row(struct fe_pg_cursor *c, struct fe_pg_part *p, bool *row, struct fe_err *err)
{
	const struct fe_pg_fields fields = {
		.columns = c->base.columns, .decode = c->decode, .values = c->base.values, .n = c->base.n_columns, .texts = &c->texts,
	};
	size_t column = 0;

	for (;;) {
		while (p->rows.rest.n == 0 && !p->has_ended)
			FE_TRY(take_message(c, p, err));
		if (p->has_ended)
			return FE_OK;
		switch (fe_pg_rows_take(&p->rows, &fields, &column)) {
		case FE_PG_ROW:
			*row = true;
			return FE_OK;
		case FE_PG_TRAILER:
			break;
		case FE_PG_BAD_STREAM:
			return fail_stream(c, err);
		case FE_PG_BAD_VALUE:
			return fail_value(c, column, err);
		}
	}
}

static enum fe_rc
postgres_next(struct fe_cursor *base, bool *row, struct fe_err *err)
{
	struct fe_pg_cursor *c = (struct fe_pg_cursor *)base;

	for (size_t n_ended = 0; n_ended < c->n_parts;) {
		struct fe_pg_part *p = &c->parts[c->part];

		if (c->n_turn_rows < FE_CURSOR_PART_ROWS)
			FE_TRY(take_row(c, p, row, err));
		if (*row) {
			c->n_turn_rows++;
			c->n_rows++;
			return FE_OK;
		}
		n_ended = c->n_turn_rows < FE_CURSOR_PART_ROWS ? n_ended + 1 : 0;
		c->part = (c->part + 1) % c->n_parts;
		c->n_turn_rows = 0;
	}
	return FE_OK;
}

static void
postgres_close(struct fe_cursor *base)
{
	struct fe_pg_cursor *c = (struct fe_pg_cursor *)base;

	for (size_t i = 0; i < c->n_parts; i++) {
		PQfreemem(c->parts[i].message);
		fe_db_close(c->parts[i].db);
	}
	fe_free(c->decode);
	fe_arena_free(&c->texts);
	fe_buf_reset(&c->sql);
	fe_cursor_reset(&c->base);
	fe_free(c);
}

static enum fe_rc
postgres_open(struct fe_cursor **out, const struct fe_cursor_settings *set, struct fe_err *err)
{
	struct fe_pg_cursor *c = fe_new(struct fe_pg_cursor);
	int64_t n_pages;
	enum fe_rc rc;

	c->base.ops = &fe_cursor_postgres;
	c->n_parts = 1;
	fe_buf_init(&c->sql, FE_PG_CURSOR_MAX_SQL_BYTES);
	rc = open_part(&c->parts[0], set->location, set->table != NULL, err);
	if (rc)
		goto fail;
	c->base.name = name_of(connection_of(&c->parts[0])->conn);
	rc = build_sql(c, set, NULL, err);
	if (rc)
		goto fail;
	rc = fe_pg_cursor_describe(c, err);
	if (rc)
		goto fail;
	rc = open_parts(c, set, &n_pages, err);
	if (rc)
		goto fail;
	rc = begin_copies(c, set, n_pages, err);
	if (rc)
		goto fail;
	*out = &c->base;
	return FE_OK;

fail:
	postgres_close(&c->base);
	return rc;
}

const struct fe_cursor_ops fe_cursor_postgres = {
	.open = postgres_open,
	.next = postgres_next,
	.close = postgres_close,
};
