# SPDX-License-Identifier: Apache-2.0
"""The shipped DAGs and the provider, as Airflow sees them."""

import json
import pathlib
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from importlib.metadata import entry_points
from importlib.resources import files

import jsonschema
import pytest
from airflows import MAJOR, ROOT

try:
    from airflow.dag_processing.dagbag import DagBag
except ImportError:  # Airflow 2
    from airflow.models import DagBag

STEPS = ["extract_data", "transform_data", "load_data", "quality_checks", "send_notification"]


@pytest.fixture(scope="module")
def bag():
    return DagBag(dag_folder=str(ROOT / "dags"))


def test_both_dags_are_imported_without_error(bag):
    assert bag.import_errors == {}
    assert sorted(bag.dags) == ["financial_etl_pipeline", "financial_etl_sharded"]


def test_the_five_steps_stand_in_a_row(bag):
    dag = bag.dags["financial_etl_pipeline"]
    assert sorted(dag.task_ids) == sorted(STEPS)
    for first, second in zip(STEPS, STEPS[1:]):
        assert dag.get_task(first).downstream_task_ids == {second}
    assert [dag.get_task(name).command for name in STEPS] == ["extract", "transform", "load", "checks", "notify"]


def test_people_are_told_of_a_failure_which_stays_one(bag):
    """The last step runs after steps that failed, as a teardown does; of the run's state the four before it decide."""
    told = bag.dags["financial_etl_pipeline"].get_task("send_notification")
    assert told.is_teardown and not told.on_failure_fail_dagrun  # else it would decide alone
    assert not any(task.is_setup or task.is_teardown for task in bag.dags["financial_etl_pipeline"].tasks if task is not told)


@pytest.mark.parametrize("name", ["financial_etl_pipeline", "financial_etl_sharded"])
def test_what_every_dag_has(bag, name):
    dag = bag.dags[name]
    assert (dag.catchup, dag.max_active_runs) == (False, 1)
    assert dag.start_date == datetime(2026, 1, 1, tzinfo=timezone.utc)
    assert dag.doc_md and "finetl" in dag.tags and dag.params.validate() is not None
    assert (getattr(dag.timetable, "expression", None) or dag.timetable.summary) == "0 2 * * *"
    for task in dag.tasks:
        assert (task.owner, task.retries) == ("data-engineering", 2)
        assert task.retry_delay == timedelta(minutes=5)
        assert task.execution_timeout == timedelta(hours=1)
        callbacks = task.on_failure_callback
        notifiers = callbacks if isinstance(callbacks, (list, tuple)) else [callbacks]
        assert [(type(notifier).__name__, notifier.smtp_conn_id) for notifier in notifiers] == [("FinetlNotifier", "smtp_default")]


@pytest.mark.parametrize("wrong", [{"select": "customers"}, {"select": ["--x"]}, {"parameters": {"Day": "1"}}, {"parameters": {"day": 1}}])
def test_parameters_of_a_trigger_are_checked(bag, wrong):
    params = bag.dags["financial_etl_pipeline"].params.__class__(bag.dags["financial_etl_pipeline"].params)
    with pytest.raises(Exception, match="(?i)invalid"):
        params.update(wrong)
        params.validate()


def test_shards_are_mapped_and_loads_take_a_slot_of_the_pool(bag):
    dag = bag.dags["financial_etl_sharded"]
    assert dag.get_task("list_shards").downstream_task_ids >= {"shard.extract"}
    assert dag.get_task("load_parents").downstream_task_ids == {"shard.extract"}
    for name in ("shard.extract", "shard.transform", "shard.load"):
        assert list(dag.get_task(name).iter_mapped_task_groups())
    assert [task.task_id for task in dag.tasks if task.pool == "finetl_loaders"] == ["load_parents", "shard.load"]


if MAJOR > 2:  # ruff is locked with Airflow 3

    def test_nothing_of_airflow_3_is_used_wrongly():
        """Ruff, with its rules for what Airflow 3 took away or moved (AIR3), over all of this folder."""
        program = pathlib.Path(sys.executable).with_name("ruff")
        done = subprocess.run([program, "check", "--no-cache", "--output-format=concise", ROOT], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_provider_is_found_and_fits_the_schema():
    found = [point for point in entry_points(group="apache_airflow_provider") if point.value.startswith("airflow_provider_finetl")]
    assert len(found) == 1
    info = found[0].load()()
    jsonschema.validate(info, json.loads(files("airflow").joinpath("provider_info.schema.json").read_text()))
    assert info["package-name"] == "airflow-provider-finetl"


def test_airflow_lists_the_provider_with_its_connection_type():
    from airflow.providers_manager import ProvidersManager

    manager = ProvidersManager()
    assert manager.providers["airflow-provider-finetl"].version == "0.1.0"
    hook = manager.hooks["finetl"]
    assert (hook.hook_class_name, hook.connection_id_attribute_name) == (
        "airflow_provider_finetl.hooks.finetl.FinetlHook", "finetl_conn_id")
    assert "airflow_provider_finetl.notifications.finetl.FinetlNotifier" in manager.notification
