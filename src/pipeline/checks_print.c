// SPDX-License-Identifier: Apache-2.0
/* pipeline/checks_print.c - a table, or a line of JSON; a key from a table may hold anything */
#include "pipeline/checks_print.h"

#include <inttypes.h>

#include "base/json.h"
#include "base/text.h"
#include "pipeline/redact.h"

#define MAX_SHOWN_BYTES 200

static const char *const status_names[] = { "passed", "failed", "skipped" };

/* Digits with their decimal point, which the database was not asked for: an integer
 * stays exact. What is no integer comes as it is. */
static void
add_figure(struct fe_buf *out, const struct fe_check_figure *f)
{
	int64_t v;
	char text[FE_DECIMAL_TEXT_BYTES];

	if (!f->value)
		fe_buf_add_text(out, "-");
	else if (f->scale && fe_int_parse(fe_str_of(f->value), &v) == FE_DECIMAL_OK)
		fe_buf_add(out, text, fe_decimal_format(v, f->scale, text));
	else
		fe_buf_add_printable(out, fe_str_of(f->value), MAX_SHOWN_BYTES);
}

/* ---- for people ---- */

static void
print_result(const struct fe_check_result *r, struct fe_buf *out)
{
	fe_buf_addf(out, "%-26s  %-8s  %-7s  ", r->file.name, fe_check_severity_name(r->file.severity),
		    r->status == FE_CHECK_FAILED ? "FAILED" : status_names[r->status]);
	fe_buf_add_printable(out, fe_str_of(r->status == FE_CHECK_SKIPPED ? r->reason : r->file.means), MAX_SHOWN_BYTES);
	fe_buf_add_char(out, '\n');
	if (r->status != FE_CHECK_FAILED)
		return;
	fe_buf_addf(out, "    %" PRId64 " wrong, as ", r->n_broken);
	for (size_t i = 0; i < r->n_samples; i++) {
		if (i)
			fe_buf_add_text(out, "; ");
		fe_buf_add_printable(out, fe_str_of(r->samples[i]), MAX_SHOWN_BYTES);
	}
	fe_buf_add_char(out, '\n');
}

static void
print_table(const struct fe_check_report *rep, struct fe_buf *out)
{
	size_t n[3] = { 0 }, n_checks = 0;

	fe_buf_addf(out, "%-26s  %-8s  %-7s  %s\n", "check", "severity", "result", "what it means, or why it was skipped");
	for (size_t i = 0; i < rep->n_results; i++) {
		const struct fe_check_result *r = &rep->results[i];
		if (r->file.severity == FE_CHECK_FIGURES && r->status == FE_CHECK_PASSED)
			continue;
		n[r->status]++;
		n_checks++;
		print_result(r, out);
	}
	fe_buf_addf(out, "\n%zu checks: %zu passed, %zu failed, %zu skipped\n", n_checks, n[FE_CHECK_PASSED],
		    n[FE_CHECK_FAILED], n[FE_CHECK_SKIPPED]);
	for (size_t i = 0; i < rep->n_figures; i++) {
		fe_buf_add_text(out, "  ");
		fe_buf_add_printable(out, fe_str_of(rep->figures[i].name), MAX_SHOWN_BYTES);
		fe_buf_add_text(out, ": ");
		add_figure(out, &rep->figures[i]);
		fe_buf_add_char(out, '\n');
	}
	fe_buf_add_text(out, "  warehouse: ");
	fe_buf_add_redacted_url(out, rep->url);
	fe_buf_add_char(out, '\n');
}

/* ---- as JSON ---- */

static void
result_json(struct fe_json *j, const struct fe_check_result *r)
{
	fe_json_object(j, NULL);
	fe_json_text(j, "name", r->file.name);
	fe_json_text(j, "severity", fe_check_severity_name(r->file.severity));
	fe_json_text(j, "status", status_names[r->status]);
	fe_json_text(j, "means", r->file.means);
	fe_json_text(j, "reason", r->reason);
	fe_json_i64(j, "broken", r->n_broken);
	fe_json_array(j, "samples");
	for (size_t i = 0; i < r->n_samples; i++)
		fe_json_text(j, NULL, r->samples[i]);
	fe_json_array_end(j);
	fe_json_object_end(j);
}

static void
figures_json(struct fe_json *j, const struct fe_check_report *rep)
{
	struct fe_buf value;

	fe_buf_init(&value, 1024);
	fe_json_object(j, "figures");
	for (size_t i = 0; i < rep->n_figures; i++) {
		fe_buf_clear(&value);
		add_figure(&value, &rep->figures[i]);
		fe_json_text(j, rep->figures[i].name, rep->figures[i].value ? fe_buf_text(&value) : NULL);
	}
	fe_json_object_end(j);
	fe_buf_reset(&value);
}

static void
print_json(const struct fe_check_report *rep, struct fe_buf *out)
{
	struct fe_json j;

	fe_json_init(&j, out, 0);
	fe_json_object(&j, NULL);
	fe_json_text(&j, "status", rep->rc == FE_OK ? "passed" : "failed");
	fe_json_i64(&j, "exit_code", fe_rc_exit_status(rep->rc));
	fe_json_time(&j, "run_time", rep->run_time_us);
	fe_redacted_url_json(&j, "warehouse", rep->url);
	fe_json_array(&j, "checks");
	for (size_t i = 0; i < rep->n_results; i++)
		result_json(&j, &rep->results[i]);
	fe_json_array_end(&j);
	figures_json(&j, rep);
	fe_json_object_end(&j);
	fe_buf_add_char(out, '\n');
}

void
fe_check_report_print(const struct fe_check_report *r, bool as_json, struct fe_buf *out)
{
	if (as_json)
		print_json(r, out);
	else
		print_table(r, out);
}

void
fe_check_report_reset(struct fe_check_report *r)
{
	fe_free(r->results);
	fe_free(r->figures);
	fe_arena_free(&r->arena);
}
