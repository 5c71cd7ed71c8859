// SPDX-License-Identifier: Apache-2.0
/* load/pg_table.c - see load/pg_table.h */
#include "load/pg_table.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"
#include "db/db.h"

#define MAX_SQL_BYTES (4u << 20)
#define MAX_NAME_BYTES 63 /* of an identifier; PostgreSQL cuts longer ones silently */
#define N_HASH_DIGITS 8
#define MAX_VARCHAR_CHARS 10485760u /* more than a cell of ours can hold */

const struct fe_pg_stamp fe_pg_stamps[FE_PG_N_STAMPS] = {
    {.name = "processed_at", .type = "timestamptz"}, {.name = "created_at", .type = "timestamptz"},
    {.name = "updated_at", .type = "timestamptz"},   {.name = "etl_run_id", .type = "text"},
    {.name = "etl_object_id", .type = "bigint"},     {.name = "etl_record", .type = "bigint"},
};

/* ---- names ---- */

void
fe_pg_table_names(const struct fe_table *t, const char *default_schema, struct fe_str *schema,
		  struct fe_str *plain)
{
	const char *dot = strchr(t->name, '.');

	*schema =
	    dot ? (struct fe_str){t->name, (size_t)(dot - t->name)} : fe_str_of(default_schema);
	*plain = fe_str_of(dot ? dot + 1 : t->name);
}

static enum fe_rc
check_names(const struct fe_pg_table *t, struct fe_err *err)
{
	bool is_qualified = strchr(t->table->name, '.') != NULL;

	if (!fe_is_sql_name(fe_str_of(t->plain)) ||
	    (is_qualified && !fe_is_sql_name(fe_str_of(t->schema))))
		return fe_fail(
		    err, FE_EUSAGE,
		    "target '%s': the names of tables and schemas are lower-case letters, "
		    "digits and _, 63 at most, and do not begin with a digit",
		    t->table->name);
	if (strncmp(t->plain, "etl_", 4) == 0)
		return fe_fail(err, FE_EUSAGE,
			       "target '%s': names that begin with etl_ are taken; choose another",
			       t->table->name);
	if (is_qualified &&
	    (strncmp(t->schema, "pg_", 3) == 0 || strcmp(t->schema, "information_schema") == 0))
		return fe_fail(
		    err, FE_EUSAGE,
		    "target '%s': the schema belongs to PostgreSQL itself; choose another",
		    t->table->name);
	return FE_OK;
}

static bool
is_taken_by_us(const char *name)
{
	static const char *const system[] = {"tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"};
	size_t i;

	for (i = 0; i < FE_PG_N_STAMPS; i++) {
		if (strcmp(name, fe_pg_stamps[i].name) == 0)
			return true;
	}
	for (i = 0; i < sizeof(system) / sizeof(system[0]); i++) {
		if (strcmp(name, system[i]) == 0)
			return true;
	}
	return false;
}

static enum fe_rc
check_column_name(const struct fe_pg_table *t, size_t column, struct fe_err *err)
{
	const struct fe_schema *schema = t->table->schema;
	const char *name = schema->fields[column].name;
	size_t n = strlen(name);

	if (n == 0 || n > MAX_NAME_BYTES)
		return fe_fail(
		    err, FE_EUSAGE,
		    "target '%s', column '%s': a name in PostgreSQL has %d bytes at most; "
		    "shorten it",
		    t->table->name, name, MAX_NAME_BYTES);
	if (is_taken_by_us(name))
		return fe_fail(err, FE_EUSAGE,
			       "target '%s' has a column '%s', a name that PostgreSQL or finetl's "
			       "stamps have taken; rename yours",
			       t->table->name, name);
	if (fe_schema_find(schema, fe_str_of(name)) != column)
		return fe_fail(err, FE_EUSAGE, "target '%s' has two columns '%s'; rename one",
			       t->table->name, name);
	return FE_OK;
}

/* The name itself where it fits; else its beginning and a hash of the whole. Takes name. */
static char *
fit_name(struct fe_buf *name)
{
	struct fe_str whole = fe_buf_str(name);
	char hex[FE_SHA256_HEX_BYTES];
	size_t n = MAX_NAME_BYTES - N_HASH_DIGITS - 1;

	if (whole.n <= MAX_NAME_BYTES)
		return fe_buf_take(name);
	fe_sha256_of(whole, hex);
	while (n > 0 && ((unsigned char)whole.p[n] & 0xC0) == 0x80) /* not within a code point */
		n--;
	name->n_bytes = n;
	fe_buf_addf(name, "_%.*s", N_HASH_DIGITS, hex);
	return fe_buf_take(name);
}

/* ---- columns ---- */

static void
add_type(struct fe_buf *out, const struct fe_type *type)
{
	static const char *const names[FE_N_KINDS] = {
	    [FE_TEXT] = "text",	   [FE_DECIMAL] = "numeric", [FE_INT] = "bigint",
	    [FE_BOOL] = "boolean", [FE_DATE] = "date",	     [FE_TIMESTAMP] = "timestamptz",
	};

	if (type->kind == FE_TEXT && type->max_chars && type->max_chars <= MAX_VARCHAR_CHARS)
		fe_buf_addf(out, "varchar(%u)", type->max_chars);
	else if (type->kind == FE_DECIMAL)
		fe_buf_addf(out, "numeric(%u,%u)", type->precision, type->scale);
	else
		fe_buf_add_text(out, names[type->kind]);
}

static enum fe_rc
add_columns(struct fe_pg_table *t, struct fe_err *err)
{
	const struct fe_schema *schema = t->table->schema;
	size_t i;

	for (i = 0; i < schema->n_fields; i++) {
		struct fe_buf name, type;

		FE_TRY(check_column_name(t, i, err));
		fe_buf_init(&name, MAX_SQL_BYTES);
		fe_buf_init(&type, MAX_SQL_BYTES);
		fe_db_add_name(&name, schema->fields[i].name);
		add_type(&type, &schema->fields[i].type);
		t->columns[i] = fe_buf_take(&name);
		t->types[i] = fe_buf_take(&type);
	}
	return FE_OK;
}

static void
add_column_list(struct fe_buf *out, const struct fe_schema *schema, const size_t *columns, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		fe_buf_add_text(out, i > 0 ? ", " : "");
		fe_db_add_name(out, schema->fields[columns[i]].name);
	}
}

/* ---- checks ---- */

static bool
has_check(const struct fe_pg_table *t, const char *name)
{
	size_t i;

	for (i = 0; i < t->n_checks; i++) {
		if (strcmp(t->checks[i].name, name) == 0)
			return true;
	}
	return false;
}

/* Takes name; one that is there already is the same condition twice. */
static void
add_check(struct fe_pg_table *t, char *name, char *condition)
{
	if (has_check(t, name)) {
		fe_free(name);
		fe_free(condition);
		return;
	}
	t->checks[t->n_checks++] = (struct fe_pg_check){.name = name, .condition = condition};
}

static void
add_checks(struct fe_pg_table *t)
{
	const struct fe_table *table = t->table;
	struct fe_buf name, condition;
	size_t i;

	t->checks = fe_new_array(table->n_checks + table->schema->n_fields, struct fe_pg_check);
	for (i = 0; i < table->schema->n_fields; i++) {
		if (table->schema->fields[i].type.kind != FE_DECIMAL)
			continue;
		fe_buf_init(&name, MAX_SQL_BYTES);
		fe_buf_init(&condition, MAX_SQL_BYTES);
		fe_buf_addf(&name, "%s_%s_is_a_number", t->plain, table->schema->fields[i].name);
		fe_buf_addf(&condition, "%s <> 'NaN'", t->columns[i]);
		add_check(t, fit_name(&name), fe_buf_take(&condition));
	}
	for (i = 0; i < table->n_checks;
	     i++) { /* named by their text: that is what a breach names */
		fe_buf_init(&name, MAX_SQL_BYTES);
		fe_buf_add_text(&name, table->checks[i].text);
		add_check(t, fit_name(&name), fe_strdup(table->checks[i].postgres));
	}
}

/* ---- CREATE TABLE ---- */

static void
print_field(struct fe_buf *out, const struct fe_pg_table *t, size_t i)
{
	fe_buf_addf(out, "\t%s %s", t->columns[i], t->types[i]);
	if (t->table->schema->fields[i].type.kind == FE_TEXT)
		fe_buf_add_text(out, " COLLATE \"C\"");
	if (t->table->not_null[i] || fe_table_is_key(t->table, i))
		fe_buf_add_text(out, " NOT NULL");
	fe_buf_add_text(out, ",\n");
}

static void
print_create(struct fe_buf *out, const struct fe_pg_table *t)
{
	size_t i;

	fe_buf_addf(out, "CREATE TABLE %s (\n", t->name);
	for (i = 0; i < t->table->schema->n_fields; i++)
		print_field(out, t, i);
	for (i = 0; i < FE_PG_N_STAMPS; i++)
		fe_buf_addf(out, "%s\t%s %s%s NOT NULL", i > 0 ? ",\n" : "", fe_pg_stamps[i].name,
			    fe_pg_stamps[i].type,
			    strcmp(fe_pg_stamps[i].type, "text") == 0 ? " COLLATE \"C\"" : "");
	for (i = 0; i < t->n_checks; i++) {
		fe_buf_add_text(out, ",\n\tCONSTRAINT ");
		fe_db_add_name(out, t->checks[i].name);
		fe_buf_addf(out, " CHECK (%s)", t->checks[i].condition);
	}
	fe_buf_add_text(out, "\n)");
}

/* ---- key, foreign keys, indexes ---- */

/* Takes name and definition ("PRIMARY KEY (id)"). */
static void
init_constraint(struct fe_pg_part *part, const struct fe_pg_table *t, char *name, char *definition)
{
	struct fe_buf sql;

	part->name = name;
	fe_buf_init(&sql, MAX_SQL_BYTES);
	fe_buf_addf(&sql, "ALTER TABLE %s ADD CONSTRAINT ", t->name);
	fe_db_add_name(&sql, name);
	fe_buf_addf(&sql, " %s", definition);
	part->add = fe_buf_take(&sql);
	fe_buf_addf(&sql, "ALTER TABLE %s DROP CONSTRAINT ", t->name);
	fe_db_add_name(&sql, name);
	part->drop = fe_buf_take(&sql);
	fe_free(definition);
}

static void
add_table_name(struct fe_buf *out, const struct fe_table *t, const char *default_schema)
{
	struct fe_str schema, plain;
	char *text;

	fe_pg_table_names(t, default_schema, &schema, &plain);
	text = fe_strndup(schema.p, schema.n);
	fe_db_add_name(out, text);
	fe_free(text);
	fe_buf_add_char(out, '.');
	fe_db_add_name(out, plain.p);
}

static enum fe_rc
add_key(struct fe_pg_table *t, struct fe_err *err)
{
	const struct fe_table *table = t->table;
	struct fe_buf name, definition;

	if (table->n_key == 0 ||
	    table->n_key > sizeof(((struct fe_index *)NULL)->columns) / sizeof(size_t))
		return fe_fail(err, FE_EUSAGE, "target '%s': a key has 1 to 8 columns",
			       table->name);
	fe_buf_init(&name, MAX_SQL_BYTES);
	fe_buf_addf(&name, "%s_pkey", t->plain);
	fe_buf_init(&definition, MAX_SQL_BYTES);
	fe_buf_add_text(&definition, "PRIMARY KEY (");
	add_column_list(&definition, table->schema, table->key, table->n_key);
	fe_buf_add_char(&definition, ')');
	init_constraint(&t->key, t, fit_name(&name), fe_buf_take(&definition));
	return FE_OK;
}

/* <table>_<columns><ending>; where another part has that name already, _2, _3, ... */
static char *
part_name(const struct fe_pg_table *t, const struct fe_pg_part *parts, size_t n_parts,
	  const size_t *columns, size_t n_columns, const char *ending)
{
	unsigned number;

	for (number = 1;; number++) {
		struct fe_buf buf;
		char *name;
		size_t i;

		fe_buf_init(&buf, MAX_SQL_BYTES);
		fe_buf_add_text(&buf, t->plain);
		for (i = 0; i < n_columns; i++)
			fe_buf_addf(&buf, "_%s", t->table->schema->fields[columns[i]].name);
		fe_buf_add_text(&buf, ending);
		if (number > 1)
			fe_buf_addf(&buf, "_%u", number);
		name = fit_name(&buf);
		for (i = 0; i < n_parts && strcmp(parts[i].name, name) != 0; i++)
			;
		if (i == n_parts && strcmp(name, t->key.name) != 0)
			return name;
		fe_free(name);
	}
}

static void
add_foreign_key(struct fe_pg_table *t, const struct fe_foreign_key *k, const char *default_schema)
{
	struct fe_pg_part *part = &t->foreign_keys[t->n_foreign_keys];
	struct fe_buf definition, parent;
	char *name =
	    part_name(t, t->foreign_keys, t->n_foreign_keys, k->columns, k->n_columns, "_fkey");

	fe_buf_init(&definition, MAX_SQL_BYTES);
	fe_buf_add_text(&definition, "FOREIGN KEY (");
	add_column_list(&definition, t->table->schema, k->columns, k->n_columns);
	fe_buf_init(&parent, MAX_SQL_BYTES);
	add_table_name(&parent, k->references, default_schema);
	fe_buf_addf(&definition, ") REFERENCES %s (", fe_buf_text(&parent));
	add_column_list(&definition, k->references->schema, k->references->key,
			k->references->n_key);
	fe_buf_add_char(&definition, ')');
	init_constraint(part, t, name, fe_buf_take(&definition));
	t->parents[t->n_foreign_keys++] = fe_buf_take(&parent);
}

static void
add_index(struct fe_pg_table *t, const struct fe_index *x)
{
	struct fe_pg_part *part = &t->indexes[t->n_indexes];
	struct fe_buf sql;
	size_t i;

	part->name = part_name(t, t->indexes, t->n_indexes, x->columns, x->n_columns, "");
	fe_buf_init(&sql, MAX_SQL_BYTES);
	fe_buf_add_text(&sql, "CREATE INDEX ");
	fe_db_add_name(&sql, part->name);
	fe_buf_addf(&sql, " ON %s (", t->name);
	for (i = 0; i < x->n_columns; i++)
		fe_buf_addf(&sql, "%s%s%s", i > 0 ? ", " : "", t->columns[x->columns[i]],
			    x->descending[i] ? " DESC" : "");
	fe_buf_add_char(&sql, ')');
	part->add = fe_buf_take(&sql);
	fe_buf_add_text(&sql, "DROP INDEX ");
	fe_db_add_name(&sql, t->schema);
	fe_buf_add_char(&sql, '.');
	fe_db_add_name(&sql, part->name);
	part->drop = fe_buf_take(&sql);
	t->index_columns[t->n_indexes++] = *x;
}

static void
add_parts(struct fe_pg_table *t, const char *default_schema)
{
	const struct fe_table *table = t->table;
	size_t i;

	t->indexes = fe_new_array(table->n_indexes + table->n_foreign_keys + 1, struct fe_pg_part);
	t->index_columns =
	    fe_new_array(table->n_indexes + table->n_foreign_keys + 1, struct fe_index);
	t->foreign_keys = fe_new_array(table->n_foreign_keys + 1, struct fe_pg_part);
	t->parents = fe_new_array(table->n_foreign_keys + 1, char *);
	for (i = 0; i < table->n_indexes; i++)
		add_index(t, &table->indexes[i]);
	for (i = 0; i < table->n_foreign_keys; i++) {
		const struct fe_foreign_key *k = &table->foreign_keys[i];
		struct fe_index x = {.n_columns = k->n_columns};

		add_foreign_key(t, k, default_schema);
		if (fe_table_has_index_for(table, k))
			continue;
		memcpy(x.columns, k->columns, sizeof(x.columns));
		add_index(t, &x);
	}
}

enum fe_rc
fe_pg_table_init(struct fe_pg_table *t, const struct fe_table *table, const char *default_schema,
		 struct fe_err *err)
{
	struct fe_str schema, plain;
	struct fe_buf sql;
	enum fe_rc rc;

	*t = (struct fe_pg_table){.table = table};
	fe_buf_init(&sql, MAX_SQL_BYTES);
	fe_pg_table_names(table, default_schema, &schema, &plain);
	t->schema = fe_strndup(schema.p, schema.n);
	t->plain = fe_strndup(plain.p, plain.n);
	t->columns = fe_new_array(table->schema->n_fields, char *);
	t->types = fe_new_array(table->schema->n_fields, char *);
	add_table_name(&sql, table, default_schema);
	t->name = fe_buf_take(&sql);
	rc = check_names(t, err);
	if (rc)
		goto fail;
	rc = add_columns(t, err);
	if (rc)
		goto fail;
	rc = add_key(t, err);
	if (rc)
		goto fail;
	add_checks(t);
	add_parts(t, default_schema);
	print_create(&sql, t);
	rc = fe_buf_check(&sql, "the table's statement", err);
	if (rc)
		goto fail;
	t->create = fe_buf_take(&sql);
	return FE_OK;

fail:
	fe_buf_reset(&sql);
	fe_pg_table_reset(t);
	return rc;
}

static void
reset_part(struct fe_pg_part *part)
{
	fe_free(part->name);
	fe_free(part->add);
	fe_free(part->drop);
}

void
fe_pg_table_reset(struct fe_pg_table *t)
{
	size_t i;

	for (i = 0; t->columns && t->types && i < t->table->schema->n_fields; i++) {
		fe_free(t->columns[i]);
		fe_free(t->types[i]);
	}
	for (i = 0; i < t->n_checks; i++) {
		fe_free(t->checks[i].name);
		fe_free(t->checks[i].condition);
	}
	for (i = 0; i < t->n_indexes; i++)
		reset_part(&t->indexes[i]);
	for (i = 0; i < t->n_foreign_keys; i++) {
		reset_part(&t->foreign_keys[i]);
		fe_free(t->parents[i]);
	}
	reset_part(&t->key);
	fe_free(t->columns);
	fe_free(t->types);
	fe_free(t->checks);
	fe_free(t->indexes);
	fe_free(t->index_columns);
	fe_free(t->foreign_keys);
	fe_free(t->parents);
	fe_free(t->schema);
	fe_free(t->plain);
	fe_free(t->name);
	fe_free(t->create);
	*t = (struct fe_pg_table){0};
}
