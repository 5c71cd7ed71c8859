// SPDX-License-Identifier: Apache-2.0
/* tests/unit/postgres.c - see tests/unit/postgres.h */
#include "postgres.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "ask.h"

#define VARIABLE "FINETL_TEST_POSTGRES"
#define URL_BYTES 1024
#define SKIPPED_BY_MESON 77

static int n_made;
static char prefix[64];

static const char *
server_url(void)
{
	const char *url = getenv(VARIABLE);

	return url && *url ? url : NULL;
}

bool
pg_place_is_there(void)
{
	return server_url() != NULL;
}

int
pg_place_absent(void)
{
	const char *ci = getenv("CI");

	fprintf(stderr, "no PostgreSQL server: " VARIABLE " is not set (tools/pg_cluster.py run -- ...)\n");
	return ci && strcmp(ci, "true") == 0 ? 1 : SKIPPED_BY_MESON;
}

/* The server's URL with another database, and where given another user, in it. */
static void
build_url(char *out, const char *database, const char *user, const char *password)
{
	const char *url = server_url(), *start, *host, *path, *query;
	const char *colon = password ? ":" : "", *secret = password ? password : "";
	int n;

	assert_non_null(url);
	start = strstr(url, "://");
	assert_non_null(start);
	start += 3;
	path = start + strcspn(start, "/?");
	query = path + strcspn(path, "?");
	host = memchr(start, '@', (size_t)(path - start));
	host = host ? host + 1 : start;
	if (user)
		n = snprintf(out, URL_BYTES, "postgresql://%s%s%s@%.*s/%s%s", user, colon, secret, (int)(path - host), host,
			     database, query);
	else
		n = snprintf(out, URL_BYTES, "%.*s/%s%s", (int)(path - url), url, database, query);
	assert_in_range(n, 1, URL_BYTES - 1);
}

static void
build_name(char *out, size_t size, int n)
{
	assert_true(snprintf(out, size, "%s_%d", prefix, n) > 0);
}

const char *
pg_place_url(const char *user, const char *password)
{
	static char url[URL_BYTES];
	char name[96];

	assert_true(n_made > 0);
	build_name(name, sizeof(name), n_made);
	build_url(url, name, user, password);
	return url;
}

static struct fe_db *
open_url(const char *url)
{
	const struct fe_pg_settings set = { .url = url, .ignores_stop = true };
	struct fe_err err = FE_ERR_INIT;
	struct fe_db *db;

	if (fe_pg_open(&db, &set, &err))
		fail_msg("%s", err.text);
	return db;
}

static void
exec_on(struct fe_db *db, const char *sql)
{
	struct fe_err err = FE_ERR_INIT;

	if (fe_db_exec(db, sql, &err))
		fail_msg("%s: %s", sql, err.text);
	fe_db_close(db);
}

const char *
pg_place_fresh(void)
{
	char name[96], sql[128];
	struct timespec now;

	if (n_made == 0) {
		assert_int_equal(clock_gettime(CLOCK_REALTIME, &now), 0);
		assert_true(snprintf(prefix, sizeof(prefix), "finetl_test_%ld_%ld", (long)getpid(), now.tv_nsec) > 0);
	}
	build_name(name, sizeof(name), ++n_made);
	assert_true(snprintf(sql, sizeof(sql), "CREATE DATABASE %s", name) > 0);
	exec_on(open_url(server_url()), sql);
	return pg_place_url(NULL, NULL);
}

void
pg_place_remove(void)
{
	char name[96], sql[160];

	for (; n_made > 0; n_made--) {
		build_name(name, sizeof(name), n_made);
		assert_true(snprintf(sql, sizeof(sql), "DROP DATABASE IF EXISTS %s WITH (FORCE)", name) > 0);
		exec_on(open_url(server_url()), sql);
	}
}

struct fe_db *
pg_place_open(void)
{
	return open_url(pg_place_url(NULL, NULL));
}

void
pg_place_exec(const char *sql)
{
	exec_on(pg_place_open(), sql);
}

int64_t
pg_place_i64(const char *sql)
{
	return ask_i64(pg_place_open(), sql);
}

const char *
pg_place_text(const char *sql)
{
	return ask_text(pg_place_open(), sql);
}
