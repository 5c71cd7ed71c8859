-- SPDX-License-Identifier: Apache-2.0
-- What the roles of sql/postgres/roles.sql may do with finetl's own tables. 'main.' stands
-- for their schema. `finetl schema print --grants` prints this, and what they may do with
-- the tables of a pipeline after it.

REVOKE ALL ON
	main.etl_schema_migrations, main.etl_audit_log, main.etl_run_events, main.etl_runs,
	main.etl_objects, main.etl_rejects, main.etl_reject_closures, main.etl_watermarks
	FROM PUBLIC, finetl_loader, finetl_audit, finetl_purge, finetl_report;
REVOKE ALL ON SEQUENCE main.etl_objects_id FROM PUBLIC, finetl_loader, finetl_audit, finetl_purge, finetl_report;

GRANT SELECT ON main.etl_schema_migrations, main.etl_runs TO finetl_loader, finetl_report;

GRANT SELECT, INSERT ON
	main.etl_audit_log, main.etl_run_events, main.etl_objects, main.etl_rejects,
	main.etl_reject_closures
	TO finetl_loader;
GRANT SELECT, INSERT, UPDATE ON main.etl_watermarks TO finetl_loader;
GRANT USAGE ON SEQUENCE main.etl_objects_id TO finetl_loader;

GRANT INSERT ON main.etl_audit_log, main.etl_run_events TO finetl_audit;

-- Takes the record out of a reject, and nothing else: a trigger sees to that.
GRANT SELECT ON main.etl_schema_migrations, main.etl_audit_log, main.etl_run_events TO finetl_purge;
GRANT SELECT (reject_id, run_id, pipeline_name, dataset, raw_kept) ON main.etl_rejects TO finetl_purge;
GRANT UPDATE (raw, cells, record_key, raw_kept) ON main.etl_rejects TO finetl_purge;

GRANT SELECT ON
	main.etl_audit_log, main.etl_run_events, main.etl_objects, main.etl_reject_closures,
	main.etl_watermarks
	TO finetl_report;
-- Not detail, decimals, raw, cells and record_key: they quote the record.
GRANT SELECT (reject_id, run_id, pipeline_name, dataset, object_id, object_sha256, record,
	byte_offset, verdict, reasons, raw_kept)
	ON main.etl_rejects TO finetl_report;
