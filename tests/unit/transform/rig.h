// SPDX-License-Identifier: Apache-2.0
/* A small data set for the tests of the steps: columns by name and type, cells as
 * texts, values and reasons as texts again. */
#ifndef FE_TESTS_TRANSFORM_RIG_H
#define FE_TESTS_TRANSFORM_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "expr/expr.h"
#include "transform/clean.h"

#define MAX_TEST_COLUMNS 16

struct rig {
	struct fe_schema schema;
	struct fe_clean_column columns[MAX_TEST_COLUMNS];
	struct fe_reason_table reasons;
	struct fe_batch batch;
	struct fe_clean *clean;
	struct fe_expr *exprs[MAX_TEST_COLUMNS];
	size_t n_exprs;
};

/* A source column; more is set in the struct that is returned. */
static inline struct fe_clean_column *
rig_column(struct rig *r, const char *name, const char *type)
{
	struct fe_type t;
	assert_int_equal(fe_type_parse(fe_str_of(type), &t, NULL), FE_OK);
	size_t i = fe_schema_add(&r->schema, fe_str_of(name), t);
	r->columns[i].type = t;
	return &r->columns[i];
}

static inline const struct fe_expr *
rig_expr(struct rig *r, const char *text)
{
	struct fe_err err = FE_ERR_INIT;
	struct fe_expr **e = &r->exprs[r->n_exprs++];
	if (fe_expr_parse(e, fe_str_of(text), &r->schema, r->schema.n_fields, &err))
		fail_msg("%s: %s", text, err.text);
	return *e;
}

/* After the last source column. */
static inline void
rig_open(struct rig *r, bool ascii)
{
	struct fe_err err = FE_ERR_INIT;
	if (r->schema.n_source == 0)
		r->schema.n_source = r->schema.n_fields;
	fe_batch_init(&r->batch, &r->schema);
	r->batch.ascii = ascii;
	if (fe_clean_new(&r->clean, r->columns, &r->schema, &r->reasons, &err))
		fail_msg("%s", err.text);
}

static inline void
rig_cell(struct rig *r, size_t row, size_t column, struct fe_str cell)
{
	r->batch.cells[column][row] = cell;
	if (row >= r->batch.n_rows)
		r->batch.n_rows = row + 1;
	r->batch.origin[row].record = row + 1;
}

static inline void
rig_clean(struct rig *r)
{
	struct fe_err err = FE_ERR_INIT;
	if (fe_clean_batch(r->clean, &r->batch, 0, &err))
		fail_msg("%s", err.text);
}

static inline void
rig_close(struct rig *r)
{
	fe_clean_free(r->clean);
	fe_batch_reset(&r->batch);
	fe_reason_table_reset(&r->reasons);
	for (size_t i = 0; i < r->n_exprs; i++)
		fe_expr_free(r->exprs[i]);
	fe_schema_reset(&r->schema);
	*r = (struct rig){ 0 };
}

/* The value as text; NULL for null. Good until the next call but three. */
static inline const char *
rig_value(const struct rig *r, size_t row, size_t column)
{
	static char texts[4][256];
	static size_t next;
	char *out = texts[next++ % 4];
	struct fe_buf b;
	if (!fe_bit_get(r->batch.columns[column].valid, row))
		return NULL;
	fe_buf_init(&b, 255);
	fe_column_print(&r->batch.columns[column], row, &b);
	snprintf(out, 256, "%s", fe_buf_text(&b));
	fe_buf_reset(&b);
	return out;
}

/* The reasons of a row, joined by ';'. */
static inline const char *
rig_reasons(struct rig *r, size_t row)
{
	static char out[512];
	size_t n = 0;
	out[0] = '\0';
	fe_batch_sort_reasons(&r->batch);
	for (size_t i = 0; i < r->batch.n_reasons; i++)
		if (r->batch.reasons[i].row == row)
			n += (size_t)snprintf(out + n, sizeof out - n, "%s%s", n ? ";" : "",
			                      fe_reason_text(&r->reasons, r->batch.reasons[i].id));
	return out;
}

static inline void
rig_expect(struct rig *r, size_t row, size_t column, const char *value, const char *reasons)
{
	const char *got = rig_value(r, row, column);
	if (!value || !got)
		assert_ptr_equal(got, value);
	else
		assert_string_equal(got, value);
	assert_string_equal(rig_reasons(r, row), reasons);
	assert_int_equal(fe_bit_get(r->batch.failed, row), reasons[0] != '\0');
}

#endif
