# SPDX-License-Identifier: Apache-2.0
"""finetl's result line, as what may go into XCom: run id, status, counts, URIs, checksums; never data, never above a limit.

XCom is a table of Airflow's metadata database that everybody who sees the DAG can read. What
is handed on is named here, field by field; sums of amounts, texts of errors and values of
records are not among it. A result that is still too large loses detail, and says so.
"""

from __future__ import annotations

import json

MAX_XCOM_BYTES = 48 * 1024

OF_RUN = ("run_id", "pipeline", "step", "status", "exit_code", "run_time", "start_time", "end_time", "warehouse", "published",
          "run_dir", "config_sha256", "finetl_version")
OF_DATASET = ("name", "read", "filtered", "inserted", "updated", "unchanged", "duplicate", "superseded", "rejected",
              "objects", "objects_skipped", "bytes", "manifest", "manifest_sha256")
OF_CHECK = ("name", "severity", "status", "broken")
OF_FILE = ("path", "size", "sha256")
COUNTS = ("read", "filtered", "inserted", "updated", "unchanged", "duplicate", "superseded", "rejected")
MAX_TEXT = 1024  # of one value: a URI, a checksum


class NoResult(ValueError):
    """stdout did not end with finetl's result line."""


def parse(line, is_cut=False):
    """The result line as a mapping."""
    if is_cut:
        raise NoResult("finetl's result line is above the limit of 20 MiB")
    try:
        result = json.loads(line)
    except (ValueError, RecursionError):
        result = None
    if not isinstance(result, dict) or "status" not in result:
        raise NoResult("finetl's last line on stdout is no result line (is this finetl, and of a version that fits?)")
    return result


def size_bytes(value):
    return len(json.dumps(value).encode())


def for_xcom(result):
    """The part of a result that may go into XCom, at most MAX_XCOM_BYTES of JSON."""
    handed_on = _pick(result, OF_RUN)
    datasets, files = _mappings(result, "datasets"), _mappings(result, "files")
    if totals(result):
        handed_on["totals"] = totals(result)
    detail = {
        "datasets": [_pick(dataset, OF_DATASET) for dataset in datasets],
        "checks": [_pick(check, OF_CHECK) for check in _checks(result)],
        "files": [_pick(file, OF_FILE) for file in files],
    }
    for name in detail:
        if not detail[name]:
            continue
        if size_bytes({**handed_on, name: detail[name], "left_out": {}}) < MAX_XCOM_BYTES - 256:
            handed_on[name] = detail[name]
        else:
            handed_on.setdefault("left_out", {})[name] = len(detail[name])
    return handed_on


def totals(result):
    """The counters of all data sets together, those there are."""
    found = _mappings(result, "datasets")
    counted = {name: [dataset[name] for dataset in found if isinstance(dataset.get(name), int)] for name in COUNTS}
    return {name: sum(values) for name, values in counted.items() if values}


def failed_checks(result):
    """A line for each check that failed: its name, what it means, how many rows break it."""
    return [f"{check.get('name')}: {check.get('means')} ({check.get('broken')} broken)"
            for check in _checks(result) if check.get("status") == "failed"]


def _checks(result):
    """Of the step they are a part of the result, of the command alone the result."""
    return _mappings(result["checks"] if isinstance(result.get("checks"), dict) else result, "checks")


def _mappings(result, name):
    values = result.get(name)
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []


def _pick(mapping, names):
    """Those of the names that it has, as plain short values."""
    picked = {}
    for name in names:
        value = mapping.get(name)
        if isinstance(value, str):
            picked[name] = value[:MAX_TEXT]
        elif name in mapping and (value is None or isinstance(value, (bool, int))):
            picked[name] = value
    return picked
