// SPDX-License-Identifier: Apache-2.0
/* transform/check.c - where, rules and references over bitmaps
 *
 * An expression gives a word of 64 answers at a time; a word in which nothing is
 * broken costs two instructions, and rows are only looked at where a bit is set.
 * A record without cells (batch->broken) is asked nothing: it stays rejected for
 * what broke it, so that `where` cannot make a malformed record disappear.
 */
#include "transform/check.h"

#include "transform/fit.h"

struct rule_state {
	struct fe_expr_state *eval;
	uint32_t reason;
	uint64_t n_broken;
};

struct fe_checks {
	const struct fe_expr *where;
	struct fe_expr_state *where_eval;
	uint32_t where_overflow;
	const struct fe_rule *rules;
	struct rule_state *states;
	size_t n_rules;
};

struct fe_checks *
fe_checks_new(const struct fe_expr *where, const struct fe_rule *rules, size_t n_rules,
              struct fe_reason_table *reasons)
{
	struct fe_checks *c = fe_new(struct fe_checks);
	c->where = where;
	if (where) {
		c->where_eval = fe_expr_state_new(where);
		c->where_overflow = fe_reason_id(reasons, "where", "overflow");
	}
	c->rules = rules;
	c->n_rules = n_rules;
	c->states = fe_new_array(n_rules + 1, struct rule_state);
	for (size_t i = 0; i < n_rules; i++) {
		c->states[i].eval = fe_expr_state_new(rules[i].check);
		c->states[i].reason = fe_reason_id(reasons, NULL, rules[i].id);
	}
	return c;
}

void
fe_checks_free(struct fe_checks *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->n_rules; i++)
		fe_expr_state_free(c->states[i].eval);
	fe_free(c->states);
	fe_expr_state_free(c->where_eval);
	fe_free(c);
}

enum fe_rc
fe_checks_where(struct fe_checks *c, struct fe_batch *b, int64_t now_us, struct fe_err *err)
{
	const struct fe_column *is_true;
	const uint64_t *overflow;
	struct fe_row_bits judged;

	if (!c->where)
		return FE_OK;
	FE_TRY(fe_expr_eval(c->where, c->where_eval, b, now_us, &is_true, &overflow, err));
	fe_rows_judged(b, &judged);
	for (size_t w = 0; w < FE_BITMAP_WORDS(b->n_rows); w++) {
		/* Where the arithmetic failed nobody knows whether the record is wanted:
		 * it is kept, with the reason. */
		uint64_t unsure = overflow ? overflow[w] & judged.words[w] : 0;
		uint64_t out = judged.words[w] & ~unsure & ~(is_true->valid[w] & is_true->bits[w]);
		for (; unsure; unsure &= unsure - 1)
			fe_batch_add_reason(b, w * 64 + (size_t)__builtin_ctzll(unsure),
					    c->where_overflow, (struct fe_str){ 0 });
		for (; out; out &= out - 1)
			b->verdict[w * 64 + (size_t)__builtin_ctzll(out)] = FE_FILTERED;
	}
	return FE_OK;
}

/* The rows that break a rule, judged ones alone. */
static enum fe_rc
find_broken(struct fe_checks *c, size_t rule, struct fe_batch *b, const struct fe_row_bits *judged,
            int64_t now_us, struct fe_row_bits *out, struct fe_err *err)
{
	const struct fe_column *is_true;
	const uint64_t *overflow;

	FE_TRY(fe_expr_eval(c->rules[rule].check, c->states[rule].eval, b, now_us, &is_true, &overflow, err));
	for (size_t w = 0; w < FE_BITMAP_WORDS(b->n_rows); w++)
		out->words[w] = ((is_true->valid[w] & ~is_true->bits[w]) | (overflow ? overflow[w] : 0)) &
				judged->words[w];
	return FE_OK;
}

/* The first record that breaks a rule whose action is abort. */
struct breach {
	size_t row, rule; /* row SIZE_MAX: there is none */
};

static enum fe_rc
find_breach(struct fe_checks *c, struct fe_batch *b, const struct fe_row_bits *judged, int64_t now_us,
            struct breach *first, struct fe_err *err)
{
	struct fe_row_bits broken;

	*first = (struct breach){ .row = SIZE_MAX };
	for (size_t i = 0; i < c->n_rules; i++) {
		if (c->rules[i].action != FE_RULE_ABORT)
			continue;
		FE_TRY(find_broken(c, i, b, judged, now_us, &broken, err));
		for (size_t w = 0; w < FE_BITMAP_WORDS(b->n_rows); w++) {
			if (!broken.words[w])
				continue;
			size_t row = w * 64 + (size_t)__builtin_ctzll(broken.words[w]);
			if (row < first->row)
				*first = (struct breach){ row, i };
			break;
		}
	}
	return FE_OK;
}

static enum fe_rc
fail_breach(struct fe_checks *c, const struct fe_batch *b, struct breach first, struct fe_err *err)
{
	c->states[first.rule].n_broken++;
	enum fe_rc rc = fe_fail(err, FE_ECHECK, "this breaks the rule '%s', whose action is abort",
				c->rules[first.rule].id);
	fe_err_at(err, b->object_name, b->origin[first.row].record, NULL);
	return rc;
}

static void
break_rows(struct fe_checks *c, size_t rule, struct fe_batch *b, size_t w, uint64_t rows)
{
	struct rule_state *s = &c->states[rule];

	s->n_broken += (uint64_t)__builtin_popcountll(rows);
	if (c->rules[rule].action != FE_RULE_REJECT)
		return;
	for (; rows; rows &= rows - 1)
		fe_batch_add_reason(b, w * 64 + (size_t)__builtin_ctzll(rows), s->reason, (struct fe_str){ 0 });
}

enum fe_rc
fe_checks_rules(struct fe_checks *c, struct fe_batch *b, int64_t now_us, struct fe_err *err)
{
	struct fe_row_bits judged, broken;
	struct breach first;

	if (c->n_rules == 0)
		return FE_OK;
	fe_rows_judged(b, &judged);
	FE_TRY(find_breach(c, b, &judged, now_us, &first, err));
	if (first.row != SIZE_MAX) {
		fe_batch_cut(b, first.row);
		fe_rows_judged(b, &judged);
	}
	for (size_t i = 0; i < c->n_rules; i++) {
		if (c->rules[i].action == FE_RULE_ABORT)
			continue;
		FE_TRY(find_broken(c, i, b, &judged, now_us, &broken, err));
		for (size_t w = 0; w < FE_BITMAP_WORDS(b->n_rows); w++)
			if (broken.words[w])
				break_rows(c, i, b, w, broken.words[w]);
	}
	return first.row == SIZE_MAX ? FE_OK : fail_breach(c, b, first, err);
}

uint64_t
fe_checks_broken(const struct fe_checks *c, size_t rule)
{
	return c->states[rule].n_broken;
}

/* The rows that are judged and have a value; false: there is none. */
static bool
rows_to_ask(const struct fe_column *column, const struct fe_row_bits *judged, size_t n_rows,
            struct fe_row_bits *asked)
{
	uint64_t any = 0;

	for (size_t w = 0; w < FE_BITMAP_WORDS(n_rows); w++)
		any |= asked->words[w] = judged->words[w] & column->valid[w];
	return any != 0;
}

enum fe_rc
fe_check_references(const struct fe_reference *refs, const uint32_t *reason_ids, size_t n_refs,
                    struct fe_batch *b, struct fe_err *err)
{
	struct fe_row_bits judged;

	if (n_refs == 0)
		return FE_OK;
	fe_rows_judged(b, &judged);
	for (size_t i = 0; i < n_refs; i++) {
		const struct fe_column *column = &b->columns[refs[i].column];
		struct fe_row_bits asked, known = { 0 };
		if (!rows_to_ask(column, &judged, b->n_rows, &asked))
			continue;
		FE_TRY(refs[i].known(refs[i].ctx, column, asked.words, b->n_rows, known.words, err));
		for (size_t w = 0; w < FE_BITMAP_WORDS(b->n_rows); w++)
			for (uint64_t m = asked.words[w] & ~known.words[w]; m; m &= m - 1)
				fe_batch_add_reason(b, w * 64 + (size_t)__builtin_ctzll(m), reason_ids[i],
						    (struct fe_str){ 0 });
	}
	return FE_OK;
}
