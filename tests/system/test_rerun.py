# SPDX-License-Identifier: Apache-2.0
"""A rerun changes nothing; the same input gives the same bytes."""

import hashlib

import pytest

import nasty
import pipelines
from finetl import connect, dump, integrity, write_pipeline

TABLES = ["dim_customers", "fact_transactions"]


@pytest.fixture
def place(tmp_path):
    customers, transactions = nasty.customers(21, 400), nasty.transactions(22, 4000, 400)
    (tmp_path / "customers.csv").write_bytes(nasty.joined(customers))
    (tmp_path / "transactions.csv").write_bytes(nasty.joined(transactions))
    return tmp_path


def test_a_rerun_changes_no_row_and_adds_no_reject(finetl, place):
    pipeline, warehouse = write_pipeline(place, pipelines.financial()), place / "w.db"
    first = finetl.run(pipeline, f"sqlite:{warehouse}").ok()
    # Stamps and provenance too: a row that did not change is not written.
    before = dump(warehouse, TABLES + ["etl_rejects"], without=set())
    for _ in range(2):
        again = finetl.run(pipeline, f"sqlite:{warehouse}").ok()
        assert dump(warehouse, TABLES + ["etl_rejects"], without=set()) == before
        for dataset in again.result["datasets"]:
            was = first.dataset(dataset["name"])
            assert (dataset["inserted"], dataset["updated"]) == (0, 0)
            assert dataset["read"] == was["read"] and dataset["rejected"] == was["rejected"]
    integrity(warehouse)


def test_rejects_of_runs_that_broke_off_are_open_once(finetl, tmp_path):
    """The object has no hash yet: it was not read to its end. What was written stays so."""
    def pipeline(rules):
        return write_pipeline(tmp_path, {
            "version": 1, "pipeline": "breaks",
            "datasets": [{"name": "rows", "source": {"csv": "rows.csv"}, "target": "rows", "columns": [
                {"name": "id", "type": "int", "required": True}, {"name": "amount", "type": "decimal(12,2)"}],
                "rules": [{"id": "positive", "check": "amount > 0"}, *rules]}],
            "targets": {"rows": {"key": ["id"]}}})

    def rejects():
        return sorted((r["record"], r["object_sha256"]) for r in connect(warehouse).execute("SELECT * FROM etl_rejects"))

    warehouse, n = tmp_path / "w.db", 50000
    rows = "".join(f"{i},{-1 if i % 1000 == 1 else 1}\n" for i in range(1, n))
    (tmp_path / "rows.csv").write_text(f"id,amount\n{rows}{n},99\n")
    aborts = [{"id": "not_99", "check": "amount < 99", "action": "abort"}]
    met = list(range(1, n, 1000))
    for _ in range(2):
        assert finetl.run(pipeline(aborts), f"sqlite:{warehouse}").code not in (0, 70)
        assert [record for record, _ in rejects()] == met  # all before the record that aborts
    before = rejects()
    assert all(identity.startswith(f"{tmp_path / 'rows.csv'}:") for _, identity in before)
    finetl.run(pipeline([]), f"sqlite:{warehouse}").ok()
    assert rejects() == before
    even = [{"id": "not_2", "check": "id <> 2"}, *aborts]
    assert finetl.run(pipeline(even), f"sqlite:{warehouse}").code not in (0, 70)
    sha256 = hashlib.sha256((tmp_path / "rows.csv").read_bytes()).hexdigest()
    assert rejects() == sorted([*before, (2, sha256)])  # the hash is known by now


def test_objects_are_skipped_where_they_are_what_was_loaded_last(finetl, tmp_path):
    pipeline, warehouse = write_pipeline(tmp_path, {
        "version": 1, "pipeline": "by_object",
        "datasets": [{"name": "rows", "source": {"csv": "rows.csv", "incremental": "objects"}, "target": "rows", "columns": [
            {"name": "id", "type": "int", "required": True}, {"name": "amount", "type": "decimal(12,2)"}]}],
        "targets": {"rows": {"key": ["id"], "mutable": "all"}}}), tmp_path / "w.db"

    def run(amount, *more):
        (tmp_path / "rows.csv").write_text(f"id,amount\n1,{amount}\n")
        rows = finetl.run(pipeline, f"sqlite:{warehouse}", *more).ok().dataset("rows")
        stored, = connect(warehouse).execute("SELECT amount_minor FROM rows").fetchone()
        return rows["objects_skipped"], rows["read"], stored

    assert run("1") == (0, 1, 100)
    assert run("1") == (1, 0, 100)
    assert run("1", "--reprocess") == (0, 1, 100)
    assert run("2") == (0, 1, 200)
    assert run("1") == (0, 1, 100)  # again what it once was: it has changed
    assert run("1") == (1, 0, 100)


def test_the_same_input_gives_the_same_bytes(finetl, place):
    pipeline = write_pipeline(place, pipelines.financial())
    names = ["dim_customers.csv", "fact_transactions.csv", "customers.rejects.csv", "transactions.rejects.csv"]
    outputs = []
    for i in range(2):
        finetl.run(pipeline, f"files:{place / f'out{i}'}").ok()
        outputs.append([(place / f"out{i}" / name).read_bytes() for name in names])
    assert outputs[0] == outputs[1]


def test_a_published_folder_is_written_again_whole(finetl, place):
    pipeline, out = write_pipeline(place, pipelines.financial()), place / "out"
    finetl.run(pipeline, f"files:{out}").ok()
    before = {p.name: p.read_bytes() for p in out.iterdir() if p.suffix == ".csv"}
    finetl.run(pipeline, f"files:{out}").ok()
    assert {p.name: p.read_bytes() for p in out.iterdir() if p.suffix == ".csv"} == before


def test_verdicts_follow_the_run_time_and_not_the_clock(finetl, place):
    pipeline = write_pipeline(place, pipelines.financial())
    early = finetl("run", pipeline, "--warehouse", f"files:{place / 'a'}", "--run-time", "2025-06-01T00:00:00Z").ok()
    late = finetl("run", pipeline, "--warehouse", f"files:{place / 'b'}", "--run-time", "2026-03-01T12:00:00Z").ok()
    a, b = (done.dataset("transactions")["reasons"].get("not_in_future", 0) for done in (early, late))
    assert a > b > 0
    assert early.result["run_time"].startswith("2025-06-01T00:00:00")


def test_rows_do_not_depend_on_threads(finetl, place):
    pipeline = write_pipeline(place, pipelines.financial())
    finetl.run(pipeline, f"files:{place / 'one'}", "--threads", "1").ok()
    finetl.run(pipeline, f"files:{place / 'two'}", "--threads", "2").ok()
    for table in TABLES:
        assert (place / "one" / f"{table}.csv").read_bytes() == (place / "two" / f"{table}.csv").read_bytes()
