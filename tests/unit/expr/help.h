// SPDX-License-Identifier: Apache-2.0
/* A schema of all types and three rows, and an expression over them as one text.
 *
 *   amount decimal(12,2)  12.50         -0.05        null
 *   rate decimal(10,6)    1.500000      null         null
 *   big decimal(18,0)     10^18 - 1     null         null
 *   n int                 3             null         null
 *   m int                 -2            2^63 - 1     null
 *   s text                failed        Ünïcode      null
 *   t text                x%y_z         (empty)      null
 *   b bool                true          false        null
 *   c bool                null          true         null
 *   d date                2024-02-29    0001-01-01   null
 *   ts timestamp          2024-02-29 23:30:15.5Z     1969-12-31 23:59:59.999999Z   null
 *   after int             only in the schema, not to be named
 *
 * now() is 2026-11-23 02:13:20Z.
 */
#ifndef FE_TESTS_UNIT_EXPR_HELP_H
#define FE_TESTS_UNIT_EXPR_HELP_H

#include "expr/expr.h"

#define FE_TEST_NOW_US INT64_C(1795400000000000)

struct fe_test_data {
	struct fe_schema schema;
	struct fe_batch batch;
	struct fe_buf text;
};

void fe_test_data_init(struct fe_test_data *t, size_t n_copies); /* of the three rows */
void fe_test_data_reset(struct fe_test_data *t);
/* "12.50 -0.05 null" of the first three rows, "overflow" for an overflow; fails the test
 * if the expression does not parse, or a copy of the rows differs from the first. */
const char *fe_test_values(const char *expression);
/* "column: message" of an expression that does not parse. */
const char *fe_test_error(const char *expression);
/* "type" of an expression. */
const char *fe_test_type(const char *expression);
/* As SQL; "refused: message" where there is none. */
const char *fe_test_sql(const char *expression, enum fe_sql_dialect dialect);

#endif
