// SPDX-License-Identifier: Apache-2.0
/* base/opt.c - reading argv by a table */
#include "base/opt.h"

#include "base/decimal.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/time.h"

#define HELP_COLUMN 30

static const struct fe_opt *
find_name(const struct fe_opt *table, struct fe_str name)
{
	for (const struct fe_opt *o = table; o->name; o++)
		if (fe_str_is(name, o->name))
			return o;
	return NULL;
}

static const struct fe_opt *
find_letter(const struct fe_opt *table, char letter)
{
	for (const struct fe_opt *o = table; o->name; o++)
		if (o->letter == letter)
			return o;
	return NULL;
}

static enum fe_rc
fail_unknown(const struct fe_opt *table, struct fe_str name, struct fe_err *err)
{
	const char *names[128];
	size_t n = 0;
	for (const struct fe_opt *o = table; o->name && n < 128; o++)
		names[n++] = o->name;
	const char *near = fe_text_nearest(name, names, n);
	return fe_fail(err, FE_EUSAGE, "unknown option '--%.*s'%s%s%s", FE_STR_ARGS(name),
		       near ? "; did you mean '--" : "; --help lists them", near ? near : "",
		       near ? "'?" : "");
}

static enum fe_rc
read_int(const struct fe_opt *o, struct fe_str text, int64_t *out, struct fe_err *err)
{
	int64_t most = o->most ? o->most : INT64_MAX;
	if (fe_int_parse(text, out) == FE_DECIMAL_OK && *out >= o->least && *out <= most)
		return FE_OK;
	return fe_fail(err, FE_EUSAGE, "--%s takes a whole number from %lld to %lld, not '%.*s'",
		       o->name, (long long)o->least, (long long)most, FE_STR_ARGS(text));
}

static enum fe_rc
read_size(const struct fe_opt *o, struct fe_str text, int64_t *out, struct fe_err *err)
{
	static const char units[] = "KMGT";
	struct fe_str digits = text;
	unsigned shift = 0;
	for (size_t i = 0; text.n && i < sizeof units - 1; i++) {
		if (text.p[text.n - 1] == units[i]) {
			digits.n--;
			shift = 10 * (unsigned)(i + 1);
		}
	}
	if (fe_int_parse(digits, out) == FE_DECIMAL_OK && *out >= 0 && *out <= INT64_MAX >> shift) {
		*out = (int64_t)((uint64_t)*out << shift);
		return FE_OK;
	}
	return fe_fail(err, FE_EUSAGE, "--%s takes a size such as 512M or 2G, not '%.*s'", o->name,
		       FE_STR_ARGS(text));
}

static bool
is_choice(const char *choices, struct fe_str text)
{
	for (const char *p = choices; *p;) {
		size_t n = strcspn(p, " ");
		if (fe_str_eq(text, (struct fe_str){ p, n }))
			return true;
		p += n + (p[n] == ' ');
	}
	return false;
}

static enum fe_rc
read_value(const struct fe_opt *o, const char *text, int64_t *number, struct fe_err *err)
{
	struct fe_str s = fe_str_of(text);
	switch (o->kind) {
	case FE_OPT_FLAG:
		*number = 1;
		return FE_OK;
	case FE_OPT_TEXT:
		return FE_OK;
	case FE_OPT_INT:
		return read_int(o, s, number, err);
	case FE_OPT_SIZE:
		return read_size(o, s, number, err);
	case FE_OPT_DURATION:
		if (fe_duration_parse(s, number, err) == FE_OK)
			return FE_OK;
		return fe_fail(err, FE_EUSAGE, "--%s takes a duration such as 30s or 10m, not '%s'",
			       o->name, text);
	case FE_OPT_CHOICE:
		if (is_choice(o->choices, s))
			return FE_OK;
		return fe_fail(err, FE_EUSAGE, "--%s takes one of: %s; not '%s'", o->name, o->choices, text);
	}
	return fe_fail(err, FE_EBUG, "option --%s has no kind", o->name);
}

static enum fe_rc
add_value(struct fe_opts *out, const struct fe_opt *o, const char *text, struct fe_err *err)
{
	int64_t number = 0;
	FE_TRY(read_value(o, text, &number, err));
	out->values = fe_grow(out->values, &out->cap_values, out->n_values + 1, sizeof *out->values);
	out->values[out->n_values++] = (struct fe_opt_value){ .opt = o, .text = text, .number = number };
	return FE_OK;
}

static bool
was_given(const struct fe_opts *o, size_t n_defaults, const struct fe_opt *opt)
{
	for (size_t i = n_defaults; i < o->n_values; i++)
		if (o->values[i].opt == opt)
			return true;
	return false;
}

/* One word that starts with a dash; *i moves past a value of its own word. */
static enum fe_rc
parse_word(struct fe_opts *out, const struct fe_opt *table, size_t n_defaults, int argc,
           char *const *argv, int *i, struct fe_err *err)
{
	const char *word = argv[*i];
	bool is_long = word[1] == '-';
	const char *equals = is_long ? strchr(word, '=') : NULL;
	struct fe_str name = { word + 2, is_long ? (equals ? (size_t)(equals - word - 2) : strlen(word + 2)) : 0 };
	const struct fe_opt *o = is_long ? find_name(table, name) : find_letter(table, word[1]);
	const char *value = equals ? equals + 1 : NULL;

	if (!o && is_long)
		return fail_unknown(table, name, err);
	if (!o || (!is_long && word[2] && o->kind == FE_OPT_FLAG))
		return fe_fail(err, FE_EUSAGE, "unknown option '%s'; --help lists them", word);
	if (!is_long && word[2])
		value = word + 2;
	if (o->kind == FE_OPT_FLAG && value)
		return fe_fail(err, FE_EUSAGE, "--%s takes no value", o->name);
	if (!o->is_repeatable && was_given(out, n_defaults, o))
		return fe_fail(err, FE_EUSAGE, "--%s is given twice", o->name);
	if (o->kind != FE_OPT_FLAG && !value) {
		if (*i + 1 >= argc)
			return fe_fail(err, FE_EUSAGE, "--%s needs a value: --%s %s", o->name, o->name, o->arg);
		value = argv[++*i];
	}
	return add_value(out, o, value ? value : "", err);
}

enum fe_rc
fe_opts_parse(struct fe_opts *out, const struct fe_opt *table, int argc, char *const *argv,
              struct fe_err *err)
{
	*out = (struct fe_opts){ 0 };
	for (const struct fe_opt *o = table; o->name; o++)
		if (o->fallback)
			FE_TRY(add_value(out, o, o->fallback, err));
	size_t n_defaults = out->n_values;
	bool only_args = false;

	for (int i = 1; i < argc; i++) {
		if (!only_args && strcmp(argv[i], "--") == 0) {
			only_args = true;
		} else if (!only_args && argv[i][0] == '-' && argv[i][1]) {
			FE_TRY(parse_word(out, table, n_defaults, argc, argv, &i, err));
		} else {
			out->args = fe_grow(out->args, &out->cap_args, out->n_args + 1, sizeof *out->args);
			out->args[out->n_args++] = argv[i];
		}
	}
	return FE_OK;
}

void
fe_opts_reset(struct fe_opts *o)
{
	fe_free(o->values);
	fe_free(o->args);
	*o = (struct fe_opts){ 0 };
}

static const struct fe_opt_value *
last_value(const struct fe_opts *o, const char *name)
{
	for (size_t i = o->n_values; i-- > 0;)
		if (strcmp(o->values[i].opt->name, name) == 0)
			return &o->values[i];
	return NULL;
}

bool fe_opts_has(const struct fe_opts *o, const char *name) { return last_value(o, name) != NULL; }

const char *
fe_opts_text(const struct fe_opts *o, const char *name)
{
	const struct fe_opt_value *v = last_value(o, name);
	return v ? v->text : NULL;
}

int64_t
fe_opts_number(const struct fe_opts *o, const char *name)
{
	const struct fe_opt_value *v = last_value(o, name);
	return v ? v->number : 0;
}

const char *
fe_opts_nth(const struct fe_opts *o, const char *name, size_t nth)
{
	for (size_t i = 0; i < o->n_values; i++)
		if (strcmp(o->values[i].opt->name, name) == 0 && nth-- == 0)
			return o->values[i].text;
	return NULL;
}

void
fe_opts_help(const struct fe_opt *table, struct fe_buf *out)
{
	for (const struct fe_opt *o = table; o->name; o++) {
		size_t start = out->n_bytes;
		fe_buf_addf(out, "  --%s", o->name);
		if (o->letter)
			fe_buf_addf(out, ", -%c", o->letter);
		if (o->kind != FE_OPT_FLAG)
			fe_buf_addf(out, " %s", o->arg);
		do
			fe_buf_add_char(out, ' ');
		while (!out->failed && out->n_bytes - start < HELP_COLUMN);
		fe_buf_add_text(out, o->help);
		if (o->kind == FE_OPT_CHOICE)
			fe_buf_addf(out, " (%s)", o->choices);
		if (o->fallback)
			fe_buf_addf(out, " [%s]", o->fallback);
		fe_buf_add_char(out, '\n');
	}
}
