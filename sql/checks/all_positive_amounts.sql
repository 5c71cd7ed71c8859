-- SPDX-License-Identifier: Apache-2.0
-- check: all_positive_amounts
-- severity: critical
-- means: Every amount is greater than zero.
-- needs: fact_transactions(transaction_id, amount)
SELECT count(*) OVER () AS broken, transaction_id
FROM main.fact_transactions
WHERE amount <= 0
ORDER BY transaction_id
LIMIT 5
