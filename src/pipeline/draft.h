// SPDX-License-Identifier: Apache-2.0
/* pipeline/draft.h - a first pipeline file, drafted from the data it is to load
 *
 * The data is read three times, up to a limit, in memory that does not grow with it but for the
 * keys, of which so many are remembered as have room:
 *
 *   first    each cell as a text: what a column seems to be (quality/guess.h)
 *   second   by a pipeline file that says so, with the steps of a run: how many records it would
 *            reject, which columns tell records apart, and which have few values
 *   third    only where something is left to ask: keys of two or three columns, and columns whose
 *            values are all keys of another file
 *
 * What is written is read back as a pipeline file before it is handed out: it passes lint. Its gate is
 * as wide as what was read needs. What the data does not settle stands behind `# guess:`, with the reason.
 */
#ifndef FE_PIPELINE_DRAFT_H
#define FE_PIPELINE_DRAFT_H

#include "base/buf.h"
#include "base/clock.h"

struct fe_draft_settings {
	const char *const *locations; /* [n_locations] a data set each: paths, patterns, URLs */
	size_t n_locations;
	const char *format;           /* csv, json, ndjson; NULL: by the name of the file */
	const char *path;             /* that the draft will have; NULL: unnamed, in the current folder */
	const char *name;             /* of the pipeline; NULL: that of the first data set */
	uint64_t limit;               /* records to read of each */
	const struct fe_clock *clock;
};

struct fe_draft_result {
	size_t n_datasets, n_columns, n_guesses;
	uint64_t n_records; /* read */
};

/* The draft to its path. */
FE_MUST_USE enum fe_rc fe_draft_write(const char *path, const struct fe_buf *text, struct fe_err *err);
FE_MUST_USE enum fe_rc fe_draft(const struct fe_draft_settings *set, struct fe_buf *out, struct fe_draft_result *result,
                                struct fe_err *err);

#endif
