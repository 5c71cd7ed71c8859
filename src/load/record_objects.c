// SPDX-License-Identifier: Apache-2.0
/* load/record_objects.c - the manifest: what a run read, and what earlier ones did of it */
#include "base/failpoint.h"
#include "load/record_private.h"

/* ---- of this run ---- */

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
add_object(struct fe_db *db, struct fe_stmt *st, const struct fe_run_end *end,
	   const struct fe_run_object *o, struct fe_err *err)
{
	char modified[FE_TIMESTAMP_TEXT_BYTES];
	struct fe_arena arena = { 0 };
	enum fe_rc rc;

	fe_stmt_bind_i64(st, 3, o->object_id);
	fe_stmt_bind_cstr(st, 4, o->dataset);
	fe_stmt_bind_text(st, 5, fe_record_text(db, fe_str_of(o->id->path), &arena));
	fe_record_bind_count(st, 6, o->id->size_bytes);
	if (o->id->mtime_us)
		fe_stmt_bind_text(st, 7, fe_record_time(o->id->mtime_us, modified));
	else
		fe_stmt_bind_null(st, 7);
	fe_record_bind_optional(st, 8, fe_str_of(o->id->sha256));
	fe_record_bind_count(st, 9, o->n_records);
	fe_stmt_bind_cstr(st, 10, object_outcome(end, o));
	fe_record_bind_optional(st, 11, fe_record_text(db, fe_str_of(o->id->version), &arena));
	fe_record_bind_optional(st, 12, fe_record_text(db, fe_str_of(o->etag), &arena));
	fe_record_bind_optional(st, 13, fe_record_text(db, fe_str_of(o->sequencer), &arena));
	rc = fe_record_insert(db, st, 1, "etl_objects", err);
	fe_arena_free(&arena);
	return rc;
}

enum fe_rc
fe_record_objects(struct fe_db *db, const struct fe_record_run *run, const struct fe_run_end *end,
		  struct fe_err *err)
{
	struct fe_stmt *st;
	enum fe_rc rc = FE_OK;
	size_t i;

	if (end->n_objects == 0)
		return FE_OK;
	FE_TRY(fe_db_prepare(db,
	                     FE_STR("INSERT INTO main.etl_objects (run_id, pipeline_name, "
	                            "object_id, dataset, path, size_bytes, modified_at, sha256, "
	                            "records, outcome, version, etag, sequencer) VALUES (?1, "
	                            "?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)"),
	                     &st, err));
	fe_stmt_bind_cstr(st, 1, run->run_id);
	fe_stmt_bind_cstr(st, 2, run->pipeline);
	for (i = 0; i < end->n_objects && rc == FE_OK; i++)
		rc = add_object(db, st, end, &end->objects[i], err);
	fe_stmt_free(st);
	return rc;
}

/* ---- objects of earlier runs ---- */

/* Only what was loaded last from the path counts: a file that is again what it once was
 * has changed since. One that was not read for this is known by its version. */
enum fe_rc
fe_record_object_known(struct fe_db *db, const char *pipeline, const char *dataset,
		       const struct fe_object_id *id, bool *known, struct fe_err *err)
{
	struct fe_arena arena = { 0 };
	struct fe_stmt *st;
	enum fe_rc rc;
	bool row;

	*known = false;
	FE_TRY(fe_db_prepare(db,
	                     FE_STR("SELECT CASE WHEN size_bytes = ?4 AND (sha256 = ?3 "
	                            "OR (?3 = '' AND version = ?6)) THEN 1 ELSE 0 END "
	                            "FROM main.etl_objects WHERE dataset = ?1 AND path = ?2 "
	                            "AND pipeline_name = ?5 AND outcome = 'loaded' "
	                            "ORDER BY object_id DESC LIMIT 1"),
	                     &st, err));
	fe_stmt_bind_cstr(st, 1, dataset);
	fe_stmt_bind_text(st, 2, fe_record_text(db, fe_str_of(id->path), &arena));
	fe_stmt_bind_cstr(st, 3, id->sha256);
	fe_record_bind_count(st, 4, id->size_bytes);
	fe_stmt_bind_cstr(st, 5, pipeline);
	fe_record_bind_optional(st, 6, fe_str_of(id->version));
	rc = fe_stmt_step(st, &row, err);
	*known = rc == FE_OK && row && fe_stmt_i64(st, 0) != 0;
	fe_stmt_free(st);
	fe_arena_free(&arena);
	return rc;
}

/* ---- one that has arrived ---- */

/* Whether this very version was loaded, be it long ago and followed by others. */
static enum fe_rc
was_loaded(struct fe_db *db, const char *pipeline, const struct fe_arrived_object *o, bool *found, struct fe_err *err)
{
	struct fe_arena arena = { 0 };
	struct fe_stmt *st;
	enum fe_rc rc;

	FE_TRY(fe_db_prepare(db,
	                     FE_STR("SELECT 1 FROM main.etl_objects WHERE dataset = ?1 AND path = ?2 AND pipeline_name = ?3 "
	                            "AND outcome = 'loaded' AND version = ?4 LIMIT 1"),
	                     &st, err));
	fe_stmt_bind_cstr(st, 1, o->dataset);
	fe_stmt_bind_text(st, 2, fe_record_text(db, fe_str_of(o->id->path), &arena));
	fe_stmt_bind_cstr(st, 3, pipeline);
	fe_stmt_bind_text(st, 4, fe_record_text(db, fe_str_of(o->id->version), &arena));
	rc = fe_stmt_step(st, found, err);
	fe_stmt_free(st);
	fe_arena_free(&arena);
	return rc;
}

/* Of the version loaded last: whether that one is later than o. The object's own store is the
 * best witness (o is not the current version, and that one is), then the sequencers, then times. */
static bool
is_later(struct fe_stmt *st, const struct fe_arrived_object *o)
{
	const struct fe_str version = fe_stmt_text(st, 0), sequencer = fe_stmt_text(st, 1);

	if (o->current_version && fe_str_is(version, o->current_version))
		return true;
	if (o->sequencer && sequencer.n)
		return fe_sequencer_compare(sequencer, fe_str_of(o->sequencer)) > 0;
	return fe_stmt_i64(st, 2) != 0;
}

enum fe_rc
fe_record_object_state(struct fe_db *db, const char *pipeline, const struct fe_arrived_object *o,
		       enum fe_object_state *out, struct fe_err *err)
{
	char modified[FE_TIMESTAMP_TEXT_BYTES];
	struct fe_arena arena = { 0 };
	struct fe_stmt *st;
	bool row = false;

	*out = FE_OBJECT_NEW;
	if (o->id->version)
		FE_TRY(was_loaded(db, pipeline, o, &row, err));
	if (row) {
		*out = FE_OBJECT_DONE;
		return FE_OK;
	}
	FE_TRY(fe_db_prepare(db,
	                     FE_STR("SELECT version, sequencer, CASE WHEN modified_at > ?4 THEN 1 ELSE 0 END "
	                            "FROM main.etl_objects WHERE dataset = ?1 AND path = ?2 AND pipeline_name = ?3 "
	                            "AND outcome = 'loaded' ORDER BY object_id DESC LIMIT 1"),
	                     &st, err));
	fe_stmt_bind_cstr(st, 1, o->dataset);
	fe_stmt_bind_text(st, 2, fe_record_text(db, fe_str_of(o->id->path), &arena));
	fe_stmt_bind_cstr(st, 3, pipeline);
	if (o->id->mtime_us)
		fe_stmt_bind_text(st, 4, fe_record_time(o->id->mtime_us, modified));
	else
		fe_stmt_bind_null(st, 4);
	enum fe_rc rc = fe_stmt_step(st, &row, err);
	if (rc == FE_OK && row && is_later(st, o))
		*out = FE_OBJECT_OLDER;
	fe_stmt_free(st);
	fe_arena_free(&arena);
	return rc;
}

/* Hexadecimal, and of any length: the shorter one is taken as if zeros stood behind it. Anything but a
 * digit counts as one that is greater than all, so that the order stays one. */
static unsigned
digit_at(struct fe_str s, size_t i)
{
	if (i >= s.n || s.p[i] == '0')
		return 0;
	const char c = s.p[i];
	return c >= '1' && c <= '9'   ? (unsigned)(c - '0')
	       : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
	       : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10
				      : 16u + (unsigned char)c;
}

int
fe_sequencer_compare(struct fe_str a, struct fe_str b)
{
	for (size_t i = 0; i < a.n || i < b.n; i++) {
		const unsigned x = digit_at(a, i), y = digit_at(b, i);
		if (x != y)
			return x < y ? -1 : 1;
	}
	return 0;
}
