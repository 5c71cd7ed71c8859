#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Leaves of the source of the provider hashicorp/aws, in which it is run, the services that terraform/ uses: a tenth of the work.

Two generated files name all services: one registers their resources, the other makes their clients. Lines of services
that are not kept go, and clients that nobody calls any more."""

import pathlib
import re
import subprocess

KEPT = ["account", "budgets", "cloudwatch", "ec2", "events", "iam", "kms", "lambda", "logs", "meta", "organizations", "rds", "s3", "s3control",
        "scheduler", "secretsmanager", "sns", "sqs", "ssm", "sts"]
MODULE = "github.com/hashicorp/terraform-provider-aws"
REGISTER = pathlib.Path("internal/provider/sdkv2/service_packages_gen.go")
CLIENTS = pathlib.Path("internal/conns/awsclient_gen.go")


def is_kept(line):
    named = re.match(rf'\s+(?:\w+ )?"{MODULE}/internal/service/(\w+)"', line) or re.match(r"\s+(\w+?)_?\.ServicePackage\(ctx\),", line)
    return not named or named[1] in KEPT


def called_clients():
    """Names of the methods that make clients, as the packages that are left call them."""
    listed = subprocess.run(["go", "list", "-deps", "-f", "{{.ImportPath}}\t{{.Dir}}", *(f"./internal/service/{name}" for name in KEPT),
                             "./internal/provider/sdkv2", "./internal/provider/framework"], stdout=subprocess.PIPE, text=True, check=True).stdout
    called = set()
    for package, folder in (line.split("\t") for line in listed.splitlines()):
        for path in pathlib.Path(folder).glob("*.go") if package.startswith(MODULE) else []:
            if not path.name.endswith("_test.go") and path.name != CLIENTS.name:
                called |= set(re.findall(r"\.(\w+Client)\(", path.read_text()))
    return called


def main():
    REGISTER.write_text("".join(line for line in REGISTER.read_text().splitlines(keepends=True) if is_kept(line)))
    called = called_clients()
    head, *methods = re.split(r"(?m)^(?=func )", CLIENTS.read_text())
    body = "".join(method for method in methods if re.match(r"func \(c \*AWSClient\) (\w+)\(", method)[1] in called)
    lines = []
    for line in head.splitlines(keepends=True):
        imported = re.match(r'\s+(?:(\w+) )?"github.com/aws/aws-sdk-go-v2/service/(\w+)"', line)
        if not imported or re.search(rf"\b{imported[1] or imported[2]}\.", body):
            lines.append(line)
    CLIENTS.write_text("".join(lines) + body)


if __name__ == "__main__":
    main()
