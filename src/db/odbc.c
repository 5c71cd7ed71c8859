// SPDX-License-Identifier: Apache-2.0
/* db/odbc.c - see db/odbc.h */
#include "db/odbc.h"

#include <stdio.h>

#include "base/library.h"
#include "base/mem.h"
#include "base/stop.h"
#include "base/text.h"

#define FILE_NAME "libodbc.so.2"
#define MAX_MESSAGE_BYTES 4096
#define MAX_MESSAGE_UNITS 1024
#define LEAST_SECRET_BYTES 2 /* a star for each letter of a text would hide nothing */
#define REPLACEMENT 0xFFFD

_Static_assert(sizeof(SQLWCHAR) == 2, "UTF-16, as unixODBC has it by default");

/* ---- the library ---- */

FE_LIBRARY_NOTE("suggested", "odbc", "other databases as sources, by ODBC", FILE_NAME);

enum fe_rc
fe_odbc_load(struct fe_odbc *out, struct fe_err *err)
{
	static const struct fe_library library = {
		.file = FILE_NAME,
		.what = "the ODBC driver manager",
		.remedy = "install unixODBC 2.3 or later (Debian: libodbc2) and the database's driver",
	};
#define FE_X(name) { #name, (void **)&out->name },
	const struct fe_library_function functions[] = { FE_ODBC_MAP(FE_X) { 0 } };
#undef FE_X

	return fe_library_open(&library, functions, err);
}

/* ---- texts ---- */

SQLWCHAR *
fe_odbc_wide(struct fe_str text, size_t *n_units)
{
	SQLWCHAR *out = fe_new_array(text.n + 1, SQLWCHAR), *to = out;

	while (text.n > 0) {
		uint32_t code;
		size_t n = fe_utf8_decode(text, &code);

		if (n == 0) {
			n = 1;
			code = REPLACEMENT;
		}
		if (code > 0xFFFF) {
			*to++ = (SQLWCHAR)(0xD800 + ((code - 0x10000) >> 10));
			*to++ = (SQLWCHAR)(0xDC00 + ((code - 0x10000) & 0x3FF));
		} else {
			*to++ = (SQLWCHAR)code;
		}
		text = (struct fe_str){ text.p + n, text.n - n };
	}
	*n_units = (size_t)(to - out);
	return out;
}

static bool
is_lead(SQLWCHAR u)
{
	return (u & 0xFC00) == 0xD800;
}

static bool
is_trail(SQLWCHAR u)
{
	return (u & 0xFC00) == 0xDC00;
}

void
fe_odbc_add_utf8(struct fe_buf *out, const SQLWCHAR *units, size_t n_units)
{
	for (size_t i = 0; i < n_units; i++) {
		uint32_t code = units[i];
		char *to;

		if (!fe_buf_reserve(out, FE_UTF8_BYTES))
			return;
		to = out->p + out->n_bytes;
		if (is_lead(units[i]) && i + 1 < n_units && is_trail(units[i + 1])) {
			code = 0x10000 + ((code & 0x3FF) << 10 | (units[++i] & 0x3FFu));
		} else if (is_lead(units[i]) || is_trail(units[i])) {
			to[0] = (char)(0xE0 | code >> 12);
			to[1] = (char)(0x80 | (code >> 6 & 0x3F));
			to[2] = (char)(0x80 | (code & 0x3F));
			out->n_bytes += 3;
			continue;
		}
		if (code < 0x80) {
			*to = (char)code;
			out->n_bytes++;
		} else {
			out->n_bytes += fe_utf8_encode(code, to);
		}
	}
}

/* ---- connection strings ---- */

/* The next KEY=value; a value in braces ends at a brace that is not doubled. */
static bool
next_pair(const char **at, struct fe_str *key, struct fe_str *value)
{
	const char *p = *at + strspn(*at, "; \t"), *equals = p + strcspn(p, "=;");
	const char *end;

	if (*p == '\0')
		return false;
	*key = fe_text_trim((struct fe_str){ p, (size_t)(equals - p) });
	*value = (struct fe_str){ 0 };
	*at = equals;
	if (*equals != '=')
		return true;
	p = equals + 1;
	if (*p == '{') {
		for (end = ++p; *end && !(*end == '}' && end[1] != '}'); end++)
			end += *end == '}';
		*value = (struct fe_str){ p, (size_t)(end - p) };
		*at = end + (*end == '}');
	} else {
		end = p + strcspn(p, ";");
		*value = fe_text_trim((struct fe_str){ p, (size_t)(end - p) });
		*at = end;
	}
	return true;
}

static bool
is_key(struct fe_str key, const char *const *names)
{
	for (; *names; names++)
		if (fe_text_casecmp_ascii(key, fe_str_of(*names)) == 0)
			return true;
	return false;
}

void
fe_odbc_names_init(struct fe_odbc_names *n, const char *connection)
{
	static const char *const secrets[] = { "PWD", "PASSWORD", "UID", "USER", "USERNAME", "USER ID", NULL };
	static const char *const servers[] = { "SERVER", "SERVERNAME", "HOST", "DSN", "FILEDSN", "DBQ", NULL };
	static const char *const databases[] = { "DATABASE", "DB", "INITIAL CATALOG", NULL };
	struct fe_str key, value, server = FE_STR("database"), database = { 0 };
	size_t n_secrets = 0;
	struct fe_buf shown;

	*n = (struct fe_odbc_names){ 0 };
	while (next_pair(&connection, &key, &value)) {
		if (is_key(key, secrets) && value.n >= LEAST_SECRET_BYTES &&
		    n_secrets < sizeof(n->secrets) / sizeof(n->secrets[0]))
			n->secrets[n_secrets++] = fe_strndup(value.p, value.n);
		else if (is_key(key, servers))
			server = value;
		else if (is_key(key, databases))
			database = value;
	}
	fe_buf_init(&shown, 1024);
	fe_buf_add_printable(&shown, server, 200);
	if (database.n > 0) {
		fe_buf_add_char(&shown, '/');
		fe_buf_add_printable(&shown, database, 200);
	}
	n->shown = fe_buf_take(&shown);
}

void
fe_odbc_names_reset(struct fe_odbc_names *n)
{
	fe_free(n->shown);
	for (size_t i = 0; i < sizeof(n->secrets) / sizeof(n->secrets[0]); i++)
		fe_free(n->secrets[i]);
	*n = (struct fe_odbc_names){ 0 };
}

/* ---- errors ---- */

#define AGAIN "run again"
#define MEND "mend the table or query of the source"

/* The first row that fits counts: whole codes stand before their classes. */
static const struct code {
	const char *state;
	enum fe_rc rc;
	const char *advice;
} codes[] = {
	{ "IM002", FE_EUSAGE, "name a data source of odbc.ini (DSN=...), or a driver of odbcinst.ini (DRIVER={...})" },
	{ "IM", FE_EUSAGE, "check the connection string, odbc.ini and odbcinst.ini" },
	{ "01000", FE_EUSAGE, "install the driver, or mend its path in odbcinst.ini" },
	{ "08004", FE_EUNAVAIL, "the server refuses connections; " AGAIN },
	{ "08", FE_EUNAVAIL, "check the address and that the server is up, then " AGAIN },
	{ "22", FE_EDATA, "the query fails on a row; mend the row or the query" },
	{ "24", FE_EBUG, "please report this" },
	{ "25", FE_EUSAGE, "a source is only read" },
	{ "28", FE_EDENIED, "check the user and the password" },
	{ "3D", FE_EUSAGE, "name another database" },
	{ "40", FE_EUNAVAIL, "other sessions were in the way; " AGAIN },
	{ "42501", FE_EDENIED, "ask the owner of the table for the right to read it" },
	{ "07", FE_EUSAGE, MEND },
	{ "21", FE_EUSAGE, MEND },
	{ "37", FE_EUSAGE, MEND },
	{ "42", FE_EUSAGE, MEND },
	{ "S0", FE_EUSAGE, MEND },
	{ "HY001", FE_ELIMIT, "the driver is out of memory" },
	{ "HY008", FE_EUNAVAIL, "somebody else, or a timeout, ended the statement; " AGAIN },
	{ "HYC00", FE_EUSAGE, "the driver cannot do this" },
	{ "HYT", FE_EUNAVAIL, "the server took too long; " AGAIN },
	{ "", FE_EUNAVAIL, "see what the driver says" },
};

static const struct code *
find_code(const char *state)
{
	const struct code *c = codes;

	while (strncmp(state, c->state, strlen(c->state)) != 0)
		c++; /* the last row fits all */
	return c;
}

/* Servers that say "access denied" in a code of their own, under a general one. */
static const struct code *
find_native(const char *state, SQLINTEGER native)
{
	static const struct code denied = { "28000", FE_EDENIED, "check the user, the password and its rights" };
	static const SQLINTEGER mysql_denied[] = { 1044, 1045, 1142, 1143, 1698 };

	for (size_t i = 0; i < sizeof(mysql_denied) / sizeof(mysql_denied[0]); i++)
		if (native == mysql_denied[i] && (strncmp(state, "HY", 2) == 0 || strncmp(state, "42", 2) == 0))
			return &denied;
	return find_code(state);
}

static void
add_without_secrets(struct fe_buf *out, const char *text, const struct fe_odbc_names *names)
{
	while (*text) {
		size_t n_hidden = 0;

		for (size_t i = 0; i < sizeof(names->secrets) / sizeof(names->secrets[0]); i++) {
			const char *secret = names->secrets[i];

			if (secret && strncmp(text, secret, strlen(secret)) == 0 && strlen(secret) > n_hidden)
				n_hidden = strlen(secret);
		}
		if (n_hidden > 0)
			fe_buf_add_text(out, "***");
		else
			fe_buf_add_char(out, *text);
		text += n_hidden > 0 ? n_hidden : 1;
	}
}

enum fe_rc
fe_odbc_fail(const struct fe_odbc *o, SQLSMALLINT kind, SQLHANDLE handle, const struct fe_odbc_names *names,
             const char *what, struct fe_err *err)
{
	SQLWCHAR state_units[6] = { 0 }, units[MAX_MESSAGE_UNITS];
	const struct code *c;
	SQLSMALLINT n_units = 0;
	SQLINTEGER native = 0;
	struct fe_buf state, text, shown;
	enum fe_rc rc;

	fe_buf_init(&state, 64);
	fe_buf_init(&text, MAX_MESSAGE_BYTES);
	fe_buf_init(&shown, MAX_MESSAGE_BYTES);
	if (SQL_SUCCEEDED(o->SQLGetDiagRecW(kind, handle, 1, state_units, &native, units, MAX_MESSAGE_UNITS, &n_units))) {
		if (n_units >= MAX_MESSAGE_UNITS)
			n_units = MAX_MESSAGE_UNITS - 1;
		fe_odbc_add_utf8(&state, state_units, 5);
		fe_odbc_add_utf8(&text, units, n_units > 0 ? (size_t)n_units : 0);
	} else {
		fe_buf_add_text(&state, "HY000");
		fe_buf_add_text(&text, "the driver does not say why");
	}
	c = find_native(fe_buf_text(&state), native);
	add_without_secrets(&shown, fe_buf_text(&text), names);
	if (fe_stop_requested())
		rc = fe_fail(err, FE_ECANCEL, "asked to stop");
	else
		rc = fe_fail(err, c->rc, "%s: %s: %s", what, fe_buf_text(&shown), c->advice);
	fe_err_at(err, names->shown, 0, NULL);
	if (err)
		(void)snprintf(err->foreign, sizeof(err->foreign), "%s", fe_buf_text(&state));
	fe_buf_reset(&state);
	fe_buf_reset(&text);
	fe_buf_reset(&shown);
	return rc;
}
