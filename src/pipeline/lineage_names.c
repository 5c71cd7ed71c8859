// SPDX-License-Identifier: Apache-2.0
/* pipeline/lineage_names.c - data sets by the names that OpenLineage gives them
 *
 * A name must be the same each night, so that of files it is the pattern's folder, and not the files of one run. Of PostgreSQL it is
 * made from the URL and the environment as libpq reads them, the first host where there are several; no
 * connection is made. Nothing of a user or password is in it.
 */
#include "pipeline/lineage.h"

#include <stdlib.h>

#include "extract/query.h"
#include "io/http.h"
#include "pipeline/plan.h"
#include "pipeline/redact.h"

#define MAX_NAME_BYTES ((size_t)16 * 1024)

static void
name_init(struct fe_lineage_name *n)
{
	fe_buf_init(&n->space, MAX_NAME_BYTES);
	fe_buf_init(&n->name, MAX_NAME_BYTES);
}

void
fe_lineage_name_reset(struct fe_lineage_name *n)
{
	fe_buf_reset(&n->space);
	fe_buf_reset(&n->name);
}

/* ---- PostgreSQL ---- */

struct server { struct fe_str host, port, database; };

static struct fe_str
variable(const char *name, struct fe_str fallback)
{
	const char *value = getenv(name);
	return value && *value ? fe_str_of(value) : fallback;
}

/* Up to one of the bytes of `ends`; what is left begins with it. */
static struct fe_str
take_until(struct fe_str *rest, const char *ends)
{
	size_t n = 0;

	while (n < rest->n && !strchr(ends, rest->p[n]))
		n++;
	struct fe_str taken = { rest->p, n };
	*rest = (struct fe_str){ rest->p + n, rest->n - n };
	return taken;
}

static void
skip(struct fe_str *rest, size_t n)
{
	n = n < rest->n ? n : rest->n;
	*rest = (struct fe_str){ rest->p + n, rest->n - n };
}

static void
take_params(struct fe_str rest, struct server *s)
{
	while (rest.n) {
		struct fe_str key = take_until(&rest, "=&"), value = { 0 };
		if (rest.n && rest.p[0] == '=') {
			skip(&rest, 1);
			value = take_until(&rest, "&");
		}
		skip(&rest, 1);
		if (fe_str_is(key, "host") && value.n)
			s->host = value;
		else if (fe_str_is(key, "port") && value.n)
			s->port = value;
		else if (fe_str_is(key, "dbname") && value.n)
			s->database = value;
	}
}

static void
take_url(const char *url, struct server *s)
{
	const char *begin = strstr(url, "://");
	struct fe_str rest = fe_str_of(begin ? begin + 3 : "");
	const char *at = NULL;

	for (size_t i = 0; i < rest.n && rest.p[i] != '/'; i++)
		at = rest.p[i] == '@' ? rest.p + i : at;
	if (at)
		skip(&rest, (size_t)(at - rest.p) + 1);
	struct fe_str authority = take_until(&rest, "/?");
	struct fe_str host = take_until(&authority, ","); /* the first */
	if (host.n && host.p[0] == '[') {
		skip(&host, 1);
		struct fe_str address = take_until(&host, "]");
		skip(&host, 1);
		s->host = address;
	} else if (host.n) {
		struct fe_str name = take_until(&host, ":");
		s->host = name.n ? name : s->host;
	}
	skip(&host, 1);
	s->port = host.n ? host : s->port;
	if (rest.n && rest.p[0] == '/') {
		skip(&rest, 1);
		struct fe_str database = take_until(&rest, "?");
		s->database = database.n ? database : s->database;
	}
	skip(&rest, 1);
	take_params(rest, s);
}

static int
hex_of(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static void
add_decoded(struct fe_buf *out, struct fe_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		int high = i + 2 < s.n && s.p[i] == '%' ? hex_of(s.p[i + 1]) : -1;
		int low = high >= 0 ? hex_of(s.p[i + 2]) : -1;
		fe_buf_add_char(out, low >= 0 ? (char)(high * 16 + low) : s.p[i]);
		i += low >= 0 ? 2 : 0;
	}
}

static void
name_postgres(const char *url, const char *table, struct fe_lineage_name *out)
{
	struct server s = {
		.host = variable("PGHOST", FE_STR("localhost")),
		.port = variable("PGPORT", FE_STR("5432")),
		.database = variable("PGDATABASE", variable("PGUSER", FE_STR("postgres"))),
	};
	struct fe_buf shown, host;

	/* Where a password ends is for one to know: what is hidden there cannot come into a name. */
	fe_buf_init(&shown, MAX_NAME_BYTES);
	fe_buf_init(&host, MAX_NAME_BYTES);
	fe_buf_add_redacted_url(&shown, url);
	take_url(fe_buf_text(&shown), &s);
	add_decoded(&host, s.host);
	/* A folder of sockets is this machine. */
	fe_buf_addf(&out->space, "postgres://%s:", fe_buf_text(&host)[0] == '/' ? "localhost" : fe_buf_text(&host));
	add_decoded(&out->space, s.port);
	add_decoded(&out->name, s.database);
	fe_buf_addf(&out->name, ".%s%s", strchr(table, '.') ? "" : "public.", table);
	fe_buf_reset(&shown);
	fe_buf_reset(&host);
}

/* ---- files ---- */

/* What stands before the first wildcard, up to the last '/' there; the text itself without one. */
static struct fe_str
stable_part(struct fe_str path)
{
	for (size_t i = 0; i < path.n; i++) {
		if (!strchr("*?[", path.p[i]))
			continue;
		while (i > 1 && path.p[i - 1] != '/')
			i--;
		return (struct fe_str){ path.p, i > 1 ? i - 1 : i };
	}
	return path;
}

/* "scheme://host" and what follows the '/', without a query. */
static void
name_url(const char *url, bool is_pattern, struct fe_lineage_name *out)
{
	const char *host = strstr(url, "://");
	struct fe_str rest = fe_str_of(host ? host + 3 : url);
	struct fe_str authority = take_until(&rest, "/?#");

	fe_buf_add(&out->space, url, host ? (size_t)(host + 3 - url) : 0);
	fe_buf_add_str(&out->space, authority);
	skip(&rest, 1);
	struct fe_str path = take_until(&rest, is_pattern ? "#" : "?#");
	path = is_pattern ? stable_part(path) : path;
	fe_buf_add_str(&out->name, path.n ? path : FE_STR("/"));
}

static void
name_file(const char *path, const struct fe_net_settings *net, struct fe_lineage_name *out)
{
	if (strncmp(path, "s3://", 5) == 0) {
		name_url(path, true, out);
	} else if (strstr(path, "://")) {
		struct fe_buf shown;
		fe_buf_init(&shown, MAX_NAME_BYTES);
		fe_url_show_for(&shown, fe_str_of(path), net);
		name_url(fe_buf_text(&shown), false, out);
		fe_buf_reset(&shown);
	} else {
		fe_buf_add_text(&out->space, "file");
		fe_buf_add_str(&out->name, strcmp(path, "-") == 0 ? FE_STR("/dev/stdin") : stable_part(fe_str_of(path)));
	}
}

/* ---- both ends ---- */

void
fe_lineage_name_source(const struct fe_plan_dataset *d, struct fe_lineage_name *out)
{
	const struct fe_query_settings *query = d->source_set.query;
	const char *location = d->source_set.location ? d->source_set.location : "";
	const char *table = query && query->table ? query->table : d->name;

	name_init(out);
	if (strcmp(d->source->name, "postgresql") == 0) {
		name_postgres(location, table, out);
	} else if (strcmp(d->source->name, "sqlite") == 0) {
		fe_buf_addf(&out->space, "sqlite://%s", location);
		fe_buf_add_text(&out->name, table);
	} else if (strcmp(d->source->name, "odbc") == 0) {
		fe_buf_add_text(&out->space, "odbc"); /* the connection string may hold anything */
		fe_buf_add_text(&out->name, table);
	} else {
		name_file(location, &d->source_set.net, out);
	}
}

void
fe_lineage_name_target(const char *warehouse, const char *table, struct fe_lineage_name *out)
{
	const char *path = strchr(warehouse, ':');

	name_init(out);
	path = path ? path + 1 : warehouse;
	if (strncmp(warehouse, "sqlite:", 7) == 0) {
		fe_buf_addf(&out->space, "sqlite://%s", path);
		fe_buf_add_text(&out->name, table);
	} else if (strncmp(warehouse, "files:s3://", 11) == 0) {
		name_url(path, false, out);
		fe_buf_addf(&out->name, "/%s.csv", table);
	} else if (strncmp(warehouse, "files:", 6) == 0) {
		fe_buf_add_text(&out->space, "file");
		fe_buf_addf(&out->name, "%s/%s.csv", path, table);
	} else {
		name_postgres(warehouse, table, out);
	}
}
