# SPDX-License-Identifier: Apache-2.0
"""What all tests share: the folders, and a finetl that does what it is told."""

import os
import pathlib
import stat
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path[:0] = [str(ROOT), str(HERE)]
sys.dont_write_bytecode = True

# It writes down how it was called, says what FAKE_ERR and FAKE_OUT hold, sleeps, and exits as FAKE_EXIT says.
FAKE = """#!{python} -S
import json, os, signal, subprocess, sys, time
env = os.environ
with open(env["FAKE_CALL"], "w") as file:
    json.dump({{"argv": sys.argv, "environ": dict(env), "pid": os.getpid(), "pgid": os.getpgid(0)}}, file)
if "FAKE_DEAF" in env:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if "FAKE_CHILD" in env:
    child = subprocess.Popen(["/bin/sleep", "60"])
    with open(env["FAKE_CHILD"], "w") as file:
        file.write(str(child.pid))
sys.stderr.write(env.get("FAKE_ERR", ""))
sys.stderr.flush()
sys.stdout.write(env.get("FAKE_OUT", ""))
sys.stdout.flush()
time.sleep(float(env.get("FAKE_SLEEP", "0")))
if "FAKE_SIGNAL" in env:
    os.kill(os.getpid(), int(env["FAKE_SIGNAL"]))
sys.exit(int(env.get("FAKE_EXIT", "0")))
"""


@pytest.fixture
def fake_finetl(tmp_path, monkeypatch):
    """A program named finetl, first on the PATH; the fixture is the file that it writes its call to."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "finetl"
    program.write_text(FAKE.format(python=sys.executable))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setenv("FAKE_CALL", str(tmp_path / "call.json"))
    return tmp_path / "call.json"
