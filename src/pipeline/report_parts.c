// SPDX-License-Identifier: Apache-2.0
/* pipeline/report_parts.c - see pipeline/report_parts.h */
#include "pipeline/report_parts.h"

#include <inttypes.h>
#include <stdio.h>

#define MAX_SENTENCE_BYTES ((size_t)64 * 1024)
#define MAX_VALIDATION_BYTES ((size_t)32 * 1024 * 1024)
#define MAX_PROFILE_BYTES ((size_t)8 * 1024 * 1024)

/* ---- the contract ---- */

static void
write_column_notes(struct fe_json *j, const char *key, const struct fe_column_notes *notes)
{
	if (!notes->n)
		return;
	fe_json_object(j, key);
	for (size_t i = 0; i < notes->n; i++)
		fe_json_i64(j, notes->items[i].name, (int64_t)notes->items[i].n_records);
	fe_json_object_end(j);
}

void
fe_report_contract(struct fe_json *j, const struct fe_dataset_result *d)
{
	const struct fe_plan_dataset *p = d->plan;

	if (p->source_set.contract == FE_CONTRACT_FREEZE)
		return;
	fe_json_text(j, "contract", fe_contract_name(p->source_set.contract));
	if (p->n_evolved) {
		fe_json_object(j, "added_columns");
		for (size_t i = p->schema.n_source - p->n_evolved; i < p->schema.n_source; i++)
			fe_json_text(j, p->schema.fields[i].name, p->source_set.columns[i].from);
		fe_json_object_end(j);
	}
	write_column_notes(j, "discarded_columns", &d->columns.discarded);
	if (d->columns.discarded.has_more)
		fe_json_bool(j, "discarded_more_columns", true);
	write_column_notes(j, "vanished_columns", &d->columns.vanished);
	write_column_notes(j, "changed_columns", &d->columns.retyped);
}

/* ---- expectations ---- */

/* successful / evaluated x 100 with four decimals, in integers. */
void
fe_report_quality_score(struct fe_json *j, struct fe_validation_counts c)
{
	fe_i128 scaled = (fe_i128)c.n_successful * 1000000;
	fe_json_decimal(j, "quality_score", c.n_evaluated ? scaled / (fe_i128)c.n_evaluated : 1000000, 4);
}

static void
write_failed(struct fe_json *j, const struct fe_expectations *e, size_t i)
{
	struct fe_buf sentence;

	fe_buf_init(&sentence, MAX_SENTENCE_BYTES);
	if (!fe_validation_item(e->validation, i, &sentence, NULL)) {
		fe_json_object(j, NULL);
		fe_json_str(j, "type", e->suite->items[i].type);
		fe_json_text(j, "severity", fe_severity_name(e->suite->items[i].severity));
		fe_json_text(j, "expectation", fe_buf_text(&sentence));
		fe_json_object_end(j);
	}
	fe_buf_reset(&sentence);
}

static void
write_item(struct fe_json *j, const struct fe_expectations *e, size_t i)
{
	struct fe_buf sentence, found;

	fe_buf_init(&sentence, MAX_SENTENCE_BYTES);
	fe_buf_init(&found, MAX_SENTENCE_BYTES);
	bool success = fe_validation_item(e->validation, i, &sentence, &found);
	fe_json_object(j, NULL);
	fe_json_str(j, "type", e->suite->items[i].type);
	fe_json_text(j, "severity", fe_severity_name(e->suite->items[i].severity));
	fe_json_bool(j, "success", success);
	fe_json_text(j, "expectation", fe_buf_text(&sentence));
	fe_json_text(j, "found", fe_buf_text(&found));
	fe_json_object_end(j);
	fe_buf_reset(&sentence);
	fe_buf_reset(&found);
}

void
fe_report_expectations(struct fe_json *j, const struct fe_dataset_result *d, bool all)
{
	const struct fe_expectations *e = &d->expectations;

	if (!d->was_validated)
		return;
	struct fe_validation_counts c = fe_validation_counts(e->validation);
	fe_json_object(j, "expectations");
	fe_json_str(j, "suite", e->suite->name);
	fe_json_i64(j, "evaluated", (int64_t)c.n_evaluated);
	fe_json_i64(j, "successful", (int64_t)c.n_successful);
	fe_report_quality_score(j, c);
	fe_json_array(j, "failed");
	for (size_t i = 0; i < e->suite->n_items; i++)
		write_failed(j, e, i);
	fe_json_array_end(j);
	if (all) {
		fe_json_array(j, "results");
		for (size_t i = 0; i < e->suite->n_items; i++)
			write_item(j, e, i);
		fe_json_array_end(j);
	}
	fe_json_object_end(j);
}

/* As Great Expectations writes it. */
void
fe_report_validation(struct fe_json *j, const struct fe_dataset_result *d)
{
	struct fe_buf result;

	if (!d->was_validated)
		return;
	fe_buf_init(&result, MAX_VALIDATION_BYTES);
	fe_validation_result_json(d->expectations.validation, &result);
	if (result.failed)
		j->out->failed = true;
	else
		fe_json_raw(j, "validation", fe_buf_str(&result));
	fe_buf_reset(&result);
}

/* ---- what the records were held against ---- */

void
fe_report_rules(struct fe_json *j, const struct fe_dataset_result *d)
{
	static const char *const actions[] = {
		[FE_RULE_REJECT] = "reject", [FE_RULE_WARN] = "warn", [FE_RULE_ABORT] = "abort",
	};

	fe_json_array(j, "rules");
	for (size_t i = 0; i < d->plan->n_rules; i++) {
		const struct fe_rule *rule = &d->plan->rules[i];
		fe_json_object(j, NULL);
		fe_json_text(j, "id", rule->id);
		fe_json_text(j, "check", rule->text);
		fe_json_text(j, "action", actions[rule->action]);
		fe_json_i64(j, "broken", (int64_t)d->rules_broken[i]);
		fe_json_object_end(j);
	}
	fe_json_array_end(j);
}

static bool
takes_placeholders(const struct fe_run_result *r, const struct fe_plan_dataset *d)
{
	for (size_t i = 0; i < r->n_datasets; i++)
		for (size_t k = 0; k < r->datasets[i].plan->n_references; k++) {
			const struct fe_plan_reference *from = &r->datasets[i].plan->references[k];
			if (from->makes_placeholders && from->table == d->table)
				return true;
		}
	return false;
}

void
fe_report_placeholders(struct fe_json *j, const struct fe_run_result *r, const struct fe_dataset_result *d)
{
	bool makes_some = false;
	uint64_t n = 0;

	for (size_t i = 0; i < d->plan->n_references; i++) {
		makes_some |= d->plan->references[i].makes_placeholders;
		n += d->placeholders[i];
	}
	if (makes_some)
		fe_json_i64(j, "placeholders", (int64_t)n);
	if (d->n_filled || takes_placeholders(r, d->plan))
		fe_json_i64(j, "filled", (int64_t)d->n_filled);
}

void
fe_report_references(struct fe_json *j, const struct fe_dataset_result *d)
{
	fe_json_array(j, "references");
	for (size_t i = 0; i < d->plan->n_references; i++) {
		const struct fe_plan_reference *r = &d->plan->references[i];
		fe_json_object(j, NULL);
		fe_json_text(j, "id", r->id);
		fe_json_text(j, "column", d->plan->schema.fields[r->column].name);
		fe_json_text(j, "target", r->target);
		if (r->makes_placeholders) {
			fe_json_text(j, "on_missing", "placeholder");
			fe_json_i64(j, "placeholders", (int64_t)d->placeholders[i]);
		}
		fe_json_object_end(j);
	}
	fe_json_array_end(j);
}

static void
write_fail_on(struct fe_json *j, const struct fe_dataset_result *d, enum fe_fail_on fail_on)
{
	static const char *const names[] = { "critical", "warning", "info", "never" };
	struct fe_validation_counts c = fe_validation_counts(d->expectations.validation);
	char found[FE_DECIMAL_TEXT_BYTES];
	size_t n = 0;

	for (int s = FE_SEVERITY_CRITICAL; s >= FE_SEVERITY_INFO; s--)
		if (fe_fail_on_has(fail_on, (enum fe_severity)s))
			n += c.n_failed[s];
	(void)snprintf(found, sizeof(found), "%zu", n);
	fe_json_object(j, NULL);
	fe_json_text(j, "bound", "fail_on");
	fe_json_text(j, "limit", names[fail_on]);
	fe_json_text(j, "found", found);
	fe_json_bool(j, "holds", n == 0);
	fe_json_object_end(j);
}

void
fe_report_gate(struct fe_json *j, const struct fe_dataset_result *d, enum fe_fail_on fail_on)
{
	fe_json_array(j, "gate");
	if (!d->is_replayed)
		fe_gate_json(&d->plan->gate, &d->tally, j);
	if (d->was_validated) {
		struct fe_validation_counts c = fe_validation_counts(d->expectations.validation);
		if (!d->is_replayed)
			fe_gate_quality_json(&d->plan->gate, c.n_evaluated, c.n_successful, j);
		write_fail_on(j, d, fail_on);
	}
	fe_json_array_end(j);
}

/* ---- what the columns look like ---- */

void
fe_report_pii(struct fe_json *j, const struct fe_dataset_result *d)
{
	fe_json_array(j, "pii");
	for (size_t i = 0; i < d->plan->schema.n_fields; i++)
		if (d->plan->pii[i])
			fe_json_text(j, NULL, d->plan->schema.fields[i].name);
	fe_json_array_end(j);
}

/* A run does not fail over a thousand columns of long texts: their profile is left out. */
void
fe_report_profile(struct fe_json *j, const struct fe_dataset_result *d)
{
	struct fe_buf profile;
	struct fe_json part;

	if (!d->profile)
		return;
	fe_buf_init(&profile, MAX_PROFILE_BYTES);
	fe_json_init(&part, &profile, 0);
	fe_profile_json(d->profile, &part);
	if (!profile.failed)
		fe_json_raw(j, "profile", fe_buf_str(&profile));
	fe_buf_reset(&profile);
}
