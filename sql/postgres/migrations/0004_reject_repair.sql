-- SPDX-License-Identifier: Apache-2.0
-- What a reject needs to be mended, replayed, closed and forgotten: its cells as they were
-- read, the key of its target, and how much of the record is kept. The only change that a
-- reject may see is that its record is taken out of it; who may do so is a matter of grants.
ALTER TABLE main.etl_rejects
	ADD COLUMN cells text COLLATE "C",
	ADD COLUMN record_key jsonb,
	ADD COLUMN raw_kept text COLLATE "C" NOT NULL DEFAULT 'full'
		CHECK (raw_kept IN ('full', 'masked', 'none', 'purged'));

-- One that passed, and so was closed, may be rejected again: then it is open anew.
DROP INDEX main.etl_rejects_open;
CREATE UNIQUE INDEX etl_rejects_record
	ON main.etl_rejects (pipeline_name, dataset, object_sha256, record, run_id);

CREATE FUNCTION main.etl_only_purge() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NEW.raw_kept = 'purged' AND octet_length(NEW.raw) = 0 AND NEW.cells IS NULL AND NEW.record_key IS NULL
		AND (NEW.reject_id, NEW.run_id, NEW.pipeline_name, NEW.dataset, NEW.object_id, NEW.object_sha256,
			NEW.record, NEW.byte_offset, NEW.verdict, NEW.reasons, NEW.detail, NEW.decimals)
		IS NOT DISTINCT FROM
		(OLD.reject_id, OLD.run_id, OLD.pipeline_name, OLD.dataset, OLD.object_id, OLD.object_sha256,
			OLD.record, OLD.byte_offset, OLD.verdict, OLD.reasons, OLD.detail, OLD.decimals)
	THEN
		RETURN NEW;
	END IF;
	RAISE EXCEPTION '% is append-only, but for records that are purged', TG_TABLE_NAME
		USING ERRCODE = 'insufficient_privilege';
END;
$$;
DROP TRIGGER etl_rejects_append_only ON main.etl_rejects;
CREATE TRIGGER etl_rejects_append_only
	BEFORE DELETE OR TRUNCATE OR UPDATE OF reject_id, run_id, pipeline_name, dataset, object_id, object_sha256,
		record, byte_offset, verdict, reasons, detail, decimals
	ON main.etl_rejects
	FOR EACH STATEMENT EXECUTE FUNCTION main.etl_refuse_change();
CREATE TRIGGER etl_rejects_only_purge
	BEFORE UPDATE ON main.etl_rejects
	FOR EACH ROW EXECUTE FUNCTION main.etl_only_purge();
