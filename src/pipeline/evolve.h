// SPDX-License-Identifier: Apache-2.0
/* pipeline/evolve.h - plans for sources that may have more columns than were declared
 *
 * A plan is immutable, and a run reads what its plan says. So under `contract: evolve` the sources
 * are looked at first (fe_source_look), and the plan is built once more with what was found and not
 * declared, as if it were: { name: amount_gross, from: "Amount, gross", type: text, pii: true }.
 *
 *   Names      small letters, digits and _ stay, others become _; two columns that would have one
 *              name, or the name of another column of the data set, are not added
 *   Kinds      objects and arrays in JSON, and bytes in a database, are not added
 *   Failure    where a source cannot be looked at, the plan is as declared; what is wrong is told by
 *              the run, which reads it again. What was not added is discarded then, and counted.
 */
#ifndef FE_PIPELINE_EVOLVE_H
#define FE_PIPELINE_EVOLVE_H

#include "base/clock.h"
#include "pipeline/plan.h"

struct fe_evolve_settings {
	const struct fe_clock *clock;
	int64_t run_time_us;
	const char *from, *until; /* of data sets with a cursor: what is asked for, else what is new */
};

/* As fe_plan_load; only selected data sets are looked at. */
FE_MUST_USE enum fe_rc fe_plan_load_evolved(struct fe_plan **out, const struct fe_plan_settings *set,
                                            const struct fe_evolve_settings *evolve, struct fe_mistakes *mistakes,
                                            struct fe_err *err);

/* "Amount, gross" as "amount_gross", into out[64]. False: nothing is left of it. */
bool fe_evolve_name(struct fe_str from, char *out);

/* What a data set's source is asked for, of what the warehouse has kept (pipeline/watermark.h); *w is to be
 * freed once *window has been used. Nothing is written. */
struct fe_watermark;
FE_MUST_USE enum fe_rc fe_evolve_window(const struct fe_plan *plan, const struct fe_plan_dataset *d,
                                        const struct fe_evolve_settings *set, struct fe_watermark **w,
                                        struct fe_source_window *window, struct fe_err *err);

#endif
