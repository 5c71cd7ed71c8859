# SPDX-License-Identifier: Apache-2.0
"""Servers that speak like S3, for tests: moto, which checks every signature and policy."""

import json
import os
import pathlib
import socket
import subprocess
import sys
import time
import urllib.request

import boto3
from botocore.config import Config

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
