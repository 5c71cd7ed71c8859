// SPDX-License-Identifier: Apache-2.0
/* db/postgres_sender.c - see db/postgres_sender.h
 *
 * A ring of blocks: the caller fills those behind the last full one, the thread empties
 * the first. Only the counts are shared, under one lock; a block's content belongs to
 * whoever's turn it is. libpq is only given a piece when it has sent the one before:
 * what it cannot send, it moves about in memory.
 */
#include "db/postgres_sender.h"

#include <poll.h>
#include <pthread.h>
#include <time.h>

#include "base/mem.h"
#include "db/postgres_conn.h"

#define PIECE_BYTES ((size_t)64 << 10)
#define MAX_KEPT_BYTES ((size_t)1 << 20) /* room that a block keeps for the next one */
#define SLICE_MS 100

struct fe_pg_sender {
	PGconn *conn;
	pthread_t thread;
	bool has_thread;
	struct fe_buf blocks[FE_PG_BLOCKS];
	size_t n_sent;     /* of the first block, by the thread, or while there is none */

	pthread_mutex_t lock;
	pthread_cond_t changed;
	size_t first, n_full;    /* guarded by lock, as what follows */
	uint64_t n_moves, n_seen; /* times that bytes went out; those that the caller knows of */
	bool is_halting, is_broken;
};

/* ---- the thread ---- */

/* Notes that bytes went out; whether to go on. */
static bool
note_move(struct fe_pg_sender *s)
{
	bool go_on;

	pthread_mutex_lock(&s->lock);
	s->n_moves++;
	go_on = !s->is_halting;
	pthread_mutex_unlock(&s->lock);
	return go_on;
}

static bool
is_to_halt(struct fe_pg_sender *s)
{
	bool halt;

	pthread_mutex_lock(&s->lock);
	halt = s->is_halting;
	pthread_mutex_unlock(&s->lock);
	return halt;
}

static void
note_broken(struct fe_pg_sender *s)
{
	pthread_mutex_lock(&s->lock);
	s->is_broken = true;
	pthread_mutex_unlock(&s->lock);
}

/* Until libpq has sent what it has. False: to halt before that. *broken: it cannot. */
static bool
flush(struct fe_pg_sender *s, bool *broken)
{
	bool ready;
	int left;

	while ((left = PQflush(s->conn)) > 0) {
		if (is_to_halt(s))
			return false;
		if (fe_pg_poll(s->conn, POLLIN | POLLOUT, SLICE_MS, &ready, NULL))
			left = -1;
		if (left < 0)
			break;
		if (ready && !note_move(s))
			return false;
	}
	*broken = left < 0;
	return true;
}

/* False: to halt; what of the block is sent is in n_sent. */
static bool
send_block(struct fe_pg_sender *s, const struct fe_buf *block)
{
	bool broken = false;
	int sent;

	for (;;) {
		size_t n = block->n_bytes - s->n_sent;

		if (!flush(s, &broken))
			return false;
		if (n == 0 && !broken)
			return true;
		n = n < PIECE_BYTES ? n : PIECE_BYTES;
		sent = broken ? -1 : PQputCopyData(s->conn, block->p + s->n_sent, (int)n);
		FE_ASSERT(sent != 0); /* 0: there is no memory for a piece */
		if (sent < 0) {
			note_broken(s);
			return true;
		}
		s->n_sent += n;
		if (!note_move(s))
			return false;
	}
}

/* NULL: to halt. */
static struct fe_buf *
wait_for_block(struct fe_pg_sender *s)
{
	struct fe_buf *block;

	pthread_mutex_lock(&s->lock);
	while (s->n_full == 0 && !s->is_halting)
		pthread_cond_wait(&s->changed, &s->lock);
	block = s->is_halting ? NULL : &s->blocks[s->first];
	pthread_mutex_unlock(&s->lock);
	return block;
}

static void
drop_block(struct fe_pg_sender *s, struct fe_buf *block)
{
	if (block->cap_bytes > MAX_KEPT_BYTES)
		fe_buf_reset(block);
	fe_buf_clear(block);
	s->n_sent = 0;
	pthread_mutex_lock(&s->lock);
	s->first = (s->first + 1) % FE_PG_BLOCKS;
	s->n_full--;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
}

static void *
send_all(void *ctx)
{
	struct fe_pg_sender *s = ctx;
	struct fe_buf *block;

	while ((block = wait_for_block(s)) && send_block(s, block))
		drop_block(s, block);
	return NULL;
}

/* ---- the caller ---- */

struct fe_pg_sender *
fe_pg_sender_new(PGconn *conn)
{
	struct fe_pg_sender *s = fe_new(struct fe_pg_sender);
	pthread_condattr_t attr;
	size_t i;

	s->conn = conn;
	for (i = 0; i < FE_PG_BLOCKS; i++)
		fe_buf_init(&s->blocks[i], SIZE_MAX / 2);
	pthread_mutex_init(&s->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&s->changed, &attr);
	pthread_condattr_destroy(&attr);
	return s;
}

void
fe_pg_sender_free(struct fe_pg_sender *s)
{
	size_t i;

	if (!s)
		return;
	fe_pg_sender_halt(s);
	for (i = 0; i < FE_PG_BLOCKS; i++)
		fe_buf_reset(&s->blocks[i]);
	pthread_cond_destroy(&s->changed);
	pthread_mutex_destroy(&s->lock);
	fe_free(s);
}

enum fe_rc
fe_pg_sender_go(struct fe_pg_sender *s, struct fe_err *err)
{
	int code;

	if (s->has_thread)
		return FE_OK;
	s->is_halting = false;
	code = pthread_create(&s->thread, NULL, send_all, s);
	s->has_thread = code == 0;
	return code == 0 ? FE_OK : fe_fail_errno(err, code, "cannot start a thread that sends", NULL);
}

void
fe_pg_sender_halt(struct fe_pg_sender *s)
{
	if (!s->has_thread)
		return;
	pthread_mutex_lock(&s->lock);
	s->is_halting = true;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->thread, NULL);
	s->has_thread = false;
}

static struct timespec
moment_after(int wait_ms)
{
	struct timespec t;

	FE_ASSERT(clock_gettime(CLOCK_MONOTONIC, &t) == 0);
	t.tv_nsec += wait_ms % 1000 * 1000000L;
	t.tv_sec += wait_ms / 1000 + t.tv_nsec / 1000000000L;
	t.tv_nsec %= 1000000000L;
	return t;
}

bool
fe_pg_sender_wait(struct fe_pg_sender *s, size_t most, int wait_ms, bool *moved)
{
	struct timespec until;
	int code = 0;
	bool done;

	pthread_mutex_lock(&s->lock);
	if (s->n_full > most) {
		until = moment_after(wait_ms);
		while (s->n_full > most && code == 0)
			code = pthread_cond_timedwait(&s->changed, &s->lock, &until);
	}
	done = s->n_full <= most;
	*moved = s->n_moves != s->n_seen;
	s->n_seen = s->n_moves;
	pthread_mutex_unlock(&s->lock);
	return done;
}

bool
fe_pg_sender_is_broken(struct fe_pg_sender *s)
{
	bool broken;

	pthread_mutex_lock(&s->lock);
	broken = s->is_broken;
	pthread_mutex_unlock(&s->lock);
	return broken;
}

void
fe_pg_sender_put(struct fe_pg_sender *s, struct fe_buf *block)
{
	struct fe_buf *free_one, spare;
	size_t max_bytes = block->max_bytes;

	pthread_mutex_lock(&s->lock);
	FE_ASSERT(s->n_full < FE_PG_BLOCKS);
	free_one = &s->blocks[(s->first + s->n_full) % FE_PG_BLOCKS];
	spare = *free_one;
	*free_one = *block;
	*block = spare;
	block->max_bytes = max_bytes;
	s->n_full++;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
}
