# SPDX-License-Identifier: Apache-2.0
"""The five steps end in the state of one run, whatever the source, killed or not; what they hand on is not to be changed."""

import contextlib
import fcntl
import hashlib
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import stat
import subprocess
import threading
import time

import pytest

import nasty
import pipelines
import sources
from faultserver import Answer, FaultServer, hold
from finetl import RUN_TIME, STAMPS, absent, connect, integrity, read_csv, read_rejects, table_columns, write_pipeline
from sources import COLUMNS, moment, pipeline_of, records

STEPS = ["extract", "transform", "load"]
OBJECTS = "SELECT dataset, path, size_bytes, modified_at, sha256, records, outcome, version FROM etl_objects ORDER BY object_id"
REJECTS = ("SELECT r.dataset, path, r.object_sha256, record, byte_offset, verdict, reasons, detail, decimals, {raw} FROM etl_rejects r "
           "JOIN etl_objects o USING (object_id) ORDER BY reject_id")
AUDIT = ("SELECT pipeline_name, status, records_extracted, records_transformed, records_loaded, records_rejected, records_duplicate, "
         "error_message, run_time, config_sha256, finetl_version, quality_report, reconciliation FROM etl_audit_log "
         "WHERE status <> 'abandoned' ORDER BY start_time, run_id")
WATERMARKS = "SELECT pipeline_name, dataset, name, value FROM etl_watermarks ORDER BY 1, 2, 3"


# ---- states ----

def without_times(report):
    """A report without what differs from run to run: how long it took, and which run it was."""
    if isinstance(report, dict):
        return {k: without_times(v) for k, v in report.items() if k not in ("elapsed_ms", "run_id", "validation_time", "id")}
    if isinstance(report, list):
        return [without_times(v) for v in report]
    return report


def logical(rows):
    """Rows without what differs, within reports and in details that name a run."""
    def plain(v):
        if isinstance(v, str) and v.startswith("{"):
            v = json.loads(v)
        if isinstance(v, dict):
            return without_times(v)
        return bytes(v) if isinstance(v, memoryview) else re.sub(r"run 01[0-9A-Z]{24}", "run", v) if isinstance(v, str) else v

    return [tuple(map(plain, row)) for row in rows]


def of_sqlite(path):
    """All that a warehouse has, ids and stamps aside."""
    integrity(path)
    with contextlib.closing(connect(path)) as db:
        tables = [r[0] for r in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'etl_%' "
                                           "AND name NOT LIKE 'sqlite_%' ORDER BY 1")]
        rows = {t: sorted(tuple(map(str, r)) for r in db.execute(
            f"SELECT {', '.join(c for c in table_columns(db, t) if c not in STAMPS)} FROM {t}")) for t in tables}
        records_of = {t: sorted(tuple(r) for r in db.execute(f"SELECT path, etl_record FROM {t} JOIN etl_objects ON object_id = etl_object_id"))
                      for t in tables}
        return {"rows": rows, "origins": records_of, "objects": logical(map(tuple, db.execute(OBJECTS))),
                "rejects": logical(map(tuple, db.execute(REJECTS.format(raw="hex(raw)")))),
                "audit": logical(map(tuple, db.execute(AUDIT))), "watermarks": logical(map(tuple, db.execute(WATERMARKS)))}


def of_postgres(database):
    with database.connect() as db:
        tables = [r[0] for r in db.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'etl_%' ORDER BY 1")]
        rows = {}
        for table in tables:
            columns = [r[0] for r in db.execute("SELECT column_name FROM information_schema.columns WHERE table_name = %s "
                                                "ORDER BY ordinal_position", [table]) if r[0] not in STAMPS]
            rows[table] = sorted(tuple(map(str, r)) for r in db.execute(f"SELECT {', '.join(columns)} FROM {table}"))
        return {"rows": rows, "objects": logical(db.execute(OBJECTS)), "rejects": logical(db.execute(REJECTS.format(raw="raw"))),
                "audit": logical(db.execute(AUDIT)), "watermarks": logical(db.execute(WATERMARKS))}


def of_files(folder):
    """Files of a files: warehouse, their report without what differs."""
    found = {p.name: p.read_bytes() for p in folder.iterdir() if p.name not in ("report.json", ".finetl.lock")}
    return found, without_times({k: v for k, v in json.loads((folder / "report.json").read_text()).items()
                                 if k not in ("start_time", "end_time", "run_id", "warehouse")})


def difference(a, b, at="state"):
    """Where two states differ first; None: nowhere."""
    if type(a) is not type(b):
        return f"{at}: {a!r:.300} and {b!r:.300}"
    if isinstance(a, dict):
        if list(a) != list(b):
            return f"{at}: {list(a)} and {list(b)}"
        return next(filter(None, (difference(a[k], b[k], f"{at}.{k}") for k in a)), None)
    if isinstance(a, (list, tuple)):
        if len(a) != len(b):
            return f"{at}: {len(a)} and {len(b)} of them"
        return next(filter(None, (difference(x, y, f"{at}[{i}]") for i, (x, y) in enumerate(zip(a, b)))), None)
    return None if a == b else f"{at}: {a!r:.300} and {b!r:.300}"


def same(a, b):
    found = difference(a, b)
    assert not found, found


# ---- doing the steps ----

class Steps:
    """A pipeline done in steps, in one directory, into one warehouse."""

    def __init__(self, finetl, pipeline, run_dir, warehouse, env=None, run_time=RUN_TIME):
        self.finetl, self.pipeline, self.run_dir, self.warehouse, self.env, self.run_time = finetl, pipeline, run_dir, warehouse, env, run_time

    def command(self, step, *more):
        if step == "extract":
            more = (self.pipeline, "--run-time", self.run_time, *more)
        if step in ("extract", "load", "checks"):
            more = (*more, "--warehouse", self.warehouse)
        return (step, "--run-dir", self.run_dir, *more)

    def __call__(self, step, *more, finetl=None, **how):
        return (finetl or self.finetl)(*self.command(step, *more), env=self.env, **how)

    def all(self):
        return [self(step).ok().result for step in STEPS]


def both_ways(finetl, tmp_path, pipeline, warehouse, fresh_state, before=(), env=None):
    """(state after runs, state after steps); before: pipelines run into both first."""
    out = []
    for way in ("run", "steps"):
        url = warehouse(way)
        for early in before:
            finetl.run(early, url, env=env).ok()
        if way == "run":
            done = finetl.run(pipeline, url, env=env)
            assert done.code in (0, 4), done
        else:
            steps = Steps(finetl, pipeline, tmp_path / "R", url, env)
            for step in STEPS:
                done = steps(step)
                if step != "load":
                    done.ok()
        out.append((done.code, fresh_state(way)))
    return out


# ---- the same state ----

def financial(tmp_path, n_customers=120, n_transactions=1500):
    """(before, now): pipelines over nasty input, the first with a part of it."""
    customers, transactions = nasty.customers(61, n_customers), nasty.transactions(62, n_transactions, n_customers)
    pipelines_ = []
    for name, part in (("before", 0.4), ("now", 1.0)):
        (tmp_path / name).mkdir()
        for kind, case in (("customers", customers), ("transactions", transactions)):
            n = int(len(case.records) * part)
            while not case.records[n - 1].strip():
                n -= 1
            (tmp_path / name / f"{kind}.csv").write_bytes(nasty.joined(nasty.Case(case.header, case.records[:n])))
        pipelines_.append(write_pipeline(tmp_path / name, pipelines.financial()))
    return pipelines_


def test_references_keys_and_gates_end_as_in_a_run_into_sqlite(finetl, tmp_path):
    before, now = financial(tmp_path)
    run, steps = both_ways(finetl, tmp_path, now, lambda way: f"sqlite:{tmp_path / way}.db", lambda way: of_sqlite(tmp_path / f"{way}.db"), [before])
    assert run[0] == steps[0] == 0
    same(run, steps)
    assert steps[1]["rejects"] and len(steps[1]["audit"]) == 2


def test_references_keys_and_gates_end_as_in_a_run_into_postgres(finetl, tmp_path, postgres):
    before, now = financial(tmp_path)
    databases = {way: postgres.fresh() for way in ("run", "steps")}
    run, steps = both_ways(finetl, tmp_path, now, lambda way: databases[way].url, lambda way: of_postgres(databases[way]), [before])
    assert run[0] == steps[0] == 0
    same(run, steps)


def test_files_are_those_of_a_run(finetl, tmp_path):
    _, now = financial(tmp_path)
    for way in ("run", "steps"):
        (tmp_path / way).mkdir()
    run, steps = both_ways(finetl, tmp_path, now, lambda way: f"files:{tmp_path / way}", lambda way: of_files(tmp_path / way))
    assert run[0] == 0
    same(run, steps)


@pytest.mark.parametrize("limit", [{"max_rejected_percent": 1}, {"min_rows": 10**6}])
def test_a_held_load_is_held_as_a_run_is(finetl, tmp_path, limit):
    _, now = financial(tmp_path)
    held = pipelines.financial()
    held["datasets"][1]["gate"] = limit
    write_pipeline(now.parent, held)
    run, steps = both_ways(finetl, tmp_path, now, lambda way: f"sqlite:{tmp_path / way}.db", lambda way: of_sqlite(tmp_path / f"{way}.db"))
    assert run[0] == steps[0] == 4
    same(run, steps)
    state = json.loads((tmp_path / "R" / "load.json").read_text())
    assert (state["status"], state["exit_code"], state["result"]["step"]) == ("held", 4, "load")


def rules_of(kind):
    return [{"id": "good", "check": "name <> 'bad'"}, {"id": f"of_{kind.replace('-', '_')}", "check": "id <> 7"}]


@pytest.mark.parametrize("name", sorted(sources.SOURCES))
def test_every_source_ends_as_in_a_run(finetl, tmp_path, request, name):
    """An earlier part is in the warehouse, with changes to come."""
    rows = [{**row, "changed": moment(i)} for i, row in enumerate(records(900, seed=5))]
    for row in rows[::31]:
        row["name"] = "bad"
    with sources.opened(name, tmp_path, request) as source:
        source.put([{**row, "amount": "0.01"} if i % 9 == 0 else row for i, row in enumerate(rows[:300])])
        pipeline = write_pipeline(tmp_path, pipeline_of(source, rules=rules_of(name)))
        warehouses = {way: tmp_path / f"{way}.db" for way in ("run", "steps")}
        finetl.run(pipeline, f"sqlite:{warehouses['run']}", env=source.env).ok()
        shutil.copy(warehouses["run"], warehouses["steps"])
        source.put(rows)
        done = finetl.run(pipeline, f"sqlite:{warehouses['run']}", env=source.env).ok()
        steps = Steps(finetl, pipeline, tmp_path / "R", f"sqlite:{warehouses['steps']}", source.env)
        loaded = steps.all()[-1]
        same(of_sqlite(warehouses["run"]), of_sqlite(warehouses["steps"]))
        assert loaded["datasets"][0]["updated"] == done.dataset("facts")["updated"] > 0
        assert loaded["datasets"][0]["rejected"] > 0
        secrets = [v for k, v in source.env.items() if "SECRET" in k or "PASSWORD" in k]
        written = b"".join(p.read_bytes() for p in (tmp_path / "R").rglob("*.json"))
        assert not any(secret.encode() in written for secret in secrets)


INCREMENTAL = {"api-cursor": {"query": {"since": "{since}"}}, "sqlite": {}, "postgresql": {}}


@pytest.mark.parametrize("name", sorted(INCREMENTAL))
def test_incremental_sources_leave_the_watermark_of_a_run(finetl, tmp_path, request, name):
    rows = [{**row, "changed": moment(i)} for i, row in enumerate(records(400, seed=6))]
    with sources.opened(name, tmp_path, request) as source:
        source.put(rows[:150])
        pipeline = write_pipeline(tmp_path, pipeline_of(source, incremental={"cursor": "changed", "start": "2024-12-31T00:00:00Z"},
                                                        **INCREMENTAL[name]))
        states = {}
        for way in ("run", "steps"):
            url = f"sqlite:{tmp_path / way}.db"
            source.put(rows[:150])
            for turn, n in enumerate((150, 400, 400)):
                source.put(rows[:n])
                if way == "run":
                    finetl.run(pipeline, url, env=source.env).ok()
                else:
                    Steps(finetl, pipeline, tmp_path / f"R{turn}", url, source.env).all()
            states[way] = of_sqlite(tmp_path / f"{way}.db")
        same(states["run"], states["steps"])
        assert len(states["steps"]["watermarks"]) == 1
        # What is there by now was not asked for again.
        read = [row[2] for row in states["steps"]["audit"]]
        assert read[0] == 150 and read[1] < 300 and read[2] < 10


def test_a_backfill_reads_its_window_and_leaves_the_watermark(finetl, tmp_path, request):
    rows = [{**row, "changed": moment(i)} for i, row in enumerate(records(300, seed=6))]
    with sources.opened("sqlite", tmp_path, request) as source:
        source.put(rows)
        pipeline = write_pipeline(tmp_path, pipeline_of(source, incremental={"cursor": "changed"}))
        window = ("--from", moment(50), "--to", moment(70))
        finetl.run(pipeline, f"sqlite:{tmp_path / 'run.db'}", *window).ok()
        steps = Steps(finetl, pipeline, tmp_path / "R", f"sqlite:{tmp_path / 'steps.db'}")
        steps("extract", *window).ok()
        assert steps("extract").code == 8  # another window
        steps("transform").ok()
        steps("load").ok()
        same(of_sqlite(tmp_path / "run.db"), of_sqlite(tmp_path / "steps.db"))
        assert of_sqlite(tmp_path / "steps.db")["audit"][0][2] == 20


def test_objects_that_the_manifest_knows_are_skipped(finetl, tmp_path):
    (tmp_path / "in").mkdir()
    pipeline = pipelines.financial()
    _, now = financial(tmp_path, 50, 300)
    head, *lines = (now.parent / "customers.csv").read_bytes().splitlines(keepends=True)
    pipeline["datasets"] = pipeline["datasets"][:1]
    pipeline["targets"] = {"dim_customers": pipeline["targets"]["dim_customers"]}
    pipeline["datasets"][0]["source"] = {"csv": str(tmp_path / "in" / "*.csv"), "incremental": "objects"}
    path = write_pipeline(tmp_path, pipeline)
    states = {}
    for way in ("run", "steps"):
        for old in (tmp_path / "in").iterdir():
            old.unlink()
        url = f"sqlite:{tmp_path / way}.db"
        for turn in range(3):
            if turn < 2:
                file = tmp_path / "in" / f"{turn}.csv"
                file.write_bytes(head + b"".join(lines[turn * 20:turn * 20 + 20]))
                os.utime(file, (1700000000 + turn, 1700000000 + turn))
            if way == "run":
                finetl.run(path, url).ok()
            else:
                steps = Steps(finetl, path, tmp_path / f"R{turn}", url)
                steps.all()
        states[way] = of_sqlite(tmp_path / f"{way}.db")
    same(states["run"], states["steps"])
    assert [o[6] for o in states["steps"]["objects"]] == ["loaded", "skipped", "loaded", "skipped", "skipped"]
    nothing = Steps(finetl, path, tmp_path / "R3", f"sqlite:{tmp_path / 'steps.db'}")("extract", "--exit-99-if-nothing")
    assert nothing.code == 99 and nothing.result["exit_code"] == 99


def test_values_that_lines_of_json_cannot_tell_are_judged_as_in_a_run(finetl, tmp_path):
    """Floats, bytes, texts that are no UTF-8 or have a NUL, numbers as they are, and keys that JSON has to escape."""
    db = sqlite3.connect(tmp_path / "source.db")
    db.execute('CREATE TABLE facts (id, amount, name, "a ""b"".c", day)')
    values = [("1", "1.50"), ("2", 2), ("3", 3.25), ("4", b"\x00\xff"), ("5", None), ("6", "x"), ("7", "")]
    for i, amount in values:
        db.execute("INSERT INTO facts VALUES (?, ?, ?, ?, ?)", (i, amount, f'n"\\\n\t{i}', "é\u2028", "2025-01-01"))
    for i, raw in enumerate((b"ff41", b"610062", b"c3a9", b"c3", b"")):
        db.execute(f"INSERT INTO facts VALUES ({100 + i}, 1, CAST(x'{raw.decode()}' AS TEXT), 1.5, x'00')")
    db.commit()
    db.close()
    pipeline = write_pipeline(tmp_path, {
        "version": 1, "pipeline": "odd", "datasets": [{"name": "facts", "target": "facts",
        "source": {"sqlite": str(tmp_path / "source.db"), "table": "facts"},
        "columns": [{"name": "id", "type": "int", "required": True}, {"name": "amount", "type": "decimal(12,2)"},
                    {"name": "name", "type": "text(40)"}, {"name": "c", "from": 'a "b".c', "type": "text(40)"}, {"name": "day", "type": "date"}]}],
        "targets": {"facts": {"key": ["id"]}}})
    run, steps = both_ways(finetl, tmp_path, pipeline, lambda way: f"sqlite:{tmp_path / way}.db", lambda way: of_sqlite(tmp_path / f"{way}.db"))
    assert run[0] == 0
    same(run, steps)
    reasons = {reason for row in steps[1]["rejects"] for reason in json.loads(row[6])}
    assert {"amount:float", "amount:bytes", "amount:not_a_number", "day:bytes"} <= reasons, reasons
    assert sum(len(t) for t in steps[1]["rows"].values()) >= 4


def test_a_selection_is_that_of_all_steps(finetl, tmp_path):
    _, now = financial(tmp_path, 60, 200)
    finetl.run(now, f"sqlite:{tmp_path / 'run.db'}", "--select", "customers").ok()
    steps = Steps(finetl, now, tmp_path / "R", f"sqlite:{tmp_path / 'steps.db'}")
    steps("extract", "--select", "customers").ok()
    steps("transform").ok()
    assert [d["name"] for d in steps("load").ok().result["datasets"]] == ["customers"]
    same(of_sqlite(tmp_path / "run.db"), of_sqlite(tmp_path / "steps.db"))
    assert not (tmp_path / "R" / "raw" / "transactions").exists()


def test_parameters_are_handed_on(finetl, tmp_path):
    _, now = financial(tmp_path, 60, 200)
    pipeline = pipelines.financial()
    pipeline["params"] = {"of": "nobody"}
    pipeline["datasets"][0]["source"] = {"csv": "{of}.csv"}
    write_pipeline(now.parent, pipeline)
    finetl.run(now, f"sqlite:{tmp_path / 'run.db'}", "--param", "of=customers").ok()
    steps = Steps(finetl, now, tmp_path / "R", f"sqlite:{tmp_path / 'steps.db'}")
    steps("extract", "--param", "of=them", "--param", "of=customers").ok()
    assert steps("extract").code == 8  # other parameters are another configuration
    steps("transform").ok()
    steps("load").ok()
    same(of_sqlite(tmp_path / "run.db"), of_sqlite(tmp_path / "steps.db"))


# ---- what is written ----

def test_clean_and_rejected_records_are_told_by_files(finetl, tmp_path):
    _, now = financial(tmp_path)
    steps = Steps(finetl, now, tmp_path / "R", f"sqlite:{tmp_path / 'w.db'}")
    extracted, transformed, loaded = steps.all()
    for dataset in transformed["datasets"]:
        rows = read_csv(tmp_path / "R" / "clean" / f"{dataset['name']}.csv")
        rejects = read_rejects(tmp_path / "R" / "rejects" / f"{dataset['name']}.rejects.csv")
        assert len(rows) - 1 == dataset["inserted"]
        assert len(rejects) == dataset["rejected"]
        assert dataset["read"] == dataset["filtered"] + dataset["inserted"] + dataset["rejected"]
        after = next(d for d in loaded["datasets"] if d["name"] == dataset["name"])
        assert after["read"] == dataset["read"] and after["rejected"] >= dataset["rejected"]
    for result, step in ((extracted, "extract"), (transformed, "transform"), (loaded, "load")):
        assert (result["step"], result["run_dir"], result["exit_code"]) == (step, str(tmp_path / "R"), 0)
        state = json.loads((tmp_path / "R" / f"{step}.json").read_text())
        assert state["run_id"] == extracted["run_id"] == result["run_id"]
        for file in state["files"]:
            assert (tmp_path / "R" / file["path"]).stat().st_size == file["size"]
    raw = tmp_path / "R" / "raw" / "transactions" / "00001-transactions.csv"
    assert raw.read_bytes() == (now.parent / "transactions.csv").read_bytes()
    assert not any(p.stat().st_mode & stat.S_IRWXO for p in (tmp_path / "R").rglob("*") if p.is_file())


def test_each_step_again_does_nothing_and_says_the_same(finetl, tmp_path):
    _, now = financial(tmp_path)
    steps = Steps(finetl, now, tmp_path / "R", f"sqlite:{tmp_path / 'w.db'}")
    first = steps.all()
    files = {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in (tmp_path / "R").rglob("*") if p.is_file() and p.name != ".finetl.lock"}
    state = of_sqlite(tmp_path / "w.db")
    assert steps.all() == first
    assert {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in files} == files
    assert of_sqlite(tmp_path / "w.db") == state


def test_a_step_needs_the_one_before(finetl, tmp_path):
    _, now = financial(tmp_path, 20, 60)
    steps = Steps(finetl, now, tmp_path / "R", f"sqlite:{tmp_path / 'w.db'}")
    for step, before in (("transform", "extract"), ("load", "extract")):
        done = steps(step)
        assert done.code == 2 and f"finetl {before}" in done.result["error"], done
        assert done.result["step"] == step
    steps("extract").ok()
    done = steps("load")
    assert done.code == 2 and "finetl transform" in done.result["error"]
    assert steps("transform", "--nonsense").result["exit_code"] == 2
    assert finetl("extract", now).result["exit_code"] == 2


def test_a_directory_of_another_run_is_refused(finetl, tmp_path):
    _, now = financial(tmp_path, 20, 60)
    steps = Steps(finetl, now, tmp_path / "R", f"sqlite:{tmp_path / 'w.db'}")
    steps("extract").ok()
    text = now.read_text()
    for other in (text.replace('"pipeline": "', '"pipeline": "other_'), text.replace("1000000", "999999")):
        assert other != text
        now.write_text(other)
        for step in STEPS[:2]:
            done = steps(step)
            assert done.code == 8 and "another directory" in done.result["error"], done
    now.write_text(text)
    assert finetl("extract", now, "--run-dir", tmp_path / "R", "--select", "customers", "--run-time", RUN_TIME).code == 8
    assert finetl("extract", now, "--run-dir", tmp_path / "R", "--run-time", "2026-03-02T00:00:00Z").code == 8
    steps("extract").ok()


def seal(path, change):
    """Changes a state and seals it again, as one who means it would."""
    text = path.read_text()
    at = text.rindex(',\n  "sha256": "')
    new = change(text[:at])
    assert new != text[:at]
    path.write_text(f'{new},\n  "sha256": "{hashlib.sha256(new.encode()).hexdigest()}"\n}}\n')


def test_a_directory_is_that_of_one_warehouse(finetl, tmp_path):
    _, now = financial(tmp_path, 20, 60)
    steps = Steps(finetl, now, tmp_path / "R", f"sqlite:{tmp_path / 'w.db'}")
    for step in STEPS[:3]:
        steps(step).ok()
    for step in ("load", "checks"):
        done = finetl(step, "--run-dir", tmp_path / "R", "--warehouse", f"sqlite:{tmp_path / 'other.db'}")
        assert done.code == 8 and "w.db" in done.stdout and "other.db" in done.stdout, done
    assert not (tmp_path / "other.db").exists()
    steps("load").ok()


def test_another_version_is_refused(finetl, tmp_path):
    _, now = financial(tmp_path, 20, 60)
    steps = Steps(finetl, now, tmp_path / "R", f"sqlite:{tmp_path / 'w.db'}")
    steps("extract").ok()
    seal(tmp_path / "R" / "extract.json", lambda text: text.replace('"finetl_version": "', '"finetl_version": "9.'))
    done = steps("transform")
    assert done.code == 8 and "9." in done.result["error"]


TAMPERED = {
    "raw/customers/00001-customers.csv": ["transform", "load"],
    "raw/transactions/manifest.ndjson": ["extract", "transform", "load"],
    "clean/transactions.csv": ["transform", "load"],
    "rejects/transactions.rejects.csv": ["transform", "load"],
    "extract.json": ["extract", "transform", "load"],
    "transform.json": ["transform", "load"],
}


@pytest.mark.parametrize("name", sorted(TAMPERED))
@pytest.mark.parametrize("how", ["byte", "longer", "gone"])
def test_what_was_changed_is_refused_and_named(finetl, tmp_path, name, how):
    _, now = financial(tmp_path, 20, 60)
    steps = Steps(finetl, now, tmp_path / "R", f"sqlite:{tmp_path / 'w.db'}")
    steps("extract").ok()
    steps("transform").ok()
    path = tmp_path / "R" / name
    data = bytearray(path.read_bytes())
    if how == "gone":
        path.unlink()
    else:
        at = len(data) // 2
        path.write_bytes(bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]) if how == "byte" else bytes(data) + b"\n")
    for step in TAMPERED[name]:
        if how == "gone" and name.endswith("json") and "/" not in name or step == "transform" and name.startswith("raw/c"):
            continue  # one that is missing is made again; a step that is done looks at its own files
        done = steps(step)
        assert done.code == 8, (step, done)
        assert name.split("/")[-1].split(".")[0] in done.result["error"], done
    assert not (tmp_path / "w.db").exists()


def test_states_that_were_sealed_anew_still_have_to_agree(finetl, tmp_path):
    _, now = financial(tmp_path, 20, 60)
    steps = Steps(finetl, now, tmp_path / "R", f"sqlite:{tmp_path / 'w.db'}")
    steps("extract").ok()
    n = steps("transform").ok().dataset("transactions")["read"]
    seal(tmp_path / "R" / "transform.json", lambda text: text.replace(f'"read":{n}', f'"read":{n + 1}'))
    done = steps("load")
    assert done.code == 8 and f"transform tells of read {n + 1}" in done.result["error"], done
    assert of_sqlite(tmp_path / "w.db")["audit"][0][1] == "failed"
    seal(tmp_path / "R" / "extract.json", lambda text: text + " ")
    done = steps("load")
    assert done.code == 8 and "extract.json" in done.result["error"]


def test_a_load_that_failed_is_tried_again_under_an_id_of_its_own(finetl, tmp_path):
    _, now = financial(tmp_path, 20, 60)
    steps = Steps(finetl, now, tmp_path / "R", f"sqlite:{tmp_path / 'w.db'}")
    steps("extract").ok()
    steps("transform").ok()
    with contextlib.closing(sqlite3.connect(tmp_path / "w.db")) as db:
        db.execute("CREATE TABLE dim_customers (stranger)")
    assert steps("load").code == 8
    first = json.loads((tmp_path / "R" / "load.json").read_text())
    assert first["exit_code"] == 8
    with contextlib.closing(sqlite3.connect(tmp_path / "w.db")) as db:
        db.execute("DROP TABLE dim_customers")
    loaded = steps("load").ok().result
    assert loaded["run_id"] != first["run_id"] and steps("load").ok().result == loaded
    assert [row[1] for row in of_sqlite(tmp_path / "w.db")["audit"]] == ["failed", "success_with_rejects"]


def test_one_step_at_a_time_works_on_a_directory(finetl, tmp_path):
    _, now = financial(tmp_path, 20, 60)
    steps = Steps(finetl, now, tmp_path / "R", f"sqlite:{tmp_path / 'w.db'}")
    steps("extract").ok()
    with open(tmp_path / "R" / ".finetl.lock", "rb+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert steps("transform", "--wait", "0").code == 6
    steps("transform").ok()


def test_standard_input_is_kept(finetl, tmp_path):
    pipeline = pipelines.financial()
    _, now = financial(tmp_path, 30, 60)
    data = (now.parent / "customers.csv").read_bytes()
    pipeline["datasets"][0]["source"] = {"csv": "-"}
    path = write_pipeline(now.parent, pipeline, "stdin.yaml")
    for way in ("run", "steps"):
        warehouse = f"sqlite:{tmp_path / way}.db"
        with open(tmp_path / "in.csv", "wb") as f:
            f.write(data)
        with open(tmp_path / "in.csv", "rb") as stdin:
            if way == "run":
                finetl("run", path, "--warehouse", warehouse, "--run-time", RUN_TIME, stdin=stdin).ok()
            else:
                steps = Steps(finetl, path, tmp_path / "R", warehouse)
                steps("extract", stdin=stdin).ok()
                steps("transform", stdin=subprocess.DEVNULL).ok()
                steps("load", stdin=subprocess.DEVNULL).ok()
    run, steps = of_sqlite(tmp_path / "run.db"), of_sqlite(tmp_path / "steps.db")
    assert {k: v for k, v in run.items() if k != "objects"} == {k: v for k, v in steps.items() if k != "objects"}


def test_columns_that_were_found_are_those_of_all_steps(finetl, tmp_path, request):
    rows = [{**row, "Shoe size": str(i)} for i, row in enumerate(records(50, seed=8))]
    with sources.opened("csv", tmp_path, request) as source:
        source.put(rows, [*COLUMNS, "Shoe size"])
        pipeline = write_pipeline(tmp_path, pipeline_of(source, contract="evolve"))
        run, steps = both_ways(finetl, tmp_path, pipeline, lambda way: f"sqlite:{tmp_path / way}.db", lambda way: of_sqlite(tmp_path / f"{way}.db"))
        assert run[0] == 0
        same(run, steps)
        assert any("42" in row for row in steps[1]["rows"]["facts"])
        # What comes later is of another run.
        source.put(rows, COLUMNS)
        again = Steps(finetl, pipeline, tmp_path / "R", f"sqlite:{tmp_path / 'steps.db'}")
        again.all()


# ---- kills ----

def test_steps_that_are_killed_end_in_the_same_state(finetl, tmp_path, is_long):
    """At seeded moments, each step in turn; then again to the end."""
    chance, n = random.Random("kill steps"), 200 if is_long else 30
    before, now = financial(tmp_path, 400, 6000)
    start = tmp_path / "before.db"
    finetl.run(before, f"sqlite:{start}").ok()
    shutil.copy(start, tmp_path / "run.db")
    finetl.run(now, f"sqlite:{tmp_path / 'run.db'}").ok()
    wanted = of_sqlite(tmp_path / "run.db")
    seconds, n_killed = {}, 0
    for turn in range(2 * n):
        step = STEPS[turn % 3]
        run_dir, warehouse = tmp_path / f"R{turn}", tmp_path / "w.db"
        for old in tmp_path.glob("w.db*"):
            old.unlink()
        shutil.copy(start, warehouse)
        steps = Steps(finetl, now, run_dir, f"sqlite:{warehouse}")
        for done in STEPS[:STEPS.index(step)]:
            steps(done).ok()
        if step not in seconds:
            started = time.monotonic()
            steps(step).ok()
            seconds[step] = time.monotonic() - started
            shutil.rmtree(run_dir)
            continue
        child = finetl.start(*steps.command(step), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(seconds[step] * chance.random())
        child.kill()
        n_killed += child.wait() == -signal.SIGKILL
        results = steps.all()
        state = of_sqlite(warehouse)
        assert {k: v for k, v in state.items() if k not in ("objects", "audit")} == {k: v for k, v in wanted.items() if k not in ("objects", "audit")}
        assert [a for a in state["audit"] if a[1] != "abandoned"] == wanted["audit"]
        assert steps.all() == results
        shutil.rmtree(run_dir)
        if n_killed >= n:
            break
    assert n_killed >= n
    print(f"{n_killed} of {turn + 1} killed")


@pytest.mark.parametrize("point", ["load.commit", "writer.flush", "writer.finish", "writer.publish", "writer.published", "run.batch"])
def test_steps_killed_at_a_failpoint_end_in_the_same_state(finetl, failing_finetl, tmp_path, point):
    _, now = financial(tmp_path, 50, 400)
    finetl.run(now, f"sqlite:{tmp_path / 'run.db'}").ok()
    wanted = of_sqlite(tmp_path / "run.db")
    for number in (1, 2, 3):
        run_dir, warehouse = tmp_path / f"R{number}", tmp_path / f"w{number}.db"
        steps = Steps(finetl, now, run_dir, f"sqlite:{warehouse}")
        failing = Steps(failing_finetl, now, run_dir, f"sqlite:{warehouse}", {"FINETL_FAILPOINT": f"{point}:{number}=kill"})
        for step in STEPS:
            failing(step)
            steps(step).ok()
        state = of_sqlite(warehouse)
        assert {k: v for k, v in state.items() if k not in ("objects", "audit")} == {k: v for k, v in wanted.items() if k not in ("objects", "audit")}
        assert [a for a in state["audit"] if a[1] != "abandoned"] == wanted["audit"]


def test_a_load_that_committed_and_died_is_not_loaded_again(finetl, tmp_path):
    _, now = financial(tmp_path, 50, 400)
    steps = Steps(finetl, now, tmp_path / "R", f"sqlite:{tmp_path / 'w.db'}")
    loaded = steps.all()[-1]
    state = of_sqlite(tmp_path / "w.db")
    (tmp_path / "R" / "load.json").unlink()
    again = steps("load").ok().result
    assert of_sqlite(tmp_path / "w.db") == state
    assert (again["run_id"], again["status"], again["published"]) == (loaded["run_id"], loaded["status"], True)
    for a, b in zip(again["datasets"], loaded["datasets"], strict=True):
        assert {k: b[k] for k in a} == a and a["read"] > 0


def test_a_load_told_by_the_audit_row_is_of_its_warehouse_too(finetl, tmp_path):
    _, now = financial(tmp_path, 20, 60)
    steps = Steps(finetl, now, tmp_path / "R", f"sqlite:{tmp_path / 'w.db'}")
    steps.all()
    (tmp_path / "R" / "load.json").unlink()
    assert steps("load").ok().result["warehouse"] == f"sqlite:{tmp_path / 'w.db'}"
    other = Steps(finetl, now, tmp_path / "R", f"sqlite:{tmp_path / 'other.db'}")
    assert other("load").code == 8 and not (tmp_path / "other.db").exists()


def test_a_line_made_of_the_audit_row_has_no_sums_of_personal_columns(finetl, tmp_path):
    (tmp_path / "in.csv").write_text("id,amount,salary\na,1.00,4711.25\n")
    path = write_pipeline(tmp_path, {
        "version": 1, "pipeline": "p", "targets": {"t": {"key": ["id"]}},
        "datasets": [{"name": "d", "source": {"csv": "in.csv"}, "target": "t", "columns": [
            {"name": "id", "type": "text(9)"}, {"name": "amount", "type": "decimal(9,2)"},
            {"name": "salary", "type": "decimal(9,2)", "pii": True}]}]})
    steps = Steps(finetl, path, tmp_path / "R", f"sqlite:{tmp_path / 'w.db'}")
    loaded = steps.all()[-1]
    (tmp_path / "R" / "load.json").unlink()
    again = steps("load").ok().result
    assert [list(r["datasets"][0]["sums"]) for r in (loaded, again)] == [["amount"], ["amount"]]


def test_a_step_that_is_asked_to_stop_leaves_no_state(finetl, tmp_path):
    asked = threading.Event()

    def slow(request):
        asked.set()
        return hold()

    with FaultServer({"/rows.csv": slow}) as server:
        pipeline = pipelines.financial()
        pipeline["datasets"] = pipeline["datasets"][:1]
        pipeline["targets"] = {"dim_customers": pipeline["targets"]["dim_customers"]}
        pipeline["datasets"][0]["source"] = {"csv": server.url("/rows.csv"), "network": {"allow_http": True, "allow_private_addresses": True}}
        steps = Steps(finetl, write_pipeline(tmp_path, pipeline), tmp_path / "R", f"sqlite:{tmp_path / 'w.db'}")
        child = finetl.start(*steps.command("extract"))
        assert asked.wait(10)
        child.send_signal(signal.SIGTERM)
        out, _ = child.communicate(timeout=10)
    assert child.returncode == 9 and json.loads(out)["exit_code"] == 9
    assert not (tmp_path / "R" / "extract.json").exists()


# ---- elsewhere ----

def test_a_run_directory_on_s3_ends_as_a_run(finetl, tmp_path):
    try:
        import s3servers
    except ImportError as error:
        absent(f"S3: {error}")
    before, now = financial(tmp_path, 40, 300)
    with open(tmp_path / "moto.log", "w", encoding="utf-8") as log:
        server = s3servers.start_moto(log)
        try:
            client = server.client()
            client.create_bucket(Bucket="runs")
            env = server.env(TMPDIR=str(tmp_path))
            finetl.run(before, f"sqlite:{tmp_path / 'run.db'}").ok()
            shutil.copy(tmp_path / "run.db", tmp_path / "steps.db")
            finetl.run(now, f"sqlite:{tmp_path / 'run.db'}").ok()
            steps = Steps(finetl, now, "s3://runs/night/1", f"sqlite:{tmp_path / 'steps.db'}", env)
            missing = steps("transform")
            assert missing.code == 2 and "finetl extract" in missing.result["error"]
            first = steps.all()
            assert steps.all() == first
            same(of_sqlite(tmp_path / "run.db"), of_sqlite(tmp_path / "steps.db"))
            keys = {o["Key"] for o in client.list_objects_v2(Bucket="runs")["Contents"]}
            assert {"night/1/extract.json", "night/1/transform.json", "night/1/load.json", "night/1/raw/customers/manifest.ndjson",
                    "night/1/clean/customers.csv", "night/1/rejects/transactions.rejects.csv"} <= keys
            assert client.list_multipart_uploads(Bucket="runs").get("Uploads", []) == []
            client.put_object(Bucket="runs", Key="night/1/clean/customers.csv", Body=b"x")
            assert steps("load").code == 8
        finally:
            server.stop()


# ---- checks ----

def test_checks_follow_the_load_and_leave_their_state(finetl, tmp_path):
    _, now = financial(tmp_path, 50, 400)
    steps = Steps(finetl, now, tmp_path / "R", f"sqlite:{tmp_path / 'w.db'}")
    steps("extract").ok()
    steps("transform").ok()
    done = steps("checks")
    assert done.code == 2 and "finetl load" in done.result["error"]
    steps("load").ok()
    result = steps("checks").ok().result
    assert (result["step"], result["status"]) == ("checks", "success")
    assert {c["status"] for c in result["checks"]["checks"]} <= {"passed", "skipped"}
    assert steps("checks").ok().result == result


def test_checks_that_fail_are_told_and_tried_again(finetl, tmp_path):
    _, now = financial(tmp_path, 50, 400)
    steps = Steps(finetl, now, tmp_path / "R", f"sqlite:{tmp_path / 'w.db'}")
    steps.all()
    (tmp_path / "checks").mkdir()
    check = tmp_path / "checks" / "none.sql"
    check.write_text("-- SPDX-License-Identifier: Apache-2.0\n-- check: none\n-- severity: critical\n-- means: There are no rows.\n"
                     "-- needs: fact_transactions(transaction_id)\nSELECT count(*) OVER () AS broken, transaction_id FROM main.fact_transactions LIMIT 5\n")
    done = steps("checks", "--checks", tmp_path / "checks")
    assert done.code == 4, done
    assert done.result["status"] == "held" and done.result["checks"]["checks"][0]["status"] == "failed"
    assert json.loads((tmp_path / "R" / "checks.json").read_text())["exit_code"] == 4
    assert steps("checks").ok().result["status"] == "success"


# ---- people ----

def told_pipeline(folder, server, **gate):
    pipeline = pipelines.financial()
    pipeline["notify"] = [{"webhook": server.url("/t0ps3cret"), "allow_http": True, "allow_private_addresses": True,
                           "on": ["failed", "held", "success"]}]
    if gate:
        pipeline["datasets"][1]["gate"] = gate
    return write_pipeline(folder, pipeline)


def test_people_are_told_by_the_last_step_alone(finetl, tmp_path):
    heard = []
    with FaultServer({"/t0ps3cret": lambda request: heard.append(request.body.decode()) or Answer(b"ok")}) as server:
        _, now = financial(tmp_path, 50, 400)
        told_pipeline(now.parent, server)
        steps = Steps(finetl, now, tmp_path / "R", f"sqlite:{tmp_path / 'w.db'}")
        loaded = steps.all()[-1]
        assert steps("checks").code == 0 and heard == []
        result = steps("notify", "--warehouse", steps.warehouse).ok().result
        assert len(heard) == 1 and loaded["run_id"] in heard[0]
        assert result["step"] == "notify" and result["notifications"][0]["sent"]
        assert steps("notify", "--warehouse", steps.warehouse).ok().result == result and len(heard) == 1
    assert not any("t0ps3cret" in p.read_text() for p in (tmp_path / "R").rglob("*.json"))


def test_people_are_told_of_steps_that_failed_and_again_of_what_came_after(finetl, tmp_path):
    heard = []
    with FaultServer({"/t0ps3cret": lambda request: heard.append(request.body.decode()) or Answer(b"ok")}) as server:
        _, now = financial(tmp_path, 50, 400)
        told_pipeline(now.parent, server)
        steps = Steps(finetl, now, tmp_path / "R", f"sqlite:{tmp_path / 'w.db'}")
        customers = now.parent / "customers.csv"
        customers.rename(tmp_path / "away.csv")
        assert steps("extract").code == 2
        steps("notify", "--warehouse", steps.warehouse).ok()
        assert len(heard) == 1 and "failed" in heard[0] and "no file matches" in heard[0]
        assert f"finetl extract {now} --run-dir {tmp_path / 'R'}" in heard[0]
        (tmp_path / "away.csv").rename(customers)
        steps.all()
        steps("notify", "--warehouse", steps.warehouse).ok()
        assert len(heard) == 2 and "no file matches" not in heard[1]


def test_records_that_were_kept_and_are_wrong_are_extracted_anew(finetl, tmp_path):
    heard = []
    with FaultServer({"/t0ps3cret": lambda request: heard.append(request.body.decode()) or Answer(b"ok")}) as server:
        _, now = financial(tmp_path, 50, 400)
        told_pipeline(now.parent, server)
        steps = Steps(finetl, now, tmp_path / "R", f"sqlite:{tmp_path / 'w.db'}")
        customers = now.parent / "customers.csv"
        good = customers.read_bytes()
        customers.write_bytes(good + b'"never closed\n')
        steps("extract").ok()
        assert steps("transform").code == 3
        customers.write_bytes(good)
        assert steps("extract").ok() and steps("transform").code == 3  # what was kept is as it was
        anew = f"finetl extract {now} --run-dir ANOTHER"
        refused = steps("load")
        assert refused.code == 2 and anew in refused.result["error"]
        steps("notify", "--warehouse", steps.warehouse).ok()
        assert len(heard) == 1 and anew in heard[0]


def test_people_are_told_of_a_load_that_was_held(finetl, tmp_path):
    heard = []
    with FaultServer({"/t0ps3cret": lambda request: heard.append(request.body.decode()) or Answer(b"ok")}) as server:
        _, now = financial(tmp_path, 50, 400)
        told_pipeline(now.parent, server, min_rows=10**6)
        steps = Steps(finetl, now, tmp_path / "R", f"sqlite:{tmp_path / 'w.db'}")
        steps("extract").ok()
        steps("transform").ok()
        assert steps("load").code == 4 and heard == []
        steps("notify", "--warehouse", steps.warehouse).ok()
        assert len(heard) == 1 and "min_rows" in heard[0]


def test_a_load_writes_metrics_and_lineage_as_a_run_does(finetl, tmp_path):
    _, now = financial(tmp_path, 50, 400)
    steps = Steps(finetl, now, tmp_path / "R", f"sqlite:{tmp_path / 'w.db'}")
    steps("extract").ok()
    steps("transform").ok()
    done = steps("load", "--metrics-textfile", tmp_path / "m.prom", "--openlineage-url", f"file:{tmp_path / 'events'}").ok()
    events = [json.loads(line) for line in (tmp_path / "events").read_text().splitlines()]
    assert [e["eventType"] for e in events] == ["START", "COMPLETE"]
    assert f"{done.dataset('transactions')['read']}" in (tmp_path / "m.prom").read_text()
