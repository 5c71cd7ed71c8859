# SPDX-License-Identifier: Apache-2.0
"""The connection type `finetl`: a warehouse, and secrets that pipelines ask for.

    host, port, schema, login, password   a PostgreSQL warehouse; host may be the folder of a socket
    extra.query                           what stands behind ? in its URL, as {"sslrootcert": "/etc/ssl/bank.pem"}
    extra.warehouse                       another one instead, as "sqlite:/srv/books.db" or "files:/srv/out"
    extra.environment                     values of environment variables that a pipeline file asks for by ${NAME}

A connection says where and with which secret, never what to run or how: the program is named by
the DAG, and a variable reaches it only where the DAG asks for its name. All of it travels by
environment, which other users of the machine cannot read; nothing by arguments.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from airflow.providers.common.compat.sdk import AirflowFailException, BaseHook

try:
    from airflow.sdk.log import mask_secret
except ImportError:  # Airflow 2
    from airflow.utils.log.secrets_masker import mask_secret

OF_AIRFLOW = ("AIRFLOW__", "AIRFLOW_CONN_", "AIRFLOW_VAR_", "_AIRFLOW")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
PATIENCE_S = 20


class FinetlHook(BaseHook):
    """Where finetl is, and the environment that it runs in."""

    conn_name_attr = "finetl_conn_id"
    default_conn_name = "finetl_default"
    conn_type = "finetl"
    hook_name = "finetl"

    def __init__(self, finetl_conn_id: str | None = default_conn_name, binary: str = "finetl", **kwargs):
        super().__init__(**kwargs)
        self.finetl_conn_id = finetl_conn_id
        self.binary = binary

    @classmethod
    def get_ui_field_behaviour(cls):
        return {
            "hidden_fields": [],
            "relabeling": {"schema": "Database", "host": "Host, or folder of the socket"},
            "placeholders": {
                "host": "books.example.org (PostgreSQL)",
                "extra": '{"warehouse": "sqlite:/srv/books.db", "environment": {"API_TOKEN": "..."}}',
            },
        }

    def get_conn(self):
        """The connection; None where there is to be none."""
        return self.get_connection(self.finetl_conn_id) if self.finetl_conn_id else None

    def environment(self, names=()):
        """The environment of a finetl process: the worker's without what is Airflow's own, the warehouse, and the variables
        of these names out of the connection."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith(OF_AIRFLOW)}
        connection = self.get_conn()
        if connection is None:
            if names:
                raise AirflowFailException(f"environment {sorted(names)} is asked for, but no connection to take it from")
            return environment
        extra = connection.extra_dejson
        warehouse = warehouse_url(connection)
        if warehouse:
            parts = urlsplit(warehouse)
            for secret in (parts.password, *(value for name, value in parse_qsl(parts.query) if "password" in name)):
                keep_secret(secret)
            environment["FINETL_WAREHOUSE"] = warehouse
        held = extra.get("environment") or {}
        if not isinstance(held, dict):
            raise AirflowFailException(f"connection {self.finetl_conn_id}: extra.environment is no mapping of names to values")
        for name in names:
            value = held.get(name)
            if not VARIABLE.match(name) or not isinstance(value, str) or "\0" in value:
                raise AirflowFailException(f"connection {self.finetl_conn_id}: extra.environment has no text for {name}")
            keep_secret(value)
            environment[name] = value
        return environment

    def program(self):
        """The path of the binary."""
        found = shutil.which(self.binary)
        if not found:
            raise AirflowFailException(f"there is no {self.binary} on this worker; install finetl, or name it by `binary`")
        return found

    def test_connection(self):
        """For the button of the UI: lists a run of the warehouse, from where the UI runs."""
        try:
            done = subprocess.run(  # noqa: S603 (an argument list, no shell)
                [self.program(), "runs", "--limit", "1"], env=self.environment(), stdin=subprocess.DEVNULL,
                capture_output=True, text=True, errors="replace", timeout=PATIENCE_S, check=False)
        except (AirflowFailException, OSError, subprocess.TimeoutExpired) as reason:
            return False, str(reason)
        if done.returncode == 0:
            return True, "finetl can read the warehouse"
        return False, (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]


def warehouse_url(connection):
    """The warehouse that a connection names, with its password; None: none."""
    extra = connection.extra_dejson
    named = extra.get("warehouse")
    if named:
        if connection.host or connection.password:
            raise AirflowFailException(f"connection {connection.conn_id} names two warehouses: by extra.warehouse and by host")
        return str(named)
    if not connection.host:
        return None
    user = quote(connection.login or "", safe="")
    if connection.password:
        user += ":" + quote(connection.password, safe="")
    host = connection.host
    if host.startswith("/"):
        host = quote(host, safe="")
    elif ":" in host and not host.startswith("["):
        host = f"[{host}]"
    port = f":{connection.port}" if connection.port else ""
    query = urlencode(extra.get("query") or {}, quote_via=quote, safe="")  # a + is a + there
    return (f"postgresql://{user}@" if user else "postgresql://") + f"{host}{port}/{quote(connection.schema or '', safe='')}" + (
        f"?{query}" if query else "")


def keep_secret(value):
    """Tells Airflow to print stars for it, as it is and as it stands in a URL."""
    for spelling in {value, unquote(value), quote(value, safe="")} if value else ():
        mask_secret(spelling)
