#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A throw-away MariaDB server for tests: its own folder, a unix socket, nobody else's data.

  mariadb_server.py run -- COMMAND...   one for as long as the command runs

The command finds in FINETL_TEST_ODBC a connection string for ODBC, whose user may do anything, and in
FINETL_TEST_MARIADB the server's socket. Where FINETL_TEST_ODBC is set already, no server is made.

It listens on a socket in its folder, which only its user can enter, and on no address. As the server
refuses to run as root, root hands it to the user mysql, postgres or nobody.
"""

import contextlib
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

VARIABLE = "FINETL_TEST_ODBC"
DRIVER = "MariaDB Unicode"
START_SECONDS = 60
STOP_SECONDS = 20


class NoServer(Exception):
    """There is no MariaDB server on this machine, or it did not start."""


def program(*names):
    for name in names:
        for folder in (None, "/usr/sbin", "/usr/libexec"):
            found = shutil.which(name) if folder is None else shutil.which(name, path=folder)
            if found:
                return found
    raise NoServer(f"{names[0]} is not installed (Debian: mariadb-server-core)")


def has_driver():
    """Whether unixODBC knows the driver that the tests ask for."""
    for path in ("/etc/odbcinst.ini", os.path.expanduser("~/.odbcinst.ini")):
        with contextlib.suppress(OSError):
            if f"[{DRIVER}]" in pathlib.Path(path).read_text(encoding="utf-8", errors="replace"):
                return True
    return False


def server_user():
    """Whom root hands the server to; None where we are not root."""
    if os.geteuid() != 0:
        return None
    for name in ("mysql", "postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise NoServer("there is no user mysql, postgres or nobody to run the server as")


class Server:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder).resolve()
        self.user, self.process = server_user(), None
        self.server, self.installer = program("mariadbd", "mysqld"), program("mariadb-install-db", "mysql_install_db")
        if not has_driver():
            raise NoServer("the ODBC driver is not installed (Debian: odbc-mariadb)")

    @property
    def who(self):
        return {} if self.user is None else {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []}

    @property
    def socket(self):
        return self.folder / "socket"

    def log(self):
        path = self.folder / "log"
        return "\n".join(path.read_text(errors="replace").splitlines()[-20:]) if path.exists() else ""

    def make(self):
        self.folder.chmod(0o700)
        if self.user is not None:
            os.chown(self.folder, self.user.pw_uid, self.user.pw_gid)
        done = subprocess.run([self.installer, "--no-defaults", f"--datadir={self.folder / 'data'}", "--auth-root-authentication-method=normal",
                               "--skip-test-db"], cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              check=False, env={"PATH": os.environ["PATH"], "TMPDIR": str(self.folder)}, **self.who)
        if done.returncode != 0:
            raise NoServer(f"{self.installer} failed: {(done.stderr or done.stdout).strip()[-2000:]}")

    def start(self):
        # Not UTC: what relies on the server's zone shows. Not synced: a throw-away one loses nothing.
        command = [self.server, "--no-defaults", f"--datadir={self.folder / 'data'}", f"--socket={self.socket}", "--skip-networking",
                   f"--log-error={self.folder / 'log'}", "--innodb-flush-log-at-trx-commit=0", "--innodb-flush-method=nosync",
                   "--innodb-buffer-pool-size=256M", "--character-set-server=utf8mb4", "--default-time-zone=+05:45",
                   "--max-allowed-packet=64M", "--secure-file-priv=", f"--tmpdir={self.folder}", "--pid-file=pid"]
        self.process = subprocess.Popen(command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, **self.who)
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise NoServer(f"the server did not start\n{self.log()}")
            time.sleep(0.1)

    def answers(self):
        with socket.socket(socket.AF_UNIX) as s:
            with contextlib.suppress(OSError):
                s.settimeout(2)
                s.connect(str(self.socket))
                return bool(s.recv(5))
        return False

    def stop(self):
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def connection(self, database="mysql"):
        """NO_CACHE: rows as they come, not all of them in the driver's memory first."""
        return f"DRIVER={{{DRIVER}}};SOCKET={self.socket};SERVER=localhost;DATABASE={database};UID=root;NO_CACHE=1;FORWARDONLY=1"

    def variables(self):
        return {VARIABLE: self.connection(), "FINETL_TEST_MARIADB": str(self.socket)}


@contextlib.contextmanager
def throw_away():
    """A fresh server that is gone afterwards, with all that it held."""
    # Not TMPDIR: the name of a socket has to be short, and its user must get there.
    folder = tempfile.mkdtemp(prefix="finetl-maria-", dir="/tmp")
    server = None
    try:
        server = Server(folder)
        server.make()
        server.start()
        yield server
    finally:
        if server is not None:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def main():
    if len(sys.argv) < 4 or sys.argv[1:3] != ["run", "--"]:
        print(__doc__, file=sys.stderr)
        return 2
    # Ended as by Ctrl-C, so that the server ends as well.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(129))
    if os.environ.get(VARIABLE):
        return subprocess.call(sys.argv[3:])
    try:
        with throw_away() as server:
            return subprocess.call(sys.argv[3:], env={**os.environ, **server.variables()})
    except (NoServer, OSError) as error:
        print(f"mariadb_server.py: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
