// SPDX-License-Identifier: Apache-2.0
/* load/postgres_sink.h - the parts of the PostgreSQL sink, for its own files only
 *
 *   postgres.c        the run: two connections, begin, commit, undo
 *   postgres_lock.c   run locks, and whether another run is alive
 *   postgres_fate.c   a COMMIT whose answer was lost
 *   postgres_table.c  a table's begin and end: strategy, indexes off and on
 *   postgres_merge.c  staged rows into the table, as two statements that confirm them
 *   postgres_guard.c  that nothing else writes to the table in this transaction
 *   postgres_rows.c   rows into staging: encoded, sent, kept at hand
 *   postgres_placeholders.c rows of keys that no record has brought yet
 *   postgres_lookup.c rows out: lookup, has, fetch
 *   postgres_keys.c   all keys of a table that others refer to, for has
 *
 * Two connections. `load` holds the one transaction of the data from begin to commit, and
 * with it the run locks: who loses the connection loses data and locks at once. `look`
 * commits each statement by itself: it writes the attempt down, and answers what was in
 * the warehouse when the run began, while load's COPY goes on; it lives as long as the
 * run, so that another run can ask the server whether this one is alive.
 *
 * Staging is a temporary table for each target: object_id, record, the table's columns as
 * c0, c1, ..., then stored and mark, which are null for a row to insert and name the row to
 * update (its ctid, and the lower bits of its xmin, by which a row that was
 * replaced at the same place is told).
 *
 * The number of a stored row, as dedupe knows it, is both: mark << 48 | ctid.
 */
#ifndef FE_LOAD_POSTGRES_SINK_H
#define FE_LOAD_POSTGRES_SINK_H

#include "base/buf.h"
#include "db/postgres.h"
#include "load/pg_schema.h"
#include "load/record.h"
#include "load/row_store.h"
#include "load/sink.h"

#define FE_POSTGRES_MAX_SQL_BYTES (1u << 20)
#define FE_POSTGRES_FIRST_COLUMN 2 /* of staging: the table's first */
#define FE_POSTGRES_MARK_BITS 12
#define FE_POSTGRES_TID_BITS 48

enum fe_postgres_state {
	FE_POSTGRES_OPEN,    /* nothing done */
	FE_POSTGRES_ASKED,   /* connected; the attempt may be written down */
	FE_POSTGRES_LOADING, /* in the transaction of the data */
	FE_POSTGRES_ENDED,   /* committed, or undone and written down */
};

/* A staged update by the number of its stored row: its place in the row store. */
struct fe_postgres_staged {
	int64_t stored; /* -1: a free slot */
	uint64_t place;
};

struct fe_postgres_keys;

struct fe_postgres_gone {
	int64_t object_id, record;
};

/* Rows written to a table by the transaction of load, as the server counts them. */
struct fe_postgres_writes {
	bool is_counted; /* false: the server does not count */
	int64_t n_inserted, n_updated, n_deleted;
};

struct fe_postgres_table {
	struct fe_pg_table *sql;
	size_t number;            /* its index in the run */
	bool is_new;              /* made by this run: nobody else sees it */
	bool is_guarded;          /* nothing of it could alter rows unseen */
	bool has_stage;
	bool met_placeholders;    /* some of the updates may be of placeholders */
	struct fe_pg_state before;
	struct fe_row_store *inserts, *updates; /* what was sent */
	struct fe_postgres_staged *staged;      /* [cap_staged] open addressing, a power of two */
	size_t n_staged, cap_staged;
	struct fe_postgres_gone *gone; /* rows of staging that are superseded */
	size_t n_gone, cap_gone;
	uint64_t n_gone_inserts;
	uint64_t n_copied;        /* rows that the server took */
	uint64_t n_merged;        /* rows inserted, once the table has ended */
	struct fe_postgres_writes writes; /* by the run itself, so far */
	struct fe_pg_query *lookup, *has; /* of look */
	struct fe_pg_query *has_now;      /* of load */
	struct fe_postgres_keys *keys;    /* all of them, or NULL */
	bool has_no_keys;                 /* they are too many */
	int64_t size_bytes, n_asked;      /* of the table, 0: not known; keys, by has */
};

struct fe_postgres_path { /* of an object that lookup met */
	int64_t object_id;
	char *path;
};

struct fe_postgres_sink {
	struct fe_sink base;
	enum fe_postgres_state state;
	struct fe_db *load, *look;
	char *run_id, *pipeline, *config_sha256, *version, *backend; /* owned */
	struct fe_record_run run;
	int64_t first_object_id;
	struct fe_pg_table *sql;          /* [set.n_tables] */
	struct fe_postgres_table *tables; /* [set.n_tables] */
	struct fe_postgres_table *copying;/* whose staging load is sending to, or NULL */
	bool is_look_shut;                /* load has locked tables against readers */
	int64_t awake_us;                 /* when load was last asked for a sign of life */
	struct fe_buf out;                /* rows being encoded */
	struct fe_buf *keys;              /* [FE_POSTGRES_MAX_KEY] arrays being asked for */
	struct fe_postgres_path *paths;   /* sorted by id */
	size_t n_paths, cap_paths;
	struct fe_pg_query *ask_paths;    /* of look */
	struct fe_buf origin;             /* being printed */
};
#define FE_POSTGRES_MAX_KEY 32 /* columns: as many as an index of PostgreSQL has */

/* postgres.c */
/* (Re)opens a connection of the run's; *db is closed first. ignores_stop: for the end of a
 * run, which is written down though it is asked to stop. */
FE_MUST_USE enum fe_rc fe_postgres_connect(struct fe_postgres_sink *s, struct fe_db **db,
                                           int64_t wait_ms, bool ignores_stop, struct fe_err *err);
void fe_postgres_forget_queries(struct fe_postgres_sink *s);
/* Runs what sql holds on load, and resets it. */
FE_MUST_USE enum fe_rc fe_postgres_exec(struct fe_postgres_sink *s, struct fe_buf *sql,
                                        struct fe_err *err);

/* postgres_lock.c */
/* For the transaction of db: the pipeline's lock, and with tables theirs. Tries until
 * wait_ms have passed, then FE_EUNAVAIL naming who holds it. */
FE_MUST_USE enum fe_rc fe_postgres_lock(struct fe_postgres_sink *s, struct fe_db *db, bool with_tables,
                                        int64_t wait_ms, struct fe_err *err);
/* fe_record_alive_fn; ctx is the sink. */
bool fe_postgres_is_alive(void *ctx, const char *backend);
/* Who look is to the server, as fe_record_run wants it. */
FE_MUST_USE enum fe_rc fe_postgres_name_backend(struct fe_postgres_sink *s, struct fe_err *err);

/* postgres_fate.c */
/* COMMIT of transaction xid was sent and not answered. FE_OK: it is committed. FE_EUNAVAIL
 * else, with the foreign code FE_PG_UNKNOWN_COMMIT where that could not be found out. */
FE_MUST_USE enum fe_rc fe_postgres_find_fate(struct fe_postgres_sink *s, uint64_t xid,
                                             const char *status, struct fe_err *err);

/* postgres_table.c */
FE_MUST_USE enum fe_rc fe_postgres_table_begin(struct fe_sink *sink, size_t table, bool *is_empty,
                                               struct fe_err *err);
FE_MUST_USE enum fe_rc fe_postgres_table_end(struct fe_sink *sink, size_t table,
                                             struct fe_table_result *out, struct fe_err *err);

/* A key that was free when it was looked up, and is taken now, is told as what it is; else adds
 * the table to err. Returns its code. */
enum fe_rc fe_postgres_explain(const struct fe_postgres_table *t, struct fe_err *err);

/* postgres_merge.c */
/* A literal. */
void fe_postgres_add_moment(struct fe_buf *sql, int64_t us);
/* is_locked: against all others. */
FE_MUST_USE enum fe_rc fe_postgres_merge(struct fe_postgres_sink *s, struct fe_postgres_table *t,
                                         bool is_locked, struct fe_table_result *out,
                                         struct fe_err *err);
/* Takes rows that were superseded out of staging. */
FE_MUST_USE enum fe_rc fe_postgres_drop_gone(struct fe_postgres_sink *s, struct fe_postgres_table *t,
                                             struct fe_err *err);

/* postgres_guard.c */
/* FE_ECONFLICT where a trigger, rule or policy of the table could alter or hide rows. */
FE_MUST_USE enum fe_rc fe_postgres_refuse_meddlers(struct fe_postgres_sink *s,
                                                   struct fe_postgres_table *t, struct fe_err *err);
FE_MUST_USE enum fe_rc fe_postgres_count_writes(struct fe_postgres_sink *s,
                                                struct fe_postgres_table *t,
                                                struct fe_postgres_writes *out, struct fe_err *err);
/* FE_ECONFLICT where the table has been written to beyond t->writes. */
FE_MUST_USE enum fe_rc fe_postgres_check_writes(struct fe_postgres_sink *s,
                                                struct fe_postgres_table *t, struct fe_err *err);

/* The statements of a merge, as plan shows them: with a stand-in for the id of the run. postgres_merge.c */
void fe_postgres_print_update(struct fe_buf *sql, struct fe_pg_table *t, int64_t now_us);
void fe_postgres_print_insert(struct fe_buf *sql, struct fe_pg_table *t, int64_t now_us);

/* postgres_rows.c */
FE_MUST_USE enum fe_rc fe_postgres_write(struct fe_sink *sink, size_t table, const struct fe_batch *b,
                                         const struct fe_load_plan *plan, int64_t object_id,
                                         struct fe_err *err);
/* Ends the COPY that is under way, if one is: load can be asked other things. */
FE_MUST_USE enum fe_rc fe_postgres_pause_copy(struct fe_postgres_sink *s, struct fe_err *err);
/* Where the update of a stored row is kept; NULL: none is staged. */
const struct fe_postgres_staged *fe_postgres_find_staged(const struct fe_postgres_table *t,
                                                         int64_t stored);

/* postgres_placeholders.c */
FE_MUST_USE enum fe_rc fe_postgres_placeholders(struct fe_sink *sink, size_t table,
                                                const struct fe_batch *keys, int64_t object_id,
                                                struct fe_err *err);

/* postgres_lookup.c */
FE_MUST_USE enum fe_rc fe_postgres_lookup(struct fe_sink *sink, size_t table, const struct fe_batch *b,
                                          const uint32_t *rows, size_t n, struct fe_batch *met,
                                          int64_t *stored, struct fe_str *origin, struct fe_err *err);
FE_MUST_USE enum fe_rc fe_postgres_fetch(struct fe_sink *sink, size_t table, enum fe_place place,
                                         int64_t number, struct fe_batch *met, size_t met_row,
                                         struct fe_err *err);
FE_MUST_USE enum fe_rc fe_postgres_has(struct fe_sink *sink, size_t table,
                                       const struct fe_column *column, const uint64_t *asked,
                                       size_t n_rows, uint64_t *known, uint64_t *made,
                                       struct fe_err *err);
/* One field of a stored tuple (format/pgcopy.h); false where there is none. */
bool fe_postgres_field(struct fe_str tuple, size_t field, struct fe_str *value);
/* Where the first n_fields of a tuple end. */
size_t fe_postgres_fields_end(struct fe_str tuple, size_t n_fields);

/* postgres_keys.c */
/* Whether to read them all, when has is asked for n more. */
bool fe_postgres_keys_pay(struct fe_postgres_table *t, size_t n);
/* Sets t->keys, unless the table turns out to be too large for what was asked. */
FE_MUST_USE enum fe_rc fe_postgres_keys_learn(struct fe_db *db, struct fe_postgres_table *t,
                                              struct fe_err *err);
/* With all keys there: sets the bits of those of rows[0..n) that are keys, as has does. */
FE_MUST_USE enum fe_rc fe_postgres_keys_find(struct fe_postgres_sink *s, const struct fe_postgres_table *t,
                                             const struct fe_column *column, const uint32_t *rows,
                                             size_t n, uint64_t *known, uint64_t *made,
                                             struct fe_err *err);
void fe_postgres_keys_free(struct fe_postgres_keys *keys);

#endif
