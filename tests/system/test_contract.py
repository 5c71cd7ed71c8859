# SPDX-License-Identifier: Apache-2.0
"""The contract of a data set: columns that appear, vanish or change their type, in every kind of source."""

import contextlib
import sqlite3

import pytest

import sources
from finetl import beside_the_point, write_pipeline
from sources import COLUMNS, pipeline_of, records, rows_of, stored

N = 50
KINDS = ["csv", "csv-gz", "ndjson", "json", "s3", "api-cursor", "api-page", "postgresql", "sqlite", "odbc-mariadb"]
CONTRACTS = ["freeze", "evolve", "discard_column"]


@pytest.fixture(scope="module", params=KINDS)
def source(request, tmp_path_factory):
    with sources.opened(request.param, tmp_path_factory.mktemp("source"), request) as made:
        yield made


@pytest.fixture(params=["sqlite", "postgresql"])
def warehouse(request, tmp_path):
    if request.param == "sqlite":
        yield f"sqlite:{tmp_path / 'w.db'}"
        return
    database = request.getfixturevalue("postgres").fresh()
    yield database.url
    database.drop()


@pytest.fixture
def load(finetl, tmp_path, source, warehouse):
    def run(contract, *more, **how):
        return finetl.run(write_pipeline(tmp_path, pipeline_of(source, contract=contract, **how)), warehouse, *more, env=source.env)

    return run


def ask(warehouse, sql):
    if warehouse.startswith("sqlite:"):
        with contextlib.closing(sqlite3.connect(warehouse.removeprefix("sqlite:"))) as db:
            return db.execute(sql).fetchall()
    import psycopg
    with psycopg.connect(warehouse) as db:
        return db.execute(sql).fetchall()


def names_of(warehouse):
    if warehouse.startswith("sqlite:"):
        return {name for _, name, *_ in ask(warehouse, "PRAGMA table_info(facts)")}
    return {name for (name,) in ask(warehouse, "SELECT attname FROM pg_attribute WHERE attrelid = 'facts'::regclass AND attnum > 0")}


# ---- a column appears ----

def surprised(n=N, first=1):
    return [{**row, "Late Fee": f"fee {row['id']}"} for row in records(n, first=first)]


def put_surprised(source, rows):
    """With the column's name as the kind of source can have it."""
    name = "late_fee" if source.is_query else "Late Fee"
    source.put([{**row, name: row["Late Fee"]} for row in rows], [*COLUMNS, name])
    return name


def test_a_frozen_source_refuses_a_new_column(load, source):
    name = put_surprised(source, surprised())
    done = load(None)
    assert done.code in (2, 3) and name in done.result["error"] and "contract: discard_column" in done.result["error"], done


def test_an_evolving_source_adds_a_new_column(load, source, warehouse):
    source.put(list(records(N)))
    load("evolve").ok()
    assert "late_fee" not in names_of(warehouse)
    name = put_surprised(source, surprised(N + 5))
    done = load("evolve").ok().dataset("facts")
    assert done["contract"] == "evolve" and done["added_columns"] == {"late_fee": name}
    assert (done["read"], done["inserted"], done["updated"], done["rejected"]) == (N + 5, 5, N, 0)
    assert "discarded_columns" not in done and "vanished_columns" not in done
    assert ask(warehouse, "SELECT id, late_fee FROM facts ORDER BY id") == [(i, f"fee {i}") for i in range(1, N + 6)]
    done = load("evolve").ok().dataset("facts")  # nothing is new now
    assert (done["unchanged"], done["updated"], done["inserted"]) == (N + 5, 0, 0)
    source.put(list(records(N + 6)))  # it is gone again: what is there of it stays
    done = load("evolve").ok().dataset("facts")
    assert (done["unchanged"], done["inserted"]) == (N + 5, 1) and "added_columns" not in done
    assert ask(warehouse, "SELECT count(late_fee), count(*) FROM facts") == [(N + 5, N + 6)]


def test_a_new_column_is_discarded_and_counted(load, source, warehouse):
    name = put_surprised(source, surprised())
    done = load("discard_column").ok().dataset("facts")
    assert done["discarded_columns"] == {name: N} and done["inserted"] == N
    assert "late_fee" not in names_of(warehouse)


# ---- a column vanishes ----

def test_a_column_that_is_gone(load, source, warehouse):
    rows = list(records(N))
    columns = [c for c in COLUMNS if c != "name"]
    source.put(rows, columns)
    done = load("freeze")
    assert done.code in (2, 3) and "'name'" in done.result["error"], done
    for contract in ("evolve", "discard_column"):
        done = load(contract).ok().dataset("facts")
        assert done["vanished_columns"] == {"name": N} and done["rejected"] == 0
        assert ask(warehouse, "SELECT count(*), count(name) FROM facts") == [(N, 0)]


def test_a_required_column_that_is_gone_rejects_every_record(load, source, warehouse):
    columns = [c for c in COLUMNS if c != "id"]
    if source.kind == "postgresql":
        beside_the_point("its table is kept in order by the key")
    source.put(list(records(N)), columns)
    done = load("discard_column").ok().dataset("facts")
    assert done["vanished_columns"] == {"id": N}
    assert done["rejected"] == N and done["reasons"] == {"id:absent": N}


@pytest.mark.parametrize("contract", CONTRACTS)
def test_a_source_without_any_declared_column_is_another_one(load, source, contract):
    if source.kind == "postgresql":
        beside_the_point("its table is kept in order by the key")
    rows = [{"x": str(i), "y": "2"} for i in range(5)]
    source.put(rows, ["x", "y"])
    done = load(contract)
    told = "'x'" if contract == "freeze" and source.is_json and not source.is_query else "'amount'"
    assert done.code in (2, 3) and told in done.result["error"], done


# ---- a column changes its type ----

@pytest.mark.parametrize("contract", CONTRACTS)
def test_a_type_that_changed_in_a_database_is_cast(load, source, warehouse, contract):
    if source.kind not in ("postgresql", "odbc"):
        beside_the_point("its columns have no types")
    rows = list(records(N))
    for row in rows:
        row["name"] = "x" * 61 if row["id"] == "3" else "short"
    before = source.types
    source.types = {**before, "name": "varchar(100)"}
    try:
        source.put(rows)
        done = load(contract)
    finally:
        source.types = before
    if contract == "freeze":
        assert done.code == 2 and "name" in done.result["error"], done
        return
    facts = done.ok().dataset("facts")
    assert facts["changed_columns"] == {"name": N}
    assert (facts["rejected"], facts["reasons"]) == (1, {"name:too_long": 1})


# ---- more ----

def test_what_appears_while_a_run_reads_is_discarded_and_said(load, source):
    if source.name != "ndjson":
        beside_the_point("one kind is enough")
    rows = list(records(3500))
    source.put(rows)
    lines = source.text(COLUMNS, rows).splitlines(keepends=True)
    lines[3000] = lines[3000].replace(b"{", b'{"late": 1, ', 1)
    (source.folder / "part-0.ndjson").write_bytes(b"".join(lines))
    for more in ("part-1.ndjson", "part-2.ndjson"):
        (source.folder / more).unlink()
    done = load("evolve").ok()
    assert done.dataset("facts")["discarded_columns"] == {"late": 1} and "added_columns" not in done.dataset("facts")
    assert "run again" in done.stderr


def test_values_do_not_depend_on_the_contract(load, source, warehouse):
    if not warehouse.startswith("sqlite:"):
        beside_the_point("compared in SQLite")
    rows = list(records(N, seed=9))
    name = put_surprised(source, [{**row, "Late Fee": "x"} for row in rows])
    assert name
    load("discard_column").ok()
    assert rows_of(warehouse.removeprefix("sqlite:")) == [stored(row) for row in rows]
