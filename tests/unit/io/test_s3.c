// SPDX-License-Identifier: Apache-2.0
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "io/s3.h"

/* ---- URLs and patterns ---- */

static void
expect_url(const char *location, const char *bucket, const char *key, const char *version)
{
	struct fe_s3_url url;
	struct fe_err err = FE_ERR_INIT;
	struct fe_buf again;
	if (fe_s3_url_parse(location, &url, &err))
		fail_msg("%s: %s", location, err.text);
	assert_true(fe_str_is(url.bucket, bucket));
	assert_true(fe_str_is(url.key, key));
	assert_int_equal(url.version.p != NULL, version != NULL);
	if (version)
		assert_true(fe_str_is(url.version, version));
	fe_buf_init(&again, 10000);
	fe_s3_url_print(&again, &url);
	if (key[0])
		assert_string_equal(fe_buf_text(&again), location);
	fe_buf_reset(&again);
}

static void
urls_have_a_bucket_a_key_as_it_is_and_perhaps_a_version(void **state)
{
	(void)state;
	expect_url("s3://b/k", "b", "k", NULL);
	expect_url("s3://b", "b", "", NULL);
	expect_url("s3://my.b-1_X//lead//x%20?y#z", "my.b-1_X", "/lead//x%20?y#z", NULL);
	expect_url("s3://b/k?versionId=v1", "b", "k", "v1");
	expect_url("s3://b/k?versionId=a?versionId=v1", "b", "k?versionId=a", "v1");
}

static void
urls_without_a_bucket_are_refused(void **state)
{
	static const char *const bad[] = { "s3://", "s3:///k", "s3://b@c/k", "s3://b:80/k", "s3://../k", "s3://b/k?versionId=",
		                           "S3://b/k", "s3:/b/k", "s3://b?x/k" };
	struct fe_s3_url url;
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(fe_s3_url_parse(bad[i], &url, NULL), FE_EUSAGE);
}

static void
patterns_match_as_said(void **state)
{
	static const struct { const char *pattern, *key; bool matches; } cases[] = {
		{ "a/*.csv", "a/x.csv", true }, { "a/*.csv", "a/b/x.csv", false }, { "a/**.csv", "a/b/x.csv", true },
		{ "a/*.csv", "a/.csv", true }, { "a/*.csv", "a/x.csv.gz", false }, { "a?c", "abc", true },
		{ "a?c", "a/c", false }, { "a?c", "a\xc3\xa9" "c", true }, { "[a-c]x", "bx", true }, { "[a-c]x", "dx", false },
		{ "[!a-c]x", "dx", true }, { "[^a]x", "ax", false }, { "[]]", "]", true }, { "[a", "[a", true },
		{ "[!a]", "/", false }, { "\\*", "*", true }, { "\\*", "x", false }, { "x\\", "x\\", true },
		{ "**/x", "a/b/x", true }, { "**", "", true }, { "*", "", true }, { "", "", true }, { "", "a", false },
		{ "*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac", false },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		if (fe_s3_matches(fe_str_of(cases[i].pattern), fe_str_of(cases[i].key)) != cases[i].matches)
			fail_msg("%s on %s", cases[i].pattern, cases[i].key);
	assert_true(fe_str_is(fe_s3_pattern_prefix(FE_STR("a/b*c")), "a/b"));
	assert_false(fe_s3_is_pattern(FE_STR("a/b c+%")));
}

static void
parts_are_few_and_short_enough(void **state)
{
	(void)state;
	const uint64_t mib = 1 << 20, most = FE_S3_MAX_OBJECT_BYTES;
	assert_int_equal(fe_s3_part_bytes(1), 8 * mib);
	assert_int_equal(fe_s3_part_bytes(80000 * mib), 8 * mib);
	assert_int_equal(fe_s3_part_bytes(80000 * mib + 1), 9 * mib);
	for (uint64_t size = 1; size <= most; size = size * 3 + 7)
		assert_true((size + fe_s3_part_bytes(size) - 1) / fe_s3_part_bytes(size) <= FE_S3_MAX_PARTS);
	assert_true((most + fe_s3_part_bytes(most) - 1) / fe_s3_part_bytes(most) <= FE_S3_MAX_PARTS);
	assert_true(fe_s3_part_bytes(most) <= 5 * 1024 * mib);
}

/* ---- XML ---- */

static enum fe_rc
note(void *ctx, const struct fe_s3_entry *e, struct fe_err *err)
{
	struct fe_buf *out = ctx;
	(void)err;
	fe_buf_addf(out, "%.*s=%llu;", FE_STR_ARGS(e->key), (unsigned long long)e->size_bytes);
	if (e->upload_id.n)
		fe_buf_addf(out, "(%.*s)", FE_STR_ARGS(e->upload_id));
	if (e->mtime_us)
		fe_buf_addf(out, "@%lld;", (long long)e->mtime_us);
	return FE_OK;
}

static enum fe_rc
read_page(const char *body, struct fe_buf *out, struct fe_s3_page *page)
{
	fe_buf_clear(out);
	return fe_s3_read_page(fe_str_of(body), page, note, out, NULL);
}

static void
listings_tell_keys_sizes_and_what_follows(void **state)
{
	struct fe_s3_page page;
	struct fe_buf out;
	(void)state;
	fe_s3_page_init(&page);
	fe_buf_init(&out, 10000);
	assert_int_equal(read_page("<?xml version=\"1.0\"?>\n<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
	                           "<Name>b</Name><Contents><Key>a%2Bb+c%C3%A9%25</Key><Size>12</Size><Owner><ID>x</ID></Owner></Contents>"
	                           "<Contents><Size>0</Size><Key>&#x64;&amp;</Key></Contents><EncodingType>url</EncodingType>"
	                           "<IsTruncated>true</IsTruncated><NextContinuationToken>to/ken=</NextContinuationToken></ListBucketResult>",
	                           &out, &page), FE_OK);
	assert_string_equal(fe_buf_text(&out), "a+b c\xc3\xa9%=12;d&=0;");
	assert_true(page.has_more);
	assert_string_equal(fe_buf_text(&page.token), "to/ken=");
	assert_int_equal(read_page("<ListBucketResult><Contents><Key>a%2Bb+c</Key><Size>1</Size></Contents></ListBucketResult>",
	                           &out, &page), FE_OK);
	assert_string_equal(fe_buf_text(&out), "a%2Bb+c=1;"); /* not said to be encoded */
	assert_false(page.has_more);
	assert_int_equal(read_page("<ListMultipartUploadsResult><Upload><Key>k</Key><UploadId>u1</UploadId></Upload>"
	                           "</ListMultipartUploadsResult>", &out, &page), FE_OK);
	assert_string_equal(fe_buf_text(&out), "k=0;(u1)");
	fe_buf_reset(&out);
	fe_s3_page_reset(&page);
}

static void
listings_tell_when_objects_were_put_if_they_can(void **state)
{
	struct fe_s3_page page;
	struct fe_buf out;
	(void)state;
	fe_s3_page_init(&page);
	fe_buf_init(&out, 10000);
	assert_int_equal(read_page("<ListBucketResult><Contents><Key>a</Key><LastModified>1970-01-01T00:00:01.500Z</LastModified></Contents>"
	                           "<Contents><Key>b</Key></Contents>"
	                           "<Contents><Key>c</Key><LastModified>yesterday</LastModified></Contents></ListBucketResult>",
	                           &out, &page), FE_OK);
	assert_string_equal(fe_buf_text(&out), "a=0;@1500000;b=0;c=0;");
	fe_buf_reset(&out);
	fe_s3_page_reset(&page);
}

static void
listings_that_are_none_are_refused(void **state)
{
	static const char *const bad[] = {
		"", "<", "<html></html>", "<ListBucketResult>", "<ListBucketResult><Contents><Size>1</Size></Contents></ListBucketResult>",
		"<ListBucketResult><Contents><Key>k</Key><Size>-1</Size></Contents></ListBucketResult>",
		"<ListBucketResult><Contents><Key>k</Key><Size>99999999999999999999</Size></Contents></ListBucketResult>",
		"<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
		"<ListBucketResult><Contents><Key>a%00b</Key><Size>1</Size></Contents><EncodingType>url</EncodingType></ListBucketResult>",
		"<!DOCTYPE x [<!ENTITY a \"b\">]><ListBucketResult><Contents><Key>&a;</Key><Size>1</Size></Contents></ListBucketResult>",
		"<a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a></a></a></a></a></a></a></a></a></a></a></a></a></a></a></a></a></a>",
	};
	struct fe_s3_page page;
	struct fe_buf out;
	(void)state;
	fe_s3_page_init(&page);
	fe_buf_init(&out, 10000);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (read_page(bad[i], &out, &page) != FE_EDATA)
			fail_msg("taken: %s", bad[i]);
	fe_buf_reset(&out);
	fe_s3_page_reset(&page);
}

static void
errors_are_read_where_there_are_any(void **state)
{
	struct fe_s3_error e;
	(void)state;
	fe_s3_read_error(FE_STR("<Error><Code>NoSuchKey</Code><Message>no</Message><Region>eu-1</Region></Error>"), &e);
	assert_string_equal(e.code, "NoSuchKey");
	assert_string_equal(e.message, "no");
	assert_string_equal(e.region, "eu-1");
	fe_s3_read_error(FE_STR("<CompleteMultipartUploadResult><Code>x</Code></CompleteMultipartUploadResult>"), &e);
	assert_string_equal(e.code, "");
	fe_s3_read_error(FE_STR("<Error><Code>NoSuchKey</Code"), &e);
	assert_string_equal(e.code, "");
	assert_null(fe_s3_read_text(FE_STR("<a><b>x</b></a>"), "UploadId"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls_have_a_bucket_a_key_as_it_is_and_perhaps_a_version),
		cmocka_unit_test(urls_without_a_bucket_are_refused),
		cmocka_unit_test(patterns_match_as_said),
		cmocka_unit_test(parts_are_few_and_short_enough),
		cmocka_unit_test(listings_tell_keys_sizes_and_what_follows),
		cmocka_unit_test(listings_tell_when_objects_were_put_if_they_can),
		cmocka_unit_test(listings_that_are_none_are_refused),
		cmocka_unit_test(errors_are_read_where_there_are_any),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
