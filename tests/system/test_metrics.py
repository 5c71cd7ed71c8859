# SPDX-License-Identifier: Apache-2.0
"""Figures for Prometheus: the grammar, the names, what goes on from run to run; and that all who tell of a run tell the same."""

import contextlib
import json
import os
import re
import sqlite3
import stat
from decimal import Decimal

import pytest
from prometheus_client import parser

from faultserver import Answer, FaultServer
from finetl import RUN_TIME
from test_checks import TRANSACTIONS
from test_lineage import SUITE, events_of
from test_notify import bad_transactions, books, hook


def families_of(path):
    """Read by Prometheus' own parser, and held against its conventions, as promtool does."""
    text = path.read_text()
    families = list(parser.text_string_to_metric_families(text))
    assert len({f.name for f in families}) == len(families) and text.endswith("\n")
    out = {}
    for family in families:
        name = family.name + ("_total" if family.type == "counter" else "")
        assert re.fullmatch(r"finetl_[a-z_]+", name) and family.documentation.endswith("."), name
        assert family.type in ("gauge", "counter") and (family.type == "counter") == (name in ("finetl_runs_total", "finetl_records_total"))
        assert not re.search(r"_(ms|milliseconds|minutes|percent|kb|mb)\b", name)
        for sample in family.samples:
            assert sample.name == name and sample.timestamp is None
            assert set(sample.labels) <= {"pipeline", "dataset", "outcome", "status", "result", "version"}
            key = (sample.name, *sorted(sample.labels.items()))
            assert key not in out
            out[key] = sample.value
    return out


def value(families, name, **labels):
    return families[("finetl_" + name, *sorted({"pipeline": "financial_transactions", **labels}.items()))]


def run(finetl, tmp_path, *more, transactions=TRANSACTIONS, **dataset):
    pipeline = books(tmp_path, [], transactions=transactions, **dataset)
    return finetl.run(pipeline, f"sqlite:{tmp_path}/w.db", "--metrics-textfile", tmp_path / "m.prom", *more)


def test_the_file_is_what_prometheus_reads(finetl, tmp_path):
    done = run(finetl, tmp_path, transactions=bad_transactions()).ok()
    families = families_of(tmp_path / "m.prom")
    assert value(families, "last_run_records", dataset="transactions", outcome="read") == 12
    assert value(families, "last_run_records", dataset="transactions", outcome="rejected") == 1
    assert value(families, "last_run_status", status="success_with_rejects") == 1
    assert value(families, "last_run_status", status="failed") == 0
    assert value(families, "last_run_read_bytes", dataset="customers") == os.path.getsize(tmp_path / "customers.csv")
    assert families[("finetl_build_info", ("version", done.result["finetl_version"]))] == 1
    assert stat.S_IMODE((tmp_path / "m.prom").stat().st_mode) == 0o644
    assert sorted(p.name for p in tmp_path.iterdir() if "m.prom" in p.name) == ["m.prom"]


def test_the_last_success_outlives_a_failure_and_counters_go_on(finetl, tmp_path):
    run(finetl, tmp_path).ok()
    before = families_of(tmp_path / "m.prom")
    assert run(finetl, tmp_path, transactions="nothing\n1\n").code == 3
    failed = families_of(tmp_path / "m.prom")
    assert run(finetl, tmp_path, transactions=bad_transactions(), gate={"max_rejected_percent": 1}).code == 4
    held = families_of(tmp_path / "m.prom")
    run(finetl, tmp_path).ok()
    after = families_of(tmp_path / "m.prom")
    name = "last_success_timestamp_seconds"
    assert value(before, name) == value(failed, name) == value(held, name) < value(after, name)
    assert value(failed, "last_run_published") == 0 and value(failed, "last_run_exit_code") == 3
    assert [value(after, "runs_total", status=s) for s in ("success", "success_with_rejects", "held", "failed")] == [2, 0, 1, 1]
    assert value(after, "records_total", dataset="transactions", outcome="read") == 24
    assert value(after, "records_total", dataset="transactions", outcome="inserted") == 12
    assert value(after, "records_total", dataset="transactions", outcome="unchanged") == 12


def test_a_run_that_never_succeeded_has_no_time_of_success(finetl, tmp_path):
    assert run(finetl, tmp_path, transactions="nothing\n1\n").code == 3
    assert not [key for key in families_of(tmp_path / "m.prom") if key[0] == "finetl_last_success_timestamp_seconds"]


def test_a_folder_gets_a_file_for_each_pipeline(finetl, tmp_path):
    (tmp_path / "textfile").mkdir()
    pipeline = books(tmp_path, [])
    done = finetl.run(pipeline, f"sqlite:{tmp_path}/w.db", "--metrics-textfile", tmp_path / "textfile").ok()
    assert [p.name for p in (tmp_path / "textfile").iterdir()] == ["finetl_financial_transactions.prom"]
    assert done.result["notifications"][0]["target"].endswith("/finetl_financial_transactions.prom")


@pytest.mark.parametrize("old", [b"\x00\xff garbage \n}{", b'finetl_runs_total{pipeline="financial_transactions",status="success"} 99999999999999999999999\n',
                                 b'finetl_last_success_timestamp_seconds{pipeline="financial_transactions"} NaN\n', b""])
def test_an_old_file_of_any_kind_is_replaced_by_a_right_one(finetl, tmp_path, old):
    (tmp_path / "m.prom").write_bytes(old)
    run(finetl, tmp_path).ok()
    assert value(families_of(tmp_path / "m.prom"), "runs_total", status="success") == 1


@pytest.mark.parametrize("place", ["no/such/m.prom", "/dev/null/x"])
def test_a_file_that_cannot_be_written_changes_nothing(finetl, tmp_path, place):
    pipeline = books(tmp_path, [])
    done = finetl.run(pipeline, f"sqlite:{tmp_path}/w.db", "--metrics-textfile", tmp_path / place).ok()
    assert not done.result["notifications"][0]["sent"] and done.result["published"]


def test_counters_of_data_sets_that_a_run_leaves_out_stay(finetl, tmp_path):
    run(finetl, tmp_path).ok()
    before = families_of(tmp_path / "m.prom")
    run(finetl, tmp_path, "--select", "customers").ok()
    families = families_of(tmp_path / "m.prom")
    for outcome in ("read", "inserted", "rejected"):
        assert value(families, "records_total", dataset="transactions", outcome=outcome) == value(
            before, "records_total", dataset="transactions", outcome=outcome)
    run(finetl, tmp_path).ok()
    assert value(families_of(tmp_path / "m.prom"), "records_total", dataset="transactions", outcome="read") == 2 * value(
        before, "records_total", dataset="transactions", outcome="read")


@pytest.mark.parametrize("name", ["x y", 'x\\"', "x\n", "", "X"])
def test_only_names_of_data_sets_are_taken_over(finetl, tmp_path, name):
    line = f'finetl_records_total{{pipeline="financial_transactions",dataset="{name}",outcome="read"}} 3\n'
    (tmp_path / "m.prom").write_text(line + line)
    run(finetl, tmp_path).ok()
    assert {dict(key[1:])["dataset"] for key in families_of(tmp_path / "m.prom") if key[0] == "finetl_records_total"} == {
        "customers", "transactions"}


def test_what_is_no_file_is_neither_read_nor_replaced(finetl, tmp_path):
    os.mkfifo(tmp_path / "m.prom")
    done = run(finetl, tmp_path).ok()
    assert not done.result["notifications"][0]["sent"] and "no file" in done.result["notifications"][0]["error"]
    assert stat.S_ISFIFO((tmp_path / "m.prom").stat().st_mode)


@pytest.mark.parametrize("gate, code", [({}, 0), ({"max_rejected_percent": 1}, 4)])
def test_all_who_tell_of_a_run_tell_the_same(finetl, tmp_path, gate, code):
    """The result, the audit row, the validation of Great Expectations in it, metrics and lineage."""
    (tmp_path / "s.json").write_text(json.dumps(SUITE))
    done = run(finetl, tmp_path, "--openlineage-url", f"file:{tmp_path}/e", transactions=bad_transactions(), gate=gate, expectations="s.json")
    assert done.code == code
    result, metrics, lineage = done.result, families_of(tmp_path / "m.prom"), events_of(tmp_path / "e")[1]
    with contextlib.closing(sqlite3.connect(tmp_path / "w.db")) as db:
        db.row_factory = sqlite3.Row
        audit = db.execute("SELECT * FROM etl_audit_log").fetchone()
    quality, totals = json.loads(audit["quality_report"]), json.loads(audit["reconciliation"])
    own = lineage["run"]["facets"]["finetl"]

    assert result["run_id"] == audit["run_id"] == own["runId"]
    assert result["status"] == audit["status"] == own["status"] and value(metrics, "last_run_status", status=result["status"]) == 1
    assert result["exit_code"] == own["exitCode"] == value(metrics, "last_run_exit_code") == code
    for column in ("extracted", "transformed", "loaded", "rejected", "duplicate"):
        assert audit[f"records_{column}"] == own[f"records{column.capitalize()}"]
    assert Decimal(quality["quality_score"]) == Decimal(own["qualityScore"])
    assert round(value(metrics, "last_run_quality_ratio") * 100, 4) == float(quality["quality_score"])
    for dataset, inputs, outputs in zip(result["datasets"], lineage["inputs"], lineage["outputs"]):
        name, told = dataset["name"], inputs["inputFacets"]["dataQualityMetrics"]
        for term in ("read", "filtered", "inserted", "updated", "unchanged", "duplicate", "superseded", "rejected"):
            assert dataset[term] == totals["datasets"][name][term] == value(metrics, "last_run_records", dataset=name, outcome=term)
        assert told["rowCount"] == dataset["read"] and told["fileCount"] == dataset["objects"]
        assert told["bytes"] == dataset["bytes"] == value(metrics, "last_run_read_bytes", dataset=name)
        for column, sums in dataset["sums"].items():
            assert told["columnMetrics"][column]["sum"] == Decimal(sums["read"]) == Decimal(totals["datasets"][name]["sums"][column]["read"])
        if code == 0:
            assert outputs["outputFacets"]["outputStatistics"]["rowCount"] == dataset["inserted"] + dataset["updated"]
    expectations = result["datasets"][1]["expectations"]
    validation = quality["datasets"]["transactions"]["validation"]
    assertions = lineage["inputs"][1]["inputFacets"]["dataQualityAssertions"]["assertions"]
    assert expectations["evaluated"] == validation["statistics"]["evaluated_expectations"] == len(assertions)
    assert expectations["successful"] == validation["statistics"]["successful_expectations"] == sum(a["success"] for a in assertions)
    assert value(metrics, "last_run_expectations", dataset="transactions", result="met") == expectations["successful"]
    assert value(metrics, "last_run_expectations", dataset="transactions", result="not_met") == expectations["evaluated"] - expectations["successful"]


def test_the_load_of_five_steps_tells_as_a_run_does_but_for_notices(finetl, tmp_path):
    """Those are the last step's."""
    with FaultServer({"/services/*": Answer(b"ok")}) as server:
        pipeline = books(tmp_path, [hook(server)], transactions=bad_transactions())
        finetl("extract", pipeline, "--run-dir", tmp_path / "dir", "--run-time", RUN_TIME).ok()
        finetl("transform", "--run-dir", tmp_path / "dir").ok()
        assert not (tmp_path / "e").exists()
        done = finetl("load", "--run-dir", tmp_path / "dir", "--warehouse", f"sqlite:{tmp_path}/w.db", "--metrics-textfile", tmp_path / "m.prom",
                      "--openlineage-url", f"file:{tmp_path}/e").ok()
    assert server.requests == [] and [n["channel"] for n in done.result["notifications"]] == ["openlineage", "openlineage", "metrics"]
    assert value(families_of(tmp_path / "m.prom"), "last_run_records", dataset="transactions", outcome="read") == 12
    assert [e["eventType"] for e in events_of(tmp_path / "e")] == ["START", "COMPLETE"]
    assert value(families_of(tmp_path / "m.prom"), "last_run_read_bytes", dataset="customers") == os.path.getsize(tmp_path / "customers.csv")


def test_nothing_to_do_is_told_with_its_exit_code(finetl, tmp_path):
    (tmp_path / "customers.csv").write_text("customer_id,customer_name,registration_date,customer_tier,email,is_active\n")
    pipeline = books(tmp_path, [])
    spec = json.loads(pipeline.read_text())
    for dataset in spec["datasets"]:
        dataset["source"]["allow_empty"] = True
    pipeline.write_text(json.dumps(spec))
    for name in ("customers", "transactions"):
        path = tmp_path / f"{name}.csv"
        path.write_text(path.read_text().splitlines()[0] + "\n")
    done = finetl.run(pipeline, f"sqlite:{tmp_path}/w.db", "--metrics-textfile", tmp_path / "m.prom", "--exit-99-if-nothing")
    assert done.code == done.result["exit_code"] == 99 == value(families_of(tmp_path / "m.prom"), "last_run_exit_code")
