// SPDX-License-Identifier: Apache-2.0
/* load/sqlite_place.c - see load/sqlite_place.h */
#include "sqlite_place.h"

#include <setjmp.h>
#include <stdio.h>

#include <cmocka.h>

#include "../ask.h"
#include "../scratch.h"

static struct scratch scratch;
static char url[sizeof(scratch.folder) + 32];

const char *
place_fresh(void)
{
	static int n;

	if (!url[0])
		scratch_open(&scratch);
	assert_true(snprintf(url, sizeof(url), "sqlite:%s/w%d.db", scratch.folder, ++n) > 0);
	return url;
}

const char *
place_path(void)
{
	return url + strlen("sqlite:");
}

void
place_remove(void)
{
	scratch_close(&scratch);
}

static struct fe_db *
open_db(void)
{
	const struct fe_sqlite_settings set = { .path = place_path() };
	struct fe_err err = FE_ERR_INIT;
	struct fe_db *db;

	if (fe_sqlite_open(&db, &set, &err))
		fail_msg("%s", err.text);
	return db;
}

void
place_exec(const char *sql)
{
	struct fe_db *db = open_db();
	struct fe_err err = FE_ERR_INIT;

	if (fe_db_exec(db, sql, &err))
		fail_msg("%s: %s", sql, err.text);
	fe_db_close(db);
}

int64_t
place_i64(const char *sql)
{
	return ask_i64(open_db(), sql);
}

const char *
place_text(const char *sql)
{
	return ask_text(open_db(), sql);
}
