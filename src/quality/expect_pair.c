// SPDX-License-Identifier: Apache-2.0
/* quality/expect_pair.c - two columns of a record: equal, one greater, both in a set of pairs
 *
 * A null on one side, or on both where ignore_row_if keeps the row, is neither equal nor
 * greater; in a set of pairs null equals null.
 */
#include "base/hash.h"
#include "base/keytable.h"
#include "base/mem.h"
#include "quality/column_order.h"
#include "quality/figure.h"
#include "quality/kinds.h"
#include "quality/numbers.h"
#include "quality/sentence.h"
#include "quality/value_set.h"

enum ignore { IGNORE_BOTH, IGNORE_EITHER, IGNORE_NEITHER };

struct pair {
	enum ignore ignore;
	bool is_comparable, or_equal;
	/* in_set: pairs by their bytes, as key_of makes them */
	bool has_set;
	struct fe_hash_key hash_key;
	struct fe_keytable set;
	struct fe_buf key;
};

static enum ignore
ignore_of(const struct fe_suite_item *item)
{
	struct fe_str word = fe_suite_kwarg(item, "ignore_row_if")->one.text;

	return fe_str_is(word, "either_value_is_missing") ? IGNORE_EITHER :
	       fe_str_is(word, "neither")                 ? IGNORE_NEITHER :
	                                                    IGNORE_BOTH;
}

static struct fe_type
type_of(const struct fe_expectation *x, size_t i)
{
	return x->schema->fields[x->columns[i]].type;
}

static enum fe_rc
bind(struct fe_expectation *x, struct fe_err *err)
{
	struct pair *p = fe_new(struct pair);

	(void)err;
	p->ignore = ignore_of(x->item);
	p->is_comparable = fe_column_order_exists(type_of(x, 0), type_of(x, 1));
	x->state = p;
	return FE_OK;
}

static enum fe_rc
bind_greater(struct fe_expectation *x, struct fe_err *err)
{
	FE_TRY(bind(x, err));
	((struct pair *)x->state)->or_equal = fe_suite_kwarg(x->item, "or_equal")->one.is_true;
	return FE_OK;
}

static void
reset(struct fe_expectation *x)
{
	struct pair *p = x->state;

	if (p && p->has_set) {
		fe_keytable_reset(&p->set);
		fe_buf_reset(&p->key);
	}
	fe_free(p);
	x->state = NULL;
}

/* The columns of a batch, and 64 rows of them. */
struct sides {
	const struct fe_column *a, *b;
	uint64_t considered, both;
};

static struct sides
sides_of(const struct fe_expectation *x, const struct fe_view *v)
{
	return (struct sides){ .a = &v->batch->columns[x->columns[0]], .b = &v->batch->columns[x->columns[1]] };
}

static void
look_at(struct sides *s, enum ignore ignore, const struct fe_view *v, size_t word)
{
	uint64_t has_a = s->a->valid[word], has_b = s->b->valid[word];

	s->both = v->rows[word] & has_a & has_b;
	s->considered = ignore == IGNORE_BOTH   ? v->rows[word] & (has_a | has_b) :
	                ignore == IGNORE_EITHER ? s->both :
	                                          v->rows[word];
}

/* ---- equal, greater ---- */

static enum fe_rc
judge_equal(struct fe_expectation *x, const struct fe_view *v, uint64_t *considered, uint64_t *unexpected,
            struct fe_err *err)
{
	const struct pair *p = x->state;
	struct sides s = sides_of(x, v);
	uint64_t equal = 0, greater;

	(void)err;
	for (size_t w = 0; w < FE_BITMAP_WORDS(v->n_rows); w++) {
		look_at(&s, p->ignore, v, w);
		if (p->is_comparable)
			fe_column_order(s.a, s.b, w, s.both, &equal, &greater);
		considered[w] = s.considered;
		unexpected[w] = s.considered & ~equal;
	}
	return FE_OK;
}

static enum fe_rc
judge_greater(struct fe_expectation *x, const struct fe_view *v, uint64_t *considered, uint64_t *unexpected,
              struct fe_err *err)
{
	const struct pair *p = x->state;
	struct sides s = sides_of(x, v);
	uint64_t equal, greater;

	(void)err;
	for (size_t w = 0; w < FE_BITMAP_WORDS(v->n_rows); w++) {
		look_at(&s, p->ignore, v, w);
		if (s.both != 0 && !p->is_comparable) {
			fe_expectation_raise(x, x->item->kind->metrics,
			                     "'>' not supported between instances of '%s' and '%s'",
			                     fe_kind_name(s.a->type.kind), fe_kind_name(s.b->type.kind));
			return FE_OK;
		}
		fe_column_order(s.a, s.b, w, s.both, &equal, &greater);
		considered[w] = s.considered;
		unexpected[w] = s.considered & ~(greater | (p->or_equal ? equal : 0));
	}
	return FE_OK;
}

/* ---- in a set ---- */

static void
add_number(struct fe_buf *key, int64_t number)
{
	fe_buf_add_char(key, 'v');
	fe_buf_add(key, &number, sizeof(number));
}

static void
add_text(struct fe_buf *key, struct fe_str text)
{
	uint64_t n = text.n;

	fe_buf_add_char(key, 'v');
	fe_buf_add(key, &n, sizeof(n));
	fe_buf_add_str(key, text);
}

/* False: no value of such a column equals the literal. */
static bool
add_literal(struct fe_buf *key, struct fe_type type, const struct fe_literal *l)
{
	int64_t number = 0;

	if (l->kind == FE_LITERAL_NONE) {
		fe_buf_add_char(key, '-');
		return true;
	}
	if (!fe_value_of_literal(type, FE_MOMENT_TEXTS_NEVER, l, &number))
		return false;
	if (type.kind == FE_TEXT)
		add_text(key, l->text);
	else
		add_number(key, number);
	return true;
}

static void
add_value(struct fe_buf *key, const struct fe_column *c, size_t row)
{
	size_t word = row / 64;
	int64_t number = 0;

	if (!fe_bit_get(c->valid, row)) {
		fe_buf_add_char(key, '-');
	} else if (c->type.kind == FE_TEXT) {
		add_text(key, c->text[row]);
	} else {
		(void)fe_numbers_take(c, word, UINT64_C(1) << row % 64, &number);
		add_number(key, number);
	}
}

static enum fe_rc
bind_set(struct fe_expectation *x, struct fe_err *err)
{
	const struct fe_kwarg *set = fe_suite_kwarg(x->item, "value_pairs_set");
	struct pair *p;

	FE_TRY(bind(x, err));
	p = x->state;
	p->has_set = true;
	fe_hash_key_random(&p->hash_key);
	fe_keytable_init(&p->set, 4, x->max_bytes, &p->hash_key);
	fe_buf_init(&p->key, SIZE_MAX);
	for (size_t i = 0; i + 1 < set->n_many; i += 2) {
		uint64_t hash;
		void *value;

		fe_buf_clear(&p->key);
		if (!add_literal(&p->key, type_of(x, 0), &set->many[i]) ||
		    !add_literal(&p->key, type_of(x, 1), &set->many[i + 1]))
			continue;
		hash = fe_hash64(&p->hash_key, p->key.p, p->key.n_bytes);
		if (!fe_keytable_find(&p->set, hash, fe_buf_str(&p->key)))
			FE_TRY(fe_keytable_add(&p->set, hash, fe_buf_str(&p->key), &value, err));
	}
	return FE_OK;
}

static bool
is_in_set(struct pair *p, const struct sides *s, size_t row)
{
	fe_buf_clear(&p->key);
	add_value(&p->key, s->a, row);
	add_value(&p->key, s->b, row);
	return fe_keytable_find(&p->set, fe_hash64(&p->hash_key, p->key.p, p->key.n_bytes), fe_buf_str(&p->key));
}

static enum fe_rc
judge_in_set(struct fe_expectation *x, const struct fe_view *v, uint64_t *considered, uint64_t *unexpected,
             struct fe_err *err)
{
	struct sides s = sides_of(x, v);
	struct pair *p = x->state;

	(void)err;
	for (size_t w = 0; w < FE_BITMAP_WORDS(v->n_rows); w++) {
		look_at(&s, p->ignore, v, w);
		considered[w] = s.considered;
		for (uint64_t mask = s.considered; mask != 0; mask &= mask - 1) {
			if (!is_in_set(p, &s, w * 64 + (size_t)__builtin_ctzll(mask)))
				unexpected[w] |= mask & -mask;
		}
	}
	return FE_OK;
}

/* ---- sentences ---- */

static void
describe(const struct fe_suite_item *item, const char *relation, struct fe_buf *out)
{
	fe_sentence_name(item, "column_A", out);
	fe_buf_add_text(out, relation);
	fe_sentence_name(item, "column_B", out);
	fe_sentence_mostly(item, out);
}

static void
describe_equal(const struct fe_suite_item *item, struct fe_buf *out)
{
	describe(item, " equals ", out);
}

static void
describe_greater(const struct fe_suite_item *item, struct fe_buf *out)
{
	describe(item, fe_suite_kwarg(item, "or_equal")->one.is_true ? " is at least " : " is greater than ", out);
}

static void
describe_in_set(const struct fe_suite_item *item, struct fe_buf *out)
{
	fe_sentence_name(item, "column_A", out);
	fe_buf_add_text(out, " and ");
	fe_sentence_name(item, "column_B", out);
	fe_buf_addf(out, " are one of %zu pairs", fe_suite_kwarg(item, "value_pairs_set")->n_many / 2);
	fe_sentence_mostly(item, out);
}

/* ---- the table ---- */

#define KWARGS_OF_PAIR                                                                         \
	{ .name = "column_A", .kind = FE_KWARG_COLUMN, .is_required = true },                  \
	{ .name = "column_B", .kind = FE_KWARG_COLUMN, .is_required = true },                  \
	{ .name = "mostly", .kind = FE_KWARG_MOSTLY, .default_json = "1.0" },                  \
	{ .name = "ignore_row_if", .kind = FE_KWARG_WORD,                                      \
	  .default_json = "\"both_values_are_missing\"",                                       \
	  .words = "both_values_are_missing|either_value_is_missing|neither" },                \
	FE_KWARGS_OF_CONDITION

static const struct fe_kwarg_spec of_equal[] = {
	KWARGS_OF_PAIR,
	{ .name = NULL },
};
static const struct fe_kwarg_spec of_greater[] = {
	KWARGS_OF_PAIR,
	{ .name = "or_equal", .kind = FE_KWARG_BOOL, .may_be_null = true },
	{ .name = NULL },
};
static const struct fe_kwarg_spec of_set[] = {
	KWARGS_OF_PAIR,
	{ .name = "value_pairs_set", .kind = FE_KWARG_PAIRS, .is_required = true },
	{ .name = NULL },
};

#define PAIR .domain = FE_DOMAIN_PAIR, .is_map = true, .reset = reset

const struct fe_expectation_kind fe_kinds_pair[] = {
	{
		.type = "expect_column_pair_values_to_be_equal", PAIR,
		.metrics = { "column_pair_values.equal.condition" }, .kwargs = of_equal,
		.bind = bind, .judge = judge_equal, .describe = describe_equal,
	},
	{
		.type = "expect_column_pair_values_a_to_be_greater_than_b", PAIR,
		.metrics = { "column_pair_values.a_greater_than_b.condition" }, .kwargs = of_greater,
		.bind = bind_greater, .judge = judge_greater, .describe = describe_greater,
	},
	{
		.type = "expect_column_pair_values_to_be_in_set", PAIR,
		.metrics = { "column_pair_values.in_set.condition" }, .kwargs = of_set,
		.bind = bind_set, .judge = judge_in_set, .describe = describe_in_set,
	},
	{ .type = NULL },
};
