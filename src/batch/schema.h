// SPDX-License-Identifier: Apache-2.0
/* batch/schema.h - the columns of a data set, by name and type
 *
 * The first n_source columns come from the source (or are computed from those
 * before them); what follows is derived. Columns are resolved by name once, when
 * a plan is made, and reached by index ever after.
 */
#ifndef FE_BATCH_SCHEMA_H
#define FE_BATCH_SCHEMA_H

#include "batch/type.h"

#define FE_MAX_COLUMNS 1024

struct fe_field {
	char *name; /* owned */
	struct fe_type type;
};

struct fe_schema {
	struct fe_field *fields;
	size_t n_fields, cap_fields;
	size_t n_source;
};

void fe_schema_init(struct fe_schema *s);
void fe_schema_reset(struct fe_schema *s);
size_t fe_schema_add(struct fe_schema *s, struct fe_str name, struct fe_type type); /* its index */
#define FE_NO_COLUMN SIZE_MAX
size_t fe_schema_find(const struct fe_schema *s, struct fe_str name); /* exact; or FE_NO_COLUMN */

#endif
