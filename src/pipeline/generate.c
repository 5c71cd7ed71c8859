// SPDX-License-Identifier: Apache-2.0
/* pipeline/generate.c - from words to the generator's settings, and its result in words */
#include "pipeline/generate.h"

#include "base/json.h"
#include "base/text.h"

void
fe_generate_options_init(struct fe_generate_options *opt)
{
	struct fe_generate_settings set;
	fe_generate_settings_init(&set);
	*opt = (struct fe_generate_options){
		.n_customers = set.n_customers,
		.n_transactions = set.n_transactions,
		.seed = set.seed,
	};
}

static enum fe_rc
fault_unknown(struct fe_str name, struct fe_err *err)
{
	const char *names[FE_N_GENERATE_FAULTS];
	for (size_t i = 0; i < FE_N_GENERATE_FAULTS; i++)
		names[i] = fe_generate_faults[i].name;

	const char *nearest = fe_text_nearest(name, names, FE_N_GENERATE_FAULTS);
	if (nearest)
		return fe_fail(err, FE_EUSAGE, "unknown fault '%.*s'; did you mean '%s'?", FE_STR_ARGS(name), nearest);
	return fe_fail(err, FE_EUSAGE, "unknown fault '%.*s'; `finetl describe` lists them", FE_STR_ARGS(name));
}

/* "name=rate" into the settings. */
static enum fe_rc
fault_set(const char *text, struct fe_generate_settings *set, struct fe_err *err)
{
	const char *equals = strchr(text, '=');
	if (!equals)
		return fe_fail(err, FE_EUSAGE, "'%s' is not of the form fault=rate, as missing_amount=50", text);

	struct fe_str name = { text, (size_t)(equals - text) };
	int64_t rate;
	if (fe_int_parse(fe_str_of(equals + 1), &rate) != FE_DECIMAL_OK || rate < 0 || rate > 1000)
		return fe_fail(err, FE_EUSAGE, "'%s': the rate is a whole number of records per mille, 0 to 1000", text);

	for (size_t i = 0; i < FE_N_GENERATE_FAULTS; i++) {
		if (fe_str_is(name, fe_generate_faults[i].name)) {
			set->per_mille[i] = (unsigned)rate;
			return FE_OK;
		}
	}
	return fault_unknown(name, err);
}

enum fe_rc
fe_generate_run(const struct fe_generate_options *opt, struct fe_generate_result *out,
		struct fe_err *err)
{
	struct fe_generate_settings set;

	fe_generate_settings_init(&set);
	set.folder = opt->folder;
	set.n_customers = opt->n_customers;
	set.n_transactions = opt->n_transactions;
	set.seed = opt->seed;
	set.until_us = opt->until_us;
	if (opt->clean)
		memset(set.per_mille, 0, sizeof(set.per_mille));
	for (size_t i = 0; i < opt->n_faults; i++)
		FE_TRY(fault_set(opt->faults[i], &set, err));
	return fe_generate(&set, out, err);
}

void
fe_generate_help(struct fe_buf *out)
{
	for (size_t i = 0; i < FE_N_GENERATE_FAULTS; i++) {
		const struct fe_generate_fault_info *f = &fe_generate_faults[i];
		fe_buf_addf(out, "  %-18s %3u  %s\n", f->name, f->per_mille, f->help);
	}
}

static void
file_summary(const struct fe_generate_options *opt, const struct fe_generate_file *f,
	     const char *name, struct fe_buf *out)
{
	bool first = true;

	fe_buf_addf(out, "%s/%s: %llu records, %llu bytes, SHA-256 %.12s...\n", opt->folder, name,
	            (unsigned long long)f->n_records, (unsigned long long)f->size_bytes, f->sha256);
	for (size_t i = 0; i < FE_N_GENERATE_FAULTS; i++) {
		if (f->n_faults[i] == 0)
			continue;
		fe_buf_addf(out, "%s%s %llu", first ? "  faults: " : ", ", fe_generate_faults[i].name,
		            (unsigned long long)f->n_faults[i]);
		first = false;
	}
	fe_buf_add_text(out, first ? "  no faults\n" : "\n");
}

void
fe_generate_summary(const struct fe_generate_options *opt, const struct fe_generate_result *r,
		    struct fe_buf *out)
{
	file_summary(opt, &r->customers, "customers.csv", out);
	file_summary(opt, &r->transactions, "transactions.csv", out);
	fe_buf_addf(out, "  %llu amounts, sum ", (unsigned long long)r->n_amounts);
	fe_buf_add_decimal(out, r->amount_sum, FE_GENERATE_AMOUNT_SCALE);
	fe_buf_add_char(out, '\n');
}

static void
file_json(struct fe_json *j, const struct fe_generate_file *f, const char *name)
{
	fe_json_text(j, "file", name);
	fe_json_i64(j, "records", (int64_t)f->n_records);
	fe_json_i64(j, "bytes", (int64_t)f->size_bytes);
	fe_json_text(j, "sha256", f->sha256);
	fe_json_object(j, "faults");
	for (size_t i = 0; i < FE_N_GENERATE_FAULTS; i++)
		if (f->n_faults[i])
			fe_json_i64(j, fe_generate_faults[i].name, (int64_t)f->n_faults[i]);
	fe_json_object_end(j);
}

void
fe_generate_json(const struct fe_generate_options *opt, const struct fe_generate_result *r,
		 unsigned indent, struct fe_buf *out)
{
	struct fe_json j;

	fe_json_init(&j, out, indent);
	fe_json_object(&j, NULL);
	fe_json_text(&j, "folder", opt->folder);
	fe_json_i64(&j, "seed", (int64_t)opt->seed);
	fe_json_time(&j, "until", opt->until_us);
	fe_json_object(&j, "customers");
	file_json(&j, &r->customers, "customers.csv");
	fe_json_object_end(&j);
	fe_json_object(&j, "transactions");
	file_json(&j, &r->transactions, "transactions.csv");
	fe_json_i64(&j, "amounts", (int64_t)r->n_amounts);
	fe_json_decimal(&j, "amount_sum", r->amount_sum, FE_GENERATE_AMOUNT_SCALE);
	fe_json_object_end(&j);
	fe_json_object_end(&j);
}
