// SPDX-License-Identifier: Apache-2.0
/* base/failpoint.c - acting out FINETL_FAILPOINT, in test builds only
 *
 * The variable is read at every pass: a pass costs little beside the work between
 * two failpoints, and there is no state but the count of passes.
 */
#include "base/failpoint.h"

#ifdef FE_FAILPOINTS

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/decimal.h"
#include "base/str.h"

struct order {
	struct fe_str name, action;
	int64_t hit;
};

/* name[:hit][=action] */
static struct order
parse_order(struct fe_str text)
{
	struct order order = { .name = text, .action = FE_STR("kill"), .hit = 1 };
	const char *equals = memchr(text.p, '=', text.n);
	const char *colon;

	if (equals) {
		order.name.n = (size_t)(equals - text.p);
		order.action = fe_str_of(equals + 1);
	}
	colon = memchr(text.p, ':', order.name.n);
	if (colon) {
		struct fe_str hit = { colon + 1, order.name.n - (size_t)(colon + 1 - text.p) };

		order.name.n = (size_t)(colon - text.p);
		FE_ASSERT(fe_int_parse(hit, &order.hit) == FE_DECIMAL_OK);
	}
	return order;
}

enum fe_rc
fe_failpoint(const char *name, struct fe_err *err)
{
	static atomic_llong n_passes;
	const char *text = getenv("FINETL_FAILPOINT");
	struct order order;

	if (!text)
		return FE_OK;
	order = parse_order(fe_str_of(text));
	if (!fe_str_is(order.name, name) || atomic_fetch_add(&n_passes, 1) + 1 != order.hit)
		return FE_OK;
	if (fe_str_is(order.action, "eio"))
		return fe_fail(err, FE_EUNAVAIL, "failpoint %s", name);
	FE_ASSERT(kill(getpid(), fe_str_is(order.action, "stop") ? SIGSTOP : SIGKILL) == 0);
	return FE_OK;
}

#endif
