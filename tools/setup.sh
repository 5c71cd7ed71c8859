# SPDX-License-Identifier: Apache-2.0
# Sourced by ./run and ./test: the Debian packages that are needed, and how to get them.
# POSIX sh. Uses $here, the project's folder.
# shellcheck shell=sh disable=SC2034,SC2154

build_packages="gcc libc6-dev meson ninja-build pkg-config python3 tzdata sqlite3 libsqlite3-dev
	libpq-dev unixodbc-dev libcurl4-openssl-dev libexpat1-dev libyaml-dev zlib1g-dev libzstd-dev libssl-dev libxxhash-dev libpcre2-dev"
test_packages="clang llvm libclang-rt-14-dev binutils libcmocka-dev python3-venv gcovr gzip zstd util-linux
	postgresql openssl chromium fonts-dejavu-core libodbc2 odbc-mariadb mariadb-server-core mariadb-client-core"

# The package of the Lambda function: libraries of Debian's sources, and the processor that this machine has not.
source_packages="binutils dpkg-dev make patch perl xz-utils"
case $(uname -m) in
aarch64) cross_packages="gcc-x86-64-linux-gnu libc6-dev-amd64-cross" ;;
*) cross_packages="gcc-aarch64-linux-gnu libc6-dev-arm64-cross" ;;
esac

# Go builds a server of S3 for the tests (tests/s3server); one from elsewhere does, too.
command -v go >/dev/null || test_packages="$test_packages golang-go"

say() {
	printf '%s\n' "$*" >&2
}

die() {
	say "$(basename "$0"): $*"
	exit 1
}

# Names the packages of the list that are not installed.
missing_packages() {
	missing=""
	for package in "$@"; do
		state=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) || state=absent
		[ "$state" = installed ] || missing="$missing $package"
	done
	printf '%s' "$missing"
}

# Debian's postgresql makes a server on port 5432 and starts it as it is installed; the tests
# want the programs only. A file that is there says what its owner wants, and stays.
no_server_of_the_system() {
	conf=/etc/postgresql-common/createcluster.conf
	case $1 in
	*' postgresql '* | *' postgresql') ;;
	*) return ;;
	esac
	[ ! -e "$conf" ] || return 0
	say "No server is to be made by Debian's postgresql: create_main_cluster = false in $conf"
	$as_root mkdir -p "${conf%/*}"
	printf '%s\n' "# Written by finetl's ./test: its servers are throw-away ones." "create_main_cluster = false" |
		$as_root tee "$conf" >/dev/null
}

install_packages() {
	if [ "$(id -u)" -eq 0 ]; then
		as_root="env"
	elif command -v sudo >/dev/null; then
		as_root="sudo env"
	else
		die "these Debian packages are missing, and installing them needs root or sudo:$1
  As root: apt-get install --no-install-recommends$1"
	fi
	say "Installing Debian packages:$1"
	no_server_of_the_system "$1"
	mkdir -p "$here/build"
	log=$here/build/apt.log
	$as_root apt-get update -qq >"$log" 2>&1 || die "apt-get update failed (is there a network? may you use sudo?):
$(tail -n 5 "$log")"
	# shellcheck disable=SC2086
	$as_root DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $1 >"$log" 2>&1 ||
		die "the packages could not be installed:
$(tail -n 20 "$log")"
}

# need_packages STAMP PACKAGE...: looks once, and again when the list changes.
need_packages() {
	stamp=$here/build/.packages-$1
	shift
	wanted=$(printf '%s ' "$@")
	if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then
		return
	fi
	if ! command -v dpkg-query >/dev/null; then
		say "This is not Debian: what these packages hold must be there already: $wanted"
		return
	fi
	missing=$(missing_packages "$@")
	[ -z "$missing" ] || install_packages "$missing"
	mkdir -p "$here/build"
	printf '%s' "$wanted" >"$stamp"
}

# build_finetl: the optimised binary, at build/finetl. Quiet unless there is work or trouble.
build_finetl() {
	options="${CC:-gcc} -Dbuildtype=release"
	if [ ! -f "$here/build/build.ninja" ] || [ "$(cat "$here/build/.options" 2>/dev/null)" != "$options" ]; then
		say "Setting up the build"
		rm -rf "$here/build/build.ninja" "$here/build/meson-private" "$here/build/meson-info"
		CC=${CC:-gcc} meson setup "$here/build" "$here" -Dbuildtype=release >"$here/build/setup.log" 2>&1 ||
			die "the build could not be set up:
$(tail -n 20 "$here/build/setup.log")"
		printf '%s' "$options" >"$here/build/.options"
	fi
	case $(ninja -C "$here/build" -n finetl 2>&1) in
	*'no work to do'*) ;;
	*) say "Building finetl" ;;
	esac
	ninja -C "$here/build" finetl >"$here/build/ninja.log" 2>&1 ||
		die "the build failed:
$(tail -n 40 "$here/build/ninja.log")"
}
