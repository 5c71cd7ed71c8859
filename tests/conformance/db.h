// SPDX-License-Identifier: Apache-2.0
/* conformance/db.h - what every engine behind db/db.h must do, asked of each alike */
#ifndef FE_TEST_CONFORMANCE_DB_H
#define FE_TEST_CONFORMANCE_DB_H

#include "db/db.h"

struct fe_db_subject {
	/* A connection; all of one test are to the same database, and nothing is there when
	 * the test begins. */
	struct fe_db *(*open)(void);
	void (*forget)(void); /* what was made, when the connections are closed */
	const char *blob_type, *timestamp_type, *bool_type;
};

/* Runs the suite; the number of tests that failed. */
int fe_db_conformance(const struct fe_db_subject *subject);

#endif
