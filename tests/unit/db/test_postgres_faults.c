// SPDX-License-Identifier: Apache-2.0
/* test_postgres_faults.c - a server that falls silent, and answers that get lost
 *
 * Between the connection and the server stands a relay in a thread, which drops what it is
 * told to: so the client sees what it would of a network that fails.
 */
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "../scratch.h"
#include "base/clock.h"
#include "base/stop.h"
#include "db/postgres_conn.h"
#include "postgres.h"

#define MAX_LINKS 8
#define QUICK_MS 300 /* of silence */

/* What happens on the first link; those after it are asked over, and sound unless DEAD. */
enum mode {
	SOUND,
	MUTE,           /* what the server says gets lost */
	CUT_AT_REQUEST, /* the next request is lost, and the connection ends */
	CUT_AT_ANSWER,  /* the next answer is lost, and the connection ends */
	SLOW,           /* some 200 KB a second to the server */
	DEAD,           /* nothing goes through on any link */
};

struct link {
	int client, server;
};

static struct {
	struct scratch scratch;
	char upstream[108], url[512];
	int listener;
	atomic_int mode;
	atomic_bool ends;
	pthread_t thread;
	struct link links[MAX_LINKS];
	size_t n_links;
} relay;

static void
set_address(struct sockaddr_un *address, const char *path)
{
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	assert_true(strlen(path) < sizeof(address->sun_path));
	memcpy(address->sun_path, path, strlen(path) + 1);
}

static void
accept_link(void)
{
	struct sockaddr_un address;
	struct link *l = &relay.links[relay.n_links];

	FE_ASSERT(relay.n_links < MAX_LINKS);
	l->client = accept(relay.listener, NULL, NULL);
	l->server = socket(AF_UNIX, SOCK_STREAM, 0);
	FE_ASSERT(l->client >= 0 && l->server >= 0);
	set_address(&address, relay.upstream);
	FE_ASSERT(connect(l->server, (const struct sockaddr *)&address, sizeof(address)) == 0);
	relay.n_links++;
}

static void
cut(struct link *l)
{
	if (l->client >= 0)
		(void)close(l->client);
	if (l->server >= 0)
		(void)close(l->server);
	l->client = l->server = -1;
}

/* Passes on what one side said, or does what the mode is about. */
static void
pass(struct link *l, bool is_answer)
{
	enum mode mode = (enum mode)atomic_load(&relay.mode);
	bool is_first = l == &relay.links[0];
	const bool is_slow = is_first && mode == SLOW && !is_answer;
	char bytes[65536];
	ssize_t n = recv(is_answer ? l->server : l->client, bytes, is_slow ? 2048 : sizeof(bytes), 0);

	if (is_slow)
		(void)nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);

	if (n <= 0 || (is_first && mode == (is_answer ? CUT_AT_ANSWER : CUT_AT_REQUEST)))
		cut(l);
	else if (mode == DEAD || (is_first && mode == MUTE && is_answer))
		return;
	else if (send(is_answer ? l->client : l->server, bytes, (size_t)n, MSG_NOSIGNAL) != n)
		cut(l);
}

static void *
serve(void *arg)
{
	struct pollfd fds[1 + 2 * MAX_LINKS];
	size_t i, n;

	(void)arg;
	while (!atomic_load(&relay.ends)) {
		n = relay.n_links;
		fds[0] = (struct pollfd){ .fd = relay.listener, .events = POLLIN };
		for (i = 0; i < n; i++) {
			fds[1 + 2 * i] = (struct pollfd){ .fd = relay.links[i].client, .events = POLLIN };
			fds[2 + 2 * i] = (struct pollfd){ .fd = relay.links[i].server, .events = POLLIN };
		}
		(void)poll(fds, (nfds_t)(1 + 2 * n), 20);
		if (fds[0].revents)
			accept_link();
		for (i = 0; i < n; i++) {
			if (fds[1 + 2 * i].revents && relay.links[i].client >= 0)
				pass(&relay.links[i], false);
			if (fds[2 + 2 * i].revents && relay.links[i].server >= 0)
				pass(&relay.links[i], true);
		}
	}
	for (i = 0; i < relay.n_links; i++)
		cut(&relay.links[i]);
	return NULL;
}

/* The parts of the database's URL; whether its server is on a socket of this machine. */
static bool
find_upstream(char *database, size_t database_bytes, char *user, size_t user_bytes)
{
	PQconninfoOption *options, *o;
	const char *host = "", *port = "5432";

	assert_int_equal(fe_libpq_open(NULL), FE_OK);
	options = PQconninfoParse(pg_place_url(NULL, NULL), NULL);
	assert_non_null(options);
	for (o = options; o->keyword; o++) {
		if (o->val && strcmp(o->keyword, "host") == 0)
			host = o->val;
		else if (o->val && strcmp(o->keyword, "port") == 0)
			port = o->val;
		else if (o->val && strcmp(o->keyword, "dbname") == 0)
			(void)snprintf(database, database_bytes, "%s", o->val);
		else if (o->val && strcmp(o->keyword, "user") == 0)
			(void)snprintf(user, user_bytes, "%s", o->val);
	}
	(void)snprintf(relay.upstream, sizeof(relay.upstream), "%.80s/.s.PGSQL.%.10s", host, port);
	PQconninfoFree(options);
	return relay.upstream[0] == '/';
}

static int
open_relay(void **p)
{
	char database[100] = "", user[100] = "postgres";
	struct sockaddr_un address;

	(void)p;
	(void)pg_place_fresh();
	if (!find_upstream(database, sizeof(database), user, sizeof(user)))
		return 0;
	scratch_open(&relay.scratch);
	(void)snprintf(relay.url, sizeof(relay.url), "postgresql://%s@/%s?host=%s&connect_timeout=2", user, database,
	               relay.scratch.folder);
	relay.listener = socket(AF_UNIX, SOCK_STREAM, 0);
	set_address(&address, scratch_path(&relay.scratch, ".s.PGSQL.5432"));
	assert_int_equal(bind(relay.listener, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(relay.listener, 8), 0);
	relay.n_links = 0;
	atomic_store(&relay.mode, SOUND);
	atomic_store(&relay.ends, false);
	assert_int_equal(pthread_create(&relay.thread, NULL, serve, NULL), 0);
	return 0;
}

static int
close_relay(void **p)
{
	(void)p;
	if (relay.url[0] != '\0') {
		atomic_store(&relay.ends, true);
		assert_int_equal(pthread_join(relay.thread, NULL), 0);
		(void)close(relay.listener);
		scratch_close(&relay.scratch);
		relay.url[0] = '\0';
	}
	pg_place_remove();
	return 0;
}

static struct fe_db *
open_through(void)
{
	const struct fe_pg_settings set = { .url = relay.url, .silence_ms = QUICK_MS };
	struct fe_err err = FE_ERR_INIT;
	struct fe_db *db;

	if (relay.url[0] == '\0')
		skip();
	if (fe_pg_open(&db, &set, &err))
		fail_msg("%s", err.text);
	return db;
}

static int64_t
now_ms(void)
{
	return fe_clock_ticks(&fe_clock_system) / 1000;
}

static void
a_long_statement_is_not_silence(void **p)
{
	struct fe_db *db = open_through();
	struct fe_err err = FE_ERR_INIT;

	(void)p;
	if (fe_db_exec(db, "SELECT pg_sleep(2)", &err))
		fail_msg("%s", err.text);
	assert_true(relay.n_links > 2); /* it was asked about, more than once */
	fe_db_close(db);
}

static void
a_wait_for_a_lock_is_not_silence(void **p)
{
	struct fe_db *db = open_through(), *other = pg_place_open();
	struct fe_err err = FE_ERR_INIT;

	(void)p;
	assert_int_equal(fe_db_exec(other, "CREATE TABLE t (a integer)", NULL), FE_OK);
	assert_int_equal(fe_db_exec(other, "BEGIN; LOCK TABLE t", NULL), FE_OK);
	if (fe_db_exec(db, "SET lock_timeout = 1500", &err))
		fail_msg("%s", err.text);
	assert_int_equal(fe_db_exec(db, "SELECT * FROM t", &err), FE_EUNAVAIL);
	assert_string_equal(err.foreign, "55P03");
	fe_db_close(other);
	fe_db_close(db);
}

static void
an_answer_that_was_lost_is_found_out(void **p)
{
	struct fe_db *db = open_through();
	struct fe_err err = FE_ERR_INIT;
	int64_t began_ms = now_ms();

	(void)p;
	atomic_store(&relay.mode, MUTE);
	assert_int_equal(fe_db_exec(db, "SELECT 1", &err), FE_EUNAVAIL);
	assert_non_null(strstr(err.text, "lost"));
	assert_true(now_ms() - began_ms < 10000);
	assert_true(fe_pg_is_lost(db));
	assert_int_equal(fe_db_rollback(db, NULL), FE_OK);
	fe_db_close(db);
}

static void
a_server_that_cannot_be_asked_is_given_up(void **p)
{
	struct fe_db *db = open_through();
	struct fe_err err = FE_ERR_INIT;
	int64_t began_ms = now_ms();

	(void)p;
	atomic_store(&relay.mode, DEAD);
	assert_int_equal(fe_db_exec(db, "SELECT 1", &err), FE_EUNAVAIL);
	assert_non_null(strstr(err.text, "silent"));
	assert_true(now_ms() - began_ms < 10000);
	fe_db_close(db);
}

/* The fate of a commit that a failure of the network crossed, as it is told afterwards. */
static enum fe_pg_fate
fate_of_commit(enum mode mode)
{
	struct fe_db *db = open_through(), *other = pg_place_open();
	enum fe_pg_fate fate = FE_PG_FORGOTTEN;
	struct fe_err err = FE_ERR_INIT;
	uint64_t xid;
	int i;

	assert_int_equal(fe_db_exec(db, "CREATE TABLE t (a integer)", NULL), FE_OK);
	assert_int_equal(fe_db_begin(db, NULL), FE_OK);
	assert_int_equal(fe_db_exec(db, "INSERT INTO t VALUES (1)", NULL), FE_OK);
	assert_int_equal(fe_pg_transaction_id(db, &xid, NULL), FE_OK);
	atomic_store(&relay.mode, mode);
	assert_int_equal(fe_db_commit(db, &err), FE_EUNAVAIL);
	assert_string_equal(err.foreign, FE_PG_UNKNOWN_COMMIT);
	assert_true(fe_pg_is_lost(db));
	for (i = 0; i < 500; i++) {
		assert_int_equal(fe_pg_transaction_fate(other, xid, &fate, NULL), FE_OK);
		if (fate != FE_PG_IN_PROGRESS)
			break;
		(void)nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	}
	assert_int_equal(pg_place_i64("SELECT count(*) FROM t"), fate == FE_PG_COMMITTED);
	fe_db_close(other);
	fe_db_close(db);
	return fate;
}

static void
a_commit_whose_answer_was_cut_off_is_told_as_committed(void **p)
{
	(void)p;
	assert_int_equal(fate_of_commit(CUT_AT_ANSWER), FE_PG_COMMITTED);
}

static void
a_commit_whose_answer_got_lost_is_told_as_committed(void **p)
{
	(void)p;
	assert_int_equal(fate_of_commit(MUTE), FE_PG_COMMITTED);
}

static void
a_commit_that_did_not_arrive_is_told_as_aborted(void **p)
{
	(void)p;
	assert_int_equal(fate_of_commit(CUT_AT_REQUEST), FE_PG_ABORTED);
}

static void
a_copy_that_the_server_does_not_get_is_given_up(void **p)
{
	struct fe_db *db = open_through();
	struct fe_err err = FE_ERR_INIT;
	static char bytes[1 << 20];
	enum fe_rc rc = FE_OK;
	struct fe_buf block;
	uint64_t n_rows;
	int i;

	(void)p;
	assert_int_equal(fe_db_exec(db, "CREATE TABLE t (a text)", NULL), FE_OK);
	assert_int_equal(fe_pg_copy_begin(db, "COPY t FROM STDIN", NULL), FE_OK);
	atomic_store(&relay.mode, DEAD);
	fe_buf_init(&block, sizeof(bytes));
	for (i = 0; i < 64 && rc == FE_OK; i++) {
		fe_buf_add(&block, bytes, sizeof(bytes));
		rc = fe_pg_copy_put(db, &block, &err);
	}
	fe_buf_reset(&block);
	if (rc == FE_OK)
		rc = fe_pg_copy_end(db, &n_rows, &err);
	assert_int_equal(rc, FE_EUNAVAIL);
	assert_true(fe_pg_is_lost(db));
	fe_db_close(db);
}

static void
a_database_that_takes_no_connections_is_tried_again(void **p)
{
	struct fe_db *other = pg_place_open(), *db; /* in another database */
	struct fe_pg_settings set = { .url = pg_place_fresh(), .connect_wait_ms = 400 };
	struct fe_err err = FE_ERR_INIT;
	int64_t began_ms = now_ms();
	char sql[200];

	(void)p;
	(void)snprintf(sql, sizeof(sql), "ALTER DATABASE %.100s ALLOW_CONNECTIONS false",
	               pg_place_text("SELECT current_database()"));
	assert_int_equal(fe_db_exec(other, sql, NULL), FE_OK);
	assert_int_equal(fe_pg_open(&db, &set, &err), FE_EUNAVAIL);
	assert_string_equal(err.foreign, "55000");
	assert_true(now_ms() - began_ms >= 400);
	(void)snprintf(strstr(sql, "false"), sizeof("true"), "true");
	assert_int_equal(fe_db_exec(other, sql, NULL), FE_OK);
	assert_int_equal(fe_pg_open(&db, &set, &err), FE_OK);
	fe_db_close(db);
	fe_db_close(other);
}

static void *
stop_soon(void *arg)
{
	(void)arg;
	(void)nanosleep(&(struct timespec){ .tv_nsec = 200000000 }, NULL);
	fe_stop_request();
	return NULL;
}

/* Last, for the flag stays. */
static void
a_stop_ends_the_wait_for_a_commit_that_is_stuck(void **p)
{
	struct fe_db *db = open_through();
	struct fe_err err = FE_ERR_INIT;
	int64_t began_ms = now_ms();
	pthread_t thread;

	(void)p;
	assert_int_equal(fe_db_exec(db, "CREATE TABLE t (a integer); CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql "
	                                "AS 'BEGIN PERFORM pg_sleep(9); RETURN NULL; END'; CREATE CONSTRAINT TRIGGER slow "
	                                "AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow()",
	                             NULL), FE_OK);
	assert_int_equal(fe_db_begin(db, NULL), FE_OK);
	assert_int_equal(fe_db_exec(db, "INSERT INTO t VALUES (1)", NULL), FE_OK);
	assert_int_equal(pthread_create(&thread, NULL, stop_soon, NULL), 0);
	assert_int_equal(fe_db_commit(db, &err), FE_EUNAVAIL);
	assert_string_equal(err.foreign, FE_PG_UNKNOWN_COMMIT);
	assert_true(now_ms() - began_ms < 8500);
	assert_int_equal(pthread_join(thread, NULL), 0);
	fe_db_close(db);
}

/* What waits for a slow line is not sent any more. */
static void
a_stop_does_not_wait_for_what_a_copy_has_to_send(void **p)
{
	const struct fe_pg_settings set = { .url = relay.url, .ignores_stop = true };
	static char bytes[256 << 10];
	struct fe_db *db = NULL;
	struct fe_buf block;
	uint64_t n_rows;
	int64_t began_ms;
	int i;

	(void)p;
	if (relay.url[0] == '\0')
		skip();
	assert_int_equal(fe_pg_open(&db, &set, NULL), FE_OK);
	assert_int_equal(fe_db_begin(db, NULL), FE_OK);
	assert_int_equal(fe_db_exec(db, "CREATE TABLE t (a text)", NULL), FE_OK);
	assert_int_equal(fe_pg_copy_begin(db, "COPY t FROM STDIN", NULL), FE_OK);
	atomic_store(&relay.mode, SLOW);
	memset(bytes, 'x', sizeof(bytes));
	fe_buf_init(&block, sizeof(bytes));
	for (i = 0; i < 16; i++) {
		fe_buf_add(&block, bytes, sizeof(bytes));
		assert_int_equal(fe_pg_copy_put(db, &block, NULL), FE_OK);
	}
	fe_buf_reset(&block);
	fe_stop_request();
	fe_db_set_stoppable(db, true);
	began_ms = now_ms();
	assert_int_equal(fe_pg_copy_end(db, &n_rows, NULL), FE_ECANCEL);
	assert_true(now_ms() - began_ms < 4000);
	fe_db_set_stoppable(db, false);
	assert_int_equal(fe_db_rollback(db, NULL), FE_OK);
	assert_true(now_ms() - began_ms < 10000);
	fe_db_close(db);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_relay, close_relay)
	const struct CMUnitTest tests[] = {
		TEST(a_long_statement_is_not_silence),
		TEST(a_wait_for_a_lock_is_not_silence),
		TEST(an_answer_that_was_lost_is_found_out),
		TEST(a_server_that_cannot_be_asked_is_given_up),
		TEST(a_commit_whose_answer_was_cut_off_is_told_as_committed),
		TEST(a_commit_whose_answer_got_lost_is_told_as_committed),
		TEST(a_commit_that_did_not_arrive_is_told_as_aborted),
		TEST(a_copy_that_the_server_does_not_get_is_given_up),
		TEST(a_database_that_takes_no_connections_is_tried_again),
		TEST(a_stop_ends_the_wait_for_a_commit_that_is_stuck),
		TEST(a_stop_does_not_wait_for_what_a_copy_has_to_send),
	};
#undef TEST

	(void)signal(SIGPIPE, SIG_IGN);
	return pg_place_is_there() ? cmocka_run_group_tests(tests, NULL, NULL) : pg_place_absent();
}
