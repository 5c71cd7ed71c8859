// SPDX-License-Identifier: Apache-2.0
/* db/engine.h - what an engine brings so that db/db.h can be used
 *
 * Private to db/: one constant table of functions an engine, which db.c calls. The
 * meanings are those of db/db.h.
 */
#ifndef FE_DB_ENGINE_H
#define FE_DB_ENGINE_H

#include "db/db.h"

struct fe_db_ops {
	enum fe_db_engine engine;
	void (*close)(struct fe_db *db);
	enum fe_rc (*exec)(struct fe_db *db, const char *sql, struct fe_err *err);
	enum fe_rc (*begin)(struct fe_db *db, struct fe_err *err);
	enum fe_rc (*commit)(struct fe_db *db, struct fe_err *err);
	enum fe_rc (*rollback)(struct fe_db *db, struct fe_err *err); /* of a transaction that is open */
	bool (*in_transaction)(const struct fe_db *db);
	int64_t (*changes)(const struct fe_db *db);
	enum fe_rc (*prepare)(struct fe_db *db, struct fe_str sql, struct fe_stmt **out,
	                      struct fe_err *err);

	void (*stmt_free)(struct fe_stmt *st);
	void (*bind_i64)(struct fe_stmt *st, int index, int64_t v);
	void (*bind_text)(struct fe_stmt *st, int index, struct fe_str v); /* p is not NULL */
	void (*bind_blob)(struct fe_stmt *st, int index, struct fe_str v); /* p is not NULL */
	void (*bind_null)(struct fe_stmt *st, int index);
	enum fe_rc (*step)(struct fe_stmt *st, bool *row, struct fe_err *err);
	void (*reset)(struct fe_stmt *st);
	int (*n_columns)(const struct fe_stmt *st);
	bool (*is_null)(struct fe_stmt *st, int column);
	int64_t (*i64)(struct fe_stmt *st, int column);
	struct fe_str (*text)(struct fe_stmt *st, int column);
};

/* First member of every engine's own structs. */
struct fe_db {
	const struct fe_db_ops *ops;
	char *name; /* for messages; owned by the engine */
	bool stoppable;
};

struct fe_stmt {
	const struct fe_db_ops *ops;
};

#endif
