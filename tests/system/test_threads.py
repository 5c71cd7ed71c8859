# SPDX-License-Identifier: Apache-2.0
"""Any number of threads gives the same: files byte for byte, warehouses, reports, messages and exit codes.

Times of the clock and ids of runs aside. Golden cases are short, for every way there is; the broken runs are
long enough for a second thread to be batches ahead where they end, and what it has seen by then is told nowhere.
"""

import contextlib
import gzip
import json
import os
import shutil
import signal

import pytest

import nasty
import pipelines
from finetl import tmpfs, write_pipeline
from test_golden import CASES
from test_postgres import dump_postgres, dump_sqlite, logical

THREADS = (1, 2, 4)
OF_THE_CLOCK = {"run_id", "run_name", "start_time", "end_time", "elapsed_ms"}


def told(value, run_id):
    """What a result or a report says, but for the clock."""
    def timeless(members):
        return {key: member for key, member in members.items() if key not in OF_THE_CLOCK}
    return json.loads(json.dumps(value).replace(run_id, "RUN"), object_hook=timeless)


def published(folder, run_id):
    """Each file of it, but for the lock."""
    out = {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*"))
           if path.is_file() and path.name != ".finetl.lock"}
    for name in out:
        if name.endswith("report.json"):
            out[name] = told(json.loads(out[name]), run_id)
    return out


class Outcomes:
    """Of one pipeline, run with several numbers of threads, each time into a warehouse of the same name."""

    def __init__(self, finetl, place, env=None):
        self.finetl, self.place, self.env = finetl, place, env

    def run(self, url, threads, *options):
        done = self.finetl.run("pipeline.yaml", url, "--threads", threads, *options, cwd=self.place, env=self.env)
        assert done.result["exit_code"] == done.code, done
        return done, told(done.result, done.result["run_id"])

    def files(self, threads, *options):
        out = self.place / "out"
        shutil.rmtree(out, ignore_errors=True)
        done, said = self.run(f"files:{out}", threads, *options)
        return done, said, published(out, done.result["run_id"]) if out.exists() else None

    def sqlite(self, threads, *options):
        warehouse = self.place / "w.db"
        for old in self.place.glob("w.db*"):
            old.unlink()
        done, said = self.run(f"sqlite:{warehouse}", threads, *options)
        return done, said, logical(dump_sqlite(warehouse)) if warehouse.exists() else None

    def check(self, once, *options):
        done, *wanted = once(1, *options)
        for threads in THREADS[1:]:
            assert once(threads, *options)[1:] == tuple(wanted), f"{threads} threads"
        return done


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_golden_cases(finetl, tmp_path, case):
    place = tmp_path / "case"
    shutil.copytree(case, place, ignore=shutil.ignore_patterns("expected"))
    outcomes = Outcomes(finetl, place)
    outcomes.check(outcomes.files)
    outcomes.check(outcomes.sqlite, "--max-memory", "1M")


# ---- broken runs ----

N_CUSTOMERS, N_TRANSACTIONS, N_FILES = 100, 12_000, 4


@pytest.fixture(scope="module")
def pieces():
    """Files of customers and of transactions: some batches each."""
    made = nasty.customers(51, N_CUSTOMERS), nasty.transactions(52, N_TRANSACTIONS, N_CUSTOMERS)
    return [nasty.cut(case, N_FILES, 3) for case in made]


@pytest.fixture
def place(tmp_path, pieces):
    for name, datas in zip(("customers", "transactions"), pieces):
        for i, data in enumerate(datas):
            (tmp_path / f"{name}-{i}.csv").write_bytes(data)
    return tmp_path


def whole(place, spec):
    return 0


def a_rule_aborts(place, spec):
    spec["datasets"][1]["rules"].append({"id": "never", "check": "amount <> 1234.56", "action": "abort"})
    path = place / "transactions-2.csv"
    path.write_bytes(path.read_bytes() + b"NEVER1,CUST000001,2025-06-01,1234.56,MERCH0001,food,completed,card\n")
    return 4


def a_file_is_cut_off(place, spec):
    path = place / "transactions-2.csv"
    path.write_bytes(path.read_bytes() + b'"never closed,')
    return 3


def a_compressed_file_is_cut_off(place, spec):
    path = place / "transactions-3.csv"
    data = gzip.compress(path.read_bytes(), mtime=0)
    path.unlink()
    (place / "transactions-3.csv.gz").write_bytes(data[:len(data) * 2 // 3])
    spec["datasets"][1]["source"]["csv"] = "transactions*"
    return 3


def a_file_lacks_a_column(place, spec):
    path = place / "transactions-3.csv"
    path.write_bytes(path.read_bytes().replace(b"amount", b"amonut", 1))
    return 3


def the_gate_holds(place, spec):
    spec["datasets"][1]["gate"] = {"max_rejected_percent": 1}
    return 4


def totals_differ(place, spec):
    spec["datasets"][1]["control"] = {"rows": 1}
    return 4


def a_constraint_breaks(place, spec):
    """The warehouse says so, of records whose successors have long been read."""
    spec["targets"]["fact_transactions"]["checks"].append("merchant_id <> 'MERCH0000'")
    return 8


def groups_are_too_many(place, spec):
    spec["datasets"][1]["sum_by"] = ["transaction_id"]
    return 5


def columns_come_and_go(place, spec):
    """They are counted as far as records were used, and then a constraint breaks."""
    for i in range(N_FILES):
        header = b"transaction_id,customer_id,transaction_date,amount,status,payment_method,category,merchant_id".rsplit(b",", i % 3)[0]
        rows = b"".join(b"T%d-%d,CUST000001,2025-06-01,1.00,completed,card,food,NOBODY" % (i, n) + b"\n" for n in range(4_000))
        rows = rows if i % 3 == 0 else rows.replace(b",NOBODY", b"") if i % 3 == 1 else rows.replace(b",food,NOBODY", b"")
        (place / f"transactions-{i}.csv").write_bytes(header + b",odd%d\n" % i + rows.replace(b"\n", b",x\n"))
    spec["datasets"][1].update(contract="discard_column", references=[])
    spec["targets"]["fact_transactions"]["checks"].append("merchant_id <> 'MERCH0000'")
    spec["targets"]["fact_transactions"]["foreign_keys"] = []
    return 8


BREAKS = [whole, a_rule_aborts, a_file_is_cut_off, a_compressed_file_is_cut_off, a_file_lacks_a_column, the_gate_holds,
          totals_differ, a_constraint_breaks, groups_are_too_many, columns_come_and_go]
FOR_FILES = [whole, a_rule_aborts, a_file_is_cut_off, the_gate_holds, groups_are_too_many]


@pytest.fixture
def broken(request, place):
    """Its exit code."""
    spec = pipelines.financial()
    code = request.param(place, spec)
    write_pipeline(place, spec)
    return code


def of_each(functions):
    return pytest.mark.parametrize("broken", functions, ids=lambda f: f.__name__, indirect=True)


@of_each(BREAKS)
def test_broken_runs_into_sqlite(finetl, place, broken):
    outcomes = Outcomes(finetl, place)
    done = outcomes.check(outcomes.sqlite)
    assert done.code == broken, done


@of_each([whole, a_constraint_breaks])
def test_broken_runs_with_little_memory(finetl, place, broken):
    outcomes = Outcomes(finetl, place)
    assert outcomes.check(outcomes.sqlite, "--max-memory", "1M").code == broken


@of_each(FOR_FILES)
def test_broken_runs_into_files(finetl, place, broken):
    outcomes = Outcomes(finetl, place)
    assert outcomes.check(outcomes.files).code == broken


@of_each([whole, a_constraint_breaks])
def test_broken_runs_into_postgresql(finetl, postgres, place, broken):
    outcomes = Outcomes(finetl, place)

    def once(threads):
        database = postgres.fresh()
        done, said = outcomes.run(database.url, threads)
        content = logical(dump_postgres(database))
        database.drop()
        return done, json.loads(json.dumps([said, content]).replace(database.name, "DATABASE"))

    assert outcomes.check(once).code == broken


# ---- what the world does ----

FAILING = {
    "sqlite": ["reader.read", "run.batch", "load.write", "load.table_end", "load.rejects", "load.commit"],
    "files": ["reader.read", "run.batch", "files.write", "writer.flush", "writer.finish", "files.publish", "files.report"],
}
AT_ITS_TURN = [(warehouse, point, hit) for warehouse, points in FAILING.items() for point in points
               for hit in ((1, 3) if point in ("reader.read", "run.batch", "load.write", "files.write") else (1,))]


@pytest.fixture
def pipeline(place):
    write_pipeline(place, pipelines.financial())
    return place


@pytest.mark.parametrize("warehouse, point, hit", AT_ITS_TURN)
def test_what_fails_in_its_turn_is_told_alike(failing_finetl, pipeline, warehouse, point, hit):
    outcomes = Outcomes(failing_finetl, pipeline, {"FINETL_FAILPOINT": f"{point}:{hit}=eio"})
    done = outcomes.check(getattr(outcomes, warehouse))
    assert done.code == 6 and "failpoint" in done.result["error"], done


@pytest.mark.parametrize("warehouse, point, hit", AT_ITS_TURN)
def test_killed_in_its_turn_the_next_run_ends_as_if_undisturbed(failing_finetl, pipeline, warehouse, point, hit):
    url = {"sqlite": f"sqlite:{pipeline}/w.db", "files": f"files:{pipeline}/out"}[warehouse]
    killed = failing_finetl.run("pipeline.yaml", url, "--threads", 2, cwd=pipeline, env={"FINETL_FAILPOINT": f"{point}:{hit}=kill"})
    assert killed.code == -signal.SIGKILL, killed
    again = failing_finetl.run("pipeline.yaml", url, "--threads", 2, cwd=pipeline).result
    found = published(pipeline / "out", again["run_id"]) if warehouse == "files" else None
    undisturbed, said, wanted = getattr(Outcomes(failing_finetl, pipeline), warehouse)(1)
    assert told(again["datasets"], again["run_id"]) == said["datasets"] and undisturbed.code == 0
    assert found is None or found == wanted


@pytest.mark.parametrize("size", ["256k", "1m"], ids=["at once", "in the midst"])
@pytest.mark.parametrize("warehouse", ["sqlite:{}/w.db", "files:{}/out"], ids=["sqlite", "files"])
def test_a_full_disk_is_told_alike(finetl, pipeline, warehouse, size):
    ends = []
    for threads in THREADS:
        with tmpfs(pipeline / f"small-{threads}", size) as small:
            done = finetl.run("pipeline.yaml", warehouse.format(small), "--threads", threads, cwd=pipeline)
            left = [path for path in small.glob("out/*.*") if path.name != ".finetl.lock"]
        assert done.code == 6 and done.result["retry_helps"] and not left, done
        ends.append(json.loads(json.dumps([done.code, done.result["status"], done.result["error"]]).replace(small.name, "small")))
    assert ends[1:] == ends[:1] * (len(THREADS) - 1)


# ---- a source that does not come to its end ----

class Pipe:
    """A file whose writer never closes it, behind a batch and a piece of the next one."""

    def __init__(self, finetl, place):
        self.finetl, self.place = finetl, place
        os.mkfifo(place / "in.csv")
        write_pipeline(place, {
            "version": 1, "pipeline": "p", "targets": {"t": {"key": ["id"], "checks": ["id <> 'bad'"]}},
            "datasets": [{"name": "d", "source": {"csv": "in.csv"}, "target": "t",
                          "columns": [{"name": "id", "type": "text(600)", "required": True}]}]})

    def run(self, threads, first, signal_number=None):
        """(exit code, error) of a run that must end by itself."""
        child = self.finetl.start("run", "pipeline.yaml", "--warehouse", "sqlite:w.db", "--threads", threads, cwd=self.place)
        with open(self.place / "in.csv", "wb") as pipe:
            with contextlib.suppress(BrokenPipeError):  # it need not read all of it
                pipe.write(b"id\n%s\n" % first + b"".join(b"%0500d\n" % i for i in range(600)))
                pipe.flush()
            if signal_number:
                child.send_signal(signal_number)
            try:
                stdout, stderr = child.communicate(timeout=60)
            finally:
                child.kill()
        result = json.loads(stdout)
        assert result["exit_code"] == child.returncode, stderr
        return child.returncode, result["error"]


@pytest.mark.parametrize("first,signal_number,code", [(b"bad", None, 8), (b"good", signal.SIGTERM, 9)], ids=["refused", "stopped"])
def test_a_run_that_fails_does_not_wait_for_its_source(finetl, tmp_path, first, signal_number, code):
    pipe = Pipe(finetl, tmp_path)
    one, two = (pipe.run(threads, first, signal_number) for threads in (1, 2))
    assert one[0] == two[0] == code
    assert one[1] == two[1] or signal_number  # which may find it anywhere
