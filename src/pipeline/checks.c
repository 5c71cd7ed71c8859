// SPDX-License-Identifier: Apache-2.0
/* pipeline/checks.c - after-load checks: what is there is asked first, then the SELECT
 *
 * A database that refuses a SELECT ends the command: a check that cannot be asked must
 * not look like one that has passed.
 */
#include "pipeline/checks.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"
#include "base/time.h"
#include "db/postgres.h"
#include "io/reader.h"
#include "load/catalog.h"
#include "load/embedded.h"
#include "pipeline/checks_print.h"
#include "pipeline/connectors.h"

#define WAIT_MS 5000
#define MAX_FILE_BYTES (64u * 1024)
#define MAX_REASON_BYTES 512

struct asker {
	const struct fe_checks_query *q;
	struct fe_db *db;
	struct fe_check_report report;
};

/* ---- whether it can be asked ---- */

FE_PRINTF(3, 4) static void
skip(struct asker *a, struct fe_check_result *r, const char *fmt, ...)
{
	char text[MAX_REASON_BYTES];
	va_list args;
	va_start(args, fmt);
	(void)vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	r->status = FE_CHECK_SKIPPED;
	r->reason = fe_arena_copy(&a->report.arena, text, strlen(text));
}

static enum fe_rc
column_is_there(struct asker *a, const struct fe_check_need *need, bool *is_there, struct fe_err *err)
{
	const struct fe_table *t = fe_check_find_table(a->q->plan, fe_str_of(need->table));
	bool in_server = fe_db_engine(a->db) == FE_DB_POSTGRES;
	const char *dot = t ? strchr(t->name, '.') : NULL;
	struct fe_str schema = { t ? t->name : "", dot ? (size_t)(dot - t->name) : 0 };
	struct fe_stmt *st;

	*is_there = false;
	if (!in_server && dot)
		return FE_OK; /* a file has no schemas */
	if (in_server && !dot)
		schema = fe_str_of(fe_pg_schema(a->db));
	FE_TRY(fe_db_prepare(a->db, in_server
		? FE_STR("SELECT 1 FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid "
			 "JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE c.relname = ?1 AND "
			 "a.attname = ?2 AND n.nspname = ?3 AND a.attnum > 0 AND NOT a.attisdropped")
		: FE_STR("SELECT 1 FROM pragma_table_xinfo(?1, 'main') WHERE name = ?2"), &st, err));
	fe_stmt_bind_cstr(st, 1, need->table);
	fe_stmt_bind_cstr(st, 2, need->column);
	if (in_server)
		fe_stmt_bind_text(st, 3, schema);
	enum fe_rc rc = fe_stmt_step(st, is_there, err);
	fe_stmt_free(st);
	return rc;
}

/* What only the plan can say of a column; true where it holds. */
static bool
plan_allows(struct asker *a, struct fe_check_result *r, const struct fe_check_need *need)
{
	const struct fe_table *t = fe_check_find_table(a->q->plan, fe_str_of(need->table));
	size_t column = t ? fe_schema_find(t->schema, fe_str_of(need->column)) : FE_NO_COLUMN;

	if (!need->is_fixed && need->scale < 0)
		return true;
	if (column == FE_NO_COLUMN) {
		skip(a, r, "it takes a pipeline file that declares column %s of %s", need->column, need->table);
		return false;
	}
	const struct fe_type *type = &t->schema->fields[column].type;
	if (need->is_fixed && t->roles[column] != FE_ROLE_FIXED) {
		skip(a, r, "%s of %s may be changed by later records", need->column, need->table);
		return false;
	}
	if (need->scale >= 0 && (type->kind != FE_DECIMAL || type->scale != need->scale)) {
		skip(a, r, "%s of %s is not a decimal of scale %d", need->column, need->table, need->scale);
		return false;
	}
	return true;
}

static enum fe_rc
check_needs(struct asker *a, struct fe_check_result *r, struct fe_err *err)
{
	for (size_t i = 0; i < r->file.n_needs; i++) {
		const struct fe_check_need *need = &r->file.needs[i];
		bool is_there;
		FE_TRY(column_is_there(a, need, &is_there, err));
		if (!is_there)
			skip(a, r, "there is no column %s in a table %s", need->column, need->table);
		if (!is_there || !plan_allows(a, r, need))
			return FE_OK;
	}
	return FE_OK;
}

/* ---- asking ---- */

static const char *
time_text(struct asker *a, int64_t us)
{
	char text[FE_TIMESTAMP_TEXT_BYTES];
	fe_timestamp_format(us, text);
	return fe_arena_copy(&a->report.arena, text, sizeof text);
}

/* NULL: only a plan can say it, and there is none that does. */
static const char *
param_value(struct asker *a, const struct fe_check_file *f, enum fe_check_param p)
{
	const struct fe_plan *plan = a->q->plan;
	const struct fe_table *t = fe_check_find_table(plan, fe_str_of(f->needs[0].table));

	switch (p) {
	case FE_CHECK_RUN_TIME:
		return time_text(a, a->q->run_time_us);
	case FE_CHECK_TODAY:
		return time_text(a, (int64_t)fe_days_of_us(a->q->run_time_us) * FE_US_PER_DAY);
	case FE_CHECK_PIPELINE:
		return t ? plan->name : NULL;
	case FE_CHECK_DATASET:
		return t ? t->dataset : NULL;
	case FE_N_CHECK_PARAMS:
		break;
	}
	return NULL;
}

static void
bind(struct asker *a, struct fe_check_result *r, struct fe_stmt *st)
{
	for (size_t i = 0; i < r->file.n_params; i++) {
		const char *value = param_value(a, &r->file, r->file.params[i]);
		if (!value)
			skip(a, r, "it takes a pipeline file that loads %s", r->file.needs[0].table);
		fe_stmt_bind_cstr(st, (int)i + 1, value);
	}
}

static const char *
keep(struct asker *a, struct fe_str s)
{
	return s.p ? fe_arena_copy(&a->report.arena, s.p, s.n) : NULL;
}

/* The columns from the second on, by commas. */
static const char *
read_sample(struct asker *a, struct fe_stmt *st)
{
	struct fe_buf text;
	fe_buf_init(&text, 4096);
	for (int i = 1; i < fe_stmt_n_columns(st); i++) {
		struct fe_str value = fe_stmt_text(st, i);
		fe_buf_addf(&text, "%s%.*s", i > 1 ? ", " : "", FE_STR_ARGS(value.p ? value : FE_STR("null")));
	}
	const char *sample = keep(a, fe_buf_str(&text));
	fe_buf_reset(&text);
	return sample;
}

static enum fe_rc
read_figure(struct asker *a, struct fe_stmt *st, struct fe_err *err)
{
	struct fe_check_report *rep = &a->report;
	if (fe_stmt_n_columns(st) != 3)
		return fe_fail(err, FE_EUSAGE, "figures have three columns: name, value, decimals");
	rep->figures = fe_grow(rep->figures, &rep->cap_figures, rep->n_figures + 1, sizeof *rep->figures);
	int64_t scale = fe_stmt_i64(st, 2);
	rep->figures[rep->n_figures++] = (struct fe_check_figure){
		.name = keep(a, fe_stmt_text(st, 0)),
		.value = keep(a, fe_stmt_text(st, 1)),
		.scale = scale > 0 && scale <= 18 ? (unsigned)scale : 0,
	};
	return FE_OK;
}

static enum fe_rc
read_rows(struct asker *a, struct fe_check_result *r, struct fe_stmt *st, struct fe_err *err)
{
	bool row;

	for (;;) {
		FE_TRY(fe_stmt_step(st, &row, err));
		if (!row)
			return FE_OK;
		if (r->file.severity == FE_CHECK_FIGURES) {
			FE_TRY(read_figure(a, st, err));
			continue;
		}
		if (!r->n_samples)
			r->n_broken = fe_stmt_i64(st, 0);
		r->status = FE_CHECK_FAILED;
		if (r->n_samples == FE_CHECK_MAX_SAMPLES)
			return FE_OK;
		r->samples[r->n_samples++] = read_sample(a, st);
	}
}

static enum fe_rc
ask(struct asker *a, struct fe_check_result *r, struct fe_err *err)
{
	struct fe_stmt *st = NULL;
	enum fe_rc rc;

	FE_TRY(check_needs(a, r, err));
	if (r->status == FE_CHECK_SKIPPED)
		return FE_OK;
	rc = fe_db_prepare(a->db, fe_str_of(r->file.sql), &st, err);
	if (rc == FE_OK)
		bind(a, r, st);
	if (rc == FE_OK && r->status != FE_CHECK_SKIPPED)
		rc = read_rows(a, r, st, err);
	fe_stmt_free(st);
	if (rc)
		fe_err_context(err, "check %s", r->file.name);
	return rc;
}

/* ---- which ---- */

static enum fe_rc
add_check(struct asker *a, const char *path, struct fe_str text, struct fe_err *err)
{
	struct fe_check_report *rep = &a->report;
	rep->results = fe_grow(rep->results, &rep->cap_results, rep->n_results + 1, sizeof *rep->results);
	struct fe_check_result *r = &rep->results[rep->n_results];
	*r = (struct fe_check_result){ .status = FE_CHECK_PASSED };
	FE_TRY(fe_check_file_parse(&r->file, path, text, a->q->plan, &rep->arena, err));
	rep->n_results++;
	return FE_OK;
}

static enum fe_rc
read_folder(struct asker *a, struct fe_err *err)
{
	struct fe_paths paths = { 0 };
	struct fe_buf text;
	enum fe_rc rc;

	fe_buf_init(&text, MAX_FILE_BYTES);
	fe_buf_addf(&text, "%s/*.sql", a->q->folder);
	rc = fe_buf_check(&text, "the folder's path", err);
	if (rc == FE_OK)
		rc = fe_paths_expand(fe_buf_text(&text), NULL, &paths, err);
	for (size_t i = 0; rc == FE_OK && i < paths.n_paths; i++) {
		fe_buf_clear(&text);
		rc = fe_file_read(paths.paths[i], MAX_FILE_BYTES, &text, err);
		if (rc == FE_OK)
			rc = add_check(a, paths.paths[i], fe_buf_str(&text), err);
	}
	fe_paths_free(&paths);
	fe_buf_reset(&text);
	return rc;
}

static enum fe_rc
find_checks(struct asker *a, struct fe_err *err)
{
	if (a->q->folder)
		return read_folder(a, err);
	for (size_t i = 0; i < fe_n_sql_checks; i++)
		FE_TRY(add_check(a, fe_sql_checks[i].name, fe_str_of(fe_sql_checks[i].text), err));
	return FE_OK;
}

/* All checks see one state of the warehouse, and can change nothing. */
static enum fe_rc
ask_all(struct asker *a, struct fe_err *err)
{
	if (fe_db_engine(a->db) == FE_DB_POSTGRES)
		FE_TRY(fe_db_exec(a->db, "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY", err));
	else
		FE_TRY(fe_db_exec(a->db, "BEGIN", err));
	for (size_t i = 0; i < a->report.n_results; i++)
		FE_TRY(ask(a, &a->report.results[i], err));
	return fe_db_rollback(a->db, err);
}

static enum fe_rc
judge(const struct asker *a, struct fe_err *err)
{
	struct fe_buf names;
	size_t n = 0;

	fe_buf_init(&names, FE_ERR_TEXT_BYTES);
	for (size_t i = 0; i < a->report.n_results; i++) {
		const struct fe_check_result *r = &a->report.results[i];
		if (r->status != FE_CHECK_FAILED || a->q->fail_on == FE_CHECK_FIGURES || r->file.severity < a->q->fail_on)
			continue;
		fe_buf_addf(&names, "%s%s", n++ ? ", " : "", r->file.name);
	}
	enum fe_rc rc = n == 0 ? FE_OK
			       : fe_fail(err, FE_ECHECK, "%zu check%s failed: %s", n, n == 1 ? "" : "s",
					 fe_buf_text(&names));
	fe_buf_reset(&names);
	return rc;
}

enum fe_rc
fe_warehouse_checks(const struct fe_checks_query *q, struct fe_buf *out, struct fe_err *err)
{
	struct asker a = { .q = q, .report = { .url = q->url, .run_time_us = q->run_time_us } };
	struct fe_catalog *catalog = NULL;
	enum fe_rc rc;

	if (!fe_warehouse_is_database(q->url))
		return fe_fail(err, FE_EUSAGE, "only a database has tables to check; name one, as --warehouse sqlite:warehouse.db "
			       "or --warehouse postgresql://HOST/DATABASE");
	rc = find_checks(&a, err);
	if (rc == FE_OK)
		rc = fe_catalog_open(&catalog, q->url, WAIT_MS, err);
	if (rc)
		goto end;
	a.db = fe_catalog_db(catalog);
	rc = ask_all(&a, err);
	if (rc)
		goto end;
	rc = judge(&a, err);
	a.report.rc = rc;
	fe_check_report_print(&a.report, q->as_json, out);
end:
	fe_catalog_close(catalog);
	fe_check_report_reset(&a.report);
	return rc;
}
