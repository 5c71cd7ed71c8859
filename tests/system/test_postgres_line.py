# SPDX-License-Identifier: Apache-2.0
"""The line to a PostgreSQL server breaks: at each message, in each way (pgproxy.py).

Cut, reset, silent or deaf at every message of a run, in both directions; above all at the
COMMIT, where its answer must be told from its loss every time. As in the other tests of
faults each run is judged, and the next runs end where they should.
"""

import concurrent.futures
import time

import pytest

from pgproxy import CLIENT, SERVER, Proxy, Rule
from postgres import World
from test_postgres_faults import end_of

AT_MOST_SECONDS = 60  # until silence is known for what it is


@pytest.fixture(scope="module")
def world(finetl, postgres, tmp_path_factory, report_faults):
    return report_faults(World(finetl, postgres, tmp_path_factory.mktemp("world"), n_customers=100, n_transactions=1000, seed=51))


@pytest.fixture(scope="module")
def trace(world):
    """What is said in an undisturbed run: (connection, who, place, type, beginning)."""
    database = world.fresh("filled")
    with Proxy(world.server.address) as proxy:
        world.run(proxy.url(database.name)).ok()
        database.drop()
        return list(proxy.trace)


COMMIT = b"COMMIT\0"


def the_commit(trace):
    """The connection whose COMMIT carries the data: the one that sends rows, and commits once."""
    copying = {line[0] for line in trace if line[1] == CLIENT and line[3] == "d"}
    commits = [line[0] for line in trace if line[1] == CLIENT and line[4] == COMMIT and line[0] in copying]
    assert len(commits) == 1, commits
    return commits[0]


def run_through(world, start, rules, tcp=False, then=None):
    """One run over a proxy with these rules; (code, text, seconds, database)."""
    database = world.fresh(start)
    with Proxy(world.server.address, tcp=tcp, rules=rules) as proxy:
        began = time.monotonic()
        child = world.start(proxy.url(database.name), "--wait", "5s")
        if then:
            then(proxy, database)
        code, text = end_of(child, AT_MOST_SECONDS + 30)
        return code, text, time.monotonic() - began, database


# ---- each message ----

def chosen(trace, n):
    """n of the messages, spread over the run; of a long row of one type only some."""
    kept, last = [], None
    for line in trace:
        kind = (line[0], line[1], line[3])
        repeated = repeated + 1 if kind == last else 0
        last = kind
        if repeated < 3 or repeated % 50 == 0:
            kept.append(line)
    step = max(1, len(kept) / n)
    return [kept[int(i * step)] for i in range(min(n, len(kept)))]


def test_a_line_that_breaks_at_any_message(world, trace, is_long):
    for i, (connection, says, place, type_, _) in enumerate(chosen(trace, 160 if is_long else 14)):
        action = "reset" if i % 3 == 0 else "cut"
        rule = Rule(action, says, at=place, connection=connection)
        code, text, seconds, database = run_through(world, "filled", [rule], tcp=action == "reset")
        assert rule.met.is_set() or is_long, f"nothing was said at {connection} {says} {place} {type_}"
        assert code in (0, 6), (says, place, type_, text)
        assert seconds < AT_MOST_SECONDS
        world.judge(database, "filled", f"line {action}, {says} speaks", code)


# ---- the COMMIT ----

@pytest.mark.parametrize("start", ["filled", "empty"])
@pytest.mark.parametrize("action", ["cut", "reset"])
def test_a_commit_that_was_done_and_not_answered_is_found_out(world, trace, action, start, is_long):
    connection = the_commit(trace)
    for _ in range(10 if is_long else 1):
        rule = Rule(action, SERVER, connection=connection, type_="C", text=COMMIT)
        code, text, _, database = run_through(world, start, [rule], tcp=action == "reset")
        assert rule.met.is_set() and code == 0, text
        world.judge(database, start, f"COMMIT done, reply {action}", code)


@pytest.mark.parametrize("start", ["filled", "empty"])
@pytest.mark.parametrize("action", ["cut", "reset"])
def test_a_commit_that_was_lost_is_found_out(world, trace, action, start, is_long):
    connection = the_commit(trace)
    for _ in range(10 if is_long else 1):
        rule = Rule(action, CLIENT, connection=connection, type_="Q", text=COMMIT)
        code, text, _, database = run_through(world, start, [rule], tcp=action == "reset")
        assert rule.met.is_set() and code == 6, text
        world.judge(database, start, f"COMMIT lost by {action}", code)


def test_a_line_that_falls_silent_is_found_out(world, trace, is_long):
    """At any message; and at the COMMIT, whether it arrived is told. Many at once: all that they do is wait."""
    commit = {"connection": the_commit(trace), "text": COMMIT}
    cases = [("COMMIT done, reply deaf", Rule("deaf", SERVER, type_="C", **commit), (0,)),
             ("COMMIT done, reply silent", Rule("silent", SERVER, type_="C", **commit), (0,)),
             ("COMMIT lost in silence", Rule("silent", CLIENT, type_="Q", **commit), (6,))]
    for i, (connection, says, place, _, _) in enumerate(chosen(trace, 48 if is_long else 4)):
        action = "deaf" if i % 3 == 2 else "silent"
        cases.append((f"line {action}, {says} speaks", Rule(action, says, at=place, connection=connection), (0, 6)))

    def one(case):
        what, rule, codes = case
        code, text, seconds, database = run_through(world, "filled", [rule])
        assert code in codes and seconds < AT_MOST_SECONDS + 10, (what, code, seconds, text)
        assert rule.met.is_set() or is_long, what
        return database, what, code

    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        for database, what, code in list(pool.map(one, cases)):
            world.judge(database, "filled", what, code)


def test_a_commit_that_arrives_late_is_waited_for(world, trace):
    """The client has lost the line; the server reads the COMMIT two seconds later."""
    connection = the_commit(trace)
    rule = Rule("late", CLIENT, connection=connection, type_="Q", text=COMMIT)
    code, text, _, database = run_through(world, "filled", [rule])
    assert rule.met.is_set() and code == 0, text
    world.judge(database, "filled", "COMMIT arrives late", code)


@pytest.mark.parametrize("lost", ["reply", "commit"])
def test_a_server_that_is_away_after_the_commit_is_asked_again(world, trace, lost):
    connection = the_commit(trace)
    says, type_ = (SERVER, "C") if lost == "reply" else (CLIENT, "Q")

    def comes_back(proxy, _):
        assert rule.met.wait(30)
        time.sleep(1.5)
        proxy.is_refusing = False

    rule = Rule("cut", says, connection=connection, type_=type_, text=COMMIT)
    database = world.fresh("filled")
    with Proxy(world.server.address, rules=[rule]) as proxy:
        rule.then = proxy.vanish
        child = world.start(proxy.url(database.name), "--wait", "5s")
        comes_back(proxy, database)
        code, text = end_of(child, AT_MOST_SECONDS + 30)
    assert code == (0 if lost == "reply" else 6), text
    world.judge(database, "filled", f"COMMIT: {lost} lost, server away", code)


@pytest.mark.long
def test_a_commit_that_cannot_be_asked_for_is_said_to_be_unknown(world, trace):
    connection = the_commit(trace)
    rule = Rule("cut", SERVER, connection=connection, type_="C", text=COMMIT)
    database = world.fresh("filled")
    with Proxy(world.server.address, rules=[rule]) as proxy:
        rule.then = proxy.vanish
        done = world.run(proxy.url(database.name), "--wait", "2s", timeout=300)
    assert done.code == 6 and "could not be found out" in done.result["error"], done
    world.judge(database, "filled", "COMMIT: nobody to ask", None)


@pytest.mark.long
def test_a_network_that_is_gone_ends_the_run_and_frees_the_lock(world, trace):
    """Every line falls silent and no new one comes about; when it is back the next run is not kept waiting."""
    data = [line for line in trace if line[1] == CLIENT and line[3] == "d"]
    rule = Rule("silent", CLIENT, at=data[len(data) // 2][2], connection=data[0][0])
    database = world.fresh("filled")
    with Proxy(world.server.address, rules=[rule]) as proxy:
        rule.then = proxy.go_silent
        child = world.start(proxy.url(database.name), "--wait", "5s")
        began = time.monotonic()
        code, text = end_of(child, AT_MOST_SECONDS + 30)
        assert code == 6 and time.monotonic() - began < AT_MOST_SECONDS + 10, text
    world.judge(database, "filled", "the network is gone", code)
