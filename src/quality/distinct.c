// SPDX-License-Identifier: Apache-2.0
/* quality/distinct.c - see quality/distinct.h */
#include "quality/distinct.h"

#include "base/mem.h"

struct fe_type
fe_distinct_type(const struct fe_expectation *x)
{
	return x->schema->fields[x->columns[0]].type;
}

enum fe_rc
fe_distinct_bind(struct fe_expectation *x, struct fe_err *err)
{
	struct fe_distinct *d = fe_new(struct fe_distinct);

	(void)err;
	x->state = d;
	fe_keyset_init(&d->set, sizeof(uint64_t), x->max_bytes, x->spill_folder);
	return FE_OK;
}

static size_t
take_values(struct fe_expectation *x, const struct fe_view *v, uint64_t *values)
{
	const struct fe_column *c = &v->batch->columns[x->columns[0]];
	struct fe_distinct *d = x->state;
	size_t n_values;

	for (size_t w = 0; w < FE_BITMAP_WORDS(v->n_rows); w++)
		values[w] = v->rows[w] & c->valid[w];
	n_values = fe_bits_count(values, v->n_rows);
	d->n_rows += fe_bits_count(v->rows, v->n_rows);
	d->n_values += n_values;
	return n_values;
}

enum fe_rc
fe_distinct_count(struct fe_expectation *x, const struct fe_view *v, struct fe_err *err)
{
	uint64_t values[FE_BITMAP_WORDS(FE_BATCH_ROWS)];

	(void)err;
	FE_ASSERT(v->n_rows <= FE_BATCH_ROWS);
	(void)take_values(x, v, values);
	return FE_OK;
}

enum fe_rc
fe_distinct_feed(struct fe_expectation *x, const struct fe_view *v, struct fe_err *err)
{
	uint64_t values[FE_BITMAP_WORDS(FE_BATCH_ROWS)];
	struct fe_distinct *d = x->state;
	size_t n = v->n_rows;
	enum fe_rc rc;

	FE_ASSERT(n <= FE_BATCH_ROWS);
	if (take_values(x, v, values) == 0)
		return FE_OK;
	rc = fe_keyset_take(&d->set, v->batch, x->columns, 1, values, err);
	if (rc) {
		fe_err_context(err, "%s", x->item->kind->type);
		return rc;
	}
	for (size_t row = fe_bits_next(values, n, 0); row < n; row = fe_bits_next(values, n, row + 1))
		fe_keyset_put64(d->set.values[row], fe_keyset_get64(d->set.values[row]) + 1);
	return FE_OK;
}

void
fe_distinct_reset(struct fe_expectation *x)
{
	struct fe_distinct *d = x->state;

	if (!d)
		return;
	fe_keyset_reset(&d->set);
	for (size_t i = 0; i < d->n_keys; i++)
		fe_distinct_drop(d, d->keys[i]);
	fe_free(d->keys);
	fe_free(d->missing);
	fe_free(d);
	x->state = NULL;
}

/* ---- keys that are listed ---- */

struct fe_str
fe_distinct_hold(const struct fe_distinct *d, struct fe_str key)
{
	return d->owns_keys ? (struct fe_str){ fe_strndup(key.p, key.n), key.n } : key;
}

void
fe_distinct_drop(const struct fe_distinct *d, struct fe_str key)
{
	if (d->owns_keys)
		fe_free((char *)(uintptr_t)key.p);
}

/* ---- keys as values ---- */

int64_t
fe_distinct_number(struct fe_str key)
{
	int64_t number;

	memcpy(&number, key.p, sizeof number);
	return number;
}

static int
compare_numbers(const void *a, const void *b)
{
	int64_t x = fe_distinct_number(*(const struct fe_str *)a), y = fe_distinct_number(*(const struct fe_str *)b);

	return (x > y) - (x < y);
}

static int
compare_texts(const void *a, const void *b)
{
	const struct fe_str *x = a, *y = b;
	size_t n = x->n < y->n ? x->n : y->n;
	int order = n ? memcmp(x->p, y->p, n) : 0;

	return order ? order : (x->n > y->n) - (x->n < y->n);
}

int (*fe_distinct_order(struct fe_type type))(const void *, const void *)
{
	return type.kind == FE_TEXT ? compare_texts : compare_numbers;
}

void
fe_distinct_print_number(struct fe_buf *out, struct fe_type type, int64_t number, bool is_masked)
{
	int32_t days = (int32_t)number;
	uint64_t bit = number != 0, valid = 1;
	struct fe_column c = { .type = type, .valid = &valid };

	if (type.kind == FE_DATE)
		c.days = &days;
	else if (type.kind == FE_BOOL)
		c.bits = &bit;
	else
		c.i64 = &number;
	fe_expectation_print_value(out, &c, 0, is_masked);
}

void
fe_distinct_print_key(struct fe_buf *out, struct fe_type type, struct fe_str key, bool is_masked)
{
	uint64_t valid = 1;
	struct fe_column c = { .type = type, .valid = &valid, .text = &key };

	if (type.kind == FE_TEXT)
		fe_expectation_print_value(out, &c, 0, is_masked);
	else
		fe_distinct_print_number(out, type, fe_distinct_number(key), is_masked);
}

void
fe_distinct_print_keys(const struct fe_expectation *x, const char *name, struct fe_json *j,
           void (*print)(struct fe_buf *, struct fe_type, struct fe_str, bool))
{
	const struct fe_distinct *d = x->state;
	bool is_masked = fe_figure_is_masked(x);

	fe_json_array(j, name);
	for (size_t i = 0; i < d->n_keys; i++) {
		struct fe_buf value;
		fe_buf_init(&value, SIZE_MAX);
		print(&value, fe_distinct_type(x), d->keys[i], is_masked);
		fe_json_raw(j, NULL, fe_buf_str(&value));
		fe_buf_reset(&value);
	}
	fe_json_array_end(j);
}
