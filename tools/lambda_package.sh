#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The package of the AWS Lambda function, for both processors: tools/lambda_package.py does it, and --help tells how.
# What it needs of Debian 12 is installed first.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
. "$here/tools/setup.sh"
# shellcheck disable=SC2086
need_packages lambda $build_packages $source_packages $cross_packages
exec python3 "$here/tools/lambda_package.py" "$@"
