# SPDX-License-Identifier: Apache-2.0
"""Passwords are not taken where others can see them, and never shown."""

import json

import pytest

import pipelines
from finetl import write_pipeline
from test_checks import CUSTOMERS, TRANSACTIONS

SECRET = "hunter2.S3cret"
FORMS = [
    f"postgresql://u:{SECRET}@h/d",
    f"postgres://u:{SECRET}@h:5432,h2:5433/d?sslmode=require",
    f"postgresql://u:a?{SECRET}@h/d",
    f"postgresql://u:a/{SECRET}@h/d",
    f"postgresql://u@h/d?password={SECRET}",
    f"postgresql://u@h/d?x=1&p%61ssword={SECRET}",
    f"postgresql://u@h/d?sslpassword={SECRET}",
]


@pytest.fixture
def pipeline(tmp_path):
    (tmp_path / "customers.csv").write_text(CUSTOMERS)
    (tmp_path / "transactions.csv").write_text(TRANSACTIONS.replace("T03,C1", "T03,C7"))
    return write_pipeline(tmp_path, pipelines.financial())


def commands(pipeline):
    return [["run", pipeline, "--summary"], ["checks", pipeline], ["schema", "print", pipeline], ["schema", "apply", pipeline],
            ["runs"], ["runs", "--json"], ["runs", "--verify"], ["rejects", "list", "--json"],
            ["explain", "--pipeline", pipeline, "T01"]]


@pytest.mark.parametrize("url", FORMS)
def test_a_password_on_the_command_line_is_refused(finetl, pipeline, url):
    for command in commands(pipeline):
        done = finetl(*command, "--warehouse", url)
        assert done.code == 2 and "holds a password" in done.stderr, done
        assert SECRET not in done.stdout + done.stderr, done
    assert json.loads(finetl("run", pipeline, "--warehouse", url).stdout)["exit_code"] == 2


def test_a_parameter_with_a_password_is_refused(finetl, tmp_path, pipeline):
    spec = json.loads(pipeline.read_text())
    spec.update(params={"where": "sqlite:w.db"}, warehouse="{where}")
    pipeline = write_pipeline(tmp_path, spec)
    done = finetl("lint", pipeline, "--param", f"where={FORMS[0]}")
    assert done.code == 2 and "--param holds a password" in done.stderr and SECRET not in done.stderr
    assert finetl("lint", pipeline, "--param", "where=postgresql://u@h/d").code == 0


@pytest.mark.parametrize("url", FORMS)
def test_a_password_in_a_pipeline_file_is_refused(finetl, tmp_path, pipeline, url):
    spec = json.loads(pipeline.read_text())
    pipeline = write_pipeline(tmp_path, {**spec, "warehouse": url})
    done = finetl("lint", pipeline)
    assert done.code == 2 and "a password does not belong in a pipeline file" in done.stderr, done
    assert SECRET not in done.stdout + done.stderr
    named = write_pipeline(tmp_path, {**spec, "warehouse": "postgresql://u:${PW}@h/d"})
    assert finetl("lint", named, env={"PW": SECRET}).code == 0
    whole = write_pipeline(tmp_path, {**spec, "warehouse": "${URL}"})
    assert finetl("lint", whole, env={"URL": url}).code == 0


def test_a_password_of_the_environment_is_shown_nowhere(finetl, pipeline, postgres, tmp_path):
    database = postgres.fresh()
    try:
        url = database.url.replace("postgres@", f"postgres:{SECRET}@", 1) + f"&sslpassword={SECRET}"
        assert SECRET in url
        environment = {"FINETL_WAREHOUSE": url}
        for command in commands(pipeline):
            more = ["--log-level", "debug"] if command[0] == "run" else []
            done = finetl(*command, *more, env=environment).ok()
            assert SECRET not in done.stdout + done.stderr, done
        assert "***" in finetl("run", pipeline, env=environment).ok().result["warehouse"]
        assert "***" in finetl("checks", pipeline, "--json", env=environment).ok().result["warehouse"]
        for (table,) in database.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
            assert database.one(f"SELECT count(*) FROM {table} AS t WHERE t::text LIKE '%{SECRET}%'") == 0, table
        # and where it goes wrong
        broken = {"FINETL_WAREHOUSE": url.replace(database.name, "not_there")}
        for command in commands(pipeline):
            done = finetl(*command, env=broken)
            assert SECRET not in done.stdout + done.stderr, done
            assert done.code != 0 or command[:2] == ["schema", "print"], done
    finally:
        database.drop()
