// SPDX-License-Identifier: Apache-2.0
/* pipeline/preview_parts.h - what the parts of a preview share: each fact is written down twice
 *
 * Internal to preview*.c. A fact has a key for machines and a label for people.
 */
#ifndef FE_PIPELINE_PREVIEW_PARTS_H
#define FE_PIPELINE_PREVIEW_PARTS_H

#include "base/json.h"
#include "pipeline/preview.h"

struct fe_preview_out {
	struct fe_json json;
	struct fe_buf *text;
	/* Of the data set at hand, where it reads files: those that a run would read; not known where one of them
	 * is packed or does not tell its size. */
	uint64_t read_bytes;
	bool has_read_bytes;
};

void fe_preview_fact(struct fe_preview_out *out, const char *key, const char *label, struct fe_str value);

/* preview_source.c: what is read, of set, whose window and skip_object are filled in. */
FE_MUST_USE enum fe_rc fe_preview_source(struct fe_preview_out *out, const struct fe_plan_dataset *d,
                                         const struct fe_source_settings *set, struct fe_err *err);
/* preview_sample.c: judges up to limit records; their reasons and values, those of pii masked. */
FE_MUST_USE enum fe_rc fe_preview_sample(struct fe_preview_out *out, const struct fe_plan_dataset *d,
                                         const struct fe_source_settings *set, uint64_t limit, int64_t now_us,
                                         struct fe_err *err);

/* preview_estimate.c: how many records a run would read. The first ones, as they are read: */
struct fe_preview_head {
	uint64_t n_read;
	uint32_t object;             /* the first that has any */
	uint64_t n_first, end_bytes; /* of that: records, and where the last of them ended */
	bool is_all;                 /* there are no more */
};
void fe_preview_head_add(struct fe_preview_head *h, const struct fe_batch *b);
void fe_preview_estimate_by(struct fe_preview_out *out, const struct fe_preview_head *h);
/* Reads the first ones for it, of files on this machine. */
void fe_preview_estimate(struct fe_preview_out *out, const struct fe_plan_dataset *d, const struct fe_source_settings *set);

#endif
