// SPDX-License-Identifier: Apache-2.0
/* test_sink_postgres.c - the PostgreSQL sink passes the suite that every sink must pass */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>

#include <cmocka.h>

#include "postgres.h"
#include "sink.h"

static const char customers_sql[] =
	"SELECT customer_id, name, CASE is_active WHEN true THEN 'true' WHEN false THEN 'false' END "
	"FROM dim_customers ORDER BY 1";
/* Texts, as the fixture writes them. */
static const char items_sql[] =
	"SELECT item_id, customer_id, day, at, amount, status, fee, n, size FROM fact_items ORDER BY 1";

static void
dump(const char *url, const char *table, struct fe_buf *out)
{
	(void)url;
	if (pg_place_i64("SELECT count(*) FROM pg_class WHERE relname = 'fact_items'") == 0)
		return;
	fe_buf_add_text(out, pg_place_text(strcmp(table, "fact_items") == 0 ? items_sql
	                                                                    : customers_sql));
}

int
main(void)
{
	const struct fe_sink_subject subject = {
		.ops = &fe_sink_postgres, .fresh = pg_place_fresh, .dump = dump, .keeps_rows = true,
	};
	int n_failed;

	if (!pg_place_is_there())
		return pg_place_absent();
	n_failed = fe_sink_conformance(&subject);
	pg_place_remove();
	return n_failed;
}
