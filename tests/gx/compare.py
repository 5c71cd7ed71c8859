#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Asks the probe all cases, and compares its answers with those of Great Expectations.

  compare.py --probe build/tests/gx/probe_gx [--batch-rows N] [--show N] [--case NAME] [TYPE...]

By the rules of README.md, "How to compare". A type is the name of a file of cases/, or a part of it. Prints
passed and failed per type, and the first differences.
"""

import argparse
import json
import math
import pathlib
import re
import subprocess
import sys

from differences import BY_TYPE, DIFFERENCES

HERE = pathlib.Path(__file__).resolve().parent
# Figures whose last digits depend on the order of additions.
OF_SUMS = ("expect_column_mean_to_be_between", "expect_column_sum_to_be_between", "expect_column_stdev_to_be_between",
           "expect_column_median_to_be_between", "expect_column_quantile_values_to_be_between")
RELATIVE = 1e-12
OF_POSITIONS = ("partial_unexpected_index_list", "unexpected_index_list", "unexpected_index_query")
ANY = "<any>"  # or none
METRIC_NAME = re.compile(r"metric_name='([^']*)'")


def cases_of(types):
    """The cases of files whose names have one of types in them; all, without any."""
    for path in sorted((HERE / "cases").glob("*.json")):
        if not types or any(t in path.stem for t in types):
            for case in json.loads(path.read_text(encoding="utf-8")):
                yield path.stem, case


class Probe:
    """The probe at work; one question after the other."""

    def __init__(self, path, batch_rows=None):
        self.batch_rows = batch_rows
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()

    def ask(self, case, **more):
        question = {key: case[key] for key in ("schema", "csv", "result_format", "parameters")}
        # As a text, so that numbers of the suite stay as they are written there.
        question["suite"] = json.dumps(case["suite"], ensure_ascii=False)
        if self.batch_rows:
            question["batch_rows"] = self.batch_rows
        question.update(more)
        self.process.stdin.write(json.dumps(question, ensure_ascii=False).encode() + b"\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{case['name']}: the probe ended with {self.process.wait()}")
        return json.loads(line)


def wanted_of(case):
    wanted = {key: case[key] for key in ("result", "error") if key in case}
    if case["engine"] == "sqlite":
        return rows_of_sqlite(wanted)
    return wanted if case["name"] in BY_TYPE else case.get("plain") or wanted


def rows_of_sqlite(wanted):
    """Rows of a table of SQLite have no positions, and no count where there are none."""
    wanted = json.loads(json.dumps(wanted))
    for entry in wanted.get("result", {}).get("results", []):
        figures = entry["result"]
        if "element_count" in figures and figures["unexpected_count"] is None:
            figures["unexpected_count"] = 0
        for key in OF_POSITIONS:
            figures.setdefault(key, ANY)
        if "unexpected_index_query" in figures:
            figures["unexpected_index_query"] = ANY
    return wanted


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def differ(want, got, path, is_sum):
    """The first differences as lines; none where they are the same."""
    if want == ANY or (want == "NaT" and got is None):  # a null is null
        return
    if is_number(want) and is_number(got):
        if want != got and not (is_sum and math.isclose(want, got, rel_tol=RELATIVE, abs_tol=0)):
            yield f"{path}: {want!r} wanted, {got!r} given"
    elif isinstance(want, dict) and isinstance(got, dict):
        for key in (k for k in want.keys() - got.keys() if want[k] != ANY):
            yield f"{path}.{key}: absent, {short(want[key])} wanted"
        for key in got.keys() - want.keys():
            yield f"{path}.{key}: {short(got[key])} given, not wanted"
        for key in want.keys() & got.keys():
            yield from differ_member(key, want[key], got[key], path, is_sum)
    elif isinstance(want, list) and isinstance(got, list) and len(want) == len(got):
        for i, (a, b) in enumerate(zip(want, got)):
            yield from differ(a, b, f"{path}[{i}]", is_sum)
    elif type(want) is not type(got) or want != got:
        yield f"{path}: {short(want)} wanted, {short(got)} given"


def differ_member(key, want, got, path, is_sum):
    if key == "exception_info":
        if shape(want) != shape(got):
            yield f"{path}.{key}: {shape(want)} wanted, {shape(got)} given: {short(want)} | {short(got)}"
        return
    if key == "partial_missing_list":  # from a set of Python
        want, got = (sorted(v, key=json.dumps) for v in (want, got))
    yield from differ(want, got, f"{path}.{key}", is_sum)


def shape(info):
    if "raised_exception" not in info:
        return "failed metrics: " + ", ".join(sorted(METRIC_NAME.search(key)[1] for key in info))
    return "a failed expectation" if info["raised_exception"] else "none"


def short(value):
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) < 200 else text[:200] + "..."


def differences_of(case, answer):
    want = wanted_of(case)
    if "error" in want:
        # There the whole suite fails; here the expectation that is at fault, if the suite can be read.
        if "error" in answer or any(shape(e["exception_info"]) != "none" for e in answer["result"]["results"]):
            return []
        return [f"an error wanted ({want['error']['message'][:100]!r}), a result given"]
    if "error" in answer:
        return [f"a result wanted, an error given: {answer['error']['message']}"]
    want, got = want["result"], answer["result"]
    got["meta"] = {k: v for k, v in got["meta"].items() if k not in ("finetl_version", "run_id")}
    got.pop("id", None)
    lines = []
    for i, (a, b) in enumerate(zip(want["results"], got["results"])):
        lines += differ(a, b, f"results[{i}]", a["expectation_config"]["type"] in OF_SUMS)
    lines += differ({**want, "results": len(want["results"])}, {**got, "results": len(got["results"])}, "", False)
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--probe", required=True)
    parser.add_argument("--batch-rows", type=int)
    parser.add_argument("--show", type=int, default=10, help="how many cases that differ are shown")
    parser.add_argument("--case", help="only the case of this name, with its question and both answers")
    parser.add_argument("types", nargs="*")
    args = parser.parse_args()
    passed, failed, shown = {}, {}, 0
    with Probe(args.probe, args.batch_rows) as probe:
        for type_name, case in cases_of(args.types):
            if args.case and case["name"] != args.case:
                continue
            answer = probe.ask(case)
            lines = differences_of(case, answer)
            is_known = case["name"] in DIFFERENCES
            if is_known and not lines:
                lines = ["is in differences.py, but agrees"]
            elif is_known:
                lines = []
            counts = failed if lines else passed
            counts[type_name] = counts.get(type_name, 0) + 1
            if args.case:
                print(json.dumps({k: case[k] for k in ("schema", "csv", "suite", "result_format", "parameters")},
                                 ensure_ascii=False))
                print("wanted", json.dumps(wanted_of(case), ensure_ascii=False))
                print("given ", json.dumps(answer, ensure_ascii=False))
            if lines and shown < args.show:
                shown += 1
                print(f"{type_name} {case['name']}")
                for line in lines[:6]:
                    print("   ", line)
    for type_name in sorted(passed.keys() | failed.keys()):
        print(f"{passed.get(type_name, 0):5} passed {failed.get(type_name, 0):5} failed  {type_name}")
    print(f"{sum(passed.values())} passed, {sum(failed.values())} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
