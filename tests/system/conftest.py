# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the system tests: the binary, and places to run it in."""

import os
import pathlib
import signal
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "model"), str(HERE.parent.parent / "tools")]

from finetl import Finetl, absent  # noqa: E402
from postgres import server_of_the_tests, table_of_counts  # noqa: E402


def pytest_addoption(parser):
    parser.addoption("--no-failpoints", action="store_true", help="leave out what needs a build with failpoints")
    parser.addoption("--long", action="store_true", help="also what takes minutes: all kills, five million rows")


def pytest_configure(config):
    # A shell without job control starts what it puts in the background with SIGINT ignored, and
    # what ignores it hands that on: finetl, rightly, would then ignore it too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    config.addinivalue_line("markers", "long: runs only with --long")


def pytest_collection_modifyitems(config, items):
    def is_left_out(item):
        if "long" in item.keywords and not config.getoption("--long"):
            return True
        return config.getoption("--no-failpoints") and "failing_finetl" in item.fixturenames

    config.hook.pytest_deselected(items=[item for item in items if is_left_out(item)])
    items[:] = [item for item in items if not is_left_out(item)]


@pytest.fixture(scope="session")
def is_long(request):
    return request.config.getoption("--long")


@pytest.fixture(scope="session")
def finetl():
    """The binary under test: FINETL_BUILD names its build folder."""
    binary = pathlib.Path(os.environ.get("FINETL_BUILD", "build")).resolve() / "finetl"
    if not binary.exists():
        pytest.fail(f"there is no {binary}; build it, or set FINETL_BUILD")
    return Finetl(binary)


@pytest.fixture(scope="session")
def failing_finetl():
    """A binary with failpoints in it (-Dfailpoints=true), in FINETL_FAILPOINT_BUILD."""
    folder = os.environ.get("FINETL_FAILPOINT_BUILD")
    if not folder or not (pathlib.Path(folder) / "finetl").exists():
        absent("no build with failpoints; ./test makes one, --quick does not")
    return Finetl(pathlib.Path(folder).resolve() / "finetl")


@pytest.fixture(scope="session")
def postgres():
    """The server of FINETL_TEST_POSTGRES; what was made on it is dropped at the end."""
    server = server_of_the_tests()
    yield server
    server.drop_all()


WORLDS = []


@pytest.fixture(scope="session")
def report_faults():
    """Takes a World whose counts of faults are to be printed at the end."""
    def take(world):
        WORLDS.append(world)
        return world

    return take


def pytest_terminal_summary(terminalreporter):
    rows = [row for world in WORLDS for row in world.counts.items()]
    if rows:
        terminalreporter.write_sep("=", "faults at PostgreSQL")
        terminalreporter.write_line(table_of_counts(rows))
