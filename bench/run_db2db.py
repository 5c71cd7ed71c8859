#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""From a table of one PostgreSQL database to the warehouse in another, against psql's own pipe.

finetl reads typed rows, checks, derives, dedupes and reconciles them, and loads them into an empty fact table.
The pipe is what psql does best: COPY ... TO STDOUT (binary) of rows that are ready, with all that finetl derives and
stamps, into COPY ... FROM STDIN (binary) of a table with the same columns, indexes, checks and foreign keys.
What both left is compared before their times count. Goal: at least 0.8 of the pipe's speed.
"""
import argparse
import pathlib
import shlex
import signal
import sys
import tempfile

import measure
import run_postgres
from run_postgres import SERVER, SOURCE, pg_cluster

GOAL = 0.8
TYPES = {"transaction_date": "timestamptz", "amount": "numeric(12,2)"}


class Bench:
    def __init__(self, args, cluster):
        self.args, self.cluster = args, cluster
        self.warehouse = run_postgres.Warehouse(cluster, args.finetl, args.threads)

    def calibrate(self):
        return measure.Run(["/usr/bin/sha256sum", self.calibration]).wall

    def from_table(self, from_csv):
        """The pipeline with the typed table for a source of the transactions."""
        text = from_csv.read_text()
        csv = f"source: {{ csv: {self.calibration} }}"
        if text.count(csv) != 1:
            sys.exit(f"{from_csv}: no single {csv}")
        path = from_csv.with_name("from_table.yaml")
        url, parallel = self.cluster.url("ledger"), self.args.parallel
        path.write_text(text.replace(csv, f'source: {{ postgresql: "{url}", table: transactions, parallel: {parallel} }}'))
        return path

    def prepare(self):
        """`ledger` with the typed table, `base` with schema and customers, `ready` with the finished rows."""
        args, ask = self.args, self.warehouse.ask
        raw = measure.generate(args.finetl, args.work / f"clean_{args.rows}", args.rows, args.customers, clean=True)
        from_csv, self.calibration = measure.pipeline_for(raw), (raw / "transactions.csv").resolve()
        self.warehouse.copy("template1", "ledger")
        columns = ", ".join(f"{name} {TYPES.get(name, 'text')}" for name in SOURCE)
        ask("ledger", "ALTER DATABASE ledger SET TimeZone = 'UTC'")
        ask("ledger", f"CREATE TABLE transactions ({columns})",
            f"\\copy transactions ({', '.join(SOURCE)}) FROM '{self.calibration}' (FORMAT csv, HEADER)")
        self.warehouse.copy("template1", "base")
        ask("base", "CREATE EXTENSION pg_prewarm")
        measure.Run([args.finetl, "schema", "apply", from_csv, "--warehouse", self.cluster.url("base")])
        self.warehouse.run_finetl("base", from_csv, "--select", "customers")
        ask("base", "VACUUM (FREEZE, ANALYZE)")
        self.pipeline = self.from_table(from_csv)
        self.warehouse.copy("base", "ready")
        self.warehouse.run_finetl("ready", self.pipeline, "--select", "transactions")
        for database in ("ledger", "ready"):
            ask(database, "VACUUM (FREEZE, ANALYZE)")

    def pipe(self, database):
        def psql(of, sql):
            return shlex.join([self.warehouse.psql, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", self.cluster.url(of), "-c", sql])
        out = psql("ready", "COPY fact_transactions TO STDOUT (FORMAT binary)")
        into = psql(database, "COPY fact_transactions FROM STDIN (FORMAT binary)")
        return self.warehouse.timed(["/bin/sh", "-c", f"{out} | {into}"])

    def finetl(self, database):
        return self.warehouse.run_finetl(database, self.pipeline, "--select", "transactions")

    def turn(self, work, contents=None):
        database = self.warehouse.copy("base")
        self.warehouse.warm(database)
        self.warehouse.ask("ledger", "SELECT count(*) FROM transactions")
        self.warehouse.ask("ready", "SELECT count(*) FROM fact_transactions")
        timed = work(database)
        if contents is not None:
            contents.append(self.warehouse.content(database))
        self.warehouse.drop(database)
        return timed

    def run(self):
        contents = []
        for work in (self.pipe, self.finetl):
            self.turn(work, contents)
        if contents[0] != contents[1]:
            sys.exit(f"finetl left other rows than the pipe: {contents}")
        print(f"the same {contents[0].split('|')[0]} rows from both")
        calm, results = run_postgres.in_turns(self.args.rounds, {"pipe": lambda: self.turn(self.pipe),
                                                                 "finetl": lambda: self.turn(self.finetl)}, self.calibrate)
        cpu = measure.print_ratio("speed of the pipe, CPU with the servers'", [r["pipe"].cpu / r["finetl"].cpu for r in results])
        rounds = calm if len(calm) >= 5 else results
        wall = measure.print_ratio("speed of the pipe, wall", [r["pipe"].wall / r["finetl"].wall for r in rounds])
        measure.judge(wall, cpu, len(calm), GOAL)


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--finetl", default=measure.ROOT / "build/finetl", type=lambda text: pathlib.Path(text).resolve())
    p.add_argument("--rows", type=int, default=1_000_000)
    p.add_argument("--customers", type=int, default=50_000)
    p.add_argument("--parallel", type=int, default=1, help="parts of the table that finetl reads at once [1]")
    p.add_argument("--threads", type=int, default=2, help="of finetl [2]")
    p.add_argument("--rounds", type=int, default=7)
    p.add_argument("--work", type=pathlib.Path, default=pathlib.Path(tempfile.gettempdir()) / "finetl-bench-db2db",
                   help="where files go [%(default)s]; kept")
    args = p.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    return args


def main():
    args = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the server ends as well
    with pg_cluster.throw_away(settings=SERVER, fsync=True) as cluster:
        bench = Bench(args, cluster)
        bench.prepare()
        print(f"{bench.warehouse.ask('postgres', 'SELECT version()').split(' on ')[0]}; {args.rows:,} rows, {args.rounds} rounds, "
              "medians of their ratios with 95 % intervals")
        bench.run()


if __name__ == "__main__":
    main()
