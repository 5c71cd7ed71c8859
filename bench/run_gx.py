#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""suites/transactions.json on a million rows: finetl against Great Expectations on pandas.

The file is what a run of the default pipeline writes for its transactions, with a few defects in it. Before any
timing the results are compared, field by field, by the rules of tests/gx. Then all take turns:

  a run       of the default pipeline without its suite, with it, and with its expectations twenty times over, so
              that what one costs stands out of the noise
  a process   finetl validate on the file, typed and as text, and Python doing the same: import, read_csv, validate()
  validate()  the same Python process says what it took alone, with the frame loaded and the suite read

Goals: the suite in the load costs at most a hundredth of validate() after it, and adds at most 5 % to the run's user
and system CPU. CPU decides, as neighbours hardly change it.
"""
import argparse
import csv
import json
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

import measure
from measure import ROOT, Run

sys.path.insert(0, str(ROOT / "tests" / "gx"))
import compare  # noqa: E402

PEER = ROOT / "tests" / "gx"
SUITE = ROOT / "suites" / "transactions.json"
RUN_TIME = measure.RUN_TIME.replace(" ", "T") + "Z"
TIMES = 20
RUNS_A_ROUND = 3
DEFECT_EVERY = 19_997
# One after the other, of whole rows: what a suite is there for.
DEFECTS = (("amount", ""), ("transaction_id", "TXN-TWICE"), ("amount", "1000000.01"), ("status", "lost"),
           ("risk_score", "100.01"), ("customer_id", ""), ("risk_level", "none"))


def facts_with_defects(finetl, work, data):
    """The transactions that a run writes, with a defect in every DEFECT_EVERYth."""
    out, path = work / "gx-facts", work / "gx-facts.csv"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    measure.run_finetl(finetl, measure.pipeline_for(data), f"files:{out}")
    n_defects = 0
    with open(out / "fact_transactions.csv", newline="") as source, open(path, "w", newline="") as target:
        rows, write = csv.reader(source), csv.writer(target, lineterminator="\n")
        header = next(rows)
        write.writerow(header)
        for i, row in enumerate(rows, 1):
            if i % DEFECT_EVERY == 0:
                name, value = DEFECTS[n_defects % len(DEFECTS)]
                row[header.index(name)] = value
                n_defects += 1
            write.writerow(row)
    shutil.rmtree(out)
    print(f"{i:,} rows of {len(header)} columns, {n_defects} of them with a defect, {path.stat().st_size:,} bytes")
    return path


def one_null(result):
    """NaNs are no equals of each other, so pandas' floats count each null by itself; finetl counts nulls as one value."""
    for entry in result["results"]:
        counts = entry["result"].get("partial_unexpected_counts", [])
        if counts and all(count["value"] is None for count in counts):
            entry["result"]["partial_unexpected_counts"] = [{"value": None, "count": sum(c["count"] for c in counts)}]


def check_equal(ours, theirs):
    """Every figure of every expectation, where the two may not differ."""
    one_null(theirs)
    lines = compare.differences_of({"name": "bench", "engine": "pandas", "result": theirs}, {"result": ours})
    if lines:
        sys.exit("the results differ:\n" + "\n".join(lines))
    n_failed = sum(not entry["success"] for entry in ours["results"])
    n_counted = sum(len(entry["result"]) for entry in ours["results"])
    print(f"results: the same, {len(ours['results'])} expectations, {n_failed} of them failed, {n_counted} figures and lists")


def suite_times(n, path):
    """The suite with its expectations n times over."""
    suite = json.loads(SUITE.read_text(encoding="utf-8"))
    suite["expectations"] *= n
    path.write_text(json.dumps(suite))
    return path


def pipelines(data):
    """The default pipeline on generated data: without its suite, with it, with TIMES of it."""
    without = measure.pipeline_for(data)
    text = (ROOT / "pipelines/financial_transactions.yaml").read_text()
    for name in ("customers", "transactions"):
        text = text.replace(f"../data/{name}.csv", f"{data.resolve()}/{name}.csv")
    paths = [without]
    for name, suite in (("one", SUITE), ("times", suite_times(TIMES, data / "suite-times.json"))):
        paths.append(data / f"pipeline-{name}.yaml")
        paths[-1].write_text(text.replace("../suites/transactions.json", str(suite)))
    return paths


class Contest:
    """All that take turns: by name a function that runs one process."""

    def __init__(self, args, facts, data):
        def run(pipeline):
            out = args.work / "gx-out"
            shutil.rmtree(out, ignore_errors=True)
            out.mkdir(parents=True)
            return measure.run_finetl(args.finetl, pipeline, f"files:{out}")

        ours = [args.finetl, "validate", facts, "--suite", SUITE, "--run-time", RUN_TIME, "--fail-on", "never"]
        typed = ["--pipeline", ROOT / "pipelines/financial_transactions.yaml", "--dataset", "transactions"]
        theirs = [PEER / ".venv/bin/python", measure.HERE / "gx_validate.py", facts, SUITE, "--run-time",
                  RUN_TIME.replace("Z", "+00:00")]
        names = ("without", "with", "times")
        self.runs = {name: (lambda p=path: run(p)) for name, path in zip(names, pipelines(data))}
        self.processes = {
            "finetl typed": lambda: Run(ours + typed), "GX typed": lambda: Run(theirs),
            "finetl text": lambda: Run(ours), "GX text": lambda: Run([*theirs, "--text"])}
        self.took = {name: [] for name in (*self.runs, *self.processes)}

    def check(self):
        """Runs everyone once, which warms the page cache as well; what the peer says of itself."""
        for name in self.runs:
            self.runs[name]()
        for how in ("typed", "text"):
            said = self.processes[f"GX {how}"]().json()
            print(f"{how}: ", end="")
            check_equal(json.loads(self.processes[f"finetl {how}"]().stdout), said["result"])
        return said

    def round(self, i):
        # Runs are short and their differences small: some of each in a round.
        for k in range(RUNS_A_ROUND):
            for name in sorted(self.runs, reverse=(i + k) % 2 == 1):
                self.took[name].append(self.runs[name]())
        for name in sorted(self.processes, reverse=i % 2 == 1):
            self.took[name].append(self.processes[name]())
        last = {name: runs[-1] for name, runs in self.took.items()}
        print(f"round {i + 1}: " + ", ".join(f"{name} {run.cpu:.2f} s CPU" for name, run in last.items()), flush=True)

    def of_suite(self):
        """CPU seconds of one suite within a run, by rounds."""
        pairs = list(zip(self.took["without"], self.took["times"]))
        return [sum(b.cpu - a.cpu for a, b in pairs[i:i + RUNS_A_ROUND]) / RUNS_A_ROUND / TIMES
                for i in range(0, len(pairs), RUNS_A_ROUND)]

    def print(self, n_rows):
        for name, runs in self.took.items():
            measure.print_runs(name, runs, n_rows)
        took, suite = self.took, self.of_suite()
        print(f"\n{'the suite in a run':<44} {statistics.median(suite):6.4f} s CPU")
        added = [100 * (b.cpu / a.cpu - 1) for a, b in zip(took["without"], took["with"])]
        percent = measure.print_ratio("percent that it adds to the run's CPU", added)
        print("\ntimes as fast as Great Expectations")
        for how in ("typed", "text"):
            pairs = list(zip(took[f"finetl {how}"], took[f"GX {how}"]))
            measure.print_ratio(f"  CPU, process against process, {how}", [b.cpu / a.cpu for a, b in pairs])
            measure.print_ratio(f"  wall, process against process, {how}", [b.wall / a.wall for a, b in pairs])
            measure.print_ratio(f"  CPU, finetl's process against validate(), {how}", [b.json()["cpu"] / a.cpu for a, b in pairs])
        ratio = measure.print_ratio("  CPU, in the run against validate(), typed",
                                    [b.json()["cpu"] / a for a, b in zip(suite, took["GX typed"])])
        return ratio, percent


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--finetl", default=ROOT / "build/finetl", type=lambda text: pathlib.Path(text).resolve())
    p.add_argument("--rows", type=int, default=1_000_000)
    p.add_argument("--customers", type=int, default=50_000)
    p.add_argument("--rounds", type=int, default=7)
    p.add_argument("--work", type=pathlib.Path, default=pathlib.Path(tempfile.gettempdir()) / "finetl-bench",
                   help="where data and outputs go [%(default)s]; kept")
    p.add_argument("--goal", type=float, default=100, help="times as fast as validate()")
    p.add_argument("--goal-percent", type=float, default=5, help="of CPU that the suite may add to a run")
    args = p.parse_args()

    subprocess.run([PEER / "setup.sh"], check=True)
    data = measure.generate(args.finetl, args.work / "data-clean", args.rows, args.customers, clean=True)
    contest = Contest(args, facts_with_defects(args.finetl, args.work, data), data)
    said = contest.check()
    for i in range(args.rounds):
        contest.round(i)
    print(f"\n{args.rows:,} rows; Great Expectations {said['version']}, pandas {said['pandas']}; one thread; "
          f"medians of {args.rounds} rounds")
    ratio, percent = contest.print(args.rows)
    ok = (ratio >= args.goal, percent <= args.goal_percent)
    print(f"\ngoal {args.goal:g} times, measured {ratio:.1f}: {'met' if ok[0] else 'NOT met'}; "
          f"goal at most {args.goal_percent:g} %, measured {percent:.2f} %: {'met' if ok[1] else 'NOT met'}")
    sys.exit(0 if all(ok) else 1)


if __name__ == "__main__":
    main()
