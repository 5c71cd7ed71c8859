// SPDX-License-Identifier: Apache-2.0
/* load/sqlite_rejects.c - the objects and rejects of a run, see load/sqlite_sink.h
 *
 * A reject is known by its pipeline, data set, object and record; one that an earlier
 * run has written down already stays as it is.
 *
 * An object is known by its hash. Where a run did not read it to its end, its path, size
 * and time stand for the hash, until a run that does puts it in their place.
 */
#include <inttypes.h>

#include "base/json.h"
#include "load/reject.h"
#include "load/sqlite_bind.h"
#include "load/sqlite_sink.h"

#define MAX_IDENTITY_BYTES (64u << 10)
#define MAX_REASONS_BYTES (4u << 20)

/* ---- objects ---- */

static bool
is_success(const struct fe_run_end *end)
{
	return strncmp(end->status, "success", 7) == 0;
}

static const char *
object_outcome(const struct fe_run_end *end, const struct fe_run_object *o)
{
	if (o->is_skipped)
		return "skipped";
	if (!is_success(end))
		return strcmp(end->status, "held") == 0 ? "held" : "failed";
	return o->is_whole ? "loaded" : "partial";
}

static enum fe_rc
add_object(struct fe_sqlite_sink *s, struct fe_stmt *st, const struct fe_run_end *end,
	   const struct fe_run_object *o, struct fe_err *err)
{
	char modified[FE_TIMESTAMP_TEXT_BYTES];

	fe_stmt_bind_i64(st, 1, o->object_id);
	fe_stmt_bind_cstr(st, 2, s->run_id);
	fe_stmt_bind_cstr(st, 3, s->pipeline);
	fe_stmt_bind_cstr(st, 4, o->dataset);
	fe_stmt_bind_cstr(st, 5, o->id->path ? o->id->path : "");
	fe_sqlite_bind_count(st, 6, o->id->size_bytes);
	if (o->id->mtime_us)
		fe_stmt_bind_text(st, 7, fe_sqlite_time_text(o->id->mtime_us, modified));
	else
		fe_stmt_bind_null(st, 7);
	fe_sqlite_bind_optional(st, 8, fe_str_of(o->id->sha256));
	fe_sqlite_bind_count(st, 9, o->n_records);
	fe_stmt_bind_cstr(st, 10, object_outcome(end, o));
	return fe_sqlite_insert(s, st, "etl_objects", err);
}

static enum fe_rc
add_objects(struct fe_sqlite_sink *s, const struct fe_run_end *end, struct fe_err *err)
{
	struct fe_stmt *st;
	enum fe_rc rc = FE_OK;
	size_t i;

	FE_TRY(fe_db_prepare(s->db,
	                     FE_STR("INSERT INTO main.etl_objects (object_id, run_id, "
	                            "pipeline_name, dataset, path, size_bytes, modified_at, "
	                            "sha256, records, outcome) VALUES (?1, ?2, ?3, ?4, ?5, ?6, "
	                            "?7, ?8, ?9, ?10)"),
	                     &st, err));
	for (i = 0; i < end->n_objects && rc == FE_OK; i++)
		rc = add_object(s, st, end, &end->objects[i], err);
	fe_stmt_free(st);
	return rc;
}

/* ---- what an object is known by ---- */

/* Without a time nothing tells whether it is the same the next time it is met. */
static void
print_unread(struct fe_buf *out, const struct fe_sqlite_sink *s, const struct fe_object_id *id)
{
	const char *path = id->path ? id->path : "";

	fe_buf_clear(out);
	if (id->mtime_us)
		fe_buf_addf(out, "%s:%" PRIu64 ":%" PRId64, path, id->size_bytes, id->mtime_us);
	else
		fe_buf_addf(out, "%s:%s", path, s->run_id);
}

/* The hash that another run found, the object having the same path, size and time. */
static enum fe_rc
find_hash(struct fe_sqlite_sink *s, const struct fe_run_object *o, struct fe_buf *out, bool *found,
	  struct fe_err *err)
{
	char modified[FE_TIMESTAMP_TEXT_BYTES];
	struct fe_stmt *st;
	enum fe_rc rc;

	FE_TRY(fe_db_prepare(s->db,
	                     FE_STR("SELECT sha256 FROM main.etl_objects WHERE dataset = ?1 AND "
	                            "path = ?2 AND size_bytes = ?3 AND modified_at = ?4 AND "
	                            "sha256 IS NOT NULL LIMIT 1"),
	                     &st, err));
	fe_stmt_bind_cstr(st, 1, o->dataset);
	fe_stmt_bind_cstr(st, 2, o->id->path);
	fe_sqlite_bind_count(st, 3, o->id->size_bytes);
	fe_stmt_bind_text(st, 4, fe_sqlite_time_text(o->id->mtime_us, modified));
	rc = fe_stmt_step(st, found, err);
	if (rc == FE_OK && *found) {
		fe_buf_clear(out);
		fe_buf_add_str(out, fe_stmt_text(st, 0));
	}
	fe_stmt_free(st);
	return rc;
}

static enum fe_rc
print_identity(struct fe_buf *out, struct fe_sqlite_sink *s, const struct fe_run_object *o,
	       struct fe_err *err)
{
	bool found = false;

	fe_buf_clear(out);
	if (o->id->sha256[0])
		fe_buf_add_text(out, o->id->sha256);
	else if (o->id->mtime_us)
		FE_TRY(find_hash(s, o, out, &found, err));
	if (!o->id->sha256[0] && !found)
		print_unread(out, s, o->id);
	return fe_buf_check(out, "the identity of an object", err);
}

/* Rejects of runs that did not come to an object's end, now that its hash is known. */
static enum fe_rc
name_rejects_by_hash(struct fe_sqlite_sink *s, const struct fe_run_end *end, struct fe_err *err)
{
	struct fe_buf unread;
	struct fe_stmt *st;
	enum fe_rc rc = FE_OK;
	size_t i;

	FE_TRY(fe_db_prepare(s->db,
	                     FE_STR("UPDATE OR IGNORE main.etl_rejects SET object_sha256 = ?4 "
	                            "WHERE pipeline_name = ?1 AND dataset = ?2 "
	                            "AND object_sha256 = ?3"),
	                     &st, err));
	fe_buf_init(&unread, MAX_IDENTITY_BYTES);
	for (i = 0; i < end->n_objects && rc == FE_OK; i++) {
		const struct fe_run_object *o = &end->objects[i];

		if (!o->id->sha256[0] || !o->id->mtime_us)
			continue;
		print_unread(&unread, s, o->id);
		rc = fe_buf_check(&unread, "the identity of an object", err);
		if (rc)
			break;
		fe_stmt_bind_cstr(st, 1, s->pipeline);
		fe_stmt_bind_cstr(st, 2, o->dataset);
		fe_stmt_bind_text(st, 3, fe_buf_str(&unread));
		fe_stmt_bind_cstr(st, 4, o->id->sha256);
		rc = fe_stmt_run(st, err);
	}
	fe_stmt_free(st);
	fe_buf_reset(&unread);
	return rc;
}

/* ---- rejects ---- */

/* "a;b" -> ["a","b"] */
static void
print_reasons(struct fe_buf *out, struct fe_str reasons)
{
	struct fe_json j;
	size_t i, start = 0;

	fe_buf_clear(out);
	fe_json_init(&j, out, 0);
	fe_json_array(&j, NULL);
	for (i = 0; i <= reasons.n; i++) {
		if (i < reasons.n && reasons.p[i] != ';')
			continue;
		if (i > start)
			fe_json_str(&j, NULL, (struct fe_str){ reasons.p + start, i - start });
		start = i + 1;
	}
	fe_json_array_end(&j);
}

struct reject_writer {
	struct fe_sqlite_sink *sink;
	struct fe_stmt *st, *find;
	struct fe_buf reasons, identity;
	size_t identity_of; /* the object whose identity it is */
};

/* A reject that was not inserted must be there already: none vanishes. */
static enum fe_rc
find_reject(struct reject_writer *w, const char *dataset, uint64_t record, struct fe_err *err)
{
	bool found;

	fe_stmt_bind_cstr(w->find, 2, dataset);
	fe_stmt_bind_text(w->find, 3, fe_buf_str(&w->identity));
	fe_sqlite_bind_count(w->find, 4, record);
	FE_TRY(fe_stmt_step(w->find, &found, err));
	fe_stmt_reset(w->find);
	if (found)
		return FE_OK;
	return fe_fail(err, FE_ECONFLICT,
	               "a row was written to etl_rejects and is not there; drop the trigger that "
	               "ignores it");
}

static enum fe_rc
add_reject(struct reject_writer *w, const struct fe_run_end *end, const struct fe_reject *r,
	   struct fe_err *err)
{
	const struct fe_run_object *o;

	if (r->object >= end->n_objects || r->dataset >= end->n_datasets)
		return fe_fail(err, FE_EBUG, "a reject of object %u, data set %u, which are not there",
		               r->object, r->dataset);
	o = &end->objects[r->object];
	if (w->identity_of != r->object) {
		FE_TRY(print_identity(&w->identity, w->sink, o, err));
		w->identity_of = r->object;
	}
	print_reasons(&w->reasons, r->reasons);
	FE_TRY(fe_buf_check(&w->reasons, "the reasons of a reject", err));
	fe_stmt_bind_cstr(w->st, 3, end->datasets[r->dataset]);
	fe_stmt_bind_i64(w->st, 4, o->object_id);
	fe_stmt_bind_text(w->st, 5, fe_buf_str(&w->identity));
	fe_sqlite_bind_count(w->st, 6, r->record);
	fe_sqlite_bind_count(w->st, 7, r->offset);
	fe_stmt_bind_cstr(w->st, 8, fe_verdict_name(r->verdict));
	fe_stmt_bind_text(w->st, 9, fe_buf_str(&w->reasons));
	fe_sqlite_bind_optional(w->st, 10, r->detail);
	fe_sqlite_bind_optional(w->st, 11, r->decimals);
	fe_stmt_bind_blob(w->st, 12, r->raw);
	FE_TRY(fe_stmt_run(w->st, err));
	if (fe_db_changes(w->sink->db) == 1)
		return FE_OK;
	return find_reject(w, end->datasets[r->dataset], r->record, err);
}

static enum fe_rc
add_all_rejects(struct reject_writer *w, const struct fe_run_end *end, struct fe_err *err)
{
	struct fe_reject r;
	bool more;

	FE_TRY(fe_spool_rewind(end->rejects, err));
	for (;;) {
		FE_TRY(fe_reject_next(end->rejects, &r, &more, err));
		if (!more)
			return FE_OK;
		FE_TRY(add_reject(w, end, &r, err));
	}
}

enum fe_rc
fe_sqlite_record_rejects(struct fe_sqlite_sink *s, const struct fe_run_end *end, struct fe_err *err)
{
	struct reject_writer w = { .sink = s, .identity_of = SIZE_MAX };
	enum fe_rc rc;

	FE_TRY(name_rejects_by_hash(s, end, err));
	FE_TRY(add_objects(s, end, err));
	if (!end->rejects)
		return FE_OK;
	FE_TRY(fe_db_prepare(s->db,
	                     FE_STR("INSERT INTO main.etl_rejects (run_id, pipeline_name, dataset, "
	                            "object_id, object_sha256, record, byte_offset, verdict, "
	                            "reasons, detail, decimals, raw) VALUES (?1, ?2, ?3, ?4, ?5, "
	                            "?6, ?7, ?8, ?9, ?10, ?11, ?12) "
	                            "ON CONFLICT (pipeline_name, dataset, object_sha256, record) "
	                            "DO NOTHING"),
	                     &w.st, err));
	rc = fe_db_prepare(s->db,
	                   FE_STR("SELECT 1 FROM main.etl_rejects WHERE pipeline_name = ?1 AND "
	                          "dataset = ?2 AND object_sha256 = ?3 AND record = ?4"),
	                   &w.find, err);
	if (rc) {
		fe_stmt_free(w.st);
		return rc;
	}
	fe_buf_init(&w.reasons, MAX_REASONS_BYTES);
	fe_buf_init(&w.identity, MAX_IDENTITY_BYTES);
	fe_stmt_bind_cstr(w.st, 1, s->run_id);
	fe_stmt_bind_cstr(w.st, 2, s->pipeline);
	fe_stmt_bind_cstr(w.find, 1, s->pipeline);
	rc = add_all_rejects(&w, end, err);
	fe_stmt_free(w.st);
	fe_stmt_free(w.find);
	fe_buf_reset(&w.reasons);
	fe_buf_reset(&w.identity);
	return rc;
}
