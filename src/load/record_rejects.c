// SPDX-License-Identifier: Apache-2.0
/* load/record_rejects.c - the rejects of a run, see load/record.h
 *
 * A reject is known by its pipeline, data set, object and record; one that an earlier
 * run has written down already stays as it is, be it open or closed because its key was loaded;
 * one that was closed because the record passed, and is rejected again, is written down anew. An object is known by its hash, or, where
 * no run has read it to its end, by its path, size, time and version; as nothing that is written
 * is changed, it is looked for by both.
 *
 * Rejects come in the order of their records. So those that are there already are read
 * beside them, a page at a time, and the others go in by the chunk: a round trip to a server
 * for each would take longer than the load. In another order it would be slow, not wrong.
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
#define PAGE_RECORDS 4096

/* The records first .. last of an object that are written down under one identity. */
struct window {
	struct fe_buf identity;
	int64_t first, last; /* first > last: none was looked at yet */
	int64_t records[PAGE_RECORDS]; /* ascending */
	size_t n;
};

struct writer {
	struct fe_db *db;
	const struct fe_record_run *run;
	const struct fe_run_end *end;
	/* the chunk: rejects of one object and data set */
	struct fe_reject rows[CHUNK_ROWS];
	size_t n;
	struct fe_arena arena;      /* its texts */
	/* what the object is known by, and was where no run had come to its end */
	size_t object, dataset;
	struct window known, unread;
	struct fe_buf reasons;      /* being printed */
	struct fe_stmt *find, *insert;
	size_t n_insert;            /* rows of the insert as prepared */
};

/* Without a time nothing tells whether it is the same the next time it is met. A path may be
 * longer than what PostgreSQL takes into an index: then a hash of all stands for it. */
void
fe_record_unread_identity(const struct fe_db *db, const char *run_id, const struct fe_object_id *id, struct fe_buf *out)
{
	char hex[FE_SHA256_HEX_BYTES];
	struct fe_arena arena = { 0 };
	struct fe_str path = fe_record_text(db, fe_str_of(id->path), &arena);

	fe_buf_add_str(out, path);
	if (id->mtime_us)
		fe_buf_addf(out, ":%" PRIu64 ":%" PRId64, id->size_bytes, id->mtime_us);
	else
		fe_buf_addf(out, ":%s", run_id);
	if (id->version)
		fe_buf_addf(out, ":%s", id->version);
	fe_arena_free(&arena);
	if (out->n_bytes > FE_RECORD_MAX_INDEXED_BYTES) {
		fe_sha256_of(fe_buf_str(out), hex);
		fe_buf_clear(out);
		fe_buf_addf(out, "sha256:%s", hex);
	}
}

/* The hash that another run found, the object having the same path, size, time and version. */
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
	                            "version IS NOT DISTINCT FROM ?5 AND sha256 IS NOT NULL LIMIT 1"),
	                     &st, err));
	fe_stmt_bind_cstr(st, 1, o->dataset);
	fe_stmt_bind_text(st, 2, fe_record_text(w->db, fe_str_of(o->id->path), &arena));
	fe_record_bind_count(st, 3, o->id->size_bytes);
	fe_stmt_bind_text(st, 4, fe_record_time(o->id->mtime_us, modified));
	fe_record_bind_optional(st, 5, fe_record_text(w->db, fe_str_of(o->id->version), &arena));
	rc = fe_stmt_step(st, found, err);
	if (rc == FE_OK && *found)
		fe_buf_add_str(&w->known.identity, fe_stmt_text(st, 0));
	fe_stmt_free(st);
	fe_arena_free(&arena);
	return rc;
}

static void
window_start(struct window *v)
{
	fe_buf_clear(&v->identity);
	v->first = 1;
	v->last = 0;
}

/* Turns to the object and data set of a reject. */
static enum fe_rc
turn_to(struct writer *w, const struct fe_reject *r, struct fe_err *err)
{
	const struct fe_run_object *o = &w->end->objects[r->object];
	bool found = false;

	w->object = r->object;
	w->dataset = r->dataset;
	window_start(&w->known);
	window_start(&w->unread);
	fe_record_unread_identity(w->db, w->run->run_id, o->id, &w->unread.identity);
	if (o->id->sha256[0])
		fe_buf_add_text(&w->known.identity, o->id->sha256);
	else if (o->id->mtime_us)
		FE_TRY(find_hash(w, o, &found, err));
	if (w->known.identity.n_bytes == 0)
		fe_buf_add_str(&w->known.identity, fe_buf_str(&w->unread.identity));
	FE_TRY(fe_buf_check(&w->unread.identity, "the identity of an object", err));
	return fe_buf_check(&w->known.identity, "the identity of an object", err);
}

/* Both statements start with pipeline, data set and identity. */
static void
bind_object(struct writer *w, struct fe_stmt *st, const struct window *v)
{
	fe_stmt_bind_cstr(st, 1, w->run->pipeline);
	fe_stmt_bind_cstr(st, 2, w->end->datasets[w->dataset]);
	fe_stmt_bind_text(st, 3, fe_buf_str(&v->identity));
}

/* A page of what is written down, from this record on. */
static enum fe_rc
window_read(struct writer *w, struct window *v, int64_t first, struct fe_err *err)
{
	bool row;

	bind_object(w, w->find, v);
	fe_stmt_bind_i64(w->find, 4, first);
	fe_stmt_bind_i64(w->find, 5, PAGE_RECORDS);
	v->n = 0;
	for (;;) {
		FE_TRY(fe_stmt_step(w->find, &row, err));
		if (!row)
			break;
		FE_ASSERT(v->n < PAGE_RECORDS);
		v->records[v->n++] = fe_stmt_i64(w->find, 0);
	}
	v->first = first;
	v->last = v->n == PAGE_RECORDS ? v->records[v->n - 1] : INT64_MAX;
	return FE_OK;
}

static enum fe_rc
window_has(struct writer *w, struct window *v, uint64_t record, bool *has, struct fe_err *err)
{
	int64_t wanted = (int64_t)record;
	size_t low = 0, high;

	FE_ASSERT(record <= INT64_MAX);
	if (wanted < v->first || wanted > v->last)
		FE_TRY(window_read(w, v, wanted, err));
	for (high = v->n; low < high;) {
		size_t mid = low + (high - low) / 2;

		if (v->records[mid] < wanted)
			low = mid + 1;
		else
			high = mid;
	}
	*has = low < v->n && v->records[low] == wanted;
	return FE_OK;
}

/* Whether an earlier run, or an object of the same content, has written it down. */
static enum fe_rc
is_known(struct writer *w, const struct fe_reject *r, bool *known, struct fe_err *err)
{
	FE_TRY(window_has(w, &w->known, r->record, known, err));
	if (*known || fe_str_eq(fe_buf_str(&w->known.identity), fe_buf_str(&w->unread.identity)))
		return FE_OK;
	return window_has(w, &w->unread, r->record, known, err);
}

#define N_SHARED 5 /* pipeline, data set, identity, run, object */
#define N_OWN 10   /* of each row */

static enum fe_rc
prepare_insert(struct writer *w, struct fe_err *err)
{
	struct fe_buf sql;
	enum fe_rc rc;
	size_t i, k;

	if (w->n_insert == w->n)
		return FE_OK;
	fe_stmt_free(w->insert);
	w->insert = NULL;
	w->n_insert = 0;
	fe_buf_init(&sql, MAX_SQL_BYTES);
	fe_buf_add_text(&sql, "INSERT INTO main.etl_rejects (pipeline_name, dataset, object_sha256, "
	                      "run_id, object_id, record, byte_offset, verdict, reasons, detail, "
	                      "decimals, raw, cells, record_key, raw_kept) VALUES ");
	for (i = 0; i < w->n; i++) {
		fe_buf_add_text(&sql, i > 0 ? ", (?1, ?2, ?3, ?4, ?5" : "(?1, ?2, ?3, ?4, ?5");
		for (k = 1; k <= N_OWN; k++)
			fe_buf_addf(&sql, ", ?%zu", N_SHARED + i * N_OWN + k);
		fe_buf_add_char(&sql, ')');
	}
	rc = fe_buf_check(&sql, "the statement", err);
	if (rc == FE_OK)
		rc = fe_db_prepare(w->db, fe_buf_str(&sql), &w->insert, err);
	fe_buf_reset(&sql);
	if (rc == FE_OK)
		w->n_insert = w->n;
	return rc;
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
	fe_record_bind_optional(st, first + 7, r->cells);
	fe_record_bind_optional(st, first + 8, r->key);
	fe_stmt_bind_cstr(st, first + 9, fe_reject_raw_name(r->kept));
}

static enum fe_rc
flush(struct writer *w, struct fe_err *err)
{
	size_t i;

	if (w->n == 0)
		return FE_OK;
	FE_TRY(prepare_insert(w, err));
	bind_object(w, w->insert, &w->known);
	fe_stmt_bind_cstr(w->insert, 4, w->run->run_id);
	fe_stmt_bind_i64(w->insert, 5, w->end->objects[w->object].object_id);
	for (i = 0; i < w->n; i++)
		bind_row(w, &w->rows[i], (int)(N_SHARED + i * N_OWN) + 1);
	FE_TRY(fe_record_insert(w->db, w->insert, (int64_t)w->n, "etl_rejects", err));
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
keep_row(struct writer *w, const struct fe_reject *r, struct fe_err *err)
{
	struct fe_reject *own = &w->rows[w->n];

	print_reasons(&w->reasons, r->reasons);
	FE_TRY(fe_buf_check(&w->reasons, "the reasons of a reject", err));
	*own = *r;
	own->reasons = keep(w, fe_buf_str(&w->reasons));
	own->detail = keep(w, fe_record_text(w->db, r->detail, &w->arena));
	own->decimals = keep(w, r->decimals);
	own->raw = keep(w, r->raw);
	own->cells = keep(w, r->cells);
	own->key = keep(w, r->key);
	w->n++;
	return FE_OK;
}

static enum fe_rc
add_reject(struct writer *w, const struct fe_reject *r, struct fe_err *err)
{
	bool known;

	if (r->object >= w->end->n_objects || r->dataset >= w->end->n_datasets)
		return fe_fail(err, FE_EBUG, "a reject of object %u, data set %u, which are not there",
		               r->object, r->dataset);
	if (w->object != r->object || w->dataset != r->dataset) {
		FE_TRY(flush(w, err));
		FE_TRY(turn_to(w, r, err));
	}
	FE_TRY(is_known(w, r, &known, err));
	if (known)
		return FE_OK;
	FE_TRY(keep_row(w, r, err));
	return w->n == CHUNK_ROWS || w->arena.used_bytes >= CHUNK_BYTES ? flush(w, err) : FE_OK;
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
	w->object = SIZE_MAX;
	fe_buf_init(&w->known.identity, MAX_IDENTITY_BYTES);
	fe_buf_init(&w->unread.identity, MAX_IDENTITY_BYTES);
	fe_buf_init(&w->reasons, MAX_REASONS_BYTES);
	rc = fe_db_prepare(db,
	                   FE_STR("SELECT r.record FROM main.etl_rejects AS r WHERE r.pipeline_name = ?1 "
	                          "AND r.dataset = ?2 AND r.object_sha256 = ?3 AND r.record >= ?4 "
	                          "AND NOT EXISTS (SELECT 1 FROM main.etl_reject_closures AS c "
	                          "WHERE c.reject_id = r.reject_id AND c.outcome IN ('passed', 'filtered')) "
	                          "ORDER BY r.record LIMIT ?5"),
	                   &w->find, err);
	if (rc == FE_OK)
		rc = add_all(w, err);
	fe_stmt_free(w->find);
	fe_stmt_free(w->insert);
	fe_buf_reset(&w->known.identity);
	fe_buf_reset(&w->unread.identity);
	fe_buf_reset(&w->reasons);
	fe_arena_free(&w->arena);
	fe_free(w);
	return rc;
}
