# SPDX-License-Identifier: Apache-2.0
"""Pipelines for the tests, as Python dicts; JSON of one is a pipeline file.

`financial` is the shipped pipelines/financial_transactions.yaml without its gate and suite,
written here a second time on purpose. `variant` turns everything else that the model
knows: version, where, map, null, computed columns, warnings, zones.
"""

import copy

FINANCIAL = {
    "version": 1,
    "pipeline": "financial_transactions",
    "defaults": {"text": {"trim": True}, "timestamp": {"zone": "UTC"}},
    "datasets": [
        {
            "name": "customers",
            "source": {"csv": "customers*.csv"},
            "columns": [
                {"name": "customer_id", "type": "text(20)", "case": "upper", "required": True},
                {"name": "customer_name", "type": "text(100)"},
                {"name": "registration_date", "type": "timestamp"},
                {"name": "customer_tier", "type": "text(20)", "case": "lower"},
                {"name": "email", "type": "text(100)", "case": "lower", "pii": True},
                {"name": "is_active", "type": "bool"},
            ],
            "target": "dim_customers",
        },
        {
            "name": "transactions",
            "source": {"csv": "transactions*.csv"},
            "columns": [
                {"name": "transaction_id", "type": "text(20)", "case": "upper", "required": True},
                {"name": "customer_id", "type": "text(20)", "case": "upper", "required": True},
                {"name": "transaction_date", "type": "timestamp", "required": True},
                {"name": "amount", "type": "decimal(12,2)", "required": True},
                {"name": "merchant_id", "type": "text(20)", "case": "upper", "default": "MERCH0000"},
                {"name": "category", "type": "text(50)", "case": "lower", "default": "unknown"},
                {"name": "status", "type": "text(20)", "case": "lower", "required": True},
                {"name": "payment_method", "type": "text(50)", "case": "lower"},
            ],
            "rules": [
                {"id": "amount_positive", "check": "amount > 0"},
                {"id": "amount_limit", "check": "amount <= 1000000"},
                {"id": "status_known", "check": "status in ('completed', 'pending', 'failed')"},
                {"id": "not_in_future", "check": "transaction_date <= now()"},
                {"id": "not_too_old", "check": "transaction_date >= now() - days(730)"},
            ],
            "references": [{"id": "customer_known", "column": "customer_id", "target": "dim_customers"}],
            "derive": [
                {"name": "transaction_year", "type": "int", "value": "year(transaction_date)"},
                {"name": "transaction_month", "type": "int", "value": "month(transaction_date)"},
                {"name": "transaction_day", "type": "int", "value": "day(transaction_date)"},
                {"name": "transaction_dayofweek", "type": "int", "value": "dayofweek(transaction_date)"},
                {"name": "transaction_hour", "type": "int", "value": "hour(transaction_date)"},
                {
                    "name": "amount_category",
                    "type": "text(20)",
                    "bands": {
                        "of": "amount",
                        "upto": [[50, "small"], [200, "medium"], [500, "large"], [1000, "very_large"]],
                        "above": "exceptional",
                    },
                },
                {
                    "name": "risk_score",
                    "type": "decimal(5,2)",
                    "points": [
                        {"add": 30, "when": "amount > 5000"},
                        {"add": 40, "when": "amount > 10000"},
                        {"add": 50, "when": "status = 'failed'"},
                        {"add": 10, "when": "dayofweek(transaction_date) >= 5"},
                        {"add": 20, "when": "hour(transaction_date) < 6"},
                    ],
                    "clamp": [0, 100],
                },
                {
                    "name": "risk_level",
                    "type": "text(20)",
                    "bands": {
                        "of": "risk_score",
                        "upto": [[20, "low"], [50, "medium"], [80, "high"]],
                        "above": "critical",
                    },
                },
            ],
            "target": "fact_transactions",
        },
    ],
    "targets": {
        "dim_customers": {"key": ["customer_id"], "mutable": "all", "indexes": [["customer_tier"], ["is_active"]]},
        "fact_transactions": {
            "key": ["transaction_id"],
            "mutable": ["status", "category", "merchant_id", "payment_method"],
            "foreign_keys": [{"columns": ["customer_id"], "references": "dim_customers"}],
            "checks": ["amount > 0", "status in ('completed', 'pending', 'failed')"],
            "indexes": [
                ["customer_id"], ["transaction_date desc"], ["amount"], ["status"], ["risk_level"], ["category"],
                ["customer_id", "transaction_date desc"], ["transaction_date desc", "status"],
            ],
        },
    },
}


def financial():
    return copy.deepcopy(FINANCIAL)


def variant():
    """The same data read with other options: what the financial pipeline leaves alone."""
    p = financial()
    customers, transactions = p["datasets"]
    customers["where"] = "customer_id is not null and (is_active or customer_tier <> 'bronze' or customer_tier is null)"
    customers["columns"][3]["map"] = {"gold": "premium", "Gold": "premium", "silver": "standard"}
    customers["columns"][4]["trim"] = False
    transactions["columns"][2]["zone"] = "Europe/London"
    transactions["columns"][4]["null"] = ["NULL", "None", "NA"]
    transactions["columns"][5]["trim"] = False
    transactions["columns"][5]["null"] = ["", "Travel", "FUEL"]
    transactions["columns"].insert(4, {"name": "fee", "type": "decimal(14,4)", "value": "amount * 0.25 + 1.5"})
    transactions["columns"].insert(5, {"name": "country", "type": "text(4)", "value": "substr(coalesce(customer_id, 'none'), 1, 4)"})
    transactions["columns"].append(
        {"name": "booked", "type": "timestamp", "value": "case when amount < 5000 then transaction_date + days(1) end"}
    )
    transactions["where"] = "amount is null or amount <> 5000 or status = 'failed'"
    transactions["rules"][1].update(action="warn", check="amount <= 900")
    transactions["rules"].append(
        {"id": "fee_sane", "check": "fee between 0 and 200000 or not (merchant_id like 'MERCH%' and length(category) > 3)"}
    )
    transactions["derive"].append({"name": "label", "type": "text(24)", "value": "status || ':' || coalesce(category, '-')"})
    p["targets"]["fact_transactions"].update(
        mutable=["status", "category", "booked"], version="transaction_date", indexes=[["customer_id"]]
    )
    return p
