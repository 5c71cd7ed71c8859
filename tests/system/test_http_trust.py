# SPDX-License-Identifier: Apache-2.0
"""Faults of HTTP by name, F53 and F55: whom to ask, where to be led, and whether it is them."""

import base64
import socket
import ssl
import threading

import pytest
from faultserver import Answer, FaultServer, cut_without_goodbye, redirect, tls_context
from httpprobe import HTTP, OK, fetch, quick
from httpprobe import authority, good, probe, resolver, tls  # noqa: F401  (fixtures)

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


@pytest.mark.parametrize("url, rc", [("http://example.com/", "usage"), ("file:///etc/passwd", "usage"), ("ftp://example.com/", "usage"),
                                     ("https://", "usage"), ("https://exa mple/", "usage"), ("https://example.com/a b", "usage"),
                                     ("https://example.com/\n", "usage"), ("//example.com/", "usage"), ("example.com", "usage"),
                                     ("https://[::1", "usage"), ("https://host:99999/", "usage"), ("gopher://x/", "usage")])
def test_f53_only_https_urls_are_asked(probe, url, rc):
    got = probe("--", url)
    assert got["rc"] == rc, got


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
