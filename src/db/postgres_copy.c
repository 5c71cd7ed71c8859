// SPDX-License-Identifier: Apache-2.0
/* db/postgres_copy.c - COPY FROM STDIN
 *
 * Blocks of bytes go to the sender (db/postgres_sender.h), so that the caller goes on while
 * the server works. Its queue is bounded, in bytes too, as a great block is not put behind
 * others: past that the caller waits for the server.
 */
#include <stdio.h>

#include "base/decimal.h"
#include "base/stop.h"
#include "db/postgres_conn.h"
#include "db/postgres_sender.h"

#define SLICE_MS 100
#define GREAT_BYTES ((size_t)1 << 20)

/* Until no more than `most` blocks are queued. While nothing moves, the connection is this
 * thread's from time to time, to look after a stop and after the server. A stop does not
 * wait for the rest of the queue, which a slow line takes long for. */
static enum fe_rc
wait_for_sender(struct fe_pg *pg, size_t most, struct fe_err *err)
{
	int64_t heard_ms = fe_pg_now_ms();
	bool moved;

	while (!fe_pg_sender_wait(pg->sender, most, SLICE_MS, &moved)) {
		if (moved)
			heard_ms = fe_pg_now_ms();
		if (moved && !(pg->base.stoppable && fe_stop_requested()))
			continue;
		fe_pg_sender_halt(pg->sender);
		FE_TRY(fe_pg_on_idle(pg, &heard_ms, err));
		if (pg->cancelled_ms > 0)
			return fe_fail(err, FE_ECANCEL, "asked to stop");
		FE_TRY(fe_pg_sender_go(pg->sender, err));
	}
	return FE_OK;
}

static void
free_sender(struct fe_pg *pg)
{
	fe_pg_sender_free(pg->sender);
	pg->sender = NULL;
}

enum fe_rc
fe_pg_copy_begin(struct fe_db *db, const char *sql, struct fe_err *err)
{
	struct fe_pg *pg = fe_pg_of(db);
	PGresult *result = NULL;

	FE_TRY(fe_pg_exec(pg, sql, &result, err));
	pg->in_copy = PQresultStatus(result) == PGRES_COPY_IN;
	PQclear(result);
	if (!pg->in_copy)
		return fe_fail(err, FE_EBUG, "the statement is not COPY FROM STDIN");
	pg->sender = fe_pg_sender_new(pg->conn);
	return fe_pg_sender_go(pg->sender, err);
}

/* Ends the COPY on the wire: why NULL: well. */
static enum fe_rc
end_copy(struct fe_pg *pg, const char *why, PGresult **out, struct fe_err *err)
{
	int sent = 0;

	while (!pg->is_lost && (sent = PQputCopyEnd(pg->conn, why)) == 0)
		FE_TRY(fe_pg_wait_sent(pg, err));
	pg->in_copy = false;
	return fe_pg_finish(pg, sent > 0, out, err);
}

/* Blocks that were not sent are missing, so the COPY is not to end well; its end has the
 * reason. */
static enum fe_rc
check_sender(struct fe_pg *pg, struct fe_err *err)
{
	enum fe_rc rc;

	if (!fe_pg_sender_is_broken(pg->sender))
		return FE_OK;
	free_sender(pg);
	rc = end_copy(pg, "given up", NULL, err);
	return rc ? rc : fe_pg_fail_lost(pg, "a part was not sent", err);
}

enum fe_rc
fe_pg_copy_put(struct fe_db *db, struct fe_buf *bytes, struct fe_err *err)
{
	struct fe_pg *pg = fe_pg_of(db);

	if (pg->is_lost)
		return fe_pg_fail_lost(pg, "it broke before", err);
	FE_ASSERT(pg->in_copy);
	FE_TRY(wait_for_sender(pg, bytes->n_bytes > GREAT_BYTES ? 0 : FE_PG_BLOCKS - 1, err));
	FE_TRY(check_sender(pg, err));
	fe_pg_sender_put(pg->sender, bytes);
	return FE_OK;
}

enum fe_rc
fe_pg_copy_end(struct fe_db *db, uint64_t *n_rows, struct fe_err *err)
{
	struct fe_pg *pg = fe_pg_of(db);
	PGresult *result = NULL;
	int64_t n = -1;
	enum fe_rc rc;

	if (pg->is_lost)
		return fe_pg_fail_lost(pg, "it broke before", err);
	FE_ASSERT(pg->in_copy);
	FE_TRY(wait_for_sender(pg, 0, err));
	FE_TRY(check_sender(pg, err));
	free_sender(pg);
	FE_TRY(end_copy(pg, NULL, &result, err));
	if (strncmp(PQcmdStatus(result), "COPY", 4) == 0)
		(void)fe_int_parse(fe_str_of(PQcmdTuples(result)), &n);
	rc = n >= 0 ? FE_OK : fe_fail(err, FE_EBUG, "the server ended a COPY with '%.20s'",
	                              PQcmdStatus(result));
	PQclear(result);
	*n_rows = n >= 0 ? (uint64_t)n : 0;
	return rc;
}

enum fe_rc
fe_pg_copy_give_up(struct fe_pg *pg, struct fe_err *err)
{
	if (pg->is_lost)
		return fe_pg_fail_lost(pg, "it broke before", err);
	free_sender(pg);
	/* The statement fails, as it is to. */
	if (end_copy(pg, "given up", NULL, err) != FE_OK && pg->is_lost)
		return FE_EUNAVAIL;
	return FE_OK;
}
