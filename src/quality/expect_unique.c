// SPDX-License-Identifier: Apache-2.0
/* quality/expect_unique.c - values that stand once: in a column, in several together, in a row
 *
 * Every member of a group of equals is unexpected, and the first of a group is known to be one
 * only when the second comes. So each key remembers where it was met first, and that row is
 * added to the result then, late. Its value needs no memory: it is the value of the row that
 * has just come. What else a list may show of it (index columns, the whole row) is kept from
 * the start, and only where the format shows it, as long as the row would still be listed.
 *
 * Where a column is known to be unique (fe_expectation.known_unique), its rows are no one's
 * equals and need no keys.
 */
#include "base/mem.h"
#include "quality/keyset.h"
#include "quality/kinds.h"
#include "quality/map_result.h"

/* ---- unique, compound unique ---- */

enum ignore { IGNORE_ALL_MISSING, IGNORE_ANY_MISSING, IGNORE_NEVER };

/* The value of a key: its first place, and the number of what is kept of that row. */
struct first {
	uint32_t place[2];      /* 64 bits: 0 while the key is new, its position + 1, SEVERAL once known */
	uint32_t number;        /* in kept, from 1; 0: nothing is kept */
};
#define SEVERAL UINT64_MAX

struct kept {
	struct fe_str index, whole;
};

struct unique {
	struct fe_keyset set;
	enum ignore ignore;
	bool keeps_rows;        /* lists show more of a row than its value and position */
	struct kept *kept;
	size_t n_kept, cap_kept;
	struct fe_arena kept_texts, texts; /* texts: of one row */
};

static enum fe_rc
bind_unique(struct fe_expectation *x, struct fe_err *err)
{
	struct unique *u = fe_new(struct unique);
	const struct fe_result_settings *set = x->map->set;

	(void)err;
	x->state = u;
	fe_keyset_init(&u->set, sizeof(struct first), x->max_bytes, x->spill_folder);
	u->ignore = IGNORE_ANY_MISSING;
	u->keeps_rows = set->format != FE_RESULT_BOOLEAN_ONLY &&
	                (set->n_index_columns > 0 || set->include_unexpected_rows);
	return FE_OK;
}

static enum ignore
ignore_of(const struct fe_suite_item *item)
{
	struct fe_str word = fe_suite_kwarg(item, "ignore_row_if")->one.text;

	return fe_str_is(word, "any_value_is_missing") ? IGNORE_ANY_MISSING
	       : fe_str_is(word, "never")              ? IGNORE_NEVER
	                                               : IGNORE_ALL_MISSING;
}

static enum fe_rc
bind_compound(struct fe_expectation *x, struct fe_err *err)
{
	FE_TRY(bind_unique(x, err));
	((struct unique *)x->state)->ignore = ignore_of(x->item);
	return FE_OK;
}

static uint64_t
word_considered(const struct fe_expectation *x, const struct fe_view *v, enum ignore ignore, size_t w)
{
	uint64_t any = 0, all = UINT64_MAX;

	for (size_t i = 0; i < x->n_columns; i++) {
		uint64_t valid = v->batch->columns[x->columns[i]].valid[w];
		any |= valid;
		all &= valid;
	}
	return v->rows[w] & (ignore == IGNORE_NEVER ? UINT64_MAX : ignore == IGNORE_ANY_MISSING ? all : any);
}

static void
take_considered(const struct fe_expectation *x, const struct fe_view *v, enum ignore ignore, uint64_t *considered)
{
	for (size_t w = 0; w < FE_BITMAP_WORDS(v->n_rows); w++)
		considered[w] = word_considered(x, v, ignore, w);
}

/* The considered rows that may have equals. */
static void
take_doubtful(const struct fe_expectation *x, const struct fe_view *v, const uint64_t *considered, uint64_t *doubtful)
{
	memcpy(doubtful, considered, FE_BITMAP_WORDS(v->n_rows) * sizeof *doubtful);
	for (size_t i = 0; x->known_unique && i < x->n_columns; i++) {
		const struct fe_column *c = &v->batch->columns[x->columns[i]];
		for (size_t w = 0; x->known_unique[x->columns[i]] && w < FE_BITMAP_WORDS(v->n_rows); w++)
			doubtful[w] &= ~c->valid[w];
	}
}

static struct fe_str
copy_of(struct fe_arena *arena, struct fe_str s)
{
	return s.p ? (struct fe_str){ fe_arena_copy(arena, s.p, s.n), s.n } : s;
}

static enum fe_rc
keep_row(struct unique *u, const struct fe_expectation *x, const struct fe_view *v, size_t row, uint32_t *number,
         struct fe_err *err)
{
	struct fe_map_row texts;

	if (!u->keeps_rows || !fe_map_result_lists(x->map, v->position[row]))
		return FE_OK;
	fe_arena_reset(&u->texts);
	fe_map_row_of(x, x->map->set, v, row, &u->texts, &texts);
	if (u->n_kept == UINT32_MAX ||
	    (x->max_bytes && u->kept_texts.used_bytes + texts.index.n + texts.whole.n > x->max_bytes))
		return fe_fail(err, FE_ELIMIT,
		               "%s: rows that may turn out to be doubles need more than the %llu bytes that are "
		               "allowed to show their index columns; ask for fewer of these, or raise --max-memory",
		               x->item->kind->type, (unsigned long long)x->max_bytes);
	u->kept = fe_grow(u->kept, &u->cap_kept, u->n_kept + 1, sizeof *u->kept);
	u->kept[u->n_kept++] = (struct kept){ .index = copy_of(&u->kept_texts, texts.index),
		                              .whole = copy_of(&u->kept_texts, texts.whole) };
	*number = (uint32_t)u->n_kept;
	return FE_OK;
}

/* The first of a group, now that row is its second. */
static enum fe_rc
add_first(struct unique *u, const struct fe_expectation *x, const struct fe_view *v, size_t row,
          const struct first *first, struct fe_err *err)
{
	struct fe_map_row texts = { 0 };
	uint64_t position = fe_keyset_get64(first->place) - 1;

	if (fe_map_result_lists(x->map, position)) {
		fe_arena_reset(&u->texts);
		fe_map_row_of(x, x->map->set, v, row, &u->texts, &texts);
		texts.index = texts.whole = (struct fe_str){ 0 };
	}
	texts.position = position;
	if (first->number) {
		texts.index = u->kept[first->number - 1].index;
		texts.whole = u->kept[first->number - 1].whole;
	}
	return fe_map_result_add_late(x->map, &texts, err);
}

static enum fe_rc
judge_unique(struct fe_expectation *x, const struct fe_view *v, uint64_t *considered, uint64_t *unexpected,
             struct fe_err *err)
{
	uint64_t doubtful[FE_BITMAP_WORDS(FE_BATCH_ROWS)];
	struct unique *u = x->state;
	size_t n = v->n_rows;
	enum fe_rc rc;

	FE_ASSERT(n <= FE_BATCH_ROWS);
	take_considered(x, v, u->ignore, considered);
	take_doubtful(x, v, considered, doubtful);
	rc = fe_keyset_take(&u->set, v->batch, x->columns, x->n_columns, doubtful, err);
	if (rc) {
		fe_err_context(err, "%s", x->item->kind->type);
		return rc;
	}
	for (size_t row = fe_bits_next(doubtful, n, 0); row < n; row = fe_bits_next(doubtful, n, row + 1)) {
		struct first *first = u->set.values[row];
		uint64_t place = fe_keyset_get64(first->place);
		if (place == 0) {
			fe_keyset_put64(first->place, v->position[row] + 1);
			FE_TRY(keep_row(u, x, v, row, &first->number, err));
			continue;
		}
		fe_bit_set(unexpected, row);
		if (place != SEVERAL) {
			FE_TRY(add_first(u, x, v, row, first, err));
			fe_keyset_put64(first->place, SEVERAL);
		}
	}
	return FE_OK;
}

static void
reset_unique(struct fe_expectation *x)
{
	struct unique *u = x->state;

	if (!u)
		return;
	fe_keyset_reset(&u->set);
	fe_free(u->kept);
	fe_arena_free(&u->kept_texts);
	fe_arena_free(&u->texts);
	fe_free(u);
	x->state = NULL;
}

static void
describe_unique(const struct fe_suite_item *item, struct fe_buf *out)
{
	fe_buf_add_str(out, fe_suite_kwarg(item, "column")->one.text);
	fe_buf_add_text(out, " is unique");
}

static void
add_names(const struct fe_suite_item *item, struct fe_buf *out)
{
	const struct fe_kwarg *names = fe_suite_kwarg(item, "column_list");

	for (size_t i = 0; i < names->n_many; i++) {
		if (i > 0)
			fe_buf_add_text(out, i + 1 == names->n_many ? " and " : ", ");
		fe_buf_add_str(out, names->many[i].text);
	}
}

static void
describe_compound(const struct fe_suite_item *item, struct fe_buf *out)
{
	add_names(item, out);
	fe_buf_add_text(out, " together are unique");
}

/* ---- unique within a record ---- */

static fe_i128
scaled_up(int64_t v, unsigned by)
{
	return (fe_i128)v * fe_pow10[by];
}

static bool
is_number(enum fe_kind kind)
{
	return kind == FE_INT || kind == FE_DECIMAL || kind == FE_BOOL;
}

/* As Python's ==, null being equal to null. */
static bool
is_equal(const struct fe_column *a, const struct fe_column *b, size_t row)
{
	if (!fe_bit_get(a->valid, row) || !fe_bit_get(b->valid, row))
		return fe_bit_get(a->valid, row) == fe_bit_get(b->valid, row);
	if (is_number(a->type.kind) && is_number(b->type.kind)) {
		unsigned of_a = a->type.kind == FE_DECIMAL ? a->type.scale : 0;
		unsigned of_b = b->type.kind == FE_DECIMAL ? b->type.scale : 0;
		return scaled_up(fe_keyset_number(a, row), of_b > of_a ? of_b - of_a : 0) ==
		       scaled_up(fe_keyset_number(b, row), of_a > of_b ? of_a - of_b : 0);
	}
	if (a->type.kind != b->type.kind)
		return false;
	if (a->type.kind == FE_TEXT)
		return fe_str_eq(a->text[row], b->text[row]);
	return fe_keyset_number(a, row) == fe_keyset_number(b, row);
}

static bool
has_equals(const struct fe_expectation *x, const struct fe_batch *b, size_t row)
{
	for (size_t i = 1; i < x->n_columns; i++) {
		for (size_t k = 0; k < i; k++) {
			if (is_equal(&b->columns[x->columns[i]], &b->columns[x->columns[k]], row))
				return true;
		}
	}
	return false;
}

static enum fe_rc
judge_within_record(struct fe_expectation *x, const struct fe_view *v, uint64_t *considered, uint64_t *unexpected,
                    struct fe_err *err)
{
	size_t n = v->n_rows;

	(void)err;
	take_considered(x, v, ignore_of(x->item), considered);
	for (size_t row = fe_bits_next(considered, n, 0); row < n; row = fe_bits_next(considered, n, row + 1)) {
		if (has_equals(x, v->batch, row))
			fe_bit_set(unexpected, row);
	}
	return FE_OK;
}

static void
describe_within_record(const struct fe_suite_item *item, struct fe_buf *out)
{
	add_names(item, out);
	fe_buf_add_text(out, " differ from each other in each row");
}

/* ---- the kinds ---- */

static void
check_columns(const struct fe_suite_item *item, struct fe_buf *mistake)
{
	const struct fe_kwarg *names = fe_suite_kwarg(item, "column_list");

	if (names->is_set && names->n_many < 2)
		fe_buf_add_text(mistake, "column_list must contain at least two columns");
}

static const struct fe_kwarg_spec unique_kwargs[] = {
	{ .name = "column", .kind = FE_KWARG_COLUMN, .is_required = true },
	FE_KWARGS_OF_MAPS,
	{ .name = NULL },
};

static const struct fe_kwarg_spec columns_kwargs[] = {
	{ .name = "column_list", .kind = FE_KWARG_NAMES, .is_required = true },
	{ .name = "ignore_row_if", .kind = FE_KWARG_WORD, .default_json = "\"all_values_are_missing\"",
	  .words = "all_values_are_missing|any_value_is_missing|never" },
	FE_KWARGS_OF_MAPS,
	{ .name = NULL },
};

const struct fe_expectation_kind fe_kinds_unique[] = {
	{ .type = "expect_column_values_to_be_unique", .domain = FE_DOMAIN_COLUMN, .remembers = true,
	  .forgets_known = true, .is_map = true,
	  .metrics = { "column_values.nonnull.condition", "column_values.unique.condition" },
	  .kwargs = unique_kwargs, .bind = bind_unique, .judge = judge_unique, .reset = reset_unique,
	  .describe = describe_unique },
	{ .type = "expect_compound_columns_to_be_unique", .domain = FE_DOMAIN_MULTI, .remembers = true, .is_map = true,
	  .metrics = { "compound_columns.unique.condition" }, .kwargs = columns_kwargs, .check = check_columns,
	  .bind = bind_compound, .judge = judge_unique, .reset = reset_unique, .describe = describe_compound },
	{ .type = "expect_select_column_values_to_be_unique_within_record", .domain = FE_DOMAIN_MULTI,
	  .is_map = true, .metrics = { "select_column_values.unique.within_record.condition" },
	  .kwargs = columns_kwargs, .check = check_columns, .judge = judge_within_record,
	  .describe = describe_within_record },
	{ .type = NULL },
};
