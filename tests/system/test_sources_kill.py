# SPDX-License-Identifier: Apache-2.0
"""SIGKILL while a source is read, between and inside its pages, objects and fetches: the next run ends
with what the source has, each record once, and the run after it finds nothing to do.

The warehouse holds an earlier part, with changes to come. API and PostgreSQL are read from their
watermark, files and S3 object by object. A kill comes at a message or a byte that was drawn before,
at a moment of the run, or at a failpoint.
"""

import contextlib
import random
import shutil
import signal
import sqlite3
import subprocess
import threading
import time

import pytest

import sources
from faultserver import Fault, part_of
from finetl import RUN_TIME, Finetl, integrity, write_pipeline
from pgproxy import SERVER, Proxy, Rule
from sources import COLUMNS, moment, pipeline_of, records, rows_of, stored

N, N_BEFORE = 12000, 5000
PAGE = 500
REJECTS = "SELECT path, record, hex(raw) FROM etl_rejects JOIN etl_objects USING (object_id) ORDER BY 1, 2"


def source_rows():
    """(before, now): every tenth of the early ones has changed since, some are refused by the rule."""
    now = [{**row, "changed": moment(i)} for i, row in enumerate(records(N, seed=11))]
    for row in now[::97]:
        row["name"] = "bad"
    before = [dict(row) for row in now[:N_BEFORE]]
    for i in range(0, N_BEFORE, 10):
        now[i] |= {"amount": f"{i}.01", "changed": moment(N + i)}
    return before, sorted(now, key=lambda row: row["changed"])


class Killer:
    """Ends the child that it is given, once it is told to, from whatever thread."""

    def __init__(self):
        self.child, self.is_given = None, threading.Event()

    def give(self, child):
        self.child = child
        self.is_given.set()

    def kill(self):
        if self.is_given.wait(10):
            self.child.kill()


class World:
    """A source, a warehouse of before, and how to kill a run; what differs is in the subclasses."""

    incremental = "objects"
    how = "bytes", "moment", "failpoint"

    def __init__(self, source, finetl, failing, folder):
        self.source, self.finetl, self.failing, self.folder = source, finetl, failing, folder
        self.before_rows, self.rows = source_rows()
        self.source.put(self.before_rows)
        self.warehouse = folder / "w.db"
        self.run().ok()
        shutil.copy(self.warehouse, folder / "before.db")
        self.put_now()
        self.fresh()
        started = time.monotonic()
        self.run().ok()
        self.seconds = time.monotonic() - started
        self.wanted = self.state()
        assert self.wanted["rows"] == sorted(stored(row) for row in self.rows if row["name"] != "bad")

    def put_now(self):
        self.source.put(self.rows)

    def pipeline(self):
        return write_pipeline(self.folder, pipeline_of(
            self.source, incremental=self.incremental, rules=[{"id": "good", "check": "name <> 'bad'"}], **self.more()))

    def more(self):
        return {}

    def command(self):
        return ["run", self.pipeline(), "--warehouse", f"sqlite:{self.warehouse}", "--run-time", RUN_TIME]

    def run(self):
        return self.finetl(*self.command(), env=self.source.env)

    def fresh(self):
        for old in self.folder.glob("w.db*"):
            old.unlink()
        shutil.copy(self.folder / "before.db", self.warehouse)

    def state(self):
        with contextlib.closing(sqlite3.connect(self.warehouse)) as db:
            watermarks = db.execute("SELECT * FROM etl_watermarks").fetchall() if db.execute(
                "SELECT 1 FROM sqlite_schema WHERE name = 'etl_watermarks'").fetchone() else []
            names = [c[1] for c in db.execute("PRAGMA table_info(etl_watermarks)")]
            keep = [i for i, name in enumerate(names) if name in ("dataset", "name", "value")]
            return {"rows": rows_of(self.warehouse), "rejects": sorted({row[1:] if self.incremental != "objects" else row
                                                                         for row in db.execute(REJECTS)}),
                    "n_rejects": db.execute("SELECT count(*) FROM etl_rejects").fetchone(),
                    "watermarks": [[row[i] for i in keep] for row in watermarks]}

    def start(self, binary, **env):
        return subprocess.Popen([binary.binary, *self.command()], env=Finetl.environment({**self.source.env, **env}),
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def disturb(self, how, at, chance):
        """One run that is killed; its exit code. at: how far, from 0 to 1."""
        if how == "failpoint":
            point = chance.choice(self.points)
            return self.start(self.failing, FINETL_FAILPOINT=f"{point}=kill").wait(30)
        if how == "bytes":
            return self.kill_at(at, chance)
        child, started = self.start(self.finetl), time.monotonic()
        time.sleep(self.seconds * at)
        child.kill()
        code = child.wait()
        if code == 0:  # quicker than measured
            self.seconds = min(self.seconds, time.monotonic() - started)
        return code

    def close(self):
        pass

    def check(self):
        integrity(self.warehouse)
        self.run().ok()
        integrity(self.warehouse)
        assert self.state() == self.wanted
        again = self.run().ok().dataset("facts")
        assert again["inserted"] + again["updated"] == 0
        assert self.state() == self.wanted


class OfAnswers(World):
    """Kills before an answer, within it, and behind it."""

    points = ["run.batch:1", "run.batch:2", "load.write:2", "load.table_end", "load.commit"]

    def kill_at(self, at, chance):
        killer, number = Killer(), 1 + int(at * (self.n_requests() - 1))
        share = chance.choice([0, 0.01, 0.5, 0.99, 1.0])

        def play(answer):
            def killed(line, request):
                if share:
                    line.send(part_of(answer, share))
                killer.kill()
                line.end()
            return Fault(killed)

        seen = []

        def instead(request, answer):
            seen.append(request)
            return play(answer) if len(seen) == number else answer

        self.hook(instead)
        killer.give(self.start(self.finetl))
        try:
            return killer.child.wait(30)
        finally:
            killer.child.kill()
            self.hook(lambda request, answer: answer)

    def n_requests(self):
        seen = []
        self.hook(lambda request, answer: seen.append(request) or answer)
        self.run().ok()
        self.fresh()
        self.hook(lambda request, answer: answer)
        return len(seen)


class OfApi(OfAnswers):
    incremental = {"cursor": "changed"}

    def more(self):
        self.source.size = PAGE
        return {"query": {"since": "{since}"}}

    def hook(self, instead):
        self.source.instead = instead


class OfS3(OfAnswers):
    points = [*OfAnswers.points, "reader.read:1", "reader.read:2"]

    def hook(self, instead):
        self.source.after = instead

    def put_now(self):
        """One object is as it was, one was written over, others are new."""
        put_objects(self.source.put_object, "in/part-{}.ndjson.gz", self)


def put_objects(put, name, world):
    before, now = sources.split(world.before_rows, 3), {row["id"]: row for row in world.rows}
    put(name.format(1), before[1])
    for i in (0, 2):
        put(name.format(i), [now[row["id"]] for row in before[i]])
    changed = [now[row["id"]] for row in before[1] if now[row["id"]] != row]
    new = [now[row["id"]] for row in now.values() if int(row["id"]) > N_BEFORE]
    for i, part in enumerate([changed, *sources.split(new, 3)]):
        put(name.format(3 + i), part)


class OfFiles(World):
    points = [*OfAnswers.points, "reader.read:1", "reader.read:2", "reader.read:3"]
    how = "failpoint", "moment"

    def put_now(self):
        put_objects(lambda name, rows: (self.source.folder / name).write_bytes(sources.ndjson_text(COLUMNS, rows)),
                    "part-{}.ndjson", self)


class OfPostgres(World):
    """Through a proxy that counts the server's messages: each row is one."""

    incremental = {"cursor": "changed"}
    points = OfAnswers.points

    def more(self):
        return {"spec": {"postgresql": self.proxy_url(), "table": "facts"}}

    def proxy_url(self):
        if not hasattr(self, "proxy"):
            server = self.source.database.server
            self.proxy = Proxy(server.address)
        return self.proxy.url(self.source.database.name)

    def kill_at(self, at, chance):
        del chance
        killer, n = Killer(), N - N_BEFORE + N_BEFORE // 10
        self.proxy.restart(Rule("pass", SERVER, at=20 + int(at * n), then=killer.kill))
        killer.give(self.start(self.finetl))
        try:
            return killer.child.wait(30)
        finally:
            killer.child.kill()
            self.proxy.restart()

    def close(self):
        self.proxy.close()


WORLDS = {"api-cursor": OfApi, "s3": OfS3, "ndjson": OfFiles, "postgresql": OfPostgres}


@pytest.mark.parametrize("name", WORLDS)
def test_a_killed_run_loses_and_doubles_nothing(finetl, failing_finetl, tmp_path, request, is_long, name):
    n, chance = 50 if is_long else 5, random.Random(f"kill {name}")
    with sources.opened(name, tmp_path, request) as source:
        world = WORLDS[name](source, finetl, failing_finetl, tmp_path)
        n_killed, n_runs = 0, 0
        while n_killed < n and n_runs < 2 * n:  # a run may be over before its time has come
            how, at = world.how[n_runs % len(world.how)], (n_runs % n + 0.5) / n
            if n_runs % 5 != 4:  # else what the run before left is disturbed once more
                world.fresh()
            code = world.disturb(how, at, chance)
            assert code in (0, -signal.SIGKILL), (how, at, code)
            n_killed += code != 0
            if n_runs % 5 != 3:
                world.check()
            n_runs += 1
        world.close()
        print(f"{name}: {n_killed} of {n_runs} runs killed")
        assert n_killed == n
