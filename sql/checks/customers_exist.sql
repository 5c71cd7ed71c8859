-- SPDX-License-Identifier: Apache-2.0
-- check: customers_exist
-- severity: critical
-- means: The customer of every transaction is known.
-- needs: fact_transactions(transaction_id, customer_id)
-- needs: dim_customers(customer_id)
SELECT count(*) OVER () AS broken, t.transaction_id
FROM main.fact_transactions AS t
LEFT JOIN main.dim_customers AS c ON c.customer_id = t.customer_id
WHERE c.customer_id IS NULL AND t.customer_id IS NOT NULL
ORDER BY t.transaction_id
LIMIT 5
