# SPDX-License-Identifier: Apache-2.0
"""What of finetl's result goes into XCom. No Airflow needed."""

import json

import pytest

from airflow_provider_finetl import result as results

SECRET = "4111-1111-1111-1111"


def a_result(n_datasets=2, n_files=2):
    dataset = {"read": 10, "filtered": 0, "inserted": 7, "updated": 0, "unchanged": 0, "duplicate": 1, "superseded": 0,
               "rejected": 2, "sums": {"amount": {"read": SECRET}}, "reasons": {SECRET: 2}, "objects": 1, "objects_skipped": 0}
    return {
        "run_id": "01M84", "pipeline": "p", "status": "success_with_rejects", "exit_code": 0, "run_time": "2026-01-01T02:00:00Z",
        "error": SECRET, "warehouse": "sqlite:/w.db", "published": True, "config_sha256": "ab" * 32, "extra": {"row": SECRET},
        "datasets": [{"name": f"d{i}", **dataset} for i in range(n_datasets)],
        "files": [{"path": f"raw/d/{i}", "size": 5, "sha256": "cd" * 32, "first_row": SECRET} for i in range(n_files)],
        "checks": [{"name": "c", "severity": "critical", "status": "passed", "broken": 0, "samples": [SECRET]}],
    }


def test_what_is_handed_on_is_ids_counts_addresses_and_checksums():
    handed_on = results.for_xcom(a_result())
    assert handed_on["run_id"] == "01M84"
    assert handed_on["totals"] == {"read": 20, "filtered": 0, "inserted": 14, "updated": 0, "unchanged": 0, "duplicate": 2,
                                   "superseded": 0, "rejected": 4}
    assert handed_on["datasets"][1]["name"] == "d1"
    assert handed_on["files"][0] == {"path": "raw/d/0", "size": 5, "sha256": "cd" * 32}
    assert handed_on["checks"] == [{"name": "c", "severity": "critical", "status": "passed", "broken": 0}]


def test_what_is_not_named_is_not_handed_on():
    assert SECRET not in json.dumps(results.for_xcom(a_result()))


@pytest.mark.parametrize(("n_datasets", "n_files", "left_out"), [
    (2, 100_000, {"files": 100_000}),
    (1000, 100_000, {"files": 100_000, "datasets": 1000}),
    (1000, 2, {"datasets": 1000}),
])
def test_a_large_result_loses_detail_and_says_so(n_datasets, n_files, left_out):
    handed_on = results.for_xcom(a_result(n_datasets, n_files))
    assert results.size_bytes(handed_on) <= results.MAX_XCOM_BYTES
    assert handed_on["left_out"] == left_out
    assert handed_on["totals"]["read"] == 10 * n_datasets


def test_a_long_text_is_cut():
    handed_on = results.for_xcom({"status": "success", "warehouse": "x" * 1_000_000})
    assert results.size_bytes(handed_on) < 2000


def test_the_step_extract_has_manifests_and_no_counters():
    dataset = {"name": "d", "objects": 1, "bytes": 9, "manifest": "raw/d/manifest.ndjson", "manifest_sha256": "ef" * 32}
    handed_on = results.for_xcom({"status": "success", "datasets": [dataset]})
    assert handed_on == {"status": "success", "datasets": [dataset]}


def test_checks_of_the_step_are_handed_on_as_those_of_the_command():
    checks = a_result()["checks"]
    assert results.for_xcom({"status": "success", "checks": {"status": "passed", "checks": checks}})["checks"] == [
        {"name": "c", "severity": "critical", "status": "passed", "broken": 0}]


def test_values_of_another_type_are_left_out():
    assert results.for_xcom({"status": "success", "run_id": {"row": SECRET}, "warehouse": [SECRET]}) == {"status": "success"}
    assert results.for_xcom({"status": "success", "datasets": "no list", "files": [5]}) == {"status": "success"}


@pytest.mark.parametrize("line", [b"", b"{", b"[]", b"null", b"{}", b"hello", b"[" * 100_000, b"\xff"])
def test_another_last_line_is_no_result(line):
    with pytest.raises(results.NoResult):
        results.parse(line)


def test_a_cut_line_is_no_result():
    with pytest.raises(results.NoResult, match="limit"):
        results.parse(b'{"status":"success"}', is_cut=True)
