# SPDX-License-Identifier: Apache-2.0
"""Real Airflows for the tests: homes of their own, programs of their own, a server of mail, and finetl itself."""

import contextlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse

import pytest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PROJECT = ROOT.parent
MAJOR = int(__import__("importlib.metadata").metadata.version("apache-airflow").split(".")[0])
PATIENCE_S = 300

# Before anything imports Airflow: it makes its folder as it is imported.
os.environ.setdefault("AIRFLOW_HOME", tempfile.mkdtemp(prefix="finetl-airflow-"))
os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
os.environ["AIRFLOW__CORE__UNIT_TEST_MODE"] = "False"


def skip(reason):
    """Where this machine lacks something; in CI it has to be there."""
    (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)


def a_database(server, name):
    """The URL of a new database."""
    import psycopg2

    connection = psycopg2.connect(server)
    connection.autocommit = True
    with contextlib.closing(connection), connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {name}")
    parts = urllib.parse.urlsplit(server)
    return urllib.parse.urlunsplit(parts._replace(path=f"/{name}"))


def connection_to(url, password):
    """The connection of type finetl for the URL of a server on this machine."""
    parts = urllib.parse.urlsplit(url)
    query = dict(urllib.parse.parse_qsl(parts.query))
    return {"conn_type": "finetl", "host": query.get("host") or parts.hostname, "schema": parts.path[1:], "login": parts.username,
            "password": password, "port": int(query.get("port") or parts.port or 5432)}


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Airflow:
    """A home with its settings and connections, its commands, and the programs that run in it."""

    def __init__(self, folder, finetl, database=None, **environment):
        self.folder = folder
        self.programs = []
        self.database = database or f"sqlite:///{folder}/airflow.db"
        outer = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "FINETL"))}
        self.environment = {
            **outer,
            "PATH": f"{finetl}:{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "AIRFLOW_HOME": str(folder),
            "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__PARALLELISM": "4",
            "AIRFLOW__CORE__EXECUTOR": "LocalExecutor" if database else "SequentialExecutor" if MAJOR == 2 else "LocalExecutor",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": self.database,
            "AIRFLOW__SCHEDULER__ENABLE_HEALTH_CHECK": "False",
            **{name: value if isinstance(value, str) else json.dumps(value) for name, value in environment.items()},
        }
        self("db", "migrate")

    def __call__(self, *arguments, check=True):
        done = subprocess.run([sys.executable, "-m", "airflow", *map(str, arguments)], env=self.environment, cwd=self.folder, text=True,
                              errors="replace", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        with open(self.folder / "commands.log", "a") as log:
            log.write(f"$ airflow {' '.join(map(str, arguments))}\n{done.stdout}\n")
        assert not check or done.returncode == 0, done.stdout[-4000:]
        return done

    def trigger(self, *dags):
        """Starts a run of each by hand, without a logical date where Airflow can; one process, as each takes seconds to start."""
        script = ("import sys; from airflow.api.client import get_current_api_client as client\n"
                  "for dag in sys.argv[1:]: client().trigger_dag(dag)")
        subprocess.run([sys.executable, "-W", "ignore", "-c", script, *dags], env=self.environment, cwd=self.folder, check=True,
                       stdin=subprocess.DEVNULL, capture_output=True)

    def start(self, *arguments):
        with open(self.folder / f"{arguments[0]}.log", "w") as log:
            self.programs.append(subprocess.Popen(
                [sys.executable, "-m", "airflow", *map(str, arguments)], env=self.environment, cwd=self.folder,
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True))

    def stop(self):
        for number, grace_s in ((signal.SIGTERM, 15), (signal.SIGKILL, 5)):
            for program in self.programs:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(program.pid, number)
            until = time.monotonic() + grace_s
            for program in self.programs:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    program.wait(max(0, until - time.monotonic()))

    def query(self, sql, *values):
        """Rows of the metadata database; ? stands for a value."""
        if self.database.startswith("sqlite"):
            import sqlite3

            connection = sqlite3.connect(f"{self.folder}/airflow.db", timeout=60)
        else:
            import psycopg2

            connection = psycopg2.connect(self.database.replace("postgresql+psycopg2", "postgresql"))
            sql = sql.replace("?", "%s")
        with contextlib.closing(connection):
            cursor = connection.cursor()
            cursor.execute(sql, values)
            return cursor.fetchall()

    def wait_for_runs(self, dag, n_runs=1, state="success"):
        until = time.monotonic() + PATIENCE_S
        while True:
            found = [row[0] for row in self.query("SELECT state FROM dag_run WHERE dag_id = ?", dag)]
            if len(found) >= n_runs and all(one in ("success", "failed") for one in found):
                assert set(found) == {state}, (dag, found, self.tasks(dag), self.logs()[-6000:])
                return
            assert time.monotonic() < until, f"{dag} is {found} after {PATIENCE_S} s: {self.tasks(dag)}\n{self.logs()[-6000:]}"
            for program in self.programs:
                assert program.poll() is None, self.logs()[-6000:]
            time.sleep(0.5)

    def tasks(self, dag):
        """(task, map index, state, tries) of all runs."""
        return sorted(self.query("SELECT task_id, map_index, state, try_number FROM task_instance WHERE dag_id = ?", dag))

    def xcoms(self):
        """All values of XCom, as text."""
        return [bytes(value).decode() if isinstance(value, (bytes, memoryview)) else value if isinstance(value, str) else json.dumps(value)
                for (value,) in self.query("SELECT value FROM xcom WHERE key = 'return_value'")]

    def rendered(self):
        return json.dumps(self.query("SELECT dag_id, task_id, rendered_fields FROM rendered_task_instance_fields"), default=str)

    def logs(self):
        """What the programs and the tasks wrote."""
        files = [file for file in sorted(self.folder.rglob("*.log")) if file.is_file()]
        return "\n".join(f"-- {file}\n{file.read_text(errors='replace')}" for file in files)


def split(whole, parts):
    """Cuts a file of transactions such that all records of an id stand in one part, in their order."""
    header, *records = whole.read_text().splitlines(keepends=True)
    kept = [[header] for _ in parts]
    for record in records:
        digits = "".join(c for c in record.split(",")[0] if c.isdigit())
        kept[int(digits or 0) % len(parts)].append(record)
    for part, lines in zip(parts, kept):
        part.parent.mkdir(exist_ok=True)
        part.write_text("".join(lines))


class Mail:
    """A server of mail on loopback that keeps what it gets."""

    def __init__(self, user, password):
        from aiosmtpd.controller import Controller
        from aiosmtpd.smtp import AuthResult, LoginPassword

        self.got, self.logins = [], []

        def authenticate(server, session, envelope, mechanism, data):
            self.logins.append(isinstance(data, LoginPassword) and (data.login, data.password) == (user.encode(), password.encode()))
            return AuthResult(success=self.logins[-1])

        self.controller = Controller(self, hostname="127.0.0.1", port=free_port(), auth_required=True, auth_require_tls=False,
                                     authenticator=authenticate)
        self.controller.start()
        self.connection = {
            "conn_type": "smtp", "host": "127.0.0.1", "port": self.controller.port, "login": user, "password": password,
            "extra": {"disable_ssl": True, "disable_tls": True, "from_email": "finetl@example.org", "to_email": "team@example.org"}}

    async def handle_DATA(self, server, session, envelope):
        import email.policy

        self.got.append((envelope.rcpt_tos, email.message_from_bytes(envelope.content, policy=email.policy.default)))
        return "250 OK"

    def wait_for(self, words):
        """The first mail whose subject has these words: (recipients, subject, text)."""
        until = time.monotonic() + PATIENCE_S
        while True:
            for recipients, message in list(self.got):
                if words in message["Subject"]:
                    return recipients, message["Subject"], message.get_body(("html", "plain")).get_content()
            assert time.monotonic() < until, f"no mail about {words}: {[m['Subject'] for _, m in self.got]}"
            time.sleep(0.5)
