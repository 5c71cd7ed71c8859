// SPDX-License-Identifier: Apache-2.0
/* tests/fuzz/fuzz_http.c - any bytes as a server's answer, as libcurl would hand it on
 *
 * The first byte chooses limits and the size of the pieces, the rest is head and body: lines up
 * to the empty one, then bytes. What is decoded keeps to its limits; in other pieces, the same
 * comes of it. Retry-After, Link and Location of the head are read, too, and so is the whole as
 * a Link, a URL and a date.
 */
#include "base/mem.h"
#include "io/http_address.h"
#include "io/http_body.h"
#include "io/http_link.h"
#include "io/http_retry.h"
#include "harness.h"

#define MAX_BODY_BYTES ((size_t)3 << 20)
#define MAX_RATIO 200

static bool
take_head(struct fe_http_head *head, struct fe_str *rest)
{
	while (!head->is_whole && rest->n) {
		const char *end = memchr(rest->p, '\n', rest->n);
		size_t n = end ? (size_t)(end - rest->p) + 1 : rest->n;
		if (fe_http_head_line(head, (struct fe_str){ rest->p, n }, NULL) != FE_OK)
			return false;
		*rest = (struct fe_str){ rest->p + n, rest->n - n };
	}
	return head->is_whole;
}

static enum fe_rc
take_body(const struct fe_http_head *head, struct fe_str bytes, size_t n_step, unsigned how, struct fe_buf *out)
{
	const struct fe_http_body_limits limits = { .max_bytes = MAX_BODY_BYTES, .max_ratio = MAX_RATIO, .keep_packed = how & 1,
		                                    .has_none = (how & 6) == 6, .end_is_safe = !(how & 8) };
	struct fe_http_body body;
	enum fe_rc rc = fe_http_body_begin(&body, head, &limits, NULL);
	for (size_t at = 0; rc == FE_OK && at < bytes.n; at += n_step)
		rc = fe_http_body_add(&body, (struct fe_str){ bytes.p + at, bytes.n - at < n_step ? bytes.n - at : n_step }, out, NULL);
	if (rc == FE_OK)
		rc = fe_http_body_end(&body, out, NULL);
	if (rc == FE_OK) {
		expect(out->n_bytes <= MAX_BODY_BYTES && body.n_plain_bytes == out->n_bytes);
		expect(!body.decompress || out->n_bytes / MAX_RATIO <= bytes.n + ((size_t)1 << 20) / MAX_RATIO + FE_HTTP_BODY_STEP_BYTES);
		expect(!body.has_length || body.has_none || body.length_bytes == bytes.n);
	}
	fe_http_body_reset(&body);
	return rc;
}

static void
check_body(const struct fe_http_head *head, struct fe_str rest, unsigned how)
{
	struct fe_buf whole, pieces;
	fe_buf_init(&whole, MAX_BODY_BYTES + FE_HTTP_BODY_STEP_BYTES);
	fe_buf_init(&pieces, MAX_BODY_BYTES + FE_HTTP_BODY_STEP_BYTES);
	enum fe_rc rc = take_body(head, rest, rest.n ? rest.n : 1, how, &whole);
	enum fe_rc again = take_body(head, rest, 1 + (how >> 4) * 7, how, &pieces);
	/* What is broken twice over, or is at the edge of the ratio, may be found in another order. */
	expect((rc == FE_OK) == (again == FE_OK) || rc == FE_ELIMIT || again == FE_ELIMIT);
	if (rc == FE_OK && again == FE_OK)
		expect(fe_str_eq(fe_buf_str(&whole), fe_buf_str(&pieces)));
	fe_buf_reset(&whole);
	fe_buf_reset(&pieces);
}

static void
check_link(struct fe_str text)
{
	struct fe_str target;
	if (fe_http_link_find(text, "next", &target, NULL) == FE_OK && target.p)
		expect(target.p >= text.p && target.p + target.n <= text.p + text.n && !memchr(target.p, '>', target.n));
}

/* As it is shown there is nothing of a query but names. */
static void
check_shown(struct fe_str text)
{
	struct fe_buf shown;
	fe_buf_init(&shown, 4 * text.n + 64);
	fe_url_show(&shown, text);
	expect(!shown.failed);
	const char *mark = shown.n_bytes ? memchr(shown.p, '?', shown.n_bytes) : NULL;
	const char *equal = mark ? memchr(mark, '=', (size_t)(shown.p + shown.n_bytes - mark)) : NULL;
	if (equal && equal + 1 < shown.p + shown.n_bytes)
		expect(equal[1] == '*' || equal[1] == '&' || equal[1] == ';');
	fe_buf_reset(&shown);
}

static void
check_text(struct fe_str text)
{
	int64_t ms;
	char *host = fe_strndup(text.n ? text.p : "", text.n < 300 ? text.n : 300);
	if (fe_http_retry_after_ms(text, INT64_C(1800000000000000), &ms))
		expect(ms >= 0 && ms <= INT64_MAX / 1000);
	(void)fe_address_special_host(host);
	check_link(text);
	check_shown(text);
	fe_free(host);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
	struct fe_http_head head = { 0 };
	if (n_bytes < 1)
		return 0;
	struct fe_str rest = { (const char *)data + 1, n_bytes - 1 };
	check_text(rest);
	if (take_head(&head, &rest)) {
		expect(head.status >= 100 && head.status <= 999 && head.headers.n_items <= FE_HTTP_MAX_HEADERS);
		expect(fe_http_meaning_of(head.status, false).text != NULL);
		for (size_t i = 0; i < head.headers.n_items; i++) {
			expect(fe_http_is_name(fe_str_of(head.headers.items[i].name)));
			expect(fe_http_is_value(fe_str_of(head.headers.items[i].value)));
			if (i < 8)
				check_text(fe_str_of(head.headers.items[i].value));
		}
		check_body(&head, rest, data[0]);
	}
	fe_http_head_reset(&head);
	return 0;
}
