# SPDX-License-Identifier: Apache-2.0
"""Made, found unchanged, and destroyed, in moto: what it knows of AWS. Real plans of the real provider, unlike the pretended ones."""

import json
import os
import pathlib
import subprocess
import sys
import time
import urllib.request

import pytest

from terraform import BESIDE_THE_POINT, Copy

SERVICES = ["budgets", "cloudwatch", "ec2", "iam", "kms", "lambda", "logs", "rds", "s3", "scheduler", "secretsmanager", "sns", "sqs", "sts"]
OVERRIDE = """
terraform {
  backend "local" {}
}
%s
provider "aws" {
  access_key                  = "testing"
  secret_key                  = "testing"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true # with an account, tags of buckets are asked of ACCOUNT.localhost
  skip_region_validation      = true
  s3_use_path_style           = true
  max_retries                 = 2
  endpoints {
%s
  }
}
"""
# What moto 5.2 does not know: whom a budget tells (DescribeSubscribersForNotification), and CloudWatch as the provider speaks to
# it (in CBOR).
UNKNOWN = """
module "budget" {
  count = 0
}
"""
UNKNOWN_OF_MONITORING = """
resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = {}
}
resource "aws_cloudwatch_metric_alarm" "no_sweep" {
  count = 0
}
resource "aws_cloudwatch_metric_alarm" "rejected" {
  count = 0
}
resource "aws_cloudwatch_metric_alarm" "no_data" {
  count = 0
}
resource "aws_cloudwatch_dashboard" "this" {
  count = 0
}
output "alarm_names" {
  value = []
}
output "dashboard_name" {
  value = ""
}
"""
# A read replica, by the id that the provider asks for it by.
UNKNOWN_OF_DATABASE = """
resource "aws_db_instance" "replica" {
  for_each = toset([])
}
"""
# What moto takes and does not tell again as it was, so that a second plan sets it anew: by type of resource.
FORGOTTEN = {
    "aws_db_instance": {"performance_insights_enabled", "performance_insights_kms_key_id", "performance_insights_retention_period"},
    "aws_db_parameter_group": {"parameter"},
    "aws_lambda_function": {"logging_config"},
    "aws_s3_bucket": {"tags", "tags_all"},  # that a bucket is made with
    "aws_vpc_security_group_egress_rule": {"description", "referenced_security_group_id"},
    "aws_vpc_security_group_ingress_rule": {"description", "referenced_security_group_id"},
}
# Actions and resources that are no pattern's, but of which AWS knows none narrower.
ANY_RESOURCE = {"xray:PutTraceSegments", "xray:PutTelemetryRecords", "ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSubnets", "ec2:DeleteNetworkInterface", "ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses"}


@pytest.fixture
def own_copy(tmp_path):
    """What is overridden here is nothing to the other tests."""
    return Copy(tmp_path)


@pytest.fixture
def moto(tmp_path):
    """A server of its own; its address."""
    log = (tmp_path / "moto.log").open("w")
    server = subprocess.Popen([sys.executable, "-c", "import sys; from moto.server import main; main(sys.argv[1:])", "-H", "127.0.0.1", "-p", "0"],
                              stdout=log, stderr=subprocess.STDOUT, env=os.environ | {"MOTO_IAM_LOAD_MANAGED_POLICIES": "true"})
    try:
        yield address_of(server, pathlib.Path(log.name))
    finally:
        server.terminate()
        server.wait()
        log.close()


def address_of(server, log):
    for _ in range(600):
        told = [line.split()[-1] for line in log.read_text().splitlines() if "Running on http" in line]
        if told:
            urllib.request.urlopen(told[0] + "/moto-api/data.json", timeout=10).close()
            return told[0].replace("127.0.0.1", "localhost")
        assert server.poll() is None, log.read_text()
        time.sleep(0.1)
    raise AssertionError(log.read_text())


def prepare(copy, where, address):
    endpoints = "\n".join(f'    {name} = "{address}"' for name in SERVICES)
    (copy.folder / where / "override.tf").write_text(OVERRIDE % (UNKNOWN, endpoints))
    (copy.folder / "modules/monitoring/override.tf").write_text(UNKNOWN_OF_MONITORING)
    (copy.folder / "modules/database/override.tf").write_text(UNKNOWN_OF_DATABASE)
    copy.init(where)
    copy.run(where, "init", "-no-color", "-reconfigure")


def resources_of(copy, where):
    """Every resource of the state, in all modules."""
    found, modules = [], [json.loads(copy.run(where, "show", "-json").stdout)["values"]["root_module"]]
    while modules:
        module = modules.pop()
        found += [resource for resource in module.get("resources", []) if resource["mode"] == "managed"]
        modules += module.get("child_modules", [])
    return found


def changes_of(copy, where):
    """What a second plan would change: (resource, names of attributes) of each."""
    copy.run(where, "plan", "-no-color", "-out=again.tfplan")
    plan = json.loads(copy.run(where, "show", "-json", "again.tfplan").stdout)
    found = []
    for resource in plan.get("resource_changes", []):
        before, after = resource["change"]["before"] or {}, resource["change"]["after"] or {}
        if resource["change"]["actions"] not in (["no-op"], ["read"]):
            found.append((resource, {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}))
    return found


def check_policies(resources):
    """No right to everything, in any policy as it was sent."""
    policies = [(resource["address"], resource["values"]["policy"]) for resource in resources
                if resource["type"] in ("aws_iam_role_policy", "aws_s3_bucket_policy", "aws_sqs_queue_policy", "aws_sns_topic_policy")]
    assert len(policies) >= 6
    for address, text in policies:
        for statement in json.loads(text)["Statement"]:
            if statement["Effect"] == "Deny":
                continue
            actions = [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
            assert not [action for action in actions if "*" in action], f"{address}: {actions}"
            if statement["Resource"] == "*":
                assert set(actions) <= ANY_RESOURCE, f"{address}: {actions}"
            if address.endswith("_policy.this") and "Principal" in statement:
                assert statement["Principal"] != "*" and statement.get("Condition"), f"{address}: {statement}"


def check_tags(resources):
    """Costs are told apart by tags."""
    tagged = [resource for resource in resources if "tags_all" in resource["values"] and "tags_all" not in FORGOTTEN.get(resource["type"], set())]
    assert len(tagged) > 5
    for resource in tagged:
        assert {"stack", "environment", "owner", "cost_center"} <= set(resource["values"]["tags_all"] or {}), resource["address"]


@pytest.mark.parametrize("name", ["staging", "dev", "prod"])  # the provider waits for AWS to settle: minutes for each
def test_made_unchanged_and_destroyed(own_copy, moto, name, request):
    if name != "staging" and not request.config.getoption("--long"):
        pytest.skip(BESIDE_THE_POINT + "staging has all that dev has, and all but replicas of prod's; --long makes each")
    where = f"environments/{name}"
    copy = own_copy
    prepare(copy, where, moto)
    copy.run(where, "apply", "-auto-approve", "-no-color")
    resources = resources_of(copy, where)
    check_policies(resources)
    check_tags(resources)
    for resource, attributes in changes_of(copy, where):
        assert attributes <= FORGOTTEN.get(resource["type"], set()), f"{resource['address']}: {attributes}"
    throw_away = ["-var", "throw_away=true"] if name == "prod" else []
    if throw_away:  # what is protected goes in two steps
        copy.run(where, "apply", "-auto-approve", "-no-color", *throw_away)
    copy.run(where, "destroy", "-auto-approve", "-no-color", *throw_away)
    assert not json.loads(copy.run(where, "show", "-json").stdout).get("values")
