#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A throw-away PostgreSQL server for tests: its own folder, a unix socket, nobody else's data.

  pg_cluster.py run [OPTIONS] -- COMMAND...   one for as long as the command runs
  pg_cluster.py start [OPTIONS] DIR           one in DIR (made if it is not there)
  pg_cluster.py stop DIR                      ends it; DIR stays

The command finds its URL in FINETL_TEST_POSTGRES; start prints it. Where that variable
is set already, `run` makes no server: the one that it names is used.

The server listens on a socket in its folder, which only its user can enter, so it asks for
no password; with --tls on 127.0.0.1 as well, by TLS with a certificate for localhost and
passwords, for roles that a test makes: FINETL_TEST_POSTGRES_TLS is the address, and
FINETL_TEST_POSTGRES_CA the file of the authority. As the server refuses to run as root, root
hands it to the user postgres or nobody. It forgets what a power cut would cost (fsync
is off) unless --fsync; a killed server process loses nothing either way.
"""

import argparse
import contextlib
import glob
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.parse

VARIABLE = "FINETL_TEST_POSTGRES"
SETTINGS = {
    "max_connections": "60",
    "max_prepared_transactions": "5",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "logging_collector": "off",
    "log_min_messages": "warning",
    "log_line_prefix": "%m [%p] %q%a %d ",
    "timezone": "Asia/Kathmandu",  # not UTC: what relies on the server's zone shows
    "autovacuum_naptime": "10s",
}


class NoServer(Exception):
    """There is no PostgreSQL server on this machine, or it did not start."""


def programs():
    """The folder of initdb and pg_ctl: the newest version's."""
    found = glob.glob("/usr/lib/postgresql/*/bin/initdb")
    if found:
        return os.path.dirname(max(found, key=lambda path: int(path.split("/")[4])))
    if shutil.which("initdb"):
        return os.path.dirname(shutil.which("initdb"))
    raise NoServer("PostgreSQL's server is not installed (Debian: postgresql)")


def server_user():
    """Whom root hands the server to; None where we are not root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise NoServer("there is neither a user postgres nor nobody to run the server as")


class Cluster:
    """One server and its folder. Starts, stops and breaks as the tests ask for."""

    def __init__(self, folder, settings=None, locale="C", fsync=False, tls=False):
        self.folder = pathlib.Path(folder).resolve()
        if len(str(self.folder)) > 80:
            raise NoServer(f"{self.folder}: too long for the name of a socket")
        self.data = self.folder / "data"
        self.user, self.bin = server_user(), programs()
        self.locale, self.tls, self.tls_port = locale, tls, None
        durable = {} if fsync else {"fsync": "off", "full_page_writes": "off"}
        self.settings = {**SETTINGS, **durable, **(settings or {})}

    def call(self, program, *arguments, check=True, **more):
        """A program of the server's, as its user."""
        who = {} if self.user is None else {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []}
        done = subprocess.run([os.path.join(self.bin, program), *map(str, arguments)], cwd="/", stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, env={"PATH": os.environ["PATH"], "LC_ALL": "C"}, **who, **more)
        if check and done.returncode != 0:
            raise NoServer(f"{program} failed: {(done.stderr or done.stdout).strip()}\n{self.log()}".strip())
        return done

    def log(self, n_lines=30):
        path = self.folder / "log"
        return "\n".join(path.read_text(errors="replace").splitlines()[-n_lines:]) if path.exists() else ""

    def own(self, path, mode):
        path.chmod(mode)
        if self.user is not None:
            os.chown(path, self.user.pw_uid, self.user.pw_gid)

    def make(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        self.own(self.folder, 0o700)
        # Not synced, as nothing is lost with a server that was never used.
        self.call("initdb", "-D", self.data, "-U", "postgres", "-E", "UTF8", "--locale", self.locale, "-A", "trust",
                  "--no-sync", "--no-instructions")
        if self.tls:
            self.make_certificates()
            self.tls_port = free_port()
            self.settings.update(ssl="on", ssl_cert_file=str(self.folder / "server.crt"), port=str(self.tls_port),
                                 ssl_key_file=str(self.folder / "server.key"), listen_addresses="127.0.0.1")
            rules = "local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n"
            (self.data / "pg_hba.conf").write_text(rules)
        self.configure(**{"listen_addresses": "", "unix_socket_directories": str(self.folder), **self.settings})

    def configure(self, **settings):
        """Adds settings, which hold from the next start or reload."""
        lines = "".join(f"{name} = '{value}'\n" for name, value in settings.items())
        with open(self.data / "postgresql.conf", "a", encoding="utf-8") as conf:
            conf.write(lines)

    def make_certificates(self):
        """ca.crt, and server.crt with its key for localhost, good for a few days."""
        def openssl(*arguments):
            done = subprocess.run(["openssl", *arguments], cwd=self.folder, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise NoServer(f"openssl failed: {done.stderr.strip()}")

        (self.folder / "san").write_text("subjectAltName=DNS:localhost\n")
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                "-subj", "/CN=finetl test authority", "-keyout", "ca.key", "-out", "ca.crt")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost",
                "-keyout", "server.key", "-out", "server.csr")
        openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "30",
                "-extfile", "san", "-out", "server.crt")
        for name, mode in (("server.crt", 0o644), ("server.key", 0o600), ("ca.crt", 0o644)):
            self.own(self.folder / name, mode)

    def start(self):
        self.call("pg_ctl", "start", "-w", "-t", "60", "-s", "-D", self.data, "-l", self.folder / "log")

    def stop(self, mode="fast"):
        self.call("pg_ctl", "stop", "-w", "-t", "60", "-s", "-m", mode, "-D", self.data)

    def is_running(self):
        return self.call("pg_ctl", "status", "-D", self.data, check=False).returncode == 0

    @property
    def port(self):
        return str(self.tls_port or 5432)

    def url(self, database="postgres", user="postgres", host=None, **parameters):
        """host: a folder with another socket, as a proxy's."""
        query = urllib.parse.urlencode({"host": host or self.folder, **parameters}, safe="/")
        port = f"&port={self.port}" if self.tls_port and not host else ""
        return f"postgresql://{user}@/{database}?{query}{port}"

    def variables(self):
        out = {VARIABLE: self.url()}
        if self.tls:
            out["FINETL_TEST_POSTGRES_TLS"] = f"localhost:{self.tls_port}"
            out["FINETL_TEST_POSTGRES_CA"] = str(self.folder / "ca.crt")
        return out


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@contextlib.contextmanager
def throw_away(**options):
    """A fresh server that is gone afterwards, with all that it held."""
    # Not TMPDIR: the name of a socket has to be short, and its user must get there.
    folder = tempfile.mkdtemp(prefix="finetl-pg-", dir="/tmp")
    cluster = Cluster(folder, **options)
    try:
        cluster.make()
        cluster.start()
        yield cluster
    finally:
        if cluster.data.exists() and cluster.is_running():
            cluster.stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)


def run(options):
    # Ended as by Ctrl-C, so that the server ends as well.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(129))
    if os.environ.get(VARIABLE):
        return subprocess.call(options.command)
    with throw_away(**settings_of(options)) as cluster:
        return subprocess.call(options.command, env={**os.environ, **cluster.variables()})


def settings_of(options):
    pairs = [pair.partition("=") for pair in options.conf]
    return {"settings": {name.strip(): value.strip() for name, _, value in pairs}, "locale": options.locale,
            "fsync": options.fsync, "tls": options.tls}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="action", required=True)
    for action in ("run", "start", "stop"):
        sub = commands.add_parser(action)
        if action != "stop":
            sub.add_argument("--conf", action="append", default=[], metavar="NAME=VALUE", help="a setting of the server")
            sub.add_argument("--locale", default="C", help="of its databases (C)")
            sub.add_argument("--fsync", action="store_true", help="as careful as a real one")
            sub.add_argument("--tls", "--ssl", action="store_true", help="on 127.0.0.1 as well, by TLS")
        if action == "run":
            sub.add_argument("command", nargs="+", metavar="COMMAND")
        else:
            sub.add_argument("folder", metavar="DIR")
    options = parser.parse_args()
    try:
        if options.action == "run":
            return run(options)
        cluster = Cluster(options.folder, **(settings_of(options) if options.action == "start" else {}))
        if options.action == "stop":
            cluster.stop("immediate")
            return 0
        if not cluster.data.exists():
            cluster.make()
        cluster.start()
        print(cluster.url())
        return 0
    except (NoServer, OSError) as error:
        print(f"pg_cluster.py: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
