# SPDX-License-Identifier: Apache-2.0
"""Databases as sources: the same rows as from CSV, value by value, and what is refused."""

import csv
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import threading
import time
from decimal import Decimal

import psycopg
import pytest

import mariadb_server
import pipelines
from finetl import RUN_TIME, absent, beside_the_point, read_csv, read_rejects, write_pipeline

TYPES = {  # of typed tables: PostgreSQL, MariaDB; SQLite has texts and integers
    "registration_date": ("timestamptz", "datetime(6)"), "transaction_date": ("timestamptz", "datetime(6)"),
    "amount": ("numeric(12,2)", "decimal(12,2)"), "is_active": ("boolean", "tinyint"),
}
WIDTHS = {column["name"]: int(column["type"][5:-1]) for dataset in pipelines.financial()["datasets"]
          for column in dataset["columns"] if column["type"].startswith("text(")}
UNTIL = "2026-02-28"
BOOLEANS = {"true": "1", "false": "0", "t": "1", "f": "0", "yes": "1", "no": "0", "y": "1", "n": "0", "1": "1", "0": "0"}


def read(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.reader(file, strict=True))


class PostgreSQL:
    kind = "postgresql"

    def __init__(self, server):
        self.database = server.fresh()

    @property
    def location(self):
        return self.database.url

    def fill(self, table, header, rows, typed):
        types = [TYPES[name][0] if typed and name in TYPES else "text" for name in header]
        with self.database.connect() as db, db.cursor() as cursor:
            cursor.execute("SET TimeZone = 'UTC'")
            cursor.execute(f"CREATE TABLE {table} ({', '.join(f'{n} {t}' for n, t in zip(header, types))})")
            with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)

    def execute(self, sql):
        with self.database.connect() as db:
            db.execute(sql)

    def close(self):
        self.database.drop()


class SQLite:
    kind = "sqlite"

    def __init__(self, folder):
        self.location = str(folder / "source.db")
        self.db = sqlite3.connect(self.location)

    def fill(self, table, header, rows, typed):
        del typed
        self.db.execute(f"CREATE TABLE {table} ({', '.join(name + ' text' for name in header)})")
        self.db.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(header))})", rows)
        self.db.commit()

    def execute(self, sql):
        self.db.execute(sql)
        self.db.commit()

    def close(self):
        self.db.close()


class MariaDB:
    kind = "odbc"

    def __init__(self, folder):
        self.socket, self.folder, self.name = os.environ["FINETL_TEST_MARIADB"], folder, f"finetl_{os.getpid()}_{time.monotonic_ns()}"
        self.call("mysql", f"CREATE DATABASE {self.name} CHARACTER SET utf8mb4")
        before, _, after = os.environ[mariadb_server.VARIABLE].partition("DATABASE=")
        self.location = f"{before}DATABASE={self.name};{after.partition(';')[2]}"

    def call(self, database, sql):
        client = shutil.which("mariadb") or "mysql"
        subprocess.run([client, "--no-defaults", f"--socket={self.socket}", "-u", "root", "--local-infile=1",
                        "--default-character-set=utf8mb4", database], input=sql, text=True, check=True, timeout=300)

    def fill(self, table, header, rows, typed):
        types = [(TYPES[name][1] if name in TYPES else f"varchar({WIDTHS[name]})") if typed else "text" for name in header]
        path = self.folder / f"{table}.tsv"
        escapes = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\\0"})
        with open(path, "w", encoding="utf-8", newline="") as file:
            for row in rows:
                file.write("\t".join("\\N" if v is None else v.translate(escapes) for v in row) + "\n")
        self.call(self.name, f"CREATE TABLE {table} ({', '.join(f'{n} {t}' for n, t in zip(header, types))}) "
                             f"CHARACTER SET utf8mb4 COLLATE utf8mb4_bin; LOAD DATA LOCAL INFILE '{path}' INTO TABLE {table} "
                             "CHARACTER SET utf8mb4;")

    def execute(self, sql):
        self.call(self.name, sql)

    def close(self):
        self.call("mysql", f"DROP DATABASE {self.name}")


@pytest.fixture(params=["postgresql", "sqlite", "odbc"])
def source(request, tmp_path):
    if request.param == "odbc" and not os.environ.get("FINETL_TEST_MARIADB"):
        absent("no MariaDB server: FINETL_TEST_MARIADB is not set (tools/mariadb_server.py run -- ...)")
    place = (PostgreSQL(request.getfixturevalue("postgres")) if request.param == "postgresql"
             else SQLite(tmp_path) if request.param == "sqlite" else MariaDB(tmp_path))
    yield place
    place.close()


@pytest.fixture
def server(postgres):
    place = PostgreSQL(postgres)
    yield place
    place.close()


def reading_from(place, **more):
    """The financial pipeline out of a database's tables."""
    spec = pipelines.financial()
    for dataset in spec["datasets"]:
        dataset["source"] = {place.kind: place.location, "table": dataset["name"], **more}
    return spec


def small(place, columns, contract="freeze", **source):
    return {"version": 1, "pipeline": "small", "datasets": [
        {"name": "t", "source": {place.kind: place.location, **source}, "contract": contract, "columns": columns, "target": "t"}],
        "targets": {"t": {"key": [columns[0]["name"]]}}}


def published(folder):
    """What files:DIR holds: rows of the tables, and (record, verdict, reasons) of rejects."""
    tables = {name: read_csv(folder / f"{name}.csv") for name in ("dim_customers", "fact_transactions")}
    rejects = {}
    for name in ("customers", "transactions"):
        path = folder / f"{name}.rejects.csv"
        rejects[name] = []
        if path.exists():
            with open(path, encoding="utf-8", newline="") as file:
                rejects[name] = [(r["record"], r["verdict"], r["reasons"]) for r in csv.DictReader(file, strict=True)]
    return tables, rejects


def as_source_types(header, rows):
    """Cells of clean CSV as typed tables take them: nothing is null, booleans are 1 and 0."""
    out = []
    for row in rows:
        cells = [v.strip() or None for v in row]
        for i, name in enumerate(header):
            if name == "is_active" and cells[i] is not None:
                cells[i] = BOOLEANS[cells[i].lower()]
        out.append(cells)
    return out


def n_rows(is_long):
    return 1_000_000 if is_long else 20_000


# ---- the same as CSV ----

@pytest.mark.parametrize("parallel", [1, 3])
def test_typed_tables_load_as_their_csv_does(finetl, source, tmp_path, is_long, parallel):
    if parallel > 1 and source.kind != "postgresql":
        beside_the_point("parts of a table are read at once of PostgreSQL only")
    raw = tmp_path / "raw"
    finetl("generate", raw, "--clean", "--transactions", n_rows(is_long), "--customers", 2000, "--until", UNTIL, timeout=600).ok()
    for name in ("customers", "transactions"):
        header, *rows = read(raw / f"{name}.csv")
        source.fill(name, header, as_source_types(header, rows), typed=True)
    more = {"parallel": parallel} if parallel > 1 else {}
    finetl.run(write_pipeline(raw, pipelines.financial()), f"files:{tmp_path}/a", timeout=600).ok()
    done = finetl.run(write_pipeline(tmp_path, reading_from(source, **more)), f"files:{tmp_path}/b", timeout=600).ok()
    a, b = published(tmp_path / "a"), published(tmp_path / "b")
    assert len(a[0]["fact_transactions"]) > n_rows(is_long) * 0.9
    for table in a[0]:
        assert sorted(a[0][table]) == sorted(b[0][table]), table
    finetl.run(tmp_path / "pipeline.yaml", f"files:{tmp_path}/again", timeout=600).ok()
    assert published(tmp_path / "again") == b  # in the same order
    assert done.dataset("transactions")["sums"]["amount"]["read"] == str(sum(Decimal(r[3]) for r in a[0]["fact_transactions"][1:]))


def test_texts_are_judged_as_cells_of_csv_are(finetl, source, tmp_path):
    """All faults in tables of texts: what a value means does not depend on where it is from."""
    raw = tmp_path / "raw"
    finetl("generate", raw, "--transactions", 5000, "--customers", 500, "--until", UNTIL, "--fault", "ragged=0").ok()
    for name in ("customers", "transactions"):
        header, *rows = read(raw / f"{name}.csv")
        source.fill(name, header, rows, typed=False)
    finetl.run(write_pipeline(raw, pipelines.financial()), f"files:{tmp_path}/a").ok()
    finetl.run(write_pipeline(tmp_path, reading_from(source)), f"files:{tmp_path}/b").ok()
    a, b = published(tmp_path / "a"), published(tmp_path / "b")
    assert a == b
    assert len(a[1]["transactions"]) > 100


def test_a_query_reads_what_it_says(finetl, source, tmp_path):
    source.execute("CREATE TABLE x (a varchar(10), b varchar(10))")
    source.execute("INSERT INTO x VALUES ('k1', '1.50'), ('k2', '-0.00'), ('k3', 'no'), ('k4', NULL)")
    columns = [{"name": "id", "type": "text(20)", "from": "key", "required": True}, {"name": "amount", "type": "decimal(12,2)"}]
    spec = small(source, columns, query="SELECT b AS amount, upper(a) AS key_, a FROM x -- all\n;".replace("key_", '"key"' if source.kind != "odbc" else "`key`"),
                 contract="discard_column")
    done = finetl.run(write_pipeline(tmp_path, spec), f"files:{tmp_path}/out").ok()
    assert read_csv(tmp_path / "out/t.csv") == [["id", "amount"], ["K1", "1.50"], ["K2", "0.00"], ["K4", ""]]
    ((name, record, offset, verdict, reasons, raw),) = read_rejects(tmp_path / "out/t.rejects.csv")
    assert (record, verdict, reasons) == (3, "rejected", ("amount:not_a_number",)) and name.startswith("query-")
    assert json.loads(raw) == {"amount": "no", "key": "K3", "a": "k3"}
    assert offset == len('{"amount":"1.50","key":"K1","a":"k1"}\n{"amount":"-0.00","key":"K2","a":"k2"}\n')
    assert done.dataset("t")["negative_zeros"] == {"amount": 1}


# ---- exactness ----

def test_decimals_are_exact_or_rejected(finetl, server, tmp_path):
    values = {"a": "0.30000000000000004", "b": "0.30", "c": "9999999999999999.99", "d": "-9999999999999999.99", "e": "NaN", "f": "Infinity",
              "g": "99999999999999999.99", "h": "1.10", "i": "2.675", "j": "4503599627370497.03"}
    server.execute("CREATE TABLE t (id text, amount numeric)")
    for key, value in values.items():
        server.execute(f"INSERT INTO t VALUES ('{key}', '{value}')")
    columns = [{"name": "id", "type": "text(20)"}, {"name": "amount", "type": "decimal(18,2)"}]
    done = finetl.run(write_pipeline(tmp_path, small(server, columns, table="t")), f"files:{tmp_path}/out").ok()
    assert [(r[1], r[4]) for r in read_rejects(tmp_path / "out/t.rejects.csv")] == [
        (1, ("amount:too_many_decimals",)), (5, ("amount:not_a_number",)), (6, ("amount:not_a_number",)),
        (7, ("amount:out_of_range",)), (9, ("amount:too_many_decimals",))]
    assert read_csv(tmp_path / "out/t.csv")[1:] == [[k, values[k]] for k in "bcdhj"]
    assert done.dataset("t")["sums"]["amount"]["inserted"] == str(sum(Decimal(values[k]) for k in "bcdhj"))


def test_moments_that_are_none_are_rejected(finetl, server, tmp_path):
    server.execute("CREATE TABLE t AS SELECT * FROM (VALUES ('a', timestamptz 'infinity', date '2026-02-28'), "
                   "('b', timestamptz '2026-02-28 01:30:00+02', date '-infinity'), ('c', timestamptz '12026-01-01', NULL)) v (id, at, day)")
    columns = [{"name": "id", "type": "text(20)"}, {"name": "at", "type": "timestamp"}, {"name": "day", "type": "date"}]
    finetl.run(write_pipeline(tmp_path, small(server, columns, query="SELECT * FROM t ORDER BY id")), f"files:{tmp_path}/out").ok()
    assert [r[4] for r in read_rejects(tmp_path / "out/t.rejects.csv")] == [("at:not_a_timestamp",), ("day:not_a_date",), ("at:not_a_timestamp",)]


def test_a_float_is_no_amount(finetl, tmp_path):
    db = SQLite(tmp_path)
    db.execute("CREATE TABLE t (id text, amount numeric)")
    db.execute("INSERT INTO t VALUES ('a', 0.5), ('b', 2), ('c', '1.25'), ('d', x'31')")
    db.close()
    columns = [{"name": "id", "type": "text(20)"}, {"name": "amount", "type": "decimal(12,2)", "required": True}]
    finetl.run(write_pipeline(tmp_path, small(db, columns, table="t")), f"files:{tmp_path}/out").ok()
    # A column of numbers keeps the text '1.25' as a float, too.
    assert [(r[1], r[4]) for r in read_rejects(tmp_path / "out/t.rejects.csv")] == [
        (1, ("amount:float",)), (3, ("amount:float",)), (4, ("amount:bytes",))]
    assert read_csv(tmp_path / "out/t.csv")[1:] == [["b", "2.00"]]


# ---- before the first row ----

def test_columns_that_do_not_fit_are_told_at_once(finetl, server, tmp_path):
    server.execute("CREATE TABLE t (id varchar(50), amount numeric(14,4), rate float8, at timestamp, scan bytea, day timestamptz, other int)")
    columns = [{"name": "id", "type": "text(20)"}, {"name": "amount", "type": "decimal(12,2)"}, {"name": "rate", "type": "decimal(12,2)"},
               {"name": "at", "type": "timestamp"}, {"name": "scan", "type": "text"}, {"name": "day", "type": "date"},
               {"name": "amuont", "type": "int"}]
    done = finetl.run(write_pipeline(tmp_path, small(server, columns, table="t")), f"files:{tmp_path}/out")
    assert done.code == 2
    message = done.result["error"]["message"] if isinstance(done.result["error"], dict) else str(done.result["error"])
    for part in ("'id' is character varying(50)", "'amount' is numeric(14,4) and declared as decimal(12,2)", "'rate' is double precision",
                 "'at' is timestamp without time zone", "zone", "'scan' is bytea", "'day' is timestamp with time zone",
                 "'amuont' is not among its columns; did you mean 'amount'?", "'other' is not declared"):
        assert part in message, part


def test_an_empty_table_is_told_unless_it_may_be(finetl, source, tmp_path):
    source.execute("CREATE TABLE t (id varchar(10))")
    columns = [{"name": "id", "type": "text(20)"}]
    done = finetl.run(write_pipeline(tmp_path, small(source, columns, table="t")), f"files:{tmp_path}/a")
    assert done.code == 3 and "allow_empty" in done.stderr + done.stdout
    finetl.run(write_pipeline(tmp_path, small(source, columns, table="t", allow_empty=True)), f"files:{tmp_path}/b").ok()


@pytest.mark.parametrize("kind, location", [
    ("postgresql", "postgresql://somebody:${SECRET}@127.0.0.1:1/x?connect_timeout=2"),
    ("odbc", "DRIVER={MariaDB Unicode};SERVER=127.0.0.1;PORT=1;UID=somebody;PWD=${SECRET}"),
    ("odbc", "DSN=nowhere;PWD={${SECRET}}"),
])
def test_passwords_are_never_seen(finetl, tmp_path, kind, location):
    class Place:
        pass

    place = Place()
    place.kind, place.location = kind, location
    spec = small(place, [{"name": "id", "type": "text(20)"}], table="t")
    done = finetl.run(write_pipeline(tmp_path, spec), f"files:{tmp_path}/out", env={"SECRET": "geheimnis"}, timeout=60)
    assert done.code in (2, 6)
    assert "geheimnis" not in done.stdout + done.stderr
    plan = finetl("lint", write_pipeline(tmp_path, spec), env={"SECRET": "geheimnis"})
    assert "geheimnis" not in plan.stdout + plan.stderr


# ---- while others write ----

@pytest.mark.parametrize("parallel", [1, 4])
def test_money_that_moves_while_it_is_read_is_counted_once(finetl, server, tmp_path, parallel):
    """Transfers between accounts: in any one state of the table the sum is the same."""
    server.execute("CREATE TABLE accounts (id int PRIMARY KEY, balance numeric(12,2), note text)")
    server.execute("INSERT INTO accounts SELECT n, 1000, repeat('x', 200) FROM generate_series(1, 30000) AS s (n)")
    columns = [{"name": "id", "type": "int"}, {"name": "balance", "type": "decimal(12,2)"}, {"name": "note", "type": "text"}]
    pipeline = write_pipeline(tmp_path, small(server, columns, table="public.accounts", parallel=parallel))
    stop, n_moved = threading.Event(), [0]

    def move():
        with psycopg.connect(server.location, autocommit=True) as db:
            while not stop.is_set():
                db.execute("WITH a AS (UPDATE accounts SET balance = balance - 7 WHERE id = 1 + (%s::int * 7919) %% 30000) "
                           "UPDATE accounts SET balance = balance + 7 WHERE id = 1 + (%s::int * 104729 + 11) %% 30000 "
                           "AND id <> 1 + (%s::int * 7919) %% 30000", [n_moved[0]] * 3)
                n_moved[0] += 1

    mover = threading.Thread(target=move)
    mover.start()
    try:
        for i in range(3):
            before = n_moved[0]
            done = finetl.run(pipeline, f"files:{tmp_path}/{i}").ok()
            dataset = done.dataset("t")
            total = Decimal(server.database.one("SELECT sum(balance) FROM accounts"))
            assert dataset["read"] == 30000 and n_moved[0] > before
            # One of two in a thousand may have met itself above: then 7 went out of the world.
            assert Decimal(dataset["sums"]["balance"]["read"]) >= total
            assert (Decimal(dataset["sums"]["balance"]["read"]) - total) % 7 == 0
    finally:
        stop.set()
        mover.join()


def test_an_incremental_table_is_read_on_from_where_it_was(finetl, source, tmp_path):
    source.execute("CREATE TABLE t (id varchar(10), n bigint, changed_at varchar(40))" if source.kind == "sqlite" else
                   "CREATE TABLE t (id varchar(10), n bigint, changed_at timestamp" + ("(6) NULL)" if source.kind == "odbc" else ")"))
    for i in range(6):
        source.execute(f"INSERT INTO t VALUES ('a{i}', {i}, '2026-01-0{1 + i // 2} 10:00:00.000000')")
    columns = [{"name": "id", "type": "text(20)"}, {"name": "n", "type": "int"}, {"name": "changed_at", "type": "timestamp", "zone": "UTC"}]
    spec = small(source, columns, table="t", incremental={"cursor": "changed_at"})
    spec["targets"]["t"]["mutable"] = "all"
    pipeline, warehouse = write_pipeline(tmp_path, spec), f"sqlite:{tmp_path}/w.db"
    assert finetl.run(pipeline, warehouse).ok().dataset("t")["inserted"] == 6
    again = finetl.run(pipeline, warehouse).ok().dataset("t")
    assert (again["read"], again["unchanged"]) == (2, 2)  # those that share the last value
    source.execute("INSERT INTO t VALUES ('late', 7, '2026-01-03 10:00:00.000000')")  # shares it, too
    source.execute("UPDATE t SET n = 40, changed_at = '2026-01-09 10:00:00.000000' WHERE id = 'a0'")
    third = finetl.run(pipeline, warehouse).ok().dataset("t")
    assert (third["inserted"], third["updated"], third["unchanged"]) == (1, 1, 2)


# ---- stopping ----

def test_a_stop_ends_a_query_within_ten_seconds(finetl, server, tmp_path):
    spec = small(server, [{"name": "n", "type": "int"}], query="SELECT count(*) AS n FROM generate_series(1, 100000000000) AS s (n)")
    process = finetl.start("run", write_pipeline(tmp_path, spec), "--warehouse", f"files:{tmp_path}/out", "--run-time", RUN_TIME)
    deadline = time.monotonic() + 20
    sql = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'finetl source' AND state = 'active' AND query LIKE 'COPY%'"
    while not server.database.one(sql) and time.monotonic() < deadline:
        time.sleep(0.05)
    begun = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert process.returncode == 9 and time.monotonic() - begun < 10
    deadline = time.monotonic() + 10
    while server.database.one(sql) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert server.database.one(sql) == 0  # nothing goes on at the server


@pytest.mark.parametrize("source, said", [({"table": "sales"}, "the table sales"), ({"query": "SELECT id, amount FROM sales"}, "SELECT id, amount FROM sales")])
def test_a_row_of_a_database_is_explained_by_where_to_look(finetl, tmp_path, source, said):
    with sqlite3.connect(tmp_path / "till.db") as db:
        db.execute("CREATE TABLE sales (id INTEGER, amount TEXT)")
        db.execute("INSERT INTO sales VALUES (7, '1.25')")
    db.close()
    pipeline = write_pipeline(tmp_path, {
        "version": 1, "pipeline": "till", "targets": {"sales": {"key": ["id"]}}, "datasets": [{
            "name": "sales", "source": {"sqlite": "till.db", **source}, "target": "sales",
            "columns": [{"name": "id", "type": "int", "required": True}, {"name": "amount", "type": "decimal(12,2)"}]}]})
    done = finetl.run(pipeline, f"sqlite:{tmp_path / 'w.db'}").ok()
    told = finetl("explain", "7", "--pipeline", pipeline, "--warehouse", f"sqlite:{tmp_path / 'w.db'}").ok().stdout
    assert f"run     {done.result['run_id']}" in told and "1.25" in told and "is not asked again" in told and said in told, told


@pytest.mark.parametrize("later", ["till", "tills", "SELECT id, amount FROM till WHERE id > 0"])
@pytest.mark.parametrize("first", ["till", "SELECT id, amount FROM till", "csv"])
def test_a_row_of_a_source_that_was_replaced_is_not_told_to_be_of_the_new_one(finetl, tmp_path, first, later):
    def explained(name):
        source = {"csv": "till.csv"} if name == "csv" else {"sqlite": "till.db", "query" if " " in name else "table": name}
        pipeline = write_pipeline(tmp_path, {
            "version": 1, "pipeline": "till", "targets": {"sales": {"key": ["id"]}}, "datasets": [{
                "name": "sales", "source": source, "target": "sales",
                "columns": [{"name": "id", "type": "int", "required": True}, {"name": "amount", "type": "decimal(12,2)"}]}]})
        if name == first:
            finetl.run(pipeline, f"sqlite:{tmp_path / 'w.db'}").ok()
        return finetl("explain", "7", "--pipeline", pipeline, "--warehouse", f"sqlite:{tmp_path / 'w.db'}").ok().stdout

    (tmp_path / "till.csv").write_text("id,amount\n7,1.25\n")
    with sqlite3.connect(tmp_path / "till.db") as db:
        db.execute("CREATE TABLE till (id INTEGER, amount TEXT)")
        db.execute("INSERT INTO till VALUES (7, '1.25')")
    db.close()
    assert "another source by now" not in explained(first)
    told = explained(later)
    assert ("another source by now" in told) == (first != later) and (f"{later}\n" in told) == (first == later), told
