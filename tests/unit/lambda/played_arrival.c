// SPDX-License-Identifier: Apache-2.0
/* pipeline/arrival.h, played: what becomes of an object is the last word of its key.
 *
 *   raw/a.done     done; also older, gone, other
 *   raw/a.data     fails with that code; also busy, denied; held and broken have a run
 *   raw/a.guarded  denied unless PLAYED_PASSWORD was `right` when it was opened
 *   raw/a.slow     goes on until the deadline or a stop
 *   all else       processed
 * PLAYED_START=data: opening fails. PLAYED_FOUND, keys between commas, is what a sweep finds; of it, `held` is on record.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/stop.h"
#include "pipeline/arrival.h"

struct fe_arrivals {
	struct fe_arrival_settings set;
	uint64_t n_runs;
	bool is_let_in;
};

const char *
fe_arrival_outcome_name(enum fe_arrival_outcome o)
{
	static const char *const names[] = { "processed", "done", "older", "gone", "not_ours" };

	return names[o];
}

enum fe_rc
fe_arrivals_open(struct fe_arrivals **out, const struct fe_arrival_settings *set, struct fe_err *err)
{
	const char *start = getenv("PLAYED_START");

	*out = NULL;
	if (start && strcmp(start, "usage") == 0)
		return fe_fail(err, FE_EUSAGE, "%s:3: unknown key 'colums'; did you mean 'columns'?", set->pipeline);
	*out = fe_new(struct fe_arrivals);
	(*out)->set = *set;
	const char *password = getenv("PLAYED_PASSWORD");
	(*out)->is_let_in = password && strcmp(password, "right") == 0;
	return FE_OK;
}

static enum fe_rc
go_on(struct fe_arrivals *w, int64_t deadline_us, struct fe_err *err)
{
	const struct timespec pause = { .tv_nsec = 5000000 };

	for (;;) {
		(void)nanosleep(&pause, NULL);
		FE_TRY(fe_stop_check(err));
		if (deadline_us && fe_clock_now(w->set.clock) >= deadline_us)
			return fe_fail(err, FE_EUNAVAIL, "undone before the deadline");
	}
}

static enum fe_rc
play_run(struct fe_arrivals *w, const struct fe_arrival *a, const char *word, struct fe_arrival_result *out, struct fe_err *err)
{
	bool is_held = strcmp(word, "held") == 0, is_broken = strcmp(word, "broken") == 0;

	out->outcome = FE_ARRIVAL_PROCESSED;
	(void)snprintf(out->run_id, sizeof out->run_id, "01PLAYED%018llu", (unsigned long long)++w->n_runs);
	out->status = is_held ? "held" : is_broken ? "failed" : "success";
	out->n_read = 10;
	out->n_loaded = 9;
	out->n_rejected = 1;
	out->n_bytes = a->size_bytes > 0 ? (uint64_t)a->size_bytes : 0;
	out->quality_score = 97.5;
	out->elapsed_us = 1500;
	if (is_held)
		return fe_fail(err, FE_ECHECK, "2 of 10 records rejected, 20 %%; at most 5 %% may be");
	if (is_broken)
		return fe_fail(err, FE_EDATA, "a quote is open at the end");
	return FE_OK;
}

enum fe_rc
fe_arrival_process(struct fe_arrivals *w, const struct fe_arrival *a, int64_t deadline_us,
                   struct fe_arrival_result *out, struct fe_err *err)
{
	const char *dot = strrchr(a->key, '.'), *word = dot ? dot + 1 : "";

	*out = (struct fe_arrival_result){ 0 };
	if (strcmp(word, "data") == 0)
		return fe_fail(err, FE_EDATA, "a record has 3 cells, the header 8");
	if (strcmp(word, "busy") == 0)
		return fe_fail(err, FE_EUNAVAIL, "the database does not answer");
	if (strcmp(word, "denied") == 0 || (strcmp(word, "guarded") == 0 && !w->is_let_in))
		return fe_fail(err, FE_EDENIED, "access denied");
	if (strcmp(word, "slow") == 0)
		return go_on(w, deadline_us, err);
	if (strcmp(word, "done") == 0)
		out->outcome = FE_ARRIVAL_DONE;
	else if (strcmp(word, "older") == 0)
		out->outcome = FE_ARRIVAL_OLDER;
	else if (strcmp(word, "gone") == 0)
		*out = (struct fe_arrival_result){ .outcome = FE_ARRIVAL_GONE, .why = "it is not there any more" };
	else if (strcmp(word, "other") == 0)
		out->outcome = FE_ARRIVAL_NOT_OURS;
	else
		return play_run(w, a, word, out, err);
	return FE_OK;
}

static enum fe_rc
play_found(struct fe_arrivals *w, const struct fe_sweep_settings *set, const char *key, struct fe_sweep_result *out, struct fe_err *err)
{
	const struct fe_arrival a = { .bucket = "raw", .key = key, .size_bytes = -1 };
	struct fe_arrival_result r = { 0 };
	struct fe_err why = FE_ERR_INIT;

	out->n_listed++;
	if (set->leaves_failed && strstr(key, ".held")) {
		out->n_left++;
		return FE_OK;
	}
	enum fe_rc rc = fe_arrival_process(w, &a, set->deadline_us, &r, &why);
	set->told(set->ctx, &a, rc, &r, &why);
	out->n_processed += rc == FE_OK;
	out->n_failed += rc != FE_OK;
	if (rc && err->rc == FE_OK)
		*err = why;
	return rc;
}

enum fe_rc
fe_arrivals_sweep(struct fe_arrivals *w, const struct fe_sweep_settings *set, struct fe_sweep_result *out, struct fe_err *err)
{
	const char *found = getenv("PLAYED_FOUND");
	enum fe_rc first = FE_OK;

	*out = (struct fe_sweep_result){ 0 };
	for (const char *p = found; p && *p;) {
		const size_t n = strcspn(p, ",");
		char *key = fe_strndup(p, n);
		enum fe_rc rc = play_found(w, set, key, out, err);
		first = first ? first : rc;
		fe_free(key);
		p += n + (p[n] == ',');
	}
	return first;
}

void
fe_arrivals_close(struct fe_arrivals *w)
{
	fe_free(w);
}
