-- SPDX-License-Identifier: Apache-2.0
-- query: recent_failures
-- means: The last hundred runs that were held, failed or abandoned, and why.
SELECT start_time, pipeline_name, run_id, status, error_message, records_extracted, records_rejected
FROM etl_audit_log
WHERE status IN ('held', 'failed', 'abandoned')
ORDER BY start_time DESC, run_id DESC
LIMIT 100;
