# SPDX-License-Identifier: Apache-2.0
"""What the benchmarks share: measured processes, figures, the Python environment.

Contestants take turns within a round, so that what slows the machine slows all of
them; the result is the median of the rounds' ratios, with a bootstrap interval.
"""
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent


class Run:
    """One finished process: wall and CPU seconds, peak memory, last line of stdout."""

    def __init__(self, argv, expected=0):
        argv = [str(a) for a in argv]
        # Not pipes, which fill up while nobody reads.
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as log:
            begun = time.monotonic()
            pid = os.posix_spawn(argv[0], argv, os.environ,
                                 file_actions=[(os.POSIX_SPAWN_DUP2, out.fileno(), 1),
                                               (os.POSIX_SPAWN_DUP2, log.fileno(), 2)])
            _, status, usage = os.wait4(pid, 0)
            self.wall = time.monotonic() - begun
            for f in (out, log):
                f.seek(0)
            self.stdout = out.read().decode()
            if os.waitstatus_to_exitcode(status) != expected:
                sys.exit(f"{' '.join(argv)}: exit {os.waitstatus_to_exitcode(status)}\n"
                         f"{log.read().decode()}{self.stdout}")
        self.cpu = usage.ru_utime + usage.ru_stime
        # The kernel counts the spawning process in, until exec: at least some 15 MiB.
        self.rss_mib = usage.ru_maxrss / 1024

    def json(self):
        return json.loads(self.stdout.strip().splitlines()[-1])


def interval(values, seed=1):
    """Median and its bootstrap 95 % interval."""
    rng = random.Random(seed)
    medians = sorted(statistics.median(rng.choices(values, k=len(values))) for _ in range(5000))
    return statistics.median(values), medians[125], medians[4874]


def print_ratio(name, values):
    mid, low, high = interval(values)
    print(f"{name:<44} {mid:6.2f}   ({low:.2f} to {high:.2f}, {len(values)} rounds)")
    return mid


def print_runs(name, runs, n_rows):
    wall = statistics.median(r.wall for r in runs)
    print(f"{name:<22} {wall:7.3f} s   {statistics.median(r.cpu for r in runs):7.3f} s CPU   "
          f"{max(r.rss_mib for r in runs):7.1f} MiB peak   {n_rows / wall / 1e6:5.2f} M rows/s")


def calm_rounds(rounds, calibrations):
    """The rounds in which a fixed piece of work took its usual time."""
    mid = statistics.median(calibrations)
    calm = [r for r, c in zip(rounds, calibrations) if abs(c - mid) <= 0.15 * mid]
    if len(calm) < len(rounds):
        print(f"{len(rounds) - len(calm)} of {len(rounds)} rounds left out of wall times: the machine was busy "
              f"(a fixed piece of work took {min(calibrations):.3f} to {max(calibrations):.3f} s)")
    return calm


def judge(wall, cpu, n_calm, goal):
    """Exits 1 below the goal. Wall time decides, unless too few rounds were calm."""
    by, measured = ("wall time", wall) if n_calm >= 5 else ("CPU, for want of calm rounds", cpu)
    print(f"\ngoal {goal}, measured {measured:.2f} by {by}: {'met' if measured >= goal else 'NOT met'}")
    if measured < goal:
        sys.exit(1)


def environment(name, *requirements):
    """A Python of its own in .venv-NAME (.venv of '') that has exactly what these files lock; made when it is missing."""
    venv = HERE / (f".venv-{name}" if name else ".venv")
    wanted = "".join(path.read_text(encoding="utf-8") for path in requirements)
    stamp = venv / ".requirements"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        subprocess.run([sys.executable, "-m", "venv", "--clear", venv], check=True)
        subprocess.run([venv / "bin/pip", "install", "--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:",
                        *(word for path in requirements for word in ("-r", path))], check=True)
        stamp.write_text(wanted, encoding="utf-8")
    return venv / "bin/python"


def python_with_requirements():
    """The peers at their newest, Great Expectations among them."""
    return environment("", HERE / "requirements.txt", ROOT / "tests/gx/requirements.lock")


def python_of_older_stack():
    return environment("older", HERE / "requirements-older.txt")


def generate(finetl, folder, transactions, customers, seed=1, clean=False, faults=()):
    """Sample data, made once and found again by its settings. faults: as `missing_amount=20`."""
    folder = pathlib.Path(folder)
    mark = folder / "settings"
    settings = f"{transactions} {customers} {seed} 2026-11-23{' clean' if clean else ''}{''.join(' ' + f for f in faults)}\n"
    if not mark.exists() or mark.read_text() != settings:
        folder.mkdir(parents=True, exist_ok=True)
        mark.unlink(missing_ok=True)
        Run([finetl, "generate", folder, "--transactions", transactions, "--customers", customers,
             "--seed", seed, "--until", "2026-11-23", *(["--clean"] if clean else []),
             *(word for fault in faults for word in ("--fault", fault))])
        mark.write_text(settings)
    return folder


RUN_TIME = "2026-11-23 00:00:00"


def pipeline_for(folder):
    """The default pipeline, reading from a folder of generated files; without its suite of
    expectations, which what it is compared with has none of."""
    lines = (ROOT / "pipelines/financial_transactions.yaml").read_text().splitlines(keepends=True)
    text = "".join(line for line in lines if not line.lstrip().startswith("expectations:"))
    for name in ("customers", "transactions"):
        old = f"../data/{name}.csv"
        if text.count(old) != 1:
            sys.exit(f"pipelines/financial_transactions.yaml: no single {old}")
        text = text.replace(old, f"{folder.resolve()}/{name}.csv")
    path = folder / "pipeline.yaml"
    path.write_text(text)
    return path


def run_finetl(finetl, pipeline, warehouse, threads=1):
    return Run([finetl, "run", pipeline, "--warehouse", warehouse, "--run-time", RUN_TIME.replace(" ", "T") + "Z",
                "--threads", threads])
