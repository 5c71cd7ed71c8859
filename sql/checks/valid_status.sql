-- SPDX-License-Identifier: Apache-2.0
-- check: valid_status
-- severity: critical
-- means: Every status is completed, pending or failed.
-- needs: fact_transactions(transaction_id, status)
SELECT count(*) OVER () AS broken, transaction_id
FROM main.fact_transactions
WHERE status IS NULL OR status NOT IN ('completed', 'pending', 'failed')
ORDER BY transaction_id
LIMIT 5
