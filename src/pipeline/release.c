// SPDX-License-Identifier: Apache-2.0
/* pipeline/release.c - see pipeline/release.h
 *
 * Files are read by the paths that the manifest has, so that what has come into a folder since is
 * not taken along. An API or a database is asked again, and what it answers is held against the
 * manifest before anything is committed.
 */
#include "pipeline/release.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

#include "base/json.h"
#include "base/text.h"
#include "base/time.h"
#include "format/json_tree.h"
#include "load/catalog.h"
#include "pipeline/connectors.h"
#include "pipeline/redact.h"
#include "quality/tally.h"

#define WAIT_MS 5000
#define MAX_OBJECTS 1000000
#define USER_BYTES 256

struct read_object {
	char *dataset;
	struct fe_kept_object kept;
	bool is_skipped;
};

struct fe_release {
	char *run_id, *reason, *warehouse;
	char by[USER_BYTES];
	struct fe_run_release note;  /* the same, for the sink */
	char *config_sha256, *pipeline;
	int64_t run_time_us;
	const char *from, *until;    /* of a backfill, in the arena */
	char *done_by;
	struct fe_arena arena;       /* of the totals below, and their texts */
	const struct fe_json_value *totals; /* of the held run: its data sets */
	const char **datasets;
	size_t n_datasets;
	struct read_object *objects; /* in the order in which they were read */
	size_t n_objects, cap_objects;
	struct fe_kept *manifest;    /* [n of the plan] */
	size_t n_manifest;
};

/* ---- what the warehouse knows ---- */

/* The user of this process, by number where it has no name. */
static void
name_user(char out[USER_BYTES])
{
	char text[4096];
	struct passwd pw, *found = NULL;

	if (getpwuid_r(getuid(), &pw, text, sizeof text, &found) == 0 && found && found->pw_name[0] &&
	    fe_utf8_is_valid(fe_str_of(found->pw_name)))
		(void)snprintf(out, USER_BYTES, "%s", found->pw_name);
	else
		(void)snprintf(out, USER_BYTES, "uid %lu", (unsigned long)getuid());
}

static struct fe_str
keep(struct fe_release *r, struct fe_str s)
{
	return (struct fe_str){ fe_arena_copy(&r->arena, s.p ? s.p : "", s.n), s.n };
}

static const char *
text_or_null(struct fe_release *r, const struct fe_json_value *v)
{
	return fe_json_is(v, FE_JSON_STRING) ? keep(r, v->text).p : NULL;
}

static enum fe_rc
fail_not_held(const struct fe_release *r, struct fe_str status, struct fe_err *err)
{
	return fe_fail(err, FE_ECONFLICT, "run %s is '%.*s': only a run that was held by the gate, an expectation or a control total is released",
		       r->run_id, FE_STR_ARGS(status));
}

static enum fe_rc
take_run(void *ctx, const struct fe_catalog_run *run, struct fe_err *err)
{
	struct fe_release *r = ctx;
	const struct fe_json_value *v, *datasets;

	if (!fe_str_is(run->status, "held"))
		return fail_not_held(r, run->status, err);
	r->config_sha256 = fe_strndup(run->config_sha256.p ? run->config_sha256.p : "", run->config_sha256.n);
	r->pipeline = fe_strndup(run->pipeline.p, run->pipeline.n);
	if (fe_timestamp_parse(run->run_time, NULL, NULL, &r->run_time_us) != FE_TIME_OK || !run->reconciliation.p)
		return fe_fail(err, FE_ECONFLICT, "run %s has no run time or no totals on record; run the pipeline again", r->run_id);
	FE_TRY(fe_json_parse(keep(r, run->reconciliation), &r->arena, &v, err));
	r->from = text_or_null(r, fe_json_get(fe_json_get(v, "window"), "from"));
	r->until = text_or_null(r, fe_json_get(fe_json_get(v, "window"), "to"));
	datasets = fe_json_get(v, "datasets");
	r->totals = datasets;
	r->datasets = fe_new_array((datasets ? datasets->n_children : 0) + 1, const char *);
	for (v = datasets ? datasets->first : NULL; v; v = v->next)
		r->datasets[r->n_datasets++] = keep(r, v->key).p;
	return FE_OK;
}

static enum fe_rc
take_object(void *ctx, const struct fe_catalog_object *o, struct fe_err *err)
{
	struct fe_release *r = ctx;
	bool is_skipped = fe_str_is(o->outcome, "skipped");

	if (!o->sha256.p && !is_skipped)
		return fe_fail(err, FE_ECONFLICT, "run %s did not read '%.*s' to its end, so that nothing tells whether it is the same; run the pipeline again",
			       r->run_id, FE_STR_ARGS(o->path));
	r->objects = fe_grow(r->objects, &r->cap_objects, r->n_objects + 1, sizeof *r->objects);
	struct read_object *to = &r->objects[r->n_objects++];
	*to = (struct read_object){ .dataset = fe_strndup(o->dataset.p, o->dataset.n), .is_skipped = is_skipped };
	to->kept.id = (struct fe_object_id){
		.path = fe_strndup(o->path.p, o->path.n),
		.size_bytes = (uint64_t)o->size_bytes,
		.version = o->version.p ? fe_strndup(o->version.p, o->version.n) : NULL,
	};
	if (o->modified_at.p)
		(void)fe_timestamp_parse(o->modified_at, NULL, NULL, &to->kept.id.mtime_us);
	if (o->sha256.n == FE_SHA256_HEX_BYTES - 1)
		memcpy(to->kept.id.sha256, o->sha256.p, o->sha256.n);
	to->kept.stored = is_skipped ? NULL : to->kept.id.path;
	return FE_OK;
}

static enum fe_rc
read_catalog(struct fe_release *r, struct fe_catalog *c, struct fe_err *err)
{
	const struct fe_catalog_run_query q = { .run_id = r->run_id, .limit = 1 };
	struct fe_buf by;
	uint64_t n_all = 0;
	bool found = false;

	FE_TRY(fe_catalog_runs(c, &q, take_run, r, err));
	if (!r->config_sha256)
		return fe_fail(err, FE_EUSAGE, "there is no run '%s' in this warehouse; finetl runs --status held lists those that are held", r->run_id);
	fe_buf_init(&by, FE_RUN_ID_BYTES * 4);
	enum fe_rc rc = fe_catalog_released(c, r->run_id, &by, &found, err);
	if (rc == FE_OK && found)
		r->done_by = fe_strdup(fe_buf_text(&by));
	fe_buf_reset(&by);
	if (rc == FE_OK)
		rc = fe_catalog_objects(c, r->run_id, MAX_OBJECTS, &n_all, take_object, r, err);
	if (rc == FE_OK && n_all != r->n_objects)
		rc = fe_fail(err, FE_ELIMIT, "run %s read more than %d objects", r->run_id, MAX_OBJECTS);
	return rc;
}

static enum fe_rc
check_reason(const char *reason, struct fe_err *err)
{
	struct fe_str s = fe_text_trim(fe_str_of(reason));

	if (s.n == 0)
		return fe_fail(err, FE_EUSAGE, "say why it is released: --reason 'agreed with the bank, ticket 4711'");
	if (s.n > FE_RELEASE_MAX_REASON_BYTES || !fe_utf8_is_valid(s))
		return fe_fail(err, FE_EUSAGE, "the reason is a text in UTF-8 of at most %d bytes", FE_RELEASE_MAX_REASON_BYTES);
	return FE_OK;
}

enum fe_rc
fe_release_open(struct fe_release **out, const char *warehouse, const char *run_id, const char *reason, struct fe_err *err)
{
	struct fe_release *r;
	struct fe_catalog *c = NULL;
	enum fe_rc rc;

	*out = NULL;
	FE_TRY(check_reason(reason, err));
	if (!fe_warehouse_is_database(warehouse))
		return fe_fail(err, FE_EUSAGE, "a warehouse of files keeps no record of runs, and so none to release; let the gate pass in the "
			       "pipeline file, or correct the control total, and run again");
	r = fe_new(struct fe_release);
	r->run_id = fe_strdup(run_id);
	r->reason = fe_strdup(reason);
	r->warehouse = fe_strdup(warehouse);
	name_user(r->by);
	r->note = (struct fe_run_release){ .run_id = r->run_id, .reason = r->reason, .by = r->by };
	rc = fe_catalog_open(&c, warehouse, WAIT_MS, err);
	if (rc == FE_OK)
		rc = read_catalog(r, c, err);
	fe_catalog_close(c);
	if (rc) {
		fe_release_free(r);
		return rc;
	}
	*out = r;
	return FE_OK;
}

void
fe_release_free(struct fe_release *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n_objects; i++) {
		fe_free(r->objects[i].dataset);
		fe_object_id_reset(&r->objects[i].kept.id);
	}
	for (size_t i = 0; i < r->n_manifest; i++)
		fe_free((void *)(uintptr_t)r->manifest[i].objects);
	fe_free(r->manifest);
	fe_free(r->objects);
	fe_free(r->datasets);
	fe_free(r->run_id);
	fe_free(r->reason);
	fe_free(r->warehouse);
	fe_free(r->config_sha256);
	fe_free(r->pipeline);
	fe_free(r->done_by);
	fe_arena_free(&r->arena);
	fe_free(r);
}

const char *const *
fe_release_datasets(const struct fe_release *r, size_t *n)
{
	*n = r->n_datasets;
	return r->datasets;
}

int64_t
fe_release_run_time(const struct fe_release *r)
{
	return r->run_time_us;
}

const char *
fe_release_from(const struct fe_release *r)
{
	return r->from;
}

const char *
fe_release_until(const struct fe_release *r)
{
	return r->until;
}

const char *
fe_release_done_by(const struct fe_release *r)
{
	return r->done_by;
}

/* ---- what was done before ---- */

struct done {
	const struct fe_release *release;
	struct fe_buf *out;
};

static void
print_counts(struct fe_json *j, const struct fe_json_value *datasets)
{
	fe_json_array(j, "datasets");
	for (const struct fe_json_value *d = datasets ? datasets->first : NULL; d; d = d->next) {
		fe_json_object(j, NULL);
		fe_json_str(j, "name", d->key);
		for (int t = 0; t < FE_N_TERMS; t++) {
			const char *term = fe_term_name((enum fe_term)t);
			const struct fe_json_value *n = fe_json_get(d, term);
			if (fe_json_is(n, FE_JSON_NUMBER))
				fe_json_raw(j, term, n->raw);
		}
		fe_json_object_end(j);
	}
	fe_json_array_end(j);
}

static enum fe_rc
print_done(void *ctx, const struct fe_catalog_run *run, struct fe_err *err)
{
	const struct done *d = ctx;
	const struct fe_json_value *v = NULL, *release = NULL;
	struct fe_arena arena = { 0 };
	struct fe_json j;

	if (run->reconciliation.p)
		FE_TRY(fe_json_parse(run->reconciliation, &arena, &v, err));
	release = fe_json_get(v, "release");
	fe_json_init(&j, d->out, 0);
	fe_json_object(&j, NULL);
	fe_json_str(&j, "run_id", run->run_id);
	fe_json_str(&j, "pipeline", run->pipeline);
	fe_json_str(&j, "status", run->status);
	fe_json_i64(&j, "exit_code", 0);
	fe_json_bool(&j, "retry_helps", false);
	fe_json_time(&j, "run_time", d->release->run_time_us);
	fe_json_text(&j, "error", NULL);
	fe_redacted_url_json(&j, "warehouse", d->release->warehouse);
	fe_json_bool(&j, "published", true);
	if (release)
		fe_json_raw(&j, "release", release->raw);
	fe_json_bool(&j, "was_released_before", true);
	print_counts(&j, fe_json_get(v, "datasets"));
	fe_json_object_end(&j);
	fe_arena_free(&arena);
	return FE_OK;
}

enum fe_rc
fe_release_done_json(const struct fe_release *r, struct fe_buf *out, struct fe_err *err)
{
	const struct fe_catalog_run_query q = { .run_id = r->done_by, .limit = 1 };
	struct done d = { .release = r, .out = out };
	struct fe_catalog *c;

	FE_TRY(fe_catalog_open(&c, r->warehouse, WAIT_MS, err));
	enum fe_rc rc = fe_catalog_runs(c, &q, print_done, &d, err);
	fe_catalog_close(c);
	return rc;
}

/* ---- as it was checked ---- */

/* The address of a web page may hold what the manifest does not show. */
static const char *
stored_of(const struct fe_plan_dataset *p, const char *path)
{
	return strncmp(p->source_set.location, "http", 4) == 0 ? p->source_set.location : path;
}

static void
build_manifest(struct fe_release *r, const struct fe_plan *plan)
{
	r->manifest = fe_new_array(plan->n_datasets + 1, struct fe_kept);
	r->n_manifest = plan->n_datasets;
	for (size_t i = 0; i < plan->n_datasets; i++) {
		const struct fe_plan_dataset *p = &plan->datasets[i];
		struct fe_kept_object *objects = fe_new_array(r->n_objects + 1, struct fe_kept_object);
		size_t n = 0;
		for (size_t o = 0; o < r->n_objects && p->is_selected; o++) {
			if (strcmp(r->objects[o].dataset, p->name) != 0)
				continue;
			objects[n] = r->objects[o].kept;
			if (objects[n].stored)
				objects[n].stored = stored_of(p, objects[n].id.path);
			n++;
		}
		r->manifest[i] = (struct fe_kept){ .objects = objects, .n_objects = n, .net = &p->source_set.net };
	}
}

static enum fe_rc
fail_other(const struct fe_release *r, const struct fe_object_id *was, const struct fe_object_id *is, struct fe_err *err)
{
	enum fe_rc rc = fe_fail(err, FE_ECONFLICT, "this is not what run %s read and checked: then %llu bytes with SHA-256 %.16s..., now %llu with %.16s...; "
				"nothing was released: run the pipeline again", r->run_id, (unsigned long long)was->size_bytes, was->sha256,
				(unsigned long long)is->size_bytes, is->sha256[0] ? is->sha256 : "none");
	fe_err_at(err, is->path, 0, NULL);
	return rc;
}

/* Asked once a data set is read: whether it is what the held run read. */
static enum fe_rc
check_objects(void *ctx, size_t dataset, const struct fe_source *source, struct fe_err *err)
{
	const struct fe_release *r = ctx;
	const struct fe_kept *k = &r->manifest[dataset];

	if (source->n_objects != k->n_objects)
		return fe_fail(err, FE_ECONFLICT, "data set %s: run %s read %zu objects, and now there are %zu; nothing was released: run the pipeline again",
			       source->dataset, r->run_id, k->n_objects, source->n_objects);
	for (size_t i = 0; i < k->n_objects; i++) {
		const struct fe_object_id *was = &k->objects[i].id, *is = &source->objects[i].id;
		if (!k->objects[i].stored)
			continue; /* it was left out then, and is now */
		if (strcmp(was->path, is->path) != 0 || was->size_bytes != is->size_bytes || strcmp(was->sha256, is->sha256) != 0)
			return fail_other(r, was, is, err);
	}
	return FE_OK;
}

/* ---- what became of the records ---- */

/* A term, or what the warehouse holds: rows may be in it by now that were not then. */
static fe_i128
held_term(const struct fe_json_value *terms, enum fe_term term, unsigned scale)
{
	fe_i128 v = 0;
	const struct fe_json_value *n = fe_json_get(terms, fe_term_name(term));

	if (n)
		(void)fe_i128_parse(n->text, scale, &v);
	if (term == FE_TERM_INSERTED)
		return v + held_term(terms, FE_TERM_UPDATED, scale) + held_term(terms, FE_TERM_UNCHANGED, scale);
	return v;
}

static fe_i128
found_term(const struct fe_tally *t, enum fe_term term, size_t decimal)
{
	static const enum fe_term loaded[] = { FE_TERM_INSERTED, FE_TERM_UPDATED, FE_TERM_UNCHANGED };
	fe_i128 v = 0;

	for (size_t i = 0; i < 3 && term == FE_TERM_INSERTED; i++)
		v += decimal == SIZE_MAX ? (fe_i128)t->terms[loaded[i]].n : t->terms[loaded[i]].sums[decimal];
	if (term == FE_TERM_INSERTED)
		return v;
	return decimal == SIZE_MAX ? (fe_i128)t->terms[term].n : t->terms[term].sums[decimal];
}

static enum fe_rc
check_terms(const struct fe_release *r, const struct fe_dataset_result *d, const struct fe_json_value *terms, size_t decimal, struct fe_err *err)
{
	static const enum fe_term all[] = { FE_TERM_READ, FE_TERM_FILTERED, FE_TERM_REJECTED, FE_TERM_DUPLICATE, FE_TERM_SUPERSEDED, FE_TERM_INSERTED };
	const struct fe_tally *t = &d->tally;
	const struct fe_field *field = decimal == SIZE_MAX ? NULL : &t->schema->fields[t->decimals[decimal]];
	unsigned scale = field ? field->type.scale : 0;

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		fe_i128 was = held_term(terms, all[i], scale), is = found_term(t, all[i], decimal);
		char a[FE_DECIMAL_TEXT_BYTES], b[FE_DECIMAL_TEXT_BYTES];
		if (was == is)
			continue;
		if (field && d->plan->pii[t->decimals[decimal]])
			return fe_fail(err, FE_ECONFLICT, "data set %s: the sums of '%s' are not those of run %s; nothing was released", d->plan->name, field->name, r->run_id);
		return fe_fail(err, FE_ECONFLICT, "data set %s: of run %s, %s%s%s were %.*s %s, and now are %.*s: the warehouse is not what it was; "
			       "nothing was released: run the pipeline again", d->plan->name, r->run_id, field ? "the sums of '" : "records",
			       field ? field->name : "", field ? "'" : "", (int)fe_i128_format(was, scale, a), a,
			       all[i] == FE_TERM_INSERTED ? "loaded" : fe_term_name(all[i]), (int)fe_i128_format(is, scale, b), b);
	}
	return FE_OK;
}

static enum fe_rc
agree(void *ctx, const struct fe_run_result *res, struct fe_err *err)
{
	const struct fe_release *r = ctx;

	for (size_t i = 0; i < res->n_datasets; i++) {
		const struct fe_dataset_result *d = &res->datasets[i];
		const struct fe_json_value *terms = d->plan->is_selected ? fe_json_get(r->totals, d->plan->name) : NULL;
		if (!d->plan->is_selected)
			continue;
		FE_TRY(check_terms(r, d, terms, SIZE_MAX, err));
		for (size_t c = 0; c < d->tally.n_decimals; c++) {
			const char *name = d->plan->schema.fields[d->tally.decimals[c]].name;
			FE_TRY(check_terms(r, d, fe_json_get(fe_json_get(terms, "sums"), name), c, err));
		}
	}
	return FE_OK;
}

/* ---- the run ---- */

static enum fe_rc
check_plan(const struct fe_release *r, const struct fe_plan *plan, struct fe_err *err)
{
	if (strcmp(plan->name, r->pipeline) != 0)
		return fe_fail(err, FE_ECONFLICT, "run %s is of pipeline '%s', and this file is '%s'; give --pipeline FILE", r->run_id, r->pipeline, plan->name);
	if (strcmp(plan->config_sha256, r->config_sha256) != 0)
		return fe_fail(err, FE_ECONFLICT, "the pipeline file, its suites or the parameters are not those of run %s; give them as they were, --param too",
			       r->run_id);
	return FE_OK;
}

enum fe_rc
fe_release_run(struct fe_release *r, struct fe_run_settings *set, struct fe_run_result *out, bool *has_run, struct fe_err *err)
{
	const struct fe_plan *plan = set->plan;
	struct fe_run_given *given;

	*has_run = false;
	FE_TRY(check_plan(r, plan, err));
	build_manifest(r, plan);
	given = fe_new_array(plan->n_datasets + 1, struct fe_run_given);
	for (size_t i = 0; i < plan->n_datasets; i++) {
		given[i].is_none = !plan->datasets[i].is_selected || !fe_source_reads_files(plan->datasets[i].source);
		given[i].kept = r->manifest[i];
	}
	set->has_run_time = true;
	set->run_time_us = r->run_time_us;
	set->from = r->from;
	set->until = r->until;
	set->release = &r->note;
	set->given = given;
	set->was_read = check_objects;
	set->was_read_ctx = r;
	set->agree = agree;
	set->agree_ctx = r;
	*has_run = true;
	enum fe_rc rc = fe_run(set, out, err);
	set->given = NULL;
	fe_free(given);
	return rc;
}
