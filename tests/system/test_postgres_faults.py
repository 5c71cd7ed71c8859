# SPDX-License-Identifier: Apache-2.0
"""What can happen to a load into PostgreSQL, made to happen; each run judged by oracle.py.

After every fault the warehouse is as before the run or as after it, as the exit code says;
the next run ends where an undisturbed one would, and two more change nothing. Here the
program is killed, its sessions are, and other sessions are in its way. The server itself and
the line to it break in test_postgres_server.py and test_postgres_line.py. With --long
every point is tried in every way.
"""

import contextlib
import random
import signal
import subprocess
import threading
import time

import psycopg
import pytest

from finetl import ROOT, absent, write_pipeline
from postgres import TABLES, World

# Where other sessions interfere; the lists name more.
STEPS = ["load.started", "load.begun", "load.lookup", "load.write", "load.table_end", "load.table_ended", "load.rejects",
         "load.audit", "load.commit"]


def points():
    """Failpoints that a run into PostgreSQL may pass: name -> what its list says of it."""
    out = {}
    for name in ("points.txt", "points-postgres.txt", "points-run.txt", "points-io.txt"):
        path = ROOT / "tests" / "fault" / name
        for line in path.read_text().splitlines() if path.exists() else []:
            point, _, where = line.partition(" ")
            if line.strip() and not line.startswith("#") and not point.startswith("writer."):
                out[point] = where.strip()
    return out


@pytest.fixture(scope="module")
def world(finetl, postgres, tmp_path_factory, report_faults):
    return report_faults(World(finetl, postgres, tmp_path_factory.mktemp("world")))


@contextlib.contextmanager
def stopped_at(world, failing, database, point, *more):
    """A run that stands still at a failpoint; goes on afterwards, and (its code, error) is in the list."""
    child = world.start(database, *more, finetl=failing, env={"FINETL_FAILPOINT": f"{point}=stop"})
    try:
        deadline = time.monotonic() + 30
        while state_of(child) not in ("T", "t"):
            if child.poll() is not None or time.monotonic() > deadline:
                out, _ = child.communicate()
                pytest.fail(f"the run does not come to {point}: exit {child.returncode} {out}")
            time.sleep(0.005)
        yield child
    finally:
        with contextlib.suppress(ProcessLookupError):
            child.send_signal(signal.SIGCONT)


def state_of(child):
    """A letter of /proc: T is stopped."""
    with contextlib.suppress(OSError), open(f"/proc/{child.pid}/stat", encoding="ascii") as f:
        return f.read().rpartition(")")[2].split()[0]
    return ""


def end_of(child, seconds=90):
    out, err = child.communicate(timeout=seconds)
    assert child.returncode is not None
    return child.returncode, out + err


def sessions(database):
    """pids of the run's sessions: the one with a transaction open first."""
    return [row[0] for row in database.server.execute(
        f"SELECT pid FROM pg_stat_activity WHERE datname = '{database.name}' AND application_name LIKE 'finetl%' "
        "ORDER BY xact_start NULLS LAST, backend_start")]


def blocked(database):
    return database.server.execute(f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{database.name}' "
                                   "AND application_name LIKE 'finetl%' AND cardinality(pg_blocking_pids(pid)) > 0")[0][0]


def wait_for(condition, what, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"never came: {what}"
        time.sleep(0.01)


# ---- the program dies ----

@pytest.mark.parametrize("point", list(points()))
def test_a_kill_at_every_point(world, failing_finetl, point, is_long):
    passed = 0
    for start, strategy in (("filled", "auto"), ("filled", "rebuild"), ("empty", "rebuild")):
        database = world.fresh(start)
        done = world.run(database, "--load-strategy", strategy, finetl=failing_finetl, env={"FINETL_FAILPOINT": f"{point}=kill"})
        if done.code != -signal.SIGKILL:
            assert done.code == 0, done
            database.drop()
            continue
        passed += 1
        world.judge(database, start, f"SIGKILL at {point}")
        if not is_long:
            break
    assert passed or point in ("load.undo", "spool.write"), f"no run passes {point}"


@pytest.mark.long
@pytest.mark.parametrize("point", list(points()))
def test_an_error_at_every_point(world, failing_finetl, point):
    for start in ("filled", "empty"):
        database = world.fresh(start)
        done = world.run(database, finetl=failing_finetl, env={"FINETL_FAILPOINT": f"{point}=eio"})
        if "failpoint" in done.stderr:
            assert done.code == 6, done
            world.judge(database, start, f"error at {point}", done.code)
        else:
            assert done.code == 0, done
            database.drop()


def test_kills_spread_over_a_run(world, is_long):
    began = time.monotonic()
    database = world.fresh("filled")
    world.run(database).ok()
    database.drop()
    seconds = time.monotonic() - began
    n = 60 if is_long else 5
    for i in range(n):
        start = "empty" if i % 3 == 0 else "filled"
        database = world.fresh(start)
        child = world.start(database, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(seconds * (i + 0.5) / n)
        child.kill()
        world.judge(database, start, "SIGKILL at any time", None if child.wait() else 0)


def test_kills_one_after_the_other(world, is_long):
    database = world.fresh("filled")
    for i in range(15 if is_long else 4):
        child = world.start(database, "--wait", "20s", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.02 + 0.03 * (i % 5))
        child.kill()
        child.wait()
    world.judge(database, "filled", "SIGKILL, again and again")


def test_a_stopped_run_is_told_to_end(world, failing_finetl, is_long):
    for point in STEPS if is_long else ("load.write", "load.commit"):
        database = world.fresh("filled")
        with stopped_at(world, failing_finetl, database, point) as child:
            child.send_signal(signal.SIGTERM)
            began = time.monotonic()
        code, text = end_of(child)
        assert time.monotonic() - began < 10 and code in (0, 9), text
        if STEPS.index(point) < STEPS.index("load.rejects"):  # after that it is done sooner than undone
            assert code == 9, text
        world.judge(database, "filled", "SIGTERM", code)


def test_sigterm_while_it_waits_for_a_lock(world):
    database = world.fresh("filled")
    with database.connect() as other:
        other.execute("BEGIN")
        other.execute("LOCK TABLE fact_transactions IN SHARE MODE")
        child = world.start(database, "--lock-timeout", "60s")
        wait_for(lambda: blocked(database), "the run waits for the lock")
        began = time.monotonic()
        child.send_signal(signal.SIGTERM)
        code, text = end_of(child)
        assert code == 9 and time.monotonic() - began < 10, text
    world.judge(database, "filled", "SIGTERM in a lock", code)


def test_a_run_that_slept_goes_on_where_it_was(world, failing_finetl):
    database = world.fresh("filled")
    with stopped_at(world, failing_finetl, database, "load.write") as child:
        busy = world.run(database, "--wait", "0")  # meanwhile the warehouse is taken
        assert busy.code == 6, busy
        time.sleep(2)
    code, text = end_of(child)
    assert code == 0, text
    world.judge(database, "filled", "SIGSTOP and SIGCONT", code)


def test_a_sleeper_that_was_thrown_out_does_not_come_back(world, failing_finetl):
    """Its sessions are ended, another run takes over; awake again it must not write."""
    database = world.fresh("filled")
    with stopped_at(world, failing_finetl, database, "load.commit") as child:
        for pid in sessions(database):
            database.execute(f"SELECT pg_terminate_backend({pid})")
        database.wait_until_quiet()
        world.run(database, "--wait", "20s").ok()
    code, text = end_of(child)
    assert code == 6, text
    assert world.is_at(database, "filled", "after")
    world.judge(database, "filled", "a zombie wakes up", None)


# ---- its sessions die ----

@pytest.mark.parametrize("point", STEPS)
def test_a_session_is_terminated(world, failing_finetl, point, is_long):
    for which in (0, 1) if is_long else (STEPS.index(point) % 2,):
        database = world.fresh("filled")
        with stopped_at(world, failing_finetl, database, point) as child:
            pids = sessions(database)
            if which < len(pids):
                database.execute(f"SELECT pg_terminate_backend({pids[which]})")
        code, text = end_of(child)
        assert code in (0, 6), text
        world.judge(database, "filled", f"pg_terminate_backend ({'load' if which == 0 else 'look'})", code)


def test_a_statement_is_cancelled_by_an_admin(world):
    database = world.fresh("filled")
    with database.connect() as other:
        other.execute("BEGIN")
        other.execute("LOCK TABLE fact_transactions IN SHARE MODE")
        child = world.start(database, "--lock-timeout", "60s")
        wait_for(lambda: blocked(database), "the run waits for the lock")
        for pid in sessions(database):
            database.execute(f"SELECT pg_cancel_backend({pid})")
        other.execute("COMMIT")
        code, text = end_of(child)
        assert code == 6, text
    world.judge(database, "filled", "pg_cancel_backend", code)


# ---- others are in its way ----

def test_a_table_that_stays_locked_is_busy(world):
    database = world.fresh("filled")
    with database.connect() as other:
        other.execute("BEGIN")
        other.execute("LOCK TABLE fact_transactions IN SHARE MODE")
        began = time.monotonic()
        done = world.run(database, "--lock-timeout", "200ms")
        assert done.code == 6 and done.result["retry_helps"] and "lock" in done.result["error"], done
        assert time.monotonic() - began < 15
    world.judge(database, "filled", "lock timeout", done.code)


def test_a_table_that_is_locked_from_the_start_is_named(world):
    database = world.fresh("filled")
    with database.connect() as other:
        other.execute("BEGIN")
        other.execute("LOCK TABLE dim_customers IN ACCESS EXCLUSIVE MODE")
        done = world.run(database, "--lock-timeout", "200ms")
        assert done.code == 6 and "dim_customers" in done.result["error"], done
    world.judge(database, "filled", "lock timeout at begin", done.code)


@pytest.mark.parametrize("command", ["runs", "rejects list"])
def test_who_only_asks_does_not_wait_for_a_lock_for_ever(world, command):
    database = world.fresh("filled")
    with database.connect() as other:
        other.execute("BEGIN")
        other.execute("LOCK TABLE etl_run_events, etl_rejects IN ACCESS EXCLUSIVE MODE")
        done = world.finetl(*command.split(), "--warehouse", database.url)
        assert done.code == 6 and "lock" in done.stderr, done


def test_a_lock_that_goes_away_is_waited_for(world):
    database = world.fresh("filled")
    with database.connect() as other:
        other.execute("BEGIN")
        other.execute("LOCK TABLE fact_transactions IN SHARE MODE")
        child = world.start(database, "--lock-timeout", "400ms")
        wait_for(lambda: blocked(database), "the run waits for the lock")
        time.sleep(0.6)
        other.execute("COMMIT")
        code, text = end_of(child)
        assert code == 0, text
    world.judge(database, "filled", "lock timeout, then free", code)


def test_a_deadlock_is_tried_again(world):
    """The other session holds the row that is updated last, then asks for the rest."""
    database = world.fresh("filled")
    world.run(database).ok()
    changed = [row[0] for row in database.execute("SELECT transaction_id FROM fact_transactions WHERE updated_at > created_at "
                                                  "ORDER BY updated_at, etl_record")]
    database.drop()
    last, database = changed[-1], world.fresh("filled")
    with database.connect() as other:
        before = deadlocks(database)
        other.execute("SET deadlock_timeout = '60s'")  # so that it is not this session that is chosen
        other.execute("BEGIN")
        other.execute("SELECT FROM fact_transactions WHERE transaction_id = %s FOR UPDATE", (last,))
        child = world.start(database)
        wait_for(lambda: blocked(database), "the run waits for the row")
        other.execute("SELECT FROM fact_transactions WHERE transaction_id = ANY(%s) FOR UPDATE", (changed,))
        other.execute("COMMIT")
        code, text = end_of(child)
        assert code == 0, text
    wait_for(lambda: deadlocks(database) > before, "the server tells of a deadlock")
    world.judge(database, "filled", "deadlock", code)


def deadlocks(database):
    return database.one("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")


def keys_updated(world):
    before = {row[0]: row for row in world.wanted_before["tables"]["fact_transactions"]["rows"]}
    return [row[0] for row in world.wanted["filled"]["tables"]["fact_transactions"]["rows"] if row[0] in before and before[row[0]] != row]


@pytest.mark.parametrize("what", ["updates", "deletes", "inserts"])
def test_a_foreign_writer_is_noticed(world, failing_finetl, what):
    """Somebody who heeds no lock of ours changes a row between our look and our write."""
    database = world.fresh("filled")
    key = keys_updated(world)[0]
    now = {row[0]: row for row in world.wanted["filled"]["tables"]["fact_transactions"]["rows"]}
    new = next(k for k in now if k not in {row[0] for row in world.wanted_before["tables"]["fact_transactions"]["rows"]})
    sql = {"updates": f"UPDATE fact_transactions SET category = 'theirs' WHERE transaction_id = '{key}'",
           "deletes": f"DELETE FROM fact_transactions WHERE transaction_id = '{key}'",
           "inserts": f"CREATE TEMP TABLE t AS SELECT * FROM fact_transactions LIMIT 1; UPDATE t SET transaction_id = '{new}'; "
                      "INSERT INTO fact_transactions SELECT * FROM t"}[what]
    with stopped_at(world, failing_finetl, database, "load.table_end:2") as child:
        with database.connect() as other:
            other.execute("SET lock_timeout = '5s'")
            try:
                other.execute(sql)
            except psycopg.errors.LockNotAvailable:
                child.kill()
                pytest.fail("the table is locked against others before it has to be")
    code, text = end_of(child)
    assert code == 6, text
    if what == "inserts":
        database.execute(f"DELETE FROM fact_transactions WHERE transaction_id = '{new}'")
    else:  # what they did is theirs; the next run sees it, and goes on from there
        world.run(database).ok()
        code = None
    world.judge(database, "filled", f"a foreign session {what}", code)


SETTINGS = ["default_transaction_isolation = 'serializable'", "statement_timeout = '30ms'", "default_transaction_deferrable = on",
            "bytea_output = 'escape'", "DateStyle = 'SQL, DMY'", "TimeZone = 'Australia/Lord_Howe'", "IntervalStyle = 'sql_standard'",
            "extra_float_digits = -3", "standard_conforming_strings = off", "client_encoding = 'LATIN1'", "enable_hashjoin = off",
            "synchronous_commit = off", "idle_in_transaction_session_timeout = '30ms'", "lock_timeout = '1ms'", "row_security = off",
            "search_path = public, pg_catalog", "client_min_messages = 'debug1'", "transform_null_equals = on",
            "array_nulls = off", "quote_all_identifiers = on", "check_function_bodies = off", "idle_session_timeout = '30ms'"]


def test_settings_of_the_database_do_not_matter(world, is_long):
    for settings in [SETTINGS, *([setting] for setting in SETTINGS if is_long)]:
        database = world.fresh("filled")
        for setting in settings:
            database.server.execute(f"ALTER DATABASE {database.name} SET {setting}")
        done = world.run(database)
        assert done.code == 0, (settings, done)
        database.server.execute(f"ALTER DATABASE {database.name} RESET ALL")
        world.judge(database, "filled", "settings of the database", done.code)


def test_serialization_failures_do_not_come(world):
    """Every session of the database is serializable, and others read and write as well."""
    database = world.fresh("filled")
    database.execute(f"ALTER DATABASE {database.name} SET default_transaction_isolation = 'serializable'")
    ended = threading.Event()

    def read_and_write():
        with database.connect() as db:
            db.execute("CREATE TABLE IF NOT EXISTS notes (n bigint)")
            while not ended.is_set():
                with contextlib.suppress(psycopg.errors.SerializationFailure), db.transaction():
                    db.execute("INSERT INTO notes SELECT count(*) FROM fact_transactions")

    thread = threading.Thread(target=read_and_write)
    thread.start()
    try:
        done = world.run(database)
    finally:
        ended.set()
        thread.join()
    assert done.code == 0, done
    database.execute("DROP TABLE notes")
    world.judge(database, "filled", "serializable sessions beside", done.code)


# ---- the warehouse says no ----

def test_a_constraint_that_fails_at_commit(world):
    database = world.fresh("filled")
    database.execute("CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE integrity_constraint_violation "
                     "USING MESSAGE = 'not today'; END $$")
    database.execute("CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON fact_transactions DEFERRABLE INITIALLY DEFERRED "
                     "FOR EACH ROW EXECUTE FUNCTION refuse()")
    done = world.run(database)
    assert done.code == 8 and "not today" in done.result["error"], done
    assert world.is_at(database, "filled", "before")
    database.execute("DROP TRIGGER at_commit ON fact_transactions")
    world.judge(database, "filled", "a constraint fails at COMMIT", done.code)


@pytest.mark.parametrize("table", ["etl_audit_log", "etl_rejects"])
def test_a_record_of_the_run_that_cannot_be_written_undoes_the_data(world, table):
    database = world.fresh("filled")
    database.execute("CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF to_jsonb(NEW)->>'event' = 'started' THEN "
                     "RETURN NEW; END IF; RAISE 'not today'; END $$")
    database.execute(f"CREATE TRIGGER refuse BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION refuse()")
    done = world.run(database)
    assert done.code not in (0, 70) and "not today" in done.result["error"], done
    assert world.is_at(database, "filled", "before")
    database.execute(f"DROP TRIGGER refuse ON {table}")
    world.judge(database, "filled", f"{table} refuses", done.code)


@pytest.mark.parametrize("sql", [
    "ALTER TABLE fact_transactions DROP COLUMN category",
    "ALTER TABLE fact_transactions RENAME COLUMN category TO kind",
    "ALTER TABLE fact_transactions ALTER COLUMN amount TYPE numeric(14,3)",
    "ALTER TABLE fact_transactions ALTER COLUMN amount TYPE double precision",
    "ALTER TABLE fact_transactions ALTER COLUMN status TYPE varchar(10)",
    "ALTER TABLE fact_transactions RENAME TO facts; CREATE TABLE fact_transactions (transaction_id text)",
    "ALTER TABLE fact_transactions DROP CONSTRAINT fact_transactions_pkey",
])
def test_drift_between_plan_and_load_is_named(world, failing_finetl, sql):
    database = world.fresh("filled")
    for view in ("customer_transaction_summary", "daily_transaction_summary", "high_risk_transactions"):
        database.execute(f"DROP VIEW IF EXISTS {view}")  # they would keep the columns from changing
    rows = database.one("SELECT count(*) FROM fact_transactions")
    with stopped_at(world, failing_finetl, database, "load.started") as child:
        with database.connect() as other:
            other.execute("SET lock_timeout = '5s'; " + sql)
    code, text = end_of(child)
    assert code == 8 and "fact_transactions" in text, text
    table = "facts" if "facts" in sql else "fact_transactions"
    assert database.one(f"SELECT count(*) FROM {table}") == rows
    database.drop()


def test_a_constraint_of_the_owner_is_kept_to(world):
    database = world.fresh("filled")
    database.execute("ALTER TABLE fact_transactions ADD CONSTRAINT house_limit CHECK (transaction_id NOT LIKE '%9') NOT VALID")
    done = world.run(database)
    assert done.code == 8 and "house_limit" in done.result["error"], done
    assert world.is_at(database, "filled", "before")
    database.execute("ALTER TABLE fact_transactions DROP CONSTRAINT house_limit")
    world.judge(database, "filled", "a constraint of the owner's", done.code)


@pytest.mark.parametrize("sql", ["UPDATE fact_transactions SET category = 'theirs'", "DELETE FROM fact_transactions"])
@pytest.mark.parametrize("is_again", [False, True], ids=["rows to merge", "none to merge"])
def test_a_trigger_of_a_table_merged_before_does_not_write_to_the_next(world, tmp_path, sql, is_again):
    """What it did to the facts would be nobody's: not the run's, and not that of the row's provenance."""
    database = world.fresh("filled")
    pipeline = world.pipeline
    if is_again:  # one customer is new, all transactions are known
        world.run(database).ok()
        for file in (world.folder / "now").iterdir():
            (tmp_path / file.name).write_bytes(file.read_bytes())
        with open(tmp_path / "customers.csv", "ab") as out:
            out.write(b"CUST_NEW,New One,2025-01-01 00:00:00,gold,new@example.com,true\n")
        pipeline = tmp_path / world.pipeline.name
    content = database.content()
    database.execute(f"CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {sql}; RETURN NULL; END $$")
    database.execute("CREATE TRIGGER meddle AFTER INSERT ON dim_customers FOR EACH STATEMENT EXECUTE FUNCTION meddle()")
    done = world.run(database, pipeline=pipeline)
    assert done.code == 8 and "fact_transactions" in done.result["error"] and "behind this run's back" in done.result["error"], done
    assert {table: database.content()[table] for table in TABLES} == {table: content[table] for table in TABLES}
    database.drop()


def test_a_key_longer_than_an_index_takes_says_what_to_declare(finetl, postgres, tmp_path):
    database = postgres.fresh()
    r = random.Random(7)
    (tmp_path / "a.csv").write_text("id\n" + "".join(chr(r.randrange(0x4E00, 0x9000)) for _ in range(3000)) + "\n", encoding="utf-8")
    pipeline = write_pipeline(tmp_path, {
        "version": 1, "pipeline": "long_keys", "targets": {"a": {"key": ["id"]}},
        "datasets": [{"name": "a", "source": {"csv": "a.csv"}, "columns": [{"name": "id", "type": "text"}], "target": "a"}]})
    done = finetl.run(pipeline, database.url)
    assert done.code == 5 and "text(n)" in done.result["error"], done
    database.drop()


def test_names_in_other_schemas_do_not_lead_astray(world):
    database = world.fresh("filled")
    database.execute("CREATE SCHEMA evil")
    for table in [*TABLES, "etl_audit_log", "etl_run_events", "etl_objects", "etl_rejects"]:
        database.execute(f"CREATE TABLE evil.{table} (LIKE public.{table})")
    for signature, result in (("now()", "timestamptz"), ("lower(varchar)", "text"), ("sum_of(numeric)", "numeric"),
                              ("length(varchar)", "int"), ("pg_try_advisory_xact_lock(int)", "boolean"), ("pg_current_xact_id(int)", "xid8")):
        database.execute(f"CREATE FUNCTION public.{signature} RETURNS {result} LANGUAGE sql AS $$ SELECT NULL::{result} $$")
    database.execute(f"ALTER DATABASE {database.name} SET search_path = public, evil, pg_catalog")
    done = world.run(database)
    assert done.code == 0, done
    assert all(database.one(f"SELECT count(*) FROM evil.{table}") == 0 for table in TABLES)
    database.execute("DROP SCHEMA evil CASCADE")
    world.judge(database, "filled", "names in other schemas", done.code)


def test_an_operator_of_the_owners_leads_to_no_wrong_row(world):
    """One that fits better than the server's own is found first, by whoever compares: then no run, or a right one."""
    database = world.fresh("filled")
    database.execute("CREATE FUNCTION public.never(varchar, varchar) RETURNS boolean LANGUAGE sql AS $$ SELECT false $$")
    database.execute("CREATE OPERATOR public.= (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = public.never)")
    done = world.run(database)
    assert done.code in (0, 8), done
    database.execute("DROP OPERATOR public.= (varchar, varchar)")
    world.judge(database, "filled", "an operator of the owner's", done.code)


def test_a_prepared_transaction_of_another_is_left_alone(world):
    """It holds rows: the run waits for it as for any lock, and does not end it."""
    database = world.fresh("filled")
    key = keys_updated(world)[0]
    with database.connect() as other:
        if other.execute("SHOW max_prepared_transactions").fetchone()[0] == "0":
            absent("the server allows no prepared transactions")
        other.execute("BEGIN")
        other.execute("SELECT FROM fact_transactions WHERE transaction_id = %s FOR UPDATE", (key,))
        other.execute("PREPARE TRANSACTION 'theirs'")
        done = world.run(database, "--lock-timeout", "100ms")
        assert done.code == 6, done
        other.execute("ROLLBACK PREPARED 'theirs'")
    world.judge(database, "filled", "a prepared transaction", done.code)
