#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes the tables of a pipeline in the warehouse of compose.yaml, and grants the roles what they need. Safe to repeat:
# tables that are there stay as they are, and the grants are those of the pipeline file as it is now.
#
#   docker/warehouse.sh [PIPELINE]        the path inside the image
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
pipeline=${1:-pipelines/financial_transactions.yaml}

compose() {
	docker compose -f "$here/compose.yaml" "$@"
}

books() {
	compose exec -T postgres psql -qX -U postgres -d books -v ON_ERROR_STOP=1 "$@"
}

# Kept in a variable, not piped, so that a failure of finetl is not taken for an empty script.
if [ "$(books -Atc "SELECT to_regclass('public.etl_audit_log') IS NULL")" = t ]; then
	tables=$(compose run --rm -T finetl schema print --warehouse postgresql: "$pipeline")
	printf '%s\n' "$tables" | books -c 'SET ROLE finetl_owner' -f -
fi
grants=$(compose run --rm -T finetl schema print --grants --warehouse postgresql: "$pipeline")
printf '%s\n' "$grants" | books -c 'SET ROLE finetl_owner' -f -
