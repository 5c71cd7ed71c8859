// SPDX-License-Identifier: Apache-2.0
/* load/sqlite_place.h - a folder for warehouses of a test, and looks into them */
#ifndef FE_TEST_SQLITE_PLACE_H
#define FE_TEST_SQLITE_PLACE_H

#include "base/buf.h"
#include "db/sqlite.h"

/* A URL of a file that is not there yet; lives until the next call. */
const char *place_fresh(void);
const char *place_path(void); /* of the file named last */
void place_remove(void);      /* the folder with all in it */

void place_exec(const char *sql);
int64_t place_i64(const char *sql);
/* Rows as lines, columns parted by '|'; lives until the next call. */
const char *place_text(const char *sql);

#endif
