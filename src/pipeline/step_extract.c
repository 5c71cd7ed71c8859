// SPDX-License-Identifier: Apache-2.0
/* pipeline/step_extract.c - the first step: what the sources give is kept as it comes
 *
 * Files are copied, unread; answers of an API and rows of a database are kept while the source
 * itself reads them, so that it is asked, paged and checked as in a run. Data sets come in the
 * order of the plan, one after the other, in bounded memory.
 *
 * After a kill files that are whole and whose original is the same still are not read again; an API
 * or a database is asked anew, for what it gave was of another moment.
 */
#include "pipeline/step.h"

#include "base/json.h"
#include "base/log.h"
#include "base/stop.h"
#include "extract/api.h"
#include "io/folder.h"
#include "io/writer.h"
#include "load/catalog.h"
#include "load/record.h"
#include "pipeline/connectors.h"
#include "pipeline/control.h"
#include "pipeline/evolve.h"
#include "pipeline/redact.h"
#include "pipeline/step_raw.h"
#include "pipeline/watermark.h"

#define MAX_PATH_BYTES ((size_t)64 * 1024)
#define SAVE_EVERY_US INT64_C(2000000) /* the manifest, while files are copied */
#define WAREHOUSE_WAIT_MS 5000

struct extract {
	struct fe_step *step;
	const struct fe_extract_settings *set;
	const struct fe_plan_dataset *dataset;
	struct fe_step_raw raw, old;   /* old: what an earlier attempt has left */
	struct fe_catalog *catalog;    /* NULL: nothing is asked, or there is nothing yet */
	bool has_looked;               /* for the catalog */
	uint64_t n_new;                /* objects of files and records of the others that are new */
	uint64_t n_skipped, n_bytes;
	struct fe_json j;              /* figures, a data set at a time */
};

/* ---- the warehouse ---- */

/* One that is not there yet knows nothing: the first load makes it. */
static enum fe_rc
look_for_catalog(struct extract *x, struct fe_err *err)
{
	const char *url = x->step->plan->warehouse;

	if (x->has_looked)
		return FE_OK;
	x->has_looked = true;
	if (!fe_warehouse_is_database(url))
		return fe_fail(err, FE_EUSAGE, "data set '%s' is incremental: where it was read up to is kept in the warehouse, which must be "
			       "a database for that; name it by --warehouse", x->dataset->name);
	enum fe_rc rc = fe_catalog_open(&x->catalog, url, WAREHOUSE_WAIT_MS, err);
	return rc == FE_EUSAGE ? FE_OK : rc;
}

static enum fe_rc
ask_known(struct extract *x, const struct fe_object_id *id, bool *known, struct fe_err *err)
{
	*known = false;
	if (!x->dataset->incremental_objects || x->set->reprocess || strcmp(id->path, "-") == 0)
		return FE_OK;
	FE_TRY(look_for_catalog(x, err));
	return x->catalog ? fe_record_object_known(fe_catalog_db(x->catalog), x->step->plan->name, x->dataset->name, id, known, err)
			  : FE_OK;
}

/* ---- files ---- */

static const struct fe_kept_object *
find_old(const struct extract *x, const char *path, const char *stored)
{
	for (size_t i = x->raw.n_objects; i < x->old.n_objects; i++) /* in the same order, but for what is new */
		if (strcmp(x->old.objects[i].id.path, path) == 0 && x->old.objects[i].stored &&
		    strcmp(x->old.objects[i].stored, stored) == 0)
			return &x->old.objects[i];
	return NULL;
}

/* Standard input cannot be looked at twice: what was whole of it is all that there was. */
static enum fe_rc
is_still_that(struct extract *x, const struct fe_kept_object *old, const char *location, bool *is_same, struct fe_err *err)
{
	struct fe_object_id now = { 0 };

	*is_same = strcmp(old->id.path, "-") == 0;
	if (*is_same)
		return FE_OK;
	FE_TRY(fe_object_look(location, &x->dataset->source_set.net, &now, err));
	if (now.version || old->id.version)
		*is_same = now.version && old->id.version && strcmp(now.version, old->id.version) == 0;
	else
		*is_same = now.mtime_us != 0 && now.mtime_us == old->id.mtime_us && now.size_bytes == old->id.size_bytes;
	fe_object_id_reset(&now);
	return FE_OK;
}

static enum fe_rc
is_kept(struct extract *x, const struct fe_kept_object *old, const char *location, bool *kept, struct fe_err *err)
{
	struct fe_object_id stored = { 0 };
	bool exists;

	FE_TRY(is_still_that(x, old, location, kept, err));
	if (!*kept)
		return FE_OK;
	FE_TRY(fe_file_exists(old->stored, &x->step->net, &exists, err));
	if (exists)
		FE_TRY(fe_object_digest(old->stored, &x->step->net, &stored, err));
	*kept = exists && stored.size_bytes == old->id.size_bytes && strcmp(stored.sha256, old->id.sha256) == 0;
	fe_object_id_reset(&stored);
	return FE_OK;
}

static enum fe_rc
copy_file(struct extract *x, const char *path, const char *name, struct fe_object_id *id, struct fe_err *err)
{
	char sha256[FE_SHA256_HEX_BYTES];
	struct fe_writer *w;

	*id = (struct fe_object_id){ 0 };
	FE_TRY(fe_writer_open(&w, fe_step_path(x->step, name), &x->step->net, err));
	enum fe_rc rc = fe_object_copy(path, &x->dataset->source_set.net, w, id, err);
	if (rc == FE_OK)
		rc = fe_writer_finish(w, sha256, err);
	if (rc == FE_OK && strcmp(sha256, id->sha256) != 0)
		rc = fe_fail(err, FE_EBUG, "what was written of '%s' is not what was read", path);
	if (rc == FE_OK)
		rc = fe_writer_publish(w, err);
	fe_writer_close(w);
	return rc;
}

static const char *
last_part(const char *path)
{
	const char *slash = strrchr(path, '/');
	if (strcmp(path, "-") == 0)
		return "stdin";
	return slash && slash[1] ? slash + 1 : "object";
}

static enum fe_rc
skip_file(struct extract *x, const char *path, const char *location, bool *is_skipped, struct fe_err *err)
{
	struct fe_kept_object o = { 0 };

	*is_skipped = false;
	if (!x->dataset->incremental_objects || x->set->reprocess || strcmp(path, "-") == 0)
		return FE_OK;
	FE_TRY(fe_object_identify(location, &x->dataset->source_set.net, &o.id, err));
	fe_free(o.id.path);
	o.id.path = fe_strdup(path);
	enum fe_rc rc = ask_known(x, &o.id, is_skipped, err);
	if (rc == FE_OK && *is_skipped) {
		fe_step_raw_add(&x->raw, &o, NULL);
		x->n_skipped++;
	}
	fe_object_id_reset(&o.id);
	return rc;
}

/* What a control file says of a file goes with it: *aside is where it is kept, or NULL. */
static enum fe_rc
keep_sidecar(struct extract *x, const char *path, struct fe_str name, const char **aside, struct fe_step_file *file, struct fe_err *err)
{
	const struct fe_plan_control *control = x->dataset->control;
	struct fe_object_id id = { 0 };
	struct fe_buf from, to;

	*aside = NULL;
	if (!control || !control->sidecar)
		return FE_OK;
	fe_buf_init(&from, MAX_PATH_BYTES);
	fe_buf_init(&to, MAX_PATH_BYTES);
	fe_control_add_sidecar_path(control, path, &from);
	fe_buf_addf(&to, "%.*s.sidecar", FE_STR_ARGS(name));
	enum fe_rc rc = fe_buf_check(&from, "the path of a control file", err);
	if (rc == FE_OK)
		rc = fe_buf_check(&to, "the name of a control file", err);
	if (rc == FE_OK) {
		*aside = fe_step_raw_name(&x->raw, x->raw.n_objects + 1, fe_buf_str(&to));
		rc = copy_file(x, fe_buf_text(&from), *aside, &id, err);
	}
	if (rc == FE_EUSAGE && err) /* it is not there: what was sent is not whole */
		err->rc = rc = FE_EDATA;
	if (rc)
		fe_err_context(err, "the control file of %s", path);
	file->size_bytes = id.size_bytes;
	memcpy(file->sha256, id.sha256, sizeof file->sha256);
	fe_object_id_reset(&id);
	fe_buf_reset(&from);
	fe_buf_reset(&to);
	return rc;
}

/* path: as it is shown and kept; location: what is opened, which may have secrets. */
static enum fe_rc
keep_file(struct extract *x, const char *path, const char *location, struct fe_err *err)
{
	struct fe_str shown = { last_part(path), strcspn(last_part(path), "?#") };
	struct fe_kept_object o = { .stored = fe_step_raw_name(&x->raw, x->raw.n_objects + 1, shown) };
	const struct fe_kept_object *old = find_old(x, path, fe_step_path(x->step, o.stored));
	struct fe_step_file aside = { 0 };
	bool is_skipped, kept = false;
	enum fe_rc rc;

	FE_TRY(skip_file(x, path, location, &is_skipped, err));
	if (is_skipped)
		return FE_OK;
	if (old)
		FE_TRY(is_kept(x, old, location, &kept, err));
	rc = keep_sidecar(x, path, shown, &o.aside, &aside, err);
	if (kept)
		o.id = old->id;
	else if (rc == FE_OK)
		rc = copy_file(x, location, o.stored, &o.id, err);
	if (rc == FE_OK) {
		struct fe_kept_object shown_as = o;
		shown_as.id.path = (char *)(uintptr_t)path;
		fe_step_raw_add(&x->raw, &shown_as, o.aside ? &aside : NULL);
		x->n_bytes += o.id.size_bytes;
		x->n_new++;
	}
	if (!kept)
		fe_object_id_reset(&o.id);
	return rc;
}

static enum fe_rc
keep_files(struct extract *x, struct fe_err *err)
{
	const struct fe_source_settings *set = &x->dataset->source_set;
	int64_t saved_us = fe_clock_ticks(x->step->set.clock);
	struct fe_step_file file;
	struct fe_paths paths;

	enum fe_rc rc = fe_paths_expand(set->location, &set->net, &paths, err);
	for (size_t i = 0; i < paths.n_paths && rc == FE_OK; i++) {
		rc = fe_stop_check(err);
		if (rc == FE_OK)
			rc = keep_file(x, paths.names[i], paths.paths[i], err);
		if (rc == FE_OK && fe_clock_ticks(x->step->set.clock) - saved_us >= SAVE_EVERY_US) {
			rc = fe_step_raw_write(&x->raw, &file, err);
			saved_us = fe_clock_ticks(x->step->set.clock);
		}
	}
	fe_paths_free(&paths);
	if (rc)
		fe_err_context(err, "data set %s", x->dataset->name);
	return rc;
}

/* ---- answers and rows ---- */

/* What the source gives, on its way to the files. */
struct keeping {
	struct extract *x;
	bool is_api;
	struct fe_writer *rows, *aside;
	const char *rows_name, *aside_name;
	size_t n_begun;
};

static enum fe_rc
finish(struct fe_writer **w, struct fe_step_file *file, struct fe_err *err)
{
	FE_TRY(fe_writer_finish(*w, file->sha256, err));
	file->size_bytes = fe_writer_size(*w);
	FE_TRY(fe_writer_publish(*w, err));
	fe_writer_close(*w);
	*w = NULL;
	return FE_OK;
}

/* Its path is the source's to tell, once it has read it. */
static enum fe_rc
end_object(struct keeping *k, struct fe_err *err)
{
	struct fe_kept_object o = { .id.path = (char *)(uintptr_t)"", .stored = k->rows_name, .aside = k->aside_name };
	struct fe_step_file rows = { 0 }, aside = { 0 };

	if (!k->rows)
		return FE_OK;
	FE_TRY(finish(&k->rows, &rows, err));
	if (k->aside)
		FE_TRY(finish(&k->aside, &aside, err));
	o.id.size_bytes = rows.size_bytes;
	memcpy(o.id.sha256, rows.sha256, sizeof o.id.sha256);
	fe_step_raw_add(&k->x->raw, &o, k->aside_name ? &aside : NULL);
	k->x->n_bytes += rows.size_bytes;
	return FE_OK;
}

static enum fe_rc
begin_object(void *ctx, struct fe_err *err)
{
	struct keeping *k = ctx;
	struct fe_step *step = k->x->step;

	FE_TRY(end_object(k, err));
	k->n_begun++;
	k->rows_name = fe_step_raw_name(&k->x->raw, k->n_begun, k->is_api ? FE_STR("page.json") : FE_STR("rows.ndjson"));
	FE_TRY(fe_writer_open(&k->rows, fe_step_path(step, k->rows_name), &step->net, err));
	if (k->is_api)
		return FE_OK;
	k->aside_name = fe_step_raw_name(&k->x->raw, k->n_begun, FE_STR("rows.aside"));
	return fe_writer_open(&k->aside, fe_step_path(step, k->aside_name), &step->net, err);
}

static enum fe_rc
keep_bytes(void *ctx, struct fe_str bytes, struct fe_err *err)
{
	return fe_writer_write(((struct keeping *)ctx)->rows, bytes.p, bytes.n, err);
}

static enum fe_rc
keep_aside(void *ctx, struct fe_str line, struct fe_err *err)
{
	return fe_writer_write(((struct keeping *)ctx)->aside, line.p, line.n, err);
}

static enum fe_rc
read_source(struct extract *x, struct fe_source *source, struct fe_err *err)
{
	struct fe_batch batch;
	enum fe_rc rc;

	fe_batch_init(&batch, &x->dataset->schema);
	do {
		rc = fe_stop_check(err);
		if (rc == FE_OK)
			rc = fe_source_next(source, &batch, err);
	} while (rc == FE_OK && batch.n_rows > 0);
	fe_batch_reset(&batch);
	return rc;
}

/* The source has the last word about what each object is. */
static enum fe_rc
name_objects(struct extract *x, const struct fe_source *source, struct fe_err *err)
{
	for (size_t i = 0; i < x->raw.n_objects; i++) {
		struct fe_object_id *to = &x->raw.objects[i].id;
		const struct fe_object_id *from = i < source->n_objects ? &source->objects[i].id : NULL;
		if (!from || strcmp(from->sha256, to->sha256) != 0 || from->size_bytes != to->size_bytes)
			return fe_fail(err, FE_EBUG, "what was kept of object %zu is not what was read", i + 1);
		to->path = fe_arena_copy(&x->raw.arena, from->path, strlen(from->path));
		to->mtime_us = from->mtime_us;
		to->version = from->version ? fe_arena_copy(&x->raw.arena, from->version, strlen(from->version)) : NULL;
	}
	return FE_OK;
}

/* Pages that an attempt that was killed has left behind those that there are now. */
static enum fe_rc
remove_left(struct keeping *k, struct fe_err *err)
{
	bool exists = k->is_api;

	for (size_t number = k->n_begun + 1; exists; number++) {
		const char *path = fe_step_path(k->x->step, fe_step_raw_name(&k->x->raw, number, FE_STR("page.json")));
		FE_TRY(fe_file_exists(path, &k->x->step->net, &exists, err));
		if (exists)
			FE_TRY(fe_file_remove(path, &k->x->step->net, err));
	}
	return FE_OK;
}

static enum fe_rc
keep_answers(struct extract *x, const struct fe_source_settings *asked, struct fe_err *err)
{
	struct keeping k = { .x = x, .is_api = x->dataset->source == &fe_source_api };
	const struct fe_keep keep = { .ctx = &k, .begin = begin_object, .bytes = keep_bytes, .aside = keep_aside };
	struct fe_reason_table reasons = { 0 };
	struct fe_source_settings set = *asked;
	struct fe_source *source = NULL;

	set.reasons = &reasons;
	set.clock = x->step->set.clock;
	set.keep = &keep;
	enum fe_rc rc = fe_source_open(&source, x->dataset->source, &set, err);
	if (rc == FE_OK)
		rc = read_source(x, source, err);
	if (rc == FE_OK)
		rc = end_object(&k, err);
	if (rc == FE_OK)
		rc = name_objects(x, source, err);
	if (rc == FE_OK)
		rc = remove_left(&k, err);
	if (rc == FE_OK)
		x->n_new += source->n_rows;
	fe_writer_close(k.rows);
	fe_writer_close(k.aside);
	fe_source_close(source);
	fe_reason_table_reset(&reasons);
	return rc;
}

/* ---- a data set ---- */

static enum fe_rc
make_folders(struct extract *x, struct fe_err *err)
{
	struct fe_buf name;

	FE_TRY(fe_folder_make(fe_step_path(x->step, "raw"), err));
	fe_buf_init(&name, SIZE_MAX / 2);
	fe_buf_addf(&name, "raw/%s", x->dataset->name);
	enum fe_rc rc = fe_folder_make(fe_step_path(x->step, fe_buf_text(&name)), err);
	fe_buf_reset(&name);
	return rc;
}

static enum fe_rc
ask_and_keep(struct extract *x, struct fe_err *err)
{
	struct fe_source_settings set = x->dataset->source_set;
	const struct fe_evolve_settings how = {
		.clock = x->step->set.clock,
		.run_time_us = x->step->run_time_us,
		.from = x->step->set.from,
		.until = x->step->set.until,
	};
	struct fe_watermark *w = NULL;

	enum fe_rc rc = fe_evolve_window(x->step->plan, x->dataset, &how, &w, &set.window, err);
	if (rc == FE_OK) {
		x->raw.since = set.window.since ? fe_arena_copy(&x->raw.arena, set.window.since, strlen(set.window.since)) : NULL;
		x->raw.until = set.window.until ? fe_arena_copy(&x->raw.arena, set.window.until, strlen(set.window.until)) : NULL;
		rc = fe_source_reads_files(x->dataset->source) ? keep_files(x, err) : keep_answers(x, &set, err);
	}
	fe_watermark_free(w);
	return rc;
}

static void
add_figures(struct extract *x, const struct fe_step_file *manifest)
{
	struct fe_json *j = &x->j;

	fe_json_object(j, NULL);
	fe_json_text(j, "name", x->dataset->name);
	fe_json_i64(j, "objects", (int64_t)x->raw.n_objects);
	fe_json_i64(j, "objects_skipped", (int64_t)x->n_skipped);
	fe_json_i64(j, "bytes", (int64_t)x->n_bytes);
	fe_json_text(j, "manifest", manifest->path);
	fe_json_text(j, "manifest_sha256", manifest->sha256);
	fe_json_object_end(j);
}

static enum fe_rc
extract_dataset(struct extract *x, struct fe_err *err)
{
	struct fe_step_file manifest = { 0 };
	struct fe_err why = FE_ERR_INIT;
	bool found;
	enum fe_rc rc;

	x->n_skipped = x->n_bytes = 0;
	fe_step_raw_init(&x->raw, x->step, x->dataset);
	fe_step_raw_init(&x->old, x->step, x->dataset);
	rc = make_folders(x, err);
	if (rc == FE_OK && fe_step_raw_read(&x->old, &found, &why) == FE_ECONFLICT)
		x->old.n_objects = 0; /* what cannot be understood is done again */
	if (rc == FE_OK)
		rc = ask_and_keep(x, err);
	if (rc == FE_OK)
		rc = fe_step_raw_write(&x->raw, &manifest, err);
	if (rc == FE_OK) {
		fe_step_add_file(x->step, manifest.path, manifest.size_bytes, manifest.sha256);
		add_figures(x, &manifest);
		fe_log(FE_LOG_INFO, "data set kept", "dataset", x->dataset->name, "manifest", manifest.path, NULL);
	}
	fe_step_raw_reset(&x->raw);
	fe_step_raw_reset(&x->old);
	return rc;
}

static void
print_result(struct fe_step *s, enum fe_rc rc, struct fe_str datasets)
{
	struct fe_json j;

	fe_json_init(&j, &s->result, 0);
	fe_step_begin_result(s, &j, s->run_id, rc, s->status, NULL);
	fe_redacted_url_json(&j, "warehouse", s->plan->warehouse);
	fe_json_raw(&j, "datasets", datasets);
	fe_json_object_end(&j);
}

enum fe_rc
fe_step_extract(struct fe_step *s, const struct fe_extract_settings *set, struct fe_err *err)
{
	struct extract x = { .step = s, .set = set };
	struct fe_buf datasets;
	enum fe_rc rc = FE_OK;

	fe_buf_init(&datasets, (size_t)8 << 20);
	fe_json_init(&x.j, &datasets, 0);
	fe_json_array(&x.j, NULL);
	for (size_t i = 0; i < s->plan->n_datasets && rc == FE_OK; i++) {
		x.dataset = &s->plan->datasets[i];
		if (x.dataset->is_selected)
			rc = extract_dataset(&x, err);
	}
	fe_json_array_end(&x.j);
	if (rc == FE_OK)
		rc = fe_buf_check(&datasets, "the figures", err);
	fe_catalog_close(x.catalog);
	if (rc == FE_OK) {
		s->status = "success";
		rc = set->nothing_is_99 && x.n_new == 0 ? FE_ENOTHING : FE_OK;
		print_result(s, rc, fe_buf_str(&datasets));
	}
	fe_buf_reset(&datasets);
	return rc;
}
