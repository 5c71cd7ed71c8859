// SPDX-License-Identifier: Apache-2.0
/* test_sqlite.c - what the SQLite sink does beyond what every sink must: schema, drift,
 * audit trail, rejects, indexes, locks */
#include <setjmp.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "load/schema.h"
#include "sink_fixture.h"
#include "sqlite_place.h"

static struct fx_tables tables;
static struct fx f;
static const char *url;

#define ITEM_1 "K1|C1|2026-01-31|2026-01-31 10:00:00.000000Z|12.50|open|0.125|7|small"
static const char *const one_item[] = { ITEM_1, NULL };
#define N_INDEXES "SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'fact_items'"

static int
set_up(void **p)
{
	(void)p;
	url = place_fresh();
	fx_tables_init(&tables);
	fx_init(&f, &fe_sink_sqlite, &tables);
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

/* ---- rows and their stamps ---- */

static void
rows_say_where_they_are_from(void **p)
{
	(void)p;
	fx_load_items(&f, url, "RUN1", one_item);
	assert_string_equal(
		place_text("SELECT i.etl_run_id, o.path, i.etl_record, "
	                   "processed_at = created_at AND created_at = updated_at, "
	                   "length(created_at) FROM fact_items AS i "
	                   "JOIN etl_objects AS o ON o.object_id = i.etl_object_id"),
		"RUN1|/in/items.csv|4|1|27\n");
}

static void
an_update_keeps_created_at_and_tells_its_own_run(void **p)
{
	(void)p;
	fx_load_items(&f, url, "RUN1", one_item);
	fx_start(&f, url, "RUN2");
	(void)fx_table_begin(&f, FX_CUSTOMERS);
	fx_table_end(&f);
	(void)fx_table_begin(&f, FX_ITEMS);
	fx_update(&f, fx_lookup(&f, FX_ITEMS, "K1|", NULL),
	          "K1|C1|2026-01-31|2026-01-31 10:00:00.000000Z|12.50|paid|0.125|7|small");
	fx_write(&f);
	fx_table_end(&f);
	fx_end(&f, "success");
	assert_string_equal(place_text("SELECT status, etl_run_id, created_at < updated_at, "
	                               "processed_at = updated_at, etl_object_id FROM fact_items"),
	                    "paid|RUN2|1|1|4\n");
}

static void
decimals_are_integers_with_a_column_for_reading(void **p)
{
	(void)p;
	fx_load_items(&f, url, "RUN1", one_item);
	assert_string_equal(place_text("SELECT amount_minor, typeof(amount_minor), amount, fee_minor, "
	                               "fee FROM fact_items"),
	                    "1250|integer|12.5|125|0.125\n");
}

/* ---- triggers: what the run tells of its rows must be so ---- */

/* An insert of K2 and an update of K1, up to the commit. */
static enum fe_rc
change_items(const char *run_id, struct fe_err *err)
{
	enum fe_rc rc = fx_open(&f, url, err);

	assert_int_equal(rc, FE_OK);
	rc = fx_begin(&f, run_id, err);
	if (rc)
		return rc;
	(void)fx_table_begin(&f, FX_CUSTOMERS);
	fx_table_end(&f);
	(void)fx_table_begin(&f, FX_ITEMS);
	fx_update(&f, fx_lookup(&f, FX_ITEMS, "K1|", NULL),
	          "K1|C1|2026-01-31|2026-01-31 10:00:00.000000Z|12.50|paid|0.125|7|small");
	(void)fx_insert(&f, "K2|C1|||1.00||||");
	rc = fx_try_write(&f, err);
	if (rc == FE_OK)
		rc = f.ops->table_end(f.sink, FX_ITEMS, &f.result, err);
	return rc ? rc : fx_try_end(&f, "success", err);
}

static void
a_trigger_that_changes_what_is_loaded_is_refused(void **p)
{
	static const char *const triggers[] = {
		"AFTER INSERT ON etl_audit_log BEGIN DELETE FROM fact_items; END",
		"AFTER INSERT ON fact_items BEGIN DELETE FROM fact_items WHERE rowid = new.rowid; END",
		"AFTER INSERT ON fact_items BEGIN UPDATE fact_items SET status = 'x'; END",
		"AFTER INSERT ON fact_items BEGIN DELETE FROM dim_customers; END",
		"AFTER UPDATE ON fact_items BEGIN UPDATE FACT_ITEMS SET amount_minor = 7; END",
		"BEFORE INSERT ON fact_items BEGIN SELECT RAISE(IGNORE); END",
		"BEFORE UPDATE ON fact_items BEGIN SELECT RAISE(IGNORE); END",
		"BEFORE INSERT ON etl_objects BEGIN SELECT RAISE(IGNORE); END",
	};
	struct fe_buf sql;
	size_t i;

	(void)p;
	fx_load_items(&f, url, "RUN1", one_item);
	fe_buf_init(&sql, 1024);
	for (i = 0; i < sizeof(triggers) / sizeof(triggers[0]); i++) {
		const char run_id[] = { 'R', (char)('a' + (int)i), '\0' };
		struct fe_err err = FE_ERR_INIT;

		fe_buf_clear(&sql);
		fe_buf_addf(&sql, "CREATE TRIGGER lies %s", triggers[i]);
		place_exec(fe_buf_text(&sql));
		assert_int_equal(change_items(run_id, &err), FE_ECONFLICT);
		assert_non_null(strstr(err.text, "trigger"));
		fx_reset(&f);
		fx_init(&f, &fe_sink_sqlite, &tables);
		place_exec("DROP TRIGGER lies");
		assert_string_equal(place_text("SELECT item_id, status, amount FROM fact_items"),
		                    "K1|open|12.5\n");
	}
	fe_buf_reset(&sql);
}

static void
a_reject_that_a_trigger_ignores_is_missed(void **p)
{
	struct fe_err err = FE_ERR_INIT;

	(void)p;
	fx_load_items(&f, url, "RUN1", one_item);
	place_exec("CREATE TRIGGER lies BEFORE INSERT ON etl_rejects BEGIN SELECT RAISE(IGNORE); END");
	fx_start(&f, url, "RUN2");
	(void)fx_table_begin(&f, FX_CUSTOMERS);
	fx_table_end(&f);
	(void)fx_table_begin(&f, FX_ITEMS);
	fx_reject(&f, 9, "amount:missing", FE_STR("K9,C1"));
	fx_table_end(&f);
	assert_int_equal(fx_try_end(&f, "success_with_rejects", &err), FE_ECONFLICT);
	assert_non_null(strstr(err.text, "etl_rejects"));
}

/* ---- indexes ---- */

static void
indexes_are_there_after_a_first_load_and_none_is_lost_by_a_failed_one(void **p)
{
	(void)p;
	fx_load_items(&f, url, "RUN1", one_item);
	assert_int_equal(place_i64(N_INDEXES), 4);
	assert_non_null(strstr(f.result.strategy, "empty table"));
	place_exec("DELETE FROM fact_items");
	fx_start(&f, url, "RUN2");
	(void)fx_table_begin(&f, FX_CUSTOMERS);
	fx_table_end(&f);
	assert_true(fx_table_begin(&f, FX_ITEMS)); /* drops them, in its transaction */
	fx_end(&f, "failed");
	assert_int_equal(place_i64(N_INDEXES), 4);
}

static void
a_key_that_comes_twice_is_refused_when_the_index_is_built(void **p)
{
	struct fe_err err = FE_ERR_INIT;

	(void)p;
	fx_start(&f, url, "RUN1");
	(void)fx_table_begin(&f, FX_CUSTOMERS);
	(void)fx_insert(&f, "C1||");
	(void)fx_insert(&f, "C1||");
	fx_write(&f);
	assert_int_equal(f.ops->table_end(f.sink, FX_CUSTOMERS, &f.result, &err), FE_ECONFLICT);
	assert_non_null(strstr(err.text, "dim_customers_key"));
	fx_end(&f, "failed");
}

/* More inserts than rows before, and more than a rebuild is worth: 20000. */
static void
a_small_table_gets_its_indexes_anew_when_many_rows_come(void **p)
{
	const int n_batches = 6;
	char row[64];
	int i, b;

	(void)p;
	fx_load_items(&f, url, "RUN1", one_item);
	fx_start(&f, url, "RUN2");
	(void)fx_table_begin(&f, FX_CUSTOMERS);
	fx_table_end(&f);
	(void)fx_table_begin(&f, FX_ITEMS);
	for (b = 0; b < n_batches; b++) {
		for (i = 0; i < FE_BATCH_ROWS; i++) {
			(void)snprintf(row, sizeof(row), "N%d|C1|||0.01||||", b * FE_BATCH_ROWS + i);
			(void)fx_insert(&f, row);
		}
		fx_write(&f);
	}
	assert_true(fx_lookup(&f, FX_ITEMS, "K1|", NULL) > 0); /* the key's stays */
	fx_table_end(&f);
	assert_int_equal(f.result.inserted.n, n_batches * FE_BATCH_ROWS);
	assert_true(f.result.inserted.sums[0] == n_batches * FE_BATCH_ROWS);
	assert_non_null(strstr(f.result.strategy, "built again"));
	fx_end(&f, "success");
	assert_int_equal(place_i64(N_INDEXES), 4);
	assert_string_equal(place_text("PRAGMA integrity_check"), "ok\n");
}

/* ---- constraints ---- */

static void
an_unknown_parent_or_broken_condition_is_a_conflict(void **p)
{
	static const char *const rows[] = { "K2|C9|||1.00||||", "K2|C1|||1.00|never|||" };
	struct fe_err err = FE_ERR_INIT;
	size_t i;

	(void)p;
	fx_load_items(&f, url, "RUN0", one_item);
	for (i = 0; i < 2; i++) {
		fx_start(&f, url, i ? "RUN2" : "RUN1");
		(void)fx_table_begin(&f, FX_CUSTOMERS);
		fx_table_end(&f);
		(void)fx_table_begin(&f, FX_ITEMS);
		(void)fx_insert(&f, rows[i]);
		assert_int_equal(fx_try_write(&f, &err), FE_ECONFLICT);
		assert_non_null(strstr(err.text, "fact_items"));
		assert_non_null(strstr(err.text, i ? "failed: status <> 'never'" : "FOREIGN KEY"));
		fx_end(&f, "failed");
	}
	assert_int_equal(place_i64("SELECT count(*) FROM fact_items"), 1);
}

/* ---- the audit trail ---- */

static void
every_run_ends_in_the_audit_log_and_is_shown_while_it_runs(void **p)
{
	(void)p;
	fx_start(&f, url, "RUN1");
	assert_string_equal(place_text("SELECT run_id, status FROM etl_runs"), "RUN1|running\n");
	fx_end(&f, "success");
	fx_start(&f, url, "RUN2");
	fx_end(&f, "held");
	assert_string_equal(
		place_text("SELECT run_id, status, records_extracted, records_transformed, "
	                   "records_loaded, records_rejected, records_duplicate, error_message, "
	                   "config_sha256, finetl_version, quality_report, reconciliation "
	                   "FROM etl_audit_log ORDER BY run_id"),
		"RUN1|success|10|9|8|0|1||c0ffee|0.0.1|{}|{\"agrees\":true}\n"
		"RUN2|held|10|9|8|0|1|it did not go well|c0ffee|0.0.1|{}|{\"agrees\":true}\n");
	assert_string_equal(place_text("SELECT run_id, event FROM etl_run_events ORDER BY event_id"),
	                    "RUN1|started\nRUN1|success\nRUN2|started\nRUN2|held\n");
	assert_string_equal(place_text("SELECT run_id, outcome FROM etl_objects ORDER BY object_id"),
	                    "RUN1|loaded\nRUN1|loaded\nRUN2|held\nRUN2|held\n");
}

static void
a_run_that_vanished_is_abandoned_by_the_next(void **p)
{
	(void)p;
	fx_start(&f, url, "RUN1");
	(void)fx_table_begin(&f, FX_CUSTOMERS);
	(void)fx_insert(&f, "C1||");
	fx_write(&f);
	fx_close(&f); /* as a killed process would: no word */
	assert_string_equal(place_text("SELECT run_id, status FROM etl_runs"), "RUN1|running\n");
	fx_load_items(&f, url, "RUN2", one_item);
	assert_string_equal(place_text("SELECT run_id, status FROM etl_runs ORDER BY run_id"),
	                    "RUN1|abandoned\nRUN2|success\n");
	assert_string_equal(place_text("SELECT status, length(run_time), config_sha256, records_loaded "
	                               "FROM etl_audit_log WHERE run_id = 'RUN1'"),
	                    "abandoned|27|c0ffee|0\n");
}

static void
events_cannot_be_changed(void **p)
{
	struct fe_sqlite_settings set = { 0 };
	struct fe_db *db;

	(void)p;
	fx_load_items(&f, url, "RUN1", one_item);
	set.path = place_path();
	assert_int_equal(fe_sqlite_open(&db, &set, NULL), FE_OK);
	assert_int_equal(fe_db_exec(db, "UPDATE etl_run_events SET at = 'x'", NULL), FE_ECONFLICT);
	assert_int_equal(fe_db_exec(db, "DELETE FROM etl_run_events", NULL), FE_ECONFLICT);
	fe_db_close(db);
}

/* ---- rejects ---- */

static void
rejects_are_kept_whole_and_an_open_one_once(void **p)
{
	(void)p;
	fx_start(&f, url, "RUN1");
	fx_reject(&f, 4, "amount:not_a_number;status_known", FE_STR("K4,\0\xff,x"));
	fx_reject(&f, 9, "record:too_few_cells", FE_STR(""));
	fx_end(&f, "success_with_rejects");
	fx_start(&f, url, "RUN2");
	fx_reject(&f, 4, "amount:not_a_number", FE_STR("K4"));
	fx_reject(&f, 10, "conflict", FE_STR("K1"));
	fx_end(&f, "held");
	assert_string_equal(
		place_text("SELECT run_id, dataset, record, byte_offset, verdict, reasons, decimals, "
	                   "hex(raw), object_sha256 = printf('%.64c', 'b') FROM etl_rejects "
	                   "ORDER BY reject_id"),
		"RUN1|items|4|400|rejected|[\"amount:not_a_number\",\"status_known\"]|"
		"{\"amount\":\"12.50\"}|4B342C00FF2C78|1\n"
		"RUN1|items|9|900|rejected|[\"record:too_few_cells\"]|{\"amount\":\"12.50\"}||1\n"
		"RUN2|items|10|1000|rejected|[\"conflict\"]|{\"amount\":\"12.50\"}|4B31|1\n");
	assert_int_equal(place_i64("SELECT count(*) FROM etl_rejects AS r JOIN etl_objects AS o "
	                           "USING (object_id) WHERE o.run_id = r.run_id"),
	                 3);
}

/* ---- locks ---- */

static void
a_locked_database_is_unavailable(void **p)
{
	struct fe_sqlite_settings set = { 0 };
	struct fe_err err = FE_ERR_INIT;
	struct fe_db *db;

	(void)p;
	fx_load_items(&f, url, "RUN1", one_item);
	set.path = place_path();
	assert_int_equal(fe_sqlite_open(&db, &set, &err), FE_OK);
	assert_int_equal(fe_db_begin(db, &err), FE_OK);
	f.wait_ms = 30;
	assert_int_equal(fx_open(&f, url, &err), FE_OK);
	assert_int_equal(fx_begin(&f, "RUN2", &err), FE_EUNAVAIL);
	assert_int_equal(fx_try_end(&f, "failed", &err), FE_OK);
	fx_close(&f);
	fe_db_close(db);
	fx_load_items(&f, url, "RUN3", (const char *const[]){ NULL });
}

static void
a_commit_that_a_reader_holds_up_can_be_undone(void **p)
{
	struct fe_sqlite_settings set = { 0 };
	struct fe_err err = FE_ERR_INIT;
	struct fe_stmt *st;
	struct fe_db *db;
	bool row;

	(void)p;
	fx_load_items(&f, url, "RUN1", one_item);
	f.wait_ms = 30;
	fx_start(&f, url, "RUN2");
	(void)fx_table_begin(&f, FX_CUSTOMERS);
	(void)fx_insert(&f, "C9||");
	fx_write(&f);
	fx_table_end(&f);
	set.path = place_path();
	assert_int_equal(fe_sqlite_open(&db, &set, &err), FE_OK);
	assert_int_equal(fe_db_prepare(db, FE_STR("SELECT * FROM dim_customers"), &st, &err), FE_OK);
	assert_int_equal(fe_stmt_step(st, &row, &err), FE_OK);
	assert_int_equal(fx_try_end(&f, "success", &err), FE_EUNAVAIL);
	fe_stmt_free(st);
	fe_db_close(db);
	fx_end(&f, "failed");
	assert_int_equal(place_i64("SELECT count(*) FROM dim_customers"), 3);
	assert_string_equal(place_text("SELECT run_id, status FROM etl_audit_log ORDER BY 1"),
	                    "RUN1|success\nRUN2|failed\n");
}

static void
links_to_one_warehouse_share_its_lock(void **p)
{
	struct fe_err err = FE_ERR_INIT;
	char link_url[300];
	struct fx other;

	(void)p;
	fx_load_items(&f, url, "RUN1", one_item);
	assert_true(snprintf(link_url, sizeof(link_url), "%s.link", url) > 0);
	assert_int_equal(symlink(place_path(), link_url + strlen("sqlite:")), 0);
	fx_start(&f, url, "RUN2");
	fx_init(&other, &fe_sink_sqlite, &tables);
	assert_int_equal(fx_open(&other, link_url, &err), FE_OK);
	assert_int_equal(fx_begin(&other, "RUN3", &err), FE_EUNAVAIL);
	assert_non_null(strstr(err.object, ".shop.lock"));
	fx_reset(&other);
	fx_end(&f, "success");
}

static void
other_urls_are_refused(void **p)
{
	static const char *const urls[] = { "sqlite:", "sqlite::memory:", "sqlite:///x.db", "mysql:x" };
	struct fe_err err = FE_ERR_INIT;
	size_t i;

	(void)p;
	for (i = 0; i < 4; i++) {
		assert_int_equal(fx_open(&f, urls[i], &err), FE_EUSAGE);
		assert_null(f.sink);
		assert_non_null(strstr(err.text, "sqlite:PATH"));
	}
}

/* ---- the schema ---- */

static void
the_printed_schema_is_what_a_run_makes(void **p)
{
	static char by_run[32768];
	struct fe_err err = FE_ERR_INIT;
	struct fe_buf out;
	const char *sql = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name";

	(void)p;
	fx_load_items(&f, url, "RUN1", one_item);
	assert_true(snprintf(by_run, sizeof(by_run), "%s", place_text(sql)) < 32768);
	fe_buf_init(&out, 1 << 20);
	assert_int_equal(fe_schema_print(tables.tables, FX_N_TABLES, &out, &err), FE_OK);
	(void)place_fresh();
	place_exec(fe_buf_text(&out));
	assert_string_equal(place_text(sql), by_run);
	fe_buf_reset(&out);
	url = place_fresh();
	assert_int_equal(fe_schema_apply_url(url, tables.tables, FX_N_TABLES, 0, &err), FE_OK);
	assert_string_equal(place_text(sql), by_run);
	assert_int_equal(fe_schema_apply_url(url, tables.tables, FX_N_TABLES, 0, &err), FE_OK);
	assert_string_equal(place_text(sql), by_run);
}

static void
a_warehouse_of_an_earlier_release_gets_the_newer_columns(void **p)
{
	struct fe_err err = FE_ERR_INIT;

	(void)p;
	fx_load_items(&f, url, "RUN1", one_item);
	place_exec("ALTER TABLE etl_objects DROP COLUMN version");
	assert_int_equal(fe_schema_apply_url(url, tables.tables, FX_N_TABLES, 0, &err), FE_OK);
	assert_string_equal(place_text("SELECT count(*), count(version) FROM etl_objects"), "2|0\n");
}

static void
tables_read_as_a_person_would_write_them(void **p)
{
	(void)p;
	fx_load_items(&f, url, "RUN1", one_item);
	assert_string_equal(
		place_text("SELECT sql FROM sqlite_schema WHERE tbl_name = 'fact_items' ORDER BY rowid"),
		"CREATE TABLE fact_items (\n"
		"\titem_id TEXT NOT NULL,\n"
		"\tcustomer_id TEXT NOT NULL,\n"
		"\tday TEXT,\n"
		"\tat TEXT,\n"
		"\tamount_minor INTEGER,\n"
		"\tamount REAL GENERATED ALWAYS AS (amount_minor / 100.0) VIRTUAL,\n"
		"\tstatus TEXT,\n"
		"\tfee_minor INTEGER,\n"
		"\tfee REAL GENERATED ALWAYS AS (fee_minor / 1000.0) VIRTUAL,\n"
		"\tn INTEGER,\n"
		"\tsize TEXT,\n"
		"\tprocessed_at TEXT NOT NULL,\n"
		"\tcreated_at TEXT NOT NULL,\n"
		"\tupdated_at TEXT NOT NULL,\n"
		"\tetl_run_id TEXT NOT NULL,\n"
		"\tetl_object_id INTEGER NOT NULL,\n"
		"\tetl_record INTEGER NOT NULL,\n"
		"\tCONSTRAINT \"status <> 'never'\" CHECK (status <> 'never'),\n"
		"\tFOREIGN KEY (customer_id) REFERENCES dim_customers (customer_id)\n"
		") STRICT\n"
		"CREATE UNIQUE INDEX fact_items_key ON fact_items (item_id)\n"
		"CREATE INDEX fact_items_customer_id ON fact_items (customer_id)\n"
		"CREATE INDEX fact_items_amount_minor ON fact_items (amount_minor)\n"
		"CREATE INDEX fact_items_at_status ON fact_items (at DESC, status)\n");
}

static void
a_foreign_key_without_an_index_gets_one(void **p)
{
	(void)p;
	tables.tables[FX_ITEMS].n_indexes = 0;
	fx_load_items(&f, url, "RUN1", one_item);
	assert_string_equal(place_text("SELECT sql FROM sqlite_schema WHERE type = 'index' "
	                               "AND tbl_name = 'fact_items' ORDER BY name"),
	                    "CREATE INDEX fact_items_customer_id ON fact_items (customer_id)\n"
	                    "CREATE UNIQUE INDEX fact_items_key ON fact_items (item_id)\n");
}

/* Each change to what is there, and what the message must name. */
static void
a_table_that_differs_is_refused_by_name_and_left_alone(void **p)
{
	static const struct {
		const char *change, *named;
	} drifts[] = {
		{ "ALTER TABLE fact_items RENAME COLUMN n TO m", "m that is not declared" },
		{ "ALTER TABLE fact_items ADD COLUMN extra TEXT", "extra" },
		{ "ALTER TABLE fact_items DROP COLUMN n", "no column n" },
		{ "DROP TABLE fact_items; CREATE TABLE fact_items (item_id TEXT)", "STRICT" },
		{ "DROP TABLE fact_items; CREATE VIEW fact_items AS SELECT 1 AS item_id", "view" },
		{ "DROP TABLE fact_items; CREATE TABLE fact_items (item_id INTEGER NOT NULL) STRICT",
		  "column item_id: its type is INTEGER, declared is TEXT" },
		{ "DROP TABLE fact_items; CREATE TABLE fact_items (item_id TEXT) STRICT",
		  "column item_id: it is nullable, declared is NOT NULL" },
		{ "DROP TABLE fact_items; CREATE TABLE fact_items (item_id TEXT NOT NULL PRIMARY KEY) STRICT",
		  "PRIMARY KEY" },
	};
	struct fe_err err = FE_ERR_INIT;
	size_t i;

	(void)p;
	for (i = 0; i < sizeof(drifts) / sizeof(drifts[0]); i++) {
		char before[8192];

		url = place_fresh();
		fx_load_items(&f, url, "RUN1", one_item);
		place_exec(drifts[i].change);
		(void)snprintf(before, sizeof(before), "%s",
		               place_text("SELECT sql FROM sqlite_schema WHERE name = 'fact_items'"));
		assert_int_equal(fx_open(&f, url, &err), FE_OK);
		assert_int_equal(fx_begin(&f, "RUN2", &err), FE_ECONFLICT);
		if (!strstr(err.text, drifts[i].named) || !strstr(err.text, "fact_items"))
			fail_msg("'%s' does not name '%s'", err.text, drifts[i].named);
		assert_int_equal(fx_try_end(&f, "failed", &err), FE_OK);
		fx_close(&f);
		assert_string_equal(
			place_text("SELECT sql FROM sqlite_schema WHERE name = 'fact_items'"), before);
		assert_string_equal(
			place_text("SELECT status FROM etl_audit_log WHERE run_id = 'RUN2'"),
			"failed\n");
	}
}

static void
an_index_of_the_same_name_that_is_another_is_drift(void **p)
{
	static const char *const others[] = {
		"CREATE UNIQUE INDEX fact_items_key ON fact_items (item_id, customer_id)",
		"CREATE INDEX fact_items_key ON fact_items (item_id)",
		"CREATE UNIQUE INDEX fact_items_key ON dim_customers (name)",
	};
	struct fe_err err = FE_ERR_INIT;
	size_t i;

	(void)p;
	fx_load_items(&f, url, "RUN1", one_item);
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		place_exec("DROP INDEX fact_items_key");
		place_exec(others[i]);
		assert_int_equal(fe_schema_apply_url(url, tables.tables, 2, 0, &err), FE_ECONFLICT);
		assert_non_null(strstr(err.text, "index fact_items_key is 'CREATE"));
	}
	place_exec("DROP INDEX fact_items_key");
	assert_int_equal(fe_schema_apply_url(url, tables.tables, 2, 0, &err), FE_OK);
}

static void
a_changed_condition_or_foreign_key_is_drift_too(void **p)
{
	static const struct fe_check_sql other[] = {
		{ .text = "n > 0", .sqlite = "n > 0", .postgres = "n > 0" },
	};
	struct fe_err err = FE_ERR_INIT;
	const struct fe_table declared = tables.tables[FX_ITEMS];

	(void)p;
	fx_load_items(&f, url, "RUN1", one_item);
	tables.tables[FX_ITEMS].checks = other;
	assert_int_equal(fe_schema_apply_url(url, tables.tables, 2, 0, &err), FE_ECONFLICT);
	assert_non_null(strstr(err.text, "n > 0"));
	tables.tables[FX_ITEMS] = declared;
	tables.tables[FX_ITEMS].n_checks = 0;
	assert_int_equal(fe_schema_apply_url(url, tables.tables, 2, 0, &err), FE_ECONFLICT);
	tables.tables[FX_ITEMS] = declared;
	tables.tables[FX_ITEMS].n_foreign_keys = 0;
	assert_int_equal(fe_schema_apply_url(url, tables.tables, 2, 0, &err), FE_ECONFLICT);
	assert_non_null(strstr(err.text, "foreign key"));
	tables.tables[FX_ITEMS] = declared;
	assert_int_equal(fe_schema_apply_url(url, tables.tables, 2, 0, &err), FE_OK);
}

/* 12.50 at scale 2 and 0.1250 at scale 4 are the same stored integer. */
static void
a_changed_scale_is_drift_and_no_other_amount(void **p)
{
	struct fe_type *amount = &tables.schemas[FX_ITEMS].fields[4].type;
	struct fe_err err = FE_ERR_INIT;

	(void)p;
	assert_int_equal(amount->kind, FE_DECIMAL);
	fx_load_items(&f, url, "RUN1", one_item);
	amount->scale += 2;
	assert_int_equal(fe_schema_apply_url(url, tables.tables, 2, 0, &err), FE_ECONFLICT);
	assert_non_null(strstr(err.text, "column amount: what its stored numbers mean"));
	amount->scale -= 2;
	amount->precision++;
	assert_int_equal(fe_schema_apply_url(url, tables.tables, 2, 0, &err), FE_OK);
	amount->precision--;
}

static void
what_sqlite_cannot_hold_is_refused(void **p)
{
	static const char *const names[] = { "bank.fact_items", "etl_items", "sqlite_items", "Items", "a b" };
	struct fe_err err = FE_ERR_INIT;
	struct fe_buf out;
	size_t i;

	(void)p;
	fe_buf_init(&out, 1 << 20);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		tables.tables[FX_ITEMS].name = names[i];
		assert_int_equal(fe_schema_print(tables.tables, 2, &out, &err), FE_EUSAGE);
		assert_non_null(strstr(err.text, names[i]));
	}
	tables.tables[FX_ITEMS].name = "fact_items";
	fe_free(tables.schemas[FX_CUSTOMERS].fields[1].name);
	tables.schemas[FX_CUSTOMERS].fields[1].name = fe_strdup("etl_run_id");
	assert_int_equal(fe_schema_print(tables.tables, 1, &out, &err), FE_EUSAGE);
	assert_non_null(strstr(err.text, "etl_run_id"));
	fe_buf_reset(&out);
}

static void
names_that_are_sql_words_work(void **p)
{
	(void)p;
	tables.tables[FX_CUSTOMERS].name = "group";
	fe_free(tables.schemas[FX_CUSTOMERS].fields[1].name);
	tables.schemas[FX_CUSTOMERS].fields[1].name = fe_strdup("order");
	fe_free(tables.schemas[FX_CUSTOMERS].fields[2].name);
	tables.schemas[FX_CUSTOMERS].fields[2].name = fe_strdup("rowid");
	fx_load_items(&f, url, "RUN1", one_item);
	fx_start(&f, url, "RUN2");
	(void)fx_table_begin(&f, FX_CUSTOMERS);
	fx_update(&f, fx_lookup(&f, FX_CUSTOMERS, "C1|", NULL), "C1|Other|false");
	fx_write(&f);
	fx_table_end(&f);
	assert_int_equal(f.result.updated.n, 1);
	fx_end(&f, "success");
	assert_string_equal(place_text("SELECT \"order\", rowid FROM \"group\" WHERE customer_id = 'C1'"),
	                    "Other|0\n");
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(rows_say_where_they_are_from),
		T(an_update_keeps_created_at_and_tells_its_own_run),
		T(decimals_are_integers_with_a_column_for_reading),
		T(a_trigger_that_changes_what_is_loaded_is_refused),
		T(a_reject_that_a_trigger_ignores_is_missed),
		T(indexes_are_there_after_a_first_load_and_none_is_lost_by_a_failed_one),
		T(a_key_that_comes_twice_is_refused_when_the_index_is_built),
		T(a_small_table_gets_its_indexes_anew_when_many_rows_come),
		T(an_unknown_parent_or_broken_condition_is_a_conflict),
		T(every_run_ends_in_the_audit_log_and_is_shown_while_it_runs),
		T(a_run_that_vanished_is_abandoned_by_the_next),
		T(events_cannot_be_changed),
		T(rejects_are_kept_whole_and_an_open_one_once),
		T(a_locked_database_is_unavailable),
		T(a_commit_that_a_reader_holds_up_can_be_undone),
		T(links_to_one_warehouse_share_its_lock),
		T(other_urls_are_refused),
		T(the_printed_schema_is_what_a_run_makes),
		T(a_warehouse_of_an_earlier_release_gets_the_newer_columns),
		T(tables_read_as_a_person_would_write_them),
		T(a_foreign_key_without_an_index_gets_one),
		T(a_table_that_differs_is_refused_by_name_and_left_alone),
		T(an_index_of_the_same_name_that_is_another_is_drift),
		T(a_changed_condition_or_foreign_key_is_drift_too),
		T(a_changed_scale_is_drift_and_no_other_amount),
		T(what_sqlite_cannot_hold_is_refused),
		T(names_that_are_sql_words_work),
	};
	int n_failed = cmocka_run_group_tests(tests, NULL, NULL);

	place_remove();
	return n_failed;
}
