// SPDX-License-Identifier: Apache-2.0
/* load/catalog.h - reading what a warehouse knows of its runs, rejects and rows
 *
 * Of a database, whichever the engine. Opened for reading only. Answers come one at a time to a callback, as texts that live
 * until it returns; a callback that fails ends the query with its code.
 *
 *   Failure    FE_EUSAGE where there is no such file, or one that no run has written to;
 *              what a server answers is db/db.h's.
 */
#ifndef FE_LOAD_CATALOG_H
#define FE_LOAD_CATALOG_H

#include "base/err.h"
#include "base/str.h"
#include "load/table.h"

struct fe_catalog;
struct fe_db;

/* url: "sqlite:path", "postgresql://...". Waits up to wait_ms where the warehouse is being
 * written, or cannot be reached. */
FE_MUST_USE enum fe_rc fe_catalog_open(struct fe_catalog **out, const char *url, int64_t wait_ms,
                                       struct fe_err *err);
/* The same of a database that no run may have written to yet: *is_used tells. */
FE_MUST_USE enum fe_rc fe_catalog_open_any(struct fe_catalog **out, const char *url, int64_t wait_ms, bool *is_used,
                                           struct fe_err *err);
void fe_catalog_close(struct fe_catalog *c); /* NULL is allowed */
/* Its connection, for questions that are not here; it is for reading. */
struct fe_db *fe_catalog_db(struct fe_catalog *c);

/* ---- runs ---- */

/* What is null has p == NULL. */
struct fe_catalog_run {
	struct fe_str run_id, pipeline;
	struct fe_str status; /* of the audit row, or "running" */
	struct fe_str start_time, end_time, run_time;
	int64_t extracted, transformed, loaded, rejected, duplicate; /* 0 while running */
	struct fe_str error, config_sha256, version;
	struct fe_str quality_report, reconciliation; /* JSON */
};
typedef enum fe_rc (*fe_catalog_run_fn)(void *ctx, const struct fe_catalog_run *run,
                                        struct fe_err *err);
struct fe_catalog_run_query {
	const char *run_id, *pipeline, *status; /* NULL: any */
	uint64_t limit;                         /* 0: all */
};
/* The newest first. */
FE_MUST_USE enum fe_rc fe_catalog_runs(struct fe_catalog *c, const struct fe_catalog_run_query *q,
                                       fe_catalog_run_fn each, void *ctx, struct fe_err *err);

/* ---- objects ---- */

struct fe_catalog_object {
	struct fe_str dataset, path, outcome;
	struct fe_str sha256; /* p NULL: not read to its end */
	struct fe_str modified_at, version; /* p NULL: it has none */
	int64_t size_bytes, records;
};
typedef enum fe_rc (*fe_catalog_object_fn)(void *ctx, const struct fe_catalog_object *o,
                                           struct fe_err *err);
/* What the run read, in its order; at most `limit` of *n_all. */
FE_MUST_USE enum fe_rc fe_catalog_objects(struct fe_catalog *c, const char *run_id, uint64_t limit,
                                          uint64_t *n_all, fe_catalog_object_fn each, void *ctx,
                                          struct fe_err *err);

/* Whether what was loaded last of this path had this ETag. */
FE_MUST_USE enum fe_rc fe_catalog_object_done(struct fe_catalog *c, const char *pipeline, const char *dataset, const char *path,
                                              struct fe_str etag, bool *done, struct fe_err *err);
/* How often runs of this path with this ETag were held, and failed. */
FE_MUST_USE enum fe_rc fe_catalog_object_failures(struct fe_catalog *c, const char *pipeline, const char *dataset,
                                                  const char *path, struct fe_str etag, uint64_t *n_held, uint64_t *n_failed,
                                                  struct fe_err *err);

struct fe_buf;
/* The run that has published a held one: its id is appended to *by. */
FE_MUST_USE enum fe_rc fe_catalog_released(struct fe_catalog *c, const char *run_id, struct fe_buf *by, bool *found,
                                           struct fe_err *err);

/* ---- rejects ---- */

struct fe_catalog_reject {
	int64_t reject_id;
	struct fe_str run_id, pipeline, dataset;
	struct fe_str object_path, object_sha256;
	int64_t record, offset;
	struct fe_str verdict;
	struct fe_str reasons;  /* JSON array of texts */
	struct fe_str detail, decimals;
	struct fe_str raw;
	struct fe_str kept;     /* "full", "masked", "none", "purged" */
	struct fe_str cells;    /* as load/reject.h; p NULL: there are none */
	struct fe_str closed_by, outcome; /* run, and what became of the record; p NULL: it is open */
	/* the object, as the manifest has it */
	int64_t object_id, object_size_bytes;
	struct fe_str object_modified, object_version;
};
typedef enum fe_rc (*fe_catalog_reject_fn)(void *ctx, const struct fe_catalog_reject *r,
                                           struct fe_err *err);
struct fe_catalog_reject_query {
	const char *run_id, *dataset, *reason; /* NULL: any; reason: one of its reasons, whole */
	const char *raw_has;                   /* NULL: any; the raw bytes have this text, any case */
	const char *pipeline;                  /* NULL: any */
	bool is_open;                          /* only those that no run has closed */
	bool in_order;                         /* over all runs in the order in which they were written */
	uint64_t limit;                        /* 0: all */
};
/* Those of the newest run first, of one run in the order in which they were written. FE_EUSAGE where the
 * warehouse was last written by a release that did not keep what is asked for. */
FE_MUST_USE enum fe_rc fe_catalog_rejects(struct fe_catalog *c,
                                          const struct fe_catalog_reject_query *q,
                                          fe_catalog_reject_fn each, void *ctx, struct fe_err *err);

/* Takes the records out of a data set's rejects of runs that began before; see load/record.h. Writes, so by a
 * connection of its own. */
FE_MUST_USE enum fe_rc fe_catalog_purge(const char *url, const struct fe_catalog_reject_query *of, int64_t before_us,
                                        int64_t wait_ms, uint64_t *n_purged, struct fe_err *err);

/* ---- one row ---- */

struct fe_catalog_cell {
	const char *name;    /* of the declared column or the stamp */
	struct fe_str value; /* canonical text; p == NULL: null */
};
struct fe_catalog_row {
	const struct fe_catalog_cell *cells; /* declared columns in order, then the stamps */
	size_t n_cells;
	struct fe_str run_id, object_path, object_sha256;
	int64_t object_id, record;
};
typedef enum fe_rc (*fe_catalog_row_fn)(void *ctx, const struct fe_catalog_row *row,
                                        struct fe_err *err);
/* The row of this key, each part as text in its canonical form; *found false where
 * there is none, or no such table yet. FE_EUSAGE where a part is not of its type. */
FE_MUST_USE enum fe_rc fe_catalog_find_row(struct fe_catalog *c, const struct fe_table *table,
                                           const char *const *key, size_t n_key, bool *found,
                                           fe_catalog_row_fn each, void *ctx, struct fe_err *err);

/* ---- the audit trail ---- */

/* Recomputes the hash chain of the run events and the hash of each audit row that it
 * seals. FE_ECONFLICT names the first record that does not agree. *n_events: how many
 * do; last_hash (FE_SHA256_HEX_BYTES) of the last one, to be kept outside. */
FE_MUST_USE enum fe_rc fe_catalog_verify_events(struct fe_catalog *c, uint64_t *n_events,
                                                char *last_hash, struct fe_err *err);

#endif
