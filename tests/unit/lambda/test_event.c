// SPDX-License-Identifier: Apache-2.0
/* Every form in which S3 tells of an object, and what is none. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "lambda/event.h"

/* ---- making events ---- */

#define S3_RECORD(name, key, more)                                                                       \
	"{\"eventVersion\":\"2.1\",\"eventSource\":\"aws:s3\",\"awsRegion\":\"eu-central-1\","              \
	"\"eventTime\":\"2026-01-02T03:04:05.678Z\",\"eventName\":\"" name "\",\"s3\":{\"bucket\":"         \
	"{\"name\":\"raw-data\",\"arn\":\"arn:aws:s3:::raw-data\"},\"object\":{\"key\":\"" key "\"" more "}}}"
#define S3_EVENT(key, more) "{\"Records\":[" S3_RECORD("ObjectCreated:Put", key, more) "]}"
#define WHOLE ",\"size\":1024,\"eTag\":\"d41d8\",\"versionId\":\"v1\",\"sequencer\":\"0055AED6DCD90281E5\""
#define BRIDGE(type, key)                                                                                \
	"{\"version\":\"0\",\"detail-type\":\"" type "\",\"source\":\"aws.s3\",\"time\":\"2026-01-02T03:04:05Z\"," \
	"\"detail\":{\"version\":\"0\",\"bucket\":{\"name\":\"raw-data\"},\"object\":{\"key\":\"" key "\","  \
	"\"size\":7,\"etag\":\"b57f\",\"version-id\":\"IYV3\",\"sequencer\":\"617f0837\"}}}"
#define TEST_EVENT "{\"Service\":\"Amazon S3\",\"Event\":\"s3:TestEvent\",\"Time\":\"2026-01-02T03:04:05.678Z\",\"Bucket\":\"raw-data\"}"

static char *
put(struct fe_buf *b)
{
	assert_false(b->failed);
	return fe_buf_take(b);
}

static char *
sns_text(const char *inside)
{
	struct fe_buf b;
	fe_buf_init(&b, 1 << 22);
	fe_buf_add_text(&b, "{\"Type\":\"Notification\",\"MessageId\":\"m\",\"TopicArn\":\"arn:aws:sns:eu-central-1:1:t\",\"Message\":");
	fe_buf_add_json_string(&b, fe_str_of(inside));
	fe_buf_add_text(&b, "}");
	return put(&b);
}

static char *
sns_event(const char *inside)
{
	struct fe_buf b;
	fe_buf_init(&b, 1 << 22);
	fe_buf_add_text(&b, "{\"Records\":[{\"EventSource\":\"aws:sns\",\"EventVersion\":\"1.0\",\"Sns\":{\"Message\":");
	fe_buf_add_json_string(&b, fe_str_of(inside));
	fe_buf_add_text(&b, "}}]}");
	return put(&b);
}

static char *
sqs_event(const char *const *bodies, size_t n)
{
	struct fe_buf b;
	fe_buf_init(&b, 1 << 22);
	fe_buf_add_text(&b, "{\"Records\":[");
	for (size_t i = 0; i < n; i++) {
		fe_buf_addf(&b, "%s{\"messageId\":\"id-%zu\",\"eventSource\":\"aws:sqs\",\"body\":", i ? "," : "", i);
		fe_buf_add_json_string(&b, fe_str_of(bodies[i]));
		fe_buf_add_text(&b, "}");
	}
	fe_buf_add_text(&b, "]}");
	return put(&b);
}

static struct fe_event
read_of(const char *json)
{
	struct fe_event e;
	struct fe_err err = FE_ERR_INIT;
	char *copy = fe_strdup(json);
	if (fe_event_read(&e, fe_str_of(copy), &err) != FE_OK)
		fail_msg("%s: %s", err.text, json);
	memset(copy, 'x', strlen(copy)); /* the event owns its texts */
	fe_free(copy);
	return e;
}

static void
is_refused(const char *json, const char *why)
{
	struct fe_event e;
	struct fe_err err = FE_ERR_INIT;
	if (fe_event_read(&e, fe_str_of(json), &err) != FE_EDATA)
		fail_msg("not refused: %s", json);
	if (!strstr(err.text, why))
		fail_msg("'%s' does not say '%s'", err.text, why);
	assert_int_equal(e.n_objects, 0);
	fe_event_reset(&e);
}

/* The one object has that key. */
static void
has_key(const char *json, const char *key)
{
	struct fe_event e = read_of(json);
	assert_int_equal(e.n_objects, 1);
	assert_string_equal(e.objects[0].arrival.bucket, "raw-data");
	assert_string_equal(e.objects[0].arrival.key, key);
	fe_event_reset(&e);
}

/* ---- S3 itself ---- */

static void
s3_tells_all_of_an_object(void **state)
{
	struct fe_event e = read_of(S3_EVENT("raw/a.csv", WHOLE));
	const struct fe_arrival *a = &e.objects[0].arrival;
	(void)state;
	assert_int_equal(e.kind, FE_EVENT_S3);
	assert_int_equal(e.n_objects, 1);
	assert_string_equal(a->version, "v1");
	assert_string_equal(a->etag, "d41d8");
	assert_string_equal(a->sequencer, "0055AED6DCD90281E5");
	assert_int_equal(a->size_bytes, 1024);
	assert_string_equal(e.objects[0].name, "ObjectCreated:Put");
	assert_true(e.objects[0].time_us == INT64_C(1767323045678000));
	assert_false(e.objects[0].is_removal);
	fe_event_reset(&e);
}

static void
s3_need_not_tell_version_etag_size_or_sequencer(void **state)
{
	struct fe_event e = read_of(S3_EVENT("raw/a.csv", ",\"versionId\":\"\",\"eTag\":null"));
	const struct fe_arrival *a = &e.objects[0].arrival;
	(void)state;
	assert_null(a->version);
	assert_null(a->etag);
	assert_null(a->sequencer);
	assert_int_equal(a->size_bytes, -1);
	fe_event_reset(&e);
}

static void
s3_keys_are_decoded_as_forms(void **state)
{
	(void)state;
	has_key(S3_EVENT("raw/a+b.csv", ""), "raw/a b.csv");
	has_key(S3_EVENT("raw/a%2Bb.csv", ""), "raw/a+b.csv");
	has_key(S3_EVENT("raw/a%20b.csv", ""), "raw/a b.csv");
	has_key(S3_EVENT("raw/a%2520b.csv", ""), "raw/a%20b.csv");
	has_key(S3_EVENT("raw/%C3%A9t%C3%A9%2F%e2%82%ac.csv", ""), "raw/\xc3\xa9t\xc3\xa9/\xe2\x82\xac.csv");
	has_key(S3_EVENT("raw/\\u00e9.csv", ""), "raw/\xc3\xa9.csv");
	has_key(S3_EVENT("raw/%22it%27s%22.csv", ""), "raw/\"it's\".csv");
	has_key(S3_EVENT("raw/\\\"quoted\\\".csv", ""), "raw/\"quoted\".csv");
	has_key(S3_EVENT("raw/%0Aline.csv", ""), "raw/\nline.csv");
	has_key(S3_EVENT("..%2F..%2Fetc%2Fpasswd", ""), "../../etc/passwd");
	has_key(S3_EVENT("raw/100%.csv", ""), "raw/100%.csv");
	has_key(S3_EVENT("raw/%zz%4", ""), "raw/%zz%4");
}

static void
s3_keys_that_cannot_be_are_refused(void **state)
{
	struct fe_buf b;
	(void)state;
	is_refused(S3_EVENT("", ""), "key");
	is_refused(S3_EVENT("raw/%00.csv", ""), "key");
	is_refused(S3_EVENT("raw/%ff.csv", ""), "key");
	is_refused(S3_EVENT("raw/%C3.csv", ""), "key");
	fe_buf_init(&b, 1 << 16);
	fe_buf_add_text(&b, "{\"Records\":[{\"eventVersion\":\"2.1\",\"eventSource\":\"aws:s3\",\"eventName\":\"ObjectCreated:Put\",\"s3\":"
			    "{\"bucket\":{\"name\":\"raw-data\"},\"object\":{\"key\":\"");
	for (int i = 0; i < 1025; i++)
		fe_buf_add_char(&b, 'k');
	fe_buf_add_text(&b, "\"}}}]}");
	is_refused(fe_buf_text(&b), "key");
	fe_buf_reset(&b);
}

static void
s3_records_are_all_taken_in_order(void **state)
{
	struct fe_event e = read_of("{\"Records\":[" S3_RECORD("ObjectCreated:Put", "a", WHOLE) "," S3_RECORD(
		"ObjectCreated:CompleteMultipartUpload", "b", WHOLE) "," S3_RECORD("ObjectRemoved:Delete", "c", "") "]}");
	(void)state;
	assert_int_equal(e.n_objects, 3);
	assert_string_equal(e.objects[0].arrival.key, "a");
	assert_string_equal(e.objects[1].arrival.key, "b");
	assert_false(e.objects[1].is_removal);
	assert_string_equal(e.objects[2].arrival.key, "c");
	assert_true(e.objects[2].is_removal);
	fe_event_reset(&e);
}

static void
s3_removals_are_marked(void **state)
{
	static const char *const events[] = {
		"{\"Records\":[" S3_RECORD("ObjectRemoved:DeleteMarkerCreated", "a", "") "]}",
		"{\"Records\":[" S3_RECORD("LifecycleExpiration:Delete", "a", "") "]}",
		BRIDGE("Object Deleted", "a"),
	};
	(void)state;
	for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
		struct fe_event e = read_of(events[i]);
		assert_true(e.objects[0].is_removal);
		fe_event_reset(&e);
	}
}

static void
s3_etags_lose_their_quotes(void **state)
{
	struct fe_event e = read_of(S3_EVENT("a", ",\"eTag\":\"\\\"abc-2\\\"\""));
	(void)state;
	assert_string_equal(e.objects[0].arrival.etag, "abc-2");
	fe_event_reset(&e);
}

static void
s3_test_event_has_no_objects(void **state)
{
	struct fe_event e = read_of(TEST_EVENT);
	(void)state;
	assert_int_equal(e.kind, FE_EVENT_TEST);
	assert_int_equal(e.n_objects, 0);
	fe_event_reset(&e);
}

static void
unknown_events_are_refused(void **state)
{
	(void)state;
	is_refused("", "the text ends");
	is_refused("{", "the text ends");
	is_refused("null", "none of S3's");
	is_refused("[]", "none of S3's");
	is_refused("{}", "none of S3's");
	is_refused("{\"Records\":[]}", "none of S3's");
	is_refused("{\"Records\":{}}", "none of S3's");
	is_refused("{\"Records\":[null]}", "not one of S3");
	is_refused("{\"Records\":[{\"eventSource\":\"aws:dynamodb\"}]}", "not one of S3");
	is_refused("{\"Type\":\"Notification\"}", "none of S3's");
	is_refused("{\"Type\":\"Notification\",\"Message\":\"\"}", "none of S3's");
	is_refused("{\"httpMethod\":\"GET\",\"path\":\"/\"}", "none of S3's");
	is_refused("{\"source\":\"aws.ec2\",\"detail-type\":\"x\",\"detail\":{}}", "none of S3's");
	is_refused("{\"Records\":[" S3_RECORD("ObjectTagging:Put", "a", "") "]}", "tells of no object that arrived");
	is_refused(BRIDGE("Object Restore Completed", "a"), "tells of no object that arrived");
	is_refused("{\"Records\":[{\"eventVersion\":\"3.0\",\"eventSource\":\"aws:s3\",\"eventName\":\"ObjectCreated:Put\"}]}",
		   "eventVersion '3.0', and only 2.x");
	is_refused("{\"Records\":[{\"eventVersion\":\"2.1\",\"eventSource\":\"aws:s3\",\"eventName\":\"ObjectCreated:Put\"}]}", "no bucket");
	is_refused("{\"Records\":[{\"eventVersion\":\"2.1\",\"eventSource\":\"aws:s3\",\"eventName\":\"ObjectCreated:Put\",\"s3\":"
		   "{\"bucket\":{\"name\":\"a/b\"},\"object\":{\"key\":\"k\"}}}]}",
		   "no bucket");
	is_refused(S3_EVENT("a", ",\"size\":-1"), "no number of bytes");
	is_refused(S3_EVENT("a", ",\"size\":1.5"), "no number of bytes");
	is_refused(S3_EVENT("a", ",\"size\":\"7\""), "no number of bytes");
	is_refused(S3_EVENT("a", ",\"versionId\":7"), "no text");
	is_refused(S3_EVENT("a", ",\"eTag\":[\"d41d8\"]"), "no text");
	is_refused(S3_EVENT("a", ",\"sequencer\":\"xyz\""), "hexadecimal");
	is_refused(S3_EVENT("a", ",\"versionId\":\"a\\r\\nHost: x\""), "one line");
}

static void
s3_versions_of_two_are_all_understood(void **state)
{
	static const char *const versions[] = { "2.0", "2.1", "2.2", "2.3", "2.10", "2.99" };
	(void)state;
	for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
		struct fe_buf b;
		fe_buf_init(&b, 4096);
		fe_buf_addf(&b, "{\"Records\":[{\"eventVersion\":\"%s\",\"eventSource\":\"aws:s3\",\"eventName\":\"ObjectCreated:Put\",\"s3\":"
			    "{\"bucket\":{\"name\":\"raw-data\"},\"object\":{\"key\":\"a\"}}}]}", versions[i]);
		has_key(fe_buf_text(&b), "a");
		fe_buf_reset(&b);
	}
}

static void
s3_records_that_are_none_leave_the_others_good(void **state)
{
	static const char *const odd[] = {
		S3_RECORD("ObjectTagging:Put", "odd", ""), S3_RECORD("ObjectCreated:Put", "%ff", ""), "null", "{\"eventSource\":\"aws:dynamodb\"}",
		"{\"eventVersion\":\"3.0\",\"eventSource\":\"aws:s3\"}",
	};
	(void)state;
	for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
		struct fe_buf b;
		fe_buf_init(&b, 1 << 16);
		fe_buf_addf(&b, "{\"Records\":[%s,%s,%s,%s]}", odd[i], S3_RECORD("ObjectCreated:Put", "a", ""), odd[i],
			    S3_RECORD("ObjectCreated:Put", "b", ""));
		char *event = put(&b), *wrapped = sns_event(event);
		struct fe_event e = read_of(event), of_sns = read_of(wrapped);
		assert_int_equal(e.n_objects, 2);
		assert_string_equal(e.objects[0].arrival.key, "a");
		assert_string_equal(e.objects[1].arrival.key, "b");
		assert_int_equal(e.n_broken, 2);
		assert_int_equal(e.broken.rc, FE_EDATA);
		assert_int_equal(of_sns.n_objects, 2);
		assert_int_equal(of_sns.n_broken, 2);
		assert_int_equal(of_sns.kind, FE_EVENT_SNS);
		fe_event_reset(&e);
		fe_event_reset(&of_sns);
		fe_free(event);
		fe_free(wrapped);
	}
}

static void
sns_records_that_are_foreign_leave_the_others_good(void **state)
{
	char *good = sns_event(S3_EVENT("raw/a.csv", ""));
	struct fe_buf b;
	(void)state;
	fe_buf_init(&b, 1 << 16);
	fe_buf_add_text(&b, "{\"Records\":[{\"eventSource\":\"aws:kinesis\"},{\"EventSource\":\"aws:sns\",\"Sns\":{\"Message\":\"no event\"}},");
	fe_buf_add_text(&b, strchr(good, '[') + 1);
	struct fe_event e = read_of(fe_buf_text(&b));
	assert_int_equal(e.kind, FE_EVENT_SNS);
	assert_int_equal(e.n_objects, 1);
	assert_int_equal(e.n_broken, 2);
	assert_non_null(strstr(e.broken.text, "not one of SNS"));
	fe_event_reset(&e);
	fe_buf_reset(&b);
	fe_free(good);
}

static void
unknown_members_are_passed_over(void **state)
{
	(void)state;
	has_key(S3_EVENT("a", ",\"new\":{\"deep\":[1,2,{\"x\":null}]}"), "a");
}

/* ---- EventBridge ---- */

static void
eventbridge_keys_are_as_they_are(void **state)
{
	(void)state;
	has_key(BRIDGE("Object Created", "raw/a+b%20c.csv"), "raw/a+b%20c.csv");
	has_key(BRIDGE("Object Created", "raw/\\u20ac\\\"x.csv"), "raw/\xe2\x82\xac\"x.csv");
}

static void
eventbridge_tells_all_of_an_object(void **state)
{
	struct fe_event e = read_of(BRIDGE("Object Created", "raw/a.csv"));
	const struct fe_arrival *a = &e.objects[0].arrival;
	(void)state;
	assert_int_equal(e.kind, FE_EVENT_EVENTBRIDGE);
	assert_string_equal(a->version, "IYV3");
	assert_string_equal(a->etag, "b57f");
	assert_string_equal(a->sequencer, "617f0837");
	assert_int_equal(a->size_bytes, 7);
	assert_true(e.objects[0].time_us == INT64_C(1767323045000000));
	fe_event_reset(&e);
}

/* ---- envelopes ---- */

static void
sns_is_opened(void **state)
{
	char *event = sns_event(S3_EVENT("raw/a+b.csv", WHOLE));
	(void)state;
	has_key(event, "raw/a b.csv");
	struct fe_event e = read_of(event);
	assert_int_equal(e.kind, FE_EVENT_SNS);
	fe_event_reset(&e);
	fe_free(event);
	event = sns_event(TEST_EVENT);
	e = read_of(event);
	assert_int_equal(e.kind, FE_EVENT_TEST);
	fe_event_reset(&e);
	fe_free(event);
	event = sns_event("not JSON");
	is_refused(event, "");
	fe_free(event);
}

static void
sqs_is_opened_and_so_is_sns_in_it(void **state)
{
	char *wrapped = sns_text(S3_EVENT("raw/b.csv", WHOLE)), *bridge = sns_text(BRIDGE("Object Created", "raw/d+.csv"));
	const char *const bodies[] = { S3_EVENT("raw/a.csv", WHOLE), wrapped, BRIDGE("Object Created", "raw/c.csv"), bridge };
	static const char *const keys[] = { "raw/a.csv", "raw/b.csv", "raw/c.csv", "raw/d+.csv" };
	char *event = sqs_event(bodies, 4);
	struct fe_event e = read_of(event);
	(void)state;
	assert_int_equal(e.kind, FE_EVENT_SQS);
	assert_int_equal(e.n_messages, 4);
	assert_int_equal(e.n_objects, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_string_equal(e.objects[i].arrival.key, keys[i]);
		assert_int_equal(e.objects[i].message, i);
		assert_false(e.messages[i].is_broken);
	}
	assert_string_equal(e.messages[3].id, "id-3");
	fe_event_reset(&e);
	fe_free(event);
	fe_free(wrapped);
	fe_free(bridge);
}

static void
sqs_messages_that_are_no_events_fail_by_themselves(void **state)
{
	const char *const bodies[] = {
		"not JSON",
		S3_EVENT("raw/a.csv", WHOLE),
		"{\"Records\":[" S3_RECORD("ObjectCreated:Put", "good", "") "," S3_RECORD("ObjectTagging:Put", "bad", "") "]}",
		TEST_EVENT,
		"",
	};
	char *event = sqs_event(bodies, 5);
	struct fe_event e = read_of(event);
	(void)state;
	assert_int_equal(e.n_messages, 5);
	assert_true(e.messages[0].is_broken);
	assert_int_equal(e.messages[0].why.rc, FE_EDATA);
	assert_false(e.messages[1].is_broken);
	assert_true(e.messages[2].is_broken);
	assert_false(e.messages[3].is_broken);
	assert_true(e.messages[4].is_broken);
	assert_int_equal(e.n_objects, 2);
	assert_string_equal(e.objects[0].arrival.key, "raw/a.csv");
	assert_int_equal(e.objects[0].message, 1);
	assert_string_equal(e.objects[1].arrival.key, "good"); /* done, and its message comes again */
	assert_int_equal(e.objects[1].message, 2);
	assert_int_equal(e.n_broken, 0);
	fe_event_reset(&e);
	fe_free(event);
}

static void
sqs_messages_without_an_id_are_refused(void **state)
{
	(void)state;
	is_refused("{\"Records\":[{\"eventSource\":\"aws:sqs\",\"body\":\"{}\"}]}", "no messageId");
	struct fe_event e = read_of("{\"Records\":[{\"eventSource\":\"aws:sqs\",\"messageId\":\"a\",\"body\":\"{}\"},"
				    "{\"eventSource\":\"aws:s3\"}]}");
	assert_int_equal(e.n_messages, 1);
	assert_int_equal(e.n_broken, 1); /* nobody can be told of it but by an error */
	assert_non_null(strstr(e.broken.text, "no messageId"));
	fe_event_reset(&e);
}

static void
sqs_records_that_are_foreign_fail_by_themselves(void **state)
{
	(void)state;
	struct fe_event e = read_of("{\"Records\":[{\"messageId\":\"f\",\"eventSource\":\"aws:kinesis\",\"body\":\"{}\"},"
				    "{\"messageId\":\"t\",\"eventSource\":\"aws:sqs\",\"body\":\"{\\\"Event\\\":\\\"s3:TestEvent\\\"}\"}]}");
	assert_int_equal(e.kind, FE_EVENT_SQS);
	assert_int_equal(e.n_messages, 2);
	assert_true(e.messages[0].is_broken);
	assert_string_equal(e.messages[0].id, "f");
	assert_non_null(strstr(e.messages[0].why.text, "not one of SQS"));
	assert_false(e.messages[1].is_broken);
	assert_int_equal(e.n_broken, 0);
	fe_event_reset(&e);
}

static void
envelopes_are_not_opened_for_ever(void **state)
{
	char *text = sns_text(S3_EVENT("a", ""));
	(void)state;
	for (int i = 0; i < 2; i++) {
		char *outer = sns_text(text);
		fe_free(text);
		text = outer;
	}
	is_refused(text, "none of S3's");
	fe_free(text);
}

/* ---- finetl's own ---- */

static void
a_sweep_is_asked_for_with_ages_or_without(void **state)
{
	struct fe_event e = read_of("{\"finetl\":\"sweep\",\"older_than\":\"15m\",\"newer_than\":\"7d\",\"failed\":true}");
	(void)state;
	assert_int_equal(e.kind, FE_EVENT_SWEEP);
	assert_int_equal(e.n_objects, 0);
	assert_int_equal(e.sweep.older_than_us, INT64_C(900000000));
	assert_int_equal(e.sweep.newer_than_us, INT64_C(604800000000));
	assert_true(e.sweep.tries_failed);
	fe_event_reset(&e);
	e = read_of("{\"finetl\":\"sweep\"}");
	assert_int_equal(e.kind, FE_EVENT_SWEEP);
	assert_true(e.sweep.older_than_us == 0 && e.sweep.newer_than_us == 0 && !e.sweep.tries_failed);
	fe_event_reset(&e);
}

static void
a_sweep_that_is_not_understood_is_refused(void **state)
{
	(void)state;
	is_refused("{\"finetl\":\"drop\"}", "none that it does");
	is_refused("{\"finetl\":1}", "none that it does");
	is_refused("{\"finetl\":\"sweep\",\"older\":\"15m\"}", "not this 'older'");
	is_refused("{\"finetl\":\"sweep\",\"failed\":\"yes\"}", "true or false");
	is_refused("{\"finetl\":\"sweep\",\"older_than\":15}", "a duration");
	is_refused("{\"finetl\":\"sweep\",\"newer_than\":\"a week\"}", "'newer_than' of the sweep is a duration");
	is_refused("{\"finetl\":\"sweep\",\"newer_than\":\"100000000000d\"}", "a duration");
}

static void
a_sweep_is_in_no_envelope(void **state)
{
	char *text = sns_event("{\"finetl\":\"sweep\"}");
	(void)state;
	is_refused(text, "none of S3's");
	fe_free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(s3_tells_all_of_an_object),
		cmocka_unit_test(s3_need_not_tell_version_etag_size_or_sequencer),
		cmocka_unit_test(s3_keys_are_decoded_as_forms),
		cmocka_unit_test(s3_keys_that_cannot_be_are_refused),
		cmocka_unit_test(s3_records_are_all_taken_in_order),
		cmocka_unit_test(s3_removals_are_marked),
		cmocka_unit_test(s3_etags_lose_their_quotes),
		cmocka_unit_test(s3_test_event_has_no_objects),
		cmocka_unit_test(unknown_events_are_refused),
		cmocka_unit_test(s3_versions_of_two_are_all_understood),
		cmocka_unit_test(s3_records_that_are_none_leave_the_others_good),
		cmocka_unit_test(sns_records_that_are_foreign_leave_the_others_good),
		cmocka_unit_test(unknown_members_are_passed_over),
		cmocka_unit_test(eventbridge_keys_are_as_they_are),
		cmocka_unit_test(eventbridge_tells_all_of_an_object),
		cmocka_unit_test(sns_is_opened),
		cmocka_unit_test(sqs_is_opened_and_so_is_sns_in_it),
		cmocka_unit_test(sqs_messages_that_are_no_events_fail_by_themselves),
		cmocka_unit_test(sqs_messages_without_an_id_are_refused),
		cmocka_unit_test(sqs_records_that_are_foreign_fail_by_themselves),
		cmocka_unit_test(envelopes_are_not_opened_for_ever),
		cmocka_unit_test(a_sweep_is_asked_for_with_ages_or_without),
		cmocka_unit_test(a_sweep_that_is_not_understood_is_refused),
		cmocka_unit_test(a_sweep_is_in_no_envelope),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
