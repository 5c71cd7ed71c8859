// SPDX-License-Identifier: Apache-2.0
/* One cell's way: decode, trim, null texts, map, case, cast, default, required. */
#include "rig.h"

#include "transform/clean_text.h"

struct row {
	const char *cell; /* NULL: absent */
	const char *value, *reasons;
};

/* Cleans the cells in column 0, in an ASCII batch and in one that may be anything. */
static void
check_cells(const char *type, const struct fe_clean_column *as, const struct row *rows, size_t n)
{
	for (int ascii = 0; ascii < 2; ascii++) {
		struct rig r = { 0 };
		struct fe_clean_column *c = rig_column(&r, "c", type);
		struct fe_type t = c->type;
		*c = *as;
		c->type = t;
		rig_open(&r, ascii);
		for (size_t i = 0; i < n; i++)
			rig_cell(&r, i, 0, rows[i].cell ? fe_str_of(rows[i].cell) : (struct fe_str){ 0 });
		bool all_ascii = true;
		for (size_t i = 0; i < n; i++)
			all_ascii &= fe_text_is_ascii(r.batch.cells[0][i]);
		r.batch.ascii = ascii && all_ascii;
		rig_clean(&r);
		for (size_t i = 0; i < n; i++)
			rig_expect(&r, i, 0, rows[i].value, rows[i].reasons);
		rig_close(&r);
	}
}
#define CHECK_CELLS(type, as, ...)                                             \
	do {                                                                   \
		static const struct row rows_[] = { __VA_ARGS__ };             \
		struct fe_clean_column as_ = as;                               \
		check_cells(type, &as_, rows_, sizeof rows_ / sizeof *rows_);  \
	} while (0)
#define AS(...) ((struct fe_clean_column){ __VA_ARGS__ })

static void
clean_empty_is_null_and_blanks_only_where_trimmed(void **state)
{
	(void)state;
	CHECK_CELLS("text", AS(.trim = true), { "", NULL, "" }, { "  \t ", NULL, "" }, { NULL, NULL, "" },
	            { " a b\n", "a b", "" }, { "NULL", "NULL", "" }, { "NA", "NA", "" });
	CHECK_CELLS("text", AS(.trim = false), { "", NULL, "" }, { "  ", "  ", "" }, { " a ", " a ", "" });
	CHECK_CELLS("decimal(5,2)", AS(.trim = false), { "", NULL, "" }, { "  ", NULL, "c:not_a_number" },
	            { " 5", NULL, "c:blank_inside" });
	CHECK_CELLS("decimal(5,2)", AS(.trim = true), { "  ", NULL, "" }, { " 5 ", "5.00", "" });
}

static void
clean_null_texts_replace_the_rule_of_the_empty(void **state)
{
	(void)state;
	static const char *const nulls[] = { "NA", "n/a", "-" };
	CHECK_CELLS("text", AS(.trim = true, .nulls = nulls, .n_nulls = 3), { " NA ", NULL, "" }, { "na", "na", "" },
	            { "", "", "" }, { "-", NULL, "" }, { "n/a", NULL, "" }, { NULL, NULL, "" });
	CHECK_CELLS("int", AS(.nulls = nulls, .n_nulls = 3), { "-", NULL, "" }, { "", NULL, "c:not_a_number" },
	            { "-4", "-4", "" });
}

static void
clean_maps_before_case_and_cast(void **state)
{
	(void)state;
	static const struct fe_text_pair map[] = {
		{ "Y", "true" }, { "one", "1" }, { "a", "B" }, { "b", "a" }, { "c", "d" }, { "e", "f" },
		{ "g", "h" }, { "i", "j" }, { "a longer text", "short" }, { "", "never" },
	};
	CHECK_CELLS("text", AS(.trim = true, .map = map, .n_map = 10, .to_case = FE_CASE_LOWER), { " a ", "b", "" },
	            { "A", "a", "" }, { "b", "a", "" }, { "a longer text", "short", "" }, { "", NULL, "" });
	CHECK_CELLS("int", AS(.map = map, .n_map = 10), { "one", "1", "" }, { "a", NULL, "c:not_a_number" });
	CHECK_CELLS("bool", AS(.map = map, .n_map = 10), { "Y", "true", "" });
}

static void
clean_changes_case_beyond_ascii(void **state)
{
	(void)state;
	CHECK_CELLS("text", AS(.to_case = FE_CASE_LOWER), { "ABCdefGH", "abcdefgh", "" }, { "abc", "abc", "" },
	            { "lower already, and long enough for words", "lower already, and long enough for words", "" },
	            { "lower but for the last lettEr", "lower but for the last letter", "" },
	            { "Z", "z", "" }, { "@[`{", "@[`{", "" }, { "É", "é", "" });
	CHECK_CELLS("text", AS(.to_case = FE_CASE_UPPER), { "txn0001", "TXN0001", "" }, { "TXN0000000001", "TXN0000000001", "" },
	            { "TXN0000000001z", "TXN0000000001Z", "" }, { "straße", "STRAßE", "" });
}

static void
clean_counts_length_in_code_points(void **state)
{
	(void)state;
	CHECK_CELLS("text(4)", AS(.trim = true), { "abcd", "abcd", "" }, { "abcde", NULL, "c:too_long" },
	            { " abcd ", "abcd", "" }, { "äöüß", "äöüß", "" }, { "äöüßa", NULL, "c:too_long" });
}

static void
clean_refuses_bytes_that_are_no_text(void **state)
{
	(void)state;
	struct rig r = { 0 };
	rig_column(&r, "t", "text");
	rig_column(&r, "d", "decimal(5,2)");
	r.columns[0].required = true;
	rig_open(&r, false);
	rig_cell(&r, 0, 0, FE_STR("a\xff"));
	rig_cell(&r, 0, 1, FE_STR("1\xc0\x80"));
	rig_cell(&r, 1, 0, FE_STR("a\0b"));
	rig_cell(&r, 1, 1, FE_STR("1"));
	rig_cell(&r, 2, 0, FE_STR("long enough for a word \0 b"));
	rig_cell(&r, 2, 1, FE_STR("1\xc2\xa0"));
	rig_clean(&r);
	rig_expect(&r, 0, 0, NULL, "t:invalid_utf8;d:invalid_utf8");
	rig_expect(&r, 1, 0, NULL, "t:nul_byte");
	rig_expect(&r, 1, 1, "1.00", "t:nul_byte");
	rig_expect(&r, 2, 1, NULL, "t:nul_byte;d:blank_inside");
	rig_close(&r);
}

static void
clean_casts_each_type_or_says_why_not(void **state)
{
	(void)state;
	struct fe_zone *utc;
	assert_int_equal(fe_zone_open(&utc, "UTC", NULL), FE_OK);
	CHECK_CELLS("decimal(5,2)", AS(0), { "12.5", "12.50", "" }, { "-0.00", "0.00", "" },
	            { "1.234", NULL, "c:too_many_decimals" }, { "1000", NULL, "c:out_of_range" },
	            { "$5", NULL, "c:currency_sign" }, { "1,5", NULL, "c:separator" }, { "+5", NULL, "c:plus_sign" });
	CHECK_CELLS("decimal(5,2)", AS(.decimal = { .point = ',', .sign_plus = true }), { "+1,5", "1.50", "" });
	CHECK_CELLS("int", AS(0), { "-9223372036854775808", "-9223372036854775808", "" },
	            { "9223372036854775808", NULL, "c:out_of_range" }, { "1e3", NULL, "c:exponent" });
	CHECK_CELLS("bool", AS(0), { "Yes", "true", "" }, { "0", "false", "" }, { "2", NULL, "c:not_a_bool" });
	CHECK_CELLS("date", AS(0), { "2024-02-29", "2024-02-29", "" }, { "2023-02-29", NULL, "c:no_such_day" });
	CHECK_CELLS("date", AS(.format = "%d/%m/%Y"), { "29/02/2024", "2024-02-29", "" },
	            { "2024-02-29", NULL, "c:not_a_date" });
	CHECK_CELLS("timestamp", AS(.zone = utc), { "2024-02-29 10:00", "2024-02-29 10:00:00.000000Z", "" },
	            { "2024-02-29T24:00Z", NULL, "c:no_such_time" });
	CHECK_CELLS("timestamp", AS(0), { "2024-02-29 10:00", NULL, "c:no_zone" });
	fe_zone_free(utc);
}

static void
clean_default_fills_nulls_but_not_failures(void **state)
{
	(void)state;
	struct rig r = { 0 };
	*rig_column(&r, "id", "text(20)") = AS(.type = { .kind = FE_TEXT, .max_chars = 20 }, .trim = true,
	                                      .to_case = FE_CASE_UPPER, .default_text = " merch0 ", .required = true);
	rig_column(&r, "n", "int")->default_text = "7";
	rig_column(&r, "b", "bool")->default_text = "yes";
	rig_column(&r, "d", "date")->default_text = "2024-01-01";
	rig_open(&r, true);
	for (size_t row = 0; row < 130; row++)
		for (size_t c = 0; c < 4; c++)
			rig_cell(&r, row, c, row % 2 ? FE_STR("x") : FE_STR(""));
	rig_clean(&r);
	rig_expect(&r, 128, 0, "MERCH0", "");
	rig_expect(&r, 128, 1, "7", "");
	rig_expect(&r, 128, 2, "true", "");
	rig_expect(&r, 128, 3, "2024-01-01", "");
	rig_expect(&r, 129, 0, "X", "n:not_a_number;b:not_a_bool;d:not_a_date");
	assert_null(rig_value(&r, 129, 1));
	for (size_t c = 0; c < 4; c++)
		assert_int_equal(fe_clean_defaults_filled(r.clean, c), 65);
	rig_close(&r);
}

static void
clean_refuses_a_default_that_is_no_value(void **state)
{
	(void)state;
	static const struct { const char *type, *text, *says; } cases[] = {
		{ "int", "many", "the default 'many' of column 'c' is no value of it: c:not_a_number" },
		{ "text(3)", "four", "c:too_long" },
		{ "text", "", "c:missing" },
		{ "decimal(4,2)", "1.234", "c:too_many_decimals" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct rig r = { 0 };
		struct fe_err err = FE_ERR_INIT;
		rig_column(&r, "c", cases[i].type)->default_text = cases[i].text;
		r.schema.n_source = 1;
		assert_int_equal(fe_clean_new(&r.clean, r.columns, &r.schema, &r.reasons, &err), FE_EUSAGE);
		assert_non_null(strstr(err.text, cases[i].says));
		assert_null(r.clean);
		rig_close(&r);
	}
}

static void
clean_required_names_what_is_missing_once(void **state)
{
	(void)state;
	struct rig r = { 0 };
	rig_column(&r, "a", "int")->required = true;
	rig_column(&r, "b", "text")->required = true;
	rig_open(&r, true);
	for (size_t row = 0; row < 70; row++) {
		rig_cell(&r, row, 0, row == 69 ? FE_STR("x") : row == 68 ? FE_STR("") : FE_STR("1"));
		rig_cell(&r, row, 1, row >= 67 ? (struct fe_str){ 0 } : FE_STR("t"));
	}
	fe_bit_set(r.batch.broken, 67); /* has no cells: nothing is missing of it */
	rig_clean(&r);
	assert_int_equal(r.batch.n_reasons, 4);
	rig_expect(&r, 66, 0, "1", "");
	rig_expect(&r, 67, 1, NULL, "");
	rig_expect(&r, 68, 0, NULL, "a:missing;b:absent");
	rig_expect(&r, 69, 0, NULL, "a:not_a_number;b:absent");
	rig_close(&r);
}

static void
clean_tells_absent_null_empty_and_no_value_apart(void **state)
{
	(void)state;
	static const char *const nulls[] = { "n/a" };
	const struct fe_str cells[] = { { 0 }, { fe_cell_null, 0 }, FE_STR(""), { fe_cell_no_value, 0 } };
	for (int is_plain = 0; is_plain < 2; is_plain++) {
		struct rig r = { 0 };
		rig_column(&r, "a", "int")->required = true;
		struct fe_clean_column *b = rig_column(&r, "b", "text");
		b->default_text = "none";
		b->nulls = is_plain ? NULL : nulls;
		b->n_nulls = is_plain ? 0 : 1;
		rig_column(&r, "c", "text");
		rig_open(&r, is_plain);
		for (size_t row = 0; row < 4; row++)
			for (size_t c = 0; c < 3; c++)
				rig_cell(&r, row, c, cells[row]);
		rig_clean(&r);
		rig_expect(&r, 0, 0, NULL, "a:absent");
		rig_expect(&r, 0, 1, "none", "a:absent");
		rig_expect(&r, 1, 0, NULL, "a:null");
		rig_expect(&r, 1, 1, "none", "a:null");
		rig_expect(&r, 2, 0, NULL, "a:missing");
		rig_expect(&r, 2, 1, is_plain ? "none" : "", "a:missing"); /* null texts replace the rule for "" */
		rig_expect(&r, 3, 0, NULL, "a:not_a_value;b:not_a_value;c:not_a_value");
		rig_expect(&r, 3, 1, NULL, "a:not_a_value;b:not_a_value;c:not_a_value");
		rig_expect(&r, 3, 2, NULL, "a:not_a_value;b:not_a_value;c:not_a_value");
		rig_close(&r);
	}
}

static void
clean_computes_columns_from_those_before_them(void **state)
{
	(void)state;
	struct rig r = { 0 };
	rig_column(&r, "x", "decimal(18,2)");
	struct fe_clean_column *c;
	const struct fe_expr *e = rig_expr(&r, "x * 1.5");
	c = rig_column(&r, "y", "decimal(6,2)");
	c->value = e;
	c->default_text = "9";
	e = rig_expr(&r, "case when y > 1 then 'more than four' else 'four' end");
	c = rig_column(&r, "z", "text(4)");
	c->value = e;
	c->required = true;
	rig_open(&r, true);
	static const char *const cells[] = { "2.00", "0.33", "9999.00", "", "9000000000000000.00", "" };
	for (size_t row = 0; row < 6; row++)
		rig_cell(&r, row, 0, fe_str_of(cells[row]));
	fe_bit_set(r.batch.broken, 5);
	rig_clean(&r);
	rig_expect(&r, 0, 1, "3.00", "z:too_long");
	rig_expect(&r, 1, 1, NULL, "y:too_many_decimals");
	assert_string_equal(rig_value(&r, 1, 2), "four");
	rig_expect(&r, 2, 1, NULL, "y:out_of_range");
	rig_expect(&r, 3, 1, "9.00", "z:too_long");
	rig_expect(&r, 4, 1, NULL, "y:overflow");
	rig_expect(&r, 5, 1, NULL, "");
	assert_null(rig_value(&r, 5, 2));
	assert_int_equal(fe_clean_defaults_filled(r.clean, 1), 1);
	rig_close(&r);
}

static void
clean_takes_minus_zero_as_zero_and_tells(void **state)
{
	(void)state;
	struct rig r = { 0 };
	rig_column(&r, "a", "decimal(8,2)");
	rig_open(&r, true);
	static const char *const cells[] = { "-0", "-0.00", "0.00", "-0.01", "0" };
	static const char *const values[] = { "0.00", "0.00", "0.00", "-0.01", "0.00" };
	for (size_t row = 0; row < 5; row++)
		rig_cell(&r, row, 0, fe_str_of(cells[row]));
	rig_clean(&r);
	for (size_t row = 0; row < 5; row++)
		rig_expect(&r, row, 0, values[row], "");
	assert_int_equal(fe_clean_negative_zeros(r.clean, 0), 2);
	rig_close(&r);
}

static void
clean_text_looks_never_say_yes_wrongly(void **state)
{
	(void)state;
	char text[24];
	for (size_t n = 0; n <= 20; n++) {
		for (size_t at = 0; at < n; at++) {
			for (int byte = 0; byte < 256; byte++) {
				memset(text, '_', n);
				text[at] = (char)byte;
				struct fe_str s = { text, n };
				bool plain = byte >= 1 && byte < 128;
				assert_int_equal(fe_text_is_plain_ascii(s), plain);
				assert_int_equal(fe_text_has_case(s, FE_CASE_LOWER),
				                 byte < 128 && !(byte >= 'A' && byte <= 'Z'));
				assert_int_equal(fe_text_has_case(s, FE_CASE_UPPER),
				                 byte < 128 && !(byte >= 'a' && byte <= 'z'));
			}
		}
	}
}

static bool
is_settled(struct fe_str s, const struct fe_text_look *look)
{
	struct fe_str out = { NULL, 99 };
	uint64_t settled = fe_text_settled_64(look, &s, 1, &out);

	assert_in_range(settled, 0, 1);
	if (settled)
		assert_true(out.p == s.p && out.n == s.n);
	return settled;
}

static void
clean_settled_texts_need_nothing(void **state)
{
	(void)state;
	char text[24];
	for (size_t n = 1; n <= 20; n++) {
		for (size_t at = 0; at < n; at++) {
			for (int byte = 0; byte < 256; byte++) {
				bool is_end = at == 0 || at == n - 1, plain = byte >= ' ' && byte < 128 && n <= 16;
				bool upper = byte >= 'A' && byte <= 'Z', lower = byte >= 'a' && byte <= 'z';
				memset(text, '_', sizeof text);
				text[at] = (char)byte;
				text[n] = 'q', text[n + 1] = 'Q', text[n + 2] = ' ', text[n + 3] = '\xc3'; /* behind it */
				struct fe_str s = { text, n };
				assert_int_equal(is_settled(s, &(struct fe_text_look){ 16, true, FE_CASE_KEEP }),
				                 plain && !(is_end && byte == ' '));
				assert_int_equal(is_settled(s, &(struct fe_text_look){ 16, true, FE_CASE_UPPER }),
				                 plain && !lower && !(is_end && byte == ' '));
				assert_int_equal(is_settled(s, &(struct fe_text_look){ 16, false, FE_CASE_LOWER }), plain && !upper);
				assert_int_equal(is_settled(s, &(struct fe_text_look){ 5, false, FE_CASE_KEEP }), plain && n <= 5);
			}
		}
	}
	assert_false(is_settled((struct fe_str){ text, 0 }, &(struct fe_text_look){ 16, false, FE_CASE_KEEP }));
	assert_false(is_settled(FE_CELL_FAILED, &(struct fe_text_look){ 16, false, FE_CASE_KEEP }));
	assert_false(is_settled((struct fe_str){ NULL, 0 }, &(struct fe_text_look){ 16, false, FE_CASE_KEEP }));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clean_empty_is_null_and_blanks_only_where_trimmed),
		cmocka_unit_test(clean_null_texts_replace_the_rule_of_the_empty),
		cmocka_unit_test(clean_maps_before_case_and_cast),
		cmocka_unit_test(clean_changes_case_beyond_ascii),
		cmocka_unit_test(clean_counts_length_in_code_points),
		cmocka_unit_test(clean_refuses_bytes_that_are_no_text),
		cmocka_unit_test(clean_casts_each_type_or_says_why_not),
		cmocka_unit_test(clean_default_fills_nulls_but_not_failures),
		cmocka_unit_test(clean_refuses_a_default_that_is_no_value),
		cmocka_unit_test(clean_required_names_what_is_missing_once),
		cmocka_unit_test(clean_tells_absent_null_empty_and_no_value_apart),
		cmocka_unit_test(clean_computes_columns_from_those_before_them),
		cmocka_unit_test(clean_takes_minus_zero_as_zero_and_tells),
		cmocka_unit_test(clean_text_looks_never_say_yes_wrongly),
		cmocka_unit_test(clean_settled_texts_need_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
