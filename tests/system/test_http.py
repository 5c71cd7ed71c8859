# SPDX-License-Identifier: Apache-2.0
"""io/http against a server that does everything wrong in turn: tests/unit/io/probe_http.c asks."""

import base64
import gzip
import hashlib
import hmac
import json
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import threading
import time
import urllib.parse
import zlib
from email.utils import formatdate

import pytest
from certificates import Authority
from faultserver import (Answer, Blackhole, FaultServer, cut, cut_without_goodbye, drip, end, hold, late, packed, part_of, raw,
                         redirect, refused_port, reset, stall, status, tls_context, tunnel)

OK = b'{"ok": true}'
HTTP = ("allow_private=1", "allow_http=1", "speed=1000")  # waits between tries pass a thousand times as fast
AGAIN = [408, 425, 429, 500, 502, 503, 504]


@pytest.fixture(scope="session")
def probe():
    binary = pathlib.Path(os.environ.get("FINETL_BUILD", "build")).resolve() / "tests" / "unit" / "io" / "probe_http"
    if not binary.exists():
        pytest.fail(f"there is no {binary}; build it, or set FINETL_BUILD")

    def ask(*arguments, env=None, lines=None, timeout=60):
        """Settings first, then URLs; what came of the first of these, or of all (lines)."""
        clean = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        first_url = next(i for i, word in enumerate(arguments) if "://" in str(word).split("=")[0] or word == "--")
        arguments = [*arguments[:first_url], "--", *arguments[first_url + (arguments[first_url] == "--"):]]
        done = subprocess.run([binary, *map(str, arguments)], capture_output=True, timeout=timeout, env={**clean, **(env or {})},
                              check=False)
        assert done.returncode == 0, done.stderr.decode(errors="replace")
        found = [json.loads(line) for line in done.stdout.splitlines()]
        return found if lines else found[0]

    ask.binary = binary
    return ask


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("certificates") / "ca")


@pytest.fixture(scope="session")
def good(authority):
    return authority.leaf("good")


@pytest.fixture(scope="session")
def tls(authority, good):
    """(how a server is made, how the probe is told to trust it)"""
    return tls_context(*good), ("allow_private=1", "speed=1000", f"ca_file={authority.crt}")


RESOLVER = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Names that end in .slow are never found; those of .near are this machine. */
int getaddrinfo(const char *host, const char *port, const struct addrinfo *hints, struct addrinfo **found)
{
	int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **) = dlsym(RTLD_NEXT, "getaddrinfo");
	const char *dot = host ? strrchr(host, '.') : NULL;
	if (dot && strcmp(dot, ".slow") == 0)
		sleep(20);
	return real(dot && strcmp(dot, ".near") == 0 ? getenv("NEAR") : host, port, hints, found);
}
"""


@pytest.fixture(scope="session")
def resolver(tmp_path_factory):
    """The environment that puts names of the tests before those of the system."""
    folder = tmp_path_factory.mktemp("resolver")
    (folder / "resolver.c").write_text(RESOLVER)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", "resolver.so", "resolver.c"], cwd=folder, check=True)
    # The sanitizer wants to be the first that is loaded; here it need not be.
    asan = os.environ.get("ASAN_OPTIONS", "")
    return {"LD_PRELOAD": str(folder / "resolver.so"), "ASAN_OPTIONS": f"{asan}:verify_asan_link_order=0".lstrip(":")}


def fetch(probe, behaviour, *arguments, path="/x"):
    """What comes of asking for it, and the server's requests."""
    with FaultServer({path: behaviour}) as server:
        return probe(*HTTP, *arguments, server.url(path)), server.requests


def quick(n_tries=2):
    return f"max_tries={n_tries}"


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


# F53: redirects and addresses

def test_f53_redirect_is_refused_by_the_name_of_where_it_leads(probe):
    got, requests = fetch(probe, redirect("https://elsewhere.example/login?token=s3cret"))
    assert got["rc"] == "denied" and got["foreign"] == "302" and len(requests) == 1
    assert "https://elsewhere.example/login?token=***" in got["error"] and "s3cret" not in got["error"]


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_f53_redirect_is_followed_as_far_as_allowed(probe, code):
    routes = {f"/{i}": redirect(f"/{i + 1}", code) for i in range(30)} | {"/3": Answer(OK)}
    with FaultServer(routes) as server:
        assert probe(*HTTP, "max_redirects=3", server.url("/0"))["body"] == OK.decode()
        got = probe(*HTTP, "max_redirects=2", server.url("/0"))
        assert got["rc"] == "denied" and "too many redirects" in got["error"], got
    routes["/3"] = redirect("/4", code)
    with FaultServer(routes) as server:
        assert probe(*HTTP, "max_redirects=19", server.url("/0"))["rc"] == "denied"
        assert len(server.requests) == 20


def test_f53_redirect_loop_ends(probe):
    with FaultServer({"/a": redirect("/b"), "/b": redirect("/a")}) as server:
        got = probe(*HTTP, "max_redirects=5", server.url("/a"))
        assert got["rc"] == "denied" and len(server.requests) == 6


@pytest.mark.parametrize("to", ["file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1/", "dict://127.0.0.1:11211/stat",
                                "smb://host/share", "http://", "https://[::1", "javascript:alert(1)", ""])
def test_f53_redirect_to_another_scheme_or_nonsense_is_refused(probe, to):
    got, requests = fetch(probe, redirect(to), "max_redirects=5")
    assert got["rc"] in ("usage", "data", "denied") and len(requests) <= 6, got


def test_f53_redirect_from_https_to_http_is_refused_even_where_http_is_allowed(probe, tls):
    context, trust = tls
    with FaultServer({"/x": Answer(OK)}) as plain, FaultServer({"/x": redirect(plain.url("/x"))}, tls=context) as server:
        got = probe(*trust, "allow_http=1", "max_redirects=5", server.url("/x"))
        assert got["rc"] == "denied" and "from https to what is not" in got["error"] and not plain.requests, got


@pytest.mark.parametrize("arguments", [["bearer=s3cret-token"], ["header=Authorization: Basic c2VjcmV0"], ["header=X-Api-Key: s3cret"],
                                       ["header=Cookie: session=s3cret"], ["api_key=X-Key:s3cret"], ["basic=u:s3cret"]])
def test_f53_credentials_never_go_to_another_host(probe, arguments):
    with FaultServer({"/x": Answer(OK)}) as other:
        with FaultServer({"/x": redirect(other.url("/x", host="127.0.0.1")), "/near": redirect("/x")}) as server:
            got = probe(*HTTP, "max_redirects=5", "header=Accept: text/csv", *arguments, server.url("/near"))
            name = arguments[0].split("=")[1].split(":")[0] if arguments[0][0] in "ah" else "Authorization"
            assert [r.header(name) is not None for r in server.requests] == [True, True]  # the same origin
    assert got["rc"] == "ok" and len(other.requests) == 1
    sent = other.requests[0]
    assert "s3cret" not in str(sent.headers) and sent.header(name) is None and sent.header("Accept") == "text/csv"


def test_f53_credentials_in_a_url_are_not_taken_along(probe):
    with FaultServer({"/x": Answer(OK)}) as other:
        with FaultServer({"/x": redirect(other.url("/x", host="127.0.0.1"))}) as server:
            got = probe(*HTTP, "max_redirects=5", server.url("/x").replace("http://", "http://alice:w0nder@"))
            assert server.requests[0].header("Authorization") == "Basic " + base64.b64encode(b"alice:w0nder").decode()
    assert got["rc"] == "ok" and other.requests[0].header("Authorization") is None


def test_f53_post_is_repeated_by_307_made_a_get_by_303_and_refused_by_302(probe):
    for code, method, body in ((307, "POST", b"q=1"), (308, "POST", b"q=1"), (303, "GET", b"")):
        with FaultServer({"/a": redirect("/b", code), "/b": Answer(OK)}) as server:
            assert probe(*HTTP, "max_redirects=1", "method=POST", "body=q=1", server.url("/a"))["rc"] == "ok"
            assert (server.requests[1].method, server.requests[1].body) == (method, body)
    got, _ = fetch(probe, redirect("/b", 302), "max_redirects=1", "method=POST", "body=q=1")
    assert got["rc"] == "denied"


PRIVATE = ["127.0.0.1", "localhost", "localhost.", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0", "0.0.0.0", "[::1]", "[::]",
           "[::ffff:127.0.0.1]", "[0:0:0:0:0:ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "169.254.169.254",
           "0xa9fea9fe", "2852039166", "0251.0376.0251.0376", "[::ffff:a9fe:a9fe]", "[fd00:ec2::254]", "[fe80::1]", "169.254.170.2",
           "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "198.18.0.1", "224.0.0.1", "255.255.255.255",
           "240.0.0.1", "[ff02::1]", "[fc00::1]", "[fec0::1]", "[2001:db8::1]", "192.0.2.1"]


@pytest.mark.parametrize("host", PRIVATE)
def test_f53_private_address_in_any_form_is_refused(probe, host):
    got = probe("connect_timeout_ms=300", quick(1), f"https://{host}/latest/meta-data/")
    assert got["rc"] == "denied" or (got["rc"] == "unavailable" and "not found" in got["error"]), got


@pytest.mark.parametrize("host", ["127.0.0.1", "169.254.169.254", "[::ffff:127.0.0.1]", "0x7f.1", "2852039166"])
def test_f53_redirect_to_a_private_address_is_refused(probe, host):
    # The first hop is by a proxy of ours, which an environment names: so only the second is refused.
    with FaultServer({"/x": redirect(f"http://{host}/secret"), "http*": redirect(f"http://{host}/secret")}) as proxy:
        env = {"http_proxy": proxy.url("")}
        got = probe("allow_http=1", "max_redirects=3", quick(1), "http://public.example/x", env=env)
        assert got["rc"] == "denied" and "allow_private" in got["error"] and len(proxy.requests) == 1, got


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "169.254.169.254", "10.1.2.3", "::ffff:192.168.0.1"])
def test_f53_public_name_of_a_private_address_is_refused_at_the_socket(probe, resolver, address):
    env = {**resolver, "NEAR": address}
    got = probe(quick(1), "connect_timeout_ms=300", "https://bank.near/", env=env)
    assert got["rc"] == "denied" and "allow_private" in got["error"], got


def test_f53_private_address_behind_a_name_is_reached_where_that_is_allowed(probe, resolver, authority):
    context = tls_context(*authority.leaf("near", hosts="DNS:bank.near"))
    with FaultServer({"/x": Answer(OK)}, tls=context) as server:
        url, trust = server.url("/x", host="bank.near"), f"ca_file={authority.crt}"
        assert probe("allow_private=1", trust, url, env={**resolver, "NEAR": "127.0.0.1"})["body"] == OK.decode()
        got = probe(trust, quick(1), url, env={**resolver, "NEAR": "127.0.0.1"})
        assert got["rc"] == "denied" and len(server.requests) == 1


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


@pytest.mark.parametrize("url, rc", [("http://example.com/", "usage"), ("file:///etc/passwd", "usage"), ("ftp://example.com/", "usage"),
                                     ("https://", "usage"), ("https://exa mple/", "usage"), ("https://example.com/a b", "usage"),
                                     ("https://example.com/\n", "usage"), ("//example.com/", "usage"), ("example.com", "usage"),
                                     ("https://[::1", "usage"), ("https://host:99999/", "usage"), ("gopher://x/", "usage")])
def test_f53_only_https_urls_are_asked(probe, url, rc):
    got = probe("--", url)
    assert got["rc"] == rc, got


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


# F55: TLS

def refused(probe, context, *arguments):
    with FaultServer({"/x": Answer(OK)}, tls=context) as server:
        got = probe("allow_private=1", "speed=1000", *arguments, server.url("/x"))
        assert not server.requests and got["n_body"] == 0
        return got


def test_f55_good_certificate_is_taken(probe, tls):
    context, trust = tls
    with FaultServer({"/x": Answer(OK)}, tls=context) as server:
        assert probe(*trust, server.url("/x"))["body"] == OK.decode()
        env = {"SSL_CERT_FILE": trust[2].split("=")[1]}
        assert probe(*trust[:2], server.url("/x"), env=env)["body"] == OK.decode()


def test_f55_unknown_authority_is_denied(probe, good):
    got = refused(probe, tls_context(*good))
    assert got["rc"] == "denied" and "certificate" in got["error"], got


@pytest.mark.parametrize("kind", ["expired", "not_yet_valid", "self_signed"])
def test_f55_bad_certificate_is_denied(probe, authority, kind):
    got = refused(probe, tls_context(*getattr(authority, kind)()), f"ca_file={authority.crt}")
    assert got["rc"] == "denied" and "certificate" in got["error"], got


def test_f55_certificate_of_another_name_is_denied(probe, authority):
    pair = authority.leaf("other", hosts="DNS:bank.example")
    got = refused(probe, tls_context(*pair), f"ca_file={authority.crt}")
    assert got["rc"] == "denied" and "localhost" in got["error"], got


def test_f55_revoked_certificate_is_denied_where_a_list_is_given(probe, authority):
    pair, crl = authority.revoked()
    got = refused(probe, tls_context(*pair), f"ca_file={authority.crt}", f"crl_file={crl}")
    assert got["rc"] == "denied" and "revoked" in got["error"], got


@pytest.mark.parametrize("options", [
    dict(minimum_version=ssl.TLSVersion.TLSv1, maximum_version=ssl.TLSVersion.TLSv1, ciphers="ALL:@SECLEVEL=0"),
    dict(minimum_version=ssl.TLSVersion.TLSv1_1, maximum_version=ssl.TLSVersion.TLSv1_1, ciphers="ALL:@SECLEVEL=0"),
    dict(maximum_version=ssl.TLSVersion.TLSv1_2, ciphers="eNULL:@SECLEVEL=0"),
    dict(maximum_version=ssl.TLSVersion.TLSv1_2, ciphers="aNULL:@SECLEVEL=0")], ids=["tls1.0", "tls1.1", "null_cipher", "anonymous"])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_f55_old_protocol_or_weak_cipher_is_refused(probe, authority, good, options):
    got = refused(probe, tls_context(*good, **options), f"ca_file={authority.crt}")
    assert got["rc"] == "denied" and "1.2 at least" in got["error"], got


def test_f55_handshake_that_breaks_off_is_tried_again_and_one_that_is_no_tls_is_not(probe):
    n_taken = 0

    def serve(listener, answer):
        nonlocal n_taken
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            n_taken += 1
            sock.recv(100)
            sock.sendall(answer)
            sock.close()

    for answer, rc, n_tries in ((b"", "unavailable", 3), (b"HTTP/1.1 400 Bad Request\r\n\r\n", "denied", 1)):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            n_taken = 0
            threading.Thread(target=serve, args=(listener, answer), daemon=True).start()
            got = probe("allow_private=1", "speed=1000", quick(3), f"https://127.0.0.1:{listener.getsockname()[1]}/")
            listener.shutdown(socket.SHUT_RDWR)
        assert got["rc"] == rc and n_taken == n_tries, got


def test_f55_tls_1_2_is_taken(probe, tls, good):
    context = tls_context(*good, maximum_version=ssl.TLSVersion.TLSv1_2)
    with FaultServer({"/x": Answer(OK)}, tls=context) as server:
        assert probe(*tls[1], server.url("/x"))["rc"] == "ok"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_f55_end_without_close_notify_is_a_cut_body(probe, tls, good, version):
    context = tls_context(*good, maximum_version=version)
    answer = Answer(b"abc" * 100, length=None)
    with FaultServer({"/cut": cut_without_goodbye(answer), "/whole": answer}, tls=context) as server:
        for stream in ("stream=0", "stream=1"):
            got = probe(*tls[1], quick(1), stream, server.url("/cut"))
            assert got["rc"] == "unavailable" and "cut short" in got["error"], got
            assert probe(*tls[1], stream, server.url("/whole"))["body"] == "abc" * 100


def test_f55_plain_http_where_tls_is_spoken_is_refused(probe):
    with FaultServer({"/x": Answer(OK)}) as server:
        got = probe("allow_private=1", quick(1), "connect_timeout_ms=500", server.url("/x").replace("http:", "https:"))
        assert got["rc"] == "unavailable" and not server.requests, got


def test_f55_missing_authorities_are_said_at_once(probe):
    got = probe("ca_file=/nowhere/ca.pem", "https://example.com/")
    assert got["rc"] == "usage" and "/nowhere/ca.pem" in got["error"]


def test_f55_tls_keys_are_not_written_where_the_environment_says(probe, tls, tmp_path):
    context, trust = tls
    with FaultServer({"/x": Answer(OK)}, tls=context) as server:
        assert probe(*trust, server.url("/x"), env={"SSLKEYLOGFILE": str(tmp_path / "keys")})["rc"] == "ok"
    assert not (tmp_path / "keys").exists()


# F57: what is whole HTTP but not what was meant is handed over as it is: its type and bytes, unchanged

@pytest.mark.parametrize("body, content_type", [
    (b"<html><form action=/login></html>", "text/html"), (b'{"error": {"code": 17}}', "application/json"), (b"", "application/json"),
    (b"\xef\xbb\xbf{}", "application/json"), ('{"name": "Zoë"}'.encode("latin-1"), "application/json; charset=utf-8")],
    ids=["login_page", "error_object", "empty", "bom", "wrong_charset"])
def test_f57_body_and_type_reach_the_reader_unchanged(probe, body, content_type):
    got, _ = fetch(probe, Answer(body, content_type=content_type))
    assert got["rc"] == "ok" and got["sha256"] == hashlib.sha256(body).hexdigest()
    assert not body or ["Content-Type", content_type] in got["headers"]


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
