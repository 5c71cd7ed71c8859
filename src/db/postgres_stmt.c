// SPDX-License-Identifier: Apache-2.0
/* db/postgres_stmt.c - prepared statements with values as texts
 *
 * For what is written and read a row at a time: values go out as texts, blobs as their
 * bytes, and come back as texts that are made canonical by their type. A result is taken
 * whole, so that others can be asked for while it is read; rows are handed out of it.
 */
#include <stdio.h>

#include "base/decimal.h"
#include "base/mem.h"
#include "base/time.h"
#include "db/postgres_conn.h"

#define MAX_PARAMS 65535

enum { /* pg_type.oid */
	OID_BOOL = 16,
	OID_BYTEA = 17,
	OID_TIMESTAMPTZ = 1184,
};

struct param {
	enum { NOT_BOUND, NUMBER, TEXT, BLOB, NOTHING } kind;
	struct fe_str v; /* borrowed */
	char number[24];
};

struct statement {
	struct fe_stmt base;
	struct fe_pg *pg;
	char name[32];
	size_t n_params;
	struct param *params;
	const char **values; /* [n_params] as libpq takes them */
	int *lengths, *formats;
	PGresult *result;
	int row; /* of the result, the one that is handed out */
	enum fe_rc bind_failure;
	struct fe_arena texts; /* of the row, and of the parameters being sent */
};

static inline struct statement *
statement_of(struct fe_stmt *st)
{
	return (struct statement *)st;
}

/* ---- preparing ---- */

/* How many parameters the server found. */
static enum fe_rc
describe(struct statement *st, struct fe_err *err)
{
	PGresult *result = NULL;
	int n;

	FE_TRY(fe_pg_finish(st->pg, PQsendDescribePrepared(st->pg->conn, st->name), &result, err));
	n = PQnparams(result);
	PQclear(result);
	FE_ASSERT(n >= 0 && n <= MAX_PARAMS);
	st->n_params = (size_t)n;
	st->params = fe_new_array(st->n_params + 1, struct param);
	st->values = fe_new_array(st->n_params + 1, const char *);
	st->lengths = fe_new_array(st->n_params + 1, int);
	st->formats = fe_new_array(st->n_params + 1, int);
	return FE_OK;
}

enum fe_rc
fe_pg_prepare(struct fe_db *db, struct fe_str sql, struct fe_stmt **out, struct fe_err *err)
{
	struct fe_pg *pg = fe_pg_of(db);
	struct statement *st = fe_new(struct statement);
	enum fe_rc rc;

	st->base.ops = &fe_pg_ops;
	st->pg = pg;
	rc = fe_pg_ready(pg, err);
	if (rc)
		goto fail;
	rc = fe_pg_name_statement(pg, st->name, err);
	if (rc)
		goto fail;
	fe_buf_clear(&pg->sql);
	fe_pg_add_sql(&pg->sql, sql, pg->schema);
	rc = fe_buf_check(&pg->sql, "the statement", err);
	if (rc)
		goto fail;
	rc = fe_pg_finish(pg, PQsendPrepare(pg->conn, st->name, fe_buf_text(&pg->sql), 0, NULL), NULL,
	                  err);
	if (rc)
		goto fail;
	rc = describe(st, err);
	if (rc)
		goto fail;
	*out = &st->base;
	return FE_OK;

fail:
	fe_pg_stmt_free(&st->base);
	return rc;
}

void
fe_pg_stmt_free(struct fe_stmt *base)
{
	struct statement *st = statement_of(base);

	if (st->values) /* prepared */
		fe_pg_drop_statement(st->pg, st->name);
	PQclear(st->result);
	fe_free(st->params);
	fe_free(st->values);
	fe_free(st->lengths);
	fe_free(st->formats);
	fe_arena_free(&st->texts);
	fe_free(st);
}

/* ---- binding ---- */

static struct param *
param_of(struct statement *st, int index)
{
	if (index < 1 || (size_t)index > st->n_params) {
		st->bind_failure = FE_EBUG;
		return NULL;
	}
	return &st->params[index - 1];
}

static void
bind(struct fe_stmt *base, int index, struct param value)
{
	struct param *p = param_of(statement_of(base), index);

	if (p)
		*p = value;
}

void
fe_pg_bind_i64(struct fe_stmt *base, int index, int64_t v)
{
	struct param *p = param_of(statement_of(base), index);

	if (!p)
		return;
	p->kind = NUMBER;
	(void)snprintf(p->number, sizeof(p->number), "%lld", (long long)v);
}

void
fe_pg_bind_text(struct fe_stmt *st, int index, struct fe_str v)
{
	bind(st, index, (struct param){ .kind = TEXT, .v = v });
}

void
fe_pg_bind_blob(struct fe_stmt *st, int index, struct fe_str v)
{
	bind(st, index, (struct param){ .kind = BLOB, .v = v });
}

void
fe_pg_bind_null(struct fe_stmt *st, int index)
{
	bind(st, index, (struct param){ .kind = NOTHING });
}

/* ---- running ---- */

/* Texts are given their end here: libpq takes no lengths of them. */
static enum fe_rc
set_value(struct statement *st, size_t i, struct fe_err *err)
{
	const struct param *p = &st->params[i];

	st->lengths[i] = 0;
	st->formats[i] = p->kind == BLOB;
	switch (p->kind) {
	case NUMBER:
		st->values[i] = p->number;
		return FE_OK;
	case TEXT:
		if (p->v.n > 0 && memchr(p->v.p, '\0', p->v.n)) {
			fe_fail(err, FE_ECONFLICT, "a text has a NUL byte, which PostgreSQL cannot hold");
			fe_err_at(err, st->pg->base.name, 0, NULL);
			fe_pg_set_foreign(err, "22021");
			return FE_ECONFLICT;
		}
		st->values[i] = fe_arena_copy(&st->texts, p->v.p, p->v.n);
		return FE_OK;
	case BLOB:
		if (p->v.n > INT32_MAX)
			return fe_fail(err, FE_ELIMIT, "a value is greater than PostgreSQL allows");
		st->values[i] = p->v.p;
		st->lengths[i] = (int)p->v.n;
		return FE_OK;
	case NOTHING:
	case NOT_BOUND: /* as in SQLite */
		break;
	}
	st->values[i] = NULL;
	return FE_OK;
}

static enum fe_rc
execute(struct statement *st, struct fe_err *err)
{
	struct fe_pg *pg = st->pg;
	size_t i;

	FE_TRY(fe_pg_ready(pg, err));
	if (st->bind_failure)
		return fe_fail(err, FE_EBUG, "a value was bound that the statement does not have");
	fe_arena_reset(&st->texts);
	for (i = 0; i < st->n_params; i++)
		FE_TRY(set_value(st, i, err));
	FE_TRY(fe_pg_finish(pg,
	                    PQsendQueryPrepared(pg->conn, st->name, (int)st->n_params, st->values,
	                                        st->lengths, st->formats, 0),
	                    &st->result, err));
	st->row = -1;
	return FE_OK;
}

enum fe_rc
fe_pg_step(struct fe_stmt *base, bool *row, struct fe_err *err)
{
	struct statement *st = statement_of(base);
	enum fe_rc rc;

	if (!st->result) {
		rc = execute(st, err);
		if (rc) {
			fe_pg_reset(base);
			return rc;
		}
	}
	fe_arena_reset(&st->texts);
	*row = ++st->row < PQntuples(st->result);
	if (!*row)
		fe_pg_reset(base);
	return FE_OK;
}

void
fe_pg_reset(struct fe_stmt *base)
{
	struct statement *st = statement_of(base);

	PQclear(st->result);
	st->result = NULL;
	st->bind_failure = FE_OK;
}

/* ---- columns ---- */

int
fe_pg_n_columns(const struct fe_stmt *st)
{
	return PQnfields(((const struct statement *)st)->result);
}

bool
fe_pg_is_null(struct fe_stmt *base, int column)
{
	struct statement *st = statement_of(base);

	return !st->result || PQgetisnull(st->result, st->row, column);
}

/* "\x6162" -> its bytes */
static struct fe_str
blob_of(struct fe_str hex, struct fe_arena *arena)
{
	static const char digits[] = "0123456789abcdef";
	size_t n = hex.n >= 2 ? hex.n / 2 - 1 : 0, i;
	char *out = fe_arena_bytes(arena, n + 1);

	for (i = 0; i < n; i++) {
		const char *high = strchr(digits, hex.p[2 + 2 * i]);
		const char *low = strchr(digits, hex.p[3 + 2 * i]);

		FE_ASSERT(high && low);
		out[i] = (char)((high - digits) << 4 | (low - digits));
	}
	return (struct fe_str){ out, n };
}

/* "2026-11-23 10:00:00.5+00" -> six digits and a Z; infinity stays as it is. */
static struct fe_str
moment_of(struct fe_str text, struct fe_arena *arena)
{
	char *out;
	int64_t us;

	if (fe_timestamp_parse((struct fe_str){ text.p, text.n > 3 ? text.n - 3 : 0 }, NULL, NULL, &us) !=
	    FE_TIME_NO_ZONE)
		return text;
	out = fe_arena_bytes(arena, FE_TIMESTAMP_TEXT_BYTES);
	memcpy(out, "0000-00-00 00:00:00.000000Z", FE_TIMESTAMP_TEXT_BYTES);
	memcpy(out, text.p, text.n - 3);
	return (struct fe_str){ out, FE_TIMESTAMP_TEXT_BYTES };
}

struct fe_str
fe_pg_column_text(struct fe_stmt *base, int column)
{
	struct statement *st = statement_of(base);
	struct fe_str text;

	if (fe_pg_is_null(base, column))
		return (struct fe_str){ 0 };
	text = (struct fe_str){ PQgetvalue(st->result, st->row, column),
		                (size_t)PQgetlength(st->result, st->row, column) };
	switch (PQftype(st->result, column)) {
	case OID_BOOL:
		return fe_str_is(text, "t") ? FE_STR("1") : FE_STR("0");
	case OID_BYTEA:
		return blob_of(text, &st->texts);
	case OID_TIMESTAMPTZ:
		return moment_of(text, &st->texts);
	default:
		return text;
	}
}

/* Of a number with decimals, what is before the point; of what is no number, 0. */
int64_t
fe_pg_column_i64(struct fe_stmt *base, int column)
{
	struct fe_str text = fe_pg_column_text(base, column);
	const char *point = text.n > 0 ? memchr(text.p, '.', text.n) : NULL;
	int64_t v;

	if (point)
		text.n = (size_t)(point - text.p);
	return text.n > 0 && fe_int_parse(text, &v) == FE_DECIMAL_OK ? v : 0;
}
