-- SPDX-License-Identifier: Apache-2.0
-- Transactions of high or critical risk with who made them and where the row is from.
-- 'main.' stands for the schemas where the tables are.
-- needs: dim_customers(customer_id text, customer_name, customer_tier)
-- needs: fact_transactions(transaction_id text, customer_id text, transaction_date timestamp, amount decimal, merchant_id, category, status text, payment_method, risk_score decimal, risk_level text)
CREATE VIEW main.high_risk_transactions AS
SELECT
	t.transaction_id,
	t.transaction_date,
	t.customer_id,
	c.customer_name,
	c.customer_tier,
	t.amount,
	t.merchant_id,
	t.category,
	t.payment_method,
	t.status,
	t.risk_score,
	t.risk_level,
	t.etl_run_id,
	t.etl_object_id,
	t.etl_record
FROM main.fact_transactions AS t
JOIN main.dim_customers AS c ON c.customer_id = t.customer_id
WHERE t.risk_level IN ('high', 'critical');
