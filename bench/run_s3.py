#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An object of S3 by ranges and several connections, against one stream of the same client.

The server is this script's own, and holds each connection to a rate, as S3 does (--rate, MB/s): a
loopback has no such limit, and what ranges are for would not show. Without a limit (--rate 0)
the figures say what the client itself costs. Neither is a measurement of AWS.

  ranges    probe_s3 cat s3://bench/object      HEAD, then 8 MiB ranges on 8 connections
  stream    probe_s3 cat http://.../object      the same bytes, one connection, same checks and hash
  curl      curl, one connection                no checks, no hash
"""
import argparse
import http.server
import os
import pathlib
import shutil
import subprocess
import sys
import threading
import time

from measure import interval

PIECE = 256 * 1024


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    content, rate = b"", 0

    def log_message(self, *_):
        pass

    def head(self):
        size, first, last, status = len(self.content), 0, len(self.content) - 1, 200
        asked = self.headers.get("Range")
        if asked:
            first, last = (int(n) for n in asked.removeprefix("bytes=").split("-"))
            status = 206
        self.send_response(status)
        self.send_header("ETag", '"one"')
        self.send_header("Content-Length", str(last + 1 - first))
        if asked:
            self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
        self.end_headers()
        return first, last + 1

    def do_HEAD(self):
        self.head()

    def do_GET(self):
        at, end = self.head()
        view, begun, sent = memoryview(self.content), time.monotonic(), 0
        while at < end:
            piece = view[at:min(at + PIECE, end)]
            self.wfile.write(piece)
            at, sent = at + len(piece), sent + len(piece)
            if self.rate:
                time.sleep(max(0.0, begun + sent / self.rate - time.monotonic()))


def measure(command, env):
    begun = time.monotonic()
    done = subprocess.run(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    if done.returncode:
        sys.exit(f"{command}: {done.stderr.decode()}")
    return time.monotonic() - begun


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build", help="build folder with tests/unit/io/probe_s3 (default: build)")
    parser.add_argument("--mib", type=int, default=256)
    parser.add_argument("--rate", type=float, default=60, help="MB/s of each connection; 0: no limit")
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()

    probe = pathlib.Path(args.build).resolve() / "tests" / "unit" / "io" / "probe_s3"
    Handler.content, Handler.rate = os.urandom(args.mib << 20), args.rate * 1e6
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    env = os.environ | {"AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y", "PROBE_HTTP": "1"}
    contestants = {"ranges": [probe, "cat", "s3://bench/object"], "stream": [probe, "cat", f"{endpoint}/bench/object"]}
    if shutil.which("curl"):
        contestants["curl"] = ["curl", "-sf", f"{endpoint}/bench/object"]
    times = {name: [] for name in contestants}
    for _ in range(args.rounds):
        for name, command in contestants.items():
            times[name].append(measure(command, env))
    limit = f"{args.rate:g} MB/s a connection" if args.rate else "no limit"
    print(f"{args.mib} MiB, {limit}, {args.rounds} rounds")
    for name, seconds in times.items():
        median = sorted(seconds)[len(seconds) // 2]
        print(f"  {name:<8} {median:7.3f} s  {args.mib * 1.048576 / median:8.0f} MB/s")
    for other in times:
        if other != "ranges":
            middle, low, high = interval([o / r for o, r in zip(times[other], times["ranges"], strict=True)])
            print(f"  ranges are {middle:.2f} times as fast as {other} (95 %: {low:.2f} to {high:.2f})")


if __name__ == "__main__":
    main()
