# SPDX-License-Identifier: Apache-2.0
"""Of the type of a column. To pandas a text, a decimal and a date are objects of Python."""

from casebook import case
from casebook import data

OF_TYPE, IN_LIST = "expect_column_values_to_be_of_type", "expect_column_values_to_be_in_type_list"
COLUMN_TYPE = "expect_column_type_to_be"
NAMES = {
    "name": ["str", "object", "string", "int", "VARCHAR"],
    "amount": ["Decimal", "decimal.Decimal", "float", "object"],
    "n": ["int", "int64", "Int64", "Int64Dtype", "float64", "INTEGER"],
    "ok": ["bool", "boolean", "BooleanDtype"],
    "day": ["date", "datetime.date", "datetime", "object"],
    "at": ["datetime", "datetime64", "datetime64[us, UTC]", "Timestamp", "DatetimeTZDtype"],
}


def cases():
    for name, types in NAMES.items():
        for type_name in types:
            words = f"{name}_{type_name}".replace("[us, UTC]", "_us_utc").replace(".", "_")
            yield case(f"of_type_{words}", data.small(), (OF_TYPE, {"column": name, "type_": type_name}))
            yield case(f"column_type_{words}", data.small(),
                       (COLUMN_TYPE, {"column": name, "type_": type_name}))
        yield case(f"in_type_list_{name}", data.small(), (IN_LIST, {"column": name, "type_list": types}))
        yield case(f"in_type_list_{name}_not", data.small(),
                   (IN_LIST, {"column": name, "type_list": ["complex", "bytes"]}))
    yield case("of_type_no_such_type", data.small(), (OF_TYPE, {"column": "name", "type_": "nonsense"}))
    yield case("of_type_mostly", data.small(), (OF_TYPE, {"column": "name", "type_": "int", "mostly": 0.0}))
    yield case("of_type_all_null", data.all_null(), (OF_TYPE, {"column": "name", "type_": "str"}))
    yield case("of_type_no_rows", data.no_rows(), (OF_TYPE, {"column": "name", "type_": "str"}))
    yield case("of_type_absent_column", data.small(), (OF_TYPE, {"column": "nope", "type_": "str"}))
    yield case("in_type_list_no_such_type", data.small(), (IN_LIST, {"column": "name", "type_list": ["nonsense"]}))
    yield case("in_type_list_empty", data.small(), (IN_LIST, {"column": "name", "type_list": []}))
    yield case("in_type_list_null", data.small(), (IN_LIST, {"column": "name", "type_list": None}))
    yield case("in_type_list_absent_column", data.small(), (IN_LIST, {"column": "nope", "type_list": ["str"]}))
    yield case("column_type_no_such_type", data.small(), (COLUMN_TYPE, {"column": "name", "type_": "nonsense"}))
    yield case("column_type_absent_column", data.small(), (COLUMN_TYPE, {"column": "nope", "type_": "str"}))
