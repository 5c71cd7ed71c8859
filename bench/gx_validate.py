#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Great Expectations on pandas: one suite over one CSV file, timed from the inside.

Prints one line of JSON: the seconds and CPU seconds of the validation alone (the frame is loaded, the suite is read),
and the result. run_gx.py measures the process as a whole as well. Run by tests/gx/.venv/bin/python.
"""
import argparse
import json
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests" / "gx"))
import gxrun  # noqa: E402
import pandas  # noqa: E402


def load(path, is_text):
    """As users load it: numbers float64 and int64, moments of a day that pandas compares. As text: as it stands."""
    if is_text:
        return pandas.read_csv(path, dtype=str, keep_default_na=False, na_values=[""])
    return pandas.read_csv(path, parse_dates=["transaction_date"], keep_default_na=False, na_values=[""])


def main():
    p = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    p.add_argument("file")
    p.add_argument("suite")
    p.add_argument("--text", action="store_true", help="every column as text")
    p.add_argument("--run-time", required=True, help="the parameter run_time")
    args = p.parse_args()

    asker = gxrun.Asker()
    suite = gxrun.load_suite(json.loads(pathlib.Path(args.suite).read_text(encoding="utf-8")))
    batch = asker.definition.get_batch({"dataframe": load(args.file, args.text)})
    started, cpu_started = time.monotonic(), time.process_time()
    result = batch.validate(suite, result_format="SUMMARY", expectation_parameters={"run_time": args.run_time})
    seconds, cpu = time.monotonic() - started, time.process_time() - cpu_started
    print(json.dumps({"seconds": seconds, "cpu": cpu, "version": gxrun.VERSION, "pandas": pandas.__version__,
                      "result": gxrun.normalised(result.to_json_dict())}))


if __name__ == "__main__":
    main()
