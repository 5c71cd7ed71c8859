// SPDX-License-Identifier: Apache-2.0
/* pipeline/connectors.c - where records come from and go to, by name */
#include "pipeline/connectors.h"

#include <errno.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "db/postgres.h"
#include "extract/api.h"
#include "extract/json_rows.h"
#include "extract/query.h"

#define MAX_URL_BYTES 8192

const struct fe_source_ops *const fe_sources[] = { &fe_source_csv, &fe_source_json, &fe_source_ndjson, &fe_source_api, &fe_source_postgres,
	&fe_source_sqlite, &fe_source_odbc, NULL };
const struct fe_sink_ops *const fe_sinks[] = { &fe_sink_sqlite, &fe_sink_postgres, &fe_sink_files, NULL };

bool
fe_source_reads_files(const struct fe_source_ops *source)
{
	return source == &fe_source_csv || source == &fe_source_json || source == &fe_source_ndjson;
}

static struct fe_str
scheme_of(struct fe_str url)
{
	const char *colon = url.n ? memchr(url.p, ':', url.n) : NULL;
	return (struct fe_str){ url.p, colon ? (size_t)(colon - url.p) : 0 };
}

/* libpq takes both schemes. */
static bool
is_server(struct fe_str url)
{
	struct fe_str scheme = scheme_of(url);
	return fe_str_is(scheme, "postgresql") || fe_str_is(scheme, "postgres");
}

const struct fe_sink_ops *
fe_sink_of_url(struct fe_str url)
{
	struct fe_str scheme = is_server(url) ? FE_STR("postgresql") : scheme_of(url);
	for (size_t i = 0; fe_sinks[i]; i++)
		if (fe_str_is(scheme, fe_sinks[i]->scheme))
			return fe_sinks[i];
	return NULL;
}

bool
fe_warehouse_is_database(const char *url)
{
	return url && (is_server(fe_str_of(url)) || strncmp(url, "sqlite:", 7) == 0);
}

bool
fe_warehouse_is_server(const char *url)
{
	return is_server(fe_str_of(url));
}

/* Their paths may differ, by a symbolic link. */
static bool
is_same_file(const char *a, const char *b)
{
	struct stat x, y;
	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

bool
fe_warehouse_is_same(const char *a, const char *b)
{
	struct fe_str kind = scheme_of(fe_str_of(a));

	if (strcmp(a, b) == 0)
		return true;
	if (fe_warehouse_is_server(a) && fe_warehouse_is_server(b))
		return fe_pg_is_same_database(a, b);
	return kind.n && fe_str_eq(kind, scheme_of(fe_str_of(b))) && is_same_file(a + kind.n + 1, b + kind.n + 1);
}

static enum fe_rc
refuse_scheme(struct fe_str url, struct fe_err *err)
{
	const char *names[8];
	size_t n = 0;
	struct fe_buf known;
	fe_buf_init(&known, 512);
	for (; fe_sinks[n] && n < 8; n++) {
		names[n] = fe_sinks[n]->scheme;
		fe_buf_addf(&known, "%s'%s:'", n ? ", " : "", names[n]);
	}
	/* Never the whole URL: it may hold a password. */
	struct fe_str scheme = scheme_of(url);
	const char *nearest = fe_text_nearest(scheme, names, n);
	enum fe_rc rc;
	if (!scheme.n)
		rc = fe_fail(err, FE_EUSAGE, "a warehouse begins with its kind, one of %s", fe_buf_text(&known));
	else if (nearest)
		rc = fe_fail(err, FE_EUSAGE, "unknown kind of warehouse '%.*s:'; did you mean '%s:'?",
			     FE_STR_ARGS(scheme), nearest);
	else
		rc = fe_fail(err, FE_EUSAGE, "unknown kind of warehouse '%.*s:'; this version knows %s",
			     FE_STR_ARGS(scheme), fe_buf_text(&known));
	fe_buf_reset(&known);
	return rc;
}

void
fe_path_climb(struct fe_str *folder, struct fe_str *path)
{
	for (;;) {
		size_t n_dots = path->n >= 2 && memcmp(path->p, "./", 2) == 0	 ? 1
				: path->n >= 3 && memcmp(path->p, "../", 3) == 0 ? 2
										 : 0;
		if (n_dots == 0)
			return;
		*path = (struct fe_str){ path->p + n_dots + 1, path->n - n_dots - 1 };
		if (n_dots == 1)
			continue;
		while (folder->n && folder->p[folder->n - 1] != '/')
			folder->n--;
		folder->n -= folder->n > 0;
	}
}

/* Never the whole URL in a message: it may hold a password. */
static enum fe_rc
resolve_server(struct fe_str url, char **out, struct fe_err *err)
{
	size_t n_scheme = scheme_of(url).n + 1;
	struct fe_str rest = { url.p + n_scheme, url.n - n_scheme };

	if (rest.n && (rest.n < 2 || memcmp(rest.p, "//", 2) != 0))
		return fe_fail(err, FE_EUSAGE, "write 'postgresql://HOST/DATABASE', or 'postgresql:' alone for what "
			       "PGHOST, PGDATABASE, PGSERVICE and the like name");
	for (size_t i = 0; i < rest.n; i++)
		if ((unsigned char)rest.p[i] <= ' ' || rest.p[i] == 0x7f)
			return fe_fail(err, FE_EUSAGE, "a URL has no blanks or control characters; write them as '%%20' and the like");
	if (url.n > MAX_URL_BYTES)
		return fe_fail(err, FE_EUSAGE, "a URL of more than %d bytes", MAX_URL_BYTES);
	*out = fe_strndup(url.p, url.n);
	return FE_OK;
}

enum fe_rc
fe_warehouse_resolve(struct fe_str url, const char *folder, char **out, struct fe_err *err)
{
	const struct fe_sink_ops *sink = fe_sink_of_url(url);
	*out = NULL;
	if (is_server(url))
		return resolve_server(url, out, err);
	if (!sink)
		return refuse_scheme(url, err);
	size_t n_scheme = strlen(sink->scheme) + 1;
	struct fe_str path = { url.p + n_scheme, url.n - n_scheme };
	if (!path.n)
		return fe_fail(err, FE_EUSAGE, "'%s:' needs a path behind it", sink->scheme);
	if (path.n > 1 && path.p[0] == '/' && path.p[1] == '/')
		return fe_fail(err, FE_EUSAGE, "write '%s:PATH', without the '//'", sink->scheme);
	struct fe_buf text;
	fe_buf_init(&text, 16384);
	fe_buf_addf(&text, "%s:", sink->scheme);
	bool is_object_store = path.n > 5 && memcmp(path.p, "s3://", 5) == 0; /* files:s3://bucket/prefix */
	if (path.p[0] != '/' && !is_object_store) {
		struct fe_str above = fe_str_of(folder);
		fe_path_climb(&above, &path);
		fe_buf_add_str(&text, above);
		fe_buf_add_char(&text, '/');
	}
	fe_buf_add_str(&text, path);
	enum fe_rc rc = fe_buf_check(&text, "the warehouse's path", err);
	if (rc == FE_OK)
		*out = fe_buf_take(&text);
	fe_buf_reset(&text);
	return rc;
}

enum fe_rc
fe_warehouse_resolve_given(const char *url, char **out, struct fe_err *err)
{
	char folder[PATH_MAX];
	enum fe_rc rc;

	*out = NULL;
	if (!getcwd(folder, sizeof(folder)))
		return fe_fail_errno(err, errno, "cannot tell the current folder", ".");
	rc = fe_warehouse_resolve(fe_str_of(url), folder, out, err);
	if (rc)
		fe_err_context(err, "--warehouse (or FINETL_WAREHOUSE)");
	return rc;
}
