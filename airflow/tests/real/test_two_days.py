# SPDX-License-Identifier: Apache-2.0
"""`airflow dags test` of the whole DAG with finetl itself: two days, each loads its own part, into both warehouses."""

import contextlib
import http.server
import json
import sqlite3
import threading

import pytest
from airflows import Airflow, a_database, connection_to

DAYS = ("2026-11-20", "2026-11-21")
ROWS = "SELECT transaction_id, etl_run_id FROM fact_transactions"


def rows_of(connection):
    with contextlib.closing(connection):
        cursor = connection.cursor()
        cursor.execute(ROWS)
        return cursor.fetchall()


@pytest.fixture(scope="module")
def home(finetl, books, tmp_path_factory):
    folder = tmp_path_factory.mktemp("two-days")
    return Airflow(folder, finetl, FINETL_PIPELINE=str(books / "pipelines" / "daily.yaml"), FINETL_DATE_PARAMETER="day")


def run_two_days(home, connection, name):
    """Run directories of its own: Airflow 2 gives both tests of a day the same run id, and what was done is not done twice."""
    home.environment["AIRFLOW_CONN_FINETL_DEFAULT"] = json.dumps(connection)
    home.environment["FINETL_RUNS"] = str(home.folder / name)
    for day in DAYS:
        home("dags", "test", "financial_etl_pipeline", day)


def judge(rows, books):
    by_run = {}
    for transaction, run in rows:
        by_run.setdefault(run, set()).add(transaction)
    of_day = [{line.split(",")[0].strip('" ').upper() for line in (books / "days" / f"{day}.csv").read_text().splitlines()[1:]}
              for day in DAYS]
    assert len(by_run) == 2
    for loaded, day in zip(sorted(by_run.values(), key=min), sorted(of_day, key=min)):
        assert loaded <= day and len(loaded) > 0.9 * len(day)


def test_two_days_into_sqlite(home, books):
    run_two_days(home, {"conn_type": "finetl", "extra": {"warehouse": f"sqlite:{home.folder}/w.db"}}, "sqlite")
    judge(rows_of(sqlite3.connect(home.folder / "w.db")), books)


def test_two_days_into_postgresql(home, books, server):
    import psycopg2

    url = a_database(server, "finetl_airflow_days")
    run_two_days(home, connection_to(url, "planted-password"), "postgresql")
    judge(rows_of(psycopg2.connect(url)), books)


class Webhook(http.server.BaseHTTPRequestHandler):
    heard = []

    def do_POST(self):
        self.heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["finetl"])
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.mark.parametrize("is_broken", [False, True])
def test_a_run_that_fails_is_told_to_whom_the_pipeline_names(home, books, is_broken):
    """A day whose file is missing; and a pipeline file that nobody can read, of which only Airflow's own mail can tell."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Webhook) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        whole = (books / "pipelines" / "daily.yaml").read_text()
        url = f"http://127.0.0.1:{server.server_port}/x"
        notify = f'notify: [{{ webhook: "{url}", on: [failed, held], allow_http: true, allow_private_addresses: true }}]\n'
        pipeline = books / "pipelines" / "told.yaml"
        pipeline.write_text(whole + notify + ("nonsense: [\n" if is_broken else ""))
        home.environment |= {"FINETL_PIPELINE": str(pipeline), "FINETL_RUNS": str(home.folder / f"told-{is_broken}")}
        home.environment["AIRFLOW_CONN_FINETL_DEFAULT"] = json.dumps(
            {"conn_type": "finetl", "extra": {"warehouse": f"sqlite:{home.folder}/told.db"}})
        Webhook.heard.clear()
        home("dags", "test", "financial_etl_pipeline", f"2026-10-0{1 + is_broken}", check=False)
        server.shutdown()
    (run, state), = home.query("SELECT run_id, state FROM dag_run ORDER BY id DESC LIMIT 1")
    assert state == "failed"
    tasks = dict(home.query("SELECT task_id, state FROM task_instance WHERE run_id = ?", run))
    assert tasks == {"extract_data": "failed", "transform_data": "upstream_failed", "load_data": "upstream_failed",
                     "quality_checks": "upstream_failed", "send_notification": "failed" if is_broken else "success"}
    assert len(Webhook.heard) == (0 if is_broken else 1)
    if not is_broken:
        assert "No such file" in Webhook.heard[0]["error"] and "finetl extract" in Webhook.heard[0]["command"]
        with contextlib.closing(sqlite3.connect(home.folder / "told.db")) as books_of_it:
            assert books_of_it.execute("SELECT status FROM etl_audit_log").fetchall() == [("failed",)]


def test_what_is_handed_on_is_small_and_no_data(home):
    values = home.xcoms()
    assert len(values) >= 10
    for value in values:
        assert len(value.encode()) <= 48 * 1024
        handed_on = json.loads(value)
        assert handed_on["run_id"] and handed_on["status"] and "TXN" not in value and "CUST" not in value


def test_the_password_is_found_nowhere(home):
    for text in (home.logs(), home.rendered(), *home.xcoms()):
        assert "planted" not in text
