# SPDX-License-Identifier: Apache-2.0
"""The workloads B1 to B14 of run_all.py: each a function of the environment that gives sections of the report.

Data D1 is the generator's without faults but 1 % of rows twice and 2 % without an amount; D2 is D1 with a fifth of its
cells in quotes, and line ends and doubled quotes in one row of a hundred; D3 is the generator's as it is, with a tenth of
the rows untidy and none short of cells (Polars cannot tell); D4 is random ids of 20 characters; D5 has 30 % of rows twice.
"""
import csv
import os
import random
import shutil
import sqlite3
import statistics
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import contest
import measure
import run_spill
import run_sqlite
from contest import Contest
from measure import ROOT, Run

FAULTS = {"D1": ["missing_amount=20", "duplicate=10"], "D3": ["ragged=0", "untidy=100"], "D5": ["duplicate=300"]}
TABLES = ("dim_customers.csv", "fact_transactions.csv")


# ---- data ----

def quoted(text, rng, width):
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in '",\n') or (text and rng.randrange(width) == 0) else text


def make_d2(d1, folder):
    """A fifth of the cells in quotes; in one row of a hundred a category that must be."""
    if (folder / "transactions.csv").exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(d1 / "customers.csv", folder)
    rng = random.Random(2)
    with open(d1 / "transactions.csv", newline="") as source, open(folder / "part.csv", "w", newline="") as out:
        rows = csv.reader(source)
        out.write(",".join(next(rows)) + "\n")
        for row in rows:
            if hash_of(row[0]) % 100 == 0:  # of the id, so that both of a pair get it
                row[5] = f'{row[5]} "on line"\n{row[5][:3]}'
            out.write(",".join(quoted(cell, rng, 5) for cell in row) + "\n")
    (folder / "part.csv").rename(folder / "transactions.csv")
    return folder


def hash_of(text):
    return int.from_bytes(text.encode()[-4:]) * 2654435761 >> 7


def data(env, name, n_rows):
    folder = env.work / f"{name}-{n_rows}"
    if name == "D2":
        return make_d2(data(env, "D1", n_rows), folder)
    return measure.generate(env.finetl, folder, n_rows, max(1, n_rows // 20), clean=name != "D3", faults=FAULTS[name])


def keys(env, name, n_rows):
    """id,amount: D1 in order, 1 % twice; D4 random; D5 random, 30 % twice."""
    if name != "D1":
        return run_spill.case(env.work, n_rows, 30 if name == "D5" else 0).parent / "keys.csv"
    path = env.work / f"keys-{n_rows}.csv"
    if not path.exists():
        rng, part = random.Random(1), path.with_suffix(".part")
        with open(part, "w", encoding="ascii") as out:
            out.write("id,amount\n")
            for i in range(n_rows):
                n = rng.randrange(i) if i and rng.randrange(100) == 0 else i
                out.write(f"TXN{n:010},{n % 100000}.{n % 100:02}\n")
        part.rename(path)
    return path


def pipeline(folder, with_suite=False):
    """measure.pipeline_for; or with its suite, as it is shipped, under a name of its own."""
    plain = measure.pipeline_for(folder)
    if not with_suite:
        return plain
    text = plain.read_text().replace("    gate:", f"    expectations: {ROOT}/suites/transactions.json\n    gate:", 1)
    path = folder / "pipeline-suite.yaml"
    path.write_text(text)
    return path


def same(contestants, names):
    """That each comes to the same; what they found."""
    found = {name: contestants[name]().json()["found"] for name in names}
    if len({str(sorted(f.items())) for f in found.values()}) != 1:
        sys.exit(f"the contestants come to different results: {found}")
    return ", ".join(f"{k} {v:,}" for k, v in next(iter(found.values())).items())


# ---- reading ----

def b1(env):
    for name in ("D1", "D2"):
        n = env.rows(1_000_000)
        file = data(env, name, n) / "transactions.csv"
        def peer(p):
            return lambda: Run([env.python, measure.HERE / "peer_read.py", p, "cells", file])
        who = {"finetl": lambda: Run([env.program("read_csv"), "cells", file]), "DuckDB": peer("duckdb"), "Polars": peer("polars")}
        equal = same(who, who)
        c = Contest(env, who, file).run(env.rounds(9))
        rates = [file.stat().st_size / contest.own(r["finetl"]) / 1e9 for r in c.calm or c.rounds]
        yield {"id": "B1", "title": f"Records and cells found, {name}, one thread", "equal": equal, **c.describe(n),
               "said": f"finetl reads {statistics.median(rates):.2f} GB/s.",
               "bars": [c.bar("times as fast as DuckDB", ("finetl", "DuckDB"), 3), c.bar("times as fast as Polars", ("finetl", "Polars"), 3)]}


def b2(env):
    n = env.rows(1_000_000)
    file = data(env, "D1", n) / "transactions.csv"
    goals = {"duckdb": 2.5, "polars": 2.5, "pandas": 12, "pyarrow": 2}
    who = {"finetl": lambda: Run([env.program("read_csv"), "columns", file])}
    who |= {p: lambda p=p: Run([env.python, measure.HERE / "peer_read.py", p, "columns", file]) for p in goals}
    equal = same(who, who)
    c = Contest(env, who, file).run(env.rounds(9))
    yield {"id": "B2", "title": "CSV to typed columns in memory, D1, one thread", "equal": equal, **c.describe(n),
           "bars": [c.bar(f"times as fast as {p}", ("finetl", p), goal) for p, goal in goals.items()]}


# ---- the whole pipeline ----

def etl(env, folder, threads, out, with_suite=False):
    path, ours = pipeline(folder, with_suite), env.work / f"out-{out}"

    def run():
        shutil.rmtree(ours, ignore_errors=True)
        ours.mkdir()
        return measure.run_finetl(env.finetl, path, f"files:{ours}", threads)
    return run


def etl_peer(env, folder, peer, threads, out):
    theirs = env.work / f"out-{out}"

    def run():
        shutil.rmtree(theirs, ignore_errors=True)
        return Run([env.python, measure.HERE / f"{peer}_pipeline.py", folder, theirs, "--run-time", measure.RUN_TIME, "--threads", threads])
    return run


def b3(env):
    n = env.rows(1_000_000)
    for name in ("D1", "D2", "D3", "D5"):
        folder = data(env, name, n)
        threads = (1, 2) if name == "D1" else (1,)
        who = {f"finetl {t}": etl(env, folder, t, f"finetl-{t}") for t in threads}
        who |= {f"{p} {t}": etl_peer(env, folder, p, t, f"{p}-{t}") for p in ("duckdb", "polars") for t in threads}
        bars = [(f"times as fast as {p}, {t} thread{'s' * (t > 1)}", (f"finetl {t}", f"{p} {t}"), 3)
                for t in threads for p in ("duckdb", "polars")]
        for out in env.work.glob("out-*"):
            shutil.rmtree(out)
        for run in who.values():
            run()
        outs = sorted(env.work.glob("out-*"))
        assert len(outs) == len(who)
        ours = env.work / "out-finetl-1"
        n_bytes = contest.check_equal(ours, [o for o in outs if o != ours], TABLES)
        c = Contest(env, who, folder / "transactions.csv").run(env.rounds(7))
        yield {"id": "B3", "title": f"The default pipeline, CSV to CSV, {name}", "equal": f"{len(outs)} outputs of {n_bytes:,} bytes, byte for byte once sorted",
               **c.describe(n), "bars": [c.bar(*b) for b in bars]}
        for out in outs:
            shutil.rmtree(out)
    for n in dict.fromkeys(env.rows(size) for size in (200_000, 1_000_000)):
        yield older_stack(env, n)


# The stack that finetl takes the place of: as it was pinned, and as it is now.
STACKS = {"pandas 2.1, GX 0.18": measure.python_of_older_stack, "pandas 3, GX 1": measure.python_with_requirements}


def stack(env, folder, python, out):
    theirs = env.work / out

    def run():
        shutil.rmtree(theirs, ignore_errors=True)
        return Run([python, measure.HERE / "pandas_pipeline.py", folder, theirs, "--run-time", measure.RUN_TIME,
                    "--suite", ROOT / "suites/transactions.json"])
    return run


def rejected(out):
    """Which records, and why."""
    with open(out / "transactions.rejects.csv", newline="", encoding="utf-8") as file:
        return sorted((int(row["record"]), row["reasons"]) for row in csv.DictReader(file))


def older_stack(env, n):
    """With the suite on all sides, and rejects; what the bars of 40 and 80 were set for."""
    folder = data(env, "D1", n)
    who = {f"finetl {t}": etl(env, folder, t, f"finetl-{t}", True) for t in (1, 2)}
    who |= {name: stack(env, folder, make(), f"out-stack-{i}") for i, (name, make) in enumerate(STACKS.items())}
    said = {name: run().json() for name, run in who.items()}
    outs = sorted(env.work.glob("out-*"))
    ours = env.work / "out-finetl-1"
    n_bytes = contest.check_equal(ours, [o for o in outs if o != ours], TABLES)
    n_rejected = len(rejected(ours))
    if any(rejected(o) != rejected(ours) for o in outs):
        sys.exit("the contestants reject other records, or for other reasons")
    c = Contest(env, who, folder / "transactions.csv").run(env.rounds(9))
    for out in outs:
        shutil.rmtree(out)
    return {"id": "B3", "title": f"The default pipeline with its suite and rejects against the older stack, D1, {n:,} rows",
            "equal": f"{len(outs)} outputs of {n_bytes:,} bytes, byte for byte once sorted, and {n_rejected:,} rejects with their reasons; "
                     f"{min(said[name]['expectations'] for name in STACKS)} expectations hold", **c.describe(n),
            "bars": [c.bar(f"times as fast as {name}, {'whole processes, ' * whole}{t} thread{'s' * (t > 1)}", (f"finetl {t}", name),
                           40 * t, whole=whole)
                     for whole in (False, True) for t in (1, 2) for name in STACKS]}


def at_once(runs):
    """What the machine's processors reach that have nothing to do with each other."""
    def run():
        with ThreadPoolExecutor(len(runs)) as threads:
            done = [f.result() for f in [threads.submit(r) for r in runs]]
        both = done[0]
        both.wall, both.cpu, both.rss_mib = max(r.wall for r in done), sum(r.cpu for r in done), sum(r.rss_mib for r in done)
        return both
    return run


def b14(env):
    n = env.rows(1_000_000)
    folder = data(env, "D1", n)
    who = {f"finetl {t}": etl(env, folder, t, f"finetl-{t}") for t in (1, 2)}
    who["finetl 1, two at once"] = at_once([etl(env, folder, 1, f"at-once-{i}") for i in (1, 2)])
    for run in who.values():
        run()
    for name in TABLES:
        if subprocess.run(["cmp", *(env.work / f"out-finetl-{t}" / name for t in (1, 2))]).returncode != 0:
            sys.exit("one thread and two write different files")
    c = Contest(env, who, folder / "transactions.csv").run(env.rounds(11))
    yield {"id": "B14", "title": "The default pipeline with a second thread, D1", "equal": "both outputs, byte for byte",
           **c.describe(n), "bars": [
               c.bar("times as fast with two threads as with one", ("finetl 2", "finetl 1"), 1.8),
               contest.bar("of the rows a second of two runs at once, one thread each", 0.9,
                           [r["finetl 1, two at once"].wall / 2 / r["finetl 2"].wall for r in c.calm or c.rounds])]}


# ---- keys ----

def b4(env):
    for name in ("D1", "D4", "D5"):
        for size in (1_000_000, 10_000_000):
            n = env.rows(size)
            file = keys(env, name, n)
            def peer(p):
                return lambda: Run([env.python, measure.HERE / "peer_dedupe.py", p, file])
            who = {"finetl": lambda: Run([env.program("dedupe_keys"), file]), "DuckDB": peer("duckdb"), "Polars": peer("polars")}
            equal = same(who, who)
            if size == 1_000_000:
                os.environ["LC_ALL"] = "C"
                who["sort -u"] = lambda: Run(["/usr/bin/sort", "-u", "-t,", "-k1,1", "--parallel=1", "-S2G", "-o", env.work / "sorted.csv", file])
            c = Contest(env, who, file).run(env.rounds(7 if size == 1_000_000 else 3))
            per_key = [r["finetl"].told["bytes_per_key"] for r in c.rounds]
            yield {"id": "B4", "title": f"The first row of each id, {name}, {n:,} rows", "equal": equal, **c.describe(n),
                   "bars": [*(c.bar(f"times as fast as {p}", ("finetl", p), 5) for p in who if p != "finetl"),
                            contest.bar("bytes of memory a key", 24, per_key, at_most=True)]}


# ---- into SQLite ----

def strip_indexes(text):
    lines, left_out = [], False
    for line in text.splitlines(keepends=True):
        left_out = line.startswith("    indexes:") or (left_out and line.startswith("              "))
        if not left_out:
            lines.append(line)
    return "".join(lines)


class Sqlite:
    """One finished warehouse, and what fills another one with the same rows."""

    def __init__(self, env, path):
        self.env, self.pipeline = env, path
        self.ready, self.ours, self.floor, self.theirs = (env.work / f"{name}.db" for name in ("ready", "finetl", "floor", "peer"))
        self.run_ours(self.ready)
        with sqlite3.connect(f"file:{self.ready}?mode=ro", uri=True) as db:
            self.tables = {t: db.execute("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?", (t,)).fetchone()[0] for t in run_sqlite.TABLES}
            self.indexes = [r[0] for r in db.execute("SELECT sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN (?, ?)",
                                                     run_sqlite.TABLES)]
            # What .import and to_sql may write.
            self.stored = {t: [r[1] for r in db.execute(f"PRAGMA table_xinfo({t})") if r[6] == 0] for t in run_sqlite.TABLES}
            for t, names in self.stored.items():
                with open(env.work / f"{t}.ready.csv", "w", newline="") as out:
                    write = csv.writer(out, lineterminator="\n")
                    write.writerow(names)
                    write.writerows(db.execute(f"SELECT {', '.join(names)} FROM {t} ORDER BY rowid"))

    def run_ours(self, path=None):
        path = path or self.ours
        run_sqlite.remove(path)
        return measure.run_finetl(self.env.finetl, self.pipeline, f"sqlite:{path}")

    def run_floor(self):
        run_sqlite.remove(self.floor)
        return Run([self.env.work / "floor_sqlite", self.ready, self.floor, *run_sqlite.TABLES])

    def run_import(self):
        """The sqlite3 program; neither journal nor sync, indexes after the rows, no foreign keys."""
        run_sqlite.remove(self.theirs)
        # It cannot import into a table with generated columns: those are left out, which is in its favour.
        tables = ["".join(line for line in sql.splitlines(keepends=True) if " GENERATED ALWAYS " not in line) for sql in self.tables.values()]
        script = ["PRAGMA journal_mode=off;", "PRAGMA synchronous=off;", *(sql + ";" for sql in tables)]
        for t in run_sqlite.TABLES:
            script += [f".import --csv --skip 1 {self.env.work}/{t}.ready.csv {t}"]
        script += [sql + ";" for sql in self.indexes]
        path = self.env.work / "import.sql"
        path.write_text("\n".join(script) + "\n")
        return Run(["/usr/bin/sqlite3", "-bail", "-init", path, self.theirs, ".quit"])

    def run_to_sql(self):
        """pandas into tables with their indexes; its frame is loaded before its clock starts."""
        run_sqlite.remove(self.theirs)
        return Run([self.env.python, measure.HERE / "to_sql_sqlite.py", self.theirs, self.env.work, self.ready, *run_sqlite.TABLES])

    def content(self, path, table):
        """By column that is stored: how long its values are in all; without the stamps of a run. And the names of the indexes."""
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
            names = [n for n in self.stored[table] if n not in run_sqlite.STAMPS]
            sizes = db.execute(f"SELECT count(*), {', '.join(f'total(length({n}))' for n in names)} FROM {table}").fetchone()
            return sizes, db.execute("SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND tbl_name = ?", (table,)).fetchone()

    def check(self, path, who):
        for t in run_sqlite.TABLES:
            if self.content(self.ready, t) != self.content(path, t):
                sys.exit(f"{who}: {t}: the two warehouses differ: {self.content(self.ready, t)} {self.content(path, t)}")
        return self.content(path, t)[0][0]


def b9(env):
    n = env.rows(1_000_000)
    folder = data(env, "D1", n)
    subprocess.run([os.environ.get("CC", "cc"), "-O2", measure.HERE / "floor_sqlite.c", "-lsqlite3", "-o", env.work / "floor_sqlite"], check=True)
    with_indexes = pipeline(folder)
    bare = folder / "pipeline-bare.yaml"
    bare.write_text(strip_indexes(with_indexes.read_text()))
    for path, title, goals in ((with_indexes, "with its indexes", (0.85, 1.2, 3)), (bare, "without secondary indexes", (0.6, 1.2, 5))):
        s = Sqlite(env, path)
        who = {"finetl": s.run_ours, "floor": s.run_floor, "sqlite3 .import": s.run_import, "pandas to_sql": s.run_to_sql}
        for name, run in who.items():
            run()
            rows = s.check({"finetl": s.ours, "floor": s.floor}.get(name, s.theirs), name)
        c = Contest(env, who, folder / "transactions.csv").run(env.rounds(5))
        yield {"id": "B9", "title": f"The default pipeline into a fresh SQLite warehouse, {title}, D1",
               "equal": f"{rows:,} facts, by count and by the length of each column", **c.describe(n),
               "bars": [c.bar(what, ("finetl", name), goal) for what, name, goal in zip(
                   ("of the speed of the bare insert of ready rows, indexes after", "times as fast as sqlite3 .import of ready rows", "times as fast as to_sql of a ready frame"),
                   ("floor", "sqlite3 .import", "pandas to_sql"), goals)]}
        for path in (s.ready, s.ours, s.floor, s.theirs):
            run_sqlite.remove(path)


# ---- start ----

def b12(env):
    folder = measure.generate(env.finetl, env.work / "ten", 10, 10, clean=True)
    ours = etl(env, folder, 1, "ten")
    who = {"finetl": ours, "python -c 'import pandas'": lambda: Run([env.python, "-c", "import pandas"]), "true": lambda: Run(["/usr/bin/true"])}
    for run in who.values():
        run()
    c = Contest(env, who, folder / "transactions.csv").run(env.rounds(21))
    stripped = env.work / "finetl.stripped"
    subprocess.run(["strip", "-o", stripped, env.finetl], check=True)
    peak = [Run([env.program("peak_memory"), env.finetl, "run", pipeline(folder), "--warehouse", f"files:{env.work}/out-ten", "--quiet",
                 "--run-time", measure.RUN_TIME.replace(" ", "T") + "Z"]).json()["peak_kib"] / 1024 for _ in range(3)]
    yield {"id": "B12", "title": "From the start of the process to ten rows loaded into files, synced", "equal": "", **c.describe(),
           "bars": [c.bar("times as fast as importing pandas", ("finetl", "python -c 'import pandas'"), 100),
                    contest.bar("MB of program, stripped, libraries beside it", 2, [stripped.stat().st_size / 1e6], at_most=True),
                    contest.bar("MiB of memory at its peak", 16, peak, at_most=True)]}


ALL = {"B1": b1, "B2": b2, "B3": b3, "B4": b4, "B9": b9, "B12": b12, "B14": b14}
