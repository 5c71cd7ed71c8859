// SPDX-License-Identifier: Apache-2.0
/* db/cursor_postgres.c - rows of PostgreSQL, by binary COPY TO STDOUT
 *
 * The query is prepared first, which tells its columns and refuses anything but one statement;
 * what has no binary form here is then asked for as text, which the server writes exactly.
 * Rows are taken out of the stream as they come: libpq holds one, the socket some more, and the
 * server waits.
 *
 * A table can be read in parts: as many connections on one exported snapshot, each with a range
 * of its pages (ctid), and rows taken of each in turn. While one is read, the others fill their sockets.
 */
#include <stdio.h>

#include "base/text.h"
#include "db/cursor_engine.h"
#include "db/postgres_conn.h"
#include "db/postgres_value.h"

#define MAX_SQL_BYTES ((size_t)1 << 20)
#define MAX_PARTS 16
#define MIN_PART_PAGES 128 /* below, another connection costs more than it brings */
#define CONNECT_WAIT_MS 10000
#define SIGNATURE_BYTES 11
#define HEADER_BYTES 19 /* signature, flags, length of an extension */
#define VARLENA_HEADER 4 /* counted into a typmod */

/* One connection, and where its COPY is. */
struct part {
	struct fe_db *db;
	char *message;       /* libpq's; the row at hand is in it */
	struct fe_str rest;  /* of the message */
	bool has_begun;      /* the stream's header was read */
	bool saw_trailer, has_ended;
};

struct postgres_cursor {
	struct fe_cursor base;
	struct part parts[MAX_PARTS];
	size_t n_parts, part;   /* the one whose turn it is */
	uint64_t n_turn_rows;   /* taken of it in this turn */
	fe_pg_decode_fn **decode; /* [n_columns] */
	bool needs_cast;
	uint64_t n_rows;
	struct fe_arena texts;  /* of the row at hand */
	struct fe_buf sql;
};

static struct fe_pg *
connection_of(struct part *p)
{
	return fe_pg_of(p->db);
}

/* ---- opening ---- */

static enum fe_rc
open_part(struct part *p, const char *location, bool is_table, struct fe_err *err)
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
build_sql(struct postgres_cursor *c, const struct fe_cursor_settings *set, const char *range, struct fe_err *err)
{
	struct fe_buf neutral;
	enum fe_rc rc;

	fe_buf_init(&neutral, MAX_SQL_BYTES);
	rc = fe_cursor_build_sql(&neutral, set, "\"", range, err);
	fe_buf_clear(&c->sql);
	if (rc == FE_OK)
		fe_pg_add_bound_sql(&c->sql, fe_buf_str(&neutral), set->bound);
	fe_buf_reset(&neutral);
	return rc ? rc : fe_buf_check(&c->sql, "the query", err);
}

/* ---- columns ---- */

/* The names of the types, and which are enums, whose binary form is their text. */
static enum fe_rc
ask_types(struct postgres_cursor *c, const PGresult *described, PGresult **out, struct fe_err *err)
{
	struct fe_buf sql;
	enum fe_rc rc;

	fe_buf_init(&sql, MAX_SQL_BYTES);
	fe_buf_add_text(&sql, "SELECT pg_catalog.format_type(v.id, v.mod), t.typtype = 'e' FROM (VALUES (0, 0::oid, 0)");
	for (int i = 0; i < PQnfields(described); i++)
		fe_buf_addf(&sql, ", (%d, %u::oid, %d)", i + 1, PQftype(described, i), PQfmod(described, i));
	fe_buf_add_text(&sql, ") v (i, id, mod) LEFT JOIN pg_catalog.pg_type t ON t.oid = v.id WHERE v.i > 0 ORDER BY v.i");
	rc = fe_buf_check(&sql, "the query's columns", err);
	if (rc == FE_OK)
		rc = fe_pg_exec(connection_of(&c->parts[0]), fe_buf_text(&sql), out, err);
	fe_buf_reset(&sql);
	if (rc == FE_OK && PQntuples(*out) != PQnfields(described)) {
		PQclear(*out);
		*out = NULL;
		rc = fe_fail(err, FE_EUNAVAIL, "the server's answer is not one of PostgreSQL");
	}
	return rc;
}

static enum fe_cursor_kind
kind_of_other(uint32_t oid)
{
	switch (oid) {
	case 700: /* float4 */
	case 701: /* float8 */
		return FE_CURSOR_FLOAT;
	case 1083: /* time */
		return FE_CURSOR_TIME;
	default:
		return FE_CURSOR_OTHER;
	}
}

/* What the type's modifier says. */
static void
set_sizes(struct fe_cursor_column *column, uint32_t oid, int mod)
{
	if (mod < VARLENA_HEADER)
		return;
	mod -= VARLENA_HEADER;
	if (oid == 1042 || oid == 1043) {
		column->max_chars = (uint64_t)mod;
	} else if (oid == 1700) {
		const int scale = (mod & 0x7ff) >= 0x400 ? (mod & 0x7ff) - 0x800 : mod & 0x7ff; /* may be negative */

		column->precision = (unsigned)(mod >> 16) & 0xffff;
		column->scale = scale > 0 ? (unsigned)scale : 0;
	}
}

static void
add_column(struct postgres_cursor *c, const PGresult *described, const PGresult *types, int i)
{
	const struct fe_str name = fe_str_of(PQfname(described, i));
	const uint32_t oid = PQftype(described, i);
	const struct fe_pg_decoder *d = fe_pg_find_decoder(oid);
	enum fe_cursor_kind kind = d ? d->kind : kind_of_other(oid);

	if (PQgetvalue(types, i, 1)[0] == 't') {
		c->decode[i] = fe_pg_decode_text;
		kind = FE_CURSOR_TEXT;
	} else if (d) {
		c->decode[i] = d->decode;
	} else {
		c->needs_cast = true; /* to text; then its kind is that of the column */
	}
	fe_cursor_describe(&c->base, (size_t)i, name, PQgetvalue(types, i, 0), kind);
	set_sizes(&c->base.columns[i], oid, PQfmod(described, i));
}

static enum fe_rc
describe(struct postgres_cursor *c, struct fe_err *err)
{
	struct fe_pg *pg = connection_of(&c->parts[0]);
	PGresult *described = NULL, *types = NULL;
	enum fe_rc rc;

	FE_TRY(fe_pg_finish(pg, PQsendPrepare(pg->conn, "", fe_buf_text(&c->sql), 0, NULL), NULL, err));
	FE_TRY(fe_pg_finish(pg, PQsendDescribePrepared(pg->conn, ""), &described, err));
	if (PQnfields(described) == 0)
		rc = fe_fail(err, FE_EUSAGE, "the query of the source gives no columns: write a SELECT");
	else
		rc = ask_types(c, described, &types, err);
	if (rc == FE_OK) {
		fe_cursor_init_columns(&c->base, (size_t)PQnfields(described));
		c->decode = fe_new_array(c->base.n_columns, fe_pg_decode_fn *);
		for (int i = 0; i < PQnfields(described); i++)
			add_column(c, described, types, i);
	}
	PQclear(described);
	PQclear(types);
	return rc;
}

/* The query around which its columns are cast by their places: names may be there twice. */
static void
add_cast_sql(const struct postgres_cursor *c, struct fe_buf *out)
{
	fe_buf_add_text(out, "SELECT ");
	for (size_t i = 0; i < c->base.n_columns; i++)
		fe_buf_addf(out, "%sc%zu%s", i ? ", " : "", i, c->decode[i] ? "" : "::text");
	fe_buf_add_text(out, " FROM (");
	fe_buf_add_str(out, fe_buf_str(&c->sql));
	fe_buf_add_text(out, ") AS q (");
	for (size_t i = 0; i < c->base.n_columns; i++)
		fe_buf_addf(out, "%sc%zu", i ? ", " : "", i);
	fe_buf_add_char(out, ')');
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
count_pages(struct postgres_cursor *c, const char *table, int64_t *out, struct fe_err *err)
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
join_snapshot(struct postgres_cursor *c, const char *location, size_t n, struct fe_err *err)
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
open_parts(struct postgres_cursor *c, const struct fe_cursor_settings *set, int64_t *n_pages, struct fe_err *err)
{
	size_t n = set->n_parallel < MAX_PARTS ? set->n_parallel : MAX_PARTS;

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
begin_copy(struct postgres_cursor *c, struct part *p, struct fe_err *err)
{
	struct fe_pg *pg = connection_of(p);
	PGresult *result = NULL;
	struct fe_buf sql;
	enum fe_rc rc;

	fe_buf_init(&sql, 2 * MAX_SQL_BYTES);
	fe_buf_add_text(&sql, "COPY (");
	if (c->needs_cast)
		add_cast_sql(c, &sql);
	else
		fe_buf_add_str(&sql, fe_buf_str(&c->sql));
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
begin_copies(struct postgres_cursor *c, const struct fe_cursor_settings *set, int64_t n_pages, struct fe_err *err)
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
fail_stream(struct postgres_cursor *c, struct fe_err *err)
{
	fe_fail(err, FE_EUNAVAIL, "what the server sends is not a COPY stream of whole rows; run again");
	fe_err_at(err, c->base.name, c->n_rows + 1, NULL);
	return FE_EUNAVAIL;
}

/* The message to come, or the end of the COPY and how it ended. */
static enum fe_rc
take_message(struct postgres_cursor *c, struct part *p, struct fe_err *err)
{
	struct fe_pg *pg = connection_of(p);
	int n;

	PQfreemem(p->message);
	p->message = NULL;
	p->rest = (struct fe_str){ 0 };
	while ((n = PQgetCopyData(pg->conn, &p->message, 1)) == 0)
		FE_TRY(fe_pg_wait_data(pg, err));
	if (n > 0) {
		p->rest = (struct fe_str){ p->message, (size_t)n };
		return FE_OK;
	}
	p->has_ended = true;
	FE_TRY(fe_pg_finish(pg, 1, NULL, err));
	return p->saw_trailer ? FE_OK : fail_stream(c, err);
}

static bool
take_bytes(struct part *p, size_t n, const char **out)
{
	if (p->rest.n < n)
		return false;
	*out = p->rest.p;
	p->rest = (struct fe_str){ p->rest.p + n, p->rest.n - n };
	return true;
}

static bool
take_i32(struct part *p, int32_t *out)
{
	const unsigned char *b;
	const char *at;

	if (!take_bytes(p, 4, &at))
		return false;
	b = (const unsigned char *)at;
	*out = (int32_t)((uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3]);
	return true;
}

static bool
take_i16(struct part *p, int *out)
{
	const unsigned char *b;
	const char *at;

	if (!take_bytes(p, 2, &at))
		return false;
	b = (const unsigned char *)at;
	*out = (int16_t)(uint16_t)((uint32_t)b[0] << 8 | b[1]);
	return true;
}

static bool
take_header(struct part *p)
{
	static const char signature[SIGNATURE_BYTES] = { 'P', 'G', 'C', 'O', 'P', 'Y', '\n', '\377', '\r', '\n', '\0' };
	static const char nothing[HEADER_BYTES - SIGNATURE_BYTES] = { 0 }; /* no flags, no extension */
	const char *at;

	p->has_begun = take_bytes(p, HEADER_BYTES, &at) && memcmp(at, signature, SIGNATURE_BYTES) == 0 &&
	               memcmp(at + SIGNATURE_BYTES, nothing, sizeof(nothing)) == 0;
	return p->has_begun;
}

static enum fe_rc
fail_value(struct postgres_cursor *c, size_t column, struct fe_err *err)
{
	fe_fail(err, FE_EDATA, "what the server sends is no value of type %s; cast the column to text in a query",
	        c->base.columns[column].type);
	fe_err_at(err, c->base.name, c->n_rows + 1, c->base.columns[column].name);
	return FE_EDATA;
}

static enum fe_rc
take_field(struct postgres_cursor *c, struct part *p, size_t column, struct fe_err *err)
{
	struct fe_cursor_value *value = &c->base.values[column];
	struct fe_str bytes;
	int32_t n;

	if (!take_i32(p, &n) || n < -1)
		return fail_stream(c, err);
	value->is_null = n == -1;
	if (value->is_null)
		return FE_OK;
	bytes.n = (size_t)n;
	if (!take_bytes(p, bytes.n, &bytes.p))
		return fail_stream(c, err);
	if (!c->decode[column]) { /* cast to text */
		value->kind = c->base.columns[column].kind;
		value->text = bytes;
		return FE_OK;
	}
	return c->decode[column](bytes, value, &c->texts) ? FE_OK : fail_value(c, column, err);
}

/* The next row of a part; none: it has ended. */
static enum fe_rc
take_row(struct postgres_cursor *c, struct part *p, bool *row, struct fe_err *err)
{
	int n_fields;

	for (;;) {
		while (p->rest.n == 0 && !p->has_ended) {
			FE_TRY(take_message(c, p, err));
			if (!p->has_begun && p->rest.n > 0 && !take_header(p))
				return fail_stream(c, err);
		}
		if (p->has_ended)
			return FE_OK;
		if (p->saw_trailer || !take_i16(p, &n_fields))
			return fail_stream(c, err);
		if (n_fields != -1)
			break;
		p->saw_trailer = true;
	}
	if (n_fields < 0 || (size_t)n_fields != c->base.n_columns)
		return fail_stream(c, err);
	fe_arena_reset(&c->texts);
	for (size_t i = 0; i < c->base.n_columns; i++)
		FE_TRY(take_field(c, p, i, err));
	*row = true;
	return FE_OK;
}

static enum fe_rc
postgres_next(struct fe_cursor *base, bool *row, struct fe_err *err)
{
	struct postgres_cursor *c = (struct postgres_cursor *)base;

	for (size_t n_ended = 0; n_ended < c->n_parts;) {
		struct part *p = &c->parts[c->part];

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
	struct postgres_cursor *c = (struct postgres_cursor *)base;

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
	struct postgres_cursor *c = fe_new(struct postgres_cursor);
	int64_t n_pages;
	enum fe_rc rc;

	c->base.ops = &fe_cursor_postgres;
	c->n_parts = 1;
	fe_buf_init(&c->sql, MAX_SQL_BYTES);
	rc = open_part(&c->parts[0], set->location, set->table != NULL, err);
	if (rc)
		goto fail;
	c->base.name = name_of(connection_of(&c->parts[0])->conn);
	rc = build_sql(c, set, NULL, err);
	if (rc)
		goto fail;
	rc = describe(c, err);
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
