# SPDX-License-Identifier: Apache-2.0
"""Of each text: patterns, lengths, formats of dates, JSON."""

from casebook import case, column
from casebook import data

REGEX, NOT_REGEX = "expect_column_values_to_match_regex", "expect_column_values_to_not_match_regex"
LIST, NOT_LIST = REGEX + "_list", NOT_REGEX + "_list"
LENGTHS, LENGTH = "expect_column_value_lengths_to_be_between", "expect_column_value_lengths_to_equal"


def cases():
    yield from patterns()
    yield from timestamps_as_texts()
    yield from pattern_lists()
    yield from lengths()
    yield from dates()
    yield from json_texts()


def patterns():
    for how, regex in {
        "anchored": "^[A-Z][a-z]+$", "anywhere": "o", "empty": "", "word_class": r"^\w+$",
        "digit_class": r"\d", "dot": "^...$", "ignoring_case": "(?i)^ANN$", "alternatives": "^(?:Ann|Bob)$",
        "group": "^(A)nn", "lookahead": "^(?!Bob)", "unbalanced": "(", "bad_repeat": "*a",
        "end_of_text": r"\AZo.\Z", "unicode_escape": "Zo\\u00eb", "possessive": "^[A-Z]++",
        "backreference": r"(n)\1", "named_group": "(?P<first>[AB])",
    }.items():
        for short, kind in (("regex", REGEX), ("not_regex", NOT_REGEX)):
            yield case(f"{short}_{how}", data.small(), (kind, {"column": "name", "regex": regex}))
    for short, kind in (("regex", REGEX), ("not_regex", NOT_REGEX)):
        for name, regex in {"n": "^[12]$", "amount": r"^\d+\.\d\d$", "ok": "^True$", "day": "-31$",
                            "at": r"\+00:00$"}.items():
            yield case(f"{short}_of_{name}", data.small(), (kind, {"column": name, "regex": regex}))
        yield case(f"{short}_texts", data.texts(), (kind, {"column": "t", "regex": r"^\w+$"}))
        yield case(f"{short}_dollar_before_line_end", [column("t", "text(9)", ["a", "a\n", "a\nb", "b\na"])],
                   (kind, {"column": "t", "regex": "^a$"}))
        yield case(f"{short}_all_null", data.all_null(), (kind, {"column": "name", "regex": "a"}))
        yield case(f"{short}_no_rows", data.no_rows(), (kind, {"column": "name", "regex": "a"}))
        yield case(f"{short}_mostly", data.small(), (kind, {"column": "name", "regex": "^A", "mostly": 0.3}))
        yield case(f"{short}_without_regex", data.small(), (kind, {"column": "name"}))


def timestamps_as_texts():
    """As a whole column: three digits of a fraction everywhere, or six, if one value needs them."""
    whole = [column("at", "timestamp", ["2024-01-31T10:00:00Z", "2024-02-29T00:00:00Z", None])]
    mixed = [column("at", "timestamp", ["2024-01-31T10:00:00Z", "2024-02-29T23:59:59.5Z", None])]
    fine = [column("at", "timestamp", ["2024-01-31T10:00:00Z", "2024-02-29T23:59:59.000001Z", None])]
    midnights = [column("at", "timestamp", ["2024-01-31T00:00:00Z", "2024-02-29T00:00:00Z"])]
    for how, columns in (("whole", whole), ("mixed", mixed), ("fine", fine), ("midnights", midnights)):
        for short, regex in (("seconds", r":00\+00:00$"), ("three", r"\.\d{3}\+00:00$"), ("six", r"\.\d{6}\+00:00$"), ("space", r"^\S+ \S+$")):
            yield case(f"regex_{short}_of_timestamps_{how}", columns, (REGEX, {"column": "at", "regex": regex}))
        yield case(f"length_of_timestamps_{how}", columns, (LENGTH, {"column": "at", "value": 25}))


def pattern_lists():
    for how, kwargs in {
        "any": {"regex_list": ["^A", "b$"]}, "any_said": {"regex_list": ["^A", "b$"], "match_on": "any"},
        "all": {"regex_list": ["o", "b$"], "match_on": "all"}, "one": {"regex_list": ["n"]},
        "none_matches": {"regex_list": ["x", "y"]}, "empty": {"regex_list": []},
        "one_bad": {"regex_list": ["o", "["]}, "of_no_such_match_on": {"regex_list": ["o"], "match_on": "some"},
        "mostly": {"regex_list": ["^A", "b$"], "mostly": 0.6},
    }.items():
        yield case(f"regex_list_{how}", data.small(), (LIST, {"column": "name", **kwargs}))
        if "match_on" not in kwargs:
            yield case(f"not_regex_list_{how}", data.small(), (NOT_LIST, {"column": "name", **kwargs}))
    for short, kind in (("regex_list", LIST), ("not_regex_list", NOT_LIST)):
        yield case(f"{short}_all_null", data.all_null(), (kind, {"column": "name", "regex_list": ["a"]}))
        yield case(f"{short}_no_rows", data.no_rows(), (kind, {"column": "name", "regex_list": ["a"]}))
        yield case(f"{short}_of_numbers", data.small(), (kind, {"column": "n", "regex_list": ["1", "3"]}))


def lengths():
    for how, kwargs in {
        "within": {"min_value": 1, "max_value": 40}, "min": {"min_value": 3}, "max": {"max_value": 3},
        "strict_min": {"min_value": 3, "strict_min": True}, "strict_max": {"max_value": 3, "strict_max": True},
        "strict_both": {"min_value": 1, "max_value": 7, "strict_min": True, "strict_max": True},
        "strict_min_of_both": {"min_value": 1, "max_value": 7, "strict_min": True},
        "strict_max_of_both": {"min_value": 1, "max_value": 7, "strict_max": True},
        "empty_only": {"max_value": 0}, "without_bounds": {}, "min_over_max": {"min_value": 5, "max_value": 1},
        "fraction": {"min_value": 2.5}, "mostly": {"min_value": 3, "mostly": 0.5},
    }.items():
        yield case(f"lengths_{how}", data.texts(), (LENGTHS, {"column": "t", **kwargs}))
    for how, kwargs in {"3": {"value": 3}, "0": {"value": 0}, "1": {"value": 1}, "fraction": {"value": 2.5},
                        "absent": {}, "mostly": {"value": 3, "mostly": 0.2}}.items():
        yield case(f"length_{how}", data.texts(), (LENGTH, {"column": "t", **kwargs}))
    for name in ("n", "amount", "ok", "day", "at"):
        yield case(f"lengths_of_{name}", data.small(), (LENGTHS, {"column": name, "max_value": 5}))
        yield case(f"length_of_{name}", data.small(), (LENGTH, {"column": name, "value": 5}))
    for short, columns in (("all_null", data.all_null), ("no_rows", data.no_rows)):
        yield case(f"lengths_{short}", columns(), (LENGTHS, {"column": "name", "min_value": 1}))
        yield case(f"length_{short}", columns(), (LENGTH, {"column": "name", "value": 1}))
    marks = [column("t", "text(9)", ["e\u0301", "é", "👩‍👩‍👧", "\u200b", "İ", "ﬀ"])]
    yield case("length_counts_code_points", marks, (LENGTH, {"column": "t", "value": 1}))


def dates():
    kind = "expect_column_values_to_match_strftime_format"
    written = [column("t", "text(30)", ["2024-02-29", "2024-2-9", "2023-02-29", "2024-02-29 ", "24-02-29", "",
                                        None, "2024-02-29T10:00:00", "0001-01-01", "２０２４-02-29"])]
    for how, text in {
        "day": "%Y-%m-%d", "day_and_time": "%Y-%m-%dT%H:%M:%S", "two_digits": "%y-%m-%d", "literal": "2024",
        "ordinal": "%Y-%j", "no_directive": "x", "unknown_directive": "%Q", "empty": "", "percent": "%Y%%",
        "names": "%d %B %Y", "space": " %Y-%m-%d",
    }.items():
        yield case(f"strftime_{how}", written, (kind, {"column": "t", "strftime_format": text}))
    zones = [column("t", "text(40)", ["2024-01-01T10:00:00+0000", "2024-01-01T10:00:00Z",
                                      "2024-01-01T10:00:00+01:00", "2024-01-01T10:00:00.123456+0000",
                                      "2024-01-01T10:00:60+0000", "2024-01-01T24:00:00+0000"])]
    yield case("strftime_zone", zones, (kind, {"column": "t", "strftime_format": "%Y-%m-%dT%H:%M:%S%z"}))
    yield case("strftime_fraction", zones, (kind, {"column": "t", "strftime_format": "%Y-%m-%dT%H:%M:%S.%f%z"}))
    clock = [column("t", "text(40)", ["1:05 PM", "01:05 pm", "13:05 PM", "Jan 5 2024", "january 5 2024",
                                      "Mon 1", "12:00 AM"])]
    yield case("strftime_hours_of_twelve", clock, (kind, {"column": "t", "strftime_format": "%I:%M %p"}))
    yield case("strftime_month_name", clock, (kind, {"column": "t", "strftime_format": "%b %d %Y"}))
    for name in ("n", "day", "at", "amount"):
        yield case(f"strftime_of_{name}", data.small(), (kind, {"column": name, "strftime_format": "%Y-%m-%d"}))
    yield case("strftime_mostly", written, (kind, {"column": "t", "strftime_format": "%Y-%m-%d", "mostly": 0.3}))
    yield case("strftime_all_null", data.all_null(), (kind, {"column": "name", "strftime_format": "%Y"}))
    yield case("strftime_no_rows", data.no_rows(), (kind, {"column": "name", "strftime_format": "%Y"}))

    kind = "expect_column_values_to_be_dateutil_parseable"
    yield case("dateutil_dates", written, (kind, {"column": "t"}))
    yield case("dateutil_words", [column("t", "text(40)", [
        "Jan 5 2024", "5/1/2024", "13/13/2024", "tomorrow", "10:30", "2024", "1", "Monday", "", "20240105",
        "2024-W01-1", "99999999999999999999"])], (kind, {"column": "t"}))
    yield case("dateutil_of_date", data.small(), (kind, {"column": "day"}))
    yield case("dateutil_all_null", data.all_null(), (kind, {"column": "name"}))


def json_texts():
    kind = "expect_column_values_to_be_json_parseable"
    texts = [column("t", "text(60)", [
        "{}", '{"a": 1}', "[1, 2", "1", "1.0e5", "NaN", "Infinity", "'a'", '"a"', "null", "true", "True", "",
        None, '{"a": 1, "a": 2}', " 1 ", "01", "1.", "[1,]", '"\\ud800"', '"tab\there"', "\ufeff1", "-",
        "{\"a\": 1} x", '"é"', "[" * 60, "1e999"])]
    yield case("json_texts", texts, (kind, {"column": "t"}), "COMPLETE")
    yield case("json_mostly", texts, (kind, {"column": "t", "mostly": 0.4}))
    for name in ("n", "amount", "ok", "day"):
        yield case(f"json_of_{name}", data.small(), (kind, {"column": name}))
    yield case("json_all_null", data.all_null(), (kind, {"column": "name"}))
    yield case("json_no_rows", data.no_rows(), (kind, {"column": "name"}))
    for how, cell, schema in (("of_no_json", "{", {}), ("that_is_none", "1", {"type": "nope"})):
        yield case(f"json_schema_{how}", [column("t", "text(60)", [cell, "1"])],
                   ("expect_column_values_to_match_json_schema", {"column": "t", "json_schema": schema}))
    yield case("json_schema", [column("t", "text(60)", ['{"a": 1}', '{"a": "x"}', None])],
               ("expect_column_values_to_match_json_schema",
                {"column": "t", "json_schema": {"type": "object", "properties": {"a": {"type": "integer"}}}}))
    yield from json_schemas()


def json_schemas():
    kind = "expect_column_values_to_match_json_schema"
    texts = [column("t", "text(60)", [
        '{"a": 1}', '{"a": 1.0}', '{"a": 2.5}', '{"a": true}', '{"a": "1"}', "{}", "[]", "[1, 2, 3]", "[1, 1.0]", "[1, true]", '["é", "e"]', '"日本"',
        '""', "null", "NaN", "1e400", "10000000000000000000001", '{"a": 1, "a": "x"}', '{"b": {"a": {"a": 3}}}', None, '{"x-1": 0, "z": 0}'])]
    tree = {"$defs": {"node": {"type": "object", "properties": {"a": {"anyOf": [{"type": "integer"}, {"$ref": "#/$defs/node"}]},
                                                                 "b": {"$ref": "#/$defs/node"}}, "additionalProperties": False}}, "$ref": "#/$defs/node"}
    schemas = {
        "integer": {"properties": {"a": {"type": "integer"}}}, "integer_of_4": {
            "$schema": "http://json-schema.org/draft-04/schema#", "properties": {"a": {"type": "integer"}}},
        "unique": {"uniqueItems": True}, "lengths": {"minLength": 1, "maxLength": 2, "minItems": 2, "maxProperties": 1}, "tree": tree,
        "bounds": {"minimum": 1, "exclusiveMaximum": 1e22}, "multiple": {"items": {"multipleOf": 0.5}},
        "patterns": {"patternProperties": {"^x-": {"type": "integer"}}, "properties": {"a": True}, "additionalProperties": False},
        "one_of": {"oneOf": [{"type": "object"}, {"required": ["a"]}, {"type": "array", "contains": {"const": 1}}]},
        "condition": {"if": {"type": "object"}, "then": {"required": ["a"]}, "else": {"not": {"type": "null"}}},
        "unevaluated": {"allOf": [{"properties": {"a": {"type": "number"}}}], "unevaluatedProperties": False},
        "dependencies_of_7": {"$schema": "http://json-schema.org/draft-07/schema#", "dependencies": {"x-1": ["y"], "a": {"minProperties": 2}}},
        "enum": {"enum": [{"a": 1}, [1, 2, 3], None, "日本"]}, "format": {"format": "date"}, "nowhere": {"$ref": "#/$defs/no"},
    }
    for name, schema in schemas.items():
        yield case(f"json_schema_{name}", texts if name != "nowhere" else texts[:1], (kind, {"column": "t", "json_schema": schema}), "COMPLETE")
    yield case("json_schema_mostly", texts, (kind, {"column": "t", "json_schema": {"type": "object"}, "mostly": 0.3}))
    yield case("json_schema_of_int", data.small(), (kind, {"column": "n", "json_schema": {}}))
    yield case("json_schema_all_null", data.all_null(), (kind, {"column": "name", "json_schema": {"type": "nope"}}))
