// SPDX-License-Identifier: Apache-2.0
/* db/cursor_sqlite.c - rows of an SQLite file, each value by its storage class
 *
 * The file is somebody else's: opened so that nothing can be written, and read in one
 * transaction. What a column is declared as tells little there, so each value comes as what
 * it is; a REAL is told, so that no amount comes out of one unnoticed.
 */
#include <limits.h>
#include <sqlite3.h>

#include "base/double.h"
#include "base/text.h"
#include "db/cursor_engine.h"
#include "db/sqlite.h"
#include "db/sqlite_error.h"

#define BUSY_MS 30000
#define MAX_SQL_BYTES ((size_t)1 << 20)

struct sqlite_cursor {
	struct fe_cursor base;
	struct fe_db *db;
	sqlite3 *handle; /* its connection's */
	sqlite3_stmt *st;
	uint64_t n_rows;
	struct fe_arena texts; /* of the row at hand */
	bool has_ended;
};

static enum fe_rc
fail_sqlite(struct sqlite_cursor *c, int code, enum fe_rc blame, const char *advice, struct fe_err *err)
{
	enum fe_rc rc = fe_sqlite_fail(err, code, c->handle, c->base.name);

	if ((code & 0xff) == SQLITE_ERROR) { /* the query's own */
		rc = fe_fail(err, blame, "%s: %s", sqlite3_errmsg(c->handle), advice);
		fe_err_at(err, c->base.name, 0, NULL);
		fe_sqlite_set_foreign(err, code);
		return rc;
	}
	if ((code & 0xff) == SQLITE_READONLY)
		fe_err_context(err, "the program that writes the file was cut off in a transaction, which that program must "
		               "take back by opening it");
	return rc;
}

/* ---- opening ---- */

/* As SQLite finds a column's affinity. */
static bool
is_float_type(const char *type)
{
	static const char *const words[] = { "REAL", "FLOA", "DOUB" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		for (const char *p = type; *p; p++)
			if (sqlite3_strnicmp(p, words[i], (int)strlen(words[i])) == 0)
				return true;
	return false;
}

static void
describe(struct sqlite_cursor *c)
{
	fe_cursor_init_columns(&c->base, (size_t)sqlite3_column_count(c->st));
	for (size_t i = 0; i < c->base.n_columns; i++) {
		const char *name = sqlite3_column_name(c->st, (int)i), *type = sqlite3_column_decltype(c->st, (int)i);
		const bool is_float = type && is_float_type(type);

		fe_cursor_describe(&c->base, i, fe_str_of(name ? name : ""), type && type[0] != '\0' ? type : "any",
		                   is_float ? FE_CURSOR_FLOAT : FE_CURSOR_ANY);
	}
}

static enum fe_rc
prepare(struct sqlite_cursor *c, const char *sql, struct fe_err *err)
{
	const char *tail = NULL;
	int code = sqlite3_prepare_v2(c->handle, sql, -1, &c->st, &tail);

	if (code != SQLITE_OK)
		return fail_sqlite(c, sqlite3_extended_errcode(c->handle), FE_EUSAGE, "mend the table or query of the source",
		                   err);
	if (!c->st || sqlite3_column_count(c->st) == 0 || !sqlite3_stmt_readonly(c->st))
		return fe_fail(err, FE_EUSAGE, "the query of the source must be a SELECT");
	/* One statement, and maybe a comment. */
	while (tail && *tail) {
		sqlite3_stmt *more = NULL;

		code = sqlite3_prepare_v2(c->handle, tail, -1, &more, &tail);
		if (code == SQLITE_OK && !more)
			continue;
		(void)sqlite3_finalize(more);
		return fe_fail(err, FE_EUSAGE, "the query of the source must be one SELECT");
	}
	return FE_OK;
}

/* What the query has no parameter for is left out. */
static enum fe_rc
bind(struct sqlite_cursor *c, const struct fe_cursor_settings *set, struct fe_err *err)
{
	for (int i = 0; i < 2; i++) {
		int code = SQLITE_OK;
		int64_t number;

		if (!set->bound[i] || sqlite3_bind_parameter_count(c->st) <= i)
			continue;
		if (fe_cursor_is_int(set->bound[i], &number))
			code = sqlite3_bind_int64(c->st, i + 1, number);
		else
			code = sqlite3_bind_text(c->st, i + 1, set->bound[i], -1, SQLITE_TRANSIENT);
		if (code != SQLITE_OK)
			return fail_sqlite(c, code, FE_EUSAGE, "mend the query of the source", err);
	}
	return FE_OK;
}

static enum fe_rc
ask(struct sqlite_cursor *c, const struct fe_cursor_settings *set, struct fe_err *err)
{
	struct fe_buf sql;
	enum fe_rc rc;

	fe_buf_init(&sql, MAX_SQL_BYTES);
	rc = fe_cursor_build_sql(&sql, set, "\"", NULL, err);
	if (rc == FE_OK)
		rc = prepare(c, fe_buf_text(&sql), err);
	if (rc == FE_OK)
		rc = bind(c, set, err);
	fe_buf_reset(&sql);
	return rc;
}

static void sqlite_close(struct fe_cursor *base);

static enum fe_rc
sqlite_open(struct fe_cursor **out, const struct fe_cursor_settings *set, struct fe_err *err)
{
	const struct fe_sqlite_settings how = { .path = set->location, .is_source = true, .busy_ms = BUSY_MS };
	struct sqlite_cursor *c = fe_new(struct sqlite_cursor);
	enum fe_rc rc;

	c->base.ops = &fe_cursor_sqlite;
	c->base.name = fe_strdup(set->location);
	rc = fe_sqlite_open(&c->db, &how, err);
	if (rc)
		goto fail;
	c->handle = fe_sqlite_handle(c->db);
	rc = fe_db_exec(c->db, "BEGIN", err);
	if (rc)
		goto fail;
	rc = ask(c, set, err);
	if (rc)
		goto fail;
	describe(c);
	*out = &c->base;
	return FE_OK;

fail:
	sqlite_close(&c->base);
	return rc;
}

/* ---- rows ---- */

static struct fe_str
print_float(struct sqlite_cursor *c, int i)
{
	char *text = fe_arena_bytes(&c->texts, FE_DOUBLE_TEXT_BYTES);

	return (struct fe_str){ text, fe_double_format_any(sqlite3_column_double(c->st, i), text) };
}

static void
take_value(struct sqlite_cursor *c, int i)
{
	struct fe_cursor_value *v = &c->base.values[i];

	*v = (struct fe_cursor_value){ 0 };
	switch (sqlite3_column_type(c->st, i)) {
	case SQLITE_NULL:
		v->is_null = true;
		break;
	case SQLITE_INTEGER:
		v->kind = FE_CURSOR_INT;
		v->i64 = sqlite3_column_int64(c->st, i);
		break;
	case SQLITE_FLOAT:
		v->kind = FE_CURSOR_FLOAT;
		v->text = print_float(c, i);
		break;
	case SQLITE_BLOB:
		v->kind = FE_CURSOR_BYTES;
		v->text.p = (const char *)sqlite3_column_blob(c->st, i);
		v->text.n = (size_t)sqlite3_column_bytes(c->st, i);
		break;
	default:
		v->kind = FE_CURSOR_TEXT;
		v->text.p = (const char *)sqlite3_column_text(c->st, i);
		v->text.n = (size_t)sqlite3_column_bytes(c->st, i);
		break;
	}
}

static enum fe_rc
sqlite_next(struct fe_cursor *base, bool *row, struct fe_err *err)
{
	struct sqlite_cursor *c = (struct sqlite_cursor *)base;
	int code;

	if (c->has_ended)
		return FE_OK;
	fe_arena_reset(&c->texts);
	code = sqlite3_step(c->st);
	if (code == SQLITE_DONE) { /* another step would begin anew */
		c->has_ended = true;
		return FE_OK;
	}
	if (code != SQLITE_ROW)
		return fail_sqlite(c, sqlite3_extended_errcode(c->handle), FE_EDATA,
		                   "the query fails on a row; mend the row or the query", err);
	for (size_t i = 0; i < c->base.n_columns; i++)
		take_value(c, (int)i);
	/* Memory for a converted text or a long value may not have been there. */
	if (sqlite3_errcode(c->handle) == SQLITE_NOMEM)
		return fail_sqlite(c, SQLITE_NOMEM, FE_ELIMIT, "", err);
	c->n_rows++;
	*row = true;
	return FE_OK;
}

static void
sqlite_close(struct fe_cursor *base)
{
	struct sqlite_cursor *c = (struct sqlite_cursor *)base;

	(void)sqlite3_finalize(c->st);
	fe_db_close(c->db);
	fe_arena_free(&c->texts);
	fe_cursor_reset(&c->base);
	fe_free(c);
}

const struct fe_cursor_ops fe_cursor_sqlite = {
	.open = sqlite_open,
	.next = sqlite_next,
	.close = sqlite_close,
};
