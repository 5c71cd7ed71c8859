// SPDX-License-Identifier: Apache-2.0
/* extract/files.c - see extract/files.h */
#include "extract/files.h"

#include <string.h>

#include "extract/kept.h"

/* What is read is what was kept of them. */
static void
init_kept(struct fe_files *f)
{
	const struct fe_kept *k = f->set->kept;
	struct fe_source *source = f->source;

	source->objects = fe_new_array(k->n_objects + 1, struct fe_object);
	source->n_objects = source->cap_objects = k->n_objects;
	for (size_t i = 0; i < k->n_objects; i++) {
		source->objects[i].id.path = fe_strdup(k->objects[i].id.path);
		source->objects[i].id.size_bytes = k->objects[i].id.size_bytes;
		f->total_bytes += k->objects[i].id.size_bytes;
	}
}

enum fe_rc
fe_files_init(struct fe_files *f, struct fe_source *source, const struct fe_source_settings *set, struct fe_err *err)
{
	struct fe_paths paths;

	*f = (struct fe_files){ .source = source, .set = set };
	if (set->kept) {
		init_kept(f);
		return FE_OK;
	}
	FE_TRY(fe_paths_expand(set->location, &set->net, &paths, err));
	source->objects = fe_new_array(paths.n_paths, struct fe_object);
	source->n_objects = source->cap_objects = paths.n_paths;
	for (size_t i = 0; i < paths.n_paths; i++) {
		uint64_t size_bytes = paths.sizes_bytes[i];
		source->objects[i].id.path = fe_strdup(paths.names[i]);
		source->objects[i].id.size_bytes = size_bytes;
		f->has_unknown_size |= size_bytes == 0;
		f->total_bytes += size_bytes;
	}
	f->is_url = paths.n_paths == 1 && strstr(set->location, "://") && strncmp(set->location, "http", 4) == 0;
	fe_paths_free(&paths);
	return FE_OK;
}

static void
reset_object(struct fe_object *object)
{
	fe_object_id_reset(&object->id);
	fe_free(object->trailer);
	object->trailer = NULL;
}

void
fe_files_reset(struct fe_files *f)
{
	fe_reader_close(f->in);
	f->in = NULL;
	for (size_t i = 0; f->source && i < f->source->n_objects; i++)
		reset_object(&f->source->objects[i]);
	if (f->source) {
		fe_free(f->source->objects);
		f->source->objects = NULL;
		f->source->n_objects = 0;
	}
}

/* The path stays where it is: batches point to it. */
static void
set_identity(struct fe_object *object, const struct fe_object_id *id)
{
	char *path = object->id.path;
	fe_free(object->id.version);
	object->id = *id;
	object->id.path = path;
	object->id.version = fe_strdup(id->version);
	object->complete = true;
}

/* What to open: of a URL, which names one object, the path is only what may be shown. */
static const char *
location_of(const struct fe_files *f)
{
	return f->is_url ? f->set->location : f->source->objects[f->object].id.path;
}

static enum fe_rc
ask_to_skip(struct fe_files *f, bool *skip, struct fe_err *err)
{
	struct fe_object *object = &f->source->objects[f->object];
	struct fe_object_id id = { 0 };
	*skip = false;
	if (!f->set->skip_object || strcmp(object->id.path, "-") == 0)
		return FE_OK;
	FE_TRY(fe_object_identify(location_of(f), &f->set->net, &id, err));
	*skip = f->set->skip_object(f->set->skip_ctx, &id);
	if (*skip) {
		set_identity(object, &id);
		object->skipped = true;
		f->done_bytes += id.size_bytes;
	}
	fe_object_id_reset(&id);
	return FE_OK;
}

/* An object that was looked at, and is read where it stands: it is what it was. */
static enum fe_rc
check_itself(const struct fe_files *f, const struct fe_kept_object *kept, struct fe_err *err)
{
	const char *version = fe_reader_identity(f->in)->version;

	if (!kept->is_itself || (version && kept->id.version && strcmp(version, kept->id.version) == 0))
		return FE_OK;
	(void)fe_fail(err, FE_EUNAVAIL, "another object has come in its place since it was looked at; try again");
	fe_err_at(err, kept->id.path, 0, NULL);
	return FE_EUNAVAIL;
}

static enum fe_rc
enter_kept(struct fe_files *f, struct fe_err *err)
{
	const struct fe_kept_object *kept = &f->set->kept->objects[f->object];
	struct fe_object *object = &f->source->objects[f->object];

	if (kept->stored) {
		object->id.mtime_us = kept->id.mtime_us;
		object->id.version = fe_strdup(kept->id.version);
		FE_TRY(fe_reader_open(&f->in, kept->stored, f->set->kept->net, err));
		fe_reader_hash_in(f->in, f->set->hashes);
		return check_itself(f, kept, err);
	}
	set_identity(object, &kept->id);
	object->skipped = true;
	f->done_bytes += kept->id.size_bytes;
	f->object++;
	return FE_OK;
}

enum fe_rc
fe_files_enter(struct fe_files *f, struct fe_err *err)
{
	bool skip;
	if (f->set->kept)
		return enter_kept(f, err);
	FE_TRY(ask_to_skip(f, &skip, err));
	if (skip) {
		f->object++;
		return FE_OK;
	}
	struct fe_object *object = &f->source->objects[f->object];
	FE_TRY(fe_reader_open(&f->in, location_of(f), &f->set->net, err));
	fe_reader_hash_in(f->in, f->set->hashes);
	/* known, should it not be read to its end */
	object->id.mtime_us = fe_reader_identity(f->in)->mtime_us;
	object->id.version = fe_strdup(fe_reader_identity(f->in)->version);
	return FE_OK;
}

void
fe_files_end(struct fe_files *f)
{
	const struct fe_object_id *read = fe_reader_identity(f->in);
	struct fe_object_id id = f->set->kept ? f->set->kept->objects[f->object].id : *read;

	/* What was read is told, so that it can be held against what should have been. */
	id.size_bytes = read->size_bytes;
	memcpy(id.sha256, read->sha256, sizeof id.sha256);
	f->done_bytes += fe_reader_stored_bytes_read(f->in);
	set_identity(&f->source->objects[f->object], &id);
	fe_reader_close(f->in);
	f->in = NULL;
	f->object++;
}

enum fe_rc
fe_files_check_not_empty(const struct fe_files *f, const char *what, struct fe_err *err)
{
	if (f->set->allow_empty || f->source->objects[f->object].n_records > 0)
		return FE_OK;
	if (fe_reader_stored_bytes_read(f->in) == 0)
		what = "is empty (0 bytes)";
	enum fe_rc rc = fe_fail(err, FE_EDATA, "the file %s; where that is fine, set allow_empty: true", what);
	fe_err_at(err, fe_files_name(f), 0, NULL);
	return rc;
}

const char *
fe_files_name(const struct fe_files *f)
{
	const char *path = f->source->objects[f->object].id.path;
	return strcmp(path, "-") == 0 ? "standard input" : path;
}

void
fe_files_progress(const struct fe_files *f, uint64_t *done_bytes, uint64_t *total_bytes)
{
	*done_bytes = f->done_bytes + (f->in ? fe_reader_stored_bytes_read(f->in) : 0);
	*total_bytes = f->has_unknown_size ? 0 : f->total_bytes;
}
