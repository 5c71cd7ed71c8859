-- SPDX-License-Identifier: Apache-2.0
-- Run once by PostgreSQL's image on an empty volume: the databases of compose.yaml, finetl's four roles, and the users
-- that are members of them. Passwords are read from the secrets, so that no command line has them.
\set ON_ERROR_STOP on
\set airflow `cat "${FINETL_SECRETS:-/run/secrets}/airflow_database_password"`
\set loader `cat "${FINETL_SECRETS:-/run/secrets}/loader_password"`
\set report `cat "${FINETL_SECRETS:-/run/secrets}/report_password"`
\set roles `echo "${FINETL_SQL:-/opt/finetl/sql}/postgres/roles.sql"`

CREATE ROLE airflow LOGIN PASSWORD :'airflow';
CREATE DATABASE airflow OWNER airflow;
CREATE DATABASE books;
REVOKE CONNECT ON DATABASE airflow, books FROM PUBLIC;

\connect books
\i :roles
CREATE ROLE nightly LOGIN PASSWORD :'loader' IN ROLE finetl_loader;
CREATE ROLE grafana LOGIN PASSWORD :'report' IN ROLE finetl_report;
ALTER ROLE grafana SET default_transaction_read_only = on;
ALTER ROLE grafana SET statement_timeout = '30s';
GRANT CONNECT ON DATABASE books TO finetl_loader, finetl_audit, finetl_report;
