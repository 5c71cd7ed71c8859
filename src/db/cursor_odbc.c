// SPDX-License-Identifier: Apache-2.0
/* db/cursor_odbc.c - rows of any database that has an ODBC driver
 *
 * A read-only transaction at the isolation that keeps what was read (repeatable read, or the
 * next stricter one that the database has). All texts cross as UTF-16, so that no locale matters.
 * ODBC's calls block: a thread of its own waits for a stop and cancels the statement then.
 */
#include "db/cursor_odbc.h"

#include <pthread.h>
#include <time.h>

#include "base/log.h"
#include "base/stop.h"
#include "base/text.h"
#include "db/db.h"

#define MAX_SQL_BYTES ((size_t)1 << 20)
#define LOGIN_TIMEOUT_S 8    /* a run that is asked to stop has ten */
#define CONNECTION_TIMEOUT_S 600
#define WATCH_MS 100
#define MAX_NAME_UNITS 512
#define ATTRIBUTE(v) ((SQLPOINTER)(uintptr_t)(v))

/* ---- stopping ---- */

struct fe_odbc_watch {
	const struct fe_odbc *odbc;
	SQLHSTMT st;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool is_working, is_cancelled, is_closing; /* guarded by lock */
};

static void *
watch(void *ctx)
{
	struct fe_odbc_watch *w = ctx;

	pthread_mutex_lock(&w->lock);
	while (!w->is_closing) {
		struct timespec until;

		(void)clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += WATCH_MS * 1000000L;
		if (until.tv_nsec >= 1000000000L) {
			until.tv_nsec -= 1000000000L;
			until.tv_sec++;
		}
		pthread_cond_timedwait(&w->changed, &w->lock, &until);
		if (w->is_working && !w->is_cancelled && fe_stop_requested()) {
			w->is_cancelled = true;
			pthread_mutex_unlock(&w->lock);
			(void)w->odbc->SQLCancel(w->st); /* where it fails, the call ends by itself */
			pthread_mutex_lock(&w->lock);
		}
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

/* NULL where there is no thread to be had: then a stop waits for the driver. */
static struct fe_odbc_watch *
watch_open(const struct fe_odbc *odbc, SQLHSTMT st)
{
	struct fe_odbc_watch *w = fe_new(struct fe_odbc_watch);

	w->odbc = odbc;
	w->st = st;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->changed, NULL);
	if (pthread_create(&w->thread, NULL, watch, w) == 0)
		return w;
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->lock);
	fe_free(w);
	return NULL;
}

static void
set_working(struct fe_odbc_watch *w, bool is_working)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->is_working = is_working;
	pthread_mutex_unlock(&w->lock);
}

void fe_odbc_watch_begin(struct fe_odbc_watch *w) { set_working(w, true); }
void fe_odbc_watch_end(struct fe_odbc_watch *w) { set_working(w, false); }

static void
watch_close(struct fe_odbc_watch *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->is_closing = true;
	pthread_cond_signal(&w->changed);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->lock);
	fe_free(w);
}

/* ---- connecting ---- */

static enum fe_rc
fail_dbc(struct fe_odbc_cursor *c, const char *what, struct fe_err *err)
{
	return fe_odbc_fail(&c->odbc, SQL_HANDLE_DBC, c->dbc, &c->names, what, err);
}

static enum fe_rc
fail_statement(struct fe_odbc_cursor *c, const char *what, struct fe_err *err)
{
	return fe_odbc_fail(&c->odbc, SQL_HANDLE_STMT, c->st, &c->names, what, err);
}

/* The least isolation in which a transaction sees one state. */
static enum fe_rc
set_isolation(struct fe_odbc_cursor *c, struct fe_err *err)
{
	static const SQLUINTEGER wanted[] = { SQL_TXN_REPEATABLE_READ, SQL_TXN_SERIALIZABLE };
	const struct fe_odbc *o = &c->odbc;
	SQLUINTEGER known = 0;
	SQLSMALLINT n;

	if (!SQL_SUCCEEDED(o->SQLGetInfoW(c->dbc, SQL_TXN_ISOLATION_OPTION, &known, sizeof(known), &n)))
		known = 0;
	for (size_t i = 0; i < 2; i++) {
		if (!(known & wanted[i]))
			continue;
		if (!SQL_SUCCEEDED(o->SQLSetConnectAttrW(c->dbc, SQL_ATTR_TXN_ISOLATION, ATTRIBUTE(wanted[i]), 0)))
			return fail_dbc(c, "cannot begin a transaction", err);
		return FE_OK;
	}
	fe_log(FE_LOG_WARN, "the source has no transactions that see one state: what is written while it is read may "
	       "be read in part", "source", c->base.name, NULL);
	return FE_OK;
}

/* MariaDB's driver ends a wide text at its first NUL, and says that this is its length. Bytes it gives as the
 * server has them, in the encoding that is asked for here. */
static bool
ask_for_utf8(struct fe_odbc_cursor *c)
{
	static const char driver[] = "maodbc", sql[] = "SET character_set_results = utf8mb4";
	const struct fe_odbc *o = &c->odbc;
	SQLWCHAR units[128], *wide;
	SQLSMALLINT n_bytes = 0;
	SQLHSTMT st = NULL;
	struct fe_buf name;
	size_t n;

	if (!SQL_SUCCEEDED(o->SQLGetInfoW(c->dbc, SQL_DRIVER_NAME, units, sizeof(units), &n_bytes)) || n_bytes <= 0 ||
	    (size_t)n_bytes >= sizeof(units))
		return false;
	fe_buf_init(&name, sizeof(units) * FE_UTF8_BYTES);
	fe_odbc_add_utf8(&name, units, (size_t)n_bytes / sizeof(SQLWCHAR));
	bool is_done = strstr(fe_buf_text(&name), driver) != NULL && SQL_SUCCEEDED(o->SQLAllocHandle(SQL_HANDLE_STMT, c->dbc, &st));
	fe_buf_reset(&name);
	if (!is_done)
		return false;
	wide = fe_odbc_wide(fe_str_of(sql), &n);
	is_done = SQL_SUCCEEDED(o->SQLPrepareW(st, wide, (SQLINTEGER)n)) && SQL_SUCCEEDED(o->SQLExecute(st));
	fe_free(wide);
	(void)o->SQLFreeHandle(SQL_HANDLE_STMT, st);
	return is_done;
}

static enum fe_rc
connect_odbc(struct fe_odbc_cursor *c, const char *connection, struct fe_err *err)
{
	const struct fe_odbc *o = &c->odbc;
	SQLWCHAR *wide;
	SQLRETURN done;
	size_t n;

	if (!SQL_SUCCEEDED(o->SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &c->env)))
		return fe_fail(err, FE_ELIMIT, "the ODBC driver manager has no memory");
	if (!SQL_SUCCEEDED(o->SQLSetEnvAttr(c->env, SQL_ATTR_ODBC_VERSION, ATTRIBUTE(SQL_OV_ODBC3), 0)) ||
	    !SQL_SUCCEEDED(o->SQLAllocHandle(SQL_HANDLE_DBC, c->env, &c->dbc)))
		return fe_odbc_fail(o, SQL_HANDLE_ENV, c->env, &c->names, "cannot begin", err);
	/* Wishes: what a driver cannot do, it refuses, and the rest stands. */
	(void)o->SQLSetConnectAttrW(c->dbc, SQL_ATTR_LOGIN_TIMEOUT, ATTRIBUTE(LOGIN_TIMEOUT_S), 0);
	(void)o->SQLSetConnectAttrW(c->dbc, SQL_ATTR_ACCESS_MODE, ATTRIBUTE(SQL_MODE_READ_ONLY), 0);
	wide = fe_odbc_wide(fe_str_of(connection), &n);
	done = n > INT16_MAX ? SQL_ERROR
	                     : o->SQLDriverConnectW(c->dbc, NULL, wide, (SQLSMALLINT)n, NULL, 0, NULL, SQL_DRIVER_NOPROMPT);
	fe_free(wide);
	if (!SQL_SUCCEEDED(done))
		return fail_dbc(c, "cannot connect", err);
	c->is_connected = true;
	(void)o->SQLSetConnectAttrW(c->dbc, SQL_ATTR_CONNECTION_TIMEOUT, ATTRIBUTE(CONNECTION_TIMEOUT_S), 0);
	FE_TRY(set_isolation(c, err));
	/* A database without transactions has no use for the end of them. */
	(void)o->SQLSetConnectAttrW(c->dbc, SQL_ATTR_AUTOCOMMIT, ATTRIBUTE(SQL_AUTOCOMMIT_OFF), 0);
	c->has_utf8 = ask_for_utf8(c);
	return FE_OK;
}

/* ---- the statement ---- */

/* What names are put in; "" where the database has none. */
static void
find_quote(struct fe_odbc_cursor *c, char out[8])
{
	SQLWCHAR units[8] = { 0 };
	SQLSMALLINT n_bytes = 0;

	out[0] = '\0';
	if (SQL_SUCCEEDED(c->odbc.SQLGetInfoW(c->dbc, SQL_IDENTIFIER_QUOTE_CHAR, units, sizeof(units), &n_bytes)) &&
	    units[0] > ' ' && units[0] < 0x7f && units[1] == 0) {
		out[0] = (char)units[0];
		out[1] = '\0';
	}
}

struct parameter {
	SQLBIGINT number;
	SQLWCHAR *text;
	SQLLEN n_bytes;
};

/* ?1 and ?2 as ODBC has them, by their places: which[] tells what each is. */
static enum fe_rc
place_parameters(struct fe_buf *out, struct fe_str sql, uint8_t which[16], size_t *n_which, struct fe_err *err)
{
	for (size_t at = 0, end; at < sql.n; at = end) {
		const char next = at + 1 < sql.n ? sql.p[at + 1] : '\0';

		end = fe_db_token_end(sql, at);
		if (sql.p[at] != '?' || (next != '1' && next != '2')) {
			fe_buf_add(out, sql.p + at, end - at);
			continue;
		}
		if (*n_which == 16)
			return fe_fail(err, FE_EUSAGE, "a query has at most 16 places of {since} and {until}");
		which[(*n_which)++] = (uint8_t)(next - '1');
		fe_buf_add_char(out, '?');
		end = at + 2;
	}
	return fe_buf_check(out, "the query", err);
}

static enum fe_rc
bind_parameter(struct fe_odbc_cursor *c, SQLUSMALLINT place, const char *text, struct parameter *p, struct fe_err *err)
{
	const struct fe_odbc *o = &c->odbc;
	int64_t number;
	size_t n = 0;
	SQLRETURN done;

	if (text && fe_cursor_is_int(text, &number)) {
		p->number = number;
		p->n_bytes = 0;
		done = o->SQLBindParameter(c->st, place, SQL_PARAM_INPUT, SQL_C_SBIGINT, SQL_BIGINT, 0, 0, &p->number, 0,
		                           &p->n_bytes);
	} else {
		p->text = fe_odbc_wide(fe_str_of(text ? text : ""), &n);
		p->n_bytes = text ? (SQLLEN)(n * sizeof(SQLWCHAR)) : SQL_NULL_DATA;
		done = o->SQLBindParameter(c->st, place, SQL_PARAM_INPUT, SQL_C_WCHAR, SQL_WVARCHAR, n ? n : 1, 0, p->text,
		                           (SQLLEN)(n * sizeof(SQLWCHAR)), &p->n_bytes);
	}
	return SQL_SUCCEEDED(done) ? FE_OK : fail_statement(c, "the query cannot be asked", err);
}

static enum fe_rc
execute(struct fe_odbc_cursor *c, struct fe_str sql, const struct fe_cursor_settings *set, struct fe_err *err)
{
	const struct fe_odbc *o = &c->odbc;
	struct parameter parameters[16] = { 0 };
	uint8_t which[16];
	size_t n_which = 0, n_units;
	SQLWCHAR *wide = NULL;
	struct fe_buf placed;
	enum fe_rc rc;

	fe_buf_init(&placed, MAX_SQL_BYTES);
	rc = place_parameters(&placed, sql, which, &n_which, err);
	if (rc)
		goto end;
	wide = fe_odbc_wide(fe_buf_str(&placed), &n_units);
	if (!SQL_SUCCEEDED(o->SQLPrepareW(c->st, wide, (SQLINTEGER)n_units)))
		rc = fail_statement(c, "the query cannot be asked", err);
	for (size_t i = 0; i < n_which && rc == FE_OK; i++)
		rc = bind_parameter(c, (SQLUSMALLINT)(i + 1), set->bound[which[i]], &parameters[i], err);
	if (rc)
		goto end;
	fe_odbc_watch_begin(c->watch);
	SQLRETURN done = o->SQLExecute(c->st);
	fe_odbc_watch_end(c->watch);
	if (!SQL_SUCCEEDED(done) && done != SQL_NO_DATA)
		rc = fail_statement(c, "the query failed", err);
end:
	for (size_t i = 0; i < n_which; i++)
		fe_free(parameters[i].text);
	fe_free(wide);
	fe_buf_reset(&placed);
	return rc;
}

static enum fe_rc
ask(struct fe_odbc_cursor *c, const struct fe_cursor_settings *set, struct fe_err *err)
{
	const struct fe_odbc *o = &c->odbc;
	struct fe_buf sql;
	char quote[8];
	enum fe_rc rc;

	if (!SQL_SUCCEEDED(o->SQLAllocHandle(SQL_HANDLE_STMT, c->dbc, &c->st)))
		return fail_dbc(c, "cannot make a statement", err);
	c->watch = watch_open(o, c->st);
	/* Wishes, too: rows once, in order, and not more than are wanted. */
	(void)o->SQLSetStmtAttrW(c->st, SQL_ATTR_CURSOR_TYPE, ATTRIBUTE(SQL_CURSOR_FORWARD_ONLY), 0);
	(void)o->SQLSetStmtAttrW(c->st, SQL_ATTR_CONCURRENCY, ATTRIBUTE(SQL_CONCUR_READ_ONLY), 0);
	if (set->limit_rows > 0)
		(void)o->SQLSetStmtAttrW(c->st, SQL_ATTR_MAX_ROWS, ATTRIBUTE(set->limit_rows), 0);
	find_quote(c, quote);
	fe_buf_init(&sql, MAX_SQL_BYTES);
	rc = fe_cursor_build_sql(&sql, set, quote, NULL, err);
	if (rc == FE_OK)
		rc = execute(c, fe_buf_str(&sql), set, err);
	fe_buf_reset(&sql);
	return rc;
}

/* ---- columns ---- */

static enum fe_rc
describe_column(struct fe_odbc_cursor *c, size_t i, struct fe_err *err)
{
	const struct fe_odbc *o = &c->odbc;
	const SQLUSMALLINT number = (SQLUSMALLINT)(i + 1);
	SQLWCHAR units[MAX_NAME_UNITS], type_units[MAX_NAME_UNITS];
	SQLSMALLINT n_units = 0, sql_type = 0, scale = 0, nullable, n_type = 0;
	SQLLEN is_unsigned = SQL_FALSE;
	SQLULEN size = 0;
	struct fe_buf name, type;
	enum fe_cursor_kind kind;

	if (!SQL_SUCCEEDED(o->SQLDescribeColW(c->st, number, units, MAX_NAME_UNITS, &n_units, &sql_type, &size, &scale,
	                                      &nullable)) || n_units >= MAX_NAME_UNITS)
		return fail_statement(c, "the query's columns cannot be told", err);
	(void)o->SQLColAttributeW(c->st, number, SQL_DESC_UNSIGNED, NULL, 0, NULL, &is_unsigned);
	if (!SQL_SUCCEEDED(o->SQLColAttributeW(c->st, number, SQL_DESC_TYPE_NAME, type_units, sizeof(type_units), &n_type,
	                                       NULL)))
		n_type = 0;
	n_type = (SQLSMALLINT)(n_type / (SQLSMALLINT)sizeof(SQLWCHAR));
	kind = fe_odbc_kind(sql_type, size, is_unsigned == SQL_TRUE, &c->columns[i]);
	if (kind == FE_CURSOR_TEXT && c->has_utf8)
		fe_odbc_fetch_bytes(&c->columns[i], size);
	fe_buf_init(&name, 4 * MAX_NAME_UNITS);
	fe_buf_init(&type, 4 * MAX_NAME_UNITS);
	fe_odbc_add_utf8(&name, units, (size_t)n_units);
	fe_odbc_add_utf8(&type, type_units, n_type > 0 && n_type < MAX_NAME_UNITS ? (size_t)n_type : 0);
	if (kind == FE_CURSOR_DECIMAL)
		fe_buf_addf(&type, "(%u,%d)", (unsigned)size, scale);
	else if (kind == FE_CURSOR_TEXT && !c->columns[i].is_long)
		fe_buf_addf(&type, "(%u)", (unsigned)size);
	fe_cursor_describe(&c->base, i, fe_buf_str(&name), fe_buf_text(&type), kind);
	if (kind == FE_CURSOR_DECIMAL) {
		c->base.columns[i].precision = (unsigned)size;
		c->base.columns[i].scale = scale > 0 ? (unsigned)scale : 0;
	} else if (kind == FE_CURSOR_TEXT && !c->columns[i].is_long) {
		c->base.columns[i].max_chars = size;
	}
	fe_buf_reset(&name);
	fe_buf_reset(&type);
	return FE_OK;
}

static enum fe_rc
describe(struct fe_odbc_cursor *c, struct fe_err *err)
{
	SQLSMALLINT n = 0;

	if (!SQL_SUCCEEDED(c->odbc.SQLNumResultCols(c->st, &n)))
		return fail_statement(c, "the query's columns cannot be told", err);
	if (n <= 0)
		return fe_fail(err, FE_EUSAGE, "the query of the source gives no columns: write a SELECT");
	fe_cursor_init_columns(&c->base, (size_t)n);
	c->columns = fe_new_array((size_t)n, struct fe_odbc_column);
	for (size_t i = 0; i < (size_t)n; i++)
		FE_TRY(describe_column(c, i, err));
	return FE_OK;
}

/* ---- the face ---- */

static void
odbc_close(struct fe_cursor *base)
{
	struct fe_odbc_cursor *c = (struct fe_odbc_cursor *)base;
	const struct fe_odbc *o = &c->odbc;

	watch_close(c->watch);
	if (c->st)
		(void)o->SQLFreeHandle(SQL_HANDLE_STMT, c->st);
	if (c->is_connected) {
		(void)o->SQLEndTran(SQL_HANDLE_DBC, c->dbc, SQL_ROLLBACK);
		(void)o->SQLDisconnect(c->dbc);
	}
	if (c->dbc)
		(void)o->SQLFreeHandle(SQL_HANDLE_DBC, c->dbc);
	if (c->env)
		(void)o->SQLFreeHandle(SQL_HANDLE_ENV, c->env);
	for (size_t i = 0; c->columns && i < c->base.n_columns; i++) {
		fe_free(c->columns[i].items);
		fe_free(c->columns[i].lengths);
	}
	fe_free(c->columns);
	fe_odbc_names_reset(&c->names);
	fe_buf_reset(&c->piece);
	fe_arena_free(&c->texts);
	fe_cursor_reset(&c->base);
	fe_free(c);
}

static enum fe_rc
odbc_open(struct fe_cursor **out, const struct fe_cursor_settings *set, struct fe_err *err)
{
	struct fe_odbc_cursor *c = fe_new(struct fe_odbc_cursor);
	enum fe_rc rc;

	c->base.ops = &fe_cursor_odbc;
	fe_odbc_names_init(&c->names, set->location);
	c->base.name = fe_strdup(c->names.shown);
	fe_buf_init(&c->piece, FE_ODBC_MAX_VALUE_BYTES);
	rc = fe_odbc_load(&c->odbc, err);
	if (rc)
		goto fail;
	rc = connect_odbc(c, set->location, err);
	if (rc)
		goto fail;
	rc = ask(c, set, err);
	if (rc)
		goto fail;
	rc = describe(c, err);
	if (rc)
		goto fail;
	rc = fe_odbc_bind_columns(c, err);
	if (rc)
		goto fail;
	*out = &c->base;
	return FE_OK;

fail:
	odbc_close(&c->base);
	return rc;
}

const struct fe_cursor_ops fe_cursor_odbc = {
	.open = odbc_open,
	.next = fe_odbc_next,
	.close = odbc_close,
};
