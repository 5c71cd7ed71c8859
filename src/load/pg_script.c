// SPDX-License-Identifier: Apache-2.0
/* load/pg_script.c - see load/pg_script.h; and the whole schema as a script for psql */
#include "load/pg_script.h"

#include "base/mem.h"
#include "db/db.h"
#include "load/pg_schema.h"

#define MAX_NAME_BYTES 4096

/* Nobody else's schema is looked into for functions and operators, and the settings that
 * change what a text or a condition means are those that finetl has. */
static const char head[] = "\\set ON_ERROR_STOP on\nBEGIN;\n"
			   "SET LOCAL search_path = pg_catalog, pg_temp;\n"
			   "SET LOCAL standard_conforming_strings = on;\n"
			   "SET LOCAL transform_null_equals = off;\n\n";

/* ---- names ---- */

static const struct fe_pg_table *
find_table(const struct fe_pg_table *tables, size_t n_tables, struct fe_str plain)
{
	size_t i;

	for (i = 0; i < n_tables; i++) {
		if (fe_str_is(plain, tables[i].plain))
			return &tables[i];
	}
	return NULL;
}

static bool
is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

/* The text with the schema of each name for its 'main.'. */
static void
add_script(struct fe_buf *out, const char *text, const char *schema,
	   const struct fe_pg_table *tables, size_t n_tables)
{
	static const char mark[] = "main.";
	const size_t n_mark = sizeof(mark) - 1;
	const char *p;

	for (p = text; *p; p++) {
		const struct fe_pg_table *t;
		struct fe_str name;

		if (strncmp(p, mark, n_mark) != 0 || (p > text && is_name_char(p[-1]))) {
			fe_buf_add_char(out, *p);
			continue;
		}
		p += n_mark;
		for (name = (struct fe_str){p, 0}; is_name_char(p[name.n]); name.n++)
			;
		t = find_table(tables, n_tables, name);
		fe_db_add_name(out, t ? t->schema : schema);
		fe_buf_add_char(out, '.');
		fe_buf_add_str(out, name);
		p += name.n - 1;
	}
}

void
fe_pg_add_migration(struct fe_buf *out, const struct fe_migration *m, const char *schema)
{
	add_script(out, m->sql, schema, NULL, 0);
}

/* ---- views ---- */

static bool
declares(const struct fe_pg_table *t, const struct fe_view_need *need)
{
	const struct fe_schema *schema = t->table->schema;
	size_t column = fe_schema_find(schema, fe_str_of(need->column)), i;

	if (column != FE_NO_COLUMN)
		return !need->type[0] ||
		       strcmp(fe_kind_name(schema->fields[column].type.kind), need->type) == 0;
	for (i = 0; i < FE_PG_N_STAMPS; i++) {
		if (strcmp(fe_pg_stamps[i].name, need->column) == 0)
			return true;
	}
	return false;
}

bool
fe_pg_view_fits(const struct fe_view *v, const struct fe_pg_table *tables, size_t n_tables)
{
	size_t i;

	for (i = 0; i < v->n_needs; i++) {
		const struct fe_pg_table *t =
		    find_table(tables, n_tables, fe_str_of(v->needs[i].table));

		if (!t || !declares(t, &v->needs[i]))
			return false;
	}
	return true;
}

const char *
fe_pg_view_schema(const struct fe_view *v, const struct fe_pg_table *tables, size_t n_tables)
{
	return find_table(tables, n_tables, fe_str_of(v->needs[v->n_needs - 1].table))->schema;
}

void
fe_pg_add_view(struct fe_buf *out, const struct fe_view *v, const struct fe_pg_table *tables,
	       size_t n_tables)
{
	add_script(out, v->create, fe_pg_view_schema(v, tables, n_tables), tables, n_tables);
}

/* ---- the whole ---- */

static void
print_own(struct fe_buf *out, const char *schema)
{
	size_t i;

	for (i = 0; i < fe_n_sql_migrations; i++) {
		const struct fe_migration *m = &fe_sql_migrations[i];

		fe_pg_add_migration(out, m, schema);
		fe_buf_add_text(out, "INSERT INTO ");
		fe_db_add_name(out, schema);
		fe_buf_addf(
		    out,
		    ".etl_schema_migrations (version, name, sha256)\n\tVALUES (%d, '%s', '%s');\n",
		    m->version, m->name, m->sha256);
	}
}

static void
print_table(struct fe_buf *out, const struct fe_pg_table *t)
{
	size_t i;

	fe_buf_add_char(out, '\n');
	if (strchr(t->table->name, '.')) {
		fe_buf_add_text(out, "CREATE SCHEMA IF NOT EXISTS ");
		fe_db_add_name(out, t->schema);
		fe_buf_add_text(out, ";\n");
	}
	fe_buf_addf(out, "%s;\n%s;\n", t->create, t->key.add);
	for (i = 0; i < t->n_indexes; i++)
		fe_buf_addf(out, "%s;\n", t->indexes[i].add);
	for (i = 0; i < t->n_foreign_keys; i++)
		fe_buf_addf(out, "%s;\n", t->foreign_keys[i].add);
}

static void
print_all(struct fe_buf *out, const struct fe_pg_table *tables, size_t n_tables,
	  const char *default_schema)
{
	size_t i;

	fe_buf_add_text(out, head);
	print_own(out, default_schema);
	for (i = 0; i < n_tables; i++)
		print_table(out, &tables[i]);
	for (i = 0; i < fe_n_sql_pg_views; i++) {
		if (!fe_pg_view_fits(&fe_sql_pg_views[i], tables, n_tables))
			continue;
		fe_buf_add_char(out, '\n');
		fe_pg_add_view(out, &fe_sql_pg_views[i], tables, n_tables);
	}
	fe_buf_add_text(out, "\nCOMMIT;\n");
}

/* ---- grants ---- */

/* The columns that a load changes in a row that is there; created_at stays. What is fixed changes
 * once where the row is a placeholder. */
static bool
is_updated(const struct fe_table *t, size_t column)
{
	enum fe_role role = t->roles[column];

	return role == FE_ROLE_MUTABLE || role == FE_ROLE_VERSION || role == FE_ROLE_DERIVED ||
	       (role == FE_ROLE_FIXED && t->takes_placeholders);
}

static void
print_grants(struct fe_buf *out, const struct fe_pg_table *t, const bool *pii)
{
	size_t i;

	fe_buf_addf(out,
		    "\nREVOKE ALL ON %s FROM PUBLIC, finetl_loader, finetl_audit, finetl_report;\n",
		    t->name);
	if (strchr(t->table->name, '.')) {
		fe_buf_add_text(out, "GRANT USAGE ON SCHEMA ");
		fe_db_add_name(out, t->schema);
		fe_buf_add_text(out, " TO finetl_loader, finetl_report;\n");
	}
	fe_buf_addf(out, "GRANT SELECT, INSERT ON %s TO finetl_loader;\nGRANT UPDATE (", t->name);
	for (i = 0; i < t->table->schema->n_fields; i++) {
		if (is_updated(t->table, i))
			fe_buf_addf(out, "%s, ", t->columns[i]);
	}
	fe_buf_addf(out,
		    "processed_at, updated_at, etl_run_id, etl_object_id, etl_record) ON %s TO "
		    "finetl_loader;\nGRANT SELECT (",
		    t->name);
	for (i = 0; i < t->table->schema->n_fields; i++) {
		if (!pii || !pii[i])
			fe_buf_addf(out, "%s, ", t->columns[i]);
	}
	for (i = 0; i < FE_PG_N_STAMPS; i++)
		fe_buf_addf(out, "%s%s", i > 0 ? ", " : "", fe_pg_stamps[i].name);
	fe_buf_addf(out, ") ON %s TO finetl_report;\n", t->name);
}

/* A view shows what its owner may read: one with a personal column is not for reports. */
static bool
has_pii(const struct fe_view *v, const struct fe_pg_table *tables, size_t n_tables,
	const bool *const *pii)
{
	size_t i, column;

	for (i = 0; i < v->n_needs; i++) {
		const struct fe_pg_table *t =
		    find_table(tables, n_tables, fe_str_of(v->needs[i].table));

		column = fe_schema_find(t->table->schema, fe_str_of(v->needs[i].column));
		if (column != FE_NO_COLUMN && pii[t - tables] && pii[t - tables][column])
			return true;
	}
	return false;
}

static void
print_view_grants(struct fe_buf *out, const struct fe_view *v, const struct fe_pg_table *tables,
		  size_t n_tables, const bool *const *pii)
{
	struct fe_buf name;

	fe_buf_init(&name, MAX_NAME_BYTES);
	fe_db_add_name(&name, fe_pg_view_schema(v, tables, n_tables));
	fe_buf_addf(&name, ".%s", v->name);
	fe_buf_addf(out,
		    "\nREVOKE ALL ON %s FROM PUBLIC, finetl_loader, finetl_audit, finetl_report;\n",
		    fe_buf_text(&name));
	if (has_pii(v, tables, n_tables, pii))
		fe_buf_addf(out,
			    "-- %s shows personal columns (pii): not granted to finetl_report\n",
			    fe_buf_text(&name));
	else
		fe_buf_addf(out, "GRANT SELECT ON %s TO finetl_report;\n", fe_buf_text(&name));
	fe_buf_reset(&name);
}

enum fe_rc
fe_pg_schema_print_grants(const struct fe_table *tables, const bool *const *pii, size_t n_tables,
			  const char *default_schema, struct fe_buf *out, struct fe_err *err)
{
	struct fe_pg_table *all;
	size_t i;

	FE_TRY(fe_pg_tables_new(&all, tables, n_tables, default_schema, err));
	fe_buf_add_text(out, head);
	add_script(out, fe_sql_pg_grants, default_schema, NULL, 0);
	for (i = 0; i < n_tables; i++)
		print_grants(out, &all[i], pii[i]);
	for (i = 0; i < fe_n_sql_pg_views; i++) {
		if (fe_pg_view_fits(&fe_sql_pg_views[i], all, n_tables))
			print_view_grants(out, &fe_sql_pg_views[i], all, n_tables, pii);
	}
	fe_buf_add_text(out, "\nCOMMIT;\n");
	fe_pg_tables_free(all, n_tables);
	return fe_buf_check(out, "the grants", err);
}

/* ---- all tables ---- */

void
fe_pg_tables_free(struct fe_pg_table *tables, size_t n_tables)
{
	size_t i;

	for (i = 0; tables && i < n_tables; i++)
		fe_pg_table_reset(&tables[i]);
	fe_free(tables);
}

enum fe_rc
fe_pg_tables_new(struct fe_pg_table **out, const struct fe_table *tables, size_t n_tables,
		 const char *default_schema, struct fe_err *err)
{
	size_t i;

	*out = fe_new_array(n_tables + 1, struct fe_pg_table);
	for (i = 0; i < n_tables; i++) {
		enum fe_rc rc = fe_pg_table_init(&(*out)[i], &tables[i], default_schema, err);

		if (rc) {
			fe_pg_tables_free(*out, i);
			*out = NULL;
			return rc;
		}
	}
	return FE_OK;
}

enum fe_rc
fe_pg_schema_print(const struct fe_table *tables, size_t n_tables, const char *default_schema,
		   struct fe_buf *out, struct fe_err *err)
{
	struct fe_pg_table *all;

	FE_TRY(fe_pg_tables_new(&all, tables, n_tables, default_schema, err));
	print_all(out, all, n_tables, default_schema);
	fe_pg_tables_free(all, n_tables);
	return fe_buf_check(out, "the schema", err);
}
