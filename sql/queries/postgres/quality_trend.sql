-- SPDX-License-Identifier: Apache-2.0
-- query: quality_trend
-- means: Share of records that were not rejected, and share of expectations met, run by run.
SELECT
	start_time,
	pipeline_name,
	run_id,
	status,
	CAST(quality_report ->> 'success_percent' AS numeric) AS success_percent,
	CAST(quality_report ->> 'quality_score' AS numeric) AS quality_score,
	records_extracted,
	records_rejected
FROM etl_audit_log
WHERE quality_report IS NOT NULL
ORDER BY start_time DESC, run_id DESC;
