// SPDX-License-Identifier: Apache-2.0
/* test_postgres.c - what only PostgreSQL has: its SQL, COPY, binary queries, sessions */
#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/stop.h"
#include "db/postgres_conn.h"
#include "db/postgres_sender.h"
#include "postgres.h"

#define OID_INT8 20
#define OID_TEXT 25

static struct fe_db *db; /* of the test */

static int
open_fresh(void **p)
{
	(void)p;
	(void)pg_place_fresh();
	db = pg_place_open();
	return 0;
}

static int
close_fresh(void **p)
{
	(void)p;
	fe_db_close(db);
	db = NULL;
	pg_place_remove();
	return 0;
}

static struct fe_db *
open_with(struct fe_pg_settings set)
{
	struct fe_err err = FE_ERR_INIT;
	struct fe_db *other;

	set.url = pg_place_url(NULL, NULL);
	if (fe_pg_open(&other, &set, &err))
		fail_msg("%s", err.text);
	return other;
}

static void
exec(struct fe_db *on, const char *sql)
{
	struct fe_err err = FE_ERR_INIT;

	if (fe_db_exec(on, sql, &err))
		fail_msg("%s: %s", sql, err.text);
}

static int64_t
ask(struct fe_db *on, const char *sql)
{
	struct fe_err err = FE_ERR_INIT;
	int64_t v = -99;

	if (fe_db_query_i64(on, sql, &v, &err))
		fail_msg("%s: %s", sql, err.text);
	return v;
}

static void
assert_fails(struct fe_db *on, const char *sql, enum fe_rc rc, const char *state)
{
	struct fe_err err = FE_ERR_INIT;

	if (fe_db_exec(on, sql, &err) != rc)
		fail_msg("%s: %s %s: %s", sql, fe_rc_name(err.rc), err.foreign, err.text);
	assert_string_equal(err.foreign, state);
}

/* ---- SQL ---- */

static void
assert_sql(const char *from, const char *to)
{
	struct fe_buf out;

	fe_buf_init(&out, 1000);
	fe_pg_add_sql(&out, fe_str_of(from), "my\"s");
	assert_string_equal(fe_buf_text(&out), to);
	fe_buf_reset(&out);
}

static void
parameters_and_main_are_translated(void **p)
{
	(void)p;
	assert_sql("", "");
	assert_sql("SELECT ?1, ?10,?2", "SELECT $1, $10,$2");
	assert_sql("FROM main.etl_x, main.etl_y WHERE main.etl_x.a=?3",
	           "FROM \"my\"\"s\".etl_x, \"my\"\"s\".etl_y WHERE \"my\"\"s\".etl_x.a=$3");
	assert_sql("a ? 'b' ?| c ?", "a ? 'b' ?| c ?");
	assert_sql("domain.x + x.main.y + main + mainly.z + my_main.z",
	           "domain.x + x.main.y + main + mainly.z + my_main.z");
	assert_sql("a1?2 $1", "a1$2 $1");
}

static void
quotes_and_comments_are_left_alone(void **p)
{
	static const char *const same[] = {
		"'?1 main.x'",      "'it''s ?1 main.x'", "\"?1 main.\"",   "\"a\"\"?1\"",
		"-- ?1 main.x",     "/* ?1 main.x */",   "/* /* */ ?1 */", "$$ ?1 main.x $$",
		"$a$ ?1 $b$ $$ $a$", "E'\\' ?1 main.x'", "e'\\\\'",        "'unended ?1",
		"/* unended ?1",    "$a$ unended ?1",    "\"unended ?1",   "E'\\",
	};
	size_t i;

	(void)p;
	for (i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		assert_sql(same[i], same[i]);
	assert_sql("'\\' ?1", "'\\' $1"); /* a backslash is one, with standard strings */
	assert_sql("E'\\\\' ?1", "E'\\\\' $1");
	assert_sql("-- ?1\n?1", "-- ?1\n$1");
	assert_sql("/* /* */ ?1 */?1", "/* /* */ ?1 */$1");
	assert_sql("$a$ ?1 $a$?1", "$a$ ?1 $a$$1");
	assert_sql("name'?1'?1", "name'?1'$1");
	assert_sql("2-1 / 3 * ?1", "2-1 / 3 * $1");
}

static void
local_hosts_are_known_by_their_names(void **p)
{
	static const char *const local[] = { "", "/run/postgresql", "@abstract", "localhost", "127.0.0.1",
		                             "127.1.2.3", "::1", "localhost,127.0.0.1", "/tmp,localhost" };
	static const char *const remote[] = { "db.example.com", "10.0.0.1", "127.0.0.1.example.com", "localhost.example",
		                              "localhost,db", "db,localhost", "::2", "127.1", "1127.0.0.1", "Localhost.x" };
	size_t i;

	(void)p;
	for (i = 0; i < sizeof(local) / sizeof(local[0]); i++)
		assert_true(fe_pg_is_local_host(local[i], NULL));
	for (i = 0; i < sizeof(remote) / sizeof(remote[0]); i++)
		assert_false(fe_pg_is_local_host(remote[i], NULL));
}

/* It is the address that is connected to, whatever the host is called. */
static void
a_local_name_before_another_machines_address_is_no_local_host(void **p)
{
	(void)p;
	assert_true(fe_pg_is_local_host(NULL, NULL));
	assert_true(fe_pg_is_local_host("localhost", "127.0.0.1"));
	assert_true(fe_pg_is_local_host(NULL, "::1"));
	assert_false(fe_pg_is_local_host("localhost", "10.0.0.1"));
	assert_false(fe_pg_is_local_host("/run/postgresql", "10.0.0.1"));
	assert_false(fe_pg_is_local_host("localhost,localhost", "127.0.0.1,10.0.0.1"));
	assert_false(fe_pg_is_local_host(NULL, "10.0.0.1"));
	assert_false(fe_pg_is_local_host("db.example.com", "127.0.0.1"));
}

/* ---- opening ---- */

static void
assert_refused(const char *url, enum fe_rc rc, const char *part)
{
	const struct fe_pg_settings set = { .url = url };
	struct fe_err err = FE_ERR_INIT;
	struct fe_db *none;
	char text[4096];

	if (fe_pg_open(&none, &set, &err) != rc)
		fail_msg("%s: %s: %s", url, fe_rc_name(err.rc), err.text);
	assert_null(none);
	(void)fe_err_print(&err, text, sizeof(text));
	if (!strstr(text, part))
		fail_msg("%s: %s", url, text);
	/* every password of these tests has this in it */
	if (strstr(text, "s3cr") || strstr(text, "hunter"))
		fail_msg("a secret: %s", text);
}

static void
a_bad_address_is_told_without_its_secrets(void **p)
{
	static const char *const urls[] = {
		"postgresql://u:s3cr@hunter@host/db",      "postgresql://u:s3cr/hunter@host/db",
		"postgresql://u:s3cr?hun@hunter@host/db",  "postgresql://u:s3cr#hunter@[::1/db",
		"postgresql://u:s3cr%zzhunter@host/db",    "postgresql://u:s3cr%00hunter@host/db",
		"postgresql://u:p@host/db?s3cr=hunter",    "postgresql://u:p@host:s3crhunter/db",
		"postgresql://u:p@host/db?sslmode=s3cr",   "postgresql://u:p@host/db?connect_timeout=s3cr",
		"postgresql://u:p@host/db?password",       "postgresql:u:s3cr@hunter",
		"host=h password=s3crhunter",              "postgresql://u:s3crhunter@h,i:1,2:3,/db?port=1,2",
		"postgresql://u:s3crhunter@h/db?service=hunter", "postgresql://u:s3cr:hunter@[h/db",
	};
	size_t i;

	(void)p;
	for (i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
		assert_refused(urls[i], FE_EUSAGE, "postgresql://user@host:port/database");
}

static void
a_server_that_is_not_there_is_told_without_secrets(void **p)
{
	(void)p;
	assert_refused("postgresql://u:s3cr@/db?host=/no/such/folder", FE_EUNAVAIL, "/no/such/folder");
	assert_refused("postgresql://u:s3cr@127.0.0.1:1/db", FE_EUNAVAIL, "db at 127.0.0.1");
	assert_refused("postgresql://u:s3cr?hunter@no-such-host.invalid/db", FE_EUNAVAIL, "no-such-host.invalid");
	assert_refused("postgresql://u:s3cr@no-such-host.invalid/db", FE_EUNAVAIL, "no-such-host.invalid");
}

static void
a_database_that_is_not_there_is_told(void **p)
{
	char url[1024];
	const char *made = pg_place_url(NULL, NULL), *query = strchr(made, '?'), *head = strstr(made, "/finetl");

	(void)p;
	(void)snprintf(url, sizeof(url), "%.*s/no_such_db%s%spassword=s3cr", (int)(head - made), made,
	               query ? query : "", query ? "&" : "?");
	assert_refused(url, FE_EUSAGE, "no_such_db");
	assert_refused(pg_place_url("no_such_role", "s3cr"), FE_EDENIED, "no_such_role");
}

static void
a_session_is_set_up_alike(void **p)
{
	struct fe_db *other;

	(void)p;
	exec(db, "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timezone = ''Asia/Tokyo''', current_database());"
	         "EXECUTE format('ALTER DATABASE %I SET datestyle = ''German''', current_database());"
	         "EXECUTE format('ALTER DATABASE %I SET statement_timeout = 100', current_database());"
	         "EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database());"
	         "EXECUTE format('ALTER DATABASE %I SET bytea_output = ''escape''', current_database());"
	         "EXECUTE format('ALTER DATABASE %I SET default_transaction_isolation = serializable', current_database()); END $$");
	other = open_with((struct fe_pg_settings){ .lock_timeout_ms = 1234 });
	assert_int_equal(ask(other, "SELECT count(*) FROM (VALUES ('timezone', 'UTC'), ('datestyle', 'ISO, YMD'), "
	                            "('statement_timeout', '0'), ('synchronous_commit', 'on'), ('lock_timeout', '1234ms'), "
	                            "('bytea_output', 'hex'), ('default_transaction_isolation', 'read committed'), "
	                            "('row_security', 'off'), ('search_path', '\"public\", pg_temp'), "
	                            "('application_name', 'finetl'), ('client_encoding', 'UTF8')) v (n, s) "
	                            "WHERE current_setting(n) <> s AND current_setting(n) <> replace(s, '\"', '')"), 0);
	fe_db_close(other);
}

static void
the_schema_is_the_first_of_the_search_path_that_exists(void **p)
{
	struct fe_db *other;

	(void)p;
	assert_string_equal(fe_pg_schema(db), "public");
	exec(db, "CREATE SCHEMA \"My house\"; DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = nowhere, "
	         "\"My house\", public', current_database()); END $$");
	other = open_with((struct fe_pg_settings){ 0 });
	assert_string_equal(fe_pg_schema(other), "My house");
	exec(other, "CREATE TABLE main.t (a integer)");
	assert_int_equal(ask(other, "SELECT count(*) FROM \"My house\".t"), 0);
	fe_db_close(other);
}

static void
a_reader_cannot_write(void **p)
{
	struct fe_db *reader;

	(void)p;
	exec(db, "CREATE TABLE t (a integer)");
	reader = open_with((struct fe_pg_settings){ .read_only = true });
	assert_int_equal(ask(reader, "SELECT count(*) FROM t"), 0);
	assert_fails(reader, "INSERT INTO t VALUES (1)", FE_EDENIED, "25006");
	fe_db_close(reader);
}

static void
a_server_in_read_only_mode_is_refused_to_a_writer(void **p)
{
	(void)p;
	exec(db, "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', "
	         "current_database()); END $$");
	assert_refused(pg_place_url(NULL, NULL), FE_EUNAVAIL, "read-only");
	fe_db_close(open_with((struct fe_pg_settings){ .read_only = true }));
}

static void
a_database_of_another_encoding_is_refused(void **p)
{
	char url[1024], sql[200];
	const char *made = pg_place_url(NULL, NULL), *head = strstr(made, "/finetl"), *query = strchr(made, '?');

	(void)p;
	(void)snprintf(sql, sizeof(sql), "CREATE DATABASE finetl_latin_%ld TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'",
	               (long)getpid());
	exec(db, sql);
	(void)snprintf(url, sizeof(url), "%.*s/finetl_latin_%ld%s", (int)(head - made), made, (long)getpid(),
	               query ? query : "");
	assert_refused(url, FE_EUSAGE, "LATIN1");
	(void)snprintf(sql, sizeof(sql), "DROP DATABASE finetl_latin_%ld", (long)getpid());
	exec(db, sql);
}

/* ---- failures ---- */

static void
values_of_rows_are_not_in_messages(void **p)
{
	static const char *const statements[] = {
		"SELECT CAST('4711 \"x\" 4711' AS integer)", "SELECT CAST('4711' AS smallint) * CAST('4711' AS smallint)",
		"INSERT INTO t VALUES (4711, 'a')",          "INSERT INTO t VALUES (NULL, '4711')",
		"INSERT INTO t VALUES (1, 'too long 4711')", "SELECT CAST('4711-99-99' AS date)",
		"INSERT INTO u VALUES (4711)",               "SELECT '4711'::jsonb::boolean, '{4711'::jsonb",
	};
	struct fe_err err;
	size_t i;

	(void)p;
	exec(db, "CREATE TABLE t (a integer PRIMARY KEY, b varchar(3)); INSERT INTO t VALUES (4711, 'x')");
	exec(db, "CREATE TABLE u (a integer CHECK (a < 10))");
	for (i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
		assert_int_equal(fe_db_exec(db, statements[i], &err), FE_ECONFLICT);
		if (strstr(err.text, "4711"))
			fail_msg("%s", err.text);
	}
}

static void
the_lock_timeout_ends_a_wait(void **p)
{
	struct fe_db *other = open_with((struct fe_pg_settings){ .lock_timeout_ms = 50 });
	struct fe_err err = FE_ERR_INIT;

	(void)p;
	exec(db, "CREATE TABLE t (a integer)");
	assert_int_equal(fe_db_begin(db, NULL), FE_OK);
	exec(db, "LOCK TABLE t");
	assert_int_equal(fe_db_exec(other, "INSERT INTO t VALUES (1)", &err), FE_EUNAVAIL);
	assert_string_equal(err.foreign, "55P03");
	assert_true(fe_pg_may_retry(&err));
	assert_int_equal(fe_db_rollback(db, NULL), FE_OK);
	exec(other, "INSERT INTO t VALUES (1)");
	fe_db_close(other);
}

static void
a_constraint_that_fails_at_commit_undoes(void **p)
{
	struct fe_err err = FE_ERR_INIT;

	(void)p;
	exec(db, "CREATE TABLE a (k integer PRIMARY KEY); CREATE TABLE b (k integer REFERENCES a DEFERRABLE INITIALLY DEFERRED)");
	assert_int_equal(fe_db_begin(db, NULL), FE_OK);
	exec(db, "INSERT INTO b VALUES (7)");
	assert_int_equal(fe_db_commit(db, &err), FE_ECONFLICT);
	assert_string_equal(err.foreign, "23503");
	assert_false(fe_db_in_transaction(db));
	assert_int_equal(ask(db, "SELECT count(*) FROM b"), 0);
}

static void
commit_after_a_failed_statement_is_no_commit(void **p)
{
	struct fe_err err = FE_ERR_INIT;

	(void)p;
	exec(db, "CREATE TABLE t (a integer)");
	assert_int_equal(fe_db_begin(db, NULL), FE_OK);
	exec(db, "INSERT INTO t VALUES (1)");
	assert_fails(db, "SELECT 1/0", FE_ECONFLICT, "22012");
	assert_fails(db, "INSERT INTO t VALUES (2)", FE_ECONFLICT, "25P02");
	assert_int_equal(fe_db_commit(db, &err), FE_ECONFLICT);
	assert_false(fe_db_in_transaction(db));
	assert_int_equal(ask(db, "SELECT count(*) FROM t"), 0);
}

static void
a_savepoint_survives_a_failure(void **p)
{
	(void)p;
	exec(db, "CREATE TABLE t (a integer PRIMARY KEY)");
	assert_int_equal(fe_db_begin(db, NULL), FE_OK);
	exec(db, "INSERT INTO t VALUES (1); SAVEPOINT s");
	assert_fails(db, "INSERT INTO t VALUES (1)", FE_ECONFLICT, "23505");
	exec(db, "ROLLBACK TO s");
	exec(db, "INSERT INTO t VALUES (2)");
	assert_int_equal(fe_db_commit(db, NULL), FE_OK);
	assert_int_equal(ask(db, "SELECT count(*) FROM t"), 2);
}

static void
kill_backend(int pid)
{
	char sql[80];

	(void)snprintf(sql, sizeof(sql), "SELECT CAST(pg_terminate_backend(%d, 5000) AS integer)", pid);
	assert_int_equal(pg_place_i64(sql), 1);
}

static void
a_killed_backend_is_a_lost_connection(void **p)
{
	struct fe_err err = FE_ERR_INIT;
	struct fe_stmt *st;
	bool row;

	(void)p;
	assert_int_equal(fe_db_prepare(db, FE_STR("SELECT 1"), &st, NULL), FE_OK);
	assert_int_equal(fe_db_begin(db, NULL), FE_OK);
	kill_backend(fe_pg_backend_pid(db));
	assert_int_equal(fe_stmt_step(st, &row, &err), FE_EUNAVAIL);
	assert_true(err.foreign[0] != '\0');
	assert_true(fe_pg_is_lost(db));
	assert_false(fe_db_in_transaction(db));
	assert_int_equal(fe_db_rollback(db, NULL), FE_OK);
	assert_int_equal(fe_db_exec(db, "SELECT 1", NULL), FE_EUNAVAIL);
	assert_int_equal(fe_db_begin(db, NULL), FE_EUNAVAIL);
	fe_stmt_free(st);
}

static void
a_commit_that_a_kill_crossed_is_unknown(void **p)
{
	struct fe_err err = FE_ERR_INIT;
	enum fe_pg_fate fate;
	struct fe_db *other;
	uint64_t xid;

	(void)p;
	exec(db, "CREATE TABLE t (a integer)");
	assert_int_equal(fe_db_begin(db, NULL), FE_OK);
	exec(db, "INSERT INTO t VALUES (1)");
	assert_int_equal(fe_pg_transaction_id(db, &xid, NULL), FE_OK);
	other = pg_place_open();
	assert_int_equal(fe_pg_transaction_fate(other, xid, &fate, NULL), FE_OK);
	assert_int_equal(fate, FE_PG_IN_PROGRESS);
	kill_backend(fe_pg_backend_pid(db));
	assert_int_equal(fe_db_commit(db, &err), FE_EUNAVAIL);
	assert_string_equal(err.foreign, FE_PG_UNKNOWN_COMMIT);
	assert_int_equal(fe_pg_transaction_fate(other, xid, &fate, NULL), FE_OK);
	assert_int_equal(fate, FE_PG_ABORTED);
	assert_int_equal(fe_pg_transaction_fate(other, xid + 1000000, &fate, NULL), FE_OK);
	assert_int_equal(fate, FE_PG_ABORTED);
	assert_int_equal(fe_db_begin(other, NULL), FE_OK);
	assert_int_equal(fe_pg_transaction_id(other, &xid, NULL), FE_OK);
	assert_int_equal(fe_db_commit(other, NULL), FE_OK);
	assert_int_equal(fe_pg_transaction_fate(other, xid, &fate, NULL), FE_OK);
	assert_int_equal(fate, FE_PG_COMMITTED);
	fe_db_close(other);
}

/* ---- COPY ---- */

static void
add_u16(struct fe_buf *out, uint16_t v)
{
	v = htons(v);
	fe_buf_add(out, &v, 2);
}

static void
add_u32(struct fe_buf *out, uint32_t v)
{
	v = htonl(v);
	fe_buf_add(out, &v, 4);
}

static void
add_row(struct fe_buf *out, uint32_t a, struct fe_str b)
{
	add_u16(out, 2);
	add_u32(out, 4);
	add_u32(out, a);
	add_u32(out, (uint32_t)b.n);
	fe_buf_add_str(out, b);
}

static void
add_copy_head(struct fe_buf *out)
{
	fe_buf_add(out, "PGCOPY\n\377\r\n\0", 11);
	add_u32(out, 0);
	add_u32(out, 0);
}

static void
put(struct fe_db *on, struct fe_buf *bytes)
{
	struct fe_err err = FE_ERR_INIT;

	if (fe_pg_copy_put(on, bytes, &err))
		fail_msg("%s", err.text);
	assert_int_equal(bytes->n_bytes, 0);
}

#define COPY_T "COPY t FROM STDIN (FORMAT binary)"

static void
start_copy(struct fe_buf *bytes)
{
	struct fe_err err = FE_ERR_INIT;

	fe_buf_init(bytes, (size_t)64 << 20);
	exec(db, "CREATE TABLE t (a integer, b text)");
	assert_int_equal(fe_db_begin(db, NULL), FE_OK);
	if (fe_pg_copy_begin(db, COPY_T, &err))
		fail_msg("%s", err.text);
	add_copy_head(bytes);
}

static void
copy_loads_rows_of_any_size(void **p)
{
	static char long_text[3000000];
	struct fe_err err = FE_ERR_INIT;
	struct fe_buf bytes;
	uint64_t n_rows;
	uint32_t i;

	(void)p;
	memset(long_text, 'x', sizeof(long_text));
	start_copy(&bytes);
	for (i = 0; i < 20000; i++) {
		add_row(&bytes, i, (struct fe_str){ long_text, i % 200 });
		if (i % 1000 == 0)
			put(db, &bytes);
	}
	for (i = 0; i < 10; i++)
		add_row(&bytes, i, (struct fe_str){ long_text, sizeof(long_text) });
	add_u16(&bytes, 0xffff);
	put(db, &bytes);
	if (fe_pg_copy_end(db, &n_rows, &err))
		fail_msg("%s", err.text);
	assert_int_equal(n_rows, 20010);
	assert_int_equal(fe_db_commit(db, NULL), FE_OK);
	assert_int_equal(ask(db, "SELECT count(*) FROM t"), 20010);
	assert_int_equal(ask(db, "SELECT sum(length(b)) FROM t"), 20000 / 200 * (199 * 200 / 2) + 10 * 3000000);
	fe_buf_reset(&bytes);
}

static void
copy_of_wrong_bytes_fails_at_its_end(void **p)
{
	struct fe_err err = FE_ERR_INIT;
	struct fe_buf bytes;
	uint64_t n_rows;

	(void)p;
	start_copy(&bytes);
	add_u16(&bytes, 7);
	put(db, &bytes);
	assert_int_equal(fe_pg_copy_end(db, &n_rows, &err), FE_ECONFLICT);
	assert_string_equal(err.foreign, "22P04");
	assert_int_equal(fe_db_rollback(db, NULL), FE_OK);
	assert_int_equal(ask(db, "SELECT count(*) FROM t"), 0);
	fe_buf_reset(&bytes);
}

static void
a_copy_is_given_up_by_rollback(void **p)
{
	struct fe_buf bytes;

	(void)p;
	start_copy(&bytes);
	add_row(&bytes, 1, FE_STR("x"));
	put(db, &bytes);
	assert_int_equal(fe_db_exec(db, "SELECT 1", NULL), FE_EBUG);
	assert_int_equal(fe_db_rollback(db, NULL), FE_OK);
	assert_false(fe_db_in_transaction(db));
	assert_int_equal(ask(db, "SELECT count(*) FROM t"), 0);
	fe_buf_reset(&bytes);
}

static void
copy_as_a_plain_statement_is_refused(void **p)
{
	(void)p;
	exec(db, "CREATE TABLE t (a integer, b text)");
	assert_int_equal(fe_db_exec(db, COPY_T, NULL), FE_EBUG);
	assert_int_equal(ask(db, "SELECT 1"), 1);
}

static void
a_backend_killed_in_a_copy_is_found_out(void **p)
{
	struct fe_err err = FE_ERR_INIT;
	struct fe_buf bytes;
	enum fe_rc rc = FE_OK;
	uint64_t n_rows;
	uint32_t i;

	(void)p;
	start_copy(&bytes);
	put(db, &bytes);
	kill_backend(fe_pg_backend_pid(db));
	for (i = 0; i < 100 && rc == FE_OK; i++) {
		add_row(&bytes, i, FE_STR("x"));
		rc = fe_pg_copy_put(db, &bytes, &err);
	}
	if (rc == FE_OK)
		rc = fe_pg_copy_end(db, &n_rows, &err);
	assert_int_equal(rc, FE_EUNAVAIL);
	assert_int_equal(fe_db_rollback(db, NULL), FE_OK);
	assert_true(fe_pg_is_lost(db));
	fe_buf_reset(&bytes);
}

/* The bytes that a broken connection takes hide that it broke. */
static void
a_rollback_in_a_copy_finds_out_that_the_backend_is_gone(void **p)
{
	static char text[1000000];
	struct fe_buf bytes;
	bool moved;

	(void)p;
	memset(text, 'x', sizeof(text));
	start_copy(&bytes);
	put(db, &bytes);
	assert_true(fe_pg_sender_wait(fe_pg_of(db)->sender, 0, 5000, &moved));
	kill_backend(fe_pg_backend_pid(db));
	add_row(&bytes, 1, (struct fe_str){ text, sizeof(text) });
	put(db, &bytes);
	assert_true(fe_pg_sender_wait(fe_pg_of(db)->sender, 0, 5000, &moved));
	assert_int_equal(fe_db_rollback(db, NULL), FE_OK);
	assert_true(fe_pg_is_lost(db));
	fe_buf_reset(&bytes);
}

static void
a_backend_killed_in_a_copy_is_found_out_before_its_end(void **p)
{
	struct fe_err err = FE_ERR_INIT;
	static char text[100000];
	struct fe_buf bytes;
	enum fe_rc rc = FE_OK;
	bool moved;
	uint32_t i;

	(void)p;
	memset(text, 'x', sizeof(text));
	start_copy(&bytes);
	put(db, &bytes);
	assert_true(fe_pg_sender_wait(fe_pg_of(db)->sender, 0, 5000, &moved));
	kill_backend(fe_pg_backend_pid(db));
	for (i = 0; i < 20 && rc == FE_OK; i++) {
		add_row(&bytes, i, (struct fe_str){ text, sizeof(text) });
		rc = fe_pg_copy_put(db, &bytes, &err);
		if (rc == FE_OK)
			assert_true(fe_pg_sender_wait(fe_pg_of(db)->sender, 0, 5000, &moved));
	}
	assert_int_equal(rc, FE_EUNAVAIL);
	assert_true(fe_pg_is_lost(db));
	assert_int_equal(fe_db_rollback(db, NULL), FE_OK);
	fe_buf_reset(&bytes);
}

static void
great_blocks_do_not_pile_up(void **p)
{
	static char text[3000000];
	struct fe_buf bytes;
	uint64_t n_rows;
	bool moved;
	uint32_t i;

	(void)p;
	memset(text, 'x', sizeof(text));
	start_copy(&bytes);
	for (i = 0; i < 30; i++) {
		add_row(&bytes, i, (struct fe_str){ text, sizeof(text) });
		put(db, &bytes);
		assert_true(fe_pg_sender_wait(fe_pg_of(db)->sender, 1, 0, &moved));
	}
	add_u16(&bytes, 0xffff);
	put(db, &bytes);
	assert_int_equal(fe_pg_copy_end(db, &n_rows, NULL), FE_OK);
	assert_int_equal(n_rows, 30);
	fe_buf_reset(&bytes);
}

static void
a_copy_is_sent_while_another_connection_waits(void **p)
{
	struct fe_db *look = pg_place_open();
	static char text[100000];
	struct fe_buf bytes;
	bool moved;
	uint64_t n_rows;
	uint32_t i;

	(void)p;
	memset(text, 'y', sizeof(text));
	start_copy(&bytes);
	for (i = 0; i < 60; i++)
		add_row(&bytes, i, (struct fe_str){ text, sizeof(text) });
	put(db, &bytes); /* more than the socket takes */
	assert_false(fe_pg_sender_wait(fe_pg_of(db)->sender, 0, 0, &moved));
	exec(look, "SELECT pg_sleep(1)");
	assert_true(fe_pg_sender_wait(fe_pg_of(db)->sender, 0, 0, &moved));
	assert_true(moved);
	add_u16(&bytes, 0xffff);
	put(db, &bytes);
	assert_int_equal(fe_pg_copy_end(db, &n_rows, NULL), FE_OK);
	assert_int_equal(n_rows, 60);
	fe_buf_reset(&bytes);
	fe_db_close(look);
}

/* As a caller does that has to look after the connection in between. */
static void
a_sender_that_is_halted_goes_on_where_it_was(void **p)
{
	static char text[300000];
	struct fe_pg_sender *sender;
	struct fe_buf bytes;
	uint64_t n_rows;
	uint32_t i;

	(void)p;
	start_copy(&bytes);
	sender = fe_pg_of(db)->sender;
	for (i = 0; i < 200; i++) {
		add_row(&bytes, i, (struct fe_str){ memset(text, 'a' + (int)(i % 26), sizeof(text)), sizeof(text) });
		put(db, &bytes);
		if (i % 3 == 0)
			fe_pg_sender_halt(sender);
		assert_int_equal(fe_pg_sender_go(sender, NULL), FE_OK);
	}
	add_u16(&bytes, 0xffff);
	put(db, &bytes);
	assert_int_equal(fe_pg_copy_end(db, &n_rows, NULL), FE_OK);
	assert_int_equal(n_rows, 200);
	assert_int_equal(ask(db, "SELECT count(*) FROM t WHERE b = repeat(chr(97 + a % 26), 300000)"), 200);
	fe_buf_reset(&bytes);
}

static void
a_connection_is_closed_in_the_middle_of_a_copy(void **p)
{
	struct fe_db *other = pg_place_open();
	static char text[1000000];
	struct fe_buf bytes;
	uint32_t i;

	(void)p;
	start_copy(&bytes);
	assert_int_equal(fe_db_rollback(db, NULL), FE_OK);
	assert_int_equal(fe_pg_copy_begin(other, COPY_T, NULL), FE_OK);
	for (i = 0; i < 8; i++) {
		add_row(&bytes, i, (struct fe_str){ memset(text, 'z', sizeof(text)), sizeof(text) });
		put(other, &bytes);
	}
	fe_db_close(other);
	assert_int_equal(ask(db, "SELECT count(*) FROM t"), 0);
	fe_buf_reset(&bytes);
}

/* ---- binary queries ---- */

static void
binary_queries_take_and_give_bytes(void **p)
{
	static const uint32_t oids[] = { OID_INT8, OID_TEXT };
	struct fe_pg_param params[2] = { { .oid = OID_INT8, .value = FE_STR("\0\0\0\0\0\0\0\7") },
		                         { .oid = OID_TEXT, .value = FE_STR("a\\.b") } };
	struct fe_pg_query *q;

	(void)p;
	assert_int_equal(fe_pg_query_prepare(db, "SELECT $1 + g, $2 FROM generate_series(1, 2) g", oids, 2, &q, NULL), FE_OK);
	assert_int_equal(fe_pg_query_run(q, params, NULL), FE_OK);
	assert_int_equal(fe_pg_query_n_rows(q), 2);
	assert_true(fe_str_eq(fe_pg_query_value(q, 1, 0), FE_STR("\0\0\0\0\0\0\0\11")));
	assert_true(fe_str_is(fe_pg_query_value(q, 1, 1), "a\\.b"));
	params[1].value = (struct fe_str){ 0 };
	assert_int_equal(fe_pg_query_run(q, params, NULL), FE_OK);
	assert_null(fe_pg_query_value(q, 0, 1).p);
	params[1].value = FE_STR("");
	assert_int_equal(fe_pg_query_run(q, params, NULL), FE_OK);
	assert_non_null(fe_pg_query_value(q, 0, 1).p);
	assert_int_equal(fe_pg_query_value(q, 0, 1).n, 0);
	fe_pg_query_free(q);
	assert_int_equal(fe_pg_query_prepare(db, "SELECT no_such", NULL, 0, &q, NULL), FE_ECONFLICT);
	assert_null(q);
}

static void
statements_that_were_freed_are_ended(void **p)
{
	struct fe_stmt *st;
	int i;

	(void)p;
	for (i = 0; i < 50; i++) {
		assert_int_equal(fe_db_prepare(db, FE_STR("SELECT 1"), &st, NULL), FE_OK);
		fe_stmt_free(st);
	}
	assert_int_equal(ask(db, "SELECT count(*) FROM pg_prepared_statements"), 1);
}

/* ---- stopping; last, for the flag stays ---- */

static void *
stop_soon(void *arg)
{
	const struct timespec nap = { .tv_nsec = 300000000 };

	(void)arg;
	(void)nanosleep(&nap, NULL);
	fe_stop_request();
	return NULL;
}

static void
a_stop_cancels_the_statement_on_the_server(void **p)
{
	int64_t began_us = fe_clock_ticks(&fe_clock_system);
	struct fe_err err = FE_ERR_INIT;
	pthread_t thread;

	(void)p;
	fe_db_set_stoppable(db, true);
	assert_int_equal(fe_db_begin(db, NULL), FE_OK);
	assert_int_equal(pthread_create(&thread, NULL, stop_soon, NULL), 0);
	assert_int_equal(fe_db_exec(db, "SELECT pg_sleep(30)", &err), FE_ECANCEL);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_true(fe_clock_ticks(&fe_clock_system) - began_us < 5000000);
	assert_false(fe_pg_is_lost(db));
	assert_int_equal(fe_db_rollback(db, NULL), FE_OK);
	/* the end of the run is written down */
	fe_db_set_stoppable(db, false);
	exec(db, "SELECT pg_sleep(0.5)");
	assert_int_equal(fe_db_begin(db, NULL), FE_OK);
	assert_int_equal(fe_db_commit(db, NULL), FE_OK);
}

/* The server is held up by a lock while its COPY's bytes pile up. */
static void
a_stop_in_a_copy_that_is_stuck_ends_it(void **p)
{
	static char text[1 << 20];
	int64_t began_us = fe_clock_ticks(&fe_clock_system);
	struct fe_db *other = pg_place_open();
	enum fe_rc rc = FE_OK;
	struct fe_buf bytes;
	uint64_t n_rows;
	uint32_t i;

	(void)p;
	start_copy(&bytes);
	assert_int_equal(fe_db_rollback(db, NULL), FE_OK);
	exec(db, "CREATE TABLE held (a integer); CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS "
	         "'BEGIN PERFORM * FROM held; RETURN NEW; END'; CREATE TRIGGER wait BEFORE INSERT ON t FOR EACH ROW "
	         "EXECUTE FUNCTION wait()");
	exec(other, "BEGIN; LOCK TABLE held");
	fe_db_set_stoppable(db, true); /* a stop was asked for by the test before */
	assert_int_equal(fe_db_begin(db, NULL), FE_OK);
	assert_int_equal(fe_pg_copy_begin(db, COPY_T, NULL), FE_OK);
	for (i = 0; i < 32 && rc == FE_OK; i++) {
		add_row(&bytes, i, (struct fe_str){ text, 0 });
		add_row(&bytes, i, (struct fe_str){ memset(text, 'x', sizeof(text)), sizeof(text) });
		rc = fe_pg_copy_put(db, &bytes, NULL);
	}
	if (rc == FE_OK)
		rc = fe_pg_copy_end(db, &n_rows, NULL);
	assert_int_equal(rc, FE_ECANCEL);
	assert_int_equal(fe_db_rollback(db, NULL), FE_OK);
	assert_false(fe_pg_is_lost(db));
	assert_true(fe_clock_ticks(&fe_clock_system) - began_us < 10 * INT64_C(1000000));
	assert_int_equal(ask(db, "SELECT count(*) FROM t"), 0);
	fe_db_close(other);
	fe_buf_reset(&bytes);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_fresh, close_fresh)
	const struct CMUnitTest pure[] = {
		cmocka_unit_test(parameters_and_main_are_translated),
		cmocka_unit_test(quotes_and_comments_are_left_alone),
		cmocka_unit_test(local_hosts_are_known_by_their_names),
		cmocka_unit_test(a_local_name_before_another_machines_address_is_no_local_host),
		cmocka_unit_test(a_bad_address_is_told_without_its_secrets),
		cmocka_unit_test(a_server_that_is_not_there_is_told_without_secrets),
	};
	const struct CMUnitTest on_a_server[] = {
		TEST(a_database_that_is_not_there_is_told),
		TEST(a_session_is_set_up_alike),
		TEST(the_schema_is_the_first_of_the_search_path_that_exists),
		TEST(a_reader_cannot_write),
		TEST(a_server_in_read_only_mode_is_refused_to_a_writer),
		TEST(a_database_of_another_encoding_is_refused),
		TEST(values_of_rows_are_not_in_messages),
		TEST(the_lock_timeout_ends_a_wait),
		TEST(a_constraint_that_fails_at_commit_undoes),
		TEST(commit_after_a_failed_statement_is_no_commit),
		TEST(a_savepoint_survives_a_failure),
		TEST(a_killed_backend_is_a_lost_connection),
		TEST(a_commit_that_a_kill_crossed_is_unknown),
		TEST(copy_loads_rows_of_any_size),
		TEST(copy_of_wrong_bytes_fails_at_its_end),
		TEST(a_copy_is_given_up_by_rollback),
		TEST(copy_as_a_plain_statement_is_refused),
		TEST(a_backend_killed_in_a_copy_is_found_out),
		TEST(a_rollback_in_a_copy_finds_out_that_the_backend_is_gone),
		TEST(a_backend_killed_in_a_copy_is_found_out_before_its_end),
		TEST(great_blocks_do_not_pile_up),
		TEST(a_copy_is_sent_while_another_connection_waits),
		TEST(a_sender_that_is_halted_goes_on_where_it_was),
		TEST(a_connection_is_closed_in_the_middle_of_a_copy),
		TEST(binary_queries_take_and_give_bytes),
		TEST(statements_that_were_freed_are_ended),
		TEST(a_stop_cancels_the_statement_on_the_server),
		TEST(a_stop_in_a_copy_that_is_stuck_ends_it),
	};
	int n_failed = cmocka_run_group_tests(pure, NULL, NULL);
#undef TEST

	signal(SIGPIPE, SIG_IGN);
	if (n_failed)
		return n_failed;
	return pg_place_is_there() ? cmocka_run_group_tests(on_a_server, NULL, NULL) : pg_place_absent();
}
