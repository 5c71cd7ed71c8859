# SPDX-License-Identifier: Apache-2.0
"""The function as Lambda runs it: the binary called bootstrap, events of a Runtime API of our own, objects on an S3 that
checks signatures."""

import csv
import io
import json
import os
import re
import sqlite3
import threading
import time
import urllib.parse
import uuid

import psycopg
import pytest

from finetl import absent, write_pipeline
from runtimeapi import Function, RuntimeApi, eventbridge, s3_event, s3_record, sns, sns_body, sqs

try:
    import s3servers
except ImportError:
    s3servers = None

HEADER = "id,name,amount\n"
SECRET = "PLANTED4711"  # in data; never to be seen in a log


def rows(*numbers, name="Ann"):
    return HEADER + "".join(f"T{n},{name},{n}.50\n" for n in numbers)


@pytest.fixture(scope="module")
def moto(tmp_path_factory):
    if s3servers is None:
        absent("moto and boto3 are not installed; ./test does")
    with open(tmp_path_factory.mktemp("s3") / "moto.log", "w", encoding="utf-8") as log:
        server = s3servers.start_moto(log)
        yield server
        server.stop()


class Place:
    """Two buckets, a pipeline file over the first, and functions that work on them."""

    def __init__(self, server, binary, folder, api):
        self.server, self.binary, self.folder, self.api = server, binary, folder, api
        self.client, name = server.client(), uuid.uuid4().hex[:12]
        self.raw, self.processed = f"raw-{name}", f"processed-{name}"
        for bucket in (self.raw, self.processed):
            self.client.create_bucket(Bucket=bucket)
        self.client.put_bucket_versioning(Bucket=self.raw, VersioningConfiguration={"Status": "Enabled"})
        self.pipeline = write_pipeline(folder, {
            "version": 1, "pipeline": "arrivals",
            "datasets": [{
                "name": "payments", "source": {"csv": f"s3://{self.raw}/raw/**.csv"},
                "columns": [{"name": "id", "type": "text(20)", "required": True}, {"name": "name", "type": "text(50)", "pii": True},
                            {"name": "amount", "type": "decimal(12,2)"}],
                "rules": [{"id": "amount_positive", "check": "amount > 0"}],
                "gate": {"max_rejected_percent": 50}, "target": "fact_payments",
            }],
            "targets": {"fact_payments": {"key": ["id"], "mutable": ["name"]}},
        })
        self.started, self.n_put = [], 0

    def function(self, **env):
        bootstrap = self.folder / "bootstrap"
        if not bootstrap.exists():
            bootstrap.symlink_to(self.binary)
        names = {name: value for name, value in self.server.env().items() if name.startswith("AWS_")}
        more = {"FINETL_PIPELINE": self.pipeline, "FINETL_OUTPUT": f"s3://{self.processed}", **names, **env}
        self.started.append(Function([bootstrap], self.api, self.folder, {n: v for n, v in more.items() if v is not None}))
        return self.started[-1]

    def put(self, key, text):
        """The parts of an event that tell of it."""
        body = text.encode() if isinstance(text, str) else text
        made = self.client.put_object(Bucket=self.raw, Key=key, Body=body)
        self.n_put += 1
        return {"bucket": self.raw, "size": len(body), "eTag": made["ETag"].strip('"'), "versionId": made["VersionId"],
                "sequencer": f"{self.n_put:018X}"}

    def event(self, key, text):
        return s3_event(urllib.parse.quote_plus(key, safe="/"), **self.put(key, text))

    def bridge(self, key, text):
        told = self.put(key, text)
        return eventbridge(key, told["bucket"], size=told["size"], etag=told["eTag"], **{"version-id": told["versionId"]})

    def results(self):
        listed = self.client.list_objects_v2(Bucket=self.processed).get("Contents", [])
        return {entry["Key"]: self.client.get_object(Bucket=self.processed, Key=entry["Key"])["Body"].read().decode()
                for entry in listed if not entry["Key"].startswith("claims/")}

    def rows(self, key):
        return [row["id"] for row in csv.DictReader(io.StringIO(self.results()[key]))]


@pytest.fixture
def api():
    with RuntimeApi() as api:
        yield api


@pytest.fixture
def place(moto, finetl, tmp_path, api):
    place = Place(moto, finetl.binary, tmp_path, api)
    yield place
    for function in place.started:
        function.__exit__()


def test_an_object_becomes_clean_rows_rejects_and_a_report(place, api):
    function = place.function(FINETL_PROCESSED_AT="true")
    answer = api.invoke(place.event("raw/2026/a.csv", rows(1, 2, 3) + "T4,Bob,-1.00\nT5,Cy,abc\n"))
    assert answer.kind == "response", (answer, function.logs())
    told = answer.json["objects"][0]
    assert (told["outcome"], told["status"], told["read"], told["rejected"]) == ("processed", "success_with_rejects", 5, 2)
    results = place.results()
    assert set(results) == {"processed/2026/a.csv", "rejects/2026/a.csv", "reports/2026/a.json"}
    assert place.rows("processed/2026/a.csv") == ["T1", "T2", "T3"]
    assert "processed_at" in results["processed/2026/a.csv"].splitlines()[0]
    assert told["run_id"] in results["reports/2026/a.json"]


@pytest.mark.parametrize("key", ["raw/a b.csv", "raw/a+b.csv", "raw/100%.csv", "raw/%2B.csv", "raw/naïve-ключ-鍵.csv", 'raw/say "x".csv', "raw/it's.csv",
                                 "raw/a?versionId=1.csv", "raw/*.csv", "raw/[a]{b}.csv", "raw/a&b;c=d.csv", "raw/../up.csv"])
def test_keys_mean_the_same_in_every_form_of_event(place, api, key):
    function = place.function()
    forms = [lambda e: e, sns, sqs, lambda e: sqs(sns_body(e))]
    for n, form in enumerate(forms):
        assert api.invoke(form(place.event(key, rows(n)))).kind == "response", function.logs()
        assert place.rows("processed/" + key.removeprefix("raw/")) == [f"T{n}"], function.logs()
    assert api.invoke(place.bridge(key, rows(9))).kind == "response", function.logs()
    assert place.rows("processed/" + key.removeprefix("raw/")) == ["T9"]


def test_told_again_it_is_done_and_what_is_gone_is_no_error(place, api):
    function = place.function()
    event = place.event("raw/a.csv", rows(1))
    assert api.invoke(event).json["n_processed"] == 1
    before = place.results()
    for _ in range(5):
        assert api.invoke(event).json["n_done_before"] == 1
    assert place.results() == before
    event = place.event("raw/b.csv", rows(2))
    place.client.delete_object(Bucket=place.raw, Key="raw/b.csv", VersionId=event["Records"][0]["s3"]["object"]["versionId"])
    answer = api.invoke(event)
    assert (answer.kind, answer.json["objects"][0]["outcome"]) == ("response", "gone")
    warned = [line for line in function.logs() if line["level"] == "WARN"]
    assert [(line["outcome"], line["reason"]) for line in warned] == [("gone", "this version is not there: it was deleted, or never was")]


class Gate:
    """What is before S3 for one function: a request that `wanted` knows waits until it is let through."""

    def __init__(self, server, wanted):
        self.wanted, self.seen, self.open, self.asked = wanted, threading.Event(), threading.Event(), []
        self.endpoint = s3servers.Proxy(server, self.look).endpoint

    def look(self, request):
        self.asked.append((request.method, request.target))
        if self.wanted(request.method, request.target):
            self.seen.set()
            assert self.open.wait(60)


def reads(method, target):
    return method == "GET" and "/raw/a.csv" in target


@pytest.fixture
def two(place, api):
    """Two functions of one place that are told of one object: the first has begun, and waits where it reads it."""
    gate = Gate(place.server, reads)
    with RuntimeApi() as other:
        first = place.function(AWS_ENDPOINT_URL_S3=gate.endpoint, FINETL_WAIT="20s")
        event = place.event("raw/a.csv", rows(1, 2))
        told = api.put(event)
        assert gate.seen.wait(20), first.logs()
        place.api = other
        yield gate, told, event, other
    gate.open.set()


def test_of_two_functions_at_once_without_a_database_one_does_it_and_none_fails(place, two):
    gate, told, event, other = two
    place.function()
    assert other.invoke(event).json["n_processed"] == 1
    before = place.results()
    gate.open.set()
    assert told.wait().json["objects"][0]["outcome"] == "done"
    assert place.results() == before and place.rows("processed/a.csv") == ["T1", "T2"]


def test_who_has_lost_an_object_waits_for_whoever_has_it(place, two):
    gate, told, event, other = two
    marks = Gate(place.server, lambda method, target: method == "PUT" and "/reports/a.json" in target)
    place.function(AWS_ENDPOINT_URL_S3=marks.endpoint)
    second = other.put(event)
    assert marks.seen.wait(20)
    n_before, end = len(gate.asked), time.monotonic() + 20
    gate.open.set()
    while sum(method == "HEAD" and "/reports/a.json" in target for method, target in gate.asked[n_before:]) < 2:
        assert time.monotonic() < end and not told.answers, "it looks for the other's mark, and goes on looking"
        time.sleep(0.01)
    marks.open.set()
    assert second.wait().json["objects"][0]["outcome"] == "processed"
    assert told.wait().json["objects"][0]["outcome"] == "done"


def test_whoever_is_dead_is_not_waited_for_for_ever(place, api):
    gate = Gate(place.server, reads)
    function = place.function(AWS_ENDPOINT_URL_S3=gate.endpoint, FINETL_WAIT="0s")
    event = place.event("raw/a.csv", rows(1))
    told = api.put(event)
    assert gate.seen.wait(20), function.logs()
    there = place.client.get_object(Bucket=place.processed, Key="claims/a.json")["Body"].read()
    place.client.put_object(Bucket=place.processed, Key="claims/a.json", Body=there.replace(b'"holder"', b'"holder": "dead", "was"'))
    gate.open.set()
    assert told.wait().json["errorType"] == "Function.Unavailable"
    assert "another worker" in told.answers[-1].json["errorMessage"]
    assert api.invoke(event).json["n_processed"] == 1, function.logs()


def test_a_small_function_stays_within_its_memory_whatever_the_object(place, api):
    """Three quarters of 128 MB: an object of 80 MB, and a result that is sent in parts."""
    write_pipeline(place.folder, json.loads(place.pipeline.read_text()) | {"defaults": {"text": {"trim": True}}})
    function = place.function(AWS_LAMBDA_FUNCTION_MEMORY_SIZE="128")
    n, name = 200_000, "Ann Somebody of Somewhere Rather Far Away"
    event = place.event("raw/large.csv", HEADER + "".join(f"T{i},{name:350},1.50\n" for i in range(n)))
    answer = api.invoke(event, seconds=120)
    assert answer.kind == "response" and answer.json["objects"][0]["loaded"] == n, (answer, function.logs())
    assert function.peak_kib() < 96 * 1024


def test_a_version_that_is_older_than_what_is_done_is_not_taken(place, api):
    function = place.function()
    first, second = place.put("raw/a.csv", rows(1)), place.put("raw/a.csv", rows(2))
    assert api.invoke(s3_event("raw/a.csv", **second)).json["objects"][0]["outcome"] == "processed", function.logs()
    assert api.invoke(s3_event("raw/a.csv", **first)).json["objects"][0]["outcome"] == "older", function.logs()
    assert place.rows("processed/a.csv") == ["T2"]


def test_a_held_object_and_a_malformed_one_are_errors_each_time_they_are_told(place, api):
    place.function()
    held = place.event("raw/held.csv", HEADER + "T1,Ann,-1\nT2,Bob,-2\nT3,Cy,3\n")
    malformed = place.event("raw/malformed.csv", HEADER + 'T1,"Ann,1.00\n')
    for _ in range(3):
        assert api.invoke(held).json["errorType"] == "Function.Held"
        assert api.invoke(malformed).json["errorType"] == "Function.Data"
    assert not [key for key in place.results() if key.startswith("processed/")]
    assert "rejects/held.csv" in place.results()


def test_what_no_source_takes_is_an_error(place, api):
    place.function()
    for answer in (api.invoke(place.event("raw/a.txt", "x")), api.invoke(s3_event("raw/a.csv", bucket="somebody-elses"))):
        assert answer.kind == "error" and "no source of the pipeline takes this object" in answer.json["errorMessage"]


def test_of_sqs_the_good_messages_are_done(place, api):
    place.function()
    good, bad = place.event("raw/good.csv", rows(1)), place.event("raw/bad.csv", HEADER + 'T1,"x\n')
    assert api.invoke(sqs(good, bad, "nonsense")).json == {"batchItemFailures": [{"itemIdentifier": "m1"}, {"itemIdentifier": "m2"}]}
    assert place.rows("processed/good.csv") == ["T1"]


def test_into_a_warehouse(place, api):
    warehouse = place.folder / "w.db"
    place.function(FINETL_WAREHOUSE=f"sqlite:{warehouse}", FINETL_OUTPUT=None)
    event = place.event("raw/a.csv", rows(1, 2))
    assert api.invoke(event).json["n_processed"] == 1
    assert api.invoke(event).json["n_done_before"] == 1
    assert api.invoke(place.event("raw/b.csv", rows(3))).json["n_processed"] == 1
    with sqlite3.connect(warehouse) as db:
        assert db.execute("SELECT id FROM fact_payments ORDER BY id").fetchall() == [("T1",), ("T2",), ("T3",)]
    assert place.results() == {}


def loaded(warehouse):
    """Ids by a question to the warehouse; None: there is no table yet."""
    if warehouse.startswith("sqlite:"):
        with sqlite3.connect(warehouse.removeprefix("sqlite:")) as db:
            there = db.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'fact_payments'").fetchone()[0]
            return [i for i, in db.execute("SELECT id FROM fact_payments ORDER BY id")] if there else None
    with psycopg.connect(warehouse, autocommit=True) as db:
        there = db.execute("SELECT to_regclass('fact_payments') IS NOT NULL").fetchone()[0]
        return [i for i, in db.execute('SELECT id FROM fact_payments ORDER BY id COLLATE "C"')] if there else None


@pytest.mark.parametrize("kind", ["results", "sqlite", "postgresql"])
@pytest.mark.parametrize("why", ["large", "slow"])
def test_an_object_that_takes_longer_than_the_time_is_undone_and_done_when_it_is_told_of_again(place, api, request, kind, why):
    """An object whose rest comes too late when much of it is done, and one that S3 hands over too slowly from the start."""
    warehouse = {"results": lambda: None, "sqlite": lambda: f"sqlite:{place.folder / 'w.db'}",
                 "postgresql": lambda: request.getfixturevalue("postgres").fresh().url}[kind]()
    n, delay, n_late = 600_000 if why == "large" else 10, 0, 0

    def hold_up(asked):
        nonlocal n_late
        is_rest = not dict(asked.headers).get("Range", "").startswith("bytes=0-")
        if delay and asked.method == "GET" and "/raw/a.csv" in asked.target and (why == "slow" or is_rest):
            n_late += 1
            time.sleep(delay)

    slow = s3servers.Proxy(place.server, hold_up)
    function = place.function(FINETL_WAREHOUSE=warehouse, AWS_ENDPOINT_URL_S3=slow.endpoint)
    assert api.invoke(place.event("raw/first.csv", rows(1))).kind == "response", function.logs()  # tables and connections are there
    event = place.event("raw/a.csv", HEADER + "".join(f"A{i:07},Ann,1.50\n" for i in range(n)))
    before = place.results()
    for seconds in (0.8, 0.8, 1.6, 3.2, 6.4, 12.8):  # on a machine that is busy it takes that long to come to what is late
        delay = seconds + 1
        answer = api.invoke(event, timeout=seconds, seconds=60)
        assert (answer.kind, answer.json["errorType"]) == ("error", "Function.Unavailable"), (answer, function.logs()[-3:])
        assert re.search("the time for it was over|no time is left", answer.json["errorMessage"]), answer
        assert warehouse is None or loaded(warehouse) == ["T1"]
        assert place.results() == before
        if n_late >= 2:
            break
    assert n_late >= 2
    delay = 0
    answer = api.invoke(event, seconds=60)
    assert answer.kind == "response" and answer.json["objects"][0]["outcome"] == "processed", (answer, function.logs()[-3:])
    assert answer.json["objects"][0]["loaded"] == n
    assert api.invoke(event).json["n_done_before"] == 1
    if warehouse:
        assert len(loaded(warehouse)) == n + 1
    assert len(place.rows("processed/a.csv")) == n


def test_into_postgresql_by_two_functions_at_once(place, api, postgres):
    database = postgres.fresh()
    with RuntimeApi() as other:
        settings = {"FINETL_WAREHOUSE": database.url, "FINETL_OUTPUT": None}
        first = place.function(**settings)
        place.api = other
        place.function(**settings)
        for n in range(4):
            event = place.event(f"raw/{n}.csv", rows(n, n + 100))
            told = [a.put(event) for a in (api, other)]
            answers = [t.wait(60) for t in told]
            assert [a.kind for a in answers] == ["response"] * 2, first.logs()
            assert sorted(a.json["objects"][0]["outcome"] for a in answers) == ["done", "processed"]
        database.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
        assert api.invoke(place.event("raw/9.csv", rows(9))).json["n_processed"] == 1
    assert loaded(database.url) == sorted(f"T{i}" for n in range(4) for i in (n, n + 100)) + ["T9"]
    assert place.results() == {}


@pytest.mark.parametrize("kind", ["results", "sqlite", "postgresql"])
def test_a_sweep_does_what_no_event_told_of_and_leaves_what_has_failed(place, api, request, kind):
    warehouse = {"results": lambda: None, "sqlite": lambda: f"sqlite:{place.folder / 'w.db'}",
                 "postgresql": lambda: request.getfixturevalue("postgres").fresh().url}[kind]()
    function = place.function(FINETL_WAREHOUSE=warehouse, FINETL_OUTPUT=None if warehouse else f"s3://{place.processed}")
    assert api.invoke(place.event("raw/told.csv", rows(1))).kind == "response", function.logs()
    place.put("raw/lost.csv", rows(2))
    assert api.invoke(place.event("raw/held.csv", HEADER + "T8,Ann,-1\nT9,Bob,-2\n")).json["errorType"] == "Function.Held"
    young = api.invoke({"finetl": "sweep", "older_than": "1h"}).json["sweep"]
    assert young == {"listed": 3, "done_before": 0, "left": 3, "processed": 0, "failed": 0}
    swept = api.invoke({"finetl": "sweep", "newer_than": "1h"})
    assert swept.kind == "response", function.logs()
    assert swept.json["sweep"] == {"listed": 3, "done_before": 1, "left": 1, "processed": 1, "failed": 0}
    assert [(o["key"], o["outcome"]) for o in swept.json["objects"]] == [("raw/lost.csv", "processed")]
    assert api.invoke({"finetl": "sweep"}).json["sweep"] == {"listed": 3, "done_before": 2, "left": 1, "processed": 0, "failed": 0}
    again = api.invoke({"finetl": "sweep", "failed": True})
    assert again.json["errorType"] == "Function.Held" and "raw/held.csv" in again.json["errorMessage"]
    place.put("raw/held.csv", rows(3))
    assert api.invoke({"finetl": "sweep"}).json["sweep"]["processed"] == 1
    assert loaded(warehouse) == ["T1", "T2", "T3"] if warehouse else place.rows("processed/held.csv") == ["T3"]


@pytest.mark.parametrize("kind", ["results", "sqlite"])
def test_a_sweep_leaves_what_is_broken(place, api, kind):
    """By its report; where there is a manifest alone, after the tries of an event and of one sweep."""
    warehouse = f"sqlite:{place.folder / 'w.db'}" if kind == "sqlite" else None
    place.function(FINETL_WAREHOUSE=warehouse, FINETL_OUTPUT=None if warehouse else f"s3://{place.processed}")
    broken = place.event("raw/a.csv", HEADER + 'T1,"Ann,1.00\n')
    assert api.invoke(broken).json["errorType"] == "Function.Data"
    for _ in range(5 if warehouse else 0):
        assert api.invoke({"finetl": "sweep"}).json["errorType"] == "Function.Data"
    assert api.invoke({"finetl": "sweep"}).json["sweep"]["left"] == 1


def test_a_sweep_that_has_no_time_left_is_gone_on_with(place, api):
    """Each time that there is does some of it."""
    def hold_up(asked):
        if asked.method == "GET" and "/raw/" in asked.target:
            time.sleep(0.3)

    slow = s3servers.Proxy(place.server, hold_up)
    function = place.function(AWS_ENDPOINT_URL_S3=slow.endpoint)
    n = 8
    for i in range(n):
        place.put(f"raw/{i}.csv", rows(i))
    for n_tries in range(1, 40):
        answer = api.invoke({"finetl": "sweep"}, timeout=2)
        if answer.kind == "response":
            break
        assert answer.json["errorType"] == "Function.Unavailable", (answer, function.logs()[-3:])
    assert answer.kind == "response" and n_tries > 1
    assert len([key for key in place.results() if key.startswith("processed/")]) == n


def test_a_sweep_that_is_too_much_for_one_time_comes_to_its_end_in_several(place, api):
    """To find that all is done takes time, too: what comes behind it by name is come to all the same."""
    delay = 0

    def hold_up(asked):
        if asked.method == "HEAD" and "/reports/" in asked.target:
            time.sleep(delay)

    slow = s3servers.Proxy(place.server, hold_up)
    function = place.function(AWS_ENDPOINT_URL_S3=slow.endpoint)
    for i in range(8):
        assert api.invoke(place.event(f"raw/{i}.csv", rows(i))).kind == "response", function.logs()
    place.put("raw/lost.csv", rows(99))
    delay = 0.2
    for n_tries in range(1, 40):
        answer = api.invoke({"finetl": "sweep", "newer_than": "7d"}, timeout=1.5)
        if answer.kind == "response":
            break
        assert answer.json["errorType"] == "Function.Unavailable", (answer, function.logs()[-3:])
    assert answer.kind == "response" and n_tries > 1 and place.rows("processed/lost.csv") == ["T99"]
    assert api.invoke({"finetl": "sweep", "newer_than": "7d"}, timeout=1.5).kind == "error"
    delay = 0
    assert api.invoke({"finetl": "sweep", "failed": True}).json["sweep"]["listed"] == 9, "it is another one, and begins at the first"


def test_several_records_of_one_event(place, api):
    place.function()
    event = {"Records": [*place.event("raw/a.csv", rows(1))["Records"], *place.event("raw/b.csv", rows(2))["Records"],
                         s3_record("raw/c.csv", place.raw, name="ObjectRemoved:Delete")]}
    answer = api.invoke(event).json
    assert (answer["n_objects"], answer["n_processed"], answer["n_skipped"]) == (3, 2, 1)


def test_an_output_that_would_come_back_is_refused_at_the_start(place, api):
    function = place.function(FINETL_OUTPUT=f"s3://{place.raw}/raw")
    assert function.process.wait(20) == 2
    assert api.init_errors[0].json["errorType"] == "Function.Usage"
    assert "would come back" in api.init_errors[0].json["errorMessage"]


def test_a_pipeline_file_that_is_wrong_is_told_at_the_start(place, api):
    place.pipeline.write_text("version: 1\npipelin: x\n")
    function = place.function()
    assert function.process.wait(20) == 2
    assert api.init_errors[0].json["errorType"] == "Function.Usage"
    assert any("did you mean 'pipeline'" in line["message"] for line in function.logs())


def test_no_value_of_a_record_is_in_any_log(place, api):
    function = place.function(AWS_LAMBDA_LOG_LEVEL="DEBUG")
    s = SECRET
    bodies = [rows(1, 2, name=s), HEADER + f"T1,{s},1.00\nT2,{s},{s}\nT3,{s},-5.00\n", HEADER + f"T1,{s},{s}\n", HEADER + f'T1,"{s},1.00\n',
              HEADER + f'T1,{s}"{s},1.00\n', HEADER + f"T1,{s},1.00,{s}\nT2,{s}\n", HEADER + f"{s},{s},1.00\n{s},{s},2.00\n", s,
              HEADER.encode() + b"T1,\xff" + s.encode() + b",1.00\n", HEADER + f"{s * 5},{s},1.00\n", f"T1,{s},{s}\nT2,{s},{s}\n",
              f'{{"id": "{s}"}}\n', f"T1;{s};1.00\n", f"{s},'{s}',\"{s}\n"]
    kinds = {api.invoke(place.event(f"raw/{n}.csv", body)).kind for n, body in enumerate(bodies)}
    assert kinds == {"response", "error"}
    written = function.out.read_text() + function.err.read_text()
    assert '"records_rejected"' in written
    assert s not in written, [line for line in written.splitlines() if s in line]


def test_an_empty_argument_list_under_a_runtime_api_is_the_function_too(place, api):
    names = {name: value for name, value in place.server.env().items() if name.startswith("AWS_")}
    env = {"FINETL_PIPELINE": place.pipeline, "FINETL_OUTPUT": f"s3://{place.processed}", **names}
    for command in ([place.binary], [place.binary, "lambda"]):
        with Function(command, api, place.folder, env):
            assert api.invoke(place.event(f"raw/{len(command)}.csv", rows(1))).json["n_processed"] == 1


def test_memory_and_files_stay_flat_over_real_objects(place, api, is_long):
    function = place.function()
    n, marks = (1000, []) if is_long else (120, [])
    for i in range(n):
        assert api.invoke(place.event(f"raw/{i}.csv", rows(*range(200)))).kind == "response", function.logs()[-3:]
        if i in (n // 2, n - 1):
            marks.append((function.rss_kib(), function.n_descriptors()))
    assert marks[1][1] == marks[0][1]
    assert marks[1][0] - marks[0][0] < 2048, marks
    assert len(os.listdir(place.folder)) < 10


def secret(moto, text):
    """Kept by the server's own Secrets Manager; its ARN."""
    made = moto.client("secretsmanager").create_secret(Name=f"s-{uuid.uuid4().hex}", SecretString=text)
    return made["ARN"]


def test_a_variable_may_be_the_arn_of_a_secret(place, api, moto):
    spec = json.loads(place.pipeline.read_text())
    spec["datasets"][0]["source"] = {"csv": "s3://${RAW_BUCKET}/raw/**.csv"}
    write_pipeline(place.folder, spec)
    function = place.function(RAW_BUCKET=secret(moto, place.raw + "\n"))
    assert api.invoke(place.event("raw/a.csv", rows(1))).kind == "response", function.logs()
    assert place.rows("processed/a.csv") == ["T1"]


def test_a_secret_that_is_not_there_is_told_at_the_start(place, api, moto):
    arn = secret(moto, "x")
    moto.client("secretsmanager").delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)
    function = place.function(API_TOKEN=arn)
    assert function.process.wait(30) in (2, 7)
    assert "API_TOKEN" in api.init_errors[0].json["errorMessage"]


def test_a_secret_that_has_changed_is_fetched_again_where_somebody_is_refused(finetl, api, moto, tmp_path):
    """Objects are played: what is `guarded` is let in by the right password alone."""
    arn, names = secret(moto, "wrong"), {name: value for name, value in moto.env().items() if name.startswith("AWS_")}
    probe = finetl.binary.parent / "tests" / "unit" / "lambda" / "probe_lambda"
    with Function([probe], api, tmp_path, {"PLAYED_PASSWORD": arn, **names}) as function:
        assert api.invoke(s3_event("a.guarded")).json["errorType"] == "Function.Denied"
        moto.client("secretsmanager").put_secret_value(SecretId=arn, SecretString="right")
        assert api.invoke(s3_event("b.csv")).kind == "response"
        assert api.invoke(s3_event("c.guarded")).kind == "response", function.logs()
        moto.client("secretsmanager").delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)
        assert api.invoke(s3_event("d.guarded")).kind == "response"  # nobody was refused: nobody is asked
        assert api.invoke(s3_event("e.denied")).json["errorType"] == "Function.Denied"
        assert "wrong" not in function.out.read_text() + function.err.read_text()


def test_a_sweep_that_was_refused_at_first_is_told_of_as_it_ended(finetl, api, moto, tmp_path):
    arn, names = secret(moto, "wrong"), {name: value for name, value in moto.env().items() if name.startswith("AWS_")}
    probe = finetl.binary.parent / "tests" / "unit" / "lambda" / "probe_lambda"
    with Function([probe], api, tmp_path, {"PLAYED_PASSWORD": arn, "PLAYED_FOUND": "raw/a.csv,raw/b.guarded", **names}) as function:
        assert api.asked.wait(30), function.logs()
        moto.client("secretsmanager").put_secret_value(SecretId=arn, SecretString="right")
        answer = api.invoke({"finetl": "sweep"})
        assert answer.kind == "response", function.logs()
        assert [(o["key"], o["outcome"]) for o in answer.json["objects"]] == [("raw/a.csv", "processed"), ("raw/b.guarded", "processed")]
        told = next(line for line in function.logs() if line["message"] == "event")
        assert (told["outcome"], told["code"], told["objects"], told["objects_failed"]) == ("processed", "ok", 2, 0)
