// SPDX-License-Identifier: Apache-2.0
/* io/paths_s3.c - see io/paths_s3.h
 *
 * A key without the characters of a pattern is taken as it is: whether it is there shows
 * when it is read. For a pattern the keys below its literal beginning are listed; one that
 * is the pattern itself, letter by letter, is meant alone. Keys that end in '/' and are
 * empty are what consoles make for a folder: left out.
 */
#include "io/paths_s3.h"

#include <stdlib.h>

#include "base/mem.h"
#include "io/s3.h"
#include "io/session.h"

#define MAX_OBJECTS 10000000

struct found {
	const struct fe_s3_url *url;
	struct fe_paths *out;
	size_t cap_paths, cap_sizes;
	bool is_literal; /* there is one of just that name */
};

static void
add(struct found *f, struct fe_str key, uint64_t size_bytes)
{
	struct fe_paths *out = f->out;
	struct fe_buf path;
	fe_buf_init(&path, SIZE_MAX / 2);
	fe_s3_url_print(&path, &(struct fe_s3_url){ .bucket = f->url->bucket, .key = key, .version = f->url->version });
	out->paths = fe_grow(out->paths, &f->cap_paths, out->n_paths + 1, sizeof *out->paths);
	out->sizes_bytes = fe_grow(out->sizes_bytes, &f->cap_sizes, out->n_paths + 1, sizeof *out->sizes_bytes);
	out->sizes_bytes[out->n_paths] = size_bytes;
	out->paths[out->n_paths++] = fe_buf_take(&path);
}

static void
drop_all(struct fe_paths *out)
{
	for (size_t i = 0; i < out->n_paths; i++)
		fe_free(out->paths[i]);
	out->n_paths = 0;
}

static enum fe_rc
on_entry(void *ctx, const struct fe_s3_entry *e, struct fe_err *err)
{
	struct found *f = ctx;
	if (f->is_literal)
		return FE_OK;
	if (fe_str_eq(e->key, f->url->key)) {
		drop_all(f->out);
		f->is_literal = true;
		add(f, e->key, e->size_bytes);
		return FE_OK;
	}
	bool is_folder = e->size_bytes == 0 && e->key.p[e->key.n - 1] == '/';
	if (is_folder || !fe_s3_matches(f->url->key, e->key))
		return FE_OK;
	if (memmem(e->key.p, e->key.n, "?versionId=", 11))
		return fe_fail(err, FE_EUSAGE,
			       "a key that matches has '?versionId=' in it, and would be read as a version of another; rename it");
	if (f->out->n_paths == MAX_OBJECTS)
		return fe_fail(err, FE_ELIMIT, "more than %d objects match", MAX_OBJECTS);
	add(f, e->key, e->size_bytes);
	return FE_OK;
}

struct named { char *path; uint64_t size_bytes; };

static int
compare_named(const void *a, const void *b)
{
	return strcmp(((const struct named *)a)->path, ((const struct named *)b)->path);
}

/* By bytes, as everywhere: not every server lists so. Once, should a page have told one twice. */
static void
sort(struct fe_paths *out)
{
	struct named *all = fe_new_array(out->n_paths, struct named);
	size_t n = 0;
	for (size_t i = 0; i < out->n_paths; i++)
		all[i] = (struct named){ out->paths[i], out->sizes_bytes[i] };
	qsort(all, out->n_paths, sizeof *all, compare_named);
	for (size_t i = 0; i < out->n_paths; i++) {
		if (n && strcmp(out->paths[n - 1], all[i].path) == 0) {
			fe_free(all[i].path);
			continue;
		}
		out->paths[n] = all[i].path;
		out->sizes_bytes[n++] = all[i].size_bytes;
	}
	out->n_paths = n;
	fe_free(all);
}

static enum fe_rc
expand_pattern(struct found *f, const struct fe_net_settings *net, struct fe_err *err)
{
	struct fe_s3 *s3 = NULL;
	if (f->url->version.p)
		return fe_fail(err, FE_EUSAGE, "a version is one of an object, not of all that a pattern names");
	FE_TRY(fe_session_take_s3(net, &s3, err));
	enum fe_rc rc = fe_s3_list(s3, f->url->bucket, fe_s3_pattern_prefix(f->url->key), on_entry, f, err);
	fe_session_give_s3(net, s3);
	if (rc == FE_OK && f->out->n_paths == 0)
		rc = fe_fail(err, FE_EUSAGE, "no object matches this pattern");
	if (rc == FE_OK)
		sort(f->out);
	return rc;
}

enum fe_rc
fe_paths_expand_s3(const char *location, const struct fe_net_settings *net, struct fe_paths *out,
		   struct fe_err *err)
{
	struct fe_s3_url url;
	struct found f = { .url = &url, .out = out };
	enum fe_rc rc = fe_s3_url_parse(location, &url, err);

	if (rc == FE_OK && url.key.n == 0)
		rc = fe_fail(err, FE_EUSAGE, "this is a bucket; name the objects in it by a pattern, as in '%.*s/*.csv'",
			     (int)(url.key.p ? url.key.p - location - 1 : 200), location);
	else if (rc == FE_OK && url.key.p[url.key.n - 1] == '/' && !fe_s3_is_pattern(url.key))
		rc = fe_fail(err, FE_EUSAGE, "this is a folder; name the objects in it by a pattern, as in '%s*.csv'",
			     location);
	else if (rc == FE_OK && fe_s3_is_pattern(url.key))
		rc = expand_pattern(&f, net, err);
	else if (rc == FE_OK)
		add(&f, url.key, 0);
	if (rc) {
		fe_err_at(err, location, 0, NULL);
		fe_paths_free(out);
	}
	return rc;
}
