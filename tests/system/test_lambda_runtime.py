# SPDX-License-Identifier: Apache-2.0
"""The function's loop against a Runtime API of our own, which does all that the real one may; objects are played
(tests/unit/lambda/played_arrival.c): what becomes of one is the last word of its key."""

import json
import os
import pathlib
import time

import pytest

from runtimeapi import FUNCTION_ARN, TEST_EVENT, Function, RuntimeApi, eventbridge, s3_event, s3_record, sns, sns_body, sqs

N_INVOCATIONS, N_LONG = 2000, 10000


@pytest.fixture
def api():
    with RuntimeApi() as api:
        yield api


@pytest.fixture
def start(api, tmp_path):
    """Starts the function; it is ended with the test."""
    binary = pathlib.Path(os.environ.get("FINETL_BUILD", "build")).resolve() / "tests" / "unit" / "lambda" / "probe_lambda"
    if not binary.exists():
        pytest.fail(f"there is no {binary}; build it, or set FINETL_BUILD")
    started = []

    def start(**env):
        started.append(Function([binary], api, tmp_path, env))
        return started[-1]

    yield start
    for function in started:
        function.__exit__()


@pytest.fixture
def function(start):
    return start()


def failure(answer, kind, *words):
    assert answer.kind == "error", answer
    assert answer.headers["lambda-runtime-function-error-type"] == kind
    assert answer.json["errorType"] == kind and answer.json["stackTrace"] == [], answer
    for word in words:
        assert word in answer.json["errorMessage"], answer


# ---- answers ----

@pytest.mark.parametrize("event", [
    s3_event("raw/a+b.csv"), eventbridge("raw/a b.csv"), sns(s3_event("raw/a%20b.csv")),
], ids=["s3", "eventbridge", "sns"])
def test_an_object_is_answered_with_what_became_of_it(api, function, event):
    answer = api.invoke(event)
    assert answer.kind == "response", answer
    assert answer.json["n_objects"] == answer.json["n_processed"] == 1
    told = answer.json["objects"][0]
    assert (told["bucket"], told["key"], told["outcome"], told["status"]) == ("raw", "raw/a b.csv", "processed", "success")
    assert (told["read"], told["loaded"], told["rejected"]) == (10, 9, 1) and len(told["run_id"]) == 26


def test_what_is_done_older_gone_or_removed_is_no_error(api, function):
    event = s3_event("a.done", "a.older", "a.gone", "folder/")
    event["Records"].append(s3_record("a.data", name="ObjectRemoved:Delete"))
    answer = api.invoke(event)
    assert answer.kind == "response", answer
    assert (answer.json["n_objects"], answer.json["n_processed"], answer.json["n_done_before"], answer.json["n_skipped"]) == (5, 0, 1, 4)
    assert [told["outcome"] for told in answer.json["objects"]][-1] == "removed"


def test_the_test_event_of_s3_is_no_error(api, function):
    assert api.invoke(TEST_EVENT).json["n_objects"] == 0
    assert api.invoke(sns(TEST_EVENT)).json["n_objects"] == 0
    assert api.invoke(sqs(TEST_EVENT, sns_body(TEST_EVENT))).json == {"batchItemFailures": []}


@pytest.mark.parametrize(("word", "kind", "said"), [
    ("data", "Function.Data", "a record has 3 cells"), ("busy", "Function.Unavailable", "does not answer"),
    ("denied", "Function.Denied", "access denied"), ("held", "Function.Held", "at most 5 %"),
    ("broken", "Function.Data", "a quote is open"), ("other", "Function.Data", "no source of the pipeline takes"),
])
def test_a_failure_is_an_error_never_a_success(api, function, word, kind, said):
    failure(api.invoke(s3_event(f"raw/x.{word}")), kind, said, f"s3://raw/raw/x.{word}")
    assert api.invoke(s3_event("raw/x.csv")).kind == "response"  # and the next one is another's


def test_one_failed_record_fails_the_event_and_the_others_are_done(api, function):
    failure(api.invoke(s3_event("a.csv", "b.busy", "c.csv", "d.data")), "Function.Unavailable", "2 of 4 objects failed", "b.busy")
    outcomes = {line["key"]: line["outcome"] for line in function.logs() if line["message"] == "object"}
    assert outcomes == {"b.busy": "failed", "d.data": "failed"}
    assert [line["key"] for line in function.metrics() if "RecordsRead" in line] == ["a.csv", "c.csv"]


ODD = {"another event": s3_record("a", name="ObjectTagging:Put"), "a key that is none": s3_record("%ff"), "nothing": None,
       "another service": {"eventSource": "aws:dynamodb"}, "a later version": {**s3_record("a"), "eventVersion": "3.0"}}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD.keys())
@pytest.mark.parametrize("form", [lambda e: e, sns], ids=["s3", "sns"])
def test_a_record_that_is_none_fails_the_event_and_the_others_are_done(api, function, form, odd):
    records = [odd, *s3_event("a.csv", "b.csv")["Records"]]
    failure(api.invoke(form({"Records": records})), "Function.Data", "1 of 3 objects failed")
    assert [line["key"] for line in function.metrics() if "RecordsRead" in line] == ["a.csv", "b.csv"]
    assert api.invoke(form(s3_event("a.csv"))).kind == "response"


def test_an_unknown_event_is_a_permanent_error(api, function):
    for event in (b"", b"not JSON", b"{}", {"Records": []}, {"httpMethod": "GET"}, s3_event("a", name="ObjectTagging:Put"),
                  {"Records": [{**s3_record("a"), "eventVersion": "3.0"}]}, b"\xff\xfe"):
        failure(api.invoke(event), "Function.Data", "the event")


def test_of_sqs_only_what_failed_is_named(api, function):
    answer = api.invoke(sqs(s3_event("a.csv"), s3_event("b.csv", "b.busy"), "no event", sns_body(s3_event("c.csv")),
                            eventbridge("d.data"), TEST_EVENT, s3_event("e.done")))
    assert answer.kind == "response"
    assert answer.json == {"batchItemFailures": [{"itemIdentifier": f"m{i}"} for i in (1, 2, 4)]}


def test_of_sqs_a_foreign_record_and_one_with_a_bad_part_fail_by_themselves(api, function):
    event = sqs(s3_event("a.csv"), s3_event("x.csv"), {"Records": [ODD["another event"], *s3_event("c.csv")["Records"]]}, s3_event("d.csv"))
    event["Records"][1]["eventSource"] = "aws:kinesis"
    answer = api.invoke(event)
    assert (answer.kind, answer.json) == ("response", {"batchItemFailures": [{"itemIdentifier": "m1"}, {"itemIdentifier": "m2"}]})
    assert [line["key"] for line in function.metrics() if "RecordsRead" in line] == ["a.csv", "c.csv", "d.csv"]


def test_of_sqs_a_record_that_cannot_be_named_fails_the_batch_after_the_others(api, function):
    event = sqs(s3_event("a.csv"), s3_event("b.csv"))
    del event["Records"][0]["messageId"]
    failure(api.invoke(event), "Function.Data", "no messageId")
    assert [line["key"] for line in function.metrics() if "RecordsRead" in line] == ["b.csv"]


def test_of_sqs_nothing_is_named_where_all_went_well(api, function):
    assert api.invoke(sqs(s3_event("a.csv"), s3_event("b.csv"))).json == {"batchItemFailures": []}


# ---- sweeps ----

def test_a_sweep_does_what_it_finds_and_leaves_what_is_on_record_as_failed(api, start):
    function = start(PLAYED_FOUND="raw/a.csv,raw/b.held,raw/c.done")
    answer = api.invoke({"finetl": "sweep", "older_than": "15m"})
    assert answer.kind == "response", answer
    assert [o["outcome"] for o in answer.json["objects"]] == ["processed", "done"]
    assert answer.json["sweep"] == {"listed": 3, "done_before": 0, "left": 1, "processed": 2, "failed": 0}
    failure(api.invoke({"finetl": "sweep", "failed": True}), "Function.Held", "the sweep", "s3://raw/raw/b.held")
    told = next(line for line in function.logs() if line["message"] == "event")
    assert (told["event_source"], told["outcome"], told["objects_processed"], told["sweep_listed"], told["sweep_left"]) == ("sweep", "processed", 1, 3, 1)


def test_a_sweep_that_fails_is_an_error_and_does_the_rest(api, start):
    function = start(PLAYED_FOUND="raw/a.busy,raw/b.csv,raw/c.data")
    failure(api.invoke({"finetl": "sweep"}), "Function.Unavailable", "s3://raw/raw/a.busy", "does not answer")
    outcomes = {line["key"]: line["outcome"] for line in function.logs() if line["message"] == "object"}
    assert outcomes == {"raw/a.busy": "failed", "raw/c.data": "failed"}
    assert [line["key"] for line in function.metrics() if "RecordsRead" in line] == ["raw/b.csv"]


def test_a_sweep_ends_with_the_time_of_the_function(api, start):
    start(PLAYED_FOUND="raw/a.slow")
    failure(api.invoke({"finetl": "sweep"}, timeout=1), "Function.Unavailable", "before the deadline")


# ---- the Runtime API ----

@pytest.mark.parametrize("case", [str.lower, str.upper, str.swapcase, str.title])
@pytest.mark.parametrize("chunked", [False, True])
def test_headers_are_of_any_case_and_bodies_of_any_framing(api, function, case, chunked):
    assert api.invoke(s3_event("raw/%C3%A9t%C3%A9.csv"), case=case, chunked=chunked).json["objects"][0]["key"] == "raw/été.csv"


@pytest.mark.parametrize("chunked", [False, True])
def test_an_event_of_six_megabytes_is_read(api, function, chunked):
    n = 7600
    body = json.dumps({"Records": [s3_record(f"raw/{i:06}.done", padding="x" * 240) for i in range(n)]}).encode()
    body += b" " * (6 * 2**20 - len(body))
    assert len(body) == 6 * 2**20
    answer = api.invoke(body, chunked=chunked, seconds=60)
    assert answer.kind == "response", answer
    assert (answer.json["n_objects"], answer.json["n_done_before"], len(answer.json["objects"])) == (n, n, 100)


def test_an_event_larger_than_lambda_has_is_an_error_of_its_own(api, function):
    failure(api.invoke(b'{"a":"' + b"x" * (9 << 20) + b'"}', seconds=60), "Function.Limit")
    assert api.invoke(s3_event("a.csv")).kind == "response"


def test_next_may_wait_for_long(api, function, is_long):
    assert api.asked.wait(10)
    time.sleep(65 if is_long else 3)
    assert api.invoke(s3_event("a.csv")).kind == "response"
    assert api.n_connections == 1


def test_an_answer_that_is_too_large_becomes_an_error(api, function):
    invocation = api.put(s3_event("a.csv"), answer_status={"response": 413})
    failure(invocation.wait(), "Function.Limit", "larger than Lambda takes")
    assert [answer.kind for answer in invocation.answers] == ["response", "error"]
    assert api.invoke(s3_event("a.csv")).kind == "response"


@pytest.mark.parametrize("status", [400, 403])
def test_an_answer_that_is_not_taken_is_no_reason_to_end(api, function, status):
    first = api.put(s3_event("a.csv"), answer_status={"response": status})
    assert api.invoke(s3_event("b.csv")).kind == "response"
    assert [answer.kind for answer in first.answers] == ["response"]
    assert any("not taken" in line["message"] for line in function.logs())


@pytest.mark.parametrize("where", ["response", "error"])
def test_500_ends_the_process(api, function, where):
    api.put(s3_event("a.csv" if where == "response" else "a.data"), answer_status={where: 500}).wait()
    assert function.process.wait(10) == 6
    assert any("500" in line["message"] for line in function.logs())


@pytest.mark.parametrize("status", [403, 500])
def test_a_next_that_is_refused_ends_the_process(api, function, status):
    api.put(s3_event("a.csv"), status=status)
    assert function.process.wait(10) == 6


def test_an_event_that_is_cut_short_ends_the_process_and_does_nothing(api, function):
    api.put(s3_event("a.csv"), cut=True)
    assert function.process.wait(10) == 6
    assert not [line for line in function.logs() if line["message"] in ("object", "event")]


def test_no_proxy_is_asked(api, start):
    function = start(HTTP_PROXY="http://127.0.0.1:9", http_proxy="http://127.0.0.1:9", NO_PROXY="", no_proxy="")
    assert api.invoke(s3_event("a.csv")).kind == "response"
    assert function.process.poll() is None


def test_it_says_how_it_is_started_where_there_is_no_api(tmp_path, api, start):
    function = start(AWS_LAMBDA_RUNTIME_API="")
    assert function.process.wait(10) == 2
    assert "AWS_LAMBDA_RUNTIME_API is not set" in function.err.read_text()


# ---- start and end ----

@pytest.mark.parametrize(("env", "words"), [
    ({"PLAYED_START": "usage"}, ["unknown key 'colums'; did you mean 'columns'?"]),
    ({"FINETL_WAIT": "soon"}, ["--wait takes a duration", "environment"]),
    ({"AWS_LAMBDA_LOG_LEVEL": "loud"}, ["AWS_LAMBDA_LOG_LEVEL"]),
    ({"FINETL_WAREHOUSE": "none"}, ["FINETL_OUTPUT"]),
])
def test_what_is_wrong_from_the_start_is_told_and_ends_the_process(api, start, env, words):
    function = start(**env)
    assert function.process.wait(10) == 2
    assert len(api.init_errors) == 1 and not api.asked.is_set()
    told = api.init_errors[0]
    assert told.headers["lambda-runtime-function-error-type"] == told.json["errorType"] == "Function.Usage"
    assert all(word in told.json["errorMessage"] for word in words), told


def test_sigterm_while_waiting_ends_it_at_once(api, function):
    api.invoke(s3_event("a.csv"))
    assert api.asked.wait(10)
    code, seconds = function.stop()
    assert code == 0 and seconds < 0.5, seconds


def test_sigterm_while_working_undoes_and_answers(api, function):
    invocation = api.put(s3_event("a.slow"))
    time.sleep(0.3)
    code, seconds = function.stop()
    assert code == 0 and seconds < 0.5, seconds
    failure(invocation.wait(), "Function.Cancelled")


def test_a_deadline_stops_what_runs_and_what_would_begin(api, function):
    began = time.monotonic()
    answer = api.invoke(s3_event("a.csv", "b.slow", "c.csv"), timeout=1.5)
    seconds = time.monotonic() - began
    failure(answer, "Function.Unavailable", "2 of 3 objects failed", "undone before the deadline")
    assert 0.8 < seconds < 1.3, seconds
    errors = [line for line in function.logs() if line["message"] == "object" and line["outcome"] == "failed"]
    assert [line["key"] for line in errors] == ["b.slow", "c.csv"] and all(line["retry_helps"] for line in errors)


def test_a_deadline_leaves_messages_of_sqs_for_later(api, function):
    answer = api.invoke(sqs(s3_event("a.csv"), s3_event("b.slow"), s3_event("c.csv")), timeout=1.2)
    assert answer.json == {"batchItemFailures": [{"itemIdentifier": "m1"}, {"itemIdentifier": "m2"}]}


def test_a_container_that_was_frozen_past_the_deadline_does_nothing(api, function):
    failure(api.invoke(s3_event("a.csv"), timeout=-30), "Function.Unavailable", "no time is left")


# ---- telemetry ----

def test_every_line_has_the_keys_people_query(api, start):
    function = start(POWERTOOLS_SERVICE_NAME="orders", AWS_LAMBDA_LOG_LEVEL="DEBUG")
    api.invoke(s3_event("raw/a.csv", versionId="v7", size=123, sequencer="0A"), trace="Root=1-2-3")
    second = api.put(s3_event("raw/b.busy"))
    second.wait()
    time.sleep(0.1)
    logs = function.logs()
    for line in logs:
        assert {"level", "message", "timestamp", "service", "cold_start", "function_name", "function_memory_size", "function_arn",
                "function_request_id", "xray_trace_id"} <= line.keys(), line
        assert line["level"] in ("DEBUG", "INFO", "WARN", "ERROR") and line["service"] == "orders"
        assert line["function_arn"] == FUNCTION_ARN and line["function_memory_size"] == 512
    summary = [line for line in logs if line["message"] == "event"]
    assert [line["cold_start"] for line in summary] == [True, False]
    assert (summary[0]["key"], summary[0]["version_id"], summary[0]["sequencer"], summary[0]["bytes"]) == ("raw/a.csv", "v7", "0A", 123)
    assert summary[0]["xray_trace_id"] == "Root=1-2-3" and summary[1]["function_request_id"] == second.id
    assert [line["outcome"] for line in summary] == ["processed", "failed"]
    assert {line["level"] for line in summary} == {"INFO"}
    assert [line["level"] for line in logs if line["message"] == "object"] == ["DEBUG", "ERROR"]


def test_an_event_is_one_line_at_info(api, function):
    """Whatever it tells of; what failed, or is gone, has a line of its own besides, above it."""
    events = [s3_event("a.csv"), s3_event("a.done"), s3_event("a.csv", "b.csv", "c.older", "folder/"), sqs(s3_event("a.csv"), s3_event("b.done")),
              eventbridge("a.csv"), TEST_EVENT, s3_event("a.busy"), s3_event("a.csv", "b.data", "c.gone"), {"what": "is this"},
              sqs(s3_event("a.csv"), "no event"), s3_event("a.held")]
    wanted = [("s3", "processed", 1), ("s3", "done", 1), ("s3", "processed", 4), ("sqs", "processed", 2), ("eventbridge", "processed", 1),
              ("test", "nothing", 0), ("s3", "failed", 1), ("s3", "failed", 3), ("unknown", "failed", 0), ("sqs", "failed", 1), ("s3", "failed", 1)]
    for event in events:
        api.invoke(event)
    api.invoke(TEST_EVENT)  # what was written before the last answer is there by then
    logs = function.logs()
    told = [line for line in logs if line["level"] == "INFO"]
    assert all(line["message"] == "event" for line in told)
    assert [(line["event_source"], line["outcome"], line["objects"]) for line in told[:len(events)]] == wanted
    assert len({line["function_request_id"] for line in told}) == len(told) >= len(events)
    assert {line["level"] for line in logs} == {"INFO", "WARN", "ERROR"}
    above = [(line["message"], line.get("key")) for line in logs if line["level"] != "INFO"]
    assert [key for message, key in above if message == "object"] == ["a.busy", "b.data", "c.gone", "a.held"] and len(above) == 6
    first = told[0]
    assert (first["bucket"], first["key"], first["records_read"], first["records_rejected"], first["quality_score"]) == ("raw", "a.csv", 10, 1, 97.5)
    assert (told[2]["records_read"], told[2]["objects_processed"], told[2]["objects_skipped"], "key" in told[2]) == (20, 2, 2, False)
    assert [line["code"] for line in told[:len(events)]] == ["ok"] * 6 + ["unavailable", "data", "data", "data", "held"]


def check_embedded_metrics(line):
    """The limits of CloudWatch's embedded metric format."""
    assert len(json.dumps(line)) < 256 * 1024 and isinstance(line["_aws"]["Timestamp"], int)
    for directive in line["_aws"]["CloudWatchMetrics"]:
        assert 1 <= len(directive["Namespace"]) <= 255
        assert all(len(keys) <= 30 and all(1 <= len(line[key]) <= 1024 for key in keys) for keys in directive["Dimensions"])
        assert 1 <= len(directive["Metrics"]) <= 100
        for metric in directive["Metrics"]:
            assert isinstance(line[metric["Name"]], (int, float)) and not isinstance(line[metric["Name"]], bool)
            assert metric["Unit"] in ("Count", "Bytes", "Milliseconds", "Percent", "None")


def test_metrics_are_embedded_and_within_their_limits(api, start):
    function = start(POWERTOOLS_METRICS_NAMESPACE="bank/etl")
    for key in ("raw/a.csv", "raw/b.done", "raw/c.data"):
        api.invoke(s3_event(key))
    api.invoke(s3_event("raw/d.csv"))
    time.sleep(0.1)
    metrics = function.metrics()
    for line in metrics:
        check_embedded_metrics(line)
        assert line["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "bank/etl"
    assert [line["RecordsRead"] for line in metrics if "RecordsRead" in line] == [10, 10]
    invocations = [line for line in metrics if "InvocationTime" in line]
    assert [line.get("ColdStart") for line in invocations] == [1, None, None, None]
    assert [line["ObjectsFailed"] for line in invocations] == [0, 0, 1, 0]
    assert all(0 < line["EstimatedCost"] < 0.001 for line in invocations)


def test_a_level_leaves_out_what_is_below_it_but_never_metrics(api, start):
    function = start(AWS_LAMBDA_LOG_LEVEL="ERROR")
    api.invoke(s3_event("a.csv"))
    api.invoke(s3_event("a.data"))
    time.sleep(0.1)
    assert {line["level"] for line in function.logs()} == {"ERROR"}
    assert len(function.metrics()) == 3


# ---- for long ----

@pytest.mark.parametrize("n", [N_INVOCATIONS, pytest.param(N_LONG, marks=pytest.mark.long)])
def test_thousands_of_invocations_need_no_more_memory_and_no_more_files(api, function, n):
    events = [s3_event("raw/a.csv", "raw/b.done"), sqs(s3_event("a.csv"), "no event", s3_event("b.busy")), eventbridge("x.data"),
              sns(s3_event("a.csv")), b"{}", s3_event("a.held"), TEST_EVENT, s3_event(*(f"raw/{i}.done" for i in range(200)))]
    n_errors, marks = 0, []
    for i in range(n):
        answer = api.invoke(events[i % len(events)], chunked=i % 3 == 0, answer_status={"response": 413} if i % 97 == 0 else None)
        n_errors += answer.kind == "error"
        if i in (n // 10, n - 1):
            marks.append((function.rss_kib(), function.n_descriptors()))
    (rss_before, files_before), (rss_after, files_after) = marks
    assert files_after == files_before
    assert rss_after - rss_before < 1024, marks
    assert n_errors >= 3 * n // 8 and api.n_connections == 1
    assert function.process.poll() is None
