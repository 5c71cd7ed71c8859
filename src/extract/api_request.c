// SPDX-License-Identifier: Apache-2.0
/* extract/api_request.c - URL, headers and body of a page's request */
#include "extract/api_request.h"

#include "base/json.h"
#include "base/mem.h"

#define MAX_URL_BYTES ((size_t)64 * 1024)
#define MAX_BODY_BYTES ((size_t)1024 * 1024)

/* ---- templates ---- */

/* What a value is written into: it must not end what it stands in. */
enum place_kind { AS_IT_IS, IN_URL, IN_JSON };

/* As the inside of a text of JSON. */
static void
add_escaped(struct fe_buf *out, struct fe_str value)
{
	struct fe_json j;
	struct fe_buf quoted;

	fe_buf_init(&quoted, MAX_BODY_BYTES);
	fe_json_init(&j, &quoted, 0);
	fe_json_str(&j, NULL, value);
	if (quoted.n_bytes > 2)
		fe_buf_add(out, quoted.p + 1, quoted.n_bytes - 2);
	fe_buf_reset(&quoted);
}

static void
add_value(struct fe_buf *out, enum place_kind kind, struct fe_str value)
{
	if (kind == IN_URL)
		fe_url_encode(out, value, false);
	else if (kind == IN_JSON)
		add_escaped(out, value);
	else
		fe_buf_add_str(out, value);
}

/* Appends the template with its marks filled in; false where one of them stands for nothing. */
static bool
fill(struct fe_buf *out, const char *template, enum place_kind kind, const struct fe_source_window *window)
{
	bool is_whole = true;
	while (*template) {
		const char *mark = strchr(template, FE_TEMPLATE_SINCE[0]);
		size_t n = mark ? (size_t)(mark - template) : strlen(template);
		fe_buf_add(out, template, n);
		template += n;
		if (!mark)
			break;
		bool is_since = strncmp(mark, FE_TEMPLATE_SINCE, strlen(FE_TEMPLATE_SINCE)) == 0;
		const char *value = is_since ? window->since : window->until;
		template += is_since ? strlen(FE_TEMPLATE_SINCE) : strlen(FE_TEMPLATE_UNTIL);
		is_whole = is_whole && value;
		if (value)
			add_value(out, kind, fe_str_of(value));
	}
	return is_whole;
}

/* ---- URL ---- */

static void
add_counted(struct fe_buf *url, const char *name, uint64_t value)
{
	char text[24];
	if (!name)
		return;
	struct fe_buf digits;
	fe_buf_init(&digits, sizeof text);
	fe_buf_addf(&digits, "%llu", (unsigned long long)value);
	fe_url_add_query(url, fe_str_of(name), fe_buf_str(&digits));
	fe_buf_reset(&digits);
}

/* What an OFFSET or PAGE request counts by. */
static uint64_t
count_of(const struct fe_api_settings *api, const struct fe_api_place *place)
{
	return api->first_page + (api->paging == FE_PAGING_OFFSET ? place->n_records : place->number);
}

static bool
is_counted(const struct fe_api_settings *api)
{
	return api->paging == FE_PAGING_OFFSET || api->paging == FE_PAGING_PAGE;
}

static void
add_query(struct fe_buf *url, const struct fe_source_settings *set, const struct fe_api_place *place)
{
	const struct fe_api_settings *api = set->api;
	struct fe_buf value;

	fe_buf_init(&value, MAX_URL_BYTES);
	for (size_t i = 0; i < api->n_query; i++) {
		fe_buf_clear(&value);
		if (fill(&value, api->query[i].value, AS_IT_IS, &set->window))
			fe_url_add_query(url, fe_str_of(api->query[i].name), fe_buf_str(&value));
	}
	fe_buf_reset(&value);
	if (strcmp(api->method, "GET") != 0)
		return; /* what pages are counted by goes into the body */
	if (place->cursor)
		fe_url_add_query(url, fe_str_of(api->param), fe_str_of(place->cursor));
	if (is_counted(api))
		add_counted(url, api->param, count_of(api, place));
	if (api->page_size)
		add_counted(url, api->size_param, api->page_size);
}

/* The API may have put it into the URL of the next page itself. */
static bool
has_parameter(struct fe_buf *url, const char *name)
{
	const size_t n = strlen(name);
	const char *at = strchr(fe_buf_text(url), '?');

	while (at) {
		at++;
		if (strncmp(at, name, n) == 0 && at[n] == '=')
			return true;
		at = strchr(at, '&');
	}
	return false;
}

static void
make_url(struct fe_buf *url, const struct fe_source_settings *set, const struct fe_api_place *place)
{
	const struct fe_api_settings *api = set->api;

	if (place->url) { /* it has its query already */
		fe_buf_add_text(url, place->url);
	} else {
		(void)fill(url, set->location, IN_URL, &set->window);
		add_query(url, set, place);
	}
	if (api->auth == FE_AUTH_API_KEY && api->secrets.query && !has_parameter(url, api->secrets.query))
		fe_url_add_query(url, fe_str_of(api->secrets.query), fe_str_of(api->secrets.token));
}

/* ---- body ---- */

/* What says which page, as members of the object that a body is. */
static void
add_members(struct fe_buf *out, const struct fe_api_settings *api, const struct fe_api_place *place)
{
	struct fe_json j;
	struct fe_buf members;

	fe_buf_init(&members, MAX_BODY_BYTES);
	fe_json_init(&j, &members, 0);
	fe_json_object(&j, NULL);
	if (place->cursor)
		fe_json_text(&j, api->param, place->cursor);
	if (is_counted(api))
		fe_json_i64(&j, api->param, (int64_t)count_of(api, place));
	if (api->page_size && api->size_param)
		fe_json_i64(&j, api->size_param, (int64_t)api->page_size);
	fe_json_object_end(&j);
	if (members.n_bytes > 2) /* without the braces */
		fe_buf_add(out, members.p + 1, members.n_bytes - 2);
	fe_buf_reset(&members);
}

static enum fe_rc
make_body(struct fe_buf *body, const struct fe_source_settings *set, const struct fe_api_place *place,
	  struct fe_err *err)
{
	const struct fe_api_settings *api = set->api;
	struct fe_buf filled;
	size_t at = 0;

	if (strcmp(api->method, "GET") == 0)
		return FE_OK;
	fe_buf_init(&filled, MAX_BODY_BYTES);
	(void)fill(&filled, api->body ? api->body : "{}", IN_JSON, &set->window);
	const char *text = fe_buf_text(&filled);
	at = strspn(text, " \t\r\n");
	if (text[at] != '{') {
		fe_buf_reset(&filled);
		return fe_fail(err, FE_EUSAGE, "the 'body' of an API is a JSON object: it begins with '{'");
	}
	size_t after = at + 1 + strspn(text + at + 1, " \t\r\n");
	fe_buf_add_char(body, '{');
	add_members(body, api, place);
	if (body->n_bytes > 1 && text[after] != '}')
		fe_buf_add_char(body, ',');
	fe_buf_add_text(body, text + after);
	fe_buf_reset(&filled);
	return FE_OK;
}

/* ---- the request ---- */

static void
make_headers(struct fe_http_headers *headers, const struct fe_source_settings *set)
{
	const struct fe_api_settings *api = set->api;
	struct fe_buf value;

	fe_buf_init(&value, MAX_URL_BYTES);
	for (size_t i = 0; i < api->n_headers; i++) {
		fe_buf_clear(&value);
		if (fill(&value, api->headers[i].value, AS_IT_IS, &set->window))
			fe_http_headers_add(headers, api->headers[i].name, fe_buf_text(&value));
	}
	fe_buf_reset(&value);
	if (!fe_http_headers_get(headers, "Accept"))
		fe_http_headers_add(headers, "Accept", "application/json");
	if (strcmp(api->method, "GET") != 0 && !fe_http_headers_get(headers, "Content-Type"))
		fe_http_headers_add(headers, "Content-Type", "application/json");
}

enum fe_rc
fe_api_request_make(struct fe_api_request *out, const struct fe_source_settings *set, const struct fe_api_place *place,
		    struct fe_err *err)
{
	*out = (struct fe_api_request){ 0 };
	fe_buf_init(&out->url, MAX_URL_BYTES);
	fe_buf_init(&out->body, MAX_BODY_BYTES);
	make_url(&out->url, set, place);
	make_headers(&out->headers, set);
	enum fe_rc rc = make_body(&out->body, set, place, err);
	if (rc == FE_OK)
		rc = fe_buf_check(&out->url, "the URL of a page", err);
	if (rc == FE_OK)
		rc = fe_buf_check(&out->body, "the body of a request", err);
	if (rc) {
		fe_api_request_reset(out);
		return rc;
	}
	out->http = (struct fe_http_request){
		.method = set->api->method,
		.url = fe_buf_text(&out->url),
		.headers = out->headers.items,
		.n_headers = out->headers.n_items,
		.body = out->body.n_bytes ? fe_buf_str(&out->body) : (struct fe_str){ 0 },
	};
	return FE_OK;
}

void
fe_api_request_reset(struct fe_api_request *r)
{
	fe_buf_reset(&r->url);
	fe_buf_reset(&r->body);
	fe_http_headers_reset(&r->headers);
}
