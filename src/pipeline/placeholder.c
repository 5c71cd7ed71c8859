// SPDX-License-Identifier: Apache-2.0
/* pipeline/placeholder.c - see pipeline/placeholder.h */
#include "pipeline/placeholder.h"

#include "pipeline/parent.h"
#include "pipeline/run_dataset.h"

#define MAX_KEY_BYTES (8u << 20)

static const struct fe_plan_dataset *
parent_dataset(const struct fe_placeholders *p)
{
	return &p->run->set->plan->datasets[p->reference->table];
}

static const struct fe_table *
parent_table(const struct fe_placeholders *p)
{
	return &p->run->set->plan->tables[p->reference->table];
}

void
fe_placeholders_init(struct fe_placeholders *p, struct fe_run_context *run, const struct fe_plan_reference *reference)
{
	*p = (struct fe_placeholders){ .run = run, .reference = reference };
}

void
fe_placeholders_reset(struct fe_placeholders *p)
{
	fe_clean_free(p->clean);
	fe_batch_reset(&p->cells);
	fe_batch_reset(&p->rows);
	fe_schema_reset(&p->key_schema);
	fe_reason_table_reset(&p->reasons);
	*p = (struct fe_placeholders){ 0 };
}

/* A number or a date has come to be one already, in whatever way it was written: what is
 * left of its cleaning is that it fits. */
static enum fe_rc
open(struct fe_placeholders *p, struct fe_err *err)
{
	const struct fe_plan_dataset *parent = parent_dataset(p);
	const struct fe_field *key = &parent->schema.fields[parent_table(p)->key[0]];
	const struct fe_clean_column *clean = &parent->clean[parent_table(p)->key[0]];

	if (p->rows.schema)
		return FE_OK;
	fe_batch_init(&p->rows, &parent->schema);
	if (clean->value)
		return FE_OK;
	fe_schema_init(&p->key_schema);
	(void)fe_schema_add(&p->key_schema, fe_str_of(key->name), key->type);
	p->key_schema.n_source = 1;
	p->key_clean = (struct fe_clean_column){ .type = key->type, .required = true };
	if (key->type.kind == FE_TEXT)
		p->key_clean = *clean;
	p->key_clean.default_text = NULL;
	fe_batch_init(&p->cells, &p->key_schema);
	return fe_clean_new(&p->clean, &p->key_clean, &p->key_schema, &p->reasons, err);
}

/* Rows of nothing but their keys, the values of some rows of a column. */
static void
set_keys(struct fe_placeholders *p, const struct fe_column *column, const uint32_t *rows, size_t n)
{
	const size_t key = parent_table(p)->key[0];

	fe_batch_clear(&p->rows);
	for (size_t i = 0; i < p->rows.schema->n_fields; i++)
		fe_bits_fill(p->rows.columns[i].valid, FE_BATCH_ROWS, false);
	for (size_t i = 0; i < n; i++) {
		fe_column_copy_value(&p->rows.columns[key], i, column, rows[i]);
		p->rows.origin[i] = (struct fe_origin){ 0 };
	}
	p->rows.n_rows = n;
}

/* ---- what a record of the parent may not have for a key ---- */

static struct fe_str
cell_of(struct fe_arena *arena, const struct fe_column *column, size_t row)
{
	struct fe_buf text;

	if (column->type.kind == FE_TEXT)
		return column->text[row];
	fe_buf_init(&text, MAX_KEY_BYTES);
	fe_column_print(column, row, &text);
	struct fe_str cell = { fe_arena_copy(arena, text.p, text.n_bytes), text.n_bytes };
	fe_buf_reset(&text);
	return cell;
}

static enum fe_rc
refuse_uncleaned(struct fe_placeholders *p, struct fe_row_bits *refused, struct fe_err *err)
{
	const struct fe_column *keys = &p->rows.columns[parent_table(p)->key[0]];

	if (!p->clean)
		return FE_OK;
	fe_batch_clear(&p->cells);
	p->cells.n_rows = p->rows.n_rows;
	for (size_t i = 0; i < p->rows.n_rows; i++)
		p->cells.cells[0][i] = cell_of(&p->cells.arena, keys, i);
	FE_TRY(fe_clean_batch(p->clean, &p->cells, p->run->run_time_us, err));
	for (size_t i = 0; i < p->rows.n_rows; i++)
		if (!fe_column_same_value(keys, i, &p->cells.columns[0], i))
			fe_bit_set(refused->words, i);
	return FE_OK;
}

/* Where the condition is false, or, of one that is to be true, not that. */
static enum fe_rc
refuse_where_false(struct fe_placeholders *p, const struct fe_expr *condition, bool is_to_be_true,
                   struct fe_row_bits *refused, struct fe_err *err)
{
	struct fe_expr_state *state = fe_expr_state_new(condition);
	const struct fe_column *is_true;
	const uint64_t *overflow;
	enum fe_rc rc = fe_expr_eval(condition, state, &p->rows, p->run->run_time_us, &is_true, &overflow, err);

	for (size_t w = 0; rc == FE_OK && w < FE_BITMAP_WORDS(p->rows.n_rows); w++) {
		const uint64_t unknown = is_to_be_true ? UINT64_MAX : overflow ? overflow[w] : 0;
		refused->words[w] |= (is_true->valid[w] & ~is_true->bits[w]) | (~is_true->valid[w] & unknown);
	}
	fe_expr_state_free(state);
	return rc;
}

/* What is said of other columns, too, is said of records. */
static bool
is_of_key_alone(const struct fe_placeholders *p, const struct fe_expr *e)
{
	const size_t key = parent_table(p)->key[0];

	for (size_t i = 0; i < parent_dataset(p)->schema.n_source; i++)
		if (i != key && fe_expr_uses(e, i))
			return false;
	return fe_expr_uses(e, key);
}

static enum fe_rc
refuse_unlawful(struct fe_placeholders *p, struct fe_row_bits *refused, struct fe_err *err)
{
	const struct fe_plan_dataset *parent = parent_dataset(p);

	if (parent->where && is_of_key_alone(p, parent->where))
		FE_TRY(refuse_where_false(p, parent->where, true, refused, err));
	for (size_t i = 0; i < parent->n_rules; i++)
		if (parent->rules[i].action != FE_RULE_WARN && is_of_key_alone(p, parent->rules[i].check))
			FE_TRY(refuse_where_false(p, parent->rules[i].check, false, refused, err));
	for (size_t i = 0; i < parent_table(p)->n_checks; i++)
		FE_TRY(refuse_where_false(p, parent->table_checks[i], false, refused, err));
	return FE_OK;
}

/* Of the rows that are missing, takes off those whose key is refused. */
static enum fe_rc
judge_keys(struct fe_placeholders *p, const struct fe_column *column, size_t n_rows, struct fe_err *err)
{
	struct fe_row_bits refused = { 0 };
	uint32_t rows[FE_BATCH_ROWS];
	size_t n = 0;

	for (size_t row = fe_bits_next(p->missing.words, n_rows, 0); row < n_rows; row = fe_bits_next(p->missing.words, n_rows, row + 1))
		rows[n++] = (uint32_t)row;
	if (n == 0)
		return FE_OK;
	FE_TRY(open(p, err));
	set_keys(p, column, rows, n);
	FE_TRY(refuse_uncleaned(p, &refused, err));
	FE_TRY(refuse_unlawful(p, &refused, err));
	for (size_t i = 0; i < n; i++)
		if (fe_bit_get(refused.words, i))
			fe_bit_clear(p->missing.words, rows[i]);
	return FE_OK;
}

enum fe_rc
fe_placeholders_known(void *ctx, const struct fe_column *column, const uint64_t *asked, size_t n_rows, uint64_t *known,
                      struct fe_err *err)
{
	struct fe_placeholders *p = ctx;

	FE_TRY(fe_parent_has_row(&p->run->parents[p->reference->table], column, asked, n_rows, known, err));
	for (size_t w = 0; w < FE_BITMAP_WORDS(n_rows); w++)
		p->missing.words[w] = asked[w] & ~known[w];
	FE_TRY(judge_keys(p, column, n_rows, err));
	for (size_t w = 0; w < FE_BITMAP_WORDS(n_rows); w++)
		known[w] |= p->missing.words[w];
	return FE_OK;
}

enum fe_rc
fe_placeholders_make(struct fe_placeholders *p, const struct fe_batch *b, const uint64_t *accepted, int64_t object_id,
                     struct fe_err *err)
{
	const struct fe_column *column = &b->columns[p->reference->column];
	struct fe_sink *sink = p->run->sink;
	uint32_t rows[FE_BATCH_ROWS];
	size_t n = 0, n_new;

	for (size_t w = 0; w < FE_BITMAP_WORDS(b->n_rows); w++) {
		for (uint64_t m = p->missing.words[w] & accepted[w]; m; m &= m - 1)
			rows[n++] = (uint32_t)(w * 64 + (size_t)__builtin_ctzll(m));
		p->missing.words[w] = 0;
	}
	if (n == 0)
		return FE_OK;
	FE_TRY(fe_parent_add(&p->run->parents[p->reference->table], column, rows, n, &n_new, err));
	if (n_new == 0)
		return FE_OK;
	set_keys(p, column, rows, n_new);
	p->n_made += n_new;
	return sink->ops->placeholders(sink, p->reference->table, &p->rows, object_id, err);
}
