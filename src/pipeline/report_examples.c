// SPDX-License-Identifier: Apache-2.0
/* pipeline/report_examples.c - some records for each reason that a page shows
 *
 * Of the first rejects only, so that a run with millions of them has its page at once. Raw
 * text is taken where the run wrote down that no column of the data set is personal, and
 * not where it wrote nothing of the kind.
 *
 * A reject that a later run meets again stays the reject of the first one: where this run
 * has none of its own, those of the same content are looked up.
 */
#include <stdlib.h>

#include "base/text.h"
#include "format/csv.h"
#include "pipeline/report_read.h"

#define MAX_SEEN 20000                        /* rejects of a data set that are looked at */
#define MAX_REJECTS_BYTES ((size_t)4 << 20)   /* of a rejects file that are looked at */
#define MAX_RAW_BYTES ((size_t)4096)          /* enough for what is shown of it */
#define MAX_PATH_BYTES ((size_t)64 * 1024)

struct examples {
	struct fe_report_read *r;
	struct fe_report_dataset *dataset;
	struct fe_report_reason reasons[FE_REPORT_MAX_REASONS];
	size_t n_of[FE_REPORT_MAX_REASONS];
	size_t n_reasons, n_missing; /* how many are still to be found */
	struct fe_report_reject *items;
	size_t n;
	bool with_raw, of_same_content, is_done;
};

static struct fe_str
copy(struct examples *x, struct fe_str s)
{
	return s.p ? (struct fe_str){ fe_arena_copy(&x->r->arena, s.p, s.n), s.n } : s;
}

/* Whether something is to be found. */
static bool
begin(struct examples *x, struct fe_report_read *r, struct fe_report_dataset *d)
{
	const struct fe_json_value *pii = fe_json_get(d->quality, "pii");
	size_t n_all;

	*x = (struct examples){ .r = r, .dataset = d };
	if (fe_report_member_u64(d->totals, "rejected") == 0)
		return false;
	x->n_reasons = fe_report_reasons(d, x->reasons, &n_all);
	x->with_raw = fe_json_is(pii, FE_JSON_ARRAY) && pii->n_children == 0;
	for (size_t i = 0; i < x->n_reasons; i++) {
		uint64_t n = x->reasons[i].n;
		x->n_missing += n < FE_REPORT_MAX_EXAMPLES ? (size_t)n : FE_REPORT_MAX_EXAMPLES;
	}
	x->items = fe_arena_alloc_zero(&r->arena, (x->n_missing + 1) * sizeof *x->items);
	return x->n_missing > 0;
}

static void
end(struct examples *x)
{
	x->dataset->examples = x->items;
	x->dataset->n_examples = x->n;
}

/* A record with one reason of the data set's: an example of it, if more are wanted. */
static void
offer(struct examples *x, struct fe_str reason, const struct fe_report_reject *record)
{
	for (size_t i = 0; i < x->n_reasons; i++) {
		if (!fe_str_eq(x->reasons[i].text, reason) || x->n_of[i] == FE_REPORT_MAX_EXAMPLES ||
		    x->n_of[i] == x->reasons[i].n)
			continue;
		struct fe_report_reject *to = &x->items[x->n++];
		struct fe_str raw = record->raw;
		raw.n = raw.n < MAX_RAW_BYTES ? raw.n : MAX_RAW_BYTES;
		*to = *record;
		to->reason = x->reasons[i].text;
		to->object = copy(x, record->object);
		to->reasons = copy(x, record->reasons);
		to->detail = copy(x, record->detail);
		to->run_id = copy(x, record->run_id);
		to->raw = x->with_raw ? copy(x, raw) : (struct fe_str){ 0 };
		x->n_of[i]++;
		x->is_done = --x->n_missing == 0;
	}
}

/* ---- of a catalog ---- */

static bool
is_own_content(const struct examples *x, struct fe_str sha256)
{
	const struct fe_report_run *run = &x->r->run;

	for (size_t i = 0; i < run->n_objects; i++)
		if (run->objects[i].sha256.n && fe_str_eq(run->objects[i].sha256, sha256))
			return true;
	return false;
}

/* ["a","b"] as "a, b" */
static void
join(const struct fe_json_value *list, struct fe_buf *out)
{
	for (const struct fe_json_value *v = list->first; v; v = v->next) {
		if (out->n_bytes)
			fe_buf_add_text(out, ", ");
		fe_buf_add_str(out, v->text);
	}
}

/* FE_ENOTHING ends the query once all is found. */
static enum fe_rc
take(void *ctx, const struct fe_catalog_reject *reject, struct fe_err *err)
{
	struct examples *x = ctx;
	const struct fe_json_value *list;
	struct fe_arena arena = { 0 };
	struct fe_buf joined;
	enum fe_rc rc;

	if (x->of_same_content && !is_own_content(x, reject->object_sha256))
		return FE_OK;
	rc = fe_json_parse(reject->reasons, &arena, &list, err);
	fe_buf_init(&joined, SIZE_MAX / 2);
	if (rc == FE_OK) {
		join(list, &joined);
		struct fe_report_reject record = {
			.object = reject->object_path,
			.reasons = fe_buf_str(&joined),
			.detail = reject->detail,
			.raw = reject->raw.p ? reject->raw : FE_STR(""),
			.run_id = reject->run_id,
			.record = reject->record > 0 ? (uint64_t)reject->record : 0,
			.offset = reject->offset > 0 ? (uint64_t)reject->offset : 0,
		};
		for (const struct fe_json_value *v = list->first; v; v = v->next)
			offer(x, v->text, &record);
	}
	fe_buf_reset(&joined);
	fe_arena_free(&arena);
	return rc ? rc : x->is_done ? FE_ENOTHING : FE_OK;
}

static enum fe_rc
look(struct examples *x, struct fe_catalog *c, struct fe_err *err)
{
	char *dataset = fe_strndup(x->dataset->name.p, x->dataset->name.n);
	char *run_id = fe_strndup(x->r->run.run_id.p, x->r->run.run_id.n);
	struct fe_catalog_reject_query q = { .run_id = run_id, .dataset = dataset, .limit = MAX_SEEN };
	enum fe_rc rc = fe_catalog_rejects(c, &q, take, x, err);

	if (rc == FE_OK && x->n == 0 && x->r->run.n_objects) {
		x->of_same_content = true;
		q.run_id = NULL;
		rc = fe_catalog_rejects(c, &q, take, x, err);
	}
	fe_free(dataset);
	fe_free(run_id);
	return rc == FE_ENOTHING && x->is_done ? FE_OK : rc;
}

enum fe_rc
fe_report_read_examples(struct fe_report_read *r, struct fe_catalog *c, struct fe_err *err)
{
	struct examples x;

	for (size_t i = 0; i < r->run.n_datasets && i < FE_REPORT_MAX_DATASETS; i++) {
		if (!begin(&x, r, &r->datasets[i]))
			continue;
		enum fe_rc rc = look(&x, c, err);
		end(&x);
		if (rc)
			return rc;
	}
	return FE_OK;
}

/* ---- of a rejects file ---- */

enum { OBJECT, RECORD, OFFSET, VERDICT, REASONS, RAW, RAW_ENCODING, DETAIL, N_CELLS };

static void
offer_row(struct examples *x, const struct fe_str *cells)
{
	struct fe_report_reject record = {
		.object = cells[OBJECT],
		.reasons = cells[REASONS],
		.detail = cells[DETAIL],
		.record = fe_report_u64(cells[RECORD]),
		.offset = fe_report_u64(cells[OFFSET]),
		.raw = cells[RAW].p ? cells[RAW] : FE_STR(""),
	};
	for (size_t i = 0, start = 0; i <= cells[REASONS].n; i++) {
		if (i < cells[REASONS].n && cells[REASONS].p[i] != ';')
			continue;
		offer(x, (struct fe_str){ cells[REASONS].p + start, i - start }, &record);
		start = i + 1;
	}
}

static enum fe_rc
read_rows(struct examples *x, struct fe_str text, bool is_whole, struct fe_err *err)
{
	struct fe_csv_reader *csv = fe_csv_reader_new((struct fe_csv_dialect){ ',', '"' });
	struct fe_arena arena = { 0 };
	struct fe_csv_record record;
	bool more = true, is_header = true;
	enum fe_rc rc = fe_csv_feed(csv, text, 0, is_whole, &arena, err);

	while (rc == FE_OK && !x->is_done) {
		rc = fe_csv_next(csv, &record, &more, err);
		if (rc || !more)
			break;
		if (!is_header && record.n_cells == N_CELLS)
			offer_row(x, record.cells);
		is_header = false;
	}
	fe_csv_reader_free(csv);
	fe_arena_free(&arena);
	return rc;
}

enum fe_rc
fe_report_read_rejects(struct fe_report_read *r, const char *folder, struct fe_err *err)
{
	struct fe_buf path, text;
	struct examples x;
	enum fe_rc rc = FE_OK;
	bool is_whole;

	for (size_t i = 0; i < r->run.n_datasets && i < FE_REPORT_MAX_DATASETS && rc == FE_OK; i++) {
		if (!begin(&x, r, &r->datasets[i]))
			continue;
		fe_buf_init(&path, MAX_PATH_BYTES);
		fe_buf_init(&text, MAX_REJECTS_BYTES + 1);
		fe_buf_addf(&path, "%s/%.*s.rejects.csv", folder, FE_STR_ARGS(x.dataset->name));
		rc = fe_buf_check(&path, "the path of the rejects", err);
		if (rc == FE_OK)
			rc = fe_report_read_file(fe_buf_text(&path), MAX_REJECTS_BYTES, &text, &is_whole, err);
		if (rc == FE_OK)
			rc = read_rows(&x, fe_buf_str(&text), is_whole, err);
		end(&x);
		fe_buf_reset(&path);
		fe_buf_reset(&text);
	}
	return rc;
}
