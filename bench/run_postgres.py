#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The default pipeline into PostgreSQL, against the least that it can cost, and against peers.

  staging   until the rows are in staging, from raw CSV, against \\copy of a ready binary file
  merge     into a live fact table, against the bare INSERT ... ON CONFLICT from ready staging
            and against psycopg; new rows, half and half, changed rows
  no-ops    rows as they are in the table, against as many changed ones
  empty     into an empty table: rows first and indexes after, against live indexes
  small     10,000 rows from a cold process to the commit, against pandas' to_sql

  run_postgres.py --only staging,small                      a few minutes, a million rows
  run_postgres.py --only empty                              ten minutes
  run_postgres.py --only merge --tables 3 --batches new     a quarter of an hour each
  run_postgres.py --short                                   all of it, small

Every run has a database of its own, copied from one that was prepared, and begins behind
a checkpoint. What the contestants left in the fact table is compared before their times count.
"""
import argparse
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

import measure

sys.path.insert(0, str(measure.ROOT / "tools"))
import pg_cluster  # noqa: E402

SOURCE = "transaction_id customer_id transaction_date amount merchant_id category status payment_method".split()
DERIVED = ("transaction_year transaction_month transaction_day transaction_dayofweek transaction_hour amount_category "
           "risk_score risk_level").split()
COLUMNS = SOURCE + DERIVED
MUTABLE = "status category merchant_id payment_method".split()
CLAIM_SECONDS = 60  # for 10,000 records, by the stack that finetl replaces

# As a warehouse of this size would have it. Nothing that a crash could cost is turned off;
# autovacuum is, as it would run in somebody's time.
SERVER = {
    "shared_buffers": "2GB", "max_wal_size": "8GB", "min_wal_size": "4GB", "checkpoint_timeout": "1h",
    "autovacuum": "off", "log_min_duration_statement": "20", "log_parameter_max_length": "0",
    "log_line_prefix": "%n %d ", "log_min_messages": "error", "wal_compression": "lz4",
}
STATEMENT = re.compile(r"^([\d.]+) (\S+) \S+:  duration: [\d.]+ ms  (?:statement|execute [^:]*): (.*)", re.M)

STAGE = ("etl_object_id AS object_id, etl_record AS record, " +
         ", ".join(f"{name} AS c{i}" for i, name in enumerate(COLUMNS)) + ", ctid AS stored, etl_record AS mark")


def merge_sql(stage, names, origin):
    """The least that brings staged rows into the table and leaves alone what is as it should be."""
    changed = MUTABLE + DERIVED + ["processed_at", "updated_at", "etl_run_id", "etl_object_id", "etl_record"]
    return (f"INSERT INTO fact_transactions AS t ({', '.join(COLUMNS)}, processed_at, created_at, updated_at, etl_run_id, "
            f"etl_object_id, etl_record) SELECT {', '.join(names)}, now(), now(), now(), 'floor', {origin} FROM {stage} "
            "ON CONFLICT (transaction_id) DO UPDATE SET " + ", ".join(f"{c} = excluded.{c}" for c in changed) +
            f" WHERE ({', '.join('t.' + c for c in MUTABLE)}) IS DISTINCT FROM "
            f"({', '.join('excluded.' + c for c in MUTABLE)})")


class Timed:
    """Seconds of a whole process, and the CPU seconds of it and of the server."""

    def __init__(self, wall, cpu, run):
        self.wall, self.cpu, self.run = wall, cpu, run


class Warehouse:
    """The server, and databases to be copied for each run."""

    def __init__(self, cluster, finetl, threads):
        self.cluster, self.finetl, self.threads = cluster, finetl, threads
        self.psql = os.path.join(cluster.bin, "psql")
        self.postmaster = int((cluster.data / "postmaster.pid").read_text().split()[0])
        self.n_made = 0

    def ask(self, database, *sql):
        commands = [word for text in sql for word in ("-c", text)]
        done = subprocess.run([self.psql, "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", self.cluster.url(database),
                               *commands], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"psql: {done.stderr}")
        return done.stdout.strip()

    def copy(self, template, name=None):
        self.n_made += 1
        name = name or f"run_{self.n_made}"
        self.ask("postgres", f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        return name

    def drop(self, name):
        self.ask("postgres", f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def finetl_command(self, database, pipeline, *options):
        return [self.finetl, "run", pipeline, "--warehouse", self.cluster.url(database), "--quiet",
                "--run-time", measure.RUN_TIME.replace(" ", "T") + "Z", "--threads", str(self.threads), *options]

    def psql_command(self, database, *sql):
        commands = [word for text in sql for word in ("-c", text)]
        return [self.psql, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", self.cluster.url(database), *commands]

    def run_finetl(self, database, pipeline, *options):
        return self.timed(self.finetl_command(database, pipeline, *options))

    def run_psql(self, database, *sql):
        return self.timed(self.psql_command(database, *sql))

    def children_cpu(self):
        """CPU seconds of all server processes that have ended."""
        fields = pathlib.Path(f"/proc/{self.postmaster}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")

    def timed(self, argv):
        self.ask("postgres", "CHECKPOINT")
        time.sleep(0.1)  # what ran before has ended
        before = self.children_cpu()
        run = measure.Run(argv)
        time.sleep(0.1)
        return Timed(run.wall, run.cpu + self.children_cpu() - before, run)

    def warm(self, database):
        """A live table is in memory, mostly."""
        self.ask(database, "SELECT sum(pg_prewarm(indexrelid)) FROM pg_index WHERE indrelid = 'fact_transactions'::regclass "
                 "OR indrelid = 'dim_customers'::regclass",
                 "SELECT pg_prewarm('fact_transactions'), pg_prewarm('dim_customers')")

    def until_staged(self, database, argv):
        """Seconds from the start of a process until the server has answered its last COPY, by the
        server's log. What the process does after that is of no interest: it is killed."""
        self.ask("postgres", "CHECKPOINT")
        time.sleep(0.1)
        log, seen = self.cluster.folder / "log", (self.cluster.folder / "log").stat().st_size
        with tempfile.TemporaryFile() as out:
            begun = time.time()
            process = subprocess.Popen([str(word) for word in argv], stdout=out, stderr=out)
            staged = None
            while staged is None and process.poll() is None:
                time.sleep(0.05)
                staged = self.copied(log, seen, database)
            staged = staged or self.copied(log, seen, database)
            process.kill()
            process.wait()
            if staged is None:
                out.seek(0)
                sys.exit(f"{argv[0]} has staged nothing: {out.read().decode(errors='replace')}")
        return Timed(staged - begun, None, None)

    @staticmethod
    def copied(log, seen, database):
        """When a COPY ended, or None."""
        with open(log, encoding="utf-8", errors="replace") as file:
            file.seek(seen)
            ends = [float(at) for at, where, sql in STATEMENT.findall(file.read())
                    if where == database and sql.startswith("COPY") and "fe_stage_" in sql]
        return max(ends, default=None)

    def content(self, database, table="fact_transactions", columns=COLUMNS):
        return self.ask(database, f"SELECT count(*), sum(hashtextextended(ROW({', '.join(columns)})::text, 0)) FROM {table}")


class Data:
    """Folders of raw files with their pipelines, and the clean rows of each batch as files."""

    def __init__(self, args):
        self.work, self.finetl, self.customers = args.work, args.finetl, args.customers

    def folder(self, name, customers_from, lines, header):
        folder = self.work / name
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(customers_from / "customers.csv", folder / "customers.csv")
        with open(folder / "transactions.csv", "w", encoding="utf-8") as out:
            out.write(header)
            out.writelines(lines)
        return measure.pipeline_for(folder)

    def batches(self, n_stored, n):
        """n_stored clean rows, and of n rows each: new ones, half of each, changed ones, ones as they are."""
        raw = measure.generate(self.finetl, self.work / f"clean_{n_stored + n}", n_stored + n, self.customers, clean=True)
        with open(raw / "transactions.csv", encoding="utf-8") as file:
            header, *lines = file.readlines()
        stored, new = lines[:n_stored], lines[n_stored:n_stored + n]
        # Spread over the table, as the rows of a day's corrections are.
        same = stored[::max(1, n_stored // n)][:n]
        changed = [other_payment(line) for line in same]
        rows = {"stored": stored, "new": new}
        if n_stored >= n:
            half = [row for pair in zip(new[::2], changed[::2]) for row in pair]
            rows.update({"half": half, "changed": changed, "same": same})
        return {name: self.folder(f"batch_{n_stored}_{n}/{name}", raw, lines, header) for name, lines in rows.items()}


def other_payment(line):
    """The same record with another payment method: the last cell."""
    head, _, last = line.rstrip("\n").rpartition(",")
    return f"{head},{'cash' if last != 'cash' else 'credit_card'}\n"


def in_turns(rounds, contestants, calibrate):
    """Rounds of {name: Timed}, each beginning with another contestant."""
    names, results, calibrations = list(contestants), [], []
    for i in range(rounds):
        order = names[i % len(names):] + names[:i % len(names)]
        results.append({name: contestants[name]() for name in order})
        calibrations.append(calibrate())
        print(f"  round {i + 1}: " + ", ".join(f"{name} {results[-1][name].wall:.2f} s" for name in names), flush=True)
    return measure.calm_rounds(results, calibrations), results


class Report:
    """Ratios and whether each is what it should be."""

    def __init__(self):
        self.lines, self.missed = [], []

    def judge(self, text, figures, met):
        self.lines.append(f"  {'met    ' if met else 'NOT met'}  {text:<46} {figures}")
        if not met:
            self.missed.append(text)

    def ratio(self, text, calm, results, above, below, at_most=None, at_least=None):
        """Times of `above` by those of `below`, judged by the lower end of the interval. Rounds that were not
        calm count only where too few were."""
        if all(r[name].cpu for r in results for name in (above, below)):
            measure.print_ratio(f"  {text}, CPU with the server's", [r[above].cpu / r[below].cpu for r in results])
        rounds = calm if len(calm) >= 5 else results
        values = [r[above].wall / r[below].wall for r in rounds]
        measure.print_ratio(f"  {text}, wall", values)
        if at_most is None and at_least is None:
            return
        mid, low, high = measure.interval(values)
        goal = f"at most {at_most}" if at_most is not None else f"at least {at_least}"
        self.judge(text, f"{mid:.2f} ({low:.2f} to {high:.2f}, {len(values)} rounds{'' if rounds is calm else ', busy'}), "
                   f"goal {goal}", low <= at_most if at_most is not None else low >= at_least)
        print(self.lines[-1])

    def end(self):
        print("\nAll goals, each judged by the lower end of its interval:", *self.lines, sep="\n")
        if self.missed:
            sys.exit(1)


class Bench:
    def __init__(self, args, cluster):
        self.args, self.report = args, Report()
        self.warehouse, self.data = Warehouse(cluster, args.finetl, args.threads), Data(args)
        self.python = measure.python_with_requirements()

    def calibrate(self):
        return measure.Run(["/usr/bin/sha256sum", self.calibration]).wall

    def prepare(self):
        """Databases: `base` with the schema and the customers."""
        raw = measure.generate(self.args.finetl, self.args.work / "raw", self.args.rows, self.args.customers)
        self.raw, self.calibration = measure.pipeline_for(raw), raw / "transactions.csv"
        self.warehouse.copy("template1", "base")
        self.warehouse.ask("base", "CREATE EXTENSION pg_prewarm")
        measure.Run([self.args.finetl, "schema", "apply", self.raw, "--warehouse", self.warehouse.cluster.url("base")])
        self.warehouse.run_finetl("base", self.raw, "--select", "customers")
        self.warehouse.ask("base", "VACUUM (FREEZE, ANALYZE)")

    def stored(self, pipeline, n):
        """A database with n rows in its fact table, as a run of finetl left them."""
        name = self.warehouse.copy("base", f"base_{n}")
        self.warehouse.run_finetl(name, pipeline, "--select", "transactions")
        self.warehouse.ask(name, "VACUUM (FREEZE, ANALYZE)")
        return name

    def ready_files(self, base, pipeline, name):
        """The clean rows of a batch as staging has them, in binary, and as CSV."""
        database = self.warehouse.copy(base)
        self.warehouse.run_finetl(database, pipeline, "--select", "transactions")
        run = "etl_run_id = (SELECT max(etl_run_id) FROM fact_transactions)"
        binary, csv = self.args.work / f"{name}.bin", self.args.work / f"{name}.csv"
        names = ", ".join(COLUMNS)
        self.warehouse.ask(
            database,
            f"\\copy (SELECT etl_object_id, etl_record, {names}, NULL::tid, NULL::bigint FROM fact_transactions WHERE {run} "
            f"ORDER BY etl_record) TO '{binary}' (FORMAT binary)",
            f"\\copy (SELECT {names}, etl_object_id, etl_record FROM fact_transactions WHERE {run} ORDER BY etl_record) "
            f"TO '{csv}' (FORMAT csv, HEADER)")
        self.warehouse.drop(database)
        return binary, csv

    def check_same(self, contents):
        first, *others = contents
        for other in others:
            if contents[other] != contents[first]:
                sys.exit(f"{other} left other rows than {first}: {contents[other]}, not {contents[first]}")
        print(f"  the same {contents[first].split('|')[0]} rows from {', '.join(contents)}")

    def on_copies(self, base, contestants, contents=None):
        """Each contestant with a copy of base of its own, made and warmed before its time begins."""
        def turn(name, work):
            database = self.warehouse.copy(base)
            self.warehouse.warm(database)
            timed = work(database)
            if contents is not None:
                contents[name] = self.warehouse.content(database)
            self.warehouse.drop(database)
            return timed
        return {name: (lambda name=name, work=work: turn(name, work)) for name, work in contestants.items()}

    def compare(self, base, contestants):
        """Once for their results, then for their times."""
        contents = {}
        for turn in self.on_copies(base, contestants, contents).values():
            turn()
        self.check_same(contents)
        return in_turns(self.args.rounds, self.on_copies(base, contestants), self.calibrate)

    # ---- staging ----

    def staging(self):
        print(f"\nstaging: {self.args.rows:,} raw records until they are in staging, against \\copy of the ready rows")
        binary, _ = self.ready_files("base", self.raw, "raw_ready")
        make = f"CREATE TEMP TABLE fe_stage_floor AS SELECT {STAGE} FROM fact_transactions WITH NO DATA"

        def ours(database):
            return self.warehouse.until_staged(
                database, self.warehouse.finetl_command(database, self.raw, "--select", "transactions"))

        def floor(database):
            return self.warehouse.until_staged(database, self.warehouse.psql_command(
                database, "SET temp_buffers = '256MB'", make, f"\\copy fe_stage_floor FROM '{binary}' (FORMAT binary)"))

        calm, results = in_turns(self.args.rounds, self.on_copies("base", {"finetl": ours, "floor": floor}), self.calibrate)
        self.report.ratio("finetl / psql \\copy", calm, results, "finetl", "floor", at_most=1.10)

    # ---- merge ----

    def contestants(self, pipeline, batch):
        """Ways to merge a batch; batch: its ready files."""
        binary, csv = batch
        floor_sql = merge_sql("bench_stage", [f"c{i}" for i in range(len(COLUMNS))], "object_id, record")
        merge = self.args.work / "psycopg_merge.sql"
        merge.write_text(merge_sql("stage", COLUMNS, "etl_object_id, etl_record"))

        def floor(database):
            self.warehouse.ask(database, f"CREATE UNLOGGED TABLE bench_stage AS SELECT {STAGE} FROM fact_transactions "
                               "WITH NO DATA", f"\\copy bench_stage FROM '{binary}' (FORMAT binary)", "ANALYZE bench_stage",
                               "SELECT pg_prewarm('bench_stage')")
            return self.warehouse.run_psql(database, "SET work_mem = '64MB'", "SET jit = off", floor_sql)

        def psycopg(database):
            return self.warehouse.timed([self.python, measure.HERE / "postgres_peers.py", "psycopg",
                                         self.warehouse.cluster.url(database), merge, csv])

        def finetl(*options):
            return lambda database: self.warehouse.run_finetl(database, pipeline, "--select", "transactions", *options)

        merging = {"finetl merging": finetl("--load-strategy", "merge")} if self.args.merging else {}
        peer = {"psycopg": psycopg} if self.args.peers else {}
        return {"finetl": finetl(), **merging, "floor": floor, **peer}

    def on_tables(self, work):
        """Calls work(database, n_stored, batches) for each size that a table is to have."""
        for times in self.args.tables:
            n, n_stored = self.args.merge_rows, times * self.args.merge_rows
            batches = self.data.batches(n_stored, n)
            base = self.stored(batches["stored"], n_stored) if n_stored else "base"
            work(base, n_stored, batches)
            if n_stored:
                self.warehouse.drop(base)

    def merge(self):
        def work(base, n_stored, batches):
            for name in self.args.batches:
                if name in batches:
                    self.merge_batch(base, n_stored, name, batches[name])

        self.on_tables(work)

    def no_ops(self):
        self.on_tables(lambda base, n_stored, batches: "same" in batches and self.no_changes(base, n_stored, batches))

    def merge_batch(self, base, n_stored, name, pipeline):
        print(f"\nmerge: {self.args.merge_rows:,} rows, {name}, into {n_stored:,}")
        ready = self.ready_files(base, pipeline, "batch_ready")
        calm, results = self.compare(base, self.contestants(pipeline, ready))
        self.report.ratio(f"{name} into {n_stored:,}: finetl / bare merge", calm, results, "finetl", "floor", at_most=1.08)
        if self.args.merging:
            self.report.ratio(f"{name} into {n_stored:,}: finetl merging / bare merge", calm, results, "finetl merging",
                              "floor")
        if self.args.peers:
            self.report.ratio(f"{name} into {n_stored:,}: psycopg / finetl", calm, results, "psycopg", "finetl",
                              at_least=1.0)

    def no_changes(self, base, n_stored, batches):
        print(f"\nno-ops: {self.args.merge_rows:,} rows as they are, against as many changed ones, in {n_stored:,}")

        def load(name):
            return lambda database: self.warehouse.run_finetl(database, batches[name], "--select", "transactions",
                                                              "--load-strategy", "merge")

        contestants = self.on_copies(base, {"as they are": load("same"), "changed": load("changed")})
        calm, results = in_turns(self.args.rounds, contestants, self.calibrate)
        self.report.ratio(f"changed / as they are, in {n_stored:,}", calm, results, "changed", "as they are", at_least=8.0)

    # ---- empty ----

    def empty(self):
        print(f"\nempty: {self.args.rows:,} records into an empty table, rows first against live indexes")

        def load(strategy):
            return lambda database: self.warehouse.run_finetl(database, self.raw, "--select", "transactions",
                                                              "--load-strategy", strategy)

        calm, results = self.compare("base", {"rows first": load("auto"), "live indexes": load("merge")})
        self.report.ratio("live indexes / rows first", calm, results, "live indexes", "rows first", at_least=3.0)

    # ---- small ----

    def small(self):
        n = 10_000
        print(f"\nsmall: {n:,} records from a cold process to the commit, into a database with the schema")
        raw = measure.generate(self.args.finetl, self.args.work / "small", n, 5_000)
        pipeline = measure.pipeline_for(raw)
        base = self.warehouse.copy("base", "base_small")
        self.warehouse.ask(base, "DELETE FROM dim_customers", "VACUUM FULL")
        ready = self.warehouse.copy(base)
        self.warehouse.run_finetl(ready, pipeline)
        customers, facts = self.args.work / "small_customers.csv", self.args.work / "small_facts.csv"
        names = "customer_id, customer_name, registration_date, customer_tier, email, is_active"
        self.warehouse.ask(ready, f"\\copy (SELECT {names} FROM dim_customers) TO '{customers}' (FORMAT csv, HEADER)",
                           f"\\copy (SELECT {', '.join(COLUMNS)} FROM fact_transactions) TO '{facts}' (FORMAT csv, HEADER)")
        self.warehouse.drop(ready)

        def pandas(database):
            return self.warehouse.timed([self.python, measure.HERE / "postgres_peers.py", "pandas",
                                         self.warehouse.cluster.url(database), customers, facts])

        calm, results = self.compare(base, {"finetl": lambda database: self.warehouse.run_finetl(database, pipeline),
                                            "pandas": pandas})
        self.warehouse.drop(base)
        self.report.ratio("pandas / finetl", calm, results, "pandas", "finetl", at_least=20.0)
        mid = statistics.median(r["finetl"].wall for r in (calm if len(calm) >= 5 else results))
        self.report.judge(f"10,000 records / the claim of {CLAIM_SECONDS} s",
                          f"{CLAIM_SECONDS / mid:.0f} times ({mid:.3f} s), goal at least 200", CLAIM_SECONDS / mid >= 200)
        print(self.report.lines[-1])


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--finetl", default=measure.ROOT / "build/finetl", type=lambda text: pathlib.Path(text).resolve())
    p.add_argument("--rows", type=int, help="of staging and empty [1,000,000; --short: 200,000]")
    p.add_argument("--merge-rows", type=int, help="of a merged batch [1,000,000; --short: 100,000]")
    p.add_argument("--tables", type=lambda text: [int(t) for t in text.split(",")],
                   help="rows that a table has before merge and no-ops, in batches [0,1,3; --short: 3]")
    p.add_argument("--batches", type=lambda text: text.split(","), default=["new", "half", "changed"],
                   help="kinds of rows to merge, by comma [new,half,changed]")
    p.add_argument("--merging", action="store_true", help="merge: finetl with --load-strategy merge as well")
    p.add_argument("--no-peers", dest="peers", action="store_false", help="merge: without psycopg")
    p.add_argument("--customers", type=int, default=50_000)
    p.add_argument("--threads", type=int, default=1, help="of finetl [1]")
    p.add_argument("--rounds", type=int, default=7)
    p.add_argument("--only", default="staging,small,empty,no-ops,merge", help="parts by comma [%(default)s]")
    p.add_argument("--short", action="store_true", help="few rows, ten minutes: what is constant weighs more in them")
    p.add_argument("--work", type=pathlib.Path, default=pathlib.Path(tempfile.gettempdir()) / "finetl-bench-postgres",
                   help="where files go [%(default)s]; kept")
    args = p.parse_args()
    args.rows = args.rows or (200_000 if args.short else 1_000_000)
    args.merge_rows = args.merge_rows or (100_000 if args.short else 1_000_000)
    args.tables = args.tables or ([3] if args.short else [0, 1, 3])
    args.work.mkdir(parents=True, exist_ok=True)
    return args


def main():
    args = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the server ends as well
    with pg_cluster.throw_away(settings=SERVER, fsync=True) as cluster:
        bench = Bench(args, cluster)
        bench.prepare()
        print(f"{bench.warehouse.ask('postgres', 'SELECT version()').split(' on ')[0]}; {args.rounds} rounds, "
              "medians of their ratios with 95 % intervals")
        for part in args.only.split(","):
            getattr(bench, part.replace("-", "_"))()
        bench.report.end()


if __name__ == "__main__":
    main()
