// SPDX-License-Identifier: Apache-2.0
/* load/files.c - the sink files:DIR, a folder (or prefix of S3) that holds one whole run
 *
 *   <table>.csv            the rows, source columns then derived ones
 *   <data set>.rejects.csv what was not loaded, and why
 *   report.json            the run's result, and the size, SHA-256 and rows of each
 *                          file: published last, so it is the mark of a whole run
 *   held/                  rejects and report of a run that was held or failed; the
 *                          files above stay those of the run before
 *
 * A run replaces the files of the tables that it loads, and no other. Nothing is
 * stored between runs that a run would ask for: each sees an empty target. Files are
 * written beside their names and renamed by commit; as renames of several files are
 * not one step, the old report goes first and the new one comes last.
 *
 * Only what a run wrote is replaced: a folder without the lock file of an earlier run may
 * not hold a file of a name that this one writes, and an output is never the file that
 * was read.
 */
#include "base/failpoint.h"
#include "base/mem.h"
#include "io/folder.h"
#include "io/s3_url.h"
#include "io/session.h"
#include "load/files_table.h"

#define REPORT "report.json"
#define LOCK ".finetl.lock"

struct files_sink {
	struct fe_sink base;
	char *folder, *held;
	struct fe_net_settings net;      /* of a folder of S3 */
	struct fe_lock *lock;
	bool is_new;                     /* the folder: no run was in it before */
	struct fe_files_table *tables;   /* [set.n_tables] */
	struct fe_files_output *rejects; /* [set.n_tables]; path NULL: none */
	struct fe_files_output report;
};

static void files_close(struct fe_sink *sink);

static char *
join(const char *folder, const char *name)
{
	struct fe_buf b;
	fe_buf_init(&b, SIZE_MAX / 2);
	fe_buf_addf(&b, "%s/%s", folder, name);
	return fe_buf_take(&b);
}

/* Names become names of files, so they may hold no way out of the folder; and a table
 * 'a.rejects' would be taken for the rejects of a data set 'a'. */
static enum fe_rc
check_names(const struct fe_sink_settings *set, struct fe_err *err)
{
	for (size_t i = 0; i < set->n_tables; i++) {
		const char *names[] = { set->tables[i].name, set->tables[i].dataset };
		for (size_t n = 0; n < 2; n++)
			if (names[n][0] == '\0' || names[n][0] == '.' || strchr(names[n], '/'))
				return fe_fail(err, FE_EUSAGE, "'%s' cannot be the name of a file", names[n]);
		for (size_t k = 0; k < set->n_tables; k++) {
			size_t n = strlen(set->tables[k].dataset);
			if (strncmp(names[0], set->tables[k].dataset, n) == 0 && strcmp(names[0] + n, ".rejects") == 0)
				return fe_fail(err, FE_EUSAGE,
					       "the table '%s' would be written to the file of the rejects of '%s'",
					       names[0], set->tables[k].dataset);
		}
	}
	return FE_OK;
}

static enum fe_rc
files_open(struct fe_sink **out, const struct fe_sink_settings *set, struct fe_err *err)
{
	const char *folder = strchr(set->url, ':');
	struct files_sink *s;
	enum fe_rc rc;

	*out = NULL;
	if (!folder || folder[1] == '\0')
		return fe_fail(err, FE_EUSAGE, "'%s' names no folder; write files:DIR", set->url);
	FE_TRY(check_names(set, err));
	s = fe_new(struct files_sink);
	s->base = (struct fe_sink){ .ops = &fe_sink_files, .set = *set };
	s->folder = fe_strdup(folder + 1);
	for (size_t n = strlen(s->folder); fe_s3_is_url(s->folder) && s->folder[n - 1] == '/'; n--)
		s->folder[n - 1] = '\0'; /* a key "a//b" is another than "a/b" */
	s->net.session = fe_session_new();
	s->net.max_object_bytes = set->max_object_bytes;
	s->held = join(s->folder, "held");
	s->tables = fe_new_array(set->n_tables + 1, struct fe_files_table);
	s->rejects = fe_new_array(set->n_tables + 1, struct fe_files_output);
	for (size_t i = 0; i < set->n_tables; i++) {
		fe_files_table_init(&s->tables[i], &set->tables[i], &(struct fe_files_place){ s->folder, &s->net });
		s->tables[i].stamp = set->stamp;
		s->tables[i].hashes_behind = set->hashes_behind;
		s->tables[i].hashes = set->hashes;
		s->tables[i].stays_open = set->tables[i].takes_placeholders;
	}
	rc = fe_folder_make(s->folder, err);
	if (rc)
		goto fail;
	*out = &s->base;
	return FE_OK;
fail:
	files_close(&s->base);
	return rc;
}

static void
reset_outputs(struct files_sink *s)
{
	for (size_t i = 0; i < s->base.set.n_tables; i++)
		fe_files_output_reset(&s->rejects[i]);
	fe_files_output_reset(&s->report);
}

static void
files_close(struct fe_sink *sink)
{
	struct files_sink *s = (struct files_sink *)sink;
	if (!s)
		return;
	for (size_t i = 0; i < s->base.set.n_tables; i++)
		fe_files_table_reset(&s->tables[i]);
	reset_outputs(s);
	fe_free(s->tables);
	fe_free(s->rejects);
	fe_free(s->folder);
	fe_free(s->held);
	fe_lock_release(s->lock);
	fe_session_free(s->net.session);
	fe_free(s);
}

static enum fe_rc
check_absent(const struct files_sink *s, const char *path, struct fe_err *err)
{
	bool exists;
	FE_TRY(fe_file_exists(path, &s->net, &exists, err));
	if (!exists)
		return FE_OK;
	(void)fe_fail(err, FE_ECONFLICT,
		      "this file would be replaced, but the folder holds no earlier run of finetl; "
		      "move the file, or name another folder");
	fe_err_at(err, path, 0, NULL);
	return FE_ECONFLICT;
}

/* The first run in a folder finds no file of its names there, unless it is someone's. */
static enum fe_rc
check_foreign(struct files_sink *s, struct fe_err *err)
{
	const struct fe_files_place place = { s->folder, &s->net };
	struct fe_files_output o;
	bool was_ours;
	enum fe_rc rc;

	fe_files_output_init(&o, &place, LOCK, "");
	rc = fe_file_exists(o.path, &s->net, &was_ours, err);
	fe_files_output_reset(&o);
	if (rc || was_ours)
		return rc;
	s->is_new = true;
	for (size_t i = 0; i < s->base.set.n_tables && rc == FE_OK; i++) {
		rc = check_absent(s, s->tables[i].out.path, err);
		fe_files_output_init(&o, &place, s->base.set.tables[i].dataset, ".rejects.csv");
		if (rc == FE_OK)
			rc = check_absent(s, o.path, err);
		fe_files_output_reset(&o);
	}
	fe_files_output_init(&o, &place, REPORT, "");
	if (rc == FE_OK)
		rc = check_absent(s, o.path, err);
	fe_files_output_reset(&o);
	return rc;
}

static enum fe_rc
files_begin(struct fe_sink *sink, const struct fe_run_info *run, int64_t *first_object_id, struct fe_err *err)
{
	struct files_sink *s = (struct files_sink *)sink;
	(void)run; /* what is known of it comes with its end */
	*first_object_id = 1;
	FE_TRY(check_foreign(s, err));
	return fe_folder_lock(&s->lock, s->folder, LOCK, s->base.set.wait_ms, s->base.set.clock, &s->net, err);
}

static enum fe_rc
files_table_begin(struct fe_sink *sink, size_t table, bool *is_empty, struct fe_err *err)
{
	*is_empty = true;
	return fe_files_table_begin(&((struct files_sink *)sink)->tables[table], err);
}

static enum fe_rc
files_lookup(struct fe_sink *sink, size_t table, const struct fe_batch *b, const uint32_t *rows, size_t n,
             struct fe_batch *met, int64_t *stored, struct fe_str *origin, struct fe_err *err)
{
	(void)sink, (void)table, (void)b, (void)rows, (void)met, (void)origin, (void)err;
	for (size_t i = 0; i < n; i++)
		stored[i] = -1;
	return FE_OK;
}

static enum fe_rc
files_fetch(struct fe_sink *sink, size_t table, enum fe_place place, int64_t number, struct fe_batch *met,
            size_t met_row, struct fe_err *err)
{
	if (place != FE_PLACE_INSERTED)
		return fe_fail(err, FE_EBUG, "files hold no row of an earlier run");
	return fe_files_table_fetch(&((struct files_sink *)sink)->tables[table], number, met, met_row, err);
}

static enum fe_rc
files_has(struct fe_sink *sink, size_t table, const struct fe_column *column, const uint64_t *asked,
          size_t n_rows, uint64_t *known, uint64_t *made, struct fe_err *err)
{
	(void)sink, (void)table, (void)column, (void)asked, (void)n_rows, (void)known, (void)made, (void)err;
	return FE_OK; /* what this run holds, dedupe knows */
}

/* A file is replaced as a whole: one that is not read in this run would lose its rows. */
static enum fe_rc
files_placeholders(struct fe_sink *sink, size_t table, const struct fe_batch *keys, int64_t object_id, struct fe_err *err)
{
	struct fe_files_table *t = &((struct files_sink *)sink)->tables[table];
	(void)object_id;
	if (!t->has_ended)
		return fe_fail(err, FE_EUSAGE,
			       "records refer to keys that '%s' lacks, and files take placeholders only of a table that the same "
			       "run writes; select the data set '%s', too", t->table->name, t->table->dataset);
	return fe_files_table_placeholders(t, keys, err);
}

static enum fe_rc
files_write(struct fe_sink *sink, size_t table, const struct fe_batch *b, const struct fe_load_plan *plan,
            int64_t object_id, struct fe_err *err)
{
	(void)object_id;
	return fe_files_table_write(&((struct files_sink *)sink)->tables[table], b, plan, err);
}

static enum fe_rc
files_table_end(struct fe_sink *sink, size_t table, struct fe_table_result *out, struct fe_err *err)
{
	return fe_files_table_end(&((struct files_sink *)sink)->tables[table], out, err);
}

static enum fe_rc
files_object_known(struct fe_sink *sink, const char *dataset, const struct fe_object_id *id, bool *known,
                   struct fe_err *err)
{
	(void)sink, (void)dataset, (void)id, (void)err;
	*known = false;
	return FE_OK;
}

/* ---- the two ends of a run ---- */

/* Rejects of the data sets that were read, and the report, written beside their names
 * in a folder. list: the report's list of files, which the caller has begun. */
static enum fe_rc
write_outputs(struct files_sink *s, const char *folder, const struct fe_files_output **list, size_t n_list,
              const struct fe_run_end *end, struct fe_err *err)
{
	const struct fe_files_place place = { folder, &s->net };
	size_t n = s->base.set.n_tables;

	reset_outputs(s);
	for (size_t i = 0; i < n; i++) {
		if (!s->tables[i].has_begun)
			continue;
		fe_files_output_init(&s->rejects[i], &place, s->base.set.tables[i].dataset, ".rejects.csv");
		list[n_list++] = &s->rejects[i];
	}
	fe_files_output_init(&s->report, &place, REPORT, "");
	FE_TRY(fe_files_write_rejects(s->rejects, n, end, err));
	return fe_files_write_report(&s->report, list, n_list, end, err);
}

/* Removes a file of a folder, if it is there; durable by the publish that follows. */
static enum fe_rc
remove_file(const struct files_sink *s, const char *folder, const char *name, const char *suffix, struct fe_err *err)
{
	struct fe_files_output o;
	fe_files_output_init(&o, &(struct fe_files_place){ folder, &s->net }, name, suffix);
	enum fe_rc rc = fe_file_remove(o.path, &s->net, err);
	if (rc)
		fe_err_context(err, "a file of an earlier run");
	fe_files_output_reset(&o);
	return rc;
}

/* Of the data sets of this pipeline; the folder goes with its last file. */
static enum fe_rc
remove_held(const struct files_sink *s, struct fe_err *err)
{
	for (size_t i = 0; i < s->base.set.n_tables; i++)
		if (s->tables[i].has_begun)
			FE_TRY(remove_file(s, s->held, s->base.set.tables[i].dataset, ".rejects.csv", err));
	FE_TRY(remove_file(s, s->held, REPORT, "", err));
	fe_folder_remove(s->held);
	return FE_OK;
}

/* Tables and rejects, those that were written. */
static enum fe_rc
publish_outputs(const struct files_sink *s, struct fe_err *err)
{
	const size_t n = s->base.set.n_tables;
	struct fe_writer **writers = fe_new_array(2 * n + 1, struct fe_writer *);
	enum fe_rc rc = FE_OK;

	for (size_t i = 0; i < n; i++) {
		writers[i] = s->tables[i].out.writer;
		writers[n + i] = s->rejects[i].writer;
	}
	for (size_t i = 0; i < 2 * n && rc == FE_OK; i++)
		if (writers[i])
			rc = fe_failpoint("files.publish", err);
	if (rc == FE_OK)
		rc = fe_writer_publish_all(writers, 2 * n, err);
	fe_free(writers);
	return rc;
}

/* A folder of earlier runs may be the one of the input, too. */
static enum fe_rc
check_input(const struct fe_files_output *o, const struct fe_run_end *end, struct fe_err *err)
{
	if (!o->writer)
		return FE_OK;
	for (size_t i = 0; i < end->n_objects; i++) {
		const struct fe_object_id *id = end->objects[i].id;
		if (!id || !id->path || !fe_file_is_same(id->path, o->path))
			continue;
		(void)fe_fail(err, FE_ECONFLICT,
			      "this file was read, and would be replaced; name another folder");
		fe_err_at(err, o->path, 0, NULL);
		return FE_ECONFLICT;
	}
	return FE_OK;
}

static enum fe_rc
check_inputs(const struct files_sink *s, const struct fe_run_end *end, struct fe_err *err)
{
	for (size_t i = 0; i < s->base.set.n_tables; i++) {
		FE_TRY(check_input(&s->tables[i].out, end, err));
		FE_TRY(check_input(&s->rejects[i], end, err));
	}
	return check_input(&s->report, end, err);
}

static enum fe_rc
publish_all(struct files_sink *s, struct fe_err *err)
{
	FE_TRY(remove_file(s, s->folder, REPORT, "", err));
	if (!s->is_new) /* else there was none */
		FE_TRY(fe_folder_sync(s->folder, err));
	FE_TRY(remove_held(s, err));
	FE_TRY(publish_outputs(s, err));
	FE_TRY(fe_failpoint("files.report", err));
	return fe_writer_publish(s->report.writer, err);
}

static enum fe_rc
files_commit(struct fe_sink *sink, const struct fe_run_end *end, struct fe_err *err)
{
	struct files_sink *s = (struct files_sink *)sink;
	size_t n_list = 0, most = 2 * s->base.set.n_tables + 1;
	const struct fe_files_output **list = fe_new_array(most, const struct fe_files_output *);
	enum fe_rc rc = FE_OK;

	for (size_t i = 0; i < s->base.set.n_tables && rc == FE_OK; i++) {
		if (s->tables[i].has_begun && !s->tables[i].has_ended)
			rc = fe_fail(err, FE_EBUG, "the table '%s' was not ended", s->base.set.tables[i].name);
		else if (s->tables[i].has_begun)
			list[n_list++] = &s->tables[i].out;
		if (rc == FE_OK && s->tables[i].has_begun && s->tables[i].stays_open)
			rc = fe_files_table_close(&s->tables[i], err);
	}
	if (rc == FE_OK)
		rc = write_outputs(s, s->folder, list, n_list, end, err);
	if (rc == FE_OK)
		rc = check_inputs(s, end, err);
	if (rc == FE_OK)
		rc = publish_all(s, err);
	fe_free(list);
	return rc;
}

static enum fe_rc
hold(struct files_sink *s, const struct fe_files_output **list, const struct fe_run_end *end, struct fe_err *err)
{
	FE_TRY(fe_folder_make(s->held, err));
	FE_TRY(write_outputs(s, s->held, list, 0, end, err));
	FE_TRY(remove_file(s, s->held, REPORT, "", err));
	FE_TRY(publish_outputs(s, err)); /* of rejects: those of tables are closed */
	FE_TRY(fe_failpoint("files.report", err));
	return fe_writer_publish(s->report.writer, err);
}

static enum fe_rc
files_undo(struct fe_sink *sink, const struct fe_run_end *end, struct fe_err *err)
{
	struct files_sink *s = (struct files_sink *)sink;
	const struct fe_files_output **list;
	enum fe_rc rc;

	if (!s->lock)
		return FE_OK; /* another run's folder */
	fe_session_farewell(s->net.session);
	for (size_t i = 0; i < s->base.set.n_tables; i++) {
		fe_writer_close(s->tables[i].out.writer);
		s->tables[i].out.writer = NULL;
	}
	list = fe_new_array(s->base.set.n_tables + 1, const struct fe_files_output *);
	rc = hold(s, list, end, err);
	fe_free(list);
	return rc;
}

const struct fe_sink_ops fe_sink_files = {
	.scheme = "files",
	.summary = "a folder of CSV files with rejects and a report, replaced as a whole",
	.open = files_open,
	.begin = files_begin,
	.table_begin = files_table_begin,
	.lookup = files_lookup,
	.fetch = files_fetch,
	.has = files_has,
	.placeholders = files_placeholders,
	.write = files_write,
	.table_end = files_table_end,
	.object_known = files_object_known,
	.commit = files_commit,
	.undo = files_undo,
	.close = files_close,
};
