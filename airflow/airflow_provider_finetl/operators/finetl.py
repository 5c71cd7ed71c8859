# SPDX-License-Identifier: Apache-2.0
"""FinetlOperator: one command of finetl as a task.

Its logs become the task's log, its result line the task's XCom (result.py), and its exit code decides
what Airflow does next:

    0                      done
    99                     skipped: there was nothing to do (with options=["--exit-99-if-nothing"])
    6, 9, or a signal      failed; a retry can help
    any other              failed, and stays so: the same again ends the same
"""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Mapping, Sequence

from airflow.providers.common.compat.sdk import AirflowException, AirflowFailException, AirflowSkipException, BaseOperator

from airflow_provider_finetl import result as results
from airflow_provider_finetl.hooks.finetl import FinetlHook
from airflow_provider_finetl.process import Child, log_record

NOTHING_TO_DO = 99
MEANING = {
    2: "the command or the pipeline file is wrong",
    3: "the input breaks its format",
    4: "held by the gate or a control total",
    5: "a declared limit was reached",
    6: "the other side is unavailable or busy",
    7: "not allowed",
    8: "the target's state disagrees",
    9: "asked to stop",
    70: "an invariant of finetl broke",
}
A_RETRY_HELPS = (6, 9)
COMMANDS = ("run", "extract", "transform", "load", "checks", "notify")
TAKES_PIPELINE = ("run", "extract")
NEEDS_RUN_DIR = ("extract", "transform", "load", "notify")
NAME = re.compile(r"[a-z][a-z0-9_]*\Z")
OPTION = re.compile(r"--[a-z0-9][a-z0-9-]*(=|\Z)")
MAX_ERROR_CHARS = 4000


class FinetlOperator(BaseOperator):
    """Runs one command of finetl.

    :param command: run, or one of the five steps extract, transform, load, checks, notify
    :param pipeline: the pipeline file; of run and extract, and of checks without run_dir
    :param run_dir: where the steps hand over, a folder or s3://bucket/prefix; the same for all steps of a run
    :param run_time: what now() is, as 2026-01-31T02:00:00Z
    :param parameters: values of the pipeline's parameters; a mapping, or one as JSON, as "{{ params.parameters | tojson }}"
    :param select: only these data sets; a list, or one as JSON
    :param options: more options, as ["--reprocess", "--wait=5m"]; empty ones are left out
    :param environment: names of variables that the pipeline asks for and the connection holds (extra.environment)
    :param finetl_conn_id: the connection with the warehouse; None: the pipeline file's
    :param binary: the program, by name or path
    """

    template_fields: Sequence[str] = ("pipeline", "run_dir", "run_time", "parameters", "select", "options")
    template_fields_renderers = {"parameters": "json"}
    ui_color = "#e4f0e8"

    def __init__(
        self,
        *,
        command: str = "run",
        pipeline: str | None = None,
        run_dir: str | None = None,
        run_time: str | None = None,
        parameters: Mapping[str, str] | str | None = None,
        select: Sequence[str] | str | None = None,
        options: Sequence[str] | None = None,
        environment: Sequence[str] | None = None,
        finetl_conn_id: str | None = FinetlHook.default_conn_name,
        binary: str = "finetl",
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.command = command
        self.pipeline = pipeline
        self.run_dir = run_dir
        self.run_time = run_time
        self.parameters = parameters or {}
        self.select = select or []
        self.options = options or []
        self.environment = environment or []
        self.finetl_conn_id = finetl_conn_id
        self.binary = binary
        self._child = None

    def execute(self, context):
        arguments = self.arguments()
        hook = FinetlHook(self.finetl_conn_id, binary=self.binary)
        environment = {**hook.environment(self.environment), **context_variables(context)}
        program = hook.program()
        self.log.info("Running %s %s", program, " ".join(arguments))
        try:
            self._child = Child([program, *arguments], environment)
        except OSError as reason:
            raise AirflowFailException(f"{program} does not start: {reason.strerror}") from reason
        exit_code, line, is_cut = self._child.run(lambda text: self.log.log(*escaped(log_record(text))))
        return self.judge(exit_code, line, is_cut)

    def on_kill(self):
        if self._child:
            self._child.stop()

    def arguments(self):
        """The command line without the program: no secret is in it, and no value can pass for an option."""
        if self.command not in COMMANDS:
            raise AirflowFailException(f"command {self.command!r} is none of {', '.join(COMMANDS)}")
        if self.command in NEEDS_RUN_DIR and not self.run_dir:
            raise AirflowFailException(f"finetl {self.command} needs a run_dir, the same for all steps of a run")
        # What checks alone says is a table for people, and it has no log but of errors.
        arguments = [self.command, "--json" if self.command == "checks" and not self.run_dir else "--log-format=json"]
        if self.run_dir:
            arguments.append(f"--run-dir={self.run_dir}")
        if self.run_time:
            arguments.append(f"--run-time={self.run_time}")
        for name, value in plain(self.parameters, dict, "parameters").items():
            arguments.append(f"--param={checked(name)}={value}")
        select = plain(self.select, list, "select")
        if select:
            arguments.append("--select=" + ",".join(checked(name) for name in select))
        for option in self.options:
            if option and not OPTION.match(option):
                raise AirflowFailException(f"{option!r} is no option; write it as --name or --name=value")
            arguments += [option] if option else []
        if self.pipeline and (self.command in TAKES_PIPELINE or not self.run_dir):
            arguments += ["--", self.pipeline]
        if any("\0" in argument for argument in arguments):
            raise AirflowFailException("an argument holds a NUL")
        return arguments

    def judge(self, exit_code, line, is_cut=False):
        """What is handed on of a run that went well; an exception for one that did not."""
        try:
            result = results.parse(line, is_cut)
        except results.NoResult as reason:
            if exit_code == 0:
                raise AirflowFailException(str(reason)) from None
            result = {}
        if exit_code == 0:
            handed_on = results.for_xcom(result)
            self.log.info("finetl %s: %s, run %s", self.command, handed_on.get("status"), handed_on.get("run_id"))
            return handed_on if self.do_xcom_push else None
        if exit_code == NOTHING_TO_DO:
            raise AirflowSkipException(f"finetl {self.command}: nothing to do")
        text = self.explain(exit_code, result)
        if exit_code < 0 or exit_code in A_RETRY_HELPS:
            raise AirflowException(text)
        raise AirflowFailException(text)

    def explain(self, exit_code, result):
        """What went wrong, and the figures there are."""
        if exit_code < 0:
            named = {number.value: number.name for number in signal.Signals}
            meaning = f"ended by {named.get(-exit_code, f'signal {-exit_code}')}"
            if exit_code == -signal.SIGKILL:
                meaning += " (out of memory? see the log of the machine)"
        else:
            meaning = f"{MEANING.get(exit_code, 'an exit code that finetl does not have')} (exit code {exit_code})"
        parts = [f"finetl {self.command}: {meaning}"]
        if result.get("error"):
            parts.append(str(result["error"])[:MAX_ERROR_CHARS])
        parts += results.failed_checks(result)
        if result.get("run_id"):
            counts = ", ".join(f"{name} {count:,}" for name, count in results.totals(result).items() if count)
            parts.append(f"run {result['run_id']}" + (f": {counts}" if counts else ""))
        return "\n".join(parts)


def plain(value, kind, name):
    """A list or mapping that may have come as JSON, which is how a template hands one on."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            raise AirflowFailException(f"{name} is neither a {kind.__name__} nor one as JSON: {value[:200]!r}") from None
    try:
        return kind(value)
    except (TypeError, ValueError):
        raise AirflowFailException(f"{name} is no {kind.__name__}") from None


def checked(name):
    """A name of a pipeline file."""
    if not isinstance(name, str) or not NAME.match(name):
        raise AirflowFailException(f"{name!r} cannot be a name in a pipeline file")
    return name


def escaped(record):
    """(level, text) as arguments of a logger, to which % means something."""
    level, text = record
    return level, "%s", text


def context_variables(context):
    """The variables by which programs that Airflow runs know their task, as its own operators set them."""
    task_instance, run = context.get("ti"), context.get("dag_run")
    moment = context.get("logical_date") or getattr(run, "run_after", None)
    found = {
        "AIRFLOW_CTX_DAG_ID": getattr(task_instance, "dag_id", None),
        "AIRFLOW_CTX_TASK_ID": getattr(task_instance, "task_id", None),
        "AIRFLOW_CTX_MAP_INDEX": getattr(task_instance, "map_index", None),
        "AIRFLOW_CTX_TRY_NUMBER": getattr(task_instance, "try_number", None),
        "AIRFLOW_CTX_DAG_RUN_ID": getattr(run, "run_id", None),
        "AIRFLOW_CTX_LOGICAL_DATE": moment.isoformat() if moment else None,
    }
    kept = {name: value for name, value in os.environ.items() if name.startswith("AIRFLOW_CTX_")}
    return kept | {name: str(value) for name, value in found.items() if value is not None}
