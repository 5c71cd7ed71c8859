// SPDX-License-Identifier: Apache-2.0
/* pipeline/expectations.h - a suite of expectations where records pass
 *
 * What a run and the command validate share: the suite read with its parameters, its
 * validation opened on a schema and fed batch by batch, and the outcome told.
 *
 * `run_time` is a parameter that every suite has: when the data is judged, as
 * 2026-01-31T02:00:00+00:00. A value given for that name wins.
 */
#ifndef FE_PIPELINE_EXPECTATIONS_H
#define FE_PIPELINE_EXPECTATIONS_H

#include "quality/validation.h"

#define FE_SUITE_MAX_BYTES ((size_t)16 << 20)

/* Which failed expectations fail the whole: those of this severity or a worse one. */
enum fe_fail_on { FE_FAIL_ON_CRITICAL, FE_FAIL_ON_WARNING, FE_FAIL_ON_INFO, FE_FAIL_ON_NEVER };
#define FE_FAIL_ON_CHOICES "critical warning info never"
enum fe_fail_on fe_fail_on_of(const char *name); /* one of the choices */
bool fe_fail_on_has(enum fe_fail_on fail_on, enum fe_severity severity);

struct fe_expectations_settings {
	const char *path;                  /* of the suite, for messages */
	struct fe_str suite;               /* its text; read here */
	const struct fe_suite_param *params; size_t n_params;
	bool is_strict;
	const struct fe_schema *schema;    /* borrowed until close */
	const bool *pii, *known_unique;    /* [n_fields] or NULL; borrowed */
	enum fe_result_format format;
	uint64_t max_bytes;                /* for keys; 0: none */
	const char *spill_folder;          /* borrowed; where keys go past it, NULL: nowhere */
	const char *run_id;                /* borrowed */
	int64_t run_time_us;
};

struct fe_expectations {
	struct fe_suite *suite;
	struct fe_validation *validation;
};

/* A suite with all its parameters. FE_EUSAGE where the text is none, JSON or not. */
FE_MUST_USE enum fe_rc fe_expectations_read(struct fe_suite **out, const struct fe_expectations_settings *set,
                                            struct fe_err *err);
FE_MUST_USE enum fe_rc fe_expectations_open(struct fe_expectations *out, const struct fe_expectations_settings *set,
                                            struct fe_err *err);
void fe_expectations_close(struct fe_expectations *e); /* also of one that was never opened */

/* FE_ECHECK naming what fails by this. */
FE_MUST_USE enum fe_rc fe_expectations_check(const struct fe_expectations *e, enum fe_fail_on fail_on,
                                             const char *dataset, struct fe_err *err);
/* For people: a line for each expectation, or for each that failed. */
void fe_expectations_table(const struct fe_expectations *e, bool only_failed, struct fe_buf *out);

#endif
