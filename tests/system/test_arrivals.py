# SPDX-License-Identifier: Apache-2.0
"""Objects that arrive in S3 and are processed once: into a database, into S3, and into both, by `finetl sweep`."""

import gzip
import json
import os
import signal

import pytest

from arrivals import HEADER, MODES, Place, PostgresPlace, check_state, pipeline, transactions
from finetl import ROOT, absent, beside_the_point, write_pipeline

try:
    import s3servers
except ImportError:
    s3servers = None


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
                                         "listed": 2, "done_before": 2, "left": 0, "processed": 0, "failed": 0}
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


@pytest.mark.parametrize("is_versioned", [True, False])
@pytest.mark.parametrize("mode", MODES)
def test_a_key_that_looks_like_a_version_of_another_is_itself(make_place, mode, is_versioned):
    place = make_place(mode, is_versioned=is_versioned)
    place.customers()
    place.put("raw/transactions/a.csv", transactions((1, "1.00", "new")))
    place.put("raw/transactions/a.csv?versionId=1.csv", transactions((2, "2.00", "new")))
    place.put("raw/transactions/a.csv?versionId=null.csv", transactions((3, "3.00", "new")))
    assert place.sweep().ok().result["processed"] == 4
    assert place.sweep().ok().result["processed"] == 0
    if mode == "database":
        assert place.loaded() == {f"T{n}": (f"{n}.00", "new") for n in (1, 2, 3)}
    else:
        for n, name in ((1, "a"), (2, "a.csv?versionId=1"), (3, "a.csv?versionId=null")):
            assert place.rows(f"transactions/{name}") == {f"T{n}": (f"{n}.00", "new")}


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


@pytest.mark.parametrize("mode", MODES)
def test_a_sweep_may_leave_what_failed_and_what_is_too_young_or_too_old(make_place, mode):
    place = make_place(mode)
    place.told(place.customers()).ok()
    assert place.told(place.put("raw/transactions/a.csv", transactions((1, "-1.00", "new"), (2, "-1.00", "new")))).code == 4
    place.put("raw/transactions/b.csv", transactions((3, "7", "new")))
    assert place.sweep("--older-than", "1h").ok().result["left"] == 3
    assert place.sweep("--newer-than", "1ms").ok().result["left"] == 3
    swept = place.sweep("--older-than", "0s", "--newer-than", "1h", "--leave-failed").ok().result
    assert (swept["listed"], swept["done_before"], swept["left"], swept["processed"]) == (3, 1, 1, 1)
    assert place.sweep().code == 4


def test_what_leaves_objects_out_is_not_for_one_that_is_named(make_place):
    place = make_place("results")
    assert place.told(place.customers(), options=["--leave-failed"]).code == 2


@pytest.mark.parametrize("mode", ["results", "both"])
def test_after_a_version_that_is_held_no_older_one_takes_the_place_of_what_is_done(make_place, mode):
    place = make_place(mode)
    place.told(place.customers()).ok()
    old = place.put("raw/transactions/a.csv", transactions((1, "10.00", "new")))
    new = place.put("raw/transactions/a.csv", transactions((1, "10.00", "paid")))
    held = place.put("raw/transactions/a.csv", transactions((1, "-1.00", "x")))
    assert place.told(new, "0B").ok().result["processed"] == 1
    for _ in range(2):
        assert place.told(held, "0C").code == 4
        assert place.told(old, "0A").ok().result["done_before"] == 1
        assert place.told(new, "0B").ok().result["done_before"] == 1
        assert place.rows() == {"T1": ("10.00", "paid")}
    report = place.report("transactions/a")
    assert (report["run"]["published"], report["object"]["version"], report["last_published"]["version"]) == (False, held[1], new[1])
    place.put("raw/transactions/a.csv", transactions((1, "10.00", "done")))
    assert place.sweep().ok().result["processed"] == 1
    assert place.rows() == {"T1": ("10.00", "done")} and "last_published" not in place.report("transactions/a")


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


def test_a_contract_that_looks_at_all_objects_is_refused(finetl, tmp_path):
    columns = [{"name": "x", "type": "text"}]
    plan = {"version": 1, "pipeline": "p", "datasets": [
        {"name": "one", "source": {"csv": "s3://raw/raw/*.csv"}, "contract": "evolve", "columns": columns, "target": "t1"}],
        "targets": {"t1": {"key": ["x"]}}}
    env = {"AWS_ENDPOINT_URL": "http://localhost:1", "AWS_EC2_METADATA_DISABLED": "true"}
    done = finetl("sweep", write_pipeline(tmp_path, plan), "--output", "s3://out", "--warehouse", "none", env=env)
    assert done.code == 2 and "contract: evolve" in done.result["error"] and "discard_column" in done.result["error"], done
    plan["datasets"][0]["contract"] = "discard_column"
    done = finetl("sweep", write_pipeline(tmp_path, plan), "--output", "s3://out", "--warehouse", "none", env=env)
    assert "contract" not in done.result["error"], done


def test_two_keys_of_one_name_are_a_conflict(make_place):
    place = make_place("results")
    place.customers()
    place.told(place.put("raw/transactions/a.csv", transactions((1, "10.00", "new")))).ok()
    done = place.told(place.put("raw/transactions/a.csv.csv", transactions((2, "10.00", "new"))))
    assert done.code == 0
    assert place.told(place.put("raw/transactions/a.json.csv", transactions((2, "10.00", "new")))).code == 0

    done = place.told(place.put("raw/transactions/a.csv.gz", gzip.compress(transactions((2, "10.00", "new")).encode())))
    assert done.code == 8 and "transactions/a.csv" in done.stderr


# ---- killed ----

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


def until_stopped_or_over(process):
    os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)


def resume(process):
    process.send_signal(signal.SIGCONT)
    process.communicate(timeout=60)
    return process.returncode


@pytest.mark.parametrize("is_later_first", [True, False])
@pytest.mark.parametrize("point", ["arrival.publish", "arrival.half", "arrival.mark"])
@pytest.mark.parametrize("mode", ["results", "both"])
def test_of_two_frozen_at_two_versions_no_mark_is_over_the_rows_of_the_other(failing_finetl, moto, tmp_path, mode, point, is_later_first):
    """The first has all but its mark in S3 and sleeps; the second begins, sleeps somewhere as well, and they wake one after the other."""
    if mode == "both" and point != "arrival.mark":
        beside_the_point("the database lets only one at a time come so far")
    place = Place(failing_finetl, moto, tmp_path, mode, f"f-{mode}-{point.replace('.', '')}-{is_later_first}".lower())
    place.told(place.customers()).ok()
    assert place.told(place.put("raw/transactions/a.csv", transactions((1, "10.00", "first"))), "09").ok().result["processed"] == 1
    old = (place.put("raw/transactions/a.csv", transactions((1, "10.00", "older"))), "0A")
    new = (place.put("raw/transactions/a.csv", transactions((1, "10.00", "later"))), "0B")
    tellings = [new, old] if is_later_first else [old, new]
    workers = []
    for telling, where in zip(tellings, ("arrival.mark", point), strict=True):
        workers.append(place.told(*telling, env={"FINETL_FAILPOINT": f"{where}=stop"}, start=True))
        until_stopped_or_over(workers[-1])
    assert all(resume(worker) in (0, 6) for worker in workers)
    for telling in tellings:
        place.told(*telling).ok()
    assert place.sweep().ok().result["failed"] == 0
    check_state(place, {"transactions/a": {"T1": ("10.00", "later")}})


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


def test_every_command_that_asks_the_warehouse_takes_the_secret(finetl, moto, postgres, role, tmp_path):
    name, address, authority = role
    database = postgres.fresh()
    url = f"postgresql://{address}/{database.name}?sslrootcert={authority}"
    arn = moto.client("secretsmanager").create_secret(Name="rds!all", SecretString=json.dumps({"username": name, "password": PASSWORDS[0]}))["ARN"]
    (tmp_path / "customers.csv").write_text("customer_id,name\nC1,Ann\n")
    (tmp_path / "transactions.csv").write_text(transactions((1, "10.00", "pending"), (2, "-1.00", "pending")))
    spec = pipeline("unused", url)
    for dataset in spec["datasets"]:
        dataset["source"] = {"csv": f"{dataset['name']}.csv"}
    file = write_pipeline(tmp_path, spec)
    named = ["--pipeline", file]

    def call(*arguments, env=None):
        done = finetl(*arguments, env=moto.env(FINETL_DB_SECRET_ARN=arn) | (env or {}))
        assert not any(p in done.stdout + done.stderr for p in PASSWORDS + ["p%40ss"]), done
        return done

    commands = [["schema", "apply", file], ["plan", file], ["run", file], ["runs", *named], ["runs", "--warehouse", url], ["runs", "--verify", *named],
                ["checks", file], ["rejects", "list", *named], ["explain", *named, "T1"], ["report", *named, "--output", tmp_path / "r.html", "latest"]]
    for command in commands:
        done = call(*command)
        assert done.code == 0, done
    (tmp_path / "transactions.csv").write_text(transactions((1, "10.00", "completed")))
    for step in (["extract", file], ["transform"], ["load"], ["checks"], ["notify"]):
        done = call(*step, "--run-dir", tmp_path / "steps")
        assert done.code == 0, done
    assert database.execute("SELECT transaction_id, status FROM fact_transactions") == [("T1", "completed")]
    for command in (["describe", "pipeline"], ["lint", file], ["schema", "print", file]):  # nobody asks the warehouse
        assert call(*command, env={"FINETL_DB_SECRET_ARN": arn + "-none"}).code == 0
    gone = call("run", file, env={"FINETL_DB_SECRET_ARN": arn + "-none"})
    assert gone.code == 2 and "the secret of the warehouse" in gone.result["error"], gone
    assert call("run", file, env={"FINETL_DB_SECRET_ARN": ""}).code == 7
