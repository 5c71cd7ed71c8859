// SPDX-License-Identifier: Apache-2.0
/* The examples that AWS publishes: of its Signature Version 4 test suite, and of the S3 API
 * reference. tests/system/test_s3_signer.py holds the signer against botocore's, too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/time.h"
#include "io/sigv4.h"

static const struct fe_sigv4_keys suite_keys = { "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", NULL };
static const struct fe_sigv4_keys s3_keys = { "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
	                                      NULL };

struct example {
	const char *method, *url, *body;
	struct fe_http_header headers[3];
	const char *signature;
};

static size_t
n_headers(const struct example *e)
{
	size_t n = 0;
	while (n < 3 && e->headers[n].name)
		n++;
	return n;
}

static void
expect_signature(const struct fe_sigv4 *s, const struct example *e)
{
	const struct fe_http_request req = { .method = e->method, .url = e->url, .headers = e->headers,
		                             .n_headers = n_headers(e), .body = fe_str_of(e->body) };
	struct fe_http_headers added = { 0 };
	struct fe_err err = FE_ERR_INIT;
	if (fe_sigv4_sign(s, &req, &added, &err))
		fail_msg("%s: %s", e->url, err.text);
	const char *authorization = fe_http_headers_get(&added, "Authorization");
	assert_non_null(authorization);
	const char *signature = strstr(authorization, "Signature=");
	assert_non_null(signature);
	if (strcmp(signature + 10, e->signature) != 0)
		fail_msg("%s %s: %s, not %s", e->method, e->url, authorization, e->signature);
	fe_http_headers_reset(&added);
}

static int64_t
moment(const char *text)
{
	int64_t us;
	assert_int_equal(fe_timestamp_parse(fe_str_of(text), NULL, NULL, &us), FE_TIME_OK);
	return us;
}

static void
signer_agrees_with_the_test_suite(void **state)
{
	static const struct example examples[] = {
		{ "GET", "https://example.amazonaws.com/", NULL, { { 0 } },
		  "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31" },
		{ "GET", "https://example.amazonaws.com", NULL, { { 0 } },
		  "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31" },
		{ "GET", "https://example.amazonaws.com//", NULL, { { 0 } },
		  "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31" },
		{ "GET", "https://example.amazonaws.com/foo/bar/../..", NULL, { { 0 } },
		  "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31" },
		{ "GET", "https://example.amazonaws.com/./", NULL, { { 0 } },
		  "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31" },
		{ "GET", "https://example.amazonaws.com/?Param2=value2&Param1=value1", NULL, { { 0 } },
		  "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500" },
		{ "POST", "https://example.amazonaws.com/", NULL, { { 0 } },
		  "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b" },
	};
	const struct fe_sigv4 s = { .keys = &suite_keys, .region = "us-east-1", .service = "service",
		                    .now_us = moment("2015-08-30T12:36:00Z") };
	(void)state;
	for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++)
		expect_signature(&s, &examples[i]);
}

static void
signer_agrees_with_the_examples_of_s3(void **state)
{
	static const struct example examples[] = {
		{ "GET", "https://examplebucket.s3.amazonaws.com/test.txt", NULL, { { "Range", "bytes=0-9" } },
		  "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41" },
		{ "PUT", "https://examplebucket.s3.amazonaws.com/test%24file.text", "Welcome to Amazon S3.",
		  { { "Date", "Fri, 24 May 2013 00:00:00 GMT" }, { "x-amz-storage-class", "REDUCED_REDUNDANCY" } },
		  "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd" },
		{ "GET", "https://examplebucket.s3.amazonaws.com/?lifecycle", NULL, { { 0 } },
		  "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543" },
		{ "GET", "https://examplebucket.s3.amazonaws.com/?max-keys=2&prefix=J", NULL, { { 0 } },
		  "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7" },
	};
	const struct fe_sigv4 s = { .keys = &s3_keys, .region = "us-east-1", .service = "s3",
		                    .now_us = moment("2013-05-24T00:00:00Z") };
	(void)state;
	for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++)
		expect_signature(&s, &examples[i]);
}

static void
signer_adds_what_it_signs_and_no_secret(void **state)
{
	const struct fe_sigv4_keys keys = { "AKID", "very/secret", "token" };
	const struct fe_sigv4 s = { .keys = &keys, .region = "eu-west-1", .service = "s3", .now_us = 0,
		                    .payload_sha256 = FE_SIGV4_UNSIGNED };
	const struct fe_http_request req = { .url = "http://127.0.0.1:9000/b/k" };
	struct fe_http_headers added = { 0 };
	struct fe_err err = FE_ERR_INIT;
	(void)state;
	assert_int_equal(fe_sigv4_sign(&s, &req, &added, &err), FE_OK);
	assert_string_equal(fe_http_headers_get(&added, "x-amz-date"), "19700101T000000Z");
	assert_string_equal(fe_http_headers_get(&added, "x-amz-security-token"), "token");
	assert_string_equal(fe_http_headers_get(&added, "x-amz-content-sha256"), FE_SIGV4_UNSIGNED);
	for (size_t i = 0; i < added.n_items; i++)
		assert_null(strstr(added.items[i].value, "secret"));
	assert_non_null(strstr(fe_http_headers_get(&added, "authorization"),
	                       "Credential=AKID/19700101/eu-west-1/s3/aws4_request, "
	                       "SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token, "));
	fe_http_headers_reset(&added);
}

static void
canonical_request_is_that_of_the_specification(void **state)
{
	static const struct fe_http_header headers[] = { { "X-Two", "  a   b  " }, { "My", "1" }, { "x-two", "c" },
		                                         { "User-Agent", "no" } };
	const struct fe_sigv4 s = { .keys = &s3_keys, .region = "us-east-1", .service = "s3", .now_us = 0,
		                    .payload_sha256 = "hash" };
	const struct fe_http_request req = { .url = "https://u:p@h.example:8443/a%2fb/c%7e d?b=2&a&b=1%2B+&=x",
		                             .headers = headers, .n_headers = 4 };
	struct fe_err err = FE_ERR_INIT;
	struct fe_buf out;
	(void)state;
	fe_buf_init(&out, 10000);
	assert_int_equal(fe_sigv4_canonical(&s, &req, &out, &err), FE_OK);
	assert_string_equal(fe_buf_text(&out),
	                    "GET\n/a/b/c~%20d\n=x&a=&b=1%2B%2B&b=2\n"
	                    "host:h.example:8443\nmy:1\nx-amz-content-sha256:hash\nx-amz-date:19700101T000000Z\n"
	                    "x-two:a b,c\n\nhost;my;x-amz-content-sha256;x-amz-date;x-two\nhash");
	fe_buf_reset(&out);
	assert_int_equal(fe_sigv4_canonical(&s, &(struct fe_http_request){ .url = "ftp://x/" }, &out, &err), FE_EUSAGE);
	assert_int_equal(fe_sigv4_canonical(&s, &(struct fe_http_request){ .url = "https:///x" }, &out, &err),
	                 FE_EUSAGE);
	fe_buf_reset(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signer_agrees_with_the_test_suite),
		cmocka_unit_test(signer_agrees_with_the_examples_of_s3),
		cmocka_unit_test(signer_adds_what_it_signs_and_no_secret),
		cmocka_unit_test(canonical_request_is_that_of_the_specification),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
