# SPDX-License-Identifier: Apache-2.0
"""Of each value of a column: null, unique, in a range, in a set, in order, far from the others."""

from casebook import case, column
from casebook import data

NULL, NOT_NULL = "expect_column_values_to_be_null", "expect_column_values_to_not_be_null"
UNIQUE, BETWEEN = "expect_column_values_to_be_unique", "expect_column_values_to_be_between"
IN_SET, NOT_IN_SET = "expect_column_values_to_be_in_set", "expect_column_values_to_not_be_in_set"


def cases():
    yield from nulls()
    yield from uniqueness()
    yield from ranges()
    yield from ranges_at_their_edges()
    yield from sets()
    yield from orders()
    yield from outliers()


def nulls():
    for name in ("name", "amount", "n", "ok", "day", "at"):
        yield case(f"not_null_{name}", data.small(), (NOT_NULL, {"column": name}))
        yield case(f"null_{name}", data.small(), (NULL, {"column": name}))
    yield case("not_null_empty_text_is_a_value", data.texts(), (NOT_NULL, {"column": "t"}))
    yield case("null_empty_text_is_a_value", data.texts(), (NULL, {"column": "t"}))
    yield case("not_null_several_decimals", [column("d", "decimal(9,2)", ["1.00", None, None, "2.00", None])],
               (NOT_NULL, {"column": "d"}))
    for short, kind in (("not_null", NOT_NULL), ("null", NULL)):
        yield case(f"{short}_all_null", data.all_null(), (kind, {"column": "name"}))
        yield case(f"{short}_no_rows", data.no_rows(), (kind, {"column": "name"}))
        yield case(f"{short}_absent_column", data.small(), (kind, {"column": "nope"}))
        yield case(f"{short}_no_column", data.small(), (kind, {}))
        for mostly in (0, 0.25, 0.75, 0.76, 1):
            yield case(f"{short}_mostly_{mostly}", data.small(),
                       (kind, {"column": "name", "mostly": mostly}))
        for how, mostly in (("above_1", 1.01), ("below_0", -0.1), ("text", "most")):
            yield case(f"{short}_mostly_{how}", data.small(),
                       (kind, {"column": "name", "mostly": mostly}))


def uniqueness():
    for name in ("t", "n", "d", "day", "at", "b"):
        yield case(f"unique_{name}", data.repeated(), (UNIQUE, {"column": name}))
    yield case("unique_id", data.repeated(), (UNIQUE, {"column": "id"}))
    yield case("unique_mostly_at_edge", data.repeated(),
               (UNIQUE, {"column": "t", "mostly": 2 / 7}))
    yield case("unique_mostly_over_edge", data.repeated(),
               (UNIQUE, {"column": "t", "mostly": 0.29}))
    yield case("unique_all_null", data.all_null(), (UNIQUE, {"column": "name"}))
    yield case("unique_no_rows", data.no_rows(), (UNIQUE, {"column": "name"}))
    yield case("unique_complete", data.repeated(), (UNIQUE, {"column": "t"}), "COMPLETE")
    forms = [column("t", "text(9)", ["é", "e\u0301", "É", "é", "e", "", " ", ""])]
    yield case("unique_forms_of_unicode_differ", forms, (UNIQUE, {"column": "t"}))


def ranges():
    for how, kwargs in {
        "within": {"column": "n", "min_value": 1, "max_value": 3},
        "below": {"column": "n", "min_value": 2}, "above": {"column": "n", "max_value": 2},
        "strict_min": {"column": "n", "min_value": 1, "strict_min": True},
        "strict_max": {"column": "n", "max_value": 3, "strict_max": True},
        "strict_both": {"column": "n", "min_value": 1, "max_value": 3, "strict_min": True,
                        "strict_max": True},
        "fraction": {"column": "n", "min_value": 1.5}, "min_is_max": {
            "column": "n", "min_value": 2, "max_value": 2},
        "without_bounds": {"column": "n"}, "min_over_max": {
            "column": "n", "min_value": 3, "max_value": 1},
        "text_bound_of_numbers": {"column": "n", "min_value": "1"},
        "number_bound_of_texts": {"column": "name", "min_value": 1},
        "number_and_text_bounds": {"column": "n", "min_value": 1, "max_value": "3"},
        "texts": {"column": "name", "min_value": "B", "max_value": "Y"},
        "texts_min": {"column": "name", "min_value": "Bob"},
        "texts_max_strict": {"column": "name", "max_value": "Bob", "strict_max": True},
        "bools": {"column": "ok", "min_value": 1}, "bools_by_bool": {
            "column": "ok", "min_value": True},
        "absent_column": {"column": "nope", "min_value": 1},
        "empty_text_bound": {"column": "name", "min_value": ""},
    }.items():
        yield case(f"between_{how}", data.small(), (BETWEEN, kwargs))
    for how, kwargs in {
        "texts": {"min_value": "2024-01-01", "max_value": "2024-02-28"},
        "text_min": {"min_value": "2024-01-31"},
        "timestamps": {"min_value": "2024-01-01T00:00:00Z", "max_value": "2024-02-29T23:59:59.999999Z"},
        "timestamp_max_strict": {"max_value": "2024-02-29T23:59:59.999999Z", "strict_max": True},
        "number": {"min_value": 20240101}, "not_a_date": {"min_value": "soon"},
        "naive_timestamp": {"min_value": "2024-01-31T10:00:00"},
        "offset": {"min_value": "2024-01-31T11:00:00+01:00", "max_value": "2030-01-01T00:00:00Z"},
    }.items():
        for name in ("day", "at"):
            yield case(f"between_{name}_{how}", data.small(), (BETWEEN, {"column": name, **kwargs}))
    for short, columns in (("all_null", data.all_null()), ("no_rows", data.no_rows())):
        for name in ("n", "name", "amount", "day", "at"):
            bound = {"name": "a", "day": "2024-01-01", "at": "2024-01-01T00:00:00Z"}.get(name, 1)
            yield case(f"between_{short}_{name}", columns,
                       (BETWEEN, {"column": name, "min_value": bound}))


def ranges_at_their_edges():
    amounts = [column("id", "int", ["1", "2", "3", "4", "5", "6"]),
               column("amount", "decimal(12,2)", ["0.00", "0.01", "1000000.00", "1000000.01",
                                                  "-0.01", "0.10"])]
    for how, kwargs in {
        "cents": {"min_value": 0.01, "max_value": 1000000},
        "cents_strict": {"min_value": 0.01, "max_value": 1000000, "strict_min": True,
                         "strict_max": True},
        "tenth": {"min_value": 0.1}, "tenth_max": {"max_value": 0.1},
        "tenth_strict": {"min_value": 0.1, "strict_min": True}, "zero": {"min_value": 0},
        "text_bound": {"min_value": "0.01"},
    }.items():
        yield case(f"between_decimal_{how}", amounts, (BETWEEN, {"column": "amount", **kwargs}))
    big = [column("n", "int", ["9007199254740992", "9007199254740993", "-9223372036854775808",
                               "9223372036854775807"]),
           column("d", "decimal(18,2)", ["9999999999999999.99", "9007199254740993.00",
                                         "-9999999999999999.99", "0.29"])]
    yield case("between_int_past_2_to_53", big, (BETWEEN, {"column": "n", "max_value": 9007199254740992}))
    yield case("between_int_of_64_bits", big, (BETWEEN, {"column": "n", "min_value": -9223372036854775808,
                                                         "max_value": 9223372036854775807}))
    yield case("between_decimal_of_18_digits", big, (BETWEEN, {"column": "d", "max_value": 9007199254740992}))
    yield case("between_decimal_of_18_digits_max", big, (BETWEEN, {"column": "d", "max_value": 0.29}))
    for mostly in (0.5, 0.66, 2 / 3, 0.67, 0.0):
        yield case(f"between_mostly_{mostly:.3f}", data.small(),
                   (BETWEEN, {"column": "n", "min_value": 2, "mostly": mostly}))
    tenths = [column("n", "int", [str(i) for i in range(10)])]
    for mostly in (0.7, 0.8, 0.9):
        yield case(f"between_mostly_{mostly}_of_ten", tenths,
                   (BETWEEN, {"column": "n", "max_value": round(mostly * 10) - 1, "mostly": mostly}))


def sets():
    for how, kwargs in {
        "all_in": {"column": "name", "value_set": ["Ann", "Bob", "Zoë"]},
        "one_not": {"column": "name", "value_set": ["Ann", "Bob"]},
        "case_differs": {"column": "name", "value_set": ["ann", "bob", "zoë"]},
        "empty_set": {"column": "name", "value_set": []},
        "null_set": {"column": "name", "value_set": None},
        "with_null": {"column": "name", "value_set": ["Ann", None]},
        "twice": {"column": "name", "value_set": ["Ann", "Ann"]},
        "numbers": {"column": "n", "value_set": [1, 2]},
        "fractions": {"column": "n", "value_set": [1.0, 2.0, 3.5]},
        "numbers_as_text": {"column": "n", "value_set": ["1", "2", "3"]},
        "numbers_and_texts": {"column": "n", "value_set": [1, "2"]},
        "texts_as_numbers": {"column": "name", "value_set": [1, 2]},
        "decimals": {"column": "amount", "value_set": [10, 0.01]},
        "decimals_as_text": {"column": "amount", "value_set": ["10.00", "0.01"]},
        "bools": {"column": "ok", "value_set": [True]},
        "bools_as_numbers": {"column": "ok", "value_set": [1, 0]},
        "bools_as_text": {"column": "ok", "value_set": ["true", "false"]},
        "dates": {"column": "day", "value_set": ["2024-01-31", "2024-02-29"]},
        "timestamps": {"column": "at", "value_set": ["2024-01-31T10:00:00Z"]},
        "timestamps_naive": {"column": "at", "value_set": ["2024-01-31 10:00:00"]},
        "not_a_list": {"column": "name", "value_set": "Ann"},
        "absent": {"column": "name"},
        "mostly_at_edge": {"column": "name", "value_set": ["Ann", "Bob"], "mostly": 0.66},
        "mostly_over_edge": {"column": "name", "value_set": ["Ann", "Bob"], "mostly": 0.67},
    }.items():
        yield case(f"in_set_{how}", data.small(), (IN_SET, kwargs))
        yield case(f"not_in_set_{how}", data.small(), (NOT_IN_SET, kwargs))
    for short, kind in (("in_set", IN_SET), ("not_in_set", NOT_IN_SET)):
        yield case(f"{short}_all_null", data.all_null(), (kind, {"column": "name", "value_set": ["a"]}))
        yield case(f"{short}_no_rows", data.no_rows(), (kind, {"column": "name", "value_set": ["a"]}))
        yield case(f"{short}_unicode", data.texts(), (kind, {"column": "t", "value_set": [
            "", "日本語", "two\nlines", "U\u0308nïcødé"]}))
        yield case(f"{short}_decimal_binary_neighbours", [
            column("d", "decimal(9,2)", ["0.10", "0.20", "0.30", "0.50"])],
            (kind, {"column": "d", "value_set": [0.1, 0.2, 0.3, 0.5]}))


def orders():
    up, down = "expect_column_values_to_be_increasing", "expect_column_values_to_be_decreasing"
    numbers = [column("up", "int", ["1", "2", "2", "5"]), column("down", "int", ["5", "2", "2", "1"]),
               column("mixed", "int", ["1", "3", "2", "4"]), column("gap", "int", ["1", None, "3", "2"]),
               column("d", "decimal(9,2)", ["0.10", "0.20", "0.15", "0.15"]),
               column("t", "text(9)", ["a", "b", "c", "b"]),
               column("day", "date", ["2024-01-01", "2024-01-02", "2024-01-02", "2024-01-01"]),
               column("at", "timestamp", ["2024-01-01T00:00:00Z", "2024-01-01T00:00:00.000001Z", None,
                                          "2023-01-01T00:00:00Z"]),
               column("b", "bool", ["false", "true", "true", "false"])]
    for short, kind in (("increasing", up), ("decreasing", down)):
        for c in numbers:
            yield case(f"{short}_{c['name']}", numbers, (kind, {"column": c["name"]}))
        for name in ("up", "down", "gap", "at"):
            yield case(f"{short}_strictly_{name}", numbers, (kind, {"column": name, "strictly": True}))
        yield case(f"{short}_mostly", numbers, (kind, {"column": "mixed", "mostly": 0.75}))
        yield case(f"{short}_no_rows", data.no_rows(), (kind, {"column": "n"}))
        yield case(f"{short}_all_null", data.all_null(), (kind, {"column": "n"}))
        yield case(f"{short}_one_row", [column("n", "int", ["7"])], (kind, {"column": "n"}))
        yield case(f"{short}_one_text", [column("t", "text(9)", ["a", None]), column("n", "int", ["1", "2"])],
                   (kind, {"column": "t"}))
        yield case(f"{short}_parse_strings_as_datetimes_is_of_0_18", numbers,
                   (kind, {"column": "t", "parse_strings_as_datetimes": True}))


def outliers():
    z, far = "expect_column_value_z_scores_to_be_less_than", "expect_column_values_to_not_be_outliers"
    numbers = [column("n", "int", ["1", "2", "3", "2", "1", "50", None]),
               column("d", "decimal(9,2)", ["1.10", "2.20", "3.30", "2.20", "1.10", "50.50", None]),
               column("same", "int", ["4", "4", "4", "4", "4", "4", "4"]),
               column("t", "text(9)", ["a", "b", "c", "d", "e", "f", None])]
    for name in ("n", "d", "same", "t"):
        yield case(f"z_score_{name}", numbers, (z, {"column": name, "threshold": 2, "double_sided": True}))
        for method in ("iqr", "std"):
            yield case(f"outliers_{method}_{name}", numbers, (far, {"column": name, "method": method}))
    yield case("z_score_one_sided", numbers, (z, {"column": "n", "threshold": 1.96, "double_sided": False}))
    yield case("z_score_below_zero", numbers, (z, {"column": "n", "threshold": -1, "double_sided": True}))
    yield case("z_score_no_rows", data.no_rows(), (z, {"column": "n", "threshold": 2, "double_sided": True}))
    yield case("outliers_multiplier", numbers, (far, {"column": "n", "multiplier": 100}))
    yield case("outliers_of_no_such_method", numbers, (far, {"column": "n", "method": "mad"}))
    yield case("outliers_no_rows", data.no_rows(), (far, {"column": "n"}))
