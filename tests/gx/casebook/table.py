# SPDX-License-Identifier: Apache-2.0
"""Of the table as a whole: its columns and the number of its rows."""

from casebook import case, column
from casebook import data

ALL = ["id", "name", "amount", "n", "ok", "day", "at"]


def cases():
    yield from columns()
    yield from counts()


def columns():
    ordered, to_set = "expect_table_columns_to_match_ordered_list", "expect_table_columns_to_match_set"
    lists = {
        "same": ALL, "swapped": ["name", "id", *ALL[2:]], "shorter": ALL[:3],
        "longer": [*ALL, "extra"], "other": ["x", "y"], "empty": [], "null": None,
        "case": [n.upper() for n in ALL], "twice": [*ALL, "id"],
    }
    for how, names in lists.items():
        yield case(f"ordered_list_{how}", data.small(), (ordered, {"column_list": names}))
        yield case(f"column_set_{how}", data.small(), (to_set, {"column_set": names}))
        yield case(f"column_set_{how}_not_exact", data.small(),
                   (to_set, {"column_set": names, "exact_match": False}))
    yield case("ordered_list_without_rows", data.no_rows(), (ordered, {"column_list": ALL}))
    yield case("ordered_list_boolean_only", data.small(), (ordered, {"column_list": ["id"]}),
               "BOOLEAN_ONLY")
    unicode = [column("ключ", "int", ["1"]), column("größe", "int", ["2"])]
    yield case("column_set_unicode", unicode, (to_set, {"column_set": ["größe", "Ключ"]}))
    yield case("column_set_exact_null", data.small(),
               (to_set, {"column_set": ["id"], "exact_match": None}))

    exist = "expect_column_to_exist"
    for how, kwargs in {
        "there": {"column": "amount"}, "absent": {"column": "nope"},
        "at_index": {"column": "amount", "column_index": 2},
        "at_other_index": {"column": "amount", "column_index": 1},
        "at_index_0_though_it_is_not_first": {"column": "amount", "column_index": 0},
        "at_last_by_negative_index": {"column": "at", "column_index": -1},
        "at_index_past_the_end": {"column": "at", "column_index": 99},
        "in_other_case": {"column": "AMOUNT"}, "empty_name": {"column": ""},
        "without_a_name": {},
    }.items():
        yield case(f"column_exists_{how}", data.small(), (exist, kwargs))
    yield case("column_exists_complete", data.small(), (exist, {"column": "id"}), "COMPLETE")


def counts():
    between, equal = "expect_table_row_count_to_be_between", "expect_table_row_count_to_equal"
    for how, kwargs in {
        "within": {"min_value": 1, "max_value": 10}, "at_min": {"min_value": 4},
        "below_min": {"min_value": 5}, "at_max": {"max_value": 4}, "above_max": {"max_value": 3},
        "strict_min": {"min_value": 4, "strict_min": True},
        "strict_max": {"max_value": 4, "strict_max": True},
        "strict_within": {"min_value": 3, "max_value": 5, "strict_min": True, "strict_max": True},
        "without_bounds": {}, "min_over_max": {"min_value": 5, "max_value": 1},
        "fraction": {"min_value": 3.9}, "text_of_a_number": {"min_value": "4"},
        "text": {"min_value": "four"},
        "of_a_condition": {"min_value": 2, "max_value": 2, "row_condition": 'col("n") > 1',
                           "condition_parser": "great_expectations"},
    }.items():
        yield case(f"row_count_between_{how}", data.small(), (between, kwargs))
    yield case("row_count_between_no_rows", data.no_rows(), (between, {"min_value": 0}))
    yield case("row_count_between_no_rows_min_1", data.no_rows(), (between, {"min_value": 1}))
    yield case("row_count_between_boolean_only", data.small(), (between, {"min_value": 5}),
               "BOOLEAN_ONLY")
    yield case("row_count_between_complete", data.small(), (between, {"min_value": 5}), "COMPLETE")
    for how, kwargs in {
        "same": {"value": 4}, "other": {"value": 5}, "zero": {"value": 0},
        "fraction": {"value": 4.0}, "of_a_condition": {
            "value": 1, "row_condition": 'col("name") == "Bob"',
            "condition_parser": "great_expectations"}, "absent": {},
    }.items():
        yield case(f"row_count_equal_{how}", data.small(), (equal, kwargs))
    yield case("row_count_equal_no_rows", data.no_rows(), (equal, {"value": 0}))

    between, equal = "expect_table_column_count_to_be_between", "expect_table_column_count_to_equal"
    for how, kwargs in {
        "within": {"min_value": 1, "max_value": 7}, "below_min": {"min_value": 8},
        "above_max": {"max_value": 6}, "without_bounds": {},
        "min_over_max": {"min_value": 9, "max_value": 1},
        "strict": {"min_value": 7, "strict_min": True},
    }.items():
        yield case(f"column_count_between_{how}", data.small(), (between, kwargs))
    for how, value in {"same": 7, "other": 6}.items():
        yield case(f"column_count_equal_{how}", data.small(), (equal, {"value": value}))
    yield case("column_count_equal_no_rows", data.no_rows(), (equal, {"value": 7}))
