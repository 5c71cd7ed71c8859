# SPDX-License-Identifier: Apache-2.0
"""Objects that arrive in S3 and are processed once: into a database, into S3, and into both, by `finetl sweep`."""

import collections
import concurrent.futures
import csv
import gzip
import hashlib
import io
import json
import os
import random
import signal
import sqlite3
import time

import pytest

from finetl import ROOT, absent, beside_the_point, write_pipeline

try:
    import s3servers
except ImportError:
    s3servers = None

MODES = ["database", "results", "both"]
HEADER = "transaction_id,customer_id,amount,status\n"


def transactions(*rows):
    """Rows as (number, amount, status), of the customer C1."""
    return HEADER + "".join(f"T{n},C1,{amount},{status}\n" for n, amount, status in rows)


def pipeline(bucket, warehouse=None):
    columns = [{"name": "transaction_id", "type": "text(20)", "required": True},
               {"name": "customer_id", "type": "text(20)", "required": True},
               {"name": "amount", "type": "decimal(12,2)", "required": True},
               {"name": "status", "type": "text(20)"}]
    return {"version": 1, "pipeline": "arrivals", **({"warehouse": warehouse} if warehouse else {}),
            "datasets": [
                {"name": "customers", "source": {"csv": f"s3://{bucket}/raw/customers/*.csv"},
                 "columns": [{"name": "customer_id", "type": "text(20)", "required": True}, {"name": "name", "type": "text(50)"}],
                 "target": "dim_customers"},
                {"name": "transactions", "source": {"csv": f"s3://{bucket}/raw/transactions/**.csv*"}, "columns": columns,
                 "rules": [{"id": "positive", "check": "amount > 0"}],
                 "references": [{"id": "customer_known", "column": "customer_id", "target": "dim_customers"}],
                 "gate": {"max_rejected_percent": 60}, "target": "fact_transactions"}],
            "targets": {"dim_customers": {"key": ["customer_id"], "mutable": "all"},
                        "fact_transactions": {"key": ["transaction_id"], "mutable": ["status"]}}}


class Place:
    """Two buckets, a pipeline file, and finetl between them, in one of the three modes."""

    def __init__(self, finetl, server, folder, mode, name, is_versioned=True):
        self.finetl, self.server, self.folder, self.mode = finetl, server, folder, mode
        self.raw, self.out = f"{name}-raw", f"{name}-out"
        self.client = server.client()
        for bucket in (self.raw, self.out):
            self.client.create_bucket(Bucket=bucket)
        if is_versioned:
            self.client.put_bucket_versioning(Bucket=self.raw, VersioningConfiguration={"Status": "Enabled"})
        self.database = folder / "w.db"
        self.file = write_pipeline(folder, pipeline(self.raw))
        self.env = server.env(TMPDIR=str(folder))
        self.options = ["--output", f"s3://{self.out}/etl"] if mode != "database" else []
        self.options += ["--warehouse", f"sqlite:{self.database}" if mode != "results" else "none"]

    def put(self, key, text):
        """The object as an event would tell of it."""
        made = self.client.put_object(Bucket=self.raw, Key=key, Body=text)
        return key, made.get("VersionId"), made["ETag"].strip('"')

    def customers(self, *names):
        return self.put("raw/customers/c.csv", "customer_id,name\n" + "".join(f"{n},Name {n}\n" for n in names or ["C1"]))

    def told(self, event, sequencer=None, env=None, options=(), start=False):
        key, version, etag = event
        url = f"s3://{self.raw}/{key}" + (f"?versionId={version}" if version else "")
        more = ["--sequencer", sequencer] if sequencer else []
        call = self.finetl.start if start else self.finetl
        return call("sweep", self.file, "--object", url, "--etag", etag, *more, *self.options, *options, env=self.env | (env or {}))

    def sweep(self, *options, env=None):
        return self.finetl("sweep", self.file, *self.options, *options, env=self.env | (env or {}))

    def object(self, key):
        return self.client.get_object(Bucket=self.out, Key=f"etl/{key}")["Body"].read().decode()

    def objects(self):
        listed = self.client.list_objects_v2(Bucket=self.out).get("Contents", [])
        return sorted(o["Key"].removeprefix("etl/") for o in listed)

    def report(self, name):
        return json.loads(self.object(f"reports/{name}.json"))

    def rows(self, name="transactions/a"):
        """id -> (amount, status), of the file in processed/."""
        lines = list(csv.reader(io.StringIO(self.object(f"processed/{name}.csv"))))
        assert lines[0][:4] == HEADER.strip().split(",")
        return {r[0]: (r[2], r[3]) for r in lines[1:]}

    def ask(self, sql, *values):
        with sqlite3.connect(self.database) as db:
            return db.execute(sql, values).fetchall()

    def loaded(self):
        return {i: (f"{m // 100}.{m % 100:02}", s) for i, m, s in self.ask("SELECT transaction_id, amount_minor, status FROM fact_transactions")}

    def state(self, name="transactions/a"):
        """What both hold: {id: (amount, status)}; they must agree where there are both."""
        if self.mode == "database":
            return self.loaded()
        return self.rows(name)


class PostgresPlace(Place):
    """The same into a database on a server."""

    def __init__(self, finetl, server, folder, mode, name, database):
        super().__init__(finetl, server, folder, mode, name)
        self.server_database = database
        self.options[-1] = database.url

    def ask(self, sql, *values):
        with self.server_database.connect() as db:
            return db.execute(sql.replace("?", "%s"), values or None).fetchall()

    def loaded(self):
        return {i: (str(amount), status) for i, amount, status in self.ask("SELECT transaction_id, amount, status FROM fact_transactions")}


@pytest.fixture(scope="module")
def moto(tmp_path_factory):
    if s3servers is None:
        absent("moto and boto3 are not installed; ./test does")
    log = open(tmp_path_factory.mktemp("moto") / "moto.log", "w", encoding="utf-8")
    server = s3servers.start_moto(log)
    yield server
    server.stop()


@pytest.fixture
def make_place(finetl, moto, tmp_path, request):
    def make(mode, **more):
        name = "".join(c for c in request.node.name.lower() if c.isalnum())[-40:]
        return Place(finetl, moto, tmp_path, mode, name, **more)
    return make


@pytest.mark.parametrize("mode", MODES)
def test_an_object_is_processed_once(make_place, mode):
    place = make_place(mode)
    place.told(place.customers()).ok()
    event = place.put("raw/transactions/a.csv", transactions((1, "10.00", "new"), (2, "-1.00", "new"), (3, "7", "new")))
    first = place.told(event).ok().result
    assert (first["processed"], first["done_before"]) == (1, 0)
    before = place.objects()
    assert place.state() == {"T1": ("10.00", "new"), "T3": ("7.00", "new")}
    for _ in range(2):
        again = place.told(event).ok().result
        assert (again["processed"], again["done_before"]) == (0, 1)
    assert place.objects() == before
    assert place.sweep().ok().result == {"status": "success", "exit_code": 0, "retry_helps": False, "error": None,
                                         "listed": 2, "done_before": 2, "processed": 0, "failed": 0}
    if mode != "results":
        assert place.loaded() == {"T1": ("10.00", "new"), "T3": ("7.00", "new")}
        outcomes = [o for o, in place.ask("SELECT outcome FROM etl_objects WHERE dataset = 'transactions' ORDER BY object_id")]
        assert outcomes == ["loaded", "skipped", "skipped"]
        assert place.ask("SELECT version, etag FROM etl_objects WHERE dataset = 'transactions'")[0] == event[1:]
    if mode != "database":
        assert before == [f"{k}/{n}" for k, n in sorted((k, n) for k, e in (("claims", "json"), ("processed", "csv"), ("rejects", "csv"),
                                                                             ("reports", "json")) for n in (f"customers/c.{e}", f"transactions/a.{e}"))]
        report = place.report("transactions/a")
        assert report["object"]["version"] == event[1] and report["run"]["published"]
        assert "positive" in place.object("rejects/transactions/a.csv")


@pytest.mark.parametrize("mode", MODES)
def test_of_two_versions_the_later_one_stays_whatever_comes_first(make_place, mode):
    place = make_place(mode)
    place.told(place.customers()).ok()
    old = place.put("raw/transactions/a.csv", transactions((1, "10.00", "new")))
    new = place.put("raw/transactions/a.csv", transactions((1, "10.00", "paid"), (2, "5.00", "new")))
    assert place.told(new, "0A").ok().result["processed"] == 1
    assert place.told(old, "09FF").ok().result["done_before"] == 1
    assert place.state() == {"T1": ("10.00", "paid"), "T2": ("5.00", "new")}
    assert place.sweep().ok().result["processed"] == 0
    if mode != "results":
        assert place.ask("SELECT outcome, sequencer FROM etl_objects WHERE dataset = 'transactions' ORDER BY object_id") == [
            ("loaded", "0A"), ("skipped", "09FF")]


@pytest.mark.parametrize("mode", MODES)
def test_versions_in_their_order_replace_one_another(make_place, mode):
    place = make_place(mode)
    place.told(place.customers()).ok()
    for status in ("new", "paid", "done"):
        event = place.put("raw/transactions/a.csv", transactions((1, "10.00", status)))
        assert place.told(event).ok().result["processed"] == 1
        assert place.state() == {"T1": ("10.00", status)}


@pytest.mark.parametrize("mode", MODES)
def test_an_object_that_is_gone_is_on_record_and_no_failure(make_place, mode):
    place = make_place(mode, is_versioned=False)
    place.told(place.customers()).ok()
    event = place.put("raw/transactions/a.csv", transactions((1, "10.00", "new")))
    place.client.delete_object(Bucket=place.raw, Key=event[0])
    done = place.told(event).ok()
    assert done.result["done_before"] == 1 and "outcome=gone" in done.stderr
    replaced = place.put("raw/transactions/a.csv", transactions((1, "10.00", "new")))
    place.put("raw/transactions/a.csv", transactions((1, "10.00", "paid")))
    assert "another object" in place.told(replaced).ok().stderr
    if mode != "results":
        assert [o for o, in place.ask("SELECT outcome FROM etl_objects WHERE dataset = 'transactions'")] == ["skipped"] * 2
    assert place.sweep().ok().result["processed"] == 1
    assert place.state() == {"T1": ("10.00", "paid")}


def test_a_bucket_that_is_not_there_is_not_an_object_that_is_gone(make_place):
    place = make_place("database")
    place.file.write_text(place.file.read_text().replace(place.raw, "no-such-bucket-at-all"))
    done = place.finetl("sweep", place.file, "--object", "s3://no-such-bucket-at-all/raw/transactions/a.csv", *place.options, env=place.env)
    assert done.code == 2 and "NoSuchBucket" in done.stderr


@pytest.mark.parametrize("mode", MODES)
def test_keys_with_characters_of_patterns_are_one_object_each(make_place, mode):
    place = make_place(mode)
    place.told(place.customers()).ok()
    for n, name in enumerate(["*", "a[1]?", "é +%2B"]):
        place.told(place.put(f"raw/transactions/{name}.csv", transactions((n, "1.00", name)))).ok()
        assert place.state(f"transactions/{name}")[f"T{n}"] == ("1.00", name)
    assert place.sweep().ok().result["processed"] == 0


def test_beside_a_warehouse_processed_has_what_it_took(make_place):
    place = make_place("both")
    place.told(place.customers()).ok()
    place.told(place.put("raw/transactions/a.csv", transactions((1, "10.00", "new"), (2, "5.00", "new")))).ok()
    rows = [(1, "10.00", "paid"), (2, "5.00", "new"), (3, "1.00", "new"), (3, "1.00", "mid"), (1, "10.00", "late"), (3, "1.00", "last"), (4, "9", "x")]
    place.told(place.put("raw/transactions/b.csv", transactions(*rows))).ok()
    assert place.rows("transactions/b") == {"T1": ("10.00", "late"), "T3": ("1.00", "last"), "T4": ("9.00", "x")}
    assert len(place.object("processed/transactions/b.csv").splitlines()) == 4
    assert place.loaded() == {"T1": ("10.00", "late"), "T2": ("5.00", "new"), "T3": ("1.00", "last"), "T4": ("9.00", "x")}


def test_what_no_source_takes_is_refused(make_place):
    place = make_place("database")
    assert place.told(place.put("other/a.csv", HEADER)).code == 2


@pytest.mark.parametrize("mode", MODES)
def test_a_run_that_is_held_is_not_done(make_place, mode):
    place = make_place(mode)
    place.told(place.customers()).ok()
    event = place.put("raw/transactions/a.csv", transactions((1, "-1.00", "new"), (2, "-1.00", "new"), (3, "7", "new")))
    for _ in range(2):
        assert place.told(event).code == 4
        assert place.sweep().code == 4
    if mode != "database":
        assert place.report("transactions/a")["run"]["status"] == "held"
        assert place.object("rejects/transactions/a.csv").count("positive") == 2
        assert "processed/transactions/a.csv" not in place.objects()
    place.put("raw/transactions/a.csv", transactions((3, "7", "new")))
    assert place.sweep().ok().result["processed"] == 1
    assert place.state() == {"T3": ("7.00", "new")}


def test_without_a_warehouse_references_are_read_from_their_source(make_place):
    place = make_place("results")
    event = place.put("raw/transactions/a.csv", transactions((1, "10.00", "new")))
    assert place.told(event).code == 2  # no customers there: nothing is rejected for that
    place.customers("C2")
    assert place.told(event).code == 4  # there, and not this one: all rejected, and held
    place.customers("C1")
    place.told(event).ok()
    assert place.state() == {"T1": ("10.00", "new")}


@pytest.mark.parametrize("mode", ["results", "both"])
def test_processed_at_is_a_last_column_and_the_same_in_a_retry(make_place, mode):
    place = make_place(mode)
    place.told(place.customers()).ok()
    event = place.put("raw/transactions/a.csv", transactions((1, "10.00", "new"), (1, "10.00", "paid")))
    place.told(event, options=["--processed-at"]).ok()
    lines = place.object("processed/transactions/a.csv").splitlines()
    assert lines[0].endswith(",processed_at") and len(lines) == 2 and lines[1].startswith("T1,C1,10.00,paid,20")
    claim = json.loads(place.object("claims/transactions/a.json"))
    assert lines[1].split(",")[-1][:19].replace(" ", "T") == claim["run_time"][:19]


@pytest.mark.parametrize("source,output", [
    ("s3://b/raw/*.csv", "s3://b/raw"), ("s3://b/raw/*.csv", "s3://b/raw/2026"), ("s3://b/processed/*.csv", "s3://b"),
    ("s3://b/etl/processed/x/*.csv", "s3://b/etl/"), ("s3://b/*.csv", "s3://b/x"), ("https://b.s3.eu-west-1.amazonaws.com/raw/a.csv", "s3://b/raw"),
    ("https://s3.amazonaws.com/b/raw/a.csv", "s3://b/raw"), ("http://localhost:1/b/raw/a.csv", "s3://b/raw")])
def test_output_that_would_come_back_is_refused(finetl, tmp_path, source, output):
    other = {"name": "other", "source": {"csv": source}, "columns": [{"name": "x", "type": "text"}], "target": "t2"}
    plan = {"version": 1, "pipeline": "p", "datasets": [
        {"name": "one", "source": {"csv": "s3://another/raw/*.csv"}, "columns": [{"name": "x", "type": "text"}], "target": "t1"}, other],
        "targets": {"t1": {"key": ["x"]}, "t2": {"key": ["x"]}}}
    env = {"AWS_ENDPOINT_URL": "http://localhost:1", "AWS_EC2_METADATA_DISABLED": "true"}
    done = finetl("sweep", write_pipeline(tmp_path, plan), "--output", output, "--warehouse", "none", env=env)
    assert done.code == 2 and "would come back" in done.result["error"], done


def test_two_keys_of_one_name_are_a_conflict(make_place):
    place = make_place("results")
    place.customers()
    place.told(place.put("raw/transactions/a.csv", transactions((1, "10.00", "new")))).ok()
    done = place.told(place.put("raw/transactions/a.csv.csv", transactions((2, "10.00", "new"))))
    assert done.code == 0
    assert place.told(place.put("raw/transactions/a.json.csv", transactions((2, "10.00", "new")))).code == 0

    done = place.told(place.put("raw/transactions/a.csv.gz", gzip.compress(transactions((2, "10.00", "new")).encode())))
    assert done.code == 8 and "transactions/a.csv" in done.stderr


# ---- killed, told twice, told late, not told at all ----

def check_state(place, want):
    """What is held is what was put last under each key: {name: {id: (amount, status)}}."""
    if place.mode != "results":
        assert place.loaded() == {i: row for rows in want.values() for i, row in rows.items()}
        twice = place.ask("SELECT path, version, count(*) FROM etl_objects WHERE outcome = 'loaded' GROUP BY path, version HAVING count(*) > 1")
        assert twice == []
        assert place.ask("SELECT count(*) FROM etl_runs WHERE status = 'running'") == [(0,)]
        assert place.finetl("runs", "--verify", "--warehouse", place.options[-1], env=place.env).code == 0
    if place.mode != "database":
        for name, rows in want.items():
            report = place.report(name)
            body = place.object(f"processed/{name}.csv")
            assert place.rows(name) == rows, name
            assert report["run"]["published"] and report["outputs"]["processed"]["sha256"] == hashlib.sha256(body.encode()).hexdigest()
            current = place.client.head_object(Bucket=place.raw, Key=report["object"]["key"])
            assert report["object"]["etag"] == current["ETag"].strip('"'), name
    assert place.client.list_multipart_uploads(Bucket=place.out).get("Uploads", []) == []


POINTS = [line.split()[0] for line in (ROOT / "tests" / "fault" / "points-arrivals.txt").read_text().splitlines() if line and line[0] != "#"]


@pytest.mark.parametrize("action", ["kill", "eio"])
@pytest.mark.parametrize("point", POINTS + ["load.commit", "load.committed", "files.publish", "files.report"])
@pytest.mark.parametrize("mode", MODES)
def test_killed_anywhere_it_is_done_once_by_the_next_telling(failing_finetl, moto, tmp_path, mode, point, action):
    name = f"k-{mode}-{point.replace('.', '')}-{action}".replace("_", "")
    place = Place(failing_finetl, moto, tmp_path, mode, name)
    place.told(place.customers()).ok()
    event = place.put("raw/transactions/a.csv", transactions((1, "10.00", "new"), (2, "-1.00", "new"), (3, "2.00", "x")))
    broken = place.told(event, env={"FINETL_FAILPOINT": f"{point}={action}"})
    if broken.code == 0 and action == "kill":
        beside_the_point("this mode does not come by")
    assert broken.code in ((-signal.SIGKILL,) if action == "kill" else (0, 6)), broken
    place.told(event).ok()
    rows = {"T1": ("10.00", "new"), "T3": ("2.00", "x")}
    check_state(place, {"transactions/a": rows})
    assert place.sweep().ok().result["processed"] == 0
    newer = place.put("raw/transactions/a.csv", transactions((1, "10.00", "paid"), (3, "2.00", "y")))
    place.told(newer).ok()
    check_state(place, {"transactions/a": {"T1": ("10.00", "paid"), "T3": ("2.00", "y")}})


class Chaos:
    """Puts versions of some keys, and tells of them as a bad day does: twice, late, in another order, or never; several
    at once, and some workers are killed. Then one sweep, or two where what was killed still held a lock."""

    def __init__(self, place, seed, n_events):
        self.place, self.random, self.n_events = place, random.Random(seed), n_events
        self.want, self.counts = {}, collections.Counter()

    def make_events(self):
        n_keys = max(3, self.n_events // 3)
        versions = collections.Counter()
        for n in range(self.n_events):
            k = self.random.randrange(n_keys)
            versions[k] += 1
            rows = [(k * 100 + i, "%d.%02d" % (k + 1, i), f"v{versions[k]}") for i in range(3 + versions[k] % 3)]
            seen = self.want.get(f"transactions/{k % 7}/k{k}", {})
            rows += [(int(i[1:]), amount, f"v{versions[k]}") for i, (amount, _) in seen.items() if int(i[1:]) >= k * 100 + 3 + versions[k] % 3]
            self.want[f"transactions/{k % 7}/k{k}"] = {f"T{i}": (amount, status) for i, amount, status in rows}
            body = transactions(*rows, *([(k * 100 + 99, "-5.00", "bad")] if k % 2 else []))
            yield self.place.put(f"raw/transactions/{k % 7}/k{k}.csv", body), "%08X" % (0xA0 + n)

    def deliveries(self):
        out = []
        for at, event in enumerate(self.make_events()):
            if self.random.random() < 0.1:
                self.counts["lost"] += 1
                continue
            for _ in range(1 + (self.random.random() < 0.25) + (self.random.random() < 0.1)):
                out.append((at + self.random.expovariate(0.2), event))
        out.sort(key=lambda d: d[0])
        self.counts["told"] = len(out)
        return [event for _, event in out]

    def deliver(self, event):
        """Tried again as Lambda does: twice, where that can help."""
        for _ in range(3):
            process = self.place.told(event[0], event[1], start=True)
            if self.random.random() < 0.15:
                time.sleep(self.random.random() * 0.4)
                process.send_signal(signal.SIGKILL)
            _, log = process.communicate(timeout=120)
            self.counts[process.returncode] += 1
            assert process.returncode in (0, 6, -signal.SIGKILL), log
            if process.returncode == 0:
                return

    def run(self):
        self.place.told(self.place.customers()).ok()
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            for done in [pool.submit(self.deliver, event) for event in self.deliveries()]:
                done.result()
        result = self.place.sweep().ok().result
        self.counts["swept"] = result["processed"]
        assert result["listed"] == len(self.want) + 1 and result["failed"] == 0
        assert self.place.sweep().ok().result["processed"] == 0
        check_state(self.place, self.want)


def check_chaos(finetl, moto, tmp_path, seed, n_events):
    chaos = Chaos(Place(finetl, moto, tmp_path, MODES[seed % 3], f"chaos-{seed}-{n_events}"), seed, n_events)
    chaos.run()
    print(f"seed {seed}, {chaos.place.mode}: {dict(chaos.counts)}")


@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_told_the_state_is_that_of_what_was_put(finetl, moto, tmp_path, seed):
    check_chaos(finetl, moto, tmp_path, seed, 60)


@pytest.mark.parametrize("mode", ["database", "both"])
def test_whatever_is_told_the_state_is_that_of_what_was_put_on_a_server(finetl, moto, postgres, tmp_path, mode):
    place = PostgresPlace(finetl, moto, tmp_path, mode, f"chaos-pg-{mode}", postgres.fresh())
    chaos = Chaos(place, 7, 60)
    chaos.run()
    print(f"PostgreSQL, {mode}: {dict(chaos.counts)}")


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 150))
def test_a_thousand_events_end_in_the_state_of_what_was_put(finetl, moto, tmp_path, seed):
    check_chaos(finetl, moto, tmp_path, seed, 1000)


# ---- the password is a secret that AWS keeps ----

PASSWORDS = ["p@ss/word:1?#%", "another one é"]


@pytest.fixture
def role(postgres):
    """A role with a password, where that is asked for: by TCP, with TLS."""
    address, authority = os.environ.get("FINETL_TEST_POSTGRES_TLS"), os.environ.get("FINETL_TEST_POSTGRES_CA")
    if not address or not authority:
        absent("no server with TLS; tools/pg_cluster.py run --tls has one")
    name = "arrivals_loader"
    postgres.execute(f"DROP ROLE IF EXISTS {name}")
    postgres.execute(f"CREATE ROLE {name} LOGIN SUPERUSER PASSWORD '{PASSWORDS[0]}'")
    yield name, address, authority
    postgres.drop_all()
    postgres.execute(f"DROP ROLE {name}")


def test_the_password_is_a_secret_and_fetched_again_where_it_was_changed(finetl, moto, postgres, role, tmp_path):
    name, address, authority = role
    place = PostgresPlace(finetl, moto, tmp_path, "database", "secret-pg", postgres.fresh())
    place.options[-1] = f"postgresql://{address}/{place.server_database.name}?sslrootcert={authority}"
    secrets = moto.client("secretsmanager")
    arn = secrets.create_secret(Name="rds!db-1", SecretString=json.dumps({"username": name, "password": PASSWORDS[0]}))["ARN"]
    place.env["FINETL_DB_SECRET_ARN"] = arn
    asked = []

    def fault(request):
        if request.method == "HEAD" and "transactions/b" in request.target and not asked:
            asked.append(request.target)
            postgres.execute(f"ALTER ROLE {name} PASSWORD '{PASSWORDS[1]}'")
            secrets.put_secret_value(SecretId=arn, SecretString=json.dumps({"username": name, "password": PASSWORDS[1]}))

    proxy = s3servers.Proxy(moto, fault)
    place.customers()
    place.put("raw/transactions/a.csv", transactions((1, "10.00", "new")))
    place.put("raw/transactions/b.csv", transactions((2, "10.00", "new")))
    done = place.sweep(env={"AWS_ENDPOINT_URL_S3": proxy.endpoint}).ok()
    assert asked and done.result["processed"] == 3
    assert place.loaded() == {"T1": ("10.00", "new"), "T2": ("10.00", "new")}
    assert not any(p in done.stdout + done.stderr for p in PASSWORDS + ["p%40ss"])


def test_a_parameter_of_ssm_is_the_password_alone(finetl, moto, postgres, role, tmp_path):
    name, address, authority = role
    place = PostgresPlace(finetl, moto, tmp_path, "database", "secret-ssm", postgres.fresh())
    place.options[-1] = f"postgresql://{name}@{address}/{place.server_database.name}?sslrootcert={authority}"
    moto.client("ssm").put_parameter(Name="/finetl/db/password", Value=PASSWORDS[0], Type="SecureString")
    place.put("raw/transactions/a.csv", transactions((1, "10.00", "new")))
    arn = "arn:aws:ssm:us-east-1:123456789012:parameter/finetl/db/password"
    place.customers()
    assert place.sweep(env={"FINETL_DB_SECRET_ARN": arn}).ok().result["processed"] == 2
    absent_one = place.sweep(env={"FINETL_DB_SECRET_ARN": arn + "/none"})
    assert absent_one.code == 2 and "no such parameter" in absent_one.result["error"]
    assert place.sweep(env={"FINETL_DB_SECRET_ARN": "arn:aws:s3:::bucket"}).code == 2
