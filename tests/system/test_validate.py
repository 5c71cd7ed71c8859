# SPDX-License-Identifier: Apache-2.0
"""finetl validate and `expectations:` of a run: what a suite must find, and nothing else.

Files are what a run of the default pipeline writes for its transactions, with values at every
bound of suites/transactions.json; a defect is one change of one value, seeded.
"""

import concurrent.futures
import csv
import gzip
import io
import json
import random
import shutil
import sqlite3
from datetime import datetime, timedelta, timezone

import pytest

from finetl import ROOT, RUN_TIME, write_pipeline

SUITE = ROOT / "suites" / "transactions.json"
PIPELINE = ROOT / "pipelines" / "financial_transactions.yaml"
N_DEFECTS = 1000

STATUSES = ["completed", "pending", "failed"]
LEVELS = ["low", "medium", "high", "critical"]
HEADER = [e["kwargs"]["column_list"] for e in json.loads(SUITE.read_text())["expectations"] if "column_list" in e["kwargs"]][0]
BETWEEN, IN_SET, NOT_NULL, UNIQUE, MAX, LIST, ROWS = (
    "expect_column_values_to_be_between", "expect_column_values_to_be_in_set", "expect_column_values_to_not_be_null",
    "expect_column_values_to_be_unique", "expect_column_max_to_be_between", "expect_table_columns_to_match_ordered_list",
    "expect_table_row_count_to_be_between")
EXPECTED_OF = {  # column -> types of the suite's expectations of it
    "transaction_id": [NOT_NULL, UNIQUE], "customer_id": [NOT_NULL], "amount": [NOT_NULL, BETWEEN], "status": [IN_SET],
    "risk_level": [IN_SET], "risk_score": [BETWEEN], "transaction_date": [MAX]}
NOW = datetime.fromisoformat(RUN_TIME)


def moment(when):
    return when.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def good_rows(n=100):
    """As many rows as are enough, one on each bound."""
    rows = []
    for i in range(n):
        when = NOW - timedelta(hours=i)
        amount = {0: "0.01", 1: "1000000.00"}.get(i, f"{i * 37 % 5000}.{i % 100:02}" if i * 37 % 5000 else "1.00")
        score = {0: "0.00", 1: "100.00"}.get(i, f"{i % 100}.50")
        rows.append([f"TXN{i:07}", f"CUST{i % 7}", moment(when), amount, "MERCH1", "food", STATUSES[i % 3], "card", str(when.year),
                     str(when.month), str(when.day), str(when.weekday()), str(when.hour), "small", score, LEVELS[i % 4]])
    return rows


def as_csv(header, rows):
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([header, *rows])
    return out.getvalue()


# Each changes header or rows, and says which expectations must fail of that.
def lose_value(rng, header, rows):
    column = rng.choice(["transaction_id", "customer_id", "amount"])
    rng.choice(rows)[header.index(column)] = ""
    return {(NOT_NULL, column)}


def double_id(rng, header, rows):
    one, other = rng.sample(range(len(rows)), 2)
    rows[one][0] = rows[other][0]
    return {(UNIQUE, "transaction_id")}


def shift_amount(rng, header, rows):
    rng.choice(rows)[header.index("amount")] = rng.choice(["1000000.01", "0.00", "-0.01", "-12.50"])
    return {(BETWEEN, "amount")}


def shift_date(rng, header, rows):
    late = timedelta(seconds=1) if rng.random() < 0.5 else timedelta(microseconds=1)
    rng.choice(rows)[header.index("transaction_date")] = moment(NOW + late)
    return {(MAX, "transaction_date")}


def change_status(rng, header, rows):
    rng.choice(rows)[header.index("status")] = rng.choice(["refunded", "complete", "completed.", "pend ing", "null"])
    return {(IN_SET, "status")}


def change_level(rng, header, rows):
    rng.choice(rows)[header.index("risk_level")] = rng.choice(["Low", "none", "highest", " low"])
    return {(IN_SET, "risk_level")}


def shift_score(rng, header, rows):
    rng.choice(rows)[header.index("risk_score")] = rng.choice(["100.01", "-0.01", "250.00"])
    return {(BETWEEN, "risk_score")}


def lose_column(rng, header, rows):
    column = rng.choice(header)
    at = header.index(column)
    for row in [header, *rows]:
        del row[at]
    return {(LIST, None)} | {(kind, column) for kind in EXPECTED_OF.get(column, [])}


def swap_columns(rng, header, rows):
    at = rng.randrange(len(header) - 1)
    for row in [header, *rows]:
        row[at], row[at + 1] = row[at + 1], row[at]
    return {(LIST, None)}


def lose_row(rng, header, rows):
    del rows[rng.randrange(2, len(rows))]
    return {(ROWS, None)}


DEFECTS = [lose_value, double_id, shift_amount, shift_date, change_status, change_level, shift_score, lose_column,
           swap_columns, lose_row]


def failed_of(result):
    return {(r["expectation_config"]["type"], r["expectation_config"]["kwargs"].get("column"))
            for r in result["results"] if not r["success"]}


def validate(finetl, path, *more, suite=SUITE):
    return finetl("validate", path, "--suite", suite, "--run-time", RUN_TIME, *more)


def validate_typed(finetl, path, *more):
    return validate(finetl, path, "--pipeline", PIPELINE, "--dataset", "transactions", *more)


def test_what_is_at_every_bound_passes(finetl, tmp_path):
    path = tmp_path / "fact.csv"
    path.write_text(as_csv(HEADER, good_rows()))
    done = validate_typed(finetl, path).ok()
    assert done.result["success"] is True
    assert done.result["statistics"] == {"evaluated_expectations": 11, "successful_expectations": 11,
                                         "unsuccessful_expectations": 0, "success_percent": 100.0}


def test_each_seeded_defect_is_found_by_its_expectation_and_no_other(finetl, tmp_path):
    def hunt(seed):
        rng = random.Random(seed)
        header, rows, defect = list(HEADER), good_rows(), DEFECTS[seed % len(DEFECTS)]
        rng.shuffle(rows)
        wanted = defect(rng, header, rows)
        path = tmp_path / f"{seed}.csv"
        path.write_text(as_csv(header, rows))
        done = validate_typed(finetl, path, "--result-format", "BASIC")
        path.unlink()
        code = 0 if wanted == {(ROWS, None)} else 4  # that one only warns
        if (failed_of(done.result), done.code) != (wanted, code):
            return f"seed {seed}, {defect.__name__}: wanted {wanted}, exit {code}\n{done}"
        return None

    with concurrent.futures.ThreadPoolExecutor(max_workers=4) as pool:
        wrong = [text for text in pool.map(hunt, range(N_DEFECTS)) if text]
    assert not wrong, f"{len(wrong)} of {N_DEFECTS}; the first:\n{wrong[0]}"


# ---- the command ----

def write_suite(folder, *expectations, name="suite.json"):
    path = folder / name
    path.write_text(json.dumps({"name": "s", "expectations": [
        {"type": kind, "kwargs": kwargs, "severity": severity} for kind, severity, kwargs in expectations]}))
    return path


@pytest.fixture
def small(tmp_path):
    """A file of three records, and what makes suites for it."""
    path = tmp_path / "small.csv"
    path.write_text("id,amount\nA,10.00\nB,9.00\nB,\n")
    return path


def test_without_a_data_set_every_column_is_text(finetl, small, tmp_path):
    suite = write_suite(tmp_path, (IN_SET, "critical", {"column": "amount", "value_set": ["10.00", "9.00"]}),
                        ("expect_column_value_lengths_to_be_between", "critical", {"column": "amount", "max_value": 5}))
    assert validate(finetl, small, suite=suite).ok().result["success"] is True


@pytest.mark.parametrize(("fail_on", "code"), [("never", 0), ("critical", 0), ("warning", 4), ("info", 4)])
def test_severity_decides_the_exit_code(finetl, small, tmp_path, fail_on, code):
    suite = write_suite(tmp_path, (UNIQUE, "warning", {"column": "id"}))
    done = validate(finetl, small, "--fail-on", fail_on, suite=suite)
    assert done.code == code, done
    assert done.result["success"] is False
    assert ("id is unique" in done.stderr) == (code == 4)


def test_records_that_cannot_be_read_are_told_and_take_no_part(finetl, small, tmp_path):
    small.write_text("id,amount\nA,10.00\nB\nC,x\nD,,\nE,1.00\n")
    suite = write_suite(tmp_path, (ROWS, "critical", {"min_value": 2, "max_value": 2}))
    pipeline = write_pipeline(tmp_path, {
        "version": 1, "pipeline": "p", "targets": {"t": {"key": ["id"]}},
        "datasets": [{"name": "d", "source": {"csv": "small.csv"}, "target": "t", "columns": [
            {"name": "id", "type": "text(5)"}, {"name": "amount", "type": "decimal(8,2)", "required": True}]}]})
    done = validate(finetl, small, "--pipeline", pipeline, "--dataset", "d", suite=suite)
    assert done.code == 3, done
    assert done.result["success"] is True
    assert "3 of 5 records could not be read" in done.stderr and "amount:not_a_number 1" in done.stderr


def test_what_is_required_is_for_the_suite_to_say(finetl, small, tmp_path):
    suite = write_suite(tmp_path, (NOT_NULL, "critical", {"column": "amount"}))
    pipeline = write_pipeline(tmp_path, {
        "version": 1, "pipeline": "p", "targets": {"t": {"key": ["id"]}},
        "datasets": [{"name": "d", "source": {"csv": "small.csv"}, "target": "t", "columns": [
            {"name": "id", "type": "text(5)"},
            {"name": "amount", "type": "decimal(8,2)", "required": True, "default": "0.00"}]}]})
    done = validate(finetl, small, "-p", pipeline, "--dataset", "d", suite=suite)
    assert done.code == 4 and done.result["results"][0]["result"]["unexpected_count"] == 1, done


def test_a_header_alone_is_for_the_suite_to_judge(finetl, small, tmp_path):
    small.write_text("id,amount\n")
    suite = write_suite(tmp_path, (UNIQUE, "critical", {"column": "id"}), (ROWS, "critical", {"min_value": 1}))
    done = validate(finetl, small, suite=suite)
    assert done.code == 4 and failed_of(done.result) == {(ROWS, None)}, done
    small.write_text("")
    done = validate(finetl, small, suite=suite)
    assert done.code == 3 and done.stdout == "" and "empty (0 bytes)" in done.stderr, done


@pytest.mark.parametrize(("text", "words"), [
    ("{", "not a suite of expectations"), ('{"name": "s"}', "suite"), ("[]", "suite"),
    ('{"expectations": []}', "name")])
def test_what_is_no_suite_is_refused(finetl, small, tmp_path, text, words):
    suite = tmp_path / "suite.json"
    suite.write_text(text)
    done = validate(finetl, small, suite=suite)
    assert done.code == 2 and done.stdout == "" and words in done.stderr, done


def test_a_broken_expectation_fails_alone_but_where_strict(finetl, small, tmp_path):
    suite = write_suite(tmp_path, ("expect_the_unexpected", "info", {}), (NOT_NULL, "critical", {"column": "id"}))
    done = validate(finetl, small, suite=suite).ok()
    broken, fine = sorted(done.result["results"], key=lambda r: r["success"])
    assert broken["exception_info"]["raised_exception"] is True and fine["success"] is True
    done = validate(finetl, small, "--strict", suite=suite)
    assert done.code == 2 and "expect_the_unexpected" in done.stderr, done


def test_a_hostile_pattern_fails_alone_and_soon(finetl, small, tmp_path):
    small.write_text("id,amount\n" + "a" * 60 + "b,1\n")
    suite = write_suite(tmp_path, *[
        ("expect_column_values_to_match_regex", "critical", {"column": "id", "regex": pattern})
        for pattern in ("(a+)+$", "^(a|aa)+$", "^(a|a?)+$")], (NOT_NULL, "critical", {"column": "id"}))
    done = validate(finetl, small, suite=suite)
    assert done.code == 4, done
    *hostile, fine = done.result["results"]
    assert fine["success"] is True and fine["expectation_config"]["type"] == NOT_NULL
    for entry in hostile:
        (info,) = entry["exception_info"].values()
        assert info["raised_exception"] is True and "match limit exceeded" in info["exception_message"], info
        assert entry["success"] is False and entry["result"] == {}


def test_what_is_listed_is_bounded(finetl, small, tmp_path):
    """Keys go to disk (test_spill.py); the list of values that are all as common does not."""
    kind = "expect_column_most_common_value_to_be_in_set"
    small.write_text("id\n" + "".join(f"{i}\n" for i in range(100_000)))
    suite = write_suite(tmp_path, (kind, "critical", {"column": "id", "value_set": ["1"], "ties_okay": True}))
    done = validate(finetl, small, "--max-memory", "1M", suite=suite)
    assert done.code == 5 and done.stdout == "" and kind in done.stderr and "--max-memory" in done.stderr, done
    assert validate(finetl, small, "--max-memory", "64M", suite=suite).code == 0


@pytest.mark.parametrize(("kind", "more"), [
    ("expect_column_median_to_be_between", {"min_value": 99999.5, "max_value": 99999.5}),
    ("expect_column_quantile_values_to_be_between", {
        "quantile_ranges": {"quantiles": [0.25, 1.0], "value_ranges": [[50000, 50000], [199999, 199999]]}})])
def test_quantiles_are_exact_or_not_told(finetl, small, tmp_path, kind, more):
    small.write_text("n\n" + "".join(f"{i * 7919 % 200_000}\n" for i in range(200_000)))
    suite = write_suite(tmp_path, (kind, "critical", {"column": "n", **more}))
    pipeline = write_pipeline(tmp_path, {
        "version": 1, "pipeline": "p", "targets": {"t": {"key": ["n"]}},
        "datasets": [{"name": "d", "source": {"csv": "small.csv"}, "target": "t", "columns": [{"name": "n", "type": "int"}]}]})
    validate(finetl, small, "-p", pipeline, "--dataset", "d", "--max-memory", "64M", suite=suite).ok()
    done = validate(finetl, small, "-p", pipeline, "--dataset", "d", "--max-memory", "1M", suite=suite)
    assert (done.code, done.stdout) == (5, ""), done


def test_parameters_are_json(finetl, small, tmp_path):
    suite = write_suite(tmp_path, (ROWS, "critical", {"max_value": {"$PARAMETER": "most"}}))
    assert validate(finetl, small, "--param", "most=2", suite=suite).code == 4
    assert validate(finetl, small, "--param", "most=3", suite=suite).code == 0
    done = validate(finetl, small, "--param", "most=three", suite=suite)
    assert done.code == 2 and "no JSON" in done.stderr, done
    assert "no value was given" in validate(finetl, small, suite=suite).stdout


@pytest.mark.parametrize(("source", "encoding", "before"), [
    ({}, "utf-8", ""), ({"skip_lines": 3}, "utf-8", "a\n\n\"x\n"), ({"encoding": "utf-16"}, "utf-16", "")])
def test_the_header_is_read_as_the_source_says_however_long(finetl, tmp_path, source, encoding, before):
    names = [f"c{i:04}_{'x' * 150}" for i in range(1000)]
    (tmp_path / "wide.csv").write_bytes((before + ",".join(names) + "\n" + ",".join("1" for _ in names) + "\n").encode(encoding))
    pipeline = write_pipeline(tmp_path, {
        "version": 1, "pipeline": "p", "targets": {"t": {"key": ["id"]}},
        "datasets": [{"name": "d", "source": {"csv": "wide.csv", **source}, "target": "t", "columns": [
            {"name": "id", "type": "int", "from": names[999]}]}]})
    suite = write_suite(tmp_path, (LIST, "critical", {"column_list": [*names[:999], "id"]}),
                        ("expect_column_sum_to_be_between", "critical", {"column": "id", "min_value": 1, "max_value": 1}))
    done = validate(finetl, tmp_path / "wide.csv", "-p", pipeline, "--dataset", "d", suite=suite).ok()
    assert done.result["success"] is True


SOURCES = {
    "json": {"json": "rows.json", "records": "data.rows"}, "ndjson": {"ndjson": "rows.ndjson"},
    "api": {"api": "http://localhost:9/rows"}, "sqlite": {"sqlite": "books.db", "query": "SELECT 1 AS id"}}


@pytest.mark.parametrize(("kind", "name"), [
    ("json", "rows.json"), ("ndjson", "rows.ndjson"), *((kind, "out.csv") for kind in SOURCES), ("ndjson", "out.csv.gz")])
def test_files_of_data_sets_that_read_no_csv_are_judged(finetl, tmp_path, kind, name):
    """What a data set reads by its source; what a run has written of it, as CSV."""
    rows = [{"key": 1, "amount": 0.1, "more": {"a": 1}}, {"key": 2, "amount": "0.20"}, {"key": "x", "amount": 1}, {"key": 3}]
    (tmp_path / "rows.json").write_text(json.dumps({"data": {"rows": rows}}))
    (tmp_path / "rows.ndjson").write_text("".join(json.dumps(row) + "\n" for row in rows))
    text = "id,amount\n1,0.1\n2,0.20\nx,1\n3,\n"
    (tmp_path / "out.csv").write_text(text)
    (tmp_path / "out.csv.gz").write_bytes(gzip.compress(text.encode()))
    pipeline = write_pipeline(tmp_path, {
        "version": 1, "pipeline": "p", "targets": {"t": {"key": ["id"]}},
        "datasets": [{"name": "d", "source": SOURCES[kind], "target": "t", "columns": [
            {"name": "id", "type": "int", "from": "key", "required": True}, {"name": "amount", "type": "decimal(9,2)"},
            {"name": "twice", "type": "decimal(9,2)", "value": "amount + amount"}]}]})
    suite = write_suite(tmp_path, (LIST, "critical", {"column_list": ["id", "amount"]}),
                        ("expect_column_sum_to_be_between", "critical", {"column": "amount", "min_value": 0.3, "max_value": 0.3}),
                        ("expect_table_row_count_to_equal", "critical", {"value": 3}))
    done = validate(finetl, tmp_path / name, "-p", pipeline, "--dataset", "d", suite=suite)
    assert done.code == 3 and "1 of 4 records could not be read" in done.stderr and "id:not_a_number 1" in done.stderr, done
    assert done.result["success"] is True, done


def test_messages_name_what_is_wrong(finetl, small, tmp_path):
    suite = write_suite(tmp_path, ("expect_column_to_exist", "critical", {"column": "nope"}))
    assert "failed: there is a column nope code=" in validate(finetl, small, suite=suite).stderr
    suite.write_text(suite.read_text().replace("expect_column_to_exist", BETWEEN).replace('"nope"', '"n", "min_value": 1e400'))
    assert "2026-12-31T10:00:00Z, not 1e400" in validate(finetl, small, suite=suite).stderr


def test_a_data_set_that_is_not_there_is_told(finetl, small):
    done = validate(finetl, small, "-p", PIPELINE, "--dataset", "transaction")
    assert done.code == 2 and "no data set 'transaction'; did you mean 'transactions'?" in done.stderr, done


def test_a_name_with_stars_is_a_name(finetl, tmp_path):
    path = tmp_path / "a[1]*.csv"
    path.write_text("id\nA\n")
    suite = write_suite(tmp_path, (UNIQUE, "critical", {"column": "id"}))
    assert validate(finetl, path, suite=suite).ok().result["success"] is True


def test_what_tells_of_a_person_is_masked(finetl, tmp_path):
    path = tmp_path / "customers.csv"
    path.write_text("customer_id,email\nC1,ann@example.com\nC2,ann@example.com\n")
    suite = write_suite(tmp_path, (UNIQUE, "critical", {"column": "email"}))
    done = validate(finetl, path, "-p", PIPELINE, "--dataset", "customers", "--result-format", "COMPLETE", "--summary",
                    suite=suite)
    assert done.code == 4 and "ann@" not in done.stdout + done.stderr and "***" in done.stdout, done


# ---- in a run ----

def write_run(folder, suite, data, gate=None, columns=(), **dataset):
    (folder / "d.csv").write_text(data)
    return write_pipeline(folder, {
        "version": 1, "pipeline": "p", "targets": {"t": {"key": ["id"], "mutable": ["status"]}},
        "datasets": [{"name": "d", "source": {"csv": "d.csv"}, "target": "t", "expectations": suite.name,
                      **({"gate": gate} if gate else {}), **dataset, "columns": [
            {"name": "id", "type": "text(10)"}, {"name": "status", "type": "text(20)", "pii": True}, *columns]}]})


def quality_report(path):
    with sqlite3.connect(path) as db:
        (text,) = db.execute("SELECT quality_report FROM etl_audit_log").fetchone()
    db.close()
    return json.loads(text)


def test_a_critical_failure_holds_the_run_and_is_on_record(finetl, tmp_path):
    suite = write_suite(tmp_path, (IN_SET, "critical", {"column": "status", "value_set": ["new"]}),
                        (ROWS, "warning", {"min_value": 5}))
    pipeline = write_run(tmp_path, suite, "id,status\nA,new\nB,secret\n")
    done = finetl.run(pipeline, f"sqlite:{tmp_path}/w.db")
    assert done.code == 4 and done.result["status"] == "held" and not done.result["published"], done
    assert "status is one of" in done.result["error"] and "secret" not in done.stdout + done.stderr
    d = done.dataset("d")
    assert d["warnings"] == {ROWS: 1}
    assert {k: d["expectations"][k] for k in ("suite", "evaluated", "successful", "quality_score")} == {
        "suite": "s", "evaluated": 2, "successful": 0, "quality_score": "0.0000"}
    assert [f["severity"] for f in d["expectations"]["failed"]] == ["critical", "warning"]
    report = quality_report(tmp_path / "w.db")
    assert report["quality_score"] == "0.0000"
    validation = report["datasets"]["d"]["validation"]
    assert failed_of(validation) == {(IN_SET, "status"), (ROWS, None)} and validation["suite_name"] == "s"
    assert validation["meta"]["run_id"]["run_name"] == done.result["run_id"]
    assert "secret" not in json.dumps(report) and "***" in json.dumps(report)


def test_fail_on_never_publishes_what_failed(finetl, tmp_path):
    suite = write_suite(tmp_path, (ROWS, "critical", {"min_value": 5}))
    pipeline = write_run(tmp_path, suite, "id,status\nA,new\n")
    done = finetl.run(pipeline, f"files:{tmp_path}/out", "--fail-on", "never").ok()
    assert done.result["published"] is True
    written = json.loads((tmp_path / "out" / "report.json").read_text())["datasets"][0]
    assert failed_of(written["validation"]) == {(ROWS, None)}


@pytest.mark.parametrize(("fail_on", "warnings"), [
    ("critical", {"expect_what": 2, "expect_column_values_to_be_null": 1, ROWS: 1}),
    ("warning", {"expect_column_values_to_be_null": 1}), ("info", {}),
    ("never", {"expect_what": 2, UNIQUE: 1, "expect_column_values_to_be_null": 1, ROWS: 1})])
def test_warnings_are_what_failed_and_does_not_hold_the_run(finetl, tmp_path, fail_on, warnings):
    suite = write_suite(tmp_path, ("expect_what", "warning", {}), (UNIQUE, "critical", {"column": "status"}), ("expect_what", "warning", {}),
                        ("expect_column_values_to_be_null", "info", {"column": "id"}), (ROWS, "warning", {"min_value": 5}))
    pipeline = write_run(tmp_path, suite, "id,status\nA,new\nB,new\n")
    done = finetl.run(pipeline, f"files:{tmp_path}/out", "--fail-on", fail_on)
    assert done.code == (0 if fail_on == "never" else 4) and done.dataset("d")["warnings"] == warnings, done


@pytest.mark.parametrize(("name", "why"), [
    ("unexpected_rows_expectation", "it is SQL"), ("expect_query_results_to_match_comparison", "it is SQL"),
    ("expect_column_kl_divergence_to_be_less_than", "it needs a model"),
    ("expect_table_row_count_to_equal_other_table", "it needs a second table")])
def test_what_is_known_and_not_answered_is_said(finetl, small, tmp_path, name, why):
    done = validate(finetl, small, suite=write_suite(tmp_path, (name, "critical", {})))
    assert done.code == 4 and f"{name} is not answered: {why}" in done.result["results"][0]["exception_info"]["exception_message"], done


@pytest.mark.parametrize(("score", "code"), [(50, 0), ("50.000001", 4)])
def test_the_score_holds_where_severities_do_not(finetl, tmp_path, score, code):
    suite = write_suite(tmp_path, (ROWS, "info", {"min_value": 5}), (ROWS, "info", {"min_value": 1}))
    pipeline = write_run(tmp_path, suite, "id,status\nA,new\n", gate={"min_quality_score": score})
    done = finetl.run(pipeline, f"files:{tmp_path}/out")
    assert done.code == code and ("min_quality_score" in (done.result["error"] or "")) == (code == 4), done


def test_a_key_stays_unique_through_its_versions_in_one_batch_or_several(finetl, tmp_path):
    suite = write_suite(tmp_path, (UNIQUE, "critical", {"column": "id"}))
    for n in (2, 20000):
        folder = tmp_path / str(n)
        folder.mkdir()
        (folder / suite.name).write_text(suite.read_text())
        rows = "".join(f"K{i},s1\n" for i in range(n)) + "K0,s2\n"
        done = finetl.run(write_run(folder, suite, "id,status\n" + rows), f"files:{folder}/out").ok()
        assert done.dataset("d")["superseded"] == 1


def test_rows_that_take_part_do_not_depend_on_batches(finetl, tmp_path):
    """Read, less rejected, filtered and duplicates: versions are all judged."""
    suite = write_suite(tmp_path, (ROWS, "critical", {"min_value": 0}))
    for n in (3, 20000):
        folder = tmp_path / str(n)
        folder.mkdir()
        (folder / suite.name).write_text(suite.read_text())
        rows = "".join(f"K{i},s1\n" for i in range(n)) + "K0,s1\nK0,s2\n,s\nK1,out\n"
        pipeline = write_run(folder, suite, "id,status\n" + rows, where="status <> 'out'")
        finetl.run(pipeline, f"files:{folder}/out", "--fail-on", "never").ok()
        written = json.loads((folder / "out" / "report.json").read_text())["datasets"][0]
        assert written["validation"]["results"][0]["result"]["observed_value"] == n + 1


def test_run_time_is_a_parameter(finetl, tmp_path):
    suite = write_suite(tmp_path, (MAX, "critical", {"column": "at", "max_value": {"$PARAMETER": "run_time"}}))
    at = [{"name": "at", "type": "timestamp"}]
    pipeline = write_run(tmp_path, suite, f"id,status,at\nA,new,{RUN_TIME}\n", columns=at)
    finetl.run(pipeline, f"files:{tmp_path}/out").ok()
    pipeline = write_run(tmp_path, suite, f"id,status,at\nA,new,{moment(NOW + timedelta(microseconds=1))}\n", columns=at)
    done = finetl.run(pipeline, f"files:{tmp_path}/out")
    assert done.code == 4 and "at is at most" in done.result["error"], done


def test_where_no_file_is_new_nothing_is_judged(finetl, tmp_path):
    suite = write_suite(tmp_path, (ROWS, "critical", {"min_value": 1}))
    pipeline = write_run(tmp_path, suite, "id,status\nA,new\n", source={"csv": "d.csv", "incremental": "objects"})
    assert finetl.run(pipeline, f"sqlite:{tmp_path}/w.db").ok().dataset("d")["expectations"]["evaluated"] == 1
    again = finetl.run(pipeline, f"sqlite:{tmp_path}/w.db").ok().dataset("d")
    assert again["objects_skipped"] == 1 and "expectations" not in again


def test_the_default_pipeline_is_held_against_its_suite(finetl, tmp_path):
    finetl("generate", tmp_path / "data", "--transactions", "500", "--customers", "50").ok()
    for folder in ("pipelines", "suites"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    d = finetl("run", tmp_path / "pipelines" / PIPELINE.name, "--warehouse", f"sqlite:{tmp_path}/w.db").dataset("transactions")
    assert (d["expectations"]["evaluated"], d["expectations"]["failed"]) == (11, []), d


def test_the_suite_is_part_of_what_was_configured(finetl, tmp_path):
    hashes = set()
    for least in (0, 1):
        suite = write_suite(tmp_path, (ROWS, "critical", {"min_value": least}))
        pipeline = write_run(tmp_path, suite, "id,status\nA,new\n")
        hashes.add(finetl.run(pipeline, f"files:{tmp_path}/out").ok().result["config_sha256"])
    assert len(hashes) == 2
