#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes suites/transactions.json with Great Expectations' own classes, as users of it would.

  tests/gx/.venv/bin/python tests/gx/write_suite.py

The latest date is held against the parameter run_time: Great Expectations knows no "now" but
that of a parameter, and its own now() is local and without a zone. Whoever runs the suite gives
run_time as a timestamp with its offset; finetl gives the run time by itself.
"""

import json
import pathlib

import gxrun  # noqa: F401 - before Great Expectations: it sets up quiet and offline
import great_expectations.expectations as gxe
from great_expectations.core.expectation_suite import ExpectationSuite

SUITE = pathlib.Path(__file__).resolve().parents[2] / "suites" / "transactions.json"
COLUMNS = [
    "transaction_id", "customer_id", "transaction_date", "amount", "merchant_id", "category", "status",
    "payment_method", "transaction_year", "transaction_month", "transaction_day",
    "transaction_dayofweek", "transaction_hour", "amount_category", "risk_score", "risk_level",
]


def expectations():
    yield gxe.ExpectTableColumnsToMatchOrderedList(column_list=COLUMNS)
    for column in ("transaction_id", "customer_id", "amount"):
        yield gxe.ExpectColumnValuesToNotBeNull(column=column)
    yield gxe.ExpectColumnValuesToBeUnique(column="transaction_id")
    yield gxe.ExpectColumnValuesToBeBetween(column="amount", min_value=0.01, max_value=1000000)
    yield gxe.ExpectColumnValuesToBeInSet(column="status", value_set=["completed", "pending", "failed"])
    yield gxe.ExpectColumnValuesToBeInSet(column="risk_level", value_set=["low", "medium", "high", "critical"])
    yield gxe.ExpectColumnValuesToBeBetween(column="risk_score", min_value=0, max_value=100)
    yield gxe.ExpectColumnMaxToBeBetween(column="transaction_date", max_value={"$PARAMETER": "run_time"})
    yield gxe.ExpectTableRowCountToBeBetween(min_value=100, severity="warning")


def main():
    suite = ExpectationSuite(name="transactions", expectations=list(expectations()))
    written = suite.to_json_dict()
    gxrun.load_suite(json.loads(json.dumps(written)))
    SUITE.parent.mkdir(exist_ok=True)
    SUITE.write_text(json.dumps(written, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
