// SPDX-License-Identifier: Apache-2.0
/* pipeline/report.c - the result of a run, as JSON
 *
 * One writer of each part, used by all that show it: the line on stdout, the audit
 * row, report.json. Decimals are strings. Nothing here holds a value of a record, but for
 * what a validation shows of unexpected ones (columns of `pii` are masked).
 */
#include "pipeline/run.h"

#include "base/json.h"
#include "base/mem.h"
#include "pipeline/redact.h"
#include "pipeline/replay.h"
#include "pipeline/report_parts.h"

#define N_KINDS_MOST 128

static unsigned
scale_of(const struct fe_tally *t, size_t decimal)
{
	return t->schema->fields[t->decimals[decimal]].type.scale;
}

static const char *
decimal_name(const struct fe_tally *t, size_t decimal)
{
	return t->schema->fields[t->decimals[decimal]].name;
}

/* One record alone may make a sum: those of personal columns are in the audit row, beside
 * the table that has them, and are told nowhere else. */
static void
write_sums(struct fe_json *j, const struct fe_dataset_result *d, bool with_pii)
{
	const struct fe_tally *t = &d->tally;

	fe_json_object(j, "sums");
	for (size_t i = 0; i < t->n_decimals; i++) {
		if (d->plan->pii[t->decimals[i]] && !with_pii)
			continue;
		fe_json_object(j, decimal_name(t, i));
		for (int term = 0; term < FE_N_TERMS; term++)
			fe_json_decimal(j, fe_term_name((enum fe_term)term), t->terms[term].sums[i],
					scale_of(t, i));
		fe_json_i64(j, "no_value", (int64_t)t->no_value[i]);
		fe_json_object_end(j);
	}
	fe_json_object_end(j);
}

static void
write_control(struct fe_json *j, const struct fe_dataset_result *d)
{
	if (d->was_controlled && fe_control_n_items(d->control))
		fe_control_json(d->control, "control", j);
}

static void
write_group(struct fe_json *j, const struct fe_dataset_result *d, size_t group)
{
	const struct fe_tally *t = &d->tally;
	const fe_i128 *figures = fe_groups_figures(t->groups, group);
	struct fe_str values[FE_GROUPS_MAX_COLUMNS];

	fe_groups_values(t->groups, group, values);
	fe_json_object(j, NULL);
	fe_json_array(j, "values");
	for (size_t i = 0; i < t->groups->n_columns; i++) {
		if (values[i].p)
			fe_json_str(j, NULL, values[i]);
		else
			fe_json_null(j, NULL);
	}
	fe_json_array_end(j);
	for (int term = 0; term < FE_N_TERMS; term++)
		fe_json_i64(j, fe_term_name((enum fe_term)term), (int64_t)figures[fe_tally_figure_n(t, (enum fe_term)term)]);
	fe_json_object(j, "sums");
	for (size_t i = 0; i < t->n_decimals; i++) {
		if (d->plan->pii[t->decimals[i]])
			continue;
		fe_json_object(j, decimal_name(t, i));
		for (int term = 0; term < FE_N_TERMS; term++)
			fe_json_decimal(j, fe_term_name((enum fe_term)term), figures[fe_tally_figure_sum(t, (enum fe_term)term, i)], scale_of(t, i));
		fe_json_object_end(j);
	}
	fe_json_object_end(j);
	fe_json_object_end(j);
}

/* Terms and sums once more, for each group. */
static void
write_groups(struct fe_json *j, const struct fe_dataset_result *d)
{
	const struct fe_groups *groups = d->tally.groups;

	if (!groups)
		return;
	size_t *order = fe_groups_sorted(groups);
	fe_json_object(j, "sum_by");
	fe_json_array(j, "columns");
	for (size_t i = 0; i < groups->n_columns; i++)
		fe_json_text(j, NULL, d->plan->schema.fields[groups->columns[i]].name);
	fe_json_array_end(j);
	fe_json_array(j, "groups");
	for (size_t i = 0; i < groups->n_items; i++)
		write_group(j, d, order[i]);
	fe_json_array_end(j);
	fe_json_object_end(j);
	fe_free(order);
}

static void
write_terms(struct fe_json *j, const struct fe_run_result *r, const struct fe_dataset_result *d)
{
	for (int term = 0; term < FE_N_TERMS; term++)
		fe_json_i64(j, fe_term_name((enum fe_term)term), (int64_t)d->tally.terms[term].n);
	fe_report_placeholders(j, r, d);
}

static void
write_reasons(struct fe_json *j, const struct fe_dataset_result *d)
{
	fe_json_object(j, "reasons");
	for (size_t i = 0; i < d->tally.n_reason_counts; i++)
		if (d->tally.reason_counts[i])
			fe_json_i64(j, fe_reason_text(&d->reasons, (uint32_t)i),
				    (int64_t)d->tally.reason_counts[i]);
	fe_json_object_end(j);
}

static bool
only_warns(const struct fe_dataset_result *d, size_t item, enum fe_fail_on fail_on)
{
	return !fe_fail_on_has(fail_on, d->expectations.suite->items[item].severity) &&
	       !fe_validation_item(d->expectations.validation, item, NULL, NULL);
}

/* Of a type that is not known: how many, told with the first of them; 0: it is not the first. */
static size_t
count_unknown(const struct fe_dataset_result *d, size_t item, enum fe_fail_on fail_on)
{
	const struct fe_suite_item *items = d->expectations.suite->items;
	size_t n = 0;

	for (size_t i = 0; i < d->expectations.suite->n_items; i++) {
		if (items[i].kind || !fe_str_eq(items[i].type, items[item].type) || !only_warns(d, i, fail_on))
			continue;
		if (i < item)
			return 0;
		n++;
	}
	return n;
}

static void
write_unknown(struct fe_json *j, struct fe_str type, size_t n)
{
	char *name = fe_strndup(type.p, type.n);

	fe_json_i64(j, name, (int64_t)n);
	fe_free(name);
}

/* Those that only warn, counted by type. */
static void
write_failed_expectations(struct fe_json *j, const struct fe_dataset_result *d, enum fe_fail_on fail_on)
{
	size_t n_types[N_KINDS_MOST] = { 0 };
	const struct fe_expectation_kind *kind;

	for (size_t i = 0; i < d->expectations.suite->n_items; i++) {
		const struct fe_suite_item *item = &d->expectations.suite->items[i];
		size_t n = only_warns(d, i, fail_on);
		for (size_t k = 0; k < N_KINDS_MOST && (kind = fe_expectation_kind_at(k)) != NULL; k++)
			n_types[k] += kind == item->kind ? n : 0;
		if (n && !item->kind && (n = count_unknown(d, i, fail_on)) > 0)
			write_unknown(j, item->type, n);
	}
	for (size_t k = 0; k < N_KINDS_MOST && (kind = fe_expectation_kind_at(k)) != NULL; k++)
		if (n_types[k])
			fe_json_i64(j, kind->type, (int64_t)n_types[k]);
}

static void
write_warnings(struct fe_json *j, const struct fe_dataset_result *d, enum fe_fail_on fail_on)
{
	fe_json_object(j, "warnings");
	for (size_t i = 0; i < d->plan->n_rules; i++)
		if (d->plan->rules[i].action == FE_RULE_WARN && d->rules_broken[i])
			fe_json_i64(j, d->plan->rules[i].id, (int64_t)d->rules_broken[i]);
	if (d->was_validated)
		write_failed_expectations(j, d, fail_on);
	fe_json_object_end(j);
}

/* Counts of source columns, those that are not 0. */
static void
write_columns(struct fe_json *j, const char *key, const struct fe_dataset_result *d, const uint64_t *counts)
{
	fe_json_object(j, key);
	for (size_t i = 0; i < d->plan->schema.n_source; i++)
		if (counts[i])
			fe_json_i64(j, d->plan->schema.fields[i].name, (int64_t)counts[i]);
	fe_json_object_end(j);
}

static void
write_notes(struct fe_json *j, const struct fe_dataset_result *d)
{
	fe_json_object(j, "notes");
	for (int n = 0; n < FE_N_OBJECT_NOTES; n++)
		if (d->notes[n])
			fe_json_i64(j, fe_object_note_name((enum fe_object_note)n), (int64_t)d->notes[n]);
	fe_json_object_end(j);
}

/* What came of the records, but for the totals. */
static void
write_outcome(struct fe_json *j, const struct fe_run_result *r, const struct fe_dataset_result *d, bool is_report)
{
	write_reasons(j, d);
	write_warnings(j, d, r->fail_on);
	fe_report_expectations(j, d, is_report);
	write_columns(j, "defaults_filled", d, d->defaults_filled);
	write_columns(j, "negative_zeros", d, d->negative_zeros);
	write_notes(j, d);
	fe_report_contract(j, d);
	fe_json_i64(j, "objects", (int64_t)d->n_objects);
	fe_json_i64(j, "objects_skipped", (int64_t)d->n_skipped_objects);
	fe_json_i64(j, "bytes", (int64_t)d->n_bytes);
	fe_json_text(j, "strategy", d->strategy);
	fe_json_i64(j, "elapsed_ms", d->elapsed_us / 1000);
}

/* (read - rejected) / read x 100 with four decimals, in integers. */
static void
write_success_percent(struct fe_json *j, uint64_t read, uint64_t rejected)
{
	fe_i128 scaled = (fe_i128)(read - rejected) * 1000000;
	fe_json_decimal(j, "success_percent", read ? scaled / (fe_i128)read : 1000000, 4);
}

/* What a report shows beside the counters. */
static void
write_parts(struct fe_json *j, const struct fe_run_result *r, const struct fe_dataset_result *d)
{
	write_success_percent(j, d->tally.terms[FE_TERM_READ].n, d->tally.terms[FE_TERM_REJECTED].n);
	fe_report_rules(j, d);
	fe_report_references(j, d);
	fe_report_gate(j, d, r->fail_on);
	fe_report_pii(j, d);
	fe_report_validation(j, d);
	fe_report_profile(j, d);
}

static void
write_dataset(struct fe_json *j, const struct fe_run_result *r, const struct fe_dataset_result *d, bool is_report)
{
	fe_json_object(j, NULL);
	fe_json_text(j, "name", d->plan->name);
	write_terms(j, r, d);
	write_sums(j, d, false);
	write_groups(j, d);
	write_control(j, d);
	write_outcome(j, r, d, is_report);
	if (is_report)
		write_parts(j, r, d);
	fe_json_object_end(j);
}

static void
write_release(struct fe_json *j, const struct fe_run_result *r)
{
	if (!r->release)
		return;
	fe_json_object(j, "release");
	fe_json_text(j, "run_id", r->release->run_id);
	fe_json_text(j, "by", r->release->by);
	fe_json_text(j, "reason", r->release->reason);
	fe_json_text(j, "waived", r->waived);
	fe_json_object_end(j);
}

/* Of a backfill. */
static void
write_window(struct fe_json *j, const struct fe_run_result *r)
{
	if (!r->from && !r->until)
		return;
	fe_json_object(j, "window");
	fe_json_text(j, "from", r->from);
	fe_json_text(j, "to", r->until);
	fe_json_object_end(j);
}

static void
write_replay(struct fe_json *j, const struct fe_run_result *r)
{
	if (r->replay)
		fe_replay_json(r->replay, r, j);
}

static void
write_result(const struct fe_run_result *r, bool is_report, struct fe_buf *out)
{
	struct fe_json j;
	fe_json_init(&j, out, is_report ? 2 : 0);
	fe_json_object(&j, NULL);
	fe_json_text(&j, "run_id", r->run_id);
	fe_json_text(&j, "pipeline", r->pipeline);
	fe_json_text(&j, "status", fe_run_status_name(r->status));
	fe_json_i64(&j, "exit_code", fe_rc_exit_status(r->rc));
	fe_json_bool(&j, "retry_helps", fe_rc_retry_helps(r->rc));
	fe_json_time(&j, "run_time", r->run_time_us);
	fe_json_time(&j, "start_time", r->start_us);
	fe_json_time(&j, "end_time", r->end_us);
	fe_json_text(&j, "error", r->error[0] ? r->error : NULL);
	fe_redacted_url_json(&j, "warehouse", r->warehouse);
	if (r->is_unknown)
		fe_json_null(&j, "published");
	else
		fe_json_bool(&j, "published", r->is_published);
	write_window(&j, r);
	write_release(&j, r);
	write_replay(&j, r);
	fe_json_text(&j, "config_sha256", r->config_sha256);
	fe_json_text(&j, "finetl_version", FE_VERSION);
	fe_json_array(&j, "datasets");
	for (size_t i = 0; i < r->n_datasets; i++)
		if (r->datasets[i].plan->is_selected)
			write_dataset(&j, r, &r->datasets[i], is_report);
	fe_json_array_end(&j);
	if (!is_report && r->told.n_items)
		fe_told_json(&r->told, &j);
	fe_json_object_end(&j);
}

void
fe_run_result_json(const struct fe_run_result *r, struct fe_buf *out)
{
	write_result(r, false, out);
}

void
fe_run_report_json(const struct fe_run_result *r, struct fe_buf *out)
{
	write_result(r, true, out);
}

void
fe_run_reconciliation_json(const struct fe_run_result *r, struct fe_buf *out)
{
	struct fe_json j;
	fe_json_init(&j, out, 0);
	fe_json_object(&j, NULL);
	fe_json_bool(&j, "published", r->is_published);
	write_window(&j, r);
	write_release(&j, r);
	write_replay(&j, r);
	fe_json_object(&j, "datasets");
	for (size_t i = 0; i < r->n_datasets; i++) {
		const struct fe_dataset_result *d = &r->datasets[i];
		if (!d->plan->is_selected)
			continue;
		fe_json_object(&j, d->plan->name);
		write_terms(&j, r, d);
		write_sums(&j, d, true);
		write_groups(&j, d);
		write_control(&j, d);
		fe_json_object_end(&j);
	}
	fe_json_object_end(&j);
	fe_json_object_end(&j);
}

/* Of all data sets. */
static struct fe_validation_counts
all_counts(const struct fe_run_result *r)
{
	struct fe_validation_counts all = { 0 };

	for (size_t i = 0; i < r->n_datasets; i++) {
		if (!r->datasets[i].was_validated)
			continue;
		struct fe_validation_counts c = fe_validation_counts(r->datasets[i].expectations.validation);
		all.n_evaluated += c.n_evaluated;
		all.n_successful += c.n_successful;
	}
	return all;
}

/* Where objects are kept without the order of their keys, this has it. */
static void
write_order(struct fe_json *j, const struct fe_run_result *r)
{
	fe_json_array(j, "order");
	for (size_t i = 0; i < r->n_datasets; i++)
		if (r->datasets[i].plan->is_selected)
			fe_json_text(j, NULL, r->datasets[i].plan->name);
	fe_json_array_end(j);
}

void
fe_run_quality_json(const struct fe_run_result *r, struct fe_buf *out)
{
	struct fe_run_totals t = fe_run_totals(r);
	struct fe_json j;

	fe_json_init(&j, out, 0);
	fe_json_object(&j, NULL);
	fe_report_quality_score(&j, all_counts(r));
	write_success_percent(&j, t.extracted, t.rejected);
	fe_json_i64(&j, "exit_code", fe_rc_exit_status(r->rc));
	fe_json_bool(&j, "retry_helps", fe_rc_retry_helps(r->rc));
	write_order(&j, r);
	fe_json_object(&j, "datasets");
	for (size_t i = 0; i < r->n_datasets; i++) {
		const struct fe_dataset_result *d = &r->datasets[i];
		if (!d->plan->is_selected)
			continue;
		fe_json_object(&j, d->plan->name);
		write_outcome(&j, r, d, true);
		write_parts(&j, r, d);
		fe_json_object_end(&j);
	}
	fe_json_object_end(&j);
	fe_json_object_end(&j);
}
