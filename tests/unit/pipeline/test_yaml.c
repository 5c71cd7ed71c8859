// SPDX-License-Identifier: Apache-2.0
/* tests/unit/pipeline/test_yaml.c - YAML text to nodes that know their place */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "pipeline/yaml.h"

struct parsed {
	struct fe_arena arena;
	struct fe_mistakes mistakes;
	struct fe_node *root;
};

static void
parse(struct parsed *p, const char *text)
{
	*p = (struct parsed){ 0 };
	fe_yaml_parse(fe_str_of(text), &p->arena, &p->root, &p->mistakes);
}

static void
done(struct parsed *p)
{
	fe_mistakes_reset(&p->mistakes);
	fe_arena_free(&p->arena);
}

static void
assert_text(const struct fe_node *node, const char *text)
{
	assert_non_null(node);
	assert_int_equal(node->kind, FE_NODE_SCALAR);
	assert_string_equal(node->text.p, text);
	assert_int_equal(node->text.n, strlen(text));
}

static void
assert_only_mistake(const char *yaml, uint64_t line, uint64_t column, const char *part)
{
	struct parsed p;
	parse(&p, yaml);
	assert_int_equal(p.mistakes.n_items, 1);
	if (!strstr(p.mistakes.items[0].text, part))
		fail_msg("'%s' has no '%s'", p.mistakes.items[0].text, part);
	assert_int_equal(p.mistakes.items[0].line, line);
	assert_int_equal(p.mistakes.items[0].column, column);
	done(&p);
}

static void
yaml_gives_mappings_lists_and_texts(void **state)
{
	(void)state;
	struct parsed p;
	parse(&p, "a: 1\nb: [x, 'y z', \"t\\tu\"]\nc:\n  d: {e: f}\n");
	assert_int_equal(p.mistakes.n_items, 0);
	assert_int_equal(p.root->kind, FE_NODE_MAP);
	assert_int_equal(p.root->n_children, 3);
	assert_text(fe_node_get(p.root, "a"), "1");
	const struct fe_node *b = fe_node_get(p.root, "b");
	assert_int_equal(b->kind, FE_NODE_LIST);
	assert_int_equal(b->n_children, 3);
	assert_text(b->first, "x");
	assert_text(b->first->next, "y z");
	assert_int_equal(b->first->next->style, FE_STYLE_SINGLE);
	assert_text(b->first->next->next, "t\tu");
	assert_null(b->first->next->next->next);
	assert_text(fe_node_get(fe_node_get(fe_node_get(p.root, "c"), "d"), "e"), "f");
	assert_null(fe_node_get(p.root, "z"));
	assert_null(fe_node_get(b, "x"));
	assert_null(fe_node_get(NULL, "x"));
	done(&p);
}

static void
yaml_knows_lines_and_columns_in_characters(void **state)
{
	(void)state;
	struct parsed p;
	parse(&p, "# h\u00e9\nk: v\n\"\u00e9\": [a,\n     b]\n");
	const struct fe_node *k = fe_node_get(p.root, "k"), *list = fe_node_get(p.root, "\u00e9");
	assert_int_equal(k->line, 2);
	assert_int_equal(k->column, 4);
	assert_int_equal(k->key_line, 2);
	assert_int_equal(k->key_column, 1);
	assert_int_equal(list->line, 3);
	assert_int_equal(list->column, 6);
	assert_int_equal(list->first->next->line, 4);
	assert_int_equal(list->first->next->column, 6);
	done(&p);
}

static void
yaml_keeps_every_scalar_as_text(void **state)
{
	(void)state;
	struct parsed p;
	parse(&p, "[no, 0x10, 1e3, 2026-01-01, 'null', yes, 010]");
	const char *const texts[] = { "no", "0x10", "1e3", "2026-01-01", "null", "yes", "010" };
	const struct fe_node *n = p.root->first;
	for (size_t i = 0; i < 7; i++, n = n->next) {
		assert_text(n, texts[i]);
		assert_false(n->is_empty);
	}
	done(&p);
}

static void
yaml_tells_nothing_and_bare_null_from_text(void **state)
{
	(void)state;
	struct parsed p;
	parse(&p, "{a: , b: ~, c: null, d: '', e: \"null\", f: nul}");
	assert_true(fe_node_get(p.root, "a")->is_empty);
	assert_true(fe_node_get(p.root, "b")->is_empty);
	assert_true(fe_node_get(p.root, "c")->is_empty);
	assert_false(fe_node_get(p.root, "d")->is_empty);
	assert_false(fe_node_get(p.root, "e")->is_empty);
	assert_false(fe_node_get(p.root, "f")->is_empty);
	done(&p);
}

static void
yaml_refuses_what_surprises(void **state)
{
	(void)state;
	assert_only_mistake("a: &x 1\n", 1, 4, "an anchor '&'");
	assert_only_mistake("a: 1\nb: *x\n", 2, 4, "an alias '*'");
	assert_only_mistake("a: !!str 1\n", 1, 4, "a tag '!'");
	assert_only_mistake("a: !own {b: c}\n", 1, 4, "a tag '!'");
	assert_only_mistake("a: &l [1]\n", 1, 4, "an anchor");
	assert_only_mistake("a: 1\n---\nb: 2\n", 2, 1, "a second document");
	assert_only_mistake("? [a, b]\n: c\n", 1, 3, "a key must be a text");
	assert_only_mistake("? {a: b}\n: c\n", 1, 3, "a key must be a text");
}

static void
yaml_tells_both_places_of_a_key_that_stands_twice(void **state)
{
	(void)state;
	struct parsed p;
	parse(&p, "b: 1\na: 2\nb: 3\nc: {x: 1, x: 2, x: 3}\n");
	assert_int_equal(p.mistakes.n_items, 3);
	fe_mistakes_sort(&p.mistakes);
	assert_int_equal(p.mistakes.items[0].line, 3);
	assert_int_equal(p.mistakes.items[0].column, 1);
	assert_string_equal(p.mistakes.items[0].text, "key 'b' stands twice; the first is on line 1");
	assert_int_equal(p.mistakes.items[1].line, 4);
	assert_int_equal(p.mistakes.items[1].column, 11);
	/* The first stands. */
	assert_text(fe_node_get(p.root, "b"), "1");
	done(&p);
}

static void
yaml_names_the_place_of_broken_syntax(void **state)
{
	(void)state;
	assert_only_mistake("a: [1, 2\nb: 3\n", 2, 2, "not YAML");
	assert_only_mistake("a: 'open\n", 2, 1, "not YAML");
	assert_only_mistake("a:\n\tb: 1\n", 2, 1, "see the indentation");
	assert_only_mistake("", 1, 1, "the file is empty");
	assert_only_mistake("# only a comment\n", 1, 1, "the file is empty");
}

static void
yaml_refuses_text_that_is_not_utf8_or_has_nul(void **state)
{
	(void)state;
	struct parsed p;
	parse(&p, "a: \xff\n");
	assert_null(p.root);
	assert_int_equal(p.mistakes.n_items, 1);
	assert_non_null(strstr(p.mistakes.items[0].text, "UTF-8"));
	done(&p);
	assert_only_mistake("a: \"x\\0y\"\n", 1, 4, "NUL");
	p = (struct parsed){ 0 };
	fe_yaml_parse((struct fe_str){ "a: b\0c", 6 }, &p.arena, &p.root, &p.mistakes);
	assert_null(p.root);
	assert_int_equal(p.mistakes.n_items, 1);
	done(&p);
}

static void
yaml_takes_a_byte_order_mark(void **state)
{
	(void)state;
	struct parsed p;
	parse(&p, "\xef\xbb\xbfkey: v\n");
	assert_int_equal(p.mistakes.n_items, 0);
	assert_text(fe_node_get(p.root, "key"), "v");
	done(&p);
}

/* n of a text, one after the other, in a buffer. */
static void
repeat(struct fe_buf *b, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		fe_buf_add_text(b, text);
}

static size_t
mistakes_of(const struct fe_buf *b)
{
	struct parsed p = { 0 };
	fe_yaml_parse(fe_buf_str(b), &p.arena, &p.root, &p.mistakes);
	size_t n = p.mistakes.n_items;
	assert_true(n == 0 || !p.root);
	done(&p);
	return n;
}

static void
yaml_holds_its_limits(void **state)
{
	(void)state;
	struct fe_buf b;
	fe_buf_init(&b, 4 * FE_YAML_MAX_BYTES);

	for (size_t extra = 0; extra < 2; extra++) {
		fe_buf_clear(&b);
		repeat(&b, "[", FE_YAML_MAX_DEPTH + extra);
		repeat(&b, "]", FE_YAML_MAX_DEPTH + extra);
		assert_int_equal(mistakes_of(&b), extra);

		fe_buf_clear(&b); /* the list itself is one */
		repeat(&b, "- a\n", FE_YAML_MAX_NODES - 1 + extra);
		assert_int_equal(mistakes_of(&b), extra);

		fe_buf_clear(&b);
		repeat(&b, "#", FE_YAML_MAX_BYTES - 2 + extra);
		fe_buf_add_text(&b, "\nx");
		assert_int_equal(mistakes_of(&b), extra);
	}
	fe_buf_clear(&b); /* far beyond, without being built */
	repeat(&b, "[", 1000000);
	assert_int_equal(mistakes_of(&b), 1);
	fe_buf_reset(&b);
}

static void
node_place_points_into_one_line_scalars(void **state)
{
	(void)state;
	struct parsed p;
	uint64_t line, column;
	parse(&p, "a: x > 1\nb: 'it''s y'\nc: \"a\\\"b\"\nd: |\n  x\n  y\n");
	fe_node_place(fe_node_get(p.root, "a"), 4, &line, &column);
	assert_int_equal(line, 1);
	assert_int_equal(column, 8);
	fe_node_place(fe_node_get(p.root, "b"), 5, &line, &column); /* the y: two quotes are one */
	assert_int_equal(column, 11);
	fe_node_place(fe_node_get(p.root, "c"), 2, &line, &column); /* the b */
	assert_int_equal(line, 3);
	assert_int_equal(column, 8);
	fe_node_place(fe_node_get(p.root, "d"), 2, &line, &column);
	assert_int_equal(line, 4);
	assert_int_equal(column, 4);
	done(&p);
}

static void
mistakes_are_ordered_by_place_and_end_somewhere(void **state)
{
	(void)state;
	struct fe_mistakes m = { 0 };
	fe_mistake_add(&m, 2, 1, "c");
	fe_mistake_add(&m, 1, 9, "b");
	fe_mistake_add(&m, 1, 2, "a%s", "\x1b[31m\n");
	fe_mistake_add(&m, 2, 1, "d");
	fe_mistakes_sort(&m);
	assert_string_equal(m.items[0].text, "a\\x1b[31m\\n");
	assert_string_equal(m.items[1].text, "b");
	assert_string_equal(m.items[2].text, "c");
	assert_string_equal(m.items[3].text, "d");
	for (int i = 0; i < 2 * FE_MAX_MISTAKES; i++)
		fe_mistake_add(&m, 3, 1, "more");
	assert_int_equal(m.n_items, FE_MAX_MISTAKES);
	fe_mistakes_reset(&m);
	assert_int_equal(m.n_items, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(yaml_gives_mappings_lists_and_texts),
		cmocka_unit_test(yaml_knows_lines_and_columns_in_characters),
		cmocka_unit_test(yaml_keeps_every_scalar_as_text),
		cmocka_unit_test(yaml_tells_nothing_and_bare_null_from_text),
		cmocka_unit_test(yaml_refuses_what_surprises),
		cmocka_unit_test(yaml_tells_both_places_of_a_key_that_stands_twice),
		cmocka_unit_test(yaml_names_the_place_of_broken_syntax),
		cmocka_unit_test(yaml_refuses_text_that_is_not_utf8_or_has_nul),
		cmocka_unit_test(yaml_takes_a_byte_order_mark),
		cmocka_unit_test(yaml_holds_its_limits),
		cmocka_unit_test(node_place_points_into_one_line_scalars),
		cmocka_unit_test(mistakes_are_ordered_by_place_and_end_somewhere),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
