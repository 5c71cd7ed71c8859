# SPDX-License-Identifier: Apache-2.0
# Airflow's own image with finetl, its provider and its DAGs: for schedulers, workers, API servers alike.
#
#   docker build -f docker/Dockerfile -t finetl:0.1.0 .
#   docker build -f docker/airflow.Dockerfile --build-arg FINETL=finetl:0.1.0 -t finetl-airflow:0.1.0 .

ARG FINETL=finetl:0.1.0
ARG AIRFLOW=docker.io/apache/airflow:3.3.2-python3.12

FROM ${FINETL} AS finetl

FROM ${AIRFLOW}
USER root
# What the binary is linked with, and what it opens as it needs it (libcurl, libpq), from Debian, so that it is updated as the rest of the image is.
# hadolint ignore=DL3008
RUN apt-get update \
	&& apt-get install -y --no-install-recommends \
		libcurl4 libexpat1 libpcre2-8-0 libpq5 libsqlite3-0 libssl3 libyaml-0-2 libzstd1 tzdata zlib1g \
	&& rm -rf /var/lib/apt/lists/*
COPY --from=finetl /usr/bin/finetl /usr/local/bin/finetl
COPY --from=finetl /opt/finetl /opt/finetl
COPY airflow/dags /opt/airflow/dags
COPY airflow /opt/finetl/airflow
RUN install -d -o airflow -g 0 -m 0775 /var/lib/finetl /var/lib/finetl/runs \
	&& finetl version
USER airflow
RUN pip install --no-cache-dir --no-deps /opt/finetl/airflow \
	&& pip check
