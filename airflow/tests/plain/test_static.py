# SPDX-License-Identifier: Apache-2.0
"""The DAG files, read but not run: what Airflow 2.11 and 3.x both take, and what every DAG must declare. No Airflow needed."""

import ast
import pathlib

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "dags").glob("*.py"))
GONE = {"schedule_interval", "timetable", "days_ago", "execution_date", "next_execution_date", "prev_execution_date",
        "email_on_failure", "email_on_retry", "provide_context", "SubDagOperator", "sla", "default_view", "task_concurrency"}
GONE_MODULES = ("airflow.datasets", "airflow.utils.dates", "airflow.operators.", "airflow.contrib", "airflow.providers.postgres",
                "airflow.models.dag", "airflow.decorators", "airflow.utils.task_group", "airflow.settings", "airflow.utils.db")
OF_TWO_PLACES = {"airflow.sdk", "airflow.timetables.trigger"}


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def tree(request):
    return ast.parse(request.param.read_text())


def imports(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module


def guarded_imports(tree):
    """Those in a try that falls back where a module is not there."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Try) and any(ast.unparse(handler.type) == "ImportError" for handler in node.handlers):
            yield from imports(node)


def call_of(tree, name):
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == name]
    assert len(calls) == 1, f"{len(calls)} calls of {name}"
    return {keyword.arg: keyword.value for keyword in calls[0].keywords}


def test_there_are_two_dags():
    assert [path.name for path in FILES] == ["financial_etl_pipeline.py", "financial_etl_sharded.py"]


def test_nothing_that_airflow_3_took_away_is_used(tree):
    words = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    words |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.keyword)}
    words |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    words |= {word for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str) and "{{" in node.value
              for word in node.value.replace(".", " ").replace("(", " ").split()}
    assert not words & GONE
    assert not [name for name in imports(tree) if name.startswith(GONE_MODULES)]


def test_what_stands_elsewhere_in_2_and_3_is_imported_with_a_way_back(tree):
    assert {name for name in imports(tree) if name in OF_TWO_PLACES} == set(guarded_imports(tree)) == OF_TWO_PLACES


def test_nothing_is_read_or_asked_for_when_the_file_is_parsed(tree):
    top = [node for node in tree.body if not isinstance(node, (ast.FunctionDef, ast.With))]
    with_dag = [node for node in tree.body if isinstance(node, ast.With)]
    assert len(with_dag) == 1
    called = {ast.unparse(node.func) for part in top for node in ast.walk(part) if isinstance(node, ast.Call)}
    assert called <= {"os.environ.get"}
    in_dag = {ast.unparse(node.func) for node in with_dag[0].body if not isinstance(node, ast.FunctionDef)
              for node in ast.walk(node) if isinstance(node, ast.Call)}
    assert in_dag <= {"FinetlOperator", "PARENTS.split", "shard.expand", "list_shards", "send_notification.as_teardown"}
    assert not set(imports(tree)) & {"requests", "sqlite3", "psycopg2", "sqlalchemy", "airflow.models.variable"}


def test_every_dag_declares_what_it_must(tree):
    given = call_of(tree, "DAG")
    assert ast.unparse(given["doc_md"]) == "__doc__" and len(ast.get_docstring(tree)) > 500
    assert ast.unparse(given["schedule"]) == "CronTriggerTimetable('0 2 * * *', timezone='UTC')"
    assert ast.unparse(given["start_date"]) == "datetime(2026, 1, 1, tzinfo=timezone.utc)"
    assert ast.literal_eval(given["catchup"]) is False
    assert ast.literal_eval(given["max_active_runs"]) == 1
    assert "finetl" in ast.literal_eval(given["tags"])
    for param in given["params"].values:
        keywords = {keyword.arg for keyword in param.keywords}
        assert {"type", "description"} <= keywords
    defaults = {key.value: ast.unparse(value) for key, value in zip(given["default_args"].keys, given["default_args"].values)}
    assert defaults["owner"] == "'data-engineering'"
    assert defaults["retries"] == "2"
    assert defaults["retry_delay"] == "timedelta(minutes=5)"
    assert defaults["execution_timeout"] == "timedelta(hours=1)"
    assert defaults["on_failure_callback"] == "[FinetlNotifier(smtp_conn_id='smtp_default')]"


def test_the_five_steps_follow_each_other():
    text = ast.unparse(ast.parse((ROOT / "dags" / "financial_etl_pipeline.py").read_text()))
    assert "extract_data >> transform_data >> load_data >> quality_checks >> send_notification" in text
