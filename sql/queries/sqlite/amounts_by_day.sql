-- SPDX-License-Identifier: Apache-2.0
-- query: amounts_by_day
-- means: Sums of each decimal column, by day (UTC): read, loaded, rejected.
-- For a chart: SQLite adds them up in floating point. The exact ones are in each run's reconciliation.
SELECT
	substr(a.start_time, 1, 10) AS day,
	a.pipeline_name,
	d.key AS dataset,
	s.key AS "column",
	round(sum(CAST(s.value ->> 'read' AS REAL)), 2) AS sum_read,
	round(sum(CAST(s.value ->> 'inserted' AS REAL) + CAST(s.value ->> 'updated' AS REAL)), 2) AS sum_loaded,
	round(sum(CAST(s.value ->> 'rejected' AS REAL)), 2) AS sum_rejected
FROM etl_audit_log AS a
JOIN json_each(a.reconciliation -> 'datasets') AS d
JOIN json_each(d.value -> 'sums') AS s
WHERE a.status IN ('success', 'success_with_rejects')
GROUP BY substr(a.start_time, 1, 10), a.pipeline_name, d.key, s.key
ORDER BY day DESC, a.pipeline_name, dataset, "column";
