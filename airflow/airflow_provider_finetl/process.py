# SPDX-License-Identifier: Apache-2.0
"""One finetl process: started without a shell, in a group of its own, heard while it runs, ended with its group.

Knows nothing of Airflow. One thread does everything, so that a signal or a timeout that Airflow
raises in it ends the wait at once; whatever leaves `run` leaves no process behind. Memory is
bounded: of stderr one line is held at a time, of stdout the last one.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import selectors
import signal
import subprocess
import time

GRACE_S = 10  # finetl promises to be gone within it after SIGTERM
MAX_LOG_LINE_BYTES = 64 * 1024
MAX_RESULT_BYTES = 20 * 1024 * 1024  # finetl itself keeps it below 17
PIECE_BYTES = 64 * 1024
LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warn": logging.WARNING, "error": logging.ERROR}


class Lines:
    """Cuts pieces of a stream into lines; of a line above the limit only its beginning is kept."""

    def __init__(self, max_bytes):
        self.max_bytes, self.held, self.is_cut = max_bytes, bytearray(), False

    def feed(self, piece):
        """The lines that this piece ends, each with whether it was cut."""
        *ended, rest = piece.split(b"\n")
        for part in ended:
            self._hold(part)
            yield bytes(self.held), self.is_cut
            self.held, self.is_cut = bytearray(), False
        self._hold(rest)

    def end(self):
        """What stands after the last line's end, as a line."""
        if self.held:
            yield bytes(self.held), self.is_cut
            self.held = bytearray()

    def _hold(self, part):
        room = self.max_bytes - len(self.held)
        self.is_cut |= len(part) > room
        self.held += part[:room]


def log_record(line):
    """(level, text) of one line of finetl's log. A line that is no JSON object is passed on as it is."""
    text = line.decode("utf-8", "replace").rstrip()
    with contextlib.suppress(ValueError, RecursionError):
        fields = json.loads(text)
        if isinstance(fields, dict) and isinstance(fields.get("message"), str):
            level = LEVELS.get(str(fields.pop("level", "info")), logging.INFO)
            fields.pop("time", None)
            message = fields.pop("message")
            return level, " ".join([message, *(f"{name}={value}" for name, value in fields.items())])
    return logging.INFO, text


class Child:
    """A program and its process group, which is signalled only while the program is not reaped: until then
    the kernel gives its number to nobody else."""

    def __init__(self, argv, environment):
        self.is_over = False
        self.program = subprocess.Popen(  # noqa: S603 (an argument list, no shell)
            argv, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            start_new_session=True)

    def run(self, on_log_line):
        """Hears it to its end: (exit code, last line of stdout, whether that was cut). Negative: the signal that ended it."""
        last = (b"", False)
        try:
            for stream, line, is_cut in self._lines():
                if stream is self.program.stderr:
                    on_log_line(line)
                elif line.strip():
                    last = (line, is_cut)
            os.waitid(os.P_PID, self.program.pid, os.WEXITED | os.WNOWAIT)
        finally:
            self.stop()
            exit_code = self._reap()
        return exit_code, *last

    def stop(self, grace_s=GRACE_S):
        """SIGTERM to the group, time to roll back, SIGKILL to what is left. May be called twice, and from a signal handler."""
        if self.is_over:
            return
        until = time.monotonic() + grace_s
        if not self._has_ended():
            self._signal(signal.SIGTERM)
        while not self._has_ended() and time.monotonic() < until:
            time.sleep(0.05)
        self._signal(signal.SIGKILL)

    def _lines(self):
        """(stream, line, whether it was cut) of both streams, as they come."""
        streams = {self.program.stdout: Lines(MAX_RESULT_BYTES), self.program.stderr: Lines(MAX_LOG_LINE_BYTES)}
        with selectors.DefaultSelector() as selector:
            for stream in streams:
                selector.register(stream, selectors.EVENT_READ)
            while selector.get_map():
                ready = selector.select(timeout=1)
                for key, _ in ready:
                    piece = os.read(key.fd, PIECE_BYTES)
                    lines = streams[key.fileobj].feed(piece) if piece else streams[key.fileobj].end()
                    yield from ((key.fileobj, *line) for line in lines)
                    if not piece:
                        selector.unregister(key.fileobj)
                if not ready and self._has_ended():
                    return  # something that it started holds the other end of a pipe

    def _has_ended(self):
        return self.is_over or os.waitid(os.P_PID, self.program.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def _signal(self, number):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.program.pid, number)

    def _reap(self):
        self.is_over = True
        exit_code = self.program.wait()
        self.program.stdout.close()
        self.program.stderr.close()
        return exit_code
