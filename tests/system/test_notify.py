# SPDX-License-Identifier: Apache-2.0
"""Who is told how a run ended: real mail over SMTP, webhooks, and what keeps them from harming anything."""

import asyncio
import contextlib
import email
import email.policy
import json
import signal
import sqlite3
import threading
import time

import pytest

import pipelines
from certificates import Authority
from faultserver import Answer, FaultServer, hold, redirect, refused_port, status, tls_context
from finetl import RUN_TIME, write_pipeline
from test_checks import CUSTOMERS, TRANSACTIONS

# aiosmtpd about our own server, which has TLS around it
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
SECRET = "s3cret.Passw0rd"
PII = "c2@example.com"  # a value of an e-mail column
RAW = "77.77"           # an amount of a record that is rejected


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority") / "ca")


class Mailbox:
    """An SMTP server on loopback, with what it was handed."""

    def __init__(self, authority, tls="starttls", users=None, refuse=()):
        from aiosmtpd import smtp
        context = tls_context(*authority.leaf(f"mail-{tls}-{id(self)}"))
        self.mails, self.tried, self.refuse = [], [], refuse

        def authenticate(server, session, envelope, mechanism, data):
            self.tried.append((data.login.decode(), data.password.decode(), session.ssl is not None))
            return smtp.AuthResult(success=users.get(data.login.decode()) == data.password.decode(), handled=False)

        more = {"authenticator": authenticate, "auth_required": True} if users else {}
        if tls == "starttls":
            more |= {"tls_context": context, "require_starttls": True}
        elif users:
            more |= {"auth_require_tls": False}  # aiosmtpd does not see what is around it
        self.loop = asyncio.new_event_loop()
        make = self.loop.create_server(lambda: smtp.SMTP(self, loop=self.loop, **more), "127.0.0.1", 0, ssl=context if tls == "tls" else None)
        self.server = self.loop.run_until_complete(make)
        self.port = self.server.sockets[0].getsockname()[1]
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.refuse:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.mails.append((envelope, session.ssl is not None))
        return "250 OK"

    def one(self):
        assert len(self.mails) == 1, self.mails
        envelope, _ = self.mails[0]
        return envelope, email.message_from_bytes(envelope.content, policy=email.policy.default)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.server.close()
        self.loop.close()


def books(tmp_path, notify, *, transactions=TRANSACTIONS, name="pipeline.yaml", **dataset):
    (tmp_path / "customers.csv").write_text(CUSTOMERS)
    (tmp_path / "transactions.csv").write_text(transactions)
    spec = pipelines.financial()
    spec["datasets"][1].update(dataset)
    return write_pipeline(tmp_path, {**spec, "notify": notify}, name)


def bad_transactions():
    return TRANSACTIONS.replace("T03,C1", "T03,C9").replace("30.03", RAW)


def mail_to(box, authority, tls="starttls", **more):
    on = more.pop("on", ["failed", "held", "rejects", "success"])
    return {"email": {"to": ["ann@bank.example", "ops@bank.example"], "from": "etl@bank.example",
                      "server": f"localhost:{box.port}", "tls": tls, **more}, "ca_file": str(authority.crt), "on": on}


# ---- mail ----

@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_a_mail_arrives_by_tls_with_a_user(finetl, tmp_path, authority, tls):
    with Mailbox(authority, tls, users={"etl": SECRET}) as box:
        pipeline = books(tmp_path, [mail_to(box, authority, tls, user="etl", password="${SMTP_PASSWORD}")],
                         transactions=bad_transactions())
        done = finetl.run(pipeline, f"sqlite:{tmp_path}/w.db", "--log-level", "debug", env={"SMTP_PASSWORD": SECRET}).ok()
        envelope, mail = box.one()
    assert box.tried and box.tried[0][:2] == ("etl", SECRET)
    assert envelope.mail_from == "etl@bank.example" and envelope.rcpt_tos == ["ann@bank.example", "ops@bank.example"]
    assert mail["Subject"] == "[finetl] financial_transactions: loaded, with 1 record rejected"
    assert mail["To"] == "ann@bank.example, ops@bank.example" and mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"] and mail["Date"] and mail.get_content_type() == "text/plain"
    text = mail.get_content()
    run_id = done.result["run_id"]
    assert run_id in text and "customer_known" in text and f"finetl rejects list --run {run_id}" in text
    assert "transactions: 12 read = 11 inserted + 1 rejected" in text
    assert PII not in text and RAW not in text.replace(f"{RAW} rejected", "")
    assert done.result["notifications"] == [
        {"channel": "email", "target": f"localhost:{box.port}", "sent": True, "error": None}]
    assert SECRET not in done.stdout + done.stderr + text


def test_a_server_that_does_not_prove_itself_or_has_no_tls_gets_nothing(finetl, tmp_path, authority):
    with Mailbox(authority, "starttls", users={"etl": SECRET}) as box, Mailbox(authority, "none", users={"etl": SECRET}) as bare:
        trusted = mail_to(bare, authority, user="etl", password="${P}")
        stranger = {**mail_to(box, authority, user="etl", password="${P}")}
        del stranger["ca_file"]
        done = finetl.run(books(tmp_path, [stranger, trusted]), f"sqlite:{tmp_path}/w.db", env={"P": SECRET}).ok()
        assert box.mails == bare.mails == [] and box.tried == bare.tried == []
    errors = [n["error"] for n in done.result["notifications"]]
    assert "does not prove" in errors[0] and "offers no TLS" in errors[1]
    assert SECRET not in done.stdout + done.stderr


def test_a_wrong_password_is_told_and_not_shown(finetl, tmp_path, authority):
    with Mailbox(authority, users={"etl": "other"}) as box:
        pipeline = books(tmp_path, [mail_to(box, authority, user="etl", password="${P}")])
        done = finetl.run(pipeline, f"sqlite:{tmp_path}/w.db", env={"P": SECRET}).ok()
        assert box.mails == []
    assert "user and password" in done.result["notifications"][0]["error"]
    assert SECRET not in done.stdout + done.stderr and done.result["published"]


def test_a_mailbox_that_is_not_there_does_not_keep_the_mail_from_others(finetl, tmp_path, authority):
    with Mailbox(authority, refuse=["ann@bank.example"]) as box:
        finetl.run(books(tmp_path, [mail_to(box, authority)]), f"sqlite:{tmp_path}/w.db").ok()
        assert box.one()[0].rcpt_tos == ["ops@bank.example"]


def test_a_relay_on_this_machine_takes_mail_without_tls(finetl, tmp_path, authority):
    with Mailbox(authority, "none") as box:
        finetl.run(books(tmp_path, [mail_to(box, authority, "none")]), f"sqlite:{tmp_path}/w.db").ok()
        assert "loaded, and totals agree" in box.one()[1]["Subject"]


# ---- webhooks ----

def hook(server, path="/services/T0/" + SECRET, **more):
    return {"webhook": server.url(path), "allow_http": True, "allow_private_addresses": True,
            "on": ["failed", "held", "rejects", "success"], **more}


def test_a_webhook_gets_what_slack_shows_and_its_path_is_seen_nowhere(finetl, tmp_path):
    with FaultServer({"/services/*": Answer(b"ok")}) as server:
        pipeline = books(tmp_path, [hook(server, headers={"X-Token": "${TOKEN}"})], transactions=bad_transactions())
        done = finetl.run(pipeline, f"sqlite:{tmp_path}/w.db", "--log-level", "debug", env={"TOKEN": SECRET}).ok()
    (request,) = server.requests
    body = json.loads(request.body)
    assert request.method == "POST" and request.header("X-Token") == SECRET
    assert body["text"] == "financial_transactions: loaded, with 1 record rejected"
    assert body["blocks"][0]["type"] == "header" and all(len(f["text"]) <= 2000 for f in body["blocks"][1]["fields"])
    assert body["finetl"]["run_id"] == done.result["run_id"]
    assert SECRET not in done.stdout + done.stderr and PII not in request.body.decode()
    assert done.result["notifications"][0] == {"channel": "webhook", "target": server.url(""), "sent": True, "error": None}


def test_figures_of_many_data_sets_are_cut_and_not_lost(finetl, tmp_path):
    columns = [f"amount_{i}_" + "x" * 54 for i in range(10)]
    bad = [f"{i}" + ",9999999999.99" * i + ",x" + ",9999999999.99" * (9 - i) for i in range(10)]  # reasons, too
    (tmp_path / "in.csv").write_text("\n".join([",".join(["id", *columns]), "a" + ",9999999999.99" * 10, *bad, ""]))
    names = [f"d{i:02}" for i in range(30)]
    with FaultServer({"/services/*": Answer(b"ok")}) as server:
        pipeline = write_pipeline(tmp_path, {
            "version": 1, "pipeline": "p", "notify": [hook(server)], "targets": {n: {"key": ["id"]} for n in names},
            "datasets": [{"name": n, "source": {"csv": "in.csv"}, "target": n, "columns": [
                {"name": "id", "type": "text(9)"}, *({"name": c, "type": "decimal(12,2)"} for c in columns)]} for n in names]})
        finetl.run(pipeline, f"sqlite:{tmp_path}/w.db").ok()
    figures = json.loads(server.requests[0].body)["finetl"]["figures"]
    n_told = figures.count("11 read = 1 inserted + 10 rejected\n")
    assert 10 < n_told < 20 and figures.endswith(f"and {30 - n_told} more data sets\n")


@pytest.mark.parametrize("behaviour, words", [
    (status(500, body=b"no"), "not well (500)"), (status(404, body=b"no"), "does not take the notice (404)"),
    (redirect("http://127.0.0.1:1/elsewhere"), "redirect (302)"), (hold(), "took too long"),
])
def test_a_webhook_that_is_ill_is_a_warning_within_its_bound(finetl, tmp_path, behaviour, words):
    with FaultServer({"/services/*": behaviour}) as server:
        begin = time.monotonic()
        done = finetl.run(books(tmp_path, [hook(server)]), f"sqlite:{tmp_path}/w.db").ok()
        assert time.monotonic() - begin < 12
    (told,) = done.result["notifications"]
    assert not told["sent"] and words in told["error"] and "could not be told" in done.stderr
    assert SECRET not in done.stdout + done.stderr
    assert done.result["status"] == "success" and done.result["published"]


def test_a_webhook_that_is_away_or_near_is_told_and_not_shown(finetl, tmp_path):
    away = {"webhook": f"http://localhost:{refused_port()}/{SECRET}", "allow_http": True, "allow_private_addresses": True, "on": "success"}
    near = {"webhook": f"https://localhost:{refused_port()}/{SECRET}", "on": "success"}
    done = finetl.run(books(tmp_path, [away, near]), f"sqlite:{tmp_path}/w.db").ok()
    first, second = (n["error"] for n in done.result["notifications"])
    assert "no connection" in first and "allow_private_addresses" in second and SECRET not in done.stdout + done.stderr


@pytest.mark.parametrize("channel", ["webhook", "email"])
def test_a_signal_ends_the_sending_at_once_and_the_run_stays_as_it_ended(finetl, tmp_path, channel):
    with FaultServer({"/services/*": hold()}) as server:  # a mail server that never greets, too
        mail = {"email": {"to": ["a@b.example"], "from": "c@d.example", "server": f"localhost:{server.port}"}, "on": "success"}
        pipeline = books(tmp_path, [hook(server) if channel == "webhook" else mail])
        process = finetl.start("run", pipeline, "--warehouse", f"sqlite:{tmp_path}/w.db", "--run-time", RUN_TIME)
        deadline = time.monotonic() + 30
        while not server.n_connections and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(0.3)
        begin = time.monotonic()
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=20)
        assert time.monotonic() - begin < 2
    result = json.loads(out)
    assert process.returncode == 0 and result["published"] and not result["notifications"][0]["sent"], err


def test_a_run_that_was_stopped_sends_nothing(finetl, tmp_path):
    with FaultServer({"/services/*": Answer(b"ok")}) as server:
        pipeline = books(tmp_path, [hook(server)])
        finetl.run(pipeline, f"sqlite:{tmp_path}/w.db").ok()
        with contextlib.closing(sqlite3.connect(tmp_path / "w.db", isolation_level=None)) as blocker:
            blocker.execute("BEGIN EXCLUSIVE")
            process = finetl.start("run", pipeline, "--warehouse", f"sqlite:{tmp_path}/w.db", "--run-time", RUN_TIME, "--wait", "60s")
            time.sleep(1.5)
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=20)
        assert process.returncode == 9 and len(server.requests) == 1, err
        told = json.loads(out)["notifications"][0]
        assert not told["sent"] and "stopped" in told["error"]


# ---- when ----

@pytest.mark.parametrize("on, bound, n_bad, is_told", [
    (["failed", "held"], None, 1, False), ("rejects", None, 1, True), ("rejects", None, 0, False), ("rejects", "1", 1, False),
    ("rejects", "0", 1, True), ("rejects", "10%", 1, False), ("rejects", "5%", 1, True), ("rejects", "6.6666%", 1, True),
    ("rejects", "6.6667%", 1, False), ("success", None, 0, True),
])
def test_occasions_and_bounds(finetl, tmp_path, on, bound, n_bad, is_told):
    """1 of 15 records is 6.66666...%"""
    with FaultServer({"/services/*": Answer(b"ok")}) as server:
        notice = hook(server, on=on, **({"rejects_above": bound} if bound else {}))
        pipeline = books(tmp_path, [notice], transactions=bad_transactions() if n_bad else TRANSACTIONS)
        done = finetl.run(pipeline, f"sqlite:{tmp_path}/w.db").ok()
    assert len(server.requests) == is_told and ("notifications" in done.result) == is_told


def test_held_and_failed_runs_are_told_with_why_and_what_next(finetl, tmp_path):
    with FaultServer({"/services/*": Answer(b"ok")}) as server:
        pipeline = books(tmp_path, [hook(server, on=["failed", "held"])], transactions=bad_transactions(), gate={"max_rejected_percent": 1})
        assert finetl.run(pipeline, f"sqlite:{tmp_path}/w.db").code == 4
        pipeline = books(tmp_path, [hook(server, on=["failed", "held"])], transactions="nothing\n1\n")
        assert finetl.run(pipeline, f"sqlite:{tmp_path}/w.db").code == 3
    held, failed = (json.loads(r.body)["finetl"] for r in server.requests)
    assert held["title"].endswith("held, nothing was published") and "max_rejected_percent" in held["error"]
    assert "12 read = 11 would be inserted + 1 rejected" in held["figures"] and "gate: max_rejected_percent is 1" in held["figures"] and held["command"].startswith("finetl rejects list --run ")
    assert failed["title"].endswith("failed, nothing was published") and failed["error"]
    assert failed["command"] == f"finetl run {pipeline} --warehouse sqlite:{tmp_path}/w.db"


def test_what_is_personal_is_told_to_nobody(finetl, tmp_path):
    """Not even as a sum, which of one record is its value; through every channel, and later from the warehouse."""
    with FaultServer({"/services/*": Answer(b"ok")}) as server:
        pipeline = books(tmp_path, [hook(server)], transactions=bad_transactions())
        spec = json.loads(pipeline.read_text())
        next(c for c in spec["datasets"][1]["columns"] if c["name"] == "amount")["pii"] = True
        pipeline.write_text(json.dumps(spec))
        finetl.run(pipeline, f"sqlite:{tmp_path}/w.db", "--metrics-textfile", tmp_path / "m.prom", "--openlineage-url", f"file:{tmp_path}/e").ok()
        finetl("notify", "--pipeline", pipeline, "--warehouse", f"sqlite:{tmp_path}/w.db").ok()
    told = [r.body.decode() for r in server.requests] + [(tmp_path / "m.prom").read_text(), (tmp_path / "e").read_text()]
    assert len(told) == 4 and "amount" in told[3]
    for text in told:
        assert RAW not in text and "750.75" not in text and "828.52" not in text and "example.com" not in text


def test_a_variable_that_is_not_set_keeps_only_its_notice_back(finetl, tmp_path):
    with FaultServer({"/services/*": Answer(b"ok")}) as server:
        pipeline = books(tmp_path, [{"webhook": "${HOOK_THAT_IS_NOT_SET}", "on": "success"}, hook(server)])
        assert finetl("lint", pipeline).code == 0
        done = finetl.run(pipeline, f"sqlite:{tmp_path}/w.db").ok()
    first, second = done.result["notifications"]
    assert "'HOOK_THAT_IS_NOT_SET' is not set" in first["error"] and second["sent"]


@pytest.mark.parametrize("notice, value", [
    ({"webhook": "${FINETL_T_VALUE}"}, "no URL"),
    ({"webhook": "${FINETL_T_VALUE}"}, "http://127.0.0.1:9/x"),
    ({"webhook": "${FINETL_T_VALUE}"}, ""),
    ({"webhook": "https://127.0.0.1:9/x", "headers": {"X-Key": "${FINETL_T_VALUE}"}}, "two\nlines"),
    ({"email": {"to": ["${FINETL_T_VALUE}"], "from": "a@b", "server": "127.0.0.1:9"}}, "Ann <a@b>"),
    ({"email": {"to": ["a@b"], "from": "${FINETL_T_VALUE}", "server": "127.0.0.1:9"}}, "a@b\nBcc: c@d"),
    ({"email": {"to": ["a@b"], "from": "a@b", "server": "${FINETL_T_VALUE}"}}, "h/x"),
    ({"email": {"to": ["a@b"], "from": "a@b", "server": "127.0.0.1:9", "user": "u", "password": "${FINETL_T_VALUE}"}}, "x\0y"[:1] * 2000),
])
def test_a_variable_that_holds_nonsense_keeps_only_its_notice_back(finetl, tmp_path, notice, value):
    """The environment is mended by somebody else than the pipeline file: the load is not to wait for that."""
    with FaultServer({"/services/*": Answer(b"ok")}) as server:
        pipeline = books(tmp_path, [{**notice, "on": "success"}, hook(server)])
        done = finetl.run(pipeline, f"sqlite:{tmp_path}/w.db", env={"FINETL_T_VALUE": value}).ok()
    first, second = done.result["notifications"]
    assert not first["sent"] and first["error"] and second["sent"]
    assert len(value) < 6 or value not in done.stdout + done.stderr or value.startswith("http")


def test_a_webhook_that_ends_its_answer_with_the_connection_has_heard(finetl, tmp_path):
    """Over plain http such a body may be cut; what was to be known, the status, stands before it."""
    with FaultServer({"/services/*": Answer(b"ok", length=None)}) as server:
        done = finetl.run(books(tmp_path, [hook(server)]), f"sqlite:{tmp_path}/w.db").ok()
    assert done.result["notifications"][0]["sent"] and len(server.requests) == 1


@pytest.mark.parametrize("notice, words", [
    ({"on": "held"}, "either 'email' or 'webhook'"),
    ({"webhook": "http://h/x"}, "begins with 'https://'"),
    ({"webhook": "https://h/x", "on": "heldd"}, "did you mean 'held'"),
    ({"webhook": "https://h/x", "rejects_above": "5%"}, "is for 'on: rejects'"),
    ({"webhook": "https://h/x", "on": "rejects", "rejects_above": "many"}, "a number of records"),
    ({"webhook": "https://h/x", "on": "rejects", "rejects_above": "101%"}, "a number of records"),
    ({"email": {"to": ["Ann <a@b>"], "from": "a@b", "server": "h"}}, "no plain e-mail address"),
    ({"email": {"to": ["a@b"], "from": "a@b\nBcc: c@d", "server": "h"}}, "no plain e-mail address"),
    ({"email": {"to": ["a@b"], "from": "a@b", "server": "h/x"}}, "no mail server"),
    ({"email": {"to": ["a@b"], "from": "a@b", "server": "h", "user": "u", "password": SECRET}}, "does not belong in a pipeline file"),
    ({"email": {"to": ["a@b"], "from": "a@b", "server": "h", "user": "u", "password": "${HOME}", "tls": "none"}}, "without TLS"),
    ({"email": {"to": ["a@b"], "from": "a@b", "server": "h"}, "headers": {"a": "b"}}, "is for webhooks"),
])
def test_mistakes_have_their_place(finetl, tmp_path, notice, words):
    done = finetl("lint", books(tmp_path, [notice]))
    assert done.code == 2 and words in done.stderr and "pipeline.yaml:" in done.stderr, done
    assert SECRET not in done.stderr


# ---- later, from the warehouse ----

def test_notify_tells_of_a_run_on_record(finetl, tmp_path):
    with FaultServer({"/services/*": [Answer(b"ok"), Answer(b"ok"), status(503), status(503)]}) as server:
        pipeline = books(tmp_path, [hook(server)], transactions=bad_transactions())
        warehouse = f"sqlite:{tmp_path}/w.db"
        run = finetl.run(pipeline, warehouse).ok().result
        told = finetl("notify", "--pipeline", pipeline, "--warehouse", warehouse).ok().result
        assert told["run_id"] == run["run_id"] and told["notifications"][0]["sent"] and told["exit_code"] == 0
        again = finetl("notify", run["run_id"], "--pipeline", pipeline, "--warehouse", warehouse)
        assert again.code == 6 and again.result["retry_helps"] and SECRET not in again.stdout + again.stderr
        assert finetl("notify", "NO", "--pipeline", pipeline, "--warehouse", warehouse).code == 2
    first, second = (json.loads(r.body)["finetl"] for r in server.requests[:2])

    def steady(told):  # the audit row was written just before the end
        facts = {f["name"]: f["value"] for f in told["facts"] if f["name"] not in ("ended", "took")}
        return {**told, "facts": {**facts, "run time": facts["run time"].replace(" ", "T")}}

    assert steady(first) == steady(second) and len(first["facts"]) == 10


def test_notify_tells_of_a_folder_and_of_a_server(finetl, tmp_path, postgres):
    database = postgres.fresh()
    with FaultServer({"/services/*": Answer(b"ok")}) as server:
        pipeline = books(tmp_path, [hook(server, on="held")], transactions=bad_transactions(), gate={"max_rejected_percent": 1})
        for warehouse in [f"files:{tmp_path}/out", database.url]:
            run = finetl.run(pipeline, warehouse)
            assert run.code == 4 and run.result["notifications"][0]["sent"]
            told = finetl("notify", "latest", "--pipeline", pipeline, "--warehouse", warehouse).ok().result
            assert told["run_id"] == run.result["run_id"] and told["status"] == "held" and len(told["notifications"]) == 1
    bodies = [json.loads(r.body)["finetl"] for r in server.requests]
    assert bodies[0]["figures"] == bodies[1]["figures"] == bodies[2]["figures"] == bodies[3]["figures"]


def test_notify_all_tries_every_channel(finetl, tmp_path):
    with FaultServer({"/services/*": Answer(b"ok")}) as server:
        pipeline = books(tmp_path, [hook(server, on="failed")])
        warehouse = f"sqlite:{tmp_path}/w.db"
        finetl.run(pipeline, warehouse).ok()
        assert finetl("notify", "--pipeline", pipeline, "--warehouse", warehouse).ok().result["notifications"] == []
        assert len(finetl("notify", "--all", "--pipeline", pipeline, "--warehouse", warehouse).ok().result["notifications"]) == 1


def test_a_password_of_the_warehouse_is_told_to_nobody(finetl, tmp_path, postgres):
    url = postgres.fresh().url.replace("postgres@", f"postgres:{SECRET}@", 1)
    for warehouse in [url, url.replace("dbname", "x") + f"&sslpassword={SECRET}"]:
        with FaultServer({"/services/*": Answer(b"ok")}) as server:
            pipeline = books(tmp_path, [hook(server)], transactions=bad_transactions())
            done = finetl("run", pipeline, "--metrics-textfile", tmp_path / "m.prom", "--openlineage-url", f"file:{tmp_path}/e",
                          "--log-level", "debug", env={"FINETL_WAREHOUSE": warehouse})
            again = finetl("notify", "--pipeline", pipeline, env={"FINETL_WAREHOUSE": warehouse})
        told = "".join(r.body.decode() for r in server.requests)
        assert len(server.requests) == 2 and "***" in told, done
        for text in (told, done.stdout, done.stderr, again.stdout, again.stderr, (tmp_path / "m.prom").read_text(), (tmp_path / "e").read_text()):
            assert SECRET not in text
