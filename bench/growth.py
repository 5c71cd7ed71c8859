# SPDX-License-Identifier: Apache-2.0
"""The growth gates G1 to G5 of run_all.py: what a run costs as its input grows, and as it gets worse."""
import json
import shutil
import statistics

import contest
import measure
import run_spill
import workloads
from contest import Contest
from measure import Run

LINE_BYTES = (60, 120, 240, 600)


def fit(points):
    """Seconds by rows as a + b n, by least squares of the relative error; a."""
    w = [(n, t, 1 / t ** 2) for n, t in points]
    sw, sx, sy = sum(v for *_, v in w), sum(n * v for n, _, v in w), sum(t * v for _, t, v in w)
    sxx, sxy = sum(n * n * v for n, _, v in w), sum(n * t * v for n, t, v in w)
    b = (sw * sxy - sx * sy) / (sw * sxx - sx * sx)
    return (sy - b * sx) / sw


def g1_g2(env):
    sizes = [env.rows(n) for n in (10_000, 100_000, 1_000_000, 10_000_000)] if not env.short else [2_500, 5_000, 10_000]
    who = {f"{n:,} rows": workloads.etl(env, workloads.data(env, "D1", n), 1, "growth") for n in sizes}
    names = list(who)
    who[names[0]]()
    c = Contest(env, who, workloads.data(env, "D1", sizes[-2]) / "transactions.csv").run(env.rounds(5))
    shutil.rmtree(env.work / "out-growth")
    for before, after in zip(names, names[1:]):
        # Of the same round, so that both had the same neighbours.
        print(f"  {after} against {before}: {statistics.median(r[after].wall / r[before].wall for r in c.rounds):.2f}")
    rounds = c.calm or c.rounds
    step = sizes[-1] / sizes[-2]
    constant = [fit([(n, r[name].wall) for n, name in zip(sizes, names)]) * 1000 for r in rounds]
    described = c.describe()
    for line, n in zip(described["contestants"], sizes):
        line["rate"] = n / line["own"]
    yield {"id": "G1", "title": "Rows and seconds, D1, one thread", "equal": "", **described,
           "bars": [c.bar(f"times the time for {step:g} times the rows", (names[-1], names[-2]), 1.1 * step, at_most=True),
                    contest.bar("ms that do not depend on the rows", 20, constant, at_most=True)]}
    bounds = [64 + 64 * (n + max(1, n // 20)) / 2 ** 20 for n in sizes]
    parts = [max(r[name].rss_mib for r in c.rounds) / bound for name, bound in zip(names, bounds)]
    yield {"id": "G2", "title": "Rows and memory, D1, one thread", "equal": "", "contestants": [], "n_rounds": len(c.rounds), "n_calm": len(c.calm),
           "said": "Peaks are those of G1.",
           "bars": [contest.bar(f"of 64 MiB + 64 bytes a key, {name}", 1, [part], at_most=True) for name, part in zip(names, parts)]}


def g3(env):
    """run_spill.py's case at one cap."""
    path = run_spill.case(env.work, env.rows(10_000_000), 0)
    first = run_spill.run(env, path, None)
    cap = max(64, round(first.rss_mib / 8))
    who = {"no cap": lambda: run_spill.run(env, path, None), f"{cap} MiB": lambda: run_spill.run(env, path, cap)}
    c = Contest(env, who, path.parent / "keys.csv").run(env.rounds(3))
    if any(r.sha != first.sha for took in c.rounds for r in took.values()):
        raise SystemExit("a cap on memory changes the outcome")
    yield {"id": "G3", "title": f"Keys that memory has no room for: {env.rows(10_000_000):,} random ids", "equal": "outputs, byte for byte",
           **c.describe(env.rows(10_000_000)),
           "bars": [c.bar("times the time at an eighth of the memory", (f"{cap} MiB", "no cap"), 1.6, at_most=True),
                    contest.bar("of the cap, peak", 1.1, [r[f"{cap} MiB"].rss_mib / cap for r in c.rounds], at_most=True)]}


def wide_case(env, line_bytes, n_bytes, n_texts):
    """Lines of an id, an amount and texts, so many bytes in all."""
    folder = env.work / f"wide-{line_bytes}-{n_texts}-{n_bytes}"
    if not (folder / "pipeline.yaml").exists():
        folder.mkdir(parents=True, exist_ok=True)
        names = [f"text{i}" for i in range(n_texts)]
        length = (line_bytes - 21) // n_texts - 1
        with open(folder / "wide.csv", "w", encoding="ascii") as out:
            out.write("id,amount," + ",".join(names) + "\n")
            for i in range(n_bytes // line_bytes):
                texts = ",".join(f"{(i * 7919 + k) % 10 ** 9:09}".ljust(length, "x")[:length] for k in range(n_texts))
                out.write(f"ID{i:09},{i % 100000:05}.{i % 100:02},{texts}\n")
        columns = [{"name": "id", "type": "text(20)", "required": True}, {"name": "amount", "type": "decimal(12,2)", "required": True}]
        columns += [{"name": name, "type": "text(1000)"} for name in names]
        (folder / "pipeline.yaml").write_text(json.dumps({
            "version": 1, "pipeline": "wide", "targets": {"t": {"key": ["id"]}},
            "datasets": [{"name": "t", "source": {"csv": "wide.csv"}, "target": "t", "columns": columns}]}))
    return folder / "pipeline.yaml"


def wide_run(env, path, expected=0):
    out = env.work / "out-wide"

    def run():
        shutil.rmtree(out, ignore_errors=True)
        return Run([env.finetl, "run", path, "--warehouse", f"files:{out}", "--run-time", "2026-03-01T00:00:00Z", "--quiet"], expected)
    return run


def g4(env):
    n_bytes = env.rows(60_000_000)
    # Wide: more texts of 12 bytes. Long: the same three texts, longer.
    who = {f"{n} bytes a row, more columns": wide_run(env, wide_case(env, n, n_bytes, (n - 21) // 13)) for n in LINE_BYTES}
    who |= {f"{n} bytes a row, longer cells": wide_run(env, wide_case(env, n, n_bytes, 3)) for n in LINE_BYTES[1:]}
    narrow, *others = list(who)
    for run in who.values():
        run()
    c = Contest(env, who, wide_case(env, 60, n_bytes, 3).parent / "wide.csv").run(env.rounds(5))
    section = {"id": "G4", "title": f"Wide rows and long cells, {n_bytes // 1_000_000} MB each", "equal": "", **c.describe(),
               "bars": [c.bar(f"times the cost of a byte of {narrow}: {name}", (name, narrow), 1.15, at_most=True) for name in others]}
    cells = {}
    for mb in (10, 100):
        folder = env.work / f"cell-{mb}"
        folder.mkdir(exist_ok=True)
        (folder / "pipeline.yaml").write_text(wide_case(env, 60, n_bytes, 3).read_text())
        with open(folder / "wide.csv", "wb") as out:
            out.write(b"id,amount,text0,text1,text2\n1,1.00,a,b,")
            for _ in range(mb):
                out.write(b"x" * 1_000_000)
            out.write(b"\n")
        cells[f"a cell of {mb} MB"] = wide_run(env, folder / "pipeline.yaml", expected=5)
    d = Contest(env, cells, folder / "wide.csv").run(env.rounds(5))
    small, big = cells
    section["contestants"] += d.describe()["contestants"]
    section["bars"].append(d.bar("times the time for a cell ten times as long, refused as past the limit", (big, small), 11, at_most=True))
    shutil.rmtree(env.work / "out-wide", ignore_errors=True)
    yield section


def without_gate(folder):
    lines = measure.pipeline_for(folder).read_text().splitlines(keepends=True)
    path = folder / "pipeline-no-gate.yaml"
    path.write_text("".join(line for line in lines if not line.lstrip().startswith("gate:")))
    return path


def g5(env):
    n = env.rows(1_000_000)
    def run(path):
        out = env.work / "out-rejects"

        def once():
            shutil.rmtree(out, ignore_errors=True)
            out.mkdir(parents=True)
            return measure.run_finetl(env.finetl, path, f"files:{out}")
        return once
    kinds = {"no faults": [], "all rejected": ["bad_status=1000"], "30 % twice": ["duplicate=300"]}
    folders = {name: measure.generate(env.finetl, env.work / f"G5-{i}-{n}", n, n // 20, clean=True, faults=faults)
               for i, (name, faults) in enumerate(kinds.items())}
    who = {name: run(without_gate(folder)) for name, folder in folders.items()}
    rejected = next(d["rejected"] for d in who["all rejected"]().json()["datasets"] if d["name"] == "transactions")
    if rejected != n:
        raise SystemExit(f"{rejected} of {n} records were rejected")
    c = Contest(env, who, folders["no faults"] / "transactions.csv").run(env.rounds(7))
    shutil.rmtree(env.work / "out-rejects")
    yield {"id": "G5", "title": "Input that is all wrong, or there twice", "equal": f"all of {n:,} records rejected where they are to be", **c.describe(n),
           "bars": [c.bar("times the time where every record is rejected", ("all rejected", "no faults"), 1.5, at_most=True),
                    c.bar("times the time where 30 of 100 came before", ("30 % twice", "no faults"), 1.1, at_most=True)]}


ALL = {"G1": g1_g2, "G3": g3, "G4": g4, "G5": g5}
