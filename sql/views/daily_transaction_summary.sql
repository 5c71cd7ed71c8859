-- SPDX-License-Identifier: Apache-2.0
-- One row per day (UTC): volume, sums by status, customers seen, share that failed.
-- Sums are taken over integers and scaled once, so they are exact to the cent.
-- needs: fact_transactions(transaction_id, customer_id, transaction_date, amount, status, risk_level)
CREATE VIEW IF NOT EXISTS daily_transaction_summary AS
SELECT
	substr(t.transaction_date, 1, 10) AS day,
	count(*) AS transactions,
	count(DISTINCT t.customer_id) AS customers,
	sum(t.amount_minor) / 100.0 AS total_amount,
	coalesce(sum(t.amount_minor) FILTER (WHERE t.status = 'completed'), 0) / 100.0 AS completed_amount,
	coalesce(sum(t.amount_minor) FILTER (WHERE t.status = 'pending'), 0) / 100.0 AS pending_amount,
	coalesce(sum(t.amount_minor) FILTER (WHERE t.status = 'failed'), 0) / 100.0 AS failed_amount,
	round(avg(t.amount_minor) / 100.0, 2) AS average_amount,
	max(t.amount_minor) / 100.0 AS greatest_amount,
	round(100.0 * sum(t.status = 'failed') / count(*), 2) AS failed_percent,
	sum(t.risk_level IN ('high', 'critical')) AS high_risk_transactions
FROM fact_transactions AS t
GROUP BY substr(t.transaction_date, 1, 10);
