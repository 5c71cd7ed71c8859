// SPDX-License-Identifier: Apache-2.0
/* pipeline/arrival_open.c - what can be said before an object comes; see pipeline/arrival.h */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "pipeline/arrival_private.h"
#include "pipeline/connectors.h"
#include "pipeline/memory.h"

#define FOLDER "finetl-arrivals-"
#define LOCK ".lock"
#define LEFT_AFTER_S 60 /* a younger folder's worker may be about to take its lock */

/* ---- the plan ---- */

static void
log_mistakes(const char *path, const struct fe_mistakes *m)
{
	for (size_t i = 0; i < m->n_items; i++) {
		struct fe_err one = FE_ERR_INIT;
		(void)fe_fail(&one, FE_EUSAGE, "%s", m->items[i].text);
		fe_err_at_line(&one, path, m->items[i].line, m->items[i].column);
		fe_log_err(&one);
	}
}

static enum fe_rc
load_plan(struct fe_arrivals *w, struct fe_err *err)
{
	const struct fe_plan_settings set = {
		.path = w->set.pipeline,
		.params = w->set.params,
		.n_params = w->set.n_params,
		.warehouse = w->set.warehouse && *w->set.warehouse ? w->set.warehouse : NULL,
	};
	struct fe_mistakes mistakes = { 0 };

	enum fe_rc rc = fe_plan_load(&w->plan, &set, &mistakes, err);
	log_mistakes(w->set.pipeline, &mistakes);
	fe_mistakes_reset(&mistakes);
	if (rc)
		return rc;
	w->warehouse = w->set.warehouse && !*w->set.warehouse ? NULL : w->plan->warehouse;
	if (w->warehouse && !fe_warehouse_is_database(w->warehouse))
		return fe_fail(err, FE_EUSAGE, "a folder of files holds one run, not one of each object that arrives; name a "
			       "database as the warehouse, or none, and a place of S3 as the output");
	if (!w->warehouse && !w->set.output)
		return fe_fail(err, FE_EUSAGE, "there is nowhere to take the records to: name a database as the warehouse, a "
			       "place of S3 as the output, or both");
	return FE_OK;
}

/* Its table would have other columns with each object, of which none knows what the others had. */
static enum fe_rc
check_contract(const struct fe_arrivals *w, const struct fe_plan_dataset *d, struct fe_err *err)
{
	if (d->source_set.contract != FE_CONTRACT_EVOLVE)
		return FE_OK;
	enum fe_rc rc = fe_fail(err, FE_EUSAGE, "'%s' has contract: evolve, which looks at all objects before a run, and those that "
				"arrive are a run each; declare its columns, and take contract: discard_column for what else "
				"may come", d->name);
	fe_err_at(err, w->plan->path, 0, NULL);
	return rc;
}

static enum fe_rc
find_sources(struct fe_arrivals *w, struct fe_err *err)
{
	w->sources = fe_new_array(w->plan->n_datasets + 1, struct fe_arrival_source);
	for (size_t i = 0; i < w->plan->n_datasets; i++) {
		const struct fe_plan_dataset *d = &w->plan->datasets[i];
		const char *location = d->source_set.location;
		struct fe_arrival_source *s = &w->sources[w->n_sources];
		if (!fe_source_reads_files(d->source) || !location || !fe_s3_is_url(location))
			continue;
		*s = (struct fe_arrival_source){ .dataset = i };
		FE_TRY(fe_s3_url_parse(location, &s->url, err));
		if (s->url.version.p || s->url.key.n == 0)
			continue; /* one version, or none at all, does not arrive */
		FE_TRY(check_contract(w, d, err));
		s->is_pattern = fe_s3_is_pattern(s->url.key);
		s->prefix = fe_s3_pattern_prefix(s->url.key);
		w->n_sources++;
	}
	if (w->n_sources)
		return FE_OK;
	enum fe_rc rc = fe_fail(err, FE_EUSAGE, "no data set reads objects of S3; one does by source: { csv: \"s3://bucket/raw/*.csv\" }");
	fe_err_at(err, w->plan->path, 0, NULL);
	return rc;
}

enum fe_rc
fe_arrival_find(const struct fe_arrivals *w, struct fe_str bucket, struct fe_str key, const struct fe_arrival_source **out,
                struct fe_err *err)
{
	*out = NULL;
	for (size_t i = 0; i < w->n_sources; i++) {
		const struct fe_arrival_source *s = &w->sources[i];
		bool is_folder = key.n == 0 || key.p[key.n - 1] == '/';
		if (is_folder || !fe_str_eq(bucket, s->url.bucket))
			continue;
		if (!fe_str_eq(key, s->url.key) && !(s->is_pattern && fe_s3_matches(s->url.key, key)))
			continue;
		if (*out)
			return fe_fail(err, FE_EUSAGE, "the sources of both '%s' and '%s' take this object; an object that arrives is "
				       "one data set's", w->plan->datasets[(*out)->dataset].name, w->plan->datasets[s->dataset].name);
		*out = s;
	}
	return FE_OK;
}

/* ---- the output ---- */

static enum fe_rc
read_output(struct fe_arrivals *w, struct fe_err *err)
{
	struct fe_s3_url url;

	if (!w->set.output)
		return FE_OK;
	enum fe_rc rc = fe_s3_url_parse(w->set.output, &url, err);
	if (rc == FE_OK && (url.version.p || fe_s3_is_pattern(url.key)))
		rc = fe_fail(err, FE_EUSAGE, "results go to a prefix, not to a pattern or a version");
	if (rc) {
		fe_err_context(err, "the output");
		fe_err_at(err, w->set.output, 0, NULL);
		return rc;
	}
	bool has_slash = url.key.n == 0 || url.key.p[url.key.n - 1] == '/';
	struct fe_buf prefix;
	fe_buf_init(&prefix, 4096);
	fe_buf_add_str(&prefix, url.key);
	if (!has_slash)
		fe_buf_add_char(&prefix, '/');
	rc = fe_buf_check(&prefix, "the output's prefix", err);
	w->bucket = url.bucket;
	w->prefix = fe_buf_str(&prefix);
	w->prefix_text = fe_buf_take(&prefix);
	w->prefix.p = w->prefix_text;
	return rc;
}

static bool
begins_with(struct fe_str text, struct fe_str with)
{
	return text.n >= with.n && (with.n == 0 || memcmp(text.p, with.p, with.n) == 0);
}

/* What stands before the first '/', '?' or '#', and what behind. */
static struct fe_str
take_until(struct fe_str *rest, const char *ends)
{
	struct fe_str part = { rest->p, 0 };
	while (part.n < rest->n && !strchr(ends, rest->p[part.n]))
		part.n++;
	*rest = (struct fe_str){ rest->p + part.n, rest->n - part.n };
	return part;
}

/* An object of S3 by https://: "bucket.s3.eu-west-1.amazonaws.com/key", "s3.amazonaws.com/bucket/key", or the
 * endpoint of the user's with the bucket in its path. False: it is none. */
static bool
parse_http(const struct fe_arrivals *w, const char *location, struct fe_s3_url *out)
{
	const char *endpoint = fe_s3_config(w->s3)->endpoint_s3.text, *colon = strstr(location, "://");
	struct fe_str rest = fe_str_of(location);

	if (!colon || strncmp(location, "http", 4) != 0)
		return false;
	if (endpoint && begins_with(rest, fe_str_of(endpoint))) {
		size_t n = strlen(endpoint);
		rest = (struct fe_str){ rest.p + n, rest.n - n };
	} else {
		rest = (struct fe_str){ colon + 3, rest.n - (size_t)(colon + 3 - location) };
		struct fe_str host = take_until(&rest, "/?#:");
		const char *s3 = memmem(host.p, host.n, "s3", 2);
		if (!memmem(host.p, host.n, ".amazonaws.com", 14) || !s3)
			return false;
		while (s3 != host.p && s3[-1] != '.') { /* "s3" in a bucket's name */
			s3 = memmem(s3 + 1, host.n - (size_t)(s3 + 1 - host.p), "s3", 2);
			if (!s3)
				return false;
		}
		if (s3 != host.p)
			out->bucket = (struct fe_str){ host.p, (size_t)(s3 - host.p) - 1 };
		if (rest.n && rest.p[0] == ':')
			(void)take_until(&rest, "/?#");
	}
	while (rest.n && rest.p[0] == '/')
		rest = (struct fe_str){ rest.p + 1, rest.n - 1 };
	if (!out->bucket.n) {
		out->bucket = take_until(&rest, "/?#");
		if (rest.n && rest.p[0] == '/')
			rest = (struct fe_str){ rest.p + 1, rest.n - 1 };
	}
	out->key = take_until(&rest, "?#");
	return out->bucket.n > 0;
}

/* Where what is written could be told of as what arrives: a loop without an end. */
static enum fe_rc
check_loop(const struct fe_arrivals *w, const struct fe_plan_dataset *d, struct fe_str bucket, struct fe_str prefix,
           struct fe_err *err)
{
	if (!fe_str_eq(bucket, w->bucket))
		return FE_OK;
	for (int k = 0; k < FE_N_RESULTS; k++) {
		struct fe_buf place;
		fe_buf_init(&place, 8192);
		fe_buf_add_str(&place, w->prefix);
		fe_buf_add_text(&place, fe_arrival_result_folder((enum fe_arrival_result_kind)k));
		bool overlaps = begins_with(fe_buf_str(&place), prefix) || begins_with(prefix, fe_buf_str(&place));
		if (overlaps)
			(void)fe_fail(err, FE_EUSAGE, "results under 's3://%.*s/%s' would come back as objects that arrive: the source of "
				      "'%s' reads what is under 's3://%.*s/%.*s'; name another bucket as the output",
				      FE_STR_ARGS(w->bucket), fe_buf_text(&place), d->name, FE_STR_ARGS(bucket), FE_STR_ARGS(prefix));
		fe_buf_reset(&place);
		if (overlaps)
			return FE_EUSAGE;
	}
	return FE_OK;
}

/* What events are told of is a folder, mostly, also where the source names one object in it. */
static struct fe_str
folder_of(struct fe_str prefix)
{
	while (prefix.n && prefix.p[prefix.n - 1] != '/')
		prefix.n--;
	return prefix;
}

static enum fe_rc
check_loops(const struct fe_arrivals *w, struct fe_err *err)
{
	for (size_t i = 0; w->bucket.p && i < w->plan->n_datasets; i++) {
		const struct fe_plan_dataset *d = &w->plan->datasets[i];
		const char *location = d->source_set.location;
		struct fe_s3_url url = { 0 };
		if (!location || !fe_source_reads_files(d->source))
			continue;
		if (fe_s3_is_url(location))
			FE_TRY(fe_s3_url_parse(location, &url, err));
		else if (!parse_http(w, location, &url))
			continue;
		FE_TRY(check_loop(w, d, url.bucket, folder_of(fe_s3_pattern_prefix(url.key)), err));
	}
	return FE_OK;
}

/* ---- a folder of ours ---- */

/* Files only; what is in folders is removed by who calls this with them. */
static void
remove_files(const char *folder, bool with_lock)
{
	DIR *dir = opendir(folder);
	const struct dirent *e;

	while (dir && (e = readdir(dir)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 && (with_lock || strcmp(e->d_name, LOCK) != 0))
			(void)unlinkat(dirfd(dir), e->d_name, 0);
	if (dir)
		(void)closedir(dir);
}

static void
clear_folder(const char *folder, bool with_lock)
{
	static const char *const inner[] = { "run/held", "run" };
	struct fe_buf path;

	fe_buf_init(&path, 8192);
	for (size_t i = 0; i < 2; i++) {
		fe_buf_clear(&path);
		fe_buf_addf(&path, "%s/%s", folder, inner[i]);
		remove_files(fe_buf_text(&path), true);
		(void)rmdir(fe_buf_text(&path));
	}
	remove_files(folder, with_lock);
	fe_buf_reset(&path);
}

void
fe_arrival_clear(const struct fe_arrivals *w)
{
	if (w->folder)
		clear_folder(w->folder, false);
}

static enum fe_rc
lock_folder(const char *folder, const struct fe_clock *clock, struct fe_lock **lock, struct fe_err *err)
{
	struct fe_buf path;
	fe_buf_init(&path, 8192);
	fe_buf_addf(&path, "%s/%s", folder, LOCK);
	enum fe_rc rc = fe_lock_take(lock, fe_buf_text(&path), 0, clock, err);
	fe_buf_reset(&path);
	return rc;
}

/* Of workers that were killed: their locks are free, and they are gone. */
static void
remove_leftovers(const char *parent, const struct fe_clock *clock)
{
	DIR *dir = opendir(parent);
	const struct dirent *e;
	struct fe_buf path;

	fe_buf_init(&path, 8192);
	while (dir && (e = readdir(dir)) != NULL) {
		struct fe_lock *lock = NULL;
		struct stat st;
		if (strncmp(e->d_name, FOLDER, sizeof FOLDER - 1) != 0)
			continue;
		fe_buf_clear(&path);
		fe_buf_addf(&path, "%s/%s", parent, e->d_name);
		if (lstat(fe_buf_text(&path), &st) != 0 || !S_ISDIR(st.st_mode) || st.st_uid != geteuid() ||
		    fe_clock_now(clock) / 1000000 - st.st_mtime < LEFT_AFTER_S || lock_folder(fe_buf_text(&path), clock, &lock, NULL))
			continue;
		clear_folder(fe_buf_text(&path), true);
		(void)rmdir(fe_buf_text(&path));
		fe_lock_release(lock);
	}
	if (dir)
		(void)closedir(dir);
	fe_buf_reset(&path);
}

static enum fe_rc
make_folder(struct fe_arrivals *w, struct fe_err *err)
{
	const char *parent = secure_getenv("TMPDIR");
	struct fe_buf path;

	if (!w->bucket.p)
		return FE_OK;
	if (!parent || !*parent)
		parent = "/tmp";
	remove_leftovers(parent, w->set.clock);
	fe_buf_init(&path, 8192);
	fe_buf_addf(&path, "%s/" FOLDER "XXXXXX", parent);
	FE_TRY(fe_buf_check(&path, "TMPDIR", err));
	w->folder = fe_buf_take(&path);
	if (!mkdtemp(w->folder)) {
		fe_free(w->folder);
		w->folder = NULL;
		return fe_fail_errno(err, errno, "cannot make a folder for results, in TMPDIR", parent);
	}
	return lock_folder(w->folder, w->set.clock, &w->lock, err);
}

enum fe_rc
fe_arrivals_open(struct fe_arrivals **out, const struct fe_arrival_settings *set, struct fe_err *err)
{
	struct fe_arrivals *w = fe_new(struct fe_arrivals);

	*out = NULL;
	w->set = *set;
	w->net.session = fe_session_new();
	w->net.max_object_bytes = fe_memory_of_objects(set->max_memory_bytes);
	enum fe_rc rc = load_plan(w, err);
	if (rc == FE_OK)
		rc = find_sources(w, err);
	if (rc == FE_OK)
		rc = fe_session_take_s3(&w->net, &w->s3, err);
	if (rc == FE_OK)
		rc = read_output(w, err);
	if (rc == FE_OK)
		rc = check_loops(w, err);
	if (rc == FE_OK)
		rc = make_folder(w, err);
	if (rc)
		fe_arrivals_close(w);
	else
		*out = w;
	return rc;
}

void
fe_arrivals_close(struct fe_arrivals *w)
{
	if (!w)
		return;
	if (w->folder) {
		clear_folder(w->folder, true);
		(void)rmdir(w->folder);
	}
	fe_lock_release(w->lock);
	fe_session_give_s3(&w->net, w->s3);
	fe_session_free(w->net.session);
	fe_plan_free(w->plan);
	fe_free(w->sources);
	fe_free(w->prefix_text);
	fe_free(w->with_secret);
	fe_free(w->folder);
	fe_free(w->rest.key);
	fe_free(w);
}

/* ---- one by its URL ---- */

enum fe_rc
fe_arrival_parts_read(struct fe_arrival_parts *out, const char *text, struct fe_err *err)
{
	struct fe_s3_url url;

	*out = (struct fe_arrival_parts){ 0 };
	enum fe_rc rc = fe_s3_url_parse(text, &url, err);
	if (rc == FE_OK && url.key.n == 0)
		rc = fe_fail(err, FE_EUSAGE, "this names no object");
	if (rc) {
		fe_err_at(err, text, 0, NULL);
		return rc;
	}
	out->bucket = fe_strndup(url.bucket.p, url.bucket.n);
	out->key = fe_strndup(url.key.p, url.key.n);
	out->version = url.version.p ? fe_strndup(url.version.p, url.version.n) : NULL;
	out->arrival = (struct fe_arrival){ .bucket = out->bucket, .key = out->key, .version = out->version, .size_bytes = -1 };
	return FE_OK;
}

void
fe_arrival_parts_reset(struct fe_arrival_parts *p)
{
	fe_free(p->bucket);
	fe_free(p->key);
	fe_free(p->version);
	*p = (struct fe_arrival_parts){ 0 };
}
