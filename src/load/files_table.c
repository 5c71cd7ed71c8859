// SPDX-License-Identifier: Apache-2.0
/* load/files_table.c - rows to a file, some of them back, the dead ones out */
#include "load/files_table.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/failpoint.h"
#include "base/mem.h"
#include "base/stop.h"

#define PIECE_BYTES ((size_t)512 * 1024)
#define MAX_LINES_BYTES ((size_t)256 * 1024 * 1024) /* one row, at the very most */
#define FETCH_BYTES ((size_t)4 * 1024)
#define PLACE_EVERY 16 /* of the rows; a word of `dead` has some of these groups, whole */
#define GROUP_BITS ((UINT64_C(1) << PLACE_EVERY) - 1)

void
fe_files_table_init(struct fe_files_table *t, const struct fe_table *table, const struct fe_files_place *place)
{
	*t = (struct fe_files_table){ .table = table };
	fe_files_output_init(&t->out, place, table->name, ".csv");
	fe_buf_init(&t->lines, MAX_LINES_BYTES);
	fe_buf_init(&t->window, MAX_LINES_BYTES);
}

static void
free_scratch(struct fe_files_table *t)
{
	fe_buf_reset(&t->lines);
	fe_buf_reset(&t->window);
	fe_free(t->dead);
	fe_free(t->places);
	t->dead = t->places = NULL;
}

void
fe_files_table_reset(struct fe_files_table *t)
{
	free_scratch(t);
	fe_files_rows_reset(&t->rows);
	fe_groups_reset(&t->groups);
	fe_files_output_reset(&t->out);
	*t = (struct fe_files_table){ 0 };
}

static size_t
n_decimals(const struct fe_schema *schema)
{
	size_t n = 0;
	for (size_t i = 0; i < schema->n_source; i++)
		n += schema->fields[i].type.kind == FE_DECIMAL;
	return n;
}

/* sign: 1, or -1 to take the row off again. */
static enum fe_rc
add_to_group(struct fe_files_table *t, const struct fe_batch *b, size_t row, int sign, struct fe_err *err)
{
	size_t group, figure = 0;

	if (!t->table->n_sum_by)
		return FE_OK;
	FE_TRY(fe_groups_of_row(&t->groups, b, row, &group, err));
	FE_TRY(fe_groups_add(&t->groups, group, figure++, sign, err));
	for (size_t i = 0; i < t->table->schema->n_source; i++) {
		const struct fe_column *c = &b->columns[i];
		if (c->type.kind != FE_DECIMAL)
			continue;
		if (fe_bit_get(c->valid, row))
			FE_TRY(fe_groups_add(&t->groups, group, figure, (fe_i128)sign * c->i64[row], err));
		figure++;
	}
	return FE_OK;
}

enum fe_rc
fe_files_table_begin(struct fe_files_table *t, struct fe_err *err)
{
	const struct fe_schema *schema = t->table->schema;
	if (t->has_begun)
		return fe_fail(err, FE_EBUG, "the table '%s' was begun before", t->table->name);
	FE_TRY(fe_writer_open(&t->out.writer, t->out.path, t->out.net, err));
	t->has_begun = true;
	if (t->hashes_behind)
		fe_writer_hash_behind(t->out.writer);
	else
		fe_writer_hash_in(t->out.writer, t->hashes);
	fe_files_rows_init(&t->rows, schema);
	if (t->table->n_sum_by)
		fe_groups_init(&t->groups, schema, t->table->sum_by, t->table->n_sum_by, 1 + n_decimals(schema));
	(void)fe_buf_reserve(&t->lines, PIECE_BYTES + PIECE_BYTES / 4);
	fe_files_row_header(schema, &t->lines);
	fe_files_row_stamp(&t->lines, t->stamp ? "processed_at" : NULL);
	return FE_OK;
}

/* The first n_bytes of the lines go to the writer. */
static enum fe_rc
hand_over_first(struct fe_files_table *t, size_t n_bytes, struct fe_err *err)
{
	struct fe_buf *lines = &t->lines;
	FE_TRY(fe_buf_check(lines, "a row of the file", err));
	FE_TRY(fe_writer_write(t->out.writer, lines->p, n_bytes, err));
	t->handed_bytes += n_bytes;
	lines->n_bytes -= n_bytes;
	if (lines->n_bytes)
		memmove(lines->p, lines->p + n_bytes, lines->n_bytes);
	return FE_OK;
}

static enum fe_rc
hand_over(struct fe_files_table *t, struct fe_err *err)
{
	return hand_over_first(t, t->lines.n_bytes, err);
}

/* Up to a multiple of the piece's size in the file: the kernel has its pages in larger units, and is quicker
 * with whole ones. */
static enum fe_rc
hand_over_pieces(struct fe_files_table *t, struct fe_err *err)
{
	size_t end = (size_t)(t->handed_bytes % PIECE_BYTES) + t->lines.n_bytes;
	if (end < PIECE_BYTES)
		return FE_OK;
	return hand_over_first(t, t->lines.n_bytes - end % PIECE_BYTES, err);
}

static enum fe_rc
remove_row(struct fe_files_table *t, const struct fe_removal *r, struct fe_err *err)
{
	if (r->place != FE_PLACE_INSERTED || r->number < 0 || (uint64_t)r->number >= t->n_written)
		return fe_fail(err, FE_EBUG, "no row %" PRId64 " of '%s' to take out", r->number, t->table->name);
	size_t number = (size_t)r->number, n_words = FE_BITMAP_WORDS(t->n_written), had = t->cap_dead;
	if (n_words > had) {
		t->dead = fe_grow(t->dead, &t->cap_dead, n_words, sizeof *t->dead);
		memset(t->dead + had, 0, (t->cap_dead - had) * sizeof *t->dead);
	}
	if (fe_bit_get(t->dead, number))
		return fe_fail(err, FE_EBUG, "row %" PRId64 " of '%s' was taken out before", r->number,
			       t->table->name);
	fe_bit_set(t->dead, number);
	if (t->n_dead++ == 0)
		fe_writer_forget_hash(t->out.writer); /* it will be written anew */
	return FE_OK;
}

/* Rows from `row` on that are written one after the other without a look at each: up to the next
 * one that is left out, and to the next one whose place is kept. */
static size_t
count_run(const struct fe_files_table *t, const struct fe_load_plan *plan, size_t row, size_t end)
{
	size_t most = PLACE_EVERY - t->n_written % PLACE_EVERY, n = 0;
	if (t->table->n_sum_by || t->stamp)
		most = 1;
	if (end - row < most)
		most = end - row;
	for (; n < most && plan->action[row + n] == FE_ACTION_INSERT; n++)
		FE_ASSERT(plan->number[row + n] == (int64_t)(t->n_written + n));
	return n;
}

enum fe_rc
fe_files_table_write(struct fe_files_table *t, const struct fe_batch *b, const struct fe_load_plan *plan,
                     struct fe_err *err)
{
	FE_TRY(fe_failpoint("files.write", err));
	for (size_t i = 0; i < plan->n_removals; i++)
		FE_TRY(remove_row(t, &plan->removals[i], err));
	if (plan->n_updates)
		return fe_fail(err, FE_EBUG, "an update of '%s', of which nothing is stored", t->table->name);
	fe_files_rows_look(&t->rows, b);
	for (size_t row = 0, n; row < b->n_rows; row += n ? n : 1) {
		n = count_run(t, plan, row, b->n_rows);
		if (n == 0)
			continue;
		if (t->n_written % PLACE_EVERY == 0) {
			t->places = fe_grow(t->places, &t->cap_places, t->n_places + 1, sizeof *t->places);
			t->places[t->n_places++] = t->handed_bytes + t->lines.n_bytes;
		}
		n = fe_files_rows_add(&t->rows, &t->lines, PIECE_BYTES, row, n);
		FE_TRY(add_to_group(t, b, row, 1, err));
		fe_files_row_stamp(&t->lines, t->stamp);
		t->n_written += n;
		FE_TRY(hand_over_pieces(t, err));
	}
	return fe_buf_check(&t->lines, "a row of the file", err);
}

/* Fills the window with up to n_bytes of the file from a place on. */
static enum fe_rc
read_window(struct fe_files_table *t, uint64_t place, size_t n_bytes, struct fe_err *err)
{
	uint64_t left = t->handed_bytes - place;
	size_t n = left < n_bytes ? (size_t)left : n_bytes;
	fe_buf_clear(&t->window);
	if (!fe_buf_reserve(&t->window, n))
		return fe_buf_check(&t->window, "a row read back", err);
	FE_TRY(fe_writer_pread(t->out.writer, place, t->window.p, n, err));
	t->window.n_bytes = n;
	return FE_OK;
}

/* Passes over lines until *n_skip are behind it; the length of the one there, 0: the bytes end. */
static size_t
skip_rows(struct fe_str *rest, size_t *n_skip)
{
	size_t n;
	while ((n = fe_files_row_length(*rest)) > 0 && *n_skip > 0) {
		*rest = (struct fe_str){ rest->p + n, rest->n - n };
		--*n_skip;
	}
	return n;
}

enum fe_rc
fe_files_table_fetch(struct fe_files_table *t, int64_t number, struct fe_batch *met, size_t met_row,
                     struct fe_err *err)
{
	if (number < 0 || (uint64_t)number >= t->n_written)
		return fe_fail(err, FE_EBUG, "no row %" PRId64 " of '%s' to read back", number, t->table->name);
	const size_t group = (size_t)number / PLACE_EVERY;
	uint64_t place = t->places[group];
	size_t n_skip = (size_t)number % PLACE_EVERY, n_bytes = FETCH_BYTES;

	if (place >= t->handed_bytes) { /* not in the file yet */
		const size_t at = (size_t)(place - t->handed_bytes);
		struct fe_str rest = { t->lines.p + at, t->lines.n_bytes - at };
		size_t n = skip_rows(&rest, &n_skip);
		FE_ASSERT(n > 0);
		return fe_files_row_parse((struct fe_str){ rest.p, n - 1 }, met, met_row, err);
	}
	if (group + 1 < t->n_places && t->places[group + 1] <= t->handed_bytes)
		n_bytes = (size_t)(t->places[group + 1] - place);
	else
		FE_TRY(hand_over(t, err));
	for (;;) {
		FE_TRY(read_window(t, place, n_bytes, err));
		struct fe_str rest = fe_buf_str(&t->window);
		size_t n = skip_rows(&rest, &n_skip);
		if (n > 0)
			return fe_files_row_parse((struct fe_str){ rest.p, n - 1 }, met, met_row, err);
		if (t->window.n_bytes < n_bytes)
			return fe_fail(err, FE_EBUG, "row %" PRId64 " is not in '%s'", number, t->out.path);
		if (rest.n == t->window.n_bytes)
			n_bytes *= 2; /* a line longer than the window */
		place += t->window.n_bytes - rest.n;
	}
}

/* ---- the end ---- */

/* The file without dead rows, in the making: written over itself, behind what was read. */
struct copy {
	struct fe_writer *to;
	const char *live;     /* in the window: rows from here on are kept; NULL: none yet */
	struct fe_batch dead; /* the row last left out, read back */
};

/* What a dead row added to the sums goes off them again, by what its line says. */
static enum fe_rc
take_off_sums(struct fe_files_table *t, struct copy *c, struct fe_str line, struct fe_err *err)
{
	fe_arena_reset(&c->dead.arena);
	FE_TRY(fe_files_row_parse(line, &c->dead, 0, err));
	for (size_t i = 0; i < t->table->schema->n_source; i++) {
		const struct fe_column *column = &c->dead.columns[i];
		if (column->type.kind == FE_DECIMAL && fe_bit_get(column->valid, 0))
			t->rows.sums[i] -= column->i64[0];
	}
	return add_to_group(t, &c->dead, 0, -1, err);
}

/* Rows that are kept, side by side in the window, go out in one piece. */
static enum fe_rc
write_live(struct copy *c, const char *end, struct fe_err *err)
{
	enum fe_rc rc = FE_OK;
	if (c->live)
		rc = fe_writer_write(c->to, c->live, (size_t)(end - c->live), err);
	c->live = NULL;
	return rc;
}

/* Bits of the rows of a group. */
static uint64_t
dead_of(const struct fe_files_table *t, size_t group)
{
	const size_t row = group * PLACE_EVERY;
	return row / 64 < t->cap_dead ? t->dead[row / 64] >> row % 64 & GROUP_BITS : 0;
}

/* The lines of a group (the last one may have fewer), some of which are dead. */
static enum fe_rc
copy_some_of(struct fe_files_table *t, struct copy *c, struct fe_str lines, size_t group, struct fe_err *err)
{
	uint64_t n_rows = t->n_written - group * PLACE_EVERY, dead = dead_of(t, group);
	const char *p = lines.p, *const end = lines.p + lines.n;

	for (size_t i = 0; i < PLACE_EVERY && i < n_rows; i++) {
		size_t n = fe_files_row_length((struct fe_str){ p, (size_t)(end - p) });
		if (n == 0)
			return fe_fail(err, FE_EBUG, "a row of '%s' is not where it was written", t->out.path);
		if (dead >> i & 1) {
			FE_TRY(write_live(c, p, err));
			FE_TRY(take_off_sums(t, c, (struct fe_str){ p, n - 1 }, err));
		} else if (!c->live) {
			c->live = p;
		}
		p += n;
	}
	if (p != end)
		return fe_fail(err, FE_EBUG, "'%s' has more rows than were written", t->out.path);
	return FE_OK;
}

/* Group by group, whose places are known: those without a dead row are not looked at. */
static enum fe_rc
copy_live_rows(struct fe_files_table *t, struct copy *c, struct fe_err *err)
{
	const uint64_t size = t->handed_bytes;
	uint64_t window_at = 0;

	FE_TRY(read_window(t, 0, (size_t)t->places[0], err)); /* the header */
	FE_TRY(fe_writer_write(c->to, t->window.p, t->window.n_bytes, err));
	for (size_t group = 0; group < t->n_places; group++) {
		uint64_t place = t->places[group], next = group + 1 < t->n_places ? t->places[group + 1] : size;
		if (next - window_at > t->window.n_bytes) {
			FE_TRY(write_live(c, t->window.p + (place - window_at), err));
			FE_TRY(fe_stop_check(err));
			size_t n_bytes = (size_t)(next - place);
			FE_TRY(read_window(t, place, n_bytes > PIECE_BYTES ? n_bytes : PIECE_BYTES, err));
			window_at = place;
		}
		struct fe_str lines = { t->window.p + (place - window_at), (size_t)(next - place) };
		if (dead_of(t, group))
			FE_TRY(copy_some_of(t, c, lines, group, err));
		else if (!c->live)
			c->live = lines.p;
	}
	return write_live(c, t->window.p + (size - window_at), err);
}

static enum fe_rc
leave_out_dead_rows(struct fe_files_table *t, struct fe_err *err)
{
	struct copy c = { .to = t->out.writer };
	FE_TRY(fe_writer_rewrite(c.to, err));
	fe_batch_init(&c.dead, t->table->schema);
	enum fe_rc rc = copy_live_rows(t, &c, err);
	fe_batch_reset(&c.dead);
	return rc;
}

enum fe_rc
fe_files_table_placeholders(struct fe_files_table *t, const struct fe_batch *keys, struct fe_err *err)
{
	fe_files_rows_look(&t->rows, keys);
	for (size_t row = 0; row < keys->n_rows; row++) {
		(void)fe_files_rows_add(&t->rows, &t->lines, 0, row, 1);
		fe_files_row_stamp(&t->lines, t->stamp);
		t->out.n_rows++;
	}
	return hand_over(t, err);
}

enum fe_rc
fe_files_table_close(struct fe_files_table *t, struct fe_err *err)
{
	free_scratch(t);
	return fe_files_output_finish(&t->out, err);
}

enum fe_rc
fe_files_table_end(struct fe_files_table *t, struct fe_table_result *out, struct fe_err *err)
{
	const struct fe_schema *schema = t->table->schema;
	size_t n_sums = 0;

	FE_TRY(hand_over(t, err));
	if (t->n_dead)
		FE_TRY(leave_out_dead_rows(t, err));
	t->out.n_rows = t->n_written - t->n_dead;
	t->has_ended = true;
	if (!t->stays_open)
		FE_TRY(fe_files_table_close(t, err));

	out->inserted.n = t->out.n_rows;
	out->updated.n = out->unchanged.n = out->filled.n = 0; /* nothing was stored before */
	for (size_t i = 0; i < schema->n_source && out->inserted.sums; i++) {
		if (schema->fields[i].type.kind != FE_DECIMAL)
			continue;
		out->inserted.sums[n_sums] = t->rows.sums[i];
		if (out->updated.sums)
			out->updated.sums[n_sums] = 0;
		if (out->unchanged.sums)
			out->unchanged.sums[n_sums] = 0;
		if (out->filled.sums)
			out->filled.sums[n_sums] = 0;
		n_sums++;
	}
	if (out->inserted.groups)
		FE_TRY(fe_groups_merge(out->inserted.groups, 0, &t->groups, err));
	if (t->n_dead)
		(void)snprintf(out->strategy, sizeof out->strategy,
		               "rows in input order, then closed up over %" PRIu64 " superseded ones", t->n_dead);
	else
		(void)snprintf(out->strategy, sizeof out->strategy, "rows in input order, published at the end");
	return FE_OK;
}
