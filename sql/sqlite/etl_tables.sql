-- SPDX-License-Identifier: Apache-2.0
-- finetl's own tables: what was run, read, refused, and by whose word. Rows of a run
-- are written by the transaction that loads its data; those of a run that was held or
-- failed by one of their own. What is written stays as it is: all but watermarks are
-- append-only. Times are UTC as 'YYYY-MM-DD hh:mm:ss.ffffffZ'.

-- One row per ended run.
CREATE TABLE IF NOT EXISTS etl_audit_log (
	run_id TEXT NOT NULL PRIMARY KEY,
	pipeline_name TEXT NOT NULL,
	start_time TEXT NOT NULL,
	end_time TEXT NOT NULL,
	status TEXT NOT NULL
		CHECK (status IN ('success', 'success_with_rejects', 'held', 'failed', 'abandoned')),
	records_extracted INTEGER NOT NULL,
	records_transformed INTEGER NOT NULL,
	records_loaded INTEGER NOT NULL,
	records_rejected INTEGER NOT NULL,
	records_duplicate INTEGER NOT NULL,
	error_message TEXT,
	run_time TEXT,
	config_sha256 TEXT,
	finetl_version TEXT,
	quality_report TEXT,
	reconciliation TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS etl_audit_log_pipeline ON etl_audit_log (pipeline_name, start_time DESC);
CREATE INDEX IF NOT EXISTS etl_audit_log_start_time ON etl_audit_log (start_time DESC);
CREATE INDEX IF NOT EXISTS etl_audit_log_status ON etl_audit_log (status);
CREATE TRIGGER IF NOT EXISTS etl_audit_log_no_update BEFORE UPDATE ON etl_audit_log
BEGIN
	SELECT RAISE(ABORT, 'etl_audit_log is append-only');
END;
CREATE TRIGGER IF NOT EXISTS etl_audit_log_no_delete BEFORE DELETE ON etl_audit_log
BEGIN
	SELECT RAISE(ABORT, 'etl_audit_log is append-only');
END;

-- Attempts and results. hash is the SHA-256 of previous_hash, event_id,
-- run_id, pipeline_name, event, at and detail, each written as <bytes>:<text>, - so
-- no event can be changed or taken out of the middle without a trace. detail of an
-- ending holds audit_sha256, the same hash of its row of etl_audit_log (null: '-,').
CREATE TABLE IF NOT EXISTS etl_run_events (
	event_id INTEGER PRIMARY KEY,
	run_id TEXT NOT NULL,
	pipeline_name TEXT NOT NULL,
	event TEXT NOT NULL CHECK (event IN
		('started', 'success', 'success_with_rejects', 'held', 'failed', 'abandoned')),
	at TEXT NOT NULL,
	detail TEXT NOT NULL,
	previous_hash TEXT NOT NULL,
	hash TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS etl_run_events_run ON etl_run_events (run_id);
CREATE TRIGGER IF NOT EXISTS etl_run_events_no_update BEFORE UPDATE ON etl_run_events
BEGIN
	SELECT RAISE(ABORT, 'etl_run_events is append-only');
END;
CREATE TRIGGER IF NOT EXISTS etl_run_events_no_delete BEFORE DELETE ON etl_run_events
BEGIN
	SELECT RAISE(ABORT, 'etl_run_events is append-only');
END;

-- Every run, the running ones too.
CREATE VIEW IF NOT EXISTS etl_runs AS
SELECT
	s.run_id,
	s.pipeline_name,
	coalesce(a.status, 'running') AS status,
	s.at AS start_time,
	a.end_time,
	a.records_extracted,
	a.records_transformed,
	a.records_loaded,
	a.records_rejected,
	a.records_duplicate,
	a.error_message
FROM etl_run_events AS s
LEFT JOIN etl_audit_log AS a ON a.run_id = s.run_id
WHERE s.event = 'started';

-- The manifest: every object (file) that a run read.
CREATE TABLE IF NOT EXISTS etl_objects (
	object_id INTEGER PRIMARY KEY,
	run_id TEXT NOT NULL,
	pipeline_name TEXT NOT NULL,
	dataset TEXT NOT NULL,
	path TEXT NOT NULL,
	size_bytes INTEGER NOT NULL,
	modified_at TEXT,
	sha256 TEXT,                   -- null: not read to its end
	records INTEGER NOT NULL,
	outcome TEXT NOT NULL
		CHECK (outcome IN ('loaded', 'partial', 'skipped', 'held', 'failed')),
	version TEXT,                  -- as an object store tells it: a version id or an ETag
	etag TEXT,                     -- of one that arrived by itself; without quotes
	sequencer TEXT                 -- as the event told that it arrived; which of two versions is the later one
) STRICT;
CREATE INDEX IF NOT EXISTS etl_objects_identity ON etl_objects (dataset, path, sha256);
CREATE INDEX IF NOT EXISTS etl_objects_run ON etl_objects (run_id);
CREATE TRIGGER IF NOT EXISTS etl_objects_no_update BEFORE UPDATE ON etl_objects
BEGIN
	SELECT RAISE(ABORT, 'etl_objects is append-only');
END;
CREATE TRIGGER IF NOT EXISTS etl_objects_no_delete BEFORE DELETE ON etl_objects
BEGIN
	SELECT RAISE(ABORT, 'etl_objects is append-only');
END;

-- Every record that was not loaded. Met again by a later run, it stays as it is.
CREATE TABLE IF NOT EXISTS etl_rejects (
	reject_id INTEGER PRIMARY KEY,
	run_id TEXT NOT NULL,
	pipeline_name TEXT NOT NULL,
	dataset TEXT NOT NULL,
	object_id INTEGER NOT NULL REFERENCES etl_objects (object_id),
	object_sha256 TEXT NOT NULL,   -- not read to its end: 'path:size:time', or 'path:run' of a stream
	record INTEGER NOT NULL,
	byte_offset INTEGER NOT NULL,
	verdict TEXT NOT NULL CHECK (verdict IN ('rejected', 'conflict')),
	reasons TEXT NOT NULL,
	detail TEXT,
	decimals TEXT,
	raw BLOB NOT NULL,
	cells TEXT,                    -- JSON: as they were read, by column; null: the record has none, or they are not kept
	record_key TEXT,               -- JSON array: the key of its target; null: it has none
	raw_kept TEXT NOT NULL DEFAULT 'full'
		CHECK (raw_kept IN ('full', 'masked', 'none', 'purged'))
) STRICT;
-- One that passed, and so was closed, may be rejected again: then it is open anew.
DROP INDEX IF EXISTS etl_rejects_open;
CREATE UNIQUE INDEX IF NOT EXISTS etl_rejects_record
	ON etl_rejects (pipeline_name, dataset, object_sha256, record, run_id);
CREATE INDEX IF NOT EXISTS etl_rejects_run ON etl_rejects (run_id);
-- The only change that a reject may see is that its record is taken out of it.
DROP TRIGGER IF EXISTS etl_rejects_no_update;
CREATE TRIGGER IF NOT EXISTS etl_rejects_only_purge BEFORE UPDATE ON etl_rejects
WHEN NOT (NEW.raw_kept = 'purged' AND length(NEW.raw) = 0 AND NEW.cells IS NULL AND NEW.record_key IS NULL
	AND (NEW.reject_id, NEW.run_id, NEW.pipeline_name, NEW.dataset, NEW.object_id, NEW.object_sha256,
		NEW.record, NEW.byte_offset, NEW.verdict, NEW.reasons, NEW.detail, NEW.decimals)
	IS (OLD.reject_id, OLD.run_id, OLD.pipeline_name, OLD.dataset, OLD.object_id, OLD.object_sha256,
		OLD.record, OLD.byte_offset, OLD.verdict, OLD.reasons, OLD.detail, OLD.decimals))
BEGIN
	SELECT RAISE(ABORT, 'etl_rejects is append-only, but for records that are purged');
END;
CREATE TRIGGER IF NOT EXISTS etl_rejects_no_delete BEFORE DELETE ON etl_rejects
BEGIN
	SELECT RAISE(ABORT, 'etl_rejects is append-only');
END;

-- Rejects that are closed: by which run, and what became of the record.
CREATE TABLE IF NOT EXISTS etl_reject_closures (
	reject_id INTEGER NOT NULL PRIMARY KEY REFERENCES etl_rejects (reject_id),
	run_id TEXT NOT NULL,
	closed_at TEXT NOT NULL,
	outcome TEXT NOT NULL
) STRICT;
CREATE TRIGGER IF NOT EXISTS etl_reject_closures_no_update BEFORE UPDATE ON etl_reject_closures
BEGIN
	SELECT RAISE(ABORT, 'etl_reject_closures is append-only');
END;
CREATE TRIGGER IF NOT EXISTS etl_reject_closures_no_delete BEFORE DELETE ON etl_reject_closures
BEGIN
	SELECT RAISE(ABORT, 'etl_reject_closures is append-only');
END;

-- How far an incremental source has been read.
CREATE TABLE IF NOT EXISTS etl_watermarks (
	pipeline_name TEXT NOT NULL,
	dataset TEXT NOT NULL,
	name TEXT NOT NULL,
	value TEXT NOT NULL,
	run_id TEXT NOT NULL,
	updated_at TEXT NOT NULL,
	PRIMARY KEY (pipeline_name, dataset, name)
) STRICT;
