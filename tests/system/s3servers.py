# SPDX-License-Identifier: Apache-2.0
"""Servers that speak like S3, for tests: moto, which checks every signature and policy; gofakes3 (tests/s3server), of
another family; and a proxy before either, which lies and breaks as a test says."""

import hashlib
import http.client
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

import boto3
from botocore.config import Config

from faultserver import Answer, FaultServer
from finetl import ROOT, absent

POLICY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(port, process, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the server does not listen")


class Server:
    """What a test needs to know of a running server: where it is, and keys that it takes."""

    def __init__(self, endpoint, key, secret, process):
        self.endpoint, self.key, self.secret, self.process = endpoint, key, secret, process

    def client(self, service="s3", **more):
        return boto3.client(service, endpoint_url=self.endpoint, region_name="us-east-1",
                            aws_access_key_id=self.key, aws_secret_access_key=self.secret,
                            config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}), **more)

    def env(self, **more):
        """The environment of a process of ours that is to use it: nothing of the user's own."""
        env = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        env |= {"AWS_ENDPOINT_URL": self.endpoint, "AWS_ACCESS_KEY_ID": self.key,
                "AWS_SECRET_ACCESS_KEY": self.secret, "AWS_REGION": "us-east-1", "AWS_CONFIG_FILE": "/nonexistent",
                "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent", "AWS_EC2_METADATA_DISABLED": "true"}
        env |= more
        return {name: value for name, value in env.items() if value is not None}

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


def start_moto(log, **settings):
    """A moto that lets nobody in but the user it is given first: three calls make that user."""
    port = free_port()
    env = os.environ | {"INITIAL_NO_AUTH_ACTION_COUNT": "3"} | settings
    process = subprocess.Popen([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], env=env,
                               stdout=log, stderr=subprocess.STDOUT, cwd=str(pathlib.Path(log.name).parent))
    wait_for(port, process)
    server = Server(f"http://127.0.0.1:{port}", "nobody", "nothing", process)
    iam = server.client("iam")
    iam.create_user(UserName="tester")
    iam.put_user_policy(UserName="tester", PolicyName="all", PolicyDocument=POLICY)
    made = iam.create_access_key(UserName="tester")["AccessKey"]
    server.key, server.secret = made["AccessKeyId"], made["SecretAccessKey"]
    return server


def build_gofakes3():
    """The server's binary: built once for each state of its sources, and kept beside pytest's own environment."""
    source = ROOT / "tests" / "s3server"
    if not shutil.which("go"):
        absent("no Go to build tests/s3server with (Debian: golang-go)")
    state = hashlib.sha256(b"".join((source / name).read_bytes() for name in ("main.go", "conditions.go", "go.mod", "go.sum"))).hexdigest()[:16]
    binary = ROOT / ".venv" / "s3server" / state / "s3server"
    if not binary.exists():
        binary.parent.mkdir(parents=True, exist_ok=True)
        env = os.environ | {"GOTOOLCHAIN": "local", "CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly -trimpath"}
        new = f"{binary}.{os.getpid()}"  # other tests may be at it, too
        made = subprocess.run(["go", "build", "-o", new, "."], cwd=source, env=env, capture_output=True, text=True)
        if made.returncode:
            absent(f"tests/s3server cannot be built: {made.stderr[-500:]}")
        os.rename(new, binary)
    return binary


def start_gofakes3(log):
    port, binary = free_port(), build_gofakes3()
    process = subprocess.Popen([binary, f"127.0.0.1:{port}", "TESTKEYID", "testsecret"], stdout=log, stderr=subprocess.STDOUT)
    wait_for(port, process)
    return Server(f"http://127.0.0.1:{port}", "TESTKEYID", "testsecret", process)


class Proxy(FaultServer):
    """Passes requests on to a server. fault(request) is asked before each: None to pass it on, or what is done instead
    (faultserver.py); after(request, answer) may change the answer."""

    def __init__(self, server, fault=lambda request: None, after=lambda request, answer: answer):
        self.server, self.fault, self.after = server, fault, after
        super().__init__({"*": self.pass_on}, host="127.0.0.1")
        self.endpoint = self.url("")

    def pass_on(self, request):
        instead = self.fault(request)
        if instead is not None:
            return instead
        there = http.client.HTTPConnection(self.server.endpoint.removeprefix("http://"), timeout=60)
        there.putrequest(request.method, request.target, skip_host=True, skip_accept_encoding=True)
        for name, value in request.headers:
            there.putheader(name, value)
        there.endheaders(request.body or None)
        got = there.getresponse()
        body = got.read()
        headers = [(name, value) for name, value in got.getheaders()
                   if name.lower() not in ("content-length", "connection", "transfer-encoding", "server")]
        length = got.getheader("Content-Length") if request.method == "HEAD" else "right"
        answer = Answer(body, got.status, headers, length=length, content_type=None)
        there.close()
        return self.after(request, answer)


def error(status, code, *headers, message="because"):
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return Answer(body, status, headers, content_type="application/xml")
