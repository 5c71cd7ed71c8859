#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs the checkov of requirements.lock into tests/terraform/.venv, the first time and when the list changes.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
stamp=$here/.venv/requirements.lock

if [ -e "$stamp" ] && cmp -s "$here/requirements.lock" "$stamp"; then
	exit 0
fi
"${PYTHON:-python3}" -m venv --clear "$here/.venv"
"$here/.venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --require-hashes -r "$here/requirements.lock"
cp "$here/requirements.lock" "$stamp"
