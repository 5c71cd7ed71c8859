// SPDX-License-Identifier: Apache-2.0
/* pipeline/told.h - whom a run was told to, and what came of it
 *
 * Notices, metrics, lineage: none of them can change how a run ends. What cannot be told is a warning in the log and an
 * entry of the result.
 */
#ifndef FE_PIPELINE_TOLD_H
#define FE_PIPELINE_TOLD_H

#include "base/err.h"
#include "base/json.h"

struct fe_told {
	const char *channel; /* "email", "webhook", "metrics", "openlineage" */
	char *target;        /* as it may be shown */
	char *error;         /* NULL: it was told */
	enum fe_rc rc;
};

struct fe_told_list {
	struct fe_told *items;
	size_t n_items, cap_items;
};

/* why NULL: it went well; else it is logged, too. */
void fe_told_add(struct fe_told_list *list, const char *channel, const char *target, const struct fe_err *why);
void fe_told_json(const struct fe_told_list *list, struct fe_json *j); /* "notifications": [...] */
void fe_told_reset(struct fe_told_list *list);

#endif
