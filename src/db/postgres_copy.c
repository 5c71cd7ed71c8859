// SPDX-License-Identifier: Apache-2.0
/* db/postgres_copy.c - COPY FROM STDIN
 *
 * Bytes are handed to the socket as far as it takes them at once, and wait in a queue
 * otherwise, so that the caller goes on while the server works. libpq is only given a
 * piece when it has sent the one before: what it cannot send, it moves about in memory.
 * The queue is bounded: past that the caller waits for the server.
 */
#include <stdio.h>

#include "base/decimal.h"
#include "db/postgres_conn.h"

#define PIECE_BYTES ((size_t)256 << 10)
#define FULL_QUEUE_BYTES ((size_t)8 << 20)

static size_t
n_queued(const struct fe_pg *pg)
{
	return pg->queue.n_bytes - pg->queue_from;
}

/* Hands over from `bytes` what goes out at once; how much. A broken connection takes all:
 * libpq keeps what broke it for the end of the COPY. */
static size_t
send_pieces(struct fe_pg *pg, struct fe_str bytes)
{
	size_t done = 0;

	while (done < bytes.n && PQflush(pg->conn) == 0) {
		size_t n = bytes.n - done < PIECE_BYTES ? bytes.n - done : PIECE_BYTES;

		if (PQputCopyData(pg->conn, bytes.p + done, (int)n) == 0)
			break;
		done += n;
	}
	return done;
}

bool
fe_pg_copy_pump(struct fe_pg *pg)
{
	if (PQstatus(pg->conn) == CONNECTION_BAD)
		pg->queue_from = pg->queue.n_bytes;
	pg->queue_from += send_pieces(pg, (struct fe_str){ pg->queue.p + pg->queue_from, n_queued(pg) });
	if (n_queued(pg) == 0) {
		fe_buf_clear(&pg->queue);
		pg->queue_from = 0;
	}
	return n_queued(pg) > 0 || PQflush(pg->conn) > 0;
}

static enum fe_rc
drain_queue(struct fe_pg *pg, size_t down_to_bytes, struct fe_err *err)
{
	while (fe_pg_copy_pump(pg) && n_queued(pg) > down_to_bytes)
		FE_TRY(fe_pg_wait_sent(pg, err));
	return FE_OK;
}

enum fe_rc
fe_pg_copy_begin(struct fe_db *db, const char *sql, struct fe_err *err)
{
	struct fe_pg *pg = fe_pg_of(db);
	PGresult *result = NULL;

	FE_TRY(fe_pg_exec(pg, sql, &result, err));
	pg->in_copy = PQresultStatus(result) == PGRES_COPY_IN;
	PQclear(result);
	fe_buf_clear(&pg->queue);
	pg->queue_from = 0;
	return pg->in_copy ? FE_OK : fe_fail(err, FE_EBUG, "the statement is not COPY FROM STDIN");
}

/* What waits moves to the front when that is cheap for what it frees. */
static void
add_to_queue(struct fe_pg *pg, struct fe_str bytes)
{
	if (pg->queue_from > n_queued(pg)) {
		memmove(pg->queue.p, pg->queue.p + pg->queue_from, n_queued(pg));
		pg->queue.n_bytes -= pg->queue_from;
		pg->queue_from = 0;
	}
	fe_buf_add_str(&pg->queue, bytes);
}

enum fe_rc
fe_pg_copy_put(struct fe_db *db, struct fe_str bytes, struct fe_err *err)
{
	struct fe_pg *pg = fe_pg_of(db);
	size_t done = 0;

	if (pg->is_lost)
		return fe_pg_fail_lost(pg, "it broke before", err);
	FE_ASSERT(pg->in_copy);
	if (!fe_pg_copy_pump(pg))
		done = send_pieces(pg, bytes);
	if (done < bytes.n)
		add_to_queue(pg, (struct fe_str){ bytes.p + done, bytes.n - done });
	FE_TRY(fe_buf_check(&pg->queue, "what waits for the server", err));
	return n_queued(pg) > FULL_QUEUE_BYTES ? drain_queue(pg, FULL_QUEUE_BYTES / 2, err) : FE_OK;
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
	FE_TRY(drain_queue(pg, 0, err));
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
	fe_buf_clear(&pg->queue);
	pg->queue_from = 0;
	/* The statement fails, as it is to. */
	if (end_copy(pg, "given up", NULL, err) != FE_OK && pg->is_lost)
		return FE_EUNAVAIL;
	return FE_OK;
}
