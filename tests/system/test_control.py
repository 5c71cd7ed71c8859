# SPDX-License-Identifier: Apache-2.0
"""Control totals hold a run, sums agree by group, and a held run is released as it was checked, on the record."""

import contextlib
import getpass
import json
import pwd
import os
import random
import sqlite3
from decimal import Decimal

import pytest

from faultserver import Answer, FaultServer
from finetl import Done, absent, write_pipeline

TERMS = ["read", "filtered", "inserted", "updated", "unchanged", "duplicate", "superseded", "rejected"]
HEADER = "id,amount,currency,status\n"
ROWS = [f"P{i},{i}.{i % 100:02},{['EUR', 'USD', 'eur', ''][i % 4]},{['open', 'done'][i % 2]}\n" for i in range(1, 41)]
TOTAL = sum(Decimal(row.split(",")[1]) for row in ROWS)


def pipeline(folder, name="pipeline.yaml", **more):
    dataset = {
        "name": "payments", "source": {"csv": "in/*.csv", "trailer": {"starts": "TRL", "rows": 2, "sums": {"amount": 3}}},
        "columns": [{"name": "id", "type": "text(10)", "required": True}, {"name": "amount", "type": "decimal(10,2)"},
                    {"name": "currency", "type": "text(3)", "case": "upper"}, {"name": "status", "type": "text(10)"}],
        "sum_by": ["currency"], "target": "payments"}
    targets = {"payments": {"key": ["id"], "mutable": ["status", "currency"]}}
    outer = {key: more.pop(key) for key in ("params",) if key in more}
    return write_pipeline(folder, {"version": 1, "pipeline": "payments", **outer, "datasets": [{**dataset, **more}], "targets": targets}, name)


def write(folder, rows, n=None, total=None, name="a.csv"):
    (folder / "in").mkdir(exist_ok=True)
    found = sum((Decimal(r.split(",")[1]) for r in rows if ",x," not in r), Decimal(0))
    path = folder / "in" / name
    path.write_text(HEADER + "".join(rows) + f"TRL,{len(rows) if n is None else n:06},{found if total is None else total}\n")
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def warehouse(request, tmp_path):
    if request.param == "sqlite":
        yield f"sqlite:{tmp_path / 'w.db'}"
        return
    database = request.getfixturevalue("postgres").fresh()
    yield database.url
    database.drop()


@pytest.fixture
def ask(warehouse, postgres_of):
    def question(sql):
        if warehouse.startswith("sqlite:"):
            with contextlib.closing(sqlite3.connect(warehouse.removeprefix("sqlite:"))) as db:
                return [tuple(row) for row in db.execute(sql)]
        with postgres_of(warehouse) as db:
            return [tuple(row) for row in db.execute(sql)]
    return question


@pytest.fixture
def postgres_of():
    def connect(url):
        import psycopg
        return psycopg.connect(url, autocommit=True)
    return connect


@pytest.fixture
def release(finetl, tmp_path, warehouse):
    def call(run, *more, reason="agreed with the bank, ticket 4711", **how) -> Done:
        return finetl("release", run, "--pipeline", tmp_path / "pipeline.yaml", "--warehouse", warehouse, "--reason", reason, *more, **how)
    return call


def held(finetl, folder, warehouse, **more):
    """A run that a trailer holds: it tells of a record that is not there."""
    write(folder, ROWS, n=41)
    done = finetl.run(pipeline(folder, **more), warehouse)
    assert done.code == 4 and done.result["status"] == "held", done
    return done


def as_json(value):
    return json.loads(value) if isinstance(value, str) else value


# ---- control totals ----

def test_a_trailer_that_differs_holds_the_run_and_both_figures_are_told(finetl, tmp_path, warehouse, ask):
    done = held(finetl, tmp_path, warehouse)
    assert "in/a.csv: 40 records were read, and its trailer says 41" in done.result["error"]
    control = done.dataset("payments")["control"]
    assert control["agrees"] is False and control["objects"] == 1
    path = str(tmp_path / "in" / "a.csv")
    assert {"by": "trailer", "object": path, "said": "41", "found": "40", "agrees": False} in control["figures"]
    assert {"by": "trailer", "object": path, "column": "amount", "said": str(TOTAL), "found": str(TOTAL), "agrees": True} in control["figures"]
    (kept,), = ask("SELECT reconciliation FROM etl_audit_log")
    assert as_json(kept)["datasets"]["payments"]["control"] == control


def test_totals_that_agree_are_on_record(finetl, tmp_path, warehouse, ask):
    write(tmp_path, ROWS[:20], name="a.csv")
    write(tmp_path, ROWS[20:], name="b.csv")
    (tmp_path / "in" / "a.ctl").write_text(json.dumps({"n": 20}))
    (tmp_path / "in" / "b.ctl").write_text(json.dumps({"n": "20"}))
    path = pipeline(tmp_path, params={"rows": "40"}, control={"rows": "{rows}", "sidecar": {"file": "{stem}.ctl", "rows": "n"}})
    done = finetl.run(path, warehouse).ok()
    figures = done.dataset("payments")["control"]["figures"]
    of_all = {(f["by"], f.get("column")): f["said"] for f in figures if "object" not in f}
    assert of_all == {("given", None): "40", ("trailer", None): "40", ("trailer", "amount"): str(TOTAL), ("sidecar", None): "40"}
    assert all(f["agrees"] and f["said"] == f["found"] for f in figures)
    (kept,), = ask("SELECT reconciliation FROM etl_audit_log")
    assert as_json(kept)["datasets"]["payments"]["control"]["agrees"] is True
    assert finetl.run(path, warehouse, "--param", "rows=39").code == 4
    assert finetl.run(path, warehouse, "--param", "rows=many").code == 2


def test_a_file_cut_at_any_byte_is_never_loaded(finetl, tmp_path):
    """Without its trailer it is refused; with a part of it, refused or held. What lacks but the last line end is whole."""
    path = write(tmp_path, ROWS[:3])
    whole = path.read_bytes()
    pipe = pipeline(tmp_path)
    for n in range(0, len(whole) - 1):
        path.write_bytes(whole[:n])
        done = finetl.run(pipe, f"files:{tmp_path / 'out'}")
        assert done.code in (3, 4), (whole[:n], done)
    path.write_bytes(whole[:-1])
    finetl.run(pipe, f"files:{tmp_path / 'out'}").ok()


SIDECARS = {"csv": "relev\u00e9s,m\n2,3.50\n", "json": '{"relev\u00e9s": 2, "m": "3.50"}'}


@pytest.mark.parametrize("encoding, written, is_read", [
    ("utf-8", "utf-8", True), ("utf-8", "utf-8-sig", True), ("utf-8", "utf-16", True), ("utf-8", "cp1252", False), ("utf-16", "utf-16", True), ("utf-16", "utf-8", True),
    ("utf-16be", "utf-16-be", True), ("windows-1252", "cp1252", True), ("windows-1252", "utf-8", True), ("windows-1252", "mac-roman", False), ("mac-roman", "mac-roman", True)])
@pytest.mark.parametrize("form", ["csv", "json"])
def test_a_sidecar_is_in_unicode_or_written_as_its_file(finetl, tmp_path, form, encoding, written, is_read):
    sources = {"windows-1252": "cp1252", "utf-16be": "utf-16-be"}
    (tmp_path / "a.csv").write_bytes("id,amount\n1,1.50\n2,2.00\n".encode(sources.get(encoding, encoding)))
    (tmp_path / "a.ctl").write_bytes(SIDECARS[form].encode(written))
    path = write_pipeline(tmp_path, {
        "version": 1, "pipeline": "p", "targets": {"rows": {"key": ["id"]}},
        "datasets": [{"name": "t", "source": {"csv": "a.csv", "encoding": encoding}, "target": "rows",
                      "columns": [{"name": "id", "type": "int"}, {"name": "amount", "type": "decimal(8,2)"}],
                      "control": {"sidecar": {"file": "{stem}.ctl", "format": form, "rows": "relev\u00e9s", "sums": {"amount": "m"}}}}]})
    done = finetl.run(path, f"files:{tmp_path / 'out'}")
    assert done.code == (0 if is_read else 3), done
    if is_read and written.startswith("utf-16"):
        (tmp_path / "a.ctl").write_bytes(SIDECARS[form].encode(written)[:-1])
        done = finetl.run(path, f"files:{tmp_path / 'out'}")
        assert done.code == 3 and "inside a character" in done.result["error"], done


def test_sums_of_more_than_64_bits_are_exact(finetl, tmp_path, warehouse):
    big = "9999999999999999.99"
    rows = [f"B{i},{big},EUR,open\n" for i in range(1200)]
    write(tmp_path, rows, total=Decimal(big) * 1200)
    columns = [{"name": "id", "type": "text(10)"}, {"name": "amount", "type": "decimal(18,2)"}, {"name": "currency", "type": "text(3)"},
               {"name": "status", "type": "text(10)"}]
    path = pipeline(tmp_path, columns=columns)
    done = finetl.run(path, warehouse).ok().dataset("payments")
    assert done["sum_by"]["groups"][0]["sums"]["amount"]["inserted"] == str(Decimal(big) * 1200)
    write(tmp_path, rows, total=Decimal(big) * 1200 + Decimal("0.01"))
    assert finetl.run(path, warehouse).code == 4


@pytest.mark.parametrize(("said", "code"), [("123.45", 4), ("123.45x", 3), ("123.456", 3)])
def test_personal_sums_are_not_told(finetl, tmp_path, said, code):
    write(tmp_path, ROWS, total=said)
    columns = [{"name": "id", "type": "text(10)"}, {"name": "amount", "type": "decimal(10,2)", "pii": True},
               {"name": "currency", "type": "text(3)"}, {"name": "status", "type": "text(10)"}]
    done = finetl.run(pipeline(tmp_path, columns=columns), f"sqlite:{tmp_path / 'w.db'}")
    assert done.code == code and "***" in done.result["error"]
    assert "123.45" not in done.stdout + done.stderr and str(TOTAL) not in done.stdout + done.stderr


def test_a_trailer_that_says_no_figure_is_told_with_its_line(finetl, tmp_path):
    path = write(tmp_path, ROWS, total="1.234")
    done = finetl.run(pipeline(tmp_path), f"sqlite:{tmp_path / 'w.db'}")
    assert done.code == 3 and f"{path}:42: control total (trailer): '1.234' is not a sum of 'amount'" in done.result["error"]


def test_the_five_steps_end_as_one_run_does(finetl, tmp_path):
    write(tmp_path, ROWS)
    path, warehouse = pipeline(tmp_path), f"sqlite:{tmp_path / 'w.db'}"
    finetl("extract", path, "--run-dir", tmp_path / "r", "--warehouse", warehouse).ok()
    finetl("transform", "--run-dir", tmp_path / "r").ok()
    finetl("load", "--run-dir", tmp_path / "r", "--warehouse", warehouse).ok()
    write(tmp_path, ROWS, n=7)
    finetl("extract", path, "--run-dir", tmp_path / "s", "--warehouse", warehouse).ok()
    finetl("transform", "--run-dir", tmp_path / "s").ok()
    done = finetl("load", "--run-dir", tmp_path / "s", "--warehouse", warehouse)
    assert done.code == 4 and "its trailer says 7" in done.result["error"]


def test_extract_keeps_the_control_files(finetl, tmp_path):
    """What transform and load hold the records against is what was there with them."""
    write(tmp_path, ROWS)
    sidecar = tmp_path / "in" / "a.ctl"
    sidecar.write_text(json.dumps({"n": 40}))
    path, warehouse = pipeline(tmp_path, control={"sidecar": {"file": "{stem}.ctl", "rows": "n"}}), f"sqlite:{tmp_path / 'w.db'}"
    finetl("extract", path, "--run-dir", tmp_path / "r", "--warehouse", warehouse).ok()
    sidecar.unlink()
    finetl("transform", "--run-dir", tmp_path / "r").ok()
    done = finetl("load", "--run-dir", tmp_path / "r", "--warehouse", warehouse).ok()
    assert done.dataset("payments")["control"]["agrees"]
    refused = finetl("extract", path, "--run-dir", tmp_path / "s", "--warehouse", warehouse)
    assert refused.code == 3 and "the control file of" in refused.result["error"], refused
    sidecar.write_text(json.dumps({"n": 41}))
    finetl("extract", path, "--run-dir", tmp_path / "t", "--warehouse", warehouse).ok()
    finetl("transform", "--run-dir", tmp_path / "t").ok()
    kept = next((tmp_path / "t" / "raw" / "payments").glob("*.sidecar"))
    kept.write_text(json.dumps({"n": 40}))
    done = finetl("load", "--run-dir", tmp_path / "t", "--warehouse", warehouse)
    assert done.code == 8 and "changed" in done.result["error"], done


# ---- sums by group ----

def test_each_group_agrees_over_updates_and_reruns(finetl, tmp_path, warehouse, ask):
    """What a group has in the table is what all runs together say was inserted and updated into it."""
    r, path = random.Random(5), pipeline(tmp_path)
    state = {}
    for _ in range(4):
        rows = []
        for _ in range(300):
            key = f"K{r.randrange(200)}"
            amount = state.setdefault(key, Decimal(r.randrange(-9999, 9999)) / 100)
            rows.append(f"{key},{amount if r.random() > 0.05 else 'x'},{r.choice(['EUR', 'USD', 'JPY', ''])},{r.choice(['open', 'done'])}\n")
        write(tmp_path, rows)
        dataset = finetl.run(path, warehouse).ok().dataset("payments")
        groups = dataset["sum_by"]["groups"]
        assert [g["values"] for g in groups] == sorted((g["values"] for g in groups), key=lambda v: (v[0] is not None, v[0] or ""))
        for group in groups:
            assert group["read"] == sum(group[t] for t in TERMS[1:])
            sums = {t: Decimal(v) for t, v in group["sums"]["amount"].items()}
            assert sums["read"] == sum(sums[t] for t in TERMS[1:])
        for term in TERMS:
            assert dataset[term] == sum(g[term] for g in groups)
            assert Decimal(dataset["sums"]["amount"][term]) == sum(Decimal(g["sums"]["amount"][term]) for g in groups)
    # Keys that change there and back within the run end as they were: staged, and found unchanged.
    before = ask("SELECT id, currency, status FROM payments ORDER BY id")
    rerun = finetl.run(path, warehouse).ok().dataset("payments")
    assert rerun["inserted"] == rerun["updated"] == 0 and rerun["superseded"] > 0
    assert ask("SELECT id, currency, status FROM payments ORDER BY id") == before


def test_groups_of_a_first_load_are_those_of_the_table(finetl, tmp_path, warehouse, ask):
    write(tmp_path, ROWS)
    groups = finetl.run(pipeline(tmp_path), warehouse).ok().dataset("payments")["sum_by"]["groups"]
    said = {g["values"][0]: (g["inserted"], Decimal(g["sums"]["amount"]["inserted"])) for g in groups}
    amount = "sum(amount_minor)" if warehouse.startswith("sqlite:") else "sum(amount) * 100"
    found = {c: (n, Decimal(s) / 100) for c, n, s in ask(f"SELECT currency, count(*), {amount} FROM payments GROUP BY currency")}
    assert said == found and None in said


# ---- release ----

def test_a_held_run_is_released_once_and_on_the_record(finetl, tmp_path, warehouse, ask, release):
    was = held(finetl, tmp_path, warehouse, gate={"min_rows": 100}).result
    done = release(was["run_id"]).ok()
    result = done.result
    assert result["status"] == "success" and result["published"] and result["run_id"] != was["run_id"]
    assert result["run_time"] == was["run_time"]
    user = pwd.getpwuid(os.getuid()).pw_name
    assert result["release"]["run_id"] == was["run_id"] and result["release"]["by"] == user
    assert result["release"]["reason"] == "agreed with the bank, ticket 4711"
    assert "min_rows" in result["release"]["waived"] and "its trailer says 41" in result["release"]["waived"]
    assert ask("SELECT count(*) FROM payments") == [(40,)]
    kept, = ask(f"SELECT status, reconciliation FROM etl_audit_log WHERE run_id = '{result['run_id']}'")
    assert kept[0] == "success" and as_json(kept[1])["release"] == result["release"]
    assert ask(f"SELECT status FROM etl_audit_log WHERE run_id = '{was['run_id']}'") == [("held",)]
    (detail,), = ask(f"SELECT detail FROM etl_run_events WHERE run_id = '{result['run_id']}' AND event = 'started'")
    detail = as_json(detail)
    assert (detail["releases"], detail["released_by"], detail["reason"]) == (was["run_id"], user, "agreed with the bank, ticket 4711")
    assert finetl("runs", "--verify", "--warehouse", warehouse).ok()

    again = release(was["run_id"]).ok().result
    assert again["run_id"] == result["run_id"] and again["was_released_before"] and again["release"] == result["release"]
    assert [d["inserted"] for d in again["datasets"]] == [40]
    assert len(ask("SELECT run_id FROM etl_audit_log")) == 2
    # The file is loaded: a run that reads only what is new has nothing to do with it.
    refused = release(result["run_id"])
    assert refused.code == 8 and "'success'" in refused.result["error"]


def test_other_content_is_not_released(finetl, tmp_path, warehouse, ask, release):
    run = held(finetl, tmp_path, warehouse).result["run_id"]
    path = tmp_path / "in" / "a.csv"
    text = path.read_text()
    path.write_text(text.replace("P1,1.01", "P1,9.01"))
    done = release(run)
    assert done.code == 8 and "is not what run" in done.result["error"] and not done.result["published"], done
    path.write_text(text + "\n")
    assert release(run).code == 8
    path.unlink()
    assert release(run).code != 0
    path.write_text(text)
    write(tmp_path, ["Z1,1.00,EUR,open\n"], name="b.csv")  # came since: it is not taken along
    done = release(run).ok()
    assert done.dataset("payments")["read"] == 40
    assert ask("SELECT count(*) FROM payments WHERE id = 'Z1'") == [(0,)]


def test_another_pipeline_file_or_parameter_is_refused(finetl, tmp_path, warehouse, release):
    write(tmp_path, ROWS)
    path = pipeline(tmp_path, params={"rows": "40"}, control={"rows": "{rows}"})
    run = finetl.run(path, warehouse, "--param", "rows=41").result["run_id"]
    assert release(run).code == 8
    pipeline(tmp_path, params={"rows": "40"}, control={"rows": "{rows}"}, where="amount > 5")
    assert release(run, "--param", "rows=41").code == 8
    pipeline(tmp_path, params={"rows": "40"}, control={"rows": "{rows}"})
    release(run, "--param", "rows=41").ok()


def test_a_warehouse_that_has_changed_is_not_released_into(finetl, tmp_path, warehouse, ask, release):
    """Then conflicts would come that the held run did not have."""
    run = held(finetl, tmp_path, warehouse).result["run_id"]
    text = (tmp_path / "in" / "a.csv").read_text()
    write(tmp_path, ["P1,5.00,EUR,open\n"])
    finetl.run(tmp_path / "pipeline.yaml", warehouse).ok()
    (tmp_path / "in" / "a.csv").write_text(text)
    done = release(run)
    assert done.code == 8 and "rejected" in done.result["error"], done
    assert ask("SELECT count(*) FROM payments") == [(1,)]


def test_what_is_in_the_warehouse_by_now_is_unchanged(finetl, tmp_path, warehouse, ask, release):
    run = held(finetl, tmp_path, warehouse).result["run_id"]
    text = (tmp_path / "in" / "a.csv").read_text()
    write(tmp_path, ROWS[:10])
    finetl.run(tmp_path / "pipeline.yaml", warehouse).ok()
    (tmp_path / "in" / "a.csv").write_text(text)
    d = release(run).ok().dataset("payments")
    assert (d["inserted"], d["unchanged"]) == (30, 10)


def test_what_a_later_run_has_changed_is_not_changed_back(finetl, tmp_path, warehouse, ask, release):
    """P1 was there before, P2 was not: of both the later delivery counts, and the held one is the older."""
    write(tmp_path, ["P1,1.01,USD,new\n", "P3,3.03,USD,new\n"])
    finetl.run(pipeline(tmp_path), warehouse).ok()
    older = held(finetl, tmp_path, warehouse).result["run_id"]
    text = (tmp_path / "in" / "a.csv").read_text()
    for row in ("P1,1.01,USD,closed\n", "P2,2.02,USD,closed\n"):
        write(tmp_path, [row])
        finetl.run(tmp_path / "pipeline.yaml", warehouse).ok()
        (tmp_path / "in" / "a.csv").write_text(text)
        done = release(older)
        assert done.code == 8 and "later runs" in done.result["error"], done
    assert ask("SELECT id, status FROM payments ORDER BY id") == [("P1", "closed"), ("P2", "closed"), ("P3", "new")]
    # Delivered as the held run has them: nothing would be changed back any more, but P3, which no later run has touched.
    write(tmp_path, ROWS[:2])
    finetl.run(tmp_path / "pipeline.yaml", warehouse).ok()
    (tmp_path / "in" / "a.csv").write_text(text)
    d = release(older).ok().dataset("payments")
    assert (d["inserted"], d["updated"], d["unchanged"]) == (37, 1, 2)


@pytest.mark.parametrize("reason", ["", "  ", "x" * 2001])
def test_a_release_has_a_reason(finetl, tmp_path, warehouse, release, reason):
    run = held(finetl, tmp_path, warehouse).result["run_id"]
    assert release(run, reason=reason).code == 2


def test_runs_that_are_not_there_or_failed_are_not_released(finetl, tmp_path, warehouse, release):
    held(finetl, tmp_path, warehouse)
    assert release("01AAAAAAAAAAAAAAAAAAAAAAAA").code == 2
    (tmp_path / "in" / "a.csv").write_text(HEADER + ROWS[0])
    failed = finetl.run(tmp_path / "pipeline.yaml", warehouse)
    assert failed.code == 3
    done = release(failed.result["run_id"])
    assert done.code == 8 and "'failed'" in done.result["error"]


def test_two_who_release_at_once_release_once(finetl, tmp_path, warehouse, ask):
    run = held(finetl, tmp_path, warehouse).result["run_id"]
    command = ["release", run, "--pipeline", tmp_path / "pipeline.yaml", "--warehouse", warehouse, "--reason", "twice", "--wait", "60s"]
    both = [finetl.start(*command) for _ in range(2)]
    ends = [(p.communicate(timeout=120), p.returncode) for p in both]
    assert sorted(code for _, code in ends) in ([0, 0], [0, 8]), ends
    assert ask("SELECT count(*) FROM payments") == [(40,)]
    assert len(ask("SELECT run_id FROM etl_audit_log WHERE status = 'success'")) == 1
    assert finetl("runs", "--verify", "--warehouse", warehouse).ok()


def test_files_keep_no_runs_to_release(finetl, tmp_path):
    write(tmp_path, ROWS, n=41)
    path = pipeline(tmp_path)
    run = finetl.run(path, f"files:{tmp_path / 'out'}").result["run_id"]
    done = finetl("release", run, "--pipeline", path, "--warehouse", f"files:{tmp_path / 'out'}", "--reason", "x")
    assert done.code == 2 and "keeps no record of runs" in done.result["error"]


def test_an_api_is_asked_again_and_must_answer_the_same(finetl, tmp_path, warehouse, ask, release):
    body = {"text": json.dumps([{"id": f"A{i}", "amount": "1.00"} for i in range(5)])}
    with FaultServer({"/p": lambda request: Answer(body["text"])}) as server:
        write_pipeline(tmp_path, {
            "version": 1, "pipeline": "asked",
            "datasets": [{"name": "payments", "source": {"api": server.url("/p"), "network": {"allow_http": True, "allow_private_addresses": True}},
                          "columns": [{"name": "id", "type": "text(10)"}, {"name": "amount", "type": "decimal(10,2)"}],
                          "control": {"rows": "6"}, "target": "payments"}],
            "targets": {"payments": {"key": ["id"]}}})
        done = finetl.run(tmp_path / "pipeline.yaml", warehouse)
        assert done.code == 4, done
        run, whole = done.result["run_id"], body["text"]
        body["text"] = whole.replace("1.00", "2.00")
        refused = release(run)
        assert refused.code == 8 and "is not what run" in refused.result["error"], refused
        body["text"] = whole
        release(run).ok()
        assert ask("SELECT count(*) FROM payments") == [(5,)]


@pytest.mark.parametrize("more", [["--from", "3", "--to", "6"], ["--from", "3"], ["--to", "6"]])
def test_a_window_is_released_as_it_was_asked_for(finetl, tmp_path, warehouse, ask, release, more):
    with contextlib.closing(sqlite3.connect(tmp_path / "in.db")) as db, db:
        db.execute("CREATE TABLE p (id TEXT, n INTEGER, amount TEXT)")
        db.executemany("INSERT INTO p VALUES (?, ?, '1.00')", [(f"A{n}", n) for n in range(10)])
    path = write_pipeline(tmp_path, {
        "version": 1, "pipeline": "windows", "params": {"rows": None},
        "datasets": [{"name": "payments", "source": {"sqlite": "in.db", "table": "p", "incremental": {"cursor": "n"}},
                      "columns": [{"name": "id", "type": "text(10)"}, {"name": "n", "type": "int"}, {"name": "amount", "type": "decimal(10,2)"}],
                      "control": {"rows": "{rows}"}, "target": "payments"}],
        "targets": {"payments": {"key": ["id"]}}})
    finetl.run(path, warehouse, "--param", "rows=3", "--to", "3").ok()
    held = finetl.run(path, warehouse, *more, "--param", "rows=999")
    assert held.code == 4, held
    assert held.result["window"] == {"from": "3" if "--from" in more else None, "to": "6" if "--to" in more else None}
    done = release(held.result["run_id"], "--param", "rows=999").ok()
    assert done.result["window"] == held.result["window"] and done.dataset("payments")["read"] == held.dataset("payments")["read"]
    assert ask("SELECT max(n) FROM payments") == [(5 if "--to" in more else 9,)]
    # A backfill does not move the watermark, neither held nor released.
    assert ask("SELECT count(*) FROM etl_watermarks") == [(0,)]
    # Without a window what is new is asked for, and no window is told of.
    held = finetl.run(path, warehouse, "--param", "rows=999")
    assert held.code == 4 and "window" not in held.result
    assert release(held.result["run_id"], "--param", "rows=999").ok().dataset("payments")["read"] == 10


def test_the_report_shows_control_totals_groups_and_who_released(finetl, tmp_path, warehouse, release):
    run = held(finetl, tmp_path, warehouse).result["run_id"]
    page = finetl("report", run, "--warehouse", warehouse, "-o", "-").ok().stdout
    assert "Control totals" in page and "differs" in page and f"finetl release {run}" in page
    released = release(run).ok().result["run_id"]
    page = finetl("report", released, "--warehouse", warehouse, "-o", "-").ok().stdout
    assert "payments by currency" in page and "agreed with the bank, ticket 4711" in page and "Waived" in page
    assert getpass.getuser() in page


def test_a_held_run_over_objects_of_s3_is_released(finetl, tmp_path, release_s3):
    put, env, call = release_s3
    put("in/a.csv", (HEADER + "".join(ROWS) + f"TRL,41,{TOTAL}\n").encode())
    put("in/a.json", json.dumps({"n": 40}).encode())
    path = pipeline(tmp_path, source={"csv": "s3://held/in/*.csv", "trailer": {"starts": "TRL", "rows": 2, "sums": {"amount": 3}}},
                    control={"sidecar": {"file": "{stem}.json", "rows": "n"}})
    done = finetl.run(path, f"sqlite:{tmp_path / 'w.db'}", env=env)
    assert done.code == 4 and "its trailer says 41" in done.result["error"], done
    put("in/a.csv", (HEADER + "".join(ROWS[1:]) + f"TRL,41,{TOTAL}\n").encode())
    refused = call(done.result["run_id"])
    assert refused.code == 8 and "is not what run" in refused.result["error"], refused
    put("in/a.csv", (HEADER + "".join(ROWS) + f"TRL,41,{TOTAL}\n").encode())
    assert call(done.result["run_id"]).ok().dataset("payments")["inserted"] == 40


@pytest.fixture
def release_s3(finetl, tmp_path):
    try:
        import s3servers
    except ImportError:
        absent("moto and boto3 are not installed; ./test does")
    with open(tmp_path / "moto.log", "w", encoding="utf-8") as log:
        server = s3servers.start_moto(log)
        try:
            client, env = server.client(), server.env(TMPDIR=str(tmp_path))
            client.create_bucket(Bucket="held")

            def put(key, body):
                client.put_object(Bucket="held", Key=key, Body=body)

            def call(run):
                return finetl("release", run, "--pipeline", tmp_path / "pipeline.yaml", "--warehouse", f"sqlite:{tmp_path / 'w.db'}",
                              "--reason", "as it should be", env=env)

            yield put, env, call
        finally:
            server.stop()
