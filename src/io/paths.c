// SPDX-License-Identifier: Apache-2.0
/* io/paths.c - from a path or a pattern to the files it names
 *
 * A name that is there is taken as it is, pattern characters and all. Of a pattern's
 * matches folders are left out, and a file that is there under two names (by symbolic
 * links) is one file. The order is that of the canonical paths' bytes, on any machine.
 */
#include "io/reader.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "io/paths_s3.h"
#include "io/s3_url.h"
#include "io/stored.h"

static int
compare_paths(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static uint64_t
size_of(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
}

/* A pipe has no other name than the one given. */
static char *
canonical(const char *path, const struct stat *st)
{
	char out[PATH_MAX];
	return fe_strdup(S_ISREG(st->st_mode) && realpath(path, out) ? out : path);
}

static void
single(const char *path, const struct stat *st, struct fe_paths *out)
{
	out->paths = fe_new_array(1, char *);
	out->paths[0] = st ? canonical(path, st) : fe_strdup(path);
	out->sizes_bytes = fe_new_array(1, uint64_t);
	out->sizes_bytes[0] = st && S_ISREG(st->st_mode) ? (uint64_t)st->st_size : 0;
	out->n_paths = 1;
}

static void
drop_doubles(struct fe_paths *p)
{
	size_t n_kept = 0;
	for (size_t i = 0; i < p->n_paths; i++) {
		if (n_kept && strcmp(p->paths[n_kept - 1], p->paths[i]) == 0)
			fe_free(p->paths[i]);
		else
			p->paths[n_kept++] = p->paths[i];
	}
	p->n_paths = n_kept;
}

static void
take_matches(const glob_t *g, struct fe_paths *out)
{
	out->paths = fe_new_array(g->gl_pathc, char *);
	for (size_t i = 0; i < g->gl_pathc; i++) {
		struct stat st;
		/* One that vanished since is left for the reader to miss. */
		if (stat(g->gl_pathv[i], &st) != 0)
			out->paths[out->n_paths++] = fe_strdup(g->gl_pathv[i]);
		else if (!S_ISDIR(st.st_mode))
			out->paths[out->n_paths++] = canonical(g->gl_pathv[i], &st);
	}
	qsort(out->paths, out->n_paths, sizeof *out->paths, compare_paths);
	drop_doubles(out);
	out->sizes_bytes = fe_new_array(out->n_paths + 1, uint64_t);
	for (size_t i = 0; i < out->n_paths; i++)
		out->sizes_bytes[i] = size_of(out->paths[i]);
}

static enum fe_rc
expand_files(const char *pattern, struct fe_paths *out, struct fe_err *err)
{
	struct stat st;
	glob_t g = { 0 };

	if (strcmp(pattern, "-") == 0) {
		single(pattern, NULL, out);
		return FE_OK;
	}
	if (stat(pattern, &st) == 0) {
		if (S_ISDIR(st.st_mode)) {
			enum fe_rc rc = fe_fail(err, FE_EUSAGE,
						"this is a folder; name the files in it by a "
						"pattern, as in '%s/*.csv'",
						pattern);
			fe_err_at(err, pattern, 0, NULL);
			return rc;
		}
		single(pattern, &st, out);
		return FE_OK;
	}
	if (errno != ENOENT && errno != ENOTDIR)
		return fe_fail_errno(err, errno, "cannot open", pattern);
	if (!strpbrk(pattern, "*?["))
		return fe_fail_errno(err, ENOENT, "cannot open", pattern);

	/* GLOB_ERR: a folder that cannot be read must not pass for an empty one. */
	int found = glob(pattern, GLOB_NOSORT | GLOB_ERR, NULL, &g);
	int errnum = errno;
	if (found == 0)
		take_matches(&g, out);
	globfree(&g);
	if (found == GLOB_ABORTED)
		return fe_fail_errno(err, errnum ? errnum : EACCES,
				     "cannot list the folder of the pattern", pattern);
	if (found == GLOB_NOSPACE)
		return fe_fail(err, FE_ELIMIT, "no memory for the files of '%s'", pattern);
	if (out->n_paths == 0) {
		fe_paths_free(out);
		enum fe_rc rc = fe_fail(err, FE_EUSAGE, "no file matches this pattern");
		fe_err_at(err, pattern, 0, NULL);
		return rc;
	}
	return FE_OK;
}

enum fe_rc
fe_paths_expand(const char *location, const struct fe_net_settings *net, struct fe_paths *out,
		struct fe_err *err)
{
	static const struct fe_net_settings careful = { 0 };

	enum fe_rc rc = FE_OK;

	*out = (struct fe_paths){ 0 };
	if (fe_s3_is_url(location))
		rc = fe_paths_expand_s3(location, net ? net : &careful, out, err);
	else if (fe_stored_ops_of(location) != &fe_stored_file)
		single(location, NULL, out);
	else
		rc = expand_files(location, out, err);
	if (rc)
		return rc;
	out->names = fe_new_array(out->n_paths + 1, char *);
	for (size_t i = 0; i < out->n_paths; i++)
		out->names[i] = fe_location_name(out->paths[i], net);
	return FE_OK;
}

void
fe_paths_free(struct fe_paths *p)
{
	for (size_t i = 0; i < p->n_paths; i++)
		fe_free(p->paths[i]);
	for (size_t i = 0; p->names && i < p->n_paths; i++)
		fe_free(p->names[i]);
	fe_free(p->names);
	fe_free(p->paths);
	fe_free(p->sizes_bytes);
	*p = (struct fe_paths){ 0 };
}
