// SPDX-License-Identifier: Apache-2.0
/* extract/source.c - the only callers of the operations of a source */
#include "extract/source.h"

#include "io/session.h"

enum fe_rc
fe_source_open(struct fe_source **out, const struct fe_source_ops *ops,
	       const struct fe_source_settings *set, struct fe_err *err)
{
	struct fe_source_settings own = *set;
	struct fe_session *session = own.net.session ? NULL : fe_session_new();
	*out = NULL;
	if (session)
		own.net.session = session; /* the objects of a source share their connections */
	enum fe_rc rc = ops->open(out, &own, err);
	if (rc) {
		fe_session_free(session);
		fe_err_context(err, "data set %s", set->dataset);
		return rc;
	}
	FE_ASSERT(*out && (*out)->ops == ops);
	(*out)->session = session;
	(*out)->dataset = set->dataset;
	return FE_OK;
}

enum fe_rc
fe_source_next(struct fe_source *src, struct fe_batch *batch, struct fe_err *err)
{
	fe_batch_clear(batch);
	enum fe_rc rc = src->ops->next(src, batch, err);
	if (rc) {
		batch->n_rows = 0;
		fe_err_context(err, "data set %s", src->dataset);
		return rc;
	}
	FE_ASSERT(batch->n_rows <= FE_BATCH_ROWS);
	if (batch->n_rows > 0) {
		FE_ASSERT(batch->object < src->n_objects);
		src->objects[batch->object].n_records += batch->n_rows;
		src->n_rows += batch->n_rows;
		batch->object_name = src->objects[batch->object].id.path;
	}
	return FE_OK;
}

void
fe_source_progress(const struct fe_source *src, uint64_t *done_bytes, uint64_t *total_bytes)
{
	src->ops->progress(src, done_bytes, total_bytes);
}

void
fe_source_close(struct fe_source *src)
{
	if (!src)
		return;
	struct fe_session *session = src->session;
	src->ops->close(src);
	fe_session_free(session);
}

/* ---- marks ---- */

void
fe_source_mark(const struct fe_source *src, size_t object, struct fe_source_mark *mark)
{
	mark->n_rows = src->n_rows;
	mark->n_objects = src->n_objects;
	mark->object = object;
	if (object < src->n_objects)
		mark->then = src->objects[object];
	fe_contract_notes_mark(&src->notes, &mark->columns);
}

/* All but path, version and trailer. The version is known when an object is begun, and stays. */
static void
set_state(struct fe_object *o, const struct fe_object *state)
{
	o->id.size_bytes = state->id.size_bytes;
	o->id.mtime_us = state->id.mtime_us;
	memcpy(o->id.sha256, state->id.sha256, sizeof o->id.sha256);
	o->n_records = state->n_records;
	o->skipped = state->skipped;
	o->complete = state->complete;
	memcpy(o->notes, state->notes, sizeof o->notes);
}

/* Its size was known before it was begun. */
static void
unbegin(struct fe_object *o)
{
	const struct fe_object state = { .id.size_bytes = o->id.size_bytes };
	set_state(o, &state);
	fe_free(o->id.version);
	o->id.version = NULL;
}

void
fe_source_back_to(struct fe_source *src, const struct fe_source_mark *mark)
{
	for (; src->n_objects > mark->n_objects; src->n_objects--) {
		fe_object_id_reset(&src->objects[src->n_objects - 1].id);
		fe_free(src->objects[src->n_objects - 1].trailer);
	}
	if (mark->object < src->n_objects)
		set_state(&src->objects[mark->object], &mark->then);
	for (size_t i = mark->object + 1; i < src->n_objects; i++)
		unbegin(&src->objects[i]);
	src->n_rows = mark->n_rows;
	fe_contract_notes_back_to(&src->notes, &mark->columns);
}

void
fe_source_mark_reset(struct fe_source_mark *mark)
{
	fe_contract_mark_reset(&mark->columns);
	*mark = (struct fe_source_mark){ 0 };
}

/* ---- looking ---- */

enum fe_rc
fe_source_look(struct fe_source_look *out, const struct fe_source_ops *ops, const struct fe_source_settings *set,
	       struct fe_err *err)
{
	struct fe_source_settings own = *set;
	struct fe_session *session = own.net.session ? NULL : fe_session_new();
	*out = (struct fe_source_look){ 0 };
	if (session)
		own.net.session = session;
	enum fe_rc rc = ops->look(out, &own, err);
	fe_session_free(session);
	if (rc)
		fe_err_context(err, "data set %s", set->dataset);
	return rc;
}

void
fe_source_look_add(struct fe_source_look *look, struct fe_str name, const char *type, bool is_value)
{
	for (size_t i = 0; i < look->n_columns; i++)
		if (fe_str_is(name, look->columns[i].name)) {
			look->columns[i].is_value &= is_value;
			return;
		}
	if (look->n_columns == FE_MAX_COLUMNS) {
		look->has_more = true;
		return;
	}
	look->columns = fe_grow(look->columns, &look->cap_columns, look->n_columns + 1, sizeof *look->columns);
	look->columns[look->n_columns++] = (struct fe_source_column_found){
		.name = fe_arena_copy(&look->arena, name.p, name.n),
		.type = fe_arena_copy(&look->arena, type, strlen(type)),
		.is_value = is_value,
	};
}

void
fe_source_look_reset(struct fe_source_look *look)
{
	fe_free(look->columns);
	fe_arena_free(&look->arena);
	*look = (struct fe_source_look){ 0 };
}

const char *
fe_object_note_name(enum fe_object_note note)
{
	static const char *const names[] = {
#define FE_X(name, text) [FE_NOTE_##name] = text,
		FE_OBJECT_NOTE_MAP(FE_X)
#undef FE_X
	};
	return names[note];
}
