-- SPDX-License-Identifier: Apache-2.0
-- check: unique_transaction_ids
-- severity: critical
-- means: No two transactions have the same id.
-- needs: fact_transactions(transaction_id)
SELECT count(*) OVER () AS broken, transaction_id
FROM main.fact_transactions
GROUP BY transaction_id
HAVING count(*) > 1
ORDER BY transaction_id
LIMIT 5
