// SPDX-License-Identifier: Apache-2.0
/* pipeline/planner_notify.c - `notify`: whom to tell, and when
 *
 * A notice must not keep a run from its work. So a variable of the environment that is not set, or holds what cannot be
 * used, is no mistake here, as it is elsewhere: the notice remembers why, and is not sent.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/decimal.h"
#include "base/text.h"
#include "pipeline/planner.h"

#define PERCENT_SCALE 4

/* The first ${NAME} of a text that is not set; NULL: all are. What is no name is left to fe_planner_fill. */
static const char *
unset_variable(struct fe_planner *b, struct fe_str text)
{
	for (size_t i = 0; i + 2 < text.n; i++) {
		if (text.p[i] != '$' || text.p[i + 1] != '{')
			continue;
		const char *name = text.p + i + 2, *end = memchr(name, '}', text.n - i - 2);
		if (!end)
			return NULL;
		const char *copy = fe_planner_text(b, (struct fe_str){ name, (size_t)(end - name) });
		if (*copy && !getenv(copy))
			return copy;
	}
	return NULL;
}

/* The first reason counts. */
FE_PRINTF(3, 4) static void
keep_back(struct fe_planner *b, struct fe_plan_notice *n, const char *fmt, ...)
{
	char text[FE_ERR_TEXT_BYTES];
	va_list args;

	if (n->why_not)
		return;
	va_start(args, fmt);
	(void)vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	n->why_not = fe_planner_text(b, fe_str_of(text));
}

/* A mistake of the pipeline file, or what is wrong with the environment that it names. */
static void
notice_mistake(struct fe_planner *b, struct fe_plan_notice *n, const struct fe_node *node, const char *what)
{
	if (strstr(node->text.p, "${"))
		keep_back(b, n, "%.*s: %s", FE_STR_ARGS(node->text), what);
	else
		fe_planner_mistake(b, node, "%s", what);
}

/* A value with its variables filled in; NULL: absent, with a mistake, or with a variable that is not set. */
static const char *
value_at(struct fe_planner *b, struct fe_plan_notice *n, const struct fe_key *key, const struct fe_node *node)
{
	const char *unset = unset_variable(b, node->text);
	struct fe_str text;

	if (unset) {
		keep_back(b, n, "environment variable '%s' is not set", unset);
		return NULL;
	}
	return fe_planner_fill(b, key, node, &text) ? fe_planner_text(b, text) : NULL;
}

static const char *
value_of(struct fe_planner *b, struct fe_plan_notice *n, const struct fe_mapping *keys, const struct fe_node *map,
	 const char *name)
{
	const struct fe_node *node = fe_node_get(map, name);
	return node ? value_at(b, n, fe_key_find(keys, fe_str_of(name)), node) : NULL;
}

/* Relative to the pipeline file. */
static const char *
path_of(struct fe_planner *b, struct fe_plan_notice *n, const struct fe_node *map, const char *name)
{
	const char *path = value_of(b, n, &fe_keys_notice, map, name);
	struct fe_buf whole;

	if (!path || *path == '/')
		return path;
	fe_buf_init(&whole, 64 * 1024);
	fe_buf_addf(&whole, "%s/%s", b->folder, path);
	path = fe_planner_text(b, fe_buf_str(&whole));
	fe_buf_reset(&whole);
	return path;
}

/* ---- e-mail ---- */

static bool
is_right_address(struct fe_planner *b, struct fe_plan_notice *n, const struct fe_node *node, const char *text)
{
	if (!text || fe_email_is_address(text))
		return text != NULL;
	notice_mistake(b, n, node, "this is no plain e-mail address, as etl@bank.example");
	return false;
}

static void
build_recipients(struct fe_planner *b, struct fe_plan_notice *n, struct fe_email_settings *e, const struct fe_node *list)
{
	const struct fe_key *key = fe_key_find(&fe_keys_email, FE_STR("to"));
	const char **to = FE_PLAN_ARRAY(b, list ? list->n_children : 0, const char *);

	for (const struct fe_node *item = list ? list->first : NULL; item; item = item->next) {
		const char *text = item->is_wrong ? NULL : value_at(b, n, key, item);
		if (is_right_address(b, n, item, text))
			to[e->n_to++] = text;
	}
	e->to = to;
}

static enum fe_smtp_tls
tls_of(struct fe_str text)
{
	return fe_str_is(text, "none") ? FE_SMTP_NO_TLS : fe_str_is(text, "tls") ? FE_SMTP_TLS : FE_SMTP_STARTTLS;
}

/* What the server's variable holds is not shown: it may be a secret that was put into the wrong one. */
static void
smtp_mistake(struct fe_planner *b, struct fe_plan_notice *n, const struct fe_node *server, const struct fe_email_settings *e,
	     const struct fe_err *why)
{
	bool is_of_keys = !e->smtp.user != !e->smtp.password || (e->smtp.password && e->smtp.tls == FE_SMTP_NO_TLS);

	if (is_of_keys)
		fe_planner_mistake(b, server, "%s", why->text);
	else if (strstr(server->text.p, "${"))
		keep_back(b, n, "%.*s: this is no mail server, as HOST or HOST:PORT", FE_STR_ARGS(server->text));
	else
		fe_planner_mistake(b, server, "%s", why->text);
}

static void
build_email(struct fe_planner *b, struct fe_plan_notice *n, const struct fe_node *node, const struct fe_node *map)
{
	const struct fe_node *password = fe_node_get(map, "password"), *server = fe_node_get(map, "server");
	struct fe_email_settings *e = FE_PLAN_ARRAY(b, 1, struct fe_email_settings);
	struct fe_err why = FE_ERR_INIT;

	e->smtp.timeout_ms = FE_NOTICE_TIMEOUT_MS;
	e->smtp.tls = tls_of(fe_key_text(&fe_keys_email, map, "tls"));
	e->smtp.server = value_of(b, n, &fe_keys_email, map, "server");
	e->smtp.user = value_of(b, n, &fe_keys_email, map, "user");
	e->smtp.password = value_of(b, n, &fe_keys_email, map, "password");
	e->smtp.ca_file = path_of(b, n, node, "ca_file");
	e->from = value_of(b, n, &fe_keys_email, map, "from");
	if (fe_node_get(map, "from"))
		(void)is_right_address(b, n, fe_node_get(map, "from"), e->from);
	build_recipients(b, n, e, fe_node_get(map, "to"));
	if (password && !strstr(password->text.p, "${"))
		fe_planner_mistake(b, password, "a password does not belong in a pipeline file; write ${NAME} for an environment variable");
	else if (server && e->smtp.server && !n->why_not && fe_smtp_check(&e->smtp, &why))
		smtp_mistake(b, n, server, e, &why);
	if (!n->why_not)
		n->email = e;
}

/* ---- webhook ---- */

static void
build_headers(struct fe_planner *b, struct fe_plan_notice *n, struct fe_webhook_settings *w, const struct fe_node *map)
{
	const struct fe_key *key = fe_key_find(&fe_keys_notice, FE_STR("headers"));
	struct fe_http_header *headers = FE_PLAN_ARRAY(b, map ? map->n_children : 0, struct fe_http_header);

	for (const struct fe_node *item = map ? map->first : NULL; item; item = item->next) {
		const char *value = item->is_wrong ? NULL : value_at(b, n, key, item);
		if (value)
			headers[w->n_headers++] = (struct fe_http_header){ fe_planner_text(b, item->key), value };
	}
	w->headers = headers;
}

static void
build_webhook(struct fe_planner *b, struct fe_plan_notice *n, const struct fe_node *map)
{
	struct fe_webhook_settings *w = FE_PLAN_ARRAY(b, 1, struct fe_webhook_settings);

	w->url = value_of(b, n, &fe_keys_notice, map, "webhook");
	w->net.allow_http = fe_key_bool(&fe_keys_notice, map, "allow_http");
	w->net.allow_private = fe_key_bool(&fe_keys_notice, map, "allow_private_addresses");
	w->net.ca_file = path_of(b, n, map, "ca_file");
	build_headers(b, n, w, fe_node_get(map, "headers"));
	if (w->url && strncmp(w->url, "https://", 8) != 0 && !(w->net.allow_http && strncmp(w->url, "http://", 7) == 0))
		notice_mistake(b, n, fe_node_get(map, "webhook"),
			       "a webhook begins with 'https://'; 'http://' is taken with 'allow_http: true'");
	if (!n->why_not)
		n->webhook = w;
}

/* ---- when ---- */

static unsigned
bit_of(struct fe_str text)
{
	const struct fe_key *on = fe_key_find(&fe_keys_notice, FE_STR("on"));

	for (unsigned i = 0; on->choices[i]; i++)
		if (fe_str_is(text, on->choices[i]))
			return 1u << i;
	return 0;
}

static unsigned
occasions_of(const struct fe_node *map)
{
	const struct fe_node *on = fe_node_get(map, "on");
	unsigned bits = 0;

	if (!on)
		return 1u << FE_ON_FAILED | 1u << FE_ON_HELD;
	if (on->kind == FE_NODE_SCALAR)
		return bit_of(on->text);
	for (const struct fe_node *item = on->first; item; item = item->next)
		bits |= bit_of(item->text);
	return bits;
}

static void
build_bound(struct fe_planner *b, struct fe_plan_notice *n, const struct fe_node *node)
{
	struct fe_str text;
	int64_t v;

	if (!node)
		return;
	text = node->text;
	n->is_percent = text.n && text.p[text.n - 1] == '%';
	text.n -= n->is_percent;
	text = fe_text_trim(text);
	bool ok = n->is_percent ? fe_decimal_parse(text, 7, PERCENT_SCALE, NULL, &v) == FE_DECIMAL_OK &&
					  v <= 100 * fe_pow10[PERCENT_SCALE]
				: fe_int_parse(text, &v) == FE_DECIMAL_OK;
	if (!ok || v < 0)
		fe_planner_mistake(b, node, "'rejects_above' is a number of records, or a percent of those read, as 5%%");
	else if (!(n->on & 1u << FE_ON_REJECTS))
		fe_planner_mistake_at_key(b, node, "'rejects_above' is for 'on: rejects'");
	else
		n->rejects_above = (uint64_t)v;
}

void
fe_planner_notify(struct fe_planner *b)
{
	static const char *const of_webhooks[] = { "headers", "allow_http", "allow_private_addresses" };
	const struct fe_node *list = fe_node_get(b->root, "notify");
	struct fe_plan_notice *notices = FE_PLAN_ARRAY(b, list ? list->n_children : 0, struct fe_plan_notice);

	b->plan->notices = notices;
	for (const struct fe_node *map = list ? list->first : NULL; map; map = map->next) {
		if (map->is_wrong)
			continue;
		const struct fe_node *email = fe_node_get(map, "email");
		struct fe_plan_notice *n = &notices[b->plan->n_notices++];
		n->on = occasions_of(map);
		build_bound(b, n, fe_node_get(map, "rejects_above"));
		if (!email == !fe_node_get(map, "webhook")) {
			fe_planner_mistake(b, map, "a notice needs either 'email' or 'webhook'");
			continue;
		}
		for (size_t i = 0; email && i < sizeof of_webhooks / sizeof of_webhooks[0]; i++)
			if (fe_node_get(map, of_webhooks[i]))
				fe_planner_mistake_at_key(b, fe_node_get(map, of_webhooks[i]), "'%s' is for webhooks", of_webhooks[i]);
		if (email)
			build_email(b, n, map, email);
		else
			build_webhook(b, n, map);
	}
}
