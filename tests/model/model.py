# SPDX-License-Identifier: Apache-2.0
"""What finetl must do, said a second time, in plain Python.

An independent reading of the rules: a pipeline (a dict, as the pipeline file would be
read), the bytes of its input files, a run time and the state of the warehouse give the
rows, the verdict and reasons of every record, the counters, the exact sums, and the
state afterwards. Nothing is shared with the C code; where the two differ, one of
them is wrong. One record at a time, in record order, no cleverness.
"""

import copy
from collections import Counter
from decimal import Decimal
from typing import NamedTuple

import strict_csv
from cells import BLANKS, Refused, Type, cast, fit, printed
from expressions import EXACT, Overflow, Timestamp, compile_expression, simple_case

TERMS = ["read", "filtered", "inserted", "updated", "unchanged", "duplicate", "superseded", "rejected"]


class Input(NamedTuple):
    name: str
    data: bytes


class Row:
    """One row of the warehouse: its values, and the record that it is from."""

    def __init__(self, values, dataset, object_name, record, run):
        self.values = values
        self.dataset, self.object, self.record, self.run = dataset, object_name, record, run


class Reject(NamedTuple):
    object: str
    record: int
    offset: int
    verdict: str
    reasons: tuple
    raw: bytes
    detail: str = ""  # of a conflict: what differs, and which record it met


class Outcome:
    """What became of one data set."""

    def __init__(self, name):
        self.name = name
        self.rejects = []
        self.counts = {term: 0 for term in TERMS}
        self.sums = {}  # column -> term -> Decimal
        self.no_value = Counter()
        self.reasons = Counter()
        self.defaults_filled = Counter()
        self.warnings = Counter()
        self.rows = []  # accepted and still standing, in record order


class Item:
    """One record on its way."""

    def __init__(self, sequence, object_name, record):
        self.sequence = sequence
        self.object, self.number, self.offset, self.raw = object_name, record.number, record.offset, record.raw
        self.values, self.reasons, self.failed = {}, [], set()
        self.is_broken = record.cells is None
        self.term, self.detail = None, ""

    def add(self, reason):
        self.reasons.append(reason)


class DataSet:
    """A data set of the pipeline with what follows from its declaration."""

    def __init__(self, pipeline, spec):
        self.spec, self.name = spec, spec["name"]
        self.columns = [self.with_defaults(pipeline, column) for column in spec["columns"]]
        self.types = {c["name"]: Type(c["type"]) for c in self.columns + spec.get("derive", [])}
        self.names = [c["name"] for c in self.columns]
        self.derived = [d["name"] for d in spec.get("derive", [])]
        self.decimals = [n for n in self.names if self.types[n].kind == "decimal"]
        self.read = [c for c in self.columns if "value" not in c]
        self.target = pipeline["targets"][spec["target"]]
        self.key = self.target["key"]
        self.version = self.target.get("version")
        mutable = self.target.get("mutable", [])
        if mutable == "all":
            mutable = [n for n in self.names if n not in self.key]
        self.mutable = [n for n in mutable if n != self.version]
        self.fixed = [n for n in self.names if n not in self.mutable and n != self.version and n not in self.key]
        self.where = compile_expression(spec["where"]) if "where" in spec else None
        self.rules = [(r["id"], compile_expression(r["check"]), r.get("action", "reject")) for r in spec.get("rules", [])]
        self.compiled = {}

    @staticmethod
    def with_defaults(pipeline, column):
        kind = Type(column["type"]).kind
        return {**pipeline.get("defaults", {}).get(kind, {}), **column}

    def expression(self, text):
        if text not in self.compiled:
            self.compiled[text] = compile_expression(text)
        return self.compiled[text]


def run(pipeline, inputs, run_time_us, warehouse=None, run_name="run"):
    """inputs: data set name -> list of Input. Returns (outcomes, warehouse after)."""
    warehouse = copy.copy(warehouse) if warehouse else {}
    now, outcomes = Timestamp(run_time_us), []
    for spec in in_order_of_references(pipeline["datasets"]):
        if spec["name"] not in inputs:
            continue
        dataset = DataSet(pipeline, spec)
        stored = warehouse.get(spec["target"], {})
        outcome, rows = run_dataset(dataset, inputs[spec["name"]], now, stored, warehouse, run_name)
        warehouse[spec["target"]] = rows
        outcomes.append(outcome)
    return outcomes, warehouse


def in_order_of_references(datasets):
    waiting, out, done = list(datasets), [], set()
    feeds = {d["target"] for d in datasets}
    while waiting:
        ready = next(d for d in waiting if all(r["target"] in done or r["target"] not in feeds or r["target"] == d["target"]
                                               for r in d.get("references", [])))
        waiting.remove(ready)
        done.add(ready["target"])
        out.append(ready)
    return out


def run_dataset(dataset, files, now, stored, warehouse, run_name):
    outcome = Outcome(dataset.name)
    table = Present(dataset, stored)
    items = []
    for file in files:
        for record in strict_csv.read(file.data, [c.get("from", c["name"]) for c in dataset.read], dataset.spec["source"]):
            item = Item(len(items), file.name, record)
            items.append(item)
            if record.cells is None:
                item.values = dict.fromkeys(dataset.names + dataset.derived)
                item.add("record:" + record.flaw)
            else:
                clean(dataset, item, record.cells, now, outcome)
            item.term = judge(dataset, item, now, warehouse, outcome, table, run_name)
    table.settle()
    count(dataset, items, outcome)
    outcome.rows = [row for row in table.rows_in_order()]
    return outcome, table.rows


def clean(dataset, item, cells, now, outcome):
    cells = iter(cells)
    for column in dataset.columns:
        name, type_ = column["name"], dataset.types[column["name"]]
        try:
            if "value" in column:
                value = fit(dataset.expression(column["value"])(item.values, now), type_)
            else:
                value = clean_cell(next(cells), column, type_)
        except Refused as refused:
            item.add(f"{name}:{refused.code}")
            item.values[name] = None
            continue
        except Overflow:
            item.add(f"{name}:overflow")
            item.values[name] = None
            continue
        if value is None and "default" in column:
            # Written as a cell would be, so standardised as one.
            value = clean_cell(str(column["default"]).encode(), column, type_)
            outcome.defaults_filled[name] += 1
        item.values[name] = value
        if value is None and (column.get("required") or name in dataset.key):
            item.add(f"{name}:missing")


def clean_cell(cell, column, type_):
    """decode -> trim -> null texts -> map -> case -> cast"""
    try:
        text = cell.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("invalid_utf8") from None
    if any(is_noncharacter(c) for c in text):
        raise Refused("invalid_utf8")
    if "\0" in text:
        raise Refused("nul_byte")
    if column.get("trim"):
        text = text.strip(BLANKS)
    nulls = column.get("null")
    if text in ([""] if nulls is None else nulls):
        return None
    text = column.get("map", {}).get(text, text)
    if column.get("case"):
        text = simple_case(text, column["case"])
    return cast(text, type_, column)


def is_noncharacter(c):
    return 0xFDD0 <= ord(c) <= 0xFDEF or ord(c) & 0xFFFE == 0xFFFE


def judge(dataset, item, now, warehouse, outcome, table, run_name):
    """where -> rules -> references -> derive -> dedupe: the term of the record."""
    if not item.is_broken:
        if dataset.where and not is_wanted(dataset.where, item, now):
            return "filtered"
        check_rules(dataset, item, now, outcome)
        check_references(dataset, item, warehouse)
        derive(dataset, item, now)
    if item.reasons:
        outcome.rejects.append(Reject(item.object, item.number, item.offset, "rejected", tuple(item.reasons), item.raw))
        return "rejected"
    term = table.meet(item, run_name)
    if term == "conflict":
        item.add("conflict")
        outcome.rejects.append(Reject(item.object, item.number, item.offset, "conflict", ("conflict",), item.raw, item.detail))
        return "rejected"
    return term


def is_wanted(where, item, now):
    try:
        return where(item.values, now) is True
    except Overflow:  # nobody knows: the record stays, with a reason
        item.add("where:overflow")
        return True


def check_rules(dataset, item, now, outcome):
    for id_, check, action in dataset.rules:
        try:
            broken = check(item.values, now) is False
        except Overflow:
            broken = True
        if broken and action == "warn":
            outcome.warnings[id_] += 1
        elif broken:
            assert action == "reject", "the model does not abort"
            item.add(id_)


def check_references(dataset, item, warehouse):
    for reference in dataset.spec.get("references", []):
        value = item.values[reference["column"]]
        if value is not None and (value,) not in warehouse.get(reference["target"], {}):
            item.add(reference["id"])


def derive(dataset, item, now):
    for d in dataset.spec.get("derive", []):
        type_ = dataset.types[d["name"]]
        try:
            if "value" in d:
                value = fit(dataset.expression(d["value"])(item.values, now), type_)
            elif "bands" in d:
                value = band(d["bands"], item.values[d["bands"]["of"]], dataset)
            else:
                value = fit(points(dataset, d, item.values, now), type_)
        except Refused as refused:
            item.add(f"{d['name']}:{refused.code}")
            value = None
        except Overflow:
            item.add(f"{d['name']}:overflow")
            value = None
        item.values[d["name"]] = value


def band(bands, value, dataset):
    if value is None:
        return None
    column = next((c for c in dataset.columns if c["name"] == bands["of"]), {})
    zone = {"zone": column.get("zone")}  # bounds are in the column's zone, and never in its format
    for bound, label in bands["upto"]:
        if value <= cast(str(bound), dataset.types[bands["of"]], zone):
            return label
    return bands["above"]


def points(dataset, d, values, now):
    total = sum((Decimal(str(p["add"])) for p in d["points"] if dataset.expression(p["when"])(values, now) is True), Decimal(0))
    if "clamp" in d:
        low, high = (Decimal(str(bound)) for bound in d["clamp"])
        total = min(max(total, low), high)
    return total


class Present:
    """The rows of a table as they are now: what this run accepted, laid over the warehouse."""

    def __init__(self, dataset, stored):
        self.dataset, self.stored = dataset, stored
        self.rows = dict(stored)
        self.holder = {}  # key -> the item of this run whose row stands there now

    def meet(self, item, run_name):
        d = self.dataset
        key = tuple(item.values[name] for name in d.key)
        new = Row({name: item.values[name] for name in d.names + d.derived}, d.name, item.object, item.number, run_name)
        old = self.rows.get(key)
        if old is None:
            self.rows[key], self.holder[key] = new, item
            return "inserted"
        differs = {name for name in d.names if old.values[name] != new.values[name]}
        if not differs:
            return "duplicate" if key in self.holder else "unchanged"
        item.detail = f"differs in {', '.join(n for n in d.names if n in differs)} from record {old.record} of {old.object}"
        if differs & set(d.fixed):
            return "conflict"
        if d.version:
            was, now = old.values[d.version], new.values[d.version]
            if was == now:
                return "conflict"
            if now is None or (was is not None and now < was):
                return "superseded"
        if key in self.holder:
            self.holder[key].term = "superseded"
        self.rows[key], self.holder[key] = new, item
        return "updated" if key in self.stored else "inserted"

    def settle(self):
        """An update that ends where it began changed nothing: the stored row stays."""
        for key, item in self.holder.items():
            old = self.stored.get(key)
            if old and all(old.values[n] == self.rows[key].values[n] for n in self.dataset.names):
                item.term = "unchanged"
                self.rows[key] = old

    def rows_in_order(self):
        """What this run inserted or changed, in the order of the records."""
        changed = [(item.sequence, self.rows[key]) for key, item in self.holder.items()
                   if item.term in ("inserted", "updated")]
        return [row for _, row in sorted(changed, key=lambda pair: pair[0])]


def count(dataset, items, outcome):
    outcome.sums = {name: {term: Decimal(0) for term in TERMS} for name in dataset.decimals}
    for item in items:
        for term in ("read", item.term):
            outcome.counts[term] += 1
            for name in dataset.decimals:
                value = item.values[name]
                if value is not None:
                    outcome.sums[name][term] = EXACT.add(outcome.sums[name][term], value)
        for name in dataset.decimals:
            outcome.no_value[name] += item.values[name] is None
        if item.term == "rejected":
            outcome.reasons.update(item.reasons)


def row_texts(dataset_spec, row, pipeline):
    """A row as the target's CSV has it."""
    dataset = DataSet(pipeline, dataset_spec)
    return [printed(row.values[name]) for name in dataset.names + dataset.derived]
