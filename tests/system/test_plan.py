# SPDX-License-Identifier: Apache-2.0
"""finetl plan and finetl describe: what would be done, shown without doing it, and without secrets."""

import contextlib
import gzip
import hashlib
import json
import sqlite3

import pytest

from faultserver import Answer, FaultServer
from finetl import write_pipeline

COLUMNS = [{"name": "id", "type": "int", "required": True}, {"name": "amount", "type": "decimal(8,2)"},
           {"name": "name", "type": "text(20)", "pii": True}]
RECORDS = b"id,amount,name\n1,1.00,Ann Secretly\n2,-2.00,Bob\n3,x,Cy\n4,4.00,Di\n"


def pipeline(source, **more):
    return {"version": 1, "pipeline": "shop", "datasets": [{
        "name": "facts", "source": source, "columns": COLUMNS, "rules": [{"id": "positive", "check": "amount > 0"}], "target": "facts",
        **more}], "targets": {"facts": {"key": ["id"], "mutable": "all", "indexes": [["amount"]]}}}


@pytest.fixture
def files(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv").write_bytes(RECORDS)
    return tmp_path


def state_of(folder):
    return {path: (path.stat().st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest()) for path in folder.rglob("*") if path.is_file()}


def plan(finetl, path, warehouse, *more, **how):
    """The plan for machines, and the text for people."""
    machines = finetl("plan", path, "--warehouse", warehouse, "--json", *more, **how)
    people = finetl("plan", path, "--warehouse", warehouse, *more, **how)
    assert machines.code == people.code == 0, (machines, people)
    (dataset,) = json.loads(machines.stdout)["datasets"]
    return dataset, people.stdout


def test_nothing_is_written(finetl, files):
    path = write_pipeline(files, pipeline({"csv": "in/*.csv"}))
    before = state_of(files)
    shown, text = plan(finetl, path, f"sqlite:{files / 'w.db'}", "--limit", 10)
    assert state_of(files) == before and not shown["table_exists"]
    assert shown["ddl"][0].startswith("CREATE TABLE facts (") and shown["ddl"][1].startswith("CREATE UNIQUE INDEX")
    assert "into a new table" in shown["strategy"] and shown["strategy"] in text
    assert [sql.split(" (")[0] for sql in shown["merge"]] == ["INSERT INTO main.facts"]
    finetl.run(path, f"sqlite:{files / 'w.db'}").ok()
    before = state_of(files)
    shown, text = plan(finetl, path, f"sqlite:{files / 'w.db'}", "--limit", 10)
    assert state_of(files) == before and shown["table_exists"] and shown["ddl"] == []
    assert "merged by key" in shown["strategy"]
    assert [sql.split()[0] for sql in shown["merge"]] == ["UPDATE", "INSERT"] and all(sql in text for sql in shown["merge"])


def test_records_are_estimated_from_the_first_ones(finetl, files):
    path = write_pipeline(files, pipeline({"csv": "in/*.csv"}))
    for name in ("b.csv", "c.csv"):
        (files / "in" / name).write_bytes(b"id,amount,name\n" + b"".join(b"%06d,1.00,Ann\n" % i for i in range(5000)))
    (files / "in" / "a.csv").unlink()
    shown, text = plan(finetl, path, f"sqlite:{files / 'w.db'}", "--limit", 100)
    assert 9700 < shown["estimated_records"] <= 10010 and "about" in text
    shown, text = plan(finetl, path, f"sqlite:{files / 'w.db'}")
    assert shown["estimated_records"] == 10000 and "    10000 records in all\n" in text and "sample" not in shown
    (files / "in" / "b.csv").write_bytes(b"id,amount,name\n" + b"".join(b"%06d,1.00,Ann\n" % i for i in range(60000)))
    shown, text = plan(finetl, path, f"sqlite:{files / 'w.db'}")
    assert 64900 < shown["estimated_records"] <= 65010 and f"about {shown['estimated_records']} records in all" in text


def test_what_is_estimated_is_what_a_run_would_read(finetl, files):
    path, warehouse = write_pipeline(files, pipeline({"csv": "in/*.csv", "incremental": "objects"}, gate={"max_rejected_percent": 90})), f"sqlite:{files / 'w.db'}"
    shown, text = plan(finetl, path, warehouse)
    assert shown["estimated_records"] == 4 and "    4 records in all\n" in text
    finetl.run(path, warehouse).ok()
    shown, _ = plan(finetl, path, warehouse)
    assert shown["n_skipped_objects"] == 1 and shown["estimated_records"] == 0
    (files / "in" / "b.csv").write_bytes(b"id,amount,name\n" + b"".join(b"%06d,1.00,Ann\n" % i for i in range(5000)))
    shown, _ = plan(finetl, path, warehouse)
    assert shown["estimated_records"] == 5000
    shown, _ = plan(finetl, path, warehouse, "--limit", 100)
    assert 4850 < shown["estimated_records"] <= 5010


def test_what_cannot_be_estimated_is_not(finetl, files):
    """Packed bytes say nothing of records; and what is wrong with a file is for the run to say."""
    (files / "in" / "a.csv.gz").write_bytes(gzip.compress(b"id,amount,name\n" + b"".join(b"%06d,1.00,Ann\n" % i for i in range(60000))))
    path = write_pipeline(files, pipeline({"csv": "in/*.gz"}))
    assert "estimated_records" not in plan(finetl, path, f"sqlite:{files / 'w.db'}")[0]
    (files / "in" / "a.csv").write_bytes(b"")
    path = write_pipeline(files, pipeline({"csv": "in/a.csv"}))
    assert "estimated_records" not in plan(finetl, path, f"sqlite:{files / 'w.db'}")[0]


def test_nothing_is_written_to_a_server(finetl, files, postgres):
    path, database = write_pipeline(files, pipeline({"csv": "in/*.csv"})), postgres.fresh()
    tables = "SELECT relname, relkind, pg_relation_filenode(oid), reltuples FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1"
    try:
        shown, _ = plan(finetl, path, database.url, "--limit", 4)
        assert database.execute(tables) == [] and not shown["table_exists"] and shown["merge"][0].startswith("WITH w AS (INSERT INTO")
        finetl.run(path, database.url).ok()
        before = database.execute(tables), database.execute("SELECT xmin::text, t.* FROM facts AS t ORDER BY id"), database.execute("SELECT * FROM etl_audit_log")
        shown, _ = plan(finetl, path, database.url, "--limit", 4)
        assert [sql.split(" AS t ")[0] for sql in shown["merge"]] == ["WITH w AS (UPDATE public.facts", "WITH w AS (INSERT INTO public.facts"], shown["merge"]
        assert before == (database.execute(tables), database.execute("SELECT xmin::text, t.* FROM facts AS t ORDER BY id"),
                          database.execute("SELECT * FROM etl_audit_log"))
    finally:
        database.drop()


def test_a_sample_is_judged_record_by_record(finetl, files):
    path = write_pipeline(files, pipeline({"csv": "in/*.csv"}, where="id <> 4"))
    shown, text = plan(finetl, path, f"sqlite:{files / 'w.db'}", "--limit", 4)
    assert [(r["record"], r["verdict"], r["reasons"]) for r in shown["sample"]] == [
        (1, "kept", []), (2, "rejected", ["positive"]), (3, "rejected", ["amount:not_a_number"]), (4, "filtered", [])]
    assert shown["sample"][0]["values"] == {"id": "1", "amount": "1.00", "name": "***"}
    assert (shown["sample_read"], shown["sample_kept"], shown["sample_filtered"], shown["sample_rejected"]) == (4, 1, 1, 2)
    assert "Secretly" not in text and "record 2 rejected: positive" in text
    shown, _ = plan(finetl, path, f"sqlite:{files / 'w.db'}", "--limit", 2)
    assert shown["sample_read"] == 2
    shown, text = plan(finetl, path, f"sqlite:{files / 'w.db'}")
    assert "sample" not in shown and "record 1" not in text


def test_objects_that_the_manifest_knows_are_told(finetl, files):
    path = write_pipeline(files, pipeline({"csv": "in/*.csv", "incremental": "objects"}))
    warehouse = f"sqlite:{files / 'w.db'}"
    finetl.run(path, warehouse).ok()
    (files / "in" / "b.csv").write_bytes(b"id,amount,name\n9,1.00,Ed\n")
    shown, text = plan(finetl, path, warehouse, "--limit", 5)
    assert [(o["path"].rsplit("/", 1)[1], o["size_bytes"], o["is_skipped"]) for o in shown["objects"]] == [
        ("a.csv", len(RECORDS), True), ("b.csv", 25, False)]
    assert (shown["n_objects"], shown["n_skipped_objects"], shown["size_bytes"]) == (2, 1, 25)
    assert [r["values"]["id"] for r in shown["sample"]] == ["9"] and "loaded before, left out" in text
    shown, _ = plan(finetl, path, warehouse, "--reprocess")
    assert shown["n_skipped_objects"] == 0


def test_a_column_that_evolves_is_told_before_it_is_added(finetl, files):
    path = write_pipeline(files, pipeline({"csv": "in/*.csv"}, contract="evolve"))
    warehouse = f"sqlite:{files / 'w.db'}"
    finetl.run(path, warehouse).ok()
    (files / "in" / "a.csv").write_bytes(b"id,amount,name,Late Fee\n1,1.00,Ann,7\n")
    shown, text = plan(finetl, path, warehouse)
    assert shown["added_columns"] == {"late_fee": "Late Fee"} and shown["ddl"] == ["ALTER TABLE facts ADD COLUMN late_fee TEXT;"]
    assert "late_fee, read from Late Fee" in text


def test_a_table_that_differs_is_told(finetl, files):
    path = write_pipeline(files, pipeline({"csv": "in/*.csv"}))
    with contextlib.closing(sqlite3.connect(files / "w.db")) as db, db:
        db.execute("CREATE TABLE facts (id INTEGER)")
    shown, text = plan(finetl, path, f"sqlite:{files / 'w.db'}")
    assert "table facts" in shown["conflict"] and shown["conflict"] in text


def test_requests_are_shown_without_secrets(finetl, tmp_path):
    body = b'{"data": [{"id": 1, "amount": 1.50, "name": "Ann", "changed": "2026-01-02T00:00:00Z"}]}'
    with FaultServer({"/items": Answer(body)}) as server:
        source = {"api": server.url("/items"), "records": "data", "query": {"token": "${QUERY_SECRET}", "since": "{since}"},
                  "headers": {"X-Key": "${HEADER_SECRET}"}, "auth": {"bearer": "${TOKEN}"},
                  "incremental": {"cursor": "changed", "start": "2026-01-01T00:00:00Z"},
                  "network": {"allow_http": True, "allow_private_addresses": True}}
        spec = pipeline(source)
        spec["datasets"][0]["columns"] = [*COLUMNS, {"name": "changed", "type": "timestamp"}]
        env = {"QUERY_SECRET": "planted-one", "HEADER_SECRET": "planted-two", "TOKEN": "planted-three"}
        path, warehouse = write_pipeline(tmp_path, spec), f"sqlite:{tmp_path / 'w.db'}"
        shown, text = plan(finetl, path, warehouse, "--limit", 1, env=env)
        assert shown["request"].startswith("GET http://") and "token=***" in shown["request"] and "X-Key: ***" in shown["request"]
        assert (shown["cursor"], shown["since"], shown["auth"]) == ("changed", "2026-01-01T00:00:00Z", "bearer")
        assert shown["sample_read"] == 1
        assert "planted" not in json.dumps(shown) + text
        finetl.run(path, warehouse, env=env).ok()
        shown, _ = plan(finetl, path, warehouse, env=env)
        assert shown["since"] == "2026-01-02T00:00:00Z"
        shown, _ = plan(finetl, path, warehouse, "--from", "2026-01-05T00:00:00Z", "--to", "2026-01-06T00:00:00Z", env=env)
        assert (shown["since"], shown["until"]) == ("2026-01-05T00:00:00Z", "2026-01-06T00:00:00Z")
        assert "planted" not in finetl("describe", "dataset", "facts", "--pipeline", path, env=env).stdout


def test_a_data_set_is_tried(finetl, files):
    (files / "in" / "a.csv").write_bytes(b"id,amount,nmae,more\n1,1.00,Ann Secretly,7\n2,2.00,Bob,8\n")
    path = write_pipeline(files, pipeline({"csv": "in/*.csv"}))
    done = finetl("describe", "dataset", "facts", "--pipeline", path, "--json")
    assert done.code == 0, done
    tried = json.loads(done.stdout)
    found = {c["from"]: (c["found"], c["declared"]) for c in tried["columns"]}
    assert found == {"id": ("", "int"), "amount": ("", "decimal(8,2)"), "nmae": ("", None), "more": ("", None), "name": (None, "text(20)")}
    assert len(tried["sample"]) == 1 and tried["sample"][0]["values"] == {"id": "1", "amount": "1.00", "name": "***"}
    text = finetl("describe", "dataset", "facts", "--pipeline", path).stdout
    assert "name  NOT FOUND" in text and "more  there; NOT DECLARED" in text
    done = finetl("describe", "dataset", "fcats", "--pipeline", path)
    assert done.code == 2 and "did you mean 'facts'?" in done.stderr


def test_a_database_tells_its_types(finetl, tmp_path):
    with contextlib.closing(sqlite3.connect(tmp_path / "s.db")) as db, db:
        db.execute("CREATE TABLE t (id INTEGER, amount DECIMAL(8,2), name VARCHAR(30))")
        db.execute("INSERT INTO t VALUES (1, 1.5, 'Ann')")
    path = write_pipeline(tmp_path, pipeline({"sqlite": "s.db", "table": "t"}))
    tried = json.loads(finetl("describe", "dataset", "facts", "--pipeline", path, "--json").stdout)
    assert [c["found"].upper() for c in tried["columns"]] == ["INTEGER", "DECIMAL(8,2)", "VARCHAR(30)"]
    shown, _ = plan(finetl, path, f"sqlite:{tmp_path / 'w.db'}")
    assert shown["query"] == "table t" and shown["connects_to"].endswith("/s.db")


@pytest.mark.parametrize("kind", ["csv", "json", "ndjson", "api", "postgresql", "sqlite", "odbc"])
def test_every_source_is_described(finetl, kind):
    done = finetl("describe", kind)
    assert done.code == 0 and done.stdout.startswith(f"datasets[].source: {kind}\n") and f"  {kind}: " in done.stdout, done


def test_s3_tells_where_its_settings_are_from(finetl, tmp_path):
    done = finetl("describe", "s3", env={"AWS_ACCESS_KEY_ID": "AKIAPLANTED", "AWS_SECRET_ACCESS_KEY": "planted-secret", "AWS_REGION": "eu-west-3",
                                         "AWS_CONFIG_FILE": str(tmp_path / "none"), "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none")})
    assert done.code == 0 and "eu-west-3  (AWS_REGION)" in done.stdout and "keys" in done.stdout, done
    assert "PLANTED" not in done.stdout + done.stderr and "planted" not in done.stdout + done.stderr
    done = finetl("describe", "s4")
    assert done.code == 2 and "did you mean 's3'?" in done.stderr
