// SPDX-License-Identifier: Apache-2.0
/* A worker does what it is given, all of it, in that order, and is gone when it is stopped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>

#include "base/err.h"
#include "base/worker.h"

#define N_JOBS 1000

/* What jobs write down; nobody else looks before it has waited. */
struct notes {
	size_t n;
	int done[N_JOBS];
	pthread_t by;
};

struct job { struct notes *notes; int number; };

static void
note(void *ctx)
{
	const struct job *job = ctx;
	job->notes->by = pthread_self();
	job->notes->done[job->notes->n++] = job->number;
}

/* Gives so many, in buffers used in turn, as the header allows. */
static void
give(struct fe_worker *w, struct notes *notes, int n_jobs)
{
	struct job turn[FE_WORKER_JOBS + 1];

	for (int i = 0; i < n_jobs; i++) {
		struct job *job = &turn[i % (FE_WORKER_JOBS + 1)];
		*job = (struct job){ notes, i };
		fe_worker_give(w, note, job);
	}
	fe_worker_wait(w);
}

static void
assert_in_order(const struct notes *notes, int n_jobs)
{
	assert_int_equal(notes->n, n_jobs);
	for (int i = 0; i < n_jobs; i++)
		assert_int_equal(notes->done[i], i);
}

static void
jobs_are_done_in_the_order_in_which_they_are_given(void **state)
{
	struct notes notes = { 0 };
	struct fe_worker *w = fe_worker_start();

	(void)state;
	assert_non_null(w);
	give(w, &notes, N_JOBS);
	assert_in_order(&notes, N_JOBS);
	assert_false(pthread_equal(notes.by, pthread_self()));
	fe_worker_stop(w);
}

static void
without_a_thread_the_giver_does_them_at_once(void **state)
{
	struct notes notes = { 0 };
	struct job job = { &notes, 0 };

	(void)state;
	fe_worker_give(NULL, note, &job);
	assert_in_order(&notes, 1);
	assert_true(pthread_equal(notes.by, pthread_self()));
	fe_worker_wait(NULL);
	fe_worker_stop(NULL);
}

static void
it_is_used_again_after_waiting(void **state)
{
	struct fe_worker *w = fe_worker_start();

	(void)state;
	fe_worker_wait(w); /* nothing was given yet */
	for (int round = 0; round < 100; round++) {
		struct notes notes = { 0 };
		give(w, &notes, round % 9);
		assert_in_order(&notes, round % 9);
	}
	fe_worker_stop(w);
}

static void
stopping_waits_for_what_was_given(void **state)
{
	(void)state;
	for (int n = 0; n <= FE_WORKER_JOBS; n++) {
		struct notes notes = { 0 };
		struct job jobs[FE_WORKER_JOBS];
		struct fe_worker *w = fe_worker_start();
		for (int i = 0; i < n; i++) {
			jobs[i] = (struct job){ &notes, i };
			fe_worker_give(w, note, &jobs[i]);
		}
		fe_worker_stop(w);
		assert_in_order(&notes, n);
	}
}

/* A job keeps what went wrong, and those after it see that. */
struct failing { enum fe_rc rc; struct fe_err err; int n_tried; };

static void
fail_once(void *ctx)
{
	struct failing *f = ctx;
	if (f->rc == FE_OK)
		f->rc = fe_fail(&f->err, FE_EUNAVAIL, "the disk is full at %d", f->n_tried++);
}

static void
what_goes_wrong_in_a_job_is_there_after_waiting(void **state)
{
	struct failing failing = { .err = FE_ERR_INIT };
	struct fe_worker *w = fe_worker_start();

	(void)state;
	for (int i = 0; i < 10; i++)
		fe_worker_give(w, fail_once, &failing);
	fe_worker_wait(w);
	assert_int_equal(failing.rc, FE_EUNAVAIL);
	assert_string_equal(failing.err.text, "the disk is full at 0");
	assert_int_equal(failing.n_tried, 1);
	fe_worker_stop(w);
}

/* ---- no thread is to be had ---- */

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *), void *ctx);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *), void *ctx);
static int create_code; /* what is answered in its place; 0: itself */

int
__wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *), void *ctx)
{
	return create_code ? create_code : __real_pthread_create(thread, attr, run, ctx);
}

static void
where_no_thread_is_to_be_had_there_is_no_worker_and_nothing_is_left(void **state)
{
	(void)state;
	create_code = 11; /* EAGAIN */
	assert_null(fe_worker_start());
	create_code = 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jobs_are_done_in_the_order_in_which_they_are_given),
		cmocka_unit_test(without_a_thread_the_giver_does_them_at_once),
		cmocka_unit_test(it_is_used_again_after_waiting),
		cmocka_unit_test(stopping_waits_for_what_was_given),
		cmocka_unit_test(what_goes_wrong_in_a_job_is_there_after_waiting),
		cmocka_unit_test(where_no_thread_is_to_be_had_there_is_no_worker_and_nothing_is_left),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
