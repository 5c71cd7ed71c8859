// SPDX-License-Identifier: Apache-2.0
/* test_db_postgres.c - the conformance suite of db/db.h, on PostgreSQL */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "db.h"
#include "postgres.h"

static bool is_made;

static struct fe_db *
open_fresh(void)
{
	if (!is_made)
		(void)pg_place_fresh();
	is_made = true;
	return pg_place_open();
}

static void
forget(void)
{
	pg_place_remove();
	is_made = false;
}

int
main(void)
{
	static const struct fe_db_subject subject = {
		.open = open_fresh,
		.forget = forget,
		.blob_type = "bytea",
		.timestamp_type = "timestamptz",
		.bool_type = "boolean",
	};

	return pg_place_is_there() ? fe_db_conformance(&subject) : pg_place_absent();
}
