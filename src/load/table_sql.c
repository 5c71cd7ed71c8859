// SPDX-License-Identifier: Apache-2.0
/* load/table_sql.c - see load/table_sql.h */
#include "load/table_sql.h"

#include <inttypes.h>

#include "base/decimal.h"
#include "base/mem.h"
#include "base/text.h"
#include "db/sqlite.h"

#define MAX_SQL_BYTES (4u << 20)
#define MAX_NAME_BYTES 4096

static const struct fe_column_sql stamps[] = {
	{ .name = "processed_at", .type = "TEXT", .is_not_null = true },
	{ .name = "created_at", .type = "TEXT", .is_not_null = true },
	{ .name = "updated_at", .type = "TEXT", .is_not_null = true },
	{ .name = "etl_run_id", .type = "TEXT", .is_not_null = true },
	{ .name = "etl_object_id", .type = "INTEGER", .is_not_null = true },
	{ .name = "etl_record", .type = "INTEGER", .is_not_null = true },
};

/* The name of field i's stored column. */
static void
add_stored_name(struct fe_buf *out, const struct fe_table *t, size_t i)
{
	const struct fe_field *f = &t->schema->fields[i];

	fe_buf_add_text(out, f->name);
	if (f->type.kind == FE_DECIMAL)
		fe_buf_add_text(out, "_minor");
}

static void
add_quoted_stored_name(struct fe_buf *out, const struct fe_table *t, size_t i)
{
	struct fe_buf name;

	fe_buf_init(&name, MAX_NAME_BYTES);
	add_stored_name(&name, t, i);
	fe_db_add_name(out, fe_buf_text(&name));
	out->failed |= name.failed;
	fe_buf_reset(&name);
}

static void
add_name_list(struct fe_buf *out, const struct fe_table *t, const size_t *columns, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (i > 0)
			fe_buf_add_text(out, ", ");
		add_quoted_stored_name(out, t, columns[i]);
	}
}

/* ---- names ---- */

static enum fe_rc
check_table_name(const struct fe_table *t, struct fe_err *err)
{
	struct fe_str name = fe_str_of(t->name);
	const char *dot = strchr(t->name, '.');

	if (dot)
		return fe_fail(err, FE_EUSAGE,
		               "target '%s': SQLite has no schemas; name it '%s'", t->name, dot + 1);
	if (!fe_is_sql_name(name))
		return fe_fail(err, FE_EUSAGE,
		               "target '%s': a table name is lower-case letters, digits and _, "
		               "63 at most, and does not begin with a digit",
		               t->name);
	if (strncmp(t->name, "etl_", 4) == 0 || strncmp(t->name, "sqlite_", 7) == 0)
		return fe_fail(err, FE_EUSAGE,
		               "target '%s': names that begin with etl_ or sqlite_ are taken; "
		               "choose another",
		               t->name);
	return FE_OK;
}

static bool
has_column(const struct fe_table_sql *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->n_columns; i++) {
		if (fe_text_casecmp_ascii(fe_str_of(s->columns[i].name), fe_str_of(name)) == 0)
			return true;
	}
	return false;
}

/* Takes c->name. */
static enum fe_rc
add_column(struct fe_table_sql *s, struct fe_column_sql c, struct fe_err *err)
{
	if (has_column(s, c.name)) {
		fe_fail(err, FE_EUSAGE,
		        "target '%s' would have two columns '%s' (a decimal x is stored as x_minor, "
		        "and finetl adds its stamps); rename yours",
		        s->table->name, c.name);
		fe_free(c.name);
		return FE_EUSAGE;
	}
	s->columns = fe_grow(s->columns, &s->cap_columns, s->n_columns + 1, sizeof(*s->columns));
	s->columns[s->n_columns++] = c;
	return FE_OK;
}

static const char *
stored_type(enum fe_kind kind)
{
	return kind == FE_DECIMAL || kind == FE_INT || kind == FE_BOOL ? "INTEGER" : "TEXT";
}

static enum fe_rc
add_columns(struct fe_table_sql *s, struct fe_err *err)
{
	const struct fe_table *t = s->table;
	size_t i;

	for (i = 0; i < t->schema->n_fields; i++) {
		const struct fe_field *f = &t->schema->fields[i];
		struct fe_buf name, quoted;

		fe_buf_init(&name, MAX_NAME_BYTES);
		fe_buf_init(&quoted, MAX_NAME_BYTES);
		add_stored_name(&name, t, i);
		add_quoted_stored_name(&quoted, t, i);
		s->stored[i] = fe_buf_take(&quoted);
		FE_TRY(add_column(s,
		                  (struct fe_column_sql){ .name = fe_buf_take(&name),
		                                          .type = stored_type(f->type.kind),
		                                          .is_not_null = t->not_null[i] || fe_table_is_key(t, i) },
		                  err));
		if (f->type.kind == FE_DECIMAL)
			FE_TRY(add_column(s,
			                  (struct fe_column_sql){ .name = fe_strdup(f->name),
			                                          .type = "REAL",
			                                          .is_generated = true },
			                  err));
	}
	for (i = 0; i < sizeof(stamps) / sizeof(stamps[0]); i++) {
		struct fe_column_sql c = stamps[i];

		c.name = fe_strdup(c.name);
		FE_TRY(add_column(s, c, err));
	}
	return FE_OK;
}

static enum fe_rc
choose_rowid(struct fe_table_sql *s, struct fe_err *err)
{
	static const char *const names[] = { "rowid", "_rowid_", "oid" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!has_column(s, names[i])) {
			s->rowid = names[i];
			return FE_OK;
		}
	}
	return fe_fail(err, FE_EUSAGE,
	               "target '%s' has columns rowid, _rowid_ and oid; SQLite needs one of these "
	               "names for itself: rename one",
	               s->table->name);
}

/* ---- CREATE TABLE ---- */

void
fe_table_sql_add_meaning(struct fe_buf *out, const struct fe_table_sql *s, size_t field)
{
	const struct fe_type *type = &s->table->schema->fields[field].type;
	const char *name = s->stored[field];

	if (type->kind == FE_BOOL)
		fe_buf_addf(out, "CHECK (%s IN (0, 1))", name);
	if (type->kind == FE_DECIMAL)
		fe_buf_addf(out, "GENERATED ALWAYS AS (%s / %" PRId64 ".0)", name,
		            fe_pow10[type->scale]);
}

static void
print_field(struct fe_buf *out, const struct fe_table_sql *s, size_t i)
{
	const struct fe_field *f = &s->table->schema->fields[i];
	const char *name = s->stored[i];

	fe_buf_addf(out, "\t%s %s", name, stored_type(f->type.kind));
	if (s->table->not_null[i] || fe_table_is_key(s->table, i))
		fe_buf_add_text(out, " NOT NULL");
	if (f->type.kind == FE_BOOL) {
		fe_buf_add_char(out, ' ');
		fe_table_sql_add_meaning(out, s, i);
	}
	if (f->type.kind == FE_DECIMAL) {
		fe_buf_add_text(out, ",\n\t");
		fe_db_add_name(out, f->name);
		fe_buf_add_text(out, " REAL ");
		fe_table_sql_add_meaning(out, s, i);
		fe_buf_add_text(out, " VIRTUAL");
	}
	fe_buf_add_text(out, ",\n");
}

static void
print_create(struct fe_buf *out, const struct fe_table_sql *s)
{
	const struct fe_table *t = s->table;
	const size_t n_stamps = sizeof(stamps) / sizeof(stamps[0]);
	size_t i;

	fe_buf_addf(out, "CREATE TABLE %s (\n", s->name);
	for (i = 0; i < t->schema->n_fields; i++)
		print_field(out, s, i);
	for (i = 0; i < n_stamps; i++)
		fe_buf_addf(out, "\t%s %s NOT NULL%s", stamps[i].name, stamps[i].type,
		            i + 1 < n_stamps ? ",\n" : "");
	for (i = 0; i < t->n_checks; i++) { /* named by their text: that is what a breach names */
		fe_buf_add_text(out, ",\n\tCONSTRAINT ");
		fe_db_add_name(out, t->checks[i].text);
		fe_buf_addf(out, " CHECK (%s)", t->checks[i].sqlite);
	}
	for (i = 0; i < t->n_foreign_keys; i++) {
		const struct fe_foreign_key *k = &t->foreign_keys[i];

		fe_buf_add_text(out, ",\n\tFOREIGN KEY (");
		add_name_list(out, t, k->columns, k->n_columns);
		fe_buf_add_text(out, ") REFERENCES ");
		fe_db_add_name(out, k->references->name);
		fe_buf_add_text(out, " (");
		add_name_list(out, k->references, k->references->key, k->references->n_key);
		fe_buf_add_text(out, ")");
	}
	fe_buf_add_text(out, "\n) STRICT");
}

/* ---- indexes ---- */

static bool
has_index(const struct fe_table_sql *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->n_indexes; i++) {
		if (strcmp(s->indexes[i].name, name) == 0)
			return true;
	}
	return false;
}

/* <table>_<columns>; where two would share a name (one of them descending), _2, _3... */
static char *
index_name(const struct fe_table_sql *s, const struct fe_index *x)
{
	struct fe_buf name;
	size_t i, n_bytes;
	int n;

	fe_buf_init(&name, 16 * MAX_NAME_BYTES);
	fe_buf_add_text(&name, s->table->name);
	for (i = 0; i < x->n_columns; i++) {
		fe_buf_add_char(&name, '_');
		add_stored_name(&name, s->table, x->columns[i]);
	}
	n_bytes = name.n_bytes;
	for (n = 2; has_index(s, fe_buf_text(&name)); n++) {
		name.n_bytes = n_bytes;
		fe_buf_addf(&name, "_%d", n);
	}
	return fe_buf_take(&name);
}

/* Takes name. */
static void
add_index(struct fe_table_sql *s, char *name, bool unique, const struct fe_index *x)
{
	struct fe_buf sql;
	size_t i;

	fe_buf_init(&sql, MAX_SQL_BYTES);
	fe_buf_add_text(&sql, unique ? "CREATE UNIQUE INDEX " : "CREATE INDEX ");
	fe_db_add_name(&sql, name);
	fe_buf_addf(&sql, " ON %s (", s->name);
	for (i = 0; i < x->n_columns; i++)
		fe_buf_addf(&sql, "%s%s%s", i > 0 ? ", " : "", s->stored[x->columns[i]],
		            x->descending[i] ? " DESC" : "");
	fe_buf_add_char(&sql, ')');
	s->indexes = fe_grow(s->indexes, &s->cap_indexes, s->n_indexes + 1, sizeof(*s->indexes));
	s->indexes[s->n_indexes++] =
		(struct fe_index_sql){ .name = name, .create = fe_buf_take(&sql) };
}

static void
add_foreign_key_indexes(struct fe_table_sql *s)
{
	const struct fe_table *t = s->table;
	size_t i;

	for (i = 0; i < t->n_foreign_keys; i++) {
		const struct fe_foreign_key *k = &t->foreign_keys[i];
		struct fe_index x = { .n_columns = k->n_columns };

		if (fe_table_has_index_for(t, k))
			continue;
		memcpy(x.columns, k->columns, sizeof(x.columns));
		add_index(s, index_name(s, &x), false, &x);
	}
}

static enum fe_rc
add_indexes(struct fe_table_sql *s, struct fe_err *err)
{
	const struct fe_table *t = s->table;
	struct fe_index key = { .n_columns = t->n_key };
	struct fe_buf name;
	size_t i;

	if (t->n_key == 0 || t->n_key > sizeof(key.columns) / sizeof(key.columns[0]))
		return fe_fail(err, FE_EUSAGE, "target '%s': a key has 1 to %zu columns", t->name,
		               sizeof(key.columns) / sizeof(key.columns[0]));
	memcpy(key.columns, t->key, t->n_key * sizeof(*t->key));
	fe_buf_init(&name, MAX_NAME_BYTES);
	fe_buf_addf(&name, "%s_key", t->name);
	add_index(s, fe_buf_take(&name), true, &key);
	for (i = 0; i < t->n_indexes; i++)
		add_index(s, index_name(s, &t->indexes[i]), false, &t->indexes[i]);
	add_foreign_key_indexes(s);
	return FE_OK;
}

enum fe_rc
fe_table_sql_init(struct fe_table_sql *s, const struct fe_table *table, struct fe_err *err)
{
	struct fe_buf sql;
	enum fe_rc rc;

	*s = (struct fe_table_sql){ .table = table };
	s->stored = fe_new_array(table->schema->n_fields, char *);
	fe_buf_init(&sql, MAX_SQL_BYTES);
	rc = check_table_name(table, err);
	if (rc)
		goto fail;
	rc = add_columns(s, err);
	if (rc)
		goto fail;
	rc = choose_rowid(s, err);
	if (rc)
		goto fail;
	fe_db_add_name(&sql, table->name);
	s->name = fe_buf_take(&sql);
	rc = add_indexes(s, err);
	if (rc)
		goto fail;
	fe_buf_init(&sql, MAX_SQL_BYTES);
	print_create(&sql, s);
	rc = fe_buf_check(&sql, "the table's statement", err);
	if (rc)
		goto fail;
	s->create = fe_buf_take(&sql);
	return FE_OK;

fail:
	fe_buf_reset(&sql);
	fe_table_sql_reset(s);
	return rc;
}

void
fe_table_sql_reset(struct fe_table_sql *s)
{
	size_t i;

	for (i = 0; i < s->n_columns; i++)
		fe_free(s->columns[i].name);
	for (i = 0; s->stored && i < s->table->schema->n_fields; i++)
		fe_free(s->stored[i]);
	for (i = 0; i < s->n_indexes; i++) {
		fe_free(s->indexes[i].name);
		fe_free(s->indexes[i].create);
	}
	fe_free(s->columns);
	fe_free(s->stored);
	fe_free(s->indexes);
	fe_free(s->name);
	fe_free(s->create);
	*s = (struct fe_table_sql){ 0 };
}
