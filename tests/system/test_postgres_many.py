# SPDX-License-Identifier: Apache-2.0
"""Eight processes load overlapping files into one PostgreSQL warehouse at once, some are killed.

The state at the end is the model's, replayed in the order in which the runs committed: that
of the chain of events. By one pipeline's name, and by several that feed the same tables.
"""

import random
import subprocess
import threading
import time

import pytest

import model
import nasty
import oracle
import pipelines
from finetl import RUN_TIME, write_pipeline
from postgres import COUNTED, wanted

N_PROCESSES, N_PIECES = 8, 5


class Runs:
    """What the summary prints of."""

    def __init__(self):
        self.counts = {}

    def count(self, what, n_done, n_undone, findings):
        count = self.counts.setdefault(what, dict.fromkeys(COUNTED, 0))
        count["runs"] += n_done + n_undone
        count["done"] += n_done
        count["undone"] += n_undone
        for kind, _ in findings:
            count[kind if kind in count else "other"] += 1


@pytest.fixture(scope="module")
def runs(report_faults):
    return report_faults(Runs())


def write_jobs(folder, r, seed, n_names):
    """A folder for each process with some of the pieces; [(pipeline file, spec, files)]"""
    customers, transactions = nasty.customers(seed, 60), nasty.transactions(seed + 500, 600, 60)
    pieces = list(zip(nasty.cut(customers, N_PIECES, seed), nasty.cut(transactions, N_PIECES, seed)))
    jobs = []
    for i in range(N_PROCESSES):
        place = folder / f"p{i}"
        place.mkdir()
        spec = pipelines.financial()
        spec["pipeline"] = f"financial_{i % n_names}"
        files = {}
        for k in sorted(r.sample(range(N_PIECES), r.randrange(1, 4))):
            files[f"customers-{k}.csv"], files[f"transactions-{k}.csv"] = pieces[k]
        for name, data in files.items():
            (place / name).write_bytes(data)
        jobs.append((write_pipeline(place, spec), spec, files))
    return jobs


def run_at_once(finetl, database, jobs, r, n_killed):
    """Exit codes; None for those that were killed before they ended."""
    codes = [None] * len(jobs)

    def one(i, job, delay, life):
        time.sleep(delay)
        child = finetl.start("run", job[0], "--warehouse", database.url, "--run-time", RUN_TIME, "--wait", "60s",
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            out, err = child.communicate(timeout=life)
            codes[i] = (child.returncode, out + err)
        except subprocess.TimeoutExpired:
            child.kill()
            out, err = child.communicate()
            if child.returncode >= 0:
                codes[i] = (child.returncode, out + err)

    killed = set(r.sample(range(len(jobs)), n_killed))
    threads = [threading.Thread(target=one, args=(i, job, r.random() * 0.1, r.random() * 0.5 if i in killed else 120))
               for i, job in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i, result in enumerate(codes):
        assert result is None or result[0] == 0, (i, result)
        assert result is not None or i in killed
    return codes


def committed(database, jobs):
    """The jobs in the order in which their runs committed."""
    sql = ("SELECT (SELECT min(o.path) FROM etl_objects o WHERE o.run_id = e.run_id) FROM etl_run_events e "
           "WHERE e.event IN ('success', 'success_with_rejects') ORDER BY e.event_id")
    places = {str(job[0].parent.resolve()): i for i, job in enumerate(jobs)}
    return [places[path.rpartition("/")[0]] for (path,) in database.execute(sql)]


def replay(order, jobs):
    state, outcomes = None, []
    for i in order:
        _, spec, files = jobs[i]
        inputs = {kind: [model.Input(name, data) for name, data in files.items() if name.startswith(kind)]
                  for kind in ("customers", "transactions")}
        outcome, state = model.run(spec, inputs, nasty.RUN_TIME_US, state, i)
        outcomes.append((outcome, files))
    return outcomes, state


@pytest.mark.parametrize("n_names", [1, 3], ids=["one pipeline", "three pipelines"])
def test_eight_at_once_end_as_one_after_the_other(finetl, postgres, tmp_path, runs, n_names, is_long):
    for seed in range((30 if n_names == 1 else 15) if is_long else 2):
        r = random.Random(seed)
        folder = tmp_path / str(seed)
        folder.mkdir()
        jobs, database = write_jobs(folder, r, seed, n_names), postgres.fresh()
        codes = run_at_once(finetl, database, jobs, r, r.randrange(0, 5))
        database.wait_until_quiet()
        order = committed(database, jobs)
        assert sorted(order) == sorted(set(order)), "a run is there twice"
        assert {i for i, code in enumerate(codes) if code} <= set(order), "a run that said it was done is not there"
        # One more, which also notes the runs that were killed.
        finetl("run", jobs[0][0], "--warehouse", database.url, "--run-time", RUN_TIME, "--wait", "20s").ok()
        for job in jobs[1:n_names]:
            finetl("run", job[0], "--warehouse", database.url, "--run-time", RUN_TIME, "--wait", "20s").ok()
        order = committed(database, jobs)
        outcomes, state = replay(order, jobs)
        want = wanted(outcomes, state, jobs[0][1])
        if n_names > 1:
            del want["rejects"]  # each pipeline keeps its own
        findings = oracle.judge(database.url, want)
        runs.count(f"eight at once, {n_names} name{'s' * (n_names > 1)}", len(order), codes.count(None), findings)
        assert not findings, (seed, order, findings[:10])
        finetl("runs", "--verify", "--warehouse", database.url).ok()
        database.drop()
