// SPDX-License-Identifier: Apache-2.0
/* pipeline/warehouse.h - what commands ask of a warehouse outside of a run
 *
 * Each prints into a buffer: text for people, or with as_json one JSON object a line.
 * Nothing is written but by schema_apply and purge.
 */
#ifndef FE_PIPELINE_WAREHOUSE_H
#define FE_PIPELINE_WAREHOUSE_H

#include "pipeline/plan.h"

/* As the plan's warehouse has it; SQLite's where none is named, or files:DIR. schema: where
 * PostgreSQL's tables are that name none; NULL: public. FE_EUSAGE where there are none. */
FE_MUST_USE enum fe_rc fe_warehouse_schema_print(const struct fe_plan *plan, const char *schema,
                                                 struct fe_buf *out, struct fe_err *err);
/* What the roles of a PostgreSQL warehouse may do; FE_EUSAGE where it is none. */
FE_MUST_USE enum fe_rc fe_warehouse_grants_print(const struct fe_plan *plan, const char *schema,
                                                 struct fe_buf *out, struct fe_err *err);
/* FE_EUSAGE where the plan's warehouse is not a database. */
FE_MUST_USE enum fe_rc fe_warehouse_schema_apply(const struct fe_plan *plan, int64_t wait_ms,
                                                 struct fe_err *err);

struct fe_runs_query {
	const char *pipeline, *status; /* NULL: any */
	uint64_t limit;
	bool as_json;
};
/* The newest first. */
FE_MUST_USE enum fe_rc fe_warehouse_runs(const char *url, const struct fe_runs_query *q,
                                         struct fe_buf *out, struct fe_err *err);
/* FE_ECONFLICT names the first record of the run events that breaks the hash chain. */
FE_MUST_USE enum fe_rc fe_warehouse_verify_events(const char *url, struct fe_buf *out, struct fe_err *err);

struct fe_rejects_query {
	const char *run_id, *dataset, *reason; /* NULL: any */
	bool is_open;                          /* only those that no run has closed */
	uint64_t limit;
	bool as_json;
};
FE_MUST_USE enum fe_rc fe_warehouse_rejects(const char *url, const struct fe_rejects_query *q,
                                            struct fe_buf *out, struct fe_err *err);

/* Takes the records out of rejects that are older than so many days; 0: as keep_days of each data set
 * says. dataset NULL: of all. */
FE_MUST_USE enum fe_rc fe_warehouse_purge(const struct fe_plan *plan, const char *dataset, int64_t days, struct fe_buf *out,
                                          struct fe_err *err);

/* Which run, object, record, raw text, rules and derived values made the row with this
 * key, in the table of that name (NULL: each in turn). Where there is no such row, the
 * rejects whose raw text has the key in it. FE_EUSAGE where there is neither. */
FE_MUST_USE enum fe_rc fe_warehouse_explain(const struct fe_plan *plan, const char *table,
                                            const char *const *key, size_t n_key, struct fe_buf *out,
                                            struct fe_err *err);

#endif
