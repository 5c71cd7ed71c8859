// SPDX-License-Identifier: Apache-2.0
/* JSON text: commas, quotes, nesting, exact figures. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/json.h"

static void
json_nests_and_puts_commas(void **state)
{
	struct fe_buf b;
	struct fe_json j;

	(void)state;
	fe_buf_init(&b, 1000);
	fe_json_init(&j, &b, 0);
	fe_json_object(&j, NULL);
	fe_json_array(&j, "a");
	fe_json_i64(&j, NULL, 1);
	fe_json_i64(&j, NULL, INT64_MIN);
	fe_json_array_end(&j);
	fe_json_object(&j, "empty");
	fe_json_object_end(&j);
	fe_json_bool(&j, "b", true);
	fe_json_null(&j, "n");
	fe_json_text(&j, "t", NULL);
	fe_json_decimal(&j, "d", -5, 2);
	fe_json_time(&j, "at", 0);
	fe_json_raw(&j, "raw", FE_STR("[1]"));
	fe_json_object_end(&j);
	assert_string_equal(fe_buf_text(&b),
			    "{\"a\":[1,-9223372036854775808],\"empty\":{},\"b\":true,\"n\":null,\"t\":null,"
			    "\"d\":\"-0.05\",\"at\":\"1970-01-01T00:00:00.000000Z\",\"raw\":[1]}");
	fe_buf_reset(&b);
}

static void
json_indents(void **state)
{
	struct fe_buf b;
	struct fe_json j;

	(void)state;
	fe_buf_init(&b, 1000);
	fe_json_init(&j, &b, 2);
	fe_json_object(&j, NULL);
	fe_json_array(&j, "a");
	fe_json_i64(&j, NULL, 1);
	fe_json_array_end(&j);
	fe_json_object_end(&j);
	assert_string_equal(fe_buf_text(&b), "{\n  \"a\": [\n    1\n  ]\n}");
	fe_buf_reset(&b);
}

static void
json_is_sticky_past_the_limit(void **state)
{
	struct fe_err err = FE_ERR_INIT;
	struct fe_buf b;
	struct fe_json j;

	(void)state;
	fe_buf_init(&b, 8);
	fe_json_init(&j, &b, 0);
	fe_json_str(&j, NULL, FE_STR("longer than eight"));
	assert_int_equal(fe_buf_check(&b, "the report", &err), FE_ELIMIT);
	fe_buf_reset(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_nests_and_puts_commas),
		cmocka_unit_test(json_indents),
		cmocka_unit_test(json_is_sticky_past_the_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
