# SPDX-License-Identifier: Apache-2.0
"""The proxy of the fault tests does what it is told: else they would prove nothing."""

import threading
import time

import psycopg
import pytest

from pgproxy import CLIENT, SERVER, Proxy, Rule


@pytest.fixture(params=["unix", "tcp"])
def proxy(request, postgres):
    with Proxy(postgres.address, tcp=request.param == "tcp") as proxy:
        yield proxy


def connect(proxy, postgres):
    return psycopg.connect(proxy.url("postgres", **{k: v for k, v in postgres.parts.items() if k == "password"}), autocommit=True)


def test_what_is_said_passes_unharmed(proxy, postgres):
    with connect(proxy, postgres) as db:
        text = "x" * 3_000_000
        assert db.execute("SELECT %s::text", (text,)).fetchone() == (text,)
        with db.cursor().copy("COPY (SELECT generate_series(1, 50000)) TO STDOUT") as copy:
            assert sum(1 for _ in copy.rows()) == 50000
    types = {(says, type_) for _, says, _, type_, _ in proxy.trace}
    assert types >= {(CLIENT, ""), (CLIENT, "P"), (CLIENT, "Q"), (SERVER, "R"), (SERVER, "Z"), (SERVER, "d"), (SERVER, "C")}


@pytest.mark.parametrize("action", ["cut", "reset"])
def test_a_line_breaks_at_the_message_that_is_named(proxy, postgres, action):
    proxy.rules = [Rule(action, CLIENT, type_="Q", text=b"SELECT 2")]
    with connect(proxy, postgres) as db:
        assert db.execute("SELECT 1 AS a").fetchone() == (1,)
        with pytest.raises(psycopg.OperationalError):
            db.pgconn.exec_(b"SELECT 2")
            db.execute("SELECT 3")
    assert proxy.rules[0].met.is_set()


def test_a_reply_is_dropped_and_what_it_answers_is_done(proxy, postgres):
    database = postgres.fresh()
    rule = Rule("deaf", SERVER, type_="C", text=b"CREATE TABLE")
    proxy.rules = [rule]

    def create():
        with psycopg.connect(proxy.url(database.name), autocommit=True) as db:
            db.execute("CREATE TABLE t (a int)")

    thread = threading.Thread(target=lambda: pytest.raises(psycopg.OperationalError, create))
    thread.start()
    assert rule.met.wait(10)
    deadline = time.monotonic() + 10
    while not database.has("t") and time.monotonic() < deadline:
        time.sleep(0.01)
    assert database.has("t") and thread.is_alive()
    proxy.heal()
    thread.join(10)
    assert not thread.is_alive()


def test_a_silent_line_keeps_the_servers_side_open(proxy, postgres):
    rule = Rule("silent", CLIENT, type_="Q", text=b"SELECT 2")
    proxy.rules = [rule]
    db = connect(proxy, postgres)
    pid = db.info.backend_pid
    thread = threading.Thread(target=db.pgconn.exec_, args=(b"SELECT 2",))
    thread.start()
    assert rule.met.wait(10)
    there = f"SELECT count(*) FROM pg_stat_activity WHERE pid = {pid}"
    assert postgres.execute(there) == [(1,)]
    proxy.heal()
    thread.join(10)
    db.close()
    deadline = time.monotonic() + 10
    while postgres.execute(there) != [(0,)]:
        assert time.monotonic() < deadline
        time.sleep(0.01)
