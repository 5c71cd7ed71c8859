# SPDX-License-Identifier: Apache-2.0
"""Thousands of spoilt files, made of 40 valid ones by 65 mutators, each against two others' reading.

The model (tests/model) says what becomes of the file and of each record, with reasons, places, raw
bytes, values, counts and sums. Python's csv in strict mode says where records begin and end, and
what their cells are. Where Python reads on and finetl does not:

  - a CR outside of quotes that no LF follows: Python ends a line there
  - a quote in a bare cell: text to Python. finetl rejects the record, or refuses the file where
    those who count quotes would end the record elsewhere
  - a blank line, a record of delimiters, one of another number of cells: rows to Python

and where Python stops (text behind a closing quote), finetl goes on only if the record's end is sure.
"""

import csv
import io
import json
import re
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from finetl import ROOT, read_csv, read_rejects, write_pipeline

sys.path.insert(0, str(ROOT / "tests" / "verdicts"))

import corpus  # noqa: E402
import model  # noqa: E402
import mutators  # noqa: E402
import nasty  # noqa: E402
import strict_csv  # noqa: E402

N_SHORT, N_ALL = 1500, 10_000
N_TOGETHER = 100  # files in a run, each in two data sets
N_AT_ONCE = 4

# The forms that a number may have in its place are held by the tables and by the tests of
# base/decimal. Of a spoilt one it is enough that it is none.
NO_NUMBER = re.compile(r":(not_a_number|plus_sign|exponent|separator|currency_sign|parentheses|trailing_minus|blank_inside)$")


def plain_reasons(reasons):
    return tuple(NO_NUMBER.sub(":no_number", reason) for reason in reasons)


class Case:
    """One spoilt file, and what the model makes of it: an outcome, or None where it is refused."""

    def __init__(self, number, name, seed, data):
        self.name, self.seed, self.data, self.id = name, seed, data, f"m{number}"
        self.path = f"{self.id}.csv"
        self.dataset = {"name": self.id, "source": {"csv": self.path, **seed.source}, "columns": seed.columns, "target": f"{self.id}_rows"}
        self.target = seed.target
        try:
            self.text = strict_csv.as_utf8(data, seed.source.get("encoding", "utf-8"))
            (self.outcome,), _ = model.run(corpus.pipeline([self.dataset], {f"{self.id}_rows": seed.target}),
                                           {self.id: [model.Input(self.path, data)]}, nasty.RUN_TIME_US)
            if self.outcome.counts["read"] == 0:
                raise strict_csv.FileRefused("no records")
        except strict_csv.FileRefused as refused:
            self.outcome, self.why = None, str(refused)

    def every_record(self):
        """A data set that rejects each record, so that it tells where each is."""
        columns = [{"name": c["name"], "type": "text", **({"from": c["from"]} if "from" in c else {})} for c in self.seed.columns]
        first = columns[0]["name"]
        return {"name": f"{self.id}_all", "source": self.dataset["source"], "columns": columns, "target": f"{self.id}_all_rows",
                "rules": [{"id": "each", "check": f"{first} is null and {first} is not null"}]}


def run_together(finetl, folder, cases):
    """One run of many files; its folder and result, or None where it failed."""
    datasets, targets = [], {}
    for case in cases:
        (folder / case.path).write_bytes(case.data)
        datasets += [case.dataset, case.every_record()]
        targets[f"{case.id}_rows"] = case.target
        targets[f"{case.id}_all_rows"] = {"key": [case.seed.columns[0]["name"]]}
    out = folder / "out"
    done = finetl.run(write_pipeline(folder, corpus.pipeline(datasets, targets)), f"files:{out}")
    if done.code != 0:
        return None, done
    report = json.loads((out / "report.json").read_text())
    return out, {d["name"]: d for d in report["datasets"]}


def differences(case, out, results):
    """Lines that tell how what finetl did is not what the model says, or not what Python reads."""
    outcome, result = case.outcome, results[case.id]
    rejects = [(o, n, at, verdict, plain_reasons(reasons), raw) for o, n, at, verdict, reasons, raw in read_rejects(out / f"{case.id}.rejects.csv")]
    wanted = [(r.object, r.record, r.offset, r.verdict, plain_reasons(r.reasons), r.raw) for r in outcome.rejects]
    yield from listed("rejects", rejects, wanted)
    yield from listed("rows", read_csv(out / f"{case.id}_rows.csv")[1:], [[model.printed(v) for v in row.values.values()] for row in outcome.rows])
    counts = {term: result[term] for term in model.TERMS}
    if counts != outcome.counts:
        yield f"counts {counts}, the model has {outcome.counts}"
    sums = {column: {term: value if term == "no_value" else model.Decimal(value) for term, value in terms.items()} for column, terms in result["sums"].items()}
    if sums != {column: {**terms, "no_value": outcome.no_value[column]} for column, terms in outcome.sums.items()}:
        yield f"sums {sums}, the model has {outcome.sums}"
    yield from differs_from_python(case, read_rejects(out / f"{case.id}_all.rejects.csv"))


def listed(what, got, wanted):
    if got == wanted:
        return
    for g, w in zip(got + [None] * len(wanted), wanted + [None] * len(got)):
        if g != w:
            yield f"{what}: got {g}, the model has {w}"
            return


# ---- Python's csv ----


def python_rows(data, at, delimiter):
    """(start, end, cells) of each row up to the first that it refuses, and what it said then."""
    place = at

    def lines():
        nonlocal place
        for line in io.BytesIO(data[at:]):
            place += len(line)
            yield line.decode("latin-1")

    rows, start = [], at
    try:
        for row in csv.reader(lines(), delimiter=delimiter, strict=True):
            rows.append((start, place, [cell.encode("latin-1") for cell in row]))
            start = place
    except csv.Error as error:
        return rows, str(error)
    return rows, None


def differs_from_python(case, records):
    """records: of the data set that rejects each one: (object, record, offset, verdict, reasons, raw)."""
    source = case.seed.source
    delimiter = source.get("delimiter", ",").replace("tab", "\t")
    at = strict_csv.start_of(case.text, source.get("skip_lines", 0))
    rows, error = python_rows(case.text, at, delimiter)
    if "names" not in source:
        rows = rows[1:]
    cells_of = {offset: cells for offset, _, cells, flaw in strict_csv.split(case.text, delimiter.encode(), at) if not flaw}
    for i, (_, number, offset, _, reasons, raw) in enumerate(records):
        if i == len(rows):
            if not error or "record:text_after_quote" not in reasons and "record:quote_in_bare_cell" not in reasons:
                yield f"Python has no row {number}, {raw!r}; it says {error}"
            return
        start, end, cells = rows[i]
        if offset != start or case.text[start:end].removesuffix(b"\n").removesuffix(b"\r") != raw:
            yield f"record {number} is {raw!r} at {offset}; Python has {case.text[start:end]!r} at {start}"
            return
        if offset in cells_of and cells_of[offset] != (cells or [b""]):
            yield f"record {number} has cells {cells_of[offset]}; Python has {cells}"
            return
    left = [row for row in rows[len(records) :] if row[2]]
    if left:
        yield f"Python has a row more: {left[0]}"


REFUSALS = {  # a word of the error: what Python must say of it, or the bytes must have
    "inside a quoted cell": lambda case, rows, error: error is not None,
    "CR that is not followed": lambda case, rows, error: re.search(rb"\r(?!\n)", case.text),
    "in doubt where": lambda case, rows, error: error is not None or case.text.count(b'"') % 2 or b'"' in case.text,
    "inside its last record": lambda case, rows, error: not case.text.endswith(b"\n"),
}


def check_refused(finetl, folder, case):
    place = folder / case.id
    place.mkdir()
    (place / case.path).write_bytes(case.data)
    done = finetl.run(write_pipeline(place, corpus.pipeline([case.dataset], {f"{case.id}_rows": case.target})), f"files:{place / 'out'}")
    if done.code != 3:
        return f"{case.name}: exit code {done.code}; the model refuses it: {case.why}"
    if (place / "out" / "report.json").exists() and (place / "out" / f"{case.id}_rows.csv").exists():
        return f"{case.name}: refused, and yet published"
    for word, is_so in REFUSALS.items():
        if word in done.result["error"] and hasattr(case, "text"):
            delimiter = case.seed.source.get("delimiter", ",").replace("tab", "\t")
            if not is_so(case, *python_rows(case.text, strict_csv.start_of(case.text, case.seed.source.get("skip_lines", 0)), delimiter)):
                return f"{case.name}: {done.result['error']}; nothing shows it"
    return None


def check_together(finetl, folder, cases, number):
    place = folder / f"run{number}"
    place.mkdir()
    out, results = run_together(finetl, place, cases)
    if out is None:
        if len(cases) == 1:
            return [f"{cases[0].name}: exit code {results.code}: {results.result['error']}; the model accepts it"]
        middle = len(cases) // 2
        return (check_together(finetl, place, cases[:middle], 1)) + check_together(finetl, place, cases[middle:], 2)
    return [f"{case.name}: {line}" for case in cases for line in differences(case, out, results)]


@pytest.mark.parametrize("n", [pytest.param(N_SHORT, id="short"), pytest.param(N_ALL, id="all", marks=pytest.mark.long)])
def test_spoilt_files_get_what_the_model_says(finetl, tmp_path, n):
    cases = [Case(i, *made) for i, made in enumerate(mutators.make(n))]
    assert len(cases) == n
    good = [case for case in cases if case.outcome]
    bad = [case for case in cases if not case.outcome]
    groups = [good[i : i + N_TOGETHER] for i in range(0, len(good), N_TOGETHER)]
    with ThreadPoolExecutor(N_AT_ONCE) as pool:
        found = [line for lines in pool.map(lambda group: check_together(finetl, tmp_path, group[1], group[0]), enumerate(groups)) for line in lines]
        found += filter(None, pool.map(lambda case: check_refused(finetl, tmp_path, case), bad))
    assert not found, "\n".join(["", f"{len(found)} differences in {n} files", *found[:60]])
    kinds = {reason for case in good for reason in case.outcome.reasons}
    assert len(good) > n / 4 and len(bad) > n / 5 and len(kinds) >= 40, (len(good), len(bad), sorted(kinds))


def test_seeds_are_valid(finetl, tmp_path):
    """Nothing in them is rejected, but where the seed is about keys or meets a rule of its columns."""
    for i, seed in enumerate(mutators.seeds.seeds()):
        case = Case(i, seed.name, seed, seed.data)
        assert case.outcome and case.outcome.counts["inserted"] > 0, seed.name
        assert set(case.outcome.reasons) <= {"conflict", "id:missing"}, (seed.name, case.outcome.reasons)
    levels = [level for level, _, _ in mutators.MUTATORS]
    assert len(mutators.seeds.READ) == 40 and len(levels) >= 60 and set(levels) == {"byte", "structure", "value"}
