# SPDX-License-Identifier: Apache-2.0
"""A Runtime API of AWS Lambda for tests: hands out events as a test says, odd ways of HTTP included, and keeps what is
answered. And the function's process, as Lambda would start it."""

import contextlib
import dataclasses
import json
import os
import pathlib
import queue
import select
import signal
import socket
import subprocess
import threading
import time
import uuid

FUNCTION_ARN = "arn:aws:lambda:eu-central-1:123456789012:function:finetl"
PREFIX = "/2018-06-01/runtime"


@dataclasses.dataclass
class Answer:
    kind: str      # response, error, init
    body: bytes
    headers: dict  # names in lower case

    @property
    def json(self):
        return json.loads(self.body)


class Invocation:
    def __init__(self, event, timeout=60, chunked=False, case=str, status=200, answer_status=None, cut=False, trace="Root=1-5759e988-bd862e3fe"):
        self.id = str(uuid.uuid4())
        self.body = event if isinstance(event, bytes) else json.dumps(event).encode()
        self.timeout, self.chunked, self.case, self.status, self.cut, self.trace = timeout, chunked, case, status, cut, trace
        self.answer_status = dict(answer_status or {})  # "response": 413
        self.answers = []
        self.over = threading.Event()

    def headers(self):
        deadline = int((time.time() + self.timeout) * 1000)
        named = {"Lambda-Runtime-Aws-Request-Id": self.id, "Lambda-Runtime-Deadline-Ms": deadline,
                 "Lambda-Runtime-Invoked-Function-Arn": FUNCTION_ARN, "Lambda-Runtime-Trace-Id": self.trace,
                 "Content-Type": "application/json"}
        return [(self.case(name), value) for name, value in named.items()]

    def wait(self, seconds=30):
        """The answer that was taken."""
        assert self.over.wait(seconds), "the function does not answer"
        return self.answers[-1]

    def note(self, answer):
        """The status that it is answered with."""
        self.answers.append(answer)
        status = self.answer_status.pop(answer.kind, 202)
        if status == 202 or status >= 500:
            self.over.set()
        return status


class RuntimeApi:
    """Events wait in a queue until the function asks for the next one."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.events, self.by_id, self.init_errors = queue.Queue(), {}, []
        self.n_connections, self.is_closed = 0, False
        self.asked = threading.Event()
        threading.Thread(target=self.accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.is_closed = True
        self.listener.close()

    def put(self, event, **how):
        invocation = Invocation(event, **how)
        self.by_id[invocation.id] = invocation
        self.events.put(invocation)
        return invocation

    def invoke(self, event, seconds=30, **how):
        invocation = self.put(event, **how)
        answer = invocation.wait(seconds)
        del self.by_id[invocation.id]
        return answer

    # ---- HTTP ----

    def accept(self):
        while not self.is_closed:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.n_connections += 1
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stream = connection.makefile("rb")
        with connection, stream, contextlib.suppress(OSError):  # a process that is killed leaves resets behind
            while self.serve_one(connection, stream):
                pass

    def serve_one(self, connection, stream):
        line = stream.readline()
        if not line:
            return False
        method, path, _ = line.decode().split(" ")
        headers = {}
        while (line := stream.readline().strip()):
            name, value = line.decode().split(":", 1)
            headers[name.lower()] = value.strip()
        body = stream.read(int(headers.get("content-length", 0)))
        if method == "GET" and path == PREFIX + "/invocation/next":
            return self.next(connection)
        status = self.take(method, path, headers, body)
        connection.sendall(f"HTTP/1.1 {status} Said\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}".encode())
        return True

    def next(self, connection):
        self.asked.set()
        invocation = self.event_for(connection)
        self.asked.clear()
        if invocation is None:
            return False
        head = f"HTTP/1.1 {invocation.status} Said\r\n" + "".join(f"{n}: {v}\r\n" for n, v in invocation.headers())
        if invocation.chunked:
            body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts_of(invocation.body)) + b"0\r\n\r\n"
            head += "Transfer-Encoding: chunked\r\n"
        else:
            body = invocation.body
            head += f"Content-Length: {len(body)}\r\n"
        if invocation.cut:
            connection.sendall(head.encode() + b"\r\n" + body[:-1])
            return False
        connection.sendall(head.encode() + b"\r\n" + body)
        return True

    def event_for(self, connection):
        """The next event; None when the function is gone: one that is dead must not swallow what another is there for."""
        while not is_gone(connection):
            with contextlib.suppress(queue.Empty):
                invocation = self.events.get(timeout=0.05)
                if not is_gone(connection):
                    return invocation
                self.events.put(invocation)
        return None

    def take(self, method, path, headers, body):
        if method == "POST" and path == PREFIX + "/init/error":
            self.init_errors.append(Answer("init", body, headers))
            return 202
        _, _, rest = path.partition(PREFIX + "/invocation/")
        request_id, _, kind = rest.partition("/")
        if method != "POST" or kind not in ("response", "error"):
            return 404
        invocation = self.by_id.get(request_id)
        return invocation.note(Answer(kind, body, headers)) if invocation else 400


def is_gone(connection):
    """Whoever waits for an answer sends nothing more: what can be read is the end, or a reset."""
    return bool(select.select([connection], [], [], 0)[0])


def parts_of(body, sizes=(1, 2, 3, 700, 65536)):
    """Chunks of odd sizes."""
    at, i = 0, 0
    while at < len(body):
        yield body[at:at + sizes[i % len(sizes)]]
        at += sizes[i % len(sizes)]
        i += 1


class Function:
    """The process. What it writes goes to files, as Lambda would take it to CloudWatch."""

    def __init__(self, command, api, folder, env=None):
        self.out, self.err = pathlib.Path(folder) / "stdout", pathlib.Path(folder) / "stderr"
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("FINETL_", "AWS_", "POWERTOOLS_", "LOG_LEVEL"))}
        clean |= {"AWS_LAMBDA_RUNTIME_API": api.address, "AWS_LAMBDA_FUNCTION_NAME": "finetl", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
                  "AWS_REGION": "eu-central-1"}
        with open(self.out, "wb") as out, open(self.err, "wb") as err:
            self.process = subprocess.Popen([str(c) for c in command], env=clean | {n: str(v) for n, v in (env or {}).items()},
                                            cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=err)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def stop(self, seconds=10):
        """As Lambda ends an environment: SIGTERM. (exit code, seconds it took)"""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds), time.monotonic() - began

    def rss_kib(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0])

    def peak_kib(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0])

    def n_descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def lines(self):
        """All lines of both, each of which must be one object of JSON."""
        text = self.out.read_text() + self.err.read_text()
        return [json.loads(line) for line in text.splitlines()]

    def logs(self):
        return [line for line in self.lines() if "_aws" not in line]

    def metrics(self):
        return [line for line in self.lines() if "_aws" in line]


# ---- events, as AWS makes them ----

def s3_record(key, bucket="raw", name="ObjectCreated:Put", **more):
    """key: as a form has it."""
    return {"eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "eu-central-1", "eventTime": "2026-01-02T03:04:05.678Z",
            "eventName": name, "userIdentity": {"principalId": "AWS:X"}, "requestParameters": {"sourceIPAddress": "10.0.0.1"},
            "responseElements": {"x-amz-request-id": "X"},
            "s3": {"s3SchemaVersion": "1.0", "configurationId": "all", "bucket": {"name": bucket, "arn": f"arn:aws:s3:::{bucket}"},
                   "object": {"key": key, **more}}}


def s3_event(*keys, **more):
    return {"Records": [s3_record(key, **more) for key in keys]}


def eventbridge(key, bucket="raw", kind="Object Created", **more):
    return {"version": "0", "id": str(uuid.uuid4()), "detail-type": kind, "source": "aws.s3", "time": "2026-01-02T03:04:05Z",
            "detail": {"version": "0", "bucket": {"name": bucket}, "object": {"key": key, **more}, "reason": "PutObject"}}


def sns_body(event):
    return {"Type": "Notification", "MessageId": str(uuid.uuid4()), "TopicArn": "arn:aws:sns:eu-central-1:1:t", "Message": json.dumps(event)}


def sns(*events):
    return {"Records": [{"EventSource": "aws:sns", "EventVersion": "1.0", "Sns": {"Type": "Notification", "Message": json.dumps(event)}}
                        for event in events]}


def sqs(*bodies):
    """Messages m0, m1, ...; a body that is a text stays what it is."""
    return {"Records": [{"messageId": f"m{i}", "receiptHandle": "h", "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:eu-central-1:1:q",
                         "body": body if isinstance(body, str) else json.dumps(body)} for i, body in enumerate(bodies)]}


TEST_EVENT = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Time": "2026-01-02T03:04:05.678Z", "Bucket": "raw"}
