// SPDX-License-Identifier: Apache-2.0
/* db/postgres_sender.h - a thread that sends what a COPY has still to send
 *
 * A socket takes some 200 KiB at once, which a server has copied in a millisecond; a batch
 * takes longer than that to make. So that the server does not wait for the next batch,
 * nor the caller for the server, blocks of bytes lie in a short queue, and a thread
 * hands them to libpq as the socket takes them.
 *
 *   Order      new, go; then put and wait; halt before anything else is done with the
 *              connection, go again after; free.
 *   Threads    Between go and halt the connection belongs to the thread: libpq is never
 *              called by two. All functions are the caller's thread's.
 *   Failure    A connection that breaks takes all blocks, and is_broken tells so: libpq
 *              keeps what broke it for the end of the COPY.
 *   Cost       FE_PG_BLOCKS blocks, of the size they are given in
 */
#ifndef FE_DB_POSTGRES_SENDER_H
#define FE_DB_POSTGRES_SENDER_H

#include "base/buf.h"
#include "db/libpq.h"

#define FE_PG_BLOCKS 16

struct fe_pg_sender;

/* The connection is borrowed, and does not block. */
struct fe_pg_sender *fe_pg_sender_new(PGconn *conn);
void fe_pg_sender_free(struct fe_pg_sender *s); /* halts; NULL is allowed */
FE_MUST_USE enum fe_rc fe_pg_sender_go(struct fe_pg_sender *s, struct fe_err *err);
/* After it the thread is gone. Blocks stay. */
void fe_pg_sender_halt(struct fe_pg_sender *s);
/* Waits until no more than `most` blocks are queued, for wait_ms at most; whether that is
 * so. *moved: whether some bytes went out since the last call. */
bool fe_pg_sender_wait(struct fe_pg_sender *s, size_t most, int wait_ms, bool *moved);
/* Whether blocks, or a part of one, were not sent and will not be. */
bool fe_pg_sender_is_broken(struct fe_pg_sender *s);
/* Takes what the buffer holds, and gives it room that was used before: there must be less
 * than FE_PG_BLOCKS queued. */
void fe_pg_sender_put(struct fe_pg_sender *s, struct fe_buf *block);

#endif
