# SPDX-License-Identifier: Apache-2.0
"""Columns that many questions ask about. Each call makes new ones."""

from casebook import column

TWENTY_FIVE = [str(i) for i in range(25)]


def small():
    """Four rows of every type, each with a null."""
    return [
        column("id", "int", ["1", "2", "3", "4"]),
        column("name", "text(20)", ["Ann", "Bob", None, "Zoë"]),
        column("amount", "decimal(12,2)", ["10.00", None, "0.01", "1000000.00"]),
        column("n", "int", ["3", "1", None, "2"]),
        column("ok", "bool", ["true", "false", None, "true"]),
        column("day", "date", ["2024-01-31", "2024-02-29", None, "2023-12-31"]),
        column("at", "timestamp", ["2024-01-31T10:00:00Z", "2024-02-29T23:59:59.999999Z", None,
                                   "2023-12-31T00:00:00Z"]),
    ]


def no_rows():
    return [column(c["name"], c["type"], []) for c in small()]


def all_null():
    """Three rows, and no value in any column but id."""
    return [column("id", "int", ["1", "2", "3"])] + [
        column(c["name"], c["type"], [None] * 3) for c in small()[1:]]


def texts():
    """Text with an empty one, a null, spaces, a line end, quotes and more than ASCII."""
    return [column("id", "int", [str(i) for i in range(1, 11)]),
            column("t", "text(40)", ["abc", "", None, "Ünïcødé", "日本語", "a,b", 'say "hi"',
                                     "two\nlines", " lead", "\U0001f600"])]


def repeated():
    """Duplicates: two of one value, three of another, nulls."""
    return [column("id", "int", [str(i) for i in range(1, 10)]),
            column("t", "text(9)", ["a", "b", "a", "c", None, "b", "b", None, "d"]),
            column("n", "int", ["1", "2", "1", "3", None, "2", "2", None, "4"]),
            column("d", "decimal(9,2)", ["1.10", "2.20", "1.1", "3", None, "2.2", "2.20", None,
                                         "4.00"]),
            column("day", "date", ["2024-01-01", "2024-01-02", "2024-01-01", "2024-01-03", None,
                                   "2024-01-02", "2024-01-02", None, "2024-01-04"]),
            column("at", "timestamp", ["2024-01-01T00:00:00Z", "2024-01-02T00:00:00.5Z",
                                       "2024-01-01T01:00:00+01:00", "2024-01-03T00:00:00Z", None,
                                       "2024-01-02T00:00:00.500Z", "2024-01-02T00:00:00.5Z", None,
                                       "2024-01-04T00:00:00Z"]),
            column("b", "bool", ["true", "false", "true", "true", None, "false", "false", None,
                                 "true"])]


def many(n_rows=25):
    """Enough rows for the limits of the lists: 0, 1, 2 ... and a text of every third."""
    return [column("k", "int", [str(i) for i in range(n_rows)]),
            column("key", "text(9)", [f"K{i:04}" for i in range(n_rows)]),
            column("n", "int", [str(i % 7) for i in range(n_rows)]),
            column("d", "decimal(9,2)", [f"{i}.{i % 100:02}" for i in range(n_rows)]),
            column("t", "text(9)", [None if i % 3 == 2 else f"v{i % 5}" for i in range(n_rows)])]
