#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every test of the project, in order; called by ./test, which sets things up.

  checks      layers, banned calls, hardening as seen in the binary; linters of shell, images and workflows (tools/lint.sh)
  builds      gcc release, gcc with ASan and UBSan, clang, gcc with failpoints; no warnings
  unit        cmocka and the fuzz corpora, under the sanitizers and with clang
  server      tests of PostgreSQL and ODBC get throw-away servers (tools/pg_cluster.py, tools/mariadb_server.py),
              or those that FINETL_TEST_POSTGRES and FINETL_TEST_ODBC name
  model       an independent Python reading of the rules, and modules against Python
  system      the binary as a user meets it: commands, faults, kills, memory
  gx          Great Expectations itself, of locked versions: its answers in tests/gx/cases made anew and compared,
              random questions put to it and to finetl, finetl's results and suites loaded by its classes
  airflow     the provider and the DAGs in a real Airflow 3 of locked versions, with a scheduler; with --airflow2 in 2.11, too

Ends with "N passed, N failed, N skipped". A test that needs something this machine does
not have is skipped with its reason; where CI=true it fails instead.
"""

import argparse
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree

import mariadb_server
import pg_cluster

ROOT = pathlib.Path(__file__).resolve().parent.parent
CI = os.environ.get("CI") == "true"
SANITIZE = ["-Dbuildtype=debugoptimized", "-Db_lundef=false"]
BUILDS = {
    "asan": ("gcc", SANITIZE + ["-Db_sanitize=address,undefined", "-Dc_args=-fno-sanitize-recover=all", "-Dwerror=true"]),
    "clang": ("clang", ["-Dbuildtype=release", "-Dwerror=true"]),
    "failpoints": ("gcc", ["-Dbuildtype=release", "-Dfailpoints=true"]),
    "tsan": ("gcc", SANITIZE + ["-Db_sanitize=thread"]),
    "coverage": ("gcc", ["-Dbuildtype=debug", "-Db_coverage=true"]),
    "fuzz": ("clang", SANITIZE + ["-Db_sanitize=address,undefined", "-Dfuzzers=true",
                                  "-Dc_args=-fsanitize=fuzzer-no-link -fno-sanitize-recover=all"]),
}
BESIDE_THE_POINT = "beside the point: "  # tests/system/finetl.py: parameters that ask a test nothing
SANITIZER_ENV = {
    "ASAN_OPTIONS": "detect_stack_use_after_return=1:strict_string_checks=1:abort_on_error=1",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
    "TSAN_OPTIONS": "halt_on_error=1",
}


class Results:
    def __init__(self):
        self.n_passed, self.failed, self.skipped = 0, [], []

    def add(self, name, ok, detail=""):
        if ok:
            self.n_passed += 1
        else:
            self.failed.append(name)
            print(f"FAILED {name}\n{detail.rstrip()}", flush=True)

    def skip(self, name, reason):
        if CI:
            self.add(name, False, f"needed in CI: {reason}")
        else:
            self.skipped.append((name, reason))


def say(text):
    print(f"== {text}", flush=True)


def call(command, **more):
    """Runs to the end; (whether it went well, all that it wrote)."""
    done = subprocess.run([str(c) for c in command], cwd=ROOT, text=True, errors="replace",
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **more)
    return done.returncode == 0, done.stdout


def tail(text, n_lines=60):
    return "\n".join(text.splitlines()[-n_lines:])


def run_checks(results):
    say("checks of the source")
    for name in ("check_layers.py", "check_banned.py"):
        ok, output = call([sys.executable, ROOT / "tools" / name])
        results.add(name, ok, output)


def run_linters(results):
    """tools/lint.sh. What Go would have to build is no failure where Go is too old: the build server has a job for it."""
    say("linters of shell, workflows, images, compose, Kubernetes")
    ok, output = call([ROOT / "tools" / "lint.sh"])
    found = re.findall(r"^(ok|FAILED|skipped) ([^:\n]+)(?:: (.*))?$((?:\n    .*)*)", output, re.M)
    for outcome, name, reason, said in found:
        if outcome == "skipped":
            results.skipped.append((f"lint: {name}", reason))
        else:
            results.add(f"lint: {name}", outcome == "ok", said)
    if not found or (not ok and not any(outcome == "FAILED" for outcome, *_ in found)):
        results.add("tools/lint.sh", False, tail(output))


def build_release(results):
    """build/, the one that ./run makes, with all its tests."""
    say("build: gcc, release")
    ok, output = call(["sh", "-c", '. "$here/tools/setup.sh"; build_finetl'], env={**os.environ, "here": str(ROOT)})
    if ok and CI:
        ok, output = call(["meson", "configure", ROOT / "build", "-Dwerror=true"])
    if ok:
        ok, output = call(["ninja", "-C", ROOT / "build"])
    results.add("build gcc release", ok, tail(output))
    if ok:
        ok, output = call([sys.executable, ROOT / "tools" / "check_hardening.py", ROOT / "build" / "finetl"])
        results.add("check_hardening.py", ok, output)
    return ROOT / "build"


def build_special(results, kind):
    """build-<kind>/, or None where it did not come about."""
    compiler, options = BUILDS[kind]
    folder = ROOT / f"build-{kind}"
    say(f"build: {compiler}, {kind}")
    if not shutil.which(compiler):
        results.skip(f"build {kind}", f"there is no {compiler}")
        return None
    stamp, wanted = folder / ".options", "\n".join([compiler] + options)
    ok, output = True, ""
    if not stamp.exists() or stamp.read_text() != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        ok, output = call(["meson", "setup", folder, ROOT] + options, env={**os.environ, "CC": compiler})
        if ok:
            stamp.write_text(wanted)
    if ok:
        ok, output = call(["ninja", "-C", folder])
    results.add(f"build {kind}", ok, tail(output))
    return folder if ok else None


def run_meson_tests(results, folder, name):
    """cmocka programs and the fuzz corpora. Counts cmocka's tests one by one."""
    say(f"unit tests and fuzz corpora: {name}")
    call(["meson", "test", "-C", folder, "--no-rebuild", "--timeout-multiplier", "4"], env={**os.environ, **SANITIZER_ENV})
    log = folder / "meson-logs" / "testlog.json"
    n_programs = 0
    for line in log.read_text().splitlines() if log.exists() else []:
        test = json.loads(line)
        n_programs += 1
        output = (test.get("stdout") or "") + (test.get("stderr") or "")
        ok = test["result"] in ("OK", "EXPECTEDFAIL")
        n_inside = len(re.findall(r"^\[\s+OK \]", output, re.M))
        if test["result"] == "SKIP":
            results.skip(f"{name}: {test['name']}", output.strip())
        elif ok:
            results.n_passed += max(1, n_inside)
        else:
            results.n_passed += n_inside
            results.add(f"{name}: {test['name']} ({test['result']})", False, tail(output))
    if n_programs == 0:
        results.add(f"{name}: unit tests", False, "none were run")


def run_pytest(results, folders, arguments, builds, python=sys.executable):
    say("pytest: " + ", ".join(folders))
    if not (pathlib.Path(builds["FINETL_BUILD"]) / "finetl").exists():
        results.add("pytest", False, "not run: there is no binary to test")
        return
    report = ROOT / "build" / "pytest.xml"
    report.unlink(missing_ok=True)
    command = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short", "--durations=10",
               "-o", "junit_family=xunit2", f"--junitxml={report}", *arguments, *folders]
    subprocess.run([str(c) for c in command], cwd=ROOT, env={**os.environ, **builds}, check=False)
    if not report.exists():
        results.add("pytest", False, "it left no report")
        return
    cases = list(ElementTree.parse(report).iter("testcase"))
    for case in cases:
        name = f"{case.get('classname')}::{case.get('name')}"
        skipped = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            results.failed.append(name)
        elif skipped is not None and skipped.get("message", "").startswith(BESIDE_THE_POINT):
            continue
        elif skipped is not None:
            results.skip(name, skipped.get("message", ""))
        else:
            results.n_passed += 1
    if not cases:
        results.add("pytest", False, "no test was found")


def run_coverage(results, arguments):
    folder = build_special(results, "coverage")
    if not folder:
        return
    run_meson_tests(results, folder, "coverage")
    run_pytest(results, ["tests/model", "tests/system"], arguments + ["--no-failpoints"], {"FINETL_BUILD": str(folder)})
    ok, output = call(["gcovr", "--root", ROOT, "--filter", "src/", folder])
    results.add("gcovr", ok, tail(output))
    print(output)


def run_fuzzers(results, seconds, only):
    folder = build_special(results, "fuzz")
    if not folder:
        return
    harnesses = sorted(path for path in (folder / "tests" / "fuzz").glob(f"fuzz_{only or '*'}") if path.is_file())
    if not harnesses:
        results.add("fuzz", False, "there is no harness")
    for harness in harnesses:
        name = harness.name.removeprefix("fuzz_")
        say(f"fuzzing {name} for {seconds} s")
        found, grown = folder / "findings", folder / "corpus" / name
        found.mkdir(exist_ok=True)
        grown.mkdir(parents=True, exist_ok=True)
        ok, output = call([harness, f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1",
                           f"-artifact_prefix={found}/{name}-", grown, ROOT / "tests" / "fuzz" / "corpus" / name])
        results.add(f"fuzz {name}", ok, tail(output))
        executed = re.search(r"number_of_executed_units: (\d+)", output)
        print(f"   {executed[1] if executed else '?'} inputs, {len(list(grown.iterdir()))} of them new and kept in {grown}")


def run_great_expectations(results, release, is_long):
    """tests/gx, with Great Expectations installed into an environment of its own (tests/gx/.venv) the first time."""
    say("Great Expectations")
    gx, python = ROOT / "tests" / "gx", ROOT / "tests" / "gx" / ".venv" / "bin" / "python"
    ok, output = call([gx / "setup.sh"])
    if not ok:
        results.skip("Great Expectations", f"tests/gx/setup.sh could not install it: {tail(output, 3)}")
        return
    ok, output = call([python, gx / "generate.py", "--check"])
    results.add("gx: the cases are its answers", ok, tail(output))
    print("  ", output.strip())
    ok, output = call([python, gx / "compare_live.py", "--probe", release / "tests/gx/probe_gx", "--finetl", release / "finetl",
                       "--questions", "3000" if is_long else "100", *(["--seed", "2"] if is_long else [])])
    results.add("gx: random questions have the same answers", ok, tail(output))
    print("  ", tail(output, 3).replace("\n", "\n   "))


def run_airflow(results, release, major):
    """airflow/tests with a real Airflow, installed into an environment of its own (airflow/.venv-N) the first time."""
    say(f"Airflow {major}")
    airflow = ROOT / "airflow"
    ok, output = call([airflow / "setup.sh", major])
    if not ok:
        results.skip(f"Airflow {major}", f"airflow/setup.sh could not install it: {tail(output, 3)}")
        return
    run_pytest(results, ["airflow/tests/real"], [], {"FINETL_BUILD": str(release)}, airflow / f".venv-{major}" / "bin" / "python")


@contextlib.contextmanager
def postgres_server():
    """A server for the tests that need one; without, they say so themselves."""
    if os.environ.get(pg_cluster.VARIABLE):
        say("PostgreSQL: the server of " + pg_cluster.VARIABLE)
        yield
        return
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the server ends with us
    with contextlib.ExitStack() as stack:
        try:
            cluster = stack.enter_context(pg_cluster.throw_away(tls=True))
            os.environ.update(cluster.variables())
            say(f"PostgreSQL: a throw-away server in {cluster.folder}")
        except pg_cluster.NoServer as reason:
            say(f"PostgreSQL: {reason}")
        yield


@contextlib.contextmanager
def odbc_server():
    """A MariaDB for the tests of ODBC; without, they say so themselves."""
    if os.environ.get(mariadb_server.VARIABLE):
        say("ODBC: the source of " + mariadb_server.VARIABLE)
        yield
        return
    with contextlib.ExitStack() as stack:
        try:
            server = stack.enter_context(mariadb_server.throw_away())
            os.environ.update(server.variables())
            say(f"MariaDB: a throw-away server in {server.folder}")
        except mariadb_server.NoServer as reason:
            say(f"MariaDB: {reason}")
        yield


def run_all(options, results):
    arguments = (["--long"] if options.long else []) + (["-k", options.only] if options.only else [])
    run_checks(results)
    if not options.quick and not options.only:
        run_linters(results)
    release = build_release(results)
    if options.coverage:
        run_coverage(results, arguments)
        return
    builds = {"FINETL_BUILD": str(release)}
    if options.quick:
        arguments.append("--no-failpoints")
        run_meson_tests(results, release, "release")
    else:
        for kind in ["asan", "clang"] + (["tsan"] if options.tsan else []):
            folder = build_special(results, kind)
            if folder:
                run_meson_tests(results, folder, kind)
        folder = build_special(results, "failpoints")
        if folder:
            builds["FINETL_FAILPOINT_BUILD"] = str(folder)
    run_pytest(results, ["tests/model", "tests/system"], arguments, builds)
    if not options.only:
        run_pytest(results, ["airflow/tests/plain"], [], builds)
    if not options.quick and not options.only:
        run_great_expectations(results, release, options.long)
        for major in ("3", "2") if options.airflow2 else ("3",):
            run_airflow(results, release, major)
    if options.fuzz:
        run_fuzzers(results, options.fuzz, options.fuzzer)


def finish(results, started):
    for name in results.failed:
        print(f"failed:  {name}")
    for name, reason in results.skipped:
        print(f"skipped: {name}: {reason}")
    print(f"({time.monotonic() - started:.0f} s)")
    print(f"{results.n_passed} passed, {len(results.failed)} failed, {len(results.skipped)} skipped", flush=True)
    sys.exit(1 if results.failed or not results.n_passed else 0)


def main():
    parser = argparse.ArgumentParser(prog="./test", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one build, no sanitizers, no kills at failpoints, no Great Expectations, no Airflow")
    parser.add_argument("--long", action="store_true",
                        help="all kills, 5,000,000 rows, a million records from every kind of source, 3,000 questions to "
                             "Great Expectations; takes its time")
    parser.add_argument("--coverage", action="store_true", help="which lines the tests reach, instead of the usual builds")
    parser.add_argument("--tsan", action="store_true", help="the unit tests under the thread sanitizer as well")
    parser.add_argument("--airflow2", action="store_true", help="the tests of Airflow with 2.11 as well")
    parser.add_argument("--fuzz", type=int, metavar="SECONDS", help="each fuzzer for so long as well")
    parser.add_argument("--fuzzer", metavar="NAME", help="with --fuzz: only this one (suite, csv, ... of tests/fuzz)")
    parser.add_argument("--only", metavar="WORD", help="of the pytest tests only those whose name has this word")
    options = parser.parse_args()

    started, results = time.monotonic(), Results()
    with postgres_server(), odbc_server():
        run_all(options, results)
    finish(results, started)


if __name__ == "__main__":
    main()
