# SPDX-License-Identifier: Apache-2.0
"""OpenLineage: one event at the start, one at the end, whichever it is, and none of them in a run's way."""

import json
import signal
import time
import uuid
from decimal import Decimal

import pytest

import openlineage_classes
from certificates import Authority
from faultserver import Answer, FaultServer, hold, status, tls_context
from finetl import RUN_TIME, absent
from openlineage_events import check
from test_checks import TRANSACTIONS
from test_notify import SECRET, bad_transactions, books

PARENT = "01890000-0000-7000-8000-0000000000aa"
SUITE = {"name": "s", "expectations": [
    {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "amount"}, "severity": "critical"},
    {"type": "expect_column_values_to_be_in_set", "kwargs": {"column": "status", "value_set": ["pending"]}, "severity": "warning"},
    {"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 1}, "severity": "info"}]}


@pytest.mark.parametrize("spoil", [
    lambda e: e["run"]["facets"]["processing_engine"].pop("version"),
    lambda e: e["run"]["facets"]["nominalTime"].update(_schemaURL="https://openlineage.io/spec/facets/9-9-9/NominalTimeRunFacet.json#/$defs/NominalTimeRunFacet"),
    lambda e: e["outputs"][0]["outputFacets"]["outputStatistics"].update(rowCount="5"),
    lambda e: e["outputs"][0]["facets"]["schema"]["fields"][0].update(nullable=True),
    lambda e: e["run"].update(runId="no uuid"),
])
def test_openlineages_own_classes_see_what_is_wrong(finetl, tmp_path, spoil):
    if openlineage_classes.classes() is None:
        absent("openlineage-python is not installed (tests/requirements.txt)")
    finetl.run(books(tmp_path, []), f"sqlite:{tmp_path}/w.db", "--openlineage-url", f"file:{tmp_path}/events").ok()
    event = events_of(tmp_path / "events")[-1]
    openlineage_classes.conforms(event)
    spoil(event)
    with pytest.raises((AssertionError, ValueError)):
        openlineage_classes.conforms(event)


def events_of(path):
    return [check(json.loads(line, parse_float=Decimal)) for line in path.read_text().splitlines()]


def run_id_of(event):
    return event["run"]["facets"]["finetl"]["runId"]


def as_uuid(run_id):
    """The id's 128 bits, six of which say that it is of version 7."""
    v = 0
    for c in run_id:
        v = v << 5 | "0123456789ABCDEFGHJKMNPQRSTVWXYZ".index(c)
    bits = bytearray((v & (1 << 128) - 1).to_bytes(16, "big"))
    bits[6], bits[8] = bits[6] & 0x0F | 0x70, bits[8] & 0x3F | 0x80
    return str(uuid.UUID(bytes=bytes(bits)))


def test_a_run_is_told_from_its_start_to_its_end(finetl, tmp_path):
    (tmp_path / "s.json").write_text(json.dumps(SUITE))
    pipeline = books(tmp_path, [], transactions=bad_transactions(), expectations="s.json")
    done = finetl.run(pipeline, f"sqlite:{tmp_path}/w.db", "--openlineage-url", f"file:{tmp_path}/events.ndjson").ok()
    start, end = events_of(tmp_path / "events.ndjson")
    assert (start["eventType"], end["eventType"]) == ("START", "COMPLETE")
    assert run_id_of(start) == run_id_of(end) == done.result["run_id"]
    assert start["run"]["runId"] == end["run"]["runId"] == as_uuid(done.result["run_id"])
    assert uuid.UUID(end["run"]["runId"]).version == 7
    assert start["job"] == end["job"] and end["job"]["name"] == "financial_transactions" and end["job"]["namespace"] == "default"
    assert [(d["namespace"], d["name"]) for d in end["inputs"]] == [("file", str(tmp_path))] * 2  # customers*.csv: a pattern's folder
    assert [(d["namespace"], d["name"]) for d in end["outputs"]] == [
        (f"sqlite://{tmp_path}/w.db", "dim_customers"), (f"sqlite://{tmp_path}/w.db", "fact_transactions")]
    names = [f["name"] for f in end["outputs"][1]["facets"]["schema"]["fields"]]
    assert names[:2] == ["transaction_id", "customer_id"] and "risk_level" in names
    assert end["inputs"][1]["inputFacets"]["dataQualityAssertions"]["assertions"] == [
        {"assertion": "expect_column_values_to_not_be_null", "success": True, "column": "amount", "severity": "error"},
        {"assertion": "expect_column_values_to_be_in_set", "success": False, "column": "status", "severity": "warn"},
        {"assertion": "expect_table_row_count_to_be_between", "success": True, "severity": "warn"}]
    assert "email" in json.dumps(end, default=str) and "example.com" not in json.dumps(end, default=str)
    assert [n["channel"] for n in done.result["notifications"]] == ["openlineage", "openlineage"]


@pytest.mark.parametrize("text, gate, code", [("nothing\n1\n", {}, 3), (bad_transactions(), {"max_rejected_percent": 1}, 4)])
def test_failed_and_held_runs_end_in_fail(finetl, tmp_path, text, gate, code):
    pipeline = books(tmp_path, [], transactions=text, gate=gate)
    done = finetl.run(pipeline, f"sqlite:{tmp_path}/w.db", "--openlineage-url", f"file://{tmp_path}/e")
    start, end = events_of(tmp_path / "e")
    assert done.code == code and (start["eventType"], end["eventType"]) == ("START", "FAIL")
    assert end["run"]["facets"]["errorMessage"]["message"] == done.result["error"]
    assert end["run"]["facets"]["finetl"]["exitCode"] == code
    assert all("outputFacets" not in d for d in end["outputs"])


def test_a_warehouse_that_cannot_be_opened_ends_in_fail(finetl, tmp_path):
    done = finetl.run(books(tmp_path, []), f"sqlite:{tmp_path}/no/w.db", "--openlineage-url", f"file:{tmp_path}/e")
    assert done.code != 0 and [e["eventType"] for e in events_of(tmp_path / "e")] == ["START", "FAIL"]


def test_a_stop_ends_in_abort_even_while_the_server_is_slow(finetl, tmp_path):
    """The sqlite warehouse is locked, so the run waits; SIGTERM finds it there."""
    import sqlite3
    pipeline = books(tmp_path, [])
    finetl.run(pipeline, f"sqlite:{tmp_path}/w.db").ok()
    blocker = sqlite3.connect(tmp_path / "w.db", isolation_level=None)
    blocker.execute("BEGIN EXCLUSIVE")
    with FaultServer({"/api/v1/lineage": [Answer(b""), Answer(b"")]}) as server:
        process = finetl.start("run", pipeline, "--warehouse", f"sqlite:{tmp_path}/w.db", "--run-time", RUN_TIME, "--wait", "60s",
                               "--openlineage-url", server.url(""))
        deadline = time.monotonic() + 30
        while not server.requests and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=20)
    blocker.close()
    assert process.returncode == 9, err
    kinds = [check(json.loads(r.body))["eventType"] for r in server.requests]
    assert kinds == ["START", "ABORT"]


@pytest.mark.parametrize("behaviour", [hold(), status(500), status(404)])
def test_a_server_that_is_ill_costs_two_seconds_and_nothing_else(finetl, tmp_path, behaviour):
    with FaultServer({"/*": behaviour}) as server:
        begin = time.monotonic()
        done = finetl.run(books(tmp_path, []), f"sqlite:{tmp_path}/w.db", "--openlineage-url", server.url("/")).ok()
        assert time.monotonic() - begin < 7 and len(server.requests) == 2
    assert [n["sent"] for n in done.result["notifications"]] == [False, False] and done.result["published"]


def test_the_environment_says_where_who_and_whether(finetl, tmp_path):
    authority = Authority(tmp_path / "ca")
    with FaultServer({"/v9/events": Answer(b"")}, tls=tls_context(*authority.leaf("here"))) as server:
        environment = {"OPENLINEAGE_URL": server.url("/"), "OPENLINEAGE_ENDPOINT": "/v9/events", "OPENLINEAGE_API_KEY": SECRET,
                       "OPENLINEAGE_NAMESPACE": "bank", "SSL_CERT_FILE": authority.crt,
                       "OPENLINEAGE_PARENT_ID": f"airflow/dag.task/sub/{PARENT}"}
        pipeline = books(tmp_path, [])
        done = finetl.run(pipeline, f"sqlite:{tmp_path}/w.db", "--log-level", "debug", env=environment).ok()
        assert [n["sent"] for n in done.result["notifications"]] == [True, True], done
        finetl.run(pipeline, f"sqlite:{tmp_path}/w.db", env={**environment, "OPENLINEAGE_DISABLED": "true"}).ok()
    assert [r.header("Authorization") for r in server.requests] == [f"Bearer {SECRET}"] * 2
    for request in server.requests:
        event = check(json.loads(request.body))
        assert event["job"]["namespace"] == "bank"
        parent = event["run"]["facets"]["parent"]
        assert (parent["run"]["runId"], parent["job"]) == (PARENT, {"namespace": "airflow", "name": "dag.task/sub"})
    assert SECRET not in done.stdout + done.stderr


def test_a_key_is_not_sent_without_tls(finetl, tmp_path):
    with FaultServer({"/*": Answer(b"")}) as server:
        done = finetl.run(books(tmp_path, []), f"sqlite:{tmp_path}/w.db", env={"OPENLINEAGE_URL": server.url(""), "OPENLINEAGE_API_KEY": SECRET}).ok()
    assert not server.requests and "without TLS" in done.result["notifications"][0]["error"] and SECRET not in done.stdout + done.stderr


def test_a_task_of_airflow_is_the_parent(finetl, tmp_path):
    airflow = {"AIRFLOW_CTX_DAG_ID": "d", "AIRFLOW_CTX_TASK_ID": "t", "AIRFLOW_CTX_DAG_RUN_ID": "scheduled__2026", "AIRFLOW_CTX_TRY_NUMBER": "1"}
    pipeline = books(tmp_path, [])
    for name, environment in [("a", airflow), ("b", airflow), ("c", {**airflow, "AIRFLOW_CTX_TRY_NUMBER": "2"})]:
        finetl.run(pipeline, f"sqlite:{tmp_path}/w.db", "--openlineage-url", f"file:{tmp_path}/{name}", env=environment).ok()
    a, b, c = (events_of(tmp_path / name)[0]["run"]["facets"]["parent"] for name in "abc")
    assert a == b != c and a["job"] == {"namespace": "default", "name": "d.t"}


def test_names_of_servers_have_no_user_and_no_password(finetl, tmp_path, postgres):
    database = postgres.fresh()
    url = database.url.replace("postgres@", f"postgres:{SECRET}@", 1)
    done = finetl("run", books(tmp_path, []), "--openlineage-url", f"file:{tmp_path}/e", env={"FINETL_WAREHOUSE": url}).ok()
    port = postgres.parts.get("port", "5432")
    host = postgres.parts.get("host", "localhost")
    host = "localhost" if host.startswith("/") else host
    assert done.result["published"]
    assert [(d["namespace"], d["name"]) for d in events_of(tmp_path / "e")[1]["outputs"]] == [
        (f"postgres://{host}:{port}", f"{database.name}.public.{t}") for t in ("dim_customers", "fact_transactions")]
    assert SECRET not in (tmp_path / "e").read_text()


@pytest.mark.parametrize("form, wanted", [
    (f"postgresql://u:a/{SECRET}@h/d", None), (f"postgresql://u:a?{SECRET}@h/d", None), (f"postgresql://u:{SECRET}@h1:1,h2:2/d", ("postgres://h1:1", "d")),
    (f"postgresql://u@[::1]:5433/d%2Fe?password={SECRET}", ("postgres://::1:5433", "d/e")), ("postgresql:///d?host=h&port=7", ("postgres://h:7", "d")),
])
def test_names_of_servers_from_every_form_of_url(finetl, tmp_path, form, wanted):
    """None of them answers: the start is told all the same."""
    environment = {"FINETL_WAREHOUSE": form, "PGCONNECT_TIMEOUT": "1"}
    finetl("run", books(tmp_path, []), "--wait", "0s", "--openlineage-url", f"file:{tmp_path}/e", env=environment, timeout=60)
    text = (tmp_path / "e").read_text()
    assert SECRET not in text
    output = check(json.loads(text.splitlines()[0]))["outputs"][0]
    assert wanted is None or (output["namespace"], output["name"]) == (wanted[0], wanted[1] + ".public.dim_customers")


def test_lines_of_runs_at_once_do_not_mix(finetl, tmp_path):
    folders = [tmp_path / str(i) for i in range(4)]
    for folder in folders:
        folder.mkdir()
    runs = [finetl.start("run", books(folder, [], transactions=TRANSACTIONS), "--warehouse", f"sqlite:{folder}/w.db", "--run-time", RUN_TIME,
                         "--openlineage-url", f"file:{tmp_path}/e") for folder in folders]
    assert [run.wait(60) for run in runs] == [0] * 4
    for run in runs:
        run.communicate()
    events = events_of(tmp_path / "e")
    assert len(events) == 8 and len({e["run"]["runId"] for e in events}) == 4
