// SPDX-License-Identifier: Apache-2.0
/* load/record.c - the events and the audit row of a run, see load/record.h
 *
 * Each event carries the hash of the one before it (load/chain.h); the event of an
 * ending also that of its audit row, so that neither can be changed alone.
 *
 * One chain holds the events of all pipelines, so appending to it is done by one at a
 * time. In SQLite a transaction that writes is alone anyway. In PostgreSQL a lock is taken
 * just before the last event is read, and held to the end of the transaction. It is the
 * last lock that a run asks for, after those of its pipeline and its tables and after all
 * rows are written, so whoever holds it waits for nobody but the server's COMMIT.
 */
#include "load/record.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/failpoint.h"
#include "base/json.h"
#include "base/text.h"
#include "load/chain.h"
#include "load/pg_schema.h"
#include "load/record_private.h"

#define MAX_DETAIL_BYTES (64u << 10)

/* ---- what the engines differ in ---- */

/* One for each schema, as that has one chain. */
#define LOCK_CHAIN                                                                           \
	"SELECT pg_catalog.pg_advisory_xact_lock(" FE_PG_LOCK_CLASS                              \
	", pg_catalog.hashtext('events of ' || pg_catalog.current_schema()))"

static enum fe_rc
lock_chain(struct fe_db *db, struct fe_err *err)
{
	if (fe_db_engine(db) == FE_DB_SQLITE)
		return FE_OK;
	return fe_db_exec(db, LOCK_CHAIN, err);
}

/* JSON as it will be read back, which is what the hashes are of: PostgreSQL keeps jsonb,
 * and prints that in its own way. */
static enum fe_rc
print_kept(struct fe_db *db, struct fe_str json, struct fe_buf *out, struct fe_err *err)
{
	struct fe_stmt *st;
	enum fe_rc rc;
	bool row;

	if (fe_db_engine(db) == FE_DB_SQLITE) {
		fe_buf_add_str(out, json);
		return FE_OK;
	}
	FE_TRY(fe_db_prepare(db, FE_STR("SELECT CAST(?1 AS jsonb)"), &st, err));
	fe_stmt_bind_text(st, 1, json);
	rc = fe_stmt_step(st, &row, err);
	if (rc == FE_OK && row)
		fe_buf_add_str(out, fe_stmt_text(st, 0));
	fe_stmt_free(st);
	return rc;
}

enum fe_rc
fe_record_next_object_id(struct fe_db *db, int64_t *out, struct fe_err *err)
{
	*out = 1;
	return fe_db_query_i64(db,
	                       fe_db_engine(db) == FE_DB_SQLITE
	                               ? "SELECT coalesce(max(object_id), 0) + 1 FROM main.etl_objects"
	                               : "SELECT pg_catalog.nextval('etl_objects_id')",
	                       out, err);
}

struct fe_str
fe_record_text(const struct fe_db *db, struct fe_str v, struct fe_arena *arena)
{
	struct fe_buf shown;
	struct fe_str out;

	if (fe_db_engine(db) == FE_DB_SQLITE ||
	    (fe_utf8_is_valid(v) && !(v.n && memchr(v.p, '\0', v.n))))
		return v;
	fe_buf_init(&shown, SIZE_MAX / 2);
	fe_buf_add_printable(&shown, v, SIZE_MAX / 4);
	out = (struct fe_str){ fe_arena_copy(arena, shown.p, shown.n_bytes), shown.n_bytes };
	fe_buf_reset(&shown);
	return out;
}

enum fe_rc
fe_record_insert(struct fe_db *db, struct fe_stmt *st, int64_t n_rows, const char *table,
		 struct fe_err *err)
{
	FE_TRY(fe_stmt_run(st, err));
	if (fe_db_changes(db) == n_rows)
		return FE_OK;
	return fe_fail(err, FE_ECONFLICT,
	               "a row was written to %s and is not there; drop the trigger that ignores it",
	               table);
}

/* ---- events ---- */

struct event {
	const char *run_id, *pipeline, *event;
	int64_t at_us;
	struct fe_str detail; /* JSON */
};

/* The last event's number and hash; 0 and the start of the chain where there is none. */
static enum fe_rc
last_event(struct fe_db *db, int64_t *id, char hash[FE_SHA256_HEX_BYTES], struct fe_err *err)
{
	struct fe_stmt *st;
	struct fe_str text;
	enum fe_rc rc;
	bool row;

	*id = 0;
	memcpy(hash, FE_CHAIN_START, FE_SHA256_HEX_BYTES);
	FE_TRY(fe_db_prepare(db,
	                     FE_STR("SELECT event_id, hash FROM main.etl_run_events "
	                            "ORDER BY event_id DESC LIMIT 1"),
	                     &st, err));
	rc = fe_stmt_step(st, &row, err);
	if (rc == FE_OK && row) {
		*id = fe_stmt_i64(st, 0);
		text = fe_stmt_text(st, 1);
		if (text.n == FE_SHA256_HEX_BYTES - 1)
			memcpy(hash, text.p, text.n);
		else
			rc = fe_fail(err, FE_ECONFLICT,
			             "etl_run_events: event %" PRId64 " has no hash; the audit trail "
			             "was changed by hand",
			             *id);
	}
	fe_stmt_free(st);
	return rc;
}

/* detail: as it will be read back. */
static enum fe_rc
append_event(struct fe_db *db, const struct event *e, struct fe_str detail, struct fe_err *err)
{
	char previous[FE_SHA256_HEX_BYTES], hash[FE_SHA256_HEX_BYTES];
	char id_text[24], at[FE_TIMESTAMP_TEXT_BYTES];
	struct fe_str fields[FE_CHAIN_N_EVENT_COLUMNS];
	struct fe_stmt *st;
	enum fe_rc rc;
	int64_t id;
	int i, n;

	FE_TRY(last_event(db, &id, previous, err));
	id++;
	n = snprintf(id_text, sizeof(id_text), "%" PRId64, id);
	fields[0] = fe_str_of(previous);
	fields[1] = (struct fe_str){ id_text, (size_t)n };
	fields[2] = fe_str_of(e->run_id);
	fields[3] = fe_str_of(e->pipeline);
	fields[4] = fe_str_of(e->event);
	fields[5] = fe_record_time(e->at_us, at);
	fields[6] = detail;
	fe_chain_hash(fields, FE_CHAIN_N_EVENT_COLUMNS, hash);

	FE_TRY(fe_db_prepare(db,
	                     FE_STR("INSERT INTO main.etl_run_events (" FE_CHAIN_EVENT_COLUMNS
	                            ", hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"),
	                     &st, err));
	for (i = 0; i < FE_CHAIN_N_EVENT_COLUMNS; i++)
		fe_stmt_bind_text(st, i + 1, fields[i]);
	fe_stmt_bind_i64(st, 2, id);
	fe_stmt_bind_cstr(st, 8, hash);
	rc = fe_record_insert(db, st, 1, "etl_run_events", err);
	fe_stmt_free(st);
	return rc;
}

static enum fe_rc
add_event(struct fe_db *db, const struct event *e, struct fe_err *err)
{
	struct fe_buf detail;
	enum fe_rc rc;

	fe_buf_init(&detail, 2 * MAX_DETAIL_BYTES);
	rc = print_kept(db, e->detail, &detail, err);
	if (rc == FE_OK)
		rc = fe_buf_check(&detail, "the event", err);
	if (rc == FE_OK)
		rc = lock_chain(db, err);
	if (rc == FE_OK)
		rc = append_event(db, e, fe_buf_str(&detail), err);
	fe_buf_reset(&detail);
	return rc;
}

enum fe_rc
fe_record_released(struct fe_db *db, const char *run_id, struct fe_buf *by, bool *found, struct fe_err *err)
{
	struct fe_stmt *st;
	enum fe_rc rc;

	*found = false;
	FE_TRY(fe_db_prepare(db,
	                     FE_STR("SELECT s.run_id FROM main.etl_run_events AS s "
	                            "JOIN main.etl_audit_log AS a ON a.run_id = s.run_id "
	                            "WHERE s.event = 'started' AND s.detail ->> 'releases' = ?1 "
	                            "AND a.status IN ('success', 'success_with_rejects') "
	                            "ORDER BY s.event_id LIMIT 1"),
	                     &st, err));
	fe_stmt_bind_cstr(st, 1, run_id);
	rc = fe_stmt_step(st, found, err);
	if (rc == FE_OK && *found)
		fe_buf_add_str(by, fe_stmt_text(st, 0));
	fe_stmt_free(st);
	return rc;
}

enum fe_rc
fe_record_check_later(const struct fe_record_run *run, const struct fe_table *t, int64_t n_later, struct fe_err *err)
{
	if (n_later == 0)
		return FE_OK;
	return fe_fail(err, FE_ECONFLICT, "table %s: later runs than %s have changed rows that it would change back, %" PRId64 " in number; nothing was "
		       "released: run the pipeline again", t->name, run->release->run_id, n_later);
}

/* Under the lock of the pipeline: of two who release one run, one does. */
static enum fe_rc
check_not_released(struct fe_db *db, const struct fe_run_release *release, struct fe_err *err)
{
	struct fe_buf by;
	bool found;

	if (!release)
		return FE_OK;
	fe_buf_init(&by, 1024);
	enum fe_rc rc = fe_record_released(db, release->run_id, &by, &found, err);
	if (rc == FE_OK && found)
		rc = fe_fail(err, FE_ECONFLICT, "run %s has been released by run %s meanwhile", release->run_id,
		             fe_buf_text(&by));
	fe_buf_reset(&by);
	return rc;
}

enum fe_rc
fe_record_start(struct fe_db *db, const struct fe_record_run *run, struct fe_err *err)
{
	char host[256] = "";
	struct event e = {
		.run_id = run->run_id, .pipeline = run->pipeline, .event = "started", .at_us = run->start_us
	};
	struct fe_buf detail;
	struct fe_json j;
	enum fe_rc rc;

	FE_TRY(check_not_released(db, run->release, err));
	if (gethostname(host, sizeof(host) - 1) != 0)
		host[0] = '\0'; /* only a hint for a reader */
	fe_buf_init(&detail, MAX_DETAIL_BYTES);
	fe_json_init(&j, &detail, 0);
	fe_json_object(&j, NULL);
	fe_json_i64(&j, "process", getpid());
	fe_json_text(&j, "host", host);
	if (run->backend)
		fe_json_text(&j, "backend", run->backend);
	fe_json_time(&j, "run_time", run->run_time_us);
	fe_json_text(&j, "config_sha256", run->config_sha256);
	fe_json_text(&j, "finetl_version", run->version);
	if (run->release) {
		fe_json_text(&j, "releases", run->release->run_id);
		fe_json_text(&j, "released_by", run->release->by);
		fe_json_text(&j, "reason", run->release->reason);
	}
	fe_json_object_end(&j);
	e.detail = fe_buf_str(&detail);
	rc = fe_buf_check(&detail, "the event", err);
	if (rc == FE_OK)
		rc = add_event(db, &e, err);
	fe_buf_reset(&detail);
	return rc;
}

/* ---- the audit row and the event that seals it ---- */

static enum fe_rc
hash_audit_row(struct fe_db *db, const char *run_id, char hex[FE_SHA256_HEX_BYTES],
	       struct fe_err *err)
{
	struct fe_stmt *st;
	enum fe_rc rc;
	bool row;

	FE_TRY(fe_db_prepare(db,
	                     FE_STR("SELECT " FE_CHAIN_AUDIT_COLUMNS
	                            " FROM main.etl_audit_log WHERE run_id = ?1"),
	                     &st, err));
	fe_stmt_bind_cstr(st, 1, run_id);
	rc = fe_stmt_step(st, &row, err);
	if (rc == FE_OK && !row)
		rc = fe_fail(err, FE_EBUG, "the audit row just written is not there");
	if (rc == FE_OK)
		fe_chain_hash_row(st, 0, FE_CHAIN_N_AUDIT_COLUMNS, hex);
	fe_stmt_free(st);
	return rc;
}

/* The event of a run's end; its audit row is there already. */
static enum fe_rc
seal_end(struct fe_db *db, const char *run_id, const char *pipeline, const char *status,
	 int64_t at_us, struct fe_err *err)
{
	struct event e = { .run_id = run_id, .pipeline = pipeline, .event = status, .at_us = at_us };
	char hex[FE_SHA256_HEX_BYTES];
	struct fe_buf detail;
	struct fe_json j;
	enum fe_rc rc;

	FE_TRY(hash_audit_row(db, run_id, hex, err));
	fe_buf_init(&detail, MAX_DETAIL_BYTES);
	fe_json_init(&j, &detail, 0);
	fe_json_object(&j, NULL);
	fe_json_text(&j, "audit_sha256", hex);
	fe_json_object_end(&j);
	e.detail = fe_buf_str(&detail);
	rc = fe_buf_check(&detail, "the event", err);
	if (rc == FE_OK)
		rc = add_event(db, &e, err);
	fe_buf_reset(&detail);
	return rc;
}

static enum fe_rc
prepare_audit(struct fe_db *db, struct fe_stmt **out, struct fe_err *err)
{
	return fe_db_prepare(db,
	                     FE_STR("INSERT INTO main.etl_audit_log (" FE_CHAIN_AUDIT_COLUMNS
	                            ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, "
	                            "?12, ?13, ?14, ?15, ?16)"),
	                     out, err);
}

static enum fe_rc
add_audit_row(struct fe_db *db, const struct fe_record_run *run, const struct fe_run_end *end,
	      struct fe_err *err)
{
	char start[FE_TIMESTAMP_TEXT_BYTES], finish[FE_TIMESTAMP_TEXT_BYTES],
		run_time[FE_TIMESTAMP_TEXT_BYTES];
	struct fe_arena arena = { 0 };
	struct fe_stmt *st;
	enum fe_rc rc;

	FE_TRY(prepare_audit(db, &st, err));
	fe_stmt_bind_cstr(st, 1, run->run_id);
	fe_stmt_bind_cstr(st, 2, run->pipeline);
	fe_stmt_bind_text(st, 3, fe_record_time(run->start_us, start));
	fe_stmt_bind_text(st, 4, fe_record_time(end->end_us, finish));
	fe_stmt_bind_cstr(st, 5, end->status);
	fe_record_bind_count(st, 6, end->extracted);
	fe_record_bind_count(st, 7, end->transformed);
	fe_record_bind_count(st, 8, end->loaded);
	fe_record_bind_count(st, 9, end->rejected);
	fe_record_bind_count(st, 10, end->duplicate);
	if (end->error)
		fe_stmt_bind_text(st, 11, fe_record_text(db, fe_str_of(end->error), &arena));
	else
		fe_stmt_bind_null(st, 11);
	fe_stmt_bind_text(st, 12, fe_record_time(run->run_time_us, run_time));
	fe_stmt_bind_cstr(st, 13, run->config_sha256);
	fe_stmt_bind_cstr(st, 14, run->version);
	fe_record_bind_optional(st, 15, end->quality_report);
	fe_record_bind_optional(st, 16, end->reconciliation);
	rc = fe_record_insert(db, st, 1, "etl_audit_log", err);
	fe_stmt_free(st);
	fe_arena_free(&arena);
	return rc;
}

enum fe_rc
fe_record_end(struct fe_db *db, const struct fe_record_run *run, const struct fe_run_end *end,
	      struct fe_err *err)
{
	FE_TRY(fe_failpoint("load.rejects", err));
	FE_TRY(fe_record_objects(db, run, end, err));
	if (!end->is_replay)
		FE_TRY(fe_record_rejects(db, run, end, err));
	FE_TRY(fe_failpoint("load.audit", err));
	FE_TRY(add_audit_row(db, run, end, err));
	/* What was not published was not passed, and has closed nothing. */
	if (strncmp(end->status, "success", strlen("success")) == 0) {
		FE_TRY(fe_record_watermarks(db, run, end, err));
		FE_TRY(fe_record_closures(db, run, end, err));
		FE_TRY(fe_record_purge_old(db, run, end, err));
	}
	return seal_end(db, run->run_id, run->pipeline, end->status, end->end_us, err);
}

enum fe_rc
fe_record_has_ended(struct fe_db *db, const char *run_id, bool *ended, struct fe_err *err)
{
	struct fe_stmt *st;
	enum fe_rc rc;

	*ended = false;
	FE_TRY(fe_db_prepare(db, FE_STR("SELECT 1 FROM main.etl_audit_log WHERE run_id = ?1"), &st,
	                     err));
	fe_stmt_bind_cstr(st, 1, run_id);
	rc = fe_stmt_step(st, ended, err);
	fe_stmt_free(st);
	return rc;
}

/* ---- runs that were killed ---- */

/* A run that was started and has no end: what its first event says of it. */
struct vanished {
	int64_t event_id;
	char *run_id;
	struct fe_str at, run_time, config_sha256, version, backend;
};

static struct fe_str
keep(struct fe_stmt *st, int column, struct fe_arena *arena)
{
	struct fe_str v = fe_stmt_text(st, column);

	if (v.p)
		v.p = fe_arena_copy(arena, v.p, v.n);
	return v;
}

/* The next one after v->event_id. */
static enum fe_rc
next_vanished(struct fe_stmt *find, struct vanished *v, struct fe_arena *arena, bool *found,
	      struct fe_err *err)
{
	struct fe_str id;

	fe_arena_reset(arena);
	fe_stmt_bind_i64(find, 2, v->event_id);
	FE_TRY(fe_stmt_step(find, found, err));
	if (!*found)
		return FE_OK;
	v->event_id = fe_stmt_i64(find, 0);
	id = fe_stmt_text(find, 1);
	v->run_id = fe_arena_copy(arena, id.p ? id.p : "", id.n);
	v->at = keep(find, 2, arena);
	v->run_time = keep(find, 3, arena);
	v->config_sha256 = keep(find, 4, arena);
	v->version = keep(find, 5, arena);
	v->backend = keep(find, 6, arena);
	fe_stmt_reset(find);
	return FE_OK;
}

static enum fe_rc
abandon(struct fe_db *db, const struct fe_record_run *run, const struct vanished *v,
	struct fe_err *err)
{
	char at[FE_TIMESTAMP_TEXT_BYTES], run_time[FE_TIMESTAMP_TEXT_BYTES];
	int64_t at_us = fe_clock_now(run->clock), run_time_us;
	struct fe_stmt *st;
	enum fe_rc rc;
	int i;

	FE_TRY(prepare_audit(db, &st, err));
	fe_stmt_bind_cstr(st, 1, v->run_id);
	fe_stmt_bind_cstr(st, 2, run->pipeline);
	fe_stmt_bind_text(st, 3, v->at);
	fe_stmt_bind_text(st, 4, fe_record_time(at_us, at));
	fe_stmt_bind_cstr(st, 5, "abandoned");
	for (i = 6; i <= 10; i++)
		fe_stmt_bind_i64(st, i, 0);
	fe_stmt_bind_cstr(st, 11, "the process ended before the run did; nothing of it was loaded");
	if (fe_timestamp_parse(v->run_time, NULL, NULL, &run_time_us) == FE_TIME_OK)
		fe_stmt_bind_text(st, 12, fe_record_time(run_time_us, run_time));
	else
		fe_stmt_bind_null(st, 12);
	fe_record_bind_optional(st, 13, v->config_sha256);
	fe_record_bind_optional(st, 14, v->version);
	fe_stmt_bind_null(st, 15);
	fe_stmt_bind_null(st, 16);
	rc = fe_record_insert(db, st, 1, "etl_audit_log", err);
	fe_stmt_free(st);
	return rc ? rc : seal_end(db, v->run_id, run->pipeline, "abandoned", at_us, err);
}

enum fe_rc
fe_record_abandoned(struct fe_db *db, const struct fe_record_run *run,
		    fe_record_alive_fn *is_alive, void *ctx, struct fe_err *err)
{
	static const char sql[] =
		"SELECT s.event_id, s.run_id, s.at, s.detail ->> 'run_time', "
		"s.detail ->> 'config_sha256', s.detail ->> 'finetl_version', "
		"s.detail ->> 'backend' FROM main.etl_run_events AS s "
		"WHERE s.event = 'started' AND s.pipeline_name = ?1 AND s.event_id > ?2 "
		"AND NOT EXISTS (SELECT 1 FROM main.etl_run_events AS e "
		"WHERE e.run_id = s.run_id AND e.event <> 'started') "
		"ORDER BY s.event_id LIMIT 1";
	struct fe_arena arena = { 0 };
	struct vanished v = { 0 };
	struct fe_stmt *find;
	bool found;
	enum fe_rc rc;

	FE_TRY(fe_db_prepare(db, fe_str_of(sql), &find, err));
	fe_stmt_bind_cstr(find, 1, run->pipeline);
	for (;;) {
		rc = next_vanished(find, &v, &arena, &found, err);
		if (rc || !found)
			break;
		if (is_alive && v.backend.p && is_alive(ctx, v.backend.p))
			continue;
		rc = abandon(db, run, &v, err);
		if (rc == FE_ECONFLICT) /* its end is there and not there: not by a run's doing */
			fe_err_context(err, "cannot write down that run %s was abandoned; ask `finetl runs --verify` "
			               "whether the audit trail was changed", v.run_id);
		if (rc)
			break;
	}
	fe_stmt_free(find);
	fe_arena_free(&arena);
	return rc;
}
