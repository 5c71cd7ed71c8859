#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Asks Great Expectations and the probe the same random questions, and compares.

  compare_live.py --probe build/tests/gx/probe_gx [--finetl build/finetl] [--seed N] [--questions N]

One expectation each, on two to four columns of all types with nulls, in all result formats and cut into batches
of all sizes: bounds, sets, order, uniqueness, distinct values, outliers. Great Expectations answers twice, with
exact numbers and with pandas' own; either will do. The same seed asks the same. Then its own classes load every
suite and every result of finetl's, and with --finetl what `finetl validate` writes. Leaves with 1 where an answer
differs or cannot be loaded.
"""

import argparse
import json
import pathlib
import random
import subprocess
import sys
import tempfile

import compare

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SUITE = ROOT / "suites" / "transactions.json"
TYPES = ("int", "decimal(9,2)", "bool", "date", "timestamp", "text(9)")
WORDS = ("a", "b", "Ab", "é", "日本", "z z", "x,y", "10", "1.0", "true", "2024-01-01")
FORMATS = ("SUMMARY", "COMPLETE", "BASIC", {"result_format": "BASIC", "include_unexpected_rows": True},
           {"result_format": "SUMMARY", "unexpected_index_column_names": ["c0"]},
           {"result_format": "COMPLETE", "unexpected_index_column_names": ["c1"], "partial_unexpected_count": 3})
IGNORE = ("all_values_are_missing", "any_value_is_missing", "never")


def moment(r, days):
    return f"2024-01-{r.randint(1, min(28, days)):02}T0{r.randint(0, 1)}:00:00{r.choice(['Z', '.5Z', '+01:00'])}"


def cell(r, kind, spread):
    if kind == "int":
        return str(r.randint(-spread, spread))
    if kind == "decimal(9,2)":
        cents = r.randint(-spread, spread) * r.choice([1, 3, 25, 100])
        return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02}"
    if kind == "bool":
        return r.choice(["true", "false"])
    if kind == "date":
        return f"2024-0{r.randint(1, 3)}-{r.randint(1, min(28, spread + 1)):02}"
    if kind == "timestamp":
        return moment(r, spread + 1)
    return r.choice(WORDS[:spread + 1])


def literal(r, kind):
    """A value as a suite has it; now and then one of another type."""
    if r.random() < 0.08:
        return r.choice([1, "a", True, 0.5, None])
    text = cell(r, kind, 6)
    if kind in ("int", "decimal(9,2)"):
        return r.choice([int, float])(text) if kind == "int" else float(text)
    return text == "true" if kind == "bool" else text


def bounds(r, make):
    kwargs = {name: make() for name in ("min_value", "max_value") if r.random() < 0.7}
    kwargs.update({name: True for name in ("strict_min", "strict_max") if r.random() < 0.25})
    return {name: value for name, value in kwargs.items() if value is not None}


def expectation(r, schema):
    """A type and its kwargs."""
    column = r.choice(schema)
    kind, one = column["type"], {"column": column["name"]}
    values = [literal(r, kind) for _ in range(r.choice([0, 1, 2, 3, 5, 12]))]
    several = {"column_list": r.sample([c["name"] for c in schema], r.randint(2, min(3, len(schema)))),
               "ignore_row_if": r.choice(IGNORE)}
    mostly = {"mostly": r.choice([0.5, 0.8, 0.0, 0.99, 2 / 3])} if r.random() < 0.3 else {}
    name, kwargs = r.choice([
        ("column_values_to_be_between", {**one, **bounds(r, lambda: literal(r, kind)), **mostly}),
        ("column_values_to_be_in_set", {**one, "value_set": values, **mostly}),
        ("column_values_to_not_be_in_set", {**one, "value_set": values, **mostly}),
        ("column_values_to_be_increasing", {**one, "strictly": r.random() < 0.5, **mostly}),
        ("column_values_to_be_decreasing", {**one, "strictly": r.random() < 0.5, **mostly}),
        ("column_value_z_scores_to_be_less_than", {
            **one, "threshold": r.choice([0.5, 1, 1.5, 2, -1]), "double_sided": r.random() < 0.5, **mostly}),
        ("column_values_to_not_be_outliers", {
            **one, "method": r.choice(["std", "iqr"]), "multiplier": r.choice([0, 0.5, 1, 2]), **mostly}),
        ("column_values_to_be_unique", {**one, **mostly}),
        ("compound_columns_to_be_unique", {**several, **mostly}),
        ("column_unique_value_count_to_be_between", {**one, **bounds(r, lambda: r.randint(0, 8))}),
        ("column_proportion_of_unique_values_to_be_between", {
            **one, **bounds(r, lambda: r.choice([0, 0.25, 1 / 3, 0.5, 1]))}),
        ("column_proportion_of_non_null_values_to_be_between", {
            **one, **bounds(r, lambda: r.choice([0, 0.25, 1 / 3, 0.5, 1]))}),
        ("column_most_common_value_to_be_in_set", {
            **one, "value_set": values, "ties_okay": r.choice([None, True, False])}),
        ("column_distinct_values_to_be_in_set", {**one, "value_set": values or ["a"]}),
        ("column_distinct_values_to_contain_set", {**one, "value_set": values}),
        ("column_distinct_values_to_equal_set", {**one, "value_set": values}),
    ])
    return {"type": f"expect_{name}", "kwargs": kwargs}


def question(r):
    schema = [{"name": f"c{i}", "type": r.choice(TYPES)} for i in range(r.randint(2, 4))]
    columns = []
    n_rows = r.choice([2, 5, 9, 30, 70])
    for field in schema:
        nulls, spread = r.choice([0, 0, 0.2, 0.6]), r.choice([2, 3, 6, 30])
        cells = [cell(r, field["type"], spread) for _ in range(n_rows)]
        # The first is a value: columns without any raise in Great Expectations, each type in its own way.
        columns.append(cells[:1] + ["" if r.random() < nulls else c for c in cells[1:]])
    lines = [",".join(f["name"] for f in schema)]
    lines += [",".join(f'"{c}"' if "," in c else c for c in row) for row in zip(*columns)]
    return {"name": "random", "engine": "pandas", "schema": schema, "csv": "\n".join(lines) + "\n",
            "suite": {"name": "suite", "expectations": [expectation(r, schema)]},
            "result_format": r.choice(FORMATS), "parameters": {}}


def answers(python, questions):
    """Of each question two: with pandas' own numbers, and with exact ones."""
    lines = "".join(json.dumps({**q, "engine": engine}, ensure_ascii=False) + "\n" for q in questions
                    for engine in ("pandas plain", "pandas"))
    done = subprocess.run([python, HERE / "live.py", "answer"], input=lines.encode(), stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, cwd=HERE, check=True)
    said = [json.loads(line) for line in done.stdout.decode().splitlines()]
    return zip(said[::2], said[1::2], strict=True)


def compare_all(args, r, questions):
    """How many answers differ; the suites that it takes, and the results that finetl gave."""
    n_differ, suites, results = 0, [], []
    with compare.Probe(args.probe) as probe:
        for asked, wanted in zip(questions, answers(args.python, questions), strict=True):
            size = r.choice([1, 2, 7, 64])
            said = probe.ask(asked, batch_rows=size)
            if "result" in wanted[1] and "result" in said:
                suites.append(json.dumps(asked["suite"]))
                results.append(json.dumps(said["result"]))
            found = [compare.differences_of({**asked, **want}, json.loads(json.dumps(said))) for want in wanted]
            if all(found):
                n_differ += 1
                print(json.dumps(asked, ensure_ascii=False))
                for line in found[0][:6]:
                    print("   ", line)
    return n_differ, suites, results


def validate(finetl, folder):
    """The result of suites/transactions.json on a few rows, typed and as text; most of it fails on raw data."""
    subprocess.run([finetl, "generate", folder, "--transactions", "300", "--customers", "20", "--until", "2026-03-01"],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    typed = ["--pipeline", ROOT / "pipelines" / "financial_transactions.yaml", "--dataset", "transactions"]
    for form in ("BOOLEAN_ONLY", "BASIC", "SUMMARY", "COMPLETE"):
        for more in ([], typed):
            done = subprocess.run([finetl, "validate", pathlib.Path(folder) / "transactions.csv", "--suite", SUITE,
                                   "--result-format", form, "--fail-on", "never", *more],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            if done.returncode not in (0, 3):  # 3: some of the generated records are broken on purpose
                sys.exit(f"finetl validate: exit {done.returncode}: {done.stderr.decode()}")
            yield done.stdout.decode()


def load_all(python, kind, texts, folder):
    paths = []
    for i, text in enumerate(texts):
        paths.append(pathlib.Path(folder) / f"{kind}-{i}.json")
        paths[-1].write_text(text, encoding="utf-8")
    done = subprocess.run([python, HERE / "live.py", kind, *paths], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=HERE)
    if done.returncode:
        print(done.stderr.decode()[-1000:])
    return done.returncode == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--probe", required=True)
    parser.add_argument("--finetl")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--python", default=str(HERE / ".venv/bin/python"))
    args = parser.parse_args()
    r = random.Random(args.seed)
    questions = [question(r) for _ in range(args.questions)]
    n_differ, suites, results = compare_all(args, r, questions)
    print(f"{len(questions)} questions of seed {args.seed}, {n_differ} answered differently")
    with tempfile.TemporaryDirectory() as folder:
        suites.append(SUITE.read_text(encoding="utf-8"))
        results += validate(args.finetl, folder) if args.finetl else []
        ok = load_all(args.python, "suite", suites, folder) and load_all(args.python, "result", results, folder)
    if ok:
        print(f"{len(suites)} suites and {len(results)} results loaded by its own classes")
    sys.exit(1 if n_differ or not ok else 0)


if __name__ == "__main__":
    main()
