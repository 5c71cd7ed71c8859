// SPDX-License-Identifier: Apache-2.0
/* extract/csv.c - records of CSV files
 *
 * Files are read one after the other, in blocks, into the input of the batch at hand;
 * cells are views into it. What is left of a block (the record that it cut, and where
 * a batch was full whole records too) stays in the batch's input until the next call,
 * which moves it to the front of the block to come, or over to another batch.
 *
 *   fill       rows from the block, by the splitter (format/csv)
 *   refill     the rest to the front, more bytes behind it
 *   next file  identity of the last one, header of the next one
 */
#include "extract/csv_header.h"
#include "extract/csv_peek.h"
#include "extract/csv_text.h"
#include "extract/files.h"
#include "extract/source.h"

#include "base/mem.h"
#include "base/text.h"
#include "format/csv.h"

#define MAX_BLOCK_BYTES ((size_t)FE_BATCH_INPUT_BYTES + FE_CSV_MAX_RECORD_BYTES)

struct source_csv {
	struct fe_source base;
	struct fe_source_settings set; /* what it points to is borrowed */
	enum fe_encoding encoding;

	/* The columns that are read. */
	size_t n_wanted;
	size_t *columns;     /* [n_wanted] index in the schema */
	uint32_t *places;    /* [n_wanted] index in a record of this file, or FE_CSV_ABSENT */
	uint32_t *wanted;    /* [n_wanted] of those that are there */
	struct fe_str **cells; /* [n_wanted] arrays of the batch at hand, of the same */
	size_t *extra;       /* [n_extra] notes of the columns of this file that are not read */
	size_t n_extra;
	uint8_t *flaws;      /* [FE_BATCH_ROWS] */
	uint32_t flaw_reasons[FE_CSV_N_FLAWS];
	struct fe_csv_mark trailer;
	struct fe_regex *trailer_pattern;

	/* The file that is read. */
	struct fe_files files;
	struct fe_csv_text text;
	struct fe_csv_reader *csv;
	bool has_header, in_ended;
	uint64_t block_offset;
	struct fe_batch *holder; /* the batch whose input holds the block; NULL: none yet */
};

static struct fe_csv_dialect
dialect_of(const struct source_csv *s)
{
	return (struct fe_csv_dialect){ .delimiter = s->set.delimiter, .quote = s->set.quote };
}

/* ---- opening ---- */

static enum fe_rc
check_settings(struct source_csv *s, struct fe_err *err)
{
	if (s->set.encoding && !fe_encoding_find(fe_str_of(s->set.encoding), &s->encoding))
		return fe_fail(err, FE_EUSAGE, "there is no encoding '%s'", s->set.encoding);
	if (s->set.delimiter == 0)
		s->set.delimiter = ',';
	if (!fe_csv_dialect_is_valid(dialect_of(s)))
		return fe_fail(err, FE_EUSAGE,
			       "delimiter and quote must be two different ASCII characters, "
			       "neither of them a letter, a digit or a line end");
	if (s->set.names && (s->set.n_names == 0 || s->set.n_names > FE_CSV_MAX_COLUMNS))
		return fe_fail(err, FE_EUSAGE, "names must have 1 to %d columns",
			       FE_CSV_MAX_COLUMNS);
	return FE_OK;
}

static void
choose_columns(struct source_csv *s)
{
	const size_t n_source = s->set.schema->n_source;
	s->columns = fe_new_array(n_source + 1, size_t);
	s->places = fe_new_array(n_source + 1, uint32_t);
	s->wanted = fe_new_array(n_source + 1, uint32_t);
	s->cells = fe_new_array(n_source + 1, struct fe_str *);
	s->flaws = fe_new_array(FE_BATCH_ROWS, uint8_t);
	for (size_t i = 0; i < n_source; i++) {
		if (!s->set.columns[i].is_computed)
			s->columns[s->n_wanted++] = i;
	}
	for (int flaw = FE_CSV_NONE + 1; flaw < FE_CSV_N_FLAWS; flaw++)
		s->flaw_reasons[flaw] = fe_reason_id(s->set.reasons, "record",
						     fe_csv_flaw_code((enum fe_csv_flaw)flaw));
}

static void
note_extra(struct source_csv *s, const struct fe_csv_map *map)
{
	struct fe_column_notes *notes = &s->base.notes.discarded;
	fe_free(s->extra);
	s->extra = fe_new_array(map->n_extra + 1, size_t);
	s->n_extra = 0;
	for (size_t i = 0; i < map->n_extra; i++) {
		const struct fe_column_note *note = fe_column_notes_get(notes, map->extra[i]);
		if (note)
			s->extra[s->n_extra++] = (size_t)(note - notes->items);
	}
}

static enum fe_rc
map_names(struct source_csv *s, const struct fe_csv_names *names, enum fe_rc rc, struct fe_err *err)
{
	struct fe_csv_map map = { .wanted = s->places };
	FE_TRY(fe_csv_map_names(&s->set, names, &map, rc, err));
	note_extra(s, &map);
	fe_free(map.extra);
	return FE_OK;
}

static enum fe_rc
map_given_names(struct source_csv *s, struct fe_err *err)
{
	if (!s->set.names)
		return FE_OK;
	struct fe_str *given = fe_new_array(s->set.n_names, struct fe_str);
	for (size_t i = 0; i < s->set.n_names; i++)
		given[i] = fe_str_of(s->set.names[i]);
	struct fe_csv_names names = { .names = given, .n_names = s->set.n_names };
	enum fe_rc rc = map_names(s, &names, FE_EUSAGE, err);
	if (rc)
		fe_err_context(err, "option names");
	fe_free(given);
	return rc;
}

static enum fe_rc
mark_trailer(struct source_csv *s, struct fe_err *err)
{
	const struct fe_trailer_settings *trailer = s->set.trailer;

	if (!trailer)
		return FE_OK;
	if (trailer->pattern)
		FE_TRY(fe_regex_new(&s->trailer_pattern, fe_str_of(trailer->pattern), FE_REGEX_UNICODE, err));
	s->trailer = (struct fe_csv_mark){ .pattern = s->trailer_pattern };
	if (!trailer->pattern)
		s->trailer.text = fe_str_of(trailer->starts);
	return FE_OK;
}

static void source_csv_close(struct fe_source *src);

static enum fe_rc
source_csv_open(struct fe_source **out, const struct fe_source_settings *set, struct fe_err *err)
{
	struct source_csv *s = fe_new(struct source_csv);
	enum fe_rc rc;

	s->base.ops = &fe_source_csv;
	s->set = *set;
	rc = check_settings(s, err);
	if (rc)
		goto fail;
	choose_columns(s);
	rc = map_given_names(s, err);
	if (rc)
		goto fail;
	rc = mark_trailer(s, err);
	if (rc)
		goto fail;
	rc = fe_files_init(&s->files, &s->base, &s->set, err);
	if (rc)
		goto fail;
	*out = &s->base;
	return FE_OK;
fail:
	source_csv_close(&s->base);
	*out = NULL;
	return rc;
}

/* ---- files ---- */

static void
expect_records(struct source_csv *s, size_t n_cells, const struct fe_str *header)
{
	fe_csv_expect(s->csv, n_cells, header);
	if (s->set.trailer)
		fe_csv_expect_trailer(s->csv, &s->trailer);
	s->has_header = true;
}

static void
leave_object(struct source_csv *s)
{
	fe_csv_reader_free(s->csv);
	fe_csv_text_reset(&s->text);
	s->csv = NULL;
	s->holder = NULL;
}

static enum fe_rc
enter_object(struct source_csv *s, struct fe_err *err)
{
	FE_TRY(fe_files_enter(&s->files, err));
	if (!s->files.in)
		return FE_OK;
	fe_csv_text_begin(&s->text, s->files.in, s->encoding);
	s->csv = fe_csv_reader_new(dialect_of(s));
	s->in_ended = false;
	s->block_offset = 0;
	fe_csv_skip_lines(s->csv, s->set.skip_lines);
	s->has_header = false;
	if (s->set.names)
		expect_records(s, s->set.n_names, NULL);
	return FE_OK;
}

static enum fe_rc
check_not_empty(const struct source_csv *s, struct fe_err *err)
{
	const char *what = "has a header but no records";
	if (!s->has_header)
		what = "has no header";
	else if (s->set.names)
		what = "has no records";
	return fe_files_check_not_empty(&s->files, what, err);
}

static void
note_oddities(struct source_csv *s)
{
	struct fe_csv_notes found = fe_csv_notes(s->csv);
	bool *notes = s->base.objects[s->files.object].notes;
	notes[FE_NOTE_BYTE_ORDER_MARK] = found.has_bom;
	notes[FE_NOTE_MIXED_LINE_ENDS] = found.mixed_line_ends;
	notes[FE_NOTE_NO_FINAL_NEWLINE] = found.no_final_newline;
}

/* A file that ends without it was cut between two records. */
static enum fe_rc
take_trailer(struct source_csv *s, struct fe_err *err)
{
	const struct fe_csv_record *found = s->set.trailer ? fe_csv_trailer(s->csv) : NULL;
	struct fe_object *object = &s->base.objects[s->files.object];
	size_t n_bytes = 0;

	if (!s->set.trailer)
		return FE_OK;
	if (!found) {
		bool is_text = !s->set.trailer->pattern;
		enum fe_rc rc = fe_fail(err, FE_EDATA, "the file ends without its trailer, a last record whose first cell %s '%s'; "
					"it was cut short, or is another file", is_text ? "is" : "matches",
					is_text ? s->set.trailer->starts : s->set.trailer->pattern);
		fe_err_at(err, fe_files_name(&s->files), 0, NULL);
		return rc;
	}
	for (size_t i = 0; i < found->n_cells; i++)
		n_bytes += found->cells[i].n;
	object->trailer = fe_alloc(found->n_cells * sizeof *object->trailer + n_bytes);
	object->n_trailer = found->n_cells;
	object->trailer_line = found->line;
	char *to = (char *)(object->trailer + found->n_cells);
	for (size_t i = 0; i < found->n_cells; i++) {
		object->trailer[i] = (struct fe_str){ to, found->cells[i].n };
		memcpy(to, found->cells[i].p, found->cells[i].n);
		to += found->cells[i].n;
	}
	return FE_OK;
}

static enum fe_rc
end_object(struct source_csv *s, struct fe_err *err)
{
	FE_TRY(check_not_empty(s, err));
	FE_TRY(take_trailer(s, err));
	note_oddities(s);
	leave_object(s);
	fe_files_end(&s->files);
	return FE_OK;
}

/* ---- the header ---- */

static enum fe_rc
fail_malformed_header(const struct source_csv *s, const struct fe_csv_record *record,
		      struct fe_err *err)
{
	struct fe_buf hint;
	fe_buf_init(&hint, 256);
	fe_csv_add_delimiter_hint(&s->set, record->raw, &hint);
	if (hint.n_bytes == 0)
		fe_buf_add_text(&hint, "; is this line the header, and the file a CSV file? "
				       "skip_lines passes over lines before the header");
	const char *why = fe_csv_flaw_code(record->flaw);
	enum fe_rc rc;
	if (record->flaw == FE_CSV_BLANK_LINE)
		rc = fe_fail(err, FE_EDATA,
			     "the header line is blank; lines before the header are left out by "
			     "skip_lines");
	else
		rc = fe_fail(err, FE_EDATA, "the header line is malformed (%s)%s", why,
			     fe_buf_text(&hint));
	fe_buf_reset(&hint);
	return rc;
}

/* Reads the header if the block has all of it. */
static enum fe_rc
read_header(struct source_csv *s, struct fe_err *err)
{
	struct fe_csv_record record;
	bool more;
	enum fe_rc rc = fe_csv_next(s->csv, &record, &more, err);
	if (rc == FE_OK && !more)
		return FE_OK;
	if (rc == FE_OK) {
		struct fe_csv_names names = {
			.names = record.cells, .n_names = record.n_cells, .line = record.raw
		};
		if (record.flaw != FE_CSV_NONE)
			rc = fail_malformed_header(s, &record, err);
		else
			rc = map_names(s, &names, FE_EDATA, err);
		if (rc)
			fe_err_at_line(err, NULL, record.line, 0);
	}
	if (rc) {
		fe_err_at(err, fe_files_name(&s->files), 0, NULL);
		if (err)
			err->record = 0; /* the header is none */
		return rc;
	}
	expect_records(s, record.n_cells, record.cells);
	return FE_OK;
}

/* ---- blocks ---- */

static enum fe_rc
feed(struct source_csv *s, struct fe_batch *batch, struct fe_err *err)
{
	s->holder = batch;
	return fe_csv_feed(s->csv, fe_buf_str(&batch->input), s->block_offset, s->in_ended,
			   &batch->arena, err);
}

/* Moves what has not been read to the start of this batch's input; then n_bytes there
 * are all that is in it. */
static enum fe_rc
take_rest(struct source_csv *s, struct fe_batch *batch, struct fe_err *err)
{
	size_t n_rest = s->holder ? fe_csv_rest(s->csv) : 0;
	size_t n_held = s->holder ? s->holder->input.n_bytes : 0;
	size_t n_kept = batch == s->holder ? n_held : 0;

	batch->input.n_bytes = n_kept;
	if (n_rest > n_kept && !fe_buf_reserve(&batch->input, n_rest))
		return fe_buf_check(&batch->input, "a block of input", err);
	if (n_rest)
		memmove(batch->input.p, s->holder->input.p + (n_held - n_rest), n_rest);
	batch->input.n_bytes = n_rest;
	s->block_offset += n_held - n_rest;
	return FE_OK;
}

/* As much again as the rest, so that a long record is not scanned over and over. */
static enum fe_rc
refill(struct source_csv *s, struct fe_batch *batch, struct fe_err *err)
{
	size_t n_read;
	enum fe_rc rc;

	FE_TRY(take_rest(s, batch, err));
	struct fe_buf *in = &batch->input;
	size_t n_wanted = in->n_bytes > FE_BATCH_INPUT_BYTES ? in->n_bytes : FE_BATCH_INPUT_BYTES;
	FE_ASSERT(in->n_bytes < MAX_BLOCK_BYTES);
	if (n_wanted > MAX_BLOCK_BYTES - in->n_bytes)
		n_wanted = MAX_BLOCK_BYTES - in->n_bytes;
	if (!fe_buf_reserve(in, n_wanted))
		return fe_buf_check(in, "a block of input", err);
	rc = fe_csv_text_read(&s->text, in->p + in->n_bytes, n_wanted, &n_read, &s->in_ended, err);
	if (rc) {
		fe_err_at(err, fe_files_name(&s->files), 0, NULL);
		return rc;
	}
	in->n_bytes += n_read;
	FE_TRY(feed(s, batch, err));
	return s->has_header ? FE_OK : read_header(s, err);
}

/* The block may be in the batch of the call before. */
static enum fe_rc
bring_block(struct source_csv *s, struct fe_batch *batch, struct fe_err *err)
{
	if (!s->holder || s->holder == batch)
		return FE_OK;
	FE_TRY(take_rest(s, batch, err));
	return feed(s, batch, err);
}

/* ---- rows ---- */

static size_t
max_rows(const struct source_csv *s)
{
	uint64_t n_left = s->set.limit_rows - s->base.n_rows;
	if (s->set.limit_rows == 0 || n_left > FE_BATCH_ROWS)
		return FE_BATCH_ROWS;
	return (size_t)n_left;
}

/* The columns that the file has; returns how many. */
static size_t
choose_cells(struct source_csv *s, struct fe_batch *batch)
{
	size_t n = 0;
	for (size_t i = 0; i < s->n_wanted; i++) {
		if (s->places[i] == FE_CSV_ABSENT)
			continue;
		s->wanted[n] = s->places[i];
		s->cells[n++] = batch->cells[s->columns[i]];
	}
	return n;
}

/* What the file lacks is null in each of its records; what is not read is counted. */
static void
keep_contract(struct source_csv *s, struct fe_batch *batch)
{
	struct fe_contract_notes *notes = &s->base.notes;
	for (size_t i = 0; i < s->n_wanted; i++) {
		if (s->places[i] != FE_CSV_ABSENT)
			continue;
		memset(batch->cells[s->columns[i]], 0, batch->n_rows * sizeof(struct fe_str));
		struct fe_column_note *note = fe_column_notes_get(&notes->vanished, fe_str_of(s->set.columns[s->columns[i]].from));
		if (note)
			note->n_records += batch->n_rows;
	}
	for (size_t i = 0; i < s->n_extra; i++)
		notes->discarded.items[s->extra[i]].n_records += batch->n_rows;
}

static enum fe_rc
fill(struct source_csv *s, struct fe_batch *batch, struct fe_err *err)
{
	struct fe_csv_rows rows = {
		.wanted = s->wanted,
		.cells = s->cells,
		.n_wanted = choose_cells(s, batch),
		.origin = batch->origin,
		.flaws = s->flaws,
		.cap_rows = max_rows(s),
	};
	enum fe_rc rc = fe_csv_fill(s->csv, &rows, err);
	if (rc) {
		fe_err_at(err, fe_files_name(&s->files), 0, NULL);
		return rc;
	}
	for (size_t row = 0; rows.n_flawed && row < rows.n_rows; row++) {
		if (s->flaws[row] == FE_CSV_NONE)
			continue;
		fe_bit_set(batch->broken, row);
		uint32_t reason = s->flaw_reasons[s->flaws[row]];
		fe_batch_add_reason(batch, row, reason, (struct fe_str){ 0 });
	}
	batch->n_rows = rows.n_rows;
	keep_contract(s, batch);
	batch->object = (uint32_t)s->files.object;
	batch->ascii = fe_csv_is_ascii(s->csv);
	return FE_OK;
}

static enum fe_rc
source_csv_next(struct fe_source *src, struct fe_batch *batch, struct fe_err *err)
{
	struct source_csv *s = (struct source_csv *)src;

	while (!fe_files_are_read(&s->files) && max_rows(s) > 0) {
		if (!s->files.in) {
			FE_TRY(enter_object(s, err));
			continue;
		}
		FE_TRY(bring_block(s, batch, err));
		if (s->has_header && s->holder)
			FE_TRY(fill(s, batch, err));
		if (batch->n_rows > 0)
			return FE_OK;
		if (s->in_ended)
			FE_TRY(end_object(s, err));
		else
			FE_TRY(refill(s, batch, err));
	}
	return FE_OK;
}

static void
source_csv_progress(const struct fe_source *src, uint64_t *done_bytes, uint64_t *total_bytes)
{
	fe_files_progress(&((const struct source_csv *)src)->files, done_bytes, total_bytes);
}

static void
source_csv_close(struct fe_source *src)
{
	struct source_csv *s = (struct source_csv *)src;
	leave_object(s);
	fe_files_reset(&s->files);
	fe_contract_notes_reset(&s->base.notes);
	fe_free(s->columns);
	fe_free(s->places);
	fe_free(s->wanted);
	fe_free(s->extra);
	fe_free(s->cells);
	fe_free(s->flaws);
	fe_regex_free(s->trailer_pattern);
	fe_free(s);
}

const struct fe_source_ops fe_source_csv = {
	.name = "csv",
	.summary = "records of CSV files: one, all of a pattern, or standard input",
	.open = source_csv_open,
	.next = source_csv_next,
	.progress = source_csv_progress,
	.close = source_csv_close,
	.look = fe_csv_look,
};
