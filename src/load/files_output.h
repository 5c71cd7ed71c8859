// SPDX-License-Identifier: Apache-2.0
/* load/files_output.h - the files that a run leaves: rejects, report, and what is
 * told of each
 *
 * All are written beside their names first (io/writer.h). The report lists them with
 * size, SHA-256 and rows, and is published last: a folder whose report.json agrees
 * with its files holds one whole run.
 */
#ifndef FE_LOAD_FILES_OUTPUT_H
#define FE_LOAD_FILES_OUTPUT_H

#include "io/writer.h"
#include "load/sink.h"

/* Where files stand: a path, or "s3://bucket/prefix", and what is allowed of a network. */
struct fe_files_place { const char *folder; const struct fe_net_settings *net; };

struct fe_files_output {
	char *path, *name;        /* name: the path's last part, a view of it */
	const struct fe_net_settings *net; /* borrowed */
	struct fe_writer *writer; /* NULL: not open */
	uint64_t n_rows, size_bytes;
	char sha256[FE_SHA256_HEX_BYTES];
	bool is_finished;
};

/* folder/name + suffix. */
void fe_files_output_init(struct fe_files_output *o, const struct fe_files_place *place, const char *name,
                          const char *suffix);
void fe_files_output_reset(struct fe_files_output *o); /* undoes what was not published */
FE_MUST_USE enum fe_rc fe_files_output_finish(struct fe_files_output *o, struct fe_err *err);

/* Writes and finishes one file a data set; outputs whose path is NULL are left out,
 * with their records. */
FE_MUST_USE enum fe_rc fe_files_write_rejects(struct fe_files_output *outputs, size_t n_outputs,
                                              const struct fe_run_end *end, struct fe_err *err);
/* Writes and finishes the report, with its list of the files that are finished. */
FE_MUST_USE enum fe_rc fe_files_write_report(struct fe_files_output *report,
                                             const struct fe_files_output *const *files, size_t n_files,
                                             const struct fe_run_end *end, struct fe_err *err);

#endif
