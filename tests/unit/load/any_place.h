// SPDX-License-Identifier: Apache-2.0
/* load/any_place.h - one suite for both engines: a program is run as it is for SQLite, and
 * with the word 'postgres' for PostgreSQL */
#ifndef FE_TEST_ANY_PLACE_H
#define FE_TEST_ANY_PLACE_H

#include "db/db.h"
#include "load/sink.h"

struct any_place {
	bool is_sqlite;
	const struct fe_sink_ops *ops;
	/* Those of sqlite_place.h or ../postgres.h */
	const char *(*fresh)(void);
	void (*remove)(void);
	void (*exec)(const char *sql);
	int64_t (*i64)(const char *sql);
	const char *(*text)(const char *sql);
	struct fe_db *(*open)(void);
	/* SQL before a change of what is append-only: as somebody who owns the database can */
	const char *unlock;
	/* finetl's own tables, into the database made last */
	void (*apply_own)(void);
};

/* NULL: there is no server; *code is what main returns. */
const struct any_place *any_place_of(int argc, char **argv, int *code);

#endif
