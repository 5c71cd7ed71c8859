#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes docker/.env, which compose.yaml takes its passwords from: random ones, readable by you only.
# What is there already stays.
#
#   docker/secrets.sh [FILE]
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
file=${1:-$here/.env}

if [ -e "$file" ]; then
	echo "secrets.sh: $file is there already, and stays as it is" >&2
	exit 0
fi
umask 077
{
	for name in POSTGRES_PASSWORD AIRFLOW_DATABASE_PASSWORD AIRFLOW_ADMIN_PASSWORD AIRFLOW_JWT_SECRET \
		FINETL_LOADER_PASSWORD FINETL_REPORT_PASSWORD GRAFANA_ADMIN_PASSWORD; do
		printf '%s=%s\n' "$name" "$(openssl rand -hex 24)"
	done
	printf 'AIRFLOW_FERNET_KEY=%s\n' "$(openssl rand -base64 32 | tr '+/' '-_')"
} >"$file.new"
mv "$file.new" "$file"
echo "secrets.sh: wrote $file; the passwords of Airflow and Grafana (user admin) are in it" >&2
