#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The benchmark set: workloads B1 to B14 and growth gates G1 to G5, and docs/benchmarks.md written from them.

  run_all.py                     all of it: three quarters of an hour, and 6 GB of disk
  run_all.py --only B1,B3        these; the figures of the others stay as they were measured
  run_all.py --short             some thousand rows and two rounds, writing no report: does everything work?
  run_all.py --report-only       docs/benchmarks.md anew from results.json

All outputs are compared before anything is timed. What the goals are, how the contestants take turns and how to read
the figures is told in README.md and in the report itself.
"""
import argparse
import json
import os
import pathlib
import platform
import re
import subprocess
import sys
import tempfile
import time

import growth
import measure
import report
import workloads

PROGRAM_LIBRARIES = ("transform", "expr", "format", "batch", "base")  # of what reads, cleans and dedupes


class Environment:
    """Where things are, and how much of them is wanted."""

    def __init__(self, args):
        self.finetl, self.short = args.finetl, args.short
        self.build = args.finetl.parent
        self.work = args.work / ("short" if args.short else "all")
        self.work.mkdir(parents=True, exist_ok=True)
        self.python = measure.python_with_requirements()
        self.n_rounds = args.rounds

    def rows(self, n):
        return min(n, 5_000 if n <= 1_000_000 else 10_000) if self.short else n

    def rounds(self, n):
        return 2 if self.short else self.n_rounds or n

    def program(self, name):
        """One of the C programs, built anew where finetl was."""
        path = self.work / name
        if not path.exists() or path.stat().st_mtime < self.finetl.stat().st_mtime:
            libraries = [self.build / f"src/{library}/libfe_{library}.a" for library in PROGRAM_LIBRARIES]
            subprocess.run([os.environ.get("CC", "cc"), "-O3", "-std=gnu17", "-D_GNU_SOURCE", f"-I{measure.ROOT / 'src'}", "-o", path,
                            measure.HERE / f"{name}.c", *libraries, "-lcrypto", "-lpcre2-8", "-lm"], check=True)
        return path


def first_line(argv):
    try:
        return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.splitlines()[0]
    except (OSError, subprocess.CalledProcessError, IndexError):
        return "not known"


def machine(env):
    """What the figures are of: the machine, the versions, the commit."""
    cpu = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    memory = re.search(r"MemTotal:\s+(\d+)", pathlib.Path("/proc/meminfo").read_text())
    versions = first_line([env.python, "-c", "import duckdb, polars, pandas, pyarrow, platform; print(f'DuckDB {duckdb.__version__}, Polars "
                           "{polars.__version__}, pandas {pandas.__version__}, pyarrow {pyarrow.__version__}, Python {platform.python_version()}')"])
    return {"cpu": f"{os.cpu_count()} x {cpu[1] if cpu else platform.machine()}", "memory_gib": round(int(memory[1]) / 2 ** 20),
            "kernel": platform.release(), "system": platform.freedesktop_os_release()["PRETTY_NAME"],
            "compiler": first_line(["cc", "--version"]), "peers": versions, "sqlite": first_line(["sqlite3", "--version"])[:6]}


def how(args):
    """When, of which commit, under which schedule."""
    commit = first_line(["git", "-C", measure.ROOT, "rev-parse", "--short", "HEAD"])
    schedule = " under a real-time schedule (`chrt -r 1`)" if os.sched_getscheduler(0) == os.SCHED_RR else ""
    return {"measured": f"{time.strftime('%Y-%m-%d', time.gmtime())}, commit {commit}{schedule}, load {os.getloadavg()[0]:.0f}"}


def show(section):
    print(f"\n{section['id']}  {section['title']}\n    equal: {section['equal'] or 'nothing to compare'}")
    for line in section["contestants"]:
        print(f"    {line['name']:<34} {line['own']:8.3f} s, process {line['wall']:.3f} s, {line['cpu']:.3f} s CPU, {line['peak_mib']:.0f} MiB")
    for bar in section["bars"]:
        print(f"    {report.figure(bar):<28} {bar['what']}; goal {'at most ' if bar['at_most'] else ''}{bar['goal']:g}: {bar['verdict']}", flush=True)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--finetl", default=measure.ROOT / "build/finetl", type=lambda text: pathlib.Path(text).resolve(), help="in its build folder")
    p.add_argument("--only", help="which, by comma: B1 B2 B3 B4 B9 B12 B14 G1 (and G2) G3 G4 G5")
    p.add_argument("--short", action="store_true")
    p.add_argument("--report-only", action="store_true")
    p.add_argument("--rounds", type=int, help="of each contest, in the place of its own number")
    p.add_argument("--work", type=pathlib.Path, default=pathlib.Path(tempfile.gettempdir()) / "finetl-bench", help="where data and outputs go [%(default)s]; kept")
    args = p.parse_args()

    every = {**workloads.ALL, **growth.ALL}
    wanted = args.only.split(",") if args.only else list(every)
    if unknown := [name for name in wanted if name not in every]:
        p.error(f"there is no {', '.join(unknown)}; there are {', '.join(every)}")
    kept = report.kept()
    if not args.report_only:
        env = Environment(args)
        kept["machine"] = machine(env)
        for name in wanted:
            print(f"\n{name} ...", flush=True)
            new = []
            for section in every[name](env):
                show(section)
                new.append({**section, **how(args), "command": f"bench/run_all.py --only {name}"})
            ids = {section["id"] for section in new}
            kept["sections"] = [s for s in kept["sections"] if s["id"] not in ids] + new
            if not args.short:
                report.RESULTS.write_text(json.dumps(kept, indent=1) + "\n")
    if not args.short:
        report.write(kept, measure.ROOT / "docs/benchmarks.md")


if __name__ == "__main__":
    sys.exit(main())
