// SPDX-License-Identifier: Apache-2.0
/* extract/json_rows.c - see extract/json_rows.h
 *
 * The block lies in the input of the batch at hand, with zeros behind it. What is left of it
 * stays there until the next call, which moves it to the front of the block to come, or over
 * to another batch.
 */
#include "extract/json_rows.h"

#include "base/text.h"
#include "format/json_reader.h"

#define MAX_BLOCK_BYTES ((size_t)FE_BATCH_INPUT_BYTES + FE_JSON_MAX_RECORD_BYTES)

struct fe_json_rows {
	struct fe_json_reader *reader;
	bool is_lines, allows_none;
	const char *records;   /* path, for messages; borrowed */
	const char *object_name;

	/* The columns that are read. */
	size_t n_wanted;
	size_t *columns;       /* [n_wanted] index in the schema */
	struct fe_str **cells; /* [n_wanted] arrays of the batch at hand, then [FE_JSON_MAX_OTHERS] of ours */
	bool *is_met;          /* [n_wanted] some record had it, be it null */
	struct fe_source_settings set; /* what it points to is borrowed */
	uint64_t n_rows, n_good; /* good: not flawed */

	/* Members that no column reads; NULL under a contract that refuses them. */
	struct fe_str *others;   /* [FE_JSON_MAX_OTHERS][FE_BATCH_ROWS] */
	uint64_t *others_met;    /* [FE_JSON_MAX_OTHERS] in how many records */
	bool *others_are_nested; /* [FE_JSON_MAX_OTHERS] an object or array was met */
	uint8_t *flaws;        /* [FE_BATCH_ROWS] */
	struct fe_str *details; /* [FE_BATCH_ROWS] */
	uint32_t flaw_reasons[FE_JSON_N_FLAWS];
	uint32_t *point_reasons; /* [n_wanted] where the column has a point of its own */

	/* The block. */
	struct fe_batch *holder; /* whose input it is in; NULL: none yet */
	uint64_t offset;
	bool in_ended;
};

static void
take_others(struct fe_json_rows *j)
{
	j->others = fe_new_array((size_t)FE_JSON_MAX_OTHERS * FE_BATCH_ROWS, struct fe_str);
	j->others_met = fe_new_array(FE_JSON_MAX_OTHERS, uint64_t);
	j->others_are_nested = fe_new_array(FE_JSON_MAX_OTHERS, bool);
	for (size_t i = 0; i < FE_JSON_MAX_OTHERS; i++)
		j->cells[j->n_wanted + i] = j->others + i * FE_BATCH_ROWS;
}

enum fe_rc
fe_json_rows_new(struct fe_json_rows **out, const struct fe_source_settings *set, struct fe_err *err)
{
	const size_t n_source = set->schema->n_source;
	struct fe_json_rows *j = fe_new(struct fe_json_rows);
	const char **paths = fe_new_array(n_source + 1, const char *);

	*out = NULL;
	j->is_lines = set->json->is_lines;
	j->allows_none = set->allow_empty;
	j->records = set->json->records;
	j->columns = fe_new_array(n_source + 1, size_t);
	j->cells = fe_new_array(n_source + FE_JSON_MAX_OTHERS + 1, struct fe_str *);
	j->is_met = fe_new_array(n_source + 1, bool);
	j->point_reasons = fe_new_array(n_source + 1, uint32_t);
	j->set = *set;
	j->flaws = fe_new_array(FE_BATCH_ROWS, uint8_t);
	j->details = fe_new_array(FE_BATCH_ROWS, struct fe_str);
	for (size_t i = 0; i < n_source; i++) {
		if (set->columns[i].is_computed)
			continue;
		paths[j->n_wanted] = set->columns[i].from;
		if (set->columns[i].has_own_point)
			j->point_reasons[j->n_wanted] = fe_reason_id(set->reasons, set->schema->fields[i].name, "separator");
		j->columns[j->n_wanted++] = i;
	}
	for (int flaw = FE_JSON_NO_FLAW + 1; flaw < FE_JSON_N_FLAWS; flaw++)
		j->flaw_reasons[flaw] = fe_reason_id(set->reasons, "record", fe_json_flaw_code((enum fe_json_flaw)flaw));
	struct fe_json_wants wants = {
		.is_lines = j->is_lines,
		.records = set->json->records,
		.columns = paths,
		.n_columns = j->n_wanted,
		.aside = set->json->aside,
		.n_aside = set->json->n_aside,
		.refuse_others = set->contract == FE_CONTRACT_FREEZE,
		.take_others = set->contract != FE_CONTRACT_FREEZE,
	};
	if (wants.take_others)
		take_others(j);
	enum fe_rc rc = fe_json_reader_new(&j->reader, &wants, err);
	fe_free(paths);
	if (rc) {
		fe_json_rows_free(j);
		return rc;
	}
	*out = j;
	return FE_OK;
}

void
fe_json_rows_free(struct fe_json_rows *j)
{
	if (!j)
		return;
	fe_json_reader_free(j->reader);
	fe_free(j->columns);
	fe_free(j->cells);
	fe_free(j->is_met);
	fe_free(j->point_reasons);
	fe_free(j->others);
	fe_free(j->others_met);
	fe_free(j->others_are_nested);
	fe_free(j->flaws);
	fe_free(j->details);
	fe_free(j);
}

void
fe_json_rows_begin(struct fe_json_rows *j, const char *object_name)
{
	fe_json_reader_begin(j->reader);
	j->object_name = object_name;
	j->holder = NULL;
	j->offset = 0;
	j->in_ended = false;
}

/* ---- blocks ---- */

static void
feed_reader(struct fe_json_rows *j, struct fe_batch *batch)
{
	memset(batch->input.p + batch->input.n_bytes, 0, FE_JSON_PADDING);
	j->holder = batch;
	fe_json_reader_feed(j->reader, fe_buf_str(&batch->input), j->offset, j->in_ended, &batch->arena);
}

/* Moves what has not been read to the start of this batch's input, with room behind it. */
static enum fe_rc
take_rest(struct fe_json_rows *j, struct fe_batch *batch, size_t n_room, struct fe_err *err)
{
	size_t n_rest = j->holder ? fe_json_reader_rest(j->reader) : 0;
	size_t n_held = j->holder ? j->holder->input.n_bytes : 0;
	size_t n_kept = batch == j->holder ? n_held : 0;

	batch->input.n_bytes = n_kept;
	if (!fe_buf_reserve(&batch->input, (n_rest > n_kept ? n_rest - n_kept : 0) + n_room + FE_JSON_PADDING))
		return fe_buf_check(&batch->input, "a block of input", err);
	if (n_rest)
		memmove(batch->input.p, j->holder->input.p + (n_held - n_rest), n_rest);
	batch->input.n_bytes = n_rest;
	j->offset += n_held - n_rest;
	return FE_OK;
}

/* As much again as the rest, so that a long record is not walked over and over; a body may
 * come in small pieces. */
static enum fe_rc
refill(struct fe_json_rows *j, const struct fe_json_feed *feed, struct fe_batch *batch, struct fe_err *err)
{
	size_t n_rest = j->holder ? fe_json_reader_rest(j->reader) : 0, n_read;
	size_t n_wanted = n_rest > FE_BATCH_INPUT_BYTES ? n_rest : FE_BATCH_INPUT_BYTES;

	FE_ASSERT(n_rest < MAX_BLOCK_BYTES);
	if (n_wanted > MAX_BLOCK_BYTES - n_rest)
		n_wanted = MAX_BLOCK_BYTES - n_rest;
	FE_TRY(take_rest(j, batch, n_wanted, err));
	struct fe_buf *in = &batch->input;
	while (n_wanted && !j->in_ended) {
		FE_TRY(feed->read(feed->self, in->p + in->n_bytes, n_wanted, &n_read, err));
		in->n_bytes += n_read;
		n_wanted -= n_read;
		j->in_ended = n_read == 0;
	}
	feed_reader(j, batch);
	return FE_OK;
}

/* The block may be in the batch of the call before. */
static enum fe_rc
bring_block(struct fe_json_rows *j, struct fe_batch *batch, struct fe_err *err)
{
	if (!j->holder || j->holder == batch)
		return FE_OK;
	FE_TRY(take_rest(j, batch, 0, err));
	feed_reader(j, batch);
	return FE_OK;
}

/* ---- rows ---- */

static size_t
max_rows(const struct fe_json_rows *j)
{
	uint64_t n_left = j->set.limit_rows - j->n_rows;
	return j->set.limit_rows == 0 || n_left > FE_BATCH_ROWS ? FE_BATCH_ROWS : (size_t)n_left;
}

/* Which columns are there at all, and how often what is not declared. Once met, a column is not
 * looked for again. */
static void
keep_contract(struct fe_json_rows *j, size_t n_rows, size_t n_flawed)
{
	const size_t n_others = j->others ? fe_json_reader_n_others(j->reader) : 0;

	for (size_t i = 0; i < j->n_wanted; i++)
		for (size_t row = 0; !j->is_met[i] && row < n_rows; row++)
			j->is_met[i] = j->cells[i][row].p != NULL;
	for (size_t i = 0; i < n_others; i++) {
		const struct fe_str *cells = j->cells[j->n_wanted + i];
		uint64_t n_met = 0;
		for (size_t row = 0; row < n_rows; row++) {
			n_met += cells[row].p != NULL;
			j->others_are_nested[i] |= cells[row].p == fe_cell_no_value;
		}
		j->others_met[i] += n_met;
	}
	j->n_rows += n_rows;
	j->n_good += n_rows - n_flawed;
}

/* A number of JSON: a text would have its quote before it, or be in the arena. */
static bool
has_point(struct fe_str block, struct fe_str cell)
{
	uintptr_t at = (uintptr_t)cell.p, from = (uintptr_t)block.p;
	return cell.n && at > from && at < from + block.n && cell.p[-1] != '"' && memchr(cell.p, '.', cell.n);
}

/* 1.234 is no thousand because the texts of its column are written as 1.234,50. */
static void
refuse_points(const struct fe_json_rows *j, struct fe_batch *batch, size_t n_rows)
{
	const struct fe_str block = fe_buf_str(&batch->input);
	for (size_t i = 0; i < j->n_wanted; i++) {
		for (size_t row = 0; j->set.columns[j->columns[i]].has_own_point && row < n_rows; row++) {
			if (!has_point(block, j->cells[i][row]))
				continue;
			j->cells[i][row] = FE_CELL_FAILED;
			fe_batch_add_reason(batch, row, j->point_reasons[i], (struct fe_str){ 0 });
		}
	}
}

static enum fe_rc
fill(struct fe_json_rows *j, struct fe_batch *batch, struct fe_err *err)
{
	for (size_t i = 0; i < j->n_wanted; i++)
		j->cells[i] = batch->cells[j->columns[i]];
	struct fe_json_fill rows = {
		.cells = j->cells,
		.origin = batch->origin,
		.flaws = j->flaws,
		.details = j->details,
		.cap_rows = max_rows(j),
	};
	FE_TRY(fe_json_reader_fill(j->reader, &rows, err));
	for (size_t row = 0; rows.n_flawed && row < rows.n_rows; row++) {
		if (j->flaws[row] == FE_JSON_NO_FLAW)
			continue;
		fe_bit_set(batch->broken, row);
		fe_batch_add_reason(batch, row, j->flaw_reasons[j->flaws[row]], j->details[row]);
	}
	keep_contract(j, rows.n_rows, rows.n_flawed);
	refuse_points(j, batch, rows.n_rows);
	batch->n_rows = rows.n_rows;
	batch->ascii = fe_json_reader_is_ascii(j->reader);
	return FE_OK;
}

static enum fe_rc
check_whole(const struct fe_json_rows *j, struct fe_err *err)
{
	if (j->is_lines || j->allows_none || fe_json_reader_has_records(j->reader))
		return FE_OK;
	return fe_fail(err, FE_EDATA, "the document has nothing at '%s', where its records should be", j->records);
}

static enum fe_rc
next_rows(struct fe_json_rows *j, const struct fe_json_feed *feed, struct fe_batch *batch, struct fe_err *err)
{
	FE_TRY(bring_block(j, batch, err));
	for (;;) {
		if (j->holder)
			FE_TRY(fill(j, batch, err));
		if (batch->n_rows > 0)
			return FE_OK;
		if (j->holder && j->in_ended)
			return check_whole(j, err);
		FE_TRY(refill(j, feed, batch, err));
	}
}

enum fe_rc
fe_json_rows_next(struct fe_json_rows *j, const struct fe_json_feed *feed, struct fe_batch *batch, struct fe_err *err)
{
	enum fe_rc rc = next_rows(j, feed, batch, err);
	if (rc)
		fe_err_at(err, j->object_name, 0, NULL);
	return rc;
}

/* ---- the end ---- */

static void
note_others(const struct fe_json_rows *j, struct fe_column_notes *notes)
{
	const size_t n_others = j->others ? fe_json_reader_n_others(j->reader) : 0;

	for (size_t i = 0; i < n_others; i++) {
		struct fe_column_note *note =
			j->others_met[i] ? fe_column_notes_get(notes, fe_str_of(fe_json_reader_other(j->reader, i))) : NULL;
		if (!note)
			continue;
		note->n_records = j->others_met[i];
		note->is_value = !j->others_are_nested[i];
	}
	notes->has_more |= fe_json_reader_has_more_others(j->reader);
}

static enum fe_rc
fail_vanished(const struct fe_json_rows *j, const struct fe_source *source, struct fe_err *err)
{
	const struct fe_column_notes *gone = &source->notes.vanished;
	struct fe_buf text;

	fe_buf_init(&text, 64u * 1024);
	for (size_t i = 0; i < gone->n; i++) {
		fe_buf_add_text(&text, i ? ", '" : "'");
		fe_buf_add_printable(&text, fe_str_of(gone->items[i].name), 80);
		fe_buf_add_char(&text, '\'');
	}
	enum fe_rc rc = fe_fail(err, FE_EDATA, "no record has %s, of %llu that were read; where that may be, set contract: "
				"discard_column or evolve, and it is null", fe_buf_text(&text), (unsigned long long)j->n_good);
	if (source->n_objects)
		fe_err_at(err, source->objects[source->n_objects - 1].id.path, 0, NULL);
	fe_buf_reset(&text);
	return rc;
}

enum fe_rc
fe_json_rows_end(const struct fe_json_rows *j, struct fe_source *source, bool is_whole, struct fe_err *err)
{
	struct fe_column_notes *gone = &source->notes.vanished;
	const struct fe_source_window *w = &j->set.window;
	const size_t n_declared = j->set.schema->n_source - j->set.n_evolved;
	bool is_any_met = false;
	const bool is_part = w->cursor || w->since || w->until || j->set.skip_object;

	note_others(j, &source->notes.discarded);
	for (size_t i = 0; j->n_good > 0 && i < j->n_wanted; i++) {
		is_any_met |= j->is_met[i] && j->columns[i] < n_declared;
		struct fe_column_note *note =
			j->is_met[i] ? NULL : fe_column_notes_get(gone, fe_str_of(j->set.columns[j->columns[i]].from));
		if (note)
			note->n_records = j->n_good;
	}
	if (!is_whole || gone->n == 0 || j->set.is_look)
		return FE_OK;
	if (!is_any_met || (j->set.contract == FE_CONTRACT_FREEZE && !is_part))
		return fail_vanished(j, source, err);
	return FE_OK;
}

struct fe_str
fe_json_rows_aside(const struct fe_json_rows *j, size_t index)
{
	return fe_json_reader_aside(j->reader, index);
}

void
fe_json_rows_note(const struct fe_json_rows *j, struct fe_object *object)
{
	struct fe_json_notes found = fe_json_reader_notes(j->reader);
	object->notes[FE_NOTE_BYTE_ORDER_MARK] = found.has_bom;
	object->notes[FE_NOTE_MIXED_LINE_ENDS] = found.mixed_line_ends;
	object->notes[FE_NOTE_NO_FINAL_NEWLINE] = found.no_final_newline;
}
