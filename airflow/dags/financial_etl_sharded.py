# SPDX-License-Identifier: Apache-2.0
"""
### A large extraction in shards, on as many workers as there are

`load_parents`, and `list_shards >> shard[i].(extract >> transform >> load) >> quality_checks`: each file of
`FINETL_SHARDS` is a shard with a run directory and a commit of its own. Extracting and transforming go on side by side,
wherever the executor has a worker (Celery, Kubernetes); loads take a slot of the pool `finetl_loaders`:

    airflow pools set finetl_loaders 1 "loads into one warehouse"

Loads of one pipeline into one warehouse wait for each other anyway; the pool lets them wait without a worker.

- **The same end as unsharded** wherever a key stands in one shard only, or the pipeline names a `version` column: shards
  are loaded in any order.
- **A shard failed:** clear it; the others stay.

Environment of the scheduler and the workers: `FINETL_SHARDED_PIPELINE` (a pipeline file with the parameter `file`, the
source of `FINETL_SHARDED_DATASET`), `FINETL_PARENT_DATASETS` (by comma: what its references point to), `FINETL_SHARDS`
(folder or s3://bucket/prefix), `FINETL_RUNS`.
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta, timezone

from airflow.providers.common.compat.sdk import DAG, ObjectStoragePath, Param, task, task_group

from airflow_provider_finetl.notifications.finetl import FinetlNotifier
from airflow_provider_finetl.operators.finetl import FinetlOperator

try:
    from airflow.sdk import CronTriggerTimetable
except ImportError:  # Airflow 2
    from airflow.timetables.trigger import CronTriggerTimetable

PIPELINE = os.environ.get("FINETL_SHARDED_PIPELINE", "/opt/finetl/pipelines/financial_transactions_sharded.yaml")
DATASET = os.environ.get("FINETL_SHARDED_DATASET", "transactions")
PARENTS = os.environ.get("FINETL_PARENT_DATASETS", "customers")
SHARDS = os.environ.get("FINETL_SHARDS", "/var/lib/finetl/shards")
RUNS = os.environ.get("FINETL_RUNS", "/var/lib/finetl/runs")
MOST_SHARDS = 1000  # Airflow maps to 1,024 at most (core.max_map_length)

DUE = "{{ (logical_date | default(none) or dag_run.run_after).strftime('%Y-%m-%dT%H:%M:%SZ') }}"
RUN_DIR = RUNS + "/{{ dag.dag_id }}-{{ run_id }}"

with DAG(
    dag_id="financial_etl_sharded",
    description="A large extraction in shards: a manifest, mapped tasks, a pool for the loaders",
    doc_md=__doc__,
    schedule=CronTriggerTimetable("0 2 * * *", timezone="UTC"),
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
    tags=["finetl", "finance", "sharded"],
    params={
        "pattern": Param("*.csv*", type="string", pattern="^[A-Za-z0-9._*?-]+$", maxLength=128,
                         description="Which files of the folder are shards"),
    },
    default_args={
        "owner": "data-engineering",
        "depends_on_past": False,
        "retries": 2,
        "retry_delay": timedelta(minutes=5),
        "execution_timeout": timedelta(hours=1),
        "on_failure_callback": [FinetlNotifier(smtp_conn_id="smtp_default")],
        "finetl_conn_id": "finetl_default",
    },
) as dag:
    load_parents = FinetlOperator(
        task_id="load_parents",
        command="run",
        pipeline=PIPELINE,
        run_time=DUE,
        select=PARENTS.split(","),
        pool="finetl_loaders",
    )

    @task
    def list_shards(params=None):
        """The manifest: for each shard the parameters that name it, in the order of the names of the files."""
        folder = ObjectStoragePath(SHARDS if "://" in SHARDS else f"file://{SHARDS}")
        files = sorted(folder.glob(params["pattern"]), key=lambda file: file.name)
        if not files:
            raise FileNotFoundError(f"no shard in {SHARDS}")
        if len(files) > MOST_SHARDS:
            raise ValueError(f"{len(files)} shards in {SHARDS}; at most {MOST_SHARDS}: make fewer of them, each larger")
        return [{"file": file.path if file.protocol == "file" else str(file)} for file in files]

    @task_group
    def shard(parameters):
        run_dir = RUN_DIR + "/{{ ti.map_index }}"
        extract = FinetlOperator(
            task_id="extract",
            command="extract",
            pipeline=PIPELINE,
            run_time=DUE,
            select=[DATASET],
            parameters=parameters,
            run_dir=run_dir,
            map_index_template="{{ task.parameters['file'].rpartition('/')[2] }}",
        )
        transform = FinetlOperator(task_id="transform", command="transform", run_dir=run_dir)
        load = FinetlOperator(task_id="load", command="load", run_dir=run_dir, pool="finetl_loaders")
        extract >> transform >> load

    shards = shard.expand(parameters=list_shards())
    quality_checks = FinetlOperator(task_id="quality_checks", command="checks", pipeline=PIPELINE)

    load_parents >> shards >> quality_checks
