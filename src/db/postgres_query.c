// SPDX-License-Identifier: Apache-2.0
/* db/postgres_query.c - queries in binary, and a transaction's fate
 *
 * For many keys at once: parameters are arrays, encoded by format/pgcopy; the result's
 * values are read where libpq has them.
 */
#include <stdio.h>

#include "base/decimal.h"
#include "base/mem.h"
#include "db/postgres_conn.h"

struct fe_pg_query {
	struct fe_pg *pg;
	char name[32];
	bool is_prepared;
	size_t n_params;
	uint32_t *oids;
	const char **values;
	int *lengths, *formats;
	PGresult *result;
};

enum fe_rc
fe_pg_query_prepare(struct fe_db *db, const char *sql, const uint32_t *oids, size_t n_params,
		    struct fe_pg_query **out, struct fe_err *err)
{
	struct fe_pg *pg = fe_pg_of(db);
	struct fe_pg_query *q;
	enum fe_rc rc;
	size_t i;

	*out = NULL;
	FE_TRY(fe_pg_ready(pg, err));
	q = fe_new(struct fe_pg_query);
	q->pg = pg;
	q->n_params = n_params;
	q->oids = fe_new_array(n_params + 1, uint32_t);
	q->values = fe_new_array(n_params + 1, const char *);
	q->lengths = fe_new_array(n_params + 1, int);
	q->formats = fe_new_array(n_params + 1, int);
	for (i = 0; i < n_params; i++) {
		q->oids[i] = oids[i];
		q->formats[i] = 1;
	}
	rc = fe_pg_name_statement(pg, q->name, err);
	if (rc)
		goto fail;
	rc = fe_pg_finish(pg, PQsendPrepare(pg->conn, q->name, sql, (int)n_params, q->oids), NULL, err);
	if (rc)
		goto fail;
	q->is_prepared = true;
	*out = q;
	return FE_OK;

fail:
	fe_pg_query_free(q);
	return rc;
}

enum fe_rc
fe_pg_query_run(struct fe_pg_query *q, const struct fe_pg_param *params, struct fe_err *err)
{
	struct fe_pg *pg = q->pg;
	size_t i;

	PQclear(q->result);
	q->result = NULL;
	FE_TRY(fe_pg_ready(pg, err));
	for (i = 0; i < q->n_params; i++) {
		FE_ASSERT(params[i].oid == q->oids[i]);
		if (params[i].value.n > INT32_MAX)
			return fe_fail(err, FE_ELIMIT, "a value is greater than PostgreSQL allows");
		q->values[i] = params[i].value.p;
		q->lengths[i] = (int)params[i].value.n;
	}
	return fe_pg_finish(pg,
	                    PQsendQueryPrepared(pg->conn, q->name, (int)q->n_params, q->values,
	                                        q->lengths, q->formats, 1),
	                    &q->result, err);
}

size_t
fe_pg_query_n_rows(const struct fe_pg_query *q)
{
	return (size_t)PQntuples(q->result);
}

struct fe_str
fe_pg_query_value(const struct fe_pg_query *q, size_t row, size_t column)
{
	FE_ASSERT(row < fe_pg_query_n_rows(q) && column < (size_t)PQnfields(q->result));
	if (PQgetisnull(q->result, (int)row, (int)column))
		return (struct fe_str){ 0 };
	return (struct fe_str){ PQgetvalue(q->result, (int)row, (int)column),
		                (size_t)PQgetlength(q->result, (int)row, (int)column) };
}

void
fe_pg_query_free(struct fe_pg_query *q)
{
	if (!q)
		return;
	if (q->is_prepared)
		fe_pg_drop_statement(q->pg, q->name);
	PQclear(q->result);
	fe_free(q->oids);
	fe_free(q->values);
	fe_free(q->lengths);
	fe_free(q->formats);
	fe_free(q);
}

/* ---- a transaction's fate ---- */

enum fe_rc
fe_pg_transaction_id(struct fe_db *db, uint64_t *xid, struct fe_err *err)
{
	struct fe_stmt *st;
	int64_t v = 0;
	enum fe_rc rc;
	bool row;

	/* below 2^63: it would take the server some thousand years to get there */
	FE_TRY(fe_db_prepare(db, FE_STR("SELECT pg_catalog.pg_current_xact_id()"), &st, err));
	rc = fe_stmt_step(st, &row, err);
	if (rc == FE_OK && row)
		v = fe_stmt_i64(st, 0);
	fe_stmt_free(st);
	if (rc == FE_OK && v <= 0)
		rc = fe_fail(err, FE_EBUG, "the server gave its transaction no number");
	*xid = (uint64_t)v;
	return rc;
}

enum fe_rc
fe_pg_transaction_fate(struct fe_db *db, uint64_t xid, enum fe_pg_fate *out, struct fe_err *err)
{
	struct fe_err why = FE_ERR_INIT;
	struct fe_stmt *st;
	struct fe_str text;
	char number[24];
	enum fe_rc rc;
	bool row;

	(void)snprintf(number, sizeof(number), "%llu", (unsigned long long)xid);
	FE_TRY(fe_db_prepare(db, FE_STR("SELECT pg_catalog.pg_xact_status(CAST(?1 AS text)::xid8)"), &st,
	                     err));
	fe_stmt_bind_cstr(st, 1, number);
	rc = fe_stmt_step(st, &row, &why);
	text = rc == FE_OK && row ? fe_stmt_text(st, 0) : (struct fe_str){ 0 };
	if (rc == FE_OK)
		*out = fe_str_is(text, "committed")     ? FE_PG_COMMITTED
		       : fe_str_is(text, "aborted")     ? FE_PG_ABORTED
		       : fe_str_is(text, "in progress") ? FE_PG_IN_PROGRESS
		                                        : FE_PG_FORGOTTEN;
	fe_stmt_free(st);
	/* "in the future": the server crashed, and nothing of the transaction had reached its
	 * disk */
	if (rc && strcmp(why.foreign, "22023") == 0) {
		*out = FE_PG_ABORTED;
		return FE_OK;
	}
	if (rc && err)
		*err = why;
	return rc;
}
