#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The transactions of financial_transactions.duckdb.sql, read from NDJSON; prints its time as JSON."""
import argparse
import json
import pathlib
import re
import time

import duckdb
import duckdb_pipeline


def sql_of(ndjson, out, run_time):
    """Without the dimension, and with read_json in the place of read_csv; the columns are given, as texts."""
    text = duckdb_pipeline.sql_of("", out, run_time, False)
    text = re.sub(r"create temp table dim_customers.*?;\n", "", text, count=1, flags=re.S)
    text = re.sub(r"copy \(\n\tselect customer_id, customer_name.*?;\n", "", text, count=1, flags=re.S)
    text = text.replace("\n\tand customer_id in (select customer_id from dim_customers)", "")
    columns = ("transaction_id", "customer_id", "transaction_date", "amount", "merchant_id", "category", "status",
               "payment_method")
    source = f"read_json('{ndjson}', format = 'newline_delimited', ignore_errors = true, columns = {{ " + \
        ", ".join(f"{name}: 'VARCHAR'" for name in columns) + " })"
    text, n = re.subn(r"read_csv\(.*?\}\)", lambda _: source, text, flags=re.S)
    assert n == 1 and "dim_customers" not in text
    return text


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("ndjson")
    p.add_argument("out", type=pathlib.Path)
    p.add_argument("--run-time", required=True)
    p.add_argument("--threads", type=int, default=1)
    args = p.parse_args()
    sql = sql_of(args.ndjson, str(args.out), args.run_time)
    started, cpu_started = time.monotonic(), time.process_time()
    con = duckdb.connect(":memory:", config={"threads": args.threads})
    for statement in con.extract_statements(sql):
        con.execute(statement)
    con.close()
    print(json.dumps({"seconds": time.monotonic() - started, "cpu": time.process_time() - cpu_started,
                      "duckdb": duckdb.__version__}))


if __name__ == "__main__":
    main()
