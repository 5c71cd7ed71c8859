# SPDX-License-Identifier: Apache-2.0
"""A proxy in front of a PostgreSQL server that fails in a chosen way at a chosen message.

It reads the messages of both directions (PostgreSQL's protocol 3: a type byte, a length,
the rest) and passes them on one by one, keeping a trace. A Rule names one message by
connection, direction and place, or by what is in it, and says what happens instead of
passing it on:

  cut      both sides see the connection end
  reset    the client sees it reset (TCP) or broken; the server sees it end
  silent   nothing passes any more, either way, and nothing is closed, until heal()
  deaf     the client hears nothing any more; what it says still arrives, until heal()
  late     the client sees the connection end; the server gets the message two seconds later
  pass     nothing: to wait for a message (Rule.met is set), or to call its `then`

A client that gives up does not show on the server while the line is silent, as in a network
that has gone; heal() makes both ends see the end. Not for TLS: it has to read.
"""

import contextlib
import pathlib
import shutil
import socket
import struct
import tempfile
import threading
import time

CLIENT, SERVER = "client", "server"  # who says it
STARTUP, CANCEL = 196608, 80877102
ASKS_FOR_ENCRYPTION = (80877103, 80877104)


class Rule:
    def __init__(self, action, says, at=None, connection=None, type_=None, text=None, then=None):
        """at: the place in its direction of its connection; or type_ and text, how it begins."""
        self.action, self.says, self.at, self.connection = action, says, at, connection
        self.type, self.text, self.then = type_, text, then
        self.met = threading.Event()

    def applies(self, connection, says, place, type_, body):
        if self.met.is_set() or says != self.says or self.connection not in (None, connection):
            return False
        if self.at is not None and self.at != place:
            return False
        return self.type in (None, type_) and (self.text is None or body.startswith(self.text))


class Line:
    """One connection: the client's socket and the server's, a thread for each direction."""

    def __init__(self, proxy, number, client):
        self.proxy, self.number, self.client = proxy, number, client
        self.server = proxy.connect_to_server()
        self.is_silent = {CLIENT: threading.Event(), SERVER: threading.Event()}
        self.is_late = False
        self.may_start = threading.Event()  # the server's answers have type bytes only after this
        for says in (CLIENT, SERVER):
            threading.Thread(target=self.pump, args=(says,), daemon=True).start()

    def pump(self, says):
        source, sink = (self.client, self.server) if says == CLIENT else (self.server, self.client)
        try:
            place = 0
            for type_, raw in self.messages(says, source):
                body = raw[5:] if type_ else raw[4:]
                action = self.proxy.note(self.number, says, place, type_, body)
                place += 1
                if action == "late":
                    self.end_of_client()
                    time.sleep(2)
                    sink.sendall(raw)
                    time.sleep(0.5)
                    self.end()
                    return
                if action in ("cut", "reset"):
                    self.end(reset=action == "reset")
                    return
                if action == "silent":
                    self.silence()
                elif action == "deaf":
                    self.is_silent[SERVER].set()
                if self.is_silent[says].is_set():
                    continue  # taken off the line, so that the sender is not told by a full buffer
                sink.sendall(raw)
        except OSError:
            pass
        if not self.is_silent[says].is_set() and not self.is_late:
            self.end()

    def messages(self, says, source):
        """(type or "", all of its bytes)"""
        def take(n):
            data = b""
            while len(data) < n:
                more = source.recv(min(n - len(data), 1 << 20))
                if not more:
                    raise ConnectionError
                data += more
            return data

        if says == CLIENT:
            code = None
            while code != STARTUP:
                head = take(8)
                n_bytes, code = struct.unpack("!II", head)
                if code == STARTUP:
                    self.may_start.set()
                yield "", head + take(n_bytes - 8)
                if code in ASKS_FOR_ENCRYPTION or code == STARTUP:
                    continue
                if code == CANCEL:
                    raise ConnectionError
        else:
            while not self.may_start.is_set():
                answer = source.recv(1)  # to a request for encryption: N
                if not answer:
                    raise ConnectionError
                if self.may_start.is_set():
                    yield self.typed(answer, take)
                    break
                yield "", answer
        while True:
            yield self.typed(take(1), take)

    @staticmethod
    def typed(type_, take):
        length = take(4)
        return type_.decode("latin-1"), type_ + length + take(struct.unpack("!I", length)[0] - 4)

    def silence(self):
        for direction in self.is_silent.values():
            direction.set()

    def end_of_client(self):
        self.is_late = True
        with contextlib.suppress(OSError):
            self.client.shutdown(socket.SHUT_RDWR)
        self.client.close()

    def end(self, reset=False):
        if reset:
            with contextlib.suppress(OSError):
                self.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        for end in (self.client, self.server):
            with contextlib.suppress(OSError):
                # A reset is what close does then; to shut down writing would say good-bye first.
                end.shutdown(socket.SHUT_RD if reset and end is self.client else socket.SHUT_RDWR)
            end.close()


class Proxy:
    """Listens at `url()`; a context manager. server: the path of its socket, or (host, port)."""

    def __init__(self, server, tcp=False, rules=()):
        self.server = server
        self.rules, self.trace, self.lines = list(rules), [], []
        self.lock, self.is_refusing, self.is_dead = threading.Lock(), False, False
        self.folder = None
        if tcp:
            self.listener = socket.create_server(("127.0.0.1", 0), backlog=50)
            self.host, self.port = "127.0.0.1", self.listener.getsockname()[1]
        else:
            self.folder = tempfile.mkdtemp(prefix="finetl-px-", dir="/tmp")
            pathlib.Path(self.folder).chmod(0o755)
            self.listener = socket.socket(socket.AF_UNIX)
            self.listener.bind(f"{self.folder}/.s.PGSQL.5432")
            self.listener.listen(50)
            self.host, self.port = self.folder, 5432
        threading.Thread(target=self.accept, daemon=True).start()

    def url(self, database, user="postgres", **parameters):
        more = "".join(f"&{name}={value}" for name, value in parameters.items())
        return f"postgresql://{user}@/{database}?host={self.host}&port={self.port}{more}"

    def connect_to_server(self):
        if isinstance(self.server, tuple):
            return socket.create_connection(self.server)
        s = socket.socket(socket.AF_UNIX)
        s.connect(str(self.server))
        return s

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            try:
                if self.is_refusing:
                    raise OSError
                if self.folder is None:  # message by message, and no waiting for more
                    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                with self.lock:
                    self.lines.append(None)
                    number = len(self.lines) - 1
                self.lines[number] = line = Line(self, number, client)
                if self.is_dead:
                    line.silence()
            except OSError:
                client.close()

    def note(self, connection, says, place, type_, body):
        """Keeps the trace; what the rules say of the message."""
        with self.lock:
            self.trace.append((connection, says, place, type_, body[:60]))
        for rule in self.rules:
            if rule.applies(connection, says, place, type_, body):
                if rule.then:
                    rule.then()
                rule.met.set()
                return rule.action
        return "pass"

    def restart(self, *rules):
        """For the next run: connections are counted anew."""
        self.heal()
        with self.lock:
            self.trace, self.lines, self.is_refusing, self.is_dead = [], [], False, False
        self.rules = list(rules)

    def vanish(self):
        """Every line ends, and nobody listens, until is_refusing is False again."""
        self.is_refusing = True
        self.heal()

    def go_silent(self):
        """Every line that is there; new ones are taken and say nothing."""
        self.is_dead = True
        for line in self.lines:
            if line:
                line.silence()

    def heal(self):
        """Whatever still hangs is seen to end by both sides."""
        for line in self.lines:
            if line:
                line.end()

    def close(self):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.heal()
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
