// SPDX-License-Identifier: Apache-2.0
/* Row conditions: their notations, what they keep, and what null is to them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "base/mem.h"
#include "quality/condition.h"
#include "quality/row_condition.h"

/* Four rows, the third of which has no values:
 *   n      int           3      1      null   2
 *   amount decimal(12,2) 10.00  -0.01  null   0.01
 *   name   text          Ann    Bob    null   Zoë
 *   ok     bool          true   false  null   true
 *   day    date
 *   at     timestamp     the epoch, a microsecond after it, null, a second after it */
struct table {
	struct fe_schema schema;
	struct fe_batch batch;
};

static int
set_up(void **state)
{
	static const struct {
		const char *name;
		struct fe_type type;
	} fields[] = {
		{ "n", { .kind = FE_INT } },   { "amount", { .kind = FE_DECIMAL, .precision = 12, .scale = 2 } },
		{ "name", { .kind = FE_TEXT } }, { "ok", { .kind = FE_BOOL } },
		{ "day", { .kind = FE_DATE } },  { "at", { .kind = FE_TIMESTAMP } },
	};
	static const int64_t n[] = { 3, 1, 99, 2 }, cents[] = { 1000, -1, 99, 1 }, us[] = { 0, 1, 99, 1000000 };
	static const char *const names[] = { "Ann", "Bob", "?", "Zo\xc3\xab" };
	struct table *t = fe_new(struct table);

	fe_schema_init(&t->schema);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		(void)fe_schema_add(&t->schema, fe_str_of(fields[i].name), fields[i].type);
	fe_batch_init(&t->batch, &t->schema);
	t->batch.n_rows = 4;
	for (size_t row = 0; row < 4; row++) {
		for (size_t i = 0; i < t->schema.n_fields; i++)
			fe_bit_put(t->batch.columns[i].valid, row, row != 2);
		t->batch.columns[0].i64[row] = n[row];
		t->batch.columns[1].i64[row] = cents[row];
		t->batch.columns[2].text[row] = fe_str_of(names[row]);
		fe_bit_put(t->batch.columns[3].bits, row, row != 1);
		t->batch.columns[4].days[row] = 19753;
		t->batch.columns[5].i64[row] = us[row];
	}
	*state = t;
	return 0;
}

static int
tear_down(void **state)
{
	struct table *t = *state;

	fe_batch_reset(&t->batch);
	fe_schema_reset(&t->schema);
	fe_free(t);
	return 0;
}

/* The rows that a condition keeps, as "0 2"; or what is wrong with it. */
static void
answer(struct table *t, const char *json, const char *parser, uint64_t rows, struct fe_buf *out)
{
	struct fe_kwarg condition = { .is_set = true };
	struct fe_kwarg parser_kwarg = { .is_set = parser != NULL, .one = { .text = fe_str_of(parser) } };
	struct fe_expectation x = { .schema = &t->schema };
	struct fe_view v = { .batch = &t->batch, .rows = &rows, .n_rows = 4 };
	struct fe_row_condition *c = NULL;
	struct fe_arena arena = { 0 };
	uint64_t kept = 0;

	assert_int_equal(fe_json_parse(fe_str_of(json), &arena, &condition.json, NULL), FE_OK);
	assert_int_equal(fe_row_condition_read(&c, &x, &condition, &parser_kwarg, NULL), FE_OK);
	assert_int_equal(c == NULL, x.exception.form != FE_EXCEPTION_NONE);
	if (c)
		fe_row_condition_eval(c, &v, &kept);
	else
		fe_buf_add_text(out, x.exception.message);
	for (size_t i = 0; i < 64; i++) {
		if (kept >> i & 1)
			fe_buf_addf(out, "%s%zu", out->n_bytes ? " " : "", i);
	}
	fe_row_condition_free(c);
	fe_free(x.exception.message);
	fe_arena_free(&arena);
}

static void
expect_rows(struct table *t, const char *json, const char *parser, const char *want)
{
	struct fe_buf out;

	fe_buf_init(&out, 4096);
	answer(t, json, parser, 15, &out);
	if (strcmp(fe_buf_text(&out), want) != 0)
		fail_msg("%s: '%s' wanted, '%s' given", json, want, fe_buf_text(&out));
	fe_buf_reset(&out);
}

static void
expect_refused(struct table *t, const char *json, const char *parser, const char *part)
{
	struct fe_buf out;

	fe_buf_init(&out, 4096);
	answer(t, json, parser, 15, &out);
	if (!strstr(fe_buf_text(&out), part))
		fail_msg("%s: '%s' is not in '%s'", json, part, fe_buf_text(&out));
	fe_buf_reset(&out);
}

#define COMPARE(name, operator, parameter) \
	"{\"type\": \"comparison\", \"column\": {\"name\": \"" name "\"}, \"operator\": \"" operator "\", \"parameter\": " parameter "}"
#define NULLITY(name, is_null) "{\"type\": \"nullity\", \"column\": {\"name\": \"" name "\"}, \"is_null\": " is_null "}"

static void
objects_compare_each_type(void **state)
{
	expect_rows(*state, COMPARE("n", "==", "3"), NULL, "0");
	expect_rows(*state, COMPARE("n", "<", "2.5"), NULL, "1 3");
	expect_rows(*state, COMPARE("n", ">=", "2"), NULL, "0 3");
	expect_rows(*state, COMPARE("amount", "==", "0.01"), NULL, "3");
	expect_rows(*state, COMPARE("amount", "<=", "0.0100000000000000000001"), NULL, "1 3");
	expect_rows(*state, COMPARE("amount", ">", "-0.01"), NULL, "0 3");
	expect_rows(*state, COMPARE("amount", "<", "1e400"), NULL, "row_condition: column 'amount' (decimal) cannot be "
	            "compared with 1e400");
	expect_rows(*state, COMPARE("name", ">", "\"Bob\""), NULL, "3");
	expect_rows(*state, COMPARE("name", "<=", "\"Bob\""), NULL, "0 1");
	expect_rows(*state, COMPARE("ok", "==", "true"), NULL, "0 3");
	expect_rows(*state, COMPARE("ok", "<", "1"), NULL, "1");
	expect_rows(*state, COMPARE("at", ">", "\"1970-01-01T00:00:00Z\""), NULL, "1 3");
	expect_rows(*state, COMPARE("at", "<=", "\"1970-01-01T01:00:00+01:00\""), NULL, "0");
	expect_rows(*state, COMPARE("n", "IN", "[1, 2.0, 7]"), NULL, "1 3");
	expect_rows(*state, COMPARE("name", "IN", "[\"Ann\", \"Zo\xc3\xab\"]"), NULL, "0 3");
	expect_rows(*state, COMPARE("n", "IN", "[]"), NULL, "");
}

static void
null_is_in_no_comparison_but_unequal(void **state)
{
	expect_rows(*state, COMPARE("n", "!=", "3"), NULL, "1 2 3");
	expect_rows(*state, COMPARE("name", "!=", "\"Ann\""), NULL, "1 2 3");
	expect_rows(*state, COMPARE("n", "NOT_IN", "[3]"), NULL, "1 2 3");
	expect_rows(*state, COMPARE("ok", "!=", "true"), NULL, "1"); /* truth values: unknown */
	expect_rows(*state, NULLITY("n", "true"), NULL, "2");
	expect_rows(*state, NULLITY("n", "false"), NULL, "0 1 3");
	expect_rows(*state, "\"not n == 3\"", "pandas", "1 2 3");
	expect_rows(*state, "\"not ok == True\"", "pandas", "1");
	expect_rows(*state, "\"ok == True or n.isnull()\"", "pandas", "0 2 3"); /* unknown or yes is yes */
	expect_rows(*state, "\"not (ok == True and n.isnull())\"", "pandas", "0 1 3");
}

static void
values_of_another_type_are_unequal_and_without_order(void **state)
{
	expect_rows(*state, COMPARE("n", "==", "\"3\""), NULL, "");
	expect_rows(*state, COMPARE("n", "!=", "\"3\""), NULL, "0 1 2 3");
	expect_rows(*state, COMPARE("day", "==", "\"2024-01-31\""), NULL, "");
	expect_rows(*state, COMPARE("at", "==", "\"1970-01-01T00:00:00Z\""), NULL, "");
	expect_rows(*state, COMPARE("at", "!=", "\"1970-01-01T00:00:00Z\""), NULL, "0 1 2 3");
	expect_rows(*state, COMPARE("at", "==", "\"yesterday\""), NULL, "");
	expect_refused(*state, COMPARE("day", ">", "\"2024-01-31\""), NULL, "'day' (date) cannot be compared");
	expect_refused(*state, COMPARE("name", "<", "3"), NULL, "'name' (text) cannot be compared");
	expect_refused(*state, COMPARE("at", ">", "\"1970-01-01\""), NULL, "'at' (timestamp) cannot be compared");
	expect_refused(*state, COMPARE("at", "<", "\"yesterday\""), NULL, "'at' (timestamp) cannot be compared");
	expect_refused(*state, COMPARE("at", "==", "3"), NULL, "'at' (timestamp) cannot be compared");
	expect_refused(*state, COMPARE("nope", "==", "1"), NULL, "no column 'nope'");
	expect_refused(*state, COMPARE("N", "==", "1"), NULL, "no column 'N'");
}

static void
groups_are_joined(void **state)
{
	expect_rows(*state, "{\"type\": \"and\", \"conditions\": [" COMPARE("n", ">", "1") ", " COMPARE("name", "!=", "\"Ann\"") "]}",
	            NULL, "3");
	expect_rows(*state, "{\"type\": \"or\", \"conditions\": [" COMPARE("n", "==", "1") ", " NULLITY("n", "true") "]}", NULL,
	            "1 2");
	expect_rows(*state, "{\"type\": \"or\", \"conditions\": [{\"type\": \"and\", \"conditions\": [" COMPARE("n", ">", "2") ", "
	            NULLITY("name", "false") ", " COMPARE("n", "<", "9") "]}, " COMPARE("name", "==", "\"Bob\"") "]}", NULL, "0 1");
	expect_rows(*state, "{\"type\": \"and\", \"conditions\": [" COMPARE("n", "==", "1") "]}", NULL, "1");
}

static void
objects_that_mean_nothing_are_refused(void **state)
{
	expect_refused(*state, "{\"type\": \"between\"}", NULL, "type must be one of");
	expect_refused(*state, "{}", NULL, "type must be one of");
	expect_refused(*state, COMPARE("n", "~", "1"), NULL, "operator must be one of");
	expect_refused(*state, COMPARE("n", "==", "null"), NULL, "for null there is the type nullity");
	expect_refused(*state, COMPARE("n", "IN", "\"12\""), NULL, "need a list");
	expect_refused(*state, COMPARE("n", "IN", "[1, \"2\"]"), NULL, "of numbers, or of texts");
	expect_refused(*state, COMPARE("n", "IN", "[null]"), NULL, "of numbers, or of texts");
	expect_refused(*state, "{\"type\": \"and\", \"conditions\": []}", NULL, "list of conditions");
	expect_refused(*state, "{\"type\": \"and\", \"conditions\": [{\"type\": \"or\", \"conditions\": [" NULLITY("n", "true") "]}]}",
	               NULL, "an or cannot stand inside");
	expect_refused(*state, "{\"type\": \"pass_through\"}", NULL, "pass_through_filter must be a text");
}

static void
texts_of_0_18_are_one_comparison(void **state)
{
	static const char parser[] = "great_expectations";

	expect_rows(*state, "\"col(\\\"n\\\") == 3\"", parser, "0");
	expect_rows(*state, "\"col(\\\"n\\\")<1e1\"", parser, "0 1 3");
	expect_rows(*state, "\"col(\\\"n\\\") > -1\"", "great_expectations__experimental__", "0 1 3");
	expect_rows(*state, "\" col(\\\"name\\\") == 'Bob' \"", parser, "1");
	expect_rows(*state, "\"col(\\\"n\\\").notnull()\"", parser, "0 1 3");
	expect_rows(*state, "\"col(\\\"at\\\") >= date(\\\"1970-01-01T00:00:01Z\\\")\"", parser, "3");
	expect_refused(*state, "\"col(\\\"n\\\") > 1 and col(\\\"n\\\") < 3\"", parser, "one comparison alone");
	expect_refused(*state, "\"col('n') == 3\"", parser, "must be of the form");
	expect_refused(*state, "\"n = 3\"", parser, "must be of the form");
	expect_refused(*state, "\"col(\\\"n\\\") ==\"", parser, "must be of the form");
	expect_refused(*state, "\"\"", parser, "must be of the form");
}

static void
queries_are_read_as_pandas_does(void **state)
{
	expect_rows(*state, "\"n > 1\"", "pandas", "0 3");
	expect_rows(*state, "\"1 < n\"", NULL, "0 3");
	expect_rows(*state, "\"1 < n <= 2\"", NULL, "3");
	expect_rows(*state, "\"`n` == 1 or name in ['Ann', \\\"Bob\\\",]\"", NULL, "0 1");
	expect_rows(*state, "\"n not in [1, 2]\"", NULL, "0 2");
	expect_rows(*state, "\"n == [1, 2]\"", NULL, "1 3");
	expect_rows(*state, "\"n == 3 or n == 1 and name == 'x'\"", NULL, "0"); /* and before or */
	expect_rows(*state, "\"(n == 3 | n == 1) & name == 'Bob'\"", NULL, "1");
	expect_rows(*state, "\"~n.isnull() and not (n > 2)\"", NULL, "1 3");
	expect_rows(*state, "\"not not n == 3\"", NULL, "0");
	expect_rows(*state, "\"ok\"", NULL, "0 3");
	expect_rows(*state, "\"not ok\"", NULL, "1");
	expect_rows(*state, "\"n == -1 or amount == -0.01\"", NULL, "1");
	expect_rows(*state, "\"name == 'A\\\\'nn' or name.notna() and n >= 3\"", NULL, "0");
	expect_rows(*state, "{\"type\": \"pass_through\", \"pass_through_filter\": \"n > 1\"}", NULL, "0 3");
}

static void
queries_are_understood_to_their_end_or_refused(void **state)
{
	static const char *const wrong[] = {
		"", "n >", "n", "n = 3", "n > m", "n > 1 and", "(n > 1", "n > 1)", "n > 1 n", "n + 1 > 2", "abs(n) > 1",
		"@x > n", "n > None", "~n == 1", "n in (1, 2)", "n in [1", "n in [1 2]", "n.sum() > 1", "n.isnull", "name == 'Ann",
		"name == \\\"A\\\\x41\\\"", "1 == 1", "n > 1 # why", "n > 1\\u0001", "not", "col(\\\"n\\\") == 3", "n > - 'a'",
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char json[64];
		struct fe_buf out;

		(void)snprintf(json, sizeof(json), "\"%s\"", wrong[i]);
		fe_buf_init(&out, 4096);
		answer(*state, json, "pandas", 15, &out);
		if (!strstr(fe_buf_text(&out), "row_condition: "))
			fail_msg("%s is read, and keeps '%s'", wrong[i], fe_buf_text(&out));
		fe_buf_reset(&out);
	}
}

static void
long_queries_end_at_a_limit(void **state)
{
	struct fe_buf json;

	fe_buf_init(&json, 1 << 20);
	fe_buf_add_char(&json, '"');
	for (int i = 0; i < 3000; i++)
		fe_buf_add_text(&json, "not (");
	fe_buf_add_text(&json, "\"");
	expect_refused(*state, fe_buf_text(&json), "pandas", "cannot be read");
	fe_buf_clear(&json);
	fe_buf_add_text(&json, "\"n == 0");
	for (int i = 0; i < FE_CONDITION_MAX_LEAVES; i++)
		fe_buf_add_text(&json, " or n == 0");
	fe_buf_add_text(&json, "\"");
	expect_refused(*state, fe_buf_text(&json), "pandas", "cannot be read");
	fe_buf_reset(&json);
}

static void
rows_that_take_no_part_are_not_kept(void **state)
{
	struct fe_buf out;

	fe_buf_init(&out, 4096);
	answer(*state, COMPARE("n", "!=", "1"), NULL, 13, &out);
	assert_string_equal(fe_buf_text(&out), "0 2 3");
	fe_buf_clear(&out);
	answer(*state, COMPARE("n", "!=", "1"), NULL, 5, &out);
	assert_string_equal(fe_buf_text(&out), "0 2");
	fe_buf_reset(&out);
}

static void
expect_echo(const char *json, const char *parser, const char *want)
{
	const struct fe_json_value *v = NULL;
	struct fe_arena arena = { 0 };
	struct fe_buf echo, why;

	fe_buf_init(&echo, 4096);
	fe_buf_init(&why, 4096);
	assert_int_equal(fe_json_parse(fe_str_of(json), &arena, &v, NULL), FE_OK);
	assert_int_equal(fe_condition_echo(v, fe_str_of(parser), &echo, &why), want != NULL);
	assert_string_equal(fe_buf_text(&echo), want ? want : "");
	assert_int_equal(why.n_bytes == 0, want != NULL);
	fe_buf_reset(&echo);
	fe_buf_reset(&why);
	fe_arena_free(&arena);
}

static void
texts_are_echoed_as_the_objects_they_mean(void **state)
{
	(void)state;
	expect_echo("\"col(\\\"n\\\") < 1e1\"", "great_expectations",
	            "{\"column\": {\"name\": \"n\"}, \"operator\": \"<\", \"parameter\": 10, \"type\": \"comparison\"}");
	expect_echo("\"col(\\\"n\\\") >= 1.5\"", "great_expectations",
	            "{\"column\": {\"name\": \"n\"}, \"operator\": \">=\", \"parameter\": 1.5, \"type\": \"comparison\"}");
	expect_echo("\"col(\\\"n\\\").notnull()\"", "great_expectations",
	            "{\"column\": {\"name\": \"n\"}, \"is_null\": false, \"type\": \"nullity\"}");
	expect_echo("\"n >\"", "pandas", "{\"pass_through_filter\": \"n >\", \"type\": \"pass_through\"}");
	expect_echo(NULLITY("n", "true"), NULL, NULLITY("n", "true"));
	expect_echo("\"n = 3\"", "great_expectations", NULL);
	expect_echo("{\"type\": \"between\"}", NULL, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(objects_compare_each_type, set_up, tear_down),
		cmocka_unit_test_setup_teardown(null_is_in_no_comparison_but_unequal, set_up, tear_down),
		cmocka_unit_test_setup_teardown(values_of_another_type_are_unequal_and_without_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(groups_are_joined, set_up, tear_down),
		cmocka_unit_test_setup_teardown(objects_that_mean_nothing_are_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(texts_of_0_18_are_one_comparison, set_up, tear_down),
		cmocka_unit_test_setup_teardown(queries_are_read_as_pandas_does, set_up, tear_down),
		cmocka_unit_test_setup_teardown(queries_are_understood_to_their_end_or_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(long_queries_end_at_a_limit, set_up, tear_down),
		cmocka_unit_test_setup_teardown(rows_that_take_no_part_are_not_kept, set_up, tear_down),
		cmocka_unit_test(texts_are_echoed_as_the_objects_they_mean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
