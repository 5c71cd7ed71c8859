# SPDX-License-Identifier: Apache-2.0
"""The benchmark set in its short form: all contestants come to the same result. How long they take is not asked."""

import json
import os
import pathlib
import re
import subprocess
import sys

import pytest

from finetl import ROOT

sys.path.insert(0, str(ROOT / "bench"))
import contest  # noqa: E402
import measure  # noqa: E402
import report  # noqa: E402

WORKLOADS = ["B1", "B2", "B3", "B4", "B9", "B12", "B14", "G1", "G3", "G4", "G5"]
BUILD = pathlib.Path(os.environ.get("FINETL_BUILD", ROOT / "build")).resolve()


def test_every_workload_runs_and_its_outputs_are_equal(tmp_path):
    options = {o["name"]: o["value"] for o in json.loads((BUILD / "meson-info/intro-buildoptions.json").read_text())}
    if options["b_sanitize"] not in ("none", []):
        pytest.skip("the programs of bench/ link with a build without sanitizers")
    try:
        measure.python_with_requirements()
        measure.python_of_older_stack()
    except subprocess.CalledProcessError:
        pytest.skip("the peers cannot be had from PyPI")
    done = subprocess.run([sys.executable, ROOT / "bench/run_all.py", "--short", "--finetl", BUILD / "finetl", "--work", tmp_path],
                          capture_output=True, text=True, timeout=900, check=False, env={**os.environ, "LC_ALL": "C"})
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    equal = dict(re.findall(r"^(\w+)  .*\n    equal: (.*)", done.stdout, re.M))
    assert [name for name in WORKLOADS if name not in equal] == []
    assert {name for name, what in equal.items() if what == "nothing to compare"} == {"B12", "G1", "G2", "G4"}


def test_the_report_is_what_its_figures_make(tmp_path):
    report.write(report.kept(), tmp_path / "benchmarks.md")
    assert (tmp_path / "benchmarks.md").read_text() == (ROOT / "docs/benchmarks.md").read_text(), "bench/run_all.py --report-only"


@pytest.mark.parametrize(("values", "goal", "at_most", "verdict"), [
    ([3.1, 3.2, 3.3], 3, False, "met"), ([2.9, 3.1, 3.2], 3, False, "met by the median"), ([2.7, 2.8, 3.2], 3, False, "missed"),
    ([1.0, 1.1, 1.2], 1.3, True, "met"), ([1.2, 1.25, 1.4], 1.3, True, "met by the median"), ([1.2, 1.4, 1.4], 1.3, True, "missed")])
def test_a_goal_is_met_by_the_worse_end_of_its_interval(values, goal, at_most, verdict):
    assert contest.bar("", goal, values, at_most=at_most)["verdict"] == verdict
