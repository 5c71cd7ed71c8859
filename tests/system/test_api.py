# SPDX-License-Identifier: Apache-2.0
"""HTTP APIs as sources: pages of every kind, every proof of who asks, and what APIs do wrong."""

import base64
import hashlib
import hmac
import json
import signal
import sqlite3
import time
from decimal import Decimal

import pytest
from certificates import Authority
from faultserver import Answer, FaultServer, cut, end, redirect, stall, status, tls_context
from finetl import write_pipeline

SIZE = 7
SECRET = "s3cret/+=&"


def record(i, **more):
    return {"id": i, "amount": Decimal(i) / 100 + Decimal("0.01"), "customer": {"name": f"Zoë {i}"},
            "changed": f"2026-01-01T00:{i // 60 % 60:02}:{i % 60:02}Z", **more}


def text_of(document):
    """JSON with decimals as they are: 0.10 stays 0.10."""
    class Number(float):
        def __init__(self, value):
            self.value = value

        def __repr__(self):
            return str(self.value)

    def plain(value):
        if isinstance(value, dict):
            return {k: plain(v) for k, v in value.items()}
        if isinstance(value, list):
            return [plain(v) for v in value]
        return Number(value) if isinstance(value, Decimal) else value

    return json.dumps(plain(document), ensure_ascii=False)


class Shop:
    """An API with a list of records, under every way to page."""

    def __init__(self, n=45):
        self.records = [record(i) for i in range(n)]
        self.total = None  # what it says there are; None: the truth

    def page(self, items, **meta):
        return Answer(text_of({"meta": {"total": len(self.records) if self.total is None else self.total, **meta},
                               "data": {"items": items}}).encode())

    def asked(self, request):
        return {**request.query, **(json.loads(request.body) if request.body else {})}

    def cursor(self, request):
        at = int(base64.b64decode(self.asked(request).get("after", "")) or b"0")
        more = at + SIZE < len(self.records)
        return self.page(self.records[at:at + SIZE], next=base64.b64encode(b"%d" % (at + SIZE)).decode() if more else None)

    def offset(self, request):
        at = int(self.asked(request)["offset"])
        return self.page(self.records[at:at + min(int(self.asked(request)["limit"]), SIZE)])

    def numbered(self, request):
        at = (int(self.asked(request)["page"]) - 1) * SIZE
        return self.page(self.records[at:at + SIZE])

    def link(self, request):
        at = int(request.query.get("at", 0))
        answer = self.page(self.records[at:at + SIZE])
        if at + SIZE < len(self.records):
            answer.headers = [("Link", f'</link?at={at + SIZE}>; rel="next", </link?at=0>; rel="first"')]
        return answer

    def next_url(self, request):
        at = int(request.query.get("at", 0))
        return self.page(self.records[at:at + SIZE], next=f"?at={at + SIZE}" if at + SIZE < len(self.records) else None)

    def all(self, request):
        since, until = request.query.get("since", ""), request.query.get("until", "~")
        return self.page([r for r in self.records if since <= r["changed"] < until])

    def routes(self):
        return {"/cursor": self.cursor, "/offset": self.offset, "/page": self.numbered, "/link": self.link,
                "/next": self.next_url, "/all": self.all}


PAGINGS = {
    "cursor": {"by": "cursor", "next": "meta.next", "param": "after"},
    "offset": {"by": "offset", "param": "offset", "size_param": "limit", "size": 10},
    "page": {"by": "page", "param": "page"},
    "link": {"by": "link"},
    "next": {"by": "next_url", "next": "/meta/next"},
    "all": {"by": "none"},
}


def pipeline_of(server, path, pagination=None, **more):
    source = {"api": server.url(path), "records": "data.items", "total": "meta.total",
              "network": {"allow_http": True, "allow_private_addresses": True, "retry_budget": "5s"}, **more}
    if pagination:
        source["pagination"] = pagination
    return {"version": 1, "pipeline": "shop", "datasets": [{
        "name": "orders", "source": source, "target": "fact_orders",
        "columns": [{"name": "id", "type": "int", "required": True}, {"name": "amount", "type": "decimal(12,2)"},
                    {"name": "customer_name", "from": "customer.name", "type": "text(40)"},
                    {"name": "changed", "type": "timestamp"}]}],
        "targets": {"fact_orders": {"key": ["id"], "mutable": "all"}}}


def rows_of(warehouse):
    with sqlite3.connect(warehouse) as db:
        return db.execute("SELECT id, amount_minor, customer_name, changed FROM fact_orders ORDER BY id").fetchall()


def expected(shop):
    return [(r["id"], int(r["amount"] * 100), r["customer"]["name"], r["changed"].replace("T", " ").replace("Z", ".000000Z"))
            for r in shop.records]


@pytest.fixture
def shop():
    return Shop()


@pytest.fixture
def server(shop):
    with FaultServer(shop.routes()) as server:
        yield server


@pytest.fixture
def load(finetl, tmp_path):
    """Runs a pipeline into a warehouse of this test's own."""
    def run(pipeline, *more, **how):
        return finetl.run(write_pipeline(tmp_path, pipeline), f"sqlite:{tmp_path / 'w.db'}", *more, **how)

    run.warehouse = tmp_path / "w.db"
    return run


def is_empty(warehouse):
    if not warehouse.exists():
        return True
    with sqlite3.connect(warehouse) as db:
        names = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE name = 'fact_orders'")]
        return not names or db.execute("SELECT count(*) FROM fact_orders").fetchone() == (0,)


# ---- pages ----

@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("path", PAGINGS)
def test_every_pagination_brings_every_record_once(load, server, shop, path, threads):
    done = load(pipeline_of(server, f"/{path}", PAGINGS[path]), "--threads", threads).ok()
    assert rows_of(load.warehouse) == expected(shop)
    assert done.dataset("orders")["read"] == len(shop.records)
    again = load(pipeline_of(server, f"/{path}", PAGINGS[path])).ok()
    assert again.dataset("orders")["unchanged"] == len(shop.records)


@pytest.mark.parametrize("path", ["cursor", "offset", "page"])
def test_a_post_asks_by_its_body(load, server, shop, path):
    load(pipeline_of(server, f"/{path}", PAGINGS[path], method="POST", body='{"sort": "id"}')).ok()
    assert rows_of(load.warehouse) == expected(shop)
    assert all(json.loads(r.body)["sort"] == "id" and r.method == "POST" for r in server.requests)


def test_a_page_is_an_object_that_rows_and_rejects_name(load, server, shop):
    shop.records[9]["amount"] = "much"
    load(pipeline_of(server, "/page", PAGINGS["page"])).ok()
    with sqlite3.connect(load.warehouse) as db:
        objects = db.execute("SELECT path, sha256 FROM etl_objects ORDER BY object_id").fetchall()
        assert [path for path, _ in objects] == [server.url("/page") + f"#page={n + 1}" for n in range(len(objects))]
        first = shop.numbered(type("Asked", (), {"query": {"page": "1"}, "body": b""})())
        assert objects[0][1] == hashlib.sha256(first.body).hexdigest()
        raw, number, path = db.execute("SELECT raw, record, path FROM etl_rejects JOIN etl_objects USING (object_id)").fetchone()
        assert json.loads(raw)["amount"] == "much" and number == 3 and path.endswith("#page=2")
        assert db.execute("SELECT count(*) FROM fact_orders").fetchone() == (len(shop.records) - 1,)


def test_a_row_of_an_api_is_explained_by_its_page(load, finetl, server, shop, tmp_path):
    load(pipeline_of(server, "/next", PAGINGS["next"])).ok()
    n_asked = len(server.requests)
    told = finetl("explain", "9", "--pipeline", tmp_path / "pipeline.yaml", "--warehouse", f"sqlite:{load.warehouse}").ok().stdout
    with sqlite3.connect(load.warehouse) as db:
        path, sha256 = db.execute("SELECT path, sha256 FROM fact_orders AS f JOIN etl_objects AS o ON o.object_id = f.etl_object_id WHERE id = 9").fetchone()
    assert path in told and sha256 in told and "is not asked again" in told and "Zoë 9" in told
    assert len(server.requests) == n_asked


def test_an_empty_api_is_an_error_unless_that_is_fine(load, server, shop):
    shop.records = []
    done = load(pipeline_of(server, "/all", PAGINGS["all"]))
    assert done.code == 3 and "allow_empty" in done.result["error"]
    load(pipeline_of(server, "/all", PAGINGS["all"], allow_empty=True)).ok()


# ---- who asks ----

def bearer(request):
    return request.header("Authorization") == f"Bearer {SECRET}"


def key_in_header(request):
    return request.header("X-Key") == SECRET


def key_in_query(request):
    return request.query.get("key") == SECRET


def basic(request):
    return request.header("Authorization") == "Basic " + base64.b64encode(f"etl:{SECRET}".encode()).decode()


def signed(request):
    path, _, query = request.target.partition("?")
    stamp = request.header("X-Timestamp")
    text = "\n".join([request.method, path, query, stamp, hashlib.sha256(request.body).hexdigest()])
    return abs(int(stamp) - time.time()) < 60 and \
        request.header("X-Signature") == hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()


def aws(request):
    found = request.header("Authorization") or ""
    return found.startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/") and "/eu-central-1/execute-api/aws4_request" in found


AUTHS = {
    "bearer": ({"bearer": "${SECRET}"}, bearer),
    "api_key_header": ({"api_key": "${SECRET}", "header": "X-Key"}, key_in_header),
    "api_key_query": ({"api_key": "${SECRET}", "query": "key"}, key_in_query),
    "basic": ({"basic": "etl", "password": "${SECRET}"}, basic),
    "hmac": ({"hmac": "${SECRET}"}, signed),
    "aws": ({"aws": "execute-api", "region": "eu-central-1"}, aws),
}
ENV = {"SECRET": SECRET, "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": SECRET}


@pytest.mark.parametrize("kind", AUTHS)
def test_each_proof_of_who_asks_is_accepted_and_told_to_nobody(load, shop, kind):
    auth, is_good = AUTHS[kind]
    guarded = {path: lambda request, answer=answer: answer(request) if is_good(request) else status(401)
               for path, answer in shop.routes().items()}
    with FaultServer(guarded) as server:
        done = load(pipeline_of(server, "/next", PAGINGS["next"], auth=auth), "--log-level", "debug", env=ENV).ok()
        assert rows_of(load.warehouse) == expected(shop)
        refused = load(pipeline_of(server, "/next", PAGINGS["next"], auth=auth), "--log-level", "debug",
                       env={**ENV, "SECRET": "wr0ng", "AWS_ACCESS_KEY_ID": "AKIDOTHER"})
        assert refused.code == 7
    for text in (done.stdout, done.stderr, refused.stdout, refused.stderr):
        assert SECRET not in text and "wr0ng" not in text and "s3cret" not in text
    assert b"s3cret" not in load.warehouse.read_bytes()


@pytest.mark.parametrize("url, shown", [
    ("/bot${TOKEN}/next", "/bot${TOKEN}/next"), ("/${MORE}/next", "/${MORE}/next"), ("${BASE}/next", "/${BASE}/next"),
    ("/${TOKEN}/a/${TOKEN}/next", "/${TOKEN}/a/${TOKEN}/next"), ("${WHOLE}", "/${WHOLE}")])
@pytest.mark.parametrize("fault", [None, "status", "redirect", "json"])
def test_what_a_url_has_of_the_environment_is_shown_by_its_name(load, finetl, shop, tmp_path, url, shown, fault):
    """In the path, as some APIs want their token; pages name the next one with it."""
    token = "12345:t0p~s3cret"

    def answer(request):
        if fault and request.number > 2:
            return {"status": Answer(json.dumps({"error": f"no {request.path}"}), status=404),
                    "redirect": redirect(server.url("/v2" + request.path.replace("/next", "/again"))), "json": Answer(b'{"meta": ')}[fault]
        page = json.loads(shop.next_url(request).body)
        if page["meta"]["next"]:
            page["meta"]["next"] = server.url(request.path.replace("~", "%7E")) + page["meta"]["next"]
        return Answer(json.dumps(page))

    with FaultServer({"/*": answer}) as server:
        pipeline = pipeline_of(server, "/", PAGINGS["next"], api=url if url.startswith("${") else server.url(url))
        env = {"TOKEN": token, "MORE": f"x/{token}", "BASE": server.url(f"/{token}/")[:-1],
               "WHOLE": server.url(f"/{token}/next?key=k")}
        done = load(pipeline, "--log-level", "debug", "--openlineage-url", f"file:{tmp_path / 'events'}", "--report", tmp_path / "reports", env=env)
        plan = finetl("plan", tmp_path / "pipeline.yaml", "--limit", "2", env=env)
        place = server.url(shown)
    if fault:
        assert done.code in (2, 3, 7) and place.split("/next")[0] in done.result["error"], done
    else:
        assert rows_of(load.warehouse) == expected(shop)
        with sqlite3.connect(load.warehouse) as db:
            assert (place + "#page=1",) in db.execute("SELECT path FROM etl_objects").fetchall()
    written = [done.stdout, done.stderr, plan.stdout, plan.stderr, (tmp_path / "events").read_text()]
    written += [page.read_text() for page in (tmp_path / "reports").iterdir()]
    for text in [*written, load.warehouse.read_bytes().decode(errors="replace")]:
        assert "t0p" not in text, text[max(0, text.index("t0p") - 200):][:400]


def test_an_oauth2_client_may_tell_its_secret_in_the_body(load, shop):
    asked = []

    def token(request):
        asked.append((request.header("Authorization"), request.body))
        return Answer(json.dumps({"access_token": "good", "token_type": "Bearer", "expires_in": 3600}))

    guarded = {"/next": lambda request: shop.next_url(request) if request.header("Authorization") == "Bearer good" else status(401), "/token": token}
    with FaultServer(guarded) as server:
        auth = {"oauth2": server.url("/token"), "client_id": "etl", "client_secret": "${SECRET}", "secret_in_body": True}
        load(pipeline_of(server, "/next", PAGINGS["next"], auth=auth), env=ENV).ok()
    (basic_, body), = asked
    assert basic_ is None and b"client_id=etl" in body and b"client_secret=s3cret%2F%2B%3D%26" in body


def test_revoked_certificates_are_refused_by_a_list(load, shop, tmp_path):
    authority = Authority(tmp_path / "ca")
    pair, crl = authority.revoked()

    def ask(pair, **network):
        with FaultServer({"/next": shop.next_url}, tls=tls_context(*pair)) as server:
            pipeline = pipeline_of(server, "/next", PAGINGS["next"])
            pipeline["datasets"][0]["source"]["network"] |= {"ca_file": str(authority.crt), **network}
            return load(pipeline)

    ask(pair).ok()
    done = ask(pair, crl_file=str(crl))
    assert done.code == 7 and "revoked" in done.result["error"], done
    ask(authority.leaf("good"), crl_file=str(crl)).ok()


def test_an_oauth2_token_is_fetched_kept_and_renewed(load, shop):
    given = []

    def token(request):
        given.append(f"token-{len(given)}")
        return Answer(json.dumps({"access_token": given[-1], "token_type": "Bearer", "expires_in": 3600}).encode())

    def guarded(request):
        if request.number == 3 and len(given) == 1:
            return status(401)  # taken back before its time
        return shop.next_url(request) if request.header("Authorization") == f"Bearer {given[-1]}" else status(401)

    with FaultServer({"/token": token, "/next": guarded}) as server:
        load(pipeline_of(server, "/next", PAGINGS["next"], auth={"oauth2": server.url("/token"), "client_id": "etl",
                                                                "client_secret": "${SECRET}"}), env=ENV).ok()
        assert rows_of(load.warehouse) == expected(shop) and len(given) == 2


# ---- what APIs do wrong ----

def faulty(shop, path, wrong, at):
    """The API of that path, but its request of that number is answered otherwise."""
    answer = shop.routes()[path]
    return {path: lambda request: wrong(request) if request.number == at else answer(request)}


@pytest.mark.parametrize("wrong", [lambda r: status(503, ("Retry-After", "1")), lambda r: status(429), lambda r: end(),
                                   lambda r: cut(Answer(b'{"data": {"items": []}}'))], ids=["503", "429", "closed", "cut"])
def test_what_passes_is_tried_again_and_loses_nothing(load, shop, wrong):
    with FaultServer(faulty(shop, "/cursor", wrong, 4)) as server:
        load(pipeline_of(server, "/cursor", PAGINGS["cursor"])).ok()
        assert rows_of(load.warehouse) == expected(shop)


WRONG = {
    "login page": (lambda shop: lambda r: Answer(b"<html>Log in</html>", content_type="text/html"), 3, "login page"),
    "error object": (lambda shop: lambda r: Answer(b'{"error": "quota"}'), 3, "data.items"),
    "empty body": (lambda shop: lambda r: Answer(b""), 3, "empty"),
    "half a document": (lambda shop: lambda r: Answer(b'{"data": {"items": [{"id": 1}'), 3, ""),
    "two documents": (lambda shop: lambda r: Answer(b'{"data": {"items": []}} {}'), 3, ""),
    "not found": (lambda shop: lambda r: status(404), 2, "404"),
    "forbidden": (lambda shop: lambda r: status(403), 7, "403"),
    "always busy": (lambda shop: lambda r: status(503, ("Retry-After", "3600")), 6, "503"),
    "another host": (lambda shop: lambda r: shop.page(shop.records[:2], next="http://127.0.0.2/next"), 7, "another host"),
    "redirected": (lambda shop: lambda r: redirect("http://127.0.0.2/next"), 7, ""),
    "the first page again": (lambda shop: lambda r: shop.page(shop.records[:SIZE], next="?at=7"), 3, ""),
    "a page lost": (lambda shop: lambda r: shop.page(shop.records[14:21], next="?at=28"), 6, "45"),
    "empty, and says it is the last": (lambda shop: lambda r: shop.page([]), 6, "45"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_ends_the_run_and_loads_nothing(load, shop, name):
    wrong, code, part = WRONG[name]
    with FaultServer(faulty(shop, "/next", wrong(shop), 3) if name != "always busy" else
                     {"/next": lambda r: wrong(shop)(r) if r.number >= 3 else shop.next_url(r)}) as server:
        done = load(pipeline_of(server, "/next", PAGINGS["next"]), timeout=60)
    assert (done.code, part in done.result["error"]) == (code, True), done
    assert is_empty(load.warehouse)


def test_a_total_that_changes_midway_is_noticed(load, server, shop):
    shop.total = 99
    done = load(pipeline_of(server, "/cursor", PAGINGS["cursor"]))
    assert done.code == 6 and "99" in done.result["error"] and is_empty(load.warehouse)


def test_an_empty_page_in_the_middle_is_no_end(load, shop):
    def answer(request):
        at = int(request.query.get("at", 0))
        items = [] if at == 21 else shop.records[(at if at < 21 else at - SIZE):][:SIZE]
        return shop.page(items, next=f"?at={at + SIZE}" if at - SIZE + SIZE < len(shop.records) else None)

    with FaultServer({"/next": answer}) as server:
        load(pipeline_of(server, "/next", PAGINGS["next"])).ok()
        assert rows_of(load.warehouse) == expected(shop)


def test_http_and_private_addresses_are_refused_unless_allowed(load, server):
    pipeline = pipeline_of(server, "/all", PAGINGS["all"])
    del pipeline["datasets"][0]["source"]["network"]
    done = load(pipeline)
    assert done.code == 2 and "http" in done.result["error"]
    pipeline["datasets"][0]["source"]["network"] = {"allow_http": True}
    done = load(pipeline)
    assert done.code == 7 and not server.requests


def test_a_signal_ends_a_wait_for_a_page(finetl, tmp_path, shop):
    with FaultServer({"/all": lambda r: stall(shop.all(r))}) as server:
        path = write_pipeline(tmp_path, pipeline_of(server, "/all", PAGINGS["all"]))
        child = finetl.start("run", path, "--warehouse", f"sqlite:{tmp_path / 'w.db'}")
        while not server.requests:
            time.sleep(0.05)
        started = time.monotonic()
        child.send_signal(signal.SIGTERM)
        stdout, stderr = child.communicate(timeout=20)
        assert child.returncode == 9 and time.monotonic() - started < 10, (stdout, stderr)
        assert is_empty(tmp_path / "w.db")


# ---- incremental ----

def incremental(server, **more):
    pipeline = pipeline_of(server, "/all", PAGINGS["all"], query={"since": "{since}", "until": "{until}"},
                           incremental={"cursor": "changed", **more})
    del pipeline["datasets"][0]["source"]["total"]
    return pipeline


def watermark(warehouse):
    with sqlite3.connect(warehouse) as db:
        return db.execute("SELECT name, value FROM etl_watermarks").fetchall()


def test_a_run_asks_only_for_what_is_newer(load, server, shop):
    load(incremental(server)).ok()
    assert "since" not in server.requests[-1].query
    assert watermark(load.warehouse) == [("changed", shop.records[-1]["changed"])]
    shop.records += [record(60), record(61)]
    done = load(incremental(server)).ok()
    assert server.requests[-1].query == {"since": record(44)["changed"]}
    assert (done.dataset("orders")["read"], done.dataset("orders")["inserted"], done.dataset("orders")["unchanged"]) == (3, 2, 1)
    assert rows_of(load.warehouse) == expected(shop)
    load(incremental(server, overlap="10s")).ok()
    assert server.requests[-1].query == {"since": "2026-01-01T00:00:51Z"}


def test_a_cursor_may_be_called_as_the_source_calls_it(load, server, shop):
    pipeline = incremental(server)
    pipeline["datasets"][0]["columns"][3] = {"name": "changed_at", "from": "changed", "type": "timestamp"}
    load(pipeline).ok()
    assert watermark(load.warehouse) == [("changed", shop.records[-1]["changed"])]


def test_nothing_new_is_a_success(load, server, shop):
    load(incremental(server)).ok()
    shop.records = []
    done = load(incremental(server)).ok()
    assert done.dataset("orders")["read"] == 0


def test_a_backfill_leaves_the_watermark_alone(load, server, shop):
    load(incremental(server)).ok()
    before = watermark(load.warehouse)
    load(incremental(server), "--from", "2026-01-01T00:00:05Z", "--to", "2026-01-01T00:00:10Z").ok()
    assert server.requests[-1].query == {"since": "2026-01-01T00:00:05Z", "until": "2026-01-01T00:00:10Z"}
    assert watermark(load.warehouse) == before


def test_a_run_that_is_held_or_fails_leaves_the_watermark_alone(load, server, shop):
    load(incremental(server)).ok()
    before = watermark(load.warehouse)
    shop.records += [record(60), record(61, amount="much")]
    held = incremental(server)
    held["datasets"][0]["gate"] = {"max_rejected_percent": 1}
    assert load(held).code == 4
    assert watermark(load.warehouse) == before
    load(incremental(server)).ok()
    assert watermark(load.warehouse) == [("changed", record(61)["changed"])]


def test_the_future_does_not_move_the_watermark(load, server, shop):
    shop.records.append(record(50, changed="2039-01-01T00:00:00Z"))
    load(incremental(server)).ok()
    assert watermark(load.warehouse) == [("changed", record(44)["changed"])]


def test_each_value_of_a_parameter_has_a_watermark_of_its_own(load, server, shop):
    """What is asked for with another parameter is another source: read as far as it was read itself."""
    pipeline = incremental(server)
    pipeline["params"] = {"region": "", "unused": "x"}
    pipeline["datasets"][0]["source"]["query"]["region"] = "{region}"
    first, late = shop.records[:10], shop.records[10:]
    shop.records = late
    load(pipeline, "--param", "region=EU").ok()
    shop.records = first  # of before all of EU
    load(pipeline, "--param", "region=US").ok()
    assert server.requests[-1].query == {"region": "US"}
    shop.records = first + late
    assert rows_of(load.warehouse) == expected(shop)
    marks = watermark(load.warehouse)
    assert len({name for name, _ in marks}) == 2 and all(name.startswith("changed of region ") and "EU" not in name for name, _ in marks)
    load(pipeline, "--param", "region=EU", "--param", "unused=y").ok()
    assert server.requests[-1].query == {"region": "EU", "since": late[-1]["changed"]}


def test_a_window_that_nothing_can_be_in_is_refused(load, server, shop):
    for first, end in (("10", "05"), ("05", "05")):
        done = load(incremental(server), "--from", f"2026-01-01T00:00:{first}Z", "--to", f"2026-01-01T00:00:{end}Z")
        assert done.code == 2 and "--from" in done.result["error"] and not server.requests, done


@pytest.mark.parametrize("option", ["--from", "--to"])
def test_a_window_that_no_data_set_knows_is_refused(load, server, shop, option):
    """Instead of reading everything for somebody who asked for a day."""
    done = load(pipeline_of(server, "/all", PAGINGS["all"]), option, "2026-01-01T00:00:05Z")
    assert done.code == 2 and option in done.stderr and not server.requests, done
