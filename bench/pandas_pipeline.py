#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The default pipeline as users of pandas write it: the way of the stack that finetl takes the place of.

read_csv, drop_duplicates, dropna, texts by .str, rules and risk score by masks, levels by cut, checks one after the
other on whole columns, to_csv. Amounts are floats. It keeps the first row of an id, whatever the later ones say, so it is
right only for data whose doubles are true ones. Prints its time as JSON.
"""
import argparse
import json
import pathlib
import time

import pandas as pd

TEXTS = {"transaction_id": "upper", "customer_id": "upper", "merchant_id": "upper", "category": "lower", "status": "lower",
         "payment_method": "lower"}
STATUSES = ["completed", "pending", "failed"]


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


def clean(df, known, now):
    df = df.drop_duplicates(subset="transaction_id", keep="first")
    df = df.fillna({"merchant_id": "MERCH0000", "category": "unknown"})
    df = df.dropna(subset=["transaction_id", "customer_id", "transaction_date", "amount", "status"]).copy()
    for name, how in TEXTS.items():
        df[name] = getattr(df[name].str.strip().str, how)()
    date = df["transaction_date"]
    return df[(df["amount"] > 0) & (df["amount"] <= 1_000_000) & df["status"].isin(STATUSES) & (date <= now)
              & (date >= now - pd.Timedelta(days=730)) & df["customer_id"].isin(known)].copy()


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


def check(df):
    """What the suite of the pipeline asks, without Great Expectations' own cost."""
    share = {
        "id is there": df["transaction_id"].notna().mean(), "id is unique": (~df["transaction_id"].duplicated(keep=False)).mean(),
        "customer is there": df["customer_id"].notna().mean(), "date is there": df["transaction_date"].notna().mean(),
        "amount is there": df["amount"].notna().mean(), "amount in range": df["amount"].between(0.01, 1_000_000).mean(),
        "status is known": df["status"].isin(STATUSES).mean(), "score in range": df["risk_score"].between(0, 100).mean(),
        "level is known": df["risk_level"].isin(["low", "medium", "high", "critical"]).mean()}
    if min(share.values()) < 1:
        raise SystemExit(f"checks failed: {share}")


def write(df, moment, path):
    df[moment] = df[moment].dt.strftime("%Y-%m-%d %H:%M:%S.000000Z")
    df.to_csv(path, index=False, float_format="%.2f")


def main():
    p = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    p.add_argument("folder", type=pathlib.Path)
    p.add_argument("out", type=pathlib.Path)
    p.add_argument("--run-time", required=True)
    p.add_argument("--threads", type=int, default=1, help="has no use: there is one")
    args = p.parse_args()

    args.out.mkdir(parents=True, exist_ok=True)
    started, cpu_started = time.monotonic(), time.process_time()
    dim = customers(args.folder)
    facts = derive(clean(read(args.folder / "transactions.csv", "transaction_date"), dim["customer_id"], pd.Timestamp(args.run_time)))
    check(facts)
    write(dim, "registration_date", args.out / "dim_customers.csv")
    write(facts, "transaction_date", args.out / "fact_transactions.csv")
    print(json.dumps({"seconds": time.monotonic() - started, "cpu": time.process_time() - cpu_started, "version": pd.__version__}))


if __name__ == "__main__":
    main()
