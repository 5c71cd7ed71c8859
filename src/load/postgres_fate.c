// SPDX-License-Identifier: Apache-2.0
/* load/postgres_fate.c - what became of a COMMIT that was not answered
 *
 * The connection broke after COMMIT was sent: the server may have committed, may have
 * gone down before, or may still be at it. Nothing on our side can tell; so it is asked,
 * on another connection, until it knows or time is up. The transaction's own status tells
 * that it is still at it, or gone. That it is committed the audit row tells, which is there
 * if the transaction is: a server that crashed gives the number of a transaction that left
 * no trace to another one, and one that has taken over may not know it. A COMMIT that does
 * not arrive is not waited for without end: its session is ended, and then it never will.
 */
#include <stdio.h>
#include <time.h>

#include "base/log.h"
#include "base/stop.h"
#include "load/postgres_sink.h"

#define PATIENCE_MS 60000
#define PATIENCE_STOPPED_MS 5000 /* a run that is asked to stop has ten seconds */
#define STEP_MS 200
/* After this a COMMIT that has not arrived is not waited for: its session is ended. */
#define LATE_MS 5000

static enum fe_rc
has_status(struct fe_db *db, const char *run_id, const char *status, bool *found, struct fe_err *err)
{
	struct fe_stmt *st;
	enum fe_rc rc;

	FE_TRY(fe_db_prepare(db,
	                     FE_STR("SELECT 1 FROM main.etl_audit_log WHERE run_id = ?1 AND status = ?2"),
	                     &st, err));
	fe_stmt_bind_cstr(st, 1, run_id);
	fe_stmt_bind_cstr(st, 2, status);
	rc = fe_stmt_step(st, found, err);
	fe_stmt_free(st);
	return rc;
}

/* FE_PG_FORGOTTEN: not to be known now. */
static enum fe_pg_fate
ask_once(struct fe_postgres_sink *s, uint64_t xid, const char *status, struct fe_err *err)
{
	enum fe_pg_fate fate = FE_PG_FORGOTTEN;
	bool found = false;

	if (!s->look || fe_pg_is_lost(s->look)) {
		fe_postgres_forget_queries(s);
		if (fe_postgres_connect(s, &s->look, STEP_MS, true, err))
			return FE_PG_FORGOTTEN;
	}
	fe_db_set_stoppable(s->look, false);
	if (fe_pg_transaction_fate(s->look, xid, &fate, err))
		fate = FE_PG_FORGOTTEN;
	if (fate == FE_PG_IN_PROGRESS || fate == FE_PG_ABORTED)
		return fate;
	/* asked last, so that what was committed is seen */
	if (has_status(s->look, s->run_id, status, &found, err))
		return FE_PG_FORGOTTEN;
	if (found)
		return FE_PG_COMMITTED;
	return fate == FE_PG_COMMITTED ? FE_PG_ABORTED : FE_PG_FORGOTTEN;
}

enum fe_rc
fe_postgres_find_fate(struct fe_postgres_sink *s, uint64_t xid, const char *status, struct fe_err *err)
{
	const struct timespec step = { .tv_nsec = STEP_MS * 1000000L };
	int64_t start_us = fe_clock_ticks(s->base.set.clock), waited_ms;
	struct fe_err ignored = FE_ERR_INIT;

	for (;;) {
		switch (ask_once(s, xid, status, &ignored)) {
		case FE_PG_COMMITTED:
			return FE_OK;
		case FE_PG_ABORTED:
			return fe_fail(err, FE_EUNAVAIL,
			               "the connection was lost at COMMIT, and the server has rolled "
			               "the transaction back; run again");
		case FE_PG_IN_PROGRESS:
		case FE_PG_FORGOTTEN:
			break;
		}
		waited_ms = (fe_clock_ticks(s->base.set.clock) - start_us) / 1000;
		/* Whether that helps is asked next. */
		if (waited_ms >= LATE_MS && s->look && !fe_pg_is_lost(s->look) &&
		    fe_pg_end_lost(s->look, s->load, &ignored))
			fe_log(FE_LOG_DEBUG, "the lost session cannot be ended", "error",
			       ignored.text, NULL);
		if (waited_ms >= (fe_stop_requested() ? PATIENCE_STOPPED_MS
		                                      : PATIENCE_MS + s->base.set.wait_ms))
			break;
		(void)nanosleep(&step, NULL);
	}
	(void)fe_fail(err, FE_EUNAVAIL,
	              "the connection was lost at COMMIT, and whether the run was committed could not "
	              "be found out: ask with `finetl runs` once the server answers; running again is "
	              "safe either way");
	(void)snprintf(err->foreign, sizeof(err->foreign), "%s", FE_PG_UNKNOWN_COMMIT);
	return FE_EUNAVAIL;
}
