// SPDX-License-Identifier: Apache-2.0
/* extract/api_pages.c - a ring of pages between the thread that fetches and the caller
 *
 * The client, the pager and the reader are the thread's alone; only cancelling the client
 * is not.
 */
#include "extract/api_pages.h"

#include <pthread.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/ring.h"
#include "extract/api_next.h"
#include "extract/api_pager.h"
#include "extract/api_signer.h"
#include "extract/kept.h"
#include "extract/json_rows.h"
#include "format/encoding.h"
#include "format/json_reader.h"

#define N_SLOTS (FE_API_PAGES_AHEAD + 1) /* one is the caller's */
#define SKIM_ROWS 1024

enum { ASIDE_NEXT, ASIDE_PARENT, ASIDE_TOTAL, N_ASIDE };

struct slot {
	struct fe_api_page page;
	struct fe_http_response response; /* its body is the page's */
	char sha256[FE_SHA256_HEX_BYTES];
	bool is_last;
	enum fe_rc rc;                    /* in the place of a page */
	struct fe_err err;
};

struct fe_api_pages {
	struct fe_source_settings set;
	struct fe_http *http;
	struct fe_api_signer *signer;
	struct fe_api_pager *pager;
	struct fe_json_reader *skim;
	int aside[N_ASIDE];   /* which of the reader's; -1: not asked for */
	char *parent;         /* of the path `next`; NULL: it has none */
	struct fe_arena arena;
	struct fe_origin *origins;
	uint8_t *flaws;
	struct fe_str *details;

	uint64_t n_kept;      /* pages read of what was kept */
	struct slot slots[N_SLOTS];
	size_t next;          /* the caller's next slot */
	bool has_thread, has_ended;
	pthread_t thread;
	struct fe_ring ring;
};

/* ---- one page, by the thread ---- */

/* A login page is no JSON, whatever its status says. */
static enum fe_rc
check_content(const struct fe_http_response *r, struct fe_err *err)
{
	const char *type = fe_http_headers_get(&r->headers, "Content-Type");
	struct fe_str body = fe_buf_str(&r->body);
	enum fe_encoding encoding = fe_encoding_guess(body);
	size_t i = 0;

	if (encoding != FE_UTF_8)
		return fe_fail(err, FE_EDATA, "the API answered in %s, and JSON is UTF-8",
			       encoding == FE_UTF_16LE || encoding == FE_UTF_16BE ? "UTF-16" : "UTF-32");
	while (i < body.n && strchr(" \t\r\n", body.p[i]))
		i++;
	if (i == body.n)
		return fe_fail(err, FE_EDATA, "the API answered with an empty body");
	if (body.p[i] == '<')
		return fe_fail(err, FE_EDATA, "the API answered with a web page (type %s), not with JSON; a login page?",
			       type ? type : "unknown");
	return FE_OK;
}

/* Reads all of it, keeping nothing but where the records are, how many, and what stands beside them. */
static enum fe_rc
skim(struct fe_api_pages *p, struct slot *s, struct fe_str *records, struct fe_err *err)
{
	struct fe_json_fill rows = {
		.origin = p->origins, .flaws = p->flaws, .details = p->details, .cap_rows = SKIM_ROWS,
	};
	const char *end = NULL;

	fe_json_reader_begin(p->skim);
	*records = (struct fe_str){ 0 };
	fe_arena_reset(&p->arena);
	fe_json_reader_feed(p->skim, s->page.body, 0, true, &p->arena);
	do {
		rows.n_rows = 0;
		FE_TRY(fe_json_reader_fill(p->skim, &rows, err));
		if (rows.n_rows && !records->p)
			records->p = p->origins[0].raw.p;
		if (rows.n_rows)
			end = p->origins[rows.n_rows - 1].raw.p + p->origins[rows.n_rows - 1].raw.n;
		s->page.n_records += rows.n_rows;
	} while (rows.n_rows == SKIM_ROWS);
	if (!fe_json_reader_has_records(p->skim))
		return fe_fail(err, FE_EDATA, "the page has nothing at '%s', where its records should be",
			       p->set.json->records ? p->set.json->records : "");
	if (end)
		records->n = (size_t)(end - records->p);
	return FE_OK;
}

/* Absent and null are an answer; what is something else than a value must not be taken for the end. */
static enum fe_rc
take_aside(const struct fe_api_pages *p, int which, const char *path, struct fe_str *out, struct fe_err *err)
{
	*out = (struct fe_str){ 0 };
	if (p->aside[which] < 0)
		return FE_OK;
	const size_t index = (size_t)p->aside[which];
	if (fe_json_reader_aside_is_container(p->skim, index))
		return fe_fail(err, FE_EDATA, "what stands at '%s' is an object or an array, and a text or a number is wanted", path);
	*out = fe_json_reader_aside(p->skim, index);
	return FE_OK;
}

/* A path that leads nowhere would make the first page the only one. */
static enum fe_rc
check_next(const struct fe_api_pages *p, const struct slot *s, struct fe_str total, struct fe_err *err)
{
	const struct fe_api_settings *api = p->set.api;
	const bool is_only = api->page_size && s->page.n_records < api->page_size;

	if (!p->parent || s->page.number > 0 || s->page.n_records == 0 || is_only || total.p)
		return FE_OK;
	const size_t parent = (size_t)p->aside[ASIDE_PARENT];
	if (fe_json_reader_aside_is_met(p->skim, parent) && !fe_json_reader_aside(p->skim, parent).p) /* null, or with names in it */
		return FE_OK;
	return fe_api_next_check(api->next, s->page.body, err);
}

static enum fe_rc
take_answer(struct fe_api_pages *p, struct slot *s, struct fe_err *err)
{
	static const char padding[FE_JSON_PADDING];
	const size_t n_bytes = s->response.body.n_bytes;
	struct fe_str records, next, total;

	FE_TRY(check_content(&s->response, err));
	fe_sha256_of(fe_buf_str(&s->response.body), s->sha256);
	fe_buf_add(&s->response.body, padding, sizeof padding);
	FE_TRY(fe_buf_check(&s->response.body, "a page", err));
	s->page.body = (struct fe_str){ s->response.body.p, n_bytes };
	s->page.sha256 = s->sha256;
	FE_TRY(skim(p, s, &records, err));
	FE_TRY(take_aside(p, ASIDE_NEXT, p->set.api->next, &next, err));
	FE_TRY(take_aside(p, ASIDE_TOTAL, p->set.api->total, &total, err));
	FE_TRY(check_next(p, s, total, err));
	const struct fe_api_page_facts facts = {
		.headers = &s->response.headers,
		.n_records = s->page.n_records,
		.records = records,
		.next = next,
		.total = total,
	};
	return fe_api_pager_step(p->pager, &facts, &s->is_last, err);
}

static enum fe_rc
fetch_page(struct fe_api_pages *p, struct slot *s, struct fe_err *err)
{
	const struct fe_api_place *place = fe_api_pager_place(p->pager);
	struct fe_api_request request;

	s->page = (struct fe_api_page){ .number = place->number };
	FE_TRY(fe_api_request_make(&request, &p->set, place, err));
	request.http.signer = fe_api_signer_get(p->signer);
	enum fe_rc rc = fe_http_fetch(p->http, &request.http, &s->response, err);
	if (rc == FE_OK)
		rc = take_answer(p, s, err);
	if (rc) {
		struct fe_buf shown;
		fe_buf_init(&shown, sizeof err->object);
		fe_url_show_for(&shown, fe_buf_str(&request.url), &p->set.net);
		fe_err_at(err, fe_buf_text(&shown), 0, NULL);
		fe_err_context(err, "page %llu", (unsigned long long)s->page.number + 1);
		fe_buf_reset(&shown);
	}
	fe_api_request_reset(&request);
	return rc;
}

/* ---- the thread ---- */

static void *
fetch_ahead(void *ctx)
{
	struct fe_api_pages *p = ctx;
	for (size_t i = 0; fe_ring_wait_for_room(&p->ring); i = (i + 1) % N_SLOTS) {
		struct slot *s = &p->slots[i];
		s->rc = fetch_page(p, s, &s->err);
		bool is_over = s->rc != FE_OK || s->is_last;
		fe_ring_add(&p->ring);
		if (is_over)
			break;
	}
	return NULL;
}

/* ---- the caller ---- */

static enum fe_rc
make_skim(struct fe_api_pages *p, struct fe_err *err)
{
	const char *paths[N_ASIDE];
	struct fe_json_wants wants = { .records = p->set.json->records, .aside = paths };
	const char *next = p->set.api->paging == FE_PAGING_NEXT_URL || p->set.api->paging == FE_PAGING_CURSOR
				   ? p->set.api->next : NULL;

	p->aside[ASIDE_NEXT] = next ? (int)wants.n_aside : -1;
	if (next)
		paths[wants.n_aside++] = next;
	p->parent = next ? fe_api_next_parent(next) : NULL;
	p->aside[ASIDE_PARENT] = p->parent ? (int)wants.n_aside : -1;
	if (p->parent)
		paths[wants.n_aside++] = p->parent;
	p->aside[ASIDE_TOTAL] = p->set.api->total ? (int)wants.n_aside : -1;
	if (p->set.api->total)
		paths[wants.n_aside++] = p->set.api->total;
	p->origins = fe_new_array(SKIM_ROWS, struct fe_origin);
	p->flaws = fe_new_array(SKIM_ROWS, uint8_t);
	p->details = fe_new_array(SKIM_ROWS, struct fe_str);
	return fe_json_reader_new(&p->skim, &wants, err);
}

enum fe_rc
fe_api_pages_open(struct fe_api_pages **out, const struct fe_source_settings *set, struct fe_err *err)
{
	struct fe_api_pages *p = fe_new(struct fe_api_pages);
	const struct fe_clock *clock = set->clock ? set->clock : &fe_clock_system;
	enum fe_rc rc;

	p->set = *set;
	fe_ring_init(&p->ring, N_SLOTS);
	rc = make_skim(p, err);
	if (rc == FE_OK && set->kept) {
		*out = p; /* nobody is asked */
		return FE_OK;
	}
	if (rc == FE_OK)
		rc = fe_http_new(&p->http, &p->set.net, clock, err);
	if (rc == FE_OK)
		rc = fe_api_signer_new(&p->signer, &p->set, p->http, clock, err);
	if (rc) {
		fe_api_pages_close(p);
		return rc;
	}
	p->pager = fe_api_pager_new(&p->set);
	*out = p;
	return FE_OK;
}

/* ---- pages that were kept ---- */

/* A page is small enough to be held: it was, when it came. */
static enum fe_rc
read_body(struct fe_buf *body, const struct fe_kept_object *kept, const struct fe_net_settings *net, struct fe_err *err)
{
	struct fe_reader *in;
	size_t n_read;

	fe_buf_clear(body);
	if (kept->id.size_bytes > SIZE_MAX / 2 - FE_JSON_PADDING || !fe_buf_reserve(body, (size_t)kept->id.size_bytes + FE_JSON_PADDING))
		return fe_buf_check(body, "a page", err);
	FE_TRY(fe_reader_open(&in, kept->stored, net, err));
	enum fe_rc rc = fe_reader_read(in, body->p, (size_t)kept->id.size_bytes + 1, &n_read, err);
	if (rc == FE_OK)
		rc = fe_kept_check(kept, n_read, fe_reader_identity(in)->sha256, err);
	fe_reader_close(in);
	if (rc)
		return rc;
	memset(body->p + n_read, 0, FE_JSON_PADDING);
	body->n_bytes = n_read;
	return FE_OK;
}

static enum fe_rc
next_kept(struct fe_api_pages *p, const struct fe_api_page **page, struct fe_err *err)
{
	const struct fe_kept *kept = p->set.kept;
	struct slot *s = &p->slots[0];

	if (p->n_kept == kept->n_objects)
		return FE_OK;
	const struct fe_kept_object *object = &kept->objects[p->n_kept];
	if (!s->response.body.max_bytes)
		fe_buf_init(&s->response.body, SIZE_MAX / 2);
	FE_TRY(read_body(&s->response.body, object, kept->net, err));
	s->page = (struct fe_api_page){
		.body = fe_buf_str(&s->response.body), .sha256 = object->id.sha256, .number = p->n_kept++,
	};
	*page = &s->page;
	return FE_OK;
}

static enum fe_rc
keep_page(const struct fe_keep *keep, const struct fe_api_page *page, struct fe_err *err)
{
	FE_TRY(keep->begin(keep->ctx, err));
	return keep->bytes(keep->ctx, page->body, err);
}

/* ---- the next one ---- */

enum fe_rc
fe_api_pages_next(struct fe_api_pages *p, const struct fe_api_page **page, struct fe_err *err)
{
	*page = NULL;
	if (p->set.kept)
		return next_kept(p, page, err);
	if (p->has_ended)
		return FE_OK;
	if (!p->has_thread) {
		if (pthread_create(&p->thread, NULL, fetch_ahead, p) != 0)
			return fe_fail(err, FE_EUNAVAIL, "no thread can be started to fetch pages");
		p->has_thread = true;
	}
	fe_ring_take(&p->ring);
	struct slot *s = &p->slots[p->next];
	p->next = (p->next + 1) % N_SLOTS;
	p->has_ended = s->rc != FE_OK || s->is_last;
	if (s->rc) {
		*err = s->err;
		return s->rc;
	}
	*page = &s->page;
	return p->set.keep ? keep_page(p->set.keep, *page, err) : FE_OK;
}

void
fe_api_pages_close(struct fe_api_pages *p)
{
	if (!p)
		return;
	if (p->has_thread) {
		fe_ring_close(&p->ring);
		fe_http_cancel(p->http);
		pthread_join(p->thread, NULL);
	}
	for (size_t i = 0; i < N_SLOTS; i++)
		fe_http_response_reset(&p->slots[i].response);
	fe_api_signer_free(p->signer);
	fe_http_free(p->http);
	fe_api_pager_free(p->pager);
	fe_json_reader_free(p->skim);
	fe_arena_free(&p->arena);
	fe_free(p->origins);
	fe_free(p->flaws);
	fe_free(p->details);
	fe_free(p->parent);
	fe_ring_reset(&p->ring);
	fe_free(p);
}
