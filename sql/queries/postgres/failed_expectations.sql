-- SPDX-License-Identifier: Apache-2.0
-- query: failed_expectations
-- means: Which expectations fail, and in how many runs: the most frequent first.
SELECT
	a.pipeline_name,
	d.key AS dataset,
	e.value ->> 'severity' AS severity,
	e.value ->> 'expectation' AS expectation,
	count(*) AS runs,
	max(a.start_time) AS last_run
FROM etl_audit_log AS a
CROSS JOIN LATERAL jsonb_each(a.quality_report -> 'datasets') AS d
CROSS JOIN LATERAL jsonb_array_elements(d.value -> 'expectations' -> 'failed') AS e (value)
GROUP BY a.pipeline_name, d.key, e.value ->> 'severity', e.value ->> 'expectation'
ORDER BY runs DESC, a.pipeline_name, d.key COLLATE "C", (e.value ->> 'expectation') COLLATE "C";
