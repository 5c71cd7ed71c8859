// SPDX-License-Identifier: Apache-2.0
/* transform/clean.c - every cell of a batch on its way to a typed value
 *
 * The hot loop of the program. A column is cleaned whole before the next: its
 * settings are looked at once, and one loop per type is compiled around its cast
 * (each_cell). Of a plain column - no null texts, no map - 64 cells at a time are
 * tried as they stand, by a kernel that knows what nearly all of them look like.
 * The cells that it leaves are taken one by one, and everything rarer than blanks
 * and case is in prepare_cell, out of the loop. What is missing is found afterwards
 * as bits of a word of 64 rows.
 */
#include "transform/clean.h"

#include "transform/clean_text.h"
#include "transform/fit.h"

#define ALWAYS_INLINE inline __attribute__((always_inline))
#define N_WHYS 16

enum {
#define FE_X(name, code) +1
	N_DECIMAL_WHYS = 0 FE_DECIMAL_WHY_MAP(FE_X),
	N_TIME_WHYS = 0 FE_TIME_WHY_MAP(FE_X),
#undef FE_X
};
_Static_assert(N_DECIMAL_WHYS <= N_WHYS && N_TIME_WHYS <= N_WHYS, "reason ids of a cast");

struct column_state {
	const struct fe_clean_column *conf;
	size_t index;
	struct fe_text_table nulls, map;
	const struct fe_decimal_format *decimal; /* NULL: the default way of writing */
	bool is_plain;                           /* no null texts and no map */
	bool is_quick;                           /* and written in the default way */
	struct fe_text_look look;
	/* reason ids */
	uint32_t invalid_utf8, nul_byte, too_long, not_a_bool;
	uint32_t missing, absent, null, not_a_value;
	uint32_t whys[N_WHYS]; /* of the column's cast: enum fe_decimal_why or fe_time_why */
	/* computed columns */
	struct fe_expr_state *eval;
	struct fe_fit fit;
	/* one value of the column's type, cast when the plan is made */
	bool has_default;
	struct fe_column default_value;
	char *default_text;
	uint64_t n_defaults_filled, n_negative_zeros;
};

struct fe_clean {
	const struct fe_schema *schema;
	struct column_state *columns; /* [schema->n_source] */
};

/* One column of one batch being cleaned. */
struct work {
	struct column_state *state;
	const struct fe_clean_column *conf;
	struct fe_batch *batch;
	struct fe_column *column;
	const struct fe_str *cells;
	bool is_plain;
	struct fe_row_bits failed;
};

static void
fail_cell(struct work *w, size_t row, uint32_t reason)
{
	fe_bit_set(w->failed.words, row);
	fe_batch_add_reason(w->batch, row, reason, (struct fe_str){ 0 });
}

static ALWAYS_INLINE struct fe_str
trim(struct fe_str s)
{
	if (s.n && (fe_is_blank((unsigned char)s.p[0]) || fe_is_blank((unsigned char)s.p[s.n - 1])))
		return fe_text_trim(s);
	return s;
}

static ALWAYS_INLINE void
fold_case(struct work *w, struct fe_str *cell)
{
	if (w->conf->to_case != FE_CASE_KEEP && !fe_text_has_case(*cell, w->conf->to_case))
		*cell = fe_text_case(*cell, w->conf->to_case, &w->batch->arena);
}

/* Whether an empty cell says more than that: it is null then, whatever texts are. */
static ALWAYS_INLINE bool
is_told_apart(struct work *w, size_t row, struct fe_str cell)
{
	if (cell.p == fe_cell_no_value)
		fail_cell(w, row, w->state->not_a_value);
	return cell.p == fe_cell_no_value || cell.p == fe_cell_null;
}

/* Everything that can stand between a cell and its cast; false: there is nothing to
 * cast, as the cell is null or has failed. */
static __attribute__((noinline)) bool
prepare_cell(struct work *w, size_t row, struct fe_str *cell)
{
	const struct column_state *s = w->state;
	struct fe_str text;

	if (cell->n == 0 && is_told_apart(w, row, *cell))
		return false;
	if (!w->batch->ascii && !fe_text_is_plain_ascii(*cell)) {
		if (!fe_utf8_is_valid(*cell)) {
			fail_cell(w, row, s->invalid_utf8);
			return false;
		}
		if (memchr(cell->p, '\0', cell->n)) {
			fail_cell(w, row, s->nul_byte);
			return false;
		}
	}
	if (w->conf->trim)
		*cell = trim(*cell);
	if (s->nulls.n_pairs ? fe_text_table_find(&s->nulls, *cell, &text) : cell->n == 0)
		return false;
	if (s->map.n_pairs && fe_text_table_find(&s->map, *cell, &text))
		*cell = text;
	fold_case(w, cell);
	return true;
}

static ALWAYS_INLINE bool
ready_cell(struct work *w, size_t row, struct fe_str *cell)
{
	*cell = w->cells[row];
	if (!cell->p) { /* absent, or refused by the source */
		if (cell->n)
			fe_bit_set(w->failed.words, row);
		return false;
	}
	if (!w->is_plain)
		return prepare_cell(w, row, cell);
	if (w->conf->trim)
		*cell = trim(*cell);
	if (cell->n == 0)
		return is_told_apart(w, row, *cell) && false;
	fold_case(w, cell);
	return true;
}

/* A cast puts the value of a row into the column; false: it has failed the cell. */
typedef bool cast_fn(struct work *w, size_t row, struct fe_str cell);

/* A quick cast does so for up to 64 rows from start on, and says which ones it has done: of cells that
 * need nothing but the cast, and not of all of them. */
typedef uint64_t quick_fn(struct work *w, size_t start, size_t n);

/* Instantiated once per type, so that the calls of quick and cast are none. */
static ALWAYS_INLINE void
each_cell(struct work *w, quick_fn *quick, cast_fn *cast)
{
	const bool is_quick = w->state->is_quick;
	const size_t n_rows = w->batch->n_rows;
	for (size_t start = 0; start < n_rows; start += 64) {
		const size_t n = n_rows - start < 64 ? n_rows - start : 64;
		uint64_t valid = is_quick ? quick(w, start, n) : 0;
		for (uint64_t left = ~valid & fe_word_mask(n_rows, start / 64); left; left &= left - 1) {
			const size_t row = start + (size_t)__builtin_ctzll(left);
			struct fe_str cell;
			if (ready_cell(w, row, &cell) && cast(w, row, cell))
				valid |= left & -left;
		}
		w->column->valid[start / 64] = valid;
	}
}

static ALWAYS_INLINE uint64_t
quick_none(struct work *w, size_t start, size_t n)
{
	(void)w, (void)start, (void)n;
	return 0;
}

static ALWAYS_INLINE uint64_t
quick_texts(struct work *w, size_t start, size_t n)
{
	return fe_text_settled_64(&w->state->look, w->cells + start, n, w->column->text + start);
}

static ALWAYS_INLINE bool
cast_text(struct work *w, size_t row, struct fe_str cell)
{
	uint32_t max = w->conf->type.max_chars;
	if (max && cell.n > max && fe_utf8_length(cell) > max) {
		fail_cell(w, row, w->state->too_long);
		return false;
	}
	w->column->text[row] = cell;
	return true;
}

static ALWAYS_INLINE uint64_t
quick_decimals(struct work *w, size_t start, size_t n)
{
	const struct fe_type *t = &w->conf->type;
	return fe_decimal_parse_64(w->cells + start, n, t->precision, t->scale, w->column->i64 + start);
}

static ALWAYS_INLINE bool
cast_decimal(struct work *w, size_t row, struct fe_str cell)
{
	const struct fe_type *t = &w->conf->type;
	int64_t *value = &w->column->i64[row];
	enum fe_decimal_why why = fe_decimal_parse(cell, t->precision, t->scale, w->state->decimal, value);
	if (why != FE_DECIMAL_OK)
		fail_cell(w, row, w->state->whys[why]);
	else if (*value == 0 && cell.p[0] == '-')
		w->state->n_negative_zeros++;
	return why == FE_DECIMAL_OK;
}

static ALWAYS_INLINE uint64_t
quick_ints(struct work *w, size_t start, size_t n)
{
	return fe_decimal_parse_64(w->cells + start, n, FE_DECIMAL_MAX_PRECISION, 0, w->column->i64 + start);
}

static ALWAYS_INLINE bool
cast_int(struct work *w, size_t row, struct fe_str cell)
{
	enum fe_decimal_why why = fe_int_parse(cell, &w->column->i64[row]);
	if (why != FE_DECIMAL_OK)
		fail_cell(w, row, w->state->whys[why]);
	return why == FE_DECIMAL_OK;
}

static ALWAYS_INLINE bool
cast_bool(struct work *w, size_t row, struct fe_str cell)
{
	bool value;
	if (!fe_bool_parse(cell, &value)) {
		fail_cell(w, row, w->state->not_a_bool);
		return false;
	}
	fe_bit_put(w->column->bits, row, value);
	return true;
}

static ALWAYS_INLINE bool
cast_date(struct work *w, size_t row, struct fe_str cell)
{
	enum fe_time_why why = fe_date_parse(cell, w->conf->format, &w->column->days[row]);
	if (why != FE_TIME_OK)
		fail_cell(w, row, w->state->whys[why]);
	return why == FE_TIME_OK;
}

static ALWAYS_INLINE uint64_t
quick_timestamps(struct work *w, size_t start, size_t n)
{
	return fe_timestamp_parse_64(w->cells + start, n, w->conf->zone, w->column->i64 + start);
}

static ALWAYS_INLINE bool
cast_timestamp(struct work *w, size_t row, struct fe_str cell)
{
	enum fe_time_why why =
		fe_timestamp_parse(cell, w->conf->format, w->conf->zone, &w->column->i64[row]);
	if (why != FE_TIME_OK)
		fail_cell(w, row, w->state->whys[why]);
	return why == FE_TIME_OK;
}

static void
clean_cells(struct work *w)
{
	switch (w->conf->type.kind) {
	case FE_TEXT:
		each_cell(w, quick_texts, cast_text);
		break;
	case FE_DECIMAL:
		each_cell(w, quick_decimals, cast_decimal);
		break;
	case FE_INT:
		each_cell(w, quick_ints, cast_int);
		break;
	case FE_BOOL:
		each_cell(w, quick_none, cast_bool);
		break;
	case FE_DATE:
		each_cell(w, quick_none, cast_date);
		break;
	case FE_TIMESTAMP:
		each_cell(w, quick_timestamps, cast_timestamp);
		break;
	}
}

static enum fe_rc
compute_cells(struct work *w, int64_t now_us, struct fe_err *err)
{
	struct fe_batch *b = w->batch;
	const struct fe_column *from;
	const uint64_t *overflow;
	struct fe_row_bits judged;

	for (size_t i = 0; i < FE_BITMAP_WORDS(b->n_rows); i++)
		judged.words[i] = ~b->broken[i] & fe_word_mask(b->n_rows, i);
	FE_TRY(fe_expr_eval(w->conf->value, w->state->eval, b, now_us, &from, &overflow, err));
	fe_fit_column(&w->state->fit, b, from, overflow, &judged, &w->failed);
	for (size_t i = 0; i < FE_BITMAP_WORDS(b->n_rows); i++)
		w->column->valid[i] &= judged.words[i];
	return FE_OK;
}

/* Of a column that is computed there are no cells. */
static uint32_t
why_missing(const struct work *w, size_t row)
{
	if (w->conf->value)
		return w->state->missing;
	const char *p = w->cells[row].p;
	return !p ? w->state->absent : p == fe_cell_null ? w->state->null : w->state->missing;
}

/* What is null, has not failed and has cells gets the default, or is missing where
 * it is required. */
static void
fill_nulls(struct work *w)
{
	struct column_state *s = w->state;
	struct fe_batch *b = w->batch;

	if (!s->has_default && !w->conf->required)
		return;
	for (size_t i = 0; i < FE_BITMAP_WORDS(b->n_rows); i++) {
		uint64_t rows = ~w->column->valid[i] & ~w->failed.words[i] & ~b->broken[i] &
				fe_word_mask(b->n_rows, i);
		for (; rows; rows &= rows - 1) {
			size_t row = i * 64 + (size_t)__builtin_ctzll(rows);
			if (s->has_default) {
				fe_column_copy_value(w->column, row, &s->default_value, 0);
				s->n_defaults_filled++;
			} else {
				fe_batch_add_reason(b, row, why_missing(w, row), (struct fe_str){ 0 });
			}
		}
	}
}

static enum fe_rc
clean_column(struct column_state *s, struct fe_batch *b, int64_t now_us, struct fe_err *err)
{
	struct work w = {
		.state = s,
		.conf = s->conf,
		.batch = b,
		.column = &b->columns[s->index],
		.cells = b->cells[s->index],
		.is_plain = s->is_plain && b->ascii,
	};
	if (s->conf->value)
		FE_TRY(compute_cells(&w, now_us, err));
	else
		clean_cells(&w);
	fill_nulls(&w);
	return FE_OK;
}

enum fe_rc
fe_clean_batch(struct fe_clean *c, struct fe_batch *b, int64_t now_us, struct fe_err *err)
{
	for (size_t i = 0; i < c->schema->n_source; i++) {
		enum fe_rc rc = clean_column(&c->columns[i], b, now_us, err);
		if (rc) {
			fe_err_context(err, "column '%s'", c->schema->fields[i].name);
			return rc;
		}
	}
	return FE_OK;
}

uint64_t
fe_clean_defaults_filled(const struct fe_clean *c, size_t column)
{
	return c->columns[column].n_defaults_filled;
}

uint64_t
fe_clean_negative_zeros(const struct fe_clean *c, size_t column)
{
	return c->columns[column].n_negative_zeros;
}

static void
name_reasons(struct column_state *s, const char *column, struct fe_reason_table *reasons)
{
	enum fe_kind kind = s->conf->type.kind;

	s->invalid_utf8 = fe_reason_id(reasons, column, "invalid_utf8");
	s->nul_byte = fe_reason_id(reasons, column, "nul_byte");
	s->missing = fe_reason_id(reasons, column, "missing");
	s->absent = fe_reason_id(reasons, column, "absent");
	s->null = fe_reason_id(reasons, column, "null");
	s->not_a_value = fe_reason_id(reasons, column, "not_a_value");
	if (kind == FE_TEXT)
		s->too_long = fe_reason_id(reasons, column, "too_long");
	if (kind == FE_BOOL)
		s->not_a_bool = fe_reason_id(reasons, column, "not_a_bool");
	if (kind == FE_DECIMAL || kind == FE_INT)
		for (int i = 1; i < N_DECIMAL_WHYS; i++)
			s->whys[i] = fe_reason_id(reasons, column, fe_decimal_why_code((enum fe_decimal_why)i));
	if (kind == FE_DATE || kind == FE_TIMESTAMP)
		for (int i = 1; i < N_TIME_WHYS; i++)
			s->whys[i] = fe_reason_id(reasons, column, fe_time_why_code((enum fe_time_why)i));
}

/* Casts the default as the only cell of a batch, so that it goes the way that every
 * cell goes. */
static enum fe_rc
cast_default(struct column_state *s, const struct fe_schema *schema, const struct fe_reason_table *reasons,
             struct fe_err *err)
{
	const struct fe_clean_column *conf = s->conf;
	const struct fe_type type = conf->type;
	struct fe_clean_column as_read = *conf;
	struct fe_str cell = fe_str_of(conf->default_text);
	const char *name = schema->fields[s->index].name;
	struct fe_batch b;
	enum fe_rc rc = FE_OK;

	as_read.value = NULL;
	as_read.required = true;
	s->conf = &as_read;
	fe_batch_init_small(&b, schema, 64);
	b.n_rows = 1;
	b.cells[s->index][0] = cell;
	rc = clean_column(s, &b, 0, err);
	if (rc)
		goto end;
	if (b.n_reasons) {
		rc = fe_fail(err, FE_EUSAGE, "the default '%.*s' of column '%s' is no value of it: %s",
			     FE_STR_ARGS(cell), name, fe_reason_text(reasons, b.reasons[0].id));
		goto end;
	}
	fe_column_init(&s->default_value, type, 64);
	fe_column_copy_value(&s->default_value, 0, &b.columns[s->index], 0);
	if (type.kind == FE_TEXT) {
		struct fe_str *text = s->default_value.text;
		s->default_text = fe_strndup(text->p ? text->p : "", text->n);
		text->p = s->default_text;
	}
	s->has_default = true;
end:
	s->conf = conf;
	fe_batch_reset(&b);
	return rc;
}

static enum fe_rc
prepare_column(struct column_state *s, const struct fe_schema *schema, struct fe_reason_table *reasons,
               struct fe_err *err)
{
	static const struct fe_decimal_format plain_decimal = { 0 };
	const struct fe_clean_column *conf = s->conf;
	const struct fe_decimal_format *d = &conf->decimal;
	const char *name = schema->fields[s->index].name;

	name_reasons(s, name, reasons);
	fe_text_table_init_list(&s->nulls, conf->nulls, conf->n_nulls);
	fe_text_table_init_pairs(&s->map, conf->map, conf->n_map);
	s->is_plain = conf->n_nulls == 0 && conf->n_map == 0;
	if (d->point != plain_decimal.point || d->group != plain_decimal.group || d->sign_plus ||
	    d->sign_trailing || d->sign_parens || d->n_currencies)
		s->decimal = d;
	s->is_quick = s->is_plain && !s->decimal && !conf->format;
	s->look = (struct fe_text_look){ .max_bytes = FE_TEXT16_BYTES, .trims = conf->trim, .to_case = conf->to_case };
	if (conf->type.kind == FE_TEXT && conf->type.max_chars && conf->type.max_chars < FE_TEXT16_BYTES)
		s->look.max_bytes = conf->type.max_chars;
	if (conf->value) {
		if (!fe_fit_is_possible(fe_expr_type(conf->value), conf->type))
			return fe_fail(err, FE_EUSAGE, "column '%s' is %s, but its value is %s", name,
				       fe_kind_name(conf->type.kind),
				       fe_kind_name(fe_expr_type(conf->value).kind));
		s->eval = fe_expr_state_new(conf->value);
		s->fit = fe_fit_of(schema, s->index, reasons);
	}
	return conf->default_text ? cast_default(s, schema, reasons, err) : FE_OK;
}

enum fe_rc
fe_clean_new(struct fe_clean **out, const struct fe_clean_column *columns, const struct fe_schema *schema,
             struct fe_reason_table *reasons, struct fe_err *err)
{
	struct fe_clean *c = fe_new(struct fe_clean);
	enum fe_rc rc;

	*out = NULL;
	c->schema = schema;
	c->columns = fe_new_array(schema->n_source + 1, struct column_state);
	for (size_t i = 0; i < schema->n_source; i++) {
		c->columns[i].conf = &columns[i];
		c->columns[i].index = i;
		rc = prepare_column(&c->columns[i], schema, reasons, err);
		if (rc)
			goto fail;
	}
	*out = c;
	return FE_OK;
fail:
	fe_clean_free(c);
	return rc;
}

void
fe_clean_free(struct fe_clean *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->schema->n_source; i++) {
		struct column_state *s = &c->columns[i];
		fe_text_table_reset(&s->nulls);
		fe_text_table_reset(&s->map);
		fe_expr_state_free(s->eval);
		fe_column_reset(&s->default_value);
		fe_free(s->default_text);
	}
	fe_free(c->columns);
	fe_free(c);
}
