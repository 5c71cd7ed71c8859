-- SPDX-License-Identifier: Apache-2.0
-- query: runs_by_day
-- means: How the runs of each day (UTC) ended, and what became of their records.
SELECT
	substr(start_time, 1, 10) AS day,
	pipeline_name,
	count(*) AS runs,
	count(*) FILTER (WHERE status = 'success') AS success,
	count(*) FILTER (WHERE status = 'success_with_rejects') AS success_with_rejects,
	count(*) FILTER (WHERE status = 'held') AS held,
	count(*) FILTER (WHERE status = 'failed') AS failed,
	count(*) FILTER (WHERE status = 'abandoned') AS abandoned,
	sum(records_extracted) AS records_extracted,
	sum(records_loaded) AS records_loaded,
	sum(records_rejected) AS records_rejected,
	sum(records_duplicate) AS records_duplicate
FROM etl_audit_log
GROUP BY substr(start_time, 1, 10), pipeline_name
ORDER BY day DESC, pipeline_name;
