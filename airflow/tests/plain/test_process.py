# SPDX-License-Identifier: Apache-2.0
"""A child process: its streams, its end, its group. No Airflow needed."""

import json
import logging
import os
import pathlib
import signal
import threading
import time

import pytest

from airflow_provider_finetl import process
from airflow_provider_finetl.process import Child, Lines, log_record

PROGRAM = ["finetl", "run"]


def run(**fake):
    heard = []
    child = Child(PROGRAM, {**os.environ, **{f"FAKE_{name.upper()}": str(value) for name, value in fake.items()}})
    return (*child.run(heard.append), heard, child)


def is_gone(pid):
    """Within a moment: a kill takes one. A zombie that nobody has reaped is gone."""
    until = time.monotonic() + 5
    while time.monotonic() < until:
        try:
            if pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.02)
    return False


def wait_for(path):
    until = time.monotonic() + 20
    while not path.exists() or not path.read_text():
        assert time.monotonic() < until, f"{path} did not come"
        time.sleep(0.02)
    return path.read_text()


def test_lines_are_cut_at_newlines_and_at_the_limit():
    lines = Lines(5)
    assert list(lines.feed(b"ab\ncdefgh")) == [(b"ab", False)]
    assert list(lines.feed(b"ij\n\nkl")) == [(b"cdefg", True), (b"", False)]
    assert list(lines.end()) == [(b"kl", False)]
    assert list(lines.end()) == []


def test_lines_hold_no_more_than_the_limit():
    lines = Lines(100)
    for _ in range(1000):
        assert list(lines.feed(b"x" * 1000)) == []
    assert len(lines.held) == 100


@pytest.mark.parametrize(("line", "level", "text"), [
    (b'{"time":"t","level":"warn","message":"slow","rows":"5"}', logging.WARNING, "slow rows=5"),
    (b'{"level":"error","message":"no"}', logging.ERROR, "no"),
    (b'{"level":"debug","message":"x"}', logging.DEBUG, "x"),
    (b'{"level":"shout","message":"x"}', logging.INFO, "x"),
    (b"plain \xff text\n", logging.INFO, "plain \ufffd text"),
    (b'{"message":5}', logging.INFO, '{"message":5}'),
    (b"[" * 100_000, logging.INFO, "[" * 100_000),
    (b'"a text"', logging.INFO, '"a text"'),
    (b'{"level": ["x"], "message": "of another program"}', logging.INFO, "of another program"),
])
def test_log_lines_get_their_level(line, level, text):
    assert log_record(line) == (level, text)


def test_the_last_line_of_stdout_is_the_result_and_stderr_is_heard_line_by_line(fake_finetl):
    exit_code, last, is_cut, heard, _ = run(out="first\nlast\n\n", err="a\nb\nno end", exit=3)
    assert (exit_code, last, is_cut) == (3, b"last", False)
    assert heard == [b"a", b"b", b"no end"]


def test_a_result_without_newline_counts(fake_finetl):
    assert run(out="{}")[:3] == (0, b"{}", False)


def test_a_result_above_the_limit_is_told(fake_finetl, monkeypatch):
    monkeypatch.setattr(process, "MAX_RESULT_BYTES", 10)
    assert run(out="x" * 100_000)[1:3] == (b"x" * 10, True)


def test_more_than_a_pipe_holds_blocks_nobody(fake_finetl):
    # Environment variables are small; a program of its own writes much to both.
    heard = []
    script = "import sys\nfor i in range(60000): print(i, 'x'*20); print(i, 'y'*20, file=sys.stderr)"
    exit_code, last, _ = Child([os.sys.executable, "-S", "-c", script], dict(os.environ)).run(heard.append)
    assert (exit_code, last, len(heard)) == (0, b"59999 " + b"x" * 20, 60000)


def test_it_runs_in_a_group_of_its_own_without_input(fake_finetl):
    run()
    call = json.loads(fake_finetl.read_text())
    assert call["pgid"] == call["pid"] != os.getpgid(0)


def test_a_signal_is_a_negative_exit_code(fake_finetl):
    assert run(signal=int(signal.SIGSEGV))[0] == -signal.SIGSEGV


def test_an_orphan_that_holds_the_pipes_keeps_nobody_waiting_and_is_ended(fake_finetl, tmp_path):
    started = time.monotonic()
    exit_code, last, *_ = run(child=tmp_path / "child", out="done\n")
    assert (exit_code, last) == (0, b"done")
    assert time.monotonic() - started < 30
    assert is_gone(int((tmp_path / "child").read_text()))


def stopped_while_running(fake_finetl, **fake):
    child = Child(PROGRAM, {**os.environ, "FAKE_SLEEP": "60", **fake})
    results = []
    thread = threading.Thread(target=lambda: results.append(child.run(lambda line: None)))
    thread.start()
    pid = json.loads(wait_for(fake_finetl))["pid"]
    time.sleep(0.2)
    started = time.monotonic()
    child.stop(grace_s=1)
    thread.join(20)
    assert is_gone(pid)
    return results[0][0], time.monotonic() - started


def test_stop_ends_it_by_sigterm(fake_finetl):
    exit_code, took_s = stopped_while_running(fake_finetl)
    assert exit_code == -signal.SIGTERM
    assert took_s < 10


def test_stop_kills_what_is_deaf_to_sigterm_after_the_grace(fake_finetl):
    exit_code, took_s = stopped_while_running(fake_finetl, FAKE_DEAF="1")
    assert exit_code == -signal.SIGKILL
    assert took_s >= 1


def test_stop_ends_the_whole_group(fake_finetl, tmp_path):
    stopped_while_running(fake_finetl, FAKE_CHILD=str(tmp_path / "child"))
    assert is_gone(int((tmp_path / "child").read_text()))


def test_stop_after_the_end_signals_nobody(fake_finetl, monkeypatch):
    child = run()[-1]
    monkeypatch.setattr(os, "killpg", lambda *_: pytest.fail("a signal was sent"))
    child.stop()


def test_an_exception_in_the_wait_leaves_no_process(fake_finetl):
    class Timeout(BaseException):
        pass

    def on_alarm(*_):
        raise Timeout

    previous = signal.signal(signal.SIGALRM, on_alarm)
    signal.setitimer(signal.ITIMER_REAL, 1)
    child = Child(PROGRAM, {**os.environ, "FAKE_SLEEP": "60"})
    try:
        with pytest.raises(Timeout):
            child.run(lambda line: None)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
    assert is_gone(child.program.pid)


def test_a_handler_that_stops_it_amid_the_wait_does_not_hang(fake_finetl):
    child = Child(PROGRAM, {**os.environ, "FAKE_SLEEP": "60"})
    previous = signal.signal(signal.SIGUSR1, lambda *_: child.stop())
    try:
        threading.Timer(1, lambda: os.kill(os.getpid(), signal.SIGUSR1)).start()
        assert child.run(lambda line: None)[0] == -signal.SIGTERM
    finally:
        signal.signal(signal.SIGUSR1, previous)
