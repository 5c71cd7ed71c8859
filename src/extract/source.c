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
