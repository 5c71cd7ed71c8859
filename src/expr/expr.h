// SPDX-License-Identifier: Apache-2.0
/* expr/expr.h - the expression language: a small, typed, exact subset of SQL
 *
 * Grammar, loosest first:
 *   or | and | not | comparison (= <> != < <= > >=), [not] in (...), [not]
 *   between a and b, [not] like 'pat' [escape 'c'], is [not] null
 *   | + - | * / | unary - | literal, column, function(...), (...),
 *   case when c then v ... [else v] end, case x when v then ... end
 * Comparisons do not chain (a = b = c); like has no escape unless one is named.
 * Keywords and function names in any case, columns as declared ("quoted" too).
 * Literals: 12, 12.50, 'text' ('' for a quote), true, false, null,
 * date '2026-01-31', timestamp '2026-01-31 10:00Z'.
 *
 * Types: int and decimal mix exactly. A literal 12.50 is decimal(4,2). + - take the
 * greater scale, * the sum of the scales (more than 18 is an error when the
 * expression is read), / stands only directly inside round(x / y, scale). An
 * overflow at run time makes the cell null and tells it, see eval. Timestamps and
 * dates compare with each other (a date is its midnight UTC). timestamp - days(n),
 * timestamp + days(n). Text with text only. A mismatch is an error with its place.
 *
 * Functions: year month day dayofweek (Monday 0) hour minute second (of date or
 * timestamp, optional zone text as 2nd argument), date(ts [, zone]), now(),
 * days(n) hours(n) minutes(n), abs, round(x [, scale]) half away from zero,
 * coalesce, nullif, lower, upper, length, substr(s, start [, n]), trim, concat
 * (also ||), matches(s, 'pcre') (anchored nowhere; eval ends with FE_ELIMIT where a
 * match passes its limit), least, greatest.
 *
 * Nulls as in SQL: three-valued logic; null in, null out. NULL literals take the
 * type of their surroundings.
 *
 * Overflow: an int has 64 bits, a decimal 18 digits, a date the years 0001 to 9999; a
 * division by 0 and a text of more than 1 MiB count as overflow too. It passes on to
 * what needs the value, and not where the value does not matter: beside a false in
 * `and`, beside a true in `or`, in a branch of case or coalesce that is not taken.
 *
 *   Order      parse once per plan; eval per batch. An fe_expr is immutable; the
 *              scratch space lives in fe_expr_state, one per thread.
 *   Cost       a column at a time: one pass over the rows per operation.
 *   Limits     text 64 KiB, 4096 operations, nesting 64 (FE_ELIMIT/FE_EUSAGE);
 *              no recursion on the text.
 */
#ifndef FE_EXPR_EXPR_H
#define FE_EXPR_EXPR_H

#include "batch/batch.h"

struct fe_expr;

/* The columns that may be named: the first n_visible fields of the schema
 * (computed columns see only those before them). err carries line 1 and the
 * column of the mistake within text, and the nearest right name. */
FE_MUST_USE enum fe_rc fe_expr_parse(struct fe_expr **out, struct fe_str text,
                                     const struct fe_schema *schema, size_t n_visible,
                                     struct fe_err *err);
void fe_expr_free(struct fe_expr *e);
struct fe_type fe_expr_type(const struct fe_expr *e); /* text: max_chars 0 */
bool fe_expr_uses(const struct fe_expr *e, size_t column);
bool fe_expr_uses_now(const struct fe_expr *e);

/* "name(args) - one line" for each function. */
const char *const *fe_expr_function_help(size_t *n);

struct fe_expr_state; /* scratch columns; eval needs its expression, free does not */
struct fe_expr_state *fe_expr_state_new(const struct fe_expr *e);
void fe_expr_state_free(struct fe_expr_state *s);

/* Evaluates over all rows of the batch. now_us is the run time. *out is a column
 * of the state (or of the batch, for a bare column reference), valid until the
 * next eval of this state; new texts live in batch->arena. Rows whose arithmetic
 * overflowed are null in *out and set in *overflow (NULL if there is none), for
 * the caller to reject ("column:overflow" or the rule's id). */
FE_MUST_USE enum fe_rc fe_expr_eval(const struct fe_expr *e, struct fe_expr_state *s,
                                    struct fe_batch *batch, int64_t now_us,
                                    const struct fe_column **out,
                                    const uint64_t **overflow, struct fe_err *err);

/* The same condition as SQL for a CHECK constraint, appended to out. dialect
 * SQLITE: a decimal column x of scale s is the integer x_minor. FE_EUSAGE where the
 * expression has no exact counterpart (matches, now, zones, division). */
enum fe_sql_dialect { FE_SQL_SQLITE, FE_SQL_POSTGRES };
FE_MUST_USE enum fe_rc fe_expr_print_sql(const struct fe_expr *e, enum fe_sql_dialect dialect,
                                         struct fe_buf *out, struct fe_err *err);

#endif
