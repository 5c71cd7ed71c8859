// SPDX-License-Identifier: Apache-2.0
/* load/table.c - see load/table.h */
#include "load/table.h"

bool
fe_table_is_evolved(const struct fe_table *t, size_t column)
{
	return column < t->schema->n_source && column >= t->schema->n_source - t->n_evolved;
}

bool
fe_table_is_key(const struct fe_table *t, size_t column)
{
	size_t i;

	for (i = 0; i < t->n_key; i++) {
		if (t->key[i] == column)
			return true;
	}
	return false;
}

static bool
begins_with(const size_t *columns, size_t n, const size_t *prefix, size_t n_prefix)
{
	return n >= n_prefix && memcmp(columns, prefix, n_prefix * sizeof(*prefix)) == 0;
}

bool
fe_table_has_index_for(const struct fe_table *t, const struct fe_foreign_key *k)
{
	size_t i;

	if (begins_with(t->key, t->n_key, k->columns, k->n_columns))
		return true;
	for (i = 0; i < t->n_indexes; i++) {
		if (begins_with(t->indexes[i].columns, t->indexes[i].n_columns, k->columns,
		                k->n_columns))
			return true;
	}
	return false;
}
