// SPDX-License-Identifier: Apache-2.0
/* pipeline/draft.c - the order of the readings; and the draft, held to what a pipeline file must be */
#include "pipeline/draft.h"

#include <stdio.h>

#include "io/writer.h"
#include "pipeline/draft_private.h"

#define MAX_DATASETS 64

/* ---- what is given ---- */

static bool
ends_with(struct fe_str s, const char *end)
{
	const size_t n = strlen(end);
	return s.n >= n && memcmp(s.p + s.n - n, end, n) == 0;
}

static const struct fe_source_ops *
source_of(const char *location, const char *format)
{
	struct fe_str name = { location, strcspn(location, "?#") };

	if (format)
		return strcmp(format, "json") == 0 ? &fe_source_json : strcmp(format, "ndjson") == 0 ? &fe_source_ndjson : &fe_source_csv;
	if (ends_with(name, ".gz"))
		name.n -= 3;
	else if (ends_with(name, ".zst"))
		name.n -= 4;
	if (ends_with(name, ".json"))
		return &fe_source_json;
	return ends_with(name, ".ndjson") || ends_with(name, ".jsonl") ? &fe_source_ndjson : &fe_source_csv;
}

static enum fe_rc
take_locations(struct fe_draft_work *w, struct fe_err *err)
{
	const struct fe_draft_settings *set = w->set;

	if (set->n_locations > MAX_DATASETS)
		return fe_fail(err, FE_ELIMIT, "more than %d files; quote a pattern to make one data set of several", MAX_DATASETS);
	w->datasets = fe_new_array(set->n_locations, struct fe_draft_dataset);
	for (; w->n_datasets < set->n_locations; w->n_datasets++) {
		struct fe_draft_dataset *d = &w->datasets[w->n_datasets];
		if (strcmp(set->locations[w->n_datasets], "-") == 0)
			return fe_fail(err, FE_EUSAGE, "standard input cannot be read twice; give a file");
		d->location = set->locations[w->n_datasets];
		d->source = source_of(d->location, set->format);
		fe_draft_dataset_names(w, w->n_datasets);
	}
	return FE_OK;
}

/* ---- drafts ---- */

static enum fe_rc
load(struct fe_draft_work *w, bool is_trial, struct fe_buf *text, struct fe_plan **plan, struct fe_err *err)
{
	const struct fe_plan_settings set = { .path = fe_draft_place(w) };
	struct fe_mistakes mistakes = { 0 };

	fe_buf_clear(text);
	fe_draft_print(w, is_trial, text);
	enum fe_rc rc = fe_buf_check(text, "the draft", err);
	if (rc == FE_OK)
		rc = fe_plan_load_text(plan, &set, fe_buf_str(text), &mistakes, err);
	if (rc == FE_EUSAGE && mistakes.n_items)
		rc = fe_fail(err, FE_EUSAGE, "these columns need a file of your own hand; of a draft line %u would be wrong: %s",
			     (unsigned)mistakes.items[0].line, mistakes.items[0].text);
	fe_mistakes_reset(&mistakes);
	return rc;
}

/* dim_ what others refer to, fact_ what refers to others or has amounts. */
static void
name_targets(struct fe_draft_work *w)
{
	char name[80];

	for (size_t i = 0; i < w->n_datasets; i++) {
		struct fe_draft_dataset *d = &w->datasets[i];
		bool is_fact = false;
		for (size_t k = 0; k < d->n_columns; k++)
			is_fact |= d->columns[k].parent != FE_DRAFT_NONE || d->columns[k].is.type.kind == FE_DECIMAL;
		if (!d->is_parent && !is_fact)
			continue;
		(void)snprintf(name, sizeof name, "%s_%s", d->is_parent ? "dim" : "fact", d->name);
		d->target = fe_arena_copy(&w->arena, name, strlen(name));
	}
}

static enum fe_rc
read_three_times(struct fe_draft_work *w, struct fe_buf *text, struct fe_err *err)
{
	struct fe_plan *plan = NULL;
	size_t n_columns = 0;

	for (size_t i = 0; i < w->n_datasets; i++) {
		FE_TRY(fe_draft_look(w, &w->datasets[i], err));
		n_columns += w->datasets[i].n_columns;
	}
	w->set_bytes = FE_DRAFT_MAX_KEY_BYTES / (n_columns ? n_columns : 1);
	enum fe_rc rc = load(w, true, text, &plan, err);
	if (rc == FE_OK)
		rc = fe_draft_values(w, plan, err);
	if (rc == FE_OK)
		rc = fe_draft_keys(w, plan, err);
	if (rc == FE_OK)
		rc = fe_draft_parents(w, plan, err);
	fe_plan_free(plan);
	return rc;
}

static void
reset_work(struct fe_draft_work *w)
{
	for (size_t i = 0; i < w->n_datasets; i++) {
		struct fe_draft_dataset *d = &w->datasets[i];
		for (size_t k = 0; k < d->n_columns; k++) {
			if (d->columns[k].seen)
				fe_keyset_reset(d->columns[k].seen);
			fe_free(d->columns[k].seen);
		}
		fe_csv_sniff_reset(&d->sniff);
		fe_free(d->columns);
	}
	fe_free(w->datasets);
	fe_arena_free(&w->arena);
}

enum fe_rc
fe_draft(const struct fe_draft_settings *set, struct fe_buf *out, struct fe_draft_result *result, struct fe_err *err)
{
	struct fe_draft_work w = { .set = set };
	struct fe_plan *plan = NULL;

	*result = (struct fe_draft_result){ 0 };
	enum fe_rc rc = take_locations(&w, err);
	if (rc == FE_OK)
		rc = read_three_times(&w, out, err);
	if (rc == FE_OK) {
		name_targets(&w);
		rc = load(&w, false, out, &plan, err);
	}
	fe_plan_free(plan);
	result->n_datasets = w.n_datasets;
	result->n_guesses = w.n_guesses;
	for (size_t i = 0; i < w.n_datasets; i++) {
		result->n_columns += w.datasets[i].n_columns;
		result->n_records += w.datasets[i].n_records;
	}
	reset_work(&w);
	return rc;
}

enum fe_rc
fe_draft_write(const char *path, const struct fe_buf *text, struct fe_err *err)
{
	char sha256[FE_SHA256_HEX_BYTES];
	struct fe_writer *w;

	FE_TRY(fe_writer_open(&w, path, NULL, err));
	enum fe_rc rc = fe_writer_write(w, text->p, text->n_bytes, err);
	if (rc == FE_OK)
		rc = fe_writer_finish(w, sha256, err);
	if (rc == FE_OK)
		rc = fe_writer_publish(w, err);
	fe_writer_close(w);
	return rc;
}
