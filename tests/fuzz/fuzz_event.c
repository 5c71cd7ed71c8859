// SPDX-License-Identifier: Apache-2.0
/* tests/fuzz/fuzz_event.c - any bytes as the event of an invocation
 *
 * What is taken is whole: every object has a bucket and a key that S3 could have, and belongs to
 * a message where there are messages. What is not is FE_EDATA or FE_ELIMIT.
 */
#include "base/text.h"
#include "lambda/event.h"
#include "harness.h"

static void
check_object(const struct fe_event *e, const struct fe_event_object *o)
{
	const struct fe_arrival *a = &o->arrival;

	expect(a->bucket && a->bucket[0] && a->key && a->key[0] && strlen(a->key) <= 1024);
	expect(fe_utf8_is_valid(fe_str_of(a->key)) && a->size_bytes >= -1);
	expect(o->name && o->name[0]);
	if (a->sequencer)
		expect(strspn(a->sequencer, "0123456789abcdefABCDEF") == strlen(a->sequencer));
	if (e->kind == FE_EVENT_SQS)
		expect(o->message < e->n_messages);
	else
		expect(o->message == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes)
{
	struct fe_event e;
	enum fe_rc rc = fe_event_read(&e, (struct fe_str){ (const char *)data, n_bytes }, NULL);

	expect(rc == FE_OK || rc == FE_EDATA || rc == FE_ELIMIT);
	if (rc)
		expect(e.n_objects == 0 && e.n_messages == 0);
	for (size_t i = 0; i < e.n_objects; i++)
		check_object(&e, &e.objects[i]);
	for (size_t i = 0; i < e.n_messages; i++)
		expect(e.messages[i].id && e.messages[i].id[0] && e.messages[i].is_broken == (e.messages[i].why.rc != FE_OK));
	expect((e.n_broken > 0) == (e.broken.rc != FE_OK));
	if (e.kind == FE_EVENT_TEST)
		expect(e.n_objects == 0);
	fe_event_reset(&e);
	return 0;
}
