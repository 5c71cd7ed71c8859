// SPDX-License-Identifier: Apache-2.0
/* db/cursor_engine.h - what an engine brings so that db/cursor.h can be used
 *
 * Private to db/: one constant table of functions an engine, which cursor.c calls, and what
 * the engines have in common.
 */
#ifndef FE_DB_CURSOR_ENGINE_H
#define FE_DB_CURSOR_ENGINE_H

#include "base/buf.h"
#include "base/mem.h"
#include "db/cursor.h"

struct fe_cursor_ops {
	FE_MUST_USE enum fe_rc (*open)(struct fe_cursor **out, const struct fe_cursor_settings *set, struct fe_err *err);
	FE_MUST_USE enum fe_rc (*next)(struct fe_cursor *c, bool *row, struct fe_err *err);
	void (*close)(struct fe_cursor *c); /* ends with fe_cursor_reset and fe_free */
};

/* First member of every engine's own struct. */
struct fe_cursor {
	const struct fe_cursor_ops *ops;
	char *name;
	struct fe_cursor_column *columns; /* their names and types are owned */
	struct fe_cursor_value *values;   /* [n_columns] */
	size_t n_columns;
};

extern const struct fe_cursor_ops fe_cursor_postgres, fe_cursor_sqlite, fe_cursor_odbc;

/* Room for the columns; each is then described by fe_cursor_describe. */
void fe_cursor_init_columns(struct fe_cursor *c, size_t n);
void fe_cursor_describe(struct fe_cursor *c, size_t index, struct fe_str name, const char *type,
                        enum fe_cursor_kind kind);
void fe_cursor_reset(struct fe_cursor *c);

/* The SELECT that the settings ask for, with names in these quotes (as SQL has it: '"', doubled within).
 * part: a condition on the rows of a table, or NULL. */
FE_MUST_USE enum fe_rc fe_cursor_build_sql(struct fe_buf *out, const struct fe_cursor_settings *set, const char *quote,
                                           const char *part, struct fe_err *err);

/* Whether a bound text is an integer as it is written, so that it can be bound as one: what compares texts
 * and numbers by type would find nothing. */
bool fe_cursor_is_int(const char *text, int64_t *out);

/* Moments as texts, for those that have no value of their kind: years beyond 9999, or before 1. Room of
 * FE_CURSOR_MOMENT_BYTES; how many. */
#define FE_CURSOR_MOMENT_BYTES 48
size_t fe_cursor_print_date(int64_t days, char *out);
size_t fe_cursor_print_moment(int64_t days, int64_t us_of_day, bool has_zone, char *out);

#endif
