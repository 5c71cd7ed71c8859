# SPDX-License-Identifier: Apache-2.0
"""Of the rows that a condition keeps: texts for pandas, Great Expectations' own texts, objects."""

from casebook import case
from casebook import data

BETWEEN, NOT_NULL = "expect_column_values_to_be_between", "expect_column_values_to_not_be_null"


def compare(name, operator, parameter):
    return {"type": "comparison", "column": {"name": name}, "operator": operator, "parameter": parameter}


def null(name, is_null):
    return {"type": "nullity", "column": {"name": name}, "is_null": is_null}


def cases():
    yield from texts()
    yield from objects()
    yield from everywhere()


def texts():
    for how, (text, parser) in {
        "equal_text": ('col("name") == "Bob"', "great_expectations"),
        "equal_text_single_quotes": ("col('name') == 'Bob'", "great_expectations"),
        "not_equal_text": ('col("name") != "Bob"', "great_expectations"),
        "less": ('col("n") < 2', "great_expectations"), "at_most": ('col("n") <= 2', "great_expectations"),
        "more": ('col("n") > 1.5', "great_expectations"), "at_least": ('col("n") >= 3', "great_expectations"),
        "equal_number": ('col("n") == 3', "great_expectations"), "negative": ('col("n") > -1', "great_expectations"),
        "exponent": ('col("n") < 1e1', "great_expectations"),
        "not_null": ('col("n").notnull()', "great_expectations"),
        "experimental_name": ('col("n") == 3', "great_expectations__experimental__"),
        "no_such_syntax": ('n = 3', "great_expectations"), "and": ('col("n") > 1 and col("n") < 3', "great_expectations"),
        "date_text": ('col("day") == "2024-01-31"', "great_expectations"),
        "date_function": ('col("day") > date("2024-01-01")', "great_expectations"),
        "pandas": ("n > 1", "pandas"), "pandas_text": ('name == "Bob"', "pandas"),
        "pandas_and": ('n > 1 and name == "Ann"', "pandas"), "pandas_or_not": ('n > 2 or not ok == True', "pandas"),
        "pandas_in": ('name in ["Ann", "Bob"]', "pandas"), "pandas_null": ("n.isnull()", "pandas"),
        "pandas_not_null": ("name.notnull()", "pandas"), "pandas_backtick": ("`n` == 1", "pandas"),
        "pandas_no_such_column": ("nope == 1", "pandas"), "pandas_no_such_syntax": ("n >", "pandas"),
        "keeps_nothing": ('col("n") > 99', "great_expectations"), "no_parser": ('col("n") == 3', None),
        "no_parser_pandas": ("n == 3", None), "no_such_parser": ("n == 3", "sql"), "empty": ("", "pandas"),
    }.items():
        kwargs = {"column": "n", "min_value": 2, "row_condition": text}
        if parser:
            kwargs["condition_parser"] = parser
        yield case(f"condition_{how}", data.small(), (BETWEEN, kwargs))


def objects():
    for how, condition in {
        "equal": compare("n", "==", 3), "not_equal": compare("n", "!=", 3), "less": compare("n", "<", 3),
        "at_most": compare("n", "<=", 2), "more": compare("n", ">", 1), "at_least": compare("n", ">=", 2),
        "in": compare("n", "IN", [1, 2]), "not_in": compare("n", "NOT_IN", [1, 2]),
        "in_texts": compare("name", "IN", ["Ann", "Zoë"]), "in_mixed": compare("n", "IN", [1, "2"]),
        "in_empty": compare("n", "IN", []), "in_not_a_list": compare("n", "IN", "12"),
        "equal_text": compare("name", "==", "Ann"), "quote_in_text": compare("name", "==", 'A"nn'),
        "both_quotes_in_text": compare("name", "==", "A\"n'n"), "backslash_in_text": compare("name", "==", "A\\nn"),
        "equal_bool": compare("ok", "==", True), "equal_null": compare("n", "==", None),
        "equal_decimal": compare("amount", "==", 0.01), "more_decimal": compare("amount", ">", 1),
        "date_text": compare("day", ">", "2024-01-01"), "timestamp_text": compare("at", ">", "2024-01-01T00:00:00Z"),
        "timestamp_equal_text": compare("at", "==", "2024-01-31T10:00:00Z"),
        "timestamp_not_equal_text": compare("at", "!=", "2024-01-31T10:00:00Z"),
        "timestamp_equal_word": compare("at", "==", "yesterday"), "bool_not_equal_text": compare("ok", "!=", "true"),
        "null": null("n", True), "not_null": null("n", False),
        "and": {"type": "and", "conditions": [compare("n", ">", 1), compare("name", "!=", "Ann")]},
        "or": {"type": "or", "conditions": [compare("n", "==", 1), null("n", True)]},
        "or_of_ands": {"type": "or", "conditions": [
            {"type": "and", "conditions": [compare("n", ">", 2), null("name", False)]}, compare("name", "==", "Bob")]},
        "and_of_or": {"type": "and", "conditions": [
            {"type": "or", "conditions": [compare("n", ">", 2), compare("n", "<", 2)]}, null("name", False)]},
        "no_such_type": {"type": "between"}, "no_such_operator": compare("n", "~", 1),
        "no_such_column": compare("nope", "==", 1), "pass_through": {"type": "pass_through", "pass_through_filter": "n > 1"},
    }.items():
        yield case(f"condition_object_{how}", data.small(), (BETWEEN, {
            "column": "n", "min_value": 2, "row_condition": condition}))


def everywhere():
    """In a condition the lists' positions are those of the table; the counts are of the rows kept."""
    kept = {"row_condition": compare("k", ">=", 10)}
    for short, (kind, kwargs) in {
        "in_set": ("expect_column_values_to_be_in_set", {"column": "t", "value_set": ["v0"]}),
        "not_null": (NOT_NULL, {"column": "t"}), "unique": ("expect_column_values_to_be_unique", {"column": "n"}),
        "max": ("expect_column_max_to_be_between", {"column": "d", "max_value": 5}),
        "sum": ("expect_column_sum_to_be_between", {"column": "n", "max_value": 5}),
        "mean": ("expect_column_mean_to_be_between", {"column": "n", "max_value": 5}),
        "unique_count": ("expect_column_unique_value_count_to_be_between", {"column": "t", "max_value": 5}),
        "proportion_unique": ("expect_column_proportion_of_unique_values_to_be_between", {"column": "t", "max_value": 0.1}),
        "proportion_non_null": ("expect_column_proportion_of_non_null_values_to_be_between", {"column": "t", "min_value": 1}),
        "distinct": ("expect_column_distinct_values_to_be_in_set", {"column": "t", "value_set": ["v0"]}),
        "pair": ("expect_column_pair_values_a_to_be_greater_than_b", {"column_A": "n", "column_B": "k"}),
        "compound": ("expect_compound_columns_to_be_unique", {"column_list": ["n", "t"]}),
        "increasing": ("expect_column_values_to_be_increasing", {"column": "n"}),
        "row_count": ("expect_table_row_count_to_equal", {"value": 15}),
        "type": ("expect_column_values_to_be_of_type", {"column": "t", "type_": "int"}),
    }.items():
        yield case(f"condition_for_{short}", data.many(), (kind, {**kwargs, **kept}), "COMPLETE")
