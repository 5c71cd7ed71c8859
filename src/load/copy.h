// SPDX-License-Identifier: Apache-2.0
/* load/copy.h - a sink that leaves a copy of what another one takes
 *
 * Stands before the sink of a database, and hands everything on. Of one table the rows that the
 * database takes from this run, new ones and changed ones, are written to files in a local folder
 * as well, as files:DIR writes them; what it had already is not among them:
 *
 *   <table>.csv             in the order of the input; superseded rows are left out
 *   <data set>.rejects.csv  what was not loaded, and why
 *
 *   Agreement  the rows that the database confirms and those of the file are as many, or the
 *              run fails
 *   Commit     the files are finished; then `finished` is called, which may take them away;
 *              then the database commits. Undone, only the rejects are left.
 */
#ifndef FE_LOAD_COPY_H
#define FE_LOAD_COPY_H

#include "load/sink.h"

struct fe_copy_settings {
	size_t table;
	const char *folder; /* that is there */
	const char *stamp;  /* load/sink.h */
	FE_MUST_USE enum fe_rc (*finished)(void *ctx, struct fe_err *err);
	void *ctx;
};

/* Takes `of` over, also where it fails. Settings' texts are borrowed until close. */
struct fe_sink *fe_copy_new(struct fe_sink *of, const struct fe_copy_settings *set);

#endif
