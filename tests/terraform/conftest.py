# SPDX-License-Identifier: Apache-2.0
"""One copy of terraform/ for all tests."""

import pytest

from terraform import Copy


def pytest_addoption(parser):
    parser.addoption("--long", action="store_true", help="every environment made and destroyed")


@pytest.fixture(scope="session")
def copy(tmp_path_factory):
    return Copy(tmp_path_factory.mktemp("terraform"))
