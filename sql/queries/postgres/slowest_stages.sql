-- SPDX-License-Identifier: Apache-2.0
-- query: slowest_stages
-- means: Which data sets take the time, from reading to the end of their table: the slowest first.
SELECT
	a.pipeline_name,
	d.key AS dataset,
	count(*) AS runs,
	round(avg(CAST(d.value ->> 'elapsed_ms' AS bigint)) / 1000.0, 3) AS mean_seconds,
	round(max(CAST(d.value ->> 'elapsed_ms' AS bigint)) / 1000.0, 3) AS max_seconds,
	max(a.start_time) AS last_run
FROM etl_audit_log AS a
CROSS JOIN LATERAL jsonb_each(a.quality_report -> 'datasets') AS d
GROUP BY a.pipeline_name, d.key
ORDER BY mean_seconds DESC, a.pipeline_name, d.key COLLATE "C";
