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

/* ---- marks ---- */

static void
mark_one(const struct fe_column_notes *notes, struct fe_column_mark *mark)
{
	if (notes->n > mark->cap)
		mark->n_records = fe_grow(mark->n_records, &mark->cap, notes->n, sizeof *mark->n_records);
	for (size_t i = 0; i < notes->n; i++)
		mark->n_records[i] = notes->items[i].n_records;
	mark->n = notes->n;
	mark->has_more = notes->has_more;
}

static void
back_to_one(struct fe_column_notes *notes, const struct fe_column_mark *mark)
{
	while (notes->n > mark->n)
		fe_free(notes->items[--notes->n].name);
	for (size_t i = 0; i < notes->n; i++)
		notes->items[i].n_records = mark->n_records[i];
	notes->has_more = mark->has_more;
}

void
fe_contract_notes_mark(const struct fe_contract_notes *notes, struct fe_contract_mark *mark)
{
	mark_one(&notes->discarded, &mark->discarded);
	mark_one(&notes->vanished, &mark->vanished);
	mark_one(&notes->retyped, &mark->retyped);
}

void
fe_contract_notes_back_to(struct fe_contract_notes *notes, const struct fe_contract_mark *mark)
{
	back_to_one(&notes->discarded, &mark->discarded);
	back_to_one(&notes->vanished, &mark->vanished);
	back_to_one(&notes->retyped, &mark->retyped);
}

void
fe_contract_mark_reset(struct fe_contract_mark *mark)
{
	fe_free(mark->discarded.n_records);
	fe_free(mark->vanished.n_records);
	fe_free(mark->retyped.n_records);
	*mark = (struct fe_contract_mark){ 0 };
}
