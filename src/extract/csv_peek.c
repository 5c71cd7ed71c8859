// SPDX-License-Identifier: Apache-2.0
/* extract/csv_peek.c - the splitter on a growing start of the file, until it has a record
 *
 * The start is split anew each time that it has doubled, so that the cost stays linear.
 */
#include "extract/csv_peek.h"

#include "base/text.h"
#include "extract/csv_text.h"
#include "extract/look.h"
#include "format/csv.h"

#define FIRST_BYTES ((size_t)64 * 1024)
#define MAX_BYTES ((size_t)64 * 1024 * 1024) /* of the lines before the header, and the header */

static void
take_names(struct fe_csv_header *out, const struct fe_str *names, size_t n_names)
{
	out->names = fe_arena_alloc(&out->arena, (n_names + 1) * sizeof(*out->names));
	for (size_t i = 0; i < n_names; i++) {
		struct fe_str name = fe_text_trim(names[i]);
		out->names[i] = (struct fe_str){ fe_arena_copy(&out->arena, name.n ? name.p : "", name.n), name.n };
	}
	out->n_names = n_names;
}

/* *found: there was a whole record, or what is no CSV. */
static enum fe_rc
split(struct fe_csv_header *out, const struct fe_source_settings *set, struct fe_str start, bool is_last,
      bool *found, struct fe_err *err)
{
	struct fe_csv_dialect dialect = { .delimiter = set->delimiter, .quote = set->quote };
	struct fe_csv_reader *csv = fe_csv_reader_new(dialect);
	struct fe_arena arena = { 0 };
	struct fe_csv_record record;

	fe_csv_skip_lines(csv, set->skip_lines);
	enum fe_rc rc = fe_csv_feed(csv, start, 0, is_last, &arena, err);
	if (rc == FE_OK)
		rc = fe_csv_next(csv, &record, found, err);
	if (rc == FE_OK && *found && record.flaw == FE_CSV_NONE)
		take_names(out, record.cells, record.n_cells);
	if (rc == FE_EDATA || rc == FE_ELIMIT) { /* told with its place when the file is read */
		*found = true;
		rc = FE_OK;
	}
	fe_csv_reader_free(csv);
	fe_arena_free(&arena);
	return rc;
}

static enum fe_rc
read_start(struct fe_csv_header *out, const struct fe_source_settings *set, struct fe_csv_text *text, struct fe_err *err)
{
	struct fe_buf start;
	bool ended = false, found = false;
	size_t n_wanted = FIRST_BYTES;
	enum fe_rc rc = FE_OK;

	fe_buf_init(&start, MAX_BYTES);
	while (rc == FE_OK && !found && !ended && n_wanted <= MAX_BYTES / 2) {
		size_t n_read;
		if (!fe_buf_reserve(&start, n_wanted))
			break;
		rc = fe_csv_text_read(text, start.p + start.n_bytes, n_wanted, &n_read, &ended, err);
		if (rc)
			break;
		start.n_bytes += n_read;
		n_wanted = start.n_bytes > FIRST_BYTES ? start.n_bytes : FIRST_BYTES;
		rc = split(out, set, fe_buf_str(&start), ended, &found, err);
	}
	fe_buf_reset(&start);
	return rc;
}

static enum fe_rc
peek(struct fe_csv_header *out, const struct fe_source_settings *set, const char *path, struct fe_err *err)
{
	enum fe_encoding encoding = FE_UTF_8;
	struct fe_reader *in;
	struct fe_csv_text text;
	enum fe_rc rc;

	if (set->encoding && !fe_encoding_find(fe_str_of(set->encoding), &encoding))
		return fe_fail(err, FE_EUSAGE, "there is no encoding '%s'", set->encoding);
	FE_TRY(fe_reader_open(&in, path, &set->net, err));
	fe_csv_text_begin(&text, in, encoding);
	rc = read_start(out, set, &text, err);
	if (rc)
		fe_err_at(err, path, 0, NULL);
	fe_csv_text_reset(&text);
	fe_reader_close(in);
	return rc;
}

enum fe_rc
fe_csv_peek(struct fe_csv_header *out, const struct fe_source_settings *set, struct fe_err *err)
{
	struct fe_paths paths;

	*out = (struct fe_csv_header){ 0 };
	if (set->names) {
		struct fe_str *names = fe_arena_alloc(&out->arena, (set->n_names + 1) * sizeof(*names));
		for (size_t i = 0; i < set->n_names; i++)
			names[i] = fe_str_of(set->names[i]);
		take_names(out, names, set->n_names);
		return FE_OK;
	}
	if (strcmp(set->location, "-") == 0)
		return fe_fail(err, FE_EUSAGE, "standard input cannot be read twice, for its header and for its records; "
			       "give a file");
	FE_TRY(fe_paths_expand(set->location, &set->net, &paths, err));
	enum fe_rc rc = peek(out, set, paths.paths[0], err);
	fe_paths_free(&paths);
	return rc;
}

static void
add_header(struct fe_source_look *out, const struct fe_csv_header *h)
{
	for (size_t i = 0; i < h->n_names; i++)
		if (h->names[i].n && fe_utf8_is_valid(h->names[i]))
			fe_source_look_add(out, h->names[i], "", true);
}

static enum fe_rc
look_at_file(struct fe_source_look *out, const struct fe_source_settings *set, const char *path, struct fe_err *err)
{
	struct fe_csv_header h = { 0 };
	enum fe_rc rc = peek(&h, set, path, err);
	if (rc == FE_OK)
		add_header(out, &h);
	fe_csv_header_reset(&h);
	return rc;
}

enum fe_rc
fe_csv_look(struct fe_source_look *out, const struct fe_source_settings *set, struct fe_err *err)
{
	struct fe_csv_header h;
	if (!set->names)
		return fe_look_at_files(out, set, look_at_file, err);
	FE_TRY(fe_csv_peek(&h, set, err));
	add_header(out, &h);
	fe_csv_header_reset(&h);
	return FE_OK;
}

void
fe_csv_header_reset(struct fe_csv_header *h)
{
	fe_arena_free(&h->arena);
	*h = (struct fe_csv_header){ 0 };
}
