// SPDX-License-Identifier: Apache-2.0
/* pipeline/expectations.c - see pipeline/expectations.h */
#include "pipeline/expectations.h"

#include "base/mem.h"
#include "base/time.h"

#define MAX_LINE_BYTES ((size_t)64 * 1024)
#define N_LISTED 20 /* values of a kind in lists of a result, as Great Expectations has it */

enum fe_fail_on
fe_fail_on_of(const char *name)
{
	static const char *const names[] = { "critical", "warning", "info" };
	size_t i = 0;
	while (i < FE_FAIL_ON_NEVER && strcmp(name, names[i]) != 0)
		i++;
	return (enum fe_fail_on)i;
}

bool
fe_fail_on_has(enum fe_fail_on fail_on, enum fe_severity severity)
{
	return fail_on != FE_FAIL_ON_NEVER && FE_SEVERITY_CRITICAL - (int)severity <= (int)fail_on;
}

static bool
is_given(const struct fe_expectations_settings *set, const char *name)
{
	for (size_t i = 0; i < set->n_params; i++)
		if (strcmp(set->params[i].name, name) == 0)
			return true;
	return false;
}

enum fe_rc
fe_expectations_read(struct fe_suite **out, const struct fe_expectations_settings *set, struct fe_err *err)
{
	char run_time[FE_TIMESTAMP_TEXT_BYTES + 2] = "\""; /* as JSON */
	struct fe_suite_param *params = fe_new_array(set->n_params + 1, struct fe_suite_param);
	struct fe_suite_settings suite = { .path = set->path, .params = params, .n_params = set->n_params,
					   .is_strict = set->is_strict };

	for (size_t i = 0; i < set->n_params; i++)
		params[i] = set->params[i];
	if (!is_given(set, "run_time")) {
		fe_timestamp_format_iso(set->run_time_us, run_time + 1);
		run_time[sizeof(run_time) - 1] = '"';
		params[suite.n_params++] = (struct fe_suite_param){ "run_time", { run_time, sizeof(run_time) } };
	}
	enum fe_rc rc = fe_suite_read(out, set->suite, &suite, err);
	fe_free(params);
	if (rc == FE_EDATA) { /* the input is fine: what is wrong is what it is held against */
		fe_err_context(err, "not a suite of expectations");
		if (err)
			err->rc = FE_EUSAGE;
		rc = FE_EUSAGE;
	}
	return rc;
}

enum fe_rc
fe_expectations_open(struct fe_expectations *out, const struct fe_expectations_settings *set, struct fe_err *err)
{
	*out = (struct fe_expectations){ 0 };
	FE_TRY(fe_expectations_read(&out->suite, set, err));
	struct fe_validation_settings validation = {
		.suite = out->suite,
		.schema = set->schema,
		.pii = set->pii,
		.known_unique = set->known_unique,
		.result = { .format = set->format, .partial_unexpected_count = N_LISTED },
		.max_bytes = set->max_bytes,
		.spill_folder = set->spill_folder,
		.run_id = set->run_id,
		.run_time_us = set->run_time_us,
	};
	enum fe_rc rc = fe_validation_open(&out->validation, &validation, err);
	if (rc)
		fe_expectations_close(out);
	return rc;
}

void
fe_expectations_close(struct fe_expectations *e)
{
	fe_validation_close(e->validation);
	fe_suite_free(e->suite);
	*e = (struct fe_expectations){ 0 };
}

enum fe_rc
fe_expectations_check(const struct fe_expectations *e, enum fe_fail_on fail_on, const char *dataset, struct fe_err *err)
{
	static const enum fe_severity least[] = {
		[FE_FAIL_ON_CRITICAL] = FE_SEVERITY_CRITICAL,
		[FE_FAIL_ON_WARNING] = FE_SEVERITY_WARNING,
		[FE_FAIL_ON_INFO] = FE_SEVERITY_INFO,
	};
	if (fail_on == FE_FAIL_ON_NEVER)
		return FE_OK;
	return fe_validation_check(e->validation, least[fail_on], dataset, err);
}

void
fe_expectations_table(const struct fe_expectations *e, bool only_failed, struct fe_buf *out)
{
	for (size_t i = 0; i < e->suite->n_items; i++) {
		struct fe_buf sentence, found;
		fe_buf_init(&sentence, MAX_LINE_BYTES);
		fe_buf_init(&found, MAX_LINE_BYTES);
		bool passed = fe_validation_item(e->validation, i, &sentence, &found);
		if (!passed || !only_failed)
			fe_buf_addf(out, "  %-6s  %-8s  %s%s%s\n", passed ? "passed" : "FAILED",
				    fe_severity_name(e->suite->items[i].severity), fe_buf_text(&sentence),
				    passed || !found.n_bytes ? "" : ": ", passed ? "" : fe_buf_text(&found));
		fe_buf_reset(&sentence);
		fe_buf_reset(&found);
	}
}
