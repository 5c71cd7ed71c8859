// SPDX-License-Identifier: Apache-2.0
/* quality/value_set.h - a value_set of a suite, ready to be asked by a column
 *
 * What equals what is pandas' and Python's: 1 is 1.0 and true, a number is never a text, null
 * is in no set; decimals are compared exactly. Whether the texts of a suite are read as dates
 * and timestamps is another matter with each expectation.
 */
#ifndef FE_QUALITY_VALUE_SET_H
#define FE_QUALITY_VALUE_SET_H

#include "base/hash.h"
#include "base/keytable.h"
#include "batch/column.h"
#include "quality/suite.h"

enum fe_moment_texts {
	FE_MOMENT_TEXTS_NEVER,      /* so that no date or timestamp is in any set */
	FE_MOMENT_TEXTS_TIMESTAMPS, /* of timestamp columns */
	FE_MOMENT_TEXTS_ALL,        /* of date columns too */
};

/* A text of a suite as a moment of such a column, with how Python prints it as JSON in iso. */
bool fe_value_read_moment(struct fe_type type, enum fe_moment_texts how, struct fe_str text, int64_t *out,
                          struct fe_buf *iso);
/* What a literal is as a value of a column of that type; *number for all types but text, whose
 * value is the literal's own text. False: no value of such a column equals it. */
bool fe_value_of_literal(struct fe_type type, enum fe_moment_texts how, const struct fe_literal *l, int64_t *number);

/* A text of 1 to 16 bytes in two words; those of two texts as long are the same if the texts are. */
struct fe_two_words {
	size_t n;
	uint64_t head, tail;
};

#define FE_VALUE_SET_FEW 8
struct fe_value_set {
	int64_t *numbers; size_t n_numbers;     /* ascending; columns of all types but text */
	struct fe_str *texts; size_t n_texts;   /* views of the suite */
	struct fe_two_words words[FE_VALUE_SET_FEW]; /* of the first texts; n 0: empty, or too long */
	const struct fe_literal *no_moment;     /* the first text that should be one and is none */
	struct fe_hash_key hash_key;
	struct fe_keytable table;               /* of the texts, where they are many */
};

/* Must not be moved. */
FE_MUST_USE enum fe_rc fe_value_set_init(struct fe_value_set *s, struct fe_type type, enum fe_moment_texts how,
                                         const struct fe_kwarg *set, struct fe_err *err);
/* For sentences: "PENDING", "POSTED" and 3 more. */
void fe_value_set_describe(const struct fe_kwarg *set, struct fe_buf *out);
void fe_value_set_reset(struct fe_value_set *s);
bool fe_value_set_has_number(const struct fe_value_set *s, int64_t v);
bool fe_value_set_has_text(const struct fe_value_set *s, struct fe_str v);

#endif
