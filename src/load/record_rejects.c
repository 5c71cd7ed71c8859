// SPDX-License-Identifier: Apache-2.0
/* load/record_rejects.c - the objects and rejects of a run, see load/record.h
 *
 * A reject is known by its pipeline, data set, object and record; one that an earlier
 * run has written down already stays as it is. An object is known by its hash, or, where
 * no run has read it to its end, by its path, size and time; as nothing that is written
 * is changed, it is looked for by both.
 *
 * Rejects go in by the chunk: one question which of them are there, one insert of the
 * others; a round trip to a server for each would take longer than the load.
 */
#include <inttypes.h>

#include "base/json.h"
#include "load/record_private.h"
#include "load/reject.h"

#define MAX_IDENTITY_BYTES (64u << 10)
#define MAX_REASONS_BYTES (4u << 20)
#define MAX_SQL_BYTES (64u << 10)
#define CHUNK_ROWS 128
#define CHUNK_BYTES (1u << 20)

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
	                            "records, outcome) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, "
	                            "?9, ?10)"),
	                     &st, err));
	fe_stmt_bind_cstr(st, 1, run->run_id);
	fe_stmt_bind_cstr(st, 2, run->pipeline);
	for (i = 0; i < end->n_objects && rc == FE_OK; i++)
		rc = add_object(db, st, end, &end->objects[i], err);
	fe_stmt_free(st);
	return rc;
}

/* ---- rejects ---- */

struct writer {
	struct fe_db *db;
	const struct fe_record_run *run;
	const struct fe_run_end *end;
	/* the chunk: rejects of one object and data set */
	struct fe_reject rows[CHUNK_ROWS];
	bool is_known[CHUNK_ROWS];
	size_t n;
	struct fe_arena arena;      /* its texts */
	/* what its object is known by; the second, where no run had come to its end */
	size_t identity_of;
	struct fe_buf identity, unread;
	bool has_earlier;           /* it has rejects that were there before its first chunk */
	struct fe_buf reasons;      /* being printed */
	struct fe_stmt *find, *insert;
	size_t n_insert;            /* rows of the insert as prepared */
};

/* Without a time nothing tells whether it is the same the next time it is met. */
static void
print_unread(struct writer *w, const struct fe_object_id *id)
{
	struct fe_arena arena = { 0 };
	struct fe_str path = fe_record_text(w->db, fe_str_of(id->path), &arena);

	fe_buf_clear(&w->unread);
	fe_buf_add_str(&w->unread, path);
	if (id->mtime_us)
		fe_buf_addf(&w->unread, ":%" PRIu64 ":%" PRId64, id->size_bytes, id->mtime_us);
	else
		fe_buf_addf(&w->unread, ":%s", w->run->run_id);
	fe_arena_free(&arena);
}

/* The hash that another run found, the object having the same path, size and time. */
static enum fe_rc
find_hash(struct writer *w, const struct fe_run_object *o, bool *found, struct fe_err *err)
{
	char modified[FE_TIMESTAMP_TEXT_BYTES];
	struct fe_arena arena = { 0 };
	struct fe_stmt *st;
	enum fe_rc rc;

	FE_TRY(fe_db_prepare(w->db,
	                     FE_STR("SELECT sha256 FROM main.etl_objects WHERE dataset = ?1 AND "
	                            "path = ?2 AND size_bytes = ?3 AND modified_at = ?4 AND "
	                            "sha256 IS NOT NULL LIMIT 1"),
	                     &st, err));
	fe_stmt_bind_cstr(st, 1, o->dataset);
	fe_stmt_bind_text(st, 2, fe_record_text(w->db, fe_str_of(o->id->path), &arena));
	fe_record_bind_count(st, 3, o->id->size_bytes);
	fe_stmt_bind_text(st, 4, fe_record_time(o->id->mtime_us, modified));
	rc = fe_stmt_step(st, found, err);
	if (rc == FE_OK && *found)
		fe_buf_add_str(&w->identity, fe_stmt_text(st, 0));
	fe_stmt_free(st);
	fe_arena_free(&arena);
	return rc;
}

/* The statements start with pipeline, data set and identity. */
static void
bind_object(struct writer *w, struct fe_stmt *st)
{
	fe_stmt_bind_cstr(st, 1, w->run->pipeline);
	fe_stmt_bind_cstr(st, 2, w->end->datasets[w->rows[0].dataset]);
	fe_stmt_bind_text(st, 3, fe_buf_str(&w->identity));
}

/* Mostly an object is new, and then no chunk has to ask. */
static enum fe_rc
find_earlier(struct writer *w, struct fe_err *err)
{
	struct fe_stmt *st;
	enum fe_rc rc;

	FE_TRY(fe_db_prepare(w->db,
	                     FE_STR("SELECT 1 FROM main.etl_rejects WHERE pipeline_name = ?1 AND "
	                            "dataset = ?2 AND object_sha256 IN (?3, ?4) LIMIT 1"),
	                     &st, err));
	bind_object(w, st);
	fe_stmt_bind_text(st, 4, fe_buf_str(&w->unread));
	rc = fe_stmt_step(st, &w->has_earlier, err);
	fe_stmt_free(st);
	return rc;
}

static enum fe_rc
identify(struct writer *w, size_t object, struct fe_err *err)
{
	const struct fe_run_object *o = &w->end->objects[object];
	bool found = false;

	if (w->identity_of == object)
		return FE_OK;
	fe_buf_clear(&w->identity);
	print_unread(w, o->id);
	if (o->id->sha256[0])
		fe_buf_add_text(&w->identity, o->id->sha256);
	else if (o->id->mtime_us)
		FE_TRY(find_hash(w, o, &found, err));
	if (w->identity.n_bytes == 0)
		fe_buf_add_str(&w->identity, fe_buf_str(&w->unread));
	w->identity_of = object;
	FE_TRY(fe_buf_check(&w->unread, "the identity of an object", err));
	FE_TRY(fe_buf_check(&w->identity, "the identity of an object", err));
	return find_earlier(w, err);
}

static enum fe_rc
prepare(struct writer *w, struct fe_buf *sql, struct fe_stmt **out, struct fe_err *err)
{
	enum fe_rc rc = fe_buf_check(sql, "the statement", err);

	if (rc == FE_OK)
		rc = fe_db_prepare(w->db, fe_buf_str(sql), out, err);
	fe_buf_reset(sql);
	return rc;
}

/* By a range, which an index serves however little is known of the table's content. */
static enum fe_rc
prepare_find(struct writer *w, struct fe_err *err)
{
	if (w->find)
		return FE_OK;
	return fe_db_prepare(w->db,
	                     FE_STR("SELECT record FROM main.etl_rejects WHERE pipeline_name = ?1 "
	                            "AND dataset = ?2 AND object_sha256 IN (?3, ?4) "
	                            "AND record BETWEEN ?5 AND ?6"),
	                     &w->find, err);
}

static void
mark(struct writer *w, int64_t record)
{
	size_t i;

	for (i = 0; i < w->n; i++)
		w->is_known[i] |= w->rows[i].record == (uint64_t)record;
}

/* Which of the chunk an earlier run, or an object of the same content, has written down. */
static enum fe_rc
mark_known(struct writer *w, struct fe_err *err)
{
	uint64_t first = UINT64_MAX, last = 0;
	bool row;
	size_t i;

	memset(w->is_known, 0, sizeof(w->is_known));
	if (!w->has_earlier)
		return FE_OK;
	for (i = 0; i < w->n; i++) {
		first = w->rows[i].record < first ? w->rows[i].record : first;
		last = w->rows[i].record > last ? w->rows[i].record : last;
	}
	FE_TRY(prepare_find(w, err));
	bind_object(w, w->find);
	fe_stmt_bind_text(w->find, 4, fe_buf_str(&w->unread));
	fe_record_bind_count(w->find, 5, first);
	fe_record_bind_count(w->find, 6, last);
	for (;;) {
		FE_TRY(fe_stmt_step(w->find, &row, err));
		if (!row)
			return FE_OK;
		mark(w, fe_stmt_i64(w->find, 0));
	}
}

#define N_SHARED 5 /* pipeline, data set, identity, run, object */
#define N_OWN 7    /* of each row */

static enum fe_rc
prepare_insert(struct writer *w, size_t n, struct fe_err *err)
{
	struct fe_buf sql;
	size_t i, k;

	if (w->insert && w->n_insert == n)
		return FE_OK;
	fe_stmt_free(w->insert);
	w->insert = NULL;
	w->n_insert = n;
	fe_buf_init(&sql, MAX_SQL_BYTES);
	fe_buf_add_text(&sql, "INSERT INTO main.etl_rejects (pipeline_name, dataset, object_sha256, "
	                      "run_id, object_id, record, byte_offset, verdict, reasons, detail, "
	                      "decimals, raw) VALUES ");
	for (i = 0; i < n; i++) {
		fe_buf_add_text(&sql, i > 0 ? ", (?1, ?2, ?3, ?4, ?5" : "(?1, ?2, ?3, ?4, ?5");
		for (k = 1; k <= N_OWN; k++)
			fe_buf_addf(&sql, ", ?%zu", N_SHARED + i * N_OWN + k);
		fe_buf_add_char(&sql, ')');
	}
	return prepare(w, &sql, &w->insert, err);
}

static void
bind_row(struct writer *w, const struct fe_reject *r, int first)
{
	struct fe_stmt *st = w->insert;

	fe_record_bind_count(st, first, r->record);
	fe_record_bind_count(st, first + 1, r->offset);
	fe_stmt_bind_cstr(st, first + 2, fe_verdict_name(r->verdict));
	fe_stmt_bind_text(st, first + 3, r->reasons);
	fe_record_bind_optional(st, first + 4, r->detail);
	fe_record_bind_optional(st, first + 5, r->decimals);
	fe_stmt_bind_blob(st, first + 6, r->raw);
}

static enum fe_rc
insert_unknown(struct writer *w, struct fe_err *err)
{
	size_t i, n = 0;
	int at = N_SHARED + 1;

	for (i = 0; i < w->n; i++)
		n += !w->is_known[i];
	if (n == 0)
		return FE_OK;
	FE_TRY(prepare_insert(w, n, err));
	bind_object(w, w->insert);
	fe_stmt_bind_cstr(w->insert, 4, w->run->run_id);
	fe_stmt_bind_i64(w->insert, 5, w->end->objects[w->rows[0].object].object_id);
	for (i = 0; i < w->n; i++) {
		if (w->is_known[i])
			continue;
		bind_row(w, &w->rows[i], at);
		at += N_OWN;
	}
	return fe_record_insert(w->db, w->insert, (int64_t)n, "etl_rejects", err);
}

static enum fe_rc
flush(struct writer *w, struct fe_err *err)
{
	if (w->n == 0)
		return FE_OK;
	FE_TRY(identify(w, w->rows[0].object, err));
	FE_TRY(mark_known(w, err));
	FE_TRY(insert_unknown(w, err));
	w->n = 0;
	fe_arena_reset(&w->arena);
	return FE_OK;
}

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

static struct fe_str
keep(struct writer *w, struct fe_str v)
{
	return (struct fe_str){ v.n ? fe_arena_copy(&w->arena, v.p, v.n) : "", v.n };
}

static enum fe_rc
add_reject(struct writer *w, const struct fe_reject *r, struct fe_err *err)
{
	struct fe_reject *own;

	if (r->object >= w->end->n_objects || r->dataset >= w->end->n_datasets)
		return fe_fail(err, FE_EBUG, "a reject of object %u, data set %u, which are not there",
		               r->object, r->dataset);
	if (w->n == CHUNK_ROWS || w->arena.used_bytes >= CHUNK_BYTES ||
	    (w->n > 0 && (w->rows[0].object != r->object || w->rows[0].dataset != r->dataset)))
		FE_TRY(flush(w, err));
	print_reasons(&w->reasons, r->reasons);
	FE_TRY(fe_buf_check(&w->reasons, "the reasons of a reject", err));
	own = &w->rows[w->n++];
	*own = *r;
	own->reasons = keep(w, fe_buf_str(&w->reasons));
	own->detail = keep(w, fe_record_text(w->db, r->detail, &w->arena));
	own->decimals = keep(w, r->decimals);
	own->raw = keep(w, r->raw);
	return FE_OK;
}

static enum fe_rc
add_all(struct writer *w, struct fe_err *err)
{
	struct fe_reject r;
	bool more;

	FE_TRY(fe_spool_rewind(w->end->rejects, err));
	for (;;) {
		FE_TRY(fe_reject_next(w->end->rejects, &r, &more, err));
		if (!more)
			return flush(w, err);
		FE_TRY(add_reject(w, &r, err));
	}
}

enum fe_rc
fe_record_rejects(struct fe_db *db, const struct fe_record_run *run, const struct fe_run_end *end,
		  struct fe_err *err)
{
	struct writer *w;
	enum fe_rc rc;

	if (!end->rejects)
		return FE_OK;
	w = fe_new(struct writer);
	w->db = db;
	w->run = run;
	w->end = end;
	w->identity_of = SIZE_MAX;
	fe_buf_init(&w->identity, MAX_IDENTITY_BYTES);
	fe_buf_init(&w->unread, MAX_IDENTITY_BYTES);
	fe_buf_init(&w->reasons, MAX_REASONS_BYTES);
	rc = add_all(w, err);
	fe_stmt_free(w->find);
	fe_stmt_free(w->insert);
	fe_buf_reset(&w->identity);
	fe_buf_reset(&w->unread);
	fe_buf_reset(&w->reasons);
	fe_arena_free(&w->arena);
	fe_free(w);
	return rc;
}
