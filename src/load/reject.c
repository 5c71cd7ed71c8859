// SPDX-License-Identifier: Apache-2.0
/* load/reject.c - rejects to spool entries and back
 *
 * An entry is a header of fixed size and the four texts, one after the other. The
 * spool never leaves its process, so numbers are in the machine's own order.
 */
#include "load/reject.h"

#include "base/json.h"

/* The record's bytes, the reasons of all its columns, and what else is told of it. */
#define MAX_ENTRY_BYTES (64u * 1024 * 1024)

struct header {
	uint64_t record, offset;
	uint32_t dataset, object;
	uint32_t verdict;
	uint32_t n_reasons, n_detail, n_decimals, n_raw; /* bytes */
	uint32_t zero;
};

static enum fe_rc
add_entry(struct fe_spool *s, const struct fe_reject *r, struct fe_buf *entry, struct fe_err *err)
{
	struct header h = {
		.record = r->record,
		.offset = r->offset,
		.dataset = r->dataset,
		.object = r->object,
		.verdict = (uint32_t)r->verdict,
		.n_reasons = (uint32_t)r->reasons.n,
		.n_detail = (uint32_t)r->detail.n,
		.n_decimals = (uint32_t)r->decimals.n,
		.n_raw = (uint32_t)r->raw.n,
	};

	fe_buf_clear(entry);
	fe_buf_add(entry, &h, sizeof h);
	fe_buf_add_str(entry, r->reasons);
	fe_buf_add_str(entry, r->detail);
	fe_buf_add_str(entry, r->decimals);
	fe_buf_add_str(entry, r->raw);
	FE_TRY(fe_buf_check(entry, "a reject", err));
	return fe_spool_add(s, fe_buf_str(entry), err);
}

enum fe_rc
fe_reject_add(struct fe_spool *s, const struct fe_reject *r, struct fe_err *err)
{
	struct fe_buf entry;
	fe_buf_init(&entry, MAX_ENTRY_BYTES);
	enum fe_rc rc = add_entry(s, r, &entry, err);
	fe_buf_reset(&entry);
	return rc;
}

static struct fe_str
take(const char **p, uint32_t n_bytes)
{
	struct fe_str s = { *p, n_bytes };
	*p += n_bytes;
	return s;
}

enum fe_rc
fe_reject_next(struct fe_spool *s, struct fe_reject *out, bool *more, struct fe_err *err)
{
	struct fe_str entry;
	struct header h;

	FE_TRY(fe_spool_next(s, &entry, more, err));
	if (!*more)
		return FE_OK;
	if (entry.n < sizeof h)
		return fe_fail(err, FE_EBUG, "a spooled reject of %zu bytes", entry.n);
	memcpy(&h, entry.p, sizeof h);
	if (entry.n != sizeof h + (uint64_t)h.n_reasons + h.n_detail + h.n_decimals + h.n_raw)
		return fe_fail(err, FE_EBUG, "a spooled reject of %zu bytes, whose parts say otherwise", entry.n);

	const char *p = entry.p + sizeof h;
	*out = (struct fe_reject){
		.dataset = h.dataset,
		.object = h.object,
		.record = h.record,
		.offset = h.offset,
		.verdict = (enum fe_verdict)h.verdict,
	};
	out->reasons = take(&p, h.n_reasons);
	out->detail = take(&p, h.n_detail);
	out->decimals = take(&p, h.n_decimals);
	out->raw = take(&p, h.n_raw);
	return FE_OK;
}

/* The texts of one batch's rejects, used again from row to row. */
struct texts {
	struct fe_buf reasons, detail, decimals, entry;
};

static void
join(struct fe_buf *to, const char *separator, struct fe_str text)
{
	if (to->n_bytes)
		fe_buf_add_text(to, separator);
	fe_buf_add_str(to, text);
}

static void
add_decimals(struct fe_buf *out, const struct fe_batch *b, size_t row)
{
	struct fe_json j;
	fe_json_init(&j, out, 0);
	fe_json_object(&j, NULL);
	for (size_t i = 0; i < b->schema->n_source; i++) {
		const struct fe_column *c = &b->columns[i];
		if (c->type.kind == FE_DECIMAL && fe_bit_get(c->valid, row))
			fe_json_decimal(&j, b->schema->fields[i].name, c->i64[row], c->type.scale);
	}
	fe_json_object_end(&j);
}

/* One row, whose reasons are from[0..n). */
static enum fe_rc
add_row(struct fe_spool *s, const struct fe_batch *b, const struct fe_reason *from, size_t n, struct fe_reject *r,
        const struct fe_reason_table *reasons, struct texts *t, struct fe_err *err)
{
	size_t row = from->row;

	fe_buf_clear(&t->reasons);
	fe_buf_clear(&t->detail);
	fe_buf_clear(&t->decimals);
	for (size_t i = 0; i < n; i++) {
		join(&t->reasons, ";", fe_str_of(fe_reason_text(reasons, from[i].id)));
		if (from[i].detail.n)
			join(&t->detail, "; ", from[i].detail);
	}
	add_decimals(&t->decimals, b, row);
	FE_TRY(fe_buf_check(&t->reasons, "the reasons of a reject", err));
	FE_TRY(fe_buf_check(&t->detail, "the detail of a reject", err));
	FE_TRY(fe_buf_check(&t->decimals, "the decimals of a reject", err));
	r->record = b->origin[row].record;
	r->offset = b->origin[row].offset;
	r->raw = b->origin[row].raw;
	r->verdict = (enum fe_verdict)b->verdict[row];
	r->reasons = fe_buf_str(&t->reasons);
	r->detail = fe_buf_str(&t->detail);
	r->decimals = fe_buf_str(&t->decimals);
	return add_entry(s, r, &t->entry, err);
}

enum fe_rc
fe_reject_add_batch(struct fe_spool *s, struct fe_batch *b, uint32_t dataset, uint32_t object,
                    const struct fe_reason_table *reasons, struct fe_err *err)
{
	struct fe_reject r = { .dataset = dataset, .object = object };
	struct texts t;
	enum fe_rc rc = FE_OK;

	if (b->n_reasons == 0)
		return FE_OK;
	fe_buf_init(&t.reasons, MAX_ENTRY_BYTES);
	fe_buf_init(&t.detail, MAX_ENTRY_BYTES);
	fe_buf_init(&t.decimals, MAX_ENTRY_BYTES);
	fe_buf_init(&t.entry, MAX_ENTRY_BYTES);
	fe_batch_sort_reasons(b);
	for (size_t i = 0, end; i < b->n_reasons && rc == FE_OK; i = end) {
		uint32_t row = b->reasons[i].row;
		for (end = i + 1; end < b->n_reasons && b->reasons[end].row == row;)
			end++;
		if (b->verdict[row] == FE_REJECTED || b->verdict[row] == FE_CONFLICT)
			rc = add_row(s, b, b->reasons + i, end - i, &r, reasons, &t, err);
	}
	fe_buf_reset(&t.reasons);
	fe_buf_reset(&t.detail);
	fe_buf_reset(&t.decimals);
	fe_buf_reset(&t.entry);
	return rc;
}
