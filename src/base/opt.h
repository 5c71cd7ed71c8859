// SPDX-License-Identifier: Apache-2.0
/* base/opt.h - command line options as data
 *
 * One table a command, ended by an entry without a name. The table parses, checks,
 * fills in defaults and prints the help; nothing else knows the options.
 *
 *   --name VALUE, --name=VALUE, -x VALUE, --flag; "--" ends the options; other words
 *   are arguments, wherever they stand. A name that is not known is FE_EUSAGE with the
 *   nearest right one. Options are given once, but for repeatable ones.
 */
#ifndef FE_BASE_OPT_H
#define FE_BASE_OPT_H

#include "base/buf.h"

enum fe_opt_kind {
	FE_OPT_FLAG,
	FE_OPT_TEXT,
	FE_OPT_INT,      /* a whole number from least to most */
	FE_OPT_DURATION, /* 30s, 10m, 2h, 90d; kept as milliseconds */
	FE_OPT_SIZE,     /* 512M, 2G, 65536; kept as bytes */
	FE_OPT_CHOICE,   /* one of the words of `choices` */
};

struct fe_opt {
	const char *name;     /* without the dashes */
	char letter;          /* 0: none */
	enum fe_opt_kind kind;
	const char *arg;      /* how help calls the value */
	const char *fallback; /* default, as text; NULL: none */
	const char *choices;  /* "text json" */
	int64_t least, most;  /* FE_OPT_INT; most 0: INT64_MAX */
	bool is_repeatable;
	const char *help;
};

struct fe_opt_value {
	const struct fe_opt *opt;
	const char *text;     /* borrowed from argv or the table */
	int64_t number;
};

struct fe_opts {
	struct fe_opt_value *values;
	size_t n_values, cap_values;
	const char **args;    /* words that are not options */
	size_t n_args, cap_args;
};

/* argv[0] is the command's name and is left out. A copy of the table's defaults comes
 * first, so that a value is always there for options that have one. */
FE_MUST_USE enum fe_rc fe_opts_parse(struct fe_opts *out, const struct fe_opt *table, int argc,
                                     char *const *argv, struct fe_err *err);
void fe_opts_reset(struct fe_opts *o);

bool fe_opts_has(const struct fe_opts *o, const char *name);         /* given, or has a default */
const char *fe_opts_text(const struct fe_opts *o, const char *name); /* the last; NULL: none */
int64_t fe_opts_number(const struct fe_opts *o, const char *name);   /* 0: none */
/* The i-th value of a repeatable option; NULL past the last. */
const char *fe_opts_nth(const struct fe_opts *o, const char *name, size_t i);

/* One line an option, aligned. */
void fe_opts_help(const struct fe_opt *table, struct fe_buf *out);

#endif
