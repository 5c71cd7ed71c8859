// SPDX-License-Identifier: Apache-2.0
/* load/catalog_objects.c - what a run read, see load/catalog.h */
#include "db/db.h"
#include "load/catalog_private.h"
#include "load/record.h"

static enum fe_rc
count_objects(struct fe_catalog *c, const char *run_id, uint64_t *n_all, struct fe_err *err)
{
	struct fe_stmt *st;
	enum fe_rc rc;
	bool row;

	FE_TRY(fe_db_prepare(c->db, FE_STR("SELECT count(*) FROM main.etl_objects WHERE run_id = ?1"), &st, err));
	fe_stmt_bind_cstr(st, 1, run_id);
	rc = fe_stmt_step(st, &row, err);
	if (rc == FE_OK)
		*n_all = row ? (uint64_t)fe_stmt_i64(st, 0) : 0;
	fe_stmt_free(st);
	return rc;
}

enum fe_rc
fe_catalog_objects(struct fe_catalog *c, const char *run_id, uint64_t limit, uint64_t *n_all,
		   fe_catalog_object_fn each, void *ctx, struct fe_err *err)
{
	struct fe_catalog_object o;
	struct fe_stmt *st;
	enum fe_rc rc;
	bool row;

	FE_TRY(count_objects(c, run_id, n_all, err));
	FE_TRY(fe_db_prepare(c->db,
	                     FE_STR("SELECT dataset, path, sha256, outcome, size_bytes, records, modified_at, version "
	                            "FROM main.etl_objects WHERE run_id = ?1 ORDER BY object_id LIMIT ?2"),
	                     &st, err));
	fe_stmt_bind_cstr(st, 1, run_id);
	fe_stmt_bind_i64(st, 2, limit < INT64_MAX ? (int64_t)limit : INT64_MAX);
	for (;;) {
		rc = fe_stmt_step(st, &row, err);
		if (rc || !row)
			break;
		o = (struct fe_catalog_object){
			.dataset = fe_stmt_text(st, 0),
			.path = fe_stmt_text(st, 1),
			.sha256 = fe_stmt_text(st, 2),
			.outcome = fe_stmt_text(st, 3),
			.size_bytes = fe_stmt_i64(st, 4),
			.records = fe_stmt_i64(st, 5),
			.modified_at = fe_stmt_text(st, 6),
			.version = fe_stmt_text(st, 7),
		};
		rc = each(ctx, &o, err);
		if (rc)
			break;
	}
	fe_stmt_free(st);
	return rc;
}

/* What the manifest knows an object by. */
struct object {
	const char *pipeline, *dataset, *path;
	struct fe_str etag;
};

/* ?1 data set, ?2 path, ?3 pipeline, ?4 etag. */
static enum fe_rc
ask_of(struct fe_catalog *c, struct fe_str sql, const struct object *of, struct fe_stmt **st, struct fe_err *err)
{
	FE_TRY(fe_db_prepare(c->db, sql, st, err));
	fe_stmt_bind_cstr(*st, 1, of->dataset);
	fe_stmt_bind_cstr(*st, 2, of->path);
	fe_stmt_bind_cstr(*st, 3, of->pipeline);
	fe_stmt_bind_text(*st, 4, of->etag);
	return FE_OK;
}

enum fe_rc
fe_catalog_object_done(struct fe_catalog *c, const char *pipeline, const char *dataset, const char *path, struct fe_str etag,
		       bool *done, struct fe_err *err)
{
	struct fe_stmt *st;
	enum fe_rc rc;
	bool row;

	*done = false;
	struct object of = { pipeline, dataset, path, etag };
	FE_TRY(ask_of(c, FE_STR("SELECT CASE WHEN coalesce(etag, version) = ?4 THEN 1 ELSE 0 END FROM main.etl_objects "
	                        "WHERE dataset = ?1 AND path = ?2 AND pipeline_name = ?3 AND outcome = 'loaded' "
	                        "ORDER BY object_id DESC LIMIT 1"),
	              &of, &st, err));
	rc = fe_stmt_step(st, &row, err);
	*done = rc == FE_OK && row && fe_stmt_i64(st, 0) != 0;
	fe_stmt_free(st);
	return rc;
}

enum fe_rc
fe_catalog_object_failures(struct fe_catalog *c, const char *pipeline, const char *dataset, const char *path, struct fe_str etag,
			   uint64_t *n_held, uint64_t *n_failed, struct fe_err *err)
{
	struct fe_stmt *st;
	enum fe_rc rc;
	bool row;

	*n_held = *n_failed = 0;
	struct object of = { pipeline, dataset, path, etag };
	FE_TRY(ask_of(c, FE_STR("SELECT count(CASE outcome WHEN 'held' THEN 1 END), count(CASE outcome WHEN 'failed' THEN 1 END) "
	                        "FROM main.etl_objects WHERE dataset = ?1 AND path = ?2 AND pipeline_name = ?3 "
	                        "AND coalesce(etag, version) = ?4"),
	              &of, &st, err));
	rc = fe_stmt_step(st, &row, err);
	if (rc == FE_OK && row) {
		*n_held = (uint64_t)fe_stmt_i64(st, 0);
		*n_failed = (uint64_t)fe_stmt_i64(st, 1);
	}
	fe_stmt_free(st);
	return rc;
}

enum fe_rc
fe_catalog_released(struct fe_catalog *c, const char *run_id, struct fe_buf *by, bool *found, struct fe_err *err)
{
	return fe_record_released(c->db, run_id, by, found, err);
}
