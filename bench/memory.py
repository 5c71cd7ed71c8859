#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Peak memory of the default pipeline at growing sizes, against 64 MiB + 64 bytes a key.

A key is a record of customers.csv or transactions.csv: at most so many are remembered.
"""
import argparse
import pathlib
import shutil
import sys
import tempfile

import measure


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--finetl", default=measure.ROOT / "build/finetl",
                   type=lambda text: pathlib.Path(text).resolve())
    p.add_argument("--rows", default="10000,100000,1000000,5000000", help="sizes, by comma [%(default)s]")
    p.add_argument("--work", type=pathlib.Path, default=pathlib.Path(tempfile.gettempdir()) / "finetl-bench")
    args = p.parse_args()

    failed = False
    print(f"{'transactions':>12} {'customers':>10}  {'warehouse':<9} {'peak MiB':>9} {'bound MiB':>10} {'of bound':>9} {'s':>7}")
    for n in map(int, args.rows.split(",")):
        customers = max(1, n // 20)
        data = measure.generate(args.finetl, args.work / f"data-{n}", n, customers)
        pipeline = measure.pipeline_for(data)
        bound = 64 + 64 * (n + customers) / 2**20
        for scheme in ("files", "sqlite"):
            out = args.work / "memory"
            shutil.rmtree(out, ignore_errors=True)
            out.mkdir(parents=True)
            run = measure.run_finetl(args.finetl, pipeline, f"{scheme}:{out}" + ("/warehouse.db" if scheme == "sqlite" else ""))
            ok = run.rss_mib <= bound
            failed |= not ok
            print(f"{n:>12,} {customers:>10,}  {scheme:<9} {run.rss_mib:>9.1f} {bound:>10.1f} {run.rss_mib / bound:>9.0%} "
                  f"{run.wall:>7.2f}{'' if ok else '  ABOVE THE BOUND'}", flush=True)
            shutil.rmtree(out)
    if failed:
        sys.exit(1)


if __name__ == "__main__":
    main()
