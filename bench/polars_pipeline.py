#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The work of pipelines/financial_transactions.yaml in Polars, lazily; prints its time as JSON.

From a folder of CSV files both data sets; from an NDJSON file the transactions alone, and no reference is asked. The
schema is given, all text. As in DuckDB's SQL, only keys that occur more than once go through windows, and what a pattern
rules out is not cast. It cannot tell a record that is short of cells from one whose last cells are empty.
"""
import argparse
import json
import os
import pathlib
import time

p = argparse.ArgumentParser(description=__doc__)
p.add_argument("source", type=pathlib.Path, help="a folder with customers.csv and transactions.csv, or an NDJSON file")
p.add_argument("out", type=pathlib.Path)
p.add_argument("--run-time", required=True)
p.add_argument("--threads", type=int, default=1)
args = p.parse_args()
os.environ["POLARS_MAX_THREADS"] = str(args.threads)  # read when polars is imported

import polars as pl  # noqa: E402

NAMES = ("transaction_id", "customer_id", "transaction_date", "amount", "merchant_id", "category", "status", "payment_method")
BLANKS = " \t\n\x0b\x0c\r"
DATE = r"^\d{4}-\d\d-\d\d([ T]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?)?Z?$"
CUSTOMER = ("customer_id", "customer_name", "registration_date", "customer_tier", "email", "is_active")
TRUE, FALSE = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")
FIXED = ("customer_id", "transaction_date", "amount")
MUTABLE = ("merchant_id", "category", "status", "payment_method")


def text(name):
    return pl.col(name).str.strip_chars(BLANKS)


def moment(name):
    """Texts of 19 characters, which nearly all are, by one format; the others by their own."""
    t = pl.col(name).str.strip_chars(BLANKS)
    whole = t.str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False, time_unit="us")
    plain = t.str.strip_suffix("Z").str.replace("T", " ")
    other = pl.coalesce(plain.str.to_datetime(f, strict=False, time_unit="us")
                        for f in ("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M", ) )
    day = plain.str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("us"))
    return pl.when(t.str.len_bytes() == 19).then(whole).otherwise(pl.when(t.str.contains(DATE)).then(pl.coalesce(other, day)))


def clean(lines):
    amount = pl.col("amount").str.strip_chars(BLANKS)
    return lines.select(
        text("transaction_id").str.to_uppercase(),
        text("customer_id").str.to_uppercase(),
        moment("transaction_date").alias("transaction_date"),
        pl.when(amount.str.contains(r"^-?\d{1,10}(\.\d{1,2})?$")).then(amount.cast(pl.Decimal(12, 2), strict=False)).alias("amount"),
        text("merchant_id").replace("", None).str.to_uppercase().fill_null("MERCH0000"),
        text("category").replace("", None).str.to_lowercase().fill_null("unknown"),
        text("status").str.to_lowercase(),
        text("payment_method").replace("", None).str.to_lowercase(),
    )


def print_moment(moment):
    """No moment of the data has a fraction."""
    return moment.dt.to_string("%Y-%m-%d %H:%M:%S.000000Z")


def dim_customers(lines):
    """All columns are mutable: the last record of a key stands."""
    optional = lambda name: text(name).replace("", None)  # noqa: E731
    active = pl.col("is_active").str.to_lowercase()
    fits = lambda name, n: pl.col(name).is_null() | (pl.col(name).str.len_chars() <= n)  # noqa: E731
    return lines.select(
        text("customer_id").str.to_uppercase(), optional("customer_name"), moment("registration_date").alias("registration_date"),
        optional("registration_date").alias("registration_text"), optional("customer_tier").str.to_lowercase(),
        optional("email").str.to_lowercase(), optional("is_active").alias("active_text"),
        pl.when(active.is_in(TRUE)).then(True).when(active.is_in(FALSE)).then(False).alias("is_active"),
    ).filter(
        (pl.col("customer_id") != "") & fits("customer_id", 20) & fits("customer_name", 100) & fits("customer_tier", 20)
        & fits("email", 100) & (pl.col("registration_date").is_not_null() | pl.col("registration_text").is_null())
        & (pl.col("is_active").is_not_null() | pl.col("active_text").is_null())
    ).unique("customer_id", keep="last", maintain_order=True).select(CUSTOMER).collect(engine="streaming")


def keep(rows, now):
    length = lambda name, n: pl.col(name).str.len_chars() <= n  # noqa: E731
    return rows.filter(
        (pl.col("transaction_id") != "") & length("transaction_id", 20) & (pl.col("customer_id") != "")
        & length("customer_id", 20) & length("merchant_id", 20) & length("category", 50)
        & (pl.col("payment_method").is_null() | length("payment_method", 50))
        & (pl.col("amount") > 0) & (pl.col("amount") <= 1_000_000)
        & pl.col("status").is_in(["completed", "pending", "failed"])
        & (pl.col("transaction_date") <= now) & (pl.col("transaction_date") >= now - pl.duration(days=730)))


def standing(repeated):
    """Of a repeated key: what agrees with the first, and of that the last."""
    first = pl.all_horizontal(pl.col(c) == pl.col(c).first().over("transaction_id") for c in FIXED)
    return repeated.filter(first).unique("transaction_id", keep="last", maintain_order=True)


def derive(rows):
    a, d = pl.col("amount"), pl.col("transaction_date")
    hour, dow = d.dt.hour(), d.dt.weekday() - 1
    points = sum((pl.when(c).then(n).otherwise(0) for n, c in ((30, a > 5000), (40, a > 10000), (50, pl.col("status") == "failed"),
                                                              (10, dow >= 5), (20, hour < 6))), pl.lit(0, pl.Int32))
    bands = lambda e, upto, above: pl.coalesce(*(pl.when(e <= n).then(pl.lit(t)) for n, t in upto), pl.lit(above))  # noqa: E731
    rows = rows.with_columns(points.clip(upper_bound=100).alias("risk"))
    return rows.select(
        "transaction_id", "customer_id",
        print_moment(d).alias("transaction_date"),
        "amount", "merchant_id", "category", "status", "payment_method",
        d.dt.year().alias("transaction_year"), d.dt.month().alias("transaction_month"), d.dt.day().alias("transaction_day"),
        dow.alias("transaction_dayofweek"), hour.alias("transaction_hour"),
        bands(a, ((50, "small"), (200, "medium"), (500, "large"), (1000, "very_large")), "exceptional").alias("amount_category"),
        pl.col("risk").cast(pl.Decimal(5, 2)).alias("risk_score"),
        bands(pl.col("risk"), ((20, "low"), (50, "medium"), (80, "high")), "critical").alias("risk_level"))


def write(rows, path):
    rows.collect().write_csv(path)


def main():
    started, cpu_started = time.monotonic(), time.process_time()
    args.out.mkdir(parents=True, exist_ok=True)
    now = pl.lit(args.run_time).str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="us")
    if args.source.is_dir():
        texts = lambda names: {name: pl.String for name in names}  # noqa: E731
        customers = dim_customers(pl.scan_csv(args.source / "customers.csv", schema=texts(CUSTOMER)))
        write(customers.lazy().with_columns(print_moment(pl.col("registration_date"))), args.out / "dim_customers.csv")
        rows = keep(clean(pl.scan_csv(args.source / "transactions.csv", schema=texts(NAMES))), now)
        rows = rows.filter(pl.col("customer_id").is_in(customers["customer_id"].implode()))
    else:
        lines = pl.scan_ndjson(args.source, schema={name: pl.String for name in NAMES}, ignore_errors=True)
        rows = keep(clean(lines), now)
    kept = rows.collect(engine="streaming")
    is_repeated = kept["transaction_id"].is_duplicated()
    write(derive(pl.concat([kept.filter(~is_repeated), standing(kept.filter(is_repeated))]).lazy()), args.out / "fact_transactions.csv")
    print(json.dumps({"seconds": time.monotonic() - started, "cpu": time.process_time() - cpu_started, "version": pl.__version__}))


if __name__ == "__main__":
    main()
