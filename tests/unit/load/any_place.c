// SPDX-License-Identifier: Apache-2.0
/* load/any_place.c - see load/any_place.h */
#include "any_place.h"

#include <setjmp.h>

#include <cmocka.h>

#include "../postgres.h"
#include "db/sqlite.h"
#include "load/pg_schema.h"
#include "load/schema.h"
#include "sqlite_place.h"

extern const struct fe_sink_ops fe_sink_postgres;

static struct fe_db *
open_sqlite(void)
{
	const struct fe_sqlite_settings set = { .path = place_path() };
	struct fe_err err = FE_ERR_INIT;
	struct fe_db *db;

	if (fe_sqlite_open(&db, &set, &err))
		fail_msg("%s", err.text);
	return db;
}

static void
apply_by(struct fe_db *db, enum fe_rc (*apply)(struct fe_db *db, struct fe_err *err))
{
	struct fe_err err = FE_ERR_INIT;

	if (fe_db_begin(db, &err) || apply(db, &err) || fe_db_commit(db, &err))
		fail_msg("%s", err.text);
	fe_db_close(db);
}

static void
apply_own_sqlite(void)
{
	apply_by(open_sqlite(), fe_schema_apply_own);
}

static void
apply_own_postgres(void)
{
	apply_by(pg_place_open(), fe_pg_schema_apply_own);
}

static const struct any_place sqlite = {
	.is_sqlite = true,
	.ops = &fe_sink_sqlite,
	.fresh = place_fresh,
	.remove = place_remove,
	.exec = place_exec,
	.i64 = place_i64,
	.text = place_text,
	.open = open_sqlite,
	.unlock = "DROP TRIGGER etl_run_events_no_update; DROP TRIGGER etl_run_events_no_delete; "
		  "DROP TRIGGER etl_audit_log_no_update; DROP TRIGGER etl_audit_log_no_delete; ",
	.apply_own = apply_own_sqlite,
};

static const struct any_place postgres = {
	.ops = &fe_sink_postgres,
	.fresh = pg_place_fresh,
	.remove = pg_place_remove,
	.exec = pg_place_exec,
	.i64 = pg_place_i64,
	.text = pg_place_text,
	.open = pg_place_open,
	.unlock = "SET session_replication_role = replica; ",
	.apply_own = apply_own_postgres,
};

const struct any_place *
any_place_of(int argc, char **argv, int *code)
{
	*code = 0;
	if (argc < 2 || strcmp(argv[1], "postgres") != 0)
		return &sqlite;
	if (pg_place_is_there())
		return &postgres;
	*code = pg_place_absent();
	return NULL;
}
