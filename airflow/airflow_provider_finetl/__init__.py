# SPDX-License-Identifier: Apache-2.0
"""Runs finetl from Apache Airflow: a connection type, a hook, an operator and a notifier."""

__version__ = "0.1.0"


def get_provider_info():
    """What Airflow asks the entry point `apache_airflow_provider` for."""
    return {
        "package-name": "airflow-provider-finetl",
        "name": "finetl",
        "description": "Runs `finetl`, an ETL tool for financial transactions.",
        "versions": [__version__],
        "integrations": [{"integration-name": "finetl", "external-doc-url": "", "tags": ["software"]}],
        "operators": [{"integration-name": "finetl", "python-modules": ["airflow_provider_finetl.operators.finetl"]}],
        "hooks": [{"integration-name": "finetl", "python-modules": ["airflow_provider_finetl.hooks.finetl"]}],
        "notifications": ["airflow_provider_finetl.notifications.finetl.FinetlNotifier"],
        "connection-types": [
            {
                "connection-type": "finetl",
                "hook-class-name": "airflow_provider_finetl.hooks.finetl.FinetlHook",
                "hook-name": "finetl",
            }
        ],
    }
