// SPDX-License-Identifier: Apache-2.0
/* quality/tally.c - counts and exact sums
 *
 * Values of one batch are added up without checks, as 4096 of 64 bits cannot pass
 * 128; what a batch adds to a total is checked.
 */
#include "quality/tally.h"

#include <inttypes.h>

#include "base/mem.h"

_Static_assert(FE_KEPT == 0, "add_verdicts passes over eight kept rows at once");

const char *
fe_term_name(enum fe_term t)
{
	static const char *const names[] = {
#define FE_X(name, text) [FE_TERM_##name] = text,
		FE_TERM_MAP(FE_X)
#undef FE_X
	};
	return names[t];
}

void
fe_tally_init(struct fe_tally *t, const struct fe_schema *schema)
{
	*t = (struct fe_tally){ .schema = schema, .decimals = fe_new_array(schema->n_source + 1, size_t) };
	for (size_t i = 0; i < schema->n_source; i++)
		if (schema->fields[i].type.kind == FE_DECIMAL)
			t->decimals[t->n_decimals++] = i;
	for (size_t i = 0; i < FE_N_TERMS; i++)
		t->terms[i].sums = fe_new_array(t->n_decimals + 1, fe_i128);
	t->no_value = fe_new_array(t->n_decimals + 1, uint64_t);
	t->rejected_abs = fe_new_array(t->n_decimals + 1, fe_i128);
}

void
fe_tally_split(struct fe_tally *t, const size_t *columns, size_t n_columns)
{
	t->groups = fe_new(struct fe_groups);
	fe_groups_init(t->groups, t->schema, columns, n_columns, FE_N_TERMS * (t->n_decimals + 1));
}

void
fe_tally_reset(struct fe_tally *t)
{
	if (t->groups)
		fe_groups_reset(t->groups);
	fe_free(t->groups);
	fe_free(t->decimals);
	for (size_t i = 0; i < FE_N_TERMS; i++)
		fe_free(t->terms[i].sums);
	fe_free(t->no_value);
	fe_free(t->rejected_abs);
	fe_free(t->reason_counts);
	*t = (struct fe_tally){ 0 };
}

static enum fe_rc
add_sum(const struct fe_tally *t, fe_i128 *to, fe_i128 v, size_t decimal, struct fe_err *err)
{
	if (!__builtin_add_overflow(*to, v, to))
		return FE_OK;
	return fe_fail(err, FE_ELIMIT, "the sum of '%s' passes 128 bits",
		       t->schema->fields[t->decimals[decimal]].name);
}

static fe_i128
sum_rows(const struct fe_column *c, size_t n_rows)
{
	fe_i128 sum = 0;
	for (size_t row = 0; row < n_rows; row++)
		sum += fe_bit_get(c->valid, row) ? c->i64[row] : 0;
	return sum;
}

/* One row under a term of its group. */
static enum fe_rc
add_to_group(struct fe_tally *t, enum fe_term term, const struct fe_batch *b, size_t row, struct fe_err *err)
{
	size_t group;

	FE_TRY(fe_groups_of_row(t->groups, b, row, &group, err));
	FE_TRY(fe_groups_add(t->groups, group, fe_tally_figure_n(t, term), 1, err));
	for (size_t i = 0; i < t->n_decimals; i++) {
		const struct fe_column *c = &b->columns[t->decimals[i]];
		if (fe_bit_get(c->valid, row))
			FE_TRY(fe_groups_add(t->groups, group, fe_tally_figure_sum(t, term, i), c->i64[row], err));
	}
	return FE_OK;
}

enum fe_rc
fe_tally_rows(struct fe_tally *t, enum fe_term term, const struct fe_batch *b, size_t n_rows, struct fe_err *err)
{
	t->terms[term].n += n_rows;
	for (size_t i = 0; i < t->n_decimals; i++)
		FE_TRY(add_sum(t, &t->terms[term].sums[i], sum_rows(&b->columns[t->decimals[i]], n_rows), i, err));
	for (size_t row = 0; t->groups && row < n_rows; row++)
		FE_TRY(add_to_group(t, term, b, row, err));
	return FE_OK;
}

enum fe_rc
fe_tally_read(struct fe_tally *t, const struct fe_batch *b, struct fe_err *err)
{
	for (size_t i = 0; i < t->n_decimals; i++)
		t->no_value[i] += b->n_rows - fe_bits_count(b->columns[t->decimals[i]].valid, b->n_rows);
	return fe_tally_rows(t, FE_TERM_READ, b, b->n_rows, err);
}

/* The term of a verdict that decides by itself. */
static enum fe_term
term_of(enum fe_verdict v)
{
	static const enum fe_term terms[FE_N_VERDICTS] = {
		[FE_FILTERED] = FE_TERM_FILTERED,   [FE_REJECTED] = FE_TERM_REJECTED,
		[FE_CONFLICT] = FE_TERM_REJECTED,   [FE_DUPLICATE] = FE_TERM_DUPLICATE,
		[FE_UNCHANGED] = FE_TERM_UNCHANGED, [FE_SUPERSEDED] = FE_TERM_SUPERSEDED,
	};
	return terms[v];
}

static enum fe_rc
add_row(struct fe_tally *t, const struct fe_batch *b, size_t row, struct fe_err *err)
{
	enum fe_term term = term_of((enum fe_verdict)b->verdict[row]);

	t->terms[term].n++;
	for (size_t i = 0; i < t->n_decimals; i++) {
		const struct fe_column *c = &b->columns[t->decimals[i]];
		if (!fe_bit_get(c->valid, row))
			continue;
		fe_i128 v = c->i64[row];
		FE_TRY(add_sum(t, &t->terms[term].sums[i], v, i, err));
		if (term == FE_TERM_REJECTED)
			FE_TRY(add_sum(t, &t->rejected_abs[i], v < 0 ? -v : v, i, err));
	}
	return t->groups ? add_to_group(t, term, b, row, err) : FE_OK;
}

/* Only reasons of records that were rejected count: a filtered one may have some. */
static void
count_reasons(struct fe_tally *t, const struct fe_batch *b)
{
	for (size_t i = 0; i < b->n_reasons; i++) {
		const struct fe_reason *r = &b->reasons[i];
		if (term_of((enum fe_verdict)b->verdict[r->row]) != FE_TERM_REJECTED)
			continue;
		if (r->id >= t->n_reason_counts) {
			size_t n = (size_t)r->id + 1;
			t->reason_counts = fe_realloc_array(t->reason_counts, n, sizeof *t->reason_counts);
			memset(t->reason_counts + t->n_reason_counts, 0,
			       (n - t->n_reason_counts) * sizeof *t->reason_counts);
			t->n_reason_counts = n;
		}
		t->reason_counts[r->id]++;
	}
}

enum fe_rc
fe_tally_verdicts(struct fe_tally *t, const struct fe_batch *b, struct fe_err *err)
{
	for (size_t row = 0; row < b->n_rows;) {
		uint64_t eight = 1;
		if (b->n_rows - row >= sizeof eight)
			memcpy(&eight, b->verdict + row, sizeof eight);
		if (eight == 0) {
			row += sizeof eight;
			continue;
		}
		if (b->verdict[row] != FE_KEPT)
			FE_TRY(add_row(t, b, row, err));
		row++;
	}
	count_reasons(t, b);
	return FE_OK;
}

enum fe_rc
fe_tally_add(struct fe_tally *t, enum fe_term term, uint64_t n, const fe_i128 *sums, struct fe_err *err)
{
	t->terms[term].n += n;
	for (size_t i = 0; i < t->n_decimals; i++)
		FE_TRY(add_sum(t, &t->terms[term].sums[i], sums[i], i, err));
	return FE_OK;
}

enum fe_rc
fe_tally_add_groups(struct fe_tally *t, enum fe_term term, const struct fe_groups *confirmed, struct fe_err *err)
{
	return fe_groups_merge(t->groups, fe_tally_figure_n(t, term), confirmed, err);
}

static enum fe_rc
fail_group(const struct fe_tally *t, size_t group, size_t figure, fe_i128 found, const char *dataset, struct fe_err *err)
{
	unsigned scale = figure ? t->schema->fields[t->decimals[figure - 1]].type.scale : 0;
	char a[FE_DECIMAL_TEXT_BYTES], b[FE_DECIMAL_TEXT_BYTES];
	struct fe_buf name;

	fe_buf_init(&name, FE_ERR_TEXT_BYTES);
	fe_groups_print(t->groups, group, &name);
	int n_a = (int)fe_i128_format(fe_groups_figures(t->groups, group)[figure], scale, a);
	int n_b = (int)fe_i128_format(found, scale, b);
	enum fe_rc rc = fe_fail(err, FE_EBUG, "the totals of '%s' do not agree for %s: %s %.*s as read, %.*s as accounted for", dataset,
				fe_buf_text(&name), figure ? t->schema->fields[t->decimals[figure - 1]].name : "records", n_a, a, n_b, b);
	fe_buf_reset(&name);
	return rc;
}

/* read = all the others, for the count and every sum of every group. */
static enum fe_rc
reconcile_groups(const struct fe_tally *t, const char *dataset, struct fe_err *err)
{
	const size_t n = t->n_decimals + 1;

	for (size_t g = 0; g < t->groups->n_items; g++) {
		const fe_i128 *figures = fe_groups_figures(t->groups, g);
		for (size_t f = 0; f < n; f++) {
			fe_i128 sum = 0;
			for (size_t term = FE_TERM_READ + 1; term < FE_N_TERMS; term++)
				if (__builtin_add_overflow(sum, figures[term * n + f], &sum))
					return fe_fail(err, FE_ELIMIT, "a sum of a group passes 128 bits");
			if (sum != figures[f])
				return fail_group(t, g, f, sum, dataset, err);
		}
	}
	return FE_OK;
}

enum fe_rc
fe_tally_reconcile(const struct fe_tally *t, const char *dataset, struct fe_err *err)
{
	uint64_t n = 0;

	for (size_t i = FE_TERM_READ + 1; i < FE_N_TERMS; i++)
		n += t->terms[i].n;
	if (n != t->terms[FE_TERM_READ].n)
		return fe_fail(err, FE_EBUG,
			       "the totals of '%s' do not agree: %" PRIu64 " records were read, %" PRIu64
			       " are accounted for", dataset, t->terms[FE_TERM_READ].n, n);
	for (size_t d = 0; d < t->n_decimals; d++) {
		const struct fe_field *field = &t->schema->fields[t->decimals[d]];
		char read[FE_DECIMAL_TEXT_BYTES], found[FE_DECIMAL_TEXT_BYTES];
		fe_i128 sum = 0;
		for (size_t i = FE_TERM_READ + 1; i < FE_N_TERMS; i++)
			FE_TRY(add_sum(t, &sum, t->terms[i].sums[d], d, err));
		if (sum == t->terms[FE_TERM_READ].sums[d])
			continue;
		size_t n_read = fe_i128_format(t->terms[FE_TERM_READ].sums[d], field->type.scale, read);
		size_t n_found = fe_i128_format(sum, field->type.scale, found);
		return fe_fail(err, FE_EBUG,
			       "the totals of '%s' do not agree: the sum of '%s' is %.*s as read, "
			       "%.*s as accounted for",
			       dataset, field->name, (int)n_read, read, (int)n_found, found);
	}
	return t->groups ? reconcile_groups(t, dataset, err) : FE_OK;
}
