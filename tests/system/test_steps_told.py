# SPDX-License-Identifier: Apache-2.0
"""Steps that fail, or are killed before they told anybody: on record as a run would be, told as a run would be."""

import contextlib
import json
import shutil
from decimal import Decimal

import pytest

import pipelines
from faultserver import Answer, FaultServer
from finetl import connect, write_pipeline
from openlineage_events import check
from test_steps import STEPS, Steps, financial, of_postgres, of_sqlite, same, told_pipeline


def aborting(pipeline):
    """The same input, with a rule that ends the run at a record in the middle of it."""
    spec = pipelines.financial()
    spec["datasets"][1]["rules"].append({"id": "never", "check": "amount <> 33.33", "action": "abort"})
    path = pipeline.parent / "transactions.csv"
    lines = path.read_bytes().splitlines(keepends=True)
    lines.insert(len(lines) // 2, b"T-ABORT,C1,2026-02-01 10:00:00,33.33,M1,food,completed,card\n")
    path.write_bytes(b"".join(lines))
    return write_pipeline(pipeline.parent, spec)


def n_runs(path):
    with contextlib.closing(connect(path)) as db:
        return db.execute("SELECT count(*) FROM etl_audit_log").fetchone()[0]


def events_of(path):
    return [check(json.loads(line, parse_float=Decimal)) for line in path.read_text().splitlines()]


def metrics_of(path):
    return dict(line.rsplit(" ", 1) for line in path.read_text().splitlines() if not line.startswith("#"))


# ---- on record ----

@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_a_rule_that_aborts_leaves_the_state_of_a_run(finetl, tmp_path, request, engine):
    before, now = financial(tmp_path, 60, 500)
    now = aborting(now)
    states, codes = {}, {}
    for way in ("run", "steps"):
        if engine == "sqlite":
            url, state = f"sqlite:{tmp_path / way}.db", lambda way=way: of_sqlite(tmp_path / f"{way}.db")
        else:
            database = request.getfixturevalue("postgres").fresh()
            url, state = database.url, lambda database=database: of_postgres(database)
        finetl.run(before, url).ok()
        if way == "run":
            codes[way] = finetl.run(now, url).code
        else:
            steps = Steps(finetl, now, tmp_path / "R", url)
            steps("extract").ok()
            done = steps("transform", "--warehouse", url)
            codes[way] = done.code
            assert (done.result["step"], done.result["status"], done.result["exit_code"]) == ("transform", "held", 4)
        states[way] = state()
    assert codes == {"run": 4, "steps": 4}
    assert len(states["run"]["audit"]) == 2 and states["run"]["audit"][1][1] == "held"
    same(states["run"], states["steps"])
    # It is on record: neither step puts it there once more.
    refused = steps("load")
    assert refused.code == 2 and "--run-dir ANOTHER" in refused.result["error"]
    same(states["steps"], state())


def test_a_transform_without_its_warehouse_leaves_the_record_to_the_load(finetl, tmp_path):
    """Never into another one: the pipeline file's own is not the one that extract was given."""
    _, now = financial(tmp_path, 40, 300)
    now = aborting(now)
    spec = json.loads(now.read_text())
    spec["warehouse"] = f"sqlite:{tmp_path / 'other.db'}"
    write_pipeline(now.parent, spec)
    assert finetl.run(now, f"sqlite:{tmp_path / 'run.db'}").code == 4
    steps = Steps(finetl, now, tmp_path / "R", f"sqlite:{tmp_path / 'steps.db'}")
    steps("extract").ok()
    done = steps("transform")
    assert done.code == 4 and "not on record" in done.stderr
    assert not (tmp_path / "other.db").exists() and not (tmp_path / "steps.db").exists()
    assert steps("load").code == 4
    same(of_sqlite(tmp_path / "run.db"), of_sqlite(tmp_path / "steps.db"))


def test_a_warehouse_that_is_away_does_not_change_how_transform_ends(finetl, tmp_path):
    _, now = financial(tmp_path, 40, 300)
    now = aborting(now)
    (tmp_path / "w").mkdir()
    steps = Steps(finetl, now, tmp_path / "R", f"sqlite:{tmp_path / 'w' / 'w.db'}")
    steps("extract").ok()
    (tmp_path / "w").rename(tmp_path / "away")
    done = steps("transform", "--warehouse", steps.warehouse)
    assert done.code == 4 and "not on record" in done.stderr and "never" in done.result["error"]
    (tmp_path / "away").rename(tmp_path / "w")
    assert steps("load").code == 4 and n_runs(tmp_path / "w" / "w.db") == 1


def test_input_that_breaks_its_format_leaves_the_state_of_a_run(finetl, tmp_path):
    _, now = financial(tmp_path, 40, 300)
    with open(now.parent / "transactions.csv", "ab") as file:
        file.write(b'"never closed\n')
    assert finetl.run(now, f"sqlite:{tmp_path / 'run.db'}").code == 3
    steps = Steps(finetl, now, tmp_path / "R", f"sqlite:{tmp_path / 'steps.db'}")
    steps("extract").ok()
    assert steps("transform", "--warehouse", steps.warehouse).code == 3
    run, told = of_sqlite(tmp_path / "run.db"), of_sqlite(tmp_path / "steps.db")
    # The object is where it was found, and where it was kept: the error names what was read.
    for state in (run, told):
        state["audit"] = [row[:7] + row[8:11] for row in state["audit"]]
    same(run, told)


def test_an_extract_that_fails_is_a_failed_run_on_record_each_time(finetl, tmp_path):
    _, now = financial(tmp_path, 40, 300)
    (now.parent / "transactions.csv").rename(tmp_path / "away.csv")
    run = finetl.run(now, f"sqlite:{tmp_path / 'run.db'}")
    steps = Steps(finetl, now, tmp_path / "R", f"sqlite:{tmp_path / 'steps.db'}")
    done = steps("extract")
    assert done.code == run.code == 2 and done.result["error"] == run.result["error"]
    rows = []
    for name in ("run", "steps"):
        with contextlib.closing(connect(tmp_path / f"{name}.db")) as db:
            rows.append([tuple(r) for r in db.execute("SELECT pipeline_name, status, records_loaded, error_message, run_time, config_sha256 "
                                                      "FROM etl_audit_log")])
    assert rows[0] == rows[1] and rows[0][0][1] == "failed"
    assert steps("extract").code == 2 and n_runs(tmp_path / "steps.db") == 2
    (tmp_path / "away.csv").rename(now.parent / "transactions.csv")
    steps.all()
    with contextlib.closing(connect(tmp_path / "steps.db")) as db:
        assert [r[0] for r in db.execute("SELECT status FROM etl_audit_log ORDER BY start_time")] == ["failed", "failed", "success_with_rejects"]


# ---- metrics and lineage ----

@pytest.mark.parametrize("step", ["extract", "transform"])
def test_metrics_and_lineage_tell_of_a_step_that_failed(finetl, tmp_path, step):
    _, now = financial(tmp_path, 40, 300)
    tell = ("--metrics-textfile", tmp_path / "m.prom", "--openlineage-url", f"file:{tmp_path / 'events'}")
    steps = Steps(finetl, now, tmp_path / "R", f"sqlite:{tmp_path / 'w.db'}")
    if step == "extract":
        (now.parent / "transactions.csv").unlink()
    else:
        steps = Steps(finetl, aborting(now), tmp_path / "R", f"sqlite:{tmp_path / 'w.db'}")
        steps("extract", *tell).ok()
        assert not (tmp_path / "m.prom").exists() and not (tmp_path / "events").exists()  # what went well is for the load to tell
    done = steps(step, *(("--warehouse", steps.warehouse) if step == "transform" else ()), *tell)
    status = "failed" if step == "extract" else "held"
    assert done.code == {"extract": 2, "transform": 4}[step]
    events = events_of(tmp_path / "events")
    assert [e["eventType"] for e in events] == ["START", "FAIL"]
    facets = events[1]["run"]["facets"]
    assert facets["finetl"]["status"] == status and facets["errorMessage"]["message"] == done.result["error"]
    metrics = metrics_of(tmp_path / "m.prom")
    assert metrics[f'finetl_last_run_status{{pipeline="financial_transactions",status="{status}"}}'] == "1"
    assert metrics[f'finetl_runs_total{{pipeline="financial_transactions",status="{status}"}}'] == "1"


def test_others_are_told_where_no_warehouse_is_known(finetl, tmp_path):
    _, now = financial(tmp_path, 40, 300)
    (now.parent / "transactions.csv").unlink()
    done = finetl("extract", now, "--run-dir", tmp_path / "R", "--openlineage-url", f"file:{tmp_path / 'events'}")
    assert done.code == 2 and "not on record" in done.stderr
    assert [e["eventType"] for e in events_of(tmp_path / "events")] == ["START", "FAIL"]


@pytest.mark.parametrize("is_told", [False, True])
def test_a_load_that_died_before_its_state_is_told_by_the_next(finetl, tmp_path, is_told):
    """Killed after the commit: before it told anybody, or after. Metrics count the run once."""
    _, now = financial(tmp_path, 40, 300)
    told, again = ("--metrics-textfile", tmp_path / "m.prom", "--openlineage-url", f"file:{tmp_path / 'events'}"), tmp_path / "again"
    steps = Steps(finetl, now, tmp_path / "R", f"sqlite:{tmp_path / 'w.db'}")
    steps("extract").ok()
    steps("transform").ok()
    steps("load", *told).ok()
    whole, complete = metrics_of(tmp_path / "m.prom"), events_of(tmp_path / "events")[-1]
    (tmp_path / "R" / "load.json").unlink()
    if not is_told:
        (tmp_path / "m.prom").unlink()
    steps("load", "--metrics-textfile", tmp_path / "m.prom", "--openlineage-url", f"file:{again}").ok()
    event, = events_of(again)

    def without_moment(e):
        return {k: v for k, v in e.items() if k != "eventTime"}

    assert without_moment(event) == without_moment(complete)
    moment = ("end_timestamp", "duration", "last_success")  # the audit row is written just before the end
    assert {k: v for k, v in metrics_of(tmp_path / "m.prom").items() if not any(word in k for word in moment)} == {
        k: v for k, v in whole.items() if not any(word in k for word in moment)}


# ---- people ----

@contextlib.contextmanager
def hearing():
    heard = []
    with FaultServer({"/t0ps3cret": lambda request: heard.append(json.loads(request.body)["finetl"]) or Answer(b"ok")}) as server:
        yield server, heard


@pytest.mark.parametrize("last", [None, "extract", "transform"])
def test_people_are_told_of_a_step_that_never_ended(finetl, tmp_path, last):
    """Stopped or killed, it has left no state: what ended well before it is no success."""
    with hearing() as (server, heard):
        _, now = financial(tmp_path, 40, 300)
        told_pipeline(now.parent, server)
        steps = Steps(finetl, now, tmp_path / "R", f"sqlite:{tmp_path / 'w.db'}")
        for step in STEPS[:STEPS.index(last) + 1] if last else []:
            steps(step).ok()
        after = STEPS[STEPS.index(last) + 1] if last else "extract"
        if not last:
            assert steps("notify", "--warehouse", steps.warehouse).code == 2
        steps("notify", "--warehouse", steps.warehouse, "--pipeline", now).ok()
        assert len(heard) == 1 and heard[0]["title"].endswith("failed") or "failed" in heard[0]["title"]
        assert f"{after}.json is not there" in heard[0]["error"] and f"finetl {after} " in heard[0]["command"]
        steps.all()
        steps("notify", "--warehouse", steps.warehouse, "--pipeline", now).ok()
        assert len(heard) == 2 and heard[1]["error"] is None


def test_nothing_new_is_no_failure_to_tell_of(finetl, tmp_path):
    with hearing() as (server, heard):
        _, now = financial(tmp_path, 20, 60)
        spec = json.loads(told_pipeline(now.parent, server).read_text())
        for dataset in spec["datasets"]:
            dataset["source"]["incremental"] = "objects"
        spec["notify"][0]["on"] = ["failed", "held"]
        now = write_pipeline(now.parent, spec)
        Steps(finetl, now, tmp_path / "R1", f"sqlite:{tmp_path / 'w.db'}").all()
        steps = Steps(finetl, now, tmp_path / "R2", f"sqlite:{tmp_path / 'w.db'}")
        assert steps("extract", "--exit-99-if-nothing").code == 99
        steps("notify", "--warehouse", steps.warehouse, "--pipeline", now).ok()
        assert heard == []


# ---- one warehouse, by other words ----

def test_a_warehouse_is_known_by_where_it_is(finetl, tmp_path, postgres):
    _, now = financial(tmp_path, 20, 60)
    database, other = postgres.fresh(), postgres.fresh()
    steps = Steps(finetl, now, tmp_path / "R", database.url)
    steps.all()
    user, _, rest = database.url.removeprefix("postgresql://").partition("@")
    finetl("checks", "--run-dir", tmp_path / "R",
           env={"FINETL_WAREHOUSE": f"postgresql://{user}:unused@{rest}&sslmode=prefer&application_name=x"}).ok()
    steps("notify", "--warehouse", f"postgres://{user}@{rest}&connect_timeout=9").ok()
    assert steps("notify", "--warehouse", other.url).code == 8


def test_a_warehouse_in_a_file_is_known_by_the_file(finetl, tmp_path):
    _, now = financial(tmp_path, 20, 60)
    steps = Steps(finetl, now, tmp_path / "R", f"sqlite:{tmp_path / 'w.db'}")
    steps.all()
    (tmp_path / "link").symlink_to(tmp_path)
    finetl("checks", "--run-dir", tmp_path / "R", "--warehouse", f"sqlite:{tmp_path / 'link' / 'w.db'}").ok()
    shutil.copy(tmp_path / "w.db", tmp_path / "copy.db")
    assert finetl("notify", "--run-dir", tmp_path / "R", "--warehouse", f"sqlite:{tmp_path / 'copy.db'}").code == 8
