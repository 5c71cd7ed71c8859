-- SPDX-License-Identifier: Apache-2.0
-- One row per customer, those without transactions too: how much, how often, how risky.
-- Sums are taken over integers and scaled once, so they are exact to the cent.
-- needs: dim_customers(customer_id, customer_name, customer_tier, is_active)
-- needs: fact_transactions(customer_id, transaction_id, transaction_date, amount, status, risk_score, risk_level)
CREATE VIEW IF NOT EXISTS customer_transaction_summary AS
SELECT
	c.customer_id,
	c.customer_name,
	c.customer_tier,
	c.is_active,
	count(t.transaction_id) AS transactions,
	coalesce(sum(t.status = 'completed'), 0) AS completed,
	coalesce(sum(t.status = 'pending'), 0) AS pending,
	coalesce(sum(t.status = 'failed'), 0) AS failed,
	coalesce(sum(t.amount_minor), 0) / 100.0 AS total_amount,
	coalesce(sum(t.amount_minor) FILTER (WHERE t.status = 'completed'), 0) / 100.0 AS completed_amount,
	round(avg(t.amount_minor) / 100.0, 2) AS average_amount,
	min(t.amount_minor) / 100.0 AS smallest_amount,
	max(t.amount_minor) / 100.0 AS greatest_amount,
	min(t.transaction_date) AS first_transaction,
	max(t.transaction_date) AS last_transaction,
	round(avg(t.risk_score_minor) / 100.0, 2) AS average_risk_score,
	coalesce(sum(t.risk_level IN ('high', 'critical')), 0) AS high_risk_transactions
FROM dim_customers AS c
LEFT JOIN fact_transactions AS t ON t.customer_id = c.customer_id
GROUP BY c.customer_id;
