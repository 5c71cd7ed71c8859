// SPDX-License-Identifier: Apache-2.0
/* pipeline/report_parts.h - members of a data set's object in reports; docs/report-json.md describes them
 *
 * Internal to report.c. Each leaves its key out where it does not apply.
 */
#ifndef FE_PIPELINE_REPORT_PARTS_H
#define FE_PIPELINE_REPORT_PARTS_H

#include "base/json.h"
#include "pipeline/run.h"

/* contract, added_columns, and where there are some discarded_, vanished_ and changed_columns */
void fe_report_contract(struct fe_json *j, const struct fe_dataset_result *d);
/* Beside the terms: placeholders (made for its records), filled (of its table, by its records) */
void fe_report_placeholders(struct fe_json *j, const struct fe_run_result *r, const struct fe_dataset_result *d);
void fe_report_quality_score(struct fe_json *j, struct fe_validation_counts c);
/* all: of those that passed, too, their sentence and what was found. */
void fe_report_expectations(struct fe_json *j, const struct fe_dataset_result *d, bool all);
void fe_report_rules(struct fe_json *j, const struct fe_dataset_result *d);
void fe_report_references(struct fe_json *j, const struct fe_dataset_result *d);
void fe_report_gate(struct fe_json *j, const struct fe_dataset_result *d, enum fe_fail_on fail_on);
void fe_report_pii(struct fe_json *j, const struct fe_dataset_result *d);
void fe_report_validation(struct fe_json *j, const struct fe_dataset_result *d);
void fe_report_profile(struct fe_json *j, const struct fe_dataset_result *d);

#endif
