-- SPDX-License-Identifier: Apache-2.0
-- query: rejects_by_reason
-- means: Why records are not loaded that nobody has mended yet; one may have several reasons.
SELECT
	r.pipeline_name,
	r.dataset,
	reason.value AS reason,
	count(*) AS records,
	min(o.path) AS example_object,
	max(r.run_id) AS last_run_id
FROM etl_rejects AS r
CROSS JOIN LATERAL jsonb_array_elements_text(r.reasons) AS reason (value)
JOIN etl_objects AS o ON o.object_id = r.object_id
WHERE NOT EXISTS (SELECT 1 FROM etl_reject_closures AS c WHERE c.reject_id = r.reject_id)
GROUP BY r.pipeline_name, r.dataset, reason.value
ORDER BY records DESC, r.pipeline_name, r.dataset, reason.value COLLATE "C";
