// SPDX-License-Identifier: Apache-2.0
/* tests/fuzz/fuzz_s3.c - any bytes as what S3 or a service for keys answers, and as files of AWS
 *
 * The first byte chooses: a listing, an error, a JSON of keys, a profile file, a pattern on
 * a key. A listing's keys have no NUL and are never empty, and one that goes on says where.
 */
#include "io/aws_profiles.h"
#include "io/json_texts.h"
#include "io/s3.h"
#include "harness.h"

static enum fe_rc
on_entry(void *ctx, const struct fe_s3_entry *e, struct fe_err *err)
{
	uint64_t *n = ctx;
	(void)err;
	expect(e->key.n == 0 || !memchr(e->key.p, '\0', e->key.n));
	++*n;
	return FE_OK;
}

static void
try_listing(struct fe_str text)
{
	struct fe_s3_page page;
	uint64_t n = 0;
	fe_s3_page_init(&page);
	enum fe_rc rc = fe_s3_read_page(text, &page, on_entry, &n, NULL);
	expect(rc == FE_OK || rc == FE_EDATA || rc == FE_ELIMIT);
	if (rc == FE_OK)
		expect(n == page.n_entries && (!page.has_more || page.token.n_bytes || page.upload_id_marker.n_bytes));
	fe_s3_page_reset(&page);
}

static void
try_error(struct fe_str text)
{
	struct fe_s3_error e;
	fe_s3_read_error(text, &e);
	expect(strlen(e.code) < sizeof e.code && strlen(e.message) < sizeof e.message);
	fe_free(fe_s3_read_text(text, "UploadId"));
}

static void
try_json(struct fe_str text)
{
	static const char *const names[] = { "AccessKeyId", "a" };
	struct fe_arena arena = { 0 };
	char *out[2];
	(void)!fe_json_texts(text, names, out, 2, &arena, NULL);
	fe_arena_free(&arena);
}

static void
try_profiles(struct fe_str text)
{
	struct fe_aws_profiles p = { 0 };
	struct fe_err err = FE_ERR_INIT;
	enum fe_rc rc = fe_aws_profiles_add(&p, FE_AWS_CONFIG, text, &err);
	expect(rc == FE_OK || (rc == FE_EUSAGE && err.line > 0));
	(void)fe_aws_profiles_get(&p, "default", "region", NULL);
	(void)fe_aws_profiles_section(&p, "services", "x", "s3.endpoint_url");
	fe_aws_profiles_reset(&p);
}

/* The bytes before the first NUL are the pattern. */
static void
try_pattern(struct fe_str text)
{
	const char *zero = text.n ? memchr(text.p, '\0', text.n) : NULL;
	size_t n = zero ? (size_t)(zero - text.p) : text.n / 2;
	struct fe_str pattern = { text.p, n }, key = { text.p + n, text.n - n };
	bool matched = fe_s3_matches(pattern, key);
	struct fe_str prefix = fe_s3_pattern_prefix(pattern);
	if (matched)
		expect(prefix.n <= key.n && (prefix.n == 0 || memcmp(prefix.p, key.p, prefix.n) == 0));
	if (!fe_s3_is_pattern(pattern) && pattern.n <= FE_S3_MAX_KEY_BYTES)
		expect(matched == fe_str_eq(pattern, key));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
	static void (*const tries[])(struct fe_str) = { try_listing, try_error, try_json, try_profiles, try_pattern };
	if (n_bytes < 1)
		return 0;
	tries[data[0] % 5]((struct fe_str){ (const char *)data + 1, n_bytes - 1 });
	return 0;
}
