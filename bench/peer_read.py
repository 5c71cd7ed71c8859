#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads transactions from CSV with DuckDB, Polars, pandas or pyarrow, as read_csv.c does; prints the same JSON.

The clock runs from before the file is opened until all of it is read: for `cells` every column is read as text and its
values are counted, for `columns` a table with types is whole in memory. What it holds is summed up after that, for the
comparison. The schema is given. Where a peer has no exact type for an amount, it has its quickest.
"""
import argparse
import json
import os
import time

p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
p.add_argument("peer", choices=("duckdb", "polars", "pandas", "pyarrow"))
p.add_argument("what", choices=("cells", "columns"))
p.add_argument("file")
p.add_argument("--threads", type=int, default=1)
args = p.parse_args()
os.environ["POLARS_MAX_THREADS"] = str(args.threads)  # read when it is imported

NAMES = ("transaction_id", "customer_id", "transaction_date", "amount", "merchant_id", "category", "status", "payment_method")
TEXTS = tuple(name for name in NAMES if name not in ("transaction_date", "amount"))


class Clock:
    def __enter__(self):
        self.wall, self.cpu = time.monotonic(), time.process_time()
        return self

    def __exit__(self, *_):
        self.wall, self.cpu = time.monotonic() - self.wall, time.process_time() - self.cpu


def duckdb_read():
    import duckdb
    types = {name: "VARCHAR" for name in NAMES}
    if args.what == "columns":
        types |= {"transaction_date": "TIMESTAMP", "amount": "DECIMAL(12, 2)"}
    source = (f"read_csv('{args.file}', auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\"', "
              f"new_line = '\\n', columns = {types})")
    con = duckdb.connect(":memory:", config={"threads": args.threads, "preserve_insertion_order": False})
    counts = ", ".join(f"count(nullif({name}, ''))" for name in NAMES)
    sizes = " + ".join(f"coalesce(sum(strlen({name})), 0)" for name in (NAMES if args.what == "cells" else TEXTS))
    if args.what == "cells":
        with Clock() as clock:
            n_rows, *n = con.execute(f"select count(*), {counts} from {source}").fetchone()
        found = {"rows": n_rows, "cells": sum(n), "bytes": int(con.execute(f"select {sizes} from {source}").fetchone()[0])}
    else:
        with Clock() as clock:
            con.execute(f"create table t as select * from {source}")
        row = con.execute(f"select count(*), sum(amount) * 100, sum(epoch(transaction_date)::bigint), {sizes} from t").fetchone()
        found = dict(zip(("rows", "cents", "moments", "bytes"), map(int, row)))
    return clock, found, duckdb.__version__


def polars_read():
    import polars as pl
    if args.what == "cells":
        lines = pl.scan_csv(args.file, schema={name: pl.String for name in NAMES})
        with Clock() as clock:
            row = lines.select(pl.len().alias("rows"), *(pl.col(name).count() for name in NAMES)) \
                .collect(engine="streaming").row(0)
        sizes = lines.select(pl.col(name).str.len_bytes().sum() for name in NAMES).collect(engine="streaming").row(0)
        return clock, {"rows": row[0], "cells": sum(row[1:]), "bytes": sum(sizes)}, pl.__version__
    schema = {name: pl.String for name in NAMES} | {"transaction_date": pl.Datetime("us"), "amount": pl.Decimal(12, 2)}
    with Clock() as clock:
        t = pl.read_csv(args.file, schema=schema)
    row = t.select(pl.len(), (pl.col("amount").sum() * 100).cast(pl.Int64), pl.col("transaction_date").dt.epoch("s").sum(),
                   pl.sum_horizontal(pl.col(name).str.len_bytes().sum().cast(pl.Int64) for name in TEXTS).alias("bytes")).row(0)
    return clock, dict(zip(("rows", "cents", "moments", "bytes"), row)), pl.__version__


def pandas_read():
    import pandas
    types = {name: "str" for name in TEXTS} | {"amount": "float64"}
    with Clock() as clock:
        t = pandas.read_csv(args.file, dtype=types, parse_dates=["transaction_date"], date_format="%Y-%m-%d %H:%M:%S",
                            keep_default_na=False, na_values={"amount": [""]})
    seconds = t["transaction_date"].astype("datetime64[s]").astype("int64").sum()
    return clock, {"rows": len(t), "cents": int((t["amount"] * 100).round().sum()), "moments": int(seconds),
                   "bytes": int(sum(t[name].str.len().sum() for name in TEXTS))}, pandas.__version__


def pyarrow_read():
    import pyarrow
    import pyarrow.compute as pc
    from pyarrow import csv
    pyarrow.set_cpu_count(args.threads)
    types = {name: pyarrow.string() for name in TEXTS} | {"amount": pyarrow.decimal128(12, 2), "transaction_date": pyarrow.timestamp("us")}
    with Clock() as clock:
        t = csv.read_csv(args.file, read_options=csv.ReadOptions(use_threads=args.threads > 1),
                         convert_options=csv.ConvertOptions(column_types=types, timestamp_parsers=["%Y-%m-%d %H:%M:%S"]))
    return clock, {"rows": t.num_rows, "cents": int(pc.sum(t["amount"]).as_py() * 100),
                   "moments": pc.sum(pc.cast(t["transaction_date"], pyarrow.timestamp("s")).cast(pyarrow.int64())).as_py(),
                   "bytes": sum(pc.sum(pc.binary_length(t[name])).as_py() for name in TEXTS)}, pyarrow.__version__


def main():
    clock, found, version = {"duckdb": duckdb_read, "polars": polars_read, "pandas": pandas_read, "pyarrow": pyarrow_read}[args.peer]()
    print(json.dumps({"seconds": clock.wall, "cpu": clock.cpu, "found": found, "version": version}))


if __name__ == "__main__":
    main()
