#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The default pipeline as users of pandas write it: the way of the stack that finetl takes the place of.

read_csv, texts by .str, a mask a rule, those that fail to a file of their own with their reasons, drop_duplicates, risk score by
masks, levels by cut, a checkpoint of Great Expectations over the whole frame, to_csv. Nothing goes row by row, and amounts are
floats. It keeps the first row of an id, whatever the later ones say, so it is right only for data whose doubles are true ones.
Runs with pandas 2.1 and Great Expectations 0.18 (requirements-older.txt) as with the newest. Prints its time as JSON.
"""
import argparse
import json
import pathlib
import time

import gx_checkpoint
import pandas as pd

TEXTS = {"transaction_id": "upper", "customer_id": "upper", "merchant_id": "upper", "category": "lower", "status": "lower",
         "payment_method": "lower"}
STATUSES = ["completed", "pending", "failed"]
REQUIRED = ["transaction_id", "customer_id", "transaction_date", "amount", "status"]


def read(path, moment):
    df = pd.read_csv(path, keep_default_na=False, na_values=[""])
    df[moment] = pd.to_datetime(df[moment], errors="coerce", format="ISO8601")
    return df


def customers(folder):
    df = read(folder / "customers.csv", "registration_date").drop_duplicates(subset="customer_id", keep="last")
    for name, how in (("customer_id", "upper"), ("customer_tier", "lower"), ("email", "lower")):
        df[name] = getattr(df[name].str.strip().str, how)()
    df["customer_name"] = df["customer_name"].str.strip()
    df["is_active"] = df["is_active"].map({True: "true", False: "false"})
    return df


def clean(df):
    df = df.fillna({"merchant_id": "MERCH0000", "category": "unknown"})
    for name, how in TEXTS.items():
        df[name] = getattr(df[name].str.strip().str, how)()
    return df


def split(df, known, now):
    """Those that are kept, and those that are not, with their reasons. A rule is broken only where its value is there."""
    date = df["transaction_date"]
    failed = {f"{name}:missing": df[name].isna() for name in REQUIRED}
    failed |= {"amount_positive": df["amount"] <= 0, "amount_limit": df["amount"] > 1_000_000,
               "status_known": df["status"].notna() & ~df["status"].isin(STATUSES), "not_in_future": date > now,
               "not_too_old": date < now - pd.Timedelta(days=730),
               "customer_known": df["customer_id"].notna() & ~df["customer_id"].isin(known)}
    is_bad = pd.DataFrame(failed).any(axis=1)
    rejects = df[is_bad].copy()
    reasons = pd.Series("", index=rejects.index, dtype=object)
    for reason, mask in failed.items():
        reasons[mask[is_bad]] += reason + ";"
    rejects.insert(0, "record", rejects.index + 1)
    rejects.insert(1, "reasons", reasons.str.rstrip(";"))
    return df[~is_bad].drop_duplicates(subset="transaction_id", keep="first").copy(), rejects


def derive(df):
    date = df["transaction_date"].dt
    for part in ("year", "month", "day", "day_of_week", "hour"):
        df[f"transaction_{part.replace('_of_', 'of')}"] = getattr(date, part)
    top = float("inf")
    df["amount_category"] = pd.cut(df["amount"], [-top, 50, 200, 500, 1000, top],
                                   labels=["small", "medium", "large", "very_large", "exceptional"])
    df["risk_score"] = 0.0
    df.loc[df["amount"] > 5000, "risk_score"] += 30
    df.loc[df["amount"] > 10000, "risk_score"] += 40
    df.loc[df["status"] == "failed", "risk_score"] += 50
    df.loc[df["transaction_dayofweek"] >= 5, "risk_score"] += 10
    df.loc[df["transaction_hour"] < 6, "risk_score"] += 20
    df["risk_score"] = df["risk_score"].clip(0, 100)
    df["risk_level"] = pd.cut(df["risk_score"], [-top, 20, 50, 80, top], labels=["low", "medium", "high", "critical"])
    return df


def write(df, moment, path):
    df[moment] = df[moment].dt.strftime("%Y-%m-%d %H:%M:%S.000000Z")
    df.to_csv(path, index=False, float_format="%.2f")


def main():
    p = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    p.add_argument("folder", type=pathlib.Path)
    p.add_argument("out", type=pathlib.Path)
    p.add_argument("--run-time", required=True)
    p.add_argument("--suite", type=pathlib.Path, required=True)
    args = p.parse_args()

    args.out.mkdir(parents=True, exist_ok=True)
    now = pd.Timestamp(args.run_time)
    started, cpu_started = time.monotonic(), time.process_time()
    dim = customers(args.folder)
    kept, rejects = split(clean(read(args.folder / "transactions.csv", "transaction_date")), dim["customer_id"], now)
    facts = derive(kept)
    checked = time.monotonic()
    n_expectations = gx_checkpoint.validate(facts, args.suite, now)
    checked = time.monotonic() - checked
    write(dim, "registration_date", args.out / "dim_customers.csv")
    write(facts, "transaction_date", args.out / "fact_transactions.csv")
    write(rejects, "transaction_date", args.out / "transactions.rejects.csv")
    print(json.dumps({"seconds": time.monotonic() - started, "cpu": time.process_time() - cpu_started, "of_them_checkpoint": checked,
                      "expectations": n_expectations, "pandas": pd.__version__, "great_expectations": gx_checkpoint.VERSION}))


if __name__ == "__main__":
    main()
