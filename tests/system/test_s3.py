# SPDX-License-Identifier: Apache-2.0
"""Objects of S3 as input and output, on two servers that check signatures, and with a proxy between that breaks things."""

import base64
import contextlib
import datetime
import hashlib
import json
import os
import pathlib
import random
import signal
import subprocess
import time

import pytest

from finetl import ROOT, RUN_TIME, absent, peak_rss_kib, write_pipeline

try:
    import s3servers
    from faultserver import cut, reset
    from s3servers import Proxy, error
except ImportError:
    s3servers = Proxy = error = None

MIB = 1 << 20
CUSTOMERS = "customer_id,customer_name,registration_date,customer_tier,email,is_active\n"
NASTY_KEYS = ["a b", "a+b", "100%", "%41", "a=b", "a:b", "a@b", "~a", "it's", 'say "x"', "naïve-ключ-鍵", "a//b", "/lead", "..", "../up",
              "a/../b", "a/./b", "a\nb", "tab\tb", "(a)[b]{c}", "a&b;c,d", "a?b#c", "back\\slash", "*", "k" * 1024, "é" * 512]


class Probe:
    def __init__(self, env):
        self.binary = pathlib.Path(os.environ.get("FINETL_BUILD", "build")).resolve() / "tests" / "unit" / "io" / "probe_s3"
        self.env = env

    def __call__(self, *arguments, stdin=b"", env=None, timeout=120):
        return subprocess.run([self.binary, *arguments], input=stdin, capture_output=True, env=self.env | (env or {}), timeout=timeout)

    def start(self, *arguments):
        return subprocess.Popen([self.binary, *arguments], env=self.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


class Place:
    """A bucket of its own on a server, and a probe that uses it."""

    def __init__(self, server, bucket, tmp_path):
        self.server, self.bucket, self.tmp_path = server, bucket, tmp_path
        self.client = server.client()
        self.client.create_bucket(Bucket=bucket)
        self.env = server.env(TMPDIR=str(tmp_path))
        self.probe = Probe(self.env)

    def put(self, key, body):
        return self.client.put_object(Bucket=self.bucket, Key=key, Body=body)

    def get(self, key):
        return self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read()

    def url(self, key):
        return f"s3://{self.bucket}/{key}"

    def uploads(self):
        return self.client.list_multipart_uploads(Bucket=self.bucket).get("Uploads", [])

    def through(self, fault=lambda request: None, after=lambda request, answer: answer):
        """A proxy before the server, and a probe that goes through it."""
        proxy = Proxy(self.server, fault, after)
        return proxy, Probe(self.env | {"AWS_ENDPOINT_URL": proxy.endpoint})


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    if s3servers is None:
        absent("moto and boto3 are not installed; ./test does")
    folder, started = tmp_path_factory.mktemp("s3"), {}

    def get(kind):
        if kind not in started:
            log = open(folder / f"{kind}.log", "w", encoding="utf-8")
            start = {"moto": s3servers.start_moto, "gofakes3": s3servers.start_gofakes3,
                     "pages of 7": lambda log: s3servers.start_moto(log, MOTO_S3_DEFAULT_MAX_KEYS="7")}
            started[kind] = start[kind](log)
        return started[kind]

    yield get
    for server in started.values():
        server.stop()


@pytest.fixture
def place(servers, request, tmp_path):
    return Place(servers("moto"), f"b{abs(hash(request.node.name))}", tmp_path)


@pytest.fixture(params=["moto", "gofakes3"])
def any_place(servers, request, tmp_path):
    return Place(servers(request.param), f"b{abs(hash(request.node.name))}", tmp_path)


def content(n_bytes, seed=1):
    return random.Random(seed).randbytes(n_bytes)


# ---- keys, ranges, versions, listings


@pytest.mark.parametrize("key", NASTY_KEYS, ids=range(len(NASTY_KEYS)))
def test_s1_keys_of_every_kind_are_read_and_written(servers, key, tmp_path):
    # moto's web framework knows no path with a line end
    place = Place(servers("gofakes3" if "\n" in key else "moto"), f"key{NASTY_KEYS.index(key)}", tmp_path)
    place.put(key, b"hello " + key.encode())
    got = place.probe("cat", place.url(key))
    assert got.stdout == b"hello " + key.encode(), got
    if key in ("..", "../up", "*"):
        return  # the client of the test would not write them as they are
    other = key[:-1] + "!"
    put = place.probe("put", place.url(other), stdin=b"again")
    assert put.returncode == 0, put
    assert place.get(other) == b"again"


@pytest.mark.parametrize("key", ["a b+c", "100%/é", "x=1:2@3~'4'"])
def test_s1_keys_on_another_family_of_server(any_place, key):
    assert any_place.probe("put", any_place.url(key), stdin=b"content").returncode == 0
    assert any_place.get(key) == b"content"
    assert any_place.probe("cat", any_place.url(key)).stdout == b"content"


def test_wrong_secret_is_denied_by_name(any_place):
    got = any_place.probe("cat", any_place.url("x"), env={"AWS_SECRET_ACCESS_KEY": "wrong"})
    assert got.returncode == 7, got


@pytest.mark.parametrize("size", [0, 1, 8 * MIB - 1, 8 * MIB, 8 * MIB + 1, 75 * MIB + 12345])
def test_s7_ranged_reads_give_identical_bytes(any_place, size):
    body = content(size)
    any_place.put("big", body)
    got = any_place.probe("cat", any_place.url("big"))
    assert got.returncode == 0, got.stderr
    assert hashlib.sha256(got.stdout).digest() == hashlib.sha256(body).digest()
    assert got.stderr.split()[:3] == [b"id", str(size).encode(), hashlib.sha256(body).hexdigest().encode()]


def test_one_version_is_read_where_it_is_named(place):
    place.client.put_bucket_versioning(Bucket=place.bucket, VersioningConfiguration={"Status": "Enabled"})
    old = place.put("k", b"old")["VersionId"]
    new = place.put("k", b"new")["VersionId"]
    assert place.probe("cat", place.url("k") + f"?versionId={old}").stdout == b"old"
    got = place.probe("cat", place.url("k"))
    assert got.stdout == b"new" and new.encode() in got.stderr


@pytest.mark.parametrize("kind", ["moto", "pages of 7"])
def test_s8_listings_of_many_pages(servers, kind, tmp_path):
    place = Place(servers(kind), "many", tmp_path)
    keys = [f"in/{i:04d} +é.csv" for i in range(2500 if kind == "moto" else 40)] + ["in/deep/x.csv", "in/x.txt", "in/"]
    for key in keys:
        place.put(key, b"" if key.endswith("/") else b"1")
    got = place.probe("list", place.url("in/*.csv"))
    want = sorted(place.url(key).encode() for key in keys if key.endswith("é.csv"))
    assert got.stdout.split(b"\0")[:-1] == want, got.stderr
    deep = place.probe("list", place.url("in/**.csv")).stdout.split(b"\0")[:-1]
    assert deep == sorted([*want, place.url("in/deep/x.csv").encode()])
    assert place.probe("list", place.url("in/00[0-2]? *")).stdout.count(b"\0") == 30
    assert place.probe("list", place.url("none/*")).returncode == 2


def test_listings_agree_on_another_family_of_server(any_place):
    for i in range(30):
        any_place.put(f"p/a b+{i:02d}.csv", b"1")
    got = any_place.probe("list", any_place.url("p/*.csv")).stdout.split(b"\0")[:-1]
    assert got == [any_place.url(f"p/a b+{i:02d}.csv").encode() for i in range(30)]


# ---- S5, F58, F59: what goes wrong


def nth(method, n, instead, part=""):
    """A fault of the n-th request of a method whose target has a part."""
    seen = []

    def fault(request):
        if request.method != method or part not in request.target:
            return None
        seen.append(1)
        return instead if len(seen) == n else None

    return fault


def test_f58_object_replaced_between_head_and_get_is_refused(place):
    place.put("k", b"a" * 1000)

    def replace(request):
        if request.method == "GET":
            place.put("k", b"b" * 1000)

    proxy, probe = place.through(replace)
    with proxy:
        got = probe("cat", place.url("k"))
    assert got.returncode == 3 and b"replaced or deleted" in got.stderr, got
    assert got.stdout in (b"",)


def test_f58_object_replaced_while_ranges_are_read_is_never_mixed(place):
    old, new = content(100 * MIB, 1), content(100 * MIB, 2)
    place.put("k", old)
    proc = place.probe.start("cat", place.url("k"), "700")
    time.sleep(0.4)
    place.put("k", new)
    out, err = proc.communicate(timeout=100)
    assert proc.returncode in (0, 3)
    if proc.returncode == 3:
        assert b"replaced or deleted" in err and out == old[:len(out)]
    else:
        assert out == old  # all of it had been read ahead


def test_f58_delete_marker_is_told(place):
    place.client.put_bucket_versioning(Bucket=place.bucket, VersioningConfiguration={"Status": "Enabled"})
    place.put("k", b"x")
    marker = place.client.delete_object(Bucket=place.bucket, Key="k")["VersionId"]
    assert place.probe("cat", place.url("k")).returncode == 2
    assert place.probe("cat", place.url("k") + f"?versionId={marker}").returncode in (2, 3)


def test_f58_upload_in_progress_is_not_an_object(place):
    place.client.create_multipart_upload(Bucket=place.bucket, Key="k")
    assert place.probe("cat", place.url("k")).returncode == 2
    assert place.probe("list", place.url("*")).returncode == 2


@pytest.mark.parametrize("code,status,exit_code", [("AccessDenied", 403, 7), ("KMS.DisabledException", 400, 7),
                                                   ("InvalidObjectState", 403, 2), ("NoSuchBucket", 404, 2)])
def test_f58_refusals_are_told_by_their_code(place, code, status, exit_code):
    place.put("k", b"x")
    proxy, probe = place.through(lambda request: error(status, code) if request.method == "GET" else None)
    with proxy:
        got = probe("cat", place.url("k"))
    if status == 404:
        assert got.returncode == 3, got  # it was there a moment ago
    else:
        assert got.returncode == exit_code and code.encode() in got.stderr, got


def test_f58_s5_bursts_of_slow_down_are_waited_for(place):
    place.put("k", b"content")
    seen = []

    def fault(request):
        seen.append(1)
        return error(503, "SlowDown") if len(seen) % 3 else None

    proxy, probe = place.through(fault)
    with proxy:
        got = probe("cat", place.url("k"))
        assert got.stdout == b"content", got
        assert probe("put", place.url("new"), stdin=b"x").returncode == 0
    assert len(seen) >= 9


def test_f58_wrong_checksum_is_noticed(place):
    place.put("k", b"content")

    def after(request, answer):
        if request.method == "HEAD":
            answer.headers = [h for h in answer.headers if not h[0].lower().startswith("x-amz-checksum")]
            answer.headers.append(("x-amz-checksum-crc32", "AAAAAA=="))
        return answer

    proxy, probe = place.through(after=after)
    with proxy:
        got = probe("cat", place.url("k"))
    assert got.returncode == 3 and b"CRC-32" in got.stderr, got


def test_f58_right_checksums_agree(place):
    for name in ("SHA256", "CRC32"):
        place.client.put_object(Bucket=place.bucket, Key=name, Body=b"content", ChecksumAlgorithm=name)
        assert place.probe("cat", place.url(name)).stdout == b"content"


@pytest.mark.parametrize("how", ["cut", "reset"])
def test_s5_a_body_that_breaks_goes_on_where_it_broke(place, how):
    body = content(20 * MIB)
    place.put("k", body)
    breaks = []

    def after(request, answer):
        if request.method == "GET" and len(breaks) < 6:
            breaks.append(1)
            return (cut if how == "cut" else reset)(answer, 0.3)
        return answer

    proxy, probe = place.through(after=after)
    with proxy:
        got = probe("cat", place.url("k"))
    assert got.returncode == 0 and got.stdout == body, got.stderr
    assert len(breaks) == 6


def test_s5_a_body_that_always_breaks_at_once_is_unavailable(place):
    place.put("k", content(MIB))
    proxy, probe = place.through(after=lambda request, answer: cut(answer, 10) if request.method == "GET" else answer)
    with proxy:
        assert probe("cat", place.url("k")).returncode == 6


def test_s5_wrong_range_is_refused(place):
    place.put("k", content(MIB))

    def after(request, answer):
        if request.method == "GET":
            answer.headers = [(n, "bytes 1-1048576/1048577") if n.lower() == "content-range" else (n, v) for n, v in answer.headers]
        return answer

    proxy, probe = place.through(after=after)
    with proxy:
        got = probe("cat", place.url("k"))
    assert got.returncode == 3 and b"range" in got.stderr, got


def test_s5_200_with_an_error_on_complete_is_no_success(place):
    body = content(9 * MIB)
    fault = nth("POST", 1, error(200, "InternalError"), "uploadId=")
    proxy, probe = place.through(fault)
    with proxy:
        got = probe("put", place.url("k"), stdin=body)
    assert got.returncode == 0 and place.get("k") == body, got
    proxy, probe = place.through(lambda r: error(200, "AccessDenied") if r.method == "POST" and "uploadId=" in r.target else None)
    with proxy:
        got = probe("put", place.url("other"), stdin=body)
    assert got.returncode == 7, got
    assert not place.uploads()


@pytest.mark.parametrize("status,code", [(412, "PreconditionFailed"), (409, "ConditionalRequestConflict")])
def test_s5_conflicts_are_told(place, status, code):
    proxy, probe = place.through(lambda request: error(status, code) if request.method == "PUT" else None)
    with proxy:
        got = probe("put", place.url("k"), stdin=b"x")
    assert got.returncode == 8 and code.encode() in got.stderr, got


@pytest.mark.parametrize("target", ["cat", "put"])
def test_f59_s5_a_clock_that_is_off_is_mended_once(place, target):
    place.put("k", b"content")
    seen = []

    def fault(request):
        stamp = request.header("x-amz-date")
        signed = datetime.datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
        server = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=20)
        seen.append(request.method)
        if abs((server - signed).total_seconds()) < 300:
            return None
        return error(403, "RequestTimeTooSkewed", ("Date", server.strftime("%a, %d %b %Y %H:%M:%S GMT")))

    proxy, probe = place.through(fault)
    with proxy:
        got = probe("cat", place.url("k")) if target == "cat" else probe("put", place.url("n"), stdin=b"x")
    # moto itself does not mind the clock, but checks the signature over it
    assert got.returncode == 0, got
    assert len([m for m in seen]) <= 5


def test_s5_a_bucket_of_another_region_is_found(place):
    place.put("k", b"content")
    seen = []

    def fault(request):
        scope = request.header("authorization").split("/")[2]
        seen.append(scope)
        if scope != "eu-north-1":
            return error(301, "PermanentRedirect", ("x-amz-bucket-region", "eu-north-1"))
        return None

    proxy, probe = place.through(fault)
    with proxy:
        got = probe("cat", place.url("k"))
    assert got.stdout == b"content", got
    assert seen == ["us-east-1", "eu-north-1", "eu-north-1"]


def test_s5_a_region_that_is_no_region_is_not_followed(place):
    place.put("k", b"content")
    proxy, probe = place.through(lambda r: error(301, "PermanentRedirect", ("x-amz-bucket-region", "evil.example/x")))
    with proxy:
        assert probe("cat", place.url("k")).returncode == 2


def test_a_listing_that_goes_in_a_circle_ends(place):
    page = ("<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>same</NextContinuationToken>"
            "<Contents><Key>a.csv</Key><Size>1</Size></Contents></ListBucketResult>")
    proxy, probe = place.through(lambda request: s3servers.Answer(page, content_type="application/xml"))
    with proxy:
        got = probe("list", place.url("*.csv"), timeout=20)
    assert got.returncode == 3 and b"circle" in got.stderr, got


# ---- S6: uploads


@pytest.mark.parametrize("size", [0, 1, 8 * MIB, 8 * MIB + 1, 30 * MIB + 7])
def test_s6_uploads_of_any_length_are_whole(any_place, size):
    body = content(size)
    got = any_place.probe("put", any_place.url("out/k"), stdin=body)
    assert got.returncode == 0, got
    assert got.stdout.split() == [str(size).encode(), hashlib.sha256(body).hexdigest().encode()]
    assert any_place.get("out/k") == body


@pytest.mark.parametrize("size", [3, 8 * MIB + 1])
def test_s6_what_goes_up_has_the_md5_that_object_lock_asks_for(place, size):
    body, told = content(size), []

    def lock(request):
        if request.method != "PUT":
            return None
        told.append(request.header("Content-MD5"))
        right = base64.b64encode(hashlib.md5(request.body).digest()).decode()
        return None if told[-1] == right else error(400, "InvalidRequest")

    proxy, probe = place.through(lock)
    with proxy:
        got = probe("put", place.url("k"), stdin=body)
    assert got.returncode == 0 and place.get("k") == body and len(told) == 1 + (size > 8 * MIB), got


def test_s6_nothing_is_seen_before_publish_and_a_stop_leaves_no_part(place):
    proc = place.probe.start("put", place.url("k"), "20000")
    proc.stdin.write(content(20 * MIB))
    proc.stdin.close()
    assert proc.stderr.readline() == b"finished\n"
    assert len(place.uploads()) == 1
    with pytest.raises(place.client.exceptions.ClientError):
        place.get("k")
    proc.send_signal(signal.SIGTERM)
    assert proc.wait(10) == 9
    assert not place.uploads()
    with pytest.raises(place.client.exceptions.ClientError):
        place.get("k")


def test_s6_parts_of_a_killed_process_are_aborted_by_the_next(place):
    proc = place.probe.start("put", place.url("k"), "20000")
    proc.stdin.write(content(20 * MIB))
    proc.stdin.close()
    assert proc.stderr.readline() == b"finished\n"
    proc.kill()
    proc.wait(10)
    other = place.client.create_multipart_upload(Bucket=place.bucket, Key="k2")
    assert len(place.uploads()) == 2
    assert place.probe("put", place.url("k"), stdin=b"done").returncode == 0
    assert [u["UploadId"] for u in place.uploads()] == [other["UploadId"]]  # another object's stays
    assert place.get("k") == b"done"


def test_s6_a_part_that_fails_aborts_all(place):
    proxy, probe = place.through(lambda r: error(403, "AccessDenied") if "partNumber=2" in r.target else None)
    with proxy:
        got = probe("put", place.url("k"), stdin=content(20 * MIB))
    assert got.returncode == 7 and not place.uploads(), got


# ---- S9


def test_s9_plain_http_only_where_the_endpoint_says_so(place):
    got = place.probe("cat", "http://127.0.0.1:1/x")
    assert got.returncode == 2 and b"https" in got.stderr, got


# ---- whole runs


@pytest.fixture(scope="module")
def data(finetl, tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    finetl("generate", folder, "--customers", 200, "--transactions", 3000, "--seed", 7, "--until", RUN_TIME[:10]).ok()
    return folder


def pipeline_of(folder, customers, transactions):
    text = (ROOT / "pipelines" / "financial_transactions.yaml").read_text()
    text = text.replace("../data/customers.csv", f'"{customers}"').replace("../data/transactions.csv", f'"{transactions}"')
    path = folder / "pipeline.yaml"
    path.write_text(text.replace("../suites", str(ROOT / "suites")))
    return path


def put_data(place, data):
    """Transactions cut in three, one of them packed."""
    place.put("in/customers 1.csv", (data / "customers.csv").read_bytes())
    head, *rows = (data / "transactions.csv").read_bytes().splitlines(keepends=True)
    import gzip
    for i, chunk in enumerate((rows[:1000], rows[1000:1800], rows[1800:])):
        body = head + b"".join(chunk)
        place.put(f"in/tx/{i}+.csv" + (".gz" if i == 1 else ""), gzip.compress(body) if i == 1 else body)


def test_a_run_from_objects_equals_the_run_from_files(finetl, place, data, tmp_path):
    put_data(place, data)
    there, here = tmp_path / "there", tmp_path / "here"
    there.mkdir()
    here.mkdir()
    by_s3 = pipeline_of(there, place.url("in/customers*.csv"), place.url("in/tx/*.csv*"))
    by_files = pipeline_of(here, data / "customers.csv", data / "transactions.csv")
    finetl.run(by_s3, f"files:{there / 'out'}", env=place.env).ok()
    finetl.run(by_files, f"files:{here / 'out'}").ok()
    for name in ("dim_customers.csv", "fact_transactions.csv"):
        assert (there / "out" / name).read_bytes() == (here / "out" / name).read_bytes()
    finetl.run(by_s3, f"sqlite:{tmp_path / 'w.db'}", env=place.env).ok()
    import sqlite3
    with contextlib.closing(sqlite3.connect(tmp_path / "w.db")) as db:
        rows = db.execute("SELECT path, version, sha256 FROM etl_objects ORDER BY path").fetchall()
    assert len(rows) == 4 and all(path.startswith("s3://") and version and sha for path, version, sha in rows)


def test_a_run_to_objects_equals_the_run_to_files(finetl, any_place, data, tmp_path):
    pipeline = pipeline_of(tmp_path, data / "customers.csv", data / "transactions.csv")
    finetl.run(pipeline, f"files:{tmp_path / 'out'}").ok()
    for _ in range(2):  # the second replaces the first
        finetl.run(pipeline, f"files:s3://{any_place.bucket}/out/one/", env=any_place.env).ok()
    for name in ("dim_customers.csv", "fact_transactions.csv", "transactions.rejects.csv", "customers.rejects.csv"):
        assert any_place.get("out/one/" + name) == (tmp_path / "out" / name).read_bytes()
    report = __import__("json").loads(any_place.get("out/one/report.json"))
    for entry in report["files"]:
        assert hashlib.sha256(any_place.get("out/one/" + entry["name"])).hexdigest() == entry["sha256"]


def test_a_run_to_objects_stays_within_the_memory_that_it_may_have(finetl, place, tmp_path):
    """Parts of 8 MiB are on their way to S3, as many at a time as there is room for: four would be too many."""
    with open(tmp_path / "a.csv", "w", encoding="ascii") as rows:
        rows.write("id,name\n")
        rows.writelines(f"T{i},{i:0400}\n" for i in range(120_000))
    pipeline = write_pipeline(tmp_path, {
        "version": 1, "pipeline": "large",
        "datasets": [{"name": "people", "source": {"csv": str(tmp_path / "a.csv")}, "target": "people",
                      "columns": [{"name": "id", "type": "text(20)", "required": True}, {"name": "name", "type": "text(500)"}]}],
        "targets": {"people": {"key": ["id"]}},
    })
    peak = peak_rss_kib([finetl.binary, "run", pipeline, "--warehouse", f"files:s3://{place.bucket}/out", "--max-memory", "40M", "--quiet"],
                        env=place.env)
    assert peak <= 40 * 1024
    assert place.client.head_object(Bucket=place.bucket, Key="out/people.csv")["ContentLength"] > 5 * 8 * 1024 * 1024


def test_objects_of_someone_else_are_not_replaced(finetl, place, data, tmp_path):
    pipeline = pipeline_of(tmp_path, data / "customers.csv", data / "transactions.csv")
    place.put("out/fact_transactions.csv", b"mine")
    done = finetl.run(pipeline, f"files:s3://{place.bucket}/out", env=place.env)
    assert done.code == 8, done
    assert place.get("out/fact_transactions.csv") == b"mine"


def test_a_run_that_is_killed_anywhere_ends_right_when_run_again(finetl, place, data, tmp_path):
    put_data(place, data)
    pipeline = pipeline_of(tmp_path, place.url("in/customers*.csv"), place.url("in/tx/*.csv*"))
    target = f"files:s3://{place.bucket}/out"
    finetl.run(pipeline, target, env=place.env).ok()
    want = {name: place.get("out/" + name) for name in ("dim_customers.csv", "fact_transactions.csv")}
    chance = random.Random(3)
    for _ in range(12):
        proc = finetl.start("run", pipeline, "--warehouse", target, "--run-time", RUN_TIME, env=place.env)
        time.sleep(chance.random() * 0.8)
        proc.kill()
        proc.communicate()
        assert {name: place.get("out/" + name) for name in want} == want  # old or new: the same
    finetl.run(pipeline, target, env=place.env).ok()
    assert {name: place.get("out/" + name) for name in want} == want
    assert not place.uploads()


# ---- files at URLs


def test_a_file_at_a_url_is_read_by_a_run_and_its_secrets_are_not_kept(finetl, data, tmp_path):
    from faultserver import Answer, FaultServer
    body = (data / "customers.csv").read_bytes()
    pipeline = {"version": 1, "pipeline": "web", "warehouse": f"sqlite:{tmp_path / 'w.db'}",
                "datasets": [{"name": "customers", "columns": [{"name": "customer_id", "type": "text(20)", "required": True}],
                              "source": {"csv": "URL", "extra_columns": "ignore", "network": {"allow_http": True, "allow_private_addresses": True}},
                              "target": "dim_customers"}],
                "targets": {"dim_customers": {"key": ["customer_id"], "mutable": "all"}}}
    import json
    import sqlite3
    with FaultServer({"/c.csv": Answer(body, headers=[("ETag", '"e1"')])}, host="127.0.0.1") as server:
        pipeline["datasets"][0]["source"]["csv"] = server.url("/c.csv?sig=topsecret")
        (tmp_path / "p.yaml").write_text(json.dumps(pipeline))
        done = finetl("run", tmp_path / "p.yaml", "--run-time", RUN_TIME)
        done.ok()
    with contextlib.closing(sqlite3.connect(tmp_path / "w.db")) as db:
        (path, version), = db.execute("SELECT path, version FROM etl_objects").fetchall()
    assert path.endswith("/c.csv?sig=***") and version == "e1"
    assert "topsecret" not in done.stdout + done.stderr and b"topsecret" not in (tmp_path / "w.db").read_bytes()


def test_a_file_at_a_url_with_a_secret_in_its_path_is_kept_by_a_name_and_explained(finetl, data, tmp_path):
    from faultserver import Answer, FaultServer
    body = (data / "customers.csv").read_bytes()
    key = body.decode().splitlines()[1].split(",")[0]
    with FaultServer({"/t0ps3cret/c.csv": Answer(body)}, host="127.0.0.1") as server:
        pipeline = {"version": 1, "pipeline": "web", "warehouse": f"sqlite:{tmp_path / 'w.db'}",
                    "datasets": [{"name": "customers", "columns": [{"name": "customer_id", "type": "text(20)", "required": True}],
                                  "source": {"csv": server.url("/${SIG}/c.csv"), "extra_columns": "ignore", "incremental": "objects",
                                             "network": {"allow_http": True, "allow_private_addresses": True}},
                                  "target": "dim_customers"}],
                    "targets": {"dim_customers": {"key": ["customer_id"], "mutable": "all"}}}
        (tmp_path / "p.yaml").write_text(json.dumps(pipeline))
        env = {"SIG": "t0ps3cret"}
        done = finetl("run", tmp_path / "p.yaml", "--run-time", RUN_TIME, env=env).ok()
        again = finetl("run", tmp_path / "p.yaml", "--run-time", RUN_TIME, env=env).ok()
        told = finetl("explain", key, "--pipeline", tmp_path / "p.yaml", env=env).ok()
        plan = finetl("plan", tmp_path / "p.yaml", env=env).ok()
        gone = finetl("run", tmp_path / "p.yaml", "--run-time", RUN_TIME, env={"SIG": "t0ps3cre"})
    assert again.dataset("customers")["read"] == 0 and gone.code == 2, (again, gone)
    assert server.url("/${SIG}/c.csv") in told.stdout and f"from '{key}'" in told.stdout, told
    for text in (done.stdout, done.stderr, told.stdout, told.stderr, plan.stdout, plan.stderr, gone.stderr, (tmp_path / "w.db").read_bytes().decode(errors="replace")):
        assert "t0ps3cre" not in text, text


@pytest.mark.parametrize("etag,code", [('"e1"', 0), ('W/"e1"', 6), (None, 6), ("changes", 3)])
def test_a_file_at_a_url_that_breaks_goes_on_only_where_it_is_surely_the_same(tmp_path, etag, code):
    from faultserver import Answer, FaultServer
    body = content(3 * MIB)

    def answer(request):
        number = request.number
        headers = [("ETag", f'"e{number}"' if etag == "changes" else etag)] if etag else []
        asked = request.header("range")
        if number == 1 or not asked:
            return cut(Answer(body, headers=headers), 0.5)
        at = int(asked.removeprefix("bytes=").rstrip("-"))
        return Answer(body[at:], 206, [*headers, ("Content-Range", f"bytes {at}-{len(body) - 1}/{len(body)}")])

    with FaultServer({"/f": answer}, host="127.0.0.1") as server:
        got = Probe(dict(os.environ))("cat", server.url("/f?Signature=topsecret"), env={"PROBE_HTTP": "1"})
    assert got.returncode == code, got.stderr
    assert b"Signature=***" in got.stderr and b"topsecret" not in got.stderr
    assert got.stdout == body if code == 0 else body.startswith(got.stdout)


# ---- killed and failing between the parts


@pytest.fixture(scope="module")
def much(finetl, tmp_path_factory):
    """As much as makes a file of several parts."""
    folder = tmp_path_factory.mktemp("much")
    finetl("generate", folder, "--customers", 500, "--transactions", 90000, "--seed", 8, "--until", RUN_TIME[:10]).ok()
    return folder


@pytest.mark.parametrize("action", ["kill", "eio"])
@pytest.mark.parametrize("point", ["upload.part", "upload.part:2", "upload.complete", "writer.publish", "writer.published", "files.report"])
def test_s6_at_every_failpoint_the_old_or_the_new_state_is_there(failing_finetl, place, much, tmp_path, point, action):
    pipeline = pipeline_of(tmp_path, much / "customers.csv", much / "transactions.csv")
    target = f"files:s3://{place.bucket}/out"
    name, _, hit = point.partition(":")
    done = failing_finetl.run(pipeline, target, env=place.env | {"FINETL_FAILPOINT": f"{point}={action}"})
    assert done.code == (-signal.SIGKILL if action == "kill" else 6), done
    listed = [o["Key"] for o in place.client.list_objects_v2(Bucket=place.bucket).get("Contents", [])]
    assert "out/report.json" not in listed
    if name in ("upload.part", "upload.complete"):
        assert "out/fact_transactions.csv" not in listed
        assert action == "kill" or not place.uploads()
    failing_finetl.run(pipeline, target, env=place.env).ok()
    assert not place.uploads()
    report = __import__("json").loads(place.get("out/report.json"))
    for entry in report["files"]:
        assert hashlib.sha256(place.get("out/" + entry["name"])).hexdigest() == entry["sha256"]
