// SPDX-License-Identifier: Apache-2.0
/* load/postgres_keys.c - all keys of a table that others refer to, see load/postgres_sink.h
 *
 * A question for some thousand keys costs ten times what as many rows cost when all are
 * read. So a table that is not large beside what has been asked of it is read whole, once,
 * and answers without the server from then on. Values are compared as their bytes on the
 * wire, which for the types taken here are equal where the values are.
 */
#include "base/hash.h"
#include "base/keytable.h"
#include "base/mem.h"
#include "format/pgcopy.h"
#include "load/postgres_sink.h"

#define MAX_KEYS 250000              /* some 30 MiB while they are read, then some 10 */
#define MAX_TABLE_BYTES (INT64_C(256) << 20)
/* A table of so many bytes for each key that was asked for is read. */
#define BYTES_A_KEY 2048

struct fe_postgres_keys {
	struct fe_hash_key hash_key;
	struct fe_keytable table, made; /* of records, and of placeholders */
};

void
fe_postgres_keys_free(struct fe_postgres_keys *keys)
{
	if (keys) {
		fe_keytable_reset(&keys->table);
		fe_keytable_reset(&keys->made);
	}
	fe_free(keys);
}

/* Bytes of a value of the type on the wire; 0: any number. False: of equal values they
 * may differ. */
static bool
wire_bytes(struct fe_type type, size_t *n)
{
	switch (type.kind) {
	case FE_TEXT:
		*n = 0;
		return true;
	case FE_INT:
	case FE_TIMESTAMP:
		*n = 8;
		return true;
	default:
		return false;
	}
}

/* ---- in ---- */

static enum fe_rc
ask_size(struct fe_db *db, struct fe_postgres_table *t, struct fe_err *err)
{
	struct fe_buf sql;
	enum fe_rc rc;

	fe_buf_init(&sql, FE_POSTGRES_MAX_SQL_BYTES);
	fe_buf_add_text(&sql, "SELECT pg_catalog.pg_relation_size(");
	fe_db_add_literal(&sql, fe_str_of(t->sql->name));
	fe_buf_add_text(&sql, "::regclass)");
	rc = fe_buf_check(&sql, "the statement", err);
	if (rc == FE_OK)
		rc = fe_db_query_i64(db, fe_buf_text(&sql), &t->size_bytes, err);
	fe_buf_reset(&sql);
	return rc;
}

static enum fe_rc
query_keys(struct fe_db *db, const struct fe_postgres_table *t, struct fe_pg_query **out,
	   struct fe_err *err)
{
	struct fe_buf sql;
	enum fe_rc rc;

	fe_buf_init(&sql, FE_POSTGRES_MAX_SQL_BYTES);
	fe_buf_addf(&sql, "SELECT %s, etl_record FROM %s LIMIT %d", t->sql->columns[t->sql->table->key[0]],
	            t->sql->name, MAX_KEYS + 1);
	rc = fe_buf_check(&sql, "the statement", err);
	if (rc == FE_OK)
		rc = fe_pg_query_prepare(db, fe_buf_text(&sql), NULL, 0, out, err);
	if (rc == FE_OK)
		rc = fe_pg_query_run(*out, NULL, err);
	fe_buf_reset(&sql);
	return rc;
}

/* *fits false: they are not as they should be, and the server is asked on. */
static enum fe_rc
take_keys(struct fe_postgres_keys *keys, const struct fe_pg_query *q, size_t n_bytes, bool *fits,
	  struct fe_err *err)
{
	size_t n = fe_pg_query_n_rows(q), i;
	struct fe_keytable *of;
	struct fe_str value;
	uint64_t hash;
	int64_t record;
	void *ignored;

	*fits = n <= MAX_KEYS;
	for (i = 0; i < n && *fits; i++) {
		value = fe_pg_query_value(q, i, 0);
		*fits = value.p && (n_bytes == 0 || value.n == n_bytes);
		hash = fe_hash64(&keys->hash_key, value.p, value.n);
		of = fe_pg_read_i64(fe_pg_query_value(q, i, 1), &record) && record == 0 ? &keys->made : &keys->table;
		if (*fits && !fe_keytable_find(of, hash, value))
			FE_TRY(fe_keytable_add(of, hash, value, &ignored, err));
	}
	return FE_OK;
}

static enum fe_rc
read_keys(struct fe_db *db, struct fe_postgres_table *t, size_t n_bytes, struct fe_err *err)
{
	struct fe_postgres_keys *keys = fe_new(struct fe_postgres_keys);
	struct fe_pg_query *q = NULL;
	bool fits = false;
	enum fe_rc rc;

	fe_hash_key_random(&keys->hash_key);
	fe_keytable_init(&keys->table, 0, 0, &keys->hash_key);
	fe_keytable_init(&keys->made, 0, 0, &keys->hash_key);
	rc = query_keys(db, t, &q, err);
	if (rc == FE_OK)
		rc = take_keys(keys, q, n_bytes, &fits, err);
	fe_pg_query_free(q);
	if (rc == FE_OK && fits)
		t->keys = keys;
	else
		fe_postgres_keys_free(keys);
	t->has_no_keys = !fits;
	return rc;
}

bool
fe_postgres_keys_pay(struct fe_postgres_table *t, size_t n)
{
	t->n_asked += (int64_t)n;
	return !t->keys && !t->has_no_keys && t->size_bytes / BYTES_A_KEY <= t->n_asked;
}

enum fe_rc
fe_postgres_keys_learn(struct fe_db *db, struct fe_postgres_table *t, struct fe_err *err)
{
	const struct fe_table *table = t->sql->table;
	size_t n_bytes;

	t->has_no_keys = !wire_bytes(table->schema->fields[table->key[0]].type, &n_bytes);
	if (t->has_no_keys)
		return FE_OK;
	FE_TRY(ask_size(db, t, err));
	t->has_no_keys = t->size_bytes > MAX_TABLE_BYTES;
	if (t->has_no_keys || t->size_bytes / BYTES_A_KEY > t->n_asked)
		return FE_OK;
	return read_keys(db, t, n_bytes, err);
}

/* ---- out ---- */

enum fe_rc
fe_postgres_keys_find(struct fe_postgres_sink *s, const struct fe_postgres_table *t,
		      const struct fe_column *column, const uint32_t *rows, size_t n, uint64_t *known,
		      uint64_t *made, struct fe_err *err)
{
	struct fe_buf *value = &s->keys[0];
	struct fe_str bytes;
	uint64_t hash;
	size_t i;

	for (i = 0; i < n; i++) {
		fe_buf_clear(value);
		fe_pgcopy_add_value(value, column, rows[i]);
		FE_TRY(fe_buf_check(value, "a key", err));
		bytes = (struct fe_str){ value->p + 4, value->n_bytes - 4 }; /* behind its length */
		hash = fe_hash64(&t->keys->hash_key, bytes.p, bytes.n);
		if (fe_keytable_find(&t->keys->table, hash, bytes))
			fe_bit_set(known, rows[i]);
		else if (fe_keytable_find(&t->keys->made, hash, bytes))
			fe_bit_set(made, rows[i]);
	}
	return FE_OK;
}
