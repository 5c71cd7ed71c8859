// SPDX-License-Identifier: Apache-2.0
/* pipeline/replay.c - see pipeline/replay.h
 *
 * Rejects are read from the warehouse before the run takes its lock, and set aside. Another run may close
 * one meanwhile: then its record is unchanged or double in this one, and it is closed but once.
 */
#include "pipeline/replay_private.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/time.h"
#include "pipeline/connectors.h"
#include "pipeline/memory.h"

#define WAIT_MS 5000
#define MAX_ENTRY_BYTES (96u << 20)

/* ---- records set aside ---- */

struct entry {
	uint64_t object, record, offset;
	int64_t reject_id;
	uint64_t n_raw, n_cells, n_flaw; /* bytes */
};

enum fe_rc
fe_replay_dataset_named(struct fe_replay *r, struct fe_str name, struct fe_replay_dataset **out, struct fe_err *err)
{
	for (size_t i = 0; i < r->n_datasets; i++) {
		*out = &r->datasets[i];
		if (fe_str_is(name, r->datasets[i].name))
			return FE_OK;
	}
	r->datasets = fe_grow(r->datasets, &r->cap_datasets, r->n_datasets + 1, sizeof *r->datasets);
	*out = &r->datasets[r->n_datasets++];
	**out = (struct fe_replay_dataset){ .name = fe_strndup(name.p, name.n) };
	return fe_spool_open(&(*out)->spool, fe_memory_folder(), err);
}

enum fe_rc
fe_replay_add(struct fe_replay *r, struct fe_replay_dataset *d, const struct fe_replay_record *record, struct fe_err *err)
{
	const struct entry e = {
		.object = record->object, .record = record->record, .offset = record->offset, .reject_id = record->reject_id,
		.n_raw = record->raw.n, .n_cells = record->cells.n, .n_flaw = record->flaw.n,
	};

	fe_buf_clear(&r->entry);
	fe_buf_add(&r->entry, &e, sizeof e);
	fe_buf_add_str(&r->entry, record->raw);
	fe_buf_add_str(&r->entry, record->cells);
	fe_buf_add_str(&r->entry, record->flaw);
	FE_TRY(fe_buf_check(&r->entry, "a reject", err));
	d->items = fe_grow(d->items, &d->cap_items, d->n_items + 1, sizeof *d->items);
	d->items[d->n_items++] = (struct fe_replay_item){ .reject_id = record->reject_id, .verdict = FE_N_VERDICTS };
	return fe_spool_add(d->spool, fe_buf_str(&r->entry), err);
}

enum fe_rc
fe_replay_next(struct fe_replay_dataset *d, struct fe_replay_record *out, bool *more, struct fe_err *err)
{
	struct fe_str text;
	struct entry e;

	FE_TRY(fe_spool_next(d->spool, &text, more, err));
	if (!*more)
		return FE_OK;
	FE_ASSERT(text.n >= sizeof e);
	memcpy(&e, text.p, sizeof e);
	FE_ASSERT(text.n == sizeof e + e.n_raw + e.n_cells + e.n_flaw);
	const char *p = text.p + sizeof e;
	*out = (struct fe_replay_record){
		.object = (size_t)e.object, .record = e.record, .offset = e.offset, .reject_id = e.reject_id,
		.raw = { p, (size_t)e.n_raw },
		.cells = { p + e.n_raw, (size_t)e.n_cells },
		.flaw = { p + e.n_raw + e.n_cells, (size_t)e.n_flaw },
	};
	return FE_OK;
}

/* ---- gathering ---- */

/* The object that a reject is of: rejects of one object stand together. */
static size_t
object_of(struct fe_replay_dataset *d, const struct fe_catalog_reject *from)
{
	int64_t modified_us = 0;

	if (d->n_objects && d->last_object == from->object_id)
		return d->n_objects - 1;
	if (from->object_modified.p)
		(void)!fe_timestamp_parse(from->object_modified, NULL, NULL, &modified_us);
	d->objects = fe_grow(d->objects, &d->cap_objects, d->n_objects + 1, sizeof *d->objects);
	struct fe_object_id *id = &d->objects[d->n_objects];
	*id = (struct fe_object_id){
		.path = fe_strndup(from->object_path.p, from->object_path.n),
		.size_bytes = (uint64_t)from->object_size_bytes,
		.mtime_us = modified_us,
		.version = from->object_version.p ? fe_strndup(from->object_version.p, from->object_version.n) : NULL,
	};
	/* Of one that was not read to its end something else stands there. */
	if (from->object_sha256.n == FE_SHA256_HEX_BYTES - 1)
		memcpy(id->sha256, from->object_sha256.p, from->object_sha256.n);
	d->last_object = from->object_id;
	return d->n_objects++;
}

/* The code of "record:code", the first of a JSON array of reasons; empty where it is none. */
static struct fe_str
flaw_of(struct fe_str reasons)
{
	static const char prefix[] = "[\"record:";
	const size_t n = sizeof prefix - 1;
	const char *end;

	if (reasons.n < n || memcmp(reasons.p, prefix, n) != 0)
		return (struct fe_str){ 0 };
	end = memchr(reasons.p + n, '"', reasons.n - n);
	return end ? (struct fe_str){ reasons.p + n, (size_t)(end - reasons.p) - n } : (struct fe_str){ 0 };
}

/* What is not kept whole is only counted. */
static enum fe_rc
gather(void *ctx, const struct fe_catalog_reject *from, struct fe_err *err)
{
	struct fe_replay *r = ctx;
	struct fe_replay_dataset *d;
	const struct fe_str flaw = flaw_of(from->reasons);

	if (!fe_str_is(from->kept, "full")) {
		if (r->n_hidden++ == 0)
			(void)snprintf(r->hidden, sizeof r->hidden, "%.*s", FE_STR_ARGS(from->kept));
		return FE_OK;
	}
	if (!from->cells.p && !flaw.n) {
		r->n_old++;
		return FE_OK;
	}
	FE_TRY(fe_replay_dataset_named(r, from->dataset, &d, err));
	const struct fe_replay_record record = {
		.object = object_of(d, from), .reject_id = from->reject_id, .record = (uint64_t)from->record,
		.offset = (uint64_t)from->offset, .raw = from->raw, .cells = from->cells, .flaw = flaw,
	};
	return fe_replay_add(r, d, &record, err);
}

static void
log_left_out(const struct fe_replay *r)
{
	char n[24];

	if (r->n_hidden) {
		(void)snprintf(n, sizeof n, "%" PRIu64, r->n_hidden);
		fe_log(FE_LOG_WARN, "rejects whose record is not kept cannot be replayed, and stay open", "rejects", n, "kept", r->hidden, NULL);
	}
	if (r->n_old) {
		(void)snprintf(n, sizeof n, "%" PRIu64, r->n_old);
		fe_log(FE_LOG_WARN, "rejects of an older finetl have no cells, and stay open; run the pipeline over their objects", "rejects", n, NULL);
	}
}

/* ---- of a mended file ---- */

struct open_list {
	const char *closed_by; /* NULL: none may have */
	struct fe_replay_open *items;
	size_t n, cap;
	struct fe_arena arena;
};

static enum fe_rc
list_open(void *ctx, const struct fe_catalog_reject *from, struct fe_err *err)
{
	struct open_list *l = ctx;

	(void)err;
	if (l->closed_by && !fe_str_is(from->closed_by, l->closed_by))
		return FE_OK;
	l->items = fe_grow(l->items, &l->cap, l->n + 1, sizeof *l->items);
	l->items[l->n++] = (struct fe_replay_open){
		.reject_id = from->reject_id, .dataset = fe_arena_copy(&l->arena, from->dataset.p, from->dataset.n),
	};
	return FE_OK;
}

static enum fe_rc
gather_sheet(struct fe_replay *r, struct fe_catalog *c, const struct fe_replay_query *q, const struct fe_catalog_reject_query *query,
             struct fe_err *err)
{
	struct open_list l = { .closed_by = q->closed_by };

	r->sheet = fe_strdup(q->sheet);
	enum fe_rc rc = fe_catalog_rejects(c, query, list_open, &l, err);
	if (rc == FE_OK)
		rc = fe_replay_read_sheet(r, q, l.items, l.n, err);
	fe_free(l.items);
	fe_arena_free(&l.arena);
	return rc;
}

/* ---- open ---- */

static enum fe_rc
check_any(const struct fe_replay *r, struct fe_err *err)
{
	if (r->n_datasets || (!r->n_hidden && !r->n_old))
		return FE_OK;
	if (!r->n_hidden)
		return fe_fail(err, FE_EUSAGE, "an older finetl wrote these %" PRIu64 " rejects, without their cells; run the pipeline over their "
			       "objects instead: what passes closes its reject", r->n_old);
	return fe_fail(err, FE_EUSAGE, "the records of these %" PRIu64 " rejects are not kept (%s): what is not there cannot be replayed; mend them "
		       "where they come from, and run the pipeline over that: what passes closes its reject", r->n_hidden, r->hidden);
}

enum fe_rc
fe_replay_open(struct fe_replay **out, const struct fe_replay_query *q, struct fe_err *err)
{
	const struct fe_catalog_reject_query query = {
		.pipeline = q->plan->name, .dataset = q->dataset, .run_id = q->run_id, .reason = q->reason,
		.is_open = !q->closed_by, .in_order = true,
	};
	struct fe_replay *r;
	struct fe_catalog *c;

	*out = NULL;
	if (!q->plan->warehouse || !fe_warehouse_is_database(q->plan->warehouse))
		return fe_fail(err, FE_EUSAGE, "only a database keeps rejects to replay; name one, as --warehouse sqlite:warehouse.db or --warehouse postgresql:");
	FE_TRY(fe_catalog_open(&c, q->plan->warehouse, WAIT_MS, err));
	r = fe_new(struct fe_replay);
	fe_buf_init(&r->entry, MAX_ENTRY_BYTES);
	enum fe_rc rc = q->sheet ? gather_sheet(r, c, q, &query, err) : fe_catalog_rejects(c, &query, gather, r, err);
	fe_catalog_close(c);
	if (rc == FE_OK)
		rc = check_any(r, err);
	if (rc) {
		fe_replay_free(r);
		return rc;
	}
	log_left_out(r);
	r->names = fe_new_array(r->n_datasets + 1, const char *);
	for (size_t i = 0; i < r->n_datasets; i++)
		r->names[i] = r->datasets[i].name;
	*out = r;
	return FE_OK;
}

void
fe_replay_free(struct fe_replay *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n_datasets; i++) {
		struct fe_replay_dataset *d = &r->datasets[i];
		for (size_t o = 0; o < d->n_objects; o++)
			fe_object_id_reset(&d->objects[o]);
		fe_free(d->objects);
		fe_free(d->items);
		fe_free(d->name);
		fe_spool_close(d->spool);
	}
	fe_free(r->datasets);
	fe_free(r->names);
	fe_free(r->sheet);
	fe_free(r->closings);
	fe_buf_reset(&r->entry);
	fe_free(r);
}

const char *const *
fe_replay_datasets(const struct fe_replay *r, size_t *n)
{
	*n = r->n_datasets;
	return r->names;
}

uint64_t
fe_replay_n_closed_before(const struct fe_replay *r)
{
	return r->n_closed_before;
}

/* ---- the run ---- */

enum fe_rc
fe_replay_run(struct fe_replay *r, struct fe_run_settings *set, struct fe_run_result *out, struct fe_err *err)
{
	set->replay = r;
	set->n_threads = 1;
	return fe_run(set, out, err);
}

/* A row that this run has put in, or an update of one, was taken back for a later record. */
static void
take_back(struct fe_replay_dataset *d, const struct fe_removal *gone)
{
	for (size_t i = d->n_judged; i-- > 0;) {
		struct fe_replay_item *item = &d->items[i];
		if (item->verdict == FE_KEPT && item->place == (uint8_t)gone->place && item->number == gone->number) {
			item->verdict = FE_SUPERSEDED;
			return;
		}
	}
}

void
fe_replay_judged(struct fe_replay *r, const char *dataset, const struct fe_batch *b, const struct fe_load_plan *plan)
{
	struct fe_replay_dataset *d = r->datasets;

	while (strcmp(d->name, dataset) != 0)
		d++;
	for (size_t i = 0; i < plan->n_removals; i++)
		take_back(d, &plan->removals[i]);
	for (size_t row = 0; row < b->n_rows; row++) {
		struct fe_replay_item *item = &d->items[d->n_judged++];
		item->verdict = b->verdict[row];
		item->place = plan->action[row] == FE_ACTION_INSERT ? FE_PLACE_INSERTED : FE_PLACE_STORED;
		item->number = plan->number[row];
	}
}

const struct fe_reject_closing *
fe_replay_closings(struct fe_replay *r, size_t *n)
{
	size_t n_all = 0;

	for (size_t i = 0; i < r->n_datasets; i++)
		n_all += r->datasets[i].n_items;
	if (!r->closings)
		r->closings = fe_new_array(n_all + 1, struct fe_reject_closing);
	*n = 0;
	for (size_t i = 0; i < r->n_datasets; i++) {
		for (size_t k = 0; k < r->datasets[i].n_judged; k++) {
			const struct fe_replay_item *item = &r->datasets[i].items[k];
			if (item->verdict == FE_REJECTED || item->verdict == FE_CONFLICT)
				continue;
			r->closings[(*n)++] = (struct fe_reject_closing){
				item->reject_id, item->verdict == FE_KEPT ? "loaded" : fe_verdict_name((enum fe_verdict)item->verdict),
			};
		}
	}
	return r->closings;
}

void
fe_replay_json(struct fe_replay *r, const struct fe_run_result *res, struct fe_json *j)
{
	size_t n = 0, n_read = 0;

	for (size_t i = 0; i < r->n_datasets; i++)
		n_read += r->datasets[i].n_items;
	if (res->is_published)
		(void)fe_replay_closings(r, &n);
	fe_json_object(j, "replay");
	fe_json_text(j, "file", r->sheet);
	fe_json_i64(j, "rejects", (int64_t)n_read);
	fe_json_i64(j, "closed", (int64_t)n);
	fe_json_i64(j, "open", (int64_t)(n_read - n));
	fe_json_object_end(j);
}
