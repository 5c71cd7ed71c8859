# SPDX-License-Identifier: Apache-2.0
"""The package of the function, as it is uploaded: what is in the zip, what it asks of the system that it is started on, and
that it works, on the other processor by an emulator of that.

FINETL_LAMBDA_PACKAGES is a folder of finished packages; without it, and with --long, they are made."""

import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import zipfile

import pytest

import lambda_package
from finetl import ROOT, absent, beside_the_point
from runtimeapi import Function, sns, sns_body, sqs
from test_lambda import Place, api, moto, rows  # noqa: F401 (fixtures)

GIVEN = os.environ.get("FINETL_LAMBDA_PACKAGES")
made = (lambda test: test) if GIVEN else pytest.mark.long
VERSION = subprocess.run([ROOT / "tools" / "version.sh"], check=True, capture_output=True, text=True).stdout.strip()
NATIVE = {"x86_64": "x86_64", "aarch64": "arm64"}.get(platform.machine())


def make(folder, *more):
    done = subprocess.run([sys.executable, ROOT / "tools" / "lambda_package.py", folder, *more], capture_output=True, text=True, check=False)
    if done.returncode and re.search(r"(gcc|make|dpkg-source)'?: |apt-get failed", done.stderr):
        absent(f"tools/lambda_package.sh: {done.stderr[-400:]}")
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    if GIVEN:
        return ROOT / GIVEN
    folder = tmp_path_factory.mktemp("packages")
    make(folder)
    return folder


@pytest.fixture(scope="module", params=sorted(lambda_package.ARCHES))
def package(request, packages, tmp_path_factory):
    """(its name of the processor, the zip, its folder unpacked)"""
    path = packages / f"finetl-lambda-{request.param}.zip"
    if not path.exists():
        beside_the_point(f"{packages} has no package for {request.param}")
    folder = tmp_path_factory.mktemp("task")
    subprocess.run(["unzip", "-q", path, "-d", folder], check=True) if shutil.which("unzip") else zipfile.ZipFile(path).extractall(folder)
    (folder / "bootstrap").chmod(0o755)
    return request.param, path, folder


def runner(arch):
    """What a binary for that processor is started by here."""
    if arch == NATIVE:
        return []
    name, triplet = {"arm64": "aarch64", "x86_64": "x86_64"}[arch], lambda_package.ARCHES[arch][1]
    emulator = shutil.which(f"qemu-{name}-static")
    if not emulator or not pathlib.Path(f"/usr/{triplet}/lib").exists():
        absent(f"no qemu-{name}-static, or no libc for it (Debian: qemu-user-static and the cross compiler)")
    return [emulator, "-L", f"/usr/{triplet}"]


@made
def test_the_zip_is_what_lambda_wants(package):
    _, path, _ = package
    with zipfile.ZipFile(path) as z:
        entries = {info.filename: info for info in z.infolist()}
        assert z.testzip() is None
    assert entries["bootstrap"].external_attr >> 16 == 0o100755
    assert all(info.create_system == 3 for info in entries.values())
    assert len({info.date_time for info in entries.values()}) == 1
    assert list(entries) == sorted(entries)
    assert path.stat().st_size < 50 << 20
    names = {line.split()[0] for line in zipfile.ZipFile(path).read("packages.txt").decode().splitlines()}
    licences = {name.removeprefix("licences/") for name in entries if name.startswith("licences/")}
    assert names == licences - {"finetl"} | {"gcc"}
    assert names >= {*lambda_package.LIBRARIES, *lambda_package.SOURCES}


@made
def test_it_starts_on_the_glibc_of_the_function(package):
    arch, _, folder = package
    assert lambda_package.newer_symbols(folder / "bootstrap") == []
    assert lambda_package.needed(folder / "bootstrap") <= {"libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}
    header = subprocess.run(["readelf", "-h", folder / "bootstrap"], check=True, capture_output=True, text=True).stdout
    assert {"x86_64": "X86-64", "arm64": "AArch64"}[arch] in header


def test_a_symbol_of_a_newer_glibc_is_found(tmp_path):
    """arc4random_buf came with 2.36: Debian 12 has it."""
    source, binary = tmp_path / "a.c", tmp_path / "a"
    source.write_text("#include <stdlib.h>\nint main(void) { char a[1]; arc4random_buf(a, 1); return a[0]; }\n")
    done = subprocess.run(["gcc", source, "-o", binary], capture_output=True, text=True, check=False)
    if done.returncode:
        absent("this machine's libc is older than 2.36")
    assert "arc4random_buf of 2.36" in lambda_package.newer_symbols(binary)


@made
def test_it_is_hardened(package):
    _, _, folder = package
    done = subprocess.run([sys.executable, ROOT / "tools" / "check_hardening.py", folder / "bootstrap"], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stdout


@made
def test_it_is_started_and_tells_its_version(package, tmp_path):
    arch, _, folder = package
    finetl = tmp_path / "finetl"  # by that name it is the command line
    shutil.copy(folder / "bootstrap", finetl)
    done = subprocess.run([*runner(arch), finetl, "version"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, f"finetl {VERSION}\n"), done


@made
def test_every_form_of_event_is_worked_off(package, moto, api, tmp_path):  # noqa: F811
    arch, _, folder = package
    place = Place(moto, folder / "bootstrap", tmp_path, api)
    names = {name: value for name, value in moto.env().items() if name.startswith("AWS_")}
    env = {"FINETL_PIPELINE": place.pipeline, "FINETL_OUTPUT": f"s3://{place.processed}", **names}
    with Function([*runner(arch), folder / "bootstrap"], api, tmp_path, env) as function:
        forms = [lambda e: e, sns, sqs, lambda e: sqs(sns_body(e))]
        events = [form(place.event(f"raw/{n}.csv", rows(n))) for n, form in enumerate(forms)] + [place.bridge("raw/4.csv", rows(4))]
        for n, event in enumerate(events):
            assert api.invoke(event, seconds=60).kind == "response", function.logs()
            assert place.rows(f"processed/{n}.csv") == [f"T{n}"]
        assert function.stop(20)[0] == 0


@made
def test_the_same_tree_gives_the_same_bytes(packages, tmp_path, monkeypatch):
    """Made twice from nothing, libraries too, in folders of other names and depths."""
    if GIVEN:
        beside_the_point("packages are given")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1790000000")
    make(tmp_path / "a", "--arch", NATIVE)
    make(tmp_path / "b", "--arch", NATIVE, "--work", tmp_path / "another" / "place")
    name = f"finetl-lambda-{NATIVE}.zip"
    assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_the_same_entries_give_the_same_zip(tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1790000000")
    entries = {"bootstrap": (b"\x7fELF" * 1000, 0o755), "licences/x": (b"text", 0o644)}
    lambda_package.write_zip(tmp_path / "a.zip", entries)
    lambda_package.write_zip(tmp_path / "b.zip", dict(reversed(entries.items())))
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
