// SPDX-License-Identifier: Apache-2.0
/* pipeline/run_dataset.c - one data set from its source to the end of its table
 *
 * Derivation comes before dedupe, so that a record that cannot be derived never
 * shadows a good one; dedupe is the last step that decides, and the only one, with
 * the tallies, that remembers.
 */
#include "pipeline/run_dataset.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/failpoint.h"
#include "base/log.h"
#include "base/stop.h"
#include "load/reject.h"
#include "pipeline/control.h"
#include "pipeline/judge.h"
#include "pipeline/memory.h"
#include "pipeline/observe.h"
#include "pipeline/parent.h"
#include "pipeline/placeholder.h"
#include "pipeline/prefetch.h"
#include "pipeline/replay.h"
#include "pipeline/watermark.h"

#define N_CONFIRMED 4 /* figures of struct fe_table_result */

struct chain {
	struct fe_run_context *run;
	const struct fe_plan_dataset *plan;
	size_t index;
	struct fe_dataset_result *out;

	struct fe_source *source;
	struct fe_prefetch *prefetch;
	struct fe_prefetched now; /* the batch at hand */
	struct fe_judge judge;
	struct fe_reference *references;
	struct fe_placeholders *placeholders; /* [n_references], of those that make some */
	uint32_t *reference_reasons;
	size_t first_object; /* of this data set among the run's */
};

static enum fe_rc
lookup(void *ctx, const struct fe_batch *b, const uint32_t *rows, size_t n, struct fe_batch *met,
       int64_t *stored, struct fe_str *origin, struct fe_err *err)
{
	struct fe_parent *p = ctx;
	return p->run->sink->ops->lookup(p->run->sink, p->table, b, rows, n, met, stored, origin, err);
}

static enum fe_rc
fetch(void *ctx, enum fe_place place, int64_t number, struct fe_batch *met, size_t met_row,
      struct fe_err *err)
{
	struct fe_parent *p = ctx;
	return p->run->sink->ops->fetch(p->run->sink, p->table, place, number, met, met_row, err);
}

static bool
is_known_object(void *ctx, const struct fe_object_id *id)
{
	struct chain *c = ctx;
	struct fe_err err = FE_ERR_INIT;
	bool known = false;
	if (c->run->sink->ops->object_known(c->run->sink, c->plan->name, id, &known, &err))
		return false; /* reading it again is always right */
	return known;
}

/* One thread where the source asks the warehouse, whose connection is this thread's,
 * and where it may wait for standard input for ever after the run has failed. */
static unsigned
threads_for(const struct chain *c, const struct fe_source_settings *set)
{
	bool alone = set->skip_object || strcmp(set->location, "-") == 0;
	return alone ? 1 : c->run->set->n_threads;
}

static enum fe_rc
open_watermark(struct chain *c, struct fe_source_window *window, struct fe_err *err)
{
	const struct fe_watermark_settings set = {
		.dataset = c->plan,
		.sink = c->run->sink,
		.run_time_us = c->run->run_time_us,
		.from = c->run->set->from,
		.until = c->run->set->until,
	};
	if (!c->plan->cursor)
		return FE_OK;
	FE_TRY(fe_watermark_open(&c->run->watermarks[c->index], &set, window, err));
	c->judge.watermark = c->run->watermarks[c->index];
	return FE_OK;
}

/* What an earlier step has kept takes the place of the source's objects, and what it was
 * asked for that of the window: it is not asked, nor is the manifest. */
static void
take_given(const struct fe_run_given *given, struct fe_source_settings *set)
{
	set->kept = &given->kept;
	set->window.since = given->since;
	set->window.until = given->until;
}

static const struct fe_run_given *
given_of(const struct chain *c)
{
	const struct fe_run_given *given = c->run->set->given;
	return given && !given[c->index].is_none ? &given[c->index] : NULL;
}

static enum fe_rc
open_source(struct chain *c, struct fe_err *err)
{
	const struct fe_run_given *given = given_of(c);
	struct fe_source_settings set = c->plan->source_set;
	set.reasons = &c->out->reasons;
	set.clock = c->run->set->clock;
	set.hashes = c->run->hashes;
	set.net.max_object_bytes = fe_memory_of_objects(c->run->set->max_memory_bytes);
	if (c->run->set->replay) {
		enum fe_rc rc = fe_replay_source(c->run->set->replay, &set, &c->source, err);
		c->prefetch = fe_prefetch_open(c->source, &c->plan->schema, &c->judge, 1);
		return rc;
	}
	FE_TRY(open_watermark(c, &set.window, err));
	if (given) {
		take_given(given, &set);
	} else if (c->plan->incremental_objects && !c->run->set->reprocess) {
		set.skip_object = is_known_object;
		set.skip_ctx = c;
	}
	FE_TRY(fe_source_open(&c->source, c->plan->source, &set, err));
	c->prefetch = fe_prefetch_open(c->source, &c->plan->schema, &c->judge, threads_for(c, &set));
	return FE_OK;
}

static void
make_references(struct chain *c)
{
	size_t n = c->plan->n_references;
	c->references = fe_new_array(n + 1, struct fe_reference);
	c->placeholders = fe_new_array(n + 1, struct fe_placeholders);
	c->reference_reasons = fe_new_array(n + 1, uint32_t);
	for (size_t i = 0; i < n; i++) {
		const struct fe_plan_reference *r = &c->plan->references[i];
		c->references[i] = (struct fe_reference){
			.id = r->id, .column = r->column, .known = fe_parent_known, .ctx = &c->run->parents[r->table],
		};
		c->reference_reasons[i] = fe_reason_id(&c->out->reasons, NULL, r->id);
		if (!r->makes_placeholders)
			continue;
		fe_placeholders_init(&c->placeholders[i], c->run, r);
		c->references[i].known = fe_placeholders_known;
		c->references[i].ctx = &c->placeholders[i];
	}
	c->judge.references = c->references;
	c->judge.reference_reasons = c->reference_reasons;
	c->judge.n_references = n;
}

static void
make_dedupe(struct chain *c, uint64_t max_bytes)
{
	struct fe_run_context *run = c->run;
	const struct fe_table *table = &run->set->plan->tables[c->index];
	struct fe_dedupe_settings set = {
		.schema = &c->plan->schema,
		.parts = c->plan->parts,
		.key = table->key,
		.n_key = table->n_key,
		.version = table->version,
		.hash_key = &run->hash_key,
		.reasons = &c->out->reasons,
		.max_bytes = max_bytes,
		.spill_folder = run->folder,
		.target = table->name,
	};
	struct fe_dedupe_store store = {
		.ctx = &run->parents[c->index],
		.is_empty = run->table_was_empty[c->index],
		.lookup = lookup,
		.fetch = fetch,
	};
	run->keys[c->index] = fe_dedupe_new(&set, &store);
}

static enum fe_rc
make_steps(struct chain *c, struct fe_err *err)
{
	FE_TRY(fe_judge_open(&c->judge, err));
	make_references(c);
	uint64_t bytes = fe_memory_of_dataset(c->run, c->index);
	FE_TRY(fe_observe_begin(c->run, c->index, fe_memory_of_expectations(bytes), c->out, err));
	make_dedupe(c, fe_memory_of_dedupe(c->run, c->index, bytes));
	c->out->control = c->run->set->replay ? NULL : fe_control_of(c->plan);
	return FE_OK;
}

/* Objects come to the run's list when they are first seen, so that rows can carry
 * their ids; what is known of them is completed by finish_objects. */
static void
note_objects(struct chain *c, size_t n_seen)
{
	struct fe_run_context *run = c->run;
	while (run->n_objects - c->first_object < n_seen) {
		run->objects = fe_grow(run->objects, &run->cap_objects, run->n_objects + 1,
				       sizeof *run->objects);
		run->objects[run->n_objects] = (struct fe_run_object){
			.dataset = c->plan->name,
			.object_id = run->first_object_id + (int64_t)run->n_objects,
			.id = fe_new(struct fe_object_id),
		};
		run->n_objects++;
	}
}

static void
finish_objects(struct chain *c)
{
	if (!c->source)
		return;
	note_objects(c, c->source->n_objects);
	for (size_t i = 0; i < c->source->n_objects; i++) {
		const struct fe_object *from = &c->source->objects[i];
		struct fe_run_object *to = &c->run->objects[c->first_object + i];
		struct fe_object_id *id = (struct fe_object_id *)(uintptr_t)to->id;
		*id = from->id;
		id->path = fe_strdup(from->id.path);
		id->version = fe_strdup(from->id.version);
		to->n_records = from->n_records;
		to->is_whole = from->complete;
		to->is_skipped = from->skipped;
		if (c->run->set->arrival && c->run->set->arrival->dataset == c->index) {
			to->etag = c->run->set->arrival->object.etag;
			to->sequencer = c->run->set->arrival->object.sequencer;
		}
		c->out->n_skipped_objects += from->skipped;
		c->out->n_bytes += from->skipped ? 0 : from->id.size_bytes;
		for (int n = 0; n < FE_N_OBJECT_NOTES; n++)
			c->out->notes[n] += from->notes[n];
	}
	c->out->n_objects = c->source->n_objects;
	fe_contract_notes_move(&c->out->columns, &c->source->notes);
}

/* Before the rows that refer to them. */
static enum fe_rc
make_placeholders(struct chain *c, const struct fe_load_plan *plan, int64_t object_id, struct fe_err *err)
{
	for (size_t i = 0; i < c->plan->n_references; i++) {
		if (!c->plan->references[i].makes_placeholders)
			continue;
		FE_TRY(fe_placeholders_make(&c->placeholders[i], c->now.batch, plan->accepted, object_id, err));
		c->out->placeholders[i] = c->placeholders[i].n_made;
	}
	return FE_OK;
}

static enum fe_rc
load_batch(struct chain *c, struct fe_err *err)
{
	struct fe_run_context *run = c->run;
	struct fe_batch *b = c->now.batch;
	size_t object = c->first_object + b->object;
	struct fe_load_plan *plan;

	note_objects(c, (size_t)b->object + 1);
	FE_TRY(fe_dedupe_batch(run->keys[c->index], b, b->object_name, &plan, err));
	FE_TRY(fe_observe_batch(c->out, b, err));
	FE_TRY(make_placeholders(c, plan, run->objects[object].object_id, err));
	enum fe_rc rc = run->sink->ops->write(run->sink, c->index, b, plan, run->objects[object].object_id, err);
	if (rc) { /* the sink knows records by their numbers only */
		fe_err_context(err, "%s", b->object_name);
		return rc;
	}
	const struct fe_reject_batch rejects = {
		.dataset = (uint32_t)c->index, .object = (uint32_t)object, .reasons = &c->out->reasons, .policy = &c->plan->rejects,
	};
	FE_TRY(fe_reject_add_batch(run->rejects, b, &rejects, err));
	FE_TRY(fe_tally_verdicts(&c->out->tally, b, err));
	if (run->set->replay)
		fe_replay_judged(run->set->replay, c->plan->name, b, plan);
	if (plan->n_removals)
		FE_TRY(fe_tally_rows(&c->out->tally, FE_TERM_SUPERSEDED, plan->gone, plan->n_removals, err));
	return FE_OK;
}

static void
report_progress(struct chain *c, bool is_loading)
{
	const struct fe_run_settings *set = c->run->set;
	struct fe_run_progress p = { .dataset = c->plan->name, .is_loading = is_loading };

	if (!set->progress)
		return;
	for (size_t i = 0; i < c->run->result->n_datasets; i++) {
		const struct fe_total *terms = c->run->result->datasets[i].tally.terms;
		p.n_rows += terms[FE_TERM_READ].n;
		p.n_rejected += terms[FE_TERM_REJECTED].n;
	}
	p.done_bytes = c->now.done_bytes;
	p.total_bytes = c->now.total_bytes;
	set->progress(set->progress_ctx, &p);
}

static enum fe_rc
read_all(struct chain *c, struct fe_err *err)
{
	for (;;) {
		FE_TRY(fe_stop_check(err));
		enum fe_rc rc = fe_prefetch_next(c->prefetch, &c->now, err);
		fe_judge_tell_counts(&c->judge, c->now.counts, c->out);
		if (rc)
			return rc;
		if (c->now.batch->n_rows == 0 && !c->now.aborts)
			return FE_OK;
		FE_TRY(fe_failpoint("run.batch", err));
		FE_TRY(fe_judge_rest(&c->judge, c->now.batch, err));
		if (c->out->control)
			FE_TRY(fe_control_feed(c->out->control, c->now.batch, err));
		FE_TRY(load_batch(c, err));
		if (c->now.aborts)
			return fe_err_pass(err, c->now.aborts);
		report_progress(c, false);
	}
}

static enum fe_rc
gather_control(struct chain *c, struct fe_err *err)
{
	const struct fe_run_given *given = given_of(c);

	if (!c->out->control)
		return FE_OK;
	FE_TRY(fe_control_gather(c->out->control, c->plan, given ? &given->kept : NULL, c->source, err));
	c->out->was_controlled = true;
	return FE_OK;
}

/* Whether what was read is what it should have been. */
static enum fe_rc
check_read(const struct chain *c, struct fe_err *err)
{
	const struct fe_run_settings *set = c->run->set;
	const struct fe_run_given *given = given_of(c);

	if (set->was_read)
		return set->was_read(set->was_read_ctx, c->index, c->source, err);
	return given ? fe_kept_agrees(&given->kept, c->source, err) : FE_OK;
}

/* inserted and updated are what the target confirmed, nothing else. What filled in a placeholder is the
 * first record of its key: inserted. */
static enum fe_rc
end_table(struct chain *c, struct fe_err *err)
{
	struct fe_tally *t = &c->out->tally;
	size_t n = t->n_decimals + 1;
	fe_i128 *sums = fe_new_array(n * N_CONFIRMED, fe_i128);
	struct fe_groups groups[N_CONFIRMED] = { 0 };
	struct fe_table_result r = {
		.inserted.sums = sums, .updated.sums = sums + n, .unchanged.sums = sums + 2 * n, .filled.sums = sums + 3 * n,
	};
	const struct { enum fe_term term; struct fe_confirmed *of; } terms[N_CONFIRMED] = {
		{ FE_TERM_INSERTED, &r.inserted }, { FE_TERM_UPDATED, &r.updated }, { FE_TERM_UNCHANGED, &r.unchanged },
		{ FE_TERM_INSERTED, &r.filled },
	};
	enum fe_rc rc;

	for (size_t i = 0; t->groups && i < N_CONFIRMED; i++) {
		fe_groups_init(&groups[i], t->schema, c->plan->sum_by, c->plan->n_sum_by, n);
		terms[i].of->groups = &groups[i];
	}
	report_progress(c, true);
	rc = c->run->sink->ops->table_end(c->run->sink, c->index, &r, err);
	for (size_t i = 0; i < N_CONFIRMED; i++) {
		if (rc == FE_OK)
			rc = fe_tally_add(t, terms[i].term, terms[i].of->n, terms[i].of->sums, err);
		if (rc == FE_OK && t->groups)
			rc = fe_tally_add_groups(t, terms[i].term, &groups[i], err);
		fe_groups_reset(&groups[i]);
	}
	c->out->n_filled = r.filled.n;
	memcpy(c->out->strategy, r.strategy, sizeof r.strategy);
	fe_free(sums);
	return rc;
}

static void
chain_reset(struct chain *c)
{
	fe_prefetch_close(c->prefetch);
	finish_objects(c);
	fe_source_close(c->source);
	fe_judge_close(&c->judge);
	for (size_t i = 0; c->placeholders && i < c->plan->n_references; i++)
		fe_placeholders_reset(&c->placeholders[i]);
	fe_free(c->placeholders);
	fe_free(c->references);
	fe_free(c->reference_reasons);
}

static void
log_end(const struct chain *c)
{
	char read[24], rejected[24];
	const struct fe_total *terms = c->out->tally.terms;
	(void)snprintf(read, sizeof read, "%llu", (unsigned long long)terms[FE_TERM_READ].n);
	(void)snprintf(rejected, sizeof rejected, "%llu", (unsigned long long)terms[FE_TERM_REJECTED].n);
	fe_log(FE_LOG_INFO, "data set read", "dataset", c->plan->name, "read", read, "rejected",
	       rejected, "strategy", c->out->strategy, NULL);
}

static void
log_columns(const struct chain *c, const struct fe_column_notes *notes, const char *what)
{
	struct fe_buf names;

	if (!notes->n)
		return;
	fe_buf_init(&names, 4096);
	for (size_t i = 0; i < notes->n; i++)
		fe_buf_addf(&names, "%s%s", i ? ", " : "", notes->items[i].name);
	fe_log(FE_LOG_WARN, what, "dataset", c->plan->name, "columns", fe_buf_text(&names), NULL);
	fe_buf_reset(&names);
}

static void
log_contract(const struct chain *c)
{
	const struct fe_contract_notes *notes = &c->out->columns;
	const bool evolves = c->plan->source_set.contract == FE_CONTRACT_EVOLVE;

	log_columns(c, &notes->discarded,
		    evolves ? "columns were discarded: run again to add those that appeared since the run began; objects and arrays "
			      "are declared by path, or not at all" : "columns that are not declared were discarded");
	log_columns(c, &notes->vanished, "columns are gone from the source, and null");
	log_columns(c, &notes->retyped, "columns have another type in the source; their values were cast");
}

enum fe_rc
fe_run_dataset(struct fe_run_context *run, size_t index, struct fe_dataset_result *out,
               struct fe_err *err)
{
	struct chain c = {
		.run = run,
		.plan = &run->set->plan->datasets[index],
		.index = index,
		.out = out,
		.first_object = run->n_objects,
		.judge = {
			.plan = &run->set->plan->datasets[index],
			.reasons = &out->reasons,
			.tally = &out->tally,
			.now_us = run->run_time_us,
		},
	};
	int64_t started_us = fe_clock_ticks(run->set->clock);
	enum fe_rc rc;

	rc = run->sink->ops->table_begin(run->sink, index, &run->table_was_empty[index], err);
	if (rc)
		goto end;
	rc = make_steps(&c, err);
	if (rc)
		goto end;
	rc = open_source(&c, err);
	if (rc)
		goto end;
	rc = read_all(&c, err);
	if (rc)
		goto end;
	rc = fe_observe_end(c.out, c.source, err);
	if (rc)
		goto end;
	rc = gather_control(&c, err);
	if (rc)
		goto end;
	rc = check_read(&c, err);
	if (rc)
		goto end;
	rc = end_table(&c, err);
	if (rc)
		goto end;
	out->was_read = true;
	log_end(&c);
end:
	chain_reset(&c);
	log_contract(&c);
	out->elapsed_us = fe_clock_ticks(run->set->clock) - started_us;
	return rc;
}
