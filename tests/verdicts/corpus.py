# SPDX-License-Identifier: Apache-2.0
"""What a stored input is, and what is expected of it.

Two kinds, each a table of plain Python literals in a file of its own:

  Values   one cell each, of one column that is declared in one way. A cell is accepted as a
           value, in its canonical text; is no value (None); or is refused with a code: No("separator").
  Files    the bytes of one input and how its source is declared. The file is refused, with the
           exit code and words of the error; or each of its records, in order, gets a verdict.

What is expected was worked out from the rules, by hand, and is held against the model
(tests/model) as well as against the program. It is never taken from what the program said.
"""

from decimal import Decimal
from typing import NamedTuple, Optional


class No(NamedTuple):
    """A refused cell: its reason code."""

    code: str


class Values(NamedTuple):
    """Cells of one column. `about` is what they have in common, as the page says it."""

    about: str
    column: dict
    cells: list  # of (bytes or text, text or None or No)


class Record(NamedTuple):
    """What becomes of one record."""

    verdict: str  # loaded, rejected, conflict, duplicate, superseded, filtered
    cells: tuple = ()  # as loaded
    reasons: str = ""  # joined by ;
    amount: Optional[str] = None  # that counts in the sums, where it casts


def ok(*cells):
    return Record("loaded", cells, amount=cells[1] if len(cells) > 1 else None)


def no(reasons, amount=None):
    return Record("rejected", reasons=reasons, amount=amount)


def conflict(amount):
    return Record("conflict", reasons="conflict", amount=amount)


def duplicate(amount):
    return Record("duplicate", amount=amount)


def superseded(amount):
    return Record("superseded", amount=amount)


class File(NamedTuple):
    about: str  # of the table that the page shows
    name: str
    data: bytes
    records: Optional[list] = None  # of Record; None: refused
    code: int = 0
    words: tuple = ()  # of the error
    source: dict = {}  # options beside the path
    kind: str = "csv"  # or json, ndjson
    columns: Optional[list] = None  # COLUMNS where None
    target: dict = {}  # options beside the key
    notes: tuple = ()  # what is said of the object


COLUMNS = [{"name": "id", "type": "text(10)"}, {"name": "amount", "type": "decimal(8,2)"}, {"name": "note", "type": "text(20)"}]
H = b"id,amount,note\n"


def refused(about, name, data, *words, code=3, **more):
    return File(about, name, data, None, code, words, **more)


def dataset(name, path, file):
    """The data set of a file; target tables are named alike."""
    return {"name": name, "source": {file.kind: path, **file.source}, "columns": file.columns or COLUMNS, "target": f"{name}_rows"}


def pipeline(datasets, targets):
    return {"version": 1, "pipeline": "verdicts", "datasets": datasets, "targets": targets}


def of_file(file, path):
    return pipeline([dataset("t", path, file)], {"t_rows": {"key": ["id"], "mutable": ["note"], **file.target}})


TERMS = ["read", "filtered", "inserted", "updated", "unchanged", "duplicate", "superseded", "rejected"]
TERM_OF = {"loaded": "inserted", "rejected": "rejected", "conflict": "rejected", "duplicate": "duplicate",
           "superseded": "superseded", "filtered": "filtered"}


def counts_of(records):
    counts = dict.fromkeys(TERMS, 0)
    for record in records:
        counts["read"] += 1
        counts[TERM_OF[record.verdict]] += 1
    return counts


def sums_of(records):
    """Of the column `amount`: exact, by term, and how many records have no value of it."""
    sums, n_without = dict.fromkeys(TERMS, Decimal(0)), 0
    for record in records:
        if record.amount is None or record.amount == "":
            n_without += 1
            continue
        sums["read"] += Decimal(record.amount)
        sums[TERM_OF[record.verdict]] += Decimal(record.amount)
    return {**sums, "no_value": n_without}


def as_bytes(cell):
    return cell if isinstance(cell, bytes) else cell.encode("utf-8")


def csv_cell(cell):
    """Always quoted, so that what is in it is the cell's and not the file's matter."""
    return b'"' + as_bytes(cell).replace(b'"', b'""') + b'"'


def values_file(group):
    return b"id,v\n" + b"".join(b"%d,%s\n" % (i, csv_cell(cell)) for i, (cell, _) in enumerate(group.cells, 1))


def values_dataset(name, path, group):
    return {"name": name, "source": {"csv": path}, "target": f"{name}_rows",
            "columns": [{"name": "id", "type": "int"}, {"name": "v", **group.column}]}
