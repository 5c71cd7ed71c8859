# SPDX-License-Identifier: Apache-2.0
"""The questions that generate.py asks Great Expectations, by subject.

Each module yields cases by case(); the file that a case goes to is named by the type of its
first expectation. Data are columns: a name and type to the cells as text, None for null.
"""

import csv
import io


def column(name, type_name, cells):
    return {"name": name, "type": type_name, "cells": list(cells)}


def text_of(columns):
    """The columns as clean CSV: CR and LF, commas and quotes in quotes; a record with no value at
    all has its first cell quoted, so that the line is not blank."""
    out = io.StringIO()
    n_rows = {len(c["cells"]) for c in columns}
    if len(n_rows) != 1:
        raise ValueError(f"columns of {sorted(n_rows)} rows")
    lines = [[c["name"] for c in columns]]
    lines += zip(*(["" if v is None and "null" not in c else c["null"] if v is None else v
                    for v in c["cells"]] for c in columns))
    writer = csv.writer(out, lineterminator="\n")
    for line in lines:
        if any(line):
            writer.writerow(line)
        else:
            out.write('""' + "," * (len(columns) - 1) + "\n")
    return out.getvalue()


def schema_of(columns):
    """The columns' names and types. A text column that has the empty text says what its null is:
    the empty cell is null otherwise."""
    schema = []
    for c in columns:
        item = {"name": c["name"], "type": c["type"]}
        if "null" in c:
            item["null"] = c["null"]
        schema.append(item)
    return schema


def case(name, columns, expectations, result_format="SUMMARY", parameters=None, engine="pandas",
         suite=None):
    """A case for generate.py. `expectations` are (type, kwargs) or whole dictionaries."""
    if isinstance(expectations, (tuple, dict)):
        expectations = [expectations]
    listed = [{"type": e[0], "kwargs": e[1]} if isinstance(e, tuple) else e for e in expectations]
    for c in columns:
        if c["type"].startswith("text") and "" in c["cells"]:
            c["null"] = "\\N"
    return {
        "name": name,
        "engine": engine,
        "schema": schema_of(columns),
        "csv": text_of(columns),
        "suite": suite or {"name": "suite", "expectations": listed},
        "result_format": result_format,
        "parameters": parameters or {},
    }
