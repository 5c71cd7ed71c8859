-- SPDX-License-Identifier: Apache-2.0
-- check: date_parts_agree
-- severity: critical
-- means: Year, month and day of every transaction are those of its date: no date was changed later.
-- needs: fact_transactions(transaction_id, transaction_date, transaction_year, transaction_month, transaction_day)
SELECT count(*) OVER () AS broken, transaction_id
FROM main.fact_transactions
WHERE CAST(substr(CAST(transaction_date AS text), 1, 4) AS integer) <> transaction_year
	OR CAST(substr(CAST(transaction_date AS text), 6, 2) AS integer) <> transaction_month
	OR CAST(substr(CAST(transaction_date AS text), 9, 2) AS integer) <> transaction_day
ORDER BY transaction_id
LIMIT 5
