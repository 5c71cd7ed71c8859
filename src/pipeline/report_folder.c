// SPDX-License-Identifier: Apache-2.0
/* pipeline/report_folder.c - see pipeline/report_folder.h */
#include "pipeline/report_folder.h"

#include <unistd.h>

#define MAX_RESULT_BYTES ((size_t)256 * 1024 * 1024)
#define MAX_PATH_BYTES ((size_t)64 * 1024)

char *
fe_report_folder_path(const char *url, bool of_held)
{
	const char *colon = strchr(url, ':');
	struct fe_buf path;

	fe_buf_init(&path, MAX_PATH_BYTES);
	fe_buf_addf(&path, "%s%s", colon ? colon + 1 : url, of_held ? "/held" : "");
	return fe_buf_take(&path);
}

/* The result that stands in the folder, if one does. */
static enum fe_rc
read_report_file(struct fe_report_read *r, const char *folder, bool *is_there, struct fe_err *err)
{
	struct fe_buf path, text;
	enum fe_rc rc;
	bool is_whole;

	fe_buf_init(&path, MAX_PATH_BYTES);
	fe_buf_init(&text, MAX_RESULT_BYTES + 1);
	fe_buf_addf(&path, "%s/report.json", folder);
	rc = fe_buf_check(&path, "the path of the report", err);
	*is_there = rc == FE_OK && access(fe_buf_text(&path), F_OK) == 0;
	if (*is_there)
		rc = fe_report_read_file(fe_buf_text(&path), MAX_RESULT_BYTES, &text, &is_whole, err);
	if (rc == FE_OK && *is_there) {
		rc = fe_report_read_result(r, fe_buf_str(&text), err);
		if (rc)
			fe_err_at(err, fe_buf_text(&path), 0, NULL);
	}
	fe_buf_reset(&path);
	fe_buf_reset(&text);
	return rc;
}

static bool
is_later(struct fe_str a, struct fe_str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n ? memcmp(a.p, b.p, n) : 0;
	return c ? c > 0 : a.n > b.n;
}

enum fe_rc
fe_report_folder_open(struct fe_report_folder *f, const char *url, struct fe_err *err)
{
	*f = (struct fe_report_folder){ 0 };
	for (int i = 0; i < 2; i++) {
		f->folders[i] = fe_report_folder_path(url, i == 1);
		fe_report_read_init(&f->reads[i], url);
	}
	for (int i = 0; i < 2; i++)
		FE_TRY(read_report_file(&f->reads[i], f->folders[i], &f->are_there[i], err));
	if (!f->are_there[0] && !f->are_there[1])
		return fe_fail(err, FE_EUSAGE, "no run has written to this folder; run a pipeline into it first");
	f->newest = f->are_there[1] && (!f->are_there[0] || is_later(f->reads[1].run.end_time, f->reads[0].run.end_time));
	return FE_OK;
}

void
fe_report_folder_close(struct fe_report_folder *f)
{
	for (int i = 0; i < 2; i++) {
		fe_report_read_reset(&f->reads[i]);
		fe_free(f->folders[i]);
	}
}
