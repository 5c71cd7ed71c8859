# SPDX-License-Identifier: Apache-2.0
"""The roles of sql/postgres/roles.sql, each tried by what it must not do, after it was seen to
do its work. Who logs in is made here, a member of one role each.
"""

import contextlib
import os
import subprocess

import psycopg
import pytest

import nasty
import pipelines
from finetl import ROOT, write_pipeline

ROLES = ["owner", "loader", "audit", "purge", "report"]
DENIED = psycopg.errors.InsufficientPrivilege


class Warehouse:
    """A database with schema, tables, roles and grants, as sql/postgres/roles.sql says to make them."""

    def __init__(self, finetl, server, folder):
        self.finetl, self.server = finetl, server
        self.database = server.fresh()
        self.there_before = {row[0] for row in server.execute("SELECT rolname FROM pg_roles")}
        self.users = {role: f"finetl_test_{role}_{os.getpid()}" for role in ROLES}
        spec = pipelines.financial()
        for part, data in (("customers", nasty.customers(8, 40)), ("transactions", nasty.transactions(9, 400, 40))):
            early, late = nasty.cut(data, 2, 5)
            (folder / f"{part}-1.csv").write_bytes(early)
            (folder / f"{part}-2.csv.late").write_bytes(late)
        next(c for c in spec["datasets"][0]["columns"] if c["name"] == "email")["pii"] = True
        self.folder, self.pipeline = folder, write_pipeline(folder, spec)
        self.make()

    def psql(self, *arguments, script=None):
        done = subprocess.run(["psql", "-X", "-q", *arguments, self.database.url], input=script, text=True, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr

    def printed(self, *more):
        return self.finetl("schema", "print", self.pipeline, "--warehouse", "postgresql:", *more).ok().stdout

    def grant(self):
        self.psql("-v", "schema=public", "-f", str(ROOT / "sql" / "postgres" / "roles.sql"))
        self.psql("-c", "SET ROLE finetl_owner", "-f", "-", script=self.printed("--grants"))

    def make(self):
        self.psql("-v", "schema=public", "-f", str(ROOT / "sql" / "postgres" / "roles.sql"))
        self.psql("-c", "SET ROLE finetl_owner", "-f", "-", script=self.printed())
        self.grant()
        for role, user in self.users.items():
            self.server.execute(f"CREATE ROLE {user} LOGIN IN ROLE finetl_{role}")

    def url(self, role, **parameters):
        return self.server.url_of(self.database.name, user=self.users[role], **parameters)

    def connect(self, role):
        return psycopg.connect(self.url(role), autocommit=True)

    def remove(self):
        self.database.drop()
        for role in [*self.users.values(), *(f"finetl_{role}" for role in ROLES)]:
            if role not in self.there_before:
                with contextlib.suppress(psycopg.errors.DependentObjectsStillExist):  # of another test's database
                    self.server.execute(f"DROP ROLE IF EXISTS {role}")


@pytest.fixture(scope="module")
def warehouse(finetl, postgres, tmp_path_factory):
    warehouse = Warehouse(finetl, postgres, tmp_path_factory.mktemp("roles"))
    yield warehouse
    warehouse.remove()


@pytest.fixture(scope="module")
def loaded(warehouse):
    """Two runs as the loader: the second one has updates, rejects and repeated rows."""
    warehouse.finetl.run(warehouse.pipeline, warehouse.url("loader")).ok()
    for late in warehouse.folder.glob("*.late"):
        late.rename(late.with_suffix(""))
    warehouse.second = warehouse.finetl.run(warehouse.pipeline, warehouse.url("loader")).ok()
    return warehouse


def refused(warehouse, role, sql, error=DENIED):
    with warehouse.connect(role) as db, pytest.raises(error):
        db.execute(sql)


# ---- what each is for ----

def test_the_purge_role_takes_records_out_of_rejects_and_nothing_else(loaded):
    aged = loaded.database.one("SELECT count(*) FROM etl_rejects WHERE raw_kept = 'full'")
    assert aged > 0
    loaded.finetl("rejects", "purge", loaded.pipeline, "--older-than", "1", "--warehouse", loaded.url("purge")).ok()
    assert loaded.database.one("SELECT count(*) FROM etl_rejects WHERE raw_kept = 'full'") == aged  # none is that old
    with loaded.connect("purge") as db, db.transaction(force_rollback=True):
        assert db.execute("UPDATE etl_rejects SET raw = '', cells = NULL, record_key = NULL, raw_kept = 'purged' "
                          "WHERE raw_kept = 'full'").rowcount == aged
    for sql in ("UPDATE etl_rejects SET raw = 'x'", "UPDATE etl_rejects SET raw_kept = 'none'", "UPDATE etl_rejects SET record = 1",
                "DELETE FROM etl_rejects", "SELECT raw FROM etl_rejects", "SELECT cells FROM etl_rejects", "SELECT * FROM fact_transactions",
                "INSERT INTO etl_reject_closures VALUES (1, 'x', now(), 'x')", "UPDATE etl_reject_closures SET outcome = 'x'"):
        refused(loaded, "purge", sql)


def test_the_loader_may_not_purge(loaded):
    done = loaded.finetl("rejects", "purge", loaded.pipeline, "--older-than", "1", "--warehouse", loaded.url("loader"))
    assert done.code == 7 and "finetl_purge" in done.stderr, done
    refused(loaded, "loader", "UPDATE etl_rejects SET raw = '', cells = NULL, record_key = NULL, raw_kept = 'purged'")



def test_a_whole_run_as_the_loader(loaded):
    facts = loaded.second.dataset("transactions")
    assert facts["inserted"] > 0 and facts["unchanged"] > 0 and facts["updated"] > 0 and facts["rejected"] > 0
    assert facts["strategy"].startswith("merge"), facts["strategy"]  # it may not take indexes off


@pytest.mark.parametrize("command", [["runs"], ["runs", "--verify"], ["rejects", "list"]])
def test_the_loader_can_ask(loaded, command):
    loaded.finetl(*command, "--warehouse", loaded.url("loader")).ok()


@pytest.mark.parametrize("command", [["runs"], ["runs", "--verify"]])
def test_the_report_role_can_ask_for_runs(loaded, command):
    loaded.finetl(*command, "--warehouse", loaded.url("report")).ok()


def test_the_report_role_has_pages_without_raw_text(loaded):
    pages = [loaded.finetl("report", "latest", "--output", "-", "--warehouse", loaded.url(role)).ok().stdout for role in ("loader", "report")]
    assert ["Rejected records" in page for page in pages] == [True, True]
    assert ['class="examples"' in page for page in pages] == [True, False]
    loaded.finetl("report", "--index", "--output", "-", "--warehouse", loaded.url("report")).ok()


def test_the_report_role_reads_what_is_not_personal(loaded):
    with loaded.connect("report") as db:
        for sql in ("SELECT count(*) FROM customer_transaction_summary", "SELECT count(*) FROM daily_transaction_summary",
                    "SELECT count(*) FROM high_risk_transactions", "SELECT count(*) FROM etl_runs", "SELECT count(*) FROM etl_audit_log",
                    "SELECT count(reasons) FROM etl_rejects", "SELECT count(customer_tier) FROM dim_customers",
                    "SELECT count(amount) FROM fact_transactions"):
            assert db.execute(sql).fetchone()[0] > 0, sql


def test_the_audit_role_adds_to_the_trail(loaded):
    with loaded.connect("audit") as db, db.transaction(force_rollback=True):
        db.execute("INSERT INTO etl_audit_log VALUES ('x', 'x', now(), now(), 'failed', 0, 0, 0, 0, 0)")
        db.execute("INSERT INTO etl_run_events VALUES (1000000, 'x', 'x', 'started', now(), '{}', '', '')")


def test_apply_as_a_member_of_the_owner(loaded):
    url = loaded.url("owner", options="-crole%3Dfinetl_owner")
    loaded.database.execute("DROP VIEW high_risk_transactions")
    loaded.finetl("schema", "apply", loaded.pipeline, "--warehouse", url).ok()
    assert loaded.database.one("SELECT viewowner FROM pg_views WHERE viewname = 'high_risk_transactions'") == "finetl_owner"
    loaded.grant()


def test_the_roles_may_be_made_again(loaded):
    before = loaded.database.execute("SELECT relname, relacl::text FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1")
    loaded.grant()
    assert before == loaded.database.execute(
        "SELECT relname, relacl::text FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1")


# ---- what each must not do ----

KEPT = ["etl_run_events", "etl_audit_log", "etl_objects", "etl_rejects", "etl_reject_closures"]
ALL = [*KEPT, "etl_watermarks", "etl_schema_migrations", "dim_customers", "fact_transactions"]
DDL = ["CREATE TABLE mine (x int)", "CREATE VIEW mine AS SELECT 1", "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
       "CREATE SCHEMA mine", "CREATE INDEX mine ON fact_transactions (amount)", "ALTER TABLE fact_transactions ADD COLUMN x int",
       "ALTER TABLE fact_transactions DROP CONSTRAINT fact_transactions_pkey", "ALTER TABLE fact_transactions OWNER TO CURRENT_USER",
       "ALTER TABLE etl_rejects DISABLE TRIGGER etl_rejects_append_only", "DROP TRIGGER etl_rejects_append_only ON etl_rejects",
       "DROP TABLE fact_transactions", "DROP VIEW etl_runs", "DROP INDEX fact_transactions_amount",
       "CREATE OR REPLACE FUNCTION etl_refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
       "CREATE TRIGGER mine AFTER INSERT ON fact_transactions FOR EACH ROW EXECUTE FUNCTION etl_refuse_change()",
       "GRANT ALL ON fact_transactions TO PUBLIC", "CREATE ROLE mine", "CREATE DATABASE mine"]
OUTSIDE = ["COPY fact_transactions TO PROGRAM 'cat'", "COPY (SELECT 1) TO '/tmp/mine'", "COPY etl_rejects FROM '/etc/passwd'",
           "SELECT pg_read_file('/etc/passwd')", "SELECT lo_import('/etc/passwd')", "SET ROLE finetl_owner", "SET ROLE postgres",
           "SET session_replication_role = replica", "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()"]
# A grant where one has nothing to grant is a warning, and without effect.
WITHOUT_ERROR = {"GRANT ALL ON fact_transactions TO PUBLIC"}


@pytest.mark.parametrize("role", ["loader", "audit", "report"])
def test_nobody_but_the_owner_makes_or_changes_tables(loaded, role):
    for sql in DDL:
        if sql in WITHOUT_ERROR:
            with loaded.connect(role) as db:
                try:
                    db.execute(sql)
                except DENIED:
                    pass
        else:
            refused(loaded, role, sql)
    assert loaded.database.one("SELECT count(*) FROM pg_class, aclexplode(relacl) AS a WHERE relname = 'fact_transactions' AND a.grantee = 0") == 0


@pytest.mark.parametrize("role", ROLES)
def test_nobody_gets_out_of_the_database(loaded, role):
    for sql in OUTSIDE:
        if (role, sql) != ("owner", "SET ROLE finetl_owner"):
            refused(loaded, role, sql, (DENIED, psycopg.errors.InvalidParameterValue))


@pytest.mark.parametrize("role", ["loader", "audit", "report"])
@pytest.mark.parametrize("table", ALL)
def test_nobody_deletes(loaded, role, table):
    refused(loaded, role, f"DELETE FROM {table}")
    refused(loaded, role, f"TRUNCATE {table}")


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("table", KEPT)
def test_what_is_written_stays(loaded, role, table):
    """Also for the owner: his are the tables, but the trigger refuses."""
    column = "outcome" if table == "etl_reject_closures" else "pipeline_name"
    with loaded.connect(role) as db, pytest.raises(DENIED):
        if role == "owner":
            db.execute("SET ROLE finetl_owner")
        db.execute(f"UPDATE {table} SET {column} = 'x'")


@pytest.mark.parametrize("sql", [
    "UPDATE fact_transactions SET transaction_id = 'x'", "UPDATE fact_transactions SET amount = 1",
    "UPDATE fact_transactions SET customer_id = 'x'", "UPDATE fact_transactions SET transaction_date = now()",
    "UPDATE fact_transactions SET created_at = now()", "UPDATE dim_customers SET customer_id = 'x'",
    "UPDATE dim_customers SET created_at = now()", "INSERT INTO etl_schema_migrations (version, name, sha256) VALUES (2, 'x', 'y')",
    "UPDATE etl_schema_migrations SET sha256 = ''", "SELECT setval('etl_objects_id', 1)",
    "BEGIN; LOCK TABLE fact_transactions IN ACCESS EXCLUSIVE MODE"])
def test_the_loader_changes_no_column_but_those_named(loaded, sql):
    refused(loaded, "loader", sql)


def test_the_loader_changes_those_that_are_named(loaded):
    with loaded.connect("loader") as db, db.transaction(force_rollback=True):
        assert db.execute("UPDATE fact_transactions SET status = 'failed', updated_at = now()").rowcount > 0


@pytest.mark.parametrize("table", [*ALL, "etl_runs", "customer_transaction_summary", "daily_transaction_summary", "high_risk_transactions"])
def test_the_audit_role_reads_nothing(loaded, table):
    refused(loaded, "audit", f"SELECT 1 FROM {table}")


@pytest.mark.parametrize("table", ["fact_transactions", "dim_customers", "etl_objects", "etl_rejects", "etl_watermarks"])
def test_the_audit_role_adds_to_nothing_else(loaded, table):
    refused(loaded, "audit", f"INSERT INTO {table} DEFAULT VALUES")


@pytest.mark.parametrize("sql", [
    "SELECT raw FROM etl_rejects", "SELECT * FROM etl_rejects", "SELECT detail FROM etl_rejects", "SELECT decimals FROM etl_rejects",
    "SELECT cells FROM etl_rejects", "SELECT record_key FROM etl_rejects",
    "SELECT email FROM dim_customers", "SELECT * FROM dim_customers", "SELECT d FROM dim_customers AS d",
    "SELECT count(*) FROM dim_customers WHERE email LIKE 'a%'", "CREATE TEMP TABLE t AS SELECT email FROM dim_customers",
    "INSERT INTO fact_transactions DEFAULT VALUES", "INSERT INTO etl_audit_log DEFAULT VALUES", "UPDATE fact_transactions SET status = 'x'",
    "SELECT nextval('etl_objects_id')"])
def test_the_report_role_sees_nothing_personal_and_writes_nothing(loaded, sql):
    refused(loaded, "report", sql)


def test_a_view_with_a_personal_column_is_not_for_reports(finetl, loaded, tmp_path):
    spec = pipelines.financial()
    next(c for c in spec["datasets"][0]["columns"] if c["name"] == "customer_name")["pii"] = True
    printed = finetl("schema", "print", "--grants", write_pipeline(tmp_path, spec), "--warehouse", "postgresql:").ok().stdout
    assert "GRANT SELECT ON public.customer_transaction_summary TO finetl_report" not in printed
    assert "-- public.customer_transaction_summary shows personal columns" in printed
    assert "GRANT SELECT ON public.daily_transaction_summary TO finetl_report" in printed


def test_a_loader_is_told_who_can_make_what_is_missing(finetl, loaded, tmp_path):
    spec = pipelines.financial()
    spec["targets"]["fact_transactions"]["indexes"].append(["merchant_id"])
    for data in loaded.folder.glob("*.csv"):
        (tmp_path / data.name).write_bytes(data.read_bytes())
    done = finetl.run(write_pipeline(tmp_path, spec), loaded.url("loader"))
    assert done.code == 7 and "schema apply" in done.result["error"] and "owner" in done.result["error"], done


@pytest.mark.parametrize("command", [["runs"], ["runs", "--verify"], ["rejects", "list"]])
def test_a_role_without_any_right_is_told_so_and_not_that_nothing_ran(loaded, command):
    user = f"finetl_test_nobody_{os.getpid()}"
    loaded.server.execute(f"CREATE ROLE {user} LOGIN")
    try:
        done = loaded.finetl(*command, "--warehouse", loaded.server.url_of(loaded.database.name, user=user))
        assert done.code == 7 and "GRANT USAGE ON SCHEMA" in done.stderr, done
    finally:
        loaded.server.execute(f"DROP ROLE {user}")


def test_the_script_refuses_a_role_that_may_more(loaded):
    loaded.server.execute("ALTER ROLE finetl_audit CREATEDB")
    try:
        done = subprocess.run(["psql", "-X", "-q", "-f", str(ROOT / "sql" / "postgres" / "roles.sql"), loaded.database.url],
                              text=True, capture_output=True, check=False)
        assert done.returncode == 3 and "more rights" in done.stderr
    finally:
        loaded.server.execute("ALTER ROLE finetl_audit NOCREATEDB")
