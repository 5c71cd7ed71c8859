-- SPDX-License-Identifier: Apache-2.0
-- Five roles for a warehouse in PostgreSQL, each with the least that its work needs.
-- Nobody logs in by them: your users are made members, as in
--     CREATE ROLE nightly LOGIN IN ROLE finetl_loader;
--
--   finetl_owner   owns schema and tables; makes and changes them. No run needs it.
--   finetl_loader  runs pipelines: reads and inserts, updates only the columns that a
--                  pipeline may change; deletes nothing.
--   finetl_audit   adds rows to the audit trail, and reads nothing.
--   finetl_purge   takes the records out of rejects that are past their time; with
--                  finetl_loader, a run may do so by itself.
--   finetl_report  reads views, tables and the audit trail, without the columns that are
--                  personal (pii) and without the raw records of rejects.
--
-- As an administrator of the database, in this order, each step safe to repeat:
--     psql -v schema=public -f sql/postgres/roles.sql
--     finetl schema print --warehouse postgresql: PIPELINE.yaml |
--         psql -c 'SET ROLE finetl_owner' -f -
--     finetl schema print --grants --warehouse postgresql: PIPELINE.yaml |
--         psql -c 'SET ROLE finetl_owner' -f -
-- Another schema than public is named to each: -v schema=NAME, and --schema NAME.
-- The second step is not to be repeated as it is; later `finetl schema apply` adds what is
-- missing, by the warehouse 'postgresql:///NAME?options=-crole%3Dfinetl_owner'. The third is
-- to be repeated when a pipeline's columns change. What a table grants is in
-- sql/postgres/grants.sql, and for declared tables comes from the pipeline file.
--
-- The role that runs this stays a member of finetl_owner, so that it can act as it.

\set ON_ERROR_STOP on
\if :{?schema} \else \set schema public \endif

BEGIN;
SET LOCAL search_path = pg_catalog, pg_temp;

DO $$
DECLARE
	role text;
BEGIN
	FOREACH role IN ARRAY ARRAY['finetl_owner', 'finetl_loader', 'finetl_audit', 'finetl_purge', 'finetl_report']
	LOOP
		BEGIN
			EXECUTE format('CREATE ROLE %I NOLOGIN', role);
		EXCEPTION
			WHEN duplicate_object OR unique_violation THEN
				NULL; -- also of another session that runs this at the same time
		END;
		IF EXISTS (SELECT FROM pg_roles WHERE rolname = role AND (rolsuper OR rolcreaterole
				OR rolcreatedb OR rolreplication OR rolbypassrls OR rolcanlogin)) THEN
			RAISE EXCEPTION 'role % is there already and has more rights than it may have', role;
		END IF;
	END LOOP;
	IF NOT pg_has_role(current_user, 'finetl_owner', 'MEMBER') THEN
		EXECUTE format('GRANT finetl_owner TO %I', current_user);
	END IF;
END;
$$;

CREATE SCHEMA IF NOT EXISTS :"schema";
REVOKE ALL ON SCHEMA :"schema" FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA :"schema" TO finetl_owner;
GRANT USAGE ON SCHEMA :"schema" TO finetl_loader, finetl_audit, finetl_purge, finetl_report;

GRANT CONNECT ON DATABASE :"DBNAME" TO finetl_owner, finetl_loader, finetl_audit, finetl_purge, finetl_report;
GRANT TEMPORARY ON DATABASE :"DBNAME" TO finetl_loader; -- a run's staging tables

COMMIT;
