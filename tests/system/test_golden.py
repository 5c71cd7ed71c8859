# SPDX-License-Identifier: Apache-2.0
"""Golden cases: data in, data out, byte by byte; one folder a case in tests/golden/run.

What is expected was worked out by the model and by hand (tests/golden/write_expected.py),
not taken from the binary.
"""

import contextlib
import csv
import json
import shutil

import pytest

from finetl import ROOT, connect

CASES = sorted(path.parent for path in (ROOT / "tests" / "golden" / "run").glob("*/pipeline.yaml"))


def outputs(folder):
    """The published files, names relative to the folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.csv"))}


def n_rows(path):
    with path.open(encoding="utf-8", newline="") as lines:
        return sum(1 for _ in csv.reader(lines)) - 1


def assert_counts(datasets, expected):
    wanted = json.loads((expected / "counts.json").read_text())
    assert {name: {key: datasets[name][key] for key in counts} for name, counts in wanted.items()} == wanted
    assert list(datasets) == list(wanted)


def expected_exit(expected):
    path = expected / "exit"
    if not path.exists():
        return 0, []
    code, *words = path.read_text().splitlines()
    return int(code), words


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_golden(finetl, tmp_path, case):
    place, out, expected = tmp_path / "case", tmp_path / "out", case / "expected"
    shutil.copytree(case, place, ignore=shutil.ignore_patterns("expected"))
    code, words = expected_exit(expected)
    done = finetl.run("pipeline.yaml", f"files:{out}", cwd=place)
    assert done.code == code, done
    for word in words:
        assert word in done.result["error"], done
    # Paths are canonical; a case may lie anywhere.
    here = (str(place.resolve()) + "/").encode()
    got = {name: data.replace(here, b"") for name, data in outputs(out).items()}
    wanted = outputs(expected)
    if code != 0 and not wanted:  # refused: what was read so far may be in held/, nothing is published
        got = {name: data for name, data in got.items() if not name.startswith("held/")}
    assert got == wanted
    if code == 0:
        assert_counts({d["name"]: d for d in json.loads((out / "report.json").read_text())["datasets"]}, expected)


@pytest.mark.parametrize("case", [case for case in CASES if expected_exit(case / "expected")[0] == 0], ids=lambda case: case.name)
def test_golden_counts_in_a_database(finetl, tmp_path, case):
    place, expected = tmp_path / "case", case / "expected"
    shutil.copytree(case, place, ignore=shutil.ignore_patterns("expected"))
    done = finetl.run("pipeline.yaml", f"sqlite:{tmp_path / 'w.db'}", cwd=place).ok()
    assert_counts({d["name"]: d for d in done.result["datasets"]}, expected)
    with contextlib.closing(connect(tmp_path / "w.db")) as db:
        for path in expected.glob("*.csv"):
            if not path.name.endswith(".rejects.csv"):
                assert db.execute(f"SELECT count(*) FROM {path.stem}").fetchone()[0] == n_rows(path), path.stem


def test_there_are_cases_for_each_verdict():
    kinds = {case.name.split("_")[0] for case in CASES}
    assert len(CASES) >= 60 and kinds >= {"csv", "json", "ndjson", "value", "way", "dedupe", "gate", "expect", "placeholder"}
