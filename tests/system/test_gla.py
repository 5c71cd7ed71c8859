# SPDX-License-Identifier: Apache-2.0
"""Real data: the payments of the Greater London Authority, all of them, to the penny."""

from decimal import Decimal

from finetl import ROOT, connect, sums_of

PIPELINE = ROOT / "pipelines" / "gla_spending.yaml"


def test_every_payment_arrives_and_the_sum_agrees(finetl, tmp_path):
    warehouse = tmp_path / "gla.db"
    done = finetl("run", PIPELINE, "--warehouse", f"sqlite:{warehouse}").ok()
    (dataset,) = done.result["datasets"]
    assert (dataset["read"], dataset["inserted"], dataset["rejected"]) == (28145, 28145, 0)
    (sums,) = sums_of(dataset).values()
    assert sums["read"] == sums["inserted"] == Decimal("1000083306.00")
    with connect(warehouse) as db:
        n, total, credits = db.execute(
            "SELECT count(*), sum(amount_minor), sum(amount_minor < 0) FROM fact_gla_payments").fetchone()
    db.close()
    assert (n, total, credits) == (28145, 100008330600, 1209)


def test_the_same_again_changes_nothing(finetl, tmp_path):
    warehouse = f"sqlite:{tmp_path / 'gla.db'}"
    finetl("run", PIPELINE, "--warehouse", warehouse).ok()
    (dataset,) = finetl("run", PIPELINE, "--warehouse", warehouse).ok().result["datasets"]
    assert (dataset["read"], dataset["unchanged"], dataset["inserted"], dataset["updated"]) == (28145, 28145, 0, 0)


def test_files_hold_every_payment(finetl, tmp_path):
    done = finetl("run", PIPELINE, "--warehouse", f"files:{tmp_path / 'out'}").ok()
    (dataset,) = done.result["datasets"]
    assert dataset["inserted"] == 28145
    assert (tmp_path / "out" / "report.json").exists()
