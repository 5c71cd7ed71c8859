#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs Airflow 2 or 3, of requirements-N.lock, and this provider into airflow/.venv-N, for the tests.
# usage: setup.sh 2|3
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
major=${1:?usage: setup.sh 2|3}
lock=$here/requirements-$major.lock
venv=$here/.venv-$major
python=${PYTHON:-/usr/bin/python3}

if [ -e "$venv/.lock" ] && cat "$lock" "$here/pyproject.toml" | cmp -s - "$venv/.lock"; then
	exit 0
fi
"$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || {
	echo "setup.sh: the versions are locked for Python 3.11; name one: PYTHON=python3.11 $0 $major" >&2
	exit 2
}
"$python" -m venv --clear "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --require-hashes -r "$lock"
# The sources stay where they are: what is tested is this folder.
"$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable "$here"
"$venv/bin/pip" check
cat "$lock" "$here/pyproject.toml" >"$venv/.lock"
