#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The default pipeline on generated rows: finetl into files:DIR against DuckDB's SQL.

Both read the same CSV files and write the clean fact and dimension as CSV, with one
thread. Before any timing their outputs are compared, byte for byte once sorted. finetl
also keeps every reject, hashes what it reads and writes, and syncs it to disk, in its
own time; DuckDB does not. The start of Python is left out of DuckDB's first ratio.
"""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import measure
from measure import Run


def sorted_copy(path):
    out = f"{path}.sorted"
    subprocess.run(["sort", "-o", out, path], check=True, env={**os.environ, "LC_ALL": "C"})
    return out


def check_equal(ours, theirs):
    for name in ("dim_customers.csv", "fact_transactions.csv"):
        a, b = sorted_copy(ours / name), sorted_copy(theirs / name)
        if subprocess.run(["cmp", a, b]).returncode != 0:
            sys.exit(f"{name}: the outputs differ; `diff {a} {b}` shows where")
        os.unlink(a)
        os.unlink(b)
        print(f"{name}: equal, {os.path.getsize(ours / name):,} bytes")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--finetl", default=measure.ROOT / "build/finetl",
                   type=lambda text: pathlib.Path(text).resolve())
    p.add_argument("--rows", type=int, default=1_000_000)
    p.add_argument("--customers", type=int, default=50_000)
    p.add_argument("--rounds", type=int, default=9, help="at least 7")
    p.add_argument("--threads", type=int, default=1, help="DuckDB's, and finetl's")
    p.add_argument("--work", type=pathlib.Path, default=pathlib.Path(tempfile.gettempdir()) / "finetl-bench",
                   help="where data and outputs go [%(default)s]; kept")
    p.add_argument("--goal", type=float, default=3.0)
    args = p.parse_args()
    if args.rounds < 7:
        p.error("fewer than 7 rounds say too little")

    python = measure.python_with_requirements()
    data = measure.generate(args.finetl, args.work / "data", args.rows, args.customers)
    pipeline = measure.pipeline_for(data)
    ours, theirs = args.work / "finetl", args.work / "duckdb"

    def run_ours():
        shutil.rmtree(ours, ignore_errors=True)
        ours.mkdir()
        return measure.run_finetl(args.finetl, pipeline, f"files:{ours}", args.threads)

    def run_theirs():
        shutil.rmtree(theirs, ignore_errors=True)
        return Run([python, measure.HERE / "duckdb_pipeline.py", data, theirs, "--run-time", measure.RUN_TIME,
                    "--threads", args.threads])

    def calibrate():
        return Run(["/usr/bin/sha256sum", data / "transactions.csv"]).wall

    run_ours()
    version = run_theirs().json()["duckdb"]
    check_equal(ours, theirs)

    rounds = []
    for i in range(args.rounds):
        order = (run_ours, run_theirs) if i % 2 == 0 else (run_theirs, run_ours)
        results = {f: f() for f in order}
        rounds.append((calibrate(), results[run_ours], results[run_theirs]))
        print(f"round {i + 1}: finetl {rounds[-1][1].wall:.3f} s, DuckDB {rounds[-1][2].json()['seconds']:.3f} s",
              flush=True)
    everyone = [r[1:] for r in rounds]
    calm = measure.calm_rounds(everyone, [r[0] for r in rounds])

    print(f"\n{args.rows:,} transactions, {args.customers:,} customers; DuckDB {version}; "
          f"{args.threads} thread{'s' if args.threads > 1 else ''}; medians of {len(calm)} rounds")
    measure.print_runs("finetl", [r[0] for r in calm], args.rows)
    measure.print_runs("DuckDB, whole process", [r[1] for r in calm], args.rows)
    print("\ntimes as fast as DuckDB")
    wall = measure.print_ratio("  wall, finetl's process against SQL alone",
                               [r[1].json()["seconds"] / r[0].wall for r in calm])
    measure.print_ratio("  wall, process against process", [r[1].wall / r[0].wall for r in calm])
    cpu = measure.print_ratio("  CPU, finetl's process against SQL alone",
                              [r[1].json()["cpu"] / r[0].cpu for r in everyone])
    measure.judge(wall, cpu, len(calm), args.goal)


if __name__ == "__main__":
    main()
