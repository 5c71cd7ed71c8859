# SPDX-License-Identifier: Apache-2.0
"""Of a column as a whole: one figure, or its distinct values."""

from casebook import case, column
from casebook import data

BETWEEN = {short: f"expect_column_{short}_to_be_between" for short in (
    "min", "max", "mean", "median", "sum", "stdev", "unique_value_count", "proportion_of_unique_values",
    "proportion_of_non_null_values")}


def numbers():
    return [column("n", "int", ["5", "1", None, "4", "2", "2"]),
            column("d", "decimal(12,2)", ["0.10", "0.20", None, "0.30", "1000000.00", "0.10"]),
            column("even", "int", ["4", "1", "3", "2", None, None]),
            column("one", "int", ["7", None, None, None, None, None])]


def cases():
    yield from figures()
    yield from figures_of_dates_and_texts()
    yield from figures_of_texts_of_moments()
    yield from exactness()
    yield from quantiles()
    yield from most_common()
    yield from distinct()


def figures():
    bounds = {"min": (1, 2), "max": (4, 5), "mean": (2.8, 2.9), "median": (2, 2.5), "sum": (14, 15),
              "stdev": (1.6, 1.7), "unique_value_count": (4, 5), "proportion_of_unique_values": (0.8, 0.9),
              "proportion_of_non_null_values": (0.8, 0.9)}
    for short, kind in BETWEEN.items():
        low, high = bounds[short]
        for how, kwargs in {
            "within": {"min_value": low, "max_value": high}, "below": {"min_value": high * 2},
            "above": {"max_value": low / 2}, "without_bounds": {},
            "strict_min": {"min_value": low, "strict_min": True},
            "strict_max": {"max_value": high, "strict_max": True},
            "min_over_max": {"min_value": high, "max_value": low - 0.5},
        }.items():
            yield case(f"{short}_{how}", numbers(), (kind, {"column": "n", **kwargs}))
        for name in ("d", "even", "one"):
            yield case(f"{short}_of_{name}", numbers(), (kind, {"column": name, "min_value": 0}))
        yield case(f"{short}_of_text_column", data.repeated(), (kind, {"column": "t", "min_value": 0}))
        for name in ("n", "name", "amount", "ok", "day", "at"):
            yield case(f"{short}_all_null_{name}", data.all_null(), (kind, {"column": name, "min_value": 0}))
            yield case(f"{short}_no_rows_{name}", data.no_rows(), (kind, {"column": name, "min_value": 0}))
        yield case(f"{short}_absent_column", numbers(), (kind, {"column": "nope", "min_value": 0}))
        yield case(f"{short}_bool", data.repeated(), (kind, {"column": "b", "min_value": 0}))
        yield case(f"{short}_boolean_only", numbers(), (kind, {"column": "n", "min_value": 1000}), "BOOLEAN_ONLY")
        yield case(f"{short}_complete", numbers(), (kind, {"column": "n", "min_value": 1000}), "COMPLETE")


def figures_of_dates_and_texts():
    at, day = "2024-02-29T23:59:59.999999Z", "2024-02-29"
    for short in ("min", "max"):
        for how, kwargs in {
            "within": {"max_value": at}, "strict": {"max_value": at, "strict_max": True},
            "microsecond_before": {"max_value": "2024-02-29T23:59:59.999998Z"},
            "offset": {"max_value": "2024-03-01T00:59:59.999999+01:00"},
            "naive": {"max_value": "2024-03-01T00:00:00"}, "day": {"max_value": "2024-03-01"},
            "space": {"max_value": "2024-03-01 00:00:00+00:00"}, "number": {"max_value": 20240301},
            "now": {"max_value": "now"}, "month": {"max_value": "Mar 1 2024"},
        }.items():
            yield case(f"{short}_at_{how}", data.small(), (BETWEEN[short], {"column": "at", **kwargs}))
        for how, kwargs in {
            "within": {"max_value": day}, "strict": {"max_value": day, "strict_max": True},
            "before": {"max_value": "2023-01-01"}, "timestamp": {"max_value": at},
            "min": {"min_value": "2023-12-31"}, "number": {"max_value": 20240301},
        }.items():
            yield case(f"{short}_day_{how}", data.small(), (BETWEEN[short], {"column": "day", **kwargs}))
        yield case(f"{short}_text", data.small(), (BETWEEN[short], {"column": "name", "min_value": "B"}))
        yield case(f"{short}_text_by_number", data.small(), (BETWEEN[short], {"column": "name", "min_value": 1}))
        yield case(f"{short}_number_by_text", data.small(), (BETWEEN[short], {"column": "n", "min_value": "1"}))
        yield case(f"{short}_empty_text", data.texts(), (BETWEEN[short], {"column": "t", "max_value": "~"}))
    for short in ("mean", "median", "sum", "stdev"):
        for name in ("at", "day"):
            yield case(f"{short}_{name}", data.small(), (BETWEEN[short], {"column": name, "min_value": "2024-01-01"}))
    for how, moments in {  # cut to the microsecond, towards the epoch
        "after_1970": ["2024-01-01T00:00:00Z", "2024-01-01T00:00:00.000001Z", "2024-01-01T00:00:00.000001Z"],
        "before_1970": ["1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z", "1970-01-01T00:00:00Z"],
    }.items():
        yield case(f"mean_of_microseconds_{how}", [column("at", "timestamp", moments)], (BETWEEN["mean"], {"column": "at"}))
    for short in ("unique_value_count", "proportion_of_unique_values"):
        for name in ("t", "d", "day", "at", "b"):
            yield case(f"{short}_{name}", data.repeated(), (BETWEEN[short], {"column": name, "min_value": 1}))


def figures_of_texts_of_moments():
    """Held against a moment, the greatest text is read as one."""
    texts = {"instants": ["2024-02-28T10:00:00.000000Z", "2024-02-29 23:59:59.999999Z", None],
             "offsets": ["2024-02-28T10:00:00+01:00", "2024-02-29T23:59:59+01:00"],
             "naive": ["2024-02-28T10:00:00", "2024-02-29 23:59:59"], "days": ["2024-02-28", "2024-02-29"]}
    bounds = {"instant": "2024-03-01T00:00:00+00:00", "naive": "2024-03-01T00:00:00", "day": "2024-03-01",
              "instant_before": "2024-02-29T23:59:59+00:00", "day_before": "2024-02-28"}
    for name, cells in texts.items():
        for how, bound in bounds.items():
            yield case(f"max_of_texts_{name}_{how}", [column("t", "text(40)", cells)],
                       (BETWEEN["max"], {"column": "t", "max_value": bound}))
        yield case(f"min_of_texts_{name}_between", [column("t", "text(40)", cells)], (BETWEEN["min"], {
            "column": "t", "min_value": "2024-02-28", "max_value": "2024-03-01T00:00:00"}))
    words = [column("t", "text(40)", ["soon", "later", None])]
    yield case("max_of_texts_words", words, (BETWEEN["max"], {"column": "t", "max_value": bounds["instant"]}))
    yield case("max_of_texts_words_day", words, (BETWEEN["max"], {"column": "t", "max_value": bounds["day"]}))
    yield case("max_of_texts_all_null", [column("t", "text(40)", [None, None]), column("n", "int", ["1", "2"])],
               (BETWEEN["max"], {"column": "t", "max_value": bounds["instant"]}))


def exactness():
    tenths = [column("d", "decimal(12,2)", ["0.10"] * 10 + ["0.70"]),
              column("big", "decimal(18,2)", ["9007199254740993.00", "0.01", "-9007199254740992.00"] + ["0.00"] * 8),
              column("n", "int", ["9007199254740993", "1", "-9007199254740992"] + ["0"] * 8),
              column("edge", "int", ["9223372036854775807", "1"] + ["0"] * 9)]
    for name, bound in {"d": 1.7, "big": 1.01, "n": 2, "edge": 0}.items():
        for short in ("sum", "mean", "stdev", "median", "max"):
            yield case(f"{short}_exact_{name}", tenths, (BETWEEN[short], {
                "column": name, "min_value": bound, "max_value": bound}))
    cents = [column("d", "decimal(12,2)", [f"{i * 37 % 1000}.{i * 61 % 100:02}" for i in range(500)])]
    for short in ("sum", "mean", "stdev", "median"):
        yield case(f"{short}_of_500_amounts", cents, (BETWEEN[short], {"column": "d", "min_value": 0}))
    yield case("max_decimal_by_binary_neighbour", tenths, (BETWEEN["max"], {"column": "d", "max_value": 0.7}))


def quantiles():
    kind = "expect_column_quantile_values_to_be_between"

    def ranges(*pairs):
        return {"quantiles": [q for q, _ in pairs], "value_ranges": [r for _, r in pairs]}

    wide = ranges((0.0, [0, 2]), (0.25, [1, 2]), (0.5, [2, 3]), (0.75, [None, 5]), (1.0, [5, None]))
    yield case("quantiles_within", numbers(), (kind, {"column": "n", "quantile_ranges": wide}))
    for method in ("linear", "lower", "higher", "midpoint", "nearest", "exact", True, False):
        yield case(f"quantiles_{method}", numbers(), (kind, {
            "column": "even", "quantile_ranges": ranges((0.3, [1, 2]), (0.5, [2, 2.5]), (0.9, [1, 2])),
            "allow_relative_error": method}))
    for name in ("d", "one"):
        yield case(f"quantiles_of_{name}", numbers(), (kind, {"column": name, "quantile_ranges": wide}))
    close = ranges((0.5, [2.0001, 3]), (0.5, [1, 1.99985]), (0.5, [2.1, 3]))
    yield case("quantiles_close_to_a_bound", numbers(), (kind, {"column": "n", "quantile_ranges": close}))
    yield case("quantiles_out_of_order", numbers(), (kind, {"column": "n", "quantile_ranges": ranges((0.5, [3, 1]))}))
    yield case("quantiles_too_few_ranges", numbers(), (kind, {
        "column": "n", "quantile_ranges": {"quantiles": [0.1, 0.2], "value_ranges": [[1, 2]]}}))
    yield case("quantiles_past_1", numbers(), (kind, {"column": "n", "quantile_ranges": ranges((1.5, [1, 2]))}))
    for short, columns in (("all_null", data.all_null), ("no_rows", data.no_rows)):
        yield case(f"quantiles_{short}", columns(), (kind, {"column": "n", "quantile_ranges": ranges((0.5, [1, 2]))}))
    for name in ("name", "amount", "at", "day"):
        yield case(f"quantiles_of_{name}", data.small(), (kind, {
            "column": name, "quantile_ranges": ranges((0.5, [1, 2]))}))
    hundred = [column("n", "int", [str(i * 7 % 100) for i in range(100)])]
    yield case("quantiles_of_100", hundred, (kind, {"column": "n", "quantile_ranges": ranges(
        (0.05, [4, 6]), (0.1, [9, 11]), (0.333, [32, 34]), (0.995, [98, 99]))}))


def most_common():
    kind = "expect_column_most_common_value_to_be_in_set"
    for how, kwargs in {
        "in_set": {"column": "t", "value_set": ["b", "z"]}, "not_in_set": {"column": "t", "value_set": ["a"]},
        "number": {"column": "n", "value_set": [2]}, "number_as_text": {"column": "n", "value_set": ["2"]},
        "decimal": {"column": "d", "value_set": [2.2]}, "decimal_of_quarters": {"column": "d", "value_set": [2.25]},
        "date": {"column": "day", "value_set": ["2024-01-02"]},
        "timestamp": {"column": "at", "value_set": ["2024-01-02T00:00:00.500000+00:00"]},
        "bool": {"column": "b", "value_set": [False]}, "tie": {"column": "id", "value_set": [1]},
        "tie_okay": {"column": "id", "value_set": [1, 99], "ties_okay": True},
        "tie_not_okay": {"column": "id", "value_set": [1], "ties_okay": False},
        "empty_set": {"column": "t", "value_set": []},
    }.items():
        yield case(f"most_common_{how}", data.repeated(), (kind, {"column": kwargs.pop("column"), **kwargs}))
    yield case("most_common_all_null", data.all_null(), (kind, {"column": "name", "value_set": ["a"]}))
    yield case("most_common_no_rows", data.no_rows(), (kind, {"column": "name", "value_set": ["a"]}))
    yield case("most_common_tie_of_texts", data.texts(), (kind, {"column": "t", "value_set": ["abc"]}))


def distinct():
    for short in ("be_in_set", "contain_set", "equal_set"):
        kind = f"expect_column_distinct_values_to_{short}"
        for how, kwargs in {
            "same": {"column": "t", "value_set": ["a", "b", "c", "d"]}, "fewer": {"column": "t", "value_set": ["a", "b"]},
            "more": {"column": "t", "value_set": ["a", "b", "c", "d", "e"]}, "other": {"column": "t", "value_set": ["x"]},
            "twice": {"column": "t", "value_set": ["a", "a", "b", "c", "d"]},
            "numbers": {"column": "n", "value_set": [1, 2, 3]}, "numbers_as_text": {"column": "n", "value_set": ["1"]},
            "decimals": {"column": "d", "value_set": [1.1, 2.2, 3, 4]},
            "decimals_of_halves": {"column": "d", "value_set": [3, 4.0]},
            "dates": {"column": "day", "value_set": ["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04"]},
            "timestamps": {"column": "at", "value_set": ["2024-01-01T00:00:00Z", "2024-01-03T00:00:00Z"]},
            "bools": {"column": "b", "value_set": [True]}, "empty_set": {"column": "t", "value_set": []},
            "null_in_set": {"column": "t", "value_set": ["a", None]},
        }.items():
            yield case(f"distinct_{short}_{how}", data.repeated(), (kind, kwargs))
        for what, columns in (("all_null", data.all_null), ("no_rows", data.no_rows)):
            yield case(f"distinct_{short}_{what}", columns(), (kind, {"column": "name", "value_set": ["a"]}))
        yield case(f"distinct_{short}_more_than_20", data.many(30), (kind, {
            "column": "k", "value_set": list(range(100, 130))}))
        yield case(f"distinct_{short}_partial_count_0", data.many(30), (kind, {"column": "k", "value_set": [0]}),
                   {"result_format": "SUMMARY", "partial_unexpected_count": 0})
        yield case(f"distinct_{short}_partial_count_3", data.many(30), (kind, {"column": "k", "value_set": [0]}),
                   {"result_format": "COMPLETE", "partial_unexpected_count": 3})
