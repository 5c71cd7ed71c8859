# SPDX-License-Identifier: Apache-2.0
"""Libraries that are opened only when they are asked for: which runs have them, and what is said where they are missing."""

import os
import re
import subprocess

import pytest

from faultserver import Answer, FaultServer
from finetl import ROOT, absent, write_pipeline

LATE = {"libpq.so.5", "libcurl.so.4", "libodbc.so.2"}
DEFAULT = ROOT / "pipelines" / "financial_transactions.yaml"
NOWHERE = "postgresql://nobody@127.0.0.1:1/books"


@pytest.fixture(scope="module", autouse=True)
def opened_late(finetl):
    """The names in the binary's own notes."""
    done = subprocess.run(["readelf", "--wide", "--string-dump=.note.dlopen", finetl.binary], capture_output=True, text=True, check=False)
    if done.returncode:
        absent("readelf, of binutils")
    names = set(re.findall(r'"soname":\["([^"]+)"\]', done.stdout))
    assert names == LATE
    return names


def opened(finetl, folder, *arguments):
    """(what became of it, the libraries that the dynamic linker has opened)"""
    done = finetl(*arguments, env={"LD_DEBUG": "files", "LD_DEBUG_OUTPUT": folder / "ld"})
    said = "".join(path.read_text() for path in folder.glob("ld.*"))
    return done, set(re.findall(r"file=(\S+) \[0\]", said))


def hide(folder, name):
    """An environment in which the library is there, and is none."""
    (folder / name).write_text("no library")
    return {"LD_LIBRARY_PATH": folder}


def of_source(folder, source):
    return write_pipeline(folder, {
        "version": 1, "pipeline": "remote",
        "datasets": [{"name": "things", "source": source, "columns": [{"name": "id", "type": "text(9)"}], "target": "things"}],
        "targets": {"things": {"key": ["id"]}}})


def of_url(folder, url):
    return of_source(folder, {"csv": url, "network": {"allow_http": True, "allow_private_addresses": True, "max_tries": 1}})


def test_a_command_without_work_opens_none(finetl, tmp_path):
    done, libraries = opened(finetl, tmp_path, "version")
    assert "libc.so.6" in libraries and not libraries & LATE, done.ok()


@pytest.mark.parametrize("kind", ["files", "sqlite"])
def test_a_run_from_files_opens_none(finetl, tmp_path, kind):
    finetl("generate", tmp_path / "data", "--customers", "5", "--transactions", "9", "--clean").ok()
    pipeline = tmp_path / "pipelines" / "p.yaml"
    pipeline.parent.mkdir()
    pipeline.write_text(DEFAULT.read_text().replace("../suites", str(ROOT / "suites")))
    done, libraries = opened(finetl, tmp_path, "run", pipeline, "--warehouse", f"{kind}:{tmp_path / 'w'}")
    assert done.ok().result["status"] == "success"
    assert "libcrypto.so.3" in libraries and not libraries & LATE


def test_a_run_from_http_opens_libcurl_alone(finetl, tmp_path):
    with FaultServer({"/x.csv": [Answer(b"id\n1\n")]}) as server:
        done, libraries = opened(finetl, tmp_path, "run", of_url(tmp_path, server.url("/x.csv")), "--warehouse", f"files:{tmp_path / 'w'}")
    assert done.ok().dataset("things")["inserted"] == 1
    assert libraries & LATE == {"libcurl.so.4"}


def test_a_run_into_postgresql_opens_libpq_alone(finetl, tmp_path):
    done, libraries = opened(finetl, tmp_path, "run", DEFAULT, "--wait", "0s", "--warehouse", NOWHERE)
    assert done.code == 6, done
    assert libraries & LATE == {"libpq.so.5"}


def test_without_libpq_it_says_what_to_install(finetl, tmp_path):
    done = finetl("run", DEFAULT, "--wait", "0s", "--warehouse", NOWHERE, env=hide(tmp_path, "libpq.so.5"))
    assert done.code == 2 and done.result["status"] == "failed", done
    assert "PostgreSQL's client library cannot be opened: " in done.stderr and "(Debian: libpq5)" in done.stderr, done


def test_without_libcurl_it_says_what_to_install(finetl, tmp_path):
    pipeline = of_url(tmp_path, "http://127.0.0.1:1/x.csv")
    done = finetl("run", pipeline, "--warehouse", f"files:{tmp_path / 'w'}", env=hide(tmp_path, "libcurl.so.4"))
    assert done.code == 2 and done.result["status"] == "failed", done
    assert "libcurl, which HTTP, S3 and mail go by, cannot be opened: " in done.stderr and "(Debian: libcurl4)" in done.stderr, done


def test_without_libodbc_it_says_what_to_install(finetl, tmp_path):
    pipeline = of_source(tmp_path, {"odbc": "DSN=nowhere", "table": "things"})
    done = finetl("run", pipeline, "--warehouse", f"files:{tmp_path / 'w'}", env=hide(tmp_path, "libodbc.so.2"))
    assert done.code == 2 and "the ODBC driver manager cannot be opened: " in done.stderr and "libodbc2" in done.stderr, done


def test_a_library_without_a_function_is_told_with_its_name(finetl, tmp_path):
    """One that is much too old, as a compiler makes it of nothing."""
    source = tmp_path / "empty.c"
    source.write_text("int finetl_is_not_here;\n")
    compiler = os.environ.get("CC", "cc").split()
    if subprocess.run([*compiler, "-shared", "-fPIC", source, "-o", tmp_path / "libpq.so.5"], check=False).returncode:
        absent("a compiler")
    done = finetl("run", DEFAULT, "--wait", "0s", "--warehouse", NOWHERE, env={"LD_LIBRARY_PATH": tmp_path})
    assert done.code == 2 and "PostgreSQL's client library (libpq.so.5) has no PQbackendPID: install libpq 15" in done.stderr, done
