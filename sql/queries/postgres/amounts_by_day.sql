-- SPDX-License-Identifier: Apache-2.0
-- query: amounts_by_day
-- means: Sums of each decimal column, by day (UTC): read, loaded, rejected.
SELECT
	to_char(a.start_time AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day,
	a.pipeline_name,
	d.key AS dataset,
	s.key AS "column",
	sum(CAST(s.value ->> 'read' AS numeric)) AS sum_read,
	sum(CAST(s.value ->> 'inserted' AS numeric) + CAST(s.value ->> 'updated' AS numeric)) AS sum_loaded,
	sum(CAST(s.value ->> 'rejected' AS numeric)) AS sum_rejected
FROM etl_audit_log AS a
CROSS JOIN LATERAL jsonb_each(a.reconciliation -> 'datasets') AS d
CROSS JOIN LATERAL jsonb_each(d.value -> 'sums') AS s
WHERE a.status IN ('success', 'success_with_rejects')
GROUP BY to_char(a.start_time AT TIME ZONE 'UTC', 'YYYY-MM-DD'), a.pipeline_name, d.key, s.key
ORDER BY day DESC, a.pipeline_name, d.key COLLATE "C", s.key COLLATE "C";
