// SPDX-License-Identifier: Apache-2.0
/* load/sqlite_place.c - see load/sqlite_place.h */
#include "sqlite_place.h"

#include <setjmp.h>
#include <stdio.h>

#include <cmocka.h>

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
	struct fe_db *db = open_db();
	struct fe_err err = FE_ERR_INIT;
	int64_t v = INT64_MIN;

	if (fe_db_query_i64(db, sql, &v, &err))
		fail_msg("%s: %s", sql, err.text);
	fe_db_close(db);
	return v;
}

const char *
place_text(const char *sql)
{
	static char text[65536];
	struct fe_db *db = open_db();
	struct fe_err err = FE_ERR_INIT;
	struct fe_stmt *st;
	struct fe_buf out;
	bool row;
	int i;

	fe_buf_init(&out, sizeof(text) - 1);
	if (fe_db_prepare(db, fe_str_of(sql), &st, &err))
		fail_msg("%s: %s", sql, err.text);
	for (;;) {
		if (fe_stmt_step(st, &row, &err))
			fail_msg("%s: %s", sql, err.text);
		if (!row)
			break;
		for (i = 0; i < fe_stmt_n_columns(st); i++) {
			if (i > 0)
				fe_buf_add_char(&out, '|');
			fe_buf_add_str(&out, fe_stmt_text(st, i));
		}
		fe_buf_add_char(&out, '\n');
	}
	assert_false(out.failed);
	memcpy(text, fe_buf_text(&out), out.n_bytes + 1);
	fe_buf_reset(&out);
	fe_stmt_free(st);
	fe_db_close(db);
	return text;
}
