// SPDX-License-Identifier: Apache-2.0
/* tests/fuzz/fuzz_json_tree.c - any bytes as JSON
 *
 * What is read has its values inside of the text, and reads as the same tree again from
 * the raw text of its root.
 */
#include "format/json_tree.h"
#include "harness.h"

/* In the order of the text, with a stack no deeper than what may be read. */
static size_t
count_values(const struct fe_json_value *root, struct fe_str text)
{
	const struct fe_json_value *open[FE_JSON_MAX_DEPTH + 1];
	size_t depth = 0, n = 0;

	open[depth++] = root;
	while (depth) {
		const struct fe_json_value *v = open[depth - 1];

		if (!v) {
			depth--;
			continue;
		}
		n++;
		expect(v->raw.n > 0 && v->raw.p >= text.p && v->raw.p + v->raw.n <= text.p + text.n);
		open[depth - 1] = depth > 1 ? v->next : NULL;
		if (v->first) {
			expect(depth <= FE_JSON_MAX_DEPTH);
			open[depth++] = v->first;
		}
	}
	return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
	struct fe_str text = { (const char *)data, n_bytes };
	const struct fe_json_value *first, *again;
	struct fe_arena arena = { 0 };
	struct fe_err err = FE_ERR_INIT;

	if (fe_json_parse(text, &arena, &first, &err) == FE_OK) {
		expect(fe_json_parse(first->raw, &arena, &again, &err) == FE_OK);
		expect(again->kind == first->kind);
		expect(count_values(first, text) == count_values(again, first->raw));
	} else {
		expect(err.line > 0 && err.column > 0);
	}
	fe_arena_free(&arena);
	return 0;
}
