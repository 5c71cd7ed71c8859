// SPDX-License-Identifier: Apache-2.0
/* quality/expectation.h - what an expectation is to the engine: the seam of all kinds
 *
 * A kind (expect_column_values_to_be_between, ...) is a row of a table: its kwargs, and how
 * it is bound to columns, fed with rows, ended, and printed. Rows come once, in order, a
 * batch at a time; memory is bounded but for what must be remembered (keys of uniqueness).
 *
 * Map expectations only judge: which rows of a batch are considered, and which of those are
 * unexpected. Counting, samples, percents and result formats are quality/map_result.h's, one
 * for all of them.
 *
 *   Order      init, bind, (feed)*, end, print, reset
 *   Failure    A value of enum fe_rc is for the run (limits, bugs). What makes the
 *              expectation itself fail, as GX raises, is x->exception.
 */
#ifndef FE_QUALITY_EXPECTATION_H
#define FE_QUALITY_EXPECTATION_H

#include "base/json.h"
#include "batch/batch.h"
#include "quality/suite.h"

/* A batch as expectations see it. Take part: the rows that the data set keeps. */
struct fe_view {
	const struct fe_batch *batch;
	const uint64_t *rows;     /* bit: takes part (and meets the row condition, in feed) */
	size_t n_rows;            /* rows of the batch; bits past it are zero */
	const uint64_t *position; /* [n_rows] of each that takes part: its place in the table, from 0 */
};

/* As GX raises: A, a metric failed; B, the expectation itself. */
enum fe_exception_form { FE_EXCEPTION_NONE, FE_EXCEPTION_METRIC, FE_EXCEPTION_PLAIN };
struct fe_exception {
	enum fe_exception_form form;
	const char *metrics[4];  /* METRIC: their names, in order; up to a NULL */
	char own_metric[96];     /* a name that was made up here */
	char *message;
};

enum fe_domain { FE_DOMAIN_TABLE, FE_DOMAIN_COLUMN, FE_DOMAIN_PAIR, FE_DOMAIN_MULTI };

enum fe_result_format { FE_RESULT_BOOLEAN_ONLY, FE_RESULT_BASIC, FE_RESULT_SUMMARY, FE_RESULT_COMPLETE };
struct fe_result_settings {
	enum fe_result_format format;
	size_t partial_unexpected_count;            /* 20 */
	const char *const *index_columns; size_t n_index_columns; /* unexpected_index_column_names */
	bool has_index_columns, include_unexpected_rows, exclude_unexpected_values;
	bool has_index_query, return_index_query;
};

struct fe_map_result;     /* quality/map_result.h */
struct fe_row_condition;  /* quality/row_condition.h */

struct fe_expectation {   /* one item of the suite, at work */
	const struct fe_suite_item *item;
	const struct fe_schema *schema;
	const bool *pii;                  /* [n_fields]: values are masked in what is printed; may be NULL */
	const bool *known_unique;         /* [n_fields]: no value comes twice, null aside; may be NULL */
	size_t *columns; size_t n_columns;/* of the domain, in the order of kwargs */
	struct fe_row_condition *condition; /* NULL: none */
	struct fe_map_result *map;        /* NULL: no map expectation */
	void *state;                      /* the kind's own */
	struct fe_exception exception;
	uint64_t n_rows;                  /* that met the condition */
	bool success;                     /* after end */
	uint64_t max_bytes;               /* of memory for keys and kept values; 0: no limit */
	const char *spill_folder;         /* where keys go past it; NULL: nowhere */
};

struct fe_kwarg_spec {
	const char *name;
	enum fe_kwarg_kind kind;
	bool is_required, may_be_null;
	const char *default_json;         /* NULL: none; a value equal to it is not echoed */
	const char *words;                /* WORD: "a|b|c" */
};

struct fe_expectation_kind {
	const char *type;
	enum fe_domain domain;
	bool is_map;
	bool remembers;                   /* keys or values, in memory that grows with the data */
	bool forgets_known;               /* but nothing of a column that is known to be unique */
	bool counts_nulls;                /* map of all rows: the null checks */
	/* What is named where a column of the domain is not there (form A), up to a NULL:
	 * "column_values.between.condition", "column_values.nonnull.condition". */
	const char *metrics[3];
	bool is_plain_without_column;     /* form B then */
	const struct fe_kwarg_spec *kwargs; /* up to a NULL name; beside what all have
	                                     * (result_format, catch_exceptions, batch_id, meta, notes...) */
	/* What is wrong with the kwargs by themselves ("regex_list must not be empty"): written to
	 * mistake when the suite is read, each kwarg being fine alone. May be NULL. */
	void (*check)(const struct fe_suite_item *item, struct fe_buf *mistake);
	/* Columns are resolved, the condition is read. May set x->exception. A map kind that
	 * answers without a map here (types of numbers) calls fe_expectation_drop_map. */
	enum fe_rc (*bind)(struct fe_expectation *x, struct fe_err *err);
	/* Map kinds: sets bits of considered and unexpected (both zeroed before), within v->rows. */
	enum fe_rc (*judge)(struct fe_expectation *x, const struct fe_view *v, uint64_t *considered,
	                    uint64_t *unexpected, struct fe_err *err);
	/* Others: takes the rows in. */
	enum fe_rc (*feed)(struct fe_expectation *x, const struct fe_view *v, struct fe_err *err);
	/* All rows were fed: sets x->success; with a map it is found after this, by mostly. */
	enum fe_rc (*end)(struct fe_expectation *x, struct fe_err *err);
	/* The members of "result"; not called where there is a map. */
	void (*print)(const struct fe_expectation *x, const struct fe_result_settings *set, struct fe_json *j);
	void (*reset)(struct fe_expectation *x);
	/* The sentence that people read: "amount is between 0.01 and 1000000". */
	void (*describe)(const struct fe_suite_item *item, struct fe_buf *out);
};

/* All kinds (quality/kinds.h), by type and by number; NULL: none. */
const struct fe_expectation_kind *fe_expectation_kind_of(struct fe_str type);
const struct fe_expectation_kind *fe_expectation_kind_at(size_t i);

/* Fails the expectation as GX does. metrics: up to a NULL; NULL for form B. */
FE_PRINTF(3, 4)
void fe_expectation_raise(struct fe_expectation *x, const char *const *metrics, const char *fmt, ...);

/* From bind: x is fed and printed by the kind itself. */
void fe_expectation_drop_map(struct fe_expectation *x);

/* A value as GX prints it in JSON: decimals as the nearest double, dates and timestamps as
 * texts, null as null; with pii "***". */
void fe_expectation_print_value(struct fe_buf *out, const struct fe_column *c, size_t row, bool is_masked);
/* -1, 0, 1: the value of a row against a bound, exactly; *comparable false where their
 * kinds do not compare. The row has a value. */
int fe_literal_compare(const struct fe_column *c, size_t row, const struct fe_literal *bound, bool *comparable);

#endif
