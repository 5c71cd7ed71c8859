// SPDX-License-Identifier: Apache-2.0
/* Heads and bodies without a line between: framing, decoding, limits at their edges. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <zlib.h>

#include "base/mem.h"
#include "io/http_body.h"

struct rig {
	struct fe_http_head head;
	struct fe_http_body body;
	struct fe_http_body_limits limits;
	struct fe_buf out;
	struct fe_err err;
};

/* What becomes of an answer whose body comes in pieces of n_step bytes. */
static enum fe_rc
play(struct rig *r, const char *headers, struct fe_str body, size_t n_step)
{
	enum fe_rc rc = fe_http_head_line(&r->head, FE_STR("HTTP/1.1 200 OK\r\n"), &r->err);
	if (r->limits.max_bytes == 0)
		r->limits = (struct fe_http_body_limits){ .max_bytes = 1 << 20, .max_ratio = 200, .end_is_safe = true };
	fe_buf_init(&r->out, (size_t)r->limits.max_bytes + FE_HTTP_BODY_STEP_BYTES);
	while (rc == FE_OK && *headers) {
		size_t n = strcspn(headers, "\n") + 1;
		rc = fe_http_head_line(&r->head, (struct fe_str){ headers, n }, &r->err);
		headers += n;
	}
	if (rc == FE_OK)
		rc = fe_http_head_line(&r->head, FE_STR("\r\n"), &r->err);
	if (rc == FE_OK)
		rc = fe_http_body_begin(&r->body, &r->head, &r->limits, &r->err);
	for (size_t at = 0; rc == FE_OK && at < body.n; at += n_step)
		rc = fe_http_body_add(&r->body, (struct fe_str){ body.p + at, body.n - at < n_step ? body.n - at : n_step },
				      &r->out, &r->err);
	return rc ? rc : fe_http_body_end(&r->body, &r->out, &r->err);
}

static void
done(struct rig *r)
{
	fe_http_head_reset(&r->head);
	fe_http_body_reset(&r->body);
	fe_buf_reset(&r->out);
}

static char *
pack(const char *p, size_t n_bytes, int window_bits, size_t *n_packed)
{
	z_stream z = { 0 };
	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
	size_t cap = deflateBound(&z, n_bytes) + 64;
	char *out = fe_alloc(cap);
	z.next_in = (z_const Bytef *)(uintptr_t)p;
	z.avail_in = (uInt)n_bytes;
	z.next_out = (Bytef *)out;
	z.avail_out = (uInt)cap;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	*n_packed = cap - z.avail_out;
	(void)deflateEnd(&z);
	return out;
}

static void
body_of_any_pieces_is_the_same(void **state)
{
	char text[5000];
	size_t n;
	(void)state;
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (char)('a' + i % 23);
	char *gz = pack(text, sizeof text, 15 + 16, &n);
	for (size_t n_step = 1; n_step < 400; n_step = n_step * 3 + 1) {
		struct rig r = { 0 };
		assert_int_equal(play(&r, "Content-Encoding: gzip\r\n", (struct fe_str){ gz, n }, n_step), FE_OK);
		assert_int_equal(r.out.n_bytes, sizeof text);
		assert_memory_equal(r.out.p, text, sizeof text);
		assert_int_equal(r.body.n_wire_bytes, n);
		done(&r);
	}
	fe_free(gz);
}

static void
deflate_is_zlibs_form_and_one_stream(void **state)
{
	size_t n, n_raw;
	char *zlib = pack("hello", 5, 15, &n), *bare = pack("hello", 5, -15, &n_raw), *two = fe_alloc(2 * n);
	struct rig r = { 0 }, s = { 0 }, t = { 0 };
	(void)state;
	assert_int_equal(play(&r, "Content-Encoding: Deflate\r\n", (struct fe_str){ zlib, n }, 1), FE_OK);
	assert_memory_equal(r.out.p, "hello", 5);
	done(&r);
	assert_int_equal(play(&s, "Content-Encoding: deflate\r\n", (struct fe_str){ bare, n_raw }, 99), FE_EDATA);
	done(&s);
	memcpy(two, zlib, n);
	memcpy(two + n, zlib, n);
	assert_int_equal(play(&t, "Content-Encoding: deflate\r\n", (struct fe_str){ two, 2 * n }, 99), FE_EDATA);
	done(&t);
	fe_free(zlib);
	fe_free(bare);
	fe_free(two);
}

static void
limits_hold_at_their_edge_and_not_past_it(void **state)
{
	enum { LIMIT = 3 << 20 };
	(void)state;
	for (size_t more = 0; more < 2; more++) {
		size_t n;
		char *text = fe_alloc(LIMIT + more);
		for (size_t i = 0; i < LIMIT + more; i++)
			text[i] = (char)(i * 2654435761u >> 13);
		char *gz = pack(text, LIMIT + more, 15 + 16, &n);
		const struct fe_str plain = { text, LIMIT + more }, packed = { gz, n };
		for (int is_packed = 0; is_packed < 2; is_packed++) {
			struct rig r = { .limits = { .max_bytes = LIMIT, .max_ratio = 100000, .end_is_safe = true } };
			enum fe_rc rc = play(&r, is_packed ? "Content-Encoding: gzip\r\n" : "", is_packed ? packed : plain, 8192);
			assert_int_equal(rc, more ? FE_ELIMIT : FE_OK);
			done(&r);
		}
		fe_free(gz);
		fe_free(text);
	}
}

static void
ratio_counts_only_past_a_mebibyte(void **state)
{
	(void)state;
	for (size_t more = 0; more < 2; more++) {
		size_t n, n_plain = ((size_t)1 << 20) + more * ((size_t)1 << 17);
		char *zeros = fe_alloc(n_plain), *gz = pack(zeros, n_plain, 15 + 16, &n);
		struct rig r = { .limits = { .max_bytes = 1 << 24, .max_ratio = 200, .end_is_safe = true } };
		assert_true(n_plain / n > 500);
		assert_int_equal(play(&r, "Content-Encoding: gzip\r\n", (struct fe_str){ gz, n }, 100), more ? FE_ELIMIT : FE_OK);
		done(&r);
		fe_free(gz);
		fe_free(zeros);
	}
}

static void
promised_length_is_kept_or_told(void **state)
{
	static const struct { const char *headers, *body; enum fe_rc rc; } cases[] = {
		{ "Content-Length: 5\r\n", "abcde", FE_OK }, { "Content-Length: 5\r\n", "abcd", FE_EUNAVAIL },
		{ "Content-Length: 5\r\n", "abcdef", FE_EUNAVAIL }, { "Content-Length: 0\r\n", "", FE_OK },
		{ "content-length:5\n", "abcde", FE_OK }, { "Content-Length: 05\r\n", "abcde", FE_OK },
		{ "Content-Length: \r\n", "", FE_EDATA }, { "Content-Length: 5,5\r\n", "abcde", FE_EDATA },
		{ "Content-Length: +5\r\n", "abcde", FE_EDATA }, { "Content-Length: 0x5\r\n", "abcde", FE_EDATA },
		{ "Content-Length: 18446744073709551616\r\n", "", FE_EDATA },
		{ "Content-Length: 18446744073709551615\r\n", "", FE_ELIMIT },
		{ "Content-Length: 5\r\nContent-Length: 5\r\n", "abcde", FE_EDATA },
		{ "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "abcde", FE_EDATA },
		{ "Transfer-Encoding: chunked\r\n", "abc", FE_OK }, { "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "abc", FE_EDATA },
		{ "Transfer-Encoding: chunked, gzip\r\n", "abc", FE_EDATA }, { "Transfer-Encoding: identity\r\n", "abc", FE_EDATA },
		{ "", "abc", FE_OK }, { "Content-Encoding: gzip\r\n", "", FE_OK }, { "Content-Encoding: br\r\n", "abc", FE_EDATA },
		{ "Content-Encoding: gzip, zstd\r\n", "abc", FE_EDATA }, { "Content-Encoding: zstd\r\n", "abc", FE_EDATA },
		{ "Content-Encoding:\r\n", "abc", FE_OK }, { "No colon\r\n", "abc", FE_EDATA }, { "A: b\x01\r\n", "abc", FE_EDATA },
		{ " folded\r\n", "abc", FE_EDATA }, { "A : b\r\n", "abc", FE_EDATA },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct rig r = { 0 };
		enum fe_rc rc = play(&r, cases[i].headers, fe_str_of(cases[i].body), 2);
		if (rc != cases[i].rc)
			fail_msg("%s%s is %s: %s", cases[i].headers, cases[i].body, fe_rc_name(rc), r.err.text);
		done(&r);
	}
}

static void
body_without_an_end_needs_a_safe_connection(void **state)
{
	struct rig r = { .limits = { .max_bytes = 100, .max_ratio = 200 } };
	struct rig s = { .limits = { .max_bytes = 100, .max_ratio = 200, .has_none = true } };
	(void)state;
	assert_int_equal(play(&r, "", FE_STR("abc"), 1), FE_EDATA);
	done(&r);
	assert_int_equal(play(&s, "Content-Length: 7\r\n", (struct fe_str){ 0 }, 1), FE_OK); /* of HEAD */
	done(&s);
}

static void
head_begins_anew_and_leaves_trailers(void **state)
{
	struct fe_http_head h = { 0 };
	struct fe_err err;
	(void)state;
	static const char *const lines[] = { "HTTP/1.1 100 Continue\r\n", "A: 1\r\n", "\r\n", "HTTP/2 200\r\n", "B: 2 \r\n", "\r\n",
		                             "C: 3\r\n", "HTTP/1.1 500 No\r\n", "\r\n" };
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		assert_int_equal(fe_http_head_line(&h, fe_str_of(lines[i]), &err), FE_OK);
	assert_int_equal(h.status, 200);
	assert_int_equal(h.headers.n_items, 1);
	assert_string_equal(fe_http_headers_get(&h.headers, "b"), "2");
	fe_http_head_reset(&h);
	assert_int_equal(fe_http_head_line(&h, FE_STR("HTTP/1.1 103 Early\r\n"), &err), FE_OK);
	assert_int_equal(fe_http_head_line(&h, FE_STR("\r\n"), &err), FE_OK);
	assert_int_equal(fe_http_head_line(&h, FE_STR("A: 1\r\n"), &err), FE_EDATA);
	fe_http_head_reset(&h);
	static const char *const bad[] = { "HTTP/1.1 20 OK\r\n", "HTTP/1.1 2000 OK\r\n", "HTTP/1.1 abc\r\n", "HTTP/1.1 \r\n", "HTTP/1.1\r\n",
		                           "ICY 200 OK\r\n", "A: 1\r\n", "\r\n", "HTTP/1.1 099 No\r\n" };
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		if (fe_http_head_line(&h, fe_str_of(bad[i]), &err) != FE_EDATA)
			fail_msg("'%s' is taken", bad[i]);
		fe_http_head_reset(&h);
	}
}

static void
head_has_at_most_its_headers(void **state)
{
	struct fe_http_head h = { 0 };
	struct fe_err err;
	char line[32];
	(void)state;
	assert_int_equal(fe_http_head_line(&h, FE_STR("HTTP/1.1 200 OK\r\n"), &err), FE_OK);
	for (int i = 0; i <= FE_HTTP_MAX_HEADERS; i++) {
		(void)snprintf(line, sizeof line, "X-%d: y\r\n", i);
		assert_int_equal(fe_http_head_line(&h, fe_str_of(line), &err), i < FE_HTTP_MAX_HEADERS ? FE_OK : FE_ELIMIT);
	}
	fe_http_head_reset(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(body_of_any_pieces_is_the_same),
		cmocka_unit_test(deflate_is_zlibs_form_and_one_stream),
		cmocka_unit_test(limits_hold_at_their_edge_and_not_past_it),
		cmocka_unit_test(ratio_counts_only_past_a_mebibyte),
		cmocka_unit_test(promised_length_is_kept_or_told),
		cmocka_unit_test(body_without_an_end_needs_a_safe_connection),
		cmocka_unit_test(head_begins_anew_and_leaves_trailers),
		cmocka_unit_test(head_has_at_most_its_headers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
