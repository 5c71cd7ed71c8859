-- SPDX-License-Identifier: Apache-2.0
-- check: unique_records
-- severity: critical
-- means: No two transactions are from the same record of the same file: none was copied.
-- needs: fact_transactions(transaction_id, etl_object_id, etl_record)
SELECT count(*) OVER () AS broken, min(transaction_id) AS transaction_id
FROM main.fact_transactions
WHERE etl_record > 0
GROUP BY etl_object_id, etl_record
HAVING count(*) > 1
ORDER BY 2
LIMIT 5
