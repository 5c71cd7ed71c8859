// SPDX-License-Identifier: Apache-2.0
/* test_db_sqlite.c - the conformance suite of db/db.h, on SQLite */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "../scratch.h"
#include "db.h"
#include "db/sqlite.h"

static struct scratch scratch;
static int n_forgotten;

static struct fe_db *
open_file(void)
{
	struct fe_sqlite_settings set = { .busy_ms = 1000 };
	struct fe_err err = FE_ERR_INIT;
	char name[16];
	struct fe_db *db;

	(void)snprintf(name, sizeof(name), "%d.db", n_forgotten);
	set.path = scratch_path(&scratch, name);
	if (fe_sqlite_open(&db, &set, &err))
		fail_msg("%s", err.text);
	return db;
}

static void
forget(void)
{
	n_forgotten++;
}

int
main(void)
{
	static const struct fe_db_subject subject = {
		.open = open_file,
		.forget = forget,
		.blob_type = "blob",
		.timestamp_type = "text",
		.bool_type = "integer",
	};
	int n_failed;

	scratch_open(&scratch);
	n_failed = fe_db_conformance(&subject);
	scratch_close(&scratch);
	return n_failed;
}
