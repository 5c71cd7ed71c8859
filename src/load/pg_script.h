// SPDX-License-Identifier: Apache-2.0
/* load/pg_script.h - the scripts of sql/postgres with the names of this warehouse in them
 *
 * In their texts 'main.' before a name stands for a schema: in a migration that of finetl's
 * own tables, in a view that of the table of this name, or of the view itself. A view
 * stands in the schema of the last table that it needs, the facts.
 */
#ifndef FE_LOAD_PG_SCRIPT_H
#define FE_LOAD_PG_SCRIPT_H

#include "load/embedded.h"
#include "load/pg_table.h"

void fe_pg_add_migration(struct fe_buf *out, const struct fe_migration *m, const char *schema);

/* Whether the tables have the columns that it needs, of the types that it needs. */
bool fe_pg_view_fits(const struct fe_view *v, const struct fe_pg_table *tables, size_t n_tables);
/* Of a view that fits. */
const char *fe_pg_view_schema(const struct fe_view *v, const struct fe_pg_table *tables,
			      size_t n_tables);
void fe_pg_add_view(struct fe_buf *out, const struct fe_view *v, const struct fe_pg_table *tables,
		    size_t n_tables);

#endif
