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
};

void fe_preview_fact(struct fe_preview_out *out, const char *key, const char *label, struct fe_str value);

/* preview_source.c: what is read, of set, whose window and skip_object are filled in. */
FE_MUST_USE enum fe_rc fe_preview_source(struct fe_preview_out *out, const struct fe_plan_dataset *d,
                                         const struct fe_source_settings *set, struct fe_err *err);
/* preview_sample.c: judges up to limit records; their reasons and values, those of pii masked. */
FE_MUST_USE enum fe_rc fe_preview_sample(struct fe_preview_out *out, const struct fe_plan_dataset *d,
                                         const struct fe_source_settings *set, uint64_t limit, int64_t now_us,
                                         struct fe_err *err);

#endif
