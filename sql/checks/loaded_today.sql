-- SPDX-License-Identifier: Apache-2.0
-- check: loaded_today
-- severity: warning
-- means: Transactions were loaded or updated today (UTC).
-- needs: fact_transactions(processed_at)
-- The sample is when the last one was.
SELECT 1 AS broken, max(processed_at) AS last_loaded
FROM main.fact_transactions
HAVING coalesce(max(processed_at) < :today, 1 = 1)
