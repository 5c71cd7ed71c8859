# SPDX-License-Identifier: Apache-2.0
"""sql/queries: the same question to both engines has the same answer, in the same columns."""

import contextlib
import datetime
import json
import sqlite3
from decimal import Decimal

import pytest

from finetl import ROOT
from test_checks import TRANSACTIONS
from test_lineage import SUITE
from test_notify import bad_transactions, books

QUERIES = ROOT / "sql" / "queries"
NAMES = sorted(p.stem for p in (QUERIES / "sqlite").glob("*.sql"))
# What differs from one warehouse to the other: ids, times, paths, how long things took.
VOLATILE = {"run_id", "last_run_id", "start_time", "first_met", "last_success", "last_run", "hours_waiting", "hours_since", "mean_seconds",
            "max_seconds"}


def comparable(value):
    if isinstance(value, (int, float, Decimal)):
        return round(Decimal(str(value)), 4)
    return value


class Asked:
    def __init__(self, name, columns, rows):
        self.name, self.columns, self.rows = name, columns, [dict(zip(columns, row)) for row in rows]

    def steady(self):
        return [{key: comparable(v) for key, v in row.items() if key not in VOLATILE} for row in self.rows]


@pytest.fixture(scope="module")
def answers(finetl, postgres, tmp_path_factory):
    """The same runs into both: one held with a bad file, one that is loaded with rejects, one that fails."""
    tmp = tmp_path_factory.mktemp("queries")
    (tmp / "s.json").write_text(json.dumps(SUITE))
    database = postgres.fresh()
    urls = [f"sqlite:{tmp}/w.db", database.url]
    runs = [(bad_transactions(), {"gate": {"max_rejected_percent": 1}}, 4), (bad_transactions(), {}, 0),
            (TRANSACTIONS.replace("T03,C1", "T03,C8"), {}, 0), ("nothing\n1\n", {}, 3)]
    for text, dataset, code in runs:
        pipeline = books(tmp, [], transactions=text, expectations="s.json", **dataset)
        for url in urls:
            assert finetl.run(pipeline, url).code == code
    out = {}
    for name in NAMES:
        with contextlib.closing(sqlite3.connect(tmp / "w.db")) as db:
            cursor = db.execute((QUERIES / "sqlite" / f"{name}.sql").read_text())
            out["sqlite", name] = Asked(name, [c[0] for c in cursor.description], cursor.fetchall())
        with database.connect() as db:
            cursor = db.execute((QUERIES / "postgres" / f"{name}.sql").read_text())
            out["postgres", name] = Asked(name, [c.name for c in cursor.description], cursor.fetchall())
    return out


def test_both_engines_have_the_same_questions_and_the_list_names_them():
    assert NAMES == sorted(p.stem for p in (QUERIES / "postgres").glob("*.sql"))
    listed = [line.split("`")[1] for line in (QUERIES / "README.md").read_text().splitlines() if line.startswith("| `")]
    assert sorted(listed) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_both_engines_answer_alike(answers, name):
    ours, theirs = answers["sqlite", name], answers["postgres", name]
    assert ours.columns == theirs.columns
    order = repr if name == "slowest_stages" else lambda row: 0  # there by time, which differs
    assert sorted(ours.steady(), key=order) == sorted(theirs.steady(), key=order)
    assert ours.rows or name == "running_now"
    for engine in ("sqlite", "postgres"):
        text = (QUERIES / engine / f"{name}.sql").read_text()
        assert f"-- query: {name}\n-- means: " in text


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_answers_are_right(answers, engine):
    def rows(name):
        return answers[engine, name].rows

    today = datetime.datetime.now(datetime.timezone.utc).date()
    (day,) = rows("runs_by_day")
    assert day["day"] in (str(today), str(today - datetime.timedelta(days=1)))
    assert (day["runs"], day["success_with_rejects"], day["held"], day["failed"]) == (4, 2, 1, 1)
    assert [r["status"] for r in rows("quality_trend")] == ["failed", "success_with_rejects", "success_with_rejects", "held"]
    assert [r["status"] for r in rows("recent_failures")] == ["failed", "held"]
    assert all(r["error_message"] for r in rows("recent_failures"))
    (success,) = rows("last_success")
    assert success["runs_since"] == 1 and 0 <= success["hours_since"] < 1
    waiting = rows("oldest_unprocessed_object")
    assert [r["dataset"] for r in waiting][-1] == "transactions" and waiting[-1]["path"].endswith("transactions.csv") and waiting[-1]["attempts"] >= 1
    (reason,) = rows("rejects_by_reason")
    assert (reason["reason"], reason["dataset"], reason["records"]) == ("customer_known", "transactions", 2)
    (failed,) = rows("failed_expectations")
    assert failed["runs"] == 3 and failed["severity"] == "warning" and "status" in failed["expectation"]
    slow = {r["dataset"]: r for r in rows("slowest_stages")}
    assert slow["transactions"]["runs"] == 4 and slow["transactions"]["max_seconds"] >= slow["transactions"]["mean_seconds"] > 0
    (amount,) = rows("amounts_by_day")
    assert amount["column"] == "amount" and amount["sum_loaded"] > 0
