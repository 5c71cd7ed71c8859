// SPDX-License-Identifier: Apache-2.0
/* tests/unit/postgres.h - databases of a test on the server of FINETL_TEST_POSTGRES
 *
 * A program that needs a server asks first of all in main, and leaves with
 * pg_place_absent() where there is none; its meson.build adds postgres_place_dep. The
 * server is tools/pg_cluster.py's, or one where the tests may make databases and roles.
 */
#ifndef FE_TEST_POSTGRES_H
#define FE_TEST_POSTGRES_H

#include "base/buf.h"
#include "db/postgres.h"

bool pg_place_is_there(void);
/* Says why the program is left out; what main returns: skipped, in CI failed. */
int pg_place_absent(void);

/* The URL of a new, empty database; lives until the next call. */
const char *pg_place_fresh(void);
/* The URL of the database made last; as another user where one is given (NULL: none). */
const char *pg_place_url(const char *user, const char *password);
void pg_place_remove(void); /* drops every database that was made */

/* In the database made last. */
struct fe_db *pg_place_open(void);
void pg_place_exec(const char *sql);
int64_t pg_place_i64(const char *sql);
/* Rows as lines, columns parted by '|'; lives until the next call. */
const char *pg_place_text(const char *sql);

#endif
