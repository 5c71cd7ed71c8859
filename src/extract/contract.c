// SPDX-License-Identifier: Apache-2.0
/* extract/contract.c - see extract/contract.h */
#include "extract/contract.h"

#include "base/err.h"
#include "base/mem.h"

const char *
fe_contract_name(enum fe_contract c)
{
	static const char *const names[] = {
		[FE_CONTRACT_FREEZE] = "freeze", [FE_CONTRACT_EVOLVE] = "evolve", [FE_CONTRACT_DISCARD] = "discard_column",
	};
	return names[c];
}

const struct fe_column_note *
fe_column_notes_find(const struct fe_column_notes *notes, struct fe_str name)
{
	for (size_t i = 0; i < notes->n; i++)
		if (fe_str_is(name, notes->items[i].name))
			return &notes->items[i];
	return NULL;
}

struct fe_column_note *
fe_column_notes_get(struct fe_column_notes *notes, struct fe_str name)
{
	for (size_t i = 0; i < notes->n; i++)
		if (fe_str_is(name, notes->items[i].name))
			return &notes->items[i];
	if (notes->n == FE_MAX_COLUMN_NOTES) {
		notes->has_more = true;
		return NULL;
	}
	notes->items = fe_grow(notes->items, &notes->cap, notes->n + 1, sizeof *notes->items);
	struct fe_column_note *note = &notes->items[notes->n++];
	*note = (struct fe_column_note){ .name = fe_strndup(name.p, name.n), .is_value = true };
	return note;
}

static void
notes_reset(struct fe_column_notes *notes)
{
	for (size_t i = 0; i < notes->n; i++)
		fe_free(notes->items[i].name);
	fe_free(notes->items);
	*notes = (struct fe_column_notes){ 0 };
}

void
fe_contract_notes_reset(struct fe_contract_notes *notes)
{
	notes_reset(&notes->discarded);
	notes_reset(&notes->vanished);
	notes_reset(&notes->retyped);
}

void
fe_contract_notes_move(struct fe_contract_notes *to, struct fe_contract_notes *from)
{
	fe_contract_notes_reset(to);
	*to = *from;
	*from = (struct fe_contract_notes){ 0 };
}
