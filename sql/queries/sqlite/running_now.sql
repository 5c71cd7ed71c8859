-- SPDX-License-Identifier: Apache-2.0
-- query: running_now
-- means: Runs that have begun and not ended: at work, or killed and not yet noticed by a next run.
SELECT start_time, pipeline_name, run_id
FROM etl_runs
WHERE status = 'running'
ORDER BY start_time, run_id;
