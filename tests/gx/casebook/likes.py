# SPDX-License-Identifier: Apache-2.0
"""LIKE patterns: a matter of SQL. Pandas refuses them; SQLite answers."""

from casebook import case, column
from casebook import data

LIKE, NOT_LIKE = "expect_column_values_to_match_like_pattern", "expect_column_values_to_not_match_like_pattern"


def words():
    return [column("id", "int", [str(i) for i in range(1, 13)]),
            column("t", "text(20)", ["abc", "Abc", "ab", "a%c", "a_c", None, "", "äbc", "ÄBC", "a\\c", "a\nc", "日本"])]


def cases():
    for short, kind in (("like", LIKE), ("not_like", NOT_LIKE)):
        yield case(f"{short}_by_pandas", words(), (kind, {"column": "t", "like_pattern": "a%"}))
        yield case(f"{short}_list_by_pandas", words(), (kind + "_list", {"column": "t", "like_pattern_list": ["a%"]}))
        for how, kwargs in {
            "start": {"like_pattern": "a%"}, "end": {"like_pattern": "%c"}, "one": {"like_pattern": "a_c"},
            "whole": {"like_pattern": "abc"}, "all": {"like_pattern": "%"}, "empty": {"like_pattern": ""},
            "two_characters": {"like_pattern": "__"}, "escaped_percent": {"like_pattern": "a!%c", "escape": "!"},
            "escaped_underscore": {"like_pattern": "a!_c", "escape": "!"},
            "backslash_without_escape": {"like_pattern": "a\\%c"}, "umlaut": {"like_pattern": "ä%"},
            "escape_of_two": {"like_pattern": "a%", "escape": "!!"}, "mostly": {"like_pattern": "a%", "mostly": 0.5},
            "brackets": {"like_pattern": "[ab]%"},
        }.items():
            yield case(f"{short}_{how}", words(), (kind, {"column": "t", **kwargs}), engine="sqlite")
        for how, kwargs in {
            "any": {"like_pattern_list": ["a%", "%c"]}, "one": {"like_pattern_list": ["a%"]},
            "all": {"like_pattern_list": ["a%", "%c"], "match_on": "all"}, "empty": {"like_pattern_list": []},
            "escaped": {"like_pattern_list": ["a!%%", "a!_%"], "escape": "!"},
            "every": {"like_pattern_list": ["nobody", "%"]}, "none": {"like_pattern_list": ["nobody", "no one"]},
            "mostly": {"like_pattern_list": ["a%", "ä%"], "mostly": 0.3},
        }.items():
            if short == "like" or "match_on" not in kwargs:
                yield case(f"{short}_list_{how}", words(), (kind + "_list", {"column": "t", **kwargs}), engine="sqlite")
        for result_format in ("BOOLEAN_ONLY", "BASIC", "COMPLETE"):
            yield case(f"{short}_{result_format.lower()}", words(), (kind, {"column": "t", "like_pattern": "a%"}),
                       result_format, engine="sqlite")
        yield case(f"{short}_index", words(), (kind, {"column": "t", "like_pattern": "a%"}),
                   {"result_format": "COMPLETE", "unexpected_index_column_names": ["id"]}, engine="sqlite")
        yield case(f"{short}_all_null", data.all_null(), (kind, {"column": "name", "like_pattern": "a%"}), engine="sqlite")
        yield case(f"{short}_no_rows", data.no_rows(), (kind, {"column": "name", "like_pattern": "a%"}), engine="sqlite")
        yield case(f"{short}_absent_column", words(), (kind, {"column": "nope", "like_pattern": "a%"}), engine="sqlite")
