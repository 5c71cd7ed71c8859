# SPDX-License-Identifier: Apache-2.0
"""A warehouse in PostgreSQL: what the model says, what SQLite says, and what others can do with it.

After any history of runs the logical dumps of both engines agree value by value, numbers
that the engines give and times of the clock aside. psql, plans of queries, pg_dump and restore.
"""

import json
import random
import re
import shutil
import subprocess

import pytest

import model
import nasty
import oracle
import pipelines
from finetl import connect, table_columns, write_pipeline
from postgres import World, wanted
from test_golden import CASES, expected_exit

PIPELINES = {"financial": pipelines.financial, "variant": pipelines.variant}


@pytest.fixture
def database(postgres):
    database = postgres.fresh()
    yield database
    database.drop()


# ---- logical dumps ----

def plain(value):
    """JSON without what is of the run and the engine alone."""
    def nameless(members):
        return {key: v for key, v in members.items() if key not in ("run_id", "strategy", "elapsed_ms")}
    return json.dumps(json.loads(value, object_hook=nameless), sort_keys=True) if value is not None else None


def numbered(rows, key):
    """What an engine numbered, by order."""
    return {row[key]: i for i, row in enumerate(rows)}


def dump_sqlite(path):
    db = connect(path)
    out = {}
    for (table,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'").fetchall():
        names = table_columns(db, table)
        minor = {name for name in names if name + "_minor" in names}
        scales = decimal_scales(db, table) if minor else {}
        rows = []
        for row in db.execute(f"SELECT * FROM {table} ORDER BY 1"):
            values = {}
            for name in names:
                if name in minor:
                    continue
                value = row[name]
                if name.endswith("_minor") and name[:-6] in minor:
                    name = name[:-6]
                    value = None if value is None else format(model.Decimal(value).scaleb(-scales[name]), "f")
                elif isinstance(value, bytes):
                    value = value.hex()
                values[name] = None if value is None else str(value)
            rows.append(values)
        out[table] = rows
    db.close()
    return out


def decimal_scales(db, table):
    """From the expressions of the columns made for reading: amount_minor / 100.0."""
    sql = db.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (table,)).fetchone()[0]
    return {name: len(power) - 1 for name, power in re.findall(r'(\w+)_minor"? / (10*)\.0', sql)}


def dump_postgres(database):
    with database.connect() as db:
        tables = [row[0] for row in db.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
        out = {}
        for table in tables:
            types = oracle.columns_of(db, table)
            rows = [dict(zip(types, row)) for row in oracle.texts(db, table, order=next(iter(types)))]
            for name, type_ in types.items():
                if type_ == "boolean":
                    for row in rows:
                        row[name] = {"true": "1", "false": "0", None: None}[row[name]]
            out[table] = rows
    return out


CLOCK = {"start_time", "end_time", "at", "applied_at", "hash", "previous_hash", "closed_at", "processed_at", "created_at", "updated_at"}
JSON = {"quality_report", "reconciliation", "reasons", "decimals"}


def logical(tables):
    """A dump without what is the engine's or the clock's: runs and objects go by their order."""
    events = sorted(tables["etl_run_events"], key=lambda row: int(row["event_id"]))
    run_ids = list(dict.fromkeys(row["run_id"] for row in events))
    runs = {run: i for i, run in enumerate(run_ids)}
    objects = sorted(tables["etl_objects"], key=lambda row: (runs[row["run_id"]], int(row["object_id"])))
    object_ids = numbered(objects, "object_id")
    out = {}
    for table, rows in tables.items():
        if table == "etl_schema_migrations":
            continue
        kept = []
        for row in rows:
            new = {}
            for name, value in row.items():
                if name in CLOCK or name == "reject_id":
                    continue
                if name in ("run_id", "etl_run_id"):
                    value = runs[value]
                elif name in ("object_id", "etl_object_id"):
                    value = object_ids[value]
                elif name in JSON:
                    value = plain(value)
                elif name == "detail" and table == "etl_run_events":
                    value = {key: v for key, v in json.loads(value).items() if key in ("run_time", "config_sha256", "finetl_version", "status")}
                elif name == "object_sha256" and len(value) != 64:
                    value = "not read to its end"
                elif name == "detail" and value is not None:  # a conflict names the run that it met
                    value = re.sub(r"run (\w{26})", lambda found: f"run {runs[found[1]]}", value)
                new[name] = value
            kept.append(new)
        out[table] = sorted(kept, key=lambda row: json.dumps(row, sort_keys=True))
    return out


def assert_same_dumps(sqlite_path, database):
    a, b = logical(dump_sqlite(sqlite_path)), logical(dump_postgres(database))
    assert sorted(a) == sorted(b)
    for table in a:
        assert len(a[table]) == len(b[table]), table
        for x, y in zip(a[table], b[table]):
            assert x == y, table


def history(folder, seed):
    """Pipeline files for some runs one after the other: pieces of one input, again and again, in any
    order, with gates that hold and inputs that break off."""
    r = random.Random(seed)
    make = PIPELINES[r.choice(list(PIPELINES))]
    customers, transactions = nasty.customers(seed, 80), nasty.transactions(seed + 1000, 600, 80)
    pieces = list(zip(nasty.cut(customers, 4, seed), nasty.cut(transactions, 4, seed)))
    out = []
    for i in range(r.randrange(4, 8)):
        place = folder / f"run{i}"
        place.mkdir()
        for k in r.sample(range(4), r.randrange(1, 4)):
            (place / f"customers-{k}.csv").write_bytes(pieces[k][0])
            (place / f"transactions-{k}.csv").write_bytes(pieces[k][1])
        spec = make()
        kind = r.randrange(6)
        if kind == 0:
            spec["datasets"][1]["gate"] = {"max_rejected_percent": 1}  # held
        elif kind == 1:
            broken = next(place.glob("transactions-*.csv"))
            broken.write_bytes(broken.read_bytes() + b'"never closed,')  # failed
        elif kind == 2:
            for dataset in spec["datasets"]:
                dataset["source"]["incremental"] = "objects"
        out.append(write_pipeline(place, spec))
    return out


def test_after_any_history_both_engines_hold_the_same(finetl, postgres, tmp_path, is_long):
    for seed in range(40 if is_long else 2):
        folder = tmp_path / str(seed)
        folder.mkdir()
        database, sqlite_path = postgres.fresh(), folder / "w.db"
        for i, pipeline in enumerate(history(folder, seed)):
            strategy = ("auto", "merge", "rebuild")[(seed + i) % 3]
            a = finetl.run(pipeline, f"sqlite:{sqlite_path}")
            b = finetl.run(pipeline, database.url, "--load-strategy", strategy)
            assert a.code == b.code and a.code in (0, 3, 4), (a, b)
            assert [told(d) for d in a.result["datasets"]] == [told(d) for d in b.result["datasets"]]
        assert_same_dumps(sqlite_path, database)
        finetl("runs", "--verify", "--warehouse", database.url).ok()
        database.drop()


def told(dataset):
    """What a result says, without what the engine says of itself."""
    return {key: value for key, value in dataset.items() if key not in ("strategy", "elapsed_ms")}


# ---- the model ----

@pytest.mark.parametrize("cut", [pytest.param("one file", marks=pytest.mark.long), "three runs"])
@pytest.mark.parametrize("name", PIPELINES)
def test_postgres_equals_the_model(finetl, database, tmp_path, name, cut, is_long):
    n = (5000, 50000) if is_long else (1000, 8000)
    spec = PIPELINES[name]()
    customers, transactions = nasty.customers(11, n[0]), nasty.transactions(12, n[1], n[0])
    parts = 1 if cut == "one file" else 3
    pieces = zip(nasty.cut(customers, parts, 3), nasty.cut(transactions, parts, 4))
    state, outcomes = None, []
    for i, (c, t) in enumerate(pieces):
        place = tmp_path / f"run{i}"
        place.mkdir()
        files = {f"customers-{i}.csv": c, f"transactions-{i}.csv": t}
        for file, data in files.items():
            (place / file).write_bytes(data)
        done = finetl.run(write_pipeline(place, spec), database.url).ok()
        inputs = {file.split("-")[0]: [model.Input(file, data)] for file, data in files.items()}
        outcome, state = model.run(spec, inputs, nasty.RUN_TIME_US, state, i)
        for o in outcome:
            result = done.dataset(o.name)
            assert {term: result[term] for term in model.TERMS} == o.counts
        outcomes.append((outcome, files))
    assert oracle.judge(database.url, wanted(outcomes, state, spec)) == []


def test_the_judge_sees_what_was_done_to_a_warehouse(finetl, postgres, tmp_path):
    """One row gone, one too many, one amount altered by the least, an audit row or event gone or changed."""
    world = World(finetl, postgres, tmp_path, n_customers=60, n_transactions=300)
    assert oracle.judge(world.before.url, world.wanted_before) == []
    off = "SET session_replication_role = replica; "
    drills = {
        "lost": ["DELETE FROM fact_transactions WHERE ctid = (SELECT min(ctid) FROM fact_transactions)",
                 off + "DELETE FROM etl_rejects WHERE reject_id = (SELECT min(reject_id) FROM etl_rejects WHERE length(object_sha256) = 64)"],
        "doubled": ["CREATE TEMP TABLE t AS SELECT * FROM fact_transactions LIMIT 1; UPDATE t SET transaction_id = 'X'; "
                    "INSERT INTO fact_transactions SELECT * FROM t"],
        "altered": ["UPDATE fact_transactions SET amount = amount + 0.01 WHERE ctid = (SELECT min(ctid) FROM fact_transactions)",
                    "UPDATE dim_customers SET registration_date = registration_date + interval '1 microsecond' WHERE ctid = "
                    "(SELECT min(ctid) FROM dim_customers WHERE registration_date IS NOT NULL)",
                    "UPDATE fact_transactions SET etl_run_id = 'another' WHERE ctid = (SELECT min(ctid) FROM fact_transactions)"],
        "audit": [off + "DELETE FROM etl_audit_log", off + "UPDATE etl_audit_log SET records_loaded = records_loaded + 1",
                  off + "DELETE FROM etl_run_events WHERE event_id = 1", off + "UPDATE etl_run_events SET at = at + interval '1 us'",
                  off + "DELETE FROM etl_run_events WHERE event_id = 2"],
        "leftover": ["CREATE UNLOGGED TABLE stage (a int)",
                     "ALTER TABLE fact_transactions ADD CONSTRAINT later CHECK (true) NOT VALID"],
    }
    for kind, statements in drills.items():
        for sql in statements:
            database = world.fresh("filled")
            with database.connect() as db:
                db.execute(sql)
            assert kind in {found for found, _ in oracle.judge(database.url, world.wanted_before)}, sql
            if kind == "audit":
                verified = finetl("runs", "--verify", "--warehouse", database.url)
                assert verified.code == 8, (sql, verified)
            database.drop()


# ---- golden cases ----

@pytest.mark.parametrize("case", [pytest.param(case, id=case.name, marks=[pytest.mark.long] if i % 4 else []) for i, case in enumerate(CASES)])
def test_golden_cases_agree_with_sqlite(finetl, postgres, tmp_path, case):
    place = tmp_path / "case"
    shutil.copytree(case, place, ignore=shutil.ignore_patterns("expected"))
    code, _ = expected_exit(case / "expected")
    database = postgres.fresh()
    a = finetl.run("pipeline.yaml", f"sqlite:{tmp_path}/w.db", cwd=place)
    b = finetl.run("pipeline.yaml", database.url, cwd=place)
    assert (a.code, a.result["error"]) == (b.code, b.result["error"]) and b.code == code, (a, b)
    if (tmp_path / "w.db").exists() and database.has("etl_run_events"):
        assert_same_dumps(tmp_path / "w.db", database)
    database.drop()


# ---- every text ----

def test_every_character_travels_unharmed(finetl, database, tmp_path):
    r"""\. and \N, quotes, backslashes, every control character, every plane; in key and value alike."""
    odd = [r"\.", r"\N", "\\", "\\\\", '"', "'", "''", "$1", "$$", "%s", "--", ";", "NULL", "{a,b}", "(1,2)", "E'\\x41'", "\\x41"]
    chars = [chr(c) for c in range(1, 0x250) if c not in (0x7FFFF,)] + [chr(c) for c in range(0x250, 0x110000, 641)
                                                                        if not 0xD800 <= c <= 0xDFFF and c & 0xFFFE != 0xFFFE and not 0xFDD0 <= c <= 0xFDEF]
    values = odd + [f"a{c}z" for c in chars] + [f"{a}{b}" for a in odd[:6] for b in odd[:6]]
    values = list(dict.fromkeys(values))
    rows = [f'{i},"{value.replace(chr(34), chr(34) * 2)}"\n' for i, value in enumerate(values)]
    (tmp_path / "t.csv").write_text("id,value\n" + "".join(rows), encoding="utf-8", newline="")
    spec = {"version": 1, "pipeline": "texts", "datasets": [{
        "name": "t", "source": {"csv": "t.csv"}, "target": "t",
        "columns": [{"name": "id", "type": "int"}, {"name": "value", "type": "text(40)"}]}],
        "targets": {"t": {"key": ["value"]}}}
    pipeline = write_pipeline(tmp_path, spec)
    done = finetl.run(pipeline, database.url).ok()
    assert done.dataset("t")["inserted"] == len(values)
    with database.connect() as db:
        assert dict(db.execute("SELECT id, value FROM t").fetchall()) == dict(enumerate(values))
    again = finetl.run(pipeline, database.url).ok().dataset("t")
    assert (again["inserted"], again["unchanged"]) == (0, len(values))


# ---- what others do with it ----

@pytest.fixture(scope="module")
def world(finetl, postgres, tmp_path_factory):
    return World(finetl, postgres, tmp_path_factory.mktemp("world"), n_customers=500, n_transactions=6000)


def psql(url, *arguments, **more):
    return subprocess.run(["psql", "-X", "-v", "ON_ERROR_STOP=1", "-At", *arguments, url], check=True, capture_output=True, text=True,
                          env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}, **more).stdout


def test_psql_reads_tables_and_views(world):
    n = len(world.wanted_before["tables"]["fact_transactions"]["rows"])
    assert psql(world.before.url, "-c", "SELECT count(*) FROM fact_transactions").strip() == str(n)
    assert psql(world.before.url, "-c", "SELECT sum(transactions) FROM customer_transaction_summary").strip() == str(n)
    assert psql(world.before.url, "-c", "SELECT sum(transactions) FROM daily_transaction_summary").strip() == str(n)
    exact = psql(world.before.url, "-c", "SELECT (SELECT sum(amount) FROM fact_transactions) = (SELECT sum(total_amount) "
                 "FROM daily_transaction_summary)")
    assert exact.strip() == "t"
    assert "run_id" in psql(world.before.url, "-c", r"\d etl_audit_log")


@pytest.mark.parametrize("sql, index", [
    ("SELECT * FROM fact_transactions WHERE transaction_id = 'TXN00000001'", "pkey"),
    ("SELECT * FROM fact_transactions WHERE customer_id = 'CUST000001' ORDER BY transaction_date DESC LIMIT 10", "customer_id"),
    ("SELECT * FROM customer_transaction_summary WHERE customer_id = 'CUST000001'", "customer_id"),
    ("SELECT * FROM high_risk_transactions WHERE customer_id = 'CUST000001'", "customer_id"),
    ("SELECT * FROM high_risk_transactions WHERE transaction_id = 'TXN00000001'", "pkey"),
    ("SELECT * FROM fact_transactions WHERE transaction_date >= '2026-02-28' ORDER BY transaction_date DESC LIMIT 20", "transaction_date"),
    ("SELECT * FROM etl_runs WHERE run_id = 'x'", "etl_run_events"),
    ("SELECT * FROM etl_rejects WHERE run_id = 'x'", "etl_rejects_run"),
])
def test_queries_go_by_the_indexes(world, sql, index):
    plan = psql(world.before.url, "-c", "EXPLAIN " + sql)
    assert "Index" in plan and index in plan, plan
    assert "Seq Scan on fact_transactions" not in plan, plan


def test_a_dump_restored_elsewhere_goes_on(world, postgres, tmp_path):
    restored = postgres.fresh()
    with open(tmp_path / "dump.sql", "w+", encoding="utf-8") as dump:
        subprocess.run(["pg_dump", "--no-password", "-d", world.before.url], check=True, stdout=dump)
        dump.seek(0)
        psql(restored.url, "-q", "-1", stdin=dump)
    assert oracle.judge(restored.url, world.wanted_before) == []
    assert len(restored.schema()) == len(world.before.schema())  # casts may be printed in another way
    assert logical(dump_postgres(restored)) == logical(dump_postgres(world.before))
    world.run(restored).ok()
    assert oracle.judge(restored.url, world.wanted["filled"]) == []
    world.finetl("runs", "--verify", "--warehouse", restored.url).ok()
    restored.drop()


def test_strategies_end_alike(world):
    dumps = []
    for strategy in ("merge", "rebuild", "auto"):
        database = world.fresh("filled")
        schema = database.schema()
        done = world.run(database, "--load-strategy", strategy).ok()
        assert oracle.judge(database.url, world.wanted["filled"]) == [] and database.schema() == schema, done
        dumps.append(logical(dump_postgres(database)))
        database.drop()
    assert dumps[0] == dumps[1] == dumps[2]


def test_a_view_of_the_users_and_a_grant_stay(world):
    database = world.fresh("filled")
    database.execute("CREATE VIEW mine AS SELECT customer_id, count(*) FROM fact_transactions GROUP BY 1; "
                     "CREATE INDEX mine_too ON fact_transactions (merchant_id, amount); GRANT SELECT ON fact_transactions TO PUBLIC; "
                     "COMMENT ON TABLE fact_transactions IS 'mine'")
    schema = database.schema()
    world.run(database, "--load-strategy", "rebuild").ok()
    assert database.schema() == schema
    assert database.one("SELECT obj_description('fact_transactions'::regclass)") == "mine"
    assert database.one("SELECT relacl::text FROM pg_class WHERE oid = 'fact_transactions'::regclass").count("=r/") == 1
    assert database.one("SELECT count(*) FROM mine") > 0
    database.drop()


def test_a_published_table_is_rebuilt_with_its_key_on(world):
    """Subscribers are told by the key which row was updated: without it the server refuses to."""
    database = world.fresh("filled")
    database.execute("SET client_min_messages = error; CREATE PUBLICATION theirs FOR ALL TABLES; "
                     "ALTER TABLE fact_transactions REPLICA IDENTITY USING INDEX fact_transactions_pkey")
    world.run(database, "--load-strategy", "rebuild").ok()
    assert oracle.judge(database.url, world.wanted["filled"]) == []
    assert database.one("SELECT indisreplident FROM pg_index WHERE indexrelid = 'fact_transactions_pkey'::regclass")
    database.drop()


def test_what_the_owner_set_on_an_index_stays(finetl, database, tmp_path):
    """A rebuild would bring it back without, so only who asks for a rebuild gets one."""
    n = 20500
    spec = {"version": 1, "pipeline": "tuned", "targets": {"t": {"key": ["id"], "mutable": "all", "indexes": [["value"]]}},
            "datasets": [{"name": "t", "source": {"csv": "t.csv"}, "target": "t",
                          "columns": [{"name": "id", "type": "int"}, {"name": "value", "type": "int"}]}]}
    pipeline = write_pipeline(tmp_path, spec)

    def run(value, *more):
        (tmp_path / "t.csv").write_text("id,value\n" + "".join(f"{i},{value}\n" for i in range(n)))
        return finetl.run(pipeline, database.url, *more).ok().dataset("t")["strategy"]

    assert run(1).startswith("rows first") and run(2).startswith("rows first")
    settings = ["ALTER INDEX t_value SET (fillfactor = 60)", "COMMENT ON INDEX t_pkey IS 'ours'", "ALTER TABLE t CLUSTER ON t_value"]
    for i, sql in enumerate(settings):
        database.execute(sql)
        before = database.execute("SELECT indexdef, obj_description('t_pkey'::regclass) FROM pg_indexes WHERE tablename = 't' ORDER BY 1")
        strategy = run(10 + i)
        assert strategy.startswith("merge") and "owner" in strategy, strategy
        after = database.execute("SELECT indexdef, obj_description('t_pkey'::regclass) FROM pg_indexes WHERE tablename = 't' ORDER BY 1")
        assert after == before
        database.execute("ALTER INDEX t_value RESET (fillfactor); COMMENT ON INDEX t_pkey IS NULL; ALTER TABLE t SET WITHOUT CLUSTER")
    assert run(99).startswith("rows first")
