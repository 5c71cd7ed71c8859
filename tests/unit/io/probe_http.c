// SPDX-License-Identifier: Apache-2.0
/* tests/unit/io/probe_http.c - io/http from a command line: what tests/system/httpprobe.py asks
 *
 *   probe_http [NAME=VALUE...] -- URL...
 *
 * All URLs are asked by one client, one after the other; for each there is a line of JSON. Names
 * are those of fe_net_settings and of the table below. speed=N lets time run N times as fast as it
 * does, for all that waits between tries; chance=most draws the longest waits.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/stop.h"
#include "io/http.h"
#include "probe_http_auth.h"

struct probe {
	struct fe_net_settings net;
	struct fe_http_headers headers;
	struct fe_http_request req;
	struct probe_auth auth;
	bool is_stream, has_most_chance;
	size_t read_bytes;
	int64_t read_pause_ms, speed, start_now_us, start_ticks_us;
	const char *between; /* is fetched after each read of a stream, by the same client */
	struct fe_http *http;
	uint64_t n_between;
	struct fe_sha256 *sha;
	struct fe_buf body;
	uint64_t n_body;
};

static int64_t
number(const char *text)
{
	int64_t n = 0;
	for (; *text >= '0' && *text <= '9'; text++)
		n = n * 10 + (*text - '0');
	FE_ASSERT(*text == '\0');
	return n;
}

static bool
set_limit(struct probe *p, const char *name, const char *value)
{
	struct fe_net_settings *net = &p->net;
	const struct { const char *name; int64_t *to; } signs[] = {
		{ "connect_timeout_ms", &net->connect_timeout_ms }, { "total_timeout_ms", &net->total_timeout_ms },
		{ "low_speed_ms", &net->low_speed_ms },             { "retry_budget_ms", &net->retry_budget_ms },
		{ "speed", &p->speed },                             { "read_pause_ms", &p->read_pause_ms },
	};
	const struct { const char *name; uint64_t *to; } sizes[] = {
		{ "low_speed_bytes", &net->low_speed_bytes }, { "max_body_bytes", &net->max_body_bytes },
		{ "max_ratio", &net->max_ratio },
	};
	const struct { const char *name; unsigned *to; } counts[] = {
		{ "max_redirects", &net->max_redirects }, { "max_tries", &net->max_tries },
		{ "rate_per_minute", &net->rate_per_minute },
	};
	for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
		if (strcmp(signs[i].name, name) == 0)
			return *signs[i].to = number(value), true;
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
		if (strcmp(sizes[i].name, name) == 0)
			return *sizes[i].to = (uint64_t)number(value), true;
	for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
		if (strcmp(counts[i].name, name) == 0)
			return *counts[i].to = (unsigned)number(value), true;
	return false;
}

static bool
set_other(struct probe *p, const char *name, const char *value)
{
	if (strcmp(name, "allow_http") == 0)
		p->net.allow_http = number(value);
	else if (strcmp(name, "allow_private") == 0)
		p->net.allow_private = number(value);
	else if (strcmp(name, "ca_file") == 0)
		p->net.ca_file = value;
	else if (strcmp(name, "crl_file") == 0)
		p->net.crl_file = value;
	else if (strcmp(name, "method") == 0)
		p->req.method = value;
	else if (strcmp(name, "body") == 0)
		p->req.body = fe_str_of(value);
	else if (strcmp(name, "any_status") == 0)
		p->req.accept_any_status = number(value);
	else if (strcmp(name, "stream") == 0)
		p->is_stream = number(value);
	else if (strcmp(name, "read_bytes") == 0)
		p->read_bytes = (size_t)number(value);
	else if (strcmp(name, "between") == 0)
		p->between = value;
	else if (strcmp(name, "chance") == 0)
		p->has_most_chance = strcmp(value, "most") == 0;
	else
		return false;
	return true;
}

static void
set(struct probe *p, char *argument)
{
	char *value = strchr(argument, '=');
	*value++ = '\0';
	if (strcmp(argument, "header") == 0) {
		char *text = strchr(value, ':');
		FE_ASSERT(text);
		*text++ = '\0';
		fe_http_headers_add(&p->headers, value, *text == ' ' ? text + 1 : text);
	} else if (!set_limit(p, argument, value) && !set_other(p, argument, value) &&
		   !probe_auth_set(&p->auth, argument, value)) {
		fprintf(stderr, "probe_http: there is no %s\n", argument);
		exit(2);
	}
}

static int64_t
fast_now(void *self)
{
	const struct probe *p = self;
	return p->start_now_us + (fe_clock_ticks(&fe_clock_system) - p->start_ticks_us) * p->speed;
}

static int64_t
fast_ticks(void *self)
{
	const struct probe *p = self;
	return (fe_clock_ticks(&fe_clock_system) - p->start_ticks_us) * p->speed;
}

static uint64_t
chance(void *self)
{
	const struct probe *p = self;
	return p->has_most_chance ? UINT64_MAX : fe_clock_chance(&fe_clock_system);
}

static void
keep(struct probe *p, const void *bytes, size_t n_bytes)
{
	fe_sha256_add(p->sha, bytes, n_bytes);
	p->n_body += n_bytes;
	if (p->n_body <= 4096)
		fe_buf_add(&p->body, bytes, n_bytes);
}

static enum fe_rc
fetch_between(struct probe *p, struct fe_err *err)
{
	const struct fe_http_request req = { .url = p->between };
	struct fe_http_response r = { 0 };
	if (!p->between)
		return FE_OK;
	enum fe_rc rc = fe_http_fetch(p->http, &req, &r, err);
	p->n_between += rc == FE_OK && r.status == 200;
	fe_http_response_reset(&r);
	return rc;
}

static enum fe_rc
read_all(struct probe *p, struct fe_http_stream *s, struct fe_err *err)
{
	size_t cap = p->read_bytes ? p->read_bytes : 65536, n;
	char *room = fe_alloc(cap);
	enum fe_rc rc;
	do {
		rc = fe_http_stream_read(s, room, cap, &n, err);
		if (rc == FE_OK) {
			keep(p, room, n);
			rc = fetch_between(p, err);
		}
		if (p->read_pause_ms)
			(void)usleep((useconds_t)p->read_pause_ms * 1000);
	} while (rc == FE_OK && n);
	fe_free(room);
	return rc;
}

static void
put_headers(struct fe_json *j, const struct fe_http_headers *h)
{
	fe_json_array(j, "headers");
	for (size_t i = 0; i < h->n_items; i++) {
		fe_json_array(j, NULL);
		fe_json_text(j, NULL, h->items[i].name);
		fe_json_text(j, NULL, h->items[i].value);
		fe_json_array_end(j);
	}
	fe_json_array_end(j);
}

static enum fe_rc
ask(struct probe *p, struct fe_http *h, struct fe_http_response *r, struct fe_json *j, struct fe_err *err)
{
	if (!p->is_stream) {
		enum fe_rc rc = fe_http_fetch(h, &p->req, r, err);
		keep(p, r->body.p ? r->body.p : "", r->body.n_bytes);
		fe_json_i64(j, "status", r->status);
		fe_json_i64(j, "n_wire", (int64_t)r->n_wire_bytes);
		put_headers(j, &r->headers);
		return rc;
	}
	struct fe_http_stream *s = NULL;
	bool is_known;
	FE_TRY(fe_http_stream_open(&s, h, &p->req, err));
	fe_json_i64(j, "status", fe_http_stream_status(s));
	uint64_t length = fe_http_stream_length(s, &is_known);
	fe_json_i64(j, "length", is_known ? (int64_t)length : -1);
	put_headers(j, fe_http_stream_headers(s));
	enum fe_rc rc = read_all(p, s, err);
	fe_http_stream_close(s);
	return rc;
}

static void
probe(struct probe *p, struct fe_http *h, const struct fe_clock *clock, const char *url, struct fe_http_response *r)
{
	struct fe_err err = FE_ERR_INIT;
	struct fe_buf line;
	struct fe_json j;
	unsigned char digest[FE_SHA256_BYTES];
	char hex[FE_SHA256_HEX_BYTES], text[2048];
	fe_buf_init(&line, (size_t)1 << 22);
	fe_buf_init(&p->body, (size_t)1 << 20);
	p->n_body = 0;
	p->req.url = url;
	p->http = h;
	fe_json_init(&j, &line, 0);
	fe_json_object(&j, NULL);
	int64_t start_us = fe_clock_ticks(clock);
	enum fe_rc rc = ask(p, h, r, &j, &err);
	fe_json_i64(&j, "waited_ms", (fe_clock_ticks(clock) - start_us) / 1000);
	fe_json_text(&j, "rc", fe_rc_name(rc));
	fe_json_text(&j, "error", rc ? fe_err_print(&err, text, sizeof text) : NULL);
	fe_json_text(&j, "foreign", rc ? err.foreign : NULL);
	fe_sha256_end(p->sha, digest);
	fe_sha256_hex(digest, hex);
	fe_json_text(&j, "sha256", hex);
	fe_json_i64(&j, "n_body", (int64_t)p->n_body);
	fe_json_i64(&j, "n_between", (int64_t)p->n_between);
	fe_json_str(&j, "body", fe_buf_str(&p->body));
	fe_json_object_end(&j);
	FE_ASSERT(!line.failed);
	printf("%s\n", fe_buf_text(&line));
	fflush(stdout);
	fe_buf_reset(&line);
	fe_buf_reset(&p->body);
}

int
main(int argc, char **argv)
{
	struct probe p = { .speed = 1, .start_now_us = fe_clock_now(&fe_clock_system),
		           .start_ticks_us = fe_clock_ticks(&fe_clock_system) };
	struct fe_err err = FE_ERR_INIT;
	struct fe_http_response response = { 0 };
	struct fe_http *h = NULL;
	char text[2048];
	int first_url = 1;

	fe_stop_install();
	for (; first_url < argc && strcmp(argv[first_url], "--") != 0; first_url++)
		set(&p, argv[first_url]);
	first_url++;
	const struct fe_clock clock = { .now_us = fast_now, .ticks_us = fast_ticks, .chance = chance, .self = &p };
	p.req.headers = p.headers.items;
	p.req.n_headers = p.headers.n_items;
	p.sha = fe_sha256_new();
	enum fe_rc rc = fe_http_new(&h, &p.net, &clock, &err);
	if (rc == FE_OK)
		rc = probe_auth_open(&p.auth, h, &clock, &p.req.signer, &err);
	for (int i = first_url; rc == FE_OK && i < argc; i++)
		probe(&p, h, &clock, argv[i], &response);
	if (rc)
		printf("{\"rc\":\"%s\",\"error\":\"%s\"}\n", fe_rc_name(rc), fe_err_print(&err, text, sizeof text));
	fe_http_response_reset(&response);
	probe_auth_close(&p.auth);
	fe_http_free(h);
	fe_http_headers_reset(&p.headers);
	fe_sha256_free(p.sha);
	return 0;
}
