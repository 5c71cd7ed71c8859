// SPDX-License-Identifier: Apache-2.0
/* pipeline/planner_api.c - how an HTTP API is asked, page by page */
#include "base/text.h"
#include "extract/api.h"
#include "pipeline/planner.h"


/* A filled value of a mapping; NULL: absent, or with a mistake. */
static const char *
value_of(struct fe_planner *b, const struct fe_mapping *keys, const struct fe_node *map, const char *name)
{
	const struct fe_node *node = fe_node_get(map, name);
	const struct fe_key *key = fe_key_find(keys, fe_str_of(name));
	struct fe_str text;
	if (!node)
		return key->preset;
	return fe_planner_fill(b, key, node, &text) ? fe_planner_text(b, text) : NULL;
}

static const struct fe_api_pair *
pairs_of(struct fe_planner *b, const struct fe_node *map, const char *name, size_t *n)
{
	const struct fe_node *pairs = fe_node_get(map, name);
	const struct fe_key *key = fe_key_find(&fe_keys_api, fe_str_of(name));
	struct fe_api_pair *out = FE_PLAN_ARRAY(b, pairs ? pairs->n_children : 0, struct fe_api_pair);
	struct fe_str text;
	*n = 0;
	for (const struct fe_node *p = pairs ? pairs->first : NULL; p; p = p->next)
		if (!p->is_wrong && fe_planner_fill(b, key, p, &text))
			out[(*n)++] = (struct fe_api_pair){ fe_planner_text(b, p->key), fe_planner_text(b, text) };
	return out;
}

/* ---- pagination ---- */

static enum fe_api_paging
paging_of(struct fe_str text)
{
	const struct fe_key *by = fe_key_find(&fe_keys_pagination, FE_STR("by"));
	size_t i = 0;
	while (by->choices[i] && !fe_str_is(text, by->choices[i]))
		i++;
	return by->choices[i] ? (enum fe_api_paging)i : FE_PAGING_NONE;
}

static void
need(struct fe_planner *b, const struct fe_node *map, const char *by, const char *key, bool is_there)
{
	if (!is_there)
		fe_planner_mistake(b, map, "pagination by '%s' needs '%s'", by, key);
}

static void
build_pagination(struct fe_planner *b, struct fe_api_settings *api, const struct fe_node *map)
{
	static const struct fe_mapping *const keys = &fe_keys_pagination;
	const struct fe_node *by = fe_node_get(map, "by");
	if (!by)
		return;
	api->paging = paging_of(by->text);
	const bool is_counted = api->paging == FE_PAGING_OFFSET || api->paging == FE_PAGING_PAGE;
	api->next = value_of(b, keys, map, "next");
	api->param = value_of(b, keys, map, "param");
	api->size_param = value_of(b, keys, map, "size_param");
	if (fe_node_get(map, "size"))
		api->page_size = (uint64_t)fe_key_int(keys, map, "size");
	api->first_page = api->paging == FE_PAGING_PAGE ? 1 : 0;
	if (fe_node_get(map, "first"))
		api->first_page = (uint64_t)fe_key_int(keys, map, "first");
	api->max_pages = (uint64_t)fe_key_int(keys, map, "max_pages");
	if (api->paging == FE_PAGING_NEXT_URL || api->paging == FE_PAGING_CURSOR)
		need(b, map, by->text.p, "next", api->next);
	if (api->paging == FE_PAGING_CURSOR || is_counted)
		need(b, map, by->text.p, "param", api->param);
	if (api->paging == FE_PAGING_OFFSET)
		need(b, map, by->text.p, "size", api->page_size);
}

/* ---- authentication ---- */

static void
build_api_key(struct fe_planner *b, struct fe_api_settings *api, const struct fe_node *map)
{
	api->auth = FE_AUTH_API_KEY;
	api->secrets.token = value_of(b, &fe_keys_auth_api_key, map, "api_key");
	api->secrets.header = value_of(b, &fe_keys_auth_api_key, map, "header");
	api->secrets.query = value_of(b, &fe_keys_auth_api_key, map, "query");
	if (!api->secrets.header == !api->secrets.query)
		fe_planner_mistake(b, map, "an API key goes either into a 'header' or into the 'query'");
}

static void
build_oauth2(struct fe_planner *b, struct fe_api_settings *api, struct fe_net_settings *net, const struct fe_node *map)
{
	api->auth = FE_AUTH_OAUTH2;
	api->secrets.token_url = value_of(b, &fe_keys_auth_oauth2, map, "oauth2");
	if (api->secrets.token_url)
		fe_planner_hide(b, api->secrets.token_url, net);
	api->secrets.client_id = value_of(b, &fe_keys_auth_oauth2, map, "client_id");
	api->secrets.client_secret = value_of(b, &fe_keys_auth_oauth2, map, "client_secret");
	api->secrets.scope = value_of(b, &fe_keys_auth_oauth2, map, "scope");
	api->secrets.secret_in_body = fe_key_bool(&fe_keys_auth_oauth2, map, "secret_in_body");
}

/* Its \n, however it is quoted in YAML, is a line end. */
static const char *
sign_template(struct fe_planner *b, const char *text)
{
	struct fe_buf out;
	fe_buf_init(&out, 64 * 1024);
	for (; text && *text; text++) {
		bool is_line_end = text[0] == '\\' && text[1] == 'n';
		fe_buf_add_char(&out, is_line_end ? '\n' : *text);
		text += is_line_end;
	}
	const char *filled = fe_planner_text(b, fe_buf_str(&out));
	fe_buf_reset(&out);
	return filled;
}

static void
build_hmac(struct fe_planner *b, struct fe_api_settings *api, const struct fe_node *map)
{
	api->auth = FE_AUTH_HMAC;
	api->secrets.secret = value_of(b, &fe_keys_auth_hmac, map, "hmac");
	api->secrets.signature_header = value_of(b, &fe_keys_auth_hmac, map, "header");
	api->secrets.timestamp_header = value_of(b, &fe_keys_auth_hmac, map, "timestamp_header");
	api->secrets.sign = sign_template(b, value_of(b, &fe_keys_auth_hmac, map, "sign"));
}

static void
build_auth(struct fe_planner *b, struct fe_api_settings *api, struct fe_net_settings *net, const struct fe_node *map)
{
	const struct fe_mapping *kind = fe_keys_kind_of(fe_keys_auths, map);
	if (kind == &fe_keys_auth_bearer) {
		api->auth = FE_AUTH_BEARER;
		api->secrets.token = value_of(b, kind, map, "bearer");
	} else if (kind == &fe_keys_auth_api_key) {
		build_api_key(b, api, map);
	} else if (kind == &fe_keys_auth_basic) {
		api->auth = FE_AUTH_BASIC;
		api->secrets.user = value_of(b, kind, map, "basic");
		api->secrets.password = value_of(b, kind, map, "password");
	} else if (kind == &fe_keys_auth_oauth2) {
		build_oauth2(b, api, net, map);
	} else if (kind == &fe_keys_auth_hmac) {
		build_hmac(b, api, map);
	} else if (kind == &fe_keys_auth_aws) {
		api->auth = FE_AUTH_AWS;
		api->secrets.service = value_of(b, kind, map, "aws");
		api->secrets.region = value_of(b, kind, map, "region");
	}
}

void
fe_planner_api(struct fe_planner *b, size_t dataset, const struct fe_node *map)
{
	struct fe_plan_dataset *d = &b->plan->datasets[dataset];
	struct fe_api_settings *api = FE_PLAN_ARRAY(b, 1, struct fe_api_settings);
	const struct fe_node *pagination = fe_node_get(map, "pagination"), *auth = fe_node_get(map, "auth");
	d->source_set.api = api;
	if (!d->is_selected)
		return; /* what is not run need not have its environment */
	api->method = fe_planner_text(b, fe_key_text(&fe_keys_api, map, "method"));
	api->query = pairs_of(b, map, "query", &api->n_query);
	api->headers = pairs_of(b, map, "headers", &api->n_headers);
	api->body = value_of(b, &fe_keys_api, map, "body");
	api->total = value_of(b, &fe_keys_api, map, "total");
	if (api->body && strcmp(api->method, "POST") != 0)
		fe_planner_mistake(b, fe_node_get(map, "body"), "'body' is for 'method: POST'");
	if (pagination)
		build_pagination(b, api, pagination);
	if (auth)
		build_auth(b, api, &d->source_set.net, auth);
}
