// SPDX-License-Identifier: Apache-2.0
/* pipeline/step_raw.c - see pipeline/step_raw.h */
#include "pipeline/step_raw.h"

#include <stdio.h>

#include "base/decimal.h"
#include "base/json.h"
#include "base/stop.h"
#include "io/folder.h"

#define MAX_MANIFEST_BYTES ((size_t)1 << 30)
#define MAX_NAME_BYTES 80

void
fe_step_raw_init(struct fe_step_raw *raw, struct fe_step *step, const struct fe_plan_dataset *d)
{
	*raw = (struct fe_step_raw){ .step = step, .dataset = d };
}

void
fe_step_raw_reset(struct fe_step_raw *raw)
{
	fe_free(raw->objects);
	fe_free(raw->asides);
	fe_arena_free(&raw->arena);
	*raw = (struct fe_step_raw){ 0 };
}

static const char *
copy(struct fe_step_raw *raw, const char *text)
{
	return text ? fe_arena_copy(&raw->arena, text, strlen(text)) : NULL;
}

/* A name of a source may be anything; that of a file here is plain. */
const char *
fe_step_raw_name(struct fe_step_raw *raw, size_t number, struct fe_str name)
{
	struct fe_buf path;

	fe_buf_init(&path, SIZE_MAX / 2);
	fe_buf_addf(&path, "raw/%s/%05zu-", raw->dataset->name, number);
	for (size_t i = 0; i < name.n && i < MAX_NAME_BYTES; i++) {
		char c = name.p[i];
		bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("._-", c);
		fe_buf_add_char(&path, c && is_plain ? c : '_');
	}
	const char *out = copy(raw, fe_buf_text(&path));
	fe_buf_reset(&path);
	return out;
}

void
fe_step_raw_add(struct fe_step_raw *raw, const struct fe_kept_object *o, const struct fe_step_file *aside)
{
	raw->objects = fe_grow(raw->objects, &raw->cap_objects, raw->n_objects + 1, sizeof *raw->objects);
	raw->asides = fe_grow(raw->asides, &raw->cap_asides, raw->n_objects + 1, sizeof *raw->asides);
	struct fe_kept_object *to = &raw->objects[raw->n_objects];
	*to = *o;
	to->id.path = (char *)(uintptr_t)copy(raw, o->id.path);
	to->id.version = (char *)(uintptr_t)copy(raw, o->id.version);
	to->stored = o->stored ? copy(raw, fe_step_path(raw->step, o->stored)) : NULL;
	to->aside = aside ? copy(raw, fe_step_path(raw->step, o->aside)) : NULL;
	raw->asides[raw->n_objects++] = aside ? *aside : (struct fe_step_file){ 0 };
}

/* ---- writing ---- */

static const char *
last_part(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;
	return slash ? slash + 1 : path;
}

static const char *
manifest_of(const struct fe_step_raw *raw, struct fe_buf *name)
{
	fe_buf_init(name, SIZE_MAX / 2);
	fe_buf_addf(name, "raw/%s/manifest.ndjson", raw->dataset->name);
	return fe_buf_text(name);
}

static void
write_object(struct fe_buf *out, const struct fe_kept_object *o, const struct fe_step_file *aside)
{
	struct fe_json j;

	fe_json_init(&j, out, 0);
	fe_json_object(&j, NULL);
	fe_json_text(&j, "stored", last_part(o->stored));
	fe_json_text(&j, "aside", last_part(o->aside));
	if (o->aside) {
		fe_json_i64(&j, "aside_size", (int64_t)aside->size_bytes);
		fe_json_text(&j, "aside_sha256", aside->sha256);
	}
	fe_json_i64(&j, "size", (int64_t)o->id.size_bytes);
	fe_json_text(&j, "sha256", o->id.sha256);
	fe_json_text(&j, "path", o->id.path);
	fe_json_i64(&j, "mtime_us", o->id.mtime_us);
	fe_json_text(&j, "version", o->id.version);
	fe_json_object_end(&j);
	fe_buf_add_char(out, '\n');
}

enum fe_rc
fe_step_raw_write(struct fe_step_raw *raw, struct fe_step_file *file, struct fe_err *err)
{
	struct fe_buf text, name;
	struct fe_json j;

	fe_buf_init(&text, MAX_MANIFEST_BYTES);
	fe_json_init(&j, &text, 0);
	fe_json_object(&j, NULL);
	fe_json_text(&j, "dataset", raw->dataset->name);
	fe_json_text(&j, "source", raw->dataset->source->name);
	fe_json_text(&j, "since", raw->since);
	fe_json_text(&j, "until", raw->until);
	fe_json_object_end(&j);
	fe_buf_add_char(&text, '\n');
	for (size_t i = 0; i < raw->n_objects; i++)
		write_object(&text, &raw->objects[i], &raw->asides[i]);
	file->path = copy(raw, manifest_of(raw, &name));
	enum fe_rc rc = fe_buf_check(&text, "the manifest of the objects", err);
	if (rc == FE_OK)
		rc = fe_step_write_file(fe_step_path(raw->step, file->path), &raw->step->net, fe_buf_str(&text), file, err);
	fe_buf_reset(&name);
	fe_buf_reset(&text);
	return rc;
}

/* ---- reading ---- */

/* NULL where it is null; *ok false where it is no text. */
static const char *
text_of(struct fe_step_raw *raw, const struct fe_json_value *v, bool *ok)
{
	if (fe_json_is(v, FE_JSON_STRING))
		return fe_arena_copy(&raw->arena, v->text.p, v->text.n);
	*ok = *ok && fe_json_is(v, FE_JSON_NULL);
	return NULL;
}

static int64_t
number_of(const struct fe_json_value *v, int64_t least, bool *ok)
{
	int64_t n = 0;
	*ok = *ok && fe_json_is(v, FE_JSON_NUMBER) && fe_int_parse(v->text, &n) == FE_DECIMAL_OK && n >= least;
	return n;
}

static void
hash_of(const struct fe_json_value *v, char out[FE_SHA256_HEX_BYTES], bool *ok)
{
	*ok = *ok && fe_json_is(v, FE_JSON_STRING) && v->text.n < FE_SHA256_HEX_BYTES;
	if (*ok && v->text.n)
		memcpy(out, v->text.p, v->text.n);
}

/* The name of a file beside the manifest: no way leads out of the folder. */
static const char *
name_of(struct fe_step_raw *raw, const struct fe_json_value *v, bool *ok)
{
	const char *name = text_of(raw, v, ok);
	struct fe_buf path;

	if (!name)
		return NULL;
	*ok = *ok && name[0] && name[0] != '.' && !strchr(name, '/');
	fe_buf_init(&path, SIZE_MAX / 2);
	fe_buf_addf(&path, "raw/%s/%s", raw->dataset->name, name);
	name = copy(raw, fe_buf_text(&path));
	fe_buf_reset(&path);
	return name;
}

static bool
take_object(struct fe_step_raw *raw, const struct fe_json_value *v)
{
	struct fe_kept_object o = { 0 };
	struct fe_step_file aside = { 0 };
	bool ok = true;

	o.stored = name_of(raw, fe_json_get(v, "stored"), &ok);
	o.aside = name_of(raw, fe_json_get(v, "aside"), &ok);
	o.id.size_bytes = (uint64_t)number_of(fe_json_get(v, "size"), 0, &ok);
	hash_of(fe_json_get(v, "sha256"), o.id.sha256, &ok);
	o.id.path = (char *)(uintptr_t)text_of(raw, fe_json_get(v, "path"), &ok);
	o.id.mtime_us = number_of(fe_json_get(v, "mtime_us"), INT64_MIN, &ok);
	o.id.version = (char *)(uintptr_t)text_of(raw, fe_json_get(v, "version"), &ok);
	if (o.aside) {
		aside.size_bytes = (uint64_t)number_of(fe_json_get(v, "aside_size"), 0, &ok);
		hash_of(fe_json_get(v, "aside_sha256"), aside.sha256, &ok);
	}
	if (ok && o.id.path)
		fe_step_raw_add(raw, &o, o.aside ? &aside : NULL);
	return ok && o.id.path;
}

static bool
take_head(struct fe_step_raw *raw, const struct fe_json_value *v)
{
	bool ok = true;
	const char *dataset = text_of(raw, fe_json_get(v, "dataset"), &ok), *source = text_of(raw, fe_json_get(v, "source"), &ok);

	raw->since = text_of(raw, fe_json_get(v, "since"), &ok);
	raw->until = text_of(raw, fe_json_get(v, "until"), &ok);
	return ok && dataset && source && strcmp(dataset, raw->dataset->name) == 0 && strcmp(source, raw->dataset->source->name) == 0;
}

static bool
take_lines(struct fe_step_raw *raw, struct fe_str text)
{
	struct fe_arena arena = { 0 };
	bool is_head = true, ok = text.n > 0 && text.p[text.n - 1] == '\n';

	while (ok && text.n) {
		const char *end = memchr(text.p, '\n', text.n);
		struct fe_str line = { text.p, (size_t)(end - text.p) };
		struct fe_err why = FE_ERR_INIT;
		const struct fe_json_value *v;
		fe_arena_reset(&arena);
		ok = fe_json_parse(line, &arena, &v, &why) == FE_OK && (is_head ? take_head(raw, v) : take_object(raw, v));
		is_head = false;
		text = (struct fe_str){ end + 1, text.n - line.n - 1 };
	}
	fe_arena_free(&arena);
	return ok;
}

enum fe_rc
fe_step_raw_read(struct fe_step_raw *raw, bool *found, struct fe_err *err)
{
	struct fe_buf text, name;
	const char *path = fe_step_path(raw->step, manifest_of(raw, &name));

	fe_buf_init(&text, MAX_MANIFEST_BYTES);
	enum fe_rc rc = fe_step_read_file(path, &raw->step->net, MAX_MANIFEST_BYTES, &text, found, err);
	if (rc == FE_OK && *found && !take_lines(raw, fe_buf_str(&text))) {
		rc = fe_fail(err, FE_ECONFLICT, "this is no manifest of data set '%s' as extract writes it; extract again, into another folder",
			     raw->dataset->name);
		fe_err_at(err, path, 0, NULL);
	}
	fe_buf_reset(&name);
	fe_buf_reset(&text);
	return rc;
}

enum fe_rc
fe_step_raw_check(struct fe_step_raw *raw, struct fe_err *err)
{
	const size_t n_dir = strlen(raw->step->dir) + 1;

	for (size_t i = 0; i < raw->n_objects; i++) {
		const struct fe_kept_object *o = &raw->objects[i];
		struct fe_step_file file = { .path = o->stored ? o->stored + n_dir : NULL, .size_bytes = o->id.size_bytes };
		FE_TRY(fe_stop_check(err));
		if (!o->stored)
			continue;
		memcpy(file.sha256, o->id.sha256, sizeof file.sha256);
		FE_TRY(fe_step_check_file(raw->step, &file, err));
		if (!o->aside)
			continue;
		file = raw->asides[i];
		file.path = o->aside + n_dir;
		FE_TRY(fe_step_check_file(raw->step, &file, err));
	}
	return FE_OK;
}
