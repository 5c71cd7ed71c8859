# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL in a test: databases on the server of FINETL_TEST_POSTGRES, and a world to break.

Server makes databases and drops them; Database is one of them. World is an input with all
that is nasty, a warehouse that holds a part of it with updates to come, and what the model
says a run makes of it, so that whatever was done to a run can be judged.
"""

import hashlib
import itertools
import os
import pathlib
import time

import psycopg
from psycopg import conninfo

import model
import nasty
import oracle
import pg_cluster
import pipelines
from cells import printed
from finetl import RUN_TIME, absent, write_pipeline

TABLES = ["dim_customers", "fact_transactions"]


class Server:
    """A server where the tests may make databases and roles."""

    def __init__(self, url):
        self.url = url
        self.parts = conninfo.conninfo_to_dict(url)
        self.names = (f"finetl_test_{os.getpid()}_{time.monotonic_ns() % 1_000_000}_{i}" for i in itertools.count())
        self.made = []

    def execute(self, sql, database="postgres"):
        with psycopg.connect(conninfo.make_conninfo(self.url, dbname=database), autocommit=True) as db:
            cursor = db.execute(sql)
            return cursor.fetchall() if cursor.description else None

    def fresh(self, template=None):
        name = next(self.names)
        self.execute(f"CREATE DATABASE {name}" + (f" TEMPLATE {template.name}" if template else ""))
        self.made.append(Database(self, name))
        return self.made[-1]

    def drop_all(self):
        for database in self.made:
            database.drop()
        self.made = []

    @property
    def address(self):
        """Where a proxy finds it."""
        host, port = self.parts.get("host", "localhost"), self.parts.get("port", "5432")
        return f"{host}/.s.PGSQL.{port}" if host.startswith("/") else (host, int(port))

    def url_of(self, name, user=None, **parameters):
        # A host that is a folder cannot stand before the path.
        parts = {**self.parts, "dbname": name, **({"user": user} if user else {}), **parameters}
        query = "&".join(f"{key}={value}" for key, value in parts.items() if key not in ("dbname", "user"))
        return f"postgresql://{parts.get('user', 'postgres')}@/{name}?{query}"


class Database:
    def __init__(self, server, name):
        self.server, self.name, self.url = server, name, server.url_of(name)

    def connect(self, **more):
        return psycopg.connect(self.url, autocommit=True, **more)

    def execute(self, sql):
        return self.server.execute(sql, self.name)

    def one(self, sql):
        return self.execute(sql)[0][0]

    def drop(self):
        self.server.execute(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")

    def has(self, table):
        return self.one(f"SELECT to_regclass('{table}') IS NOT NULL")

    def content(self, tables=(*TABLES, "etl_rejects")):
        """Rows with their stamps and where each is from: what a run without news leaves alone."""
        return {table: self.one(f"SELECT md5(string_agg(r, E'\\n' ORDER BY r)) FROM (SELECT t::text COLLATE \"C\" AS r FROM {table} t) x")
                for table in tables if self.has(table)}

    def schema(self):
        """Indexes and constraints as the server prints them: a run leaves them as they were."""
        with self.connect() as db:
            return sorted(row[0] for row in db.execute(
                "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' UNION ALL "
                "SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint "
                "WHERE connamespace = 'public'::regnamespace"))

    def wait_until_quiet(self, seconds=20):
        """Sessions of a client that is gone end a little later than it."""
        deadline = time.monotonic() + seconds
        sql = f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{self.name}' AND application_name LIKE 'finetl%'"
        while self.server.execute(sql)[0][0] and time.monotonic() < deadline:
            time.sleep(0.02)


def wanted(outcomes_of_runs, state, pipeline):
    """What the model made, as oracle.py wants it. outcomes_of_runs: [(outcomes, {file: bytes})]"""
    tables, rejects = {}, {}
    for spec in pipeline["datasets"]:
        dataset = model.DataSet(pipeline, spec)
        names = dataset.names + dataset.derived
        tables[spec["target"]] = {"columns": names, "rows": [
            [None if row.values[n] is None else printed(row.values[n]) for n in names] for row in state[spec["target"]].values()]}
    for outcomes, files in outcomes_of_runs:
        sha256 = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
        for outcome in outcomes:
            for r in outcome.rejects:  # one that was met before stays as it is
                key = (outcome.name, sha256[r.object], r.record)
                rejects.setdefault(key, [sha256[r.object], r.record, r.offset, r.verdict, list(r.reasons), r.raw.hex()])
    return {"tables": tables, "rejects": list(rejects.values())}


class World:
    """before: a warehouse with the first runs' part; `wanted` per start, "empty" or "filled"."""

    def __init__(self, finetl, server, folder, n_customers=150, n_transactions=1500, seed=41):
        self.finetl, self.server, self.folder = finetl, server, pathlib.Path(folder)
        self.spec = pipelines.financial()
        customers, transactions = nasty.customers(seed, n_customers), nasty.transactions(seed + 1, n_transactions, n_customers)
        self.early, self.pipeline = self.write("early", customers, transactions, 0.4), self.write("now", customers, transactions, 1.0)
        first, state = self.model("early")
        self.wanted_before = wanted([first], state, self.spec)
        now, after = self.model("now", state)
        alone, from_empty = self.model("now")
        self.wanted = {"filled": wanted([first, now], after, self.spec), "empty": wanted([alone], from_empty, self.spec)}
        self.before = server.fresh()
        self.run(self.before, pipeline=self.early).ok()
        self.counts = {}

    def write(self, name, customers, transactions, part):
        place = self.folder / name
        place.mkdir()
        for kind, case in (("customers", customers), ("transactions", transactions)):
            n = int(len(case.records) * part)
            while not case.records[n - 1].strip():
                n -= 1
            (place / f"{kind}.csv").write_bytes(nasty.joined(nasty.Case(case.header, case.records[:n])))
        return write_pipeline(place, self.spec)

    def model(self, name, state=None):
        files = {f"{kind}.csv": (self.folder / name / f"{kind}.csv").read_bytes() for kind in ("customers", "transactions")}
        inputs = {kind: [model.Input(f"{kind}.csv", files[f"{kind}.csv"])] for kind in ("customers", "transactions")}
        outcomes, after = model.run(self.spec, inputs, nasty.RUN_TIME_US, state, name)
        return (outcomes, files), after

    def fresh(self, start):
        """An empty database, or one as the first run left it."""
        return self.server.fresh(self.before if start == "filled" else None)

    def run(self, database, *more, pipeline=None, finetl=None, **how):
        url = database if isinstance(database, str) else database.url
        return (finetl or self.finetl).run(pipeline or self.pipeline, url, *more, **how)

    def start(self, database, *more, finetl=None, **how):
        url = database if isinstance(database, str) else database.url
        return (finetl or self.finetl).start("run", self.pipeline, "--warehouse", url, "--run-time", RUN_TIME, *more, **how)

    def is_at(self, database, start, wanted_):
        """Whether the tables are as before the run, or as after it; nothing in between is."""
        if start == "empty" and wanted_ == "before":
            return all(not database.has(table) or not database.one(f"SELECT count(*) FROM {table}") for table in TABLES)
        state = self.wanted[start] if wanted_ == "after" else self.wanted_before
        return not [f for f in oracle_rows(database, state) if f[0] in ("lost", "doubled", "altered")]

    def judge(self, database, start, what, code=None):
        """After a disturbed run that ended with `code` (None: killed): the truth, then a rerun, twice.

        Counts what was found under `what`; any finding fails the test."""
        count = self.counts.setdefault(what, dict.fromkeys(COUNTED, 0))
        count["runs"] += 1
        database.wait_until_quiet()
        after = self.is_at(database, start, "after")
        count["done" if after else "undone"] += 1
        findings = []
        if not after and not self.is_at(database, start, "before"):
            findings.append(("altered", "the tables are neither as before the run nor as after it"))
        if code is not None and (code == 0) != after:
            findings.append(("lost" if code == 0 else "doubled", f"exit {code}, but the run is {'' if after else 'not '}in the warehouse"))
        again = self.run(database, "--wait", "20s")
        if again.code != 0:
            findings.append(("other", f"the next run: {again}"))
        findings += oracle.judge(database.url, self.wanted[start])
        content, schema = database.content(), database.schema()
        for _ in range(2):
            again = self.run(database)
            if again.code != 0 or any(d["inserted"] + d["updated"] for d in again.result["datasets"]):
                findings.append(("doubled", f"a rerun found something to do: {again}"))
        if database.content() != content:
            findings.append(("altered", "a rerun changed something"))
        if database.schema() != schema:
            findings.append(("altered", "a rerun changed the schema"))
        findings += oracle.judge(database.url, {"tables": {}})  # what was written down of those runs
        for kind, _ in findings:
            count[kind if kind in count else "other"] += 1
        assert not findings, (what, code, findings[:10])
        database.drop()


COUNTED = ["runs", "done", "undone", "lost", "doubled", "altered", "other"]


def table_of_counts(rows):
    """(fault, counts) pairs, the same fault's added up, as a table to print."""
    sums = {}
    for what, count in rows:
        for key in (what, "all"):
            sums[key] = [a + b for a, b in zip(sums.get(key, [0] * len(COUNTED)), (count[name] for name in COUNTED))]
    sums["all"] = sums.pop("all")
    lines = [("fault", *COUNTED), *((what, *values) for what, values in sums.items())]
    return "\n".join(f"{line[0]:<48}" + "".join(f"{value:>9}" for value in line[1:]) for line in lines)


def oracle_rows(database, state):
    judge = oracle.Judge(database.url)
    with judge.db:
        for table, rows in state["tables"].items():
            judge.rows(table, rows)
    return judge.findings


def server_of_the_tests():
    url = os.environ.get(pg_cluster.VARIABLE)
    if not url:
        absent(f"no PostgreSQL server: {pg_cluster.VARIABLE} is not set (tools/pg_cluster.py run -- ...)")
    return Server(url)


def own_cluster(**options):
    """A server to be broken: a context manager that yields its pg_cluster.Cluster."""
    try:
        pg_cluster.programs()
        pg_cluster.server_user()
    except pg_cluster.NoServer as reason:
        absent(str(reason))
    return pg_cluster.throw_away(**options)
