# SPDX-License-Identifier: Apache-2.0
"""What can be told of terraform/ by reading it; needs no Terraform."""

import collections
import json
import pathlib
import re
import subprocess
import sys

import pytest

from terraform import ENVIRONMENTS, MODULES, ROOT, TERRAFORM, blocks, sources

# Each is beside its resource, with its reason. Another one is added here, too, and so is seen by who reviews it.
SUPPRESSIONS = {
    "modules/bucket/main.tf": ["CKV2_AWS_62", "CKV_AWS_144", "CKV_AWS_145", "CKV_AWS_18"],
    "modules/database/main.tf": ["CKV_AWS_133", "CKV_AWS_157", "CKV_AWS_157", "CKV_AWS_293", "CKV_AWS_293"],
    "modules/function/main.tf": ["CKV_AWS_116", "CKV_AWS_117", "CKV_AWS_272"],
    "modules/function/role.tf": ["CKV_AWS_111", "CKV_AWS_111", "CKV_AWS_356", "CKV_AWS_356"],
    "modules/key/main.tf": ["CKV_AWS_109", "CKV_AWS_111", "CKV_AWS_356"],
    "modules/network/main.tf": ["CKV2_AWS_5", "CKV_AWS_1", "CKV_AWS_49"],
}


def test_environments_differ_by_values_only():
    common = sorted(path.name for path in (TERRAFORM / "environments" / "common").glob("*.tf"))
    assert common == ["main.tf", "outputs.tf", "variables.tf", "versions.tf"]
    for name in ENVIRONMENTS:
        folder = TERRAFORM / "environments" / name
        for file in common:
            assert (folder / file).is_symlink() and (folder / file).resolve() == TERRAFORM / "environments" / "common" / file
        own = sorted(path.name for path in folder.glob("*") if not path.is_symlink() and path.is_file() and path.suffix not in (".zip",))
        assert own == ["backend.hcl", "terraform.tfvars"], f"{name} has files of its own"


def test_each_environment_has_a_state_of_its_own():
    keys = [re.search(r'^key\s+= "([^"]+)"', (TERRAFORM / "environments" / name / "backend.hcl").read_text(), re.M)[1] for name in ENVIRONMENTS]
    assert len(set(keys)) == len(ENVIRONMENTS)
    assert all(name in key for name, key in zip(ENVIRONMENTS, keys))


def test_the_state_is_locked_and_encrypted():
    text = (TERRAFORM / "environments" / "common" / "versions.tf").read_text()
    backend = re.search(r'backend "s3" \{(.*?)\}', text, re.S)[1]
    assert re.search(r"use_lockfile\s+= true", backend) and "encrypt" not in backend  # test_state.py: what comes of it
    bootstrap = dict(blocks(TERRAFORM / "bootstrap" / "main.tf", "module"))
    assert re.search(r"kms_key_arn\s+= module\.key\.arn", bootstrap["state"])


@pytest.mark.parametrize("folder", [*MODULES, TERRAFORM / "environments" / "common", TERRAFORM / "bootstrap"], ids=lambda path: path.name)
def test_versions_are_bounded(folder):
    text = "".join(path.read_text() for path in folder.glob("*.tf"))
    assert re.search(r'required_version = ">= 1\.11"', text)
    assert re.search(r'source\s+= "hashicorp/aws"\s+version = "~> 6\.\d+"', text)


@pytest.mark.parametrize("path", [p for p in sources() if p.name == "variables.tf"], ids=lambda path: str(path.parent.relative_to(TERRAFORM)))
def test_variables_are_typed_described_and_checked(path):
    assert blocks(path, "variable")
    for name, text in blocks(path, "variable"):
        kind = re.search(r"^  type\s+= (\w+)", text, re.M)
        assert kind, f"{name} has no type"
        assert re.search(r'^  description\s+= "[A-Z].*[.\])"]', text, re.M), f"{name} has no description"
        # What a module checks, its callers pass on unchecked; true and false need no check.
        if kind[1] != "bool" and "modules" in path.parts:
            assert "validation {" in text, f"{name} takes anything"


@pytest.mark.parametrize("path", [p for p in sources() if p.name == "outputs.tf"], ids=lambda path: str(path.parent.relative_to(TERRAFORM)))
def test_outputs_are_described(path):
    for name, text in blocks(path, "output"):
        assert re.search(r'^  description\s+= "[A-Z].*\."', text, re.M), f"{name} has no description"


def test_every_variable_of_an_environment_is_used():
    text = "".join((TERRAFORM / "environments" / "common" / name).read_text() for name in ("main.tf", "versions.tf"))
    unused = [name for name, _ in blocks(TERRAFORM / "environments" / "common" / "variables.tf", "variable") if f"var.{name}" not in text]
    assert not unused


def test_no_account_and_no_key_is_written_out():
    for path in [*sources(), *(TERRAFORM / "environments").glob("*/terraform.tfvars")]:
        text = re.sub(r"1111222233334?|11112222333[0-9]", "", path.read_text())  # the account of AWS's own examples
        assert not re.search(r"\b[0-9]{12}\b", text), f"{path} has an account in it"
        assert not re.search(r"\b(AKIA|ASIA)[A-Z0-9]{16}\b", text), f"{path} has a key in it"


def test_no_password_is_a_variable():
    for path in sources():
        assert not [name for name, _ in blocks(path, "variable") if "password" in name.lower()], path
        assert not re.search(r"^\s+password\s+=", path.read_text(), re.M), path


def test_what_is_not_examined_says_why():
    found = collections.defaultdict(list)
    for path in sources():
        for check, reason in re.findall(r"#checkov:skip=([A-Z0-9_]+)(.*)", path.read_text()):
            found[str(path.relative_to(TERRAFORM))].append(check)
            assert len(reason) > 20 or reason == ":as above", f"{path}: {check} has no reason"
    assert {path: sorted(checks) for path, checks in found.items()} == SUPPRESSIONS
    assert not [path for path in sources() if re.search(r"trivy:ignore|tfsec:ignore|tflint-ignore", path.read_text())]


def test_checkov_finds_nothing():
    checkov = pathlib.Path(__file__).with_name(".venv") / "bin" / "checkov"
    if not checkov.exists():
        pytest.skip("tests/terraform/setup.sh has not installed checkov")
    done = subprocess.run([checkov, "--directory", TERRAFORM, "--framework", "terraform", "--quiet", "--compact", "--skip-download",
                           "--output", "json"], capture_output=True, text=True, check=False)
    report = json.loads(done.stdout)
    failed = [f"{check['check_id']} {check['resource']} {check['file_path']}" for check in report["results"]["failed_checks"]]
    assert not failed
    assert report["summary"]["passed"] > 300 and not report["summary"]["parsing_errors"]


def test_metrics_are_those_that_finetl_writes():
    written = set(re.findall(r'\{ "([A-Z]\w+)", "(?:Count|Bytes|Milliseconds|Percent|None)" \}', (ROOT / "src/lambda/telemetry.c").read_text()))
    monitoring = (TERRAFORM / "modules/monitoring/main.tf").read_text() + (TERRAFORM / "modules/monitoring/dashboard.tf").read_text()
    watched = set(re.findall(r'var\.metrics_namespace, (?:metric = )?"(\w+)"', monitoring))
    watched |= set(re.findall(r'(?:read|rejected) = "(Records\w+)"', monitoring)) | set(re.findall(r'var\.metrics_namespace\n\s+metric_name\s+= "(\w+)"', monitoring))
    assert len(written) >= 10 and len(watched) >= 10
    assert watched <= written, f"nobody writes {watched - written}"


def test_the_dimension_is_the_one_that_finetl_writes():
    telemetry = (ROOT / "src/lambda/telemetry.c").read_text()
    assert re.search(r'fe_json_array\(j, NULL\);\s+fe_json_text\(j, NULL, "service"\);\s+fe_json_array_end', telemetry)
    assert "own      = { service = var.function_name }" in (TERRAFORM / "modules/monitoring/main.tf").read_text()


def test_the_environment_is_one_that_finetl_knows():
    text = (TERRAFORM / "modules/function/main.tf").read_text()
    set_here = set(re.findall(r"^      ((?:FINETL|POWERTOOLS)_\w+)\s+=", text, re.M))
    code = "".join(path.read_text() for folder in ("lambda", "io", "pipeline", "cli") for path in (ROOT / "src" / folder).glob("*.[ch]"))
    options = {"FINETL_" + name.upper().replace("-", "_") for name in re.findall(r'\.name = "([a-z-]+)"', (ROOT / "src/lambda/config.c").read_text())}
    known = options | set(re.findall(r"\b(?:FINETL|POWERTOOLS)_[A-Z_]+\b", code))
    known |= {"FINETL_RAW_BUCKET"}  # for the pipeline file: ${FINETL_RAW_BUCKET}
    assert len(set_here) >= 8
    assert set_here <= known, f"nobody reads {set_here - known}"


def test_the_function_gets_the_rights_that_are_documented():
    text = (ROOT / "docs/arrivals.md").read_text().partition("\n## What it needs\n")[2]
    documented = set(re.findall(r"`(s3:\w+)`", text.partition("\n## ")[0]))
    granted = set(re.findall(r'"(s3:\w+)"', (TERRAFORM / "modules/function/role.tf").read_text()))
    assert documented and granted == documented


def test_the_network_lets_through_what_the_function_may_do():
    """Less, and the function would not work inside of it; more is for nobody."""
    endpoint = re.search(r'"s3_endpoint" \{.*?actions\s+= \[(.*?)\]', (TERRAFORM / "modules/network/main.tf").read_text(), re.S)[1]
    granted = re.findall(r'"(s3:\w+)"', (TERRAFORM / "modules/function/role.tf").read_text())
    assert set(re.findall(r'"(s3:\w+)"', endpoint)) == set(granted)


def test_the_event_of_the_schedule_is_one_that_finetl_knows():
    made = re.search(r"sweep_event = \{(.*?)\n  \}", (TERRAFORM / "modules/function/sweep.tf").read_text(), re.S)[1]
    read = (ROOT / "src/lambda/event.c").read_text().partition("\nread_sweep(")[2].partition("\n}\n")[0]
    known = set(re.findall(r'fe_str_is\(v->key, "(\w+)"\)', read))
    assert known and set(re.findall(r"^    (\w+)\s+=", made, re.M)) <= known and '"sweep"' in made


def test_the_function_may_write_where_it_writes():
    written = set(re.findall(r'\[FE_RESULT_\w+\] = "(\w+)/"', (ROOT / "src/pipeline/arrival_claim.c").read_text()))
    granted = re.search(r'for_each = var\.writes_files \? \[(.*?)\]', (TERRAFORM / "modules/function/role.tf").read_text())[1]
    assert len(written) >= 4 and set(re.findall(r'"(\w+)"', granted)) == written


def test_tables_are_made_of_the_variables():
    done = subprocess.run([sys.executable, ROOT / "tools" / "terraform_tables.py", "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
