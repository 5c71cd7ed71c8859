// SPDX-License-Identifier: Apache-2.0
/* notify/notice.h - what people are told of a run
 *
 * Plain texts and figures; whoever knows runs fills them in, and a channel (e-mail, webhook) gives them its form. No
 * value of a record is ever among them.
 *
 *   Ownership  All is borrowed for the call.
 */
#ifndef FE_NOTIFY_NOTICE_H
#define FE_NOTIFY_NOTICE_H

#include "base/buf.h"

#define FE_NOTICE_MAX_BYTES ((size_t)64 * 1024)
#define FE_NOTICE_TIMEOUT_MS 10000 /* of one notice, with all tries */

enum fe_notice_tone { FE_NOTICE_GOOD, FE_NOTICE_NOTE, FE_NOTICE_BAD };

struct fe_notice_fact { const char *name, *value; };

struct fe_notice {
	enum fe_notice_tone tone;
	const char *title;   /* one line: "books: held, nothing was published" */
	const char *run_id;
	const struct fe_notice_fact *facts;
	size_t n_facts;
	const char *error;   /* NULL: none */
	const char *figures; /* lines, ready to be shown with a fixed width; "" none */
	const char *advice;  /* what to do next; NULL: nothing */
	const char *command; /* to type; NULL: none */
};

/* The whole of it as plain text, lines ended by LF. */
void fe_notice_text(const struct fe_notice *n, struct fe_buf *out);

#endif
