// SPDX-License-Identifier: Apache-2.0
/* load/files_output.c - rejects as CSV, and the report that lists the files */
#include "load/files_output.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "format/csv.h"
#include "load/reject.h"

#define PIECE_BYTES ((size_t)256 * 1024)
#define MAX_LINE_BYTES ((size_t)256 * 1024 * 1024)

static const char rejects_header[] = "object,record,offset,verdict,reasons,raw,raw_encoding,detail\n";

void
fe_files_output_init(struct fe_files_output *o, const struct fe_files_place *place, const char *name,
                     const char *suffix)
{
	struct fe_buf path;
	fe_buf_init(&path, SIZE_MAX / 2);
	fe_buf_addf(&path, "%s/%s%s", place->folder, name, suffix);
	size_t n_folder = strlen(place->folder) + 1;
	*o = (struct fe_files_output){ .path = fe_buf_take(&path), .net = place->net };
	o->name = o->path + n_folder;
}

void
fe_files_output_reset(struct fe_files_output *o)
{
	fe_writer_close(o->writer);
	fe_free(o->path);
	*o = (struct fe_files_output){ 0 };
}

enum fe_rc
fe_files_output_finish(struct fe_files_output *o, struct fe_err *err)
{
	FE_TRY(fe_writer_finish(o->writer, o->sha256, err));
	o->size_bytes = fe_writer_size(o->writer);
	o->is_finished = true;
	return FE_OK;
}

/* ---- rejects ---- */

static void
add_number(struct fe_buf *out, uint64_t v)
{
	char text[FE_DECIMAL_TEXT_BYTES];
	fe_buf_add(out, text, fe_i128_format(v, 0, text));
	fe_buf_add_char(out, ',');
}

static void
add_reject(struct fe_buf *out, const struct fe_reject *r, const struct fe_run_end *end)
{
	const struct fe_object_id *id = r->object < end->n_objects ? end->objects[r->object].id : NULL;
	bool is_text = fe_utf8_is_valid(r->raw) && !(r->raw.n && memchr(r->raw.p, '\0', r->raw.n));

	fe_csv_add_cell(out, fe_str_of(id && id->path ? id->path : ""), ',');
	fe_buf_add_char(out, ',');
	add_number(out, r->record);
	add_number(out, r->offset);
	fe_buf_add_text(out, fe_verdict_name(r->verdict));
	fe_buf_add_char(out, ',');
	fe_csv_add_cell(out, r->reasons, ',');
	fe_buf_add_char(out, ',');
	if (is_text)
		fe_csv_add_cell(out, r->raw, ',');
	else
		fe_buf_add_base64(out, r->raw);
	fe_buf_add_text(out, is_text ? ",utf-8," : ",base64,");
	fe_csv_add_cell(out, r->detail, ',');
	fe_buf_add_char(out, '\n');
}

static enum fe_rc
hand_over(struct fe_files_output *o, struct fe_buf *lines, size_t at_least, struct fe_err *err)
{
	FE_TRY(fe_buf_check(lines, "a line of the rejects", err));
	if (lines->n_bytes < at_least)
		return FE_OK;
	FE_TRY(fe_writer_write(o->writer, lines->p, lines->n_bytes, err));
	fe_buf_clear(lines);
	return FE_OK;
}

/* The spool has the data sets one after the other, so one buffer is enough: it is
 * handed over when another one begins. */
static enum fe_rc
write_spooled(struct fe_files_output *outputs, size_t n_outputs, const struct fe_run_end *end,
              struct fe_buf *lines, struct fe_err *err)
{
	struct fe_files_output *last = NULL;
	struct fe_reject r;
	bool more;

	FE_TRY(fe_spool_rewind(end->rejects, err));
	for (;;) {
		FE_TRY(fe_reject_next(end->rejects, &r, &more, err));
		struct fe_files_output *o = more && r.dataset < n_outputs ? &outputs[r.dataset] : NULL;
		if (last && last != o)
			FE_TRY(hand_over(last, lines, 0, err));
		if (!more)
			return FE_OK;
		last = NULL;
		if (!o || !o->writer)
			continue;
		add_reject(lines, &r, end);
		o->n_rows++;
		FE_TRY(hand_over(o, lines, PIECE_BYTES, err));
		last = o;
	}
}

enum fe_rc
fe_files_write_rejects(struct fe_files_output *outputs, size_t n_outputs, const struct fe_run_end *end,
                       struct fe_err *err)
{
	struct fe_buf lines;
	enum fe_rc rc = FE_OK;

	for (size_t i = 0; i < n_outputs; i++) {
		struct fe_files_output *o = &outputs[i];
		if (!o->path)
			continue;
		FE_TRY(fe_writer_open(&o->writer, o->path, o->net, err));
		FE_TRY(fe_writer_write(o->writer, rejects_header, sizeof rejects_header - 1, err));
	}
	fe_buf_init(&lines, MAX_LINE_BYTES);
	if (end->rejects)
		rc = write_spooled(outputs, n_outputs, end, &lines, err);
	fe_buf_reset(&lines);
	for (size_t i = 0; i < n_outputs && rc == FE_OK; i++)
		if (outputs[i].path)
			rc = fe_files_output_finish(&outputs[i], err);
	return rc;
}

/* ---- the report ---- */

static void
add_file(struct fe_json *j, const struct fe_files_output *o)
{
	fe_json_object(j, NULL);
	fe_json_text(j, "name", o->name);
	fe_json_i64(j, "bytes", (int64_t)o->size_bytes);
	fe_json_text(j, "sha256", o->sha256);
	fe_json_i64(j, "rows", (int64_t)o->n_rows);
	fe_json_object_end(j);
}

/* The run's report is an object; the list becomes its last member. */
static enum fe_rc
build_report(struct fe_buf *out, const struct fe_files_output *const *files, size_t n_files,
             const struct fe_run_end *end, struct fe_err *err)
{
	struct fe_str report = fe_text_trim(end->report);
	struct fe_json j;

	if (report.n < 2 || report.p[0] != '{' || report.p[report.n - 1] != '}')
		return fe_fail(err, FE_EBUG, "the report of the run is not a JSON object");
	report = fe_text_trim((struct fe_str){ report.p, report.n - 1 });
	fe_buf_add_str(out, report);
	fe_buf_add_text(out, report.n > 1 ? ",\n  \"files\": [" : "\n  \"files\": [");
	for (size_t i = 0; i < n_files; i++) {
		fe_buf_add_text(out, i ? ",\n    " : "\n    ");
		fe_json_init(&j, out, 0);
		add_file(&j, files[i]);
	}
	fe_buf_add_text(out, n_files ? "\n  ]\n}\n" : "]\n}\n");
	return fe_buf_check(out, "the report", err);
}

enum fe_rc
fe_files_write_report(struct fe_files_output *report, const struct fe_files_output *const *files, size_t n_files,
                      const struct fe_run_end *end, struct fe_err *err)
{
	struct fe_buf text;
	enum fe_rc rc;

	fe_buf_init(&text, MAX_LINE_BYTES);
	rc = build_report(&text, files, n_files, end, err);
	if (rc == FE_OK)
		rc = fe_writer_open(&report->writer, report->path, report->net, err);
	if (rc == FE_OK)
		rc = fe_writer_write(report->writer, text.p, text.n_bytes, err);
	if (rc == FE_OK)
		rc = fe_files_output_finish(report, err);
	fe_buf_reset(&text);
	return rc;
}
