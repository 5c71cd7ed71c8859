// SPDX-License-Identifier: Apache-2.0
/* load/catalog_repair.c - taking records out of rejects outside of a run, see load/catalog.h */
#include "db/postgres.h"
#include "db/sqlite.h"
#include "load/catalog.h"
#include "load/record.h"
#include "load/schema.h"

static enum fe_rc
open_to_write(struct fe_db **out, const char *url, int64_t wait_ms, struct fe_err *err)
{
	const struct fe_pg_settings server = { .url = url, .connect_wait_ms = wait_ms, .lock_timeout_ms = wait_ms };
	struct fe_sqlite_settings file = { .busy_ms = wait_ms };

	if (strncmp(url, "postgresql:", 11) == 0 || strncmp(url, "postgres:", 9) == 0)
		return fe_pg_open(out, &server, err);
	FE_TRY(fe_sqlite_url_path(url, &file.path, err));
	return fe_sqlite_open(out, &file, err);
}

/* A file has its owner's rights, so what an older release has left is brought up to date first. */
static enum fe_rc
purge(struct fe_db *db, const struct fe_catalog_reject_query *of, int64_t before_us, uint64_t *n_purged, struct fe_err *err)
{
	FE_TRY(fe_db_begin(db, err));
	if (fe_db_engine(db) == FE_DB_SQLITE)
		FE_TRY(fe_schema_apply_own(db, err));
	FE_TRY(fe_record_purge(db, of->pipeline, of->dataset, before_us, n_purged, err));
	return fe_db_commit(db, err);
}

enum fe_rc
fe_catalog_purge(const char *url, const struct fe_catalog_reject_query *of, int64_t before_us, int64_t wait_ms,
                 uint64_t *n_purged, struct fe_err *err)
{
	struct fe_catalog *c;
	struct fe_db *db;

	/* Where there is no warehouse none is made. */
	FE_TRY(fe_catalog_open(&c, url, wait_ms, err));
	fe_catalog_close(c);
	FE_TRY(open_to_write(&db, url, wait_ms, err));
	enum fe_rc rc = purge(db, of, before_us, n_purged, err);
	fe_db_close(db);
	return rc;
}
