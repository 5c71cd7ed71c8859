// SPDX-License-Identifier: Apache-2.0
/* batch/schema.c - the list of fields */
#include "batch/schema.h"

#include "base/mem.h"

void fe_schema_init(struct fe_schema *s) { *s = (struct fe_schema){ 0 }; }

void
fe_schema_reset(struct fe_schema *s)
{
	for (size_t i = 0; i < s->n_fields; i++)
		fe_free(s->fields[i].name);
	fe_free(s->fields);
	*s = (struct fe_schema){ 0 };
}

size_t
fe_schema_add(struct fe_schema *s, struct fe_str name, struct fe_type type)
{
	s->fields = fe_grow(s->fields, &s->cap_fields, s->n_fields + 1, sizeof *s->fields);
	s->fields[s->n_fields] = (struct fe_field){ .name = fe_strndup(name.p, name.n), .type = type };
	return s->n_fields++;
}

size_t
fe_schema_find(const struct fe_schema *s, struct fe_str name)
{
	for (size_t i = 0; i < s->n_fields; i++)
		if (fe_str_is(name, s->fields[i].name))
			return i;
	return FE_NO_COLUMN;
}
