// SPDX-License-Identifier: Apache-2.0
/* load/files_row_parse.c - lines that were written, read back: rarely, and so plainly */
#include "load/files_row.h"

#include "base/text.h"
#include "base/time.h"

static bool
has_odd_quotes(const char *from, const char *end)
{
	bool odd = false;
	while ((from = memchr(from, '"', (size_t)(end - from))) != NULL) {
		odd = !odd;
		from++;
	}
	return odd;
}

size_t
fe_files_row_length(struct fe_str bytes)
{
	const char *from = bytes.p, *const end = bytes.p + bytes.n;
	bool is_quoted = false;
	while (from < end) {
		const char *newline = memchr(from, '\n', (size_t)(end - from));
		if (!newline)
			return 0;
		is_quoted ^= has_odd_quotes(from, newline);
		from = newline + 1;
		if (!is_quoted)
			return (size_t)(from - bytes.p);
	}
	return 0;
}

/* Takes a quoted cell off the line, its opening quote being gone. */
static struct fe_str
take_quoted(struct fe_str *line, struct fe_arena *arena)
{
	const char *p = line->p, *const end = line->p + line->n;
	char *start = fe_arena_bytes(arena, line->n + 1), *to = start;

	for (; p < end; p++) {
		if (*p == '"' && (++p == end || *p != '"'))
			break;
		*to++ = *p;
	}
	*line = (struct fe_str){ p, (size_t)(end - p) };
	return (struct fe_str){ start, (size_t)(to - start) };
}

/* Takes the next cell off the line, into the arena. *is_null: nothing was there, not
 * even quotes. */
static struct fe_str
take_cell(struct fe_str *line, struct fe_arena *arena, bool *is_null)
{
	struct fe_str cell;
	if (line->n && line->p[0] == '"') {
		*line = (struct fe_str){ line->p + 1, line->n - 1 };
		*is_null = false;
		cell = take_quoted(line, arena);
	} else {
		const char *comma = line->n ? memchr(line->p, ',', line->n) : NULL;
		size_t n = comma ? (size_t)(comma - line->p) : line->n;
		*is_null = n == 0;
		cell = (struct fe_str){ fe_arena_copy(arena, line->p, n), n };
		*line = (struct fe_str){ line->p + n, line->n - n };
	}
	if (line->n) /* the comma */
		*line = (struct fe_str){ line->p + 1, line->n - 1 };
	return cell;
}

static bool
cast(struct fe_str cell, struct fe_column *c, size_t row)
{
	bool v = false;
	switch (c->type.kind) {
	case FE_TEXT:
		c->text[row] = cell;
		return true;
	case FE_DECIMAL:
		return fe_decimal_parse(cell, c->type.precision, c->type.scale, NULL, &c->i64[row]) == FE_DECIMAL_OK;
	case FE_INT:
		return fe_int_parse(cell, &c->i64[row]) == FE_DECIMAL_OK;
	case FE_BOOL:
		if (!fe_bool_parse(cell, &v))
			return false;
		fe_bit_put(c->bits, row, v);
		return true;
	case FE_DATE:
		return fe_date_parse(cell, NULL, &c->days[row]) == FE_TIME_OK;
	case FE_TIMESTAMP:
		return fe_timestamp_parse(cell, NULL, NULL, &c->i64[row]) == FE_TIME_OK;
	}
	return false;
}

enum fe_rc
fe_files_row_parse(struct fe_str line, struct fe_batch *met, size_t met_row, struct fe_err *err)
{
	for (size_t i = 0; i < met->schema->n_source; i++) {
		struct fe_column *c = &met->columns[i];
		bool is_null;
		struct fe_str cell = take_cell(&line, &met->arena, &is_null);
		fe_bit_put(c->valid, met_row, !is_null);
		if (!is_null && !cast(cell, c, met_row))
			return fe_fail(err, FE_EBUG, "a row that was written cannot be read back: '%s' is '%.*s'",
				       met->schema->fields[i].name, FE_STR_ARGS(cell));
	}
	return FE_OK;
}
