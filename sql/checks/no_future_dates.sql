-- SPDX-License-Identifier: Apache-2.0
-- check: no_future_dates
-- severity: critical
-- means: No transaction is later than now.
-- needs: fact_transactions(transaction_id, transaction_date)
SELECT count(*) OVER () AS broken, transaction_id
FROM main.fact_transactions
WHERE transaction_date > :run_time
ORDER BY transaction_id
LIMIT 5
