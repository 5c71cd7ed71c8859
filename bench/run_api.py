#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An API of 100,000 records, 100 pages of 1,000: finetl into SQLite against the dlt library into DuckDB.

Both ask the same server on this machine, which has its pages ready and is a process of its own, by a cursor, and take
turns. Before any timing what they loaded is compared, value by value. finetl merges by key, keeps the pages'
hashes and an audit row, and syncs all of it to disk; dlt only appends. The start of Python and dlt's imports
are left out of the ratio that decides; dlt's CPU is compared as well, as neighbours hardly change it.
"""
import argparse
import base64
import contextlib
import csv
import json
import multiprocessing
import pathlib
import random
import shutil
import sqlite3
import sys
import tempfile

import measure
from measure import ROOT, Run

sys.path.insert(0, str(ROOT / "tests" / "system"))
from faultserver import Answer, FaultServer  # noqa: E402

PAGE = 1000
REQUIREMENTS = measure.HERE / "requirements-dlt.txt"


def pages(n_records, seed=1):
    """The bodies, in order."""
    chance = random.Random(seed)
    n_pages = -(-n_records // PAGE)
    for page in range(n_pages):
        items = [f'{{"id": {i}, "amount": {chance.randrange(-10**8, 10**8) / 100:.2f}, "status": "{chance.choice(["open", "paid", "void"])}", '
                 f'"customer": {{"name": "Zoë O\'Neil {chance.randrange(5000)}"}}, '
                 f'"changed": "2025-{1 + i % 12:02}-{1 + i % 28:02}T{i % 24:02}:{i % 60:02}:00Z"}}'
                 for i in range(page * PAGE + 1, min(n_records, (page + 1) * PAGE) + 1)]
        following = json.dumps(base64.b64encode(b"%d" % (page + 1)).decode() if page + 1 < n_pages else None)
        yield f'{{"next": {following}, "total": {n_records}, "items": [{", ".join(items)}]}}'.encode()


def serve(n_records, pipe):
    answers = [Answer(body) for body in pages(n_records)]
    with FaultServer({"/orders": lambda request: answers[int(base64.b64decode(request.query.get("after", "")) or b"0")]}) as server:
        pipe.send(server.url("/orders"))
        pipe.recv()


@contextlib.contextmanager
def server(n_records):
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=serve, args=(n_records, theirs), daemon=True)
    process.start()
    try:
        yield ours.recv()
    finally:
        ours.send("end")
        process.join()


def write_pipeline(url, folder):
    path = folder / "pipeline.yaml"
    path.write_text(json.dumps({
        "version": 1, "pipeline": "orders",
        "datasets": [{
            "name": "orders", "target": "orders",
            "source": {"api": url, "records": "items", "total": "total", "pagination": {"by": "cursor", "next": "next", "param": "after"},
                       "network": {"allow_http": True, "allow_private_addresses": True}},
            "columns": [{"name": "id", "type": "int", "required": True}, {"name": "amount", "type": "decimal(18,2)"},
                        {"name": "status", "type": "text(10)"}, {"name": "customer_name", "from": "customer.name", "type": "text(40)"},
                        {"name": "changed", "type": "timestamp"}]}],
        "targets": {"orders": {"key": ["id"]}}}, indent=1))
    return path


class Contest:
    def __init__(self, args, url):
        self.work, self.finetl, self.url = args.work / "api", args.finetl, url
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(parents=True)
        self.pipeline, self.python = write_pipeline(url, self.work), measure.environment("dlt", REQUIREMENTS)
        self.ours, self.theirs = [], []

    def run_ours(self):
        for old in self.work.glob("w.db*"):
            old.unlink()
        return measure.run_finetl(self.finetl, self.pipeline, f"sqlite:{self.work / 'w.db'}")

    def run_theirs(self, *dump):
        shutil.rmtree(self.work / "dlt", ignore_errors=True)
        (self.work / "dlt").mkdir()
        return Run([self.python, measure.HERE / "dlt_api.py", self.url, self.work / "dlt", *dump])

    def check(self):
        """Both loaded the same."""
        dump = self.work / "dlt.csv"
        self.run_ours()
        said = self.run_theirs(dump).json()
        with contextlib.closing(sqlite3.connect(self.work / "w.db")) as db, open(dump, newline="", encoding="utf-8") as theirs:
            ours = db.execute("SELECT id, amount_minor, status, customer_name, changed FROM orders ORDER BY id")
            read = csv.reader(theirs)
            if next(read) != [column[0].replace("_minor", "") for column in ours.description]:
                sys.exit("the columns differ")
            n = 0
            for n, (a, b) in enumerate(zip(ours, read, strict=True), 1):
                if (str(a[0]), a[1], *a[2:]) != (b[0], round(float(b[1]) * 100), *b[2:]):
                    sys.exit(f"the outputs differ: {a} and {b}")
        print(f"outputs: equal, {n:,} rows of 5 columns")
        return said

    def round(self, i):
        for ours in (True, False) if i % 2 == 0 else (False, True):
            (self.ours if ours else self.theirs).append(self.run_ours() if ours else self.run_theirs())
        print(f"round {i + 1}: finetl {self.ours[-1].wall:.2f} s, dlt {self.theirs[-1].json()['wall']:.2f} s of a process of "
              f"{self.theirs[-1].wall:.2f} s", flush=True)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--finetl", default=ROOT / "build/finetl", type=lambda text: pathlib.Path(text).resolve())
    p.add_argument("--rows", type=int, default=100_000)
    p.add_argument("--rounds", type=int, default=7)
    p.add_argument("--work", type=pathlib.Path, default=pathlib.Path(tempfile.gettempdir()) / "finetl-bench",
                   help="where data and outputs go [%(default)s]; kept")
    p.add_argument("--goal", type=float, default=5, help="times as fast as dlt")
    args = p.parse_args()
    with server(args.rows) as url:
        contest = Contest(args, url)
        said = contest.check()
        for i in range(args.rounds):
            contest.round(i)
    print(f"\n{args.rows:,} records in {-(-args.rows // PAGE)} pages; dlt {said['dlt']}, DuckDB {said['duckdb']}; medians of {args.rounds} rounds")
    measure.print_runs("finetl", contest.ours, args.rows)
    measure.print_runs("dlt, whole process", contest.theirs, args.rows)
    print("\ntimes as fast as dlt")
    pairs = [(a, b, b.json()) for a, b in zip(contest.ours, contest.theirs)]
    measure.print_ratio("  wall, process against process", [b.wall / a.wall for a, b, _ in pairs])
    measure.print_ratio("  CPU, process against process", [b.cpu / a.cpu for a, b, _ in pairs])
    measure.print_ratio("  CPU, process against dlt's run() alone", [run["cpu"] / a.cpu for a, _, run in pairs])
    ratio = measure.print_ratio("  wall, process against dlt's run() alone", [run["wall"] / a.wall for a, _, run in pairs])
    print(f"\ngoal {args.goal:g} times, measured {ratio:.1f}: {'met' if ratio >= args.goal else 'NOT met'}")
    sys.exit(0 if ratio >= args.goal else 1)


if __name__ == "__main__":
    main()
