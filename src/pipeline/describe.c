// SPDX-License-Identifier: Apache-2.0
/* pipeline/describe.c - see pipeline/describe.h */
#include "pipeline/describe.h"

#include "base/clock.h"
#include "base/text.h"
#include "io/aws_config.h"
#include "io/credentials.h"
#include "pipeline/keys.h"

#define MAX_MAPPINGS 32 /* of a source, with what stands in it */

struct list {
	const struct fe_mapping *items[MAX_MAPPINGS];
	size_t n;
};

static void
add_once(struct list *l, const struct fe_mapping *m)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->items[i] == m)
			return;
	FE_ASSERT(l->n < MAX_MAPPINGS);
	l->items[l->n++] = m;
}

static void
add_choices(struct fe_buf *out, const struct fe_key *k)
{
	for (size_t i = 0; k->choices[i]; i++)
		fe_buf_addf(out, "%s%s", i ? " | " : "", k->choices[i]);
}

/* "csv: path, glob, URL or `-`" */
static void
add_key(struct fe_buf *out, const struct fe_key *k)
{
	fe_buf_addf(out, "  %s: ", k->name);
	if (k->choices && k->kind == FE_KEY_CHOICE)
		add_choices(out, k);
	else if (k->form)
		fe_buf_add_text(out, k->form);
	else if (k->of || k->one_of)
		fe_buf_add_text(out, "{ ... }");
	else
		fe_buf_add_text(out, k->kind == FE_KEY_BOOL       ? "true | false"
				     : k->kind == FE_KEY_INT      ? "number"
				     : k->kind == FE_KEY_DURATION ? "duration"
				     : k->kind == FE_KEY_TEXTS    ? "list of texts"
				     : k->kind == FE_KEY_PAIRS    ? "names and texts"
								  : "text");
	if (k->is_required)
		fe_buf_add_text(out, "  (required)");
	else if (k->preset)
		fe_buf_addf(out, "  [%s]", k->preset);
	fe_buf_addf(out, "\n      %s\n", k->help);
}

static void
add_mapping(struct fe_buf *out, struct list *l, const struct fe_mapping *m)
{
	fe_buf_addf(out, "%s\n  %s\n\n", m->path, m->help);
	for (const struct fe_key *k = m->keys; k->name; k++) {
		add_key(out, k);
		if (k->of)
			add_once(l, k->of);
		for (size_t i = 0; k->one_of && k->one_of[i]; i++)
			add_once(l, k->one_of[i]);
	}
}

/* ---- S3 ---- */

/* Where the keys are from; no part of them. */
static void
add_credentials(struct fe_buf *out, const struct fe_aws_config *config)
{
	struct fe_credentials *credentials = fe_credentials_new(config, &fe_clock_system);
	struct fe_aws_keys keys = { 0 };
	struct fe_err err = FE_ERR_INIT;

	if (fe_credentials_get(credentials, &keys, &err))
		fe_buf_addf(out, "  %-13s none: %s\n", "keys", err.text);
	else
		fe_buf_addf(out, "  %-13s ***  (%s)%s\n", "keys", keys.from, keys.session_token ? ", for a session" : "");
	fe_aws_keys_reset(&keys);
	fe_credentials_free(credentials);
}

static enum fe_rc
describe_s3(struct fe_buf *out, struct fe_err *err)
{
	struct fe_aws_config config;
	struct fe_aws_value value;
	const char *name;

	fe_buf_add_text(out, "s3: files of a csv, json or ndjson source, as s3://bucket/key or s3://bucket/prefix/*.csv.gz\n"
			     "  It is set up as for AWS's own tools; here and now:\n\n");
	FE_TRY(fe_aws_config_load(&config, NULL, err));
	for (size_t i = 0; (name = fe_aws_config_nth(&config, i, &value)) != NULL; i++)
		fe_buf_addf(out, "  %-13s %s  (%s)\n", name, value.text ? value.text : "not set", value.from ? value.from : "nowhere");
	add_credentials(out, &config);
	fe_aws_config_reset(&config);
	return FE_OK;
}

/* ---- all ---- */

static enum fe_rc
refuse(const char *name, struct fe_err *err)
{
	const char *names[16];
	size_t n = 0;
	struct fe_buf all;

	fe_buf_init(&all, 1024);
	for (; fe_keys_sources[n]; n++) {
		names[n] = fe_keys_sources[n]->keys[0].name;
		fe_buf_addf(&all, "%s, ", names[n]);
	}
	names[n++] = "s3";
	const char *nearest = fe_text_nearest(fe_str_of(name), names, n);
	enum fe_rc rc = nearest ? fe_fail(err, FE_EUSAGE, "'%s' cannot be described; did you mean '%s'?", name, nearest)
				: fe_fail(err, FE_EUSAGE, "'%s' cannot be described; there are: connectors, pipeline, dataset NAME, %ss3",
					  name, fe_buf_text(&all));
	fe_buf_reset(&all);
	return rc;
}

enum fe_rc
fe_describe_source(const char *name, struct fe_buf *out, struct fe_err *err)
{
	struct list l = { .n = 0 };

	if (strcmp(name, "s3") == 0)
		return describe_s3(out, err);
	for (size_t i = 0; fe_keys_sources[i]; i++)
		if (strcmp(fe_keys_sources[i]->keys[0].name, name) == 0)
			add_once(&l, fe_keys_sources[i]);
	if (l.n == 0)
		return refuse(name, err);
	for (size_t i = 0; i < l.n; i++) {
		fe_buf_add_text(out, i ? "\n" : "");
		add_mapping(out, &l, l.items[i]);
	}
	return FE_OK;
}
