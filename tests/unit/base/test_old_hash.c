// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/old_hash.h"

static void
sha1_is_that_of_its_standard(void **state)
{
	char hex[FE_SHA1_HEX_BYTES];
	(void)state;
	fe_sha1_of(FE_STR("abc"), hex);
	assert_string_equal(hex, "a9993e364706816aba3e25717850c26c9cd0d89d");
	fe_sha1_of((struct fe_str){ 0 }, hex);
	assert_string_equal(hex, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
}

static void
md5_is_that_of_its_standard_in_base64(void **state)
{
	char text[FE_MD5_BASE64_BYTES];
	(void)state;
	assert_true(fe_md5_of(FE_STR("abc"), text));
	assert_string_equal(text, "kAFQmDzST7DWlj99KOF/cg==");
	assert_true(fe_md5_of((struct fe_str){ 0 }, text));
	assert_string_equal(text, "1B2M2Y8AsgTpgAmY7PhCfg==");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha1_is_that_of_its_standard),
		cmocka_unit_test(md5_is_that_of_its_standard_in_base64),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
