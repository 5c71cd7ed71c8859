// SPDX-License-Identifier: Apache-2.0
/* db/cursor_postgres_columns.c - the columns of a query of PostgreSQL; see db/cursor_postgres.h
 *
 * The query is prepared first, which tells its columns and refuses anything but one statement;
 * what has no binary form here is then asked for as text, which the server writes exactly.
 */
#include "db/cursor_postgres.h"

#define VARLENA_HEADER 4 /* counted into a typmod */

/* The names of the types, and which are enums, whose binary form is their text. */
static enum fe_rc
ask_types(struct fe_pg_cursor *c, const PGresult *described, PGresult **out, struct fe_err *err)
{
	struct fe_buf sql;
	enum fe_rc rc;

	fe_buf_init(&sql, FE_PG_CURSOR_MAX_SQL_BYTES);
	fe_buf_add_text(&sql, "SELECT pg_catalog.format_type(v.id, v.mod), t.typtype = 'e' FROM (VALUES (0, 0::oid, 0)");
	for (int i = 0; i < PQnfields(described); i++)
		fe_buf_addf(&sql, ", (%d, %u::oid, %d)", i + 1, PQftype(described, i), PQfmod(described, i));
	fe_buf_add_text(&sql, ") v (i, id, mod) LEFT JOIN pg_catalog.pg_type t ON t.oid = v.id WHERE v.i > 0 ORDER BY v.i");
	rc = fe_buf_check(&sql, "the query's columns", err);
	if (rc == FE_OK)
		rc = fe_pg_exec(fe_pg_of(c->parts[0].db), fe_buf_text(&sql), out, err);
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
add_column(struct fe_pg_cursor *c, const PGresult *described, const PGresult *types, int i)
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

enum fe_rc
fe_pg_cursor_describe(struct fe_pg_cursor *c, struct fe_err *err)
{
	struct fe_pg *pg = fe_pg_of(c->parts[0].db);
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

/* By their places: names may be there twice. */
static void
add_cast_sql(const struct fe_pg_cursor *c, struct fe_buf *out)
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

void
fe_pg_cursor_add_sql(const struct fe_pg_cursor *c, struct fe_buf *out)
{
	if (c->needs_cast)
		add_cast_sql(c, out);
	else
		fe_buf_add_str(out, fe_buf_str(&c->sql));
}
