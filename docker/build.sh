#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds the images of this tree, tagged with its version: finetl, and finetl-airflow upon it.
#
#   docker/build.sh [--only finetl] [OPTIONS OF docker build]        as --build-arg DEBIAN=docker.io/library/debian:13-slim
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
version=$("$here/tools/version.sh")
revision=$(git -C "$here" rev-parse HEAD)
epoch=$(git -C "$here" log -1 --format=%ct)
airflow=yes
if [ "${1:-}" = --only ]; then
	airflow=no
	shift 2
fi

docker build -f "$here/docker/Dockerfile" -t "finetl:$version" \
	--build-arg VERSION="$version" --build-arg REVISION="$revision" --build-arg SOURCE_DATE_EPOCH="$epoch" \
	--build-arg CREATED="$(date -u -d "@$epoch" +%Y-%m-%dT%H:%M:%SZ)" "$@" "$here"
if [ $airflow = yes ]; then
	docker build -f "$here/docker/airflow.Dockerfile" -t "finetl-airflow:$version" \
		--build-arg FINETL="finetl:$version" "$@" "$here"
fi
