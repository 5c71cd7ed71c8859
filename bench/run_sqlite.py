#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The default pipeline into a fresh SQLite warehouse, against the least it can cost.

The floor (floor_sqlite.c) inserts the ready-made rows of a finished warehouse into the
same empty tables, by prepared statements in one transaction under the same pragmas, and
builds the same indexes. finetl's figure is its whole process, from CSV to commit.
"""
import argparse
import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile

import measure
from measure import Run

TABLES = ("dim_customers", "fact_transactions")
STAMPS = ("processed_at", "created_at", "updated_at", "etl_run_id")


def content(path, table):
    """All columns but the stamps of a run, ordered; and the names of the indexes."""
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        columns = [r[1] for r in db.execute(f"PRAGMA table_xinfo({table})") if r[1] not in STAMPS]
        rows = db.execute(f"SELECT count(*), {', '.join(f'total(length({c}))' for c in columns)} FROM {table}").fetchone()
        indexes = [r[0] for r in db.execute("SELECT sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = ? ORDER BY 1",
                                            (table,))]
    return columns, rows, indexes


def check_equal(ours, floor):
    for table in TABLES:
        if content(ours, table) != content(floor, table):
            sys.exit(f"{table}: the two warehouses differ")
        print(f"{table}: the same, {content(ours, table)[1][0]:,} rows, {len(content(ours, table)[2])} indexes")


def remove(path):
    for suffix in ("", "-journal", "-wal", "-shm"):
        pathlib.Path(f"{path}{suffix}").unlink(missing_ok=True)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--finetl", default=measure.ROOT / "build/finetl",
                   type=lambda text: pathlib.Path(text).resolve())
    p.add_argument("--rows", type=int, default=1_000_000)
    p.add_argument("--customers", type=int, default=50_000)
    p.add_argument("--rounds", type=int, default=7)
    p.add_argument("--work", type=pathlib.Path, default=pathlib.Path(tempfile.gettempdir()) / "finetl-bench",
                   help="where data and warehouses go [%(default)s]; kept")
    p.add_argument("--goal", type=float, default=0.7)
    args = p.parse_args()

    data = measure.generate(args.finetl, args.work / "data", args.rows, args.customers)
    pipeline = measure.pipeline_for(data)
    floor_program = args.work / "floor_sqlite"
    subprocess.run([os.environ.get("CC", "cc"), "-O2", measure.HERE / "floor_sqlite.c", "-lsqlite3", "-o", floor_program],
                   check=True)
    ready, ours, floor = (args.work / f"{name}.db" for name in ("ready", "finetl", "floor"))

    def run_ours(path=ours):
        remove(path)
        return measure.run_finetl(args.finetl, pipeline, f"sqlite:{path}")

    def run_floor():
        remove(floor)
        return Run([floor_program, ready, floor, *TABLES])

    def calibrate():
        return Run(["/usr/bin/sha256sum", data / "transactions.csv"]).wall

    run_ours(ready)
    run_ours()
    run_floor()
    check_equal(ours, floor)

    rounds, calibrations = [], []
    for i in range(args.rounds):
        order = (run_ours, run_floor) if i % 2 == 0 else (run_floor, run_ours)
        results = {f: f() for f in order}
        rounds.append((results[run_ours], results[run_floor]))
        calibrations.append(calibrate())
        print(f"round {i + 1}: finetl {rounds[-1][0].wall:.2f} s, floor {rounds[-1][1].json()['seconds']:.2f} s",
              flush=True)
    calm = measure.calm_rounds(rounds, calibrations)

    print(f"\n{args.rows:,} transactions, {args.customers:,} customers; SQLite {sqlite3.sqlite_version}; "
          f"medians of {len(calm)} rounds")
    measure.print_runs("finetl", [r[0] for r in calm], args.rows)
    print("\nspeed of finetl, the floor being 1")
    wall = measure.print_ratio("  wall", [r[1].json()["seconds"] / r[0].wall for r in calm])
    cpu = measure.print_ratio("  CPU", [r[1].json()["cpu"] / r[0].cpu for r in rounds])
    measure.judge(wall, cpu, len(calm), args.goal)


if __name__ == "__main__":
    main()
