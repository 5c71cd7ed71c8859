// SPDX-License-Identifier: Apache-2.0
/* lambda/config.c - see lambda/config.h */
#include "lambda/config.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/decimal.h"
#include "base/text.h"
#include "format/json_tree.h"
#include "pipeline/redact.h"

#define PREFIX "FINETL_"
#define MAX_VARIABLE_BYTES 64
#define MAX_OPTIONS 16
#define WAIT_MS 30000
#define MB (INT64_C(1) << 20)

const struct fe_opt fe_lambda_options[] = {
	{ .name = "pipeline", .letter = 'p', .kind = FE_OPT_TEXT, .arg = "FILE",
	  .help = "the pipeline file [pipelines/financial_transactions.yaml]" },
	{ .name = "warehouse", .letter = 'w', .kind = FE_OPT_TEXT, .arg = "URL",
	  .help = "postgresql://HOST/DATABASE; `none`: only --output; else the pipeline file's where there is no --output" },
	{ .name = "output", .letter = 'o', .kind = FE_OPT_TEXT, .arg = "URL",
	  .help = "s3://BUCKET[/PREFIX], where processed/, rejects/ and reports/ are written" },
	{ .name = "params", .kind = FE_OPT_TEXT, .arg = "JSON",
	  .help = "an object of texts: parameters that the pipeline file declares" },
	{ .name = "processed-at", .kind = FE_OPT_FLAG, .help = "a last column processed_at in the files of processed/" },
	{ .name = "fail-on", .kind = FE_OPT_CHOICE, .arg = "SEVERITY", .choices = FE_FAIL_ON_CHOICES,
	  .help = "hold an object where an expectation of this severity, or a worse one, fails [critical]" },
	{ .name = "wait", .kind = FE_OPT_DURATION, .arg = "TIME",
	  .help = "how long to wait for another run or a locked warehouse [30s]" },
	{ .name = "max-memory", .kind = FE_OPT_SIZE, .arg = "SIZE",
	  .help = "the most memory of the process; keys that find no room go to disk [three quarters of the function's]" },
	{ 0 },
};

/* "processed-at" as "FINETL_PROCESSED_AT" */
static const char *
variable_of(const struct fe_opt *o, char out[MAX_VARIABLE_BYTES])
{
	int n = snprintf(out, MAX_VARIABLE_BYTES, PREFIX "%s", o->name);

	FE_ASSERT(n > 0 && n < MAX_VARIABLE_BYTES);
	for (char *p = out; *p; p++)
		*p = *p == '-' ? '_' : *p >= 'a' && *p <= 'z' ? (char)(*p - 'a' + 'A') : *p;
	return out;
}

/* *word: the option as a command line has it; NULL: it is not given. */
static enum fe_rc
word_of(struct fe_lambda_config *c, const struct fe_opt *o, const struct fe_opts *given, char **word, struct fe_err *err)
{
	char name[MAX_VARIABLE_BYTES];
	const char *text = getenv(variable_of(o, name));
	bool is_on = true;
	struct fe_buf b;

	*word = NULL;
	if (fe_opts_has(given, o->name))
		text = o->kind == FE_OPT_FLAG ? "true" : fe_opts_text(given, o->name);
	if (!text || !*text)
		return FE_OK;
	if (o->kind == FE_OPT_FLAG && !fe_bool_parse(fe_str_of(text), &is_on))
		return fe_fail(err, FE_EUSAGE, "%s is true or false, not '%s'", name, text);
	fe_buf_init(&b, (size_t)1 << 20);
	if (o->kind == FE_OPT_FLAG)
		fe_buf_addf(&b, "--%s", o->name);
	else
		fe_buf_addf(&b, "--%s=%s", o->name, text);
	if (is_on)
		*word = fe_arena_copy(&c->arena, fe_buf_text(&b), b.n_bytes);
	enum fe_rc rc = fe_buf_check(&b, o->name, err);
	fe_buf_reset(&b);
	return rc;
}

static enum fe_rc
read_options(struct fe_lambda_config *c, const struct fe_opts *given, struct fe_err *err)
{
	char program[] = "lambda", *argv[MAX_OPTIONS + 1] = { program };
	int argc = 1;

	for (const struct fe_opt *o = fe_lambda_options; o->name; o++) {
		FE_ASSERT(argc < MAX_OPTIONS);
		FE_TRY(word_of(c, o, given, &argv[argc], err));
		argc += argv[argc] != NULL;
	}
	enum fe_rc rc = fe_opts_parse(&c->opts, fe_lambda_options, argc, argv, err);
	if (rc)
		fe_err_context(err, "by option or by the environment (--max-memory is " PREFIX "MAX_MEMORY)");
	return rc;
}

static enum fe_rc
fail_params(struct fe_err *err)
{
	return fe_fail(err, FE_EUSAGE, "the parameters (" PREFIX "PARAMS) are an object of JSON with texts, as "
		       "{\"country\": \"DE\"}");
}

static enum fe_rc
read_params(struct fe_lambda_config *c, struct fe_err *err)
{
	const char *text = fe_opts_text(&c->opts, "params");
	const struct fe_json_value *v;

	if (!text)
		return FE_OK;
	if (fe_json_parse(fe_str_of(text), &c->arena, &v, err) || !fe_json_is(v, FE_JSON_OBJECT))
		return fail_params(err);
	c->params = fe_new_array(v->n_children + 1, struct fe_plan_param);
	for (const struct fe_json_value *m = v->first; m; m = m->next) {
		if (!fe_json_is(m, FE_JSON_STRING) || memchr(m->text.p, '\0', m->text.n))
			return fail_params(err);
		c->params[c->arrivals.n_params++] = (struct fe_plan_param){
			.name = fe_arena_copy(&c->arena, m->key.p, m->key.n),
			.value = fe_arena_copy(&c->arena, m->text.p, m->text.n),
		};
	}
	c->arrivals.params = c->params;
	return FE_OK;
}

/* Three quarters of the function's: past its own Lambda kills. 0, no limit, where that is not told. */
static uint64_t
max_memory_of(const struct fe_opts *o)
{
	const char *text = getenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE");
	int64_t mb, bytes;

	if (fe_opts_has(o, "max-memory"))
		return (uint64_t)fe_opts_number(o, "max-memory");
	if (!text || fe_int_parse(fe_str_of(text), &mb) != FE_DECIMAL_OK || mb <= 0 ||
	    __builtin_mul_overflow(mb, MB / 4 * 3, &bytes))
		return 0;
	return (uint64_t)bytes;
}

/* With an output there need be no warehouse: that of the pipeline file is a file beside it, more often than not. */
static const char *
warehouse_of(const struct fe_opts *o)
{
	const char *text = fe_opts_text(o, "warehouse");

	if (!text)
		return fe_opts_has(o, "output") ? "" : NULL;
	return strcmp(text, "none") == 0 ? "" : text;
}

enum fe_rc
fe_lambda_config_read(struct fe_lambda_config *out, const struct fe_opts *given, const char *pipeline,
                      const struct fe_clock *clock, struct fe_err *err)
{
	struct fe_opts *o = &out->opts;
	enum fe_rc rc;

	*out = (struct fe_lambda_config){ 0 };
	if (fe_opts_has(given, "warehouse") && fe_url_secret(fe_opts_text(given, "warehouse")).n)
		return fe_fail(err, FE_EUSAGE, "--warehouse holds a password, which others of this machine can see: let "
			       PREFIX "WAREHOUSE or PGPASSWORD hold it");
	rc = read_options(out, given, err);
	if (rc)
		goto fail;
	out->arrivals = (struct fe_arrival_settings){
		.pipeline = fe_opts_has(o, "pipeline") ? fe_opts_text(o, "pipeline") : pipeline,
		.warehouse = warehouse_of(o),
		.output = fe_opts_text(o, "output"),
		.processed_at = fe_opts_has(o, "processed-at"),
		.clock = clock,
		.max_memory_bytes = max_memory_of(o),
		.wait_ms = fe_opts_has(o, "wait") ? fe_opts_number(o, "wait") : WAIT_MS,
		.fail_on = fe_opts_has(o, "fail-on") ? fe_fail_on_of(fe_opts_text(o, "fail-on")) : FE_FAIL_ON_CRITICAL,
	};
	rc = read_params(out, err);
	if (rc)
		goto fail;
	if (!out->arrivals.output && out->arrivals.warehouse && !out->arrivals.warehouse[0]) {
		rc = fe_fail(err, FE_EUSAGE, "neither a warehouse nor an output is set: " PREFIX "WAREHOUSE, " PREFIX "OUTPUT");
		goto fail;
	}
	return FE_OK;
fail:
	fe_lambda_config_reset(out);
	return rc;
}

void
fe_lambda_config_reset(struct fe_lambda_config *c)
{
	fe_opts_reset(&c->opts);
	fe_free(c->params);
	fe_arena_free(&c->arena);
	*c = (struct fe_lambda_config){ 0 };
}
