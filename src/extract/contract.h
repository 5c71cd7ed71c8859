// SPDX-License-Identifier: Apache-2.0
/* extract/contract.h - what holds where a source has other columns than were declared
 *
 * Columns appear, vanish and change their type: of a CSV file by its header, of JSON by the
 * members of its records, of a query by its columns. The contract of a data set says what is
 * done then; what was met is noted, by name.
 *
 *   freeze     an error that names them
 *   evolve     before a run its sources are looked at, and what is not declared is read as text
 *              (pipeline/evolve.h); what appears later is discarded. What is gone is null.
 *   discard    what is not declared is not read, and counted; what is gone is null
 *
 * Under each of them a source that has none of the declared columns is another one, and an error.
 */
#ifndef FE_EXTRACT_CONTRACT_H
#define FE_EXTRACT_CONTRACT_H

#include "base/str.h"

enum fe_contract { FE_CONTRACT_FREEZE, FE_CONTRACT_EVOLVE, FE_CONTRACT_DISCARD };
const char *fe_contract_name(enum fe_contract c); /* as a pipeline file has it */
/* What to do about columns that are not declared, in errors of a frozen source. */
#define FE_CONTRACT_ADVICE "declare them, or set contract: discard_column or evolve"

#define FE_MAX_COLUMN_NOTES 1024

struct fe_column_note {
	char *name;          /* as in the source */
	uint64_t n_records;  /* that it was met in, or missed in */
	bool is_value;       /* it could be read as a column: no object and no array was met */
};

struct fe_column_notes {
	struct fe_column_note *items;
	size_t n, cap;
	bool has_more;       /* there were others, which are not counted */
};

struct fe_contract_notes {
	struct fe_column_notes discarded, vanished, retyped;
};

/* The note of a name, made where there is none; NULL: there are too many. Good until the next. */
struct fe_column_note *fe_column_notes_get(struct fe_column_notes *notes, struct fe_str name);
const struct fe_column_note *fe_column_notes_find(const struct fe_column_notes *notes, struct fe_str name);
void fe_contract_notes_reset(struct fe_contract_notes *notes);
void fe_contract_notes_move(struct fe_contract_notes *to, struct fe_contract_notes *from); /* from is empty then */

/* How many notes there were, and what they had counted. Zeroed at first; reset when done. */
struct fe_contract_mark {
	struct fe_column_mark { size_t n; bool has_more; uint64_t *n_records; size_t cap; } discarded, vanished, retyped;
};
void fe_contract_notes_mark(const struct fe_contract_notes *notes, struct fe_contract_mark *mark);
void fe_contract_notes_back_to(struct fe_contract_notes *notes, const struct fe_contract_mark *mark);
void fe_contract_mark_reset(struct fe_contract_mark *mark);

#endif
