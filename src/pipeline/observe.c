// SPDX-License-Identifier: Apache-2.0
/* pipeline/observe.c - see pipeline/observe.h */
#include "pipeline/observe.h"

#include "base/text16.h"

/* A key of one column comes once among the rows that are kept; but each version of a row
 * that is replaced later in the run has been judged, too. */
static enum fe_rc
open_expectations(const struct fe_run_context *run, size_t index, uint64_t max_bytes, struct fe_dataset_result *out,
                  struct fe_err *err)
{
	const struct fe_plan_dataset *p = out->plan;
	const struct fe_table *table = &run->set->plan->tables[index];
	struct fe_expectations_settings set = {
		.path = p->suite_path,
		.suite = p->suite,
		.params = run->set->plan->suite_params,
		.n_params = run->set->plan->n_suite_params,
		.schema = &p->schema,
		.pii = p->pii,
		.format = FE_RESULT_SUMMARY,
		.max_bytes = max_bytes,
		.spill_folder = run->folder,
		.run_id = run->result->run_id,
		.run_time_us = run->run_time_us,
	};

	if (!p->suite_path)
		return FE_OK;
	out->known_unique = fe_new_array(p->schema.n_fields + 1, bool);
	if (table->n_key == 1)
		out->known_unique[table->key[0]] = true;
	set.known_unique = out->known_unique;
	return fe_expectations_open(&out->expectations, &set, err);
}

enum fe_rc
fe_observe_begin(const struct fe_run_context *run, size_t index, uint64_t max_bytes, struct fe_dataset_result *out,
                 struct fe_err *err)
{
	out->profile = fe_profile_new(&out->plan->schema, out->plan->pii);
	return open_expectations(run, index, max_bytes, out, err);
}

/* Superseded records are among them wherever they stand, so that the outcome does not
 * depend on whether the one that replaces them is of the same batch. */
static void
find_rows(uint64_t *rows, const struct fe_batch *b)
{
	const fe_text16 kept = fe_text16_all(FE_KEPT), unchanged = fe_text16_all(FE_UNCHANGED);
	const fe_text16 superseded = fe_text16_all(FE_SUPERSEDED);

	for (size_t w = 0; w < FE_BITMAP_WORDS(b->n_rows); w++) {
		size_t left = b->n_rows - w * 64;
		fe_text16 takes_part[4];
		for (size_t k = 0; k < 4; k++) { /* the verdicts of a batch are a multiple of 64 */
			fe_text16 v = fe_text16_at(b->verdict + w * 64 + k * FE_TEXT16_BYTES);
			takes_part[k] = (fe_text16)((v == kept) | (v == unchanged) | (v == superseded));
		}
		rows[w] = fe_text16_bits_64(takes_part) & (left < 64 ? (UINT64_C(1) << left) - 1 : UINT64_MAX);
	}
}

enum fe_rc
fe_observe_batch(struct fe_dataset_result *out, const struct fe_batch *b, struct fe_err *err)
{
	uint64_t rows[FE_BITMAP_WORDS(FE_BATCH_ROWS)];

	find_rows(rows, b);
	fe_profile_feed(out->profile, b, rows);
	if (!out->expectations.validation)
		return FE_OK;
	return fe_validation_feed(out->expectations.validation, b, rows, err);
}

/* Where all files were left out, being known, there is nothing to judge: a suite that
 * wants rows had them in the run that read them. */
static bool
is_all_skipped(const struct fe_source *source)
{
	for (size_t i = 0; i < source->n_objects; i++)
		if (!source->objects[i].skipped)
			return false;
	return source->n_objects > 0;
}

enum fe_rc
fe_observe_end(struct fe_dataset_result *out, const struct fe_source *source, struct fe_err *err)
{
	if (!out->expectations.validation || is_all_skipped(source))
		return FE_OK;
	FE_TRY(fe_validation_end(out->expectations.validation, err));
	out->was_validated = true;
	return FE_OK;
}
