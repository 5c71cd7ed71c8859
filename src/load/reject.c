// SPDX-License-Identifier: Apache-2.0
/* load/reject.c - rejects to spool entries and back
 *
 * An entry is a header of fixed size and the texts, one after the other. The
 * spool never leaves its process, so numbers are in the machine's own order.
 */
#include "load/reject.h"

#include "base/json.h"
#include "base/text.h"

/* The record's bytes, the reasons of all its columns, and what else is told of it. */
#define MAX_ENTRY_BYTES (64u * 1024 * 1024)

struct header {
	uint64_t record, offset;
	uint32_t dataset, object;
	uint32_t verdict;
	uint32_t n_reasons, n_detail, n_decimals, n_raw, n_cells, n_key; /* bytes */
	uint32_t kept;
};

const char *
fe_reject_raw_name(enum fe_reject_raw kept)
{
	static const char *const names[] = {
#define FE_X(name, text) text,
		FE_REJECT_RAW_MAP(FE_X)
#undef FE_X
	};
	return names[kept];
}

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
		.n_cells = (uint32_t)r->cells.n,
		.n_key = (uint32_t)r->key.n,
		.kept = (uint32_t)r->kept,
	};

	fe_buf_clear(entry);
	fe_buf_add(entry, &h, sizeof h);
	fe_buf_add_str(entry, r->reasons);
	fe_buf_add_str(entry, r->detail);
	fe_buf_add_str(entry, r->decimals);
	fe_buf_add_str(entry, r->raw);
	fe_buf_add_str(entry, r->cells);
	fe_buf_add_str(entry, r->key);
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
	if (entry.n != sizeof h + (uint64_t)h.n_reasons + h.n_detail + h.n_decimals + h.n_raw + h.n_cells + h.n_key)
		return fe_fail(err, FE_EBUG, "a spooled reject of %zu bytes, whose parts say otherwise", entry.n);

	const char *p = entry.p + sizeof h;
	*out = (struct fe_reject){
		.dataset = h.dataset,
		.object = h.object,
		.record = h.record,
		.offset = h.offset,
		.verdict = (enum fe_verdict)h.verdict,
		.kept = (enum fe_reject_raw)h.kept,
	};
	out->reasons = take(&p, h.n_reasons);
	out->detail = take(&p, h.n_detail);
	out->decimals = take(&p, h.n_decimals);
	out->raw = take(&p, h.n_raw);
	out->cells = take(&p, h.n_cells);
	out->key = take(&p, h.n_key);
	return FE_OK;
}

/* ---- from a batch ---- */

/* The texts of one batch's rejects, used again from row to row. */
struct texts {
	struct fe_buf reasons, detail, decimals, cells, key, coded, entry;
};

/* What is looked at: a row, and its reasons from[0..n). */
struct row {
	const struct fe_batch *b;
	size_t row;
	const struct fe_reason *from;
	size_t n_reasons;
	const struct fe_reject_batch *of;
	enum fe_reject_raw kept;
};

static void
join(struct fe_buf *to, const char *separator, struct fe_str text)
{
	if (to->n_bytes)
		fe_buf_add_text(to, separator);
	fe_buf_add_str(to, text);
}

static bool
is_personal(const struct row *r, size_t column)
{
	return r->of->policy->pii && r->of->policy->pii[column];
}

/* Not of those that a policy hides. */
static void
add_decimals(struct fe_buf *out, const struct row *r)
{
	const struct fe_batch *b = r->b;
	struct fe_json j;

	fe_json_init(&j, out, 0);
	fe_json_object(&j, NULL);
	for (size_t i = 0; i < b->schema->n_source; i++) {
		const struct fe_column *c = &b->columns[i];
		if (c->type.kind != FE_DECIMAL || !fe_bit_get(c->valid, r->row))
			continue;
		if (r->kept == FE_REJECT_RAW_FULL || !is_personal(r, i))
			fe_json_decimal(&j, b->schema->fields[i].name, c->i64[r->row], c->type.scale);
	}
	fe_json_object_end(&j);
}

/* The code of a cell that the source refused: that of the first reason of its column. */
static const char *
code_of(const struct row *r, const char *column)
{
	const size_t n = strlen(column);

	for (size_t i = 0; i < r->n_reasons; i++) {
		const char *text = fe_reason_text(r->of->reasons, r->from[i].id);
		if (strncmp(text, column, n) == 0 && text[n] == ':')
			return text + n + 1;
	}
	return "";
}

static void
add_cell(struct fe_json *j, const struct row *r, size_t column, struct fe_buf *coded)
{
	const char *name = r->b->schema->fields[column].name;
	const struct fe_str cell = r->b->cells[column][r->row];

	if (cell.p == fe_cell_null) {
		fe_json_null(j, name);
	} else if (cell.p == fe_cell_no_value) {
		fe_json_array(j, name);
		fe_json_array_end(j);
	} else if (!cell.p && cell.n) {
		fe_json_object(j, name);
		fe_json_text(j, "code", code_of(r, name));
		fe_json_object_end(j);
	} else if (!fe_utf8_is_valid(cell) || (cell.n && memchr(cell.p, '\0', cell.n))) {
		fe_buf_clear(coded);
		fe_buf_add_base64(coded, cell);
		fe_json_object(j, name);
		fe_json_str(j, "base64", fe_buf_str(coded));
		fe_json_object_end(j);
	} else {
		fe_json_str(j, name, cell);
	}
}

static void
add_cells(struct fe_buf *out, const struct row *r, struct fe_buf *coded)
{
	const struct fe_batch *b = r->b;
	struct fe_json j;

	if (fe_bit_get(b->broken, r->row) || r->kept == FE_REJECT_RAW_NONE)
		return;
	fe_json_init(&j, out, 0);
	fe_json_object(&j, NULL);
	for (size_t i = 0; i < b->schema->n_source; i++) {
		const struct fe_str *cell = b->cells[i] ? &b->cells[i][r->row] : NULL;
		if (!cell || (!cell->p && !cell->n))
			continue; /* computed, or absent */
		if (r->kept == FE_REJECT_RAW_MASKED && is_personal(r, i))
			fe_json_text(&j, b->schema->fields[i].name, "***");
		else
			add_cell(&j, r, i, coded);
	}
	fe_json_object_end(&j);
}

static void
add_key(struct fe_buf *out, const struct row *r, struct fe_buf *part)
{
	const struct fe_reject_policy *policy = r->of->policy;
	struct fe_json j;

	for (size_t i = 0; i < policy->n_key; i++)
		if (!fe_bit_get(r->b->columns[policy->key[i]].valid, r->row) ||
		    (r->kept != FE_REJECT_RAW_FULL && is_personal(r, policy->key[i])))
			return;
	if (policy->n_key == 0 || fe_bit_get(r->b->broken, r->row))
		return;
	fe_json_init(&j, out, 0);
	fe_json_array(&j, NULL);
	for (size_t i = 0; i < policy->n_key; i++) {
		fe_buf_clear(part);
		fe_column_print(&r->b->columns[policy->key[i]], r->row, part);
		fe_json_str(&j, NULL, fe_buf_str(part));
	}
	fe_json_array_end(&j);
}

static void
print_texts(const struct row *r, struct texts *t)
{
	fe_buf_clear(&t->reasons);
	fe_buf_clear(&t->detail);
	fe_buf_clear(&t->decimals);
	fe_buf_clear(&t->cells);
	fe_buf_clear(&t->key);
	for (size_t i = 0; i < r->n_reasons; i++) {
		join(&t->reasons, ";", fe_str_of(fe_reason_text(r->of->reasons, r->from[i].id)));
		if (r->from[i].detail.n)
			join(&t->detail, "; ", r->from[i].detail);
	}
	add_decimals(&t->decimals, r);
	add_cells(&t->cells, r, &t->coded);
	add_key(&t->key, r, &t->coded);
}

static enum fe_rc
check_texts(const struct texts *t, struct fe_err *err)
{
	FE_TRY(fe_buf_check(&t->reasons, "the reasons of a reject", err));
	FE_TRY(fe_buf_check(&t->detail, "the detail of a reject", err));
	FE_TRY(fe_buf_check(&t->decimals, "the decimals of a reject", err));
	FE_TRY(fe_buf_check(&t->cells, "the cells of a reject", err));
	return fe_buf_check(&t->key, "the key of a reject", err);
}

static enum fe_rc
add_row(struct fe_spool *s, const struct row *row, struct texts *t, struct fe_err *err)
{
	const struct fe_origin *origin = &row->b->origin[row->row];
	const bool is_full = row->kept == FE_REJECT_RAW_FULL;

	print_texts(row, t);
	FE_TRY(check_texts(t, err));
	const struct fe_reject r = {
		.dataset = row->of->dataset,
		.object = row->of->object,
		.record = origin->record,
		.offset = origin->offset,
		.verdict = (enum fe_verdict)row->b->verdict[row->row],
		.reasons = fe_buf_str(&t->reasons),
		.detail = fe_buf_str(&t->detail),
		.decimals = fe_buf_str(&t->decimals),
		.raw = is_full ? origin->raw : fe_buf_str(&t->cells),
		.cells = is_full ? fe_buf_str(&t->cells) : (struct fe_str){ 0 },
		.key = fe_buf_str(&t->key),
		.kept = row->kept,
	};
	return add_entry(s, &r, &t->entry, err);
}

/* Of a data set without personal columns there is nothing to mask. */
static enum fe_reject_raw
what_is_kept(const struct fe_batch *b, const struct fe_reject_policy *policy)
{
	if (policy->raw != FE_REJECT_RAW_MASKED)
		return policy->raw;
	for (size_t i = 0; policy->pii && i < b->schema->n_source; i++)
		if (policy->pii[i])
			return FE_REJECT_RAW_MASKED;
	return FE_REJECT_RAW_FULL;
}

static void
texts_init(struct texts *t)
{
	struct fe_buf *const all[] = { &t->reasons, &t->detail, &t->decimals, &t->cells, &t->key, &t->coded, &t->entry };
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		fe_buf_init(all[i], MAX_ENTRY_BYTES);
}

static void
texts_reset(struct texts *t)
{
	struct fe_buf *const all[] = { &t->reasons, &t->detail, &t->decimals, &t->cells, &t->key, &t->coded, &t->entry };
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		fe_buf_reset(all[i]);
}

/* Cells were last looked at when they were cleaned, and those of a few rows lie far apart: each would be
 * waited for. */
#define N_AHEAD 6

static void
fetch_ahead(const struct fe_batch *b, size_t reason)
{
	if (reason >= b->n_reasons)
		return;
	const size_t row = b->reasons[reason].row;
	for (size_t i = 0; i < b->schema->n_source; i++)
		if (b->cells[i])
			__builtin_prefetch(&b->cells[i][row]);
	__builtin_prefetch(&b->origin[row]);
}

enum fe_rc
fe_reject_add_batch(struct fe_spool *s, struct fe_batch *b, const struct fe_reject_batch *of, struct fe_err *err)
{
	struct row r = { .b = b, .of = of };
	struct texts t;
	enum fe_rc rc = FE_OK;

	if (b->n_reasons == 0)
		return FE_OK;
	r.kept = what_is_kept(b, of->policy);
	texts_init(&t);
	fe_batch_sort_reasons(b);
	for (size_t i = 0; i < N_AHEAD; i++)
		fetch_ahead(b, i);
	for (size_t i = 0, end; i < b->n_reasons && rc == FE_OK; i = end) {
		r.row = b->reasons[i].row;
		fetch_ahead(b, i + N_AHEAD);
		for (end = i + 1; end < b->n_reasons && b->reasons[end].row == r.row;)
			end++;
		r.from = b->reasons + i;
		r.n_reasons = end - i;
		if (b->verdict[r.row] == FE_REJECTED || b->verdict[r.row] == FE_CONFLICT)
			rc = add_row(s, &r, &t, err);
	}
	texts_reset(&t);
	return rc;
}
