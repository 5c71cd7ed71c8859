# SPDX-License-Identifier: Apache-2.0
"""The root folder of the image, laid out by tools/image_root.sh for the binary under test, and run in as a container
would: as nobody, on a root that cannot be written to, with an empty /tmp, as process 1. No engine of containers is needed.
"""

import hashlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

from finetl import ROOT, absent, beside_the_point, write_pipeline

NOBODY = 65532
# The mounts are in a namespace of their own, so that they are gone with the process.
ENTER = """
mount --bind "$ROOT" "$ROOT" && mount -o remount,bind,ro "$ROOT" && mount -t tmpfs -o mode=1777 tmpfs "$ROOT/tmp" || exit 125
exec chroot --userspec=65532:65532 "$ROOT" /usr/bin/finetl "$@"
"""


class Container:
    def __init__(self, root):
        self.root = root
        self.command = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--net", "sh", "-c", ENTER, "sh"]
        self.environment = {"PATH": os.environ["PATH"], "ROOT": str(root), "HOME": "/home/finetl"}

    def __call__(self, *arguments):
        return subprocess.run([*self.command, *arguments], env=self.environment, capture_output=True, text=True, timeout=60,
                              stdin=subprocess.DEVNULL, check=False)

    def start(self, *arguments):
        return subprocess.Popen([*self.command, *arguments], env=self.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)


@pytest.fixture(scope="module")
def root(finetl, tmp_path_factory):
    root = tmp_path_factory.mktemp("image") / "root"
    if not pathlib.Path("/etc/debian_version").exists():
        absent("the image takes its libraries from a Debian")
    done = subprocess.run([ROOT / "tools" / "image_root.sh", finetl.binary, root], capture_output=True, text=True, check=False,
                          env={**os.environ, "SOURCE_DATE_EPOCH": "1700000000"})
    assert done.returncode == 0, done.stderr
    finetl("generate", root / "opt/finetl/data", "--customers", "50", "--transactions", "500", "--clean").ok()
    for path in (root / "opt/finetl/data").iterdir():
        path.chmod(0o644)  # made for their owner and group only
    for path in root.parents:  # pytest's folders are for their owner only
        if path.owner() == "root" and path.parent != path and str(path).startswith("/tmp/"):
            path.chmod(path.stat().st_mode | 0o011)
    return root


@pytest.fixture(scope="module")
def container(root):
    probe = ["unshare", "--mount", "--pid", "--fork", "--net", "mount", "-t", "tmpfs", "tmpfs", root / "tmp"]
    if os.geteuid() != 0 or subprocess.run(probe, capture_output=True, check=False).returncode != 0:
        absent("mounts of one's own and another root folder are for root only, and in a container for one that may mount")
    return Container(root)


def is_sanitized(finetl):
    return "libasan" in subprocess.run(["ldd", finetl.binary], capture_output=True, text=True, check=False).stdout


def test_there_is_nothing_to_run_but_finetl(root):
    programs = [path for path in root.rglob("*") if path.is_file() and not path.is_symlink() and path.read_bytes()[:4] == b"\x7fELF"
                and ".so" not in path.name]
    scripts = [path for path in root.rglob("*") if path.is_file() and path.read_bytes()[:2] == b"#!"]
    assert [str(path.relative_to(root)) for path in programs] == ["usr/bin/finetl"] and scripts == []
    assert not [path for path in root.rglob("*") if path.is_file() and path.stat().st_mode & 0o7000]


def test_nobody_but_root_may_change_what_is_in_it(root):
    open_to_all = [path for path in root.rglob("*") if not path.is_symlink() and path.stat().st_mode & 0o022]
    assert open_to_all == [root / "tmp"]


def test_it_is_smaller_than_forty_megabytes(finetl, root):
    if is_sanitized(finetl):
        beside_the_point("a binary with sanitizers is larger")
    data = root / "opt/finetl/data"
    size = sum(path.lstat().st_size for path in root.rglob("*") if data not in path.parents)
    assert size < 40_000_000, size


def test_what_it_is_made_of_is_written_down(root):
    done = subprocess.run([sys.executable, ROOT / "tools" / "sbom.py", root], capture_output=True, text=True, check=True,
                          env={**os.environ, "SOURCE_DATE_EPOCH": "1700000000"})
    document = json.loads(done.stdout)
    packages = {package["name"]: package for package in document["packages"]}
    assert {"finetl", "libc6", "libcurl4", "libpq5", "libsqlite3-0", "libssl3", "zlib1g", "tzdata", "ca-certificates"} <= set(packages)
    binary = hashlib.sha256((root / "usr/bin/finetl").read_bytes()).hexdigest()
    assert packages["finetl"]["checksums"] == [{"algorithm": "SHA256", "checksumValue": binary}]
    assert document["creationInfo"]["created"] == "2023-11-14T22:13:20Z"
    libraries = {path.name for path in root.rglob("*.so*")}
    assert len(libraries) >= 20 and len(packages) <= len(libraries) + 4
    for name in set(packages) - {"finetl"}:
        assert (root / "usr/share/doc" / name / "copyright").exists(), f"the licence of {name}"


def test_it_starts_at_once(container):
    begin = time.monotonic()
    done = container("version")
    assert (done.returncode, done.stderr) == (0, "") and done.stdout.startswith("finetl ")
    assert time.monotonic() - begin < 5


def test_a_run_needs_nothing_but_tmp(container):
    done = container("run", "--run-time", "2026-11-01T00:00:00Z", "--warehouse", "files:/tmp/out", "/opt/finetl/pipelines/financial_transactions.yaml")
    result = json.loads(done.stdout.splitlines()[-1])
    assert done.returncode in (0, 4) and [d["read"] for d in result["datasets"]] == [50, 500], done


def test_nothing_of_the_root_can_be_written_to(container):
    done = container("generate", "/opt/finetl/more")
    assert done.returncode != 0 and "ead-only" in done.stderr


def test_names_and_authorities_are_found_as_on_debian(container):
    """No network here: what is asked for is that it gets as far as the network, by libraries that are opened late, too."""
    default = "/opt/finetl/pipelines/financial_transactions.yaml"
    done = container("run", "--wait", "0s", "--warehouse", "postgresql://nobody@localhost:1/books", default)
    assert done.returncode == 6 and "localhost" in done.stderr, done
    done = container("run", "--warehouse", "files:/tmp/out", "/opt/finetl/remote.yaml")
    assert done.returncode == 6 and "no connection" in done.stderr, done


def test_sigterm_ends_it_in_time_as_process_one(container, root, tmp_path):
    process = container.start("run", "--warehouse", "files:/tmp/out", "/opt/finetl/stdin.yaml")
    try:
        child = None
        while child is None and process.poll() is None:
            ours = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            if ours and pathlib.Path(f"/proc/{ours[0]}/comm").read_text().strip() == "finetl":
                child = int(ours[0])
            time.sleep(0.02)
        time.sleep(0.5)
        begin = time.monotonic()
        os.kill(child, signal.SIGTERM)
        process.wait(timeout=10)  # its input stays open: the end of that would be another reason to end
        assert process.returncode == 9 and time.monotonic() - begin < 10, process.communicate()
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module", autouse=True)
def pipeline_from_stdin(root):
    """Customers come from an input that nobody closes."""
    text = (ROOT / "pipelines" / "financial_transactions.yaml").read_text()
    text = text.replace("../suites/", "suites/").replace("../data/customers.csv", "'-'").replace("../data/", "data/")
    (root / "opt/finetl/stdin.yaml").write_text(text)
    return root


@pytest.fixture(scope="module", autouse=True)
def pipeline_from_http(root):
    """From a port that nobody listens on."""
    return write_pipeline(root / "opt/finetl", {
        "version": 1, "pipeline": "remote",
        "datasets": [{"name": "things", "source": {"csv": "https://127.0.0.1:1/x.csv", "network": {"allow_private_addresses": True, "max_tries": 1}},
                      "columns": [{"name": "id", "type": "text(9)"}], "target": "things"}],
        "targets": {"things": {"key": ["id"]}}}, "remote.yaml")
