#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pandas' to_sql into the tables and indexes of a finished SQLite warehouse; prints its time as JSON.

The rows are in frames before the clock starts, as the file FOLDER/TABLE.ready.csv has them. One transaction for all.
"""
import argparse
import json
import pathlib
import sqlite3
import time

import pandas


def main():
    p = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    p.add_argument("out")
    p.add_argument("folder", type=pathlib.Path)
    p.add_argument("like", help="the finished warehouse")
    p.add_argument("tables", nargs="+")
    args = p.parse_args()

    frames = {t: pandas.read_csv(args.folder / f"{t}.ready.csv", keep_default_na=False, na_values=[""]) for t in args.tables}
    db = sqlite3.connect(args.out)
    with sqlite3.connect(f"file:{args.like}?mode=ro", uri=True) as like:
        for kind in ("table", "index"):
            for name in args.tables:
                for (sql,) in like.execute("SELECT sql FROM sqlite_schema WHERE type = ? AND tbl_name = ? AND sql IS NOT NULL", (kind, name)):
                    db.execute(sql)
    db.commit()
    db.execute("PRAGMA journal_mode=off")
    db.execute("PRAGMA synchronous=off")
    wall, cpu = time.monotonic(), time.process_time()
    for name, frame in frames.items():
        frame.to_sql(name, db, if_exists="append", index=False)
    db.commit()
    print(json.dumps({"seconds": time.monotonic() - wall, "cpu": time.process_time() - cpu, "version": pandas.__version__}))
    db.close()


if __name__ == "__main__":
    main()
