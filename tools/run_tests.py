#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every test of the project; called by ./test, which sets things up. Stages, all of them or those that are named:

  checks      layers, banned calls, hardening as seen in the binary
  lint        linters of shell, images and workflows (tools/lint.sh)
  unit        cmocka and the fuzz corpora: built by gcc with ASan and UBSan, and by clang; no warnings
  model       an independent Python reading of the rules, and modules against Python
  system      the binary as a user meets it: commands, faults, kills, memory
  threads     what has threads, under the thread sanitizer: unit tests, and runs from and into every kind of place;
              with --tsan all unit tests and all that is asked of threads
  gx          Great Expectations itself, of locked versions: its answers in tests/gx/cases made anew and compared,
              random questions put to it and to finetl, finetl's results and suites loaded by its classes
  airflow     the provider and the DAGs in a real Airflow 3 of locked versions, with a scheduler; with --airflow2 in 2.11, too
  terraform   terraform/ as checkov, Terraform and tflint see it; made, found unchanged and destroyed in a pretended AWS

A file or folder of pytest's may be named as well: ./test tests/system/test_steps.py. Much waits more than it works, so
stages run beside each other, --jobs at once; each shows its log when it has ended, and keeps it in build/test-logs.
Tests of PostgreSQL and ODBC get throw-away servers, some for each of the --jobs (tools/pg_cluster.py,
tools/mariadb_server.py), or those that FINETL_TEST_POSTGRES and FINETL_TEST_ODBC name, where one pytest runs at a time.

Ends with "N passed, N failed, N skipped". A test that needs something this machine does
not have is skipped with its reason; where CI=true it fails instead, but for Terraform and its provider (tests/terraform).
"""

import argparse
import contextlib
import json
import os
import pathlib
import re
import shutil
import sys
import time
import xml.etree.ElementTree as ElementTree

import mariadb_server
import pg_cluster
from test_jobs import Jobs

ROOT = pathlib.Path(__file__).resolve().parent.parent
CI = os.environ.get("CI") == "true"
STAGES = ["checks", "lint", "unit", "model", "system", "threads", "gx", "airflow", "terraform"]
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
MAY_BE_ABSENT = "may be absent: "  # tests/terraform/terraform.py: what neither pip nor apt has
SANITIZER_ENV = {
    "ASAN_OPTIONS": "detect_stack_use_after_return=1:strict_string_checks=1:abort_on_error=1",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
    "TSAN_OPTIONS": "halt_on_error=1 exitcode=66",
}
# What has threads, for the thread sanitizer: tests of meson with the programs they run, and of pytest, which ask for programs, too.
THREADED = {"base-worker": "base/test_base_worker", "pipeline-prefetch": "pipeline/test_pipeline_prefetch", "io-writer": "io/test_io_writer",
            "db-postgres": "db/test_db_postgres"}
THREADED_PROBES = ["io/probe_s3"]
THREADED_RUNS = {
    "tests/system/test_threads.py": "little_memory or does_not_wait or postgresql",
    "tests/system/test_api.py": "every_pagination and 2",
    "tests/system/test_s3.py": "(s7_ranged_reads or s6_uploads) and moto",
}
# Files of tests/system that take a minute or more where the machine is busy, the longest first: each is a job. The others
# share some.
LONG_FILES = ["test_model", "test_postgres_faults", "test_contract", "test_postgres_server", "test_s3", "test_report", "test_postgres_line",
              "test_steps", "test_threads", "test_postgres",
              "test_benchmarks", "test_memory", "test_sources", "test_kill", "test_validate", "test_postgres_schema"]
N_SHORT_JOBS = 6


def skip(job, name, reason):
    if CI:
        job.add(name, False, f"needed in CI: {reason}")
    else:
        job.skipped.append((name, reason))


def tail(text, n_lines=60):
    return "\n".join(text.splitlines()[-n_lines:])


# ---- the source ----

def run_checks(job):
    for name in ("check_layers.py", "check_banned.py"):
        ok, output = job.call([sys.executable, ROOT / "tools" / name])
        job.add(name, ok, output)


def run_linters(job):
    """tools/lint.sh. What Go would have to build is no failure where Go is too old: the build server has a job for it."""
    ok, output = job.call([ROOT / "tools" / "lint.sh"])
    found = re.findall(r"^(ok|FAILED|skipped) ([^:\n]+)(?:: (.*))?$((?:\n    .*)*)", output, re.M)
    for outcome, name, reason, said in found:
        if outcome == "skipped":
            job.skipped.append((f"lint: {name}", reason))
        else:
            job.add(f"lint: {name}", outcome == "ok", said)
    if not found or (not ok and not any(outcome == "FAILED" for outcome, *_ in found)):
        job.add("tools/lint.sh", False, tail(output))


# ---- builds ----

def build_release(job):
    """build/, the one that ./run makes, with all its tests."""
    ok, output = job.call(["sh", "-c", '. "$here/tools/setup.sh"; build_finetl'], env={"here": str(ROOT)})
    if ok and CI:
        ok, output = job.call(["meson", "configure", ROOT / "build", "-Dwerror=true"])
    if ok:
        ok, output = job.call(["ninja", "-C", ROOT / "build"])
    job.add("build gcc release", ok, tail(output))
    if ok:
        ok, output = job.call([sys.executable, ROOT / "tools" / "check_hardening.py", ROOT / "build" / "finetl"])
        job.add("check_hardening.py", ok, output)


def folder_of(kind):
    return ROOT / ("build" if kind == "release" else f"build-{kind}")


def build_special(job, kind, targets=()):
    """build-<kind>/; targets: only these of it."""
    compiler, options = BUILDS[kind]
    folder = folder_of(kind)
    if not shutil.which(compiler):
        skip(job, f"build {kind}", f"there is no {compiler}")
        return False
    stamp, wanted = folder / ".options", "\n".join([compiler] + options)
    ok, output = True, ""
    if not stamp.exists() or stamp.read_text() != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        ok, output = job.call(["meson", "setup", folder, ROOT] + options, env={"CC": compiler})
        if ok:
            stamp.write_text(wanted)
    if ok:
        ok, output = job.call(["ninja", "-C", folder, *targets])
    job.add(f"build {kind}", ok, tail(output))
    return ok


# ---- unit tests, pytest ----

def run_meson_tests(job, kind, tests=()):
    """cmocka programs and the fuzz corpora, or those that are named. Counts cmocka's tests one by one."""
    folder = folder_of(kind)
    log = folder / "meson-logs" / "testlog.json"
    log.unlink(missing_ok=True)
    job.call(["meson", "test", "-C", folder, "--no-rebuild", "--timeout-multiplier", "4", *tests], env=SANITIZER_ENV)
    n_programs = 0
    for line in log.read_text().splitlines() if log.exists() else []:
        test = json.loads(line)
        n_programs += 1
        output = (test.get("stdout") or "") + (test.get("stderr") or "")
        ok = test["result"] in ("OK", "EXPECTEDFAIL")
        n_inside = len(re.findall(r"^\[\s+OK \]", output, re.M))
        if test["result"] == "SKIP":
            skip(job, f"{kind}: {test['name']}", output.strip())
        elif ok:
            job.n_passed += max(1, n_inside)
        else:
            job.n_passed += n_inside
            job.add(f"{kind}: {test['name']} ({test['result']})", False, tail(output))
    if n_programs == 0:
        job.add(f"{kind}: unit tests", False, "none were run")


def run_unit(job, kind):
    """Builds, unless that is `release`, and runs them."""
    if kind == "release" or build_special(job, kind):
        run_meson_tests(job, kind)


def run_pytest(job, paths, arguments, build, python=sys.executable):
    if not (folder_of(build) / "finetl").exists():
        job.add(job.name, False, "not run: there is no binary to test")
        return
    report = job.jobs.logs / f"{job.file_name}.xml"
    report.unlink(missing_ok=True)
    builds = {"FINETL_BUILD": str(folder_of(build)), **SANITIZER_ENV}
    if (folder_of("failpoints") / "finetl").exists():
        builds["FINETL_FAILPOINT_BUILD"] = str(folder_of("failpoints"))
    _, output = job.call([python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short", "--durations=5",
                          "-o", "junit_family=xunit2", f"--junitxml={report}", *arguments, *paths], env=builds)
    job.say(output)
    if not report.exists():
        job.add(job.name, False, "it left no report")
        return
    for case in ElementTree.parse(report).iter("testcase"):
        name = f"{case.get('classname')}::{case.get('name')}"
        skipped = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            job.failed.append(name)
        elif skipped is not None and skipped.get("message", "").startswith(BESIDE_THE_POINT):
            continue
        elif skipped is not None and skipped.get("message", "").startswith(MAY_BE_ABSENT):
            job.skipped.append((name, skipped.get("message")))
        elif skipped is not None:
            skip(job, name, skipped.get("message", ""))
        else:
            job.n_passed += 1


def build_threads(job, is_long):
    programs = [f"tests/unit/{path}" for path in [*THREADED.values(), *THREADED_PROBES]]
    build_special(job, "tsan", () if is_long else ["finetl", *programs])


def run_threads(job, is_long):
    """A race ends the program that has it: no test expects that exit code."""
    if not (folder_of("tsan") / "finetl").exists():
        return  # its build has said so
    run_meson_tests(job, "tsan", [] if is_long else list(THREADED))
    for path, words in THREADED_RUNS.items():
        run_pytest(job, [path], [] if is_long and "threads" in path else ["-k", words], "tsan")


def system_jobs():
    """(name, files, whether they need the build with failpoints) of each."""
    files = sorted((ROOT / "tests" / "system").glob("test_*.py"))
    long = sorted((path for path in files if path.stem in LONG_FILES), key=lambda path: LONG_FILES.index(path.stem))
    short = [path for path in files if path not in long]
    alone = [(f"system/{path.stem}", [path]) for path in long]
    shared = [(f"system/{i + 1} of {N_SHORT_JOBS}", short[i::N_SHORT_JOBS]) for i in range(N_SHORT_JOBS)]
    return [(name, paths, any("failing_finetl" in path.read_text() for path in paths)) for name, paths in alone + shared]


# ---- coverage, fuzzers ----

def run_gcovr(job):
    ok, output = job.call(["gcovr", "--root", ROOT, "--filter", "src/", folder_of("coverage")])
    job.add("gcovr", ok, tail(output))
    job.say(output)


def run_fuzzers(job, seconds, only):
    if not build_special(job, "fuzz"):
        return
    folder = folder_of("fuzz")
    harnesses = sorted(path for path in (folder / "tests" / "fuzz").glob(f"fuzz_{only or '*'}") if path.is_file())
    if not harnesses:
        job.add("fuzz", False, "there is no harness")
    for harness in harnesses:
        name = harness.name.removeprefix("fuzz_")
        found, grown = folder / "findings", folder / "corpus" / name
        found.mkdir(exist_ok=True)
        grown.mkdir(parents=True, exist_ok=True)
        ok, output = job.call([harness, f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1",
                               f"-artifact_prefix={found}/{name}-", grown, ROOT / "tests" / "fuzz" / "corpus" / name])
        job.add(f"fuzz {name}", ok, tail(output))
        executed = re.search(r"number_of_executed_units: (\d+)", output)
        job.say(f"   {name}: {executed[1] if executed else '?'} inputs, {len(list(grown.iterdir()))} of them new and kept in {grown}")


# ---- Great Expectations, Airflow: each in an environment of its own, installed the first time ----

def set_up(job, name, command):
    ok, output = job.call(command)
    if not ok:
        skip(job, name, f"{command[0].relative_to(ROOT)} could not install it: {tail(output, 3)}")


def run_great_expectations(job, is_long):
    gx, python = ROOT / "tests" / "gx", ROOT / "tests" / "gx" / ".venv" / "bin" / "python"
    if not (gx / ".venv" / "requirements.lock").exists():
        return  # its setup has said so
    ok, output = job.call([python, gx / "generate.py", "--check"])
    job.add("gx: the cases are its answers", ok, tail(output))
    job.say("   " + output.strip())
    release = folder_of("release")
    ok, output = job.call([python, gx / "compare_live.py", "--probe", release / "tests/gx/probe_gx", "--finetl", release / "finetl",
                           "--questions", "3000" if is_long else "100", *(["--seed", "2"] if is_long else [])])
    job.add("gx: random questions have the same answers", ok, tail(output))
    job.say("   " + tail(output, 3).replace("\n", "\n   "))
    ok, output = job.call([python, gx / "compare_json_schema.py", "--probe", release / "tests/gx/probe_gx", "--schemas", "5000" if is_long else "200",
                           *(["--seed", "2"] if is_long else [])])
    job.add("gx: random JSON Schemas judge as jsonschema has it", ok, tail(output))
    job.say("   " + tail(output, 1))


def run_airflow(job, major):
    venv = ROOT / "airflow" / f".venv-{major}"
    if (venv / ".lock").exists():  # or its setup has said why not
        run_pytest(job, ["airflow/tests/real"], [], "release", venv / "bin" / "python")


# ---- servers ----

@contextlib.contextmanager
def servers():
    """A PostgreSQL and a MariaDB, as variables; tests without say so themselves."""
    variables = {}
    with contextlib.ExitStack() as stack:
        for module, options in ((pg_cluster, {"tls": True}), (mariadb_server, {})):
            if os.environ.get(module.VARIABLE):
                continue
            try:
                variables |= stack.enter_context(module.throw_away(**options)).variables()
            except module.NoServer as reason:
                print(f"{module.__name__}: {reason}", flush=True)
        yield variables


def has_servers_of_the_user():
    return any(os.environ.get(module.VARIABLE) for module in (pg_cluster, mariadb_server))


# ---- all of it ----

def add_pytest(jobs, name, paths, arguments, build, needs_failpoints=False):
    needs = [f"build {build}", *(["build failpoints"] if needs_failpoints else [])]
    if has_servers_of_the_user():  # one at a time: the one before
        needs += [job.name for job in jobs.jobs if job.wants_servers][-1:]
    jobs.add(name, lambda job: run_pytest(job, paths, arguments, build), needs=needs, wants_servers=True)


def add_jobs(jobs, options, arguments, paths):
    """What begins first stands first: builds and downloads, then what takes longest."""
    stages = options.stages
    is_full = not options.quick and not options.coverage
    build = "coverage" if options.coverage else "release"
    if options.coverage:
        jobs.add("build coverage", lambda job: build_special(job, "coverage"))
    elif paths or stages - {"checks", "lint"} or options.fuzz:
        jobs.add("build release", build_release)
    if "checks" in stages:
        jobs.add("checks", run_checks)
    majors = ["3", "2"] if options.airflow2 else ["3"]
    if "airflow" in stages and is_full:
        for major in majors:
            jobs.add(f"set up airflow {major}", lambda job, major=major: set_up(job, f"Airflow {major}", [ROOT / "airflow" / "setup.sh", major]))
    if "gx" in stages and is_full:
        jobs.add("set up gx", lambda job: set_up(job, "Great Expectations", [ROOT / "tests" / "gx" / "setup.sh"]))
    if "terraform" in stages and is_full:
        jobs.add("set up terraform", lambda job: set_up(job, "checkov", [ROOT / "tests" / "terraform" / "setup.sh"]))
    if (paths or "system" in stages) and is_full:
        jobs.add("build failpoints", lambda job: build_special(job, "failpoints"), needs=["build release"])
    if "lint" in stages and is_full:
        jobs.add("lint", run_linters)
    for path in paths:
        add_pytest(jobs, path, [path], arguments, build, needs_failpoints=is_full)
    if "airflow" in stages and is_full:
        for major in majors:
            jobs.add(f"airflow {major}", lambda job, major=major: run_airflow(job, major), needs=["build release", f"set up airflow {major}"],
                     wants_servers=True)
    if "gx" in stages and is_full:
        jobs.add("gx", lambda job: run_great_expectations(job, options.long), needs=["build release", "set up gx"])
    if "terraform" in stages and is_full:
        jobs.add("terraform", lambda job: run_pytest(job, ["tests/terraform"], ["--long"] * options.long, "release"), needs=["build release", "set up terraform"])
    system = system_jobs() if "system" in stages else []
    for name, files, needs_failpoints in system[:len(LONG_FILES)]:
        add_pytest(jobs, name, files, arguments, build, needs_failpoints and is_full)
    if "unit" in stages:
        kinds = ["coverage"] if options.coverage else ["release"] if options.quick else ["asan", "clang"]
        for kind in kinds:
            jobs.add(f"unit {kind}", lambda job, kind=kind: run_unit(job, kind), needs=[f"build {kind}"], wants_servers=True)
    for name, files, needs_failpoints in system[len(LONG_FILES):]:
        add_pytest(jobs, name, files, arguments, build, needs_failpoints and is_full)
    if "threads" in stages and is_full:
        jobs.add("build tsan", lambda job: build_threads(job, options.tsan), needs=["build release"])
        jobs.add("threads", lambda job: run_threads(job, options.tsan), needs=["build tsan"], wants_servers=True)
    if "model" in stages:
        add_pytest(jobs, "model", ["tests/model"], arguments, build)
    if "airflow" in stages and not options.coverage:
        add_pytest(jobs, "airflow plain", ["airflow/tests/plain"], [], build)
    if options.coverage:
        jobs.add("gcovr", run_gcovr, needs=[job.name for job in jobs.jobs])
    if options.fuzz:  # alone, as it is to find much
        jobs.add("fuzz", lambda job: run_fuzzers(job, options.fuzz, options.fuzzer), needs=[job.name for job in jobs.jobs])


def finish(jobs, started, is_whole):
    failed = [name for job in jobs for name in job.failed]
    skipped = [entry for job in jobs for entry in job.skipped]
    print("== summary")
    for job in jobs:
        print(f"   {job.name}: {job.summary}")
    for name in failed:
        print(f"failed:  {name}")
    for name, reason in skipped:
        print(f"skipped: {name}: {reason}")
    n_passed = sum(job.n_passed for job in jobs)
    print(f"({time.monotonic() - started:.0f} s)" + ("" if is_whole else " stopped before the end"))
    print(f"{n_passed} passed, {len(failed)} failed, {len(skipped)} skipped", flush=True)
    return 130 if not is_whole else 1 if failed or not n_passed else 0


def what_is_named(words, parser):
    """The stages and the paths among them."""
    stages = {word for word in words if word in STAGES}
    paths = [word for word in words if word not in STAGES]
    for path in paths:
        if not (ROOT / path.partition("::")[0]).exists():
            parser.error(f"there is neither a stage nor a file {path}; stages: {', '.join(STAGES)}")
    return stages, paths


def main():
    parser = argparse.ArgumentParser(prog="./test", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", metavar="STAGE|PATH", help="only these, and the builds that they need")
    parser.add_argument("--jobs", type=int, metavar="N", default=2 * len(os.sched_getaffinity(0)),
                        help="so many at once; else twice as many as there are processors")
    parser.add_argument("--quick", action="store_true", help="one build, no sanitizers, no kills at failpoints, no Great Expectations, no Airflow, no Terraform")
    parser.add_argument("--long", action="store_true",
                        help="all kills, 5,000,000 rows, a million records from every kind of source, 3,000 questions to "
                             "Great Expectations; takes its time")
    parser.add_argument("--coverage", action="store_true", help="which lines the tests reach, instead of the usual builds")
    parser.add_argument("--tsan", action="store_true", help="all unit tests, and all that is asked of threads, under the thread sanitizer")
    parser.add_argument("--airflow2", action="store_true", help="the tests of Airflow with 2.11 as well")
    parser.add_argument("--fuzz", type=int, metavar="SECONDS", help="each fuzzer for so long as well")
    parser.add_argument("--fuzzer", metavar="NAME", help="with --fuzz: only this one (suite, csv, ... of tests/fuzz)")
    parser.add_argument("--only", metavar="WORD", help="of the pytest tests only those whose name has this word; else nothing")
    options = parser.parse_args()
    options.stages, paths = what_is_named(options.what, parser)
    if not options.what:
        options.stages = {"model", "system"} if options.only else {"checks", "unit", "model", "system"} if options.coverage else set(STAGES)
    arguments = [*(["--long"] if options.long else []), *(["-k", options.only] if options.only else []),
                 *(["--no-failpoints"] if options.quick or options.coverage else [])]

    started, jobs = time.monotonic(), Jobs(max(1, options.jobs), servers, ROOT, ROOT / "build" / "test-logs")
    add_jobs(jobs, options, arguments, paths)
    is_whole = jobs.run()
    return finish(jobs.jobs, started, is_whole)


if __name__ == "__main__":
    sys.exit(main())
