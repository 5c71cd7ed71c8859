// SPDX-License-Identifier: Apache-2.0
/* quality/map_counts.c - partial_unexpected_counts: the most frequent of the listed values
 *
 * Of at most some two hundred values: the most frequent ones, of equals those that came first,
 * then by falling count and rising value. Values are compared as the JSON that is printed:
 * numbers by value, texts by code point, lists and objects member by member. Null is equal to
 * null, and after all numbers; beside a text it cannot be ordered, and the key is left out.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "quality/literal.h"
#include "quality/map_private.h"

struct counted {
	const struct fe_json_value *value;
	size_t count;
};

static int
compare_scalars(const struct fe_json_value *a, const struct fe_json_value *b, bool *comparable)
{
	struct fe_suite_number x, y;
	size_t n = a->text.n < b->text.n ? a->text.n : b->text.n;
	int order;

	if (a->kind == FE_JSON_NULL || b->kind == FE_JSON_NULL) {
		*comparable &= a->kind != FE_JSON_STRING && b->kind != FE_JSON_STRING;
		return (a->kind == FE_JSON_NULL) - (b->kind == FE_JSON_NULL);
	}
	if (a->kind != b->kind) {
		*comparable = false;
		return 0;
	}
	if (a->kind == FE_JSON_BOOL)
		return (int)a->is_true - (int)b->is_true;
	if (a->kind == FE_JSON_NUMBER && fe_suite_number_read(a->text, &x) && fe_suite_number_read(b->text, &y))
		return fe_suite_number_compare(x.digits, x.scale, &y);
	order = n ? memcmp(a->text.p, b->text.p, n) : 0;
	return order ? order : (a->text.n > b->text.n) - (a->text.n < b->text.n);
}

static int
compare_values(const struct fe_json_value *a, const struct fe_json_value *b, bool *comparable)
{
	const struct fe_json_value *p = a->first, *q = b->first;

	if (!p || !q)
		return compare_scalars(a, b, comparable);
	for (; p && q; p = p->next, q = q->next) {
		int order = compare_scalars(p, q, comparable);

		if (order || !*comparable)
			return order;
	}
	return 0;
}

/* By insertion, as qsort has no place for what the comparison finds out. */
static void
sort(struct counted *c, size_t n, bool by_value, bool *comparable)
{
	for (size_t i = 1; i < n; i++) {
		struct counted one = c[i];
		size_t k = i;

		for (; k > 0; k--) {
			const struct counted *before = &c[k - 1];
			int order = before->count != one.count ? (before->count < one.count ? 1 : -1) : 0;

			if (order == 0 && by_value)
				order = compare_values(before->value, one.value, comparable);
			if (order <= 0)
				break;
			c[k] = *before;
		}
		c[k] = one;
	}
}

static size_t
count(const struct fe_map_sample *samples, size_t n, struct fe_arena *arena, struct counted *out)
{
	size_t n_distinct = 0;

	for (size_t i = 0; i < n; i++) {
		const struct fe_json_value *v;
		size_t k = 0;

		if (fe_json_parse(fe_str_of(samples[i].value), arena, &v, NULL))
			continue;
		while (k < n_distinct && !fe_str_eq(out[k].value->raw, v->raw))
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

bool
fe_map_print_counts(const struct fe_map_sample *samples, size_t n, size_t max_listed, struct fe_json *j)
{
	struct counted *c = fe_new_array(n + 1, struct counted);
	struct fe_arena arena = { 0 };
	bool comparable = true;
	size_t n_distinct = count(samples, n, &arena, c);

	sort(c, n_distinct, false, &comparable);
	if (n_distinct > max_listed)
		n_distinct = max_listed;
	sort(c, n_distinct, true, &comparable);
	if (comparable) {
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
	return comparable;
}
