-- SPDX-License-Identifier: Apache-2.0
-- check: no_null_amounts
-- severity: critical
-- means: Every transaction has an amount.
-- needs: fact_transactions(transaction_id, amount)
SELECT count(*) OVER () AS broken, transaction_id
FROM main.fact_transactions
WHERE amount IS NULL
ORDER BY transaction_id
LIMIT 5
