// SPDX-License-Identifier: Apache-2.0
/* pipeline/replay_source.c - records set aside for a replay, as a source
 *
 * Each is given as its own source once gave it: the same cells, also those that are null, absent or
 * refused, under the same record number and offset. They live in the batch's arena.
 */
#include "pipeline/replay_private.h"

#include "base/mem.h"
#include "base/text.h"
#include "format/json_tree.h"

#define MAX_BATCH_BYTES (4u << 20) /* a batch ends with the record that passes it */
#define MAX_CELL_BYTES (64u << 20)

struct source_replay {
	struct fe_source base;
	const struct fe_source_settings *set; /* a copy of its own */
	struct fe_source_settings own;
	struct fe_replay_dataset *from;
	struct fe_replay_record next;
	bool has_next;
	struct fe_buf bytes; /* of a cell */
	uint64_t n_done;
};

static enum fe_rc
add_bytes(struct source_replay *s, struct fe_batch *b, struct fe_str text, struct fe_str *cell, struct fe_err *err)
{
	fe_buf_clear(&s->bytes);
	if (!fe_buf_add_unbase64(&s->bytes, text))
		return fe_fail(err, FE_ECONFLICT, "a kept reject has a cell that is not base64; it was changed by hand");
	*cell = (struct fe_str){ fe_arena_copy(&b->arena, s->bytes.p ? s->bytes.p : "", s->bytes.n_bytes), s->bytes.n_bytes };
	return fe_buf_check(&s->bytes, "a cell", err);
}

static enum fe_rc
put_cell(struct source_replay *s, struct fe_batch *b, size_t row, size_t column, const struct fe_json_value *v, struct fe_err *err)
{
	struct fe_str *cell = &b->cells[column][row];
	const struct fe_json_value *bytes = fe_json_get(v, "base64"), *code = fe_json_get(v, "code");

	*cell = (struct fe_str){ 0 };
	if (!v)
		return FE_OK; /* absent */
	if (v->kind == FE_JSON_NULL) {
		*cell = (struct fe_str){ fe_cell_null, 0 };
	} else if (v->kind == FE_JSON_ARRAY) {
		*cell = (struct fe_str){ fe_cell_no_value, 0 };
	} else if (v->kind == FE_JSON_STRING) {
		*cell = v->text;
		if (!cell->p)
			cell->p = "";
	} else if (bytes) {
		return add_bytes(s, b, bytes->text, cell, err);
	} else if (code) {
		*cell = FE_CELL_FAILED;
		const char *text = fe_arena_copy(&b->arena, code->text.p, code->text.n);
		fe_batch_add_reason(b, row, fe_reason_id(s->set->reasons, b->schema->fields[column].name, text), (struct fe_str){ 0 });
	}
	return FE_OK;
}

/* Members stand in the order of the columns, so each is looked for behind the one before. */
static enum fe_rc
put_cells(struct source_replay *s, struct fe_batch *b, size_t row, struct fe_str text, struct fe_err *err)
{
	const struct fe_json_value *record, *at;
	struct fe_str kept = { fe_arena_copy(&b->arena, text.p, text.n), text.n };

	FE_TRY(fe_json_parse(kept, &b->arena, &record, err));
	at = record->first;
	for (size_t i = 0; i < b->schema->n_source; i++) {
		const char *name = b->schema->fields[i].name;
		const bool is_here = at && fe_str_is(at->key, name);
		if (s->set->columns[i].is_computed)
			continue;
		FE_TRY(put_cell(s, b, row, i, is_here ? at : fe_json_get(record, name), err));
		if (is_here)
			at = at->next;
	}
	return FE_OK;
}

static void
put_flawed(struct source_replay *s, struct fe_batch *b, size_t row, struct fe_str flaw)
{
	const char *code = fe_arena_copy(&b->arena, flaw.p, flaw.n);

	for (size_t i = 0; i < b->schema->n_source; i++)
		if (!s->set->columns[i].is_computed)
			b->cells[i][row] = (struct fe_str){ 0 };
	fe_bit_set(b->broken, row);
	fe_batch_add_reason(b, row, fe_reason_id(s->set->reasons, "record", code), (struct fe_str){ 0 });
}

static enum fe_rc
put_record(struct source_replay *s, struct fe_batch *b, struct fe_err *err)
{
	const struct fe_replay_record *r = &s->next;
	const size_t row = b->n_rows++;

	b->origin[row] = (struct fe_origin){
		.record = r->record, .offset = r->offset, .raw = { fe_arena_copy(&b->arena, r->raw.n ? r->raw.p : "", r->raw.n), r->raw.n },
	};
	if (r->cells.n)
		FE_TRY(put_cells(s, b, row, r->cells, err));
	else
		put_flawed(s, b, row, r->flaw);
	s->n_done++;
	return fe_replay_next(s->from, &s->next, &s->has_next, err);
}

static enum fe_rc
replay_next(struct fe_source *src, struct fe_batch *batch, struct fe_err *err)
{
	struct source_replay *s = (struct source_replay *)src;
	const size_t object = s->next.object;

	batch->object = (uint32_t)object;
	batch->ascii = false;
	while (s->has_next && s->next.object == object && batch->n_rows < FE_BATCH_ROWS && batch->arena.used_bytes < MAX_BATCH_BYTES)
		FE_TRY(put_record(s, batch, err));
	return FE_OK;
}

static void
replay_progress(const struct fe_source *src, uint64_t *done_bytes, uint64_t *total_bytes)
{
	(void)src;
	*done_bytes = *total_bytes = 0;
}

static void
replay_close(struct fe_source *src)
{
	struct source_replay *s = (struct source_replay *)src;

	for (size_t i = 0; i < src->n_objects; i++)
		fe_object_id_reset(&src->objects[i].id);
	fe_free(src->objects);
	fe_buf_reset(&s->bytes);
	fe_free(s);
}

static const struct fe_source_ops replay_ops = {
	.name = "replay",
	.summary = "open rejects",
	.next = replay_next,
	.progress = replay_progress,
	.close = replay_close,
};

/* Reasons are only added by next because no other thread reads ahead (fe_replay_run). */
enum fe_rc
fe_replay_source(struct fe_replay *r, const struct fe_source_settings *set, struct fe_source **out, struct fe_err *err)
{
	const bool is_whole = r->sheet != NULL;
	struct source_replay *s = fe_new(struct source_replay);

	s->base.ops = &replay_ops;
	s->base.dataset = set->dataset;
	s->own = *set;
	s->set = &s->own;
	fe_buf_init(&s->bytes, MAX_CELL_BYTES);
	*out = &s->base;
	FE_TRY(fe_replay_dataset_named(r, fe_str_of(set->dataset), &s->from, err));
	s->base.objects = fe_new_array(s->from->n_objects + 1, struct fe_object);
	s->base.n_objects = s->base.cap_objects = s->from->n_objects;
	for (size_t i = 0; i < s->from->n_objects; i++) {
		s->base.objects[i].id = s->from->objects[i];
		s->base.objects[i].id.path = fe_strdup(s->from->objects[i].path);
		s->base.objects[i].id.version = fe_strdup(s->from->objects[i].version);
		s->base.objects[i].complete = is_whole; /* of those that were read at first only some records are */
	}
	FE_TRY(fe_spool_rewind(s->from->spool, err));
	return fe_replay_next(s->from, &s->next, &s->has_next, err);
}
