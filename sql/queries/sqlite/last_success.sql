-- SPDX-License-Identifier: Apache-2.0
-- query: last_success
-- means: When each pipeline was last published, and how many runs have failed since.
SELECT
	a.pipeline_name,
	max(a.end_time) FILTER (WHERE a.status IN ('success', 'success_with_rejects')) AS last_success,
	round((julianday('now') - julianday(max(end_time) FILTER (WHERE status IN ('success', 'success_with_rejects')))) * 24, 2) AS hours_since,
	count(*) FILTER (WHERE a.run_id > coalesce((
		SELECT max(s.run_id)
		FROM etl_audit_log AS s
		WHERE s.pipeline_name = a.pipeline_name AND s.status IN ('success', 'success_with_rejects')
	), '')) AS runs_since
FROM etl_audit_log AS a
GROUP BY a.pipeline_name
ORDER BY a.pipeline_name;
