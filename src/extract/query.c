// SPDX-License-Identifier: Apache-2.0
/* extract/query.c - see extract/query.h
 *
 * One object: the rows as lines of JSON (extract/query_row.h). A row that finds no room in a batch is
 * kept for the next; what a batch holds goes into the object's SHA-256 at once.
 */
#include "extract/query.h"

#include "base/sha256_pair.h"
#include "base/text.h"
#include "db/db.h"
#include "extract/query_columns.h"
#include "extract/query_row.h"
#include "extract/query_stored.h"

#define MAX_SQL_BYTES ((size_t)1 << 20)
#define HASH_SHOWN 16 /* digits of a query's hash in its name */

struct source_query {
	struct fe_source base;
	struct fe_source_settings set; /* what it points to is borrowed */
	struct fe_cursor *cursor;
	size_t *matches;
	struct fe_query_row *row;
	bool has_row;        /* one that waits for the next batch */
	bool has_ended;
	uint64_t n_taken;    /* rows of the cursor */
	uint64_t offset;     /* of the object, behind the rows handed out */
	struct fe_sha256 *hash;
};

/* ---- the query ---- */

static bool
is_quote(struct fe_str token)
{
	return token.n > 1 && memchr("'\"`$", token.p[0], 5);
}

static bool
has_bound(struct fe_str token, char number)
{
	for (size_t i = 0; i + 1 < token.n; i++)
		if (token.p[i] == '?' && token.p[i + 1] == number)
			return true;
	return false;
}

/* Whether the text at `s` goes on as "?1 is null", whatever the blanks and the case. */
static bool
is_asked_for_null(struct fe_str s)
{
	static const char *const words[] = { "is", "null" };

	for (size_t i = 0; i < 2; i++) {
		const size_t n = strlen(words[i]);
		struct fe_str trimmed = fe_text_trim(s);

		if (trimmed.n < n || fe_text_casecmp_ascii((struct fe_str){ trimmed.p, n }, fe_str_of(words[i])) != 0)
			return false;
		s = (struct fe_str){ trimmed.p + n, trimmed.n - n };
	}
	return true;
}

struct uses {
	bool is_used[2], is_null_safe[2];
};

/* How the query stands to its bounds: a bound in quotes would be a text of its own. */
static enum fe_rc
find_uses(const char *sql, struct uses *out, struct fe_err *err)
{
	static const char *const names[] = { "{since}", "{until}" };
	const struct fe_str s = fe_str_of(sql);

	*out = (struct uses){ .is_used = { false } };
	for (size_t at = 0, end; at < s.n; at = end) {
		const struct fe_str token = { s.p + at, fe_db_token_end(s, at) - at };

		end = at + token.n;
		if (is_quote(token)) {
			for (size_t i = 0; i < 2; i++)
				if (has_bound(token, '1' + (char)i))
					return fe_fail(err, FE_EUSAGE, "%s in the query stands in quotes; it is bound, not pasted: write it "
					               "without them", names[i]);
		} else if (token.p[0] == '?' && end < s.n && (s.p[end] == '1' || s.p[end] == '2')) {
			const size_t i = (size_t)(s.p[end] - '1');

			end++;
			out->is_used[i] = true;
			out->is_null_safe[i] |= is_asked_for_null((struct fe_str){ s.p + end, s.n - end });
		}
	}
	return FE_OK;
}

/* A comparison with null is true of no row: better no run than one that reads nothing. */
static enum fe_rc
check_bounds(const struct uses *uses, const struct fe_source_window *window, struct fe_err *err)
{
	if (uses->is_used[0] && !window->since && !uses->is_null_safe[0])
		return fe_fail(err, FE_EUSAGE, "{since} has no value in this run, so that the query would find nothing: give "
		               "'incremental' a 'start', or write ({since} IS NULL OR column >= {since})");
	if (uses->is_used[1] && !window->until && !uses->is_null_safe[1])
		return fe_fail(err, FE_EUSAGE, "{until} has no value in this run, so that the query would find nothing: write "
		               "({until} IS NULL OR column < {until})");
	return FE_OK;
}

static enum fe_rc
open_cursor(struct source_query *s, enum fe_cursor_engine engine, struct fe_err *err)
{
	const struct fe_query_settings *q = s->set.query;
	if (s->set.kept)
		return fe_query_stored_open(&s->cursor, s->set.kept, err);
	struct uses uses = { .is_used = { false } };
	struct fe_cursor_settings how = {
		.location = s->set.location,
		.table = q->table,
		.sql = q->query,
		.bound = { s->set.window.since, s->set.window.until },
		.n_parallel = q->n_parallel,
		.limit_rows = s->set.limit_rows,
	};

	if (q->query)
		FE_TRY(find_uses(q->query, &uses, err));
	FE_TRY(check_bounds(&uses, &s->set.window, err));
	if (!uses.is_used[0] && !uses.is_used[1]) {
		how.order_by = s->set.window.cursor;
		how.include_null = s->set.window.include_null;
	}
	return fe_cursor_open(&s->cursor, engine, &how, err);
}

/* ---- opening ---- */

void
fe_query_add_name(struct fe_buf *out, const struct fe_query_settings *q)
{
	char sha256[FE_SHA256_HEX_BYTES];

	if (q->table) {
		fe_buf_add_text(out, q->table);
	} else {
		fe_sha256_of(fe_str_of(q->query), sha256);
		fe_buf_addf(out, "query-%.*s", HASH_SHOWN, sha256);
	}
}

/* "postgresql:host/database/public.t" */
static char *
name_object(const struct source_query *s)
{
	struct fe_buf name;

	fe_buf_init(&name, MAX_SQL_BYTES);
	fe_buf_addf(&name, "%s:%s/", s->base.ops->name, fe_cursor_name(s->cursor));
	fe_query_add_name(&name, s->set.query);
	return fe_buf_take(&name);
}

static void
source_query_close(struct fe_source *src)
{
	struct source_query *s = (struct source_query *)src;

	fe_query_row_free(s->row);
	fe_free(s->matches);
	fe_cursor_close(s->cursor);
	fe_sha256_free(s->hash);
	for (size_t i = 0; i < s->base.n_objects; i++)
		fe_object_id_reset(&s->base.objects[i].id);
	fe_free(s->base.objects);
	fe_contract_notes_reset(&s->base.notes);
	fe_free(s);
}

static enum fe_rc
begin_keeping(const struct source_query *s, struct fe_err *err)
{
	FE_TRY(s->set.keep->begin(s->set.keep->ctx, err));
	return fe_query_keep_columns(s->set.keep, s->cursor, err);
}

static enum fe_rc
open_query(struct fe_source **out, const struct fe_source_ops *ops, enum fe_cursor_engine engine,
           const struct fe_source_settings *set, struct fe_err *err)
{
	struct source_query *s = fe_new(struct source_query);
	enum fe_rc rc;

	s->base.ops = ops;
	s->set = *set;
	rc = open_cursor(s, engine, err);
	if (rc)
		goto fail;
	rc = fe_query_match_columns(s->cursor, set, &s->matches, &s->base.notes, err);
	if (rc)
		goto fail;
	s->row = fe_query_row_new(s->cursor, s->matches, set);
	s->hash = fe_sha256_new_in(set->hashes);
	s->base.objects = fe_new(struct fe_object);
	s->base.n_objects = s->base.cap_objects = 1;
	s->base.objects[0].id.path = name_object(s);
	if (set->keep)
		rc = begin_keeping(s, err);
	if (rc)
		goto fail;
	*out = &s->base;
	return FE_OK;

fail:
	source_query_close(&s->base);
	return rc;
}

static enum fe_rc
source_postgres_open(struct fe_source **out, const struct fe_source_settings *set, struct fe_err *err)
{
	return open_query(out, &fe_source_postgres, FE_CURSOR_POSTGRES, set, err);
}

static enum fe_rc
source_sqlite_open(struct fe_source **out, const struct fe_source_settings *set, struct fe_err *err)
{
	return open_query(out, &fe_source_sqlite, FE_CURSOR_SQLITE, set, err);
}

static enum fe_rc
source_odbc_open(struct fe_source **out, const struct fe_source_settings *set, struct fe_err *err)
{
	return open_query(out, &fe_source_odbc, FE_CURSOR_ODBC, set, err);
}

/* ---- rows ---- */

static size_t
max_rows(const struct source_query *s)
{
	const uint64_t n_left = s->set.limit_rows - s->base.n_rows;

	return s->set.limit_rows == 0 || n_left > FE_BATCH_ROWS ? FE_BATCH_ROWS : (size_t)n_left;
}

/* An incremental run may well find nothing new. */
static enum fe_rc
check_not_empty(const struct source_query *s, struct fe_err *err)
{
	if (s->n_taken > 0 || s->set.allow_empty || s->set.window.cursor)
		return FE_OK;
	fe_fail(err, FE_EDATA, "the %s has no rows; where that is fine, set allow_empty: true",
	        s->set.query->table ? "table" : "query");
	fe_err_at(err, s->base.objects[0].id.path, 0, NULL);
	return FE_EDATA;
}

static enum fe_rc
end_object(struct source_query *s, struct fe_err *err)
{
	struct fe_object_id *id = &s->base.objects[0].id;
	unsigned char sum[FE_SHA256_BYTES];

	s->has_ended = true;
	FE_TRY(check_not_empty(s, err));
	fe_sha256_end(s->hash, sum);
	fe_sha256_hex(sum, id->sha256);
	id->size_bytes = s->offset;
	s->base.objects[0].complete = true;
	return FE_OK;
}

/* The row to put next: the one that waits, or another; none: the end. */
static enum fe_rc
bring_row(struct source_query *s, struct fe_err *err)
{
	if (s->has_row)
		return FE_OK;
	FE_TRY(fe_cursor_next(s->cursor, &s->has_row, err));
	if (!s->has_row)
		return FE_OK;
	s->n_taken++;
	if (s->set.keep)
		FE_TRY(fe_query_keep_row(s->set.keep, s->cursor, s->n_taken, err));
	return fe_query_row_take(s->row, s->n_taken, err);
}

static void
count(struct fe_column_notes *notes, size_t n_rows)
{
	for (size_t i = 0; i < notes->n; i++)
		notes->items[i].n_records += n_rows;
}

/* Columns that the query has not are null. */
static void
keep_contract(struct source_query *s, struct fe_batch *batch)
{
	struct fe_contract_notes *notes = &s->base.notes;

	for (size_t i = 0; notes->vanished.n && i < s->set.schema->n_source; i++)
		if (!s->set.columns[i].is_computed &&
		    fe_column_notes_find(&notes->vanished, fe_str_of(s->set.columns[i].from)))
			memset(batch->cells[i], 0, batch->n_rows * sizeof(struct fe_str));
	count(&notes->discarded, batch->n_rows);
	count(&notes->vanished, batch->n_rows);
	count(&notes->retyped, batch->n_rows);
}

static enum fe_rc
source_query_next(struct fe_source *src, struct fe_batch *batch, struct fe_err *err)
{
	struct source_query *s = (struct source_query *)src;
	const size_t n_wanted = max_rows(s);
	bool is_full = false;

	while (!is_full && batch->n_rows < n_wanted) {
		FE_TRY(bring_row(s, err));
		if (!s->has_row)
			break;
		is_full = !fe_query_row_put(s->row, batch, s->n_taken, s->offset);
		if (is_full && batch->n_rows == 0)
			return fe_buf_check(&batch->input, "a row", err);
		s->has_row = is_full;
		if (!is_full)
			s->offset += batch->origin[batch->n_rows - 1].raw.n + 1;
	}
	keep_contract(s, batch);
	if (batch->n_rows > 0 && s->set.keep)
		FE_TRY(s->set.keep->bytes(s->set.keep->ctx, fe_buf_str(&batch->input), err));
	if (batch->n_rows > 0)
		fe_sha256_add(s->hash, batch->input.p, batch->input.n_bytes);
	else if (n_wanted > 0 && !s->has_ended)
		return end_object(s, err);
	return FE_OK;
}

/* ---- looking at it ---- */

static enum fe_rc
source_query_look(struct fe_source_look *out, const struct fe_source_settings *set, enum fe_cursor_engine engine,
                  struct fe_err *err)
{
	struct source_query s = { .set = *set };
	enum fe_rc rc;

	s.set.limit_rows = 1;
	rc = open_cursor(&s, engine, err);
	for (size_t i = 0; rc == FE_OK && i < fe_cursor_n_columns(s.cursor); i++) {
		const struct fe_cursor_column *column = fe_cursor_column(s.cursor, i);
		fe_source_look_add(out, fe_str_of(column->name), column->type, column->kind != FE_CURSOR_BYTES);
	}
	fe_cursor_close(s.cursor);
	return rc;
}

static enum fe_rc
source_postgres_look(struct fe_source_look *out, const struct fe_source_settings *set, struct fe_err *err)
{
	return source_query_look(out, set, FE_CURSOR_POSTGRES, err);
}

static enum fe_rc
source_sqlite_look(struct fe_source_look *out, const struct fe_source_settings *set, struct fe_err *err)
{
	return source_query_look(out, set, FE_CURSOR_SQLITE, err);
}

static enum fe_rc
source_odbc_look(struct fe_source_look *out, const struct fe_source_settings *set, struct fe_err *err)
{
	return source_query_look(out, set, FE_CURSOR_ODBC, err);
}

/* How much there is to come is not told. */
static void
source_query_progress(const struct fe_source *src, uint64_t *done_bytes, uint64_t *total_bytes)
{
	const struct source_query *s = (const struct source_query *)src;

	*done_bytes = s->offset;
	*total_bytes = s->has_ended ? s->offset : 0;
}

const struct fe_source_ops fe_source_postgres = {
	.name = "postgresql",
	.summary = "rows of a table or query of a PostgreSQL server",
	.open = source_postgres_open,
	.next = source_query_next,
	.progress = source_query_progress,
	.close = source_query_close,
	.look = source_postgres_look,
};

const struct fe_source_ops fe_source_sqlite = {
	.name = "sqlite",
	.summary = "rows of a table or query of an SQLite file",
	.open = source_sqlite_open,
	.next = source_query_next,
	.progress = source_query_progress,
	.close = source_query_close,
	.look = source_sqlite_look,
};

const struct fe_source_ops fe_source_odbc = {
	.name = "odbc",
	.summary = "rows of a table or query of any database that has an ODBC driver",
	.open = source_odbc_open,
	.next = source_query_next,
	.progress = source_query_progress,
	.close = source_query_close,
	.look = source_odbc_look,
};
