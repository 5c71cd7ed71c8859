// SPDX-License-Identifier: Apache-2.0
/* pipeline/generate.h - the generator's face for commands: options as people write them
 *
 * What is made, and how: extract/generate.h.
 */
#ifndef FE_PIPELINE_GENERATE_H
#define FE_PIPELINE_GENERATE_H

#include "base/buf.h"
#include "extract/generate.h"

struct fe_generate_options {
	const char *folder;
	uint64_t n_customers, n_transactions, seed;
	int64_t until_us;
	bool clean;                /* no faults but those in `faults` */
	const char *const *faults; /* "missing_amount=50": records per mille; the last word counts */
	size_t n_faults;
};

/* The defaults of everything but folder and until_us. */
void fe_generate_options_init(struct fe_generate_options *opt);

/* FE_EUSAGE names the fault or figure that is wrong and the nearest right name. */
FE_MUST_USE enum fe_rc fe_generate_run(const struct fe_generate_options *opt, struct fe_generate_result *out,
                                       struct fe_err *err);

/* One line a fault: name, default rate, what it does. For --help. */
void fe_generate_help(struct fe_buf *out);
/* What was written, for people and as one JSON object. */
void fe_generate_summary(const struct fe_generate_options *opt, const struct fe_generate_result *r,
                         struct fe_buf *out);
void fe_generate_json(const struct fe_generate_options *opt, const struct fe_generate_result *r, unsigned indent,
                      struct fe_buf *out);

#endif
