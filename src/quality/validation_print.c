// SPDX-License-Identifier: Apache-2.0
/* quality/validation_print.c - what came of a validation: as GX's JSON, and as sentences */
#include <inttypes.h>
#include <stdio.h>

#include "base/double.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/time.h"
#include "quality/map_private.h"
#include "quality/validation_private.h"

/* The form of results that is written. */
#define GX_VERSION "1.24.1"
#define MAX_FOUND_VALUES 3

/* ---- one entry ---- */

static struct fe_str
or_empty_object(struct fe_str json)
{
	return json.p ? json : FE_STR("{}");
}

static void
print_config(const struct fe_suite_item *item, struct fe_json *j)
{
	fe_json_object(j, "expectation_config");
	fe_json_str(j, "type", item->type);
	if (item->mistake || !item->kind) {
		fe_json_raw(j, "kwargs", item->raw_kwargs);
	} else {
		fe_json_object(j, "kwargs");
		for (size_t i = 0; i < item->n_order; i++) {
			const struct fe_kwarg *k = &item->kwargs[item->order[i]];

			fe_json_raw(j, k->name, k->echo);
		}
		fe_json_object_end(j);
	}
	fe_json_raw(j, "meta", or_empty_object(item->meta));
	if (item->notes.p)
		fe_json_raw(j, "notes", item->notes);
	if (item->description.p)
		fe_json_raw(j, "description", item->description);
	fe_json_text(j, "severity", fe_severity_name(item->severity));
	fe_json_object_end(j);
}

/* finetl has no traceback to show; the key takes a text where something was raised. */
static void
print_raised(const struct fe_exception *e, struct fe_json *j)
{
	fe_json_text(j, "exception_traceback", "");
	fe_json_text(j, "exception_message", e->message);
	fe_json_bool(j, "raised_exception", true);
}

static void
print_exception(const struct fe_exception *e, struct fe_json *j)
{
	fe_json_object(j, "exception_info");
	if (e->form == FE_EXCEPTION_NONE) {
		fe_json_bool(j, "raised_exception", false);
		fe_json_null(j, "exception_traceback");
		fe_json_null(j, "exception_message");
	} else if (e->form == FE_EXCEPTION_PLAIN) {
		print_raised(e, j);
	}
	for (size_t i = 0; e->form == FE_EXCEPTION_METRIC && e->metrics[i]; i++) {
		char key[256];

		(void)snprintf(key, sizeof(key),
		               "MetricConfigurationID(metric_name='%s', metric_domain_kwargs_id='', metric_value_kwargs_id='')",
		               e->metrics[i]);
		fe_json_object(j, key);
		print_raised(e, j);
		fe_json_object_end(j);
	}
	fe_json_object_end(j);
}

static void
print_entry(const struct fe_validation *v, const struct fe_expectation *x, struct fe_json *j)
{
	fe_json_object(j, NULL);
	fe_json_bool(j, "success", x->success);
	print_config(x->item, j);
	fe_json_object(j, "result");
	if (!x->exception.form) {
		if (x->map)
			fe_map_result_print(x->map, x, j);
		else if (x->item->kind->print && v->set.result.format != FE_RESULT_BOOLEAN_ONLY)
			x->item->kind->print(x, &v->set.result, j);
	}
	fe_json_object_end(j);
	fe_json_object(j, "meta");
	fe_json_object_end(j);
	print_exception(&x->exception, j);
	fe_json_object_end(j);
}

/* ---- the whole ---- */

static void
print_statistics(const struct fe_validation *v, struct fe_json *j)
{
	struct fe_validation_counts c = fe_validation_counts(v);
	char text[FE_DOUBLE_TEXT_BYTES];

	fe_json_object(j, "statistics");
	fe_json_i64(j, "evaluated_expectations", (int64_t)c.n_evaluated);
	fe_json_i64(j, "successful_expectations", (int64_t)c.n_successful);
	fe_json_i64(j, "unsuccessful_expectations", (int64_t)(c.n_evaluated - c.n_successful));
	if (c.n_evaluated == 0) {
		fe_json_null(j, "success_percent");
	} else {
		double percent = (double)c.n_successful / (double)c.n_evaluated * 100;

		fe_json_raw(j, "success_percent", (struct fe_str){ text, fe_double_format(percent, text) });
	}
	fe_json_object_end(j);
}

static void
print_meta(const struct fe_validation *v, struct fe_json *j)
{
	fe_json_object(j, "meta");
	fe_json_text(j, "great_expectations_version", GX_VERSION);
	fe_json_text(j, "finetl_version", FE_VERSION);
	if (v->set.run_id) {
		fe_json_object(j, "run_id");
		fe_json_text(j, "run_name", v->set.run_id);
		fe_json_time(j, "run_time", v->set.run_time_us);
		fe_json_object_end(j);
	}
	fe_json_object_end(j);
}

void
fe_validation_result_json(const struct fe_validation *v, struct fe_buf *out)
{
	struct fe_validation_counts c = fe_validation_counts(v);
	struct fe_json j;

	fe_json_init(&j, out, 0);
	fe_json_object(&j, NULL);
	fe_json_bool(&j, "success", c.n_successful == c.n_evaluated);
	fe_json_array(&j, "results");
	/* Those with a failed metric come first. */
	for (int of_metrics = 1; of_metrics >= 0; of_metrics--) {
		for (size_t i = 0; i < v->n_items; i++) {
			const struct fe_expectation *x = &v->items[v->order[i]];

			if ((x->exception.form == FE_EXCEPTION_METRIC) == (of_metrics != 0))
				print_entry(v, x, &j);
		}
	}
	fe_json_array_end(&j);
	fe_json_str(&j, "suite_name", v->set.suite->name);
	fe_json_object(&j, "suite_parameters");
	fe_json_object_end(&j);
	print_statistics(v, &j);
	print_meta(v, &j);
	fe_json_null(&j, "id");
	fe_json_object_end(&j);
}

/* ---- for people ---- */

static void
print_sentence(const struct fe_suite_item *item, struct fe_buf *out)
{
	if (!item->mistake && item->kind && item->kind->describe)
		item->kind->describe(item, out);
	else
		fe_buf_add_printable(out, item->type, 128);
}

static void
print_found_by_map(const struct fe_map_result *m, struct fe_buf *out)
{
	fe_buf_addf(out, "%" PRIu64 " of %" PRIu64, m->n_unexpected, m->n_considered);
	for (size_t i = 0; i < m->n_samples && i < MAX_FOUND_VALUES && !m->set->exclude_unexpected_values; i++) {
		fe_buf_add_text(out, i ? ", " : ": ");
		fe_buf_add_printable(out, fe_str_of(m->samples[i].value), 64);
	}
	if (m->n_unexpected > MAX_FOUND_VALUES && !m->set->exclude_unexpected_values)
		fe_buf_add_text(out, ", ...");
}

static const struct fe_json_value *
told_of(const struct fe_json_value *result, const char *key)
{
	const struct fe_json_value *v = fe_json_get(result, key);

	return v && v->kind != FE_JSON_NULL ? v : NULL;
}

/* "found 7", "2 unexpected: [...]", "1 missing: [...]", of what the kind prints into its result. */
static void
print_found(const struct fe_json_value *result, struct fe_buf *out)
{
	static const char *const lists[][3] = {
		{ "unexpected", "unexpected_count", "partial_unexpected_list" },
		{ "missing", "missing_count", "partial_missing_list" },
	};
	const struct fe_json_value *observed = told_of(result, "observed_value");
	const char *between = "";

	if (observed) {
		fe_buf_add_text(out, "found ");
		fe_buf_add_printable(out, observed->raw, 200);
		return;
	}
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		const struct fe_json_value *n = told_of(result, lists[i][1]), *list = told_of(result, lists[i][2]);

		if (!n || fe_str_is(n->raw, "0"))
			continue;
		fe_buf_addf(out, "%s%.*s %s", between, FE_STR_ARGS(n->raw), lists[i][0]);
		if (list) {
			fe_buf_add_text(out, ": ");
			fe_buf_add_printable(out, list->raw, 200);
		}
		between = ", ";
	}
}

static void
print_found_by_kind(const struct fe_expectation *x, const struct fe_result_settings *set, struct fe_buf *out)
{
	const struct fe_json_value *result;
	struct fe_arena arena = { 0 };
	struct fe_json j;
	struct fe_buf b;

	fe_buf_init(&b, (size_t)16 << 20);
	fe_json_init(&j, &b, 0);
	fe_json_object(&j, NULL);
	if (x->item->kind->print)
		x->item->kind->print(x, set, &j);
	fe_json_object_end(&j);
	if (!b.failed && fe_json_parse(fe_buf_str(&b), &arena, &result, NULL) == FE_OK)
		print_found(result, out);
	fe_arena_free(&arena);
	fe_buf_reset(&b);
}

bool
fe_validation_item(const struct fe_validation *v, size_t i, struct fe_buf *sentence, struct fe_buf *found)
{
	const struct fe_expectation *x = &v->items[i];

	if (sentence)
		print_sentence(x->item, sentence);
	if (found) {
		if (x->exception.form)
			fe_buf_add_printable(found, fe_str_of(x->exception.message), 400);
		else if (x->map)
			print_found_by_map(x->map, found);
		else
			print_found_by_kind(x, &v->set.result, found);
	}
	return x->success;
}

enum fe_rc
fe_validation_check(const struct fe_validation *v, enum fe_severity at_least, const char *dataset, struct fe_err *err)
{
	struct fe_buf all, found;
	size_t n_failed = 0;
	enum fe_rc rc = FE_OK;

	fe_buf_init(&all, (size_t)1 << 20);
	fe_buf_init(&found, (size_t)1 << 20);
	for (size_t i = 0; i < v->n_items; i++) {
		if (v->items[i].success || v->items[i].item->severity < at_least)
			continue;
		fe_buf_add_text(&all, n_failed++ ? "; " : "");
		fe_buf_clear(&found);
		(void)fe_validation_item(v, i, &all, &found);
		fe_buf_add_text(&all, found.n_bytes ? " (" : "");
		fe_buf_add_str(&all, fe_buf_str(&found));
		fe_buf_add_text(&all, found.n_bytes ? ")" : "");
	}
	if (n_failed)
		rc = fe_fail(err, FE_ECHECK, "%s: %zu expectation%s failed: %s", dataset, n_failed, n_failed == 1 ? "" : "s",
		             fe_buf_text(&all));
	fe_buf_reset(&all);
	fe_buf_reset(&found);
	return rc;
}
