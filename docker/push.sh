#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds the image finetl of this tree, tries it, and pushes it as NAME:VERSION-PROCESSOR. Who calls it is logged in.
#
#   docker/push.sh ghcr.io/you/finetl amd64
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
[ $# -eq 2 ] || {
	sed -n 's/^#   /usage: /p' "$0" >&2
	exit 2
}
version=$("$here/tools/version.sh")
name=$(printf '%s' "$1" | tr '[:upper:]' '[:lower:]'):$version-$2 # a registry knows small letters only

"$here/docker/build.sh" --only finetl
docker run --rm --read-only --cap-drop ALL --security-opt no-new-privileges "finetl:$version" version
docker tag "finetl:$version" "$name"
docker push "$name"
digest=$(docker image inspect --format '{{index .RepoDigests 0}}' "$name")
echo "$name is $digest"
if [ -n "${GITHUB_OUTPUT:-}" ]; then
	echo "digest=${digest#*@}" >>"$GITHUB_OUTPUT"
fi
