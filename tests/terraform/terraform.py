# SPDX-License-Identifier: Apache-2.0
"""The files below terraform/, read as text, and Terraform itself, where it is there.

Terraform is FINETL_TERRAFORM, or `terraform` or `tofu` on the PATH. Its provider for AWS comes from its registry, or from
the folder FINETL_TERRAFORM_PLUGINS (a filesystem mirror, see build_provider.sh). Neither can be had by pip or apt, so
here, and only here, absence is a reason to skip even on the build server.
"""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TERRAFORM = ROOT / "terraform"
MODULES = sorted(path for path in (TERRAFORM / "modules").iterdir() if path.is_dir())
ENVIRONMENTS = ["dev", "staging", "prod"]
MAY_BE_ABSENT = "may be absent: "  # tools/run_tests.py knows both: the one is never a failure,
BESIDE_THE_POINT = "beside the point: "  # the other no skip
BLOCK = re.compile(r'^(resource|data|variable|output|module) "([^"]+)"(?: "([^"]+)")? \{\n(.*?)^\}', re.M | re.S)


def sources(folder=TERRAFORM):
    """Every file of Terraform's once, not by the links of the environments."""
    return sorted(path for path in folder.rglob("*.tf") if not path.is_symlink() and ".terraform" not in path.parts)


def blocks(path, kind):
    """(name, text) of each block of that kind; `terraform fmt` sees to it that a block ends with } at the line's beginning."""
    return [(match[3] or match[2], match[4]) for match in BLOCK.finditer(path.read_text()) if match[1] == kind]


def program():
    found = os.environ.get("FINETL_TERRAFORM") or shutil.which("terraform") or shutil.which("tofu")
    if not found:
        pytest.skip(MAY_BE_ABSENT + "there is no terraform or tofu on the PATH, nor FINETL_TERRAFORM")
    return found


def environment(folder):
    """Quiet, without colours and questions, and with plugins from where they are."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("TF_", "AWS_"))}
    variables |= {"TF_IN_AUTOMATION": "1", "TF_INPUT": "0", "CHECKPOINT_DISABLE": "1", "AWS_EC2_METADATA_DISABLED": "true"}
    config = folder / "cli.tfrc"
    plugins = os.environ.get("FINETL_TERRAFORM_PLUGINS")
    config.write_text("provider_installation {\n  filesystem_mirror {\n    path = \"%s\"\n  }\n}\n" % plugins if plugins else "")
    return variables | {"TF_CLI_CONFIG_FILE": str(config)}


class Copy:
    """A copy of terraform/ with packages to upload and plugins installed once, to run Terraform in."""

    def __init__(self, folder):
        self.folder = folder / "terraform"
        self.variables = environment(folder)
        shutil.copytree(TERRAFORM, self.folder, symlinks=True, ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*"))
        for name in ENVIRONMENTS:
            self.add_packages(f"environments/{name}")

    def add_packages(self, where):
        """Empty ones: only their hashes count."""
        (self.folder / where).mkdir(exist_ok=True)
        for name in ("finetl-lambda.zip", "finetl-settings.zip"):
            (self.folder / where / name).write_bytes(b"PK\5\6" + bytes(18))

    def run(self, where, *arguments, check=True):
        done = subprocess.run([program(), *arguments], cwd=self.folder / where, env=self.variables, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        if check:
            assert done.returncode == 0, f"terraform {' '.join(arguments)} in {where}:\n{done.stdout}"
        return done

    def init(self, where):
        """Where the provider cannot be had the test is skipped, but a mistake of ours fails."""
        done = self.run(where, "init", "-backend=false", "-no-color", check=False)
        if done.returncode != 0 and re.search(r"Failed to query available provider packages|Could not connect|registry", done.stdout):
            pytest.skip(MAY_BE_ABSENT + "the provider hashicorp/aws: there is no registry, and no FINETL_TERRAFORM_PLUGINS")
        assert done.returncode == 0, done.stdout
