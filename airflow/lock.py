#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes requirements-2.lock and requirements-3.lock anew: the Airflows that the tests run against, locked by hash.

  uv tool run --from uv python3 airflow/lock.py      (any way in which `uv` is on the PATH)

Airflow's own constraint files are not on PyPI, so all is resolved once and committed. Of each release only the
hashes of files for Python 3.11 on Linux (x86-64 and arm64) are kept, or of its source where there is no such file.
"""

import pathlib
import re
import subprocess
import sys
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
COMMON = ["apache-airflow-providers-common-compat", "apache-airflow-providers-common-io", "apache-airflow-providers-smtp",
          "apache-airflow-providers-standard", "psycopg2-binary", "pytest", "aiosmtpd", "flit_core"]
MAJORS = {
    "2": ["apache-airflow==2.11.2", *COMMON],
    "3": ["apache-airflow==3.3.2", *COMMON, "asyncpg", "ruff"],
}
FITS = re.compile(r"-(py3|py2\.py3|py311|cp311|cp3\d+)-(none|abi3|cp311)-(any|manylinux[^-]*(x86_64|aarch64)[^-]*)\.whl$")


def kept_hashes(package):
    """Hashes of the files that pip may choose here."""
    wheels = [file["hashes"]["sha256"] for file in package.get("wheels", []) if FITS.search(file["url"])]
    return sorted(wheels) or [package["sdist"]["hashes"]["sha256"]]


def lock(major, wanted):
    resolved = subprocess.run(
        ["uv", "pip", "compile", "--quiet", "--python-version", "3.11", "--format", "pylock.toml", "-"],
        input="\n".join(wanted), capture_output=True, text=True, check=True).stdout
    lines = [f"# {', '.join(wanted)}, for Python 3.11; made by lock.py"]
    for package in tomllib.loads(resolved)["packages"]:
        hashes = [f"--hash=sha256:{value}" for value in kept_hashes(package)]
        lines.append(" \\\n    ".join([f"{package['name']}=={package['version']}", *hashes]))
    (HERE / f"requirements-{major}.lock").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    for name in sys.argv[1:] or MAJORS:
        lock(name, MAJORS[name])
