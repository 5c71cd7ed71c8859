# SPDX-License-Identifier: Apache-2.0
"""SIGKILL anywhere: the next run ends in the state of one that was never disturbed.

Kills spread over the time of a run, and kills and errors at every failpoint listed in
tests/fault/points*.txt. A warehouse that already holds a part, with updates to come,
stands at the start; a part of the runs begins with none. Run tables and stamps aside,
the warehouse after the next run must equal the undisturbed one.
"""

import re
import shutil
import signal
import subprocess
import time

import pytest

import nasty
import pipelines
from finetl import ROOT, RUN_TIME, connect, dump, integrity, write_pipeline

TABLES = ["dim_customers", "fact_transactions"]
REJECT_COLUMNS = "r.pipeline_name, r.dataset, path, record, byte_offset, verdict, reasons, decimals, hex(raw)"
N_CUSTOMERS, N_TRANSACTIONS = 1500, 15000


def points(servers=False):
    """Failpoints as listed: name -> where it stands, or what it does. Those that only a
    run into a server passes have their own test."""
    out = {}
    for path in sorted((ROOT / "tests" / "fault").glob("points*.txt")):
        if path.stem in ("points-postgres", "points-s3", "points-keys", "points-arrivals", "points-placeholders") and not servers:
            continue
        for line in path.read_text().splitlines():
            if line.strip() and not line.startswith("#"):
                name, _, where = line.partition(" ")
                out[name] = where.strip()
    return out


def cases():
    """Each point is killed at; where an error is heard, one is returned there, too."""
    for name, where in points().items():
        yield name, "kill"
        if "no effect" not in where:
            yield name, "eio"


def test_the_lists_name_every_failpoint_of_the_source():
    passed = set()
    for path in (ROOT / "src").rglob("*.c"):
        passed.update(re.findall(r'fe_failpoint\("([^"]+)"', path.read_text()))
    assert passed == set(points(servers=True))


@pytest.fixture(scope="module")
def world(finetl, tmp_path_factory):
    """Input, pipelines, the warehouse before, and what an undisturbed run makes of it."""
    folder = tmp_path_factory.mktemp("kill")
    customers, transactions = nasty.customers(31, N_CUSTOMERS), nasty.transactions(32, N_TRANSACTIONS, N_CUSTOMERS)
    early = folder / "early"
    early.mkdir()
    for place, part in ((folder, 1.0), (early, 0.4)):
        for name, case in (("customers", customers), ("transactions", transactions)):
            n = int(len(case.records) * part)
            while not case.records[n - 1].strip():
                n -= 1
            (place / f"{name}.csv").write_bytes(nasty.joined(nasty.Case(case.header, case.records[:n])))
        write_pipeline(place, pipelines.financial())
    held = pipelines.financial()
    held["datasets"][1]["gate"] = {"max_rejected_percent": 1}
    write_pipeline(folder, held, "held.yaml")
    before = folder / "before.db"
    finetl.run(early / "pipeline.yaml", f"sqlite:{before}").ok()
    return World(finetl, folder, before)


class World:
    def __init__(self, finetl, folder, before):
        self.finetl, self.folder, self.before = finetl, folder, before
        self.pipeline = folder / "pipeline.yaml"
        self.wanted, self.seconds = {}, {}
        for start in ("empty", "filled"):
            warehouse = self.fresh(start, f"wanted-{start}")
            finetl.run(self.pipeline, f"sqlite:{warehouse}").ok()
            self.seconds[start] = min(self.time_of(start) for _ in range(3))
            self.wanted[start] = state(warehouse)
        self.wanted_files = self.files("wanted-files")

    def time_of(self, start):
        warehouse = self.fresh(start, "timed")
        began = time.monotonic()
        self.finetl.run(self.pipeline, f"sqlite:{warehouse}").ok()
        return time.monotonic() - began

    def fresh(self, start, name):
        warehouse = self.folder / f"{name}.db"
        for old in self.folder.glob(f"{name}.db*"):
            old.unlink()
        if start == "filled":
            shutil.copy(self.before, warehouse)
        return warehouse

    def files(self, name):
        out = self.folder / name
        self.finetl.run(self.pipeline, f"files:{out}").ok()
        assert not list(out.rglob(".*tmp*")), "left over from a killed run"
        return {p.name: p.read_bytes() for p in out.glob("*.csv")}

    def check_next_run(self, warehouse, start, look_first=True):
        """The warehouse is whole now, and the next run ends as the undisturbed one.

        To look is to let SQLite roll back; without, the next run has that to do."""
        if look_first and warehouse.exists() and warehouse.stat().st_size:
            integrity(warehouse)
        self.finetl.run(self.pipeline, f"sqlite:{warehouse}").ok()
        integrity(warehouse)
        assert state(warehouse) == self.wanted[start]
        with connect(warehouse) as db:
            assert not list(db.execute("SELECT * FROM etl_runs WHERE status = 'running'"))
        db.close()


def state(warehouse):
    """Tables and rejects: of a run that failed, or of the next one, each is there once."""
    out = dump(warehouse, TABLES)
    with connect(warehouse) as db:
        out["rejects"] = sorted(tuple(row) for row in db.execute(
            f"SELECT {REJECT_COLUMNS} FROM etl_rejects AS r JOIN etl_objects USING (object_id)"))
    db.close()
    return out


def kill_after(finetl, world, url, seconds):
    child = finetl.start("run", world.pipeline, "--warehouse", url, "--run-time", RUN_TIME,
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(seconds)
    child.send_signal(signal.SIGKILL)
    child.wait()
    return child.returncode


def test_kills_spread_over_a_run(finetl, world, is_long):
    n = 100 if is_long else 16
    n_killed = 0
    for i in range(n):
        start = "empty" if i % 3 == 0 else "filled"
        warehouse = world.fresh(start, "spread")
        code = kill_after(finetl, world, f"sqlite:{warehouse}", world.seconds[start] * (i + 0.5) / n)
        n_killed += code == -signal.SIGKILL
        if code == 0:  # it was quicker than measured, as the machine is less busy now
            world.seconds[start] = min(world.seconds[start], world.time_of(start))
        world.check_next_run(warehouse, start, look_first=i % 2 == 0)
    assert n_killed >= n // 2, "most kills came too late to tell anything"


def test_kills_one_after_the_other_on_one_warehouse(finetl, world, is_long):
    warehouse = world.fresh("filled", "again")
    for i in range(20 if is_long else 5):
        kill_after(finetl, world, f"sqlite:{warehouse}", world.seconds["filled"] * (0.2 + 0.15 * (i % 5)))
    world.check_next_run(warehouse, "filled")


def test_kills_while_files_are_written(finetl, world, is_long):
    n = 30 if is_long else 6
    for i in range(n):
        out = world.folder / "files"
        if i % 2:
            shutil.rmtree(out, ignore_errors=True)
        kill_after(finetl, world, f"files:{out}", world.seconds["empty"] * (i + 0.5) / n)
        if (out / "report.json").exists():  # the mark of a whole run
            published = {p.name: p.read_bytes() for p in out.glob("*.csv")}
            assert published == world.wanted_files
        assert world.files("files") == world.wanted_files


def scenarios(point):
    """Where a point may be passed: target, pipeline, warehouse at the start."""
    if point.startswith(("files.", "writer.")):
        return [("files", "pipeline.yaml", "empty"), ("files", "held.yaml", "empty")]
    return [("sqlite", "pipeline.yaml", "filled"), ("sqlite", "pipeline.yaml", "empty"), ("sqlite", "held.yaml", "filled"),
            ("files", "pipeline.yaml", "empty")]


def act_at(failing, world, point, action):
    """Runs until the point acts; (code, target, start), or None where it is not passed."""
    for target, pipeline, start in scenarios(point.split(":")[0]):
        warehouse = world.fresh(start, "point")
        shutil.rmtree(world.folder / "point-files", ignore_errors=True)
        url = f"sqlite:{warehouse}" if target == "sqlite" else f"files:{world.folder / 'point-files'}"
        done = failing.run(world.folder / pipeline, url, env={"FINETL_FAILPOINT": f"{point}={action}"})
        acted = done.code == -signal.SIGKILL if action == "kill" else "failpoint" in done.stderr
        if acted:
            return done, target, start, warehouse
    return None


def check_after(world, target, start, warehouse):
    if target == "sqlite":
        world.check_next_run(warehouse, start, look_first=False)
    else:
        assert world.files("point-files") == world.wanted_files


@pytest.mark.parametrize("point, action", list(cases()))
def test_at_every_failpoint(failing_finetl, world, point, action):
    acted = act_at(failing_finetl, world, point, action)
    assert acted, f"no run passes the failpoint {point}"
    done, target, start, warehouse = acted
    if action == "eio":
        # A run that its gate held stays held, even where that could not be noted.
        assert (done.code, done.result["status"]) in ((6, "failed"), (4, "held")), done
    check_after(world, target, start, warehouse)


@pytest.mark.long
@pytest.mark.parametrize("hit", [2, 3, 5])
@pytest.mark.parametrize("point", list(points()))
def test_at_later_passes_of_every_failpoint(failing_finetl, world, point, hit):
    acted = act_at(failing_finetl, world, f"{point}:{hit}", "kill")
    if acted:  # not every point is passed so often
        check_after(world, *acted[1:])
