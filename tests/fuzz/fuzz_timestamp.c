// SPDX-License-Identifier: Apache-2.0
/* tests/fuzz/fuzz_timestamp.c - any text as a date and a timestamp, any text as a
 * format, any bytes as a time zone file
 *
 * The first byte chooses: 0 a default text; 1 a format, a newline and a text; 2 a zone
 * file. What is read is in range, prints, and reads back as the same moment. A format
 * that passes its check is walked without harm. In a zone every moment has one local
 * time, and a local time of one moment leads back to it; a gap and an overlap are told
 * as what they are.
 */
#include "base/day_texts.h"
#include "base/mem.h"
#include "base/time.h"
#include "base/zone.h"
#include "base/zone_table.h"
#include "harness.h"

static void
check_moment(int64_t us)
{
	char text[FE_TIMESTAMP_TEXT_BYTES], by_day[FE_TIMESTAMP_TEXT_BYTES];
	struct fe_day_texts days;
	int64_t back = 0;

	expect(us >= FE_TIMESTAMP_MIN && us <= FE_TIMESTAMP_MAX);
	fe_timestamp_format(us, text);
	expect(fe_timestamp_parse((struct fe_str){ text, sizeof(text) }, NULL, NULL, &back) == FE_TIME_OK);
	expect(back == us);
	fe_day_texts_init(&days);
	fe_day_texts_put(&days, us, by_day);
	expect(memcmp(text, by_day, sizeof(text)) == 0);
	fe_timestamp_format_iso(us, text);
	expect(fe_timestamp_parse((struct fe_str){ text, sizeof(text) }, NULL, NULL, &back) == FE_TIME_OK);
	expect(back == us);
}

/* The form that most texts have is read by a way of its own, but not with a Z behind it. */
static void
check_common(struct fe_str text)
{
	struct fe_zone *utc;
	char zulu[20];
	int64_t us = 0, want = 0;

	if (text.n != 19 || memchr(text.p, 'Z', text.n))
		return;
	memcpy(zulu, text.p, 19);
	zulu[19] = 'Z';
	utc = fe_new(struct fe_zone);
	fe_zone_init(utc, 0);
	enum fe_time_why expected = fe_timestamp_parse((struct fe_str){ zulu, 20 }, NULL, NULL, &want);
	if (expected == FE_TIME_OK)
		expect(fe_timestamp_parse(text, NULL, utc, &us) == FE_TIME_OK && us == want);
	fe_zone_free(utc);
}

static void
check_default(struct fe_str text)
{
	check_common(text);
	char printed[FE_DATE_TEXT_BYTES];
	int64_t us = 0;
	int32_t days = 0;

	if (fe_timestamp_parse(text, NULL, NULL, &us) == FE_TIME_OK)
		check_moment(us);
	if (fe_date_parse(text, NULL, &days) == FE_TIME_OK) {
		fe_date_format(days, printed);
		expect(fe_str_eq(text, (struct fe_str){ printed, sizeof(printed) }));
	}
}

static void
check_declared(struct fe_str text)
{
	const char *line_end = text.n ? memchr(text.p, '\n', text.n) : NULL;
	size_t n = line_end ? (size_t)(line_end - text.p) : text.n;
	struct fe_str rest = { text.p + n + 1, line_end ? text.n - n - 1 : 0 };
	char *format = fe_strndup(text.p, n);
	struct fe_err err = FE_ERR_INIT;
	int64_t us = 0;
	int32_t days = 0;

	if (!line_end)
		rest = (struct fe_str){ 0 };
	if (fe_time_format_check(format, true, &err) == FE_OK && fe_timestamp_parse(rest, format, NULL, &us) == FE_TIME_OK)
		check_moment(us);
	if (fe_time_format_check(format, false, &err) == FE_OK && fe_date_parse(rest, format, &days) == FE_TIME_OK)
		expect(days >= FE_DATE_MIN && days <= FE_DATE_MAX);
	fe_free(format);
}

static void
check_local(const struct fe_zone *zone, int64_t us)
{
	int32_t offset_s = fe_zone_offset_at(zone, us);
	int64_t back = 0;

	expect(offset_s > -FE_ZONE_OFFSET_LIMIT_S && offset_s < FE_ZONE_OFFSET_LIMIT_S);
	switch (fe_zone_to_utc(zone, us + offset_s * FE_US_PER_SECOND, &back)) {
	case FE_ZONE_UNIQUE:
		expect(back == us);
		break;
	case FE_ZONE_SKIPPED:
		abort(); /* a clock has just shown it */
	case FE_ZONE_REPEATED:
		break;
	}
}

static void
check_zone(struct fe_str bytes)
{
	struct fe_zone *zone = fe_new(struct fe_zone);

	if (fe_zone_read_tzif(zone, bytes, NULL) == FE_OK) {
		expect(zone->at_s[0] == INT64_MIN && zone->at_s[zone->n] == INT64_MAX);
		for (size_t i = 1; i < zone->n; i++) {
			expect(zone->at_s[i] > zone->at_s[i - 1]);
			if (zone->at_s[i] > FE_TIMESTAMP_MIN / FE_US_PER_SECOND && zone->at_s[i] < FE_TIMESTAMP_MAX / FE_US_PER_SECOND) {
				check_local(zone, zone->at_s[i] * FE_US_PER_SECOND);
				check_local(zone, zone->at_s[i] * FE_US_PER_SECOND - 1);
			}
		}
		check_local(zone, 0);
		check_local(zone, FE_TIMESTAMP_MIN);
		check_local(zone, FE_TIMESTAMP_MAX);
	}
	fe_zone_free(zone);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
	struct fe_str text;

	if (n_bytes == 0)
		return 0;
	text = (struct fe_str){ (const char *)data + 1, n_bytes - 1 };
	switch (data[0] % 3) {
	case 0:
		check_default(text);
		break;
	case 1:
		check_declared(text);
		break;
	case 2:
		check_zone(text);
		break;
	}
	return 0;
}
