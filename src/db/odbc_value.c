// SPDX-License-Identifier: Apache-2.0
/* db/odbc_value.c - rows from an ODBC driver: in blocks where all values have an end, else one by one
 *
 * A block is bound column by column and filled by one call. Where a column's values can be
 * of any length, rows come singly and each value by SQLGetData, a long one in pieces.
 */
#include <stdio.h>

#include "base/double.h"
#include "base/stop.h"
#include "base/text.h"
#include "base/time.h"
#include "db/cursor_odbc.h"

#define BLOCK_BYTES ((size_t)1 << 20)
#define MAX_BLOCK_ROWS 1024
#define LONG_CHARS 16384      /* what may be longer is fetched in pieces */
#define PIECE_BYTES ((size_t)64 << 10)
#define NUMBER_BYTES 160      /* of a decimal as text */
#define NAMED_BYTES 128       /* of a time, an interval, a GUID as text */

/* ---- kinds ---- */

static enum fe_cursor_kind
sized(struct fe_odbc_column *column, SQLSMALLINT c_type, size_t item_bytes, enum fe_cursor_kind kind)
{
	column->c_type = c_type;
	column->item_bytes = item_bytes;
	return kind;
}

/* A character may be two units of UTF-16. */
static enum fe_cursor_kind
text_of(struct fe_odbc_column *column, SQLULEN n_chars, bool is_long)
{
	column->is_long = is_long || n_chars == 0 || n_chars > LONG_CHARS;
	return sized(column, SQL_C_WCHAR, column->is_long ? 0 : (2 * n_chars + 1) * sizeof(SQLWCHAR), FE_CURSOR_TEXT);
}

static enum fe_cursor_kind
bytes_of(struct fe_odbc_column *column, SQLULEN n, bool is_long)
{
	column->is_long = is_long || n == 0 || n > LONG_CHARS;
	return sized(column, SQL_C_BINARY, column->is_long ? 0 : n, FE_CURSOR_BYTES);
}

void
fe_odbc_fetch_bytes(struct fe_odbc_column *column, SQLULEN n_chars)
{
	column->c_type = SQL_C_BINARY;
	column->item_bytes = column->is_long ? 0 : FE_UTF8_BYTES * n_chars;
}

enum fe_cursor_kind
fe_odbc_kind(SQLSMALLINT sql_type, SQLULEN size, bool is_unsigned, struct fe_odbc_column *column)
{
	switch (sql_type) {
	case SQL_CHAR:
	case SQL_VARCHAR:
	case SQL_WCHAR:
	case SQL_WVARCHAR:
		return text_of(column, size, false);
	case SQL_LONGVARCHAR:
	case SQL_WLONGVARCHAR:
		return text_of(column, size, true);
	case SQL_DECIMAL:
	case SQL_NUMERIC:
		return sized(column, SQL_C_CHAR, NUMBER_BYTES, FE_CURSOR_DECIMAL);
	case SQL_BIGINT:
		if (is_unsigned) /* may be greater than any int64 */
			return sized(column, SQL_C_CHAR, NUMBER_BYTES, FE_CURSOR_DECIMAL);
		return sized(column, SQL_C_SBIGINT, sizeof(SQLBIGINT), FE_CURSOR_INT);
	case SQL_TINYINT:
	case SQL_SMALLINT:
	case SQL_INTEGER:
		return sized(column, SQL_C_SBIGINT, sizeof(SQLBIGINT), FE_CURSOR_INT);
	case SQL_BIT:
		return sized(column, SQL_C_BIT, 1, FE_CURSOR_BOOL);
	case SQL_REAL:
	case SQL_FLOAT:
	case SQL_DOUBLE:
		return sized(column, SQL_C_DOUBLE, sizeof(SQLDOUBLE), FE_CURSOR_FLOAT);
	case SQL_TYPE_DATE:
		return sized(column, SQL_C_CHAR, NAMED_BYTES, FE_CURSOR_DATE);
	case SQL_TYPE_TIMESTAMP:
		return sized(column, SQL_C_CHAR, NAMED_BYTES, FE_CURSOR_TIMESTAMP);
	case SQL_TYPE_TIME:
		return sized(column, SQL_C_CHAR, NAMED_BYTES, FE_CURSOR_TIME);
	case SQL_GUID:
		return sized(column, SQL_C_CHAR, NAMED_BYTES, FE_CURSOR_UUID);
	case SQL_BINARY:
	case SQL_VARBINARY:
		return bytes_of(column, size, false);
	case SQL_LONGVARBINARY:
		return bytes_of(column, size, true);
	default: /* of the database's own */
		(void)text_of(column, 0, true);
		return FE_CURSOR_OTHER;
	}
}

/* ---- fetching ---- */

static enum fe_rc
fail_fetch(struct fe_odbc_cursor *c, const char *what, struct fe_err *err)
{
	return fe_odbc_fail(&c->odbc, SQL_HANDLE_STMT, c->st, &c->names, what, err);
}

static size_t
choose_block_rows(const struct fe_odbc_cursor *c)
{
	size_t row_bytes = 0, n;

	for (size_t i = 0; i < c->base.n_columns; i++)
		row_bytes += c->columns[i].item_bytes + sizeof(SQLLEN);
	n = BLOCK_BYTES / (row_bytes ? row_bytes : 1);
	return n < 1 ? 1 : n > MAX_BLOCK_ROWS ? MAX_BLOCK_ROWS : n;
}

enum fe_rc
fe_odbc_bind_columns(struct fe_odbc_cursor *c, struct fe_err *err)
{
	const struct fe_odbc *o = &c->odbc;

	c->n_block_rows = choose_block_rows(c);
	for (size_t i = 0; i < c->base.n_columns; i++)
		c->has_long |= c->columns[i].is_long;
	if (c->has_long)
		c->n_block_rows = 1;
	if (!c->has_long &&
	    !SQL_SUCCEEDED(o->SQLSetStmtAttrW(c->st, SQL_ATTR_ROW_ARRAY_SIZE, (SQLPOINTER)(uintptr_t)c->n_block_rows, 0)))
		c->n_block_rows = 1; /* a driver that has no blocks */
	if (!SQL_SUCCEEDED(o->SQLSetStmtAttrW(c->st, SQL_ATTR_ROWS_FETCHED_PTR, &c->n_fetched, 0)))
		return fail_fetch(c, "rows cannot be fetched", err);
	for (size_t i = 0; i < c->base.n_columns; i++) {
		struct fe_odbc_column *column = &c->columns[i];

		if (!column->is_long)
			column->items = fe_alloc_array(c->n_block_rows, column->item_bytes);
		column->lengths = fe_new_array(c->n_block_rows, SQLLEN);
		if (c->has_long)
			continue;
		if (!SQL_SUCCEEDED(o->SQLBindCol(c->st, (SQLUSMALLINT)(i + 1), column->c_type, column->items,
		                                 (SQLLEN)column->item_bytes, column->lengths)))
			return fail_fetch(c, "rows cannot be fetched", err);
	}
	return FE_OK;
}

static enum fe_rc
fetch(struct fe_odbc_cursor *c, struct fe_err *err)
{
	SQLRETURN done;

	c->row = 0;
	c->n_fetched = 0;
	FE_TRY(fe_stop_check(err));
	fe_odbc_watch_begin(c->watch);
	done = c->odbc.SQLFetch(c->st);
	fe_odbc_watch_end(c->watch);
	if (done == SQL_NO_DATA) {
		c->has_ended = true;
		c->n_fetched = 0;
		return FE_OK;
	}
	/* With information: that a value was cut, which its length tells. */
	if (!SQL_SUCCEEDED(done))
		return fail_fetch(c, "the query failed while its rows were read", err);
	if (c->has_long)
		c->n_fetched = 1;
	return FE_OK;
}

/* ---- a value at a time ---- */

static enum fe_rc
fail_cut(struct fe_odbc_cursor *c, size_t i, struct fe_err *err)
{
	fe_fail(err, FE_EDATA, "a value is longer than the driver said (%s); cast the column to a longer text in a query",
	        c->base.columns[i].type);
	fe_err_at(err, c->base.name, c->n_rows + 1, c->base.columns[i].name);
	return FE_EDATA;
}

static enum fe_rc
get_item(struct fe_odbc_cursor *c, size_t i, struct fe_err *err)
{
	struct fe_odbc_column *column = &c->columns[i];

	return SQL_SUCCEEDED(c->odbc.SQLGetData(c->st, (SQLUSMALLINT)(i + 1), column->c_type, column->items,
	                                        (SQLLEN)column->item_bytes, column->lengths))
	               ? FE_OK
	               : fail_fetch(c, "a value cannot be fetched", err);
}

/* A long value, in pieces; each text piece ends with a terminator that does not count. */
static enum fe_rc
get_long(struct fe_odbc_cursor *c, size_t i, struct fe_err *err)
{
	struct fe_odbc_column *column = &c->columns[i];
	const size_t end_bytes = column->c_type == SQL_C_WCHAR ? sizeof(SQLWCHAR) : 0;

	fe_buf_clear(&c->piece);
	for (;;) {
		SQLLEN n = 0;
		SQLRETURN done;

		if (!fe_buf_reserve(&c->piece, PIECE_BYTES))
			return fe_fail(err, FE_ELIMIT, "a value of column '%s' is longer than %zu MiB", c->base.columns[i].name,
			               FE_ODBC_MAX_VALUE_BYTES >> 20);
		done = c->odbc.SQLGetData(c->st, (SQLUSMALLINT)(i + 1), column->c_type, c->piece.p + c->piece.n_bytes,
		                          (SQLLEN)PIECE_BYTES, &n);
		if (done == SQL_NO_DATA)
			return FE_OK;
		if (!SQL_SUCCEEDED(done))
			return fail_fetch(c, "a value cannot be fetched", err);
		column->lengths[0] = n == SQL_NULL_DATA ? SQL_NULL_DATA : 0;
		if (n == SQL_NULL_DATA)
			return FE_OK;
		if (n == SQL_NO_TOTAL || (size_t)n > PIECE_BYTES - end_bytes) {
			c->piece.n_bytes += PIECE_BYTES - end_bytes;
			continue;
		}
		c->piece.n_bytes += (size_t)n;
		return FE_OK;
	}
}

/* ---- from the driver's form ---- */

static struct fe_str
copy_utf8(struct fe_odbc_cursor *c, const char *units, size_t n_bytes)
{
	const SQLWCHAR *from = (const SQLWCHAR *)(const void *)units;
	const size_t n_units = n_bytes / sizeof(SQLWCHAR);
	char *ascii = fe_arena_bytes(&c->texts, n_units + 1);
	struct fe_str out = { ascii, 0 };
	struct fe_buf text;

	while (out.n < n_units && from[out.n] < 0x80) {
		ascii[out.n] = (char)from[out.n];
		out.n++;
	}
	if (out.n == n_units)
		return out;
	fe_buf_init(&text, 2 * FE_ODBC_MAX_VALUE_BYTES);
	fe_odbc_add_utf8(&text, from, n_units);
	out = (struct fe_str){ fe_arena_copy(&c->texts, fe_buf_text(&text), text.n_bytes), text.n_bytes };
	fe_buf_reset(&text);
	return out;
}

/* ".5" as some drivers write it is 0.5. */
static struct fe_str
whole_number(struct fe_odbc_cursor *c, struct fe_str s)
{
	const bool is_negative = s.n > 0 && s.p[0] == '-';
	char *text;

	if (s.n <= is_negative || s.p[is_negative] != '.')
		return s;
	text = fe_arena_bytes(&c->texts, s.n + 1);
	if (is_negative)
		text[0] = '-';
	text[is_negative] = '0';
	memcpy(text + is_negative + 1, s.p + is_negative, s.n - is_negative);
	return (struct fe_str){ text, s.n + 1 };
}

/* As text, not as ODBC's structs: some drivers make a null of a date like 0000-00-00 then. What is no
 * day stays the text, which the cast refuses. */
static void
take_date(struct fe_str text, struct fe_cursor_value *out)
{
	int32_t days;

	out->text = text;
	if (fe_date_parse(text, NULL, &days) == FE_TIME_OK)
		out->i64 = days;
	else
		out->kind = FE_CURSOR_TEXT;
}

/* Zeros finer than microseconds say nothing; other digits stay in the text. */
static void
take_moment(struct fe_str text, struct fe_cursor_value *out)
{
	char with_zone[NAMED_BYTES + 1];
	const char *point = memchr(text.p, '.', text.n);
	struct fe_str s = text;

	out->text = text;
	out->kind = FE_CURSOR_TEXT;
	while (point && s.n > (size_t)(point - s.p) + 7 && s.p[s.n - 1] == '0')
		s.n--;
	if (s.n >= NAMED_BYTES)
		return;
	memcpy(with_zone, s.p, s.n);
	with_zone[s.n] = 'Z';
	if (fe_timestamp_parse((struct fe_str){ with_zone, s.n + 1 }, NULL, NULL, &out->i64) == FE_TIME_OK)
		out->kind = FE_CURSOR_TIMESTAMP;
}

static struct fe_str
print_float(struct fe_odbc_cursor *c, const char *item)
{
	char *text = fe_arena_bytes(&c->texts, FE_DOUBLE_TEXT_BYTES);
	SQLDOUBLE v;

	memcpy(&v, item, sizeof(v));
	return (struct fe_str){ text, fe_double_format_any(v, text) };
}

/* What comes in ASCII. */
static void
take_named(struct fe_odbc_cursor *c, struct fe_str text, struct fe_cursor_value *out)
{
	if (out->kind == FE_CURSOR_DECIMAL)
		out->text = whole_number(c, text);
	else if (out->kind == FE_CURSOR_DATE)
		take_date(text, out);
	else if (out->kind == FE_CURSOR_TIMESTAMP)
		take_moment(text, out);
	else
		out->text = text;
}

static void
take_item(struct fe_odbc_cursor *c, size_t i, const char *item, size_t n_bytes, struct fe_cursor_value *out)
{
	switch (c->columns[i].c_type) {
	case SQL_C_WCHAR:
		out->text = copy_utf8(c, item, n_bytes);
		break;
	case SQL_C_CHAR:
		take_named(c, (struct fe_str){ item, n_bytes }, out);
		break;
	case SQL_C_SBIGINT:
		memcpy(&out->i64, item, sizeof(out->i64));
		break;
	case SQL_C_BIT:
		out->i64 = item[0] != 0;
		break;
	case SQL_C_DOUBLE:
		out->text = print_float(c, item);
		break;
	default:
		out->text = (struct fe_str){ item, n_bytes };
		break;
	}
}

static bool
is_variable(const struct fe_odbc_column *column)
{
	return column->c_type == SQL_C_WCHAR || column->c_type == SQL_C_CHAR || column->c_type == SQL_C_BINARY;
}

/* A column of the row at hand. */
static enum fe_rc
take_value(struct fe_odbc_cursor *c, size_t i, struct fe_err *err)
{
	const struct fe_odbc_column *column = &c->columns[i];
	struct fe_cursor_value *out = &c->base.values[i];
	size_t n = column->item_bytes, end_bytes = column->c_type == SQL_C_WCHAR ? sizeof(SQLWCHAR)
	                                           : column->c_type == SQL_C_CHAR ? 1 : 0;
	const SQLLEN length = column->lengths[c->row];

	*out = (struct fe_cursor_value){ .kind = c->base.columns[i].kind, .is_null = length == SQL_NULL_DATA };
	if (out->is_null)
		return FE_OK;
	if (column->is_long) {
		const char *item = c->piece.p;

		n = c->piece.n_bytes;
		if (column->c_type == SQL_C_BINARY) /* the piece is used again for the next column */
			item = fe_arena_copy(&c->texts, fe_buf_text(&c->piece), n);
		take_item(c, i, item, n, out);
		return FE_OK;
	}
	if (is_variable(column)) {
		if (length < 0 || (size_t)length + end_bytes > n)
			return fail_cut(c, i, err);
		n = (size_t)length;
	}
	take_item(c, i, column->items + c->row * column->item_bytes, n, out);
	return FE_OK;
}

enum fe_rc
fe_odbc_next(struct fe_cursor *base, bool *row, struct fe_err *err)
{
	struct fe_odbc_cursor *c = (struct fe_odbc_cursor *)base;

	if (c->row == c->n_fetched && !c->has_ended)
		FE_TRY(fetch(c, err));
	if (c->row == c->n_fetched)
		return FE_OK;
	fe_arena_reset(&c->texts);
	for (size_t i = 0; i < c->base.n_columns; i++) {
		if (c->has_long)
			FE_TRY(c->columns[i].is_long ? get_long(c, i, err) : get_item(c, i, err));
		FE_TRY(take_value(c, i, err));
	}
	c->row++;
	c->n_rows++;
	*row = true;
	return FE_OK;
}
