-- SPDX-License-Identifier: Apache-2.0
-- One row per customer, those without transactions too: how much, how often, how risky.
-- 'main.' stands for the schemas where the tables are.
-- needs: dim_customers(customer_id text, customer_name, customer_tier, is_active)
-- needs: fact_transactions(customer_id text, transaction_id text, transaction_date timestamp, amount decimal, status text, risk_score decimal, risk_level text)
CREATE VIEW main.customer_transaction_summary AS
SELECT
	c.customer_id,
	c.customer_name,
	c.customer_tier,
	c.is_active,
	count(t.transaction_id) AS transactions,
	count(*) FILTER (WHERE t.status = 'completed') AS completed,
	count(*) FILTER (WHERE t.status = 'pending') AS pending,
	count(*) FILTER (WHERE t.status = 'failed') AS failed,
	coalesce(sum(t.amount), 0.00) AS total_amount,
	coalesce(sum(t.amount) FILTER (WHERE t.status = 'completed'), 0.00) AS completed_amount,
	round(avg(t.amount), 2) AS average_amount,
	min(t.amount) AS smallest_amount,
	max(t.amount) AS greatest_amount,
	min(t.transaction_date) AS first_transaction,
	max(t.transaction_date) AS last_transaction,
	round(avg(t.risk_score), 2) AS average_risk_score,
	count(*) FILTER (WHERE t.risk_level IN ('high', 'critical')) AS high_risk_transactions
FROM main.dim_customers AS c
LEFT JOIN main.fact_transactions AS t ON t.customer_id = c.customer_id
-- Not by the key alone: the view would then need the primary key, which a load may take off.
GROUP BY c.customer_id, c.customer_name, c.customer_tier, c.is_active;
