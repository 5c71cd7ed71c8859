# SPDX-License-Identifier: Apache-2.0
"""Of two columns of a record, or of more."""

from casebook import case, column
from casebook import data

EQUAL, GREATER = "expect_column_pair_values_to_be_equal", "expect_column_pair_values_a_to_be_greater_than_b"
IN_SET, COMPOUND = "expect_column_pair_values_to_be_in_set", "expect_compound_columns_to_be_unique"
WITHIN, SUM = "expect_select_column_values_to_be_unique_within_record", "expect_multicolumn_sum_to_equal"
SAME = "expect_multicolumn_values_to_be_equal"


def two():
    return [column("id", "int", [str(i) for i in range(1, 8)]),
            column("a", "int", ["1", "2", None, "4", None, "6", "2"]),
            column("b", "int", ["1", "3", "3", None, None, "5", "2"]),
            column("c", "int", ["1", "2", "3", "4", "5", "6", "2"]),
            column("x", "text(9)", ["p", "q", None, "r", None, "s", "q"]),
            column("y", "text(9)", ["p", "Q", "q", None, None, "r", "q"]),
            column("d", "decimal(9,2)", ["1.00", "2.5", None, "4", None, "6.10", "2"]),
            column("e", "decimal(9,2)", ["1", "2.50", "3", None, None, "6.1", "2.01"]),
            column("day", "date", ["2024-01-01", "2024-01-02", None, "2024-01-04", None, "2024-01-06", "2024-01-02"]),
            column("end", "date", ["2024-01-01", "2024-01-01", "2024-01-03", None, None, "2024-01-07", "2024-01-02"]),
            column("at", "timestamp", ["2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z", None, "2024-01-04T00:00:00Z",
                                       None, "2024-01-06T00:00:00Z", "2024-01-02T00:00:00Z"]),
            column("by", "timestamp", ["2024-01-01T00:00:00.000001Z", "2024-01-02T01:00:00+01:00",
                                       "2024-01-03T00:00:00Z", None, None, "2024-01-05T00:00:00Z",
                                       "2024-01-02T00:00:00Z"])]


def full():
    return [column("id", "int", ["1", "2", "3", "4"]),
            column("a", "int", ["1", "2", "3", "4"]), column("b", "int", ["1", "1", "3", "5"]),
            column("c", "int", ["3", "2", "3", "4"]),
            column("d", "decimal(9,2)", ["0.10", "0.20", "0.70", "1.00"]),
            column("e", "decimal(9,2)", ["0.20", "0.10", "0.10", "-0.70"]),
            column("x", "text(9)", ["p", "q", "r", "r"]), column("y", "text(9)", ["p", "r", "q", "r"]),
            column("day", "date", ["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04"]),
            column("end", "date", ["2024-01-01", "2024-01-03", "2024-01-02", "2024-01-05"])]


IGNORE = ("both_values_are_missing", "either_value_is_missing", "neither", "never")
PAIRS = (("a", "b"), ("x", "y"), ("d", "e"), ("day", "end"), ("at", "by"))


def cases():
    yield from of_two()
    yield from in_sets()
    yield from compounds()
    yield from of_more()


def of_two():
    for short, kind in (("pair_equal", EQUAL), ("pair_greater", GREATER)):
        for a, b in PAIRS:
            for ignore in IGNORE[:3]:
                yield case(f"{short}_{a}_{b}_{ignore}", two(), (kind, {
                    "column_A": a, "column_B": b, "ignore_row_if": ignore}))
        for a, b in PAIRS[:4]:
            yield case(f"{short}_{a}_{b}_without_nulls", full(), (kind, {"column_A": a, "column_B": b}))
        yield case(f"{short}_default", two(), (kind, {"column_A": "a", "column_B": "b"}))
        yield case(f"{short}_ignore_of_no_such_name", two(), (kind, {
            "column_A": "a", "column_B": "b", "ignore_row_if": "never"}))
        yield case(f"{short}_absent_column", two(), (kind, {"column_A": "a", "column_B": "nope"}))
        yield case(f"{short}_mostly_at_edge", full(), (kind, {"column_A": "a", "column_B": "b", "mostly": 0.5}))
        yield case(f"{short}_mostly", full(), (kind, {"column_A": "a", "column_B": "b", "mostly": 0.25}))
        yield case(f"{short}_types_differ", full(), (kind, {"column_A": "a", "column_B": "x"}))
        yield case(f"{short}_int_and_decimal", full(), (kind, {"column_A": "a", "column_B": "d"}))
        yield case(f"{short}_same_column", full(), (kind, {"column_A": "a", "column_B": "a"}))
        for what, columns in (("all_null", data.all_null), ("no_rows", data.no_rows)):
            yield case(f"{short}_{what}", columns(), (kind, {"column_A": "n", "column_B": "n"}))
        for result_format in ("BOOLEAN_ONLY", "BASIC", "COMPLETE"):
            yield case(f"{short}_{result_format.lower()}", full(), (kind, {"column_A": "a", "column_B": "b"}),
                       result_format)
    for a, b in PAIRS[:4]:
        yield case(f"pair_greater_or_equal_{a}_{b}", full(), (GREATER, {"column_A": a, "column_B": b, "or_equal": True}))


def in_sets():
    for how, kwargs in {
        "all": {"value_pairs_set": [[1, 1], [2, 1], [3, 3], [4, 5]]}, "some": {"value_pairs_set": [[1, 1], [2, 2]]},
        "fractions": {"value_pairs_set": [[1.0, 1.0]]}, "texts": {"value_pairs_set": [["1", "1"]]},
        "empty": {"value_pairs_set": []}, "null": {"value_pairs_set": None}, "triple": {"value_pairs_set": [[1, 1, 1]]},
        "mostly": {"value_pairs_set": [[1, 1]], "mostly": 0.25},
    }.items():
        yield case(f"pair_in_set_{how}", full(), (IN_SET, {"column_A": "a", "column_B": "b", **kwargs}))
    yield case("pair_in_set_of_texts", full(), (IN_SET, {
        "column_A": "x", "column_B": "y", "value_pairs_set": [["p", "p"], ["r", "q"]]}))
    for ignore in IGNORE[:3]:
        yield case(f"pair_in_set_{ignore}", two(), (IN_SET, {
            "column_A": "a", "column_B": "b", "value_pairs_set": [[1, 1], [None, 3], [None, None]],
            "ignore_row_if": ignore}))
    yield case("pair_in_set_of_decimals", full(), (IN_SET, {
        "column_A": "d", "column_B": "e", "value_pairs_set": [[0.1, 0.2], ["0.20", "0.10"]]}))
    yield case("pair_in_set_of_dates", full(), (IN_SET, {
        "column_A": "day", "column_B": "end", "value_pairs_set": [["2024-01-01", "2024-01-01"]]}))
    yield case("pair_in_set_no_rows", data.no_rows(), (IN_SET, {
        "column_A": "id", "column_B": "n", "value_pairs_set": [[1, 1]]}))


def keys():
    return [column("id", "int", [str(i) for i in range(1, 9)]),
            column("a", "text(9)", ["p", "p", "q", None, None, "p", None, None]),
            column("b", "int", ["1", "2", "1", "1", "1", "1", None, None]),
            column("c", "decimal(9,2)", ["1.0", "1.00", "1", "1", "1", "1", None, None])]


def compounds():
    for ignore in ("all_values_are_missing", "any_value_is_missing", "never", "sometimes"):
        yield case(f"compound_unique_{ignore}", keys(), (COMPOUND, {
            "column_list": ["a", "b"], "ignore_row_if": ignore}))
        yield case(f"compound_unique_three_{ignore}", keys(), (COMPOUND, {
            "column_list": ["b", "a", "c"], "ignore_row_if": ignore}))
    yield case("compound_unique_default", keys(), (COMPOUND, {"column_list": ["a", "b"]}))
    yield case("compound_unique_with_id", keys(), (COMPOUND, {"column_list": ["id", "a"]}))
    yield case("compound_unique_one_column", keys(), (COMPOUND, {"column_list": ["a"]}))
    yield case("compound_unique_empty_list", keys(), (COMPOUND, {"column_list": []}))
    yield case("compound_unique_absent_column", keys(), (COMPOUND, {"column_list": ["a", "nope"]}))
    yield case("compound_unique_mostly", keys(), (COMPOUND, {"column_list": ["a", "b"], "mostly": 0.3}))
    for what, columns in (("all_null", data.all_null), ("no_rows", data.no_rows)):
        yield case(f"compound_unique_{what}", columns(), (COMPOUND, {"column_list": ["name", "n"]}))
    for result_format in ("BOOLEAN_ONLY", "BASIC", "COMPLETE"):
        yield case(f"compound_unique_{result_format.lower()}", keys(), (COMPOUND, {"column_list": ["a", "b"]}),
                   result_format)
    yield case("compound_unique_dates_and_decimals", data.repeated(), (COMPOUND, {"column_list": ["d", "day", "at"]}))


def of_more():
    for short, kind in (("unique_within_record", WITHIN), ("multicolumn_equal", SAME)):
        for ignore in ("all_values_are_missing", "any_value_is_missing", "never"):
            yield case(f"{short}_{ignore}", two(), (kind, {"column_list": ["a", "b", "c"], "ignore_row_if": ignore}))
        yield case(f"{short}_without_nulls", full(), (kind, {"column_list": ["a", "b", "c"]}))
        yield case(f"{short}_texts", two(), (kind, {"column_list": ["x", "y"]}))
        yield case(f"{short}_decimals", two(), (kind, {"column_list": ["d", "e"]}))
        yield case(f"{short}_int_and_decimal", two(), (kind, {"column_list": ["a", "d"]}))
        yield case(f"{short}_mostly", full(), (kind, {"column_list": ["a", "b", "c"], "mostly": 0.25}))
        yield case(f"{short}_no_rows", data.no_rows(), (kind, {"column_list": ["id", "n"]}))
        yield case(f"{short}_complete", full(), (kind, {"column_list": ["a", "b", "c"]}), "COMPLETE")
    for how, kwargs in {
        "some": {"column_list": ["a", "b", "c"], "sum_total": 5}, "all": {"column_list": ["a"], "sum_total": 1},
        "decimals": {"column_list": ["d", "e"], "sum_total": 0.3},
        "decimals_of_tenths": {"column_list": ["d", "e"], "sum_total": 0.8},
        "int_and_decimal": {"column_list": ["a", "d"], "sum_total": 5}, "texts": {"column_list": ["x", "y"], "sum_total": 1},
        "mostly": {"column_list": ["a", "b", "c"], "sum_total": 5, "mostly": 0.5},
        "absent_column": {"column_list": ["a", "nope"], "sum_total": 5}, "without_total": {"column_list": ["a", "b"]},
    }.items():
        yield case(f"multicolumn_sum_{how}", full(), (SUM, kwargs))
    for ignore in ("all_values_are_missing", "any_value_is_missing", "never"):
        yield case(f"multicolumn_sum_{ignore}", two(), (SUM, {
            "column_list": ["a", "b"], "sum_total": 2, "ignore_row_if": ignore}))
    yield case("multicolumn_sum_no_rows", data.no_rows(), (SUM, {"column_list": ["id", "n"], "sum_total": 2}))
    yield case("multicolumn_sum_complete", full(), (SUM, {"column_list": ["a", "b"], "sum_total": 2}), "COMPLETE")
    yield case("multicolumn_unique_is_gone", full(), ("expect_multicolumn_values_to_be_unique", {
        "column_list": ["a", "b"]}))
