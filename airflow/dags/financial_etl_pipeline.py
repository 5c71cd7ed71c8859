# SPDX-License-Identifier: Apache-2.0
"""
### Financial transactions into the warehouse, every night

`extract_data >> transform_data >> load_data >> quality_checks >> send_notification`: the five steps of finetl, each a
task of its own over one run directory. They end in exactly the state that `finetl run` ends in, in one commit
(`load_data`); a step that was done is not done twice.

- **It failed.** The notices of the pipeline file's `notify`, sent by `send_notification` however the run ends, the mail of the
  task that failed, and its log say what, where, and whether a retry can help. Where it can, two were made.
- **Again.** Clear the task once the cause is gone. The warehouse is the same after any number of times. Where the records
  were wrong, what was extracted of them stays: remove the run's directory and clear `extract_data`, or trigger another run.
- **Earlier days.** `airflow backfill create --dag-id financial_etl_pipeline --from-date ... --to-date ...` (Airflow 2:
  `airflow dags backfill -s ... -e ...`). `now()` of the rules is the due time of each run.

Connections: `finetl_default` (the warehouse), `smtp_default` (whom to mail). Environment of the scheduler and the workers:
`FINETL_PIPELINE`, `FINETL_RUNS` (a folder that all workers share, or s3://bucket/prefix), `FINETL_DATE_PARAMETER` (the
pipeline's parameter that gets the due date, if it has one).
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta, timezone

from airflow.providers.common.compat.sdk import DAG, Param

from airflow_provider_finetl.notifications.finetl import FinetlNotifier
from airflow_provider_finetl.operators.finetl import FinetlOperator

try:
    from airflow.sdk import CronTriggerTimetable
except ImportError:  # Airflow 2
    from airflow.timetables.trigger import CronTriggerTimetable

PIPELINE = os.environ.get("FINETL_PIPELINE", "/opt/finetl/pipelines/financial_transactions.yaml")
RUNS = os.environ.get("FINETL_RUNS", "/var/lib/finetl/runs")
DATE_PARAMETER = os.environ.get("FINETL_DATE_PARAMETER", "")

# A run that somebody starts by hand may have no logical date in Airflow 3.
DUE = "(logical_date | default(none) or dag_run.run_after)"
PARAMETERS = "params.parameters"
if DATE_PARAMETER:
    PARAMETERS = f"dict(params.parameters, **{{'{DATE_PARAMETER}': {DUE}.strftime('%Y-%m-%d')}})"

with DAG(
    dag_id="financial_etl_pipeline",
    description="Extract, check and load financial transactions, exactly",
    doc_md=__doc__,
    schedule=CronTriggerTimetable("0 2 * * *", timezone="UTC"),
    start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    max_active_runs=1,
    tags=["finetl", "finance"],
    params={
        "select": Param([], type="array", items={"type": "string", "pattern": "^[a-z][a-z0-9_]*$"}, maxItems=256,
                        description="Only these data sets; none: all"),
        "parameters": Param({}, type="object", propertyNames={"pattern": "^[a-z][a-z0-9_]*$"},
                            additionalProperties={"type": "string", "maxLength": 1024},
                            description="Values of parameters that the pipeline declares"),
    },
    default_args={
        "owner": "data-engineering",
        "depends_on_past": False,
        "retries": 2,
        "retry_delay": timedelta(minutes=5),
        "execution_timeout": timedelta(hours=1),
        "on_failure_callback": [FinetlNotifier(smtp_conn_id="smtp_default")],
        "finetl_conn_id": "finetl_default",
        "run_dir": RUNS + "/{{ dag.dag_id }}-{{ run_id }}",
    },
) as dag:
    extract_data = FinetlOperator(
        task_id="extract_data",
        command="extract",
        pipeline=PIPELINE,
        run_time="{{ " + DUE + ".strftime('%Y-%m-%dT%H:%M:%SZ') }}",
        parameters="{{ " + PARAMETERS + " | tojson }}",
        select="{{ params.select | tojson }}",
    )
    transform_data = FinetlOperator(task_id="transform_data", command="transform")
    load_data = FinetlOperator(task_id="load_data", command="load")
    quality_checks = FinetlOperator(task_id="quality_checks", command="checks")
    # A teardown runs however the steps before it ended, and the run's state is theirs: a failure stays one.
    send_notification = FinetlOperator(
        task_id="send_notification",
        command="notify",
        parameters="{{ " + PARAMETERS + " | tojson }}",
        options=[f"--pipeline={PIPELINE}"],
    )
    send_notification.as_teardown()

    extract_data >> transform_data >> load_data >> quality_checks >> send_notification
