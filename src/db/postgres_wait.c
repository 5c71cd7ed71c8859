// SPDX-License-Identifier: Apache-2.0
/* db/postgres_wait.c - how a server is waited for
 *
 * Whatever is asked of a server, its answer is waited for here, in short slices of poll.
 * In between: a stop is passed on to the server, once; and when nothing came for a while,
 * the server is asked over a connection of its own what it is about. A statement may take
 * hours as long as the server says that it is at work; an answer that was lost on the way is
 * found out within a minute.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/stop.h"
#include "db/postgres_conn.h"

#define SLICE_MS 100
#define SILENCE_MS 10000
#define SILENCE_STOPPED_MS 2500 /* a run that is asked to stop has ten seconds */
#define ASK_MS 20000         /* for all of asking about the server */
#define LAST_CHANCE_MS 1000  /* for an answer that crossed with the asking */
#define CANCEL_CONNECT_MS 3000
#define CANCEL_ANSWER_MS 5000

int64_t
fe_pg_now_ms(void)
{
	return fe_clock_ticks(&fe_clock_system) / 1000;
}

/* A poll that tells a timeout, and takes a signal for one. */
static enum fe_rc
poll_once(struct pollfd *fd, int64_t wait_ms, struct fe_err *err)
{
	int found = poll(fd, 1, wait_ms > SLICE_MS ? SLICE_MS : (int)(wait_ms > 0 ? wait_ms : 0));

	if (found >= 0)
		return FE_OK;
	if (errno != EINTR)
		return fe_fail_errno(err, errno, "cannot wait for the server", NULL);
	fd->revents = 0;
	return FE_OK;
}

enum fe_rc
fe_pg_poll(PGconn *conn, short events, int64_t wait_ms, bool *ready, struct fe_err *err)
{
	struct pollfd fd = { .fd = PQsocket(conn), .events = events };

	FE_TRY(poll_once(&fd, wait_ms, err));
	*ready = fd.revents != 0;
	return FE_OK;
}

/* ---- stopping ---- */

static void *
send_cancel(void *cancel)
{
	char text[256];

	/* Where it fails, the wait for an answer ends by itself. */
	(void)PQcancel((PGcancel *)cancel, text, sizeof(text));
	PQfreeCancel((PGcancel *)cancel);
	return NULL;
}

/* libpq cancels in one blocking call, which on a dead network takes longer than a stop may:
 * so a thread does it, and is left alone when it is slow. */
static void
cancel(struct fe_pg *pg)
{
	PGcancel *request = PQgetCancel(pg->conn);
	struct timespec until;
	pthread_t thread;

	if (!request)
		return;
	if (clock_gettime(CLOCK_REALTIME, &until) != 0 ||
	    pthread_create(&thread, NULL, send_cancel, request) != 0) {
		PQfreeCancel(request);
		return;
	}
	until.tv_sec += CANCEL_CONNECT_MS / 1000;
	if (pthread_timedjoin_np(thread, NULL, &until) != 0)
		(void)pthread_detach(thread);
}

/* ---- silence ---- */

/* Runs one query on a connection of its own. */
static enum fe_rc
ask(struct fe_pg *pg, PGconn *conn, const char *sql, const char *const *values, int64_t until_ms,
    PGresult **out, struct fe_err *err)
{
	bool ready;

	if (!PQsendQueryParams(conn, sql, 2, NULL, values, NULL, NULL, 0))
		return fe_fail(err, FE_EUNAVAIL, "the server cannot be asked");
	while (PQflush(conn) > 0 || PQisBusy(conn)) {
		if (pg->base.stoppable)
			FE_TRY(fe_stop_check(err));
		FE_TRY(fe_pg_poll(conn, POLLIN, until_ms - fe_pg_now_ms(), &ready, err));
		if (fe_pg_now_ms() >= until_ms || (ready && !PQconsumeInput(conn)))
			return fe_fail(err, FE_EUNAVAIL, "the server does not answer");
	}
	*out = PQgetResult(conn);
	return FE_OK;
}

/* Whether the server is at work for us: neither waiting for us, nor unable to get its
 * answer to us, nor done. */
static enum fe_rc
ask_whether_at_work(struct fe_pg *pg, bool *at_work, struct fe_err *err)
{
	static const char sql[] =
		"SELECT 1 FROM pg_catalog.pg_stat_activity WHERE pid = $1::int "
		"AND backend_start = $2::timestamptz AND wait_event_type IS DISTINCT FROM 'Client' "
		"AND state IN ('active', 'disabled')"; /* disabled: track_activities is off */
	const int64_t until_ms = fe_pg_now_ms() + ASK_MS;
	const char *values[2];
	PGresult *result = NULL;
	PGconn *conn = NULL;
	char pid[16];
	enum fe_rc rc;

	*at_work = false;
	(void)snprintf(pid, sizeof(pid), "%d", PQbackendPID(pg->conn));
	values[0] = pid;
	values[1] = pg->backend_start;
	rc = fe_pg_connect_once(pg, ASK_MS, &conn, err);
	if (rc == FE_OK)
		rc = ask(pg, conn, sql, values, until_ms, &result, err);
	if (rc == FE_OK && PQresultStatus(result) != PGRES_TUPLES_OK)
		rc = fe_fail(err, FE_EUNAVAIL, "the server cannot be asked");
	if (rc == FE_OK)
		*at_work = PQntuples(result) > 0;
	PQclear(result);
	PQfinish(conn);
	return rc;
}

/* Nothing came for a while. */
static enum fe_rc
on_silence(struct fe_pg *pg, struct fe_err *err)
{
	struct fe_err why = FE_ERR_INIT;
	bool at_work, ready;
	int64_t until_ms;

	if (ask_whether_at_work(pg, &at_work, &why) != FE_OK) {
		if (pg->base.stoppable && fe_stop_requested())
			return FE_OK; /* the stop is dealt with */
		return fe_pg_fail_lost(pg, "the server is silent, and cannot be asked why", err);
	}
	for (until_ms = fe_pg_now_ms() + LAST_CHANCE_MS; !at_work && fe_pg_now_ms() < until_ms;) {
		FE_TRY(fe_pg_poll(pg->conn, POLLIN, until_ms - fe_pg_now_ms(), &ready, err));
		if (ready)
			return FE_OK;
	}
	return at_work ? FE_OK : fe_pg_fail_lost(pg, "the server's answer was lost", err);
}

/* ---- waiting ---- */

enum fe_rc
fe_pg_on_idle(struct fe_pg *pg, int64_t *heard_ms, struct fe_err *err)
{
	const int64_t now = fe_pg_now_ms();
	int64_t silence_ms = pg->silence_ms > 0 ? pg->silence_ms : SILENCE_MS;

	if (pg->cancelled_ms > 0) {
		if (now - pg->cancelled_ms < CANCEL_ANSWER_MS || now - *heard_ms < CANCEL_ANSWER_MS)
			return FE_OK;
		pg->is_lost = true;
		return fe_fail(err, FE_ECANCEL, "asked to stop");
	}
	if (pg->base.stoppable && fe_stop_requested()) {
		pg->cancelled_ms = now;
		if (!pg->is_committing) /* a COMMIT goes on, and is not waited for much longer */
			cancel(pg);
		return FE_OK;
	}
	/* Not stoppable: the end of a run is being written down. */
	if (fe_stop_requested() && silence_ms > SILENCE_STOPPED_MS)
		silence_ms = SILENCE_STOPPED_MS;
	if (now - *heard_ms < silence_ms)
		return FE_OK;
	FE_TRY(on_silence(pg, err));
	*heard_ms = fe_pg_now_ms();
	return FE_OK;
}

/* One slice: for what comes, and for room to send. */
static enum fe_rc
wait_slice(struct fe_pg *pg, bool sends, int64_t *heard_ms, struct fe_err *err)
{
	struct pollfd fd = { .fd = PQsocket(pg->conn), .events = (short)(sends ? POLLIN | POLLOUT : POLLIN) };

	FE_TRY(poll_once(&fd, SLICE_MS, err));
	if (fd.revents & ~POLLOUT && !PQconsumeInput(pg->conn))
		pg->is_lost = true; /* the result has the reason */
	if (!fd.revents)
		return fe_pg_on_idle(pg, heard_ms, err);
	*heard_ms = fe_pg_now_ms();
	return FE_OK;
}

enum fe_rc
fe_pg_wait_result(struct fe_pg *pg, struct fe_err *err)
{
	int64_t heard_ms = fe_pg_now_ms();
	int left;

	for (;;) {
		left = PQflush(pg->conn);
		if (!PQisBusy(pg->conn) || PQstatus(pg->conn) == CONNECTION_BAD)
			return FE_OK;
		FE_TRY(wait_slice(pg, left > 0, &heard_ms, err));
	}
}

enum fe_rc
fe_pg_wait_data(struct fe_pg *pg, struct fe_err *err)
{
	int64_t heard_ms = fe_pg_now_ms();
	bool ready;

	for (;;) {
		FE_TRY(fe_pg_poll(pg->conn, POLLIN, SLICE_MS, &ready, err));
		if (ready)
			return PQconsumeInput(pg->conn) ? FE_OK : fe_pg_fail_lost(pg, PQerrorMessage(pg->conn), err);
		FE_TRY(fe_pg_on_idle(pg, &heard_ms, err));
	}
}

enum fe_rc
fe_pg_wait_sent(struct fe_pg *pg, struct fe_err *err)
{
	struct pollfd fd = { .fd = PQsocket(pg->conn), .events = POLLIN | POLLOUT };
	int64_t heard_ms = fe_pg_now_ms();

	for (;;) {
		fd.revents = 0;
		FE_TRY(poll_once(&fd, SLICE_MS, err));
		if (fd.revents & ~POLLOUT && !PQconsumeInput(pg->conn))
			return fe_pg_fail_lost(pg, PQerrorMessage(pg->conn), err);
		if (fd.revents & (POLLOUT | POLLERR | POLLHUP))
			return FE_OK;
		FE_TRY(fe_pg_on_idle(pg, &heard_ms, err));
	}
}
