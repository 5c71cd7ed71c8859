// SPDX-License-Identifier: Apache-2.0
/* quality/distinct.h - the distinct values of a column, with the count of each
 *
 * What the kinds of expect_distinct.c and expect_distinct_set.c share: values are taken in as
 * keys (quality/keyset.h), and come out as values again, in their order: numbers and moments by
 * size, texts by code point, as bytes of UTF-8 are.
 */
#ifndef FE_QUALITY_DISTINCT_H
#define FE_QUALITY_DISTINCT_H

#include "quality/figure.h"
#include "quality/keyset.h"

struct fe_distinct {
	struct fe_keyset set; /* with the count of each: fe_keyset_get64 */
	uint64_t n_rows, n_values;
	struct fe_figure figure;
	struct fe_str *keys;  /* to be listed, in order: modes, or values that are not in the set */
	size_t n_keys, cap_keys;
	bool owns_keys;       /* they are copies: those of the set are on disk */
	uint64_t n_unexpected;
	const struct fe_literal **missing; /* [n_missing]; lists show the first */
	size_t n_missing;
};

/* Functions of kinds: the state of x is a struct fe_distinct. count takes only n_rows and n_values. */
FE_MUST_USE enum fe_rc fe_distinct_bind(struct fe_expectation *x, struct fe_err *err);
FE_MUST_USE enum fe_rc fe_distinct_count(struct fe_expectation *x, const struct fe_view *v, struct fe_err *err);
FE_MUST_USE enum fe_rc fe_distinct_feed(struct fe_expectation *x, const struct fe_view *v, struct fe_err *err);
void fe_distinct_reset(struct fe_expectation *x);

struct fe_type fe_distinct_type(const struct fe_expectation *x);
/* The value of a key of any column but text; how two keys of a column are ordered, for qsort. */
int64_t fe_distinct_number(struct fe_str key);
int (*fe_distinct_order(struct fe_type type))(const void *, const void *);
void fe_distinct_print_number(struct fe_buf *out, struct fe_type type, int64_t number, bool is_masked);
void fe_distinct_print_key(struct fe_buf *out, struct fe_type type, struct fe_str key, bool is_masked);
/* A key of the set to be listed, and one that is no longer. */
struct fe_str fe_distinct_hold(const struct fe_distinct *d, struct fe_str key);
void fe_distinct_drop(const struct fe_distinct *d, struct fe_str key);
/* The list of keys as a member of "result". */
void fe_distinct_print_keys(const struct fe_expectation *x, const char *name, struct fe_json *j,
                            void (*print)(struct fe_buf *, struct fe_type, struct fe_str, bool));

#endif
