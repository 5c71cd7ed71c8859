#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""NDJSON: the default pipeline's columns against DuckDB and Polars, and reading alone against simdjson.

The transactions of the default pipeline, one JSON object a line, with the dimension left out: clean,
checks, dedupe, derived columns, and the fact as CSV. All contestants have the schema given and one
thread. Before any timing their outputs are compared, byte for byte once sorted. finetl also keeps
every reject, hashes what it reads and writes, and syncs it to disk, in its own time. Reading alone
(parse_json.c, parse_simdjson.cpp) fetches eight fields of each record from memory; that part is
left out where Debian's libsimdjson-dev is not there.
"""
import argparse
import csv
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import measure
from measure import Run

NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")


def make_ndjson(data):
    """The generated CSV as NDJSON; an amount is a number where it is written as one."""
    out = data / "transactions.ndjson"
    if out.exists() and out.stat().st_mtime >= (data / "transactions.csv").stat().st_mtime:
        return out
    with open(data / "transactions.csv", newline="") as source, open(out, "w") as lines:
        rows = csv.reader(source)
        names = next(rows)
        for row in rows:
            if len(row) != len(names):
                continue
            members = []
            for name, text in zip(names, row):
                is_number = name == "amount" and NUMBER.fullmatch(text)
                value = text if is_number else "null" if name == "amount" and not text else json.dumps(text)
                members.append(f'"{name}":{value}')
            lines.write("{" + ",".join(members) + "}\n")
    return out


def pipeline_for(data, ndjson):
    """The transactions of the default pipeline, by themselves."""
    lines = (measure.ROOT / "pipelines/financial_transactions.yaml").read_text().splitlines(keepends=True)
    text = "".join(line for line in lines if not line.lstrip().startswith("expectations:"))
    text = re.sub(r"  - name: customers\n(?:(?!  - name: ).*\n)*", "", text)
    text = re.sub(r"    references:\n(?:      .*\n)*", "", text)
    text = re.sub(r"  dim_customers:\n(?:    .*\n)*", "", text)
    text = re.sub(r"    foreign_keys:.*\n", "", text)
    text = text.replace("{ csv: ../data/transactions.csv }", "{ ndjson: " + str(ndjson) + " }")
    path = data / "ndjson.yaml"
    path.write_text(text)
    return path


def sorted_copy(path):
    out = f"{path}.sorted"
    subprocess.run(["sort", "-o", out, path], check=True, env={**os.environ, "LC_ALL": "C"})
    return out


def check_equal(ours, theirs, name):
    a, b = (sorted_copy(folder / "fact_transactions.csv") for folder in (ours, theirs))
    if subprocess.run(["cmp", a, b]).returncode != 0:
        sys.exit(f"finetl and {name}: the outputs differ; `diff {a} {b}` shows where")
    os.unlink(a)
    os.unlink(b)
    print(f"finetl and {name}: equal, {os.path.getsize(ours / 'fact_transactions.csv'):,} bytes")


def build_parsers(work, build):
    """Both reading programs, or None where there is no simdjson."""
    if not pathlib.Path("/usr/include/simdjson.h").exists():
        print("reading alone: left out, as libsimdjson-dev is not there")
        return None
    ours, theirs = work / "parse_json", work / "parse_simdjson"
    libraries = [build / f"src/{name}/libfe_{name}.a" for name in ("format", "batch", "base")]
    subprocess.run(["cc", "-O3", "-std=gnu17", "-D_GNU_SOURCE", f"-I{measure.ROOT / 'src'}", "-o", ours,
                    measure.HERE / "parse_json.c", *libraries, "-lcrypto", "-lpcre2-8", "-lm"], check=True)
    subprocess.run(["c++", "-O3", "-std=c++17", "-o", theirs, measure.HERE / "parse_simdjson.cpp", "-lsimdjson"],
                   check=True)
    return ours, theirs


def measure_parsers(parsers, ndjson, rounds, goal):
    def seconds(program):
        n_records, n_bytes, best = Run([program, ndjson, 5]).stdout.split()
        return (n_records, n_bytes), float(best)

    ratios = []
    for i in range(rounds):
        order = parsers if i % 2 == 0 else parsers[::-1]
        said = {program: seconds(program) for program in order}
        if said[parsers[0]][0] != said[parsers[1]][0]:
            sys.exit(f"the readers differ: {said}")
        ratios.append(said[parsers[1]][1] / said[parsers[0]][1])
    size = ndjson.stat().st_size
    print(f"\nreading alone: finetl {size / said[parsers[0]][1] / 1e9:.2f} GB/s, "
          f"simdjson {size / said[parsers[1]][1] / 1e9:.2f} GB/s in the last round")
    ratio = measure.print_ratio("  CPU, times as fast as simdjson", ratios)
    print(f"goal {goal}, measured {ratio:.2f}: {'met' if ratio >= goal else 'NOT met'}")
    return ratio >= goal


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--finetl", default=measure.ROOT / "build/finetl",
                   type=lambda text: pathlib.Path(text).resolve())
    p.add_argument("--rows", type=int, default=1_000_000)
    p.add_argument("--rounds", type=int, default=7, help="at least 7")
    p.add_argument("--work", type=pathlib.Path, default=pathlib.Path(tempfile.gettempdir()) / "finetl-bench",
                   help="where data and outputs go [%(default)s]; kept")
    p.add_argument("--goal", type=float, default=3.0)
    p.add_argument("--goal-reading", type=float, default=1.0)
    p.add_argument("--only-reading", action="store_true")
    args = p.parse_args()
    if args.rounds < 7:
        p.error("fewer than 7 rounds say too little")

    python = measure.python_with_requirements()
    data = measure.generate(args.finetl, args.work / "data", args.rows, 50_000)
    ndjson = make_ndjson(data)
    pipeline = pipeline_for(data, ndjson)
    peers = ("duckdb", "polars")
    folder = {name: args.work / f"json_{name}" for name in ("finetl", *peers)}

    def run(name):
        shutil.rmtree(folder[name], ignore_errors=True)
        folder[name].mkdir(parents=True)
        if name == "finetl":
            return measure.run_finetl(args.finetl, pipeline, f"files:{folder[name]}")
        return Run([python, measure.HERE / ("ndjson_duckdb.py" if name == "duckdb" else "polars_pipeline.py"), ndjson, folder[name], "--run-time", measure.RUN_TIME])

    parsers = build_parsers(args.work, args.finetl.parent)
    reading_met = not parsers or measure_parsers(parsers, ndjson, args.rounds, args.goal_reading)
    if args.only_reading:
        sys.exit(0 if reading_met else 1)

    run("finetl")
    for name in peers:
        run(name)
        check_equal(folder["finetl"], folder[name], name)
    rounds, calibrations = [], []
    for i in range(args.rounds):
        order = ("finetl", *peers) if i % 2 == 0 else (*peers[::-1], "finetl")
        rounds.append({name: run(name) for name in order})
        calibrations.append(Run(["/usr/bin/sha256sum", ndjson]).wall)
        print(f"round {i + 1}: " + ", ".join(f"{name} {r.wall:.3f} s" for name, r in sorted(rounds[-1].items())), flush=True)
    calm = measure.calm_rounds(rounds, calibrations)
    print(f"\n{args.rows:,} transactions, one thread; medians of {len(calm)} rounds")
    for name in ("finetl", *peers):
        measure.print_runs(name, [r[name] for r in calm], args.rows)
    walls, cpus = [], []
    for name in peers:
        walls.append(measure.print_ratio(f"wall, times as fast as {name} alone",
                                         [r[name].json()["seconds"] / r["finetl"].wall for r in calm]))
        cpus.append(measure.print_ratio(f"CPU, times as fast as {name} alone",
                                        [r[name].json()["cpu"] / r["finetl"].cpu for r in rounds]))
    measure.judge(min(walls), min(cpus), len(calm), args.goal)
    sys.exit(0 if reading_met else 1)


if __name__ == "__main__":
    main()
