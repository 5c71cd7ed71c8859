// SPDX-License-Identifier: Apache-2.0
/* load/drift.c - whether a table that is there is the one that was declared
 *
 * Compared by meaning, not by text: kind of table, columns with their types and
 * nullness, foreign keys. Conditions, and the scale of decimals, can only be compared as
 * they are written: no catalogue has them. Column order does not matter.
 */
#include "db/sqlite.h"
#include "load/schema.h"
#include "load/table_sql.h"

#define MAX_TEXT_BYTES (1u << 20)
#define WAY_OUT                                                                              \
	"; change the pipeline file or the table (ALTER TABLE), or rename the table and let "  \
	"finetl make a new one"

static const char *
nullness(bool is_not_null)
{
	return is_not_null ? "NOT NULL" : "nullable";
}

static enum fe_rc
differs(struct fe_err *err, const struct fe_table_sql *t, const char *column, const char *what,
	const char *is, const char *declared)
{
	if (!column)
		return fe_fail(err, FE_ECONFLICT, "table %s: %s is %s, declared is %s" WAY_OUT,
		               t->table->name, what, is, declared);
	return fe_fail(err, FE_ECONFLICT, "table %s, column %s: %s is %s, declared is %s" WAY_OUT,
	               t->table->name, column, what, is, declared);
}

static enum fe_rc
more_than_declared(struct fe_err *err, const struct fe_table_sql *t, const char *what)
{
	return fe_fail(err, FE_ECONFLICT, "table %s has more %s than are declared" WAY_OUT,
	               t->table->name, what);
}

/* ---- kind ---- */

static enum fe_rc
compare_kind(struct fe_stmt *st, const struct fe_table_sql *t, bool *exists, struct fe_err *err)
{
	fe_stmt_bind_cstr(st, 1, t->table->name);
	FE_TRY(fe_stmt_step(st, exists, err));
	if (!*exists)
		return FE_OK;
	if (!fe_str_is(fe_stmt_text(st, 0), "table"))
		return differs(err, t, NULL, "its kind", "a view or virtual table", "a table");
	if (fe_stmt_i64(st, 1))
		return differs(err, t, NULL, "its kind", "WITHOUT ROWID", "a rowid table");
	if (!fe_stmt_i64(st, 2))
		return differs(err, t, NULL, "its kind", "not STRICT", "STRICT");
	return FE_OK;
}

/* ---- columns: name, type, notnull, pk, hidden (2: virtual, 3: stored generated) ---- */

static const struct fe_column_sql *
find_column(const struct fe_table_sql *t, struct fe_str name)
{
	size_t i;

	for (i = 0; i < t->n_columns; i++) {
		if (fe_str_is(name, t->columns[i].name))
			return &t->columns[i];
	}
	return NULL;
}

/* What an earlier run has added of a source that had more columns then. */
static bool
may_be_evolved(struct fe_stmt *st, const struct fe_table_sql *t)
{
	return t->table->evolves && fe_str_is(fe_stmt_text(st, 1), "TEXT") && !fe_stmt_i64(st, 2) &&
	       !fe_stmt_i64(st, 3) && !fe_stmt_i64(st, 4);
}

static enum fe_rc
compare_column(struct fe_stmt *st, const struct fe_table_sql *t, bool *is_ours, struct fe_err *err)
{
	struct fe_str name = fe_stmt_text(st, 0), type = fe_stmt_text(st, 1);
	const struct fe_column_sql *c = find_column(t, name);
	bool is_not_null = fe_stmt_i64(st, 2) != 0;
	char is[64];

	*is_ours = c != NULL;
	if (!c && may_be_evolved(st, t))
		return FE_OK;
	if (!c)
		return fe_fail(err, FE_ECONFLICT,
		               "table %s has a column %.*s that is not declared" WAY_OUT,
		               t->table->name, FE_STR_ARGS(name));
	if (!fe_str_is(type, c->type)) {
		size_t n = type.n < sizeof(is) ? type.n : sizeof(is) - 1;

		memcpy(is, type.p ? type.p : "", n);
		is[n] = '\0';
		return differs(err, t, c->name, "its type", is, c->type);
	}
	if (is_not_null != c->is_not_null)
		return differs(err, t, c->name, "it", nullness(is_not_null),
		               nullness(c->is_not_null));
	if (fe_stmt_i64(st, 3))
		return differs(err, t, c->name, "it", "a PRIMARY KEY",
		               "not one (the key is a unique index)");
	if ((fe_stmt_i64(st, 4) != 0) != c->is_generated)
		return differs(err, t, c->name, "it", c->is_generated ? "stored" : "computed",
		               c->is_generated ? "computed" : "stored");
	return FE_OK;
}

static enum fe_rc
name_missing_column(struct fe_stmt *st, const struct fe_table_sql *t, struct fe_err *err)
{
	size_t i;

	for (i = 0; i < t->n_columns; i++) {
		bool found = false, row = true;

		fe_stmt_bind_cstr(st, 1, t->table->name);
		while (row && !found) {
			FE_TRY(fe_stmt_step(st, &row, err));
			found = row && fe_str_is(fe_stmt_text(st, 0), t->columns[i].name);
		}
		fe_stmt_reset(st);
		if (!found)
			return fe_fail(err, FE_ECONFLICT,
			               "table %s has no column %s, which is declared" WAY_OUT,
			               t->table->name, t->columns[i].name);
	}
	return FE_OK;
}

static enum fe_rc
compare_columns(struct fe_stmt *st, const struct fe_table_sql *t, struct fe_err *err)
{
	size_t n = 0;
	bool row, is_ours;

	fe_stmt_bind_cstr(st, 1, t->table->name);
	for (;;) {
		FE_TRY(fe_stmt_step(st, &row, err));
		if (!row)
			break;
		FE_TRY(compare_column(st, t, &is_ours, err));
		n += is_ours;
	}
	return n == t->n_columns ? FE_OK : name_missing_column(st, t, err);
}

/* ---- foreign keys: one text a key, "parent.column=parent column,..." ---- */

static void
print_foreign_key(struct fe_buf *out, const struct fe_table *t, const struct fe_foreign_key *k)
{
	size_t i;

	for (i = 0; i < k->n_columns; i++) {
		const struct fe_field *from = &t->schema->fields[k->columns[i]];
		const struct fe_field *to =
			&k->references->schema->fields[k->references->key[i]];

		fe_buf_addf(out, "%s%s.%s%s=%s%s", i > 0 ? "," : "", k->references->name,
		            from->name, from->type.kind == FE_DECIMAL ? "_minor" : "", to->name,
		            to->type.kind == FE_DECIMAL ? "_minor" : "");
	}
}

static enum fe_rc
has_foreign_key(struct fe_stmt *st, const struct fe_table_sql *t, struct fe_str key, bool *found,
		size_t *n, struct fe_err *err)
{
	bool row;

	*found = false;
	*n = 0;
	fe_stmt_bind_cstr(st, 1, t->table->name);
	for (;;) {
		FE_TRY(fe_stmt_step(st, &row, err));
		if (!row)
			return FE_OK;
		*found |= fe_str_eq(fe_stmt_text(st, 0), key);
		++*n;
	}
}

static enum fe_rc
compare_foreign_keys(struct fe_stmt *st, const struct fe_table_sql *t, struct fe_err *err)
{
	struct fe_buf key;
	enum fe_rc rc = FE_OK;
	size_t i, n = 0;
	bool found;

	fe_buf_init(&key, MAX_TEXT_BYTES);
	for (i = 0; i < t->table->n_foreign_keys && rc == FE_OK; i++) {
		fe_buf_clear(&key);
		print_foreign_key(&key, t->table, &t->table->foreign_keys[i]);
		rc = has_foreign_key(st, t, fe_buf_str(&key), &found, &n, err);
		if (rc == FE_OK && !found)
			rc = differs(err, t, NULL, "a foreign key", "missing", fe_buf_text(&key));
	}
	fe_buf_reset(&key);
	FE_TRY(rc);
	FE_TRY(has_foreign_key(st, t, FE_STR(""), &found, &n, err));
	if (n != t->table->n_foreign_keys)
		return more_than_declared(err, t, "foreign keys");
	return FE_OK;
}

/* ---- conditions ---- */

static size_t
count_of(struct fe_str text, const char *what)
{
	size_t n_what = strlen(what), i, n = 0;

	for (i = 0; i + n_what <= text.n; i++)
		n += memcmp(text.p + i, what, n_what) == 0;
	return n;
}

/* The same integers at another scale would be other amounts. */
static enum fe_rc
compare_meanings(struct fe_str is, const struct fe_table_sql *t, struct fe_err *err)
{
	struct fe_buf meaning;
	enum fe_rc rc = FE_OK;
	size_t i;

	fe_buf_init(&meaning, MAX_TEXT_BYTES);
	for (i = 0; i < t->table->schema->n_fields && rc == FE_OK; i++) {
		fe_buf_clear(&meaning);
		fe_table_sql_add_meaning(&meaning, t, i);
		if (meaning.n_bytes && count_of(is, fe_buf_text(&meaning)) == 0)
			rc = differs(err, t, t->table->schema->fields[i].name,
			             "what its stored numbers mean", "something else",
			             fe_buf_text(&meaning));
	}
	fe_buf_reset(&meaning);
	return rc;
}

static enum fe_rc
compare_checks(struct fe_stmt *st, const struct fe_table_sql *t, struct fe_err *err)
{
	struct fe_buf check;
	enum fe_rc rc = FE_OK;
	struct fe_str is;
	size_t i;
	bool row;

	fe_stmt_bind_cstr(st, 1, t->table->name);
	FE_TRY(fe_stmt_step(st, &row, err));
	if (!row)
		return fe_fail(err, FE_EBUG, "table %s went away", t->table->name);
	is = fe_stmt_text(st, 0);
	FE_TRY(compare_meanings(is, t, err));
	fe_buf_init(&check, MAX_TEXT_BYTES);
	for (i = 0; i < t->table->n_checks && rc == FE_OK; i++) {
		fe_buf_clear(&check);
		fe_buf_addf(&check, "CHECK (%s)", t->table->checks[i].sqlite);
		if (count_of(is, fe_buf_text(&check)) == 0)
			rc = differs(err, t, NULL, "a condition", "missing",
			             t->table->checks[i].text);
	}
	if (rc == FE_OK && count_of(is, "CHECK (") > count_of(fe_str_of(t->create), "CHECK ("))
		rc = more_than_declared(err, t, "conditions (CHECK)");
	fe_buf_reset(&check);
	return rc;
}

typedef enum fe_rc (*compare_fn)(struct fe_stmt *st, const struct fe_table_sql *t,
                                 struct fe_err *err);

static enum fe_rc
with_query(struct fe_db *db, const char *sql, compare_fn compare, const struct fe_table_sql *t,
	   struct fe_err *err)
{
	struct fe_stmt *st;
	enum fe_rc rc;

	FE_TRY(fe_db_prepare(db, fe_str_of(sql), &st, err));
	rc = compare(st, t, err);
	fe_stmt_free(st);
	return rc;
}

static enum fe_rc
compare(struct fe_db *db, const struct fe_table_sql *t, bool *exists, struct fe_err *err)
{
	struct fe_stmt *st;
	enum fe_rc rc;

	FE_TRY(fe_db_prepare(db,
	                     FE_STR("SELECT type, wr, strict FROM pragma_table_list(?1) "
	                            "WHERE schema = 'main'"),
	                     &st, err));
	rc = compare_kind(st, t, exists, err);
	fe_stmt_free(st);
	if (rc || !*exists)
		return rc;
	FE_TRY(with_query(db,
	                  "SELECT name, type, \"notnull\", pk, hidden FROM pragma_table_xinfo(?1)",
	                  compare_columns, t, err));
	FE_TRY(with_query(db,
	                  "SELECT group_concat(k.\"table\" || '.' || k.\"from\" || '=' || "
	                  "coalesce(k.\"to\", ''), ',') FROM (SELECT * FROM "
	                  "pragma_foreign_key_list(?1) ORDER BY id, seq) AS k GROUP BY k.id",
	                  compare_foreign_keys, t, err));
	return with_query(db, "SELECT sql FROM main.sqlite_schema WHERE type = 'table' AND name = ?1",
	                  compare_checks, t, err);
}

enum fe_rc
fe_schema_compare(struct fe_db *db, const struct fe_table_sql *t, bool *exists, struct fe_err *err)
{
	enum fe_rc rc = compare(db, t, exists, err);

	if (rc)
		fe_err_at(err, fe_db_name(db), 0, NULL);
	return rc;
}
