-- SPDX-License-Identifier: Apache-2.0
-- query: oldest_unprocessed_object
-- means: Files that were met and never loaded, as their run was held or failed: the oldest first.
SELECT
	o.pipeline_name,
	o.dataset,
	o.path,
	min(a.start_time) AS first_met,
	round((julianday('now') - julianday(min(a.start_time))) * 24, 2) AS hours_waiting,
	count(*) AS attempts,
	max(o.size_bytes) AS size_bytes,
	max(o.run_id) AS last_run_id
FROM etl_objects AS o
JOIN etl_audit_log AS a ON a.run_id = o.run_id
WHERE o.outcome IN ('held', 'failed', 'partial')
	AND a.reconciliation ->> 'replay' IS NULL
	AND NOT EXISTS (
		SELECT 1
		FROM etl_objects AS l
		WHERE l.pipeline_name = o.pipeline_name AND l.dataset = o.dataset AND l.path = o.path
			AND l.outcome IN ('loaded', 'skipped') AND l.object_id > o.object_id
	)
GROUP BY o.pipeline_name, o.dataset, o.path
ORDER BY first_met, o.pipeline_name, o.dataset, o.path;
