// SPDX-License-Identifier: Apache-2.0
/* test_catalog.c - reading runs, rejects and rows back, and catching a changed trail */
#include <setjmp.h>
#include <stdio.h>

#include <cmocka.h>

#include "any_place.h"
#include "load/catalog.h"
#include "load/schema.h"
#include "sink_fixture.h"

static const struct any_place *place;
static struct fx_tables tables;
static struct fx f;
static const char *url;

#define ITEM_1 "K1|C1|2026-01-31|2026-01-31 10:00:00.000000Z|-0.05|open|0.125||small"
static const char *const one_item[] = { ITEM_1, NULL };

static int
set_up(void **p)
{
	(void)p;
	url = place->fresh();
	fx_tables_init(&tables);
	fx_init(&f, place->ops, &tables);
	fx_load_items(&f, url, "RUN1", one_item);
	fx_start(&f, url, "RUN2");
	fx_reject(&f, 4, "amount:not_a_number;status_known", FE_STR("K4,C1,x"));
	fx_reject(&f, 9, "record:too_few_cells", FE_STR("k5"));
	fx_end(&f, "held");
	return 0;
}

static int
tear_down(void **p)
{
	(void)p;
	fx_reset(&f);
	fx_tables_reset(&tables);
	return 0;
}

static struct fe_catalog *
open_catalog(void)
{
	struct fe_err err = FE_ERR_INIT;
	struct fe_catalog *c;

	if (fe_catalog_open(&c, url, 0, &err))
		fail_msg("%s", err.text);
	return c;
}

/* ---- answers, gathered as lines ---- */

static enum fe_rc
gather_run(void *ctx, const struct fe_catalog_run *r, struct fe_err *err)
{
	(void)err;
	fe_buf_addf(ctx, "%.*s %.*s %.*s %d %.*s\n", FE_STR_ARGS(r->run_id), FE_STR_ARGS(r->pipeline),
	            FE_STR_ARGS(r->status), (int)r->rejected, FE_STR_ARGS(r->error));
	return FE_OK;
}

static enum fe_rc
gather_reject(void *ctx, const struct fe_catalog_reject *r, struct fe_err *err)
{
	(void)err;
	fe_buf_addf(ctx, "%.*s %.*s %.*s %d@%d %.*s %.*s %.*s\n", FE_STR_ARGS(r->run_id),
	            FE_STR_ARGS(r->dataset), FE_STR_ARGS(r->object_path), (int)r->record,
	            (int)r->offset, FE_STR_ARGS(r->verdict), FE_STR_ARGS(r->reasons),
	            FE_STR_ARGS(r->raw));
	return FE_OK;
}

static enum fe_rc
gather_row(void *ctx, const struct fe_catalog_row *r, struct fe_err *err)
{
	size_t i;

	(void)err;
	for (i = 0; i < r->n_cells - 6; i++)
		fe_buf_addf(ctx, "%s=%.*s ", r->cells[i].name, FE_STR_ARGS(r->cells[i].value));
	fe_buf_addf(ctx, "%.*s %.*s %d", FE_STR_ARGS(r->run_id), FE_STR_ARGS(r->object_path),
	            (int)r->record);
	return FE_OK;
}

static enum fe_rc
refuse(void *ctx, const struct fe_catalog_run *r, struct fe_err *err)
{
	++*(int *)ctx;
	(void)r;
	return fe_fail(err, FE_ECANCEL, "enough");
}

static void
assert_runs(const struct fe_catalog_run_query *q, const char *lines)
{
	struct fe_catalog *c = open_catalog();
	struct fe_err err = FE_ERR_INIT;
	struct fe_buf out;

	fe_buf_init(&out, 65536);
	assert_int_equal(fe_catalog_runs(c, q, gather_run, &out, &err), FE_OK);
	assert_string_equal(fe_buf_text(&out), lines);
	fe_buf_reset(&out);
	fe_catalog_close(c);
}

static void
assert_rejects(const struct fe_catalog_reject_query *q, const char *lines)
{
	struct fe_catalog *c = open_catalog();
	struct fe_err err = FE_ERR_INIT;
	struct fe_buf out;

	fe_buf_init(&out, 65536);
	assert_int_equal(fe_catalog_rejects(c, q, gather_reject, &out, &err), FE_OK);
	assert_string_equal(fe_buf_text(&out), lines);
	fe_buf_reset(&out);
	fe_catalog_close(c);
}

#define RUN_1 "RUN1 shop success 0 \n"
#define RUN_2 "RUN2 shop held 2 it did not go well\n"
#define REJECT_1                                                                             \
	"RUN2 items /in/items.csv 4@400 rejected [\"amount:not_a_number\",\"status_known\"] "  \
	"K4,C1,x\n"
#define REJECT_2 "RUN2 items /in/items.csv 9@900 rejected [\"record:too_few_cells\"] k5\n"
#define REJECT_3 "RUN3 items /in/items.csv 2@200 rejected [\"amount:missing\"] K2,\n"

static void
runs_come_newest_first_and_filtered(void **p)
{
	(void)p;
	assert_runs(&(struct fe_catalog_run_query){ 0 }, RUN_2 RUN_1);
	assert_runs(&(struct fe_catalog_run_query){ .limit = 1 }, RUN_2);
	assert_runs(&(struct fe_catalog_run_query){ .status = "success" }, RUN_1);
	assert_runs(&(struct fe_catalog_run_query){ .run_id = "RUN1" }, RUN_1);
	assert_runs(&(struct fe_catalog_run_query){ .pipeline = "other" }, "");
	fx_start(&f, url, "RUN3");
	fx_close(&f);
	assert_runs(&(struct fe_catalog_run_query){ .status = "running" }, "RUN3 shop running 0 \n");
}

static void
a_callback_that_fails_ends_the_query(void **p)
{
	struct fe_catalog *c = open_catalog();
	struct fe_err err = FE_ERR_INIT;
	int n = 0;

	(void)p;
	assert_int_equal(fe_catalog_runs(c, &(struct fe_catalog_run_query){ 0 }, refuse, &n, &err),
	                 FE_ECANCEL);
	assert_int_equal(n, 1);
	assert_string_equal(err.text, "enough");
	fe_catalog_close(c);
}

static enum fe_rc
gather_object(void *ctx, const struct fe_catalog_object *o, struct fe_err *err)
{
	(void)err;
	fe_buf_addf(ctx, "%.*s %.*s %.*s\n", FE_STR_ARGS(o->dataset), FE_STR_ARGS(o->path), FE_STR_ARGS(o->outcome));
	return FE_OK;
}

static void
assert_objects(const char *run_id, uint64_t limit, uint64_t n_all, const char *lines)
{
	struct fe_catalog *c = open_catalog();
	struct fe_err err = FE_ERR_INIT;
	uint64_t n = UINT64_MAX;
	struct fe_buf out;

	fe_buf_init(&out, 65536);
	assert_int_equal(fe_catalog_objects(c, run_id, limit, &n, gather_object, &out, &err), FE_OK);
	assert_string_equal(fe_buf_text(&out), lines);
	assert_int_equal(n, n_all);
	fe_buf_reset(&out);
	fe_catalog_close(c);
}

static void
objects_of_a_run_are_counted_and_told_up_to_a_limit(void **p)
{
	(void)p;
	assert_objects("RUN1", 10, 2, "customers /in/customers.csv loaded\nitems /in/items.csv loaded\n");
	assert_objects("RUN2", 10, 2, "customers /in/customers.csv held\nitems /in/items.csv held\n");
	assert_objects("RUN1", 1, 2, "customers /in/customers.csv loaded\n");
	assert_objects("nobody", 10, 0, "");
}

static void
rejects_come_newest_run_first_and_filtered(void **p)
{
	(void)p;
	assert_rejects(&(struct fe_catalog_reject_query){ 0 }, REJECT_1 REJECT_2);
	assert_rejects(&(struct fe_catalog_reject_query){ .limit = 1 }, REJECT_1);
	assert_rejects(&(struct fe_catalog_reject_query){ .reason = "status_known" }, REJECT_1);
	assert_rejects(&(struct fe_catalog_reject_query){ .reason = "status" }, "");
	assert_rejects(&(struct fe_catalog_reject_query){ .raw_has = "K5" }, REJECT_2);
	assert_rejects(&(struct fe_catalog_reject_query){ .raw_has = "c1" }, REJECT_1);
	assert_rejects(&(struct fe_catalog_reject_query){ .dataset = "customers" }, "");
	assert_rejects(&(struct fe_catalog_reject_query){ .run_id = "RUN1" }, "");
	fx_start(&f, url, "RUN3");
	fx_reject(&f, 2, "amount:missing", FE_STR("K2,"));
	fx_end(&f, "held");
	assert_rejects(&(struct fe_catalog_reject_query){ 0 }, REJECT_3 REJECT_1 REJECT_2);
}

static void
a_row_is_found_by_its_key_with_its_origin(void **p)
{
	struct fe_catalog *c = open_catalog();
	struct fe_err err = FE_ERR_INIT;
	const char *key[] = { "K1" };
	struct fe_buf out;
	bool found;

	(void)p;
	fe_buf_init(&out, 65536);
	assert_int_equal(fe_catalog_find_row(c, &tables.tables[FX_ITEMS], key, 1, &found, gather_row,
	                                     &out, &err),
	                 FE_OK);
	assert_true(found);
	assert_string_equal(fe_buf_text(&out),
	                    "item_id=K1 customer_id=C1 day=2026-01-31 "
	                    "at=2026-01-31 10:00:00.000000Z amount=-0.05 status=open fee=0.125 n= "
	                    "size=small RUN1 /in/items.csv 4");
	key[0] = "K2";
	assert_int_equal(fe_catalog_find_row(c, &tables.tables[FX_ITEMS], key, 1, &found, gather_row,
	                                     &out, &err),
	                 FE_OK);
	assert_false(found);
	assert_int_equal(fe_catalog_find_row(c, &tables.tables[FX_ITEMS], key, 2, &found, gather_row,
	                                     &out, &err),
	                 FE_EUSAGE);
	fe_buf_reset(&out);
	fe_catalog_close(c);
}

static void
places_without_runs_are_told(void **p)
{
	struct fe_err err = FE_ERR_INIT;
	struct fe_catalog *c;

	(void)p;
	url = place->fresh();
	assert_int_equal(fe_catalog_open(&c, url, 0, &err), FE_EUSAGE);
	place->exec("CREATE TABLE t (a INTEGER)");
	assert_int_equal(fe_catalog_open(&c, url, 0, &err), FE_EUSAGE);
	assert_non_null(strstr(err.text, "run a pipeline"));
	assert_null(c);
}

/* ---- the audit trail ---- */

static enum fe_rc
verify(uint64_t *n, struct fe_err *err)
{
	struct fe_catalog *c = open_catalog();
	char last[FE_SHA256_HEX_BYTES];
	enum fe_rc rc = fe_catalog_verify_events(c, n, last, err);

	if (rc == FE_OK) {
		char sql[256];

		(void)snprintf(sql, sizeof(sql),
		               "SELECT event_id FROM etl_run_events WHERE hash = '%s'", last);
		assert_int_equal(place->i64(sql), *n);
	}
	fe_catalog_close(c);
	return rc;
}

static void
an_untouched_trail_verifies(void **p)
{
	struct fe_err err = FE_ERR_INIT;
	uint64_t n;

	(void)p;
	assert_int_equal(verify(&n, &err), FE_OK);
	assert_int_equal(n, 4);
}

/* What one who may do anything does to the trail, and what verifying then names. */
static void
every_change_of_the_trail_is_named(void **p)
{
	static const struct {
		const char *change, *named;
	} changes[] = {
		{ "UPDATE etl_run_events SET at = '2020-01-01 00:00:00.000000Z' WHERE event_id = 3", "event 3" },
		{ "UPDATE etl_run_events SET pipeline_name = 'other' WHERE event_id = 1", "event 1" },
		{ "UPDATE etl_run_events SET detail = '{}' WHERE event_id = 2", "event 2" },
		{ "DELETE FROM etl_run_events WHERE event_id = 1", "event 1" },
		{ "DELETE FROM etl_run_events WHERE event_id = 2", "event 2" },
		{ "DELETE FROM etl_run_events WHERE event_id = 4", "RUN2" },
		{ "UPDATE etl_run_events SET hash = previous_hash WHERE event_id = 1", "event 1" },
		{ "UPDATE etl_run_events SET event_id = event_id + 10 WHERE event_id = 3", "event 3" },
		{ "INSERT INTO etl_run_events SELECT 5, run_id, pipeline_name, event, at, detail, hash, hash "
		  "FROM etl_run_events WHERE event_id = 4", "event 5" },
		{ "INSERT INTO etl_run_events SELECT 0, run_id, pipeline_name, event, at, detail, hash, hash "
		  "FROM etl_run_events WHERE event_id = 4", "event 0" },
		{ "UPDATE etl_audit_log SET records_loaded = 7 WHERE run_id = 'RUN1'", "event 2" },
		{ "UPDATE etl_audit_log SET error_message = '' WHERE run_id = 'RUN1'", "event 2" },
		{ "UPDATE etl_audit_log SET reconciliation = NULL WHERE run_id = 'RUN2'", "event 4" },
		{ "DELETE FROM etl_audit_log WHERE run_id = 'RUN1'", "event 2" },
		{ "INSERT INTO etl_audit_log SELECT 'RUN9', pipeline_name, start_time, end_time, status, "
		  "1, 1, 1, 1, 1, NULL, NULL, NULL, NULL, NULL, NULL FROM etl_audit_log WHERE run_id = 'RUN1'",
		  "RUN9" },
	};
	struct fe_err err = FE_ERR_INIT;
	char sql[1024];
	size_t i;
	uint64_t n;

	for (i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		if (i > 0)
			(void)tear_down(p);
		(void)set_up(p);
		assert_true(snprintf(sql, sizeof(sql), "%s%s", place->unlock, changes[i].change) > 0);
		place->exec(sql);
		assert_int_equal(verify(&n, &err), FE_ECONFLICT);
		if (!strstr(err.text, changes[i].named))
			fail_msg("%s: '%s' does not name '%s'", changes[i].change, err.text, changes[i].named);
	}
}

/* The chain alone cannot show it; the last hash, kept outside, does. */
static void
a_trail_without_its_tail_has_another_last_hash(void **p)
{
	char whole[FE_SHA256_HEX_BYTES], cut[FE_SHA256_HEX_BYTES], sql[512];
	struct fe_catalog *c = open_catalog();
	struct fe_err err = FE_ERR_INIT;
	uint64_t n;

	(void)p;
	assert_int_equal(fe_catalog_verify_events(c, &n, whole, &err), FE_OK);
	fe_catalog_close(c);
	assert_true(snprintf(sql, sizeof(sql),
	                     "%sDELETE FROM etl_run_events WHERE event_id > 2; "
	                     "DELETE FROM etl_audit_log WHERE run_id = 'RUN2'", place->unlock) > 0);
	place->exec(sql);
	c = open_catalog();
	assert_int_equal(fe_catalog_verify_events(c, &n, cut, &err), FE_OK);
	assert_int_equal(n, 2);
	assert_string_not_equal(whole, cut);
	fe_catalog_close(c);
}

/* More than one page. */
static void
a_long_list_comes_whole_and_in_order(void **p)
{
	struct fe_buf wanted;
	int i;

	(void)p;
	fe_buf_init(&wanted, 1 << 20);
	fx_start(&f, url, "RUN3");
	for (i = 11; i <= 310; i++) {
		fx_reject(&f, (uint64_t)i, i % 2 ? "odd" : "even", FE_STR("x"));
		if (i % 2)
			fe_buf_addf(&wanted, "RUN3 items /in/items.csv %d@%d rejected [\"odd\"] x\n", i, 100 * i);
	}
	fx_end(&f, "held");
	assert_rejects(&(struct fe_catalog_reject_query){ .reason = "odd" }, fe_buf_text(&wanted));
	assert_rejects(&(struct fe_catalog_reject_query){ .reason = "even", .run_id = "RUN2" }, "");
	fe_buf_reset(&wanted);
}

/* ---- views ---- */

static void
views_are_made_where_their_columns_are(void **p)
{
	static const char *const columns[][2] = {
		{ "transaction_id", "t" }, { "customer_id", "t" },    { "transaction_date", "w" },
		{ "amount", "d" },         { "merchant_id", "t" },    { "category", "t" },
		{ "status", "t" },         { "payment_method", "t" }, { "risk_score", "d" },
		{ "risk_level", "t" },
	};
	static const enum fe_role roles[10] = { FE_ROLE_KEY };
	static const bool not_null[10] = { true };
	static const size_t key[] = { 0 };
	struct fe_table t = { .name = "fact_transactions", .roles = roles, .not_null = not_null,
		              .key = key, .n_key = 1 };
	struct fe_err err = FE_ERR_INIT;
	struct fe_schema schema;
	size_t i;

	(void)p;
	fe_schema_init(&schema);
	for (i = 0; i < 10; i++)
		(void)fe_schema_add(&schema, fe_str_of(columns[i][0]),
		                    columns[i][1][0] == 'd'
		                            ? (struct fe_type){ .kind = FE_DECIMAL, .precision = 12, .scale = 2 }
		                            : (struct fe_type){ .kind = columns[i][1][0] == 'w' ? FE_TIMESTAMP : FE_TEXT });
	schema.n_source = schema.n_fields;
	t.schema = &schema;
	url = place->fresh();
	assert_int_equal(fe_schema_apply_url(url, &t, 1, 0, &err), FE_OK);
	/* no dim_customers: only the view that does not need it */
	assert_string_equal(place->text("SELECT name FROM sqlite_schema WHERE type = 'view' ORDER BY 1"),
	                    "daily_transaction_summary\netl_runs\n");
	place->exec("INSERT INTO fact_transactions (transaction_id, transaction_date, amount_minor, status, "
	           "risk_level, processed_at, created_at, updated_at, etl_run_id, etl_object_id, etl_record) "
	           "VALUES ('A', '2026-01-31 10:00:00.000000Z', 10, 'completed', 'low', '', '', '', '', 1, 1), "
	           "('B', '2026-01-31 11:00:00.000000Z', 20, 'failed', 'high', '', '', '', '', 1, 2)");
	assert_string_equal(place->text("SELECT day, transactions, total_amount, completed_amount, "
	                               "failed_amount, failed_percent, high_risk_transactions "
	                               "FROM daily_transaction_summary"),
	                    "2026-01-31|2|0.3|0.1|0.2|50.0|1\n");
	fe_schema_reset(&schema);
}

int
main(int argc, char **argv)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(runs_come_newest_first_and_filtered),
		T(a_callback_that_fails_ends_the_query),
		T(objects_of_a_run_are_counted_and_told_up_to_a_limit),
		T(rejects_come_newest_run_first_and_filtered),
		T(a_long_list_comes_whole_and_in_order),
		T(a_row_is_found_by_its_key_with_its_origin),
		T(places_without_runs_are_told),
		T(an_untouched_trail_verifies),
		cmocka_unit_test_teardown(every_change_of_the_trail_is_named, tear_down),
		T(a_trail_without_its_tail_has_another_last_hash),
	};
	const struct CMUnitTest of_sqlite[] = { T(views_are_made_where_their_columns_are) };
	int n_failed;

	place = any_place_of(argc, argv, &n_failed);
	if (!place)
		return n_failed;
	n_failed = cmocka_run_group_tests(tests, NULL, NULL);
	if (place->is_sqlite)
		n_failed += cmocka_run_group_tests(of_sqlite, NULL, NULL);
	place->remove();
	return n_failed;
}
