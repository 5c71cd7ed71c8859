-- SPDX-License-Identifier: Apache-2.0
-- query: quality_trend
-- means: Share of records that were not rejected, and share of expectations met, run by run.
-- Percents are made of texts that are exact, for a chart.
SELECT
	start_time,
	pipeline_name,
	run_id,
	status,
	CAST(quality_report ->> 'success_percent' AS REAL) AS success_percent,
	CAST(quality_report ->> 'quality_score' AS REAL) AS quality_score,
	records_extracted,
	records_rejected
FROM etl_audit_log
WHERE quality_report IS NOT NULL
ORDER BY start_time DESC, run_id DESC;
