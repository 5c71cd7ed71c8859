// SPDX-License-Identifier: Apache-2.0
/* load/record_watermarks.c - how far incremental sources have been read
 *
 * The only rows of the record that change. They do so in the transaction of the load, under
 * the lock of the run: what was not loaded is not passed over.
 */
#include "load/record.h"

#include "load/record_private.h"

enum fe_rc
fe_record_watermark(struct fe_db *db, const char *pipeline, const struct fe_run_watermark *what,
		    struct fe_buf *value, bool *found, struct fe_err *err)
{
	struct fe_stmt *st;

	*found = false;
	FE_TRY(fe_db_prepare(db,
			     FE_STR("SELECT value FROM main.etl_watermarks "
				    "WHERE pipeline_name = ?1 AND dataset = ?2 AND name = ?3"),
			     &st, err));
	fe_stmt_bind_cstr(st, 1, pipeline);
	fe_stmt_bind_cstr(st, 2, what->dataset);
	fe_stmt_bind_cstr(st, 3, what->cursor);
	enum fe_rc rc = fe_stmt_step(st, found, err);
	if (rc == FE_OK && *found)
		fe_buf_add_str(value, fe_stmt_text(st, 0));
	fe_stmt_free(st);
	return rc;
}

enum fe_rc
fe_record_watermarks(struct fe_db *db, const struct fe_record_run *run, const struct fe_run_end *end,
		     struct fe_err *err)
{
	char now[FE_TIMESTAMP_TEXT_BYTES];
	struct fe_stmt *st;
	enum fe_rc rc = FE_OK;

	if (end->n_watermarks == 0)
		return FE_OK;
	FE_TRY(fe_db_prepare(db,
			     FE_STR("INSERT INTO main.etl_watermarks (pipeline_name, dataset, name, value, run_id, updated_at) "
				    "VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (pipeline_name, dataset, name) "
				    "DO UPDATE SET value = excluded.value, run_id = excluded.run_id, updated_at = excluded.updated_at"),
			     &st, err));
	struct fe_str updated_at = fe_record_time(fe_clock_now(run->clock), now);
	for (size_t i = 0; i < end->n_watermarks && rc == FE_OK; i++) {
		const struct fe_run_watermark *w = &end->watermarks[i];
		fe_stmt_bind_cstr(st, 1, run->pipeline);
		fe_stmt_bind_cstr(st, 2, w->dataset);
		fe_stmt_bind_cstr(st, 3, w->cursor);
		fe_stmt_bind_cstr(st, 4, w->value);
		fe_stmt_bind_cstr(st, 5, run->run_id);
		fe_stmt_bind_text(st, 6, updated_at);
		rc = fe_stmt_run(st, err);
	}
	fe_stmt_free(st);
	return rc;
}
