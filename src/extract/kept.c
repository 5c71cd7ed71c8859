// SPDX-License-Identifier: Apache-2.0
/* extract/kept.c - see extract/kept.h */
#include "extract/kept.h"

#include "extract/source.h"

enum fe_rc
fe_kept_check(const struct fe_kept_object *o, uint64_t size_bytes, const char *sha256, struct fe_err *err)
{
	if (size_bytes == o->id.size_bytes && (o->is_itself || strcmp(sha256, o->id.sha256) == 0))
		return FE_OK;
	(void)fe_fail(err, FE_ECONFLICT, "these are not the %llu bytes that were kept of '%s' (SHA-256 %s): they were changed; "
		      "extract again, into another folder", (unsigned long long)o->id.size_bytes, o->id.path, o->id.sha256);
	fe_err_at(err, o->stored, 0, NULL);
	return FE_ECONFLICT;
}

enum fe_rc
fe_kept_agrees(const struct fe_kept *k, const struct fe_source *source, struct fe_err *err)
{
	if (source->n_objects != k->n_objects)
		return fe_fail(err, FE_ECONFLICT, "%zu objects were kept, and %zu were read", k->n_objects, source->n_objects);
	for (size_t i = 0; i < k->n_objects; i++) {
		const struct fe_object_id *id = &source->objects[i].id;
		if (strcmp(id->path, k->objects[i].id.path) != 0)
			return fe_fail(err, FE_ECONFLICT, "'%s' was kept, and '%s' was read in its place", k->objects[i].id.path, id->path);
		FE_TRY(fe_kept_check(&k->objects[i], id->size_bytes, id->sha256, err));
	}
	return FE_OK;
}
