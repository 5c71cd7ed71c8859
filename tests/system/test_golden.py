# SPDX-License-Identifier: Apache-2.0
"""Golden cases: data in, data out, byte by byte; one folder a case in tests/golden/run.

What is expected was worked out by the model and by hand (tests/golden/write_expected.py),
not taken from the binary.
"""

import json
import shutil

import pytest

from finetl import ROOT

CASES = sorted(path.parent for path in (ROOT / "tests" / "golden" / "run").glob("*/pipeline.yaml"))


def outputs(folder):
    """The published files, names relative to the folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.csv"))}


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
        wanted = json.loads((expected / "counts.json").read_text())
        datasets = {d["name"]: d for d in json.loads((out / "report.json").read_text())["datasets"]}
        assert {name: {key: datasets[name][key] for key in counts} for name, counts in wanted.items()} == wanted
        assert list(datasets) == list(wanted)


def test_there_are_cases_for_each_verdict():
    kinds = {case.name.split("_")[0] for case in CASES}
    assert len(CASES) >= 60 and kinds >= {"csv", "json", "ndjson", "value", "way", "dedupe", "gate", "expect"}
