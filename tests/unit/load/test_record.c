// SPDX-License-Identifier: Apache-2.0
/* test_record.c - what is written down of a run, in either engine */
#include <setjmp.h>
#include <stdio.h>

#include <cmocka.h>

#include "any_place.h"
#include "load/catalog.h"
#include "load/record.h"
#include "load/reject.h"

static const struct any_place *place;
static const char *url;
static struct fe_db *db;
static struct fe_spool *spool;

#define HASH "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define OTHER_HASH "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

static int64_t
now(void *self)
{
	(void)self;
	return INT64_C(1800000000) * 1000000;
}

static const struct fe_clock clock_of_test = { .now_us = now, .ticks_us = now };

static struct fe_record_run
run_of(const char *run_id, const char *pipeline)
{
	return (struct fe_record_run){
		.run_id = run_id, .pipeline = pipeline, .config_sha256 = "c0ffee", .version = "0.0.1",
		.start_us = now(NULL), .run_time_us = now(NULL) + 1, .clock = &clock_of_test,
		.backend = "4711 2026-11-23 10:00:00.000000Z",
	};
}

static void
assert_ok(enum fe_rc rc, const struct fe_err *err)
{
	if (rc)
		fail_msg("%s", err->text);
}

static int
set_up(void **p)
{
	struct fe_err err = FE_ERR_INIT;

	(void)p;
	url = place->fresh();
	place->apply_own();
	db = place->open();
	assert_ok(fe_spool_open(&spool, "/tmp", &err), &err);
	return 0;
}

static int
tear_down(void **p)
{
	(void)p;
	fe_db_close(db);
	fe_spool_close(spool);
	return 0;
}

static void
start(const char *run_id, const char *pipeline)
{
	const struct fe_record_run run = run_of(run_id, pipeline);
	struct fe_err err = FE_ERR_INIT;

	assert_ok(fe_db_begin(db, &err), &err);
	assert_ok(fe_record_start(db, &run, &err), &err);
	assert_ok(fe_db_commit(db, &err), &err);
}

struct object {
	const char *path, *sha256; /* sha256 NULL: not read to its end */
	int64_t mtime_us;
	const char *version;
};

/* A whole run of pipeline 'shop' that read one object; its rejects are in the spool. */
static enum fe_rc
try_end(const char *run_id, const struct object *o, struct fe_err *err)
{
	static const char *const datasets[] = { "items" };
	const struct fe_record_run run = run_of(run_id, "shop");
	struct fe_object_id id = { .path = fe_strdup(o->path), .size_bytes = 100, .mtime_us = o->mtime_us,
	                           .version = fe_strdup(o->version) };
	struct fe_run_object object = { .dataset = "items", .id = &id, .n_records = 3 };
	const struct fe_run_end end = {
		.status = "success_with_rejects", .end_us = now(NULL) + 5, .extracted = 10, .transformed = 9,
		.loaded = 8, .rejected = fe_spool_n_entries(spool), .quality_report = FE_STR("{\"b\":1,\"a\":[1,2]}"),
		.objects = &object, .n_objects = 1, .datasets = datasets, .n_datasets = 1, .rejects = spool,
	};
	enum fe_rc rc;

	if (o->sha256) {
		memcpy(id.sha256, o->sha256, FE_SHA256_HEX_BYTES);
		object.is_whole = true;
	}
	rc = fe_db_begin(db, err);
	if (rc == FE_OK)
		rc = fe_record_next_object_id(db, &object.object_id, err);
	if (rc == FE_OK)
		rc = fe_record_end(db, &run, &end, err);
	if (rc == FE_OK)
		rc = fe_db_commit(db, err);
	else
		(void)!fe_db_rollback(db, NULL);
	fe_object_id_reset(&id);
	return rc;
}

static void
reject(uint64_t record, struct fe_str raw)
{
	const struct fe_reject r = {
		.record = record, .offset = record * 100, .verdict = FE_REJECTED, .reasons = FE_STR("a;b"),
		.decimals = FE_STR("{\"amount\":\"12.50\"}"), .raw = raw,
	};
	struct fe_err err = FE_ERR_INIT;

	assert_ok(fe_reject_add(spool, &r, &err), &err);
}

static void
run_with(const char *run_id, const struct object *o, uint64_t first, uint64_t last)
{
	struct fe_err err = FE_ERR_INIT;
	uint64_t i;

	fe_spool_close(spool);
	assert_ok(fe_spool_open(&spool, "/tmp", &err), &err);
	for (i = first; i <= last; i++)
		reject(i, FE_STR("x"));
	start(run_id, "shop");
	assert_ok(try_end(run_id, o, &err), &err);
}

static uint64_t
n_verified(void)
{
	char last[FE_SHA256_HEX_BYTES];
	struct fe_err err = FE_ERR_INIT;
	struct fe_catalog *c;
	uint64_t n;

	assert_ok(fe_catalog_open(&c, url, 0, &err), &err);
	assert_ok(fe_catalog_verify_events(c, &n, last, &err), &err);
	fe_catalog_close(c);
	return n;
}

/* ---- events ---- */

static enum fe_rc
count_down(void *ctx, const struct fe_catalog_run *r, struct fe_err *err)
{
	int *n = ctx;
	char id[32];

	(void)err;
	(void)snprintf(id, sizeof(id), "R%03d", *n);
	assert_true(fe_str_is(r->run_id, id));
	assert_true(fe_str_is(r->run_time, "2027-01-15 08:00:00.000001Z"));
	assert_true(fe_str_is(r->config_sha256, "c0ffee"));
	--*n;
	return FE_OK;
}

static void
many_runs_make_one_chain(void **p)
{
	struct fe_err err = FE_ERR_INIT;
	struct fe_catalog *c;
	char id[32];
	int i;

	(void)p;
	for (i = 1; i <= 300; i++) {
		(void)snprintf(id, sizeof(id), "R%03d", i);
		start(id, i % 2 ? "shop" : "bank");
	}
	assert_ok(try_end("R003", &(struct object){ "/a.csv", HASH, 5, NULL }, &err), &err);
	assert_int_equal(n_verified(), 301);
	assert_ok(fe_catalog_open(&c, url, 0, &err), &err);
	i = 300;
	assert_ok(fe_catalog_runs(c, &(struct fe_catalog_run_query){ 0 }, count_down, &i, &err), &err);
	assert_int_equal(i, 0);
	fe_catalog_close(c);
	assert_string_equal(place->text("SELECT start_time, end_time, run_time, status, records_loaded "
	                                "FROM etl_audit_log"),
	                    "2027-01-15 08:00:00.000000Z|2027-01-15 08:00:00.000005Z|"
	                    "2027-01-15 08:00:00.000001Z|success_with_rejects|8\n");
}

static void
one_end_is_written_once(void **p)
{
	struct fe_err err = FE_ERR_INIT;
	bool ended = true;

	(void)p;
	start("R1", "shop");
	assert_ok(fe_record_has_ended(db, "R1", &ended, &err), &err);
	assert_false(ended);
	assert_ok(try_end("R1", &(struct object){ "/a.csv", HASH, 5, NULL }, &err), &err);
	assert_ok(fe_record_has_ended(db, "R1", &ended, &err), &err);
	assert_true(ended);
	assert_int_equal(try_end("R1", &(struct object){ "/a.csv", HASH, 5, NULL }, &err), FE_ECONFLICT);
	assert_int_equal(n_verified(), 2);
}

/* In PostgreSQL runs append side by side: the second waits for the first to commit. */
static void
appending_to_the_chain_is_done_by_one_at_a_time(void **p)
{
	const struct fe_record_run one = run_of("R1", "shop"), two = run_of("R2", "bank");
	struct fe_err err = FE_ERR_INIT;
	struct fe_db *other = place->open();

	(void)p;
	if (place->is_sqlite) {
		fe_db_close(other);
		skip();
	}
	assert_ok(fe_db_exec(other, "SET lock_timeout = '100ms'", &err), &err);
	assert_ok(fe_db_begin(db, &err), &err);
	assert_ok(fe_db_begin(other, &err), &err);
	assert_ok(fe_record_start(db, &one, &err), &err);
	assert_int_equal(fe_record_start(other, &two, &err), FE_EUNAVAIL);
	assert_ok(fe_db_rollback(other, &err), &err);
	assert_ok(fe_db_begin(other, &err), &err);
	assert_ok(fe_db_commit(db, &err), &err);
	assert_ok(fe_record_start(other, &two, &err), &err);
	assert_ok(fe_db_commit(other, &err), &err);
	fe_db_close(other);
	assert_int_equal(n_verified(), 2);
}

static bool
is_first(void *ctx, const char *backend)
{
	++*(int *)ctx;
	return strcmp(backend, "4711 2026-11-23 10:00:00.000000Z") == 0;
}

static bool
is_nobody(void *ctx, const char *backend)
{
	(void)ctx;
	(void)backend;
	return false;
}

static void
runs_that_vanished_are_abandoned_and_others_are_not(void **p)
{
	const struct fe_record_run run = run_of("R9", "shop");
	struct fe_err err = FE_ERR_INIT;
	int n_asked = 0;

	(void)p;
	start("R1", "shop");
	start("R2", "bank");
	start("R3", "shop");
	start("R4", "shop");
	assert_ok(try_end("R3", &(struct object){ "/a.csv", HASH, 5, NULL }, &err), &err);
	assert_ok(fe_db_begin(db, &err), &err);
	assert_ok(fe_record_abandoned(db, &run, is_first, &n_asked, &err), &err);
	assert_int_equal(n_asked, 2);
	assert_ok(fe_db_commit(db, &err), &err);
	assert_int_equal(place->i64("SELECT count(*) FROM etl_audit_log"), 1);
	assert_ok(fe_db_begin(db, &err), &err);
	assert_ok(fe_record_abandoned(db, &run, is_nobody, NULL, &err), &err);
	assert_ok(fe_db_commit(db, &err), &err);
	assert_string_equal(place->text("SELECT run_id, status, start_time, run_time, config_sha256, "
	                                "records_loaded FROM etl_audit_log WHERE run_id <> 'R3' ORDER BY run_id"),
	                    "R1|abandoned|2027-01-15 08:00:00.000000Z|2027-01-15 08:00:00.000001Z|c0ffee|0\n"
	                    "R4|abandoned|2027-01-15 08:00:00.000000Z|2027-01-15 08:00:00.000001Z|c0ffee|0\n");
	assert_int_equal(n_verified(), 7);
}

/* ---- objects ---- */

static void
what_was_loaded_last_of_a_path_is_known(void **p)
{
	struct fe_object_id id = { .path = (char[]){ "/a.csv" }, .size_bytes = 100, .sha256 = HASH };
	struct fe_err err = FE_ERR_INIT;
	bool known = true;

	(void)p;
	assert_ok(fe_record_object_known(db, "shop", "items", &id, &known, &err), &err);
	assert_false(known);
	run_with("R1", &(struct object){ "/a.csv", HASH, 5, NULL }, 1, 0);
	assert_ok(fe_record_object_known(db, "shop", "items", &id, &known, &err), &err);
	assert_true(known);
	assert_ok(fe_record_object_known(db, "bank", "items", &id, &known, &err), &err);
	assert_false(known);
	run_with("R2", &(struct object){ "/a.csv", OTHER_HASH, 6, NULL }, 1, 0);
	assert_ok(fe_record_object_known(db, "shop", "items", &id, &known, &err), &err);
	assert_false(known);
}

/* An object that was not read to see whether it is known has no hash. */
static void
an_object_without_a_hash_is_known_by_its_version(void **p)
{
	struct fe_object_id id = { .path = (char[]){ "s3://b/a.csv" }, .size_bytes = 100, .version = (char[]){ "v1" } };
	struct fe_err err = FE_ERR_INIT;
	bool known = true;

	(void)p;
	run_with("R1", &(struct object){ id.path, HASH, 5, "v1" }, 1, 0);
	assert_ok(fe_record_object_known(db, "shop", "items", &id, &known, &err), &err);
	assert_true(known);
	id.size_bytes = 101;
	assert_ok(fe_record_object_known(db, "shop", "items", &id, &known, &err), &err);
	assert_false(known);
	id.size_bytes = 100;
	id.version = (char[]){ "v2" };
	assert_ok(fe_record_object_known(db, "shop", "items", &id, &known, &err), &err);
	assert_false(known);
	id.version = NULL;
	assert_ok(fe_record_object_known(db, "shop", "items", &id, &known, &err), &err);
	assert_false(known);
	run_with("R2", &(struct object){ id.path, HASH, 5, NULL }, 1, 0);
	assert_ok(fe_record_object_known(db, "shop", "items", &id, &known, &err), &err);
	assert_false(known);
}

/* A file system's names are bytes. */
static void
a_path_that_is_no_text_is_kept(void **p)
{
	struct fe_object_id id = { .path = (char[]){ "/\xe9t\xe9.csv" }, .size_bytes = 100, .sha256 = HASH };
	struct fe_err err = FE_ERR_INIT;
	bool known = false;

	(void)p;
	run_with("R1", &(struct object){ id.path, HASH, 5, NULL }, 1, 1);
	assert_ok(fe_record_object_known(db, "shop", "items", &id, &known, &err), &err);
	assert_true(known);
	assert_string_equal(place->text("SELECT path FROM etl_objects"),
	                    place->is_sqlite ? "/\xe9t\xe9.csv\n" : "/\\xe9t\\xe9.csv\n");
}

/* ---- rejects ---- */

static void
rejects_are_kept_byte_by_byte(void **p)
{
	char every[256];
	struct fe_err err = FE_ERR_INIT;
	int i;

	(void)p;
	for (i = 0; i < 256; i++)
		every[i] = (char)i;
	reject(1, (struct fe_str){ every, sizeof(every) });
	reject(2, FE_STR(""));
	start("R1", "shop");
	assert_ok(try_end("R1", &(struct object){ "/a.csv", HASH, 5, NULL }, &err), &err);
	assert_string_equal(place->text("SELECT record, byte_offset, verdict, reasons ->> 1, "
	                                "decimals ->> 'amount', length(raw) FROM etl_rejects ORDER BY record"),
	                    "1|100|rejected|b|12.50|256\n2|200|rejected|b|12.50|0\n");
	assert_memory_equal(place->text("SELECT raw FROM etl_rejects WHERE record = 1"), every, sizeof(every));
}

static void
a_reject_is_written_down_once_whatever_its_object_was_known_by(void **p)
{
	static const struct object broken = { "/a.csv", NULL, 5, NULL }, whole = { "/a.csv", HASH, 5, NULL };

	(void)p;
	run_with("R1", &broken, 1, 200);
	run_with("R2", &broken, 1, 300);
	assert_string_equal(place->text("SELECT run_id, count(*) FROM etl_rejects GROUP BY run_id ORDER BY 1"),
	                    "R1|200\nR2|100\n");
	run_with("R3", &whole, 1, 400);
	run_with("R4", &broken, 1, 500); /* its hash is known from R3 */
	run_with("R5", &whole, 1, 500);
	assert_string_equal(place->text("SELECT run_id, object_sha256, count(*) FROM etl_rejects "
	                                "GROUP BY run_id, object_sha256 ORDER BY 1"),
	                    "R1|/a.csv:100:5|200\nR2|/a.csv:100:5|100\nR3|" HASH "|100\nR4|" HASH "|100\n");
	/* another content, and a stream that is another each time */
	run_with("R6", &(struct object){ "/a.csv", OTHER_HASH, 6, NULL }, 1, 1);
	run_with("R7", &(struct object){ "-", NULL, 0, NULL }, 1, 1);
	run_with("R8", &(struct object){ "-", NULL, 0, NULL }, 1, 1);
	assert_int_equal(place->i64("SELECT count(*) FROM etl_rejects"), 503);
}

static void
the_same_content_at_two_paths_is_rejected_once(void **p)
{
	(void)p;
	run_with("R1", &(struct object){ "/a.csv", HASH, 5, NULL }, 1, 10);
	run_with("R2", &(struct object){ "/b.csv", HASH, 9, NULL }, 1, 10);
	assert_int_equal(place->i64("SELECT count(*) FROM etl_rejects"), 10);
}

static void
rejects_by_the_hundred_thousand_are_written(void **p)
{
	static const struct object o = { "/a.csv", HASH, 5, NULL };

	(void)p;
	run_with("R1", &o, 1, 100000);
	run_with("R2", &o, 1, 100000);
	assert_int_equal(place->i64("SELECT count(*) FROM etl_rejects WHERE run_id = 'R1'"), 100000);
	assert_int_equal(place->i64("SELECT count(*) FROM etl_rejects"), 100000);
}

static void
nothing_written_is_changed_or_taken_away(void **p)
{
	static const char *const tables[] = { "etl_run_events", "etl_audit_log", "etl_objects", "etl_rejects" };
	struct fe_err err = FE_ERR_INIT;
	char sql[128];
	size_t i;

	(void)p;
	run_with("R1", &(struct object){ "/a.csv", HASH, 5, NULL }, 1, 1);
	for (i = 0; i < 4; i++) {
		(void)snprintf(sql, sizeof(sql), "UPDATE %s SET run_id = 'x'", tables[i]);
		assert_int_not_equal(fe_db_exec(db, sql, &err), FE_OK);
		assert_non_null(strstr(err.text, "append-only"));
		(void)snprintf(sql, sizeof(sql), "DELETE FROM %s", tables[i]);
		assert_int_not_equal(fe_db_exec(db, sql, &err), FE_OK);
		assert_non_null(strstr(err.text, "append-only"));
	}
	assert_int_equal(place->i64("SELECT count(*) FROM etl_rejects WHERE run_id = 'R1'"), 1);
}

static enum fe_object_state
state_of(const char *version, const char *sequencer, const char *current_version, int64_t mtime_us)
{
	const struct fe_object_id id = { .path = (char *)(uintptr_t)"s3://b/k", .version = (char *)(uintptr_t)version, .mtime_us = mtime_us };
	const struct fe_arrived_object o = { .dataset = "d", .id = &id, .sequencer = sequencer, .current_version = current_version };
	enum fe_object_state state;
	struct fe_err err = FE_ERR_INIT;

	assert_int_equal(fe_record_object_state(db, "arrivals", &o, &state, &err), FE_OK);
	return state;
}

static void
load_version(const char *run_id, int64_t object_id, const char *version, const char *sequencer, const char *at)
{
	struct fe_err err = FE_ERR_INIT;
	char sql[512];

	(void)snprintf(sql, sizeof(sql), "INSERT INTO etl_objects (object_id, run_id, pipeline_name, dataset, path, size_bytes, modified_at, "
	               "records, outcome, version, sequencer) VALUES (%d, '%s', 'arrivals', 'd', 's3://b/k', 1, '%s', 1, 'loaded', '%s', %s%s%s)",
	               (int)object_id, run_id, at, version, sequencer ? "'" : "", sequencer ? sequencer : "NULL", sequencer ? "'" : "");
	assert_int_equal(fe_db_exec(db, sql, &err), FE_OK);
}

static void
of_the_versions_of_an_object_the_later_one_counts(void **p)
{
	const int64_t at_us = INT64_C(1773748800) * 1000000; /* 2026-03-17 12:00:00 */

	(void)p;
	assert_int_equal(state_of("v1", "0A", NULL, at_us), FE_OBJECT_NEW);
	load_version("A1", 900001, "v1", "0A", "2026-03-17 12:00:00.000000Z");
	assert_int_equal(state_of("v1", "0A", NULL, at_us), FE_OBJECT_DONE);
	assert_int_equal(state_of("v0", "09FF", NULL, at_us), FE_OBJECT_OLDER);
	assert_int_equal(state_of("v2", "0A0000000001", NULL, at_us), FE_OBJECT_NEW);
	assert_int_equal(state_of("v0", "0B", "v1", at_us), FE_OBJECT_OLDER); /* the store knows better */
	assert_int_equal(state_of("v0", NULL, NULL, at_us - 1), FE_OBJECT_OLDER);
	assert_int_equal(state_of("v0", NULL, NULL, at_us), FE_OBJECT_NEW);
	load_version("A2", 900002, "v2", NULL, "2026-03-17 12:00:05.000000Z");
	assert_int_equal(state_of("v1", "0A", NULL, at_us), FE_OBJECT_DONE); /* long ago is done, too */
	assert_int_equal(state_of("v0", "FF", NULL, at_us), FE_OBJECT_OLDER);
}

static void
sequencers_are_compared_as_if_zeros_stood_behind_them(void **p)
{
	static const struct { const char *a, *b; int order; } cases[] = {
		{ "0A", "0a", 0 }, { "0A", "0A00", 0 }, { "0A", "0A01", -1 }, { "1", "0F", 1 }, { "9", "A", -1 },
		{ "", "0", 0 }, { "", "1", -1 }, { "0055AED6DCD90281E5", "0055AED6DCD90281E4F", 1 },
	};

	(void)p;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(fe_sequencer_compare(fe_str_of(cases[i].a), fe_str_of(cases[i].b)), cases[i].order);
		assert_int_equal(fe_sequencer_compare(fe_str_of(cases[i].b), fe_str_of(cases[i].a)), -cases[i].order);
	}
}

int
main(int argc, char **argv)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(many_runs_make_one_chain),
		T(one_end_is_written_once),
		T(appending_to_the_chain_is_done_by_one_at_a_time),
		T(runs_that_vanished_are_abandoned_and_others_are_not),
		T(what_was_loaded_last_of_a_path_is_known),
		T(an_object_without_a_hash_is_known_by_its_version),
		T(of_the_versions_of_an_object_the_later_one_counts),
		T(sequencers_are_compared_as_if_zeros_stood_behind_them),
		T(a_path_that_is_no_text_is_kept),
		T(rejects_are_kept_byte_by_byte),
		T(a_reject_is_written_down_once_whatever_its_object_was_known_by),
		T(the_same_content_at_two_paths_is_rejected_once),
		T(rejects_by_the_hundred_thousand_are_written),
		T(nothing_written_is_changed_or_taken_away),
	};
	int n_failed;

	place = any_place_of(argc, argv, &n_failed);
	if (!place)
		return n_failed;
	n_failed = cmocka_run_group_tests(tests, NULL, NULL);
	place->remove();
	return n_failed;
}
