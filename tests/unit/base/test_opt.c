// SPDX-License-Identifier: Apache-2.0
/* Command lines read by a table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/opt.h"

static const struct fe_opt table[] = {
	{ .name = "warehouse", .letter = 'w', .kind = FE_OPT_TEXT, .arg = "URL", .help = "where to" },
	{ .name = "wait", .kind = FE_OPT_DURATION, .arg = "TIME", .fallback = "30s", .help = "how long" },
	{ .name = "threads", .kind = FE_OPT_INT, .arg = "N", .fallback = "1", .least = 1, .most = 64, .help = "how many" },
	{ .name = "max-memory", .kind = FE_OPT_SIZE, .arg = "SIZE", .help = "how much" },
	{ .name = "param", .kind = FE_OPT_TEXT, .arg = "NAME=VALUE", .is_repeatable = true, .help = "more" },
	{ .name = "log-format", .kind = FE_OPT_CHOICE, .arg = "F", .choices = "text json", .fallback = "text", .help = "form" },
	{ .name = "quiet", .letter = 'q', .kind = FE_OPT_FLAG, .help = "less" },
	{ 0 },
};

static enum fe_rc
parse(struct fe_opts *out, const char *const *words, struct fe_err *err)
{
	char *argv[16] = { (char *)(uintptr_t)"run" };
	int argc = 1;
	for (; words[argc - 1]; argc++)
		argv[argc] = (char *)(uintptr_t)words[argc - 1];
	*err = (struct fe_err)FE_ERR_INIT;
	return fe_opts_parse(out, table, argc, argv, err);
}

static void
values_come_apart_or_joined_and_arguments_anywhere(void **state)
{
	(void)state;
	struct fe_opts o;
	struct fe_err err;
	const char *words[] = { "--warehouse", "sqlite:a", "FILE", "--wait=2h", "-q", "--", "--threads", NULL };
	assert_int_equal(parse(&o, words, &err), FE_OK);
	assert_string_equal(fe_opts_text(&o, "warehouse"), "sqlite:a");
	assert_int_equal(fe_opts_number(&o, "wait"), 7200000);
	assert_true(fe_opts_has(&o, "quiet"));
	assert_int_equal(o.n_args, 2);
	assert_string_equal(o.args[0], "FILE");
	assert_string_equal(o.args[1], "--threads");
	fe_opts_reset(&o);
}

static void
defaults_hold_where_nothing_is_given(void **state)
{
	(void)state;
	struct fe_opts o;
	struct fe_err err;
	const char *words[] = { "-wsqlite:b", NULL };
	assert_int_equal(parse(&o, words, &err), FE_OK);
	assert_int_equal(fe_opts_number(&o, "threads"), 1);
	assert_string_equal(fe_opts_text(&o, "log-format"), "text");
	assert_string_equal(fe_opts_text(&o, "warehouse"), "sqlite:b");
	assert_null(fe_opts_text(&o, "max-memory"));
	assert_false(fe_opts_has(&o, "quiet"));
	fe_opts_reset(&o);
}

static void
repeatable_options_keep_their_order(void **state)
{
	(void)state;
	struct fe_opts o;
	struct fe_err err;
	const char *words[] = { "--param", "a=1", "--param=b=2", NULL };
	assert_int_equal(parse(&o, words, &err), FE_OK);
	assert_string_equal(fe_opts_nth(&o, "param", 0), "a=1");
	assert_string_equal(fe_opts_nth(&o, "param", 1), "b=2");
	assert_null(fe_opts_nth(&o, "param", 2));
	fe_opts_reset(&o);
}

static void
sizes_have_units(void **state)
{
	(void)state;
	static const struct { const char *text; int64_t bytes; } rows[] = {
		{ "65536", 65536 }, { "2K", 2048 }, { "512M", INT64_C(512) << 20 }, { "3G", INT64_C(3) << 30 },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct fe_opts o;
		struct fe_err err;
		const char *words[] = { "--max-memory", rows[i].text, NULL };
		assert_int_equal(parse(&o, words, &err), FE_OK);
		assert_int_equal(fe_opts_number(&o, "max-memory"), rows[i].bytes);
		fe_opts_reset(&o);
	}
}

static void
mistakes_say_what_is_right(void **state)
{
	(void)state;
	static const struct { const char *words[4]; const char *says; } rows[] = {
		{ { "--warehose", "x" }, "did you mean '--warehouse'?" },
		{ { "--zzzzzzzzzz" }, "--help lists them" },
		{ { "-x" }, "unknown option '-x'" },
		{ { "--warehouse" }, "needs a value: --warehouse URL" },
		{ { "--threads", "0" }, "from 1 to 64" },
		{ { "--threads", "65" }, "from 1 to 64" },
		{ { "--threads", "two" }, "not 'two'" },
		{ { "--max-memory", "9999999999T" }, "takes a size" },
		{ { "--max-memory", "-1" }, "takes a size" },
		{ { "--wait", "soon" }, "takes a duration" },
		{ { "--log-format", "xml" }, "takes one of: text json" },
		{ { "--quiet=1" }, "takes no value" },
		{ { "-q", "--quiet" }, "given twice" },
		{ { "--wait", "1s", "--wait=2s" }, "given twice" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct fe_opts o;
		struct fe_err err;
		assert_int_equal(parse(&o, rows[i].words, &err), FE_EUSAGE);
		assert_non_null(strstr(err.text, rows[i].says));
		fe_opts_reset(&o);
	}
}

static void
help_shows_every_option_with_choices_and_default(void **state)
{
	(void)state;
	struct fe_buf out;
	fe_buf_init(&out, 65536);
	fe_opts_help(table, &out);
	for (const struct fe_opt *o = table; o->name; o++)
		assert_non_null(strstr(fe_buf_text(&out), o->name));
	assert_non_null(strstr(fe_buf_text(&out), "form (text json) [text]"));
	assert_non_null(strstr(fe_buf_text(&out), "--warehouse, -w URL"));
	fe_buf_reset(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_come_apart_or_joined_and_arguments_anywhere),
		cmocka_unit_test(defaults_hold_where_nothing_is_given),
		cmocka_unit_test(repeatable_options_keep_their_order),
		cmocka_unit_test(sizes_have_units),
		cmocka_unit_test(mistakes_say_what_is_right),
		cmocka_unit_test(help_shows_every_option_with_choices_and_default),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
