-- SPDX-License-Identifier: Apache-2.0
-- check: rows_agree_with_runs
-- severity: critical
-- means: There are as many transactions as the runs of this pipeline have inserted.
-- needs: fact_transactions(etl_object_id)
-- The samples are how many there are, and how many were inserted.
WITH inserted AS (
	SELECT coalesce(sum(CAST(reconciliation -> 'datasets' -> :dataset ->> 'inserted' AS bigint)), 0) AS n
	FROM main.etl_audit_log
	WHERE pipeline_name = :pipeline AND status IN ('success', 'success_with_rejects')
), stored AS (
	SELECT count(*) AS n
	FROM main.fact_transactions AS t
	JOIN main.etl_objects AS o ON o.object_id = t.etl_object_id
	WHERE o.pipeline_name = :pipeline AND o.dataset = :dataset
)
SELECT CAST(abs(stored.n - inserted.n) AS bigint) AS broken, stored.n AS stored, CAST(inserted.n AS bigint) AS inserted
FROM stored CROSS JOIN inserted
WHERE stored.n <> inserted.n
