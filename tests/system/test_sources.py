# SPDX-License-Identifier: Apache-2.0
"""What every source must do, asked of each alike: files, URLs, S3, APIs by each pagination, databases.

Order and provenance, limits, restart after a failure, an end within seconds when asked to stop,
exact values, nothing at all, columns too many or too few, and a second run that changes nothing.
"""

import contextlib
import signal
import sqlite3
import subprocess
import time

import pytest

import sources
from finetl import RUN_TIME, Finetl, dump, write_pipeline
from sources import COLUMNS, SOURCES, pipeline_of, records, rows_of, stored

N = 1000


@pytest.fixture(scope="module", params=list(SOURCES))
def source(request, tmp_path_factory):
    with sources.opened(request.param, tmp_path_factory.mktemp("source"), request) as made:
        yield made


@pytest.fixture
def load(finetl, tmp_path, source):
    """Runs a pipeline into a warehouse of this test's own."""
    def run(pipeline=None, *more, binary=finetl, **how):
        env = {**source.env, **how.pop("env", {})}
        return binary.run(write_pipeline(tmp_path, pipeline or pipeline_of(source)), f"sqlite:{run.warehouse}", *more, env=env, **how)

    run.warehouse = tmp_path / "w.db"
    return run


def place_of(source, i):
    """Object and record number of the record at a place, from 0."""
    for number, n in enumerate(source.parts):
        if i < n:
            return number, i + 1
        i -= n
    raise IndexError


def test_records_come_in_order_and_say_where_they_are_from(load, source):
    rows = list(records(N))
    for row in rows[::7]:
        row["name"] = "bad"
    source.put(rows)
    done = load(pipeline_of(source, rules=[{"id": "good", "check": "name <> 'bad'"}])).ok().dataset("facts")
    n_bad = len(rows[::7])
    assert (done["read"], done["inserted"], done["rejected"]) == (N, N - n_bad, n_bad)
    with contextlib.closing(sqlite3.connect(load.warehouse)) as db:
        objects = {oid: n for n, (oid,) in enumerate(db.execute("SELECT object_id FROM etl_objects ORDER BY object_id"))}
        assert len(objects) == len(source.parts)
        assert all(size > 0 and len(sha256) == 64 for size, sha256 in db.execute("SELECT size_bytes, sha256 FROM etl_objects"))
        loaded = {id_: (objects[oid], n) for id_, oid, n in db.execute("SELECT id, etl_object_id, etl_record FROM facts")}
        rejected = {source.id_of(raw if isinstance(raw, bytes) else raw.encode()): (objects[oid], n)
                    for raw, oid, n in db.execute("SELECT raw, object_id, record FROM etl_rejects")}
    assert loaded == {int(r["id"]): place_of(source, i) for i, r in enumerate(rows) if i % 7}
    assert rejected == {int(r["id"]): place_of(source, i) for i, r in enumerate(rows) if i % 7 == 0}


def test_values_are_exact(load, source):
    rows = list(records(N, seed=2))
    rows[0] |= {"amount": "9999999999999999.99", "rate": "999999999999.999999", "name": "ﬁ" * 60}
    rows[1] |= {"amount": "-9999999999999999.99", "rate": "0.000001", "name": "e\u0301\u200d\U0001f469"}
    rows[2] |= {"amount": "-0.00", "rate": "-0.000000", "name": "'; DROP TABLE facts; --"}
    rows[3] |= {"amount": "0.10", "rate": "0.100000", "day": "0001-01-01", "changed": "2025-12-31T23:59:59.999999Z"}
    rows[4] |= {"amount": None, "rate": None, "name": None, "day": "9999-12-31", "changed": "2025-03-30T01:30:00.000001Z"}
    source.put(rows)
    load().ok()
    assert rows_of(load.warehouse) == [stored(row) for row in rows]


def test_an_empty_text_is_null_and_a_nul_is_refused(load, source):
    rows = list(records(30))
    for row in rows:
        row["name"] = row["name"] or "somebody"
    rows[3]["name"], rows[4]["name"] = "", None
    rows[5]["name"] = "NULL"
    if source.can_have_nul:
        rows[6]["name"] = "Ann\0a"
    source.put(rows)
    done = load()
    kept = {row[0]: row[3] for row in rows_of(load.warehouse)}
    if source.can_have_nul:  # a file with it is none, or the record is rejected; it is never cut or dropped
        assert done.code == 3 or (done.ok().dataset("facts")["rejected"] == 1 and len(kept) == 29 and 7 not in kept), done
    else:
        done.ok()
        assert len(kept) == 30
    if kept:
        assert (kept[4], kept[5], kept[6]) == (None, None, "NULL")


def test_a_second_run_changes_nothing(load, source):
    rows = list(records(N, seed=3))
    source.put(rows)
    load().ok()
    before = dump(load.warehouse, ["facts"], without=set())
    done = load().ok().dataset("facts")
    assert (done["read"], done["unchanged"], done["inserted"], done["updated"]) == (N, N, 0, 0)
    assert dump(load.warehouse, ["facts"], without=set()) == before
    rows[500] = {**rows[500], "amount": "77.77"}
    source.put([*rows, *records(5, seed=4, first=N + 1)])
    done = load().ok().dataset("facts")
    assert (done["unchanged"], done["inserted"], done["updated"]) == (N - 1, 5, 1)


def test_no_records_are_an_error_unless_that_is_fine(load, source):
    source.put([])
    done = load()
    assert done.code == 3 and "allow_empty" in done.result["error"], done
    assert load(pipeline_of(source, allow_empty=True)).ok().dataset("facts")["read"] == 0


def test_a_column_too_many_is_named_left_out_or_added(load, source):
    rows = [{**row, "surprise": f"x{row['id']}"} for row in records(50)]
    source.put(rows, [*COLUMNS, "surprise"])
    done = load()
    assert done.code in (2, 3) and "surprise" in done.result["error"], done
    assert rows_of(load.warehouse) == []
    load(pipeline_of(source, contract="discard_column")).ok()
    assert rows_of(load.warehouse) == [stored(row) for row in rows]
    load(pipeline_of(source, contract="evolve")).ok()
    assert rows_of(load.warehouse) == [stored(row) for row in rows]
    with contextlib.closing(sqlite3.connect(load.warehouse)) as db:
        assert db.execute("SELECT id, surprise FROM facts ORDER BY id").fetchall() == [(int(r["id"]), r["surprise"]) for r in rows]


def test_a_column_that_is_gone_is_named_or_null(load, source):
    rows = [{**row, "rate": None} for row in records(50)]
    source.put(rows, [c for c in COLUMNS if c != "rate"])
    done = load()
    assert done.code in (2, 3) and "rate" in done.result["error"], done
    assert rows_of(load.warehouse) == []
    load(pipeline_of(source, contract="discard_column")).ok()
    assert rows_of(load.warehouse) == [stored(row) for row in rows]


def test_a_record_past_the_limit_ends_the_run(load, source):
    rows = list(records(20))
    rows[10]["surprise"] = "x" * (9 << 20)
    columns = [*COLUMNS, "surprise"]
    if source.is_query:
        source.types = {**source.types, "surprise": {"odbc": "longtext"}.get(source.kind, "text")}
    source.put([{"surprise": None, **row} for row in rows], columns)
    pipeline = pipeline_of(source, columns)
    pipeline["datasets"][0]["columns"][-1]["type"] = "text"
    done = load(pipeline)
    rejected = done.code == 0 and done.dataset("facts")["rejected"] == 1  # a line of NDJSON is a record for itself
    assert done.code == 5 or rejected, done
    assert len(rows_of(load.warehouse)) == (19 if rejected else 0)


def test_a_run_that_breaks_loads_nothing_and_the_next_one_all(load, source, failing_finetl):
    rows = list(records(9000))
    source.put(rows)
    for hit in (1, 2):
        done = load(binary=failing_finetl, env={"FINETL_FAILPOINT": f"run.batch:{hit}=eio"})
        assert done.code == 6 and rows_of(load.warehouse) == [], done
    done = load().ok().dataset("facts")
    assert (done["read"], done["inserted"]) == (9000, 9000)
    assert rows_of(load.warehouse) == [stored(row) for row in rows]


def test_a_run_that_waits_ends_when_asked_to(finetl, load, source, tmp_path):
    source.put(list(records(N)))
    with source.waiting() as (spec, stdin):
        path = write_pipeline(tmp_path, pipeline_of(source, spec=spec))
        child = subprocess.Popen([finetl.binary, "run", path, "--warehouse", f"sqlite:{load.warehouse}", "--run-time", RUN_TIME],
                                 env=Finetl.environment(source.env), stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        time.sleep(0.7)
        assert child.poll() is None, child.communicate()
        started = time.monotonic()
        child.send_signal(signal.SIGTERM)
        stdout, stderr = child.communicate(timeout=30)
        assert child.returncode == 9 and time.monotonic() - started < 10, (time.monotonic() - started, stdout, stderr)
    assert rows_of(load.warehouse) == []
