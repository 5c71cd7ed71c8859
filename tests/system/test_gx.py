# SPDX-License-Identifier: Apache-2.0
"""Every question that was put to Great Expectations, put to finetl's engine for suites.

tests/gx/README.md has the rules of the comparison, tests/gx/differences.py what differs on purpose. Rows are also cut
into batches of one and of seven: the outcome must not depend on it.
"""

import csv
import io
import json
import os
import pathlib
import re
import sys

import pytest

GX = pathlib.Path(__file__).resolve().parent.parent / "gx"
sys.path.insert(0, str(GX))

import compare  # noqa: E402
from differences import DIFFERENCES  # noqa: E402

TYPES = sorted(path.stem for path in (GX / "cases").glob("*.json"))


@pytest.fixture(scope="module")
def probe_path():
    path = pathlib.Path(os.environ.get("FINETL_BUILD", "build")).resolve() / "tests/gx/probe_gx"
    if not path.exists():
        pytest.fail(f"there is no {path}; build it, or set FINETL_BUILD")
    return path


def failures(probe_path, type_name, batch_rows=None):
    with compare.Probe(probe_path, batch_rows) as probe:
        for name, case in compare.cases_of([type_name]):
            if name != type_name:
                continue
            lines = compare.differences_of(case, probe.ask(case))
            if case["name"] in DIFFERENCES:
                lines = [] if lines else ["is in differences.py, but agrees"]
            yield from (f"{case['name']}{line}" for line in lines)


@pytest.mark.parametrize("type_name", TYPES)
def test_answers_are_those_of_great_expectations(probe_path, type_name):
    assert list(failures(probe_path, type_name)) == []


@pytest.mark.parametrize("batch_rows", [1, 7])
def test_answers_do_not_depend_on_batches(probe_path, batch_rows):
    with compare.Probe(probe_path) as whole, compare.Probe(probe_path, batch_rows) as cut:
        for _, case in compare.cases_of([]):
            assert whole.ask(case) == cut.ask(case), case["name"]


def cells_of(case):
    """Cells that tell a person: neither of the suite, nor short, nor the date that messages have as an example."""
    known = json.dumps([case["suite"], case["parameters"], case["schema"]], ensure_ascii=False)
    rows = list(csv.reader(io.StringIO(case["csv"])))[1:]
    cells = {cell for row in rows for cell in row}
    return {cell for cell in cells if len(cell) > 3 and cell not in known and cell not in ("true", "false", "null")
            and not cell.startswith("2024-01-31")}


def test_personal_columns_are_masked(probe_path):
    with compare.Probe(probe_path) as probe:
        for _, case in compare.cases_of([]):
            if case["name"].startswith("row_count"):
                continue
            answer = probe.ask(case, schema=[{**column, "pii": True} for column in case["schema"]])
            entries = answer.get("result", {"results": []})["results"]
            said = json.dumps([[entry["result"], entry["exception_info"]] for entry in entries]
                              + [sentence["found"] for sentence in answer.get("sentences", [])], ensure_ascii=False)
            leaked = [cell for cell in cells_of(case) if cell in said or (len(cell) > 12 and cell[:10] + "T" in said)]
            assert leaked == [], f"{case['name']}: {said}"


def test_differences_name_cases():
    names = {case["name"] for _, case in compare.cases_of([])}
    assert set(DIFFERENCES) <= names


def test_the_page_for_users_names_every_type(probe_path):
    page = (GX.parent.parent / "docs" / "great-expectations.md").read_text(encoding="utf-8")
    ends = re.findall(r"`\.\.\.(_[a-z_]+)`", page)
    missing = []
    with compare.Probe(probe_path) as probe:
        for type_name in TYPES:
            suite = {"name": "s", "expectations": [{"type": type_name, "kwargs": {}}]}
            case = {"schema": [], "csv": "\n", "suite": suite, "result_format": "BASIC", "parameters": {}, "name": type_name}
            is_known = "there is no expectation" not in json.dumps(probe.ask(case))
            short = type_name.removeprefix("expect_")
            if is_known and f"`{short}`" not in page and not any(short.endswith(end) for end in ends):
                missing.append(type_name)
    assert missing == []


def answered_types():
    """The types that the page for users says are answered."""
    page = (GX.parent.parent / "docs" / "great-expectations.md").read_text(encoding="utf-8")
    section = page.partition("## What is answered")[2].partition("\n\nWith ")[0]
    names = re.findall(r"`(\.\.\.)?_?([a-z_]+)`", section.partition("|---|")[2])
    return sorted(f"expect_column_values_to_{name}" if dots else f"expect_{name}" for dots, name in names)


def outcomes_of_cases():
    """Of each type whether it passed and whether it failed, as Great Expectations judged it, without an exception."""
    outcomes = {}
    for _, case in compare.cases_of([]):
        for entry in compare.wanted_of(case).get("result", {"results": []})["results"]:
            if compare.shape(entry["exception_info"]) == "none":
                outcomes.setdefault(entry["expectation_config"]["type"], set()).add(entry["success"])
    return outcomes


def test_each_type_that_is_answered_has_a_case_that_passes_and_one_that_fails():
    types, outcomes = answered_types(), outcomes_of_cases()
    assert len(types) == len(set(types)) == 54
    assert {name: outcomes.get(name) for name in types if outcomes.get(name) != {True, False}} == {}


def test_a_strict_suite_names_all_its_mistakes(probe_path):
    case = {"schema": [{"name": "n", "type": "int"}], "csv": "n\n1\n", "result_format": "SUMMARY", "parameters": {},
            "suite": {"name": "s", "expectations": [
                {"type": "expect_column_values_to_be_uniqe", "kwargs": {"column": "n"}},
                {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "n", "colour": "red"}}]}}
    with compare.Probe(probe_path) as probe:
        error = probe.ask(case, is_strict=True)["error"]
        entries = probe.ask(case)["result"]["results"]
    assert error["code"] == "usage"
    assert "expect_column_values_to_be_unique" in error["message"] and "colour" in error["message"]
    assert [entry["success"] for entry in entries] == [False, False]
