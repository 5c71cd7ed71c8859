# SPDX-License-Identifier: Apache-2.0
"""Driving the binary from a test, and reading what it left."""

import base64
import contextlib
import csv
import io
import json
import os
import pathlib
import re
import sqlite3
import subprocess
import sys
from decimal import Decimal

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
RUN_TIME = "2026-03-01T12:00:00Z"
# Columns that tell of the run and not of the data.
STAMPS = {"processed_at", "created_at", "updated_at", "etl_run_id", "etl_object_id", "etl_record"}


def absent(reason):
    """Skips the test for want of something; in CI nothing may be wanting."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"needed in CI: {reason}")
    pytest.skip(reason)


def beside_the_point(reason):
    """Ends a test that has nothing to ask of these parameters: it is neither passed nor skipped."""
    pytest.skip(f"beside the point: {reason}")


class Done:
    def __init__(self, command, code, stdout, stderr):
        self.command, self.code, self.stdout, self.stderr = command, code, stdout, stderr

    @property
    def result(self):
        """The JSON line, which must be the only thing on stdout."""
        lines = self.stdout.splitlines()
        assert len(lines) == 1 and self.stdout.endswith("\n"), self
        return json.loads(lines[0])

    def ok(self):
        assert self.code == 0, self
        return self

    def dataset(self, name):
        return next(d for d in self.result["datasets"] if d["name"] == name)

    def __repr__(self):
        return f"{self.command}\nexit {self.code}\n-- stdout\n{self.stdout}\n-- stderr\n{self.stderr}"


class Finetl:
    def __init__(self, binary):
        self.binary = binary

    @staticmethod
    def environment(env):
        clean = {name: value for name, value in os.environ.items() if not name.startswith("FINETL_")}
        return {**clean, **{name: str(value) for name, value in (env or {}).items()}}

    def __call__(self, *arguments, cwd=None, env=None, timeout=120, stdin=subprocess.DEVNULL):
        command = [str(self.binary), *(str(a) for a in arguments)]
        done = subprocess.run(command, cwd=cwd, env=self.environment(env), timeout=timeout, stdin=stdin,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace", check=False)
        return Done(command, done.returncode, done.stdout, done.stderr)

    def start(self, *arguments, cwd=None, env=None, **more):
        more.setdefault("stdout", subprocess.PIPE)
        more.setdefault("stderr", subprocess.PIPE)
        return subprocess.Popen([str(self.binary), *(str(a) for a in arguments)], cwd=cwd, env=self.environment(env),
                                stdin=subprocess.DEVNULL, text=True, **more)

    def run(self, pipeline, warehouse, *more, **how):
        return self("run", pipeline, "--warehouse", warehouse, "--run-time", RUN_TIME, *more, **how)


@contextlib.contextmanager
def tmpfs(folder, size):
    """A small file system of its own; only root may mount one."""
    if os.geteuid() != 0:
        absent("mounting a tmpfs needs root")
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        absent(f"a tmpfs cannot be mounted here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def write_pipeline(folder, pipeline, name="pipeline.yaml"):
    """A pipeline dict as a file: JSON is YAML."""
    path = pathlib.Path(folder) / name
    path.write_text(json.dumps(pipeline, indent=1, ensure_ascii=False), encoding="utf-8")
    path.chmod(0o644)
    return path


def question(warehouse):
    """ask(sql): the rows, of a warehouse in a file or on a server."""
    def ask(sql):
        if warehouse.startswith("sqlite:"):
            with contextlib.closing(sqlite3.connect(warehouse.removeprefix("sqlite:"))) as db:
                return [tuple(row) for row in db.execute(sql)]
        import psycopg
        with psycopg.connect(warehouse, autocommit=True) as db:
            return [tuple(row) for row in db.execute(sql)]
    return ask


def read_csv(path):
    text = pathlib.Path(path).read_bytes().decode("utf-8")
    assert text == "" or text.endswith("\n")
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def read_rejects(path):
    """Rows of a rejects file: object (its name), record, offset, verdict, reasons, raw bytes."""
    header, *rows = read_csv(path)
    out = []
    for row in rows:
        r = dict(zip(header, row, strict=True))
        raw = base64.b64decode(r["raw"], validate=True) if r["raw_encoding"] == "base64" else r["raw"].encode("utf-8")
        out.append((os.path.basename(r["object"]), int(r["record"]), int(r["offset"]), r["verdict"],
                    tuple(r["reasons"].split(";")), raw))
    return out


def connect(path):
    """To read; rw, as after a kill SQLite has to roll back before anything can be read."""
    db = sqlite3.connect(f"file:{path}?mode=rw", uri=True)
    db.row_factory = sqlite3.Row
    return db


def table_columns(db, table):
    return [row["name"] for row in db.execute(f"PRAGMA table_xinfo({table})")]


def dump(path, tables, without=STAMPS):
    """The rows of tables as comparable sets of texts, stamps and run columns aside."""
    out = {}
    with connect(path) as db:
        for table in tables:
            columns = [c for c in table_columns(db, table) if c not in without]
            rows = db.execute(f"SELECT {', '.join(columns)} FROM {table}")
            out[table] = sorted(tuple(str(v) for v in row) for row in rows)
    db.close()
    return out


def integrity(path):
    """What must hold of a warehouse after anything."""
    with connect(path) as db:
        assert [tuple(r) for r in db.execute("PRAGMA integrity_check")] == [("ok",)]
        assert list(db.execute("PRAGMA foreign_key_check")) == []
    db.close()


# The peak that a child is charged with begins with that of the process it was forked
# from, so a small one has to stand between it and pytest.
MEASURE = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=sys.stderr)
print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def peak_rss_kib(command, env=None):
    """Runs a command to its good end; its peak memory."""
    done = subprocess.run([sys.executable, "-S", "-c", MEASURE, *(str(c) for c in command)], check=True, capture_output=True,
                          text=True, env=Finetl.environment(env))
    code, peak = map(int, done.stdout.split())
    assert code == 0, done.stderr
    return peak


def sums_of(dataset):
    """The sums of a data set in the result: column -> term -> Decimal, and no_value."""
    return {
        column: {term: value if term == "no_value" else Decimal(value) for term, value in terms.items()}
        for column, terms in dataset["sums"].items()
    }


def plain(text):
    """A log or message without its colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)
