// SPDX-License-Identifier: Apache-2.0
/* pipeline/mended.c - see pipeline/mended.h */
#include "pipeline/mended.h"

#include <inttypes.h>

#include "base/text.h"
#include "format/json_tree.h"
#include "pipeline/replay_private.h"

#define MAX_SHOWN_BYTES 2048
#define MAX_CLOSED_SHOWN 10

bool
fe_mended_is_run(struct fe_str reconciliation)
{
	const struct fe_json_value *v = NULL;
	struct fe_arena arena = { 0 };
	struct fe_err ignored = FE_ERR_INIT;

	bool is_mended = reconciliation.p && fe_json_parse(reconciliation, &arena, &v, &ignored) == FE_OK &&
	                 fe_json_is(fe_json_get(fe_json_get(v, "replay"), "file"), FE_JSON_STRING);
	fe_arena_free(&arena);
	return is_mended;
}

/* ---- the reject ---- */

struct search {
	struct fe_str run_id;  /* that closed it */
	int64_t reject_id;     /* 0: any */
	struct fe_buf *out;
	uint64_t n;
};

static enum fe_rc
tell_reject(void *ctx, const struct fe_catalog_reject *r, struct fe_err *err)
{
	struct search *s = ctx;

	if (!fe_str_eq(r->closed_by, s->run_id) || (s->reject_id && r->reject_id != s->reject_id) || s->n++ >= MAX_CLOSED_SHOWN)
		return FE_OK;
	fe_buf_addf(s->out, "    reject %" PRId64 ": record %" PRId64 " of ", r->reject_id, r->record);
	fe_buf_add_printable(s->out, r->object_path, MAX_SHOWN_BYTES);
	fe_buf_addf(s->out, ", run %.*s\n      reasons ", FE_STR_ARGS(r->run_id));
	fe_buf_add_str(s->out, r->reasons);
	fe_buf_add_text(s->out, "\n      raw     ");
	if (fe_str_is(r->kept, "full"))
		fe_buf_add_printable(s->out, r->raw, MAX_SHOWN_BYTES);
	else
		fe_buf_addf(s->out, "not kept (%.*s)", FE_STR_ARGS(r->kept));
	fe_buf_add_char(s->out, '\n');
	return fe_buf_check(s->out, "the explanation", err);
}

static enum fe_rc
tell_rejects(struct fe_catalog *c, const struct fe_plan *plan, const struct fe_plan_dataset *d, struct search *s, struct fe_err *err)
{
	const struct fe_catalog_reject_query q = { .pipeline = plan->name, .dataset = d->name, .in_order = true };

	FE_TRY(fe_catalog_rejects(c, &q, tell_reject, s, err));
	if (s->n > MAX_CLOSED_SHOWN)
		fe_buf_addf(s->out, "    and %" PRIu64 " more\n", s->n - MAX_CLOSED_SHOWN);
	else if (s->n == 0)
		fe_buf_add_text(s->out, "    none that the run has closed\n");
	return FE_OK;
}

/* ---- the mended file ---- */

/* Which reject a record of it mends; 0: none that the run has closed. */
static enum fe_rc
find_mended(struct fe_replay *r, const struct fe_plan_dataset *d, uint64_t record, int64_t *reject_id, struct fe_err *err)
{
	struct fe_replay_dataset *from;
	struct fe_replay_record next;
	bool more = true;

	*reject_id = 0;
	FE_TRY(fe_replay_dataset_named(r, fe_str_of(d->name), &from, err));
	FE_TRY(fe_spool_rewind(from->spool, err));
	while (more && !*reject_id) {
		FE_TRY(fe_replay_next(from, &next, &more, err));
		if (more && next.record == record)
			*reject_id = next.reject_id;
	}
	return FE_OK;
}

static enum fe_rc
trace(struct fe_replay *r, const struct fe_plan_dataset *d, const struct fe_trace_record *what, struct fe_buf *out, struct fe_err *err)
{
	struct fe_source_settings set = d->source_set;
	struct fe_reason_table reasons = { 0 };
	struct fe_source *source = NULL;

	set.reasons = &reasons;
	enum fe_rc rc = fe_replay_source(r, &set, &source, err);
	if (rc == FE_OK)
		rc = fe_trace_in(d, source, &reasons, what, out, err);
	fe_source_close(source);
	fe_reason_table_reset(&reasons);
	return rc;
}

enum fe_rc
fe_mended_explain(struct fe_catalog *c, const struct fe_plan *plan, const struct fe_plan_dataset *d, struct fe_str run_id,
                  const struct fe_trace_record *what, struct fe_buf *out, int64_t *reject_id, struct fe_err *err)
{
	struct search s = { .run_id = run_id, .out = out };
	struct fe_replay *r = NULL;
	struct fe_buf by;

	*reject_id = 0;
	if (!fe_trace_is_same(what, NULL, out)) {
		fe_buf_add_text(out, "\n  it was mended; it is one of the rejects that the run has closed\n");
		return tell_rejects(c, plan, d, &s, err);
	}
	fe_buf_init(&by, 256);
	fe_buf_add_str(&by, run_id);
	const struct fe_replay_query q = { .plan = plan, .dataset = d->name, .sheet = what->path, .closed_by = fe_buf_text(&by) };
	enum fe_rc rc = fe_replay_open(&r, &q, err);
	if (rc == FE_OK)
		rc = find_mended(r, d, what->record, &s.reject_id, err);
	if (rc == FE_OK) {
		fe_buf_add_text(out, "\n  it was mended; as it was rejected at first\n");
		if (s.reject_id)
			rc = tell_rejects(c, plan, d, &s, err);
		else
			fe_buf_add_text(out, "    another run has closed that reject\n");
	}
	if (rc == FE_OK && s.reject_id)
		rc = trace(r, d, what, out, err);
	*reject_id = s.reject_id;
	fe_replay_free(r);
	fe_buf_reset(&by);
	return rc;
}
