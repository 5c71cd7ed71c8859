// SPDX-License-Identifier: Apache-2.0
/* load/catalog_verify.c - whether the audit trail is what was written, see load/catalog.h */
#include <inttypes.h>

#include "db/db.h"
#include "load/catalog_private.h"
#include "load/chain.h"

#define PAGE_EVENTS 256 /* a server's whole answer is held in memory */

static enum fe_rc
broken(struct fe_err *err, int64_t event_id, const char *what)
{
	fe_fail(err, FE_ECONFLICT,
	        "etl_run_events, event %" PRId64 ": %s; the audit trail was changed after it "
	        "was written: compare it with a backup",
	        event_id, what);
	return FE_ECONFLICT;
}

/* Statement columns: the hashed ones of the event (7), its hash, the audit hash that
 * its detail holds, whether there is an audit row, and that row's columns (16). */
static enum fe_rc
verify_event(struct fe_stmt *st, int64_t id, const char *previous, char hash[FE_SHA256_HEX_BYTES],
	     struct fe_err *err)
{
	char audit[FE_SHA256_HEX_BYTES];
	const int hash_at = FE_CHAIN_N_EVENT_COLUMNS;

	if (fe_stmt_i64(st, 1) != id)
		return broken(err, id, "is missing");
	if (!fe_str_is(fe_stmt_text(st, 0), previous))
		return broken(err, id, "does not follow the event before it");
	fe_chain_hash_row(st, 0, FE_CHAIN_N_EVENT_COLUMNS, hash);
	if (!fe_str_is(fe_stmt_text(st, hash_at), hash))
		return broken(err, id, "its hash is not that of its content");
	if (fe_str_is(fe_stmt_text(st, 4), "started"))
		return FE_OK;
	if (fe_stmt_is_null(st, hash_at + 1))
		return broken(err, id, "ends a run and seals no row of etl_audit_log");
	if (fe_stmt_is_null(st, hash_at + 2))
		return broken(err, id, "the row of etl_audit_log that it seals is missing");
	fe_chain_hash_row(st, hash_at + 2, FE_CHAIN_N_AUDIT_COLUMNS, audit);
	if (!fe_str_is(fe_stmt_text(st, hash_at + 1), audit))
		return broken(err, id, "the row of etl_audit_log that it seals is not what was written");
	return FE_OK;
}

/* An audit row without an event: one was put in, or the end of the chain cut off. */
static enum fe_rc
verify_no_stray(struct fe_catalog *c, struct fe_err *err)
{
	struct fe_stmt *st;
	enum fe_rc rc;
	bool row;

	FE_TRY(fe_db_prepare(c->db,
	                     FE_STR("SELECT a.run_id FROM main.etl_audit_log AS a WHERE NOT EXISTS "
	                            "(SELECT 1 FROM main.etl_run_events AS e WHERE e.run_id = "
	                            "a.run_id AND e.event = a.status) LIMIT 1"),
	                     &st, err));
	rc = fe_stmt_step(st, &row, err);
	if (rc == FE_OK && row) {
		struct fe_str run = fe_stmt_text(st, 0);

		rc = fe_fail(err, FE_ECONFLICT,
		             "etl_audit_log, run %.*s: no event of etl_run_events seals this row; "
		             "the audit trail was changed after it was written: compare it with a "
		             "backup",
		             FE_STR_ARGS(run));
	}
	fe_stmt_free(st);
	return rc;
}

/* The events after *n_events, which then counts them too. */
static enum fe_rc
verify_page(struct fe_stmt *st, uint64_t *n_events, char *last_hash, bool *more, struct fe_err *err)
{
	char hash[FE_SHA256_HEX_BYTES];
	int n = 0;
	bool row;

	fe_stmt_bind_i64(st, 1, (int64_t)*n_events);
	for (;;) {
		FE_TRY(fe_stmt_step(st, &row, err));
		if (!row)
			break;
		FE_TRY(verify_event(st, (int64_t)*n_events + 1, last_hash, hash, err));
		memcpy(last_hash, hash, FE_SHA256_HEX_BYTES);
		++*n_events;
		n++;
	}
	*more = n == PAGE_EVENTS;
	return FE_OK;
}

/* Events below 1 are nobody's: they were put in. */
static enum fe_rc
verify_no_earlier(struct fe_catalog *c, struct fe_err *err)
{
	int64_t first = 1;

	FE_TRY(fe_db_query_i64(c->db, "SELECT coalesce(min(event_id), 1) FROM main.etl_run_events",
	                       &first, err));
	return first < 1 ? broken(err, first, "was put in before the first") : FE_OK;
}

enum fe_rc
fe_catalog_verify_events(struct fe_catalog *c, uint64_t *n_events, char *last_hash,
			 struct fe_err *err)
{
	static const char sql[] =
		"SELECT e.previous_hash, e.event_id, e.run_id, e.pipeline_name, e.event, e.at, "
		"e.detail, e.hash, e.detail ->> 'audit_sha256', "
		"a.run_id, a.pipeline_name, a.start_time, a.end_time, a.status, "
		"a.records_extracted, a.records_transformed, a.records_loaded, a.records_rejected, "
		"a.records_duplicate, a.error_message, a.run_time, a.config_sha256, "
		"a.finetl_version, a.quality_report, a.reconciliation "
		"FROM main.etl_run_events AS e "
		"LEFT JOIN main.etl_audit_log AS a ON a.run_id = e.run_id WHERE e.event_id > ?1 "
		"ORDER BY e.event_id LIMIT ?2";
	struct fe_stmt *st;
	bool more = true;
	enum fe_rc rc = FE_OK;

	*n_events = 0;
	memcpy(last_hash, FE_CHAIN_START, FE_SHA256_HEX_BYTES);
	FE_TRY(verify_no_earlier(c, err));
	FE_TRY(fe_db_prepare(c->db, fe_str_of(sql), &st, err));
	fe_stmt_bind_i64(st, 2, PAGE_EVENTS);
	while (more && rc == FE_OK)
		rc = verify_page(st, n_events, last_hash, &more, err);
	fe_stmt_free(st);
	return rc ? rc : verify_no_stray(c, err);
}
