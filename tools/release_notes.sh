#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Prints what CHANGELOG.md says of a version.
#
#   tools/release_notes.sh VERSION
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
notes=$(awk -v version="[${1:?usage: release_notes.sh VERSION}]" '
	/^## / { inside = $2 == version; next }
	/^\[[^]]*\]: / { next }
	inside { print }' "$here/CHANGELOG.md")
[ -n "$notes" ] || {
	echo "release_notes.sh: CHANGELOG.md says nothing of $1" >&2
	exit 1
}
printf '%s\n' "$notes"
