// SPDX-License-Identifier: Apache-2.0
/* pipeline/draft_names.c - names that SQL takes, of what people call things; and paths */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "pipeline/draft_private.h"
#include "pipeline/evolve.h"

#define NAME_BYTES 64
#define MAX_NAME_BYTES 48 /* room for what is put before and behind it */

static const char *
keep(struct fe_draft_work *w, const char *text)
{
	return fe_arena_copy(&w->arena, text, strlen(text));
}

/* Letters of Latin-1 without their marks. */
static char
plain_letter(uint32_t code)
{
	static const char letters[] = "AAAAAAACEEEEIIIIDNOOOOO_OUUUUYTsaaaaaaaceeeeiiiidnooooo_ouuuuyty";
	return code >= 0xC0 && code <= 0xFF ? letters[code - 0xC0] : '_';
}

static bool
is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool
is_lower(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* "VendorID" as Vendor_ID, "GrößeX" as Grose_X. */
static void
split_words(struct fe_buf *out, struct fe_str from)
{
	for (size_t i = 0; i < from.n;) {
		const struct fe_str rest = { from.p + i, from.n - i };
		uint32_t code = 0;
		const size_t n = (unsigned char)from.p[i] < 0x80 ? 1 : fe_utf8_decode(rest, &code);
		const char c = (unsigned char)from.p[i] < 0x80 ? from.p[i] : plain_letter(code);
		const char before = i ? from.p[i - 1] : '_', behind = i + 1 < from.n ? from.p[i + 1] : '_';
		if (is_upper(c) && (is_lower(before) || (is_upper(before) && behind >= 'a' && behind <= 'z')))
			fe_buf_add_char(out, '_');
		fe_buf_add_char(out, c);
		i += n ? n : 1;
	}
}

/* What is left of a name; "" where that is nothing. */
static void
make_name(struct fe_str from, char *out)
{
	struct fe_buf words;

	fe_buf_init(&words, 64 * 1024);
	split_words(&words, from);
	if (!fe_evolve_name(fe_buf_str(&words), out) || strspn(out, "_0123456789") == strlen(out))
		out[0] = '\0';
	out[MAX_NAME_BYTES] = '\0';
	fe_buf_reset(&words);
}

static bool
is_reserved(const char *name)
{
	const size_t n = strlen(name);
	return strcmp(name, "processed_at") == 0 || strcmp(name, "created_at") == 0 || strcmp(name, "updated_at") == 0 ||
	       strncmp(name, "etl_", 4) == 0 || (n > 6 && strcmp(name + n - 6, "_minor") == 0);
}

static bool
is_taken(const struct fe_draft_dataset *d, const char *name)
{
	for (size_t i = 0; i < d->n_columns; i++)
		if (!d->columns[i].is_probe && strcmp(d->columns[i].name, name) == 0)
			return true;
	return false;
}

const char *
fe_draft_column_name(struct fe_draft_work *w, const struct fe_draft_dataset *d, struct fe_str from, size_t index)
{
	char name[NAME_BYTES], own[2 * NAME_BYTES];

	make_name(from, name);
	if (name[0] == '\0')
		(void)snprintf(name, sizeof name, "column_%zu", index + 1);
	(void)snprintf(own, sizeof own, "%s%s", is_reserved(name) ? "source_" : "", name);
	if (is_reserved(own)) /* source_x_minor */
		own[strlen(own) - 6] = '\0';
	const size_t n = strlen(own);
	for (unsigned i = 2; is_taken(d, own); i++)
		(void)snprintf(own + n, sizeof own - n, "_%u", i);
	return keep(w, own);
}

/* The last part of a path or URL, without what tells its format and packing. */
static struct fe_str
stem_of(const char *location)
{
	struct fe_str s = { location, strcspn(location, "?#") };
	const char *slash = memrchr(s.p, '/', s.n);

	if (slash)
		s = (struct fe_str){ slash + 1, s.n - (size_t)(slash + 1 - s.p) };
	const char *dot = memchr(s.p, '.', s.n);
	return dot && dot > s.p ? (struct fe_str){ s.p, (size_t)(dot - s.p) } : s;
}

static bool
is_dataset(const struct fe_draft_work *w, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(w->datasets[i].name, name) == 0)
			return true;
	return false;
}

void
fe_draft_dataset_names(struct fe_draft_work *w, size_t dataset)
{
	char name[NAME_BYTES], own[NAME_BYTES + 8];

	make_name(stem_of(w->datasets[dataset].location), name);
	(void)snprintf(own, sizeof own, "%s", name[0] ? name : "records");
	const size_t n = strlen(own);
	for (unsigned i = 2; is_dataset(w, dataset, own); i++)
		(void)snprintf(own + n, sizeof own - n, "_%u", i);
	w->datasets[dataset].name = w->datasets[dataset].target = keep(w, own);
}

/* ---- where it is ---- */

static bool
is_url(const char *location)
{
	return strstr(location, "://") != NULL;
}

/* The canonical folder of a path; false: there is none. */
static bool
folder_of(const char *path, char out[PATH_MAX])
{
	char folder[PATH_MAX];
	const char *slash = strrchr(path, '/');
	const size_t n = slash ? (size_t)(slash - path) + 1 : 0;

	if (n >= sizeof folder)
		return false;
	memcpy(folder, path, n);
	folder[n] = '\0';
	return realpath(n ? folder : ".", out) != NULL;
}

const char *
fe_draft_place(struct fe_draft_work *w)
{
	const char *path = w->set->path ? w->set->path : "pipeline.yaml";
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX];
	struct fe_buf place;

	fe_buf_init(&place, 2 * PATH_MAX);
	if (folder_of(path, folder))
		fe_buf_addf(&place, "%s%s%s", folder, folder[1] ? "/" : "", slash ? slash + 1 : path);
	else
		fe_buf_add_text(&place, path); /* the folder is missed when it is written */
	const char *kept = keep(w, fe_buf_text(&place));
	fe_buf_reset(&place);
	return kept;
}

/* From one folder to another, both canonical: "../data/". */
static void
add_way(struct fe_buf *out, const char *from, const char *to)
{
	size_t same = 0;

	for (size_t i = 0;; i++) {
		const bool from_ends = from[i] == '\0' || from[i] == '/', to_ends = to[i] == '\0' || to[i] == '/';
		if (from_ends && to_ends)
			same = i;
		if (from[i] != to[i] || from[i] == '\0')
			break;
	}
	for (const char *p = from + same; *p; p++)
		if (*p == '/' && p[1])
			fe_buf_add_text(out, "../");
	const char *rest = to + same + (to[same] == '/');
	if (*rest) {
		fe_buf_add_text(out, rest);
		fe_buf_add_char(out, '/');
	}
}

const char *
fe_draft_location(struct fe_draft_work *w, const char *location)
{
	char from[PATH_MAX], to[PATH_MAX];
	struct fe_buf path, out;

	fe_buf_init(&path, 2 * PATH_MAX);
	fe_buf_init(&out, 4 * PATH_MAX);
	const char *slash = strrchr(location, '/');
	if (!is_url(location) && location[0] != '/' && w->set->path && folder_of(w->set->path, from) && folder_of(location, to)) {
		add_way(&path, from, to);
		fe_buf_add_text(&path, slash ? slash + 1 : location);
	} else {
		fe_buf_add_text(&path, location);
	}
	for (const char *p = fe_buf_text(&path); *p; p++) {
		if (*p == '{')
			fe_buf_add_char(&out, '{');
		fe_buf_add_char(&out, *p);
	}
	const char *kept = keep(w, fe_buf_text(&out));
	fe_buf_reset(&path);
	fe_buf_reset(&out);
	return kept;
}
