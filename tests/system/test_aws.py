# SPDX-License-Identifier: Apache-2.0
"""What docs/aws.md says of costs is what tools/aws_cost.py works out."""

import re
import subprocess
import sys

from finetl import ROOT

TOOL, PAGE = ROOT / "tools" / "aws_cost.py", ROOT / "docs" / "aws.md"


def worked_out(*options):
    return subprocess.run([sys.executable, TOOL, *options], check=True, capture_output=True, text=True).stdout


def together(text):
    return [float(n) for n in re.findall(r"[*][*][$]([0-9.]+)[*][*]", text)]


def test_the_page_has_the_tables_of_the_tool():
    page = PAGE.read_text(encoding="utf-8")
    tables = [table for table in worked_out().split("\n\n") if table.strip()]
    assert len(tables) == 3
    for table in tables:
        assert table.strip() in page, "paste what tools/aws_cost.py prints into docs/aws.md"


def test_the_page_names_every_parameter():
    page = PAGE.read_text(encoding="utf-8")
    sys.path.insert(0, str(TOOL.parent))
    import aws_cost
    for name in aws_cost.PRICES | aws_cost.ASSUMED:
        assert name.startswith("fixed_") or f"`{name}`" in page, name


def test_more_of_anything_costs_more():
    least = together(worked_out())
    for option in ("--gb-second", "--memory-gb", "--seconds-row", "--put", "--gets", "--log-bytes", "--bytes-row", "--storage-gb"):
        assert all(a <= b for a, b in zip(least, together(worked_out(option, "1e6")), strict=True)), option


def test_a_cost_by_hand():
    """One file of a million rows: 1 s and no more of 1 GB, one request of S3 to put, nothing else."""
    zero = [f"--{name}=0" for name in ("invocation", "get", "storage-gb", "log-gb", "seconds-requests", "seconds-row", "seconds-row-database",
                                       "puts", "gets", "bytes-row")]
    text = worked_out(*zero, "--seconds-init=1", "--memory-gb=1", "--gb-second=0.25", "--puts=1", "--put=0.5", "--rows-per-file", "1000000")
    assert together(text) == [0.75, 0.75]
