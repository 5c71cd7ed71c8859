#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes cases/: what Great Expectations answers to the questions in casebook/.

  tests/gx/setup.sh && tests/gx/.venv/bin/python tests/gx/generate.py [--check]

The same questions give the same files, byte for byte; --check compares them with those that are
there and says which differ.
"""

import importlib
import json
import os
import pathlib
import sys

import gxrun

HERE = pathlib.Path(__file__).resolve().parent
SUBJECTS = ("table", "maps", "texts", "types", "aggregates", "pairs", "formats", "conditions",
            "suites", "likes", "transactions")


# The types that are registered and are not asked about; README.md says why.
LEFT_OUT = {"expect_column_kl_divergence_to_be_less_than", "expect_query_results_to_match_comparison",
            "expect_table_row_count_to_equal_other_table", "unexpected_rows_expectation"}


def first_type(case):
    first = (case["suite"]["expectations"] or [{}])[0]
    return first.get("type") or first.get("expectation_type") or "no_expectation"


def questions():
    by_type, names = {}, set()
    for subject in SUBJECTS:
        for case in importlib.import_module(f"casebook.{subject}").cases():
            if case["name"] in names:
                raise ValueError(f"two cases are named {case['name']}")
            names.add(case["name"])
            by_type.setdefault(first_type(case), []).append(case)
    return by_type


def answer(asker, case):
    """Adds the answer, and as `plain` the one to pandas' plain numbers where that is another."""
    question = (case["suite"], case["schema"], case["csv"], case["result_format"],
                case["parameters"])
    case["gx_version"] = gxrun.VERSION
    case.update(asker.answer(*question, engine=case["engine"]))
    if case["engine"] == "pandas" and gxrun.has_numbers(case["schema"]):
        plain = asker.answer(*question, engine="pandas plain")
        if any(case.get(key) != plain.get(key) for key in ("result", "error")):
            case["plain"] = plain


def main():
    # Some of its lists come from sets, whose order of texts is random unless this is set.
    if os.environ.get("PYTHONHASHSEED") != "0":
        os.execve(sys.executable, [sys.executable, *sys.argv],
                  {**os.environ, "PYTHONHASHSEED": "0"})
    check, folder = "--check" in sys.argv, HERE / "cases"
    asker, differ, n_cases = gxrun.Asker(), [], 0
    folder.mkdir(exist_ok=True)
    wanted = {}
    for type_name, cases in sorted(questions().items()):
        for case in cases:
            answer(asker, case)
        n_cases += len(cases)
        wanted[f"{type_name}.json"] = json.dumps(cases, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    unasked = gxrun.registered_types() - {path.removesuffix(".json") for path in wanted} - LEFT_OUT
    if unasked:
        sys.exit("no case asks about " + " ".join(sorted(unasked)))
    for path in folder.glob("*.json"):
        if path.name not in wanted:
            differ.append(path.name)
            if not check:
                path.unlink()
    for name, text in wanted.items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            differ.append(name)
            if not check:
                path.write_text(text, encoding="utf-8")
    print(f"{n_cases} cases in {len(wanted)} files by Great Expectations {gxrun.VERSION}")
    if check and differ:
        sys.exit("differ: " + " ".join(sorted(differ)))


if __name__ == "__main__":
    main()
