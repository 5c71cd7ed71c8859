// SPDX-License-Identifier: Apache-2.0
/* pipeline/preview_estimate.c - how many records there are, by the bytes of the first ones */
#include <inttypes.h>

#include "base/mem.h"
#include "pipeline/connectors.h"
#include "pipeline/preview_parts.h"

#define HEAD_RECORDS 50000

void
fe_preview_head_add(struct fe_preview_head *h, const struct fe_batch *b)
{
	if (!b->n_rows)
		return;
	const struct fe_origin *last = &b->origin[b->n_rows - 1];
	if (h->n_read == 0)
		h->object = b->object;
	h->n_read += b->n_rows;
	if (b->object != h->object)
		return;
	h->n_first += b->n_rows;
	h->end_bytes = last->offset + last->raw.n;
}

void
fe_preview_estimate_by(struct fe_preview_out *out, const struct fe_preview_head *h)
{
	const bool is_known = h->is_all || (h->n_first > 0 && h->end_bytes > 0 && out->has_read_bytes);
	uint64_t n = h->n_read;

	if (!is_known || (!h->is_all && __builtin_mul_overflow(out->read_bytes, h->n_first, &n)))
		return;
	n /= h->is_all ? 1 : h->end_bytes;
	fe_json_i64(&out->json, "estimated_records", (int64_t)(n > INT64_MAX ? INT64_MAX : n));
	fe_buf_addf(out->text, h->is_all ? "    %" PRIu64 " record%s in all\n" : "    about %" PRIu64 " record%s in all, by their bytes\n", n,
		    n == 1 ? "" : "s");
}

static enum fe_rc
read_head(const struct fe_source_settings *set, const struct fe_plan_dataset *d, struct fe_preview_head *h, struct fe_err *err)
{
	struct fe_source *source = NULL;
	struct fe_batch batch;

	fe_batch_init(&batch, &d->schema);
	enum fe_rc rc = fe_source_open(&source, d->source, set, err);
	do {
		if (rc == FE_OK)
			rc = fe_source_next(source, &batch, err);
		if (rc == FE_OK)
			fe_preview_head_add(h, &batch);
	} while (rc == FE_OK && batch.n_rows);
	fe_source_close(source);
	fe_batch_reset(&batch);
	h->is_all = h->n_read < HEAD_RECORDS;
	return rc;
}

static bool
is_here(const char *location)
{
	return strcmp(location, "-") != 0 && !strstr(location, "://");
}

/* What is wrong with the source is for the run to say, and for a sample. */
void
fe_preview_estimate(struct fe_preview_out *out, const struct fe_plan_dataset *d, const struct fe_source_settings *set)
{
	struct fe_reason_table reasons = { 0 };
	struct fe_source_settings own = *set;
	struct fe_preview_head head = { 0 };
	struct fe_err ignored = FE_ERR_INIT;

	if (!fe_source_reads_files(d->source) || !is_here(set->location))
		return;
	own.limit_rows = HEAD_RECORDS;
	own.reasons = &reasons;
	own.contract = FE_CONTRACT_DISCARD;
	own.is_look = true;
	if (read_head(&own, d, &head, &ignored) == FE_OK)
		fe_preview_estimate_by(out, &head);
	fe_reason_table_reset(&reasons);
}
