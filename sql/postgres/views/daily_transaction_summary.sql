-- SPDX-License-Identifier: Apache-2.0
-- One row per day (UTC): volume, sums by status, customers seen, share that failed.
-- 'main.' stands for the schemas where the tables are.
-- needs: fact_transactions(transaction_id text, customer_id text, transaction_date timestamp, amount decimal, status text, risk_level text)
CREATE VIEW main.daily_transaction_summary AS
SELECT
	(t.transaction_date AT TIME ZONE 'UTC')::date AS day,
	count(*) AS transactions,
	count(DISTINCT t.customer_id) AS customers,
	sum(t.amount) AS total_amount,
	coalesce(sum(t.amount) FILTER (WHERE t.status = 'completed'), 0.00) AS completed_amount,
	coalesce(sum(t.amount) FILTER (WHERE t.status = 'pending'), 0.00) AS pending_amount,
	coalesce(sum(t.amount) FILTER (WHERE t.status = 'failed'), 0.00) AS failed_amount,
	round(avg(t.amount), 2) AS average_amount,
	max(t.amount) AS greatest_amount,
	round(100.0 * count(*) FILTER (WHERE t.status = 'failed') / count(*), 2) AS failed_percent,
	count(*) FILTER (WHERE t.risk_level IN ('high', 'critical')) AS high_risk_transactions
FROM main.fact_transactions AS t
GROUP BY (t.transaction_date AT TIME ZONE 'UTC')::date;
