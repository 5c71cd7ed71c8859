#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Asks Great Expectations itself, or has it read what another has written.

  live.py answer < QUESTIONS   one JSON question per line, one JSON answer per line, in order
  live.py result FILE...       Great Expectations loads each file as a validation result
  live.py suite FILE...        and as a suite

A question is a case of cases/ without its answer: suite, schema and csv; result_format,
parameters and engine ("pandas", "pandas plain" or "sqlite") as they are in cases/ or left out.
Its answer has "result" or "error". With result and suite it says what it read and leaves with 0, or
with 1 and what Great Expectations says on standard error. Run by tests/gx/.venv/bin/python.
"""

import json
import os
import sys

import gxrun


def answer():
    asker = gxrun.Asker()
    for line in sys.stdin:
        question = json.loads(line)
        said = asker.answer(question["suite"], question["schema"], question["csv"],
                            question.get("result_format", "SUMMARY"), question.get("parameters"),
                            question.get("engine", "pandas"))
        print(json.dumps(said, ensure_ascii=False), flush=True)


def load(kind, path):
    with open(path, encoding="utf-8") as file:
        text = json.load(file)
    if kind == "suite":
        suite = gxrun.load_suite(text)
        n_given, n_read = len(text.get("expectations", [])), len(suite.expectations)
        if n_read != n_given:  # Great Expectations drops a type it does not know, and goes on
            raise ValueError(f"{n_given - n_read} of {n_given} expectations are of no known type")
        return f"suite {suite.name}: {n_read} expectations"
    result = gxrun.load_result(text)
    again = gxrun.normalised(result.to_json_dict())
    if again != gxrun.normalised(text):
        raise ValueError("it reads as another result than is written")
    return f"result of {result.suite_name}: success {result.success}, {len(result.results)} results"


def main():
    # As in generate.py: the order of texts in sets.
    if os.environ.get("PYTHONHASHSEED") != "0":
        os.execve(sys.executable, [sys.executable, *sys.argv],
                  {**os.environ, "PYTHONHASHSEED": "0"})
    if sys.argv[1:] == ["answer"]:
        answer()
    elif len(sys.argv) > 2 and sys.argv[1] in ("result", "suite"):
        for path in sys.argv[2:]:
            try:
                print(f"{path}: {load(sys.argv[1], path)}")
            except Exception as error:  # whatever it raises is the answer
                sys.exit(f"{path}: {type(error).__name__}: {error}")
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
