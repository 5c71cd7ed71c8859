# SPDX-License-Identifier: Apache-2.0
"""What docker/compose.yaml sets up, without Docker: the script of PostgreSQL's image, docker/warehouse.sh with a `docker`
that does what is meant on a server of our own, a load as the user of the compose file, and each panel of the dashboard.
"""

import json
import os
import shutil
import subprocess
from datetime import datetime, timedelta, timezone

import psycopg
import pytest

import postgres
from finetl import ROOT

SECRETS = {"airflow_database_password": "for-airflow", "loader_password": "it's for nightly", "report_password": "for-grafana"}
# compose -f FILE exec -T postgres COMMAND..., compose -f FILE run --rm -T finetl ARGUMENTS...
DOCKER = """#!/bin/sh
set -eu
[ "$1 $2" = "compose -f" ] && [ -f "$3" ] || exit 64
shift 3
case "$1 $2 $3" in
"exec -T postgres") shift 3; exec "$@" ;;
"run --rm -T") [ "$4" = finetl ] || exit 64; shift 4; cd "$TREE"; exec "$FINETL" "$@" ;;
*) echo "docker: $*" >&2; exit 64 ;;
esac
"""
DASHBOARD = json.loads((ROOT / "docker" / "grafana" / "dashboards" / "finetl-runs.json").read_text())
PANELS = {panel["title"]: panel for panel in DASHBOARD["panels"]}
# Those that have nothing to show where all goes well.
MAY_BE_EMPTY = {"Running now, or killed and not yet noticed", "Expectations that fail"}


class Stack:
    def __init__(self, finetl, cluster, folder):
        self.finetl, self.cluster, self.folder = finetl, cluster, folder
        for name, text in SECRETS.items():
            (folder / name).write_text(text + "\n")
        (folder / "docker").write_text(DOCKER)
        (folder / "docker").chmod(0o755)
        self.environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "PGHOST": str(cluster.folder), "PGPORT": cluster.port,
                            "PGUSER": "postgres", "FINETL": str(finetl.binary), "TREE": str(ROOT),
                            "FINETL_SECRETS": str(folder), "FINETL_SQL": str(ROOT / "sql")}
        self.call("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", ROOT / "docker" / "postgres" / "databases.sql")
        self.make_tables()

    def call(self, *command):
        done = subprocess.run([str(c) for c in command], env=self.environment, text=True, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    def make_tables(self):
        self.call(ROOT / "docker" / "warehouse.sh")

    def run(self, pipeline, *more):
        """As the service finetl would, but with TLS, as this server asks for it."""
        address = f"postgresql://nightly@localhost:{self.cluster.tls_port}/books?sslrootcert={self.cluster.folder}/ca.crt"
        return self.finetl("run", pipeline, *more, env={"FINETL_WAREHOUSE": address, "PGPASSWORD": SECRETS["loader_password"]})

    def connect(self, user, secret, database="books"):
        return psycopg.connect(host="localhost", port=self.cluster.tls_port, user=user, password=SECRETS[secret], dbname=database,
                               sslmode="verify-full", sslrootcert=f"{self.cluster.folder}/ca.crt", autocommit=True)


@pytest.fixture(scope="module")
def stack(finetl, tmp_path_factory):
    """Two runs of the shipped pipeline: one published with rejects, and one held."""
    folder = tmp_path_factory.mktemp("stack")
    finetl("generate", folder / "data", "--customers", "200", "--transactions", "2000").ok()
    for name in ("pipelines", "suites"):
        shutil.copytree(ROOT / name, folder / name)
    pipeline = folder / "pipelines" / "financial_transactions.yaml"
    strict = folder / "pipelines" / "strict.yaml"
    text = pipeline.read_text().replace("pipeline: financial_transactions", "pipeline: strict")
    strict.write_text(text.replace("max_rejected_percent: 5", "max_rejected_percent: 0"))
    with postgres.own_cluster(tls=True) as cluster:
        made = Stack(finetl, cluster, folder)
        made.run(pipeline).ok()
        assert made.run(strict).code == 4
        yield made


def expand(sql):
    """As Grafana does before it sends a query."""
    now = datetime.now(timezone.utc)
    begin, end = (f"'{at.strftime('%Y-%m-%dT%H:%M:%SZ')}'" for at in (now - timedelta(days=30), now + timedelta(hours=1)))
    return sql.replace("$__timeFilter(start_time)", f"start_time BETWEEN {begin} AND {end}")


def test_passwords_of_the_secrets_are_those_of_the_users(stack):
    with stack.connect("airflow", "airflow_database_password", "airflow") as db:
        db.execute("CREATE TABLE of_airflow (n int)")
    with stack.connect("nightly", "loader_password") as db:
        assert db.execute("SELECT count(*) FROM fact_transactions").fetchone()[0] > 1000
    with pytest.raises(psycopg.OperationalError, match="password"):
        stack.connect("nightly", "report_password")


@pytest.mark.parametrize("user, secret, database", [("airflow", "airflow_database_password", "books"), ("nightly", "loader_password", "airflow")])
def test_nobody_gets_into_the_other_database(stack, user, secret, database):
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        stack.connect(user, secret, database)


def test_making_the_tables_again_changes_nothing(stack):
    with stack.connect("nightly", "loader_password") as db:
        before = db.execute("SELECT count(*), sum(amount) FROM fact_transactions").fetchone()
        stack.make_tables()
        assert db.execute("SELECT count(*), sum(amount) FROM fact_transactions").fetchone() == before
    stack.run(stack.folder / "pipelines" / "financial_transactions.yaml").ok()


def test_the_dashboard_shows_every_query_there_is():
    queries = {path.stem for path in (ROOT / "sql" / "queries" / "postgres").glob("*.sql")}
    texts = [panel["targets"][0]["rawSql"] for panel in PANELS.values()]
    for name in queries:
        body = "\n".join(line for line in (ROOT / "sql/queries/postgres" / f"{name}.sql").read_text().splitlines() if not line.startswith("--"))
        assert any(body.strip().removesuffix(";") in text for text in texts), f"{name} is on no panel"
    assert len(texts) == len(queries)


@pytest.mark.parametrize("title", PANELS)
def test_a_panel_shows_something_to_who_may_only_report(stack, title):
    panel = PANELS[title]
    with stack.connect("grafana", "report_password") as db:
        cursor = db.execute(expand(panel["targets"][0]["rawSql"]))
        columns, rows = [column.name for column in cursor.description], cursor.fetchall()
    assert rows or title in MAY_BE_EMPTY
    for override in panel["fieldConfig"]["overrides"]:
        assert override["matcher"]["options"] in columns, f"an override is for a column that the query has not: {columns}"
    if panel["type"] == "barchart":
        assert panel["options"]["xField"] in columns
    if panel["type"] == "timeseries":
        assert columns[0] == "time" and [row[0] for row in rows] == sorted(row[0] for row in rows)


def test_who_may_only_report_changes_nothing(stack):
    with stack.connect("grafana", "report_password") as db:
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            db.execute("DELETE FROM fact_transactions")
        db.execute("SET default_transaction_read_only = off")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            db.execute("DELETE FROM fact_transactions")


def test_sums_of_money_reach_grafana_as_text(stack):
    with stack.connect("grafana", "report_password") as db:
        rows = db.execute(PANELS["Sums of each decimal column, by day (UTC)"]["targets"][0]["rawSql"]).fetchall()
    assert all(isinstance(value, str) for row in rows for value in row[4:])


def test_the_data_source_is_the_one_that_the_panels_name():
    source = (ROOT / "docker/grafana/provisioning/datasources/warehouse.yaml").read_text()
    for panel in PANELS.values():
        for where in (panel, panel["targets"][0]):
            assert f"uid: {where['datasource']['uid']}\n" in source and f"type: {where['datasource']['type']}\n" in source


def test_secrets_are_made_once_and_for_nobody_else(tmp_path):
    path = tmp_path / "env"
    for _ in range(2):
        subprocess.run([ROOT / "docker" / "secrets.sh", path], check=True, capture_output=True)
        made = path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    values = [line.partition("=")[2] for line in made.splitlines()]
    assert len(values) == len(set(values)) == 8 and all(len(value) >= 44 for value in values)
    asked_for = (ROOT / "docker" / "compose.yaml").read_text()
    for line in made.splitlines():
        assert line.partition("=")[0] in asked_for, f"{line.partition('=')[0]} is used nowhere"
