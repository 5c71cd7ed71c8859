# SPDX-License-Identifier: Apache-2.0
"""The binary against the model: 100,000 nasty records, row by row and reason by reason.

As one file, cut into seven files, and as three runs; into SQLite and into files. The
model reads the same bytes with nothing shared but the pipeline.
"""

import functools
import json

import pytest

import model
import nasty
import pipelines
from cells import printed
from finetl import connect, integrity, read_csv, read_rejects, sums_of, table_columns, write_pipeline

PIPELINES = {"financial": pipelines.financial, "variant": pipelines.variant}
SIZES = {"financial": (10_000, 90_000), "variant": (5_000, 35_000)}
TABLES = {"customers": "dim_customers", "transactions": "fact_transactions"}


@functools.cache
def nasty_cases(name):
    n_customers, n_transactions = SIZES[name]
    return nasty.customers(11, n_customers), nasty.transactions(12, n_transactions, n_customers)


def files_of(name, cut):
    """A list of runs, each a dict data set -> list of (file name, bytes)."""
    customers, transactions = nasty_cases(name)
    if cut == "one file":
        return [{"customers": [("customers.csv", nasty.joined(customers))],
                 "transactions": [("transactions.csv", nasty.joined(transactions, final_newline=False))]}]
    if cut == "seven files":
        return [{"customers": [(f"customers-{i}.csv", data) for i, data in enumerate(nasty.cut(customers, 7, 1))],
                 "transactions": [(f"transactions-{i}.csv", data) for i, data in enumerate(nasty.cut(transactions, 7, 2))]}]
    pieces = zip(nasty.cut(customers, 3, 3), nasty.cut(transactions, 3, 4))
    return [{"customers": [(f"customers-{i}.csv", c)], "transactions": [(f"transactions-{i}.csv", t)]}
            for i, (c, t) in enumerate(pieces)]


@functools.cache
def modelled(name, cut):
    """The model's outcomes of each run, and the warehouse afterwards."""
    state, outcomes = None, []
    for i, files in enumerate(files_of(name, cut)):
        inputs = {dataset: [model.Input(*file) for file in given] for dataset, given in files.items()}
        outcome, state = model.run(PIPELINES[name](), inputs, nasty.RUN_TIME_US, state, i)
        outcomes.append(outcome)
    return outcomes, state


def write_run(folder, name, files, i):
    """The files of one run in a folder of their own, and the pipeline that reads them."""
    place = folder / f"run{i}"
    place.mkdir()
    for given in files.values():
        for file_name, data in given:
            (place / file_name).write_bytes(data)
    return write_pipeline(place, PIPELINES[name]())


def first_difference(got, wanted):
    for i, (g, w) in enumerate(zip(got, wanted)):
        if g != w:
            return f"at {i}:\n  binary {g}\n  model  {w}"
    return f"binary has {len(got)}, model {len(wanted)}: " + repr((got[len(wanted):] or wanted[len(got):])[:1])


def assert_same(got, wanted):
    assert got == wanted, first_difference(got, wanted)


def check_counters(done, outcomes):
    """Counts, exact sums, reasons, defaults and warnings of the JSON line."""
    for outcome in outcomes:
        dataset = done.dataset(outcome.name)
        assert {term: dataset[term] for term in model.TERMS} == outcome.counts
        wanted = {column: {**terms, "no_value": outcome.no_value[column]} for column, terms in outcome.sums.items()}
        assert sums_of(dataset) == wanted
        assert dataset["reasons"] == dict(outcome.reasons)
        assert dataset["defaults_filled"] == dict(outcome.defaults_filled)
        assert dataset["warnings"] == dict(outcome.warnings)


def texts(rows):
    return [[printed(value) for value in row.values.values()] for row in rows]


@pytest.mark.parametrize("cut", ["one file", "seven files"])
@pytest.mark.parametrize("name", PIPELINES)
def test_files_equal_the_model(finetl, tmp_path, name, cut):
    (outcomes,), _ = modelled(name, cut)
    pipeline = write_run(tmp_path, name, files_of(name, cut)[0], 0)
    out = tmp_path / "out"
    done = finetl.run(pipeline, f"files:{out}").ok()
    for outcome in outcomes:
        got = read_rejects(out / f"{outcome.name}.rejects.csv")
        assert_same(got, [tuple(reject)[:6] for reject in outcome.rejects])
        _, *rows = read_csv(out / f"{TABLES[outcome.name]}.csv")
        assert_same(rows, texts(outcome.rows))
    check_counters(done, outcomes)


def stored_rows(path, table, decimals):
    """Key order; values as texts, then the record and the file that each row is from."""
    scale = {f"{name}_minor": (name, digits) for name, digits in decimals.items()}
    out = []
    with connect(path) as db:
        names = [c for c in table_columns(db, table) if c in scale or not (c.startswith("etl_") or c.endswith("ed_at"))]
        names = [c for c in names if c not in decimals]
        sql = (f"SELECT {', '.join('t.' + c for c in names)}, t.etl_record AS record, o.path AS path "
               f"FROM {table} t JOIN etl_objects o ON o.object_id = t.etl_object_id ORDER BY 1")
        for row in db.execute(sql):
            values = {}
            for name in names:
                value = row[name]
                if name in scale:
                    name, digits = scale[name]
                    value = None if value is None else printed(model.Decimal(value).scaleb(-digits))
                values[name] = "" if value is None else str(value)
            out.append((values, row["record"], row["path"].rsplit("/", 1)[-1]))
    db.close()
    return out


def wanted_rows(state, table):
    """The model's rows in the same shape: a bool is 0 or 1 in SQLite."""
    def text(value):
        return str(int(value)) if isinstance(value, bool) else printed(value)

    rows = sorted(state[table].items(), key=lambda item: item[0][0].encode())
    return [({name: text(value) for name, value in row.values.items()}, row.record, row.object) for _, row in rows]


@pytest.mark.parametrize("cut", ["one file", "seven files", "three runs"])
@pytest.mark.parametrize("name", PIPELINES)
def test_sqlite_equals_the_model(finetl, tmp_path, name, cut):
    outcomes, state = modelled(name, cut)
    warehouse = tmp_path / "w.db"
    for i, files in enumerate(files_of(name, cut)):
        pipeline = write_run(tmp_path, name, files, i)
        done = finetl.run(pipeline, f"sqlite:{warehouse}").ok()
        check_counters(done, outcomes[i])
    integrity(warehouse)
    for dataset in PIPELINES[name]()["datasets"]:
        of = model.DataSet(PIPELINES[name](), dataset)
        decimals = {c: t.scale for c, t in of.types.items() if t.kind == "decimal"}
        assert_same(stored_rows(warehouse, dataset["target"], decimals), wanted_rows(state, dataset["target"]))
    with connect(warehouse) as db:
        for kind in TABLES:
            rows = db.execute("SELECT o.path, r.* FROM etl_rejects r JOIN etl_objects o USING (object_id) "
                              "WHERE r.dataset = ? ORDER BY r.reject_id", (kind,))
            got = [(r["path"].rsplit("/", 1)[-1], r["record"], r["byte_offset"], r["verdict"], tuple(json.loads(r["reasons"])),
                    bytes(r["raw"])) for r in rows]
            assert_same(got, [tuple(r)[:6] for run in outcomes for o in run if o.name == kind for r in o.rejects])
    db.close()
