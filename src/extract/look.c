// SPDX-License-Identifier: Apache-2.0
/* extract/look.c - see extract/look.h */
#include "extract/look.h"

enum fe_rc
fe_look_at_files(struct fe_source_look *out, const struct fe_source_settings *set, fe_look_file_fn each, struct fe_err *err)
{
	struct fe_paths paths;
	enum fe_rc rc = FE_OK;

	if (strcmp(set->location, "-") == 0)
		return fe_fail(err, FE_EUSAGE, "standard input cannot be read twice, to look at its columns and for its records; "
			       "give a file");
	FE_TRY(fe_paths_expand(set->location, &set->net, &paths, err));
	size_t first = paths.n_paths > FE_LOOK_MAX_FILES ? paths.n_paths - FE_LOOK_MAX_FILES : 0;
	for (size_t i = first; i < paths.n_paths && rc == FE_OK; i++)
		rc = each(out, set, paths.paths[i], err);
	fe_paths_free(&paths);
	return rc;
}

static enum fe_rc
read_some(struct fe_source *source, struct fe_batch *batch, struct fe_err *err)
{
	do
		FE_TRY(fe_source_next(source, batch, err));
	while (batch->n_rows > 0);
	return FE_OK;
}

static void
add_columns(struct fe_source_look *out, const struct fe_source *source, const struct fe_source_settings *set)
{
	const struct fe_contract_notes *notes = &source->notes;

	for (size_t i = 0; source->n_rows > 0 && i < set->schema->n_source; i++) {
		const struct fe_str from = fe_str_of(set->columns[i].from);
		if (!set->columns[i].is_computed && !fe_column_notes_find(&notes->vanished, from))
			fe_source_look_add(out, from, "", true);
	}
	for (size_t i = 0; i < notes->discarded.n; i++)
		fe_source_look_add(out, fe_str_of(notes->discarded.items[i].name), "", notes->discarded.items[i].is_value);
	out->has_more |= notes->discarded.has_more;
}

enum fe_rc
fe_look_at_records(struct fe_source_look *out, const struct fe_source_ops *ops, const struct fe_source_settings *set,
                   struct fe_err *err)
{
	struct fe_source_settings own = *set;
	struct fe_reason_table reasons = { 0 };
	struct fe_source *source = NULL;
	struct fe_batch batch;
	enum fe_rc rc;

	own.contract = FE_CONTRACT_DISCARD;
	own.is_look = true;
	own.allow_empty = true;
	own.limit_rows = FE_LOOK_MAX_RECORDS;
	own.reasons = &reasons;
	fe_batch_init(&batch, set->schema);
	rc = fe_source_open(&source, ops, &own, err);
	if (rc == FE_OK)
		rc = read_some(source, &batch, err);
	if (rc == FE_OK)
		add_columns(out, source, set);
	fe_source_close(source);
	fe_batch_reset(&batch);
	fe_reason_table_reset(&reasons);
	return rc;
}
