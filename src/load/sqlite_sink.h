// SPDX-License-Identifier: Apache-2.0
/* load/sqlite_sink.h - the parts of the SQLite sink, for its own files only
 *
 *   sqlite.c         the run: lock, two transactions, commit and undo
 *   sqlite_table.c   a table's begin and end: indexes, staged updates, confirmed sums
 *   sqlite_rows.c    rows into the table: inserts, staged updates, removals, placeholders
 *   sqlite_lookup.c  rows out of it: lookup, fetch, has
 *
 * What is written down of the run is load/record.h's.
 *
 * A row inserted by the run has the rowid base + 1 + its number, base being the
 * greatest rowid when the table was begun; so rows up to base are the warehouse as it
 * was, until table_end applies the staged updates to them.
 */
#ifndef FE_LOAD_SQLITE_SINK_H
#define FE_LOAD_SQLITE_SINK_H

#include "db/sqlite.h"
#include "io/lock.h"
#include "load/record.h"
#include "load/sink.h"
#include "load/table_sql.h"

enum fe_sqlite_state {
	FE_SQLITE_OPEN,    /* nothing done */
	FE_SQLITE_LOCKED,  /* the run lock is held, the database open */
	FE_SQLITE_STARTED, /* the attempt is written down */
	FE_SQLITE_LOADING, /* in the transaction of the data */
	FE_SQLITE_ENDED,   /* committed, or undone and written down */
};

/* Statements of one table, prepared when they are first needed. */
struct fe_sqlite_table {
	struct fe_table_sql sql;
	size_t number;             /* its index in the run */
	int64_t base;              /* greatest rowid when it was begun */
	bool was_empty;
	bool is_key_dropped, are_others_dropped;
	bool is_referenced;        /* by a foreign key of any table */
	uint64_t n_written;        /* inserts sent */
	bool has_stage;            /* updates are staged in a temporary table */
	bool met_placeholders;     /* some of them may be of placeholders */
	char (*scratch)[32];       /* [n_fields] texts of dates and timestamps being bound */
	struct fe_stmt *insert, *remove, *stage, *lookup, *fetch, *fetch_staged, *has;
};

struct fe_sqlite_sink {
	struct fe_sink base;
	enum fe_sqlite_state state;
	const char *path;          /* in set.url */
	struct fe_lock *lock;
	struct fe_db *db;
	char *run_id, *pipeline, *config_sha256, *version; /* of the run; owned */
	struct fe_record_run run;  /* the same, as it is written down */
	int64_t first_object_id;
	struct fe_sqlite_table *tables; /* [set.n_tables] */
	/* lookup's memo: the path of the object that it met last */
	int64_t memo_object_id;
	char *memo_path;
	struct fe_stmt *object_path;
	struct fe_buf origin; /* being printed */
};

/* sqlite_table.c */
FE_MUST_USE enum fe_rc fe_sqlite_table_begin(struct fe_sink *sink, size_t table, bool *is_empty,
                                             struct fe_err *err);
FE_MUST_USE enum fe_rc fe_sqlite_table_end(struct fe_sink *sink, size_t table,
                                           struct fe_table_result *out, struct fe_err *err);
/* Before rows go in or out: builds or drops indexes where that is due. */
FE_MUST_USE enum fe_rc fe_sqlite_table_adapt(struct fe_sqlite_sink *s, struct fe_sqlite_table *t,
                                             bool removes, struct fe_err *err);
void fe_sqlite_table_finish(struct fe_sqlite_table *t); /* frees its statements */

/* What a run prepares, and plan shows. number: of the table in the run */
void fe_sqlite_print_update(struct fe_buf *sql, const struct fe_table_sql *t, size_t number); /* sqlite_table.c */
void fe_sqlite_print_insert(struct fe_buf *sql, const struct fe_table_sql *t);                /* sqlite_rows.c */

/* sqlite_rows.c */
/* Prepares what sql holds, and resets it. */
FE_MUST_USE enum fe_rc fe_sqlite_prepare(struct fe_sqlite_sink *s, struct fe_buf *sql,
                                         struct fe_stmt **out, struct fe_err *err);
/* Runs an insert of one row, and makes sure that it is there: a trigger can drop it
 * without a word. */
FE_MUST_USE enum fe_rc fe_sqlite_insert(struct fe_sqlite_sink *s, struct fe_stmt *st,
                                        const char *table, struct fe_err *err);
/* The rowid of the run's n-th row. */
FE_MUST_USE enum fe_rc fe_sqlite_rowid_of(const struct fe_sqlite_table *t, int64_t number,
                                          int64_t *rowid, struct fe_err *err);
FE_MUST_USE enum fe_rc fe_sqlite_write(struct fe_sink *sink, size_t table, const struct fe_batch *b,
                                       const struct fe_load_plan *plan, int64_t object_id,
                                       struct fe_err *err);
FE_MUST_USE enum fe_rc fe_sqlite_placeholders(struct fe_sink *sink, size_t table,
                                              const struct fe_batch *keys, int64_t object_id,
                                              struct fe_err *err);

/* sqlite_lookup.c */
FE_MUST_USE enum fe_rc fe_sqlite_lookup(struct fe_sink *sink, size_t table,
                                        const struct fe_batch *b, const uint32_t *rows, size_t n,
                                        struct fe_batch *met, int64_t *stored,
                                        struct fe_str *origin, struct fe_err *err);
FE_MUST_USE enum fe_rc fe_sqlite_fetch(struct fe_sink *sink, size_t table, enum fe_place place,
                                       int64_t number, struct fe_batch *met, size_t met_row,
                                       struct fe_err *err);
FE_MUST_USE enum fe_rc fe_sqlite_has(struct fe_sink *sink, size_t table,
                                     const struct fe_column *column, const uint64_t *asked,
                                     size_t n_rows, uint64_t *known, uint64_t *made,
                                     struct fe_err *err);

#endif
