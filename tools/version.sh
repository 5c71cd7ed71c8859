#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Prints the version, which meson.build has.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
sed -n "s/^ *version: '\(.*\)',$/\1/p" "$here/meson.build"
