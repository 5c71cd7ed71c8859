// SPDX-License-Identifier: Apache-2.0
/* pipeline/step_raw.h - what was kept of a data set's source: raw/<data set>/manifest.ndjson
 *
 * The first line tells what the source was asked for, and each one behind it of an object:
 *
 *   {"dataset": "orders", "source": "csv", "since": null, "until": null}
 *   {"stored": "00001-orders.csv", "aside": null, "size": 4711, "sha256": "...",
 *    "path": "/data/orders.csv", "mtime_us": 1790000000000000, "version": null}
 *
 * "stored" is null of one that the warehouse knows already and that was not read. Bytes are kept as
 * they came, so size and SHA-256 are those of the original. While extract is at work it writes the
 * manifest anew from time to time: one that was killed finds what is whole by it.
 */
#ifndef FE_PIPELINE_STEP_RAW_H
#define FE_PIPELINE_STEP_RAW_H

#include "extract/kept.h"
#include "pipeline/step.h"

struct fe_step_raw {
	struct fe_step *step;
	const struct fe_plan_dataset *dataset;
	const char *since, *until;      /* in the arena, as are all texts; NULL: not asked for */
	struct fe_kept_object *objects; /* stored and aside are whole locations */
	struct fe_step_file *asides;    /* [n_objects] size and SHA-256 of what stands aside */
	size_t n_objects, cap_objects, cap_asides;
	struct fe_arena arena;
};

void fe_step_raw_init(struct fe_step_raw *raw, struct fe_step *step, const struct fe_plan_dataset *d);
void fe_step_raw_reset(struct fe_step_raw *raw);
/* "raw/orders/00001-x", in the arena. */
const char *fe_step_raw_name(struct fe_step_raw *raw, size_t number, struct fe_str name);
/* Takes over a copy of o, whose locations are names of the above; aside: of what stands aside, or NULL. */
void fe_step_raw_add(struct fe_step_raw *raw, const struct fe_kept_object *o, const struct fe_step_file *aside);
/* file is what was written. */
FE_MUST_USE enum fe_rc fe_step_raw_write(struct fe_step_raw *raw, struct fe_step_file *file, struct fe_err *err);
/* *found false: there is none. FE_ECONFLICT: it is not one. */
FE_MUST_USE enum fe_rc fe_step_raw_read(struct fe_step_raw *raw, bool *found, struct fe_err *err);
/* All that is stored is what the manifest says. */
FE_MUST_USE enum fe_rc fe_step_raw_check(struct fe_step_raw *raw, struct fe_err *err);

#endif
