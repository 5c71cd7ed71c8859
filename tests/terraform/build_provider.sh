#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Where Terraform's registry cannot be reached but a Go proxy can: builds the provider hashicorp/aws of its source, with the
# services that terraform/ uses, and lays it out as a filesystem mirror.
#
#   tests/terraform/build_provider.sh DIR && FINETL_TERRAFORM_PLUGINS=DIR ./test terraform
#
# Takes 2 GB of disk and some ten minutes of one processor. Only for tests: it is not the provider that HashiCorp has signed.
set -eu

module=github.com/hashicorp/terraform-provider-aws
commit=v1.60.1-0.20260602190131-5f2286d6d836 # of 6.47
version=6.47.0
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
[ $# -eq 1 ] || {
	echo "usage: $0 DIR" >&2
	exit 2
}
mkdir -p "$1"
out=$(CDPATH='' cd -- "$1" && pwd)/registry.terraform.io/hashicorp/aws/$version/$(go env GOOS)_$(go env GOARCH)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cd "$work"
source=$(go mod download -json "$module@$commit" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
cp -r "$source" provider
chmod -R u+w provider
cd provider
python3 "$here/trim_provider.py"
mkdir -p "$out"
go build -p 1 -ldflags="-s -w -X $module/version.ProviderVersion=$version" -o "$out/terraform-provider-aws_v$version" .
echo "FINETL_TERRAFORM_PLUGINS=$1"
