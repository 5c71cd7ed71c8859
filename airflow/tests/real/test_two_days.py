# SPDX-License-Identifier: Apache-2.0
"""`airflow dags test` of the whole DAG with finetl itself: two days, each loads its own part, into both warehouses."""

import contextlib
import json
import sqlite3

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
