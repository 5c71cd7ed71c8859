// SPDX-License-Identifier: Apache-2.0
/* db/cursor.h - the rows of a query, streamed, whichever the engine
 *
 * Beside db/db.h, whose statements hold their result in memory in PostgreSQL: a cursor is for results of any
 * size, read once from front to end, in one snapshot, by a connection that can only read.
 *
 *   Order      open (connects), describe by n_columns and column, next until no row, close
 *   Rows       in the order of the query, or as the engine finds them. Of a table in parts: its n-th part is the
 *              n-th share of its pages, and FE_CURSOR_PART_ROWS rows are taken of each in turn, so the order
 *              is the same as long as no row of the table was written
 *   Values     PostgreSQL by binary COPY, SQLite by its own storage classes, others by ODBC. Each value comes
 *              as its kind; numbers that are not integers are texts of plain digits. What a kind has no
 *              value for (NaN, infinity, a year of five digits) comes as FE_CURSOR_TEXT, as the engine writes it.
 *   Failure    as in db/db.h
 *   Threads    one cursor, one thread
 */
#ifndef FE_DB_CURSOR_H
#define FE_DB_CURSOR_H

#include "base/err.h"
#include "base/str.h"

struct fe_cursor;

#define FE_CURSOR_PART_ROWS 4096

enum fe_cursor_engine { FE_CURSOR_POSTGRES, FE_CURSOR_SQLITE, FE_CURSOR_ODBC };

/* What kind of values a column holds, as the engine's catalog says. */
enum fe_cursor_kind {
	FE_CURSOR_TEXT, FE_CURSOR_INT, FE_CURSOR_DECIMAL, FE_CURSOR_FLOAT, FE_CURSOR_BOOL,
	FE_CURSOR_DATE, FE_CURSOR_TIME, FE_CURSOR_TIMESTAMP /* without a zone */, FE_CURSOR_TIMESTAMPTZ, FE_CURSOR_BYTES,
	FE_CURSOR_JSON, FE_CURSOR_UUID, FE_CURSOR_OTHER,
	FE_CURSOR_ANY, /* SQLite: whatever a row holds */
};

struct fe_cursor_column {
	const char *name;
	const char *type;            /* as the engine names it, "numeric(12,2)" */
	enum fe_cursor_kind kind;
	unsigned precision, scale;   /* of decimals; precision 0: not told */
	uint64_t max_chars;          /* of texts; 0: not told */
};

/* A value of the row at hand. */
struct fe_cursor_value {
	bool is_null;
	enum fe_cursor_kind kind;    /* of this value */
	int64_t i64;                 /* INT; BOOL 0 or 1; DATE days; TIMESTAMP(TZ) microseconds since 1970 (UTC) */
	struct fe_str text;          /* the others: DECIMAL as plain digits; lives until the next row */
};

/* The rows of a table, or of a query. */
struct fe_cursor_settings {
	const char *location;        /* postgresql://..., a file's path, an ODBC connection string */
	const char *table;           /* name or schema.name, exactly as the catalog has it; NULL: sql */
	const char *sql;             /* a SELECT; ?1 and ?2 stand for the bound texts, or null */
	const char *bound[2];        /* NULL: not bound */
	/* Only rows whose column `order_by` is at least bound[0] and less than bound[1], where those are bound,
	 * in its order; sql has no ?1 and ?2 then. NULL: all rows. */
	const char *order_by;
	bool include_null;           /* rows without a value in it, too */
	unsigned n_parallel;         /* PostgreSQL, a table without order_by: parts read at once, in one snapshot */
	uint64_t limit_rows;         /* no more will be asked for; 0: all */
};

FE_MUST_USE enum fe_rc fe_cursor_open(struct fe_cursor **out, enum fe_cursor_engine engine,
                                      const struct fe_cursor_settings *set, struct fe_err *err);
const char *fe_cursor_name(const struct fe_cursor *c); /* for messages and provenance; never a secret */
size_t fe_cursor_n_columns(const struct fe_cursor *c);
const struct fe_cursor_column *fe_cursor_column(const struct fe_cursor *c, size_t index);
FE_MUST_USE enum fe_rc fe_cursor_next(struct fe_cursor *c, bool *row, struct fe_err *err);
const struct fe_cursor_value *fe_cursor_values(const struct fe_cursor *c); /* [n_columns], of the row at hand */
void fe_cursor_close(struct fe_cursor *c); /* NULL is allowed */

#endif
