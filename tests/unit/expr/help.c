// SPDX-License-Identifier: Apache-2.0
/* Expressions over three rows, as texts that a test can compare. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/time.h"
#include "help.h"

enum { AMOUNT, RATE, BIG, N, M, S, T, B, C, D, TS, AFTER, N_FIELDS };

static const struct {
	const char *name, *type;
} fields[N_FIELDS] = {
	[AMOUNT] = { "amount", "decimal(12,2)" }, [RATE] = { "rate", "decimal(10,6)" },
	[BIG] = { "big", "decimal(18,0)" },       [N] = { "n", "int" },
	[M] = { "m", "int" },                     [S] = { "s", "text(20)" },
	[T] = { "t", "text(20)" },                [B] = { "b", "bool" },
	[C] = { "c", "bool" },                    [D] = { "d", "date" },
	[TS] = { "ts", "timestamp" },             [AFTER] = { "after", "int" },
};

static void
set_i64(struct fe_batch *b, size_t column, size_t row, int64_t v)
{
	fe_bit_set(b->columns[column].valid, row);
	b->columns[column].i64[row] = v;
}

static void
set_text(struct fe_batch *b, size_t column, size_t row, const char *v)
{
	fe_bit_set(b->columns[column].valid, row);
	b->columns[column].text[row] = fe_str_of(v);
}

static void
set_bool(struct fe_batch *b, size_t column, size_t row, bool v)
{
	fe_bit_set(b->columns[column].valid, row);
	fe_bit_put(b->columns[column].bits, row, v);
}

static void
set_date(struct fe_batch *b, size_t column, size_t row, int32_t v)
{
	fe_bit_set(b->columns[column].valid, row);
	b->columns[column].days[row] = v;
}

static void
fill(struct fe_batch *b, size_t at)
{
	int32_t leap_day = fe_days_from_civil(2024, 2, 29);

	set_i64(b, AMOUNT, at, 1250);
	set_i64(b, AMOUNT, at + 1, -5);
	set_i64(b, RATE, at, 1500000);
	set_i64(b, BIG, at, INT64_C(999999999999999999));
	set_i64(b, N, at, 3);
	set_i64(b, M, at, -2);
	set_i64(b, M, at + 1, INT64_MAX);
	set_text(b, S, at, "failed");
	set_text(b, S, at + 1, "Ünïcode");
	set_text(b, T, at, "x%y_z");
	set_text(b, T, at + 1, "");
	set_bool(b, B, at, true);
	set_bool(b, B, at + 1, false);
	set_bool(b, C, at + 1, true);
	set_date(b, D, at, leap_day);
	set_date(b, D, at + 1, FE_DATE_MIN);
	set_i64(b, TS, at, leap_day * FE_US_PER_DAY + INT64_C(84615500000));
	set_i64(b, TS, at + 1, -1);
	b->n_rows = at + 3;
}

void
fe_test_data_init(struct fe_test_data *t, size_t n_copies)
{
	fe_schema_init(&t->schema);
	for (size_t i = 0; i < N_FIELDS; i++) {
		struct fe_type type;

		assert_int_equal(fe_type_parse(fe_str_of(fields[i].type), &type, NULL), FE_OK);
		fe_schema_add(&t->schema, fe_str_of(fields[i].name), type);
	}
	t->schema.n_source = t->schema.n_fields;
	fe_batch_init(&t->batch, &t->schema);
	for (size_t i = 0; i < n_copies; i++)
		fill(&t->batch, 3 * i);
	fe_buf_init(&t->text, 1u << 20);
}

void
fe_test_data_reset(struct fe_test_data *t)
{
	fe_buf_reset(&t->text);
	fe_batch_reset(&t->batch);
	fe_schema_reset(&t->schema);
}

/* What a test compares outlives the data; tests run one after another. */
static const char *
keep(const struct fe_buf *b)
{
	static char kept[4][2048];
	static unsigned next;
	char *to = kept[next++ % 4];

	snprintf(to, sizeof(kept[0]), "%s", fe_buf_text(b));
	return to;
}

static void
add_row(const struct fe_column *c, const uint64_t *overflow, size_t row, struct fe_buf *out)
{
	bool is_over = overflow && fe_bit_get(overflow, row), has = fe_bit_get(c->valid, row);

	assert_false(is_over && has);
	if (row % 3)
		fe_buf_add_char(out, ' ');
	if (is_over || !has)
		fe_buf_add_text(out, is_over ? "overflow" : "null");
	else
		fe_column_print(c, row, out);
}

const char *
fe_test_values(const char *expression)
{
	struct fe_err err = FE_ERR_INIT;
	struct fe_test_data t;
	struct fe_expr *e;
	struct fe_expr_state *state;
	const struct fe_column *out;
	const uint64_t *overflow;
	struct fe_buf first;
	const char *kept;

	fe_test_data_init(&t, 50); /* 150 rows: whole words of bits and a part of one */
	fe_buf_init(&first, 1u << 20);
	if (fe_expr_parse(&e, fe_str_of(expression), &t.schema, AFTER, &err))
		fail_msg("%s: %s", expression, err.text);
	state = fe_expr_state_new(e);
	assert_int_equal(fe_expr_eval(e, state, &t.batch, FE_TEST_NOW_US, &out, &overflow, &err), FE_OK);
	for (size_t i = 0; i < 3; i++)
		add_row(out, overflow, i, &first);
	for (size_t i = 3; i < t.batch.n_rows; i++) {
		add_row(out, overflow, i, &t.text);
		if (i % 3 == 2) {
			assert_string_equal(fe_buf_text(&t.text), fe_buf_text(&first));
			fe_buf_clear(&t.text);
		}
	}
	kept = keep(&first);
	fe_buf_reset(&first);
	fe_expr_state_free(state);
	fe_expr_free(e);
	fe_test_data_reset(&t);
	return kept;
}

const char *
fe_test_error(const char *expression)
{
	struct fe_err err = FE_ERR_INIT;
	struct fe_test_data t;
	struct fe_expr *e;
	const char *kept;

	fe_test_data_init(&t, 0);
	if (fe_expr_parse(&e, fe_str_of(expression), &t.schema, AFTER, &err) == FE_OK)
		fail_msg("this was accepted: %s", expression);
	assert_null(e);
	assert_int_equal(err.line, 1);
	fe_buf_addf(&t.text, "%u: %s", (unsigned)err.column, err.text);
	kept = keep(&t.text);
	fe_test_data_reset(&t);
	return kept;
}

const char *
fe_test_type(const char *expression)
{
	struct fe_err err = FE_ERR_INIT;
	char type[FE_TYPE_TEXT_BYTES];
	struct fe_test_data t;
	struct fe_expr *e;
	const char *kept;

	fe_test_data_init(&t, 0);
	if (fe_expr_parse(&e, fe_str_of(expression), &t.schema, AFTER, &err))
		fail_msg("%s: %s", expression, err.text);
	fe_buf_add_text(&t.text, fe_type_print(fe_expr_type(e), type));
	kept = keep(&t.text);
	fe_expr_free(e);
	fe_test_data_reset(&t);
	return kept;
}

const char *
fe_test_sql(const char *expression, enum fe_sql_dialect dialect)
{
	struct fe_err err = FE_ERR_INIT;
	struct fe_test_data t;
	struct fe_expr *e;
	const char *kept;

	fe_test_data_init(&t, 0);
	if (fe_expr_parse(&e, fe_str_of(expression), &t.schema, AFTER, &err))
		fail_msg("%s: %s", expression, err.text);
	if (fe_expr_print_sql(e, dialect, &t.text, &err)) {
		fe_buf_clear(&t.text);
		fe_buf_addf(&t.text, "refused: %s", err.text);
	}
	kept = keep(&t.text);
	fe_expr_free(e);
	fe_test_data_reset(&t);
	return kept;
}
