# SPDX-License-Identifier: Apache-2.0
"""Twice the input is twice the work, whatever the input: families of files made to be slow.

Work is the CPU time of the process, of which the least of a few tries counts: other load on the
machine only ever adds to it. What is quadratic takes four times as long for twice as much; more
than 3 times fails, as it must be told from what a busy machine's caches do to it.
"""

import subprocess
import sys

import pytest

from finetl import Finetl, RUN_TIME, write_pipeline

MOST, N_TRIES = 3, 10
TEXT, MONEY = {"type": "text"}, {"type": "decimal(12,2)"}

MEASURE = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(code, used.ru_utime + used.ru_stime, used.ru_maxrss)
"""


def measure(finetl, pipeline, out):
    """Exit code, CPU seconds, peak memory in KiB."""
    command = [finetl.binary, "run", pipeline, "--warehouse", f"files:{out}", "--run-time", RUN_TIME]
    done = subprocess.run([sys.executable, "-S", "-c", MEASURE, *(str(c) for c in command)], check=True, capture_output=True, text=True,
                          env=Finetl.environment(None))
    code, seconds, peak = done.stdout.split()
    return int(code), float(seconds), int(peak)


def columns(**types):
    return [{"name": name, **column} for name, column in types.items()]


def pipeline_of(source, columns, **more):
    return {"version": 1, "pipeline": "linear", "datasets": [{"name": "t", "source": source, "columns": columns, "target": "out", **more}],
            "targets": {"out": {"key": ["id"], "mutable": ["note"] if any(c["name"] == "note" for c in columns) else []}}}


def numbered(n, line):
    """n lines, each with its number."""
    return b"".join(map(line.__mod__, range(n)))


CSV, NDJSON = {"csv": "t.csv"}, {"ndjson": "t.csv"}
IN = columns(id=TEXT, amount=MONEY, note=TEXT)
ID_NOTE = columns(id=TEXT, note=TEXT)
HEAD, HEAD2 = b"id,amount,note\n", b"id,note\n"
TURNED = [b'{"a":"x","b":"y","note":"z","id":"%d"}\n', b'{"b":"y","note":"z","id":"%d","a":"x"}\n', b'{"note":"z","id":"%d","b":"y","a":"x"}\n']
WORDS = {f"w{i}": f"v{i}" for i in range(1000)}

# name -> (pipeline, bytes for a size n, n)
FAMILIES = {
    "plain records": (pipeline_of(CSV, IN), lambda n: HEAD + numbered(n, b"%d,1.00,x\n"), 400_000),
    "doubled quotes": (pipeline_of(CSV, IN), lambda n: HEAD + numbered(n, b'%%d,1.00,"%s"\n' % (b'""' * 500)), 8_000),
    "cells of many lines": (pipeline_of(CSV, IN), lambda n: HEAD + numbered(n, b'%%d,1.00,"%s"\n' % (b"\n" * 900)), 20_000),
    "records of 3 MB": (pipeline_of(CSV, columns(id=TEXT, a=TEXT, b=TEXT, note=TEXT)),
                        lambda n: b"id,a,b,note\n" + numbered(n, b"%%d,%s,%s,%s\n" % ((b"x" * 1_000_000,) * 3)), 16),
    "stray quotes": (pipeline_of(CSV, IN), lambda n: HEAD + numbered(n, b'%d,1.00,say "x" "y"\n'), 150_000),
    "blank lines": (pipeline_of(CSV, IN), lambda n: HEAD + b"\n" * n + b"1,1.00,x\n", 200_000),
    "delimiters": (pipeline_of(CSV, IN), lambda n: HEAD + b",,\n" * n, 200_000),
    "records of 4,000 cells": (pipeline_of(CSV, IN), lambda n: HEAD + (b"1" + b",1" * 3999 + b"\n") * n, 2_000),
    "headers": (pipeline_of(CSV, IN), lambda n: HEAD * (n + 1), 200_000),
    "byte order marks": (pipeline_of(CSV, IN), lambda n: HEAD + numbered(n, b"%d,1.00,\xef\xbb\xbf\n"), 150_000),
    "bytes that are no text": (pipeline_of(CSV, IN), lambda n: HEAD + numbered(n, b"%d,\xff,\xed\xa0\x80\xc0\xaf\n"), 150_000),
    "NUL bytes": (pipeline_of(CSV, IN), lambda n: HEAD + numbered(n, b"%%d,1.00,%s\n" % (b"\0" * 100)), 100_000),
    "one key, the same each time": (pipeline_of(CSV, IN), lambda n: HEAD + b"A,1.00,x\n" * n, 800_000),
    "one key, superseded each time": (pipeline_of(CSV, IN), lambda n: HEAD + numbered(n, b"A,1.00,%d\n"), 700_000),
    "one key, in conflict each time": (pipeline_of(CSV, IN), lambda n: HEAD + numbered(n, b"A,%d,x\n"), 120_000),
    "keys that differ in their last byte": (pipeline_of(CSV, IN), lambda n: HEAD + numbered(n, b"%s%%09d,1.00,x\n" % (b"k" * 200)), 120_000),
    "numbers with a thousand separators": (pipeline_of(CSV, IN), lambda n: HEAD + numbered(n, b'%%d,"%s",x\n' % (b"1,111" * 200)), 25_000),
    "numbers with a thousand brackets": (pipeline_of(CSV, IN), lambda n: HEAD + numbered(n, b'%%d,"%s5",x\n' % (b"(" * 1000)), 15_000),
    "cells of blanks": (pipeline_of(CSV, columns(id=TEXT, note={**TEXT, "trim": True})), lambda n: HEAD2 + numbered(n, b"%%d,%sx\n" % (b" " * 5000)), 15_000),
    "letters of every size": (pipeline_of(CSV, columns(id=TEXT, note={**TEXT, "case": "lower"})), lambda n: HEAD2 + numbered(n, b"%%d,%s\n" % ("İΣẞᾼ𐐀".encode() * 50)), 20_000),
    "a thousand texts to map": (pipeline_of(CSV, columns(id=TEXT, note={**TEXT, "map": WORDS, "null": [f"n{i}" for i in range(1000)]})),
                                lambda n: HEAD2 + numbered(n, b"%d,w999\n"), 400_000),
    "a pattern that goes back": (pipeline_of(CSV, ID_NOTE, rules=[{"id": "r", "check": "note like '%a%a%a%a%b'"}]),
                                 lambda n: HEAD2 + numbered(n, b"%%d,%s\n" % (b"a" * 400)), 60_000),
    "a regular expression that goes back": (pipeline_of(CSV, ID_NOTE, rules=[{"id": "r", "check": "matches(note, '^(a?){12}a{12}$')"}]),
                                            lambda n: HEAD2 + numbered(n, b"%%d,%s\n" % (b"a" * 12)), 8_000),
    "UTF-16": (pipeline_of({"csv": "t.csv", "encoding": "utf-16"}, IN), lambda n: (HEAD + numbered(n, b"%d,1.00,x\n")).decode().encode("utf-16"), 300_000),
    "JSON: a thousand members": (pipeline_of({**NDJSON}, columns(id=TEXT, note=TEXT), contract="discard_column"),
                                 lambda n: numbered(n, b'{"id":"%%d",%s,"note":"x"}\n' % b",".join(b'"k%d":0' % i for i in range(1000))), 1_500),
    "JSON: one object of many members": (pipeline_of({"json": "t.csv"}, columns(id=TEXT, note=TEXT), contract="discard_column"),
                                         lambda n: b'{"id":"1","note":"x",' + b",".join(b'"k%d":0' % i for i in range(n)) + b"}", 200_000),
    "JSON: members in another order each time": (pipeline_of(NDJSON, columns(id=TEXT, a=TEXT, b=TEXT, note=TEXT)),
                                                 lambda n: numbered(n // 4, b'{"id":"a%d","a":"x","b":"y","note":"z"}\n') + b"".join(
                                                     TURNED[i % 3] % i for i in range(n // 4, n)), 200_000),
    "JSON: brackets": (pipeline_of(NDJSON, ID_NOTE), lambda n: (b"[" * 10_000 + b"\n") * n, 3_000),
    "JSON: escapes": (pipeline_of(NDJSON, ID_NOTE), lambda n: numbered(n, b'{"id":"%%d","note":"%s"}\n' % (b"\\u00e9\\\\" * 500)), 4_000),
}


def put(folder, pipeline, data):
    folder.mkdir()
    write_pipeline(folder, pipeline)
    (folder / "t.csv").write_bytes(data)
    return folder


def work(finetl, folder):
    code, seconds, _ = measure(finetl, folder / "pipeline.yaml", folder / "out")
    assert code == 0, code
    return seconds


@pytest.fixture(scope="module")
def start(finetl, tmp_path_factory):
    """What a process takes to start, which must not hide what its input takes."""
    folder = put(tmp_path_factory.mktemp("start") / "s", pipeline_of(CSV, IN), HEAD + b"1,1.00,x\n")
    return min(work(finetl, folder) for _ in range(10))


@pytest.mark.parametrize("name", FAMILIES)
def test_twice_the_input_is_twice_the_work(finetl, tmp_path, start, is_long, name):
    pipeline, data, size = FAMILIES[name]
    size = size if is_long else size // 2
    one, two = (put(tmp_path / f"{n}", pipeline, data(n * size)) for n in (1, 2))
    once = twice = float("inf")
    for _ in range(N_TRIES):
        once, twice = min(once, work(finetl, one)), min(twice, work(finetl, two))
        if twice - start <= MOST * (once - start):
            break
    assert twice - start <= MOST * (once - start), f"{once:.3f} s, and {twice:.3f} s for twice as much; {start:.3f} s to start"
    assert once > 2 * start, f"{once:.3f} s are too few to tell, with {start:.3f} s to start"
    assert len(FAMILIES) >= 20


MB = 1_000_000
ENDLESS = {
    "bare cell": (CSV, lambda n: HEAD + b"1,1.00," + b"x" * n + b"\n"), "quoted cell": (CSV, lambda n: HEAD + b'1,1.00,"' + b"x" * n + b'"\n'),
    "quotes": (CSV, lambda n: HEAD + b'1,1.00,"' + b'""' * (n // 2) + b'"\n'), "delimiters": (CSV, lambda n: HEAD + b"," * n + b"\n"),
    "quoted lines": (CSV, lambda n: HEAD + b'1,1.00,"' + b"x\n" * (n // 2) + b'"\n'), "header": (CSV, lambda n: b"x" * n),
    "JSON text": (NDJSON, lambda n: b'{"id":"' + b"x" * n + b'"}\n'), "JSON document": ({"json": "t.csv"}, lambda n: b'[{"id":"' + b"x" * n + b'"}]'),
    "JSON brackets": ({"json": "t.csv"}, lambda n: b"[" * n),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_a_hundred_megabytes_without_an_end_are_refused_early(finetl, tmp_path, name):
    """By a limit, in the time and memory that a tenth of it takes."""
    source, data = ENDLESS[name]
    write_pipeline(tmp_path, pipeline_of(source, IN))
    used = {}
    for size in (10 * MB, 100 * MB):
        (tmp_path / "t.csv").write_bytes(data(size))
        code, seconds, peak_kib = measure(finetl, tmp_path / "pipeline.yaml", tmp_path / "out")
        assert code == 5 and peak_kib < 128 * 1024, (size, code, peak_kib)
        used[size] = seconds
    assert used[100 * MB] < used[10 * MB] + 0.5, used
