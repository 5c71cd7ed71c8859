// SPDX-License-Identifier: Apache-2.0
/* ask.h - what a test asks of a database, whichever the engine
 *
 * Each takes the connection and closes it; what fails, fails the test with the statement.
 */
#ifndef FE_TESTS_ASK_H
#define FE_TESTS_ASK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "db/db.h"

/* INT64_MIN where there is no row. */
static inline int64_t
ask_i64(struct fe_db *db, const char *sql)
{
	struct fe_err err = FE_ERR_INIT;
	int64_t v = INT64_MIN;

	if (fe_db_query_i64(db, sql, &v, &err))
		fail_msg("%s: %s", sql, err.text);
	fe_db_close(db);
	return v;
}

/* A line a row, columns parted by '|'. Lives until the next call. */
static inline const char *
ask_text(struct fe_db *db, const char *sql)
{
	static char text[65536];
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

#endif
