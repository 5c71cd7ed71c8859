// SPDX-License-Identifier: Apache-2.0
/* pipeline/report_run.c - see pipeline/report_run.h */
#include "pipeline/report_run.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/log.h"
#include "io/writer.h"
#include "pipeline/connectors.h"
#include "pipeline/report_folder.h"

#define WAIT_MS 5000
#define MAX_RESULT_BYTES ((size_t)256 * 1024 * 1024)
#define MAX_PATH_BYTES ((size_t)64 * 1024)

/* ---- one run ---- */

/* A role that may not read the raw text of rejects still gets the page. */
static enum fe_rc
read_examples(struct fe_report_read *r, struct fe_catalog *c, struct fe_err *err)
{
	enum fe_rc rc = fe_report_read_examples(r, c, err);

	if (rc != FE_EDENIED)
		return rc;
	*err = (struct fe_err)FE_ERR_INIT;
	return FE_OK;
}

static enum fe_rc
read_from_database(struct fe_report_read *r, const char *url, const char *run_id, struct fe_err *err)
{
	struct fe_catalog *c;
	enum fe_rc rc;

	FE_TRY(fe_catalog_open(&c, url, WAIT_MS, err));
	rc = fe_report_read_run(r, c, run_id, err);
	if (rc == FE_OK)
		rc = read_examples(r, c, err);
	fe_catalog_close(c);
	return rc;
}

/* Tells the page of the rejects' files: linked where they are in its folder, or below it. */
static void
link_rejects(struct fe_report_read *r, const char *rejects, const char *folder)
{
	char of_rejects[PATH_MAX], of_page[PATH_MAX];
	size_t n;

	r->run.rejects_folder = (struct fe_str){ fe_arena_copy(&r->arena, rejects, strlen(rejects)), strlen(rejects) };
	if (!folder || !realpath(rejects, of_rejects) || !realpath(folder, of_page))
		return;
	n = strcmp(of_page, "/") == 0 ? 0 : strlen(of_page);
	if (strncmp(of_rejects, of_page, n) != 0 || (of_rejects[n] && of_rejects[n] != '/'))
		return;
	if (!of_rejects[n]) {
		r->run.rejects_link = FE_STR("");
		return;
	}
	n = strlen(of_rejects + n + 1) + 1;
	char *link = fe_arena_copy(&r->arena, of_rejects + strlen(of_rejects) - n + 1, n - 1);
	link[n - 1] = '/'; /* in place of the end */
	r->run.rejects_link = (struct fe_str){ link, n };
}

/* The index of the run that is asked for; 2: there is none. */
static size_t
find_in_folder(const struct fe_report_folder *f, const char *run_id)
{
	if (!run_id)
		return f->newest;
	for (size_t i = 0; i < 2; i++)
		if (f->are_there[i] && fe_str_is(f->reads[i].run.run_id, run_id))
			return i;
	return 2;
}

static enum fe_rc
page_of_folder(const char *url, const char *run_id, const char *folder, struct fe_buf *page, struct fe_buf *shown_id,
	       struct fe_err *err)
{
	struct fe_report_folder f;
	enum fe_rc rc = fe_report_folder_open(&f, url, err);
	size_t i = rc ? 2 : find_in_folder(&f, run_id);

	if (rc == FE_OK && i == 2)
		rc = fe_fail(err, FE_EUSAGE, "there is no run '%s' in this folder; it tells of the last run that was "
			     "published, and of the last one that was not", run_id);
	if (rc == FE_OK)
		rc = fe_report_read_rejects(&f.reads[i], f.folders[i], err);
	if (rc == FE_OK)
		link_rejects(&f.reads[i], f.folders[i], folder);
	if (rc == FE_OK)
		rc = fe_report_page(&f.reads[i].run, page, err);
	if (rc == FE_OK)
		fe_buf_add_str(shown_id, f.reads[i].run.run_id);
	fe_report_folder_close(&f);
	return rc;
}

static enum fe_rc
page_of_database(const char *url, const char *run_id, struct fe_buf *page, struct fe_buf *shown_id, struct fe_err *err)
{
	struct fe_report_read r;
	enum fe_rc rc;

	fe_report_read_init(&r, url);
	rc = read_from_database(&r, url, run_id, err);
	if (rc == FE_OK)
		rc = fe_report_page(&r.run, page, err);
	if (rc == FE_OK)
		fe_buf_add_str(shown_id, r.run.run_id);
	fe_report_read_reset(&r);
	return rc;
}

enum fe_rc
fe_report_of_warehouse(const char *url, const char *run, const char *folder, struct fe_buf *page, struct fe_buf *run_id,
		       struct fe_err *err)
{
	const char *wanted = strcmp(run, FE_REPORT_LATEST) == 0 ? NULL : run;

	return fe_warehouse_is_database(url) ? page_of_database(url, wanted, page, run_id, err)
					     : page_of_folder(url, wanted, folder, page, run_id, err);
}

/* ---- right after a run ---- */

/* What the warehouse has on record of the run, so that the page is the one that it would
 * give later; false where it has nothing, or is away. */
static bool
is_on_record(struct fe_report_read *r, const struct fe_run_result *res)
{
	struct fe_err aside = FE_ERR_INIT;

	return fe_warehouse_is_database(res->warehouse) && !res->is_unknown &&
	       read_from_database(r, res->warehouse, res->run_id, &aside) == FE_OK && r->run.end_time.n;
}

/* All that the result tells by itself, and rejects where there are files of them. */
static enum fe_rc
read_result(struct fe_report_read *r, const struct fe_run_result *res, const char *page_folder, struct fe_err *err)
{
	struct fe_err aside = FE_ERR_INIT;
	struct fe_buf json;
	enum fe_rc rc;

	fe_buf_init(&json, MAX_RESULT_BYTES);
	fe_run_report_json(res, &json);
	rc = fe_buf_check(&json, "the result of the run", err);
	if (rc == FE_OK)
		rc = fe_report_read_result(r, fe_buf_str(&json), err);
	fe_buf_reset(&json);
	if (rc == FE_OK && res->warehouse && !fe_warehouse_is_database(res->warehouse)) {
		char *folder = fe_report_folder_path(res->warehouse, !res->is_published);
		if (fe_report_read_rejects(r, folder, &aside))
			fe_log(FE_LOG_DEBUG, "the report is without examples of rejects", NULL);
		link_rejects(r, folder, page_folder);
		fe_free(folder);
	}
	return rc;
}

enum fe_rc
fe_report_of_result(const struct fe_run_result *res, const char *folder, struct fe_buf *page, struct fe_err *err)
{
	struct fe_report_read r;
	enum fe_rc rc = FE_OK;

	fe_report_read_init(&r, res->warehouse);
	if (!is_on_record(&r, res)) {
		fe_report_read_reset(&r);
		fe_report_read_init(&r, res->warehouse);
		rc = read_result(&r, res, folder, err);
	}
	if (rc == FE_OK)
		rc = fe_report_page(&r.run, page, err);
	fe_report_read_reset(&r);
	return rc;
}

/* ---- writing ---- */

bool
fe_report_is_folder(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* A page replaces what has its name: a file, but not a device as /dev/null. */
static enum fe_rc
check_target(const char *path, struct fe_err *err)
{
	struct stat st;

	if (stat(path, &st) < 0 || S_ISREG(st.st_mode))
		return FE_OK;
	return fe_fail(err, FE_EUSAGE, "'%s' is there and is not a file; name a file, a folder, or - for standard output", path);
}

enum fe_rc
fe_report_write(const char *path, const char *name, const struct fe_buf *page, struct fe_buf *written, struct fe_err *err)
{
	char sha256[FE_SHA256_HEX_BYTES];
	struct fe_writer *w;
	enum fe_rc rc;

	fe_buf_add_text(written, path);
	if (fe_report_is_folder(path))
		fe_buf_addf(written, "%s%s", written->p[written->n_bytes - 1] == '/' ? "" : "/", name);
	FE_TRY(fe_buf_check(written, "the path of the page", err));
	FE_TRY(check_target(fe_buf_text(written), err));
	FE_TRY(fe_writer_open(&w, fe_buf_text(written), NULL, err));
	rc = fe_writer_write(w, page->p, page->n_bytes, err);
	if (rc == FE_OK)
		rc = fe_writer_finish(w, sha256, err);
	if (rc == FE_OK)
		rc = fe_writer_publish(w, err);
	fe_writer_close(w);
	return rc;
}

enum fe_rc
fe_report_after_run(const struct fe_run_result *res, const char *folder, struct fe_err *err)
{
	struct fe_buf page, name, written;
	enum fe_rc rc;

	if (!res->run_id[0])
		return FE_OK; /* it did not come to a run */
	if (mkdir(folder, 0750) < 0 && errno != EEXIST)
		return fe_fail_errno(err, errno, "cannot make the folder of reports", folder);
	if (!fe_report_is_folder(folder))
		return fe_fail(err, FE_EUSAGE, "'%s' is there and is not a folder", folder);
	fe_buf_init(&page, FE_REPORT_MAX_BYTES);
	fe_buf_init(&name, FE_RUN_ID_BYTES + 8);
	fe_buf_init(&written, MAX_PATH_BYTES);
	fe_buf_addf(&name, "%s.html", res->run_id);
	rc = fe_report_of_result(res, folder, &page, err);
	if (rc == FE_OK)
		rc = fe_report_write(folder, fe_buf_text(&name), &page, &written, err);
	fe_buf_reset(&page);
	fe_buf_reset(&name);
	fe_buf_reset(&written);
	return rc;
}
