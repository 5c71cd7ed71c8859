// SPDX-License-Identifier: Apache-2.0
/* Dates, moments, durations: texts and civil arithmetic. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/day_texts.h"
#include "base/time.h"
#include "base/zone.h"

static void
expect_timestamp(const char *text, int64_t want)
{
	int64_t us = -777;

	assert_string_equal(fe_time_why_code(fe_timestamp_parse(fe_str_of(text), NULL, NULL, &us)), "ok");
	assert_int_equal(us, want);
}

static void
expect_refused(const char *text, const char *code)
{
	int64_t us = -777;

	assert_string_equal(fe_time_why_code(fe_timestamp_parse(fe_str_of(text), NULL, NULL, &us)), code);
	assert_int_equal(us, -777);
}

static void
timestamp_reads_every_default_form(void **state)
{
	(void)state;
	expect_timestamp("1970-01-01Z", 0);
	expect_timestamp("1970-01-01 00:01Z", 60000000);
	expect_timestamp("1970-01-01T00:00:01Z", 1000000);
	expect_timestamp("1970-01-01 00:00:00.5Z", 500000);
	expect_timestamp("1970-01-01 00:00:00.000001Z", 1);
	expect_timestamp("1970-01-01 05:45+05:45", 0);
	expect_timestamp("1969-12-31 19:00:00-05:00", 0);
	expect_timestamp("1970-01-01-00:00", 0);
	expect_timestamp("2024-02-29 12:34:56Z", INT64_C(1709210096000000));
	expect_timestamp("0001-01-01 00:00:00Z", FE_TIMESTAMP_MIN);
	expect_timestamp("9999-12-31 23:59:59.999999Z", FE_TIMESTAMP_MAX);
}

static void
timestamp_says_why_not(void **state)
{
	(void)state;
	expect_refused("2026-02-30 10:00Z", "no_such_day");
	expect_refused("2026-13-01Z", "no_such_day");
	expect_refused("2025-02-29", "no_such_day");
	expect_refused("1900-02-29", "no_such_day");
	expect_refused("2026-01-01 24:00Z", "no_such_time");
	expect_refused("2026-01-01 23:59:60Z", "no_such_time");
	expect_refused("0000-01-01Z", "out_of_range");
	expect_refused("0001-01-01 00:00+00:01", "out_of_range");
	expect_refused("9999-12-31 23:59:59-00:01", "out_of_range");
	expect_refused("2026-01-01 00:00:00.1234567Z", "fraction_too_long");
	expect_refused("2026-01-01 00:00+16:00", "bad_offset");
	expect_refused("2026-01-01 00:00+05:60", "bad_offset");
	expect_refused("2026-01-01 00:00:00", "no_zone");
	expect_refused("2026-01-01", "no_zone");
}

static void
timestamp_takes_no_other_form(void **state)
{
	static const char *const others[] = {
		"", "2026", "2026-1-1", "20260101", "2026-01-01 ", " 2026-01-01", "2026-01-01T", "2026-01-01 1:00", "2026-01-01 10", "2026-01-01  10:00",
		"2026-01-01 10:00:", "2026-01-01 10:00:0", "2026-01-01 10:00:00.", "2026-01-01 10:00:00.Z", "2026-01-01 10:00z", "2026-01-01 10:00 Z",
		"2026-01-01 10:00.5", "2026-01-01t10:00", "2026-01-01 10:00+0530", "2026-01-01 10:00+05", "2026-01-01 10:00ZZ", "2026-01-01 10:00:00+05:3",
		"2026/01/01", "10000-01-01", "-001-01-01", "2026-01-0:", "2026-0/-01", "2026-01-01 1/:00", "2026-01-01 10:00:0:", "now",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		expect_refused(others[i], "not_a_timestamp");
	assert_int_equal(fe_timestamp_parse((struct fe_str){ 0 }, NULL, NULL, &(int64_t){ 0 }), FE_TIME_NOT_A_TIMESTAMP);
}

static void
date_is_ten_bytes(void **state)
{
	int32_t days = 0;

	(void)state;
	assert_int_equal(fe_date_parse(FE_STR("2026-02-01"), NULL, &days), FE_TIME_OK);
	assert_int_equal(days, 20485);
	assert_int_equal(fe_date_parse(FE_STR("0001-01-01"), NULL, &days), FE_TIME_OK);
	assert_int_equal(days, FE_DATE_MIN);
	assert_int_equal(fe_date_parse(FE_STR("9999-12-31"), NULL, &days), FE_TIME_OK);
	assert_int_equal(days, FE_DATE_MAX);
	assert_int_equal(fe_date_parse(FE_STR("2026-02-01 00:00"), NULL, &days), FE_TIME_NOT_A_DATE);
	assert_int_equal(fe_date_parse(FE_STR("2026-04-31"), NULL, &days), FE_TIME_NO_SUCH_DAY);
}

static void
printing_and_reading_are_inverse(void **state)
{
	static const int64_t moments[] = { FE_TIMESTAMP_MIN, FE_TIMESTAMP_MAX, -1, 0, 1, INT64_C(1709210096123456) };
	char text[FE_TIMESTAMP_TEXT_BYTES], by_day[FE_TIMESTAMP_TEXT_BYTES];
	struct fe_day_texts days;

	(void)state;
	fe_day_texts_init(&days);
	for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
		int64_t back = 0;

		fe_timestamp_format(moments[i], text);
		fe_day_texts_put(&days, moments[i], by_day);
		assert_memory_equal(text, by_day, FE_TIMESTAMP_TEXT_BYTES);
		assert_int_equal(fe_timestamp_parse((struct fe_str){ text, sizeof(text) }, NULL, NULL, &back), FE_TIME_OK);
		assert_int_equal(back, moments[i]);
	}
	fe_timestamp_format_iso(-1, text);
	assert_memory_equal(text, "1969-12-31T23:59:59.999999Z", sizeof(text));
}

static void
days_printed_before_are_printed_the_same(void **state)
{
	char text[FE_TIMESTAMP_TEXT_BYTES], by_day[FE_TIMESTAMP_TEXT_BYTES];
	struct fe_day_texts days;

	(void)state;
	fe_day_texts_init(&days);
	for (uint64_t i = 0, n = 1; i < 100000; i++, n = n * UINT64_C(6364136223846793005) + 1442695040888963407) {
		/* Three years, so that days take each other's places; every other moment a whole second. */
		int64_t us = (int64_t)(n >> 20) % (1100 * FE_US_PER_DAY) * (i % 3 ? 1 : -1);
		us -= i % 2 ? us % FE_US_PER_SECOND : 0;
		fe_timestamp_format(us, text);
		fe_day_texts_put(&days, us, by_day);
		assert_memory_equal(text, by_day, sizeof(text));
	}
}

/* With a Z behind it a text goes the long way. */
static void
common_form_is_read_as_every_other(void **state)
{
	static const char bytes[] = "00112234567899:-T Z./\xb9";
	struct fe_zone *utc = NULL;
	struct fe_err err = FE_ERR_INIT;

	(void)state;
	assert_int_equal(fe_zone_open(&utc, "UTC", &err), FE_OK);
	for (uint64_t i = 0, n = 1; i < 300000; i++) {
		char text[21] = "2026-02-28 12:34:56Z";
		for (int changes = (int)(i % 4); changes >= 0; changes--) {
			n = n * UINT64_C(6364136223846793005) + 1442695040888963407;
			text[(n >> 33) % 19] = bytes[(n >> 40) % (sizeof(bytes) - 1)];
		}
		int64_t us = -1, want = -1;
		enum fe_time_why why = fe_timestamp_parse((struct fe_str){ text, 19 }, NULL, utc, &us);
		enum fe_time_why expected = fe_timestamp_parse((struct fe_str){ text, 20 }, NULL, NULL, &want);
		if (memchr(text, 'Z', 19)) /* then it may have two */
			continue;
		assert_int_equal(why, expected);
		assert_int_equal(us, want);
	}
	fe_zone_free(utc);
}

/* One by one they are printed by fe_civil_from_days, and many are read without it. */
static void
many_are_read_as_one_by_one(void **state)
{
	static const char *const zones[] = { "UTC", "-05:30", "Europe/London" };
	static const char *const rare[] = { "", "2026-02-30 00:00:00", "2026-01-01 24:00:00", "0000-01-01 00:00:00", "2026-01-01 00:00",
					    "2026-01-01 00:00:00Z", "2026-01-01x00:00:00", "2026-01-0", "2026-13-01", "9999-12-31 23:59:59.9" };
	struct fe_err err = FE_ERR_INIT;
	char bytes[64][FE_TIMESTAMP_TEXT_BYTES];
	struct fe_str texts[64] = { { NULL, 1 } };
	int64_t many[64], one;

	(void)state;
	for (size_t z = 0; z < sizeof(zones) / sizeof(zones[0]); z++) {
		struct fe_zone *zone = NULL;
		assert_int_equal(fe_zone_open(&zone, zones[z], &err), FE_OK);
		for (int64_t days = FE_DATE_MIN; days < FE_DATE_MAX - 64; days += 63) {
			for (int i = 1; i < 64; i++) {
				fe_timestamp_format((days + i) * FE_US_PER_DAY + days % 86400 * FE_US_PER_SECOND * (i % 3 > 0), bytes[i]);
				bytes[i][10] = i % 2 ? ' ' : 'T';
				texts[i] = (struct fe_str){ bytes[i], i % 3 ? 19 : 10 };
			}
			uint64_t done = fe_timestamp_parse_64(texts, 64, zone, many);
			for (int i = 0; i < 64; i++) {
				enum fe_time_why why = i ? fe_timestamp_parse(texts[i], NULL, zone, &one) : FE_TIME_NOT_A_DATE;
				assert_int_equal(done >> i & 1, why == FE_TIME_OK);
				if (why == FE_TIME_OK)
					assert_int_equal(many[i], one);
			}
			if (z == 0) /* the last of them is known by its day */
				assert_int_equal(fe_days_of_us(many[63]), days + 63);
		}
		for (size_t i = 0; i < sizeof(rare) / sizeof(rare[0]); i++)
			texts[i] = fe_str_of(rare[i]);
		assert_int_equal(fe_timestamp_parse_64(texts, sizeof(rare) / sizeof(rare[0]), zone, many), 0);
		texts[0] = (struct fe_str){ NULL, 1 };
		fe_zone_free(zone);
	}
	assert_int_equal(fe_timestamp_parse_64(texts + 1, 1, NULL, many), 0);
}

static void
civil_arithmetic_reaches_every_int32_day(void **state)
{
	static const int32_t days[] = { INT32_MIN, INT32_MIN + 1, -1000000000, -719469, -719468, 0, 11016, 1000000000, INT32_MAX - 1, INT32_MAX };

	(void)state;
	for (size_t i = 0; i < sizeof(days) / sizeof(days[0]); i++) {
		struct fe_civil c = fe_civil_from_days(days[i]);

		assert_in_range(c.month, 1, 12);
		assert_in_range(c.day, 1, 31);
		assert_int_equal(fe_days_from_civil(c.year, c.month, c.day), days[i]);
	}
	assert_int_equal(fe_civil_from_days(-719468).year, 0);
	assert_int_equal(fe_civil_from_days(-719468).month, 3);
	assert_int_equal(fe_dayofweek(0), 3);
	assert_int_equal(fe_dayofweek(-4), 6);
	assert_int_equal(fe_dayofweek(-3), 0);
	assert_int_equal(fe_dayofweek(INT32_MIN), (fe_dayofweek(INT32_MIN + 1) + 6) % 7);
	assert_int_equal(fe_days_of_us(-1), -1);
	assert_int_equal(fe_days_of_us(-FE_US_PER_DAY), -1);
	assert_int_equal(fe_days_of_us(FE_US_PER_DAY - 1), 0);
}

static void
durations_have_units(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} good[] = { { "30", 30000 }, { "0", 0 }, { "500ms", 500 }, { "30s", 30000 }, { "10m", 600000 }, { "2h", 7200000 }, { "90d", INT64_C(7776000000) } };
	static const char *const bad[] = { "", "s", "-5s", "5 s", "5x", "5S", "1.5h", "99999999999999999999", "9223372036854775807d" };
	struct fe_err err = FE_ERR_INIT;
	int64_t ms = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(fe_duration_parse(fe_str_of(good[i].text), &ms, &err), FE_OK);
		assert_int_equal(ms, good[i].ms);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(fe_duration_parse(fe_str_of(bad[i]), &ms, &err), FE_EUSAGE);
}

static void
expect_bad_format(const char *format, bool for_timestamp, const char *part_of_message)
{
	struct fe_err err = FE_ERR_INIT;

	assert_int_equal(fe_time_format_check(format, for_timestamp, &err), FE_EUSAGE);
	if (!strstr(err.text, part_of_message))
		fail_msg("'%s' does not say '%s'", err.text, part_of_message);
}

static void
format_check_says_what_is_wrong(void **state)
{
	(void)state;
	expect_bad_format("%Y-%Q-%d", true, "unknown directive %Q");
	expect_bad_format("%Y-%-H-%d", true, "unknown directive %-H");
	expect_bad_format("%Y-%m-%d%", true, "unknown directive %");
	expect_bad_format("%Y-%m", false, "has no day");
	expect_bad_format("%Y-%m-%d %H:%M", false, "%H of the format");
	expect_bad_format("%Y-%m-%d %y", true, "%Y and %y");
	expect_bad_format("%-d%m%Y", true, "where %-d ends and %m begins");
	expect_bad_format("%Y-%m-%d %I:%M", true, "has %I but no %p");
	expect_bad_format("%Y-%m-%d %H:%M %p", true, "has %p beside %H");
	expect_bad_format("%Y-%m-%d %M", true, "no hour");
	expect_bad_format("%s %z", true, "allows no %z");
	assert_int_equal(fe_time_format_check("%d.%m.%Y", false, NULL), FE_OK);
	assert_int_equal(fe_time_format_check("%d.%m.%Y %I:%M:%S.%f %p %z", true, NULL), FE_OK);
}

static void
declared_format_is_read_to_the_end(void **state)
{
	int64_t us = 0;

	(void)state;
	assert_int_equal(fe_timestamp_parse(FE_STR("1 Feb 2026, 12:05 am Z"), "%-d %b %Y, %I:%M %p %z", NULL, &us), FE_TIME_OK);
	assert_int_equal(us, 20485 * FE_US_PER_DAY + 5 * 60 * FE_US_PER_SECOND);
	assert_int_equal(fe_timestamp_parse(FE_STR("01/02/2026"), "%d/%m/%Y", NULL, &us), FE_TIME_NO_ZONE);
	assert_int_equal(fe_timestamp_parse(FE_STR("01/02/2026 "), "%d/%m/%Y", NULL, &us), FE_TIME_NOT_A_TIMESTAMP);
	assert_int_equal(fe_timestamp_parse(FE_STR("1769904000.25"), "%s.%f", NULL, &us), FE_TIME_OK);
	assert_int_equal(us, INT64_C(1769904000250000));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timestamp_reads_every_default_form),
		cmocka_unit_test(timestamp_says_why_not),
		cmocka_unit_test(timestamp_takes_no_other_form),
		cmocka_unit_test(date_is_ten_bytes),
		cmocka_unit_test(printing_and_reading_are_inverse),
		cmocka_unit_test(days_printed_before_are_printed_the_same),
		cmocka_unit_test(common_form_is_read_as_every_other),
		cmocka_unit_test(many_are_read_as_one_by_one),
		cmocka_unit_test(civil_arithmetic_reaches_every_int32_day),
		cmocka_unit_test(durations_have_units),
		cmocka_unit_test(format_check_says_what_is_wrong),
		cmocka_unit_test(declared_format_is_read_to_the_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
