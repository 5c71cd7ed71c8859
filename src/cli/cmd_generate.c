// SPDX-License-Identifier: Apache-2.0
/* cli/cmd_generate.c - finetl generate: sample customers and transactions */
#include <unistd.h>

#include "base/clock.h"
#include "base/time.h"
#include "cli/cli.h"
#include "pipeline/generate.h"

#define MAX_FAULTS 64

static const struct fe_opt options[] = {
	{ .name = "customers", .kind = FE_OPT_INT, .arg = "N", .fallback = "5000", .most = (int64_t)FE_GENERATE_MAX_CUSTOMERS,
	  .help = "records of customers.csv" },
	{ .name = "transactions", .kind = FE_OPT_INT, .arg = "N", .fallback = "10000", .most = (int64_t)FE_GENERATE_MAX_TRANSACTIONS,
	  .help = "records of transactions.csv" },
	{ .name = "seed", .kind = FE_OPT_INT, .arg = "N", .fallback = "1", .help = "same seed and --until, same bytes" },
	{ .name = "until", .kind = FE_OPT_TEXT, .arg = "DATE",
	  .help = "dates fall in the 365 days before it, as 2026-01-31 [today]" },
	{ .name = "clean", .kind = FE_OPT_FLAG, .help = "no faults, but those that --fault names" },
	{ .name = "fault", .kind = FE_OPT_TEXT, .arg = "NAME=N", .is_repeatable = true,
	  .help = "N records per mille with this fault; `finetl describe` lists them" },
	{ .name = "json", .kind = FE_OPT_FLAG, .help = "print what was made as one JSON object" },
	{ 0 },
};

static enum fe_rc
read_until(const char *text, int64_t *out_us, struct fe_err *err)
{
	int32_t days = fe_days_of_us(fe_clock_now(&fe_clock_system));
	enum fe_time_why why = text ? fe_date_parse(fe_str_of(text), NULL, &days) : FE_TIME_OK;
	*out_us = days * FE_US_PER_DAY;
	if (why == FE_TIME_OK)
		return FE_OK;
	return fe_fail(err, FE_EUSAGE, "--until takes a date as 2026-01-31, not '%s' (%s)", text,
		       fe_time_why_code(why));
}

static enum fe_rc
run(const struct fe_opts *opts, struct fe_err *err)
{
	const char *faults[MAX_FAULTS];
	struct fe_generate_options g;
	struct fe_generate_result made;
	struct fe_buf text;
	enum fe_rc rc;

	fe_generate_options_init(&g);
	g.folder = opts->n_args ? opts->args[0] : "data";
	g.n_customers = (uint64_t)fe_opts_number(opts, "customers");
	g.n_transactions = (uint64_t)fe_opts_number(opts, "transactions");
	g.seed = (uint64_t)fe_opts_number(opts, "seed");
	g.clean = fe_opts_has(opts, "clean");
	g.faults = faults;
	for (const char *f; (f = fe_opts_nth(opts, "fault", g.n_faults)) != NULL;) {
		if (g.n_faults == MAX_FAULTS)
			return fe_fail(err, FE_ELIMIT, "more than %d faults named", MAX_FAULTS);
		faults[g.n_faults++] = f;
	}
	FE_TRY(read_until(fe_opts_text(opts, "until"), &g.until_us, err));
	FE_TRY(fe_generate_run(&g, &made, err));
	fe_buf_init(&text, 256 * 1024);
	if (fe_opts_has(opts, "json")) {
		fe_generate_json(&g, &made, 0, &text);
		fe_buf_add_char(&text, '\n');
	} else {
		fe_generate_summary(&g, &made, &text);
	}
	rc = fe_cli_print(&text, err);
	fe_buf_reset(&text);
	return rc;
}

const struct fe_command fe_command_generate = {
	.name = "generate",
	.args = "[FOLDER]",
	.summary = "make sample customers and transactions, with declared faults",
	.details = "FOLDER [data] gets customers.csv and transactions.csv.\n",
	.options = options,
	.most_args = 1,
	.run = run,
};
