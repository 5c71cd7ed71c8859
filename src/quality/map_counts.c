// SPDX-License-Identifier: Apache-2.0
/* quality/map_counts.c - partial_unexpected_counts: the most frequent of the listed values
 *
 * Of at most some two hundred values: the most frequent ones, of equals those that came first,
 * then by falling count and rising value. Values are compared as the JSON that is printed:
 * numbers by value, texts by code point, lists and objects member by member.
 *
 * Nulls inside of lists follow pandas: those of numbers and timestamps are NaN there, which
 * equals nothing, not even itself, and is less than nothing; so the order hangs on the steps of
 * the sort, which are Python's. In objects a null of timestamps is NaT, of which there is but
 * one: less than nothing, but the same as itself. Nulls of other types are None, equal to itself
 * and not to be ordered beside a value: then the key is left out.
 */
#include "base/mem.h"
#include "quality/literal.h"
#include "quality/map_private.h"

struct counted {
	const struct fe_json_value *value;
	size_t count;
};

/* Values being compared: of which columns, and whether all could be. */
struct order {
	const struct fe_expectation *x;
	bool comparable;
};

/* What a null is there: of the i-th member of a pair, or of a member of an object by its column's name. */
enum null { NULL_IS_NONE, NULL_IS_NAN, NULL_IS_NAT };
static enum null
null_of(const struct order *o, const struct fe_json_value *member, size_t i)
{
	size_t column = member->key.p ? fe_schema_find(o->x->schema, member->key) : o->x->columns[i];
	enum fe_kind kind = o->x->schema->fields[column].type.kind;

	if (kind == FE_TIMESTAMP && member->key.p)
		return NULL_IS_NAT;
	return kind == FE_INT || kind == FE_DECIMAL || kind == FE_TIMESTAMP ? NULL_IS_NAN : NULL_IS_NONE;
}

/* -1, 0, 1 of two values that are not null. */
static int
compare_scalars(const struct fe_json_value *a, const struct fe_json_value *b)
{
	struct fe_suite_number x, y;
	size_t n = a->text.n < b->text.n ? a->text.n : b->text.n;
	int order;

	if (a->kind == FE_JSON_BOOL || b->kind == FE_JSON_BOOL)
		return (int)a->is_true - (int)b->is_true;
	if (a->kind == FE_JSON_NUMBER && fe_suite_number_read(a->text, &x) && fe_suite_number_read(b->text, &y))
		return fe_suite_number_compare(x.digits, x.scale, &y);
	order = n ? memcmp(a->text.p, b->text.p, n) : 0;
	return order ? order : (a->text.n > b->text.n) - (a->text.n < b->text.n);
}

/* a < b as Python has it: the first members that are not equal decide. */
static bool
is_less_value(struct order *o, const struct fe_json_value *a, const struct fe_json_value *b)
{
	const struct fe_json_value *p = a->first, *q = b->first;

	if (!p || !q)
		return a->kind != FE_JSON_NULL && b->kind != FE_JSON_NULL && compare_scalars(a, b) < 0;
	for (size_t i = 0; p && q; i++, p = p->next, q = q->next) {
		bool has_null = p->kind == FE_JSON_NULL || q->kind == FE_JSON_NULL;
		int order;

		if (has_null && null_of(o, p, i) != NULL_IS_NONE &&
		    (p->kind != q->kind || null_of(o, p, i) == NULL_IS_NAN))
			return false;
		if (has_null && p->kind != q->kind) {
			o->comparable = false;
			return false;
		}
		order = has_null ? 0 : compare_scalars(p, q);
		if (order)
			return order < 0;
	}
	return false;
}

static bool
is_less(struct order *o, const struct counted *a, const struct counted *b)
{
	if (a->count != b->count)
		return a->count > b->count;
	return is_less_value(o, a->value, b->value);
}

/* The run at the front, made to rise: its length. */
static size_t
first_run(struct order *o, struct counted *c, size_t n)
{
	size_t end = 2;

	if (n < 2)
		return n;
	if (!is_less(o, &c[1], &c[0])) {
		while (end < n && !is_less(o, &c[end], &c[end - 1]))
			end++;
		return end;
	}
	while (end < n && is_less(o, &c[end], &c[end - 1]))
		end++;
	for (size_t i = 0; i < end / 2; i++) {
		struct counted one = c[i];

		c[i] = c[end - 1 - i];
		c[end - 1 - i] = one;
	}
	return end;
}

/* Python's sort of a short list: its first run, and the others put in by halving. */
static void
sort(struct order *o, struct counted *c, size_t n)
{
	for (size_t i = first_run(o, c, n); i < n; i++) {
		struct counted one = c[i];
		size_t low = 0, high = i;

		while (low < high) {
			size_t middle = low + (high - low) / 2;

			if (is_less(o, &one, &c[middle]))
				high = middle;
			else
				low = middle + 1;
		}
		memmove(c + low + 1, c + low, (i - low) * sizeof(*c));
		c[low] = one;
	}
}

static void
sort_by_count(struct counted *c, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct counted one = c[i];
		size_t k = i;

		for (; k > 0 && c[k - 1].count < one.count; k--)
			c[k] = c[k - 1];
		c[k] = one;
	}
}

static bool
has_nan(const struct order *o, const struct fe_json_value *v)
{
	size_t i = 0;

	for (const struct fe_json_value *m = v->first; m; m = m->next, i++) {
		if (m->kind == FE_JSON_NULL && null_of(o, m, i) == NULL_IS_NAN)
			return true;
	}
	return false;
}

static size_t
count(const struct order *o, const struct fe_map_sample *samples, size_t n, struct fe_arena *arena, struct counted *out)
{
	size_t n_distinct = 0;

	for (size_t i = 0; i < n; i++) {
		const struct fe_json_value *v;
		size_t k = 0;

		if (fe_json_parse(fe_str_of(samples[i].value), arena, &v, NULL))
			continue;
		while (k < n_distinct && (!fe_str_eq(out[k].value->raw, v->raw) || has_nan(o, v)))
			k++;
		if (k == n_distinct)
			out[n_distinct++] = (struct counted){ .value = v };
		out[k].count++;
	}
	return n_distinct;
}

static void
print_value(struct fe_json *j, const struct fe_json_value *v)
{
	if (v->kind != FE_JSON_OBJECT) {
		fe_json_raw(j, "value", v->raw);
		return;
	}
	fe_json_array(j, "value");
	for (const struct fe_json_value *m = v->first; m; m = m->next)
		fe_json_raw(j, NULL, m->raw);
	fe_json_array_end(j);
}

void
fe_map_print_counts(const struct fe_expectation *x, const struct fe_map_sample *samples, size_t n, size_t max_listed,
                    struct fe_json *j)
{
	struct counted *c = fe_new_array(n + 1, struct counted);
	struct order o = { .x = x, .comparable = true };
	struct fe_arena arena = { 0 };
	size_t n_distinct = count(&o, samples, n, &arena, c);

	sort_by_count(c, n_distinct);
	if (n_distinct > max_listed)
		n_distinct = max_listed;
	sort(&o, c, n_distinct);
	if (o.comparable) {
		fe_json_array(j, "partial_unexpected_counts");
		for (size_t i = 0; i < n_distinct; i++) {
			fe_json_object(j, NULL);
			print_value(j, c[i].value);
			fe_json_i64(j, "count", (int64_t)c[i].count);
			fe_json_object_end(j);
		}
		fe_json_array_end(j);
	}
	fe_free(c);
	fe_arena_free(&arena);
}
