// SPDX-License-Identifier: Apache-2.0
/* pipeline/report_all.c - the page of all runs, see pipeline/report_run.h */
#include <unistd.h>

#include "pipeline/connectors.h"
#include "pipeline/report_folder.h"
#include "pipeline/report_run.h"

#define WAIT_MS 5000
#define MAX_PATH_BYTES ((size_t)64 * 1024)
#define MAX_INDEX_RUNS 500

struct index {
	struct fe_arena arena;
	const char *folder;
	struct fe_report_index_run *runs;
	size_t n_runs, cap_runs;
	bool has_more;
};

static struct fe_str
copy(struct index *x, struct fe_str s)
{
	return s.p ? (struct fe_str){ fe_arena_copy(&x->arena, s.p, s.n), s.n } : s;
}

/* By either of the names that finetl gives a page. */
static struct fe_str
link_of(struct index *x, struct fe_str run_id)
{
	static const char *const prefixes[] = { "", "finetl-report-" };
	struct fe_str link = { 0 };
	struct fe_buf path;

	for (size_t i = 0; i < 2 && !link.p; i++) {
		fe_buf_init(&path, MAX_PATH_BYTES);
		fe_buf_addf(&path, "%s/%s%.*s.html", x->folder, prefixes[i], FE_STR_ARGS(run_id));
		if (!path.failed && access(fe_buf_text(&path), F_OK) == 0) {
			size_t n_folder = strlen(x->folder) + 1;
			link = copy(x, (struct fe_str){ path.p + n_folder, path.n_bytes - n_folder });
		}
		fe_buf_reset(&path);
	}
	return link;
}

static struct fe_report_index_run *
add_run(struct index *x)
{
	x->runs = fe_grow(x->runs, &x->cap_runs, x->n_runs + 1, sizeof *x->runs);
	x->runs[x->n_runs] = (struct fe_report_index_run){ 0 };
	return &x->runs[x->n_runs++];
}

static uint64_t
count_of(int64_t n)
{
	return n > 0 ? (uint64_t)n : 0;
}

/* The score stands at the begin of what may be a large text; only it is wanted. */
static struct fe_str
score_of(struct index *x, struct fe_str quality_report)
{
	const struct fe_json_value *v;
	struct fe_arena arena = { 0 };
	struct fe_err err = FE_ERR_INIT;
	struct fe_str score = { 0 };

	if (quality_report.n && fe_json_parse(quality_report, &arena, &v, &err) == FE_OK)
		score = copy(x, fe_report_member(v, "quality_score"));
	fe_arena_free(&arena);
	return score;
}

static enum fe_rc
take_run(void *ctx, const struct fe_catalog_run *row, struct fe_err *err)
{
	struct index *x = ctx;
	struct fe_report_index_run *run;

	(void)err;
	x->has_more = x->n_runs == MAX_INDEX_RUNS;
	if (x->has_more)
		return FE_OK;
	run = add_run(x);
	*run = (struct fe_report_index_run){
		.run_id = copy(x, row->run_id),
		.pipeline = copy(x, row->pipeline),
		.status = copy(x, row->status),
		.start_time = copy(x, row->start_time),
		.end_time = copy(x, row->end_time),
		.quality_score = score_of(x, row->quality_report),
		.read = count_of(row->extracted),
		.loaded = count_of(row->loaded),
		.rejected = count_of(row->rejected),
		.duplicate = count_of(row->duplicate),
		.link = link_of(x, row->run_id),
	};
	return FE_OK;
}

static enum fe_rc
index_database(struct index *x, const char *url, struct fe_err *err)
{
	const struct fe_catalog_run_query q = { .limit = MAX_INDEX_RUNS + 1 };
	struct fe_catalog *c;
	enum fe_rc rc;

	FE_TRY(fe_catalog_open(&c, url, WAIT_MS, err));
	rc = fe_catalog_runs(c, &q, take_run, x, err);
	fe_catalog_close(c);
	return rc;
}

static uint64_t
sum_of(const struct fe_report_run *run, const char *term)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < run->n_datasets; i++)
		sum += fe_report_member_u64(run->datasets[i].totals, term);
	return sum;
}

static void
add_result(struct index *x, const struct fe_report_run *run)
{
	*add_run(x) = (struct fe_report_index_run){
		.run_id = copy(x, run->run_id),
		.pipeline = copy(x, run->pipeline),
		.status = copy(x, run->status),
		.start_time = copy(x, run->start_time),
		.end_time = copy(x, run->end_time),
		.quality_score = copy(x, run->quality_score),
		.read = sum_of(run, "read"),
		.loaded = run->published && run->published->is_true ? sum_of(run, "inserted") + sum_of(run, "updated") : 0,
		.rejected = sum_of(run, "rejected"),
		.duplicate = sum_of(run, "duplicate"),
		.link = link_of(x, run->run_id),
	};
}

static enum fe_rc
index_folder(struct index *x, const char *url, struct fe_err *err)
{
	struct fe_report_folder f;
	enum fe_rc rc = fe_report_folder_open(&f, url, err);

	for (size_t i = 0; rc == FE_OK && i < 2; i++) {
		size_t which = i == 0 ? f.newest : 1 - f.newest;
		if (f.are_there[which])
			add_result(x, &f.reads[which].run);
	}
	fe_report_folder_close(&f);
	return rc;
}

enum fe_rc
fe_report_of_all(const char *url, const char *folder, struct fe_buf *page, struct fe_err *err)
{
	struct index x = { .folder = folder };
	struct fe_report_read names;
	enum fe_rc rc;

	fe_report_read_init(&names, url);
	rc = fe_warehouse_is_database(url) ? index_database(&x, url, err) : index_folder(&x, url, err);
	if (rc == FE_OK) {
		const struct fe_report_index index = {
			.warehouse = names.run.warehouse, .runs = x.runs, .n_runs = x.n_runs, .has_more = x.has_more,
		};
		rc = fe_report_index_page(&index, page, err);
	}
	fe_report_read_reset(&names);
	fe_free(x.runs);
	fe_arena_free(&x.arena);
	return rc;
}
