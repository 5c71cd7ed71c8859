-- SPDX-License-Identifier: Apache-2.0
-- check: reasonable_amounts
-- severity: warning
-- means: No amount is greater than 1000000.
-- needs: fact_transactions(transaction_id, amount)
SELECT count(*) OVER () AS broken, transaction_id
FROM main.fact_transactions
WHERE amount > 1000000
ORDER BY transaction_id
LIMIT 5
