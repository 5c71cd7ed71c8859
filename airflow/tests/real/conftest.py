# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the tests with a real Airflow."""

import os
import pathlib
import shutil
import subprocess

import pytest
from airflows import PROJECT, Mail, skip, split


@pytest.fixture(scope="session")
def finetl():
    """The folder of the binary under test, of FINETL_BUILD."""
    folder = pathlib.Path(os.environ.get("FINETL_BUILD", PROJECT / "build")).resolve()
    if not (folder / "finetl").exists():
        skip(f"there is no {folder}/finetl; build it, or set FINETL_BUILD")
    return folder


@pytest.fixture(scope="session")
def server():
    """The PostgreSQL server of FINETL_TEST_POSTGRES, as psycopg2 wants it."""
    url = os.environ.get("FINETL_TEST_POSTGRES")
    if not url:
        skip("there is no PostgreSQL server; tools/pg_cluster.py run -- starts one")
    return url


@pytest.fixture(scope="session")
def books(tmp_path_factory, finetl):
    """Sample data: pipelines, customers, and transactions whole, by day and in shards."""
    folder = tmp_path_factory.mktemp("books")
    subprocess.run([finetl / "finetl", "generate", folder / "data", "--customers", "200", "--transactions", "2000", "--seed", "6",
                    "--until", "2026-11-17"], check=True, capture_output=True)
    shutil.copytree(PROJECT / "suites", folder / "suites")
    whole = (PROJECT / "pipelines" / "financial_transactions.yaml").read_text()
    (folder / "pipelines").mkdir()
    (folder / "pipelines" / "whole.yaml").write_text(whole)
    source, head = "../data/transactions.csv", "\npipeline: financial_transactions\n"
    assert whole.count(source) == whole.count(head) == 1
    daily = whole.replace(head, f'{head}params: {{ day: "none" }}\n').replace(source, '"../days/{day}.csv"')
    sharded = whole.replace(head, f'{head}params: {{ file: "none" }}\n').replace(source, '"{file}"')
    (folder / "pipelines" / "daily.yaml").write_text(daily)
    (folder / "pipelines" / "sharded.yaml").write_text(sharded)
    split(folder / "data" / "transactions.csv", [folder / "days" / f"2026-11-{day}.csv" for day in (18, 19, 20, 21)])
    split(folder / "data" / "transactions.csv", [folder / "shards" / f"part-{number}.csv" for number in range(8)])
    return folder


@pytest.fixture(scope="session")
def mail():
    server = Mail("planted-user", "planted-mail-password")
    yield server
    server.controller.stop()
