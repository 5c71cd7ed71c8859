# SPDX-License-Identifier: Apache-2.0
"""DAGs of the tests: a task that fails for a while, for good, too long, and one that is killed."""

import os
from datetime import datetime, timedelta, timezone

from airflow.providers.common.compat.sdk import DAG

from airflow_provider_finetl.notifications.finetl import FinetlNotifier
from airflow_provider_finetl.operators.finetl import FinetlOperator

PIPELINE = os.environ.get("FINETL_PIPELINE")


def fault(name, pipeline=PIPELINE, **arguments):
    with DAG(f"fault_{name}", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=timezone.utc), catchup=False,
             is_paused_upon_creation=False):
        FinetlOperator(
            task_id="run", pipeline=pipeline, finetl_conn_id=f"finetl_{name}", retry_delay=timedelta(seconds=1),
            on_failure_callback=[FinetlNotifier(smtp_conn_id="smtp_default")],
            **{"retries": 1, "environment": ["PLANTED_TOKEN"], **arguments})


fault("unavailable", options=["--wait=1s"])
fault("permanent", pipeline="/no/such/pipeline.yaml", retries=2)
fault("killed", options=["--wait=5m"])
fault("too_long", options=["--wait=5m"], retries=10, execution_timeout=timedelta(seconds=15))
