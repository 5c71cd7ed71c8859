// SPDX-License-Identifier: Apache-2.0
/* load/sqlite_record.c - the events and the audit row of a run, see load/sqlite_sink.h
 *
 * Each event carries the hash of the one before it (load/chain.h); the event of an
 * ending also that of its audit row, so that neither can be changed alone.
 */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/json.h"
#include "load/chain.h"
#include "load/sqlite_bind.h"
#include "load/sqlite_sink.h"

#define MAX_DETAIL_BYTES (64u << 10)

static int64_t
now_us(const struct fe_sqlite_sink *s)
{
	return fe_clock_now(s->base.set.clock);
}

/* ---- events ---- */

struct event {
	const char *run_id, *event;
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

static enum fe_rc
add_event(struct fe_sqlite_sink *s, const struct event *e, struct fe_err *err)
{
	char previous[FE_SHA256_HEX_BYTES], hash[FE_SHA256_HEX_BYTES];
	char id_text[24], at[FE_TIMESTAMP_TEXT_BYTES];
	struct fe_str fields[FE_CHAIN_N_EVENT_COLUMNS];
	struct fe_stmt *st;
	enum fe_rc rc;
	int64_t id;
	int i, n;

	FE_TRY(last_event(s->db, &id, previous, err));
	id++;
	n = snprintf(id_text, sizeof(id_text), "%" PRId64, id);
	fields[0] = fe_str_of(previous);
	fields[1] = (struct fe_str){ id_text, (size_t)n };
	fields[2] = fe_str_of(e->run_id);
	fields[3] = fe_str_of(s->pipeline);
	fields[4] = fe_str_of(e->event);
	fields[5] = fe_sqlite_time_text(e->at_us, at);
	fields[6] = e->detail;
	fe_chain_hash(fields, FE_CHAIN_N_EVENT_COLUMNS, hash);

	FE_TRY(fe_db_prepare(s->db,
	                     FE_STR("INSERT INTO main.etl_run_events (" FE_CHAIN_EVENT_COLUMNS
	                            ", hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"),
	                     &st, err));
	for (i = 0; i < FE_CHAIN_N_EVENT_COLUMNS; i++)
		fe_stmt_bind_text(st, i + 1, fields[i]);
	fe_stmt_bind_i64(st, 2, id);
	fe_stmt_bind_cstr(st, 8, hash);
	rc = fe_sqlite_insert(s, st, "etl_run_events", err);
	fe_stmt_free(st);
	return rc;
}

enum fe_rc
fe_sqlite_record_start(struct fe_sqlite_sink *s, struct fe_err *err)
{
	char host[256] = "";
	struct fe_buf detail;
	struct fe_json j;
	enum fe_rc rc;

	if (gethostname(host, sizeof(host) - 1) != 0)
		host[0] = '\0'; /* only a hint for a reader */
	fe_buf_init(&detail, MAX_DETAIL_BYTES);
	fe_json_init(&j, &detail, 0);
	fe_json_object(&j, NULL);
	fe_json_i64(&j, "process", getpid());
	fe_json_text(&j, "host", host);
	fe_json_time(&j, "run_time", s->run_time_us);
	fe_json_text(&j, "config_sha256", s->config_sha256);
	fe_json_text(&j, "finetl_version", s->version);
	fe_json_object_end(&j);
	rc = fe_buf_check(&detail, "the event", err);
	if (rc == FE_OK)
		rc = add_event(s,
		               &(struct event){ .run_id = s->run_id,
		                                .event = "started",
		                                .at_us = s->start_us,
		                                .detail = fe_buf_str(&detail) },
		               err);
	fe_buf_reset(&detail);
	return rc;
}

/* ---- the audit row and the event that seals it ---- */

static enum fe_rc
hash_audit_row(struct fe_sqlite_sink *s, const char *run_id, char hex[FE_SHA256_HEX_BYTES],
	       struct fe_err *err)
{
	struct fe_stmt *st;
	enum fe_rc rc;
	bool row;

	FE_TRY(fe_db_prepare(s->db,
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
seal_end(struct fe_sqlite_sink *s, const char *run_id, const char *status, int64_t at_us,
	 struct fe_err *err)
{
	char hex[FE_SHA256_HEX_BYTES];
	struct fe_buf detail;
	struct fe_json j;
	enum fe_rc rc;

	FE_TRY(hash_audit_row(s, run_id, hex, err));
	fe_buf_init(&detail, MAX_DETAIL_BYTES);
	fe_json_init(&j, &detail, 0);
	fe_json_object(&j, NULL);
	fe_json_text(&j, "audit_sha256", hex);
	fe_json_object_end(&j);
	rc = fe_buf_check(&detail, "the event", err);
	if (rc == FE_OK)
		rc = add_event(s,
		               &(struct event){ .run_id = run_id,
		                                .event = status,
		                                .at_us = at_us,
		                                .detail = fe_buf_str(&detail) },
		               err);
	fe_buf_reset(&detail);
	return rc;
}

enum fe_rc
fe_sqlite_record_end(struct fe_sqlite_sink *s, const struct fe_run_end *end, struct fe_err *err)
{
	char start[FE_TIMESTAMP_TEXT_BYTES], finish[FE_TIMESTAMP_TEXT_BYTES],
		run_time[FE_TIMESTAMP_TEXT_BYTES];
	struct fe_stmt *st;
	enum fe_rc rc;

	FE_TRY(fe_db_prepare(s->db,
	                     FE_STR("INSERT INTO main.etl_audit_log (" FE_CHAIN_AUDIT_COLUMNS
	                            ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, "
	                            "?12, ?13, ?14, ?15, ?16)"),
	                     &st, err));
	fe_stmt_bind_cstr(st, 1, s->run_id);
	fe_stmt_bind_cstr(st, 2, s->pipeline);
	fe_stmt_bind_text(st, 3, fe_sqlite_time_text(s->start_us, start));
	fe_stmt_bind_text(st, 4, fe_sqlite_time_text(end->end_us, finish));
	fe_stmt_bind_cstr(st, 5, end->status);
	fe_sqlite_bind_count(st, 6, end->extracted);
	fe_sqlite_bind_count(st, 7, end->transformed);
	fe_sqlite_bind_count(st, 8, end->loaded);
	fe_sqlite_bind_count(st, 9, end->rejected);
	fe_sqlite_bind_count(st, 10, end->duplicate);
	fe_stmt_bind_cstr(st, 11, end->error);
	fe_stmt_bind_text(st, 12, fe_sqlite_time_text(s->run_time_us, run_time));
	fe_stmt_bind_cstr(st, 13, s->config_sha256);
	fe_stmt_bind_cstr(st, 14, s->version);
	fe_sqlite_bind_optional(st, 15, end->quality_report);
	fe_sqlite_bind_optional(st, 16, end->reconciliation);
	rc = fe_sqlite_insert(s, st, "etl_audit_log", err);
	fe_stmt_free(st);
	return rc ? rc : seal_end(s, s->run_id, end->status, end->end_us, err);
}

/* ---- runs that were killed ---- */

/* The run that was started under our lock and has no end, if there is one. */
static enum fe_rc
next_abandoned(struct fe_stmt *find, char run_id[64], bool *found, struct fe_err *err)
{
	struct fe_str id;

	FE_TRY(fe_stmt_step(find, found, err));
	if (!*found)
		return FE_OK;
	id = fe_stmt_text(find, 0);
	if (id.n >= 64)
		return fe_fail(err, FE_ECONFLICT,
		               "etl_run_events has a run id of %zu bytes; the audit trail was "
		               "changed by hand",
		               id.n);
	memcpy(run_id, id.p, id.n);
	run_id[id.n] = '\0';
	fe_stmt_reset(find);
	return FE_OK;
}

static enum fe_rc
abandon(struct fe_sqlite_sink *s, struct fe_stmt *find, struct fe_stmt *insert, bool *found,
	struct fe_err *err)
{
	char run_id[64], at[FE_TIMESTAMP_TEXT_BYTES];
	int64_t at_us = now_us(s);

	FE_TRY(next_abandoned(find, run_id, found, err));
	if (!*found)
		return FE_OK;
	fe_stmt_bind_cstr(insert, 1, run_id);
	fe_stmt_bind_text(insert, 2, fe_sqlite_time_text(at_us, at));
	FE_TRY(fe_sqlite_insert(s, insert, "etl_audit_log", err));
	return seal_end(s, run_id, "abandoned", at_us, err);
}

enum fe_rc
fe_sqlite_record_abandoned(struct fe_sqlite_sink *s, struct fe_err *err)
{
	struct fe_stmt *find = NULL, *insert = NULL;
	bool found = true;
	enum fe_rc rc;

	rc = fe_db_prepare(s->db,
	                   FE_STR("SELECT s.run_id FROM main.etl_run_events AS s "
	                          "WHERE s.event = 'started' AND s.pipeline_name = ?1 "
	                          "AND NOT EXISTS (SELECT 1 FROM main.etl_run_events AS e "
	                          "WHERE e.run_id = s.run_id AND e.event <> 'started') "
	                          "ORDER BY s.event_id LIMIT 1"),
	                   &find, err);
	if (rc)
		goto done;
	rc = fe_db_prepare(
		s->db,
		FE_STR("INSERT INTO main.etl_audit_log (" FE_CHAIN_AUDIT_COLUMNS ") "
	               "SELECT run_id, pipeline_name, at, ?2, 'abandoned', 0, 0, 0, 0, 0, "
	               "'the process ended before the run did; nothing of it was loaded', "
	               "replace(json_extract(detail, '$.run_time'), 'T', ' '), "
	               "json_extract(detail, '$.config_sha256'), "
	               "json_extract(detail, '$.finetl_version'), NULL, NULL "
	               "FROM main.etl_run_events WHERE run_id = ?1 AND event = 'started'"),
		&insert, err);
	if (rc)
		goto done;
	fe_stmt_bind_cstr(find, 1, s->pipeline);
	while (found && rc == FE_OK)
		rc = abandon(s, find, insert, &found, err);
done:
	fe_stmt_free(find);
	fe_stmt_free(insert);
	return rc;
}
