# SPDX-License-Identifier: Apache-2.0
"""An HTTP server that does as a script says, right or wrong, byte by byte.

    with FaultServer({"/data": [status(503, ("Retry-After", "1")), Answer(b"...")]}) as server:
        ... server.url("/data") ... server.requests ...

A route's value is a behaviour, or a list of them for the first, second, ... request of that path
(the last one goes on), or a function of the Request that gives one. A path that ends in * stands for
all that begin so. A behaviour is an Answer, or an Answer in the hands of a fault:

    Answer(body, status, headers, ...)   whole and right, unless told to lie about its length
    cut(answer, at)        the connection ends after a share (or a number of bytes) of it
    reset(answer, at)      the same by a reset
    stall(answer, at)      silence after it, and the connection stays
    drip(answer, every_s)  byte by byte
    raw(bytes)             whatever these bytes are, and then the end
    tunnel(port)           of a proxy: what CONNECT asks for
    hold()                 no answer at all
    end()                  the connection ends without an answer

What happens before a request is asked of the address: refused_port(), Blackhole() (connections
hang), TLS by tls_context(certificate, key).
"""

import contextlib
import gzip
import socket
import ssl
import struct
import threading
import time
import urllib.parse
import zlib

REASONS = {200: "OK", 204: "No Content", 206: "Partial Content", 301: "Moved", 302: "Found", 303: "See Other", 304: "Not Modified",
           307: "Temporary Redirect", 308: "Permanent Redirect", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden",
           404: "Not Found", 408: "Timeout", 410: "Gone", 416: "Range", 425: "Early", 429: "Too Many", 500: "Error",
           502: "Bad Gateway", 503: "Unavailable", 504: "Gateway Timeout"}


class Request:
    def __init__(self, method, target, headers, body, connection, number):
        self.method, self.target, self.headers, self.body = method, target, headers, body
        self.connection, self.number, self.time = connection, number, time.monotonic()
        split = urllib.parse.urlsplit(target)
        self.path = split.path
        self.query = dict(urllib.parse.parse_qsl(split.query, keep_blank_values=True))

    def header(self, name):
        """The first of that name, None without."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


class Answer:
    def __init__(self, body=b"", status=200, headers=(), length="right", chunks=None, close=False, content_type="application/json"):
        """length: "right", None for none, or what is to be said. chunks: sizes, sent chunked."""
        self.body = body if isinstance(body, bytes) else body.encode()
        self.status, self.headers, self.length, self.chunks, self.close = status, list(headers), length, chunks, close
        self.content_type = content_type

    def head(self):
        lines = [f"HTTP/1.1 {self.status} {REASONS.get(self.status, 'Whatever')}"]
        if self.content_type and self.body:
            lines.append(f"Content-Type: {self.content_type}")
        if self.chunks is not None:
            lines.append("Transfer-Encoding: chunked")
        elif self.length is not None and self.status not in (204, 304):
            lines.append(f"Content-Length: {len(self.body) if self.length == 'right' else self.length}")
        if self.close:
            lines.append("Connection: close")
        lines += [f"{name}: {value}" for name, value in self.headers]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def framed(self):
        if self.chunks is None:
            return self.body
        out, at = b"", 0
        for size in [*self.chunks, len(self.body)]:
            piece = self.body[at:at + size]
            at += len(piece)
            if piece:
                out += b"%x\r\n%s\r\n" % (len(piece), piece)
        return out + b"0\r\n\r\n"

    def play(self, line, request):
        line.send(self.head() + (b"" if request.method == "HEAD" else self.framed()))
        if self.close or (self.length is None and self.chunks is None and self.status not in (204, 304)):
            line.end()


class Fault:
    def __init__(self, play):
        self.play = play


def status(code, *headers, body=b"", **more):
    return Answer(body, status=code, headers=headers, **more)


def redirect(to, code=302):
    return status(code, ("Location", to))


def part_of(answer, at):
    """head and body of an answer up to a share, or a number, of the body's bytes"""
    body = answer.framed()
    return answer.head() + body[:int(len(body) * at) if isinstance(at, float) else at]


def cut(answer, at=0.5):
    def play(line, request):
        line.send(part_of(answer, at))
        line.end()
    return Fault(play)


def cut_without_goodbye(answer, at=1.0):
    """Over TLS: the connection ends, and TLS does not say so."""
    def play(line, request):
        line.send(part_of(answer, at))
        line.end(goodbye=False)
    return Fault(play)


def reset(answer, at=0.5):
    def play(line, request):
        line.send(part_of(answer, at))
        time.sleep(0.05)  # a reset would overtake what is not read yet
        line.reset()
    return Fault(play)


def stall(answer, at=0.5):
    def play(line, request):
        line.send(part_of(answer, at))
        line.hold()
    return Fault(play)


def drip(answer, every_s=0.1):
    def play(line, request):
        line.send(answer.head())
        for byte in answer.framed():
            line.send(bytes([byte]))
            if line.server.is_over.wait(every_s):
                return
    return Fault(play)


def late(answer, after_s):
    """The answer, but not at once."""
    def play(line, request):
        if not line.server.is_over.wait(after_s):
            answer.play(line, request)
    return Fault(play)


def raw(data, then="end"):
    def play(line, request):
        line.send(data)
        getattr(line, then)()
    return Fault(play)


def hold():
    return Fault(lambda line, request: line.hold())


def end():
    return Fault(lambda line, request: line.end())


def tunnel(port):
    """What a proxy does for CONNECT, wherever it is asked to go: to a port of this machine."""
    def pump(source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def play(line, request):
        there = socket.create_connection(("127.0.0.1", port))
        line.send(b"HTTP/1.1 200 Connection established\r\nX-Proxy: yes\r\n\r\n")
        back = threading.Thread(target=pump, args=(there, line.sock), daemon=True)
        back.start()
        pump(line.sock, there)
        back.join()
        line.end()
    return Fault(play)


def packed(body, coding="gzip", data=None, **more):
    """An answer with a Content-Encoding; data: what is sent instead of the body so packed."""
    pack = {"gzip": gzip.compress, "deflate": zlib.compress}
    return Answer(pack[coding](body) if data is None else data, headers=[("Content-Encoding", coding)], **more)


class Line:
    """One connection of a client."""

    def __init__(self, server, sock, number):
        self.server, self.sock, self.number = server, sock, number
        self.is_open, self.rest = True, b""

    def take_until(self, mark):
        while mark not in self.rest:
            self.take_more()
        data, self.rest = self.rest.split(mark, 1)
        return data

    def take_more(self):
        more = self.sock.recv(65536)
        if not more:
            raise ConnectionError
        self.rest += more

    def request(self):
        head = self.take_until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        method, target, _ = head[0].split(" ", 2)
        headers = [tuple(line.split(": ", 1)) if ": " in line else (line.rstrip(":"), "") for line in head[1:]]
        n = int(next((value for name, value in headers if name.lower() == "content-length"), 0))
        while len(self.rest) < n:
            self.take_more()
        body, self.rest = self.rest[:n], self.rest[n:]
        return self.server.note(method, target, headers, body, self)

    def send(self, data):
        self.sock.sendall(data)

    def hold(self):
        self.server.is_over.wait(60)
        self.is_open = False

    def keep(self):
        """The connection goes on: for raw()."""

    def end(self, goodbye=True):
        self.is_open = False
        if goodbye and isinstance(self.sock, ssl.SSLSocket):
            with contextlib.suppress(OSError, ValueError):
                self.sock.settimeout(1)
                self.sock = self.sock.unwrap()
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()

    def reset(self):
        self.is_open = False
        raw_sock = self.sock
        raw_sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if isinstance(raw_sock, ssl.SSLSocket):
            raw_sock = socket.socket(fileno=raw_sock.detach())
        raw_sock.close()


class FaultServer:
    def __init__(self, routes, tls=None, host="localhost", family=socket.AF_INET):
        self.routes, self.tls, self.host = dict(routes), tls, host
        self.requests, self.counts, self.lock = [], {}, threading.Lock()
        self.n_connections, self.lines, self.is_over = 0, [], threading.Event()
        address = "::1" if family == socket.AF_INET6 else "127.0.0.1"
        self.listener = socket.create_server((address, 0), backlog=50, family=family)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def url(self, path="/", host=None):
        return f"{'https' if self.tls else 'http'}://{host or self.host}:{self.port}{path}"

    def accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.n_connections += 1
            threading.Thread(target=self.serve, args=(sock, self.n_connections), daemon=True).start()

    def serve(self, sock, number):
        try:
            if self.tls:
                sock = self.tls.wrap_socket(sock, server_side=True)
            line = Line(self, sock, number)
            self.lines.append(line)
            while line.is_open:
                request = line.request()
                self.behaviour_of(request).play(line, request)
        except (OSError, ValueError):
            pass
        with contextlib.suppress(OSError):
            sock.close()

    def note(self, method, target, headers, body, line):
        with self.lock:
            path = urllib.parse.urlsplit(target).path
            self.counts[path] = self.counts.get(path, 0) + 1
            request = Request(method, target, headers, body, line.number, self.counts[path])
            self.requests.append(request)
            return request

    def behaviour_of(self, request):
        found = self.routes.get(request.path)
        if found is None:
            starts = [path for path in self.routes if path.endswith("*") and request.path.startswith(path[:-1])]
            found = self.routes[max(starts, key=len)] if starts else status(404, body='{"error": "no such path"}')
        if isinstance(found, (list, tuple)):
            found = found[min(request.number, len(found)) - 1]
        return found(request) if callable(found) else found

    def close(self):
        self.is_over.set()
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for line in self.lines:
            with contextlib.suppress(OSError, ValueError):
                line.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def tls_context(certificate, key, **options):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    for name, value in options.items():
        if name == "ciphers":
            context.set_ciphers(value)
        else:
            setattr(context, name, value)
    return context


def refused_port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


class Blackhole:
    """A port where connecting hangs: its queue is full, and nobody takes from it."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=0)
        self.port = self.listener.getsockname()[1]
        self.fill = []
        for _ in range(4):
            s = socket.socket()
            s.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                s.connect(("127.0.0.1", self.port))
            self.fill.append(s)
        time.sleep(0.05)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for s in (*self.fill, self.listener):
            s.close()
