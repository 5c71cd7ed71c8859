# SPDX-License-Identifier: Apache-2.0
"""Contestants that take turns, the bars that they are held to, and what a section of the report is made of.

A section is plain data (it is kept as JSON in results.json): who took part, with medians of wall and CPU seconds and the
greatest peak of memory; and the bars, each the median of the rounds' ratios with its interval.
"""
import os
import statistics
import subprocess
import sys
import time

import measure
from measure import Run

# A virtual machine may have given free memory back to its host, which then takes ten times as long to touch. So before each
# turn some is touched by another process, for all contestants alike.
TOUCH_MEMORY = "b'x' * (1 << 30)"

FAR_OFF = 0.15  # of its median: a round whose calibrator took so much more or less does not count
MEMCPY = ("a = memoryview(bytearray(1 << 26)); b = bytes(1 << 26)\n"
          "import time; t = time.monotonic()\nfor _ in range(16): a[:] = b\nprint(time.monotonic() - t)")


def own(run):
    """Seconds without the start of Python, where the process tells them."""
    return run.told.get("seconds", run.wall)


def own_cpu(run):
    return run.told.get("cpu", run.cpu)


class Contest:
    """By name a function that runs one process and gives its Run."""

    def __init__(self, env, contestants, file):
        self.env, self.contestants, self.file = env, contestants, file
        self.rounds, self.calibrations, self.calm = [], [], []

    def calibrate(self):
        """A fixed piece of work of each kind; files of Gigabytes are not read for it."""
        def seconds(argv):
            begun = time.monotonic()
            subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)
            return time.monotonic() - begun
        return {"memcpy of 1 GiB": float(Run([sys.executable, "-c", MEMCPY]).stdout), "wc -l": seconds(["wc", "-l", self.file]),
                "cat": seconds(["cat", self.file]),
                "fsync of 64 MiB": seconds(["dd", "if=/dev/zero", f"of={self.env.work}/calibrate.dat", "bs=1M", "count=64",
                                            "conv=fsync", "status=none"])}

    @staticmethod
    def told(run):
        """What a peer or one of the C programs says of itself. finetl's own result counts for nothing: its process does."""
        said = run.json() if run.stdout.startswith("{") else {}
        return said if "cpu" in said else {}

    def run(self, n_rounds):
        names = list(self.contestants)
        for i in range(n_rounds):
            turn = names[i % len(names):] + names[:i % len(names)]
            took = {}
            for name in turn if i % 2 == 0 else turn[::-1]:
                Run([sys.executable, "-c", TOUCH_MEMORY])
                took[name] = self.contestants[name]()
                took[name].told = self.told(took[name])
            self.rounds.append(took)
            self.calibrations.append(self.calibrate())
            print(f"  round {i + 1}: " + ", ".join(f"{name} {own(took[name]):.3f} s" for name in names), flush=True)
        return self.choose_calm()

    def choose_calm(self):
        # How long a disk takes to sync is told, and says nothing of a processor.
        deciding = [name for name in self.calibrations[0] if not name.startswith("fsync")]
        mid = {name: statistics.median(c[name] for c in self.calibrations) for name in deciding}
        self.calm = [r for r, c in zip(self.rounds, self.calibrations)
                     if all(abs(c[name] - mid[name]) <= FAR_OFF * mid[name] for name in deciding)]
        if len(self.calm) < min(3, len(self.rounds)):
            self.calm = []
        return self

    def describe(self, n_rows=None):
        """Who took part; wall is the process, own what it says that its work took."""
        lines = []
        for name in self.contestants:
            runs = [r[name] for r in self.calm or self.rounds]
            wall = statistics.median(r.wall for r in runs)
            lines.append({"name": name, "wall": wall, "own": statistics.median(map(own, runs)), "cpu": statistics.median(r.cpu for r in runs),
                          "peak_mib": max(r.rss_mib for r in runs), "rate": n_rows / statistics.median(map(own, runs)) if n_rows else None})
        return {"contestants": lines, "n_rounds": len(self.rounds), "n_calm": len(self.calm),
                "calibrators": {name: statistics.median(c[name] for c in self.calibrations) for name in self.calibrations[0]}}

    def bar(self, what, of, goal, at_most=False, whole=False):
        """How many times as fast of[0] is as of[1]; or, for a goal that is at most so much, how many times its time it takes.
        whole: by the processes' time, with the start of Python."""
        a, b = of
        wall, cpu = (lambda r: r.wall, lambda r: r.cpu) if whole else (own, own_cpu)

        def ratio(seconds, r):
            return seconds(r[a]) / seconds(r[b]) if at_most else seconds(r[b]) / seconds(r[a])
        return bar(what, goal, [ratio(wall, r) for r in self.calm], [ratio(cpu, r) for r in self.rounds], at_most)


def bar(what, goal, walls, cpus=(), at_most=False):
    """Wall time decides, unless too few rounds were calm; and it has to by the worse end of its interval."""
    by = walls or cpus
    mid, low, high = measure.interval(by)
    good = (lambda v: v <= goal) if at_most else (lambda v: v >= goal)
    verdict = "met" if good(high if at_most else low) else "met by the median" if good(mid) else "missed"
    return {"what": what, "goal": goal, "at_most": at_most, "verdict": verdict, "by": "wall" if walls else "CPU",
            "wall": list(measure.interval(walls)) if walls else None, "cpu": list(measure.interval(cpus)) if cpus else None}


def check_equal(ours, others, names):
    """Files equal byte for byte once sorted; or the end."""
    def sorted_copy(path):
        out = f"{path}.sorted"
        subprocess.run(["sort", "-S", "1G", "-o", out, path], check=True, env={**os.environ, "LC_ALL": "C"})
        return out
    n_bytes = 0
    for name in names:
        a = sorted_copy(ours / name)
        for theirs in others:
            b = sorted_copy(theirs / name)
            if subprocess.run(["cmp", a, b]).returncode != 0:
                sys.exit(f"{name}: the outputs differ; `diff {a} {b}` shows where")
            os.unlink(b)
        os.unlink(a)
        n_bytes += os.path.getsize(ours / name)
    return n_bytes
