// SPDX-License-Identifier: Apache-2.0
/* extract/json.c - records of JSON and NDJSON files
 *
 * Two names for one source: what a record is differs, and that is extract/json_rows's business.
 */
#include "extract/files.h"
#include "extract/json_rows.h"
#include "extract/look.h"
#include "format/encoding.h"

#define MAX_PATH_BYTES ((size_t)128 * 1024)

struct source_json {
	struct fe_source base;
	struct fe_source_settings set; /* what it points to is borrowed */
	struct fe_files files;
	struct fe_json_rows *rows;
	bool has_begun;                /* the first bytes of the file have been looked at */
};

static void source_json_close(struct fe_source *src);

static enum fe_rc
open_kind(struct fe_source **out, const struct fe_source_ops *ops, const struct fe_source_settings *set,
          struct fe_err *err)
{
	struct source_json *s = fe_new(struct source_json);
	enum fe_rc rc;

	*out = NULL;
	s->base.ops = ops;
	s->set = *set;
	rc = fe_json_rows_new(&s->rows, set, err);
	if (rc)
		goto fail;
	rc = fe_files_init(&s->files, &s->base, &s->set, err);
	if (rc)
		goto fail;
	*out = &s->base;
	return FE_OK;
fail:
	source_json_close(&s->base);
	return rc;
}

static enum fe_rc
source_json_open(struct fe_source **out, const struct fe_source_settings *set, struct fe_err *err)
{
	FE_ASSERT(set->json && !set->json->is_lines);
	return open_kind(out, &fe_source_json, set, err);
}

static enum fe_rc
source_ndjson_open(struct fe_source **out, const struct fe_source_settings *set, struct fe_err *err)
{
	FE_ASSERT(set->json && set->json->is_lines);
	return open_kind(out, &fe_source_ndjson, set, err);
}

/* ---- files ---- */

static enum fe_rc
enter_file(struct source_json *s, struct fe_err *err)
{
	FE_TRY(fe_files_enter(&s->files, err));
	if (!s->files.in)
		return FE_OK;
	s->has_begun = false;
	fe_json_rows_begin(s->rows, fe_files_name(&s->files));
	return FE_OK;
}

static enum fe_rc
end_file(struct source_json *s, struct fe_err *err)
{
	FE_TRY(fe_files_check_not_empty(&s->files, "has no records", err));
	fe_json_rows_note(s->rows, &s->base.objects[s->files.object]);
	fe_files_end(&s->files);
	return FE_OK;
}

static enum fe_rc
check_encoding(struct fe_str start, struct fe_err *err)
{
	enum fe_encoding found = fe_encoding_guess(start);
	const char *name = found == FE_UTF_16LE || found == FE_UTF_16BE ? "UTF-16" : "UTF-32";

	if (found == FE_UTF_8)
		return FE_OK;
	return fe_fail(err, FE_EDATA, "the file is %s, and JSON is UTF-8; convert it (iconv -f %s -t UTF-8)", name, name);
}

static enum fe_rc
read_bytes(void *self, void *out, size_t cap_bytes, size_t *n_bytes, struct fe_err *err)
{
	struct source_json *s = self;

	FE_TRY(fe_reader_read(s->files.in, out, cap_bytes, n_bytes, err));
	if (s->has_begun)
		return FE_OK;
	s->has_begun = true;
	return check_encoding((struct fe_str){ out, *n_bytes }, err);
}

/* ---- rows ---- */

static uint64_t
n_rows_left(const struct source_json *s)
{
	return s->set.limit_rows ? s->set.limit_rows - s->base.n_rows : UINT64_MAX;
}

static enum fe_rc
source_json_next(struct fe_source *src, struct fe_batch *batch, struct fe_err *err)
{
	struct source_json *s = (struct source_json *)src;
	const struct fe_json_feed feed = { .read = read_bytes, .self = s };

	while (!fe_files_are_read(&s->files)) {
		if (n_rows_left(s) == 0)
			return fe_json_rows_end(s->rows, src, false, err);
		if (!s->files.in) {
			FE_TRY(enter_file(s, err));
			continue;
		}
		FE_TRY(fe_json_rows_next(s->rows, &feed, batch, err));
		if (batch->n_rows == 0) {
			FE_TRY(end_file(s, err));
			continue;
		}
		batch->object = (uint32_t)s->files.object;
		if (batch->n_rows > n_rows_left(s))
			fe_batch_cut(batch, (size_t)n_rows_left(s));
		return FE_OK;
	}
	return fe_json_rows_end(s->rows, src, true, err);
}

/* ---- looking at it ---- */

/* A path as a pattern that means itself. */
static void
add_literal(struct fe_buf *out, const char *path)
{
	for (const char *p = path; *p; p++) {
		if (strchr("*?[\\", *p))
			fe_buf_add_char(out, '\\');
		fe_buf_add_char(out, *p);
	}
}

static enum fe_rc
look_at_file(struct fe_source_look *out, const struct fe_source_settings *set, const char *path, struct fe_err *err)
{
	struct fe_source_settings own = *set;
	struct fe_buf location;

	fe_buf_init(&location, MAX_PATH_BYTES);
	add_literal(&location, path);
	own.location = fe_buf_text(&location);
	enum fe_rc rc = fe_buf_check(&location, "the path", err);
	if (rc == FE_OK)
		rc = fe_look_at_records(out, set->json->is_lines ? &fe_source_ndjson : &fe_source_json, &own, err);
	fe_buf_reset(&location);
	return rc;
}

static enum fe_rc
source_json_look(struct fe_source_look *out, const struct fe_source_settings *set, struct fe_err *err)
{
	return fe_look_at_files(out, set, look_at_file, err);
}

static void
source_json_progress(const struct fe_source *src, uint64_t *done_bytes, uint64_t *total_bytes)
{
	fe_files_progress(&((const struct source_json *)src)->files, done_bytes, total_bytes);
}

static void
source_json_close(struct fe_source *src)
{
	struct source_json *s = (struct source_json *)src;
	fe_json_rows_free(s->rows);
	fe_files_reset(&s->files);
	fe_contract_notes_reset(&src->notes);
	fe_free(s);
}

const struct fe_source_ops fe_source_json = {
	.name = "json",
	.summary = "records of JSON documents: the elements of an array, or one object",
	.open = source_json_open,
	.next = source_json_next,
	.progress = source_json_progress,
	.close = source_json_close,
	.look = source_json_look,
};

const struct fe_source_ops fe_source_ndjson = {
	.name = "ndjson",
	.summary = "records of files with one JSON object in each line",
	.open = source_ndjson_open,
	.next = source_json_next,
	.progress = source_json_progress,
	.close = source_json_close,
	.look = source_json_look,
};
