# SPDX-License-Identifier: Apache-2.0
"""Memory does not grow with the input but for the keys: 64 MiB and 64 bytes a key."""

import pytest

import pipelines
from finetl import ROOT, RUN_TIME, peak_rss_kib, write_pipeline

SIZES = [10_000, 1_000_000, pytest.param(5_000_000, marks=pytest.mark.long)]


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("kind", ["files", "sqlite"])
def test_peak_memory_is_bounded_by_the_keys(finetl, tmp_path, kind, n):
    n_customers = n // 10
    finetl("generate", tmp_path, "--customers", n_customers, "--transactions", n, "--until", "2026-03-01", timeout=300).ok()
    pipeline = write_pipeline(tmp_path, pipelines.financial())
    url = f"files:{tmp_path / 'out'}" if kind == "files" else f"sqlite:{tmp_path / 'w.db'}"
    peak_bytes = 1024 * peak_rss_kib([finetl.binary, "run", pipeline, "--warehouse", url, "--run-time", RUN_TIME, "--quiet"])
    limit_bytes = 64 * 1024 * 1024 + 64 * (n + n_customers)
    for path in tmp_path.rglob("*"):  # such files are not for keeping
        if path.is_file():
            path.unlink()
    assert peak_bytes <= limit_bytes, f"{peak_bytes / 2**20:.1f} MiB, allowed {limit_bytes / 2**20:.1f} MiB"


def test_a_suite_adds_no_keys_to_those_of_dedupe(finetl, tmp_path):
    """suites/transactions.json asks whether the key of the target is unique, which dedupe knows."""
    n, n_customers = 1_000_000, 100_000
    finetl("generate", tmp_path, "--customers", n_customers, "--transactions", n, "--until", "2026-03-01", timeout=300).ok()
    peaks = []
    for name in ("without", "with"):
        p = pipelines.financial()
        if name == "with":
            p["datasets"][1]["expectations"] = str(ROOT / "suites" / "transactions.json")
        pipeline = write_pipeline(tmp_path, p)
        peaks.append(peak_rss_kib([finetl.binary, "run", pipeline, "--warehouse", f"files:{tmp_path / name}", "--run-time", RUN_TIME,
                                   "--quiet"]))
    for path in tmp_path.rglob("*"):
        if path.is_file():
            path.unlink()
    assert peaks[1] - peaks[0] <= 4 * 1024, f"{peaks} KiB"  # a key would be 28 bytes and its text: 35 MiB


def test_generating_takes_constant_memory(finetl, tmp_path):
    command = [finetl.binary, "generate", tmp_path, "--customers", 10_000, "--transactions", 1_000_000, "--until", "2026-03-01"]
    assert peak_rss_kib(command) <= 64 * 1024
