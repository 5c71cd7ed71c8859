# SPDX-License-Identifier: Apache-2.0
"""The checks that hold the house do ring when something is wrong, and not when nothing is."""

import json
import signal
import subprocess
import sys
import time

import pytest

from finetl import ROOT

LICENCE = "// SPDX-License-Identifier: Apache-2.0\n"


def check(tool, *arguments):
    done = subprocess.run([sys.executable, ROOT / "tools" / tool, *arguments], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def tree(folder, files):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(LICENCE + text)
    return folder


@pytest.mark.parametrize("files, word", [
    ({"base/a.c": '#include "batch/b.h"\n', "batch/b.h": ""}, "base may not include batch"),
    ({"expr/a.c": '#include "io/b.h"\n', "io/b.h": ""}, "expr may not include io"),
    ({"load/a.c": "#include <sqlite3.h>\n"}, "sqlite3.h"),
    ({"io/a.c": "#include <openssl/evp.h>\n"}, "openssl"),
    ({"io/a.c": '#include "b.h"\n', "io/b.h": ""}, "layer/file.h"),
    ({"io/a.c": '#include "io/gone.h"\n'}, "there is no"),
    ({"io/a.h": '#include "io/b.h"\n', "io/b.h": '#include "io/a.h"\n'}, "cycle"),
    ({"odd/a.c": ""}, "in no layer"),
])
def test_a_breach_of_the_layers_is_found(tmp_path, files, word):
    code, output = check("check_layers.py", tree(tmp_path, files))
    assert code == 1 and word in output


def test_a_clean_tree_passes_the_checks(tmp_path):
    folder = tree(tmp_path, {"io/a.c": '#include "base/b.h"\n#include <stdio.h>\n/* strcpy( double */\n', "base/b.h": ""})
    assert check("check_layers.py", folder)[0] == 0
    assert check("check_banned.py", folder)[0] == 0


@pytest.mark.parametrize("name, text, word", [
    ("io/a.c", "int f(void) { return atoi(x); }\n", "atoi"),
    ("io/a.c", "void f(void) { strcpy (a, b); }\n", "strcpy"),
    ("io/a.c", "void *f(void) { return malloc(3); }\n", "malloc"),
    ("expr/a.c", "static double sum;\n", "double"),
    ("io/a.c", "/* TO" + "DO: later */\n", "TO" + "DO"),
    ("io/a.c", "int x;\n" * 601, "lines"),
])
def test_what_is_banned_is_found(tmp_path, name, text, word):
    code, output = check("check_banned.py", tree(tmp_path, {name: text}))
    assert code == 1 and word in output


def test_a_soft_binary_is_found(tmp_path):
    source = tmp_path / "a.c"
    source.write_text("int main(void) { return 0; }\n")
    subprocess.run(["gcc", "-no-pie", "-fno-stack-protector", "-fcf-protection=none", "-z", "norelro", "-z", "execstack", "-o",
                    tmp_path / "soft", source], check=True, capture_output=True)
    code, output = check("check_hardening.py", tmp_path / "soft")
    assert code == 1 and output.count("FAIL") >= 5, output


# ---- jobs beside each other ----

JOBS = """
import contextlib, json, pathlib, sys
sys.path.insert(0, {tools!r})
from test_jobs import Jobs

@contextlib.contextmanager
def servers():
    print("a server starts", flush=True)
    yield {{"SERVER": "here"}}
    print("a server ends", flush=True)

jobs = Jobs({n_workers}, servers, {folder!r}, pathlib.Path({folder!r}) / "logs")
{body}
is_whole = jobs.run()
print(json.dumps({{"is_whole": is_whole, "jobs": {{j.name: [j.n_passed, j.failed] for j in jobs.jobs}}}}))
"""


def jobs(tmp_path, body, n_workers=2):
    script = tmp_path / "jobs.py"
    script.write_text(JOBS.format(tools=str(ROOT / "tools"), folder=str(tmp_path), body=body, n_workers=n_workers))
    return subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_each_job_shows_its_log_whole_and_a_failure_stops_nobody(tmp_path):
    """a and b run at once, each longer than the other's lines are apart; c waits for the one that fails; d has a mistake in it."""
    slow = "['sh', '-c', 'for i in 1 2 3 4; do echo {name} $i; sleep 0.1; done; exit {code}']"
    done = jobs(tmp_path, f"""
def work(command):
    def run(job):
        ok, output = job.call(command)
        job.say(output)
        job.add(job.name, ok)
    return run
jobs.add("a", work({slow.format(name="a", code=1)}))
jobs.add("b", work({slow.format(name="b", code=0)}))
jobs.add("c", work(["sh", "-c", "echo $SERVER"]), needs=["a", "unknown"], wants_servers=True)
jobs.add("d", lambda job: 1 / 0)
""")
    out, err = done.communicate(timeout=30)
    result = json.loads(out.splitlines()[-1])
    assert done.returncode == 0 and err == "", err
    assert result["is_whole"] and result["jobs"] == {"a": [0, ["a"]], "b": [1, []], "c": [1, []], "d": [0, ["d"]]}
    assert "a 1\na 2\na 3\na 4\n" in out and "b 1\nb 2\nb 3\nb 4\n" in out and "ZeroDivisionError" in out
    assert out.index("== a: 0 passed, 1 failed") < out.index("a server starts") < out.index("here") < out.index("a server ends")
    assert (tmp_path / "logs" / "b.log").read_text() == "b 1\nb 2\nb 3\nb 4\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_ends_every_program_and_begins_none(tmp_path, number):
    """One of them is deaf, and has a child."""
    done = jobs(tmp_path, f"""
import test_jobs
test_jobs.STOP_SECONDS = 1
def run(job):
    job.call(["sh", "-c", "trap '' INT; sh -c 'echo $$ >{tmp_path}/child; exec sleep 60' & sleep 60; sleep 60"])
jobs.add("deaf", run, wants_servers=True)
jobs.add("next", lambda job: job.add("next", True), needs=["deaf"])
""")
    until = time.monotonic() + 20
    while not ((tmp_path / "child").exists() and (tmp_path / "child").read_text()) and time.monotonic() < until:
        time.sleep(0.05)
    child = int((tmp_path / "child").read_text())
    done.send_signal(number)
    out, _ = done.communicate(timeout=20)
    result = json.loads(out.splitlines()[-1])
    assert not result["is_whole"] and result["jobs"]["deaf"][1] == ["deaf"] and result["jobs"]["next"] == [0, []]
    assert "a server ends" in out
    until, status = time.monotonic() + 20, "unknown"
    while status and status[0] not in "ZX" and time.monotonic() < until:  # it dies when it is its turn, not when it is killed
        status = subprocess.run(["ps", "-o", "stat=", "-p", str(child)], capture_output=True, text=True, check=False).stdout.strip()
    assert status == "" or status[0] in "ZX", status
