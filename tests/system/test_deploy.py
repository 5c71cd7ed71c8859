# SPDX-License-Identifier: Apache-2.0
"""What is promised of images, compose file, CronJob and workflows, as far as their text tells. tools/lint.sh holds them
against their schemas.
"""

import re
import subprocess

import pytest
import yaml

from finetl import ROOT, absent

COMPOSE = yaml.safe_load((ROOT / "docker" / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
CRON_JOB = yaml.safe_load((ROOT / "deploy" / "kubernetes" / "base" / "cron-job.yaml").read_text())
WORKFLOWS = {path.name: yaml.safe_load(path.read_text()) for path in sorted((ROOT / ".github" / "workflows").glob("*.yml"))}
STEPS = [(name, job, step) for name, flow in WORKFLOWS.items() for job, what in flow["jobs"].items() for step in what["steps"]]
VERSION = subprocess.run([ROOT / "tools" / "version.sh"], capture_output=True, text=True, check=True).stdout.strip()


def texts(value):
    """(key, text) of all texts in nested mappings and lists."""
    if isinstance(value, dict):
        return [(str(k), v) for k, v in value.items() if isinstance(v, str)] + [pair for v in value.values() for pair in texts(v)]
    return [pair for v in value for pair in texts(v)] if isinstance(value, list) else []


# Containers

def test_the_end_stage_is_bare_and_nobody_in_particular():
    stages = (ROOT / "docker" / "Dockerfile").read_text().split("\nFROM ")
    assert stages[-1].startswith("scratch\n")
    assert re.search(r"^USER 65532:65532$", stages[-1], re.M) and "RUN" not in stages[-1]
    assert re.search(r'^ENTRYPOINT \["/usr/bin/finetl"\]$', stages[-1], re.M)
    assert re.search(r'^HEALTHCHECK .*CMD \["/usr/bin/finetl", "version"\]$', stages[-1], re.M)
    for label in ("title", "description", "licenses", "version", "revision", "created"):
        assert f"org.opencontainers.image.{label}=" in stages[-1]
    assert re.search(r"^ARG DEBIAN=\S+@sha256:[0-9a-f]{64}$", stages[0], re.M)


def test_the_context_of_the_images_has_no_data_and_no_secrets():
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*" and not any(rule.startswith(("!data", "!docker", "!.", "!warehouse")) for rule in rules)


def test_versions_are_the_same_everywhere():
    assert re.search(rf"^ARG VERSION={re.escape(VERSION)}$", (ROOT / "docker/Dockerfile").read_text(), re.M)
    assert re.search(rf"^ARG FINETL=finetl:{re.escape(VERSION)}$", (ROOT / "docker/airflow.Dockerfile").read_text(), re.M)
    ours = [service["image"] for service in SERVICES.values() if service["image"].startswith("finetl")]
    assert ours and all(image.endswith(f":{VERSION}") for image in ours)
    container = CRON_JOB["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]
    assert container["image"] == f"finetl:{VERSION}"
    of_the_tests = re.search(r"^apache-airflow==(\S+)", (ROOT / "airflow/requirements-3.lock").read_text(), re.M)[1]
    assert f"apache/airflow:{of_the_tests}-" in (ROOT / "docker/airflow.Dockerfile").read_text(), "not the Airflow that is tested"
    assert f"## [{VERSION}]" in (ROOT / "CHANGELOG.md").read_text()


def test_compose_has_no_loose_ends():
    assert "version" not in COMPOSE
    for name, service in SERVICES.items():
        assert re.search(r":\d+\.\d+", service["image"]), f"{name}: no version, or a moving one"
        assert service["image"].startswith("finetl") or re.search(r"@sha256:[0-9a-f]{64}$", service["image"]), f"{name}: not pinned"
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), f"{name} listens to other machines: {port}"
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source in COMPOSE["volumes"] or source.startswith("."), f"{name}: {volume} is no named volume"
        if service.get("restart") != "no":
            assert "healthcheck" in service, f"{name} runs for long and is not looked after"
        assert "no-new-privileges:true" in service["security_opt"]


def test_compose_has_no_password_of_its_own():
    for key, value in texts({name: value for name, value in COMPOSE.items() if name != "secrets"}):
        if re.search(r"PASSWORD|SECRET|FERNET|_CONN", key) and not value.startswith("/run/secrets/"):
            assert re.search(r"\$\{\w+:\?", value), f"{key} is written out"
    assert all(set(secret) == {"environment"} for secret in COMPOSE["secrets"].values())


# Kubernetes

def test_the_cron_job_has_the_least_rights():
    pod = CRON_JOB["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    container = pod["containers"][0]
    assert pod["automountServiceAccountToken"] is False and pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] == 65532 and pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                                            "capabilities": {"drop": ["ALL"]}}
    assert "limits" in container["resources"] and CRON_JOB["spec"]["concurrencyPolicy"] == "Forbid"
    assert not any("value" in variable for variable in container["env"]), "what a container is told is in secrets"


def test_the_cron_job_tries_again_only_what_a_retry_can_help(finetl):
    codes = re.findall(r"^ +(\d+)  (.*)$", finetl("help").ok().stdout.split("exit codes:")[1], re.M)
    retried = {int(code) for code, meaning in codes if "a retry can help" in meaning or "asked to stop" in meaning}
    rules = CRON_JOB["spec"]["jobTemplate"]["spec"]["podFailurePolicy"]["rules"]
    spared = next(rule["onExitCodes"] for rule in rules if rule["action"] == "FailJob")
    assert len(codes) >= 10 and spared["operator"] == "NotIn"
    assert set(spared["values"]) - {0, 128 + 9, 128 + 15} == retried


def test_the_pipeline_of_the_example_is_in_order(finetl):
    finetl("lint", ROOT / "deploy/kubernetes/overlays/example/pipeline.yaml").ok()


# Workflows

@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_may_do_little_and_not_for_long(name):
    flow = WORKFLOWS[name]
    assert flow["permissions"] == {"contents": "read"} and "concurrency" in flow
    assert all("timeout-minutes" in job for job in flow["jobs"].values())


def test_every_action_is_pinned_by_its_commit_with_the_version_beside():
    for path in (ROOT / ".github" / "workflows").glob("*.yml"):
        for line in path.read_text().splitlines():
            if "uses:" in line:
                assert re.search(r"uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line), f"{path.name}: {line}"
    images = [job["container"] for flow in WORKFLOWS.values() for job in flow["jobs"].values() if "container" in job]
    images = [image["image"] if isinstance(image, dict) else image for image in images]
    assert images and all(re.search(r"@sha256:[0-9a-f]{64}$", image) for image in images)


def test_every_step_is_a_command_that_runs_anywhere():
    commands = [step["run"] for _, _, step in STEPS if "run" in step]
    assert len(commands) >= 10
    for command in commands:
        assert "${{" not in command and "|| true" not in command and "curl" not in command, command
        for word in re.findall(r"(?:^|\s|\()((?:\./|tools/|docker/|bench/|\.ci/)[\w./-]+)", command):
            assert (ROOT / word).stat().st_mode & 0o111, f"{word}: not a program of this tree"


def test_nothing_in_ci_goes_on_after_a_failure():
    for path in [*(ROOT / ".github" / "workflows").glob("*.yml"), *(ROOT / "tools").glob("*.sh"), *(ROOT / "docker").glob("*.sh")]:
        text = path.read_text()
        assert "|| true" not in text and "continue-on-error" not in text, path.name


def test_a_linter_rings(tmp_path):
    """Not the linters themselves, but that tools/lint.sh tells."""
    for part in ("tools", "docker", "deploy", ".github", "airflow", "pipelines", "sql", "tests/lint", "tests/gx", ".ci"):
        target = tmp_path / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if part == "tests/lint":
            target.symlink_to(ROOT / part)
        else:
            subprocess.run(["cp", "-R", "--no-preserve=ownership", ROOT / part, target], check=True)
    for name in ("run", "test", "meson.build"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    for name, old, new in [("docker/compose.yaml", "restart: unless-stopped", "restarts: unless-stopped"),
                           ("deploy/kubernetes/base/cron-job.yaml", "concurrencyPolicy: Forbid", "concurrencyPolicies: Forbid"),
                           (".github/workflows/ci.yml", "runs-on: ubuntu-24.04", "runs-at: ubuntu-24.04"),
                           (".github/dependabot.yml", "package-ecosystem: pip", "package-ecosystem: pips"),
                           ("docker/Dockerfile", "WORKDIR /opt/finetl", "WORKDIR opt/finetl"),
                           ("docker/secrets.sh", "umask 077", 'echo $(ls)'),
                           ("sql/queries/postgres/running_now.sql", "'running'", "'walking'")]:
        path = tmp_path / name
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))
    done = subprocess.run([tmp_path / "tools" / "lint.sh"], capture_output=True, text=True, check=False)
    if "could not be installed" in done.stdout:
        absent(f"the linters: {done.stdout}")
    failed = set(re.findall(r"^FAILED (.*)$", done.stdout, re.M))
    wanted = {"shellcheck", "hadolint", "compose against its schema", "workflows against their schema",
              "dependabot against its schema", "dashboard is made of sql/queries"}
    built_by_go = {"actionlint", "compose file as compose reads it", "Kubernetes, rendered and against its schema"}
    skipped = {line.split(":")[0] for line in re.findall(r"^skipped (.*)$", done.stdout, re.M)}
    assert done.returncode == 1 and wanted | (built_by_go - skipped) <= failed, done.stdout
