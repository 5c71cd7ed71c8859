# SPDX-License-Identifier: Apache-2.0
"""Sources that change while they are read: incremental runs in a loop end with what the source has.

An API over a live table: between two pages rows are inserted and changed, many share one cursor
value, some become visible after later ones (their transaction committed late), runs fail, are held
and go back over old windows, and the source's clock is ahead of ours. After each run the watermark is
what the rules say. Then PostgreSQL with writers of its own.
"""

import base64
import contextlib
import datetime
import json
import random
import sqlite3
import threading
import time

import psycopg
import pytest

import sources
from faultserver import Answer, FaultServer, status
from finetl import integrity, write_pipeline
from sources import decimal_text, json_text, moment, pipeline_of, records, rows_of, stored

OVERLAP = 60  # seconds of the source's clock
PAGE = 20


class Table:
    """Rows at a source whose clock ticks by hand; what was written late is not visible yet."""

    def __init__(self, chance):
        self.chance, self.clock, self.rows, self.late, self.n_ids = chance, 0, {}, [], 0

    def write(self):
        """One transaction: a new row or a changed one, visible now or later. The clock stands still half the time."""
        self.clock += self.chance.choice([0, 0, 0, 1, 2])
        if not self.rows or self.chance.random() < 0.6:
            self.n_ids += 1
            row = dict(next(records(1, seed=self.n_ids, first=self.n_ids)))
        else:
            row = dict(self.chance.choice(list(self.rows.values())))
            row["amount"] = decimal_text(self.chance.randrange(10**9), 2)
        row["changed"] = moment(self.clock)
        if self.chance.random() < 0.15 and row["id"] not in {late["id"] for _, late in self.late}:
            self.late.append((self.clock + self.chance.randrange(OVERLAP - 5), row))
        else:
            self.late = [(at, late) for at, late in self.late if late["id"] != row["id"]]
            self.rows[row["id"]] = row
        self.commit(lambda at: at <= self.clock)

    def commit(self, is_due):
        for at, row in [entry for entry in self.late if is_due(entry[0])]:
            self.rows[row["id"]] = row
            self.late.remove((at, row))

    def since(self, since, until=None):
        """In the order of the cursor, as an index of (changed, id) has them."""
        return sorted((row for row in self.rows.values() if row["changed"] >= (since or "") and (until is None or row["changed"] < until)),
                      key=key_of)


def key_of(row):
    return [row["changed"], int(row["id"])]


class LiveApi:
    """Pages by key: behind the last row that was given. Before each page something is written."""

    def __init__(self, table, n_writes):
        self.table, self.n_writes, self.served, self.fails_at = table, n_writes, [], None
        self.writes_left = 0
        self.server = FaultServer({"/items": self.answer})

    def answer(self, request):
        if self.fails_at is not None:
            self.fails_at -= 1
            if self.fails_at < 0:
                return status(404)
        for _ in range(min(self.writes_left, self.table.chance.randrange(self.n_writes))):
            self.table.write()
            self.writes_left -= 1
        rows = self.table.since(request.query.get("since"), request.query.get("until"))
        after = request.query.get("after")
        if after:
            last = json.loads(base64.b64decode(after))
            rows = [row for row in rows if key_of(row) > last]
        page = rows[:PAGE]
        self.served += page
        token = base64.b64encode(json.dumps(key_of(page[-1])).encode()).decode() if len(rows) > PAGE else None
        return Answer(json_text(sources.COLUMNS, page, next=token))

    @property
    def spec(self):
        return {"api": self.server.url("/items"), "records": "data.items", "pagination": {"by": "cursor", "next": "next", "param": "after"},
                "query": {"since": "{since}", "until": "{until}"}, "network": {"allow_http": True, "allow_private_addresses": True}}


class Loop:
    def __init__(self, finetl, folder, chance, ahead_s):
        self.finetl, self.folder, self.chance, self.ahead_s = finetl, folder, chance, ahead_s
        self.table = Table(chance)
        self.api = LiveApi(self.table, 12)
        self.warehouse, self.watermark = folder / "w.db", None
        for _ in range(150):
            self.table.write()
        self.pipelines = {how: self.write(how) for how in ("normal", "held")}

    def write(self, how):
        pipeline = pipeline_of(self.api, incremental={"cursor": "changed", "overlap": f"{OVERLAP}s"}, allow_empty=True,
                               rules=[{"id": "good", "check": "amount <> 666.66"}])
        if how == "held":
            pipeline["datasets"][0]["gate"] = {"max_rejected_percent": 0}
        return write_pipeline(self.folder, pipeline, f"{how}.yaml")

    def now(self):
        """What our clock says: behind the source's."""
        return datetime.datetime.fromisoformat(moment(self.table.clock)[:-1]) - datetime.timedelta(seconds=self.ahead_s)

    def run(self, how, *more):
        self.api.served, self.api.writes_left = [], 40
        run_time = f"{self.now():%Y-%m-%dT%H:%M:%S.%f}Z"
        done = self.finetl("run", self.pipelines["held" if how == "held" else "normal"], "--warehouse", f"sqlite:{self.warehouse}",
                           "--run-time", run_time, *more)
        return done, run_time

    def stored_watermark(self):
        with contextlib.closing(sqlite3.connect(self.warehouse)) as db:
            values = db.execute("SELECT value FROM etl_watermarks").fetchall()
        return values[0][0] if values else None

    def step(self):
        how = self.chance.choice(["normal", "normal", "normal", "fails", "held", "backfill"])
        before = rows_of(self.warehouse) if self.warehouse.exists() else []
        if how == "fails":
            self.api.fails_at = self.chance.randrange(3)
            done, _ = self.run(how)
            self.api.fails_at = None
            is_loaded = done.code == 0  # there were fewer pages
            assert done.code in (0, 2), done
        elif how == "held":
            bad = self.chance.choice(list(self.table.rows.values()))
            bad["amount"], bad["changed"] = "666.66", moment(self.table.clock)
            done, _ = self.run(how)
            assert done.code in (0, 4), done  # it may have been written over before its page came
            is_loaded = done.code == 0
            if self.table.rows[bad["id"]]["amount"] == "666.66":
                bad["amount"], bad["changed"] = "1.00", moment(self.table.clock)
        elif how == "backfill":
            start = self.chance.randrange(self.table.clock + 1)
            done, _ = self.run(how, "--from", moment(start), "--to", moment(start + 30))
            done.ok()
            is_loaded = False
        else:
            done, _ = self.run(how)
            is_loaded = done.ok().code == 0
        self.check_watermark(is_loaded, done)
        if done.code != 0:
            assert rows_of(self.warehouse) == before
        return how

    def check_watermark(self, is_loaded, done):
        if is_loaded:
            seen = [row["changed"] for row in self.api.served if row["changed"] <= done.result["run_time"]]
            self.watermark = max([*seen, *([self.watermark] if self.watermark else [])], default=None)
        if self.warehouse.exists():
            assert self.stored_watermark() == self.watermark, done

    def settle(self):
        """All is committed, and nothing is written any more: one run has the rest."""
        self.table.commit(lambda at: True)
        self.api.n_writes = 1
        self.run("normal")[0].ok()
        assert rows_of(self.warehouse) == sorted(stored(row) for row in self.table.rows.values())
        integrity(self.warehouse)
        again = self.run("normal")[0].ok().dataset("facts")
        assert again["inserted"] + again["updated"] == 0


@pytest.mark.parametrize("ahead_s", [0, 20], ids=["clocks agree", "clock ahead"])
@pytest.mark.parametrize("seed", [1, 2])
def test_an_api_over_a_live_table_is_read_without_loss(finetl, tmp_path, is_long, seed, ahead_s):
    loop = Loop(finetl, tmp_path, random.Random(seed), ahead_s)
    with loop.api.server:
        for _ in range(150 if is_long else 20):
            loop.step()
        loop.settle()


def test_postgresql_with_writers_is_read_without_loss(finetl, postgres, tmp_path, is_long):
    """Writers take their time between what they stamp and their commit, less than the overlap."""
    database, is_over, seconds = postgres.fresh(), threading.Event(), 60 if is_long else 6
    database.execute(f"CREATE TABLE facts ({', '.join(f'{c} {t}' for c, t in sources.Postgres.types.items())}, PRIMARY KEY (id))")
    n_writers, counts = 4, {}

    def write(number):
        chance, n = random.Random(number), 0
        with psycopg.connect(database.url) as db:
            while not is_over.is_set():
                for _ in range(chance.randrange(1, 20)):
                    if n == 0 or chance.random() < 0.6:
                        n += 1
                        db.execute("INSERT INTO facts VALUES (%s, %s, 1.5, %s, '2025-01-01', clock_timestamp())",
                                   (n * n_writers + number, decimal_text(chance.randrange(10**6), 2), f"writer {number}"))
                    else:
                        db.execute("UPDATE facts SET amount = amount + 0.01, changed = clock_timestamp() WHERE id = %s",
                                   (chance.randrange(1, n + 1) * n_writers + number,))
                time.sleep(chance.random() * 0.1)
                db.commit() if chance.random() < 0.9 else db.rollback()
                n = db.execute("SELECT coalesce(max(id), 0) FROM facts WHERE name = %s", (f"writer {number}",)).fetchone()[0] // n_writers
                db.commit()
        counts[number] = n

    source = {"postgresql": database.url, "table": "facts"}
    pipeline = write_pipeline(tmp_path, pipeline_of(None, spec=source, incremental={"cursor": "changed", "overlap": "2s"}, allow_empty=True))
    warehouse, watermarks = tmp_path / "w.db", []

    def run():
        done = finetl("run", pipeline, "--warehouse", f"sqlite:{warehouse}").ok().dataset("facts")
        assert done["duplicate"] + done["superseded"] + done["rejected"] == 0  # of one snapshot: each row once
        with contextlib.closing(sqlite3.connect(warehouse)) as db:
            watermarks.extend(value for (value,) in db.execute("SELECT value FROM etl_watermarks"))
        return done

    threads = [threading.Thread(target=write, args=(i,)) for i in range(n_writers)]
    for thread in threads:
        thread.start()
    end = time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            run()
    finally:
        is_over.set()
        for thread in threads:
            thread.join()
    run()
    wanted = database.execute("SELECT id, (amount * 100)::bigint, (rate * 1000000)::bigint, name, day::text, "
                              "to_char(changed AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || 'Z' FROM facts ORDER BY id")
    assert rows_of(warehouse) == wanted and len(wanted) == sum(counts.values())
    instants = [datetime.datetime.fromisoformat(text.replace("Z", "+00:00").replace(" ", "T")) for text in watermarks]
    assert instants == sorted(instants) and len(set(instants)) > 3
    last = run()
    assert last["inserted"] + last["updated"] == 0
