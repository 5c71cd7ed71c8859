#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# One build of the matrix, with its unit tests and fuzz corpora; ./test does several of these, and more.
#
#   tools/unit.sh [--build-only] COMPILER KIND        gcc or clang; release, asan or tsan
#
# The build is in build-COMPILER-KIND. Warnings are errors, but with --build-only, which is for compilers that nobody chose.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
. "$here/tools/setup.sh"

run_tests=yes
warnings=true
if [ "${1:-}" = --build-only ]; then
	run_tests=no
	warnings=false
	shift
fi
[ $# -eq 2 ] || {
	sed -n 's/^#   /usage: /p' "$0" >&2
	exit 2
}
CC=$1
kind=$2
export CC

case $kind in
release) options="-Dbuildtype=release" ;;
asan) options="-Dbuildtype=debugoptimized -Db_lundef=false -Db_sanitize=address,undefined -Dc_args=-fno-sanitize-recover=all" ;;
tsan) options="-Dbuildtype=debugoptimized -Db_lundef=false -Db_sanitize=thread" ;;
*) die "there is no build called $kind: release, asan, tsan" ;;
esac

# shellcheck disable=SC2086
if [ $run_tests = yes ]; then
	need_packages test $build_packages $test_packages
else
	need_packages build $build_packages
fi
command -v "$CC" >/dev/null || die "there is no $CC"

folder=$here/build-$CC-$kind
# shellcheck disable=SC2086
[ -f "$folder/build.ninja" ] || meson setup "$folder" "$here" -Dwerror=$warnings $options
ninja -C "$folder"
if [ $run_tests = yes ]; then
	ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1:abort_on_error=1 \
		UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 TSAN_OPTIONS=halt_on_error=1 \
		meson test -C "$folder" --no-rebuild --timeout-multiplier 4 --print-errorlogs
fi
