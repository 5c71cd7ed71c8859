-- SPDX-License-Identifier: Apache-2.0
-- check: amounts_agree_with_runs
-- severity: critical
-- means: The amounts add up, to the cent, to what the runs of this pipeline have inserted.
-- needs: fact_transactions(amount fixed decimal2, etl_object_id)
-- The samples are the sum that is there and that of what was inserted, in cents.
WITH inserted AS (
	SELECT coalesce(sum(CAST(replace(reconciliation -> 'datasets' -> :dataset -> 'sums' -> 'amount' ->> 'inserted',
		'.', '') AS bigint)), 0) AS cents
	FROM main.etl_audit_log
	WHERE pipeline_name = :pipeline AND status IN ('success', 'success_with_rejects')
), stored AS (
	SELECT coalesce(sum(CAST(round(t.amount * 100) AS bigint)), 0) AS cents
	FROM main.fact_transactions AS t
	JOIN main.etl_objects AS o ON o.object_id = t.etl_object_id
	WHERE o.pipeline_name = :pipeline AND o.dataset = :dataset
)
SELECT 1 AS broken, CAST(stored.cents AS bigint) AS stored, CAST(inserted.cents AS bigint) AS inserted
FROM stored CROSS JOIN inserted
WHERE stored.cents <> inserted.cents
