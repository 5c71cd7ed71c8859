# SPDX-License-Identifier: Apache-2.0
"""io/http as the tests ask it (tests/unit/io/probe_http.c), and what it is tried with.

The fixtures are imported by name where they are wanted.
"""

import json
import os
import pathlib
import subprocess

import pytest
from certificates import Authority
from faultserver import FaultServer, tls_context

OK = b'{"ok": true}'
HTTP = ("allow_private=1", "allow_http=1", "speed=1000")  # waits between tries pass a thousand times as fast
AGAIN = [408, 425, 429, 500, 502, 503, 504]


@pytest.fixture(scope="session")
def probe():
    binary = pathlib.Path(os.environ.get("FINETL_BUILD", "build")).resolve() / "tests" / "unit" / "io" / "probe_http"
    if not binary.exists():
        pytest.fail(f"there is no {binary}; build it, or set FINETL_BUILD")

    def ask(*arguments, env=None, lines=None, timeout=60):
        """Settings first, then URLs; what came of the first of these, or of all (lines)."""
        clean = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        first_url = next(i for i, word in enumerate(arguments) if "://" in str(word).split("=")[0] or word == "--")
        arguments = [*arguments[:first_url], "--", *arguments[first_url + (arguments[first_url] == "--"):]]
        done = subprocess.run([binary, *map(str, arguments)], capture_output=True, timeout=timeout, env={**clean, **(env or {})},
                              check=False)
        assert done.returncode == 0, done.stderr.decode(errors="replace")
        found = [json.loads(line) for line in done.stdout.splitlines()]
        return found if lines else found[0]

    ask.binary = binary
    return ask


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("certificates") / "ca")


@pytest.fixture(scope="session")
def good(authority):
    return authority.leaf("good")


@pytest.fixture(scope="session")
def tls(authority, good):
    """(how a server is made, how the probe is told to trust it)"""
    return tls_context(*good), ("allow_private=1", "speed=1000", f"ca_file={authority.crt}")


RESOLVER = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Names that end in .slow are never found; those of .near are this machine. */
int getaddrinfo(const char *host, const char *port, const struct addrinfo *hints, struct addrinfo **found)
{
	int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **) = dlsym(RTLD_NEXT, "getaddrinfo");
	const char *dot = host ? strrchr(host, '.') : NULL;
	if (dot && strcmp(dot, ".slow") == 0)
		sleep(20);
	return real(dot && strcmp(dot, ".near") == 0 ? getenv("NEAR") : host, port, hints, found);
}
"""


@pytest.fixture(scope="session")
def resolver(tmp_path_factory):
    """The environment that puts names of the tests before those of the system."""
    folder = tmp_path_factory.mktemp("resolver")
    (folder / "resolver.c").write_text(RESOLVER)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", "resolver.so", "resolver.c"], cwd=folder, check=True)
    # The sanitizer wants to be the first that is loaded; here it need not be.
    asan = os.environ.get("ASAN_OPTIONS", "")
    return {"LD_PRELOAD": str(folder / "resolver.so"), "ASAN_OPTIONS": f"{asan}:verify_asan_link_order=0".lstrip(":")}


def fetch(probe, behaviour, *arguments, path="/x"):
    """What comes of asking for it, and the server's requests."""
    with FaultServer({path: behaviour}) as server:
        return probe(*HTTP, *arguments, server.url(path)), server.requests


def quick(n_tries=2):
    return f"max_tries={n_tries}"
