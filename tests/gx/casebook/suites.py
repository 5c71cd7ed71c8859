# SPDX-License-Identifier: Apache-2.0
"""Suites as a whole: 0.18's keys, parameters, severity, the order of results, errors, meta."""

from casebook import case, column
from casebook import data

BETWEEN, NOT_NULL = "expect_column_values_to_be_between", "expect_column_values_to_not_be_null"
UNIQUE, ROWS = "expect_column_values_to_be_unique", "expect_table_row_count_to_be_between"
MAX = "expect_column_max_to_be_between"


def cases():
    yield from of_0_18()
    yield from parameters()
    yield from severities()
    yield from orders_and_errors()
    yield from described()


def suite_of_0_18(expectations, **more):
    return {"data_asset_type": None, "expectation_suite_name": "older", "ge_cloud_id": None,
            "expectations": [{"expectation_type": t, "ge_cloud_id": None, "kwargs": k, "meta": {}}
                             for t, k in expectations],
            "meta": {"great_expectations_version": "0.18.22"}, **more}


def of_0_18():
    for how, expectations in {
        "not_null": [(NOT_NULL, {"column": "name"})],
        "several": [(ROWS, {"min_value": 1}), (NOT_NULL, {"column": "name", "mostly": 0.5}),
                    (UNIQUE, {"column": "id"}), (BETWEEN, {"column": "n", "min_value": 2})],
        "condition": [(BETWEEN, {"column": "n", "min_value": 2, "row_condition": 'col("name") == "Ann"',
                                 "condition_parser": "great_expectations__experimental__"})],
        "in_set": [("expect_column_values_to_be_in_set", {"column": "name", "value_set": ["Ann"]})],
        "ordered_list": [("expect_table_columns_to_match_ordered_list", {"column_list": ["id"]})],
        "max": [(MAX, {"column": "n", "max_value": 2, "parse_strings_as_datetimes": True})],
        "auto": [(MAX, {"column": "n", "max_value": 2, "auto": False})],
        "none": [],
    }.items():
        yield case(f"keys_of_0_18_{how}", data.small(), expectations, suite=suite_of_0_18(expectations))


def parameters():
    def between(value):
        return (BETWEEN, {"column": "n", "min_value": value})

    yield case("parameter_number", data.small(), between({"$PARAMETER": "low"}), parameters={"low": 2})
    yield case("parameter_absent", data.small(), between({"$PARAMETER": "low"}))
    yield case("parameter_not_used", data.small(), between(2), parameters={"low": 3})
    yield case("parameter_expression", data.small(), between({"$PARAMETER": "low * 2 - 1"}), parameters={"low": 1.5})
    yield case("parameter_division_by_zero", data.small(), between({"$PARAMETER": "low / 0"}), parameters={"low": 1})
    yield case("parameter_literal", data.small(), between({"$PARAMETER": "2"}), parameters={"low": 1})
    yield case("parameter_text", data.small(), (BETWEEN, {"column": "name", "min_value": {"$PARAMETER": "from"}}),
               parameters={"from": "B"})
    yield case("parameter_list", data.small(), ("expect_column_values_to_be_in_set", {
        "column": "name", "value_set": {"$PARAMETER": "names"}}), parameters={"names": ["Ann", "Bob"]})
    yield case("parameter_in_a_list", data.small(), ("expect_column_values_to_be_in_set", {
        "column": "name", "value_set": [{"$PARAMETER": "who"}, "Bob"]}), parameters={"who": "Ann"})
    yield case("parameter_of_mostly", data.small(), (NOT_NULL, {"column": "name", "mostly": {"$PARAMETER": "m"}}),
               parameters={"m": 0.75})
    yield case("parameter_of_mostly_out_of_range", data.small(), (NOT_NULL, {
        "column": "name", "mostly": {"$PARAMETER": "m"}}), parameters={"m": 7})
    yield case("parameter_of_regex", data.small(), ("expect_column_values_to_match_regex", {
        "column": "name", "regex": {"$PARAMETER": "r"}}), parameters={"r": "^A"})
    yield case("parameter_of_row_count", data.small(), (ROWS, {"min_value": {"$PARAMETER": "rows"}}), parameters={"rows": 4})
    yield case("parameter_of_column", data.small(), (NOT_NULL, {"column": {"$PARAMETER": "c"}}), parameters={"c": "name"})
    yield case("parameter_run_time", data.small(), (MAX, {"column": "at", "max_value": {"$PARAMETER": "run_time"}}),
               parameters={"run_time": "2024-02-29T23:59:59.999999+00:00"})
    yield case("parameter_run_time_before", data.small(), (MAX, {"column": "at", "max_value": {"$PARAMETER": "run_time"}}),
               parameters={"run_time": "2024-02-29T23:59:59.999998Z"})
    yield case("parameter_two", data.small(), [between({"$PARAMETER": "low"}), (NOT_NULL, {
        "column": "name", "mostly": {"$PARAMETER": "m"}})], parameters={"low": 1, "m": 0.5})
    own = {"name": "suite", "suite_parameters": {"low": 3}, "expectations": [
        {"type": BETWEEN, "kwargs": {"column": "n", "min_value": {"$PARAMETER": "low"}}}]}
    yield case("parameter_of_the_suite", data.small(), [], suite=own)
    yield case("parameter_of_the_suite_and_given", data.small(), [], suite=own, parameters={"low": 1})


def severities():
    for severity in ("critical", "warning", "info", "fatal", None):
        yield case(f"severity_{severity}", data.small(), {"type": NOT_NULL, "kwargs": {"column": "name"},
                                                          "severity": severity})
    yield case("severity_of_several", data.small(), [
        {"type": NOT_NULL, "kwargs": {"column": "name"}, "severity": "info"},
        {"type": NOT_NULL, "kwargs": {"column": "id"}, "severity": "critical"},
        {"type": ROWS, "kwargs": {"min_value": 100}, "severity": "warning"}])


def orders_and_errors():
    mixed = [(BETWEEN, {"column": "n", "min_value": 2}), (ROWS, {"min_value": 1}), (NOT_NULL, {"column": "name"}),
             (UNIQUE, {"column": "n"}), ("expect_table_column_count_to_equal", {"value": 7}),
             (NOT_NULL, {"column": "id"}), (UNIQUE, {"column": "name"}),
             ("expect_compound_columns_to_be_unique", {"column_list": ["id", "n"]})]
    yield case("order_by_column_of_first_mention", data.small(), mixed)
    broken = [*mixed[:3], (NOT_NULL, {"column": "nope"}), mixed[3], (BETWEEN, {"column": "name", "min_value": 1}),
              mixed[4]]
    yield case("order_with_exceptions_first", data.small(), broken)
    yield case("order_with_a_failure_after_its_metrics", data.small(), [
        (MAX, {"column": "at", "min_value": 1}), (MAX, {"column": "nope", "min_value": 1}), (MAX, {"column": "n"}),
        (NOT_NULL, {"column": "at"})])
    yield case("same_expectation_twice", data.small(), [mixed[2], mixed[2]])
    yield case("same_broken_expectation_twice", data.small(), [broken[3], broken[3], mixed[2]])
    yield case("no_expectations", data.small(), [])
    yield case("unknown_type", data.small(), ("expect_column_values_to_be_nice", {"column": "n"}))
    yield case("unknown_type_among_known", data.small(), [mixed[2], ("expect_column_values_to_be_nice", {"column": "n"})])
    yield case("unknown_key_of_kwargs", data.small(), (NOT_NULL, {"column": "name", "colour": "red"}))
    yield case("unknown_key_of_expectation", data.small(), {"type": NOT_NULL, "kwargs": {"column": "name"}, "colour": 1})
    yield case("unknown_key_of_suite", data.small(), [], suite={
        "name": "suite", "colour": 1, "expectations": [{"type": NOT_NULL, "kwargs": {"column": "name"}}]})
    yield case("suite_without_name", data.small(), [], suite={
        "expectations": [{"type": NOT_NULL, "kwargs": {"column": "name"}}]})
    yield case("expectation_without_type", data.small(), [], suite={
        "name": "suite", "expectations": [{"kwargs": {"column": "name"}}]})
    yield case("expectation_without_kwargs", data.small(), [], suite={
        "name": "suite", "expectations": [{"type": "expect_table_row_count_to_be_between"}]})
    yield case("column_in_other_case", data.small(), (NOT_NULL, {"column": "Name"}))
    yield case("column_of_the_first_name_but_for_case", [column("Ä", "int", ["1", None]), column("ä", "int", ["1", "1"])],
               (NOT_NULL, {"column": "ä"}))
    yield case("mostly_null", data.small(), (NOT_NULL, {"column": "name", "mostly": None}))
    yield case("strict_null", data.small(), (BETWEEN, {"column": "n", "min_value": 1, "strict_min": None}))
    yield case("catch_exceptions_and_batch_id", data.small(), (NOT_NULL, {
        "column": "name", "catch_exceptions": False, "batch_id": "other"}))
    yield case("condition_where_there_is_none", data.small(), ("expect_column_to_exist", {
        "column": "n", "row_condition": "n > 1", "condition_parser": "pandas"}))
    yield case("column_not_a_text", data.small(), (NOT_NULL, {"column": 1}))
    yield case("column_with_strange_name", [column('odd "name", é', "int", ["1", None])],
               (NOT_NULL, {"column": 'odd "name", é'}))


def described():
    yield case("meta_notes_description", data.small(), [], suite={
        "name": "described", "notes": "of the suite", "meta": {"owner": "team", "great_expectations_version": "1.2.0"},
        "expectations": [
            {"type": NOT_NULL, "kwargs": {"column": "name"}, "meta": {"ticket": 7, "tags": ["a"]},
             "notes": ["one", "two"], "description": "Names are there."},
            {"type": NOT_NULL, "kwargs": {"column": "id"}, "meta": None, "notes": "three"},
            {"type": UNIQUE, "kwargs": {"column": "id"}, "id": "3fa85f64-5717-4562-b3fc-2c963f66afa6"}]})
    yield case("defaults_are_left_out_of_kwargs", data.small(), [
        (NOT_NULL, {"column": "name", "mostly": 1.0}), (BETWEEN, {"column": "n", "min_value": 1, "max_value": None,
                                                                 "strict_min": False, "mostly": 1}),
        ("expect_table_columns_to_match_set", {"column_set": ["id"], "exact_match": True})])
    for how, value in {"big": 10**16, "huge": 10**20, "date": "2024-03-01", "time": "2024-03-01 10:00",
                       "time_and_zone": "2024-03-01T10:00:00.5+02:00", "lower_case": "2024-03-01t10:00:00z",
                       "no_time": "10:30", "number": "12", "exponent": "1e3", "spaces": " 12 ", "true": True,
                       "basic_date": "20240301",
                       "no_such_day": "2024-02-30", "null": None}.items():
        yield case(f"bound_is_read_as_{how}", data.small(), (MAX, {"column": "n", "max_value": value}))
    yield case("mostly_is_read_as_number", data.small(), (NOT_NULL, {"column": "name", "mostly": "0.5"}))
