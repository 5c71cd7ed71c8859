// SPDX-License-Identifier: Apache-2.0
/* db/postgres_error.c - what each SQLSTATE means for the caller
 *
 * The one place where PostgreSQL's codes become ours, with what a person can do about
 * each. The first row that fits counts: whole codes stand before their classes. Values of
 * rows do not get into messages: what the server quotes is left out where it may be one.
 */
#include <stdio.h>

#include "base/stop.h"
#include "db/postgres_conn.h"

#define AGAIN "run again"
#define GRANTS "ask the owner of the database for the right, or connect as another role"

static const struct code {
	const char *state; /* a code, or the two characters of its class */
	enum fe_rc rc;
	const char *advice;
} codes[] = {
	{ "08", FE_EUNAVAIL, "the connection broke; " AGAIN },
	{ "0A000", FE_ECONFLICT, "the database differs from what was expected" },
	{ "22", FE_ECONFLICT, "a value does not fit the table's types" },
	{ "23", FE_ECONFLICT, "the rows do not fit the table's constraints" },
	{ "25006", FE_EDENIED, "only reading is allowed here; connect to the primary server" },
	{ "25P02", FE_ECONFLICT, "a statement of the transaction failed before; it is rolled back" },
	{ "25P03", FE_EUNAVAIL, "the transaction waited too long for its next statement; " AGAIN },
	{ "26", FE_EUSAGE, "the connection goes through a pooler of transactions; connect to the "
	                   "server itself, or to a pooler of sessions" },
	{ "28", FE_EDENIED, "check the role, its password and the server's pg_hba.conf" },
	{ "2B", FE_ECONFLICT, "the database differs from what was expected" },
	{ "3D000", FE_EUSAGE, "name another database, or create it" },
	{ "40003", FE_EUNAVAIL, "the connection broke; " AGAIN },
	{ "40", FE_EUNAVAIL, "other sessions were in the way; " AGAIN },
	{ "42501", FE_EDENIED, GRANTS },
	{ "42", FE_ECONFLICT, "the database differs from what was expected" },
	{ "44", FE_ECONFLICT, "the rows do not fit the view" },
	{ "53100", FE_EUNAVAIL, "the server's disk is full; make room, then run again" },
	{ "53200", FE_EUNAVAIL, "the server is out of memory; " AGAIN },
	{ "53300", FE_EUNAVAIL, "the server takes no more connections; " AGAIN },
	{ "53", FE_EUNAVAIL, "the server lacks something; see its log, then run again" },
	{ "54000", FE_ELIMIT, "the server takes no row as long; an index takes values of 2,700 bytes: "
	                      "declare its columns as text(n), and longer ones are rejected" },
	{ "54", FE_ELIMIT, "a statement is greater than the server allows" },
	{ "55P03", FE_EUNAVAIL, "another session holds the lock; " AGAIN },
	{ "55006", FE_EUNAVAIL, "another session uses it; " AGAIN },
	{ "55", FE_ECONFLICT, "the database differs from what was expected" },
	{ "57014", FE_EUNAVAIL, "somebody else, or a timeout, ended the statement; " AGAIN },
	{ "57", FE_EUNAVAIL, "the server or somebody with power over it ended the session; " AGAIN },
	{ "58", FE_EUNAVAIL, "the server's system failed; see its log, then run again" },
	{ "P0", FE_ECONFLICT, "a trigger or function of the database refused" },
	{ "XX001", FE_ECONFLICT, "the database is damaged; restore a copy" },
	{ "XX002", FE_ECONFLICT, "the database is damaged; restore a copy" },
	{ "XX", FE_EUNAVAIL, "the server failed within itself; see its log, then run again" },
	{ "", FE_ECONFLICT, "the database differs from what was expected" },
};

/* What differs where the database is not the warehouse, but what is read. */
static const struct code source_codes[] = {
	{ "22", FE_EDATA, "the query fails on a row; mend the row or the query" },
	{ "42501", FE_EDENIED, "ask the owner of the table for the right to read it (GRANT SELECT)" },
	{ "42", FE_EUSAGE, "mend the table or query of the source" },
	{ "0A", FE_EUSAGE, "mend the query of the source" },
	{ "25006", FE_EUSAGE, "a source is only read" },
	{ "40001", FE_EUNAVAIL, "the standby had to remove what is read; " AGAIN },
	{ "", FE_OK, NULL },
};

static const struct code *
find_in(const struct code *list, const char *state)
{
	while (strncmp(state, list->state, strlen(list->state)) != 0)
		list++; /* the last row fits all */
	return list;
}

static const struct code *
find_code(const char *state)
{
	return find_in(codes, state);
}

void
fe_pg_set_foreign(struct fe_err *err, const char *code)
{
	if (err)
		(void)snprintf(err->foreign, sizeof(err->foreign), "%s", code);
}

/* With "..." for all from the first quote to the last. */
static void
add_redacted(struct fe_buf *out, const char *text)
{
	const char *first = strchr(text, '"'), *last = strrchr(text, '"');

	if (!first || first == last) {
		fe_buf_add_text(out, text);
		return;
	}
	fe_buf_add(out, text, (size_t)(first - text));
	fe_buf_add_text(out, "\"...\"");
	fe_buf_add_text(out, last + 1);
}

/* Whether the detail of this class is about sessions and objects, not about rows. */
static bool
has_safe_detail(const char *state)
{
	return strncmp(state, "40", 2) == 0 || strncmp(state, "2B", 2) == 0 ||
	       strncmp(state, "53", 2) == 0 || strncmp(state, "55", 2) == 0 ||
	       strncmp(state, "57", 2) == 0;
}

enum fe_rc
fe_pg_fail_result(struct fe_pg *pg, const PGresult *result, struct fe_err *err)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	const char *detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
	const struct code *c;
	struct fe_buf message;
	enum fe_rc rc;

	if (!state) /* libpq's own */
		return fe_pg_fail_lost(pg, PQresultErrorMessage(result), err);
	if (PQstatus(pg->conn) == CONNECTION_BAD)
		pg->is_lost = true;
	c = pg->is_source ? find_in(source_codes, state) : find_code(state);
	if (!c->advice)
		c = find_code(state);
	fe_buf_init(&message, FE_ERR_TEXT_BYTES);
	if (strncmp(state, "22", 2) == 0)
		add_redacted(&message, text ? text : state);
	else
		fe_buf_add_text(&message, text ? text : state);
	if (detail && has_safe_detail(state))
		fe_buf_addf(&message, " (%s)", detail);
	if (strcmp(state, "57014") == 0 && pg->cancelled_ms > 0)
		rc = fe_fail(err, FE_ECANCEL, "asked to stop");
	else
		rc = fe_fail(err, c->rc, "%s: %s", fe_buf_text(&message), c->advice);
	fe_buf_reset(&message);
	fe_err_at(err, pg->base.name, 0, NULL);
	fe_pg_set_foreign(err, state);
	return rc;
}

/* libpq's messages end with a line feed, and can be of several lines. */
static int
first_line(const char *text)
{
	size_t n = strcspn(text, "\n");

	return n < 512 ? (int)n : 512;
}

enum fe_rc
fe_pg_fail_lost(struct fe_pg *pg, const char *why, struct fe_err *err)
{
	pg->is_lost = true;
	fe_fail(err, FE_EUNAVAIL, "the connection is lost: %.*s; " AGAIN, first_line(why), why);
	fe_err_at(err, pg->base.name, 0, NULL);
	fe_pg_set_foreign(err, "08006");
	return FE_EUNAVAIL;
}

void
fe_pg_add_unquoted(struct fe_buf *out, const char *text)
{
	size_t n = strcspn(text, "\"\n");

	while (n > 0 && (text[n - 1] == ' ' || text[n - 1] == ':'))
		n--;
	fe_buf_add(out, text, n);
}

/* The SQLSTATE in a verbose message, "...:  28P01: text"; NULL where there is none. */
static const char *
find_state(const char *text)
{
	const char *at = text;

	while ((at = strstr(at, ":  ")) != NULL) {
		at += 3;
		if (strspn(at, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 5 && at[5] == ':')
			return at;
	}
	return NULL;
}

enum fe_rc
fe_pg_fail_connect(const char *text, bool in_tls, const char *name, struct fe_err *err)
{
	const char *state = find_state(text);
	char code[6] = "08001";
	enum fe_rc rc;

	if (state) {
		const struct code *c;

		memcpy(code, state, 5);
		text = state + 7;
		c = find_code(code);
		/* 55000: the database takes no connections just now */
		rc = fe_fail(err, strcmp(code, "55000") == 0 ? FE_EUNAVAIL : c->rc,
		             "cannot connect: %.*s: %s", first_line(text), text, c->advice);
	} else if (strstr(text, "no password supplied") || strstr(text, "authentication")) {
		memcpy(code, "28000", 5);
		rc = fe_fail(err, FE_EDENIED,
		             "cannot connect: %.*s; the password goes into the environment variable "
		             "PGPASSWORD or the file ~/.pgpass", first_line(text), text);
	} else if (in_tls && (strstr(text, "certificate") || strstr(text, "SSL"))) {
		rc = fe_fail(err, FE_EDENIED,
		             "cannot connect: %.*s; a host that is not local must prove by TLS who it "
		             "is, unless the URL says otherwise (sslrootcert=FILE, sslmode=...)",
		             first_line(text), text);
	} else {
		rc = fe_fail(err, FE_EUNAVAIL, "cannot connect: %.*s; check the address and that the "
		             "server is up", first_line(text), text);
	}
	fe_err_at(err, name, 0, NULL);
	fe_pg_set_foreign(err, code);
	return rc;
}

bool
fe_pg_may_retry(const struct fe_err *err)
{
	return strcmp(err->foreign, "40P01") == 0 || strcmp(err->foreign, "40001") == 0 ||
	       strcmp(err->foreign, "55P03") == 0;
}
