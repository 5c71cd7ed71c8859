// SPDX-License-Identifier: Apache-2.0
/* load/record_purge.c - records taken out of rejects that are past their time, see load/record.h
 *
 * That a record was rejected, where it stood and why stays; what it said goes. The tables
 * refuse any other change of a reject, whoever asks.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/log.h"
#include "db/postgres.h"
#include "load/record_private.h"

#define DAY_US INT64_C(86400000000)

/* A role of PostgreSQL may run pipelines without the right to purge. */
static enum fe_rc
may_purge(struct fe_db *db, bool *may, struct fe_err *err)
{
	struct fe_stmt *st;
	enum fe_rc rc;

	*may = true;
	if (fe_db_engine(db) == FE_DB_SQLITE)
		return FE_OK;
	FE_TRY(fe_db_prepare(db,
			     FE_STR("SELECT 1 FROM pg_catalog.pg_class AS t JOIN pg_catalog.pg_namespace AS n ON n.oid = t.relnamespace "
				    "WHERE t.relname = 'etl_rejects' AND n.nspname = ?1 "
				    "AND pg_catalog.has_column_privilege(t.oid, 'raw', 'UPDATE')"), &st, err));
	fe_stmt_bind_cstr(st, 1, fe_pg_schema(db));
	rc = fe_stmt_step(st, may, err);
	fe_stmt_free(st);
	return rc;
}

enum fe_rc
fe_record_purge(struct fe_db *db, const char *pipeline, const char *dataset, int64_t before_us, uint64_t *n_purged,
                struct fe_err *err)
{
	char before[FE_TIMESTAMP_TEXT_BYTES];
	struct fe_stmt *st;
	bool may;

	*n_purged = 0;
	FE_TRY(may_purge(db, &may, err));
	if (!may)
		return fe_fail(err, FE_EDENIED, "this role may not take records out of rejects; a member of finetl_purge may (docs/postgresql.md)");
	FE_TRY(fe_db_prepare(db,
			     FE_STR("UPDATE main.etl_rejects SET raw = ?4, cells = NULL, record_key = NULL, raw_kept = 'purged' "
				    "WHERE pipeline_name = ?1 AND dataset = ?2 AND raw_kept <> 'purged' AND raw_kept <> 'none' AND run_id IN "
				    "(SELECT a.run_id FROM main.etl_audit_log AS a WHERE a.pipeline_name = ?1 AND a.start_time < ?3)"),
			     &st, err));
	fe_stmt_bind_cstr(st, 1, pipeline);
	fe_stmt_bind_cstr(st, 2, dataset);
	fe_stmt_bind_text(st, 3, fe_record_time(before_us, before));
	fe_stmt_bind_blob(st, 4, FE_STR(""));
	enum fe_rc rc = fe_stmt_run(st, err);
	if (rc == FE_OK)
		*n_purged = (uint64_t)fe_db_changes(db);
	fe_stmt_free(st);
	return rc;
}

static void
log_purge(const char *dataset, uint64_t n)
{
	char text[24];

	(void)snprintf(text, sizeof text, "%" PRIu64, n);
	fe_log(FE_LOG_INFO, "records were taken out of rejects past keep_days", "dataset", dataset, "rejects", text, NULL);
}

enum fe_rc
fe_record_purge_old(struct fe_db *db, const struct fe_record_run *run, const struct fe_run_end *end, struct fe_err *err)
{
	uint64_t n;
	bool may;

	for (size_t i = 0; end->keep_days && i < end->n_datasets; i++) {
		if (end->keep_days[i] == 0)
			continue;
		FE_TRY(may_purge(db, &may, err));
		if (!may) {
			fe_log(FE_LOG_WARN, "this role may not purge rejects past keep_days; finetl rejects purge, as a member of finetl_purge, does",
			       "dataset", end->datasets[i], NULL);
			continue;
		}
		FE_TRY(fe_record_purge(db, run->pipeline, end->datasets[i], end->end_us - end->keep_days[i] * DAY_US, &n, err));
		if (n)
			log_purge(end->datasets[i], n);
	}
	return FE_OK;
}
