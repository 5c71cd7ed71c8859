#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes what a release is, of the last commit, on the machine that it is for:
#
#   tools/release.sh [FOLDER]           [out/release]
#   tools/release.sh --sums FOLDER      only SHA256SUMS, of what several machines made
#
#   finetl-VERSION.tar.gz                 the source, as committed
#   finetl-VERSION-linux-ARCH.tar.gz      the binary, with pipelines, suites, sql and docs
#   finetl-VERSION-linux-ARCH.spdx.json   what the binary is linked with
#   finetl-lambda-ARCH.zip                the function of AWS Lambda: x86_64, arm64
#   SHA256SUMS                            of these, and of what else is in the folder
#
# The same commit, built with the same packages, gives the same bytes: names are sorted, nobody owns the files, and all
# times are the commit's.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
. "$here/tools/setup.sh"

# What several machines made, in one folder: their sums together.
write_sums() {
	(
		cd "$1"
		find . -maxdepth 1 -type f ! -name 'SHA256SUMS*' -printf '%f\n' | LC_ALL=C sort | xargs -d '\n' sha256sum >SHA256SUMS.new
		mv SHA256SUMS.new SHA256SUMS
		cat SHA256SUMS
	)
}

if [ "${1:-}" = --sums ]; then
	write_sums "${2:?usage: release.sh --sums FOLDER}"
	exit 0
fi
folder=${1:-$here/out/release}
# shellcheck disable=SC2086
need_packages release $build_packages $source_packages
version=$("$here/tools/version.sh")
arch=$(uname -m)
SOURCE_DATE_EPOCH=$(git -C "$here" log -1 --format=%ct)
export SOURCE_DATE_EPOCH

mkdir -p "$folder"
folder=$(CDPATH='' cd -- "$folder" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Of the commit, and in a folder of its own: what lies about in the tree does not get in.
git -C "$here" archive --format=tar --prefix="finetl-$version/" HEAD >"$work/source.tar"
gzip -9n <"$work/source.tar" >"$folder/finetl-$version.tar.gz"
tar -x -C "$work" -f "$work/source.tar"
source=$work/finetl-$version

CFLAGS="-ffile-prefix-map=$work=." meson setup "$work/build" "$source" -Dbuildtype=release >&2
ninja -C "$work/build" finetl >&2
python3 "$source/tools/check_hardening.py" "$work/build/finetl" >&2
"$source/tools/image_root.sh" "$work/build/finetl" "$work/root"
python3 "$source/tools/sbom.py" "$work/root" >"$folder/finetl-$version-linux-$arch.spdx.json"

name=finetl-$version-linux-$arch
mkdir -p "$work/$name/bin"
install -m 0755 "$work/build/finetl" "$work/$name/bin/finetl"
cp -R "$source/pipelines" "$source/suites" "$source/sql" "$source/docs" "$source/README.md" "$source/LICENSE" \
	"$source/CHANGELOG.md" "$work/$name/"
tar -c --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --mode=go=u,go-w -C "$work" "$name" |
	gzip -9n >"$folder/$name.tar.gz"

case $arch in aarch64) lambda_arch=arm64 ;; *) lambda_arch=$arch ;; esac
python3 "$source/tools/lambda_package.py" --arch "$lambda_arch" --work "$work/lambda" "$folder" >&2

write_sums "$folder"
