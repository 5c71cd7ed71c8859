# SPDX-License-Identifier: Apache-2.0
"""finetl checks: a warehouse that was meddled with is told by the check that is for it.

Every drill is one statement behind the tool's back, on either engine; the checks that
must ring for it are named, and no other may.
"""

import contextlib
import json
import sqlite3

import pytest

import pipelines
from finetl import write_pipeline

CUSTOMERS = "customer_id,customer_name,registration_date,customer_tier,email,is_active\n" + "".join(
    f"C{i},Customer {i},2025-01-0{i},gold,c{i}@example.com,true\n" for i in range(1, 4))
TRANSACTIONS = (
    "transaction_id,customer_id,transaction_date,amount,merchant_id,category,status,payment_method\n" + "".join(
        f"T{i:02},C{i % 3 + 1},2026-02-{i + 1:02}T10:00:00Z,{i * 10}.{i:02},M1,food,completed,card\n" for i in range(1, 13)))

NAMES = {"all_positive_amounts", "amounts_agree_with_runs", "customers_exist", "date_parts_agree", "loaded_today",
         "no_future_dates", "no_null_amounts", "reasonable_amounts", "rows_agree_with_runs", "summary", "unique_records",
         "unique_transaction_ids", "valid_status"}


class File:
    """A SQLite warehouse, and what a person with another program can do to it."""

    def __init__(self, path):
        self.path, self.url, self.engine = path, f"sqlite:{path}", "sqlite"

    def free(self):
        """The fact table as an older stack would have it: nothing but columns."""
        with contextlib.closing(sqlite3.connect(self.path)) as db:
            names = [row[1] for row in db.execute("PRAGMA table_xinfo(fact_transactions)")]
            db.executescript(f"CREATE TABLE bare AS SELECT {', '.join(names)} FROM fact_transactions;"
                             "DROP VIEW IF EXISTS customer_transaction_summary; DROP VIEW IF EXISTS daily_transaction_summary;"
                             "DROP VIEW IF EXISTS high_risk_transactions;"
                             "DROP TABLE fact_transactions; ALTER TABLE bare RENAME TO fact_transactions;")

    def execute(self, sql):
        with contextlib.closing(sqlite3.connect(self.path, isolation_level=None)) as db:
            assert db.execute(sql).rowcount != 0


class Server:
    def __init__(self, database):
        self.database, self.url, self.engine = database, database.url, "postgres"

    def free(self):
        for sql in ["CREATE TABLE bare AS SELECT * FROM fact_transactions", "DROP TABLE fact_transactions CASCADE",
                    "ALTER TABLE bare RENAME TO fact_transactions"]:
            self.execute(sql)

    def execute(self, sql):
        with self.database.connect() as db:
            assert db.execute(sql).rowcount != 0


@pytest.fixture(params=["sqlite", "postgres"])
def warehouse(request, tmp_path):
    if request.param == "sqlite":
        yield File(tmp_path / "w.db")
        return
    database = request.getfixturevalue("postgres").fresh()
    yield Server(database)
    database.drop()


@pytest.fixture
def loaded(finetl, tmp_path, warehouse):
    (tmp_path / "customers.csv").write_text(CUSTOMERS)
    (tmp_path / "transactions.csv").write_text(TRANSACTIONS)
    pipeline = write_pipeline(tmp_path, pipelines.financial())
    finetl.run(pipeline, warehouse.url).ok()

    def checks(*more, **how):
        return finetl("checks", pipeline, "--warehouse", warehouse.url, *more, **how)

    return checks


def failed(done):
    return {c["name"]: c for c in done.result["checks"] if c["status"] == "failed"}


def test_what_was_loaded_passes(loaded):
    result = loaded("--json").ok().result
    assert {c["name"] for c in result["checks"]} == NAMES
    assert {c["status"] for c in result["checks"]} == {"passed"} and result["status"] == "passed"
    assert result["figures"] == {
        "transactions": "12", "customers": "3", "total_amount": "780.78", "least_amount": "10.01",
        "greatest_amount": "120.12", "first_day": "2026-02-02", "last_day": "2026-02-13"}


def test_a_rerun_and_an_update_still_add_up(finetl, tmp_path, warehouse, loaded):
    (tmp_path / "transactions.csv").write_text(TRANSACTIONS.replace("M1", "M2") + "T99,C1,2026-02-20T10:00:00Z,5,M1,food,pending,card\n")
    finetl.run(tmp_path / "pipeline.yaml", warehouse.url).ok()
    finetl.run(tmp_path / "pipeline.yaml", warehouse.url).ok()
    assert loaded("--json").ok().result["figures"]["transactions"] == "13"


DRILLS = {
    "a row is removed": ("DELETE FROM fact_transactions WHERE transaction_id = 'T03'",
                         {"rows_agree_with_runs": "11, 12", "amounts_agree_with_runs": "75075, 78078"}),
    "a row is doubled": ("INSERT INTO fact_transactions SELECT * FROM fact_transactions WHERE transaction_id = 'T03'",
                         {"rows_agree_with_runs": "13, 12", "amounts_agree_with_runs": "81081, 78078",
                          "unique_transaction_ids": "T03", "unique_records": "T03"}),
    "an amount is a cent more": ("UPDATE fact_transactions SET amount = amount + 0.01 WHERE transaction_id = 'T03'",
                                 {"amounts_agree_with_runs": "78079, 78078"}),
    "an amount has its sign turned": (
        "UPDATE fact_transactions SET amount = -amount WHERE transaction_id = 'T03'",
        {"amounts_agree_with_runs": "72072, 78078", "all_positive_amounts": "T03"}),
    "an amount is gone": ("UPDATE fact_transactions SET amount = NULL WHERE transaction_id = 'T03'",
                          {"amounts_agree_with_runs": "75075, 78078", "no_null_amounts": "T03"}),
    "a row is moved to the next day": (
        "UPDATE fact_transactions SET transaction_date = '2026-02-05 10:00:00.000000Z' WHERE transaction_id = 'T03'",
        {"date_parts_agree": "T03"}),
    "a row is moved to the future": (
        "UPDATE fact_transactions SET transaction_date = '2199-02-04 10:00:00.000000Z' WHERE transaction_id = 'T03'",
        {"date_parts_agree": "T03", "no_future_dates": "T03"}),
    "a customer is unknown": ("UPDATE fact_transactions SET customer_id = 'C9' WHERE transaction_id = 'T03'",
                              {"customers_exist": "T03"}),
    "a status is unknown": ("UPDATE fact_transactions SET status = 'lost' WHERE transaction_id = 'T03'",
                            {"valid_status": "T03"}),
}


@pytest.mark.parametrize("drill", DRILLS)
def test_what_was_meddled_with_rings(warehouse, loaded, drill):
    sql, rings = DRILLS[drill]
    warehouse.free()
    assert loaded("--json").ok().result["status"] == "passed"
    warehouse.execute(sql)
    done = loaded("--json")
    assert done.code == 4 and done.result["exit_code"] == 4, done
    assert {name: c["samples"] for name, c in failed(done).items()} == {name: [sample] for name, sample in rings.items()}
    assert all(name in done.stderr for name in rings)


def test_a_warning_fails_only_where_asked_to(warehouse, loaded):
    warehouse.free()
    warehouse.execute("UPDATE fact_transactions SET processed_at = '2026-02-05 10:00:00.000000Z'")
    done = loaded("--json").ok()
    assert failed(done)["loaded_today"]["samples"] == ["2026-02-05 10:00:00.000000Z"]
    assert loaded("--fail-on", "warning").code == 4
    assert loaded("--fail-on", "never").code == 0


def test_never_is_never(warehouse, loaded):
    warehouse.free()
    warehouse.execute("DELETE FROM fact_transactions")
    done = loaded("--json", "--fail-on", "never").ok()
    assert "rows_agree_with_runs" in failed(done)
    assert loaded().code == 4


def test_a_check_whose_columns_are_not_there_is_skipped(warehouse, loaded):
    warehouse.free()
    warehouse.execute("ALTER TABLE fact_transactions RENAME COLUMN status TO state")
    done = loaded("--json").ok()
    skipped = {c["name"]: c["reason"] for c in done.result["checks"] if c["status"] == "skipped"}
    assert skipped == {"valid_status": "there is no column status in a table fact_transactions"}


HEADER = "-- check: mine\n-- severity: critical\n-- means: Mine holds.\n-- needs: dim_customers(customer_id)\n"


@pytest.mark.parametrize("sql, code, word", [
    ("SELECT count(*) OVER (), customer_id FROM main.dim_customers WHERE customer_id = 'it''s :today; -- no' LIMIT 5;", 0, ""),
    ("SELECT 2, customer_id FROM main.dim_customers ORDER BY 2", 4, "mine"),
    ("SELECT 1, nothing FROM main.dim_customers", 8, "check mine"),
    ("DELETE FROM main.dim_customers", 2, "SELECT"),
    ("WITH x AS (SELECT 1) DELETE FROM main.dim_customers", None, "check mine"),
    ("SELECT 1; SELECT 2", 2, "';'"),
    ("SELECT 1, :yesterday", 2, "unknown parameter"),
])
def test_checks_of_ones_own(loaded, tmp_path, sql, code, word):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "mine.sql").write_text(HEADER + sql)
    done = loaded("--checks", folder)
    assert done.code == code if code is not None else done.code in (7, 8), done
    assert word in done.stderr, done
    assert loaded().code == 0  # nothing was changed


def test_keys_that_would_move_a_terminal_do_not(warehouse, loaded, tmp_path):
    warehouse.execute("UPDATE dim_customers SET customer_name = 'a\x1b[2Jb' WHERE customer_id = 'C1'")
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "mine.sql").write_text(HEADER + "SELECT 1, customer_name FROM main.dim_customers WHERE customer_id = 'C1'")
    assert "\x1b" not in loaded("--checks", folder).stdout
    assert json.loads(loaded("--checks", folder, "--json").stdout)["checks"][0]["samples"] == ["a\x1b[2Jb"]


def test_a_warehouse_of_files_has_no_tables(finetl, tmp_path, loaded):
    done = finetl("checks", tmp_path / "pipeline.yaml", "--warehouse", f"files:{tmp_path}/out")
    assert done.code == 2 and "database" in done.stderr


@pytest.mark.parametrize("warehouse", ["postgres"], indirect=True)  # a file has no schemas
def test_tables_in_a_schema_are_found(finetl, tmp_path, warehouse):
    (tmp_path / "customers.csv").write_text(CUSTOMERS)
    (tmp_path / "transactions.csv").write_text(TRANSACTIONS)
    text = json.dumps(pipelines.financial())
    text = text.replace("fact_transactions", "ledger.fact_transactions").replace("dim_customers", "ledger.dim_customers")
    pipeline = write_pipeline(tmp_path, json.loads(text))
    with warehouse.database.connect() as db:
        db.execute("CREATE SCHEMA ledger")
    finetl.run(pipeline, warehouse.url).ok()
    result = finetl("checks", pipeline, "--warehouse", warehouse.url, "--json").ok().result
    assert {c["status"] for c in result["checks"]} == {"passed"}
    warehouse.execute("UPDATE ledger.fact_transactions SET amount = amount + 0.01 WHERE transaction_id = 'T01'")
    done = finetl("checks", pipeline, "--warehouse", warehouse.url, "--json")
    assert done.code == 4 and set(failed(done)) == {"amounts_agree_with_runs"}
