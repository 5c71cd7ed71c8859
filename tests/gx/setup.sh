#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs the Great Expectations of requirements.lock into tests/gx/.venv. Needed to make the
# cases anew (generate.py) or to ask GX itself (live.py), not to build or to test finetl.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-python3}
stamp=$here/.venv/requirements.lock

if [ -e "$stamp" ] && cmp -s "$here/requirements.lock" "$stamp"; then
	exit 0
fi
"$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || {
	echo "setup.sh: the versions are locked for Python 3.11; name one: PYTHON=python3.11 $0" >&2
	exit 2
}
"$python" -m venv --clear "$here/.venv"
"$here/.venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --require-hashes \
	-r "$here/requirements.lock"
"$here/.venv/bin/pip" check
cp "$here/requirements.lock" "$stamp"
