#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Keys that memory has no room for: the same run without a cap and with ever less --max-memory.

The input is the barest there is, random ids of 20 characters and an amount, so that keys are most
of the work. Caps are parts of what the run takes without one. Outputs are compared first, byte for byte.
"""
import argparse
import base64
import hashlib
import json
import pathlib
import random
import shutil
import sys
import tempfile

import measure

CHUNK = 50_000


def write_input(path, n, n_doubles_percent):
    rng = random.Random(1)
    kept = []
    with open(path, "w", encoding="ascii") as out:
        out.write("id,amount\n")
        for at in range(0, n, CHUNK):
            ids = base64.b32encode(rng.randbytes(CHUNK * 25 // 2)).decode()
            rows = [f"{ids[i * 20:i * 20 + 20]},{(at + i) % 100000}.{i % 100:02}\n" for i in range(min(CHUNK, n - at))]
            if n_doubles_percent and kept:
                rows = [rng.choice(kept) if rng.randrange(100) < n_doubles_percent else row for row in rows]
            if n_doubles_percent:
                kept += rng.sample(rows, len(rows) // 10)
            out.writelines(rows)


def case(work, n, n_doubles_percent):
    folder = work / f"spill-{n}-{n_doubles_percent}"
    if not (folder / "pipeline.yaml").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        write_input(folder / "keys.csv", n, n_doubles_percent)
        (folder / "pipeline.yaml").write_text(json.dumps({
            "version": 1, "pipeline": "keys", "targets": {"t": {"key": ["id"]}},
            "datasets": [{"name": "t", "source": {"csv": "keys.csv"}, "target": "t",
                          "columns": [{"name": "id", "type": "text(20)", "required": True},
                                      {"name": "amount", "type": "decimal(12,2)", "required": True}]}]}))
    return folder / "pipeline.yaml"


def digest(path):
    """Piece by piece: this process's memory is counted into that of those it spawns."""
    with open(path, "rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


def run(args, pipeline, cap_mib):
    out = args.work / "spill-out"
    shutil.rmtree(out, ignore_errors=True)
    options = ["--max-memory", f"{cap_mib}M"] if cap_mib else []
    done = measure.Run([args.finetl, "run", pipeline, "--warehouse", f"files:{out}", "--run-time", "2026-03-01T00:00:00Z",
                        "--quiet", *options])
    done.sha = [digest(out / name) for name in ("t.csv", "t.rejects.csv")]
    shutil.rmtree(out)
    return done


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--finetl", default=measure.ROOT / "build/finetl", type=lambda text: pathlib.Path(text).resolve())
    p.add_argument("--rows", default=10_000_000, type=int)
    p.add_argument("--doubles", default=0, type=int, help="percent of rows that came before [%(default)s]")
    p.add_argument("--rounds", default=5, type=int)
    p.add_argument("--work", type=pathlib.Path, default=pathlib.Path(tempfile.gettempdir()) / "finetl-bench")
    args = p.parse_args()

    pipeline = case(args.work, args.rows, args.doubles)
    first = run(args, pipeline, None)
    caps = {f"1/{part}": max(64, round(first.rss_mib / part)) for part in (2, 4, 8)}
    caps["64 MiB"] = 64
    rounds, failed = [], False
    for _ in range(args.rounds):
        rounds.append({"no cap": run(args, pipeline, None), **{name: run(args, pipeline, cap) for name, cap in caps.items()}})
    print(f"{args.rows:,} rows, {args.doubles} % doubles, {first.rss_mib:.0f} MiB without a cap")
    for name in rounds[0]:
        runs = [r[name] for r in rounds]
        assert all(r.sha == first.sha for r in runs), f"{name}: another outcome"
        measure.print_runs(name, runs, args.rows)
    for name, cap in caps.items():
        wall = measure.print_ratio(f"wall, {name} ({cap} MiB) against no cap", [r[name].wall / r["no cap"].wall for r in rounds])
        cpu = measure.print_ratio(f"CPU, {name} ({cap} MiB) against no cap", [r[name].cpu / r["no cap"].cpu for r in rounds])
        peak = max(r[name].rss_mib for r in rounds)
        failed |= peak > 1.1 * cap or (name == "1/8" and min(wall, cpu) > 1.6)
        print(f"peak of {name}: {peak:.0f} MiB, {peak / cap:.0%} of the cap")
    if failed:
        sys.exit("a goal is missed: 1.6 times the time at 1/8, 1.1 times the cap")


if __name__ == "__main__":
    main()
