# SPDX-License-Identifier: Apache-2.0
"""Terraform's own opinion: its style, its types, and its tests (*.tftest.hcl), where AWS is pretended."""

import json
import os
import re
import shutil
import subprocess

import pytest

from terraform import ENVIRONMENTS, MAY_BE_ABSENT, MODULES, TERRAFORM

NAMES = [path.name for path in MODULES]
ROOTS = [*(f"environments/{name}" for name in ENVIRONMENTS), "bootstrap"]


def test_files_are_formatted(copy):
    copy.run(".", "fmt", "-check", "-recursive", "-diff")


@pytest.mark.parametrize("where", [*(f"modules/{name}" for name in NAMES), *ROOTS])
def test_is_valid(copy, where):
    copy.init(where)
    told = json.loads(copy.run(where, "validate", "-json").stdout)
    assert told["valid"] and told["warning_count"] == 0, told["diagnostics"]


@pytest.mark.parametrize("where", [*(f"modules/{name}" for name in NAMES), *(f"environments/{name}" for name in ENVIRONMENTS)])
def test_keeps_its_promises(copy, where):
    copy.init(where)
    done = copy.run(where, "test", "-no-color")
    told = re.search(r"(\d+) passed, 0 failed", done.stdout)
    assert told and int(told[1]) > 0, done.stdout


def test_tflint_finds_nothing():
    tflint = os.environ.get("FINETL_TFLINT") or shutil.which("tflint")
    if not tflint:
        pytest.skip(MAY_BE_ABSENT + "there is no tflint on the PATH, nor FINETL_TFLINT")
    done = subprocess.run([tflint, "--recursive", f"--config={TERRAFORM / '.tflint.hcl'}"], cwd=TERRAFORM, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_the_example_is_valid(copy, path):
    """That of the module's README; a root module of its own, with packages to hash."""
    example = re.search(r"^```hcl\n(.*?)^```", (path / "README.md").read_text(), re.M | re.S)[1]
    where = f"environments/example-{path.name}"
    copy.add_packages(where)
    (copy.folder / where / "main.tf").write_text(example)
    copy.run(where, "fmt", "-check", "-diff")
    copy.init(where)
    assert json.loads(copy.run(where, "validate", "-json").stdout)["valid"]
