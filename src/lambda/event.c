// SPDX-License-Identifier: Apache-2.0
/* lambda/event.c - see lambda/event.h
 *
 * What comes is one notification in up to three envelopes: a message of SQS holds the text of
 * one of SNS, that of one of S3. Envelopes are taken off in a loop; what is left is told by
 * its members alone, never by where it came from, so that any of these may hold any other.
 */
#include "lambda/event.h"

#include <inttypes.h>

#include "base/decimal.h"
#include "base/text.h"
#include "base/time.h"
#include "format/json_tree.h"
#include "io/s3_url.h"
#include "io/sigv4_url.h"

#define MAX_ENVELOPES 3
#define MAX_BUCKET_BYTES 255
#define MAX_TEXT_BYTES 1024 /* of a version, an ETag, a name */

struct reading {
	struct fe_event *event;
	size_t cap_objects, cap_messages;
	size_t message; /* of SQS: the one that is read */
	size_t n_broken;
	struct fe_err broken; /* of the first */
	struct fe_err *err;
};

/* A record that is none fails by itself: those beside it are good. */
static void
note_broken(struct reading *r)
{
	if (r->n_broken++ == 0)
		r->broken = *r->err;
	*r->err = (struct fe_err)FE_ERR_INIT;
}

const char *
fe_event_kind_name(enum fe_event_kind kind)
{
	static const char *const names[] = { "s3", "sqs", "sns", "eventbridge", "test", "sweep" };

	return names[kind];
}

/* ---- texts ---- */

static struct fe_str
text_of(const struct fe_json_value *v, const char *name)
{
	const struct fe_json_value *member = fe_json_get(v, name);

	return fe_json_is(member, FE_JSON_STRING) ? member->text : (struct fe_str){ 0 };
}

static bool
is_one_line(struct fe_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
			return false;
	return true;
}

/* A member that need not be there; null and an empty one are not. What is no text is not passed over: the object
 * would be taken without having been compared with it. */
static enum fe_rc
take_text(struct reading *r, const struct fe_json_value *v, const char *name, const char **out)
{
	const struct fe_json_value *member = fe_json_get(v, name);
	struct fe_str text = text_of(v, name);
	bool is_other = member && !fe_json_is(member, FE_JSON_STRING) && !fe_json_is(member, FE_JSON_NULL);

	if (is_other || text.n > MAX_TEXT_BYTES || !is_one_line(text) || !fe_utf8_is_valid(text))
		return fe_fail(r->err, FE_EDATA, "the event's '%s' is too long, or no text of one line", name);
	*out = text.n ? fe_arena_copy(&r->event->arena, text.p, text.n) : NULL;
	return FE_OK;
}

static struct fe_str
without_quotes(struct fe_str s)
{
	return s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"' ? (struct fe_str){ s.p + 1, s.n - 2 } : s;
}

/* ---- the parts of an object ---- */

static enum fe_rc
take_bucket(struct reading *r, struct fe_str name, struct fe_event_object *out)
{
	static const char others[] = "-._";
	bool is_fine = name.n > 0 && name.n <= MAX_BUCKET_BYTES;

	for (size_t i = 0; is_fine && i < name.n; i++) {
		const char c = name.p[i];
		is_fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		          memchr(others, c, sizeof others - 1);
	}
	if (!is_fine)
		return fe_fail(r->err, FE_EDATA, "the event names no bucket");
	out->arrival.bucket = fe_arena_copy(&r->event->arena, name.p, name.n);
	return FE_OK;
}

/* "raw/a+b%2Bc.csv" of a form is "raw/a b+c.csv". */
static enum fe_rc
take_key(struct reading *r, struct fe_str key, bool is_form, struct fe_event_object *out)
{
	struct fe_buf plain, decoded;
	enum fe_rc rc = FE_OK;

	fe_buf_init(&plain, 3 * FE_S3_MAX_KEY_BYTES);
	fe_buf_init(&decoded, 3 * FE_S3_MAX_KEY_BYTES);
	fe_buf_add_str(&plain, key);
	for (size_t i = 0; is_form && i < plain.n_bytes; i++)
		if (plain.p[i] == '+')
			plain.p[i] = ' ';
	if (is_form)
		fe_url_decode(&decoded, fe_buf_str(&plain));
	else
		fe_buf_add_str(&decoded, fe_buf_str(&plain));
	struct fe_str s = fe_buf_str(&decoded);
	if (plain.failed || decoded.failed || s.n == 0 || s.n > FE_S3_MAX_KEY_BYTES || memchr(s.p, '\0', s.n) ||
	    !fe_utf8_is_valid(s))
		rc = fe_fail(r->err, FE_EDATA, "the event's key is none that S3 has: empty, too long, or no UTF-8");
	else
		out->arrival.key = fe_arena_copy(&r->event->arena, s.p, s.n);
	fe_buf_reset(&plain);
	fe_buf_reset(&decoded);
	return rc;
}

static enum fe_rc
take_size(struct reading *r, const struct fe_json_value *object, struct fe_event_object *out)
{
	const struct fe_json_value *size = fe_json_get(object, "size");

	out->arrival.size_bytes = -1;
	if (!size || fe_json_is(size, FE_JSON_NULL))
		return FE_OK;
	if (fe_json_is(size, FE_JSON_NUMBER) && fe_int_parse(size->text, &out->arrival.size_bytes) == FE_DECIMAL_OK &&
	    out->arrival.size_bytes >= 0)
		return FE_OK;
	return fe_fail(r->err, FE_EDATA, "the event's size of the object is no number of bytes");
}

static enum fe_rc
take_sequencer(struct reading *r, const struct fe_json_value *object, struct fe_event_object *out)
{
	struct fe_str text = text_of(object, "sequencer");

	FE_TRY(take_text(r, object, "sequencer", &out->arrival.sequencer));
	for (size_t i = 0; i < text.n; i++)
		if (!memchr("0123456789abcdefABCDEF", text.p[i], 22))
			return fe_fail(r->err, FE_EDATA, "the event's sequencer is no hexadecimal number");
	return FE_OK;
}

static enum fe_rc
take_etag(struct reading *r, const struct fe_json_value *object, const char *name, struct fe_event_object *out)
{
	FE_TRY(take_text(r, object, name, &out->arrival.etag));
	if (!out->arrival.etag)
		return FE_OK;
	struct fe_str bare = without_quotes(fe_str_of(out->arrival.etag));
	out->arrival.etag = bare.n ? fe_arena_copy(&r->event->arena, bare.p, bare.n) : NULL;
	return FE_OK;
}

static void
add_object(struct reading *r, const struct fe_event_object *o)
{
	struct fe_event *e = r->event;

	e->objects = fe_grow(e->objects, &r->cap_objects, e->n_objects + 1, sizeof *e->objects);
	e->objects[e->n_objects] = *o;
	e->objects[e->n_objects++].message = r->message;
}

static int64_t
time_of(const struct fe_json_value *v, const char *name)
{
	struct fe_str text = text_of(v, name);
	int64_t us;

	return text.n && fe_timestamp_parse(text, NULL, NULL, &us) == FE_TIME_OK ? us : 0;
}

/* ---- S3's own records ---- */

static bool
begins(struct fe_str s, const char *with)
{
	size_t n = strlen(with);

	return s.n >= n && memcmp(s.p, with, n) == 0;
}

static enum fe_rc
check_name(struct reading *r, struct fe_str name, struct fe_event_object *out)
{
	if (begins(name, "s3:")) /* as some servers that are not AWS write it */
		name = (struct fe_str){ name.p + 3, name.n - 3 };
	out->is_removal = begins(name, "ObjectRemoved:") || begins(name, "LifecycleExpiration:");
	if (!out->is_removal && !begins(name, "ObjectCreated:"))
		return fe_fail(r->err, FE_EDATA, "the event '%.*s' tells of no object that arrived: let s3:ObjectCreated:* alone "
			       "come here", FE_STR_ARGS(name));
	return FE_OK;
}

static enum fe_rc
read_s3_record(struct reading *r, const struct fe_json_value *v)
{
	const struct fe_json_value *s3 = fe_json_get(v, "s3"), *object = fe_json_get(s3, "object");
	struct fe_str source = text_of(v, "eventSource"), version = text_of(v, "eventVersion");
	struct fe_event_object o = { 0 };

	if (!fe_str_is(source, "aws:s3") && !begins(source, "minio:s3"))
		return fe_fail(r->err, FE_EDATA, "a record of the event is not one of S3");
	if (!begins(version, "2."))
		return fe_fail(r->err, FE_EDATA, "a record of the event has eventVersion '%.*s', and only 2.x is understood: in another "
			       "one members may mean something else", FE_STR_ARGS(version));
	FE_TRY(take_text(r, v, "eventName", &o.name));
	FE_TRY(check_name(r, fe_str_of(o.name), &o));
	FE_TRY(take_bucket(r, text_of(fe_json_get(s3, "bucket"), "name"), &o));
	FE_TRY(take_key(r, text_of(object, "key"), true, &o));
	FE_TRY(take_size(r, object, &o));
	FE_TRY(take_text(r, object, "versionId", &o.arrival.version));
	FE_TRY(take_etag(r, object, "eTag", &o));
	FE_TRY(take_sequencer(r, object, &o));
	o.time_us = time_of(v, "eventTime");
	add_object(r, &o);
	return FE_OK;
}

/* ---- EventBridge's ---- */

static enum fe_rc
read_eventbridge(struct reading *r, const struct fe_json_value *v)
{
	const struct fe_json_value *detail = fe_json_get(v, "detail"), *object = fe_json_get(detail, "object");
	struct fe_str type = text_of(v, "detail-type");
	struct fe_event_object o = { .is_removal = fe_str_is(type, "Object Deleted") };

	if (!o.is_removal && !fe_str_is(type, "Object Created"))
		return fe_fail(r->err, FE_EDATA, "EventBridge's '%.*s' tells of no object that arrived: let 'Object Created' alone "
			       "come here", FE_STR_ARGS(type));
	FE_TRY(take_text(r, v, "detail-type", &o.name));
	FE_TRY(take_bucket(r, text_of(fe_json_get(detail, "bucket"), "name"), &o));
	FE_TRY(take_key(r, text_of(object, "key"), false, &o));
	FE_TRY(take_size(r, object, &o));
	FE_TRY(take_text(r, object, "version-id", &o.arrival.version));
	FE_TRY(take_etag(r, object, "etag", &o));
	FE_TRY(take_sequencer(r, object, &o));
	o.time_us = time_of(v, "time");
	add_object(r, &o);
	return FE_OK;
}

/* ---- one notification, and its envelopes ---- */

static enum fe_rc
fail_unknown(struct reading *r)
{
	return fe_fail(r->err, FE_EDATA, "the event is none of S3's, nor one of S3's in SNS, SQS or EventBridge");
}

static bool
is_test(const struct fe_json_value *v)
{
	return fe_str_is(text_of(v, "Event"), "s3:TestEvent");
}

static bool
is_eventbridge(const struct fe_json_value *v)
{
	return fe_str_is(text_of(v, "source"), "aws.s3") && fe_json_is(fe_json_get(v, "detail"), FE_JSON_OBJECT);
}

static enum fe_rc
read_records(struct reading *r, const struct fe_json_value *records)
{
	if (records->n_children == 0)
		return fail_unknown(r);
	for (const struct fe_json_value *v = records->first; v; v = v->next)
		if (read_s3_record(r, v))
			note_broken(r);
	return FE_OK;
}

/* v: what is in no envelope, or in SNS's. *kind: what it is at its core. */
static enum fe_rc
read_notification(struct reading *r, const struct fe_json_value *v, enum fe_event_kind *kind)
{
	for (int i = 0; i < MAX_ENVELOPES; i++) {
		const struct fe_json_value *records = fe_json_get(v, "Records");

		*kind = is_test(v) ? FE_EVENT_TEST : is_eventbridge(v) ? FE_EVENT_EVENTBRIDGE : FE_EVENT_S3;
		if (*kind == FE_EVENT_TEST)
			return FE_OK;
		if (*kind == FE_EVENT_EVENTBRIDGE)
			return read_eventbridge(r, v);
		if (fe_json_is(records, FE_JSON_ARRAY))
			return read_records(r, records);
		struct fe_str message = text_of(v, "Message");
		if (!fe_str_is(text_of(v, "Type"), "Notification") || message.n == 0)
			break;
		FE_TRY(fe_json_parse(message, &r->event->arena, &v, r->err));
	}
	return fail_unknown(r);
}

static enum fe_rc
read_text(struct reading *r, struct fe_str text, enum fe_event_kind *kind)
{
	const struct fe_json_value *v;

	if (text.n == 0)
		return fail_unknown(r);
	FE_TRY(fe_json_parse(text, &r->event->arena, &v, r->err));
	return read_notification(r, v, kind);
}

/* ---- what Lambda hands on from a queue and a topic ---- */

/* Of one that cannot be named. */
static enum fe_rc
take_message_id(struct reading *r, const struct fe_json_value *v, const char **id)
{
	FE_TRY(take_text(r, v, "messageId", id));
	return *id ? FE_OK : fe_fail(r->err, FE_EDATA, "a record of SQS has no messageId");
}

static enum fe_rc
read_message(struct reading *r, const struct fe_json_value *v)
{
	enum fe_event_kind kind;

	if (!fe_str_is(text_of(v, "eventSource"), "aws:sqs"))
		return fe_fail(r->err, FE_EDATA, "a record among those of SQS is not one of SQS");
	return read_text(r, text_of(v, "body"), &kind);
}

/* A message fails as a whole, and the good records in it are done all the same: when it comes again, they are done
 * already. Where a record cannot be named, the batch is an error, after all the others. */
static void
read_sqs(struct reading *r, const struct fe_json_value *records)
{
	struct fe_event *e = r->event;

	for (const struct fe_json_value *v = records->first; v; v = v->next) {
		struct fe_event_message m = { .why = FE_ERR_INIT };
		struct reading inner = *r;

		if (take_message_id(r, v, &m.id)) {
			note_broken(r);
			continue;
		}
		inner.message = e->n_messages;
		inner.n_broken = 0;
		inner.broken = (struct fe_err)FE_ERR_INIT;
		if (read_message(&inner, v))
			note_broken(&inner);
		m.is_broken = inner.n_broken > 0;
		m.why = inner.broken;
		r->cap_objects = inner.cap_objects;
		e->messages = fe_grow(e->messages, &r->cap_messages, e->n_messages + 1, sizeof *e->messages);
		e->messages[e->n_messages++] = m;
	}
}

static void
read_sns(struct reading *r, const struct fe_json_value *records)
{
	bool is_only_test = true;

	for (const struct fe_json_value *v = records->first; v; v = v->next) {
		enum fe_event_kind kind = FE_EVENT_SNS;
		enum fe_rc rc;

		if (!fe_str_is(text_of(v, "EventSource"), "aws:sns"))
			rc = fe_fail(r->err, FE_EDATA, "a record among those of SNS is not one of SNS");
		else
			rc = read_text(r, text_of(fe_json_get(v, "Sns"), "Message"), &kind);
		if (rc)
			note_broken(r);
		is_only_test &= rc == FE_OK && kind == FE_EVENT_TEST;
	}
	r->event->kind = is_only_test ? FE_EVENT_TEST : FE_EVENT_SNS;
}

/* One is enough: what else is there is foreign. */
static bool
has_source(const struct fe_json_value *records, const char *name, const char *source)
{
	if (!fe_json_is(records, FE_JSON_ARRAY))
		return false;
	for (const struct fe_json_value *v = records->first; v; v = v->next)
		if (fe_str_is(text_of(v, name), source))
			return true;
	return false;
}

/* ---- finetl's own ---- */

static enum fe_rc
take_age(struct reading *r, const struct fe_json_value *v, int64_t *out_us)
{
	int64_t ms;

	if (fe_json_is(v, FE_JSON_STRING) && fe_duration_parse(v->text, &ms, NULL) == FE_OK && !__builtin_mul_overflow(ms, 1000, out_us))
		return FE_OK;
	return fe_fail(r->err, FE_EDATA, "'%.*s' of the sweep is a duration such as \"15m\" or \"7d\"", FE_STR_ARGS(v->key));
}

/* A word that is not understood could be what keeps it from doing something: it is refused. */
static enum fe_rc
read_sweep(struct reading *r, const struct fe_json_value *event)
{
	struct fe_event_sweep *sweep = &r->event->sweep;

	if (!fe_str_is(text_of(event, "finetl"), "sweep"))
		return fe_fail(r->err, FE_EDATA, "what the event asks of finetl is none that it does: {\"finetl\": \"sweep\"}");
	r->event->kind = FE_EVENT_SWEEP;
	for (const struct fe_json_value *v = event->first; v; v = v->next) {
		if (fe_str_is(v->key, "older_than"))
			FE_TRY(take_age(r, v, &sweep->older_than_us));
		else if (fe_str_is(v->key, "newer_than"))
			FE_TRY(take_age(r, v, &sweep->newer_than_us));
		else if (fe_str_is(v->key, "failed") && fe_json_is(v, FE_JSON_BOOL))
			sweep->tries_failed = v->is_true;
		else if (!fe_str_is(v->key, "finetl"))
			return fe_fail(r->err, FE_EDATA, "a sweep has older_than, newer_than, and failed, true or false; not this '%.*s'",
				       FE_STR_ARGS(v->key));
	}
	return FE_OK;
}

static enum fe_rc
read_event(struct reading *r, struct fe_str json)
{
	const struct fe_json_value *v, *records;

	FE_TRY(fe_json_parse(json, &r->event->arena, &v, r->err));
	if (fe_json_get(v, "finetl"))
		return read_sweep(r, v);
	records = fe_json_get(v, "Records");
	if (has_source(records, "eventSource", "aws:sqs")) {
		r->event->kind = FE_EVENT_SQS;
		read_sqs(r, records);
		return FE_OK;
	}
	if (has_source(records, "EventSource", "aws:sns")) {
		read_sns(r, records);
		return FE_OK;
	}
	return read_notification(r, v, &r->event->kind);
}

/* Where there is nothing that could be done, the event is none. */
static enum fe_rc
check_any(struct reading *r)
{
	struct fe_event *e = r->event;

	e->n_broken = r->n_broken;
	e->broken = r->broken;
	if (r->n_broken == 0 || e->n_objects || e->n_messages)
		return FE_OK;
	*r->err = r->broken;
	return r->broken.rc;
}

enum fe_rc
fe_event_read(struct fe_event *out, struct fe_str json, struct fe_err *err)
{
	struct fe_err why = FE_ERR_INIT;
	struct reading r = { .event = out, .broken = FE_ERR_INIT, .err = &why };

	*out = (struct fe_event){ .broken = FE_ERR_INIT };
	enum fe_rc rc = read_event(&r, json);
	if (rc == FE_OK)
		rc = check_any(&r);
	if (rc) {
		fe_event_reset(out);
		if (err)
			*err = why;
	}
	return rc;
}

void
fe_event_reset(struct fe_event *e)
{
	fe_free(e->objects);
	fe_free(e->messages);
	fe_arena_free(&e->arena);
	*e = (struct fe_event){ 0 };
}
