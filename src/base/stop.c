// SPDX-License-Identifier: Apache-2.0
/* base/stop.c - the signal flag
 *
 * Handlers are installed without SA_RESTART, so that a read that waits on a pipe
 * comes back with EINTR and its loop can ask the flag. A signal that the parent
 * chose to ignore (nohup, a shell's background job) stays ignored; SIGTERM is
 * always heard. The flag is an atomic and not a sig_atomic_t because worker
 * threads read it as well.
 */
#include "base/stop.h"

#include <signal.h>
#include <stdatomic.h>

#include "base/clock.h"

_Static_assert(ATOMIC_BOOL_LOCK_FREE == 2, "the flag is set in a signal handler");

static atomic_bool stop_flag;
static _Atomic int64_t stop_at_us; /* 0: never */
static _Thread_local const atomic_bool *thread_flag; /* NULL: none */

static void
on_signal(int signal_number)
{
	(void)signal_number;
	atomic_store_explicit(&stop_flag, true, memory_order_relaxed);
}

static void
handle(int signal_number, void (*handler)(int), bool even_if_ignored)
{
	struct sigaction old, new = { .sa_handler = handler };

	FE_ASSERT(sigemptyset(&new.sa_mask) == 0);
	FE_ASSERT(sigaction(signal_number, NULL, &old) == 0);
	if (old.sa_handler != SIG_IGN || even_if_ignored)
		FE_ASSERT(sigaction(signal_number, &new, NULL) == 0);
}

void
fe_stop_install(void)
{
	handle(SIGTERM, on_signal, true);
	handle(SIGINT, on_signal, false);
	handle(SIGHUP, on_signal, false);
	handle(SIGPIPE, SIG_IGN, true);
	handle(SIGXFSZ, SIG_IGN, true);
}

void
fe_stop_at(int64_t ticks_us)
{
	atomic_store_explicit(&stop_at_us, ticks_us, memory_order_relaxed);
}

static bool
has_come(void)
{
	return atomic_load_explicit(&stop_flag, memory_order_relaxed);
}

bool
fe_stop_is_late(void)
{
	const int64_t at_us = atomic_load_explicit(&stop_at_us, memory_order_relaxed);
	return at_us && !has_come() && fe_clock_ticks(&fe_clock_system) >= at_us;
}

bool
fe_stop_requested(void)
{
	return has_come() || fe_stop_is_late() || (thread_flag && atomic_load_explicit(thread_flag, memory_order_relaxed));
}

void
fe_stop_thread_by(const atomic_bool *flag)
{
	thread_flag = flag;
}

void
fe_stop_request(void)
{
	atomic_store_explicit(&stop_flag, true, memory_order_relaxed);
}

enum fe_rc
fe_stop_check(struct fe_err *err)
{
	if (!fe_stop_requested())
		return FE_OK;
	return fe_fail(err, FE_ECANCEL, fe_stop_is_late() ? "the time for it is over" : "stopped by a signal");
}
