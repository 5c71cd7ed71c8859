#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Linters of what is not C: shell, workflows, Dockerfiles, compose, Kubernetes, the dashboard, the bill of materials.
#
#   tools/lint.sh [--all]
#
# Installs them into tests/lint/.venv and tests/lint/.bin, locked, the first time. A line for each: "ok NAME",
# "FAILED NAME" with what it said, "skipped NAME: reason". Those that Go has to build (1.25 or later) are skipped where
# it is missing; with --all that is a failure, as on the build server.
# shellcheck disable=SC2329 # functions that only check() calls
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$here"
lint=$here/tests/lint
all=no
[ "${1:-}" != --all ] || all=yes
status=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# What it calls goes on after a failed command, as nothing is fatal inside `if`: chain them.
check() {
	name=$1
	shift
	if "$@" >"$work/said" 2>&1; then
		echo "ok $name"
	else
		echo "FAILED $name"
		sed 's/^/    /' "$work/said"
		status=1
	fi
}

skip() {
	if [ $all = yes ]; then
		echo "FAILED $1: $2"
		status=1
	else
		echo "skipped $1: $2"
	fi
}

set_up_python() {
	[ ! -f "$lint/.venv/.requirements" ] || ! cmp -s "$lint/requirements.txt" "$lint/.venv/.requirements" || return 0
	python3 -m venv --clear "$lint/.venv"
	"$lint/.venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --require-hashes -r "$lint/requirements.txt"
	cp "$lint/requirements.txt" "$lint/.venv/.requirements"
}

# Go checks what it fetches against its checksum database, and go.sum.
set_up_go() {
	command -v go >/dev/null || {
		why="there is no Go"
		return 1
	}
	minor=$(go env GOVERSION | sed -n 's/^go1\.\([0-9]*\).*/\1/p')
	[ "${minor:-0}" -ge 21 ] || { # from then on it fetches a later one of itself
		why="Go 1.$minor is too old"
		return 1
	}
	mkdir -p "$lint/.bin"
	why="Go could not build it"
	[ -x "$lint/.bin/actionlint" ] ||
		GOBIN=$lint/.bin go install github.com/rhysd/actionlint/cmd/actionlint@v1.7.12 >"$work/go" 2>&1 || return 1
	[ "$lint/.bin/compose" -nt "$lint/compose/main.go" ] ||
		(cd "$lint/compose" && go build -trimpath -o "$lint/.bin/compose" .) >"$work/go" 2>&1 || return 1
	command -v kubectl >/dev/null || [ -x "$lint/.bin/kustomize" ] ||
		GOBIN=$lint/.bin go install sigs.k8s.io/kustomize/kustomize/v5@v5.8.3 >"$work/go" 2>&1
}

# As `docker compose config`, with passwords of this moment.
compose_file() {
	docker/secrets.sh "$work/env" && (
		set -a
		# shellcheck disable=SC1091
		. "$work/env" && "$lint/.bin/compose" docker/compose.yaml
	)
}

render() {
	if command -v kubectl >/dev/null; then
		kubectl kustomize "$1"
	else
		"$lint/.bin/kustomize" build "$1"
	fi
}

kubernetes() {
	for folder in deploy/kubernetes/base deploy/kubernetes/overlays/example; do
		render "$folder" >"$work/kubernetes.yaml" &&
			kubernetes-validate --strict "$work/kubernetes.yaml" &&
			kubernetes-validate --strict -k 1.31 "$work/kubernetes.yaml" || return 1
	done
}

bill_of_materials() {
	mkdir -p "$work/root/usr/bin" "$work/root/etc" "$work/root/var/lib/dpkg/status.d" &&
		cp tools/sbom.py "$work/root/usr/bin/finetl" && # any file will do
		cp -L /etc/os-release "$work/root/etc/os-release" || return 1
	printf 'Package: libc6\nVersion: 2:2.36-9+deb12u13\nArchitecture: amd64\n' >"$work/root/var/lib/dpkg/status.d/libc6"
	python3 tools/sbom.py "$work/root" >"$work/finetl.spdx.json" && pyspdxtools -i "$work/finetl.spdx.json"
}

if ! set_up_python >"$work/pip" 2>&1; then
	echo "FAILED tests/lint/requirements.txt could not be installed"
	sed 's/^/    /' "$work/pip"
	exit 1
fi
PATH=$lint/.venv/bin:$PATH
export PATH

check shellcheck shellcheck -x run test .ci/run airflow/setup.sh docker/*.sh tests/gx/setup.sh tools/*.sh
check hadolint hadolint --failure-threshold warning docker/Dockerfile docker/airflow.Dockerfile
check yamllint yamllint --strict -c tests/lint/yamllint.yaml .github deploy docker pipelines
check "compose against its schema" check-jsonschema --builtin-schema vendor.compose-spec docker/compose.yaml
check "workflows against their schema" check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
check "each job has a timeout" check-jsonschema --builtin-schema custom.github-workflows-require-timeout .github/workflows/*.yml
check "dependabot against its schema" check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
check zizmor zizmor --offline --persona pedantic --quiet .github
check "bill of materials is SPDX" bill_of_materials
check "dashboard is made of sql/queries" python3 tools/grafana_dashboard.py --check
if set_up_go; then
	check actionlint "$lint/.bin/actionlint" .github/workflows/*.yml
	check "compose file as compose reads it" compose_file
	check "Kubernetes, rendered and against its schema" kubernetes
else
	for name in actionlint "compose file as compose reads it" "Kubernetes, rendered and against its schema"; do
		skip "$name" "$why"
	done
fi
exit $status
