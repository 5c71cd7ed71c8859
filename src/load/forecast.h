// SPDX-License-Identifier: Apache-2.0
/* load/forecast.h - what a run would do to a table, told without doing it
 *
 * For those who only look: asks a database that is open for reading, and writes nothing. What is
 * told of the way of loading is what the engine would begin with; how many rows come decides the rest.
 */
#ifndef FE_LOAD_FORECAST_H
#define FE_LOAD_FORECAST_H

#include "base/buf.h"
#include "load/table.h"

struct fe_db;

struct fe_forecast {
	bool is_there;           /* the table */
	struct fe_buf ddl;       /* statements that would make what is missing, one a line */
	struct fe_buf merge;     /* the statements by which rows would come in, as the run prints them, one a line */
	struct fe_err conflict;  /* why a run would refuse it; rc FE_OK: it would not */
	char strategy[160];
};

/* now_us: of the moments in the statements. db NULL: nothing is there yet, and is_server says which engine it would be. */
FE_MUST_USE enum fe_rc fe_forecast_table(struct fe_forecast *out, struct fe_db *db, bool is_server, const struct fe_table *table,
                                         int64_t now_us, struct fe_err *err);
void fe_forecast_reset(struct fe_forecast *f);

#endif
