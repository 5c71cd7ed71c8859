#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Lays out the root folder of the container image: the binary, the libraries that it is linked
# with or opens as it needs them, time zones, certificate authorities, and nothing that could run anything else.
#
#   tools/image_root.sh BINARY FOLDER
#
# Runs on the Debian whose libraries are to be taken, as docker/Dockerfile does. What is taken of
# a Debian package is noted in var/lib/dpkg/status.d, where scanners and tools/sbom.py look, with
# its copyright file. SOURCE_DATE_EPOCH, if set, becomes the time of every file.
set -eu

[ $# -eq 2 ] || {
	sed -n 's/^#   /usage: /p' "$0" >&2
	exit 2
}
here=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
binary=$1
root=$2
user=65532 # nobody's own, as in other images without a shell

# Merged as in Debian, so that a library's path is the same inside.
mkdir -p "$root/usr/lib" "$root/usr/lib64" "$root/usr/bin" "$root/etc/ssl/certs" "$root/usr/lib/ssl" "$root/usr/share" \
	"$root/var/lib/dpkg/status.d" "$root/var/lib/finetl" "$root/home/finetl" "$root/opt/finetl" "$root/tmp"
ln -sfn usr/lib "$root/lib"
ln -sfn usr/lib64 "$root/lib64"
chmod 1777 "$root/tmp"

install -m 0755 "$binary" "$root/usr/bin/finetl"

# What ldd finds of it and of the libraries that it opens late, as its notes say (src/base/library.h), and libgcc_s,
# which glibc opens by name when a thread is ended.
late=""
for name in $(readelf --wide --string-dump=.note.dlopen "$binary" 2>/dev/null |
	sed -n 's/.*"priority":"recommended","soname":\["\([^"]*\)"\].*/\1/p'); do
	path=$(gcc -print-file-name="$name")
	late="$late $(realpath "${path%/*}")/$name"
done
# shellcheck disable=SC2086
ldd "$binary" $late >"$root/.ldd"
if grep 'not found' "$root/.ldd" >&2; then
	echo "image_root.sh: libraries of $binary are missing here" >&2
	exit 1
fi
libraries=$(sed -n 's/.*=> \(\/[^ ]*\) .*/\1/p; s/^[[:space:]]*\(\/[^ ]*\) .*/\1/p' "$root/.ldd" | sort -u)
rm "$root/.ldd"
taken="/usr/share/zoneinfo/UTC /usr/sbin/update-ca-certificates"
for library in $libraries $late "$(gcc -print-file-name=libgcc_s.so.1)"; do
	case $library in
	/usr/lib/gcc/*) library=$(realpath "$library") ;;
	esac
	mkdir -p "$root${library%/*}"
	cp -L --preserve=mode "$library" "$root$library"
	taken="$taken $(realpath "$library")"
done

# "right" counts leap seconds, "posix" is the same again.
cp -R /usr/share/zoneinfo "$root/usr/share/zoneinfo"
rm -rf "$root/usr/share/zoneinfo/right" "$root/usr/share/zoneinfo/posix"

cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
ln -sfn /etc/ssl/certs/ca-certificates.crt "$root/usr/lib/ssl/cert.pem" # where OpenSSL looks by itself
ln -sfn /etc/ssl/certs "$root/usr/lib/ssl/certs"

# Which packages that was. Debian's lists know some files by their path before /usr was merged, so each is asked for twice,
# and what one of the two names does not find is no failure.
for file in $taken; do
	printf '%s\n%s\n' "$file" "${file#/usr}"
done | xargs dpkg-query -S 2>/dev/null | sed -n '/^diversion /d; s/: .*//; s/, /\n/g; p' | LC_ALL=C sort -u >"$root/.packages"
while read -r package; do
	name=${package%%:*}
	dpkg-query -s "$package" >"$root/var/lib/dpkg/status.d/$name"
	mkdir -p "$root/usr/share/doc/$name"
	cp -L "/usr/share/doc/$name/copyright" "$root/usr/share/doc/$name/copyright"
done <"$root/.packages"
rm "$root/.packages"

cp -L /etc/os-release "$root/etc/os-release"
printf 'root:x:0:0:root:/:/nonexistent\nfinetl:x:%d:%d:finetl:/home/finetl:/nonexistent\n' $user $user >"$root/etc/passwd"
printf 'root:x:0:\nfinetl:x:%d:\n' $user >"$root/etc/group"
printf 'hosts: files dns\n' >"$root/etc/nsswitch.conf"
dirname "$(printf '%s\n' "$libraries" | grep '/libc\.so\.6$')" >"$root/etc/ld.so.conf"
ldconfig -r "$root" 2>/dev/null || /sbin/ldconfig -r "$root"
rm -rf "$root/var/cache"

cp -R "$here/pipelines" "$here/suites" "$here/sql" "$root/opt/finetl/"
mkdir -p "$root/usr/share/doc/finetl"
cp "$here/LICENSE" "$root/usr/share/doc/finetl/copyright"

chmod -R go=u,go-w "$root/opt" "$root/usr" "$root/etc"
if [ "$(id -u)" -eq 0 ]; then
	chown -Rh 0:0 "$root"
	chown $user:$user "$root/home/finetl" "$root/var/lib/finetl"
fi
if [ -n "${SOURCE_DATE_EPOCH:-}" ]; then
	find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
fi
