// SPDX-License-Identifier: Apache-2.0
/* test_postgres.c - what the PostgreSQL sink does beyond what every sink must: stamps,
 * strategies, other writers, locks, runs that are gone, and commits of unknown fate */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>
#include <pthread.h>

#include "base/time.h"
#include "load/postgres_sink.h"
#include "postgres.h"
#include "sink_fixture.h"

static struct fx_tables tables;
static struct fx f;
static char url[1024];

#define ITEM_1 "K1|C1|2026-01-31|2026-01-31 10:00:00.000000Z|12.50|open|0.125|7|small"
#define PAID_1 "K1|C1|2026-01-31|2026-01-31 10:00:00.000000Z|12.50|paid|0.125|7|small"
static const char *const one_item[] = { ITEM_1, NULL };

static int
set_up(void **p)
{
	(void)p;
	assert_true(snprintf(url, sizeof(url), "%s", pg_place_fresh()) > 0);
	fx_tables_init(&tables);
	fx_init(&f, &fe_sink_postgres, &tables);
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

/* A run whose customers have nothing new, up to the first batch of items. */
static void
start_items(const char *run_id)
{
	fx_start(&f, url, run_id);
	(void)fx_table_begin(&f, FX_CUSTOMERS);
	fx_table_end(&f);
	(void)fx_table_begin(&f, FX_ITEMS);
}

static enum fe_rc
try_table_end(struct fe_err *err)
{
	f.result = (struct fe_table_result){ .inserted.sums = f.sums[0],
		                             .updated.sums = f.sums[1],
		                             .unchanged.sums = f.sums[2] };
	return f.ops->table_end(f.sink, f.table, &f.result, err);
}

static void
assert_failed(enum fe_rc rc, enum fe_rc expected, const struct fe_err *err, const char *part)
{
	if (rc != expected)
		fail_msg("%s, not %s: %s", fe_rc_name(rc), fe_rc_name(expected), err->text);
	if (!strstr(err->text, part))
		fail_msg("no '%s' in: %s", part, err->text);
}

static void
assert_text(const char *sql, const char *expected)
{
	assert_string_equal(pg_place_text(sql), expected);
}

static int
load_pid(void)
{
	return fe_pg_backend_pid(((struct fe_postgres_sink *)f.sink)->load);
}

static int
look_pid(void)
{
	return fe_pg_backend_pid(((struct fe_postgres_sink *)f.sink)->look);
}

static void
terminate(int pid)
{
	char sql[128];

	assert_true(snprintf(sql, sizeof(sql), "SELECT pg_terminate_backend(%d, 5000)", pid) > 0);
	pg_place_exec(sql);
}

/* ---- rows and their stamps ---- */

static void
rows_say_where_they_are_from(void **p)
{
	(void)p;
	fx_load_items(&f, url, "RUN1", one_item);
	assert_text("SELECT i.etl_run_id, o.path, i.etl_record, "
	            "processed_at = created_at AND created_at = updated_at FROM fact_items AS i "
	            "JOIN etl_objects AS o ON o.object_id = i.etl_object_id",
	            "RUN1|/in/items.csv|4|1\n");
}

static void
an_update_keeps_created_at_and_tells_its_own_run(void **p)
{
	(void)p;
	fx_load_items(&f, url, "RUN1", one_item);
	start_items("RUN2");
	fx_update(&f, fx_lookup(&f, FX_ITEMS, "K1|", NULL), PAID_1);
	fx_write(&f);
	fx_table_end(&f);
	fx_end(&f, "success");
	assert_text("SELECT status, etl_run_id, created_at < updated_at, "
	            "processed_at = updated_at, etl_record FROM fact_items",
	            "paid|RUN2|1|1|1\n");
}

static void
object_ids_of_two_runs_are_apart(void **p)
{
	int64_t first;

	(void)p;
	fx_load_items(&f, url, "RUN1", one_item);
	first = f.first_object_id;
	fx_load_items(&f, url, "RUN2", (const char *const[]){ NULL });
	assert_true(f.first_object_id >= first + (1 << 20));
}

static void
a_text_of_a_million_bytes_travels_unharmed(void **p)
{
	enum { N = 1000000 };
	char *line = fe_alloc(N + 64);
	struct fe_err err = FE_ERR_INIT;
	size_t n, i;

	(void)p;
	n = (size_t)snprintf(line, 64, "C1|");
	for (i = 0; i < N; i++)
		line[n + i] = (char)('a' + i % 26);
	(void)snprintf(line + n + N, 16, "|true");
	fx_start(&f, url, "RUN1");
	(void)fx_table_begin(&f, FX_CUSTOMERS);
	(void)fx_insert(&f, line);
	fx_write(&f);
	fe_batch_init(&f.met, &tables.schemas[FX_CUSTOMERS]);
	fe_batch_clear(&f.met);
	assert_int_equal(f.ops->fetch(f.sink, FX_CUSTOMERS, FE_PLACE_INSERTED, 0, &f.met, 0, &err), FE_OK);
	assert_int_equal(f.met.columns[1].text[0].n, N);
	assert_memory_equal(f.met.columns[1].text[0].p, line + n, N);
	fx_table_end(&f);
	fx_end(&f, "success");
	assert_text("SELECT length(name), md5(name) = md5((SELECT string_agg(chr(97 + i % 26), '' ORDER BY i) "
	            "FROM generate_series(0, 999999) AS i)) FROM dim_customers",
	            "1000000|1\n");
	fe_free(line);
}

static void
targets_in_a_schema_of_their_own_are_loaded(void **p)
{
	(void)p;
	pg_place_exec("CREATE SCHEMA ledger");
	tables.tables[FX_ITEMS].name = "ledger.fact_items";
	fx_load_items(&f, url, "RUN1", one_item);
	start_items("RUN2");
	fx_update(&f, fx_lookup(&f, FX_ITEMS, "K1|", NULL), PAID_1);
	fx_write(&f);
	fx_table_end(&f);
	fx_end(&f, "success");
	assert_text("SELECT item_id, status FROM ledger.fact_items", "K1|paid\n");
}

/* ---- strategies ---- */

#define PARTS                                                                                     \
	"SELECT conname FROM pg_constraint WHERE conrelid = 'fact_items'::regclass UNION ALL "     \
	"SELECT indexrelid::regclass::text || indisvalid FROM pg_index "                           \
	"WHERE indrelid = 'fact_items'::regclass ORDER BY 1"

static void
load_many(const char *run_id, int n, enum fe_load_strategy strategy)
{
	char row[128];
	int i;

	f.strategy = strategy;
	start_items(run_id);
	for (i = 0; i < n; i++) {
		(void)snprintf(row, sizeof(row), "%s-%d|C%d|||%d.25||||x", run_id, i, i % 3 + 1, i);
		(void)fx_insert(&f, row);
		if (f.batch.n_rows == FE_BATCH_ROWS)
			fx_write(&f);
	}
	fx_write(&f);
	fx_table_end(&f);
	assert_int_equal(f.result.inserted.n, n);
	fx_end(&f, "success");
}

static void
every_strategy_ends_in_the_same_table(void **p)
{
	char parts[4096];

	(void)p;
	fx_load_items(&f, url, "RUN1", (const char *const[]){ NULL });
	assert_true(snprintf(parts, sizeof(parts), "%s", pg_place_text(PARTS)) > 100);
	load_many("A", 2000, FE_LOAD_AUTO);
	assert_string_equal(f.result.strategy,
	                    "rows first, then 4 indexes and 1 foreign key: the table was empty");
	assert_text(PARTS, parts);
	load_many("B", 2000, FE_LOAD_AUTO);
	assert_string_equal(f.result.strategy, "merge into live indexes: 2000 rows into about 2000");
	load_many("C", 2000, FE_LOAD_REBUILD);
	assert_string_equal(f.result.strategy,
	                    "rows first, then 4 indexes and 1 foreign key: 2000 rows to about 4000");
	assert_text(PARTS, parts);
	load_many("D", 2000, FE_LOAD_MERGE);
	assert_non_null(strstr(f.result.strategy, "as asked for"));
	assert_text("SELECT left(item_id, 1), count(*), sum(amount) FROM fact_items GROUP BY 1 ORDER BY 1",
	            "A|2000|1999500.00\nB|2000|1999500.00\nC|2000|1999500.00\nD|2000|1999500.00\n");
}

/* Plans of whoever asks next do not have to wait for autovacuum. */
static void
what_was_loaded_is_analysed_by_its_size(void **p)
{
	static const char bounds[] = "SELECT array_length(histogram_bounds::text::text[], 1) FROM pg_stats "
	                             "WHERE tablename = 'fact_items' AND attname = 'item_id'";

	(void)p;
	fx_load_items(&f, url, "RUN1", (const char *const[]){ NULL });
	load_many("A", 2000, FE_LOAD_AUTO);
	assert_text(bounds, "11\n");
	load_many("B", 500, FE_LOAD_MERGE); /* a table that grew by less than half */
	assert_text("SELECT reltuples FROM pg_class WHERE oid = 'fact_items'::regclass", "2000\n");
	load_many("C", 20000, FE_LOAD_MERGE);
	assert_text(bounds, "101\n");
	assert_text("SELECT reltuples FROM pg_class WHERE oid = 'fact_items'::regclass", "22500\n");
}

static void
a_rebuild_asked_for_by_one_who_may_not_is_denied(void **p)
{
	struct fe_err err = FE_ERR_INIT;
	bool is_empty;

	(void)p;
	fx_load_items(&f, url, "RUN1", one_item);
	pg_place_exec("CREATE ROLE fe_test_plain LOGIN; "
	              "GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO fe_test_plain; "
	              "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO fe_test_plain");
	f.strategy = FE_LOAD_REBUILD;
	fx_start(&f, pg_place_url("fe_test_plain", NULL), "RUN2");
	assert_failed(f.ops->table_begin(f.sink, FX_CUSTOMERS, &is_empty, &err), FE_EDENIED, &err, "owner");
	fx_end(&f, "failed");
	pg_place_exec("DROP OWNED BY fe_test_plain; DROP ROLE fe_test_plain");
}

static void
a_role_needs_update_on_the_changing_columns_only(void **p)
{
	(void)p;
	fx_load_items(&f, url, "RUN1", one_item);
	pg_place_exec("CREATE ROLE fe_test_loader LOGIN; "
	              "GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA public TO fe_test_loader; "
	              "GRANT UPDATE (status, fee, n, size, processed_at, updated_at, etl_run_id, "
	              "etl_object_id, etl_record) ON fact_items TO fe_test_loader; "
	              "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO fe_test_loader");
	assert_true(snprintf(url, sizeof(url), "%s", pg_place_url("fe_test_loader", NULL)) > 0);
	start_items("RUN2");
	fx_update(&f, fx_lookup(&f, FX_ITEMS, "K1|", NULL), PAID_1);
	(void)fx_insert(&f, "K2|C1|||1.00||||");
	fx_write(&f);
	fx_table_end(&f);
	fx_end(&f, "success");
	assert_text("SELECT item_id, status FROM fact_items ORDER BY 1", "K1|paid\nK2|\n");
	pg_place_exec("DROP OWNED BY fe_test_loader; DROP ROLE fe_test_loader");
}

/* ---- other writers ---- */

static void
assert_update_meets(const char *foreign_sql)
{
	struct fe_err err = FE_ERR_INIT;

	fx_load_items(&f, url, "RUN1", one_item);
	start_items("RUN2");
	fx_update(&f, fx_lookup(&f, FX_ITEMS, "K1|", NULL), PAID_1);
	fx_write(&f);
	pg_place_exec(foreign_sql);
	assert_failed(try_table_end(&err), FE_EUNAVAIL, &err, "another program");
	fx_end(&f, "failed");
	assert_text("SELECT count(*) FROM fact_items WHERE status = 'paid'", "0\n");
	assert_text("SELECT status FROM etl_audit_log WHERE run_id = 'RUN2'", "failed\n");
}

static void
a_row_updated_by_another_program_is_noticed(void **p)
{
	(void)p;
	assert_update_meets("UPDATE fact_items SET status = 'theirs'");
}

static void
a_row_deleted_by_another_program_is_noticed(void **p)
{
	(void)p;
	assert_update_meets("DELETE FROM fact_items");
}

/* As if the place were used again for another version of the row: its number says by the
 * bits above the place which version was met. */
static void
a_row_replaced_at_its_own_place_is_noticed(void **p)
{
	struct fe_err err = FE_ERR_INIT;
	int64_t stored;

	(void)p;
	fx_load_items(&f, url, "RUN1", one_item);
	start_items("RUN2");
	stored = fx_lookup(&f, FX_ITEMS, "K1|", NULL);
	fx_update(&f, stored ^ INT64_C(1) << FE_POSTGRES_TID_BITS, PAID_1);
	fx_write(&f);
	assert_failed(try_table_end(&err), FE_EUNAVAIL, &err, "another program");
	fx_end(&f, "failed");
}

static void
a_key_inserted_by_another_program_is_noticed(void **p)
{
	struct fe_err err = FE_ERR_INIT;

	(void)p;
	fx_load_items(&f, url, "RUN1", one_item);
	start_items("RUN2");
	(void)fx_insert(&f, "K2|C1|||1.00||||");
	fx_write(&f);
	pg_place_exec("INSERT INTO fact_items SELECT 'K2', customer_id, day, at, amount, status, fee, n, size, "
	              "processed_at, created_at, updated_at, etl_run_id, etl_object_id, etl_record FROM fact_items");
	assert_failed(try_table_end(&err), FE_EUNAVAIL, &err, "another program inserted");
	assert_string_equal(err.foreign, "23505");
	fx_end(&f, "failed");
	assert_text("SELECT item_id, amount FROM fact_items ORDER BY 1", "K1|12.50\nK2|12.50\n");
}

struct holder {
	struct fe_db *db;
	long wait_ms;
};

static void *
let_go(void *p)
{
	struct holder *h = p;
	const struct timespec ts = { .tv_nsec = h->wait_ms * 1000000L };
	struct fe_err err = FE_ERR_INIT;

	(void)nanosleep(&ts, NULL);
	if (fe_db_rollback(h->db, &err))
		fe_assert_failed(err.text, __FILE__, __LINE__);
	return NULL;
}

static void
a_lock_timeout_is_tried_again(void **p)
{
	struct holder h = { .wait_ms = 400 };
	struct fe_err err = FE_ERR_INIT;
	pthread_t thread;

	(void)p;
	fx_load_items(&f, url, "RUN1", one_item);
	f.lock_timeout_ms = 150;
	start_items("RUN2");
	fx_update(&f, fx_lookup(&f, FX_ITEMS, "K1|", NULL), PAID_1);
	fx_write(&f);
	h.db = pg_place_open();
	assert_int_equal(fe_db_begin(h.db, &err), FE_OK);
	assert_int_equal(fe_db_exec(h.db, "SELECT * FROM fact_items FOR UPDATE", &err), FE_OK);
	assert_int_equal(pthread_create(&thread, NULL, let_go, &h), 0);
	fx_table_end(&f);
	assert_int_equal(pthread_join(thread, NULL), 0);
	fe_db_close(h.db);
	assert_int_equal(f.result.updated.n, 1);
	fx_end(&f, "success");
	assert_text("SELECT status FROM fact_items", "paid\n");
}

/* Holds K2 and asks for K1, which the run has by then; then lets go of both. */
static void *
cross(void *p)
{
	struct holder *h = p;
	const struct timespec ts = { .tv_nsec = h->wait_ms * 1000000L };
	struct fe_err err = FE_ERR_INIT;

	(void)nanosleep(&ts, NULL);
	if (fe_db_exec(h->db, "SELECT * FROM fact_items WHERE item_id = 'K1' FOR UPDATE", &err) ||
	    fe_db_rollback(h->db, &err))
		fe_assert_failed(err.text, __FILE__, __LINE__);
	return NULL;
}

static void
a_deadlock_is_tried_again(void **p)
{
	struct holder h = { .wait_ms = 300 };
	struct fe_err err = FE_ERR_INIT;
	pthread_t thread;

	(void)p;
	fx_load_items(&f, url, "RUN1", (const char *const[]){ ITEM_1, "K2|C1|||1.00|open|||", NULL });
	start_items("RUN2");
	fx_update(&f, fx_lookup(&f, FX_ITEMS, "K1|", NULL), PAID_1);
	fx_update(&f, fx_lookup(&f, FX_ITEMS, "K2|", NULL), "K2|C1|||1.00|paid|||");
	fx_write(&f);
	h.db = pg_place_open();
	assert_int_equal(fe_db_begin(h.db, &err), FE_OK);
	/* So that it is the run that the server gives up. */
	assert_int_equal(fe_db_exec(h.db, "SET LOCAL deadlock_timeout = '1min'", &err), FE_OK);
	assert_int_equal(fe_db_exec(h.db, "SELECT * FROM fact_items WHERE item_id = 'K2' FOR UPDATE", &err), FE_OK);
	assert_int_equal(pthread_create(&thread, NULL, cross, &h), 0);
	fx_table_end(&f);
	assert_int_equal(pthread_join(thread, NULL), 0);
	fe_db_close(h.db);
	assert_int_equal(f.result.updated.n, 2);
	fx_end(&f, "success");
	assert_text("SELECT deadlocks >= 1 FROM pg_stat_database WHERE datname = current_database()", "1\n");
	assert_text("SELECT item_id, status FROM fact_items ORDER BY 1", "K1|paid\nK2|paid\n");
}

static void
readers_that_hold_a_table_are_let_be(void **p)
{
	struct fe_err err = FE_ERR_INIT;
	struct fe_db *reader;
	char row[64];
	int i;

	(void)p;
	fx_load_items(&f, url, "RUN1", (const char *const[]){ NULL });
	f.lock_timeout_ms = 100;
	start_items("RUN2");
	for (i = 0; i < 1500; i++) {
		(void)snprintf(row, sizeof(row), "K%d|C1|||1.00||||", i);
		(void)fx_insert(&f, row);
	}
	fx_write(&f);
	reader = pg_place_open();
	assert_int_equal(fe_db_begin(reader, &err), FE_OK);
	assert_int_equal(fe_db_exec(reader, "SELECT * FROM fact_items", &err), FE_OK);
	fx_table_end(&f);
	assert_int_equal(f.result.inserted.n, 1500);
	assert_non_null(strstr(f.result.strategy, "others are reading the table"));
	fx_end(&f, "success");
	fe_db_close(reader);
}

/* ---- triggers: what the run tells of its rows must be so ---- */

/* An insert of K2 and an update of K1, up to the commit. */
static enum fe_rc
change_items(const char *run_id, struct fe_err *err)
{
	enum fe_rc rc;
	bool is_empty;

	fx_start(&f, url, run_id);
	(void)fx_table_begin(&f, FX_CUSTOMERS);
	fx_table_end(&f);
	rc = f.ops->table_begin(f.sink, FX_ITEMS, &is_empty, err);
	if (rc)
		return rc;
	(void)fx_table_begin(&f, FX_ITEMS);
	fx_update(&f, fx_lookup(&f, FX_ITEMS, "K1|", NULL), PAID_1);
	(void)fx_insert(&f, "K2|C1|||1.00||||");
	fx_write(&f);
	rc = try_table_end(err);
	return rc ? rc : fx_try_end(&f, "success", err);
}

static void
whatever_changes_rows_behind_the_run_is_refused(void **p)
{
	static const struct {
		const char *make, *drop;
	} cases[] = {
		{ "CREATE FUNCTION lie() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN new.status := ''x''; RETURN new; END'; "
		  "CREATE TRIGGER lies BEFORE INSERT ON fact_items FOR EACH ROW EXECUTE FUNCTION lie()",
		  "DROP FUNCTION lie CASCADE" },
		{ "CREATE FUNCTION lie() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN DELETE FROM fact_items; RETURN NULL; END'; "
		  "CREATE TRIGGER lies AFTER INSERT ON fact_items EXECUTE FUNCTION lie()",
		  "DROP FUNCTION lie CASCADE" },
		{ "CREATE FUNCTION lie() RETURNS trigger LANGUAGE plpgsql AS "
		  "'BEGIN UPDATE fact_items SET size = ''x'' WHERE item_id = new.item_id; RETURN NULL; END'; "
		  "CREATE TRIGGER lies AFTER INSERT ON fact_items FOR EACH ROW EXECUTE FUNCTION lie()",
		  "DROP FUNCTION lie CASCADE" },
		{ "CREATE FUNCTION lie() RETURNS trigger LANGUAGE plpgsql AS "
		  "'BEGIN UPDATE fact_items SET size = ''x''; RETURN NULL; END'; "
		  "CREATE TRIGGER lies AFTER INSERT ON etl_audit_log EXECUTE FUNCTION lie()",
		  "DROP FUNCTION lie CASCADE" },
		{ "CREATE FUNCTION lie() RETURNS trigger LANGUAGE plpgsql AS "
		  "'BEGIN UPDATE fact_items SET size = ''x''; RETURN NULL; END'; "
		  "CREATE CONSTRAINT TRIGGER lies AFTER INSERT ON fact_items DEFERRABLE INITIALLY DEFERRED "
		  "FOR EACH ROW EXECUTE FUNCTION lie()",
		  "DROP FUNCTION lie CASCADE" },
		{ "CREATE RULE lies AS ON UPDATE TO fact_items DO INSTEAD NOTHING", "DROP RULE lies ON fact_items" },
	};
	size_t i;

	(void)p;
	fx_load_items(&f, url, "RUN1", one_item);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char run_id[] = { 'R', (char)('a' + (int)i), '\0' };
		const char next_id[] = { 'S', (char)('a' + (int)i), '\0' };
		struct fe_err err = FE_ERR_INIT;

		pg_place_exec(cases[i].make);
		if (change_items(run_id, &err) != FE_ECONFLICT)
			fail_msg("case %zu: %s", i, err.text);
		assert_true(strstr(err.text, "trigger") || strstr(err.text, "rule"));
		fx_reset(&f);
		fx_init(&f, &fe_sink_postgres, &tables);
		pg_place_exec(cases[i].drop);
		assert_text("SELECT item_id, status, size FROM fact_items", "K1|open|small\n");
		/* Which writes down that the refused one is gone. */
		fx_load_items(&f, url, next_id, (const char *const[]){ NULL });
	}
}

static void
a_trigger_that_writes_elsewhere_is_let_be(void **p)
{
	struct fe_err err = FE_ERR_INIT;

	(void)p;
	fx_load_items(&f, url, "RUN1", one_item);
	pg_place_exec("CREATE TABLE notes (id text); "
	              "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS "
	              "'BEGIN INSERT INTO notes VALUES (new.item_id); RETURN NULL; END'; "
	              "CREATE TRIGGER notes AFTER INSERT ON fact_items FOR EACH ROW EXECUTE FUNCTION note()");
	assert_failed(change_items("RUN2", &err), FE_OK, &err, "");
	assert_text("SELECT id FROM notes", "K2\n");
}

static void
a_constraint_that_fails_at_the_end_undoes_all(void **p)
{
	struct fe_err err = FE_ERR_INIT;

	(void)p;
	fx_load_items(&f, url, "RUN1", one_item);
	pg_place_exec("CREATE TABLE allowed (status text PRIMARY KEY); INSERT INTO allowed VALUES ('open'); "
	              "ALTER TABLE fact_items ADD CONSTRAINT status_allowed FOREIGN KEY (status) "
	              "REFERENCES allowed DEFERRABLE INITIALLY DEFERRED");
	assert_failed(change_items("RUN2", &err), FE_ECONFLICT, &err, "status_allowed");
	fx_end(&f, "failed");
	assert_text("SELECT item_id, status FROM fact_items", "K1|open\n");
	assert_text("SELECT status FROM etl_audit_log WHERE run_id = 'RUN2'", "failed\n");
}

/* ---- locks, and runs that are gone ---- */

static void
a_table_is_fed_by_one_pipeline_at_a_time(void **p)
{
	const struct fe_run_info run = { .run_id = "OTHER", .pipeline = "other", .config_sha256 = "c0ffee",
		                         .version = "0.0.1" };
	struct fe_err err = FE_ERR_INIT;
	struct fx other;
	int64_t first;

	(void)p;
	fx_init(&other, &fe_sink_postgres, &tables);
	fx_start(&f, url, "RUN1");
	assert_int_equal(fx_open(&other, url, &err), FE_OK);
	assert_failed(other.ops->begin(other.sink, &run, &first, &err), FE_EUNAVAIL, &err, "is being loaded");
	fx_reset(&other);
	fx_end(&f, "success");
}

static void
who_holds_the_lock_is_named(void **p)
{
	struct fe_err err = FE_ERR_INIT;
	struct fx other;

	(void)p;
	fx_init(&other, &fe_sink_postgres, &tables);
	fx_start(&f, url, "RUN1");
	assert_int_equal(fx_open(&other, url, &err), FE_OK);
	assert_failed(fx_begin(&other, "RUN2", &err), FE_EUNAVAIL, &err, "run RUN1, process");
	fx_reset(&other);
	fx_end(&f, "success");
	assert_text("SELECT run_id FROM etl_run_events WHERE run_id = 'RUN2'", "");
}

static void
a_run_that_is_gone_is_abandoned_by_the_next(void **p)
{
	(void)p;
	fx_start(&f, url, "RUN1");
	fx_close(&f);
	fx_load_items(&f, url, "RUN2", one_item);
	assert_text("SELECT run_id, status FROM etl_audit_log ORDER BY 1", "RUN1|abandoned\nRUN2|success\n");
}

/* It has lost its locks with its data, and is about to write down its end. */
static void
a_run_that_is_alive_is_not_abandoned(void **p)
{
	struct fx other;

	(void)p;
	fx_init(&other, &fe_sink_postgres, &tables);
	fx_start(&f, url, "RUN1");
	terminate(load_pid());
	fx_load_items(&other, url, "RUN2", one_item);
	fx_end(&f, "failed");
	fx_reset(&other);
	assert_text("SELECT run_id, status FROM etl_audit_log ORDER BY 1", "RUN1|failed\nRUN2|success\n");
}

static void
a_run_that_was_declared_abandoned_does_not_commit(void **p)
{
	struct fe_err err = FE_ERR_INIT;

	(void)p;
	fx_load_items(&f, url, "RUN1", one_item);
	start_items("RUN2");
	(void)fx_insert(&f, "K2|C1|||1.00||||");
	fx_write(&f);
	fx_table_end(&f);
	pg_place_exec("INSERT INTO etl_audit_log (run_id, pipeline_name, start_time, end_time, status, "
	              "records_extracted, records_transformed, records_loaded, records_rejected, records_duplicate) "
	              "VALUES ('RUN2', 'shop', now(), now(), 'abandoned', 0, 0, 0, 0, 0)");
	assert_failed(fx_try_end(&f, "success", &err), FE_EUNAVAIL, &err, "abandoned");
	fx_end(&f, "failed");
	assert_text("SELECT item_id FROM fact_items", "K1\n");
	assert_text("SELECT status FROM etl_audit_log WHERE run_id = 'RUN2'", "abandoned\n");
}

static void
a_lost_connection_is_told_and_the_end_written_down(void **p)
{
	struct fe_err err = FE_ERR_INIT;

	(void)p;
	fx_load_items(&f, url, "RUN1", one_item);
	start_items("RUN2");
	(void)fx_insert(&f, "K2|C1|||1.00||||");
	fx_write(&f);
	terminate(load_pid());
	terminate(look_pid());
	assert_int_equal(try_table_end(&err), FE_EUNAVAIL);
	fx_end(&f, "failed");
	assert_text("SELECT status FROM etl_audit_log WHERE run_id = 'RUN2'", "failed\n");
	assert_text("SELECT item_id FROM fact_items", "K1\n");
	fx_load_items(&f, url, "RUN3", (const char *const[]){ "K2|C1|||1.00||||", NULL });
}

/* ---- a COMMIT that was not answered ---- */

/* Half a minute with every question, so that nobody's patience is tried. */
static int64_t
hurry(void *self)
{
	return *(int64_t *)self += 30 * FE_US_PER_SECOND;
}

static void
the_fate_of_a_commit_is_asked_for(void **p)
{
	struct fe_err err = FE_ERR_INIT;
	struct fe_postgres_sink *s;
	struct fe_db *db;
	char ended[] = "RUN0", *run_id;
	uint64_t committed = 0, aborted = 0, open = 0;
	int64_t now_us = f.now_us;
	const struct fe_clock clock = { .now_us = hurry, .ticks_us = hurry, .self = &now_us };

	(void)p;
	fx_load_items(&f, url, "RUN0", (const char *const[]){ "K1|C1|||1.00||||", NULL });
	fx_start(&f, url, "RUN1");
	s = (struct fe_postgres_sink *)f.sink;
	s->base.set.clock = &clock;
	run_id = s->run_id;
	db = pg_place_open();
	assert_int_equal(fe_db_begin(db, &err), FE_OK);
	assert_int_equal(fe_pg_transaction_id(db, &committed, &err), FE_OK);
	assert_int_equal(fe_db_commit(db, &err), FE_OK);
	assert_int_equal(fe_db_begin(db, &err), FE_OK);
	assert_int_equal(fe_pg_transaction_id(db, &aborted, &err), FE_OK);
	assert_int_equal(fe_db_rollback(db, &err), FE_OK);
	assert_int_equal(fe_db_begin(db, &err), FE_OK);
	assert_int_equal(fe_pg_transaction_id(db, &open, &err), FE_OK);
	/* the number of what a crashed server forgot is given to somebody else */
	assert_int_equal(fe_postgres_find_fate(s, committed, "success", &err), FE_EUNAVAIL);
	assert_string_equal(err.foreign, "");
	s->run_id = ended;
	assert_int_equal(fe_postgres_find_fate(s, committed, "success", &err), FE_OK);
	s->run_id = run_id;
	terminate(look_pid()); /* the one that asks has to come back, too */
	assert_int_equal(fe_postgres_find_fate(s, aborted, "success", &err), FE_EUNAVAIL);
	assert_string_equal(err.foreign, "");
	assert_failed(fe_postgres_find_fate(s, open, "success", &err), FE_EUNAVAIL, &err, "finetl runs");
	assert_string_equal(err.foreign, FE_PG_UNKNOWN_COMMIT);
	fe_db_close(db);
	fx_end(&f, "failed");
}

/* ---- keys of another table ---- */

static void
all_keys_answer_as_questions_do(void **p)
{
	const struct fe_postgres_table *t;
	uint64_t asked[4], known[4] = { 0 }, made[4] = { 0 };
	const char *rows[200];
	size_t i;

	(void)p;
	fx_load_items(&f, url, "RUN1", one_item);
	pg_place_exec("INSERT INTO dim_customers SELECT 'D' || i, name, is_active, processed_at, created_at, "
	              "updated_at, etl_run_id, etl_object_id, etl_record + 1000 + i FROM dim_customers, "
	              "generate_series(1, 5000) AS i WHERE customer_id = 'C1'");
	pg_place_exec("UPDATE dim_customers SET etl_record = 0 WHERE customer_id = 'D77'");
	start_items("RUN2");
	t = &((struct fe_postgres_sink *)f.sink)->tables[FX_CUSTOMERS];
	assert_true(fx_has(&f, FX_CUSTOMERS, "D5000"));
	assert_false(fx_has(&f, FX_CUSTOMERS, "D5001"));
	assert_null(t->keys); /* the table is large beside two keys */
	for (i = 0; i < 200; i++) {
		rows[i] = i % 4 == 0 ? "D4999||" : i % 4 == 1 ? "D5001||" : i % 4 == 2 ? "D77||" : "||";
		fe_bit_put(asked, i, true);
	}
	for (i = 0; i < 20 && !t->keys; i++)
		fx_has_many(&f, FX_CUSTOMERS, rows, 200, asked, known, made);
	assert_non_null(t->keys);
	assert_int_equal(fe_bit_get(known, 0), true);
	memset(known, 0, sizeof(known));
	memset(made, 0, sizeof(made));
	fx_has_many(&f, FX_CUSTOMERS, rows, 200, asked, known, made);
	for (i = 0; i < 200; i++) {
		assert_int_equal(fe_bit_get(known, i), i % 4 == 0);
		assert_int_equal(fe_bit_get(made, i), i % 4 == 2);
	}
	fx_table_end(&f);
	fx_end(&f, "success");
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(rows_say_where_they_are_from),
		T(an_update_keeps_created_at_and_tells_its_own_run),
		T(object_ids_of_two_runs_are_apart),
		T(a_text_of_a_million_bytes_travels_unharmed),
		T(targets_in_a_schema_of_their_own_are_loaded),
		T(every_strategy_ends_in_the_same_table),
		T(what_was_loaded_is_analysed_by_its_size),
		T(a_rebuild_asked_for_by_one_who_may_not_is_denied),
		T(a_role_needs_update_on_the_changing_columns_only),
		T(a_row_updated_by_another_program_is_noticed),
		T(a_row_deleted_by_another_program_is_noticed),
		T(a_row_replaced_at_its_own_place_is_noticed),
		T(a_key_inserted_by_another_program_is_noticed),
		T(a_lock_timeout_is_tried_again),
		T(a_deadlock_is_tried_again),
		T(readers_that_hold_a_table_are_let_be),
		T(whatever_changes_rows_behind_the_run_is_refused),
		T(a_trigger_that_writes_elsewhere_is_let_be),
		T(a_constraint_that_fails_at_the_end_undoes_all),
		T(a_table_is_fed_by_one_pipeline_at_a_time),
		T(who_holds_the_lock_is_named),
		T(a_run_that_is_gone_is_abandoned_by_the_next),
		T(a_run_that_is_alive_is_not_abandoned),
		T(a_run_that_was_declared_abandoned_does_not_commit),
		T(a_lost_connection_is_told_and_the_end_written_down),
		T(all_keys_answer_as_questions_do),
		T(the_fate_of_a_commit_is_asked_for),
	};
	int n_failed;

	if (!pg_place_is_there())
		return pg_place_absent();
	n_failed = cmocka_run_group_tests(tests, NULL, NULL);
	pg_place_remove();
	return n_failed;
}
