// SPDX-License-Identifier: Apache-2.0
/* extract/api.c - records of an HTTP JSON API
 *
 * Pages come whole from api_pages; json_rows makes rows of them. A page is an object, so
 * that each row can be traced to the answer it was in.
 */
#include "extract/api.h"

#include "base/mem.h"
#include "extract/api_pages.h"
#include "extract/json_rows.h"
#include "extract/look.h"
#include "io/http.h"

struct source_api {
	struct fe_source base;
	struct fe_source_settings set; /* what it points to is borrowed */
	struct fe_api_pages *pages;
	struct fe_json_rows *rows;
	const struct fe_api_page *page; /* NULL: between pages */
	size_t n_fed;                   /* bytes of it */
	uint64_t done_bytes;
	char *location;                 /* as it may be shown, without its query */
};

static void source_api_close(struct fe_source *src);

/* "https://host/v1/orders": what the names of pages begin with. */
static char *
location_of(const char *url, const struct fe_net_settings *net)
{
	struct fe_buf shown;
	struct fe_str s = { url, strcspn(url, "?#") };

	fe_buf_init(&shown, 8192);
	fe_url_show_for(&shown, s, net);
	return fe_buf_take(&shown);
}

static enum fe_rc
source_api_open(struct fe_source **out, const struct fe_source_settings *set, struct fe_err *err)
{
	struct source_api *s = fe_new(struct source_api);
	enum fe_rc rc;

	s->base.ops = &fe_source_api;
	s->set = *set;
	s->location = location_of(set->location, &set->net);
	rc = fe_json_rows_new(&s->rows, &s->set, err);
	if (rc == FE_OK)
		rc = fe_api_pages_open(&s->pages, &s->set, err);
	if (rc) {
		source_api_close(&s->base);
		*out = NULL;
		return rc;
	}
	*out = &s->base;
	return FE_OK;
}

/* ---- pages ---- */

static enum fe_rc
read_page(void *self, void *out, size_t cap_bytes, size_t *n_bytes, struct fe_err *err)
{
	struct source_api *s = self;
	size_t n_left = s->page->body.n - s->n_fed;

	(void)err;
	*n_bytes = n_left < cap_bytes ? n_left : cap_bytes;
	memcpy(out, s->page->body.p + s->n_fed, *n_bytes);
	s->n_fed += *n_bytes;
	return FE_OK;
}

static void
begin_page(struct source_api *s)
{
	struct fe_buf name;

	fe_buf_init(&name, 8192);
	fe_buf_addf(&name, "%s#page=%llu", s->location, (unsigned long long)s->page->number + 1);
	s->base.objects = fe_grow(s->base.objects, &s->base.cap_objects, s->base.n_objects + 1, sizeof *s->base.objects);
	struct fe_object *object = &s->base.objects[s->base.n_objects++];
	*object = (struct fe_object){ .id = { .path = fe_buf_take(&name), .size_bytes = s->page->body.n } };
	memcpy(object->id.sha256, s->page->sha256, sizeof object->id.sha256);
	s->n_fed = 0;
	fe_json_rows_begin(s->rows, object->id.path);
}

static void
end_page(struct source_api *s)
{
	s->base.objects[s->base.n_objects - 1].complete = true;
	s->done_bytes += s->page->body.n;
	s->page = NULL;
}

static enum fe_rc
check_not_empty(const struct source_api *s, struct fe_err *err)
{
	const struct fe_source_window *w = &s->set.window;

	if (s->base.n_rows > 0 || s->set.allow_empty || w->since || w->until)
		return FE_OK;
	enum fe_rc rc = fe_fail(err, FE_EDATA, "the API gave no records; where that is fine, set allow_empty: true");
	fe_err_at(err, s->location, 0, NULL);
	return rc;
}

static enum fe_rc
end(struct source_api *s, struct fe_err *err)
{
	FE_TRY(check_not_empty(s, err));
	return fe_json_rows_end(s->rows, &s->base, true, err);
}

/* ---- the operations ---- */

static enum fe_rc
source_api_next(struct fe_source *src, struct fe_batch *batch, struct fe_err *err)
{
	struct source_api *s = (struct source_api *)src;
	const struct fe_json_feed feed = { .read = read_page, .self = s };
	const uint64_t limit = s->set.limit_rows;

	if (limit && src->n_rows >= limit)
		return fe_json_rows_end(s->rows, src, false, err);
	for (;;) {
		if (!s->page) {
			FE_TRY(fe_api_pages_next(s->pages, &s->page, err));
			if (!s->page)
				return end(s, err);
			begin_page(s);
		}
		FE_TRY(fe_json_rows_next(s->rows, &feed, batch, err));
		if (batch->n_rows > 0)
			break;
		end_page(s);
	}
	batch->object = (uint32_t)(src->n_objects - 1);
	if (limit && batch->n_rows > limit - src->n_rows)
		fe_batch_cut(batch, (size_t)(limit - src->n_rows));
	return FE_OK;
}

/* How many bytes there will be is not known. */
static void
source_api_progress(const struct fe_source *src, uint64_t *done_bytes, uint64_t *total_bytes)
{
	*done_bytes = ((const struct source_api *)src)->done_bytes;
	*total_bytes = 0;
}

static void
source_api_close(struct fe_source *src)
{
	struct source_api *s = (struct source_api *)src;

	fe_api_pages_close(s->pages);
	fe_json_rows_free(s->rows);
	for (size_t i = 0; i < src->n_objects; i++)
		fe_object_id_reset(&src->objects[i].id);
	fe_free(src->objects);
	fe_contract_notes_reset(&src->notes);
	fe_free(s->location);
	fe_free(s);
}

static enum fe_rc
source_api_look(struct fe_source_look *out, const struct fe_source_settings *set, struct fe_err *err)
{
	return fe_look_at_records(out, &fe_source_api, set, err);
}

const struct fe_source_ops fe_source_api = {
	.name = "api",
	.summary = "an HTTP JSON API, page by page, incrementally where it can be asked by time",
	.open = source_api_open,
	.next = source_api_next,
	.progress = source_api_progress,
	.close = source_api_close,
	.look = source_api_look,
};
