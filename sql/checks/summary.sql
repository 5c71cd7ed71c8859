-- SPDX-License-Identifier: Apache-2.0
-- check: summary
-- severity: figures
-- means: How much there is.
-- needs: fact_transactions(transaction_id, transaction_date, amount)
-- needs: dim_customers(customer_id)
-- Sums are taken over whole cents, so they are exact in both engines. The third column says how
-- many of the digits are decimals.
SELECT 'transactions' AS figure, CAST(count(*) AS text) AS value, 0 AS decimals FROM main.fact_transactions
UNION ALL
SELECT 'customers', CAST(count(*) AS text), 0 FROM main.dim_customers
UNION ALL
SELECT 'total_amount', CAST(sum(CAST(round(amount * 100) AS bigint)) AS text), 2 FROM main.fact_transactions
UNION ALL
SELECT 'least_amount', CAST(min(CAST(round(amount * 100) AS bigint)) AS text), 2 FROM main.fact_transactions
UNION ALL
SELECT 'greatest_amount', CAST(max(CAST(round(amount * 100) AS bigint)) AS text), 2 FROM main.fact_transactions
UNION ALL
SELECT 'first_day', substr(CAST(min(transaction_date) AS text), 1, 10), 0 FROM main.fact_transactions
UNION ALL
SELECT 'last_day', substr(CAST(max(transaction_date) AS text), 1, 10), 0 FROM main.fact_transactions
