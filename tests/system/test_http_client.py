# SPDX-License-Identifier: Apache-2.0
"""io/http beyond its faults: streams, stopping, rate, methods, proxies, authentication."""

import base64
import gzip
import hashlib
import hmac
import json
import os
import signal
import subprocess
import threading
import time
import urllib.parse

import pytest
from faultserver import (Answer, FaultServer, cut_without_goodbye, hold, late, packed, redirect, reset, stall, status,
                         tls_context, tunnel)
from httpprobe import HTTP, OK, fetch, quick
from httpprobe import authority, probe  # noqa: F401  (fixtures)

# Streams

def test_stream_hands_out_a_large_body_whole_while_the_reader_is_slow(probe):
    body = os.urandom(8 << 20)
    with FaultServer({"/x": Answer(body), "/chunked": Answer(body, chunks=[70000] * 100)}) as server:
        for path in ("/x", "/chunked"):
            got = probe(*HTTP, "stream=1", "read_bytes=300000", "read_pause_ms=5", "low_speed_ms=2000", server.url(path))
            assert got["rc"] == "ok" and got["sha256"] == hashlib.sha256(body).hexdigest(), got["error"]
            assert got["length"] == (len(body) if path == "/x" else -1)


def test_stream_leaves_bodies_packed(probe):
    got, requests = fetch(probe, packed(OK), "stream=1")
    assert got["sha256"] == hashlib.sha256(gzip.compress(OK)).hexdigest() or got["n_body"] == len(gzip.compress(OK))
    assert requests[0].header("Accept-Encoding") == "identity"


def test_stream_is_tried_again_only_before_its_first_byte(probe):
    got, requests = fetch(probe, [status(503), reset(Answer(OK * 9), 0), Answer(OK)], "stream=1")
    assert got["rc"] == "ok" and got["body"] == OK.decode() and len(requests) == 3
    big = Answer(b"x" * 4_000_000)
    got, requests = fetch(probe, [stall(big, 0.5), Answer(OK)], "stream=1", "low_speed_ms=1000")
    assert got["rc"] == "unavailable" and len(requests) == 1 and 0 < got["n_body"] <= 2_000_000


def test_stream_goes_on_past_what_is_the_limit_of_bodies_in_memory(probe):
    got, _ = fetch(probe, Answer(b"x" * 100_000), "stream=1", "max_body_bytes=1000")
    assert got["rc"] == "ok" and got["n_body"] == 100_000
    got, _ = fetch(probe, status(404, body=b"no"), "stream=1")
    assert got["rc"] == "usage" and got["foreign"] == "404"
    got, _ = fetch(probe, status(404, body=b"no"), "stream=1", "any_status=1")
    assert got["rc"] == "ok" and got["status"] == 404 and got["body"] == "no"
    busy = status(503, body=b"x" * 100_000)  # long enough to be still on its way when it is judged
    got, requests = fetch(probe, [busy, Answer(OK)], "stream=1", "any_status=1")
    assert got["rc"] == "ok" and got["status"] == 200 and got["body"] == OK.decode()
    got, requests = fetch(probe, busy, "stream=1", "any_status=1", quick(3))
    assert got["rc"] == "ok" and got["status"] == 503 and got["n_body"] == 100_000 and len(requests) == 3


def test_stream_stays_whole_while_its_client_fetches_something_else(probe):
    body = os.urandom(3 << 20)
    with FaultServer({"/x": Answer(body), "/y": Answer(OK)}) as server:
        got = probe(*HTTP, "stream=1", "read_bytes=100000", f"between={server.url('/y')}", server.url("/x"))
        assert got["rc"] == "ok" and got["sha256"] == hashlib.sha256(body).hexdigest(), got["error"]
        assert got["n_between"] >= 31 and server.n_connections == 2


# Stopping

@pytest.mark.parametrize("behaviour", [hold(), stall(Answer(b"x" * 100000)), status(503, ("Retry-After", "60"))],
                         ids=["before_headers", "inside_a_body", "between_tries"])
@pytest.mark.parametrize("stream", [0, 1])
def test_stop_ends_every_wait_at_once(probe, behaviour, stream):
    with FaultServer({"/x": behaviour}) as server:
        command = [probe.binary, "allow_private=1", "allow_http=1", f"stream={stream}", "--", server.url("/x")]
        child = subprocess.Popen(command, stdout=subprocess.PIPE)
        deadline = time.monotonic() + 10
        while not server.requests and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.1)
        start = time.monotonic()
        child.send_signal(signal.SIGTERM)
        out, _ = child.communicate(timeout=10)
        assert time.monotonic() - start < 1.0
        assert json.loads(out.splitlines()[0])["rc"] == "cancelled"


# Rate, methods, proxies

def test_rate_is_kept(probe):
    with FaultServer({"/x": Answer(OK)}) as server:
        got = probe("allow_private=1", "allow_http=1", "rate_per_minute=600", *[server.url("/x")] * 21, lines=True)
        assert all(g["rc"] == "ok" for g in got)
        span = server.requests[-1].time - server.requests[0].time
        assert span >= 1.0, span  # 600 a minute, of which ten may come at once: eleven waits of 0.1 s


@pytest.mark.parametrize("method, body, sent", [("GET", None, None), ("POST", "a=1", "3"), ("PUT", "x" * 2_000, "2000"), ("POST", None, "0"),
                                                ("PUT", "", "0"), ("DELETE", None, None), ("HEAD", None, None)])
def test_methods_and_bodies(probe, method, body, sent):
    arguments = [f"method={method}"] + ([f"body={body}"] if body is not None else [])
    got, requests = fetch(probe, Answer(OK), *arguments)
    assert got["rc"] == "ok" and requests[0].method == method and requests[0].body == (body or "").encode()
    assert requests[0].header("Content-Length") == sent
    assert requests[0].header("Content-Type") is None and requests[0].header("Expect") is None
    assert requests[0].header("User-Agent").startswith("finetl/") and requests[0].header("Cookie") is None
    assert got["n_body"] == (0 if method == "HEAD" else len(OK))


@pytest.mark.parametrize("header", ["X-A: b\r\nX-Evil: 1", "X\r\nY: a", "X-A: b\nc", ": a", "X Y: a"])
def test_headers_cannot_be_smuggled_in(probe, header):
    got, requests = fetch(probe, Answer(OK), f"header={header}")
    assert got["rc"] == "usage" and not requests


def test_cookies_and_netrc_are_left_alone(probe, tmp_path):
    (tmp_path / ".netrc").write_text("machine localhost login me password s3cret\n")
    with FaultServer({"/x": Answer(OK, headers=[("Set-Cookie", "a=b")])}) as server:
        probe(*HTTP, server.url("/x"), server.url("/x"), env={"HOME": str(tmp_path), "CURL_HOME": str(tmp_path)}, lines=True)
        assert all(r.header("Cookie") is None and r.header("Authorization") is None for r in server.requests)


def test_proxy_is_the_environments_and_not_for_this_machine(probe):
    with FaultServer({"*": Answer(b"by proxy")}) as proxy, FaultServer({"/x": Answer(b"direct")}) as server:
        env = {"http_proxy": proxy.url("")}
        assert probe("allow_http=1", "http://data.example/x", env=env)["body"] == "by proxy"
        assert proxy.requests[-1].target == "http://data.example/x"
        assert probe("allow_http=1", "http://data.example/x", env={"HTTP_PROXY": proxy.url("")})["body"] == "by proxy"
        assert probe(*HTTP, server.url("/x"), env=env)["body"] == "direct"
        for none in ("data.example", ".example", "*", "x,example", "data.example:80"):
            got = probe("allow_http=1", quick(1), "connect_timeout_ms=300", "http://data.example/x", env={**env, "NO_PROXY": none})
            assert got["rc"] == "unavailable", (none, got)
        got = probe("allow_http=1", quick(1), "connect_timeout_ms=300", "http://data.example/x", env={"ALL_PROXY": proxy.url("")})
        assert got["rc"] == "unavailable", got  # not a variable that is asked
        for other in ("ample", "data.example:81", "other"):
            assert probe("allow_http=1", "http://data.example/x", env={**env, "NO_PROXY": other})["body"] == "by proxy"
        got = probe("allow_http=1", "http://10.0.0.1/x", env=env)
        assert got["rc"] == "denied" and "private" in got["error"]


def test_proxy_carries_tls_and_its_own_headers_are_not_the_answers(probe, authority):
    context = tls_context(*authority.leaf("far", hosts="DNS:data.example"))
    with FaultServer({"/x": Answer(OK), "/cut": cut_without_goodbye(Answer(OK, length=None))}, tls=context) as server:
        with FaultServer({"*": tunnel(server.port)}) as proxy:
            env, trust = {"https_proxy": proxy.url("")}, f"ca_file={authority.crt}"
            for stream in ("stream=0", "stream=1"):
                got = probe(trust, stream, "bearer=abc", "https://data.example/x", env=env)
                assert got["body"] == OK.decode() and "X-Proxy" not in str(got["headers"]), got
                got = probe(trust, stream, quick(1), "https://data.example/cut", env=env)
                assert got["rc"] == "unavailable" and "cut short" in got["error"], got
            assert proxy.requests[0].target == "data.example:443" and proxy.requests[0].header("Authorization") is None
            got = probe(trust, quick(1), "https://other.example/x", env=env)
            assert got["rc"] == "denied", got  # the name is the server's to prove, behind a proxy, too
        with FaultServer({"*": status(407)}) as proxy:
            got = probe(quick(1), "https://data.example/x", env={"https_proxy": proxy.url("")})
            assert got["rc"] in ("denied", "unavailable") and "407" in got["error"], got


def test_stream_follows_redirects_and_signs_each_try(probe):
    with FaultServer({"/a": redirect("/b"), "/b": [status(503), status(401), Answer(OK)], "/token": [token("t1"), token("t2")]}) as server:
        got = probe(*HTTP[:2], "stream=1", "max_redirects=2", *OAUTH, f"token_url={server.url('/token')}", server.url("/a"))
        assert got["rc"] == "ok" and got["body"] == OK.decode(), got
        assert [r.header("Authorization") for r in server.requests if r.path == "/b"] == ["Bearer t1", "Bearer t1", "Bearer t2"]


# Authentication

def test_auth_bearer_basic_and_api_key(probe):
    _, requests = fetch(probe, Answer(OK), "bearer=abc")
    assert requests[0].header("Authorization") == "Bearer abc"
    _, requests = fetch(probe, Answer(OK), "basic=zoë:pä:ss")
    assert requests[0].header("Authorization") == "Basic " + base64.b64encode("zoë:pä:ss".encode()).decode()
    _, requests = fetch(probe, Answer(OK), "api_key=X-Api-Key:k1")
    assert requests[0].header("X-Api-Key") == "k1"
    got = probe("bearer=a\nb", "https://example.com/")
    assert got["rc"] == "usage"


def token_server(*answers, api=None):
    return FaultServer({"/token": list(answers), "/x": api or Answer(OK)})


def token(text, expires_in=3600, **more):
    return Answer(json.dumps({"access_token": text, "token_type": "bearer", "expires_in": expires_in, **more}))


OAUTH = ("client_id=me:1", "client_secret=s3cret/+")


def test_oauth2_token_is_fetched_once_and_sent(probe):
    with token_server(token("t1"), token("t2")) as server:
        got = probe(*HTTP[:2], *OAUTH, "scope=read write", f"token_url={server.url('/token')}", *[server.url("/x")] * 3, lines=True)
        assert [g["rc"] for g in got] == ["ok"] * 3, got
        asked = [r for r in server.requests if r.path == "/token"]
        assert len(asked) == 1 and asked[0].method == "POST"
        assert dict(urllib.parse.parse_qsl(asked[0].body.decode())) == {"grant_type": "client_credentials", "scope": "read write"}
        assert asked[0].header("Authorization") == "Basic " + base64.b64encode(b"me%3A1:s3cret%2F%2B").decode()
        assert {r.header("Authorization") for r in server.requests if r.path == "/x"} == {"Bearer t1"}


def test_oauth2_secret_goes_into_the_body_where_that_is_wanted(probe):
    with token_server(token("t1")) as server:
        assert probe(*HTTP, *OAUTH, "secret_in_body=1", f"token_url={server.url('/token')}", server.url("/x"))["rc"] == "ok"
        assert server.requests[0].header("Authorization") is None
        sent = dict(urllib.parse.parse_qsl(server.requests[0].body.decode()))
        assert sent == {"grant_type": "client_credentials", "client_id": "me:1", "client_secret": "s3cret/+"}


def test_oauth2_token_is_renewed_before_it_ends(probe):
    # A thousand seconds in one: a token of 100 s is renewed at 50 s; each answer takes 0.1 s.
    with token_server(token("t1", 100), token("t2", 1000000), api=late(Answer(OK), 0.1)) as server:
        got = probe(*HTTP, *OAUTH, f"token_url={server.url('/token')}", *[server.url("/x")] * 3, lines=True)
        assert [g["rc"] for g in got] == ["ok"] * 3
        assert [r.header("Authorization") for r in server.requests if r.path == "/x"] == ["Bearer t1", "Bearer t2", "Bearer t2"]


def test_oauth2_token_is_renewed_once_after_401(probe):
    with token_server(token("t1"), token("t2"), api=[status(401), Answer(OK)]) as server:
        assert probe(*HTTP[:2], *OAUTH, f"token_url={server.url('/token')}", server.url("/x"))["rc"] == "ok"
        assert [r.header("Authorization") for r in server.requests if r.path == "/x"] == ["Bearer t1", "Bearer t2"]
    with token_server(token("t1"), token("t2"), api=status(401)) as server:
        got = probe(*HTTP[:2], *OAUTH, f"token_url={server.url('/token')}", server.url("/x"))
        assert got["rc"] == "denied" and got["foreign"] == "401" and len([r for r in server.requests if r.path == "/x"]) == 2


@pytest.mark.parametrize("answer, rc, said", [
    (status(401, body=b'{"error": "invalid_client", "error_description": "s3cret/+ is wrong"}'), "denied", "invalid_client"),
    (status(400, body=b'{"error": "invalid_scope"}'), "denied", "invalid_scope"), (status(503), "unavailable", "503"),
    (Answer(b"<html>"), "data", "RFC 6749"), (Answer(b"{}"), "data", "none"), (Answer(b""), "data", "RFC 6749"),
    (Answer(b'{"access_token": "a\\nb"}'), "data", "sent"), (Answer(b'{"access_token": "a", "token_type": "mac"}'), "data", "Bearer"),
    (Answer(b'{"access_token": "a", "access_token": "b"}'), "data", "RFC 6749")])
def test_oauth2_no_token_says_why_without_secrets(probe, answer, rc, said):
    with token_server(answer) as server:
        got = probe(*HTTP, quick(2), *OAUTH, f"token_url={server.url('/token')}", server.url("/x"))
        assert got["rc"] == rc and said in got["error"] and "s3cret" not in got["error"], got
        assert not [r for r in server.requests if r.path == "/x"]


def test_hmac_signs_what_is_sent_at_each_try(probe):
    template = "{method}\n{path}\n{query}\n{timestamp}\n{body_sha256}"
    settings = ["hmac=k3y", f"sign={template}", "signature_header=X-Sign", "timestamp_header=X-Time"]
    with FaultServer({"/x": [status(503), Answer(OK)]}) as server:
        url = server.url("/x?a=1&b=%20")
        assert probe(*HTTP, *settings, "method=POST", "body=hello", url)["rc"] == "ok"
        for r in server.requests:
            text = f"POST\n/x\na=1&b=%20\n{r.header('X-Time')}\n{hashlib.sha256(b'hello').hexdigest()}"
            assert r.header("X-Sign") == hmac.new(b"k3y", text.encode(), "sha256").hexdigest()
        assert abs(int(server.requests[0].header("X-Time")) - time.time()) < 3600
    got = probe("hmac=k", "sign={secret}", "signature_header=X", "https://example.com/")
    assert got["rc"] == "usage" and "body_sha256" in got["error"]


def test_many_clients_at_once_each_get_their_own_answers(probe):
    with FaultServer({"/*": lambda r: Answer(r.path)}) as server:
        results = []
        threads = [threading.Thread(target=lambda i=i: results.append(
            (i, [g["body"] for g in probe(*HTTP, *[server.url(f"/{i}/{j}") for j in range(10)], lines=True)]))) for i in range(4)]
        [t.start() for t in threads]
        [t.join() for t in threads]
        assert sorted(results) == [(i, [f"/{i}/{j}" for j in range(10)]) for i in range(4)]
