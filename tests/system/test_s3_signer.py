# SPDX-License-Identifier: Apache-2.0
"""io/sigv4 against botocore's signer, on requests made at random."""

import datetime
import os
import pathlib
import random
import subprocess
import urllib.parse

from finetl import absent

try:
    import botocore.auth
    import botocore.awsrequest
    import botocore.credentials
except ImportError:
    botocore = None

N_REQUESTS = 5000
WORDS = ["a", "b c", "x+y", "%", "%41", "=", ":", "@", "~", "'", '"', "é", "日本", "&", ";", "*", "(1)", "..", ".", "", "-_."]


def random_request(chance):
    service = chance.choice(["s3", "execute-api", "sts"])
    host = chance.choice(["b.s3.eu-west-1.amazonaws.com", "127.0.0.1:9000", "h.example:443", "[::1]:81", "h.example"])
    quote = urllib.parse.quote
    path = "/".join(quote(chance.choice(WORDS), safe="~") for _ in range(chance.randrange(5)))
    query = "&".join(quote(chance.choice(WORDS) or "n", safe="~") + "=" * (chance.random() < 0.8) + quote(chance.choice(WORDS), safe="~")
                     for _ in range(chance.randrange(4)))
    headers = [(name, chance.choice(["v", " two  words ", "tab\there", "bytes=0-9"]))
               for name in chance.sample(["Range", "If-Match", "x-amz-meta-A", "Content-Type", "X-Thing"], chance.randrange(4))]
    url = f"https://{host}/{path}" + (f"?{query}" if query else "")
    method = chance.choice(["GET", "PUT", "POST", "DELETE", "HEAD"])
    return service, method, url, headers, chance.choice(["", "body", "é" * 10])


def expected(service, method, url, headers, body, token, now):
    keys = botocore.credentials.Credentials("AKID", "SEC/RET+x", token)
    cls = botocore.auth.S3SigV4Auth if service == "s3" else botocore.auth.SigV4Auth
    signer = cls(keys, service, "eu-west-1")
    request = botocore.awsrequest.AWSRequest(method=method, url=url, headers=dict(headers), data=body.encode())
    request.context.update({"timestamp": now.strftime("%Y%m%dT%H%M%SZ"), "client_config": None, "payload_signing_enabled": True})
    request.headers["X-Amz-Date"] = request.context["timestamp"]
    if token:
        request.headers["X-Amz-Security-Token"] = token
    if service == "s3":
        request.headers["X-Amz-Content-SHA256"] = signer.payload(request)
    canonical = signer.canonical_request(request)
    signature = signer.signature(signer.string_to_sign(request, canonical), request)
    names = signer.signed_headers(signer.headers_to_sign(request))
    return f"AWS4-HMAC-SHA256 Credential={signer.scope(request)}, SignedHeaders={names}, Signature={signature}"


def test_s1_signer_agrees_with_botocore_on_random_requests():
    if botocore is None:
        absent("botocore is not installed; ./test does")
    probe = pathlib.Path(os.environ.get("FINETL_BUILD", "build")).resolve() / "tests" / "unit" / "io" / "probe_s3"
    chance, lines, wanted = random.Random(5), [], []
    for _ in range(N_REQUESTS):
        service, method, url, headers, body = random_request(chance)
        token = chance.choice(["", "TOKEN//x=="])
        now = datetime.datetime(2026, 1, 1) + datetime.timedelta(seconds=chance.randrange(10**8))
        fields = [now.strftime("%Y-%m-%dT%H:%M:%SZ"), service, "eu-west-1", "AKID", "SEC/RET+x", token, method, url, str(len(headers)),
                  *(part for header in headers for part in header), body]
        lines.append(" ".join(field.encode().hex() for field in fields))
        wanted.append((expected(service, method, url, headers, body, token, now), url))
    done = subprocess.run([probe, "sign"], input="\n".join(lines) + "\n", text=True, capture_output=True, check=True)
    got = done.stdout.splitlines()
    assert len(got) == N_REQUESTS
    for answer, (want, url) in zip(got, wanted, strict=True):
        assert answer == want, url
