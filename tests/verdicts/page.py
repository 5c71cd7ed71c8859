#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints docs/verdicts.md from the tables: what each odd, broken or hostile input gets."""

import itertools
import pathlib

import corpus
import files_csv
import files_json
import values_numbers
import values_texts
import values_times

LONGEST = 44  # of an input in the page
GOLDEN = pathlib.Path(__file__).resolve().parents[1] / "golden" / "run"

HEAD = """\
# What every odd, broken or hostile input gets

Each has one verdict, and stored inputs that hold it to that (`tests/verdicts`). This page is printed from them, by
`python3 tests/verdicts/page.py > docs/verdicts.md`.

- **loaded**: the record is in the table.
- **rejected**: the record is kept with its reasons, raw bytes, file, number and offset; the rest of the file goes on. A share of
  rejects above the gate holds the run.
- **refused**: the whole file, with this exit code, and with it the run: nothing is loaded.

Where one record ends and the next begins must be sure. Where it is not, the file is refused; where it is, and a value is wrong, the
record is rejected. A record that is rejected has all its reasons, `column:code`. Nothing is rounded, cut, guessed or replaced.
"""

VALUES_HEAD = """\
A cell goes through these steps: decode, `trim`, `null`, `map`, `case`, cast, `default`, `required`. What is not declared is not
understood: each other way of writing has a reason of its own, so that a report tells at once what is wrong with a file.
"""


def code(data):
    """An input in one line of a table: as it is, or with escapes where that says more."""
    if isinstance(data, bytes):
        text = "".join(chr(c) if 0x20 <= c < 0x7F else f"\\x{c:02x}" for c in data)
    else:
        text = "".join(c if c.isprintable() and c != "\u200b" else c.encode("unicode_escape").decode() for c in data)
    if len(text) > LONGEST:
        text = f"{text[:12]}... ({len(data):,} {'bytes' if isinstance(data, bytes) else 'characters'})"
    if text == "":
        return "(empty)"
    text = text.replace("|", "\\|")
    padded = f" {text} " if text[0] in " `" or text[-1] in " `" else text
    return f"``{padded}``" if "`" in text else f"`{padded}`"


def of_outcome(outcome):
    if isinstance(outcome, corpus.No):
        return f"rejected: `{outcome.code}`"
    return "no value" if outcome is None else "loaded"


def values_table(group):
    lines = [f"\n**{group.about}** ({column_text(group.column)})\n", "| cells | verdict |", "|---|---|"]
    for outcome, cells in itertools.groupby(sorted(group.cells, key=lambda cell: of_outcome(cell[1])), key=lambda cell: of_outcome(cell[1])):
        shown = [code(cell) + (f" as {code(value)}" if isinstance(value, str) and value != cell else "") for cell, value in cells]
        lines.append(f"| {', '.join(shown)} | {outcome} |")
    return lines


def column_text(column):
    return f"`{column['type']}`"


def verdict_of(file):
    """All that happens to the records of a file but being loaded."""
    if file.records is None:
        return f"refused, exit code {file.code}"
    said = []
    for record in file.records:
        if record.verdict == "loaded":
            continue
        text = record.verdict if record.verdict not in ("rejected", "conflict") else "rejected: " + ", ".join(f"`{r}`" for r in record.reasons.split(";"))
        if text not in said:
            said.append(text)
    return "; ".join(said) or "loaded"


def files_table(title, files):
    lines = [f"\n### {title}\n", "| what comes | verdict | inputs |", "|---|---|---|"]
    for about in dict.fromkeys(file.about for file in files):
        of_it = [file for file in files if file.about == about]
        for verdict in dict.fromkeys(verdict_of(file) for file in of_it):
            names = [file.name for file in of_it if verdict_of(file) == verdict]
            notes = sorted({note for file in of_it if verdict_of(file) == verdict for note in file.notes})
            noted = f", noted as {', '.join(f'`{n}`' for n in notes)}" if notes and all(f.notes for f in of_it) else ""
            lines.append(f"| {about} | {verdict}{noted} | {', '.join(names)} |")
    return lines


RECORDS = [
    ("a value that a reference does not find, neither among what this run has kept nor in the warehouse", "rejected: the reference's id", ["way_references"]),
    ("a value of a record that this run has rejected", "rejected: the reference's id", ["way_references"]),
    ("no value, where a reference looks", "loaded", ["way_references"]),
    ("the first, with `on_missing: placeholder`", "loaded; the parent's table gets a row of nothing but the key", ["placeholder_parents_are_made"]),
    ("the same, where the parent's own data set would refuse the key", "rejected: the reference's id", ["placeholder_parents_are_made"]),
    ("a parent that is a placeholder, for a reference that rejects", "rejected: the reference's id", ["placeholder_parents_are_made"]),
    ("minus zero, where a rule wants more than zero", "rejected: the rule's id", ["value_minus_zero_and_a_rule"]),
    ("a rule that is unknown, as it compares no value", "as if it were not there", ["way_rules_of_three_values"]),
    ("`where` that is false or unknown", "filtered: counted, and not kept", ["way_where_filters"]),
]


def records_table():
    lines = ["\n## Records\n", "What a whole record gets is in folders of data in and data out (`tests/golden/run`).\n", "| what comes | verdict | inputs |", "|---|---|---|"]
    for about, verdict, cases in RECORDS:
        assert all((GOLDEN / case / "pipeline.yaml").exists() for case in cases), cases
        lines.append(f"| {about} | {verdict} | {', '.join(cases)} |")
    return lines


def text():
    lines = [HEAD, "## CSV files"]
    for title, files in files_csv.SECTIONS:
        lines += files_table(title, files)
    lines += ["\n## JSON"]
    for title, files in files_json.SECTIONS:
        lines += files_table(title, files)
    lines += ["\n## Values\n", VALUES_HEAD]
    for title, module in (("Numbers and truth values", values_numbers), ("Days and moments", values_times), ("Texts", values_texts)):
        lines += [f"\n### {title}"]
        for group in module.GROUPS:
            lines += values_table(group)
    lines += records_table()
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(text(), end="")
