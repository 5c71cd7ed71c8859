#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs financial_transactions.duckdb.sql once and prints its time as JSON.

The time inside (connect, SQL, files closed) leaves out the start of Python and the
import of duckdb; run_duckdb.py measures the process as a whole as well.
"""
import argparse
import json
import pathlib
import re
import time

import duckdb

# trim(x, set) costs four times trim(x): only texts that begin or end with a blank go there.
TRIM = r"""case when {0}[1] <= ' ' or {0}[-1] <= ' ' then trim({0}, E' \t\n\x0b\x0c\r') else {0} end"""

TIMESTAMP = """case when try_cast({0} as timestamp)::varchar = {0} then try_cast({0} as timestamp)
	when regexp_full_match({0}, '[0-9]{4}-[0-9]{2}-[0-9]{2}([ T]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\\.[0-9]{1,6})?)?)?Z?')
	then try_cast(rtrim({0}, 'Z') as timestamp) end"""

DECIMAL = """case when try_cast({0} as decimal(12, 2))::varchar = {0} then try_cast({0} as decimal(12, 2))
	when regexp_full_match({0}, '-?[0-9]{1,10}(\\.[0-9]{1,2})?') then try_cast({0} as decimal(12, 2)) end"""

# The canonical text. A moment without a fraction, which is all that the data has, needs
# no strftime.
PRINT = """case when microsecond({0}) % 1000000 = 0 then {0}::varchar || '.000000Z'
	else strftime({0}, '%Y-%m-%d %H:%M:%S.%fZ') end"""


def sql_of(folder, out, run_time, ordered):
    text = pathlib.Path(__file__).with_name("financial_transactions.duckdb.sql").read_text()
    macros = {"trim": TRIM, "timestamp": TIMESTAMP, "decimal": DECIMAL, "print": PRINT}
    text = re.sub(r"\{(trim|timestamp|decimal|print):(\w+)\}", lambda m: macros[m[1]].replace("{0}", m[2]), text)
    fill = {"folder": folder, "out": out, "run_time": run_time,
            "order": "order by record" if ordered else ""}
    return re.sub(r"\{(folder|out|run_time|order)\}", lambda m: fill[m[1]].replace("'", "''")
                  if m[1] in ("folder", "out", "run_time") else fill[m[1]], text)


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("folder", help="holds customers.csv and transactions.csv")
    p.add_argument("out")
    p.add_argument("--run-time", required=True, help="YYYY-MM-DD hh:mm:ss, UTC")
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--ordered", action="store_true", help="fact rows in input order")
    args = p.parse_args()

    pathlib.Path(args.out).mkdir(parents=True, exist_ok=True)
    sql = sql_of(args.folder, args.out, args.run_time, args.ordered)
    started, cpu_started = time.monotonic(), time.process_time()
    con = duckdb.connect(":memory:", config={"threads": args.threads})
    steps = []
    for statement in con.extract_statements(sql):
        begun = time.monotonic()
        con.execute(statement)
        steps.append(round(time.monotonic() - begun, 3))
    con.close()
    print(json.dumps({"seconds": time.monotonic() - started, "steps": steps, "duckdb": duckdb.__version__,
                      "cpu": time.process_time() - cpu_started}))


if __name__ == "__main__":
    main()
