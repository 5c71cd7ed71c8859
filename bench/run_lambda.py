#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The function beside a handler of pandas and boto3 (lambda_pandas.py), both under AWS's own emulator, over objects on a
moto that checks signatures.

In each round each of them is started anew (the emulator begins the function with the first event), and gets

  init      nothing yet: from the start of the process until it asks for an event (tests/system/runtimeapi.py)
  ready     S3's test event, or one without records: from the event to its answer is the start of the process
  file      an event of a file of 10,000 rows: read from S3, cleaned, written to S3
  warm      the same once more, of another key

and then its peak memory is looked at. Files of results are compared first. Needs what ./test installs (.venv), and the
package of tools/lambda_package.sh, or a binary.
"""
import argparse
import csv
import io
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
TESTS = HERE.parent / ".venv" / "bin" / "python"
sys.path[:0] = [str(HERE), str(HERE.parent / "tests" / "system")]

import measure  # noqa: E402

REQUIREMENTS = HERE / "requirements-lambda.txt"
GOALS = {"ready": 20, "memory": 10}
COLUMNS = ("transaction_id", "customer_id", "amount", "status", "amount_category", "risk_level", "transaction_year", "transaction_hour")
PIPELINE = """\
version: 1
pipeline: bench
defaults: { text: { trim: true }, timestamp: { zone: UTC } }
datasets:
"""


def pipeline_text(bucket):
    """The transactions of the default pipeline, from S3, without the customers that they refer to and the suite: the
    handler has neither."""
    lines = (HERE.parent / "pipelines" / "financial_transactions.yaml").read_text(encoding="utf-8").splitlines(keepends=True)
    begin = next(i for i, line in enumerate(lines) if line.startswith("  - name: transactions"))
    end = next(i for i, line in enumerate(lines) if line.startswith("targets:"))
    text = "".join(line for line in lines[begin:end] if not re.match(r"\s+(references:|expectations:|- \{ id: customer_known)", line))
    text, n = re.subn(r"csv: [^ ]+ ", f'csv: "s3://{bucket}/raw/**.csv" ', text)
    if n != 1:
        sys.exit("pipelines/financial_transactions.yaml: no single source of the transactions")
    return PIPELINE + text + ("targets:\n  fact_transactions:\n    key: [transaction_id]\n"
                              "    mutable: [status, category, merchant_id, payment_method]\n")


def older_python():
    venv = HERE / ".venv-lambda"
    stamp, wanted = venv / ".requirements", REQUIREMENTS.read_text(encoding="utf-8")
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        subprocess.run([sys.executable, "-m", "venv", "--clear", venv], check=True)
        subprocess.run([venv / "bin/pip", "install", "--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:",
                        "-r", REQUIREMENTS], check=True)
        subprocess.run([venv / "bin/python", "-m", "compileall", "-q", venv / "lib"], check=False)
        stamp.write_text(wanted, encoding="utf-8")
    return venv / "bin" / "python"


def seconds_of(emulator, event):
    begun = time.monotonic()
    status, answer = emulator.invoke(event)
    took = time.monotonic() - begun
    if status != 200 or "errorType" in answer:
        sys.exit(f"{answer}\n{emulator.logs()}")
    return took


def peak_mib(pid):
    told = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(re.search(r"VmHWM:\s+(\d+)", told)[1]) / 1024


def init_seconds(command, env):
    """From the start of the process until it asks for an event, which is what Lambda calls init. The emulator does not tell."""
    from runtimeapi import Function, RuntimeApi
    with tempfile.TemporaryDirectory() as folder, RuntimeApi() as api:
        begun = time.monotonic()
        with Function(command, api, folder, env):
            if not api.asked.wait(60):
                sys.exit(f"{command[0]} does not start")
            return time.monotonic() - begun


class Contestant:
    def __init__(self, name, command, env):
        self.name, self.command, self.env = name, command, env
        self.figures = {"ready": [], "file": [], "warm": [], "memory": [], "init": []}

    def round(self, emulator_binary, events):
        from emulator import Emulator
        self.figures["init"].append(init_seconds(self.command, self.env))
        with tempfile.TemporaryDirectory() as folder, Emulator(emulator_binary, self.command, folder, self.env) as emulator:
            for name, event in zip(("ready", "file", "warm"), events, strict=True):
                self.figures[name].append(seconds_of(emulator, event))
            self.figures["memory"].append(peak_mib(emulator.function_pid()))


def rows_of(client, bucket, key):
    text = client.get_object(Bucket=bucket, Key=key)["Body"].read().decode()

    def same(name, value):
        return f"{float(value):.2f}" if name == "amount" else value
    return sorted(tuple(same(name, row[name]) for name in COLUMNS) for row in csv.DictReader(io.StringIO(text)))


def unpack(package, folder):
    with zipfile.ZipFile(package) as z:
        z.extractall(folder)
    (folder / "bootstrap").chmod(0o755)
    return folder / "bootstrap"


def compare(theirs, ours, n_rounds):
    print(f"{'':<38}{'pandas':>12}{'finetl':>12}   times less (95 %)")
    ratios = {}
    names = (("init", "process start to first question, ms"), ("ready", "event to first answer, ms"), ("file", "first file, 10,000 rows, ms"),
             ("warm", "second file, warm, ms"), ("memory", "peak memory, MiB"))
    for key, text in names:
        a, b = theirs.figures[key], ours.figures[key]
        middle, low, high = measure.interval([x / y for x, y in zip(a, b, strict=True)])
        scale = 1 if key == "memory" else 1000
        print(f"{text:<38}{statistics.median(a) * scale:>12,.1f}{statistics.median(b) * scale:>12,.1f}   "
              f"{middle:.1f}   ({low:.1f} to {high:.1f}, {n_rounds} rounds)")
        ratios[key] = middle
    return ratios


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--finetl", default=HERE.parent / "build" / "finetl", type=pathlib.Path, help="generates the data (default: build/finetl)")
    parser.add_argument("--package", type=pathlib.Path, help="a zip of tools/lambda_package.sh; else the binary above is run")
    parser.add_argument("--rows", type=int, default=10000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--work", default="/tmp/finetl-bench", type=pathlib.Path)
    args = parser.parse_args()
    try:
        import s3servers
        from emulator import find_emulator
        from runtimeapi import TEST_EVENT, s3_event
    except ImportError as missing:
        if TESTS.exists() and pathlib.Path(sys.prefix).resolve() != TESTS.parent.parent.resolve():
            os.execv(TESTS, [str(TESTS), *sys.argv])
        sys.exit(f"run_lambda.py: {missing}: ./test makes .venv, which has moto and the emulator")
    binary = find_emulator()
    if binary is None:
        sys.exit("run_lambda.py: no emulator: ./test installs aws-sam-cli of tests/requirements.txt")

    folder = measure.generate(args.finetl, args.work / f"lambda-{args.rows}", args.rows, 1000, clean=True)
    text = (folder / "transactions.csv").read_bytes()
    with tempfile.TemporaryDirectory() as work, open(pathlib.Path(work) / "moto.log", "w", encoding="utf-8") as log:
        work, moto = pathlib.Path(work), s3servers.start_moto(log)
        try:
            client, names = moto.client(), {n: v for n, v in moto.env().items() if n.startswith("AWS_")}
            for bucket in ("raw", "finetl", "pandas"):
                client.create_bucket(Bucket=bucket)
            (work / "pipeline.yaml").write_text(pipeline_text("raw"), encoding="utf-8")
            if args.package:
                bootstrap = unpack(args.package, work)
            else:
                bootstrap = work / "bootstrap"
                bootstrap.symlink_to(args.finetl.resolve())
            ours = Contestant("finetl", [bootstrap], {"FINETL_PIPELINE": work / "pipeline.yaml", "FINETL_OUTPUT": "s3://finetl", **names})
            theirs = Contestant("pandas", [older_python(), HERE / "lambda_pandas.py"], {"PROCESSED_BUCKET": "pandas", **names})
            for n in range(args.rounds + 1):
                events = [TEST_EVENT]
                for key in (f"raw/{n}-a.csv", f"raw/{n}-b.csv"):
                    made = client.put_object(Bucket="raw", Key=key, Body=text)
                    events.append(s3_event(key, size=len(text), eTag=made["ETag"].strip('"')))
                theirs.round(binary, [{"Records": []}, *events[1:]])
                ours.round(binary, events)
                if n == 0:  # which also fills the page cache
                    a, b = rows_of(client, "pandas", "processed/0-a.csv"), rows_of(client, "finetl", "processed/0-a.csv")
                    if a != b:
                        odd = sorted(set(a) ^ set(b))
                        sys.exit(f"the results differ: {len(a)} and {len(b)} rows; first: {odd[:3]}")
                    print(f"{len(b):,} rows of {args.rows:,} in both results, equal")
                    for contestant in (theirs, ours):
                        for figures in contestant.figures.values():
                            figures.clear()
        finally:
            moto.stop()
        print(f"bootstrap: {bootstrap.stat().st_size:,} bytes" + (f"; zip: {args.package.stat().st_size:,}" if args.package else ""))
        ratios = compare(theirs, ours, args.rounds)
    missed = [name for name, goal in GOALS.items() if ratios[name] < goal]
    print("goals: " + ", ".join(f"{name} {goal} times less: {'NOT met' if name in missed else 'met'}" for name, goal in GOALS.items()))
    sys.exit(bool(missed))


if __name__ == "__main__":
    main()
