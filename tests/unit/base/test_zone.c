// SPDX-License-Identifier: Apache-2.0
/* Zones: gaps, overlaps, names, and files that lie. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/time.h"
#include "base/zone.h"
#include "base/zone_table.h"

static struct fe_zone *
open_zone(const char *name)
{
	struct fe_err err = FE_ERR_INIT;
	struct fe_zone *zone = NULL;

	if (fe_zone_open(&zone, name, &err) != FE_OK)
		fail_msg("%s", err.text);
	assert_string_equal(fe_zone_name(zone), name);
	return zone;
}

static void
expect_local(const char *name, const char *local, const char *want)
{
	struct fe_zone *zone = open_zone(name);
	char text[FE_TIMESTAMP_TEXT_BYTES + 1] = "";
	int64_t us = 0;
	enum fe_time_why why = fe_timestamp_parse(fe_str_of(local), NULL, zone, &us);

	if (why == FE_TIME_OK)
		fe_timestamp_format(us, text);
	assert_string_equal(why == FE_TIME_OK ? text : fe_time_why_code(why), want);
	fe_zone_free(zone);
}

static void
zone_knows_gaps_and_overlaps(void **state)
{
	(void)state;
	expect_local("Europe/London", "2026-03-29 00:59:59.999999", "2026-03-29 00:59:59.999999Z");
	expect_local("Europe/London", "2026-03-29 01:00", "skipped_time");
	expect_local("Europe/London", "2026-03-29 01:59:59.999999", "skipped_time");
	expect_local("Europe/London", "2026-03-29 02:00", "2026-03-29 01:00:00.000000Z");
	expect_local("Europe/London", "2026-10-25 00:59:59", "2026-10-24 23:59:59.000000Z");
	expect_local("Europe/London", "2026-10-25 01:00", "repeated_time");
	expect_local("Europe/London", "2026-10-25 02:00", "2026-10-25 02:00:00.000000Z");
	expect_local("Europe/London", "2026-10-25 01:00+01:00", "2026-10-25 00:00:00.000000Z");
	/* Half an hour of daylight time, on the southern summer. */
	expect_local("Australia/Lord_Howe", "2026-04-05 01:45", "repeated_time");
	expect_local("Australia/Lord_Howe", "2026-10-04 02:15", "skipped_time");
	/* A whole day that never was. */
	expect_local("Pacific/Apia", "2011-12-30 12:00", "skipped_time");
	expect_local("Asia/Kathmandu", "2026-01-01", "2025-12-31 18:15:00.000000Z");
}

static void
zone_rule_holds_for_all_years_to_come(void **state)
{
	(void)state;
	expect_local("Europe/Berlin", "9998-07-01 00:00", "9998-06-30 22:00:00.000000Z");
	expect_local("Europe/Berlin", "9998-12-01 00:00", "9998-11-30 23:00:00.000000Z");
	expect_local("America/New_York", "2999-03-10 02:30", "skipped_time"); /* the second Sunday */
	expect_local("Europe/Berlin", "0001-01-01 00:00", "out_of_range");
}

static void
zone_of_fixed_offset_needs_no_file(void **state)
{
	struct fe_zone *zone = open_zone("+05:45");

	(void)state;
	assert_int_equal(fe_zone_offset_at(zone, 0), 20700);
	fe_zone_free(zone);
	zone = open_zone("-15:59");
	assert_int_equal(fe_zone_offset_at(zone, FE_TIMESTAMP_MAX), -57540);
	fe_zone_free(zone);
	zone = open_zone("UTC");
	assert_int_equal(fe_zone_offset_at(zone, FE_TIMESTAMP_MIN), 0);
	fe_zone_free(zone);
	fe_zone_free(NULL);
}

static void
zone_name_cannot_leave_the_folder(void **state)
{
	static const char *const bad[] = { "", "/etc/passwd", "../../../etc/passwd", "Europe/../../etc/passwd", "Europe//London", "Europe/", "Europe",
					   "+16:00", "+05:60", "+5:45", "0545", "localtime", "right/UTC", "No/Where", "a\nb",
					   "Aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };
	struct fe_err err = FE_ERR_INIT;
	struct fe_zone *zone = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(fe_zone_open(&zone, bad[i], &err), FE_EUSAGE);
		assert_int_equal(err.rc, FE_EUSAGE);
		assert_null(zone);
	}
	assert_int_equal(fe_zone_open(&zone, "Europe/Lodnon", &err), FE_EUSAGE);
	assert_non_null(strstr(err.text, "did you mean 'Europe/London'?"));
}

/* Any prefix, and any byte changed, of a real file is read or refused, never worse. */
static void
zone_file_may_hold_anything(void **state)
{
	FILE *f = fopen("/usr/share/zoneinfo/Europe/London", "rb");
	char bytes[8192], copy[8192];
	size_t n;

	(void)state;
	assert_non_null(f);
	n = fread(bytes, 1, sizeof(bytes), f);
	assert_int_equal(fclose(f), 0);
	assert_in_range(n, 500, sizeof(bytes) - 1);
	for (size_t i = 0; i < n; i++) {
		struct fe_zone *zone = NULL;
		char *exact = malloc(i + 1);

		for (int kind = 0; kind < 2; kind++) {
			struct fe_zone z = { 0 };

			memcpy(copy, bytes, n);
			copy[i] = (char)(copy[i] ^ (kind ? 0xff : 0x01));
			if (fe_zone_read_tzif(&z, (struct fe_str){ copy, n }, NULL) == FE_OK)
				assert_in_range(fe_zone_offset_at(&z, 0) + FE_ZONE_OFFSET_LIMIT_S, 0, 2 * FE_ZONE_OFFSET_LIMIT_S);
			zone = fe_new(struct fe_zone);
			zone->at_s = z.at_s;
			zone->offset_s = z.offset_s;
			fe_zone_free(zone);
		}
		assert_non_null(exact);
		memcpy(exact, bytes, i);
		zone = fe_new(struct fe_zone);
		assert_int_equal(fe_zone_read_tzif(zone, (struct fe_str){ exact, i }, NULL), FE_EDATA);
		fe_zone_free(zone);
		free(exact);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zone_knows_gaps_and_overlaps),
		cmocka_unit_test(zone_rule_holds_for_all_years_to_come),
		cmocka_unit_test(zone_of_fixed_offset_needs_no_file),
		cmocka_unit_test(zone_name_cannot_leave_the_folder),
		cmocka_unit_test(zone_file_may_hold_anything),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
