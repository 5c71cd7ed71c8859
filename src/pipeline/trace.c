// SPDX-License-Identifier: Apache-2.0
/* pipeline/trace.c - finding a record again and telling its way */
#include "pipeline/trace.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "extract/query.h"
#include "io/http.h"
#include "pipeline/connectors.h"

#define MAX_SHOWN_BYTES 4096

/* Reads on until the batch that holds the record; *row is FE_NO_COLUMN without one. */
static enum fe_rc
find_record(struct fe_source *source, struct fe_batch *b, uint64_t record, size_t *row, struct fe_err *err)
{
	*row = FE_NO_COLUMN;
	for (;;) {
		FE_TRY(fe_source_next(source, b, err));
		if (b->n_rows == 0)
			return FE_OK;
		for (size_t i = 0; i < b->n_rows; i++) {
			if (b->origin[i].record == record) {
				*row = i;
				return FE_OK;
			}
		}
	}
}

static void
add_value(struct fe_buf *out, const struct fe_column *c, size_t row)
{
	struct fe_buf text;
	if (!fe_bit_get(c->valid, row)) {
		fe_buf_add_text(out, "null");
		return;
	}
	fe_buf_init(&text, 8u << 20);
	fe_column_print(c, row, &text);
	fe_buf_add_printable(out, fe_buf_str(&text), MAX_SHOWN_BYTES);
	fe_buf_reset(&text);
}

static void
add_cells(const struct fe_plan_dataset *d, const struct fe_batch *b, size_t row, struct fe_buf *out)
{
	fe_buf_add_text(out, "\n  columns\n");
	for (size_t i = 0; i < d->schema.n_source; i++) {
		struct fe_str cell = b->cells[i] ? b->cells[i][row] : (struct fe_str){ 0 };
		fe_buf_addf(out, "    %-24s ", d->schema.fields[i].name);
		add_value(out, &b->columns[i], row);
		if (d->clean[i].value) {
			fe_buf_add_text(out, "  (computed)");
		} else {
			fe_buf_add_text(out, "  from '");
			fe_buf_add_printable(out, cell, MAX_SHOWN_BYTES);
			fe_buf_add_char(out, '\'');
		}
		fe_buf_add_char(out, '\n');
	}
}

static enum fe_rc
add_rule(const struct fe_rule *rule, struct fe_batch *b, size_t row, int64_t now_us, struct fe_buf *out,
         struct fe_err *err)
{
	struct fe_expr_state *state = fe_expr_state_new(rule->check);
	const struct fe_column *value;
	const uint64_t *overflow;
	const char *verdict = "met";
	enum fe_rc rc = fe_expr_eval(rule->check, state, b, now_us, &value, &overflow, err);

	if (rc == FE_OK) {
		if (overflow && fe_bit_get(overflow, row))
			verdict = "broken (overflow)";
		else if (!fe_bit_get(value->valid, row))
			verdict = "unknown (a value is null)";
		else if (!fe_bit_get(value->bits, row))
			verdict = "broken";
		fe_buf_addf(out, "    %-24s %s\n", rule->id, verdict);
	}
	fe_expr_state_free(state);
	return rc;
}

static enum fe_rc
add_rules(const struct fe_plan_dataset *d, struct fe_batch *b, size_t row, int64_t now_us,
          struct fe_buf *out, struct fe_err *err)
{
	if (d->n_rules)
		fe_buf_add_text(out, "\n  rules\n");
	for (size_t i = 0; i < d->n_rules; i++)
		FE_TRY(add_rule(&d->rules[i], b, row, now_us, out, err));
	return FE_OK;
}

static void
add_reasons(const struct fe_batch *b, const struct fe_reason_table *reasons, size_t row, struct fe_buf *out)
{
	if (!fe_bit_get(b->failed, row))
		return;
	fe_buf_add_text(out, "\n  reasons against it\n");
	for (size_t i = 0; i < b->n_reasons; i++)
		if (b->reasons[i].row == row)
			fe_buf_addf(out, "    %s\n", fe_reason_text(reasons, b->reasons[i].id));
}

static void
add_derived(const struct fe_plan_dataset *d, const struct fe_batch *b, size_t row, struct fe_buf *out)
{
	if (d->schema.n_fields > d->schema.n_source)
		fe_buf_add_text(out, "\n  derived\n");
	for (size_t i = d->schema.n_source; i < d->schema.n_fields; i++) {
		fe_buf_addf(out, "    %-24s ", d->schema.fields[i].name);
		add_value(out, &b->columns[i], row);
		fe_buf_add_char(out, '\n');
	}
}

static enum fe_rc
tell_record(const struct fe_plan_dataset *d, struct fe_batch *b, size_t row,
            struct fe_reason_table *reasons, int64_t now_us, struct fe_buf *out, struct fe_err *err)
{
	struct fe_clean *clean = NULL;
	struct fe_derive *derive = fe_derive_new(d->derivations, d->n_derivations, &d->schema, reasons);
	enum fe_rc rc;

	fe_buf_addf(out, "\n  raw text, at byte %" PRIu64 "\n    ", b->origin[row].offset);
	fe_buf_add_printable(out, b->origin[row].raw, MAX_SHOWN_BYTES);
	fe_buf_add_char(out, '\n');
	rc = fe_clean_new(&clean, d->clean, &d->schema, reasons, err);
	if (rc)
		goto done;
	rc = fe_clean_batch(clean, b, now_us, err);
	if (rc)
		goto done;
	add_cells(d, b, row, out);
	rc = add_rules(d, b, row, now_us, out, err);
	if (rc)
		goto done;
	rc = fe_derive_batch(derive, b, now_us, err);
	if (rc)
		goto done;
	add_reasons(b, reasons, row, out);
	add_derived(d, b, row, out);
done:
	fe_clean_free(clean);
	fe_derive_free(derive);
	return rc;
}

bool
fe_trace_is_same(const struct fe_trace_record *what, const struct fe_net_settings *net, struct fe_buf *out)
{
	struct fe_object_id id = { 0 };
	struct fe_err why = FE_ERR_INIT;
	if (strcmp(what->path, "-") == 0) {
		fe_buf_add_text(out, "\n  it came by standard input and cannot be read again\n");
		return false;
	}
	if (fe_object_digest(what->path, net, &id, &why)) {
		fe_buf_addf(out, "\n  the object cannot be read again: %s\n", why.text);
		return false;
	}
	bool same = strcmp(id.sha256, what->sha256) == 0;
	if (!same)
		fe_buf_add_text(out, "\n  the object has changed since it was loaded (another SHA-256)\n");
	fe_object_id_reset(&id);
	return same;
}

enum fe_rc
fe_trace_in(const struct fe_plan_dataset *d, struct fe_source *source, struct fe_reason_table *reasons,
            const struct fe_trace_record *what, struct fe_buf *out, struct fe_err *err)
{
	struct fe_batch batch;
	size_t row;

	fe_batch_init(&batch, &d->schema);
	enum fe_rc rc = find_record(source, &batch, what->record, &row, err);
	if (rc == FE_OK && row == FE_NO_COLUMN)
		fe_buf_add_text(out, "\n  the object has no such record\n");
	else if (rc == FE_OK)
		rc = tell_record(d, &batch, row, reasons, what->run_time_us, out, err);
	fe_batch_reset(&batch);
	return rc;
}

/* Whether the object may be of the source that the data set has now, and not of one that it had before. */
static bool
may_be_of(const struct fe_plan_dataset *d, const char *path)
{
	const size_t n_path = strlen(path), n_kind = strlen(d->source->name);
	struct fe_buf end;

	if (!d->source_set.query)
		return strstr(path, "://") && strstr(path, "#page=");
	fe_buf_init(&end, SIZE_MAX / 2);
	fe_buf_add_char(&end, '/');
	fe_query_add_name(&end, d->source_set.query);
	const bool may_be = strncmp(path, d->source->name, n_kind) == 0 && path[n_kind] == ':' && n_path >= end.n_bytes &&
	                    strcmp(path + n_path - end.n_bytes, fe_buf_text(&end)) == 0;
	fe_buf_reset(&end);
	return may_be;
}

/* An API and a database are as they are now, not as they were: what there is to look it up by. */
static void
tell_origin(const struct fe_plan_dataset *d, const struct fe_trace_record *what, struct fe_buf *out)
{
	const struct fe_query_settings *query = d->source_set.query;

	if (!may_be_of(d, what->path)) {
		fe_buf_add_text(out, "\n  the data set has another source by now, or other parameters than that run; it is not asked\n");
		return;
	}
	if (!query) {
		fe_buf_addf(out, "\n  it came on a page of an API, which is not asked again; that page had the SHA-256\n    %s\n", what->sha256);
		return;
	}
	fe_buf_add_text(out, "\n  it came from a database, which is not asked again; the key above is to be looked for there in\n    ");
	if (query->table)
		fe_buf_addf(out, "the table ");
	fe_buf_add_printable(out, fe_str_of(query->table ? query->table : query->query), MAX_SHOWN_BYTES);
	fe_buf_add_char(out, '\n');
}

/* The manifest has a URL as it may be shown; the pipeline file may still have it whole. */
static const char *
where_of(const struct fe_plan_dataset *d, const struct fe_trace_record *what)
{
	const char *location = d->source_set.location;
	struct fe_buf shown;

	if (!location || !strstr(what->path, "://"))
		return what->path;
	fe_buf_init(&shown, SIZE_MAX / 2);
	fe_url_show_for(&shown, fe_str_of(location), &d->source_set.net);
	const bool is_that = strcmp(fe_buf_text(&shown), what->path) == 0;
	fe_buf_reset(&shown);
	return is_that ? location : what->path;
}

enum fe_rc
fe_trace(const struct fe_plan_dataset *d, const struct fe_trace_record *of, struct fe_buf *out,
         struct fe_err *err)
{
	struct fe_trace_record what = *of;
	struct fe_source_settings set = d->source_set;
	struct fe_reason_table reasons = { 0 };
	struct fe_source *source = NULL;
	enum fe_rc rc;

	if (!fe_source_reads_files(d->source)) {
		tell_origin(d, of, out);
		return FE_OK;
	}
	what.path = where_of(d, of);
	if (!fe_trace_is_same(&what, &set.net, out))
		return FE_OK;
	set.location = what.path;
	set.reasons = &reasons;
	rc = fe_source_open(&source, d->source, &set, err);
	if (rc == FE_OK)
		rc = fe_trace_in(d, source, &reasons, &what, out, err);
	fe_source_close(source);
	fe_reason_table_reset(&reasons);
	return rc;
}
