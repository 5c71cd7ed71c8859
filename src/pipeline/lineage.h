// SPDX-License-Identifier: Apache-2.0
/* pipeline/lineage.h - events of OpenLineage: that a run began, and how it ended
 *
 * One START and one of COMPLETE, FAIL, ABORT; to a URL (POST, two seconds at most, not tried again), or a line each appended
 * to a file. The run's id is that of finetl as a UUID of version 7: the same bits of time and chance but for the six that
 * say so.
 *
 * OPENLINEAGE_URL, _ENDPOINT, _API_KEY, _NAMESPACE, _DISABLED are heeded; who started us is told by
 * OPENLINEAGE_PARENT_ID (namespace/job/run id), or by the names of Airflow's task (AIRFLOW_CTX_...).
 */
#ifndef FE_PIPELINE_LINEAGE_H
#define FE_PIPELINE_LINEAGE_H

#include "pipeline/run.h"
#include "quality/report_view.h"

#define FE_LINEAGE_TIMEOUT_MS 2000

enum fe_lineage_type { FE_LINEAGE_START, FE_LINEAGE_COMPLETE, FE_LINEAGE_FAIL, FE_LINEAGE_ABORT };

struct fe_lineage {
	const char *url;     /* "https://...", "http://..." or "file:PATH" */
	const char *endpoint;
	const char *api_key; /* NULL: none */
	const char *job_namespace;
	const struct fe_clock *clock;
};

struct fe_lineage_event {
	enum fe_lineage_type type;
	const struct fe_plan *plan;
	const struct fe_run_result *result;
	const struct fe_report_run *run; /* NULL at the start */
};

/* url NULL: of the environment. false: lineage is not wanted. What it holds is borrowed from there. */
bool fe_lineage_init(struct fe_lineage *l, const char *url, const struct fe_clock *clock);
void fe_lineage_reset(struct fe_lineage *l);
void fe_lineage_send(const struct fe_lineage *l, const struct fe_lineage_event *e, struct fe_told_list *told);

/* ---- lineage_event.c: the event as JSON ---- */

void fe_lineage_json(const struct fe_lineage *l, const struct fe_lineage_event *e, struct fe_buf *out);
#define FE_UUID_BYTES 37 /* with the NUL */
/* A run's id as a UUID; false where it is none of ours. */
bool fe_lineage_uuid(const char *run_id, char out[FE_UUID_BYTES]);

/* ---- lineage_names.c: data sets, named as OpenLineage has it ---- */

struct fe_lineage_name { struct fe_buf space, name; };
void fe_lineage_name_reset(struct fe_lineage_name *n);
void fe_lineage_name_source(const struct fe_plan_dataset *d, struct fe_lineage_name *out);
void fe_lineage_name_target(const char *warehouse, const char *table, struct fe_lineage_name *out);

#endif
