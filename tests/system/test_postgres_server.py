# SPDX-License-Identifier: Apache-2.0
"""The server itself breaks: killed, stopped at once, full, starting up, a standby.

On a server of its own, with fsync on as in production; see test_postgres_faults.py.
"""

import contextlib
import os
import pathlib
import shutil
import signal
import tempfile
import threading
import time

import psycopg
import pytest

import pg_cluster
from postgres import Database, Server, World, own_cluster
from test_faults import tmpfs
from test_postgres_faults import STEPS, end_of, sessions, stopped_at


@pytest.fixture(scope="module")
def cluster():
    with own_cluster(fsync=True, settings={"max_connections": "20", "superuser_reserved_connections": "3"}) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def world(finetl, cluster, tmp_path_factory, report_faults):
    return report_faults(World(finetl, Server(cluster.url()), tmp_path_factory.mktemp("world"), seed=61))


def wait_for_server(world, seconds=30):
    deadline = time.monotonic() + seconds
    while True:
        try:
            return world.server.execute("SELECT 1")
        except psycopg.OperationalError:
            assert time.monotonic() < deadline, "the server does not come back"
            time.sleep(0.05)


@pytest.mark.parametrize("point", STEPS)
def test_a_server_process_is_killed(world, failing_finetl, point, is_long):
    """SIGKILL of one: the server ends all the others and recovers."""
    for which in (0, 1) if is_long else (STEPS.index(point) % 2,):
        if not is_long and point not in ("load.begun", "load.table_end", "load.commit"):
            continue
        database = world.fresh("filled")
        with stopped_at(world, failing_finetl, database, point) as child:
            pids = sessions(database)
            os.kill(pids[min(which, len(pids) - 1)], signal.SIGKILL)
        code, text = end_of(child)
        wait_for_server(world)
        assert code in (0, 6), text
        world.judge(database, "filled", f"SIGKILL of a backend ({'load' if which == 0 else 'look'})", code)


def test_sigterm_when_the_server_processes_hang(world, failing_finetl):
    """They take orders no more, for a disk that does not answer, say: the run ends all the same."""
    database = world.fresh("filled")
    with stopped_at(world, failing_finetl, database, "load.write") as child:
        pids = sessions(database)
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        child.send_signal(signal.SIGTERM)
        began = time.monotonic()
    try:
        code, text = end_of(child)
        took_s = time.monotonic() - began
    finally:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
    assert code == 9 and took_s < 10, (took_s, text)
    world.judge(database, "filled", "SIGTERM, the server hangs", code)


@pytest.mark.parametrize("point", STEPS)
def test_the_server_is_stopped_at_once(world, cluster, failing_finetl, point, is_long):
    if not is_long and point not in ("load.write", "load.commit"):
        return
    for is_back_first in (True, False) if is_long else (point == "load.commit",):
        database = world.fresh("filled")
        with stopped_at(world, failing_finetl, database, point) as child:
            cluster.stop("immediate")
            if is_back_first:
                cluster.start()
        if not is_back_first:
            time.sleep(0.3)
            cluster.start()
        code, text = end_of(child)
        assert code in (0, 6), text
        world.judge(database, "filled", "immediate stop, then restart", code)


def test_the_server_stops_at_any_time(world, cluster, is_long):
    for i in range(20 if is_long else 2):
        database = world.fresh("empty" if i % 3 == 0 else "filled")
        child = world.start(database)
        time.sleep(0.03 + 0.4 * i / 20 if is_long else 0.12 + 0.1 * i)
        cluster.stop("immediate")
        cluster.start()
        code, text = end_of(child)
        assert code in (0, 6), text
        world.judge(database, "empty" if i % 3 == 0 else "filled", "immediate stop at any time", code)


def test_a_server_that_shuts_down_lets_nothing_half_done_in(world, cluster, failing_finetl):
    database = world.fresh("filled")
    with stopped_at(world, failing_finetl, database, "load.write") as child:
        cluster.stop("fast")
        cluster.start()
    code, text = end_of(child)
    assert code == 6, text
    world.judge(database, "filled", "fast shutdown", code)


def test_a_server_that_starts_up_is_waited_for(world, cluster):
    database = world.fresh("filled")
    cluster.stop("fast")
    back = threading.Timer(1.0, cluster.start)
    back.start()
    done = world.run(database, "--wait", "20s")
    back.join()
    assert done.code == 0, done
    world.judge(database, "filled", "the server starts up", done.code)
    cluster.stop("fast")
    away = world.run(database, "--wait", "0")
    cluster.start()
    assert away.code == 6 and away.result["retry_helps"], away


def test_a_server_that_is_full_is_waited_for(world):
    database = world.fresh("filled")
    world.server.execute("DROP ROLE IF EXISTS plain")
    world.server.execute("CREATE ROLE plain LOGIN IN ROLE pg_read_all_data, pg_write_all_data")
    database.execute("GRANT ALL ON SCHEMA public TO plain; GRANT ALL ON ALL TABLES IN SCHEMA public TO plain; "
                     "GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO plain")
    url = world.server.url_of(database.name, user="plain")
    with contextlib.ExitStack() as stack:
        taken = []
        while True:
            try:
                taken.append(stack.enter_context(psycopg.connect(url)))
            except psycopg.OperationalError:
                break
        done = world.run(url, "--wait", "0")
        assert done.code == 6 and done.result["retry_helps"], done
        child = world.start(url, "--wait", "20s")
        time.sleep(0.5)
        for session in taken[:4]:
            session.close()
        code, text = end_of(child)
        assert code == 0, text
    world.judge(database, "filled", "too many connections", code)


def test_a_role_with_one_connection_cannot_load(world):
    database = world.fresh("filled")
    world.server.execute("DROP ROLE IF EXISTS single")
    world.server.execute("CREATE ROLE single LOGIN CONNECTION LIMIT 1")
    database.execute("GRANT pg_read_all_data, pg_write_all_data TO single")
    done = world.run(world.server.url_of(database.name, user="single"), "--wait", "0")
    assert done.code == 6 and "connection" in done.result["error"], done
    world.judge(database, "filled", "one connection only", done.code)


def test_a_database_that_is_read_only_is_refused(world):
    database = world.fresh("filled")
    world.server.execute(f"ALTER DATABASE {database.name} SET default_transaction_read_only = on")
    done = world.run(database, "--wait", "0")
    assert done.code in (6, 7) and "read-only" in done.result["error"], done
    world.finetl("runs", "--warehouse", database.url).ok()
    world.server.execute(f"ALTER DATABASE {database.name} RESET default_transaction_read_only")
    world.judge(database, "filled", "read-only", done.code)


def test_a_standby_is_read_and_not_loaded(world, cluster):
    database = world.fresh("filled")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="finetl-pg-", dir="/tmp"))
    standby = pg_cluster.Cluster(folder)
    try:
        standby.own(folder, 0o700)
        standby.call("pg_basebackup", "-D", standby.data, "-h", cluster.folder, "-U", "postgres", "-R", "-c", "fast", "--no-sync")
        standby.configure(unix_socket_directories=str(folder), hot_standby="on")
        standby.start()
        url = standby.url(database.name)
        done = world.run(url, "--wait", "0")
        assert done.code == 6 and ("standby" in done.result["error"] or "recovery" in done.result["error"]), done
        listed = world.finetl("runs", "--warehouse", url).ok()
        assert listed.stdout.strip()
        # The standby takes over, with all that was committed: the load goes on there.
        standby.call("pg_ctl", "promote", "-w", "-D", standby.data)
        with psycopg.connect(url, autocommit=True) as db:
            wait = time.monotonic() + 10
            while db.execute("SELECT pg_is_in_recovery()").fetchone()[0] and time.monotonic() < wait:
                time.sleep(0.05)
        world.run(url).ok()
        world.judge(Database(Server(standby.url()), database.name), "filled", "standby, then primary", 0)
    finally:
        if standby.data.exists() and standby.is_running():
            standby.stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)
    world.judge(database, "filled", "standby", 6)


def test_the_disk_of_the_server_is_full(finetl, report_faults, tmp_path):
    """On a small file system: a ballast file takes what is left but a little, and goes away again."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="finetl-fs-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        with tmpfs(folder / "pg", "220m") as small:
            small.chmod(0o755)
            settings = {"max_wal_size": "64MB", "min_wal_size": "32MB", "wal_recycle": "off", "shared_buffers": "16MB"}
            cluster = pg_cluster.Cluster(small / "c", settings=settings)
            cluster.make()
            cluster.start()
            try:
                world = report_faults(World(finetl, Server(cluster.url()), tmp_path, n_customers=600, n_transactions=6000, seed=71))
                codes = [run_with_room(world, cluster, small, room << 10) for room in (0, 64, 512, 3072)]
            finally:
                if cluster.is_running():
                    cluster.stop("immediate")
        assert 6 in codes, "there was always room"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run_with_room(world, cluster, small, room):
    """A run when so many bytes are left: where it shows, if it does, is the server's choice."""
    database = world.fresh("filled")
    world.server.execute("CHECKPOINT")
    ballast = small / "ballast"
    ballast.write_bytes(b"x" * max(0, shutil.disk_usage(small).free - room))
    done = world.run(database, "--wait", "0")
    ballast.unlink()
    if not cluster.is_running():  # it could not write its log of changes, and gave up
        cluster.start()
    wait_for_server(world)
    assert done.code == 0 or done.code == 6 and done.result["retry_helps"], done
    world.judge(database, "filled", "disk full", done.code)
    return done.code
