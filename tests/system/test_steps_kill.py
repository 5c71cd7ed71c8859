# SPDX-License-Identifier: Apache-2.0
"""Steps killed at any moment, where hand-over and warehouse are elsewhere: in S3, on a PostgreSQL server."""

import contextlib
import random
import shutil
import signal
import subprocess
import time

import pytest

from finetl import absent
from test_steps import STEPS, Steps, financial, of_postgres, of_sqlite, same


def comparable(state):
    """Without runs that were given up, and what the server only estimates: how a strategy was chosen."""
    def plain(value):
        if isinstance(value, dict):
            return {k: plain(v) for k, v in value.items() if k != "strategy"}
        return [plain(v) for v in value] if isinstance(value, (list, tuple)) else value

    audit = [plain(row) for row in state["audit"] if row[1] != "abandoned"]
    return {k: v for k, v in state.items() if k != "objects"} | {"audit": audit}


class OnPostgres:
    """Run directories in a folder, a database of the server as warehouse."""

    def __init__(self, tmp_path, request):
        self.server, self.folder, self.now, self.env = request.getfixturevalue("postgres"), tmp_path, None, None
        self.start = self.server.fresh()

    @property
    def first(self):
        return self.start.url

    def fresh(self, turn):
        if self.now:
            self.now.drop()
        self.now = self.server.fresh(self.start)
        return self.now.url, self.folder / f"R{turn}"

    def state(self):
        return of_postgres(self.now)

    def close(self):
        pass


class OnS3:
    """Run directories in S3, a warehouse in a file."""

    def __init__(self, tmp_path, request):
        try:
            import s3servers
        except ImportError as error:
            absent(f"S3: {error}")
        self.folder, self.log = tmp_path, open(tmp_path / "moto.log", "w", encoding="utf-8")
        self.server = s3servers.start_moto(self.log)
        self.server.client().create_bucket(Bucket="runs")
        self.env, self.start, self.now = self.server.env(TMPDIR=str(tmp_path)), tmp_path / "before.db", tmp_path / "w.db"

    @property
    def first(self):
        return f"sqlite:{self.start}"

    def fresh(self, turn):
        for old in self.folder.glob("w.db*"):
            old.unlink()
        shutil.copy(self.start, self.now)
        return f"sqlite:{self.now}", f"s3://runs/night/{turn}"

    def state(self):
        return of_sqlite(self.now)

    def close(self):
        assert self.server.client().list_multipart_uploads(Bucket="runs").get("Uploads", []) == []
        self.server.stop()
        self.log.close()


@pytest.mark.parametrize("kind", [OnPostgres, OnS3])
def test_steps_killed_elsewhere_end_in_the_same_state(finetl, tmp_path, request, is_long, kind):
    """At seeded moments, each step in turn; then again to the end. Afterwards nothing is left half done."""
    chance, n = random.Random(f"kill steps {kind.__name__}"), 200 if is_long else 9
    before, now = financial(tmp_path, 200, 3000)
    seconds, n_killed = {}, 0
    with contextlib.closing(kind(tmp_path, request)) as place:
        finetl.run(before, place.first, env=place.env).ok()
        url, _ = place.fresh("run")
        finetl.run(now, url, env=place.env).ok()
        wanted = comparable(place.state())
        for turn in range(3 * n):
            step = STEPS[turn % 3]
            url, run_dir = place.fresh(turn)
            steps = Steps(finetl, now, run_dir, url, place.env)
            for done in STEPS[:STEPS.index(step)]:
                steps(done).ok()
            started = time.monotonic()
            if step not in seconds:
                steps(step).ok()
                seconds[step] = time.monotonic() - started
                continue
            child = finetl.start(*steps.command(step), env=place.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(seconds[step] * chance.random())
            child.kill()
            n_killed += child.wait() == -signal.SIGKILL
            results = steps.all()
            same(wanted, comparable(place.state()))
            assert steps.all() == results
            if n_killed >= n:
                break
    assert n_killed >= n
    print(f"{n_killed} of {turn + 1} killed")
