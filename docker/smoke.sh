#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds the images, starts compose.yaml as a project of its own, loads a generated input, and asks everybody how they
# are; takes all of it down again. Needs Docker with compose.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)

COMPOSE_PROJECT_NAME=finetl-smoke
COMPOSE_ENV_FILES=$(mktemp -d)/env
export COMPOSE_PROJECT_NAME COMPOSE_ENV_FILES

compose() {
	docker compose -f "$here/docker/compose.yaml" "$@"
}

# Says which step it was, and what the services have to say of it.
finish() {
	status=$?
	[ $status -eq 0 ] || compose logs --tail 50
	compose down --volumes --timeout 20
	rm -r "${COMPOSE_ENV_FILES%/env}"
	exit $status
}

"$here/docker/build.sh"
"$here/docker/secrets.sh" "$COMPOSE_ENV_FILES"
trap finish EXIT
compose config --quiet
compose up --detach --wait --wait-timeout 300
"$here/docker/warehouse.sh"

# The input is the sample data of ./run, made by the image itself where it is not there.
if [ ! -f "$here/data/transactions.csv" ]; then
	mkdir -p "$here/data"
	docker run --rm --user "$(id -u):$(id -g)" -v "$here/data:/data" "finetl:$("$here/tools/version.sh")" \
		generate /data/.sample --customers 500 --transactions 1000 --seed 1
	mv "$here/data/.sample/"*.csv "$here/data/"
fi
chmod a+r "$here/data/"*.csv # the users of the containers are others than you
compose run --rm -T finetl run
compose run --rm -T finetl checks
compose run --rm -T finetl runs --verify
compose exec -T airflow-scheduler airflow dags list --output plain
compose exec -T airflow-scheduler airflow dags list-import-errors
