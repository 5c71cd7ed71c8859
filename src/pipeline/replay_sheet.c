// SPDX-License-Identifier: Apache-2.0
/* pipeline/replay_sheet.c - the records of a mended file, for a replay
 *
 * The file may have been saved by a spreadsheet: with ; or TAB between cells, with a byte order mark or in UTF-16, its
 * columns in another order, lines left out, columns put in. What cannot be is that a line does not say which
 * reject it mends, two say the same, or a column of the source is not there: it would be no value in each record.
 */
#include "pipeline/replay_private.h"

#include "base/mem.h"
#include "base/text.h"
#include "format/csv.h"
#include "format/encoding.h"
#include "pipeline/reject_sheet.h"

#define MAX_SHEET_BYTES ((size_t)512 << 20)
#define MAX_CELLS_BYTES (64u << 20)
#define NONE SIZE_MAX

struct sheet {
	struct fe_replay *r;
	const struct fe_replay_query *q;
	const struct fe_replay_open *open;
	size_t n_open;
	bool *is_mended;             /* [n_open] */
	const struct fe_object_id *id;
	size_t id_column, guard_column;
	struct fe_str *header; size_t n_columns;
	struct fe_buf cells, coded;
	struct fe_arena arena;       /* the header, and undone quotes */
};

static enum fe_rc
fail_at(const struct sheet *s, uint64_t line, struct fe_err *err, const char *what)
{
	enum fe_rc rc = fe_fail(err, FE_EDATA, "%s; nothing was replayed", what);
	fe_err_at_line(err, s->id->path, line, 0);
	return rc;
}

/* What stands behind the name of the first column. */
static char
delimiter_of(struct fe_str text)
{
	const struct fe_str bom = FE_STR("\xef\xbb\xbf");
	size_t at = text.n >= bom.n && memcmp(text.p, bom.p, bom.n) == 0 ? bom.n : 0;

	while (at < text.n && text.p[at] != '\n' && strchr("\"_abcdefghijklmnopqrstuvwxyz", text.p[at]))
		at++;
	return at < text.n && (text.p[at] == ';' || text.p[at] == '\t') ? text.p[at] : ',';
}

/* The n-th column of this name, from 0; the last where there are fewer, NONE where there is none. */
static size_t
column_named(const struct sheet *s, const char *name, size_t nth)
{
	size_t found = NONE;

	for (size_t i = 0; i < s->n_columns; i++) {
		if (!fe_str_is(s->header[i], name))
			continue;
		found = i;
		if (nth-- == 0)
			break;
	}
	return found;
}

static enum fe_rc
take_header(struct sheet *s, const struct fe_csv_record *record, struct fe_err *err)
{
	s->n_columns = record->n_cells;
	s->header = fe_new_array(record->n_cells + 1, struct fe_str);
	for (size_t i = 0; i < record->n_cells; i++)
		s->header[i] = (struct fe_str){ fe_arena_copy(&s->arena, record->cells[i].n ? record->cells[i].p : "", record->cells[i].n),
			record->cells[i].n };
	for (size_t i = 0; i < s->n_columns; i++)
		if (!fe_utf8_is_valid(s->header[i]))
			return fail_at(s, record->line, err, "the names of its columns are not in UTF-8; save it as 'CSV UTF-8'");
	s->id_column = column_named(s, "reject_id", 0);
	s->guard_column = column_named(s, "reject_guarded", 0);
	if (s->id_column == NONE || s->guard_column == NONE)
		return fail_at(s, record->line, err, "this is not a file of finetl rejects export: it has no columns reject_id and reject_guarded");
	return FE_OK;
}

static void
add_cell(struct sheet *s, struct fe_json *j, const char *name, struct fe_str cell)
{
	if (fe_utf8_is_valid(cell) && !(cell.n && memchr(cell.p, '\0', cell.n))) {
		fe_json_str(j, name, cell);
		return;
	}
	fe_buf_clear(&s->coded);
	fe_buf_add_base64(&s->coded, cell);
	fe_json_object(j, name);
	fe_json_str(j, "base64", fe_buf_str(&s->coded));
	fe_json_object_end(j);
}

/* A source column may have the name of one of ours, which stand first in the file. */
static size_t
place_of(const struct sheet *s, const char *from)
{
	return column_named(s, from, strncmp(from, "reject_", 7) == 0 && strstr(FE_SHEET_COLUMNS, from) ? 1 : 0);
}

static enum fe_rc
fail_missing(const struct sheet *s, const char *from, uint64_t line, struct fe_err *err)
{
	enum fe_rc rc = fe_fail(err, FE_EDATA, "the file has no column '%s', and each record would be without a value in it; export it again, and "
				"leave the columns in; nothing was replayed", from);
	fe_err_at_line(err, s->id->path, line, 0);
	return rc;
}

static enum fe_rc
print_cells(struct sheet *s, const struct fe_plan_dataset *d, const struct fe_csv_record *record, struct fe_err *err)
{
	const bool is_guarded = fe_str_is(record->cells[s->guard_column], "yes");
	struct fe_json j;

	fe_buf_clear(&s->cells);
	fe_json_init(&j, &s->cells, 0);
	fe_json_object(&j, NULL);
	for (size_t i = 0; i < d->schema.n_source; i++) {
		const struct fe_source_column *c = &d->source_set.columns[i];
		if (c->is_computed)
			continue;
		const size_t at = place_of(s, c->from);
		if (at == NONE)
			return fail_missing(s, c->from, record->line, err);
		struct fe_str cell = record->cells[at];
		add_cell(s, &j, d->schema.fields[i].name, is_guarded ? fe_sheet_unguarded(cell) : cell);
	}
	fe_json_object_end(&j);
	return fe_buf_check(&s->cells, "the cells of a record", err);
}

static const struct fe_plan_dataset *
dataset_named(const struct fe_plan *plan, const char *name)
{
	for (size_t i = 0; i < plan->n_datasets; i++)
		if (strcmp(plan->datasets[i].name, name) == 0)
			return &plan->datasets[i];
	return NULL;
}

static size_t
find_open(const struct sheet *s, int64_t reject_id)
{
	size_t low = 0, high = s->n_open;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (s->open[mid].reject_id < reject_id)
			low = mid + 1;
		else
			high = mid;
	}
	return low < s->n_open && s->open[low].reject_id == reject_id ? low : NONE;
}

static enum fe_rc
take_record(struct sheet *s, const struct fe_csv_record *record, uint64_t number, struct fe_err *err)
{
	struct fe_replay_dataset *d;
	int64_t id;

	if (record->flaw != FE_CSV_NONE)
		return fail_at(s, record->line, err, fe_csv_flaw_code(record->flaw));
	if (fe_int_parse(record->cells[s->id_column], &id) != FE_DECIMAL_OK)
		return fail_at(s, record->line, err, "the reject_id is not a number, so nobody knows which reject this mends");
	const size_t at = find_open(s, id);
	if (at == NONE) {
		s->r->n_closed_before++;
		return FE_OK;
	}
	if (s->is_mended[at])
		return fail_at(s, record->line, err, "this reject_id stands twice");
	s->is_mended[at] = true;
	const struct fe_plan_dataset *of = dataset_named(s->q->plan, s->open[at].dataset);
	if (!of)
		return fail_at(s, record->line, err, "the pipeline file does not have the data set of this reject any more");
	FE_TRY(fe_replay_dataset_named(s->r, fe_str_of(of->name), &d, err));
	if (!d->n_objects) {
		d->objects = fe_grow(d->objects, &d->cap_objects, 1, sizeof *d->objects);
		d->objects[d->n_objects++] = *s->id;
		d->objects[0].path = fe_strdup(s->id->path);
		d->objects[0].version = fe_strdup(s->id->version);
	}
	FE_TRY(print_cells(s, of, record, err));
	const struct fe_replay_record kept = {
		.reject_id = id, .record = number, .offset = record->offset, .raw = record->raw, .cells = fe_buf_str(&s->cells),
	};
	return fe_replay_add(s->r, d, &kept, err);
}

static enum fe_rc
read_records(struct sheet *s, struct fe_csv_reader *csv, struct fe_str text, struct fe_err *err)
{
	struct fe_csv_record record;
	bool more;

	FE_TRY(fe_csv_feed(csv, text, 0, true, &s->arena, err));
	FE_TRY(fe_csv_next(csv, &record, &more, err));
	if (!more || record.flaw != FE_CSV_NONE)
		return fail_at(s, 1, err, "the file has no header");
	FE_TRY(take_header(s, &record, err));
	fe_csv_expect(csv, s->n_columns, s->header);
	for (uint64_t number = 1;; number++) {
		FE_TRY(fe_csv_next(csv, &record, &more, err));
		if (!more)
			return FE_OK;
		FE_TRY(take_record(s, &record, number, err));
	}
}

enum fe_rc
fe_replay_read_sheet(struct fe_replay *r, const struct fe_replay_query *q, const struct fe_replay_open *open, size_t n_open,
                     struct fe_err *err)
{
	struct sheet s = { .r = r, .q = q, .open = open, .n_open = n_open, .is_mended = fe_new_array(n_open + 1, bool) };
	struct fe_csv_reader *csv = NULL;
	struct fe_object_id id = { 0 };
	struct fe_buf raw, text;

	fe_buf_init(&raw, MAX_SHEET_BYTES);
	fe_buf_init(&text, FE_ENCODING_ROOM * (MAX_SHEET_BYTES + 1));
	fe_buf_init(&s.cells, MAX_CELLS_BYTES);
	fe_buf_init(&s.coded, MAX_CELLS_BYTES);
	enum fe_rc rc = fe_object_identify(q->sheet, NULL, &id, err);
	s.id = &id;
	if (rc == FE_OK)
		rc = fe_file_read(q->sheet, MAX_SHEET_BYTES, &raw, err);
	if (rc == FE_OK)
		rc = fe_encoding_read(fe_buf_str(&raw), FE_UTF_8, &text, err);
	fe_buf_reset(&raw);
	if (rc == FE_OK) {
		const struct fe_csv_dialect dialect = { .delimiter = delimiter_of(fe_buf_str(&text)), .quote = '"' };
		csv = fe_csv_reader_new(dialect);
		rc = read_records(&s, csv, fe_buf_str(&text), err);
	}
	if (rc)
		fe_err_at(err, q->sheet, 0, NULL);
	fe_csv_reader_free(csv);
	fe_object_id_reset(&id);
	fe_buf_reset(&text);
	fe_buf_reset(&s.cells);
	fe_buf_reset(&s.coded);
	fe_arena_free(&s.arena);
	fe_free(s.header);
	fe_free(s.is_mended);
	return rc;
}
