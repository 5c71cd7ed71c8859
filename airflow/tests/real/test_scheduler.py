# SPDX-License-Identifier: Apache-2.0
"""A real scheduler with LocalExecutor runs the DAGs, with finetl itself, a database, and a server of mail.

All runs are started together, and looked at one by one. Set FINETL_AIRFLOW_PAUSE to a number of seconds
to look at the UI before it is gone; its address stands in the file ui of the home.
"""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import sqlite3
import subprocess
import time

import pytest
from airflows import MAJOR, PATIENCE_S, ROOT, Airflow, a_database, connection_to, free_port

PLANTED = "planted"
COLUMNS = ("transaction_id, customer_id, transaction_date, amount, merchant_id, category, status, payment_method, "
           "transaction_year, transaction_month, transaction_day, amount_category, risk_score, risk_level")
FIGURES = "SELECT count(*), sum(amount), max(updated_at) FROM fact_transactions"
STEPS = ["extract_data", "load_data", "quality_checks", "send_notification", "transform_data"]


def sqlite_connection(path):
    return {"conn_type": "finetl", "extra": {"warehouse": f"sqlite:{path}", "environment": {"PLANTED_TOKEN": "planted-token"}}}


@pytest.fixture(scope="module")
def world(finetl, books, server, mail, tmp_path_factory):
    """Airflow with its programs, all runs under way."""
    folder = tmp_path_factory.mktemp("scheduler")
    dags = folder / "dags"
    shutil.copytree(ROOT / "dags", dags)
    shutil.copy(ROOT / "tests" / "dags" / "faults.py", dags)
    shards = str(books / "shards")
    warehouse = a_database(server, "finetl_airflow_books")
    unavailable = {"conn_type": "finetl", "host": "127.0.0.1", "port": 1, "schema": "d", "login": "u", "password": "planted-password",
                   "extra": {"environment": {"PLANTED_TOKEN": "planted-token"}}}
    port = free_port()
    home = Airflow(
        folder, finetl, a_database(server, "finetl_airflow_metadata").replace("postgresql:", "postgresql+psycopg2:"),
        AIRFLOW__CORE__DAGS_FOLDER=str(dags),
        AIRFLOW__CORE__EXECUTION_API_SERVER_URL=f"http://127.0.0.1:{port}/execution/",
        AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS="True",
        AIRFLOW__API_AUTH__JWT_SECRET="a secret of the tests, long enough for its hash",
        AIRFLOW__API__PORT=str(port),
        AIRFLOW__API__WORKERS="1",
        AIRFLOW_CONN_FINETL_DEFAULT=connection_to(warehouse, "planted-password"),
        AIRFLOW_CONN_FINETL_UNAVAILABLE=unavailable,
        AIRFLOW_CONN_FINETL_PERMANENT=unavailable,
        AIRFLOW_CONN_FINETL_KILLED=sqlite_connection(folder / "killed.db"),
        AIRFLOW_CONN_FINETL_TOO_LONG=sqlite_connection(folder / "too_long.db"),
        AIRFLOW_CONN_SMTP_DEFAULT={**mail.connection, "password": "planted-mail-password"},
        FINETL_PIPELINE=str(books / "pipelines" / "whole.yaml"), FINETL_RUNS=str(folder / "runs"),
        FINETL_SHARDED_PIPELINE=str(books / "pipelines" / "sharded.yaml"), FINETL_SHARDS=shards)
    home.warehouse, home.arguments_seen = warehouse, []
    (folder / "ui").write_text(f"http://127.0.0.1:{port}/\n")
    home("pools", "set", "finetl_loaders", "1", "loads into one warehouse")
    with contextlib.ExitStack() as stack:
        stack.callback(home.stop)
        if MAJOR > 2:
            home.start("api-server", "--host", "127.0.0.1", "--port", port)
            home.start("dag-processor")
            wait_for(lambda: is_open(port), home)
        home.start("scheduler")
        wait_for(lambda: len(home.query("SELECT dag_id FROM serialized_dag")) == 6, home)
        home.locks = {name: stack.enter_context(locked(folder / f"{name}.db")) for name in ("killed", "too_long")}
        home.trigger("fault_killed", "fault_too_long", "fault_unavailable", "fault_permanent")
        home("dags", "unpause", "financial_etl_pipeline")
        yield home
        time.sleep(float(os.environ.get("FINETL_AIRFLOW_PAUSE", "0")))


def wait_for(condition, home):
    until = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < until and all(program.poll() is None for program in home.programs), home.logs()[-6000:]
        time.sleep(0.5)


def is_open(port):
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


@contextlib.contextmanager
def locked(path):
    """Nobody else writes into this file until the lock is given up by rollback."""
    connection = sqlite3.connect(path, isolation_level=None)
    with contextlib.closing(connection):
        connection.execute("BEGIN EXCLUSIVE")
        yield connection


def process_of(dag):
    """The finetl that runs for a DAG: (pid, arguments). Airflow's own programs have no such variable in their first environment."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        for folder in pathlib.Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                environment = (folder / "environ").read_bytes().split(b"\0")
                if f"AIRFLOW_CTX_DAG_ID={dag}".encode() in environment:
                    return int(folder.name), (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        time.sleep(0.1)
    raise AssertionError(f"finetl was not started for {dag}")


def rows_of(url, sql):
    import psycopg2

    with contextlib.closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def test_a_killed_task_is_tried_again_and_ends_right(world):
    pid, arguments = process_of("fault_killed")
    world.arguments_seen.append(arguments)
    os.kill(pid, signal.SIGKILL)
    world.locks["killed"].rollback()
    world.wait_for_runs("fault_killed")
    assert world.tasks("fault_killed") == [("run", -1, "success", 2)]
    with contextlib.closing(sqlite3.connect(world.folder / "killed.db")) as books:
        assert books.execute("SELECT count(*) FROM fact_transactions").fetchone()[0] > 1800


def test_a_task_above_its_time_is_ended_with_its_program_and_tried_again(world):
    pid, _ = process_of("fault_too_long")
    until = time.monotonic() + PATIENCE_S
    while pathlib.Path(f"/proc/{pid}").exists():
        assert time.monotonic() < until
        time.sleep(0.2)
    world.locks["too_long"].rollback()
    world.wait_for_runs("fault_too_long")
    (task, _, state, n_tries), = world.tasks("fault_too_long")
    assert (task, state) == ("run", "success") and n_tries > 1


def test_what_may_pass_is_tried_again_and_then_mailed(world, mail):
    recipients, subject, text = mail.wait_for("fault_unavailable")
    world.wait_for_runs("fault_unavailable", state="failed")
    assert world.tasks("fault_unavailable") == [("run", -1, "failed", 2)]
    assert recipients == ["team@example.org"]
    assert subject.startswith("finetl: fault_unavailable.run failed (manual__")
    for words in ("try 2", "the other side is unavailable or busy (exit code 6)", "127.0.0.1", "airflow tasks clear fault_unavailable"):
        assert words in text
    assert mail.logins and all(mail.logins)


def test_what_stays_wrong_is_not_tried_again(world, mail):
    _, _, text = mail.wait_for("fault_permanent")
    world.wait_for_runs("fault_permanent", state="failed")
    assert world.tasks("fault_permanent") == [("run", -1, "failed", 1)]
    assert "/no/such/pipeline.yaml" in text


def test_the_five_steps_are_scheduled_and_load_the_books(world):
    world.wait_for_runs("financial_etl_pipeline")
    assert world.tasks("financial_etl_pipeline") == [(name, -1, "success", 1) for name in STEPS]
    assert world.query("SELECT run_type FROM dag_run WHERE dag_id = 'financial_etl_pipeline'") == [("scheduled",)]
    (n_rows,), = rows_of(world.warehouse, "SELECT count(*) FROM fact_transactions")
    assert n_rows > 1800


def test_a_run_by_hand_changes_nothing(world):
    """In Airflow 3 it has no logical date."""
    before = rows_of(world.warehouse, FIGURES)
    world.trigger("financial_etl_pipeline")
    world.wait_for_runs("financial_etl_pipeline", n_runs=2)
    assert rows_of(world.warehouse, FIGURES) == before


def test_eight_shards_end_as_the_whole(world):
    """The warehouse is emptied of what the whole run loaded, and loaded anew by shards."""
    whole = rows_of(world.warehouse, f"SELECT {COLUMNS} FROM fact_transactions ORDER BY transaction_id")
    other = a_database_beside(world)
    world("dags", "unpause", "financial_etl_sharded")
    world.wait_for_runs("financial_etl_sharded")
    done = world.tasks("financial_etl_sharded")
    assert [task for task in done if task[0] == "shard.load"] == [("shard.load", number, "success", 1) for number in range(8)]
    names = {row[0] for row in world.query(
        "SELECT rendered_map_index FROM task_instance WHERE dag_id = 'financial_etl_sharded' AND task_id = 'shard.extract'")}
    assert names == {f"part-{number}.csv" for number in range(8)}
    assert rows_of(world.warehouse, f"SELECT {COLUMNS} FROM fact_transactions ORDER BY transaction_id") == whole
    assert len(rows_of(world.warehouse, "SELECT DISTINCT etl_run_id FROM fact_transactions")) == 8
    assert rows_of(other, "SELECT count(*) FROM fact_transactions") == [(len(whole),)]


def a_database_beside(world):
    """What was loaded goes to another database, and the one of the connection is new."""
    import psycopg2

    server = os.environ["FINETL_TEST_POSTGRES"]
    other = world.warehouse.replace("finetl_airflow_books", "finetl_airflow_whole")
    with contextlib.closing(psycopg2.connect(server)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("DROP DATABASE IF EXISTS finetl_airflow_whole")
            cursor.execute("ALTER DATABASE finetl_airflow_books RENAME TO finetl_airflow_whole")
    a_database(server, "finetl_airflow_books")
    return other


def test_a_backfill_runs_its_days_and_changes_nothing(world):
    before = rows_of(world.warehouse, FIGURES)
    if MAJOR == 2:
        world("dags", "backfill", "financial_etl_pipeline", "-s", "2026-11-18", "-e", "2026-11-19T12:00:00", "--yes")
    else:
        world("backfill", "create", "--dag-id", "financial_etl_pipeline", "--from-date", "2026-11-18", "--to-date", "2026-11-19T12:00:00",
              "--max-active-runs", "1")
    world.wait_for_runs("financial_etl_pipeline", n_runs=4)
    days = {row[0].date().isoformat() for row in world.query(
        f"SELECT {'execution_date' if MAJOR == 2 else 'logical_date'} FROM dag_run WHERE run_type = ?", "backfill")}
    assert days == {"2026-11-18", "2026-11-19"}
    assert rows_of(world.warehouse, FIGURES) == before


def test_what_is_handed_on_is_small_and_no_data(world):
    values = world.xcoms()
    assert len(values) > 30
    for value in values:
        assert len(value.encode()) <= 48 * 1024
        assert "TXN" not in value and "CUST" not in value


def test_planted_secrets_are_found_nowhere(world, mail):
    dump = subprocess.run(["pg_dump", "--data-only", world.database.replace("+psycopg2", "")], capture_output=True, text=True)
    assert dump.returncode == 0, dump.stderr
    assert world.arguments_seen and len(dump.stdout) > 10_000 and "fault_killed" in world.logs()
    for place, text in (("logs", world.logs()), ("rendered fields", world.rendered()), ("xcom", "".join(world.xcoms())),
                        ("arguments", "".join(world.arguments_seen)), ("metadata", dump.stdout),
                        ("mail", "".join(str(message) for _, message in mail.got))):
        at = text.find(PLANTED)
        assert at < 0, f"{place}: {text[max(0, at - 300):at + 60]}"
    assert json.loads(world.environment["AIRFLOW_CONN_FINETL_DEFAULT"])["password"].startswith(PLANTED)
