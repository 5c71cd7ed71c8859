# SPDX-License-Identifier: Apache-2.0
"""The forms of a result: how much it says, which values it lists and in which order."""

from casebook import case, column
from casebook import data

FORMATS = ("BOOLEAN_ONLY", "BASIC", "SUMMARY", "COMPLETE")
IN_SET, NOT_NULL = "expect_column_values_to_be_in_set", "expect_column_values_to_not_be_null"
NULL, UNIQUE = "expect_column_values_to_be_null", "expect_column_values_to_be_unique"
BETWEEN, COMPOUND = "expect_column_values_to_be_between", "expect_compound_columns_to_be_unique"
GREATER = "expect_column_pair_values_a_to_be_greater_than_b"


def cases():
    yield from plain()
    yield from limits()
    yield from indexes()
    yield from rows()
    yield from counts()


def asked():
    return {"in_set": (IN_SET, {"column": "t", "value_set": ["v0", "v1"]}),
            "not_null": (NOT_NULL, {"column": "t"}), "null": (NULL, {"column": "t"}),
            "unique": (UNIQUE, {"column": "n"}), "between": (BETWEEN, {"column": "d", "max_value": 3}),
            "pair": (GREATER, {"column_A": "n", "column_B": "k"}),
            "compound": (COMPOUND, {"column_list": ["n", "t"]})}


def plain():
    for result_format in FORMATS:
        for short, expectation in asked().items():
            yield case(f"format_{result_format.lower()}_{short}", data.many(), expectation, result_format)
    passes = (BETWEEN, {"column": "k", "min_value": 0})
    for result_format in FORMATS:
        yield case(f"format_{result_format.lower()}_passes", data.many(), passes, result_format)
        yield case(f"format_{result_format.lower()}_all_null", data.all_null(),
                   (IN_SET, {"column": "name", "value_set": []}), result_format)
    yield case("format_of_no_such_name", data.many(), passes, "VERBOSE")
    yield case("format_of_no_such_name_of_a_table", data.many(), ("expect_table_row_count_to_equal", {"value": 3}), "VERBOSE")
    yield case("format_without_its_name", data.many(), passes, {"partial_unexpected_count": 3})
    yield case("format_in_the_suite_is_ignored", data.many(), (IN_SET, {
        "column": "t", "value_set": ["v0"], "result_format": "BOOLEAN_ONLY"}))


def limits():
    for n in (0, 1, 3, 19, 200, 1000):
        for result_format in ("BASIC", "SUMMARY", "COMPLETE"):
            yield case(f"partial_count_{n}_{result_format.lower()}", data.many(),
                       asked()["in_set"], {"result_format": result_format, "partial_unexpected_count": n})
    n250 = data.many(250)
    for result_format in ("SUMMARY", "COMPLETE"):
        yield case(f"lists_of_250_{result_format.lower()}", n250, (BETWEEN, {"column": "k", "min_value": 1000}),
                   result_format)
        yield case(f"lists_of_250_{result_format.lower()}_unique", n250, (UNIQUE, {"column": "n"}), result_format)
    yield case("lists_of_250_partial_count_220", n250, (BETWEEN, {"column": "k", "min_value": 1000}),
               {"result_format": "SUMMARY", "partial_unexpected_count": 220})


def indexes():
    for result_format in FORMATS:
        for short, expectation in asked().items():
            yield case(f"index_{result_format.lower()}_{short}", data.many(9), expectation,
                       {"result_format": result_format, "unexpected_index_column_names": ["key"]})
    yield case("index_of_two_columns", data.many(9), asked()["between"],
               {"result_format": "COMPLETE", "unexpected_index_column_names": ["key", "k"]})
    yield case("index_of_the_column_itself", data.many(9), asked()["between"],
               {"result_format": "COMPLETE", "unexpected_index_column_names": ["d"]})
    yield case("index_of_an_absent_column", data.many(9), asked()["between"],
               {"result_format": "COMPLETE", "unexpected_index_column_names": ["nope"]})
    yield case("index_of_no_columns", data.many(9), asked()["between"],
               {"result_format": "COMPLETE", "unexpected_index_column_names": []})
    for flag in (True, False):
        for result_format in FORMATS:
            yield case(f"index_query_{str(flag).lower()}_{result_format.lower()}", data.many(9), asked()["between"],
                       {"result_format": result_format, "return_unexpected_index_query": flag})


def rows():
    for result_format in FORMATS:
        for short in ("in_set", "not_null", "pair", "compound"):
            yield case(f"rows_{result_format.lower()}_{short}", data.many(9), asked()[short],
                       {"result_format": result_format, "include_unexpected_rows": True})
        for short in ("in_set", "compound"):
            yield case(f"excluded_{result_format.lower()}_{short}", data.many(9), asked()[short],
                       {"result_format": result_format, "exclude_unexpected_values": True})
            yield case(f"excluded_with_index_{result_format.lower()}_{short}", data.many(9), asked()[short],
                       {"result_format": result_format, "exclude_unexpected_values": True,
                        "unexpected_index_column_names": ["key"]})
    every = (IN_SET, {"column": "id", "value_set": []})
    yield case("rows_of_every_type", data.small(), every,
               {"result_format": "BASIC", "include_unexpected_rows": True})
    yield case("rows_partial_count_2", data.small(), every,
               {"result_format": "BASIC", "include_unexpected_rows": True, "partial_unexpected_count": 2})
    yield case("rows_when_it_passes", data.small(), (NOT_NULL, {"column": "id"}),
               {"result_format": "BASIC", "include_unexpected_rows": True})
    for name in ("id", "name", "amount", "n", "ok", "day", "at"):
        yield case(f"values_printed_{name}", data.small(), (IN_SET, {"column": name, "value_set": ["-"]}),
                   {"result_format": "COMPLETE", "unexpected_index_column_names": [name, "name"]})


def counts():
    def of(name, type_name, cells):
        return case(f"counts_{name}", [column("v", type_name, cells)], (IN_SET, {"column": "v", "value_set": ["-"]}))

    yield of("ordered_by_count_then_value", "text(9)", ["b", "a", "b", "c", "a", "d", None, "B"])
    yield of("of_numbers", "int", ["10", "9", "9", "10", "-1", "100"])
    yield of("of_decimals", "decimal(9,2)", ["1.10", "1.1", "1.00", "0.5", "-3", "1"])
    yield of("of_dates", "date", ["2024-01-02", "2024-01-01", "2024-01-02"])
    yield of("of_timestamps", "timestamp", ["2024-01-02T00:00:00Z", "2024-01-01T23:00:00-01:00", "2024-01-01T00:00:00Z"])
    yield of("of_bools", "bool", ["true", "false", "true", None])
    yield of("of_unicode", "text(9)", ["é", "z", "日", "Z", "", "\U0001f600", "\ufb00"])
    yield of("of_the_first_20_only", "text(9)", [f"x{i % 21:02}" for i in range(60)])
    yield of("of_the_most_common_of_20", "int", [str(i // 2) for i in range(30)])
    yield case("counts_of_partial_count_2", [column("v", "text(9)", list("abcabcc"))],
               (IN_SET, {"column": "v", "value_set": []}), {"result_format": "SUMMARY", "partial_unexpected_count": 2})
    yield case("counts_of_complete_partial_count_2", [column("v", "text(9)", list("abcabcc"))],
               (IN_SET, {"column": "v", "value_set": []}), {"result_format": "COMPLETE", "partial_unexpected_count": 2})
    yield case("counts_of_complete_ties", [column("v", "text(9)", list("dcbaabcde"))],
               (IN_SET, {"column": "v", "value_set": []}), {"result_format": "COMPLETE", "partial_unexpected_count": 3})
    yield case("counts_of_pairs_with_null", [column("a", "int", ["1", "1", None, None]),
                                             column("b", "int", [None, None, "2", "2"])],
               ("expect_column_pair_values_to_be_equal", {"column_A": "a", "column_B": "b"}))
    yield case("counts_of_text_pairs_with_null", [column("a", "text(9)", ["1", "1", None, None, "0"]),
                                                  column("b", "text(9)", [None, None, "2", "2", "x"])],
               ("expect_column_pair_values_to_be_equal", {"column_A": "a", "column_B": "b"}))
