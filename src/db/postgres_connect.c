// SPDX-License-Identifier: Apache-2.0
/* db/postgres_connect.c - where to connect, how safely, and how long to try
 *
 * What the user said is merged by libpq itself: URL, then PG* variables, then the service
 * file. Only then it is known which host is meant, and so what is due where nothing was
 * said: full verification for a host that is not local, an end to waiting, keepalives.
 *
 * No message quotes the URL or a part of it that libpq did not take for a host, a port or
 * a database: a password with an unescaped '@' or '/' turns up in any of them.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/decimal.h"
#include "base/mem.h"
#include "base/stop.h"
#include "base/text.h"
#include "db/postgres_conn.h"

#define CONNECT_TIMEOUT_S 10
#define MAX_CONNECT_TIMEOUT_S 3600
#define MAX_SETTINGS 64
#define LEAST_VERSION 150000

static int64_t
now_ms(void)
{
	return fe_clock_ticks(&fe_clock_system) / 1000;
}

/* ---- what the user said ---- */

static const char *
find_option(const PQconninfoOption *options, const char *keyword)
{
	const PQconninfoOption *o;

	for (o = options; o && o->keyword; o++) {
		if (strcmp(o->keyword, keyword) == 0)
			return o->val && o->val[0] != '\0' ? o->val : NULL;
	}
	return NULL;
}

/* The rest of a password whose '@' or '/' is not escaped would be a host or a database. */
static bool
has_stray_at(const char *url)
{
	const char *head = strstr(url, "://") + 3;
	const char *rest = head + strcspn(head, "@/"); /* past user and password, as libpq has it */

	if (*rest != '\0')
		rest++;
	return memchr(rest, '@', strcspn(rest, "?")) != NULL;
}

static enum fe_rc
fail_url(const char *reason, struct fe_err *err)
{
	struct fe_buf text;
	enum fe_rc rc;

	fe_buf_init(&text, FE_ERR_TEXT_BYTES);
	fe_pg_add_unquoted(&text, reason);
	rc = fe_fail(err, FE_EUSAGE,
	             "the address of the PostgreSQL server is wrong: %s; it is written as "
	             "postgresql://user@host:port/database?setting=value, and in a password "
	             "'@' is %%40, '/' %%2F, ':' %%3A, '?' %%3F, '#' %%23 and '%%' %%25",
	             fe_buf_text(&text));
	fe_buf_reset(&text);
	return rc;
}

static enum fe_rc
parse_url(const char *url, PQconninfoOption **out, struct fe_err *err)
{
	static const char scheme[] = "postgresql:";
	char *message = NULL;
	enum fe_rc rc = FE_OK;

	*out = NULL;
	if (strcmp(url, scheme) == 0) /* all by variables and defaults */
		url = "postgresql://";
	if (strncmp(url, "postgresql://", 13) != 0 && strncmp(url, "postgres://", 11) != 0)
		return fail_url("it does not begin with postgresql://", err);
	if (has_stray_at(url))
		return fail_url("a sign '@' stands where none may be", err);
	*out = PQconninfoParse(url, &message);
	if (!*out)
		rc = fail_url(message ? message : "out of memory", err);
	PQfreemem(message);
	return rc;
}

/* ---- what is due ---- */

static bool
is_local_name(struct fe_str host)
{
	size_t i, n_dots = 0;

	if (host.n == 0 || host.p[0] == '/' || host.p[0] == '@')
		return true; /* a socket */
	if (fe_str_is(host, "localhost") || fe_str_is(host, "::1"))
		return true;
	if (host.n < 9 || memcmp(host.p, "127.", 4) != 0)
		return false;
	for (i = 0; i < host.n; i++) {
		if (host.p[i] == '.')
			n_dots++;
		else if (host.p[i] < '0' || host.p[i] > '9')
			return false; /* 127.0.0.1.example.com */
	}
	return n_dots == 3;
}

static bool
are_local_names(const char *hosts)
{
	for (;;) {
		size_t n = strcspn(hosts, ",");

		if (!is_local_name((struct fe_str){ hosts, n }))
			return false;
		if (hosts[n] == '\0')
			return true;
		hosts += n + 1;
	}
}

/* libpq connects to hostaddr where there is one, and only calls it by the host's name: a
 * local name in front of another machine's address is no local host. */
bool
fe_pg_is_local_host(const char *host, const char *hostaddr)
{
	return (!host || are_local_names(host)) && (!hostaddr || are_local_names(hostaddr));
}

/* The certificates of the system, where the user has none of his own. */
static const char *
find_system_roots(void)
{
	static const char *const files[] = {
		"/etc/ssl/certs/ca-certificates.crt", /* Debian, Alpine, Arch */
		"/etc/pki/tls/certs/ca-bundle.crt",   /* Fedora, Red Hat, Amazon */
		"/etc/ssl/ca-bundle.pem",             /* SUSE */
		"/etc/ssl/cert.pem",
	};
	const char *home = getenv("HOME");
	char own[4096];
	size_t i;

	if (home && snprintf(own, sizeof(own), "%s/.postgresql/root.crt", home) < (int)sizeof(own) &&
	    access(own, F_OK) == 0)
		return NULL;
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (access(files[i], R_OK) == 0)
			return files[i];
	}
	return NULL;
}

struct settings {
	const char *keywords[MAX_SETTINGS], *values[MAX_SETTINGS];
	size_t n;
};

static void
add_setting(struct settings *s, const char *keyword, const char *value)
{
	FE_ASSERT(s->n < MAX_SETTINGS - 1);
	s->keywords[s->n] = keyword;
	s->values[s->n++] = value;
}

static bool
has_setting(const struct settings *s, const char *keyword)
{
	size_t i;

	for (i = 0; i < s->n; i++) {
		if (strcmp(s->keywords[i], keyword) == 0)
			return true;
	}
	return false;
}

/* What variables and the service file add to the settings, without connecting: libpq
 * merges them before it looks at their values, and stops at one that cannot be right. */
static enum fe_rc
resolve(const struct settings *said, PQconninfoOption **out, struct fe_err *err)
{
	struct settings s = { 0 };
	PGconn *conn;
	enum fe_rc rc = FE_OK;
	size_t i;

	for (i = 0; i < said->n; i++) {
		if (strcmp(said->keywords[i], "channel_binding") != 0)
			add_setting(&s, said->keywords[i], said->values[i]);
	}
	add_setting(&s, "channel_binding", "?");
	conn = PQconnectStartParams(s.keywords, s.values, 0);
	*out = PQconninfo(conn);
	if (!*out)
		rc = fe_fail(err, FE_ELIMIT, "out of memory");
	else if (!strstr(PQerrorMessage(conn), "channel_binding"))
		rc = fail_url(PQerrorMessage(conn), err);
	PQfinish(conn);
	return rc;
}

/* sslmode has a default of its own, so that of the service file counts where it differs. */
static void
add_tls(struct settings *s, const PQconninfoOption *all)
{
	const char *mode = find_option(all, "sslmode"), *variable = getenv("PGSSLMODE"), *roots;

	if (!has_setting(s, "sslmode") && !(variable && variable[0]) &&
	    (!mode || strcmp(mode, "prefer") == 0) &&
	    !fe_pg_is_local_host(find_option(all, "host"), find_option(all, "hostaddr"))) {
		mode = "verify-full";
		add_setting(s, "sslmode", mode);
	}
	roots = mode && strncmp(mode, "verify-", 7) == 0 && !find_option(all, "sslrootcert")
	                ? find_system_roots()
	                : NULL;
	if (roots)
		add_setting(s, "sslrootcert", roots);
}

static void
add_defaults(struct settings *s, const PQconninfoOption *all, const char *application)
{
	static const char *const defaults[][2] = {
		{ "keepalives_idle", "30" },   { "keepalives_interval", "10" },
		{ "keepalives_count", "3" },   { "tcp_user_timeout", "30000" },
	};
	const char *variable = getenv("PGGSSENCMODE");
	size_t i;

	for (i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++) {
		if (!find_option(all, defaults[i][0]))
			add_setting(s, defaults[i][0], defaults[i][1]);
	}
	if (!has_setting(s, "gssencmode") && !(variable && variable[0]))
		add_setting(s, "gssencmode", "disable");
	if (!has_setting(s, "fallback_application_name"))
		add_setting(s, "fallback_application_name", application);
	add_setting(s, "client_encoding", "UTF8"); /* the last one counts */
	add_setting(s, "replication", "false");
}

static char *
name_of(const PQconninfoOption *all)
{
	const char *database = find_option(all, "dbname"), *host = find_option(all, "host");
	struct fe_buf name;

	if (!host)
		host = find_option(all, "hostaddr");
	if (!database)
		database = find_option(all, "user");
	fe_buf_init(&name, 1024);
	fe_buf_add_printable(&name, fe_str_of(database ? database : "database"), 200);
	fe_buf_add_text(&name, " at ");
	fe_buf_add_printable(&name, fe_str_of(host ? host : "localhost"), 200);
	return fe_buf_take(&name);
}

/* Keeps the settings for every connection of this one's life. */
static void
keep_settings(struct fe_pg *pg, const struct settings *s)
{
	size_t i;

	pg->keywords = fe_new_array(s->n + 1, const char *);
	pg->values = fe_new_array(s->n + 1, const char *);
	for (i = 0; i < s->n; i++) {
		pg->keywords[i] = fe_strdup(s->keywords[i]);
		pg->values[i] = fe_strdup(s->values[i]);
	}
}

/* As libpq has it: seconds, at least 2. 0 and less mean no end there, and none is not
 * allowed here. */
static enum fe_rc
set_timeout(struct fe_pg *pg, const PQconninfoOption *all, struct fe_err *err)
{
	const char *text = find_option(all, "connect_timeout");
	int64_t s = CONNECT_TIMEOUT_S;

	if (text && fe_int_parse(fe_text_trim(fe_str_of(text)), &s) != FE_DECIMAL_OK)
		return fail_url("connect_timeout is not a number of seconds", err);
	if (s <= 0 || s > MAX_CONNECT_TIMEOUT_S)
		s = CONNECT_TIMEOUT_S;
	pg->connect_timeout_ms = (s < 2 ? 2 : s) * 1000;
	return FE_OK;
}

static enum fe_rc
choose_settings(struct fe_pg *pg, const struct fe_pg_settings *set, struct fe_err *err)
{
	PQconninfoOption *said = NULL, *all = NULL, *o;
	struct settings s = { 0 };
	enum fe_rc rc;

	rc = parse_url(set->url, &said, err);
	if (rc)
		goto end;
	for (o = said; o->keyword; o++) {
		/* An empty one says nothing, in libpq, too: not even sslmode= */
		if (o->val && o->val[0] != '\0' && strcmp(o->keyword, "client_encoding") != 0 &&
		    strcmp(o->keyword, "replication") != 0)
			add_setting(&s, o->keyword, o->val);
	}
	rc = resolve(&s, &all, err);
	if (rc)
		goto end;
	rc = set_timeout(pg, all, err);
	if (rc)
		goto end;
	add_tls(&s, all);
	add_defaults(&s, all, set->application ? set->application : "finetl");
	pg->base.name = name_of(all);
	keep_settings(pg, &s);
end:
	PQconninfoFree(said);
	PQconninfoFree(all);
	return rc;
}

/* ---- connecting ---- */

static void
ignore_notice(void *ctx, const PGresult *notice)
{
	(void)ctx;
	(void)notice;
}

static bool
is_network_failure(const char *text)
{
	return strstr(text, "connection to server") || strstr(text, "could not translate host name") ||
	       strstr(text, "could not create socket");
}

/* Follows libpq's steps to the end of connecting. */
static enum fe_rc
follow(struct fe_pg *pg, PGconn *conn, int64_t until_ms, struct fe_err *err)
{
	PostgresPollingStatusType next = PGRES_POLLING_WRITING;
	bool in_tls = false, ready;

	while (next != PGRES_POLLING_OK) {
		if (pg->base.stoppable)
			FE_TRY(fe_stop_check(err));
		if (now_ms() >= until_ms)
			return fe_pg_fail_connect("timeout expired", false, pg->base.name, err);
		FE_TRY(fe_pg_poll(conn, next == PGRES_POLLING_READING ? POLLIN : POLLOUT,
		                  until_ms - now_ms(), &ready, err));
		if (!ready)
			continue;
		in_tls = PQstatus(conn) == CONNECTION_SSL_STARTUP;
		next = PQconnectPoll(conn);
		if (next == PGRES_POLLING_FAILED)
			return fe_pg_fail_connect(PQerrorMessage(conn), in_tls, pg->base.name, err);
	}
	return FE_OK;
}

enum fe_rc
fe_pg_connect_once(struct fe_pg *pg, int64_t wait_ms, PGconn **out, struct fe_err *err)
{
	int64_t limit_ms = pg->connect_timeout_ms;
	PGconn *conn = PQconnectStartParams(pg->keywords, pg->values, 0);
	enum fe_rc rc;

	*out = NULL;
	if (!conn)
		return fe_fail(err, FE_ELIMIT, "out of memory");
	if (PQstatus(conn) == CONNECTION_BAD) {
		rc = is_network_failure(PQerrorMessage(conn))
		             ? fe_pg_fail_connect(PQerrorMessage(conn), false, pg->base.name, err)
		             : fail_url(PQerrorMessage(conn), err);
		goto fail;
	}
	(void)PQsetErrorVerbosity(conn, PQERRORS_VERBOSE); /* so that there is an SQLSTATE */
	PQsetNoticeReceiver(conn, ignore_notice, NULL);
	rc = follow(pg, conn, now_ms() + (wait_ms > 0 && wait_ms < limit_ms ? wait_ms : limit_ms), err);
	if (rc)
		goto fail;
	(void)PQsetErrorVerbosity(conn, PQERRORS_DEFAULT);
	if (PQsetnonblocking(conn, 1) != 0) {
		rc = fe_pg_fail_connect(PQerrorMessage(conn), false, pg->base.name, err);
		goto fail;
	}
	*out = conn;
	return FE_OK;

fail:
	PQfinish(conn);
	return rc;
}

enum fe_rc
fe_pg_connect(struct fe_pg *pg, const struct fe_pg_settings *set, struct fe_err *err)
{
	FE_TRY(fe_libpq_open(err));
	if (PQlibVersion() < LEAST_VERSION)
		return fe_fail(err, FE_EUSAGE, "libpq %d.%d is too old; finetl needs 15 or later",
		               PQlibVersion() / 10000, PQlibVersion() % 10000);
	if (!pg->keywords)
		FE_TRY(choose_settings(pg, set, err));
	return fe_pg_connect_once(pg, 0, &pg->conn, err);
}
