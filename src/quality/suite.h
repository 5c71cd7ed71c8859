// SPDX-License-Identifier: Apache-2.0
/* quality/suite.h - a suite of Great Expectations, read
 *
 * The JSON that Great Expectations writes: 1.x (name, expectations[] of type, kwargs, meta,
 * notes, description, severity), and 0.18's keys (expectation_suite_name,
 * expectation_type). Reading checks what GX checks when it makes the classes of it, and
 * fills in parameters: a kwarg {"$PARAMETER": "name"} is replaced by the value given for it,
 * else by the one that the suite itself has under suite_parameters.
 *
 * Each kwarg becomes a typed value by the table of its expectation (quality/expectation.h),
 * and keeps the form in which a result echoes it. What breaks one expectation (an unknown
 * type or key, a value of a wrong type, an absent parameter) is kept as its mistake, and
 * becomes an exception entry of the result; with is_strict it is FE_EUSAGE, all mistakes
 * named. docs/great-expectations.md lists where this differs from GX, which fails whole suites.
 *
 *   Ownership  the suite owns everything that it points to; it is immutable, runs share it
 *   Limits     those of format/json_tree.h; 10,000 expectations
 */
#ifndef FE_QUALITY_SUITE_H
#define FE_QUALITY_SUITE_H

#include "base/decimal.h"
#include "format/json_tree.h"

enum fe_severity { FE_SEVERITY_INFO, FE_SEVERITY_WARNING, FE_SEVERITY_CRITICAL };
const char *fe_severity_name(enum fe_severity s);

/* A number of a suite: exact where it has 38 digits at most, and as the double that GX sees.
 * Where it is not exact, its amount is a little more than that of digits / 10^scale. */
struct fe_suite_number {
	bool is_exact;
	fe_i128 digits;  /* value = digits / 10^scale */
	unsigned scale;
	double value;
};

enum fe_literal_kind {
	FE_LITERAL_NONE,    /* absent or null */
	FE_LITERAL_NUMBER,
	FE_LITERAL_BOOL,
	FE_LITERAL_TEXT,
	FE_LITERAL_DATE,    /* only as bounds: texts that are one */
	FE_LITERAL_INSTANT, /* with an offset */
	FE_LITERAL_NAIVE,   /* a datetime without one */
	FE_LITERAL_OTHER,   /* a list or an object inside of a list: equals nothing */
};
struct fe_literal {
	enum fe_literal_kind kind;
	struct fe_suite_number number; /* NUMBER */
	bool is_true;
	struct fe_str text;            /* TEXT, and what DATE .. NAIVE were written as */
	int32_t days;                  /* DATE */
	int64_t us;                    /* INSTANT; NAIVE as if it were UTC */
	struct fe_str raw;             /* JSON as it was read */
};

/* What kind of value a kwarg has: how it is checked, and how it is echoed. */
enum fe_kwarg_kind {
	FE_KWARG_COLUMN,   /* a column's name */
	FE_KWARG_NAMES,    /* a list of texts; may be null where the table says so */
	FE_KWARG_BOUND,    /* number, date or datetime, or a text of one; echoed as float */
	FE_KWARG_INT,      /* bound of counts: an int, cut from a fraction */
	FE_KWARG_FLOAT,    /* bound of figures */
	FE_KWARG_MOSTLY,   /* 0..1 */
	FE_KWARG_BOOL,
	FE_KWARG_TEXT,
	FE_KWARG_WORD,     /* one of a few (ignore_row_if, match_on) */
	FE_KWARG_TEXTS,    /* regex_list, like_pattern_list, type_list */
	FE_KWARG_VALUES,   /* value_set: literals; null */
	FE_KWARG_PAIRS,    /* value_pairs_set */
	FE_KWARG_QUANTILES,/* {quantiles, value_ranges} */
	FE_KWARG_CONDITION,/* row_condition */
	FE_KWARG_ANY,      /* kept, not looked at (condition_parser, result_format, catch_exceptions) */
};

struct fe_kwarg {
	const char *name;   /* of the table */
	bool is_set;        /* given and not null; else one is the default, if there is one */
	struct fe_literal one;                        /* BOUND, INT, FLOAT, MOSTLY, BOOL, TEXT, WORD, COLUMN */
	struct fe_literal *many; size_t n_many;       /* NAMES, TEXTS, VALUES; PAIRS: two each; QUANTILES: quantile, low, high each
	                                               * (low and high without raw: no range is given) */
	const struct fe_json_value *json;             /* as it was read (with parameters filled in) */
	struct fe_str echo; /* JSON in a result's expectation_config; p NULL: left out (default) */
};

struct fe_expectation_kind; /* quality/expectation.h */

struct fe_suite_item {
	const struct fe_expectation_kind *kind; /* NULL: unknown type */
	struct fe_str type;
	struct fe_kwarg *kwargs; /* in the order of kind's table; then those that all kinds have */
	size_t n_kwargs;
	struct fe_str raw_kwargs; /* as they were read: the echo of an item with a mistake */
	size_t *order;           /* indexes of kwargs in the order in which they are echoed */
	size_t n_order;
	enum fe_severity severity;
	struct fe_str meta, notes, description; /* raw JSON; p NULL: absent */
	char *mistake;           /* NULL, or why it cannot be evaluated */
	bool lacks_parameter;    /* that is why: a $PARAMETER has no value */
};

struct fe_suite {
	struct fe_str name;
	struct fe_suite_item *items;
	size_t n_items;
	struct fe_arena arena;
};

struct fe_suite_param { const char *name; struct fe_str json; /* its value */ };
struct fe_suite_settings {
	const char *path;    /* for messages */
	const struct fe_suite_param *params; size_t n_params;
	bool is_strict;
};

/* text must outlive nothing: what is needed of it is copied. FE_EDATA where it is no JSON,
 * FE_EUSAGE where it is no suite. */
FE_MUST_USE enum fe_rc fe_suite_read(struct fe_suite **out, struct fe_str text,
                                     const struct fe_suite_settings *set, struct fe_err *err);
void fe_suite_free(struct fe_suite *s); /* NULL is allowed */
/* By name; never NULL for a name of the kind's table. */
const struct fe_kwarg *fe_suite_kwarg(const struct fe_suite_item *item, const char *name);

#endif
