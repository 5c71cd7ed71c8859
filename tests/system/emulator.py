# SPDX-License-Identifier: Apache-2.0
"""AWS's own Runtime Interface Emulator, which starts a function and speaks Lambda's Runtime API to it. It comes with
aws-sam-cli, of which nothing else is used."""

import importlib.util
import json
import os
import pathlib
import platform
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request


def find_emulator():
    """A path, or None. One on the PATH is not asked for: which one it is would not be known."""
    found = importlib.util.find_spec("samcli")
    arch = {"x86_64": "x86_64", "aarch64": "arm64"}.get(platform.machine())
    if found is None or arch is None:
        return None
    path = pathlib.Path(found.submodule_search_locations[0]) / "local" / "rapid" / f"aws-lambda-rie-{arch}"
    return path if path.exists() else None


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Emulator:
    """The emulator and, from the first invocation on, the function: both in `folder`, with what they wrote."""

    def __init__(self, binary, command, folder, env, memory_mb=512, timeout_s=300):
        self.folder, self.log = pathlib.Path(folder), pathlib.Path(folder) / "emulator.log"
        runnable = self.folder / "aws-lambda-rie"  # of a wheel it comes without the bit
        if not runnable.exists():
            shutil.copy(binary, runnable)
            runnable.chmod(0o755)
        port, api = free_port(), free_port()
        self.url = f"http://127.0.0.1:{port}/2015-03-31/functions/function/invocations"
        clean = {name: value for name, value in os.environ.items()
                 if not name.startswith(("FINETL_", "AWS_", "POWERTOOLS_", "LOG_LEVEL", "LAMBDA_", "_"))}
        clean |= {"AWS_LAMBDA_FUNCTION_NAME": "finetl", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(memory_mb),
                  "AWS_LAMBDA_FUNCTION_TIMEOUT": str(timeout_s)}
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [runnable, "--log-level", "warn", "--runtime-api-address", f"127.0.0.1:{api}",
                 "--runtime-interface-emulator-address", f"127.0.0.1:{port}", *map(str, command)],
                env=clean | {n: str(v) for n, v in env.items()}, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True)
        self.wait_for(port)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def wait_for(self, port, seconds=20):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise RuntimeError(f"the emulator ended: {self.logs()}")
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.01)
        raise RuntimeError("the emulator does not listen")

    def invoke(self, event, seconds=120):
        """(status, answer): an error of the function is an answer, too."""
        body = event if isinstance(event, bytes) else json.dumps(event).encode()
        request = urllib.request.Request(self.url, data=body, headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=seconds) as got:
                status, answer = got.status, got.read()
        except urllib.error.HTTPError as error:
            status, answer = error.code, error.read()
        try:
            return status, json.loads(answer)
        except ValueError:
            return status, answer.decode(errors="replace")

    def function_pid(self):
        """The process that it started."""
        children = pathlib.Path(f"/proc/{self.process.pid}/task").glob("*/children")
        found = [pid for path in children for pid in path.read_text().split()]
        return int(found[0]) if found else None

    def logs(self):
        return self.log.read_text(errors="replace")

    def stop(self):
        child = self.function_pid() if self.process.poll() is None else None
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if child and pathlib.Path(f"/proc/{child}").exists():
            try:
                os.kill(child, 9)
            except ProcessLookupError:
                pass
