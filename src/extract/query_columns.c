// SPDX-License-Identifier: Apache-2.0
/* extract/query_columns.c - see extract/query_columns.h */
#include "extract/query_columns.h"

#include <stdio.h>

#include "base/mem.h"
#include "base/text.h"

#define MESSAGE_BYTES ((size_t)64 * 1024)
#define NAME_BYTES 80 /* of a name in a message */
#define MAX_TOLD 12   /* mismatches in a message */

struct findings {
	struct fe_contract_notes *notes;
	bool is_frozen;
	struct fe_buf text;
	size_t n;
	size_t n_missing, n_met; /* met: of those that somebody declared */
};

/* Begins what is said of one column; false: enough was said. */
static bool
begin_finding(struct findings *f, struct fe_str name)
{
	f->n++;
	if (f->n > MAX_TOLD)
		return false;
	if (f->n > 1)
		fe_buf_add_text(&f->text, "; ");
	fe_buf_add_char(&f->text, '\'');
	fe_buf_add_printable(&f->text, name, NAME_BYTES);
	fe_buf_add_char(&f->text, '\'');
	return true;
}

/* ---- types ---- */

/* Why values of a kind would not come over whole; NULL: they do, or each is judged by its cast. */
static const char *
advice_for_text(const struct fe_type *type, const struct fe_cursor_column *from)
{
	if (from->kind == FE_CURSOR_BYTES)
		return "encode it to text in a query";
	if (type->max_chars && from->max_chars > type->max_chars)
		return "declare as many characters, or cut it in a query";
	return NULL;
}

static const char *
advice_for_number(const struct fe_type *type, const struct fe_cursor_column *from, bool has_own_point)
{
	switch (from->kind) {
	case FE_CURSOR_TEXT:
	case FE_CURSOR_ANY:
	case FE_CURSOR_INT:
		return NULL;
	case FE_CURSOR_DECIMAL:
		if (has_own_point)
			return "its numbers have a point of their own: declare no other, or write them as text in a query";
		return from->scale <= type->scale ? NULL : "declare as many decimals, or round it in a query";
	case FE_CURSOR_FLOAT:
		return "a float is not exact: cast it to a decimal in a query";
	default:
		return "cast it to a number in a query";
	}
}

static const char *
advice_for_bool(const struct fe_cursor_column *from)
{
	switch (from->kind) {
	case FE_CURSOR_TEXT:
	case FE_CURSOR_ANY:
	case FE_CURSOR_INT:
	case FE_CURSOR_BOOL:
		return NULL;
	default:
		return "compare it with something in a query";
	}
}

/* Integers may be what a declared format reads (%s, %Y%m%d). */
static const char *
advice_for_date(const struct fe_cursor_column *from)
{
	switch (from->kind) {
	case FE_CURSOR_TEXT:
	case FE_CURSOR_ANY:
	case FE_CURSOR_INT:
	case FE_CURSOR_DATE:
		return NULL;
	case FE_CURSOR_TIMESTAMP:
	case FE_CURSOR_TIMESTAMPTZ:
		return "declare a timestamp, or cast it to a date in a query";
	default:
		return "cast it to a date in a query";
	}
}

static const char *
advice_for_timestamp(const struct fe_cursor_column *from, bool needs_zone)
{
	switch (from->kind) {
	case FE_CURSOR_TEXT:
	case FE_CURSOR_ANY:
	case FE_CURSOR_INT:
	case FE_CURSOR_TIMESTAMPTZ:
		return NULL;
	case FE_CURSOR_DATE:
	case FE_CURSOR_TIMESTAMP:
		return needs_zone ? "it has no time zone: declare the column's zone" : NULL;
	default:
		return "cast it to a timestamp in a query";
	}
}

static const char *
advice_for(const struct fe_type *type, const struct fe_cursor_column *from, const struct fe_source_column *column)
{
	switch (type->kind) {
	case FE_TEXT:
		return advice_for_text(type, from);
	case FE_DECIMAL:
	case FE_INT: /* its scale is 0 */
		return advice_for_number(type, from, column->has_own_point);
	case FE_BOOL:
		return advice_for_bool(from);
	case FE_DATE:
		return advice_for_date(from);
	case FE_TIMESTAMP:
		break;
	}
	return advice_for_timestamp(from, column->needs_zone);
}

static void
check_type(const struct fe_field *field, const struct fe_source_column *column, const struct fe_cursor_column *from,
           struct findings *f)
{
	const char *advice = advice_for(&field->type, from, column);
	char declared[FE_TYPE_TEXT_BYTES];

	if (advice && !f->is_frozen)
		(void)fe_column_notes_get(&f->notes->retyped, fe_str_of(column->from));
	else if (advice && begin_finding(f, fe_str_of(column->from)))
		fe_buf_addf(&f->text, " is %.80s and declared as %s: %s", from->type, fe_type_print(field->type, declared),
		            advice);
}

/* ---- names ---- */

static void
tell_missing(const struct fe_cursor *c, const struct fe_source_column *column, struct findings *f)
{
	const char **names = fe_new_array(fe_cursor_n_columns(c) + 1, const char *);
	const char *nearest;

	for (size_t i = 0; i < fe_cursor_n_columns(c); i++)
		names[i] = fe_cursor_column(c, i)->name;
	nearest = fe_text_nearest(fe_str_of(column->from), names, fe_cursor_n_columns(c));
	if (begin_finding(f, fe_str_of(column->from))) {
		fe_buf_add_text(&f->text, " is not among its columns");
		if (nearest)
			fe_buf_addf(&f->text, "; did you mean '%.80s'?", nearest);
	}
	fe_free(names);
}

static void
match_declared(const struct fe_cursor *c, const struct fe_source_settings *set, size_t declared, size_t *matches,
               struct findings *f)
{
	const struct fe_source_column *column = &set->columns[declared];
	size_t n_found = 0;

	for (size_t i = 0; i < fe_cursor_n_columns(c); i++) {
		if (strcmp(fe_cursor_column(c, i)->name, column->from) != 0)
			continue;
		matches[i] = declared;
		if (n_found++ == 0)
			check_type(&set->schema->fields[declared], column, fe_cursor_column(c, i), f);
		else if (n_found == 2 && begin_finding(f, fe_str_of(column->from)))
			fe_buf_add_text(&f->text, " is there twice: name one of them otherwise in the query (AS)");
	}
	f->n_met += n_found > 0 && declared < set->schema->n_source - set->n_evolved;
	f->n_missing += n_found == 0;
	if (n_found == 0)
		(void)fe_column_notes_get(&f->notes->vanished, fe_str_of(column->from));
	if (n_found == 0 && f->is_frozen)
		tell_missing(c, column, f);
}

/* Whatever the contract: without any of them it is another table. */
static void
tell_all_missing(const struct fe_cursor *c, const struct fe_source_settings *set, struct findings *f)
{
	if (f->is_frozen || set->is_look || f->n_missing == 0 || f->n_met > 0)
		return;
	for (size_t i = 0; i < set->schema->n_source; i++)
		if (!set->columns[i].is_computed)
			tell_missing(c, &set->columns[i], f);
}

static void
tell_extra(const struct fe_cursor *c, const size_t *matches, struct findings *f)
{
	for (size_t i = 0; i < fe_cursor_n_columns(c); i++) {
		const struct fe_str name = fe_str_of(fe_cursor_column(c, i)->name);
		if (matches[i] != FE_NO_COLUMN)
			continue;
		(void)fe_column_notes_get(&f->notes->discarded, name);
		if (f->is_frozen && begin_finding(f, name))
			fe_buf_add_text(&f->text, " is not declared: declare it, or set contract: discard_column or evolve");
	}
}

enum fe_rc
fe_query_match_columns(const struct fe_cursor *c, const struct fe_source_settings *set, size_t **out,
                       struct fe_contract_notes *notes, struct fe_err *err)
{
	size_t *matches = fe_new_array(fe_cursor_n_columns(c) + 1, size_t);
	struct findings f = { .notes = notes, .is_frozen = set->contract == FE_CONTRACT_FREEZE };
	enum fe_rc rc = FE_OK;

	fe_buf_init(&f.text, MESSAGE_BYTES);
	for (size_t i = 0; i < fe_cursor_n_columns(c); i++)
		matches[i] = FE_NO_COLUMN;
	for (size_t i = 0; i < set->schema->n_source; i++)
		if (!set->columns[i].is_computed)
			match_declared(c, set, i, matches, &f);
	tell_all_missing(c, set, &f);
	tell_extra(c, matches, &f);
	if (f.n > MAX_TOLD)
		fe_buf_addf(&f.text, "; and %zu more", f.n - MAX_TOLD);
	if (f.n > 0) {
		rc = fe_fail(err, FE_EUSAGE, "the source's columns do not fit what is declared: %s", fe_buf_text(&f.text));
		fe_err_at(err, fe_cursor_name(c), 0, NULL);
		fe_free(matches);
		matches = NULL;
	}
	fe_buf_reset(&f.text);
	*out = matches;
	return rc;
}
