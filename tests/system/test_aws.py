# SPDX-License-Identifier: Apache-2.0
"""What docs/aws.md and terraform/README.md say of costs is what tools/aws_cost.py works out."""

import re
import subprocess
import sys

from finetl import ROOT

TOOL, PAGE, FIXED_PAGE = ROOT / "tools" / "aws_cost.py", ROOT / "docs" / "aws.md", ROOT / "terraform" / "README.md"


def worked_out(*options):
    return subprocess.run([sys.executable, TOOL, *options], check=True, capture_output=True, text=True).stdout


def together(text):
    return [float(n) for n in re.findall(r"[*][*][$]([0-9.]+)[*][*]", text)]


def test_the_page_has_the_tables_of_the_tool():
    page = PAGE.read_text(encoding="utf-8")
    fixed, *tables = [table for table in worked_out().split("\n\n") if table.strip()]
    assert fixed.strip() in FIXED_PAGE.read_text(encoding="utf-8"), "paste the first table of tools/aws_cost.py into terraform/README.md"
    assert len(tables) == 3
    for table in tables:
        assert table.strip() in page, "paste what tools/aws_cost.py prints into docs/aws.md"


def test_each_environment_is_charged_for_what_it_has():
    sys.path.insert(0, str(TOOL.parent))
    import aws_cost
    for name, has in aws_cost.ENVIRONMENTS.items():
        values = (ROOT / "terraform" / "environments" / name / "terraform.tfvars").read_text(encoding="utf-8")
        n_replicas = int((re.search(r"n_read_replicas\s+= (\d+)", values) or [0, 0])[1])
        n_servers = ("\ndatabase = {" in values) and 1 + ("multi_az              = true" in values) + n_replicas
        storage_gb = int((re.search(r"\bstorage_gb\s+= (\d+)", values) or [0, 20])[1])
        assert has.get("micros", 0) + has.get("mediums", 0) == n_servers and has.get("database_gbs", 0) == n_servers * storage_gb, name
        assert has["alarms"] == (16 + 4 * n_replicas if n_servers else 12), name  # as environments/common/tests has it


def test_the_page_names_every_parameter():
    page = PAGE.read_text(encoding="utf-8")
    sys.path.insert(0, str(TOOL.parent))
    import aws_cost
    for name in aws_cost.PRICES | aws_cost.ASSUMED:
        assert f"`{name}`" in page, name


def test_more_of_anything_costs_more():
    least = together(worked_out())
    for option in ("--gb-second", "--memory-gb", "--seconds-row", "--put", "--gets", "--log-bytes", "--bytes-row", "--storage-gb"):
        assert all(a <= b for a, b in zip(least, together(worked_out(option, "1e6")), strict=True)), option


def test_a_cost_by_hand():
    """One file of a million rows: 1 s and no more of 1 GB, one request of S3 to put, nothing else."""
    zero = [f"--{name}=0" for name in ("invocation", "get", "storage-gb", "log-gb", "seconds-requests", "seconds-row", "seconds-row-database",
                                       "puts", "gets", "bytes-row")]
    text = worked_out(*zero, "--seconds-init=1", "--memory-gb=1", "--gb-second=0.25", "--puts=1", "--put=0.5", "--rows-per-file", "1000000")
    assert together(text)[3:] == [0.75, 0.75]


def test_a_month_by_hand():
    """Of production: a key, ten alarms to pay, thirteen metrics, three servers and their 300 GB, an endpoint in two zones, a secret."""
    text = worked_out("--hours=10", "--key=1", "--alarm=2", "--metric=0", "--medium-hour=1", "--database-gb=0.1", "--endpoint-hour=3", "--secret=4")
    assert together(text)[2] == 1 + 20 + 30 + 30 + 60 + 4
