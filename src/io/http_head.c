// SPDX-License-Identifier: Apache-2.0
/* io/http_head.c - lists of headers, and the lines that fill them */
#include "io/http_head.h"

#include "base/mem.h"
#include "base/text.h"

static void
add_strs(struct fe_http_headers *h, struct fe_str name, struct fe_str value)
{
	h->items = fe_grow(h->items, &h->cap_items, h->n_items + 1, sizeof *h->items);
	h->items[h->n_items++] = (struct fe_http_header){
		.name = fe_strndup(name.p, name.n),
		.value = fe_strndup(value.n ? value.p : "", value.n),
	};
}

void
fe_http_headers_add(struct fe_http_headers *h, const char *name, const char *value)
{
	add_strs(h, fe_str_of(name), fe_str_of(value));
}

const char *
fe_http_headers_get(const struct fe_http_headers *h, const char *name)
{
	for (size_t i = 0; i < h->n_items; i++)
		if (fe_text_casecmp_ascii(fe_str_of(h->items[i].name), fe_str_of(name)) == 0)
			return h->items[i].value;
	return NULL;
}

/* The values may be secrets: they are wiped. */
void
fe_http_headers_reset(struct fe_http_headers *h)
{
	for (size_t i = 0; i < h->n_items; i++) {
		char *value = (char *)(uintptr_t)h->items[i].value;
		explicit_bzero(value, strlen(value));
		fe_free(value);
		fe_free((char *)(uintptr_t)h->items[i].name);
	}
	fe_free(h->items);
	*h = (struct fe_http_headers){ 0 };
}

void
fe_http_head_reset(struct fe_http_head *h)
{
	fe_http_headers_reset(&h->headers);
	*h = (struct fe_http_head){ 0 };
}

/* A token of RFC 9110, section 5.6.2. */
bool
fe_http_is_name(struct fe_str name)
{
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];
		bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
		if (!is_letter && (c == '\0' || !strchr("!#$%&'*+-.^_`|~", c)))
			return false;
	}
	return name.n > 0;
}

bool
fe_http_is_value(struct fe_str value)
{
	for (size_t i = 0; i < value.n; i++) {
		unsigned char c = (unsigned char)value.p[i];
		if ((c < ' ' && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

static struct fe_str
without_end(struct fe_str line)
{
	if (line.n && line.p[line.n - 1] == '\n')
		line.n--;
	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

/* HTTP/1.1 200 OK */
static enum fe_rc
take_status(struct fe_http_head *h, struct fe_str line, struct fe_err *err)
{
	const char *space = memchr(line.p, ' ', line.n);
	size_t at = space ? (size_t)(space - line.p) + 1 : line.n;
	long status = 0;
	if (line.n < at + 3 || (line.n > at + 3 && line.p[at + 3] != ' '))
		goto fail;
	for (size_t i = at; i < at + 3; i++) {
		if (line.p[i] < '0' || line.p[i] > '9')
			goto fail;
		status = status * 10 + (line.p[i] - '0');
	}
	if (status < 100)
		goto fail;
	fe_http_headers_reset(&h->headers);
	h->status = status;
	h->is_whole = false;
	return FE_OK;
fail:
	return fe_fail(err, FE_EDATA, "the server's answer begins with no status of HTTP");
}

static enum fe_rc
take_header(struct fe_http_head *h, struct fe_str line, struct fe_err *err)
{
	const char *colon = memchr(line.p, ':', line.n);
	struct fe_str name = { line.p, colon ? (size_t)(colon - line.p) : 0 };
	if (!fe_http_is_name(name))
		return fe_fail(err, FE_EDATA, "the server's answer has a header line that is none");
	struct fe_str value = fe_text_trim((struct fe_str){ colon + 1, line.n - name.n - 1 });
	if (!fe_http_is_value(value))
		return fe_fail(err, FE_EDATA, "the server's header %.*s has control characters", FE_STR_ARGS(name));
	if (h->headers.n_items == FE_HTTP_MAX_HEADERS)
		return fe_fail(err, FE_ELIMIT, "the server's answer has more than %d headers", FE_HTTP_MAX_HEADERS);
	add_strs(&h->headers, name, value);
	return FE_OK;
}

enum fe_rc
fe_http_head_line(struct fe_http_head *h, struct fe_str raw, struct fe_err *err)
{
	struct fe_str line = without_end(raw);
	if (raw.n > FE_HTTP_MAX_HEAD_BYTES - h->n_bytes)
		return fe_fail(err, FE_ELIMIT, "the headers of the server's answer are longer than %zu KiB",
			       FE_HTTP_MAX_HEAD_BYTES / 1024);
	h->n_bytes += raw.n;
	bool is_before = h->status == 0 || (h->is_whole && h->status < 200);
	if (h->is_whole && !is_before)
		return FE_OK; /* a trailer */
	if (is_before && line.n >= 5 && memcmp(line.p, "HTTP/", 5) == 0)
		return take_status(h, line, err);
	if (is_before)
		return fe_fail(err, FE_EDATA, "the server's answer begins with no status of HTTP");
	if (line.n == 0) {
		h->is_whole = true;
		return FE_OK;
	}
	return take_header(h, line, err);
}
