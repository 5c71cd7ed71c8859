// SPDX-License-Identifier: Apache-2.0
/* notify/webhook.c - see notify/webhook.h */
#include "notify/webhook.h"

#include <stdio.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"

/* Two tries of four seconds, and two seconds between them: what a notice may take. */
#define TRY_MS 4000
#define WAIT_MS 2000
#define N_TRIES 2
#define MAX_ANSWER_BYTES ((uint64_t)64 * 1024)

/* Slack's own bounds. */
#define MAX_HEADER_BYTES 150
#define MAX_SECTION_BYTES 2900
#define MAX_FIELD_BYTES 1900
#define MAX_FIELDS 10

/* At most max_bytes of whole characters. */
static struct fe_str
cut(const char *text, size_t max_bytes)
{
	struct fe_str s = fe_str_of(text);

	if (s.n <= max_bytes)
		return s;
	s.n = max_bytes;
	while (s.n && ((unsigned char)s.p[s.n] & 0xc0) == 0x80)
		s.n--;
	return s;
}

/* Slack's three characters as entities; in code, what would end it is another quote. Cut to
 * what a block may have, entities whole. */
static void
add_escaped(struct fe_buf *out, const char *text, size_t max_bytes, bool is_code)
{
	struct fe_str s = cut(text, max_bytes);
	size_t begin = out->n_bytes;

	for (size_t i = 0; i < s.n && out->n_bytes - begin < max_bytes - 8; i++) {
		if (s.p[i] == '&')
			fe_buf_add_text(out, "&amp;");
		else if (s.p[i] == '<')
			fe_buf_add_text(out, "&lt;");
		else if (s.p[i] == '>')
			fe_buf_add_text(out, "&gt;");
		else
			fe_buf_add_char(out, is_code && s.p[i] == '`' ? '\'' : s.p[i]);
	}
}

static void
write_text(struct fe_json *j, const char *key, const char *type, struct fe_str text)
{
	fe_json_object(j, key);
	fe_json_text(j, "type", type);
	fe_json_str(j, "text", text);
	fe_json_object_end(j);
}

static void
write_fields(struct fe_json *j, const struct fe_notice *n)
{
	struct fe_buf text;

	fe_json_object(j, NULL);
	fe_json_text(j, "type", "section");
	fe_json_array(j, "fields");
	for (size_t i = 0; i < n->n_facts && i < MAX_FIELDS; i++) {
		fe_buf_init(&text, FE_NOTICE_MAX_BYTES);
		fe_buf_addf(&text, "*%s*\n", n->facts[i].name);
		add_escaped(&text, n->facts[i].value, MAX_FIELD_BYTES, false);
		write_text(j, NULL, "mrkdwn", fe_buf_str(&text));
		fe_buf_reset(&text);
	}
	fe_json_array_end(j);
	fe_json_object_end(j);
}

/* before, and the text as code. */
static void
write_section(struct fe_json *j, const char *before, const char *code)
{
	struct fe_buf text;

	fe_buf_init(&text, FE_NOTICE_MAX_BYTES);
	if (before)
		add_escaped(&text, before, 500, false);
	if (code) {
		fe_buf_addf(&text, "%s```", before ? "\n" : "");
		add_escaped(&text, code, MAX_SECTION_BYTES - 600, true);
		fe_buf_add_text(&text, "```");
	}
	fe_json_object(j, NULL);
	fe_json_text(j, "type", "section");
	write_text(j, "text", "mrkdwn", fe_buf_str(&text));
	fe_json_object_end(j);
	fe_buf_reset(&text);
}

static void
write_blocks(struct fe_json *j, const struct fe_notice *n)
{
	fe_json_array(j, "blocks");
	fe_json_object(j, NULL);
	fe_json_text(j, "type", "header");
	write_text(j, "text", "plain_text", cut(n->title, MAX_HEADER_BYTES));
	fe_json_object_end(j);
	write_fields(j, n);
	if (n->error)
		write_section(j, "Why", n->error);
	if (n->figures[0])
		write_section(j, NULL, n->figures);
	if (n->advice)
		write_section(j, n->advice, n->command);
	fe_json_array_end(j);
}

static void
write_plain(struct fe_json *j, const struct fe_notice *n)
{
	static const char *const tones[] = { [FE_NOTICE_GOOD] = "good", [FE_NOTICE_NOTE] = "note", [FE_NOTICE_BAD] = "bad" };

	fe_json_object(j, "finetl");
	fe_json_text(j, "title", n->title);
	fe_json_text(j, "tone", tones[n->tone]);
	fe_json_text(j, "run_id", n->run_id);
	fe_json_text(j, "error", n->error);
	fe_json_text(j, "figures", n->figures);
	fe_json_text(j, "next", n->advice);
	fe_json_text(j, "command", n->command);
	fe_json_array(j, "facts");
	for (size_t i = 0; i < n->n_facts; i++) {
		fe_json_object(j, NULL);
		fe_json_text(j, "name", n->facts[i].name);
		fe_json_text(j, "value", n->facts[i].value);
		fe_json_object_end(j);
	}
	fe_json_array_end(j);
	fe_json_object_end(j);
}

void
fe_webhook_json(const struct fe_notice *n, struct fe_buf *out)
{
	struct fe_buf text;
	struct fe_json j;

	fe_buf_init(&text, FE_NOTICE_MAX_BYTES);
	add_escaped(&text, n->title, MAX_SECTION_BYTES, false);
	fe_json_init(&j, out, 0);
	fe_json_object(&j, NULL);
	fe_json_str(&j, "text", fe_buf_str(&text));
	write_blocks(&j, n);
	write_plain(&j, n);
	fe_json_object_end(&j);
	fe_buf_reset(&text);
}

void
fe_webhook_show(const char *url, struct fe_buf *out)
{
	const char *host = strstr(url, "://");
	size_t n;

	if (!host) {
		fe_buf_add_text(out, "the webhook");
		return;
	}
	host += 3;
	fe_buf_add(out, url, (size_t)(host - url));
	n = strcspn(host, "/?#");
	for (const char *at; (at = memchr(host, '@', n)) != NULL; host = at + 1)
		n -= (size_t)(at + 1 - host); /* user and password */
	fe_buf_add_printable(out, (struct fe_str){ host, n }, 200);
}

/* What libcurl says of a request could have the path in it. */
static enum fe_rc
hide(const struct fe_webhook_settings *set, enum fe_rc rc, struct fe_err *err)
{
	const char *host = strstr(set->url, "://");
	const char *secret = host ? host + 3 + strcspn(host + 3, "/?#") : set->url;
	struct fe_buf shown;

	if (rc == FE_OK)
		return FE_OK;
	if (strlen(secret) > 1 && strstr(err->text, secret))
		rc = fe_fail(err, rc, "the webhook could not be called");
	fe_buf_init(&shown, 512);
	fe_webhook_show(set->url, &shown);
	fe_err_at(err, fe_buf_text(&shown), 0, NULL);
	fe_buf_reset(&shown);
	return rc;
}

/* Who answers says what it will; only the status is told on. */
static enum fe_rc
judge(long status, struct fe_err *err)
{
	enum fe_rc rc;

	if (status >= 200 && status < 300)
		return FE_OK;
	if (status >= 300 && status < 400)
		rc = fe_fail(err, FE_EUSAGE, "the webhook answers by a redirect (%ld), which is not followed: name where it leads",
			     status);
	else if (status == 401 || status == 403)
		rc = fe_fail(err, FE_EDENIED, "the webhook does not let us in (%ld)", status);
	else if (status == 429 || status >= 500)
		rc = fe_fail(err, FE_EUNAVAIL, "the webhook is not well (%ld)", status);
	else
		rc = fe_fail(err, FE_EUSAGE, "the webhook does not take the notice (%ld)", status);
	(void)snprintf(err->foreign, sizeof(err->foreign), "%ld", status);
	return rc;
}

static enum fe_rc
post(const struct fe_webhook_settings *set, struct fe_str body, const struct fe_clock *clock, struct fe_err *err)
{
	struct fe_net_settings net = set->net;
	struct fe_http_header *headers = fe_new_array(set->n_headers + 1, struct fe_http_header);
	struct fe_http_response answer = { 0 };
	struct fe_http *http = NULL;
	enum fe_rc rc;

	net.connect_timeout_ms = net.total_timeout_ms = TRY_MS;
	net.retry_budget_ms = WAIT_MS;
	net.max_tries = N_TRIES;
	net.max_body_bytes = MAX_ANSWER_BYTES;
	headers[0] = (struct fe_http_header){ "Content-Type", "application/json; charset=utf-8" };
	for (size_t i = 0; i < set->n_headers; i++)
		headers[i + 1] = set->headers[i];
	const struct fe_http_request req = {
		.method = "POST", .url = set->url, .headers = headers, .n_headers = set->n_headers + 1, .body = body,
		.accept_any_status = true, .ignores_body = true,
	};
	rc = fe_http_new(&http, &net, clock, err);
	if (rc == FE_OK)
		rc = fe_http_fetch(http, &req, &answer, err);
	if (rc == FE_OK)
		rc = judge(answer.status, err);
	fe_http_response_reset(&answer);
	fe_http_free(http);
	fe_free(headers);
	return rc;
}

enum fe_rc
fe_webhook_send(const struct fe_webhook_settings *set, const struct fe_notice *n, const struct fe_clock *clock,
		struct fe_err *err)
{
	struct fe_err why = FE_ERR_INIT;
	struct fe_buf body;
	enum fe_rc rc;

	fe_buf_init(&body, 8 * FE_NOTICE_MAX_BYTES);
	fe_webhook_json(n, &body);
	rc = fe_buf_check(&body, "the notice", &why);
	if (rc == FE_OK)
		rc = post(set, fe_buf_str(&body), clock, &why);
	fe_buf_reset(&body);
	rc = hide(set, rc, &why);
	if (rc && err)
		*err = why;
	return rc;
}
