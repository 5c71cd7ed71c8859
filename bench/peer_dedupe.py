#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Which rows are the first of their id, by DuckDB or Polars, as dedupe_keys.c finds them; prints the same JSON.

The rows of the CSV file, id and amount, are in memory before the clock starts; in the end the kept ones are.
"""
import argparse
import json
import os
import time

p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
p.add_argument("peer", choices=("duckdb", "polars"))
p.add_argument("file")
p.add_argument("--threads", type=int, default=1)
args = p.parse_args()
os.environ["POLARS_MAX_THREADS"] = str(args.threads)  # read when it is imported


def timed(work):
    wall, cpu = time.monotonic(), time.process_time()
    result = work()
    return result, {"seconds": time.monotonic() - wall, "cpu": time.process_time() - cpu}


def by_duckdb():
    """Of two ways the quicker one: DISTINCT ON keeps a whole row an id, and takes longer than min() of the row's number."""
    import duckdb
    con = duckdb.connect(":memory:", config={"threads": args.threads})
    con.execute(f"create table t as select row_number() over () - 1 as n, id, amount from read_csv('{args.file}', "
                "auto_detect = false, header = true, columns = {'id': 'VARCHAR', 'amount': 'DECIMAL(12, 2)'})")
    _, took = timed(lambda: con.execute("create table kept as select id, min(n) as n, any_value(amount) as amount from t group by id"))
    kept, numbers = con.execute("select count(*), sum(n)::bigint from kept").fetchone()
    return took, {"kept": kept, "numbers": numbers}, duckdb.__version__


def by_polars():
    import polars as pl
    t = pl.read_csv(args.file, schema={"id": pl.String, "amount": pl.Decimal(12, 2)}, row_index_name="n")
    kept, took = timed(lambda: t.unique("id", keep="first"))
    return took, {"kept": len(kept), "numbers": int(kept["n"].cast(pl.Int64).sum())}, pl.__version__


def main():
    took, found, version = by_duckdb() if args.peer == "duckdb" else by_polars()
    print(json.dumps({**took, "found": found, "version": version}))


if __name__ == "__main__":
    main()
