// SPDX-License-Identifier: Apache-2.0
/* test_sink_sqlite.c - the SQLite sink passes the suite that every sink must pass */
#include <setjmp.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "sink.h"
#include "sqlite_place.h"

static const char customers_sql[] =
	"SELECT customer_id, name, CASE is_active WHEN 1 THEN 'true' WHEN 0 THEN 'false' END "
	"FROM dim_customers ORDER BY 1";
/* Decimals are printed from their integers, as the fixture writes them. */
static const char items_sql[] =
	"SELECT item_id, customer_id, day, at, "
	"iif(amount_minor < 0, '-', '') || (abs(amount_minor) / 100) || '.' || "
	"substr('00' || (abs(amount_minor) % 100), -2), status, "
	"iif(fee_minor < 0, '-', '') || (abs(fee_minor) / 1000) || '.' || "
	"substr('000' || (abs(fee_minor) % 1000), -3), n, size FROM fact_items ORDER BY 1";

static void
dump(const char *url, const char *table, struct fe_buf *out)
{
	(void)url;
	if (access(place_path(), F_OK) != 0 ||
	    place_i64("SELECT count(*) FROM sqlite_schema WHERE name = 'fact_items'") == 0)
		return;
	fe_buf_add_text(out, place_text(strcmp(table, "fact_items") == 0 ? items_sql : customers_sql));
}

int
main(void)
{
	const struct fe_sink_subject subject = {
		.ops = &fe_sink_sqlite, .fresh = place_fresh, .dump = dump, .keeps_rows = true,
	};
	int n_failed = fe_sink_conformance(&subject);

	place_remove();
	return n_failed;
}
