// SPDX-License-Identifier: Apache-2.0
/* pipeline/preview_sample.c - some records of a data set, each judged by itself */
#include <inttypes.h>

#include "base/text.h"
#include "pipeline/connectors.h"
#include "pipeline/judge.h"
#include "pipeline/preview_parts.h"

#define MAX_SHOWN_RECORDS 20
#define MAX_VALUE_BYTES 200 /* of a value that is shown to people */

struct sample {
	const struct fe_plan_dataset *d;
	struct fe_preview_out *out;
	int64_t now_us;
	struct fe_reason_table reasons;
	struct fe_source *source;
	struct fe_tally tally;
	struct fe_judge judge;
	struct fe_batch batch;
	uint64_t n[FE_N_VERDICTS], n_shown;
	struct fe_preview_head head;
};

/* ---- one record ---- */

static void
add_value(struct sample *s, size_t field, size_t row)
{
	const char *name = s->d->schema.fields[field].name;
	const struct fe_column *column = &s->batch.columns[field];
	struct fe_buf value;

	fe_buf_init(&value, 8u << 20);
	const bool is_null = !fe_bit_get(column->valid, row);
	if (s->d->pii[field])
		fe_buf_add_text(&value, "***");
	else if (!is_null)
		fe_column_print(column, row, &value);
	fe_buf_addf(s->out->text, "%s%s=", field ? ", " : "", name);
	if (is_null && !s->d->pii[field]) {
		fe_json_null(&s->out->json, name);
		fe_buf_add_text(s->out->text, "null");
	} else {
		fe_json_str(&s->out->json, name, fe_buf_str(&value));
		fe_buf_add_printable(s->out->text, fe_buf_str(&value), MAX_VALUE_BYTES);
	}
	fe_buf_reset(&value);
}

static void
add_reasons(struct sample *s, size_t row)
{
	const struct fe_batch *b = &s->batch;
	bool is_first = true;

	fe_json_array(&s->out->json, "reasons");
	for (size_t i = 0; i < b->n_reasons; i++) {
		if (b->reasons[i].row != row)
			continue;
		const char *reason = fe_reason_text(&s->reasons, b->reasons[i].id);
		fe_json_text(&s->out->json, NULL, reason);
		fe_buf_addf(s->out->text, "%s%s", is_first ? ": " : ", ", reason);
		is_first = false;
	}
	fe_json_array_end(&s->out->json);
}

static void
add_record(struct sample *s, size_t row)
{
	struct fe_preview_out *out = s->out;
	const struct fe_batch *b = &s->batch;
	const enum fe_verdict verdict = (enum fe_verdict)b->verdict[row];

	fe_buf_addf(out->text, "    record %" PRIu64 " %s", b->origin[row].record, fe_verdict_name(verdict));
	fe_json_object(&out->json, NULL);
	fe_json_text(&out->json, "object", b->object_name);
	fe_json_i64(&out->json, "record", (int64_t)b->origin[row].record);
	fe_json_text(&out->json, "verdict", fe_verdict_name(verdict));
	add_reasons(s, row);
	fe_buf_add_text(out->text, "\n      ");
	fe_json_object(&out->json, "values");
	for (size_t i = 0; i < s->d->schema.n_fields; i++)
		add_value(s, i, row);
	fe_json_object_end(&out->json);
	fe_json_object_end(&out->json);
	fe_buf_add_char(out->text, '\n');
}

/* ---- all of them ---- */

static enum fe_rc
judge(struct sample *s, struct fe_err *err)
{
	struct fe_batch *b = &s->batch;
	enum fe_rc aborts = fe_judge_batch(&s->judge, b, err);

	if (aborts != FE_OK && aborts != FE_ECHECK)
		return aborts;
	fe_batch_sort_reasons(b);
	for (size_t row = 0; row < b->n_rows; row++) {
		s->n[b->verdict[row]]++;
		if (s->n_shown < MAX_SHOWN_RECORDS && ++s->n_shown)
			add_record(s, row);
	}
	fe_preview_head_add(&s->head, b);
	return aborts;
}

static enum fe_rc
read_all(struct sample *s, struct fe_err *err)
{
	do {
		FE_TRY(fe_source_next(s->source, &s->batch, err));
		if (s->batch.n_rows)
			FE_TRY(judge(s, err));
	} while (s->batch.n_rows);
	return FE_OK;
}

static enum fe_rc
open_all(struct sample *s, const struct fe_source_settings *set, uint64_t limit, struct fe_err *err)
{
	const struct fe_plan_dataset *d = s->d;
	struct fe_source_settings own = *set;

	own.limit_rows = limit;
	own.reasons = &s->reasons;
	s->judge = (struct fe_judge){ .plan = d, .reasons = &s->reasons, .tally = &s->tally, .now_us = s->now_us };
	FE_TRY(fe_judge_open(&s->judge, err));
	return fe_source_open(&s->source, d->source, &own, err);
}

static void
add_counts(const struct sample *s)
{
	struct fe_json *j = &s->out->json;

	fe_json_i64(j, "sample_read", (int64_t)s->head.n_read);
	fe_json_i64(j, "sample_kept", (int64_t)s->n[FE_KEPT]);
	fe_json_i64(j, "sample_filtered", (int64_t)s->n[FE_FILTERED]);
	fe_json_i64(j, "sample_rejected", (int64_t)s->n[FE_REJECTED]);
	fe_buf_addf(s->out->text, "    of %" PRIu64 " records: %" PRIu64 " kept, %" PRIu64 " filtered, %" PRIu64 " rejected%s\n", s->head.n_read,
		    s->n[FE_KEPT], s->n[FE_FILTERED], s->n[FE_REJECTED],
		    s->head.n_read > s->n_shown ? "; the first of them are shown" : "");
}

enum fe_rc
fe_preview_sample(struct fe_preview_out *out, const struct fe_plan_dataset *d, const struct fe_source_settings *set,
                  uint64_t limit, int64_t now_us, struct fe_err *err)
{
	struct sample s = { .d = d, .out = out, .now_us = now_us };
	enum fe_rc rc;

	fe_batch_init(&s.batch, &d->schema);
	fe_tally_init(&s.tally, &d->schema);
	fe_buf_add_text(out->text, "  sample, each record judged by itself\n");
	fe_json_array(&out->json, "sample");
	rc = open_all(&s, set, limit, err);
	if (rc == FE_OK)
		rc = read_all(&s, err);
	fe_json_array_end(&out->json);
	add_counts(&s);
	s.head.is_all = s.head.n_read < limit;
	if (rc == FE_OK && fe_source_reads_files(d->source))
		fe_preview_estimate_by(out, &s.head);
	fe_source_close(s.source);
	fe_batch_reset(&s.batch);
	fe_judge_close(&s.judge);
	fe_tally_reset(&s.tally);
	fe_reason_table_reset(&s.reasons);
	return rc;
}
