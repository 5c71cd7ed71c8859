#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Has it become slower? Counts the instructions of a run, which a busy machine does not change as it does seconds.

  instructions.py [FINETL]             build/finetl: fails where one is above its figure in instructions.json
  instructions.py --update [FINETL]    writes the figures down as they are now: a commit that does so says why

Counted by valgrind (cachegrind without caches) on the same generated input, the run's own threads off. The figures are of
Debian 12 on x86-64, whose libraries are counted with it; elsewhere they differ, and --update to a file of your own
(--figures FILE) before a change, and a run after it, tell the same.
"""

import argparse
import json
import pathlib
import platform
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
FIGURES = HERE / "instructions.json"
TOLERANCE = 0.05
N_CUSTOMERS, N_TRANSACTIONS = 1000, 20000
# A warehouse each; in the last one the rows are there already.
WORKLOADS = {
    "csv_to_files": "files:{folder}/out",
    "csv_to_sqlite": "sqlite:{folder}/w.db",
    "csv_to_sqlite_again": "sqlite:{folder}/w.db",
}


def pipeline(folder, finetl):
    subprocess.run([finetl, "generate", folder, "--customers", str(N_CUSTOMERS), "--transactions", str(N_TRANSACTIONS),
                    "--seed", "1", "--until", "2026-01-31"], check=True, capture_output=True)
    text = (ROOT / "pipelines" / "financial_transactions.yaml").read_text(encoding="utf-8")
    path = folder / "pipeline.yaml"
    path.write_text(text.replace("../data/", "").replace("../suites", str(ROOT / "suites")), encoding="utf-8")
    return path


def count(command):
    """Instructions of a command that must succeed."""
    with tempfile.NamedTemporaryFile("r", suffix=".log") as log:
        done = subprocess.run(["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null",
                               f"--log-file={log.name}", *command], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"instructions.py: {' '.join(map(str, command))}: exit {done.returncode}\n{done.stderr}")
        return int(re.search(r"I\s+refs:\s+([\d,]+)", log.read())[1].replace(",", ""))


def measure(finetl):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        path = pipeline(folder, finetl)
        counts = {}
        for workload, warehouse in WORKLOADS.items():
            n = count([finetl, "run", path, "--warehouse", warehouse.format(folder=folder), "--run-time", "2026-02-01T00:00:00Z",
                       "--threads", "1", "--quiet"])
            counts[workload] = round(n / (N_CUSTOMERS + N_TRANSACTIONS))
        return counts


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--figures", type=pathlib.Path, default=FIGURES)
    parser.add_argument("finetl", nargs="?", type=pathlib.Path, default=ROOT / "build" / "finetl")
    options = parser.parse_args()
    counts = measure(options.finetl.resolve())
    if options.update:
        options.figures.write_text(json.dumps({"machine": platform.machine(), "instructions_per_record": counts}, indent=1) + "\n")
    known = json.loads(options.figures.read_text(encoding="utf-8"))["instructions_per_record"]
    slower = False
    for workload, n in counts.items():
        ratio = n / known[workload]
        slower |= ratio > 1 + TOLERANCE
        verdict = "SLOWER" if ratio > 1 + TOLERANCE else "ok"
        print(f"{verdict:<6} {workload:<22}{n:>8,} instructions a record, {known[workload]:,} known ({ratio:.3f})")
    return 1 if slower else 0


if __name__ == "__main__":
    sys.exit(main())
