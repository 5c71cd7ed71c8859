# SPDX-License-Identifier: Apache-2.0
"""suites/transactions.json over transactions: all well, and each of its expectations broken."""

import json
import pathlib

from casebook import case, column

SUITE = pathlib.Path(__file__).resolve().parents[3] / "suites" / "transactions.json"
RUN_TIME = {"run_time": "2026-02-01T00:00:00+00:00"}
STATUSES, LEVELS = ("completed", "pending", "failed"), ("low", "medium", "high", "critical")
BANDS = ("small", "medium", "large", "very_large", "exceptional")


def transactions(n_rows=120):
    rows = range(n_rows)
    days, hours = [1 + i % 28 for i in rows], [i % 24 for i in rows]
    made = {
        "transaction_id": ("text(20)", [f"TXN{i:06}" for i in rows]),
        "customer_id": ("text(20)", [f"CUST{i % 17:04}" for i in rows]),
        "transaction_date": ("timestamp", [f"2026-01-{d:02}T{h:02}:30:00Z" for d, h in zip(days, hours)]),
        "amount": ("decimal(12,2)", [f"{i * 37 % 9000}.{i * 61 % 100:02}" if i else "0.01" for i in rows]),
        "merchant_id": ("text(20)", [f"MERCH{i % 9:04}" for i in rows]),
        "category": ("text(50)", [None if i % 11 == 5 else "grocery" for i in rows]),
        "status": ("text(20)", [STATUSES[i % 3] for i in rows]),
        "payment_method": ("text(50)", ["card" for _ in rows]),
        "transaction_year": ("int", ["2026" for _ in rows]), "transaction_month": ("int", ["1" for _ in rows]),
        "transaction_day": ("int", [str(d) for d in days]), "transaction_dayofweek": ("int", [str(d % 7) for d in days]),
        "transaction_hour": ("int", [str(h) for h in hours]),
        "amount_category": ("text(20)", [BANDS[i % 5] for i in rows]),
        "risk_score": ("decimal(5,2)", [f"{i % 101}.00" for i in rows]),
        "risk_level": ("text(20)", [LEVELS[i % 4] for i in rows]),
    }
    return [column(name, type_name, cells) for name, (type_name, cells) in made.items()]


def cases():
    suite = json.loads(SUITE.read_text(encoding="utf-8"))

    def asked(name, columns, result_format="SUMMARY", parameters=RUN_TIME):
        return case(f"transactions_{name}", columns, [], result_format, parameters, suite=suite)

    for result_format in ("BOOLEAN_ONLY", "BASIC", "SUMMARY", "COMPLETE"):
        yield asked(f"all_well_{result_format.lower()}", transactions(), result_format)
    yield asked("without_run_time", transactions(), parameters={})
    yield asked("too_few", transactions(99))
    yield asked("none", transactions(0))
    for how, (name, cell) in {
        "no_id": ("transaction_id", None), "no_customer": ("customer_id", None), "no_amount": ("amount", None),
        "same_id": ("transaction_id", "TXN000003"), "nothing": ("amount", "0.00"), "cent_over": ("amount", "1000000.01"),
        "greatest": ("amount", "1000000.00"), "status": ("status", "complete"), "no_status": ("status", None),
        "level": ("risk_level", "Low"), "score": ("risk_score", "100.01"), "score_below": ("risk_score", "-0.01"),
        "at_run_time": ("transaction_date", "2026-02-01T00:00:00Z"),
        "after_run_time": ("transaction_date", "2026-02-01T00:00:00.000001Z"),
    }.items():
        columns = transactions()
        next(c for c in columns if c["name"] == name)["cells"][70] = cell
        yield asked(f"with_{how}", columns)
    yield asked("column_missing", [c for c in transactions() if c["name"] != "risk_level"])
    yield asked("columns_swapped", [*transactions()[1:2], *transactions()[:1], *transactions()[2:]])
