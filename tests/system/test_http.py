# SPDX-License-Identifier: Apache-2.0
"""Faults of HTTP by name, F50 to F52, F54, F57: nobody there, statuses, bodies that lie or burst."""

import gzip
import hashlib
import json
import os
import signal
import socket
import subprocess
import time
import zlib
from email.utils import formatdate

import pytest
from faultserver import (Answer, Blackhole, FaultServer, cut, drip, end, hold, packed, part_of, raw, refused_port,
                         reset, stall, status)
from httpprobe import AGAIN, HTTP, OK, fetch, quick
from httpprobe import probe, resolver  # noqa: F401  (fixtures)

# F50: nobody there, or nobody talking

def test_f50_refused_connection_is_tried_again_and_then_unavailable(probe):
    got = probe(*HTTP, quick(3), f"http://localhost:{refused_port()}/")
    assert got["rc"] == "unavailable" and "tried 3 times" in got["error"], got


def test_f50_name_that_does_not_resolve_is_unavailable(probe):
    got = probe(*HTTP, quick(2), "https://no-such-host.invalid/")
    assert got["rc"] == "unavailable" and "name is not found" in got["error"], got


def test_f50_connect_that_hangs_ends_at_its_limit(probe):
    with Blackhole() as hole:
        start = time.monotonic()
        got = probe("allow_private=1", "allow_http=1", quick(1), "connect_timeout_ms=400", f"http://127.0.0.1:{hole.port}/")
    assert got["rc"] == "unavailable" and "took too long" in got["error"], got
    assert 0.3 < time.monotonic() - start < 3


@pytest.mark.parametrize("behaviour", [hold(), stall(Answer(b"x" * 1000), 0.5), drip(Answer(b"x" * 1000), 0.05)],
                         ids=["header_hangs", "stalls_at_half", "drips"])
def test_f50_slow_line_ends_at_the_low_speed_limit(probe, behaviour):
    start = time.monotonic()
    got, _ = fetch(probe, behaviour, quick(1), "low_speed_ms=1000")
    assert got["rc"] == "unavailable" and "took too long" in got["error"], got
    assert 0.9 < time.monotonic() - start < 8


def test_f50_total_limit_ends_a_body_that_keeps_coming(probe):
    got, _ = fetch(probe, drip(Answer(b"x" * 1000), 0.01), quick(1), "total_timeout_ms=500", "low_speed_bytes=1")
    assert got["rc"] == "unavailable" and "took too long" in got["error"], got


def test_f50_tls_handshake_that_hangs_ends_at_the_connect_limit(probe):
    with socket.create_server(("127.0.0.1", 0)) as s:
        got = probe("allow_private=1", quick(1), "connect_timeout_ms=400", f"https://127.0.0.1:{s.getsockname()[1]}/")
    assert got["rc"] == "unavailable" and "took too long" in got["error"], got


def test_f50_name_that_hangs_ends_at_the_connect_limit_or_a_stop(probe, resolver):
    start = time.monotonic()
    got = probe(quick(1), "connect_timeout_ms=400", "https://bank.slow/", env=resolver)
    assert got["rc"] == "unavailable" and "took too long" in got["error"] and time.monotonic() - start < 3, got
    child = subprocess.Popen([probe.binary, "--", "https://bank.slow/"], stdout=subprocess.PIPE, env={**os.environ, **resolver})
    time.sleep(1.5)
    start = time.monotonic()
    child.send_signal(signal.SIGTERM)
    out, _ = child.communicate(timeout=10)
    assert json.loads(out.splitlines()[0])["rc"] == "cancelled" and time.monotonic() - start < 1


# F51: statuses

@pytest.mark.parametrize("code", AGAIN)
def test_f51_passing_trouble_is_tried_again(probe, code):
    got, requests = fetch(probe, [status(code), status(code), Answer(OK)])
    assert got["rc"] == "ok" and got["status"] == 200 and len(requests) == 3, got


@pytest.mark.parametrize("code", AGAIN)
def test_f51_lasting_trouble_is_unavailable_after_all_tries(probe, code):
    got, requests = fetch(probe, status(code), quick(4))
    assert got["rc"] == "unavailable" and got["foreign"] == str(code) and len(requests) == 4, got
    assert got["status"] == code and "tried 4 times" in got["error"]


@pytest.mark.parametrize("code, rc", [(400, "data"), (401, "denied"), (403, "denied"), (404, "usage"), (405, "data"), (410, "usage"),
                                      (416, "data"), (418, "data"), (422, "data"), (304, "data"), (300, "data"),
                                      (501, "unavailable"), (505, "unavailable")])
def test_f51_what_no_retry_can_help_is_asked_once(probe, code, rc):
    got, requests = fetch(probe, status(code))
    assert (got["rc"], got["foreign"], len(requests)) == (rc, str(code), 1), got


def test_f51_no_content_is_an_empty_body(probe):
    got, _ = fetch(probe, status(204))
    assert got["rc"] == "ok" and got["status"] == 204 and got["n_body"] == 0


def test_f51_a_part_is_taken_only_where_a_part_was_asked_for(probe):
    part = status(206, ("Content-Range", "bytes 0-3/10"), body=b"abcd")
    got, _ = fetch(probe, part)
    assert got["rc"] == "data" and "part of the body" in got["error"]
    got, requests = fetch(probe, part, "header=Range: bytes=0-3")
    assert got["rc"] == "ok" and got["body"] == "abcd"
    assert requests[0].header("Range") == "bytes=0-3" and requests[0].header("Accept-Encoding") == "identity"


def test_f51_any_status_is_handed_over_where_that_is_asked(probe):
    got, requests = fetch(probe, status(404, body=b"<Error/>"), "any_status=1")
    assert got["rc"] == "ok" and got["status"] == 404 and got["body"] == "<Error/>" and len(requests) == 1
    got, requests = fetch(probe, status(503, body=b"<Error/>"), "any_status=1", quick(3))
    assert got["rc"] == "ok" and got["status"] == 503 and len(requests) == 3


@pytest.mark.parametrize("value, least_ms, most_ms", [
    ("30", 30000, 50000), ("0", 0, 20000), (60, 50000, 90000), (-100, 0, 20000), ("nonsense", 0, 20000), ("-60", 0, 20000),
    ("315360000", 120000, 140000), ("9" * 30, 120000, 140000), ("Fri, 31 Dec 9999 23:59:59 GMT", 120000, 140000)])
def test_f51_retry_after_is_honoured_between_floor_and_cap(probe, value, least_ms, most_ms):
    def busy(_):  # a number is seconds from now, as a date
        return status(503, ("Retry-After", value if isinstance(value, str) else formatdate(time.time() + value, usegmt=True)))
    with FaultServer({"/x": [busy, Answer(OK)]}) as server:
        got = probe(*HTTP[:2], "speed=60", server.url("/x"))
    assert got["rc"] == "ok"
    assert least_ms <= got["waited_ms"] <= most_ms, got["waited_ms"]


def test_f51_all_waiting_stays_inside_the_budget(probe):
    got, requests = fetch(probe, status(503, ("Retry-After", "100")), "retry_budget_ms=250000")
    assert got["rc"] == "unavailable" and len(requests) == 3 and "with 200." in got["error"], got


def test_f51_waits_grow_to_their_bound(probe):
    got, requests = fetch(probe, status(503), "max_tries=10", "chance=most")
    assert "tried 10 times, with 65.4 s of waiting" in got["error"], got  # .2 .4 .8 1.6 3.2 6.4 12.8 20 20
    assert len(requests) == 10


def test_f51_message_quotes_the_server_but_nothing_that_was_sent(probe):
    got, _ = fetch(probe, status(400, body=b'{"error": "since is no date"}'))
    assert "since is no date" in got["error"] and got["rc"] == "data"
    secret = "tok-12345678"
    for arguments in ((f"header=Authorization: Bearer {secret}",), (f"bearer={secret}",)):
        got, _ = fetch(probe, status(400, body=f'{{"error": "bad {secret}"}}'.encode()), *arguments)
        assert secret not in got["error"] and "400" in got["error"]
    with FaultServer({"/x": status(400, body=b"no such key: k3y-secret", content_type="text/plain")}) as server:
        got = probe(*HTTP, server.url("/x?key=k3y-secret&a=b#frag"))
        assert "k3y" not in got["error"] and f"{server.url('/x')}?key=***&a=***" in got["error"], got
        got = probe(*HTTP, server.url("/x").replace("http://", "http://alice:w0nder@"))
        assert "w0nder" not in got["error"] and "alice" not in got["error"]


# F52: bodies that are not what their headers say

LYING = {
    "shorter_than_its_length": cut(Answer(b"x" * 1000), 0.5),
    "a_byte_shorter": cut(Answer(b"x" * 1000), 999),
    "empty_where_length_is_said": cut(Answer(b"x" * 1000), 0),
    "reset_in_its_middle": reset(Answer(b"x" * 100000), 0.5),
    "longer_than_its_length": Answer(b"x" * 1000, length=500),
    "chunks_without_the_last": raw(part_of(Answer(b"x" * 1000, chunks=[300, 300]), -5)),
    "chunks_cut_in_one": cut(Answer(b"x" * 1000, chunks=[300, 300]), 0.4),
    "chunk_size_no_number": raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n"),
    "chunk_size_too_great": raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nabc\r\n0\r\n\r\n"),
    "chunk_longer_than_its_size": raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n0\r\n\r\n"),
    "headers_cut": raw(b"HTTP/1.1 200 OK\r\nContent-Le"),
    "nothing_at_all": end(),
    "no_http": raw(b"SSH-2.0-OpenSSH_9.2\r\n"),
}


@pytest.mark.parametrize("name", LYING)
def test_f52_broken_body_is_tried_again(probe, name):
    got, requests = fetch(probe, [LYING[name], Answer(OK)])
    assert got["rc"] == "ok" and got["body"] == OK.decode() and len(requests) == 2, got


@pytest.mark.parametrize("name", LYING)
def test_f52_body_that_stays_broken_is_never_taken(probe, name):
    got, requests = fetch(probe, LYING[name], quick(2))
    assert got["rc"] in ("unavailable", "data") and len(requests) == 2, got


@pytest.mark.parametrize("name", LYING)
def test_f52_stream_tells_of_a_broken_body(probe, name):
    got, _ = fetch(probe, LYING[name], quick(1), "stream=1")
    assert got["rc"] in ("unavailable", "data"), got


DOUBTFUL = {
    "two_lengths": b"Content-Length: 3\r\nContent-Length: 5\r\n\r\nabcde",
    "the_same_length_twice": b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nabcde",
    "length_and_chunks": b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    "length_no_number": b"Content-Length: 5x\r\n\r\nabcde",
    "length_below_zero": b"Content-Length: -1\r\n\r\nabcde",
    "length_past_all_numbers": b"Content-Length: 99999999999999999999\r\n\r\nabcde",
    "two_codings_of_transfer": b"Transfer-Encoding: gzip, chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    "folded_header": b"X: a\r\n b\r\nContent-Length: 5\r\n\r\nabcde",
    "header_without_a_name": b": a\r\nContent-Length: 5\r\n\r\nabcde",
    "blank_before_the_colon": b"X : a\r\nContent-Length: 5\r\n\r\nabcde",
    "nul_in_a_header": b"X: a\x00b\r\nContent-Length: 5\r\n\r\nabcde",
    "no_end_over_plain_http": b"\r\nabcde",
}


@pytest.mark.parametrize("name", DOUBTFUL)
def test_f52_answer_whose_end_is_in_doubt_is_refused(probe, name):
    got, requests = fetch(probe, raw(b"HTTP/1.1 200 OK\r\n" + DOUBTFUL[name]), quick(2))
    assert got["rc"] in ("data", "unavailable"), got


def test_f52_too_many_headers_and_too_long_ones_are_a_limit(probe):
    many = b"".join(b"X-%d: a\r\n" % i for i in range(300))
    got, _ = fetch(probe, raw(b"HTTP/1.1 200 OK\r\n" + many + b"Content-Length: 0\r\n\r\n"), quick(1))
    assert got["rc"] == "limit" and "256 headers" in got["error"], got
    long = b"".join(b"X-%d: %s\r\n" % (i, b"a" * 60000) for i in range(4))
    got, _ = fetch(probe, raw(b"HTTP/1.1 200 OK\r\n" + long + b"Content-Length: 0\r\n\r\n"), quick(1))
    assert got["rc"] == "limit" and "KiB" in got["error"], got


def test_f52_garbage_after_an_answer_does_not_reach_the_next(probe):
    answer = Answer(OK, chunks=[5])
    garbage = raw(answer.head() + answer.framed() + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", then="keep")
    with FaultServer({"/x": garbage, "/y": Answer(b"good")}) as server:
        first, second = probe(*HTTP, server.url("/x"), server.url("/y"), lines=True)
    assert first["body"] == OK.decode() and second["body"] == "good", (first, second)


def test_f52_informational_answers_and_trailers_are_passed_over(probe):
    got, _ = fetch(probe, raw(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
                              b"Real: yes\r\n\r\n2\r\nok\r\n0\r\nContent-Length: 77\r\n\r\n"))
    assert got["rc"] == "ok" and got["body"] == "ok"
    assert [h for h in got["headers"] if h[0] != "Transfer-Encoding"] == [["Real", "yes"]]


def test_f52_connections_are_used_again(probe):
    with FaultServer({"/x": Answer(OK)}) as server:
        got = probe(*HTTP, *[server.url("/x")] * 20, lines=True)
    assert [g["rc"] for g in got] == ["ok"] * 20 and server.n_connections == 1


def test_f52_kept_connection_that_the_server_closed_is_no_failure(probe):
    closing = raw(Answer(OK).head() + OK)
    with FaultServer({"/x": closing}) as server:
        got = probe(*HTTP, quick(1), *[server.url("/x")] * 5, lines=True)
    assert [g["rc"] for g in got] == ["ok"] * 5, got


# F54: packed bodies

@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_f54_packed_body_is_undone(probe, coding):
    got, requests = fetch(probe, packed(OK * 100, coding))
    assert got["rc"] == "ok" and got["n_body"] == len(OK) * 100 and got["n_wire"] < 200, got
    assert requests[0].header("Accept-Encoding") == "zstd, gzip"


def test_f54_zstd_is_undone(probe):
    data = subprocess.run(["zstd", "-c"], input=OK * 100, capture_output=True, check=True).stdout
    got, _ = fetch(probe, packed(OK * 100, "zstd", data))
    assert got["rc"] == "ok" and got["n_body"] == len(OK) * 100


def test_f54_bomb_stops_at_the_ratio(probe):
    bomb = gzip.compress(bytes(50_000_000))
    got, _ = fetch(probe, packed(b"", "gzip", bomb))
    assert got["rc"] == "limit" and "200 times" in got["error"] and got["n_body"] < 4_000_000, got


def test_f54_bomb_stops_at_the_size(probe):
    bomb = gzip.compress(bytes(50_000_000))
    got, requests = fetch(probe, packed(b"", "gzip", bomb), "max_ratio=100000", "max_body_bytes=3000000")
    assert got["rc"] == "limit" and "3000000 bytes, decompressed" in got["error"] and len(requests) == 1, got


def test_f54_plain_body_stops_at_the_size(probe):
    for answer in (Answer(b"x" * 2000), Answer(b"x" * 2000, chunks=[500] * 4)):
        got, _ = fetch(probe, answer, "max_body_bytes=1999")
        assert got["rc"] == "limit" and "1999" in got["error"]
        got, _ = fetch(probe, answer, "max_body_bytes=2000")
        assert got["rc"] == "ok" and got["n_body"] == 2000


def test_f54_nested_gzip_is_undone_once(probe):
    inner = gzip.compress(OK)
    got, _ = fetch(probe, packed(inner))
    assert got["rc"] == "ok" and got["sha256"] == hashlib.sha256(inner).hexdigest()


def test_f54_stacked_codings_are_refused(probe):
    data = OK
    for _ in range(6):
        data = gzip.compress(data)
    got, _ = fetch(probe, Answer(data, headers=[("Content-Encoding", ", ".join(["gzip"] * 6))]))
    assert got["rc"] == "data" and "more than once" in got["error"]
    got, _ = fetch(probe, Answer(data, headers=[("Content-Encoding", "gzip")] * 2))
    assert got["rc"] == "data" and "more than once" in got["error"]


GZ = gzip.compress(OK * 50)


@pytest.mark.parametrize("data, rc, body", [
    (GZ[:-8] + bytes(4) + GZ[-4:], "data", None), (GZ[:-4], "data", None), (GZ[:20], "data", None), (GZ + b"x", "data", None),
    (GZ + GZ, "ok", OK * 100), (OK, "data", None), (b"", "ok", b"")],
    ids=["corrupt_crc", "trailer_cut", "cut", "garbage_after", "second_member", "not_packed", "empty"])
def test_f54_gzip_that_is_odd(probe, data, rc, body):
    got, requests = fetch(probe, packed(b"", "gzip", data))
    assert got["rc"] == rc and len(requests) == 1, got
    if body is not None:
        assert got["sha256"] == hashlib.sha256(body).hexdigest()


def test_f54_raw_deflate_and_unknown_codings_are_refused(probe):
    raw_deflate = zlib.compress(OK)[2:-4]
    assert fetch(probe, packed(b"", "deflate", raw_deflate))[0]["rc"] == "data"
    for coding in ("br", "compress", "evil"):
        got, _ = fetch(probe, Answer(OK, headers=[("Content-Encoding", coding)]))
        assert got["rc"] == "data" and "not asked for" in got["error"]
    assert fetch(probe, Answer(OK, headers=[("Content-Encoding", "identity")]))[0]["body"] == OK.decode()


# F57: what is whole HTTP but not what was meant is handed over as it is: its type and bytes, unchanged

@pytest.mark.parametrize("body, content_type", [
    (b"<html><form action=/login></html>", "text/html"), (b'{"error": {"code": 17}}', "application/json"), (b"", "application/json"),
    (b"\xef\xbb\xbf{}", "application/json"), ('{"name": "Zoë"}'.encode("latin-1"), "application/json; charset=utf-8")],
    ids=["login_page", "error_object", "empty", "bom", "wrong_charset"])
def test_f57_body_and_type_reach_the_reader_unchanged(probe, body, content_type):
    got, _ = fetch(probe, Answer(body, content_type=content_type))
    assert got["rc"] == "ok" and got["sha256"] == hashlib.sha256(body).hexdigest()
    assert not body or ["Content-Type", content_type] in got["headers"]
