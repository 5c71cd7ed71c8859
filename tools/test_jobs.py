# SPDX-License-Identifier: Apache-2.0
"""Jobs beside each other, for tools/run_tests.py: each with a log of its own that is shown whole when it has ended.

  Order     as added; a job begins as soon as a worker is free and all that it needs has ended (well or not: a job
            sees for itself whether what it needs is there)
  Programs  each in a session of its own. Ctrl-C, SIGTERM and SIGHUP end all of them: SIGINT, so that they can tidy up,
            and SIGKILL for what is left of the session after STOP_SECONDS
  Servers   a worker's first job that wants some starts them, for all its jobs: two never meet on one server
"""

import contextlib
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback

STOP_SECONDS = 20


class Stopped(Exception):
    """The user has had enough."""


class Job:
    """What is to be done, and what came of it. work(job) adds to passed, failed and skipped, and says what it has to say."""

    def __init__(self, name, work, needs=(), wants_servers=False):
        self.name, self.work, self.needs, self.wants_servers = name, work, tuple(needs), wants_servers
        self.n_passed, self.failed, self.skipped = 0, [], []
        self.state, self.seconds, self.text, self.environment, self.jobs = "waits", 0.0, [], {}, None

    def say(self, text):
        self.text.append(text.rstrip("\n") + "\n")

    def add(self, name, ok, detail=""):
        if ok:
            self.n_passed += 1
        else:
            self.failed.append(name)
            self.say(f"FAILED {name}\n{detail.rstrip()}")

    def call(self, command, env=None, **more):
        """Runs a program to its end; (whether it went well, all that it wrote)."""
        return self.jobs.call(command, env={**os.environ, **self.environment, **(env or {})}, **more)

    @property
    def file_name(self):
        return re.sub(r"[^A-Za-z0-9_.-]+", "-", self.name)

    @property
    def summary(self):
        return f"{self.n_passed} passed, {len(self.failed)} failed, {len(self.skipped)} skipped, {self.seconds:.0f} s"


class Jobs:
    def __init__(self, n_workers, servers, cwd, logs):
        """servers(): a context manager that yields the variables by which tests find them. logs: a folder, a file a job."""
        self.jobs, self.n_workers, self.servers, self.cwd, self.logs = [], n_workers, servers, cwd, pathlib.Path(logs)
        self.lock, self.changed, self.starts_servers = threading.RLock(), threading.Condition(), threading.Lock()
        self.running, self.is_stopping = set(), False

    def add(self, name, work, **more):
        job = Job(name, work, **more)
        job.jobs = self
        self.jobs.append(job)
        return job

    # ---- programs ----

    def call(self, command, **more):
        with self.lock:
            if self.is_stopping:
                raise Stopped
            said = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # no pipe, which one that is left behind would hold open
            process = subprocess.Popen([str(c) for c in command], cwd=self.cwd, stdin=subprocess.DEVNULL, stdout=said,
                                       stderr=subprocess.STDOUT, start_new_session=True, **more)
            self.running.add(process)
        with said:
            process.wait()
            with self.lock:
                self.running.discard(process)
            if self.is_stopping:
                raise Stopped
            said.seek(0)
            return process.returncode == 0, said.read()

    def stop(self):
        """Ends every program; none begins any more."""
        with self.lock:
            self.is_stopping = True
            processes = list(self.running)
        with self.changed:
            self.changed.notify_all()
        for process in processes:
            self.signal(process, signal.SIGINT)
        until = time.monotonic() + STOP_SECONDS
        while any(process.poll() is None for process in processes) and time.monotonic() < until:
            time.sleep(0.05)
        for process in processes:  # and what they have left behind
            self.signal(process, signal.SIGKILL)

    @staticmethod
    def signal(process, number):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)

    # ---- workers ----

    def next_job(self):
        """A job whose time has come; waits for one; None: there is none left."""
        with self.changed:
            while not self.is_stopping:
                waiting = [job for job in self.jobs if job.state == "waits"]
                if not waiting:
                    return None
                ended = {job.name for job in self.jobs if job.state == "ended"}
                job = next((job for job in waiting if ended.issuperset(job.needs)), None)
                if job:
                    job.state = "runs"
                    return job
                self.changed.wait()
        return None

    def do(self, job):
        started = time.monotonic()
        try:
            job.work(job)
        except Stopped:
            job.add(job.name, False, "stopped")
        except Exception:  # a mistake of ours is a failure, and not the end of the others
            job.add(job.name, False, traceback.format_exc())
        job.seconds = time.monotonic() - started
        text = "".join(job.text)
        (self.logs / f"{job.file_name}.log").write_text(text)
        with self.lock:
            print(f"== {job.name}: {job.summary}\n{text}", end="", flush=True)
        with self.changed:
            job.state = "ended"
            self.changed.notify_all()

    def worker(self):
        with contextlib.ExitStack() as stack:
            environment = None
            while job := self.next_job():
                if job.wants_servers:
                    if environment is None:
                        with self.starts_servers:  # one after the other, as they look for a free port
                            environment = stack.enter_context(self.servers())
                    job.environment = environment
                self.do(job)

    def run(self):
        """All of them. Whether they came to their end."""
        known, wants_stop = {job.name for job in self.jobs}, threading.Event()
        for job in self.jobs:
            job.needs = tuple(name for name in job.needs if name in known)
        self.logs.mkdir(parents=True, exist_ok=True)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: wants_stop.set())
        threads = [threading.Thread(target=self.worker) for _ in range(min(self.n_workers, len(self.jobs)))]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):  # not join, in which no signal is heard
            if wants_stop.wait(0.1) and not self.is_stopping:
                print("stopping", file=sys.stderr, flush=True)
                self.stop()
        return not self.is_stopping
