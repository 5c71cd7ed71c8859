// SPDX-License-Identifier: Apache-2.0
/* lambda/event.h - what an invocation's event tells: the objects that arrived
 *
 * Understood are S3's own notification (eventVersion 2.x), the same inside SNS, inside SQS, or
 * inside SNS inside SQS, EventBridge's "Object Created" (with its Input passed whole), and S3's
 * test event. Keys come as S3 has them: those of notifications are form-decoded ('+' is a blank,
 * '%2B' a plus), those of EventBridge are taken as they are.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
 *
 * And one of finetl's own, for a schedule: {"finetl": "sweep", "older_than": "15m", "newer_than": "7d", "failed": false},
 * of which all but the first may be left out.
 *
 * An event that is none of these is FE_EDATA: no retry makes it one. Records that tell of a
 * removal are kept, and marked. A record that is none, among others that are, is counted, and its message
 * of SQS is broken: the others are done, and then the event, or that message, fails.
 *
 *   Ownership  all texts are the event's own: the JSON may go
 *   Limits     those of format/json_tree.h; an envelope in an envelope, three deep
 */
#ifndef FE_LAMBDA_EVENT_H
#define FE_LAMBDA_EVENT_H

#include "base/err.h"
#include "base/mem.h"
#include "pipeline/arrival.h"

enum fe_event_kind { FE_EVENT_S3, FE_EVENT_SQS, FE_EVENT_SNS, FE_EVENT_EVENTBRIDGE, FE_EVENT_TEST, FE_EVENT_SWEEP };
const char *fe_event_kind_name(enum fe_event_kind kind); /* "s3", "sqs", "sns", "eventbridge", "test", "sweep" */

struct fe_event_object {
	struct fe_arrival arrival;
	const char *name;      /* "ObjectCreated:Put" */
	int64_t time_us;       /* of the event; 0: not told */
	bool is_removal;
	size_t message;        /* of SQS: whose; else 0 */
};
struct fe_event_message {
	const char *id;
	bool is_broken;        /* it is none, or a record of its body is: it fails, though it may have objects */
	struct fe_err why;     /* it is broken */
};
struct fe_event_sweep {
	int64_t older_than_us, newer_than_us; /* 0: whenever it came */
	bool tries_failed;     /* what is on record as held or broken is tried again */
};
struct fe_event {
	enum fe_event_kind kind;
	struct fe_event_object *objects; size_t n_objects;
	struct fe_event_message *messages; size_t n_messages; /* of SQS */
	struct fe_event_sweep sweep;
	size_t n_broken;       /* records that are none; of SQS those that have no messageId */
	struct fe_err broken;  /* of the first of these */
	struct fe_arena arena;
};

FE_MUST_USE enum fe_rc fe_event_read(struct fe_event *out, struct fe_str json, struct fe_err *err);
void fe_event_reset(struct fe_event *e);

#endif
