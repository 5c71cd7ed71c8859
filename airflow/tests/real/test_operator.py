# SPDX-License-Identifier: Apache-2.0
"""FinetlOperator and FinetlHook with Airflow's own classes and a fake program; no metadata database."""

import json
import os
import pathlib
import signal
import threading
import time

import airflows  # noqa: F401 (sets up a home before Airflow makes one)
import pytest
from airflow.providers.common.compat.sdk import (
    AirflowException,
    AirflowFailException,
    AirflowSkipException,
    Connection,
)

from airflow_provider_finetl.hooks import finetl as hooks
from airflow_provider_finetl.hooks.finetl import FinetlHook, warehouse_url
from airflow_provider_finetl.operators.finetl import FinetlOperator

DONE = json.dumps({"run_id": "01M84", "status": "success", "exit_code": 0, "datasets": []})
FAILED = json.dumps({"run_id": "01M84", "status": "held", "error": "gate: 12 % rejected", "datasets": [{"read": 1200, "rejected": 144}]})
PASSWORD = "planted%:/?#[]@ word"


@pytest.fixture
def connection(monkeypatch):
    """Sets the connection finetl_default."""
    def set_to(**fields):
        monkeypatch.setenv("AIRFLOW_CONN_FINETL_DEFAULT", json.dumps({"conn_type": "finetl", **fields}))
    set_to(extra={"warehouse": "sqlite:/srv/w.db"})
    return set_to


@pytest.fixture
def masked(monkeypatch):
    """What Airflow was told to print stars for."""
    told = []
    monkeypatch.setattr(hooks, "mask_secret", told.append)
    return told


def operator(**arguments):
    return FinetlOperator(task_id="t", **{"pipeline": "/p.yaml", **arguments})


def execute(monkeypatch, task, **fake):
    for name, value in fake.items():
        monkeypatch.setenv(f"FAKE_{name.upper()}", str(value))
    return task.execute({})


def test_a_run_that_went_well_hands_on_its_result(fake_finetl, connection, monkeypatch):
    handed_on = execute(monkeypatch, operator(), out=f"{DONE}\n")
    assert handed_on == {"run_id": "01M84", "status": "success", "exit_code": 0}


@pytest.mark.parametrize(("exit_code", "exception"), [
    *((code, AirflowFailException) for code in (1, 2, 3, 4, 5, 7, 8, 70, 126, 255)),
    *((code, AirflowException) for code in (6, 9)),
    (99, AirflowSkipException),
])
def test_the_exit_code_decides_what_airflow_does(fake_finetl, connection, monkeypatch, exit_code, exception):
    with pytest.raises(AirflowException) as raised:
        execute(monkeypatch, operator(), exit=exit_code, out=FAILED)
    assert type(raised.value) is exception


def test_an_error_says_what_where_and_the_figures(fake_finetl, connection, monkeypatch):
    with pytest.raises(AirflowFailException) as raised:
        execute(monkeypatch, operator(command="load", run_dir="/r"), exit=4, out=FAILED)
    assert str(raised.value).splitlines() == [
        "finetl load: held by the gate or a control total (exit code 4)", "gate: 12 % rejected", "run 01M84: read 1,200, rejected 144"]


def test_checks_that_failed_are_named(fake_finetl, connection, monkeypatch):
    line = json.dumps({"status": "failed", "checks": [
        {"name": "good", "status": "passed", "means": "-", "broken": 0},
        {"name": "no_future_dates", "status": "failed", "means": "No transaction is later than now.", "broken": 3, "samples": ["T1"]}]})
    with pytest.raises(AirflowFailException) as raised:
        execute(monkeypatch, operator(command="checks"), exit=4, out=line)
    assert "no_future_dates: No transaction is later than now. (3 broken)" in str(raised.value)
    assert "T1" not in str(raised.value)


def test_ended_by_a_signal_may_be_tried_again(fake_finetl, connection, monkeypatch):
    with pytest.raises(AirflowException) as raised:
        execute(monkeypatch, operator(), signal=int(signal.SIGKILL))
    assert type(raised.value) is AirflowException
    assert "SIGKILL" in str(raised.value)
    with pytest.raises(AirflowException, match="ended by signal 40"):  # which has no name
        execute(monkeypatch, operator(), signal=40)


@pytest.mark.parametrize("out", ["", "no result\n", "{}\n"])
def test_success_without_a_result_is_a_failure(fake_finetl, connection, monkeypatch, out):
    with pytest.raises(AirflowFailException, match="result line"):
        execute(monkeypatch, operator(), out=out)


def test_log_lines_are_records_of_the_task(fake_finetl, connection, monkeypatch):
    said, task = [], operator()
    monkeypatch.setattr(type(task), "log", property(lambda self: Recorder(said)))
    execute(monkeypatch, task, out=DONE, err='{"level":"warn","message":"100% slow","rows":"5"}\nplain %s\n')
    assert (30, "100% slow rows=5") in said
    assert (20, "plain %s") in said


class Recorder:
    def __init__(self, said):
        self.said = said

    def log(self, level, text, *arguments):
        self.said.append((level, text % arguments))

    def info(self, text, *arguments):
        self.log(20, text, *arguments)

    def warning(self, text):  # of Airflow, where a test calls execute itself
        pass


def test_the_command_line_of_each_step():
    assert operator().arguments() == ["run", "--log-format=json", "--", "/p.yaml"]
    given = {"run_dir": "/r", "run_time": "2026-01-31T02:00:00Z", "parameters": {"day": "-1"}, "select": ["a", "b"]}
    assert operator(command="extract", **given, options=["--wait=5m", ""]).arguments() == [
        "extract", "--log-format=json", "--run-dir=/r", "--run-time=2026-01-31T02:00:00Z", "--param=day=-1", "--select=a,b",
        "--wait=5m", "--", "/p.yaml"]
    for command in ("transform", "load", "checks", "notify"):
        assert operator(command=command, run_dir="s3://b/r").arguments() == [command, "--log-format=json", "--run-dir=s3://b/r"]
    assert operator(command="checks").arguments() == ["checks", "--json", "--", "/p.yaml"]


def test_lists_and_mappings_may_come_as_json():
    task = operator(parameters='{"day": "2026-01-31"}', select='["a"]')
    assert task.arguments()[2:4] == ["--param=day=2026-01-31", "--select=a"]


@pytest.mark.parametrize("wrong", [
    {"command": "sh"}, {"command": "load"}, {"parameters": {"--x": "1"}}, {"parameters": {"a=b": "1"}}, {"parameters": "day"},
    {"parameters": "[1]"}, {"select": ["a,b"]}, {"select": ["--x"]}, {"select": [5]}, {"options": ["/etc/passwd"]},
    {"options": ["-w"]}, {"options": ["--"]}, {"options": ["--A"]}, {"pipeline": "a\0b"}, {"parameters": {"a": "\0"}},
])
def test_what_would_pass_for_something_else_is_refused(wrong):
    with pytest.raises(AirflowFailException):
        operator(**wrong).arguments()


def test_a_pipeline_cannot_pass_for_an_option():
    assert operator(pipeline="--warehouse=x").arguments()[-2:] == ["--", "--warehouse=x"]


def test_no_program_is_told_at_once(connection, monkeypatch):
    with pytest.raises(AirflowFailException, match="no finetl-that-is-not on this worker"):
        operator(binary="finetl-that-is-not").execute({})


def test_secrets_travel_by_environment_only(fake_finetl, connection, monkeypatch, masked):
    connection(host="books.example.org", port=5433, schema="bo oks", login="us:er", password=PASSWORD,
               extra={"query": {"sslmode": "verify-full", "sslrootcert": "/my certs/a+b.pem", "sslpassword": "planted-key"},
                      "environment": {"API_TOKEN": "planted-token", "OTHER": "planted-other"}})
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "sqlite://planted-airflow")
    execute(monkeypatch, operator(environment=["API_TOKEN"]), out=DONE)
    call = json.loads(fake_finetl.read_text())
    assert "planted" not in " ".join(call["argv"])
    environment = call["environ"]
    assert environment["FINETL_WAREHOUSE"] == ("postgresql://us%3Aer:planted%25%3A%2F%3F%23%5B%5D%40%20word@books.example.org:5433/"
                                               "bo%20oks?sslmode=verify-full&sslrootcert=%2Fmy%20certs%2Fa%2Bb.pem&sslpassword=planted-key")
    assert environment["API_TOKEN"] == "planted-token"
    assert not [name for name, value in environment.items() if "planted" in value and name not in ("FINETL_WAREHOUSE", "API_TOKEN")]
    assert {PASSWORD, "planted-token", "planted-key"} <= set(masked)


def test_a_variable_reaches_finetl_only_where_the_dag_asks_for_it(fake_finetl, connection, monkeypatch, masked):
    connection(extra={"environment": {"LD_PRELOAD": "/tmp/evil.so", "PATH": "/tmp/evil"}})
    execute(monkeypatch, operator(), out=DONE)
    environment = json.loads(fake_finetl.read_text())["environ"]
    assert "LD_PRELOAD" not in environment
    assert environment["PATH"] == os.environ["PATH"]


@pytest.mark.parametrize("held", [{}, {"API_TOKEN": 5}, {"API_TOKEN": "a\0b"}, ["API_TOKEN"]])
def test_a_variable_that_the_connection_lacks_is_told(connection, held):
    connection(extra={"environment": held})
    with pytest.raises(AirflowFailException, match="extra.environment"):
        FinetlHook().environment(["API_TOKEN"])


def test_without_connection_the_pipeline_file_says_where(fake_finetl, monkeypatch):
    monkeypatch.delenv("FINETL_WAREHOUSE", raising=False)
    execute(monkeypatch, operator(finetl_conn_id=None), out=DONE)
    assert "FINETL_WAREHOUSE" not in json.loads(fake_finetl.read_text())["environ"]


@pytest.mark.parametrize(("fields", "url"), [
    ({}, None),
    ({"extra": {"warehouse": "files:/srv/out"}}, "files:/srv/out"),
    ({"host": "h"}, "postgresql://h/"),
    ({"host": "h", "schema": "d", "login": "u"}, "postgresql://u@h/d"),
    ({"host": "/run/postgresql", "schema": "d"}, "postgresql://%2Frun%2Fpostgresql/d"),
    ({"host": "::1", "port": 5432, "schema": "d"}, "postgresql://[::1]:5432/d"),
])
def test_the_warehouse_of_a_connection(fields, url):
    extra = json.dumps(fields.pop("extra", {}))
    assert warehouse_url(Connection(conn_id="c", conn_type="finetl", extra=extra, **fields)) == url


def test_two_warehouses_are_one_too_many():
    with pytest.raises(AirflowFailException, match="two warehouses"):
        warehouse_url(Connection(conn_id="c", conn_type="finetl", host="h", extra='{"warehouse": "sqlite:x"}'))


def test_on_kill_ends_the_program(fake_finetl, connection, monkeypatch):
    task = operator()

    def kill():
        until = time.monotonic() + 20
        while not fake_finetl.exists() and time.monotonic() < until:
            time.sleep(0.02)
        time.sleep(0.2)
        task.on_kill()

    threading.Thread(target=kill).start()
    with pytest.raises(AirflowException, match="SIGTERM"):
        execute(monkeypatch, task, sleep=60)
    assert not pathlib.Path(f"/proc/{json.loads(fake_finetl.read_text())['pid']}").exists()


def test_on_kill_before_the_start_does_nothing():
    operator().on_kill()


def test_the_task_is_told_to_the_program(fake_finetl, connection, monkeypatch):
    class Ti:
        dag_id, task_id, map_index, try_number = "d", "t", -1, 2

    class Run:
        run_id, run_after = "manual__1", None

    monkeypatch.setenv("FAKE_OUT", DONE)
    operator().execute({"ti": Ti, "dag_run": Run})
    environment = json.loads(fake_finetl.read_text())["environ"]
    assert {name: environment[f"AIRFLOW_CTX_{name}"] for name in ("DAG_ID", "TASK_ID", "TRY_NUMBER", "DAG_RUN_ID")} == {
        "DAG_ID": "d", "TASK_ID": "t", "TRY_NUMBER": "2", "DAG_RUN_ID": "manual__1"}


def test_the_button_of_the_ui(fake_finetl, connection, monkeypatch):
    assert FinetlHook().test_connection() == (True, "finetl can read the warehouse")
    monkeypatch.setenv("FAKE_EXIT", "6")
    monkeypatch.setenv("FAKE_ERR", "one\nconnection refused\n")
    assert FinetlHook().test_connection() == (False, "connection refused")
    assert FinetlHook(binary="finetl-that-is-not").test_connection()[0] is False
